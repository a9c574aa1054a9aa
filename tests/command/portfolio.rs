//! What is reported beside the score: benchmark, those who answered twice, wording, windows that move, items, the share of
//! wallet, chances of answering by wave. Tiny companies with every figure by hand.

use super::studies::{self, assert_near, find, number, refused, rows};
use super::{folder, write};
use std::fmt::Write as _;
use std::path::Path;

fn run(folder: &Path, study: &str) -> String {
    studies::run(folder, &format!("bootstrap = 50\n{study}"))
}

/// Thirty answer in February: ten promoters, ten passives, ten detractors. In August the first twenty of them, all promoters
/// now, and twenty others: ten detractors and ten passives. The question was put in other words then.
fn two_waves() -> String {
    let mut feedback = "who,when,nps,wave,question,csat,renew,spent,category\n".to_owned();
    let mut add = |who: &str, date: &str, answer: u32, code: bool| {
        let (wave, question) = if date == "02" { ("first", "recommend us") } else { ("second", "recommend our app") };
        let is_promoter = answer > 8;
        let csat = if code {
            99
        } else if is_promoter {
            4
        } else {
            2
        };
        let (renew, spent) = if is_promoter { ("yes", 60) } else { ("no", 20) };
        let _ =
            writeln!(feedback, "{who},2026-{date}-10T12:00:00Z,{answer},{wave},{question},{csat},{renew},{spent},100");
    };
    for at in 0..30 {
        add(&format!("c{at}"), "02", [10, 8, 3][at / 10], false);
    }
    (0..20).for_each(|at| add(&format!("c{at}"), "08", 10, false));
    (0..20).for_each(|at| add(&format!("d{at}"), "08", [3, 8][at / 10], at >= 10));
    feedback
}

const TWO_WAVES: &str = concat!(
    feedback!("f.csv", "when"),
    r#"wave = "wave"
keep = ["question", "csat", "renew", "spent", "category"]
[measures]
by = ["wave"]
wording = "question"
benchmark = { nps = -20, n = 200, name = "the panel" }
rolling = { days = 100, step_days = 100 }
wallet = { own = "spent", category = "category" }
[[measures.items]]
column = "csat"
metric = "top-box"
scale = [1, 5]
from = 4
not_applicable = 99
[[measures.items]]
column = "csat"
metric = "net-box"
scale = [1, 5]
to = 2
from = 4
not_applicable = 99
[[measures.items]]
column = "renew"
metric = "yes"
yes = "yes"
"#
);

#[test]
fn what_is_named_beside_the_answers_is_reported_by_hand() {
    let folder = folder();
    write(folder.path(), "f.csv", &two_waves());
    let page = run(folder.path(), TWO_WAVES);

    // Thirty promoters and twenty detractors of seventy; in the second wave twenty and ten of forty.
    let benchmark = rows(folder.path(), "shot", "benchmark");
    for (wave, n, score) in [("", 70.0, 100.0 / 7.0), ("second", 40.0, 25.0)] {
        let row = find(&benchmark, &[("wave", wave)]);
        for (column, want) in [("n", n), ("nps", score), ("gap", score + 20.0), ("benchmark_n", 200.0)] {
            assert_near(row, column, want);
        }
        assert!(row["p_value"].parse::<f64>().expect("a number") < 0.01 && row["benchmark"] == "the panel");
    }
    assert!(
        page.contains("lies above the benchmark of the panel of -20.0, with the error of its 200 answers"),
        "{page}"
    );

    // Of the twenty who answered twice ten were promoters and ten passives: 50, and 100 then. Half moved by one class.
    let paired = rows(folder.path(), "shot", "paired_changes");
    let row = find(&paired, &[("before", "first"), ("after", "second")]);
    for (column, want) in [("n", 20.0), ("nps_before", 50.0), ("nps_after", 100.0), ("change", 50.0)] {
        assert_near(row, column, want);
    }
    assert_near(row, "std_error", 100.0 * (0.25_f64 / 19.0).sqrt());
    // The ten others of the first wave were detractors, and the wave as a whole had ten promoters and ten detractors of thirty: 150
    // points apart with an error of sqrt(30/29 20/4) / 20, which is t = 13 with 29 degrees.
    assert!(number(row, "p_begin_alike") < 1e-12, "{row:?}");
    let findings = rows(folder.path(), "shot", "findings");
    let began = &find(&findings, &[("about", "paired changes")])["sentence"];
    assert!(began.contains("(from first to second at 50.0, where first as a whole had 0.0)"), "{began}");
    assert!(page.contains("Who answers twice need not be as who answers once"), "{page}");
    let moves = rows(folder.path(), "shot", "moves");
    assert_near(find(&moves, &[("class_before", "passive"), ("class_after", "promoter")]), "n", 10.0);
    assert_near(find(&moves, &[("class_before", "passive"), ("class_after", "passive")]), "n", 0.0);
    assert!(
        page.contains("Those who answered in both waves")
            && page.contains("<td>20</td><td><strong>+50.0</strong></td>")
    );

    // The other wording stands beside the change, in words and as a finding.
    let changes = rows(folder.path(), "shot", "changes");
    assert_eq!(find(&changes, &[("cut", "all answers")])["same_wording"], "false");
    let findings = rows(folder.path(), "shot", "findings");
    let said = find(&findings, &[("kind", "not_comparable"), ("severity", "warning")]);
    assert!(said["sentence"].contains("recommend our app") && said["sentence"].contains("not comparable"));
    assert!(page.contains("were asked in different words"));

    // Windows of 100 days end with the year: one without an answer, one with those of August, one without.
    let rolling = rows(folder.path(), "shot", "rolling");
    assert_eq!(rolling.len(), 3);
    assert_near(find(&rolling, &[("to", "2026-09-23T00:00:00Z")]), "estimate", 25.0);
    assert_eq!(find(&rolling, &[("to", "2027-01-01T00:00:00Z")])["estimate"], "");
    assert!(rolling.iter().all(|row| row["suppressed"] == "false"), "{rolling:?}");

    let portfolio = rows(folder.path(), "shot", "portfolio");
    let figure =
        |measure: &str, metric: &str| find(&portfolio, &[("measure", measure), ("metric", metric), ("by", "")]);
    assert_near(figure("csat", "top_box"), "estimate", 0.5);
    assert_near(figure("csat", "top_box"), "n_missing", 10.0);
    assert_near(figure("csat", "net_box"), "estimate", 0.0);
    assert_near(figure("renew", "yes_share"), "estimate", 30.0 / 70.0);
    assert_near(figure("share_of_wallet", "ratio"), "estimate", (30.0 * 60.0 + 40.0 * 20.0) / 7000.0);
    let first = find(&portfolio, &[("measure", "share_of_wallet"), ("by", "wave"), ("level", "first")]);
    assert_near(first, "estimate", (10.0 * 60.0 + 20.0 * 20.0) / 3000.0);
}

#[test]
fn items_that_are_not_what_the_study_says_are_refused_by_their_key() {
    let folder = folder();
    write(folder.path(), "f.csv", &two_waves());
    for (from, to, part) in [
        ("not_applicable = 99\n[[", "[[", ": 99 is no answer on the 1-5 scale"),
        (
            "column = \"csat\"\nmetric = \"top-box\"",
            "column = \"question\"\nmetric = \"top-box\"",
            "which is no number",
        ),
        ("yes = \"yes\"", "yes = \"ja\"", "none of the values that mean yes: ja"),
        ("own = \"spent\"", "own = \"spend\"", "did you mean `spent`"),
        ("wording = \"question\"", "wording = \"questoin\"", "did you mean `question`"),
    ] {
        let study = TWO_WAVES.replacen(from, to, 1);
        assert_ne!(study, TWO_WAVES, "{from}");
        let said = refused(folder.path(), &study);
        assert!(said.contains(part), "{part} is not in {said}");
    }
}

#[test]
fn waves_in_the_same_words_are_not_warned_of() {
    let folder = folder();
    write(folder.path(), "f.csv", &two_waves().replace("recommend our app", "recommend us"));
    run(folder.path(), TWO_WAVES);
    let changes = rows(folder.path(), "shot", "changes");
    assert_eq!(find(&changes, &[("cut", "all answers")])["same_wording"], "true");
    assert!(rows(folder.path(), "shot", "findings").iter().all(|row| row["kind"] != "not_comparable"));
}

#[test]
fn every_wave_is_weighted_by_its_own_chance_of_answering() {
    // Of forty who buy often thirty answer in June (20 promoters, 10 passives) and twenty in September (10 and 10); of sixty who
    // bought once twelve (3, 3, 6) and thirty (detractors all). In June the score is (0.4 200 / 3 - 0.6 25); in September
    // half of either group answers, and weights change nothing.
    let folder = folder();
    let mut feedback = "who,when,nps,wave\n".to_owned();
    let mut orders = "who,when,amount\n".to_owned();
    for (group, n, dates, june, september) in [
        ("often", 40, &["2026-01-05", "2026-02-05", "2026-03-05"][..], [20, 10, 0], [10, 10, 0]),
        ("once", 60, &["2026-01-05"][..], [3, 3, 6], [0, 0, 30]),
    ] {
        for at in 0..n {
            for date in dates {
                let _ = writeln!(orders, "{group}{at},{date}T12:00:00Z,50");
            }
        }
        for (month, classes) in [("06", june), ("09", september)] {
            let answers = [10, 8, 3].into_iter().zip(classes).flat_map(|(answer, n)| std::iter::repeat_n(answer, n));
            for (at, answer) in answers.enumerate() {
                let _ = writeln!(feedback, "{group}{at},2026-{month}-10T12:00:00Z,{answer},m{month}");
            }
        }
    }
    write(folder.path(), "feedback.csv", &feedback);
    write(folder.path(), "orders.csv", &orders);
    let study = concat!(
        feedback!("feedback.csv", "when"),
        r#"wave = "wave"
"#,
        orders!("when"),
        r#"[measures]
propensity = true
"#
    );
    let page = run(folder.path(), study);
    let weighting = rows(folder.path(), "shot", "weighting");
    for (wave, n, before, after) in [
        ("m06", 42.0, 100.0 * (23.0 - 6.0) / 42.0, 0.4 * 200.0 / 3.0 - 0.6 * 25.0),
        ("m09", 50.0, 100.0 * (10.0 - 30.0) / 50.0, -40.0),
    ] {
        let row = |weights: &str| find(&weighting, &[("method", "propensity"), ("wave", wave), ("weights", weights)]);
        assert_near(row("before"), "estimate", before);
        let got: f64 = row("after")["estimate"].parse().expect("a number");
        // The model's last step leaves less than this (relative).
        assert!((got - after).abs() < 1e-6 * after.abs(), "{wave}: {got} instead of {after}");
        assert_near(row("after"), "n_everybody", 100.0);
        assert_near(row("after"), "n_everybody_answered", n);
    }
    assert_eq!(weighting.iter().filter(|row| row["wave"].is_empty()).count(), 2, "all answers stand there as well");
    // Of m09: fifty of a hundred who were known before it answered.
    assert!(page.contains("<td>50 of 100</td></tr>"));
}

#[test]
fn deeds_that_happen_or_do_not_are_shares() {
    // Twenty customers bought for 100 of family a before they answered. Afterwards five bought of family b for 50, five of family a
    // for 500, and ten did nothing; five of the latter logged in. Six referred somebody, of whom five bought.
    let folder = folder();
    let mut feedback = "who,when,nps,delivery\n".to_owned();
    let mut orders = "who,when,amount,family\n".to_owned();
    let mut activity = "who,when\n".to_owned();
    let mut referrals = "from,to,when\n".to_owned();
    for at in 0..20 {
        let _ = writeln!(feedback, "c{at},2026-03-10T12:00:00Z,{},{}", [10, 8][at % 2], 1 + at % 3);
        let _ = writeln!(orders, "c{at},2026-01-10T12:00:00Z,100,a");
        match at {
            0..5 => drop(writeln!(orders, "c{at},2026-03-15T12:00:00Z,50,b")),
            5..10 => drop(writeln!(orders, "c{at},2026-03-15T12:00:00Z,500,a")),
            10..15 => drop(writeln!(activity, "c{at},2026-03-15T12:00:00Z")),
            _ => {}
        }
        if at < 6 {
            let _ = writeln!(referrals, "c{at},r{at},2026-03-12T12:00:00Z");
        }
        if at < 5 {
            let _ = writeln!(orders, "r{at},2026-03-20T12:00:00Z,10,a");
        }
    }
    write(folder.path(), "f.csv", &feedback);
    write(folder.path(), "orders.csv", &orders);
    write(folder.path(), "activity.csv", &activity);
    write(folder.path(), "referrals.csv", &referrals);
    let study = concat!(
        feedback!("f.csv", "when"),
        "scale = [1, 3]\n",
        orders!("when"),
        r#"family = "family"
[sources.activity]
path = "activity.csv"
customer = "who"
time = "when"
[sources.referrals]
path = "referrals.csv"
referrer = "from"
referred = "to"
time = "when"
[drivers]
touchpoints = ["delivery"]
[evaluation]
enabled = false
[outcomes]
cross_sell = { window_days = 30 }
upsell = { window_days = 30 }
converted_referral = { window_days = 30 }
lapse = { window_days = 30 }
"#
    );
    run(folder.path(), study);
    let portfolio = rows(folder.path(), "shot", "portfolio");
    for (outcome, share) in [("cross_sell", 0.25), ("upsell", 0.25), ("converted_referral", 0.25), ("lapse", 0.25)] {
        let row = find(&portfolio, &[("measure", outcome), ("by", "")]);
        assert_eq!(row["metric"], "yes_share", "{row:?}");
        assert_near(row, "estimate", share);
        assert_near(row, "n", 20.0);
    }
}
