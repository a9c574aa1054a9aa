//! The flat-table commands and their JSON.

use super::{advocate, folder, json, near, shared, stderr, stdout, write};
use std::fmt::Write as _;

fn answers() -> String {
    let mut text = "score,channel,w\n".to_owned();
    for (answer, channel, n) in [(3, "web", 10), (8, "web", 20), (10, "shop", 30)] {
        for _ in 0..n {
            let _ = writeln!(text, "{answer},{channel},2");
        }
    }
    text
}

#[test]
fn nps_of_sixty_answers() {
    let folder = folder();
    write(folder.path(), "t.csv", &answers());
    let answer = json(&advocate(folder.path(), &["nps", "--data", "t.csv", "--score", "score", "--format", "json"]));
    let group = &answer["groups"][0];
    // By numpy: (30 - 10) / 60 and the adjusted Wald interval (3, T).
    near(&group["nps"], 100.0 / 3.0, 1e-9);
    near(&group["conf_low"], 13.301_182_535_638_198, 1e-9);
    near(&group["conf_high"], 50.190_880_956_425_29, 1e-9);
    assert_eq!((group["n"].as_u64(), group["promoters"].as_u64()), (Some(60), Some(30)));
    assert_eq!(group["interval"], "adjusted-wald");
    assert_eq!(group["by"], serde_json::json!({}));
}

#[test]
fn nps_by_group_and_weighted() {
    let folder = folder();
    write(folder.path(), "t.csv", &answers());
    let arguments =
        ["nps", "--data", "t.csv", "--score", "score", "--by", "channel", "--weights", "w", "--format", "json"];
    let answer = json(&advocate(folder.path(), &arguments));
    let groups = answer["groups"].as_array().expect("groups");
    assert_eq!(groups.len(), 2);
    assert_eq!(groups[0]["by"]["channel"], "shop");
    near(&groups[0]["nps"], 100.0, 1e-9);
    near(&groups[1]["nps"], -100.0 / 3.0, 1e-9);
}

#[test]
fn an_answer_off_the_scale_names_its_row() {
    let folder = folder();
    write(folder.path(), "t.csv", "score\n9\n\n11\n");
    let output = advocate(folder.path(), &["nps", "--data", "t.csv", "--score", "score"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("line 4, column `score`: 11 is no answer"), "{}", stderr(&output));
    let output = advocate(folder.path(), &["nps", "--data", "t.csv", "--score", "score", "--not-applicable", "11"]);
    assert!(output.status.success() && stdout(&output).contains("100.0"), "{}", stdout(&output));
}

#[test]
fn an_unknown_column_is_named_with_its_neighbour() {
    let folder = folder();
    write(folder.path(), "t.csv", &answers());
    let output = advocate(folder.path(), &["nps", "--data", "t.csv", "--score", "scores", "--format", "json"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("`scores`, did you mean `score`"), "{}", stderr(&output));
}

#[test]
fn what_does_not_go_together_is_refused_with_two_and_a_sentence() {
    let folder = folder();
    write(folder.path(), "t.csv", "y,a,b\n1,2,3\n2,3,1\n3,1,2\n4,5,6\n7,5,1\n");
    write(folder.path(), "r.csv", ",y,a,b\ny,1,,\na,0.5,1,\nb,0.4,0.1,1\n");
    let base = ["drivers", "--data", "t.csv", "--outcome", "y", "--drivers", "a,b"];
    let refused = |more: &[&str], part: &str| {
        let output = advocate(folder.path(), &[&base[..], more].concat());
        assert_eq!(output.status.code(), Some(2), "{more:?} {}", stderr(&output));
        assert!(stderr(&output).contains(part), "{}", stderr(&output));
    };
    refused(&["--missing", "em", "--family", "logistic"], "only --family linear");
    refused(&["--weights", "a"], "--weight-kind");
    refused(&["--screen"], "--screen goes with");
    refused(&["--method", "pmwd"], "`pmwd` is no method");
    refused(&["--method", "shapley,complete-dominance"], "--format json");
    refused(&["--groups", "a,b"], "service=A,B");
    refused(&["--correlation", "r.csv", "--n", "100"], "--correlation");
    // A group that names nobody is an impossible analysis.
    let output = advocate(folder.path(), &[&base[..], &["--groups", "s=a,c"]].concat());
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    assert!(stderr(&output).contains("`c`"), "{}", stderr(&output));
}

#[test]
fn a_class_is_screened_by_a_line_that_says_so() {
    let folder = folder();
    write(folder.path(), "t.csv", "y,a,b\n0,1,2\n0,2,1\n1,3,2\n1,2,4\n0,1,1\n1,4,2\n0,3,3\n1,1,4\n");
    let base = ["drivers", "--data", "t.csv", "--outcome", "y", "--drivers", "a,b", "--family", "logistic"];
    let more = ["--screen", "--bootstrap", "0", "--format", "json"];
    let answer = json(&advocate(folder.path(), &[&base[..], &more].concat()));
    assert_eq!((answer["family"].as_str(), answer["fit"]["measure"].as_str()), (Some("linear"), Some("r_squared")));
    assert_eq!(answer["findings"][0]["kind"], "screened");
    // By hand: sums of squares 8.875 of a, 9.875 of b, 2 of y; of products 1.5 of y and a, 2.5 of y and b, -0.375 of a and b.
    let (of_a, of_b) = (1.5 * 1.5 / 8.875 / 2.0, 2.5 * 2.5 / 9.875 / 2.0);
    let products = 1.5 * 1.5 * 9.875 + 2.5 * 2.5 * 8.875 + 2.0 * 1.5 * 2.5 * 0.375;
    let explained = products / (8.875 * 9.875 - 0.375 * 0.375) / 2.0;
    near(&answer["fit"]["value"], explained, 1e-12);
    let first = (of_a + explained - of_b) / 2.0;
    near(&by_driver(&answer, "a")["methods"]["shapley"], first, 1e-12);
    assert!(by_driver(&answer, "a")["methods"]["relative_weights"].is_number());
}

const SWISS: &str = "Agriculture,Examination,Education,Catholic,Infant.Mortality";

pub(super) fn by_driver<'a>(answer: &'a serde_json::Value, driver: &str) -> &'a serde_json::Value {
    let rows = answer["drivers"].as_array().expect("drivers");
    rows.iter().find(|row| row["driver"] == driver).expect("a row")
}

#[test]
fn pmvd_and_owen_values_of_swiss_fertility() {
    let Some(data) = shared("classic/swiss.csv") else { return };
    let data = data.display().to_string();
    let folder = folder();
    let base = ["drivers", "--data", &data, "--outcome", "Fertility", "--drivers", SWISS, "--bootstrap", "0"];
    let more = ["--method", "pmvd", "--format", "json"];
    let answer = json(&advocate(folder.path(), &[&base[..], &more].concat()));
    // R, relaimpo: pmvd of datasets::swiss.
    for (driver, want) in [("Agriculture", 0.0447851709784107), ("Education", 0.379818769794937)] {
        near(&by_driver(&answer, driver)["methods"]["pmvd"], want, 1e-10);
    }
    let groups = "work=Examination,Education;rest=Catholic,Infant.Mortality";
    let answer = json(&advocate(folder.path(), &[&base[..], &["--groups", groups, "--format", "json"]].concat()));
    // Owen values of R squared by brute force over the orders of groups and members.
    assert_eq!(answer["method"], "owen");
    for (driver, want) in [("Agriculture", 0.07356739365441374), ("Education", 0.24267143004762304)] {
        near(&by_driver(&answer, driver)["methods"]["owen"], want, 1e-10);
    }
    let group = &answer["groups"][0];
    assert_eq!(group["group"], "work");
    near(&group["contribution"], 0.1602925179281954 + 0.24267143004762304, 1e-10);
    let text = stdout(&advocate(folder.path(), &[&base[..], &["--groups", groups]].concat()));
    assert!(text.contains("work") && text.contains("Examination, Education"), "{text}");
}

#[test]
fn a_driver_of_noise_is_not_told_from_noise() {
    let folder = folder();
    let mut table = "y,signal,noise\n".to_owned();
    let mut state = 7_u64;
    for _ in 0..300 {
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f64 / (1_u64 << 24) as f64
        };
        let (signal, noise, error) = (next(), next(), next());
        table.push_str(&format!("{},{signal},{noise}\n", signal + error));
    }
    write(folder.path(), "t.csv", &table);
    let base = ["drivers", "--data", "t.csv", "--outcome", "y", "--drivers", "signal,noise", "--bootstrap", "0"];
    let answer =
        json(&advocate(folder.path(), &[&base[..], &["--noise", "199", "--jackknife", "--format", "json"]].concat()));
    // 199 noise drivers and the driver itself: the smallest p-value there is.
    near(&by_driver(&answer, "signal")["noise"]["p_value"], 1.0 / 200.0, 1e-12);
    let p_noise = by_driver(&answer, "noise")["noise"]["p_value"].as_f64().expect("a number");
    assert!(p_noise > 0.05, "{p_noise}");
    assert!(by_driver(&answer, "signal")["share_std_error"].as_f64().is_some_and(|own| own > 0.0));
}

#[test]
fn drivers_of_swiss_fertility() {
    let Some(data) = shared("classic/swiss.csv") else { return };
    let data = data.display().to_string();
    let folder = folder();
    let arguments = [
        "drivers",
        "--data",
        &data,
        "--outcome",
        "Fertility",
        "--drivers",
        "Agriculture,Examination,Education,Catholic,Infant.Mortality",
        "--bootstrap",
        "2000",
        "--format",
        "json",
    ];
    let answer = json(&advocate(folder.path(), &arguments));
    // R 4.4, relaimpo 2.2-7: lmg of datasets::swiss; boot.relimp's percentile interval at b = 2000, within Monte Carlo.
    near(&answer["fit"]["value"], 0.706_735_001_592_726, 1e-12);
    let first = &answer["drivers"][0];
    assert_eq!((first["driver"].as_str(), first["sign"].as_i64()), (Some("Education"), Some(-1)));
    near(&first["methods"]["shapley"], 0.260_134_678_624_4, 1e-12);
    near(&first["methods"]["relative_weights"], 0.271_964_104_646, 1e-11);
    near(&first["conf_low"], 0.0748, 0.02);
    near(&first["conf_high"], 0.393, 0.02);
    assert_eq!((answer["n_rows"].as_u64(), answer["n_used"].as_u64()), (Some(47), Some(47)));
}

#[test]
fn categories_move_as_one_driver() {
    let Some(data) = shared("classic/poisons.csv") else { return };
    // The outcome of the published analysis is 1 / time.
    let text = std::fs::read_to_string(data).expect("readable");
    let mut lines = text.lines();
    let mut table = "rate,poison,treat\n".to_owned();
    lines.next();
    for line in lines {
        let (time, rest) = line.split_once(',').expect("three cells");
        let _ = writeln!(table, "{},{}", 1.0 / time.parse::<f64>().expect("a time"), rest);
    }
    let folder = folder();
    write(folder.path(), "t.csv", &table);
    let arguments = [
        "drivers",
        "--data",
        "t.csv",
        "--outcome",
        "rate",
        "--drivers",
        "poison,treat",
        "--categorical",
        "poison,treat",
        "--bootstrap",
        "0",
        "--format",
        "json",
    ];
    let answer = json(&advocate(folder.path(), &arguments));
    // R 4.2, relaimpo 2.2-7: lmg with factors.
    near(&answer["drivers"][0]["methods"]["shapley"], 0.532_432_318_049_993, 1e-11);
    near(&answer["drivers"][1]["methods"]["shapley"], 0.311_643_491_615_394, 1e-11);
    // Without a bootstrap the keys of the interval are there and empty.
    let keys = answer["drivers"][0].as_object().expect("an object");
    assert!(keys.get("conf_low").is_some_and(serde_json::Value::is_null));
    assert!(keys.get("rank_high").is_some_and(serde_json::Value::is_null));
}

#[test]
fn fit_of_fuel_consumption() {
    let Some(data) = shared("classic/mtcars.csv") else { return };
    let data = data.display().to_string();
    let folder = folder();
    let arguments = ["fit", "--data", &data, "--outcome", "mpg", "--features", "wt,hp", "--format", "json"];
    let answer = json(&advocate(folder.path(), &arguments));
    // R: summary(lm(mpg ~ wt + hp, mtcars)); logLik -74.326.
    assert_eq!(answer["coefficients"][0]["term"], "(intercept)");
    near(&answer["coefficients"][1]["estimate"], -3.877_830_74, 1e-7);
    near(&answer["coefficients"][1]["std_error"], 0.632_733_49, 1e-7);
    near(&answer["model"]["log_likelihood"], -74.326, 1e-3);
    assert_eq!(answer["model"]["converged"], true);
}

#[test]
fn the_operators_satisfaction_separates_churn_and_is_refused() {
    let Some(data) = shared("telco/Telco_customer_churn_status.csv") else { return };
    let data = data.display().to_string();
    let folder = folder();
    let arguments = [
        "fit",
        "--data",
        &data,
        "--outcome",
        "Churn Value",
        "--features",
        "Satisfaction Score",
        "--family",
        "logistic",
    ];
    let output = advocate(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    assert!(stderr(&output).contains("Satisfaction Score"), "{}", stderr(&output));
    let arguments = [
        "drivers",
        "--data",
        &data,
        "--outcome",
        "Churn Value",
        "--drivers",
        "Satisfaction Score,CLTV",
        "--family",
        "logistic",
        "--bootstrap",
        "0",
    ];
    assert_eq!(advocate(folder.path(), &arguments).status.code(), Some(4));
}

#[test]
fn influence_of_the_diamond() {
    let folder = folder();
    write(folder.path(), "e.csv", "a,b,p\nn1,n2,0.5\nn1,n3,0.5\nn2,n4,0.5\nn3,n4,0.5\n");
    let arguments = [
        "influence",
        "--edges",
        "e.csv",
        "--from",
        "a",
        "--to",
        "b",
        "--probability",
        "p",
        "--seeds",
        "1",
        "--format",
        "json",
    ];
    let answer = json(&advocate(folder.path(), &arguments));
    // 2 + 1 - (1 - 1/4)^2.
    let reach_se = answer["nodes"][0]["reach_se"].as_f64().expect("a number");
    near(&answer["nodes"][0]["reach"], 2.4375, (5.0 * reach_se).max(1e-9));
    assert_eq!(answer["seeds"][0]["node"], "n1");
    let arguments =
        ["influence", "--edges", "e.csv", "--from", "a", "--to", "b", "--uniform", "0.5", "--format", "csv"];
    let text = stdout(&advocate(folder.path(), &arguments));
    assert!(text.starts_with("node,reach,reach_se,exact\n") && text.contains("\nn4,1,0,true\n"), "{text}");
}

#[test]
fn measures_thresholds_and_bound_of_the_diamond() {
    let folder = folder();
    write(folder.path(), "e.csv", "a,b,p\nn1,n2,0.5\nn1,n3,0.5\nn2,n4,0.5\nn3,n4,0.5\n");
    let asked = |more: &[&str]| {
        let mut arguments =
            vec!["influence", "--edges", "e.csv", "--from", "a", "--to", "b", "--probability", "p", "--format", "json"];
        arguments.extend(more);
        json(&advocate(folder.path(), &arguments))
    };
    let answer =
        asked(&["--measures", "pagerank,degree,core,closeness,harmonic,betweenness", "--seeds", "1", "--bound"]);
    let first = &answer["nodes"][0];
    near(&first["out_degree"], 2.0, 0.0);
    near(&first["in_degree"], 0.0, 0.0);
    near(&first["expected_one_step"], 1.0, 1e-12);
    // A circle of four once directions are left out.
    near(&first["core"], 2.0, 0.0);
    // Two in one step and one in two; half of the ways from n1 to n4 lead through n2.
    near(&first["harmonic"], 2.5, 1e-12);
    // All three others, in 1 + 1 + 2 steps.
    near(&first["closeness"], 0.75, 1e-12);
    near(&answer["nodes"][1]["betweenness"], 0.5, 1e-12);
    // x1 = t, x2 = x3 = t + .85 t / 2, x4 = t + .85 (x2 + x3), and all sum to 1.
    near(&first["page_rank"], 1.0 / 7.2725, 1e-9);
    near(&answer["nodes"][3]["page_rank"], 3.4225 / 7.2725, 1e-9);
    // The best single node is n1, with 2 + 1 - (1 - 1/4)^2.
    assert_eq!(answer["seeds"][0]["node"], "n1");
    let bound = &answer["bound"];
    let number = |value: &serde_json::Value| value.as_f64().expect("a number");
    assert!(number(&bound["reach_low"]) <= 2.4375 && number(&bound["best_high"]) >= 2.4375, "{bound}");
    assert!((0.5..=1.0).contains(&number(&bound["guarantee"])), "{bound}");
    // Under thresholds n4 takes the word up with 1/2 P(n2) + 1/2 P(n3) = 1/2.
    let answer = asked(&["--model", "threshold", "--stop-at", "0.01"]);
    let reach_se = answer["nodes"][0]["reach_se"].as_f64().expect("a number");
    near(&answer["nodes"][0]["reach"], 2.5, (5.0 * reach_se).max(1e-9));
    assert!(answer.get("bound").is_none() && answer["nodes"][0].get("core").is_none());
}

/// networkx 3.6.1 on the same twelve edges: `hits` (tolerance 1e-14), `pagerank` (the same), `harmonic_centrality` and
/// `closeness_centrality` of the turned graph, `betweenness_centrality` not normalised, `core_number` without directions.
#[test]
fn measures_agree_with_networkx() {
    let folder = folder();
    let edges = "ann bob;ann cid;bob cid;bob dan;cid dan;dan eve;eve ann;fay cid;fay dan;gus fay;gus cid;eve hal";
    write(folder.path(), "e.csv", &format!("by,of\n{}\n", edges.replace(' ', ",").replace(';', "\n")));
    let answer = json(&advocate(
        folder.path(),
        &[
            "influence",
            "--edges",
            "e.csv",
            "--from",
            "by",
            "--to",
            "of",
            "--uniform",
            "0.5",
            "--measures",
            "hits,pagerank,harmonic,betweenness,core,closeness",
            "--format",
            "json",
        ],
    ));
    let want = [
        ("ann", [0.184_699_031_259, 0.0, 0.124_307_917_371, 3.083_333_333_333, 8.0, 2.0, 0.324_675_324_675]),
        (
            "bob",
            [0.261_203_874_964, 0.097_631_072_938, 0.084_788_581_103, 3.166_666_666_667, 2.0, 2.0, 0.357_142_857_143],
        ),
        (
            "cid",
            [0.108_194_187_554, 0.471_404_520_791, 0.153_760_149_352, 2.416_666_666_667, 4.5, 2.0, 0.274_725_274_725],
        ),
        ("dan", [0.0, 0.333_333_333_333, 0.218_043_382_025, 2.666_666_666_667, 17.0, 2.0, 0.324_675_324_675]),
        ("eve", [0.0, 0.0, 0.217_294_590_942, 3.333_333_333_333, 16.0, 2.0, 0.396_825_396_825]),
        (
            "fay",
            [0.261_203_874_964, 0.097_631_072_938, 0.045_539_745_614, 3.416_666_666_667, 2.5, 2.0, 0.367_346_938_776],
        ),
        ("gus", [0.184_699_031_259, 0.0, 0.031_957_716_221, 3.533_333_333_333, 0.0, 2.0, 0.35]),
        ("hal", [0.0, 0.0, 0.124_307_917_371, 0.0, 0.0, 1.0, 0.0]),
    ];
    let nodes = answer["nodes"].as_array().expect("a list");
    assert_eq!(nodes.len(), want.len());
    for (name, values) in want {
        let own = nodes.iter().find(|own| own["node"] == name).expect("the node");
        for (measure, value) in
            ["hub", "authority", "page_rank", "harmonic", "betweenness", "core", "closeness"].iter().zip(values)
        {
            near(&own[*measure], value, 1e-8);
        }
    }
}

#[test]
fn a_bound_without_seeds_is_wrong_usage() {
    let folder = folder();
    write(folder.path(), "e.csv", "a,b\nn1,n2\n");
    let arguments = ["influence", "--edges", "e.csv", "--from", "a", "--to", "b", "--uniform", "0.5", "--bound"];
    assert_eq!(advocate(folder.path(), &arguments).status.code(), Some(2));
}

#[test]
fn a_probability_above_one_names_its_row() {
    let folder = folder();
    write(folder.path(), "e.csv", "a,b,p\nn1,n2,0.5\nn1,n3,50\n");
    let arguments = ["influence", "--edges", "e.csv", "--from", "a", "--to", "b", "--probability", "p"];
    let output = advocate(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("line 3, column `p`: probability 50"), "{}", stderr(&output));
}

/// Edge lists that are what nobody means to send, and what is said of them.
#[test]
fn awkward_edge_lists_are_refused_by_row() {
    let folder = folder();
    for (edges, said) in [
        ("a,b,p\nn1,n2,0.5\nn1,,0.5\n", "line 3, column `b`: the `to` end of the edge is missing"),
        ("a,b,p\n,n2,0.5\n", "line 2, column `a`: the `from` end of the edge is missing"),
        ("a,b,p\nn1,n2,-0.1\n", "line 2, column `p`: probability -0.1 is outside 0 to 1"),
        ("a,b,p\nn1,n2,\n", "the probability is missing"),
        ("a,b,p\n", "no rows"),
    ] {
        write(folder.path(), "e.csv", edges);
        let arguments = ["influence", "--edges", "e.csv", "--from", "a", "--to", "b", "--probability", "p"];
        let output = advocate(folder.path(), &arguments);
        assert_eq!(output.status.code(), Some(3), "{edges}: {}", stderr(&output));
        assert!(stderr(&output).contains(said), "{edges}: {}", stderr(&output));
    }
}

#[test]
fn ids_of_text_and_of_numbers_are_told_apart_and_one_cycle_is_exact() {
    let folder = folder();
    // 1, 01 and 1.0 are three customers: a key is text, however much it looks like a number.
    write(folder.path(), "e.csv", "a,b\n1,ann\nann,01\n01,1.0\n1.0,1\n");
    let answer = json(&advocate(
        folder.path(),
        &["influence", "--edges", "e.csv", "--from", "a", "--to", "b", "--uniform", "0.5", "--format", "json"],
    ));
    let nodes = answer["nodes"].as_array().expect("a list");
    let names: Vec<_> = nodes.iter().map(|own| own["node"].as_str().expect("a name")).collect();
    assert_eq!(names, ["1", "ann", "01", "1.0"]);
    for own in nodes {
        // 1 + 1/2 + 1/4 + 1/8 along the circle.
        near(&own["reach"], 1.875, 1e-12);
        assert_eq!(own["exact"], true);
    }
}

/// The first group of `advocate nps` over 60 answers with these further arguments.
fn sixty(folder: &std::path::Path, more: &[&str]) -> serde_json::Value {
    let base = ["nps", "--data", "t.csv", "--score", "score", "--format", "json"];
    json(&advocate(folder, &[&base[..], more].concat()))["groups"][0].clone()
}

#[test]
fn nps_intervals_of_every_kind_by_name() {
    let folder = folder();
    write(folder.path(), "t.csv", &answers());
    // By numpy and scipy: 10 detractors, 20 passives, 30 promoters.
    for (kind, low, high) in [
        ("score", 13.174_018_982_643_17, 50.563_893_025_223_88),
        ("wald", 14.473_571_098_730_473, 52.193_095_567_936_19),
        ("adjusted-wald-uniform", 13.170_462_018_173_978, 50.321_600_475_821_63),
        ("adjusted-wald-third", 12.831_878_606_410_818, 49.823_331_250_783_19),
        ("bonett-price", 13.410_017_699_022_078, 51.106_111_333_230_24),
        ("goodman", 9.779_878_474_306_292, 56.886_788_193_360_37),
    ] {
        let group = sixty(folder.path(), &["--interval", kind]);
        near(&group["conf_low"], low, 1e-6);
        near(&group["conf_high"], high, 1e-6);
        assert_eq!(group["interval"], kind);
    }
    let drawn = sixty(folder.path(), &["--interval", "bootstrap", "--bootstrap", "200", "--seed", "3"]);
    let (low, high) = (drawn["conf_low"].as_f64().expect("low"), drawn["conf_high"].as_f64().expect("high"));
    assert!(low < 100.0 / 3.0 && high > 100.0 / 3.0 && drawn["interval"] == "bootstrap");
    let output = advocate(folder.path(), &["nps", "--data", "t.csv", "--score", "score", "--bootstrap", "9"]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
}

#[test]
fn nps_of_customers_who_answer_twice_and_of_a_small_population() {
    let folder = folder();
    let mut twice = "score,who\n".to_owned();
    for (at, answer) in [(3, 10), (8, 20), (10, 30)].into_iter().flat_map(|(answer, n)| vec![answer; n]).enumerate() {
        let _ = writeln!(twice, "{answer},c{at}\n{answer},c{at}");
    }
    write(folder.path(), "t.csv", &twice);
    // Two equal answers are one customer's word: 60 customers, with 60 / 59 for the mean.
    let variance: f64 = 40.0 / 60.0 - 1.0 / 9.0;
    near(&sixty(folder.path(), &["--cluster", "who"])["std_error"], 100.0 * (variance / 59.0).sqrt(), 1e-9);
    write(folder.path(), "t.csv", &answers());
    // 60 of 240 were seen: three quarters of the variance remain.
    let group = sixty(folder.path(), &["--population", "240"]);
    near(&group["std_error"], 100.0 * (0.75 * variance / 60.0).sqrt(), 1e-9);
    let arguments = ["nps", "--data", "t.csv", "--score", "score", "--population", "240", "--by", "channel"];
    assert_eq!(advocate(folder.path(), &arguments).status.code(), Some(2));
}

#[test]
fn nps_against_a_benchmark_is_tested_one_sided() {
    let folder = folder();
    write(folder.path(), "t.csv", &answers());
    let test = sixty(folder.path(), &["--benchmark", "15"])["benchmark"].clone();
    let number = |key: &str| test[key].as_f64().expect("a number");
    assert!((number("adjusted_gap") / number("std_error") - number("statistic")).abs() < 1e-12, "{test}");
    // With 3/4, 3/2 and 3/4 answers more: 20 of 63, less 15, over its error; by the complementary error function.
    near(&test["gap"], 100.0 / 3.0 - 15.0, 1e-9);
    near(&test["benchmark"], 15.0, 1e-12);
    near(&test["own_nps"], 100.0 / 3.0, 1e-9);
    near(&test["statistic"], 1.779_446_323_025_067_4, 1e-9);
    near(&test["p_value"], 0.037_583_308_834_641, 1e-9);
    assert_eq!(test["knows_n"], false);
    let known = sixty(folder.path(), &["--benchmark", "15", "--benchmark-n", "500"])["benchmark"].clone();
    assert!(known["p_value"].as_f64() > test["p_value"].as_f64(), "{known} {test}");
}

#[test]
fn other_items_are_reported_by_hand() {
    let folder = folder();
    let mut table = "csat,effort,again,shop,when,who\n".to_owned();
    // Satisfaction 1 to 5: two of each but four of 5; effort is its double less 1; who is satisfied says yes.
    for (at, csat) in [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 5, 5].into_iter().enumerate() {
        let again = if csat > 3 { "yes" } else { "no" };
        let month = 1 + at / 4;
        let _ =
            writeln!(table, "{csat},{},{again},{},2026-{month:02}-01,c{}", 2 * csat - 1, ["x", "y"][at % 2], at / 2);
    }
    let _ = writeln!(table, "9,,yes,x,2026-03-01,c9");
    write(folder.path(), "t.csv", &table);
    let of = |arguments: &[&str]| {
        let all = [&["nps", "--data", "t.csv", "--not-applicable", "9", "--format", "json"][..], arguments].concat();
        json(&advocate(folder.path(), &all))
    };
    let top = of(&["--score", "csat", "--metric", "top-box", "--scale", "1-5", "--from", "4"]);
    // Six of twelve; Wilson's interval of a half with n = 12: 1/2 -+ 1.96 / 2 / sqrt(12 + 1.96^2).
    let group = &top["groups"][0];
    near(&group["estimate"], 0.5, 1e-12);
    let z: f64 = 1.959_963_984_540_054;
    near(&group["conf_low"], 0.5 - 0.5 * z / (12.0 + z * z).sqrt(), 1e-9);
    assert_eq!(
        (group["n"].as_u64(), group["interval"].as_str(), group["metric"].as_str()),
        (Some(12), Some("wilson"), Some("top_box"))
    );
    assert_eq!(top["findings"][0]["kind"], "rows_dropped");
    // 6 in favour and 4 against.
    let net = of(&["--score", "csat", "--metric", "net-box", "--scale", "1-5", "--from", "4", "--to", "2"]);
    near(&net["groups"][0]["estimate"], 100.0 * 2.0 / 12.0, 1e-9);
    assert_eq!(net["groups"][0]["interval"], "adjusted-wald");
    // 40 over 12, squares 160; Student's t on 11 degrees of freedom is 2.200985160082949 at 97.5 %.
    let mean = of(&["--score", "csat", "--metric", "mean", "--scale", "1-5"]);
    let error = ((160.0 - 1600.0 / 12.0) / 11.0_f64).sqrt() / 12.0_f64.sqrt();
    near(&mean["groups"][0]["estimate"], 40.0 / 12.0, 1e-9);
    near(&mean["groups"][0]["std_error"], error, 1e-9);
    near(&mean["groups"][0]["conf_high"], 40.0 / 12.0 + 2.200_985_160_082_949 * error, 1e-8);
    // Every second row is of a shop; seven of thirteen say yes.
    let yes = of(&["--score", "again", "--metric", "yes", "--yes", "yes", "--by", "shop"]);
    near(&yes["groups"][0]["estimate"], 4.0 / 7.0, 1e-9);
    near(&yes["groups"][1]["estimate"], 0.5, 1e-9);
    assert_eq!(yes["groups"][1]["by"]["shop"], "y");
    let drawn = of(&["--score", "csat", "--metric", "mean", "--interval", "bootstrap", "--bootstrap", "200"]);
    assert_eq!(drawn["groups"][0]["interval"], "bootstrap");
}

#[test]
fn items_go_together_and_move_over_time() {
    let folder = folder();
    let mut table = "nps,csat,when,who\n".to_owned();
    for (at, nps) in [10, 9, 3, 8, 10, 10, 2, 9].into_iter().enumerate() {
        let _ = writeln!(table, "{nps},{},2026-{:02}-15,c{}", 5 - at % 3, 1 + at / 2, at % 4);
    }
    write(folder.path(), "t.csv", &table);
    let base = ["nps", "--data", "t.csv", "--score", "nps"];
    let of =
        |arguments: &[&str]| json(&advocate(folder.path(), &[&base[..], &["--format", "json"], arguments].concat()));
    let own = of(&["--correlate", "csat"]);
    // numpy.corrcoef([10, 9, 3, 8, 10, 10, 2, 9], [5, 4, 3, 5, 4, 3, 5, 4])[0, 1]
    near(&own["correlations"][0]["correlation"], -0.032_933_960_507_301_82, 1e-9);
    assert_eq!(own["correlations"][0]["interval"], "fisher-z");
    assert_eq!(own["groups"][0]["n"], 8);
    // Sixty days to 15 April: from 15 February on, thirty days before it from 16 January. By month: + +, - 0, + +, - +.
    let own = of(&["--time", "when", "--window", "60", "--step", "30"]);
    let windows = own["windows"].as_array().expect("windows");
    let last = windows.last().expect("a window");
    assert_eq!(
        (last["from"].as_str(), last["to"].as_str(), last["n"].as_u64()),
        (Some("2026-02-15"), Some("2026-04-15"), Some(6))
    );
    near(&last["estimate"], 100.0 / 6.0, 1e-9);
    assert_eq!(windows.len(), 2);
    let earlier = &windows[0];
    // 16 January to 16 March: February and March.
    assert_eq!((earlier["from"].as_str(), earlier["n"].as_u64()), (Some("2026-01-16"), Some(4)));
    near(&earlier["estimate"], 25.0, 1e-9);
    // The last answer of each of the four: of March and April.
    let own = of(&["--time", "when", "--window", "90", "--step", "90", "--several", "latest", "--cluster", "who"]);
    assert_eq!(own["windows"][0]["n"], 4);
    near(&own["windows"][0]["estimate"], 50.0, 1e-9);
    let text = stdout(&advocate(folder.path(), &[&base[..], &["--correlate", "csat"]].concat()));
    assert!(text.contains("promoters") && text.contains("correlation"), "{text}");
}

#[test]
fn windows_and_correlations_are_of_each_group() {
    let folder = folder();
    // Shop x: csat 1, 2, 3 with answers 2, 8, 10, which lie 4.67 below and 1.33 and 3.33 above their mean; y the other way round.
    let rows = [
        ("x", "2026-01-10", 2, "1"),
        ("x", "2026-02-10", 8, "2"),
        ("x", "2026-03-10", 10, "3"),
        ("x", "2026-03-10", 9, ""),
        ("y", "2026-02-20", 2, "3"),
        ("y", "2026-03-01", 8, "2"),
        ("y", "2026-03-02", 10, "1"),
        ("", "2026-03-03", 3, "2"),
    ];
    let mut table = "shop,when,score,csat\n".to_owned();
    for (shop, when, answer, csat) in rows {
        let _ = writeln!(table, "{shop},{when},{answer},{csat}");
    }
    write(folder.path(), "t.csv", &table);
    let base = ["nps", "--data", "t.csv", "--score", "score", "--by", "shop"];
    let more = ["--correlate", "csat", "--time", "when", "--window", "30", "--step", "30"];
    for metric in [&[][..], &["--metric", "mean"]] {
        let answer = json(&advocate(folder.path(), &[&base[..], &more, metric, &["--format", "json"]].concat()));
        // By hand: 8 / sqrt(2 * 104 / 3).
        let want = 8.0 / (2.0_f64 * 104.0 / 3.0).sqrt();
        let correlations = answer["correlations"].as_array().expect("rows");
        assert_eq!(correlations.len(), 3);
        // The blank shop comes first and has one answer, of which nothing goes with anything.
        assert!(correlations[0]["by"]["shop"].is_null() && correlations[0]["correlation"].is_null(), "{answer}");
        for (row, shop, want) in [(1, "x", want), (2, "y", -want)] {
            assert_eq!((&correlations[row]["by"]["shop"], &correlations[row]["n"]), (&shop.into(), &3.into()));
            near(&correlations[row]["correlation"], want, 1e-12);
        }
        // Windows end with 10 March whatever the last answer of a shop: 9 February to 10 March, and the 30 days before.
        let windows = answer["windows"].as_array().expect("rows");
        let of = |shop: serde_json::Value| -> Vec<(&str, u64)> {
            let own = windows.iter().filter(|row| row["by"]["shop"] == shop);
            own.map(|row| (row["to"].as_str().expect("a day"), row["n"].as_u64().expect("a count"))).collect()
        };
        assert_eq!(of("x".into()), [("2026-02-08", 1), ("2026-03-10", 3)]);
        assert_eq!(of("y".into()), [("2026-02-08", 0), ("2026-03-10", 3)]);
        assert_eq!(of(serde_json::Value::Null), [("2026-02-08", 0), ("2026-03-10", 1)]);
        let last = windows.iter().rfind(|row| row["by"]["shop"] == "x").expect("a window");
        near(&last["estimate"], if metric.is_empty() { 200.0 / 3.0 } else { 9.0 }, 1e-9);
    }
    // A group by itself is the same as that group among all, but for its windows.
    let one: String =
        table.lines().filter(|line| !line.starts_with(['y', ','])).map(|line| format!("{line}\n")).collect();
    write(folder.path(), "x.csv", &one);
    let alone = ["nps", "--data", "x.csv", "--score", "score", "--correlate", "csat", "--format", "json"];
    let alone = json(&advocate(folder.path(), &alone));
    let all = json(&advocate(folder.path(), &[&base[..], &["--correlate", "csat", "--format", "json"]].concat()));
    for column in ["one", "other", "n", "correlation", "conf_low", "conf_high"] {
        assert_eq!(alone["correlations"][0][column], all["correlations"][1][column], "{column}");
    }
    let text = stdout(&advocate(folder.path(), &[&base[..], &more].concat()));
    assert!(text.contains("correlation") && text.contains("(blank)") && text.contains("2026-02-08"), "{text}");
}

#[test]
fn what_does_not_fit_an_item_is_wrong_usage() {
    let folder = folder();
    write(folder.path(), "t.csv", "csat,shop,when\n5,x,2026-01-01\n3,y,2026-02-01\n");
    for (arguments, said) in [
        (&["--metric", "top-box", "--scale", "1-5"][..], "needs --from"),
        (&["--metric", "top-box", "--scale", "1-5", "--from", "1"], "holds every answer"),
        (&["--metric", "top-box", "--scale", "1-5", "--from", "7"], "must be"),
        (&["--metric", "net-box", "--scale", "1-5", "--from", "2", "--to", "4"], "must be"),
        (&["--metric", "mean", "--from", "3"], "--from says nothing"),
        (&["--metric", "yes"], "needs --yes"),
        (&["--metric", "mean", "--interval", "wilson"], "a wilson interval cannot be had for a mean"),
        (&["--interval", "student-t"], "a student-t interval cannot be had for a net score"),
        (&["--metric", "mean", "--benchmark", "3"], "--benchmark is a Net Promoter Score"),
        (&["--scale", "5-1"], "lowest and the highest"),
        (&["--correlate", "csat", "--suppress-below", "5"], "protects no windows or correlations"),
        (&["--window", "30"], "--time"),
        (&["--time", "when", "--window", "30", "--several", "latest"], "name their column by --cluster"),
        (&["--time", "when", "--window", "0"], "at least 1 day"),
    ] {
        let output = advocate(folder.path(), &[&["nps", "--data", "t.csv", "--score", "csat"][..], arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(said), "{arguments:?}: {}", stderr(&output));
    }
    // An answer off its scale is a fault of the data.
    let arguments = ["nps", "--data", "t.csv", "--score", "csat", "--metric", "mean", "--scale", "1-4"];
    let output = advocate(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("5 is no answer on the 1-4 scale"), "{}", stderr(&output));
}

#[test]
fn nps_of_small_groups_is_hidden() {
    let folder = folder();
    write(folder.path(), "t.csv", &(answers() + "9,phone,1\n9,phone,1\n9,phone,1\n"));
    let arguments = ["nps", "--data", "t.csv", "--score", "score", "--by", "channel", "--suppress-below", "5"];
    let answer = json(&advocate(folder.path(), &[&arguments[..], &["--format", "json"]].concat()));
    // The three of phone need one of the two others beside them.
    let shown: Vec<_> =
        answer["groups"].as_array().expect("groups").iter().map(|group| &group["by"]["channel"]).collect();
    assert_eq!(shown, ["web"]);
    assert_eq!(answer["findings"][0]["kind"], "small_base");
}

#[test]
fn a_group_of_one_customer_has_a_score_and_no_error() {
    let folder = folder();
    write(folder.path(), "t.csv", "who,channel,score\na,app,10\na,app,3\na,app,9\nb,store,2\nc,store,9\n");
    let arguments = ["nps", "--data", "t.csv", "--score", "score", "--by", "channel", "--cluster", "who", "--format"];
    let answer = json(&advocate(folder.path(), &[&arguments[..], &["json"]].concat()));
    // Two promoters and a detractor among three; how customers differ, one alone does not tell.
    near(&answer["groups"][0]["nps"], 100.0 / 3.0, 1e-9);
    assert!(answer["groups"][0]["std_error"].is_null() && answer["groups"][0]["conf_low"].is_null(), "{answer}");
    assert!(answer["groups"][1]["std_error"].is_number(), "{answer}");
    let sentence = answer["findings"][0]["sentence"].as_str().expect("a sentence");
    assert!(sentence.starts_with("the score of the group channel = app has no error"), "{sentence}");
    let text = stdout(&advocate(folder.path(), &[&arguments[..], &["text"]].concat()));
    assert!(!text.contains("NaN"), "{text}");
}

#[test]
fn a_bad_weight_names_its_own_column() {
    let folder = folder();
    write(folder.path(), "t.csv", "score,w\n10,1\n3,-2\n");
    let output = advocate(folder.path(), &["nps", "--data", "t.csv", "--score", "score", "--weights", "w"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("line 3, column `w`"), "{}", stderr(&output));
}

#[test]
fn answers_that_leave_out_an_end_of_the_scale_are_questioned() {
    let folder = folder();
    for (cycle, n, said) in [
        (vec![0, 1, 1], 30, Some("answered by yes or no")),
        (vec![1, 2, 3, 4, 5], 200, Some("none of 200 answers is above 5")),
        (vec![1, 5, 10], 201, Some("none of 201 answers is 0")),
        (vec![0, 5, 10], 201, None),
        (vec![1, 2, 3, 4, 5], 49, None),
    ] {
        let answers: String = cycle.iter().cycle().take(n).map(|answer| format!("{answer}\n")).collect();
        write(folder.path(), "t.csv", &format!("score\n{answers}"));
        let answer =
            json(&advocate(folder.path(), &["nps", "--data", "t.csv", "--score", "score", "--format", "json"]));
        let sentences: Vec<&str> =
            answer["findings"].as_array().expect("a list").iter().filter_map(|own| own["sentence"].as_str()).collect();
        match said {
            Some(said) => assert!(sentences.iter().any(|own| own.contains(said)), "{cycle:?}: {sentences:?}"),
            None => assert!(sentences.is_empty(), "{cycle:?}: {sentences:?}"),
        }
    }
}

#[test]
fn an_item_from_one_to_ten_is_no_nps() {
    let folder = folder();
    write(folder.path(), "t.csv", &answers());
    let output = advocate(folder.path(), &["nps", "--data", "t.csv", "--score", "score", "--scale", "1-10"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("needs the 0-10 scale and this one is 1-10"), "{}", stderr(&output));
    // Many answers without a 0 are worth a question, and no more than that.
    write(folder.path(), "t.csv", &format!("score\n{}", "9\n".repeat(200)));
    let output = advocate(folder.path(), &["nps", "--data", "t.csv", "--score", "score"]);
    assert!(output.status.success() && stderr(&output).contains("none of 200 answers is 0"), "{}", stderr(&output));
}

#[test]
fn a_survey_is_planned() {
    let folder = folder();
    let n = |arguments: &[&str]| {
        let all = [&["nps", "plan", "--format", "json"][..], arguments].concat();
        json(&advocate(folder.path(), &all))["n"].as_u64()
    };
    assert_eq!(n(&["--half-width", "5", "--variance", "1"]), Some(1537));
    // Figures of a published program: 80 % promoters, 15 % detractors, 10 points either way; of 250 customers.
    let shares = ["--detractors", "0.15", "--promoters", "0.8", "--half-width", "10"];
    assert_eq!(n(&shares), Some(203));
    assert_eq!(n(&[&shares[..], &["--population", "250"]].concat()), Some(112));
    // 2 * 0.61 * ((1.959964 + 0.841621) / 0.1)^2 = 957.6
    let two = ["--detractors", "0.2", "--promoters", "0.5", "--change", "10", "--two-sample"];
    assert_eq!(n(&two), Some(958));
    let output = advocate(folder.path(), &["nps", "plan", "--change", "10", "--power", "0.2"]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert_eq!(advocate(folder.path(), &["nps", "plan"]).status.code(), Some(2));
}
