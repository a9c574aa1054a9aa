//! How files write keys, numbers, ends and lines, as whole sources.

use super::account::Reason;
use super::tests::{Case, integers, numbers, texts};

const ORDERS: &str = r#"
[sources.feedback]
path = "feedback.csv"
customer = "who"
time = "when"
zone = "UTC"
recommend = "ltr"
[sources.transactions]
path = "orders.csv"
customer = "who"
time = "when"
zone = "UTC"
amount = "value"
"#;

const FEEDBACK: &str = "who,when,ltr\na,2026-02-01,9\n";

fn some(texts: &[&str]) -> Vec<Option<String>> {
    texts.iter().map(|&text| Some(text.to_owned())).collect()
}

/// Python 3.11 by `json.loads`, and DuckDB 2.0.0 for the first two: four customers.
#[test]
fn long_keys_of_json_stay_those_of_different_people() {
    let keys = ["12345678901234567890", "12345678901234567891", "123456789012345678901234", "123456789012345678901235"];
    let lines = keys.map(|key| format!("{{\"who\":{key},\"when\":\"2026-02-01\",\"ltr\":9}}\n")).concat();
    let twice = "{\"who\":1,\"who\":2,\"when\":\"2026-02-01\",\"ltr\":9}\n";
    let case = Case::new().file("feedback.jsonl", lines + twice);
    let study = "[sources.feedback]\npath = \"feedback.jsonl\"\ncustomer = \"who\"\ntime = \"when\"\nzone = \"UTC\"\nrecommend = \"ltr\"\n";
    let intake = case.run(study).expect("readable");
    assert_eq!(texts(&intake.tables.feedback, "customer"), some(&keys));
    assert_eq!(intake.account("feedback").expect("read").rows_quarantined, [(Reason::BadJson, 1)].into());
    assert!(case.quarantine("feedback").contains("feedback,feedback.jsonl,5,,bad_json"));
}

/// 253402214400 seconds to 9999-12-31, as Python 3.11 has it; Berlin is an hour ahead then.
#[test]
fn the_current_row_of_a_profile_ends_when_the_calendar_does_in_any_zone() {
    let case = Case::new()
        .file("feedback.csv", FEEDBACK)
        .file("people.csv", "who,seg,from,to\na,old,2024-01-01,2025-06-01\na,new,2025-06-01,9999-12-31\n");
    for (zone, seconds) in [("UTC", 253_402_214_400_i64), ("Europe/Berlin", 253_402_210_800)] {
        let study = format!(
            "[sources.feedback]\npath = \"feedback.csv\"\ncustomer = \"who\"\ntime = \"when\"\nzone = \"UTC\"\nrecommend = \"ltr\"\n\
             [sources.customers]\npath = \"people.csv\"\ncustomer = \"who\"\nvalid_from = \"from\"\nvalid_to = \"to\"\n\
             zone = \"{zone}\"\nkeep = [\"seg\"]\n"
        );
        let intake = case.run(&study).expect("readable");
        assert_eq!(texts(&intake.tables.customers, "seg"), some(&["old", "new"]), "{zone}");
        assert_eq!(integers(&intake.tables.customers, "valid_to")[1], Some(seconds * 1_000_000), "{zone}");
    }
}

#[test]
fn a_purchase_at_the_end_of_the_calendar_is_later_than_the_study_in_any_zone() {
    let case = Case::new()
        .file("feedback.csv", FEEDBACK)
        .file("orders.csv", "who,when,value\na,9999-12-31,1\na,2026-01-01,1\n");
    for zone in ["UTC", "Europe/Berlin"] {
        let intake = case.run(&ORDERS.replace("\"UTC\"", &format!("\"{zone}\""))).expect("readable");
        let account = intake.account("transactions").expect("read");
        assert_eq!((account.rows_used, account.n_quarantined(), account.rows_excluded.len()), (1, 0, 1), "{zone}");
    }
}

/// 2^63 - 1 ten-thousandths are 922,337,203,685,477.5807.
#[test]
fn an_amount_beyond_what_can_be_summed_is_put_aside_with_its_place() {
    let case = Case::new()
        .file("feedback.csv", FEEDBACK)
        .file("orders.csv", "who,when,value\na,2026-01-01,5\na,2026-01-02,4006381333931000\na,2026-01-03,-1e15\n");
    let intake = case.run(ORDERS).expect("readable");
    assert_eq!(numbers(&intake.tables.transactions, "amount"), [Some(5.0)]);
    let aside = case.quarantine("transactions");
    assert!(aside.contains("transactions,orders.csv,3,value,out_of_range,4006381333931000"), "{aside}");
    assert!(aside.contains("transactions,orders.csv,4,value,out_of_range,-1e15"), "{aside}");
}

#[test]
fn amounts_that_together_are_beyond_it_are_refused() {
    let rows = "a,2026-01-01,5e14\na,2026-01-02,-4.3e14\n";
    let case = Case::new().file("feedback.csv", FEEDBACK).file("orders.csv", format!("who,when,value\n{rows}"));
    let refusal = case.run(ORDERS).expect_err("9.3e14 in all").to_string();
    assert!(
        refusal.starts_with("[sources.transactions]: without their signs the amounts come to 9.300e14"),
        "{refusal}"
    );
    assert!(refusal.contains("state them in a larger unit"), "{refusal}");
    // With what the refusal advises.
    let promised = format!("{ORDERS}contract = {{ ranges = {{ value = [0, 5e14] }} }}\n");
    assert_eq!(case.run(&promised).expect("4.3e14 are put aside").tables.transactions.n_rows, 1);
}

/// pandas 3.1.1, `read_csv(..., sep=";", decimal=",", thousands=".")`, and DuckDB 2.0.0, `read_csv(..., decimal_separator=",",
/// thousands=".")`: 1234.56, -1000000.5 and 7.
#[test]
fn amounts_are_read_as_their_source_writes_them_quoted_or_not() {
    let rows = "a;2026-01-01;1.234,56\na;2026-01-02;-1.000.000,5\na;2026-01-03;7\na;2026-01-04;1,23,4.5\na;2026-01-05;1234.5\n";
    let study = format!("{ORDERS}decimal = \",\"\nthousands = \".\"\n");
    for orders in [rows.to_owned(), rows.replace("1.234,56", "\"1.234,56\"")] {
        let case = Case::new().file("feedback.csv", FEEDBACK).file("orders.csv", format!("who;when;value\n{orders}"));
        let intake = case.run(&study).expect("readable");
        assert_eq!(numbers(&intake.tables.transactions, "amount"), [Some(1234.56), Some(-1_000_000.5), Some(7.0)]);
        let aside = case.quarantine("transactions");
        for place in ["orders.csv,5,value,unparsable", "orders.csv,6,value,unparsable"] {
            assert!(aside.contains(place), "{aside}");
        }
        // Nothing is guessed where the source says nothing.
        let plain = case.run(ORDERS).expect("readable");
        assert_eq!(numbers(&plain.tables.transactions, "amount"), [Some(7.0), Some(1234.5)]);
    }
}

#[test]
fn answers_weights_ranges_and_kept_numbers_follow_their_source() {
    let case = Case::new()
        .file("feedback.csv", "who;when;ltr;price;w;n\na;2026-02-01;9,0;2,5;1,5;99,0\nb;2026-02-01;8;11;1;3,5\n")
        .file("people.csv", "who;income;code\na;1 234,5;1.5\nb;€ 12;2\n")
        .file("orders.csv", "key,who,when\no1,a,2026-01-01\n")
        .file("payments.csv", "key;value\no1;$1,000.50\no1;0.25\n");
    let study = r#"
[sources.feedback]
path = "feedback.csv"
customer = "who"
time = "when"
zone = "UTC"
recommend = "ltr"
weight = "w"
decimal = ","
scale = [1, 10]
not_applicable = { n = [99] }
contract = { ranges = { price = [0, 10] } }
[sources.customers]
path = "people.csv"
customer = "who"
keep = ["income", "code"]
decimal = ","
thousands = " "
currency = "€"
[sources.transactions]
path = "orders.csv"
customer = "who"
time = "when"
zone = "UTC"
amount_via = { path = "payments.csv", key = "key", from = "key", to = "value", thousands = ",", currency = "$" }
[drivers]
touchpoints = ["n"]
"#;
    let intake = case.run(study).expect("readable");
    let feedback = &intake.tables.feedback;
    // The second row promises a price of at most 10.
    assert_eq!(intake.account("feedback").expect("read").rows_quarantined, [(Reason::OutOfRange, 1)].into());
    assert_eq!((numbers(feedback, "recommend"), numbers(feedback, "weight")), (vec![Some(9.0)], vec![Some(1.5)]));
    assert_eq!(intake.account("feedback").expect("read").cells["n"].not_applicable, 1);
    assert_eq!(numbers(&intake.tables.customers, "income"), [Some(1234.5), Some(12.0)]);
    // 1.5 is no number with a decimal comma, so that the column stays one of words.
    assert_eq!(texts(&intake.tables.customers, "code"), some(&["1.5", "2"]));
    assert_eq!(numbers(&intake.tables.transactions, "amount"), [Some(1000.75)]);
}

#[test]
fn the_line_of_a_spreadsheet_and_separators_behind_all_rows_are_read_as_meant() {
    for orders in [
        "sep=;\r\nwho;when;value\r\na;2026-01-01;1\r\nb;2026-01-02;2\r\n",
        "\u{feff}sep=;\r\nwho;when;value\r\na;2026-01-01;1;\r\n\"b\";2026-01-02;2;\r\n",
        "who,when,value\na,2026-01-01,1,,\nb,2026-01-02,2,,\n",
    ] {
        let case = Case::new().file("feedback.csv", FEEDBACK).file("orders.csv", orders);
        let intake = case.run(ORDERS).expect("readable");
        assert_eq!(texts(&intake.tables.transactions, "customer"), some(&["a", "b"]), "{orders:?}");
        assert_eq!(numbers(&intake.tables.transactions, "amount"), [Some(1.0), Some(2.0)], "{orders:?}");
    }
    // A row that holds something there, or has not as many cells, is none; its line counts the first.
    let orders = "sep=,\nwho,when,value\na,2026-01-01,1,\n".to_owned()
        + &"b,2026-01-02,2,\n".repeat(60)
        + "c,2026-01-03,3,x\nd,2026-01-03,3\n";
    let case = Case::new().file("feedback.csv", FEEDBACK).file("orders.csv", orders);
    let intake = case.run(ORDERS).expect("readable");
    assert_eq!(intake.account("transactions").expect("read").rows_quarantined, [(Reason::Ragged, 2)].into());
    let aside = case.quarantine("transactions");
    assert!(aside.contains("orders.csv,64,,ragged") && aside.contains("orders.csv,65,,ragged"), "{aside}");
}
