//! A share of a number of trials, and how far it is known.

use super::Confidence;

/// A share with its interval, all 0-1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Proportion {
    /// Successes over trials.
    pub estimate: f64,
    /// Lower end of the interval.
    pub conf_low: f64,
    /// Upper end.
    pub conf_high: f64,
}

/// Wilson's interval of a share; `None` without a trial.
///
/// The shares `p` with `(s / n - p)^2 <= z^2 p (1 - p) / n`, for `s` successes of `n` trials and the two-sided critical
/// value `z`. It stays within 0 and 1 and has a width where all or none succeed.
///
/// # References
/// Wilson (1927), "Probable inference, the law of succession, and statistical inference"
///
/// # Example
/// ```
/// use advocate::stats::{Confidence, proportion::wilson};
/// // With no success the lower end is 0 and the upper end z^2 / (n + z^2).
/// let share = wilson(0, 10, Confidence::default()).expect("ten trials");
/// assert!(share.conf_low.abs() < 1e-12 && (share.conf_high - 3.841_459 / 13.841_459).abs() < 1e-6);
/// ```
pub fn wilson(successes: u64, trials: u64, confidence: Confidence) -> Option<Proportion> {
    if trials == 0 {
        return None;
    }
    let n = trials as f64;
    let (estimate, z) = (successes.min(trials) as f64 / n, confidence.z());
    let scale = 1.0 + z * z / n;
    let centre = (estimate + z * z / (2.0 * n)) / scale;
    let half = z / scale * (estimate * (1.0 - estimate) / n + z * z / (4.0 * n * n)).sqrt();
    Some(Proportion {
        estimate,
        conf_low: (centre - half).clamp(0.0, estimate),
        conf_high: (centre + half).clamp(estimate, 1.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_published_intervals() {
        // Newcombe (1998), "Two-sided confidence intervals for the single proportion", table I, method 3 (Wilson's score
        // interval), at 95 %.
        let published =
            [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)];
        for (successes, trials, low, high) in published {
            let share = wilson(successes, trials, Confidence::default()).expect("trials");
            assert!((share.conf_low - low).abs() < 5e-5, "{successes} of {trials}: {}", share.conf_low);
            assert!((share.conf_high - high).abs() < 5e-5, "{successes} of {trials}: {}", share.conf_high);
        }
    }

    #[test]
    fn no_trial_has_no_share_and_all_successes_reach_the_end() {
        assert!(wilson(0, 0, Confidence::default()).is_none());
        let share = wilson(7, 7, Confidence::default()).expect("trials");
        assert!((share.conf_high - 1.0).abs() < 1e-15 && share.conf_low < 1.0);
    }
}
