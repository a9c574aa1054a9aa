//! Figures with intervals by customer, of one model's predictions and of two models' on the same rows.

use super::delong::{AucDifference, AucScale, compare_roc_auc, roc_auc_with_error};
use super::metric::{Figure, Judged, Metric};
use super::test_rows::TestRows;
use super::{EvaluationError, Interval};
use crate::data::{Clusters, Weights};
use crate::findings::{Finding, FindingKind, Severity};
use crate::stats::quantile::quantiles;
use crate::stats::{Confidence, Resampler};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Fewer replicates than this carry no interval.
const REPLICATES_MIN: usize = 20;
/// Below this share of replicates that could be computed the interval is not shown.
const SUCCEEDED_MIN: f64 = 0.5;

/// How figures are made sure.
///
/// # Example
/// ```
/// use advocate::estimators::evaluation::{Assessment, Metric, TestRows};
/// let rows = TestRows::classes(&[1.0, 0.0, 1.0, 0.0])?;
/// let judged = Assessment::default().judge(&rows, &[0.9, 0.4, 0.35, 0.1], &[Metric::RocAuc])?;
/// assert_eq!(judged.estimates[0].value, 0.75);
/// # Ok::<(), advocate::estimators::evaluation::EvaluationError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Assessment {
    /// The level of the intervals.
    pub confidence: Confidence,
    /// Bootstrap samples; 0 for none.
    pub replicates: usize,
    /// Seed of the bootstrap.
    pub seed: u64,
    /// The scale of the interval of an area under the ROC curve.
    pub auc_scale: AucScale,
}

impl Default for Assessment {
    fn default() -> Self {
        Self { confidence: Confidence::default(), replicates: 1000, seed: 0, auc_scale: AucScale::default() }
    }
}

/// How an interval was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IntervalSource {
    /// DeLong's variance, by customer.
    Delong,
    /// Percentiles over samples of customers.
    Bootstrap,
}

/// A figure with its interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricEstimate {
    /// Which figure.
    pub metric: Metric,
    /// Its value.
    pub value: f64,
    /// Its standard error, where there is an interval.
    pub std_error: Option<f64>,
    /// Lower end of the confidence interval.
    pub conf_low: Option<f64>,
    /// Upper end of the confidence interval.
    pub conf_high: Option<f64>,
    /// How the interval was made.
    pub interval: Option<IntervalSource>,
    /// Rows judged.
    pub n_rows: usize,
    /// Their customers (rows, where customers are not known).
    pub n_customers: usize,
}

/// Figures of one model's predictions.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Judgement {
    /// The figures that could be computed, in the order asked for.
    pub estimates: Vec<MetricEstimate>,
    /// Those that could not, and what a reader must know.
    pub findings: Vec<Finding>,
}

impl Judgement {
    /// One of the figures, if it could be computed.
    pub fn of(&self, metric: Metric) -> Option<&MetricEstimate> {
        self.estimates.iter().find(|estimate| estimate.metric == metric)
    }
}

/// A figure of two models on the same rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricDifference {
    /// Which figure.
    pub metric: Metric,
    /// The champion's.
    pub champion: f64,
    /// The challenger's.
    pub challenger: f64,
    /// Challenger less champion.
    pub difference: f64,
    /// Standard error of the difference, over samples of customers.
    pub std_error: Option<f64>,
    /// Lower end of the difference's confidence interval.
    pub conf_low: Option<f64>,
    /// Upper end of the difference's confidence interval.
    pub conf_high: Option<f64>,
}

/// Two models on the same rows.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Comparison {
    /// The figures of which both could be computed, in the order asked for.
    pub differences: Vec<MetricDifference>,
    /// DeLong's paired test of the areas under the ROC curves, for unweighted classes.
    pub delong: Option<AucDifference>,
    /// What a reader must know.
    pub findings: Vec<Finding>,
}

impl Comparison {
    /// One of the differences, if it could be computed.
    pub fn of(&self, metric: Metric) -> Option<&MetricDifference> {
        self.differences.iter().find(|difference| difference.metric == metric)
    }
}

impl Assessment {
    /// Figures of predictions: probabilities of class 1 for classes, expected values for numbers.
    ///
    /// The interval of the area under the ROC curve is DeLong's (by customer), that of every other figure, and of the area
    /// where rows have weights, lies between percentiles over samples of whole customers; Kolmogorov and Smirnov's statistic, which
    /// such samples push up, has none. A figure that is not defined for
    /// these rows is left out with a finding.
    ///
    /// # Errors
    /// Not one prediction per row, or one that is no probability or not finite.
    pub fn judge(
        &self,
        rows: &TestRows,
        predictions: &[f64],
        metrics: &[Metric],
    ) -> Result<Judgement, EvaluationError> {
        let judged = Judged::of(rows, predictions)?;
        let weights = rows.weight_values();
        let (mut findings, mut figures) = (Vec::new(), Vec::new());
        for &metric in metrics {
            match judged.figure(metric).and_then(|figure| Ok((metric, figure.value(&weights)?, figure))) {
                Ok(figure) => figures.push(figure),
                Err(error) => findings.push(not_computed(metric, &error)),
            }
        }
        let resampler = rows.resampler(self.seed);
        let draws = self.draws(&resampler, figures.len(), |weights| {
            figures.iter().map(|(_, _, figure)| figure.value(weights).ok()).collect()
        });
        findings.extend(draws.finding());
        let (n_rows, n_customers) = (rows.n_rows(), rows.n_customers());
        let estimates = figures
            .iter()
            .enumerate()
            .map(|(index, &(metric, value, _))| {
                let spread = self
                    .delong(metric, rows, predictions)
                    .or_else(|| draws.spread(index, self.confidence).map(|spread| (IntervalSource::Bootstrap, spread)))
                    .filter(|_| metric.has_percentiles());
                MetricEstimate {
                    metric,
                    value,
                    std_error: spread.and_then(|(_, spread)| spread.std_error),
                    conf_low: spread.map(|(_, spread)| spread.interval.conf_low),
                    conf_high: spread.map(|(_, spread)| spread.interval.conf_high),
                    interval: spread.map(|(source, _)| source),
                    n_rows,
                    n_customers,
                }
            })
            .collect();
        Ok(Judgement { estimates, findings })
    }

    /// Compares a challenger's predictions with a champion's on the same rows.
    ///
    /// Each figure's difference (challenger less champion) has an interval between percentiles over samples of whole
    /// customers, both models being judged on the same sample each time. A figure of the rows alone, such as the base rate, has no
    /// difference.
    ///
    /// # Errors
    /// Not one prediction of each per row, or one that is no probability or not finite.
    pub fn compare(
        &self,
        rows: &TestRows,
        champion: &[f64],
        challenger: &[f64],
        metrics: &[Metric],
    ) -> Result<Comparison, EvaluationError> {
        let (first, second) = (Judged::of(rows, champion)?, Judged::of(rows, challenger)?);
        let weights = rows.weight_values();
        let (mut findings, mut pairs) = (Vec::new(), Vec::new());
        for &metric in metrics.iter().filter(|metric| !metric.is_of_rows_alone()) {
            let both = || {
                let (champion, challenger) = (first.figure(metric)?, second.figure(metric)?);
                let values = [champion.value(&weights)?, challenger.value(&weights)?];
                Ok(Pair { metric, champion, challenger, values })
            };
            match both() {
                Ok(pair) => pairs.push(pair),
                Err(error) => findings.push(not_computed(metric, &error)),
            }
        }
        let resampler = rows.resampler(self.seed);
        let draws =
            self.draws(&resampler, pairs.len(), |weights| pairs.iter().map(|pair| pair.difference(weights)).collect());
        findings.extend(draws.finding());
        let differences = pairs
            .iter()
            .enumerate()
            .map(|(index, pair)| {
                let spread = draws.spread(index, self.confidence).filter(|_| pair.metric.has_percentiles());
                let [champion, challenger] = pair.values;
                MetricDifference {
                    metric: pair.metric,
                    champion,
                    challenger,
                    difference: challenger - champion,
                    std_error: spread.and_then(|spread| spread.std_error),
                    conf_low: spread.map(|spread| spread.interval.conf_low),
                    conf_high: spread.map(|spread| spread.interval.conf_high),
                }
            })
            .collect();
        let delong = (rows.is_class() && rows.weights().kind().is_none())
            .then(|| compare_roc_auc(&rows.classes_of(), champion, challenger, rows.customers(), self.confidence).ok())
            .flatten();
        Ok(Comparison { differences, delong, findings })
    }

    /// The weighted mean of any loss by row (such as a ranked probability score), with its interval by customer.
    ///
    /// For the difference of two models, give the differences of their losses.
    ///
    /// # Errors
    /// No rows, not one weight or customer per row, a loss that is not finite.
    pub fn mean_of(
        &self,
        losses: &[f64],
        weights: &Weights,
        customers: Option<&Clusters>,
    ) -> Result<LossEstimate, EvaluationError> {
        let mut rows = TestRows::numbers(losses)?.weighted(weights.clone())?;
        if let Some(customers) = customers {
            rows = rows.of_customers(customers.clone())?;
        }
        let judged = self.judge(&rows, losses, &[Metric::BaseRate])?;
        let estimate = judged.estimates.first().ok_or(EvaluationError::NoRows)?;
        Ok(LossEstimate {
            value: estimate.value,
            std_error: estimate.std_error,
            conf_low: estimate.conf_low,
            conf_high: estimate.conf_high,
        })
    }

    fn delong(&self, metric: Metric, rows: &TestRows, predictions: &[f64]) -> Option<(IntervalSource, Spread)> {
        if metric != Metric::RocAuc || rows.weights().kind().is_some() {
            return None;
        }
        let auc = roc_auc_with_error(&rows.classes_of(), predictions, rows.customers()).ok()?;
        let interval = auc.interval(self.confidence, self.auc_scale);
        Some((IntervalSource::Delong, Spread { std_error: auc.std_error, interval }))
    }

    fn draws(
        &self,
        resampler: &Resampler,
        n_values: usize,
        values: impl Fn(&[f64]) -> Vec<Option<f64>> + Sync,
    ) -> Draws {
        let single_customer = resampler.is_single_cluster();
        if self.replicates == 0 || single_customer || n_values == 0 {
            return Draws { replicates: Vec::new(), single_customer };
        }
        let replicates = (0..self.replicates)
            .into_par_iter()
            .map_init(|| resampler.scratch(), |scratch, replicate| values(resampler.draw(replicate, scratch)))
            .collect();
        Draws { replicates, single_customer }
    }
}

/// A mean loss with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LossEstimate {
    /// The mean.
    pub value: f64,
    /// Its standard error.
    pub std_error: Option<f64>,
    /// Lower end of the confidence interval.
    pub conf_low: Option<f64>,
    /// Upper end of the confidence interval.
    pub conf_high: Option<f64>,
}

/// One figure of both models.
struct Pair<'a> {
    metric: Metric,
    champion: Figure<'a>,
    challenger: Figure<'a>,
    values: [f64; 2],
}

impl Pair<'_> {
    fn difference(&self, weights: &[f64]) -> Option<f64> {
        Some(self.challenger.value(weights).ok()? - self.champion.value(weights).ok()?)
    }
}

#[derive(Clone, Copy)]
struct Spread {
    std_error: Option<f64>,
    interval: Interval,
}

/// Figures of every sample, `None` where a sample does not allow one.
struct Draws {
    replicates: Vec<Vec<Option<f64>>>,
    single_customer: bool,
}

impl Draws {
    fn spread(&self, index: usize, confidence: Confidence) -> Option<Spread> {
        let values: Vec<f64> =
            self.replicates.iter().filter_map(|values| values[index]).filter(|value| value.is_finite()).collect();
        let n_values = values.len() as f64;
        if values.len() < REPLICATES_MIN || n_values < SUCCEEDED_MIN * self.replicates.len() as f64 {
            return None;
        }
        let mean = values.iter().sum::<f64>() / n_values;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let tail = confidence.tail();
        let ends = quantiles(values, &[tail, 1.0 - tail]);
        let interval = Interval { conf_low: ends[0], conf_high: ends[1] };
        Some(Spread { std_error: Some((squares / (n_values - 1.0)).sqrt()), interval })
    }

    fn finding(&self) -> Option<Finding> {
        self.single_customer.then(|| {
            let sentence = "All test rows are of one customer: figures over customers have no interval.";
            Finding::new(FindingKind::SmallBase, Severity::Warning, "test rows", sentence)
        })
    }
}

fn not_computed(metric: Metric, error: &EvaluationError) -> Finding {
    let sentence = format!("The {} could not be computed: {error}.", metric.label());
    Finding::new(FindingKind::NotEstimated, Severity::Note, metric.word(), sentence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::WeightKind;
    use crate::estimators::formula_data::wave;

    fn rows(n_rows: usize, rows_per_customer: usize) -> (TestRows, Vec<f64>) {
        let predictions: Vec<f64> = (0..n_rows).map(|row| 0.5 + 0.9 * wave(row, 0)).collect();
        let outcomes: Vec<f64> =
            (0..n_rows).map(|row| f64::from(u8::from(wave(row, 1) + 0.5 < predictions[row]))).collect();
        let customers = Clusters::from_labels((0..n_rows).map(|row| row / rows_per_customer));
        (TestRows::classes(&outcomes).and_then(|rows| rows.of_customers(customers)).expect("valid"), predictions)
    }

    fn settings(replicates: usize) -> Assessment {
        Assessment { replicates, seed: 5, ..Assessment::default() }
    }

    #[test]
    fn a_mean_has_the_standard_error_of_its_clusters() {
        let (rows, predictions) = rows(400, 1);
        let judged = settings(2000).judge(&rows, &predictions, &[Metric::Brier]).expect("judged");
        let losses: Vec<f64> =
            rows.outcomes().iter().zip(&predictions).map(|(outcome, p)| (outcome - p).powi(2)).collect();
        let mean = losses.iter().sum::<f64>() / 400.0;
        let std_error = (losses.iter().map(|loss| (loss - mean).powi(2)).sum::<f64>() / 400.0 / 400.0).sqrt();
        let got = judged.estimates[0].std_error.expect("an interval");
        // The standard deviation of 2,000 draws is known to 1.6 %.
        assert!((got / std_error - 1.0).abs() < 0.06, "{got} {std_error}");
    }

    #[test]
    fn repeated_rows_of_a_customer_add_nothing_to_what_is_known() {
        let (once, predictions) = rows(200, 1);
        let thrice: Vec<usize> = (0..200).flat_map(|row| [row, row, row]).collect();
        let repeated = once.select(&thrice).expect("rows");
        let repeated_predictions: Vec<f64> = thrice.iter().map(|&row| predictions[row]).collect();
        let metrics = [Metric::RocAuc, Metric::LogLoss, Metric::CalibrationSlope];
        let once = settings(400).judge(&once, &predictions, &metrics).expect("judged");
        let repeated = settings(400).judge(&repeated, &repeated_predictions, &metrics).expect("judged");
        for (once, repeated) in once.estimates.iter().zip(&repeated.estimates) {
            let (once, repeated) = (once.conf_low.expect("ends"), repeated.conf_low.expect("ends"));
            assert!((once - repeated).abs() < 2e-3, "{once} {repeated}");
        }
    }

    #[test]
    fn the_same_model_twice_differs_by_nothing() {
        let (rows, predictions) = rows(100, 2);
        let metrics = Metric::OF_CLASSES;
        let same = settings(100).compare(&rows, &predictions, &predictions, &metrics).expect("compared");
        // The base rate is of the rows, and is no figure of either model.
        assert_eq!(same.differences.len(), metrics.len() - 1);
        for row in &same.differences {
            let ends = (row.metric != Metric::KolmogorovSmirnov).then_some(0.0);
            assert_eq!((row.difference, row.conf_low, row.conf_high), (0.0, ends, ends), "{row:?}");
        }
        assert_eq!(same.delong.map(|delong| delong.p_value), Some(1.0));
    }

    #[test]
    fn a_paired_interval_is_narrower_than_two_apart() {
        let (rows, predictions) = rows(300, 1);
        let nearly: Vec<f64> = predictions.iter().map(|p| 0.98 * p + 0.01).collect();
        let compared = settings(300).compare(&rows, &predictions, &nearly, &[Metric::LogLoss]).expect("compared");
        let alone = settings(300).judge(&rows, &predictions, &[Metric::LogLoss]).expect("judged");
        let (paired, alone) = (compared.differences[0].std_error, alone.estimates[0].std_error);
        assert!(paired.expect("an interval") < 0.2 * alone.expect("an interval"));
    }

    #[test]
    fn one_class_leaves_the_figures_that_need_none() {
        let rows = TestRows::classes(&[0.0; 30]).expect("valid");
        let judged = settings(50).judge(&rows, &[0.2; 30], &Metric::OF_CLASSES).expect("judged");
        let words: Vec<&str> = judged.estimates.iter().map(|estimate| estimate.metric.word()).collect();
        assert_eq!(words, ["log_loss", "brier", "base_rate"]);
        assert!(judged.findings.iter().any(|finding| finding.sentence.contains("one class")));
    }

    #[test]
    fn one_customer_has_figures_without_an_interval() {
        let (rows, predictions) = rows(20, 20);
        let judged = settings(50).judge(&rows, &predictions, &[Metric::Brier]).expect("judged");
        assert_eq!((judged.estimates[0].n_customers, judged.estimates[0].conf_low), (1, None));
        assert!(judged.findings.iter().any(|finding| finding.kind == FindingKind::SmallBase));
    }

    #[test]
    fn a_weighted_area_is_resampled() {
        let (rows, predictions) = rows(100, 1);
        let weights = Weights::new(WeightKind::Sampling, (0..100).map(|row| 1.0 + (row % 3) as f64).collect());
        let rows = rows.weighted(weights.expect("valid")).expect("one a row");
        let judged = settings(100).judge(&rows, &predictions, &[Metric::RocAuc]).expect("judged");
        assert_eq!(judged.estimates[0].interval, Some(IntervalSource::Bootstrap));
    }

    #[test]
    fn a_largest_gap_has_no_percentiles() {
        // The scores tell nothing, yet samples of the rows always have some gap, most of them a larger one than the rows' own.
        let (rows, _) = rows(60, 1);
        let nothing: Vec<f64> = (0..60).map(|row| 0.5 + 0.3 * wave(row, 17)).collect();
        let judged = settings(200).judge(&rows, &nothing, &[Metric::KolmogorovSmirnov, Metric::Brier]).expect("judged");
        let ends: Vec<bool> =
            judged.estimates.iter().map(|own| own.conf_low.is_some() || own.std_error.is_some()).collect();
        assert_eq!(ends, [false, true]);
    }

    #[test]
    fn the_mean_of_any_loss_has_an_interval() {
        let losses: Vec<f64> = (0..50).map(|row| wave(row, 3)).collect();
        let mean = settings(200).mean_of(&losses, &Weights::none(), None).expect("losses");
        assert!((mean.value - losses.iter().sum::<f64>() / 50.0).abs() < 1e-15);
        assert!(mean.conf_low.is_some_and(|low| low < mean.value));
    }
}
