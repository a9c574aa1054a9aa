//! What the cells of one column are.

use super::cells::Cells;
use super::mixed_times::MixedTimes;
use super::notation::Notation;
use super::times::TimeProfile;
use crate::intake::Folding;
use crate::intake::exports::{ExportRole, answer_of};
use crate::study::Fold;
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Values of a column that are listed one by one; an answer or a category has no more.
const FREQUENT_MAX: usize = 60;
/// Texts among numbers that are listed.
const TEXTS_MAX: usize = 20;
/// Share of the filled cells that makes a column one of numbers.
const NUMBERS_SHARE: f64 = 0.8;
/// Share of the filled cells that makes a column one of times.
const TIMES_SHARE: f64 = 0.9;
/// Characters of a column's mean value that may be a key.
pub(crate) const KEY_CHARACTERS: f64 = 64.0;
/// Foldings under which keys of two files are compared, in the order in which a study applies them.
pub(crate) const FOLDS: [Fold; 5] = [Fold::Nfkc, Fold::Trim, Fold::Case, Fold::WholeNumbers, Fold::LeadingZeros];
/// Characters of a value that is kept to be shown.
const SHOWN_CHARACTERS: usize = 60;

/// What most of a column's cells are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ColumnKind {
    /// Nothing.
    Blank,
    /// Whole numbers.
    Whole,
    /// Numbers.
    Real,
    /// Times.
    Time,
    /// Anything else.
    Text,
}

impl ColumnKind {
    /// The kind for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Blank => "blank",
            Self::Whole => "whole numbers",
            Self::Real => "numbers",
            Self::Time => "times",
            Self::Text => "text",
        }
    }
}

/// A value and how many cells hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frequent {
    /// The value as it stands there.
    pub text: String,
    /// Cells that hold it.
    pub n: u64,
}

/// One column, as far as it was looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnProfile {
    /// How a study calls it.
    pub name: String,
    /// The text of the question, where an export has one.
    pub title: Option<String>,
    /// The part that it plays in an export.
    pub role: Option<ExportRole>,
    /// What its cells are.
    pub kind: ColumnKind,
    /// Cells looked at.
    pub n_rows: u64,
    /// Of these, empty ones.
    pub n_blank: u64,
    /// Different values among the filled ones.
    pub n_distinct: u64,
    /// Cells that are numbers.
    pub n_numbers: u64,
    /// The smallest number; infinite where there is none.
    pub min: f64,
    /// The largest number; minus infinite where there is none.
    pub max: f64,
    /// Sum of all numbers.
    pub sum: f64,
    /// Cells with a negative number.
    pub n_negative: u64,
    /// Cells that a vendor's export would read as a recommend answer, with its label or without.
    pub n_labelled_answers: u64,
    /// The most frequent values, the first the most frequent; all of them where there are few.
    pub frequent: Vec<Frequent>,
    /// Texts in a column that otherwise holds numbers, the most frequent first.
    pub texts: Vec<Frequent>,
    /// How its cells that are texts write numbers.
    pub notation: Notation,
    /// How it writes times, where it holds any.
    pub times: Option<TimeProfile>,
    /// What is not alike in the files of the source, where they do not write the day and the month in one order beyond doubt.
    pub date_orders: Option<String>,
    /// Mean length of a filled cell, in characters.
    pub mean_length: f64,
    /// The cells themselves, row by row, of columns that may say who, when or how much.
    cells: Cells,
    /// Fingerprints of the different values as they are written, by which keys of two files are compared.
    pub(crate) keys: HashSet<u64>,
    /// The same under the words of folding that change a value here, for columns that may be keys.
    folded_keys: Vec<(Vec<Fold>, HashSet<u64>)>,
}

impl ColumnProfile {
    pub(in crate::intake) fn of(name: &str, cells: &Cells) -> Self {
        let mut counts: HashMap<&str, u64> = HashMap::new();
        for cell in cells.iter().filter(|cell| !cell.is_empty()) {
            *counts.entry(cell).or_default() += 1;
        }
        let n_filled: u64 = counts.values().sum();
        let mut profile = Self {
            name: name.to_owned(),
            title: None,
            role: None,
            kind: ColumnKind::Blank,
            n_rows: cells.len() as u64,
            n_blank: cells.len() as u64 - n_filled,
            n_distinct: counts.len() as u64,
            n_numbers: 0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            sum: 0.0,
            n_negative: 0,
            n_labelled_answers: 0,
            frequent: Vec::new(),
            texts: Vec::new(),
            notation: Notation::default(),
            times: None,
            date_orders: None,
            mean_length: 0.0,
            cells: Cells::default(),
            keys: counts.keys().map(|value| fingerprint(value)).collect(),
            folded_keys: Vec::new(),
        };
        let mut n_whole = 0;
        let mut texts = Vec::new();
        let mut n_characters = 0.0;
        // In the order of the values, so that sums do not depend on how the map lies in memory.
        let mut sorted: Vec<(&str, u64)> = counts.into_iter().collect();
        sorted.sort_unstable_by(|(text, n), (other, n_other)| n_other.cmp(n).then(text.cmp(other)));
        if !cells.hold_numbers() {
            profile.notation = Notation::of(&sorted);
        }
        for &(text, n) in &sorted {
            n_characters += text.chars().count() as f64 * n as f64;
            let Some(value) = profile.notation.parse(text) else {
                texts.push((text, n));
                profile.n_labelled_answers += if answer_of(text).is_some() { n } else { 0 };
                continue;
            };
            profile.n_numbers += n;
            profile.n_labelled_answers += n;
            n_whole += if value.fract().abs() < f64::EPSILON { n } else { 0 };
            profile.n_negative += if value < 0.0 { n } else { 0 };
            profile.min = profile.min.min(value);
            profile.max = profile.max.max(value);
            profile.sum += value * n as f64;
        }
        let share = |n: u64| n as f64 / n_filled.max(1) as f64;
        profile.mean_length = n_characters / n_filled.max(1) as f64;
        let times = match MixedTimes::of(name, cells) {
            Some(mixed) => {
                profile.date_orders = mixed.exchanged;
                Some(mixed.times)
            }
            None => TimeProfile::of(name, cells),
        };
        profile.times = times.filter(|times| share(times.n_times) >= TIMES_SHARE);
        profile.kind = if n_filled == 0 {
            ColumnKind::Blank
        } else if profile.times.is_some() {
            ColumnKind::Time
        } else if share(profile.n_numbers + profile.notation.n_otherwise) < NUMBERS_SHARE {
            ColumnKind::Text
        } else if n_whole == profile.n_numbers {
            ColumnKind::Whole
        } else {
            ColumnKind::Real
        };
        if matches!(profile.kind, ColumnKind::Text | ColumnKind::Whole) && profile.mean_length <= KEY_CHARACTERS {
            profile.folded_keys = folded_keys(&sorted);
            profile.cells = cells.clone();
        }
        // Amounts are held against the orders that their rows are lines of.
        if profile.times.is_some() || profile.kind == ColumnKind::Real {
            profile.cells = cells.clone();
        }
        profile.frequent = listed(&sorted, FREQUENT_MAX);
        if profile.is_number() {
            profile.texts = listed(&texts, TEXTS_MAX);
        }
        profile
    }

    /// A column of some cells, for the tests of those who read profiles.
    #[cfg(test)]
    pub(in crate::intake) fn of_texts(name: &str, texts: &[&str]) -> Self {
        Self::of(name, &Cells::of(texts.iter().copied()))
    }

    /// Fingerprints of the different values as some words of folding leave them.
    pub(crate) fn keys_folded(&self, fold: &[Fold]) -> &HashSet<u64> {
        let changing = |own: &Fold| self.folded_keys.iter().any(|(words, _)| words.contains(own));
        let words: Vec<Fold> = FOLDS.into_iter().filter(|own| fold.contains(own) && changing(own)).collect();
        self.folded_keys.iter().find(|(own, _)| *own == words).map_or(&self.keys, |(_, keys)| keys)
    }

    /// How it writes times, as its export states it; it is a column of times from then on.
    pub(super) fn set_stated_times(&mut self, times: Option<TimeProfile>, cells: &Cells) {
        if times.is_some() {
            self.kind = ColumnKind::Time;
            self.cells = cells.clone();
        }
        self.times = times;
    }

    /// Its cells row by row, where it may say who, when or how much; else none.
    pub(in crate::intake) fn cells(&self) -> &Cells {
        &self.cells
    }

    /// The instants of its cells, row by row; local times as if they were UTC, and nothing where a cell is no time.
    pub(in crate::intake) fn instants(&self) -> Option<Vec<Option<i64>>> {
        Some(self.times.as_ref()?.instants(&self.cells))
    }

    /// Cells that hold something.
    pub fn n_filled(&self) -> u64 {
        self.n_rows - self.n_blank
    }

    /// Share of the cells that hold nothing, 0-1.
    pub fn blank_share(&self) -> f64 {
        self.n_blank as f64 / self.n_rows.max(1) as f64
    }

    /// Whether it holds numbers.
    pub fn is_number(&self) -> bool {
        matches!(self.kind, ColumnKind::Whole | ColumnKind::Real)
    }

    /// Whether all its values are listed.
    pub fn is_listed(&self) -> bool {
        self.n_distinct <= FREQUENT_MAX as u64
    }

    /// Whether hardly a value stands there twice.
    pub fn is_unique(&self) -> bool {
        self.n_filled() > 0 && self.n_distinct as f64 >= 0.98 * self.n_filled() as f64
    }

    /// The listed values that are numbers, in ascending order, with how many cells hold each.
    pub fn levels(&self) -> Vec<Level> {
        let mut levels: Vec<Level> = Vec::new();
        for value in &self.frequent {
            let Some(number) = self.notation.parse(&value.text) else { continue };
            match levels.iter_mut().find(|level| (level.value - number).abs() < f64::EPSILON) {
                Some(level) => level.n += value.n,
                None => levels.push(Level { value: number, n: value.n }),
            }
        }
        levels.sort_by(|a, b| a.value.total_cmp(&b.value));
        levels
    }
}

/// A number and how many cells hold it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Level {
    /// The number.
    pub value: f64,
    /// Cells that hold it, however it is written.
    pub n: u64,
}

fn listed(sorted: &[(&str, u64)], n_max: usize) -> Vec<Frequent> {
    let short = |text: &str| text.chars().take(SHOWN_CHARACTERS).collect();
    sorted.iter().take(n_max).map(|&(text, n)| Frequent { text: short(text), n }).collect()
}

/// The different values under every set of those words of folding that change one of them.
fn folded_keys(sorted: &[(&str, u64)]) -> Vec<(Vec<Fold>, HashSet<u64>)> {
    let all = Folding::new(&FOLDS);
    let changes = |own: Fold| {
        // One word may make way for the next: the zeros of `0012.0` are in front of a whole number once `.0` is gone.
        let others: Vec<Fold> = FOLDS.into_iter().filter(|fold| *fold != own).collect();
        let (alone, others) = (Folding::new(&[own]), Folding::new(&others));
        sorted.iter().any(|&(text, _)| alone.fold(text) != text || others.fold(text) != all.fold(text))
    };
    let words: Vec<Fold> = FOLDS.into_iter().filter(|own| changes(*own)).collect();
    let sets = 1_usize..1 << words.len();
    sets.map(|set| {
        let fold: Vec<Fold> =
            words.iter().enumerate().filter(|(at, _)| set >> at & 1 == 1).map(|(_, own)| *own).collect();
        let folding = Folding::new(&fold);
        let keys = sorted.iter().map(|(text, _)| fingerprint(&folding.fold(text))).collect();
        (fold, keys)
    })
    .collect()
}

/// The same for a value in every file, without the random start of the standard map.
fn fingerprint(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(texts: &[&str]) -> ColumnProfile {
        ColumnProfile::of("x", &Cells::of(texts.iter().copied()))
    }

    #[test]
    fn a_column_is_what_most_of_its_filled_cells_are() {
        for (texts, kind) in [
            (&["", " "][..], ColumnKind::Blank),
            (&["1", "2.0", "", "-3"], ColumnKind::Whole),
            (&["1", "2", "3", "4", "Blank"], ColumnKind::Whole),
            (&["1", "2.5"], ColumnKind::Real),
            (&["2026-03-01", "2026-03-02 10:00:00"], ColumnKind::Time),
            (&["1", "a", "b"], ColumnKind::Text),
        ] {
            assert_eq!(profile(texts).kind, kind, "{texts:?}");
        }
    }

    #[test]
    fn values_are_counted_as_they_stand_and_numbers_by_what_they_say() {
        let column = profile(&["5", "5.0", "4", "4", "4", "N/A", "", "-1", "3", "2"]);
        assert_eq!((column.n_rows, column.n_blank, column.n_distinct, column.n_numbers), (10, 1, 7, 8));
        assert_eq!(column.frequent[0], Frequent { text: "4".to_owned(), n: 3 });
        assert_eq!(column.texts, [Frequent { text: "N/A".to_owned(), n: 1 }]);
        let levels: Vec<(f64, u64)> = column.levels().iter().map(|level| (level.value, level.n)).collect();
        assert_eq!(levels, [(-1.0, 1), (2.0, 1), (3.0, 1), (4.0, 3), (5.0, 2)]);
        assert_eq!((column.min, column.max, column.n_negative), (-1.0, 5.0, 1));
    }

    /// By hand from docs/identity.md: a study reads `7.0` in a text and `7` as two keys unless a word folds them.
    #[test]
    fn keys_are_compared_as_they_are_written_or_as_words_fold_them() {
        let (whole, real) = (profile(&["7", "8"]), profile(&["0007.0", "9.0"]));
        let n_shared = |fold: &[Fold]| whole.keys_folded(fold).intersection(real.keys_folded(fold)).count();
        assert_eq!([n_shared(&[]), n_shared(&[Fold::WholeNumbers]), n_shared(&[Fold::LeadingZeros])], [0, 0, 0]);
        assert_eq!(n_shared(&[Fold::WholeNumbers, Fold::LeadingZeros]), 1);
        assert_eq!(n_shared(&FOLDS), 1);
        let (upper, lower) = (profile(&["CRM-A7", "x"]), profile(&["crm-a7", "y"]));
        let n_shared = |fold: &[Fold]| upper.keys_folded(fold).intersection(lower.keys_folded(fold)).count();
        assert_eq!([n_shared(&[]), n_shared(&[Fold::Case])], [0, 1]);
        assert!(whole.is_unique() && !profile(&["7", "7"]).is_unique());
    }
}
