//! Tables of a warehouse that are one export together; the rows are the responses.

use super::IntakeError;
use super::account::FileAccount;
use super::exports::{self, ExportError, ExportFormat, FivetranTable, FivetranTables, Pivoted, ValueTable};
use super::files::SourceFile;
use super::hash::HashedFile;
use super::ledger::Ledger;
use super::long_table_files::{self, KnownTable, Meant, TablesOfFile};
use super::opened::{Opening, Reading, Visited, refused};
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
    let tables = gather(found, meant(files), source)?;
    let own = tables.responses().unwrap_or(0);
    for at in (0..found.len()).filter(|&at| at != own) {
        let HashedFile { bytes, sha256 } = tables.hashed(found, at)?;
        reporter.add(source, bytes);
        ledger.account.files.push(FileAccount { path: found[at].name.clone(), bytes, sha256, rows_read: 0 });
    }
    let export = tables.pivot(found, source, contract.survey())?;
    let file = &found[own];
    let known = ledger.corrections.asks_for_hash(file).then(|| tables.hashed(found, own)).transpose()?;
    ledger.corrections.begin(file, known.as_ref().map(|own| own.sha256.as_str()));
    ledger.account.remarks.extend(export.account.remarks());
    let opening = Opening { reading: Reading { file, files }, contract, renames };
    let through = Through { file, reporter: &mut *reporter, ledger: &mut *ledger, draft: None };
    let rows_read = visit_responses(&export, opening, through)?.out.n_rows;
    let HashedFile { bytes, sha256 } = tables.hashed(found, own)?;
    reporter.add(source, bytes);
    ledger.close_file(file, FileAccount { path: file.name.clone(), bytes, sha256, rows_read })
}

/// Lets the responses be visited again, as all tables make them; nothing where a server answers otherwise than it did, by the hash of
/// its answer.
///
/// # Errors
/// Those of [`gather`] and of the tables.
pub(super) fn revisit<V: Visit>(
    found: &[SourceFile],
    opening: Opening<'_>,
    sha256: &str,
    visit: V,
) -> Result<Option<V::Out>, IntakeError> {
    let source = &opening.contract.source;
    let tables = gather(found, meant(opening.reading.files), source)?;
    if tables.answers.iter().flatten().any(|answer| answer.sha256 != sha256) {
        return Ok(None);
    }
    let export = tables.pivot(found, source, opening.contract.survey())?;
    Ok(Some(visit_responses(&export, opening, visit)?.out))
}

fn meant(files: &Files) -> Meant<'_> {
    Meant { table: files.table.as_deref(), base_dir: &files.base_dir }
}

fn visit_responses<V: Visit>(export: &Pivoted, opening: Opening<'_>, visit: V) -> Result<Visited<V::Out>, IntakeError> {
    let names: Arc<[String]> = export.table.names().into();
    let mut chunk = Some(ValueChunk::of(&names, &export.table));
    opening.values(Columns::Export(&export.columns), 1, || Ok(chunk.take()), visit)
}

/// Whether the files of a source are such tables.
pub(super) fn are_of(files: &Files) -> bool {
    files.format == Format::Export(Vendor::FivetranQualtrics)
}

/// The tables that were found, by kind, each with the place of its first file.
pub(super) struct LongTables {
    tables: BTreeMap<FivetranTable, LongTable>,
    /// What each file's server answered, where it is one.
    answers: Vec<Option<HashedFile>>,
}

struct LongTable {
    at: usize,
    table: ValueTable,
}

/// Reads all tables of an export; what is there in several files, as a warehouse writes it, is one table.
///
/// # Errors
/// A file that cannot be read or is none of the tables, and files of one table that have other columns.
pub(super) fn gather(found: &[SourceFile], meant: Meant<'_>, source: &str) -> Result<LongTables, IntakeError> {
    let mut all = LongTables { tables: BTreeMap::new(), answers: Vec::new() };
    for (at, file) in found.iter().enumerate() {
        let TablesOfFile { tables, hashed } = long_table_files::read(file, meant, source)?;
        all.answers.push(hashed);
        for KnownTable { kind, table } in tables {
            let Some(own) = all.tables.get_mut(&kind) else {
                all.tables.insert(kind, LongTable { at, table });
                continue;
            };
            // Contacts come from two tables, the platform's and a directory's.
            if kind != FivetranTable::CoreContact && !has_same_columns(&own.table, &table) {
                let (first, word) = (&found[own.at].name, kind.word());
                let missing =
                    format!("it is `{word}` as `{first}` is, and has other columns; name one of them in `path`");
                let format = ExportFormat::FivetranQualtrics;
                return Err(refused(file, source, ExportError::NotThisFormat { format, missing }));
            }
            own.table.append(table);
        }
    }
    Ok(all)
}

fn has_same_columns(own: &ValueTable, other: &ValueTable) -> bool {
    let names = |table: &ValueTable| table.names().iter().map(|name| name.to_lowercase()).collect::<BTreeSet<_>>();
    names(own) == names(other)
}

impl LongTables {
    /// The place of the file that has a row for each response.
    pub(super) fn responses(&self) -> Option<usize> {
        self.tables.get(&FivetranTable::SurveyResponse).map(|table| table.at)
    }

    /// Bytes and SHA-256 of a file, or of what its server answered.
    fn hashed(&self, found: &[SourceFile], at: usize) -> Result<HashedFile, IntakeError> {
        match &self.answers[at] {
            Some(answer) => Ok(answer.clone()),
            None => found[at].hashed(),
        }
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
        let optional = |kind: FivetranTable| self.tables.get(&kind).map(|table| &table.table);
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
