//! Relative weights of a class.

use super::{Model, SubsetModels};
use crate::data::Observations;
use crate::drivers::analysis::DriverAnalysis;
use crate::drivers::bootstrap::{self, Replicates};
use crate::drivers::likelihood::Likelihood;
use crate::drivers::regression::Regression;
use crate::stats::SecondMoments;
use ndarray::{Array1, Array2, Axis, concatenate};

/// What each driver has of the squared correlation between a class and its predicted probabilities.
pub(in crate::drivers) struct ClassWeights {
    /// One per driver.
    pub contributions: Array1<f64>,
    /// The squared correlation of class and predicted probability, `R_O^2`.
    pub r_squared: f64,
}

impl SubsetModels {
    /// Johnson's relative weights of a class; `None` for what is no class and where eigenvalues cannot be found.
    ///
    /// The class is regressed on the orthogonal stand-ins `Z` of the drivers, and each coefficient is standardised in full,
    /// `beta_k = b_k s_k R_O / s_logit`, with `s_logit` the standard deviation of the predicted logits. A logistic fit on
    /// `Z` is that on the drivers, written otherwise, so that `beta` are the slopes of the predicted logit itself on `Z`
    /// times `R_O`: the weights are those of the logit in a linear model of the drivers, times `R_O^2`. They add up to
    /// `R_O^2`, less the part of the columns that are always in, which are partialled out of the drivers.
    ///
    /// # References
    /// Tonidandel and LeBreton (2010), "Determining the relative importance of predictors in logistic regression: an
    /// extension of relative weight analysis", Organizational Research Methods 13(4); Menard (2004), "Six approaches to
    /// calculating standardized logistic regression coefficients", The American Statistician 58(3).
    pub fn relative_weights(&self, full: &Model, weights: &[f64]) -> Option<ClassWeights> {
        let Likelihood::Class { outcome } = &self.likelihood else { return None };
        let (leading, slopes) = full.parameters.split_at(self.likelihood.n_leading());
        let logits = self.values.dot(&Array1::from(slopes.to_vec())) + leading[0];
        let probabilities = logits.mapv(|logit| 1.0 / (1.0 + (-logit).exp()));
        let pairs =
            Array2::from_shape_fn(
                (outcome.len(), 2),
                |(row, column)| {
                    if column == 0 { probabilities[row] } else { outcome[row] }
                },
            );
        let pairs = SecondMoments::of_rows(pairs.view(), Some(weights));
        let r_squared = if pairs.varies(0) { pairs.correlations()[[0, 1]].powi(2) } else { 0.0 };
        let joined = concatenate![Axis(1), self.values, logits.insert_axis(Axis(1))];
        let moments = SecondMoments::of_rows(joined.view(), Some(weights));
        let contributions = match Regression::of(&moments, &self.layout) {
            Some(regression) => regression.relative_weights()? * r_squared,
            // Every row has the same logit: no driver has a coefficient.
            None => Array1::zeros(self.layout.drivers.len()),
        };
        Some(ClassWeights { contributions, r_squared })
    }

    /// The bootstrap of relative weights: the model of all drivers is fitted again for every replicate.
    pub fn weight_replicates(
        &self,
        analysis: &DriverAnalysis,
        observations: &Observations,
        full: &Model,
    ) -> Replicates {
        let all: Vec<usize> = (0..self.layout.drivers.len()).collect();
        bootstrap::replicates(
            observations,
            all.len(),
            analysis.replicates,
            analysis.seed,
            || (),
            |(), weights| {
                let weights = self.collapsed(weights);
                let model = self.fit(&all, &weights, Some(&full.parameters))?;
                Some(self.relative_weights(&model, &weights)?.contributions.to_vec())
            },
        )
    }
}
