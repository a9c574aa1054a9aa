//! The sentences at the top: what a reader who reads nothing else should know. They hold in every case.

use super::InfluenceResult;
use super::evaluation::EvaluationResult;
use super::results::{OutcomeResult, ScoreSummary, StudyResults};
use super::sections::{benchmark_sentence, change_sentences, kept_sentences, lead_sentences, weighted_sentence};
use super::standing::{self, Link};
use super::{sentences, words};
use crate::drivers::{DriverRanking, DriverRow};
use crate::estimators::Family;

/// Probability of ranking first from which the first place is called settled.
const SETTLED: f64 = 0.95;

/// A statement under a short lead.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Headline {
    pub lead: String,
    pub text: String,
}

/// What a reader who reads nothing else should know.
pub(super) fn headlines(results: &StudyResults) -> Vec<Headline> {
    let mut all = vec![Headline { lead: "Net Promoter Score".to_owned(), text: score(results) }];
    all.extend(beside_the_score(results));
    all.extend(
        results
            .outcomes
            .iter()
            .map(|outcome| Headline { lead: sentences::outcome_title(outcome), text: of_outcome(results, outcome) }),
    );
    if let Some(text) = say_and_do(results) {
        all.push(Headline { lead: "What people say and what they do".to_owned(), text });
    }
    if let Some(text) = of_evaluations(results) {
        all.push(Headline { lead: "How far to trust the models".to_owned(), text });
    }
    if let Some(influence) = &results.influence {
        all.push(Headline { lead: "Who carries the word".to_owned(), text: of_influence(influence) });
    }
    if let Some(scores) = &results.scores {
        all.push(Headline { lead: "All customers".to_owned(), text: of_scores(scores) });
    }
    if let Some(text) = sentences::rows(results) {
        all.push(Headline { lead: "What this rests on".to_owned(), text });
    }
    all
}

/// One line each for the benchmark, for the change since the last wave, for what weights change, for what was done by those who said they would,
/// and for whether scores go before business; where they are known.
pub(super) fn beside_the_score(results: &StudyResults) -> Vec<Headline> {
    let card = &results.scorecard;
    let level = words::level(results.head.confidence);
    let line = |lead: &str, text: String| Headline { lead: lead.to_owned(), text };
    let change = card.changes.last().and_then(|own| change_sentences(own).into_iter().next());
    let whole = card.weighting.iter().filter(|own| own.wave.is_none());
    let weighting = whole.map(|own| weighted_sentence(own, &level)).collect::<Vec<_>>().join(" ");
    let benchmark = card.benchmarks.iter().map(benchmark_sentence).collect::<Vec<_>>().join(" ");
    let kept = kept_sentences(results).join(" ");
    [
        ("Against the benchmark", benchmark),
        ("Since the last wave", change.unwrap_or_default()),
        ("Weighted", weighting),
        ("Said and done", kept),
        ("Score and business", lead_sentences(results).join(" ")),
    ]
    .into_iter()
    .filter(|(_, text)| !text.is_empty())
    .map(|(lead, text)| line(lead, text))
    .collect()
}

/// How well the models sort or predict answers that they have not seen.
fn of_evaluations(results: &StudyResults) -> Option<String> {
    let one = |evaluation: &EvaluationResult| {
        let (metric, name) = match evaluation.family {
            Family::Logistic => ("roc_auc", "ROC AUC"),
            Family::Count => ("spearman", "rank correlation"),
            _ => ("r_squared", "R squared"),
        };
        let figure = evaluation.figure("model", metric)?;
        let interval = figure.conf_low.zip(figure.conf_high).map_or_else(String::new, |(low, high)| {
            format!(" ({})", words::range(words::fixed(low, 2), words::fixed(high, 2)))
        });
        Some(format!("{} {name} {}{interval}", evaluation.outcome, words::fixed(figure.estimate, 2)))
    };
    let figures: Vec<String> = results.evaluations.iter().filter_map(one).collect();
    (!figures.is_empty()).then(|| format!("On later answers of other customers: {}.", figures.join("; ")))
}

fn score(results: &StudyResults) -> String {
    let Some(row) = standing::overall(results) else {
        return "There is no score, because no recommend answer could be used.".to_owned();
    };
    let score = &row.score;
    let base = sentences::score_base(row);
    let mut text = format!(
        "The score is {} ({}), from {base}: {} promoters, {} passives, {} detractors{}.",
        words::score(score.nps),
        sentences::score_interval(row),
        words::percent(score.promoter_share),
        words::percent(score.passive_share),
        words::percent(score.detractor_share),
        if row.weighted { ", weighted" } else { "" },
    );
    if let Some(several) = sentences::several_answers(row) {
        text.push_str(&format!(" {several}"));
    }
    if row.below_minimum_base {
        text.push_str(" These are fewer answers than the study's minimum base, so read it as a hint.");
    }
    text
}

fn of_outcome(results: &StudyResults, outcome: &OutcomeResult) -> String {
    let Some(ranking) = &outcome.ranking else {
        return sentences::no_ranking(results, outcome);
    };
    let leading = leading(outcome, ranking);
    match standing::weak_link(results, outcome) {
        None => leading,
        Some(finding) => {
            let weak = words::sentence(&finding.sentence, &finding.about);
            let order = if standing::leaders(ranking).is_empty() { "" } else { "With that caveat, " };
            format!("{weak} {order}{leading}")
        }
    }
}

/// Who comes first, by how much and how surely.
fn leading(outcome: &OutcomeResult, ranking: &DriverRanking) -> String {
    if ranking.drivers.is_empty() {
        return "No driver was given.".to_owned();
    }
    match standing::leaders(ranking)[..] {
        [] => "None of the drivers explains anything of it.".to_owned(),
        [row] => format!("{}{}; {}.", first_place(ranking, row), direction(outcome, row), surely(ranking, row)),
        ref tied => {
            let names: Vec<String> = tied.iter().take(3).map(|row| quoted(&row.driver)).collect();
            let more = tied.len() - names.len();
            let who = if more > 0 { format!("{} and {more} more", names.join(", ")) } else { words::listed(&names) };
            let share = tied.first().map_or(0.0, |row| row.share);
            let what = format!("each with {} of what the drivers explain together", words::percent(share));
            format!("{who} share the first place, {what}{}.", tied_interval(ranking, tied))
        }
    }
}

fn first_place(ranking: &DriverRanking, row: &DriverRow) -> String {
    let share = words::percent(row.share);
    let interval = row.interval.map_or_else(String::new, |interval| {
        let ends = words::percent_range(interval.share_low, interval.share_high);
        format!(" ({} interval {ends})", words::level(ranking.confidence))
    });
    match ranking.drivers.len() {
        1 => format!("{} is the only driver", quoted(&row.driver)),
        _ => {
            format!("{} comes first, with {share} of what the drivers explain together{interval}", quoted(&row.driver))
        }
    }
}

fn tied_interval(ranking: &DriverRanking, tied: &[&DriverRow]) -> String {
    let ends: Vec<String> = tied
        .iter()
        .take(3)
        .filter_map(|row| row.interval)
        .map(|interval| words::percent_range(interval.share_low, interval.share_high))
        .collect();
    match ends[..] {
        [] => String::new(),
        _ => format!(" ({} intervals {})", words::level(ranking.confidence), words::listed(&ends)),
    }
}

/// Only what a reader would not expect: that more of the driver goes with less of the outcome.
fn direction(outcome: &OutcomeResult, row: &DriverRow) -> &'static str {
    match row.sign {
        Some(-1) if outcome.n_events.is_some() => ", where higher values go with a lower chance",
        Some(-1) => ", where higher values go with lower ones",
        _ => "",
    }
}

fn surely(ranking: &DriverRanking, row: &DriverRow) -> String {
    if ranking.drivers.len() == 1 {
        return "there is no other to rank it against".to_owned();
    }
    let Some(interval) = row.interval else {
        return "without a bootstrap, how sure its place is remains open".to_owned();
    };
    let resamples = words::counted(ranking.n_replicates, "resample", "resamples");
    let places = if interval.p_rank_1 >= SETTLED { "" } else { ", so its place is not settled" };
    if interval.p_rank_1 >= 1.0 {
        format!("it ranks first in every one of {resamples}")
    } else {
        format!("it ranks first in {} of {resamples}{places}", words::percent(interval.p_rank_1))
    }
}

/// Whether the scores that customers give go with what they do afterwards.
fn say_and_do(results: &StudyResults) -> Option<String> {
    let behaviours: Vec<&OutcomeResult> =
        results.outcomes.iter().filter(|outcome| standing::is_behaviour(outcome)).collect();
    if behaviours.is_empty() {
        return None;
    }
    let of = |link: Link| -> Vec<&str> {
        let matching = behaviours.iter().filter(|outcome| Link::of(results, outcome) == link);
        matching.map(|outcome| outcome.name.as_str()).collect()
    };
    let mut sentences = Vec::new();
    let (there, weak, unknown) = (of(Link::There), of(Link::Weak), of(Link::Unknown));
    if !there.is_empty() {
        let tests: Vec<String> = behaviours
            .iter()
            .filter(|outcome| there.contains(&outcome.name.as_str()))
            .filter_map(|outcome| outcome.ranking.as_ref().map(sentences::strength))
            .collect();
        let names = words::listed(&there);
        sentences.push(format!("What customers say goes with {names} ({}).", tests.join("; ")));
    }
    if !weak.is_empty() {
        let names = words::listed(&weak);
        sentences
            .push(format!("What customers say hardly goes with {names}: the link is weak, or no more than chance."));
    }
    if !unknown.is_empty() {
        sentences.push(format!("For {} this could not be tested.", words::listed(&unknown)));
    }
    sentences.extend(same_leader(results));
    Some(sentences.join(" "))
}

/// Whether the driver that comes first for what is said also comes first for what is done, where each has one.
fn same_leader(results: &StudyResults) -> Option<String> {
    let only_leader = |behaviour: bool| {
        results
            .outcomes
            .iter()
            .filter(|outcome| standing::is_behaviour(outcome) == behaviour)
            .filter(|outcome| Link::of(results, outcome) == Link::There)
            .find_map(|outcome| match standing::leaders(outcome.ranking.as_ref()?)[..] {
                [row] => Some((outcome.name.as_str(), row.driver.as_str())),
                _ => None,
            })
    };
    let ((said, said_first), (done, done_first)) = (only_leader(false)?, only_leader(true)?);
    Some(if said_first == done_first {
        format!("“{said_first}” comes first for both {said} and {done}.")
    } else {
        format!("What comes first differs: “{said_first}” for {said}, “{done_first}” for {done}.")
    })
}

fn of_influence(influence: &InfluenceResult) -> String {
    let graph = format!(
        "{} are linked by {}",
        words::counted(influence.n_customers, "customer", "customers"),
        words::counted(influence.n_referrals, "referral", "referrals")
    );
    match influence.customers.first() {
        None => format!("{graph}; nobody could be rated."),
        Some(first) => {
            let tied = influence.customers.iter().filter(|row| row.rating >= first.rating).count();
            let who = match tied {
                0 | 1 => format!("{} is rated highest", first.customer),
                _ => format!(
                    "{} customers share the highest rating, {} among them",
                    words::count(tied as u64),
                    first.customer
                ),
            };
            format!(
                "{graph}; {who}, with {} of 100 and an expected reach of {}.",
                words::fixed(first.rating, 1),
                sentences::reach(first.reach, first.reach_se, first.exact)
            )
        }
    }
}

fn of_scores(scores: &ScoreSummary) -> String {
    let n_silent = scores.n_customers.saturating_sub(scores.n_answered);
    let means: Vec<String> = scores
        .means
        .iter()
        .map(|mean| format!("{} {}", sentences::mean_name(mean), sentences::mean_score(mean)))
        .collect();
    let base = format!(
        "{} scored, {} of whom never answered",
        if scores.n_customers == 1 {
            "1 customer is".to_owned()
        } else {
            format!("{} customers are", words::count(scores.n_customers))
        },
        words::count(n_silent)
    );
    if means.is_empty() { format!("{base}.") } else { format!("{base}; mean by outcome: {}.", words::listed(&means)) }
}

/// A name as it stands, so that a reader sees where it ends.
fn quoted(name: &str) -> String {
    format!("“{name}”")
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    fn said(results: &StudyResults, lead: &str) -> String {
        let all = headlines(results);
        all.into_iter().find(|headline| headline.lead.contains(lead)).map(|headline| headline.text).unwrap_or_default()
    }

    fn change(edit: impl Fn(&mut DriverRanking)) -> StudyResults {
        let mut results = fixture::retail();
        if let Some(ranking) = &mut results.outcomes[0].ranking {
            edit(ranking);
        }
        results
    }

    #[test]
    fn the_leader_comes_with_share_interval_and_certainty() {
        let results = fixture::retail();
        assert_eq!(
            said(&results, "(recommend)"),
            "“delivery” comes first, with 38 % of what the drivers explain together (95 % interval 33 to 43 %); it ranks first \
             in every one of 1,000 resamples."
        );
        assert!(
            said(&results, "(promoter)")
                .ends_with("it ranks first in 50 % of 1,000 resamples, so its place is not settled.")
        );
    }

    #[test]
    fn a_weak_link_is_said_first() {
        let text = said(&fixture::retail(), "(repurchase)");
        assert!(text.starts_with("The link with repurchase is weak"), "{text}");
        assert!(text.contains("so ranks say little. With that caveat, “prices” comes first"), "{text}");
    }

    #[test]
    fn no_ranking_says_why() {
        let text = said(&fixture::retail(), "(referral)");
        assert!(text.starts_with("No drivers could be ranked. “referral” is separated"), "{text}");
    }

    #[test]
    fn say_and_do_holds_link_by_link() {
        let text = said(&fixture::retail(), "what they do");
        assert_eq!(
            text,
            "What customers say hardly goes with repurchase: the link is weak, or no more than chance. For referral this could \
             not be tested."
        );
    }

    #[test]
    fn a_link_that_is_there_is_named_with_its_strength_and_leader() {
        let mut results = fixture::retail();
        results.outcomes[2].findings.clear();
        if let Some(ranking) = &mut results.outcomes[2].ranking {
            ranking.findings.clear();
        }
        assert_eq!(
            said(&results, "what they do"),
            "What customers say goes with repurchase (McFadden's pseudo R squared 0.031, of which the drivers 0.008, p = 0.012). For referral this could not \
             be tested. What comes first differs: “delivery” for recommend, “prices” for repurchase."
        );
        if let Some(ranking) = &mut results.outcomes[2].ranking {
            ranking.p_value = 0.3;
        }
        assert!(said(&results, "what they do").starts_with("What customers say hardly goes with repurchase"));
    }

    #[test]
    fn without_behaviour_nothing_is_said_of_it() {
        let mut results = fixture::retail();
        results.outcomes.truncate(1);
        assert_eq!(said(&results, "what they do"), "");
    }

    #[test]
    fn drivers_of_equal_rank_share_the_first_place() {
        let results = change(|ranking| {
            ranking.drivers[1] = DriverRow { driver: "checkout".to_owned(), ..ranking.drivers[0].clone() }
        });
        let text = said(&results, "(recommend)");
        assert!(text.starts_with("“delivery” and “checkout” share the first place, each with 38 %"), "{text}");
        assert!(text.contains("33 to 43 % and 33 to 43 %"), "{text}");
    }

    #[test]
    fn drivers_that_explain_nothing_have_no_leader() {
        let results = change(|ranking| {
            ranking.drivers.iter_mut().for_each(|row| {
                row.share = 0.0;
                row.rank = 1;
            });
        });
        assert_eq!(said(&results, "(recommend)"), "None of the drivers explains anything of it.");
    }

    #[test]
    fn a_single_driver_is_not_called_first() {
        let text = said(&change(|ranking| ranking.drivers.truncate(1)), "(recommend)");
        assert_eq!(text, "“delivery” is the only driver; there is no other to rank it against.");
        assert_eq!(said(&change(|ranking| ranking.drivers.clear()), "(recommend)"), "No driver was given.");
    }

    #[test]
    fn without_a_bootstrap_certainty_remains_open() {
        let text = said(&fixture::without_bootstrap(), "(recommend)");
        assert!(text.ends_with("explain together; without a bootstrap, how sure its place is remains open."), "{text}");
    }

    #[test]
    fn a_leader_of_negative_sign_says_so() {
        let results = change(|ranking| ranking.drivers[0].sign = Some(-1));
        assert!(said(&results, "(recommend)").contains(", where higher values go with lower ones;"));
    }

    #[test]
    fn a_weighted_score_and_a_small_base_are_said() {
        let mut results = fixture::retail();
        results.measures[0].weighted = true;
        results.measures[0].below_minimum_base = true;
        let text = said(&results, "Net Promoter Score");
        assert!(text.contains("detractors, weighted. These are fewer answers"), "{text}");
        assert_eq!(sentences::weighting(&results.measures[1]), None);
    }

    #[test]
    fn nobody_rated_and_ties_at_the_top_are_said() {
        let mut results = fixture::retail();
        if let Some(influence) = &mut results.influence {
            influence.customers[1].rating = influence.customers[0].rating;
        }
        assert!(
            said(&results, "carries the word").contains("2 customers share the highest rating, C-23757 among them")
        );
        if let Some(influence) = &mut results.influence {
            influence.customers.clear();
        }
        assert!(said(&results, "carries the word").ends_with("nobody could be rated."));
    }
}
