//! Whether some columns mark rows whose counts are all zero, which leaves a likelihood of counts without a maximum.

use super::columns::{At, Case, Columns, Terms};
use super::prepared::listed;
use super::separation::{self, SeparatingColumn, Side};
use crate::stats::linear_algebra::SymmetricEigen;
use ndarray::{Array2, ArrayView1};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Rows with positive counts do not vary along a direction whose eigenvalue is below this (relative to the largest).
const FLAT_TOLERANCE: f64 = 1e-10;
/// What such a direction may still move a row with a positive count (relative to the row it moves furthest).
const LEVEL_TOLERANCE: f64 = 1e-7;
/// Share of the largest coefficient above which a column takes part, where no smallest set was searched for (relative).
const PART_MIN: f64 = 1e-6;

/// Columns that leave the expected counts of some rows free to fall to zero for ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnlyZeros {
    /// The outcome.
    pub outcome: String,
    /// The columns, each with the end where all counts are zero.
    pub columns: Vec<SeparatingColumn>,
    /// Whether each of the columns does it by itself, rather than all together.
    pub alone: bool,
}

impl fmt::Display for OnlyZeros {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let words: Vec<String> = [(Side::Higher, "high"), (Side::Lower, "low")]
            .into_iter()
            .filter_map(|(side, word)| {
                let of_side = self.columns.iter().filter(|column| column.side == side);
                let names: Vec<&str> = of_side.map(|column| column.term.as_str()).collect();
                (!names.is_empty()).then(|| format!("{word} {}", listed(&names)))
            })
            .collect();
        let joined = words.join(if self.alone { " or " } else { " with " });
        write!(
            formatter,
            "`{}` is 0 in every row with {joined}, so its coefficient has no finite value; leave the column out or join \
             sparse levels",
            self.outcome
        )
    }
}

/// Coefficients (in the basis) along which rows with a positive count do not move, no row with a count of zero gains and
/// some lose for ever; `None` if there are none and the likelihood has its maximum. `count` is that of a row that counts.
///
/// Directions that leave the positive counts alone span the null space of their cross products; among the projections of
/// the zero counts on it the question is that of [`separation::direction`] with a single class. The answer is checked on
/// every row before it is given.
///
/// # References
/// Correia, Guimaraes and Zylkin (2019), "Verifying the existence of maximum likelihood estimates for generalized linear
/// models", arXiv:1903.01633, theorem 1.
pub(super) fn direction(columns: &Columns, count: impl Fn(usize) -> Option<f64> + Sync) -> Option<Vec<f64>> {
    let is_positive = |row: usize| count(row).is_some_and(|count| count > 0.0);
    let positive =
        |Case { row, .. }| Terms { curvature: f64::from(u8::from(is_positive(row))), score: 0.0, value: 0.0 };
    let eigen = SymmetricEigen::of(columns.sums(At::default(), positive).matrix.view())?;
    let n_terms = columns.n_terms();
    let flat: Vec<usize> =
        (0..n_terms).filter(|&place| eigen.values[place] <= FLAT_TOLERANCE * eigen.values[n_terms - 1]).collect();
    if flat.is_empty() {
        return None;
    }
    let null_space = Array2::from_shape_fn((n_terms, flat.len()), |(row, at)| eigen.vectors[[row, flat[at]]]);
    let projection = null_space.dot(&null_space.t());
    let mut rotation = Array2::zeros((n_terms, n_terms));
    for (place, column) in projection.columns().into_iter().enumerate() {
        rotation.column_mut(place).assign(&columns.before_rotation(&column.to_vec()));
    }
    let projected = columns.clone().rotated(rotation);
    let zero = |row: usize| count(row).filter(|&count| count <= 0.0).map(|_| false);
    let along = projection.dot(&ArrayView1::from(&separation::direction(&projected, zero)?)).to_vec();
    let moves = columns.fold_predictors(
        &along,
        || [0.0_f64; 2],
        |moves, Case { row, predictor, .. }| {
            if let Some(count) = count(row) {
                let furthest = &mut moves[usize::from(count > 0.0)];
                *furthest = furthest.max(predictor.abs());
            }
        },
    );
    let [of_zeros, of_positives] =
        moves.into_iter().fold([0.0_f64; 2], |all, task| [all[0].max(task[0]), all[1].max(task[1])]);
    (of_positives <= LEVEL_TOLERANCE * of_zeros).then_some(along)
}

/// Names the columns behind a direction that [`direction`] found; `names` are those of the columns.
pub(super) fn name(
    columns: &Columns,
    names: &[&str],
    outcome: &str,
    count: impl Fn(usize) -> Option<f64> + Sync + Copy,
    along: &[f64],
) -> OnlyZeros {
    let column = |index: usize, side: Side| SeparatingColumn { term: names[index].to_owned(), side };
    let alone: Vec<SeparatingColumn> =
        (0..names.len()).filter_map(|index| Some(column(index, side_of_zeros(columns, index, count)?))).collect();
    if !alone.is_empty() {
        return OnlyZeros { outcome: outcome.to_owned(), columns: alone, alone: true };
    }
    let search = |fewer: &Columns| direction(fewer, count);
    let (chosen, along) = separation::smallest_set(columns, search, columns.before_rotation(along).to_vec());
    let largest = along.iter().skip(1).fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let together = chosen
        .iter()
        .zip(along.iter().skip(1))
        .filter(|(_, value)| value.abs() > PART_MIN * largest)
        .map(|(&index, &value)| column(index, if value < 0.0 { Side::Higher } else { Side::Lower }))
        .collect();
    OnlyZeros { outcome: outcome.to_owned(), columns: together, alone: false }
}

/// The end of one column at which there are only zeros, if positive counts share the value at its other end.
fn side_of_zeros(columns: &Columns, index: usize, count: impl Fn(usize) -> Option<f64>) -> Option<Side> {
    let mut ranges = [(f64::INFINITY, f64::NEG_INFINITY); 2];
    for (row, &value) in columns.values().column(columns.places[index]).iter().enumerate() {
        if let Some(count) = count(row) {
            let (low, high) = &mut ranges[usize::from(count > 0.0)];
            *low = low.min(value);
            *high = high.max(value);
        }
    }
    let [zeros, positives] = ranges;
    // Stored values are compared, not computed ones.
    if positives.0 < positives.1 {
        None
    } else if zeros.0 >= positives.0 {
        Some(Side::Higher)
    } else if zeros.1 <= positives.1 {
        Some(Side::Lower)
    } else {
        None
    }
}
