//! From the answers of an outcome to its model and its ranked drivers.

use super::judge::{CUSTOMER_FOLDS, Fitted};
use super::model_fit::{ModelFit, ModelSettings};
use super::outcomes::{Feature, FeatureKind, Problem};
use super::selection::{Selection, controls, filled};
use crate::data::{Clusters, DesignMatrix, Observations, Outcome as OutcomeColumn, Weights};
use crate::drivers::{Driver, DriverAnalysis, DriverRanking, FitKind, Method};
use crate::estimators::calibration::Calibration;
use crate::estimators::diagnostics::{Diagnose, Grouping, ModelDiagnostics, Scale};
use crate::estimators::evaluation::{CalibrationPlan, cross_fit};
use crate::estimators::partial_ordinal::StepDifference;
use crate::estimators::{CountDistribution, Family, FittedModel, PartialOrdinal, StdErrors, evaluation};
use crate::findings::{Finding, FindingKind, Severity};
use crate::link::BaseTable;
use crate::report::Metric;
use crate::study::{Missing, Outcome, Study};
use ndarray::{Array1, Array2};

/// Checked observations and what their columns mean.
pub(super) struct Prepared {
    pub observations: Observations,
    pub features: Vec<Feature>,
    drivers: Vec<Driver>,
    always: Vec<usize>,
    outcome: Outcome,
}

impl Prepared {
    pub fn of(study: &Study, base: &BaseTable, outcome: Outcome, selection: &Selection) -> Result<Self, Problem> {
        let rows = &selection.rows;
        let mut features = Vec::new();
        let mut columns: Vec<Vec<f64>> = Vec::new();
        let (mut drivers, mut always) = (Vec::new(), Vec::new());
        let touchpoints = study.drivers.touchpoints.iter().map(|name| (name, true));
        for (name, is_touchpoint) in touchpoints.chain(controls(study).map(|name| (name, false))) {
            let Some(source) = base.numbers(name) else { continue };
            let own: Vec<f64> = rows.iter().map(|&row| source[row]).collect();
            let gaps: Vec<f64> = own.iter().map(|value| f64::from(u8::from(value.is_nan()))).collect();
            let has_gaps = gaps.iter().any(|&gap| gap > 0.5);
            let first = columns.len();
            columns.push(if has_gaps { filled(own) } else { own });
            features.push(Feature { name: name.clone(), column: name.clone(), kind: FeatureKind::Value });
            if has_gaps && study.drivers.missing == Missing::Indicator {
                columns.push(gaps);
                let name_of_gap = format!("{name} (missing)");
                features.push(Feature { name: name_of_gap, column: name.clone(), kind: FeatureKind::Gap });
            }
            let places: Vec<usize> = (first..columns.len()).collect();
            if is_touchpoint && !study.drivers.always.contains(name) {
                drivers.push(Driver { name: name.clone(), columns: places });
            } else {
                always.extend(places);
            }
        }
        let values = Array2::from_shape_fn((rows.len(), columns.len()), |(row, column)| columns[column][row]);
        let names = features.iter().map(|feature| feature.name.clone()).collect();
        let design = DesignMatrix::new(names, values)?;
        let values = Array1::from(selection.values.clone());
        let column = if outcome.family() == Family::Logistic {
            OutcomeColumn::binary(outcome.word(), values)?
        } else {
            OutcomeColumn::numeric(outcome.word(), values)?
        };
        let mut observations = Observations::new(design, column)?;
        if let Some(weights) = base.numbers("weight") {
            let kind = study.sources.feedback.weight_kind;
            let weights = Weights::new(kind, rows.iter().map(|&row| weights[row]).collect())?;
            observations = observations.weighted(weights)?;
        }
        if let Some(customers) = base.texts("customer") {
            let clusters = Clusters::from_labels(rows.iter().map(|&row| &customers[row]));
            if clusters.n_clusters() < rows.len() {
                observations = observations.clustered(clusters)?;
            }
        }
        Ok(Self { observations, features, drivers, always, outcome })
    }

    /// Standard errors by customer where customers answered several times, else robust ones.
    fn std_errors(&self) -> StdErrors {
        if self.observations.clusters().is_some() { StdErrors::Cluster } else { StdErrors::Hc1 }
    }

    pub fn fit(&self, study: &Study) -> Result<ModelFit, Problem> {
        Ok(self.settings(study).fit(&self.observations)?)
    }

    pub fn settings(&self, study: &Study) -> ModelSettings {
        ModelSettings {
            family: self.outcome.family(),
            distribution: match self.outcome {
                Outcome::Purchases { distribution, .. } | Outcome::Referrals { distribution, .. } => distribution,
                _ => CountDistribution::default(),
            },
            std_errors: self.std_errors(),
            confidence: study.confidence,
        }
    }

    /// What the fitted model hides; only lines and log odds are asked.
    pub fn diagnose(&self, base: &BaseTable, selection: &Selection, fit: &ModelFit) -> Option<ModelDiagnostics> {
        if !matches!(fit.summary.family, Family::Linear | Family::Logistic) {
            return None;
        }
        let groupings: Vec<Grouping> = ["channel", "wave"]
            .into_iter()
            .filter_map(|name| Some((name, base.texts(name)?)))
            .map(|(name, values)| {
                let label = |&row: &usize| values[row].as_deref().unwrap_or("(blank)");
                Grouping::from_labels(name, selection.rows.iter().map(label))
            })
            .collect();
        let scale = match self.outcome {
            Outcome::Recommend { .. } => Scale::new(0.0, 10.0).ok(),
            _ => None,
        };
        let settings = Diagnose { std_errors: fit.summary.std_errors, ..Diagnose::default() };
        settings.model(&self.observations, &fit.model, &groupings, scale).ok()
    }

    /// What each column does for leaving the detractors and for becoming a promoter.
    pub fn steps(&self, study: &Study) -> Result<Vec<StepDifference>, Finding> {
        if self.outcome != Outcome::NpsClass {
            return Ok(Vec::new());
        }
        let ModelSettings { std_errors, confidence, .. } = self.settings(study);
        // HC3 has no agreed meaning for ordered levels, and HC1 is what `settings` gives.
        let model = PartialOrdinal { std_errors, confidence, ..PartialOrdinal::default() };
        model.fit(&self.observations).map(|fit| fit.differences().to_vec()).map_err(|error| {
            let outcome = self.outcome.word();
            let sentence = format!("Detractors left and promoters won could not be told apart by column: {error}");
            Finding::new(FindingKind::NotEstimated, Severity::Warning, outcome, sentence)
        })
    }

    /// The ranked drivers; `None` for a family whose fit is not divided among them.
    pub fn rank(&self, study: &Study) -> Result<Option<DriverRanking>, Problem> {
        let family = self.outcome.family();
        let blocks = self.drivers.iter().any(|driver| driver.columns.len() > 1);
        let analysis = DriverAnalysis {
            methods: if family != Family::Linear || blocks {
                vec![Method::Shapley, Method::First, Method::Last]
            } else {
                vec![Method::Shapley, Method::RelativeWeights, Method::First, Method::Last]
            },
            confidence: study.confidence,
            replicates: study.bootstrap as usize,
            seed: study.seed,
            ..DriverAnalysis::default()
        };
        Ok(match family {
            Family::Linear => Some(analysis.rank(&self.observations, &self.drivers, &self.always)?),
            Family::Logistic => {
                Some(analysis.rank_classes(&self.observations, &self.drivers, &self.always, FitKind::Mcfadden)?)
            }
            _ => None,
        })
    }

    /// What turns the model's probabilities into right ones, learned from fits that have not seen the customer; `None`
    /// where the study does not ask for it or the outcome is no class.
    pub fn calibrate(&self, study: &Study) -> Result<Option<Calibration>, Finding> {
        let Some(method) = study.scores.calibration.filter(|_| self.outcome.family() == Family::Logistic) else {
            return Ok(None);
        };
        let plan = CalibrationPlan { method, n_folds: CUSTOMER_FOLDS };
        cross_fit(&Fitted(self.settings(study)), &self.observations, plan, study.seed).map(Some).map_err(|error| {
            let outcome = self.outcome.word();
            let sentence = format!("The probabilities of `{outcome}` are not calibrated: {error}");
            Finding::new(FindingKind::NotEstimated, Severity::Warning, outcome, sentence)
        })
    }

    /// How well the model predicts the rows it was fitted on.
    pub fn in_sample(&self, model: &FittedModel) -> Vec<Metric> {
        let design = self.observations.design();
        let predictions: Vec<f64> =
            (0..design.n_rows()).map(|row| model.predict_row(&design.row(row).to_vec())).collect();
        let outcomes = self.observations.outcome().values();
        let metrics = if self.outcome.family() == Family::Logistic {
            let outcomes: Vec<bool> = outcomes.iter().map(|&value| value > 0.5).collect();
            vec![
                ("roc_auc", evaluation::roc_auc(&outcomes, &predictions)),
                ("brier", evaluation::brier_score(&outcomes, &predictions)),
                ("log_loss", evaluation::log_loss(&outcomes, &predictions)),
            ]
        } else {
            let outcomes = outcomes.to_vec();
            vec![
                ("r_squared", evaluation::r_squared(&outcomes, &predictions)),
                ("rmse", evaluation::root_mean_squared_error(&outcomes, &predictions)),
                ("mae", evaluation::mean_absolute_error(&outcomes, &predictions)),
            ]
        };
        let known = |(metric, value): (&str, Result<f64, evaluation::EvaluationError>)| {
            Some(Metric { metric: metric.to_owned(), value: value.ok()? })
        };
        metrics.into_iter().filter_map(known).collect()
    }
}
