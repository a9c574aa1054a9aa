//! A class that a touchpoint tells without error, in a study: Firth's fit stands in for the one that has no finite coefficients.

use super::studies::{assert_near, find, number, rows, run};
use super::{folder, write};
use std::fmt::Write as _;

/// Of ten whom delivery failed three are promoters, of twelve whom it did not all are.
const PROMOTERS: [(usize, usize); 2] = [(3, 10), (12, 12)];

const STUDY: &str = concat!(
    "bootstrap = 0\n",
    feedback!("feedback.csv", "when"),
    r#"scale = [0, 1]
[drivers]
touchpoints = ["delivery"]
[evaluation]
enabled = false
[outcomes.promoter]
[outcomes.recommend]
"#
);

/// Runs the study with so many answers a customer, and returns its page.
fn run_with(answers_each: usize, folder: &std::path::Path) -> String {
    let mut feedback = "who,when,nps,delivery\n".to_owned();
    for (delivery, (promoters, n)) in PROMOTERS.into_iter().enumerate() {
        for at in 0..n {
            let (who, answer) = (at / answers_each, if at < promoters { 9 + at % 2 } else { 2 + at % 5 });
            let _ = writeln!(feedback, "c{delivery}-{who},2026-03-{:02}T12:00:00Z,{answer},{delivery}", 1 + at);
        }
    }
    write(folder, "feedback.csv", &feedback);
    run(folder, STUDY)
}

#[test]
fn a_separated_class_has_the_coefficients_of_firth() {
    let folder = folder();
    let page = run_with(1, folder.path());
    // In a model as rich as its table Firth's penalty adds half an answer to each of the four cells (Firth 1993; Haldane's
    // correction), and the errors are those of the information there.
    let share = |(promoters, n): (usize, usize)| (promoters as f64 + 0.5) / (n as f64 + 1.0);
    let log_odds = |group| (share(group) / (1.0 - share(group))).ln();
    let information = |group: (usize, usize)| group.1 as f64 * share(group) * (1.0 - share(group));
    let [failed, went_well] = PROMOTERS;
    let coefficients = rows(folder.path(), "shot", "coefficients");
    let of = |term: &str| find(&coefficients, &[("outcome", "promoter"), ("term", term)]);
    let near = |term: &str, column: &str, want: f64| {
        let got = number(of(term), column);
        assert!((got - want).abs() < 1e-6, "{column} of {term}: {got} instead of {want}");
    };
    near("(intercept)", "estimate", log_odds(failed));
    near("delivery", "estimate", log_odds(went_well) - log_odds(failed));
    near("(intercept)", "std_error", information(failed).recip().sqrt());
    near("delivery", "std_error", (information(failed).recip() + information(went_well).recip()).sqrt());

    // What stands in is said where the outcome stands, and no driver is ranked for it.
    let findings = rows(folder.path(), "shot", "findings");
    let said = &find(&findings, &[("kind", "separated"), ("about", "promoter")])["sentence"];
    for part in ["delivery", "those of Firth's penalised fit, and drivers are not ranked"] {
        assert!(said.contains(part), "{said}");
    }
    assert!(page.contains("Firth"), "the page does not say whose coefficients it shows");
    let drivers = rows(folder.path(), "shot", "drivers");
    assert!(drivers.iter().all(|row| row["outcome"] != "promoter"), "{drivers:?}");

    // The customers are scored with it ...
    let scores = rows(folder.path(), "shot", "scores");
    for (customer, group) in [("c0-0", failed), ("c1-0", went_well)] {
        let got = number(find(&scores, &[("customer", customer)]), "p_promoter");
        assert!((got - share(group)).abs() < 1e-6, "{customer}: {got}");
    }
    // ... and the other outcome goes on: one driver carries all of it.
    assert_near(find(&drivers, &[("outcome", "recommend"), ("driver", "delivery")]), "share", 1.0);
}

#[test]
fn errors_that_cannot_be_by_customer_are_said_to_be_none() {
    let folder = folder();
    run_with(2, folder.path());
    let findings = rows(folder.path(), "shot", "findings");
    let said = &find(&findings, &[("kind", "separated"), ("about", "promoter")])["sentence"];
    assert!(said.contains("standard errors that take answers of one customer as independent"), "{said}");
}
