//! Tables of a warehouse that are one export together; the rows are the responses.

use super::IntakeError;
use super::account::FileAccount;
use super::exports::{self, ExportError, ExportFormat, FivetranTable, FivetranTables, Pivoted, ValueTable};
use super::files::{Layout, SourceFile};
use super::hash::HashedFile;
use super::ledger::Ledger;
use super::opened::{Opening, Reading, Visited, refused, whole};
use super::pieces::Visit;
use super::places::Columns;
use super::progress::Reporter;
use super::through::Through;
use super::value::ValueChunk;
use crate::study::{Files, Format, Vendor};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Reads all tables and takes their responses.
pub(super) fn read(
    found: &[SourceFile],
    files: &Files,
    renames: &mut BTreeSet<String>,
    reporter: &mut Reporter<'_>,
    ledger: &mut Ledger<'_, '_>,
) -> Result<(), IntakeError> {
    let contract = ledger.contract;
    let source = &contract.source;
    let tables = gather(found, source)?;
    for (_, file) in found.iter().enumerate().filter(|(at, _)| Some(*at) != tables.responses()) {
        let HashedFile { bytes, sha256 } = file.hashed()?;
        reporter.add(source, bytes);
        ledger.account.files.push(FileAccount { path: file.name.clone(), bytes, sha256, rows_read: 0 });
    }
    let export = tables.pivot(found, source, contract.survey())?;
    let file = &found[tables.responses().unwrap_or(0)];
    let known = ledger.corrections.asks_for_hash(file).then(|| file.hashed()).transpose()?;
    ledger.corrections.begin(file, known.as_ref().map(|own| own.sha256.as_str()));
    ledger.account.remarks.extend(export.account.remarks());
    let opening = Opening { reading: Reading { file, files }, contract, renames };
    let through = Through { file, reporter: &mut *reporter, ledger: &mut *ledger, draft: None };
    let visited = visit_responses(&export, opening, through)?;
    let rows_read = visited.out.n_rows;
    let HashedFile { bytes, sha256 } = visited.fingerprint(file)?;
    reporter.add(source, bytes);
    ledger.close_file(file, FileAccount { path: file.name.clone(), bytes, sha256, rows_read })
}

/// Lets the responses be visited again, as all tables make them.
///
/// # Errors
/// Those of [`gather`] and of the tables.
pub(super) fn revisit<V: Visit>(found: &[SourceFile], opening: Opening<'_>, visit: V) -> Result<V::Out, IntakeError> {
    let source = &opening.contract.source;
    let export = gather(found, source)?.pivot(found, source, opening.contract.survey())?;
    Ok(visit_responses(&export, opening, visit)?.out)
}

fn visit_responses<V: Visit>(export: &Pivoted, opening: Opening<'_>, visit: V) -> Result<Visited<V::Out>, IntakeError> {
    let names: Arc<[String]> = export.table.names().into();
    let mut chunk = Some(ValueChunk::of(&names, &export.table));
    opening.values(Columns::Export(&export.columns), || Ok(chunk.take()), visit)
}

/// Whether the files of a source are such tables.
pub(super) fn are_of(files: &Files) -> bool {
    files.format == Format::Export(Vendor::FivetranQualtrics)
}

/// The tables that were found, by kind, each with the place of its file.
pub(super) struct LongTables(BTreeMap<FivetranTable, LongTable>);

struct LongTable {
    at: usize,
    table: ValueTable,
}

/// Reads all tables of an export.
///
/// # Errors
/// A file that is no text or none of the tables, and a table that is there twice.
pub(super) fn gather(found: &[SourceFile], source: &str) -> Result<LongTables, IntakeError> {
    let mut tables: BTreeMap<FivetranTable, LongTable> = BTreeMap::new();
    for (at, file) in found.iter().enumerate() {
        let table = match file.layout {
            Layout::ExportTable(delimiter) | Layout::Separated(delimiter) => {
                ValueTable::of_separated(&whole(file)?, delimiter)
            }
            _ => return Err(refused(file, source, ExportError::NotJson { format: ExportFormat::FivetranQualtrics })),
        };
        let table = table.map_err(|problem| refused(file, source, problem))?;
        let kind = FivetranTable::of(table.names());
        let Some(kind) = kind.filter(|kind| !tables.contains_key(kind)) else {
            let problem = ExportError::NotThisFormat {
                format: ExportFormat::FivetranQualtrics,
                missing: "its columns are those of no table that is still needed".to_owned(),
            };
            return Err(refused(file, source, problem));
        };
        tables.insert(kind, LongTable { at, table });
    }
    Ok(LongTables(tables))
}

impl LongTables {
    /// The place of the file that has a row for each response.
    pub(super) fn responses(&self) -> Option<usize> {
        self.0.get(&FivetranTable::SurveyResponse).map(|table| table.at)
    }

    /// One row a response, with the questions of one survey where it is named.
    ///
    /// # Errors
    /// A table that is needed and not there, or that lacks a column; no response of the survey.
    pub(super) fn pivot(
        &self,
        found: &[SourceFile],
        source: &str,
        survey: Option<&str>,
    ) -> Result<Pivoted, IntakeError> {
        let optional = |kind: FivetranTable| self.0.get(&kind).map(|table| &table.table);
        let needed = |kind: FivetranTable| {
            optional(kind).ok_or_else(|| {
                let missing = format!("the table `{}` is not among the files", kind.word());
                let format = ExportFormat::FivetranQualtrics;
                refused(&found[0], source, ExportError::NotThisFormat { format, missing })
            })
        };
        let tables = FivetranTables {
            survey_response: needed(FivetranTable::SurveyResponse)?,
            question_response: needed(FivetranTable::QuestionResponse)?,
            survey_embedded_data: optional(FivetranTable::SurveyEmbeddedData),
            distribution_contact: optional(FivetranTable::DistributionContact),
            core_contact: optional(FivetranTable::CoreContact),
        };
        let export = exports::pivot(&tables, survey);
        let file = &found[self.responses().unwrap_or(0)];
        export.map_err(|problem| refused(file, source, problem))
    }
}
