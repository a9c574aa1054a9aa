//! Inputs of the tests: the shared files where they are there, and data made by rule.

use advocate::data::{DesignMatrix, Observations, Outcome};
use advocate::drivers::{Driver, DriverAnalysis, DriverRanking, DriverRow, Method};
use advocate::estimators::Ols;
use advocate::stats::random::stream;
use ndarray::{Array1, Array2, ArrayView1, Axis, s};
use rand::Rng;
use rand_distr::StandardNormal;
use serde_json::Value;
use std::collections::HashMap;
use std::path::PathBuf;

/// A file of the shared data; `None`, with a word on it, where the folder is not there.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
pub fn shared(path: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared").join(path);
    if path.exists() {
        Some(path)
    } else {
        eprintln!("skipped: {} is not there", path.display());
        None
    }
}

/// One of the files of reference numbers.
pub fn reference_numbers(file: &str) -> Option<Value> {
    let text = std::fs::read_to_string(shared(&format!("oracles/{file}"))?).expect("a readable file");
    Some(serde_json::from_str(&text).expect("JSON"))
}

/// A small table of text.
pub struct Table(HashMap<String, Vec<String>>);

impl Table {
    /// One of the shared files, by its path under `data`.
    pub fn shared(path: &str) -> Option<Self> {
        let mut reader = csv::Reader::from_path(shared(&format!("data/{path}"))?).expect("a readable file");
        let names: Vec<String> = reader.headers().expect("a header").iter().map(str::to_owned).collect();
        let mut columns: HashMap<String, Vec<String>> = names.iter().map(|name| (name.clone(), Vec::new())).collect();
        for record in reader.records() {
            for (name, cell) in names.iter().zip(&record.expect("a row of cells")) {
                columns.entry(name.clone()).or_default().push(cell.to_owned());
            }
        }
        Some(Self(columns))
    }

    pub fn words(&self, name: &str) -> &[String] {
        &self.0[name]
    }

    pub fn numbers(&self, name: &str) -> Array1<f64> {
        self.words(name).iter().map(|cell| cell.parse::<f64>().expect("a number")).collect()
    }

    /// Some columns side by side.
    pub fn matrix(&self, names: &[&str]) -> Array2<f64> {
        let columns: Vec<Array1<f64>> = names.iter().map(|name| self.numbers(name)).collect();
        let views: Vec<_> = columns.iter().map(Array1::view).collect();
        ndarray::stack(Axis(1), &views).expect("columns of one length")
    }
}

/// R squared of some columns by the estimator, which shares no step with the driver analysis.
pub fn r_squared(observations: &Observations, columns: &[usize]) -> f64 {
    if columns.is_empty() {
        return 0.0;
    }
    let some = Observations::new(observations.design().select(columns), observations.outcome().clone())
        .and_then(|some| some.weighted(observations.weights().clone()))
        .expect("rows that match");
    Ols::default().fit(&some).expect("a fit").summary().r_squared.expect("a linear fit")
}

/// Columns called x0, x1, ... and a numeric outcome y.
pub fn observations(values: Array2<f64>, outcome: Array1<f64>) -> Observations {
    let names = (0..values.ncols()).map(|column| format!("x{column}")).collect();
    let design = DesignMatrix::new(names, values).expect("a valid design");
    Observations::new(design, Outcome::numeric("y", outcome).expect("a valid outcome")).expect("rows that match")
}

/// The same with a class as outcome: 1 where the number is above the threshold.
pub fn classed(values: Array2<f64>, outcome: ArrayView1<f64>, threshold: f64) -> Observations {
    let class = outcome.mapv(|value| f64::from(u8::from(value > threshold)));
    let names = (0..values.ncols()).map(|column| format!("x{column}")).collect();
    let design = DesignMatrix::new(names, values).expect("a valid design");
    Observations::new(design, Outcome::binary("y", class).expect("classes")).expect("rows that match")
}

/// One driver a column, by the columns' names.
pub fn drivers(observations: &Observations) -> Vec<Driver> {
    observations
        .design()
        .names()
        .iter()
        .enumerate()
        .map(|(column, name)| Driver::column(name.clone(), column))
        .collect()
}

/// Some methods without a bootstrap.
pub fn analysis(methods: &[Method]) -> DriverAnalysis {
    DriverAnalysis { methods: methods.to_vec(), replicates: 0, ..DriverAnalysis::default() }
}

/// All methods that give each driver one number.
pub fn scalar_methods() -> Vec<Method> {
    Method::ALL.into_iter().filter(|method| method.is_scalar()).collect()
}

/// Every driver's contribution by every scalar method, no bootstrap.
pub fn ranked(observations: &Observations) -> DriverRanking {
    analysis(&scalar_methods()).rank(observations, &drivers(observations), &[]).expect("a ranking")
}

/// The row of a driver.
pub fn row<'a>(ranking: &'a DriverRanking, driver: &str) -> &'a DriverRow {
    ranking.drivers.iter().find(|row| row.driver == driver).expect("a driver of the ranking")
}

/// What a method gives a driver.
pub fn contribution(ranking: &DriverRanking, driver: &str, method: Method) -> f64 {
    row(ranking, driver).methods[&method.key()]
}

/// What a method gives all drivers together.
pub fn total(ranking: &DriverRanking, method: Method) -> f64 {
    ranking.drivers.iter().map(|row| row.methods[&method.key()]).sum()
}

/// Standard normal numbers by rule.
pub fn normals(seed: u64, n_rows: usize, n_columns: usize) -> Array2<f64> {
    let mut random = stream(seed, "core tests", 0);
    Array2::from_shape_simple_fn((n_rows, n_columns), || random.sample(StandardNormal))
}

/// Drivers with a common part, and an outcome that they explain about half of.
#[derive(Debug)]
pub struct Made {
    pub drivers: Array2<f64>,
    pub outcome: Array1<f64>,
}

impl Made {
    pub fn of(seed: u64, n_rows: usize, n_drivers: usize) -> Self {
        let normals = normals(seed, n_rows, n_drivers + 2);
        let common = normals.column(n_drivers);
        let mut drivers = normals.slice(s![.., ..n_drivers]).to_owned();
        drivers.columns_mut().into_iter().for_each(|mut column| column.scaled_add(0.6, &common));
        let slopes = Array1::from_shape_fn(n_drivers, |driver| 0.7 / (driver as f64 + 1.0) - 0.1);
        let outcome = drivers.dot(&slopes) + normals.column(n_drivers + 1);
        Self { drivers, outcome }
    }

    pub fn observations(&self) -> Observations {
        observations(self.drivers.clone(), self.outcome.clone())
    }
}

/// Rows whose sample correlations are exactly these, to rounding.
pub fn rows_with_correlations(correlations: &Array2<f64>) -> Array2<f64> {
    let n_columns = correlations.nrows();
    let n_rows = 3 * n_columns + 5;
    let mut white = normals(7, n_rows, n_columns);
    // Twice is enough for orthogonality to the last digit.
    for _ in 0..2 {
        for column in 0..n_columns {
            let mut own = white.column(column).to_owned();
            own -= own.sum() / n_rows as f64;
            for earlier in 0..column {
                let earlier = white.column(earlier);
                let along = own.dot(&earlier);
                own.scaled_add(-along, &earlier);
            }
            let length = own.dot(&own).sqrt();
            white.column_mut(column).assign(&(own / length));
        }
    }
    white.dot(&lower_factor(correlations).t())
}

/// `L` with `L L'` the matrix.
fn lower_factor(matrix: &Array2<f64>) -> Array2<f64> {
    let mut factor = Array2::<f64>::zeros(matrix.dim());
    for row in 0..matrix.nrows() {
        for column in 0..=row {
            let known = factor.slice(s![row, ..column]).dot(&factor.slice(s![column, ..column]));
            let left = matrix[[row, column]] - known;
            factor[[row, column]] = if row == column { left.sqrt() } else { left / factor[[column, column]] };
        }
    }
    factor
}

/// Asserts that two numbers are no further apart than this (absolute).
#[track_caller]
pub fn close(what: &str, got: f64, want: f64, absolute: f64) {
    assert!((got - want).abs() <= absolute, "{what}: {got} and not {want} (to {absolute:e})");
}
