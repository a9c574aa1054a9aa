//! Answers whose weight says how often each was given: the measures count them as if every one stood in a row of its own.

use super::PipelineError;
use crate::data::WeightKind;
use crate::findings::{Finding, FindingKind, Severity};
use crate::link::BaseTable;
use crate::report::words;
use crate::study::Study;
use std::borrow::Cow;

/// Rows beyond which nothing is written out: the tables of a survey with more answers do not fit the memory of a small machine.
const ROWS_MAX: u64 = 20_000_000;

/// The base table with every answer as often as its frequency says, and without weights; as it is where weights are of another
/// kind. Answers without a frequency, or with a frequency of 0, were not given.
///
/// # Errors
/// A frequency that is no whole number, or so many answers that they cannot be held.
pub(super) fn written_out<'b>(study: &Study, base: &'b BaseTable) -> Result<Cow<'b, BaseTable>, PipelineError> {
    let feedback = &study.sources.feedback;
    let Some(weights) = base.numbers("weight").filter(|_| feedback.weight_kind == WeightKind::Frequency) else {
        return Ok(Cow::Borrowed(base));
    };
    let column = feedback.weight.as_deref().unwrap_or("weight");
    let refuse = |sentence: String| Err(study.refuse("sources.feedback.weight", sentence).into());
    let is_no_count = |weight: &&f64| !(weight.is_nan() || (**weight >= 0.0 && weight.fract().abs() <= 0.0));
    if let Some(weight) = weights.iter().find(is_no_count) {
        return refuse(format!(
            "`{column}` has {weight}, and a frequency says how often an answer was given, 0, 1, 2, ...; say `weight_kind = \
             \"sampling\"` where an answer stands for so many customers"
        ));
    }
    let sum: f64 = weights.iter().filter(|weight| !weight.is_nan()).sum();
    if sum > ROWS_MAX as f64 {
        return refuse(format!(
            "the frequencies in `{column}` sum to {sum} answers, and no more than {} can be counted one by one; say \
             `weight_kind = \"sampling\"` if an answer stands for so many customers",
            words::count(ROWS_MAX)
        ));
    }
    // `NaN` becomes 0.
    Ok(Cow::Owned(base.repeated(|row| weights[row] as usize).without("weight")))
}

/// What weights of precision are to the measures; nothing for others.
pub(super) fn of_precision(study: &Study, base: &BaseTable) -> Option<Finding> {
    let is_precision = study.sources.feedback.weight_kind == WeightKind::Precision;
    (is_precision && base.numbers("weight").is_some()).then(|| {
        let sentence = "`weight_kind = \"precision\"` says how exact each answer is, which models use; scores, shares and means take \
                        the weights as those of a sample, by which an answer stands for so many customers, and so do their errors";
        Finding::new(FindingKind::Unreliable, Severity::Warning, "weight", sentence)
    })
}

#[cfg(test)]
mod tests {
    use crate::pipeline::small_study::SmallStudy;
    use crate::report::{MeasureRow, StudyResults};

    const STUDY: &str = "study = { name = \"case\", as_of = 2026-12-31, bootstrap = 40 }
[sources.feedback]
path = \"a.csv\"
snapshot = true
recommend = \"ltr\"
channel = \"via\"
weight = \"n\"
weight_kind = \"frequency\"
[drivers]
touchpoints = [\"speed\"]
[outcomes.recommend]
[measures]
by = [\"channel\"]
suppress_below = 12
[[measures.items]]
column = \"speed\"
metric = \"mean\"
";

    fn answers(each: impl Fn(usize) -> usize) -> String {
        let mut text = "ltr,via,speed,n\n".to_owned();
        for row in 0..24 {
            let (ltr, via) = ((row * 7 + row / 5) % 11, if row % 3 == 0 { "web" } else { "shop" });
            let times = 1 + row % 4;
            for _ in 0..each(times) {
                text.push_str(&format!("{ltr},{via},{},{times}\n", (ltr + row) % 5 + 1));
            }
        }
        text
    }

    fn run(study: &str, answers: &str) -> StudyResults {
        SmallStudy::new(study, &[("a.csv", answers)]).run()
    }

    /// The expected values are those of the same answers in rows of their own, in a study without weights.
    #[test]
    fn frequencies_count_as_rows_that_are_written_out() {
        let weighted = run(STUDY, &answers(|_| 1));
        let plain = STUDY.replace("weight = \"n\"\nweight_kind = \"frequency\"\n", "");
        let written = run(&plain, &answers(|times| times));
        let of = |own: &StudyResults| own.measures.clone();
        let rows: Vec<MeasureRow> = of(&weighted);
        assert_eq!(rows, of(&written));
        // 24 rows with frequencies 1 to 4 in turn are 60 answers; the 8 rows of `web` alone would be too few to be shown.
        assert_eq!((rows[0].score.n, rows[0].weighted), (60, false));
        assert_eq!(rows.iter().filter(|row| row.cut.is_some()).count(), 2);
        assert_eq!(weighted.scorecard.portfolio, written.scorecard.portfolio);
    }

    #[test]
    fn half_an_answer_is_refused_where_the_weight_is_named() {
        let answers = answers(|_| 1).replacen(",1\n", ",1.5\n", 1);
        let case = SmallStudy::new(STUDY, &[("a.csv", &answers)]);
        let said = crate::pipeline::run(&case.study(), &case.settings(), &|_| ()).map(|_| ()).expect_err("refused");
        assert!(said.to_string().contains("`n` has 1.5, and a frequency says how often"), "{said}");
    }

    #[test]
    fn weights_of_precision_say_what_they_are_to_the_measures() {
        let own = run(&STUDY.replace("frequency", "precision"), &answers(|_| 1));
        assert_eq!(own.findings.iter().filter(|own| own.sentence.contains("says how exact each answer is")).count(), 1);
        assert!(own.measures[0].weighted);
    }
}
