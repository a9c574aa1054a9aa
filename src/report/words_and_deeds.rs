//! Whether what customers say goes with what they do: by their 0-10 answers first, then by the touchpoint scores.

use super::results::{OutcomeResult, StudyResults};
use super::scorecard::RepurchaseSurvival;
use super::standing::{self, CHANCE, Link};
use super::words;
use crate::measures::say_do::KeptWord;

/// Nothing where the study has no outcome of behaviour.
pub(super) fn words_and_deeds(results: &StudyResults) -> Option<String> {
    let behaviours: Vec<&OutcomeResult> =
        results.outcomes.iter().filter(|outcome| standing::is_behaviour(outcome)).collect();
    if behaviours.is_empty() {
        return None;
    }
    let mut sentences = of_answers(results);
    sentences.extend(of_touchpoints(results, &behaviours));
    sentences.extend(same_leader(results));
    Some(sentences.join(" "))
}

/// By the 0-10 answer: who did it of promoters and of the others, and how soon customers of each class bought again.
fn of_answers(results: &StudyResults) -> Vec<String> {
    let card = &results.scorecard;
    let kept = card.behaviours.iter().filter_map(|own| of_promoters(&own.outcome, own.kept_word.as_ref()?));
    kept.chain(card.survival.as_ref().and_then(how_soon)).collect()
}

fn of_promoters(outcome: &str, own: &KeptWord) -> Option<String> {
    let figures = format!(
        "{} of promoters did and {} of everybody else, {}",
        words::percent(own.kept.estimate),
        words::percent(own.unannounced.estimate),
        words::p_phrase(own.difference.p_value)?
    );
    Some(if own.difference.p_value > CHANCE {
        format!("It is not shown that the 0-10 answer goes with {outcome} ({figures}).")
    } else if own.difference.difference > 0.0 {
        format!("The 0-10 answer goes with {outcome} ({figures}).")
    } else {
        format!("The 0-10 answer goes with {outcome} the wrong way round ({figures}).")
    })
}

fn how_soon(own: &RepurchaseSurvival) -> Option<String> {
    let test = own.test.as_ref()?;
    let p = words::p_phrase(test.p_value)?;
    Some(if test.p_value > CHANCE {
        format!(
            "There is no evidence that how soon customers buy again differs by class of answer (log-rank test, {p})."
        )
    } else {
        format!("How soon customers buy again differs by class of answer (log-rank test, {p}).")
    })
}

/// What is known of touchpoint scores and one outcome of behaviour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    There,
    /// More than chance, and little.
    Weak,
    /// Little, and whether it is more than chance was not tested.
    WeakAndUntested,
    /// All together more than chance, each alone not.
    OnlyTogether,
    /// More than chance where the model was fitted, not on later answers.
    NotLater,
    NotShown,
    Untested,
}

impl Known {
    const ALL: [Self; 7] = [
        Self::There,
        Self::Weak,
        Self::WeakAndUntested,
        Self::OnlyTogether,
        Self::NotLater,
        Self::NotShown,
        Self::Untested,
    ];

    fn of(results: &StudyResults, outcome: &OutcomeResult) -> Self {
        match Link::of(results, outcome) {
            Link::There => Self::There,
            Link::Unknown => Self::Untested,
            Link::Weak => Self::of_weak(results, outcome),
        }
    }

    fn of_weak(results: &StudyResults, outcome: &OutcomeResult) -> Self {
        let ranking = outcome.ranking.as_ref();
        let p_value = ranking.map(|ranking| ranking.p_value).filter(|p_value| p_value.is_finite());
        let is_small = standing::weak_link(results, outcome).is_some();
        match p_value {
            Some(p_value) if p_value > CHANCE => Self::NotShown,
            Some(_) if is_small => Self::Weak,
            Some(_) if ranking.is_some_and(standing::all_noise) => Self::OnlyTogether,
            Some(_) => Self::NotLater,
            None if is_small => Self::WeakAndUntested,
            None => Self::NotShown,
        }
    }

    fn sentence(self, names: &str) -> String {
        match self {
            Self::There => format!("The touchpoint scores go with {names}."),
            Self::Weak => {
                format!("The touchpoint scores hardly go with {names}: the link is weak, though more than chance.")
            }
            Self::WeakAndUntested => format!("The touchpoint scores hardly go with {names}: the link is weak."),
            Self::OnlyTogether => format!(
                "The touchpoint scores together go with {names} by more than chance, but it is not shown of any one of them."
            ),
            Self::NotLater => format!(
                "The touchpoint scores go with {names} by more than chance in the answers at hand, but it is not shown that they \
                 foretell later ones."
            ),
            Self::NotShown => {
                format!("It is not shown that the touchpoint scores go with {names} by more than chance.")
            }
            Self::Untested => format!("Whether the touchpoint scores go with {names} could not be tested."),
        }
    }
}

/// One sentence for all outcomes of which the same is known.
fn of_touchpoints(results: &StudyResults, behaviours: &[&OutcomeResult]) -> Vec<String> {
    let of_all: Vec<(Known, &str)> =
        behaviours.iter().map(|outcome| (Known::of(results, outcome), outcome.name.as_str())).collect();
    let sentence = |known: Known| {
        let names: Vec<&str> = of_all.iter().filter(|(own, _)| *own == known).map(|(_, name)| *name).collect();
        (!names.is_empty()).then(|| known.sentence(&words::listed(&names)))
    };
    Known::ALL.into_iter().filter_map(sentence).collect()
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

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;
    use crate::drivers::NoiseTest;
    use crate::measures::Sampling;
    use crate::measures::portfolio::EstimateSettings;
    use crate::measures::say_do::kept_word;
    use crate::measures::survival::LogRank;
    use crate::report::OutcomeBehaviour;

    /// What forty promoters and forty detractors did, of whom so many did.
    fn did(outcome: &str, n_promoters: usize, n_others: usize) -> OutcomeBehaviour {
        let answers: Vec<f64> = (0..80).map(|row| if row < 40 { 10.0 } else { 2.0 }).collect();
        let of = |row: usize| if row < 40 { row < n_promoters } else { row - 40 < n_others };
        let deeds: Vec<f64> = (0..80).map(|row| f64::from(u8::from(of(row)))).collect();
        let kept = kept_word(&answers, &deeds, Sampling::default(), EstimateSettings::default());
        OutcomeBehaviour {
            outcome: outcome.to_owned(),
            label: String::new(),
            by_answer: Vec::new(),
            by_class: Vec::new(),
            kept_word: Some(kept.expect("both groups")),
            cuts: None,
            at_risk: None,
        }
    }

    /// By hand: 30 and 10 of 40 are 75 and 25 %, 0.5 apart with an error of sqrt(2 * 0.75 * 0.25 / 40) = 0.097.
    #[test]
    fn the_answer_speaks_before_the_touchpoints() {
        let mut results = fixture::retail();
        results.scorecard.behaviours = vec![did("repurchase", 30, 10), did("referral", 20, 20)];
        let text = words_and_deeds(&results).expect("behaviour");
        let first = "The 0-10 answer goes with repurchase (75 % of promoters did and 25 % of everybody else, p < 0.001). It is \
                     not shown that the 0-10 answer goes with referral (50 % of promoters did and 50 % of everybody else, p";
        assert!(text.starts_with(first), "{text}");
        assert!(
            text.contains("The touchpoint scores hardly go with repurchase: the link is weak, though more"),
            "{text}"
        );
        results.scorecard.behaviours = vec![did("repurchase", 10, 30)];
        let text = words_and_deeds(&results).expect("behaviour");
        assert!(text.starts_with("The 0-10 answer goes with repurchase the wrong way round (25 % of"), "{text}");
    }

    #[test]
    fn how_soon_customers_buy_again_is_told_by_its_test() {
        let said = |p_value: f64| {
            let (observed, expected) = (vec![1, 1], vec![1.0, 1.0]);
            let test = LogRank { observed, expected, statistic: 1.0, degrees_of_freedom: 1.0, p_value };
            how_soon(&RepurchaseSurvival { classes: Vec::new(), test: Some(test), findings: Vec::new() })
        };
        let differs = "How soon customers buy again differs by class of answer (log-rank test, p < 0.001).";
        assert_eq!(said(1e-5).as_deref(), Some(differs));
        assert!(said(0.4).is_some_and(|text| text.starts_with("There is no evidence that how soon")));
        assert_eq!(said(f64::NAN), None);
    }

    #[test]
    fn a_link_of_touchpoints_that_falls_short_says_of_what() {
        let repurchase = |small: bool, p_value: f64, noisy: bool| {
            let mut results = fixture::retail();
            let own = &mut results.outcomes[2];
            let ranking = own.ranking.as_mut().expect("a ranking");
            ranking.p_value = p_value;
            if !small {
                own.findings.clear();
                ranking.findings.clear();
            }
            if noisy {
                let noise = NoiseTest { p_value: 0.3, p_holm: 0.6, p_benjamini_hochberg: 0.4, n_drawn: 199 };
                ranking.drivers.iter_mut().for_each(|row| row.noise = Some(noise));
            }
            Known::of(&results, &results.outcomes[2])
        };
        assert_eq!(repurchase(true, 0.01, false), Known::Weak);
        assert_eq!(repurchase(true, 0.01, true), Known::Weak);
        assert_eq!(repurchase(true, 0.3, false), Known::NotShown);
        assert_eq!(repurchase(true, f64::NAN, false), Known::WeakAndUntested);
        assert_eq!(repurchase(false, 0.3, false), Known::NotShown);
        assert_eq!(repurchase(false, 0.01, true), Known::OnlyTogether);
        // The fixture's model tells later answers better than chance: 0.51 to 0.61.
        assert_eq!(repurchase(false, 0.01, false), Known::There);
    }
}
