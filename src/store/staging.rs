//! Results appear whole or not at all: a run writes a new folder beside its target and swaps it in.

use super::StoreError;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A folder in the making.
#[derive(Debug)]
pub struct Staging {
    folder: TempDir,
    target: PathBuf,
}

impl Staging {
    /// A new folder beside `target`, whose parents are made where they are missing.
    ///
    /// # Errors
    /// Folders that cannot be made.
    pub fn beside(target: &Path) -> Result<Self, StoreError> {
        let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::create_dir_all(parent).map_err(StoreError::file(parent, "made"))?;
        let folder = tempfile::Builder::new()
            .prefix(".unfinished-")
            .tempdir_in(parent)
            .map_err(StoreError::file(parent, "written to"))?;
        Ok(Self { folder, target: target.to_owned() })
    }

    /// Where to write meanwhile.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A folder inside, made if it is missing.
    ///
    /// # Errors
    /// A folder that cannot be made.
    pub fn folder(&self, name: &str) -> Result<PathBuf, StoreError> {
        let path = self.path().join(name);
        fs::create_dir_all(&path).map_err(StoreError::file(&path, "made"))?;
        Ok(path)
    }

    /// Takes the target's place. What stood there before is removed after the new folder is in place.
    ///
    /// # Errors
    /// Folders that cannot be moved; the old results then stand where they were.
    pub fn publish(self) -> Result<PathBuf, StoreError> {
        let Self { folder, target } = self;
        let before = folder.path().with_extension("old");
        let replaced = target.exists();
        if replaced {
            fs::rename(&target, &before).map_err(StoreError::file(&target, "moved"))?;
        }
        // From here the folder is no longer temporary.
        let made = folder.keep();
        open_to_readers(&made)?;
        if let Err(source) = fs::rename(&made, &target) {
            if replaced {
                fs::rename(&before, &target).map_err(StoreError::file(&before, "moved back"))?;
            }
            return Err(StoreError::File { path: target, doing: "written", source });
        }
        if replaced {
            fs::remove_dir_all(&before).map_err(StoreError::file(&before, "removed"))?;
        }
        Ok(target)
    }
}

/// Temporary folders are closed to others; results are for everybody whom the parent folder lets in.
#[cfg(unix)]
fn open_to_readers(folder: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).map_err(StoreError::file(folder, "opened"))
}

#[cfg(not(unix))]
fn open_to_readers(_folder: &Path) -> Result<(), StoreError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .expect("readable")
            .map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_second_run_replaces_the_first_whole() {
        let root = tempfile::tempdir().expect("a folder");
        let target = root.path().join("study").join("2026-09-30");
        for name in ["first", "second"] {
            let staging = Staging::beside(&target).expect("a folder");
            fs::write(staging.path().join(name), name).expect("written");
            staging.publish().expect("published");
        }
        assert_eq!(entries(&target), ["second"]);
        assert_eq!(entries(target.parent().expect("a parent")), ["2026-09-30"]);
    }

    #[test]
    fn an_abandoned_run_leaves_nothing() {
        let root = tempfile::tempdir().expect("a folder");
        drop(Staging::beside(&root.path().join("target")).expect("a folder"));
        assert!(entries(root.path()).is_empty());
    }
}
