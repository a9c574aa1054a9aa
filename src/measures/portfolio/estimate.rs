//! A reported figure with its base and its uncertainty.

use super::settings::BlankRule;
use crate::measures::intervals::IntervalKind;
use crate::measures::weighting::one_decides;
use crate::stats::Confidence;
use serde::Serialize;

/// One figure. Net scores are -100..100, shares 0-1, means and ratios in their own unit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Estimate {
    /// The measure's name.
    pub measure: String,
    /// The word of its metric.
    pub metric: &'static str,
    /// Share of the population that is in the base, 0-1, which the error allows for; `None` where the population is endless.
    pub asked_share: Option<f64>,
    /// Rows in the base: answers, and blanks where the rule counts them.
    pub n: usize,
    /// Blank rows, in the base or not.
    pub n_missing: usize,
    /// Blank rows over all rows, 0-1.
    pub missing_share: f64,
    /// Whether blanks are in the base.
    pub blanks: BlankRule,
    /// Customers in the base, where it is known which rows are one customer's.
    pub n_customers: Option<usize>,
    /// Sum of the weights of the base; n without weights.
    pub weight_sum: f64,
    /// Kish's effective sample size, `(sum w)^2 / sum w^2`; n without weights.
    pub n_effective: f64,
    /// What the estimate was divided by: the weighted sum of the denominators; the sum of weights but for ratios.
    pub denominator: f64,
    /// The figure.
    pub estimate: f64,
    /// Its standard error; `None` where one row or customer leaves it unknown.
    pub std_error: Option<f64>,
    /// Variance of one row's contribution, in the squared unit of the figure.
    pub variance: f64,
    /// Variance over that of a simple random sample of as many rows: what weights and repeated answers cost.
    pub design_effect: Option<f64>,
    /// Lower end of the interval.
    pub conf_low: Option<f64>,
    /// Upper end of the interval.
    pub conf_high: Option<f64>,
    /// The kind of interval.
    pub interval: IntervalKind,
    /// Its level.
    pub confidence: Confidence,
}

impl Estimate {
    /// Whether one of several answers carries nearly all weight, so that the scatter of the others says nothing of the error.
    pub fn rests_on_one(&self) -> bool {
        one_decides(self.n, self.n_effective)
    }
}
