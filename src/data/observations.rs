//! Everything an analysis of one outcome needs, with as many rows in each part.

use super::{Clusters, DataError, DesignMatrix, Exposure, Outcome, Weights};

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
    use ndarray::{Array2, array};

    #[test]
    fn parts_of_different_length_are_refused() {
        let design = DesignMatrix::new(vec!["a".to_owned()], Array2::zeros((3, 1))).expect("valid");
        let outcome = Outcome::numeric("y", array![1.0, 2.0]).expect("valid");
        let error = Observations::new(design, outcome).unwrap_err();
        assert_eq!(error.to_string(), "the outcome has 2 rows and the design matrix 3");
    }
}
