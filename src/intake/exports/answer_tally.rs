//! Whether the recommend answers of a whole column are what they seem to be.

use super::answer::Answer;
use super::{ExportError, ResponseClass};
use serde::{Deserialize, Serialize};

/// Codes that are told apart: 0 to 11.
const N_CODES: usize = 12;

/// Counts of a column's recommend answers by value and by the export's own class. Blocks of rows are counted each for
/// itself and added up; the order does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AnswerTally {
    /// By code and class; the last place of a row is for answers without a class.
    counts: [[u64; 4]; N_CODES],
    n_lowest: u64,
    n_highest: u64,
    n_other_numbers: u64,
    n_unreadable: u64,
}

/// What a column's answers turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerCheck {
    /// Answers from 0 to 10 that agree with the export's class wherever it says one.
    Sound {
        /// Answers with a class beside them.
        n_checked: u64,
    },
    /// Some answers have another class beside them than their own; the class is computed from the answer all the same.
    ClassDisagrees {
        /// Answers with a class beside them.
        n_checked: u64,
        /// Those whose class is another.
        n_disagreeing: u64,
    },
    /// There are answers of 11, none of 0, and no class to hold them against: they may be codes from 1 to 11, or 11 may be a
    /// code for no answer.
    PerhapsShifted {
        /// Answers of 11.
        n_eleven: u64,
    },
}

impl AnswerTally {
    /// Counts one answer and the class that the export gives it.
    pub fn add(&mut self, answer: Answer, class: Option<ResponseClass>) {
        match answer {
            Answer::Blank => {}
            Answer::Lowest => self.n_lowest += 1,
            Answer::Highest => self.n_highest += 1,
            Answer::Unreadable => self.n_unreadable += 1,
            Answer::Number(value) => match code(value) {
                Some(code) => self.counts[code][class.map_or(3, |class| class as usize)] += 1,
                None => self.n_other_numbers += 1,
            },
        }
    }

    /// Adds the counts of other rows.
    pub fn merge(&mut self, other: &Self) {
        for (own, others) in self.counts.iter_mut().flatten().zip(other.counts.iter().flatten()) {
            *own += others;
        }
        self.n_lowest += other.n_lowest;
        self.n_highest += other.n_highest;
        self.n_other_numbers += other.n_other_numbers;
        self.n_unreadable += other.n_unreadable;
    }

    /// What the answers are.
    ///
    /// Codes count as shifted where none is 0, some disagree with the class beside them, and none would if each were one
    /// less: Qualtrics numbers the choices of a question from 1 unless its recode values are set.
    ///
    /// # Errors
    /// Codes from 1 to 11, and words without a single number: `Extremely likely` is 10 among numbers and the best of five
    /// among words.
    ///
    /// # Example
    /// ```
    /// use advocate::intake::exports::{Answer, AnswerTally, ResponseClass};
    ///
    /// let mut tally = AnswerTally::default();
    /// tally.add(Answer::of("11"), Some(ResponseClass::Promoter));
    /// tally.add(Answer::of("7"), Some(ResponseClass::Detractor));
    /// assert!(tally.check("Q1").unwrap_err().to_string().contains("codes from 1 to 11"));
    /// ```
    pub fn check(&self, column: &str) -> Result<AnswerCheck, ExportError> {
        let at = |code: usize| self.counts[code].iter().sum::<u64>();
        let n_numbers = (0..N_CODES).map(at).sum::<u64>() + self.n_other_numbers;
        let n_ends = self.n_lowest + self.n_highest;
        if n_ends > 0 && n_numbers == 0 {
            return Err(ExportError::WordsOnly { column: column.to_owned(), n_words: n_ends + self.n_unreadable });
        }
        let n_checked = self.counts.iter().flat_map(|row| &row[..3]).sum();
        let n_disagreeing = self.n_disagreeing(0);
        let n_eleven = at(N_CODES - 1);
        let without_zero = at(0) == 0 && n_ends == 0;
        if n_disagreeing > 0 && without_zero && self.n_disagreeing(1) == 0 {
            return Err(ExportError::ShiftedCodes { column: column.to_owned(), n_checked, n_disagreeing });
        }
        Ok(if n_disagreeing > 0 {
            AnswerCheck::ClassDisagrees { n_checked, n_disagreeing }
        } else if n_eleven > 0 && without_zero && n_checked == 0 {
            AnswerCheck::PerhapsShifted { n_eleven }
        } else {
            AnswerCheck::Sound { n_checked }
        })
    }

    /// Answers whose class is another than that of the code less a shift.
    fn n_disagreeing(&self, shift: usize) -> u64 {
        let class = |code: usize| {
            let answer = code.checked_sub(shift).and_then(|answer| u8::try_from(answer).ok())?;
            ResponseClass::of_answer(answer).map(|class| class as usize)
        };
        let rows = self.counts.iter().enumerate();
        rows.map(|(code, row)| (0..3).filter(|&own| Some(own) != class(code)).map(|own| row[own]).sum::<u64>()).sum()
    }
}

/// The whole number from 0 to 11 that an answer is.
fn code(value: f64) -> Option<usize> {
    let is_code = value.fract().abs() < f64::EPSILON && (0.0..=11.0).contains(&value);
    is_code.then_some(value as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ResponseClass::{Detractor, Passive, Promoter};

    fn tally(answers: &[(&str, Option<ResponseClass>)]) -> AnswerTally {
        let mut tally = AnswerTally::default();
        for (text, class) in answers {
            tally.add(Answer::of(text), *class);
        }
        tally
    }

    #[test]
    fn codes_from_one_to_eleven_are_refused() {
        let shifted =
            tally(&[("1", Some(Detractor)), ("8", Some(Passive)), ("9", Some(Passive)), ("11", Some(Promoter))]);
        let refused = shifted.check("QID1").expect_err("shifted");
        assert_eq!(refused, ExportError::ShiftedCodes { column: "QID1".into(), n_checked: 4, n_disagreeing: 2 });
        // A small file may hold no 11: the 7 of a detractor gives it away.
        assert!(tally(&[("7", Some(Detractor)), ("10", Some(Promoter))]).check("QID1").is_err());
    }

    #[test]
    fn answers_that_agree_are_sound() {
        let sound =
            tally(&[("0", Some(Detractor)), ("7", Some(Passive)), ("10", Some(Promoter)), ("", None), ("3", None)]);
        assert_eq!(sound.check("a"), Ok(AnswerCheck::Sound { n_checked: 3 }));
        assert_eq!(AnswerTally::default().check("a"), Ok(AnswerCheck::Sound { n_checked: 0 }));
        // An 11 beside zeros is a code for no answer, as in surveys on paper.
        assert_eq!(tally(&[("11", None), ("0", None)]).check("a"), Ok(AnswerCheck::Sound { n_checked: 0 }));
    }

    #[test]
    fn without_a_class_eleven_is_a_suspicion_only() {
        assert_eq!(tally(&[("11", None), ("9", None)]).check("a"), Ok(AnswerCheck::PerhapsShifted { n_eleven: 1 }));
    }

    #[test]
    fn a_class_that_fits_neither_way_is_counted() {
        let mixed = tally(&[("9", Some(Detractor)), ("0", Some(Detractor)), ("10", Some(Promoter))]);
        assert_eq!(mixed.check("a"), Ok(AnswerCheck::ClassDisagrees { n_checked: 3, n_disagreeing: 1 }));
        // A zero shows that nothing is shifted, even where the rest would fit.
        let zero = tally(&[("7", Some(Detractor)), ("0", None)]);
        assert_eq!(zero.check("a"), Ok(AnswerCheck::ClassDisagrees { n_checked: 1, n_disagreeing: 1 }));
    }

    #[test]
    fn labels_of_the_ends_count_among_numbers_and_not_among_words() {
        let labelled = tally(&[("Extremely likely", None), ("7", None), ("Not at all likely", None)]);
        assert_eq!(labelled.check("a"), Ok(AnswerCheck::Sound { n_checked: 0 }));
        let words = tally(&[("Extremely likely", None), ("Somewhat likely", None), ("Somewhat unlikely", None)]);
        assert_eq!(words.check("a"), Err(ExportError::WordsOnly { column: "a".into(), n_words: 3 }));
    }

    #[test]
    fn blocks_add_up_to_the_whole() {
        let all =
            [("9", Some(Promoter)), ("Extremely likely", None), ("x", None), ("12", None), ("7", Some(Detractor))];
        let mut sum = tally(&all[..2]);
        sum.merge(&tally(&all[2..]));
        assert_eq!(sum, tally(&all));
    }
}
