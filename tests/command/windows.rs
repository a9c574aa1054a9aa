//! Several windows of one kind of outcome, and several product families, in one study: by hand, and against studies of one each.

use super::studies::{self, Row, assert_near, find, number, refused_with};
use super::{advocate, folder, stderr, stdout, write};
use std::collections::BTreeSet;
use std::path::Path;

/// What all studies here have, up to the outcomes.
macro_rules! before_outcomes {
    ($name:literal) => {
        concat!(
            study!($name),
            "seed = 1\nbootstrap = 20\n",
            feedback!("feedback.csv", "when"),
            "scale = [0, 1]\n",
            orders!("when"),
            "family = \"family\"\n[drivers]\ntouchpoints = [\"delivery\", \"price\"]\n[evaluation]\nenabled = false\n\
             [measures]\nsuppress_below = 0\n"
        )
    };
}

const STUDY: &str = concat!(
    before_outcomes!("many"),
    r#"[outcomes.repurchase_30]
kind = "repurchase"
window_days = 30
[outcomes.repurchase]
window_days = 90
[outcomes.repurchase_200]
kind = "repurchase"
window_days = 200
[outcomes.machines]
kind = "family_purchase"
window_days = 90
family = "Coffee machines"
[outcomes.beans]
kind = "family_purchase"
window_days = 90
family = "Beans"
[outcomes.log_spend]
kind = "spend"
window_days = 90
scale = "log1p"
"#
);

/// Answer, score of the price, days to later purchases with the family bought; `late` answers 46 and a half days before the end
/// of what the study sees, the others 297 and a half.
type Customer = (u8, u8, &'static [(u16, &'static str)], bool);

const MACHINES: &str = "Coffee machines";
const BEANS: &str = "Beans";

const FAILED: [Customer; 10] = [
    (2, 1, &[], false),
    (5, 0, &[(20, BEANS)], false),
    (6, 1, &[(60, MACHINES)], false),
    (0, 0, &[], false),
    (7, 1, &[(10, BEANS)], false),
    (8, 0, &[], false),
    (9, 1, &[], false),
    // The last instant of 200 days counts.
    (3, 0, &[(200, BEANS)], false),
    (10, 0, &[(25, MACHINES)], false),
    (6, 1, &[], true),
];
const WENT_WELL: [Customer; 10] = [
    (9, 0, &[(5, MACHINES)], false),
    (10, 1, &[(28, BEANS)], false),
    (8, 1, &[(31, BEANS)], false),
    // The last instant of 90 days counts, the day after it does not.
    (7, 0, &[(90, MACHINES)], false),
    (9, 1, &[(91, BEANS)], false),
    (10, 0, &[], false),
    (6, 1, &[(12, MACHINES), (13, BEANS)], false),
    (9, 0, &[(40, BEANS)], false),
    (4, 1, &[], false),
    (10, 1, &[(15, BEANS)], true),
];

/// Whose outcome is known, and of whom it happened, where delivery failed and where it did not.
///
/// Counted by hand from the lists above: of the windows of 90 and 200 days both who answered late are left out.
const BY_HAND: [(&str, [(f64, f64); 2]); 5] = [
    ("repurchase_30", [(10.0, 3.0), (10.0, 4.0)]),
    ("repurchase", [(9.0, 4.0), (9.0, 6.0)]),
    ("repurchase_200", [(9.0, 5.0), (9.0, 7.0)]),
    ("machines", [(9.0, 2.0), (9.0, 3.0)]),
    ("beans", [(9.0, 2.0), (9.0, 4.0)]),
];

fn write_files(folder: &Path) {
    let mut feedback = "who,when,nps,delivery,price\n".to_owned();
    let mut orders = "who,when,amount,family\n".to_owned();
    for (delivery, group) in [FAILED, WENT_WELL].into_iter().enumerate() {
        for (at, (answer, price, bought, late)) in group.into_iter().enumerate() {
            let who = format!("c{delivery}-{at}");
            let answered: jiff::Timestamp =
                if late { "2026-11-15T12:00:00Z" } else { "2026-03-10T12:00:00Z" }.parse().expect("an instant");
            feedback += &format!("{who},{answered},{answer},{delivery},{price}\n");
            orders += &format!("{who},2026-02-01T12:00:00Z,9,Filters\n");
            for (days, family) in bought {
                let when = answered + jiff::SignedDuration::from_hours(24 * i64::from(*days));
                orders += &format!("{who},{when},7,{family}\n");
            }
        }
    }
    write(folder, "feedback.csv", &feedback);
    write(folder, "orders.csv", &orders);
}

fn run(folder: &Path, study: &str) {
    write(folder, "study.toml", study);
    let output = advocate(folder, &["run", "study.toml", "--quiet"]);
    assert!(output.status.success(), "{}", stderr(&output));
}

fn many() -> tempfile::TempDir {
    let folder = folder();
    write_files(folder.path());
    run(folder.path(), STUDY);
    folder
}

fn json_file(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(path).expect("readable")).expect("JSON")
}

fn log_odds((known, happened): (f64, f64)) -> f64 {
    (happened / (known - happened)).ln()
}

#[test]
fn every_window_and_family_counts_what_lies_in_it() {
    let folder = folder();
    write_files(folder.path());
    // One touchpoint alone, so that every slope is the difference of two groups.
    run(folder.path(), &STUDY.replacen(", \"price\"", "", 1));
    let fits = studies::rows(folder.path(), "many", "fits");
    let coefficients = studies::rows(folder.path(), "many", "coefficients");
    for (name, [failed, went_well]) in BY_HAND {
        let fit = find(&fits, &[("outcome", name)]);
        assert_near(fit, "n_used", failed.0 + went_well.0);
        assert_near(fit, "n_events", failed.1 + went_well.1);
        let slope = number(find(&coefficients, &[("outcome", name), ("term", "delivery")]), "estimate");
        let want = log_odds(went_well) - log_odds(failed);
        assert!((slope - want).abs() < 1e-6, "{name}: {slope} instead of {want}");
    }
    let windows: Vec<(&str, &str)> =
        fits.iter().map(|row| (row["outcome"].as_str(), row["window_days"].as_str())).collect();
    let in_order = ["repurchase_30", "repurchase", "repurchase_200", "machines", "beans", "log_spend"];
    assert_eq!(windows, in_order.into_iter().zip(["30", "90", "200", "90", "90", "90"]).collect::<Vec<_>>());
}

/// The rows of a table that are about an outcome, under another name.
fn of_outcome(folder: &Path, study: &str, table: &str, (name, called): (&str, &str)) -> Vec<Row> {
    let mut rows = studies::rows(folder, study, table);
    rows.retain(|row| row["outcome"] == name);
    for row in &mut rows {
        row.insert("outcome".to_owned(), called.to_owned());
    }
    rows
}

#[test]
fn one_study_of_many_windows_says_what_a_study_of_each_says() {
    let folder = many();
    let of_many = studies::rows(folder.path(), "many", "scores");
    for (name, kind, lines) in [
        ("repurchase_30", "repurchase", "window_days = 30"),
        ("repurchase", "repurchase", "window_days = 90"),
        ("repurchase_200", "repurchase", "window_days = 200"),
        ("machines", "family_purchase", "window_days = 90\nfamily = \"Coffee machines\""),
        ("beans", "family_purchase", "window_days = 90\nfamily = \"Beans\""),
        ("log_spend", "spend", "window_days = 90\nscale = \"log1p\""),
    ] {
        run(folder.path(), &format!("{}[outcomes.{kind}]\n{lines}\n", before_outcomes!("one")));
        for table in ["drivers", "coefficients", "fits", "answers_used", "say_do"] {
            let one = of_outcome(folder.path(), "one", table, (kind, kind));
            assert!(!one.is_empty(), "{table} has no row of {kind}");
            assert_eq!(of_outcome(folder.path(), "many", table, (name, kind)), one, "{table} of {name}");
        }
        let of_one = studies::rows(folder.path(), "one", "scores");
        let column = |name: &str| if kind == "spend" { format!("expected_ln_1p_{name}") } else { format!("p_{name}") };
        assert_eq!(of_many.len(), of_one.len());
        for (many, one) in of_many.iter().zip(&of_one) {
            assert_eq!(many["customer"], one["customer"]);
            assert_eq!(many[&column(name)], one[&column(kind)], "{name}");
            assert_eq!(many[&format!("{name}_reason_1")], one[&format!("{kind}_reason_1")], "{name}");
        }
    }
}

#[test]
fn models_headings_and_the_plan_say_which_window_it_is() {
    let folder = many();
    let results = folder.path().join("results/many/2026-12-31");
    let files: BTreeSet<String> = std::fs::read_dir(results.join("models"))
        .expect("a folder")
        .map(|entry| entry.expect("a file").file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".json"))
        .collect();
    let names = ["beans", "log_spend", "machines", "repurchase", "repurchase_200", "repurchase_30"];
    assert_eq!(files, names.into_iter().map(|name| format!("{name}.json")).collect());
    let model = json_file(&results.join("models/machines.json"));
    assert_eq!((&model["outcome"], &model["kind"]), (&"machines".into(), &"family_purchase".into()));
    assert_eq!((&model["product_family"], &model["window_days"]), (&MACHINES.into(), &90.into()));
    // What is called after its kind needs no other word for it.
    assert!(json_file(&results.join("models/repurchase.json")).get("kind").is_none());
    let settings = json_file(&results.join("manifest.json"));
    assert_eq!(
        settings["study"]["outcomes"][0],
        serde_json::json!({"outcome": "repurchase", "name": "repurchase_30", "window_days": 30})
    );
    assert_eq!(settings["study"]["outcomes"][1], serde_json::json!({"outcome": "repurchase", "window_days": 90}));

    let page = std::fs::read_to_string(results.join("report.html")).expect("a page");
    for title in [
        "Buys within 30 days after the answer (repurchase_30)",
        "Buys within 200 days after the answer (repurchase_200)",
        "Buys from the product family Beans within 90 days after the answer (beans)",
    ] {
        assert!(page.contains(title), "{title}");
    }
    assert!(page.contains("repurchase_200</a><br>200 days"), "the head of a column names the window");
    let checked = stdout(&advocate(folder.path(), &["check", "study.toml"]));
    assert!(
        checked.contains("outcome repurchase_30 (repurchase) within 30 days after the answer: 20 of 20"),
        "{checked}"
    );
    assert!(checked.contains("outcome repurchase within 90 days after the answer: 18 of 20"), "{checked}");
}

#[test]
fn a_model_of_one_family_is_not_judged_on_purchases_of_another() {
    let folder = many();
    let model = "results/many/2026-12-31/models/beans.json";
    write(folder.path(), "study.toml", &STUDY.replacen("family = \"Beans\"", "family = \"Filters\"", 1));
    let contest = ["evaluate", "study.toml", "--champion", model, "--challenger", model];
    let output = advocate(folder.path(), &contest);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    let said = "predicts `beans` within 90 days, which the study `many` does not have among its outcomes";
    assert!(stderr(&output).contains(said), "{}", stderr(&output));
}

#[test]
fn names_that_clash_or_say_something_else_are_refused_with_their_place() {
    let folder = folder();
    let heading = "[outcomes.repurchase_30]";
    let line = 1 + STUDY.lines().take_while(|own| *own != heading).count();
    for (from, to, place, said) in [
        (
            heading,
            "[outcomes.churn]",
            (line + 1, 8),
            "called after one kind of outcome and asks for another, \"repurchase\"",
        ),
        (heading, "[outcomes.Soon]", (line, 11), "begin with a lowercase letter"),
        (heading, "[outcomes.\"so on\"]", (line, 11), "lowercase letters, digits and _"),
        (heading, "[outcomes.ln_1p_spend]", (line, 11), "could be taken for another"),
        (heading, "[outcomes.reason_1]", (line, 11), "could be taken for another"),
        (heading, "[outcomes.feedback]", (line, 11), "the name of something else in results"),
        (heading, "[outcomes.delivery]", (line, 11), "is a column that the study uses"),
        ("kind = \"repurchase\"\nwindow_days = 30", "window_days = 30", (line, 11), "did you mean `repurchase`"),
        ("kind = \"repurchase\"", "kind = \"repurchas\"", (line + 1, 8), "did you mean `repurchase`"),
        ("window_days = 30", "window_days = 90", (line + 3, 11), "asks for the same as [outcomes.repurchase_30]"),
        ("window_days = 30", "window_day = 30", (line + 2, 1), "unknown key `window_day` in [outcomes.repurchase_30]"),
        ("family = \"Beans\"", "family = \"coffee Machines\"", (line + 12, 11), "nothing but large and small letters"),
    ] {
        let message = refused_with(folder.path(), STUDY, (from, to));
        assert!(message.contains(said), "{to}: {message}");
        assert!(message.contains(&format!("wrong.toml:{}:{}:", place.0, place.1)), "{to} {place:?}: {message}");
    }
}
