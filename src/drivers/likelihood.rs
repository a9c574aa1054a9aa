//! The likelihoods whose fit is divided where the outcome is no plain number: of a class, of ordered levels, of counts.

use crate::data::Observations;
use crate::estimators::logistic::{self, LogitState};
use crate::estimators::ordinal;
use crate::estimators::poisson::{self, PoissonState};
use ndarray::ArrayView2;
use std::ops::Range;

/// The outcome of every row, as its likelihood sees it.
#[derive(Debug, Clone)]
pub(super) enum Likelihood {
    /// 0 or 1, with a logistic model.
    Class { outcome: Vec<f64> },
    /// A level, with a cumulative logit of one slope a column.
    Levels { codes: Vec<u8>, n_levels: usize },
    /// A count, with a Poisson model.
    Counts {
        counts: Vec<f64>,
        /// Logarithms of the exposures.
        offset: Option<Vec<f64>>,
        ln_factorials: Vec<f64>,
    },
}

/// A maximum over some columns.
pub(super) struct Maximum {
    pub log_likelihood: f64,
    /// The leading parameters (intercept, or thresholds), then one slope a column.
    pub parameters: Vec<f64>,
}

/// What every row adds to the log-likelihood, and how that changes with its linear predictor and the thresholds.
pub(super) struct Derivatives {
    pub log_likelihood: Vec<f64>,
    /// The derivative by `x' b`.
    pub score: Vec<f64>,
    /// Minus the second derivative by `x' b`.
    pub curvature: Vec<f64>,
    /// The same by the thresholds; `None` where the only leading parameter is an intercept.
    pub thresholds: Option<Thresholds>,
}

/// Derivatives by the thresholds above and below each row's level; zero at the ends, where there are none.
pub(super) struct Thresholds {
    pub above: Vec<f64>,
    pub below: Vec<f64>,
    /// Minus the second derivatives by the threshold and `x' b`, negated.
    pub above_with_slope: Vec<f64>,
    pub below_with_slope: Vec<f64>,
    /// By level: minus the second derivative that the distance between its two thresholds adds to each.
    pub closeness: Vec<f64>,
}

impl Likelihood {
    /// 0 or 1 in each of some rows.
    pub fn of_classes(observations: &Observations, rows: &[usize]) -> Self {
        Self::Class { outcome: rows.iter().map(|&row| observations.outcome().values()[row]).collect() }
    }

    /// The levels, ascending, are the distinct values of some rows, at most 256 of them.
    pub fn of_levels(observations: &Observations, rows: &[usize]) -> Self {
        // Nought has one sign from here on.
        let value = |row: usize| observations.outcome().values()[row] + 0.0;
        let mut levels: Vec<f64> = rows.iter().map(|&row| value(row)).collect();
        levels.sort_by(f64::total_cmp);
        levels.dedup_by(|one, other| one.to_bits() == other.to_bits());
        let code = |row: &usize| levels.partition_point(|&level| level < value(*row)) as u8;
        Self::Levels { codes: rows.iter().map(code).collect(), n_levels: levels.len() }
    }

    /// Counts of some rows, with their exposures where there are any.
    pub fn of_counts(observations: &Observations, rows: &[usize]) -> Self {
        let counts: Vec<f64> = rows.iter().map(|&row| observations.outcome().values()[row]).collect();
        Self::Counts {
            ln_factorials: counts.iter().map(|&count| poisson::ln_factorials(&[count], None)).collect(),
            offset: observations
                .exposure()
                .map(|exposure| rows.iter().map(|&row| exposure.values()[row].ln()).collect()),
            counts,
        }
    }

    /// The likelihood of some of the rows.
    pub fn of_rows(&self, rows: Range<usize>) -> Self {
        match self {
            Self::Class { outcome } => Self::Class { outcome: outcome[rows].to_vec() },
            Self::Levels { codes, n_levels } => Self::Levels { codes: codes[rows].to_vec(), n_levels: *n_levels },
            Self::Counts { counts, offset, ln_factorials } => Self::Counts {
                counts: counts[rows.clone()].to_vec(),
                offset: offset.as_ref().map(|offset| offset[rows.clone()].to_vec()),
                ln_factorials: ln_factorials[rows].to_vec(),
            },
        }
    }

    /// The intercept, or the thresholds.
    pub fn n_leading(&self) -> usize {
        match self {
            Self::Class { .. } | Self::Counts { .. } => 1,
            Self::Levels { n_levels, .. } => n_levels - 1,
        }
    }

    /// The maximum over some columns of centred and scaled values; `None` where there is none.
    pub fn maximum(
        &self,
        values: ArrayView2<f64>,
        features: &[usize],
        weights: &[f64],
        start: Option<&[f64]>,
    ) -> Option<Maximum> {
        let (state, log_likelihood, parameters) = match self {
            Self::Class { outcome } => {
                let found = logistic::maximum_likelihood(values, features, outcome, Some(weights), start);
                (found.state == LogitState::Converged, found.log_likelihood, found.coefficients)
            }
            Self::Levels { codes, n_levels } => {
                let found = ordinal::maximum_likelihood(values, features, codes, *n_levels, Some(weights), start);
                (found.state == LogitState::Converged, found.log_likelihood, found.coefficients)
            }
            Self::Counts { counts, offset, ln_factorials } => {
                let found =
                    poisson::maximum_likelihood(values, features, counts, Some(weights), offset.as_deref(), start);
                let whole = found.log_likelihood - sum_of_products(weights, ln_factorials);
                (found.state == PoissonState::Converged, whole, found.coefficients)
            }
        };
        state.then_some(Maximum { log_likelihood, parameters })
    }

    /// The maximum without columns: shares of the classes or levels, or one rate.
    pub fn without_columns(&self, weights: &[f64]) -> f64 {
        let n: f64 = weights.iter().sum();
        match self {
            Self::Class { outcome } => {
                let events = sum_of_products(weights, outcome);
                events * (events / n).ln() + (n - events) * (1.0 - events / n).ln()
            }
            Self::Levels { codes, n_levels } => {
                let mut by_level = vec![0.0; *n_levels];
                codes.iter().zip(weights).for_each(|(&code, weight)| by_level[usize::from(code)] += weight);
                by_level.iter().filter(|&&own| own > 0.0).map(|own| own * (own / n).ln()).sum()
            }
            Self::Counts { counts, offset, ln_factorials } => {
                let offset = |row: usize| offset.as_ref().map_or(0.0, |offset| offset[row]);
                let drawn = || (0..counts.len()).filter(|&row| weights[row] > 0.0);
                // Exposures relative to the largest, whose sum cannot vanish or overflow.
                let largest = drawn().map(offset).fold(f64::NEG_INFINITY, f64::max);
                let exposure: f64 = drawn().map(|row| weights[row] * (offset(row) - largest).exp()).sum();
                let events = sum_of_products(weights, counts);
                let ln_rate = events.ln() - exposure.ln() - largest;
                let linked: f64 = drawn().map(|row| weights[row] * counts[row] * (ln_rate + offset(row))).sum();
                linked - events - sum_of_products(weights, ln_factorials)
            }
        }
    }

    /// What every row adds at some leading parameters and slopes; `predictor` is `x' b` of every row.
    pub fn derivatives(&self, leading: &[f64], predictor: &[f64]) -> Derivatives {
        let n_rows = predictor.len();
        let mut found = Derivatives {
            log_likelihood: vec![0.0; n_rows],
            score: vec![0.0; n_rows],
            curvature: vec![0.0; n_rows],
            thresholds: None,
        };
        match self {
            Self::Class { outcome } => {
                for row in 0..n_rows {
                    let link = leading[0] + predictor[row];
                    let share = Share::of(link);
                    found.log_likelihood[row] = outcome[row] * link - link.max(0.0) - share.tail.ln_1p();
                    found.score[row] = outcome[row] - share.probability;
                    found.curvature[row] = share.probability * (1.0 - share.probability);
                }
            }
            Self::Counts { counts, offset, ln_factorials } => {
                for row in 0..n_rows {
                    let link = leading[0] + predictor[row] + offset.as_ref().map_or(0.0, |offset| offset[row]);
                    let mean = link.exp();
                    found.log_likelihood[row] = counts[row] * link - mean - ln_factorials[row];
                    found.score[row] = counts[row] - mean;
                    found.curvature[row] = mean;
                }
            }
            Self::Levels { codes, n_levels } => found.of_levels(codes, *n_levels, leading, predictor),
        }
        found
    }
}

impl Derivatives {
    /// With `u` the threshold above less `x' b` and `l` that below: the probability is
    /// `F(u) (1 - F(l)) (1 - exp(l - u))`, `F` the logistic function.
    fn of_levels(&mut self, codes: &[u8], n_levels: usize, leading: &[f64], predictor: &[f64]) {
        let bound = |place: usize| match place {
            0 => f64::NEG_INFINITY,
            place => leading.get(place - 1).copied().unwrap_or(f64::INFINITY),
        };
        let distances: Vec<f64> = (0..n_levels).map(|level| bound(level + 1) - bound(level)).collect();
        let pulls: Vec<f64> = distances.iter().map(|distance| 1.0 / distance.exp_m1()).collect();
        let ln_shares: Vec<f64> = distances.iter().map(|distance| (-(-distance).exp_m1()).ln()).collect();
        let empty = || vec![0.0; predictor.len()];
        let mut thresholds = Thresholds {
            above: empty(),
            below: empty(),
            above_with_slope: empty(),
            below_with_slope: empty(),
            closeness: pulls.iter().map(|pull| pull * (1.0 + pull)).collect(),
        };
        for (row, &code) in codes.iter().enumerate() {
            let level = usize::from(code);
            let (upper, lower) = (bound(level + 1) - predictor[row], bound(level) - predictor[row]);
            // What is missing to certainty: of lying below the upper bound, and above the lower.
            let (above, below) = (Share::of(-upper), Share::of(lower));
            let ln_below_upper = (-upper).max(0.0) + above.tail.ln_1p();
            let ln_above_lower = lower.max(0.0) + below.tail.ln_1p();
            self.log_likelihood[row] = ln_shares[level] - ln_below_upper - ln_above_lower;
            self.score[row] = below.probability - above.probability;
            thresholds.above[row] = above.probability + pulls[level];
            thresholds.below[row] = -below.probability - pulls[level];
            thresholds.above_with_slope[row] = above.probability * (1.0 - above.probability);
            thresholds.below_with_slope[row] = below.probability * (1.0 - below.probability);
            self.curvature[row] = thresholds.above_with_slope[row] + thresholds.below_with_slope[row];
        }
        self.thresholds = Some(thresholds);
    }
}

/// A logistic probability.
struct Share {
    probability: f64,
    /// `exp(-|link|)`.
    tail: f64,
}

impl Share {
    fn of(link: f64) -> Self {
        let tail = (-link.abs()).exp();
        Self { probability: if link >= 0.0 { 1.0 / (1.0 + tail) } else { tail / (1.0 + tail) }, tail }
    }
}

fn sum_of_products(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(left, right)| left * right).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimators::formula_data::wave;
    use ndarray::Array2;

    /// One likelihood of each kind, with leading parameters to look at it from.
    fn kinds(n_rows: usize) -> [(Likelihood, Vec<f64>); 3] {
        let counts: Vec<f64> = (0..n_rows).map(|row| (12.0 * (wave(row, 1) + 0.5).powi(2)).floor()).collect();
        [
            (Likelihood::Class { outcome: counts.iter().map(|count| f64::from(*count > 3.0)).collect() }, vec![0.3]),
            (
                Likelihood::Levels { codes: counts.iter().map(|&count| count.min(3.0) as u8).collect(), n_levels: 4 },
                vec![-1.0, 0.2, 0.9],
            ),
            (
                Likelihood::Counts {
                    ln_factorials: counts.iter().map(|&count| poisson::ln_factorials(&[count], None)).collect(),
                    counts,
                    offset: Some((0..n_rows).map(|row| wave(row, 2)).collect()),
                },
                vec![0.7],
            ),
        ]
    }

    #[test]
    fn derivatives_by_row_are_finite_differences() {
        let predictor: Vec<f64> = (0..40).map(|row| 5.0 * wave(row, 3)).collect();
        let step = 1e-5;
        let moved = |by: f64| predictor.iter().map(|own| own + by).collect::<Vec<f64>>();
        for (likelihood, leading) in kinds(40) {
            let here = likelihood.derivatives(&leading, &predictor);
            let above = likelihood.derivatives(&leading, &moved(step));
            let below = likelihood.derivatives(&leading, &moved(-step));
            for row in 0..40 {
                let slope = (above.log_likelihood[row] - below.log_likelihood[row]) / (2.0 * step);
                assert!((slope - here.score[row]).abs() < 1e-6 * slope.abs().max(1.0));
                let bend = (below.score[row] - above.score[row]) / (2.0 * step);
                assert!((bend - here.curvature[row]).abs() < 1e-6 * bend.abs().max(1.0));
            }
        }
    }

    #[test]
    fn derivatives_by_threshold_are_finite_differences() {
        let predictor: Vec<f64> = (0..40).map(|row| 5.0 * wave(row, 3)).collect();
        let [_, (likelihood, leading), _] = kinds(40);
        let Likelihood::Levels { codes, .. } = &likelihood else { unreachable!("levels stand second") };
        let step = 1e-5;
        for threshold in 0..3 {
            let moved = |by: f64| {
                let mut leading = leading.clone();
                leading[threshold] += by;
                likelihood.derivatives(&leading, &predictor)
            };
            let (here, above, below) = (moved(0.0), moved(step), moved(-step));
            let part = |derivatives: &Derivatives, row: usize| {
                let thresholds = derivatives.thresholds.as_ref().expect("levels");
                match usize::from(codes[row]) {
                    level if level == threshold => thresholds.above[row],
                    level if level == threshold + 1 => thresholds.below[row],
                    _ => 0.0,
                }
            };
            for (row, &code) in codes.iter().enumerate() {
                let slope = (above.log_likelihood[row] - below.log_likelihood[row]) / (2.0 * step);
                assert!((slope - part(&here, row)).abs() < 1e-6 * slope.abs().max(1.0), "{threshold} {row}");
                let with_slope = (above.score[row] - below.score[row]) / (2.0 * step);
                let thresholds = here.thresholds.as_ref().expect("levels");
                let (want, bend) = match usize::from(code) {
                    level if level == threshold => (thresholds.above_with_slope[row], thresholds.closeness[level]),
                    level if level == threshold + 1 => (thresholds.below_with_slope[row], thresholds.closeness[level]),
                    _ => (0.0, 0.0),
                };
                assert!((with_slope - want).abs() < 1e-6, "{with_slope} {want}");
                let second = (part(&below, row) - part(&above, row)) / (2.0 * step);
                assert!((second - want - bend).abs() < 1e-5 * second.abs().max(1.0), "{second} {want} {bend}");
            }
        }
    }

    #[test]
    fn rows_add_up_to_the_maximum_and_the_constant_to_that_of_no_columns() {
        let values = Array2::from_shape_fn((60, 2), |(row, column)| 3.4 * wave(row, 5 + column));
        let weights: Vec<f64> = (0..60).map(|row| (row % 3) as f64).collect();
        for (likelihood, _) in kinds(60) {
            let found = likelihood.maximum(values.view(), &[0, 1], &weights, None).expect("a maximum");
            let (leading, slopes) = found.parameters.split_at(likelihood.n_leading());
            let predictor: Vec<f64> = values.outer_iter().map(|row| row[0] * slopes[0] + row[1] * slopes[1]).collect();
            let sum = sum_of_products(&weights, &likelihood.derivatives(leading, &predictor).log_likelihood);
            assert!((sum - found.log_likelihood).abs() < 1e-9 * sum.abs(), "{sum} {}", found.log_likelihood);
            let constant = likelihood.maximum(values.view(), &[], &weights, None).expect("a maximum");
            let want = likelihood.without_columns(&weights);
            assert!((constant.log_likelihood - want).abs() < 1e-10 * want.abs());
        }
    }

    #[test]
    fn a_row_far_out_keeps_a_finite_likelihood() {
        let levels = Likelihood::Levels { codes: vec![0, 1, 2], n_levels: 3 };
        let found = levels.derivatives(&[-1.0, 1.0], &[800.0, -800.0, -800.0]);
        // ln F(-1 - 800), ln(F(801) - F(799)) = -799 + ln(1 - exp(-2)), ln(1 - F(801)).
        for (got, want) in found.log_likelihood.iter().zip([-801.0, -799.145_413_457_868_8, -801.0]) {
            assert!((got - want).abs() < 1e-9, "{got} {want}");
        }
    }
}
