//! What a fitted model expects of many rows, and how that hangs on its coefficients and on the linear predictor.

use crate::data::Observations;
use crate::drivers::ActionError;
use crate::estimators::fitted_model::{probability, rate};
use crate::estimators::{Family, FittedModel};
use crate::measures::ResponseClass;
use serde::{Deserialize, Serialize};

/// A fitted model and the rows it was fitted to, whose customers the question is about.
#[derive(Debug, Clone, Copy)]
pub struct ModelledOutcome<'a> {
    /// The model.
    pub model: &'a FittedModel,
    /// Rows with the columns of the model, by name.
    pub observations: &'a Observations,
    /// What the levels of an ordered outcome are; nothing for other families.
    pub levels: OrderedLevels,
    /// Columns that hold something in place of a score in some rows: nothing can be raised there.
    pub unscored: &'a [Unscored],
}

/// The rows in which a column has no score.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unscored {
    /// The column.
    pub column: String,
    /// By row, whether the score is missing.
    pub rows: Vec<bool>,
}

/// What the levels of an ordered outcome are, which their numbers do not tell: 0, 1 and 2 may be answers or classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OrderedLevels {
    /// Levels of something else, which have a mean and no score.
    #[default]
    Other,
    /// Answers to the 0-10 question.
    Answers,
    /// 0 for detractors, 1 for passives and 2 for promoters.
    Classes,
}

impl OrderedLevels {
    /// What a level makes of who gave it; `None` where that is not said.
    fn class(self, level: f64) -> Option<ResponseClass> {
        match self {
            Self::Other => None,
            Self::Answers => ResponseClass::of(level),
            Self::Classes => [ResponseClass::Detractor, ResponseClass::Passive, ResponseClass::Promoter]
                .into_iter()
                .find(|class| (class.value() + 1.0 - level).abs() < f64::EPSILON),
        }
    }
}

impl ModelledOutcome<'_> {
    /// Whether a row has a score in a column.
    pub(super) fn is_scored(&self, name: &str, row: usize) -> bool {
        self.unscored.iter().find(|own| own.column == name).is_none_or(|own| !own.rows[row])
    }
}

/// What is read from a model's expectations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Mean of the number, the level or the count, in the outcome's unit (a count per unit of exposure).
    Mean,
    /// Expected share of rows of class 1, 0-1.
    Share,
    /// Expected share of promoters, 0-1.
    PromoterShare,
    /// Expected share of detractors, 0-1.
    DetractorShare,
    /// Expected Net Promoter Score, -100 to 100.
    Nps,
}

impl Measure {
    /// The word used in JSON, tables and reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Share => "share",
            Self::PromoterShare => "promoter_share",
            Self::DetractorShare => "detractor_share",
            Self::Nps => "nps",
        }
    }

    /// Whether it is a share, 0-1.
    pub fn is_share(self) -> bool {
        matches!(self, Self::Share | Self::PromoterShare | Self::DetractorShare)
    }

    /// The measures that a model gives: a mean of a number or a count, a share of a class, and of ordered levels the mean
    /// and, where they are 0-10 answers or their classes, what promoters and detractors make.
    pub fn of_model(model: &FittedModel, levels: OrderedLevels) -> Vec<Self> {
        match model.family() {
            Family::Logistic => vec![Self::Share],
            Family::Ordinal if model.levels().iter().all(|&level| levels.class(level).is_some()) => {
                vec![Self::Mean, Self::PromoterShare, Self::DetractorShare, Self::Nps]
            }
            _ => vec![Self::Mean],
        }
    }

    /// What a level of an ordered outcome counts for.
    fn of_level(self, level: f64, levels: OrderedLevels) -> f64 {
        let class = levels.class(level);
        match self {
            Self::PromoterShare => f64::from(u8::from(class == Some(ResponseClass::Promoter))),
            Self::DetractorShare => f64::from(u8::from(class == Some(ResponseClass::Detractor))),
            Self::Nps => 100.0 * class.map_or(0.0, ResponseClass::value),
            Self::Mean | Self::Share => level,
        }
    }
}

/// How one measure follows from the linear predictor of a row.
#[derive(Debug, Clone)]
pub(super) struct Response {
    family: Family,
    /// The thresholds and by how much the measure rises at each (ordinal).
    steps: Vec<Step>,
    /// The measure of the lowest level (ordinal).
    lowest: f64,
}

#[derive(Debug, Clone, Copy)]
struct Step {
    threshold: f64,
    rise: f64,
}

/// A row's expectation and its derivative by the linear predictor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Expectation {
    pub value: f64,
    pub slope: f64,
}

impl Response {
    /// # Errors
    /// A measure that the model does not give.
    pub fn of(outcome: &ModelledOutcome, measure: Measure) -> Result<Self, ActionError> {
        let ModelledOutcome { model, levels, .. } = *outcome;
        if !Measure::of_model(model, levels).contains(&measure) {
            return Err(ActionError::NoMeasure { outcome: model.outcome().to_owned(), measure: measure.word() });
        }
        let values: Vec<f64> = model.levels().iter().map(|&level| measure.of_level(level, levels)).collect();
        let rises = values.windows(2).map(|pair| pair[1] - pair[0]);
        let steps = model.thresholds().iter().zip(rises).map(|(own, rise)| Step { threshold: own.estimate, rise });
        Ok(Self { family: model.family(), steps: steps.collect(), lowest: values.first().copied().unwrap_or(0.0) })
    }

    /// At a linear predictor.
    pub fn at(&self, link: f64) -> Expectation {
        match self.family {
            Family::Logistic => {
                let value = probability(link);
                Expectation { value, slope: value * probability(-link) }
            }
            Family::Count => {
                let value = rate(link);
                Expectation { value, slope: value }
            }
            Family::Ordinal => {
                let start = Expectation { value: self.lowest, slope: 0.0 };
                // Most steps of a score change no class.
                self.steps.iter().filter(|step| step.rise.abs() > 0.0).fold(start, |sum, step| {
                    let above = probability(link - step.threshold);
                    let density = above * probability(step.threshold - link);
                    Expectation { value: sum.value + step.rise * above, slope: sum.slope + step.rise * density }
                })
            }
            _ => Expectation { value: link, slope: 1.0 },
        }
    }

    /// Adds a row's derivatives by the parameters, in the order of the model's covariance; `values` are those of the
    /// columns that have a coefficient.
    pub fn add_gradient(&self, link: f64, values: &[f64], factor: f64, gradient: &mut [f64]) {
        let slope = factor * self.at(link).slope;
        let n_slopes = values.len();
        let slopes = if self.family == Family::Ordinal {
            for (step, gradient) in self.steps.iter().zip(&mut gradient[n_slopes..]) {
                let density = probability(link - step.threshold) * probability(step.threshold - link);
                *gradient -= factor * step.rise * density;
            }
            &mut gradient[..n_slopes]
        } else {
            gradient[0] += slope;
            &mut gradient[1..]
        };
        slopes.iter_mut().zip(values).for_each(|(gradient, value)| *gradient += slope * value);
    }
}

/// A model beside the columns of some rows.
pub(super) struct Placed<'a> {
    pub outcome: ModelledOutcome<'a>,
    /// The column of each term of the model.
    pub columns: Vec<usize>,
    /// Terms that have a coefficient.
    pub estimated: Vec<usize>,
    weights: Vec<f64>,
    weight_sum: f64,
}

impl<'a> Placed<'a> {
    /// # Errors
    /// A term of the model that the rows have no column for.
    pub fn of(outcome: ModelledOutcome<'a>) -> Result<Self, ActionError> {
        let design = outcome.observations.design();
        let place =
            |term: &str| design.position(term).ok_or_else(|| ActionError::UnknownColumn { column: term.to_owned() });
        let terms = outcome.model.terms();
        let columns = terms.iter().map(|term| place(&term.term)).collect::<Result<Vec<usize>, _>>()?;
        let estimated = (0..terms.len()).filter(|&at| terms[at].estimate.is_some()).collect();
        let weights: Vec<f64> = crate::drivers::importance::own_weights(outcome.observations);
        let weight_sum = weights.iter().sum();
        Ok(Self { outcome, columns, estimated, weights, weight_sum })
    }

    /// The term of the model for a column's name, if it has a coefficient.
    pub fn slope_of(&self, name: &str) -> Option<f64> {
        self.outcome.model.terms().iter().find(|term| term.term == name)?.estimate
    }

    /// Rows that count, each with its share of the weight.
    pub fn shares(&self) -> impl Iterator<Item = (usize, f64)> {
        self.weights
            .iter()
            .enumerate()
            .filter(|(_, weight)| **weight > 0.0)
            .map(|(row, weight)| (row, weight / self.weight_sum))
    }

    /// One row's values in the order of the model's terms.
    pub fn fill(&self, row: usize, values: &mut Vec<f64>) {
        let scores = self.outcome.observations.design().values();
        values.clear();
        values.extend(self.columns.iter().map(|&column| scores[[row, column]]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{DesignMatrix, Outcome};
    use crate::estimators::fitted_model::{ModelTerm, Parts, Threshold};
    use ndarray::array;

    fn ordinal(levels: &[f64]) -> FittedModel {
        let thresholds = (1..levels.len()).map(|at| Threshold { term: String::new(), estimate: at as f64 - 2.5 });
        let term = ModelTerm { term: "a".to_owned(), estimate: Some(0.7), mean: 0.0, std_dev: 1.0 };
        let parts = Parts {
            family: Family::Ordinal,
            outcome: "recommend".to_owned(),
            intercept: 0.0,
            at_means: 0.0,
            terms: vec![term],
            covariance: Vec::new(),
            thresholds: thresholds.collect(),
            levels: levels.to_vec(),
        };
        FittedModel::try_from(parts).expect("fits together")
    }

    fn rows() -> Observations {
        let design = DesignMatrix::new(vec!["a".to_owned()], array![[0.0], [1.0]]).expect("a column");
        Observations::new(design, Outcome::numeric("recommend", array![0.0, 1.0]).expect("numbers")).expect("two rows")
    }

    fn of<'a>(model: &'a FittedModel, observations: &'a Observations, levels: OrderedLevels) -> ModelledOutcome<'a> {
        ModelledOutcome { model, observations, levels, unscored: &[] }
    }

    /// The score of classes 0, 1 and 2 is 100 (mean - 1), whatever their shares: `p2 - p0 = (p1 + 2 p2) - (p0 + p1 + p2)`.
    #[test]
    fn classes_are_counted_as_classes_and_not_as_answers() {
        let (model, rows) = (ordinal(&[0.0, 1.0, 2.0]), rows());
        let outcome = of(&model, &rows, OrderedLevels::Classes);
        for link in [-2.0, 0.3, 4.0] {
            let at = |measure| Response::of(&outcome, measure).expect("a measure").at(link);
            assert!((at(Measure::Nps).value - 100.0 * (at(Measure::Mean).value - 1.0)).abs() < 1e-11);
            assert!((at(Measure::Nps).slope - 100.0 * at(Measure::Mean).slope).abs() < 1e-11);
        }
        let shares = model.probabilities_row(&[1.5]);
        let at = |measure| Response::of(&outcome, measure).expect("a measure").at(0.7 * 1.5).value;
        assert!((at(Measure::PromoterShare) - shares[2]).abs() < 1e-14);
        assert!((at(Measure::DetractorShare) - shares[0]).abs() < 1e-14);
        assert_eq!(Measure::of_model(&model, OrderedLevels::Other), [Measure::Mean]);
    }

    #[test]
    fn measures_are_those_of_the_levels_probabilities() {
        let model = ordinal(&[0.0, 6.0, 7.0, 9.0, 10.0]);
        let shares = model.probabilities_row(&[1.5]);
        let at = |measure| {
            Response::of(&of(&model, &rows(), OrderedLevels::Answers), measure)
                .expect("an ordinal measure")
                .at(0.7 * 1.5)
                .value
        };
        assert!((at(Measure::Mean) - model.predict_row(&[1.5])).abs() < 1e-13);
        assert!((at(Measure::PromoterShare) - shares[3] - shares[4]).abs() < 1e-14);
        assert!((at(Measure::DetractorShare) - shares[0] - shares[1]).abs() < 1e-14);
        let nps = 100.0 * (shares[3] + shares[4] - shares[0] - shares[1]);
        assert!((at(Measure::Nps) - nps).abs() < 1e-12);
    }

    #[test]
    fn slopes_and_gradients_agree_with_finite_differences() {
        let model = ordinal(&[0.0, 6.0, 7.0, 9.0, 10.0]);
        for measure in Measure::of_model(&model, OrderedLevels::Answers) {
            let response =
                Response::of(&of(&model, &rows(), OrderedLevels::Answers), measure).expect("an ordinal measure");
            let (step, link) = (1e-6, 0.3);
            let slope = (response.at(link + step).value - response.at(link - step).value) / (2.0 * step);
            assert!((response.at(link).slope - slope).abs() < 1e-7 * (1.0 + slope.abs()));
            let mut gradient = vec![0.0; 5];
            response.add_gradient(link, &[2.0], 1.0, &mut gradient);
            assert!((gradient[0] - 2.0 * slope).abs() < 1e-6 * (1.0 + slope.abs()));
            for at in 0..4 {
                let moved = |by: f64| {
                    let mut other = response.clone();
                    other.steps[at].threshold += by;
                    other.at(link).value
                };
                let want = (moved(step) - moved(-step)) / (2.0 * step);
                assert!((gradient[at + 1] - want).abs() < 1e-6 * (1.0 + want.abs()));
            }
        }
    }

    #[test]
    fn levels_that_are_no_answers_have_no_score() {
        let model = ordinal(&[0.0, 6.5, 7.0]);
        assert!(matches!(
            Response::of(&of(&model, &rows(), OrderedLevels::Answers), Measure::Nps),
            Err(ActionError::NoMeasure { measure: "nps", .. })
        ));
        assert_eq!(Measure::of_model(&model, OrderedLevels::Answers), [Measure::Mean]);
    }
}
