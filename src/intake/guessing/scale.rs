//! The scale that a column of scores was asked on, and the codes among its values.

use crate::intake::profiling::{ColumnKind, ColumnProfile, Level};

/// Scales that are asked, the widest first.
const ASKED: [[f64; 2]; 4] = [[0.0, 10.0], [1.0, 10.0], [1.0, 7.0], [1.0, 5.0]];
/// Numbers that stand for no score wherever they lie beyond a scale.
const CODES: [f64; 14] = [0.0, -1.0, -2.0, -8.0, -9.0, -99.0, 8.0, 9.0, 77.0, 88.0, 97.0, 98.0, 99.0, 999.0];
/// Codes of one column; more are something else.
const CODES_MAX: usize = 4;
/// Levels of a column of scores, codes included.
const LEVELS_MAX: usize = 24;
/// Answers from which on a level that nobody chose says something.
const MANY: u64 = 30;
/// Levels from which on a scale may be used evenly: of fewer, a code and a score are easily as frequent.
const EVEN_LEVELS: usize = 6;
/// Share of the numbers that must lie on the scale.
const SHARE_MIN: f64 = 0.2;

/// A scale with the codes beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct Scale {
    /// Its lowest value.
    pub min: f64,
    /// Its highest value.
    pub max: f64,
    /// Values beyond it that stand for something else.
    pub codes: Vec<Level>,
    /// Cells on the scale.
    pub n: u64,
    /// Levels of the scale that were chosen.
    pub n_levels: usize,
}

impl Scale {
    /// The scale that a column's numbers lie on, if they look like scores: few levels, the highest of them chosen, and what
    /// lies beyond is what people use as codes.
    pub fn of(column: &ColumnProfile) -> Option<Self> {
        if !matches!(column.kind, ColumnKind::Whole | ColumnKind::Real) || !column.is_listed() {
            return None;
        }
        let levels = column.levels();
        if levels.len() < 2 || levels.len() > LEVELS_MAX {
            return None;
        }
        let is_half = |level: &Level| (level.value * 2.0).fract().abs() < f64::EPSILON;
        if !levels.iter().all(is_half) {
            return None;
        }
        let mut fitting = ASKED.iter().filter_map(|&[min, max]| Self::on(&levels, min, max));
        if column.n_numbers >= MANY {
            // The widest whose ends were chosen: answers to a narrower question leave its highest values out.
            fitting.next()
        } else {
            // Of a handful the narrowest that holds them: nothing speaks for more.
            fitting.next_back()
        }
    }

    /// `0 to 9`, where a column holds all whole numbers from one to another about equally often and no scale that is asked ends
    /// where they do: a code stands out from the scores beside it, and here none does.
    pub fn even_range(column: &ColumnProfile) -> Option<String> {
        let levels = column.levels();
        (column.is_number() && column.is_listed() && are_even(&levels))
            .then(|| format!("{} to {}", levels[0].value, levels[levels.len() - 1].value))
    }

    fn on(levels: &[Level], min: f64, max: f64) -> Option<Self> {
        let (within, beyond): (Vec<&Level>, Vec<&Level>) =
            levels.iter().partition(|level| level.value >= min && level.value <= max);
        // Half steps begin half a step below 1.
        let beyond_half: Vec<&Level> =
            beyond.into_iter().filter(|level| (level.value - 0.5).abs() > f64::EPSILON || min > 1.0).collect();
        let n: u64 = within.iter().map(|level| level.n).sum();
        let n_all: u64 = levels.iter().map(|level| level.n).sum();
        let is_code = |value: f64| {
            let is_usual = CODES.iter().any(|code| (code - value).abs() < f64::EPSILON);
            // Of a handful of answers only those are codes that are no score of any scale.
            if n_all < MANY {
                is_usual && !(0.0..77.0).contains(&value)
            } else {
                is_usual || (value - max - 1.0).abs() < f64::EPSILON
            }
        };
        // Nobody asks from 0 to 11.
        if !beyond_half.is_empty() && max - min < 9.5 && are_even(levels) {
            return None;
        }
        if beyond_half.len() > CODES_MAX
            || !beyond_half.iter().all(|level| is_code(level.value))
            || (n as f64) < SHARE_MIN * n_all as f64
            || within.len() < 2
        {
            return None;
        }
        let wholes = within.iter().filter(|level| level.value.fract().abs() < f64::EPSILON).count();
        let is_chosen = |value: f64| within.iter().any(|level| (level.value - value).abs() < f64::EPSILON);
        let n_scale = (max - min + 1.0) as usize;
        if n_all >= MANY && (!is_chosen(max) || 10 * wholes < 6 * n_scale || (min < 0.5 && !is_chosen(0.0))) {
            return None;
        }
        let codes = beyond_half.into_iter().copied().collect();
        let lowest = levels.iter().map(|level| level.value).fold(f64::INFINITY, f64::min);
        let min = if (lowest - 0.5).abs() < f64::EPSILON && min > 0.5 { 0.5 } else { min };
        Some(Self { min, max, codes, n, n_levels: within.len() })
    }

    /// Whether another column was asked on the same scale.
    pub fn is_like(&self, other: &Self) -> bool {
        let same = |a: f64, b: f64| (a - b).abs() < f64::EPSILON;
        same(self.min, other.min) && same(self.max, other.max)
    }

    /// `0 to 10`, for people.
    pub fn text(&self) -> String {
        format!("{} to {}", self.min, self.max)
    }
}

/// Whether the levels are whole numbers without a gap between them, all of them about equally frequent among many answers.
fn are_even(levels: &[Level]) -> bool {
    let n: u64 = levels.iter().map(|level| level.n).sum();
    if levels.len() < EVEN_LEVELS || n < MANY {
        return false;
    }
    let mean = n as f64 / levels.len() as f64;
    let is_next = |pair: &[Level]| (pair[1].value - pair[0].value - 1.0).abs() < f64::EPSILON;
    let is_even = |level: &Level| (0.5 * mean..=2.0 * mean).contains(&(level.n as f64));
    levels[0].value.fract().abs() < f64::EPSILON && levels.windows(2).all(is_next) && levels.iter().all(is_even)
}

#[cfg(test)]
mod tests {
    use super::super::tests::column;
    use super::*;

    /// A column with so many cells of each value.
    fn scale(counts: &[(&str, usize)]) -> Option<Scale> {
        let cells: Vec<&str> = counts.iter().flat_map(|&(text, n)| std::iter::repeat_n(text, n)).collect();
        Scale::of(&column("x", &cells))
    }

    fn even(values: std::ops::RangeInclusive<i32>) -> Vec<(String, usize)> {
        values.map(|value| (value.to_string(), 20)).collect()
    }

    fn of(counts: Vec<(String, usize)>) -> Option<([f64; 2], Vec<f64>)> {
        let counts: Vec<(&str, usize)> = counts.iter().map(|(text, n)| (text.as_str(), *n)).collect();
        let found = scale(&counts)?;
        Some(([found.min, found.max], found.codes.iter().map(|code| code.value).collect()))
    }

    #[test]
    fn codes_lie_beyond_a_scale_that_is_asked() {
        // The airport's questions: 1 to 5, 0 for no answer, 6 for not used; and 11 beside 0 to 10.
        let airport = [("0", 3), ("1", 2), ("2", 5), ("3", 25), ("4", 35), ("5", 20), ("6", 15)];
        let airport = airport.map(|(text, n)| (text.to_owned(), n)).to_vec();
        assert_eq!(of(airport), Some(([1.0, 5.0], vec![0.0, 6.0])));
        assert_eq!(of(even(0..=11)), Some(([0.0, 10.0], vec![11.0])));
        let with_0 = [("0", 40), ("1", 3), ("2", 6), ("3", 30), ("4", 40), ("5", 30)];
        assert_eq!(of(with_0.map(|(text, n)| (text.to_owned(), n)).to_vec()), Some(([1.0, 5.0], vec![0.0])));
        assert_eq!(of(even(1..=7)), Some(([1.0, 7.0], vec![])));
        assert_eq!(of(even(1..=10)), Some(([1.0, 10.0], vec![])));
        let mut with_99 = even(1..=5);
        with_99.push(("99".to_owned(), 7));
        with_99.push(("-1".to_owned(), 7));
        assert_eq!(of(with_99), Some(([1.0, 5.0], vec![-1.0, 99.0])));
    }

    /// A score from 0 to 9, as surveys compute them, with each value in a tenth of the rows has no codes at its ends.
    #[test]
    fn a_range_that_is_used_evenly_is_not_cut_into_codes() {
        for values in [0..=9, 0..=6, 1..=6, 0..=5] {
            assert_eq!(of(even(values.clone())), None, "{values:?}");
        }
        let cells: Vec<String> = (0..300).map(|row| (row % 10).to_string()).collect();
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        assert_eq!(Scale::even_range(&column("SC0", &cells)).as_deref(), Some("0 to 9"));
    }

    #[test]
    fn what_is_no_scale_is_none() {
        for counts in [even(0..=1), even(1..=3), even(1..=4), even(1..=24), even(3..=40)] {
            assert_eq!(of(counts.clone()), None, "{counts:?}");
        }
        assert_eq!(scale(&[("1.25", 40), ("2", 40)]), None);
    }

    #[test]
    fn halves_and_a_handful_of_answers_are_scores_too() {
        let halves = (1..=10).map(|half| (format!("{:.1}", f64::from(half) / 2.0), 9)).collect();
        assert_eq!(of(halves), Some(([0.5, 5.0], vec![])));
        assert_eq!(scale(&[("5", 1), ("3", 1)]).map(|scale| scale.max), Some(5.0));
        assert_eq!(scale(&[("9", 1), ("3", 1)]).map(|scale| scale.max), Some(10.0));
    }
}
