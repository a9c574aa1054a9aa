//! The model file: plain, versioned, readable without this program.

use super::StoreError;
use crate::estimators::FittedModel;
use crate::estimators::calibration::Calibration;
use crate::estimators::fitted_model::{ModelTerm, Parts, Threshold};
use crate::estimators::summary::Family;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;

/// The word that tells a model file from other JSON.
const FORMAT: &str = "advocate-model";

/// Version of the format: another first number means that this program must not read it.
const FORMAT_VERSION: &str = "1.4";
/// A prediction that differs from the stored one by more than this is not the same model's (relative, and absolute below 1).
const SELF_TEST_TOLERANCE: f64 = 1e-9;

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
    /// The outcome's name.
    pub outcome: String,
    /// The kind of outcome, where the study has given it a name of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The product family, of purchases of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_family: Option<String>,
    /// The scale of what is predicted, of spend: `amount`, or `log1p` for the logarithm of 1 + the amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<String>,
    /// Of `churn`: whether leaving has a date in the customers table, or is a window without a purchase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dated_leaving: Option<bool>,
    /// Between what predictions should lie, where the outcome has ends that the model does not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<StoredEnds>,
    /// What the history's columns meant, beyond what their names say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<StoredHistory>,
    /// `linear`, `logistic`, `ordinal` or `count`: predictions are numbers, probabilities, mean levels or counts.
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
    /// Levels of an ordinal model, ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<f64>,
    /// Thresholds between them, on the scale of log odds with every feature at zero.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub thresholds: Vec<Threshold>,
    /// Covariance of the intercept and the estimated coefficients, in order; of an ordinal model that of the coefficients
    /// and the thresholds.
    pub covariance: Vec<Vec<f64>>,
    /// What the coefficients were held together by, if they were; such a model has no covariance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub penalty: Option<StoredPenalty>,
    /// What turns the model's probability into the one that is used, if it was learned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibration>,
    /// What it predicted of its training rows, calibrated where that was learned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predictions: Option<StoredSpread>,
    /// Figures of the fit: `_in_sample` on the rows it was fitted on, `_test` of a fit to earlier rows on later ones.
    pub metrics: BTreeMap<String, f64>,
    /// Rows with the prediction that a reader of this file must get.
    #[serde(default)]
    pub self_test: Vec<SelfTest>,
}

/// A row and what the model, before calibration, predicts of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SelfTest {
    /// One value per term; `null` is missing.
    pub values: Vec<Option<f64>>,
    /// The prediction.
    pub prediction: f64,
}

/// The least and the largest prediction that makes sense; `None` where there is no such end.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct StoredEnds {
    /// The least.
    pub low: Option<f64>,
    /// The largest.
    pub high: Option<f64>,
}

/// Settings of a study under which columns of one name hold other numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredHistory {
    /// How returns are told from purchases.
    pub returns: String,
    /// Whether rows that share an order are one purchase.
    pub orders: bool,
    /// What the amount of a row is: `line`, its own; `order`, that of the order whose line it is; `quantity`, the price of one.
    pub amounts: String,
    /// Which rows of the transactions are none: `exclude` and `amount_min` of the study, as JSON.
    pub left_out: String,
    /// What counts as a contact, where contacts are counted.
    pub contacts: Option<serde_json::Value>,
}

/// How many rows had a value, and how the values were spread.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredSpread {
    /// The mean of the values.
    pub mean: f64,
    /// Their standard deviation.
    pub std_dev: f64,
    /// Training rows with a value.
    pub n: usize,
    /// Share of the answers without a value, those counted that were left out for that.
    pub missing: f64,
    /// The upper ends of all bins but the last, which belong to them.
    pub edges: Vec<f64>,
    /// The share of the values in each bin.
    pub shares: Vec<f64>,
}

/// The penalty of a model that is there to predict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredPenalty {
    /// `ridge`, `lasso` or `elastic_net`.
    pub kind: String,
    /// Share of the lasso in the penalty: 0 ridge, 1 lasso.
    pub mixing: f64,
    /// The penalty taken, on coefficients of standardised columns.
    pub lambda: f64,
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
    /// Its name.
    pub term: String,
    /// The column of the base table that it is taken from; the term's own name where nothing is said.
    #[serde(default)]
    pub column: String,
    /// `value`, or `missing`: 1 where the column has no value, else 0.
    #[serde(default)]
    pub coding: String,
    /// What one unit of it is: a point of the scale, days, purchases, ...
    #[serde(default)]
    pub unit: String,
    /// The ends of the scale, of a touchpoint whose study says them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<[f64; 2]>,
    /// How its values were spread in the training rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread: Option<StoredSpread>,
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
    /// The outcome's name.
    pub outcome: String,
    /// The kind of outcome, where that is not its name.
    pub kind: Option<String>,
    /// The product family, of purchases of one.
    pub product_family: Option<String>,
    /// The scale of what is predicted, of spend ([`ModelArtefact::scale`]).
    pub scale: Option<String>,
    /// Of churn, whether leaving has a date.
    pub dated_leaving: Option<bool>,
    /// Between what predictions should lie.
    pub ends: Option<StoredEnds>,
    /// What the history's columns meant.
    pub history: Option<StoredHistory>,
    /// Length of the outcome's window.
    pub window_days: Option<u32>,
    /// The training rows.
    pub training: TrainingWindow,
    /// The input files.
    pub inputs: Vec<ModelInput>,
    /// Where each term comes from, in the order of the model's.
    pub sources: Vec<TermSource>,
    /// The penalty, if there was one.
    pub penalty: Option<StoredPenalty>,
    /// A learned calibration.
    pub calibration: Option<Calibration>,
    /// What was predicted of the training rows.
    pub predictions: Option<StoredSpread>,
    /// Figures of the fit.
    pub metrics: BTreeMap<String, f64>,
}

/// Where a term comes from.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TermSource {
    /// The column of the base table.
    pub column: String,
    /// `value` or `missing`.
    pub coding: String,
    /// What one unit of it is.
    pub unit: String,
    /// The ends of a touchpoint's scale.
    pub scale: Option<[f64; 2]>,
    /// How its values were spread.
    pub spread: Option<StoredSpread>,
}

/// A model with the content of the file that it was read from.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadModel {
    /// What the file holds.
    pub artefact: ModelArtefact,
    /// SHA-256 of its content.
    pub sha256: String,
}

impl ModelArtefact {
    /// A model with where it comes from.
    pub fn new(model: &FittedModel, provenance: Provenance) -> Self {
        let parts = Parts::from(model.clone());
        let sources = provenance.sources.into_iter().chain(std::iter::repeat(TermSource::default()));
        let term = |(term, source): (ModelTerm, TermSource)| StoredTerm {
            term: term.term,
            column: source.column,
            coding: source.coding,
            unit: source.unit,
            scale: source.scale,
            spread: source.spread,
            estimate: term.estimate,
            mean: term.mean,
            std_dev: term.std_dev,
        };
        let rows = self_test_rows(&parts.terms);
        let tested = |values: Vec<f64>| SelfTest {
            prediction: model.predict_row(&values),
            values: values.into_iter().map(|value| (!value.is_nan()).then_some(value)).collect(),
        };
        Self {
            format: FORMAT.to_owned(),
            format_version: FORMAT_VERSION.to_owned(),
            program_version: env!("CARGO_PKG_VERSION").to_owned(),
            study: provenance.study,
            as_of: provenance.as_of,
            outcome: provenance.outcome,
            kind: provenance.kind,
            product_family: provenance.product_family,
            scale: provenance.scale,
            dated_leaving: provenance.dated_leaving,
            ends: provenance.ends,
            history: provenance.history,
            family: parts.family,
            window_days: provenance.window_days,
            training: provenance.training,
            inputs: provenance.inputs,
            intercept: parts.intercept,
            at_means: parts.at_means,
            terms: parts.terms.into_iter().zip(sources).map(term).collect(),
            levels: parts.levels,
            thresholds: parts.thresholds,
            covariance: parts.covariance,
            penalty: provenance.penalty,
            calibration: provenance.calibration,
            predictions: provenance.predictions,
            metrics: provenance.metrics,
            self_test: rows.into_iter().map(tested).collect(),
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
            levels: self.levels.clone(),
            thresholds: self.thresholds.clone(),
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

    /// The version of the format that its file has.
    pub fn format_version(&self) -> &str {
        &self.format_version
    }

    /// Reads a model file.
    ///
    /// # Errors
    /// A file that cannot be read, is no model, has a format version that this program does not know, or fails its self-test.
    pub fn read(path: &Path) -> Result<ReadModel, StoreError> {
        let refuse = |problem: String| StoreError::Model { path: path.to_owned(), problem };
        // What a command is given is its input, whoever wrote it.
        let text = std::fs::read_to_string(path).map_err(|error| {
            refuse(format!("cannot be read ({error}); name a model file that `advocate run` wrote into models/"))
        })?;
        let value: serde_json::Value = serde_json::from_str(&text)
            .map_err(|error| refuse(format!("is not JSON ({error}); name a model file that `advocate run` wrote")))?;
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
        let artefact: Self =
            serde_json::from_value(value).map_err(|error| refuse(format!("is not a whole model ({error})")))?;
        artefact.test().map_err(refuse)?;
        let sha256 = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(ReadModel { artefact, sha256 })
    }

    /// Predicts the self-test rows.
    fn test(&self) -> Result<(), String> {
        let model = self.model().map_err(|error| format!("is not a whole model ({error})"))?;
        if self.self_test.is_empty() {
            return Err(
                "has no self-test rows, without which nobody knows whether it was changed; fit the model again"
                    .to_owned(),
            );
        }
        for (place, row) in self.self_test.iter().enumerate() {
            if row.values.len() != self.terms.len() {
                let (n, n_terms) = (row.values.len(), self.terms.len());
                return Err(format!(
                    "has {n} values in self-test row {} for {n_terms} terms; it was damaged",
                    place + 1
                ));
            }
            let values: Vec<f64> = row.values.iter().map(|value| value.unwrap_or(f64::NAN)).collect();
            let found = model.predict_row(&values);
            let tolerance = SELF_TEST_TOLERANCE * row.prediction.abs().max(1.0);
            // A prediction that is no number fails as well.
            if (found - row.prediction).abs() > tolerance || !found.is_finite() {
                return Err(format!(
                    "predicts {found} in self-test row {} where {} is stored; the file was changed or damaged, so fit the \
                     model again",
                    place + 1,
                    row.prediction
                ));
            }
        }
        Ok(())
    }
}

/// Rows made from the terms' means and standard deviations, so that no customer's answers stand in the file: nothing known,
/// everything at zero, a deviation above and below the means, and both in turn.
fn self_test_rows(terms: &[ModelTerm]) -> Vec<Vec<f64>> {
    let row = |value: &dyn Fn(usize, &ModelTerm) -> f64| -> Vec<f64> {
        terms.iter().enumerate().map(|(place, term)| value(place, term)).collect()
    };
    vec![
        row(&|_, _| f64::NAN),
        row(&|_, _| 0.0),
        row(&|_, term| term.mean + term.std_dev),
        row(&|_, term| term.mean - term.std_dev),
        row(&|place, term| if place % 2 == 0 { term.mean + term.std_dev } else { f64::NAN }),
    ]
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
        let spread =
            StoredSpread { mean: 4.5, std_dev: 2.06, n: 4, missing: 0.2, edges: vec![2.0], shares: vec![0.5, 0.5] };
        ModelArtefact::new(
            fit.model(),
            Provenance {
                study: "s".to_owned(),
                as_of: "2026-09-30".to_owned(),
                outcome: "recommend".to_owned(),
                kind: None,
                product_family: None,
                scale: None,
                dated_leaving: None,
                ends: Some(StoredEnds { low: Some(0.0), high: None }),
                history: None,
                window_days: None,
                training,
                inputs: Vec::new(),
                sources: vec![TermSource { spread: Some(spread.clone()), ..TermSource::default() }],
                penalty: None,
                calibration: None,
                predictions: Some(spread),
                metrics: BTreeMap::new(),
            },
        )
    }

    #[test]
    fn a_model_survives_its_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let written = artefact();
        written.write(folder.path()).expect("written");
        let path = folder.path().join("recommend.json");
        let ReadModel { artefact: read, sha256 } = ModelArtefact::read(&path).expect("readable");
        assert_eq!(read, written);
        assert_eq!(sha256, crate::store::manifest::fingerprint(&path, String::new()).expect("readable").sha256);
        // The least-squares line through the four points: slope 13 / 10, intercept 4.5 - 1.3 * 3.
        assert!((read.model().expect("whole").predict_row(&[3.0]) - 4.5).abs() < 1e-12);
        assert!((read.model().expect("whole").predict_row(&[0.0]) - 0.6).abs() < 1e-12);
    }

    #[test]
    fn a_file_of_an_earlier_minor_version_says_less() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("m.json");
        let mut value = serde_json::to_value(artefact()).expect("JSON");
        // As version 1.3 had it: neither ends nor what the training rows were like.
        value["format_version"] = "1.3".into();
        ["ends", "predictions"].into_iter().for_each(|key| drop(value.as_object_mut().expect("an object").remove(key)));
        drop(value["terms"][0].as_object_mut().expect("an object").remove("spread"));
        std::fs::write(&path, value.to_string()).expect("written");
        let read = ModelArtefact::read(&path).expect("readable").artefact;
        assert_eq!(
            (read.format_version(), read.ends, &read.predictions, &read.terms[0].spread),
            ("1.3", None, &None, &None)
        );
    }

    #[test]
    fn a_model_file_that_nothing_tests_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        artefact().write(folder.path()).expect("written");
        let path = folder.path().join(format!("{}.json", artefact().outcome));
        let text = std::fs::read_to_string(&path).expect("there");
        let mut value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert!(ModelArtefact::read(&path).is_ok());
        for without in [serde_json::json!([]), serde_json::Value::Null] {
            let fields = value.as_object_mut().expect("an object");
            match without.is_null() {
                true => drop(fields.remove("self_test")),
                false => drop(fields.insert("self_test".to_owned(), without)),
            }
            std::fs::write(&path, value.to_string()).expect("written");
            let error = ModelArtefact::read(&path).expect_err("refused");
            assert!(error.to_string().contains("has no self-test rows"), "{error}");
        }
    }

    #[test]
    fn a_changed_coefficient_fails_the_self_test() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("m.json");
        let mut changed = artefact();
        assert_eq!(changed.self_test[0].values, [None]);
        changed.terms[0].estimate = Some(1.31);
        std::fs::write(&path, serde_json::to_string(&changed).expect("JSON")).expect("written");
        // At the mean nothing has changed; at zero, three below it, 4.5 - 3 * 1.31 = 0.57 stands against 0.6.
        let error = ModelArtefact::read(&path).expect_err("refused").to_string();
        assert!(error.contains("self-test row 2"), "{error}");
    }

    #[test]
    fn a_model_file_that_is_not_there_is_an_input_that_cannot_be_read() {
        let error = ModelArtefact::read(Path::new("nowhere/no.json")).expect_err("refused");
        assert!(matches!(&error, StoreError::Model { .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.contains("nowhere/no.json") && text.contains("wrote into models/"), "{text}");
    }

    #[test]
    fn an_unknown_major_version_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("m.json");
        let text = serde_json::to_string(&artefact()).expect("JSON");
        let text = text.replace(&format!("\"{FORMAT_VERSION}\""), "\"2.0\"");
        std::fs::write(&path, text).expect("written");
        let error = ModelArtefact::read(&path).expect_err("refused");
        assert!(error.to_string().contains("has format version 2.0"), "{error}");
    }
}
