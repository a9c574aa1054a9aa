//! The README that goes with a simulated company: rows, columns, origin, licence, checksums.

use super::{RowOrder, WrittenFile};
use crate::simulate::Company;
use std::fmt::Write;

/// A column and what stands in it.
type Column = (&'static str, &'static str);

const CUSTOMERS: &[Column] = &[
    ("customer_id", "key"),
    ("joined_at", "when the customer joined; some before the history starts"),
    ("segment", "`consumer`, `small_business` or `enterprise`"),
    ("region", "`north`, `east`, `south` or `west`; affects nothing"),
    ("network_size", "how many people the customer knows; heavy-tailed"),
    ("opted_out", "`true` if the customer is never to be asked"),
];

const FEEDBACK: &[Column] = &[
    ("response_id", "running number"),
    ("customer_id", "who answered"),
    ("responded_at", "when"),
    ("likelihood_to_recommend", "0 to 10, sometimes blank"),
    ("delivery", "score 0 to 10, `N/A` where it did not apply, sometimes blank"),
    ("support", "the same"),
    ("checkout", "the same"),
    ("product", "the same"),
    ("price", "the same"),
    ("website", "the same"),
    ("packaging", "the same; drives nothing"),
    ("channel", "where the survey was answered"),
    ("wave", "quarter in which the customer was asked, as in `2026Q1`"),
];

const ORDERS: &[Column] = &[
    ("order_id", "running number"),
    ("customer_id", "who bought"),
    ("ordered_at", "when"),
    ("amount", "EUR"),
    ("product_family", "`home`, `garden`, `office` or `electronics`; affects nothing"),
    ("channel", "`web`, `shop`, `call_centre` or `app`; affects nothing"),
];

const REFERRALS: &[Column] = &[
    ("referrer_id", "who referred"),
    ("referred_id", "who joined because of it; everybody has at most one referrer"),
    ("referred_at", "when; the referred customer joined later"),
];

const ACTIVITY: &[Column] =
    &[("customer_id", "who"), ("at", "when"), ("kind", "`login` or `support_contact`"), ("channel", "where")];

const INVITATIONS: &[Column] =
    &[("customer_id", "who was asked"), ("invited_at", "when"), ("channel", "where; the answer has the same")];

pub(super) fn text(company: &Company, files: &[WrittenFile], row_order: RowOrder) -> String {
    let mut text = String::new();
    // Writing into a string cannot fail.
    let _ = write_text(&mut text, company, files, row_order);
    text
}

fn write_text(text: &mut String, company: &Company, files: &[WrittenFile], row_order: RowOrder) -> std::fmt::Result {
    write_origin(text, company, row_order)?;
    writeln!(text, "\n## Files\n\n| file | rows | bytes | SHA-256 |\n|---|---:|---:|---|")?;
    for WrittenFile { name, n_rows, n_bytes, sha256 } in files {
        let n_rows = n_rows.map(|n_rows| n_rows.to_string()).unwrap_or_default();
        writeln!(text, "| `{name}` | {n_rows} | {n_bytes} | `{sha256}` |")?;
    }
    writeln!(
        text,
        "\nInstants are UTC in ISO 8601. A blank cell was not answered.\n\n\
         `truth.json` states what an analysis should find: the drivers in their true order, the touchpoint that drives \
         nothing,\nwhat everybody would have answered, the strongest referrers, how many rows were spoilt, and every \
         parameter."
    )?;
    for (name, columns) in tables() {
        writeln!(text, "\n### `{name}`\n\n| column | |\n|---|---|")?;
        for (column, meaning) in columns {
            writeln!(text, "| `{column}` | {meaning} |")?;
        }
    }
    Ok(())
}

fn write_origin(text: &mut String, company: &Company, row_order: RowOrder) -> std::fmt::Result {
    let plain = Company { customers: company.customers, seed: company.seed, ..Company::default() };
    let settings = if *company == plain { "" } else { " and the settings that `truth.json` states" };
    let order = match row_order {
        RowOrder::Time => "The rows of every file are in order of time.",
        RowOrder::Family => "The rows stand customer by customer, within a customer in order of time.",
    };
    writeln!(
        text,
        "# A simulated company\n\n\
         {} customers over {} days up to {} (exclusive): what they answered, bought, did and whom they brought. Nobody\n\
         in it exists, and the truth behind it is known. {order}\n\n\
         - Origin: simulated by `advocate simulate --customers {} --seed {}`{settings}; the same command gives the\n  \
           same bytes.\n\
         - Licence: that of advocate, MIT OR Apache-2.0.\n\
         - Some rows are spoilt on purpose, so that a reader has something to put aside: recommend answers of 11 and 99,\n  \
           a time that does not exist, customers nobody knows (`X...`), repeated rows, negative amounts. They are\n  \
           copies: no true row is lost.",
        company.customers, company.history_days, company.as_of, company.customers, company.seed,
    )
}

fn tables() -> [(&'static str, &'static [Column]); 6] {
    [
        ("customers.csv", CUSTOMERS),
        ("feedback/<year>.csv", FEEDBACK),
        ("orders.csv", ORDERS),
        ("referrals.csv", REFERRALS),
        ("activity.csv", ACTIVITY),
        ("invitations.csv", INVITATIONS),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::CsvRow;
    use crate::simulate::records::{Activity, CustomerRow, Invitation, Order, Referral, Response};

    #[test]
    fn every_column_is_explained_in_its_order() {
        let headers = [
            CustomerRow::header(),
            Response::header(),
            Order::header(),
            Referral::header(),
            Activity::header(),
            Invitation::header(),
        ];
        for (header, (name, columns)) in headers.into_iter().zip(tables()) {
            let explained: Vec<&str> = columns.iter().map(|&(column, _)| column).collect();
            assert_eq!(header, explained, "{name}");
        }
    }

    #[test]
    fn other_settings_are_pointed_out() {
        let company = Company { new_share: 0.5, ..Company::default() };
        assert!(text(&company, &[], RowOrder::Time).contains("settings that `truth.json` states"));
        assert!(!text(&Company::default(), &[], RowOrder::Time).contains("settings that"));
    }
}
