//! Data by a formula that tests and `tests/oracles/estimators_reference.py` both compute, so that no file is needed.

use crate::data::{DesignMatrix, Observations, Outcome};
use ndarray::{Array1, Array2};

/// A number between -0.5 and 0.5 that looks random.
///
/// Integers only, squared and stepped modulo the prime 2^31 - 1, so that every language gets the same number.
pub(crate) fn wave(row: usize, column: usize) -> f64 {
    const MODULUS: u64 = 2_147_483_647;
    let mut state = (row as u64 * 7919 + column as u64 * 104_729 + 12_345) % MODULUS;
    for _ in 0..3 {
        state = (state * state % MODULUS + 48_271 * state + 11) % MODULUS;
    }
    state as f64 / MODULUS as f64 - 0.5
}

/// Three correlated columns, a number that depends on two of them with unequal variance, and a class.
pub(crate) struct FormulaData {
    pub(crate) features: Array2<f64>,
    pub(crate) number: Array1<f64>,
    pub(crate) class: Array1<f64>,
    pub(crate) weights: Vec<f64>,
    pub(crate) clusters: Vec<usize>,
}

impl FormulaData {
    pub(crate) fn of(n_rows: usize) -> Self {
        let features = Array2::from_shape_fn((n_rows, 3), |(row, column)| match column {
            0 => 5.0 + 4.0 * wave(row, 0),
            1 => 100.0 + 30.0 * wave(row, 0) + 40.0 * wave(row, 1),
            _ => (2.0 + 4.0 * wave(row, 2)).floor(),
        });
        let number = Array1::from_shape_fn(n_rows, |row| {
            let x = features.row(row);
            2.0 + 0.8 * x[0] - 0.03 * x[1] + wave(row, 3) * (1.0 + 0.5 * x[0])
        });
        let class = Array1::from_shape_fn(n_rows, |row| {
            let x = features.row(row);
            let threshold = 0.9 * (x[0] - 5.0) - 0.04 * (x[1] - 100.0) + 0.3 * x[2] - 0.3;
            f64::from(u8::from(threshold + 6.0 * wave(row, 4) > 0.0))
        });
        let weights = (0..n_rows).map(|row| (row % 4) as f64).collect();
        let clusters = (0..n_rows).map(|row| (row * row + row / 3) % 17).collect();
        Self { features, number, class, weights, clusters }
    }

    pub(crate) fn design(&self) -> DesignMatrix {
        let names = ["speed", "price", "calls"].map(str::to_owned).to_vec();
        DesignMatrix::new(names, self.features.clone()).expect("finite")
    }

    pub(crate) fn with_number(&self) -> Observations {
        let outcome = Outcome::numeric("number", self.number.clone()).expect("finite");
        Observations::new(self.design(), outcome).expect("as many rows")
    }

    pub(crate) fn with_class(&self) -> Observations {
        let outcome = Outcome::binary("class", self.class.clone()).expect("0 and 1");
        Observations::new(self.design(), outcome).expect("as many rows")
    }
}

/// Observations of named columns and a class or a number.
pub(crate) fn observations(names: &[&str], features: Array2<f64>, outcome: Outcome) -> Observations {
    let names = names.iter().map(|&name| name.to_owned()).collect();
    Observations::new(DesignMatrix::new(names, features).expect("finite"), outcome).expect("as many rows")
}
