//! Tables of a warehouse that are one export together; the rows are the responses.

use super::IntakeError;
use super::account::FileAccount;
use super::columnar;
use super::exports::{self, ExportError, ExportFormat, FivetranTable, FivetranTables, ValueTable};
use super::files::{Layout, SourceFile};
use super::ledger::Ledger;
use super::opened::{Opening, Reading, refused, whole};
use super::places::Columns;
use super::progress::Reporter;
use super::through::Through;
use super::value::ValueChunk;
use crate::study::Files;
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
    let mut tables: BTreeMap<FivetranTable, ValueTable> = BTreeMap::new();
    let mut responses = None;
    for file in found {
        let table = match file.layout {
            Layout::ExportTable(delimiter) => ValueTable::of_separated(&whole(file)?, delimiter),
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
        if kind == FivetranTable::SurveyResponse {
            responses = Some(file);
        } else {
            let (bytes, sha256) = columnar::hash_of(file)?;
            reporter.add(source, bytes);
            ledger.account.files.push(FileAccount { path: file.name.clone(), bytes, sha256, rows_read: 0 });
        }
        tables.insert(kind, table);
    }
    let lacking = |table: FivetranTable| {
        let file = &found[0];
        let missing = format!("the table `{}` is not among the files", table.word());
        refused(file, source, ExportError::NotThisFormat { format: ExportFormat::FivetranQualtrics, missing })
    };
    let needed = |table: FivetranTable| tables.get(&table).ok_or_else(|| lacking(table));
    let export = exports::pivot(&FivetranTables {
        survey_response: needed(FivetranTable::SurveyResponse)?,
        question_response: needed(FivetranTable::QuestionResponse)?,
        survey_embedded_data: tables.get(&FivetranTable::SurveyEmbeddedData),
        distribution_contact: tables.get(&FivetranTable::DistributionContact),
        core_contact: tables.get(&FivetranTable::CoreContact),
    });
    let Some(file) = responses else { return Err(lacking(FivetranTable::SurveyResponse)) };
    let export = export.map_err(|problem| refused(file, source, problem))?;
    ledger.account.remarks.extend(export.account.remarks());
    let names: Arc<[String]> = export.table.names().into();
    let mut chunk = Some(ValueChunk::of(&names, &export.table));
    let columns = Columns::Export(&export.columns);
    let opening = Opening { reading: Reading { file, files }, contract, renames };
    let through = Through { file, reporter: &mut *reporter, ledger: &mut *ledger, draft: None };
    let visited = opening.values(columns, || Ok(chunk.take()), through)?;
    let rows_read = visited.out.n_rows;
    let (bytes, sha256) = visited.fingerprint(file)?;
    reporter.add(source, bytes);
    ledger.close_file(file, FileAccount { path: file.name.clone(), bytes, sha256, rows_read })
}
