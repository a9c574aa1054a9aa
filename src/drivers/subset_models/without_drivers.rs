//! How far drivers go with classes, levels and counts where none of them is in the model.

use super::{Model, SubsetModels};
use crate::data::Observations;
use crate::drivers::overall::Units;
use crate::drivers::quadratic::{AtMaximum, Expansion, Rows};
use ndarray::Array2;

impl SubsetModels {
    /// By unit (customer, or row): the efficient scores of the drivers' columns at `empty`, the model of what is always in.
    pub fn scores_without_drivers(&self, observations: &Observations, empty: &Model, weights: &[f64]) -> Array2<f64> {
        let columns = self.columns();
        let rows = Rows { columns: &columns, likelihood: &self.likelihood, weights };
        let all = AtMaximum { features: (0..columns.len()).collect(), parameters: &empty.parameters };
        let n_own = self.likelihood.n_leading() + self.layout.always.len();
        let scores = Expansion::of(&rows, &all).efficient_scores(n_own);
        let units = Units::of(observations);
        let mut sums = Array2::zeros((units.n_units(), scores.ncols()));
        for (row, unit) in units.of_rows() {
            let Some(place) = self.places[row] else { continue };
            sums.row_mut(unit).scaled_add(observations.weights().of(row) * self.unit, &scores.row(place));
        }
        sums
    }
}
