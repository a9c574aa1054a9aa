//! How much of what goes with a touchpoint in behaviour goes over the recommend answer.

use super::natural_effects::{Base, NormalQuadrature, Paths};
use crate::data::Observations;
use crate::drivers::ActionError;
use crate::drivers::analysis;
use crate::drivers::estimate::{Estimate, unmade};
use crate::drivers::importance::{moments_under, own_weights};
use crate::estimators::logistic::{self, LogitState};
use crate::estimators::{Family, FitError, Logit, Ols};
use crate::findings::{Finding, FindingKind, Severity};
use crate::stats::linear_algebra::Cholesky;
use crate::stats::{Confidence, SecondMoments};
use ndarray::{Array1, Array2, Axis};
use rayon::prelude::*;
use serde::Serialize;

/// The random streams of the bootstrap.
const PURPOSE: &str = "mediation bootstrap";

/// Settings of a mediation analysis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mediation {
    /// Between which scores of the touchpoint effects are taken.
    pub contrast: ScoreContrast,
    /// Level of the intervals.
    pub confidence: Confidence,
    /// Bootstrap replicates; 0 for none.
    pub replicates: usize,
    /// Seed of the bootstrap.
    pub seed: u64,
}

/// Two scores of a touchpoint.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ScoreContrast {
    /// The one that effects are held against.
    pub from: f64,
    /// The other.
    pub to: f64,
}

/// The way from a touchpoint over a mediator to an outcome.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MediationResult {
    /// The outcome.
    pub outcome: String,
    /// The touchpoint.
    pub touchpoint: String,
    /// The mediator, such as the recommend answer.
    pub mediator: String,
    /// The outcome's model: linear, or logistic for a class.
    pub family: Family,
    /// The scores between which effects are taken.
    pub contrast: ScoreContrast,
    /// Rows given.
    pub n_rows: usize,
    /// Rows with a positive weight.
    pub n_used: usize,
    /// Groups of rows drawn together by the bootstrap.
    pub n_clusters: Option<usize>,
    /// Level of the intervals.
    pub confidence: Confidence,
    /// Replicates that allowed both fits.
    pub n_replicates: usize,
    /// Change of the mediator for one point of the touchpoint, controls held.
    pub touchpoint_to_mediator: f64,
    /// Change of the outcome (or its log odds) for one point of the mediator, touchpoint and controls held.
    pub mediator_to_outcome: f64,
    /// The part that does not go over the mediator, in the outcome's unit or in probability.
    pub direct: Effect,
    /// The part that goes over the mediator.
    pub indirect: Effect,
    /// Both.
    pub total: Effect,
    /// The indirect part as a share of both; means little where the total may be zero or the parts oppose each other.
    pub proportion: Effect,
    /// What to know beside the numbers.
    pub findings: Vec<Finding>,
}

/// An effect with its bootstrap percentiles.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Effect {
    /// The effect.
    pub effect: f64,
    /// Its bootstrap standard error and percentiles.
    pub interval: Option<Estimate>,
}

impl Effect {
    /// Whether there is an interval and 0 lies outside of it.
    fn is_told_from_nothing(self) -> bool {
        self.interval.is_some_and(|own| own.conf_low > 0.0 || own.conf_high < 0.0)
    }
}

/// Both models and the effects that follow.
#[derive(Debug, Clone, Copy)]
struct Fitted {
    touchpoint_to_mediator: f64,
    mediator_to_outcome: f64,
    direct: f64,
    indirect: f64,
}

impl Mediation {
    /// Fits the mediator on the touchpoint and the controls by least squares, and the outcome on all of these by least
    /// squares or, for a class, by logistic regression. Places are columns of the design.
    ///
    /// For a number the indirect effect is the product of coefficients times the contrast. For a class effects are
    /// differences of mean probabilities: of the rows' outcomes with the mediator as it would be at either score, what the
    /// mediator's model leaves open averaged over a normal distribution. Intervals are percentiles over customers (or rows)
    /// drawn anew. That nothing unseen moves mediator and outcome together is an assumption.
    ///
    /// # Errors
    /// Columns that are not there; a contrast of equal scores; a touchpoint or mediator that the other columns determine;
    /// those of the fits.
    ///
    /// # References
    /// Baron and Kenny (1986), Journal of Personality and Social Psychology 51(6); Shrout and Bolger (2002), Psychological
    /// Methods 7(4), for the bootstrap; Imai, Keele and Tingley (2010), Psychological Methods 15(4), for a class.
    pub fn analyse(
        &self,
        observations: &Observations,
        touchpoint: usize,
        mediator: usize,
        controls: &[usize],
    ) -> Result<MediationResult, ActionError> {
        let problem = Problem::of(self, observations, touchpoint, mediator, controls)?;
        let own = problem.fit(&own_weights(observations)).ok_or_else(|| problem.undetermined())?;
        let replicates = self.replicates(observations, &problem);
        let effect = |of: &dyn Fn(&Fitted) -> f64| Effect {
            effect: of(&own),
            interval: Estimate::of_replicates(of(&own), replicates.iter().map(of).collect(), self.confidence),
        };
        let total = effect(&|own| own.direct + own.indirect);
        let proportion = effect(&|own| own.indirect / (own.direct + own.indirect));
        let (direct, indirect) = (effect(&|own| own.direct), effect(&|own| own.indirect));
        let names = observations.design().names();
        Ok(MediationResult {
            outcome: observations.outcome().name().to_owned(),
            touchpoint: names[touchpoint].clone(),
            mediator: names[mediator].clone(),
            family: problem.family,
            contrast: self.contrast,
            n_rows: observations.n_rows(),
            n_used: analysis::Base::of(observations).n_used,
            n_clusters: observations.clusters().map(|clusters| clusters.n_clusters()),
            confidence: self.confidence,
            n_replicates: replicates.len(),
            touchpoint_to_mediator: own.touchpoint_to_mediator,
            mediator_to_outcome: own.mediator_to_outcome,
            direct,
            indirect,
            total,
            proportion,
            findings: self.findings(observations, [direct, indirect, total], &names[touchpoint], replicates.len()),
        })
    }

    fn replicates(&self, observations: &Observations, problem: &Problem) -> Vec<Fitted> {
        let resampler = observations.resampler(self.seed, PURPOSE);
        if resampler.is_single_cluster() {
            return Vec::new();
        }
        let drawn: Vec<Option<Fitted>> = (0..self.replicates)
            .into_par_iter()
            .map_init(|| resampler.scratch(), |scratch, replicate| problem.fit(resampler.draw(replicate, scratch)))
            .collect();
        drawn.into_iter().flatten().collect()
    }

    fn findings(
        &self,
        observations: &Observations,
        [direct, indirect, total]: [Effect; 3],
        touchpoint: &str,
        n_succeeded: usize,
    ) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut say = |kind, severity, sentence: String| {
            findings.push(Finding::new(kind, severity, touchpoint, sentence));
        };
        let outcome = observations.outcome().name();
        if direct.is_told_from_nothing() && indirect.is_told_from_nothing() && direct.effect * indirect.effect < 0.0 {
            let sentence = format!(
                "The two ways from {touchpoint} to {outcome} oppose each other, so the share of one of them says little."
            );
            say(FindingKind::Suppressor, Severity::Note, sentence);
        } else if total.interval.is_some() && !total.is_told_from_nothing() {
            let sentence = format!(
                "What goes with {touchpoint} in {outcome} in all may be nothing, so the share over the answer says little."
            );
            say(FindingKind::Unreliable, Severity::Note, sentence);
        }
        let single_cluster = observations.resampler(self.seed, PURPOSE).is_single_cluster();
        findings.extend(unmade(touchpoint, self.replicates, n_succeeded, single_cluster));
        findings
    }
}

/// The columns of both models, scaled, and what is the same for every sample.
struct Problem {
    contrast: ScoreContrast,
    family: Family,
    /// Touchpoint, controls, mediator, outcome: centred by their means and divided by their deviations.
    values: Array2<f64>,
    means: Array1<f64>,
    scales: Vec<f64>,
    /// The outcome in its own unit.
    outcome: Vec<f64>,
    /// Turns the residual sum over the weight into a variance: `n / (n - k)`.
    freedom: f64,
    /// Coefficients of the whole sample's logistic fit, to start from.
    start: Option<Vec<f64>>,
    quadrature: NormalQuadrature,
    names: [String; 2],
}

impl Problem {
    fn of(
        settings: &Mediation,
        observations: &Observations,
        touchpoint: usize,
        mediator: usize,
        controls: &[usize],
    ) -> Result<Self, ActionError> {
        let ScoreContrast { from, to } = settings.contrast;
        if !((to - from).is_finite() && (to - from).abs() > 0.0) {
            let allowed = "another score than the one it is held against";
            return Err(ActionError::Setting { setting: "the contrast's upper score", value: to, allowed });
        }
        let design = observations.design();
        let n_columns = design.n_features();
        let places: Vec<usize> =
            std::iter::once(touchpoint).chain(controls.iter().copied()).chain([mediator]).collect();
        if let Some(&column) = places.iter().find(|&&column| column >= n_columns) {
            return Err(ActionError::NoSuchColumn { column, n_columns });
        }
        // The estimators' own fits say what is wrong with a column.
        let binary = observations.outcome().is_binary();
        let some = observations.with_features(&places);
        if binary { Logit::default().fit(&some).map(drop) } else { Ols::default().fit(&some).map(drop) }?;
        let n_used = observations.weights().n_observations(observations.n_rows());
        let n_terms = (places.len() + 1) as f64;
        let outcome = observations.outcome().values();
        let joined =
            ndarray::concatenate![Axis(1), design.values().select(Axis(1), &places), outcome.insert_axis(Axis(1))];
        let moments = SecondMoments::of_rows(joined.view(), observations.weights().values());
        let scale = |column: usize| moments.scale(column) / moments.weight_sum.sqrt();
        let scales: Vec<f64> =
            (0..joined.ncols()).map(|column| if scale(column) > 0.0 { scale(column) } else { 1.0 }).collect();
        let values = (joined - &moments.means) / &Array1::from(scales.clone());
        let names = [touchpoint, mediator].map(|column| design.names()[column].clone());
        let no_quadrature = || FitError::NotConverged { outcome: names[1].clone(), iterations: 0 };
        let mut problem = Self {
            contrast: settings.contrast,
            family: if binary { Family::Logistic } else { Family::Linear },
            values,
            means: moments.means,
            scales,
            outcome: outcome.to_vec(),
            freedom: n_used / (n_used - n_terms + 1.0),
            start: None,
            quadrature: NormalQuadrature::new().ok_or_else(no_quadrature)?,
            names,
        };
        problem.start = problem.logistic_coefficients(&own_weights(observations)).filter(|_| binary);
        Ok(problem)
    }

    fn undetermined(&self) -> ActionError {
        let [touchpoint, mediator] = &self.names;
        ActionError::NoCoefficient { outcome: mediator.clone(), column: touchpoint.clone() }
    }

    fn n_predictors(&self) -> usize {
        self.values.ncols() - 1
    }

    /// Both models under some weights; `None` where one of them has no solution.
    fn fit(&self, weights: &[f64]) -> Option<Fitted> {
        let moments = moments_under(self.values.view(), weights)?;
        let mediator = self.n_predictors() - 1;
        let to_mediator = slopes(&moments, mediator, mediator)?;
        match self.family {
            Family::Logistic => self.by_probability(weights, &moments, &to_mediator),
            _ => {
                let to_outcome = slopes(&moments, mediator + 1, mediator + 1)?;
                let unit = |slope: f64, of: usize, by: usize| slope * self.scales[of] / self.scales[by];
                let first = unit(to_mediator[0], mediator, 0);
                let second = unit(to_outcome[mediator], mediator + 1, mediator);
                let step = self.contrast.to - self.contrast.from;
                Some(Fitted {
                    touchpoint_to_mediator: first,
                    mediator_to_outcome: second,
                    direct: step * unit(to_outcome[0], mediator + 1, 0),
                    indirect: step * first * second,
                })
            }
        }
    }

    fn by_probability(&self, weights: &[f64], moments: &SecondMoments, to_mediator: &[f64]) -> Option<Fitted> {
        let coefficients = self.logistic_coefficients(weights)?;
        let mediator = self.n_predictors() - 1;
        let (touchpoint_own, mediator_own) = (coefficients[1], coefficients[mediator + 1]);
        // In the mediator's standardised unit; the sample's own means are not those of the whole.
        let explained: f64 = (0..mediator).map(|at| to_mediator[at] * moments.cross_products[[at, mediator]]).sum();
        let left = (moments.cross_products[[mediator, mediator]] - explained).max(0.0);
        let residual_std_dev = (left / moments.weight_sum * self.freedom).sqrt();
        let intercept =
            moments.means[mediator] - (0..mediator).map(|at| to_mediator[at] * moments.means[at]).sum::<f64>();
        let paths = Paths {
            touchpoint_to_mediator: to_mediator[0],
            mediator_to_outcome: mediator_own,
            touchpoint_to_outcome: touchpoint_own,
            residual_std_dev,
        };
        let rows = self.values.outer_iter().zip(weights).filter(|(_, weight)| **weight > 0.0).map(|(row, weight)| {
            let by_controls = |slopes: &[f64]| (1..mediator).map(|at| slopes[at] * row[at]).sum::<f64>();
            Base {
                mediator: intercept + by_controls(to_mediator),
                log_odds: coefficients[0] + by_controls(&coefficients[1..]),
                share: weight / moments.weight_sum,
            }
        });
        let standard = |score: f64| (score - self.means[0]) / self.scales[0];
        let effects = paths.effects(rows, standard(self.contrast.from), standard(self.contrast.to), &self.quadrature);
        Some(Fitted {
            touchpoint_to_mediator: to_mediator[0] * self.scales[mediator] / self.scales[0],
            mediator_to_outcome: mediator_own / self.scales[mediator],
            direct: effects.direct,
            indirect: effects.indirect,
        })
    }

    /// The intercept and one coefficient a column, for the scaled columns.
    fn logistic_coefficients(&self, weights: &[f64]) -> Option<Vec<f64>> {
        let features: Vec<usize> = (0..self.n_predictors()).collect();
        let start = self.start.as_deref();
        let solution = logistic::maximum_likelihood(self.values.view(), &features, &self.outcome, Some(weights), start);
        (solution.state == LogitState::Converged).then_some(solution.coefficients)
    }
}

/// Least-squares slopes of a column on those before `n_predictors`; `None` where one of these is a combination of others.
fn slopes(moments: &SecondMoments, n_predictors: usize, response: usize) -> Option<Vec<f64>> {
    let among = moments.cross_products.slice(ndarray::s![..n_predictors, ..n_predictors]);
    let cholesky = Cholesky::of(among);
    if !cholesky.aliased().is_empty() {
        return None;
    }
    let with = moments.cross_products.slice(ndarray::s![..n_predictors, response]);
    Some(cholesky.solve(with).to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{DesignMatrix, Outcome};
    use crate::stats::random::stream;
    use rand::Rng;

    /// What is said of a touchpoint whose answer is `x + noise` and whose outcome is `of(answer, x) + noise`.
    fn said(of: impl Fn(f64, f64) -> f64) -> Vec<Finding> {
        let mut random = stream(9, "mediation findings", 0);
        let mut noise = || random.random_range(-1.0..1.0);
        let rows: Vec<[f64; 3]> = (0..200)
            .map(|row| {
                let x = f64::from(row % 10);
                let answer = x + noise();
                [x, answer, of(answer, x) + noise()]
            })
            .collect();
        let values = Array2::from_shape_fn((rows.len(), 2), |(row, column)| rows[row][column]);
        let design = DesignMatrix::new(["delivery", "recommend"].map(str::to_owned).to_vec(), values).expect("finite");
        let outcome = rows.iter().map(|row| row[2]).collect();
        let outcome = Outcome::numeric("spend", outcome).expect("finite");
        let observations = Observations::new(design, outcome).expect("as many rows");
        let contrast = ScoreContrast { from: 4.0, to: 5.0 };
        let settings = Mediation { contrast, confidence: Confidence::default(), replicates: 200, seed: 3 };
        settings.analyse(&observations, 0, 1, &[]).expect("a result").findings
    }

    #[test]
    fn ways_oppose_each_other_only_where_both_are_told_from_nothing() {
        // By way of the answer 2, past it -3: far from nothing beside noise of 0.6 over 200 rows.
        let opposing = said(|answer, x| 2.0 * answer - 3.0 * x);
        assert_eq!(
            opposing.iter().map(|finding| finding.sentence.as_str()).collect::<Vec<_>>(),
            ["The two ways from delivery to spend oppose each other, so the share of one of them says little."]
        );
        // The outcome is noise alone, whatever the signs of the estimates.
        let nothing = said(|_, _| 0.0);
        assert_eq!(
            nothing.iter().map(|finding| finding.sentence.as_str()).collect::<Vec<_>>(),
            ["What goes with delivery in spend in all may be nothing, so the share over the answer says little."]
        );
        assert!(said(|answer, x| answer + x).is_empty());
    }
}
