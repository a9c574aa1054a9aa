//! Weights that reproduce several margins at once.

use super::efficiency::WeightEfficiency;
use super::margins::{Margin, check_together};
use crate::measures::MeasureError;
use serde::Serialize;

/// Bounds of a weight over the mean weight.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct WeightBounds {
    low: f64,
    high: f64,
}

impl WeightBounds {
    /// Checks the bounds.
    ///
    /// # Errors
    /// A lower bound that is negative or above 1; an upper bound below 1 or not finite.
    pub fn new(low: f64, high: f64) -> Result<Self, MeasureError> {
        if !(0.0..=1.0).contains(&low) {
            return Err(MeasureError::Setting {
                what: "the lower bound of weights",
                value: low,
                must: "between 0 and 1",
            });
        }
        if !(high.is_finite() && high >= 1.0) {
            return Err(MeasureError::Setting { what: "the upper bound of weights", value: high, must: "at least 1" });
        }
        Ok(Self { low, high })
    }
}

/// How weights are raked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Raking {
    /// Rounds over all margins, at most.
    pub rounds_max: usize,
    /// A category may miss its size by this share of the total.
    pub tolerance: f64,
    /// Bounds of the weights, where wanted.
    pub bounds: Option<WeightBounds>,
}

impl Default for Raking {
    fn default() -> Self {
        Self { rounds_max: 1000, tolerance: 1e-10, bounds: None }
    }
}

/// Raked weights.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RakedWeights {
    /// One weight per row; they sum to the population of the margins.
    pub weights: Vec<f64>,
    /// Rounds made.
    pub rounds: usize,
    /// The largest gap between a category and its size, as a share of the total.
    pub largest_gap: f64,
    /// Rows at a bound.
    pub n_at_bounds: usize,
    /// What the weights cost.
    pub efficiency: WeightEfficiency,
}

impl Raking {
    /// Multiplies the weights of each category by what it lacks, margin after margin, until all margins hold.
    ///
    /// Base weights are 1 where there are none. Bounds are applied at the end of every round, so that what is cut off is
    /// spread over others of the same categories; if no weights within the bounds meet the margins, that is an error.
    ///
    /// # Errors
    /// Margins of different totals; a category without answers, or answers without a size; base weights that are none;
    /// margins that were not reached, which names the worst: they contradict each other in the cells that were answered, or
    /// the bounds are too tight.
    ///
    /// # References
    /// Deming and Stephan (1940), "On a least squares adjustment of a sampled frequency table", Annals of Mathematical
    /// Statistics 11(4); Deville, Särndal and Sautory (1993), "Generalized raking procedures", JASA 88.
    ///
    /// # Example
    /// ```
    /// use advocate::measures::weighting::{Margin, Raking, TargetShare};
    /// let sizes = vec![
    ///     TargetShare { category: "f".into(), size: 60.0 },
    ///     TargetShare { category: "m".into(), size: 40.0 },
    /// ];
    /// let sex = Margin::new("sex", sizes, &[0, 1, 1, 1])?;
    /// let raked = Raking::default().weigh(&[sex], None)?;
    /// assert!((raked.weights[0] - 60.0).abs() < 1e-9 && (raked.weights[1] - 40.0 / 3.0).abs() < 1e-9);
    /// # Ok::<(), advocate::measures::MeasureError>(())
    /// ```
    pub fn weigh(&self, margins: &[Margin], base: Option<&[f64]>) -> Result<RakedWeights, MeasureError> {
        let n_rows = margins.first().map_or(0, |margin| margin.codes().len());
        let mut weights = base.map_or_else(|| vec![1.0; n_rows], <[f64]>::to_vec);
        check_together(margins, &weights)?;
        let total = margins[0].total();
        let scale = total / weights.iter().sum::<f64>();
        weights.iter_mut().for_each(|weight| *weight *= scale);
        let n_weighted = weights.iter().filter(|&&weight| weight > 0.0).count();
        let mean = total / n_weighted as f64;
        for round in 1..=self.rounds_max {
            for margin in margins {
                let factors = factors(margin, &margin.sums(&weights), total);
                weights.iter_mut().zip(margin.codes()).for_each(|(weight, &code)| *weight *= factors[code as usize]);
            }
            if let Some(WeightBounds { low, high }) = self.bounds {
                let bound = |weight: f64| weight.clamp(low * mean, high * mean);
                weights.iter_mut().filter(|weight| **weight > 0.0).for_each(|weight| *weight = bound(*weight));
            }
            let worst = worst_gap(margins, &weights, total);
            if worst.gap <= self.tolerance {
                let at_bound = |weight: f64| {
                    self.bounds.is_some_and(|WeightBounds { low, high }| {
                        weight <= low * mean * (1.0 + 1e-9) || weight >= high * mean * (1.0 - 1e-9)
                    })
                };
                return Ok(RakedWeights {
                    rounds: round,
                    largest_gap: worst.gap,
                    n_at_bounds: weights.iter().filter(|&&weight| weight > 0.0 && at_bound(weight)).count(),
                    efficiency: WeightEfficiency::of(&weights)?,
                    weights,
                });
            }
        }
        let worst = worst_gap(margins, &weights, total);
        Err(MeasureError::NotConverged { margin: worst.margin, gap: worst.gap, rounds: self.rounds_max })
    }
}

/// What each category's weights are multiplied with; margins may differ by rounding in their totals.
fn factors(margin: &Margin, sums: &[f64], total: f64) -> Vec<f64> {
    let own = total / margin.total();
    let factor = |(size, sum): (f64, &f64)| if *sum > 0.0 { own * size / sum } else { 1.0 };
    margin.targets().iter().map(|target| target.size).zip(sums).map(factor).collect()
}

struct WorstGap {
    margin: String,
    gap: f64,
}

fn worst_gap(margins: &[Margin], weights: &[f64], total: f64) -> WorstGap {
    let mut worst = WorstGap { margin: String::new(), gap: 0.0 };
    for margin in margins {
        let own = total / margin.total();
        for (target, sum) in margin.targets().iter().zip(margin.sums(weights)) {
            let gap = (sum - own * target.size).abs() / total;
            // A weight that overflowed is a gap, too.
            if gap > worst.gap || gap.is_nan() {
                worst = WorstGap { margin: format!("{} = {}", margin.name(), target.category), gap };
            }
        }
    }
    worst
}
