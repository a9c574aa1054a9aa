//! `advocate drivers --correlation`: the forms of the table, what goes with it and what does not, and what it gives.

use super::flat::by_driver;
use super::{advocate, folder, json, near, stderr, stdout, write};
use std::path::Path;

/// Two drivers that go together with 0.3, and with the outcome with 0.6 and 0.5.
const FULL: &str = "name,y,a,b\ny,1,0.6,0.5\na,0.6,1,0.3\nb,0.5,0.3,1\n";

/// R squared of both: `(r1^2 + r2^2 - 2 r1 r2 r) / (1 - r^2)`.
const BOTH: f64 = (0.36 + 0.25 - 2.0 * 0.6 * 0.5 * 0.3) / (1.0 - 0.09);

fn ask(folder: &Path, table: &str, more: &[&str]) -> std::process::Output {
    write(folder, "r.csv", table);
    let base = ["drivers", "--correlation", "r.csv", "--outcome", "y"];
    advocate(folder, &[&base[..], more].concat())
}

fn answer(table: &str, more: &[&str]) -> serde_json::Value {
    let folder = folder();
    json(&ask(folder.path(), table, &[&["--n", "100", "--format", "json"], more].concat()))
}

#[test]
fn every_form_of_the_table_gives_the_shares_by_hand() {
    // The mean of what a driver adds first and last: (0.36 + BOTH - 0.25) / 2.
    let shapley = [0.5 * (0.36 + BOTH - 0.25), 0.5 * (0.25 + BOTH - 0.36)];
    let forms = [
        ("with names", FULL),
        ("without names", "y,a,b\n1,0.6,0.5\n0.6,1,0.3\n0.5,0.3,1\n"),
        ("lower triangle", "y,a,b\n1,,\n0.6,1,\n0.5,0.3,1\n"),
        ("ragged lower triangle", "y,a,b\n1\n0.6,1\n0.5,0.3,1\n"),
        ("upper triangle with names", "name,y,a,b\ny,1,0.6,0.5\na,,1,0.3\nb,,,1\n"),
        ("without a diagonal", "y,a,b\n,,\n0.6,,\n0.5,0.3,\n"),
        // Standard deviations 2, 3 and 0.5.
        ("covariances", "y,a,b\n4,3.6,0.5\n3.6,9,0.45\n0.5,0.45,0.25\n"),
        ("more columns than asked for", "y,z,a,b\n1,,,\n0.2,1,,\n0.6,0.1,1,\n0.5,0.1,0.3,1\n"),
    ];
    for (form, table) in forms {
        let answer = answer(table, &["--drivers", "a,b"]);
        for (driver, want) in ["a", "b"].into_iter().zip(shapley) {
            let got = by_driver(&answer, driver)["methods"]["shapley"].as_f64().expect("a number");
            assert!((got - want).abs() < 1e-12, "{form}, {driver}: {got} instead of {want}");
        }
        near(&answer["fit"]["value"], BOTH, 1e-12);
        assert_eq!(
            (&answer["n_rows"], &answer["n_used"], &answer["n_replicates"]),
            (&100.into(), &100.into(), &0.into())
        );
    }
}

#[test]
fn what_the_table_was_taken_for_is_said() {
    for (table, kind) in [(FULL, "correlations"), ("y,a,b\n4,3.6,0.5\n3.6,9,0.45\n0.5,0.45,0.25\n", "covariances")] {
        let answer = answer(table, &["--drivers", "a,b"]);
        assert_eq!(answer["table"], kind);
        let sentence = answer["findings"][0]["sentence"].as_str().expect("a finding");
        assert!(sentence.contains(&format!("taken as a table of {kind}")), "{sentence}");
    }
}

#[test]
fn a_column_that_is_always_in_leaves_what_the_other_adds_to_it() {
    let answer = answer(FULL, &["--drivers", "a", "--always", "b"]);
    near(&by_driver(&answer, "a")["methods"]["shapley"], BOTH - 0.25, 1e-12);
    near(&answer["fit"]["value"], BOTH, 1e-12);
}

#[test]
fn every_method_of_two_drivers_is_by_hand() {
    let answer = answer(FULL, &["--drivers", "a,b", "--method", "shapley,first,last,pratt,beta-squared"]);
    // Standardised coefficients: (r1 - r2 r) / (1 - r^2).
    let beta = [(0.6 - 0.5 * 0.3) / 0.91, (0.5 - 0.6 * 0.3) / 0.91];
    for (at, (driver, r)) in [("a", 0.6), ("b", 0.5)].into_iter().enumerate() {
        let methods = &by_driver(&answer, driver)["methods"];
        near(&methods["first"], r * r, 1e-12);
        near(&methods["last"], BOTH - [0.25, 0.36][at], 1e-12);
        near(&methods["pratt"], beta[at] * r, 1e-12);
        near(&methods["beta_squared"], beta[at] * beta[at], 1e-12);
    }
}

#[test]
fn groups_divide_the_fit_among_themselves() {
    // Two drivers without correlation, and one that goes with neither: squares of correlations.
    let table = "y,a,b,c\n1,,,\n0.6,1,,\n0.3,0,1,\n0.4,0,0,1\n";
    let answer = answer(table, &["--drivers", "a,b,c", "--groups", "first=a,b;second=c"]);
    assert_eq!(answer["method"], "owen");
    for (group, want) in [(0, 0.36 + 0.09), (1, 0.16)] {
        near(&answer["groups"][group]["contribution"], want, 1e-12);
    }
    near(&by_driver(&answer, "b")["methods"]["owen"], 0.09, 1e-12);
}

#[test]
fn a_weak_driver_is_told_from_noise_by_the_number_of_rows() {
    let table = "y,a,b\n1,,\n0.6,1,\n0.05,0,1\n";
    let p_value = |n: &str| {
        let folder = folder();
        let more = ["--n", n, "--drivers", "a,b", "--noise", "999", "--format", "json"];
        let answer = json(&ask(folder.path(), table, &more));
        by_driver(&answer, "b")["noise"]["p_value"].as_f64().expect("a number")
    };
    // By simulation in numpy (tests/oracles/drivers_noise.py): 0.650 and 0.0012.
    let (few, many) = (p_value("100"), p_value("3600"));
    assert!((few - 0.65).abs() < 0.06 && many < 0.007, "{few} {many}");
}

#[test]
fn the_table_for_people_says_what_it_rests_on() {
    let folder = folder();
    let output = ask(folder.path(), FULL, &["--n", "100", "--drivers", "a,b"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let said = format!("{}{}", stdout(&output), stderr(&output));
    assert!(said.contains("100 of 100 rows") && said.contains("0 bootstrap replicates"), "{said}");
    // The first of both shares, to three digits.
    assert!(said.contains(&format!("{:.3}", 0.5 * (0.36 + BOTH - 0.25) / BOTH)), "{said}");
}

#[test]
fn what_needs_rows_is_refused_with_two_and_a_sentence() {
    let folder = folder();
    write(folder.path(), "t.csv", "y,a,b\n1,2,3\n2,3,1\n3,1,2\n4,5,6\n7,5,1\n");
    for (more, part) in [
        (&[][..], "--n"),
        (&["--n", "100", "--bootstrap", "50"], "--bootstrap and --jackknife need rows"),
        (&["--n", "100", "--jackknife"], "--bootstrap and --jackknife need rows"),
        (&["--n", "100", "--missing", "em"], "--missing needs rows"),
        (&["--n", "100", "--family", "logistic"], "--family linear only"),
        (&["--n", "100", "--screen"], "--screen"),
        (&["--n", "100", "--cluster", "a"], "--cluster"),
        (&["--n", "100", "--data", "t.csv"], "--data"),
    ] {
        let output = ask(folder.path(), FULL, &[&["--drivers", "a,b"], more].concat());
        assert_eq!(output.status.code(), Some(2), "{more:?} {}", stderr(&output));
        assert!(stderr(&output).contains(part), "{more:?}: {}", stderr(&output));
    }
    // No bootstrap at all is what there is.
    let none = ask(folder.path(), FULL, &["--n", "100", "--drivers", "a,b", "--bootstrap", "0"]);
    assert!(none.status.success(), "{}", stderr(&none));
}

#[test]
fn a_column_that_is_named_twice_is_refused() {
    let folder = folder();
    for more in [&["--drivers", "a,a"][..], &["--drivers", "a,b", "--always", "a"], &["--drivers", "a,y"]] {
        let output = ask(folder.path(), FULL, &[more, &["--n", "100"]].concat());
        assert_eq!(output.status.code(), Some(2), "{more:?} {}", stderr(&output));
        assert!(stderr(&output).contains("is named twice"), "{more:?}: {}", stderr(&output));
    }
}

#[test]
fn what_is_no_table_of_correlations_is_refused_by_place() {
    let folder = folder();
    for (table, parts) in [
        ("y,a,b\n1,0.6,0.5\n0.61,1,0.3\n0.5,0.3,1\n", &["row `a`", "column `y`", "0.61"][..]),
        ("y,a,b\n1,,\n1.6,1,\n0.5,0.3,1\n", &["`a`", "beyond 1"]),
        ("y,a,b\n1,,\n0.6,0.8,\n0.5,0.3,1\n", &["`a`", "reliability"]),
        ("y,a,b\n1,,\n0.9,1,\n0.9,-0.9,1\n", &["no data can have these correlations"]),
        ("y,a,b\n1,,\nhigh,1,\n0.5,0.3,1\n", &["line 3", "column `y`", "`high` is no number"]),
        ("y,a,b\n1,,\n,1,\n0.5,0.3,1\n", &["is blank, and so is its mirror image"]),
        ("y,a,b\n1,,\n", &["1 row stands under 3 columns"]),
        ("name,y,a,b\ny,1,,\nb,0.6,1,\na,0.5,0.3,1\n", &["line 3 begins with `b`", "`a`"]),
        ("y,a,c\n1,,\n0.6,1,\n0.5,0.3,1\n", &["there is no column `b`; there are: y, a, c"]),
    ] {
        let output = ask(folder.path(), table, &["--n", "100", "--drivers", "a,b"]);
        assert_eq!(output.status.code(), Some(3), "{table} {}", stderr(&output));
        assert!(parts.iter().all(|part| stderr(&output).contains(part)), "{table}: {}", stderr(&output));
    }
    // Three rows leave nothing over for an error beside two drivers.
    let output = ask(folder.path(), FULL, &["--n", "3", "--drivers", "a,b"]);
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
}

#[test]
fn a_published_table_of_correlations_gives_the_published_dominance() {
    let folder = folder();
    // Azen and Budescu (2003), "The dominance analysis approach", Psychological Methods 8(2), table 1.
    let table = "y,x1,x2,x3,x4\n1,,,,\n0.6,1,,,\n0.3,0.8,1,,\n0.4,0.1,0.1,1,\n0.5,0.3,0.1,0.5,1\n";
    write(folder.path(), "r.csv", table);
    let arguments = [
        "drivers",
        "--correlation",
        "r.csv",
        "--n",
        "100",
        "--outcome",
        "y",
        "--drivers",
        "x1,x2,x3,x4",
        "--method",
        "shapley,complete-dominance",
        "--format",
        "json",
    ];
    let answer = json(&advocate(folder.path(), &arguments));
    assert_eq!((answer["n_rows"].as_u64(), answer["n_replicates"].as_u64()), (Some(100), Some(0)));
    let dominance = |driver: &str| by_driver(&answer, driver)["complete_dominance"].clone();
    // A driver and itself count as equal.
    assert_eq!(dominance("x1"), serde_json::json!({"x1": 0.5, "x2": 1.0, "x3": 1.0, "x4": 1.0}));
    assert_eq!(dominance("x2"), serde_json::json!({"x1": 0.0, "x2": 0.5, "x3": 0.5, "x4": 0.5}));
    let broken = table.replace("0.6,1", "1.6,1");
    write(folder.path(), "r.csv", &broken);
    let output = advocate(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("row `x1`") || stderr(&output).contains("column `x1`"), "{}", stderr(&output));
}
