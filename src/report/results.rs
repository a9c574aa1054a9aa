//! Everything a run found out, ready to be shown: what the report, the tables and the terminal read.

use super::{EvaluationResult, InfluenceResult, OutcomeActions, SayAndDo, Scorecard, words};
use crate::drivers::DriverRanking;
use crate::estimators::diagnostics::TouchpointDiagnostics;
use crate::estimators::missing::ComparisonTable;
use crate::estimators::partial_ordinal::StepDifference;
use crate::estimators::penalised::PenalisedCoefficient;
use crate::estimators::{Coefficient, FitSummary, PenalisedFit};
use crate::findings::Finding;
use crate::intake::SourceAccount;
use crate::link::MatchRow;
use crate::measures::NetPromoterScore;
use crate::stats::Confidence;
use serde::Serialize;
use std::collections::BTreeMap;

/// The results of one study.
#[derive(Debug, Clone, PartialEq)]
pub struct StudyResults {
    /// What was asked.
    pub head: StudyHead,
    /// What became of every row of every source.
    pub sources: Vec<SourceAccount>,
    /// How the keys of the sources fit together.
    pub matches: Vec<MatchRow>,
    /// The score of all answers first, then of each cut.
    pub measures: Vec<MeasureRow>,
    /// The answers beyond the score: other measures, other rules, change, and what those who gave them did.
    pub scorecard: Scorecard,
    /// One entry per outcome of the study, in its order.
    pub outcomes: Vec<OutcomeResult>,
    /// How far the models can be trusted, one entry per outcome with a model.
    pub evaluations: Vec<EvaluationResult>,
    /// What customers say beside what they do, where the study has outcomes of both.
    pub say_and_do: Option<SayAndDo>,
    /// Networked promoters, where there are referrals.
    pub influence: Option<InfluenceResult>,
    /// What the scores of all customers come to, where there are models.
    pub scores: Option<ScoreSummary>,
    /// What the touchpoint scores themselves say: straight-lining, halo, ends of the scale.
    pub touchpoints: Option<TouchpointDiagnostics>,
    /// What to know beside the numbers and belongs to no single outcome.
    pub findings: Vec<Finding>,
}

/// What was asked, and of which program.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StudyHead {
    /// The study's name.
    pub name: String,
    /// Its title; the name where it has none.
    pub title: String,
    /// The date the results depend on, as written.
    pub as_of: String,
    /// The seed of everything random.
    pub seed: u64,
    /// Level of all intervals.
    pub confidence: Confidence,
    /// Version of the program.
    pub version: String,
    /// Within what answers are not independent.
    pub clusters: ClusterUnit,
}

/// Within what answers are not independent, as reports call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClusterUnit {
    /// The customer's answers.
    Customer,
    /// Those of all persons of an account.
    Account,
    /// Those of all accounts below one parent.
    Parent,
}

impl ClusterUnit {
    /// With its article.
    pub(super) fn one(self) -> &'static str {
        match self {
            Self::Customer => "a customer",
            Self::Account => "an account",
            Self::Parent => "a parent account",
        }
    }

    /// `1 customer`, `12 accounts`.
    pub(super) fn counted(self, n: usize) -> String {
        match self {
            Self::Customer => words::counted(n, "customer", "customers"),
            Self::Account => words::counted(n, "account", "accounts"),
            Self::Parent => words::counted(n, "parent account", "parent accounts"),
        }
    }
}

/// A Net Promoter Score of one cut.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasureRow {
    /// Column and value of the cut; `None` for all answers.
    pub cut: Option<Cut>,
    /// The score.
    pub score: NetPromoterScore,
    /// Customers who gave the answers, where it is known whose they are. Every answer counts; where there are fewer customers
    /// than answers, the error is by customer.
    pub n_customers: Option<usize>,
    /// Whether it is weighted by the study's weight column.
    pub weighted: bool,
    /// Whether the cut has fewer answers than the study's minimum base.
    pub below_minimum_base: bool,
}

/// One value of a column by which the measures are cut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cut {
    /// The column.
    pub column: String,
    /// The value.
    pub value: String,
}

/// Rows that an outcome's model does not use, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// One word: `no_answer`, `no_earlier_purchase`, `missing_touchpoint`, `missing_control`, `window_censored`, ...
    pub reason: String,
    /// How many rows.
    pub n: usize,
}

/// One outcome: its model and its ranked drivers, or the reason why there are none.
#[derive(Debug, Clone, PartialEq)]
pub struct OutcomeResult {
    /// The name in the study: `recommend`, `promoter`, `repurchase`, or one of its own.
    pub name: String,
    /// The kind's word, which is the name where the study gives no other.
    pub kind: &'static str,
    /// A phrase for readers, such as "buys again within 90 days".
    pub label: String,
    /// `linear` or `logistic`.
    pub family: &'static str,
    /// Length of the window after the answer, for behaviour.
    pub window_days: Option<u32>,
    /// Answers in the base table.
    pub n_answers: usize,
    /// Answers that the model uses.
    pub n_used: usize,
    /// Used answers whose outcome happened, for classes.
    pub n_events: Option<usize>,
    /// Answers left out, by reason; with `n_used` they add up to `n_answers`.
    pub left_out: Vec<LeftOut>,
    /// The ranked drivers; `None` where the analysis was impossible, and a finding says why.
    pub ranking: Option<DriverRanking>,
    /// The model's coefficients.
    pub coefficients: Vec<Coefficient>,
    /// The model's summary.
    pub fit: Option<FitSummary>,
    /// The penalised model in their place, where the study asks for one: it predicts and tests nothing.
    pub penalised: Option<PenalisedTerms>,
    /// How well the model orders or predicts the rows it was fitted on; an optimistic figure.
    pub in_sample: Vec<Metric>,
    /// Tests of what the model assumes.
    pub tests: Vec<TestRow>,
    /// Variance inflation by term.
    pub inflation: BTreeMap<String, f64>,
    /// What each column does for leaving the lowest class and for reaching the highest (three ordered classes).
    pub steps: Vec<StepDifference>,
    /// How the model changes with the treatment of missing scores; `None` without any.
    pub treatments: Option<ComparisonTable>,
    /// What could be done about the touchpoints.
    pub actions: OutcomeActions,
    /// What to know beside the numbers, those of the ranking included.
    pub findings: Vec<Finding>,
}

/// A penalised model: estimates without uncertainty.
#[derive(Debug, Clone, PartialEq)]
pub struct PenalisedTerms {
    /// `ridge`, `lasso` or `elastic_net`.
    pub penalty: &'static str,
    /// Share of the lasso in the penalty: 0 ridge, 1 lasso.
    pub mixing: f64,
    /// The penalty taken, chosen by cross-validation.
    pub lambda: f64,
    /// Columns with a coefficient.
    pub n_nonzero: usize,
    /// Columns given.
    pub n_features: usize,
    /// One row a term, the intercept first.
    pub coefficients: Vec<PenalisedCoefficient>,
}

impl PenalisedTerms {
    /// What is shown of a fit with this penalty.
    pub fn of(penalty: &'static str, fit: &PenalisedFit) -> Self {
        let summary = fit.summary();
        Self {
            penalty,
            mixing: summary.mixing,
            lambda: summary.lambda,
            n_nonzero: summary.n_nonzero,
            n_features: summary.n_features,
            coefficients: fit.coefficients().to_vec(),
        }
    }
}

impl OutcomeResult {
    /// Adds what is not said yet: the ranking and the fit look at the same columns and may say the same.
    pub fn add_findings(&mut self, more: &[Finding]) {
        for finding in more {
            if !self.findings.iter().any(|own| own.kind == finding.kind && own.about == finding.about) {
                self.findings.push(finding.clone());
            }
        }
    }
}

/// A named figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Metric {
    /// Its name: `roc_auc`, `brier`, `r_squared`, `rmse`, ...
    pub metric: String,
    /// Its value.
    pub value: f64,
}

/// A test of something that a model assumes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TestRow {
    /// Which test: `reset`, `curvature`, `breusch_pagan`, `white`, `residuals_by_group`, `brant`, `free_slopes`,
    /// `overdispersion_nb1`, `overdispersion_nb2`, `alpha_zero`.
    pub test: String,
    /// The term or grouping that it is about; empty for the whole model.
    pub about: String,
    /// The statistic.
    pub statistic: f64,
    /// Its degrees of freedom; `None` for a normal statistic.
    pub df: Option<f64>,
    /// Degrees of freedom of the residuals, for an F statistic.
    pub df_residual: Option<f64>,
    /// Probability of a statistic at least as extreme if the model were right.
    pub p_value: f64,
    /// Share of what the model left over that the alternative explains.
    pub share_explained: Option<f64>,
}

/// What the scores of all customers come to.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreSummary {
    /// Customers scored.
    pub n_customers: u64,
    /// Of these, customers who have answered.
    pub n_answered: u64,
    /// Mean probability by outcome.
    pub means: Vec<Metric>,
}
