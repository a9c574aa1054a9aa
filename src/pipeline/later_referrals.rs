//! The rating learned from later referrals: two cuts in time, what was known before each, and who referred after it.

use super::PipelineError;
use super::promoter_history::PromoterHistory;
use super::referral_log::{Network, ReferralLog};
use crate::findings::{Finding, FindingKind, Severity};
use crate::influence::{
    AblationSettings, CustomerRating, InfluenceError, InputColumn, InputKind, InputScale, LargestReasons, Later,
    RatingBasis, RatingModel, ReachSettings, ReferralGraph, Snapshot, Toward, ablate, placebo,
};
use crate::link::Engine;
use crate::report::LearnedRating;
use crate::stats::Confidence;

/// Microseconds in a day.
const DAY_US: i64 = 86_400_000_000;
/// Days of later referrals where a study does not say how many and its history is long.
const LATER_DAYS: i64 = 180;
/// Fewer days of later referrals are not learned from unless a study asks for it.
const LATER_DAYS_MIN: i64 = 30;
/// Customers who referred in each window without whom nothing is learned.
const REFERRERS_MIN: usize = 20;
/// Customers of one snapshot at most; of more, an even part is taken.
const CUSTOMERS_MAX: usize = 200_000;
/// Customers of one snapshot at most when contenders are judged, and when placebos are.
const JUDGED_MAX: usize = 50_000;
const PLACEBO_MAX: usize = 20_000;
/// Placebos: with 19, the true rating is first among 20 by chance in 5 % of cases.
const N_DEALS: usize = 19;
/// Reasons given for each rating.
pub(super) const N_REASONS: usize = 3;

/// How the rating is learned.
#[derive(Debug, Clone, Copy)]
pub(super) struct LearningSettings {
    /// Days of later referrals as the study has it; 0 for none.
    pub later_days: Option<u32>,
    /// The end of the data, UTC microseconds.
    pub as_of_us: i64,
    pub reach: ReachSettings,
    pub seed: u64,
    pub confidence: Confidence,
}

/// What learning came to.
pub(super) struct Learning {
    /// How it went, and how the rating is judged; `None` where there was nothing to learn from.
    pub result: Option<LearnedRating>,
    /// One entry a customer of the whole graph; `None` where the rating falls back to ranks.
    pub ratings: Option<Vec<CustomerRating>>,
    /// What adds most to each of them.
    pub reasons: Option<LargestReasons>,
    pub findings: Vec<Finding>,
}

/// Inputs of some customers at one time, with what they did later.
struct InputTable {
    customers: Vec<u32>,
    columns: Vec<OwnedColumn>,
    later: Vec<f64>,
}

struct OwnedColumn {
    name: &'static str,
    kind: InputKind,
    scale: InputScale,
    toward: Toward,
    values: Vec<f64>,
}

/// Learns from the referrals of the last window, and judges a model of the window before it by them.
///
/// # Errors
/// The engine fails, or a network cannot be computed.
pub(super) fn learn(
    engine: &Engine,
    log: &ReferralLog,
    now: &Network,
    history: PromoterHistory,
    settings: &LearningSettings,
) -> Result<Learning, PipelineError> {
    let fallback = |finding: Option<Finding>| Learning {
        result: None,
        ratings: None,
        reasons: None,
        findings: finding.into_iter().collect(),
    };
    let span_days = (settings.as_of_us - log.first_us()) / DAY_US;
    let days = match settings.later_days {
        Some(days) => i64::from(days),
        None => LATER_DAYS.min(span_days / 3),
    };
    if days == 0 && settings.later_days.is_some() {
        return Ok(fallback(None));
    }
    if settings.later_days.is_none() && days < LATER_DAYS_MIN {
        let wanted = 3 * LATER_DAYS_MIN;
        return Ok(fallback(Some(too_little(format!("referrals span {span_days} days, and {wanted} are needed")))));
    }
    let cuts = [settings.as_of_us - 2 * days * DAY_US, settings.as_of_us - days * DAY_US, settings.as_of_us];
    let until = cuts.map(|cut| log.before(cut));
    let later_of = |from: usize| log.made(until[from]..until[from + 1], log.n_customers(until[from]));
    let n_referrers = [0, 1].map(|from| later_of(from).iter().filter(|&&made| made > 0.0).count());
    if let Some(&few) = n_referrers.iter().find(|&&n| n < REFERRERS_MIN) {
        let problem = format!(
            "in one of the last two windows of {days} days {few} customers known before it referred, and {REFERRERS_MIN} \
             are needed"
        );
        return Ok(fallback(Some(too_little(problem))));
    }
    let known_before = |from: usize| -> Result<InputTable, PipelineError> {
        let network = log.network(until[from], &settings.reach)?;
        let stride = network.graph.n_nodes().div_ceil(CUSTOMERS_MAX);
        let mut history = PromoterHistory::new(engine, network.graph.n_nodes(), stride);
        if engine.plan().dated {
            engine.customers_at::<PipelineError>(cuts[from], |batch| {
                history.watch(&batch, &now.graph);
                Ok(())
            })?;
        }
        let later = every(stride, later_of(from));
        Ok(InputTable::of(log, &network, history, stride, days, cuts[from], later))
    };
    let (mut earlier, mut later) = (known_before(0)?, known_before(1)?);
    let telling: Vec<&str> = earlier
        .columns
        .iter()
        .zip(&later.columns)
        .filter(|(before, after)| varies(&before.values) && varies(&after.values))
        .map(|(column, _)| column.name)
        .collect();
    let mut today = InputTable::of(log, now, history, 1, days, settings.as_of_us, Vec::new());
    for table in [&mut earlier, &mut later, &mut today] {
        table.columns.retain(|column| telling.contains(&column.name));
    }
    let learning = Tables { earlier, later, today }.learn(settings);
    Ok(learning.unwrap_or_else(|error| fallback(Some(too_little(error.to_string())))).with(days, n_referrers[1]))
}

/// The three times.
struct Tables {
    earlier: InputTable,
    later: InputTable,
    today: InputTable,
}

impl Tables {
    fn learn(&self, settings: &LearningSettings) -> Result<Learning, InfluenceError> {
        let (before, after) = (self.earlier.inputs(), self.later.inputs());
        let (earlier, later) = (self.earlier.snapshot(&before), self.later.snapshot(&after));
        let mut findings = Vec::new();
        let fitted = RatingModel::default().fit(&later)?;
        findings.extend(fitted.findings.iter().cloned());
        let (ratings, reasons) = match fitted.basis {
            RatingBasis::Model(_) => {
                let today = self.today.inputs();
                (Some(fitted.rate(&today)?.customers), Some(fitted.largest_reasons(&today, N_REASONS)?))
            }
            RatingBasis::Ranks => (None, None),
        };
        let judged = AblationSettings {
            rows_max: JUDGED_MAX,
            seed: settings.seed,
            confidence: settings.confidence,
            ..AblationSettings::default()
        };
        let plain: Vec<&str> =
            ["referrals", "page_rank"].into_iter().filter(|name| after.iter().any(|own| own.name == *name)).collect();
        let mut not_judged = |what: &str, error: InfluenceError| {
            let sentence = format!("The {what} could not be computed: {error}.");
            findings.push(Finding::new(FindingKind::NotEstimated, Severity::Warning, "rating", sentence));
        };
        let ablation = ablate(&earlier, &later, &plain, &judged).map_err(|error| not_judged("ablation", error)).ok();
        let few = AblationSettings { rows_max: PLACEBO_MAX, n_folds: 2, ..judged };
        let placebo = placebo(&earlier, &later, N_DEALS, &few).map_err(|error| not_judged("placebo", error)).ok();
        findings.extend(ablation.iter().flat_map(|ablation| ablation.findings.iter().cloned()));
        findings.extend(placebo.iter().flat_map(|placebo| placebo.findings.iter().cloned()));
        let n_customers = fitted.n_rows;
        let is_used = ratings.is_some();
        let result = LearnedRating { is_used, later_days: 0, n_customers, n_referrers: 0, ablation, placebo };
        Ok(Learning { result: Some(result), ratings, reasons, findings })
    }
}

impl Learning {
    fn with(mut self, days: i64, n_referrers: usize) -> Self {
        if let Some(result) = &mut self.result {
            result.later_days = days;
            result.n_referrers = n_referrers;
        }
        self
    }
}

impl InputTable {
    fn of(
        log: &ReferralLog,
        network: &Network,
        history: PromoterHistory,
        stride: usize,
        days: i64,
        cut_us: i64,
        later: Vec<f64>,
    ) -> Self {
        let n_nodes = network.graph.n_nodes();
        let recent = log.made(log.before(cut_us - days * DAY_US)..log.before(cut_us), n_nodes);
        let column = |name, kind, values| {
            let values = every(stride, values);
            OwnedColumn { name, kind, scale: InputScale::Log, toward: Toward::More, values }
        };
        let reach = network.reached.nodes.iter().map(|node| node.reach).collect();
        let core = network.core.iter().map(|&core| f64::from(core)).collect();
        // Against the mean of 1, so that ranks of a large graph are no tiny numbers.
        let page_rank = network.page_rank.iter().map(|rank| rank * n_nodes as f64).collect();
        let mut columns: Vec<OwnedColumn> = history
            .into_inputs()
            .map(|(own, values)| OwnedColumn {
                name: own.name,
                kind: own.kind,
                scale: own.scale,
                toward: own.toward,
                values,
            })
            .collect();
        columns.extend([
            column("referrals", InputKind::Referrals, made_by(&network.graph)),
            column("recent_referrals", InputKind::Referrals, recent),
            column("reach", InputKind::Network, reach),
            column("page_rank", InputKind::Network, page_rank),
            column("k_core", InputKind::Network, core),
        ]);
        Self { customers: (0..n_nodes as u32).step_by(stride).collect(), columns, later }
    }

    fn inputs<'data>(&'data self) -> Vec<InputColumn<'data>> {
        let borrow = |own: &'data OwnedColumn| InputColumn {
            name: own.name,
            kind: own.kind,
            values: &own.values,
            scale: own.scale,
            toward: own.toward,
        };
        self.columns.iter().map(borrow).collect()
    }

    fn snapshot<'data>(&'data self, columns: &'data [InputColumn<'data>]) -> Snapshot<'data> {
        Snapshot { customers: &self.customers, columns, later: Later::Count(&self.later) }
    }
}

fn made_by(graph: &ReferralGraph) -> Vec<f64> {
    (0..graph.n_nodes() as u32).map(|node| graph.referred(node).len() as f64).collect()
}

fn every(stride: usize, values: Vec<f64>) -> Vec<f64> {
    if stride == 1 { values } else { values.into_iter().step_by(stride).collect() }
}

/// Whether a column holds two different values that are known.
fn varies(values: &[f64]) -> bool {
    let mut known = values.iter().filter(|value| !value.is_nan());
    known.next().is_some_and(|first| known.any(|value| value.total_cmp(first).is_ne()))
}

fn too_little(problem: String) -> Finding {
    let sentence = format!(
        "The rating is the weighted mean of percent ranks and not learned from later referrals, because {problem}."
    );
    Finding::new(FindingKind::NotEstimated, Severity::Note, "rating", sentence)
}
