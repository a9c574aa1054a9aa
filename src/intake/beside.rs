//! The JSON files of a source beside each other. JSON has no header: a key that one page of an API's answer does not hold, because
//! nobody in it answered that question, another page may hold.

use super::exports::{self, ExportColumns, ExportFormat};
use super::files::{Layout, SourceFile};
use super::opened::whole;
use super::places::Columns;
use super::{json_lines, unpacked};
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// An empty page holds a word or two about itself.
const EMPTY_BYTES: u64 = 1 << 12;
/// No member has this name, so that a file is read to its end for it.
const NO_NAME: &str = "\0";

/// The JSON files of a source, whose columns are looked up only where one of them lacks some.
#[derive(Debug)]
pub(super) struct Beside {
    files: Vec<SourceFile>,
    columns: OnceLock<Vec<Found>>,
}

/// The columns of one file.
#[derive(Debug)]
enum Found {
    Plain(Vec<String>),
    Export(ExportColumns),
}

impl PartialEq for Beside {
    fn eq(&self, other: &Self) -> bool {
        self.files == other.files
    }
}

impl Eq for Beside {}

/// Lets the JSON files of a source know of each other, where there are several; an empty page among a vendor's pages is one of them.
pub(super) fn introduce(found: &mut [SourceFile], is_detected: bool) {
    let vendor = found.iter().find_map(|file| match file.layout {
        Layout::ExportJson(format) => Some(format),
        _ => None,
    });
    if let Some(format) = vendor.filter(|_| is_detected) {
        let unknown = found.iter_mut().filter(|file| matches!(file.layout, Layout::Separated(_) | Layout::JsonLines));
        for file in unknown.filter(|file| is_empty_page(format, &file.path)) {
            file.layout = Layout::ExportJson(format);
        }
    }
    let is_json = |file: &&SourceFile| matches!(file.layout, Layout::ExportJson(_) | Layout::JsonLines);
    let files: Vec<SourceFile> = found.iter().filter(is_json).cloned().collect();
    if files.len() < 2 {
        return;
    }
    let beside = Arc::new(Beside { files, columns: OnceLock::new() });
    for file in found.iter_mut().filter(|file| is_json(&&**file)) {
        file.beside = Some(Arc::clone(&beside));
    }
}

/// Whether a file is a vendor's page without a response.
pub(super) fn is_empty_page(format: ExportFormat, path: &Path) -> bool {
    let first = unpacked::first_meant(path, EMPTY_BYTES).unwrap_or_default();
    (first.len() as u64) < EMPTY_BYTES && exports::is_empty_page(format, &first)
}

impl Beside {
    /// Whether any of the files has columns that are as they are asked for.
    pub(super) fn has(&self, is_wanted: impl Fn(Columns<'_>) -> bool) -> bool {
        let all = self.columns.get_or_init(|| self.files.iter().filter_map(columns_of).collect());
        all.iter().any(|own| match own {
            Found::Plain(names) => is_wanted(Columns::Plain(names)),
            Found::Export(columns) => is_wanted(Columns::Export(columns)),
        })
    }
}

/// The columns of a file; a file that is damaged is refused when it is its turn.
fn columns_of(file: &SourceFile) -> Option<Found> {
    match file.layout {
        Layout::ExportJson(format) => {
            let bytes = whole(file).ok()?;
            exports::table_of_json(format, &bytes).ok().map(|export| Found::Export(export.columns))
        }
        _ => json_lines::names(&file.name, &file.path, &[NO_NAME]).ok().map(Found::Plain),
    }
}
