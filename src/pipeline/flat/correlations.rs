//! `advocate drivers --correlation`: ranked drivers from a published table of correlations.

use super::DriversAnswer;
use super::columns::each_once;
use super::drivers::with_customary_methods;
use crate::drivers::{CorrelationMatrix, Driver, DriverAnalysis, MatrixKind};
use crate::findings::{Finding, FindingKind, Severity};
use crate::intake::SquareTable;
use crate::pipeline::{PipelineError, in_full};
use std::path::PathBuf;

/// What is asked of a table of correlations or covariances.
#[derive(Debug, Clone, PartialEq)]
pub struct CorrelationsQuestion {
    /// The table, as CSV: a header of names, a row a column, with or without the names in front. One triangle is enough.
    pub file: PathBuf,
    /// Rows behind the table.
    pub n_rows: usize,
    /// The column to be explained.
    pub outcome: String,
    /// Columns to rank.
    pub drivers: Vec<String>,
    /// Columns that are in every model and partialled out first.
    pub always: Vec<String>,
    /// Methods and limits; there is nothing to resample.
    pub analysis: DriverAnalysis,
}

/// Ranks the drivers.
///
/// # Errors
/// A table that is refused, and whatever makes the analysis impossible.
pub fn correlations(question: &CorrelationsQuestion) -> Result<DriversAnswer, PipelineError> {
    each_once(question.drivers.iter().chain(&question.always).chain([&question.outcome]))?;
    let file = question.file.display().to_string();
    let refused = |problem: String| PipelineError::Input(format!("{file}: {problem}"));
    let SquareTable { names, values } = SquareTable::read(&question.file).map_err(|error| refused(in_full(&error)))?;
    let place = |name: &String| {
        names
            .iter()
            .position(|own| own == name)
            .ok_or_else(|| refused(format!("there is no column `{name}`; there are: {}", names.join(", "))))
    };
    let drivers: Result<Vec<Driver>, PipelineError> =
        question.drivers.iter().map(|name| Ok(Driver::column(name, place(name)?))).collect();
    let always: Result<Vec<usize>, PipelineError> = question.always.iter().map(place).collect();
    let (drivers, always) = (drivers?, always?);
    place(&question.outcome)?;
    let matrix = CorrelationMatrix::of_table(names.clone(), values).map_err(|error| refused(error.to_string()))?;
    let analysis = with_customary_methods(&question.analysis, true);
    let mut ranking = analysis.rank_correlations(&matrix, question.n_rows, &question.outcome, &drivers, &always)?;
    ranking.findings.insert(0, taken_as(&file, &matrix));
    Ok(DriversAnswer { ranking, references: Vec::new(), table: Some(matrix.kind()) })
}

/// What the figures of a table were taken for, of which only its diagonal speaks.
fn taken_as(file: &str, matrix: &CorrelationMatrix) -> Finding {
    let why = match matrix.kind() {
        MatrixKind::Correlations => "no figure of a column with itself is above 1",
        MatrixKind::Covariances => "figures of columns with themselves are above 1",
    };
    let sentence = format!("`{file}` was taken as a table of {}: {why}.", matrix.kind().word());
    Finding::new(FindingKind::SourceRemark, Severity::Note, file, sentence)
}
