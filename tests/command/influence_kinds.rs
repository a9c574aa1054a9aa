//! Referrals, invitations with and without success, and friendships in one source, by hand.

use super::influence::{family, talkers};
use super::studies::{Row, number, rows};
use super::{advocate, folder, stderr, write};
use std::fmt::Write as _;
use std::path::Path;

const KINDS: &str = "kind = \"what\"\nkinds = { brought = \"referral\", joined = \"invitation\", friends = \"friendship\", asked = \"declined\" }\n";

fn run(folder: &Path, study: &str) {
    let output = advocate(folder, &["run", &format!("{study}.toml"), "--quiet"]);
    assert!(output.status.success(), "{}", stderr(&output));
}

fn row<'a>(rows: &'a [Row], column: &str, value: &str) -> &'a Row {
    rows.iter().find(|row| row[column] == value).expect("a row of that name")
}

fn close(got: f64, want: f64) {
    assert!((got - want).abs() < 1e-9, "{got} {want}");
}

/// Rewrites a study: more keys for its referrals, and other words of it.
fn rewrite(folder: &Path, study: &str, more: &str, others: &[(&str, &str)]) {
    let path = folder.join(format!("{study}.toml"));
    let mut text = std::fs::read_to_string(&path).expect("written");
    text = text.replace(referrals!(), &format!("{}{more}", referrals!()));
    for (from, to) in others {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    write(folder, &format!("{study}.toml"), &text);
}

/// Ann brought Bob; Bob and Cid are friends; Cid invited Eve, who came, and Dan, who did not.
fn mixed_family(folder: &Path) {
    family(folder);
    write(
        folder,
        "referrals.csv",
        "by,of,when,what,how_much\nann,bob,2025-01-10T00:00:00Z,brought,3\nbob,cid,2025-02-10T00:00:00Z,friends,1\n\
         cid,eve,2025-03-10T00:00:00Z,joined,1\ncid,dan,2025-04-10T00:00:00Z,asked,1\n",
    );
}

#[test]
fn friendships_lead_both_ways_and_what_was_declined_nowhere() {
    let folder = folder();
    mixed_family(folder.path());
    rewrite(folder.path(), "family", KINDS, &[("probability = 1.0", "probability = 0.5")]);
    run(folder.path(), "family");
    let influence = rows(folder.path(), "family", "influence");
    let of = |who: &str, column: &str| number(row(&influence, "customer", who), column);
    // Along ann > bob <> cid > eve, each with one half: 1 + 1/2 + 1/4 + 1/8, 1 + 1/2 + 1/4, 1 + 1/2 + 1/2. Dan stands alone.
    for (who, reach) in [("ann", 1.875), ("bob", 1.75), ("cid", 2.0), ("eve", 1.0), ("dan", 1.0)] {
        close(of(who, "reach"), reach);
        assert_eq!(row(&influence, "customer", who)["exact"], "true");
    }
    // Who brought whom knows nothing of friends: Bob brought nobody, and below Ann there is one generation.
    for (who, made, below) in [("ann", 1.0, 1.0), ("bob", 0.0, 0.0), ("cid", 1.0, 1.0)] {
        close(of(who, "n_referrals"), made);
        close(of(who, "out_degree"), made);
        close(of(who, "n_generations"), below);
    }
    // Of a path of three ties everybody is in the 1-core, Dan in none.
    close(of("bob", "k_core"), 1.0);
    close(of("dan", "k_core"), 0.0);
    // What was bought is owed to who brought or invited, not to friends: Cid was brought by nobody.
    let values = rows(folder.path(), "family", "referral_value");
    let brought = |who: &str| number(row(&values, "customer", who), "n_brought");
    for (who, n) in [("ann", 1.0), ("bob", 0.0), ("cid", 1.0), ("dan", 0.0)] {
        close(brought(who), n);
    }
    // Bob's orders since January 10th, and Eve's.
    close(number(row(&values, "customer", "ann"), "revenue_brought"), 20.0 + 30.0);
    close(number(row(&values, "customer", "cid"), "revenue_brought"), 80.0);
    let rules = rows(folder.path(), "family", "referral_rules");
    for (rule, n, treatment) in [("declined", 1.0, "left_out"), ("friendship", 1.0, "kept"), ("repeat", 0.0, "kept")] {
        let own = row(&rules, "rule", rule);
        close(number(own, "n_referrals"), n);
        assert_eq!(own["treatment"], treatment);
    }
    let findings = rows(folder.path(), "family", "findings");
    let said = "1 of 4 rows of the referrals are declined invitations, which make no edge: the word did not pass.";
    assert!(findings.iter().any(|row| row["sentence"] == said), "{findings:?}");
    let report = std::fs::read_to_string(folder.path().join("results/family/2026-12-31/report.html")).expect("written");
    assert!(report.contains("2 referrals and 1 friendship"), "the report says what the graph is made of");
}

/// Two brought Bob, with weights 3 and 1.
#[test]
fn page_rank_follows_the_weights() {
    let folder = folder();
    family(folder.path());
    write(
        folder.path(),
        "referrals.csv",
        "by,of,when,how_much\nann,bob,2025-01-10T00:00:00Z,3\ncid,bob,2025-01-11T00:00:00Z,\n",
    );
    rewrite(folder.path(), "family", "weight = \"how_much\"\n", &[]);
    run(folder.path(), "family");
    let influence = rows(folder.path(), "family", "influence");
    let rank = |who: &str| number(row(&influence, "customer", who), "page_rank");
    // Bob passes his rank on to Ann and Cid as 3 to 1 (blank counts as 1), who pass theirs to everybody alike. With damping d his
    // own is what everybody has at least, b, and the three sum to 1: 3 b + d b = 1.
    let least = 1.0 / 3.85;
    for (who, want) in [("bob", least), ("ann", least * (1.0 + 0.85 * 0.75)), ("cid", least * (1.0 + 0.85 * 0.25))] {
        assert!((rank(who) - want).abs() < 1e-7, "{who}: {} {want}", rank(who));
    }
    write(
        folder.path(),
        "referrals.csv",
        "by,of,when,how_much\nann,bob,2025-01-10T00:00:00Z,3\ncid,bob,2025-01-11T00:00:00Z,-1\n",
    );
    run(folder.path(), "family");
    let aside = std::fs::read_to_string(folder.path().join("results/family/2026-12-31/quarantine/referrals.csv"));
    let aside = aside.expect("written");
    assert!(aside.contains("out_of_range") && aside.contains("how_much") && aside.contains("-1"), "{aside}");
}

#[test]
fn other_kinds_are_put_aside_with_file_line_column_and_value() {
    let folder = folder();
    mixed_family(folder.path());
    let referrals = std::fs::read_to_string(folder.path().join("referrals.csv")).expect("written");
    write(
        folder.path(),
        "referrals.csv",
        &format!("{referrals}eve,dan,2025-05-10T00:00:00Z,follows,1\neve,bob,2025-05-10T00:00:00Z,,1\n"),
    );
    rewrite(folder.path(), "family", KINDS, &[]);
    run(folder.path(), "family");
    let path = folder.path().join("results/family/2026-12-31/quarantine/referrals.csv");
    let mut reader = csv::Reader::from_path(path).expect("written");
    let aside: Vec<Row> = reader.deserialize().collect::<Result<_, _>>().expect("rows");
    assert_eq!(aside.len(), 2, "{aside:?}");
    for (own, line, reason) in [(&aside[0], "6", "not_allowed"), (&aside[1], "7", "blank")] {
        assert_eq!((own["line"].as_str(), own["reason"].as_str(), own["column"].as_str()), (line, reason, "what"));
        assert!(own["file"].ends_with("referrals.csv"), "{own:?}");
    }
    assert!(aside[0]["raw"].contains("follows"), "{aside:?}");
    // The words of the flat form need no table of their own.
    write(folder.path(), "referrals.csv", "by,of,when,what\nann,bob,2025-01-10T00:00:00Z,friendship\n");
    rewrite(folder.path(), "family", "", &[(KINDS, "kind = \"what\"\n")]);
    run(folder.path(), "family");
    let influence = rows(folder.path(), "family", "influence");
    assert!(influence.iter().all(|row| row["n_referrals"] == "0" && row["reach"] == "2"), "{influence:?}");
}

#[test]
fn only_who_was_brought_counts_as_a_later_referral() {
    let folder = folder();
    talkers(folder.path());
    run(folder.path(), "talkers");
    let plain = |folder: &Path| {
        let ablation = rows(folder, "talkers", "ablation");
        let own = ablation.iter().find(|row| row["contender"] == "plain" && row["inputs"] == "referrals");
        let own = own.expect("a plain count competes");
        ["roc_auc", "n_customers", "n_referrers"].map(|column| own[column].clone())
    };
    let before = plain(folder.path());
    // Friends and declined invitations between customers who are known already, before the cuts and after them.
    let referrals = std::fs::read_to_string(folder.path().join("referrals.csv")).expect("written");
    let mut mixed = String::new();
    for (at, line) in referrals.lines().enumerate() {
        let _ = writeln!(mixed, "{line},{}", if at == 0 { "what" } else { ["brought", "joined"][at % 2] });
    }
    for at in 0..30 {
        for (day, what) in [("2026-04-01", "friends"), ("2026-07-20", "friends"), ("2026-11-20", "asked")] {
            let _ = writeln!(mixed, "q{at},a{},{day}T00:00:00Z,{what}", (at + day.len() + what.len()) % 30);
        }
    }
    write(folder.path(), "referrals.csv", &mixed);
    rewrite(folder.path(), "talkers", KINDS, &[]);
    run(folder.path(), "talkers");
    assert_eq!(before, plain(folder.path()));
    // The network has the friends all the same.
    let influence = rows(folder.path(), "talkers", "influence");
    assert!(number(row(&influence, "customer", "q1"), "reach") > 2.0);
}

#[test]
fn an_invitation_that_was_declined_is_a_trial_that_failed() {
    let folder = folder();
    family(folder.path());
    // 40 who referred one each, of whom 16 bought within the days; 24 more invitations that were declined, one of them to somebody
    // who bought all the same; and two friends.
    let mut referrals = "by,of,when,what\n".to_owned();
    let mut orders = "who,when,amount\n".to_owned();
    for at in 0..40 {
        let _ = writeln!(referrals, "r{at},n{at},2025-01-{:02}T00:00:00Z,brought", 1 + at % 28);
        if at % 5 < 2 {
            let _ = writeln!(orders, "n{at},2025-02-{:02}T00:00:00Z,10", 1 + at % 28);
        }
    }
    for at in 0..24 {
        let _ = writeln!(referrals, "r{at},d{at},2025-01-{:02}T00:00:00Z,asked", 1 + at % 28);
    }
    orders.push_str("d3,2025-01-20T00:00:00Z,10\n");
    referrals.push_str("f1,f2,2025-01-05T00:00:00Z,friends\n");
    write(folder.path(), "referrals.csv", &referrals);
    write(folder.path(), "orders.csv", &orders);
    rewrite(folder.path(), "family", KINDS, &[("probability = 1.0", "probability = \"constant\"")]);
    run(folder.path(), "family");
    let influence = rows(folder.path(), "family", "influence");
    // 16 of 64 trials; friends pass the word on as it passes on average.
    for who in ["r0", "r39", "f1", "f2"] {
        let reach = number(row(&influence, "customer", who), "reach");
        assert!((reach - 1.25).abs() < 1e-9, "{who}: {reach}");
    }
}
