//! Whether the classes can be told apart without error, which leaves the likelihood without a maximum.

use super::columns::{At, Case, Columns, Terms};
use super::prepared::listed;
use crate::stats::linear_algebra::Cholesky;
use ndarray::{Array1, Array2};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A row on the wrong side by less than this is on the line (relative to the row furthest on the right side).
const SIDE_TOLERANCE: f64 = 1e-8;
/// Columns by rows up to which a smallest separating set is searched for.
const SEARCH_CELLS_MAX: usize = 4_000_000;
/// Share of the largest coefficient above which a column takes part, where no smallest set was searched for (relative).
const PART_MIN: f64 = 1e-6;

/// Which end of a column belongs to the class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The outcome is 1, or an ordered outcome high, at higher values.
    Higher,
    /// The outcome is 1, or an ordered outcome high, at lower values.
    Lower,
}

/// One column of a separation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeparatingColumn {
    /// The column.
    pub term: String,
    /// The end where the outcome is 1.
    pub side: Side,
}

/// How the classes can be told apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Separation {
    /// The outcome.
    pub outcome: String,
    /// The columns that separate: each by itself if `alone`, otherwise all together.
    pub columns: Vec<SeparatingColumn>,
    /// Whether each of the columns separates by itself.
    pub alone: bool,
    /// Whether no row is on the line: complete rather than quasi-complete separation.
    pub complete: bool,
    /// Whether the outcome has ordered levels, whose higher ones take the place of 1.
    #[serde(default)]
    pub ordered: bool,
}

impl fmt::Display for Separation {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let names = |side: Side| {
            let of_side = self.columns.iter().filter(|column| column.side == side);
            listed(&of_side.map(|column| column.term.as_str()).collect::<Vec<_>>())
        };
        let sides: Vec<String> = [(Side::Higher, "high"), (Side::Lower, "low")]
            .into_iter()
            .filter(|&(side, _)| self.columns.iter().any(|column| column.side == side))
            .map(|(side, word)| format!("{word} {}", names(side)))
            .collect();
        let joined = sides.join(if self.alone { " or " } else { " with " });
        let goes =
            if self.ordered { "higher values and the other end with lower ones" } else { "1 and the other end with 0" };
        let how = if self.complete { "in every row" } else { "wherever the rows do not lie on the line between" };
        write!(
            formatter,
            "`{}` is separated: {joined} goes with {goes} {how}, so its coefficient has no finite \
             value; leave the column out or join sparse levels",
            self.outcome
        )
    }
}

/// Vectors `a` that say on which side of a direction `d` each row must not be: a row gets less likely along `d` where
/// `a' d < 0`, and more likely for ever where `a' d > 0`.
pub(super) trait Sides {
    /// `sum a`.
    fn total(&self) -> Array1<f64>;
    /// The extremes of `a' d`.
    fn margins(&self, along: &[f64]) -> Margins;
    /// The vector that [`Margins::lowest_place`] stands for.
    fn side(&self, place: usize) -> Array1<f64>;
}

/// A direction along which no row gets less likely and some row gets more likely for ever; `None` if there are none and
/// the likelihood has its maximum.
///
/// Such a direction has `a' d >= 0` for every side, and by Stiemke's theorem there is none exactly if `sum u a = 0` for
/// some positive `u`. The projection of `sum a` on the cone of such directions decides: it is the residual of
/// `min || sum (1 + v) a ||`, `v >= 0`, found by the active-set method for non-negative least squares. Its passive set
/// never has more sides than there are parameters, and each step is one pass. The answer is checked on every row before
/// it is given.
///
/// # References
/// Albert and Anderson (1984), Biometrika 71(1); Konis (2007), "Linear programming algorithms for detecting separated
/// data", Oxford; Lawson and Hanson (1974), "Solving Least Squares Problems", chapter 23.
pub(super) fn recession(sides: &impl Sides) -> Option<Vec<f64>> {
    let target = sides.total();
    let mut passive = Passive::default();
    for _ in 0..50 + 10 * target.len() {
        let candidate = passive.residual(&target);
        let reach = candidate.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        if reach <= 0.0 || !reach.is_finite() {
            return None;
        }
        let candidate = candidate / reach;
        let margins = sides.margins(candidate.as_slice().unwrap_or_default());
        if margins.highest <= 0.0 {
            return None;
        }
        if margins.lowest >= -SIDE_TOLERANCE * margins.highest {
            return Some(candidate.to_vec());
        }
        if !passive.take_in(sides.side(margins.lowest_place), &target) {
            return None;
        }
    }
    None
}

/// Whether these coefficients have every row strictly on its own side.
pub(super) fn all_apart(sides: &impl Sides, coefficients: &[f64]) -> bool {
    let margins = sides.margins(coefficients);
    margins.lowest > SIDE_TOLERANCE * margins.highest
}

/// Coefficients (in the basis) along which the classes separate, as [`recession`] has it.
pub(super) fn direction(columns: &Columns, class: impl Fn(usize) -> Option<bool> + Sync) -> Option<Vec<f64>> {
    recession(&ClassSides { columns, class })
}

/// Whether every row that counts is strictly on its own side.
pub(super) fn tells_all_apart(
    columns: &Columns,
    coefficients: &[f64],
    class: impl Fn(usize) -> Option<bool> + Sync,
) -> bool {
    all_apart(&ClassSides { columns, class }, coefficients)
}

/// The sides of two classes: a row of the basis, negated where the class is 0.
struct ClassSides<'a, 'c, C> {
    columns: &'a Columns<'c>,
    class: C,
}

impl<C: Fn(usize) -> Option<bool> + Sync> ClassSides<'_, '_, C> {
    fn sign(&self, row: usize) -> f64 {
        (self.class)(row).map_or(0.0, |is_event| if is_event { 1.0 } else { -1.0 })
    }
}

impl<C: Fn(usize) -> Option<bool> + Sync> Sides for ClassSides<'_, '_, C> {
    fn total(&self) -> Array1<f64> {
        let signed = |Case { row, .. }| Terms { curvature: 0.0, score: self.sign(row), value: 0.0 };
        self.columns.sums(At::default(), signed).vector
    }

    fn margins(&self, along: &[f64]) -> Margins {
        let tasks = self.columns.fold_predictors(along, Margins::none, |margins, case| {
            let sign = self.sign(case.row);
            if sign.abs() > 0.0 {
                margins.take_in(sign * case.predictor, case.row);
            }
        });
        Margins::over(tasks)
    }

    fn side(&self, place: usize) -> Array1<f64> {
        let mut row = Array1::zeros(self.columns.n_terms());
        self.columns.write_row(place, row.as_slice_mut().unwrap_or_default());
        self.columns.vector_after_rotation(row) * self.sign(place)
    }
}

/// Names the columns behind a separation that [`direction`] found or that one column shows by itself.
///
/// `names` are those of the columns, and `complete` whether some coefficients put every row on its own side.
pub(super) fn name(
    columns: &Columns,
    names: &[&str],
    outcome: &str,
    class: impl Fn(usize) -> Option<bool> + Sync + Copy,
    along: &[f64],
    complete: bool,
) -> Separation {
    let alone = |index: usize| side_of_one(columns, index, class);
    let (columns, alone) = separating(columns, names, along, alone, |fewer| direction(fewer, class));
    Separation { outcome: outcome.to_owned(), columns, alone, complete, ordered: false }
}

/// The columns that separate, and whether each does so by itself.
///
/// `alone` is the end of one column that belongs to the class, if it separates by itself; `search` gives coefficients
/// along which some columns separate, intercept first.
pub(super) fn separating(
    columns: &Columns,
    names: &[&str],
    along: &[f64],
    alone: impl Fn(usize) -> Option<Side>,
    search: impl Fn(&Columns) -> Option<Vec<f64>>,
) -> (Vec<SeparatingColumn>, bool) {
    let column = |index: usize, side: Side| SeparatingColumn { term: names[index].to_owned(), side };
    let by_themselves: Vec<SeparatingColumn> =
        (0..names.len()).filter_map(|index| Some(column(index, alone(index)?))).collect();
    if !by_themselves.is_empty() {
        return (by_themselves, true);
    }
    let (chosen, along) = smallest_set(columns, search, columns.before_rotation(along).to_vec());
    let largest = along.iter().skip(1).fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let together = chosen
        .iter()
        .zip(along.iter().skip(1))
        .filter(|(_, value)| value.abs() > PART_MIN * largest)
        .map(|(&index, &value)| column(index, if value > 0.0 { Side::Higher } else { Side::Lower }))
        .collect();
    (together, false)
}

/// The end of one column at which the outcome is 1, if the column separates by itself.
fn side_of_one(columns: &Columns, index: usize, class: impl Fn(usize) -> Option<bool>) -> Option<Side> {
    let mut ranges = [(f64::INFINITY, f64::NEG_INFINITY); 2];
    for (row, &value) in columns.values().column(columns.places[index]).iter().enumerate() {
        if let Some(is_event) = class(row) {
            let (low, high) = &mut ranges[usize::from(is_event)];
            *low = low.min(value);
            *high = high.max(value);
        }
    }
    let [others, events] = ranges;
    if events.0 >= others.1 {
        Some(Side::Higher)
    } else if events.1 <= others.0 {
        Some(Side::Lower)
    } else {
        None
    }
}

/// Leaves out, smallest coefficient first, every column without which `search` still finds a direction along the others.
pub(super) fn smallest_set(
    columns: &Columns,
    search: impl Fn(&Columns) -> Option<Vec<f64>>,
    along: Vec<f64>,
) -> (Vec<usize>, Vec<f64>) {
    let mut chosen: Vec<usize> = (0..columns.places.len()).collect();
    let mut along = along;
    if columns.n_rows().saturating_mul(columns.n_terms()) > SEARCH_CELLS_MAX {
        return (chosen, along);
    }
    let mut order = chosen.clone();
    order.sort_by(|&left, &right| along[left + 1].abs().total_cmp(&along[right + 1].abs()));
    for index in order {
        let fewer: Vec<usize> = chosen.iter().copied().filter(|&other| other != index).collect();
        if let Some(still) = search(&columns.select(&fewer)) {
            (chosen, along) = (fewer, still);
        }
    }
    (chosen, along)
}

/// The extremes of `a' d` over the sides.
pub(super) struct Margins {
    lowest: f64,
    /// Which side is the lowest, as [`Sides::side`] takes it.
    lowest_place: usize,
    highest: f64,
}

impl Margins {
    pub(super) fn none() -> Self {
        Self { lowest: f64::INFINITY, lowest_place: 0, highest: f64::NEG_INFINITY }
    }

    pub(super) fn take_in(&mut self, margin: f64, place: usize) {
        if margin < self.lowest {
            (self.lowest, self.lowest_place) = (margin, place);
        }
        self.highest = self.highest.max(margin);
    }

    /// Those of all tasks; the first place wins a tie.
    pub(super) fn over(tasks: Vec<Self>) -> Self {
        tasks.into_iter().fold(Self::none(), |total, task| {
            let highest = total.highest.max(task.highest);
            let lower = if task.lowest < total.lowest { task } else { total };
            Self { highest, ..lower }
        })
    }
}

/// The rows with a positive multiplier `v`, scaled to length one, and their multipliers.
#[derive(Default)]
struct Passive {
    rows: Vec<Array1<f64>>,
    multipliers: Vec<f64>,
}

impl Passive {
    /// `target + sum v a`, made orthogonal to the rows a second time: it is often far smaller than the target.
    fn residual(&self, target: &Array1<f64>) -> Array1<f64> {
        let pairs = self.rows.iter().zip(&self.multipliers);
        let first = pairs.fold(target.clone(), |sum, (row, &multiplier)| sum + row * multiplier);
        let again = self.solve(&first).unwrap_or_else(|| vec![0.0; self.rows.len()]);
        self.rows.iter().zip(again).fold(first, |sum, (row, multiplier)| sum + row * multiplier)
    }

    /// The multipliers that bring `target + sum v a` closest to zero, of either sign.
    fn solve(&self, target: &Array1<f64>) -> Option<Vec<f64>> {
        let n_rows = self.rows.len();
        let products = Array2::from_shape_fn((n_rows, n_rows), |(left, right)| self.rows[left].dot(&self.rows[right]));
        let towards: Array1<f64> = self.rows.iter().map(|row| -row.dot(target)).collect();
        let cholesky = Cholesky::of(products.view());
        (cholesky.kept().len() == n_rows).then(|| cholesky.solve(towards.view()).to_vec())
    }

    /// Adds a row and restores positive multipliers; false if the row depends on those already there.
    fn take_in(&mut self, row: Array1<f64>, target: &Array1<f64>) -> bool {
        let length = row.dot(&row).sqrt();
        self.rows.push(row / length);
        self.multipliers.push(0.0);
        // Every turn but the last drops a row.
        while let Some(wanted) = self.solve(target) {
            if wanted.iter().all(|&wanted| wanted > 0.0) {
                self.multipliers = wanted;
                return true;
            }
            // How far each multiplier can go towards what is wanted before it is negative.
            let reach = |(&now, &wanted): (&f64, &f64)| match (wanted > 0.0, now > wanted) {
                (true, _) => f64::INFINITY,
                (false, true) => now / (now - wanted),
                (false, false) => 0.0,
            };
            let reaches: Vec<f64> = self.multipliers.iter().zip(&wanted).map(reach).collect();
            let share = reaches.iter().copied().fold(1.0_f64, f64::min);
            let moved: Vec<f64> =
                self.multipliers.iter().zip(&wanted).map(|(now, wanted)| now + share * (wanted - now)).collect();
            // Those that stop the move are at nought now, whatever rounding leaves of them.
            let stays: Vec<bool> = reaches.iter().map(|&reach| reach > share).collect();
            let n_before = self.rows.len();
            self.multipliers =
                moved.into_iter().zip(&stays).filter_map(|(moved, &stays)| stays.then_some(moved)).collect();
            self.rows = std::mem::take(&mut self.rows)
                .into_iter()
                .zip(&stays)
                .filter_map(|(row, &stays)| stays.then_some(row))
                .collect();
            if self.rows.len() == n_before || self.rows.is_empty() {
                return false;
            }
        }
        false
    }
}
