//! Rows grouped by what they lack, and the moments of each group: after this nobody looks at a row again.

use super::MissingError;
use crate::data::{Gaps, WeightKind};
use crate::estimators::FitError;
use crate::estimators::cases::Cases;
use crate::findings::{Finding, FindingKind, Severity};
use rayon::prelude::*;
use std::collections::HashMap;
use std::ops::Range;

/// Rows of one task: enough to hide the cost of handing it to a thread.
const TASK_ROWS: usize = 8192;
/// A standard deviation below this share of the mean's size is rounding (relative).
const ROUNDING: f64 = 1e-13;

/// The columns of a normal model, the outcome last, and the rows sorted by what they lack of them.
///
/// Values are read centred by the mean of those there are and divided by a power of two near their standard deviation.
pub(super) struct Layout<'a> {
    pub(super) gaps: &'a Gaps,
    pub(super) cases: Cases<'a>,
    /// The features in the model; those that never vary are not.
    pub(super) places: Vec<usize>,
    /// Weighted mean of the values there are, one a column of the model.
    pub(super) centres: Vec<f64>,
    /// Power of two near their standard deviation, one a column of the model.
    pub(super) scales: Vec<f64>,
    inverses: Vec<f64>,
    pub(super) patterns: Vec<Pattern>,
    /// All rows, pattern after pattern.
    pub(super) rows: Vec<usize>,
    /// Pieces of patterns, gathered into tasks in the order of `rows`.
    pub(super) tasks: Vec<Vec<Piece>>,
    /// What is known of every feature, in the model or not.
    pub(super) available: Vec<Available>,
    pub(super) findings: Vec<Finding>,
}

/// What some rows have and lack, as columns of the model, ascending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    pub(super) observed: Vec<usize>,
    pub(super) missing: Vec<usize>,
}

/// Some rows of one pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) pattern: usize,
    /// Where in [`Layout::rows`].
    pub(super) rows: Range<usize>,
}

/// The values there are of one column.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Available {
    pub(super) weight: f64,
    pub(super) mean: f64,
    pub(super) std_dev: f64,
}

impl Available {
    pub(super) fn varies(&self) -> bool {
        self.std_dev > ROUNDING * self.mean.abs()
    }
}

/// Weighted moments of the rows of one pattern, over the columns that it has.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PatternSums {
    /// Sum of the weights; zero where no row counts.
    pub(super) weight: f64,
    /// Observations: rows with a weight, or, for frequencies, their sum.
    pub(super) n: f64,
    pub(super) mean: Vec<f64>,
    /// Centred cross products, lower triangle row after row; empty for a single row.
    pub(super) products: Vec<f64>,
}

impl<'a> Layout<'a> {
    /// Columns that never vary are left out with a finding.
    ///
    /// # Errors
    /// An outcome that does not vary; no more rows than columns.
    pub(super) fn of(gaps: &'a Gaps, candidates: &[usize]) -> Result<Self, MissingError> {
        let cases = Cases::of(gaps.answered());
        let available = available(gaps, &cases);
        let mut findings = Vec::new();
        let mut places = Vec::new();
        for &place in candidates {
            let (name, here) = (&gaps.names()[place], available[place]);
            if here.weight <= 0.0 {
                findings.push(empty_finding(name));
            } else if !here.varies() {
                let value = here.mean;
                let sentence = format!("`{name}` is {value} wherever it is known and is left out.");
                let finding = Finding::new(FindingKind::Constant, Severity::Warning, name, sentence);
                findings.push(finding.number("value", value));
            } else {
                places.push(place);
            }
        }
        let outcome = outcome_moments(&cases, gaps.n_rows());
        if !outcome.varies() {
            let name = gaps.answered().outcome().name().to_owned();
            return Err(FitError::ConstantOutcome { outcome: name, value: outcome.mean }.into());
        }
        let n_terms = places.len() + 1;
        if cases.n_used <= n_terms {
            return Err(FitError::TooFewRows { n_used: cases.n_used, n_terms }.into());
        }
        let columns: Vec<Available> = places.iter().map(|&place| available[place]).chain([outcome]).collect();
        let scales: Vec<f64> = columns.iter().map(|column| column.std_dev.log2().round().exp2()).collect();
        let (patterns, rows, starts) = by_pattern(gaps, &places);
        Ok(Self {
            tasks: tasks(&starts),
            centres: columns.iter().map(|column| column.mean).collect(),
            inverses: scales.iter().map(|scale| 1.0 / scale).collect(),
            gaps,
            cases,
            places,
            scales,
            patterns,
            rows,
            available,
            findings,
        })
    }

    /// Columns of the model, the outcome included.
    pub(super) fn n_columns(&self) -> usize {
        self.places.len() + 1
    }

    /// The name of a column of the model.
    pub(super) fn name(&self, column: usize) -> &str {
        match self.places.get(column) {
            Some(&place) => &self.gaps.names()[place],
            None => self.gaps.answered().outcome().name(),
        }
    }

    /// Reads what a pattern has of a row, in units of the model.
    pub(super) fn read(&self, row: usize, observed: &[usize], values: &mut [f64]) {
        let source = self.gaps.values();
        let source = source.row(row);
        for (value, &column) in values.iter_mut().zip(observed) {
            let raw = match self.places.get(column) {
                Some(&place) => source[place],
                None => self.cases.outcome(row),
            };
            *value = (raw - self.centres[column]) * self.inverses[column];
        }
    }

    /// The moments of every pattern with the rows' own weights.
    pub(super) fn own_sums(&self) -> Vec<PatternSums> {
        self.sums(|row| self.cases.weight(row))
    }

    /// The moments of every pattern with these weights.
    pub(super) fn sums(&self, weight: impl Fn(usize) -> f64 + Sync) -> Vec<PatternSums> {
        let by_task: Vec<Vec<(usize, Raw)>> = self
            .tasks
            .par_iter()
            .map(|pieces| pieces.iter().map(|piece| (piece.pattern, self.raw(piece, &weight))).collect())
            .collect();
        let mut totals: Vec<Option<Raw>> = self.patterns.iter().map(|_| None).collect();
        for (pattern, raw) in by_task.into_iter().flatten() {
            match &mut totals[pattern] {
                Some(total) => total.add(&raw),
                empty => *empty = Some(raw),
            }
        }
        totals.into_iter().map(|raw| raw.unwrap_or_default().centred()).collect()
    }

    fn raw(&self, piece: &Piece, weight: &(impl Fn(usize) -> f64 + Sync)) -> Raw {
        let observed = &self.patterns[piece.pattern].observed;
        let n_own = observed.len();
        let is_frequency = self.cases.kind() == Some(WeightKind::Frequency);
        let mut raw = Raw {
            first: vec![0.0; n_own],
            second: if piece.rows.len() > 1 { vec![0.0; n_own * (n_own + 1) / 2] } else { Vec::new() },
            ..Raw::default()
        };
        let mut values = vec![0.0; n_own];
        for &row in &self.rows[piece.rows.clone()] {
            let weight = weight(row);
            if weight <= 0.0 {
                continue;
            }
            self.read(row, observed, &mut values);
            raw.weight += weight;
            raw.n += if is_frequency { weight } else { 1.0 };
            raw.first.iter_mut().zip(&values).for_each(|(sum, value)| *sum += weight * value);
            if !raw.second.is_empty() {
                let mut start = 0;
                for (place, value) in values.iter().enumerate() {
                    let weighted = weight * value;
                    let products = &mut raw.second[start..=start + place];
                    products.iter_mut().zip(&values).for_each(|(sum, other)| *sum += weighted * other);
                    start += place + 1;
                }
            }
        }
        raw
    }
}

/// Sums around the centres.
#[derive(Default)]
struct Raw {
    weight: f64,
    n: f64,
    first: Vec<f64>,
    second: Vec<f64>,
}

impl Raw {
    /// Adds a later piece of the same pattern; only the last can be a single row, which has no products of its own yet.
    fn add(&mut self, other: &Self) {
        self.weight += other.weight;
        self.n += other.n;
        if other.second.is_empty() && other.weight > 0.0 {
            let mut start = 0;
            for (place, value) in other.first.iter().enumerate() {
                let products = &mut self.second[start..=start + place];
                let weighted = value / other.weight;
                products.iter_mut().zip(&other.first).for_each(|(sum, other)| *sum += weighted * other);
                start += place + 1;
            }
        }
        self.first.iter_mut().zip(&other.first).for_each(|(sum, value)| *sum += value);
        self.second.iter_mut().zip(&other.second).for_each(|(sum, value)| *sum += value);
    }

    fn centred(self) -> PatternSums {
        let weight = self.weight;
        if weight <= 0.0 {
            return PatternSums { weight: 0.0, n: 0.0, mean: self.first, products: Vec::new() };
        }
        let mean: Vec<f64> = self.first.iter().map(|sum| sum / weight).collect();
        let mut products = self.second;
        let mut start = 0;
        for place in 0..mean.len() {
            if products.is_empty() {
                break;
            }
            for other in 0..=place {
                products[start + other] -= weight * mean[place] * mean[other];
            }
            // What is left of squares by rounding is not below zero.
            products[start + place] = products[start + place].max(0.0);
            start += place + 1;
        }
        PatternSums { weight, n: self.n, mean, products }
    }
}

/// Weighted mean and standard deviation of the values there are of every feature.
fn available(gaps: &Gaps, cases: &Cases) -> Vec<Available> {
    let values = gaps.values();
    let n_features = gaps.n_features();
    let pass = |centres: &[f64]| -> Vec<[f64; 3]> {
        let starts: Vec<usize> = (0..gaps.n_rows()).step_by(TASK_ROWS).collect();
        let tasks: Vec<Vec<[f64; 3]>> = starts
            .into_par_iter()
            .map(|start| {
                let mut sums = vec![[0.0; 3]; n_features];
                for row in start..(start + TASK_ROWS).min(gaps.n_rows()) {
                    let weight = cases.weight(row);
                    if weight <= 0.0 {
                        continue;
                    }
                    for ((sums, value), centre) in sums.iter_mut().zip(values.row(row)).zip(centres) {
                        if !value.is_nan() {
                            let apart = value - centre;
                            sums[0] += weight;
                            sums[1] += weight * apart;
                            sums[2] += weight * apart * apart;
                        }
                    }
                }
                sums
            })
            .collect();
        tasks.into_iter().fold(vec![[0.0; 3]; n_features], |mut total, task| {
            for (total, task) in total.iter_mut().flatten().zip(task.iter().flatten()) {
                *total += task;
            }
            total
        })
    };
    let pilot: Vec<f64> =
        pass(&vec![0.0; n_features]).iter().map(|sums| sums[1] / sums[0].max(f64::MIN_POSITIVE)).collect();
    pass(&pilot).iter().zip(&pilot).map(|(sums, pilot)| around(*sums, *pilot)).collect()
}

fn outcome_moments(cases: &Cases, n_rows: usize) -> Available {
    let sums = |centre: f64| {
        (0..n_rows).filter(|&row| cases.counts(row)).fold([0.0; 3], |sums: [f64; 3], row| {
            let (weight, apart) = (cases.weight(row), cases.outcome(row) - centre);
            [sums[0] + weight, sums[1] + weight * apart, sums[2] + weight * apart * apart]
        })
    };
    let pilot = sums(0.0);
    let pilot = pilot[1] / pilot[0];
    around(sums(pilot), pilot)
}

/// Mean and standard deviation from weight, first and second sums around a pilot.
fn around(sums: [f64; 3], pilot: f64) -> Available {
    let [weight, first, second] = sums;
    if weight <= 0.0 {
        return Available::default();
    }
    let shift = first / weight;
    Available { weight, mean: pilot + shift, std_dev: (second / weight - shift * shift).max(0.0).sqrt() }
}

/// Patterns in order of first appearance, the rows sorted by them, and where each starts.
fn by_pattern(gaps: &Gaps, places: &[usize]) -> (Vec<Pattern>, Vec<usize>, Vec<usize>) {
    let values = gaps.values();
    let n_words = places.len().div_ceil(64).max(1);
    let mut words = vec![0_u64; gaps.n_rows() * n_words];
    words.par_chunks_mut(n_words).enumerate().with_min_len(TASK_ROWS).for_each(|(row, words)| {
        let values = values.row(row);
        for (column, &place) in places.iter().enumerate() {
            words[column / 64] |= u64::from(values[place].is_nan()) << (column % 64);
        }
    });
    let mut seen: HashMap<&[u64], usize> = HashMap::new();
    let mut keys: Vec<&[u64]> = Vec::new();
    let codes: Vec<usize> = words
        .chunks_exact(n_words)
        .map(|key| {
            *seen.entry(key).or_insert_with(|| {
                keys.push(key);
                keys.len() - 1
            })
        })
        .collect();
    let patterns = keys
        .iter()
        .map(|key| {
            let lacks = |column: &usize| key[column / 64] >> (column % 64) & 1 == 1;
            let (missing, mut observed): (Vec<usize>, Vec<usize>) = (0..places.len()).partition(lacks);
            observed.push(places.len());
            Pattern { observed, missing }
        })
        .collect();
    let mut starts = vec![0; keys.len() + 1];
    codes.iter().for_each(|&code| starts[code + 1] += 1);
    for code in 0..keys.len() {
        starts[code + 1] += starts[code];
    }
    let mut next = starts.clone();
    let mut rows = vec![0; codes.len()];
    for (row, &code) in codes.iter().enumerate() {
        rows[next[code]] = row;
        next[code] += 1;
    }
    (patterns, rows, starts)
}

/// Cuts long patterns and gathers short ones, so that tasks are of one size.
fn tasks(starts: &[usize]) -> Vec<Vec<Piece>> {
    let mut tasks = Vec::new();
    let (mut pieces, mut n_rows) = (Vec::new(), 0);
    for (pattern, ends) in starts.windows(2).enumerate() {
        for start in (ends[0]..ends[1]).step_by(TASK_ROWS) {
            let rows = start..(start + TASK_ROWS).min(ends[1]);
            n_rows += rows.len();
            pieces.push(Piece { pattern, rows });
            if n_rows >= TASK_ROWS {
                tasks.push(std::mem::take(&mut pieces));
                n_rows = 0;
            }
        }
    }
    if !pieces.is_empty() {
        tasks.push(pieces);
    }
    tasks
}

/// Says that a column has no value at all.
pub(super) fn empty_finding(name: &str) -> Finding {
    let sentence = format!("`{name}` has no value in any row that counts and is left out.");
    Finding::new(FindingKind::NotEstimated, Severity::Warning, name, sentence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Outcome;
    use ndarray::{Array1, Array2, array};

    #[test]
    fn rows_are_sorted_by_what_they_lack() {
        let gap = f64::NAN;
        let values = array![[1.0, gap], [2.0, 3.0], [4.0, gap], [gap, gap], [1.0, 2.0]];
        let outcome = Outcome::numeric("y", array![1.0, 2.0, 3.0, 5.0, 5.0]).expect("finite");
        let gaps = Gaps::new(vec!["a".to_owned(), "b".to_owned()], values, outcome).expect("valid");
        let layout = Layout::of(&gaps, &[0, 1]).expect("an outcome that varies");
        assert_eq!(layout.rows, [0, 2, 1, 4, 3]);
        let observed: Vec<&[usize]> = layout.patterns.iter().map(|pattern| pattern.observed.as_slice()).collect();
        assert_eq!(observed, [&[0, 2][..], &[0, 1, 2], &[2]]);
        let sums = layout.own_sums();
        // The mean of a is 2 and that of y 3.2; both are divided by 1 and 2, the powers of two next to their spread.
        assert_eq!(layout.scales[..1], [1.0]);
        assert!((sums[0].mean[0] - 0.5).abs() < 1e-15 && (sums[0].products[0] - 4.5).abs() < 1e-14);
        assert!(sums[2].products.is_empty());
    }

    #[test]
    fn a_pattern_cut_into_pieces_has_the_moments_of_the_whole() {
        let n_rows = TASK_ROWS + 1;
        let values = Array2::from_shape_fn((n_rows, 1), |(row, _)| (row % 7) as f64);
        let outcome = Outcome::numeric("y", Array1::from_shape_fn(n_rows, |row| (row % 5) as f64)).expect("finite");
        let gaps = Gaps::new(vec!["a".to_owned()], values.clone(), outcome).expect("valid");
        let layout = Layout::of(&gaps, &[0]).expect("an outcome that varies");
        let sums = layout.own_sums();
        let mean = values.sum() / n_rows as f64;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        assert!((sums[0].products[0] * layout.scales[0].powi(2) / squares - 1.0).abs() < 1e-13);
    }
}
