//! From columns of a flat table to checked observations.

use crate::data::{Clusters, DataError, DesignMatrix, Exposure, Gaps, Observations, Outcome, WeightKind, Weights};
use crate::estimators::FitError;
use crate::findings::{Finding, FindingKind, Severity};
use crate::intake::{FlatTable, Wanted, is_code};
use crate::pipeline::PipelineError;
use crate::report::words;
use crate::study::Codes;
use ndarray::{Array1, Array2};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// More categories than this in one column are taken for a slip: a key, a name, a free text.
const CATEGORIES_MAX: usize = 50;

/// Which columns of which file an analysis takes, beside its features.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FlatData {
    /// The file.
    pub file: PathBuf,
    /// The column to be explained.
    pub outcome: String,
    /// Columns that hold categories; they become one 0/1 column for each category but the first in order.
    pub categorical: Vec<String>,
    /// The column of weights and what they mean.
    pub weights: Option<(String, WeightKind)>,
    /// The column of clusters.
    pub cluster: Option<String>,
    /// The column of exposures, for counts.
    pub exposure: Option<String>,
    /// What to do with missing features.
    pub missing: Missing,
    /// Codes that count as missing.
    pub not_applicable: Vec<String>,
}

/// What to do with rows that lack a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Missing {
    /// Leave the row out.
    #[default]
    Listwise,
    /// Fill the gap with the mean and mark it by a column of its own, which moves with the feature.
    Indicator,
    /// Take each covariance from the rows that have both columns; for moments alone.
    Pairwise,
    /// Take the moments that make the rows most likely under a normal model; for moments alone.
    Em,
    /// Fill the gaps several times over with draws and pool the fits.
    Multiple,
}

/// Columns with gaps and what became of their rows.
pub(super) struct LoadedGaps {
    pub gaps: Gaps,
    /// For every feature asked for, its columns.
    pub columns: Vec<Vec<usize>>,
    /// Rows of the file.
    pub n_rows: usize,
    pub findings: Vec<Finding>,
}

/// What both kinds of analysis start from.
struct Kept {
    design: Columns,
    columns: Vec<Vec<usize>>,
    outcome: Outcome,
    weights: Option<Weights>,
    exposure: Option<Exposure>,
    clusters: Option<Clusters>,
    /// Used rows, from 0.
    rows: Vec<usize>,
    findings: Vec<Finding>,
}

/// Features and what became of their rows.
pub(super) struct Loaded {
    pub observations: Observations,
    /// For every feature asked for, its columns in the design matrix.
    pub columns: Vec<Vec<usize>>,
    /// Rows of the file.
    pub n_rows: usize,
    /// For every used row its row in the file, from 1.
    pub rows: Vec<usize>,
    pub findings: Vec<Finding>,
    table: FlatTable,
}

impl Loaded {
    /// An error of a used row, with its place in the file.
    pub fn in_file(&self, error: FitError) -> PipelineError {
        let used = |row: usize| self.rows.get(row - 1).map_or(row, |row| row - 1);
        match &error {
            FitError::NotCount { outcome, row, .. } => {
                PipelineError::Impossible(format!("{}: {}", self.table.cell(used(*row), outcome), what(&error)))
            }
            FitError::LeverageOne { row } => {
                let text = error.to_string();
                let rest = text.strip_prefix(&format!("row {row} ")).unwrap_or(&text);
                PipelineError::Impossible(format!("`{}`, {} {rest}", self.table.file, self.table.place(used(*row))))
            }
            _ => PipelineError::Fit(error),
        }
    }
}

/// What is wrong with a value, without where it stands: the problems of a cell name their place in front of a colon.
pub(super) fn what(problem: &impl std::fmt::Display) -> String {
    let text = problem.to_string();
    text.rsplit_once(": ").map_or(text.clone(), |(_, what)| what.to_owned())
}

/// What an outcome column must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OutcomeKind {
    Number,
    Class,
}

impl FlatData {
    /// Reads the features and the rest and keeps the rows that can be used.
    pub(super) fn load(&self, features: &[String], kind: OutcomeKind) -> Result<Loaded, PipelineError> {
        let read = self.read(features)?;
        let Kept { design, columns, outcome, weights, exposure, clusters, rows, findings } =
            self.keep(features, kind, &read)?;
        let table = read.table;
        let data = |problem| self.at_line(&table, &rows, problem);
        let design = design.matrix(rows.len()).map_err(data)?;
        let mut observations = Observations::new(design, outcome).map_err(data)?;
        if let Some(weights) = weights {
            observations = observations.weighted(weights).map_err(data)?;
        }
        if let Some(exposure) = exposure {
            observations = observations.exposed(exposure).map_err(data)?;
        }
        if let Some(clusters) = clusters {
            observations = observations.clustered(clusters).map_err(data)?;
        }
        let rows = rows.into_iter().map(|row| row + 1).collect();
        Ok(Loaded { observations, columns, n_rows: table.n_rows, rows, findings, table })
    }

    /// Reads the features with their gaps, and the rest without.
    pub(super) fn load_gaps(&self, features: &[String], kind: OutcomeKind) -> Result<LoadedGaps, PipelineError> {
        let table = self.read(features)?;
        let Kept { design, columns, outcome, weights, clusters, rows, findings, .. } =
            self.keep(features, kind, &table)?;
        let Columns { names, values } = design;
        let values = Array2::from_shape_fn((rows.len(), values.len()), |(row, column)| values[column][row]);
        let data = |source| self.at_line(&table.table, &rows, source);
        let mut gaps = Gaps::new(names, values, outcome).map_err(data)?;
        if let Some(weights) = weights {
            gaps = gaps.weighted(weights).map_err(data)?;
        }
        if let Some(clusters) = clusters {
            gaps = gaps.clustered(clusters).map_err(data)?;
        }
        Ok(LoadedGaps { gaps, columns, n_rows: table.table.n_rows, findings })
    }

    fn read(&self, features: &[String]) -> Result<ReadTable, PipelineError> {
        let mut seen = BTreeSet::new();
        for name in features.iter().chain([&self.outcome]) {
            if !seen.insert(name) {
                return Err(PipelineError::Usage(format!(
                    "column `{name}` is named twice among outcome and features; name each column once"
                )));
            }
        }
        if let Some(name) = self.categorical.iter().find(|name| !features.contains(name)) {
            return Err(PipelineError::Usage(format!("--categorical names `{name}`, which is none of the features")));
        }
        let is_text = |name: &&String| self.categorical.contains(name);
        let mut wanted = Wanted {
            numbers: vec![self.outcome.clone()],
            texts: features.iter().filter(is_text).cloned().collect(),
            not_applicable: Codes::new(self.not_applicable.clone()),
            remedy: ", name it with --not-applicable, or name the column with --categorical",
            answers: Vec::new(),
        };
        wanted.numbers.extend(features.iter().filter(|name| !is_text(name)).cloned());
        wanted.numbers.extend(self.weights.iter().map(|(column, _)| column.clone()));
        wanted.numbers.extend(self.exposure.clone());
        wanted.texts.extend(self.cluster.clone());
        let mut table = FlatTable::read(&self.file, &wanted)
            .map_err(|error| PipelineError::Input(super::super::in_full(&error)))?;
        let n_categorical = features.iter().filter(is_text).count();
        for cell in table.texts.iter_mut().take(n_categorical).flatten() {
            if cell.as_ref().is_some_and(|text| is_code(&wanted.not_applicable, text)) {
                *cell = None;
            }
        }
        Ok(ReadTable { table, wanted })
    }

    fn keep(&self, features: &[String], kind: OutcomeKind, read: &ReadTable) -> Result<Kept, PipelineError> {
        let ReadTable { table, wanted } = read;
        let numbers = |name: &str| &table.numbers[place(&wanted.numbers, name)];
        let texts = |name: &str| &table.texts[place(&wanted.texts, name)];
        let outcome = numbers(&self.outcome);
        let weights = self.weights.as_ref().map(|(column, _)| &table.numbers[last_place(&wanted.numbers, column)]);
        let exposure = self.exposure.as_ref().map(|column| &table.numbers[last_place(&wanted.numbers, column)]);
        let clusters = self.cluster.as_ref().map(|column| &table.texts[last_place(&wanted.texts, column)]);
        let lacks_feature = |row: usize| {
            features.iter().any(|name| {
                if self.categorical.contains(name) { texts(name)[row].is_none() } else { numbers(name)[row].is_nan() }
            })
        };
        let keeps_gaps = self.missing != Missing::Listwise;
        let fills = self.missing == Missing::Indicator;
        let (mut rows, mut n_no_outcome, mut n_gaps, mut n_other) = (Vec::new(), 0, 0, 0);
        for row in 0..table.n_rows {
            if outcome[row].is_nan() {
                n_no_outcome += 1;
            } else if !keeps_gaps && lacks_feature(row) {
                n_gaps += 1;
            } else if weights.is_some_and(|weights| weights[row].is_nan())
                || exposure.is_some_and(|exposure| exposure[row].is_nan())
                || clusters.is_some_and(|clusters| clusters[row].is_none())
            {
                n_other += 1;
            } else {
                rows.push(row);
            }
        }
        let findings = dropped(
            table.n_rows,
            [
                (n_no_outcome, "the outcome"),
                (n_gaps, "a feature"),
                (n_other, "the weight, the exposure or the cluster"),
            ],
        );
        if rows.is_empty() {
            return Err(PipelineError::Impossible(format!(
                "{}: none of {} has the outcome and all features; look at the missing cells",
                table.file,
                words::counted(table.n_rows, "row", "rows")
            )));
        }

        let mut design = Columns::default();
        let mut columns = Vec::new();
        for name in features {
            let first = design.names.len();
            if self.categorical.contains(name) {
                let values: Vec<Option<String>> = rows.iter().map(|&row| texts(name)[row].clone()).collect();
                design.add_categories(name, &values, fills)?;
            } else {
                let values: Vec<f64> = rows.iter().map(|&row| numbers(name)[row]).collect();
                if fills { design.add_filled(name, values) } else { design.push(name.clone(), values) }
            }
            columns.push((first..design.names.len()).collect());
        }
        let at_line = |source| self.at_line(table, &rows, source);
        let values: Array1<f64> = rows.iter().map(|&row| outcome[row]).collect();
        let outcome = match kind {
            OutcomeKind::Number => Outcome::numeric(&self.outcome, values),
            OutcomeKind::Class => Outcome::binary(&self.outcome, values),
        }
        .map_err(at_line)?;
        let of_rows = |values: &[f64]| rows.iter().map(|&row| values[row]).collect::<Vec<f64>>();
        let weights = match (&self.weights, weights) {
            (Some((_, kind)), Some(values)) => Some(Weights::new(*kind, of_rows(values)).map_err(at_line)?),
            _ => None,
        };
        let exposure = exposure.map(|values| Exposure::new(of_rows(values)).map_err(at_line)).transpose()?;
        let clusters = clusters.map(|clusters| Clusters::from_labels(rows.iter().map(|&row| clusters[row].as_deref())));
        Ok(Kept { design, columns, outcome, weights, exposure, clusters, rows, findings })
    }

    /// An error of a used row, with its place in the file and the column's own name.
    fn at_line(&self, table: &FlatTable, rows: &[usize], error: DataError) -> PipelineError {
        use DataError::{BadExposure, BadWeight, FractionalFrequency, NoWeight, NotBinary, NotFinite, TooLarge};
        let weights = self.weights.as_ref().map_or("", |(column, _)| column);
        let (column, row) = match &error {
            NotFinite { column, row, .. } | TooLarge { column, row, .. } | NotBinary { column, row, .. } => {
                (column.as_str(), *row)
            }
            BadWeight { row, .. } | FractionalFrequency { row, .. } => (weights, *row),
            BadExposure { row, .. } => (self.exposure.as_deref().unwrap_or_default(), *row),
            NoWeight => return PipelineError::Input(format!("`{}`, column `{weights}`: {error}", table.file)),
            _ => return PipelineError::Data { file: table.file.clone(), problem: error },
        };
        let place = table.cell(rows.get(row - 1).copied().unwrap_or(row - 1), column);
        PipelineError::Input(format!("{place}: {}", what(&error)))
    }
}

fn place(names: &[String], name: &str) -> usize {
    names.iter().position(|own| own == name).unwrap_or_default()
}

/// Weights and clusters come behind the features and may name one of them again.
fn last_place(names: &[String], name: &str) -> usize {
    names.iter().rposition(|own| own == name).unwrap_or_default()
}

fn dropped(n_rows: usize, counts: [(usize, &str); 3]) -> Vec<Finding> {
    counts
        .into_iter()
        .filter(|&(n, _)| n > 0)
        .map(|(n, what)| {
            let share = n as f64 / n_rows as f64;
            let severity = if share > 0.3 { Severity::Warning } else { Severity::Note };
            let sentence = format!(
                "{} left out because {what} is missing ({})",
                words::part(n, n_rows, words::ROWS, words::ARE),
                words::percent(share)
            );
            Finding::new(FindingKind::RowsDropped, severity, what, sentence)
                .number("n", n as f64)
                .number("share", share)
        })
        .collect()
}

/// A table and the columns that were asked of it.
struct ReadTable {
    table: FlatTable,
    wanted: Wanted,
}

/// Columns of a design matrix in the making.
#[derive(Default)]
struct Columns {
    names: Vec<String>,
    values: Vec<Vec<f64>>,
}

impl Columns {
    /// A column of numbers; gaps, if there are any, are filled with the mean and marked.
    fn add_filled(&mut self, name: &str, values: Vec<f64>) {
        let gaps: Vec<f64> = values.iter().map(|value| f64::from(u8::from(value.is_nan()))).collect();
        let n_gaps: f64 = gaps.iter().sum();
        if n_gaps <= 0.0 {
            self.push(name.to_owned(), values);
            return;
        }
        let n_known = values.len() as f64 - n_gaps;
        let mean = values.iter().filter(|value| !value.is_nan()).sum::<f64>() / n_known.max(1.0);
        let filled = values.into_iter().map(|value| if value.is_nan() { mean } else { value });
        self.push(name.to_owned(), filled.collect());
        self.push(format!("{name} (missing)"), gaps);
    }

    /// One column for each category but the first in order; a gap is a category of its own, or stays a gap in all of them.
    fn add_categories(
        &mut self,
        name: &str,
        values: &[Option<String>],
        gap_is_category: bool,
    ) -> Result<(), PipelineError> {
        let categories: BTreeSet<&Option<String>> =
            values.iter().filter(|value| gap_is_category || value.is_some()).collect();
        if categories.len() > CATEGORIES_MAX {
            return Err(PipelineError::Impossible(format!(
                "column `{name}` has {} categories, more than {CATEGORIES_MAX}; group them first",
                categories.len()
            )));
        }
        for category in categories.into_iter().skip(1) {
            let label = category.as_deref().unwrap_or("missing");
            let flags = values.iter().map(|value| match value {
                None if !gap_is_category => f64::NAN,
                value => f64::from(u8::from(value == category)),
            });
            self.push(format!("{name}={label}"), flags.collect());
        }
        Ok(())
    }

    fn push(&mut self, name: String, values: Vec<f64>) {
        self.names.push(name);
        self.values.push(values);
    }

    fn matrix(self, n_rows: usize) -> Result<DesignMatrix, DataError> {
        let values = Array2::from_shape_fn((n_rows, self.values.len()), |(row, column)| self.values[column][row]);
        DesignMatrix::new(self.names, values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_of_a_cell_is_said_without_its_place() {
        let column = || "a: b".to_owned();
        let (row, value) = (3, 1e300);
        for (problem, want) in [
            (DataError::NotFinite { column: column(), row, value }, "1e300 is not a finite number"),
            (DataError::TooLarge { column: column(), row, value }, "1e300 is too large"),
            (DataError::NotBinary { column: column(), row, value: 2.0 }, "2 is neither 0 nor 1"),
            (DataError::BadWeight { row, value: -2.0 }, "-2 is not a weight"),
            (DataError::FractionalFrequency { row, value: 0.5 }, "0.5 is not a whole number"),
            (DataError::BadExposure { row, value: 0.0 }, "0 is not an exposure"),
        ] {
            let (text, want) = (what(&problem), want.trim_start_matches("1e300 "));
            assert!(text.contains(want) && !text.contains("row 3"), "{text}");
        }
        let count = FitError::NotCount { outcome: column(), row, value: 2.5 };
        assert!(what(&count).starts_with("2.5 is not a count"), "{}", what(&count));
    }
}
