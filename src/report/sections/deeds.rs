//! What those who gave each answer did.

use crate::measures::portfolio::Estimate;
use crate::measures::say_do::{CutComparison, CutPair, KeptWord, RevenueAtRisk};
use crate::report::results::StudyResults;
use crate::report::scorecard::{ClassSurvival, OutcomeBehaviour, RepurchaseSurvival};
use crate::report::{sentences, words};

/// From which p-value on other cuts are called better.
const LEVEL: f64 = 0.05;

/// What those who gave each answer did.
pub(in crate::report) struct Deeds {
    pub rows: Vec<DeedRow>,
    pub sentences: Vec<String>,
    pub at_risk: Option<AtRisk>,
}

/// One outcome for detractors, passives and promoters.
pub(in crate::report) struct DeedRow {
    pub outcome: String,
    /// The figure, and its interval with its base.
    pub cells: Vec<(String, String)>,
}

/// Revenue of those who answered, and what is called at risk of it.
pub(in crate::report) struct AtRisk {
    pub title: String,
    /// Figure, revenue, interval.
    pub rows: Vec<(String, String, String)>,
}

impl Deeds {
    /// Nothing where the study has no outcome of behaviour.
    pub fn of(results: &StudyResults) -> Option<Self> {
        let all = &results.scorecard.behaviours;
        let level = words::level(results.head.confidence);
        let title = |own: &OutcomeBehaviour| sentences::titled(&own.label, &own.outcome);
        let rows = all.iter().map(|own| DeedRow {
            outcome: title(own),
            cells: own.by_class.iter().map(|row| cell(row.did.as_ref())).collect(),
        });
        let survival = results.scorecard.survival.as_ref().and_then(|own| survival_sentence(own, &level));
        let sentences = all.iter().flat_map(|own| {
            let kept = own.kept_word.as_ref().map(|kept| kept_sentence(&title(own), kept, &level));
            let cuts = own.cuts.as_ref().map(|cuts| cuts_sentence(&title(own), cuts));
            kept.into_iter().chain(cuts)
        });
        let at_risk = all.iter().find_map(|own| Some(AtRisk::of(&title(own), own.at_risk.as_ref()?)));
        let sentences = sentences.chain(survival);
        (!all.is_empty()).then(|| Self { rows: rows.collect(), sentences: sentences.collect(), at_risk })
    }
}

/// How much of what promoters say came true, one sentence an outcome.
pub(in crate::report) fn kept_sentences(results: &StudyResults) -> Vec<String> {
    let level = words::level(results.head.confidence);
    let all = results.scorecard.behaviours.iter();
    let title = |own: &OutcomeBehaviour| sentences::titled(&own.label, &own.outcome);
    all.filter_map(|own| Some(kept_sentence(&title(own), own.kept_word.as_ref()?, &level))).collect()
}

/// A share in percent, or an amount; what is hidden or unknown is a dash.
fn cell(did: Option<&Estimate>) -> (String, String) {
    let Some(did) = did else { return (words::MISSING.to_owned(), String::new()) };
    let base = words::counted(did.n, "answer", "answers");
    let (low, high) = (did.conf_low.unwrap_or(f64::NAN), did.conf_high.unwrap_or(f64::NAN));
    let (figure, ends) = if did.metric == "yes_share" {
        (format!("{} %", words::percent_fine(did.estimate)), words::percent_fine_range(low, high))
    } else {
        let decimals = words::decimals_of(did.std_error.unwrap_or(f64::NAN));
        let text = |value: f64| words::estimate(value, decimals);
        (text(did.estimate), words::range(text(low), text(high)))
    };
    (figure, format!("{ends}; {base}"))
}

/// How much of what promoters say came true.
fn kept_sentence(title: &str, own: &KeptWord, level: &str) -> String {
    let share = |estimate: &Estimate| {
        let ends = estimate
            .conf_low
            .zip(estimate.conf_high)
            .map_or_else(String::new, |(low, high)| format!(" ({level} interval {})", words::percent_range(low, high)));
        format!("{}{ends}", words::percent(estimate.estimate))
    };
    let from = own
        .share_from_promoters
        .map_or_else(String::new, |from| format!("; of all who did, {} were promoters", words::percent(from)));
    format!(
        "{title}: of those who said they would recommend (9 or 10), {} did; of everybody else, {}{from}.",
        share(&own.kept),
        share(&own.unannounced)
    )
}

/// After how many days half of each class had bought again, and whether the classes differ.
fn survival_sentence(own: &RepurchaseSurvival, level: &str) -> Option<String> {
    let class = |own: &ClassSurvival| {
        let curve = &own.curve;
        let who = words::counted(curve.n, &own.class, &format!("{}s", own.class));
        let days = |days: f64| words::fixed(days, 0);
        let to = |end: Option<f64>| end.map_or_else(|| "more than is known".to_owned(), days);
        match curve.median {
            Some(median) => format!(
                "half of {who} had bought again after {} ({level} interval {} to {})",
                words::days(median.round() as i64),
                to(curve.median_low),
                to(curve.median_high)
            ),
            None => format!(
                "of {who} less than half had within the {} that {} known",
                words::days(curve.last.round() as i64),
                words::either(curve.last.round() as usize, "is", "are")
            ),
        }
    };
    let classes: Vec<String> = own.classes.iter().rev().map(class).collect();
    let test = own.test.as_ref().and_then(|test| Some((test, words::p_phrase(test.p_value)?)));
    let test = test.map_or_else(String::new, |(test, p)| match test.p_value < LEVEL {
        true => format!(" The classes differ by more than chance (log-rank test, {p})."),
        false => format!(" There is no evidence that the classes differ (log-rank test, {p})."),
    });
    (!classes.is_empty()).then(|| {
        format!(
            "From the first answer to the next purchase, where who has not bought yet counts as long as is known (Kaplan-Meier): \
             {}.{test}",
            classes.join("; ")
        )
    })
}

/// Whether other cuts than the customary ones would foretell behaviour better.
fn cuts_sentence(title: &str, own: &CutComparison) -> String {
    let CutPair { low_to, middle_to } = own.chosen;
    let cuts = format!(
        "{}, {}, {}",
        words::rank_range(0, low_to),
        words::rank_range(low_to + 1, middle_to),
        words::rank_range(middle_to + 1, 10)
    );
    let p = words::p_phrase(own.p_value).map_or_else(String::new, |p| format!(" ({p})"));
    if own.chosen == CutPair::CUSTOMARY {
        format!("{title}: the data would choose the customary cuts, 0 to 6, 7 to 8 and 9 to 10.")
    } else if own.is_better(LEVEL) {
        format!(
            "{title}: the data would cut the answers at {cuts}, which foretells it better than the customary cuts{p}."
        )
    } else if own.without_cuts >= own.customary.max(own.data_chosen) {
        format!("{title}: one rate for all foretells it no worse than classes of answers do, wherever they are cut.")
    } else if own.gain < 0.0 && own.p_value < LEVEL {
        format!("{title}: the customary cuts foretell it better than those that the data would choose, {cuts}{p}.")
    } else {
        format!(
            "{title}: the data would cut the answers at {cuts}, but there is no evidence that this foretells it better than \
             the customary cuts{p}."
        )
    }
}

impl AtRisk {
    fn of(title: &str, own: &RevenueAtRisk) -> Self {
        let money = |value: f64| words::fixed(value, 0);
        let ends = |low: f64, high: f64| words::range(money(low), money(high));
        let mut rows = vec![
            (
                "goes with the answers: what detractors and passives lost beyond the rate of promoters".to_owned(),
                money(own.excess),
                ends(own.conf_low, own.conf_high),
            ),
            ("all losses, whatever the answer".to_owned(), money(own.expected_loss), ends(own.loss_low, own.loss_high)),
        ];
        rows.extend(own.rules.iter().map(|row| {
            let name = format!("rule of thumb, without a study known to us: {}", row.rule.name);
            (name, money(row.revenue), words::MISSING.to_owned())
        }));
        Self { title: title.to_owned(), rows }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measures::survival::{KaplanMeier, SurvivalTimes, log_rank};

    /// The words must say which side is better, and where the answers say nothing at all.
    #[test]
    fn cuts_are_told_by_who_foretells_better() {
        let sentence = |losses: [f64; 3], p_value: f64| {
            let [without_cuts, customary, data_chosen] = losses;
            let own = CutComparison {
                n: 100,
                n_customers: 90,
                chosen: CutPair { low_to: 5, middle_to: 8 },
                chosen_by_fold: Vec::new(),
                without_cuts,
                customary,
                data_chosen,
                every_answer: data_chosen,
                gain: data_chosen - customary,
                std_error: 0.01,
                p_value,
            };
            cuts_sentence("Repurchase", &own)
        };
        let better = sentence([-0.7, -0.6, -0.5], 0.001);
        assert!(better.contains("cut the answers at 0 to 5, 6 to 8, 9 to 10, which foretells it better"), "{better}");
        let worse = sentence([-0.7, -0.5, -0.6], 0.009);
        assert!(worse.contains("the customary cuts foretell it better") && worse.contains("p = 0.009"), "{worse}");
        let unknown = sentence([-0.7, -0.5, -0.51], 0.6);
        assert!(unknown.contains("there is no evidence that this foretells it better"), "{unknown}");
        let nothing = sentence([-0.5, -0.6, -0.7], 0.009);
        assert!(nothing.contains("one rate for all foretells it no worse"), "{nothing}");
    }

    #[test]
    fn medians_are_said_and_what_lies_beyond_the_data_is_not() {
        let times = [
            ("detractor", SurvivalTimes::new(&[20.0, 297.0, 11.0], &[true, false, false]).expect("times")),
            ("passive", SurvivalTimes::new(&[40.0, 40.0], &[false, false]).expect("times")),
            ("promoter", SurvivalTimes::new(&[4.0, 10.0, 297.0, 20.0], &[true, true, false, true]).expect("times")),
        ];
        let test = log_rank(&times.clone().map(|(_, own)| own));
        let class = |(class, own): (&str, SurvivalTimes)| ClassSurvival {
            class: class.to_owned(),
            curve: KaplanMeier::default().of(&own),
            n_expected: None,
        };
        let own = RepurchaseSurvival { classes: times.map(class).to_vec(), test, findings: Vec::new() };
        let text = survival_sentence(&own, "95 %").expect("classes");
        // By hand: the upper ends never come down to one half, the lower ones do so at the first purchase.
        for part in [
            "half of 4 promoters had bought again after 10 days (95 % interval 4 to more than is known)",
            "half of 3 detractors had bought again after 20 days (95 % interval 20 to more than is known)",
            "of 2 passives less than half had within the 40 days that are known",
            "There is no evidence that the classes differ (log-rank test, p",
        ] {
            assert!(text.contains(part), "{text}");
        }
        let none = RepurchaseSurvival { classes: Vec::new(), test: None, findings: Vec::new() };
        assert_eq!(survival_sentence(&none, "95 %"), None);
    }
}
