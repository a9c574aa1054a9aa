//! The sentences at the top: what a reader who reads nothing else should know. They hold in every case.

use super::InfluenceResult;
use super::evaluation::EvaluationResult;
use super::results::{OutcomeResult, ScoreSummary, StudyResults};
use super::sections::{
    benchmark_sentence, kept_sentences, last_step, lead_sentences, trend_sentence, weighted_sentence,
};
use super::standing::{self, HeldOut, Link};
use super::words_and_deeds::words_and_deeds;
use super::{influence_lines, sentences, words};
use crate::drivers::performance::{Action, ActionRow};
use crate::drivers::{DriverRanking, DriverRow};
use crate::findings::FindingKind;
use crate::stats::Confidence;

/// Probability of ranking first from which the first place is called settled.
const SETTLED: f64 = 0.95;

/// Figures of which less is better, with their names.
const WORSE_HIGHER: [(&str, &str); 4] = [
    ("log_loss", "log loss"),
    ("brier", "Brier score"),
    ("rmse", "root mean squared error"),
    ("mae", "mean absolute error"),
];
/// The lead of what is said about waves.
const CHANGED: &str = "Has the score changed?";

/// A statement under a short lead.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Headline {
    pub lead: String,
    pub text: String,
}

/// What stands at the top.
pub(super) struct InShort {
    /// What a reader who reads nothing else should know, in the order of its weight: the score and its way, what to improve,
    /// whether words and deeds go together, and whom to invite.
    pub first: Vec<Headline>,
    /// What stands behind these.
    pub more: Vec<Headline>,
}

impl InShort {
    pub fn of(results: &StudyResults) -> Self {
        let line = |lead: &str, text: String| Headline { lead: lead.to_owned(), text: words::spoken(&text) };
        let (changed, beside): (Vec<Headline>, Vec<Headline>) =
            beside_the_score(results).into_iter().partition(|own| own.lead == CHANGED);
        let mut first = vec![line("Net Promoter Score", score(results))];
        first.extend(changed);
        first.extend(to_improve(results).map(|text| line("What to improve", text)));
        first.extend(words_and_deeds(results).map(|text| line("Do words and deeds go together?", text)));
        let plan =
            results.influence.as_ref().and_then(|own| Some(influence_lines::plan(own.plan.as_ref()?, &own.premise)));
        // Keys of customers stay as they are written.
        let as_written = |lead: &str, text: String| Headline { lead: lead.to_owned(), text };
        first.extend(plan.map(|text| as_written("Whom to invite", text)));
        let mut more: Vec<Headline> =
            results.outcomes.iter().map(|own| line(&sentences::outcome_title(own), of_outcome(results, own))).collect();
        more.extend(beside);
        more.extend(of_evaluations(results).map(|text| line("How far to trust the models", text)));
        let influence = results.influence.as_ref();
        more.extend(
            influence.map(|own| as_written("Who carries the word", of_influence(own, results.head.confidence))),
        );
        more.extend(results.scores.as_ref().map(|scores| line("All customers", of_scores(scores))));
        more.extend(sentences::rows(results).map(|text| line("What this rests on", text)));
        Self { first, more }
    }
}

/// One line each for the benchmark, for the change over all waves and since the last one, for what weights change, for what was
/// done by those who said they would,
/// and for whether scores go before business; where they are known.
pub(super) fn beside_the_score(results: &StudyResults) -> Vec<Headline> {
    let card = &results.scorecard;
    let level = words::level(results.head.confidence);
    let line = |lead: &str, text: String| Headline { lead: lead.to_owned(), text };
    // A last step without evidence of change is no news of the score where all waves show a trend, so both stand together.
    let last = card.changes.last().filter(|_| !card.waves_unordered).map(last_step);
    let change = trend_sentence(results).into_iter().chain(last).collect::<Vec<_>>().join(" ");
    let whole = card.weighting.iter().filter(|own| own.wave.is_none());
    let weighting = whole.map(|own| weighted_sentence(own, &level)).collect::<Vec<_>>().join(" ");
    let benchmark = card.benchmarks.iter().map(benchmark_sentence).collect::<Vec<_>>().join(" ");
    let kept = kept_sentences(results).join(" ");
    [
        ("Against the benchmark", benchmark),
        (CHANGED, change),
        ("Weighted", weighting),
        ("Said and done", kept),
        ("Score and business", lead_sentences(results).join(" ")),
    ]
    .into_iter()
    .filter(|(_, text)| !text.is_empty())
    .map(|(lead, text)| line(lead, words::spoken(&text)))
    .collect()
}

/// How well the models sort or predict answers that they have not seen, and whether purchases alone would do.
fn of_evaluations(results: &StudyResults) -> Option<String> {
    let judged: Vec<(&EvaluationResult, HeldOut<'_>)> =
        results.evaluations.iter().filter_map(|own| Some((own, HeldOut::of(own)?))).collect();
    if judged.is_empty() {
        return None;
    }
    let figures: Vec<String> = judged
        .iter()
        .map(|(own, held)| {
            format!("{}: {}{}", own.outcome, held.in_plain_words(), of_level(own, held).unwrap_or_default())
        })
        .collect();
    let mut sentences = vec![format!("On {}: {}.", unseen(results, &judged), figures.join("; "))];
    sentences.extend(judged.iter().filter_map(|(own, held)| beside_purchases(own, held)));
    let adds_nothing = |own: &&(&EvaluationResult, HeldOut<'_>)| {
        own.0.findings.iter().any(|finding| finding.kind == FindingKind::WeakLink)
    };
    // Intervals of these figures lie below zero where the model with feedback is worse.
    let is_worse = |(own, held): &&(&EvaluationResult, HeldOut<'_>)| {
        let row = own.comparison("history", "history_and_feedback", held.metric);
        row.and_then(|row| row.conf_high).is_some_and(|high| high < 0.0)
    };
    let (worse, open): (Vec<_>, Vec<_>) = judged.iter().filter(adds_nothing).partition(|own| is_worse(own));
    let named = |all: Vec<&(&EvaluationResult, HeldOut<'_>)>| -> Vec<String> {
        all.into_iter().map(|(own, _)| own.outcome.clone()).collect()
    };
    let (worse, names) = (named(worse), named(open));
    if !worse.is_empty() {
        let are = words::either(worse.len(), "is", "are");
        sentences
            .push(format!("With feedback {} {are} predicted worse than by behaviour alone.", words::listed(&worse)));
    }
    if !names.is_empty() {
        sentences.push(format!(
            "It is not shown that feedback adds anything to what behaviour tells about {}.",
            words::listed(&names)
        ));
    }
    Some(sentences.join(" "))
}

/// The answers by which the models were judged.
fn unseen(results: &StudyResults, judged: &[(&EvaluationResult, HeldOut<'_>)]) -> String {
    let of_others = if standing::knows_customers(results) { " of other customers" } else { "" };
    if judged.iter().all(|(own, _)| own.is_of_later()) {
        return format!("later answers{of_others}");
    }
    let n_folds = judged.iter().map(|(own, _)| own.splits.len()).max().unwrap_or(0);
    format!("answers{of_others} that the fit had not seen ({n_folds}-fold cross-validation)")
}

/// Whether probabilities are at the right level, beside a figure that tells of their order alone: a model may do well by one and
/// not by the other.
fn of_level(evaluation: &EvaluationResult, held_out: &HeldOut<'_>) -> Option<String> {
    let row = evaluation.comparison("base_rate", "model", "log_loss").filter(|_| held_out.counts_pairs())?;
    let (low, high) = row.conf_low.zip(row.conf_high)?;
    let figures =
        format!("log loss {} against {}", words::fixed(row.challenger_value, 3), words::fixed(row.champion_value, 3));
    // Of a loss, less is better.
    Some(if high < 0.0 {
        format!(", and by the level of its probabilities it is better than giving everybody the average ({figures})")
    } else if low > 0.0 {
        format!(", but by the level of its probabilities it is worse than giving everybody the average ({figures})")
    } else {
        format!(
            ", but by the level of its probabilities it is not shown to be better than giving everybody the average ({figures})"
        )
    })
}

/// Whether a model of the purchases alone does as well as the study's, where there is one.
fn beside_purchases(evaluation: &EvaluationResult, held_out: &HeldOut<'_>) -> Option<String> {
    let row = evaluation.comparison("buy_till_you_die", "model", held_out.metric)?;
    let figures = match held_out.counts_pairs() {
        true => format!("{} of 100 such pairs against {}", pairs(row.champion_value), pairs(row.challenger_value)),
        false => format!(
            "{} {} against {}",
            held_out.name,
            words::fixed(row.champion_value, 2),
            words::fixed(row.challenger_value, 2)
        ),
    };
    let (low, high) = row.conf_low.zip(row.conf_high)?;
    let outcome = &evaluation.outcome;
    if low > 0.0 {
        None
    } else if high < 0.0 {
        Some(format!("Purchases alone predict {outcome} better ({figures})."))
    } else {
        let worse: Vec<String> = WORSE_HIGHER.iter().filter_map(|own| worse_by(evaluation, own)).collect();
        let but =
            if worse.is_empty() { String::new() } else { format!(", and it is worse by {}", words::listed(&worse)) };
        Some(format!(
            "It is not shown that the model predicts {outcome} better than purchases alone do ({figures} for the model){but}."
        ))
    }
}

/// `log loss (0.61 against 0.57)`, where the model is shown to be worse by it than purchases alone.
fn worse_by(evaluation: &EvaluationResult, (metric, name): &(&str, &str)) -> Option<String> {
    let row = evaluation
        .comparison("buy_till_you_die", "model", metric)
        .filter(|row| row.conf_low.is_some_and(|low| low > 0.0))?;
    let [own, other] = [row.challenger_value, row.champion_value].map(|value| words::fixed(value, 3));
    Some(format!("{name} ({own} against {other})"))
}

/// Of a hundred pairs, how many.
fn pairs(share: f64) -> String {
    words::fixed(100.0 * share, 0)
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
    if row.below_minimum_base {
        text.push_str(" These are fewer answers than the study's minimum base, so read it as a hint.");
    }
    text
}

/// The touchpoints that matter much and are scored low; nothing where there is no such chart or its link is weak.
fn to_improve(results: &StudyResults) -> Option<String> {
    let charted = |outcome: &'_ &OutcomeResult| outcome.actions.chart.is_some();
    let outcome = results.outcomes.iter().find(charted)?;
    let chart = outcome.actions.chart.as_ref().filter(|_| Link::of(results, outcome) != Link::Weak)?;
    let to_improve = chart.touchpoints.iter().filter(|row| row.action == Action::Improve);
    let names: Vec<String> = to_improve.map(|row| quoted(&row.touchpoint)).collect();
    if !names.is_empty() {
        let (matter, are) = if names.len() == 1 { ("matters", "is") } else { ("matter", "are") };
        return Some(format!(
            "{} {matter} much for {} and {are} scored low, with {} probability or more.",
            words::listed(&names),
            outcome.name,
            words::level(chart.confidence)
        ));
    }
    let chance = |row: &ActionRow| row.probabilities.map_or(0.0, |own| own.improve);
    // Resamples may favour a quadrant that the figures shown do not: such a touchpoint is not named.
    let shown = chart.touchpoints.iter().filter(|row| row.quadrant == Action::Improve);
    let likeliest = shown.max_by(|one, other| chance(one).total_cmp(&chance(other)));
    let likeliest = likeliest.filter(|row| chance(row) > 0.0).map_or_else(String::new, |row| {
        format!("; the likeliest is {}, with {}", quoted(&row.touchpoint), words::percent(chance(row)))
    });
    Some(format!(
        "No touchpoint both matters much for {} and is scored low with {} probability{likeliest}.",
        outcome.name,
        words::level(chart.confidence)
    ))
}

fn of_outcome(results: &StudyResults, outcome: &OutcomeResult) -> String {
    let Some(ranking) = &outcome.ranking else {
        return sentences::no_ranking(results, outcome);
    };
    let leading = leading(outcome, ranking);
    match standing::weakness(results, outcome) {
        None => leading,
        // Ranks of what may be noise are not worth a name.
        Some(weak) if standing::all_noise(ranking) => weak,
        Some(weak) => {
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

fn of_influence(influence: &InfluenceResult, confidence: Confidence) -> String {
    let graph = format!(
        "{} are linked by {}",
        words::counted(influence.n_customers, "customer", "customers"),
        influence.ties_in_words()
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
                "{graph}; {who}, with {} and an expected reach of {}, {}.",
                sentences::rating(first, confidence),
                sentences::reach(first.reach, first.reach_se, first.exact),
                influence.premise
            ) + &of_networked(influence)
        }
    }
}

/// Who is rated highest of the networked promoters, where that is somebody else; nothing where it is the one rated highest of all.
fn of_networked(influence: &InfluenceResult) -> String {
    match influence.customers.iter().position(|row| influence.lacks(row).is_none()) {
        Some(0) => String::new(),
        Some(place) => format!(
            " Of those who also {}, {} is rated highest (place {} of all).",
            influence.networked_in_words(),
            influence.customers[place].customer,
            words::count(place as u64 + 1)
        ),
        None => format!(" There are none in the upper quarter who also {}.", influence.networked_in_words()),
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
    if means.is_empty() {
        format!("{base}.")
    } else {
        format!("{base}; what is expected of them on average: {}.", words::listed(&means))
    }
}

/// A name as it stands, so that a reader sees where it ends.
fn quoted(name: &str) -> String {
    format!("“{name}”")
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;
    use crate::drivers::performance::{ActionChart, PerformanceMeasure, QuadrantProbabilities};
    use crate::drivers::{Estimate, NoiseTest};
    use crate::measures::ClassCounts;
    use crate::measures::change::{ChangeSettings, GroupScore, TrendSettings, Wave};
    use crate::report::evaluation::SplitRow;
    use crate::report::{ComparisonRow, WaveChange};

    fn said(results: &StudyResults, lead: &str) -> String {
        let InShort { first, more } = InShort::of(results);
        first
            .into_iter()
            .chain(more)
            .find(|headline| headline.lead.contains(lead))
            .map(|headline| headline.text)
            .unwrap_or_default()
    }

    fn change(edit: impl Fn(&mut DriverRanking)) -> StudyResults {
        let mut results = fixture::retail();
        if let Some(ranking) = &mut results.outcomes[0].ranking {
            edit(ranking);
        }
        results
    }

    /// The link with repurchase is not weak.
    fn linked() -> StudyResults {
        let mut results = fixture::retail();
        results.outcomes[2].findings.clear();
        if let Some(ranking) = &mut results.outcomes[2].ranking {
            ranking.findings.clear();
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
    fn drivers_that_are_no_more_than_noise_are_not_named() {
        let mut results = change(|ranking| {
            for row in &mut ranking.drivers {
                row.noise = Some(NoiseTest { p_value: 0.3, p_holm: 0.6, p_benjamini_hochberg: 0.06, n_drawn: 199 });
            }
        });
        let weak = "None of the drivers contributes more to recommend than pure noise might.";
        assert_eq!(said(&results, "(recommend)"), weak);
        assert_eq!(Link::of(&results, &results.outcomes[0]), Link::Weak);
        // One driver that does better is enough.
        if let Some(ranking) = &mut results.outcomes[0].ranking {
            ranking.drivers[0].noise =
                Some(NoiseTest { p_value: 0.01, p_holm: 0.02, p_benjamini_hochberg: 0.02, n_drawn: 199 });
        }
        assert!(said(&results, "(recommend)").starts_with("“delivery” comes first"));
    }

    #[test]
    fn a_model_that_may_tell_nothing_of_later_answers_is_a_weak_link() {
        let mut results = linked();
        let figure = &mut results.evaluations[0].figures[0];
        (figure.estimate, figure.conf_low, figure.conf_high) = (0.588, Some(0.44), Some(0.72));
        let text = said(&results, "(repurchase)");
        let weak = "It is not shown that the model of repurchase tells later answers better than chance (of 100 pairs of \
                    one who did and one who did not it ranks 59 rightly, 50 being chance (ROC AUC 0.59, 0.44 to 0.72)), so its ranks say little. With that caveat, “prices” comes first";
        assert!(text.starts_with(weak), "{text}");
        let later = "The touchpoint scores go with repurchase by more than chance in the answers at hand, but it is not shown \
                     that they foretell later ones.";
        assert!(said(&results, "words and deeds").starts_with(later));
    }

    #[test]
    fn what_purchases_alone_tell_is_said_beside_the_models() {
        let mut results = fixture::retail();
        let mut against = |low: f64, high: f64| {
            let own = &mut results.evaluations[0];
            own.comparisons.retain(|row| row.champion != "buy_till_you_die");
            own.comparisons.push(ComparisonRow {
                champion: "buy_till_you_die".to_owned(),
                challenger: "model".to_owned(),
                metric: "roc_auc".to_owned(),
                champion_value: 0.734,
                challenger_value: 0.561,
                difference: -0.173,
                std_error: Some(0.02),
                conf_low: Some(low),
                conf_high: Some(high),
            });
            said(&results, "How far")
        };
        assert_eq!(
            against(-0.2, -0.1),
            "On later answers of other customers: repurchase: of 100 pairs of one who did and one who did not it ranks 56 \
             rightly, 50 being chance (ROC AUC 0.56, 0.51 to 0.61). Purchases alone predict repurchase better (73 of 100 such \
             pairs against 56). It is not shown that feedback adds anything to what behaviour tells about \
             repurchase."
        );
        let open = "It is not shown that the model predicts repurchase better than purchases alone do (73 of 100 such \
                    pairs against 56 for the model).";
        assert!(against(-0.2, 0.1).contains(open));
        assert!(!against(0.1, 0.2).contains("urchases alone"));
    }

    #[test]
    fn what_is_worse_by_one_figure_is_said_beside_what_another_leaves_open() {
        let mut results = fixture::retail();
        let row = |champion: &str, challenger: &str, metric: &str, values: [f64; 2], ends: [f64; 2]| ComparisonRow {
            champion: champion.to_owned(),
            challenger: challenger.to_owned(),
            metric: metric.to_owned(),
            champion_value: values[0],
            challenger_value: values[1],
            difference: values[1] - values[0],
            std_error: None,
            conf_low: Some(ends[0]),
            conf_high: Some(ends[1]),
        };
        let own = &mut results.evaluations[0];
        own.comparisons.retain(|row| row.champion != "buy_till_you_die" && row.champion != "history");
        own.comparisons.extend([
            row("buy_till_you_die", "model", "roc_auc", [0.734, 0.731], [-0.05, 0.04]),
            row("buy_till_you_die", "model", "log_loss", [0.567, 0.611], [0.008, 0.082]),
            row("buy_till_you_die", "model", "brier", [0.2, 0.21], [-0.01, 0.031]),
            row("history", "history_and_feedback", "roc_auc", [0.7, 0.6], [-0.15, -0.05]),
        ]);
        let text = said(&results, "How far");
        assert!(
            text.contains(
                "(73 of 100 such pairs against 73 for the model), and it is worse by log loss (0.611 against 0.567)."
            ),
            "{text}"
        );
        assert!(text.ends_with("With feedback repurchase is predicted worse than by behaviour alone."), "{text}");
    }

    #[test]
    fn answers_without_date_or_customer_are_not_said_to_be_later_or_of_others() {
        let mut results = fixture::retail();
        let of = |results: &StudyResults| said(results, "How far").split(": ").next().map(str::to_owned);
        assert_eq!(of(&results).as_deref(), Some("On later answers of other customers"));
        let split = results.evaluations[0].splits[0].clone();
        results.evaluations[0].splits = vec![SplitRow { cut_us: None, ..split }; 5];
        let folds = "On answers of other customers that the fit had not seen (5-fold cross-validation)";
        assert_eq!(of(&results).as_deref(), Some(folds));
        results.measures[0].n_customers = None;
        let rows = "On answers that the fit had not seen (5-fold cross-validation)";
        assert_eq!(of(&results).as_deref(), Some(rows));
    }

    #[test]
    fn order_and_level_of_a_model_are_told_together() {
        let against = |low: f64, high: f64| {
            let mut results = fixture::retail();
            results.evaluations[0].comparisons.push(ComparisonRow {
                champion: "base_rate".to_owned(),
                challenger: "model".to_owned(),
                metric: "log_loss".to_owned(),
                champion_value: 0.6312,
                challenger_value: 0.6268,
                difference: -0.0044,
                std_error: Some(0.004),
                conf_low: Some(low),
                conf_high: Some(high),
            });
            said(&results, "How far")
        };
        let order = "it ranks 56 rightly, 50 being chance (ROC AUC 0.56, 0.51 to 0.61), ";
        for (low, high, level) in [
            (
                -0.012,
                0.003,
                "but by the level of its probabilities it is not shown to be better than giving everybody the average",
            ),
            (-0.012, -0.001, "and by the level of its probabilities it is better than giving everybody the average"),
            (0.001, 0.012, "but by the level of its probabilities it is worse than giving everybody the average"),
        ] {
            let text = against(low, high);
            assert!(text.contains(&format!("{order}{level} (log loss 0.627 against 0.631).")), "{text}");
        }
    }

    #[test]
    fn the_trend_stands_before_a_last_step_without_evidence() {
        let mut results = fixture::retail();
        let wave = |time: f64, nps| Wave { name: format!("{time}"), time, nps, std_error: 2.0, wording: None };
        let group = |detractors, promoters| {
            GroupScore::of_counts(ClassCounts::new(detractors, 40.0, promoters).expect("counts"))
        };
        let all = ChangeSettings::default().between(group(40.0, 40.0), group(40.0, 41.0)).expect("a change");
        let (before, after) = ("winter".to_owned(), "spring".to_owned());
        results.scorecard.changes =
            vec![WaveChange { before, after, all, cuts: Vec::new(), paired: None, same_wording: None }];
        results.scorecard.trend_unit = "year";
        // By hand: a line without scatter of slope 3; the error is 2 / sqrt(2), and 3 -+ 1.96 * 1.414 = 0.2 and 5.8.
        let rising = TrendSettings::default().of(&[wave(1.0, 20.0), wave(2.0, 23.0), wave(3.0, 26.0)]);
        results.scorecard.trend = Some(rising.expect("waves"));
        let text = said(&results, "score changed");
        let rose = "Over 3 waves the score rose at a rate of 3.0 points a year (95 % interval 0.2 to 5.8). From winter to \
                    spring there is no evidence of a change (";
        assert!(text.starts_with(rose), "{text}");
        let falling = TrendSettings::default().of(&[wave(1.0, 26.0), wave(2.0, 23.0), wave(3.0, 20.0)]);
        results.scorecard.trend = Some(falling.expect("waves"));
        let text = said(&results, "score changed");
        assert!(text.contains("the score fell at a rate of 3.0 points a year (95 % interval 0.2 to 5.8)."), "{text}");
        let level = TrendSettings::default().of(&[wave(1.0, 20.0), wave(2.0, 20.5), wave(3.0, 21.0)]);
        results.scorecard.trend = Some(level.expect("waves"));
        let text = said(&results, "score changed");
        let none = "there is no evidence of a trend: +0.5 points a year (95 % interval -2.3 to 3.3).";
        assert!(text.contains(none), "{text}");
    }

    #[test]
    fn what_to_improve_is_what_matters_and_is_scored_low() {
        let mut results = fixture::retail();
        let estimate = |estimate: f64| Estimate { estimate, std_error: 1.0, conf_low: estimate, conf_high: estimate };
        let row = |touchpoint: &str, action: Action, improve: f64| ActionRow {
            touchpoint: touchpoint.to_owned(),
            importance: 0.4,
            importance_interval: None,
            n_used: 100,
            performance: estimate(60.0),
            top_box: estimate(0.2),
            quadrant: Action::Improve,
            action,
            probabilities: Some(QuadrantProbabilities { improve, ..QuadrantProbabilities::default() }),
        };
        let mut chart = ActionChart {
            outcome: "recommend".to_owned(),
            n_rows: 100,
            n_used: 100,
            n_clusters: None,
            confidence: Confidence::default(),
            measure: PerformanceMeasure::Mean,
            importance_line: 0.3,
            performance_line: 70.0,
            n_replicates: 100,
            touchpoints: vec![row("delivery", Action::Improve, 0.98), row("support", Action::Undecided, 0.61)],
            findings: Vec::new(),
        };
        results.outcomes[0].actions.chart = Some(chart.clone());
        assert_eq!(
            said(&results, "What to improve"),
            "“delivery” matters much for recommend and is scored low, with 95 % probability or more."
        );
        chart.touchpoints.remove(0);
        results.outcomes[0].actions.chart = Some(chart.clone());
        assert_eq!(
            said(&results, "What to improve"),
            "No touchpoint both matters much for recommend and is scored low with 95 % probability; the likeliest is \
             “support”, with 61 %."
        );
        // By the figures that are shown it does not matter much.
        chart.touchpoints[0].quadrant = Action::LowerPriority;
        results.outcomes[0].actions.chart = Some(chart);
        assert_eq!(
            said(&results, "What to improve"),
            "No touchpoint both matters much for recommend and is scored low with 95 % probability."
        );
    }

    #[test]
    fn no_ranking_says_why() {
        let text = said(&fixture::retail(), "(referral)");
        assert!(text.starts_with("No drivers could be ranked. “referral” is separated"), "{text}");
    }

    #[test]
    fn say_and_do_holds_link_by_link() {
        let text = said(&fixture::retail(), "words and deeds");
        assert_eq!(
            text,
            "The touchpoint scores hardly go with repurchase: the link is weak, though more than chance. Whether the touchpoint \
             scores go with referral could not be tested."
        );
    }

    #[test]
    fn a_link_that_is_there_is_named_with_its_strength_and_leader() {
        let mut results = linked();
        assert_eq!(
            said(&results, "words and deeds"),
            "The touchpoint scores go with repurchase. Whether the touchpoint scores go with referral could not be tested. What \
             comes first differs: “delivery” for recommend, “prices” for repurchase."
        );
        if let Some(ranking) = &mut results.outcomes[2].ranking {
            ranking.p_value = 0.3;
        }
        let chance = "It is not shown that the touchpoint scores go with repurchase by more than chance. Whether";
        assert!(said(&results, "words and deeds").starts_with(chance));
    }

    #[test]
    fn without_behaviour_nothing_is_said_of_it() {
        let mut results = fixture::retail();
        results.outcomes.truncate(1);
        assert_eq!(said(&results, "words and deeds"), "");
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
