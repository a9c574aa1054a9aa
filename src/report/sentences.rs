//! What the numbers say, in sentences shared by all renderers. Nothing here is escaped; each renderer does that.

use super::evaluation::EvaluationResult;
use super::influence_results::InfluenceRow;
use super::results::{ClusterUnit, MeasureRow, Metric, OutcomeResult, PenalisedTerms, StudyResults};
use super::{reasons, standing, words};
use crate::drivers::{DriverRanking, DriverRow};
use crate::intake::Exclusion;
use crate::link::ResponseCut;
use crate::stats::Confidence;

/// More names in runs of drivers that are not told apart are counted instead of listed.
const N_INDISTINCT_MAX: usize = 12;

/// One sentence said about everything below it.
pub(super) const ASSOCIATION: &str = "These are associations, not causal effects: they show what goes together in the \
     data, not what would happen if an experience were changed.";

/// `Buys again within 90 days (repurchase)`, or the name alone where there is no label.
pub(super) fn outcome_title(outcome: &OutcomeResult) -> String {
    titled(&outcome.label, &outcome.name)
}

/// A label with the name in brackets, or the name alone where there is no label.
pub(super) fn titled(label: &str, name: &str) -> String {
    let label = label.trim();
    if label.is_empty() || label.eq_ignore_ascii_case(name) {
        words::capitalised(name)
    } else {
        format!("{} ({name})", words::capitalised(label))
    }
}

/// `2,746 answers`, or `2,746 answers of 2,100 customers` where some gave several.
pub(super) fn score_base(row: &MeasureRow) -> String {
    let answers = words::counted(row.score.n, "answer", "answers");
    match row.n_customers.filter(|&n_customers| n_customers < row.score.n) {
        Some(n_customers) => format!("{answers} of {}", words::counted(n_customers, "customer", "customers")),
        None => answers,
    }
}

/// What is done with several answers of one customer; nothing where nobody gave several.
pub(super) fn several_answers(row: &MeasureRow) -> Option<&'static str> {
    row.n_customers.filter(|&n_customers| n_customers < row.score.n).map(|_| {
        "Every answer counts, also several of one customer; the interval allows for what answers of one customer have in \
         common."
    })
}

/// `95 % interval 37.1 to 42.4`; without one of a single answer and where all answers are one customer's.
pub(super) fn score_interval(row: &MeasureRow) -> String {
    if row.score.std_error.is_nan() {
        return format!("no interval from one {} alone", if row.score.n == 1 { "answer" } else { "customer" });
    }
    if row.score.asked_share.is_some_and(|share| share >= 1.0) {
        return "everybody was asked, so that there is no sampling error".to_owned();
    }
    let ends = words::score_range(row.score.conf_low, row.score.conf_high);
    format!("{} interval {ends}", words::level(row.score.confidence))
}

/// What the score's interval does not cover: that some of those asked did not answer. Nothing where it is not known who was asked,
/// or where all of them answered.
pub(super) fn of_those_who_answered(results: &StudyResults) -> Option<String> {
    let asked = results.scorecard.response.iter().find(|row| row.cut == ResponseCut::All && row.n_invited > 0)?;
    let share = 1.0 - asked.rate.filter(|rate| *rate < 1.0)?;
    let interval = overall_interval(results);
    Some(format!(
        "The score is of those who answered: {} of {} had no answer, and {interval} does not allow for how these customers differ.",
        words::percent(share),
        words::counted(asked.n_invited as usize, "invitation", "invitations"),
    ))
}

fn overall_interval(results: &StudyResults) -> &'static str {
    match standing::overall(results) {
        Some(row) if row.score.std_error.is_finite() && row.score.asked_share.is_none_or(|share| share < 1.0) => {
            "its interval"
        }
        _ => "it",
    }
}

/// What weighting does to the base; nothing without weights.
pub(super) fn weighting(row: &MeasureRow) -> Option<String> {
    row.weighted.then(|| {
        format!(
            "Weighted; the {} {} as much as {} of equal weight would.",
            words::counted(row.score.n, "answer", "answers"),
            words::either(row.score.n, "carries", "carry"),
            words::counted(row.score.n_effective.round() as usize, "answer", "answers")
        )
    })
}

/// Why an outcome has no ranked drivers.
pub(super) fn no_ranking(results: &StudyResults, outcome: &OutcomeResult) -> String {
    match standing::reason_for_none(results, outcome) {
        Some(finding) => {
            format!("No drivers could be ranked. {}", words::sentence(&finding.sentence, &finding.about))
        }
        None => "No drivers could be ranked.".to_owned(),
    }
}

/// `McFadden's pseudo R squared 0.080, p < 0.001`; where other columns are always in the model, also the drivers' part.
pub(super) fn strength(ranking: &DriverRanking) -> String {
    let fit = format!("{} {}", standing::fit_name(ranking.fit.measure), words::fixed(ranking.fit.value, 3));
    let part = standing::divides_a_part(ranking)
        .then(|| format!("of which the drivers {}", words::fixed(ranking.decomposed, 3)));
    let parts: Vec<String> = [Some(fit), part, words::p_phrase(ranking.p_value)].into_iter().flatten().collect();
    parts.join(", ")
}

/// `12.40 customers, exact`, or `12.4 ± 0.3 customers`; the customer counts as one.
pub(super) fn reach(reach: f64, std_error: f64, exact: bool) -> String {
    if exact {
        format!("{} customers, the customer included (exact)", words::fixed(reach, 2))
    } else {
        format!("{} customers, the customer included", sampled(reach, std_error))
    }
}

/// `99.1 of 100`; of a learned rating with its interval, which stays on the scale.
pub(super) fn rating(row: &InfluenceRow, confidence: Confidence) -> String {
    let interval = row.rating_se.filter(|std_error| std_error.is_finite()).map_or_else(String::new, |std_error| {
        let half = confidence.z() * std_error;
        let ends = words::score_range((row.rating - half).max(0.0), (row.rating + half).min(100.0));
        format!(" ({} {ends})", interval_name(confidence))
    });
    format!("{} of 100{interval}", words::score(row.rating))
}

/// `12.40 ± 0.31`.
pub(super) fn sampled(value: f64, std_error: f64) -> String {
    let decimals = words::decimals_of(std_error);
    format!("{} ± {}", words::estimate(value, decimals), words::estimate(std_error, decimals))
}

/// The same where there is a standard error; so many decimals where the value is exact.
pub(super) fn sampled_or_exact(value: f64, std_error: f64, decimals: usize) -> String {
    if std_error > 0.0 { sampled(value, std_error) } else { words::fixed(value, decimals) }
}

/// The outcome that a mean score is of: `purchases` for `expected_purchases`.
pub(super) fn mean_name(mean: &Metric) -> String {
    let name = mean.metric.strip_prefix("p_").or(mean.metric.strip_prefix("expected_")).unwrap_or(&mean.metric);
    reasons::spaced(name)
}

/// A mean score: percent for a probability, as in `p_promoter`; a plain number for what is expected.
pub(super) fn mean_score(mean: &Metric) -> String {
    if mean.metric.starts_with("p_") { words::percent(mean.value) } else { words::significant(mean.value) }
}

/// What became of all rows of all sources.
pub(super) fn rows(results: &StudyResults) -> Option<String> {
    if results.sources.is_empty() {
        return None;
    }
    let sum = |of: fn(&crate::intake::SourceAccount) -> u64| -> u64 { results.sources.iter().map(of).sum() };
    let (read, used) = (sum(|source| source.rows_read), sum(|source| source.rows_used));
    let (aside, excluded) = (sum(|source| source.n_quarantined()), sum(|source| source.n_excluded()));
    let later = sum(|source| source.rows_excluded.get(&Exclusion::AfterAsOf).copied().unwrap_or(0));
    let were = |n: u64, one: &'static str, many: &'static str| words::counted(n as usize, one, many);
    let mut text = format!("{} read and {} used", were(read, "row was", "rows were"), words::count(used));
    let others = [
        (aside, were(aside, "was put aside as unusable", "were put aside as unusable")),
        (later, were(later, "lies outside the time of the study", "lie outside the time of the study")),
        (excluded - later, were(excluded - later, "is left out for what it says", "are left out for what they say")),
    ];
    let others: Vec<String> = others.into_iter().filter(|(n, _)| *n > 0).map(|(_, text)| text).collect();
    match others.split_last() {
        None => {}
        Some((last, [])) => text.push_str(&format!("; {last}")),
        Some((last, rest)) => text.push_str(&format!("; {} and {last}", rest.join(", "))),
    }
    text.push('.');
    Some(text)
}

/// How many answers an outcome's model uses, and why the others are left out.
pub(super) fn base(outcome: &OutcomeResult) -> String {
    let events = outcome
        .n_events
        .map_or_else(String::new, |n_events| format!(" (it happened in {} of them)", words::count(n_events as u64)));
    let all = words::counted(outcome.n_answers, "answer", "answers");
    let (n, are) = (words::count(outcome.n_used as u64), words::either(outcome.n_used, "is", "are"));
    let ranked = standing::n_ranked_with_gaps(outcome);
    let (used, whence) = match ranked {
        Some(ranked) => (
            format!(
                "{} of {all} {} used by the ranking, which allows for gaps, and {n} by the model of the coefficients{events}",
                words::count(ranked as u64),
                words::either(ranked, "is", "are")
            ),
            "Left out of that model",
        ),
        None => (format!("{n} of {all} {are} used{events}"), "Left out"),
    };
    let left_out = left_out(outcome);
    if left_out.is_empty() { format!("{used}.") } else { format!("{used}. {whence}: {}.", left_out.join("; ")) }
}

/// `700 (a touchpoint was not answered)`, one a reason; also what no reason accounts for.
pub(super) fn left_out(outcome: &OutcomeResult) -> Vec<String> {
    let mut all: Vec<String> = outcome
        .left_out
        .iter()
        .filter(|left_out| left_out.n > 0)
        .map(|left_out| format!("{} ({})", words::count(left_out.n as u64), reasons::phrase(&left_out.reason)))
        .collect();
    let n_unaccounted = standing::n_unaccounted(outcome);
    if n_unaccounted > 0 {
        all.push(format!("{} (no reason stated)", words::count(n_unaccounted as u64)));
    }
    all
}

/// What a penalised model is.
pub(super) fn penalised(own: &PenalisedTerms) -> String {
    format!(
        "Fitted to predict, with a penalty ({}, lambda {}, share of the lasso {}) chosen by cross-validation; {} of {} {} \
         a coefficient. A penalised coefficient has no standard error and no test.",
        own.penalty.replace('_', " "),
        words::significant(own.lambda),
        own.mixing,
        own.n_nonzero,
        words::counted(own.n_features, "column", "columns"),
        words::either(own.n_nonzero, "has", "have")
    )
}

/// What the fit is and which part of it is divided among the drivers.
pub(super) fn fit(outcome: &OutcomeResult) -> Option<String> {
    let ranking = outcome.ranking.as_ref()?;
    let name = standing::fit_name(ranking.fit.measure);
    // With gaps filled for the ranking alone, the model of complete answers is another one.
    let own_model = outcome.fit.as_ref().filter(|fit| fit.n_rows == ranking.n_rows);
    let adjusted = own_model.and_then(|fit| fit.adj_r_squared);
    let adjusted = adjusted.map_or_else(String::new, |value| format!(" (adjusted {})", words::fixed(value, 3)));
    let value = words::fixed(ranking.fit.value, 3);
    let part = if standing::divides_a_part(ranking) {
        format!(", of which {} is divided among the drivers", words::fixed(ranking.decomposed, 3))
    } else {
        String::new()
    };
    let test =
        words::p_phrase(ranking.p_value).map_or_else(String::new, |p| format!("; test of all drivers together: {p}"));
    let (of_ranking, base) = match &outcome.fit {
        Some(fit) if fit.n_rows != ranking.n_rows => {
            let own =
                fit.r_squared.map_or_else(String::new, |own| format!(" has R squared {} and", words::fixed(own, 3)));
            let n_ranked = words::counted(ranking.n_used, "answer", "answers");
            let n_fitted = words::count(fit.n_used as u64);
            (
                " of the ranking",
                format!(
                    " Shares and this test rest on {n_ranked}, gaps allowed for; the model of the coefficients{own} rests on \
                     {n_fitted} without a gap."
                ),
            )
        }
        _ => ("", String::new()),
    };
    Some(format!("{name}{of_ranking} {value}{adjusted}{part}{test}.{base}"))
}

/// What the feedback adds to behaviour, by the first figure that has an interval.
pub(super) fn gain(results: &StudyResults, evaluation: &EvaluationResult) -> Option<String> {
    let row = evaluation
        .comparisons
        .iter()
        .find(|row| row.champion == "history" && row.challenger == "history_and_feedback" && row.conf_low.is_some())?;
    let (low, high) = row.conf_low.zip(row.conf_high)?;
    let figure = match row.metric.as_str() {
        "roc_auc" => "ROC AUC",
        "r_squared" => "R squared",
        "poisson_deviance" => "Poisson deviance",
        "ranked_probability_score" => "ranked probability score",
        other => other,
    };
    let verdict = if low > 0.0 || high < 0.0 { "" } else { ": no clear difference" };
    Some(format!(
        "What the feedback adds to behaviour: {figure} goes from {} (behaviour only) to {} (behaviour and feedback), a \
         difference of {} ({} interval {}){verdict}.",
        words::fixed(row.champion_value, 3),
        words::fixed(row.challenger_value, 3),
        words::fixed(row.difference, 3),
        words::level(results.head.confidence),
        words::range(words::fixed(low, 3), words::fixed(high, 3)),
    ))
}

/// How intervals of shares and ranks came about.
pub(super) fn bootstrap(ranking: &DriverRanking, clusters: ClusterUnit) -> String {
    if ranking.n_replicates == 0 {
        return "No bootstrap was made, so shares and ranks have no intervals.".to_owned();
    }
    let drawn = match ranking.n_clusters {
        Some(n_clusters) => format!("{} drawn with all their answers", clusters.counted(n_clusters)),
        None => "answers drawn one by one".to_owned(),
    };
    format!(
        "{} intervals of shares and ranks from {} ({drawn}).",
        words::level(ranking.confidence),
        words::counted(ranking.n_replicates, "bootstrap resample", "bootstrap resamples"),
    )
}

/// `“delivery” is the only driver, so there is nothing to rank it against; more of it goes with more.`
pub(super) fn only_driver(row: &DriverRow) -> String {
    let direction = match row.sign {
        Some(1) => "; more of it goes with more of the outcome",
        Some(-1) => "; more of it goes with less of the outcome",
        _ => "",
    };
    format!("“{}” is the only driver, so there is nothing to rank it against{direction}.", row.driver)
}

/// Neighbours whose order the resamples leave open; `None` where every order is sure, and without resamples.
pub(super) fn indistinct(ranking: &DriverRanking) -> Option<String> {
    if ranking.indistinct.is_empty() {
        return None;
    }
    let n_named: usize = ranking.indistinct.iter().map(Vec::len).sum();
    let longest = ranking.indistinct.iter().reduce(|one, other| if other.len() > one.len() { other } else { one });
    if let (true, Some([first, .., last])) = (n_named > N_INDISTINCT_MAX, longest.map(Vec::as_slice)) {
        let in_any = |row: &&DriverRow| ranking.indistinct.iter().any(|run| run.contains(&row.driver));
        return Some(format!(
            "By these answers {} of {} drivers are not told apart from a neighbour; the longest run is from {first} to {last}, {} \
             in a row.",
            ranking.drivers.iter().filter(in_any).count(),
            ranking.drivers.len(),
            longest.map_or(0, Vec::len)
        ));
    }
    let runs: Vec<String> = ranking.indistinct.iter().map(|run| words::listed(run)).collect();
    Some(format!("Not told apart by these answers: {}.", runs.join("; ")))
}

/// `95 % interval`.
pub(super) fn interval_name(confidence: Confidence) -> String {
    format!("{} interval", words::level(confidence))
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;
    use crate::link::ResponseRate;

    #[test]
    fn rows_are_left_out_for_their_time_or_for_what_they_say() {
        let mut results = fixture::retail();
        let orders = &mut results.sources[1];
        orders.rows_used -= 165;
        orders.rows_excluded.insert(Exclusion::ByStudy, 165);
        let said = rows(&results).expect("sources");
        let end = "; 46 were put aside as unusable, 10 lie outside the time of the study and 165 are left out for what they say.";
        assert!(said.ends_with(end), "{said}");
    }

    #[test]
    fn many_names_that_are_not_told_apart_are_counted() {
        let mut results = fixture::retail();
        let ranking = results.outcomes[0].ranking.as_mut().expect("a ranking");
        let names: Vec<String> = ranking.drivers.iter().map(|row| row.driver.clone()).collect();
        ranking.indistinct = vec![names[..2].to_vec()];
        assert_eq!(
            indistinct(ranking).expect("a run"),
            format!("Not told apart by these answers: {} and {}.", names[0], names[1])
        );
        ranking.indistinct = vec![names[..3].to_vec(); 5];
        assert_eq!(
            indistinct(ranking).expect("runs"),
            format!(
                "By these answers 3 of {} drivers are not told apart from a neighbour; the longest run is from {} to {}, 3 in a row.",
                names.len(),
                names[0],
                names[2]
            )
        );
    }

    #[test]
    fn what_the_interval_does_not_cover_stands_under_the_score() {
        let mut results = fixture::retail();
        assert_eq!(of_those_who_answered(&results), None);
        results.scorecard.response = vec![ResponseRate {
            cut: ResponseCut::All,
            value: None,
            n_invited: 2_000,
            n_answered: 900,
            n_open: 0,
            rate: Some(0.45),
            conf_low: Some(0.43),
            conf_high: Some(0.47),
        }];
        assert_eq!(
            of_those_who_answered(&results).expect("a sentence"),
            "The score is of those who answered: 55 % of 2,000 invitations had no answer, and its interval does not allow for how \
             these customers differ."
        );
    }
}
