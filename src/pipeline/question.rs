//! The recommend answers of a study: their weights, whose they are, and the score of some of them. Every figure of a study
//! that rests on them starts here, so that one score has one interval wherever it stands.

use super::clusters;
use super::population::{Part, Populations};
use super::selection::Selection;
use crate::data::Clusters;
use crate::estimators::Family;
use crate::link::BaseTable;
use crate::measures::portfolio::EstimateSettings;
use crate::measures::{IntervalKind, MeasureError, NetPromoterScore, NpsSettings, Resampling, Sampling};
use crate::study::{NpsInterval, Outcome, OutcomeKind, SpendScale, Study};
use std::borrow::Cow;
use std::collections::BTreeMap;

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
    /// By row the number of its random stream, where intervals are percentiles over resampled customers.
    streams: Option<Vec<u32>>,
    populations: Cow<'a, Populations>,
    /// What all answers are of, over all waves.
    population: Option<f64>,
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
        let is_resampled = study.measures.interval == NpsInterval::Bootstrap;
        let streams = is_resampled.then(|| match &clusters {
            Some(clusters) => clusters.codes().to_vec(),
            None => rows.iter().map(|&row| row as u32).collect(),
        });
        let populations = Cow::Owned(Populations::default());
        Some(Self { study, base, answers, weights: None, customers, clusters, streams, populations, population: None })
    }

    /// The same of a population whose size is known.
    #[must_use]
    pub fn among(self, populations: &'a Populations) -> Self {
        let own = Self { populations: Cow::Borrowed(populations), ..self };
        let population = own.over_waves(&own.answered(), |wave| match wave {
            Some(wave) => populations.of_level("wave", wave),
            None => populations.all(),
        });
        Self { population, ..own }
    }

    /// Whether answers have weights of the study.
    pub fn is_weighted(&self) -> bool {
        self.weights.is_some()
    }

    /// How every figure is reported: with the interval that the study asks for.
    pub fn settings(&self) -> EstimateSettings {
        EstimateSettings {
            net: self.interval(),
            confidence: self.study.confidence,
            resampling: self.streams.is_some().then(|| self.resampling()),
            ..EstimateSettings::default()
        }
    }

    /// How a score is reported whose error comes by a formula: that of a weighted score knows how its weights were made, which
    /// replicates do only where they are weighted anew.
    pub fn linearised_settings(&self) -> NpsSettings {
        let interval = match self.interval() {
            IntervalKind::Bootstrap => IntervalKind::default(),
            other => other,
        };
        NpsSettings { interval, confidence: self.study.confidence }
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
            NpsInterval::Bootstrap => IntervalKind::Bootstrap,
        }
    }

    /// By row whether it is its customer's latest of those that count: what a customer bought stands beside each of the customer's
    /// answers, and is summed once.
    pub fn latest_of_each(&self, counts: impl Fn(usize) -> bool) -> Vec<bool> {
        let mut is_latest: Vec<bool> = (0..self.base.n_rows()).map(counts).collect();
        let (Some(customers), Some(times)) = (&self.customers, self.base.numbers("t")) else { return is_latest };
        let mut latest: Vec<Option<usize>> = vec![None; customers.n_clusters()];
        for (row, &customer) in customers.codes().iter().enumerate().filter(|(row, _)| is_latest[*row]) {
            let own = &mut latest[customer as usize];
            if own.is_none_or(|other| times[row] >= times[other]) {
                *own = Some(row);
            }
        }
        is_latest.fill(false);
        latest.into_iter().flatten().for_each(|row| is_latest[row] = true);
        is_latest
    }

    /// The mean instant of some answers in days; `None` where answers have no time.
    pub fn mean_day(&self, rows: &[usize]) -> Option<f64> {
        let times = self.base.numbers("t")?;
        let mean = rows.iter().map(|&row| times[row] / 86_400e6).sum::<f64>() / rows.len() as f64;
        mean.is_finite().then_some(mean)
    }

    /// The sizes of the population, as far as they are known.
    pub fn populations(&self) -> &Populations {
        &self.populations
    }

    /// How all rows came to be there.
    pub fn sampling(&self) -> Sampling<'_> {
        Sampling {
            weights: self.weights,
            clusters: self.clusters.as_ref(),
            population: self.population,
            streams: self.streams.as_deref(),
        }
    }

    /// The size of a population in which as large a share has answered once as the answers are of what all waves together could
    /// have had, each of which asks everybody anew; `None` where the size of a wave is not known. Of one wave that is its size.
    ///
    /// The share is `n / N` over waves, `n` and `N` summed. It leaves of the variance by customer what a panel leaves, who answer in
    /// every wave, and all of it is gone where everybody answered in each. Where each wave draws anew, or waves ask unequal shares,
    /// it leaves more than is needed: `sum n_w^2 / N_w >= (sum n_w)^2 / sum N_w`, and what a customer's answers have in common no
    /// longer counts.
    fn over_waves(&self, rows: &[usize], size_of: impl Fn(Option<&str>) -> Option<f64>) -> Option<f64> {
        let names = self.base.texts("wave");
        let name_of = |row: usize| names.and_then(|own| own[row].as_deref());
        let mut waves: BTreeMap<Option<&str>, Vec<usize>> =
            self.answered().into_iter().map(|row| (name_of(row), Vec::new())).collect();
        for &row in rows {
            waves.entry(name_of(row)).or_default().push(row);
        }
        let mut n_could = 0.0;
        for wave in waves.keys() {
            n_could += size_of(*wave)?;
        }
        let n_did: usize = waves.values().map(|own| self.n_seen(own)).sum();
        (n_did > 0).then(|| self.n_seen(rows) as f64 * (n_could / n_did as f64))
    }

    /// How many customers there are in all of a value of a column over all waves, as [`Self::population_of`] counts them, where
    /// that is known of itself.
    pub fn population_of_level(&self, column: &str, value: &str, rows: &[usize]) -> Option<f64> {
        let own = self.populations.of_level(column, value)?;
        if column == "wave" { Some(own) } else { self.over_waves(rows, |_| Some(own)) }
    }

    /// How many customers there are in all of those who gave some answers, where the population is known; over several waves as
    /// many as leave the share of all of their answers. Where that of a level
    /// is not, the share of all customers that was asked stands for the level's (Cochran 1977, section 2.12).
    pub fn population_of(&self, rows: &[usize], part: Part<'_>) -> Option<f64> {
        let own = &self.populations;
        let as_of = |whole: &[usize], all: Option<f64>| {
            let n_asked = self.n_seen(whole) as f64;
            all.filter(|_| n_asked > 0.0).map(|all| self.n_seen(rows) as f64 * all / n_asked)
        };
        match part {
            Part::All => self.population,
            Part::Level { column, value } => {
                let of_itself = self.population_of_level(column, value, rows);
                of_itself.or_else(|| as_of(&self.answered(), self.population))
            }
            Part::Wave(wave) => own.of_level("wave", wave),
            Part::LevelInWave { column, value, wave, of_wave } => {
                own.of_level(column, value).or_else(|| as_of(of_wave, own.of_level("wave", wave)))
            }
            Part::SomeOfWave { wave, of_wave } => as_of(of_wave, own.of_level("wave", wave)),
        }
    }

    /// Whether some answers are those of everybody of the part, so that their score has no sampling error.
    pub fn is_of_everybody(&self, rows: &[usize], part: Part<'_>) -> bool {
        self.population_of(rows, part).is_some_and(|all| self.n_seen(rows) as f64 >= all)
    }

    /// How many customers gave some answers that count.
    pub fn n_seen(&self, rows: &[usize]) -> usize {
        self.drawn(rows).sampling().n_seen(rows.len())
    }

    /// How some of the rows came to be there, as of an endless population.
    pub fn drawn(&self, rows: &[usize]) -> Drawn {
        Drawn {
            weights: self.weights.map(|weights| rows.iter().map(|&row| weights[row]).collect()),
            clusters: self.clusters.as_ref().map(|own| own.keep(rows)),
            streams: self.streams.as_ref().map(|own| rows.iter().map(|&row| own[row]).collect()),
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
    pub fn score(&self, rows: &[usize], part: Part<'_>) -> Result<NetPromoterScore, MeasureError> {
        let drawn = self.drawn(rows);
        self.score_under(&self.some(rows), Sampling { population: self.population_of(rows, part), ..drawn.sampling() })
    }

    /// The score of some answers that came to be there in another way.
    pub fn score_under(&self, answers: &[f64], sampling: Sampling) -> Result<NetPromoterScore, MeasureError> {
        match self.interval() {
            IntervalKind::Bootstrap => {
                NetPromoterScore::resampled(answers, sampling, self.study.confidence, self.resampling())
            }
            _ => NetPromoterScore::of_sample(answers, sampling, self.linearised_settings()),
        }
    }

    /// The score of some answers for what asks for its error alone.
    pub fn linearised(&self, rows: &[usize], part: Part<'_>) -> Result<NetPromoterScore, MeasureError> {
        let drawn = self.drawn(rows);
        let sampling = Sampling { population: self.population_of(rows, part), ..drawn.sampling() };
        NetPromoterScore::of_sample(&self.some(rows), sampling, self.linearised_settings())
    }

    /// The same as of an endless population.
    pub fn linearised_of_process(&self, rows: &[usize]) -> Result<NetPromoterScore, MeasureError> {
        NetPromoterScore::of_sample(&self.some(rows), self.drawn(rows).sampling(), self.linearised_settings())
    }

    /// The same as [`Self::score`], without error and interval (`NaN`) of a single answer, of one that has nearly all weight, and where
    /// all answers are one customer's, who tells nothing of how customers differ.
    pub fn score_to_show(&self, rows: &[usize], part: Part<'_>) -> Result<NetPromoterScore, MeasureError> {
        match self.score(rows, part) {
            Err(MeasureError::OneCustomer) => {
                let drawn = Drawn { clusters: None, ..self.drawn(rows) };
                let settings = self.linearised_settings();
                let own = NetPromoterScore::of_sample(&self.some(rows), drawn.sampling(), settings)?;
                Ok(NetPromoterScore { interval: self.interval(), ..own.without_error() })
            }
            Ok(own) if own.n == 1 || own.rests_on_one() => Ok(own.without_error()),
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
    pub fn deeds(&self, outcome: &Outcome) -> Vec<f64> {
        let selection = Selection::with_gaps(self.study, self.base, &in_money(outcome));
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
    streams: Option<Vec<u32>>,
}

impl Drawn {
    pub fn sampling(&self) -> Sampling<'_> {
        Sampling {
            weights: self.weights.as_deref(),
            clusters: self.clusters.as_ref(),
            population: None,
            streams: self.streams.as_deref(),
        }
    }
}

/// Amounts are reported as amounts, whatever the scale of their model.
pub(super) fn in_money(outcome: &Outcome) -> Outcome {
    match *outcome.kind() {
        OutcomeKind::Spend { window_days, .. } => {
            Outcome::named(outcome.name(), OutcomeKind::Spend { window_days, scale: SpendScale::Amount })
        }
        _ => outcome.clone(),
    }
}

/// Whether an outcome happens or does not.
pub(super) fn is_share(outcome: &Outcome) -> bool {
    outcome.family() == Family::Logistic
}
