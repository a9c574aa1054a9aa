//! From columns of a flat table to checked observations.

use super::codes::MissingCodes;
use crate::data::{Clusters, DataError, DesignMatrix, Exposure, Gaps, Observations, Outcome, WeightKind, Weights};
use crate::estimators::FitError;
use crate::findings::{Finding, FindingKind, Severity};
use crate::intake::{FlatTable, FlatTableError, Wanted};
use crate::measures::weighting::WeightEfficiency;
use crate::pipeline::PipelineError;
use crate::report::words;
use ndarray::{Array1, Array2};
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// More categories than this in one column are taken for a slip: a key, a name, a free text.
const CATEGORIES_MAX: usize = 50;
/// A reference category of fewer rows than this, and of fewer than one in so many, is too rare to hold others against.
const RARE: usize = 5;
const RARE_OF: usize = 20;

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
    pub not_applicable: MissingCodes,
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

/// What the categories of a feature are held against: the one without a column of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reference {
    /// The feature.
    pub feature: String,
    /// Its first category in order; a gap is never it.
    pub category: String,
    /// Rows used that have it.
    pub n: usize,
}

impl Reference {
    /// `k is held against a, region against north`; nothing without categories.
    pub fn in_words(all: &[Self]) -> String {
        let of = |own: &Self| format!("{} against {}", own.feature, own.category);
        let named: Vec<String> = all.iter().map(of).collect();
        if named.is_empty() {
            String::new()
        } else {
            format!("categories are held against the first: {}; ", named.join(", "))
        }
    }
}

/// Columns with gaps and what became of their rows.
pub(super) struct LoadedGaps {
    pub gaps: Gaps,
    /// For every feature asked for, its columns.
    pub columns: Vec<Vec<usize>>,
    pub references: Vec<Reference>,
    /// Rows of the file.
    pub n_rows: usize,
    pub findings: Vec<Finding>,
}

/// What both kinds of analysis start from.
struct Kept {
    design: Columns,
    columns: Vec<Vec<usize>>,
    references: Vec<Reference>,
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
    pub references: Vec<Reference>,
    /// Rows of the file.
    pub n_rows: usize,
    /// For every used row its row in the file, from 1.
    pub rows: Vec<usize>,
    pub findings: Vec<Finding>,
    table: FlatTable,
}

impl Loaded {
    /// The columns of a feature: those of its categories, or it and the mark of its gaps. What is no feature is taken for the name
    /// of a column.
    pub fn columns_called(&self, features: &[String], name: &str) -> Vec<String> {
        match features.iter().position(|feature| feature == name) {
            Some(feature) => {
                let names = self.observations.design().names();
                self.columns[feature].iter().map(|&column| names[column].clone()).collect()
            }
            None => vec![name.to_owned()],
        }
    }

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

/// What an outcome in words gets told.
const OF_WORDS: &str =
    "; an outcome in words is explained as a column of 1 (it came true) and 0, which is to be added to the file";

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
        let Kept { design, columns, references, outcome, weights, exposure, clusters, rows, findings } =
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
        Ok(Loaded { observations, columns, references, n_rows: table.n_rows, rows, findings, table })
    }

    /// Reads the features with their gaps, and the rest without.
    pub(super) fn load_gaps(&self, features: &[String], kind: OutcomeKind) -> Result<LoadedGaps, PipelineError> {
        let table = self.read(features)?;
        let Kept { design, columns, references, outcome, weights, clusters, rows, findings, .. } =
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
        Ok(LoadedGaps { gaps, columns, references, n_rows: table.table.n_rows, findings })
    }

    fn read(&self, features: &[String]) -> Result<ReadTable, PipelineError> {
        each_once(features.iter().chain([&self.outcome]))?;
        if self.categorical.contains(&self.outcome) {
            return Err(PipelineError::Usage(format!(
                "--categorical names `{}`, which is the outcome{OF_WORDS}",
                self.outcome
            )));
        }
        if let Some(name) = self.categorical.iter().find(|name| !features.contains(name)) {
            return Err(PipelineError::Usage(format!("--categorical names `{name}`, which is none of the features")));
        }
        let is_text = |name: &&String| self.categorical.contains(name);
        let mut wanted = Wanted {
            numbers: vec![self.outcome.clone()],
            texts: features.iter().filter(is_text).cloned().collect(),
            ..self.not_applicable.wanted(", name it with --not-applicable, or name the column with --categorical")
        };
        wanted.numbers.extend(features.iter().filter(|name| !is_text(name)).cloned());
        wanted.numbers.extend(self.weights.iter().map(|(column, _)| column.clone()));
        wanted.numbers.extend(self.exposure.clone());
        wanted.texts.extend(self.cluster.clone());
        MissingCodes::check(&wanted)?;
        let told = |error: FlatTableError| match error {
            FlatTableError::NotANumber { file, place, column, text, .. } if column == self.outcome => {
                FlatTableError::NotANumber { file, place, column, text, remedy: OF_WORDS }
            }
            other => other,
        };
        let mut table = FlatTable::read(&self.file, &wanted)
            .map_err(|error| PipelineError::Input(super::super::in_full(&told(error))))?;
        let n_categorical = features.iter().filter(is_text).count();
        for (name, cells) in wanted.texts.iter().zip(&mut table.texts).take(n_categorical) {
            let is_missing =
                |cell: &&mut Option<String>| cell.as_ref().is_some_and(|text| wanted.is_missing(name, text));
            cells.iter_mut().filter(is_missing).for_each(|cell| *cell = None);
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
        let mut findings = dropped(
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

        let known = weights.map(|weights| rows.iter().map(|&row| weights[row]).collect::<Vec<f64>>());
        let mut design = Columns::default();
        let mut columns = Vec::new();
        let mut references = Vec::new();
        for name in features {
            let first = design.names.len();
            if self.categorical.contains(name) {
                let values: Vec<Option<String>> = rows.iter().map(|&row| texts(name)[row].clone()).collect();
                let reference = design.add_categories(name, &values, fills)?;
                findings.extend(reference.as_ref().and_then(|own| rare_reference(own, rows.len())));
                references.extend(reference);
            } else {
                let values: Vec<f64> = rows.iter().map(|&row| numbers(name)[row]).collect();
                if fills {
                    design.add_filled(name, values, known.as_deref());
                } else {
                    design.push(name.clone(), values);
                }
            }
            columns.push((first..design.names.len()).collect());
        }
        let is_blank = |name: &&String| match self.categorical.contains(name) {
            true => rows.iter().all(|&row| texts(name)[row].is_none()),
            false => rows.iter().all(|&row| numbers(name)[row].is_nan()),
        };
        findings.extend(features.iter().filter(is_blank).map(|name| {
            let sentence = format!("`{name}` is blank in every row that counts and is left out.");
            Finding::new(FindingKind::Constant, Severity::Warning, name, sentence)
        }));
        design.check_made_names(features, &columns, &table.file)?;
        let at_line = |source| self.at_line(table, &rows, source);
        let values: Array1<f64> = rows.iter().map(|&row| outcome[row]).collect();
        let outcome = match kind {
            OutcomeKind::Number => Outcome::numeric(&self.outcome, values),
            OutcomeKind::Class => Outcome::binary(&self.outcome, values),
        }
        .map_err(at_line)?;
        if kind == OutcomeKind::Class {
            self.refuse_one_class(&outcome)?;
        }
        let of_rows = |values: &[f64]| rows.iter().map(|&row| values[row]).collect::<Vec<f64>>();
        let weights = match (&self.weights, weights) {
            (Some((_, kind)), Some(values)) => Some(Weights::new(*kind, of_rows(values)).map_err(at_line)?),
            _ => None,
        };
        findings.extend(weights.as_ref().and_then(|own| self.unequal(own)));
        let exposure = exposure.map(|values| Exposure::new(of_rows(values)).map_err(at_line)).transpose()?;
        let clusters = clusters.map(|clusters| Clusters::from_labels(rows.iter().map(|&row| clusters[row].as_deref())));
        Ok(Kept { design, columns, references, outcome, weights, exposure, clusters, rows, findings })
    }

    /// Sampling weights that leave little of the rows' worth.
    fn unequal(&self, weights: &Weights) -> Option<Finding> {
        let (column, _) = self.weights.as_ref()?;
        let values = weights.values().filter(|_| weights.kind() == Some(WeightKind::Sampling))?;
        WeightEfficiency::finding_of_given(column, values).ok()?
    }

    /// Refuses a class that codes of all columns left one value, which the model could only call constant.
    fn refuse_one_class(&self, outcome: &Outcome) -> Result<(), PipelineError> {
        let values = outcome.values();
        let first = values.first().copied().unwrap_or_default();
        let hint = self.not_applicable.hint(&self.outcome, first);
        if hint.is_empty() || values.iter().any(|value| (value - first).abs() > 0.5) {
            return Ok(());
        }
        let rows = words::counted(values.len(), "row", "rows");
        Err(PipelineError::Impossible(format!("outcome `{}` is {first} in all {rows} that count{hint}", self.outcome)))
    }

    /// An error of a used row, with its place in the file and the column's own name.
    fn at_line(&self, table: &FlatTable, rows: &[usize], error: DataError) -> PipelineError {
        use DataError::{BadExposure, BadWeight, FractionalFrequency, NoWeight, NotBinary, NotFinite, TooLarge};
        let weights = self.weights.as_ref().map_or("", |(column, _)| column);
        let (column, row) = match &error {
            // The data calls what is too large by what it is: these columns have names of their own in the file.
            TooLarge { column, row, .. } if column == "weights" && self.weights.is_some() => (weights, *row),
            TooLarge { column, row, .. } if column == "exposure" && self.exposure.is_some() => {
                (self.exposure.as_deref().unwrap_or_default(), *row)
            }
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

/// That nearly nobody has the category that all others are held against, so that none of them is known well.
fn rare_reference(own: &Reference, n_rows: usize) -> Option<Finding> {
    let Reference { feature, category, n } = own;
    (*n < RARE && *n * RARE_OF < n_rows).then(|| {
        let sentence = format!(
            "The categories of `{feature}` are held against `{category}`, the first in order, which {} of {} {}: all their errors are as \
             wide as its own; name it otherwise, or group it with another, to hold them against a larger one",
            words::count(*n as u64),
            words::counted(n_rows, "row", "rows"),
            words::either(*n, "has", "have")
        );
        Finding::new(FindingKind::SmallBase, Severity::Warning, feature, sentence).number("n", *n as f64)
    })
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
    /// A column of numbers; gaps, if there are any, are filled with the (weighted) mean and marked.
    ///
    /// A gap's mark has a coefficient of its own, so that no other figure depends on what fills it.
    fn add_filled(&mut self, name: &str, values: Vec<f64>, weights: Option<&[f64]>) {
        let gaps: Vec<f64> = values.iter().map(|value| f64::from(u8::from(value.is_nan()))).collect();
        let n_gaps: f64 = gaps.iter().sum();
        if n_gaps <= 0.0 {
            self.push(name.to_owned(), values);
            return;
        }
        let weight = |row: usize| weights.map_or(1.0, |weights| weights[row]);
        let known = || values.iter().enumerate().filter(|(_, value)| !value.is_nan());
        let weight_known: f64 = known().map(|(row, _)| weight(row)).sum();
        let sum: f64 = known().map(|(row, value)| weight(row) * value).sum();
        let mean = if weight_known > 0.0 { sum / weight_known } else { 0.0 };
        let filled = values.into_iter().map(|value| if value.is_nan() { mean } else { value });
        self.push(name.to_owned(), filled.collect());
        self.push(format!("{name} (missing)"), gaps);
    }

    /// One column for each category but the first in order, which the others are held against and which is handed back; a gap is
    /// a category of its own, the last, or stays a gap in all of them.
    fn add_categories(
        &mut self,
        name: &str,
        values: &[Option<String>],
        gap_is_category: bool,
    ) -> Result<Option<Reference>, PipelineError> {
        let known: BTreeSet<&Option<String>> = values.iter().filter(|value| value.is_some()).collect();
        let has_gap = gap_is_category && values.iter().any(Option::is_none);
        let categories: Vec<&Option<String>> = known.into_iter().chain(has_gap.then_some(&None)).collect();
        if categories.len() > CATEGORIES_MAX {
            return Err(PipelineError::Impossible(format!(
                "column `{name}` has {} categories, more than {CATEGORIES_MAX}; group them first",
                categories.len()
            )));
        }
        for &category in categories.iter().skip(1) {
            let label = category.as_deref().unwrap_or("missing");
            let flags = values.iter().map(|value| match value {
                None if !gap_is_category => f64::NAN,
                value => f64::from(u8::from(value == category)),
            });
            self.push(format!("{name}={label}"), flags.collect());
        }
        let of = |category: &String| Reference {
            feature: name.to_owned(),
            category: category.clone(),
            n: values.iter().filter(|value| value.as_ref() == Some(category)).count(),
        };
        Ok(categories.first().and_then(|first| first.as_ref()).filter(|_| categories.len() > 1).map(of))
    }

    /// Refuses a column of the file that is called like one that is made of another. `columns` are those of every feature.
    fn check_made_names(&self, features: &[String], columns: &[Vec<usize>], file: &str) -> Result<(), PipelineError> {
        let feature_of = |place: usize| columns.iter().position(|own| own.contains(&place)).unwrap_or_default();
        for (later, name) in self.names.iter().enumerate() {
            let Some(earlier) = self.names[..later].iter().position(|own| own == name) else { continue };
            let of = [feature_of(earlier), feature_of(later)].map(|feature| &features[feature]);
            let made_of = if of[0] == name { of[1] } else { of[0] };
            return Err(PipelineError::Input(format!(
                "`{file}`: column `{name}` is called like the column that is made of `{made_of}`; rename it"
            )));
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

/// Refuses a column that is named twice.
pub(super) fn each_once<'n>(names: impl Iterator<Item = &'n String>) -> Result<(), PipelineError> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(PipelineError::Usage(format!(
                "column `{name}` is named twice among outcome and features; name each column once"
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drivers::{Driver, DriverAnalysis};
    use crate::estimators::Ols;

    /// Scores of which some are gaps, and weights that go along with them.
    fn scored() -> (Vec<f64>, Vec<f64>, Vec<f64>, Vec<f64>) {
        let score = (0..40).map(|row| if row % 5 == 2 { f64::NAN } else { f64::from(row * 7 % 11) }).collect();
        let other = (0..40).map(|row| f64::from(row * 5 % 13)).collect();
        let outcome = (0..40).map(|row| f64::from(row * 7 % 11) * 0.4 + f64::from(row * 3 % 7)).collect();
        let weights = (0..40).map(|row| 1.0 + f64::from(row * 7 % 11)).collect();
        (score, other, outcome, weights)
    }

    #[test]
    fn gaps_are_filled_with_the_weighted_mean() {
        let mut columns = Columns::default();
        columns.add_filled("a", vec![1.0, f64::NAN, 4.0, 10.0], Some(&[1.0, 5.0, 2.0, 0.0]));
        // (1 + 2 * 4) / 3; a row without weight says nothing.
        assert_eq!(columns.names, ["a", "a (missing)"]);
        assert_eq!(columns.values, [vec![1.0, 3.0, 4.0, 10.0], vec![0.0, 1.0, 0.0, 0.0]]);
    }

    #[test]
    fn what_fills_a_gap_changes_nothing_but_its_own_mark() {
        let (score, other, outcome, weights) = scored();
        let fit_with = |fill_weights: Option<&[f64]>| {
            let mut columns = Columns::default();
            columns.add_filled("score", score.clone(), fill_weights);
            columns.push("other".to_owned(), other.clone());
            let design = columns.matrix(40).expect("finite");
            let outcome = Outcome::numeric("y", outcome.clone().into()).expect("finite");
            let weights = Weights::new(WeightKind::Sampling, weights.clone()).expect("positive");
            let observations =
                Observations::new(design, outcome).and_then(|own| own.weighted(weights)).expect("40 rows");
            let fit = Ols::default().fit(&observations).expect("a fit");
            let pair = Driver::block("score", vec![0, 1]);
            let analysis = DriverAnalysis { replicates: 0, ..DriverAnalysis::default() };
            let ranking = analysis.rank(&observations, &[pair, Driver::column("other", 2)], &[]).expect("a ranking");
            let shares: Vec<(String, f64)> =
                ranking.drivers.iter().map(|row| (row.driver.clone(), row.share)).collect();
            (fit.coefficients().to_vec(), fit.summary().r_squared, shares)
        };
        let (weighted, plain) = (fit_with(Some(&weights)), fit_with(None));
        let near = |one: f64, other: f64| assert!((one - other).abs() < 1e-10, "{one} {other}");
        for (one, other) in weighted.0.iter().zip(&plain.0) {
            match one.term.as_str() {
                // The mark's coefficient is how those with a gap differ from who has the mean that fills it.
                "score (missing)" => assert!((one.estimate - other.estimate).abs() > 1e-3),
                _ => near(one.estimate, other.estimate),
            }
        }
        near(weighted.1.expect("linear"), plain.1.expect("linear"));
        for (one, other) in weighted.2.iter().zip(&plain.2) {
            assert_eq!(one.0, other.0);
            near(one.1, other.1);
        }
    }

    /// The reference is that of the rows without gaps: R's `relevel(addNA(k), "a")` has the same columns.
    #[test]
    fn a_gap_is_a_category_beside_the_usual_reference() {
        let values = ["b", "a", "", "c", "a"].map(|own| (!own.is_empty()).then(|| own.to_owned()));
        let mut columns = Columns::default();
        let reference = columns.add_categories("k", &values, true).expect("few categories").expect("a reference");
        assert_eq!((reference.feature.as_str(), reference.category.as_str(), reference.n), ("k", "a", 2));
        assert_eq!(columns.names, ["k=b", "k=c", "k=missing"]);
        assert_eq!(columns.values[2], [0.0, 0.0, 1.0, 0.0, 0.0]);
        let mut whole = Columns::default();
        let reference = whole.add_categories("k", &values, false).expect("few categories").expect("a reference");
        assert_eq!(
            (reference.category.as_str(), whole.names.as_slice()),
            ("a", &["k=b".to_owned(), "k=c".to_owned()][..])
        );
        assert!(whole.values[0][2].is_nan());
        assert_eq!(Reference::in_words(&[reference]), "categories are held against the first: k against a; ");
        assert_eq!(Columns::default().add_categories("k", &[None, None], true).expect("none"), None);
    }

    #[test]
    fn a_reference_of_nearly_nobody_is_said() {
        let of = |n, n_rows| rare_reference(&Reference { feature: "k".into(), category: "0".into(), n }, n_rows);
        let said = of(1, 300).expect("rare").sentence;
        assert!(
            said.starts_with(
                "The categories of `k` are held against `0`, the first in order, which 1 of 300 rows has:"
            ),
            "{said}"
        );
        assert!(of(5, 300).is_none() && of(4, 60).is_none());
    }

    #[test]
    fn a_column_that_is_called_like_a_mark_is_refused() {
        let mut columns = Columns::default();
        columns.add_filled("a", vec![1.0, f64::NAN, 4.0], None);
        columns.push("a (missing)".to_owned(), vec![0.0, 0.0, 1.0]);
        let features = ["a", "a (missing)"].map(str::to_owned);
        let error = columns.check_made_names(&features, &[vec![0, 1], vec![2]], "t.csv").expect_err("two of a name");
        let want = "`t.csv`: column `a (missing)` is called like the column that is made of `a`; rename it";
        assert_eq!((error.to_string().as_str(), error.exit_code()), (want, 3));
    }

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
