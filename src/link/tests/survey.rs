//! Who was asked, who answered, and what happened in between, by hand.

use super::{AS_OF, BaseTable, DAY, engine, instants, number_at, numbers, table, texts};
use crate::link::{
    Behaviour, LeakCheck, LinkPlan, ProfileColumn, Respondents, ResponseCut, ResponseRates, TypedTables, Validity,
};
use crate::stats::Confidence;
use datafusion::arrow::array::{ArrayRef, Int64Array};
use std::path::Path;
use std::sync::Arc;

fn maybe(values: &[Option<i64>]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

/// Customers a, b and c answer on day 500; d never does. All are invited on day 490 but b, who is invited after the
/// answer, and c, who is reminded on day 495. d is invited again three days before the study's date.
fn tables(root: &Path) -> TypedTables {
    let t = 500 * DAY;
    let feedback = table(
        root,
        "feedback",
        vec![
            ("row", instants(&[0, 1, 2])),
            ("customer", texts(&["a", "b", "c"])),
            ("t", instants(&[t, t, t])),
            ("recommend", numbers(&[9.0, 2.0, 5.0])),
        ],
    );
    // a buys between invitation and answer, and at the answer; b before everything; c long before and between.
    let transactions = table(
        root,
        "transactions",
        vec![
            ("customer", texts(&["a", "a", "a", "b", "b", "c", "c", "d"])),
            ("t", instants(&[400 * DAY, 492 * DAY, t, 480 * DAY, 485 * DAY, 480 * DAY, 494 * DAY, 450 * DAY])),
            ("amount", numbers(&[1.0; 8])),
        ],
    );
    let invitations = table(
        root,
        "invitations",
        vec![
            // a is invited by the app too at the same instant, and its invitation by mail is in the log twice.
            ("customer", texts(&["a", "a", "a", "b", "c", "c", "d", "d"])),
            (
                "t",
                instants(&[
                    490 * DAY,
                    490 * DAY,
                    490 * DAY,
                    501 * DAY,
                    490 * DAY,
                    495 * DAY,
                    490 * DAY,
                    AS_OF - 3 * DAY,
                ]),
            ),
            ("channel", texts(&["mail", "mail", "app", "mail", "mail", "text", "text", "text"])),
        ],
    );
    let customers = table(
        root,
        "customers",
        vec![
            ("customer", texts(&["a", "a", "b", "c", "d"])),
            ("joined_t", maybe(&[Some(100 * DAY), Some(100 * DAY), Some(t), None, Some(450 * DAY)])),
            ("valid_from", maybe(&[None, Some(t + DAY), Some(t), None, None])),
            ("valid_to", maybe(&[Some(t + DAY), None, None, None, None])),
            ("tier", texts(&["tin", "gold", "gold", "tin", "tin"])),
        ],
    );
    TypedTables {
        feedback: Some(feedback),
        transactions: Some(transactions),
        invitations: Some(invitations),
        customers: Some(customers),
        ..TypedTables::default()
    }
}

fn plan(root: &Path) -> LinkPlan {
    let mut plan = LinkPlan::over(tables(root), AS_OF);
    plan.details.validity = Validity::Intervals;
    plan.profile = vec![ProfileColumn { name: "tier".to_owned(), numeric: false, constant: false }];
    plan
}

#[test]
fn what_lies_between_the_survey_and_the_answer_is_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    let report = engine(plan(folder.path()), folder.path(), 1).leaks(&LeakCheck::default()).expect("checked");
    let early = &report.early[0];
    // a was asked on day 490 and bought on day 492; c's last invitation is of day 495, after the purchase of day 494.
    assert_eq!((early.source, early.n_answers, early.n_asked), ("transactions", 3, 2));
    assert_eq!((early.n_events, early.n_answers_with, early.n_events_at_answer), (1, 1, 1));
    let buyers = report.repeat_buyers.expect("there are purchases");
    // Second purchases: a on day 492, b on day 485, c on day 494; all before the answer, b was never asked before it, and c was
    // first asked on day 490 but is known by the last invitation before the answer, of day 495.
    assert_eq!((buyers.n_customers, buyers.n_repeat, buyers.n_before_survey, buyers.n_before_answer), (3, 3, 1, 3));
    let dated = LeakCheck { fieldwork_from: Some(490 * DAY), ..LeakCheck::default() };
    let report = engine(plan(folder.path()), folder.path(), 1).leaks(&dated).expect("checked");
    assert_eq!(report.early[0].n_asked, 3);
    assert_eq!(report.repeat_buyers.map(|buyers| buyers.n_before_survey), Some(2));
    let late = LeakCheck { fieldwork_from: Some(501 * DAY), ..LeakCheck::default() };
    let report = engine(plan(folder.path()), folder.path(), 1).leaks(&late).expect("checked");
    assert_eq!(report.early[0].n_asked, 2, "a fieldwork that began after the answer asked nobody before it");
}

#[test]
fn what_of_the_profile_is_younger_than_the_answer_is_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut plan = plan(folder.path());
    let report = engine(plan.clone(), folder.path(), 1).leaks(&LeakCheck::default()).expect("checked");
    let [joined, tier] = &report.profile[..] else { panic!("two columns: {:?}", report.profile) };
    assert_eq!(
        (joined.column.as_str(), joined.n_answers, joined.n_later),
        ("joined_t", 3, Some(1)),
        "b joined at the answer"
    );
    assert_eq!(
        (tier.n_answers, tier.n_later, tier.n_changed),
        (3, Some(1), Some(1)),
        "b's profile is new, a's changed"
    );
    plan.details.validity = Validity::Undated;
    let report = engine(plan, folder.path(), 1).leaks(&LeakCheck::default()).expect("checked");
    assert_eq!((report.profile[1].n_later, report.profile[1].n_changed), (None, None), "without dates nobody can tell");
}

#[test]
fn invitations_are_answered_by_the_answer_that_follows_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = |within_days: u32| ResponseRates {
        within_days,
        cuts: vec![
            ResponseCut::All,
            ResponseCut::Invitation("channel".to_owned()),
            ResponseCut::Profile("tier".to_owned()),
        ],
        confidence: Confidence::default(),
    };
    let engine = engine(plan(folder.path()), folder.path(), 1);
    let rates = engine.response_rates(&settings(10)).expect("counted");
    let counts: Vec<(Option<&str>, u64, u64, u64)> =
        rates.iter().map(|rate| (rate.value.as_deref(), rate.n_invited, rate.n_answered, rate.n_open)).collect();
    let expected = [
        // a on the last day, and c's reminder.
        (None, 5, 2, 1),
        (Some("app"), 1, 1, 0),
        (Some("mail"), 3, 1, 0),
        (Some("text"), 2, 1, 1),
        // As it was at the invitation: a is tin still, b's gold begins on day 500.
        (Some("gold"), 1, 0, 0),
        (Some("tin"), 4, 2, 1),
    ];
    assert_eq!(counts, expected);
    let all = &rates[0];
    // Wilson for 2 of 5 at 95 %: centre (0.4 + 3.8415 / 10) / (1 + 3.8415 / 5) = 0.44345, half width
    // 1.95996 / 1.7683 * sqrt(0.24 / 5 + 3.8415 / 100) = 0.32583.
    let (low, high) = (all.conf_low.expect("an end"), all.conf_high.expect("an end"));
    assert!((low - 0.11762).abs() < 1e-4 && (high - 0.76928).abs() < 1e-4, "{low} {high}");
    assert!((all.rate.expect("a rate") - 0.4).abs() < 1e-12);
    let rates = engine.response_rates(&settings(9)).expect("counted");
    assert_eq!((rates[0].n_invited, rates[0].n_answered), (5, 1), "a took ten days");
    let unknown = ResponseRates { cuts: vec![ResponseCut::Profile("size".to_owned())], ..settings(9) };
    assert!(engine.response_rates(&unknown).expect_err("refused").to_string().contains("`size`"));
}

#[test]
fn those_who_answered_are_held_against_all_customers() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut plan = plan(folder.path());
    plan.details.validity = Validity::Undated;
    let engine = engine(plan, folder.path(), 1);
    let settings = Respondents { at: 490 * DAY, answered_from: 490 * DAY, answered_until: AS_OF };
    let rows = engine.respondents_against_base(&settings).expect("compared");
    let of = |name: &str| -> &Behaviour { rows.iter().find(|row| row.column == name).expect("a column") };
    // Before day 490: a 1 purchase, c 1, d 1, b 2; b has not joined by then, and is known by purchases and profile.
    let frequency = of("frequency");
    assert_eq!((frequency.respondents.n, frequency.base.n), (3, 4));
    assert!((frequency.respondents.mean - 4.0 / 3.0).abs() < 1e-12 && (frequency.base.mean - 1.25).abs() < 1e-12);
    // Distances from 1.25: three times -0.25 and 0.75, squares 0.75, over three 0.25.
    assert!((frequency.base.sd().expect("four") - 0.5).abs() < 1e-12);
    assert!((frequency.standardised_difference().expect("varies") - (4.0 / 3.0 - 1.25) / 0.5).abs() < 1e-12);
    // Days since the last purchase: a 90, b 5, c 10, d 40.
    assert!((of("recency_days").base.mean - 36.25).abs() < 1e-9);
    assert!((of("recency_days").respondents.mean - 35.0).abs() < 1e-9);
    assert_eq!(of("earlier_answers").standardised_difference(), None, "nobody has answered yet");
    let later = Respondents { at: AS_OF + 1, ..settings };
    assert!(engine.respondents_against_base(&later).is_err());
    // Before day 470: a had joined on day 100 and bought once, d on day 450; c has a profile without a date and nothing before, and is
    // nobody who was known then, whatever c answered since; b joined and bought later.
    let earlier = Respondents { at: 470 * DAY, answered_from: 470 * DAY, answered_until: AS_OF };
    let rows = engine.respondents_against_base(&earlier).expect("compared");
    let frequency = rows.iter().find(|row| row.column == "frequency").expect("a column");
    assert!(frequency.base.n == 2 && (frequency.base.mean - 1.0).abs() < 1e-12, "{frequency:?}");
    assert!(rows.iter().all(|row| row.respondents.n <= row.base.n));
}

#[test]
fn customers_are_numbered_anew_for_another_date() {
    // The comparison at an earlier date leaves no trace in the customers' base table.
    let folder = tempfile::tempdir().expect("a folder");
    let engine = engine(plan(folder.path()), folder.path(), 1);
    let customers = || {
        let mut all: Vec<BaseTable> = Vec::new();
        let taken = engine.customers::<crate::link::LinkError>(|batch| {
            all.push(batch);
            Ok(())
        });
        taken.expect("joined");
        all
    };
    let before = customers();
    let settings = Respondents { at: 460 * DAY, answered_from: 0, answered_until: AS_OF };
    engine.respondents_against_base(&settings).expect("compared");
    let after = customers();
    assert_eq!(number_at(&before[0], "t", 0), AS_OF as f64);
    assert_eq!(before[0].texts("customer"), after[0].texts("customer"));
    assert_eq!(before[0].numbers("frequency"), after[0].numbers("frequency"));
}
