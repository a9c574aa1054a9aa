//! The BG/NBD model as plain numbers: what it expects of a customer.

use super::customers::Customers;
use super::error::BuyTillYouDieError;
use super::history::{History, Horizon};
use super::while_alive::Alive;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Customers of one task: each takes about a microsecond.
const TASK_ROWS: usize = 256;
/// A probability above this is taken as one less the others.
const LARGE_SHARE: f64 = 1e-3;
/// What is left out of a sum of probabilities (relative).
const REST: f64 = 1e-17;

/// Customers buy at rates that follow a gamma distribution (`r`, `alpha`), and after every repeat purchase leave with
/// chances that follow a beta distribution (`a`, `b`).
///
/// `alpha` and all times are in the unit of the histories. A customer who never bought again cannot have left in this
/// model, as leaving follows a repeat purchase.
///
/// # Example
/// ```
/// use advocate::estimators::buy_till_you_die::{BgNbdModel, History, Horizon};
/// let model = BgNbdModel::new(0.243, 4.414, 0.793, 2.426)?;
/// let customer = History::new(2, 30.43, 38.86)?;
/// // The example of Fader, Hardie and Lee (2005): 1.226 purchases in the next 39 weeks.
/// assert!((model.expected_purchases(&customer, Horizon::new(39.0)?) - 1.226).abs() < 5e-4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Fader, Hardie and Lee (2005), "'Counting your customers' the easy way: an alternative to the Pareto/NBD model",
/// Marketing Science 24(2).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "BgNbdParameters", into = "BgNbdParameters")]
pub struct BgNbdModel(BgNbdParameters);

/// The four parameters as they are stored.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BgNbdParameters {
    /// Shape of the purchase rates: the smaller, the more customers differ.
    pub r: f64,
    /// Rate of the purchase rates: `r / alpha` is the mean number of purchases per unit of time.
    pub alpha: f64,
    /// First shape of the chances to leave.
    pub a: f64,
    /// Second shape of the chances to leave: `a / (a + b)` is the mean chance.
    pub b: f64,
}

/// What is expected of one customer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PurchaseForecast {
    /// Purchases within the horizon.
    pub expected_purchases: f64,
    /// Probability that the customer has not left.
    pub p_alive: f64,
    /// Probability of at least one purchase within the horizon.
    pub p_purchase: f64,
}

/// Customers by their number of repeat purchases, expected beside actual.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PurchaseCount {
    /// Repeat purchases.
    pub purchases: u32,
    /// Whether the row holds all larger numbers too: the last one does.
    pub or_more: bool,
    /// Customers with as many.
    pub actual: usize,
    /// Customers expected to have as many, each at the own age.
    pub expected: f64,
}

impl TryFrom<BgNbdParameters> for BgNbdModel {
    type Error = BuyTillYouDieError;
    fn try_from(parameters: BgNbdParameters) -> Result<Self, BuyTillYouDieError> {
        Self::new(parameters.r, parameters.alpha, parameters.a, parameters.b)
    }
}

impl From<BgNbdModel> for BgNbdParameters {
    fn from(model: BgNbdModel) -> Self {
        model.0
    }
}

impl BgNbdModel {
    /// Checks the parameters, in the order of the literature.
    ///
    /// # Errors
    /// A parameter that is not positive and finite.
    pub fn new(r: f64, alpha: f64, a: f64, b: f64) -> Result<Self, BuyTillYouDieError> {
        for (what, value) in [("r", r), ("alpha", alpha), ("a", a), ("b", b)] {
            positive(what, value)?;
        }
        Ok(Self(BgNbdParameters { r, alpha, a, b }))
    }

    /// The parameters.
    pub fn parameters(&self) -> &BgNbdParameters {
        &self.0
    }

    /// Probability that the customer has not left: `1 / (1 + a / (b+x-1) ((alpha+T) / (alpha+t_x))^(r+x))` after `x`
    /// repeat purchases, and one without any.
    pub fn p_alive(&self, history: &History) -> f64 {
        let BgNbdParameters { r, alpha, a, b } = self.0;
        if history.frequency() == 0 {
            return 1.0;
        }
        let x = f64::from(history.frequency());
        let waited = (history.age() - history.recency()) / (alpha + history.recency());
        let log_odds_of_having_left = (a / (b + x - 1.0)).ln() + (r + x) * waited.ln_1p();
        1.0 / (1.0 + log_odds_of_having_left.exp())
    }

    /// Expected purchases within the horizon after the age: equation 10 of the paper.
    pub fn expected_purchases(&self, history: &History, horizon: Horizon) -> f64 {
        self.p_alive(history) * self.alive(history).purchases(horizon.length())
    }

    /// Probability of at least one purchase within the horizon `t` after the age `T`:
    /// `p_alive (1 - ((alpha+T) / (alpha+T+t))^(r+x))`.
    ///
    /// Leaving follows a purchase, so a customer who is alive buys nothing only if no purchase falls into the horizon;
    /// the rate of a customer who is alive follows a gamma distribution with shape `r + x` and rate `alpha + T`.
    pub fn purchase_probability(&self, history: &History, horizon: Horizon) -> f64 {
        let Alive { shape, rate, .. } = self.alive(history);
        -self.p_alive(history) * (-shape * (horizon.length() / rate).ln_1p()).exp_m1()
    }

    /// Expected repeat purchases of a new customer within the horizon after the first purchase.
    pub fn new_customer_purchases(&self, horizon: Horizon) -> f64 {
        self.newcomer().purchases(horizon.length())
    }

    /// Probabilities that a new customer makes `0, 1, ..., up_to` repeat purchases within the horizon after the first:
    /// equation 8 of the paper.
    pub fn new_customer_probabilities(&self, horizon: Horizon, up_to: u32) -> Vec<f64> {
        let BgNbdParameters { r, alpha, a, b } = self.0;
        let time = horizon.length();
        let z = time / (alpha + time);
        // Purchases if nobody left: exactly n, up to one more than asked for.
        let mut ln_exactly = -r * (time / alpha).ln_1p();
        let mut exactly = Vec::with_capacity(up_to as usize + 1);
        for n in 0..=up_to {
            exactly.push(ln_exactly.exp());
            ln_exactly += (z * (r + f64::from(n)) / (f64::from(n) + 1.0)).ln();
        }
        // At least n: from above, as one less a sum keeps no digits of a small rest.
        let rest = (1.0 - exactly.iter().sum::<f64>()).max(0.0);
        let mut at_least =
            if rest > LARGE_SHARE { rest } else { upper_sum(ln_exactly.exp(), f64::from(up_to) + 1.0, r, z) };
        let mut from_above: Vec<f64> = exactly
            .iter()
            .rev()
            .map(|exactly| {
                at_least += exactly;
                at_least
            })
            .collect();
        from_above.reverse();
        // The share that has not left after n repeat purchases.
        let mut stays = 1.0;
        let mut left_with_last = 0.0;
        let mut probabilities = Vec::with_capacity(exactly.len());
        for (n, (exactly, at_least)) in (0..=up_to).zip(exactly.iter().zip(&from_above)) {
            probabilities.push(stays * exactly + left_with_last * at_least);
            let n = f64::from(n);
            left_with_last = stays * a / (a + b + n);
            stays *= (b + n) / (a + b + n);
        }
        probabilities
    }

    /// Probabilities that a customer with this history makes `0, 1, ..., up_to` purchases within the horizon after the age.
    ///
    /// A customer who is alive is a new one with rate `(r + x, alpha + T)` and chances to leave `(a, b + x)`; one who has left
    /// buys nothing.
    pub fn purchase_probabilities(&self, history: &History, horizon: Horizon, up_to: u32) -> Vec<f64> {
        let Alive { shape, rate, a, b } = self.alive(history);
        let alive = Self(BgNbdParameters { r: shape, alpha: rate, a, b });
        let p_alive = self.p_alive(history);
        let mut probabilities = alive.new_customer_probabilities(horizon, up_to);
        probabilities.iter_mut().for_each(|share| *share *= p_alive);
        if let Some(none) = probabilities.first_mut() {
            *none += 1.0 - p_alive;
        }
        probabilities
    }

    /// What is expected of every customer within the horizon.
    pub fn predict(&self, customers: &Customers, horizon: Horizon) -> Vec<PurchaseForecast> {
        let forecast = |history: &History| PurchaseForecast {
            expected_purchases: self.expected_purchases(history, horizon),
            p_alive: self.p_alive(history),
            p_purchase: self.purchase_probability(history, horizon),
        };
        customers.histories().par_iter().with_min_len(TASK_ROWS).map(forecast).collect()
    }

    /// How many customers made `0, 1, ...` repeat purchases, and how many of their ages should have: the first thing to
    /// look at after a fit. The last row, `up_to`, holds all larger numbers too.
    pub fn purchase_counts(&self, customers: &Customers, up_to: u32) -> Vec<PurchaseCount> {
        let mut actual = vec![0_usize; up_to as usize + 1];
        // Ages are not negative, so that their bits are in their order.
        let mut ages: BTreeMap<u64, usize> = BTreeMap::new();
        for history in customers.histories() {
            actual[history.frequency().min(up_to) as usize] += 1;
            *ages.entry(history.age().to_bits()).or_insert(0) += 1;
        }
        let ages: Vec<(f64, f64)> = ages.into_iter().map(|(bits, n)| (f64::from_bits(bits), n as f64)).collect();
        let shares: Vec<Vec<f64>> = ages
            .par_iter()
            .with_min_len(TASK_ROWS)
            .map(|&(age, _)| self.new_customer_probabilities(Horizon::of_age(age), up_to))
            .collect();
        let mut expected = vec![0.0; actual.len()];
        for ((_, n), shares) in ages.iter().zip(&shares) {
            expected.iter_mut().zip(shares).for_each(|(sum, share)| *sum += n * share);
        }
        let below: f64 = expected.iter().take(up_to as usize).sum();
        if let Some(last) = expected.last_mut() {
            *last = customers.n_customers() as f64 - below;
        }
        (0..=up_to)
            .zip(actual.into_iter().zip(expected))
            .map(|(purchases, (actual, expected))| PurchaseCount {
                purchases,
                or_more: purchases == up_to,
                actual,
                expected,
            })
            .collect()
    }

    /// A customer after this history, if alive.
    fn alive(&self, history: &History) -> Alive {
        let BgNbdParameters { r, alpha, a, b } = self.0;
        let x = f64::from(history.frequency());
        Alive { shape: r + x, rate: alpha + history.age(), a, b: b + x }
    }

    fn newcomer(&self) -> Alive {
        let BgNbdParameters { r, alpha, a, b } = self.0;
        Alive { shape: r, rate: alpha, a, b }
    }
}

/// Refuses a parameter that is not positive and finite.
pub(super) fn positive(what: &'static str, value: f64) -> Result<(), BuyTillYouDieError> {
    if value > 0.0 && value.is_finite() {
        Ok(())
    } else {
        Err(BuyTillYouDieError::Setting { what, value, range: "positive and finite" })
    }
}

/// The sum of negative binomial probabilities from the `n`-th on, which falls from there.
fn upper_sum(first: f64, n: f64, r: f64, z: f64) -> f64 {
    let (mut probability, mut sum, mut n) = (first, 0.0, n);
    loop {
        sum += probability;
        let later = (z * (r + n) / (n + 1.0)).max(z);
        probability *= z * (r + n) / (n + 1.0);
        n += 1.0;
        // A factor that is not below one has a sum that does not end by this rule; such a rest is large.
        if later >= 1.0 || probability <= REST * (1.0 - later) * sum {
            return sum;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paper() -> BgNbdModel {
        BgNbdModel::new(0.243, 4.414, 0.793, 2.426).expect("positive")
    }

    fn horizon(length: f64) -> Horizon {
        Horizon::new(length).expect("a length")
    }

    fn reference(what: &str) -> Vec<Vec<f64>> {
        include_str!("../../../tests/oracles/buy_till_you_die_reference.txt")
            .lines()
            .filter_map(|line| line.strip_prefix(what)?.strip_prefix(' '))
            .map(|line| line.split(' ').map(|word| word.parse().expect("a number")).collect())
            .collect()
    }

    fn assert_close(got: f64, want: f64) {
        assert!((got - want).abs() <= 1e-12 * want.abs(), "{got} {want}");
    }

    #[test]
    fn predictions_of_a_customer_agree_with_mpmath() {
        let cases = reference("history");
        for case in &cases {
            let model = BgNbdModel::new(case[0], case[1], case[2], case[3]).expect("positive");
            let history = History::new(case[4] as u32, case[5], case[6]).expect("possible");
            assert_close(model.p_alive(&history), case[9]);
            assert_close(model.expected_purchases(&history, horizon(case[7])), case[10]);
            assert_close(model.purchase_probability(&history, horizon(case[7])), case[11]);
        }
        assert_eq!(cases.len(), 10);
    }

    #[test]
    fn probabilities_of_a_new_customer_agree_with_the_integral_over_rates() {
        let cases = reference("new_customer_probability");
        let got = paper().new_customer_probabilities(horizon(30.0), 3);
        for (got, case) in got.iter().zip(&cases) {
            assert!((got - case[6]).abs() <= 1e-11, "{got} {}", case[6]);
        }
        assert_eq!(cases.len(), got.len());
    }

    #[test]
    fn probabilities_sum_to_one_and_to_the_expected_purchases() {
        let probabilities = paper().new_customer_probabilities(horizon(20.0), 3000);
        let total: f64 = probabilities.iter().sum();
        let mean: f64 = probabilities.iter().zip(0..).map(|(share, n)| share * f64::from(n)).sum();
        assert!((total - 1.0).abs() < 1e-12, "{total}");
        assert_close(mean, paper().new_customer_purchases(horizon(20.0)));
    }

    #[test]
    fn a_customer_with_history_and_a_new_one_meet_at_age_zero() {
        let new = History::new(0, 0.0, 0.0).expect("possible");
        assert_eq!(paper().expected_purchases(&new, horizon(39.0)), paper().new_customer_purchases(horizon(39.0)));
        let nothing = 1.0 - paper().new_customer_probabilities(horizon(39.0), 0)[0];
        assert_close(paper().purchase_probability(&new, horizon(39.0)), nothing);
    }

    #[test]
    fn no_time_brings_no_purchase() {
        let customer = History::new(2, 30.43, 38.86).expect("possible");
        assert_eq!(paper().expected_purchases(&customer, horizon(0.0)), 0.0);
        assert_eq!(paper().purchase_probability(&customer, horizon(0.0)), 0.0);
        assert_eq!(paper().new_customer_probabilities(horizon(0.0), 2), [1.0, 0.0, 0.0]);
    }

    #[test]
    fn a_customer_long_silent_has_left_without_overflow() {
        let silent = History::new(4_000_000, 1.0, 1e9).expect("possible");
        assert_eq!(paper().p_alive(&silent), 0.0);
        assert_eq!(paper().expected_purchases(&silent, horizon(1.0)), 0.0);
    }

    #[test]
    fn counts_hold_every_customer_once() {
        let customers =
            Customers::from_columns(&[0.0, 1.0, 9.0], &[0.0, 2.0, 3.0], &[4.0, 4.0, 8.0]).expect("possible");
        let counts = paper().purchase_counts(&customers, 2);
        assert_eq!(counts.iter().map(|row| row.actual).collect::<Vec<_>>(), [1, 1, 1]);
        assert!(counts[2].or_more && !counts[1].or_more);
        assert!((counts.iter().map(|row| row.expected).sum::<f64>() - 3.0).abs() < 1e-12);
        let none = 2.0 * paper().new_customer_probabilities(horizon(4.0), 0)[0]
            + paper().new_customer_probabilities(horizon(8.0), 0)[0];
        assert_close(counts[0].expected, none);
    }

    #[test]
    fn parameters_are_positive() {
        let refused = BgNbdModel::new(0.243, 4.414, 0.0, 2.426);
        assert!(matches!(refused, Err(BuyTillYouDieError::Setting { what: "a", .. })));
    }
}
