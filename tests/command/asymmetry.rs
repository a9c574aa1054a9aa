//! Penalty, reward and necessity of one touchpoint by hand: three levels of it, eight answers each.

use super::studies::{Row, assert_near, rows};
use super::{advocate, folder, stderr, write};
use std::fmt::Write as _;

/// Scores of delivery, and the answers that go with them; means 1.25, 5 and 8.
const ANSWERS: [(u8, [u8; 8]); 3] =
    [(1, [0, 2, 1, 3, 0, 2, 1, 1]), (5, [4, 5, 6, 5, 4, 6, 5, 5]), (9, [6, 8, 10, 9, 7, 8, 8, 8])];

const STUDY: &str = concat!(
    study!("levels"),
    r#"seed = 1
bootstrap = 0
[sources.feedback]
path = "feedback.csv"
snapshot = true
recommend = "nps"
scale = [0, 10]
[drivers]
touchpoints = ["delivery"]
[evaluation]
enabled = false
[outcomes.recommend]
"#
);

#[test]
fn what_low_scores_cost_high_ones_bring_and_levels_need() {
    let folder = folder();
    let mut feedback = "delivery,nps\n".to_owned();
    for (score, answers) in ANSWERS {
        answers.iter().for_each(|answer| writeln!(feedback, "{score},{answer}").expect("text"));
    }
    write(folder.path(), "feedback.csv", &feedback);
    write(folder.path(), "levels.toml", STUDY);
    let output = advocate(folder.path(), &["run", "levels.toml", "--quiet"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let rows = |table: &str| rows(folder.path(), "levels", table);

    let asymmetry = rows("asymmetry");
    assert_eq!(asymmetry.len(), 1);
    // Thirds of 0 to 10: 1 is low, 5 is middle, 9 is high. Means less means.
    assert_near(&asymmetry[0], "penalty", 5.0 - 1.25);
    assert_near(&asymmetry[0], "reward", 8.0 - 5.0);
    assert_near(&asymmetry[0], "asymmetry", 0.75);
    for count in ["n_low", "n_middle", "n_high"] {
        assert_near(&asymmetry[0], count, 8.0);
    }
    // Both are far from zero, and eight answers are too few for a verdict.
    assert_eq!(asymmetry[0]["class"], "undecided");

    // Corners of the ceiling: (1, 3) once, (5, 6) twice, (9, 10) once, in a scope of 10 by 10. Steps leave
    // 1 x 10 + 4 x 7 + 4 x 4 = 54 empty; the line through the corners is 1.875 + 0.875 x, with 22 of 24 below.
    let necessity = rows("necessity");
    let by_line = |word: &str| necessity.iter().find(|row| row["ceiling"] == word).expect("a ceiling");
    assert_near(by_line("ce_fdh"), "ceiling_zone", 54.0);
    assert_near(by_line("ce_fdh"), "effect_size", 0.54);
    assert_near(by_line("ce_fdh"), "accuracy", 1.0);
    assert_near(by_line("cr_fdh"), "slope", 0.875);
    assert_near(by_line("cr_fdh"), "intercept", 1.875);
    assert_near(by_line("cr_fdh"), "accuracy", 22.0 / 24.0);
    let bottlenecks = rows("bottlenecks");
    let at = |percent: f64| {
        let level = |row: &&Row| (row["outcome_percent"].parse::<f64>().expect("a number") - percent).abs() < 1e-9;
        bottlenecks.iter().find(level).expect("a level")
    };
    assert_near(at(50.0), "outcome_level", 5.0);
    assert_near(at(50.0), "ce_fdh_level", 5.0);
    assert_near(at(50.0), "cr_fdh_level", (5.0 - 1.875) / 0.875);
    assert_near(at(100.0), "ce_fdh_level", 9.0);
}
