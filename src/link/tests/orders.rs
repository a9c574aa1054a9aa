//! Orders of several lines are one purchase each: by hand, and against the same company with its lines added up beforehand.

use super::by_hand::{T, first, joined, nobody, purchase};
use super::company::{Company, LineTimes, Purchase};
use super::loops::widest;
use super::{DAY, engine};
use crate::link::{
    BaseTable, Column, Distinct, Engine, LeakCheck, LinkError, LinkPlan, OrderLines, OutcomeWindow, Returns, Same,
    Validity,
};
use std::collections::BTreeMap;

fn line(order: &str, t: i64, amount: f64, family: &str) -> Purchase {
    let named = |name: &str| Some(name.to_owned()).filter(|name| !name.is_empty());
    Purchase { order: named(order), family: named(family), product: named(family), ..purchase(t, amount) }
}

#[test]
fn an_order_is_one_purchase_at_its_earliest_line_and_its_lines_are_what_it_holds() {
    let mut company = nobody();
    company.purchases = vec![
        line("A", T - 10 * DAY, 10.0, "home"),
        line("A", T - 10 * DAY, 20.0, "home"),
        line("A", T - 10 * DAY, 30.0, "garden"),
        // Later lines of an order cost when they are there: the last one of B after the answer.
        line("B", T - 4 * DAY, 5.0, ""),
        line("B", T - 3 * DAY, 7.0, ""),
        line("B", T + 3 * DAY, 6.0, ""),
        line("", T - 2 * DAY, 78.0, ""),
        line("C", T + DAY, 30.0, "home"),
        line("C", T + DAY, 30.0, "home"),
        line("C", T + 2 * DAY, 4.0, "garden"),
        line("D", T + 5 * DAY, 45.0, "home"),
        line("E", T + 6 * DAY, 34.0, ""),
        line("", T + 7 * DAY, 50.0, ""),
    ];
    let base = joined(&company, |plan| {
        plan.orders = true;
        plan.details.purchase_gaps = true;
        plan.details.distinct = vec![Distinct::Families];
        let family = |family: &str| OutcomeWindow::FamilyPurchases { family: family.to_owned(), days: 30 };
        plan.windows = vec![
            OutcomeWindow::Purchases { days: 30 },
            family("home"),
            family("garden"),
            OutcomeWindow::Upsell { days: 30 },
            OutcomeWindow::Repurchase,
        ];
    });
    first(
        &base.expect("joined"),
        &[
            // A, B and the row without an order, 10, 4 and 2 days before: gaps of 6 and 2 days.
            ("frequency", 3.0),
            ("frequency_30d", 3.0),
            ("recency_days", 2.0),
            ("tenure_days", 10.0),
            ("purchase_gap_mean_days", 4.0),
            ("purchase_gap_sd_days", 8.0_f64.sqrt()),
            ("spend_30d", 150.0),
            ("distinct_families", 2.0),
            // C, D, E and the row without an order; the late line of B is spend and no purchase.
            ("next_purchases_30d", 4.0),
            ("next_spend_30d", 199.0),
            ("next_purchases_home_30d", 2.0),
            ("next_purchases_garden_30d", 1.0),
            // 199 / 4 = 49.75 against 150 / 3 = 50; by lines it would be 199 / 7 against 150 / 6, which is more.
            ("next_upsell_30d", 0.0),
            ("repurchase_days", 1.0),
            ("repurchase_event", 1.0),
        ],
    );
}

#[test]
fn a_line_that_came_back_is_a_return_and_its_order_a_purchase_all_the_same() {
    let mut company = nobody();
    let lines = |back: Option<Purchase>| {
        let order = [10.0, 20.0, 30.0].map(|amount| line("A", T - 10 * DAY, amount, ""));
        order.into_iter().chain(back).collect::<Vec<_>>()
    };
    let of = |company: &Company, returns: Returns| {
        let ask = |plan: &mut LinkPlan| {
            plan.orders = true;
            plan.details.returns = returns;
        };
        joined(company, ask).expect("joined")
    };
    let expected = [("frequency", 1.0), ("spend_30d", 60.0), ("returns", 1.0), ("returned_spend_30d", 20.0)];
    company.purchases = lines(Some(line("A", T - 5 * DAY, -20.0, "")));
    first(&of(&company, Returns::NegativeAmounts), &expected);
    company.purchases = lines(Some(Purchase { returned: 1.0, ..line("A", T - 5 * DAY, 20.0, "") }));
    first(&of(&company, Returns::Flagged), &expected);
    company.purchases = lines(None);
    company.purchases[1].returned_t = Some(T - 5 * DAY);
    first(&of(&company, Returns::Dated), &expected);
    // A return that stands before the lines of its order begins no purchase, and alone it is none.
    company.purchases = lines(Some(line("A", T - 11 * DAY, -20.0, "")));
    first(&of(&company, Returns::NegativeAmounts), &[("frequency", 1.0), ("tenure_days", 10.0)]);
    company.purchases = vec![line("A", T - 5 * DAY, -20.0, "")];
    first(&of(&company, Returns::NegativeAmounts), &[("frequency", 0.0), ("returns", 1.0)]);
}

/// A company of orders with amounts in hundredths, and the same with the lines of each order added up.
fn with_sums(seed: u64) -> [Company; 2] {
    let mut lines = Company::random(seed, 12).in_orders(seed, LineTimes::Same);
    lines.purchases.iter_mut().for_each(|line| line.amount = line.amount.round() / 100.0);
    let mut sums = lines.clone();
    let mut orders: BTreeMap<(usize, String), Purchase> = BTreeMap::new();
    sums.purchases.retain(|line| {
        let Some(order) = line.order.clone() else { return true };
        let sum = orders.entry((line.customer, order)).or_insert(Purchase { amount: 0.0, ..line.clone() });
        sum.amount = ((sum.amount + line.amount) * 100.0).round() / 100.0;
        false
    });
    sums.purchases.extend(orders.into_values());
    [lines, sums]
}

/// The same company where every line of an order bears the amount of the whole.
fn with_totals([lines, sums]: &[Company; 2]) -> Company {
    let mut totals = lines.clone();
    for line in totals.purchases.iter_mut().filter(|line| line.order.is_some()) {
        let is_order = |own: &&Purchase| own.customer == line.customer && own.order == line.order;
        line.amount = sums.purchases.iter().find(is_order).expect("its order").amount;
    }
    totals
}

fn started(company: &Company, orders: bool, amount_once: bool, folder: &std::path::Path) -> Engine {
    let plan = widest(company.write(folder), Returns::Unmarked, Same::Topic, Validity::Intervals);
    engine(LinkPlan { orders, amount_once, ..plan }, folder, 2)
}

fn same(one: &BaseTable, other: &BaseTable, names: impl Fn(&str) -> bool) -> usize {
    let mut n = 0;
    for (name, column) in one.columns().iter().filter(|(name, _)| names(name)) {
        match column {
            Column::Numbers(values) => {
                let others = other.numbers(name).expect("there");
                let is_same = |(a, b): (&f64, &f64)| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan();
                assert!(values.iter().zip(others).all(is_same), "{name}");
            }
            Column::Texts(values) => assert_eq!(Some(values.as_slice()), other.texts(name), "{name}"),
        }
        n += 1;
    }
    n
}

#[test]
fn lines_give_the_columns_of_orders_added_up_beforehand() {
    // What an order holds is lost in its sum: products, families and channels are those of lines that are purchases.
    let is_of_lines = |name: &str| name.starts_with("distinct_") || name.starts_with("next_new_families");
    let is_of_families = |name: &str| name.contains("o'clock");
    for seed in [21, 22] {
        let companies = with_sums(seed);
        let totals = with_totals(&companies);
        let [lines, sums] = companies;
        assert!(sums.purchases.len() < lines.purchases.len() * 4 / 5, "orders have several lines");
        let folders = [(); 4].map(|()| tempfile::tempdir().expect("a folder"));
        let of_orders = started(&lines, true, false, folders[0].path());
        let of_sums = started(&sums, false, false, folders[1].path());
        let of_lines = started(&lines, false, false, folders[2].path());
        let of_totals = started(&totals, true, true, folders[3].path());
        assert_eq!(purchases(&of_totals), purchases(&of_sums));
        let of_totals = of_totals.answers().expect("joined");
        let [orders, sums, rows] = [&of_orders, &of_sums, &of_lines].map(|engine| engine.answers().expect("joined"));
        let n_same = same(&orders, &sums, |name| !is_of_lines(name) && !is_of_families(name));
        let n_other = same(&orders, &rows, is_of_lines);
        assert_eq!(same(&of_totals, &orders, |name| !is_of_families(name)), n_same + n_other);
        assert_eq!(n_same + n_other + 1, orders.columns().len(), "one column is of a family");
        assert!(orders.numbers("frequency") != rows.numbers("frequency"), "so that the comparison could fail");
        // What is told of purchases outside of the base table.
        let check = LeakCheck::default();
        let [orders, sums] = [&of_orders, &of_sums].map(|engine| engine.leaks(&check).expect("checked"));
        assert_eq!((orders.early, orders.repeat_buyers), (sums.early, sums.repeat_buyers));
        assert_eq!(purchases(&of_orders), purchases(&of_sums));
    }
}

fn purchases(engine: &Engine) -> Vec<(String, u64, u64)> {
    let mut all = Vec::new();
    let taken = engine.purchases::<LinkError>(|batch| {
        let numbers = |name: &str| batch.numbers(name).expect("there").to_vec();
        let names = batch.texts("customer").expect("there").iter().flatten().cloned();
        let figures = numbers("t").into_iter().zip(numbers("money")).map(|(t, money)| (t.to_bits(), money.to_bits()));
        all.extend(names.zip(figures).map(|(name, (t, money))| (name, t, money)));
        Ok(())
    });
    taken.expect("read");
    all
}

#[test]
fn an_amount_that_every_line_of_an_order_bears_counts_once_at_the_earliest() {
    let mut company = nobody();
    company.purchases = vec![
        line("A", T - 10 * DAY, 60.0, "home"),
        line("A", T - 10 * DAY, 60.0, "garden"),
        // The amount of an order belongs to its first line, though the second comes after the answer.
        line("B", T - 4 * DAY, 18.0, ""),
        line("B", T + 3 * DAY, 18.0, ""),
        line("", T - 2 * DAY, 7.0, ""),
        line("", T - 2 * DAY, 7.0, ""),
        // Where the lines do not agree the largest amount of the earliest ones counts.
        line("C", T + DAY, 20.0, ""),
        line("C", T + DAY, 30.0, ""),
        // A line without an amount bears none.
        line("F", T - 9 * DAY, f64::NAN, ""),
        line("F", T - 8 * DAY, 40.0, ""),
        // An order that came back, a line each.
        line("A", T - 6 * DAY, -60.0, "home"),
        line("A", T - 6 * DAY, -60.0, "garden"),
    ];
    let base = joined(&company, |plan| {
        (plan.orders, plan.amount_once) = (true, true);
        plan.details.returns = Returns::NegativeAmounts;
        plan.windows = vec![OutcomeWindow::Purchases { days: 30 }];
    });
    let expected = [
        ("frequency", 5.0),
        ("spend_30d", 60.0 + 18.0 + 7.0 + 7.0 + 40.0),
        ("returned_spend_30d", 60.0),
        ("next_purchases_30d", 1.0),
        ("next_spend_30d", 30.0),
    ];
    first(&base.expect("joined"), &expected);
}

#[test]
fn orders_of_several_times_and_customers_are_counted() {
    let mut company = nobody();
    company.purchases = vec![
        line("A", T, 1.0, ""),
        line("A", T, 1.0, ""),
        line("B", T, 1.0, ""),
        line("B", T + DAY, 1.0, ""),
        Purchase { customer: 1, ..line("B", T, 1.0, "") },
        // What came back later makes no order of several times.
        line("A", T + 9 * DAY, -1.0, ""),
        line("", T, 1.0, ""),
    ];
    let folder = tempfile::tempdir().expect("a folder");
    let mut plan = LinkPlan::over(company.write(folder.path()), super::AS_OF);
    plan.details.returns = Returns::NegativeAmounts;
    let counted = |plan: &LinkPlan| engine(plan.clone(), folder.path(), 1).order_lines().expect("counted");
    assert_eq!(counted(&plan), None);
    plan.orders = true;
    let expected = OrderLines {
        n_lines: 5,
        n_alone: 1,
        n_orders: 3,
        n_of_several_times: 1,
        longest_us: DAY,
        n_of_several_customers: 1,
        n_of_several_amounts: 2,
        n_of_one_amount: 2,
    };
    assert_eq!(counted(&plan), Some(expected));
}
