//! The gamma function's relatives: logarithms of rising factorials with their slopes, digamma and trigamma.

/// From here on the asymptotic series below are good to the last digit.
const ASYMPTOTIC_FROM: f64 = 12.0;

/// The digamma function of a positive number: the slope of `ln gamma`.
///
/// Relative error about 1e-15, away from the zero at 1.46.
///
/// # References
/// Abramowitz and Stegun (1964), "Handbook of Mathematical Functions", 6.3.5 and 6.3.18.
pub fn digamma(z: f64) -> f64 {
    let (shifted, below) = shifted(z, |at| 1.0 / at);
    shifted.ln() - digamma_tail(shifted) - below
}

/// The trigamma function of a positive number: the slope of [`digamma`].
///
/// # References
/// Abramowitz and Stegun (1964), "Handbook of Mathematical Functions", 6.4.6 and 6.4.12.
pub fn trigamma(z: f64) -> f64 {
    let (shifted, below) = shifted(z, |at| 1.0 / (at * at));
    1.0 / shifted + trigamma_tail(shifted) + below
}

/// `ln (gamma(z + n) / gamma(z))`, the logarithm of the rising factorial `z (z + 1) ... (z + n - 1)`, with its first
/// two derivatives by `z`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LnRising {
    /// The logarithm.
    pub value: f64,
    /// `digamma(z + n) - digamma(z)`.
    pub slope: f64,
    /// `trigamma(z + n) - trigamma(z)`.
    pub curvature: f64,
}

impl LnRising {
    /// For `z` above and `n` not below zero; `n` need not be whole.
    ///
    /// Differences are taken term by term and not between large functions, so that `z = 1e12` keeps its digits.
    ///
    /// # Example
    /// ```
    /// use advocate::stats::special::LnRising;
    /// // 3 * 4 = 12, and 1/3 + 1/4 is the slope.
    /// let rising = LnRising::of(3.0, 2.0);
    /// assert!((rising.value - 12.0_f64.ln()).abs() < 1e-14);
    /// assert!((rising.slope - 7.0 / 12.0).abs() < 1e-15);
    /// ```
    pub fn of(z: f64, n: f64) -> Self {
        let (mut value, mut slope, mut curvature) = (0.0, 0.0, 0.0);
        let mut at = z;
        while at < ASYMPTOTIC_FROM {
            let above = at + n;
            value -= (n / at).ln_1p();
            slope += n / (at * above);
            curvature -= n / (at * above) * (1.0 / at + 1.0 / above);
            at += 1.0;
        }
        let above = at + n;
        let ratio = (n / at).ln_1p();
        Self {
            value: value + (at - 0.5) * ratio + n * (above.ln() - 1.0) + ln_gamma_tail(above) - ln_gamma_tail(at),
            slope: slope + ratio - digamma_tail(above) + digamma_tail(at),
            curvature: curvature - n / (at * above) + trigamma_tail(above) - trigamma_tail(at),
        }
    }
}

/// The argument moved up by whole steps, and what `step` sums to on the way.
fn shifted(z: f64, step: impl Fn(f64) -> f64) -> (f64, f64) {
    let (mut at, mut sum) = (z, 0.0);
    while at < ASYMPTOTIC_FROM {
        sum += step(at);
        at += 1.0;
    }
    (at, sum)
}

/// `ln gamma(z) - (z - 1/2) ln z + z - ln(2 pi) / 2`.
fn ln_gamma_tail(z: f64) -> f64 {
    let square = 1.0 / (z * z);
    let series = [1.0 / 12.0, -1.0 / 360.0, 1.0 / 1260.0, -1.0 / 1680.0, 1.0 / 1188.0, -691.0 / 360_360.0, 1.0 / 156.0];
    polynomial(&series, square) / z
}

/// `ln z - digamma(z)`.
fn digamma_tail(z: f64) -> f64 {
    let square = 1.0 / (z * z);
    let series = [1.0 / 12.0, -1.0 / 120.0, 1.0 / 252.0, -1.0 / 240.0, 1.0 / 132.0, -691.0 / 32_760.0, 1.0 / 12.0];
    0.5 / z + square * polynomial(&series, square)
}

/// `trigamma(z) - 1 / z`.
fn trigamma_tail(z: f64) -> f64 {
    let square = 1.0 / (z * z);
    let series = [1.0 / 6.0, -1.0 / 30.0, 1.0 / 42.0, -1.0 / 30.0, 5.0 / 66.0, -691.0 / 2730.0, 7.0 / 6.0];
    square * (0.5 + polynomial(&series, square) / z)
}

fn polynomial(coefficients: &[f64], at: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, coefficient| sum * at + coefficient)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(got: f64, want: f64) {
        assert!((got - want).abs() <= 2e-14 * want.abs(), "{got} {want}");
    }

    /// Arguments and values of the lines that start with `what`.
    fn reference(what: &str) -> Vec<Vec<f64>> {
        include_str!("../../tests/oracles/buy_till_you_die_reference.txt")
            .lines()
            .filter_map(|line| line.strip_prefix(what)?.strip_prefix(' '))
            .map(|line| line.split(' ').map(|word| word.parse().expect("a number")).collect())
            .collect()
    }

    #[test]
    fn digamma_and_trigamma_agree_with_mpmath() {
        let cases = reference("digamma_trigamma");
        for case in &cases {
            close(digamma(case[0]), case[1]);
            close(trigamma(case[0]), case[2]);
        }
        assert_eq!(cases.len(), 8);
    }

    #[test]
    fn rising_factorials_agree_with_mpmath_from_tiny_to_huge() {
        let cases = reference("ln_rising");
        for case in &cases {
            let got = LnRising::of(case[0], case[1]);
            for (got, want) in [got.value, got.slope, got.curvature].into_iter().zip(&case[2..]) {
                // Where n is far below z, the difference of the tails has the rounding of the tails.
                let tails = 1e-15 / case[0].max(1.0).powi(2);
                assert!((got - want).abs() <= 2e-14 * want.abs() + tails, "{case:?}: {got} {want}");
            }
        }
        assert_eq!(cases.len(), 9);
    }

    #[test]
    fn no_factor_is_nothing() {
        assert_eq!(LnRising::of(0.3, 0.0), LnRising { value: 0.0, slope: 0.0, curvature: 0.0 });
    }
}
