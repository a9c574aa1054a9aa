//! Guesses from columns that are written down here.

use super::*;
use crate::intake::exports::ExportFormat;
use crate::intake::profiling::{ColumnProfile, SourceFiles, SourceProfile};
use crate::study::Fold;

/// A column of some cells.
pub(super) fn column(name: &str, cells: &[&str]) -> ColumnProfile {
    ColumnProfile::of_texts(name, cells)
}

/// A source of some columns, as if it were a file that was read whole.
pub(super) fn source(name: &str, columns: &[(&str, Vec<String>)]) -> SourceProfile {
    let columns: Vec<ColumnProfile> = columns
        .iter()
        .map(|(name, cells)| column(name, &cells.iter().map(String::as_str).collect::<Vec<_>>()))
        .collect();
    let files = SourceFiles {
        files: vec![format!("{name}.csv").into()],
        pattern: None,
        sheet: None,
        table: None,
        format: None,
        rows_above: 0,
        encoding: None,
        survey: None,
    };
    let n_rows = columns[0].n_rows;
    SourceProfile {
        files,
        export: None,
        n_rows,
        is_whole: true,
        n_broken: 0,
        columns,
        totals: Vec::new(),
        shared_names: Vec::new(),
    }
}

fn numbered(prefix: &str, numbers: impl Iterator<Item = usize>) -> Vec<String> {
    numbers.map(|number| format!("{prefix}{number}")).collect()
}

fn days(n: usize) -> Vec<String> {
    (0..n).map(|day| format!("2026-01-{:02}T10:00:00Z", 1 + day % 28)).collect()
}

fn scores(n: usize, from: usize, to: usize) -> Vec<String> {
    (0..n).map(|row| (from + row * 7 % (to - from + 1)).to_string()).collect()
}

#[test]
fn a_recommend_answer_needs_the_values_and_not_the_name_alone() {
    let answers = |name: &str, cells: Vec<String>| Answers::of(&source("x", &[(name, cells), ("y", days(60))]));
    assert!(answers("nps", scores(60, 0, 10)).recommend.is_some_and(|own| own.question.is_none()));
    let short = answers("would_recommend", scores(60, 0, 1));
    assert!(short.recommend.is_none() && short.almost[0].contains("from 0 to 1"), "{short:?}");
    assert!(answers("recommend_score", scores(60, 1, 5)).recommend.is_none());
    assert!(answers("nps_group", scores(60, 0, 10)).recommend.is_none_or(|own| own.question.is_some()));
    let unnamed = answers("v7", scores(60, 0, 10)).recommend.expect("the only one");
    assert!(unnamed.question.is_some_and(|question| question.contains("how likely")));
}

#[test]
fn of_two_unnamed_columns_from_0_to_10_none_is_taken() {
    let two = source("x", &[("a", scores(60, 0, 10)), ("b", scores(60, 0, 10)), ("c", days(60))]);
    let answers = Answers::of(&two);
    assert!(answers.recommend.is_none());
    assert!(answers.almost[0].contains("a, b are answered from 0 to 10"), "{answers:?}");
}

#[test]
fn a_code_is_told_from_a_slip_by_how_often_it_stands_there() {
    let mut often = scores(1000, 0, 10);
    often.extend(std::iter::repeat_n("11".to_owned(), 40));
    often.push("99".to_owned());
    often.push("Blank".to_owned());
    let n = often.len();
    let answers = Answers::of(&source("x", &[("NETPRO", often), ("d", days(n))]));
    let codes = answers.recommend.expect("named so").codes;
    let meaning = |text: &str| codes.iter().find(|code| code.text == text).map(|code| (code.meaning, code.n));
    assert_eq!(meaning("11"), Some((CodeMeaning::Blank, 40)));
    assert_eq!(meaning("99"), Some((CodeMeaning::Slip, 1)));
    assert_eq!(meaning("Blank"), Some((CodeMeaning::Blank, 1)));
}

#[test]
fn codes_of_categories_are_no_scores() {
    let table = source(
        "x",
        &[
            ("nps", scores(60, 0, 10)),
            ("age", scores(60, 1, 7)),
            ("number_of_referrals", scores(60, 0, 10)),
            ("kitchen", scores(60, 1, 5)),
            ("delivery_rating", scores(60, 1, 5)),
        ],
    );
    let answers = Answers::of(&table);
    let names: Vec<&str> = answers.touchpoints.iter().map(|own| own.column.as_str()).collect();
    assert_eq!(names, ["delivery_rating"]);
    assert!(answers.perhaps.iter().any(|perhaps| perhaps.starts_with("kitchen")), "{:?}", answers.perhaps);
}

#[test]
fn a_copy_of_the_recommend_answer_is_no_touchpoint() {
    let answer: Vec<usize> = (0..200).map(|row| (row % 11).max(row % 7)).collect();
    let text =
        |value: &dyn Fn(usize) -> usize| -> Vec<String> { answer.iter().map(|own| value(*own).to_string()).collect() };
    let table = source(
        "x",
        &[
            ("nps", text(&|own| own)),
            ("rating", text(&|own| own)),
            ("likelihood_score", text(&|own| 10 - own)),
            ("delivery_rating", scores(200, 0, 10)),
        ],
    );
    let answers = Answers::of(&table);
    let names: Vec<&str> = answers.touchpoints.iter().map(|own| own.column.as_str()).collect();
    assert_eq!(names, ["delivery_rating"], "{answers:?}");
    let doubts = answers.perhaps.join("; ");
    assert!(doubts.contains("rating (its values stand there exactly as often as those of nps"), "{doubts}");
}

#[test]
fn the_customer_is_the_column_whose_values_come_back_in_other_files() {
    // Neither is called after customers; `k` is in both files, `r` in one.
    let answers = source(
        "answers",
        &[("r", numbered("R", 0..60)), ("k", numbered("K", 0..60)), ("nps", scores(60, 0, 10)), ("day", days(60))],
    );
    let orders = source(
        "orders",
        &[
            ("bon", numbered("B", 0..90)),
            ("k", numbered("K", (0..90).map(|row| row % 50))),
            ("paid", scores(90, 10, 40)),
            ("day", days(90)),
        ],
    );
    let guess = guess(&[answers, orders]);
    let who = |kind: SourceKind| guess.source(kind).and_then(|own| own.who.clone()).map(|who| who.column);
    assert_eq!(who(SourceKind::Feedback).as_deref(), Some("k"));
    assert_eq!(who(SourceKind::Transactions).as_deref(), Some("k"));
}

/// A survey and a log of orders, whose keys are written so.
fn survey_and_orders(answered: Vec<String>, bought: Vec<String>) -> [SourceProfile; 2] {
    let (n, n_orders) = (answered.len(), bought.len());
    let survey = [("customer_id", answered), ("nps", scores(n, 0, 10)), ("answered_at", days(n))];
    let orders = [("customer_id", bought), ("amount", scores(n_orders, 10, 40)), ("ordered_at", days(n_orders))];
    [source("survey", &survey), source("orders", &orders)]
}

/// Which words by hand from docs/identity.md: 1000.0 is 1000 by `whole_numbers`, 0007 is 7 by `leading_zeros`, C7 is c7 by `case`.
#[test]
fn keys_meet_as_the_study_reads_them_or_the_folding_is_named() {
    type Written = fn(usize) -> String;
    for (answered, bought, words) in [
        ((|n| n.to_string()) as Written, (|n| n.to_string()) as Written, &[][..]),
        (|n| format!("{n}.0"), |n| n.to_string(), &[Fold::WholeNumbers]),
        (|n| format!("{n:04}"), |n| n.to_string(), &[Fold::LeadingZeros]),
        (|n| format!("{n:04}.0"), |n| n.to_string(), &[Fold::WholeNumbers, Fold::LeadingZeros]),
        (|n| format!("C{n}"), |n| format!("c{n}"), &[Fold::Case]),
        // A letter and its accent apart, and digits of full width (U+FF10 stands for 0).
        (|n| format!("Re\u{301}{n}"), |n| format!("R\u{e9}{n}"), &[Fold::Nfkc]),
        (
            |n| n.to_string(),
            |n| n.to_string().chars().map(|digit| char::from_u32(u32::from(digit) + 0xfee0).unwrap_or(digit)).collect(),
            &[Fold::Nfkc],
        ),
        // A spreadsheet took zeros away, of the first nine.
        (|n| n.to_string(), |n| format!("{n:02}"), &[Fold::LeadingZeros]),
    ] {
        let sources = survey_and_orders((1..=60).map(answered).collect(), (1..=90).map(bought).collect());
        let guess = guess(&sources);
        let found = guess.fold.as_ref().map(|own| own.words.clone()).unwrap_or_default();
        assert_eq!(found, words, "{:?}", guess.fold);
        let who = guess.source(SourceKind::Feedback).and_then(|own| own.who.clone()).expect("a customer");
        assert!(who.column == "customer_id" && !who.is_alone && who.why.contains("60 of them"), "{who:?}");
    }
}

#[test]
fn keys_that_a_folding_makes_one_are_asked_about() {
    let both = (1..=30).flat_map(|n| [n.to_string(), format!("{n:03}")]).collect();
    let guess = guess(&survey_and_orders((1..=30).map(|n| format!("{n:04}")).collect(), both));
    let question = guess.fold.and_then(|own| own.question).expect("a question");
    assert!(question.contains("30 in customer_id of orders"), "{question}");
}

#[test]
fn a_column_called_after_customers_is_taken_with_a_question_though_no_other_file_has_its_values() {
    let guess = guess(&survey_and_orders(numbered("A", 0..60), numbered("B", 0..90)));
    assert!(guess.fold.is_none());
    for kind in [SourceKind::Feedback, SourceKind::Transactions] {
        let who = guess.source(kind).and_then(|own| own.who.clone()).unwrap_or_else(|| panic!("no customer: {kind:?}"));
        assert!(who.is_alone && who.question.is_some_and(|own| own.contains("in no other file")), "{kind:?}");
    }
}

/// The addresses of the same sixty people in both files, and a number of the shop's own that the answers have never or rarely.
#[test]
fn what_the_answers_share_with_the_orders_comes_before_what_is_called_after_customers_in_one_file() {
    let addresses = |n: usize| (0..n).map(|row| format!("u{}@example.com", row % 60)).collect::<Vec<_>>();
    let orders = source(
        "orders",
        &[
            ("customer_id", numbered("", (0..90).map(|row| 10_000 + row % 60))),
            ("email", addresses(90)),
            ("ordered_at", days(90)),
            ("amount", scores(90, 10, 40)),
        ],
    );
    let survey = |n_known: usize| {
        let known = (0..60).map(|row| if row < n_known { (10_000 + row).to_string() } else { String::new() });
        let columns = [("customer_id", known.collect()), ("email", addresses(60)), ("nps", scores(60, 0, 10))];
        let columns = [&columns[usize::from(n_known == 0)..], &[("answered_at", days(60))]].concat();
        source("survey", &columns)
    };
    for n_known in [0, 20] {
        let guess = guess(&[survey(n_known), orders.clone()]);
        let who = |kind: SourceKind| guess.source(kind).and_then(|own| own.who.clone()).expect("a customer");
        let [answered, bought] = [SourceKind::Feedback, SourceKind::Transactions].map(who);
        assert_eq!([answered.column.as_str(), bought.column.as_str()], ["email", "email"], "{n_known}");
        assert!(!answered.is_alone && answered.why.contains("60 of them in email of orders"), "{answered:?}");
        assert!(bought.question.is_some_and(|own| own.contains("customer_id is called after customers")), "{n_known}");
    }
    // 50 of 60 answers have the number.
    let guess = guess(&[survey(50), orders]);
    let who = guess.source(SourceKind::Feedback).and_then(|own| own.who.clone()).expect("a customer");
    assert_eq!(who.column, "customer_id");
}

/// Sixty customers of twenty managers or groups, whose numbers stand in front of them in both files.
#[test]
fn managers_and_groups_of_customers_are_not_the_customers() {
    for name in ["salesperson_id", "account_manager_id", "customer_group_id", "contact_person"] {
        let own = |row: usize| ((1 + row % 20).to_string(), (1 + row % 60).to_string());
        let ids = |n: usize| (0..n).map(own).unzip::<_, _, Vec<_>, Vec<_>>();
        let (managers, customers) = ids(60);
        let columns =
            [(name, managers), ("customer_id", customers), ("nps", scores(60, 0, 10)), ("answered_at", days(60))];
        let survey = source("survey", &columns);
        let (managers, customers) = ids(90);
        let columns =
            [(name, managers), ("customer_id", customers), ("ordered_at", days(90)), ("amount", scores(90, 10, 40))];
        let guess = guess(&[survey, source("orders", &columns)]);
        for kind in [SourceKind::Feedback, SourceKind::Transactions] {
            let who = guess.source(kind).and_then(|own| own.who.clone()).expect("a customer");
            assert_eq!(who.column, "customer_id", "{name}");
            assert!(who.question.is_some_and(|own| own.contains(&format!("{name} (20 different values)"))), "{name}");
        }
    }
}

/// The same with customers in a column that is not called after them.
#[test]
fn a_key_of_many_values_comes_before_that_of_the_staff() {
    let ids = |n: usize, prefix: &str, n_different: usize| numbered(prefix, (0..n).map(move |row| row % n_different));
    let own = |n: usize| [("salesperson_id", ids(n, "s", 20)), ("uid", ids(n, "u", 60))];
    let survey = [&own(60)[..], &[("nps", scores(60, 0, 10)), ("answered_at", days(60))]].concat();
    let orders = [&own(90)[..], &[("ordered_at", days(90)), ("amount", scores(90, 10, 40))]].concat();
    let guess = guess(&[source("survey", &survey), source("orders", &orders)]);
    let who = guess.source(SourceKind::Feedback).and_then(|own| own.who.clone()).expect("a customer");
    assert_eq!(who.column, "uid");
    let question = who.question.expect("a question");
    assert!(question.contains("or is it salesperson_id (20 different values)"), "{question}");
}

#[test]
fn values_that_another_file_has_under_another_name_are_not_said_to_be_in_none() {
    let survey = [("customer_id", numbered("", 10_000..10_060)), ("nps", scores(60, 0, 10)), ("answered_at", days(60))];
    let baskets = [("hshd", numbered("", (0..90).map(|row| 10_000 + row % 60))), ("day", scores(90, 1, 99))];
    let guess = guess(&[source("survey", &survey), source("baskets", &baskets)]);
    let who = guess.source(SourceKind::Feedback).and_then(|own| own.who.clone()).expect("a customer");
    let question = who.question.expect("a question");
    assert!(question.starts_with("60 of its 60 values are in hshd of baskets too"), "{question}");
    assert!(guess.unused[0].why.contains("no column says who"), "{:?}", guess.unused);
}

/// Sixty orders of two lines, laid out as Shopify does: a name such as `#1001`, and when it was paid on the first line alone.
#[test]
fn a_time_with_gaps_is_not_that_of_the_purchases_and_orders_are_known_by_what_their_names_do() {
    let lines = |cell: &dyn Fn(usize) -> String| (0..120).map(|row| cell(row / 2)).collect::<Vec<_>>();
    let email = |order: usize| format!("u{}@example.com", order % 30);
    let created = |order: usize| format!("2026-{:02}-{:02}T10:00:00Z", 1 + order / 28, 1 + order % 28);
    let paid = (0..120).map(|row| if row % 2 == 0 { created(row / 2) } else { String::new() }).collect();
    let orders = source(
        "orders_export_1",
        &[
            ("Name", lines(&|order| format!("#{}", 1001 + order))),
            ("Email", lines(&email)),
            ("Paid at", paid),
            ("Created at", lines(&created)),
            ("Lineitem price", (0..120).map(|row| format!("{}.5", 10 + row % 7)).collect()),
        ],
    );
    let survey = [("email", (0..30).map(email).collect()), ("nps", scores(30, 0, 10)), ("answered_at", days(30))];
    let guess = guess(&[source("survey", &survey), orders]);
    let own = guess.source(SourceKind::Transactions).expect("purchases");
    assert_eq!(own.role("time").map(|role| role.column.as_str()), Some("Created at"));
    let order = own.role("order").expect("orders");
    assert_eq!((order.column.as_str(), order.question.is_some()), ("Name", true));
}

/// Who invited whom; a satisfaction of contacts; and contacts that stand there once each.
#[test]
fn names_of_files_count_where_their_columns_agree() {
    let ids = |from: usize| numbered("c", (0..60).map(|row| from + row));
    let answers = [("customer_id", ids(0)), ("nps", scores(60, 0, 10)), ("answered_at", days(60))];
    let kind_of = |name: &str, columns: &[(&str, Vec<String>)]| {
        let guess = guess(&[source("survey", &answers), source(name, columns)]);
        guess.sources.iter().find(|own| own.source == 1).map(|own| own.kind)
    };
    let invites = [("inviter", ids(0)), ("invitee", ids(30)), ("invited_on", days(60))];
    assert_eq!(kind_of("invites", &invites), Some(SourceKind::Referrals));
    let contacts = [("customer_id", ids(0)), ("first_name", ids(500)), ("created_at", days(60))];
    assert_eq!(kind_of("Contact", &contacts), Some(SourceKind::Customers));
    let log = [("customer_id", numbered("c", (0..60).map(|row| row % 20))), ("created_at", days(60))];
    assert_eq!(kind_of("contacts", &log), Some(SourceKind::Activity));
    let words = (0..60).map(|row| ["Good", "Bad", "Unoffered"][row % 3].to_owned()).collect();
    let tickets =
        [("customer_id", numbered("c", (0..60).map(|row| row % 20))), ("Satisfaction score", words), ("at", days(60))];
    assert_eq!(kind_of("tickets", &tickets), Some(SourceKind::Activity));
    let guess = guess(&[source("survey", &answers), source("tickets", &tickets)]);
    assert_eq!(guess.source(SourceKind::Activity).and_then(|own| own.role("kind")), None);
}

/// Weights with a mean of 1 as surveys have them (0.5 and 1.5 by turns), and those of parcels.
#[test]
fn only_weights_of_answers_weigh_answers() {
    let weights = |scale: f64| (0..60).map(|row| (scale * (0.5 + (row % 2) as f64)).to_string()).collect::<Vec<_>>();
    let of = |name: &str, scale: f64| {
        let guess = guess(&[source("survey", &[("nps", scores(60, 0, 10)), (name, weights(scale)), ("at", days(60))])]);
        let own = guess.source(SourceKind::Feedback).cloned().expect("answers");
        (own.role("weight").is_some(), own.unread.iter().any(|own| own.column == name))
    };
    assert_eq!([of("weight", 1.0), of("WEIGHT", 1.0), of("final_wgt", 1.0)], [(true, false); 3]);
    for (name, scale) in [("weight", 4.0), ("shipping_weight_kg", 1.0), ("Gewicht_kg", 1.0), ("wt", 7.0)] {
        assert_eq!(of(name, scale), (false, true), "{name}");
    }
    assert_eq!(of("weightloss_program", 1.0), (false, false));
}

/// Three sheets of one workbook, of which a study reads one.
#[test]
fn sheets_of_the_same_columns_are_said_to_be_so() {
    let sheet = |name: &str| {
        let mut own = source(
            "survey",
            &[("email", numbered("a@b", 0..60)), ("nps", scores(60, 0, 10)), ("answered_at", days(60))],
        );
        own.files.sheet = Some(name.to_owned());
        own
    };
    let guess = guess(&[sheet("Oct"), sheet("Nov"), sheet("Dec")]);
    assert_eq!(guess.unused.len(), 2);
    for own in &guess.unused {
        assert!(own.why.contains("it has the columns of Oct survey, another sheet of the workbook"), "{}", own.why);
    }
}

#[test]
fn running_numbers_of_different_things_are_not_the_same_keys() {
    let number = |n: usize| numbered("", 1..n + 1);
    let answers = source("survey", &[("respnum", number(60)), ("nps", scores(60, 0, 10)), ("answered_at", days(60))]);
    let orders =
        source("orders", &[("order_no", number(90)), ("amount", scores(90, 10, 40)), ("ordered_at", days(90))]);
    let guess = guess(&[answers, orders]);
    assert_eq!(guess.source(SourceKind::Feedback).map(|own| own.who.is_none()), Some(true));
    assert!(guess.source(SourceKind::Transactions).is_none());
}

#[test]
fn a_key_leads_over_other_files_to_the_person() {
    // 60 orders with a customer number of their own each, of 50 persons.
    let reviews = source(
        "reviews",
        &[("order_id", numbered("o", 0..60)), ("review_score", scores(60, 1, 5)), ("answered_at", days(60))],
    );
    let orders = source(
        "orders",
        &[("order_id", numbered("o", 0..60)), ("customer_id", numbered("c", 0..60)), ("ordered_at", days(60))],
    );
    let people = source(
        "people",
        &[("customer_id", numbered("c", 0..60)), ("customer_unique_id", numbered("p", (0..60).map(|row| row % 50)))],
    );
    let payments = source("payments", &[("order_id", numbered("o", 0..60)), ("payment_value", scores(60, 10, 40))]);
    let guess = guess(&[reviews, orders, people, payments]);
    let who = guess.source(SourceKind::Feedback).and_then(|own| own.who.clone()).expect("a way");
    let steps: Vec<(usize, &str, &str)> =
        who.via.iter().map(|step| (step.source, step.from.as_str(), step.to.as_str())).collect();
    assert_eq!(who.column, "order_id");
    assert_eq!(steps, [(1, "order_id", "customer_id"), (2, "customer_id", "customer_unique_id")]);
    let transactions = guess.source(SourceKind::Transactions).expect("orders");
    assert_eq!(transactions.who.as_ref().map(|who| (who.column.as_str(), who.via.len())), Some(("customer_id", 1)));
    let amounts = guess.amount_via.expect("payments");
    assert_eq!((amounts.source, amounts.key.as_str(), amounts.to.column.as_str()), (3, "order_id", "payment_value"));
}

#[test]
fn a_survey_of_another_year_is_no_list_of_customers_but_another_wave() {
    let survey = |name: &str, columns: &[&str]| {
        let mut own: Vec<(&str, Vec<String>)> = vec![("respondent_id", numbered("r", 0..300))];
        own.extend(columns.iter().map(|column| (*column, scores(300, 1, 5))));
        own.push(("nps", scores(300, 0, 10)));
        source(name, &own)
    };
    let latest = survey("2017_Customer_Survey", &["delivery", "price", "support", "checkout", "website"]);
    let earlier = survey("2016_Customer_Survey", &["delivery", "price", "support", "checkout"]);
    let other = source("prices", &[("sku", numbered("s", 0..50)), ("list_price", numbered("", 100..150))]);
    let guess = guess(&[latest, earlier, other]);
    assert_eq!(guess.sources.len(), 1, "{:?}", guess.sources);
    assert_eq!((guess.sources[0].kind, guess.sources[0].source), (SourceKind::Feedback, 0));
    let why = |source: usize| &guess.unused.iter().find(|own| own.source == source).expect("without a part").why;
    assert!(why(1).contains("another wave of the feedback, with 6 of its 6 columns"), "{}", why(1));
    assert!(why(1).ends_with("these are left out: website"), "{}", why(1));
    assert!(!why(2).contains("wave"), "{}", why(2));
}

fn cells(values: &[&str]) -> Vec<String> {
    (0..60).map(|row| values[row * 7 % values.len()].to_owned()).collect()
}

#[test]
fn numbers_are_read_as_their_source_writes_them_and_words_are_named() {
    let survey = source(
        "survey",
        &[
            ("kunde", numbered("K", 0..60)),
            ("nps", scores(60, 0, 10)),
            ("answered_at", days(60)),
            ("Zufriedenheit Preis", scores(60, 1, 5)),
            ("Zufriedenheit Lieferung", cells(&["2,5", "4", "3,5", "1,5", "5", "k.A.", "1", "3", "2"])),
            ("Please rate: Price", cells(&["Very satisfied", "Satisfied", "Neither", "Dissatisfied"])),
            ("Zufriedenheit Kommentar", numbered("mal so, mal so ", 0..60)),
        ],
    );
    let orders = source(
        "orders",
        &[
            ("kunde", numbered("K", 0..60)),
            ("Bestelldatum", days(60)),
            ("Betrag", (0..60).map(|row| format!("1.{:03},56 €", 100 + row)).collect()),
            ("Region", cells(&["Nord", "S"])),
        ],
    );
    let guess = guess(&[survey, orders]);
    let own = |kind: SourceKind| guess.source(kind).expect("taken");
    let touchpoints: Vec<&str> = guess.answers.touchpoints.iter().map(|own| own.column.as_str()).collect();
    assert_eq!(touchpoints, ["Zufriedenheit Preis", "Zufriedenheit Lieferung"]);
    assert_eq!(own(SourceKind::Feedback).numerals.keys, [("decimal", "\",\"".to_owned())]);
    let [price] = &own(SourceKind::Feedback).unread[..] else { panic!("{:?}", guess.sources) };
    assert!(price.column == "Please rate: Price" && price.why.contains("`Very satisfied`"), "{price:?}");
    let orders = own(SourceKind::Transactions);
    assert_eq!(orders.role("amount").map(|role| role.column.as_str()), Some("Betrag"));
    let keys: Vec<String> = orders.numerals.keys.iter().map(|(key, value)| format!("{key} = {value}")).collect();
    assert_eq!(keys, ["decimal = \",\"", "thousands = \".\"", "currency = \"€\""]);
    assert!(orders.numerals.why.contains("`1.100,56 €` in Betrag") && orders.numerals.questions.is_empty());
    assert!(orders.unread.is_empty(), "{:?}", orders.unread);
}

#[test]
fn a_source_has_one_way_of_writing_numbers_and_what_is_not_of_it_is_named() {
    let survey = source(
        "survey",
        &[
            ("nps", scores(60, 0, 10)),
            ("rating price", cells(&["2,5", "4", "3,5", "1,5", "5", "1", "3", "2"])),
            ("rating delivery", cells(&["2,5", "4", "4,5", "1,5", "5", "1", "3", "2"])),
            ("rating website", cells(&["2.5", "4", "3.5", "1.5", "5", "1", "3", "2"])),
        ],
    );
    let guess = guess(&[survey]);
    let touchpoints: Vec<&str> = guess.answers.touchpoints.iter().map(|own| own.column.as_str()).collect();
    assert_eq!(touchpoints, ["rating price", "rating delivery"]);
    let own = guess.source(SourceKind::Feedback).expect("taken");
    assert_eq!(own.numerals.keys, [("decimal", "\",\"".to_owned())]);
    let [website] = &own.unread[..] else { panic!("{:?}", own.unread) };
    assert!(website.column == "rating website" && website.why.contains("as in program code"), "{website:?}");
}

#[test]
fn doubtful_numbers_and_several_currencies_are_asked_about() {
    let amounts = |write: fn(usize) -> String| {
        let orders = source(
            "orders",
            &[
                ("customer_id", numbered("K", 0..60)),
                ("ordered_at", days(60)),
                ("amount", (0..60).map(write).collect()),
            ],
        );
        let survey = source(
            "survey",
            &[("customer_id", numbered("K", 0..60)), ("nps", scores(60, 0, 10)), ("answered_at", days(60))],
        );
        let guess = guess(&[survey, orders]);
        guess.source(SourceKind::Transactions).expect("orders").numerals.clone()
    };
    let in_doubt = amounts(|row| format!("{}.{}", 1 + row % 7, 100 + row));
    assert!(in_doubt.keys.is_empty(), "{in_doubt:?}");
    let [question] = &in_doubt.questions[..] else { panic!("{in_doubt:?}") };
    assert!(question.contains("`1.100` in amount is taken for 1.1") && question.contains("is it 1100?"), "{question}");
    assert!(question.ends_with("then write decimal = \",\", thousands = \".\""), "{question}");
    let mixed = amounts(|row| if row % 3 == 0 { format!("$1,{}.50", 100 + row) } else { format!("{row},50 €") });
    assert_eq!(mixed.keys.last(), Some(&("currency", "[\"€\", \"$\"]".to_owned())));
    let [otherwise, currencies] = &mixed.questions[..] else { panic!("{mixed:?}") };
    assert!(
        otherwise.starts_with("20 of 60 numbers in amount are written otherwise, as in `$1,100.50`"),
        "{otherwise}"
    );
    assert!(currencies.contains("40 with €, 20 with $"), "{currencies}");
}

/// A source as if a vendor's export had been read.
fn export(format: ExportFormat, columns: &[(&str, Vec<String>)]) -> SourceProfile {
    SourceProfile { export: Some(format), ..source("x", columns) }
}

/// 200 answers, of which a tenth were seen and not given: Qualtrics writes -99 for them.
#[test]
fn what_was_seen_and_not_answered_is_no_answer_of_an_export() {
    let mut cells = scores(180, 0, 10);
    cells.extend(std::iter::repeat_n("-99".to_owned(), 20));
    let answers = Answers::of(&export(ExportFormat::Qualtrics, &[("NPS", cells), ("d", days(200))]));
    let recommend = answers.recommend.expect("named so");
    let codes: Vec<(&str, u64, CodeMeaning)> =
        recommend.codes.iter().map(|own| (own.text.as_str(), own.n, own.meaning)).collect();
    assert_eq!(codes, [("-99", 20, CodeMeaning::Blank)]);
    assert!(recommend.why.contains("180 answers from 0 to 10"), "{}", recommend.why);
}

/// SurveyMonkey's default labels stand at the ends: 20 of 0, 20 of 10, and 60 numbers between them.
#[test]
fn labels_of_the_ends_count_among_the_answers() {
    let mut cells = scores(60, 1, 9);
    cells.extend(std::iter::repeat_n("0 - Not at all likely".to_owned(), 20));
    cells.extend(std::iter::repeat_n("10 - Extremely likely".to_owned(), 20));
    let answers =
        Answers::of(&export(ExportFormat::SurveyMonkey, &[("How likely to recommend us?", cells), ("d", days(100))]));
    let recommend = answers.recommend.expect("named so");
    assert!(recommend.why.contains("100 answers from 0 to 10"), "{}", recommend.why);
}

#[test]
fn a_sentence_is_a_question_whatever_it_is_about() {
    let question = |text: &str| {
        let own = [(text, scores(60, 1, 5)), ("d", days(60))];
        Answers::of(&export(ExportFormat::SurveyMonkey, &own)).touchpoints.len()
    };
    assert_eq!(question("How satisfied are you with the following?: Delivery"), 1);
    assert_eq!(question("How friendly was the employee who helped you?"), 1);
    assert_eq!(question("Follow-up request"), 0);
    assert_eq!(question("metadata.score"), 0);
}
