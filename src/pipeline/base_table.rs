//! The base table of a study as files of its own: the rows that every model starts from, with the typed tables and the statement
//! that made them.

use super::PipelineError;
use super::run::{Joined, Progress, ReadSoFar, RunSettings, join};
use crate::intake::Folders;
use crate::link::{Anchors, BaseTable, Column, LinkPlan, TableLines};
use crate::store::{Earlier, Staging, StoreError, Table, TableWriter, WorkFolder};
use crate::study::Study;
use std::path::{Path, PathBuf};

/// The statement in the folder, by which an earlier base table is known.
const STATEMENT: &str = "statement.sql";
/// The typed tables in the folder.
const TYPED: &str = "typed";
/// Whatever this command has ever written into its folder.
const OWN: &[&str] =
    &[STATEMENT, TYPED, "quarantine", "answers.csv", "answers.parquet", "customers.csv", "customers.parquet"];

/// A base table that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenBaseTable {
    /// Where it lies.
    pub folder: PathBuf,
    /// Its name: `answers` or `customers`.
    pub name: &'static str,
    /// Its rows.
    pub n_rows: u64,
    /// Its columns.
    pub n_columns: usize,
    /// Files of others that an earlier folder held, and this one now holds.
    pub kept: Vec<String>,
}

/// Joins the sources of a study and writes into `settings.out` the base table as Parquet and CSV, the typed tables that it was made
/// of, the statement that makes it of them, and the rows that were put aside. The folder appears whole or not at all.
///
/// # Errors
/// As for [`super::run`]; a folder that holds something else.
pub fn write_base_table(
    study: &Study,
    settings: &RunSettings,
    anchors: Anchors,
    lines: TableLines,
    progress: &dyn Fn(Progress),
) -> Result<WrittenBaseTable, PipelineError> {
    let target = std::path::absolute(&settings.out).map_err(StoreError::file(&settings.out, "written"))?;
    let earlier = Earlier::base_table(&target, STATEMENT, OWN)?;
    let staging = Staging::beside(&target)?;
    let work = WorkFolder::within(target.parent().unwrap_or(&target))?;
    let folders = Folders { work: staging.folder(TYPED)?, quarantine: staging.folder("quarantine")? };
    let joined = join(study, settings, progress, &folders, &work.path().join("spill"), &mut ReadSoFar::default())?;
    progress(Progress::Step("writing the base table"));
    let name = match anchors {
        Anchors::Answers => "answers",
        Anchors::Customers => "customers",
    };
    let (n_rows, n_columns) = write_rows(&joined, anchors, name, staging.path())?;
    let plan = joined.engine.plan();
    let typed = target.join(TYPED);
    let plan = LinkPlan { tables: plan.tables.within(&typed), ..plan.clone() };
    let statement = staging.path().join(STATEMENT);
    std::fs::write(&statement, plan.statement_text(anchors, lines)).map_err(StoreError::file(&statement, "written"))?;
    let kept = earlier.map_or_else(|| Ok(Vec::new()), |earlier| earlier.keep_in(staging.path()))?;
    Ok(WrittenBaseTable { folder: staging.publish()?, name, n_rows, n_columns, kept })
}

fn write_rows(joined: &Joined, anchors: Anchors, name: &str, folder: &Path) -> Result<(u64, usize), PipelineError> {
    if anchors == Anchors::Answers {
        let table = stored(name, &joined.base);
        table.write(folder)?;
        return Ok((table.n_rows() as u64, table.header().len()));
    }
    let (mut writer, mut n_rows, mut n_columns) = (None, 0, 0);
    joined.engine.customers::<PipelineError>(|batch| {
        let table = stored(name, &batch);
        n_rows += table.n_rows() as u64;
        n_columns = table.header().len();
        let own = match &mut writer {
            Some(own) => own,
            None => writer.insert(TableWriter::create(folder, &table)?),
        };
        Ok(own.append(&table)?)
    })?;
    match writer {
        Some(writer) => writer.finish()?,
        None => return Err(PipelineError::Impossible("no customer is known before the study's date".to_owned())),
    }
    Ok((n_rows, n_columns))
}

/// Rows of the join as a table of the store; numbers of rows and instants are whole.
fn stored(name: &str, rows: &BaseTable) -> Table {
    rows.columns().iter().fold(Table::new(name), |table, (column, values)| match values {
        Column::Numbers(values) if matches!(column.as_str(), "row" | "t") => {
            table.integers(column, values.iter().map(|&value| (!value.is_nan()).then_some(value as i64)))
        }
        Column::Numbers(values) => table.numbers(column, values.iter().copied()),
        Column::Texts(values) => table.texts(column, values.iter().cloned()),
    })
}
