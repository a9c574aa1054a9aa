//! Which of the files that were named are tables, which of them belong together, and the profile of each.

use super::column::ColumnProfile;
use super::copies;
use super::date_orders;
use super::earlier_results;
use super::open;
use super::sample::{Sample, SampledColumn};
use super::times::TimeProfile;
use super::totals::{self, TotalsRow};
use crate::intake::exports::{self, ExportFormat, FivetranTable};
use crate::intake::files::{self, Layout, Objects, SourceFile};
use crate::intake::{IntakeError, beside, columnar, database, in_full, number, unpacked, workbook};
use crate::study::{Codes, Encoding, Files, Format, SourceContract};
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Endings of files that can hold a table; others in a folder are no data.
const ENDINGS: [&str; 24] = [
    "csv", "tsv", "tab", "psv", "txt", "dat", "jsonl", "ndjson", "json", "parquet", "pq", "arrow", "arrows", "feather",
    "xlsx", "xlsm", "xlsb", "xls", "ods", "sqlite", "sqlite3", "db", "db3", "data",
];
/// How deep folders are looked into.
const DEPTH_MAX: usize = 6;
/// Vendors whose responses come in pages.
const PAGED: [ExportFormat; 3] = [ExportFormat::Delighted, ExportFormat::Retently, ExportFormat::Typeform];
/// Bytes by which an export is recognised.
const SNIFFED_BYTES: u64 = 1 << 16;

/// How closely files are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Rows of a source, at least two: half of them from its head.
    pub n_rows: usize,
}

/// Which files a source consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFiles {
    /// The files, in the order of reading, as they were named.
    pub files: Vec<PathBuf>,
    /// The one path or pattern that says all of them and nothing else, where there is one.
    pub pattern: Option<PathBuf>,
    /// The sheet of a workbook with several.
    pub sheet: Option<String>,
    /// The table of a database with several.
    pub table: Option<String>,
    /// The word by which a study must name the layout, where it is not recognised by itself.
    pub format: Option<&'static str>,
    /// Lines of each text, or rows of the sheet, that stand above the names of the columns.
    pub rows_above: usize,
    /// In which signs the files are written, where that is not UTF-8.
    pub encoding: Option<EncodingGuess>,
    /// The survey that was looked at, where the tables of a vendor hold several.
    pub survey: Option<SurveyChoice>,
}

/// A guess at the signs of a text that is not UTF-8 and has no mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodingGuess {
    /// The encoding.
    pub encoding: Encoding,
    /// Words that it makes, by whose letters people see whether it is right.
    pub words: Vec<String>,
}

/// One of several surveys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurveyChoice {
    /// Its id.
    pub survey: String,
    /// What speaks for it.
    pub why: String,
    /// The others, each with its responses.
    pub others: Vec<String>,
}

/// One source, as far as it was looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceProfile {
    /// Its files.
    pub files: SourceFiles,
    /// The vendor whose export it is.
    pub export: Option<ExportFormat>,
    /// Rows looked at.
    pub n_rows: u64,
    /// Whether these are all rows.
    pub is_whole: bool,
    /// Rows that were broken as a whole.
    pub n_broken: u64,
    /// Its columns, without those that have no name or one that another has.
    pub columns: Vec<ColumnProfile>,
    /// Rows at the ends of its files that sum up the others, and were not looked at.
    pub totals: Vec<TotalsRow>,
    /// Names that several of its columns have, none of which can be told from the others.
    pub shared_names: Vec<String>,
}

impl SourceProfile {
    /// The name of its first file without folders and ending, and of its sheet or table.
    pub fn name(&self) -> String {
        let file = self.files.files.first().and_then(|file| file.file_name()).unwrap_or_default().to_string_lossy();
        let stem = file.split('.').next().unwrap_or_default();
        let part = self.files.sheet.as_deref().or(self.files.table.as_deref());
        // In a folder of parts the folder says what they are.
        let folder = self.files.files.first().and_then(|file| file.parent()?.file_name());
        let folder = folder.filter(|_| self.files.files.len() > 1).map(|folder| folder.to_string_lossy());
        [part, folder.as_deref(), Some(stem)].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

/// A file, or a folder of an earlier run, that was named and is no source, with the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aside {
    /// The file or folder.
    pub file: PathBuf,
    /// Why it is left aside.
    pub reason: String,
}

/// What is in the files that were named.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Found {
    /// The sources, in the order of their first files.
    pub sources: Vec<SourceProfile>,
    /// The files that are none.
    pub aside: Vec<Aside>,
}

/// A whole file, or a part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Whole,
    Named(String),
}

impl Part {
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Whole => None,
            Self::Named(name) => Some(name),
        }
    }
}

/// A table of one file.
struct Table {
    file: SourceFile,
    part: Part,
}

/// Looks at files, folders and patterns: which sources they hold, and what their columns are.
///
/// Files of one folder with the same columns are one source, and so are the files below a folder that is partitioned in the
/// manner of Hive and the tables of Fivetran's Qualtrics connector. What is no table, or cannot be read, is left aside with its
/// reason. The same files give the same profiles, for any number of threads.
///
/// # Errors
/// A path that is not there, a pattern that nothing matches.
pub fn profile(paths: &[PathBuf], look: Look) -> Result<Found, IntakeError> {
    let mut found = Found::default();
    let mut tables = Vec::new();
    let files = files_of(paths, &mut found.aside)?;
    for path in copies::left_out(files, &mut found.aside) {
        match tables_of(&path, None) {
            Ok(of_file) => tables.extend(of_file),
            Err(reason) => found.aside.push(Aside { file: path, reason }),
        }
    }
    let (long, tables): (Vec<Table>, Vec<Table>) = tables.into_iter().partition(is_long);
    let sampled: Vec<(Table, Result<Sample, IntakeError>)> =
        tables.into_par_iter().map(|table| sampled(table, look.n_rows)).collect();
    let mut groups: Vec<Group> = Vec::new();
    for (table, sample) in sampled {
        let sample = match sample.map_err(|error| in_full(&error)).and_then(with_header) {
            Ok(sample) => sample,
            Err(reason) => {
                found.aside.push(Aside { file: table.file.path, reason });
                continue;
            }
        };
        match groups.iter_mut().find(|group| group.takes(&table, &sample)) {
            Some(group) => group.add(table, &sample),
            None => groups.push(Group::new(table, sample)),
        }
    }
    let counts = PartCounts::of(&groups);
    found.sources = groups.into_par_iter().map(|group| group.profile(&counts)).collect();
    if !long.is_empty() {
        found.add_long_tables(long, look);
    }
    found.sources.sort_by(|a, b| a.files.files.first().cmp(&b.files.files.first()));
    Ok(found)
}

impl Found {
    fn add_long_tables(&mut self, long: Vec<Table>, look: Look) {
        let mut files: Vec<SourceFile> = Vec::new();
        for table in long {
            // A database holds several of them.
            if !files.contains(&table.file) {
                files.push(table.file);
            }
        }
        match open::sample_long_tables(&files, look.n_rows) {
            Ok((sample, survey)) => {
                let files = SourceFiles {
                    files: files.into_iter().map(|file| file.path).collect(),
                    pattern: None,
                    sheet: None,
                    table: None,
                    format: Some(ExportFormat::FivetranQualtrics.word()),
                    rows_above: 0,
                    encoding: None,
                    survey,
                };
                self.sources.push(source(files, sample));
            }
            Err(error) => {
                let reason = in_full(&error);
                self.aside.extend(files.into_iter().map(|file| Aside { file: file.path, reason: reason.clone() }));
            }
        }
    }
}

/// The files below some paths, in their order; those of a folder in alphabetical order, without hidden ones. Folders that hold
/// what earlier runs left are put aside as they are.
fn files_of(paths: &[PathBuf], aside: &mut Vec<Aside>) -> Result<Vec<PathBuf>, IntakeError> {
    let mut all = Vec::new();
    for path in paths {
        if path.is_dir() {
            below(path, 0, &mut all, aside);
        } else {
            all.extend(files::matches("init", &path.to_string_lossy(), Path::new(""))?);
        }
    }
    let mut seen = BTreeSet::new();
    all.retain(|path| seen.insert(std::fs::canonicalize(path).unwrap_or_else(|_| path.clone())));
    Ok(all)
}

fn below(folder: &Path, depth: usize, all: &mut Vec<PathBuf>, aside: &mut Vec<Aside>) {
    if let Some(reason) = earlier_results::reason(folder) {
        aside.push(Aside { file: folder.to_owned(), reason: reason.to_owned() });
        return;
    }
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut entries: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(['.', '_']) {
            continue;
        }
        if path.is_dir() && depth < DEPTH_MAX {
            below(&path, depth + 1, all, aside);
        } else if path.is_file() {
            all.push(path);
        }
    }
}

/// A table with its sample. A text that shows not to be UTF-8 is what plain CSV mostly is then, where that makes letters of all its bytes.
fn sampled(table: Table, n_rows: usize) -> (Table, Result<Sample, IntakeError>) {
    let sample = open::sample(&table.file, &table.part, n_rows);
    if let Err(IntakeError::NotUtf8 { .. }) = sample {
        let other = tables_of(&table.file.path, Some(Encoding::WINDOWS_1252)).ok().and_then(|mut own| own.pop());
        let other = other.and_then(|own| open::sample(&own.file, &own.part, n_rows).ok().map(|sample| (own, sample)));
        if let Some((own, sample)) = other {
            return (own, Ok(sample));
        }
    }
    (table, sample)
}

/// The tables of a file, or why it holds none.
fn tables_of(path: &Path, encoding: Option<Encoding>) -> Result<Vec<Table>, String> {
    if !has_table_ending(path) {
        return Err(no_table(path));
    }
    let named = Files {
        path: vec![path.to_string_lossy().into_owned()],
        format: Format::Detected,
        delimiter: None,
        encoding,
        rows_above: 0,
        numerals: Default::default(),
        sheet: None,
        table: None,
        query: None,
        rename: Default::default(),
        blank: Codes::default(),
        contract: SourceContract::default(),
        exclude: Default::default(),
        base_dir: PathBuf::new(),
    };
    let found = files::find("init", &named, Objects::Left).map_err(|error| in_full(&error))?;
    let Some(file) = found.into_iter().next() else { return Err("it is not there".to_owned()) };
    let parts = match file.layout {
        Layout::Workbook => workbook::sheets(&file).map_err(|error| in_full(&error))?,
        Layout::Sqlite => database::tables_of(&file).map_err(|error| in_full(&error))?,
        Layout::Separated(_) if PAGED.iter().any(|&format| beside::is_empty_page(format, &file)) => {
            return Err("it is a page of JSON without a row".to_owned());
        }
        Layout::Separated(_) if is_json(&file) => {
            return Err("it is JSON of no vendor that is known; write one object a line, and call it .jsonl".to_owned());
        }
        _ => Vec::new(),
    };
    if parts.is_empty() {
        return Ok(vec![Table { file, part: Part::Whole }]);
    }
    Ok(parts.into_iter().map(|part| Table { file: file.clone(), part: Part::Named(part) }).collect())
}

/// Why a file is no table by its name, and what would make it one.
fn no_table(path: &Path) -> String {
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    let advice = match ending.as_str() {
        "zip" | "7z" | "rar" | "tar" | "tgz" | "bz2" | "xz" => {
            "it is an archive: unpack it, and name the files that are in it"
        }
        "sav" | "zsav" | "por" => {
            "it is a file of SPSS, which is not read: save it there as CSV with values and not labels, or write it so from R (haven::read_sav, \
             write.csv)"
        }
        "dta" => "it is a file of Stata, which is not read: write it as CSV there (export delimited, with nolabel)",
        "sas7bdat" | "xpt" => "it is a file of SAS, which is not read: write it as CSV there (proc export)",
        "rds" | "rda" | "rdata" => "it is a file of R, which is not read: write it as CSV there (write.csv)",
        "avro" | "orc" => "it is a layout of warehouses that is not read: write it as Parquet",
        "pkl" | "pickle" => "it is a file of Python, which is not read: write it as Parquet there (to_parquet)",
        "numbers" | "gsheet" => "it is a spreadsheet that is not read: save it as XLSX or CSV",
        _ => "it is no table by its name",
    };
    advice.to_owned()
}

/// By its ending, behind which it may be packed; a file without any may hold anything.
fn has_table_ending(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let name = name.trim_end_matches(".gz").trim_end_matches(".zst");
    name.rsplit_once('.').is_none_or(|(_, ending)| ENDINGS.contains(&ending))
}

fn is_json(file: &SourceFile) -> bool {
    let first = unpacked::first_meant(&file.path, file.encoding, 64).unwrap_or_default();
    let text = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&first);
    text.iter().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|byte| b"{[".contains(byte))
}

/// One of the tables of a warehouse that are one export together; a single one says nothing.
fn is_long(Table { file, part }: &Table) -> bool {
    let names = match file.layout {
        Layout::Separated(delimiter) => {
            let first = unpacked::first_meant(&file.path, file.encoding, SNIFFED_BYTES).unwrap_or_default();
            return exports::detect(&first, delimiter) == Some(ExportFormat::FivetranQualtrics);
        }
        Layout::Parquet | Layout::Arrow => columnar::names(file),
        Layout::Sqlite => database::columns_of(file, part.name().unwrap_or_default()),
        _ => return false,
    };
    // What cannot be read is told when it is looked at as a table of its own.
    names.is_ok_and(|names| FivetranTable::of(&names).is_some())
}

/// A sample whose columns have names, or why it is no table.
fn with_header(mut sample: Sample) -> Result<Sample, String> {
    let names: Vec<&str> = sample.columns.iter().map(|column| column.stated.name()).collect();
    if sample.columns.len() < 2 {
        return Err("it has a single column; cells are separated by comma, semicolon, tab or bar, and not by blanks: convert it, and take lines of titles away that stand above the names of its columns".to_owned());
    }
    if sample.n_rows == 0 {
        return Err("it has column names and no rows".to_owned());
    }
    let n_numbers = names.iter().filter(|name| number::parse(name).is_some()).count();
    if sample.export.is_none() && 2 * n_numbers > names.len() {
        return Err("its first line seems to be data; it should hold the names of the columns".to_owned());
    }
    totals::take_out(&mut sample);
    Ok(sample)
}

/// Tables that are one source.
struct Group {
    tables: Vec<Table>,
    sample: Sample,
    /// The name of every file, and the place behind its last row in the sample.
    ends: Vec<(String, usize)>,
}

impl Group {
    fn new(table: Table, sample: Sample) -> Self {
        let mut group = Self { tables: vec![table], sample, ends: Vec::new() };
        group.end_file();
        group
    }

    fn end_file(&mut self) {
        let file = self.tables.last().and_then(|table| table.file.path.file_name()).unwrap_or_default();
        let n_cells = self.sample.columns.first().map_or(0, |column| column.cells.len());
        self.ends.push((file.to_string_lossy().into_owned(), n_cells));
    }

    /// Whether a table has the columns of this group, and lies where its files lie.
    fn takes(&self, table: &Table, sample: &Sample) -> bool {
        let own = &self.tables[0];
        own.part == table.part
            && home(&own.file) == home(&table.file)
            && std::mem::discriminant(&own.file.layout) == std::mem::discriminant(&table.file.layout)
            && self.sample.export == sample.export
            && self.sample.rows_above == sample.rows_above
            // A file without a letter beyond ASCII is in any encoding.
            && (self.encoding() == table.file.encoding || self.sample.is_ascii() || sample.is_ascii())
            // What nobody in one page answered, another page holds.
            && (matches!(own.file.layout, Layout::ExportJson(_)) || names(&self.sample) == names(sample))
    }

    fn encoding(&self) -> Option<Encoding> {
        self.tables.iter().find_map(|table| table.file.encoding)
    }

    fn add(&mut self, table: Table, sample: &Sample) {
        self.tables.push(table);
        self.sample.append(sample);
        self.end_file();
    }

    fn profile(self, counts: &PartCounts) -> SourceProfile {
        let first = &self.tables[0];
        let part = first.part.name().map(str::to_owned).filter(|_| counts.n_parts(&first.file.path) > 1);
        let is_sheet = first.file.layout == Layout::Workbook;
        let files = SourceFiles {
            pattern: pattern(&self.tables),
            files: self.tables.iter().map(|table| table.file.path.clone()).collect(),
            sheet: part.clone().filter(|_| is_sheet),
            table: part.filter(|_| !is_sheet),
            format: None,
            rows_above: self.sample.rows_above,
            encoding: self.encoding().map(|encoding| EncodingGuess { encoding, words: self.sample.foreign_words() }),
            survey: None,
        };
        let orders = self.date_orders();
        let mut profile = source(files, self.sample);
        for column in &mut profile.columns {
            let own = orders.iter().find(|(name, _)| *name == column.name).map(|(_, own)| own.clone());
            column.date_orders = own.or(column.date_orders.take());
        }
        profile
    }

    /// Columns whose dates are not in one order beyond doubt in all files, with what is not alike.
    fn date_orders(&self) -> Vec<(String, String)> {
        // An export states its layouts itself.
        if self.ends.len() < 2 || self.sample.export.is_some() {
            return Vec::new();
        }
        let columns = self.sample.columns.iter();
        let found = columns.filter_map(|column| {
            let name = column.stated.name();
            Some((name.to_owned(), date_orders::differing(name, &column.cells, &self.ends)?))
        });
        found.collect()
    }
}

/// The names of a sample's columns, in an order that does not depend on that of the file: columns are read by their names. Those that
/// share one are told apart by their order.
fn names(sample: &Sample) -> Vec<&str> {
    let mut names: Vec<&str> = sample.columns.iter().map(|column| column.stated.name()).collect();
    let n_different = names.iter().collect::<BTreeSet<_>>().len();
    if n_different == names.len() {
        names.sort_unstable();
    }
    names
}

/// The folder of a file; of partitioned ones the folder above the partitions.
fn home(file: &SourceFile) -> PathBuf {
    let mut folder = file.path.parent().unwrap_or(Path::new(""));
    if !file.partitions.is_empty() {
        while let (Some(name), Some(parent)) = (folder.file_name(), folder.parent()) {
            folder = parent;
            if name.to_string_lossy().contains('=') && !parent.to_string_lossy().contains('=') {
                break;
            }
        }
    }
    folder.to_owned()
}

/// The file of every table.
struct PartCounts(Vec<PathBuf>);

impl PartCounts {
    fn of(groups: &[Group]) -> Self {
        Self(groups.iter().flat_map(|group| group.tables.iter().map(|table| table.file.path.clone())).collect())
    }

    fn n_parts(&self, path: &Path) -> usize {
        self.0.iter().filter(|own| *own == path).count()
    }
}

/// What names all files of a group: the folder of partitions, or a pattern that nothing else in the folder matches.
fn pattern(tables: &[Table]) -> Option<PathBuf> {
    let first = &tables[0].file;
    if !first.partitions.is_empty() {
        return Some(home(first));
    }
    if tables.len() < 2 {
        return None;
    }
    let folder = first.path.parent().unwrap_or(Path::new(""));
    let ending = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name.find('.').map(|at| name[at..].to_owned())
    };
    let own = ending(&first.path)?;
    let there = std::fs::read_dir(if folder.as_os_str().is_empty() { Path::new(".") } else { folder }).ok()?;
    let n_alike = there.flatten().filter(|entry| ending(&entry.path()).as_ref() == Some(&own)).count();
    let all_alike = tables.iter().all(|table| ending(&table.file.path).as_ref() == Some(&own));
    (all_alike && n_alike == tables.len()).then(|| folder.join(format!("*{own}")))
}

fn source(files: SourceFiles, sample: Sample) -> SourceProfile {
    let Sample { columns, export, n_rows, n_broken, is_whole, totals, rows_above: _, counts_from_1904 } = sample;
    let n_of = |name: &str| columns.iter().filter(|column| column.stated.name() == name).count();
    let is_own = |column: &&SampledColumn| {
        let name = column.stated.name();
        !name.is_empty() && (export.is_some() || n_of(name) == 1)
    };
    let mut shared_names: Vec<String> = Vec::new();
    for name in columns.iter().map(|column| column.stated.name()) {
        if export.is_none() && !name.is_empty() && n_of(name) > 1 && !shared_names.iter().any(|own| own == name) {
            shared_names.push(name.to_owned());
        }
    }
    let mut columns: Vec<ColumnProfile> =
        columns.iter().filter(is_own).map(|column| column_profile(column, export)).collect();
    if counts_from_1904 {
        columns.iter_mut().filter_map(|column| column.times.as_mut()).for_each(TimeProfile::count_from_1904);
    }
    SourceProfile { files, export, n_rows, is_whole, n_broken, columns, totals, shared_names }
}

fn column_profile(column: &SampledColumn, export: Option<ExportFormat>) -> ColumnProfile {
    let stated = &column.stated;
    // Of several columns with one name each has one that is its own, behind the others.
    let mut profile = ColumnProfile::of(own_name(stated), &column.cells);
    profile.title = stated.names.iter().skip(1).max_by_key(|name| name.len()).cloned();
    profile.role = stated.role;
    if export.is_some() {
        if let Some(format) = &stated.time {
            profile.set_stated_times(TimeProfile::stated(format, &column.cells), &column.cells);
        }
        if let Some(times) = &mut profile.times {
            times.stated_zone = stated.zone.clone();
        }
    }
    profile
}

/// `name (2)` where several columns share their most specific name.
fn own_name(stated: &exports::ExportColumn) -> &str {
    let numbered = stated.names.iter().skip(1).find(|name| {
        name.strip_prefix(stated.name()).is_some_and(|rest| {
            rest.strip_prefix(" (").and_then(|rest| rest.strip_suffix(')')).is_some_and(|n| n.parse::<u32>().is_ok())
        })
    });
    numbered.map_or(stated.name(), String::as_str)
}
