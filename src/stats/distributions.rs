//! Tail probabilities and quantiles of the normal and Student's t, and the confidence level as a type.

use serde::{Deserialize, Serialize};
use statrs::distribution::{Beta, ChiSquared, ContinuousCDF, FisherSnedecor, Normal, StudentsT};
use thiserror::Error;

/// A level outside the open interval from 0 to 1.
#[derive(Debug, Error, PartialEq)]
#[error("confidence must lie between 0 and 1, as in 0.95, and is {0}")]
pub struct ConfidenceError(f64);

/// A confidence level, strictly between 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Confidence(f64);

impl Confidence {
    /// Checks the level.
    ///
    /// # Errors
    /// A level that is not strictly between 0 and 1.
    pub fn new(level: f64) -> Result<Self, ConfidenceError> {
        if level > 0.0 && level < 1.0 { Ok(Self(level)) } else { Err(ConfidenceError(level)) }
    }

    /// The level itself, as in 0.95.
    pub fn level(self) -> f64 {
        self.0
    }

    /// The probability in each of the two tails, as in 0.025.
    pub fn tail(self) -> f64 {
        (1.0 - self.0) / 2.0
    }

    /// The two-sided critical value of the standard normal, as in 1.96.
    pub fn z(self) -> f64 {
        -normal_quantile(self.tail())
    }

    /// The two-sided critical value of Student's t.
    pub fn t(self, degrees_of_freedom: f64) -> f64 {
        student_critical(self.tail(), degrees_of_freedom)
    }
}

impl Default for Confidence {
    fn default() -> Self {
        Self(0.95)
    }
}

impl TryFrom<f64> for Confidence {
    type Error = ConfidenceError;
    fn try_from(level: f64) -> Result<Self, ConfidenceError> {
        Self::new(level)
    }
}

impl From<Confidence> for f64 {
    fn from(confidence: Confidence) -> f64 {
        confidence.0
    }
}

/// The standard normal quantile; `-inf` at 0 and `inf` at 1.
pub fn normal_quantile(probability: f64) -> f64 {
    let mut z = Normal::standard().inverse_cdf(probability);
    // Two Newton steps in the smaller tail take the library's ten digits to full precision.
    for _ in 0..2 {
        let density = (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt();
        if !z.is_finite() || density <= 0.0 {
            return z;
        }
        let excess = if z < 0.0 { normal_cdf(z) - probability } else { (1.0 - probability) - normal_sf(z) };
        z -= excess / density;
    }
    z
}

/// The standard normal distribution function, to full relative precision in the lower tail.
pub fn normal_cdf(z: f64) -> f64 {
    normal_sf(-z)
}

/// The probability that a standard normal exceeds `z`, to full relative precision in the upper tail.
pub fn normal_sf(z: f64) -> f64 {
    0.5 * libm::erfc(z * std::f64::consts::FRAC_1_SQRT_2)
}

/// The probability that a standard normal is at least `|z|` away from zero.
pub fn normal_two_sided(z: f64) -> f64 {
    2.0 * normal_sf(z.abs())
}

/// The probability that Student's t is at least `|t|` away from zero.
///
/// `NaN` where the degrees of freedom are not positive.
pub fn student_two_sided(t: f64, degrees_of_freedom: f64) -> f64 {
    match StudentsT::new(0.0, 1.0, degrees_of_freedom) {
        Ok(student) if t.is_finite() => 2.0 * student.sf(t.abs()),
        Ok(_) if t.is_infinite() => 0.0,
        _ => f64::NAN,
    }
}

/// The value that Student's t exceeds with probability `tail`.
///
/// Newton steps on the survival function from the normal quantile, bracketed by bisection; relative error below 1e-12.
pub fn student_critical(tail: f64, degrees_of_freedom: f64) -> f64 {
    let Ok(student) = StudentsT::new(0.0, 1.0, degrees_of_freedom) else { return f64::NAN };
    let (mut low, mut high) = (0.0, 1.0);
    while student.sf(high) > tail {
        low = high;
        high *= 2.0;
        if !f64::is_finite(high) {
            return f64::INFINITY;
        }
    }
    // Bisection halves the bracket to the spacing of doubles: 60 steps are enough from any power of two.
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if student.sf(middle) > tail {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// The probability that chi squared exceeds `value`; `NaN` where the degrees of freedom are not positive.
pub fn chi_squared_upper(value: f64, degrees_of_freedom: f64) -> f64 {
    ChiSquared::new(degrees_of_freedom).map_or(f64::NAN, |chi_squared| chi_squared.sf(value.max(0.0)))
}

/// The probability that F exceeds `value`; `NaN` where degrees of freedom are not positive.
pub fn f_upper(value: f64, numerator: f64, denominator: f64) -> f64 {
    match FisherSnedecor::new(numerator, denominator) {
        Ok(f) if value.is_finite() => f.sf(value.max(0.0)),
        Ok(_) => 0.0,
        Err(_) => f64::NAN,
    }
}

/// The probability that a Beta variable with these shapes is at most `value`; `NaN` where a shape is not positive.
pub fn beta_cdf(value: f64, first: f64, second: f64) -> f64 {
    Beta::new(first, second).map_or(f64::NAN, |beta| beta.cdf(value.clamp(0.0, 1.0)))
}

/// The value that a Beta variable with these shapes stays below with this probability, to the spacing of doubles near 1.
pub fn beta_quantile(probability: f64, first: f64, second: f64) -> f64 {
    let Ok(beta) = Beta::new(first, second) else { return f64::NAN };
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if beta.cdf(middle) < probability {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(got: f64, want: f64, relative: f64) {
        assert!((got - want).abs() <= relative * want.abs(), "{got} {want}");
    }

    #[test]
    fn normal_agrees_with_scipy() {
        // scipy.stats.norm: ppf(0.975), ppf(0.995), ppf(1e-10), 2 * sf(1.2), 2 * sf(9)
        close(Confidence::default().z(), 1.959_963_984_540_054, 1e-14);
        close(normal_quantile(0.995), 2.575_829_303_548_900_4, 1e-14);
        close(normal_quantile(1e-10), -6.361_340_902_404_056, 1e-13);
        close(normal_two_sided(-1.2), 0.230_139_340_443_416_44, 1e-12);
        close(normal_two_sided(9.0), 2.257_176_811_907_681e-19, 1e-10);
    }

    #[test]
    fn student_agrees_with_scipy() {
        // scipy.stats.t: ppf(0.975, 41), ppf(0.975, 1), 2 * sf(2.5, 41), 2 * sf(40, 9)
        close(Confidence::default().t(41.0), 2.019_540_970_441_375_4, 1e-12);
        close(Confidence::default().t(1.0), 12.706_204_736_174_694, 1e-12);
        close(student_two_sided(2.5, 41.0), 0.016_512_705_190_765_16, 1e-9);
        close(student_two_sided(40.0, 9.0), 1.898_299_844_933_982_2e-11, 1e-8);
    }

    #[test]
    fn chi_squared_and_f_agree_with_scipy() {
        // scipy.stats: chi2.sf(7.3, 3), chi2.sf(60, 5), f.sf(19.76, 5, 41), f.sf(0.4, 2, 10)
        close(chi_squared_upper(7.3, 3.0), 0.06292623645904312, 1e-9);
        close(chi_squared_upper(60.0, 5.0), 1.2154569777183007e-11, 1e-8);
        close(f_upper(19.76, 5.0, 41.0), 5.598021103935188e-10, 1e-8);
        close(f_upper(0.4, 2.0, 10.0), 0.6805831970337531, 1e-9);
    }

    #[test]
    fn beta_agrees_with_scipy() {
        // scipy.stats.beta: cdf(0.3, 2, 5), cdf(0.98, 19, 0.5), ppf(0.025, 3, 8), ppf(0.975, 1, 10)
        close(beta_cdf(0.3, 2.0, 5.0), 0.579825, 1e-9);
        close(beta_cdf(0.98, 19.0, 0.5), 0.384_053_704_674_843_84, 1e-9);
        close(beta_quantile(0.025, 3.0, 8.0), 0.066_739_511_177_734_47, 1e-9);
        close(beta_quantile(0.975, 1.0, 10.0), 0.308_497_107_818_760_1, 1e-9);
    }

    #[test]
    fn level_outside_the_unit_interval_is_refused() {
        for level in [0.0, 1.0, 95.0, f64::NAN] {
            assert!(Confidence::new(level).is_err());
        }
    }
}
