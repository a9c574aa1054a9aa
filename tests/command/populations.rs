//! Scores of a known population, intervals by resampling, and cuts against their benchmarks.

use super::studies::{self, Row, assert_near, attempt, find, number, rows};
use super::{folder, stderr, write};
use std::fmt::Write as _;
use std::path::Path;

const SNAPSHOT: &str = concat!(snapshot!(), "keep = [\"region\"]\n[measures]\nby = [\"region\"]\n");

fn run(folder: &Path, study: &str) {
    studies::run(folder, &format!("bootstrap = 100\n{study}"));
}

/// Forty of the north: 20 promoters, 10 passives, 10 detractors; twenty of the south: 10, 0 and 10.
fn two_regions() -> String {
    let mut feedback = "nps,region\n".to_owned();
    for (region, classes) in [("north", [20, 10, 10]), ("south", [10, 0, 10])] {
        for (answer, n) in [9, 8, 3].into_iter().zip(classes) {
            (0..n).for_each(|_| {
                let _ = writeln!(feedback, "{answer},{region}");
            });
        }
    }
    feedback
}

fn error_of(rows: &[Row], keys: &[(&str, &str)]) -> f64 {
    find(rows, keys)["std_error"].parse().expect("an error")
}

#[test]
fn errors_allow_for_the_part_of_the_population_that_answered() {
    let folder = folder();
    write(folder.path(), "f.csv", &two_regions());
    run(folder.path(), SNAPSHOT);
    let endless = rows(folder.path(), "shot", "measures");
    assert!(endless.iter().all(|row| row["asked_share"].is_empty()));
    run(
        folder.path(),
        &format!("{SNAPSHOT}[measures.population]\nsize = 240\n[measures.population.by.region]\nnorth = 80\n"),
    );
    let finite = rows(folder.path(), "shot", "measures");
    let portfolio = rows(folder.path(), "shot", "portfolio");
    // Sixty of 240 answered, forty of the 80 of the north; of the south nothing is known but that of all.
    for (by, value, share) in [("", "", 0.25), ("region", "north", 0.5), ("region", "south", 0.25)] {
        let keys = [("by", by), ("value", value)];
        let want = error_of(&endless, &keys) * f64::sqrt(1.0 - share);
        assert_near(find(&finite, &keys), "std_error", want);
        assert_near(find(&finite, &keys), "asked_share", share);
        let cell = find(&portfolio, &[("metric", "nps"), ("by", by), ("level", value)]);
        assert_near(cell, "std_error", want);
        assert_near(cell, "asked_share", share);
    }
    // By hand: 20 less 10 of 40, so that the variance of one answer is 3/4 - 1/16.
    assert_near(find(&finite, &[("value", "north")]), "std_error", 100.0 * f64::sqrt(0.5 * 0.6875 / 40.0));
}

#[test]
fn a_population_smaller_than_its_answers_is_refused() {
    let folder = folder();
    write(folder.path(), "f.csv", &two_regions());
    for (population, part) in [
        ("size = 50", "60 customers answered and the population is said to have 50 of them; state at least as many"),
        ("size = 500\n[measures.population.by.region]\nsouth = 3", "20 customers of region south answered"),
    ] {
        let output =
            attempt(folder.path(), &format!("bootstrap = 100\n{SNAPSHOT}[measures.population]\n{population}\n"));
        assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
        assert!(stderr(&output).contains(part), "{}", stderr(&output));
    }
}

#[test]
fn customers_and_invitations_are_counted_where_they_are_known() {
    // Twelve answer of forty customers, of whom thirty are new; sixteen customers were invited, one of them twice.
    let folder = folder();
    let (mut feedback, mut customers, mut invitations) =
        ("who,when,nps\n".to_owned(), "who,segment\n".to_owned(), "who,when,wave\n".to_owned());
    for at in 0..40 {
        let _ = writeln!(customers, "c{at},{}", if at < 30 { "new" } else { "old" });
        if at < 12 {
            let _ = writeln!(feedback, "c{at},2026-06-10T12:00:00Z,{}", [9, 3, 8][at % 3]);
        }
        if at < 16 {
            let _ = writeln!(invitations, "c{at},2026-06-01T12:00:00Z,summer");
        }
    }
    let _ = writeln!(invitations, "c0,2026-06-08T12:00:00Z,summer");
    write(folder.path(), "f.csv", &feedback);
    write(folder.path(), "c.csv", &customers);
    write(folder.path(), "i.csv", &invitations);
    let study = |size: &str| {
        format!(
            "[sources.feedback]\npath = \"f.csv\"\ncustomer = \"who\"\ntime = \"when\"\nrecommend = \"nps\"\n\
             [sources.customers]\npath = \"c.csv\"\ncustomer = \"who\"\nkeep = [\"segment\"]\n\
             [sources.invitations]\npath = \"i.csv\"\ncustomer = \"who\"\ntime = \"when\"\nkeep = [\"wave\"]\n\
             [measures]\nby = [\"segment\"]\n[measures.population]\nsize = \"{size}\"\n"
        )
    };
    run(folder.path(), &study("customers"));
    let own = rows(folder.path(), "shot", "measures");
    assert_near(find(&own, &[("by", "")]), "asked_share", 12.0 / 40.0);
    assert_near(find(&own, &[("value", "new")]), "asked_share", 12.0 / 30.0);
    run(folder.path(), &study("invitations"));
    assert_near(find(&rows(folder.path(), "shot", "measures"), &[("by", "")]), "asked_share", 12.0 / 16.0);
}

#[test]
fn a_bootstrap_interval_is_one_in_every_table_and_named() {
    let folder = folder();
    write(folder.path(), "f.csv", &two_regions());
    run(
        folder.path(),
        &format!("{SNAPSHOT}interval = \"bootstrap\"\nrake = {{ region = {{ north = 0.5, south = 0.5 }} }}\n"),
    );
    let measures = rows(folder.path(), "shot", "measures");
    let portfolio = rows(folder.path(), "shot", "portfolio");
    for (by, value) in [("", ""), ("region", "north"), ("region", "south")] {
        let own = find(&measures, &[("by", by), ("value", value)]);
        let cell = find(&portfolio, &[("metric", "nps"), ("by", by), ("level", value)]);
        for column in ["conf_low", "conf_high", "interval"] {
            assert_eq!(own[column], cell[column], "{column} of {value}");
        }
        assert_eq!(own["interval"], "bootstrap");
        let [low, score, high] =
            ["conf_low", "estimate", "conf_high"].map(|name| own[name].parse::<f64>().expect("a number"));
        let error: f64 = own["std_error"].parse().expect("a number");
        // Percentiles at 95 % lie about two errors to either side.
        assert!((high - low) > 2.5 * error && (high - low) < 5.5 * error && low < score && score < high, "{own:?}");
    }
    // Weighted to known shares, every replicate is weighted anew; before, the interval is the one above.
    let weighting = rows(folder.path(), "shot", "weighting");
    let (before, after) = (find(&weighting, &[("weights", "before")]), find(&weighting, &[("weights", "after")]));
    assert_eq!(before["conf_low"], find(&measures, &[("by", "")])["conf_low"]);
    assert_eq!((before["interval"].as_str(), after["interval"].as_str()), ("bootstrap", "bootstrap"));
    assert_eq!((&after["conf_low"], &after["conf_high"]), (&after["bootstrap_low"], &after["bootstrap_high"]));
    // By the formula 60 customers' residuals: within the north squares of 0.75 - 0.0625 over 40, within the south 1 over 20.
    assert_near(after, "std_error", 100.0 * (60.0 / 59.0 * (0.25 * 0.6875 / 40.0 + 0.25 / 20.0_f64)).sqrt());
    // A standard deviation of 100 draws is within 7 % of its own, two times in three; and draws know of the formula's 59 as 60.
    let ratio = number(after, "bootstrap_std_error") / number(after, "std_error");
    assert!((ratio - 1.0).abs() < 0.25, "{ratio}");
    assert_eq!(after["n_replicates"], "100");
    // Shares have their own kind.
    assert_eq!(find(&portfolio, &[("metric", "top_box"), ("by", "")])["interval"], "wilson");
    let page = std::fs::read_to_string(folder.path().join("results/shot/2026-12-31/report.html")).expect("a page");
    assert!(page.contains("percentiles over resampled customers") && page.contains("Interval (bootstrap)"));
}

#[test]
fn every_cut_is_held_against_its_own_benchmark() {
    let folder = folder();
    write(folder.path(), "f.csv", &two_regions());
    let benchmark =
        "[measures.benchmark]\nnps = -10\nn = 500\n[measures.benchmark.by.region]\nnorth = 20\nnowhere = 5\n";
    run(folder.path(), &format!("{SNAPSHOT}{benchmark}"));
    let own = rows(folder.path(), "shot", "benchmark_by_cut");
    let (north, south) = (find(&own, &[("value", "north")]), find(&own, &[("value", "south")]));
    for (column, want) in [("benchmark_nps", 20.0), ("nps", 25.0), ("gap", 5.0), ("n", 40.0)] {
        assert_near(north, column, want);
    }
    // By hand, with 3/4, 3/2 and 3/4 answers more: 10 of 43, less 0.2, over the error of 43; the figure's own answers are not known.
    let (score, n) = (10.0_f64 / 43.0, 43.0);
    let error = ((20.75 + 10.75) / n - score * score).sqrt() / n.sqrt();
    assert_near(north, "statistic", (score - 0.2) / error);
    assert_eq!((north["benchmark_n"].as_str(), south["benchmark_n"].as_str()), ("", "500"));
    for (column, want) in [("benchmark_nps", -10.0), ("nps", 0.0), ("gap", 10.0)] {
        assert_near(south, column, want);
    }
    // Of two, the smaller p counts twice unless the larger is less.
    let p = |row: &Row, name: &str| row[name].parse::<f64>().expect("a number");
    let (small, large) = if p(north, "p_value") < p(south, "p_value") { (north, south) } else { (south, north) };
    assert_near(large, "p_adjusted", p(large, "p_value"));
    assert_near(small, "p_adjusted", f64::min(2.0 * p(small, "p_value"), p(large, "p_value")));
    let findings = rows(folder.path(), "shot", "findings");
    assert!(findings.iter().any(|row| row["sentence"].contains("the benchmark of region nowhere")), "{findings:?}");
    let page = std::fs::read_to_string(folder.path().join("results/shot/2026-12-31/report.html")).expect("a page");
    assert!(page.contains("Cuts against the benchmark") && page.contains("none is shown to lie above its benchmark"));
}
