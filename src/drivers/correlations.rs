//! Drivers from a table of correlations or covariances, such as a published one, and the number of rows behind it.

use super::DriverError;
use super::analysis::{self, Base, Driver, DriverAnalysis, Explained};
use super::bootstrap::Replicates;
use super::noise::Noise;
use super::notices;
use super::overall::{self, OverallTest};
use super::ranking::{DriverFamily, DriverRanking};
use crate::stats::SecondMoments;
use crate::stats::linear_algebra::SymmetricEigen;
use ndarray::{Array1, Array2, Axis};
use serde::Serialize;
use thiserror::Error;

/// Two entries that should be equal may differ by this much, in units of the standard deviations (absolute): published
/// tables are rounded, but on both sides alike.
const ROUNDED: f64 = 1e-8;

/// Checked correlations or covariances of named columns.
///
/// # Example
/// ```
/// use advocate::drivers::{CorrelationMatrix, Driver, DriverAnalysis};
/// use ndarray::array;
///
/// let names = ["a", "b", "y"].map(str::to_owned).to_vec();
/// let matrix = CorrelationMatrix::new(names, array![[1.0, 0.0, 0.6], [0.0, 1.0, 0.3], [0.6, 0.3, 1.0]])?;
/// let drivers = [Driver::column("a", 0), Driver::column("b", 1)];
/// let ranking = DriverAnalysis { replicates: 0, ..Default::default() }.rank_correlations(&matrix, 100, "y", &drivers, &[])?;
/// // Uncorrelated drivers: the squares 0.36 and 0.09.
/// assert!((ranking.fit.value - 0.45).abs() < 1e-12);
/// assert!((ranking.drivers[0].share - 0.8).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct CorrelationMatrix {
    names: Vec<String>,
    kind: MatrixKind,
    /// Covariances; correlations where no deviations are known.
    covariances: Array2<f64>,
}

/// What a table of figures for pairs of columns holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MatrixKind {
    /// Correlations: a column's own is 1.
    Correlations,
    /// Covariances: a column's own is its variance.
    Covariances,
}

impl MatrixKind {
    /// The word used in JSON and findings.
    pub fn word(self) -> &'static str {
        match self {
            Self::Correlations => "correlations",
            Self::Covariances => "covariances",
        }
    }
}

/// Why a table is no matrix of correlations or covariances.
#[derive(Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum MatrixError {
    /// Names, rows and columns are not as many as each other.
    #[error("{n_names} names go with {n_rows} rows and {n_columns} columns; a correlation matrix has as many of each")]
    NotSquare {
        /// Names given.
        n_names: usize,
        /// Rows given.
        n_rows: usize,
        /// Columns given.
        n_columns: usize,
    },
    /// Two columns of one name.
    #[error("two columns are called `{name}`; give one another name")]
    NameTwice {
        /// The name.
        name: String,
    },
    /// An entry is no number.
    #[error("row `{row}`, column `{column}` holds {value}, which is no finite number")]
    NotFinite {
        /// The row.
        row: String,
        /// The column.
        column: String,
        /// What stands there.
        value: f64,
    },
    /// A correlation of a column with itself is not 1, or a variance is negative.
    #[error(
        "row `{name}`, column `{name}` holds {value}; a column's correlation with itself is 1 (a reliability that is printed \
         there must be replaced), its variance not negative"
    )]
    Diagonal {
        /// The column.
        name: String,
        /// What stands there.
        value: f64,
    },
    /// The entries on both sides of the diagonal differ.
    #[error(
        "row `{row}`, column `{column}` holds {value}, but row `{column}`, column `{row}` holds {mirrored}; they are one figure"
    )]
    NotSymmetric {
        /// The row.
        row: String,
        /// The column.
        column: String,
        /// What stands there.
        value: f64,
        /// What stands on the other side of the diagonal.
        mirrored: f64,
    },
    /// A correlation is beyond 1 or -1.
    #[error("row `{row}`, column `{column}` stands for a correlation of {value}, which is beyond 1")]
    BeyondOne {
        /// The row.
        row: String,
        /// The column.
        column: String,
        /// The correlation.
        value: f64,
    },
    /// No data can have these correlations.
    #[error(
        "no data can have these correlations: the eigenvalue {eigenvalue:.3e} is negative, and row `{row}`, column `{column}` \
         has most to do with it; check the table, or take correlations of complete rows instead of pairs"
    )]
    NotPositive {
        /// The row.
        row: String,
        /// The column.
        column: String,
        /// The smallest eigenvalue.
        eigenvalue: f64,
    },
}

impl CorrelationMatrix {
    /// Checks correlations; rows and columns are in the order of the names.
    ///
    /// # Errors
    /// What is no correlation matrix, by row and column: not square, a name twice, no number, not symmetric, a diagonal that
    /// is not 1, beyond 1, a negative eigenvalue.
    pub fn new(names: Vec<String>, values: Array2<f64>) -> Result<Self, MatrixError> {
        if let Some(name) = names.iter().zip(values.diag()).find(|&(_, own)| (own - 1.0).abs() > ROUNDED)
            && values.is_square()
            && names.len() == values.nrows()
            && name.1.is_finite()
        {
            return Err(MatrixError::Diagonal { name: name.0.clone(), value: *name.1 });
        }
        Ok(Self { kind: MatrixKind::Correlations, ..Self::of_covariances(names, values)? })
    }

    /// Checks a table of which nobody says what it holds: covariances where a column's own entry is above 1, else correlations,
    /// since below 1 tables of correlations have reliabilities there.
    ///
    /// # Errors
    /// As [`CorrelationMatrix::new`].
    pub fn of_table(names: Vec<String>, values: Array2<f64>) -> Result<Self, MatrixError> {
        if values.diag().iter().any(|own| *own > 1.0 + ROUNDED) {
            Self::of_covariances(names, values)
        } else {
            Self::new(names, values)
        }
    }

    /// Checks covariances; rows and columns are in the order of the names. Average coefficients are then in the columns' units.
    ///
    /// # Errors
    /// As [`CorrelationMatrix::new`], with negative variances instead of a diagonal that is not 1.
    pub fn of_covariances(names: Vec<String>, values: Array2<f64>) -> Result<Self, MatrixError> {
        let (n_rows, n_columns) = values.dim();
        if n_rows != n_columns || names.len() != n_rows {
            return Err(MatrixError::NotSquare { n_names: names.len(), n_rows, n_columns });
        }
        if let Some(place) = (0..n_rows).find(|&place| names[..place].contains(&names[place])) {
            return Err(MatrixError::NameTwice { name: names[place].clone() });
        }
        let named = |row: usize, column: usize| (names[row].clone(), names[column].clone());
        for ((row, column), &value) in values.indexed_iter() {
            let (row, column) = named(row, column);
            if !value.is_finite() {
                return Err(MatrixError::NotFinite { row, column, value });
            }
        }
        if let Some(place) = (0..n_rows).find(|&place| values[[place, place]] < 0.0) {
            return Err(MatrixError::Diagonal { name: names[place].clone(), value: values[[place, place]] });
        }
        let mut correlations = Array2::eye(n_rows);
        for row in 0..n_rows {
            for column in 0..row {
                let (value, mirrored) = (values[[row, column]], values[[column, row]]);
                let scale = values[[row, row]].sqrt() * values[[column, column]].sqrt();
                // What does not vary goes with nothing.
                let of = |value: f64| if scale > 0.0 { value / scale } else { value };
                let (row_name, column_name) = named(row, column);
                if (of(value) - of(mirrored)).abs() > ROUNDED {
                    return Err(MatrixError::NotSymmetric { row: row_name, column: column_name, value, mirrored });
                }
                let value = of(value);
                if value.abs() > if scale > 0.0 { 1.0 + ROUNDED } else { 0.0 } {
                    return Err(MatrixError::BeyondOne { row: row_name, column: column_name, value });
                }
                correlations[[row, column]] = value;
                correlations[[column, row]] = value;
            }
        }
        check_positive(&names, &correlations)?;
        let covariances = (&values + &values.t()) * 0.5;
        Ok(Self { names, kind: MatrixKind::Covariances, covariances })
    }

    /// The names of the columns.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// What the figures were taken for.
    pub fn kind(&self) -> MatrixKind {
        self.kind
    }

    /// The place of a column.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|own| own == name)
    }
}

/// The entry named is the one of most weight in the direction of the smallest eigenvalue.
fn check_positive(names: &[String], correlations: &Array2<f64>) -> Result<(), MatrixError> {
    let Some(eigen) = SymmetricEigen::of(correlations.view()) else { return Ok(()) };
    let Some(&eigenvalue) = eigen.values.first() else { return Ok(()) };
    if eigenvalue >= -ROUNDED * names.len() as f64 {
        return Ok(());
    }
    let direction = eigen.vectors.column(0);
    let pairs = (0..names.len()).flat_map(|row| (0..row).map(move |column| (row, column)));
    let part = |&(row, column): &(usize, usize)| direction[row] * direction[column] * correlations[[row, column]];
    let worst = pairs.min_by(|one, other| part(one).total_cmp(&part(other))).unwrap_or((0, 0));
    Err(MatrixError::NotPositive { row: names[worst.0].clone(), column: names[worst.1].clone(), eigenvalue })
}

impl DriverAnalysis {
    /// Ranks drivers from correlations or covariances over `n_rows` rows, by their parts of R squared.
    ///
    /// `drivers` and `always` name places of the matrix's columns. All methods of [`DriverAnalysis::rank`] are there. There
    /// are no rows to draw, so there is no bootstrap and no jackknife; noise drivers are drawn as normal ones.
    ///
    /// # Errors
    /// As [`DriverAnalysis::rank`]; also an outcome that is no column of the matrix, or a driver that is the outcome or
    /// none.
    pub fn rank_correlations(
        &self,
        matrix: &CorrelationMatrix,
        n_rows: usize,
        outcome: &str,
        drivers: &[Driver],
        always: &[usize],
    ) -> Result<DriverRanking, DriverError> {
        let sources = analysis::sources(drivers, always);
        let place = matrix.position(outcome).ok_or_else(|| DriverError::NotInMatrix { name: outcome.to_owned() })?;
        if let Some(driver) = drivers
            .iter()
            .find(|driver| driver.columns.iter().any(|&column| column == place || column >= matrix.names.len()))
        {
            return Err(DriverError::NotInMatrix { name: driver.name.clone() });
        }
        if let Some(&column) = always.iter().find(|&&column| column == place || column >= matrix.names.len()) {
            return Err(DriverError::NotInMatrix { name: format!("column {}", column + 1) });
        }
        let base =
            Base { outcome: outcome.to_owned(), n_rows, n_used: n_rows, n_clusters: None, n_observations: n_rows };
        let plan = self.plan(&base, DriverFamily::Linear, drivers, always)?;
        let places: Vec<usize> = sources.iter().copied().chain([place]).collect();
        let covariances = matrix.covariances.select(Axis(0), &places).select(Axis(1), &places);
        let moments = SecondMoments {
            weight_sum: n_rows as f64,
            means: Array1::zeros(places.len()),
            cross_products: covariances * (n_rows as f64 - 1.0),
        };
        let layout = analysis::layout_of(drivers, always);
        let regression = analysis::regression(outcome, &moments, &layout)?;
        let p_value = overall::f_test(n_rows as f64, &regression, &regression.full_model());
        let noise = Noise::Normal { n_observations: n_rows as f64 };
        let explained = Explained {
            moments: &moments,
            regression: &regression,
            overall: OverallTest::plain(p_value),
            replicates: Replicates::none(drivers.len()),
            noise: Some(noise),
            errors: None,
        };
        let mut ranking = self.linear_ranking(base, drivers, &layout, &plan, explained)?;
        if self.replicates > 0 || self.jackknife {
            ranking.findings.push(notices::no_rows(outcome));
        }
        Ok(ranking)
    }
}
