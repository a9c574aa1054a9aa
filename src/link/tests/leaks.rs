//! That nothing leaks: what is known of an answer does not move when only what comes at it or after it changes, and what
//! happens after it does not when only the past changes. Events are moved by minutes around each answer.

use super::company::{Company, LineTimes, MINUTE};
use super::engine;
use super::loops::widest;
use crate::link::leaks::compare;
use crate::link::{Advance, Anchors, BaseTable, Column, Juncture, LeakCheck, LinkPlan, Returns, Same, Side, Validity};
use crate::stats::random::{Stream, stream};
use rand::Rng;
use std::collections::BTreeSet;
use std::num::NonZeroU32;

const N_CUSTOMERS: usize = 20;

/// One answer of each customer: its row and its instant.
type Focal = Vec<(usize, i64)>;

fn focal(company: &Company) -> Focal {
    (0..N_CUSTOMERS)
        .map(|customer| {
            let mut own: Vec<(i64, usize)> = company
                .answers
                .iter()
                .enumerate()
                .filter(|(_, answer)| answer.customer == customer)
                .map(|(row, answer)| (answer.t, row))
                .collect();
            own.sort_unstable();
            // A customer without an answer is moved about as if there were one that nobody looks at.
            own.get(own.len() / 2).map_or((usize::MAX, i64::MAX), |&(t, row)| (row, t))
        })
        .collect()
}

/// Moves instants on one side of an answer by minutes, never across it.
struct Mover {
    side: Side,
    random: Stream,
}

impl Mover {
    fn reaches(&self, t: i64, answer: i64) -> bool {
        match self.side {
            Side::Before => t < answer,
            Side::After => t >= answer,
        }
    }

    /// Half of the instants on this side move, by up to 20 minutes.
    fn moved(&mut self, t: i64, answer: i64) -> i64 {
        let shift = if self.random.random_range(0..2) == 0 { 0 } else { self.random.random_range(-20..21) * MINUTE };
        match self.side {
            Side::Before if t < answer => (t + shift).min(answer - 1),
            Side::After if t >= answer => (t + shift).max(answer),
            _ => t,
        }
    }

    /// A quarter of what happened on this side did not happen after all.
    fn undone(&mut self, t: i64, answer: i64) -> bool {
        self.reaches(t, answer) && self.random.random_range(0..4) == 0
    }

    fn maybe_moved(&mut self, t: Option<i64>, answer: i64) -> Option<i64> {
        let t = t?;
        if self.undone(t, answer) { None } else { Some(self.moved(t, answer)) }
    }
}

/// The company with everything else on one side of each customer's answer.
fn changed(company: &Company, focal: &Focal, side: Side, seed: u64) -> Company {
    let mut mover = Mover { side, random: stream(seed, "link leaks", 0) };
    let mut other = company.clone();
    let instant = |customer: usize| focal[customer].1;
    for (row, answer) in other.answers.iter_mut().enumerate() {
        let at = instant(answer.customer);
        if row != focal[answer.customer].0 && mover.reaches(answer.t, at) {
            answer.t = mover.moved(answer.t, at);
            answer.recommend = Some(f64::from(mover.random.random_range(0..11_u8)));
            // The row stays, so that the others keep their numbers, and is somebody else's.
            if mover.random.random_range(0..4) == 0 {
                answer.customer = N_CUSTOMERS;
            }
        }
    }
    // What a customer bought is also an outcome of those who brought the customer.
    let bought_at = |customer: usize| {
        let brought = company.referrals.iter().filter(|referral| referral.referred == customer);
        let at = brought.map(|referral| instant(referral.referrer)).chain([instant(customer)]);
        match side {
            Side::Before => at.min(),
            Side::After => at.max(),
        }
        .expect("the customer's own")
    };
    // An order that began before the answer and goes on after it is known on both sides, as what is known in advance.
    let reaches_both = |customer: usize, order: &Option<String>, at: i64| {
        let lines = || company.purchases.iter().filter(|own| own.customer == customer && own.order == *order);
        order.is_some() && lines().any(|own| own.t < at) && lines().any(|own| own.t >= at)
    };
    other.purchases.retain_mut(|purchase| {
        let at = bought_at(purchase.customer);
        if side == Side::Before && reaches_both(purchase.customer, &purchase.order, at) {
            return true;
        }
        // The date of a return within a purchase may lie on the other side.
        purchase.returned_t = mover.maybe_moved(purchase.returned_t, at);
        if mover.reaches(purchase.t, at) {
            purchase.amount += f64::from(mover.random.random_range(0..100_u8));
            purchase.family = purchase.family.take().map(|_| "o'clock".to_owned());
            purchase.product = Some("new".to_owned());
            purchase.channel = Some("new".to_owned());
        }
        // Some buy nothing at all on this side.
        let gone = mover.undone(purchase.t, at) || mover.reaches(purchase.t, at) && purchase.customer % 4 == 0;
        purchase.t = mover.moved(purchase.t, at);
        !gone
    });
    other.activity.retain_mut(|event| {
        let at = instant(event.customer);
        if mover.reaches(event.t, at) {
            event.rating = Some(f64::from(mover.random.random_range(0..3_u8)));
            event.kind = if mover.random.random_range(0..2) == 0 { "it's".to_owned() } else { "log-in".to_owned() };
            event.channel = event.channel.take().map(|_| "new".to_owned());
            event.topic = None;
        }
        let gone = mover.undone(event.t, at);
        event.t = mover.moved(event.t, at);
        !gone
    });
    other.referrals.retain_mut(|referral| {
        let both = [instant(referral.referrer), instant(referral.referred)];
        let at = match side {
            Side::Before => both.into_iter().min(),
            Side::After => both.into_iter().max(),
        };
        let at = at.expect("two");
        let gone = mover.undone(referral.t, at);
        referral.t = mover.moved(referral.t, at);
        !gone
    });
    for profile in &mut other.profiles {
        let at = instant(profile.customer);
        if mover.reaches(profile.valid_from.unwrap_or(i64::MIN), at) {
            profile.tier = "changed".to_owned();
            profile.size += 10.0;
        }
        profile.valid_from = profile.valid_from.map(|from| mover.moved(from, at));
        profile.valid_to = profile.valid_to.map(|to| mover.moved(to, at));
        profile.joined_t = mover.maybe_moved(profile.joined_t, at);
        profile.churned_t = mover.maybe_moved(profile.churned_t, at);
    }
    other.junctures.retain_mut(|juncture| {
        let at = instant(juncture.customer);
        let known = match juncture.kind.as_str() {
            "renewal" => true,
            "move" => juncture.known_t.is_some_and(|known| known < at),
            _ => false,
        };
        // What is known in advance belongs to both sides, so it stays as it is.
        if juncture.t >= at && known {
            return true;
        }
        let gone = mover.undone(juncture.t, at);
        juncture.t = mover.moved(juncture.t, at);
        juncture.known_t = mover.maybe_moved(juncture.known_t, at);
        !gone
    });
    other.exposures.retain_mut(|exposure| {
        let at = instant(exposure.customer);
        let gone = mover.undone(exposure.t, at);
        exposure.t = mover.moved(exposure.t, at);
        !gone
    });
    other
}

/// The widest plan of a company; of orders where its purchases have some.
fn widest_of(company: &Company, folder: &std::path::Path) -> LinkPlan {
    let orders = company.purchases.iter().any(|purchase| purchase.order.is_some());
    LinkPlan { orders, ..widest(company.write(folder), Returns::Dated, Same::Topic, Validity::Intervals) }
}

fn joined(company: &Company) -> (LinkPlan, BaseTable) {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = widest_of(company, folder.path());
    let base = engine(plan.clone(), folder.path(), 2).answers().expect("joined");
    (plan, base)
}

/// Columns that differ in the rows of the focal answers.
fn moved_columns(one: &BaseTable, other: &BaseTable, focal: &Focal, names: &[String]) -> BTreeSet<String> {
    let rows = || focal.iter().map(|&(row, _)| row).filter(|&row| row != usize::MAX);
    let find = |table: &BaseTable, name: &str| {
        table.columns().iter().find(|(own, _)| own == name).map(|(_, column)| column.clone()).expect("a column")
    };
    names
        .iter()
        .filter(|name| match (find(one, name), find(other, name)) {
            (Column::Numbers(one), Column::Numbers(other)) => rows()
                .any(|row| one[row].to_bits() != other[row].to_bits() && !(one[row].is_nan() && other[row].is_nan())),
            (Column::Texts(one), Column::Texts(other)) => rows().any(|row| one[row] != other[row]),
            _ => panic!("{name} changed its type"),
        })
        .cloned()
        .collect()
}

#[test]
fn no_column_moves_with_the_other_side_of_the_answer_and_every_column_with_its_own() {
    let (mut known_moved, mut outcomes_moved) = (BTreeSet::new(), BTreeSet::new());
    let (mut known, mut outcomes) = (Vec::new(), Vec::new());
    for seed in 0..4 {
        let company = Company::random(100 + seed, N_CUSTOMERS);
        let company = if seed < 2 { company } else { company.in_orders(seed, LineTimes::Mixed) };
        let focal = focal(&company);
        let (plan, base) = joined(&company);
        known = plan.compared(Side::Before);
        outcomes = plan.compared(Side::After);
        let (_, future) = joined(&changed(&company, &focal, Side::After, seed));
        let (_, past) = joined(&changed(&company, &focal, Side::Before, seed));
        assert_eq!(moved_columns(&base, &future, &focal, &known), BTreeSet::new(), "seed {seed}: what was known moved");
        assert_eq!(moved_columns(&base, &past, &focal, &outcomes), BTreeSet::new(), "seed {seed}: an outcome moved");
        known_moved.extend(moved_columns(&base, &past, &focal, &known));
        outcomes_moved.extend(moved_columns(&base, &future, &focal, &plan.outcomes()));
        if seed == 0 {
            outcomes.extend(plan.outcomes());
        }
    }
    // Otherwise the first half would hold for columns that nothing moves. Dates known in advance lie on neither side.
    known.retain(|name| !known_moved.contains(name) && !name.starts_with("days_to_") && name != "known");
    assert_eq!(known, Vec::<String>::new(), "no change of the past moved these");
    outcomes.retain(|name| !outcomes_moved.contains(name));
    assert_eq!(outcomes, Vec::<String>::new(), "no change of the future moved these");
}

#[test]
fn the_check_finds_nothing_in_the_widest_plan() {
    let company = Company::random(11, 12);
    finds_nothing(&company);
    finds_nothing(&company.in_orders(11, LineTimes::Mixed));
}

fn finds_nothing(company: &Company) {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = widest_of(company, folder.path());
    let engine = engine(plan.clone(), folder.path(), 2);
    let report = engine.leaks(&LeakCheck::default()).expect("checked");
    assert_eq!(report.leaking().collect::<Vec<_>>(), Vec::<&crate::link::ColumnCheck>::new());
    assert_eq!(report.n_answers, company.answers.len() as u64);
    let n_compared = plan.compared(Side::Before).len() + plan.compared(Side::After).len();
    assert_eq!(report.columns.len(), n_compared);
    assert_eq!(report.in_advance, ["days_to_renewal", "days_to_move"]);
    assert_eq!(report.looks_back, ["next_new_families_10d", "next_upsell_10d", "next_churn_10d"]);
}

#[test]
fn a_share_of_the_answers_can_be_checked() {
    let folder = tempfile::tempdir().expect("a folder");
    let company = Company::random(12, 12);
    let plan = LinkPlan::over(company.write(folder.path()), super::AS_OF);
    let third = LeakCheck { every: NonZeroU32::new(3).expect("three"), ..LeakCheck::default() };
    let report = engine(plan, folder.path(), 2).leaks(&third).expect("checked");
    assert_eq!((report.n_answers, report.leaking().count()), (company.answers.len().div_ceil(3) as u64, 0));
}

#[test]
fn the_check_finds_a_column_that_leaks() {
    let folder = tempfile::tempdir().expect("a folder");
    let company = Company::random(12, 12);
    let mut plan = LinkPlan::over(company.write(folder.path()), super::AS_OF);
    plan.details.junctures = vec![Juncture { kind: "visit".to_owned(), advance: Advance::Unknown }];
    let engine = engine(plan.clone(), folder.path(), 2);
    let all = NonZeroU32::MIN;
    let with = |from: &str, to: &str, name: &str| {
        let leaky = |statement: String| {
            assert!(statement.contains(from), "the statement says {from}");
            engine.rows(&statement.replace(from, to), "testing").expect("joined")
        };
        let (whole, half) = (leaky(plan.statement(Anchors::Answers)), leaky(plan.half(Side::Before, all)));
        compare(&whole, &half, Side::Before, &[name.to_owned()]).expect("compared")[0].n_differ
    };
    let counted = "COUNT(*) FILTER (WHERE x.t < a.t) AS \"frequency\"";
    assert_eq!(with(counted, counted, "frequency"), 0);
    // One microsecond too much, and everything.
    assert!(with(counted, "COUNT(*) FILTER (WHERE x.t <= a.t) AS \"frequency\"", "frequency") > 0);
    assert!(with(counted, "COUNT(*) AS \"frequency\"", "frequency") > 0);
    let visited = "FILTER (WHERE x.kind = 'visit' AND x.t < a.t)";
    assert!(with(visited, "FILTER (WHERE x.kind = 'visit')", "days_since_visit") > 0);
}
