//! Scores, changes and deeds of a tiny company, with every figure by hand.

use super::studies::{self, assert_near, attempt, find, rows};
use super::{advocate, folder, stderr, write};
use std::fmt::Write as _;
use std::path::Path;

const COMPANY: &str = concat!(
    study!("waves"),
    r#"seed = 1
bootstrap = 20
"#,
    feedback!("feedback.csv", "when"),
    r#"channel = "channel"
wave = "wave"
scale = [0, 2]
"#,
    orders!("when"),
    r#"[sources.invitations]
path = "invitations.csv"
customer = "who"
time = "when"
channel = "by"
keep = ["wave"]
[drivers]
touchpoints = ["delivery"]
[evaluation]
enabled = false
[actions]
enabled = false
[scores]
enabled = false
[measures]
by = ["channel"]
[outcomes.nps]
[outcomes.repurchase]
window_days = 30
"#
);

/// Promoters, passives and detractors of each wave and channel. The names of the waves are not in the order of time.
const ANSWERS: [(&str, &str, [usize; 3]); 4] = [
    ("winter", "app", [4, 2, 4]),
    ("winter", "store", [6, 2, 2]),
    ("spring", "app", [3, 1, 1]),
    ("spring", "store", [9, 3, 3]),
];

/// Every customer has spent 100 before. Every second promoter and passive buys within 30 days, every fifth detractor.
fn company() -> tempfile::TempDir {
    company_with("")
}

/// The same with more answers.
fn company_with(more: &str) -> tempfile::TempDir {
    let folder = folder();
    let mut feedback =
        format!("who,when,nps,channel,wave,delivery\nblank,2026-03-10T12:00:00Z,,store,spring,1\n{more}");
    let mut orders = "who,when,amount\n".to_owned();
    let mut invitations = "who,when,by,wave\n".to_owned();
    let (mut n, mut of_class) = (0, [0; 3]);
    for (wave, channel, classes) in ANSWERS {
        let (month, by) = (if wave == "winter" { 1 } else { 3 }, if channel == "app" { "mail" } else { "sms" });
        for (class, count) in classes.into_iter().enumerate() {
            for _ in 0..count {
                let answer = [10, 8, 3][class];
                let _ = writeln!(feedback, "c{n},2026-{month:02}-10T12:00:00Z,{answer},{channel},{wave},{}", n % 3);
                let _ = writeln!(orders, "c{n},2025-12-01T12:00:00Z,100");
                let _ = writeln!(invitations, "c{n},2026-{month:02}-09T12:00:00Z,{by},{wave}");
                if of_class[class] % [2, 2, 5][class] == 0 {
                    let _ = writeln!(orders, "c{n},2026-{month:02}-15T12:00:00Z,30");
                }
                of_class[class] += 1;
                n += 1;
            }
        }
    }
    for silent in 0..10 {
        let _ = writeln!(invitations, "s{silent},2026-03-09T12:00:00Z,mail,spring");
    }
    write(folder.path(), "waves.toml", COMPANY);
    write(folder.path(), "feedback.csv", &feedback);
    write(folder.path(), "orders.csv", &orders);
    write(folder.path(), "invitations.csv", &invitations);
    let output = advocate(folder.path(), &["run", "waves.toml", "--quiet"]);
    assert!(output.status.success(), "{}", stderr(&output));
    folder
}

/// Everybody is asked twice: what changed has changed, and so has every part of it.
#[test]
fn in_a_census_no_table_of_changes_has_an_error() {
    let folder = folder();
    let mut feedback = "who,when,nps,channel,wave,delivery\n".to_owned();
    let mut orders = "who,when,amount\n".to_owned();
    let mut invitations = "who,when,by,wave\n".to_owned();
    for who in 0..20 {
        let channel = if who < 10 { "app" } else { "store" };
        // 8 promoters and 8 detractors of 20, of whom 4 detractors become promoters: 12 and 4.
        for (wave, month, answers) in [("winter", 1, [10, 3, 8, 10, 3]), ("spring", 3, [10, 10, 8, 10, 3])] {
            let answer = answers[who % 5];
            let delivery = (who + month) % 3;
            let _ = writeln!(feedback, "c{who},2026-{month:02}-10T12:00:00Z,{answer},{channel},{wave},{delivery}");
            let _ = writeln!(invitations, "c{who},2026-{month:02}-09T12:00:00Z,mail,{wave}");
            if who % 2 == 0 {
                let _ = writeln!(orders, "c{who},2026-{month:02}-15T12:00:00Z,30");
            }
        }
        let _ = writeln!(orders, "c{who},2025-12-01T12:00:00Z,100");
    }
    write(folder.path(), "waves.toml", &format!("{COMPANY}[measures.population]\nsize = 20\n"));
    write(folder.path(), "feedback.csv", &feedback);
    write(folder.path(), "orders.csv", &orders);
    write(folder.path(), "invitations.csv", &invitations);
    let output = advocate(folder.path(), &["run", "waves.toml", "--quiet"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let changes = rows(folder.path(), "waves", "changes");
    let paired = rows(folder.path(), "waves", "paired_changes");
    for row in [find(&changes, &[("cut", "all answers")]), find(&paired, &[("before", "winter")])] {
        for (column, want) in [("change", 40.0), ("std_error", 0.0), ("conf_low", 40.0), ("conf_high", 40.0)] {
            assert_near(row, column, want);
        }
    }
    let movement = rows(folder.path(), "waves", "movement");
    // Both channels rise alike, so that all of the change is within them.
    assert_near(find(&movement, &[("part", "rate")]), "estimate", 40.0);
    for row in &movement {
        assert_eq!((&row["conf_low"], &row["conf_high"]), (&row["estimate"], &row["estimate"]), "{}", row["part"]);
    }
    let summary = std::fs::read_to_string(folder.path().join("results/waves/2026-12-31/summary.md")).expect("a text");
    assert!(summary.contains("the score rose by 40.0 points; everybody was asked both times"), "{summary}");
    assert!(!summary.contains("false alarm") && !summary.contains("of 100 cases"), "{summary}");
}

#[test]
fn the_change_between_waves_and_its_parts_add_up() {
    let folder = company();
    // Winter: 10 promoters and 6 detractors of 20; spring: 12 and 4 of 20.
    let changes = rows(folder.path(), "waves", "changes");
    let all = find(&changes, &[("cut", "all answers")]);
    assert_eq!((all["before"].as_str(), all["after"].as_str()), ("winter", "spring"));
    for (column, want) in [("nps_before", 20.0), ("nps_after", 40.0), ("change", 20.0), ("n_effective_before", 20.0)] {
        assert_near(all, column, want);
    }
    // The error with 3/4, 3/2 and 3/4 answers more in each wave.
    let variance = |p: f64, d: f64| {
        let (p, d) = ((p + 0.75) / 23.0, (d + 0.75) / 23.0);
        (p + d - (p - d) * (p - d)) / 23.0
    };
    assert_near(all, "std_error", 100.0 * (variance(10.0, 6.0) + variance(12.0, 4.0)).sqrt());
    assert_near(all, "adjusted_change", 100.0 * ((12.0 - 4.0) / 23.0 - (10.0 - 6.0) / 23.0));
    assert_near(find(&changes, &[("cut", "channel app")]), "change", 40.0);
    assert_near(find(&changes, &[("cut", "channel store")]), "change", 0.0);

    // The app's share falls from 1/2 to 1/4 and its score rises from 0 to 40; the store's stays at 40. At mean shares the
    // scores make 3/8 of 40; at mean scores of 20 and 40 the shares make a quarter of 20.
    let movement = rows(folder.path(), "waves", "movement");
    let part = |name: &str| find(&movement, &[("part", name)]);
    assert_near(part("change"), "estimate", 20.0);
    assert_near(part("rate"), "estimate", 15.0);
    assert_near(part("mix"), "estimate", 5.0);
    let number = |name: &str| part(name)["estimate"].parse::<f64>().expect("a number");
    assert!((number("touchpoint:delivery") + number("residual") - 15.0).abs() < 1e-9);

    let page = std::fs::read_to_string(folder.path().join("results/waves/2026-12-31/report.html")).expect("a page");
    for shown in [
        "Has the score changed?",
        "From winter to spring: no evidence of change: +20.0 points",
        "What the change from winter to spring is made of",
    ] {
        assert!(page.contains(shown), "{shown}");
    }
    // The change has one interval on the page: that of the sentence.
    let ends = ["conf_low", "conf_high"].map(|end| all[end].parse::<f64>().expect("a number"));
    let ends = format!("{:.1} to {:.1}", ends[0], ends[1]);
    for place in ["change of the score, as above</th><td>20.0</td><td>", "+20.0 points (95 % interval "] {
        let after = page.split_once(place).expect(place).1;
        assert!(after.starts_with(&ends), "{place}: {ends}");
    }
    let summary = std::fs::read_to_string(folder.path().join("results/waves/2026-12-31/summary.md")).expect("a text");
    assert!(summary.contains("no evidence of change: +20.0 points"), "{summary}");
    // One line each at the top.
    for line in ["- **Has the score changed?**: From winter to spring there is no evidence", "- **Said and done**: "] {
        assert!(summary.contains(line), "{line} is not in {summary}");
    }
}

#[test]
fn what_each_class_did_is_counted() {
    let folder = company();
    let said = rows(folder.path(), "waves", "say_do");
    for (class, n, share) in [("detractor", 10.0, 0.2), ("passive", 8.0, 0.5), ("promoter", 22.0, 0.5)] {
        let row = find(&said, &[("outcome", "repurchase"), ("said", class)]);
        assert_near(row, "n", n);
        assert_near(row, "estimate", share);
    }
    assert_near(find(&said, &[("said", "3")]), "estimate", 0.2);
    // All spent 100: detractors lost 800 of 1000, the others half of theirs.
    let risk = rows(folder.path(), "waves", "revenue_at_risk");
    assert_near(find(&risk, &[("figure", "goes with the answers")]), "revenue", 1000.0 * (0.8 - 0.5));
    assert_near(find(&risk, &[("figure", "all expected losses")]), "revenue", 800.0 + 400.0 + 1100.0);
    assert_near(find(&risk, &[("figure", "rule of thumb: all revenue of detractors")]), "revenue", 1000.0);
    let page = std::fs::read_to_string(folder.path().join("results/waves/2026-12-31/report.html")).expect("a page");
    // Promoters made 11 of the 17 who bought again.
    for shown in
        ["What those who gave each answer did", "of all who did, 65 % were promoters", "rule of thumb, without a study"]
    {
        assert!(page.contains(shown), "{shown}");
    }
}

#[test]
fn what_a_customer_spent_is_at_risk_once_however_often_the_customer_answered() {
    // Twelve customers of the winter answered five days before, too: what they spent stands beside both answers.
    let earlier: String = (0..12).map(|n| format!("c{n},2026-01-05T12:00:00Z,3,app,winter,1\n")).collect();
    let folder = company_with(&earlier);
    let risk = rows(folder.path(), "waves", "revenue_at_risk");
    assert_near(find(&risk, &[("figure", "goes with the answers")]), "revenue", 1000.0 * (0.8 - 0.5));
    assert_near(find(&risk, &[("figure", "all expected losses")]), "revenue", 800.0 + 400.0 + 1100.0);
    assert_near(find(&risk, &[("figure", "rule of thumb: all revenue of detractors")]), "revenue", 1000.0);
}

#[test]
fn the_score_under_other_rules_and_who_was_asked() {
    let folder = company();
    let rules = rows(folder.path(), "waves", "rules");
    assert_near(find(&rules, &[("rule", "all_answers")]), "estimate", 30.0);
    assert_near(find(&rules, &[("rule", "blanks_in_base")]), "estimate", 100.0 * 12.0 / 41.0);
    let recent = find(&rules, &[("rule", "30_days_all_answers")]);
    assert_eq!((recent["n"].as_str(), recent["estimate"].as_str()), ("", ""), "nobody answered in December");

    let rates = rows(folder.path(), "waves", "response_rates");
    for (by, value, invited, answered) in [
        ("", "", 50.0, 40.0),
        ("channel", "mail", 25.0, 15.0),
        ("channel", "sms", 25.0, 25.0),
        ("wave", "winter", 20.0, 20.0),
        ("wave", "spring", 30.0, 20.0),
    ] {
        let row = find(&rates, &[("by", by), ("value", value)]);
        assert_near(row, "n_invited", invited);
        assert_near(row, "n_answered", answered);
        assert_near(row, "rate", answered / invited);
    }
}

/// A snapshot with these answers: channel, segment, answer and how many.
fn snapshot(folder: &Path, answers: &[(&str, &str, u8, usize)], measures: &str) -> std::process::Output {
    let mut feedback = "channel,segment,nps\n".to_owned();
    for (channel, segment, answer, n) in answers {
        (0..*n).for_each(|_| {
            let _ = writeln!(feedback, "{channel},{segment},{answer}");
        });
    }
    write(folder, "f.csv", &feedback);
    let columns = "channel = \"channel\"\nsegment = \"segment\"\n";
    attempt(folder, &format!("{}{columns}[measures]\n{measures}\n", snapshot!()))
}

const THREE_CHANNELS: [(&str, &str, u8, usize); 3] =
    [("app", "a", 9, 20), ("store", "a", 3, 12), ("phone", "a", 10, 3)];

#[test]
fn a_small_base_is_hidden_with_the_one_that_would_give_it_away() {
    let folder = folder();
    let output = snapshot(folder.path(), &THREE_CHANNELS, "by = [\"channel\"]");
    assert!(output.status.success(), "{}", stderr(&output));
    let measures = rows(folder.path(), "shot", "measures");
    assert_near(find(&measures, &[("by", "")]), "n", 35.0);
    assert_near(find(&measures, &[("value", "app")]), "n", 20.0);
    for hidden in ["phone", "store"] {
        let row = find(&measures, &[("value", hidden)]);
        assert_eq!((row["n"].as_str(), row["estimate"].as_str(), row["suppressed"].as_str()), ("", "", "true"));
    }
    let portfolio = rows(folder.path(), "shot", "portfolio");
    assert!(portfolio.iter().any(|row| row["level"] == "app"));
    assert!(portfolio.iter().all(|row| row["level"] != "phone" && row["level"] != "store"), "{portfolio:?}");
    let findings = rows(folder.path(), "shot", "findings");
    assert!(
        findings
            .iter()
            .any(|row| row["kind"] == "small_base" && row["sentence"].starts_with("1 base below 5 is hidden"))
    );
    let page = std::fs::read_to_string(folder.path().join("results/shot/2026-12-31/report.html")).expect("a page");
    assert!(page.contains("channel: app") && !page.contains("channel: phone"));
}

#[test]
fn nothing_is_hidden_when_the_study_says_so() {
    let folder = folder();
    let output = snapshot(folder.path(), &THREE_CHANNELS, "by = [\"channel\"]\nsuppress_below = 0");
    assert!(output.status.success(), "{}", stderr(&output));
    assert_near(find(&rows(folder.path(), "shot", "measures"), &[("value", "phone")]), "n", 3.0);
}

/// Ten of segment a, with a score of 50, and ten of b, with -20.
const TWO_SEGMENTS: [(&str, &str, u8, usize); 6] =
    [("x", "a", 9, 6), ("x", "a", 7, 3), ("x", "a", 0, 1), ("x", "b", 9, 2), ("x", "b", 7, 4), ("x", "b", 0, 4)];

#[test]
fn a_raked_score_is_that_of_the_population() {
    let folder = folder();
    let output = snapshot(folder.path(), &TWO_SEGMENTS, "rake = { segment = { a = 0.2, b = 0.8 } }");
    assert!(output.status.success(), "{}", stderr(&output));
    let weighting = rows(folder.path(), "shot", "weighting");
    assert_near(find(&weighting, &[("weights", "before")]), "estimate", 15.0);
    let after = find(&weighting, &[("weights", "after")]);
    assert_near(after, "estimate", 0.2 * 50.0 - 0.8 * 20.0);
    assert_near(after, "gap", -21.0);
    // Within a the squares are 0.7 - 0.25 on average, within b 0.6 - 0.04, and the shares of both are known: twenty customers'
    // residuals. Were the weights given, it would be squares about -0.06.
    assert_near(after, "std_error", 100.0 * (20.0 / 19.0 * (0.004 * 0.45 + 0.064 * 0.56_f64)).sqrt());
    assert_near(after, "given_std_error", 100.0 * (0.004 * 0.7636 + 0.064 * 0.5796_f64).sqrt());
    // Weights of 0.02 and 0.08, ten each: 1 / (20 (10 0.0004 + 10 0.0064)).
    assert_near(after, "efficiency", 1.0 / (20.0 * 0.068));
    let page = std::fs::read_to_string(folder.path().join("results/shot/2026-12-31/report.html")).expect("a page");
    assert!(page.contains("shares of segment, the score is -6.0"), "the report says so");
    let findings = rows(folder.path(), "shot", "findings");
    assert!(findings.iter().all(|row| row["about"] != "weights"), "74 % is no reason to warn");
}

#[test]
fn a_study_has_the_interval_that_it_names() {
    let folder = folder();
    let output = snapshot(folder.path(), &TWO_SEGMENTS, "interval = \"bonett-price\"");
    assert!(output.status.success(), "{}", stderr(&output));
    let measures = rows(folder.path(), "shot", "measures");
    let row = find(&measures, &[("by", "")]);
    // Eight promoters and five detractors of twenty: 9 and 6 of 22 with one more of each.
    let (score, decided) = (3.0 / 22.0, 15.0_f64 / 22.0);
    let half = 1.959963984540054 * ((decided - score * score) / 22.0).sqrt();
    assert_near(row, "conf_low", 100.0 * (score - half));
    assert_near(row, "conf_high", 100.0 * (score + half));
    assert_eq!(row["interval"], "bonett-price");
}

#[test]
fn a_score_weighted_to_combinations_is_that_of_the_population() {
    let folder = folder();
    // Scores of 20, 100 and -100 among ten answers each.
    let answers = [("x", "a", 9, 6), ("x", "a", 0, 4), ("y", "a", 9, 10), ("x", "b", 0, 10)];
    let strata = "strata = [{ channel = \"x\", segment = \"a\", share = 0.5 }, { channel = \"y\", segment = \"a\", share = \
                  0.3 }, { segment = \"b\", channel = \"x\", share = 0.2 }]";
    let output = snapshot(folder.path(), &answers, strata);
    assert!(output.status.success(), "{}", stderr(&output));
    let weighting = rows(folder.path(), "shot", "weighting");
    let row = |weights: &str| find(&weighting, &[("method", "post_stratification"), ("weights", weights)]);
    assert_near(row("before"), "estimate", 20.0 / 3.0);
    assert_near(row("after"), "estimate", 0.5 * 20.0 + 0.3 * 100.0 - 0.2 * 100.0);
    // Weights of 0.05, 0.03 and 0.02, ten each.
    assert_near(row("after"), "efficiency", 1.0 / (30.0 * 10.0 * (0.0025 + 0.0009 + 0.0004)));
    let summary = std::fs::read_to_string(folder.path().join("results/shot/2026-12-31/summary.md")).expect("a text");
    assert!(summary.contains("- **Weighted**: Weighted to the population"), "{summary}");
}

#[test]
fn two_answers_that_stand_for_most_are_warned_of() {
    let folder = folder();
    let answers = [("x", "a", 9, 18), ("x", "b", 0, 1), ("x", "b", 9, 1)];
    let output = snapshot(folder.path(), &answers, "rake = { segment = { a = 0.1, b = 0.9 } }");
    assert!(output.status.success(), "{}", stderr(&output));
    // 1 / (20 (0.1^2 / 18 + 0.9^2 / 2)) is 12 %.
    let efficiency = 1.0 / (20.0 * (0.01 / 18.0 + 0.81 / 2.0));
    assert_near(find(&rows(folder.path(), "shot", "weighting"), &[("weights", "after")]), "efficiency", efficiency);
    assert!(rows(folder.path(), "shot", "findings").iter().any(|row| row["about"] == "weights"));
}

#[test]
fn shares_that_cannot_be_met_are_refused_by_name() {
    let refused = |rake: &str, part: &str| {
        let folder = folder();
        let output = snapshot(folder.path(), &TWO_SEGMENTS, rake);
        assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
        assert!(stderr(&output).contains(part), "{}", stderr(&output));
    };
    refused("rake = { segment = { a = 1.0 } }", "`b` as segment");
    refused("rake = { segment = { a = 0.5, b = 0.4, c = 0.1 } }", "category `c`: nobody answered");
    refused("rake = { segment = { a = 0.5, b = 0.6 } }", "sum to 1.1");
    refused("strata = [{ segment = \"a\", share = 1.0 }]", "`b` as segment");
    refused(
        "strata = [{ segment = \"a\", share = 0.5 }, { channel = \"x\", share = 0.5 }]",
        "the first combination has",
    );
    refused("propensity = true", "what everybody did");
}

#[test]
fn one_score_has_one_interval_by_customer() {
    // Three customers: (+, +), (-), (0, -). The score is 0 of 5; the sums by customer are 2, -1 and -1, so that the error is
    // sqrt(3 / 2 (4 + 1 + 1)) / 5 = 0.6.
    let folder = folder();
    let feedback = "who,when,nps\na,2026-03-01T12:00:00Z,10\na,2026-04-01T12:00:00Z,9\nb,2026-03-01T12:00:00Z,2\n\
                    c,2026-03-01T12:00:00Z,8\nc,2026-04-01T12:00:00Z,0\n";
    write(folder.path(), "feedback.csv", feedback);
    studies::run(folder.path(), feedback!("feedback.csv", "when"));
    let measures = rows(folder.path(), "shot", "measures");
    let own = find(&measures, &[("by", "")]);
    for (column, want) in [("estimate", 0.0), ("std_error", 60.0), ("n", 5.0), ("n_customers", 3.0)] {
        assert_near(own, column, want);
    }
    assert_eq!(own["several_answers"], "all");
    let portfolio = rows(folder.path(), "shot", "portfolio");
    let rules = rows(folder.path(), "shot", "rules");
    let same = [
        find(&portfolio, &[("measure", "recommend"), ("metric", "nps"), ("by", "")]),
        find(&rules, &[("rule", "all_answers")]),
    ];
    for row in same {
        for column in ["std_error", "conf_low", "conf_high"] {
            assert_near(row, column, own[column].parse().expect("a number"));
        }
    }
    let summary = std::fs::read_to_string(folder.path().join("results/shot/2026-12-31/summary.md")).expect("a text");
    assert!(summary.contains("from 5 answers of 3 customers") && summary.contains("Every answer counts"), "{summary}");
}

#[test]
fn one_customer_alone_has_a_score_and_no_interval() {
    let folder = folder();
    let mut feedback = "who,when,nps,channel\n".to_owned();
    for day in 1..=6 {
        let _ = writeln!(feedback, "a,2026-03-0{day}T12:00:00Z,10,app\nc{day},2026-03-01T12:00:00Z,3,store");
    }
    write(folder.path(), "feedback.csv", &feedback);
    let cuts = "channel = \"channel\"\n[measures]\nby = [\"channel\"]\n";
    studies::run(folder.path(), &format!("{}{cuts}", feedback!("feedback.csv", "when")));
    let measures = rows(folder.path(), "shot", "measures");
    let app = find(&measures, &[("value", "app")]);
    assert_near(app, "estimate", 100.0);
    assert_eq!((app["std_error"].as_str(), app["conf_low"].as_str(), app["n_customers"].as_str()), ("", "", "1"));
    let findings = rows(folder.path(), "shot", "findings");
    assert!(
        findings.iter().any(|row| row["kind"] == "unreliable" && row["sentence"].starts_with("1 of the scores shown"))
    );
}
