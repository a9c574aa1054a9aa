//! Everything an analysis of one outcome needs, with as many rows in each part.

use super::{Clusters, DataError, DesignMatrix, Exposure, Outcome, Weights};
use crate::stats::Resampler;

/// Features, outcome, weights and clusters of the same observations.
#[derive(Debug, Clone, PartialEq)]
pub struct Observations {
    design: DesignMatrix,
    outcome: Outcome,
    weights: Weights,
    clusters: Option<Clusters>,
    exposure: Option<Exposure>,
}

impl Observations {
    /// Features and outcome; add weights and clusters with [`Observations::weighted`] and [`Observations::clustered`].
    ///
    /// # Errors
    /// Different numbers of rows.
    pub fn new(design: DesignMatrix, outcome: Outcome) -> Result<Self, DataError> {
        same_rows("the outcome", outcome.values().len(), &design)?;
        Ok(Self { design, outcome, weights: Weights::none(), clusters: None, exposure: None })
    }

    /// The same observations, weighted.
    ///
    /// # Errors
    /// Not one weight per row.
    pub fn weighted(self, weights: Weights) -> Result<Self, DataError> {
        if let Some(values) = weights.values() {
            same_rows("the weights column", values.len(), &self.design)?;
        }
        Ok(Self { weights, ..self })
    }

    /// The same observations, grouped.
    ///
    /// # Errors
    /// Not one cluster per row.
    pub fn clustered(self, clusters: Clusters) -> Result<Self, DataError> {
        same_rows("the cluster column", clusters.codes().len(), &self.design)?;
        Ok(Self { clusters: Some(clusters), ..self })
    }

    /// The same observations with the exposure over which each was counted, which only models of counts read.
    ///
    /// # Errors
    /// Not one exposure per row.
    pub fn exposed(self, exposure: Exposure) -> Result<Self, DataError> {
        same_rows("the exposure column", exposure.values().len(), &self.design)?;
        Ok(Self { exposure: Some(exposure), ..self })
    }

    /// Some of the observations, by row, in the order given; clusters are numbered anew.
    ///
    /// # Errors
    /// No rows, or none with a weight.
    ///
    /// # Panics
    /// If a row is out of bounds.
    pub fn select(&self, rows: &[usize]) -> Result<Self, DataError> {
        Ok(Self {
            design: self.design.select_rows(rows)?,
            outcome: self.outcome.select(rows),
            weights: self.weights.select(rows)?,
            clusters: self.clusters.as_ref().map(|clusters| clusters.keep(rows)),
            exposure: self.exposure.as_ref().map(|exposure| exposure.select(rows)),
        })
    }

    /// The same observations with some of the features, by place, in the order given.
    ///
    /// # Panics
    /// If a place is out of bounds.
    #[must_use]
    pub fn with_features(&self, features: &[usize]) -> Self {
        Self { design: self.design.select(features), ..self.clone() }
    }

    /// The same observations with other features.
    ///
    /// # Errors
    /// Another number of rows.
    pub fn with_design(&self, design: DesignMatrix) -> Result<Self, DataError> {
        same_rows("the outcome", self.outcome.values().len(), &design)?;
        Ok(Self { design, ..self.clone() })
    }

    /// Draws samples of these observations with replacement: customers where there are clusters.
    pub fn resampler(&self, seed: u64, purpose: &'static str) -> Resampler<'_> {
        self.weights.resampler(self.n_rows(), self.clusters.as_ref(), seed, purpose)
    }

    /// The clusters that count, where some stand for several observations; `None` where observations are independent.
    pub fn n_clusters_repeated(&self) -> Option<usize> {
        let clusters = self.clusters()?;
        let used: Vec<usize> = (0..self.n_rows()).filter(|&row| self.weights.of(row) > 0.0).collect();
        let n_clusters = clusters.keep(&used).n_clusters();
        (n_clusters < self.weights.n_observations(self.n_rows()) as usize).then_some(n_clusters)
    }

    /// The features.
    pub fn design(&self) -> &DesignMatrix {
        &self.design
    }

    /// The outcome.
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// The weights.
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// The clusters, if any.
    pub fn clusters(&self) -> Option<&Clusters> {
        self.clusters.as_ref()
    }

    /// The exposures, if any.
    pub fn exposure(&self) -> Option<&Exposure> {
        self.exposure.as_ref()
    }

    /// Number of rows, at least one.
    pub fn n_rows(&self) -> usize {
        self.design.n_rows()
    }
}

fn same_rows(what: &'static str, n_found: usize, design: &DesignMatrix) -> Result<(), DataError> {
    if n_found == design.n_rows() {
        Ok(())
    } else {
        Err(DataError::RowCount { what, n_found, n_expected: design.n_rows() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::WeightKind;
    use ndarray::{Array2, array};

    #[test]
    fn selected_rows_bring_everything_of_theirs() {
        let design =
            DesignMatrix::new(vec!["a".to_owned(), "b".to_owned()], array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
        let outcome = Outcome::binary("y", array![0.0, 1.0, 0.0]).expect("valid");
        let weights = Weights::new(WeightKind::Sampling, vec![0.0, 2.0, 3.0]).expect("valid");
        let all = Observations::new(design.expect("valid"), outcome)
            .and_then(|all| all.weighted(weights))
            .and_then(|all| all.clustered(Clusters::from_labels(["x", "y", "z"])))
            .expect("valid");
        let some = all.select(&[2, 1]).expect("rows").with_features(&[1]);
        assert_eq!(some.design().values(), array![[6.0], [4.0]]);
        assert_eq!(some.outcome().values(), array![0.0, 1.0]);
        assert!(some.outcome().is_binary());
        assert_eq!(some.weights().values(), Some(&[3.0, 2.0][..]));
        assert_eq!(some.clusters().map(|clusters| clusters.n_clusters()), Some(2));
        assert_eq!(all.select(&[]), Err(DataError::NoRows));
        assert_eq!(all.select(&[0]), Err(DataError::NoWeight));
    }

    #[test]
    fn parts_of_different_length_are_refused() {
        let design = DesignMatrix::new(vec!["a".to_owned()], Array2::zeros((3, 1))).expect("valid");
        let outcome = Outcome::numeric("y", array![1.0, 2.0]).expect("valid");
        let error = Observations::new(design, outcome).unwrap_err();
        assert_eq!(error.to_string(), "the outcome has 2 rows and the design matrix 3");
    }
}
