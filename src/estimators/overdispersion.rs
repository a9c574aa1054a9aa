//! Whether counts vary more than a Poisson model allows, which makes its standard errors too small.

use crate::stats::distributions::{chi_squared_upper, normal_sf};
use serde::{Deserialize, Serialize};

/// A regression of squared residuals against equal expectation and variance.
///
/// The coefficient `a` of `var(y) = mu + a g(mu)` by least squares without intercept of `((y - mu)^2 - y) / mu` on
/// `g(mu) / mu`, at the Poisson expectations. The p-value is one-sided: only excess variance speaks against Poisson.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DispersionRegression {
    /// The coefficient: 0 where variance and expectation are equal.
    pub estimate: f64,
    /// It over its standard error; standard normal where variance and expectation are equal.
    pub statistic: f64,
    /// Probability of a statistic at least as large under a Poisson model.
    pub p_value: f64,
}

/// Twice what the log-likelihood gains by `alpha` over a Poisson model.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DispersionLikelihoodRatio {
    /// The statistic; 0 where `alpha` is at its border.
    pub statistic: f64,
    /// Half of the tail of chi squared with one degree of freedom, since `alpha` cannot be negative.
    pub p_value: f64,
}

/// The tests of overdispersion of one fit.
///
/// # References
/// Cameron and Trivedi (1990), "Regression-based tests for overdispersion in the Poisson model", Journal of Econometrics
/// 46(3); Self and Liang (1987), JASA 82(398), for the border.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Overdispersion {
    /// Against `var(y) = mu + a mu` (NB1); `1 + a` is the dispersion.
    pub linear: DispersionRegression,
    /// Against `var(y) = mu + a mu^2` (NB2).
    pub quadratic: DispersionRegression,
    /// Against the negative binomial model, where that was fitted.
    pub likelihood_ratio: Option<DispersionLikelihoodRatio>,
}

impl DispersionLikelihoodRatio {
    pub(super) fn of(log_likelihood: f64, poisson_log_likelihood: f64) -> Self {
        let statistic = (2.0 * (log_likelihood - poisson_log_likelihood)).max(0.0);
        let p_value = if statistic > 0.0 { 0.5 * chi_squared_upper(statistic, 1.0) } else { 1.0 };
        Self { statistic, p_value }
    }
}

/// Sums of one auxiliary regression without intercept.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct DispersionSums {
    squares: [f64; 2],
    products: [f64; 2],
    responses: f64,
}

impl DispersionSums {
    /// Adds a row that counts, with a positive expectation under the Poisson model.
    pub(super) fn add(&mut self, weight: f64, outcome: f64, mean: f64) {
        let response = ((outcome - mean).powi(2) - outcome) / mean;
        for (place, regressor) in [1.0, mean].into_iter().enumerate() {
            self.squares[place] += weight * regressor * regressor;
            self.products[place] += weight * regressor * response;
        }
        self.responses += weight * response * response;
    }

    pub(super) fn plus(mut self, other: Self) -> Self {
        for place in 0..2 {
            self.squares[place] += other.squares[place];
            self.products[place] += other.products[place];
        }
        self.responses += other.responses;
        self
    }

    /// The linear and the quadratic form.
    pub(super) fn tests(&self, n_used: usize, likelihood_ratio: Option<DispersionLikelihoodRatio>) -> Overdispersion {
        let test = |place: usize| {
            let estimate = self.products[place] / self.squares[place];
            let residual_squares = (self.responses - estimate * self.products[place]).max(0.0);
            let variance = residual_squares / (n_used as f64 - 1.0) / self.squares[place];
            let statistic = estimate / variance.sqrt();
            DispersionRegression { estimate, statistic, p_value: normal_sf(statistic) }
        };
        Overdispersion { linear: test(0), quadratic: test(1), likelihood_ratio }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_regression_by_hand() {
        // Expectations 1 and 2, counts 3 and 0: responses (4 - 3) / 1 = 1 and (4 - 0) / 2 = 2.
        let mut sums = DispersionSums::default();
        sums.add(1.0, 3.0, 1.0);
        sums.add(1.0, 0.0, 2.0);
        let tests = sums.tests(2, None);
        // Linear: mean 3/2, deviation sqrt(1/2), so t = 3/2 / (sqrt(1/2) / sqrt 2) = 3.
        assert!((tests.linear.estimate - 1.5).abs() < 1e-15 && (tests.linear.statistic - 3.0).abs() < 1e-14);
        // Quadratic: (1 + 4) / (1 + 4) = 1, without a residual.
        assert!((tests.quadratic.estimate - 1.0).abs() < 1e-15);
        // scipy.stats.norm.sf(3)
        assert!((tests.linear.p_value - 0.001_349_898_031_630_094_6).abs() < 1e-15);
    }

    #[test]
    fn the_ratio_has_half_a_chi_square() {
        // scipy.stats.chi2.sf(3.2, 1) / 2
        let ratio = DispersionLikelihoodRatio::of(-100.0, -101.6);
        assert!((ratio.p_value - 0.036_819_135_060_151_63).abs() < 1e-9, "{ratio:?}");
        assert!(DispersionLikelihoodRatio::of(-100.0, -99.9).p_value >= 1.0);
    }
}
