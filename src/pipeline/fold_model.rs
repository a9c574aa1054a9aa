//! Any family behind the harness's door: fitted on training rows, whose means fill the gaps of training and test rows alike.

use super::model_fit::ModelSettings;
use crate::data::{DesignMatrix, Observations};
use crate::estimators::evaluation::{Model, Predicted};
use crate::estimators::{FitError, StdErrors};

/// A model of a study as it is fitted in a fold.
pub(super) struct FoldModel {
    pub settings: ModelSettings,
    /// Columns with gaps.
    pub marks: Vec<GapMark>,
}

/// A column with gaps and the one that says where they are, by their names.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct GapMark {
    pub column: String,
    pub mark: String,
    /// Whether the mark is a feature of the model too.
    pub is_feature: bool,
}

impl Model for FoldModel {
    fn fit_predict(&self, train: &Observations, test: &DesignMatrix) -> Result<Predicted, FitError> {
        // Predictions do not need the standard errors, which few clusters in a fold could refuse.
        let settings = ModelSettings { std_errors: StdErrors::Model, ..self.settings };
        let refill = Refill::of(train.design(), &self.marks);
        if refill.gaps.is_empty() {
            let fit = settings.predictor(train)?;
            return Ok(Predicted { findings: fit.findings, ..Predicted::of(&fit.model, test) });
        }
        let train = train.with_design(refill.apply(train.design())?)?;
        let fit = settings.predictor(&train)?;
        Ok(Predicted { findings: fit.findings, ..Predicted::of(&fit.model, &refill.apply(test)?) })
    }
}

/// Places of columns with gaps and of their marks, and what fills the gaps.
struct Refill {
    gaps: Vec<(usize, usize, f64)>,
    /// The columns that the model takes.
    kept: Vec<usize>,
}

impl Refill {
    fn of(train: &DesignMatrix, marks: &[GapMark]) -> Self {
        let values = train.values();
        let mean = |column: usize, mark: usize| {
            let known = || values.outer_iter().filter(|row| row[mark] < 0.5).map(|row| row[column]);
            let n_known = known().count();
            if n_known == 0 { 0.0 } else { known().sum::<f64>() / n_known as f64 }
        };
        let places = |gap: &GapMark| Some((train.position(&gap.column)?, train.position(&gap.mark)?));
        let gaps = marks.iter().filter_map(places).map(|(column, mark)| (column, mark, mean(column, mark)));
        let left_out: Vec<usize> =
            marks.iter().filter(|gap| !gap.is_feature).filter_map(|gap| train.position(&gap.mark)).collect();
        Self {
            gaps: gaps.collect(),
            kept: (0..train.n_features()).filter(|column| !left_out.contains(column)).collect(),
        }
    }

    fn apply(&self, design: &DesignMatrix) -> Result<DesignMatrix, FitError> {
        let mut values = design.values().to_owned();
        for &(column, mark, mean) in &self.gaps {
            values.outer_iter_mut().filter(|row| row[mark] > 0.5).for_each(|mut row| row[column] = mean);
        }
        Ok(DesignMatrix::new(design.names().to_vec(), values)?.select(&self.kept))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Outcome;
    use crate::estimators::{CountDistribution, Family};
    use crate::stats::Confidence;
    use ndarray::{Array1, array};

    #[test]
    fn gaps_take_the_mean_of_the_training_rows() {
        // The last training row and the only test row lack `x` and hold a number that stands for nothing.
        let names = || vec!["x".to_owned(), "x (missing)".to_owned()];
        let train =
            DesignMatrix::new(names(), array![[1.0, 0.0], [2.0, 0.0], [3.0, 0.0], [99.0, 1.0]]).expect("finite");
        let test = DesignMatrix::new(names(), array![[-50.0, 1.0]]).expect("finite");
        let outcome = Outcome::numeric("y", Array1::from(vec![1.0, 3.0, 5.0, 3.0])).expect("finite");
        let train = Observations::new(train, outcome).expect("as many rows");
        let settings = ModelSettings {
            family: Family::Linear,
            distribution: CountDistribution::default(),
            std_errors: StdErrors::Model,
            confidence: Confidence::default(),
            penalty: None,
        };
        let mark = GapMark { column: "x".to_owned(), mark: "x (missing)".to_owned(), is_feature: false };
        let predicted = FoldModel { settings, marks: vec![mark] }.fit_predict(&train, &test).expect("fitted");
        // The line through (1, 1), (2, 3), (3, 5) and, filled with 2, (2, 3).
        assert!((predicted.values[0] - 3.0).abs() < 1e-12);
    }
}
