//! Whether answers look as if they were given on another scale than 0 to 10.

use crate::findings::{Finding, FindingKind, Severity};
use crate::report::words;

/// From so many answers on, a column without a single 0 is worth a question: 1 to 3 % of customers answer 0 in most surveys.
const N_WITHOUT_ZERO: usize = 200;

/// From so many answers on, a column without an answer above 7 is: no company is that bad to all.
const N_WITHOUT_MORE_THAN_SEVEN: usize = 50;

/// From so many answers on, a column of zeros and ones is worth a question.
const N_WITHOUT_MORE_THAN_ONE: usize = 20;

/// Answers that leave out an end of the scale may have been given on another.
pub(super) fn of_another_scale(column: &str, remedy: &str, answers: impl Iterator<Item = f64>) -> Option<Finding> {
    let (mut n, mut lowest, mut highest) = (0, f64::INFINITY, f64::NEG_INFINITY);
    for answer in answers {
        n += 1;
        lowest = lowest.min(answer);
        highest = highest.max(answer);
    }
    let answers = words::counted(n, "answer", "answers");
    let sentence = if n >= N_WITHOUT_MORE_THAN_ONE && highest <= 1.0 {
        format!(
            "none of {answers} is above 1; if the question was answered by yes or no, this is no Net Promoter Score"
        )
    } else if n >= N_WITHOUT_MORE_THAN_SEVEN && highest <= 7.0 {
        format!(
            "none of {answers} is above {highest}; if the question was asked on a scale that ends at 5 or 7, this is no Net \
             Promoter Score: report its mean or its top box"
        )
    } else if n >= N_WITHOUT_ZERO && lowest >= 1.0 {
        format!(
            "none of {answers} is 0; if the question was asked from 1 to 10, this is no Net Promoter Score, since 9 and 10 \
             do not mean the same there: look at the questionnaire{remedy}"
        )
    } else {
        return None;
    };
    Some(Finding::new(FindingKind::ScaleEnd, Severity::Note, column, sentence).number("n", n as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A scale from 1 to 5 or 7, one from 1 to 10 and yes or no, each told from so many answers on; one zero settles it.
    #[test]
    fn answers_of_other_scales_are_told() {
        let said = |n: usize, of: fn(usize) -> f64| {
            of_another_scale("score", "", (0..n).map(of)).map(|finding| finding.sentence).unwrap_or_default()
        };
        assert!(said(50, |at| (1 + at % 5) as f64).contains("none of 50 answers is above 5"));
        assert!(said(200, |at| (1 + at % 10) as f64).contains("none of 200 answers is 0"));
        assert!(said(20, |at| (at % 2) as f64).contains("none of 20 answers is above 1"));
        assert_eq!(said(199, |at| (1 + at % 10) as f64), "");
        assert_eq!(said(2000, |at| (at % 11) as f64), "");
    }
}
