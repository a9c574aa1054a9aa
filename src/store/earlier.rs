//! What stands where results are to go: whether it is of this program and may be replaced, and what others have put into it.

use super::StoreError;
use super::manifest::fingerprint;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The manifest, by which results are known.
const MANIFEST: &str = "manifest.json";

/// A folder that an earlier command of this program has made.
///
/// Results appear as a whole folder, which replaces the one before. A folder that is not of this program is never replaced, and
/// what others have put into one that is, or have changed in it, goes along into the new one.
#[derive(Debug)]
pub struct Earlier {
    folder: PathBuf,
    own: Own,
}

/// Which files the command has written itself.
#[derive(Debug)]
enum Own {
    /// Those that the manifest lists, as it has them.
    Listed { files: BTreeMap<String, ListedFile>, written: Option<SystemTime> },
    /// Those of these names, and whatever lies in folders of these names.
    Named(&'static [&'static str]),
}

#[derive(Debug, Deserialize)]
struct ListedFile {
    path: String,
    bytes: u64,
    sha256: String,
}

/// The part of a manifest, of results or of a failure, that says whose it is and what was written.
#[derive(Deserialize)]
struct Listing {
    program: String,
    #[serde(default)]
    outputs: Vec<ListedFile>,
}

impl Earlier {
    /// What an earlier run or failure left in `folder`; `None` where nothing stands there, or an empty folder.
    ///
    /// # Errors
    /// A folder without a manifest of this program.
    pub fn results(folder: &Path) -> Result<Option<Self>, StoreError> {
        if is_free(folder) {
            return Ok(None);
        }
        let path = folder.join(MANIFEST);
        let listing = fs::read(&path).ok().and_then(|json| serde_json::from_slice::<Listing>(&json).ok());
        let Some(listing) = listing.filter(|listing| listing.program == env!("CARGO_PKG_NAME")) else {
            return Err(StoreError::Foreign { path: folder.to_owned(), what: "results of an earlier `advocate run`" });
        };
        let files = listing.outputs.into_iter().map(|file| (file.path.clone(), file)).collect();
        let written = fs::metadata(&path).and_then(|metadata| metadata.modified()).ok();
        Ok(Some(Self { folder: folder.to_owned(), own: Own::Listed { files, written } }))
    }

    /// What an earlier `advocate link` left in `folder`, known by the file `mark` and made of files and folders of the names
    /// `own`; `None` where nothing stands there, or an empty folder.
    ///
    /// # Errors
    /// A folder without the mark.
    pub fn base_table(folder: &Path, mark: &str, own: &'static [&'static str]) -> Result<Option<Self>, StoreError> {
        if is_free(folder) {
            return Ok(None);
        }
        if !folder.join(mark).is_file() {
            return Err(StoreError::Foreign {
                path: folder.to_owned(),
                what: "base table of an earlier `advocate link`",
            });
        }
        Ok(Some(Self { folder: folder.to_owned(), own: Own::Named(own) }))
    }

    /// Puts into a new folder what others have put into this one or have changed in it, and returns the paths there. A path that the new
    /// folder has already is kept beside it: `quarantine/feedback.csv` as `quarantine/feedback.kept.csv`.
    ///
    /// # Errors
    /// Files that cannot be read or written.
    pub fn keep_in(&self, new: &Path) -> Result<Vec<String>, StoreError> {
        let mut paths = Vec::new();
        self.collect(&self.folder, &mut paths)?;
        paths.sort();
        let mut kept = Vec::with_capacity(paths.len());
        for path in paths {
            let target = free_name(new, &path);
            let (from, to) = (self.folder.join(&path), new.join(&target));
            if let Some(folder) = to.parent() {
                fs::create_dir_all(folder).map_err(StoreError::file(folder, "made"))?;
            }
            // The same file under another name, where the file system has such a thing: the old name goes with its folder.
            if fs::hard_link(&from, &to).is_err() {
                fs::copy(&from, &to).map_err(StoreError::file(&to, "written"))?;
            }
            kept.push(target);
        }
        Ok(kept)
    }

    /// Paths inside the folder, with `/` between their parts. Links are files here: what they point to is not ours.
    fn collect(&self, folder: &Path, paths: &mut Vec<String>) -> Result<(), StoreError> {
        for entry in fs::read_dir(folder).map_err(StoreError::file(folder, "read"))? {
            let entry = entry.map_err(StoreError::file(folder, "read"))?;
            let path = entry.path();
            let name = path.strip_prefix(&self.folder).unwrap_or(&path);
            let name: Vec<String> =
                name.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
            let name = name.join("/");
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            match (&self.own, is_folder) {
                (Own::Named(own), _) if own.contains(&name.as_str()) => (),
                (_, true) => self.collect(&path, paths)?,
                (Own::Listed { .. }, false) if self.is_as_listed(&path, &name)? => (),
                (_, false) => paths.push(name),
            }
        }
        Ok(())
    }

    /// Whether a file stands as the manifest has it. One that is no younger than the manifest and of the same size was not touched;
    /// only others are read.
    fn is_as_listed(&self, path: &Path, name: &str) -> Result<bool, StoreError> {
        let Own::Listed { files, written } = &self.own else { return Ok(false) };
        if name == MANIFEST {
            return Ok(true);
        }
        let Some(listed) = files.get(name) else { return Ok(false) };
        let metadata = fs::symlink_metadata(path).map_err(StoreError::file(path, "read"))?;
        if !metadata.is_file() || metadata.len() != listed.bytes {
            return Ok(false);
        }
        match (metadata.modified(), written) {
            (Ok(modified), Some(written)) if modified <= *written => Ok(true),
            _ => Ok(fingerprint(path, name.to_owned())?.sha256 == listed.sha256),
        }
    }
}

/// Nothing, or a folder with nothing in it.
fn is_free(folder: &Path) -> bool {
    let is_nothing = fs::symlink_metadata(folder).is_err();
    is_nothing || fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}

/// The path itself where the folder does not have it, else the first free one with `.kept`, `.kept-2`, ... before its ending.
fn free_name(folder: &Path, path: &str) -> String {
    let is_free = |path: &str| fs::symlink_metadata(folder.join(path)).is_err();
    if is_free(path) {
        return path.to_owned();
    }
    let name_at = path.rfind('/').map_or(0, |slash| slash + 1);
    // A name that begins with its only dot has no ending.
    let dot = path[name_at..].rfind('.').filter(|&dot| dot > 0).map_or(path.len(), |dot| name_at + dot);
    let (stem, ending) = path.split_at(dot);
    (1..)
        .map(|n| if n == 1 { format!("{stem}.kept{ending}") } else { format!("{stem}.kept-{n}{ending}") })
        .find(|path| is_free(path))
        .unwrap_or_else(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("written");
    }

    fn text(root: &Path, path: &str) -> String {
        fs::read_to_string(root.join(path)).expect("there")
    }

    /// A results folder that lists `quarantine/feedback.csv` and `report.html`, both of which say `abc`.
    fn results(root: &Path) {
        // FIPS 180-2, appendix B.1: SHA-256 of "abc".
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let listed = ["quarantine/feedback.csv", "report.html"].map(|path| {
            write(root, path, "abc");
            format!("{{\"path\": \"{path}\", \"bytes\": 3, \"sha256\": \"{sha256}\"}}")
        });
        let manifest = format!("{{\"program\": \"advocate\", \"outputs\": [{}]}}", listed.join(", "));
        write(root, MANIFEST, &manifest);
    }

    #[test]
    fn a_folder_of_others_is_refused_and_a_free_place_is_not() {
        let root = tempfile::tempdir().expect("a folder");
        assert!(Earlier::results(&root.path().join("nothing")).expect("free").is_none());
        assert!(Earlier::results(root.path()).expect("empty").is_none());
        write(root.path(), "mine.txt", "precious");
        let error = Earlier::results(root.path()).expect_err("refused");
        assert!(error.to_string().contains("name another folder"), "{error}");
        // Neither the manifest of another program nor a file in the folder's place.
        write(root.path(), MANIFEST, "{\"program\": \"another\"}");
        assert!(Earlier::results(root.path()).is_err());
        assert!(Earlier::results(&root.path().join("mine.txt")).is_err());
        assert!(Earlier::base_table(root.path(), "statement.sql", &[]).is_err());
    }

    #[test]
    fn what_others_added_or_changed_goes_along() {
        let root = tempfile::tempdir().expect("a folder");
        let (old, new) = (root.path().join("old"), root.path().join("new"));
        results(&old);
        write(&old, "notes/monday.txt", "look at this");
        // Of the same size and younger than the manifest, so that its bytes decide; the report was only touched.
        write(&old, "quarantine/feedback.csv", "abd");
        write(&old, "report.html", "abc");
        let later = SystemTime::now() + std::time::Duration::from_secs(60);
        for path in ["quarantine/feedback.csv", "report.html"] {
            fs::File::options()
                .write(true)
                .open(old.join(path))
                .and_then(|file| file.set_modified(later))
                .expect("set");
        }
        results(&new);
        let kept = Earlier::results(&old).expect("ours").expect("there").keep_in(&new).expect("kept");
        assert_eq!(kept, ["notes/monday.txt", "quarantine/feedback.kept.csv"]);
        assert_eq!(text(&new, "notes/monday.txt"), "look at this");
        assert_eq!(
            (text(&new, "quarantine/feedback.csv"), text(&new, "quarantine/feedback.kept.csv")),
            ("abc".into(), "abd".into())
        );
        // What was kept is listed nowhere, and goes along the next time as it is.
        let third = root.path().join("third");
        results(&third);
        let kept = Earlier::results(&new).expect("ours").expect("there").keep_in(&third).expect("kept");
        assert_eq!(kept, ["notes/monday.txt", "quarantine/feedback.kept.csv"]);
    }

    #[test]
    fn of_a_base_table_its_own_names_are_replaced() {
        let root = tempfile::tempdir().expect("a folder");
        let (old, new) = (root.path().join("old"), root.path().join("new"));
        for path in ["statement.sql", "answers.csv", "typed/feedback/part.parquet", "typed.txt"] {
            write(&old, path, "x");
        }
        fs::create_dir(&new).expect("a folder");
        let earlier = Earlier::base_table(&old, "statement.sql", &["statement.sql", "answers.csv", "typed"]);
        assert_eq!(earlier.expect("ours").expect("there").keep_in(&new).expect("kept"), ["typed.txt"]);
    }

    #[test]
    fn a_name_that_is_taken_gets_a_number() {
        let root = tempfile::tempdir().expect("a folder");
        for path in ["a.csv", "a.kept.csv", ".hidden", "b"] {
            write(root.path(), path, "x");
        }
        let free = |path| free_name(root.path(), path);
        assert_eq!([free("a.csv"), free(".hidden"), free("b")], ["a.kept-2.csv", ".hidden.kept", "b.kept"]);
    }
}
