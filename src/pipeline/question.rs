//! The recommend answers of a study: their weights, whose they are, and the score of some of them. Every figure of a study
//! that rests on them starts here, so that one score has one interval wherever it stands.

use super::clusters;
use super::selection::Selection;
use crate::data::Clusters;
use crate::estimators::Family;
use crate::link::BaseTable;
use crate::measures::portfolio::EstimateSettings;
use crate::measures::{IntervalKind, MeasureError, NetPromoterScore, NpsSettings, Resampling, Sampling};
use crate::study::{NpsInterval, Outcome, SpendScale, Study};
use std::borrow::Cow;

/// Replicates of what is resampled here; fewer where there are many answers, whose percentiles are smooth.
const REPLICATES: usize = 500;
const REPLICATES_OF_MANY: usize = 200;
const MANY: usize = 200_000;

/// The recommend answers of a study.
pub(super) struct Question<'a> {
    pub study: &'a Study,
    pub base: &'a BaseTable,
    pub answers: &'a [f64],
    weights: Option<&'a [f64]>,
    /// Where some customer answers more than once; elsewhere rows are customers.
    customers: Option<Clusters>,
    /// Within what answers are not independent, where anything has several: a customer's, or those of an account.
    clusters: Option<Clusters>,
}

/// In a weighted study the rows with a weight, else all.
pub(super) fn with_weights(base: &BaseTable) -> Cow<'_, BaseTable> {
    match base.numbers("weight") {
        Some(weights) if weights.iter().any(|weight| weight.is_nan()) && weights.iter().any(|own| !own.is_nan()) => {
            Cow::Owned(base.filtered(|row| !weights[row].is_nan()))
        }
        _ => Cow::Borrowed(base),
    }
}

impl<'a> Question<'a> {
    /// The answers with the weights of the study; `None` where nobody answered.
    pub fn of(study: &'a Study, base: &'a BaseTable) -> Option<Self> {
        let weights = base.numbers("weight").filter(|own| own.iter().all(|weight| !weight.is_nan()));
        Some(Self { weights, ..Self::unweighted(study, base)? })
    }

    /// The answers, one as good as the other; `None` where nobody answered.
    pub fn unweighted(study: &'a Study, base: &'a BaseTable) -> Option<Self> {
        let answers = base.numbers("recommend").filter(|own| own.iter().any(|answer| !answer.is_nan()))?;
        // Who is not known is nobody else.
        let label = |(row, who): (usize, &'_ Option<String>)| who.clone().ok_or(row);
        let customers = base.texts("customer").map(|own| Clusters::from_labels(own.iter().enumerate().map(label)));
        let customers = customers.filter(|own| own.n_clusters() < base.n_rows());
        let rows: Vec<usize> = (0..base.n_rows()).collect();
        let clusters = clusters::of_rows(study, base, &rows);
        Some(Self { study, base, answers, weights: None, customers, clusters })
    }

    /// Whether answers have weights of the study.
    pub fn is_weighted(&self) -> bool {
        self.weights.is_some()
    }

    /// How every figure is reported: with the interval that the study asks for.
    pub fn settings(&self) -> EstimateSettings {
        EstimateSettings { net: self.interval(), confidence: self.study.confidence, ..EstimateSettings::default() }
    }

    /// The same for a score alone.
    pub fn nps_settings(&self) -> NpsSettings {
        NpsSettings { interval: self.interval(), confidence: self.study.confidence }
    }

    fn interval(&self) -> IntervalKind {
        match self.study.measures.interval {
            NpsInterval::AdjustedWald => IntervalKind::AdjustedWald,
            NpsInterval::Score => IntervalKind::Score,
            NpsInterval::Wald => IntervalKind::Wald,
            NpsInterval::AdjustedWaldUniform => IntervalKind::AdjustedWaldUniform,
            NpsInterval::AdjustedWaldThird => IntervalKind::AdjustedWaldThird,
            NpsInterval::WaldPlusTwo => IntervalKind::WaldPlusTwo,
            NpsInterval::BonettPrice => IntervalKind::BonettPrice,
            NpsInterval::Goodman => IntervalKind::Goodman,
            NpsInterval::Dirichlet => IntervalKind::Dirichlet,
        }
    }

    /// The mean instant of some answers in days; `None` where answers have no time.
    pub fn mean_day(&self, rows: &[usize]) -> Option<f64> {
        let times = self.base.numbers("t")?;
        let mean = rows.iter().map(|&row| times[row] / 86_400e6).sum::<f64>() / rows.len() as f64;
        mean.is_finite().then_some(mean)
    }

    /// How all rows came to be there.
    pub fn sampling(&self) -> Sampling<'_> {
        Sampling { weights: self.weights, clusters: self.clusters.as_ref(), population: None }
    }

    /// How some of the rows came to be there.
    pub fn drawn(&self, rows: &[usize]) -> Drawn {
        Drawn {
            weights: self.weights.map(|weights| rows.iter().map(|&row| weights[row]).collect()),
            clusters: self.clusters.as_ref().map(|own| own.keep(rows)),
        }
    }

    pub fn resampling(&self) -> Resampling {
        let replicates_max = if self.answers.len() > MANY { REPLICATES_OF_MANY } else { REPLICATES };
        Resampling { replicates: (self.study.bootstrap as usize).min(replicates_max), seed: self.study.seed }
    }

    /// Rows with an answer.
    pub fn answered(&self) -> Vec<usize> {
        (0..self.answers.len()).filter(|&row| !self.answers[row].is_nan()).collect()
    }

    /// The score of some answers, its error by customer, or by account, where these answer several times.
    pub fn score(&self, rows: &[usize]) -> Result<NetPromoterScore, MeasureError> {
        NetPromoterScore::of_sample(&self.some(rows), self.drawn(rows).sampling(), self.nps_settings())
    }

    /// The same, without error and interval (`NaN`) where all answers are one customer's, who tells nothing of how customers
    /// differ.
    pub fn score_to_show(&self, rows: &[usize]) -> Result<NetPromoterScore, MeasureError> {
        match self.score(rows) {
            Err(MeasureError::OneCustomer) => {
                let drawn = Drawn { clusters: None, ..self.drawn(rows) };
                let own = NetPromoterScore::of_sample(&self.some(rows), drawn.sampling(), self.nps_settings())?;
                Ok(own.without_error())
            }
            other => other,
        }
    }

    fn some(&self, rows: &[usize]) -> Vec<f64> {
        rows.iter().map(|&row| self.answers[row]).collect()
    }

    /// The customers who gave some answers; `None` where it is not known whose answers they are.
    pub fn n_customers(&self, rows: &[usize]) -> Option<usize> {
        match &self.customers {
            Some(customers) => Some(customers.keep(rows).n_clusters()),
            None => {
                let known = self.base.texts("customer").is_some_and(|own| own.iter().any(Option::is_some));
                known.then_some(rows.len())
            }
        }
    }

    /// What an outcome was for every row; blank where it is not known. Amounts are amounts, whatever the scale of their model.
    pub fn deeds(&self, outcome: Outcome) -> Vec<f64> {
        let selection = Selection::with_gaps(self.study, self.base, in_money(outcome));
        let mut deeds = vec![f64::NAN; self.base.n_rows()];
        for (&row, &value) in selection.rows.iter().zip(&selection.values) {
            deeds[row] = value;
        }
        deeds
    }
}

/// Weights and customers of some of the answers.
pub(super) struct Drawn {
    weights: Option<Vec<f64>>,
    clusters: Option<Clusters>,
}

impl Drawn {
    pub fn sampling(&self) -> Sampling<'_> {
        Sampling { weights: self.weights.as_deref(), clusters: self.clusters.as_ref(), population: None }
    }
}

/// Amounts are reported as amounts, whatever the scale of their model.
pub(super) fn in_money(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Spend { window_days, .. } => Outcome::Spend { window_days, scale: SpendScale::Amount },
        other => other,
    }
}

/// Whether an outcome happens or does not.
pub(super) fn is_share(outcome: Outcome) -> bool {
    outcome.family() == Family::Logistic
}
