//! Channels, hand-offs, indicators, teams, units and who answers: tiny companies with every figure by hand.

use super::studies::{self, assert_near, find, number, refused, rows};
use super::{folder, write};
use std::fmt::Write as _;
use std::path::Path;

const SNAPSHOT: &str = snapshot!();

/// Runs a study and returns its page.
fn run(folder: &Path, study: &str) -> String {
    studies::run(folder, &format!("bootstrap = 100\n{study}"))
}

#[test]
fn channels_are_alike_once_it_is_known_who_uses_which() {
    // Segment a is content (3 of 4 answer 9, one 8: 75) and uses the app, segment b is not (3 of 4 answer 2, one 8: -75) and
    // uses the store. As answered the app has (80 - 20) 0.75 = 45; within a segment channels do not differ, and at the mean of
    // the people, half of each segment, both have 0.
    let folder = folder();
    let mut feedback = "nps,channel,segment\n".to_owned();
    for (segment, channel, n) in [("a", "app", 80), ("a", "store", 20), ("b", "app", 20), ("b", "store", 80)] {
        for at in 0..n {
            let answer = if segment == "a" { [9, 9, 9, 8][at % 4] } else { [2, 8, 2, 2][at % 4] };
            let _ = writeln!(feedback, "{answer},{channel},{segment}");
        }
    }
    write(folder.path(), "f.csv", &feedback);
    let page = run(folder.path(), &format!("{SNAPSHOT}channel = \"channel\"\nsegment = \"segment\"\n"));
    let channels = rows(folder.path(), "shot", "channels");
    for (channel, score) in [("app", 45.0), ("store", -45.0)] {
        let row = find(&channels, &[("channel", channel)]);
        assert_near(row, "n", 100.0);
        assert_near(row, "nps", score);
        assert_near(row, "adjusted", 0.0);
        assert_eq!(row["adjusted_for"], "segment");
    }
    let consistency = rows(folder.path(), "shot", "consistency");
    assert_near(find(&consistency, &[("figure", "index")]), "estimate", 100.0);
    let test = find(&consistency, &[("figure", "equal_scores")]);
    assert!(test["p_value"].parse::<f64>().expect("a number") > 0.99, "{test:?}");
    assert!(
        page.contains("Are channels alike?")
            && page.contains("No evidence that channels differ, adjusted for who uses")
    );
}

#[test]
fn a_hand_off_costs_the_difference_of_the_scores() {
    // Of ten after one call eight are promoters and two detractors: 60. Of ten who called and had to chat about the same three
    // days later, four and six: -20. Five made no contact, and are in neither.
    let folder = folder();
    let mut feedback = "who,when,nps,channel\n".to_owned();
    let mut activity = "who,when,kind,channel\n".to_owned();
    let mut customers = "who,segment\n".to_owned();
    let mut invitations = "who,when\n".to_owned();
    let groups = [("d", 8, 2, 1), ("h", 4, 6, 2), ("n", 5, 0, 0)];
    for (group, promoters, detractors, contacts) in groups {
        for at in 0..promoters + detractors {
            let answer = if at < promoters { 10 } else { 0 };
            let segment = if at < 5 { "first" } else { "second" };
            let _ = writeln!(feedback, "{group}{at},2026-06-20T12:00:00Z,{answer},app");
            let _ = writeln!(customers, "{group}{at},{segment}");
            let _ = writeln!(invitations, "{group}{at},2026-06-19T12:00:00Z");
            for (day, channel) in [(10, "phone"), (13, "web")].into_iter().take(contacts) {
                let _ = writeln!(activity, "{group}{at},2026-06-{day}T12:00:00Z,help,{channel}");
            }
        }
    }
    // Nobody of the third segment answers.
    for silent in 0..6 {
        let _ = writeln!(customers, "s{silent},third");
        let _ = writeln!(invitations, "s{silent},2026-06-19T12:00:00Z");
    }
    write(folder.path(), "feedback.csv", &feedback);
    write(folder.path(), "activity.csv", &activity);
    write(folder.path(), "customers.csv", &customers);
    write(folder.path(), "invitations.csv", &invitations);
    let study = concat!(
        feedback!("feedback.csv", "when"),
        r#"channel = "channel"
[sources.activity]
path = "activity.csv"
customer = "who"
time = "when"
kind = "kind"
channel = "channel"
[sources.customers]
path = "customers.csv"
customer = "who"
keep = ["segment"]
[sources.invitations]
path = "invitations.csv"
customer = "who"
time = "when"
[history.contacts]
kinds = ["help"]
[measures]
by = ["segment"]
[measures.channels]
people = []
"#
    );
    let page = run(folder.path(), study);
    let consistency = rows(folder.path(), "shot", "consistency");
    let own = find(&consistency, &[("figure", "hand_off_penalty")]);
    assert_near(own, "estimate", 80.0);
    assert_near(own, "n", 20.0);
    assert_near(own, "n_handed_off", 10.0);
    assert_near(own, "window_days", 30.0);
    // Squared residuals sum to 10 (1 - 0.36) and 10 (1 - 0.04); a mean of ten has a hundredth; the correction for 20
    // customers and 2 coefficients is 20 / 19 times 19 / 18.
    assert_near(own, "std_error", 100.0 * ((6.4 + 9.6) / 100.0 * 20.0_f64 / 18.0).sqrt());
    assert!(page.contains("the score is 80.0 points lower than after other contacts"));

    let rates = rows(folder.path(), "shot", "response_rates");
    for (segment, invited, answered) in [("first", 15.0, 15.0), ("second", 10.0, 10.0), ("third", 6.0, 0.0)] {
        let row = find(&rates, &[("by", "segment"), ("value", segment)]);
        assert_near(row, "n_invited", invited);
        assert_near(row, "n_answered", answered);
    }
}

/// Contacts that the company and the customer call good or not, with their lengths; every other one a minute shorter or
/// longer, whatever else is known of it.
fn contacts() -> String {
    let mut feedback = "nps,channel,resolved,minutes\n".to_owned();
    for (resolved, answer, n) in [("yes", 9, 40), ("yes", 3, 16), ("no", 9, 10), ("no", 3, 34)] {
        for at in 0..n {
            let is_of_app = (resolved == "yes" && answer == 3) || (answer == 9 && at < 4);
            let channel = if is_of_app { "app" } else { "store" };
            let usual = if resolved == "yes" { 2 } else { 10 };
            let minutes = usual + [-1, 1][at % 2];
            let _ = writeln!(feedback, "{answer},{channel},{resolved},{minutes}");
        }
    }
    feedback
}

const PERCEPTION: &str = r#"channel = "channel"
keep = ["resolved", "minutes"]
[measures]
by = ["channel"]
[[measures.perception]]
indicator = "resolved"
good = "yes"
score = "recommend"
content_from = 9
length = "minutes"
"#;

#[test]
fn an_indicator_is_held_against_what_customers_say() {
    let folder = folder();
    write(folder.path(), "f.csv", &contacts());
    let page = run(folder.path(), &format!("{SNAPSHOT}{PERCEPTION}"));
    let perception = rows(folder.path(), "shot", "perception");
    let figure = |name: &str| find(&perception, &[("indicator", "resolved"), ("figure", name)]);
    for (meeting, share) in [("both_good", 0.4), ("only_company", 0.16), ("only_customer", 0.1), ("both_bad", 0.34)] {
        assert_near(figure(meeting), "estimate", share);
        assert_near(figure(meeting), "n", 100.0 * share);
    }
    assert_near(figure("disagreement"), "estimate", 0.26);
    assert_near(figure("claimed_and_not_felt"), "estimate", 16.0 / 56.0);
    // Agreement 0.74; expected of independent words 0.56 / 2 + 0.44 / 2.
    assert_near(figure("kappa"), "estimate", (0.74 - 0.5) / 0.5);
    // Of the app's, 16 and 4 of both_good and 4 of only_customer: 20 of 24 disagree; of the store's 6 of 76.
    let cuts = rows(folder.path(), "shot", "perception_cuts");
    assert_near(find(&cuts, &[("by", "channel"), ("level", "app")]), "disagreement", 20.0 / 24.0);
    assert_near(find(&cuts, &[("by", "channel"), ("level", "store")]), "disagreement", 6.0 / 76.0);
    // 75.4 points apart with an error of sqrt(100/99 (80/24 / 24^2 + 420/76 / 76^2)): t = 9 with 99 degrees, and two were looked at.
    let app = find(&cuts, &[("level", "app")]);
    assert_near(app, "p_adjusted", 2.0 * number(app, "p_value"));
    assert!(number(app, "p_value") < 1e-12, "{app:?}");
    let named = "They disagree more often in channel app 83 % (";
    assert!(page.contains(named) && page.contains("and less often in channel store 8 % ("), "{named}");

    // Unresolved contacts are eight minutes longer, and of them 10 of 44 are promoters where of the others 40 of 56 are. The
    // covariance with minutes is 0.56 0.44 (-8) 2400 / 56 + 0.56 0.44 (-8) 2400 / 44 = -192, their variance 0.56 0.44 64 + 1.
    let length = rows(folder.path(), "shot", "contact_length");
    let effect = |held: &str| find(&length, &[("length", "minutes"), ("indicator_held_constant", held)]);
    assert_near(effect("no"), "estimate", -192.0 / (0.56 * 0.44 * 64.0 + 1.0));
    assert_near(effect("yes"), "estimate", 0.0);
    for shown in ["What the company measures and what customers say", "By cut they disagree in channel app"] {
        assert!(page.contains(shown), "{shown}");
    }
}

#[test]
fn an_indicator_that_would_give_few_people_away_is_not_shown() {
    let folder = folder();
    let mut feedback = "nps,resolved\n".to_owned();
    for (resolved, answer, n) in [("yes", 9, 40), ("yes", 3, 3), ("no", 9, 10), ("no", 3, 34)] {
        (0..n).for_each(|_| {
            let _ = writeln!(feedback, "{answer},{resolved}");
        });
    }
    write(folder.path(), "f.csv", &feedback);
    let own = "keep = [\"resolved\"]\n[[measures.perception]]\nindicator = \"resolved\"\ngood = [\"yes\"]\nscore = \
               \"recommend\"\ncontent_from = 9\n";
    let page = run(folder.path(), &format!("{SNAPSHOT}{own}"));
    assert!(rows(folder.path(), "shot", "perception").is_empty());
    assert!(page.contains("Too few people stand behind one of the four ways"));
}

#[test]
fn columns_that_are_not_there_and_no_numbers_are_refused_by_their_key() {
    let folder = folder();
    write(folder.path(), "f.csv", &contacts());
    let said = refused(folder.path(), &format!("{SNAPSHOT}{}", PERCEPTION.replace("= \"minutes\"", "= \"minuts\"")));
    assert!(said.contains("there is no column `minuts`") && said.contains("did you mean `minutes`"), "{said}");
    let said = refused(folder.path(), &format!("{SNAPSHOT}{}", PERCEPTION.replace("= \"minutes\"", "= \"channel\"")));
    assert!(said.contains("which is no number"), "{said}");
    let said = refused(folder.path(), &format!("{SNAPSHOT}{}", PERCEPTION.replace("good = \"yes\"\n", "")));
    assert!(said.contains("by one of `good`"), "{said}");
    let teams = "keep = [\"resolved\", \"minutes\"]\n[measures.teams]\nunit = \"resolved\"\ncost = \"minutes\"\n";
    let said = refused(folder.path(), &format!("{SNAPSHOT}{teams}"));
    assert!(said.contains("needs the revenue that followed"), "{said}");
}

#[test]
fn teams_are_placed_by_what_they_stand_out_by() {
    // Each of three teams is best at one thing, and all contacts of a team are alike, so that every resample says so.
    let folder = folder();
    let mut feedback = "nps,team,cost,revenue\n".to_owned();
    for (team, answer, cost, revenue) in [("a", 7, 4, 30), ("b", 7, 9, 60), ("c", 10, 9, 30)] {
        (0..20).for_each(|_| {
            let _ = writeln!(feedback, "{answer},{team},{cost},{revenue}");
        });
    }
    write(folder.path(), "f.csv", &feedback);
    let own = "keep = [\"team\", \"cost\", \"revenue\"]\n[measures.teams]\nunit = \"team\"\ncost = \"cost\"\nrevenue = \"revenue\"\n";
    let page = run(folder.path(), &format!("{SNAPSHOT}{own}"));
    let teams = rows(folder.path(), "shot", "teams");
    for (team, profile) in [("a", "efficient"), ("b", "effective"), ("c", "experiential")] {
        let row = find(&teams, &[("team", team)]);
        assert_eq!(row["profile"], profile);
        assert_near(row, "n", 20.0);
        assert_near(row, &format!("p_{profile}"), 1.0);
        // One of three values stands out from two equal ones by two thirds of the distance over its root of two ninths.
        assert_near(row, &format!("{profile}_standing"), 2.0_f64.sqrt());
    }
    assert_near(find(&teams, &[("team", "b")]), "revenue", 60.0);
    assert_near(find(&teams, &[("team", "c")]), "nps", 100.0);
    assert!(page.contains("What each team is best at") && page.contains("efficient (100 %)"));
}

#[test]
fn what_would_only_seem_to_be_known_of_contacts_is_refused() {
    let folder = folder();
    write(folder.path(), "f.csv", &contacts());
    // No contact is good by a value that is written otherwise.
    let said = refused(folder.path(), &format!("{SNAPSHOT}{}", PERCEPTION.replace("good = \"yes\"", "good = \"Yes\"")));
    assert!(said.contains("`Yes` never occurs; there are: no, yes"), "{said}");
    // Who uses a channel does not follow from the answer.
    let people = "channel = \"channel\"\nkeep = [\"resolved\"]\n[measures.channels]\npeople = [\"recommend\"]\n";
    let said = refused(folder.path(), &format!("{SNAPSHOT}{people}"));
    assert!(said.contains("no column that is known before the answer") && said.contains("resolved"), "{said}");
}

/// Promoters of the five who answer in a shop and month: tests/oracles/command_panel.py.
fn promoters(shop: usize, month: usize) -> usize {
    (shop * shop + 2 * month + shop * month) % 6
}

#[test]
fn scores_of_shops_go_before_new_customers() {
    let folder = folder();
    let mut feedback = "who,when,nps\n".to_owned();
    let mut orders = "who,when,amount\n".to_owned();
    let mut customers = "who,shop\n".to_owned();
    for shop in 0..4 {
        // Where records begin is no outcome: one purchase in July says that they do.
        let _ = writeln!(customers, "first{shop},s{shop}");
        let _ = writeln!(orders, "first{shop},2026-07-20T12:00:00Z,100");
        for month in 1..=6 {
            let calendar = month + 6;
            for at in 0..5 {
                let answer = if at < promoters(shop, month) { 10 } else { 2 };
                let _ = writeln!(customers, "a{shop}{month}{at},s{shop}");
                let _ = writeln!(feedback, "a{shop}{month}{at},2026-{calendar:02}-10T12:00:00Z,{answer}");
            }
            let n_new = if month > 1 { promoters(shop, month - 1) + shop + month } else { 0 };
            for at in 0..n_new {
                let _ = writeln!(customers, "n{shop}{month}x{at},s{shop}");
                let _ = writeln!(orders, "n{shop}{month}x{at},2026-{calendar:02}-15T12:00:00Z,100");
            }
        }
    }
    write(folder.path(), "feedback.csv", &feedback);
    write(folder.path(), "orders.csv", &orders);
    write(folder.path(), "customers.csv", &customers);
    let study = concat!(
        feedback!("feedback.csv", "when"),
        orders!("when"),
        r#"[sources.customers]
path = "customers.csv"
customer = "who"
keep = ["shop"]
[measures.panel]
unit = "shop"
"#
    );
    let page = run(folder.path(), study);
    let panel = rows(folder.path(), "shot", "panel");
    let row = |outcome: &str, lag: &str| find(&panel, &[("outcome", outcome), ("lag", lag)]);
    // One promoter more of five is 40 points and one new customer in the next month.
    assert_near(row("new_customers", "1"), "estimate", 1.0 / 40.0);
    assert_near(row("new_customers", "1"), "n_rows", 20.0);
    assert_eq!(
        (row("new_customers", "1")["is_null"].as_str(), row("new_customers", "1")["few_units"].as_str()),
        ("false", "true")
    );
    // By numpy: tests/oracles/command_panel.py.
    assert_near(row("new_customers", "-1"), "estimate", -0.000_739_644_970_414_196_3);
    assert_near(row("new_customers", "-1"), "std_error", 0.008_018_631_389_376_186);
    assert_eq!(row("new_customers", "-1")["is_null"], "true");
    assert_near(row("growth", "1"), "n_rows", 16.0);
    assert_near(row("growth", "1"), "estimate", 0.470_944_254_675_413_1);
    assert_near(row("growth", "1"), "std_error", 0.104_004_936_802_563_48);
    assert_near(row("growth", "-1"), "estimate", -0.300_093_950_049_882_4);
    assert!(
        page.contains("Does the score lead the business?")
            && page.contains("goes with +0.0250 of the outcome 1 period later")
    );
    let summary = std::fs::read_to_string(folder.path().join("results/shot/2026-12-31/summary.md")).expect("a text");
    assert!(summary.contains("- **Score and business**: "), "{summary}");
}

#[test]
fn answers_are_weighted_by_the_chance_of_answering() {
    // Forty customers bought three times, of whom thirty answered (20 promoters, 10 passives: 200 / 3); sixty bought once, of
    // whom twelve answered (3, 3 and 6 detractors: -25). Everything that is known of them tells these two groups apart and
    // nothing more, so that a logistic model gives the shares who answered, 3 / 4 and 1 / 5: all hundred are stood for.
    let folder = folder();
    let mut feedback = "who,when,nps\n".to_owned();
    let mut orders = "who,when,amount\n".to_owned();
    for (group, n, dates, classes) in [
        ("often", 40, &["2026-01-05", "2026-02-05", "2026-03-05"][..], [20, 10, 0]),
        ("once", 60, &["2026-01-05"][..], [3, 3, 6]),
    ] {
        for at in 0..n {
            for date in dates {
                let _ = writeln!(orders, "{group}{at},{date}T12:00:00Z,50");
            }
        }
        let answers = [10, 8, 3].into_iter().zip(classes).flat_map(|(answer, n)| std::iter::repeat_n(answer, n));
        for (at, answer) in answers.enumerate() {
            let _ = writeln!(feedback, "{group}{at},2026-06-10T12:00:00Z,{answer}");
        }
    }
    write(folder.path(), "feedback.csv", &feedback);
    write(folder.path(), "orders.csv", &orders);
    let study = concat!(
        feedback!("feedback.csv", "when"),
        orders!("when"),
        r#"[measures]
propensity = true
"#
    );
    let page = run(folder.path(), study);
    let weighting = rows(folder.path(), "shot", "weighting");
    let row = |weights: &str| find(&weighting, &[("method", "propensity"), ("weights", weights)]);
    assert_near(row("before"), "estimate", 100.0 * (20.0 + 3.0 - 6.0) / 42.0);
    let near = |column: &str, want: f64| {
        // The model's last step leaves less than this (relative).
        let got: f64 = row("after")[column].parse().expect("a number");
        assert!((got - want).abs() < 1e-7 * want.abs(), "{column}: {got} instead of {want}");
    };
    near("estimate", 0.4 * 200.0 / 3.0 - 0.6 * 25.0);
    // Weights of 4 / 3 and 5: 100^2 / (42 (30 16 / 9 + 12 25)).
    near("efficiency", 10_000.0 / (42.0 * (30.0 * 16.0 / 9.0 + 12.0 * 25.0)));
    assert_near(row("after"), "n_everybody", 100.0);
    assert_near(row("after"), "n_everybody_answered", 42.0);
    assert_near(row("after"), "n_trimmed", 0.0);
    assert!(page.contains("Weighted by the chance of answering, as the behaviour of 100 customers"));
}
