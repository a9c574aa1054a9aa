//! The files of a source: found by path or pattern, each with its layout.

use super::IntakeError;
use crate::study::{Files, Format};
use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// One file to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SourceFile {
    /// How messages and accounts name it: as in the study where it can be.
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) n_bytes: u64,
    pub(super) layout: Layout,
}

/// How a file is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// Lines of cells with this between them.
    Separated(u8),
    Parquet,
}

/// The files of a source in the order of the study; those of a pattern in alphabetical order. A file that two patterns
/// match is read once.
pub(super) fn find(source_name: &str, files: &Files) -> Result<Vec<SourceFile>, IntakeError> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    for pattern in &files.path {
        for path in matches(source_name, pattern, &files.base_dir)? {
            let name = name_of(&path, &files.base_dir);
            let unreadable = |source| IntakeError::Unreadable { file: name.clone(), source };
            let metadata = std::fs::metadata(&path).map_err(unreadable)?;
            if !seen.insert(std::fs::canonicalize(&path).map_err(unreadable)?) {
                continue;
            }
            let layout = layout_of(&path, files).map_err(unreadable)?;
            found.push(SourceFile { name, path, n_bytes: metadata.len(), layout });
        }
    }
    Ok(found)
}

fn matches(source_name: &str, pattern: &str, base_dir: &Path) -> Result<Vec<PathBuf>, IntakeError> {
    let source_name = || source_name.to_owned();
    let literal = base_dir.join(pattern);
    if literal.is_dir() {
        let pattern = pattern.trim_end_matches('/').to_owned();
        return Err(IntakeError::Folder { source_name: source_name(), pattern });
    }
    // A file is a file even when its name looks like a pattern.
    if literal.exists() {
        return Ok(vec![literal]);
    }
    let no_file = || IntakeError::NoFile { source_name: source_name(), pattern: pattern.to_owned() };
    if !pattern.contains(['*', '?', '[']) {
        return Err(no_file());
    }
    // The study's own folder may have a name that looks like a pattern.
    let base = if Path::new(pattern).is_absolute() || base_dir.as_os_str().is_empty() {
        String::new()
    } else {
        format!("{}/", glob::Pattern::escape(&base_dir.to_string_lossy()))
    };
    let paths = glob::glob(&format!("{base}{pattern}")).map_err(|error| IntakeError::BadPattern {
        source_name: source_name(),
        pattern: pattern.to_owned(),
        message: error.msg.to_owned(),
    })?;
    let mut matched = Vec::new();
    for path in paths {
        let path = path.map_err(|error| IntakeError::Unreadable {
            file: error.path().display().to_string(),
            source: error.into(),
        })?;
        if path.is_file() {
            matched.push(path);
        }
    }
    if matched.is_empty() { Err(no_file()) } else { Ok(matched) }
}

fn name_of(path: &Path, base_dir: &Path) -> String {
    let name = if base_dir.as_os_str().is_empty() { path } else { path.strip_prefix(base_dir).unwrap_or(path) };
    name.to_string_lossy().replace('\\', "/")
}

fn layout_of(path: &Path, files: &Files) -> std::io::Result<Layout> {
    let is_parquet = match files.format {
        Format::Parquet => true,
        Format::Csv => false,
        Format::Detected => {
            let mut magic = Vec::new();
            File::open(path)?.take(4).read_to_end(&mut magic)?;
            magic == b"PAR1"
        }
    };
    if is_parquet {
        return Ok(Layout::Parquet);
    }
    let is_tsv = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("tsv"));
    let default = if is_tsv { '\t' } else { ',' };
    // The study lets only ASCII signs through.
    Ok(Layout::Separated(files.delimiter.unwrap_or(default) as u8))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::Codes;

    fn files(base_dir: &Path, path: &[&str]) -> Files {
        Files {
            path: path.iter().map(|&pattern| pattern.to_owned()).collect(),
            format: Format::Detected,
            delimiter: None,
            rename: Default::default(),
            blank: Codes::default(),
            base_dir: base_dir.to_owned(),
        }
    }

    #[test]
    fn patterns_are_found_in_order_and_named_as_in_the_study() {
        let folder = tempfile::tempdir().expect("a folder");
        let base = folder.path().join("study [1]");
        std::fs::create_dir_all(base.join("in")).expect("a folder");
        for name in ["in/b.csv", "in/a.tsv", "in/c[1].csv"] {
            std::fs::write(base.join(name), "x").expect("written");
        }
        std::fs::write(base.join("in/d.csv"), "PAR1").expect("written");
        let found = find("feedback", &files(&base, &["in/c[1].csv", "in/*"])).expect("found");
        let names: Vec<&str> = found.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["in/c[1].csv", "in/a.tsv", "in/b.csv", "in/d.csv"]);
        assert_eq!(found[1].layout, Layout::Separated(b'\t'));
        let beside = find("feedback", &files(&base.join("in"), &["../in/b*.csv", "b.csv"])).expect("found");
        assert_eq!((beside.len(), beside[0].name.as_str()), (1, "../in/b.csv"), "one file by two ways");
        assert_eq!((found[2].layout, found[3].layout), (Layout::Separated(b','), Layout::Parquet));
    }

    #[test]
    fn what_is_not_there_is_named_with_its_source() {
        let folder = tempfile::tempdir().expect("a folder");
        let refusal = |path: &str| find("feedback", &files(folder.path(), &[path])).expect_err("refused").to_string();
        assert_eq!(
            refusal("gone.csv"),
            "[sources.feedback]: no file matches `gone.csv`; paths count from the study's folder"
        );
        assert!(refusal("*.csv").contains("no file matches `*.csv`"));
        assert!(refusal(".").contains("is a folder; name its files"));
        assert!(refusal("a***b").contains("is no pattern"));
    }
}
