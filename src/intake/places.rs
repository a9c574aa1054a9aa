//! Where a contract's columns stand in one file, and what its folders and its vendor add to its rows.

use super::IntakeError;
use super::account::{Exclusion, Reason};
use super::cell::Cell;
use super::contract::{Answers, Column, Contract, Kind, Tallied};
use super::error::MissingColumn;
use super::exports::{self, ExportColumns, ExportError, ExportRole, RowJudge, RowRules, UnfinishedRows};
use super::files::{Layout, SNIFFED_BYTES, SourceFile};
use super::header_rows::{self, BelowTitles};
use super::opened::{Reading, refused};
use super::rows::Rows;
use super::{unpacked, workbook};
use crate::study::{Codes, Files, Unfinished, nearest};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The columns of a file, as a header names them.
#[derive(Clone, Copy)]
pub(super) enum Columns<'c> {
    Plain(&'c [String]),
    Export(&'c ExportColumns),
}

impl Columns<'_> {
    /// Names for people.
    fn names(self) -> Vec<String> {
        match self {
            Self::Plain(names) => names.to_vec(),
            Self::Export(columns) => columns.columns().iter().map(|column| column.name().to_owned()).collect(),
        }
    }

    /// Whether a column has a name.
    fn has(self, name: &str) -> bool {
        match self {
            Self::Plain(names) => names.iter().any(|own| own == name),
            Self::Export(columns) => !matches!(columns.find(name), Ok(None)),
        }
    }
}

/// A column of an export that is asked where another holds one of some cells, or none.
struct Instead {
    /// Its place in the file.
    at: usize,
    blanks: &'static [&'static str],
}

/// Where the contract's columns stand in a file.
pub(super) struct Places {
    /// Positions of the columns, in the order of the contract; that of any other column for those that are no cell.
    pub(super) positions: Vec<usize>,
    /// What the file's name or its folders say for a column, for all rows.
    constants: Vec<Option<String>>,
    /// Columns of the contract that a folder's name says and the rows hold as well.
    overruled: Vec<usize>,
    /// For columns of the contract, what says the same in rows of an export in which the column itself says nothing.
    instead: Vec<Option<Instead>>,
    /// What says which rows of an export are answers; it looks at columns by their place in the file.
    judge: Option<RowJudge>,
    /// Columns of the contract; behind them are those of the file.
    n_asked: usize,
    /// Whether some columns are in other files of the source alone, and gaps in this one.
    pub(super) is_partial: bool,
}

impl Places {
    /// Finds the columns; `renames` hears of the columns that are there and get another name.
    pub(super) fn of(
        contract: &Contract,
        reading: Reading<'_>,
        columns: Columns<'_>,
        renames: &mut BTreeSet<String>,
    ) -> Result<Self, IntakeError> {
        let Reading { file, files } = reading;
        renames.extend(files.rename.keys().filter(|from| columns.has(from)).cloned());
        let renamed = |name: &String| files.rename.get(name).unwrap_or(name).clone();
        let names: Vec<String> = columns.names().iter().map(renamed).collect();
        let n_asked = contract.columns.len();
        let mut places = Self {
            positions: Vec::with_capacity(n_asked),
            constants: Vec::new(),
            overruled: Vec::new(),
            instead: Vec::new(),
            judge: None,
            n_asked,
            is_partial: false,
        };
        for column in &contract.columns {
            if let Some(zone) = column.zone_of_file(&file.name) {
                places.positions.push(places.positions.first().copied().unwrap_or(0));
                places.constants.push(Some(zone));
                places.instead.push(None);
                continue;
            }
            let first = match columns {
                Columns::Plain(_) => plain_place(contract, column, file, &names)?,
                Columns::Export(own) => {
                    export_place(column, files, own).map_err(|problem| refused(file, &contract.source, problem))?
                }
            };
            // Another name is that of the column, where there is one beside the folder.
            let called = |key: &String| if columns.has(key) { key.clone() } else { renamed(key) };
            let partition = file.partitions.iter().find(|(key, _)| called(key) == column.input);
            // What a folder's name says holds for all of its rows, whatever stands in them.
            let mut constant = partition.map(|(_, value)| value.clone());
            if first.is_none() && constant.is_none() {
                if !is_beside(column, file, files) {
                    return Err(missing(contract, column, reading, &names));
                }
                constant = Some(String::new());
                places.is_partial = true;
            }
            if first.is_some() && constant.is_some() {
                places.overruled.push(places.positions.len());
            }
            places.positions.push(first.unwrap_or(0));
            places.constants.push(constant);
            places.instead.push(match columns {
                Columns::Export(own) => instead_of(column, files, own),
                Columns::Plain(_) => None,
            });
        }
        places.keep_keys_hidden(contract, file)?;
        Ok(places)
    }

    /// Where keys are hashed, refuses a column that is read as a key under one name and as it is under another.
    fn keep_keys_hidden(&self, contract: &Contract, file: &SourceFile) -> Result<(), IntakeError> {
        if contract.identity.hash.is_none() {
            return Ok(());
        }
        let cells: Vec<usize> = (0..self.n_asked).filter(|&at| self.constants[at].is_none()).collect();
        let (keys, others): (Vec<usize>, Vec<usize>) = cells.into_iter().partition(|&at| contract.is_key(at));
        let is_key = |other: &usize| keys.iter().find(|&&key| self.positions[key] == self.positions[*other]).copied();
        match others.iter().find_map(|other| is_key(other).map(|key| (key, *other))) {
            None => Ok(()),
            Some((key, other)) => Err(IntakeError::ReadableKey {
                file: file.name.clone(),
                source_name: contract.source.clone(),
                key: contract.columns[key].input.clone(),
                column: contract.columns[other].input.clone(),
            }),
        }
    }

    /// The contract for the rows of an export, which says more about its columns than a study must; from here on the judge
    /// of its rows is at work. `None` where the source is none, or holds no answers.
    pub(super) fn of_export(&mut self, contract: &Contract, columns: Columns<'_>) -> Option<Contract> {
        let Columns::Export(columns) = columns else { return None };
        let mut own = contract.clone();
        for ((column, &at), constant) in own.columns.iter_mut().zip(&self.positions).zip(&self.constants) {
            // What is no cell of the file has no column of it.
            let Some(stated) = columns.columns().get(at).filter(|_| constant.is_none()) else { continue };
            if let Kind::Instant(clock) = &column.kind
                && let Some(clock) = clock.completed(stated.zone.as_deref(), stated.time.as_ref())
            {
                column.kind = Kind::Instant(Arc::new(clock));
            }
            column.blank.add(stated.blanks.iter().copied());
        }
        let Some(answers) = &contract.answers else { return Some(own) };
        if let Some(recommend) = answers.recommend
            && let Kind::Score(bounds) = own.columns[recommend].kind
        {
            own.columns[recommend].kind = Kind::Answer(bounds);
            // The class that the vendor gives the answer, unless the study names another.
            let class = columns.all_with(ExportRole::RecommendClass).next().map(|at| self.n_asked + at);
            own.tallied = Some(Tallied { recommend, class: answers.class.or(class) });
        }
        let mut needed = columns_of_answers(contract, answers);
        needed.retain(|&at| self.constants[at].is_none());
        let rules = RowRules {
            unfinished: match answers.unfinished {
                Unfinished::KeepAnswered => UnfinishedRows::KeepAnswered,
                Unfinished::Keep => UnfinishedRows::Keep,
                Unfinished::LeaveOut => UnfinishedRows::LeaveOut,
            },
            answers: needed.iter().map(|&at| self.positions[at]).collect(),
            no_answers: needed.iter().map(|&at| no_answer(&contract.columns[at])).collect(),
            survey: answers.survey.clone(),
            ..RowRules::default()
        };
        self.judge = Some(RowJudge::new(columns, &rules));
        if contract.asks_for_versions {
            own.versions = columns.version_marks().into_iter().map(|at| self.n_asked + at).collect();
        }
        let n_columns = columns.columns().len();
        self.positions.extend(0..n_columns);
        self.constants.extend(std::iter::repeat_n(None, n_columns));
        Some(own)
    }

    /// A column of the contract that stands in the rows of the file, by the name under which the study knows it: its place in
    /// the contract, of which [`Places::positions`] tells that in the file.
    pub(super) fn cell_of(&self, contract: &Contract, column: &str) -> Option<usize> {
        let own = contract.columns.iter().zip(&self.constants).take(self.n_asked);
        own.enumerate().find(|(_, (own, constant))| own.input == column && constant.is_none()).map(|(at, _)| at)
    }

    /// Rows with what the file's folders say, and with the judgement of an export's rows.
    pub(super) fn completing<R: Rows>(&self, rows: R) -> Completed<'_, R> {
        Completed { rows, places: self }
    }
}

/// The columns of which one must be filled for an unfinished response to hold an answer: the recommend answer, else every
/// touchpoint.
fn columns_of_answers(contract: &Contract, answers: &Answers) -> Vec<usize> {
    if let Some(recommend) = answers.recommend {
        return vec![recommend];
    }
    let is_touchpoint = |at: &usize| contract.columns[*at].key == "drivers.touchpoints";
    (0..contract.columns.len()).filter(is_touchpoint).collect()
}

/// What stands in a column of answers where there is none.
fn no_answer(column: &Column) -> Codes {
    let mut codes = column.blank.clone();
    codes.add(column.not_applicable.texts().iter().map(String::as_str));
    codes
}

fn plain_place(
    contract: &Contract,
    column: &Column,
    file: &SourceFile,
    names: &[String],
) -> Result<Option<usize>, IntakeError> {
    let mut found = names.iter().enumerate().filter(|(_, name)| **name == column.input).map(|(at, _)| at);
    let first = found.next();
    match found.next() {
        None => Ok(first),
        Some(_) => Err(IntakeError::RepeatedColumn {
            file: file.name.clone(),
            source_name: contract.source.clone(),
            key: column.key.to_owned(),
            column: column.input.clone(),
        }),
    }
}

/// Whether another JSON file of the source has a column: what a page does not hold is a gap there.
fn is_beside(column: &Column, file: &SourceFile, files: &Files) -> bool {
    // A name that is not clear is refused where it stands.
    let has = |columns: &ExportColumns| !matches!(export_place(column, files, columns), Ok(None));
    file.beside.as_ref().is_some_and(|beside| beside.has(named_from(column, files), has))
}

/// A column of an export by any of its names, by what the study renames it from, or by the part it plays, as in `@recommend`.
fn export_place(column: &Column, files: &Files, columns: &ExportColumns) -> Result<Option<usize>, ExportError> {
    let from = named_from(column, files);
    match from.strip_prefix('@').and_then(ExportRole::of_word) {
        Some(ExportRole::End) => columns.answered_at(),
        Some(role) => columns.with(role),
        None => columns.find(from),
    }
}

/// The name of a column before the study renames it.
fn named_from<'c>(column: &'c Column, files: &'c Files) -> &'c String {
    files.rename.iter().find(|(_, to)| **to == column.input).map_or(&column.input, |(from, _)| from)
}

/// Where the end of a response is asked for and its column may hold a date that stands for none: the column of when it was recorded.
fn instead_of(column: &Column, files: &Files, columns: &ExportColumns) -> Option<Instead> {
    named_from(column, files).strip_prefix('@').and_then(ExportRole::of_word).filter(|own| *own == ExportRole::End)?;
    let end = columns.with(ExportRole::End).ok()??;
    let blanks = columns.columns()[end].blanks;
    let at = columns.with(ExportRole::Recorded).ok()??;
    (!blanks.is_empty()).then_some(Instead { at, blanks })
}

/// What helps where an export does not say which of its questions is the recommend answer.
const UNKNOWN_QUESTION: &str = " (the export does not say which of its columns is the recommend answer, as Qualtrics does by a column \
    called `..._NPS_GROUP`: name it)";

fn missing(contract: &Contract, column: &Column, reading: Reading<'_>, names: &[String]) -> IntakeError {
    let Reading { file, files } = reading;
    IntakeError::MissingColumn(Box::new(MissingColumn {
        file: file.name.clone(),
        source_name: contract.source.clone(),
        key: column.key.to_owned(),
        column: column.input.clone(),
        nearest: nearest(&column.input, names.iter().map(String::as_str)).map(str::to_owned),
        there: names.iter().take(60).map(|name| name.chars().take(40).collect()).collect(),
        hint: if column.input == "@recommend" {
            UNKNOWN_QUESTION.to_owned()
        } else {
            titles_hint(file, files).unwrap_or_else(|| delimiter_hint(file, names))
        },
    }))
}

/// Rows of a file in folders whose names say what is not in it.
pub(super) struct Completed<'p, R> {
    rows: R,
    places: &'p Places,
}

impl<R: Rows> Completed<'_, R> {
    /// The column that is asked for a cell of the row at hand.
    #[inline]
    fn place_of(&self, column: usize) -> usize {
        match self.places.instead.get(column) {
            // The columns of the file are at hand where its rows are judged.
            Some(Some(own)) if self.places.judge.is_some() => match self.rows.cell(column) {
                Cell::Missing | Cell::Text("") => self.places.n_asked + own.at,
                Cell::Text(text) if own.blanks.contains(&text) => self.places.n_asked + own.at,
                _ => column,
            },
            _ => column,
        }
    }
}

impl<R: Rows> Rows for Completed<'_, R> {
    #[inline]
    fn advance(&mut self) -> Option<Result<(), Reason>> {
        self.rows.advance()
    }

    #[inline]
    fn cell(&self, column: usize) -> Cell<'_> {
        match &self.places.constants[column] {
            Some(text) => Cell::Text(text),
            None => self.rows.cell(self.place_of(column)),
        }
    }

    #[inline]
    fn exclusion(&self) -> Option<Exclusion> {
        let judge = self.places.judge.as_ref()?;
        let n_asked = self.places.n_asked;
        let text = |at: usize| {
            let mut scratch = String::new();
            self.rows.cell(n_asked + at).text(&mut scratch).to_owned()
        };
        Some(match judge.verdict(text) {
            exports::Verdict::Answer => return None,
            exports::Verdict::Preview => Exclusion::Preview,
            exports::Verdict::Test => Exclusion::Test,
            exports::Verdict::Synthetic => Exclusion::Synthetic,
            exports::Verdict::Spam => Exclusion::Spam,
            exports::Verdict::Unfinished => Exclusion::Unfinished,
            exports::Verdict::Unanswered => Exclusion::Unanswered,
            exports::Verdict::OtherSurvey => Exclusion::OtherSurvey,
            exports::Verdict::UnknownStatus => Exclusion::UnknownStatus,
        })
    }

    fn n_rows_max(&self) -> usize {
        self.rows.n_rows_max()
    }

    fn line(&mut self) -> u64 {
        self.rows.line()
    }

    #[inline]
    fn place(&self) -> usize {
        self.rows.place()
    }

    fn record(&self) -> String {
        self.rows.record()
    }

    #[inline]
    fn overruled(&self) -> &[usize] {
        &self.places.overruled
    }

    fn own_cell(&self, column: usize) -> Cell<'_> {
        self.rows.cell(column)
    }

    fn beside(&self) -> impl Iterator<Item = &str> {
        self.places.constants.iter().flatten().map(String::as_str)
    }
}

/// Where titles stand above the names, the row that holds these.
fn titles_hint(file: &SourceFile, files: &Files) -> Option<String> {
    let rows_above = match file.layout {
        _ if file.rows_above > 0 => None,
        Layout::Separated(_) => {
            let first = unpacked::first_meant(&file.path, file.encoding, SNIFFED_BYTES).ok()?;
            BelowTitles::of(&first).map(|own| own.n_above)
        }
        Layout::Workbook => {
            let read = workbook::read(file, files.sheet.as_deref()).ok()?;
            header_rows::below_titles(&read.rows, read.first_line)
        }
        _ => None,
    }?;
    Some(format!(" (titles seem to stand above the names of the columns: write header_row = {})", rows_above + 1))
}

/// A header of a single name with another separator in it was probably cut at the wrong sign.
fn delimiter_hint(file: &SourceFile, names: &[String]) -> String {
    match (file.layout, names) {
        (Layout::Separated(used), [name]) => [';', '\t', '|', ',']
            .into_iter()
            .find(|&sign| sign as u8 != used && name.contains(sign))
            .map_or_else(String::new, |sign| {
                format!(" (the cells seem to be separated otherwise: write delimiter = {:?})", sign.to_string())
            }),
        _ => String::new(),
    }
}
