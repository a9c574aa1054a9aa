//! The model file: plain, versioned, readable without this program.

use super::StoreError;
use crate::estimators::FittedModel;
use crate::estimators::fitted_model::{ModelTerm, Parts};
use crate::estimators::summary::Family;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// The word that tells a model file from other JSON.
const FORMAT: &str = "advocate-model";

/// Version of the format: another first number means that this program must not read it.
const FORMAT_VERSION: &str = "1.0";

/// A fitted model as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelArtefact {
    format: String,
    format_version: String,
    /// Version of the program that fitted it.
    pub program_version: String,
    /// The study.
    pub study: String,
    /// The study's date, as written.
    pub as_of: String,
    /// The outcome's word.
    pub outcome: String,
    /// `linear` or `logistic`; the latter's predictions are probabilities.
    pub family: Family,
    /// Length of the outcome's window, for behaviour.
    pub window_days: Option<u32>,
    /// Which answers it was fitted on.
    pub training: TrainingWindow,
    /// Files that the study read, with their content's hash.
    pub inputs: Vec<ModelInput>,
    /// Linear predictor where every feature is zero.
    pub intercept: f64,
    /// Linear predictor where every feature has its training mean.
    pub at_means: f64,
    /// Features in order.
    pub terms: Vec<StoredTerm>,
    /// Covariance of the intercept and the estimated coefficients, in order.
    pub covariance: Vec<Vec<f64>>,
    /// Figures of the fit, on the rows it was fitted on.
    pub metrics: BTreeMap<String, f64>,
}

/// The answers that a model was fitted on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainingWindow {
    /// Instant of the first answer, RFC 3339 in UTC; `None` for undated answers.
    pub first: Option<String>,
    /// Instant of the last.
    pub last: Option<String>,
    /// Answers used.
    pub n_used: usize,
}

/// A file that went into a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelInput {
    /// Its path as the study has it.
    pub path: String,
    /// SHA-256 of its content.
    pub sha256: String,
}

/// A feature as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredTerm {
    /// The column of the base table.
    pub term: String,
    /// Its coefficient; `null` where the column was constant or a combination of others.
    pub estimate: Option<f64>,
    /// Mean in the training rows, which a missing value takes.
    pub mean: f64,
    /// Standard deviation in the training rows.
    pub std_dev: f64,
}

/// What a stored model says of itself beside its numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Provenance {
    /// The study.
    pub study: String,
    /// Its date.
    pub as_of: String,
    /// The outcome.
    pub outcome: String,
    /// Length of the outcome's window.
    pub window_days: Option<u32>,
    /// The training rows.
    pub training: TrainingWindow,
    /// The input files.
    pub inputs: Vec<ModelInput>,
    /// Figures of the fit.
    pub metrics: BTreeMap<String, f64>,
}

impl ModelArtefact {
    /// A model with where it comes from.
    pub fn new(model: &FittedModel, provenance: Provenance) -> Self {
        let parts = Parts::from(model.clone());
        let term = |term: ModelTerm| StoredTerm {
            term: term.term,
            estimate: term.estimate,
            mean: term.mean,
            std_dev: term.std_dev,
        };
        Self {
            format: FORMAT.to_owned(),
            format_version: FORMAT_VERSION.to_owned(),
            program_version: env!("CARGO_PKG_VERSION").to_owned(),
            study: provenance.study,
            as_of: provenance.as_of,
            outcome: provenance.outcome,
            family: parts.family,
            window_days: provenance.window_days,
            training: provenance.training,
            inputs: provenance.inputs,
            intercept: parts.intercept,
            at_means: parts.at_means,
            terms: parts.terms.into_iter().map(term).collect(),
            covariance: parts.covariance,
            metrics: provenance.metrics,
        }
    }

    /// The model, ready to predict.
    ///
    /// # Errors
    /// A covariance that does not fit the coefficients.
    pub fn model(&self) -> Result<FittedModel, crate::estimators::fitted_model::ModelError> {
        FittedModel::try_from(Parts {
            family: self.family,
            outcome: self.outcome.clone(),
            intercept: self.intercept,
            at_means: self.at_means,
            terms: self
                .terms
                .iter()
                .map(|term| ModelTerm {
                    term: term.term.clone(),
                    estimate: term.estimate,
                    mean: term.mean,
                    std_dev: term.std_dev,
                })
                .collect(),
            covariance: self.covariance.clone(),
        })
    }

    /// Writes `OUTCOME.json` into a folder.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), StoreError> {
        let path = folder.join(format!("{}.json", self.outcome));
        let json =
            serde_json::to_string_pretty(self).map_err(|source| StoreError::Json { path: path.clone(), source })?;
        std::fs::write(&path, json + "\n").map_err(StoreError::file(&path, "written"))
    }

    /// Reads a model file.
    ///
    /// # Errors
    /// A file that cannot be read, is no model, or has a format version that this program does not know.
    pub fn read(path: &Path) -> Result<Self, StoreError> {
        let refuse = |problem: String| StoreError::Model { path: path.to_owned(), problem };
        let text = std::fs::read_to_string(path).map_err(StoreError::file(path, "read"))?;
        let value: serde_json::Value =
            serde_json::from_str(&text).map_err(|error| refuse(format!("is not JSON ({error})")))?;
        if value.get("format").and_then(|format| format.as_str()) != Some(FORMAT) {
            return Err(refuse(format!("is no model file: it lacks `\"format\": \"{FORMAT}\"`")));
        }
        let version = value.get("format_version").and_then(|version| version.as_str()).unwrap_or("none");
        if version.split('.').next() != FORMAT_VERSION.split('.').next() {
            return Err(refuse(format!(
                "has format version {version}, and this program reads {FORMAT_VERSION}; fit the model again or use the \
                 program that wrote it"
            )));
        }
        serde_json::from_value(value).map_err(|error| refuse(format!("is not a whole model ({error})")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{DesignMatrix, Observations, Outcome};
    use crate::estimators::Ols;
    use ndarray::array;

    fn artefact() -> ModelArtefact {
        let design = DesignMatrix::new(vec!["a".to_owned()], array![[1.0], [2.0], [4.0], [5.0]]).expect("valid");
        let outcome = Outcome::numeric("recommend", array![2.0, 3.0, 6.0, 7.0]).expect("valid");
        let fit = Ols::default().fit(&Observations::new(design, outcome).expect("valid")).expect("a fit");
        let training = TrainingWindow { first: None, last: None, n_used: 4 };
        ModelArtefact::new(
            fit.model(),
            Provenance {
                study: "s".to_owned(),
                as_of: "2026-09-30".to_owned(),
                outcome: "recommend".to_owned(),
                window_days: None,
                training,
                inputs: Vec::new(),
                metrics: BTreeMap::new(),
            },
        )
    }

    #[test]
    fn a_model_survives_its_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let written = artefact();
        written.write(folder.path()).expect("written");
        let read = ModelArtefact::read(&folder.path().join("recommend.json")).expect("readable");
        assert_eq!(read, written);
        // The least-squares line through the four points: slope 13 / 10, intercept 4.5 - 1.3 * 3.
        assert!((read.model().expect("whole").predict_row(&[3.0]) - 4.5).abs() < 1e-12);
        assert!((read.model().expect("whole").predict_row(&[0.0]) - 0.6).abs() < 1e-12);
    }

    #[test]
    fn an_unknown_major_version_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("m.json");
        let text = serde_json::to_string(&artefact()).expect("JSON").replace("\"1.0\"", "\"2.0\"");
        std::fs::write(&path, text).expect("written");
        let error = ModelArtefact::read(&path).expect_err("refused");
        assert!(error.to_string().contains("has format version 2.0"), "{error}");
    }
}
