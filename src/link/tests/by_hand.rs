//! Columns of the widest plan whose values are worked out by hand.

use super::company::{Activity, Answer, Company, MINUTE, Occasion, Profile, Purchase, Referral};
use super::{AS_OF, DAY, engine, number_at};
use crate::link::{
    Advance, BaseTable, Comparison, Condition, Contacts, Distinct, HistoryDetails, Juncture, LifecycleRule, LinkError,
    LinkPlan, OutcomeWindow, ProfileColumn, Returns, Same, Validity,
};

pub(super) const T: i64 = 500 * DAY;

pub(super) fn nobody() -> Company {
    Company {
        answers: vec![Answer { customer: 0, t: T, recommend: Some(9.0) }],
        purchases: Vec::new(),
        activity: Vec::new(),
        referrals: Vec::new(),
        profiles: Vec::new(),
        junctures: Vec::new(),
        exposures: Vec::new(),
    }
}

pub(super) fn purchase(t: i64, amount: f64) -> Purchase {
    Purchase {
        customer: 0,
        t,
        amount,
        product: None,
        family: None,
        channel: None,
        returned: 0.0,
        returned_t: None,
        order: None,
    }
}

fn contact(t: i64, kind: &str, channel: &str, topic: &str, rating: f64) -> Activity {
    Activity {
        customer: 0,
        t,
        kind: kind.to_owned(),
        channel: Some(channel.to_owned()),
        topic: Some(topic.to_owned()),
        rating: Some(rating),
    }
}

pub(super) fn joined(company: &Company, ask: impl FnOnce(&mut LinkPlan)) -> Result<BaseTable, LinkError> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut plan = LinkPlan::over(company.write(folder.path()), AS_OF);
    plan.history_windows_days = vec![30];
    // Tables without a row are left out of the statement: planning it is what takes the time here.
    let tables = &mut plan.tables;
    tables.customers.take_if(|_| company.profiles.is_empty());
    tables.activity.take_if(|_| company.activity.is_empty());
    tables.referrals.take_if(|_| company.referrals.is_empty());
    tables.junctures.take_if(|_| company.junctures.is_empty());
    tables.exposures.take_if(|_| company.exposures.is_empty());
    ask(&mut plan);
    let settings = crate::link::EngineSettings {
        memory_bytes: 200_000_000,
        spill_folder: folder.path().to_owned(),
        n_threads: Some(1),
    };
    crate::link::Engine::start(plan, &settings)?.answers()
}

pub(super) fn first(base: &BaseTable, expected: &[(&str, f64)]) {
    for (name, expected) in expected {
        let got = number_at(base, name, 0);
        let same = (got - expected).abs() < 1e-9 || got.is_nan() && expected.is_nan();
        assert!(same, "{name}: {got} and by hand {expected}");
    }
}

#[test]
fn regularity_variety_and_trend_of_purchases() {
    // Gaps of 10, 20 and 30 days: mean 20, sum of squared distances 200, over two 100. The purchase at the same instant
    // as another makes no gap, and neither does the one after the answer.
    let mut company = nobody();
    let at = [T - 61 * DAY, T - 51 * DAY, T - 31 * DAY, T - DAY, T - DAY, T + DAY];
    company.purchases = at.iter().map(|&t| purchase(t, 10.0)).collect();
    let products = ["a", "b", "a", "c", "c", "d"];
    for (row, product) in company.purchases.iter_mut().zip(products) {
        row.product = Some(product.to_owned());
    }
    let base = joined(&company, |plan| {
        plan.details.purchase_gaps = true;
        plan.details.spend_trend = true;
        plan.details.distinct = vec![Distinct::Products];
    });
    // The last 30 days hold 20, the 30 before them 20 as well (at 31 and 51 days).
    first(
        &base.expect("joined"),
        &[
            ("purchase_gap_mean_days", 20.0),
            ("purchase_gap_sd_days", 10.0),
            ("purchase_gap_cv", 0.5),
            ("distinct_products", 3.0),
            ("distinct_products_30d", 1.0),
            ("spend_trend_30d", 0.0),
            ("frequency", 5.0),
        ],
    );
}

/// Python 3.11, `statistics.stdev([35795, 120])`: the squares of seconds of a century exceed 64 bits.
#[test]
fn gaps_of_a_century_have_a_spread() {
    let mut company = nobody();
    let at = [T - 36_000 * DAY, T - 205 * DAY, T - 85 * DAY];
    company.purchases = at.iter().map(|&t| purchase(t, 10.0)).collect();
    let base = joined(&company, |plan| plan.details.purchase_gaps = true);
    let expected = [
        ("purchase_gap_mean_days", 17_957.5),
        ("purchase_gap_sd_days", 25_226.034_418_830_084),
        ("purchase_gap_cv", 1.404_763_158_503_694),
    ];
    first(&base.expect("joined"), &expected);
}

#[test]
fn a_regular_customer_has_no_spread_and_one_purchase_no_gap() {
    let mut company = nobody();
    company.purchases = (1..40).map(|k| purchase(T - k * 7 * DAY, 1.0)).collect();
    let ask = |plan: &mut LinkPlan| plan.details.purchase_gaps = true;
    first(&joined(&company, ask).expect("joined"), &[("purchase_gap_sd_days", 0.0), ("purchase_gap_cv", 0.0)]);
    company.purchases.truncate(1);
    let gap = f64::NAN;
    let none = [("purchase_gap_mean_days", gap), ("purchase_gap_sd_days", gap), ("purchase_gap_cv", gap)];
    first(&joined(&company, ask).expect("joined"), &none);
    company.purchases.clear();
    first(&joined(&company, ask).expect("joined"), &none);
}

#[test]
fn returns_in_every_way_they_are_marked() {
    let mut company = nobody();
    company.purchases = vec![purchase(T - 40 * DAY, 50.0), purchase(T - 20 * DAY, -20.0), purchase(T + DAY, -5.0)];
    company.purchases[1].returned = 1.0;
    company.purchases[0].returned_t = Some(T);
    company.purchases[1].returned_t = Some(T - 1);
    let of = |returns: Returns| {
        joined(&company, |plan| {
            plan.details.returns = returns;
            plan.windows = vec![OutcomeWindow::Purchases { days: 30 }];
        })
        .expect("joined")
    };
    let counts = |frequency: f64, spend: f64, next: f64| {
        [("frequency", frequency), ("spend_30d", spend), ("next_purchases_30d", next)]
    };
    first(&of(Returns::Unmarked), &counts(2.0, -20.0, 1.0));
    let marked = of(Returns::NegativeAmounts);
    first(&marked, &counts(1.0, 0.0, 0.0));
    first(&marked, &[("returns", 1.0), ("returns_30d", 1.0), ("returned_spend_30d", 20.0), ("recency_days", 40.0)]);
    let flagged = of(Returns::Flagged);
    first(&flagged, &counts(1.0, 0.0, 1.0));
    first(&flagged, &[("returns", 1.0), ("returned_spend_30d", 20.0)]);
    // What is returned at the answer's own instant is not known of yet.
    first(&of(Returns::Dated), &[("frequency", 2.0), ("returns", 1.0), ("returned_spend_30d", -20.0)]);
}

#[test]
fn contacts_that_repeat_move_and_come_last() {
    let mut company = nobody();
    company.activity = vec![
        contact(T - 31 * DAY, "call", "phone", "bill", 1.0),
        contact(T - 10 * DAY, "call", "phone", "bill", 2.0),
        contact(T - 9 * DAY, "chat", "app", "bill", 4.0),
        contact(T - 8 * DAY, "call", "phone", "fault", 5.0),
        contact(T - 2 * DAY, "call", "phone", "fault", 3.0),
        contact(T, "call", "desk", "fault", 0.0),
        contact(T - DAY, "visit", "desk", "fault", 0.0),
    ];
    let ask = |same: Same| {
        joined(&company, move |plan| {
            plan.details.contacts = Some(Contacts {
                kinds: vec!["call".to_owned(), "chat".to_owned()],
                repeat_within_days: 6,
                same,
                rated: true,
            });
            plan.details.activity_kinds = vec!["visit".to_owned()];
        })
        .expect("joined")
    };
    // By topic: the chat repeats the call in another channel; the second call about the fault comes exactly six days
    // after the first. Phone, app, phone, phone: two switches, and the one into the window does not count.
    let base = ask(Same::Topic);
    first(
        &base,
        &[
            ("activity_30d", 5.0),
            ("activity_visit_30d", 1.0),
            ("contacts_30d", 4.0),
            ("repeat_contacts_30d", 2.0),
            ("handoffs_30d", 1.0),
            ("channel_switches_30d", 2.0),
            ("days_since_contact", 2.0),
            ("last_contact_rating", 3.0),
            ("worst_contact_rating_30d", 2.0),
        ],
    );
    assert_eq!(base.texts("last_contact_channel"), Some(&[Some("phone".to_owned())][..]));
    assert_eq!(base.texts("last_contact_kind"), Some(&[Some("call".to_owned())][..]));
    // By kind: the calls of 8 and 2 days before repeat the call before each of them, all by phone.
    first(&ask(Same::Kind), &[("repeat_contacts_30d", 2.0), ("handoffs_30d", 0.0)]);
}

#[test]
fn levels_of_earlier_answers() {
    let mut company = nobody();
    let earlier = [(T - 9 * DAY, Some(4.0)), (T - 5 * DAY, Some(8.0)), (T - 4 * DAY, None), (T + DAY, Some(0.0))];
    company.answers.extend(earlier.map(|(t, recommend)| Answer { customer: 0, t, recommend }));
    let base = joined(&company, |plan| plan.details.answer_levels = true).expect("joined");
    let levels =
        [("earlier_answers", 3.0), ("last_recommend", 8.0), ("recommend_change", 4.0), ("mean_recommend", 6.0)];
    first(&base, &levels);
    assert!(number_at(&base, "recommend_change", 1).is_nan() && number_at(&base, "last_recommend", 1).is_nan());
    assert!(
        (number_at(&base, "last_recommend", 2) - 4.0).abs() < 1e-12,
        "one earlier answer has a level and no change"
    );
    assert!(number_at(&base, "recommend_change", 2).is_nan());
}

#[test]
fn the_profile_is_the_one_that_held_just_before_the_answer() {
    let row = |tier: &str, from: Option<i64>, to: Option<i64>| Profile {
        customer: 0,
        joined_t: Some(T - 100 * DAY),
        churned_t: None,
        valid_from: from,
        valid_to: to,
        tier: tier.to_owned(),
        size: 0.0,
    };
    let tier = |profiles: Vec<Profile>| {
        let company = Company { profiles, ..nobody() };
        let base = joined(&company, |plan| {
            plan.profile = vec![ProfileColumn { name: "tier".to_owned(), numeric: false, constant: false }];
            plan.details.validity = Validity::Intervals;
        });
        let base = base.expect("joined");
        (base.texts("tier").expect("there")[0].clone(), number_at(&base, "known", 0))
    };
    let text = |text: &str| Some(text.to_owned());
    let change = |at: i64| vec![row("old", None, Some(at)), row("new", Some(at), None)];
    assert_eq!(tier(change(T - 1)), (text("new"), 1.0));
    assert_eq!(tier(change(T)), (text("old"), 1.0), "a change at the answer's instant is not before it");
    assert_eq!(
        tier(vec![row("new", Some(T), None)]),
        (None, 0.0),
        "a profile made at the answer knows nobody before it"
    );
    assert_eq!(tier(vec![row("old", None, Some(T - 1))]), (None, 1.0), "known, and nothing holds any more");
    let overlap = vec![row("late", Some(T - DAY), None), row("early", Some(T - 2 * DAY), None)];
    assert_eq!(tier(overlap), (text("late"), 1.0));
    let from = Some(T - DAY);
    let [gold, tin] = ["gold", "tin"].map(|name| row(name, from, None));
    assert_eq!(tier(vec![gold.clone(), gold.clone()]), (text("gold"), 1.0), "the same twice is no contradiction");
    assert_eq!(tier(vec![gold.clone(), tin]), (None, 1.0), "of two that began together nobody knows which held");
    assert_eq!(tier(vec![row("tin", from, from), gold]), (text("gold"), 1.0), "what ended as it began never held");
    assert_eq!(tier(vec![row("tin", Some(T - DAY), Some(T - 2 * DAY))]), (None, 0.0));
}

#[test]
fn junctures_and_exposures_before_and_after() {
    let mut company = nobody();
    let at = |t: i64, kind: &str, known_t: Option<i64>| Occasion { customer: 0, t, kind: kind.to_owned(), known_t };
    company.junctures = vec![
        at(T - 3 * DAY, "renewal", None),
        at(T + 2 * DAY, "renewal", None),
        at(T, "move", Some(T)),
        at(T + 5 * DAY, "move", Some(T - 1)),
        at(T + DAY, "visit", Some(T - DAY)),
    ];
    company.exposures = vec![at(T - 31 * DAY, "b", None), at(T - 30 * DAY, "b", None), at(T - DAY, "a", None)];
    let base = joined(&company, |plan| {
        let kind = |kind: &str, advance| Juncture { kind: kind.to_owned(), advance };
        plan.details.junctures =
            vec![kind("renewal", Advance::Known), kind("move", Advance::KnownFrom), kind("visit", Advance::Unknown)];
        plan.details.campaigns = vec!["b".to_owned()];
    });
    let base = base.expect("joined");
    first(
        &base,
        &[
            ("days_since_renewal", 3.0),
            ("days_to_renewal", 2.0),
            ("days_to_move", 5.0),
            ("days_since_move", f64::NAN),
            ("days_since_visit", f64::NAN),
            ("exposures_30d", 2.0),
            ("days_since_exposure", 1.0),
            ("exposures_b_30d", 1.0),
            ("days_since_exposure_b", 30.0),
        ],
    );
    assert!(base.numbers("days_to_visit").is_none(), "nobody says that visits are known in advance");
}

#[test]
fn outcomes_over_a_window_of_ten_days() {
    let mut company = nobody();
    company.purchases = vec![
        Purchase { family: Some("home".to_owned()), ..purchase(T - DAY, 10.0) },
        Purchase { family: Some("home".to_owned()), ..purchase(T + 3 * DAY, 10.0) },
        Purchase { family: Some("garden".to_owned()), ..purchase(T + 10 * DAY, 30.0) },
        Purchase { family: Some("garden".to_owned()), ..purchase(T + 10 * DAY + 1, 999.0) },
        Purchase { customer: 1, ..purchase(T + 4 * DAY, 1.0) },
        Purchase { customer: 2, ..purchase(T + 11 * DAY, 1.0) },
        Purchase { customer: 3, ..purchase(T + 2 * DAY, 1.0) },
    ];
    let refer = |referred: usize, t: i64| Referral { referrer: 0, referred, t };
    // Customer 1 buys at the referral itself, 2 after the window, 3 only before being referred.
    company.referrals =
        vec![refer(1, T + 4 * DAY), refer(1, T + 4 * DAY), refer(2, T + 5 * DAY), refer(3, T + 5 * DAY)];
    company.activity = vec![contact(T, "log-in", "app", "", 1.0)];
    let days = 10;
    let base = joined(&company, |plan| {
        plan.windows = vec![
            OutcomeWindow::FamilyPurchases { family: "garden".to_owned(), days },
            OutcomeWindow::NewFamilies { days },
            OutcomeWindow::Upsell { days },
            OutcomeWindow::Referrals { days },
            OutcomeWindow::ConvertedReferrals { days },
            OutcomeWindow::Lapse { days: 2 },
            OutcomeWindow::Lapse { days: 3 },
            OutcomeWindow::Repurchase,
        ];
    });
    first(
        &base.expect("joined"),
        &[
            ("next_purchases_garden_10d", 1.0),
            ("next_new_families_10d", 1.0),
            ("next_upsell_10d", 1.0),
            ("next_referrals_10d", 4.0),
            ("next_converted_referrals_10d", 2.0),
            ("next_lapse_2d", 1.0),
            ("next_lapse_3d", 0.0),
            ("repurchase_days", 3.0),
            ("repurchase_event", 1.0),
        ],
    );
    // The same mean before and after is no up-sell, and who never bought cannot be sold more.
    company.purchases.truncate(2);
    let ask = |plan: &mut LinkPlan| plan.windows = vec![OutcomeWindow::Upsell { days }, OutcomeWindow::Repurchase];
    first(&joined(&company, ask).expect("joined"), &[("next_upsell_10d", 0.0)]);
    company.purchases.remove(1);
    let until = ((AS_OF - T) / DAY) as f64;
    let none = [("next_upsell_10d", 0.0), ("repurchase_event", 0.0), ("repurchase_days", until)];
    first(&joined(&company, ask).expect("joined"), &none);
    company.purchases.clear();
    first(&joined(&company, ask).expect("joined"), &[("next_upsell_10d", f64::NAN), ("repurchase_days", until)]);
}

#[test]
fn a_purchase_without_an_amount_has_no_part_in_an_up_sell() {
    let upsell = |before: &[f64], after: &[f64]| {
        let bought = |amounts: &[f64], t: i64| amounts.iter().map(|&own| purchase(t, own)).collect::<Vec<_>>();
        let purchases = [bought(before, T - DAY), bought(after, T + DAY)].concat();
        let company = Company { purchases, ..nobody() };
        let base = joined(&company, |plan| plan.windows = vec![OutcomeWindow::Upsell { days: 10 }]).expect("joined");
        number_at(&base, "next_upsell_10d", 0)
    };
    let blank = f64::NAN;
    // 15 is more than 10, and of (10, 20) the mean is 15: a blank counts on neither side.
    assert_eq!([upsell(&[10.0], &[15.0, blank]), upsell(&[10.0, 20.0, blank], &[15.0])], [1.0, 0.0]);
    // One of the two means is not known; who bought nothing more was sold nothing more.
    assert!(upsell(&[blank], &[50.0]).is_nan() && upsell(&[10.0], &[blank]).is_nan());
    assert_eq!([upsell(&[blank], &[])], [0.0]);
}

#[test]
fn churn_is_dated_and_does_not_happen_twice() {
    let churn = |churned_t: Option<i64>| {
        let profile = Profile {
            customer: 0,
            joined_t: None,
            churned_t,
            valid_from: None,
            valid_to: None,
            tier: String::new(),
            size: 0.0,
        };
        let company = Company { profiles: vec![profile], ..nobody() };
        let base = joined(&company, |plan| plan.windows = vec![OutcomeWindow::Churn { days: 10 }]).expect("joined");
        number_at(&base, "next_churn_10d", 0)
    };
    assert_eq!(
        [churn(Some(T + 1)), churn(Some(T + 10 * DAY)), churn(Some(T + 10 * DAY + 1)), churn(None)],
        [1.0, 1.0, 0.0, 0.0]
    );
    assert!(churn(Some(T)).is_nan());
}

#[test]
fn joining_after_the_answer_is_as_if_the_date_were_unknown() {
    let tenure = |joined_t: Option<i64>| {
        let profile = Profile {
            customer: 0,
            joined_t,
            churned_t: None,
            valid_from: None,
            valid_to: None,
            tier: String::new(),
            size: 0.0,
        };
        let company = Company { profiles: vec![profile], purchases: vec![purchase(T - 8 * DAY, 1.0)], ..nobody() };
        number_at(&joined(&company, |_| {}).expect("joined"), "tenure_days", 0)
    };
    assert_eq!(
        [tenure(Some(T - 9 * DAY)), tenure(Some(T)), tenure(Some(T + MINUTE)), tenure(None)],
        [9.0, 8.0, 8.0, 8.0]
    );
}

#[test]
fn the_first_rule_that_holds_names_the_stage() {
    let rules = |column: &str| {
        let condition = |column: &str, comparison, value| Condition { column: column.to_owned(), comparison, value };
        vec![
            LifecycleRule { stage: "new".to_owned(), all: vec![condition("tenure_days", Comparison::Below, 5.0)] },
            LifecycleRule { stage: "it's back".to_owned(), all: vec![condition(column, Comparison::AtLeast, 2.0)] },
            LifecycleRule { stage: "never".to_owned(), all: vec![condition("frequency", Comparison::Equal, 0.0)] },
        ]
    };
    let stage = |days: &[i64]| {
        let company = Company { purchases: days.iter().map(|day| purchase(T - day * DAY, 1.0)).collect(), ..nobody() };
        let base = joined(&company, |plan| plan.details.lifecycle = rules("frequency")).expect("joined");
        base.texts("lifecycle_stage").expect("there")[0].clone()
    };
    assert_eq!(stage(&[1, 2]).as_deref(), Some("new"));
    assert_eq!(stage(&[1, 6]).as_deref(), Some("it's back"));
    assert_eq!(stage(&[]).as_deref(), Some("never"), "a gap in tenure fulfils nothing");
    assert_eq!(stage(&[5]), None, "no rule holds");
    let refused = joined(&nobody(), |plan| plan.details.lifecycle = rules("next_purchases_90d"));
    assert!(refused.expect_err("an outcome is no history").to_string().contains("`next_purchases_90d`"));
}

#[test]
fn a_plan_that_cannot_be_joined_is_refused_with_a_sentence() {
    let refused = |ask: fn(&mut LinkPlan)| joined(&nobody(), ask).expect_err("refused").to_string();
    assert!(refused(|plan| plan.history_windows_days = vec![0]).contains("0 days"));
    assert!(refused(|plan| plan.history_windows_days = vec![30, 30]).contains("`frequency_30d`"));
    assert!(
        refused(|plan| {
            plan.tables.transactions = None;
            plan.details = HistoryDetails { purchase_gaps: true, ..HistoryDetails::default() };
        })
        .contains("`transactions`")
    );
    assert!(
        refused(|plan| {
            plan.tables.referrals = None;
            plan.windows = vec![OutcomeWindow::ConvertedReferrals { days: 3 }];
        })
        .contains("`referrals`")
    );
}

#[test]
fn a_profile_with_a_history_is_no_ambiguous_key() {
    let row = |customer: usize, from: i64| Profile {
        customer,
        joined_t: None,
        churned_t: None,
        valid_from: Some(from),
        valid_to: None,
        tier: String::new(),
        size: 0.0,
    };
    let mut company = Company { profiles: vec![row(0, 1), row(0, 2), row(1, 1), row(1, 1)], ..nobody() };
    company.answers.extend([1, 2].map(|customer| Answer { customer, t: T, recommend: None }));
    let folder = tempfile::tempdir().expect("a folder");
    let mut plan = LinkPlan::over(company.write(folder.path()), AS_OF);
    plan.details.validity = Validity::Intervals;
    let report = engine(plan, folder.path(), 1).match_report().expect("counted");
    let own = report.iter().find(|row| row.source == "feedback").expect("the feedback");
    assert_eq!((own.n_rows, own.n_matched, own.n_ambiguous, own.n_unmatched), (3, 1, 1, 1));
    for row in &report {
        assert_eq!(row.n_rows, row.n_matched + row.n_ambiguous + row.n_unmatched, "{row:?}");
    }
    assert_eq!(report.len(), 7, "both sides of referrals, and every table of events: {report:?}");
}
