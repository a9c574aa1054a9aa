//! Several estimates of one kind, each with its variance: what they have in common, how far apart they truly are, and
//! each of them drawn towards the others.

use crate::stats::distributions::chi_squared_upper;

/// Estimates that scatter normally around a common centre, beyond their own errors.
///
/// # References
/// DerSimonian and Laird (1986), "Meta-analysis in clinical trials", Controlled Clinical Trials 7(3); Morris (1983),
/// "Parametric empirical Bayes inference", JASA 78(381).
#[derive(Debug, Clone, PartialEq)]
pub struct RandomEffects {
    /// The common centre.
    pub centre: f64,
    /// Its standard error.
    pub centre_std_error: f64,
    /// Variance of the true values around the centre, by moments; at least zero.
    pub tau_squared: f64,
    /// Cochran's Q: squared distances from the fixed-effect mean in units of the estimates' variances.
    pub q: f64,
    /// Probability of a larger Q if all true values were equal.
    pub p_value: f64,
    /// Share of the scatter that is not chance, `max(0, 1 - (k - 1) / Q)`, 0-1.
    pub i_squared: f64,
}

/// An estimate drawn towards the centre.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Shrunk {
    pub estimate: f64,
    pub std_error: f64,
    /// The weight that the estimate itself keeps, 0-1.
    pub own_weight: f64,
}

impl RandomEffects {
    /// `None` for fewer than two estimates, or a variance that is not positive.
    ///
    /// # Panics
    /// If there is not one variance per estimate.
    pub fn of(estimates: &[f64], variances: &[f64]) -> Option<Self> {
        assert_eq!(estimates.len(), variances.len(), "one variance per estimate");
        let sound =
            estimates.iter().all(|own| own.is_finite()) && variances.iter().all(|own| own.is_finite() && *own > 0.0);
        if estimates.len() < 2 || !sound {
            return None;
        }
        let precisions: Vec<f64> = variances.iter().map(|variance| 1.0 / variance).collect();
        let sum: f64 = precisions.iter().sum();
        let fixed = weighted(estimates, &precisions) / sum;
        let q: f64 =
            estimates.iter().zip(&precisions).map(|(own, weight)| weight * (own - fixed) * (own - fixed)).sum();
        let freedom = estimates.len() as f64 - 1.0;
        let scale = sum - precisions.iter().map(|weight| weight * weight).sum::<f64>() / sum;
        let tau_squared = ((q - freedom) / scale).max(0.0);
        let weights: Vec<f64> = variances.iter().map(|variance| 1.0 / (variance + tau_squared)).collect();
        let total: f64 = weights.iter().sum();
        Some(Self {
            centre: weighted(estimates, &weights) / total,
            centre_std_error: total.sqrt().recip(),
            tau_squared,
            q,
            p_value: chi_squared_upper(q, freedom),
            i_squared: if q > 0.0 { (1.0 - freedom / q).max(0.0) } else { 0.0 },
        })
    }

    /// The expectation of an estimate's true value given the estimate: `centre + B (estimate - centre)` with
    /// `B = tau^2 / (tau^2 + v)`, and variance `B v + (1 - B)^2 var(centre)`.
    pub(super) fn shrink(&self, estimate: f64, variance: f64) -> Shrunk {
        let own_weight = self.tau_squared / (self.tau_squared + variance);
        let rest = (1.0 - own_weight) * self.centre_std_error;
        Shrunk {
            estimate: self.centre + own_weight * (estimate - self.centre),
            std_error: (own_weight * variance + rest * rest).sqrt(),
            own_weight,
        }
    }
}

fn weighted(values: &[f64], weights: &[f64]) -> f64 {
    values.iter().zip(weights).map(|(value, weight)| value * weight).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn close(got: f64, want: f64) {
        assert!((got - want).abs() < 1e-12, "{got} {want}");
    }

    #[test]
    fn agrees_with_statsmodels() {
        // statsmodels.stats.meta_analysis.combine_effects(eff, var, method_re="dl"): tau2, q, i2, mean and sd of the random
        // effect; printed by tests/oracles/actions_reference.py.
        let text = include_str!("../../../tests/oracles/actions_reference.txt");
        let line = text.lines().find(|line| line.starts_with("random_effects dl ")).expect("a line of the reference");
        let want: Vec<f64> = line.split(' ').skip(2).map(|word| word.parse().expect("a number")).collect();
        let own = RandomEffects::of(&[0.1, 0.35, 0.2, 0.6], &[0.01, 0.02, 0.005, 0.04]).expect("estimates");
        let got = [own.tau_squared, own.q, own.p_value, own.i_squared, own.centre, own.centre_std_error];
        got.iter().zip(&want).for_each(|(got, want)| close(*got, *want));
        assert_eq!(got.len(), want.len());
    }

    #[test]
    fn equal_estimates_are_drawn_together_and_exact_ones_stay() {
        let equal = RandomEffects::of(&[0.3, 0.3], &[0.01, 0.02]).expect("estimates");
        assert_eq!((equal.tau_squared, equal.i_squared), (0.0, 0.0));
        close(equal.shrink(0.9, 0.01).estimate, 0.3);
        let apart = RandomEffects::of(&[0.0, 1.0], &[1e-12, 1e-12]).expect("estimates");
        close(apart.shrink(1.0, 1e-12).estimate, 1.0);
        assert!(apart.shrink(1.0, 0.5).own_weight < 0.6);
    }

    #[test]
    fn one_estimate_or_one_without_error_has_no_centre() {
        assert!(RandomEffects::of(&[0.3], &[0.1]).is_none());
        assert!(RandomEffects::of(&[0.3, 0.4], &[0.1, 0.0]).is_none());
    }
}
