//! The questions in one place: settings in, rows and findings out.

use super::{
    Collinearity, GroupedResiduals, Grouping, Halo, Influence, Nonlinearity, OutcomeRange, RowName, Scale, ScaleEnds,
    Spread, StraightLining, Touchpoints,
};
use crate::data::Observations;
use crate::estimators::augment::Kind;
use crate::estimators::robust::applicable;
use crate::estimators::{Augment, FitError, FittedModel, StdErrors, augment};
use crate::findings::Finding;
use crate::stats::Confidence;
use serde::{Deserialize, Serialize};

/// What to ask and from when to speak of it. Shares are 0-1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Diagnose {
    /// The standard errors of the fit: tests of what it leaves out allow for as much.
    pub std_errors: StdErrors,
    /// A test speaks where its p-value is below one minus this.
    pub confidence: Confidence,
    /// What a test finds must explain at least this share of what is left: with many rows everything is significant.
    pub share_explained_min: f64,
    /// Straight-lining is a finding above this share of the respondents.
    pub straight_lining_max: f64,
    /// A first factor with more than this share of the touchpoints' variance is a finding.
    pub halo_max: f64,
    /// More answers at one end of a scale than this share are a finding.
    pub scale_end_max: f64,
    /// Influential rows given in full, at least one.
    pub n_rows_shown: usize,
}

impl Default for Diagnose {
    fn default() -> Self {
        Self {
            std_errors: StdErrors::default(),
            confidence: Confidence::new(0.99).unwrap_or_default(),
            share_explained_min: 0.01,
            straight_lining_max: 0.1,
            halo_max: 0.5,
            scale_end_max: 0.5,
            n_rows_shown: 5,
        }
    }
}

/// What one fitted model answered. What does not apply is `None`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelDiagnostics {
    /// Which columns go together; `None` for the intercept alone.
    pub collinearity: Option<Collinearity>,
    /// Which rows decide.
    pub influence: Influence,
    /// Whether lines are enough; `None` for a perfect fit.
    pub nonlinearity: Option<Nonlinearity>,
    /// Whether residuals spread evenly (linear); `None` for a perfect fit.
    pub spread: Option<Spread>,
    /// The residuals by each grouping with two groups or more; none for a perfect fit.
    pub groupings: Vec<GroupedResiduals>,
    /// A numeric outcome on its scale, where one was given.
    pub outcome_range: Option<OutcomeRange>,
    /// What a reader must know, beside the findings of the fit itself.
    pub findings: Vec<Finding>,
}

/// What the answers themselves answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TouchpointDiagnostics {
    /// Respondents who give every touchpoint the same score.
    pub straight_lining: StraightLining,
    /// One impression behind all; `None` for fewer than three touchpoints or too few complete rows.
    pub halo: Option<Halo>,
    /// Answers at the ends of the scale, one row per touchpoint.
    pub scale_ends: Vec<ScaleEnds>,
    /// What a reader must know.
    pub findings: Vec<Finding>,
}

impl Diagnose {
    /// Asks a fitted linear or logistic model, with the rows it was fitted to.
    ///
    /// `groupings` sort the same rows, by channel or wave; `outcome_scale` holds the ends of a numeric outcome such as
    /// the 0-10 answer. Every question is answered from a few passes over the rows, without a second copy of the
    /// design; weights are read as [`augment`] and each answer's own documentation say.
    ///
    /// # Errors
    /// Columns other than those of the model; a grouping without one label per row; what the fit itself refuses.
    ///
    /// # Example
    /// ```
    /// use advocate::data::{DesignMatrix, Observations, Outcome};
    /// use advocate::estimators::{Diagnose, Ols};
    /// use ndarray::array;
    /// let design = DesignMatrix::new(vec!["delivery".to_owned()], array![[1.0], [2.0], [3.0], [4.0], [30.0]])?;
    /// let outcome = Outcome::numeric("recommend", array![2.0, 3.0, 3.0, 5.0, 9.0])?;
    /// let observations = Observations::new(design, outcome)?;
    /// let fit = Ols::default().fit(&observations)?;
    /// let answers = Diagnose::default().model(&observations, fit.model(), &[], None)?;
    /// assert_eq!(answers.influence.worst[0].measures.row, 5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn model(
        &self,
        observations: &Observations,
        model: &FittedModel,
        groupings: &[Grouping],
        outcome_scale: Option<Scale>,
    ) -> Result<ModelDiagnostics, FitError> {
        self.model_numbered(observations, model, groupings, outcome_scale, |row| row)
    }

    /// The same with rows named as their reader knows them: `number_of` turns a row's place, from 1, into that number.
    ///
    /// # Errors
    /// Those of [`Diagnose::model`].
    pub fn model_numbered(
        &self,
        observations: &Observations,
        model: &FittedModel,
        groupings: &[Grouping],
        outcome_scale: Option<Scale>,
        number_of: impl Fn(usize) -> usize,
    ) -> Result<ModelDiagnostics, FitError> {
        self.model_named(observations, model, groupings, outcome_scale, |row| RowName::numbered(number_of(row)))
    }

    /// The same with rows named in words: `name_of` is asked for the place of a row, from 1, when there is something to say of it.
    ///
    /// # Errors
    /// Those of [`Diagnose::model`].
    pub fn model_named(
        &self,
        observations: &Observations,
        model: &FittedModel,
        groupings: &[Grouping],
        outcome_scale: Option<Scale>,
        name_of: impl Fn(usize) -> RowName,
    ) -> Result<ModelDiagnostics, FitError> {
        let augment = augment(observations, model)?;
        let std_errors = applicable(self.std_errors, &augment.cases);
        let is_linear = augment.kind == Kind::Number;
        let mut answers = ModelDiagnostics {
            collinearity: Collinearity::of(&augment).filter(|_| augment.columns.n_terms() > 1),
            influence: Influence::of(&augment, self.n_rows_shown.max(1)),
            nonlinearity: None,
            spread: None,
            groupings: Vec::new(),
            outcome_range: outcome_scale.filter(|_| is_linear).and_then(|scale| OutcomeRange::of(&augment, scale)),
            findings: Vec::new(),
        };
        if !augment.is_perfect {
            answers.nonlinearity = Some(Nonlinearity::of(&augment, std_errors));
            answers.spread = is_linear.then(|| Spread::of(&augment));
            answers.groupings = grouped(&augment, groupings, std_errors)?;
        }
        answers.findings = self.findings(&answers, observations.outcome().name(), std_errors, &name_of);
        for worst in &mut answers.influence.worst {
            worst.measures.row = name_of(worst.measures.row).number;
        }
        if let Some(determining) = &mut answers.influence.determining {
            determining.row = name_of(determining.row).number;
        }
        Ok(answers)
    }

    /// Asks the scores themselves, gaps and all; `scale_of` gives the scale of a touchpoint by its name, and where there is
    /// none, the lowest and the highest score stand for its ends.
    pub fn touchpoints(
        &self,
        touchpoints: &Touchpoints,
        scale_of: impl Fn(&str) -> Option<Scale>,
    ) -> TouchpointDiagnostics {
        let straight_lining = StraightLining::of(touchpoints);
        let halo = Halo::of(touchpoints);
        let scale_ends = ScaleEnds::of_all(touchpoints, scale_of);
        let findings = straight_lining
            .finding(self.straight_lining_max)
            .into_iter()
            .chain(halo.as_ref().and_then(|halo| halo.finding(self.halo_max)))
            .chain(scale_ends.iter().filter_map(|ends| ends.finding(self.scale_end_max)))
            .collect();
        TouchpointDiagnostics { straight_lining, halo, scale_ends, findings }
    }

    fn findings(
        &self,
        answers: &ModelDiagnostics,
        outcome: &str,
        std_errors: StdErrors,
        name_of: &dyn Fn(usize) -> RowName,
    ) -> Vec<Finding> {
        let (confidence, share_min) = (self.confidence, self.share_explained_min);
        let collinear = answers.collinearity.iter().flat_map(Collinearity::findings);
        let influential = answers.influence.findings(outcome, name_of);
        let curved = answers.nonlinearity.iter().flat_map(|rows| rows.findings(outcome, confidence, share_min));
        let spread = answers.spread.iter().filter_map(|rows| rows.finding(outcome, confidence, share_min, std_errors));
        let grouped = answers.groupings.iter().filter_map(|rows| rows.finding(outcome, confidence, share_min));
        let range = answers.outcome_range.iter().flat_map(|range| range.findings(self.scale_end_max));
        collinear.chain(influential).chain(curved).chain(spread).chain(grouped).chain(range).collect()
    }
}

fn grouped(
    augment: &Augment,
    groupings: &[Grouping],
    std_errors: StdErrors,
) -> Result<Vec<GroupedResiduals>, FitError> {
    let all: Result<Vec<Option<GroupedResiduals>>, FitError> =
        groupings.iter().map(|grouping| GroupedResiduals::of(augment, grouping, std_errors)).collect();
    Ok(all?.into_iter().flatten().collect())
}
