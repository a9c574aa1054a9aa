//! A model file as commands use it: the model, its features as columns of the base table, and what the study must agree with.

use super::PipelineError;
use super::outcomes::{Feature, FeatureKind, Model};
use super::scores::prediction_column;
use crate::drivers::what_if::OutcomeEnds;
use crate::report::words;
use crate::store::{ModelArtefact, ModelFile, StoredTerm};
use crate::study::{AsOf, Outcome, Study};
use jiff::Timestamp;
use std::path::Path;

/// Microseconds in a day.
const DAY_US: i64 = 86_400_000_000;

/// A model that was read from its file.
pub(super) struct StoredModel {
    /// The file, as it was asked for.
    pub file: String,
    pub sha256: String,
    pub artefact: ModelArtefact,
    /// Ready to predict; its training window is `None` where the file does not say it.
    pub model: Model,
}

impl StoredModel {
    pub fn read(path: &Path) -> Result<Self, PipelineError> {
        let file = path.display().to_string();
        let read = ModelArtefact::read(path)?;
        let artefact = read.artefact;
        let fitted = artefact.model().map_err(|error| PipelineError::Input(format!("`{file}`: {error}")))?;
        let instant = |text: &Option<String>| text.as_deref()?.parse::<Timestamp>().ok().map(Timestamp::as_microsecond);
        let (low, high) = artefact.ends.map_or((None, None), |ends| (ends.low, ends.high));
        let endless = OutcomeEnds::default();
        let model = Model {
            fitted,
            features: artefact.terms.iter().map(feature).collect(),
            training: instant(&artefact.training.first).zip(instant(&artefact.training.last)),
            calibration: artefact.calibration.clone(),
            ends: OutcomeEnds { low: low.unwrap_or(endless.low), high: high.unwrap_or(endless.high) },
            spread: None,
        };
        Ok(Self { file, sha256: read.sha256, model, artefact })
    }

    /// The kind of outcome that it predicts.
    pub fn kind(&self) -> &str {
        self.artefact.kind.as_deref().unwrap_or(&self.artefact.outcome)
    }

    /// The column of the scores that its predictions go into.
    pub fn prediction_column(&self) -> String {
        prediction_column(&self.artefact.outcome, self.artefact.family, self.artefact.scale.as_deref())
    }

    /// Beyond this nothing was known when the model was fitted: the last outcome of a training answer, too, has happened. Of a model
    /// whose answers have no date, the last instant that its own study's date sees.
    pub fn known_until_us(&self) -> Option<i64> {
        let days = self.artefact.window_days.unwrap_or(0);
        let last = self.model.training.map(|(_, last)| last + i64::from(days) * DAY_US);
        last.or_else(|| AsOf::parse(&self.artefact.as_of).ok().map(|own| own.end_us() - 1))
    }

    /// Whether an outcome of a study is the same as the model's, whatever their scales.
    fn is_of(&self, outcome: &Outcome) -> bool {
        let own = &self.artefact;
        (outcome.name(), outcome.kind().word()) == (own.outcome.as_str(), self.kind())
            && outcome.window_days() == own.window_days
            && own.product_family.as_deref().is_none_or(|own| outcome.kind().product_family() == Some(own))
    }

    /// The study's outcome that the model predicts.
    pub fn outcome_in<'s>(&self, study: &'s Study) -> Result<&'s Outcome, PipelineError> {
        let found = study.outcomes.iter().find(|outcome| self.is_of(outcome));
        if let Some(outcome) = found {
            self.check_scale(study, outcome)?;
        }
        found.ok_or_else(|| {
            PipelineError::Input(format!(
                "`{}` predicts `{}`{}, which the study `{}` does not have among its outcomes; add it to the study",
                self.file,
                self.artefact.outcome,
                within(self.artefact.window_days),
                study.name
            ))
        })
    }

    /// Refuses a model whose scores would stand in a column that means something else in the study: another outcome of its name. An
    /// outcome that the study does not have is no fault, since the model says itself what it predicts.
    pub fn check_outcome(&self, study: &Study) -> Result<(), PipelineError> {
        let Some(outcome) = study.outcomes.iter().find(|outcome| outcome.name() == self.artefact.outcome) else {
            return Ok(());
        };
        if self.is_of(outcome) {
            return self.check_scale(study, outcome);
        }
        let window = within(outcome.window_days());
        let family =
            outcome.kind().product_family().map_or_else(String::new, |family| format!(" of the family {family}"));
        Err(PipelineError::Input(format!(
            "`{}` predicts {}, and `{}` of the study `{}` is {}{family}{window}: its scores would be taken for those of another outcome; \
             give a model of the study's outcome, or take the outcome out of the study that scores",
            self.file,
            self.in_words(),
            outcome.name(),
            study.name,
            outcome.kind().word()
        )))
    }

    /// Refuses a model that predicts amounts where the study has logarithms, and the other way round.
    fn check_scale(&self, study: &Study, outcome: &Outcome) -> Result<(), PipelineError> {
        let wanted = outcome.kind().scale_word();
        let refused = match (wanted, self.artefact.scale.as_deref()) {
            (None, _) => return Ok(()),
            (Some(wanted), Some(own)) if own == wanted => return Ok(()),
            (Some(_), None) => "does not say on which scale it predicts; fit it again".to_owned(),
            (Some(wanted), Some(own)) => format!(
                "predicts on the scale `{own}`, and `{}` of the study `{}` has the scale `{wanted}`: they cannot be compared; give \
                 models of the study's scale",
                outcome.name(),
                study.name
            ),
        };
        Err(PipelineError::Input(format!("`{}` {refused}", self.file)))
    }

    /// What it predicts: `soon` (repurchase) within 90 days.
    fn in_words(&self) -> String {
        let own = &self.artefact;
        let kind = own.kind.as_ref().map_or_else(String::new, |kind| format!(" ({kind})"));
        let family = own.product_family.as_ref().map_or_else(String::new, |family| format!(" of the family {family}"));
        format!("`{}`{kind}{family}{}", own.outcome, within(own.window_days))
    }

    /// What a manifest says of the file.
    pub fn for_manifest(&self) -> ModelFile {
        let own = &self.artefact;
        ModelFile {
            path: self.file.clone(),
            sha256: self.sha256.clone(),
            outcome: own.outcome.clone(),
            study: own.study.clone(),
            as_of: own.as_of.clone(),
            program_version: own.program_version.clone(),
        }
    }
}

fn feature(term: &StoredTerm) -> Feature {
    Feature {
        name: term.term.clone(),
        column: if term.column.is_empty() { term.term.clone() } else { term.column.clone() },
        kind: if term.coding == "missing" { FeatureKind::Gap } else { FeatureKind::Value },
    }
}

fn within(window_days: Option<u32>) -> String {
    window_days.map_or_else(String::new, |days| format!(" within {}", words::days(days)))
}

/// An instant as people read it.
pub(super) fn written(at_us: i64) -> String {
    Timestamp::from_microsecond(at_us).map_or_else(|_| at_us.to_string(), |at| at.to_string())
}
