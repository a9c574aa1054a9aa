//! The JSON files of a source beside each other. JSON has no header: a key that one page of an API's answer does not hold, because
//! nobody in it answered that question, another page may hold.

use super::exports::{self, ExportColumns, ExportFormat};
use super::files::{Layout, SourceFile};
use super::opened::whole;
use super::{json_lines, unpacked};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// An empty page holds a word or two about itself.
const EMPTY_BYTES: u64 = 1 << 12;

/// The JSON files of a source, whose columns are looked up only where one of them lacks some.
#[derive(Debug)]
pub(super) struct Beside {
    files: Vec<SourceFile>,
    /// The columns of each vendor's document.
    exports: OnceLock<Vec<ExportColumns>>,
    /// Names of members that files of lines are known to hold.
    names: Mutex<HashSet<String>>,
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
        for file in unknown.filter(|file| is_empty_page(format, file)) {
            file.layout = Layout::ExportJson(format);
        }
    }
    let is_json = |file: &&SourceFile| matches!(file.layout, Layout::ExportJson(_) | Layout::JsonLines);
    let files: Vec<SourceFile> = found.iter().filter(is_json).cloned().collect();
    if files.len() < 2 {
        return;
    }
    let beside = Arc::new(Beside { files, exports: OnceLock::new(), names: Mutex::default() });
    for file in found.iter_mut().filter(|file| is_json(&&**file)) {
        file.beside = Some(Arc::clone(&beside));
    }
}

/// Whether a file is a vendor's page without a response.
pub(super) fn is_empty_page(format: ExportFormat, file: &SourceFile) -> bool {
    let first = unpacked::first_meant(&file.path, file.encoding, EMPTY_BYTES).unwrap_or_default();
    (first.len() as u64) < EMPTY_BYTES && exports::is_empty_page(format, &first)
}

impl Beside {
    /// Whether any of the files has a column: one of a vendor's documents by its columns, one of lines by the name of a member. Files of
    /// lines are read until it is found.
    pub(super) fn has(&self, name: &str, is_wanted: impl Fn(&ExportColumns) -> bool) -> bool {
        self.exports().iter().any(is_wanted) || self.is_known(name) || self.lines().any(|file| self.look(file, name))
    }

    /// Whether any of a vendor's documents holds a response.
    pub(super) fn has_responses(&self) -> bool {
        self.exports().iter().any(|columns| !columns.columns().is_empty())
    }

    /// A document that is damaged is refused when it is its turn.
    fn exports(&self) -> &[ExportColumns] {
        let columns = |file: &SourceFile| match file.layout {
            Layout::ExportJson(format) => Some(exports::table_of_json(format, &whole(file).ok()?).ok()?.columns),
            _ => None,
        };
        self.exports.get_or_init(|| self.files.iter().filter_map(columns).collect())
    }

    fn lines(&self) -> impl Iterator<Item = &SourceFile> {
        self.files.iter().filter(|file| file.layout == Layout::JsonLines)
    }

    fn is_known(&self, name: &str) -> bool {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).contains(name)
    }

    fn look(&self, file: &SourceFile, name: &str) -> bool {
        let found = json_lines::names(file, &[name]).unwrap_or_default();
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.extend(found);
        names.contains(name)
    }
}
