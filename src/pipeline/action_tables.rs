//! What could be done about touchpoints, as tables.

use super::robustness_table;
use crate::drivers::asymmetry::{Ceiling, RequirementState};
use crate::drivers::stated_observed::{Effect, MediationResult};
use crate::drivers::what_if::Measure;
use crate::drivers::{Estimate, TestedEstimate};
use crate::report::{OutcomeActions, OutcomeResult, SayAndDo, StudyResults, unit_of};
use crate::store::Table;

/// One table an analysis, whether it has rows or not.
pub(super) fn tables(results: &StudyResults) -> Vec<Table> {
    let all: Vec<(&str, &OutcomeActions)> =
        results.outcomes.iter().map(|outcome| (outcome.name.as_str(), &outcome.actions)).collect();
    let mut tables = vec![
        actions(&all),
        asymmetry(&all),
        expectations(&all),
        necessity(&all),
        bottlenecks(&all),
        what_if(&all),
        plans(results),
        segments(&all),
        robustness_table::robustness(&all),
    ];
    if let Some(say_and_do) = &results.say_and_do {
        tables.extend([stated_observed(say_and_do), stated_less_observed(say_and_do), mediation(say_and_do)]);
    }
    tables
}

/// Names of the three columns of an estimate: its standard error and the ends of its interval.
pub(super) fn spread(table: Table, prefix: &str, rows: &[Option<Estimate>]) -> Table {
    let of = |get: fn(&Estimate) -> f64| rows.iter().map(move |own| own.as_ref().map(get));
    table
        .numbers(&format!("{prefix}_std_error"), of(|own| own.std_error))
        .numbers(&format!("{prefix}_low"), of(|own| own.conf_low))
        .numbers(&format!("{prefix}_high"), of(|own| own.conf_high))
}

/// An estimate with its three columns and its p-value.
pub(super) fn tested(table: Table, name: &str, rows: &[Option<TestedEstimate>]) -> Table {
    let table = table.numbers(name, rows.iter().map(|own| own.map(|own| own.estimate.estimate)));
    let estimates: Vec<Option<Estimate>> = rows.iter().map(|own| own.map(|own| own.estimate)).collect();
    spread(table, name, &estimates)
        .numbers(&format!("{name}_p_value"), rows.iter().map(|own| own.map(|own| own.p_value)))
}

fn actions(all: &[(&str, &OutcomeActions)]) -> Table {
    let charts = all.iter().filter_map(|(outcome, own)| Some((*outcome, own.chart.as_ref()?)));
    let rows: Vec<_> =
        charts.flat_map(|(outcome, chart)| chart.touchpoints.iter().map(move |row| (outcome, chart, row))).collect();
    let table = Table::new("actions")
        .texts("outcome", rows.iter().map(|(outcome, ..)| (*outcome).to_owned()))
        .texts("touchpoint", rows.iter().map(|(.., row)| row.touchpoint.clone()))
        .texts("action", rows.iter().map(|(.., row)| row.action.word().to_owned()))
        .texts("quadrant", rows.iter().map(|(.., row)| row.quadrant.word().to_owned()))
        .numbers("importance", rows.iter().map(|(.., row)| row.importance));
    let importance: Vec<Option<Estimate>> = rows.iter().map(|(.., row)| row.importance_interval).collect();
    let table = spread(table, "importance", &importance)
        .numbers("performance", rows.iter().map(|(.., row)| row.performance.estimate));
    let performance: Vec<Option<Estimate>> = rows.iter().map(|(.., row)| Some(row.performance)).collect();
    let table = spread(table, "performance", &performance)
        .numbers("top_box", rows.iter().map(|(.., row)| row.top_box.estimate));
    let top_box: Vec<Option<Estimate>> = rows.iter().map(|(.., row)| Some(row.top_box)).collect();
    let probability = |get: fn(&crate::drivers::performance::QuadrantProbabilities) -> f64| {
        rows.iter().map(move |(.., row)| row.probabilities.as_ref().map(get))
    };
    spread(table, "top_box", &top_box)
        .numbers("p_improve", probability(|own| own.improve))
        .numbers("p_maintain", probability(|own| own.maintain))
        .numbers("p_monitor", probability(|own| own.monitor))
        .numbers("p_lower_priority", probability(|own| own.lower_priority))
        .numbers("importance_line", rows.iter().map(|(_, chart, _)| chart.importance_line))
        .numbers("performance_line", rows.iter().map(|(_, chart, _)| chart.performance_line))
        .integers("n_used", rows.iter().map(|(.., row)| row.n_used as i64))
        .integers("n_importance", rows.iter().map(|(_, chart, _)| chart.n_used as i64))
        .integers("n_replicates", rows.iter().map(|(_, chart, _)| chart.n_replicates as i64))
        .numbers("confidence", rows.iter().map(|(_, chart, _)| chart.confidence.level()))
}

fn asymmetry(all: &[(&str, &OutcomeActions)]) -> Table {
    let tables = all.iter().filter_map(|(outcome, own)| Some((*outcome, own.asymmetry.as_ref()?)));
    let rows: Vec<_> =
        tables.flat_map(|(outcome, table)| table.drivers.iter().map(move |row| (outcome, table, row))).collect();
    let table = Table::new("asymmetry")
        .texts("outcome", rows.iter().map(|(outcome, ..)| (*outcome).to_owned()))
        .texts("touchpoint", rows.iter().map(|(.., row)| row.driver.clone()))
        .texts("class", rows.iter().map(|(.., row)| row.class.word().to_owned()));
    let table = tested(table, "penalty", &rows.iter().map(|(.., row)| row.penalty).collect::<Vec<_>>());
    let table = tested(table, "reward", &rows.iter().map(|(.., row)| row.reward).collect::<Vec<_>>());
    tested(table, "asymmetry", &rows.iter().map(|(.., row)| row.asymmetry).collect::<Vec<_>>())
        .numbers("low_cut", rows.iter().map(|(.., row)| row.low_cut))
        .numbers("high_cut", rows.iter().map(|(.., row)| row.high_cut))
        .integers("n_low", rows.iter().map(|(.., row)| row.n_low as i64))
        .integers("n_middle", rows.iter().map(|(.., row)| row.n_middle as i64))
        .integers("n_high", rows.iter().map(|(.., row)| row.n_high as i64))
        .numbers("negligible", rows.iter().map(|(_, table, _)| table.negligible))
        .integers("n_used", rows.iter().map(|(_, table, _)| table.n_used as i64))
        .numbers("confidence", rows.iter().map(|(_, table, _)| table.confidence.level()))
}

fn expectations(all: &[(&str, &OutcomeActions)]) -> Table {
    let tables = all.iter().filter_map(|(outcome, own)| Some((*outcome, own.expectations.as_ref()?)));
    let rows: Vec<_> =
        tables.flat_map(|(outcome, table)| table.drivers.iter().map(move |row| (outcome, table, row))).collect();
    let table = Table::new("expectations")
        .texts("outcome", rows.iter().map(|(outcome, ..)| (*outcome).to_owned()))
        .texts("touchpoint", rows.iter().map(|(.., row)| row.driver.clone()))
        .numbers("mean_gap", rows.iter().map(|(.., row)| row.mean_gap))
        .numbers("share_short", rows.iter().map(|(.., row)| row.share_short))
        .numbers("share_met", rows.iter().map(|(.., row)| row.share_met))
        .numbers("share_exceeded", rows.iter().map(|(.., row)| row.share_exceeded));
    let table = tested(table, "shortfall", &rows.iter().map(|(.., row)| row.shortfall).collect::<Vec<_>>());
    let table = tested(table, "surplus", &rows.iter().map(|(.., row)| row.surplus).collect::<Vec<_>>());
    tested(table, "difference", &rows.iter().map(|(.., row)| row.difference).collect::<Vec<_>>())
        .integers("n_used", rows.iter().map(|(_, table, _)| table.n_used as i64))
        .numbers("confidence", rows.iter().map(|(_, table, _)| table.confidence.level()))
}

fn necessity(all: &[(&str, &OutcomeActions)]) -> Table {
    let tables = all.iter().filter_map(|(outcome, own)| Some((*outcome, own.necessity.as_ref()?)));
    let rows: Vec<(&str, _, &str, &Ceiling)> = tables
        .flat_map(|(outcome, table)| table.drivers.iter().map(move |row| (outcome, table, row)))
        .flat_map(|(outcome, table, row)| {
            [&row.ce_fdh, &row.cr_fdh].map(|ceiling| (outcome, table, row.driver.as_str(), ceiling))
        })
        .collect();
    Table::new("necessity")
        .texts("outcome", rows.iter().map(|(outcome, ..)| (*outcome).to_owned()))
        .texts("touchpoint", rows.iter().map(|(_, _, driver, _)| (*driver).to_owned()))
        .texts("ceiling", rows.iter().map(|(.., own)| own.line.word().to_owned()))
        .numbers("effect_size", rows.iter().map(|(.., own)| own.effect_size))
        .numbers("p_value", rows.iter().map(|(.., own)| own.p_value))
        .numbers("accuracy", rows.iter().map(|(.., own)| own.accuracy))
        .numbers("ceiling_zone", rows.iter().map(|(.., own)| own.ceiling_zone))
        .numbers("slope", rows.iter().map(|(.., own)| own.slope))
        .numbers("intercept", rows.iter().map(|(.., own)| own.intercept))
        .integers("n_used", rows.iter().map(|(_, table, ..)| table.n_used as i64))
        .integers("n_permutations", rows.iter().map(|(_, table, ..)| table.n_permutations as i64))
}

fn bottlenecks(all: &[(&str, &OutcomeActions)]) -> Table {
    let tables = all.iter().filter_map(|(outcome, own)| Some((*outcome, own.necessity.as_ref()?)));
    let rows: Vec<_> = tables
        .flat_map(|(outcome, table)| table.drivers.iter().map(move |row| (outcome, row)))
        .flat_map(|(outcome, row)| row.bottleneck.iter().map(move |step| (outcome, row.driver.as_str(), step)))
        .collect();
    let word = |state: RequirementState| state.word().to_owned();
    Table::new("bottlenecks")
        .texts("outcome", rows.iter().map(|(outcome, ..)| (*outcome).to_owned()))
        .texts("touchpoint", rows.iter().map(|(_, driver, _)| (*driver).to_owned()))
        .numbers("outcome_percent", rows.iter().map(|(.., step)| step.outcome_percent))
        .numbers("outcome_level", rows.iter().map(|(.., step)| step.outcome_level))
        .texts("ce_fdh", rows.iter().map(|(.., step)| word(step.ce_fdh.state)))
        .numbers("ce_fdh_level", rows.iter().map(|(.., step)| step.ce_fdh.level))
        .texts("cr_fdh", rows.iter().map(|(.., step)| word(step.cr_fdh.state)))
        .numbers("cr_fdh_level", rows.iter().map(|(.., step)| step.cr_fdh.level))
}

fn what_if(all: &[(&str, &OutcomeActions)]) -> Table {
    let rows: Vec<_> = all
        .iter()
        .flat_map(|(outcome, own)| own.scenarios.iter().map(move |scenario| (*outcome, scenario)))
        .flat_map(|(outcome, scenario)| scenario.change.measures.iter().map(move |row| (outcome, scenario, row)))
        .collect();
    let table = Table::new("what_if")
        .texts("outcome", rows.iter().map(|(outcome, ..)| (*outcome).to_owned()))
        .texts("raised", rows.iter().map(|(_, scenario, _)| scenario.name.clone()))
        .texts("measure", rows.iter().map(|(.., row)| row.measure.word().to_owned()))
        .numbers("before", rows.iter().map(|(.., row)| row.before))
        .numbers("after", rows.iter().map(|(.., row)| row.after))
        .numbers("change", rows.iter().map(|(.., row)| row.change));
    spread(table, "change", &rows.iter().map(|(.., row)| row.interval).collect::<Vec<_>>())
        .integers("n_used", rows.iter().map(|(_, scenario, _)| scenario.change.n_used as i64))
        .numbers("confidence", rows.iter().map(|(_, scenario, _)| scenario.change.confidence.level()))
}

fn plans(results: &StudyResults) -> Table {
    let plans = results.outcomes.iter().filter_map(|outcome| Some((outcome, outcome.actions.plan.as_ref()?)));
    let rows: Vec<_> =
        plans.flat_map(|(outcome, plan)| plan.levers.iter().map(move |row| (outcome, plan, row))).collect();
    // Shares stay shares in a table.
    let unit = |outcome: &OutcomeResult, measure: Measure| match measure.is_share() {
        true => "share".to_owned(),
        false => unit_of(outcome, measure).to_owned(),
    };
    let table = Table::new("plans")
        .texts("outcome", rows.iter().map(|(outcome, ..)| outcome.name.clone()))
        .texts("measure", rows.iter().map(|(_, plan, _)| plan.measure.word().to_owned()))
        .texts("unit", rows.iter().map(|(outcome, plan, _)| unit(outcome, plan.measure)))
        .numbers("target", rows.iter().map(|(_, plan, _)| plan.target))
        .flags("reached", rows.iter().map(|(_, plan, _)| plan.reached))
        .numbers("change", rows.iter().map(|(_, plan, _)| plan.change.change));
    spread(table, "change", &rows.iter().map(|(_, plan, _)| plan.change.interval).collect::<Vec<_>>())
        .numbers("before", rows.iter().map(|(_, plan, _)| plan.change.before))
        .numbers("best_change", rows.iter().map(|(_, plan, _)| plan.best_change))
        .numbers("share_beyond", rows.iter().map(|(_, plan, _)| plan.share_beyond))
        .texts("touchpoint", rows.iter().map(|(.., row)| row.lever.clone()))
        .flags("actionable", rows.iter().map(|(.., row)| row.actionable))
        .flags("offered", rows.iter().map(|(.., row)| row.offered))
        .numbers("cost_per_point", rows.iter().map(|(.., row)| row.cost_per_point))
        .numbers("raise", rows.iter().map(|(.., row)| row.raise))
        .numbers("raise_max", rows.iter().map(|(.., row)| row.raise_max))
        .numbers("cost", rows.iter().map(|(.., row)| row.cost))
        .numbers("change_at_most", rows.iter().map(|(.., row)| row.change_at_most))
}

fn segments(all: &[(&str, &OutcomeActions)]) -> Table {
    let tables = all.iter().flat_map(|(outcome, own)| own.segments.iter().map(move |own| (*outcome, own)));
    let rows: Vec<_> =
        tables.flat_map(|(outcome, own)| own.table.rows.iter().map(move |row| (outcome, own, row))).collect();
    let table = Table::new("segment_drivers")
        .texts("outcome", rows.iter().map(|(outcome, ..)| (*outcome).to_owned()))
        .texts("by", rows.iter().map(|(_, own, _)| own.column.clone()))
        .texts("segment", rows.iter().map(|(.., row)| row.segment.clone()))
        .texts("driver", rows.iter().map(|(.., row)| row.driver.clone()))
        .numbers("share", rows.iter().map(|(.., row)| row.share));
    let rank = || rows.iter().map(|(.., row)| row.rank_interval);
    let table = spread(table, "share", &rows.iter().map(|(.., row)| row.share_interval).collect::<Vec<_>>())
        .integers("rank", rows.iter().map(|(.., row)| row.rank as i64))
        .integers("rank_low", rank().map(|own| own.map(|own| own.rank_low as i64)))
        .integers("rank_high", rank().map(|own| own.map(|own| own.rank_high as i64)))
        .numbers("p_rank_1", rank().map(|own| own.map(|own| own.p_rank_1)))
        .numbers("share_elsewhere", rows.iter().map(|(.., row)| row.share_elsewhere))
        .numbers("difference", rows.iter().map(|(.., row)| row.difference));
    let table = spread(table, "difference", &rows.iter().map(|(.., row)| row.difference_interval).collect::<Vec<_>>())
        .numbers("p_value", rows.iter().map(|(.., row)| row.p_value))
        .numbers("p_holm", rows.iter().map(|(.., row)| row.p_holm))
        .numbers("p_bh", rows.iter().map(|(.., row)| row.p_bh))
        .numbers("shrunk", rows.iter().map(|(.., row)| row.shrunk.map(|own| own.estimate)));
    let base = |segment: &str, own: &crate::report::SegmentComparison| {
        own.table.segments.iter().find(|base| base.segment == segment).map(|base| base.n_used as i64)
    };
    spread(table, "shrunk", &rows.iter().map(|(.., row)| row.shrunk).collect::<Vec<_>>())
        .integers("n_used", rows.iter().map(|(_, own, row)| base(&row.segment, own)))
        .integers("n_replicates", rows.iter().map(|(_, own, _)| own.table.n_replicates as i64))
}

fn stated_observed(own: &SayAndDo) -> Table {
    let rows: Vec<_> = own
        .table
        .iter()
        .flat_map(|table| table.outcomes.iter().map(move |outcome| (table, outcome)))
        .flat_map(|(table, outcome)| (0..table.drivers.len()).map(move |driver| (table, outcome, driver)))
        .collect();
    let table = Table::new("stated_observed")
        .texts("outcome", rows.iter().map(|(_, outcome, _)| outcome.outcome.clone()))
        .texts("side", rows.iter().map(|(_, outcome, _)| outcome.side.word().to_owned()))
        .texts("driver", rows.iter().map(|(table, _, driver)| table.drivers[*driver].clone()))
        .numbers("share", rows.iter().map(|(_, outcome, driver)| outcome.shares[*driver]));
    spread(table, "share", &rows.iter().map(|(_, outcome, driver)| outcome.intervals[*driver]).collect::<Vec<_>>())
        .numbers("explained", rows.iter().map(|(_, outcome, _)| outcome.explained))
        .integers("n_used", rows.iter().map(|(_, outcome, _)| outcome.n_used as i64))
        .numbers("concordance_w", rows.iter().map(|(table, ..)| table.concordance.map(|own| own.w)))
        .numbers("concordance_low", rows.iter().map(|(table, ..)| table.concordance.and_then(|own| own.conf_low)))
        .numbers("concordance_high", rows.iter().map(|(table, ..)| table.concordance.and_then(|own| own.conf_high)))
}

fn stated_less_observed(own: &SayAndDo) -> Table {
    let rows: Vec<_> = own.table.iter().flat_map(|table| &table.differences).collect();
    let table = Table::new("stated_less_observed")
        .texts("driver", rows.iter().map(|row| row.driver.clone()))
        .texts("stated", rows.iter().map(|row| row.stated.clone()))
        .texts("observed", rows.iter().map(|row| row.observed.clone()))
        .numbers("difference", rows.iter().map(|row| row.difference));
    let estimates: Vec<Option<Estimate>> = rows.iter().map(|row| row.interval.map(|own| own.estimate)).collect();
    spread(table, "difference", &estimates)
        .numbers("p_value", rows.iter().map(|row| row.interval.map(|own| own.p_value)))
        .numbers("p_adjusted", rows.iter().map(|row| row.p_adjusted))
        .flags("said_not_done", rows.iter().map(|row| row.said_not_done))
}

fn mediation(own: &SayAndDo) -> Table {
    let rows = &own.mediations;
    let mut table = Table::new("mediation")
        .texts("outcome", rows.iter().map(|row| row.outcome.clone()))
        .texts("touchpoint", rows.iter().map(|row| row.touchpoint.clone()))
        .texts("mediator", rows.iter().map(|row| row.mediator.clone()))
        .numbers("from", rows.iter().map(|row| row.contrast.from))
        .numbers("to", rows.iter().map(|row| row.contrast.to));
    let effects = |name: &str, table: Table, of: fn(&MediationResult) -> Effect| {
        let table = table.numbers(name, rows.iter().map(|row| of(row).effect));
        spread(table, name, &rows.iter().map(|row| of(row).interval).collect::<Vec<_>>())
    };
    table = effects("direct", table, |row| row.direct);
    table = effects("indirect", table, |row| row.indirect);
    table = effects("total", table, |row| row.total);
    table = effects("proportion", table, |row| row.proportion);
    table
        .integers("n_used", rows.iter().map(|row| row.n_used as i64))
        .integers("n_replicates", rows.iter().map(|row| row.n_replicates as i64))
        .numbers("confidence", rows.iter().map(|row| row.confidence.level()))
}
