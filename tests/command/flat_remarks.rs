//! What the flat forms say beside their numbers: sampled, hidden, backwards, nobody's.

use super::{advocate, folder, json, near, stderr, write};
use serde_json::Value;
use std::fmt::Write as _;

fn finding<'a>(answer: &'a Value, kind: &str) -> &'a Value {
    let all = answer["findings"].as_array().expect("findings");
    all.iter().find(|own| own["kind"] == kind).expect("a finding of this kind")
}

/// Forty answers: A 10 and 10, B 9 and 8, C 1 and 2.
fn crossing() -> String {
    let mut text = "s,a,b\n".to_owned();
    for (a, b, n) in [("A", "x", 10), ("A", "y", 10), ("B", "x", 9), ("B", "y", 8), ("C", "x", 1), ("C", "y", 2)] {
        for place in 0..n {
            writeln!(text, "{},{a},{b}", (place * 7 + n) % 11).expect("to a text");
        }
    }
    text
}

#[test]
fn no_difference_of_two_commands_is_a_hidden_customer() {
    let folder = folder();
    write(folder.path(), "t.csv", &crossing());
    let shown = |by: &[&str]| -> Vec<String> {
        let mut arguments = vec!["nps", "--data", "t.csv", "--score", "s", "--suppress-below", "5", "--format", "json"];
        by.iter().for_each(|column| arguments.extend(["--by", column]));
        let answer = json(&advocate(folder.path(), &arguments));
        let groups = answer["groups"].as_array().expect("groups");
        let name = |own: &Value| -> String {
            let by = own["by"].as_object().expect("columns").values();
            by.map(|value| value.as_str().unwrap_or("")).collect()
        };
        groups.iter().map(name).collect()
    };
    // By `a` the three of C are hidden with the seventeen of B. In the crossing a shown count of B would give away one of C, with that of
    // A and the column's total.
    assert_eq!(shown(&["a"]), ["A"]);
    assert_eq!(shown(&["b"]), ["x", "y"]);
    assert_eq!(shown(&["a", "b"]), ["Ax", "Ay"]);
    assert_eq!(shown(&["b", "a"]), ["Ax", "Ay"]);
}

#[test]
fn answers_of_nobody_in_particular_and_of_few_customers_are_named() {
    let folder = folder();
    let mut text = "s,who\n".to_owned();
    (0..60).for_each(|row| {
        let who = if row < 6 { String::new() } else { format!("c{}", row % 9) };
        writeln!(text, "{},{who}", row * row % 11).expect("to a text");
    });
    write(folder.path(), "t.csv", &text);
    let arguments = ["nps", "--data", "t.csv", "--score", "s", "--format", "json"];
    for more in [&["--cluster", "who"][..], &["--cluster", "who", "--metric", "mean", "--scale", "0-10"]] {
        let answer = json(&advocate(folder.path(), &[&arguments[..], more].concat()));
        let nobodys = finding(&answer, "unmatched");
        assert_eq!((&nobodys["about"], &nobodys["numbers"]["n"]), (&"who".into(), &6.0.into()), "{answer}");
        // Nine customers, and six answers that are one each.
        let few = finding(&answer, "small_base");
        assert_eq!(few["numbers"]["n_clusters"], 15.0, "{answer}");
    }
    let answer = json(&advocate(folder.path(), &arguments));
    assert!(answer["findings"].as_array().expect("findings").is_empty(), "{answer}");
}

/// igraph and networkx count each pair once without directions: the middle of a path of three is on the way of one pair.
#[test]
fn betweenness_without_directions_counts_each_pair_once() {
    let folder = folder();
    write(folder.path(), "e.csv", "a,b\nn1,n2\nn2,n3\n");
    let arguments = ["influence", "--edges", "e.csv", "--from", "a", "--to", "b", "--uniform", "0.5", "--measures"];
    let of = |more: &[&str]| {
        json(&advocate(folder.path(), &[&arguments[..], &["betweenness", "--format", "json"], more].concat()))
    };
    near(&of(&["--undirected"])["nodes"][1]["betweenness"], 1.0, 1e-12);
    let directed = of(&[]);
    near(&directed["nodes"][1]["betweenness"], 1.0, 1e-12);
    assert!(directed["findings"].as_array().expect("findings").is_empty(), "{directed}");
}

/// A ring of 20,000 edges one way: all nodes are alike, and the ways of the ordered pairs have (n - 1) (n - 2) / 2 nodes between for each.
#[test]
fn betweenness_of_a_large_graph_is_sampled_and_says_so() {
    let folder = folder();
    let mut text = "a,b\n".to_owned();
    (0..20_000).for_each(|node| writeln!(text, "{node},{}", (node + 1) % 20_000).expect("to a text"));
    write(folder.path(), "e.csv", &text);
    let arguments = ["influence", "--edges", "e.csv", "--from", "a", "--to", "b", "--uniform", "0.01", "--measures"];
    let of = |samples: &str| {
        let more = ["betweenness", "--samples", samples, "--format", "json"];
        json(&advocate(folder.path(), &[&arguments[..], &more].concat()))
    };
    // Ways of 1 to n - 1 steps from each node have 0 to n - 2 nodes between.
    let want = 19_999.0 * 19_998.0 / 2.0;
    let (few, more) = (of("20"), of("80"));
    for (answer, n_samples) in [(&few, 20.0), (&more, 80.0)] {
        let own = finding(answer, "sampled");
        assert_eq!((&own["about"], &own["numbers"]["n_samples"]), (&"betweenness".into(), &n_samples.into()));
        let node = &answer["nodes"][7];
        let error = node["betweenness_se"].as_f64().expect("an error");
        assert!(error > 0.0 && error < want);
        near(&node["betweenness"], want, 4.0 * error);
    }
    let error = |answer: &Value| answer["nodes"][7]["betweenness_se"].as_f64().expect("an error");
    assert!(error(&more) < error(&few));
}

#[test]
fn dates_that_run_backwards_are_counted() {
    let folder = folder();
    write(folder.path(), "e.csv", "a,b,t\nx,y,2026-03-01\ny,z,2026-01-01\ny,w,2026-04-01\n");
    let arguments = ["influence", "--edges", "e.csv", "--from", "a", "--to", "b", "--uniform", "0.5", "--time", "t"];
    let answer = json(&advocate(folder.path(), &[&arguments[..], &["--format", "json"]].concat()));
    // Of the two edges out of y, who was brought in March, one is from January.
    let own = finding(&answer, "edges_dropped");
    assert_eq!((&own["numbers"]["n"], &own["numbers"]["n_known"]), (&1.0.into(), &2.0.into()), "{answer}");
}

#[test]
fn an_outcome_named_like_a_column_of_the_observations_is_refused() {
    let folder = folder();
    let mut text = "fitted,x\n".to_owned();
    (0..20).for_each(|row| writeln!(text, "{},{row}", row * row % 7).expect("to a text"));
    write(folder.path(), "t.csv", &text);
    let arguments = ["fit", "--data", "t.csv", "--outcome", "fitted", "--features", "x"];
    let output = advocate(folder.path(), &[&arguments[..], &["--augment", "rows.csv"]].concat());
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("column `fitted`"), "{}", stderr(&output));
    assert!(!folder.path().join("rows.csv").exists());
    assert!(advocate(folder.path(), &arguments).status.success());
}

/// Precision weights mean something in proportion only: a Poisson model of weights times a constant has the same test against the Pearson
/// dispersion, which is divided out of it (McCullagh and Nelder 1989, section 4.5).
#[test]
fn the_test_of_a_count_does_not_go_by_the_unit_of_precision_weights() {
    let folder = folder();
    let mut text = "n,x,z,w,wk,wm\n".to_owned();
    for row in 0..120_u32 {
        let (x, z) = (row % 7, row * row % 5);
        let n = (row * 37 % 11) * (row * 17 % 4) / 3 + x / 3;
        let weight = 0.2 + f64::from(row * 13 % 10) / 10.0;
        writeln!(text, "{n},{x},{z},{weight},{},{}", 1000.0 * weight, weight / 1000.0).expect("to a text");
    }
    write(folder.path(), "t.csv", &text);
    let of = |weights: &str| {
        let arguments = ["drivers", "--data", "t.csv", "--outcome", "n", "--family", "count", "--drivers", "x,z"];
        let more = ["--bootstrap", "0", "--weight-kind", "precision", "--weights", weights, "--format", "json"];
        json(&advocate(folder.path(), &[&arguments[..], &more].concat()))
    };
    let plain = of("w");
    let p_value = plain["p_value"].as_f64().expect("a test");
    assert!(p_value > 1e-6 && p_value < 1.0, "{plain}");
    let kinds = |answer: &Value| -> Vec<String> {
        answer["findings"].as_array().expect("findings").iter().map(|own| own["kind"].to_string()).collect()
    };
    for other in [of("wk"), of("wm")] {
        near(&other["p_value"], p_value, 1e-9);
        assert_eq!(kinds(&other), kinds(&plain));
    }
}

/// A copy and a mirror of a driver pull the way that they go with the outcome, whatever the family.
#[test]
fn aliased_drivers_have_the_sign_of_their_correlation() {
    let folder = folder();
    let mut text = "y,c,x,copy,mirror\n".to_owned();
    for row in 0..90_u32 {
        let x = row % 6;
        writeln!(text, "{},{},{x},{x},{}", x + row % 5, u32::from(x + row * 7 % 5 > 4), 9 - x).expect("to a text");
    }
    write(folder.path(), "t.csv", &text);
    for (outcome, family) in [("y", "linear"), ("c", "logistic"), ("y", "count")] {
        let arguments = ["drivers", "--data", "t.csv", "--outcome", outcome, "--family", family, "--bootstrap", "0"];
        let more = ["--drivers", "x,copy,mirror", "--format", "json"];
        let answer = json(&advocate(folder.path(), &[&arguments[..], &more].concat()));
        let rows = answer["drivers"].as_array().expect("drivers");
        for (name, want) in [("x", 1), ("copy", 1), ("mirror", -1)] {
            let own = rows.iter().find(|own| own["driver"] == name).unwrap_or_else(|| panic!("{answer}"));
            assert_eq!(own["sign"], want, "{family} {name}: {own}");
        }
    }
}
