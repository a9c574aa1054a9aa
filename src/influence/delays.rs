//! How long the word takes, learned from dates: exponential and Weibull delays, aware of what has not happened yet.

use super::InfluenceError;
use super::edges::check_length;
use serde::{Deserialize, Serialize};

/// Largest relative change of the parameters in the last step.
const TOLERANCE: f64 = 1e-10;
/// Newton steps after which the fit is an error.
const STEPS_MAX: usize = 200;
/// Halvings of a step after which no better point is found.
const HALVINGS_MAX: i32 = 40;

/// A distribution of the days that the word takes along an edge.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delay {
    /// Every step takes one: time is then counted in generations.
    Generation,
    /// The same hazard every day.
    Exponential {
        /// Mean, in days.
        mean_days: f64,
    },
    /// A hazard that rises (`shape` above 1) or falls (below 1): `P(longer than t) = exp(-(t / scale)^shape)`.
    Weibull {
        /// Days within which a share of `1 - 1/e` (0.632) have passed.
        scale_days: f64,
        /// The shape.
        shape: f64,
    },
}

impl Delay {
    /// The share (0-1) of delays longer than `days`.
    pub fn survival(self, days: f64) -> f64 {
        match self {
            Self::Generation => f64::from(u8::from(days < 1.0)),
            Self::Exponential { mean_days } => (-days.max(0.0) / mean_days).exp(),
            Self::Weibull { scale_days, shape } => (-(days.max(0.0) / scale_days).powf(shape)).exp(),
        }
    }

    /// The days within which a share (0 to below 1) of delays lie.
    pub fn quantile(self, share: f64) -> f64 {
        let hazard = -(-share).ln_1p();
        match self {
            Self::Generation => 1.0,
            Self::Exponential { mean_days } => mean_days * hazard,
            Self::Weibull { scale_days, shape } => scale_days * hazard.powf(shape.recip()),
        }
    }

    /// A delay from a uniform number on (0, 1]: days after which that share is still to come.
    #[inline]
    pub(super) fn drawn(self, uniform: f64) -> f64 {
        match self {
            Self::Generation => 1.0,
            Self::Exponential { mean_days } => -mean_days * uniform.ln(),
            Self::Weibull { scale_days, shape } => scale_days * (-uniform.ln()).powf(shape.recip()),
        }
    }

    /// # Errors
    /// Parameters that are not finite and above 0.
    pub(super) fn check(self) -> Result<(), InfluenceError> {
        let sound = |setting: &'static str, value: f64| {
            let is_sound = value.is_finite() && value > 0.0;
            if is_sound {
                Ok(())
            } else {
                Err(InfluenceError::BadSetting { setting, value, range: "finite and above 0" })
            }
        };
        match self {
            Self::Generation => Ok(()),
            Self::Exponential { mean_days } => sound("mean delay in days", mean_days),
            Self::Weibull { scale_days, shape } => {
                sound("scale of the delay in days", scale_days).and_then(|()| sound("shape of the delay", shape))
            }
        }
    }
}

/// The family of delays to fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DelayFamily {
    /// Constant hazard.
    Exponential,
    /// Rising or falling hazard.
    Weibull,
}

/// Whether all will pass the word on in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Eventually {
    /// All will: who has not yet is late.
    All,
    /// A share will, which is estimated; the others never do.
    Share,
}

/// A fitted delay.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DelayFit {
    /// The distribution.
    pub delay: Delay,
    /// Standard error of the mean (exponential) or of the scale (Weibull), in days.
    pub scale_se: f64,
    /// Standard error of the shape; 0 for the exponential, whose shape is 1.
    pub shape_se: f64,
    /// Share (0-1) that passes the word on in the end; 1 under [`Eventually::All`].
    pub share: f64,
    /// Its standard error; 0 under [`Eventually::All`].
    pub share_se: f64,
    /// The log-likelihood.
    pub log_likelihood: f64,
    /// Akaike's criterion; the lower of two families fits better.
    pub aic: f64,
    /// Trials, and those that passed.
    pub n_trials: usize,
    /// Trials that passed.
    pub n_passed: usize,
}

/// Fits delays by maximum likelihood.
///
/// One row a trial: `days` from when the referrer could pass the word on to when it passed (`passed`), or to the last day that
/// was seen. Trials seen for a short time say little and trials not over yet are not taken for failures: with the
/// survival `S` and density `f` of the family and the share `c` of [`Eventually`], a trial that passed adds `ln(c f(t))`, another
/// one `ln(1 - c + c S(t))`. Without this, quick referrals would be all that a young history shows. Standard errors come
/// from the observed information.
///
/// # Errors
/// Columns of another length, days that are not finite and above 0 (count a referral of the same day as half a day),
/// fewer than two trials that passed, no convergence (as where shape or share run away).
///
/// # Example
/// Two passed after 2 and 4 days and one had not after 6: 12 days of waiting for two events.
/// ```
/// use advocate::influence::{Delay, DelayFamily, Eventually, fit_delay};
/// let fit = fit_delay(&[2.0, 4.0, 6.0], &[true, true, false], DelayFamily::Exponential, Eventually::All).expect("two events");
/// let Delay::Exponential { mean_days } = fit.delay else { panic!("the family asked for") };
/// assert!((mean_days - 6.0).abs() < 1e-9);
/// ```
///
/// # References
/// Kalbfleisch and Prentice (2002), "The statistical analysis of failure time data"; Farewell (1982), Biometrics 38(4), for the
/// share that never fails.
pub fn fit_delay(
    days: &[f64],
    passed: &[bool],
    family: DelayFamily,
    eventually: Eventually,
) -> Result<DelayFit, InfluenceError> {
    check_length("passed", passed.len(), days.len())?;
    if let Some(row) = days.iter().position(|&days| !(days.is_finite() && days > 0.0)) {
        let (component, value) = ("delay in days", days[row]);
        return Err(InfluenceError::BadComponent { component, row: row + 1, value, range: "finite and above 0" });
    }
    let n_passed = passed.iter().filter(|&&passed| passed).count();
    if n_passed < 2 {
        let problem = format!("{n_passed} trials passed; at least 2 are needed");
        return Err(InfluenceError::NotFitted { what: "the delay of referrals", problem });
    }
    let likelihood = Likelihood { days, passed, family, eventually };
    let found = likelihood.climb(n_passed)?;
    let errors = found.std_errors().ok_or_else(not_settled)?;
    let Place { ln_scale, ln_shape, log_odds } = likelihood.place(&found.at);
    let (scale, shape) = (ln_scale.exp(), ln_shape.exp());
    let share = log_odds.map_or(1.0, |log_odds| 1.0 / (1.0 + (-log_odds).exp()));
    let (delay, shape_se) = match family {
        DelayFamily::Exponential => (Delay::Exponential { mean_days: scale }, 0.0),
        DelayFamily::Weibull => (Delay::Weibull { scale_days: scale, shape }, shape * errors[1]),
    };
    let share_se = if log_odds.is_some() { share * (1.0 - share) * errors[errors.len() - 1] } else { 0.0 };
    Ok(DelayFit {
        delay,
        scale_se: scale * errors[0],
        shape_se,
        share,
        share_se,
        log_likelihood: found.value,
        aic: 2.0 * (found.at.len() as f64 - found.value),
        n_trials: days.len(),
        n_passed,
    })
}

fn not_settled() -> InfluenceError {
    let problem =
        "the likelihood has no clear maximum; use the exponential family, or let all pass eventually".to_owned();
    InfluenceError::NotFitted { what: "the delay of referrals", problem }
}

struct Likelihood<'data> {
    days: &'data [f64],
    passed: &'data [bool],
    family: DelayFamily,
    eventually: Eventually,
}

/// The parameters on scales without bounds.
struct Place {
    ln_scale: f64,
    ln_shape: f64,
    log_odds: Option<f64>,
}

/// A maximum with its curvature.
struct Found {
    at: Vec<f64>,
    value: f64,
    /// Minus the second derivatives.
    information: Vec<Vec<f64>>,
}

impl Likelihood<'_> {
    fn place(&self, at: &[f64]) -> Place {
        let has_shape = self.family == DelayFamily::Weibull;
        let log_odds = (self.eventually == Eventually::Share).then(|| at[at.len() - 1]);
        Place { ln_scale: at[0], ln_shape: if has_shape { at[1] } else { 0.0 }, log_odds }
    }

    /// The log-likelihood and its gradient.
    fn value(&self, at: &[f64]) -> (f64, Vec<f64>) {
        let Place { ln_scale, ln_shape, log_odds } = self.place(at);
        let shape = ln_shape.exp();
        let share = log_odds.map_or(1.0, |log_odds| 1.0 / (1.0 + (-log_odds).exp()));
        let (mut value, mut by_scale, mut by_shape, mut by_share) = (0.0, 0.0, 0.0, 0.0);
        for (&days, &passed) in self.days.iter().zip(self.passed) {
            // The cumulative hazard is exp(shape (ln t - ln scale)); its derivatives are -shape * hazard and z * hazard.
            let z = shape * (days.ln() - ln_scale);
            let hazard = z.exp();
            if passed {
                value += share.ln() + ln_shape + z - days.ln() - hazard;
                by_scale += -shape * (1.0 - hazard);
                by_shape += 1.0 + z - z * hazard;
                by_share += 1.0 - share;
            } else {
                let survival = (-hazard).exp();
                let left = 1.0 - share + share * survival;
                value += if log_odds.is_none() { -hazard } else { left.ln() };
                // Of those who have not passed yet, the share who still will.
                let will = if log_odds.is_none() { 1.0 } else { share * survival / left };
                by_scale += will * shape * hazard;
                by_shape -= will * z * hazard;
                by_share += will - share;
            }
        }
        let mut gradient = vec![by_scale];
        if self.family == DelayFamily::Weibull {
            gradient.push(by_shape);
        }
        if log_odds.is_some() {
            gradient.push(by_share);
        }
        (value, gradient)
    }

    /// Minus the second derivatives, from central differences of the gradient.
    fn information(&self, at: &[f64]) -> Vec<Vec<f64>> {
        let step = 1e-5;
        let row = |place: usize| {
            let moved = |by: f64| {
                let mut there = at.to_vec();
                there[place] += by;
                self.value(&there).1
            };
            let (up, down) = (moved(step), moved(-step));
            up.iter().zip(&down).map(|(up, down)| (down - up) / (2.0 * step)).collect::<Vec<f64>>()
        };
        (0..at.len()).map(row).collect()
    }

    /// Newton's method; where the curvature is no peak's, a step along the gradient.
    fn climb(&self, n_passed: usize) -> Result<Found, InfluenceError> {
        let mean_days = self.days.iter().sum::<f64>() / n_passed as f64;
        let mut at = vec![mean_days.ln()];
        if self.family == DelayFamily::Weibull {
            at.push(0.0);
        }
        if self.eventually == Eventually::Share {
            let share = (n_passed as f64 + 1.0) / (self.days.len() as f64 + 2.0);
            // Events alone say how quick those are who pass at all.
            let quick: f64 =
                self.days.iter().zip(self.passed).filter(|(_, passed)| **passed).map(|(days, _)| days).sum();
            at[0] = (quick / n_passed as f64).ln();
            at.push((share / (1.0 - share)).ln());
        }
        let (mut value, mut gradient) = self.value(&at);
        for _ in 0..STEPS_MAX {
            let information = self.information(&at);
            let step = solve(&information, &gradient).unwrap_or_else(|| {
                let size = gradient.iter().map(|slope| slope.abs()).fold(0.0, f64::max).max(1.0);
                gradient.iter().map(|slope| slope / size).collect()
            });
            let length = step.iter().map(|step| step.abs()).fold(0.0, f64::max);
            if length <= TOLERANCE {
                return Ok(Found { at, value, information });
            }
            let cap = 2.0_f64.min(length) / length;
            let better = (0..HALVINGS_MAX).find_map(|halving| {
                let by = cap * 0.5_f64.powi(halving);
                let there: Vec<f64> = at.iter().zip(&step).map(|(at, step)| at + by * step).collect();
                let (value_there, gradient) = self.value(&there);
                (value_there.is_finite() && value_there >= value - 1e-12 * value.abs()).then_some((
                    there,
                    value_there,
                    gradient,
                ))
            });
            let Some(next) = better else { return Err(not_settled()) };
            (at, value, gradient) = next;
            if at.iter().any(|place| place.abs() > 40.0) {
                return Err(not_settled());
            }
        }
        Err(not_settled())
    }
}

impl Found {
    fn std_errors(&self) -> Option<Vec<f64>> {
        let n_parameters = self.at.len();
        let column = |place: usize| {
            let unit: Vec<f64> = (0..n_parameters).map(|other| f64::from(u8::from(other == place))).collect();
            solve(&self.information, &unit).map(|solved| solved[place].sqrt())
        };
        (0..n_parameters).map(column).collect()
    }
}

/// Solves a symmetric positive definite system of up to three equations by Cholesky's method; `None` if it is none.
fn solve(matrix: &[Vec<f64>], right: &[f64]) -> Option<Vec<f64>> {
    let n_rows = right.len();
    let mut lower = vec![vec![0.0; n_rows]; n_rows];
    for row in 0..n_rows {
        for column in 0..=row {
            let known: f64 = (0..column).map(|place| lower[row][place] * lower[column][place]).sum();
            let rest = 0.5 * (matrix[row][column] + matrix[column][row]) - known;
            lower[row][column] = if row > column {
                rest / lower[column][column]
            } else if rest > 1e-12 * matrix[row][row].abs() {
                rest.sqrt()
            } else {
                return None;
            };
        }
    }
    let mut solved = right.to_vec();
    for row in 0..n_rows {
        let known: f64 = (0..row).map(|place| lower[row][place] * solved[place]).sum();
        solved[row] = (solved[row] - known) / lower[row][row];
    }
    for row in (0..n_rows).rev() {
        let known: f64 = (row + 1..n_rows).map(|place| lower[place][row] * solved[place]).sum();
        solved[row] = (solved[row] - known) / lower[row][row];
    }
    Some(solved)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::stream;
    use rand::Rng;

    /// Trials with Weibull delays, of which a share never pass, each seen for up to 100 days.
    fn trials(n_trials: usize, scale_days: f64, shape: f64, share: f64) -> (Vec<f64>, Vec<bool>) {
        let mut random = stream(1, "delays", n_trials as u64);
        let delay = Delay::Weibull { scale_days, shape };
        (0..n_trials)
            .map(|_| {
                let seen_days = 1.0 + 99.0 * random.random::<f64>();
                let will = random.random::<f64>() < share;
                let days = delay.drawn(1.0 - random.random::<f64>());
                if will && days <= seen_days { (days, true) } else { (seen_days, false) }
            })
            .unzip()
    }

    #[test]
    fn weibull_agrees_with_another_program() {
        // scipy.optimize.minimize (Nelder-Mead, xatol 1e-12) on the censored Weibull
        // log-likelihood of these ten rows.
        let days = [5.0, 8.0, 12.0, 3.0, 30.0, 22.0, 45.0, 60.0, 60.0, 17.0];
        let passed = [true, true, true, true, true, false, true, false, false, true];
        let fit = fit_delay(&days, &passed, DelayFamily::Weibull, Eventually::All).expect("a maximum");
        let Delay::Weibull { scale_days, shape } = fit.delay else { panic!("another family") };
        assert!((scale_days - SCIPY.0).abs() < 1e-5 * SCIPY.0, "{scale_days}");
        assert!((shape - SCIPY.1).abs() < 1e-5, "{shape}");
        assert!((fit.log_likelihood - SCIPY.2).abs() < 1e-8, "{}", fit.log_likelihood);
    }

    const SCIPY: (f64, f64, f64) = (37.588884492299265, 0.9295869353244633, -32.329584248992894);

    #[test]
    fn the_gradient_is_that_of_finite_differences() {
        let (days, passed) = trials(60, 20.0, 1.4, 0.6);
        for (family, eventually, at) in [
            (DelayFamily::Exponential, Eventually::All, vec![2.5]),
            (DelayFamily::Weibull, Eventually::All, vec![3.0, 0.2]),
            (DelayFamily::Weibull, Eventually::Share, vec![3.0, 0.2, 0.4]),
            (DelayFamily::Exponential, Eventually::Share, vec![3.0, -0.3]),
        ] {
            let likelihood = Likelihood { days: &days, passed: &passed, family, eventually };
            let gradient = likelihood.value(&at).1;
            for place in 0..at.len() {
                let moved = |by: f64| {
                    let mut there = at.clone();
                    there[place] += by;
                    likelihood.value(&there).0
                };
                let want = (moved(1e-6) - moved(-1e-6)) / 2e-6;
                assert!(
                    (gradient[place] - want).abs() < 1e-5 * want.abs().max(1.0),
                    "{place}: {} {want}",
                    gradient[place]
                );
            }
        }
    }

    #[test]
    fn what_is_not_over_yet_does_not_bias_delay_or_share() {
        let (days, passed) = trials(6000, 20.0, 1.5, 0.4);
        let fit = fit_delay(&days, &passed, DelayFamily::Weibull, Eventually::Share).expect("a maximum");
        let Delay::Weibull { scale_days, shape } = fit.delay else { panic!("another family") };
        assert!((scale_days - 20.0).abs() < 4.0 * fit.scale_se, "{fit:?}");
        assert!((shape - 1.5).abs() < 4.0 * fit.shape_se && fit.shape_se < 0.1, "{fit:?}");
        assert!((fit.share - 0.4).abs() < 4.0 * fit.share_se && fit.share_se < 0.03, "{fit:?}");
        // The exponential fits worse, and the share that passed so far is far below the share that will.
        let plain = fit_delay(&days, &passed, DelayFamily::Exponential, Eventually::Share).expect("a maximum");
        assert!(plain.aic > fit.aic + 10.0);
        assert!(fit.n_passed as f64 / 6000.0 < 0.36, "{}", fit.n_passed);
    }

    #[test]
    fn quantile_and_survival_agree() {
        for delay in [Delay::Exponential { mean_days: 3.0 }, Delay::Weibull { scale_days: 5.0, shape: 0.7 }] {
            for share in [0.0, 0.1, 0.5, 0.99] {
                assert!((delay.survival(delay.quantile(share)) - (1.0 - share)).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn unsound_days_are_refused() {
        let fit = |days: &[f64], passed: &[bool]| fit_delay(days, passed, DelayFamily::Weibull, Eventually::All);
        assert!(matches!(fit(&[1.0, 0.0], &[true, true]), Err(InfluenceError::BadComponent { row: 2, .. })));
        assert!(matches!(fit(&[1.0], &[true, true]), Err(InfluenceError::Length { .. })));
        assert!(matches!(fit(&[1.0, 2.0], &[true, false]), Err(InfluenceError::NotFitted { .. })));
        // All on one day: the shape runs away.
        assert!(matches!(fit(&[3.0, 3.0, 3.0], &[true; 3]), Err(InfluenceError::NotFitted { .. })));
    }
}
