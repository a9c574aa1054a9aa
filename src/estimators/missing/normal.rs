//! A multivariate normal, conditioned on what a pattern of gaps leaves, and the em map from one to the next.

use super::patterns::{Layout, Pattern, PatternSums};
use crate::stats::linear_algebra::ALIAS_TOLERANCE;
use rayon::prelude::*;
use std::f64::consts::PI;

/// Patterns are cut into at most this many tasks, so that their sums stay small beside the patterns.
const TASKS_MAX: usize = 256;
/// Patterns of one task at least.
const TASK_PATTERNS: usize = 8;

/// Mean and covariance in units of the model.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Normal {
    pub(super) mean: Vec<f64>,
    /// n by n, row after row.
    pub(super) covariance: Vec<f64>,
}

/// A normal given what a pattern observes, by sweeping the covariance on the observed columns.
///
/// With `O` observed and `M` missing, the swept matrix holds `-inverse(S_OO)`, the regressions `S_MO inverse(S_OO)` and
/// what they leave over, `S_MM - S_MO inverse(S_OO) S_OM`. An observed column that is a combination of others is not
/// swept: it says nothing beyond them.
pub(super) struct Conditional {
    pub(super) swept: Vec<f64>,
    /// Observed columns that were swept.
    pub(super) used: Vec<usize>,
    /// Logarithm of the determinant of their covariance.
    pub(super) ln_determinant: f64,
    line: Vec<f64>,
    n: usize,
}

impl Conditional {
    pub(super) fn new(n: usize) -> Self {
        Self { swept: vec![0.0; n * n], used: Vec::new(), ln_determinant: 0.0, line: vec![0.0; n], n }
    }

    pub(super) fn on(&mut self, normal: &Normal, observed: &[usize]) {
        self.swept.copy_from_slice(&normal.covariance);
        self.used.clear();
        self.ln_determinant = 0.0;
        for &column in observed {
            let own = normal.covariance[column * self.n + column];
            let pivot = self.swept[column * self.n + column];
            if pivot > ALIAS_TOLERANCE * own && pivot.is_finite() {
                self.sweep(column, pivot);
                self.used.push(column);
                self.ln_determinant += pivot.ln();
            }
        }
    }

    /// Sweeps on one column.
    ///
    /// # References
    /// Beaton (1964), "The use of special matrix operators in statistical calculus"; Little and Rubin (2002),
    /// "Statistical Analysis with Missing Data", section 7.4.3.
    fn sweep(&mut self, column: usize, pivot: f64) {
        let n = self.n;
        self.line.copy_from_slice(&self.swept[column * n..(column + 1) * n]);
        for (row, values) in self.swept.chunks_exact_mut(n).enumerate() {
            if row == column {
                values.iter_mut().zip(&self.line).for_each(|(value, line)| *value = line / pivot);
                values[column] = -1.0 / pivot;
            } else {
                let factor = values[column] / pivot;
                values.iter_mut().zip(&self.line).for_each(|(value, line)| *value -= factor * line);
                values[column] = factor;
            }
        }
    }

    /// An element of the swept matrix.
    pub(super) fn at(&self, row: usize, column: usize) -> f64 {
        self.swept[row * self.n + column]
    }

    /// `inverse(S_OO)` of two observed columns; zero where either was not swept.
    pub(super) fn precision(&self, row: usize, column: usize) -> f64 {
        -self.swept[row * self.n + column]
    }
}

/// Where the em map leads, and the log-likelihood of where it came from.
pub(super) struct Step {
    pub(super) next: Normal,
    /// Of the observed values at the start of the step, in units of the model.
    pub(super) log_likelihood: f64,
}

/// What the patterns add to the expected moments around the mean.
struct Expected {
    weight: f64,
    first: Vec<f64>,
    /// Lower triangle of an n by n matrix.
    second: Vec<f64>,
    log_likelihood: f64,
}

impl Normal {
    pub(super) fn n(&self) -> usize {
        self.mean.len()
    }

    pub(super) fn is_finite(&self) -> bool {
        self.mean.iter().chain(&self.covariance).all(|value| value.is_finite())
    }

    /// Whether every column varies beyond what those before it explain.
    pub(super) fn is_definite(&self) -> bool {
        let mut conditional = Conditional::new(self.n());
        conditional.on(self, &(0..self.n()).collect::<Vec<usize>>());
        conditional.used.len() == self.n()
    }

    /// One step of em: moments expected given what is observed and this normal.
    ///
    /// # References
    /// Dempster, Laird and Rubin (1977), JRSS B 39(1); Little and Rubin (2002), section 11.2.
    pub(super) fn step(&self, layout: &Layout, sums: &[PatternSums]) -> Step {
        let n = self.n();
        let task_size = TASK_PATTERNS.max(sums.len().div_ceil(TASKS_MAX));
        let tasks: Vec<Expected> = layout
            .patterns
            .par_chunks(task_size)
            .zip(sums.par_chunks(task_size))
            .map(|(patterns, sums)| {
                let mut worker = Worker::new(n);
                for (pattern, sums) in patterns.iter().zip(sums).filter(|(_, sums)| sums.weight > 0.0) {
                    worker.add(self, pattern, sums);
                }
                worker.expected
            })
            .collect();
        let total = tasks.into_iter().fold(Expected::empty(n), Expected::plus);
        let shift: Vec<f64> = total.first.iter().map(|sum| sum / total.weight).collect();
        let mut covariance = vec![0.0; n * n];
        for row in 0..n {
            for column in 0..=row {
                let value = total.second[row * n + column] / total.weight - shift[row] * shift[column];
                covariance[row * n + column] = value;
                covariance[column * n + row] = value;
            }
        }
        let mean = self.mean.iter().zip(&shift).map(|(mean, shift)| mean + shift).collect();
        Step { next: Self { mean, covariance }, log_likelihood: total.log_likelihood }
    }

    /// Mean and lower triangle of the covariance, one after another.
    fn parameters(&self) -> Vec<f64> {
        let n = self.n();
        let mut parameters = self.mean.clone();
        (0..n).for_each(|row| parameters.extend_from_slice(&self.covariance[row * n..=row * n + row]));
        parameters
    }

    fn from_parameters(parameters: &[f64], n: usize) -> Self {
        let mut covariance = vec![0.0; n * n];
        let mut start = n;
        for row in 0..n {
            for column in 0..=row {
                covariance[row * n + column] = parameters[start + column];
                covariance[column * n + row] = parameters[start + column];
            }
            start += row + 1;
        }
        Self { mean: parameters[..n].to_vec(), covariance }
    }
}

impl Expected {
    fn empty(n: usize) -> Self {
        Self { weight: 0.0, first: vec![0.0; n], second: vec![0.0; n * n], log_likelihood: 0.0 }
    }

    fn plus(mut self, other: Self) -> Self {
        self.weight += other.weight;
        self.log_likelihood += other.log_likelihood;
        self.first.iter_mut().zip(&other.first).for_each(|(sum, value)| *sum += value);
        self.second.iter_mut().zip(&other.second).for_each(|(sum, value)| *sum += value);
        self
    }
}

/// Sums and buffers of one task.
struct Worker {
    expected: Expected,
    conditional: Conditional,
    apart: Vec<f64>,
    products: Vec<f64>,
    images: Vec<f64>,
    slopes: Vec<f64>,
}

impl Worker {
    fn new(n: usize) -> Self {
        Self {
            expected: Expected::empty(n),
            conditional: Conditional::new(n),
            apart: vec![0.0; n],
            products: vec![0.0; n * n],
            images: vec![0.0; n],
            slopes: vec![0.0; n],
        }
    }

    fn add(&mut self, normal: &Normal, pattern: &Pattern, sums: &PatternSums) {
        let n = normal.n();
        let (observed, missing) = (&pattern.observed, &pattern.missing);
        let n_own = observed.len();
        self.conditional.on(normal, observed);
        let conditional = &self.conditional;
        for (&column, mean) in observed.iter().zip(&sums.mean) {
            self.apart[column] = mean - normal.mean[column];
        }
        for &column in missing {
            self.apart[column] =
                conditional.used.iter().map(|&other| conditional.at(column, other) * self.apart[other]).sum();
        }
        let weight = sums.weight;
        for row in 0..n {
            let weighted = weight * self.apart[row];
            self.expected.first[row] += weighted;
            let second = &mut self.expected.second[row * n..=row * n + row];
            second.iter_mut().zip(&self.apart).for_each(|(sum, apart)| *sum += weighted * apart);
        }
        let mut add = |row: usize, column: usize, value: f64| {
            self.expected.second[row.max(column) * n + row.min(column)] += value;
        };
        // What is left over when the missing are regressed on the observed.
        for (place, &row) in missing.iter().enumerate() {
            for &column in &missing[..=place] {
                add(row, column, weight * conditional.at(row, column));
            }
        }
        // Within the pattern: the observed as they are, the missing by their regressions.
        let mut trace = 0.0;
        if !sums.products.is_empty() {
            expand(&sums.products, n_own, &mut self.products);
            let mut start = 0;
            for (place, &row) in observed.iter().enumerate() {
                for (other, &column) in observed[..=place].iter().enumerate() {
                    let product = sums.products[start + other];
                    add(row, column, product);
                }
                start += place + 1;
            }
            // Columns that were not swept have no slopes and no precision.
            let is_used: Vec<bool> = observed.iter().map(|column| conditional.used.contains(column)).collect();
            for (place, &row) in missing.iter().enumerate() {
                for (own, (&column, &used)) in observed.iter().zip(&is_used).enumerate() {
                    self.slopes[own] = if used { conditional.at(row, column) } else { 0.0 };
                }
                self.images[..n_own].fill(0.0);
                for (slope, products) in self.slopes[..n_own].iter().zip(self.products.chunks_exact(n_own)) {
                    self.images.iter_mut().zip(products).for_each(|(image, product)| *image += slope * product);
                }
                for (image, &column) in self.images.iter().zip(observed) {
                    add(row, column, *image);
                }
                for &column in &missing[..=place] {
                    let value: f64 = observed
                        .iter()
                        .zip(&is_used)
                        .zip(&self.images)
                        .filter(|((_, used), _)| **used)
                        .map(|((&other, _), image)| conditional.at(column, other) * image)
                        .sum();
                    add(row, column, value);
                }
            }
            for (place, (&row, _)) in observed.iter().zip(&is_used).enumerate().filter(|(_, (_, used))| **used) {
                let products = &self.products[place * n_own..(place + 1) * n_own];
                let own = observed.iter().zip(&is_used).zip(products).filter(|((_, used), _)| **used);
                trace += own.map(|((&column, _), product)| conditional.precision(row, column) * product).sum::<f64>();
            }
        }
        let used = &conditional.used;
        let distance: f64 = used
            .iter()
            .map(|&row| {
                let image: f64 =
                    used.iter().map(|&column| conditional.precision(row, column) * self.apart[column]).sum();
                image * self.apart[row]
            })
            .sum();
        let constant = used.len() as f64 * (2.0 * PI).ln() + conditional.ln_determinant + distance;
        self.expected.log_likelihood -= 0.5 * (weight * constant + trace);
        self.expected.weight += weight;
    }
}

/// A lower triangle as a full symmetric matrix.
pub(super) fn expand(triangle: &[f64], n: usize, full: &mut [f64]) {
    let mut start = 0;
    for row in 0..n {
        for column in 0..=row {
            full[row * n + column] = triangle[start + column];
            full[column * n + row] = triangle[start + column];
        }
        start += row + 1;
    }
}

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) iterations_max: usize,
    /// Largest change of a parameter in one em step (absolute, in units of the model, which are near one standard
    /// deviation).
    pub(super) tolerance: f64,
}

/// Where em ended.
pub(super) struct Ascent {
    pub(super) normal: Normal,
    /// Log-likelihoods from step to step, in units of the model; they do not fall.
    pub(super) trace: Vec<f64>,
    /// Em steps.
    pub(super) iterations: usize,
    /// The last change of a parameter.
    pub(super) change: f64,
    pub(super) converged: bool,
}

/// Climbs by em steps, extrapolated by squared steps where that does not lower the likelihood.
///
/// Each cycle makes two em steps and leaps along them; a leap that leaves the definite matrices or lowers the
/// likelihood is not made, so the likelihood rises as it does by em alone.
///
/// # References
/// Varadhan and Roland (2008), "Simple and globally convergent methods for accelerating the convergence of any EM
/// algorithm", Scandinavian Journal of Statistics 35(2), scheme SqS3.
pub(super) fn ascend(layout: &Layout, sums: &[PatternSums], start: Normal, limits: Limits) -> Ascent {
    let mut ascent =
        Ascent { normal: start, trace: Vec::new(), iterations: 0, change: f64::INFINITY, converged: false };
    loop {
        let (first, before) = (ascent.advance(layout, sums), ascent.trace.len());
        if ascent.ends(limits) {
            return ascent;
        }
        let second = ascent.advance(layout, sums);
        if ascent.ends(limits) {
            return ascent;
        }
        let Some(leap) = leap(&first, &second, ascent.normal.n()) else { continue };
        let landing = leap.step(layout, sums);
        ascent.iterations += 1;
        let floor = ascent.trace[before..].iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if landing.log_likelihood >= floor && landing.next.is_finite() {
            ascent.trace.push(landing.log_likelihood);
            ascent.normal = landing.next;
        }
        if ascent.iterations >= limits.iterations_max {
            return ascent;
        }
    }
}

impl Ascent {
    /// One em step; its change of every parameter.
    fn advance(&mut self, layout: &Layout, sums: &[PatternSums]) -> Moved {
        let step = self.normal.step(layout, sums);
        let from = self.normal.parameters();
        let change: Vec<f64> = step.next.parameters().iter().zip(&from).map(|(next, from)| next - from).collect();
        self.change = change.iter().fold(0.0, |largest: f64, change| largest.max(change.abs()));
        if change.iter().any(|change| !change.is_finite()) {
            self.change = f64::INFINITY;
        }
        self.trace.push(step.log_likelihood);
        self.iterations += 1;
        self.normal = step.next;
        Moved { from, change }
    }

    fn ends(&mut self, limits: Limits) -> bool {
        self.converged = self.change <= limits.tolerance;
        self.converged || !self.change.is_finite() || self.iterations >= limits.iterations_max
    }
}

struct Moved {
    from: Vec<f64>,
    change: Vec<f64>,
}

/// `from - 2 a r + a^2 v` with `r` the first change, `v` the second less the first, and `a = -|r| / |v|`.
fn leap(first: &Moved, second: &Moved, n: usize) -> Option<Normal> {
    let bend: Vec<f64> = first.change.iter().zip(&second.change).map(|(first, second)| second - first).collect();
    let length = |values: &[f64]| values.iter().map(|value| value * value).sum::<f64>().sqrt();
    let stride = length(&first.change) / length(&bend);
    // A stride of one is the second em step itself.
    if !(stride.is_finite() && stride > 1.0) {
        return None;
    }
    let parameters: Vec<f64> = first
        .from
        .iter()
        .zip(first.change.iter().zip(&bend))
        .map(|(from, (change, bend))| from + 2.0 * stride * change + stride * stride * bend)
        .collect();
    let normal = Normal::from_parameters(&parameters, n);
    (normal.is_finite() && normal.is_definite()).then_some(normal)
}
