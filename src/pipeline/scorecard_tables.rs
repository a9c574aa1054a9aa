//! The scores of a study as tables.

use crate::link::{ResponseCut, ResponseRate, Spread};
use crate::measures::NetPromoterScore;
use crate::measures::change::PairedChange;
use crate::measures::portfolio::{BlankRule, Estimate, SeveralAnswers};
use crate::measures::survival::LogRank;
use crate::measures::weighting::RemadeScore;
use crate::report::{Everybody, RollingScore, Scorecard, StudyResults, WaveChange, WavePairs, Weighting};
use crate::store::Table;

/// One table a question, whether it has rows or not.
pub(super) fn tables(results: &StudyResults) -> Vec<Table> {
    let card = &results.scorecard;
    vec![
        portfolio(card),
        rules(card),
        rolling(card),
        benchmark(card),
        benchmark_by_cut(card),
        correlations(card),
        changes(card),
        paired_changes(card),
        moves(card),
        trend(card),
        control(card),
        movement(card),
        say_do(card),
        cuts(card),
        revenue_at_risk(card),
        survival(card),
        survival_classes(card),
        response_rates(card),
        respondents_against_base(card),
        weighting(card),
    ]
}

/// The columns of an estimate, with its base.
fn estimates(table: Table, rows: &[Option<&Estimate>]) -> Table {
    let number = |get: fn(&Estimate) -> Option<f64>| rows.iter().map(move |own| own.and_then(get));
    table
        .integers("n", rows.iter().map(|own| own.map(|own| own.n as i64)))
        .integers("n_missing", rows.iter().map(|own| own.map(|own| own.n_missing as i64)))
        .integers("n_customers", rows.iter().map(|own| own.and_then(|own| own.n_customers).map(|n| n as i64)))
        .numbers("missing_share", number(|own| Some(own.missing_share)))
        .numbers("n_effective", number(|own| Some(own.n_effective)))
        .numbers("weight_sum", number(|own| Some(own.weight_sum)))
        .numbers("denominator", number(|own| Some(own.denominator)))
        .numbers("estimate", number(|own| Some(own.estimate)))
        .numbers("std_error", number(|own| own.std_error))
        .numbers("conf_low", number(|own| own.conf_low))
        .numbers("conf_high", number(|own| own.conf_high))
        .texts("interval", rows.iter().map(|own| own.map_or_else(String::new, |own| own.interval.word().to_owned())))
        .numbers("confidence", number(|own| Some(own.confidence.level())))
        .numbers("asked_share", number(|own| own.asked_share))
}

fn portfolio(card: &Scorecard) -> Table {
    let rows: Vec<_> = card.portfolio.iter().filter_map(|row| Some((row, row.estimate.as_ref()?))).collect();
    let table = Table::new("portfolio")
        .texts("measure", rows.iter().map(|(_, own)| own.measure.clone()))
        .texts("metric", rows.iter().map(|(_, own)| own.metric.to_owned()))
        .texts("by", rows.iter().map(|(row, _)| row.cut.clone().unwrap_or_default()))
        .texts("level", rows.iter().map(|(row, _)| row.level.clone().unwrap_or_default()))
        .texts("several_answers", rows.iter().map(|_| "all".to_owned()))
        .texts("blanks", rows.iter().map(|_| "left_out".to_owned()));
    estimates(table, &rows.iter().map(|(_, own)| Some(*own)).collect::<Vec<_>>())
}

fn rules(card: &Scorecard) -> Table {
    let several = |own: SeveralAnswers| match own {
        SeveralAnswers::All => "all",
        SeveralAnswers::Latest => "latest",
        SeveralAnswers::Mean => "mean",
    };
    let blanks = |own: BlankRule| match own {
        BlankRule::LeftOut => "left_out",
        BlankRule::InBase => "in_base",
    };
    let window = |row: &crate::measures::portfolio::RuleComparison| {
        row.rule.rules.window.map(|window| ((window.to - window.from) as f64 / 86_400e6).round())
    };
    let table = Table::new("rules")
        .texts("rule", card.rules.iter().map(|row| row.rule.name.clone()))
        .texts("several_answers", card.rules.iter().map(|row| several(row.rule.rules.several).to_owned()))
        .numbers("window_days", card.rules.iter().map(window))
        .texts("blanks", card.rules.iter().map(|row| blanks(row.rule.blanks).to_owned()))
        .flags("suppressed", card.rules.iter().map(|row| card.rules_hidden.contains(&row.rule.name)))
        .numbers("gap", card.rules.iter().map(|row| row.gap));
    estimates(table, &card.rules.iter().map(|row| row.estimate.as_ref()).collect::<Vec<_>>())
}

/// One row a window, `[from, to)` in ISO 8601.
fn rolling(card: &Scorecard) -> Table {
    let rows = &card.rolling;
    let table = Table::new("rolling")
        .texts("from", rows.iter().map(|own| instant(own.row.window.from)))
        .texts("to", rows.iter().map(|own| instant(own.row.window.to)))
        .numbers("overlap", rows.iter().map(|own| own.row.overlap))
        .flags("suppressed", rows.iter().map(|own| own.is_hidden));
    let shown = |own: &'_ RollingScore| !own.is_hidden;
    let of = rows.iter().map(|own| own.row.estimate.as_ref().filter(|_| shown(own)));
    estimates(table, &of.collect::<Vec<_>>())
}

/// One row a score that is held against the benchmark; `p_value` and `conf_low` are one-sided.
fn benchmark(card: &Scorecard) -> Table {
    let rows = &card.benchmarks;
    Table::new("benchmark")
        .texts("benchmark", rows.iter().map(|own| own.name.clone()))
        .texts("wave", rows.iter().map(|own| own.wave.clone()))
        .numbers("benchmark_nps", rows.iter().map(|own| own.figure.nps))
        .integers("benchmark_n", rows.iter().map(|own| own.figure.n.map(|n| n as i64)))
        .integers("n", rows.iter().map(|own| own.n as i64))
        .numbers("nps", rows.iter().map(|own| own.test.nps))
        .numbers("gap", rows.iter().map(|own| own.test.gap))
        .numbers("std_error", rows.iter().map(|own| own.test.std_error))
        .numbers("statistic", rows.iter().map(|own| own.test.statistic))
        .numbers("p_value", rows.iter().map(|own| own.test.p_value))
        .numbers("conf_low", rows.iter().map(|own| own.test.conf_low))
        .texts("interval", rows.iter().map(|_| "adjusted-wald-one-sided".to_owned()))
        .numbers("confidence", rows.iter().map(|own| own.confidence.level()))
}

/// One row a cut that is held against the benchmark or its own; one-sided as in the table of the benchmark.
fn benchmark_by_cut(card: &Scorecard) -> Table {
    let rows = &card.benchmarks_by_cut;
    Table::new("benchmark_by_cut")
        .texts("by", rows.iter().map(|own| own.cut.column.clone()))
        .texts("value", rows.iter().map(|own| own.cut.value.clone()))
        .numbers("benchmark_nps", rows.iter().map(|own| own.tested.figure.nps))
        .integers("benchmark_n", rows.iter().map(|own| own.tested.figure.n.map(|n| n as i64)))
        .integers("n", rows.iter().map(|own| own.n as i64))
        .numbers("nps", rows.iter().map(|own| own.tested.test.nps))
        .numbers("gap", rows.iter().map(|own| own.tested.test.gap))
        .numbers("std_error", rows.iter().map(|own| own.tested.test.std_error))
        .numbers("statistic", rows.iter().map(|own| own.tested.test.statistic))
        .numbers("p_value", rows.iter().map(|own| own.tested.test.p_value))
        .numbers("p_adjusted", rows.iter().map(|own| own.tested.p_adjusted))
        .flags("is_discovery", rows.iter().map(|own| own.tested.is_discovery))
        .numbers("conf_low", rows.iter().map(|own| own.tested.test.conf_low))
        .texts("interval", rows.iter().map(|_| "adjusted-wald-one-sided".to_owned()))
        .numbers("confidence", rows.iter().map(|own| own.confidence.level()))
}

fn correlations(card: &Scorecard) -> Table {
    let rows = &card.correlations;
    Table::new("correlations")
        .texts("one", rows.iter().map(|row| row.one.clone()))
        .texts("other", rows.iter().map(|row| row.other.clone()))
        .integers("n", rows.iter().map(|row| row.n as i64))
        .numbers("n_effective", rows.iter().map(|row| row.n_effective))
        .numbers("correlation", rows.iter().map(|row| row.correlation))
        .numbers("conf_low", rows.iter().map(|row| row.conf_low))
        .numbers("conf_high", rows.iter().map(|row| row.conf_high))
        .texts("interval", rows.iter().map(|row| row.interval.to_owned()))
}

fn changes(card: &Scorecard) -> Table {
    let rows: Vec<_> = card
        .changes
        .iter()
        .flat_map(|wave| {
            let all = (wave, "all answers".to_owned(), Some(wave.all.clone()), None);
            let cuts = wave.cuts.iter().map(move |cut| (wave, cut.name.clone(), cut.change.clone(), cut.p_adjusted));
            std::iter::once(all).chain(cuts)
        })
        .collect();
    let number = |get: fn(&crate::measures::change::Change) -> f64| {
        rows.iter().map(move |(_, _, change, _)| change.as_ref().map(get))
    };
    Table::new("changes")
        .texts("before", rows.iter().map(|(wave, ..)| wave.before.clone()))
        .texts("after", rows.iter().map(|(wave, ..)| wave.after.clone()))
        .texts("cut", rows.iter().map(|(_, name, ..)| name.clone()))
        .flags("same_wording", rows.iter().map(|(wave, ..)| wave.same_wording))
        .numbers("n_effective_before", number(|own| own.n_before))
        .numbers("n_effective_after", number(|own| own.n_after))
        .numbers("nps_before", number(|own| own.before))
        .numbers("nps_after", number(|own| own.after))
        .numbers("change", number(|own| own.change))
        .numbers("adjusted_change", number(|own| own.centre))
        .numbers("std_error", number(|own| own.std_error))
        .numbers("statistic", number(|own| own.statistic))
        .numbers("p_value", number(|own| own.p_value))
        .numbers("p_adjusted", rows.iter().map(|(.., adjusted)| *adjusted))
        .numbers("conf_low", number(|own| own.conf_low))
        .numbers("conf_high", number(|own| own.conf_high))
        .texts("interval", rows.iter().map(|(_, _, change, _)| change.as_ref().map(|_| "adjusted-wald".to_owned())))
        .numbers("minimum_detectable", number(|own| own.minimum_detectable))
        .numbers("power", number(|own| own.power.chance()))
        .numbers("confidence", number(|own| own.confidence.level()))
}

/// Waves and those who answered in both of them.
fn pairs(card: &Scorecard) -> Vec<(&WaveChange, &WavePairs)> {
    card.changes.iter().filter_map(|wave| Some((wave, wave.paired.as_ref()?))).collect()
}

/// One row two waves: those who answered in both, each with the last answer of either.
fn paired_changes(card: &Scorecard) -> Table {
    let rows = pairs(card);
    let number = |get: fn(&PairedChange) -> Option<f64>| rows.iter().map(move |(_, own)| get(&own.change));
    Table::new("paired_changes")
        .texts("before", rows.iter().map(|(wave, _)| wave.before.clone()))
        .texts("after", rows.iter().map(|(wave, _)| wave.after.clone()))
        .flags("same_wording", rows.iter().map(|(wave, _)| wave.same_wording))
        .integers("n", rows.iter().map(|(_, own)| own.change.n as i64))
        .numbers("nps_before", number(|own| Some(own.before)))
        .numbers("nps_after", number(|own| Some(own.after)))
        .numbers("change", number(|own| Some(own.change)))
        .numbers("std_error", number(|own| Some(own.std_error)))
        .numbers("statistic", number(|own| Some(own.statistic)))
        .numbers("p_value", number(|own| Some(own.p_value)))
        .numbers("conf_low", number(|own| Some(own.conf_low)))
        .numbers("conf_high", number(|own| Some(own.conf_high)))
        .numbers("correlation", number(|own| own.correlation))
        .numbers("minimum_detectable", number(|own| Some(own.minimum_detectable)))
        .numbers("power", number(|own| Some(own.power.chance())))
        .numbers("confidence", number(|own| Some(own.confidence.level())))
        .numbers("p_begin_alike", rows.iter().map(|(_, own)| own.began.map(|began| began.p_value)))
}

/// One row a class before and a class after of those who answered in both of two waves, where all nine may be shown.
fn moves(card: &Scorecard) -> Table {
    const CLASSES: [&str; 3] = ["detractor", "passive", "promoter"];
    let rows: Vec<_> = pairs(card)
        .into_iter()
        .filter(|(_, own)| own.moves_shown)
        .flat_map(|(wave, own)| {
            (0..9).map(move |cell| (wave, cell / 3, cell % 3, own.change.moves[cell / 3][cell % 3]))
        })
        .collect();
    Table::new("moves")
        .texts("before", rows.iter().map(|(wave, ..)| wave.before.clone()))
        .texts("after", rows.iter().map(|(wave, ..)| wave.after.clone()))
        .texts("class_before", rows.iter().map(|(_, from, ..)| CLASSES[*from].to_owned()))
        .texts("class_after", rows.iter().map(|(_, _, to, _)| CLASSES[*to].to_owned()))
        .integers("n", rows.iter().map(|(.., n)| *n as i64))
}

fn control(card: &Scorecard) -> Table {
    let rows = &card.control;
    Table::new("control_limits")
        .texts("wave", rows.iter().map(|row| row.wave.clone()))
        .numbers("nps", rows.iter().map(|row| row.nps))
        .numbers("centre", rows.iter().map(|row| row.centre))
        .numbers("low", rows.iter().map(|row| row.low))
        .numbers("high", rows.iter().map(|row| row.high))
        .flags("is_outside", rows.iter().map(|row| row.is_outside))
        .flags("in_run", rows.iter().map(|row| row.in_run))
}

fn movement(card: &Scorecard) -> Table {
    let rows: Vec<_> = card.movement.iter().flat_map(|own| own.parts.rows.iter().map(move |row| (own, row))).collect();
    Table::new("movement")
        .texts("before", rows.iter().map(|(own, _)| own.before.clone()))
        .texts("after", rows.iter().map(|(own, _)| own.after.clone()))
        .texts("by", rows.iter().map(|(own, _)| own.by.clone()))
        .texts("part", rows.iter().map(|(_, row)| row.part.clone()))
        .numbers("estimate", rows.iter().map(|(_, row)| row.estimate))
        .numbers("conf_low", rows.iter().map(|(_, row)| row.conf_low))
        .numbers("conf_high", rows.iter().map(|(_, row)| row.conf_high))
        .texts("interval", rows.iter().map(|_| "bootstrap".to_owned()))
        .integers("n_replicates", rows.iter().map(|(own, _)| own.parts.n_replicates as i64))
}

fn say_do(card: &Scorecard) -> Table {
    let rows: Vec<_> = card
        .behaviours
        .iter()
        .flat_map(|own| own.by_answer.iter().chain(&own.by_class).map(move |row| (own, row)))
        .collect();
    let table = Table::new("say_do")
        .texts("outcome", rows.iter().map(|(own, _)| own.outcome.clone()))
        .texts("said", rows.iter().map(|(_, row)| row.said.clone()));
    estimates(table, &rows.iter().map(|(_, row)| row.did.as_ref()).collect::<Vec<_>>())
}

fn cuts(card: &Scorecard) -> Table {
    let rows: Vec<_> = card.behaviours.iter().filter_map(|own| Some((own, own.cuts.as_ref()?))).collect();
    Table::new("answer_cuts")
        .texts("outcome", rows.iter().map(|(own, _)| own.outcome.clone()))
        .integers("n", rows.iter().map(|(_, row)| row.n as i64))
        .integers("low_to", rows.iter().map(|(_, row)| row.chosen.low_to as i64))
        .integers("middle_to", rows.iter().map(|(_, row)| row.chosen.middle_to as i64))
        .numbers("loss_without_cuts", rows.iter().map(|(_, row)| row.without_cuts))
        .numbers("loss_customary", rows.iter().map(|(_, row)| row.customary))
        .numbers("loss_data_chosen", rows.iter().map(|(_, row)| row.data_chosen))
        .numbers("loss_every_answer", rows.iter().map(|(_, row)| row.every_answer))
        .numbers("gain", rows.iter().map(|(_, row)| row.gain))
        .numbers("std_error", rows.iter().map(|(_, row)| row.std_error))
        .numbers("p_value", rows.iter().map(|(_, row)| row.p_value))
}

fn revenue_at_risk(card: &Scorecard) -> Table {
    let rows: Vec<_> = card
        .behaviours
        .iter()
        .filter_map(|own| Some((own, own.at_risk.as_ref()?)))
        .flat_map(|(own, risk)| {
            let interval = |low, high| Some((low, high));
            let fitted = [
                ("goes with the answers".to_owned(), risk.excess, interval(risk.conf_low, risk.conf_high)),
                ("all expected losses".to_owned(), risk.expected_loss, interval(risk.loss_low, risk.loss_high)),
            ];
            let thumbs = risk.rules.iter().map(|row| (format!("rule of thumb: {}", row.rule.name), row.revenue, None));
            fitted.into_iter().chain(thumbs).map(move |row| (own, row)).collect::<Vec<_>>()
        })
        .collect();
    Table::new("revenue_at_risk")
        .texts("outcome", rows.iter().map(|(own, _)| own.outcome.clone()))
        .texts("figure", rows.iter().map(|(_, (figure, ..))| figure.clone()))
        .numbers("revenue", rows.iter().map(|(_, (_, revenue, _))| *revenue))
        .numbers("conf_low", rows.iter().map(|(_, (.., ends))| ends.map(|(low, _)| low)))
        .numbers("conf_high", rows.iter().map(|(_, (.., ends))| ends.map(|(_, high)| high)))
}

fn trend(card: &Scorecard) -> Table {
    let number = |get: fn(&crate::measures::change::Trend) -> Option<f64>| card.trend.iter().map(get);
    Table::new("trend")
        .integers("n_waves", card.trend.iter().map(|own| own.n_waves as i64))
        .texts("per", card.trend.iter().map(|_| card.trend_unit.to_owned()))
        .numbers("slope", number(|own| Some(own.slope)))
        .numbers("std_error", number(|own| Some(own.std_error)))
        .numbers("p_value", number(|own| Some(own.p_value)))
        .numbers("conf_low", number(|own| Some(own.conf_low)))
        .numbers("conf_high", number(|own| Some(own.conf_high)))
        .numbers("dispersion", number(|own| own.dispersion))
        .numbers("scatter_p_value", number(|own| own.scatter_p_value))
}

fn response_rates(card: &Scorecard) -> Table {
    let rows = &card.response;
    let by = |row: &ResponseRate| match &row.cut {
        ResponseCut::All => None,
        ResponseCut::Invitation(name) | ResponseCut::Profile(name) => Some(name.clone()),
    };
    Table::new("response_rates")
        .texts("by", rows.iter().map(by))
        .texts("value", rows.iter().map(|row| row.value.clone()))
        .integers("n_invited", rows.iter().map(|row| row.n_invited as i64))
        .integers("n_answered", rows.iter().map(|row| row.n_answered as i64))
        .integers("n_open", rows.iter().map(|row| row.n_open as i64))
        .numbers("rate", rows.iter().map(|row| row.rate))
        .numbers("conf_low", rows.iter().map(|row| row.conf_low))
        .numbers("conf_high", rows.iter().map(|row| row.conf_high))
}

/// One row a column of the history; `at` in ISO 8601.
fn respondents_against_base(card: &Scorecard) -> Table {
    let rows: Vec<_> = card.respondents.iter().flat_map(|own| own.rows.iter().map(move |row| (own.at, row))).collect();
    // Without a customer there is no mean.
    let mean = |own: Spread| (own.n > 0).then_some(own.mean);
    Table::new("respondents_against_base")
        .texts("at", rows.iter().map(|(at, _)| instant(*at)))
        .texts("column", rows.iter().map(|(_, row)| row.column.clone()))
        .integers("n_respondents", rows.iter().map(|(_, row)| row.respondents.n as i64))
        .numbers("mean_respondents", rows.iter().map(|(_, row)| mean(row.respondents)))
        .numbers("sd_respondents", rows.iter().map(|(_, row)| row.respondents.sd()))
        .integers("n_base", rows.iter().map(|(_, row)| row.base.n as i64))
        .numbers("mean_base", rows.iter().map(|(_, row)| mean(row.base)))
        .numbers("sd_base", rows.iter().map(|(_, row)| row.base.sd()))
        .numbers("standardised_difference", rows.iter().map(|(_, row)| row.standardised_difference()))
}

/// An instant in UTC microseconds as people read it.
fn instant(at: i64) -> String {
    jiff::Timestamp::from_microsecond(at).map_or_else(|_| at.to_string(), |at| at.to_string())
}

/// One row a class and day on which somebody bought again.
fn survival(card: &Scorecard) -> Table {
    let classes = card.survival.iter().flat_map(|own| &own.classes);
    let rows: Vec<_> = classes.flat_map(|own| own.curve.steps.iter().map(move |step| (own, step))).collect();
    Table::new("survival")
        .texts("class", rows.iter().map(|(own, _)| own.class.clone()))
        .numbers("time_days", rows.iter().map(|(_, step)| step.time))
        .integers("n_at_risk", rows.iter().map(|(_, step)| step.n_at_risk as i64))
        .integers("n_events", rows.iter().map(|(_, step)| step.n_events as i64))
        .integers("n_censored", rows.iter().map(|(_, step)| step.n_censored as i64))
        .numbers("survival", rows.iter().map(|(_, step)| step.survival))
        .numbers("std_error", rows.iter().map(|(_, step)| step.std_error))
        .numbers("conf_low", rows.iter().map(|(_, step)| step.conf_low))
        .numbers("conf_high", rows.iter().map(|(_, step)| step.conf_high))
}

/// One row a class, beside the test of whether the classes differ.
fn survival_classes(card: &Scorecard) -> Table {
    let rows: Vec<_> =
        card.survival.iter().flat_map(|own| own.classes.iter().map(move |class| (own.test.as_ref(), class))).collect();
    let of_test = |get: fn(&LogRank) -> f64| rows.iter().map(move |(test, _)| test.map(get));
    Table::new("survival_classes")
        .texts("class", rows.iter().map(|(_, own)| own.class.clone()))
        .integers("n", rows.iter().map(|(_, own)| own.curve.n as i64))
        .integers("n_events", rows.iter().map(|(_, own)| own.curve.n_events as i64))
        .numbers("n_expected", rows.iter().map(|(_, own)| own.n_expected))
        .numbers("median_days", rows.iter().map(|(_, own)| own.curve.median))
        .numbers("conf_low", rows.iter().map(|(_, own)| own.curve.median_low))
        .numbers("conf_high", rows.iter().map(|(_, own)| own.curve.median_high))
        .numbers("last_days", rows.iter().map(|(_, own)| Some(own.curve.last)))
        .numbers("statistic", of_test(|test| test.statistic))
        .numbers("degrees_of_freedom", of_test(|test| test.degrees_of_freedom))
        .numbers("p_value", of_test(|test| test.p_value))
}

fn weighting(card: &Scorecard) -> Table {
    let rows: Vec<_> = card
        .weighting
        .iter()
        .flat_map(|own| [("before", &own.before, own, None), ("after", &own.after, own, Some(own))])
        .collect();
    let number = |get: fn(&NetPromoterScore) -> f64| rows.iter().map(move |(_, score, ..)| get(score));
    let everybody = |get: fn(&Everybody) -> u64| {
        rows.iter().map(move |(.., own)| own.and_then(|own| own.everybody).map(|own| get(&own) as i64))
    };
    let cost = |get: fn(&Weighting) -> f64| rows.iter().map(move |(.., raked)| raked.map(get));
    let remade = |get: fn(&RemadeScore) -> f64| {
        rows.iter().map(move |(.., own)| own.and_then(|own| own.remade).map(|own| get(&own)))
    };
    Table::new("weighting")
        .texts("method", rows.iter().map(|(_, _, own, _)| own.method.word().to_owned()))
        .texts("wave", rows.iter().map(|(_, _, own, _)| own.wave.clone()))
        .texts("weights", rows.iter().map(|(word, ..)| (*word).to_owned()))
        .texts("by", rows.iter().map(|(_, _, own, _)| own.columns.join(", ")))
        .integers("n", rows.iter().map(|(_, score, ..)| score.n as i64))
        .numbers("n_effective", number(|score| score.n_effective))
        .numbers("estimate", number(|score| score.nps))
        .numbers("std_error", number(|score| score.std_error))
        .numbers("conf_low", number(|score| score.conf_low))
        .numbers("conf_high", number(|score| score.conf_high))
        .texts("interval", rows.iter().map(|(_, score, ..)| score.interval.word().to_owned()))
        .numbers("confidence", number(|score| score.confidence.level()))
        .numbers("asked_share", rows.iter().map(|(_, score, ..)| score.asked_share))
        .numbers("given_std_error", rows.iter().map(|(.., own)| own.and_then(|own| own.given_std_error)))
        .numbers("bootstrap_std_error", remade(|own| own.std_error))
        .numbers("bootstrap_low", remade(|own| own.conf_low))
        .numbers("bootstrap_high", remade(|own| own.conf_high))
        .integers(
            "n_replicates",
            rows.iter().map(|(.., own)| own.and_then(|own| own.remade).map(|own| own.n_replicates as i64)),
        )
        .numbers("gap", cost(|own| own.gap))
        .numbers("efficiency", cost(|own| own.efficiency.efficiency))
        .numbers("design_effect", cost(|own| own.efficiency.design_effect))
        .numbers("smallest_weight", cost(|own| own.efficiency.smallest))
        .numbers("largest_weight", cost(|own| own.efficiency.largest))
        .integers("rounds", rows.iter().map(|(.., raked)| raked.and_then(|own| own.rounds).map(|n| n as i64)))
        .integers("n_trimmed", rows.iter().map(|(.., own)| own.and_then(|own| own.n_trimmed).map(|n| n as i64)))
        .integers("n_everybody", everybody(|own| own.n_customers))
        .integers("n_everybody_answered", everybody(|own| own.n_answered))
}
