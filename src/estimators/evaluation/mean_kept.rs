//! Whether predictions of a count keep its mean and come closer to it than the mean itself: a link by logarithms may break both.

use super::metric::Metric;
use super::test_rows::TestRows;
use super::{EvaluationError, error::check_lengths};
use crate::findings::{Finding, FindingKind, Severity};
use crate::stats::Confidence;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A mean of predictions is off where it is farther from the mean outcome than this share of it.
const OFF: f64 = 0.1;

/// The rows that predictions are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PredictedRows {
    /// Those that the model was fitted to.
    Training,
    /// Those that it has not seen.
    Later,
}

/// Predictions of a count beside what happened.
///
/// A Poisson model with an intercept keeps the mean of its own rows, whatever the counts' true variance (its score equation of
/// the intercept is that the residuals sum to zero); other models of counts need not, and no model need on other rows.
///
/// # References
/// Gourieroux, Monfort and Trognon (1984), "Pseudo maximum likelihood methods: applications to Poisson models", Econometrica
/// 52(3).
///
/// # Example
/// ```
/// use advocate::estimators::evaluation::{MeanKept, TestRows};
/// let kept = MeanKept::of(&TestRows::numbers(&[0.0, 1.0, 2.0, 1.0])?, &[0.5, 1.0, 6.5, 0.0])?;
/// assert_eq!((kept.observed, kept.predicted), (1.0, 2.0));
/// # Ok::<(), advocate::estimators::evaluation::EvaluationError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MeanKept {
    /// Weighted mean of the outcome.
    pub observed: f64,
    /// Weighted mean of the predictions.
    pub predicted: f64,
    /// Standard error of the difference of the two, by customer; `None` for a single one.
    pub std_error: Option<f64>,
    /// Share of the squared error of the mean that the predictions save: of the training mean where it is known, else of the
    /// rows' own. Below zero where the mean alone is closer. `None` where the outcome does not vary.
    pub r_squared: Option<f64>,
}

impl MeanKept {
    /// Of predictions of these rows.
    ///
    /// # Errors
    /// Not one prediction a row; no row with a weight.
    pub fn of(rows: &TestRows, predictions: &[f64]) -> Result<Self, EvaluationError> {
        check_lengths(rows.n_rows(), predictions.len())?;
        let weights = rows.weight_values();
        let total: f64 = weights.iter().sum();
        if total <= 0.0 {
            return Err(EvaluationError::NoRows);
        }
        let mean =
            |values: &[f64]| values.iter().zip(&weights).map(|(value, weight)| weight * value).sum::<f64>() / total;
        let (observed, predicted) = (mean(rows.outcomes()), mean(predictions));
        let metric = match rows.training_means() {
            Some(_) => Metric::RSquaredAgainstTraining,
            None => Metric::RSquared,
        };
        let r_squared = rows.metric(metric, predictions).ok();
        let std_error = std_error(rows, predictions, &weights, predicted - observed);
        Ok(Self { observed, predicted, std_error, r_squared })
    }

    /// What a reader must know; nothing where the mean is kept, or missed by no more than chance on later rows, and the
    /// predictions come closer than the mean.
    pub fn finding(&self, outcome: &str, rows: PredictedRows, confidence: Confidence) -> Option<Finding> {
        let missed = (self.predicted - self.observed).abs();
        let by_chance = match rows {
            PredictedRows::Training => 0.0,
            PredictedRows::Later => confidence.z() * self.std_error.unwrap_or(f64::INFINITY),
        };
        let is_off = missed > OFF * self.observed.abs() && missed > by_chance;
        let worse = self.r_squared.filter(|&r_squared| r_squared < 0.0);
        if !is_off && worse.is_none() {
            return None;
        }
        let [whose, unit] = match rows {
            PredictedRows::Training => ["the answers that its model was fitted to", "fitted"],
            PredictedRows::Later => ["answers that its model had not seen", "later"],
        };
        let mean = is_off
            .then(|| format!("predictions average {:.3} where {:.3} were counted", self.predicted, self.observed));
        let r_squared = worse
            .map(|own| format!("they lie farther from what happened than the average alone does (R squared {own:.2})"));
        let parts: Vec<String> = mean.into_iter().chain(r_squared).collect();
        let advice = match rows {
            PredictedRows::Training => {
                "; expected numbers, scores and what raised touchpoints go with are not to be used as they are: take \
                 `distribution = \"poisson\"`, which keeps the mean, or fewer columns with a few very large values"
            }
            PredictedRows::Later => "; use the order of the scores and not their size",
        };
        let sentence = format!("Of {whose}, `{outcome}` is not predicted in size: {}{advice}.", parts.join(", and "));
        let mut finding = Finding::new(FindingKind::Unreliable, Severity::Warning, outcome, sentence)
            .number(&format!("{unit}_mean_observed"), self.observed)
            .number(&format!("{unit}_mean_predicted"), self.predicted);
        if let Some(r_squared) = self.r_squared {
            finding = finding.number(&format!("{unit}_r_squared"), r_squared);
        }
        Some(finding)
    }
}

/// Linearised, with whole customers: `sqrt(G / (G - 1) sum_g (sum w (p - y - d))^2) / sum w`.
fn std_error(rows: &TestRows, predictions: &[f64], weights: &[f64], difference: f64) -> Option<f64> {
    let mut of_customers: BTreeMap<usize, f64> = BTreeMap::new();
    let customer = |row: usize| rows.customers().map_or(row, |customers| customers.codes()[row] as usize);
    for (row, &weight) in weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0) {
        let residual = predictions[row] - rows.outcomes()[row] - difference;
        *of_customers.entry(customer(row)).or_default() += weight * residual;
    }
    let n = of_customers.len() as f64;
    let squares: f64 = of_customers.values().map(|sum| sum * sum).sum();
    let total: f64 = weights.iter().sum();
    (n > 1.0).then(|| (n / (n - 1.0) * squares).sqrt() / total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Clusters, DesignMatrix, Observations, Outcome, WeightKind, Weights};
    use crate::estimators::{Count, CountDistribution};
    use ndarray::{Array1, Array2};

    fn said(rows: &TestRows, predictions: &[f64], of: PredictedRows) -> Option<String> {
        let kept = MeanKept::of(rows, predictions).expect("as many");
        kept.finding("purchases", of, Confidence::default()).map(|finding| finding.sentence)
    }

    #[test]
    fn means_and_errors_are_those_by_hand() {
        // Weights 1, 1, 2: mean of counts (0 + 2 + 2 * 3) / 4 = 2, of predictions (1 + 2 + 2 * 5) / 4 = 13/4. Residuals less 5/4:
        // -1/4, -5/4, 3/4; by customer, the first two of one: -3/2 and 2 * 3/4 = 3/2, so sqrt(2 * (9/4 + 9/4)) / 4 = 3/4.
        let weights = Weights::new(WeightKind::Frequency, vec![1.0, 1.0, 2.0]).expect("weights");
        let rows = TestRows::numbers(&[0.0, 2.0, 3.0]).and_then(|rows| rows.weighted(weights)).expect("rows");
        let rows = rows.of_customers(Clusters::from_labels(["a", "a", "b"])).expect("as many");
        let kept = MeanKept::of(&rows, &[1.0, 2.0, 5.0]).expect("as many");
        assert!((kept.observed - 2.0).abs() < 1e-15 && (kept.predicted - 3.25).abs() < 1e-15);
        assert!((kept.std_error.expect("two customers") - 0.75).abs() < 1e-15, "{kept:?}");
        // Squares of the residuals 1 + 0 + 2 * 4 = 9, of the counts around their mean 4 + 0 + 2 * 1 = 6.
        assert!((kept.r_squared.expect("varies") + 0.5).abs() < 1e-14, "{kept:?}");
    }

    #[test]
    fn a_mean_that_explodes_is_said_with_its_numbers_and_a_kept_one_is_not() {
        let counts: Vec<f64> = (0..40).map(|row| f64::from(row % 4)).collect();
        let rows = TestRows::numbers(&counts).expect("rows");
        let mut predictions = vec![1.5; 40];
        assert_eq!(said(&rows, &predictions, PredictedRows::Training), None);
        predictions[3] = 81.5;
        let sentence = said(&rows, &predictions, PredictedRows::Training).expect("said");
        // (39 * 1.5 + 81.5) / 40 = 3.5 against 1.5.
        assert!(sentence.contains("predictions average 3.500 where 1.500 were counted"), "{sentence}");
        assert!(sentence.contains("farther from what happened than the average"), "{sentence}");
        // One prediction of forty: the mean's difference may be chance on other rows, its squared error is there.
        let later = said(&rows, &predictions, PredictedRows::Later).expect("said");
        assert!(!later.contains("average 3.5") && later.contains("R squared -"), "{later}");
    }

    #[test]
    fn a_poisson_model_keeps_a_mean_that_a_negative_binomial_one_loses() {
        // Counts that grow with the square of x and level off, with three customers far out.
        let near = (0..6).flat_map(|x| (0..10).map(move |k| (f64::from(x), f64::from(x * x * k / 40))));
        let (x, y): (Vec<f64>, Vec<f64>) = near.chain([(12.0, 6.0), (12.0, 8.0), (20.0, 5.0)]).unzip();
        let values = Array2::from_shape_vec((x.len(), 1), x).expect("one column");
        let design = DesignMatrix::new(vec!["x".to_owned()], values).expect("finite");
        let outcome = Outcome::numeric("purchases", Array1::from(y.clone())).expect("finite");
        let observations = Observations::new(design, outcome).expect("as many rows");
        let rows = TestRows::numbers(&y).expect("rows");
        let kept = |distribution| {
            let fit = Count { distribution, ..Count::default() }.fit(&observations).expect("a fit");
            let predict = |row: ndarray::ArrayView1<f64>| fit.model().predict_row(&row.to_vec());
            let predictions: Vec<f64> = observations.design().values().outer_iter().map(predict).collect();
            MeanKept::of(&rows, &predictions).expect("as many")
        };
        // statsmodels 0.14, Poisson and NegativeBinomial (NB2) with a constant: means of the predictions and R squared.
        let poisson = kept(CountDistribution::Poisson);
        assert!((poisson.observed - 1.0).abs() < 1e-12 && (poisson.predicted - 1.0).abs() < 1e-9, "{poisson:?}");
        assert!((poisson.r_squared.expect("varies") - 0.139_851_675_878_317_93).abs() < 1e-7, "{poisson:?}");
        let dispersed = kept(CountDistribution::NegativeBinomial);
        assert!((dispersed.predicted - 6.957_812_083_454_241).abs() < 1e-4, "{dispersed:?}");
        assert!((dispersed.r_squared.expect("varies") + 689.866_499_573_885_4).abs() < 0.05, "{dispersed:?}");
        let confidence = Confidence::default();
        assert_eq!(poisson.finding("purchases", PredictedRows::Training, confidence), None);
        let said = dispersed.finding("purchases", PredictedRows::Training, confidence).expect("said").sentence;
        assert!(said.contains("predictions average 6.958 where 1.000 were counted"), "{said}");
        assert!(said.contains("R squared -689.87"), "{said}");
    }

    #[test]
    fn a_shift_on_later_rows_is_said_where_it_is_beyond_chance() {
        let counts: Vec<f64> = (0..40).map(|row| f64::from(row % 4)).collect();
        let rows = TestRows::numbers(&counts).expect("rows").against(vec![3.0; 40]).expect("as many");
        let predictions: Vec<f64> = counts.iter().map(|count| count + 0.5).collect();
        let later = said(&rows, &predictions, PredictedRows::Later).expect("said");
        assert!(later.contains("predictions average 2.000 where 1.500 were counted;"), "{later}");
        let near: Vec<f64> = counts.iter().map(|count| count + 0.1).collect();
        assert_eq!(said(&rows, &near, PredictedRows::Later), None);
    }
}
