//! A study drafted from files, and what the other commands make of it.

use crate::{advocate, folder, project, stderr, stdout, write};
use std::path::Path;

/// The demonstration's files as a shell would name them by `datasets/retail/*`.
fn retail() -> Vec<String> {
    let entries = std::fs::read_dir(project().join("datasets/retail")).expect("the demonstration");
    let mut files: Vec<String> =
        entries.map(|entry| entry.expect("an entry").path().to_string_lossy().into_owned()).collect();
    files.sort();
    files
}

fn init(folder: &Path, files: &[String], more: &[&str]) -> std::process::Output {
    let mut arguments = vec!["init"];
    arguments.extend(files.iter().map(String::as_str));
    arguments.extend(more);
    advocate(folder, &arguments)
}

#[test]
fn a_drafted_study_passes_the_check() {
    let folder = folder();
    std::fs::create_dir(folder.path().join("studies")).expect("a folder");
    let drafted = init(folder.path(), &retail(), &["--out", "studies/mine.toml"]);
    assert_eq!(drafted.status.code(), Some(0), "{}", stderr(&drafted));
    assert!(drafted.stdout.is_empty(), "the study goes to the file");
    assert!(stderr(&drafted).contains("feedback: feedback 2025; all 3,333 rows in 2 files were looked at"));
    let check = advocate(folder.path(), &["check", "studies/mine.toml"]);
    assert_eq!(check.status.code(), Some(0), "{}", stderr(&check));
    let text = stdout(&check);
    assert!(text.contains("study mine as of 2026-09-29"), "{text}");
    // datasets/retail/README.md has the numbers of rows.
    for part in [
        "source feedback: 2 files, 3,333 rows read",
        "source transactions: 1 file, 10,778 rows read",
        "source referrals: 1 file, 642 rows read",
        "source customers: 1 file, 2,400 rows read",
        "source activity: 1 file, 29,938 rows read",
        "source invitations: 1 file, 7,306 rows read",
        "drivers: delivery, support, checkout, product, price, website, packaging",
        "outcome repurchase within 90 days after the answer",
        "outcome referral within 180 days after the answer",
    ] {
        assert!(text.contains(part), "`{part}` is not in {text}");
    }
}

#[test]
fn a_file_is_replaced_only_when_that_is_said() {
    let folder = folder();
    write(folder.path(), "mine.toml", "mine\n");
    let refused = init(folder.path(), &retail(), &["--out", "mine.toml"]);
    assert_eq!(refused.status.code(), Some(5));
    assert!(stderr(&refused).contains("--force"), "{}", stderr(&refused));
    assert_eq!(std::fs::read_to_string(folder.path().join("mine.toml")).expect("there"), "mine\n");
    let replaced = init(folder.path(), &retail(), &["--out", "mine.toml", "--force", "--rows", "1000"]);
    assert_eq!(replaced.status.code(), Some(0), "{}", stderr(&replaced));
    let text = std::fs::read_to_string(folder.path().join("mine.toml")).expect("there");
    assert!(
        text.contains("recommend = \"likelihood_to_recommend\"") && text.contains("from places all over"),
        "{text}"
    );
    let nowhere = init(folder.path(), &retail(), &["--out", "nowhere/mine.toml"]);
    assert_eq!(nowhere.status.code(), Some(5), "{}", stderr(&nowhere));
}

/// The second draft of a folder in which a study was run must be the first: what the run left is no source.
#[test]
fn what_an_earlier_run_left_in_the_folder_is_passed_over_and_named() {
    let folder = folder();
    write_company(folder.path(), ',', |n| half_steps(n).to_string(), |n| format!("{n}.50"));
    let first = init(folder.path(), &[".".to_owned()], &["--out", "mine.toml"]);
    assert_eq!(first.status.code(), Some(0), "{}", stderr(&first));
    let run = advocate(folder.path(), &["run", "mine.toml"]);
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    assert!(folder.path().join("results/cache/CACHEDIR.TAG").exists());
    let settings = |text: &str| -> Vec<String> {
        text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
    };
    let drafted = std::fs::read_to_string(folder.path().join("mine.toml")).expect("there");
    let again = init(folder.path(), &[".".to_owned()], &["--name", "mine"]);
    assert_eq!(again.status.code(), Some(0), "{}", stderr(&again));
    assert_eq!(settings(&stdout(&again)), settings(&drafted));
    let said = stderr(&again);
    assert!(said.contains("left aside: ./results/cache: a cache"), "{said}");
    assert!(said.lines().any(|line| line.contains("./results/mine/") && line.contains("an earlier run")), "{said}");
}

/// The company's 240 answers in two files of one folder, the second with its columns from the last to the first; and its 320 purchases
/// with a copy of their file, as browsers make one.
#[test]
fn columns_in_another_order_are_read_together_and_a_copy_is_not() {
    let folder = folder();
    write_company(folder.path(), ',', |n| half_steps(n).to_string(), |n| format!("{n}.50"));
    let survey = std::fs::read_to_string(folder.path().join("survey.csv")).expect("there");
    std::fs::remove_file(folder.path().join("survey.csv")).expect("removed");
    let (mut first, mut second) = (String::new(), String::new());
    for (row, line) in survey.lines().enumerate() {
        let turned: Vec<&str> = line.split(',').rev().collect();
        if row <= 120 {
            first.push_str(&format!("{line}\n"));
        }
        if row == 0 || row > 120 {
            second.push_str(&format!("{}\n", turned.join(",")));
        }
    }
    write(folder.path(), "answers/survey_1.csv", &first);
    write(folder.path(), "answers/survey_2.csv", &second);
    let orders = std::fs::read_to_string(folder.path().join("orders.csv")).expect("there");
    write(folder.path(), "orders (1).csv", &orders);
    let drafted = init(folder.path(), &[".".to_owned()], &["--out", "mine.toml"]);
    assert_eq!(drafted.status.code(), Some(0), "{}", stderr(&drafted));
    let said = stderr(&drafted);
    assert!(said.contains("left aside: ./orders (1).csv: it holds the same as ./orders.csv"), "{said}");
    let check = advocate(folder.path(), &["check", "mine.toml"]);
    assert_eq!(check.status.code(), Some(0), "{}", stderr(&check));
    let text = stdout(&check);
    for part in ["source feedback: 2 files, 240 rows read", "source transactions: 1 file, 320 rows read"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

/// Two orders of two lines of each of 60 customers before their only answers, every fifth cancelled: once with the price of one and a
/// quantity, once with the order's total on both lines. The true spend is added up here.
#[test]
fn prices_of_one_totals_of_orders_and_cancelled_orders_are_drafted_to_the_true_spend() {
    let (mut pieces, mut totals) = (String::new(), String::new());
    let (mut spent, mut n_bought) = (0.0, 0);
    for n in 0..120 {
        let (price, quantity) = (10.5 + (n % 7) as f64, 1 + n % 3);
        let total = price * f64::from(quantity) + 2.0 * 4.25;
        let status = if n % 5 == 0 { "Cancelled" } else { "completed" };
        let order = format!("A{n},c{},2026-0{}-{:02}T10:00:00Z", n % 60, 1 + n / 60, 1 + n % 28);
        pieces.push_str(&format!("{order},{price},{quantity},{status}\n{order},4.25,2,{status}\n"));
        totals.push_str(&format!("{order},{total},{status}\n").repeat(2));
        if n % 5 > 0 {
            spent += total;
            n_bought += 1;
        }
    }
    let answers: String = (0..60)
        .map(|n| format!("c{n},2026-06-{:02}T10:00:00Z,{},{},{}\n", 1 + n % 28, n * 7 % 11, 1 + n % 5, 1 + n * 3 % 5))
        .collect();
    for (head, rows, lines) in [
        ("UnitPrice,Quantity,order_status", &pieces, &["quantity = \"Quantity\""][..]),
        ("order_total,order_status", &totals, &["amount_per = \"order\""]),
    ] {
        let folder = folder();
        let answers = format!("customer_id,answered_at,nps,delivery_rating,price_rating\n{answers}");
        write(folder.path(), "survey.csv", &answers);
        write(folder.path(), "orders.csv", &format!("order_id,customer_id,ordered_at,{head}\n{rows}"));
        let drafted = init(folder.path(), &["survey.csv".to_owned(), "orders.csv".to_owned()], &["--out", "mine.toml"]);
        assert_eq!(drafted.status.code(), Some(0), "{}", stderr(&drafted));
        let text = std::fs::read_to_string(folder.path().join("mine.toml")).expect("there");
        for line in lines.iter().chain(&["order = \"order_id\"", "exclude = { order_status = [\"Cancelled\"] }"]) {
            assert!(text.lines().any(|own| own.starts_with(line)), "{line} is not in {text}");
        }
        let linked = advocate(folder.path(), &["link", "mine.toml", "--out", "base", "--quiet"]);
        assert_eq!(linked.status.code(), Some(0), "{}", stderr(&linked));
        let table = std::fs::read_to_string(folder.path().join("base/answers.csv")).expect("there");
        let mut cells = table.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let header = cells.next().expect("a header");
        let rows: Vec<Vec<&str>> = cells.collect();
        let sum = |name: &str| -> f64 {
            let at = header.iter().position(|own| *own == name).expect(name);
            rows.iter().map(|row| row[at].parse::<f64>().unwrap_or(0.0)).sum()
        };
        assert!((sum("spend_365d") - spent).abs() < 0.01, "{} for {spent}\n{text}", sum("spend_365d"));
        assert!((sum("frequency") - f64::from(n_bought)).abs() < 0.01, "{}\n{text}", sum("frequency"));
    }
}

#[test]
fn what_is_no_file_of_rows_is_said_with_what_to_do() {
    let folder = folder();
    let said = |files: &[String]| stderr(&init(folder.path(), files, &[]));
    let address = said(&["postgresql://me:secret@host/shop".to_owned()]);
    assert!(
        address.contains("`postgresql://`") && address.contains("\\copy") && !address.contains("secret"),
        "{address}"
    );
    for (name, advice) in [("survey.zip", "unpack it"), ("wave.sav", "SPSS"), ("orders.avro", "Parquet")] {
        write(folder.path(), name, "x");
        let own = said(&[name.to_owned()]);
        assert!(own.contains(name) && own.contains(advice), "{own}");
    }
}

#[test]
fn what_cannot_be_analysed_is_said_with_what_is_needed() {
    let folder = folder();
    write(
        folder.path(),
        "answers.csv",
        "who,when,delivery_rating\na,2026-01-01T10:00:00Z,4\nb,2026-01-02T10:00:00Z,5\n",
    );
    let drafted = advocate(folder.path(), &["init", "answers.csv"]);
    assert_eq!(drafted.status.code(), Some(4), "{}", stderr(&drafted));
    assert!(stderr(&drafted).contains("0-10 answer"), "{}", stderr(&drafted));
    assert!(stdout(&drafted).contains("[sources.feedback]"), "the draft is printed all the same");
    write(folder.path(), "orders.csv", "customer_id,amount\na,1.5\nb,2.5\n");
    let without = advocate(folder.path(), &["init", "orders.csv"]);
    assert_eq!(without.status.code(), Some(4), "{}", stderr(&without));
    assert!(without.stdout.is_empty());
    let gone = advocate(folder.path(), &["init", "gone.csv"]);
    assert_eq!(gone.status.code(), Some(3), "{}", stderr(&gone));
    assert!(stderr(&gone).contains("gone.csv"), "{}", stderr(&gone));
    let none = advocate(folder.path(), &["init"]);
    assert_eq!(none.status.code(), Some(2));
}

/// A survey and orders, whose numbers are written by these.
fn write_company(folder: &Path, sign: char, score: fn(usize) -> String, amount: fn(usize) -> String) {
    let mut survey = ["customer_id", "answered_at", "nps", "delivery_rating", "price_rating"].join(&sign.to_string());
    let mut orders = ["customer_id", "ordered_at", "amount"].join(&sign.to_string());
    for n in 0..240 {
        let day = |month: usize| format!("2026-{:02}-{:02}T10:00:00Z", month, 1 + n * 11 % 28);
        let cells = [format!("c{}", n % 120), day(3 + n % 2), (n * 5 % 11).to_string(), score(n), score(n / 2 + n % 3)];
        survey.push_str(&format!("\n{}", cells.join(&sign.to_string())));
        // Every customer buys before the first answer and, every third, again.
        for month in [1, 5].into_iter().take(1 + usize::from(n % 3 == 0)) {
            let cells = [format!("c{}", n % 120), day(month), amount(n)];
            orders.push_str(&format!("\n{}", cells.join(&sign.to_string())));
        }
    }
    write(folder, "survey.csv", &survey);
    write(folder, "orders.csv", &orders);
}

fn half_steps(n: usize) -> f64 {
    1.0 + (n * 7 % 9) as f64 / 2.0
}

fn german(n: usize) -> String {
    half_steps(n).to_string().replace('.', ",")
}

#[test]
fn numbers_in_the_notations_of_people_are_drafted_checked_and_run_without_an_edit() {
    type Written = fn(usize) -> String;
    for (sign, score, amount, lines) in [
        (
            ';',
            german as Written,
            (|n| format!("{}.{:03},{:02} €", 1 + n % 9, n, n % 100)) as Written,
            &["decimal = \",\"", "thousands = \".\"", "currency = \"€\""][..],
        ),
        (
            ',',
            |n| half_steps(n).to_string(),
            |n| format!("\"${},{:03}.{:02}\"", 1 + n % 9, n, n % 100),
            &["thousands = \",\"", "currency = \"$\""],
        ),
        // Marks in front and behind, by sign and by letters, with blanks that do not break between the groups.
        (
            ';',
            german,
            |n| match n % 3 {
                0 => format!("{}\u{202f}{:03},{:02} EUR", 1 + n % 9, n, n % 100),
                1 => format!("€ {},{:02}", n, n % 100),
                _ => format!("{},5", n),
            },
            &["decimal = \",\"", "thousands = \" \"", "currency = [\"EUR\", \"€\"]"],
        ),
    ] {
        let folder = folder();
        write_company(folder.path(), sign, score, amount);
        let drafted = init(folder.path(), &["survey.csv".to_owned(), "orders.csv".to_owned()], &["--out", "mine.toml"]);
        assert_eq!(drafted.status.code(), Some(0), "{}", stderr(&drafted));
        assert!(stderr(&drafted).contains("numbers of orders: "), "{}", stderr(&drafted));
        let text = std::fs::read_to_string(folder.path().join("mine.toml")).expect("there");
        for line in lines {
            assert!(text.lines().any(|own| own.starts_with(line)), "{line} is not in {text}");
        }
        assert!(text.contains("amount = \"amount\"") && text.contains("[1, 5]"), "{text}");
        let check = advocate(folder.path(), &["check", "mine.toml"]);
        assert_eq!(check.status.code(), Some(0), "{}", stderr(&check));
        // Every row is read as a number: none is put aside.
        let said = stdout(&check);
        assert!(said.contains("240 rows read") && said.contains("320 rows read"), "{said}");
        assert!(!said.contains("unparsable") && !said.contains("out_of_range"), "{said}");
        let run = advocate(folder.path(), &["run", "mine.toml", "--out", "results"]);
        assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    }
}

#[test]
fn amounts_in_two_notations_run_by_the_more_frequent_one_with_a_question() {
    let folder = folder();
    let amount = |n: usize| match n % 4 {
        0 => format!("${},{:03}.{:02}", 1 + n % 9, n, n % 100),
        _ => format!("{}.{:03},{:02} €", 1 + n % 9, n, n % 100),
    };
    write_company(folder.path(), ';', german, amount);
    let drafted = init(folder.path(), &["survey.csv".to_owned(), "orders.csv".to_owned()], &["--out", "mine.toml"]);
    assert_eq!(drafted.status.code(), Some(0), "{}", stderr(&drafted));
    let text = std::fs::read_to_string(folder.path().join("mine.toml")).expect("there");
    let flat = text.replace("\n#   ", " ");
    // 240 first orders, of which every fourth is in dollars, and 80 second ones of every twelfth row.
    assert!(flat.contains("# ? 80 of 320 numbers in amount are written otherwise"), "{text}");
    assert!(flat.contains("240 with €, 80 with $"), "{text}");
    let run = advocate(folder.path(), &["run", "mine.toml", "--out", "results"]);
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    let check = stdout(&advocate(folder.path(), &["check", "mine.toml"]));
    assert!(check.contains("unparsable: 80"), "{check}");
}
