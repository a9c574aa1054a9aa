//! How the measures of one response go together.

use super::measure::Measure;
use crate::measures::intervals::{Ends, IntervalKind};
use crate::measures::sampling::Resampling;
use crate::measures::{MeasureError, Sampling};
use crate::stats::Confidence;
use serde::Serialize;

/// How correlations are computed.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Correlations {
    /// Level of the intervals.
    pub confidence: Confidence,
    /// Percentiles over resampled customers instead of Fisher's z, where wanted.
    pub resampling: Option<Resampling>,
}

/// One pair of measures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CorrelationRow {
    /// One measure.
    pub one: String,
    /// The other.
    pub other: String,
    /// Rows that have both.
    pub n: usize,
    /// What Fisher's interval takes for the base: Kish's n of rows, or of customers where these have several.
    pub n_effective: f64,
    /// Pearson's correlation; `None` where one of the two does not vary.
    pub correlation: Option<f64>,
    /// Lower end of the interval.
    pub conf_low: Option<f64>,
    /// Upper end of the interval.
    pub conf_high: Option<f64>,
    /// `bootstrap`, or `fisher-z`.
    pub interval: &'static str,
}

impl Correlations {
    /// Every pair of measures over the rows that have both, of the answers as given (a score's 0-10, not its class).
    ///
    /// Fisher's interval is `tanh(atanh r +- z / sqrt(n - 3))`; with weights n is Kish's, with customers at most
    /// `(sum w)^2 / sum w^2` over the weights of whole customers: their number where all have as many rows, less where one
    /// customer weighs more.
    ///
    /// # Errors
    /// Columns of unequal length, bad weights, too few replicates.
    ///
    /// # References
    /// Fisher (1921), "On the probable error of a coefficient of correlation deduced from a small sample", Metron 1.
    ///
    /// # Example
    /// ```
    /// use advocate::measures::portfolio::{Correlations, Measure};
    /// use advocate::measures::Sampling;
    /// let (one, other) = ([1.0, 2.0, 3.0, 4.0, 5.0], [2.0, 1.0, 4.0, 3.0, 5.0]);
    /// let measures = [Measure::mean("one", &one)?, Measure::mean("other", &other)?];
    /// let rows = Correlations::default().between(&measures, Sampling::default())?;
    /// assert!((rows[0].correlation.unwrap_or_default() - 0.8).abs() < 1e-12);
    /// # Ok::<(), advocate::measures::MeasureError>(())
    /// ```
    pub fn between(&self, measures: &[Measure], sampling: Sampling) -> Result<Vec<CorrelationRow>, MeasureError> {
        let mut rows = Vec::new();
        for (place, one) in measures.iter().enumerate() {
            for other in &measures[place + 1..] {
                rows.push(self.pair(one, other, sampling)?);
            }
        }
        Ok(rows)
    }

    fn pair(&self, one: &Measure, other: &Measure, sampling: Sampling) -> Result<CorrelationRow, MeasureError> {
        if one.n_rows() != other.n_rows() {
            let (n_found, n_expected) = (other.n_rows(), one.n_rows());
            return Err(MeasureError::Length { what: other.name().to_owned(), n_found, n_expected });
        }
        sampling.check(one.n_rows())?;
        let (left, right) = (one.values(), other.values());
        let rows: Vec<usize> = (0..one.n_rows())
            .filter(|&row| !left[row].is_nan() && !right[row].is_nan() && sampling.weight(row) > 0.0)
            .collect();
        let of = |column: &[f64]| rows.iter().map(|&row| column[row]).collect::<Vec<f64>>();
        let (left, right) = (of(left), of(right));
        let weights: Vec<f64> = rows.iter().map(|&row| sampling.weight(row) / sampling.unit()).collect();
        let clusters = sampling.clusters.map(|clusters| clusters.keep(&rows));
        let sum: f64 = weights.iter().sum();
        let kish = |weights: &[f64]| sum * sum / weights.iter().map(|weight| weight * weight).sum::<f64>();
        let n_effective = clusters.as_ref().map_or_else(
            || kish(&weights),
            |clusters| {
                let mut by_customer = vec![0.0; clusters.n_clusters()];
                clusters.codes().iter().zip(&weights).for_each(|(&code, weight)| by_customer[code as usize] += weight);
                kish(&by_customer)
            },
        );
        let correlation = pearson(&left, &right, &weights);
        let ends = match (correlation, self.resampling) {
            (None, _) => None,
            (Some(_), Some(resampling)) => {
                let sampling = Sampling { weights: Some(&weights), clusters: clusters.as_ref(), ..Sampling::default() };
                let draws = resampling.draws(rows.len(), sampling, |weights| pearson(&left, &right, weights))?;
                Some(resampling.percentiles(draws, self.confidence)?)
            }
            (Some(own), None) => (n_effective > 3.0).then(|| {
                let half = self.confidence.z() / (n_effective - 3.0).sqrt();
                Ends { low: (own.atanh() - half).tanh(), high: (own.atanh() + half).tanh() }
            }),
        };
        Ok(CorrelationRow {
            one: one.name().to_owned(),
            other: other.name().to_owned(),
            n: rows.len(),
            n_effective,
            correlation,
            conf_low: ends.map(|ends| ends.low),
            conf_high: ends.map(|ends| ends.high),
            interval: self.resampling.map_or("fisher-z", |_| IntervalKind::Bootstrap.word()),
        })
    }
}

/// `None` where one of the two does not vary.
fn pearson(left: &[f64], right: &[f64], weights: &[f64]) -> Option<f64> {
    let sum: f64 = weights.iter().sum();
    let mean = |column: &[f64]| column.iter().zip(weights).map(|(value, weight)| value * weight).sum::<f64>() / sum;
    let (middle, other) = (mean(left), mean(right));
    let (mut ll, mut lr, mut rr) = (0.0, 0.0, 0.0);
    for ((left, right), weight) in left.iter().zip(right).zip(weights) {
        ll += weight * (left - middle) * (left - middle);
        lr += weight * (left - middle) * (right - other);
        rr += weight * (right - other) * (right - other);
    }
    // What rounding leaves of a constant column is no variation.
    let varies = |squares: f64, mean: f64| squares > 1e-20 * sum * mean * mean && squares > 0.0;
    (varies(ll, middle) && varies(rr, other)).then(|| (lr / (ll * rr).sqrt()).clamp(-1.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Clusters;

    fn columns() -> (Vec<f64>, Vec<f64>) {
        let one: Vec<f64> = (0..120).map(|i| f64::from(i * i % 11)).collect();
        let other = one.iter().enumerate().map(|(i, one)| one + (i * 7 % 13) as f64).collect();
        (one, other)
    }

    #[test]
    fn fisher_agrees_with_scipy() {
        // measures_reference.py: scipy.stats.pearsonr(...).confidence_interval(0.95)
        let (one, other) = columns();
        let measures = [Measure::mean("one", &one).expect("numbers"), Measure::mean("other", &other).expect("numbers")];
        let row = &Correlations::default().between(&measures, Sampling::default()).expect("rows")[0];
        let want = crate::measures::reference::numbers("correlation", "fisher");
        let got = [row.correlation, row.conf_low, row.conf_high].map(|value| value.expect("a value"));
        assert!(got.iter().zip(&want).all(|(got, want)| (got - want).abs() < 1e-10), "{got:?} {want:?}");
    }

    #[test]
    fn repeated_customers_widen_and_resampling_agrees_roughly() {
        let (one, other) = columns();
        // Every row twice, as if each customer had answered twice alike.
        let twice = |column: &[f64]| column.iter().chain(column).copied().collect::<Vec<f64>>();
        let (one_twice, other_twice) = (twice(&one), twice(&other));
        let customers = Clusters::from_labels((0..240).map(|row| row % 120));
        let sampling = Sampling { clusters: Some(&customers), ..Sampling::default() };
        let measures = [
            Measure::mean("one", &one_twice).expect("numbers"),
            Measure::mean("other", &other_twice).expect("numbers"),
        ];
        let own = Correlations::default().between(&measures, sampling).expect("rows");
        let want = crate::measures::reference::numbers("correlation", "fisher");
        assert!((own[0].conf_low.expect("an end") - want[1]).abs() < 1e-10);
        let resampled = Correlations { resampling: Some(Resampling::default()), ..Correlations::default() };
        let own = resampled.between(&measures, sampling).expect("rows");
        assert!((own[0].conf_low.expect("an end") - want[1]).abs() < 0.06);
        assert!((own[0].conf_high.expect("an end") - want[2]).abs() < 0.06);
    }

    /// One customer of 40 rows, one of 5 and five of one: (40 + 5 + 5)^2 / (1600 + 25 + 5) by hand.
    #[test]
    fn a_heavy_customer_leaves_a_small_base() {
        let (one, other) = columns();
        let measures = [
            Measure::mean("one", &one[..50]).expect("numbers"),
            Measure::mean("other", &other[..50]).expect("numbers"),
        ];
        let customers = Clusters::from_labels((0..50).map(|row| match row {
            0..40 => 0,
            40..45 => 1,
            row => row,
        }));
        let sampling = Sampling { clusters: Some(&customers), ..Sampling::default() };
        let row = &Correlations::default().between(&measures, sampling).expect("rows")[0];
        assert!((row.n_effective - 2500.0 / 1630.0).abs() < 1e-12, "{row:?}");
    }

    #[test]
    fn a_constant_goes_with_nothing() {
        let constant = [0.1; 5];
        let measures = [
            Measure::mean("constant", &constant).expect("numbers"),
            Measure::mean("other", &[1.0, 2.0, 3.0, 4.0, f64::NAN]).expect("numbers"),
        ];
        let row = &Correlations::default().between(&measures, Sampling::default()).expect("rows")[0];
        assert_eq!((row.n, row.correlation, row.conf_low), (4, None, None));
    }
}
