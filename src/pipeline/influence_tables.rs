//! Networked promoters as tables.

use super::later_referrals::N_REASONS;
use crate::estimators::evaluation::Metric;
use crate::influence::{Contender, Delay, InputKind, LargestReasons, PassingShare, Placebo, PlaceboNull, TimedReach};
use crate::report::{
    DelayResult, InfluenceResult, LaterKind, LearnedRating, PassingResult, PassingRow, ReferralRuleRow,
    ReferralWorthResult, SeedCount, SeedPlanResult,
};
use crate::store::Table;

/// The rating and, where they could be computed, its ablation, the plan, the values and what is carried.
pub(super) fn tables(result: &InfluenceResult) -> Vec<Table> {
    let mut tables = vec![influence(result), referral_rules(result)];
    tables.extend(result.passing.as_ref().map(passing));
    tables.extend(result.delay.as_ref().map(delays));
    tables.extend(result.learned.as_ref().map(ablation));
    tables.extend(result.heard.as_ref().map(|heard| {
        let rows =
            [("asset", heard.asset), ("exposure", heard.exposure), ("contested", heard.contested), ("net", heard.net)];
        Table::new("signed_reach")
            .texts("part", rows.iter().map(|(part, _)| (*part).to_owned()))
            .numbers("expected", rows.iter().map(|(_, heard)| heard.expected))
            .numbers("std_error", rows.iter().map(|(_, heard)| heard.std_error))
    }));
    tables.extend(result.plan.iter().flat_map(|plan| [seeds(plan), seed_plan(plan)]));
    if let Some(worth) = &result.worth {
        tables.extend([referral_value(result, worth), value_groups(worth), word_of_mouth(worth)]);
    }
    tables
}

fn influence(influence: &InfluenceResult) -> Table {
    let rows = &influence.customers;
    let mut table = Table::new("influence")
        .texts("customer", rows.iter().map(|row| row.customer.clone()))
        .numbers("rating", rows.iter().map(|row| row.rating))
        .texts("tier", rows.iter().map(|row| row.tier.word().to_owned()))
        .numbers("reach", rows.iter().map(|row| row.reach))
        .numbers("reach_se", rows.iter().map(|row| row.reach_se))
        .flags("exact", rows.iter().map(|row| row.exact))
        .numbers("page_rank", rows.iter().map(|row| row.page_rank))
        .integers("n_referrals", rows.iter().map(|row| row.n_referrals as i64))
        .numbers("score", rows.iter().map(|row| row.score))
        .numbers("engagement", rows.iter().map(|row| row.engagement))
        .numbers("reach_rank", rows.iter().map(|row| row.reach_rank))
        .numbers("score_rank", rows.iter().map(|row| row.score_rank))
        .numbers("engagement_rank", rows.iter().map(|row| row.engagement_rank))
        .numbers("rating_se", rows.iter().map(|row| row.rating_se))
        .numbers("expected_referrals", expected(influence, LaterKind::Referrals))
        .numbers("signed_reach", rows.iter().map(|row| row.signed_reach))
        .integers("out_degree", rows.iter().map(|row| i64::from(row.out_degree)))
        .integers("k_core", rows.iter().map(|row| i64::from(row.k_core)))
        .integers("n_generations", rows.iter().map(|row| row.n_generations.map(i64::from)))
        .numbers("own_value", rows.iter().map(|row| row.own_value))
        .flags("networked_promoter", rows.iter().map(|row| influence.lacks(row).is_none()))
        .numbers("lifetime_value", rows.iter().map(|row| row.lifetime_value))
        .numbers("expected_converted", expected(influence, LaterKind::Converted))
        .numbers("expected_log1p_spend", expected(influence, LaterKind::Spend));
    for place in 0..N_REASONS {
        let reason = rows.iter().map(|row| row.reasons.get(place).cloned());
        table = table.texts(&format!("rating_reason_{}", place + 1), reason);
    }
    table = table
        .numbers("value_reach", rows.iter().map(|row| row.value_reach.map(|own| own.value)))
        .numbers("value_reach_se", rows.iter().map(|row| row.value_reach.map(|own| own.std_error)))
        .numbers("credited", rows.iter().map(|row| row.credited));
    if let Some(timed) = &influence.timed {
        table = in_time(table, influence, timed);
    }
    match &influence.components {
        Some(components) => by_kind(table, influence, components),
        None => table,
    }
}

/// What each kind of input adds to a learned rating, against the average customer, on the scale of the linear predictor.
fn by_kind(mut table: Table, influence: &InfluenceResult, components: &LargestReasons) -> Table {
    for (place, kind) in components.kinds().iter().enumerate() {
        let values = influence.customers.iter().map(|row| components.components(row.node)[place]);
        table = table.numbers(&format!("component_{}", kind.word()), values);
    }
    table
}

/// What a rating learned from this expects of each customer; nothing where it was learned from something else.
fn expected(influence: &InfluenceResult, later: LaterKind) -> impl Iterator<Item = Option<f64>> {
    let is_it = influence.learned.as_ref().is_some_and(|learned| learned.later == later);
    influence.customers.iter().map(move |row| row.expected_later.filter(|_| is_it))
}

/// Reach by days, the share of that within the last of them, and the mean days.
fn in_time(mut table: Table, influence: &InfluenceResult, timed: &TimedReach) -> Table {
    let nodes = || influence.customers.iter().map(|row| row.node as u32);
    let last = influence.reach_days.len().saturating_sub(1);
    for (place, days) in influence.reach_days.iter().enumerate() {
        table = table
            .numbers(&format!("reach_{days}d"), nodes().map(|node| timed.within(node)[place]))
            .numbers(&format!("reach_{days}d_se"), nodes().map(|node| timed.within_se(node)[place]));
        if place < last {
            let share = |node| timed.within(node)[place] / timed.within(node)[last];
            table = table.numbers(&format!("share_{days}d"), nodes().map(share));
        }
    }
    table.numbers("mean_days", nodes().map(|node| timed.mean_time(node)))
}

fn referral_rules(influence: &InfluenceResult) -> Table {
    let rows = &influence.rules;
    let treatment = |row: &ReferralRuleRow| if row.is_left_out { "left_out" } else { "kept" };
    Table::new("referral_rules")
        .texts("rule", rows.iter().map(|row| row.rule.to_owned()))
        .integers("n_referrals", rows.iter().map(|row| row.n_referrals.map(|n| n as i64)))
        .texts("treatment", rows.iter().map(|row| treatment(row).to_owned()))
}

/// One row a rule and figure; what the log loss is less than that of one rate for all is the figure `log_loss_gain`.
fn passing(result: &PassingResult) -> Table {
    struct Row<'r> {
        of: &'r PassingRow,
        metric: &'static str,
        value: f64,
        conf_low: Option<f64>,
        conf_high: Option<f64>,
    }
    let mut rows: Vec<Row<'_>> = Vec::new();
    for of in &result.rows {
        let Some(judged) = &of.judgement else { continue };
        rows.extend(judged.judgement.estimates.iter().map(|own| Row {
            of,
            metric: own.metric.word(),
            value: own.value,
            conf_low: own.conf_low,
            conf_high: own.conf_high,
        }));
        rows.extend(judged.gain.of(Metric::LogLoss).map(|own| Row {
            of,
            metric: "log_loss_gain",
            value: -own.difference,
            conf_low: own.conf_high.map(|high| -high),
            conf_high: own.conf_low.map(|low| -low),
        }));
    }
    let n_rows = rows.len();
    let same = |n: usize| vec![n as i64; n_rows];
    Table::new("passing")
        .texts("rule", rows.iter().map(|row| row.of.rule.to_owned()))
        .flags("is_used", rows.iter().map(|row| row.of.is_used))
        .texts("metric", rows.iter().map(|row| row.metric.to_owned()))
        .numbers("value", rows.iter().map(|row| row.value))
        .numbers("conf_low", rows.iter().map(|row| row.conf_low))
        .numbers("conf_high", rows.iter().map(|row| row.conf_high))
        .integers("n_learned", same(result.n_learned))
        .integers("n_learned_passed", same(result.n_learned_passed))
        .integers("n_judged", same(result.n_judged))
        .integers("n_judged_passed", same(result.n_judged_passed))
        .integers("within_days", vec![i64::from(result.within_days); n_rows])
}

fn delays(result: &DelayResult) -> Table {
    let fit = &result.chosen.fit;
    let is_estimated = result.chosen.share == PassingShare::Estimated;
    let (family, mean_days, scale_days, shape) = match fit.delay {
        Delay::Exponential { mean_days } => ("exponential", Some(mean_days), mean_days, 1.0),
        Delay::Weibull { scale_days, shape } => ("weibull", None, scale_days, shape),
        Delay::Generation => ("generation", None, 1.0, 1.0),
    };
    Table::new("delays")
        .texts("family", [family.to_owned()])
        .numbers("mean_days", [mean_days])
        .numbers("median_days", [fit.delay.quantile(0.5)])
        .numbers("scale_days", [scale_days])
        .numbers("scale_days_se", [fit.scale_se])
        .numbers("shape", [shape])
        .numbers("shape_se", [fit.shape_se])
        .numbers("share", [fit.share])
        .numbers("share_se", [is_estimated.then_some(fit.share_se)])
        .integers("n_trials", [fit.n_trials as i64])
        .integers("n_passed", [fit.n_passed as i64])
        .numbers("aic", [fit.aic])
        .numbers("aic_other", [result.chosen.aic_other])
        .integers("n_samples", [result.n_samples as i64])
}

/// Contenders and, last, the means of the placebos.
fn ablation(learned: &LearnedRating) -> Table {
    let judged = learned.ablation.as_ref();
    let rows: Vec<_> = judged.iter().flat_map(|ablation| &ablation.rows).collect();
    let placebos = learned.placebos.as_slice();
    let then = |of: fn(&crate::influence::AblationRow) -> f64, last: fn(&Placebo) -> Option<f64>| {
        let values: Vec<Option<f64>> = rows.iter().map(|row| Some(of(row))).chain(placebos.iter().map(last)).collect();
        values
    };
    let none: fn(&Placebo) -> Option<f64> = |_| None;
    let word = |placebo: &Placebo| match placebo.null {
        PlaceboNull::OutcomesDealt => "placebo",
        PlaceboNull::DatesExchanged => "placebo_dates",
    };
    let words: Vec<[String; 2]> = rows
        .iter()
        .map(|row| in_words(&row.contender))
        .chain(placebos.iter().map(|placebo| [word(placebo).to_owned(), String::new()]))
        .collect();
    let n_rows = words.len();
    let counts = judged.map(|ablation| (ablation.n_customers as i64, ablation.n_referrers as i64));
    let n_deals = rows.iter().map(|_| None).chain(placebos.iter().map(|placebo| Some(placebo.dealt.len() as i64)));
    Table::new("ablation")
        .texts("contender", words.iter().map(|word| word[0].clone()))
        .texts("inputs", words.iter().map(|word| (!word[1].is_empty()).then(|| word[1].clone())))
        .numbers("roc_auc", then(|row| row.roc_auc, |placebo| Some(placebo.mean())))
        .numbers("conf_low", then(|row| row.conf_low, none))
        .numbers("conf_high", then(|row| row.conf_high, none))
        .numbers("gain_of_rating", then(|row| row.gain_of_rating, none))
        .numbers("gain_low", then(|row| row.gain_low, none))
        .numbers("gain_high", then(|row| row.gain_high, none))
        .numbers("precision_top_tenth", then(|row| row.precision_top_tenth, none))
        .numbers("lift_top_tenth", then(|row| row.lift_top_tenth, none))
        .numbers("p_value", then(|_| f64::NAN, |placebo| Some(placebo.p_value)))
        .integers("n_deals", n_deals.collect::<Vec<Option<i64>>>())
        .integers("n_customers", vec![counts.map(|(customers, _)| customers); n_rows])
        .integers("n_referrers", vec![counts.map(|(_, referrers)| referrers); n_rows])
        .integers("later_days", vec![learned.later_days; n_rows])
        .texts("later", vec![learned.later.word().to_owned(); n_rows])
}

/// The contender and what it looks at.
fn in_words(contender: &Contender) -> [String; 2] {
    let (word, inputs) = match contender {
        Contender::Rating => ("rating", String::new()),
        Contender::Without(kind) => ("without", kind.word().to_owned()),
        Contender::Only(InputKind::Referrals) => ("history_only", InputKind::Referrals.word().to_owned()),
        Contender::Only(kind) => ("only", kind.word().to_owned()),
        Contender::Column(column) => ("plain", column.clone()),
    };
    [word.to_owned(), inputs]
}

fn seeds(result: &SeedPlanResult) -> Table {
    let rows = &result.seeds;
    Table::new("seeds")
        .integers("place", 1..=rows.len() as i64)
        .texts("customer", rows.iter().map(|row| row.customer.clone()))
        .numbers("gain", rows.iter().map(|row| row.seed.gain))
        .numbers("gain_se", rows.iter().map(|row| row.seed.gain_se))
        .numbers("reach", rows.iter().map(|row| row.seed.reach))
        .numbers("reach_se", rows.iter().map(|row| row.seed.reach_se))
        .numbers("cost", rows.iter().map(|row| row.seed.cost))
        .numbers("spent", rows.iter().map(|row| row.seed.spent))
        .texts("segment", rows.iter().map(|row| row.segment.clone()))
}

/// The plan beside its rivals.
fn seed_plan(result: &SeedPlanResult) -> Table {
    let plan = &result.plan;
    let rivals = || plan.rivals.iter();
    let counts = match &result.counts {
        SeedCount::Customers => "customers".to_owned(),
        SeedCount::Value(name) => name.clone(),
    };
    let of_plan = |value: f64| std::iter::once(Some(value)).chain(rivals().map(|_| None));
    Table::new("seed_plan")
        .texts("choice", std::iter::once("plan").chain(rivals().map(|own| own.rival.word())).map(str::to_owned))
        .numbers("reach", std::iter::once(plan.reach).chain(rivals().map(|rival| rival.reach)))
        .numbers("reach_se", std::iter::once(plan.reach_se).chain(rivals().map(|rival| rival.reach_se)))
        .numbers("guarantee", of_plan(plan.guarantee))
        .numbers("certainty", of_plan(plan.certainty))
        .numbers("reach_low", of_plan(plan.reach_low))
        .numbers("best_high", of_plan(plan.best_high))
        .texts("counts", (0..=plan.rivals.len()).map(|_| counts.clone()))
}

/// Highest referral value first, ties by name.
fn referral_value(result: &InfluenceResult, worth: &ReferralWorthResult) -> Table {
    let mut rows: Vec<_> = result.customers.iter().map(|row| (&row.customer, &worth.customers[row.node])).collect();
    rows.sort_by(|left, right| {
        let value = right.1.referral_value.total.total_cmp(&left.1.referral_value.total);
        value.then_with(|| left.0.cmp(right.0))
    });
    Table::new("referral_value")
        .texts("customer", rows.iter().map(|row| row.0.clone()))
        .numbers("own_value", rows.iter().map(|row| row.1.own_value))
        .numbers("referral_value", rows.iter().map(|row| row.1.referral_value.total))
        .numbers("type_one", rows.iter().map(|row| row.1.referral_value.type_one))
        .numbers("type_two", rows.iter().map(|row| row.1.referral_value.type_two))
        .numbers("revenue_brought", rows.iter().map(|row| row.1.revenue_brought))
        .integers("n_brought", rows.iter().map(|row| row.1.n_brought as i64))
        .texts("value_group", rows.iter().map(|row| row.1.group.word().to_owned()))
}

fn value_groups(worth: &ReferralWorthResult) -> Table {
    let rows = &worth.groups;
    Table::new("value_groups")
        .texts("value_group", rows.iter().map(|row| row.group.word().to_owned()))
        .integers("n_customers", rows.iter().map(|row| row.n_customers as i64))
        .numbers("share", rows.iter().map(|row| row.share))
        .numbers("own_value", rows.iter().map(|row| row.own_value))
        .numbers("referral_value", rows.iter().map(|row| row.referral_value))
}

fn word_of_mouth(worth: &ReferralWorthResult) -> Table {
    let revenue = &worth.revenue;
    let rows = [
        ("own_first", revenue.own_first),
        ("own_repeat", revenue.own_repeat),
        ("referred_first", revenue.referred_first),
        ("referred_repeat", revenue.referred_repeat),
    ];
    Table::new("word_of_mouth")
        .texts("part", rows.iter().map(|(part, _)| (*part).to_owned()))
        .numbers("revenue", rows.iter().map(|(_, revenue)| *revenue))
        .numbers("share", rows.iter().map(|(_, own)| (revenue.total() > 0.0).then(|| own / revenue.total())))
}
