//! Who carries the word in a line each, for short places: the learned rating, whether it beats counting, whom to invite.

use super::influence_results::{InfluenceResult, LearnedRating, SeedCount, SeedPlanResult};
use super::{reasons, sentences, words};
use crate::influence::{Ablation, Contender, Rival};
use crate::stats::Confidence;

/// The column of plain counts that the rating competes with.
const COUNTS: &str = "referrals";
/// Customers named of a plan.
const N_NAMED: usize = 3;

/// What there is to say; nothing where neither a rating was learned nor a plan made.
pub(super) fn lines(influence: &InfluenceResult, confidence: Confidence) -> Vec<String> {
    let learned = influence.learned.as_ref();
    let rating = learned.filter(|learned| learned.is_used).map(|learned| rating(influence, learned, confidence));
    let against_counts = learned.and_then(against_counts);
    let invited = influence.plan.as_ref().map(|own| plan(own, &influence.premise));
    [rating, against_counts, invited].into_iter().flatten().collect()
}

fn rating(influence: &InfluenceResult, learned: &LearnedRating, confidence: Confidence) -> String {
    let first = influence.customers.first().map_or_else(String::new, |first| {
        format!("; {} is rated highest, with {}", first.customer, sentences::rating(first, confidence))
    });
    format!(
        "The rating is learned from {} of {}, which {} of {} made{first}.",
        learned.later.phrase(),
        words::days(learned.later_days),
        words::count(learned.n_referrers as u64),
        words::counted(learned.n_customers, "customer", "customers")
    )
}

fn against_counts(learned: &LearnedRating) -> Option<String> {
    let ablation = learned.ablation.as_ref()?;
    let rating = ablation.of(&Contender::Rating)?;
    let counts = ablation.of(&Contender::Column(COUNTS.to_owned()))?;
    let verdict = match (counts.gain_low > 0.0, counts.gain_high < 0.0) {
        (true, _) => "The rating adds to counting referrals",
        (_, true) => "The rating does worse than counting referrals",
        _ => "It is not shown that the rating adds to counting referrals",
    };
    Some(
        format!(
            "{verdict}: area under the ROC curve {} against {} for who {} later, a gain of {} ({}).",
            words::fixed(rating.roc_auc, 3),
            words::fixed(counts.roc_auc, 3),
            learned.later.does(),
            words::fixed(counts.gain_of_rating, 3),
            words::range(words::fixed(counts.gain_low, 3), words::fixed(counts.gain_high, 3))
        ) + &better_without(ablation),
    )
}

/// Kinds of input without which the rating foretells better; nothing where there are none.
fn better_without(ablation: &Ablation) -> String {
    let worse = ablation.rows.iter().filter(|row| row.gain_high < 0.0);
    let kinds: Vec<&str> = worse
        .filter_map(|row| match row.contender {
            Contender::Without(kind) => Some(kind.word()),
            _ => None,
        })
        .collect();
    if kinds.is_empty() {
        return String::new();
    }
    format!(" Without {} it foretells better, as far as these customers tell.", words::listed(&kinds))
}

/// What a plan by value counts: margin, as the study has it, of those who are reached.
pub(super) fn value_in_words(name: &str) -> String {
    match name {
        "own_value" => "of margin on what those reached have bought".to_owned(),
        "lifetime_value" => "of margin on what those reached are expected to buy".to_owned(),
        column => format!("of {} (as the customers file has it) of those reached", reasons::spaced(column)),
    }
}

/// Whom to invite, whom they reach beside themselves under which premise, and what is guaranteed of it.
pub(super) fn plan(result: &SeedPlanResult, premise: &str) -> String {
    let names: Vec<&str> = result.seeds.iter().take(N_NAMED).map(|row| row.customer.as_str()).collect();
    let more = if result.seeds.len() > N_NAMED { ", ..." } else { "" };
    let plan = &result.plan;
    // Of somebody who may hear from those who spread the word already only a part is the plan's merit, so that nobody can say how many
    // customers the invited themselves are.
    let is_beside = result.counts == SeedCount::Customers && result.n_active == 0;
    let (what, own) = match &result.counts {
        SeedCount::Customers if is_beside => ("more customers beside them".to_owned(), 1.0),
        SeedCount::Customers => ("customers, themselves included".to_owned(), 0.0),
        SeedCount::Value(name) => (format!("{}, their own included", value_in_words(name)), 0.0),
    };
    let beside = |reach: f64, n_invited: f64| (reach - own * n_invited).max(0.0);
    let by_count = plan.rivals.iter().find(|rival| rival.rival == Rival::TopByCount);
    let rival = by_count.map_or_else(String::new, |rival| {
        let more = if is_beside { " more" } else { "" };
        let reach = words::fixed(beside(rival.reach, rival.n_invited), 1);
        format!("; those with the most referrals would reach {reach}{more}")
    });
    let with = if is_beside { "with themselves that is" } else { "that is" };
    format!(
        "To invite {} ({}{more}) is expected to reach {} {what}, {premise}; {with} at least {} % of the best possible with a \
         probability of {} %{rival}.",
        words::counted(result.seeds.len(), "customer", "customers"),
        names.join(", "),
        sentences::sampled_or_exact(beside(plan.reach, result.seeds.len() as f64), plan.reach_se, 1),
        words::percent_fine(plan.guarantee),
        words::percent_fine(plan.certainty)
    )
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::super::influence_results::LaterKind;
    use super::plan as plan_line;
    use super::*;
    use crate::influence::{Ablation, AblationRow, PlannedSeed, RivalReach, SeedPlan};
    use crate::report::SeedRow;

    fn judged(contender: Contender, roc_auc: f64, gain: [f64; 3]) -> AblationRow {
        AblationRow {
            contender,
            roc_auc,
            conf_low: roc_auc,
            conf_high: roc_auc,
            precision_top_tenth: 0.5,
            lift_top_tenth: 5.0,
            gain_of_rating: gain[0],
            gain_low: gain[1],
            gain_high: gain[2],
        }
    }

    fn with_gain(gain: [f64; 3]) -> InfluenceResult {
        let rows = vec![
            judged(Contender::Rating, 0.71, [0.0; 3]),
            judged(Contender::Column(COUNTS.to_owned()), 0.71 - gain[0], gain),
        ];
        let ablation = Ablation { rows, n_customers: 900, n_referrers: 90, findings: Vec::new() };
        let mut influence = fixture::retail().influence.expect("the fixture has referrals");
        influence.learned = Some(LearnedRating {
            is_used: true,
            later: LaterKind::Referrals,
            later_days: 180,
            n_customers: 1_200,
            n_referrers: 90,
            ablation: Some(ablation),
            placebos: Vec::new(),
        });
        influence
    }

    #[test]
    fn a_learned_rating_that_beats_counts_says_so() {
        let said = lines(&with_gain([0.03, 0.01, 0.05]), Confidence::default());
        assert!(
            said[0]
                .starts_with("The rating is learned from the referrals of 180 days, which 90 of 1,200 customers made;")
        );
        assert_eq!(
            said[1],
            "The rating adds to counting referrals: area under the ROC curve 0.710 against 0.680 for who refers later, a gain \
             of 0.030 (0.010 to 0.050)."
        );
        assert_eq!(said.len(), 2);
    }

    #[test]
    fn the_interval_of_a_rating_stays_on_its_scale() {
        let mut influence = with_gain([0.03, 0.01, 0.05]);
        (influence.customers[0].rating, influence.customers[0].rating_se) = (99.94, Some(0.63));
        // By hand: 99.94 - 1.96 * 0.63 = 98.7, and the other end would be 101.2.
        let said = &lines(&influence, Confidence::default())[0];
        assert!(said.ends_with("rated highest, with 99.9 of 100 (95 % interval 98.7 to 100.0)."), "{said}");
    }

    #[test]
    fn an_interval_around_nought_adds_nothing() {
        assert!(
            lines(&with_gain([0.01, -0.01, 0.03]), Confidence::default())[1]
                .starts_with("It is not shown that the rating adds to counting referrals")
        );
        assert!(
            lines(&with_gain([-0.03, -0.05, -0.01]), Confidence::default())[1]
                .starts_with("The rating does worse than counting referrals")
        );
    }

    #[test]
    fn a_plan_names_the_first_and_its_rival() {
        let (reach, reach_se) = (12.0, 0.25);
        let seed = PlannedSeed { node: 0, cost: 1.0, gain: 3.0, gain_se: 0.1, reach, reach_se, spent: 4.0 };
        let plan = SeedPlan {
            seeds: vec![seed; 4],
            reach,
            reach_se,
            guarantee: 0.625,
            certainty: 0.99,
            reach_low: 11.0,
            best_high: 17.6,
            n_samples: 4096,
            rivals: vec![RivalReach { rival: Rival::TopByCount, n_invited: 4.0, reach: 9.5, reach_se: 0.1 }],
            findings: Vec::new(),
        };
        let seeds = ["ann", "bob", "cid", "dan"]
            .map(|customer| SeedRow { customer: customer.to_owned(), segment: None, seed })
            .to_vec();
        let result = SeedPlanResult {
            seeds,
            plan,
            n_excluded: 0,
            n_without_cost: 0,
            n_contacted: None,
            n_active: 0,
            counts: SeedCount::Customers,
        };
        let influence = InfluenceResult { plan: Some(result), ..fixture::retail().influence.expect("referrals") };
        let said = lines(&influence, Confidence::default());
        assert_eq!(said.len(), 1);
        // By hand: 12 less the 4 themselves, and 9.5 less as many.
        let start = "To invite 4 customers (ann, bob, cid, ...) is expected to reach 8.00 ± 0.25 more customers beside them, if each \
                     referral passes the word on with probability 0.25 (assumed); with themselves that is at least";
        assert!(said[0].starts_with(start), "{said:?}");
        assert!(said[0].ends_with("; those with the most referrals would reach 5.5 more."), "{said:?}");
        // Where somebody spreads the word already, the invited are no round number of customers of the plan.
        let mut own = influence.plan.clone().expect("a plan");
        own.n_active = 1;
        let said = plan_line(&own, "if");
        assert!(said.contains("reach 12.00 ± 0.25 customers, themselves included, if; that is at least"), "{said}");
        assert_eq!(value_in_words("own_value"), "of margin on what those reached have bought");
        assert_eq!(value_in_words("list_price"), "of list price (as the customers file has it) of those reached");
    }
}
