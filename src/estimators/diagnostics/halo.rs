//! Whether one general impression stands behind all touchpoint scores.

use super::touchpoints::Touchpoints;
use crate::findings::{Finding, FindingKind, Severity};
use crate::stats::SecondMoments;
use crate::stats::linear_algebra::SymmetricEigen;
use serde::{Deserialize, Serialize};

/// Fewer touchpoints than this always have a large first factor.
const TOUCHPOINTS_MIN: usize = 3;
/// The 95 % point of the Tracy-Widom law of order 1.
const TRACY_WIDOM_95: f64 = 0.979_316_05;

/// The factors behind the touchpoints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Halo {
    /// Respondents who answered every touchpoint that varies.
    pub n_rows: usize,
    /// Touchpoints that vary among them.
    pub n_touchpoints: usize,
    /// Eigenvalues of their correlation matrix, largest first; they sum to `n_touchpoints`.
    pub eigenvalues: Vec<f64>,
    /// The first eigenvalue's share of the sum, 0-1.
    pub first_share: f64,
    /// The eigenvalue that unrelated touchpoints of as many respondents exceed once in twenty surveys.
    pub chance_limit: f64,
    /// Eigenvalues above it: the factors that are more than chance, by a cautious count.
    pub n_factors: usize,
    /// Cronbach's alpha of the touchpoints as one scale.
    pub alpha: f64,
}

impl Halo {
    /// From the respondents who answered every touchpoint that varies. `None` for fewer than three such touchpoints or
    /// no more such respondents than touchpoints.
    ///
    /// The limit stands in for a parallel analysis: it is the large-sample law of the largest eigenvalue of unrelated
    /// columns.
    ///
    /// # References
    /// Thorndike (1920), "A constant error in psychological ratings"; Horn (1965), Psychometrika 30(2); Johnstone (2001),
    /// Annals of Statistics 29(2); Podsakoff et al. (2003), Journal of Applied Psychology 88(5), for the single-factor
    /// check; Cronbach (1951), Psychometrika 16(3).
    pub fn of(touchpoints: &Touchpoints) -> Option<Self> {
        let values = touchpoints.values();
        let varying: Vec<usize> = (0..values.ncols()).filter(|&column| varies(values.column(column))).collect();
        let values = values.select(ndarray::Axis(1), &varying);
        let complete: Vec<f64> =
            values.outer_iter().map(|row| f64::from(u8::from(row.iter().all(|value| !value.is_nan())))).collect();
        let n_rows = complete.iter().filter(|&&weight| weight > 0.0).count();
        let n_touchpoints = varying.len();
        if n_touchpoints < TOUCHPOINTS_MIN || n_rows <= n_touchpoints {
            return None;
        }
        let moments = SecondMoments::of_rows(values.view(), Some(&complete));
        if (0..n_touchpoints).any(|column| !moments.varies(column)) {
            return None;
        }
        let eigen = SymmetricEigen::of(moments.correlations().view())?;
        let eigenvalues: Vec<f64> = eigen.values.iter().rev().map(|value| value.max(0.0)).collect();
        let p = n_touchpoints as f64;
        let chance_limit = chance_limit(n_rows as f64, p);
        let within: f64 = moments.cross_products.diag().sum();
        Some(Self {
            n_rows,
            n_touchpoints,
            first_share: eigenvalues[0] / p,
            n_factors: eigenvalues.iter().filter(|&&value| value > chance_limit).count(),
            chance_limit,
            eigenvalues,
            alpha: p / (p - 1.0) * (1.0 - within / moments.cross_products.sum()),
        })
    }

    /// Where the first factor holds more than a share of all variance.
    pub(super) fn finding(&self, share_max: f64) -> Option<Finding> {
        (self.first_share > share_max).then(|| {
            let sentence = format!(
                "One general impression holds {:.0} % of the variance of {} touchpoints (Cronbach's alpha {:.2}): customers hardly \
                 tell them apart, so read the ranking as an order within one whole.",
                100.0 * self.first_share,
                self.n_touchpoints,
                self.alpha
            );
            Finding::new(FindingKind::Halo, Severity::Warning, "touchpoints", sentence)
                .number("first_share", self.first_share)
                .number("n_factors", self.n_factors as f64)
                .number("alpha", self.alpha)
                .number("n_rows", self.n_rows as f64)
        })
    }
}

fn varies(column: ndarray::ArrayView1<f64>) -> bool {
    let mut answers = column.iter().copied().filter(|value| !value.is_nan());
    answers.next().is_some_and(|first| answers.any(|value| (value - first).abs() > 0.0))
}

/// With `m = n - 1`: `((sqrt(m) + sqrt(p))^2 + (sqrt(m) + sqrt(p)) (1/sqrt(m) + 1/sqrt(p))^(1/3) q) / m`, `q` the
/// quantile of the Tracy-Widom law.
fn chance_limit(n_rows: f64, n_columns: f64) -> f64 {
    let m = n_rows - 1.0;
    let edge = m.sqrt() + n_columns.sqrt();
    let width = edge * (1.0 / m.sqrt() + 1.0 / n_columns.sqrt()).cbrt();
    (edge * edge + width * TRACY_WIDOM_95) / m
}
