//! The results as tables, one row a thing.

use super::{action_tables, contact_tables, driver_tables, influence_tables, scorecard_tables};
use crate::estimators::Coefficient;
use crate::report::{Cut, EvaluationResult, MeasureRow, OutcomeResult, StudyResults};
use crate::store::Table;

/// All tables but the scores, which are streamed.
pub(super) fn tables(results: &StudyResults) -> Vec<Table> {
    let mut tables = vec![
        drivers(&results.outcomes),
        driver_groups(&results.outcomes),
        driver_tables::methods(&results.outcomes),
        driver_tables::sizes(&results.outcomes),
        driver_tables::pairs(&results.outcomes),
        coefficients(&results.outcomes),
        fits(&results.outcomes),
        left_out(&results.outcomes),
        tests(&results.outcomes),
        steps(&results.outcomes),
        missing(&results.outcomes),
        touchpoints(results),
        evaluation(&results.evaluations),
        comparisons(&results.evaluations),
        splits(&results.evaluations),
        calibration(&results.evaluations),
        deciles(&results.evaluations),
        measures(&results.measures, &results.scorecard.hidden),
        match_report(results),
        sources(results),
        findings(results),
    ];
    tables.extend(scorecard_tables::tables(results));
    tables.extend(contact_tables::tables(results));
    tables.extend(action_tables::tables(results));
    tables.extend(results.influence.iter().flat_map(influence_tables::tables));
    tables
}

fn driver_groups(outcomes: &[OutcomeResult]) -> Table {
    let rows: Vec<_> = outcomes
        .iter()
        .filter_map(|outcome| Some((outcome, outcome.ranking.as_ref()?)))
        .flat_map(|(outcome, ranking)| ranking.groups.iter().map(move |group| (outcome, group)))
        .collect();
    let interval = || rows.iter().map(|(_, group)| group.interval);
    Table::new("driver_groups")
        .texts("outcome", rows.iter().map(|(outcome, _)| outcome.name.clone()))
        .texts("group", rows.iter().map(|(_, group)| group.group.clone()))
        .integers("rank", rows.iter().map(|(_, group)| group.rank as i64))
        .numbers("share", rows.iter().map(|(_, group)| group.share))
        .numbers("share_low", interval().map(|interval| interval.map(|interval| interval.share_low)))
        .numbers("share_high", interval().map(|interval| interval.map(|interval| interval.share_high)))
        .numbers("contribution", rows.iter().map(|(_, group)| group.contribution))
        .numbers("conf_low", interval().map(|interval| interval.map(|interval| interval.conf_low)))
        .numbers("conf_high", interval().map(|interval| interval.map(|interval| interval.conf_high)))
        .texts("drivers", rows.iter().map(|(_, group)| group.drivers.join(", ")))
}

fn drivers(outcomes: &[OutcomeResult]) -> Table {
    let rows: Vec<_> = outcomes
        .iter()
        .filter_map(|outcome| Some((outcome, outcome.ranking.as_ref()?)))
        .flat_map(|(outcome, ranking)| ranking.drivers.iter().map(move |driver| (outcome, ranking, driver)))
        .collect();
    let of_method = |key: &'static str| rows.iter().map(move |(_, _, driver)| driver.methods.get(key).copied());
    let interval = || rows.iter().map(|(_, _, driver)| driver.interval);
    Table::new("drivers")
        .texts("outcome", rows.iter().map(|(outcome, _, _)| outcome.name.clone()))
        .texts("driver", rows.iter().map(|(_, _, driver)| driver.driver.clone()))
        .integers("rank", rows.iter().map(|(_, _, driver)| driver.rank as i64))
        .numbers("share", rows.iter().map(|(_, _, driver)| driver.share))
        .numbers("share_low", interval().map(|interval| interval.map(|interval| interval.share_low)))
        .numbers("share_high", interval().map(|interval| interval.map(|interval| interval.share_high)))
        .numbers("contribution", rows.iter().map(|(_, _, driver)| driver.contribution))
        .numbers("conf_low", interval().map(|interval| interval.map(|interval| interval.conf_low)))
        .numbers("conf_high", interval().map(|interval| interval.map(|interval| interval.conf_high)))
        .integers("rank_low", interval().map(|interval| interval.map(|interval| interval.rank_low as i64)))
        .integers("rank_high", interval().map(|interval| interval.map(|interval| interval.rank_high as i64)))
        .numbers("p_rank_1", interval().map(|interval| interval.map(|interval| interval.p_rank_1)))
        .integers("sign", rows.iter().map(|(_, _, driver)| driver.sign.map(i64::from)))
        .numbers("coefficient", rows.iter().map(|(_, _, driver)| driver.coefficient))
        .numbers("correlation", rows.iter().map(|(_, _, driver)| driver.correlation))
        .numbers("p_noise", rows.iter().map(|(_, _, driver)| driver.noise.map(|noise| noise.p_value)))
        .numbers("p_noise_holm", rows.iter().map(|(_, _, driver)| driver.noise.map(|noise| noise.p_holm)))
        .numbers("p_noise_bh", rows.iter().map(|(_, _, driver)| driver.noise.map(|noise| noise.p_benjamini_hochberg)))
        .numbers("owen", of_method("owen"))
        .numbers("shapley", of_method("shapley"))
        .numbers("relative_weights", of_method("relative_weights"))
        .numbers("first", of_method("first"))
        .numbers("last", of_method("last"))
        .texts("family", rows.iter().map(|(outcome, _, _)| outcome.family.to_owned()))
        .texts("method", rows.iter().map(|(_, ranking, _)| ranking.method.word().to_owned()))
        .numbers("confidence", rows.iter().map(|(_, ranking, _)| ranking.confidence.level()))
        .integers("n_replicates", rows.iter().map(|(_, ranking, _)| ranking.n_replicates as i64))
        .integers("n_used", rows.iter().map(|(_, ranking, _)| ranking.n_used as i64))
}

/// Penalised terms have an estimate and nothing else.
fn coefficients(outcomes: &[OutcomeResult]) -> Table {
    struct Row<'r> {
        outcome: &'r OutcomeResult,
        term: &'r str,
        estimate: f64,
        tested: Option<&'r Coefficient>,
    }
    let rows: Vec<Row<'_>> = outcomes
        .iter()
        .flat_map(|outcome| {
            let tested = outcome.coefficients.iter().map(move |row| Row {
                outcome,
                term: &row.term,
                estimate: row.estimate,
                tested: Some(row),
            });
            let penalised = outcome.penalised.iter().flat_map(|own| &own.coefficients);
            let penalised =
                penalised.map(move |row| Row { outcome, term: &row.term, estimate: row.estimate, tested: None });
            tested.chain(penalised)
        })
        .collect();
    let tested = |value: fn(&Coefficient) -> f64| rows.iter().map(move |row| row.tested.map(value));
    Table::new("coefficients")
        .texts("outcome", rows.iter().map(|row| row.outcome.name.clone()))
        .texts("term", rows.iter().map(|row| row.term.to_owned()))
        .numbers("estimate", rows.iter().map(|row| row.estimate))
        .numbers("std_error", tested(|row| row.std_error))
        .numbers("statistic", tested(|row| row.statistic))
        .numbers("p_value", tested(|row| row.p_value))
        .numbers("conf_low", tested(|row| row.conf_low))
        .numbers("conf_high", tested(|row| row.conf_high))
        .numbers("vif", rows.iter().map(|row| row.outcome.inflation.get(row.term).copied()))
        .texts("family", rows.iter().map(|row| row.outcome.family.to_owned()))
        .texts("penalty", rows.iter().map(|row| row.outcome.penalised.as_ref().map(|own| own.penalty.to_owned())))
}

fn fits(outcomes: &[OutcomeResult]) -> Table {
    let rows: Vec<_> = outcomes.iter().filter_map(|outcome| Some((outcome, outcome.fit.as_ref()?))).collect();
    let metric = |name: &'static str| {
        rows.iter().map(move |(outcome, _)| {
            outcome.in_sample.iter().find(|metric| metric.metric == name).map(|metric| metric.value)
        })
    };
    Table::new("fits")
        .texts("outcome", rows.iter().map(|(outcome, _)| outcome.name.clone()))
        .texts("family", rows.iter().map(|(_, fit)| fit.family.word().to_owned()))
        .integers("window_days", rows.iter().map(|(outcome, _)| outcome.window_days.map(i64::from)))
        .integers("n_rows", rows.iter().map(|(outcome, _)| outcome.n_answers as i64))
        .integers("n_used", rows.iter().map(|(_, fit)| fit.n_used as i64))
        .integers("n_observations", rows.iter().map(|(_, fit)| fit.n_observations as i64))
        .integers("n_events", rows.iter().map(|(_, fit)| fit.n_events.map(|n| n as i64)))
        .integers("n_terms", rows.iter().map(|(_, fit)| fit.n_terms as i64))
        .integers("df_residual", rows.iter().map(|(_, fit)| fit.df_residual as i64))
        .numbers("r_squared", rows.iter().map(|(_, fit)| fit.r_squared))
        .numbers("adj_r_squared", rows.iter().map(|(_, fit)| fit.adj_r_squared))
        .numbers("pseudo_r_squared", rows.iter().map(|(_, fit)| fit.pseudo_r_squared))
        .numbers("sigma", rows.iter().map(|(_, fit)| fit.sigma))
        .numbers("log_likelihood", rows.iter().map(|(_, fit)| fit.log_likelihood))
        .numbers("null_log_likelihood", rows.iter().map(|(_, fit)| fit.null_log_likelihood))
        .numbers("deviance", rows.iter().map(|(_, fit)| fit.deviance))
        .numbers("aic", rows.iter().map(|(_, fit)| fit.aic))
        .numbers("bic", rows.iter().map(|(_, fit)| fit.bic))
        .texts("std_errors", rows.iter().map(|(_, fit)| fit.std_errors.word().to_owned()))
        .integers("n_clusters", rows.iter().map(|(_, fit)| fit.n_clusters.map(|n| n as i64)))
        .numbers("roc_auc", metric("roc_auc"))
        .numbers("brier", metric("brier"))
        .numbers("log_loss", metric("log_loss"))
        .numbers("rmse", metric("rmse"))
        .numbers("mae", metric("mae"))
}

fn steps(outcomes: &[OutcomeResult]) -> Table {
    let rows: Vec<_> =
        outcomes.iter().flat_map(|outcome| outcome.steps.iter().map(move |row| (outcome, row))).collect();
    Table::new("steps")
        .texts("outcome", rows.iter().map(|(outcome, _)| outcome.name.clone()))
        .texts("term", rows.iter().map(|(_, row)| row.term.clone()))
        .numbers("leave_detractors", rows.iter().map(|(_, row)| row.leave_low))
        .numbers("become_promoter", rows.iter().map(|(_, row)| row.reach_top))
        .numbers("difference", rows.iter().map(|(_, row)| row.difference.estimate))
        .numbers("std_error", rows.iter().map(|(_, row)| row.difference.std_error))
        .numbers("p_value", rows.iter().map(|(_, row)| row.difference.p_value))
        .numbers("conf_low", rows.iter().map(|(_, row)| row.difference.conf_low))
        .numbers("conf_high", rows.iter().map(|(_, row)| row.difference.conf_high))
}

fn missing(outcomes: &[OutcomeResult]) -> Table {
    let tables = outcomes.iter().filter_map(|outcome| Some((outcome, outcome.treatments.as_ref()?)));
    let rows: Vec<_> = tables
        .flat_map(|(outcome, table)| table.coefficients.iter().map(move |row| (outcome, table, row)))
        .map(|(outcome, table, row)| {
            let of_treatment = table.treatments.iter().find(|own| own.treatment == row.treatment);
            (outcome, of_treatment, row)
        })
        .collect();
    Table::new("missing")
        .texts("outcome", rows.iter().map(|(outcome, _, _)| outcome.name.clone()))
        .texts("treatment", rows.iter().map(|(_, _, row)| row.treatment.word().to_owned()))
        .integers("n_rows", rows.iter().map(|(_, own, _)| own.map(|own| own.n_rows as i64)))
        .integers("n_used", rows.iter().map(|(_, own, _)| own.map(|own| own.n_used as i64)))
        .integers("n_imputations", rows.iter().map(|(_, own, _)| own.and_then(|own| own.imputations).map(|n| n as i64)))
        .texts("term", rows.iter().map(|(_, _, row)| row.coefficient.term.clone()))
        .numbers("estimate", rows.iter().map(|(_, _, row)| row.coefficient.estimate))
        .numbers("std_error", rows.iter().map(|(_, _, row)| row.coefficient.std_error))
        .numbers("conf_low", rows.iter().map(|(_, _, row)| row.coefficient.conf_low))
        .numbers("conf_high", rows.iter().map(|(_, _, row)| row.coefficient.conf_high))
        .numbers("difference", rows.iter().map(|(_, _, row)| row.difference))
        .numbers("fraction_missing_information", rows.iter().map(|(_, _, row)| row.fraction_missing_information))
        .texts("std_errors", rows.iter().map(|(_, own, _)| own.map(|own| own.std_errors.word().to_owned())))
}

fn touchpoints(results: &StudyResults) -> Table {
    let rows: Vec<_> = results.touchpoints.iter().flat_map(|answers| &answers.scale_ends).collect();
    Table::new("touchpoints")
        .texts("touchpoint", rows.iter().map(|row| row.term.clone()))
        .integers("n_answers", rows.iter().map(|row| row.n_answers as i64))
        .numbers("low", rows.iter().map(|row| row.low))
        .numbers("high", rows.iter().map(|row| row.high))
        .numbers("floor_share", rows.iter().map(|row| row.floor_share))
        .numbers("ceiling_share", rows.iter().map(|row| row.ceiling_share))
}

fn tests(outcomes: &[OutcomeResult]) -> Table {
    let rows: Vec<_> =
        outcomes.iter().flat_map(|outcome| outcome.tests.iter().map(move |row| (outcome, row))).collect();
    Table::new("tests")
        .texts("outcome", rows.iter().map(|(outcome, _)| outcome.name.clone()))
        .texts("test", rows.iter().map(|(_, row)| row.test.clone()))
        .texts("about", rows.iter().map(|(_, row)| (!row.about.is_empty()).then(|| row.about.clone())))
        .numbers("statistic", rows.iter().map(|(_, row)| row.statistic))
        .numbers("df", rows.iter().map(|(_, row)| row.df))
        .numbers("df_residual", rows.iter().map(|(_, row)| row.df_residual))
        .numbers("p_value", rows.iter().map(|(_, row)| row.p_value))
        .numbers("share_explained", rows.iter().map(|(_, row)| row.share_explained))
}

fn left_out(outcomes: &[OutcomeResult]) -> Table {
    let rows: Vec<_> = outcomes
        .iter()
        .flat_map(|outcome| {
            let used = std::iter::once((outcome, "used", outcome.n_used));
            used.chain(outcome.left_out.iter().map(move |left_out| (outcome, left_out.reason.as_str(), left_out.n)))
        })
        .collect();
    Table::new("answers_used")
        .texts("outcome", rows.iter().map(|(outcome, _, _)| outcome.name.clone()))
        .texts("reason", rows.iter().map(|(_, reason, _)| (*reason).to_owned()))
        .integers("n", rows.iter().map(|(_, _, n)| *n as i64))
        .integers("n_answers", rows.iter().map(|(outcome, _, _)| outcome.n_answers as i64))
}

/// The outcome's word beside each of its rows.
fn of_each<'e, T>(
    evaluations: &'e [EvaluationResult],
    rows: impl Fn(&'e EvaluationResult) -> &'e [T],
) -> Vec<(&'e str, &'e T)> {
    evaluations
        .iter()
        .flat_map(|evaluation| rows(evaluation).iter().map(|row| (evaluation.outcome.as_str(), row)))
        .collect()
}

fn evaluation(evaluations: &[EvaluationResult]) -> Table {
    let rows = of_each(evaluations, |evaluation| &evaluation.figures);
    Table::new("evaluation")
        .texts("outcome", rows.iter().map(|(outcome, _)| (*outcome).to_owned()))
        .texts("model", rows.iter().map(|(_, row)| row.model.clone()))
        .integers("fold", rows.iter().map(|(_, row)| row.fold.map(|fold| fold as i64)))
        .texts("by", rows.iter().map(|(_, row)| row.by.clone()))
        .texts("value", rows.iter().map(|(_, row)| row.segment.clone()))
        .texts("metric", rows.iter().map(|(_, row)| row.metric.clone()))
        .numbers("estimate", rows.iter().map(|(_, row)| row.estimate))
        .numbers("std_error", rows.iter().map(|(_, row)| row.std_error))
        .numbers("conf_low", rows.iter().map(|(_, row)| row.conf_low))
        .numbers("conf_high", rows.iter().map(|(_, row)| row.conf_high))
        .integers("n_rows", rows.iter().map(|(_, row)| row.n_rows as i64))
        .integers("n_customers", rows.iter().map(|(_, row)| row.n_customers as i64))
}

fn comparisons(evaluations: &[EvaluationResult]) -> Table {
    let rows = of_each(evaluations, |evaluation| &evaluation.comparisons);
    Table::new("comparisons")
        .texts("outcome", rows.iter().map(|(outcome, _)| (*outcome).to_owned()))
        .texts("champion", rows.iter().map(|(_, row)| row.champion.clone()))
        .texts("challenger", rows.iter().map(|(_, row)| row.challenger.clone()))
        .texts("metric", rows.iter().map(|(_, row)| row.metric.clone()))
        .numbers("champion_value", rows.iter().map(|(_, row)| row.champion_value))
        .numbers("challenger_value", rows.iter().map(|(_, row)| row.challenger_value))
        .numbers("difference", rows.iter().map(|(_, row)| row.difference))
        .numbers("std_error", rows.iter().map(|(_, row)| row.std_error))
        .numbers("conf_low", rows.iter().map(|(_, row)| row.conf_low))
        .numbers("conf_high", rows.iter().map(|(_, row)| row.conf_high))
}

fn splits(evaluations: &[EvaluationResult]) -> Table {
    let rows = of_each(evaluations, |evaluation| &evaluation.splits);
    let instant = |at: i64| jiff::Timestamp::from_microsecond(at).ok().map(|instant| instant.to_string());
    Table::new("splits")
        .texts("outcome", rows.iter().map(|(outcome, _)| (*outcome).to_owned()))
        .integers("fold", rows.iter().map(|(_, row)| row.fold as i64))
        .texts("cut", rows.iter().map(|(_, row)| row.cut_us.and_then(instant)))
        .integers("n_train", rows.iter().map(|(_, row)| row.n_train as i64))
        .integers("n_test", rows.iter().map(|(_, row)| row.n_test as i64))
        .integers("n_embargoed", rows.iter().map(|(_, row)| row.n_embargoed as i64))
        .integers("n_shared_customer", rows.iter().map(|(_, row)| row.n_shared_customer as i64))
}

fn calibration(evaluations: &[EvaluationResult]) -> Table {
    let rows = of_each(evaluations, |evaluation| &evaluation.curve);
    Table::new("calibration")
        .texts("outcome", rows.iter().map(|(outcome, _)| (*outcome).to_owned()))
        .integers("n_rows", rows.iter().map(|(_, bin)| bin.n_rows as i64))
        .numbers("low", rows.iter().map(|(_, bin)| bin.low))
        .numbers("high", rows.iter().map(|(_, bin)| bin.high))
        .numbers("mean_prediction", rows.iter().map(|(_, bin)| bin.mean_prediction))
        .numbers("observed", rows.iter().map(|(_, bin)| bin.observed))
        .numbers("conf_low", rows.iter().map(|(_, bin)| bin.conf_low))
        .numbers("conf_high", rows.iter().map(|(_, bin)| bin.conf_high))
}

fn deciles(evaluations: &[EvaluationResult]) -> Table {
    let rows = of_each(evaluations, |evaluation| &evaluation.deciles);
    Table::new("deciles")
        .texts("outcome", rows.iter().map(|(outcome, _)| (*outcome).to_owned()))
        .integers("decile", rows.iter().map(|(_, row)| row.decile as i64))
        .numbers("n_rows", rows.iter().map(|(_, row)| row.n_rows))
        .numbers("events", rows.iter().map(|(_, row)| row.events))
        .numbers("rate", rows.iter().map(|(_, row)| row.rate))
        .numbers("lift", rows.iter().map(|(_, row)| row.lift))
        .numbers("cumulative_lift", rows.iter().map(|(_, row)| row.cumulative_lift))
        .numbers("cumulative_gain", rows.iter().map(|(_, row)| row.cumulative_gain))
}

/// Cuts that are not shown have a row with nothing but their name.
fn measures(rows: &[MeasureRow], hidden: &[Cut]) -> Table {
    let rows = || rows.iter().map(Some).chain(hidden.iter().map(|_| None));
    let cuts = || rows().flatten().map(|row| row.cut.as_ref()).chain(hidden.iter().map(Some));
    let count = |count: fn(&MeasureRow) -> usize| rows().map(move |row| row.map(|row| count(row) as i64));
    let number = |number: fn(&MeasureRow) -> f64| rows().map(move |row| row.map(number));
    Table::new("measures")
        .texts("measure", rows().map(|_| "nps".to_owned()))
        .texts("by", cuts().map(|cut| cut.map(|cut| cut.column.clone())))
        .texts("value", cuts().map(|cut| cut.map(|cut| cut.value.clone())))
        .flags("weighted", rows().map(|row| row.map(|row| row.weighted)))
        .integers("n", count(|row| row.score.n))
        .integers("n_customers", rows().map(|row| row.and_then(|row| row.n_customers).map(|n| n as i64)))
        .texts("several_answers", rows().map(|row| row.map(|_| "all".to_owned())))
        .integers("promoters", count(|row| row.score.promoters))
        .integers("passives", count(|row| row.score.passives))
        .integers("detractors", count(|row| row.score.detractors))
        .numbers("estimate", number(|row| row.score.nps))
        .numbers("std_error", number(|row| row.score.std_error))
        .numbers("conf_low", number(|row| row.score.conf_low))
        .numbers("conf_high", number(|row| row.score.conf_high))
        .texts("interval", rows().map(|row| row.map(|row| row.score.interval.word().to_owned())))
        .numbers("confidence", number(|row| row.score.confidence.level()))
        .numbers("asked_share", rows().map(|row| row.and_then(|row| row.score.asked_share)))
        .numbers("promoter_share", number(|row| row.score.promoter_share))
        .numbers("passive_share", number(|row| row.score.passive_share))
        .numbers("detractor_share", number(|row| row.score.detractor_share))
        .numbers("weight_sum", number(|row| row.score.weight_sum))
        .numbers("n_effective", number(|row| row.score.n_effective))
        .flags("below_minimum_base", rows().map(|row| row.map(|row| row.below_minimum_base)))
        .flags("suppressed", rows().map(|row| row.is_none()))
}

fn match_report(results: &StudyResults) -> Table {
    let rows = &results.matches;
    Table::new("match_report")
        .texts("source", rows.iter().map(|row| row.source.clone()))
        .texts("key", rows.iter().map(|row| row.key.clone()))
        .texts("against", rows.iter().map(|row| row.against.clone()))
        .integers("n_rows", rows.iter().map(|row| row.n_rows as i64))
        .integers("n_matched", rows.iter().map(|row| row.n_matched as i64))
        .integers("n_unmatched", rows.iter().map(|row| row.n_unmatched as i64))
        .integers("n_ambiguous", rows.iter().map(|row| row.n_ambiguous as i64))
}

fn sources(results: &StudyResults) -> Table {
    let rows: Vec<(&str, &str, String, u64)> = results
        .sources
        .iter()
        .flat_map(|account| {
            let source = account.source.as_str();
            let quarantined = account
                .rows_quarantined
                .iter()
                .map(move |(reason, &n)| (source, "quarantined", reason.word().to_owned(), n));
            let excluded =
                account.rows_excluded.iter().map(move |(reason, &n)| (source, "excluded", reason.word().to_owned(), n));
            let corrected = account.corrections.as_ref().map_or(0, |counts| counts.used);
            let used = [(String::new(), account.rows_used - corrected), ("corrected".to_owned(), corrected)];
            let used = used.into_iter().filter(|(reason, n)| reason.is_empty() || *n > 0);
            used.map(move |(reason, n)| (source, "used", reason, n)).chain(quarantined).chain(excluded)
        })
        .collect();
    Table::new("rows_accounted")
        .texts("source", rows.iter().map(|row| row.0.to_owned()))
        .texts("fate", rows.iter().map(|row| row.1.to_owned()))
        .texts("reason", rows.iter().map(|row| (!row.2.is_empty()).then(|| row.2.clone())))
        .integers("n", rows.iter().map(|row| row.3 as i64))
}

fn findings(results: &StudyResults) -> Table {
    let of_outcomes = results.outcomes.iter().flat_map(|outcome| {
        let all = outcome.findings.iter().chain(&outcome.actions.findings);
        all.map(move |finding| (outcome.name.as_str(), finding))
    });
    let of_evaluations = of_each(&results.evaluations, |evaluation| &evaluation.findings);
    let of_influence =
        results.influence.iter().flat_map(|influence| influence.findings.iter().map(|finding| ("influence", finding)));
    let of_both = results.say_and_do.iter().flat_map(|own| own.findings.iter().map(|finding| ("say_and_do", finding)));
    let of_study = results.findings.iter().map(|finding| ("study", finding));
    let rows: Vec<_> = of_study.chain(of_outcomes).chain(of_both).chain(of_evaluations).chain(of_influence).collect();
    Table::new("findings")
        .texts("part", rows.iter().map(|(part, _)| (*part).to_owned()))
        .texts("kind", rows.iter().map(|(_, finding)| finding.kind.word().to_owned()))
        .texts("severity", rows.iter().map(|(_, finding)| finding.severity.word().to_owned()))
        .texts("about", rows.iter().map(|(_, finding)| finding.about.clone()))
        .texts("sentence", rows.iter().map(|(_, finding)| finding.sentence.clone()))
}
