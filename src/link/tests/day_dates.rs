//! Tables dated by day beside others, counted by hand.

use super::{DAY, TypedTables, engine, instants, numbers, plan, table, texts};
use crate::link::{DatedByDay, SameDay};

const HOUR: i64 = DAY / 24;
const N: usize = 24;

/// Answers of as many customers, one a day from day 100 on at an hour of the day, and one purchase each, the n-th so many hours after
/// the start of the day of the n-th answer.
fn same_days(hour: impl Fn(usize) -> i64, purchase: impl Fn(usize) -> i64) -> Vec<SameDay> {
    let folder = tempfile::tempdir().expect("a folder");
    let names: Vec<String> = (0..N).map(|n| format!("c{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let at = |n: usize, hours: i64| (100 + n as i64) * DAY + hours * HOUR;
    let answers: Vec<i64> = (0..N).map(|n| at(n, hour(n))).collect();
    let purchases: Vec<i64> = (0..N).map(|n| at(n, purchase(n))).collect();
    let rows: Vec<i64> = (0..N as i64).collect();
    let feedback = vec![
        ("row", instants(&rows)),
        ("customer", texts(&names)),
        ("t", instants(&answers)),
        ("recommend", numbers(&[9.0; N])),
        ("delivery", numbers(&[1.0; N])),
    ];
    let transactions = vec![("customer", texts(&names)), ("t", instants(&purchases)), ("amount", numbers(&[1.0; N]))];
    let tables = TypedTables {
        feedback: Some(table(folder.path(), "feedback", feedback)),
        transactions: Some(table(folder.path(), "transactions", transactions)),
        ..TypedTables::default()
    };
    let mut plan = plan(tables);
    plan.windows.truncate(1);
    engine(plan, folder.path(), 2).same_days().expect("counted")
}

fn one(dated_by_day: DatedByDay, n_same_day: u64) -> Vec<SameDay> {
    vec![SameDay { source: "transactions", dated_by_day, n_answers: N as u64, n_same_day }]
}

#[test]
fn events_on_the_day_of_an_answer_are_counted_where_one_side_has_no_hours() {
    // Purchases at odd hours of the same day for every third customer, and of another day for the rest.
    let third = |n: usize| if n.is_multiple_of(3) { 1 + n as i64 % 23 } else { 30 + n as i64 };
    assert_eq!(same_days(|_| 0, third), one(DatedByDay::Answers, 8));
    // Answers at odd hours beside purchases at the start of the same day, or of the next.
    let parity = |n: usize| if n.is_multiple_of(2) { 0 } else { 24 };
    assert_eq!(same_days(|n| 1 + n as i64 % 23, parity), one(DatedByDay::Events, 12));
    assert_eq!(same_days(|_| 0, parity), one(DatedByDay::Both, 12));
    // Both with their hours: the order is known.
    assert_eq!(same_days(|n| 1 + n as i64 % 23, third), []);
}

#[test]
fn days_begin_an_hour_earlier_in_summer_and_three_hours_are_no_days() {
    // The starts of days of Berlin are at 22 and 23 o'clock of UTC, those of London at 23 and 0.
    let in_hour = |_: usize| 23;
    assert_eq!(same_days(|n| if n < 12 { 22 } else { 23 }, in_hour), one(DatedByDay::Both, 12));
    assert_eq!(same_days(|n| if n < 12 { -1 } else { 0 }, |n| n as i64 % 24).len(), 1);
    assert_eq!(same_days(|n| 21 + n as i64 % 3, |n| n as i64 % 24), []);
}

#[test]
fn answers_shortly_before_their_invitation_are_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    let feedback = vec![
        ("row", instants(&[0, 1, 2, 3])),
        ("customer", texts(&["a", "b", "c", "d"])),
        ("t", instants(&[10 * DAY, 10 * DAY, 10 * DAY, 10 * DAY])),
        ("recommend", numbers(&[9.0; 4])),
        ("delivery", numbers(&[1.0; 4])),
    ];
    // Six hours after the answer; the same after one before it; three days after it; d was never asked.
    let invitations = vec![
        ("customer", texts(&["a", "b", "b", "c"])),
        ("t", instants(&[10 * DAY + 6 * HOUR, 10 * DAY + 6 * HOUR, 9 * DAY, 13 * DAY])),
    ];
    let tables = TypedTables {
        feedback: Some(table(folder.path(), "feedback", feedback)),
        invitations: Some(table(folder.path(), "invitations", invitations)),
        ..TypedTables::default()
    };
    let mut plan = plan(tables);
    plan.windows.clear();
    assert_eq!(engine(plan, folder.path(), 2).answers_before_invitation().expect("counted"), (1, 3));
}
