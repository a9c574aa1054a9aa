//! The rating learned from later referrals: two cuts in time, what was known before each, and what followed.

use super::PipelineError;
use super::exchanged_dates::ExchangedDates;
use super::later_inputs::{Cut, InputTable};
use super::later_outcome::{LaterOutcomes, Windows};
use super::profile_history::left_out;
use super::promoter_history::PromoterHistory;
use super::referral_log::{Network, ReferralLog};
use crate::findings::{Finding, FindingKind, Severity};
use crate::influence::{
    AblationSettings, Contender, CustomerRating, InfluenceError, LargestReasons, Placebo, RatingBasis, RatingModel,
    ReachSettings, ablate, placebo,
};
use crate::link::Engine;
use crate::report::{LaterKind, LearnedRating, words};
use crate::stats::Confidence;
use crate::study::{Customers, LaterOutcome};

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
const PLACEBO_MAX: usize = 10_000;
/// Placebos: with 19, the true rating is first among 20 by chance in 5 % of cases.
const N_DEALS: usize = 19;
/// Reasons given for each rating.
pub(super) const N_REASONS: usize = 3;

/// How the rating is learned.
#[derive(Debug, Clone, Copy)]
pub(super) struct LearningSettings<'a> {
    /// Days of later referrals as the study has it; 0 for none.
    pub later_days: Option<u32>,
    /// What of later referrals is learned.
    pub later: LaterOutcome,
    /// Whose profile may speak for influence.
    pub customers: Option<&'a Customers>,
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

/// Learns from the referrals of the last window, and judges a model of the window before it by them.
///
/// # Errors
/// The engine fails, or a network cannot be computed.
pub(super) fn learn(
    engine: &Engine,
    log: &ReferralLog,
    now: &Network,
    history: PromoterHistory,
    settings: &LearningSettings<'_>,
) -> Result<Learning, PipelineError> {
    let without_direction = profile_waits(&history);
    let fallback = |finding: Option<Finding>| {
        let said = finding.map(|mut finding| {
            finding.sentence.push_str(&without_direction);
            finding
        });
        Learning { result: None, ratings: None, reasons: None, findings: said.into_iter().collect() }
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
        return Ok(fallback(Some(too_little(format!(
            "referrals span {}, and {wanted} are needed",
            words::days(span_days)
        )))));
    }
    let cuts = [settings.as_of_us - 2 * days * DAY_US, settings.as_of_us - days * DAY_US, settings.as_of_us];
    let windows = Windows { cuts, until: cuts.map(|cut| log.before(cut)) };
    let until = windows.until;
    let outcomes = LaterOutcomes::of(settings.later, engine, log, &now.graph, &windows)?;
    if !(0..until[0]).any(|row| log.is_brought(row)) {
        let problem = format!("nobody was brought before the last two windows of {}", words::days(days));
        return Ok(fallback(Some(too_little(problem))));
    }
    let later_of = |from: usize| {
        outcomes.by_referrer(log.referrers(), log, until[from]..until[from + 1], log.n_customers(until[from]))
    };
    let n_referrers = [0, 1].map(|from| later_of(from).iter().filter(|&&later| later > 0.0).count());
    if let Some(&few) = n_referrers.iter().find(|&&n| n < REFERRERS_MIN) {
        let what = match settings.later {
            LaterOutcome::Referrals => "referred",
            LaterOutcome::Converted => "made a referral that converted",
            LaterOutcome::Spend => "brought somebody who spent",
        };
        let problem = format!(
            "in one of the last two windows of {} {} known before it {what}, and {REFERRERS_MIN} are needed",
            words::days(days),
            words::counted(few, "customer", "customers")
        );
        return Ok(fallback(Some(too_little(problem))));
    }
    let cut_at = |from: usize| Cut {
        at_us: cuts[from],
        days,
        stride: log.n_customers(until[from]).div_ceil(CUSTOMERS_MAX).max(1),
    };
    let known_before = |from: usize| -> Result<InputTable, PipelineError> {
        let network = log.network(until[from], &settings.reach)?;
        let cut = cut_at(from);
        let mut history = PromoterHistory::new(engine, network.graph.n_nodes(), cut.stride);
        if engine.plan().dated {
            engine.customers_at::<PipelineError>(cuts[from], |batch| {
                history.watch(&batch, &now.graph);
                Ok(())
            })?;
        }
        Ok(InputTable::of(log, &network, history, &cut, later_of(from)))
    };
    let (mut earlier, mut later) = (known_before(0)?, known_before(1)?);
    let of_today = Cut { at_us: settings.as_of_us, days, stride: 1 };
    let mut today = InputTable::of(log, now, history, &of_today, Vec::new());
    let various = InputTable::too_various(&[&earlier, &later, &today]);
    let left_out = left_out(settings.customers, engine.plan(), &various);
    let mut telling = earlier.telling(&later);
    telling.retain(|name| !various.contains(name));
    let mut tables = [&mut earlier, &mut later, &mut today];
    tables.iter_mut().for_each(|table| table.keep(&telling));
    InputTable::scale_alike(&mut tables);
    InputTable::number_levels_alike(&mut tables);
    let cuts = [cut_at(0), cut_at(1)];
    let learning = Tables { log, windows: &windows, outcomes: &outcomes, cuts, earlier, later, today }.learn(settings);
    let mut learning = learning.unwrap_or_else(|error| fallback(Some(too_little(error.to_string()))));
    learning.findings.extend(left_out);
    Ok(learning.with(days, n_referrers[1]))
}

/// The three times, and what their inputs and outcomes are counted from.
struct Tables<'a> {
    log: &'a ReferralLog,
    windows: &'a Windows,
    outcomes: &'a LaterOutcomes,
    /// Of the two earlier ones.
    cuts: [Cut; 2],
    earlier: InputTable,
    later: InputTable,
    today: InputTable,
}

impl Tables<'_> {
    fn learn(&self, settings: &LearningSettings<'_>) -> Result<Learning, InfluenceError> {
        let (before, after) = (self.earlier.inputs(), self.later.inputs());
        let earlier = self.earlier.snapshot(&before, self.outcomes);
        let later = self.later.snapshot(&after, self.outcomes);
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
        let few = AblationSettings { rows_max: PLACEBO_MAX, ..judged };
        let mut placebos: Vec<Placebo> = Vec::new();
        // Placebos are held against the area that is told.
        if let Some(row) = ablation.as_ref().and_then(|own| own.of(&Contender::Rating)) {
            let dealt = placebo(&earlier, &later, row.roc_auc, N_DEALS, &few);
            placebos.extend(dealt.map_err(|error| not_judged("placebo", error)).ok());
            let exchanged = self.exchanged(settings, &few, row.roc_auc);
            placebos.extend(exchanged.map_err(|error| not_judged("placebo of dates", error)).ok().flatten());
        }
        findings.extend(ablation.iter().flat_map(|ablation| ablation.findings.iter().cloned()));
        findings.extend(placebos.iter().flat_map(|placebo| placebo.findings.iter().cloned()));
        let n_customers = fitted.n_rows;
        let is_used = ratings.is_some();
        let later = match settings.later {
            LaterOutcome::Referrals => LaterKind::Referrals,
            LaterOutcome::Converted => LaterKind::Converted,
            LaterOutcome::Spend => LaterKind::Spend,
        };
        let result = LearnedRating { is_used, later, later_days: 0, n_customers, n_referrers: 0, ablation, placebos };
        Ok(Learning { result: Some(result), ratings, reasons, findings })
    }

    /// The placebo in which dates changed hands.
    fn exchanged(
        &self,
        settings: &LearningSettings<'_>,
        judged: &AblationSettings,
        roc_auc: f64,
    ) -> Result<Option<Placebo>, InfluenceError> {
        let (log, windows, outcomes) = (self.log, self.windows, self.outcomes);
        let tables = [&self.earlier, &self.later];
        ExchangedDates { log, windows, cuts: self.cuts, tables, outcomes, reach: &settings.reach, judged, roc_auc }
            .placebo()
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

/// Says that the columns of the profile have no part in ranks; nothing where there are none.
fn profile_waits(history: &PromoterHistory) -> String {
    let names: Vec<String> = history.profile().iter().map(|column| format!("`{}`", column.name)).collect();
    if names.is_empty() {
        return String::new();
    }
    format!(
        " Columns of the profile have no direction and no part in it until there is something to learn from: {}.",
        names.join(", ")
    )
}

fn too_little(problem: String) -> Finding {
    let sentence = format!(
        "The rating is the weighted mean of percent ranks and not learned from later referrals, because {problem}."
    );
    Finding::new(FindingKind::NotEstimated, Severity::Note, "rating", sentence)
}
