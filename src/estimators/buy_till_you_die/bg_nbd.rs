//! Fitting the BG/NBD model by maximum likelihood.

use super::bg_nbd_likelihood::Cells;
use super::bg_nbd_model::BgNbdModel;
use super::climb::{Prior, best_start, climb, open_finding, penalised_finding};
use super::customers::Customers;
use super::error::BuyTillYouDieError;
use super::parameter::{ParameterEstimate, natural_covariance, table};
use crate::findings::{Finding, FindingKind, Severity};
use crate::stats::Confidence;
use ndarray::{Array2, ArrayView2};

/// The model's name in messages.
const MODEL: &str = "BG/NBD";
/// The parameters in the order of all vectors and matrices.
const NAMES: [&str; 4] = ["r", "alpha", "a", "b"];
/// Different histories on which the start is chosen.
const SAMPLE_CELLS: usize = 2048;
/// Customers who bought again below which the estimates rest on little.
const FEW_REPEATERS: usize = 50;
/// A logarithm this far from its centre points to a limit of the model.
const FAR: f64 = 6.9;

/// Settings of a BG/NBD fit.
///
/// # Example
/// ```
/// use advocate::estimators::buy_till_you_die::{BgNbd, Customers};
/// let frequency = [2.0, 1.0, 0.0, 0.0, 7.0, 1.0, 0.0, 2.0, 0.0, 5.0, 0.0, 0.0];
/// let recency = [30.4, 1.7, 0.0, 0.0, 29.4, 5.0, 0.0, 35.7, 0.0, 24.4, 0.0, 0.0];
/// let age = [38.9, 38.9, 38.9, 38.7, 38.6, 38.6, 38.4, 37.9, 37.1, 36.0, 34.3, 30.9];
/// let customers = Customers::from_columns(&frequency, &recency, &age)?;
/// // Twelve customers settle four parameters only with some help.
/// let fit = BgNbd { penalty: 0.5, ..BgNbd::default() }.fit(&customers)?;
/// assert!(fit.model().p_alive(&customers.histories()[0]) > fit.model().p_alive(&customers.histories()[1]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct BgNbd {
    /// What holds the parameters together where the customers say little: half of it times the squared distance of the
    /// parameters' logarithms from those of `r = a = b = 1` and `alpha` equal to the mean age is taken from the
    /// log-likelihood.
    ///
    /// A normal prior with variance `1 / penalty`, whatever the unit of time and the number of customers. Zero, the
    /// default, is maximum likelihood.
    pub penalty: f64,
    /// The level of the confidence intervals.
    pub confidence: Confidence,
}

/// A fitted BG/NBD model.
#[derive(Debug, Clone, PartialEq)]
pub struct BgNbdFit {
    model: BgNbdModel,
    parameters: Vec<ParameterEstimate>,
    covariance: Array2<f64>,
    log_likelihood: f64,
    n_customers: usize,
    n_repeaters: usize,
    iterations: usize,
    findings: Vec<Finding>,
}

impl BgNbd {
    /// Maximises the likelihood in the logarithms of the parameters by Newton's method with exact derivatives.
    ///
    /// Equal histories are counted and not repeated. The start is the best of a grid on a sample of the histories; the
    /// same customers in any order, on any number of threads, give the same bytes.
    ///
    /// # Errors
    /// A penalty below zero; no more customers than parameters; nobody who bought again; a likelihood whose maximum
    /// lies at infinity, as where nobody seems to leave, with the parameters that run away.
    ///
    /// # References
    /// Fader, Hardie and Lee (2005), "'Counting your customers' the easy way: an alternative to the Pareto/NBD model",
    /// Marketing Science 24(2), equation 6.
    pub fn fit(&self, customers: &Customers) -> Result<BgNbdFit, BuyTillYouDieError> {
        check_penalty(self.penalty)?;
        let (n_customers, n_repeaters) = (customers.n_customers(), customers.n_repeaters());
        if n_customers <= NAMES.len() {
            return Err(BuyTillYouDieError::TooFewCustomers {
                model: MODEL,
                who: "customers",
                n_found: n_customers,
                n_parameters: NAMES.len(),
            });
        }
        if n_repeaters == 0 {
            return Err(BuyTillYouDieError::NoRepeatPurchases { n_customers });
        }
        let cells = Cells::of(customers);
        let prior = Prior { centre: vec![0.0, cells.mean_age().ln(), 0.0, 0.0], penalty: self.penalty };
        let sample = cells.thinned(SAMPLE_CELLS);
        let start = best_start(&|point: &[f64]| sample.log_likelihood(point), candidates(&cells), &prior);
        let peak = climb(&|point: &[f64]| cells.log_likelihood(point), start, &prior)
            .map_err(|none| none.error(MODEL, &NAMES, &prior, meaning))?;
        let estimates: Vec<f64> = peak.point.iter().map(|value| value.exp()).collect();
        let findings = few_repeaters(n_customers, n_repeaters)
            .into_iter()
            .chain(open_finding(MODEL, &NAMES, &peak.log_covariance))
            .chain(penalised_finding(MODEL, self.penalty));
        Ok(BgNbdFit {
            model: BgNbdModel::new(estimates[0], estimates[1], estimates[2], estimates[3])?,
            parameters: table(&NAMES, &estimates, peak.log_covariance.view(), self.confidence),
            covariance: natural_covariance(&estimates, peak.log_covariance.view()),
            log_likelihood: peak.log_likelihood,
            n_customers,
            n_repeaters,
            iterations: peak.iterations,
            findings: findings.collect(),
        })
    }
}

impl BgNbdFit {
    /// The model as plain numbers: what predicts and is stored.
    pub fn model(&self) -> &BgNbdModel {
        &self.model
    }

    /// One row a parameter: `r`, `alpha`, `a`, `b`.
    pub fn parameters(&self) -> &[ParameterEstimate] {
        &self.parameters
    }

    /// Covariance of the parameters, in their order: the inverse of the observed information.
    pub fn covariance(&self) -> ArrayView2<'_, f64> {
        self.covariance.view()
    }

    /// The log-likelihood of all customers, without the penalty.
    pub fn log_likelihood(&self) -> f64 {
        self.log_likelihood
    }

    /// Customers in the fit.
    pub fn n_customers(&self) -> usize {
        self.n_customers
    }

    /// Customers who bought again.
    pub fn n_repeaters(&self) -> usize {
        self.n_repeaters
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

/// Refuses a penalty that is negative or not finite.
pub(super) fn check_penalty(penalty: f64) -> Result<(), BuyTillYouDieError> {
    if penalty >= 0.0 && penalty.is_finite() {
        Ok(())
    } else {
        Err(BuyTillYouDieError::Setting { what: "the penalty", value: penalty, range: "zero or more" })
    }
}

/// Starts: how much customers differ, how much more often they buy while alive than it seems, how many leave and how
/// much that differs.
fn candidates(cells: &Cells) -> Vec<Vec<f64>> {
    let rate = cells.purchase_rate();
    let mut candidates = Vec::new();
    for r in [0.1, 0.3, 1.0, 4.0] {
        for faster in [1.0, 2.0] {
            for chance in [0.03, 0.15, 0.4] {
                for concentration in [0.3, 3.0, 30.0] {
                    let (alpha, a) = (r / (rate * faster), chance * concentration);
                    let natural: [f64; 4] = [r, alpha, a, concentration - a];
                    candidates.push(natural.iter().map(|value| value.ln()).collect());
                }
            }
        }
    }
    candidates
}

/// What parameters that run away say of the customers.
fn meaning(gaps: &[f64]) -> &'static str {
    let (r, a, b) = (gaps[0], gaps[2], gaps[3]);
    if b - a > FAR {
        "hardly anybody seems to leave"
    } else if a - b > FAR {
        "everybody seems to leave after the first repeat purchase"
    } else if a > FAR && b > FAR {
        "all customers seem equally likely to leave"
    } else if a < -FAR && b < -FAR {
        "customers seem to leave at once or never"
    } else if r > FAR {
        "all customers seem to buy equally often"
    } else {
        "too few of them bought again"
    }
}

fn few_repeaters(n_customers: usize, n_repeaters: usize) -> Option<Finding> {
    (n_repeaters < FEW_REPEATERS).then(|| {
        let sentence =
            format!("Only {n_repeaters} of {n_customers} customers bought again: the model rests on little.");
        Finding::new(FindingKind::SmallBase, Severity::Warning, MODEL, sentence)
            .number("n_customers", n_customers as f64)
            .number("n_repeaters", n_repeaters as f64)
    })
}

#[cfg(test)]
mod tests {
    use super::super::history::History;
    use super::super::simulated::{Truth, customers};
    use super::*;

    fn repeated(histories: &[(u32, f64, f64)], times: usize) -> Customers {
        let once = histories.iter().map(|&(x, t_x, age)| History::new(x, t_x, age).expect("possible"));
        let once: Vec<History> = once.collect();
        Customers::new(once.repeat(times)).expect("customers")
    }

    #[test]
    fn parameters_of_simulated_customers_are_found_again() {
        let truths = [
            Truth { r: 0.25, alpha: 4.5, a: 0.8, b: 2.4 },
            Truth { r: 2.0, alpha: 20.0, a: 0.5, b: 6.0 },
            Truth { r: 0.8, alpha: 3.0, a: 3.0, b: 9.0 },
        ];
        for (truth, seed) in truths.into_iter().zip(1..) {
            let fit = BgNbd::default().fit(&customers(truth, 20_000, seed)).expect("a fit");
            for (row, want) in fit.parameters().iter().zip([truth.r, truth.alpha, truth.a, truth.b]) {
                let gap = (row.estimate - want) / row.std_error;
                assert!(gap.abs() < 3.5, "{truth:?} {row:?}");
                assert!(row.std_error < 0.4 * want, "the test tells the parameter: {row:?}");
                assert!(row.conf_low > 0.0 && row.conf_low < row.estimate && row.estimate < row.conf_high);
            }
            assert!(fit.findings().is_empty(), "{:?}", fit.findings());
        }
    }

    #[test]
    fn order_and_unit_of_time_do_not_matter() {
        let sample = customers(Truth { r: 0.25, alpha: 4.5, a: 0.8, b: 2.4 }, 3000, 9);
        let weeks = BgNbd::default().fit(&sample).expect("a fit");
        let mut turned = sample.histories().to_vec();
        turned.reverse();
        assert_eq!(BgNbd::default().fit(&Customers::new(turned).expect("customers")).expect("a fit"), weeks);
        let in_days = |history: &History| {
            History::new(history.frequency(), 7.0 * history.recency(), 7.0 * history.age()).expect("possible")
        };
        let days = Customers::new(sample.histories().iter().map(in_days).collect()).expect("customers");
        let days = BgNbd::default().fit(&days).expect("a fit");
        for (place, factor) in [1.0, 7.0, 1.0, 1.0].into_iter().enumerate() {
            let (days, weeks) = (&days.parameters()[place], &weeks.parameters()[place]);
            assert!((days.estimate / (factor * weeks.estimate) - 1.0).abs() < 1e-8);
            assert!((days.std_error / (factor * weeks.std_error) - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn threads_do_not_change_a_byte() {
        let sample = customers(Truth { r: 0.25, alpha: 4.5, a: 0.8, b: 2.4 }, 30_000, 4);
        let on = |n_threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("a pool");
            pool.install(|| BgNbd::default().fit(&sample).expect("a fit"))
        };
        assert_eq!(on(1), on(3));
    }

    #[test]
    fn nobody_who_bought_again_is_an_error() {
        let customers = repeated(&[(0, 0.0, 10.0), (0, 0.0, 20.0)], 10);
        assert_eq!(BgNbd::default().fit(&customers), Err(BuyTillYouDieError::NoRepeatPurchases { n_customers: 20 }));
        // Nobody had the time to.
        let at_once = repeated(&[(0, 0.0, 0.0)], 10);
        assert!(matches!(BgNbd::default().fit(&at_once), Err(BuyTillYouDieError::NoRepeatPurchases { .. })));
    }

    #[test]
    fn one_customer_is_too_few() {
        let one = repeated(&[(2, 5.0, 10.0)], 1);
        let few = BuyTillYouDieError::TooFewCustomers { model: MODEL, who: "customers", n_found: 1, n_parameters: 4 };
        assert_eq!(BgNbd::default().fit(&one), Err(few));
    }

    #[test]
    fn customers_who_never_leave_are_named_and_a_penalty_settles_them() {
        // Everybody bought a moment ago, however often.
        let loyal = repeated(&[(2, 29.9, 30.0), (5, 29.9, 30.0), (9, 29.9, 30.0), (30, 29.9, 30.0)], 50);
        let error = BgNbd::default().fit(&loyal).expect_err("not identified");
        let BuyTillYouDieError::NotIdentified { directions, meaning, .. } = &error else { unreachable!("{error}") };
        assert!(directions.contains("`a`") || directions.contains("`b`"), "{directions}");
        assert_eq!(*meaning, "hardly anybody seems to leave");
        let fit = BgNbd { penalty: 0.1, ..BgNbd::default() }.fit(&loyal).expect("a fit");
        assert!(fit.model().p_alive(&loyal.histories()[0]) > 0.99);
        assert!(fit.findings().iter().any(|finding| finding.numbers.contains_key("penalty")));
    }

    #[test]
    fn customers_who_all_buy_alike_are_named() {
        let alike = repeated(&[(4, 25.0, 30.0), (5, 21.0, 30.0), (4, 12.0, 30.0), (5, 28.0, 30.0)], 50);
        let error = BgNbd::default().fit(&alike).expect_err("not identified");
        assert!(
            matches!(&error, BuyTillYouDieError::NotIdentified { directions, .. } if directions.contains("`r` grows")),
            "{error}"
        );
    }

    #[test]
    fn few_customers_who_bought_again_are_a_finding() {
        let fit = BgNbd { penalty: 0.5, ..BgNbd::default() }
            .fit(&repeated(&[(2, 30.0, 39.0), (1, 2.0, 39.0), (0, 0.0, 39.0), (0, 0.0, 30.0), (7, 30.0, 38.0)], 4))
            .expect("a fit");
        assert!(fit.findings().iter().any(|finding| finding.kind == FindingKind::SmallBase));
    }
}
