//! Passing probabilities from credit: every success divided in equal parts among those who may have brought it about.

use super::shared_success::{LearnedProbability, PassingTrials};
use crate::influence::InfluenceError;

/// Settings of the rates of credit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PartialCredit {
    /// Observations, at least 0, at the rate of all that stand before everybody's own history.
    pub strength: f64,
}

impl Default for PartialCredit {
    fn default() -> Self {
        Self { strength: 5.0 }
    }
}

impl PartialCredit {
    /// The rate at which each parameter of the history earned credit, one entry a parameter.
    ///
    /// A success of `m` referrers is a credit of `1 / m` to each. With `c` the credit of one, `t` the trials, and `r` the credit of all
    /// over the trials of all, the rate is `(c + strength r) / (t + strength)`. Its standard error is that of a beta distribution
    /// of so many observations. Where a success had one possible referrer only, this is what [`super::SharedSuccess`] learns;
    /// where it had several, each is made smaller than the probability of passing alone would be, since nobody asks how likely
    /// the others were.
    ///
    /// # Errors
    /// No history; a strength that is negative or not finite.
    ///
    /// # Example
    /// ```
    /// use advocate::influence::{PartialCredit, PassingTrials};
    /// let mut history = PassingTrials::new(2);
    /// history.push(&[0], 3.0, 1.0).expect("sound");
    /// history.push(&[0, 1], 1.0, 1.0).expect("sound");
    /// let rates = PartialCredit { strength: 0.0 }.rates(&history).expect("sound");
    /// // One success alone and half of another in four trials; half of one in one.
    /// assert_eq!((rates[0].probability, rates[1].probability), (0.375, 0.5));
    /// ```
    ///
    /// # References
    /// Goyal, Bonchi and Lakshmanan (2010), "Learning influence probabilities in social networks", WSDM (Bernoulli with partial credits).
    pub fn rates(&self, history: &PassingTrials) -> Result<Vec<LearnedProbability>, InfluenceError> {
        if history.is_empty() {
            return Err(InfluenceError::NoHistory);
        }
        let value = self.strength;
        if !(value.is_finite() && value >= 0.0) {
            let range = "finite and at least 0";
            return Err(InfluenceError::BadSetting { setting: "strength of the prior", value, range });
        }
        let (mut credit, mut trials) = (vec![0.0; history.n_parameters()], vec![0.0; history.n_parameters()]);
        for set in 0..history.len() {
            let members = history.set(set);
            let each = history.successes(set) / members.len() as f64;
            for &member in members {
                credit[member as usize] += each;
                trials[member as usize] += history.trials(set);
            }
        }
        let in_all: f64 = trials.iter().sum();
        let rate = if in_all > 0.0 { credit.iter().sum::<f64>() / in_all } else { 0.0 };
        let learned = |(credit, n_trials): (f64, f64)| {
            let n_seen = n_trials + self.strength;
            let probability = if n_seen > 0.0 { (credit + self.strength * rate) / n_seen } else { 0.0 };
            let variance = probability * (1.0 - probability) / (n_seen + 1.0);
            LearnedProbability { probability, std_error: (variance > 0.0).then(|| variance.sqrt()), n_trials }
        };
        Ok(credit.into_iter().zip(trials).map(learned).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::influence::SharedSuccess;

    #[test]
    fn with_one_referrer_each_it_is_what_shared_success_learns() {
        let mut history = PassingTrials::new(3);
        history.push(&[0], 100.0, 10.0).expect("sound");
        history.push(&[1], 1.0, 1.0).expect("sound");
        let rates = PartialCredit::default().rates(&history).expect("sound");
        let shared = SharedSuccess::default().fit(&history).expect("converges");
        for (rate, shared) in rates.iter().zip(&shared.probabilities) {
            assert!((rate.probability - shared.probability).abs() < 1e-8, "{rate:?} {shared:?}");
        }
    }

    #[test]
    fn credit_is_divided_and_drawn_towards_the_rate_of_all() {
        let mut history = PassingTrials::new(2);
        history.push(&[0], 3.0, 1.0).expect("sound");
        history.push(&[0, 1], 1.0, 1.0).expect("sound");
        // By hand: credits 1.5 and 0.5 in 4 and 1 trials, 0.4 in all; two observations of 0.4 before each.
        let rates = PartialCredit { strength: 2.0 }.rates(&history).expect("sound");
        let want = [(1.5 + 0.8) / 6.0, (0.5 + 0.8) / 3.0];
        for (rate, want) in rates.iter().zip(want) {
            assert!((rate.probability - want).abs() < 1e-15, "{rate:?} {want}");
        }
        let error = rates[0].std_error.expect("inside");
        assert!((error - (want[0] * (1.0 - want[0]) / 7.0).sqrt()).abs() < 1e-15);
    }

    #[test]
    fn no_history_and_unsound_strength_are_refused() {
        assert_eq!(PartialCredit::default().rates(&PassingTrials::new(1)), Err(InfluenceError::NoHistory));
        let mut history = PassingTrials::new(1);
        history.push(&[0], 1.0, 1.0).expect("sound");
        let refused = PartialCredit { strength: -1.0 }.rates(&history);
        assert!(matches!(refused, Err(InfluenceError::BadSetting { .. })));
    }
}
