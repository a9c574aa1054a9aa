//! Passing probabilities where a success may be owed to any of several referrers.

use crate::findings::{Finding, FindingKind, Severity};
use crate::influence::InfluenceError;
use crate::influence::edges::check_length;
use crate::stats::linear_algebra::Cholesky;
use ndarray::Array2;

/// Up to here standard errors come from the whole information matrix, beyond from its diagonal.
const DENSE_MAX: usize = 300;
/// Probabilities of failure are held this far from zero in a division.
const TINY: f64 = 1e-300;

/// What is believed of every probability before the history is seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum BetaPrior {
    /// Nothing: maximum likelihood.
    Flat,
    /// So many successes and failures, each above 0, as if seen before.
    Counts {
        /// Successes.
        successes: f64,
        /// Failures.
        failures: f64,
    },
    /// As many observations as said, above 0, at the one probability that would fit all the history best.
    Pooled {
        /// Observations.
        strength: f64,
    },
}

/// History as sets of referrers who could have passed the word on at one occasion, with how often it did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PassingTrials {
    starts: Vec<usize>,
    parameters: Vec<u32>,
    trials: Vec<f64>,
    successes: Vec<f64>,
    n_parameters: usize,
}

impl PassingTrials {
    /// No history yet of `n_parameters` edges or people.
    pub fn new(n_parameters: usize) -> Self {
        Self { starts: vec![0], n_parameters, ..Self::default() }
    }

    /// Adds occasions on which the same edges or people could pass the word on: how many, and how many succeeded. Counts
    /// may be weights, such as those of [`super::decay_weights`].
    ///
    /// # Errors
    /// Nobody in the set, or a number that is not below the number of parameters; trials that are negative or not
    /// finite; more successes than trials.
    pub fn push(&mut self, parameters: &[u32], trials: f64, successes: f64) -> Result<(), InfluenceError> {
        let row = self.trials.len() + 1;
        let component = "successes of a set of referrers";
        if !(trials.is_finite() && (0.0..=trials).contains(&successes)) {
            let range = "between 0 and the trials, which must be finite";
            return Err(InfluenceError::BadComponent { component, row, value: successes, range });
        }
        let unknown = parameters.iter().find(|&&parameter| parameter as usize >= self.n_parameters);
        if unknown.is_some() || parameters.is_empty() {
            let value = unknown.map_or(f64::NAN, |&parameter| f64::from(parameter));
            let range = "at least one number, each below the number of parameters";
            return Err(InfluenceError::BadComponent { component: "a set of referrers", row, value, range });
        }
        self.parameters.extend_from_slice(parameters);
        self.starts.push(self.parameters.len());
        self.trials.push(trials);
        self.successes.push(successes);
        Ok(())
    }

    /// The number of sets.
    pub fn len(&self) -> usize {
        self.trials.len()
    }

    /// Whether there is no history.
    pub fn is_empty(&self) -> bool {
        self.trials.is_empty()
    }

    /// The number of edges or people.
    pub(super) fn n_parameters(&self) -> usize {
        self.n_parameters
    }

    /// How often the set could pass the word on.
    pub(super) fn trials(&self, set: usize) -> f64 {
        self.trials[set]
    }

    /// How often it did.
    pub(super) fn successes(&self, set: usize) -> f64 {
        self.successes[set]
    }

    pub(super) fn set(&self, set: usize) -> &[u32] {
        &self.parameters[self.starts[set]..self.starts[set + 1]]
    }

    /// The same history with one probability for everybody.
    fn pooled(&self) -> Self {
        Self { parameters: vec![0; self.parameters.len()], n_parameters: 1, ..self.clone() }
    }
}

/// Settings of the expectation-maximisation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SharedSuccess {
    /// What is believed before.
    pub prior: BetaPrior,
    /// Largest change of a probability in the last step (absolute).
    pub tolerance: f64,
    /// Steps after which the fit is an error.
    pub iterations_max: usize,
}

impl Default for SharedSuccess {
    fn default() -> Self {
        Self { prior: BetaPrior::Pooled { strength: 5.0 }, tolerance: 1e-10, iterations_max: 20_000 }
    }
}

/// One learned probability.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LearnedProbability {
    /// The probability (0-1); the prior's mean where there is no history.
    pub probability: f64,
    /// Its standard error from the curvature of the posterior; `None` at 0 or 1 and where there is neither history nor prior.
    pub std_error: Option<f64>,
    /// Occasions it took part in.
    pub n_trials: f64,
}

/// Learned probabilities.
#[derive(Debug, Clone, PartialEq)]
pub struct SharedSuccessFit {
    /// One entry an edge or person.
    pub probabilities: Vec<LearnedProbability>,
    /// Log-likelihood of the history, without the prior and without binomial coefficients.
    pub log_likelihood: f64,
    /// Steps made.
    pub iterations: usize,
    /// The prior's successes and failures that were added to each; zero if it was flat.
    pub prior_successes: f64,
    /// The prior's failures.
    pub prior_failures: f64,
    /// What a reader must know beside the numbers.
    pub findings: Vec<Finding>,
}

impl SharedSuccess {
    /// Learns one probability an edge or person: `P(success) = 1 - product over the set of (1 - p)`.
    ///
    /// Of the successes of a set, `p / P` are owed in expectation to the member with probability `p`. Each step sets
    /// `p = (a + sum of owed successes) / (a + b + sum of trials)` with the prior's counts `a` and `b`; the posterior
    /// never falls. Without history `p` is `a / (a + b)`, or 0 with a flat prior. Every second step is drawn further
    /// along where that raises the posterior.
    ///
    /// # Errors
    /// No history; a prior whose counts are not above 0; no convergence.
    ///
    /// # Example
    /// ```
    /// use advocate::influence::{BetaPrior, PassingTrials, SharedSuccess};
    /// let mut history = PassingTrials::new(1);
    /// history.push(&[0], 8.0, 3.0).expect("sound");
    /// let prior = BetaPrior::Counts { successes: 1.0, failures: 1.0 };
    /// let fit = SharedSuccess { prior, ..SharedSuccess::default() }.fit(&history).expect("converges");
    /// assert!((fit.probabilities[0].probability - 0.4).abs() < 1e-9); // (1 + 3) / (2 + 8)
    /// ```
    ///
    /// # References
    /// Saito, Nakano and Kimura (2008), "Prediction of information diffusion probabilities for independent cascade model",
    /// KES; Varadhan and Roland (2008) for the longer steps.
    pub fn fit(&self, history: &PassingTrials) -> Result<SharedSuccessFit, InfluenceError> {
        if history.is_empty() {
            return Err(InfluenceError::NoHistory);
        }
        let prior = self.counts(history)?;
        let posterior = Posterior { history, prior, trials: trials_of(history) };
        let climbed = self.climb(&posterior)?;
        let std_errors = posterior.std_errors(&climbed.probabilities);
        let mut findings = Vec::new();
        if history.n_parameters > DENSE_MAX {
            let sentence = format!(
                "Standard errors of {} passing probabilities take the others as known, so where referrers share \
                 successes they are too small.",
                history.n_parameters
            );
            findings.push(Finding::new(FindingKind::Unreliable, Severity::Note, "passing probability", sentence));
        }
        let probabilities = climbed.probabilities.iter().zip(std_errors).zip(&posterior.trials);
        let probabilities = probabilities.map(|((&probability, std_error), &n_trials)| LearnedProbability {
            probability,
            std_error,
            n_trials,
        });
        Ok(SharedSuccessFit {
            probabilities: probabilities.collect(),
            log_likelihood: posterior.log_likelihood(&climbed.probabilities),
            iterations: climbed.iterations,
            prior_successes: prior.successes,
            prior_failures: prior.failures,
            findings,
        })
    }

    fn counts(&self, history: &PassingTrials) -> Result<PriorCounts, InfluenceError> {
        let above_zero = |setting: &'static str, value: f64| {
            let is_sound = value.is_finite() && value > 0.0;
            if is_sound { Ok(value) } else { Err(InfluenceError::BadSetting { setting, value, range: "above 0" }) }
        };
        match self.prior {
            BetaPrior::Flat => Ok(PriorCounts { successes: 0.0, failures: 0.0 }),
            BetaPrior::Counts { successes, failures } => Ok(PriorCounts {
                successes: above_zero("prior successes", successes)?,
                failures: above_zero("prior failures", failures)?,
            }),
            BetaPrior::Pooled { strength } => {
                let strength = above_zero("strength of the prior", strength)?;
                let pooled = Self { prior: BetaPrior::Flat, ..*self }.fit(&history.pooled())?;
                let share = pooled.probabilities[0].probability;
                Ok(PriorCounts { successes: strength * share, failures: strength * (1.0 - share) })
            }
        }
    }

    fn climb(&self, posterior: &Posterior<'_>) -> Result<Climbed, InfluenceError> {
        let n_parameters = posterior.history.n_parameters;
        let mut now: Vec<f64> = posterior.trials.iter().map(|&trials| if trials > 0.0 { 0.3 } else { 0.0 }).collect();
        let (mut once, mut twice) = (vec![0.0; n_parameters], vec![0.0; n_parameters]);
        let mut change = f64::INFINITY;
        for iteration in 1..=self.iterations_max {
            posterior.step(&now, &mut once);
            posterior.step(&once, &mut twice);
            change = largest_change(&now, &once).max(largest_change(&once, &twice));
            if change <= self.tolerance {
                return Ok(Climbed { probabilities: twice, iterations: 2 * iteration });
            }
            let further = further_along(&now, &once, &twice);
            let is_better = posterior.value(&further) >= posterior.value(&twice);
            now.copy_from_slice(if is_better { &further } else { &twice });
        }
        let (iterations, tolerance) = (2 * self.iterations_max, self.tolerance);
        Err(InfluenceError::PassingNotConverged { iterations, change, tolerance })
    }
}

struct Climbed {
    probabilities: Vec<f64>,
    iterations: usize,
}

#[derive(Clone, Copy)]
struct PriorCounts {
    successes: f64,
    failures: f64,
}

struct Posterior<'history> {
    history: &'history PassingTrials,
    prior: PriorCounts,
    trials: Vec<f64>,
}

impl Posterior<'_> {
    /// One step of expectation and maximisation.
    fn step(&self, from: &[f64], to: &mut [f64]) {
        to.fill(self.prior.successes);
        for set in 0..self.history.len() {
            let members = self.history.set(set);
            let success = success(members, from);
            if success > 0.0 {
                let per_unit = self.history.successes[set] / success;
                members.iter().for_each(|&member| to[member as usize] += per_unit * from[member as usize]);
            }
        }
        for (value, &trials) in to.iter_mut().zip(&self.trials) {
            let base = self.prior.successes + self.prior.failures + trials;
            *value = if base > 0.0 { (*value / base).clamp(0.0, 1.0) } else { 0.0 };
        }
    }

    fn log_likelihood(&self, at: &[f64]) -> f64 {
        let of_set = |set: usize| {
            let (trials, successes) = (self.history.trials[set], self.history.successes[set]);
            let success = success(self.history.set(set), at);
            times_ln(successes, success) + times_ln(trials - successes, 1.0 - success)
        };
        (0..self.history.len()).map(of_set).sum()
    }

    fn value(&self, at: &[f64]) -> f64 {
        let prior = |&share: &f64| times_ln(self.prior.successes, share) + times_ln(self.prior.failures, 1.0 - share);
        self.log_likelihood(at) + at.iter().map(prior).sum::<f64>()
    }

    /// Roots of the diagonal of the inverse of the observed information.
    fn std_errors(&self, at: &[f64]) -> Vec<Option<f64>> {
        let n_parameters = at.len();
        let inside: Vec<bool> = at.iter().map(|&share| share > 1e-9 && share < 1.0 - 1e-9).collect();
        let mut diagonal: Vec<f64> = at
            .iter()
            .map(|&share| {
                self.prior.successes / (share * share).max(TINY)
                    + self.prior.failures / ((1.0 - share) * (1.0 - share)).max(TINY)
            })
            .collect();
        let mut full = (n_parameters <= DENSE_MAX).then(|| Array2::<f64>::zeros((n_parameters, n_parameters)));
        for set in 0..self.history.len() {
            let members = self.history.set(set);
            let success = success(members, at);
            let (hits, misses) = (self.history.successes[set], self.history.trials[set] - self.history.successes[set]);
            let none = 1.0 - success;
            for (place, &first) in members.iter().enumerate() {
                let first = first as usize;
                let left = (1.0 - at[first]).max(TINY);
                let pull = none / left;
                diagonal[first] += misses / (left * left) + hits * (pull / success.max(TINY)).powi(2);
                let Some(full) = full.as_mut() else { continue };
                for &second in &members[place + 1..] {
                    // -d2 ln(1 - Q) / dp dr = Q / ((1 - p) (1 - r)) * (1 / (1 - Q) + Q / (1 - Q)^2)
                    let other = (1.0 - at[second as usize]).max(TINY);
                    let cross = hits * none / (left * other * (success * success).max(TINY));
                    full[[first, second as usize]] += cross;
                    full[[second as usize, first]] += cross;
                }
            }
        }
        let kept: Vec<usize> = (0..n_parameters).filter(|&place| inside[place] && diagonal[place] > 0.0).collect();
        let mut errors = vec![None; n_parameters];
        let dense = full.filter(|_| !kept.is_empty()).map(|full| {
            let of = |row: usize, column: usize| {
                let own = if row == column { diagonal[kept[row]] } else { 0.0 };
                own + full[[kept[row], kept[column]]]
            };
            let matrix = Array2::from_shape_fn((kept.len(), kept.len()), |(row, column)| of(row, column));
            let factor = Cholesky::of(matrix.view());
            (factor.aliased().is_empty()).then(|| factor.inverse())
        });
        for (place, &parameter) in kept.iter().enumerate() {
            errors[parameter] = match &dense {
                Some(Some(inverse)) => Some(inverse[[place, place]].max(0.0).sqrt()),
                // Successes cannot be told apart: no error to state.
                Some(None) => None,
                None => Some(diagonal[parameter].recip().sqrt()),
            };
        }
        errors
    }
}

/// Probability that at least one of the members passes the word on.
fn success(members: &[u32], at: &[f64]) -> f64 {
    members.iter().fold(0.0, |sum, &member| sum + at[member as usize] * (1.0 - sum))
}

/// `count ln(share)`, 0 for a count of 0.
fn times_ln(count: f64, share: f64) -> f64 {
    if count > 0.0 { count * share.ln() } else { 0.0 }
}

fn trials_of(history: &PassingTrials) -> Vec<f64> {
    let mut trials = vec![0.0; history.n_parameters];
    for set in 0..history.len() {
        for &member in history.set(set) {
            trials[member as usize] += history.trials[set];
        }
    }
    trials
}

fn largest_change(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(left, right)| (left - right).abs()).fold(0.0, f64::max)
}

/// Two steps drawn out by the ratio of their lengths (squared extrapolation).
fn further_along(start: &[f64], once: &[f64], twice: &[f64]) -> Vec<f64> {
    let (mut first, mut bend) = (0.0, 0.0);
    for ((start, once), twice) in start.iter().zip(once).zip(twice) {
        first += (once - start).powi(2);
        bend += (twice - 2.0 * once + start).powi(2);
    }
    let length = if bend > 0.0 { -(first / bend).sqrt() } else { -1.0 };
    let length = length.min(-1.0);
    let point = |((start, once), twice): ((&f64, &f64), &f64)| {
        let (step, bend) = (once - start, twice - 2.0 * once + start);
        let point = start - 2.0 * length * step + length * length * bend;
        if (0.0..=1.0).contains(&point) { point } else { *twice }
    };
    start.iter().zip(once).zip(twice).map(point).collect()
}

/// Checks that there is one probability an edge; for callers that hand them on to a graph.
pub(super) fn one_each(probabilities: &[f64], n_rows: usize) -> Result<(), InfluenceError> {
    check_length("probabilities", probabilities.len(), n_rows)?;
    match probabilities.iter().position(|value| !(0.0..=1.0).contains(value)) {
        Some(row) => Err(InfluenceError::BadProbability { row: row + 1, value: probabilities[row] }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `../shared/oracles/influence.json`, `ic_em_saito_three_parents`: A, B and C are 0, 1 and 2.
    fn three_parents() -> PassingTrials {
        let mut history = PassingTrials::new(3);
        let rows: [(&[u32], f64, f64); 5] = [
            (&[0], 100.0, 30.0),
            (&[1], 50.0, 20.0),
            (&[0, 1], 80.0, 45.0),
            (&[1, 2], 40.0, 31.0),
            (&[0, 2], 25.0, 15.0),
        ];
        rows.into_iter().for_each(|(set, trials, successes)| history.push(set, trials, successes).expect("sound"));
        history
    }

    fn flat() -> SharedSuccess {
        SharedSuccess { prior: BetaPrior::Flat, ..SharedSuccess::default() }
    }

    #[test]
    fn three_parents_agree_with_direct_maximisation() {
        let fit = flat().fit(&three_parents()).expect("converges");
        for (got, want) in
            fit.probabilities.iter().zip([0.286_821_749_924_413_56, 0.406_015_207_825_207_3, 0.539_626_962_271_223_9])
        {
            assert!((got.probability - want).abs() < 1e-6, "{got:?} {want}");
        }
        assert!((fit.log_likelihood + 188.319_325_948_123_32).abs() < 1e-6);
    }

    #[test]
    fn standard_errors_are_those_of_the_curvature() {
        let history = three_parents();
        let fit = flat().fit(&history).expect("converges");
        let at: Vec<f64> = fit.probabilities.iter().map(|one| one.probability).collect();
        let posterior = Posterior {
            history: &history,
            prior: PriorCounts { successes: 0.0, failures: 0.0 },
            trials: trials_of(&history),
        };
        // Second differences of the log-likelihood, inverted by hand for three parameters through Cramer's rule.
        let step = 1e-4;
        let value = |moves: [f64; 3]| {
            let there: Vec<f64> = at.iter().zip(moves).map(|(at, by)| at + by * step).collect();
            posterior.log_likelihood(&there)
        };
        let mut matrix = [[0.0; 3]; 3];
        for row in 0..3 {
            for column in 0..3 {
                let moved = |first: f64, second: f64| {
                    let mut moves = [0.0; 3];
                    moves[row] += first;
                    moves[column] += second;
                    value(moves)
                };
                matrix[row][column] =
                    -(moved(1.0, 1.0) - moved(1.0, -1.0) - moved(-1.0, 1.0) + moved(-1.0, -1.0)) / (4.0 * step * step);
            }
        }
        let minor = |a: usize, b: usize| matrix[a][a] * matrix[b][b] - matrix[a][b] * matrix[b][a];
        let determinant = matrix[0][0] * minor(1, 2)
            - matrix[0][1] * (matrix[1][0] * matrix[2][2] - matrix[1][2] * matrix[2][0])
            + matrix[0][2] * (matrix[1][0] * matrix[2][1] - matrix[1][1] * matrix[2][0]);
        for (place, (a, b)) in [(1, 2), (0, 2), (0, 1)].into_iter().enumerate() {
            let want = (minor(a, b) / determinant).sqrt();
            let got = fit.probabilities[place].std_error.expect("inside");
            assert!((got / want - 1.0).abs() < 1e-4, "{got} {want}");
        }
    }

    #[test]
    fn a_prior_draws_thin_history_towards_the_pooled_rate() {
        let mut history = PassingTrials::new(3);
        history.push(&[0], 100.0, 10.0).expect("sound");
        history.push(&[1], 1.0, 1.0).expect("sound");
        let fit =
            SharedSuccess { prior: BetaPrior::Pooled { strength: 10.0 }, ..flat() }.fit(&history).expect("converges");
        // The pooled rate is 11 of 101; nobody saw the third.
        let pooled = 11.0 / 101.0;
        let want = [(10.0 * pooled + 10.0) / 110.0, (10.0 * pooled + 1.0) / 11.0, pooled];
        for (got, want) in fit.probabilities.iter().zip(want) {
            assert!((got.probability - want).abs() < 1e-8, "{got:?} {want}");
        }
    }

    #[test]
    fn all_successes_and_no_successes_are_the_ends() {
        let mut history = PassingTrials::new(2);
        history.push(&[0], 5.0, 5.0).expect("sound");
        history.push(&[1], 5.0, 0.0).expect("sound");
        let fit = flat().fit(&history).expect("converges");
        let shown: Vec<_> = fit.probabilities.iter().map(|one| (one.probability, one.std_error)).collect();
        assert_eq!(shown, [(1.0, None), (0.0, None)]);
    }

    #[test]
    fn unsound_history_is_refused() {
        assert_eq!(flat().fit(&PassingTrials::new(1)), Err(InfluenceError::NoHistory));
        let mut history = PassingTrials::new(1);
        assert!(history.push(&[], 1.0, 0.0).is_err() && history.push(&[1], 1.0, 0.0).is_err());
        assert!(history.push(&[0], 1.0, 2.0).is_err() && history.push(&[0], f64::NAN, 0.0).is_err());
        let bad = SharedSuccess { prior: BetaPrior::Counts { successes: 0.0, failures: 1.0 }, ..flat() };
        history.push(&[0], 2.0, 1.0).expect("sound");
        assert!(matches!(bad.fit(&history), Err(InfluenceError::BadSetting { .. })));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn no_step_aside_raises_the_posterior(
            rows in proptest::collection::vec((proptest::collection::btree_set(0_u32..4, 1..4), 1_u8..40, 0.0..1.0_f64), 4..12)
        ) {
            let mut history = PassingTrials::new(4);
            for (set, trials, share) in rows {
                let set: Vec<u32> = set.into_iter().collect();
                let trials = f64::from(trials);
                history.push(&set, trials, (share * trials).floor()).expect("sound");
            }
            let settings = SharedSuccess { prior: BetaPrior::Counts { successes: 0.5, failures: 0.5 }, ..flat() };
            let fit = settings.fit(&history).expect("converges");
            let at: Vec<f64> = fit.probabilities.iter().map(|one| one.probability).collect();
            let prior = PriorCounts { successes: 0.5, failures: 0.5 };
            let posterior = Posterior { history: &history, prior, trials: trials_of(&history) };
            let best = posterior.value(&at);
            for place in 0..4 {
                for by in [-1e-3, 1e-3] {
                    let mut aside = at.clone();
                    aside[place] += by;
                    if (0.0..=1.0).contains(&aside[place]) {
                        prop_assert!(posterior.value(&aside) <= best + 1e-9, "{} {}", place, by);
                    }
                }
            }
        }
    }
}
