//! The files of a source: found by path or pattern, each with its layout.

use super::beside::{self, Beside};
use super::corrections::CORRECTIONS;
use super::exports::{self, ExportFormat, ExportLayout};
use super::hash::{self, HashedFile};
use super::{IntakeError, columnar, database, remote, server_address, sniff, unpacked};
use crate::study::{Encoding, Files, Format, Vendor};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes from which the sign between cells is guessed.
pub(super) const SNIFFED_BYTES: u64 = 1 << 16;

/// One file to read, or what a server answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SourceFile {
    /// How messages and accounts name it: as in the study where it can be.
    pub(super) name: String,
    /// The file; a server's address.
    pub(super) path: PathBuf,
    pub(super) n_bytes: u64,
    pub(super) layout: Layout,
    /// In which signs it is written, where that is not UTF-8 and it does not say so itself.
    pub(super) encoding: Option<Encoding>,
    /// Lines, or rows of a sheet, above the names of its columns.
    pub(super) rows_above: usize,
    /// Columns that the names of its folders give, as in `year=2026/month=09`.
    pub(super) partitions: Vec<(String, String)>,
    /// The JSON files of its source, where it is one of several.
    pub(super) beside: Option<Arc<Beside>>,
}

impl SourceFile {
    /// How a sheet is to be read: below titles it is plain, since a vendor writes none.
    pub(super) fn format_of_sheet(&self, stated: Format) -> Format {
        if self.rows_above > 0 { Format::Workbook } else { stated }
    }

    /// What is wrong where nothing stands where the names of its columns should.
    pub(super) fn without_names(&self) -> IntakeError {
        let file = self.name.clone();
        match self.rows_above {
            0 => IntakeError::Empty { file },
            rows_above => IntakeError::NoHeaderRow { file, header_row: rows_above + 1 },
        }
    }

    /// Bytes and SHA-256 of the whole file as it lies.
    pub(super) fn hashed(&self) -> Result<HashedFile, IntakeError> {
        hash::of_file(&self.path).map_err(|source| IntakeError::Unreadable { file: self.name.clone(), source })
    }
}

/// How a file is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// Lines of cells with this between them.
    Separated(u8),
    Parquet,
    Arrow,
    JsonLines,
    Workbook,
    Sqlite,
    Postgres,
    /// A vendor's export as text with this between the cells.
    Export(ExportFormat, u8),
    /// A vendor's export as JSON.
    ExportJson(ExportFormat),
    /// One of several tables that belong together.
    ExportTable(u8),
}

/// What becomes of the objects of stores among the files of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Objects<'f> {
    /// They are fetched into this folder.
    Fetched(&'f Path),
    /// They are not asked for.
    Left,
}

/// The files of a source in the order of the study; those of a pattern in alphabetical order. A file that two patterns
/// match is read once.
pub(super) fn find(source_name: &str, files: &Files, objects: Objects<'_>) -> Result<Vec<SourceFile>, IntakeError> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    for pattern in &files.path {
        if remote::is_remote(pattern) {
            let Objects::Fetched(folder) = objects else { continue };
            for object in remote::fetch(source_name, pattern, folder)? {
                found.extend(file_at(&object.path, object.name, files, &mut seen)?);
            }
            continue;
        }
        if files.format == Format::Postgres || server_address::is_server(pattern) {
            found.push(SourceFile {
                name: server_address::without_password(pattern),
                path: PathBuf::from(pattern),
                n_bytes: 0,
                layout: Layout::Postgres,
                encoding: None,
                rows_above: 0,
                partitions: Vec::new(),
                beside: None,
            });
            continue;
        }
        for path in matches(source_name, pattern, &files.base_dir)? {
            let name = name_of(&path, &files.base_dir);
            found.extend(file_at(&path, name, files, &mut seen)?);
        }
    }
    beside::introduce(&mut found, files.format == Format::Detected);
    Ok(found)
}

/// A file with its layout; `None` where it was seen before.
fn file_at(
    path: &Path,
    name: String,
    files: &Files,
    seen: &mut HashSet<PathBuf>,
) -> Result<Option<SourceFile>, IntakeError> {
    let unreadable = |source| IntakeError::Unreadable { file: name.clone(), source };
    let n_bytes = std::fs::metadata(path).map_err(unreadable)?.len();
    if !seen.insert(std::fs::canonicalize(path).map_err(unreadable)?) {
        return Ok(None);
    }
    let layout = layout_of(path, files).map_err(unreadable)?;
    let partitions = partitions(&name);
    let (path, encoding, rows_above) = (path.to_owned(), files.encoding, files.rows_above);
    Ok(Some(SourceFile { name, path, n_bytes, layout, encoding, rows_above, partitions, beside: None }))
}

/// What the folders of a path say in the manner of Hive.
fn partitions(name: &str) -> Vec<(String, String)> {
    let folders = name.rsplit_once('/').map_or("", |(folders, _)| folders);
    let pairs = folders.split('/').filter_map(|folder| folder.split_once('='));
    pairs
        .filter(|(key, _)| !key.is_empty())
        .map(|(key, value)| {
            // Null has a name of its own there.
            let value = if value == "__HIVE_DEFAULT_PARTITION__" { String::new() } else { unescaped(value) };
            (key.to_owned(), value)
        })
        .collect()
}

/// Text in which `%2F` and the like stand for signs that a folder's name cannot hold.
pub(super) fn unescaped(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut meant = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = bytes.get(at + 1..at + 3).and_then(|code| std::str::from_utf8(code).ok());
        match (bytes[at], code.and_then(|code| u8::from_str_radix(code, 16).ok())) {
            (b'%', Some(byte)) => {
                meant.push(byte);
                at += 3;
            }
            (byte, _) => {
                meant.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(meant).unwrap_or_else(|_| text.to_owned())
}

/// The files of one path or pattern.
pub(super) fn matches(source_name: &str, pattern: &str, base_dir: &Path) -> Result<Vec<PathBuf>, IntakeError> {
    let source_name = || source_name.to_owned();
    let literal = base_dir.join(pattern);
    if literal.is_dir() && !files_below(&literal).is_empty() {
        return Ok(files_below(&literal));
    }
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
        if path.is_file() && !is_of_a_study(&path) {
            matched.push(path);
        }
    }
    if matched.is_empty() { Err(no_file()) } else { Ok(matched) }
}

/// Whether a file holds the corrected rows of a study beside it: a pattern does not mean it.
fn is_of_a_study(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.strip_suffix(CORRECTIONS).is_some_and(|stem| path.with_file_name(format!("{stem}.toml")).is_file())
}

/// The files in folders named `key=value` below a folder, in the order of their paths; hidden ones and such as begin with `_`
/// belong to whoever wrote the others.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let base = glob::Pattern::escape(&folder.to_string_lossy());
    let is_hidden = |path: &PathBuf| {
        let below = path.strip_prefix(folder).unwrap_or(path);
        below.iter().any(|part| part.to_string_lossy().starts_with(['.', '_']))
    };
    let Ok(paths) = glob::glob(&format!("{base}/**/*=*/**/*")) else { return Vec::new() };
    let mut files: Vec<PathBuf> = paths.flatten().filter(|path| path.is_file() && !is_hidden(path)).collect();
    files.sort();
    files.dedup();
    files
}

fn name_of(path: &Path, base_dir: &Path) -> String {
    let name = if base_dir.as_os_str().is_empty() { path } else { path.strip_prefix(base_dir).unwrap_or(path) };
    name.to_string_lossy().replace('\\', "/")
}

fn layout_of(path: &Path, files: &Files) -> std::io::Result<Layout> {
    let first = unpacked::first_bytes(path, 16)?;
    let named = |endings: &[&str]| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let name = name.trim_end_matches(".gz").trim_end_matches(".zst");
        endings.iter().any(|ending| name.ends_with(ending))
    };
    let is_workbook = || named(&[".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"]);
    Ok(match files.format {
        Format::Parquet => Layout::Parquet,
        Format::Arrow => Layout::Arrow,
        Format::JsonLines => Layout::JsonLines,
        Format::Workbook => Layout::Workbook,
        Format::Sqlite => Layout::Sqlite,
        Format::Postgres => Layout::Postgres,
        // Most vendors offer their separated text as a workbook too.
        Format::Export(_) if is_workbook() => Layout::Workbook,
        // A connector delivers into warehouses, whose tables come out of them in any layout.
        Format::Export(Vendor::FivetranQualtrics) if first.starts_with(b"PAR1") => Layout::Parquet,
        Format::Export(Vendor::FivetranQualtrics)
            if first.starts_with(columnar::ARROW_FILE) || named(&[".arrow", ".arrows", ".feather"]) =>
        {
            Layout::Arrow
        }
        Format::Export(Vendor::FivetranQualtrics) if first.starts_with(database::SQLITE) => Layout::Sqlite,
        Format::Export(vendor) => export_layout(ExportFormat::of(vendor), &first_meant(path, files)?, files.delimiter),
        Format::Detected if first.starts_with(b"PAR1") => Layout::Parquet,
        Format::Detected if first.starts_with(columnar::ARROW_FILE) || named(&[".arrow", ".arrows", ".feather"]) => {
            Layout::Arrow
        }
        Format::Detected if first.starts_with(database::SQLITE) => Layout::Sqlite,
        Format::Detected if is_workbook() => Layout::Workbook,
        Format::Detected if files.delimiter.is_none() && files.rows_above == 0 && named(&[".jsonl", ".ndjson"]) => {
            // A vendor's responses may come one a line, as a webhook or a warehouse writes them.
            let meant = first_meant(path, files)?;
            let is_json = |export: &ExportFormat| matches!(export.layout(), ExportLayout::Json | ExportLayout::Either);
            match exports::detect(&meant, b',').filter(is_json) {
                Some(export) => Layout::ExportJson(export),
                None => Layout::JsonLines,
            }
        }
        Format::Detected | Format::Csv => {
            let meant = first_meant(path, files)?;
            let delimiter = match files.delimiter {
                // The study lets only ASCII signs through.
                Some(sign) => sign as u8,
                None if named(&[".tsv"]) => b'\t',
                None => sniff::delimiter_below(&meant, files.rows_above),
            };
            // A vendor writes nothing above its header.
            let is_asked = files.format == Format::Detected && files.rows_above == 0;
            let export = exports::detect(&meant, delimiter).filter(|_| is_asked);
            match export.filter(|export| export.layout() != ExportLayout::Tables) {
                Some(export) => export_layout(export, &meant, Some(delimiter as char)),
                None => Layout::Separated(delimiter),
            }
        }
    })
}

fn first_meant(path: &Path, files: &Files) -> std::io::Result<Vec<u8>> {
    unpacked::first_meant(path, files.encoding, SNIFFED_BYTES)
}

fn export_layout(export: ExportFormat, first: &[u8], delimiter: Option<char>) -> Layout {
    let delimiter = || delimiter.map_or_else(|| sniff::delimiter(first), |sign| sign as u8);
    let text = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first);
    let is_json = text.iter().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|byte| b"{[".contains(byte));
    match export.layout() {
        ExportLayout::Json => Layout::ExportJson(export),
        ExportLayout::Either if is_json => Layout::ExportJson(export),
        ExportLayout::Tables => Layout::ExportTable(delimiter()),
        ExportLayout::Separated | ExportLayout::Either => Layout::Export(export, delimiter()),
    }
}

impl ExportFormat {
    /// The format of a study's vendor.
    pub(super) fn of(vendor: Vendor) -> Self {
        match vendor {
            Vendor::Qualtrics => Self::Qualtrics,
            Vendor::QualtricsLegacy => Self::QualtricsLegacy,
            Vendor::SurveyMonkey => Self::SurveyMonkey,
            Vendor::Typeform => Self::Typeform,
            Vendor::LimeSurvey => Self::LimeSurvey,
            Vendor::Formbricks => Self::Formbricks,
            Vendor::Delighted => Self::Delighted,
            Vendor::Retently => Self::Retently,
            Vendor::CustomerGauge => Self::CustomerGauge,
            Vendor::MedalliaAgentConnect => Self::MedalliaAgentConnect,
            Vendor::FivetranQualtrics => Self::FivetranQualtrics,
        }
    }
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
            encoding: None,
            rows_above: 0,
            numerals: Default::default(),
            sheet: None,
            table: None,
            query: None,
            rename: Default::default(),
            blank: Codes::default(),
            contract: Default::default(),
            exclude: Default::default(),
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
        let found = find("feedback", &files(&base, &["in/c[1].csv", "in/*"]), Objects::Left).expect("found");
        let names: Vec<&str> = found.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["in/c[1].csv", "in/a.tsv", "in/b.csv", "in/d.csv"]);
        assert_eq!(found[1].layout, Layout::Separated(b'\t'));
        let beside =
            find("feedback", &files(&base.join("in"), &["../in/b*.csv", "b.csv"]), Objects::Left).expect("found");
        assert_eq!((beside.len(), beside[0].name.as_str()), (1, "../in/b.csv"), "one file by two ways");
        assert_eq!((found[2].layout, found[3].layout), (Layout::Separated(b','), Layout::Parquet));
    }

    #[test]
    fn folders_named_after_values_give_columns() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["year=2026/month=10/b.csv", "year=2025/month=01/a.csv", "year=2026/_SUCCESS", "year=2026/.c.crc"] {
            let path = folder.path().join("orders").join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, "x,y\n").expect("written");
        }
        let found = find("transactions", &files(folder.path(), &["orders"]), Objects::Left).expect("found");
        let names: Vec<&str> = found.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["orders/year=2025/month=01/a.csv", "orders/year=2026/month=10/b.csv"]);
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(found[1].partitions, [pair("year", "2026"), pair("month", "10")]);
        assert_eq!(
            partitions("city=S%C3%A3o Paulo/x=__HIVE_DEFAULT_PARTITION__/f"),
            [pair("city", "São Paulo"), pair("x", "")]
        );
    }

    #[test]
    fn what_is_not_there_is_named_with_its_source() {
        let folder = tempfile::tempdir().expect("a folder");
        let refusal = |path: &str| {
            let objects = Objects::Fetched(folder.path());
            find("feedback", &files(folder.path(), &[path]), objects).expect_err("refused").to_string()
        };
        assert_eq!(
            refusal("gone.csv"),
            "[sources.feedback]: no file matches `gone.csv`; paths count from the study's folder"
        );
        assert!(refusal("*.csv").contains("no file matches `*.csv`"));
        assert!(refusal(".").contains("is a folder; name its files"));
        assert!(refusal("a***b").contains("is no pattern"));
        assert!(refusal("s3://shop").contains("write s3://bucket/key"));
    }
}
