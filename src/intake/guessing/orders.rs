//! Orders of several rows: a column of their names, beside which rows share the customer and the time.

use super::columns::RoleGuess;
use super::names::{self, Name};
use super::unread::Unread;
use crate::intake::profiling::{ColumnKind, ColumnProfile, KEY_CHARACTERS, SourceProfile};
use std::collections::{HashMap, HashSet};

/// Microseconds between the lines of one order at most: shops stamp lines as they are packed.
const APART_US: i64 = 86_400_000_000;
/// Share of the orders of several rows whose rows must be of one customer, and of one time.
const ALIKE_SHARE: f64 = 0.95;

/// Orders from which on their values say something.
const ORDERS_MIN: u64 = 20;
/// Share of blank cells beyond which a column that is not called after orders names none.
const BLANK_MAX: f64 = 0.1;
/// Names of orders beside those by which a file of purchases is known.
const ORDER: &[&str] = &[
    "auftrag",
    "rechnung",
    "beleg",
    "kassenbon",
    "facture",
    "factura",
    "fattura",
    "ordine",
    "ordre",
    "encomenda",
    "checkout",
    "cart",
    "bill",
    "txn",
    "trx",
    "po",
    "ticket",
];
/// Words for a number beside those of keys.
const NUMBER: &[&str] = &["nummer", "numero", "número", "numéro", "nr", "nro", "nº", "n"];
/// What in a single word says that it is something else of orders, such as `sales`.
const BESIDE: &[&str] = &["status", "date", "datum", "type", "total", "amount", "channel", "sale"];

/// The column that names orders of several rows, where what is beside it says that its rows are lines of one purchase: one that is called so
/// before one that only behaves so.
pub(super) fn order(
    source: &SourceProfile,
    who: Option<&ColumnProfile>,
    time: Option<&ColumnProfile>,
    taken: &[&str],
) -> Option<RoleGuess> {
    let (who, time) = (who?, time?);
    let free = || coming_back(source, taken).filter(|own| own.name != who.name && own.name != time.name);
    let named = free().filter(|own| is_called_order(own)).find_map(|own| lines_of(own, who, time));
    named.or_else(|| {
        let behaving = free().filter(|own| own.blank_share() <= BLANK_MAX && own.mean_length <= KEY_CHARACTERS);
        let (role, together) = behaving.filter_map(|own| lines_of(own, who, time)).find(|(_, own)| own.tells())?;
        let question = "its name does not say so, and all rows that share a value of it are of one customer and one time: are they lines \
                        of one order? else leave `order` out, and every row is a purchase";
        Some((RoleGuess { question: Some(question.to_owned()), ..role }, together))
    })
    .map(|(role, _)| role)
}

/// A column as the name of orders, where the rows of each are of one purchase.
fn lines_of(column: &ColumnProfile, who: &ColumnProfile, time: &ColumnProfile) -> Option<(RoleGuess, Together)> {
    let together = Together::of(column, who, time)?;
    let why = format!(
        "{} different values in {} rows, and {} of the {} that come back have one customer and hardly differ in time: the rows \
         are lines of orders, and an order is one purchase",
        column.n_distinct,
        column.n_filled(),
        together.n_alike,
        together.n_several
    );
    together.is_one_purchase().then(|| (RoleGuess::new("order", column, why), together))
}

/// Names of orders that come back beside several customers or times: whether their rows are lines cannot be told from them.
pub(super) fn unread(source: &SourceProfile, taken: &[&str]) -> Vec<Unread> {
    coming_back(source, taken)
        .filter(|own| is_called_order(own) && own.n_distinct >= ORDERS_MIN)
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

/// Whether a column is called after orders and numbers them: `Invoice`, `Order #`, `Bestellnummer`, `txn_id`.
fn is_called_order(column: &ColumnProfile) -> bool {
    let name = Name::of(&column.name);
    let is_order = name.says(names::ORDER).or(name.says(ORDER)).is_some();
    let is_number = name.says(names::ID).or(name.says(NUMBER)).is_some();
    // A word alone is the thing itself.
    let is_alone = name.n_words() == 1 && name.says(BESIDE).is_none();
    is_order && (is_number || is_alone) && name.says(names::CUSTOMER).is_none()
}

/// Columns that may name something whose values come back; a few that come twice are repeats.
fn coming_back<'s>(source: &'s SourceProfile, taken: &[&str]) -> impl Iterator<Item = &'s ColumnProfile> {
    source.columns.iter().filter(move |own| {
        matches!(own.kind, ColumnKind::Text | ColumnKind::Whole)
            && !taken.contains(&own.name.as_str())
            && own.n_distinct > 1
            && 10 * own.n_distinct < 9 * own.n_filled()
    })
}

/// Orders of several rows, and how many of them are of one customer and about one time.
struct Together {
    n_several: u64,
    n_alike: u64,
    n_orders: u64,
    n_customers: u64,
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
        let customers: HashSet<&str> = orders.values().map(|lines| lines.who).collect();
        Some(Self {
            n_several: several().count() as u64,
            n_alike: several().filter(is_alike).count() as u64,
            n_orders: orders.len() as u64,
            n_customers: customers.len() as u64,
        })
    }

    /// Whether the values say by themselves that they name orders. Where each customer bought once, whatever is the customer's
    /// own behaves alike.
    fn tells(&self) -> bool {
        self.n_several >= ORDERS_MIN && 10 * self.n_orders >= 11 * self.n_customers
    }

    fn is_one_purchase(&self) -> bool {
        self.n_several > 0 && self.n_alike as f64 >= ALIKE_SHARE * self.n_several as f64
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::source;
    use super::{order, unread};
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

    /// Names as in UCI's Online Retail (I and II), Amazon's and Shopify's reports, and of shops in four languages.
    #[test]
    fn lines_of_orders_are_told_from_orders_and_from_other_names() {
        let asked = |name: &str, n: usize| {
            let source = lines(name, n, 5, 5);
            let column = |name: &str| source.columns.iter().find(|own| own.name == name);
            order(&source, column("who"), column("ordered_at"), &[]).map(|role| role.question.is_some())
        };
        for name in [
            "order_id",
            "InvoiceNo",
            "Invoice",
            "Order #",
            "Bill No",
            "Bestellnummer",
            "Auftragsnummer",
            "Rechnungsnummer",
            "Belegnummer",
            "numero_pedido",
            "N° de commande",
            "cart_id",
            "txn_id",
            "PO Number",
            "basket",
        ] {
            assert_eq!(asked(name, 25), Some(false), "{name}");
        }
        // Their values say it, and their names do not.
        for name in ["Name", "session_id", "customer_order_no", "order_channel"] {
            assert_eq!(asked(name, 25), Some(true), "{name}");
        }
        assert_eq!([asked("order_id", 100), asked("order_channel", 5), asked("Name", 5)], [None; 3]);
    }

    /// Five customers with one order each: a name behaves as an order does.
    #[test]
    fn what_is_the_same_for_all_rows_of_a_customer_is_no_order() {
        let cells = |prefix: &str| (0..100).map(|row| format!("{prefix}{}", row % 25)).collect::<Vec<_>>();
        let days = (0..100).map(|row| format!("2026-03-{:02}T10:00:00Z", 1 + row % 25)).collect();
        let source = source("x", &[("phone", cells("+49")), ("who", cells("c")), ("ordered_at", days)]);
        assert_eq!(ordered(&source), None);
    }
}
