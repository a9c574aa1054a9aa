//! The expected logarithm of what a customer will spend, for models whose outcome is that logarithm.

use super::bg_nbd_model::BgNbdModel;
use super::gamma_gamma_model::{GammaGammaModel, GammaGammaParameters};
use super::history::{History, Horizon};
use crate::stats::special::{digamma, trigamma};

/// Purchases that are looked at one by one; larger numbers count as their mean.
const PURCHASES_MAX: u32 = 400;
/// The same in standard deviations above the mean, for customers who buy less.
const STD_DEVS: f64 = 10.0;
/// The widest step of the sum over levels of spending, and as many standard deviations where these are less. What the rule
/// leaves out is the characteristic function of the density at `2 pi / step`, some 1e-13.
const STEP: f64 = 0.4;
/// Points of that sum on either side of its centre.
const POINTS_MAX: i32 = 100_000;
/// A probability of more purchases than are looked at that is rounding.
const REST_MIN: f64 = 1e-12;
/// A weight below this share of the sum ends it.
const REST: f64 = 1e-16;

/// What customers spend in a time, on the scale `ln (1 + spend)`.
///
/// The logarithm of an expectation is not the expectation of the logarithm: a customer who is expected to spend 50 because half of
/// such customers spend 100 has `ln 51 = 3.9` by the one and `ln 101 / 2 = 2.3` by the other. A model of the logarithm has to be
/// held against the second.
///
/// # Example
/// ```
/// use advocate::estimators::buy_till_you_die::{BgNbdModel, GammaGammaModel, History, Horizon, LogSpend};
/// let own = LogSpend {
///     purchases: BgNbdModel::new(0.243, 4.414, 0.793, 2.426)?,
///     spend: GammaGammaModel::new(6.25, 3.74, 15.44)?,
/// };
/// let customer = History::new(2, 30.43, 38.86)?;
/// let until = Horizon::new(39.0)?;
/// let (expected, of_expected) = (
///     own.expected(&customer, 22.35, until),
///     (own.purchases.expected_purchases(&customer, until) * own.spend.expected_value(2, 22.35)).ln_1p(),
/// );
/// assert!(0.0 < expected && expected < of_expected);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Fader, Hardie and Lee (2005), Marketing Science 24(2), equation 8, for the number of purchases; Fader and Hardie (2013), "The
/// Gamma-Gamma model of monetary value", note 025 at brucehardie.com; Duan (1983), "Smearing estimate: a nonparametric
/// retransformation method", JASA 78(383), for why the two differ.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogSpend {
    /// How often customers buy and when they leave.
    pub purchases: BgNbdModel,
    /// What a purchase is worth.
    pub spend: GammaGammaModel,
}

impl LogSpend {
    /// `E[ln (1 + spend)]` within the horizon, of a customer whose repeat purchases had this mean value:
    /// `sum over n of P(n purchases) E[ln (1 + sum of n values)]`.
    ///
    /// As in [`GammaGammaModel::expected_value`], a customer without repeat purchases, or whose were worth nothing, spends as
    /// everybody does.
    pub fn expected(&self, history: &History, mean_value: f64, horizon: Horizon) -> f64 {
        let up_to = self.purchases_up_to(history, horizon);
        let shares = self.purchases.purchase_probabilities(history, horizon, up_to);
        let level = Level::of(self.spend.parameters(), history.frequency(), mean_value);
        let sum: f64 =
            shares.iter().zip(0..).skip(1).map(|(share, n)| share * level.expected_ln_1p(f64::from(n))).sum();
        let rest = 1.0 - shares.iter().sum::<f64>();
        if rest <= REST_MIN {
            return sum;
        }
        // Larger numbers count as their mean, which is what expected purchases leave to them.
        let below: f64 = shares.iter().zip(0..).map(|(share, n)| share * f64::from(n)).sum();
        let beyond = (self.purchases.expected_purchases(history, horizon) - below) / rest;
        sum + rest * level.expected_ln_1p(beyond.max(f64::from(up_to)))
    }

    /// Purchases that are looked at one by one: up to ten standard deviations above the mean, if nobody left.
    fn purchases_up_to(&self, history: &History, horizon: Horizon) -> u32 {
        let parameters = self.purchases.parameters();
        let odds = horizon.length() / (parameters.alpha + history.age());
        let mean = (parameters.r + f64::from(history.frequency())) * odds;
        let up_to = mean + STD_DEVS * (mean * (1.0 + odds)).sqrt();
        (up_to.ceil() as u32).clamp(1, PURCHASES_MAX)
    }
}

/// What is known of how a customer spends: values are gamma with shape `p` and a rate that is itself gamma, with shape `q` and
/// rate `scale`.
#[derive(Debug, Clone, Copy)]
struct Level {
    p: f64,
    q: f64,
    scale: f64,
}

impl Level {
    fn of(parameters: &GammaGammaParameters, frequency: u32, mean_value: f64) -> Self {
        let GammaGammaParameters { p, q, gamma } = *parameters;
        if frequency == 0 || mean_value.is_nan() || mean_value <= 0.0 {
            return Self { p, q, scale: gamma };
        }
        let x = f64::from(frequency);
        Self { p, q: q + p * x, scale: gamma + x * mean_value }
    }

    /// `E[ln (1 + S)]`, `S` the sum of `n` values: `S / scale` is a gamma variable with shape `a = p n` over one with shape `q`.
    ///
    /// By the trapezoidal rule in `u = ln (S / scale)`, whose density is `e^(a u) / (1 + e^u)^(a + q)` up to a constant. It
    /// and the logarithm have no singularity nearer than `pi` to the real line, so that the rule is exact to rounding.
    fn expected_ln_1p(self, n: f64) -> f64 {
        let a = self.p * n;
        let centre = digamma(a) - digamma(self.q);
        let step = STEP * (trigamma(a) + trigamma(self.q)).sqrt().min(1.0);
        let top = self.ln_density(a, centre);
        let (mut numerator, mut denominator) = (0.0, 0.0);
        let mut add = |place: i32| {
            let u = centre + f64::from(place) * step;
            let weight = (self.ln_density(a, u) - top).exp();
            denominator += weight;
            numerator += weight * softplus(u + self.scale.ln());
            weight <= REST * denominator
        };
        add(0);
        for side in [1, -1] {
            // The first place that no longer counts ends the side.
            (1..POINTS_MAX).find(|&place| add(side * place));
        }
        numerator / denominator
    }

    fn ln_density(self, a: f64, u: f64) -> f64 {
        -a * softplus(-u) - self.q * softplus(u)
    }
}

/// `ln (1 + exp x)`.
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::stream;
    use rand::Rng;
    use rand_distr::{Beta, Distribution, Gamma};

    fn reference(what: &str) -> Vec<Vec<f64>> {
        include_str!("../../../tests/oracles/log_spend_reference.txt")
            .lines()
            .filter_map(|line| line.strip_prefix(what)?.strip_prefix(' '))
            .map(|line| line.split(' ').map(|word| word.parse().expect("a number")).collect())
            .collect()
    }

    fn model() -> LogSpend {
        LogSpend {
            purchases: BgNbdModel::new(0.243, 4.414, 0.793, 2.426).expect("positive"),
            spend: GammaGammaModel::new(6.25, 3.74, 15.44).expect("in range"),
        }
    }

    fn horizon(length: f64) -> Horizon {
        Horizon::new(length).expect("a length")
    }

    #[test]
    fn the_logarithm_of_a_sum_agrees_with_an_integral_over_levels() {
        let cases = reference("ln_spent");
        for case in &cases {
            let parameters = GammaGammaParameters { p: case[0], q: case[1], gamma: case[2] };
            let got = Level::of(&parameters, case[3] as u32, case[4]).expected_ln_1p(case[5]);
            assert!((got - case[6]).abs() < 1e-8 * case[6], "{got} {}", case[6]);
        }
        assert_eq!(cases.len(), 6);
    }

    #[test]
    fn numbers_of_purchases_after_a_history_agree_with_an_integral_over_rates() {
        let cases = reference("count");
        for case in &cases {
            let own = BgNbdModel::new(case[0], case[1], case[2], case[3]).expect("positive");
            let history = History::new(case[4] as u32, case[5], case[6]).expect("possible");
            let got = own.purchase_probabilities(&history, horizon(case[7]), 5)[case[8] as usize];
            assert!((got - case[9]).abs() < 1e-9, "{got} {}", case[9]);
        }
        assert_eq!(cases.len(), 12);
    }

    #[test]
    fn simulated_customers_spend_as_expected() {
        // A customer of age 30 with two repeat purchases, the last at 25, of 20 on average; 30 units of time ahead.
        let own = model();
        let (history, mean_value, time) = (History::new(2, 25.0, 30.0).expect("possible"), 20.0, 30.0);
        let alive = own.purchases.p_alive(&history);
        let rates = Gamma::new(2.243, 1.0 / 34.414).expect("a distribution");
        let chances = Beta::new(0.793, 4.426).expect("a distribution");
        let levels = Gamma::new(3.74 + 12.5, 1.0 / (15.44 + 40.0)).expect("a distribution");
        let mut random = stream(7, "log spend", 0);
        let n_customers = 40_000;
        let (mut sum, mut squares) = (0.0, 0.0);
        for _ in 0..n_customers {
            let (rate, chance, level): (f64, f64, f64) =
                (rates.sample(&mut random), chances.sample(&mut random), levels.sample(&mut random));
            let values = Gamma::new(6.25, 1.0 / level).expect("a distribution");
            let (mut t, mut spent, mut is_alive) = (0.0, 0.0, random.random::<f64>() < alive);
            while is_alive {
                t -= f64::ln(1.0 - random.random::<f64>()) / rate;
                if t > time {
                    break;
                }
                spent += values.sample(&mut random);
                is_alive = random.random::<f64>() >= chance;
            }
            sum += f64::ln_1p(spent);
            squares += f64::ln_1p(spent).powi(2);
        }
        let n = f64::from(n_customers);
        let (mean, std_error) = (sum / n, ((squares / n - (sum / n).powi(2)) / n).sqrt());
        let got = own.expected(&history, mean_value, horizon(time));
        assert!((got - mean).abs() < 4.0 * std_error, "{got} {mean} {std_error}");
    }

    #[test]
    fn values_that_never_differ_leave_the_numbers_of_purchases() {
        // Shapes of a million: every purchase is worth 10, of every customer.
        let own = LogSpend { spend: GammaGammaModel::new(1e6, 1e6, 10.0).expect("in range"), ..model() };
        let new = History::new(0, 0.0, 0.0).expect("possible");
        let until = horizon(20.0);
        let shares = own.purchases.new_customer_probabilities(until, 200);
        let want: f64 = shares.iter().zip(0..).map(|(share, n)| share * f64::ln_1p(10.0 * f64::from(n))).sum();
        let got = own.expected(&new, 0.0, until);
        assert!((got - want).abs() < 1e-5, "{got} {want}");
    }

    #[test]
    fn no_time_and_a_customer_who_has_left_spend_nothing() {
        let customer = History::new(2, 30.43, 38.86).expect("possible");
        assert!(model().expected(&customer, 20.0, horizon(0.0)).abs() < 1e-15);
        let gone = History::new(4_000, 1.0, 1e9).expect("possible");
        assert!(model().expected(&gone, 20.0, horizon(1.0)).abs() < 1e-15);
    }

    #[test]
    fn numbers_beyond_those_looked_at_count_as_their_mean() {
        // Some 3000 purchases are expected if the customer stays, which half of such customers do for 400.
        let busy = History::new(300, 30.0, 30.0).expect("possible");
        let until = horizon(365.0);
        let got = model().expected(&busy, 5.0, until);
        // Jensen's inequality from above; from below half of them with no less than 400 purchases, and nothing of the others.
        let amount = model().purchases.expected_purchases(&busy, until) * model().spend.expected_value(300, 5.0);
        assert!(got < amount.ln_1p() && got > 0.45 * f64::ln(400.0 * 5.0), "{got} {amount}");
    }
}
