//! Who carries the word.

use super::findings::FindingRow;
use crate::estimators::evaluation::Metric;
use crate::influence::{Contender, Delay, InputKind, PASSING_LEVEL, PassingShare, Placebo, PlaceboNull, Rival, Tier};
use crate::report::{
    DelayResult, InfluenceResult, Lack, LearnedRating, PassingResult, ReferralWorthResult, SeedCount, SeedPlanResult,
    influence_lines::value_in_words, referral_chart, sentences, standing, words,
};

/// Networked promoters that are listed.
const N_PROMOTERS_MAX: usize = 20;

/// Networked promoters.
pub(in crate::report) struct Influence {
    pub graph: String,
    pub probability: String,
    pub exactness: String,
    pub rows: Vec<PromoterRow>,
    pub shown: String,
    pub rating: String,
    pub heard: Option<String>,
    pub judged: Option<Judged>,
    pub plan: Option<Plan>,
    pub worth: Option<Worth>,
    pub trees: Option<String>,
    pub passing: Option<Passing>,
    pub speed: Option<String>,
    pub findings: Vec<FindingRow>,
}

/// How ways to set passing probabilities did.
pub(in crate::report) struct Passing {
    pub base: String,
    pub rows: Vec<PassingLine>,
}

/// One way to set passing probabilities.
pub(in crate::report) struct PassingLine {
    pub rule: String,
    pub is_used: bool,
    pub log_loss: String,
    pub gain: String,
    pub brier: String,
    pub slope: String,
    pub area: String,
}

/// What the rating is worth out of time.
pub(in crate::report) struct Judged {
    pub base: String,
    pub rows: Vec<JudgedRow>,
    pub placebos: Vec<String>,
}

/// One way to tell later referrers.
pub(in crate::report) struct JudgedRow {
    pub contender: String,
    pub area: String,
    pub area_range: String,
    pub gain: String,
    pub gain_range: Option<String>,
    pub lift: String,
}

/// Whom to invite.
pub(in crate::report) struct Plan {
    pub summary: String,
    pub rows: Vec<PlanRow>,
}

/// One customer to invite.
pub(in crate::report) struct PlanRow {
    pub place: usize,
    pub customer: String,
    pub gain: String,
    pub reach: String,
    pub spent: String,
}

/// What referrals were worth.
pub(in crate::report) struct Worth {
    pub revenue: String,
    pub splits: String,
    pub rows: Vec<GroupLine>,
}

/// One of the four groups.
pub(in crate::report) struct GroupLine {
    pub group: &'static str,
    pub n_customers: String,
    pub share: String,
    pub own_value: String,
    pub referral_value: String,
}

/// One networked promoter.
pub(in crate::report) struct PromoterRow {
    pub place: usize,
    pub customer: String,
    pub rating: String,
    /// Width of the bar, 0-100.
    pub bar: String,
    pub tier: &'static str,
    pub reach: String,
    pub how: &'static str,
    pub reach_rank: String,
    pub score: String,
    pub score_rank: String,
    pub engagement: String,
    pub engagement_rank: String,
    pub n_referrals: String,
    /// What adds most to the rating; empty where nothing is told.
    pub reasons: String,
}

impl Influence {
    pub fn of(influence: &InfluenceResult) -> Self {
        let missing = || words::MISSING.to_owned();
        let whole = |value: Option<f64>| value.map_or_else(missing, |value| words::fixed(value, 0));
        let rows = influence.customers.iter().take(N_PROMOTERS_MAX).enumerate().map(|(place, row)| PromoterRow {
            place: place + 1,
            customer: row.customer.clone(),
            rating: words::fixed(row.rating, 1),
            bar: format!("{:.0}", if row.rating.is_finite() { row.rating.clamp(0.0, 100.0) } else { 0.0 }),
            tier: match row.tier {
                Tier::Top => "top tenth",
                Tier::High => "upper quarter",
                Tier::Middle => "upper half",
                Tier::Low => "lower half",
            },
            reach: if row.exact { words::fixed(row.reach, 2) } else { sentences::sampled(row.reach, row.reach_se) },
            how: if row.exact { "exact" } else { "sampled" },
            reach_rank: words::fixed(row.reach_rank, 0),
            score: whole(row.score),
            score_rank: whole(row.score_rank),
            engagement: row.engagement.map_or_else(missing, words::amount),
            engagement_rank: whole(row.engagement_rank),
            n_referrals: words::count(row.n_referrals as u64),
            reasons: row.reasons.iter().map(|reason| reason.replace('_', " ")).collect::<Vec<_>>().join(", "),
        });
        let n_sampled = influence.n_customers.saturating_sub(influence.n_exact);
        let exactness = match n_sampled {
            0 => "The reach of every customer is exact.".to_owned(),
            _ => format!(
                "Reach is exact for {} ({} of all) and sampled, with its standard error (±), for {}.",
                words::counted(influence.n_exact, "customer", "customers"),
                words::percent(influence.n_exact as f64 / influence.n_customers.max(1) as f64),
                words::counted(n_sampled, "customer", "customers"),
            ),
        };
        let n_rated = influence.customers.len();
        Self {
            graph: format!(
                "{} and {} between them.",
                words::counted(influence.n_customers, "customer", "customers"),
                influence.ties_in_words()
            ),
            probability: influence.probability.trim().trim_end_matches('.').to_owned(),
            exactness,
            shown: match n_rated {
                0 => "Nobody could be rated.".to_owned(),
                n if n <= N_PROMOTERS_MAX => {
                    format!("All {} are shown.", words::counted(n, "rated customer", "rated customers"))
                }
                n => format!(
                    "The first {N_PROMOTERS_MAX} of {} rated customers. {}",
                    words::count(n as u64),
                    networked(influence)
                ),
            },
            rows: rows.collect(),
            rating: rating(influence),
            heard: heard(influence),
            judged: influence.learned.as_ref().and_then(judged),
            plan: influence.plan.as_ref().map(plan).map(|mut plan| {
                if off_in_level(influence).is_some() {
                    plan.summary.push_str(
                        " The probabilities that this goes by were off in level when judged later, as is said above, and so \
                         are these figures.",
                    );
                }
                plan
            }),
            worth: influence.worth.as_ref().map(worth),
            trees: Some(referral_chart::trees(&influence.trees, "referral-trees")).filter(|svg| !svg.is_empty()),
            passing: influence.passing.as_ref().map(passing).map(|mut passing| {
                passing.base.extend(off_in_level(influence).into_iter().flat_map(|own| [" ", own, "."]));
                passing
            }),
            speed: influence.delay.as_ref().map(speed),
            findings: standing::sorted(influence.findings.iter()).into_iter().map(FindingRow::of).collect(),
        }
    }
}

/// That the passing probabilities gone by were far off in level when judged later.
fn off_in_level(influence: &InfluenceResult) -> Option<&str> {
    let own = influence.findings.iter().find(|own| own.about == PASSING_LEVEL);
    own.map(|own| own.sentence.trim_end_matches('.'))
}

/// How many of those shown are networked promoters, and what the others lack first.
fn networked(influence: &InfluenceResult) -> String {
    let shown = &influence.customers[..influence.customers.len().min(N_PROMOTERS_MAX)];
    let lacks: Vec<Option<Lack>> = shown.iter().map(|row| influence.lacks(row)).collect();
    let n_of = |wanted: Option<Lack>| lacks.iter().filter(|lack| **lack == wanted).count();
    let told = |lack: Lack, words: &str| match n_of(Some(lack)) {
        0 => None,
        n => Some(format!("{n} {words}")),
    };
    let others: Vec<String> = [
        told(Lack::Rating, "without a rating in the upper quarter"),
        told(Lack::Yes, "without an answer of 9 or 10"),
        told(Lack::Engagement, "less engaged than half of all"),
        told(Lack::Reach, "with less reach than half of all"),
    ]
    .into_iter()
    .flatten()
    .collect();
    let rest = if others.is_empty() { String::new() } else { format!(" The others: {}.", others.join(", ")) };
    format!("Networked promoters, who also {}, are {} of them.{rest}", influence.networked_in_words(), n_of(None))
}

/// What the rating is.
fn rating(influence: &InfluenceResult) -> String {
    match influence.learned.as_ref().filter(|learned| learned.is_used) {
        Some(learned) => format!(
            "The rating (0-100) is the percent rank of {} that a model expects of a customer. It was learned from \
             what was known of {} at a cut in time and {} of the {} after it, which {} of them made; it \
             describes what goes with later referrals, and promises nothing.",
            learned.later.phrase(),
            words::counted(learned.n_customers, "customer", "customers"),
            learned.later.phrase(),
            words::days(learned.later_days),
            words::count(learned.n_referrers as u64)
        ),
        None => "The rating (0-100) combines the percent ranks (0-100) of reach, own answer and engagement; where one is not \
                 known, 50 stands for it, or the lowest rank of a promoter\u{2019}s answer where that is less. It describes where a customer stands today, and promises nothing."
            .to_owned(),
    }
}

fn heard(influence: &InfluenceResult) -> Option<String> {
    let heard = influence.heard?;
    let number = |heard: crate::influence::Heard| sentences::sampled_or_exact(heard.expected, heard.std_error, 2);
    Some(format!(
        "Of {}, promoters are expected to reach {} and detractors {}; {} would hear both.",
        words::counted(influence.n_customers, "customer", "customers"),
        number(heard.asset),
        number(heard.exposure),
        number(heard.contested)
    ))
}

fn judged(learned: &LearnedRating) -> Option<Judged> {
    let ablation = learned.ablation.as_ref()?;
    let rows = ablation.rows.iter().map(|row| {
        let is_rating = row.contender == Contender::Rating;
        JudgedRow {
            contender: in_words(&row.contender),
            area: words::fixed(row.roc_auc, 3),
            area_range: words::range(words::fixed(row.conf_low, 3), words::fixed(row.conf_high, 3)),
            gain: if is_rating { words::MISSING.to_owned() } else { words::fixed(row.gain_of_rating, 3) },
            gain_range: (!is_rating)
                .then(|| words::range(words::fixed(row.gain_low, 3), words::fixed(row.gain_high, 3))),
            lift: words::fixed(row.lift_top_tenth, 2),
        }
    });
    Some(Judged {
        base: format!(
            "Learned from {} of one window of {} and judged by the next, on customers that were not learned from: {}, of whom \
             {} {}.",
            learned.later.phrase(),
            words::days(learned.later_days),
            words::counted(ablation.n_customers, "customer", "customers"),
            words::count(ablation.n_referrers as u64),
            learned.later.did()
        ),
        rows: rows.collect(),
        placebos: learned.placebos.iter().map(placebo).collect(),
    })
}

fn placebo(placebo: &Placebo) -> String {
    let circumstances = match placebo.null {
        PlaceboNull::OutcomesDealt => "With later outcomes dealt to customers at random",
        PlaceboNull::DatesExchanged => {
            "With dates of referrals shuffled, each customer\u{2019}s whole record of a window going to another so that habits do not last,"
        }
    };
    let n_as_large = match placebo.dealt.iter().filter(|&&area| area >= placebo.roc_auc).count() {
        0 => "none".to_owned(),
        n => words::count(n as u64),
    };
    format!(
        "{circumstances} the rating\u{2019}s area is {} on average of {} (chance has 0.5); in {n_as_large} of them it is at least as \
         large as the true one of {}.",
        words::fixed(placebo.mean(), 3),
        words::counted(placebo.dealt.len(), "deal", "deals"),
        words::fixed(placebo.roc_auc, 3),
    )
}

fn in_words(contender: &Contender) -> String {
    match contender {
        Contender::Rating => "the rating, from all inputs".to_owned(),
        Contender::Without(kind) => format!("without {}", kind.word()),
        Contender::Only(InputKind::Referrals) => "history of referrals only".to_owned(),
        Contender::Only(kind) => format!("{} only", kind.word()),
        Contender::Column(column) if column == "referrals" => "plain count of referrals".to_owned(),
        Contender::Column(column) if column == "page_rank" => "PageRank".to_owned(),
        Contender::Column(column) => column.clone(),
    }
}

fn passing(result: &PassingResult) -> Passing {
    let rows = result.rows.iter().map(|row| {
        let figure = |metric: Metric, decimals: usize| {
            let judged = row.judgement.as_ref().and_then(|own| own.judgement.of(metric));
            judged.map_or_else(|| words::MISSING.to_owned(), |own| words::fixed(own.value, decimals))
        };
        let gain = row.judgement.as_ref().and_then(|own| own.gain.of(Metric::LogLoss));
        PassingLine {
            rule: match row.rule {
                "constant" => "one rate for all".to_owned(),
                "logistic" => "logistic, from what was known of both".to_owned(),
                "shared_success" => "one for each referrer, shrunken".to_owned(),
                "decayed" => "the same, older history counting less".to_owned(),
                "credit" => "one for each referrer, successes shared in equal parts".to_owned(),
                "given" => "as given or by number of referrers".to_owned(),
                rule => rule.replace('_', " "),
            },
            is_used: row.is_used,
            log_loss: figure(Metric::LogLoss, 4),
            gain: gain.map_or_else(
                || words::MISSING.to_owned(),
                |own| match own.conf_low.zip(own.conf_high) {
                    Some((low, high)) => format!(
                        "{} ({})",
                        words::fixed(-own.difference, 4),
                        words::range(words::fixed(-high, 4), words::fixed(-low, 4))
                    ),
                    None => words::fixed(-own.difference, 4),
                },
            ),
            brier: figure(Metric::Brier, 4),
            slope: figure(Metric::CalibrationSlope, 2),
            area: figure(Metric::RocAuc, 3),
        }
    });
    Passing {
        base: format!(
            "The word has passed if the referred bought within {}. Learned from {}, {} of whom did, and judged at the \
             first referral of {} later ones, {} of whom did. A calibration slope of 1 is right; below, probabilities are \
             too far apart.",
            words::days(result.within_days),
            words::counted(result.n_learned, "referred customer", "referred customers"),
            words::count(result.n_learned_passed as u64),
            words::count(result.n_judged as u64),
            words::count(result.n_judged_passed as u64)
        ),
        rows: rows.collect(),
    }
}

fn speed(result: &DelayResult) -> String {
    let fit = &result.chosen.fit;
    let family = match fit.delay {
        Delay::Exponential { .. } => "exponential",
        Delay::Weibull { .. } => "Weibull",
        Delay::Generation => "generation",
    };
    let median_days = fit.delay.quantile(0.5);
    let drawn_on = if median_days > result.seen_days { ", which is longer than anybody was seen" } else { "" };
    let which = match result.chosen.share {
        PassingShare::Estimated => "the referrals that come at all",
        PassingShare::AsAsked | PassingShare::AtItsEnd | PassingShare::NotSettled => {
            "the referrals, if all come in the end,"
        }
    };
    format!(
        "Half of {which} come within {} of the referrer\u{2019}s own start{drawn_on} ({family} delay, from {} \
         and {} referred nobody yet). Reach within some days is in the table influence.",
        words::days(median_days.round() as i64),
        words::counted(fit.n_passed, "referral", "referrals"),
        words::counted(fit.n_trials - fit.n_passed, "customer who has", "customers who have")
    )
}

fn plan(result: &SeedPlanResult) -> Plan {
    let plan = &result.plan;
    let rival = |which: Rival| {
        let own = plan.rivals.iter().find(|own| own.rival == which);
        own.map_or_else(|| words::MISSING.to_owned(), |own| sentences::sampled_or_exact(own.reach, own.reach_se, 1))
    };
    let told = |n: usize, is: &str, are: &str| match n {
        0 => String::new(),
        1 => format!(" 1 customer {is}."),
        n => format!(" {} customers {are}.", words::count(n as u64)),
    };
    let excluded = [
        told(result.n_excluded, "is excluded by the study", "are excluded by the study"),
        told(result.n_contacted.unwrap_or(0), "was contacted too lately", "were contacted too lately"),
        told(result.n_active, "spreads the word already", "spread the word already"),
    ]
    .concat();
    let what = match &result.counts {
        SeedCount::Customers => "customers, themselves included".to_owned(),
        SeedCount::Value(name) => format!("{}, their own included", value_in_words(name)),
    };
    let how = if plan.reach_se > 0.0 {
        " (± its standard error, from samples that nobody was chosen by)"
    } else {
        " (exactly, under these passing probabilities)"
    };
    let row = |(place, row): (usize, &crate::report::SeedRow)| PlanRow {
        place: place + 1,
        customer: row.customer.clone(),
        gain: sentences::sampled_or_exact(row.seed.gain, row.seed.gain_se, 2),
        reach: sentences::sampled_or_exact(row.seed.reach, row.seed.reach_se, 2),
        spent: words::amount(row.seed.spent),
    };
    Plan {
        summary: format!(
            "{} to start with are expected to reach {} {what}{how}. \
             That is at least {} % of what the best choice within the limits would reach, with a probability of {} %. Those \
             with the most referrals would reach {}, a random choice {}.{excluded}",
            words::counted(plan.seeds.len(), "customer", "customers"),
            sentences::sampled_or_exact(plan.reach, plan.reach_se, 1),
            words::percent_fine(plan.guarantee),
            words::percent_fine(plan.certainty),
            rival(Rival::TopByCount),
            rival(Rival::Random),
        ),
        rows: result.seeds.iter().take(N_PROMOTERS_MAX).enumerate().map(row).collect(),
    }
}

fn worth(result: &ReferralWorthResult) -> Worth {
    let revenue = &result.revenue;
    let rows = result.groups.iter().map(|row| GroupLine {
        group: row.group.word(),
        n_customers: words::count(row.n_customers as u64),
        share: words::percent(row.share),
        own_value: words::amount(row.own_value),
        referral_value: words::amount(row.referral_value),
    });
    Worth {
        revenue: format!(
            "Of a revenue of {}, {} are first purchases of customers who came on their own and {} their later ones; {} are \
             first purchases of referred customers since they were referred and {} their later ones. Each purchase counts once{}.",
            words::amount(revenue.total()),
            words::amount(revenue.own_first),
            words::amount(revenue.own_repeat),
            words::amount(revenue.referred_first),
            words::amount(revenue.referred_repeat),
            if result.before_returns { ", before what of it came back" } else { "" }
        ),
        splits: format!(
            "A value is high above the median of the customers in the graph: {} of own value, {} of referral value. The \
             purchases of a referred customer are that customer\u{2019}s own value and the referrer\u{2019}s referral value, so \
             the two are not to be added.",
            words::amount(result.own_split),
            words::amount(result.referral_split)
        ),
        rows: rows.collect(),
    }
}
