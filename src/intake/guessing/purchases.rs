//! What the rows of purchases leave open: whether an amount is of one piece or of a whole order, which rows are no purchases, and in
//! which money they are.

use super::columns::RoleGuess;
use super::names::Name;
use crate::intake::profiling::{ColumnKind, ColumnProfile, Frequent, SourceProfile};
use std::collections::{BTreeMap, HashMap};

/// Words of amounts that are the price of one piece beyond doubt.
const UNIT_PRICE: &[&str] = &[
    "unitprice",
    "priceperunit",
    "priceperitem",
    "unitcost",
    "unitamount",
    "lineitemprice",
    "einzelpreis",
    "stückpreis",
    "stueckpreis",
    "prixunitaire",
    "preciounitario",
    "prezzounitario",
];
/// Words of amounts that may be; Amazon's `item-price` is that of all pieces of the row.
const PRICE: &[&str] = &["price", "preis", "prix", "precio", "prezzo", "cost"];
/// Words of amounts that are of more than one piece.
const OF_ALL: &[&str] = &["total", "sum", "extended", "gross", "paid", "revenue", "sales", "order", "payment"];
/// Words of how many pieces there are.
const QUANTITY: &[&str] = &[
    "quantity",
    "qty",
    "units",
    "pieces",
    "pcs",
    "menge",
    "anzahl",
    "stück",
    "stueck",
    "cantidad",
    "quantité",
    "quantite",
    "qté",
    "qte",
    "quantità",
    "antal",
    "aantal",
];
/// What beside such a word says that it is no count of what was bought.
const NO_QUANTITY: &[&str] = &["refund", "return", "stock", "available", "price", "cost"];
/// Orders of several lines from which on their amounts say something.
const ORDERS_MIN: u64 = 20;
/// Share of them whose lines must all bear the same amount.
const SAME_SHARE: f64 = 0.95;

/// Columns that say how a purchase stands.
const STATUS: &[&str] = &["status", "stage", "state", "zustand", "statut", "estado", "stato"];
/// Columns that say what a row is.
const TYPE: &[&str] = &["type", "kind", "typ", "art", "tipo"];
/// Parts of words for purchases that were none in the end.
const UNDONE: &[&str] = &[
    "cancel",
    "storn",
    "annul",
    "fail",
    "void",
    "lost",
    "declin",
    "reject",
    "abandon",
    "chargeback",
    "refund",
    "expired",
    "erstatt",
    "rembours",
    "reembols",
    "rimbors",
    "abgelehnt",
    "verloren",
    "returned",
];
/// Parts of words for purchases that may not be any yet.
const OPEN: &[&str] =
    &["pending", "hold", "draft", "awaiting", "unpaid", "open", "processing", "offen", "attente", "pendiente"];
/// Parts of words for rows by which money went back.
const RETURN: &[&str] =
    &["refund", "return", "chargeback", "creditnote", "creditmemo", "gutschrift", "reversal", "avoir"];
/// A part of an order that was undone leaves an order.
const IN_PART: &[&str] = &["partial", "partly", "teil"];
/// Columns that name the money.
const CURRENCY: &[&str] = &["currency", "waehrung", "währung", "devise", "moneda", "valuta", "divisa"];
/// Share of blank cells of such a column from which on lines of one order seem to say it once.
const BLANKS_TOLD: f64 = 0.1;
/// Words that are named one by one.
const NAMED_MAX: usize = 12;

/// What the rows of purchases leave open.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PurchaseGuess {
    /// How many pieces a row's amount is the price of one of.
    pub quantity: Option<QuantityGuess>,
    /// Why the amount is that of the order, where each line of it bears it.
    pub per_order: Option<String>,
    /// Columns by which rows are no purchases.
    pub exclude: Vec<ExcludeGuess>,
    /// What else is not sure.
    pub questions: Vec<String>,
}

/// The column of quantities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuantityGuess {
    /// The column.
    pub column: String,
    /// The amount of one piece.
    pub amount: String,
    /// Whether the names of both say so.
    pub is_sure: bool,
    /// Rows with a negative quantity.
    pub n_negative: u64,
    /// Rows with a quantity.
    pub n: u64,
}

/// Values of a column that say that a row is no purchase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExcludeGuess {
    /// The column.
    pub column: String,
    /// The values, as they stand there.
    pub values: Vec<String>,
    /// What is not sure, with the alternatives.
    pub question: String,
}

/// What the rows of a source leave open, by its amount and its orders.
pub(super) fn of_source(source: &SourceProfile, roles: &[RoleGuess]) -> PurchaseGuess {
    let column = |key: &str| {
        let role = roles.iter().find(|role| role.key == key)?;
        source.columns.iter().find(|column| column.name == role.column)
    };
    let amount = column("amount");
    let per_order = amount.zip(column("order")).and_then(|(amount, order)| repeated(order, amount));
    let is_free = |own: &&ColumnProfile| !roles.iter().any(|role| role.column == own.name);
    let free: Vec<&ColumnProfile> = source.columns.iter().filter(is_free).collect();
    let quantity = amount.filter(|_| per_order.is_none()).and_then(|amount| quantity(&free, amount));
    let mut exclude: Vec<ExcludeGuess> = free.iter().filter_map(|own| undone(own)).collect();
    exclude.extend(free.iter().filter_map(|own| returns(own, amount)));
    if column("order").is_some() {
        for own in &mut exclude {
            let blanks =
                free.iter().find(|column| column.name == own.column).map_or(0.0, |column| column.blank_share());
            if blanks > BLANKS_TOLD {
                own.question.push_str(&format!(
                    "; {:.0} % of its cells are blank, and where these are other lines of the same orders, write its value on every line: a \
                     row is left out for what it says itself",
                    100.0 * blanks
                ));
            }
        }
    }
    PurchaseGuess {
        quantity,
        per_order,
        exclude,
        questions: amount.and_then(|_| currencies(&free)).into_iter().collect(),
    }
}

/// The quantities of which an amount may be the price of one.
fn quantity(free: &[&ColumnProfile], amount: &ColumnProfile) -> Option<QuantityGuess> {
    let name = Name::of(&amount.name);
    let is_unit = name.says(UNIT_PRICE).is_some();
    if !is_unit && (name.says(PRICE).is_none() || name.says(OF_ALL).is_some()) {
        return None;
    }
    let is_quantity = |own: &&&ColumnProfile| {
        let name = Name::of(&own.name);
        // A column of ones changes nothing.
        own.is_number() && own.n_distinct > 1 && name.says(QUANTITY).is_some()
    };
    // `Quantity (- Refund)` is what is left of what was bought.
    let is_plain = |own: &&ColumnProfile| Name::of(&own.name).says(NO_QUANTITY).is_none();
    let found: Vec<&ColumnProfile> = free.iter().filter(is_quantity).copied().collect();
    let own = found.iter().copied().find(is_plain).or(found.first().copied())?;
    Some(QuantityGuess {
        column: own.name.clone(),
        amount: amount.name.clone(),
        is_sure: is_unit && is_plain(&own),
        n_negative: own.n_negative,
        n: own.n_numbers,
    })
}

/// Why the amount of an order stands on each of its lines; nothing where it does not.
fn repeated(order: &ColumnProfile, amount: &ColumnProfile) -> Option<String> {
    // Lines, and whether all of them bear the first one's amount.
    let mut orders: HashMap<&str, (&str, u64, bool)> = HashMap::new();
    for (order, amount) in order.cells().iter().zip(amount.cells().iter()) {
        if order.is_empty() || amount.is_empty() {
            continue;
        }
        let (first, n, is_same) = orders.entry(order).or_insert((amount, 0, true));
        *n += 1;
        *is_same &= *first == amount;
    }
    let several = || orders.values().filter(|(_, n, _)| *n > 1);
    let (n_several, n_same) = (several().count() as u64, several().filter(|(.., is_same)| *is_same).count() as u64);
    let is_told = n_several >= ORDERS_MIN && n_same as f64 >= SAME_SHARE * n_several as f64;
    // One price for everything is on all lines as well.
    let varies =
        10 * several().map(|(amount, ..)| amount).collect::<std::collections::HashSet<_>>().len() as u64 > n_several;
    (is_told && varies).then(|| {
        format!(
            "all lines of {n_same} of the {n_several} orders of several lines bear the same {}: is it that of the whole order, which \
             counts once, as it stands here? where it is that of each line, write amount_per = \"line\"",
            amount.name
        )
    })
}

fn folded(text: &str) -> String {
    text.chars().filter(|sign| sign.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The values of a column with a part, and the others.
fn cut<'c>(column: &'c ColumnProfile, parts: &[&str]) -> (Vec<&'c Frequent>, Vec<&'c Frequent>) {
    column.frequent.iter().partition(|own| {
        let text = folded(&own.text);
        parts.iter().any(|part| text.contains(part)) && !IN_PART.iter().any(|part| text.contains(part))
    })
}

fn listed(values: &[&Frequent]) -> String {
    let more = if values.len() > NAMED_MAX { ", ..." } else { "" };
    let shown: Vec<String> = values.iter().take(NAMED_MAX).map(|own| format!("{} \"{}\"", own.n, own.text)).collect();
    format!("{}{more}", shown.join(", "))
}

/// Purchases that came to nothing, by a column of how they stand.
fn undone(column: &ColumnProfile) -> Option<ExcludeGuess> {
    if Name::of(&column.name).says(STATUS).is_none() || !column.is_listed() {
        return None;
    }
    let (undone, others) = cut(column, UNDONE);
    let (open, _) = cut(column, OPEN);
    let open: Vec<&Frequent> = open.into_iter().filter(|own| others.contains(own)).collect();
    if undone.is_empty() && open.is_empty() {
        return None;
    }
    let name = &column.name;
    let mut question = match &undone[..] {
        [] => format!("{name} says of rows that they may be no purchases yet ({}), and all count", listed(&open)),
        _ => format!(
            "{name} says of rows that they came to nothing ({}), and they are left out as it stands here; the others are {}",
            listed(&undone),
            if others.is_empty() { "none".to_owned() } else { listed(&others) }
        ),
    };
    if !open.is_empty() {
        let words: Vec<String> = open.iter().map(|own| format!("\"{}\"", own.text)).collect();
        question.push_str(&format!("; are {} purchases already? else name them in `exclude` too", words.join(", ")));
    }
    Some(ExcludeGuess { column: name.clone(), values: undone.iter().map(|own| own.text.clone()).collect(), question })
}

/// Rows by which money went back and whose amounts do not say so by their sign.
fn returns(column: &ColumnProfile, amount: Option<&ColumnProfile>) -> Option<ExcludeGuess> {
    let name = Name::of(&column.name);
    if name.says(TYPE).is_none() || name.says(STATUS).is_some() || !column.is_listed() {
        return None;
    }
    let (back, others) = cut(column, RETURN);
    let amount = amount.filter(|_| !back.is_empty() && !others.is_empty())?;
    let is_back = |text: &str| back.iter().any(|own| own.text == text);
    let amounts = column.cells().iter().zip(amount.cells().iter()).filter(|(text, _)| is_back(text));
    let positive = amounts.filter(|(_, amount)| amount.chars().any(|sign| ('1'..='9').contains(&sign)));
    let n_positive = positive.filter(|(_, amount)| !amount.contains(['-', '(', '\u{2212}'])).count();
    // Negative ones are asked about as such.
    (n_positive > 0).then(|| ExcludeGuess {
        column: column.name.clone(),
        values: back.iter().map(|own| own.text.clone()).collect(),
        question: format!(
            "{} says of rows that money went back ({}), and {n_positive} of their amounts are positive, which would count as purchases: they \
             are left out as it stands here; where they are returns of purchases, give them a column that is 1 for them, name it as \
             `returned`, and write returns = \"flagged\" in [history]",
            column.name,
            listed(&back)
        ),
    })
}

/// Several currencies that a column names.
fn currencies(free: &[&ColumnProfile]) -> Option<String> {
    let is_called_so = |own: &&&ColumnProfile| Name::of(&own.name).says(CURRENCY).is_some();
    let column = free.iter().filter(is_called_so).find(|own| own.kind == ColumnKind::Text && own.is_listed())?;
    let mut moneys: BTreeMap<String, u64> = BTreeMap::new();
    for own in &column.frequent {
        *moneys.entry(own.text.to_uppercase()).or_default() += own.n;
    }
    let mut moneys: Vec<Frequent> = moneys.into_iter().map(|(text, n)| Frequent { text, n }).collect();
    moneys.sort_by_key(|own| std::cmp::Reverse(own.n));
    let shown: Vec<&Frequent> = moneys.iter().collect();
    (moneys.len() > 1).then(|| {
        format!(
            "{} names several currencies ({}), and amounts are added up as they stand: put them into one before, or leave the others out \
             with `exclude`",
            column.name,
            listed(&shown)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{column, source};
    use super::*;

    fn role(key: &'static str, name: &str) -> RoleGuess {
        RoleGuess { key, column: name.to_owned(), why: String::new(), question: None }
    }

    fn cells(n: usize, cell: impl Fn(usize) -> String) -> Vec<String> {
        (0..n).map(cell).collect()
    }

    fn guess(columns: &[(&str, Vec<String>)]) -> PurchaseGuess {
        let roles = [role("amount", columns[0].0), role("order", "order")];
        of_source(&source("orders", columns), &roles)
    }

    /// Names as in UCI's Online Retail, the exports of Shopify, WooCommerce and Amazon, and Dunnhumby's baskets (SALES_VALUE is of the whole
    /// row).
    #[test]
    fn a_price_of_one_beside_a_quantity_is_told_by_the_names() {
        let pieces = || cells(60, |row| (1 + row % 4).to_string());
        let price = || cells(60, |row| format!("{}.95", row % 17));
        let found = |amount: &str, quantity: &str| {
            let own = guess(&[(amount, price()), (quantity, pieces())]).quantity?;
            Some((own.column, own.is_sure))
        };
        let sure = |name: &str| Some((name.to_owned(), true));
        assert_eq!(found("UnitPrice", "Quantity"), sure("Quantity"));
        assert_eq!(found("unit_price", "qty"), sure("qty"));
        assert_eq!(found("Einzelpreis", "Menge"), sure("Menge"));
        assert_eq!(found("item-price", "quantity"), Some(("quantity".to_owned(), false)));
        assert_eq!(found("Lineitem price", "Lineitem quantity"), sure("Lineitem quantity"));
        assert_eq!(found("Price", "Quantity"), Some(("Quantity".to_owned(), false)));
        assert_eq!(found("Item Cost", "Quantity (- Refund)"), Some(("Quantity (- Refund)".to_owned(), false)));
        for (amount, quantity) in
            [("amount", "Quantity"), ("Total price", "Quantity"), ("SALES_VALUE", "QUANTITY"), ("UnitPrice", "rating")]
        {
            assert_eq!(found(amount, quantity), None, "{amount} {quantity}");
        }
        let ones = guess(&[("UnitPrice", price()), ("Quantity", cells(60, |_| "1".to_owned()))]);
        assert_eq!(ones.quantity, None, "a quantity of one changes nothing");
    }

    /// Thirty orders of two lines each: with the amount of the order, of the line, and with one price for all.
    #[test]
    fn an_amount_on_every_line_of_an_order_is_that_of_the_order() {
        let order = || cells(60, |row| format!("o{}", row / 2));
        let of =
            |amount: &dyn Fn(usize) -> String| guess(&[("amount", cells(60, amount)), ("order", order())]).per_order;
        let why = of(&|row| format!("{}.5", 10 + row / 2)).expect("of the order");
        assert!(why.starts_with("all lines of 30 of the 30 orders of several lines bear the same amount"), "{why}");
        assert_eq!(of(&|row| format!("{}.5", 10 + row)), None);
        assert_eq!(of(&|_| "9.99".to_owned()), None);
        // 19 orders are too few, and 27 of 30 too small a share.
        let few = guess(&[
            ("amount", cells(38, |row| format!("{}.5", row / 2))),
            ("order", cells(38, |row| format!("o{}", row / 2))),
        ]);
        assert_eq!(few.per_order, None);
        assert_eq!(of(&|row| format!("{}.5", if row < 6 { row } else { 100 + row / 2 })), None);
    }

    #[test]
    fn purchases_that_came_to_nothing_are_named_with_the_words_seen() {
        let of = |name: &str, values: &[(&str, usize)]| {
            let texts: Vec<&str> = values.iter().flat_map(|&(text, n)| std::iter::repeat_n(text, n)).collect();
            undone(&column(name, &texts))
        };
        let orders =
            [("completed", 30), ("Cancelled", 5), ("payment_failed", 4), ("pending", 3), ("partially_refunded", 2)];
        let own = of("order_status", &orders).expect("a question");
        assert_eq!(own.values, ["Cancelled", "payment_failed"]);
        assert!(own.question.contains("(5 \"Cancelled\", 4 \"payment_failed\")"), "{}", own.question);
        assert!(own.question.contains("are \"pending\" purchases already"), "{}", own.question);
        let deals = of("StageName", &[("Closed Won", 9), ("Closed Lost", 4), ("Prospecting", 2)]).expect("a question");
        assert_eq!(deals.values, ["Closed Lost"]);
        assert!(deals.question.contains("the others are 9 \"Closed Won\", 2 \"Prospecting\""), "{}", deals.question);
        let open = of("financial_status", &[("paid", 9), ("pending", 2)]).expect("a question");
        assert_eq!(open.values.len(), 0);
        assert_eq!(of("state", &[("CA", 9), ("NY", 4)]), None);
        assert_eq!(of("fulfillment_status", &[("fulfilled", 9), ("unfulfilled", 4)]), None);
        assert_eq!(of("topic", &[("cancelled", 9), ("other", 4)]), None);
    }

    #[test]
    fn refunds_with_positive_amounts_and_several_currencies_are_asked_about() {
        let amount = |sign: &'static str| {
            cells(40, move |row| format!("{}{}.5", if row % 4 == 0 { sign } else { "" }, 10 + row))
        };
        let kind = || cells(40, |row| if row % 4 == 0 { "refund" } else { "sale" }.to_owned());
        let positive = guess(&[("amount", amount("")), ("type", kind())]);
        let [own] = &positive.exclude[..] else { panic!("{positive:?}") };
        assert_eq!((own.column.as_str(), &own.values[..]), ("type", &["refund".to_owned()][..]));
        assert!(
            own.question.contains("10 of their amounts are positive") && own.question.contains("`returned`"),
            "{own:?}"
        );
        let negative = guess(&[("amount", amount("-")), ("type", kind())]);
        assert_eq!(negative.exclude, [], "negative amounts are asked about as such");
        let money = |several: bool| {
            let moneys = cells(40, |row| if several && row % 4 == 0 { "JPY" } else { "EUR" }.to_owned());
            guess(&[("amount", amount("")), ("currency", moneys)]).questions
        };
        assert!(
            money(true)[0].contains("currency names several currencies (30 \"EUR\", 10 \"JPY\")"),
            "{:?}",
            money(true)
        );
        assert!(money(false).is_empty());
    }
}
