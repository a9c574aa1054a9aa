//! The profile as an input of the rating of networked promoters, in companies where it does and does not tell who refers.

use super::studies::{Row, number, rows};
use super::{advocate, folder, stderr, write};
use std::fmt::Write as _;
use std::path::Path;

/// Customers who referred once before there was anything to learn from.
const N_REFERRERS: u64 = 400;

/// A number from 0 to 1 that looks random (splitmix64).
fn chance(at: u64, of: u64) -> f64 {
    let mut word = (at.wrapping_mul(31).wrapping_add(of)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((word ^ (word >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

fn plan(at: u64) -> &'static str {
    ["club", "plain", "basic"][(at % 3) as usize]
}

/// How many people a customer knows: many in the club, but for one in ten of all of whom that is not known.
fn acquaintances(at: u64) -> Option<u64> {
    let spread = (2000.0 * chance(at, 7)) as u64;
    (chance(at, 8) > 0.1).then_some(if plan(at) == "club" { 500 + spread } else { spread / 20 })
}

fn colour(at: u64) -> &'static str {
    ["red", "blue", "green", "grey"][(chance(at, 3) * 4.0) as usize]
}

/// Whether a customer refers in a window: those of the club often, others seldom, and those who were only brought hardly ever.
fn refers(at: u64, window: u64) -> bool {
    let share = match (at < N_REFERRERS, plan(at)) {
        (true, "club") => 0.4,
        (true, _) => 0.06,
        (false, _) => 0.02,
    };
    chance(at, 10 + window) < share
}

/// Everybody referred one other early on; then some did in each of two windows of 100 days. All have made as many referrals, and
/// only the plan tells who goes on.
fn company(folder: &Path) {
    let mut referrals = "by,of,when\n".to_owned();
    for at in 0..N_REFERRERS {
        let _ = writeln!(referrals, "c{at},c{},2026-01-10T00:00:00Z", at + N_REFERRERS);
    }
    for (window, day) in ["2026-07-15", "2026-11-15"].into_iter().enumerate() {
        for at in (0..2 * N_REFERRERS).filter(|&at| refers(at, window as u64)) {
            let _ = writeln!(referrals, "c{at},new{window}-{at},{day}T00:00:00Z");
        }
    }
    write(folder, "referrals.csv", &referrals);
    let mut feedback = "who,when,nps,d\n".to_owned();
    for at in 0..24 {
        let _ = writeln!(feedback, "k{at},2026-04-{:02}T00:00:00Z,{},{}", at + 1, at % 11, at % 7);
    }
    write(folder, "feedback.csv", &feedback);
}

/// A profile with a row a customer, valid since 2025, and further rows.
fn profile(folder: &Path, more: impl Fn(u64) -> Option<String>) {
    let mut customers = "who,since,plan,colour\n".to_owned();
    for at in 0..2 * N_REFERRERS {
        let _ = writeln!(customers, "c{at},2025-01-01T00:00:00Z,{},{}", plan(at), colour(at));
        if let Some(row) = more(at) {
            let _ = writeln!(customers, "c{at},{row}");
        }
    }
    write(folder, "customers.csv", &customers);
}

/// A study called `profiled` with this of the customers' source and of influence.
fn study(folder: &Path, customers: &str, influence: &str) {
    let text = format!(
        "{}bootstrap = 0\n{}scale = [0, 10]\n[sources.customers]\npath = \"customers.csv\"\ncustomer = \"who\"\n{customers}\n{}[drivers]\n\
         touchpoints = [\"d\"]\n[evaluation]\nenabled = false\n[outcomes.recommend]\n[influence]\nseeds = 0\n{influence}\n",
        study!("profiled"),
        feedback!("feedback.csv", "when"),
        referrals!(),
    );
    write(folder, "profiled.toml", &text);
    let output = advocate(folder, &["run", "profiled.toml", "--quiet"]);
    assert!(output.status.success(), "{}", stderr(&output));
}

fn table(folder: &Path, name: &str) -> Vec<Row> {
    rows(folder, "profiled", name)
}

fn bytes(folder: &Path, name: &str) -> String {
    let path = folder.join(format!("results/profiled/2026-12-31/tables/{name}.csv"));
    std::fs::read_to_string(path).expect("written")
}

fn contender<'a>(ablation: &'a [Row], contender: &str, inputs: &str) -> &'a Row {
    let is_it = |row: &&Row| row["contender"] == contender && row["inputs"] == inputs;
    ablation.iter().find(is_it).expect("a contender of that name")
}

const DATED: &str = "valid_from = \"since\"\nkeep = [\"plan\", \"colour\"]";
const LATER: &str = "later_days = 100";

#[test]
fn a_profile_that_drives_later_referrals_is_a_gain_out_of_time() {
    let folder = folder();
    company(folder.path());
    profile(folder.path(), |_| None);
    study(folder.path(), DATED, LATER);
    let ablation = table(folder.path(), "ablation");
    let without = contender(&ablation, "without", "profile");
    // Referrers and others by the shares of `refers`: 133 of the club and 267 others who referred early, 400 whom these brought, and
    // 77 who came in the first window. In this order the plan puts them; without it the first two are one group. Ties count half.
    let groups = |shares: &[(f64, f64)]| {
        let (mut won, mut n_later, mut n_others) = (0.0, 0.0, 0.0);
        for &(n, share) in shares {
            let (later, others) = (n * share, n * (1.0 - share));
            won += n_later * others + later * others / 2.0;
            (n_later, n_others) = (n_later + later, n_others + others);
        }
        won / (n_later * n_others)
    };
    let early = (0.4 * 133.0 + 0.06 * 267.0) / 400.0;
    let told = groups(&[(133.0, 0.4), (267.0, 0.06), (400.0, 0.02), (77.0, 0.0)]);
    let untold = groups(&[(400.0, early), (400.0, 0.02), (77.0, 0.0)]);
    assert!(number(without, "gain_low") > 0.0, "{without:?}");
    assert!((number(without, "gain_of_rating") - (told - untold)).abs() < 0.05, "{told} {untold} {without:?}");
    // By the plan alone the club comes first, whoever brought them; the draw and what the colours seem to say move it a little.
    let club = (0.4 * 133.0 + 0.02 * 134.0) / 267.0;
    let others = (0.06 * 267.0 + 0.02 * 266.0) / 533.0;
    let area = groups(&[(267.0, club), (533.0, others), (77.0, 0.0)]);
    let only = contender(&ablation, "only", "profile");
    assert!((number(only, "roc_auc") - area).abs() < 0.08, "{area} {only:?}");
    assert!(number(only, "conf_low") > 0.6, "{only:?}");
    for placebo in ["placebo", "placebo_dates"] {
        let row = ablation.iter().find(|row| row["contender"] == placebo).expect("a placebo");
        assert!((number(row, "roc_auc") - 0.5).abs() < 0.06 && number(row, "p_value") < 0.051, "{row:?}");
    }
    let influence = table(folder.path(), "influence");
    let of = |who: &str| influence.iter().find(|row| row["customer"] == who).expect("a customer of that name");
    // Two who did the same, nothing since the first referral, as did whom they brought; the one is of the club.
    let idle = |at: u64| (0..2).all(|window| !refers(at, window) && !refers(at + N_REFERRERS, window));
    let at = (0..N_REFERRERS).step_by(3).find(|&at| idle(at) && idle(at + 1)).expect("two who did the same");
    let (club, other) = (format!("c{at}"), format!("c{}", at + 1));
    assert!(number(of(&club), "rating") > number(of(&other), "rating") + 5.0);
    let reasons = |who: &str| (1..=3).map(|at| of(who)[&format!("rating_reason_{at}")].clone()).collect::<Vec<_>>();
    assert!(reasons(&club).contains(&"+plan".to_owned()), "{:?}", reasons(&club));
    assert!(reasons(&other).contains(&"-plan".to_owned()), "{:?}", reasons(&other));
    // The club has been seen to refer 0.4 to 0.06 as often: the logarithm is 1.9, of which the draw and what the colours say moves some.
    let component = |who: &str| number(of(who), "component_profile");
    assert!((component(&club) - component(&other) - (0.4_f64 / 0.06).ln()).abs() < 0.8, "{}", component(&club));
}

#[test]
fn a_profile_that_tells_nothing_is_no_gain_and_it_is_said() {
    let folder = folder();
    company(folder.path());
    profile(folder.path(), |_| None);
    study(folder.path(), "valid_from = \"since\"\nkeep = [\"colour\"]", LATER);
    let ablation = table(folder.path(), "ablation");
    assert!(number(contender(&ablation, "without", "profile"), "gain_low") <= 0.0);
    assert!(number(contender(&ablation, "only", "profile"), "conf_low") <= 0.5);
    let findings = table(folder.path(), "findings");
    let said = "What is known of profile does not tell later referrers by itself";
    assert!(findings.iter().any(|row| row["sentence"].contains(said)), "{findings:?}");
}

#[test]
fn numbers_of_the_profile_are_told_from_their_logarithms() {
    let folder = folder();
    company(folder.path());
    let mut customers = "who,since,knows\n".to_owned();
    for at in 0..2 * N_REFERRERS {
        let known = acquaintances(at).map_or_else(String::new, |known| known.to_string());
        let _ = writeln!(customers, "c{at},2025-01-01T00:00:00Z,{known}");
    }
    write(folder.path(), "customers.csv", &customers);
    study(folder.path(), "valid_from = \"since\"\nkeep = [\"knows\"]", LATER);
    let ablation = table(folder.path(), "ablation");
    let without = contender(&ablation, "without", "profile");
    assert!(number(without, "gain_low") > 0.0, "{without:?}");
    // The difference of two components is that of two logarithms times one coefficient, whoever they are.
    let influence = table(folder.path(), "influence");
    let component = |at: u64| {
        let who = format!("c{at}");
        number(influence.iter().find(|row| row["customer"] == who).expect("there"), "component_profile")
    };
    let known: Vec<(u64, f64)> = (0..60).filter_map(|at| Some((at, (1.0 + acquaintances(at)? as f64).ln()))).collect();
    let slope = |left: (u64, f64), right: (u64, f64)| (component(left.0) - component(right.0)) / (left.1 - right.1);
    let first = slope(known[0], known[1]);
    assert!(first > 0.0, "{first}");
    for pair in known.windows(2).filter(|pair| (pair[0].1 - pair[1].1).abs() > 0.1) {
        assert!((slope(pair[0], pair[1]) - first).abs() < 1e-6 * first, "{pair:?}");
    }
}

#[test]
fn what_held_only_after_a_cut_is_not_learned_from() {
    let folder = folder();
    company(folder.path());
    profile(folder.path(), |_| None);
    study(folder.path(), DATED, LATER);
    let (ablation, influence) = (bytes(folder.path(), "ablation"), bytes(folder.path(), "influence"));
    // From the middle of the last window on, the plan names everybody who referred in it.
    profile(folder.path(), |at| refers(at, 1).then(|| "2026-11-20T00:00:00Z,referrer,gold".to_owned()));
    study(folder.path(), DATED, LATER);
    assert!(ablation == bytes(folder.path(), "ablation"), "the judgement knows what came later");
    assert!(influence != bytes(folder.path(), "influence"), "today's customers are rated by what holds today");
    // What holds only after the study's date changes nothing at all.
    profile(folder.path(), |at| refers(at, 1).then(|| "2027-01-01T00:00:00Z,referrer,gold".to_owned()));
    study(folder.path(), DATED, LATER);
    assert!(ablation == bytes(folder.path(), "ablation"));
    assert!(influence == bytes(folder.path(), "influence"));
}

#[test]
fn a_profile_without_dates_needs_the_word_of_the_study() {
    let folder = folder();
    company(folder.path());
    profile(folder.path(), |_| None);
    study(folder.path(), "valid_from = \"since\"\nkeep = [\"plan\"]", LATER);
    let dated = (bytes(folder.path(), "ablation"), bytes(folder.path(), "influence"));
    // Nothing is said of either column: both are left out, and no input is of the profile.
    study(folder.path(), "keep = [\"plan\", \"colour\"]", LATER);
    assert!(table(folder.path(), "ablation").iter().all(|row| row["inputs"] != "profile"));
    let sentence = |folder: &Path| {
        let findings = table(folder, "findings");
        let own = findings.iter().find(|row| row["sentence"].starts_with("The rating leaves out"));
        own.map(|row| row["sentence"].clone()).unwrap_or_default()
    };
    let said = sentence(folder.path());
    for part in ["leaves out 2 columns", "`plan`, `colour`", "`valid_from`", "`constant`"] {
        assert!(said.contains(part), "{said}");
    }
    // One of them never changes: it is known as of any time, as it would be with dates.
    study(folder.path(), "keep = [\"plan\", \"colour\"]\nconstant = [\"plan\"]", LATER);
    assert!(sentence(folder.path()).contains("leaves out 1 column of the profile"), "{}", sentence(folder.path()));
    assert!(dated == (bytes(folder.path(), "ablation"), bytes(folder.path(), "influence")));
    study(folder.path(), "keep = [\"plan\"]\nconstant = [\"plan\"]", LATER);
    assert_eq!(sentence(folder.path()), "");
}

#[test]
fn ranks_say_that_the_profile_has_no_part_in_them() {
    let folder = folder();
    company(folder.path());
    profile(folder.path(), |_| None);
    study(folder.path(), DATED, "later_days = 1");
    let findings = table(folder.path(), "findings");
    let own = findings.iter().find(|row| row["sentence"].contains("not learned from later referrals")).expect("said");
    let said = "Columns of the profile have no direction and no part in it until there is something to learn from: `plan`, \
                `colour`.";
    assert!(own["sentence"].contains(said), "{own:?}");
}
