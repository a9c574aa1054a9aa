//! Columns with gaps: what is known of every observation before anybody decides what to do about the rest.

use super::design::{check_names, check_value};
use super::{Clusters, DataError, DesignMatrix, Observations, Outcome, Weights};
use ndarray::{Array2, ArrayView2, Axis};

/// Columns that stand for one driver and enter and leave a model together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnGroup {
    /// The driver's name.
    pub name: String,
    /// Places of its columns.
    pub columns: Vec<usize>,
}

/// Named columns in which `NaN` is a gap, with outcome, weights and clusters that have none.
///
/// A gap is structural where the question does not apply to the respondent (no car, no parking): there is no unknown
/// value behind it. Any other gap hides a value that somebody has and did not state.
///
/// # Example
/// ```
/// use advocate::data::{Gaps, Outcome};
/// use ndarray::array;
/// let names = vec!["delivery".to_owned(), "parking".to_owned()];
/// let values = array![[4.0, f64::NAN], [5.0, 2.0], [f64::NAN, 3.0]];
/// let gaps = Gaps::new(names, values, Outcome::numeric("recommend", array![8.0, 9.0, 6.0])?)?.structural(&[1])?;
/// assert_eq!(gaps.complete_rows(), [1]);
/// assert!(gaps.is_structural(1));
/// # Ok::<(), advocate::data::DataError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Gaps {
    names: Vec<String>,
    values: Array2<f64>,
    /// Outcome, weights and clusters, without features.
    answered: Observations,
    groups: Vec<ColumnGroup>,
    structural: Vec<bool>,
}

impl Gaps {
    /// Checks columns (n_rows by n_features) and outcome. Every column is a driver of its own and no gap is structural
    /// until [`Gaps::grouped`] and [`Gaps::structural`] say otherwise.
    ///
    /// # Errors
    /// No rows, a repeated name, a number of names that is not the number of columns, a value that is infinite or whose
    /// square overflows, an outcome with another number of rows.
    pub fn new(names: Vec<String>, values: Array2<f64>, outcome: Outcome) -> Result<Self, DataError> {
        check_names(&names, values.view())?;
        for ((row, feature), &value) in values.indexed_iter() {
            if !value.is_nan() {
                check_value(&names[feature], row, value)?;
            }
        }
        let no_features = DesignMatrix::new(Vec::new(), Array2::zeros((values.nrows(), 0)))?;
        let answered = Observations::new(no_features, outcome)?;
        let groups = names
            .iter()
            .enumerate()
            .map(|(column, name)| ColumnGroup { name: name.clone(), columns: vec![column] })
            .collect();
        Ok(Self { structural: vec![false; names.len()], names, values, answered, groups })
    }

    /// The same columns, weighted.
    ///
    /// # Errors
    /// Not one weight per row.
    pub fn weighted(self, weights: Weights) -> Result<Self, DataError> {
        Ok(Self { answered: self.answered.weighted(weights)?, ..self })
    }

    /// The same columns, their rows grouped into clusters.
    ///
    /// # Errors
    /// Not one cluster per row.
    pub fn clustered(self, clusters: Clusters) -> Result<Self, DataError> {
        Ok(Self { answered: self.answered.clustered(clusters)?, ..self })
    }

    /// The same columns, said which belong together. Columns in no group are controls.
    ///
    /// # Errors
    /// A column that is not there or stands in two groups.
    pub fn grouped(self, groups: Vec<ColumnGroup>) -> Result<Self, DataError> {
        let mut taken = vec![false; self.names.len()];
        for group in &groups {
            for &column in &group.columns {
                match taken.get_mut(column) {
                    None => return Err(DataError::NoSuchColumn { column, n_columns: self.names.len() }),
                    Some(true) => return Err(DataError::RepeatedName { name: self.names[column].clone() }),
                    Some(taken) => *taken = true,
                }
            }
        }
        Ok(Self { groups, ..self })
    }

    /// The same columns, the gaps of these said to be structural.
    ///
    /// # Errors
    /// A column that is not there.
    pub fn structural(mut self, columns: &[usize]) -> Result<Self, DataError> {
        let n_columns = self.names.len();
        for &column in columns {
            *self.structural.get_mut(column).ok_or(DataError::NoSuchColumn { column, n_columns })? = true;
        }
        Ok(self)
    }

    /// Column names, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The values, n_rows by n_features; `NaN` is a gap.
    pub fn values(&self) -> ArrayView2<'_, f64> {
        self.values.view()
    }

    /// Outcome, weights and clusters as observations without features.
    pub fn answered(&self) -> &Observations {
        &self.answered
    }

    /// Which columns belong together.
    pub fn groups(&self) -> &[ColumnGroup] {
        &self.groups
    }

    /// Whether gaps of the column mean that it does not apply.
    pub fn is_structural(&self, column: usize) -> bool {
        self.structural[column]
    }

    /// Number of rows, at least one.
    pub fn n_rows(&self) -> usize {
        self.values.nrows()
    }

    /// Number of columns.
    pub fn n_features(&self) -> usize {
        self.values.ncols()
    }

    /// Whether the row lacks the column.
    pub fn is_missing(&self, row: usize, column: usize) -> bool {
        self.values[[row, column]].is_nan()
    }

    /// The rows that lack nothing, ascending.
    pub fn complete_rows(&self) -> Vec<usize> {
        let complete = |row: &usize| !self.values.row(*row).iter().any(|value| value.is_nan());
        (0..self.n_rows()).filter(complete).collect()
    }

    /// Some of the columns, by place, in the order given.
    ///
    /// # Panics
    /// If a place is out of bounds.
    #[must_use]
    pub fn select(&self, columns: &[usize]) -> Self {
        let moved = |group: &ColumnGroup| ColumnGroup {
            name: group.name.clone(),
            columns: group
                .columns
                .iter()
                .filter_map(|column| columns.iter().position(|chosen| chosen == column))
                .collect(),
        };
        Self {
            names: columns.iter().map(|&column| self.names[column].clone()).collect(),
            values: self.values.select(Axis(1), columns),
            answered: self.answered.clone(),
            groups: self.groups.iter().map(moved).filter(|group| !group.columns.is_empty()).collect(),
            structural: columns.iter().map(|&column| self.structural[column]).collect(),
        }
    }

    /// Some of the rows, by place, in the order given; they must lack nothing.
    ///
    /// # Errors
    /// No rows, a row with a gap, no row with a positive weight.
    ///
    /// # Panics
    /// If a place is out of bounds.
    pub fn at_rows(&self, rows: &[usize]) -> Result<Observations, DataError> {
        let design = DesignMatrix::new(self.names.clone(), self.values.select(Axis(0), rows))?;
        let outcome = self.answered.outcome();
        let values = outcome.values().select(Axis(0), rows);
        let outcome = if outcome.is_binary() {
            Outcome::binary(outcome.name(), values)?
        } else {
            Outcome::numeric(outcome.name(), values)?
        };
        let mut observations = Observations::new(design, outcome)?;
        let weights = self.answered.weights();
        if let (Some(kind), Some(values)) = (weights.kind(), weights.values()) {
            observations = observations.weighted(Weights::new(kind, rows.iter().map(|&row| values[row]).collect())?)?;
        }
        match self.answered.clusters() {
            Some(clusters) => observations.clustered(clusters.keep(rows)),
            None => Ok(observations),
        }
    }

    /// All rows with other values in the same columns, none of which may be missing.
    ///
    /// # Errors
    /// A gap that is left, a value that cannot be computed with, other numbers of rows or columns.
    pub fn filled(&self, values: Array2<f64>) -> Result<Observations, DataError> {
        let design = DesignMatrix::new(self.names.clone(), values)?;
        let mut observations =
            Observations::new(design, self.answered.outcome().clone())?.weighted(self.answered.weights().clone())?;
        if let Some(clusters) = self.answered.clusters() {
            observations = observations.clustered(clusters.clone())?;
        }
        Ok(observations)
    }

    /// All rows as they are.
    ///
    /// # Errors
    /// A gap, by column and row.
    pub fn complete(&self) -> Result<Observations, DataError> {
        self.filled(self.values.clone())
    }

    /// The same rows with other columns; what belongs together and what is structural is to be said anew.
    ///
    /// # Errors
    /// As [`Gaps::new`].
    pub fn with_columns(&self, names: Vec<String>, values: Array2<f64>) -> Result<Self, DataError> {
        let bare = Self::new(names, values, self.answered.outcome().clone())?;
        Ok(Self { answered: self.answered.clone(), ..bare })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::WeightKind;
    use ndarray::{Array1, array};

    const GAP: f64 = f64::NAN;

    fn gaps() -> Gaps {
        let names = ["a", "b", "c"].map(str::to_owned).to_vec();
        let values = array![[1.0, GAP, 5.0], [2.0, 3.0, 4.0], [GAP, GAP, GAP], [0.0, 1.0, 2.0]];
        Gaps::new(names, values, Outcome::numeric("y", Array1::from(vec![1.0, 2.0, 3.0, 4.0])).expect("finite"))
            .expect("valid")
    }

    #[test]
    fn complete_rows_keep_their_weight_and_cluster() {
        let weights = Weights::new(WeightKind::Sampling, vec![1.0, 2.0, 3.0, 4.0]).expect("valid");
        let clusters = Clusters::from_labels(["p", "q", "p", "p"]);
        let gaps = gaps().weighted(weights).and_then(|gaps| gaps.clustered(clusters)).expect("one a row");
        let complete = gaps.at_rows(&gaps.complete_rows()).expect("without gaps");
        assert_eq!(complete.design().values(), array![[2.0, 3.0, 4.0], [0.0, 1.0, 2.0]].view());
        assert_eq!(complete.weights().values(), Some(&[2.0, 4.0][..]));
        assert_eq!(complete.clusters().map(Clusters::n_clusters), Some(2));
    }

    #[test]
    fn groups_follow_their_columns() {
        let group = |name: &str, columns: &[usize]| ColumnGroup { name: name.to_owned(), columns: columns.to_vec() };
        let gaps = gaps().grouped(vec![group("x", &[0, 2]), group("z", &[1])]).expect("each once");
        assert_eq!(gaps.select(&[2, 0]).groups(), [group("x", &[1, 0])]);
        let twice = gaps.clone().grouped(vec![group("x", &[0]), group("z", &[0])]);
        assert_eq!(twice, Err(DataError::RepeatedName { name: "a".to_owned() }));
        let error = gaps.grouped(vec![group("x", &[3])]).unwrap_err();
        assert_eq!(error.to_string(), "column number 4 is not there; there are 3 columns");
    }

    #[test]
    fn a_gap_left_is_refused_by_column_and_row_and_so_is_infinity() {
        let error = gaps().complete().unwrap_err();
        assert!(error.to_string().starts_with("column `b`, row 1"), "{error}");
        let outcome = Outcome::numeric("y", array![1.0]).expect("finite");
        let error = Gaps::new(vec!["a".to_owned()], array![[f64::INFINITY]], outcome).unwrap_err();
        assert!(matches!(error, DataError::NotFinite { row: 1, .. }));
    }
}
