//! Results appear whole or not at all: a run writes a new folder beside its target and swaps it in.

use super::StoreError;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// Results in the making.
const UNFINISHED: &str = ".unfinished-";
/// Typed tables and spilled joins.
const WORK: &str = ".work-";
/// Results that the new ones replace, for as long as the swap takes where it takes two steps.
const REPLACED: &str = ".replaced-";
/// A folder that nobody holds is left over from a killed run, unless it is so young that its run may not hold it yet.
const YOUNG: Duration = Duration::from_secs(60);

/// A temporary folder that its process holds, so that others can tell it from one that a killed run left behind.
#[derive(Debug)]
struct HeldFolder {
    folder: TempDir,
    /// The lock on the folder itself; the system drops it with the process.
    _held: Option<File>,
}

impl HeldFolder {
    fn within(parent: &Path, prefix: &str) -> Result<Self, StoreError> {
        fs::create_dir_all(parent).map_err(StoreError::file(parent, "made"))?;
        sweep(parent);
        let folder = tempfile::Builder::new()
            .prefix(prefix)
            .tempdir_in(parent)
            .map_err(StoreError::file(parent, "written to"))?;
        let held = hold(folder.path());
        Ok(Self { folder, _held: held })
    }
}

/// The folder's lock, where the system has such a thing and nobody else holds it.
fn hold(folder: &Path) -> Option<File> {
    let handle = File::open(folder).ok()?;
    handle.try_lock().ok().map(|()| handle)
}

/// Removes what killed runs left in a folder. What cannot be removed stays; it is in nobody's way.
fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let is_ours = name.to_str().is_some_and(|name| name.starts_with(UNFINISHED) || name.starts_with(WORK));
        let age = entry.metadata().and_then(|metadata| metadata.modified()).ok().and_then(|time| time.elapsed().ok());
        if is_ours && age.is_some_and(|age| age > YOUNG) && hold(&entry.path()).is_some() {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// A folder for what a run needs only while it runs.
#[derive(Debug)]
pub struct WorkFolder(HeldFolder);

impl WorkFolder {
    /// A new folder inside `parent`, which is made where it is missing; removed with this value.
    ///
    /// # Errors
    /// A folder that cannot be made.
    pub fn within(parent: &Path) -> Result<Self, StoreError> {
        HeldFolder::within(parent, WORK).map(Self)
    }

    /// Where to write.
    pub fn path(&self) -> &Path {
        self.0.folder.path()
    }
}

/// A folder in the making.
#[derive(Debug)]
pub struct Staging {
    held: HeldFolder,
    target: PathBuf,
}

impl Staging {
    /// A new folder beside `target`, whose parents are made where they are missing.
    ///
    /// # Errors
    /// Folders that cannot be made.
    pub fn beside(target: &Path) -> Result<Self, StoreError> {
        let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Ok(Self { held: HeldFolder::within(parent, UNFINISHED)?, target: target.to_owned() })
    }

    /// Where to write meanwhile.
    pub fn path(&self) -> &Path {
        self.held.folder.path()
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
        let Self { held, target } = self;
        open_to_readers(held.folder.path())?;
        if !target.exists() {
            let made = held.folder.keep();
            fs::rename(&made, &target).map_err(StoreError::file(&target, "written"))?;
        } else if exchange(held.folder.path(), &target) {
            // The temporary folder now holds what is replaced.
            held.folder.close().map_err(StoreError::file(&target, "replaced"))?;
        } else {
            replace(held.folder, &target)?;
        }
        Ok(target)
    }
}

/// Two folders change places in one step, where system and file system can do that.
#[cfg(target_os = "linux")]
fn exchange(made: &Path, target: &Path) -> bool {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    renameat_with(CWD, made, CWD, target, RenameFlags::EXCHANGE).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn exchange(_made: &Path, _target: &Path) -> bool {
    false
}

/// The same in two steps. A process killed between them leaves both folders whole under names that nothing removes.
fn replace(folder: TempDir, target: &Path) -> Result<(), StoreError> {
    let name = folder.path().file_name().unwrap_or_default().to_string_lossy();
    let before = target.with_file_name(name.replacen(UNFINISHED, REPLACED, 1));
    fs::rename(target, &before).map_err(StoreError::file(target, "moved"))?;
    let made = folder.keep();
    if let Err(source) = fs::rename(&made, target) {
        fs::rename(&before, target).map_err(StoreError::file(&before, "moved back"))?;
        return Err(StoreError::File { path: target.to_owned(), doing: "written", source });
    }
    fs::remove_dir_all(&before).map_err(StoreError::file(&before, "removed"))
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
    fn the_swap_in_two_steps_replaces_whole_too() {
        let root = tempfile::tempdir().expect("a folder");
        let target = root.path().join("target");
        fs::create_dir(&target).expect("a folder");
        fs::write(target.join("old"), "old").expect("written");
        let staging = Staging::beside(&target).expect("a folder");
        fs::write(staging.path().join("new"), "new").expect("written");
        replace(staging.held.folder, &target).expect("replaced");
        assert_eq!((entries(&target), entries(root.path())), (vec!["new".to_owned()], vec!["target".to_owned()]));
    }

    #[test]
    #[cfg(unix)]
    fn what_a_killed_run_left_is_swept_and_what_a_living_one_holds_is_not() {
        let root = tempfile::tempdir().expect("a folder");
        let old = std::time::SystemTime::now() - 2 * YOUNG;
        let date_back = |path: &Path| File::open(path).and_then(|file| file.set_modified(old)).expect("dated");
        let living = Staging::beside(&root.path().join("target")).expect("a folder");
        let dead = [".unfinished-dead", ".work-dead"].map(|name| root.path().join(name));
        dead.iter().for_each(|path| fs::create_dir(path).expect("a folder"));
        let young = root.path().join(".unfinished-young");
        fs::create_dir(&young).expect("a folder");
        dead.iter().chain([&living.path().to_owned()]).for_each(|path| date_back(path));
        drop(WorkFolder::within(root.path()).expect("a folder"));
        assert!(living.path().exists() && young.exists());
        assert!(!dead.iter().any(|path| path.exists()));
    }

    #[test]
    fn an_abandoned_run_leaves_nothing() {
        let root = tempfile::tempdir().expect("a folder");
        drop(Staging::beside(&root.path().join("target")).expect("a folder"));
        assert!(entries(root.path()).is_empty());
    }
}
