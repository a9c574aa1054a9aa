//! Data with gaps by a formula that tests and `tests/oracles/missing_reference.py` both compute.

use crate::data::{Clusters, Gaps, Outcome, WeightKind, Weights};
use crate::estimators::formula_data::wave;
use ndarray::{Array1, Array2, s};

/// Three features and, last, the outcome; `x1` is missing more often where the outcome is high.
pub(super) fn columns(n_rows: usize) -> Array2<f64> {
    let mut columns = Array2::zeros((n_rows, 4));
    for (row, mut values) in columns.outer_iter_mut().enumerate() {
        let w = |column: usize| wave(row, column);
        let x = [5.0 + 4.0 * w(0), 100.0 + 30.0 * w(0) + 40.0 * w(1), 2.0 + 3.0 * w(2) + 2.0 * w(0)];
        let y = 1.0 + 0.5 * x[0] - 0.02 * x[1] + 0.4 * x[2] + 2.0 * w(3) * (0.5 + 0.2 * x[0]);
        let lacks = [w(10) > 0.35, w(11) > 0.2 || (y > 2.5 && w(11) > -0.2), w(12) > 0.2];
        for column in 0..3 {
            values[column] = if lacks[column] { f64::NAN } else { x[column] };
        }
        values[3] = y;
    }
    columns
}

pub(super) fn names(n: usize) -> Vec<String> {
    (0..n).map(|column| format!("x{column}")).collect()
}

/// Columns, the outcome last, as gaps.
pub(super) fn gaps_of(columns: &Array2<f64>) -> Gaps {
    let last = columns.ncols() - 1;
    let outcome = Outcome::numeric("y", columns.column(last).to_owned()).expect("finite");
    Gaps::new(names(last), columns.slice(s![.., ..last]).to_owned(), outcome).expect("valid")
}

pub(crate) fn formula_gaps(n_rows: usize) -> Gaps {
    let clusters = (0..n_rows).map(|row| (row * row + row / 3) % 17);
    gaps_of(&columns(n_rows)).clustered(Clusters::from_labels(clusters)).expect("one a row")
}

/// The same rows, each of a customer of its own.
pub(crate) fn formula_gaps_of_rows(n_rows: usize) -> Gaps {
    gaps_of(&columns(n_rows))
}

pub(crate) fn frequencies(n_rows: usize) -> Weights {
    Weights::new(WeightKind::Frequency, (0..n_rows).map(|row| (row % 4) as f64).collect()).expect("valid")
}

/// The same rows without the gaps that the formula makes.
pub(crate) fn complete(n_rows: usize) -> Gaps {
    let mut columns = Array2::zeros((n_rows, 4));
    for (row, mut values) in columns.outer_iter_mut().enumerate() {
        let w = |column: usize| wave(row, column);
        values.assign(&Array1::from(vec![
            5.0 + 4.0 * w(0),
            100.0 + 30.0 * w(0) + 40.0 * w(1),
            2.0 + 3.0 * w(2) + 2.0 * w(0),
            w(0) + w(1) + 2.0 * w(3),
        ]));
    }
    let clusters = (0..n_rows).map(|row| row % 13);
    gaps_of(&columns).clustered(Clusters::from_labels(clusters)).expect("one a row")
}
