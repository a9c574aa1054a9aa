//! What a study holds constant is behaviour, not feedback, when it is judged what the feedback adds.

use super::studies::{find, number, rows, run};
use super::{folder, write};
use std::fmt::Write as _;

#[test]
fn what_is_held_constant_is_no_part_of_what_the_feedback_adds() {
    let folder = folder();
    // Of ten who bought within the last 200 days nine buy again, of ten others one; what they say has nothing to do with it.
    let mut feedback = "who,when,nps,delivery\n".to_owned();
    let mut orders = "who,when\n".to_owned();
    for at in 0..600 {
        let recent = at % 2 == 0;
        let ordered =
            if recent { format!("2026-01-{:02}", 1 + at % 28) } else { format!("2025-03-{:02}", 1 + at % 28) };
        let month = 3 + at / 4 % 6;
        let _ = writeln!(feedback, "c{at},2026-{month:02}-10T12:00:00Z,{},{}", at / 3 % 11, 1 + at / 7 % 5);
        let _ = writeln!(orders, "c{at},{ordered}T12:00:00Z");
        if recent != (at / 2 % 10 == 0) {
            let _ = writeln!(orders, "c{at},2026-{month:02}-15T12:00:00Z");
        }
    }
    write(folder.path(), "f.csv", &feedback);
    write(folder.path(), "orders.csv", &orders);
    let study = concat!(
        "bootstrap = 0\n",
        feedback!("f.csv", "when"),
        r#"scale = [1, 5]
[sources.transactions]
path = "orders.csv"
customer = "who"
time = "when"
[drivers]
touchpoints = ["delivery"]
controls = ["recency_days"]
[evaluation]
history = ["frequency"]
[outcomes.repurchase]
window_days = 30
"#
    );
    run(folder.path(), study);
    let figures = rows(folder.path(), "shot", "evaluation");
    let auc = |model: &str| -> f64 {
        number(find(&figures, &[("model", model), ("metric", "roc_auc"), ("by", ""), ("fold", "")]), "estimate")
    };
    // Sorted by the recent half alone the area is 0.9; the number of purchases is the same for all, so that it says nothing.
    assert!(auc("history") > 0.85, "{}", auc("history"));
    assert!((auc("history_and_feedback") - auc("history")).abs() < 0.05, "{}", auc("history_and_feedback"));
    let findings = rows(folder.path(), "shot", "findings");
    assert!(findings.iter().any(|row| row["sentence"].starts_with("It is not shown that what customers said adds")));
}
