//! The difference of two groups of the same rows, who may share customers.

use super::{MeasureError, Sampling};
use crate::data::Clusters;
use crate::stats::Confidence;
use crate::stats::distributions::student_two_sided;
use serde::Serialize;

/// One group's mean less another's.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Difference {
    /// Rows of the first group.
    pub n_one: usize,
    /// Rows of the second group.
    pub n_other: usize,
    /// Mean of the first group.
    pub one: f64,
    /// Mean of the second group.
    pub other: f64,
    /// The first less the second.
    pub difference: f64,
    /// Its standard error, linearised by customer.
    pub std_error: f64,
    /// Two-sided.
    pub p_value: f64,
    /// Lower end of the interval.
    pub conf_low: f64,
    /// Upper end of the interval.
    pub conf_high: f64,
}

/// The side of a row: `Some(true)` in the first group, `Some(false)` in the second.
pub(super) fn difference(
    values: &[f64],
    side: impl Fn(usize) -> Option<bool>,
    sampling: Sampling,
    confidence: Confidence,
) -> Result<Difference, MeasureError> {
    sampling.check(values.len())?;
    let (mut n, mut weight, mut sum) = ([0_usize; 2], [0.0; 2], [0.0; 2]);
    let group = |row: usize| match (values[row].is_nan(), side(row)) {
        (false, Some(first)) if sampling.weight(row) > 0.0 => Some(usize::from(!first)),
        _ => None,
    };
    for (row, value) in values.iter().enumerate() {
        let Some(at) = group(row) else { continue };
        n[at] += 1;
        weight[at] += sampling.weight(row);
        sum[at] += sampling.weight(row) * value;
    }
    for (at, n) in n.iter().enumerate() {
        if *n == 0 {
            let what = if at == 0 { "rows of the first group" } else { "rows of the second group" };
            return Err(MeasureError::TooFew { what: what.to_owned(), n_found: 0, n_needed: 1 });
        }
    }
    let means = [sum[0] / weight[0], sum[1] / weight[1]];
    let rows: Vec<usize> = (0..values.len()).filter(|&row| group(row).is_some()).collect();
    let clusters = match sampling.clusters {
        Some(clusters) => clusters.keep(&rows),
        None => Clusters::from_labels(0..rows.len()),
    };
    let kept: Vec<f64> = rows.iter().map(|&row| sampling.weight(row)).collect();
    let own = Sampling { weights: Some(&kept), clusters: Some(&clusters), ..Sampling::default() };
    let influence = |place: usize| {
        let row = rows[place];
        let at = group(row).unwrap_or(0);
        let sign = if at == 0 { 1.0 } else { -1.0 };
        sign * kept[place] * (values[row] - means[at]) / weight[at]
    };
    let std_error = own.scatter_of_customers(&clusters, influence)?.sqrt();
    let left = clusters.n_clusters() as f64 - 1.0;
    let gap = means[0] - means[1];
    let half = confidence.t(left) * std_error;
    let p_value =
        if std_error > 0.0 { student_two_sided(gap / std_error, left) } else { f64::from(u8::from(gap.abs() <= 0.0)) };
    Ok(Difference {
        n_one: n[0],
        n_other: n[1],
        one: means[0],
        other: means[1],
        difference: gap,
        std_error,
        p_value,
        conf_low: gap - half,
        conf_high: gap + half,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_of_own_customers_by_hand() {
        // 1, 0, 1, 1 against 0, 0, 1, 0: 3/4 less 1/4; scatter 3/4 / 16 each; 8 / 7 times 1.5 / 16.
        let values = [1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0, f64::NAN];
        let own = difference(&values, |row| Some(row < 4), Sampling::default(), Confidence::default()).expect("groups");
        assert!((own.difference - 0.5).abs() < 1e-12);
        assert!((own.std_error - (8.0_f64 / 7.0 * 1.5 / 16.0).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn customers_on_both_sides_cancel() {
        // Each customer adds the same deviation to both sides: the difference is sure.
        let values = [1.0, 2.0, 5.0, 4.0, 5.0, 8.0];
        let customers = Clusters::from_labels([1, 2, 3, 1, 2, 3]);
        let sampling = Sampling { clusters: Some(&customers), ..Sampling::default() };
        let own = difference(&values, |row| Some(row < 3), sampling, Confidence::default()).expect("groups");
        assert!((own.difference + 3.0).abs() < 1e-12 && own.std_error < 1e-12);
    }

    #[test]
    fn an_empty_group_is_refused() {
        let refused = difference(&[1.0, 2.0], |_| Some(true), Sampling::default(), Confidence::default());
        assert!(matches!(refused, Err(MeasureError::TooFew { .. })));
    }
}
