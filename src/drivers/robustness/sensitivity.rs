//! The sensitivity of one regression coefficient to a confounder, from its estimate, standard error and degrees of freedom.

use crate::drivers::ActionError;
use crate::drivers::estimate::TestedEstimate;
use crate::stats::Confidence;
use serde::Serialize;

/// A coefficient with its classical standard error.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Sensitivity {
    estimate: f64,
    std_error: f64,
    degrees_of_freedom: f64,
}

/// How strong a confounder is, as partial R squared.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Confounder {
    /// The share of the driver's variation, left by the other columns, that it explains; below 1.
    pub of_driver: f64,
    /// The share of the outcome's variation, left by the driver and the other columns, that it explains.
    pub of_outcome: f64,
}

/// A coefficient as it would be with a confounder in the model.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Adjusted {
    /// The confounder.
    #[serde(flatten)]
    pub confounder: Confounder,
    /// The coefficient drawn towards zero by the confounder, with its interval by Student's t on one degree less.
    #[serde(flatten)]
    pub estimate: TestedEstimate,
}

impl Confounder {
    /// # Errors
    /// Shares outside of 0-1, or all of the driver.
    pub fn new(of_driver: f64, of_outcome: f64) -> Result<Self, ActionError> {
        let refused = |setting, value, allowed| Err(ActionError::Setting { setting, value, allowed });
        if !(0.0..1.0).contains(&of_driver) {
            return refused("a confounder's share of the driver", of_driver, "at least 0 and below 1");
        }
        if !(0.0..=1.0).contains(&of_outcome) {
            return refused("a confounder's share of the outcome", of_outcome, "from 0 to 1");
        }
        Ok(Self { of_driver, of_outcome })
    }
}

impl Sensitivity {
    /// Of a coefficient by least squares.
    ///
    /// # Errors
    /// A standard error that is not positive, fewer than two degrees of freedom.
    pub fn of(estimate: f64, std_error: f64, degrees_of_freedom: f64) -> Result<Self, ActionError> {
        if !(estimate.is_finite() && std_error.is_finite() && std_error > 0.0) {
            return Err(ActionError::Setting { setting: "a standard error", value: std_error, allowed: "positive" });
        }
        if !(degrees_of_freedom.is_finite() && degrees_of_freedom >= 2.0) {
            let allowed = "at least 2";
            return Err(ActionError::Setting { setting: "degrees of freedom", value: degrees_of_freedom, allowed });
        }
        Ok(Self { estimate, std_error, degrees_of_freedom })
    }

    /// Cohen's partial f, `|t| / sqrt(df)`.
    fn partial_f(&self) -> f64 {
        (self.estimate / self.std_error).abs() / self.degrees_of_freedom.sqrt()
    }

    /// Share of the outcome's variation, left by the other columns, that the driver explains: `t^2 / (t^2 + df)`.
    ///
    /// A confounder that explains all of the rest of the outcome must explain at least this share of the driver to explain
    /// the coefficient away.
    pub fn partial_r_squared(&self) -> f64 {
        let f = self.partial_f();
        f * f / (1.0 + f * f)
    }

    /// The robustness value: a confounder that explains less than this share of what is left of the driver and of the
    /// outcome cannot take the share `q` off the coefficient.
    ///
    /// `RV = (sqrt(f^4 + 4 f^2) - f^2) / 2`, `f` being `q` times the partial f.
    ///
    /// # References
    /// Cinelli and Hazlett (2020), "Making sense of sensitivity: extending omitted variable bias", JRSS B 82(1).
    pub fn robustness_value(&self, q: f64) -> f64 {
        balanced(q * self.partial_f())
    }

    /// The same for a coefficient, less the share `q`, that is to stay significant at the confidence.
    ///
    /// `f` is less by the critical `t / sqrt(df - 1)`; where a confounder of equal shares would have to explain less of the
    /// outcome than it may, `(f^2 - c^2) / (1 + f^2)` is the value. Nought where the coefficient is not significant.
    ///
    /// # References
    /// As [`Sensitivity::robustness_value`]; Cinelli and Hazlett (2025), "An omitted variable bias framework for
    /// sensitivity analysis of instrumental variables", Biometrika 112(2), for the second case.
    pub fn significant_robustness_value(&self, q: f64, confidence: Confidence) -> f64 {
        let f = q * self.partial_f();
        let left = self.degrees_of_freedom - 1.0;
        let critical = confidence.t(left) / left.sqrt();
        if f <= critical {
            0.0
        } else if f < critical.recip() {
            balanced(f - critical)
        } else {
            (f * f - critical * critical) / (1.0 + f * f)
        }
    }

    /// The coefficient with a confounder in the model that works against it.
    ///
    /// `bias = se sqrt(df) sqrt(R_y^2 R_d^2 / (1 - R_d^2))` is taken off its size, and
    /// `se' = se sqrt((1 - R_y^2) / (1 - R_d^2)) sqrt(df / (df - 1))`.
    pub fn adjusted(&self, confounder: Confounder, confidence: Confidence) -> Adjusted {
        let Confounder { of_driver, of_outcome } = confounder;
        let df = self.degrees_of_freedom;
        let bias = self.std_error * df.sqrt() * (of_outcome * of_driver / (1.0 - of_driver)).sqrt();
        let estimate = self.estimate.signum() * (self.estimate.abs() - bias);
        let ratio = (1.0 - of_outcome) / (1.0 - of_driver) * df / (df - 1.0);
        let estimate = TestedEstimate::student(estimate, self.std_error * ratio.sqrt(), df - 1.0, confidence);
        Adjusted { confounder, estimate }
    }
}

fn balanced(f: f64) -> f64 {
    let squared = f * f;
    0.5 * ((squared * squared + 4.0 * squared).sqrt() - squared)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Harm in Darfur and attitudes to peace, Cinelli and Hazlett (2020), as printed by the R package sensemakr.
    fn darfur() -> Sensitivity {
        Sensitivity::of(0.097_315_82, 0.023_256_54, 783.0).expect("a coefficient")
    }

    #[track_caller]
    fn close(got: f64, want: f64, absolute: f64) {
        assert!((got - want).abs() < absolute, "{got} {want}");
    }

    #[test]
    fn the_published_example() {
        // sensemakr's tests: partial R2, RV, RV at alpha = .05.
        close(darfur().partial_r_squared(), 0.021_873_09, 1e-7);
        close(darfur().robustness_value(1.0), 0.138_776_4, 1e-6);
        close(darfur().significant_robustness_value(1.0, Confidence::default()), 0.076_257_97, 1e-7);
    }

    #[test]
    fn adjusted_estimates_of_the_published_example() {
        // sensemakr's tests, bounds of a confounder one, two and three times as strong as gender.
        let cases = [
            (
                0.009_164_286_675_048_62,
                0.124_640_923_036_37,
                [0.075_220_269_8, 0.021_873_329_8, 0.032_282_960_3, 0.118_157_579_4],
            ),
            (
                0.018_328_573_350_097_2,
                0.249_324_064_199_975,
                [0.052_915_168_9, 0.020_350_064_0, 0.012_968_027_6, 0.092_862_310_2],
            ),
            (
                0.027_492_860_025_145_9,
                0.374_050_471_038_094,
                [0.030_396_017_9, 0.018_670_066_6, -0.006_253_291_3, 0.067_045_327_1],
            ),
        ];
        for (of_driver, of_outcome, want) in cases {
            let confounder = Confounder::new(of_driver, of_outcome).expect("shares");
            let own = darfur().adjusted(confounder, Confidence::default()).estimate.estimate;
            close(own.estimate, want[0], 1e-9);
            close(own.std_error, want[1], 1e-9);
            // The package holds the ends to t on 783 degrees of freedom, though the confounder takes one.
            close(own.conf_low, want[2], 1e-7);
            close(own.conf_high, want[3], 1e-7);
        }
    }

    #[test]
    fn a_confounder_of_the_robustness_value_does_what_it_says() {
        let (own, confidence) = (darfur(), Confidence::default());
        let value = own.robustness_value(1.0);
        let gone = own.adjusted(Confounder::new(value, value).expect("shares"), confidence);
        close(gone.estimate.estimate.estimate, 0.0, 1e-12);
        let half = own.robustness_value(0.5);
        let halved = own.adjusted(Confounder::new(half, half).expect("shares"), confidence);
        close(halved.estimate.estimate.estimate, 0.5 * 0.097_315_82, 1e-12);
        let value = own.significant_robustness_value(1.0, confidence);
        let bare = own.adjusted(Confounder::new(value, value).expect("shares"), confidence);
        close(bare.estimate.estimate.conf_low, 0.0, 1e-12);
        // All of the rest of the outcome: the partial R squared is enough of the driver.
        let share = own.partial_r_squared();
        close(
            own.adjusted(Confounder::new(share, 1.0).expect("shares"), confidence).estimate.estimate.estimate,
            0.0,
            1e-12,
        );
    }

    /// The least lower end of the interval over confounders that explain no more than a share of driver and outcome.
    fn least_end(own: Sensitivity, share: f64) -> f64 {
        let of_outcome = (0..=1000).map(|part| share * f64::from(part) / 1000.0);
        let end = |of_outcome| {
            let confounder = Confounder::new(share, of_outcome).expect("shares");
            own.adjusted(confounder, Confidence::default()).estimate.estimate.conf_low
        };
        of_outcome.map(end).fold(f64::INFINITY, f64::min)
    }

    #[test]
    fn no_weaker_confounder_than_the_value_takes_significance_away() {
        // The second has few degrees of freedom: the worst confounder explains less of the outcome than it may.
        for own in [darfur(), Sensitivity::of(30.0, 1.0, 4.0).expect("a coefficient")] {
            let value = own.significant_robustness_value(1.0, Confidence::default());
            let unit = own.std_error;
            assert!(least_end(own, value).abs() < 1e-4 * unit, "{}", least_end(own, value));
            assert!(least_end(own, 0.99 * value) > 0.0 && least_end(own, 1.005 * value) < 0.0);
        }
    }

    #[test]
    fn a_larger_t_is_never_less_robust_and_none_is_worth_nothing() {
        let value = |t: f64| Sensitivity::of(t, 1.0, 100.0).expect("a coefficient").robustness_value(1.0);
        assert!((1..60).all(|t| value(f64::from(t)) > value(f64::from(t - 1)) && value(f64::from(t)) < 1.0));
        close(value(0.0), 0.0, 1e-15);
        let weak = Sensitivity::of(1.0, 1.0, 100.0).expect("a coefficient");
        close(weak.significant_robustness_value(1.0, Confidence::default()), 0.0, 1e-15);
        close(value(-5.0), value(5.0), 1e-15);
    }

    #[test]
    fn bad_numbers_are_refused() {
        assert!(Sensitivity::of(1.0, 0.0, 10.0).is_err() && Sensitivity::of(1.0, 1.0, 1.0).is_err());
        assert!(Sensitivity::of(f64::NAN, 1.0, 10.0).is_err());
        assert!(Confounder::new(1.0, 0.5).is_err() && Confounder::new(0.5, 1.1).is_err());
    }
}
