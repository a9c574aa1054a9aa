//! `advocate influence` over a study alone, and over lists of edges of other kinds.

use super::influence::{family, talkers};
use super::studies::{number, rows};
use super::{advocate, folder, json, near, stderr, stdout, write};
use serde_json::Value;
use std::path::Path;

#[test]
fn a_study_alone_says_what_its_run_writes() {
    let folder = folder();
    family(folder.path());
    let output = advocate(folder.path(), &["run", "family.toml", "--quiet"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let written = folder.path().join("results/family/2026-12-31/tables");
    for table in
        ["influence", "referral_rules", "signed_reach", "seeds", "seed_plan", "referral_value", "word_of_mouth"]
    {
        let printed = advocate(folder.path(), &["influence", "family.toml", "--format", "csv", "--table", table]);
        assert!(printed.status.success(), "{table}: {}", stderr(&printed));
        let file = std::fs::read_to_string(written.join(format!("{table}.csv"))).expect("written by the run");
        assert_eq!(stdout(&printed), file, "{table}");
    }
    let answer = json(&advocate(folder.path(), &["influence", "family.toml", "--format", "json"]));
    assert_eq!((&answer["study"], &answer["as_of"]), (&Value::from("family"), &Value::from("2026-12-31")));
    near(&answer["n_customers"], 5.0, 0.0);
    near(&answer["n_exact"], 5.0, 0.0);
    let customers = answer["tables"]["influence"].as_array().expect("rows");
    let ann = customers.iter().find(|own| own["customer"] == "ann").expect("ann");
    near(&ann["reach"], 5.0, 1e-12);
    assert_eq!(answer["tables"]["seeds"][0]["customer"], "bob");
    let said = answer["findings"].as_array().expect("findings");
    // Bob costs 2 of 4.9, and nobody else less than 3.
    let unused = said.iter().find(|own| own["kind"] == "places_unused").expect("two places of three");
    assert!(unused["sentence"].as_str().expect("a sentence").starts_with("2 of 3 places are not used"), "{unused}");
    let text = advocate(folder.path(), &["influence", "family.toml"]);
    assert!(stdout(&text).starts_with("customer") && stdout(&text).contains("guarantee"), "{}", stdout(&text));
    assert!(stderr(&text).contains("2 of 3 places are not used"), "{}", stderr(&text));
}

#[test]
fn a_study_and_edges_are_not_asked_for_at_once() {
    let folder = folder();
    family(folder.path());
    write(folder.path(), "e.csv", "a,b\nn1,n2\n");
    for arguments in [
        &["influence"][..],
        &["influence", "family.toml", "--edges", "e.csv", "--from", "a", "--to", "b", "--uniform", "0.5"],
        &["influence", "family.toml", "--uniform", "0.5"],
        &["influence", "family.toml", "--seeds", "3"],
        &["influence", "--edges", "e.csv", "--from", "a", "--to", "b"],
        &["influence", "--edges", "e.csv", "--from", "a", "--to", "b", "--uniform", "0.5", "--table", "seeds"],
        &["influence", "family.toml", "--format", "csv", "--table", "nothing"],
    ] {
        let output = advocate(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
    }
}

fn replace(folder: &Path, from: &str, to: &str) {
    let study = std::fs::read_to_string(folder.join("family.toml")).expect("written");
    assert!(study.contains(from), "{study}");
    write(folder, "family.toml", &study.replace(from, to));
}

#[test]
fn referrals_to_oneself_only_are_told_by_their_number() {
    let folder = folder();
    family(folder.path());
    write(folder.path(), "referrals.csv", "by,of,when\nann,ann,2025-01-10T00:00:00Z\nbob,bob,2025-01-10T00:00:00Z\n");
    // A source of which nothing is left stops a run unless its contract says otherwise.
    replace(folder.path(), "[drivers]", "[sources.referrals.contract]\nquarantine_max = 1\n[drivers]");
    let output = advocate(folder.path(), &["run", "family.toml", "--quiet"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let findings = rows(folder.path(), "family", "findings");
    let said =
        "All referrals (2) are from somebody to the same person and were put aside, so nothing is said of influence";
    assert!(findings.iter().any(|row| row["sentence"].starts_with(said)), "{findings:?}");
    let output = advocate(folder.path(), &["influence", "family.toml"]);
    assert_eq!(output.status.code(), Some(4));
    assert!(stderr(&output).contains(said), "{}", stderr(&output));
    // Two of them and one that is too late.
    write(
        folder.path(),
        "referrals.csv",
        "by,of,when\nann,ann,2025-01-10T00:00:00Z\nbob,bob,2025-01-10T00:00:00Z\nann,bob,2027-01-10T00:00:00Z\n",
    );
    let output = advocate(folder.path(), &["influence", "family.toml"]);
    assert!(stderr(&output).contains("No referral of 3 could be used (self_referral: 2"), "{}", stderr(&output));
}

#[test]
fn everybody_who_is_reached_already_is_left_out_of_the_plan() {
    let folder = folder();
    family(folder.path());
    // Ann reaches all others for certain.
    replace(folder.path(), "budget = 4.9\ncost = \"price\"\nexclude = \"opted_out\"\n", "");
    let output = advocate(folder.path(), &["run", "family.toml", "--quiet"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let seeds = rows(folder.path(), "family", "seeds");
    assert_eq!(seeds.iter().map(|row| row["customer"].as_str()).collect::<Vec<_>>(), ["ann"]);
    let plan = rows(folder.path(), "family", "seed_plan");
    assert_eq!((&plan[0]["choice"], &plan[0]["reach_se"]), (&"plan".to_owned(), &seeds[0]["reach_se"]));
    let findings = rows(folder.path(), "family", "findings");
    let said = "2 of 3 places are not used: nobody else who may be invited adds anything";
    assert!(findings.iter().any(|row| row["kind"] == "places_unused" && row["sentence"].starts_with(said)));
    let report = std::fs::read_to_string(folder.path().join("results/family/2026-12-31/report.html")).expect("written");
    // A family is a tree: what the plan reaches is exact.
    assert_eq!(plan[0]["reach_se"], "0");
    assert!(!report.contains("± its standard error") && report.contains("fewer chosen than asked for"));
}

/// `advocate influence` over `e.csv` with these further arguments.
fn asked(folder: &Path, more: &[&str]) -> std::process::Output {
    let base = ["influence", "--edges", "e.csv", "--from", "by", "--to", "of"];
    advocate(folder, &[&base[..], more].concat())
}

fn of<'a>(answer: &'a Value, name: &str) -> &'a Value {
    let nodes = answer["nodes"].as_array().expect("a list");
    nodes.iter().find(|own| own["node"] == name).expect("the node")
}

#[test]
fn friendships_lead_both_ways_and_declined_invitations_nowhere() {
    let folder = folder();
    write(
        folder.path(),
        "e.csv",
        "by,of,what\nann,bob,friendship\nbob,cid,Referral\ncid,dan,declined\ndan,eve,invitation\n",
    );
    let kinds = json(&asked(folder.path(), &["--uniform", "0.5", "--kind", "what", "--format", "json"]));
    // Ann, Bob with 1/2, Cid with 1/4; from Bob both with 1/2; nobody from Cid.
    for (name, reach) in [("ann", 1.75), ("bob", 2.0), ("cid", 1.0), ("dan", 1.5), ("eve", 1.0)] {
        near(&of(&kinds, name)["reach"], reach, 1e-12);
    }
    near(&kinds["exact_share"], 1.0, 0.0);
    assert!(kinds["findings"][0]["sentence"].as_str().expect("a sentence").starts_with("1 of 4 rows are declined"));
    let both = json(&asked(folder.path(), &["--uniform", "0.5", "--undirected", "--format", "json"]));
    // A path of five.
    for (name, reach) in [("ann", 1.9375), ("bob", 2.375), ("cid", 2.5), ("eve", 1.9375)] {
        near(&of(&both, name)["reach"], reach, 1e-12);
    }
    write(folder.path(), "e.csv", "by,of,what\nann,bob,friendship\nbob,cid,foe\n");
    let refused = asked(folder.path(), &["--uniform", "0.5", "--kind", "what"]);
    assert_eq!(refused.status.code(), Some(3));
    assert!(stderr(&refused).contains("line 3, column `what`: `foe` is no kind of edge"), "{}", stderr(&refused));
    write(folder.path(), "e.csv", "by,of,what,p\nann,bob,friendship,0.5\nbob,cid,friendship,5\n");
    let refused = asked(folder.path(), &["--probability", "p", "--kind", "what"]);
    assert!(stderr(&refused).contains("line 3, column `p`: probability 5 is outside"), "{}", stderr(&refused));
    write(folder.path(), "e.csv", "by,of,what\nann,bob,declined\n");
    let refused = asked(folder.path(), &["--uniform", "0.5", "--kind", "what"]);
    assert!(stderr(&refused).contains("nothing but declined invitations (1)"), "{}", stderr(&refused));
}

#[test]
fn edges_from_somebody_to_the_same_person_only_are_told_under_both_models() {
    let folder = folder();
    write(folder.path(), "e.csv", "by,of\nann,ann\nbob,bob\n");
    for model in ["cascade", "threshold"] {
        for format in ["text", "csv"] {
            let output = asked(folder.path(), &["--uniform", "0.5", "--model", model, "--format", format]);
            assert!(output.status.success(), "{}", stderr(&output));
            let said = "2 edges lead from a customer back to the same customer and cannot change who is reached; the graph leaves \
                        them out. There are no others";
            assert!(stderr(&output).contains(said), "{model}: {}", stderr(&output));
        }
    }
}
/// networkx 3 `pagerank` (tolerance 1e-15) on the twelve edges of `measures_agree_with_networkx`, with weights, with restarts
/// (`personalization`), and on the graph without directions.
#[test]
fn page_rank_by_weight_damping_and_restart_agrees_with_networkx() {
    let folder = folder();
    let edges = "ann bob 1;ann cid 2;bob cid 3;bob dan 1;cid dan 1;dan eve 4;eve ann 1;fay cid 2;fay dan 2;gus fay 1;gus cid 5;\
                 eve hal 3";
    write(folder.path(), "e.csv", &format!("by,of,w\n{}\n", edges.replace(' ', ",").replace(';', "\n")));
    let names = ["ann", "bob", "cid", "dan", "eve", "fay", "gus", "hal"];
    for (more, want) in [
        (
            &["--weight", "w", "--damping", "0.9"][..],
            [
                0.083_741_110_623,
                0.058_397_945_297,
                0.165_115_729_909,
                0.212_239_435_988,
                0.224_291_104_499,
                0.038_266_953_927,
                0.033_275_612_11,
                0.184_672_107_647,
            ],
        ),
        (
            &["--restart", "gus,eve"],
            [
                0.109_919_686_531,
                0.046_715_866_776,
                0.140_284_281_971,
                0.161_080_811_492,
                0.258_634_556_544,
                0.051_729_243_38,
                0.121_715_866_776,
                0.109_919_686_531,
            ],
        ),
        (
            &["--restart", "gus,eve", "--weight", "w", "--damping", "0.7"],
            [
                0.050_092_727_566,
                0.011_688_303_099,
                0.155_967_486_653,
                0.119_495_419_394,
                0.286_244_157_52,
                0.023_636_359_127,
                0.202_597_363_944,
                0.150_278_182_698,
            ],
        ),
        (
            &["--undirected"],
            [
                0.124_533_331_903,
                0.120_697_703_371,
                0.193_247_732_04,
                0.159_111_270_046,
                0.136_706_593_533,
                0.122_039_781_682,
                0.086_180_052_59,
                0.057_483_534_834,
            ],
        ),
    ] {
        let base = ["--uniform", "0.5", "--measures", "pagerank", "--format", "json"];
        let answer = json(&asked(folder.path(), &[&base[..], more].concat()));
        for (name, want) in names.into_iter().zip(want) {
            near(&of(&answer, name)["page_rank"], want, 1e-8);
        }
    }
    let refused = asked(folder.path(), &["--uniform", "0.5", "--measures", "pagerank", "--restart", "zoe"]);
    assert!(refused.status.code() == Some(2) && stderr(&refused).contains("`zoe`, which is no node"));
    let refused = asked(folder.path(), &["--uniform", "0.5", "--weight", "w"]);
    assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
}

#[test]
fn seeds_have_errors_and_rivals_and_a_model() {
    let folder = folder();
    write(folder.path(), "e.csv", "by,of\nann,cid\nbob,cid\n");
    let asked =
        |more: &[&str]| json(&asked(folder.path(), &[&["--uniform", "0.5", "--format", "json"][..], more].concat()));
    let answer = asked(&["--seeds", "3", "--bound"]);
    // Both bring Cid with 1/2: 1.5, then 1.25, then the quarter that neither brings.
    // The first alone and all three are known exactly.
    for (place, (reach, is_exact)) in [(1.5, true), (2.75, false), (3.0, true)].into_iter().enumerate() {
        let own = &answer["seeds"][place];
        let std_error = own["reach_se"].as_f64().expect("a standard error");
        assert_eq!(std_error <= 0.0, is_exact, "{own}");
        near(&own["reach"], reach, 5.0 * std_error + 1e-12);
    }
    let rivals = answer["bound"]["rivals"].as_array().expect("rivals");
    assert_eq!(
        rivals.iter().map(|own| own["choice"].as_str()).collect::<Vec<_>>(),
        [Some("top_by_count"), Some("random")]
    );
    near(&rivals[0]["reach"], 3.0, 1e-12);
    // Under thresholds Cid follows the two for certain.
    let answer = asked(&["--seeds", "3", "--model", "threshold"]);
    assert_eq!((answer["seeds"].as_array().map(Vec::len), answer.get("bound")), (Some(2), None));
    let findings = answer["findings"].as_array().expect("findings");
    assert!(findings.iter().any(|own| own["kind"] == "places_unused"), "{findings:?}");
}

/// Forty who brought one each, who brought one each some days later; and one more on the last day.
fn dated_edges(folder: &Path) {
    let mut edges = "by,of,when\n".to_owned();
    for at in 0..40 {
        let first = 1 + at % 28;
        let days = 3 + at * 7 % 60;
        let second = first + days;
        // January has 31 days and February 28.
        let (month, day) = match second {
            1..=31 => (1, second),
            32..=59 => (2, second - 31),
            _ => (3, second - 59),
        };
        edges.push_str(&format!("r{at},a{at},2026-01-{first:02}\na{at},b{at},2026-{month:02}-{day:02}\n"));
    }
    edges.push_str("r0,z,2026-12-31\n");
    write(folder, "referrals.csv", &edges);
}

#[test]
fn edges_with_dates_tell_delays_as_a_study_does() {
    let folder = folder();
    talkers(folder.path());
    dated_edges(folder.path());
    let base =
        ["influence", "--edges", "referrals.csv", "--from", "by", "--to", "of", "--uniform", "0.5", "--format", "json"];
    let answer = json(&advocate(folder.path(), &[&base[..], &["--time", "when", "--within", "30,90"]].concat()));
    let delay = |key: &str| answer["delay"][key].as_f64().expect("a number");
    // Each a of 40 is a trial that passed, each b and z one that is open; nobody knows since when an r could have.
    assert_eq!((delay("n_trials"), delay("n_passed")), (81.0, 40.0));
    let node = |name: &str| {
        let nodes = answer["nodes"].as_array().expect("nodes");
        nodes.iter().find(|own| own["node"] == name).expect("there").clone()
    };
    // One edge with one half: by the distribution that was learned, P(within t) = 1 - exp(-(t / scale)^shape).
    let within = |days: f64| 1.0 - (-(days / delay("scale_days")).powf(delay("shape"))).exp();
    near(&node("a7")["reach_30d"], 1.0 + 0.5 * within(30.0), 1e-9);
    near(&node("a7")["reach_90d"], 1.0 + 0.5 * within(90.0), 1e-9);
    near(&node("a7")["reach_30d_se"], 0.0, 1e-12);
    assert!(node("b7")["mean_days"].is_null() && node("b7")["reach_90d"] == 1.0, "{}", node("b7"));
    // The same file in a study whose last day is that of the last edge.
    let study = std::fs::read_to_string(folder.path().join("talkers.toml")).expect("written");
    write(
        folder.path(),
        "talkers.toml",
        &study
            .replace("later_days = 100", "later_days = 0\nprobability = 0.5\nreach_days = [30, 90]")
            .replace("time = \"when\"\n[drivers]", "time = \"when\"\nzone = \"UTC\"\n[drivers]"),
    );
    let output = advocate(folder.path(), &["run", "talkers.toml", "--quiet"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let delays = rows(folder.path(), "talkers", "delays");
    for key in ["scale_days", "scale_days_se", "shape", "share", "share_se", "aic", "n_trials", "n_passed"] {
        near(&answer["delay"][key], number(&delays[0], key), 1e-9 * delay(key).abs());
    }
    let influence = rows(folder.path(), "talkers", "influence");
    for name in ["r0", "r9", "a9", "z"] {
        let own = influence.iter().find(|row| row["customer"] == name).expect("there");
        for column in ["reach_30d", "reach_90d"] {
            near(&node(name)[column], number(own, column), 1e-9);
        }
    }
    let text = advocate(folder.path(), &[&base[..9], &["--time", "when"]].concat());
    assert!(stderr(&text).contains("half of those who pass the word on do so within"), "{}", stderr(&text));
}

#[test]
fn dates_that_are_none_and_days_without_dates_are_refused() {
    let folder = folder();
    write(folder.path(), "e.csv", "a,b,t\nann,bob,2026-01-01\nbob,cid,soon\n");
    let base = ["influence", "--edges", "e.csv", "--from", "a", "--to", "b", "--uniform", "0.5"];
    for (more, code, said) in [
        (&["--time", "t"][..], 3, "`e.csv`, line 3, column `t`: `soon` is no date"),
        (&["--within", "30"], 2, "--time"),
        (&["--time", "t", "--within", "0"], 2, "--within"),
    ] {
        let output = advocate(folder.path(), &[&base[..], more].concat());
        assert_eq!(output.status.code(), Some(code), "{more:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(said), "{}", stderr(&output));
    }
    write(folder.path(), "e.csv", "a,b,t\nann,bob,2026-01-01\n");
    let output = advocate(folder.path(), &[&base[..], &["--time", "t", "--model", "threshold"]].concat());
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    let output = advocate(folder.path(), &[&base[..], &["--time", "t"]].concat());
    assert!(
        output.status.success() && stderr(&output).contains("How soon the word spreads is not told"),
        "{}",
        stderr(&output)
    );
}
