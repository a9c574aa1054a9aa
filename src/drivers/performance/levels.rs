//! How a touchpoint performs: its mean on 0-100 and the share in its top box, each with its interval.

use super::Touchpoint;
use crate::data::Observations;
use crate::drivers::ActionError;
use crate::drivers::estimate::Estimate;
use crate::drivers::units::{Mean, Units};
use crate::stats::Confidence;

/// Below this a variance of a share is rounding (absolute).
const NO_VARIANCE: f64 = 1e-15;

/// Performance of one touchpoint.
pub(super) struct Levels {
    /// Mean on the scale's own 0-100.
    pub mean: Estimate,
    /// Share in the top box, 0-1.
    pub top_box: Estimate,
}

/// Levels of each touchpoint, in order.
///
/// The mean's standard error is linearised, `sqrt(G / (G - 1) sum over customers of (sum w (x - mean))^2) / sum w`, with
/// Student's t on `G - 1`; a share's interval is Wilson's for the number of independent answers that would have its
/// standard error.
///
/// # Errors
/// A score off its scale, fewer than two customers, a column that is not there.
///
/// # References
/// Wolter (2007), "Introduction to Variance Estimation", chapter 6; Wilson (1927), JASA 22(158); Dean and Pagano (2015),
/// "Evaluating confidence interval methods for binomial proportions in clustered surveys", Journal of Survey Statistics
/// and Methodology 3(4), for the effective number.
pub(super) fn levels(
    observations: &Observations,
    touchpoints: &[Touchpoint],
    confidence: Confidence,
) -> Result<Vec<Levels>, ActionError> {
    let units = Units::of(observations);
    if units.n_units() < 2.0 {
        return Err(ActionError::OneCustomer);
    }
    let of = |touchpoint: &Touchpoint| {
        check(observations, touchpoint, units.weights())?;
        let scores = observations.design().values().column(touchpoint.column).to_owned();
        let scale = touchpoint.scale;
        let mean = units.mean(|row| scale.percent(scores[row]));
        let top = units.mean(|row| in_top_box(touchpoint, scores[row]));
        let mut of_mean = Estimate::symmetric(mean.estimate, mean.std_error, confidence.t(units.n_units() - 1.0));
        (of_mean.conf_low, of_mean.conf_high) = (of_mean.conf_low.max(0.0), of_mean.conf_high.min(100.0));
        Ok(Levels { mean: of_mean, top_box: wilson(top, units.n_effective(), confidence.z()) })
    };
    touchpoints.iter().map(of).collect()
}

/// 1 in the top box, 0 below.
pub(super) fn in_top_box(touchpoint: &Touchpoint, score: f64) -> f64 {
    f64::from(u8::from(score >= touchpoint.scale.top_box_from()))
}

fn check(observations: &Observations, touchpoint: &Touchpoint, weights: &[f64]) -> Result<(), ActionError> {
    let design = observations.design();
    if touchpoint.column >= design.n_features() {
        return Err(ActionError::NoSuchColumn { column: touchpoint.column, n_columns: design.n_features() });
    }
    let scores = design.values();
    let mut counted = scores.column(touchpoint.column).into_iter().enumerate().filter(|&(row, _)| weights[row] > 0.0);
    counted.try_for_each(|(row, &score)| touchpoint.scale.check(&touchpoint.name, row, score))
}

/// Wilson's interval of a share for `p (1 - p) / std_error^2` independent answers; where the share does not vary, for the
/// effective number of units.
fn wilson(share: Mean, n_effective: f64, z: f64) -> Estimate {
    let Mean { estimate, std_error } = share;
    let variance = estimate * (1.0 - estimate);
    let n = if std_error * std_error > NO_VARIANCE { variance / (std_error * std_error) } else { n_effective };
    let centre = (estimate + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let half = z / (1.0 + z * z / n) * (variance.max(0.0) / n + z * z / (4.0 * n * n)).sqrt();
    let (conf_low, conf_high) = ((centre - half).max(0.0), (centre + half).min(1.0));
    Estimate { estimate, std_error, conf_low, conf_high }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Clusters, DesignMatrix, Outcome, WeightKind, Weights};
    use crate::drivers::scale::Scale;
    use ndarray::{Array1, Array2};

    fn observations(scores: &[f64]) -> Observations {
        let values = Array2::from_shape_vec((scores.len(), 1), scores.to_vec()).expect("one column");
        let design = DesignMatrix::new(vec!["delivery".to_owned()], values).expect("valid");
        Observations::new(design, Outcome::numeric("y", Array1::zeros(scores.len())).expect("valid")).expect("valid")
    }

    fn touchpoint() -> Touchpoint {
        Touchpoint { name: "delivery".to_owned(), column: 0, scale: Scale::new(1.0, 5.0).expect("in order") }
    }

    fn of(observations: &Observations) -> Levels {
        levels(observations, &[touchpoint()], Confidence::default()).expect("levels").remove(0)
    }

    #[track_caller]
    fn close(got: f64, want: f64) {
        assert!((got - want).abs() < 1e-10, "{got} {want}");
    }

    #[test]
    fn plain_rows_by_scipy() {
        // x = 25 (score - 1): mean 55, scipy.stats.sem and t.interval(.95, 4, ...); statsmodels proportion_confint(2, 5,
        // method="wilson").
        let own = of(&observations(&[1.0, 2.0, 3.0, 5.0, 5.0]));
        close(own.mean.estimate, 55.0);
        close(own.mean.std_error, 20.0);
        close(own.mean.conf_low, 0.0);
        close(own.mean.conf_high, 100.0);
        close(own.top_box.estimate, 0.4);
        // The share's standard error has divisor n - 1, so that Wilson's n is 4.
        let (n, z) = (4.0, 1.959_963_984_540_054_f64);
        let centre = (0.4 + z * z / (2.0 * n)) / (1.0 + z * z / n);
        let half = z / (1.0 + z * z / n) * (0.24_f64 / n + z * z / (4.0 * n * n)).sqrt();
        close(own.top_box.conf_low, centre - half);
        close(own.top_box.conf_high, centre + half);
    }

    #[test]
    fn a_frequency_is_a_repeated_row() {
        let weights = Weights::new(WeightKind::Frequency, vec![2.0, 1.0, 0.0, 3.0]).expect("valid");
        let weighted = of(&observations(&[1.0, 4.0, 3.0, 5.0]).weighted(weights).expect("valid"));
        let repeated = of(&observations(&[1.0, 1.0, 4.0, 5.0, 5.0, 5.0]));
        close(weighted.mean.std_error, repeated.mean.std_error);
        close(weighted.mean.conf_high, repeated.mean.conf_high);
        close(weighted.top_box.conf_low, repeated.top_box.conf_low);
    }

    #[test]
    fn customers_of_several_answers_are_one_unit() {
        // Two customers, means 0 and 75 of two answers each: influences (-75, 75), G / (G - 1) = 2.
        let clusters = Clusters::from_labels(["a", "a", "b", "b"]);
        let own = of(&observations(&[1.0, 1.0, 3.0, 5.0]).clustered(clusters).expect("valid"));
        close(own.mean.estimate, 37.5);
        close(own.mean.std_error, (2.0 * (75.0_f64.powi(2) * 2.0)).sqrt() / 4.0);
        // One customer's top box 0 of 2, the other's 1 of 2.
        close(own.top_box.std_error, (2.0 * 0.5_f64.powi(2) * 2.0).sqrt() / 4.0);
    }

    #[test]
    fn weights_weigh_and_rows_without_one_are_not_looked_at() {
        let weights = Weights::new(WeightKind::Sampling, vec![1.0, 3.0, 0.0]).expect("valid");
        let own = of(&observations(&[1.0, 5.0, 99.0]).weighted(weights).expect("valid"));
        close(own.mean.estimate, 75.0);
        // Influences 1 (0 - 75) and 3 (100 - 75).
        close(own.mean.std_error, (2.0 * (75.0_f64.powi(2) * 2.0)).sqrt() / 4.0);
    }

    #[test]
    fn a_unanimous_share_still_has_an_interval() {
        // statsmodels proportion_confint(4, 4, method="wilson")
        let own = of(&observations(&[5.0; 4]));
        close(own.top_box.conf_low, 0.510_109_163_545_402_5);
        close(own.top_box.conf_high, 1.0);
    }

    #[test]
    fn bad_input_is_named() {
        let one = |observations: &Observations| levels(observations, &[touchpoint()], Confidence::default()).err();
        assert!(matches!(one(&observations(&[1.0, 7.0])), Some(ActionError::OffScale { row: 2, .. })));
        assert!(matches!(one(&observations(&[1.0])), Some(ActionError::OneCustomer)));
        let elsewhere = [Touchpoint { column: 1, ..touchpoint() }];
        let error = levels(&observations(&[1.0, 2.0]), &elsewhere, Confidence::default()).err();
        assert!(matches!(error, Some(ActionError::NoSuchColumn { .. })));
    }
}
