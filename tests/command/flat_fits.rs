//! What flat fits and drivers offer beside their plain models, and how they name what is wrong.

use super::{advocate, folder, json, near, stderr, stdout, write};

fn term(answer: &serde_json::Value, term: &str) -> serde_json::Value {
    let rows = answer["coefficients"].as_array().expect("rows");
    rows.iter().find(|row| row["term"] == term).expect("the term").clone()
}

/// Two of two customers leave with the complaint, none without.
const SEPARATED: &str = "y,x\n0,0\n0,0\n1,1\n1,1\n";

#[test]
fn a_separated_class_is_refused_and_fitted_by_firth_where_that_is_asked_for() {
    let folder = folder();
    write(folder.path(), "t.csv", SEPARATED);
    let fit =
        ["fit", "--data", "t.csv", "--outcome", "y", "--features", "x", "--family", "logistic", "--format", "json"];
    let refused = advocate(folder.path(), &fit);
    assert_eq!(refused.status.code(), Some(4));
    assert!(stderr(&refused).contains("high `x` goes with 1") && stderr(&refused).contains("--firth"));
    let answer = json(&advocate(folder.path(), &[&fit[..], &["--firth"]].concat()));
    // The penalty adds 1/2 to each of the four counts: ln(2.5 / 0.5) - ln(0.5 / 2.5) = 2 ln 5.
    near(&term(&answer, "x")["estimate"], 2.0 * 5.0_f64.ln(), 1e-7);
    for wrong in [&["--firth", "--cluster", "y"][..], &["--firth", "--std-errors", "hc1"]] {
        assert_eq!(advocate(folder.path(), &[&fit[..], wrong].concat()).status.code(), Some(2));
    }
    let linear = ["fit", "--data", "t.csv", "--outcome", "y", "--features", "x", "--firth"];
    assert_eq!(advocate(folder.path(), &linear).status.code(), Some(2));
}

/// 14 stayed and 8 left without a complaint, all 5 with one left. Expected values: tests/oracles/firth_profile.py (scipy).
#[test]
fn firth_has_intervals_and_p_values_of_its_likelihood() {
    let folder = folder();
    let rows = [(14, "0,0\n"), (8, "1,0\n"), (5, "1,1\n")].map(|(n, row)| row.repeat(n)).concat();
    write(folder.path(), "t.csv", &format!("y,x\n{rows}"));
    let fit = ["fit", "--data", "t.csv", "--outcome", "y", "--features", "x", "--family", "logistic", "--firth"];
    let answer = json(&advocate(folder.path(), &[&fit[..], &["--format", "json"]].concat()));
    let row = term(&answer, "x");
    near(&row["p_value"], 0.011_254_285_932_75, 1e-8);
    near(&row["conf_low"], 0.570_058_441_11, 1e-6);
    near(&row["conf_high"], 7.855_914_799_5, 1e-6);
    near(&row["statistic"], 2.534_702_499_37, 1e-6);
    assert!(answer["findings"].to_string().contains("penalised likelihood (profile)"));
}

#[test]
fn codes_may_begin_with_a_minus_and_belong_to_one_column() {
    let folder = folder();
    write(folder.path(), "t.csv", "y,x\n1,1\n2,2\n3,-99\n4,4\n5.5,5\n6,-1\n-1,3\n");
    let n_used = |codes: &[&str]| {
        let fit = ["fit", "--data", "t.csv", "--outcome", "y", "--features", "x", "--format", "json"];
        json(&advocate(folder.path(), &[&fit[..], codes].concat()))["model"]["n_used"].as_u64()
    };
    // By hand: 7 rows, two of which have a code for x and one for y.
    assert_eq!(n_used(&["--not-applicable", "-99,-1"]), Some(4));
    assert_eq!(n_used(&["--not-applicable", "x=-99,-1"]), Some(5));
    assert_eq!(n_used(&["--not-applicable", "-99", "--not-applicable", "y=-1"]), Some(5));
    let unread = advocate(
        folder.path(),
        &["fit", "--data", "t.csv", "--outcome", "y", "--features", "x", "--not-applicable", "z=-1"],
    );
    assert_eq!(unread.status.code(), Some(2));
    assert!(stderr(&unread).contains("`z`"), "{}", stderr(&unread));
}

#[test]
fn a_code_that_takes_a_class_away_is_named() {
    let folder = folder();
    write(folder.path(), "t.csv", "y,x\n0,1\n1,0\n0,2\n1,2\n0,3\n1,4\n1,3\n0,4\n1,1\n0,0\n");
    let answer = |codes: &str| {
        let all = ["--outcome", "y", "--family", "logistic", "--format", "json", "--not-applicable", codes];
        let fit = advocate(folder.path(), &[&["fit", "--data", "t.csv", "--features", "x"][..], &all].concat());
        let drivers = ["drivers", "--data", "t.csv", "--drivers", "x", "--bootstrap", "0"];
        (fit, advocate(folder.path(), &[&drivers[..], &all].concat()))
    };
    let (fit, drivers) = answer("0");
    for refused in [fit, drivers] {
        assert_eq!(refused.status.code(), Some(4));
        let said = stderr(&refused);
        assert!(said.contains("`y` is 1 in all 4 rows") && said.contains("COLUMN=0"), "{said}");
    }
    // By hand: eight of ten rows have a score.
    assert_eq!(json(&answer("x=0").0)["model"]["n_used"], 8);
}

#[test]
fn a_line_that_names_the_separator_is_read_as_one() {
    let folder = folder();
    write(folder.path(), "t.csv", "sep=;\r\ny;x\r\n1;1\r\n2;2\r\n4;3\r\n4;4\r\n");
    let fit = ["fit", "--data", "t.csv", "--outcome", "y", "--features", "x", "--format", "json"];
    // By hand: (-1.5 * 1 - 0.5 * 2 + 0.5 * 4 + 1.5 * 4) / 5.
    near(&term(&json(&advocate(folder.path(), &fit)), "x")["estimate"], 1.1, 1e-12);
    write(folder.path(), "t.csv", "sep=;\ny;x\n1;1\n2;two\n");
    assert!(stderr(&advocate(folder.path(), &fit)).contains("line 4, column `x`"));
    write(folder.path(), "t.csv", "sep=;\ny;x\n1;1\n2\n");
    assert!(stderr(&advocate(folder.path(), &fit)).contains("line 4: 1 cell where the header has 2"));
}

#[test]
fn a_weight_beyond_all_bounds_is_named_by_its_column() {
    let folder = folder();
    write(folder.path(), "t.csv", "y,x,w\n1,1,1\n2,2,1e300\n4,3,1\n4,4,1\n");
    let fit =
        ["fit", "--data", "t.csv", "--outcome", "y", "--features", "x", "--weights", "w", "--weight-kind", "sampling"];
    let refused = advocate(folder.path(), &fit);
    assert!(stderr(&refused).contains("line 3, column `w`"), "{}", stderr(&refused));
}

#[test]
fn flags_that_would_do_nothing_are_refused() {
    let folder = folder();
    write(folder.path(), "t.csv", SEPARATED);
    let fit = ["fit", "--data", "t.csv", "--outcome", "y", "--features", "x", "--family", "penalised"];
    let both = advocate(folder.path(), &[&fit[..], &["--lambda", "0.1", "--folds", "5"]].concat());
    assert_eq!(both.status.code(), Some(2));
    assert!(stderr(&both).contains("--folds"), "{}", stderr(&both));
    write(folder.path(), "e.csv", "a,b\n1,2\n2,3\n");
    let influence =
        ["influence", "--edges", "e.csv", "--from", "a", "--to", "b", "--uniform", "0.5", "--damping", "0.5"];
    let alone = advocate(folder.path(), &influence);
    assert_eq!(alone.status.code(), Some(2));
    assert!(stderr(&alone).contains("PageRank"), "{}", stderr(&alone));
}

#[test]
fn three_levels_have_slopes_of_their_own_by_step() {
    let folder = folder();
    // Without service the odds of leaving the lowest level are 1 and of reaching the highest 1/3; with it 5 and 2.
    write(folder.path(), "t.csv", "class,service\n0,0\n0,0\n1,0\n2,0\n0,1\n1,1\n2,1\n2,1\n2,1\n2,1\n");
    let fit =
        ["fit", "--data", "t.csv", "--outcome", "class", "--features", "service", "--family", "ordinal", "--partial"];
    let answer = json(&advocate(folder.path(), &[&fit[..], &["--format", "json"]].concat()));
    near(&term(&answer, "leave_low:service")["estimate"], 5.0_f64.ln(), 1e-7);
    near(&term(&answer, "reach_top:service")["estimate"], 6.0_f64.ln(), 1e-7);
    let step = &answer["steps"]["differences"][0];
    near(&step["estimate"], 1.2_f64.ln(), 1e-7);
    near(&step["leave_low"], 5.0_f64.ln(), 1e-7);
    let text = advocate(folder.path(), &fit);
    assert!(stdout(&text).contains("reach_top"), "{}", stdout(&text));
    let parallel = json(&advocate(folder.path(), &[&fit[..], &["--parallel", "service", "--format", "json"]].concat()));
    assert!(term(&parallel, "service")["estimate"].is_number() && parallel["steps"]["equality"].is_null());
    let unknown = advocate(folder.path(), &[&fit[..], &["--parallel", "price"]].concat());
    assert!(unknown.status.code() == Some(4) && stderr(&unknown).contains("`price`"), "{}", stderr(&unknown));
}

#[test]
fn a_category_is_held_parallel_by_its_own_name() {
    let folder = folder();
    let rows: String = (0..60)
        .map(|row| format!("{},{},{}\n", (row * 7 + row / 11) % 3, ["app", "shop", "web"][row / 2 % 3], row * 5 % 7))
        .collect();
    write(folder.path(), "t.csv", &format!("class,channel,score\n{rows}"));
    let fit =
        [
            &[
                "fit",
                "--data",
                "t.csv",
                "--outcome",
                "class",
                "--features",
                "channel,score",
                "--categorical",
                "channel",
            ][..],
            &["--family", "ordinal", "--partial", "--format", "json", "--parallel"],
        ]
        .concat();
    let by_name = json(&advocate(folder.path(), &[&fit[..], &["channel"]].concat()));
    let by_columns = json(&advocate(folder.path(), &[&fit[..], &["channel=shop,channel=web"]].concat()));
    assert_eq!(by_name["coefficients"], by_columns["coefficients"]);
    let terms: Vec<&str> = by_name["coefficients"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| row["term"].as_str().expect("a term"))
        .collect();
    assert_eq!(terms, ["channel=shop", "channel=web", "leave_low:score", "reach_top:score", "0|1", "1|2"]);
}

#[test]
fn a_column_with_the_name_of_a_term_of_the_model_is_refused() {
    let folder = folder();
    let rows: String = (0..40)
        .map(|row| format!("{},{},{},{}\n", row * 3 % 5, row * 7 % 2, (row * 5 + row / 7) % 3, row * 11 % 13))
        .collect();
    for (column, outcome, family) in [
        ("(intercept)", "number", &["linear"][..]),
        ("(intercept)", "number", &["linear", "--missing", "em"]),
        ("(intercept)", "number", &["linear", "--missing", "multiple"]),
        ("(intercept)", "class", &["logistic"]),
        ("(intercept)", "class", &["logistic", "--firth"]),
        ("(intercept)", "number", &["count"]),
        ("(intercept)", "number", &["penalised"]),
        ("0|1", "level", &["ordinal"]),
        ("1|2", "level", &["ordinal", "--partial"]),
    ] {
        write(folder.path(), "t.csv", &format!("number,class,level,{column}\n{rows}"));
        let fit = ["fit", "--data", "t.csv", "--outcome", outcome, "--features", column, "--family"];
        let refused = advocate(folder.path(), &[&fit[..], family].concat());
        let said = stderr(&refused);
        assert_eq!(refused.status.code(), Some(3), "{family:?}: {said}");
        assert!(said.contains(&format!("`{column}`")) && said.contains("rename the column"), "{said}");
    }
}

#[test]
fn rows_are_used_and_frequencies_are_observations() {
    let folder = folder();
    let rows: String = (0..30).map(|row| format!("{},{},{}\n", row * 7 % 11, row * 5 % 13, row % 4)).collect();
    write(folder.path(), "t.csv", &format!("y,x,times\n{rows}"));
    let weights = ["--outcome", "y", "--weights", "times", "--weight-kind", "frequency", "--format", "json"];
    let fit = json(&advocate(folder.path(), &[&["fit", "--data", "t.csv", "--features", "x"][..], &weights].concat()));
    let drivers = ["drivers", "--data", "t.csv", "--drivers", "x", "--bootstrap", "0"];
    let drivers = json(&advocate(folder.path(), &[&drivers[..], &weights].concat()));
    // Of 30 rows, 8 have no weight; the others stand for one, two or three: 8 + 2 * 7 + 3 * 7.
    for of in [&fit["model"], &drivers] {
        assert_eq!((&of["n_rows"], &of["n_used"], &of["n_observations"]), (&30.into(), &22.into(), &43.into()));
    }
    assert_eq!(fit["model"]["df_residual"], 41);
}

#[test]
fn a_model_without_columns_is_the_mean() {
    let folder = folder();
    write(folder.path(), "t.csv", "y,x\n1,1\n2,5\n6,2\n");
    let answer =
        advocate(folder.path(), &["fit", "--data", "t.csv", "--outcome", "y", "--intercept-only", "--format", "json"]);
    let answer = json(&answer);
    near(&term(&answer, "(intercept)")["estimate"], 3.0, 1e-12);
    // The standard deviation is sqrt(7), over the root of three rows.
    near(&term(&answer, "(intercept)")["std_error"], (7.0_f64 / 3.0).sqrt(), 1e-12);
    let forgotten = advocate(folder.path(), &["fit", "--data", "t.csv", "--outcome", "y"]);
    assert_eq!(forgotten.status.code(), Some(2));
}

#[test]
fn names_may_hold_commas_and_have_blanks_around_them() {
    let folder = folder();
    write(folder.path(), "t.csv", "y,\"a, at first\",b\n1,1,0\n2,2,1\n2,3,0\n4,4,1\n5,6,0\n");
    let fit = ["fit", "--data", "t.csv", "--outcome", "y", "--format", "json", "--features"];
    let own = json(&advocate(folder.path(), &[&fit[..], &["\"a, at first\", b"]].concat()));
    assert_eq!(own["coefficients"][1]["term"], "a, at first");
    assert_eq!(own["coefficients"][2]["term"], "b");
    let twice = json(&advocate(folder.path(), &[&fit[..], &["\"a, at first\"", "--features", "b"]].concat()));
    assert_eq!(own, twice);
    let drivers =
        ["drivers", "--data", "t.csv", "--outcome", "y", "--drivers", "\"a, at first\",b", "--bootstrap", "0"];
    let grouped = [&drivers[..], &["--groups", "first=\"a, at first\"; other=b", "--format", "json"]].concat();
    let answer = json(&advocate(folder.path(), &grouped));
    assert_eq!(answer["groups"].as_array().expect("groups").len(), 2);
}

#[test]
fn what_is_wrong_with_a_cell_names_the_users_column_and_the_line() {
    let folder = folder();
    write(folder.path(), "t.csv", "y,x,w,e\n1,1,1,1\n0,2,1,0\n2,3,-2,1\n1,4,1,1\n");
    let fit = ["fit", "--data", "t.csv", "--outcome", "y", "--features", "x"];
    let said = |more: &[&str]| stderr(&advocate(folder.path(), &[&fit[..], more].concat()));
    let weights = said(&["--weights", "w", "--weight-kind", "sampling"]);
    assert!(weights.contains("`t.csv`, line 4, column `w`: -2 is not a weight"), "{weights}");
    let exposure = said(&["--family", "count", "--exposure", "e"]);
    assert!(exposure.contains("`t.csv`, line 3, column `e`: 0 is not an exposure"), "{exposure}");
    let class = said(&["--family", "logistic"]);
    assert!(class.contains("`t.csv`, line 4, column `y`: 2 is neither 0 nor 1"), "{class}");
}

#[test]
fn a_copy_of_the_outcome_and_too_few_resamples_are_findings() {
    let folder = folder();
    let rows: String = (0..40).map(|row| format!("{y},{y},{}\n", (row * 7) % 11, y = (row * 5) % 13)).collect();
    write(folder.path(), "t.csv", &format!("y,copy,x\n{rows}"));
    let drivers = ["drivers", "--data", "t.csv", "--outcome", "y", "--drivers", "copy,x", "--format", "json"];
    let sentences = |more: &[&str]| -> String {
        let answer = json(&advocate(folder.path(), &[&drivers[..], more].concat()));
        answer["findings"].as_array().expect("findings").iter().map(|finding| finding["sentence"].to_string()).collect()
    };
    let all = sentences(&["--bootstrap", "1"]);
    assert!(all.contains("copy gives y exactly") && all.contains("1 bootstrap sample is too few"), "{all}");
    assert!(!sentences(&["--bootstrap", "80"]).contains("too few"));
}

#[test]
fn a_small_spread_around_a_huge_mean_is_a_spread() {
    let folder = folder();
    write(folder.path(), "t.csv", "y,x\n100000000000000,1\n100000000000002,2\n100000000000001,3\n100000000000005,4\n");
    let fit = ["fit", "--data", "t.csv", "--outcome", "y", "--features", "x", "--format", "json"];
    // Of 0, 2, 1, 5 on 1 to 4 the slope is 7 / 5.
    near(&term(&json(&advocate(folder.path(), &fit)), "x")["estimate"], 1.4, 1e-9);
}

#[test]
fn relative_weights_of_a_class_divide_the_squared_correlation_of_its_probabilities() {
    let folder = folder();
    let rows: String = (0..60)
        .map(|row| {
            let (a, b) = ((row * 7) % 11, (row * row) % 7);
            format!("{},{a},{b}\n", u8::from((a + b + (row * 13) % 9) > 14))
        })
        .collect();
    write(folder.path(), "t.csv", &format!("y,a,b\n{rows}"));
    let drivers = ["drivers", "--data", "t.csv", "--outcome", "y", "--drivers", "a,b", "--format", "json"];
    let weighed = ["--method", "relative-weights", "--bootstrap", "80", "--family"];
    let answer = json(&advocate(folder.path(), &[&drivers[..], &weighed, &["logistic"]].concat()));
    assert_eq!(answer["fit"]["measure"], "squared_correlation");
    let sum: f64 =
        answer["drivers"].as_array().expect("rows").iter().filter_map(|row| row["contribution"].as_f64()).sum();
    near(&answer["fit"]["value"], sum, 1e-9);
    assert!(answer["drivers"][0]["conf_low"].is_number());
    let refused = advocate(folder.path(), &[&drivers[..], &weighed, &["count"]].concat());
    assert!(refused.status.code() == Some(4) && stderr(&refused).contains("none for levels or counts"));
}

#[test]
fn nought_has_no_sign_in_json() {
    let folder = folder();
    write(folder.path(), "t.csv", "f,t,p\na,b,0.5\n");
    let arguments = ["influence", "--edges", "t.csv", "--from", "f", "--to", "t", "--probability", "p", "--measures"];
    let output = advocate(folder.path(), &[&arguments[..], &["degree,hits", "--format", "json"]].concat());
    assert!(output.status.success() && !stdout(&output).contains("-0.0"), "{}", stdout(&output));
}
