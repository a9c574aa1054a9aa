//! Fitting the Gamma-Gamma model by maximum likelihood.

use super::bg_nbd::check_penalty;
use super::climb::{Prior, best_start, climb, open_finding, penalised_finding};
use super::customers::Customers;
use super::error::BuyTillYouDieError;
use super::gamma_gamma_likelihood::Spenders;
use super::gamma_gamma_model::GammaGammaModel;
use super::parameter::{ParameterEstimate, natural_covariance, table};
use crate::findings::{Finding, FindingKind, Severity};
use crate::stats::{Confidence, SecondMoments};
use ndarray::{Array2, ArrayView2};

/// The model's name in messages.
const MODEL: &str = "Gamma-Gamma";
/// The parameters in the order of all vectors and matrices.
const NAMES: [&str; 3] = ["p", "q", "gamma"];
/// Customers on whom the start is chosen.
const SAMPLE_CUSTOMERS: usize = 2048;
/// A correlation of frequency and value beyond this contradicts the model's assumption that they are independent.
const DEPENDENT: f64 = 0.3;
/// A logarithm this far from its centre points to a limit of the model.
const FAR: f64 = 6.9;

/// Settings of a Gamma-Gamma fit.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct GammaGamma {
    /// What holds the parameters together where the customers say little: half of it times the squared distance of the
    /// parameters' logarithms from those of `p = 1`, `q = 2` and `gamma` equal to the mean value is taken from the
    /// log-likelihood. Zero, the default, is maximum likelihood.
    pub penalty: f64,
    /// The level of the confidence intervals.
    pub confidence: Confidence,
}

/// A fitted Gamma-Gamma model.
#[derive(Debug, Clone, PartialEq)]
pub struct GammaGammaFit {
    model: GammaGammaModel,
    parameters: Vec<ParameterEstimate>,
    covariance: Array2<f64>,
    log_likelihood: f64,
    n_customers: usize,
    correlation: f64,
    iterations: usize,
    findings: Vec<Finding>,
}

impl GammaGamma {
    /// Maximises the likelihood of the mean values of customers who bought again and spent something.
    ///
    /// # Errors
    /// A penalty below zero; customers without values; no more of them than parameters; one value for all; a
    /// likelihood whose maximum lies at infinity, with the parameters that run away; tails without a mean.
    ///
    /// # References
    /// Fader and Hardie (2013), "The Gamma-Gamma model of monetary value", note 025, brucehardie.com, equation 1a.
    pub fn fit(&self, customers: &Customers) -> Result<GammaGammaFit, BuyTillYouDieError> {
        check_penalty(self.penalty)?;
        let mean_values = customers.mean_values().ok_or(BuyTillYouDieError::NoValues)?;
        let repeaters =
            customers.histories().iter().map(|history| history.frequency()).zip(mean_values.iter().copied());
        let pairs: Vec<(u32, f64)> = repeaters.filter(|&(frequency, value)| frequency > 0 && value > 0.0).collect();
        let n_customers = pairs.len();
        if n_customers <= NAMES.len() {
            return Err(BuyTillYouDieError::TooFewCustomers {
                model: MODEL,
                who: "customers with repeat purchases of some value",
                n_found: n_customers,
                n_parameters: NAMES.len(),
            });
        }
        let moments = moments(&pairs);
        let mean = moments.means[1];
        if !moments.varies(1) {
            return Err(BuyTillYouDieError::ConstantValue { value: mean, n_customers });
        }
        let prior = Prior { centre: vec![0.0, 2.0_f64.ln(), mean.ln()], penalty: self.penalty };
        let n_worthless = customers.n_repeaters() - n_customers;
        let correlation = moments.correlations()[[0, 1]];
        let spenders = Spenders::of(pairs);
        let sample = spenders.thinned(SAMPLE_CUSTOMERS);
        let start = best_start(&|point: &[f64]| sample.log_likelihood(point), candidates(mean), &prior);
        let peak = climb(&|point: &[f64]| spenders.log_likelihood(point), start, &prior)
            .map_err(|none| none.error(MODEL, &NAMES, &prior, meaning))?;
        let estimates: Vec<f64> = peak.point.iter().map(|value| value.exp()).collect();
        let findings = worthless_finding(n_worthless)
            .into_iter()
            .chain(dependent_finding(correlation))
            .chain(open_finding(MODEL, &NAMES, &peak.log_covariance))
            .chain(penalised_finding(MODEL, self.penalty));
        Ok(GammaGammaFit {
            model: GammaGammaModel::new(estimates[0], estimates[1], estimates[2])?,
            parameters: table(&NAMES, &estimates, peak.log_covariance.view(), self.confidence),
            covariance: natural_covariance(&estimates, peak.log_covariance.view()),
            log_likelihood: peak.log_likelihood,
            n_customers,
            correlation,
            iterations: peak.iterations,
            findings: findings.collect(),
        })
    }
}

impl GammaGammaFit {
    /// The model as plain numbers: what predicts and is stored.
    pub fn model(&self) -> &GammaGammaModel {
        &self.model
    }

    /// One row a parameter: `p`, `q`, `gamma`.
    pub fn parameters(&self) -> &[ParameterEstimate] {
        &self.parameters
    }

    /// Covariance of the parameters, in their order: the inverse of the observed information.
    pub fn covariance(&self) -> ArrayView2<'_, f64> {
        self.covariance.view()
    }

    /// The log-likelihood of all customers in the fit, without the penalty.
    pub fn log_likelihood(&self) -> f64 {
        self.log_likelihood
    }

    /// Customers in the fit: those who bought again and spent something.
    pub fn n_customers(&self) -> usize {
        self.n_customers
    }

    /// Correlation of the number of repeat purchases with their mean value, which the model takes for zero.
    pub fn correlation(&self) -> f64 {
        self.correlation
    }

    /// Newton steps.
    pub fn iterations(&self) -> usize {
        self.iterations
    }

    /// What a reader must know beside the numbers.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }
}

/// Moments of frequency and value.
fn moments(pairs: &[(u32, f64)]) -> SecondMoments {
    let values = Array2::from_shape_fn((pairs.len(), 2), |(row, column)| match column {
        0 => f64::from(pairs[row].0),
        _ => pairs[row].1,
    });
    SecondMoments::of_rows(values.view(), None)
}

/// Starts: how alike the purchases of a customer are, and how alike customers; the mean value is that of the customers.
fn candidates(mean: f64) -> Vec<Vec<f64>> {
    let mut candidates = Vec::new();
    for p in [0.5, 2.0, 8.0, 40.0_f64] {
        for q in [1.5, 4.0, 15.0_f64] {
            candidates.push(vec![p.ln(), q.ln(), (mean * (q - 1.0) / p).ln()]);
        }
    }
    candidates
}

/// What parameters that run away say of the customers.
fn meaning(gaps: &[f64]) -> &'static str {
    if gaps[0] > FAR {
        "all purchases of a customer seem worth the same"
    } else if gaps[1] > FAR {
        "all customers seem to spend alike"
    } else {
        "too few of them bought again"
    }
}

fn worthless_finding(n_worthless: usize) -> Option<Finding> {
    (n_worthless > 0).then(|| {
        let sentence =
            format!("{n_worthless} customers bought again for nothing and are left out of the model of spend.");
        Finding::new(FindingKind::RowsDropped, Severity::Note, MODEL, sentence).number("n_dropped", n_worthless as f64)
    })
}

fn dependent_finding(correlation: f64) -> Option<Finding> {
    (correlation.abs() > DEPENDENT).then(|| {
        let sentence = format!(
            "How often customers buy and how much they spend go together (correlation {correlation:.2}), which the model \
             takes for unrelated: expected spend is biased."
        );
        Finding::new(FindingKind::Unreliable, Severity::Warning, MODEL, sentence).number("correlation", correlation)
    })
}

#[cfg(test)]
mod tests {
    use super::super::simulated::{Truth, customers, spending};
    use super::*;

    fn simulated(parameters: [f64; 3], n_customers: usize, seed: u64) -> Customers {
        spending(customers(Truth { r: 0.5, alpha: 4.0, a: 0.5, b: 3.0 }, n_customers, seed), parameters, seed)
    }

    fn of(frequency: &[f64], values: &[f64]) -> Customers {
        let recency: Vec<f64> = frequency.iter().map(|frequency| frequency.min(1.0)).collect();
        let customers = Customers::from_columns(frequency, &recency, &vec![9.0; frequency.len()]).expect("possible");
        customers.valued(values.to_vec()).expect("values")
    }

    #[test]
    fn parameters_of_simulated_customers_are_found_again() {
        for (parameters, seed) in [[6.0, 4.0, 15.0], [1.5, 2.5, 40.0], [0.7, 12.0, 900.0]].into_iter().zip(1..) {
            let fit = GammaGamma::default().fit(&simulated(parameters, 20_000, seed)).expect("a fit");
            for (row, want) in fit.parameters().iter().zip(parameters) {
                assert!(((row.estimate - want) / row.std_error).abs() < 3.5, "{row:?} {want}");
                assert!(row.std_error < 0.4 * want, "the test tells the parameter: {row:?}");
            }
            assert!(fit.findings().is_empty(), "{:?}", fit.findings());
            assert!(fit.correlation().abs() < 0.05);
        }
    }

    #[test]
    fn the_currency_does_not_matter() {
        let euro = simulated([6.0, 4.0, 15.0], 2000, 5);
        let cents = euro.mean_values().expect("values").iter().map(|value| 100.0 * value).collect();
        let in_cents = euro.clone().valued(cents).expect("values");
        let (euro, cents) = (GammaGamma::default().fit(&euro), GammaGamma::default().fit(&in_cents));
        let (euro, cents) = (euro.expect("a fit"), cents.expect("a fit"));
        for (place, factor) in [1.0, 1.0, 100.0].into_iter().enumerate() {
            let (euro, cents) = (&euro.parameters()[place], &cents.parameters()[place]);
            assert!((cents.estimate / (factor * euro.estimate) - 1.0).abs() < 1e-8);
        }
    }

    #[test]
    fn spend_that_grows_with_frequency_is_a_finding() {
        let sample = simulated([6.0, 4.0, 15.0], 3000, 6);
        let pairs = sample.histories().iter().zip(sample.mean_values().expect("values"));
        let values = pairs.map(|(history, value)| value * f64::from(history.frequency())).collect();
        let fit = GammaGamma::default().fit(&sample.valued(values).expect("values")).expect("a fit");
        assert!(fit.correlation() > DEPENDENT);
        assert!(fit.findings().iter().any(|finding| finding.numbers.contains_key("correlation")));
    }

    #[test]
    fn one_value_for_all_is_an_error() {
        let constant = of(&[1.0, 2.0, 1.0, 3.0, 1.0], &[20.0; 5]);
        let error = GammaGamma::default().fit(&constant).expect_err("constant");
        assert_eq!(error, BuyTillYouDieError::ConstantValue { value: 20.0, n_customers: 5 });
    }

    #[test]
    fn customers_without_repeat_purchases_or_value_do_not_count() {
        let few = of(&[0.0, 0.0, 1.0, 1.0, 2.0, 4.0], &[0.0, 0.0, 0.0, 5.0, 6.0, 9.0]);
        let error = GammaGamma::default().fit(&few).expect_err("too few");
        assert!(matches!(error, BuyTillYouDieError::TooFewCustomers { n_found: 3, n_parameters: 3, .. }));
        let mut worthless = simulated([6.0, 4.0, 15.0], 2000, 7);
        let mut values = worthless.mean_values().expect("values").to_vec();
        let place = worthless.histories().iter().position(|history| history.frequency() > 0).expect("a repeater");
        values[place] = 0.0;
        worthless = worthless.valued(values).expect("values");
        let fit = GammaGamma::default().fit(&worthless).expect("a fit");
        assert!(fit.findings().iter().any(|finding| finding.kind == FindingKind::RowsDropped));
        assert_eq!(fit.n_customers() + 1, worthless.n_repeaters());
    }

    #[test]
    fn customers_who_spend_alike_are_named() {
        // The mean of more purchases varies less, as if there were one level for all.
        let frequency: Vec<f64> = (0..400).map(|row| f64::from(1 + row % 4)).collect();
        let values: Vec<f64> =
            (0..400).map(|row| 20.0 + [-6.0, 6.0, -2.0, 2.0][row / 4 % 4] / (1.0 + row as f64 % 4.0)).collect();
        let error = GammaGamma::default().fit(&of(&frequency, &values)).expect_err("not identified");
        assert!(
            matches!(&error, BuyTillYouDieError::NotIdentified { directions, .. } if directions.contains("`q` grows")),
            "{error}"
        );
    }
}
