//! What the amounts of purchases are, and which rows are left out.

use super::lines::{Lines, bare_or_quoted, count, list, quoted};
use crate::intake::guessing::{ExcludeGuess, PurchaseGuess, QuantityGuess};
use crate::intake::profiling::{ColumnProfile, TotalsRow};
use std::collections::BTreeMap;

/// Amounts below zero, and pieces, which make such.
pub(super) fn write_negative(lines: &mut Lines, amount: Option<&ColumnProfile>, pieces: Option<&QuantityGuess>) {
    let negative = [
        amount.map(|own| ("amounts", own.n_negative, own.n_numbers)),
        pieces.filter(|own| own.is_sure).map(|own| ("quantities", own.n_negative, own.n)),
    ];
    let negative = negative.into_iter().flatten().filter(|(_, n, _)| *n > 0);
    let negative: Vec<String> =
        negative.map(|(what, n, n_all)| format!("{} of {} {what}", count(n), count(n_all))).collect();
    if negative.is_empty() {
        return;
    }
    lines.question(&format!(
        "{} are negative: slips, which are put aside as it stands here, or returns? then leave amount_min out and write returns = \
         \"negative_amounts\" in [history]",
        negative.join(" and ")
    ));
    lines.setting("amount_min", "0", "");
}

/// What an amount is the amount of: a piece, a row or an order.
pub(super) fn write_amount_of(lines: &mut Lines, own: &PurchaseGuess) {
    for question in &own.questions {
        lines.question(question);
    }
    match &own.quantity {
        Some(pieces) if pieces.is_sure => {
            let why = format!("the names say that {} is the price of one: amounts are the two multiplied", pieces.amount);
            lines.setting("quantity", &quoted(&pieces.column), &why);
        }
        Some(pieces) => lines.question(&format!(
            "is {} the price of one, of which a row has as many as {} says? It counts as the amount of the whole row as it stands here; \
             else write quantity = {}, and the two are multiplied",
            pieces.amount,
            pieces.column,
            quoted(&pieces.column)
        )),
        None => {}
    }
    if let Some(question) = &own.per_order {
        lines.question(question);
        lines.setting("amount_per", "\"order\"", "");
    }
}

/// Rows that are left out: purchases that came to nothing, and rows below the table that sum it up.
pub(super) fn write_excluded(lines: &mut Lines, excluded: &[ExcludeGuess], totals: &[TotalsRow]) {
    let mut values: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for row in totals {
        lines.question(&format!(
            "the last row says \"{}\" in {}: it sums up the others, and is left out as it stands here; better take it out of the file",
            row.text, row.column
        ));
        values.entry(&row.column).or_default().push(row.text.clone());
    }
    for own in excluded {
        lines.question(&own.question);
        values.entry(&own.column).or_default().extend(own.values.iter().cloned());
    }
    let named = values.iter().filter(|(_, values)| !values.is_empty());
    let named: Vec<String> =
        named.map(|(column, values)| format!("{} = {}", bare_or_quoted(column), list(values))).collect();
    if !named.is_empty() {
        lines.setting("exclude", &format!("{{ {} }}", named.join(", ")), "");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl Fn(&mut Lines)) -> String {
        let mut lines = Lines::default();
        write(&mut lines);
        lines.into_text()
    }

    fn pieces(is_sure: bool) -> QuantityGuess {
        QuantityGuess { column: "Quantity".to_owned(), amount: "UnitPrice".to_owned(), is_sure, n_negative: 2, n: 60 }
    }

    #[test]
    fn a_quantity_is_a_setting_where_the_names_say_it_and_else_a_question() {
        let of = |is_sure: bool| PurchaseGuess { quantity: Some(pieces(is_sure)), ..PurchaseGuess::default() };
        let sure = written(|lines| write_amount_of(lines, &of(true)));
        assert!(
            sure.lines().any(|line| line.starts_with("quantity = \"Quantity\"")) && !sure.contains("# ?"),
            "{sure}"
        );
        let open = written(|lines| write_amount_of(lines, &of(false)));
        assert!(
            open.starts_with("# ? is UnitPrice the price of one") && open.lines().all(|line| line.starts_with('#')),
            "{open}"
        );
        assert!(open.contains("quantity = \"Quantity\""), "{open}");
        let negative = written(|lines| write_negative(lines, None, Some(&pieces(true))));
        assert!(
            negative.starts_with("# ? 2 of 60 quantities are negative") && negative.ends_with("amount_min = 0\n"),
            "{negative}"
        );
        assert_eq!(written(|lines| write_negative(lines, None, Some(&pieces(false)))), "");
    }

    #[test]
    fn an_amount_of_the_order_is_asked_about() {
        let own = PurchaseGuess { per_order: Some("is it?".to_owned()), ..PurchaseGuess::default() };
        assert_eq!(written(|lines| write_amount_of(lines, &own)), "# ? is it?\namount_per = \"order\"\n");
    }

    #[test]
    fn what_is_left_out_stands_in_one_table_and_open_words_in_a_question_alone() {
        let own = |column: &str, values: &[&str]| ExcludeGuess {
            column: column.to_owned(),
            values: values.iter().map(|own| (*own).to_owned()).collect(),
            question: format!("{column}?"),
        };
        let excluded = [own("Order Status", &["Cancelled", "a \"b\""]), own("stage", &[]), own("type", &["refund"])];
        let totals = [TotalsRow { column: "type".to_owned(), text: "Total".to_owned() }];
        let text = written(|lines| write_excluded(lines, &excluded, &totals));
        let table: toml::Table = text.parse().expect("TOML");
        let wanted = "exclude = { \"Order Status\" = [\"Cancelled\", 'a \"b\"'], type = [\"Total\", \"refund\"] }";
        assert_eq!(table, wanted.parse().expect("TOML"));
        assert_eq!(text.matches("# ? ").count(), 4, "{text}");
        assert_eq!(written(|lines| write_excluded(lines, &[own("stage", &[])], &[])), "# ? stage?\n");
    }
}
