//! What a study makes of the rows of transactions: those that it leaves out, and amounts that are a price and a quantity. What is
//! expected is counted and multiplied by hand.

use super::account::Exclusion;
use super::tests::{Case, numbers, texts};
use super::*;
use crate::study::Study;

const ANSWERS: &str = "who,when,ltr,food\nann,2026-03-01T12:00:00Z,9,5\nbob,2026-03-02T12:00:00Z,4,3\n";

/// A study of answers and orders, of which it says this beside the columns.
fn study(more: &str) -> String {
    format!(
        "[sources.feedback]\npath = \"answers.csv\"\ncustomer = \"who\"\ntime = \"when\"\nrecommend = \"ltr\"\n\
         [sources.transactions]\npath = \"orders.csv\"\nid = \"no\"\ncustomer = \"who\"\ntime = \"when\"\namount = \"eur\"\n{more}\n\
         [drivers]\ntouchpoints = [\"food\"]\n"
    )
}

fn orders(rows: &str) -> Case {
    Case::new().file("answers.csv", ANSWERS).file("orders.csv", rows)
}

fn account(intake: &Intake) -> &SourceAccount {
    intake.account("transactions").expect("read")
}

fn n_left_out(intake: &Intake) -> Option<u64> {
    account(intake).rows_excluded.get(&Exclusion::ByStudy).copied()
}

const STATES: &str = "no,who,when,eur,status,test
1,ann,2026-02-01T12:00:00Z,5,paid,0
2,ann,2026-02-02T12:00:00Z,6, cancelled ,0
3,bob,2026-02-03T12:00:00Z,7,refunded,0
4,bob,2026-02-04T12:00:00Z,8,Cancelled,0
5,bob,2026-02-05T12:00:00Z,9,,1.0
6,bob,2026-02-06T12:00:00Z,much,cancelled,0
7,bob,soon,1,paid,0
";

#[test]
fn rows_with_a_value_that_the_study_excludes_are_left_out_and_counted() {
    let case = orders(STATES);
    let intake =
        case.run(&study("exclude = { status = [\"cancelled\", \"refunded\"], test = [1] }")).expect("readable");
    let amounts = |intake: &Intake| numbers(&intake.tables.transactions, "amount");
    // Signs and capitals count: row 4 says something else. Row 6 is not wanted, so that its fault needs no correction.
    assert_eq!(amounts(&intake), [Some(5.0), Some(8.0)]);
    assert_eq!((n_left_out(&intake), account(&intake).n_quarantined()), (Some(4), 1));
    assert!(account(&intake).remarks.is_empty(), "{:?}", account(&intake).remarks);
    // A word that stands nowhere is a slip, or a rule for a day to come.
    let intake = case.run(&study("exclude = { status = [\"canceled\"] }")).expect("readable");
    let said = account(&intake).remarks.join("\n");
    assert!(said.contains("no row has a value that `exclude` names in `status`"), "{said}");
    assert_eq!(amounts(&intake).len(), 5);
    let refused = case.run(&study("exclude = { stage = [\"lost\"] }")).expect_err("no such column").to_string();
    assert!(refused.contains("no column `stage`") && refused.contains("status, test"), "{refused}");
}

/// Of several rows of one order the newest says what became of it.
#[test]
fn an_order_whose_last_row_is_excluded_is_none() {
    let rows = "no,who,when,eur,status
1,ann,2026-02-01T12:00:00Z,5,paid
2,bob,2026-02-02T12:00:00Z,6,cancelled
1,ann,2026-02-01T12:00:00Z,5,cancelled
2,bob,2026-02-02T12:00:00Z,6,paid
";
    let with = |more: &str| {
        let case = orders(rows);
        let intake = case.run(&study(&format!("exclude = {{ status = [\"cancelled\"] }}\n{more}"))).expect("readable");
        let kept = texts(&intake.tables.transactions, "customer");
        (kept.into_iter().flatten().collect::<Vec<_>>(), n_left_out(&intake))
    };
    assert_eq!(with("repeats = \"last\""), (vec!["bob".to_owned()], Some(1)));
    assert_eq!(with("repeats = \"first\""), (vec!["ann".to_owned()], Some(1)));
}

/// A row of a cancellation often lacks what the study wants of a purchase; it is the last word on the order all the same.
#[test]
fn an_order_whose_last_row_is_excluded_and_faulty_is_none() {
    let rows = "no,who,when,eur,status
1,ann,2026-02-01T12:00:00Z,5,paid
2,bob,2026-02-02T12:00:00Z,6,paid
1,ann,soon,n/a,cancelled
,bob,2026-02-02T12:00:00Z,oops,cancelled
";
    let case = orders(rows);
    let intake = case.run(&study("exclude = { status = [\"cancelled\"] }\nrepeats = \"last\"")).expect("readable");
    assert_eq!(texts(&intake.tables.transactions, "customer"), [Some("bob".to_owned())]);
    let own = account(&intake);
    assert_eq!((n_left_out(&intake), own.n_repeats(), own.n_faulty()), (Some(2), 1, 0));
}

#[test]
fn a_price_times_a_quantity_is_an_amount() {
    let rows = "no,who,when,eur,pieces
1,ann,2026-02-01T12:00:00Z,2.55,6
2,ann,2026-02-02T12:00:00Z,3.39,-2
3,bob,2026-02-03T12:00:00Z,,4
4,bob,2026-02-04T12:00:00Z,7,
5,bob,2026-02-05T12:00:00Z,7,some
6,bob,2026-02-06T12:00:00Z,9e14,2
7,bob,2026-02-07T12:00:00Z,0.5,3
";
    let case = orders(rows);
    let intake = case.run(&study("quantity = \"pieces\"")).expect("readable");
    let table = &intake.tables.transactions;
    let expected = [Some(2.55 * 6.0), Some(3.39 * -2.0), None, None, Some(1.5)];
    assert_eq!(numbers(table, "amount"), expected);
    assert!(table.schema.field_with_name("quantity").is_err(), "it is in the amount");
    let aside = case.quarantine("transactions");
    assert!(aside.contains("some") && aside.contains("9e14"), "{aside}");
    assert_eq!(account(&intake).n_quarantined(), 2);
    // The least amount is one of the product: 2.55 is below it and 15.3 is not.
    let intake = case.run(&study("quantity = \"pieces\"\namount_min = 1.5")).expect("readable");
    let table = &intake.tables.transactions;
    assert_eq!(numbers(table, "amount"), [Some(2.55 * 6.0), None, None, Some(1.5)]);
}

#[test]
fn amounts_of_whole_orders_and_prices_of_one_are_asked_for_with_what_they_need() {
    let refused = |text: &str| Study::parse(text, std::path::Path::new(".")).expect_err("refused").to_string();
    let head = "study = { name = \"case\", as_of = 2026-09-30 }\n";
    let with = |more: &str| refused(&format!("{head}{}", study(more)));
    assert!(with("amount_per = \"order\"").contains("name the columns of both, `order` and `amount`"));
    let basket = with("amount_per = \"basket\"");
    assert!(basket.contains("basket") && basket.contains("line"), "{basket}");
    let both = with("order = \"no\"\namount_per = \"order\"\nquantity = \"pieces\"");
    assert!(both.contains("keep one of the two"), "{both}");
    let bare = format!("{head}{}", study("quantity = \"pieces\"").replace("amount = \"eur\"\n", ""));
    assert!(refused(&bare).contains("no prices are named"));
    assert!(with("exclude = { status = [] }").contains("is an empty list"));
    assert!(with("quantity = \"eur\"").contains("would be multiplied by themselves"));
}

#[test]
fn a_copy_of_a_file_is_refused_where_its_rows_would_count_twice() {
    let rows = "no,who,when,eur\n1,ann,2026-02-01T12:00:00Z,5\n2,bob,2026-02-02T12:00:00Z,6\n";
    let two = |name: &str, copy: &str| orders(rows).file(name, copy);
    let text = |more: &str| study(more).replace("\"orders.csv\"", "\"orders*.csv\"");
    let without_id = |more: &str| text(more).replace("id = \"no\"\n", "");
    let refused = two("orders - Copy.csv", rows).run(&without_id("")).expect_err("refused").to_string();
    assert!(
        refused.contains("[sources.transactions]: orders.csv is orders - Copy.csv again, byte for byte")
            && refused.contains("2 rows"),
        "{refused}"
    );
    // An id tells the rows, a header alone holds none, and another byte is another file.
    let read = |copy: &str, text: &str| two("orders2.csv", copy).run(text).expect("read").tables.transactions.n_rows;
    assert_eq!(read(rows, &text("")), 2);
    assert_eq!(read("no,who,when,eur\n", &without_id("")), 2);
    assert_eq!(read(&rows.replace("6\n", "7\n"), &without_id("")), 4);
}
