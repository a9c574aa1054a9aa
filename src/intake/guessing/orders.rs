//! Orders of several rows: a column of their names, beside which rows share the customer and the time.

use super::columns::RoleGuess;
use super::names::{self, Name};
use super::unread::Unread;
use crate::intake::profiling::{ColumnKind, ColumnProfile, SourceProfile};
use std::collections::HashMap;

/// Microseconds between the lines of one order at most: shops stamp lines as they are packed.
const APART_US: i64 = 86_400_000_000;
/// Share of the orders of several rows whose rows must be of one customer, and of one time.
const ALIKE_SHARE: f64 = 0.95;

/// The column that names orders of several rows, where what is beside it says that its rows are lines of one purchase.
pub(super) fn order(
    source: &SourceProfile,
    who: Option<&ColumnProfile>,
    time: Option<&ColumnProfile>,
    taken: &[&str],
) -> Option<RoleGuess> {
    let (who, time) = (who?, time?);
    coming_back(source, taken).find_map(|column| {
        let together = Together::of(column, who, time)?;
        together.is_one_purchase().then(|| {
            let why = format!(
                "{} different values in {} rows, and {} of the {} that come back have one customer and hardly differ in time: the rows \
                 are lines of orders, and an order is one purchase",
                column.n_distinct,
                column.n_filled(),
                together.n_alike,
                together.n_several
            );
            RoleGuess::new("order", column, why)
        })
    })
}

/// Names of orders that come back beside several customers or times: whether their rows are lines cannot be told from them.
pub(super) fn unread(source: &SourceProfile, taken: &[&str]) -> Vec<Unread> {
    coming_back(source, taken)
        .map(|column| Unread {
            column: column.name.clone(),
            why: format!(
                "its {} values stand in {} rows, but not beside one customer and about one time each, so every row counts as a purchase \
                 (`frequency`, `purchases`, mean amounts); where the rows are lines of orders all the same, write order = \"{}\"",
                column.n_distinct,
                column.n_filled(),
                column.name
            ),
        })
        .collect()
}

fn is_called_order(column: &ColumnProfile) -> bool {
    let name = Name::of(&column.name);
    name.says(names::ORDER).is_some() && name.says(names::ID).is_some() && name.says(names::CUSTOMER).is_none()
}

/// Columns called after orders whose values come back; a few that come twice are repeats.
fn coming_back<'s>(source: &'s SourceProfile, taken: &[&str]) -> impl Iterator<Item = &'s ColumnProfile> {
    source.columns.iter().filter(move |own| {
        matches!(own.kind, ColumnKind::Text | ColumnKind::Whole)
            && is_called_order(own)
            && !taken.contains(&own.name.as_str())
            && own.n_distinct > 1
            && 10 * own.n_distinct < 9 * own.n_filled()
    })
}

/// Orders of several rows, and how many of them are of one customer and about one time.
struct Together {
    n_several: u64,
    n_alike: u64,
}

/// What the rows of one order say so far.
struct Lines<'c> {
    who: &'c str,
    first_us: i64,
    last_us: i64,
    n: u64,
    is_of_one: bool,
}

impl Together {
    fn of(column: &ColumnProfile, who: &ColumnProfile, time: &ColumnProfile) -> Option<Self> {
        let times = time.instants()?;
        let mut orders: HashMap<&str, Lines<'_>> = HashMap::new();
        for ((order, who), us) in column.cells().iter().zip(who.cells().iter()).zip(times) {
            let Some(us) = us.filter(|_| !order.is_empty()) else { continue };
            let first = Lines { who, first_us: us, last_us: us, n: 0, is_of_one: true };
            let lines = orders.entry(order).or_insert(first);
            lines.n += 1;
            lines.is_of_one &= lines.who == who;
            lines.first_us = lines.first_us.min(us);
            lines.last_us = lines.last_us.max(us);
        }
        let several = || orders.values().filter(|lines| lines.n > 1);
        let is_alike = |lines: &&Lines<'_>| lines.is_of_one && lines.last_us - lines.first_us <= APART_US;
        Some(Self { n_several: several().count() as u64, n_alike: several().filter(is_alike).count() as u64 })
    }

    fn is_one_purchase(&self) -> bool {
        self.n_several > 0 && self.n_alike as f64 >= ALIKE_SHARE * self.n_several as f64
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::source;
    use super::{coming_back, order, unread};
    use crate::intake::profiling::SourceProfile;

    /// 100 rows of so many orders, whose customers and days differ by so many.
    fn lines(name: &str, n_orders: usize, n_customers: usize, n_days: usize) -> SourceProfile {
        let cells = |prefix: &str, n: usize| (0..100).map(|row| format!("{prefix}{}", row % n)).collect::<Vec<_>>();
        let days = (0..100).map(|row| format!("2026-03-{:02}T10:{:02}:00Z", 1 + row % n_days, row % 60)).collect();
        source("x", &[(name, cells("o", n_orders)), ("who", cells("c", n_customers)), ("ordered_at", days)])
    }

    fn ordered(source: &SourceProfile) -> Option<String> {
        let column = |name: &str| source.columns.iter().find(|own| own.name == name);
        order(source, column("who"), column("ordered_at"), &["who", "ordered_at"]).map(|role| role.why)
    }

    #[test]
    fn rows_that_share_an_order_a_customer_and_a_time_are_its_lines() {
        // 25 orders of four rows each, of five customers and on one of five days, at most an hour apart.
        let why = ordered(&lines("order_id", 25, 5, 5)).expect("lines");
        assert!(why.starts_with("25 different values in 100 rows, and 25 of the 25 that come back"), "{why}");
    }

    #[test]
    fn orders_beside_several_customers_or_days_are_asked_about() {
        for other in [lines("order_id", 25, 7, 5), lines("order_id", 25, 5, 7)] {
            assert_eq!(ordered(&other), None);
            assert!(unread(&other, &["who", "ordered_at"])[0].why.contains("write order = \"order_id\""));
        }
    }

    #[test]
    fn lines_of_orders_are_told_from_orders_and_from_other_names() {
        let of = |name: &str, n: usize| coming_back(&lines(name, n, 5, 5), &[]).count();
        assert_eq!(
            [of("order_id", 34), of("order_id", 100), of("order_channel", 4), of("customer_order_no", 34)],
            [1, 0, 0, 0]
        );
    }
}
