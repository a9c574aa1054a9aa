//! Robustness of every driver's coefficient to something unobserved, beside what is observed.

use super::sensitivity::{Adjusted, Confounder, Sensitivity};
use crate::data::{Observations, WeightKind, Weights};
use crate::drivers::analysis::{Base, Driver, sources};
use crate::drivers::{ActionError, TestedEstimate};
use crate::estimators::{LinearFit, Ols, StdErrors};
use crate::findings::{Finding, FindingKind, Severity};
use crate::stats::linear_algebra::Cholesky;
use crate::stats::{Confidence, SecondMoments};
use serde::Serialize;

/// Settings of an analysis of unobserved confounding.
#[derive(Debug, Clone, PartialEq)]
pub struct Confounding {
    /// The share of a coefficient whose loss would matter; 1 for all of it.
    pub q: f64,
    /// Level of the intervals and of the significance that is to stay.
    pub confidence: Confidence,
    /// How many times as strong as each observed column a confounder is taken to be.
    pub times: Vec<f64>,
}

impl Default for Confounding {
    fn default() -> Self {
        Self { q: 1.0, confidence: Confidence::default(), times: vec![1.0] }
    }
}

/// Robustness of every driver of one outcome.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConfoundingTable {
    /// The outcome.
    pub outcome: String,
    /// Rows given.
    pub n_rows: usize,
    /// Rows with a positive weight.
    pub n_used: usize,
    /// Degrees of freedom of the model.
    pub df_residual: usize,
    /// The share of a coefficient whose loss would matter.
    pub q: f64,
    /// Level of the intervals.
    pub confidence: Confidence,
    /// One row a driver that has a coefficient, in the order given.
    pub drivers: Vec<ConfoundingRow>,
    /// What to know beside the numbers.
    pub findings: Vec<Finding>,
}

/// One driver.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConfoundingRow {
    /// Its name.
    pub driver: String,
    /// Its coefficient with the classical standard error that robustness values rest on.
    pub coefficient: TestedEstimate,
    /// Share of the outcome's variation, left by the other columns, that it explains.
    pub partial_r_squared: f64,
    /// The robustness value for the loss of `q`.
    pub robustness_value: f64,
    /// The robustness value for the loss of `q` or of significance.
    pub significant_robustness_value: f64,
    /// What a confounder like each other column would leave of it.
    pub benchmarks: Vec<Benchmark>,
}

/// A coefficient with a confounder so many times as strong as an observed column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Benchmark {
    /// The observed column.
    pub column: String,
    /// How many times as strong.
    pub times: f64,
    /// The coefficient with such a confounder; `None` where nothing can be as strong.
    pub adjusted: Option<Adjusted>,
}

impl Confounding {
    /// Fits the outcome on all drivers and the `always` columns by least squares and says of each driver how strong a
    /// confounder would have to be.
    ///
    /// Standard errors are the model's own, as partial R squared needs them; weights of any kind weigh the rows. A 0/1
    /// outcome is read as a linear probability.
    ///
    /// # Errors
    /// No driver; a driver of several columns; columns that are not there; settings out of range; those of [`Ols::fit`].
    ///
    /// # References
    /// Cinelli and Hazlett (2020), "Making sense of sensitivity: extending omitted variable bias", JRSS B 82(1).
    pub fn analyse(
        &self,
        observations: &Observations,
        drivers: &[Driver],
        always: &[usize],
    ) -> Result<ConfoundingTable, ActionError> {
        self.check()?;
        if drivers.is_empty() {
            return Err(ActionError::NoDriver);
        }
        if let Some(driver) = drivers.iter().find(|driver| driver.columns.len() != 1) {
            let n_found = driver.columns.len();
            return Err(ActionError::Count { what: "columns of a driver", n_found, n_expected: 1 });
        }
        let columns = sources(drivers, always);
        let n_columns = observations.design().n_features();
        if let Some(&column) = columns.iter().find(|&&column| column >= n_columns) {
            return Err(ActionError::NoSuchColumn { column, n_columns });
        }
        let own = plainly_weighted(observations.with_features(&columns))?;
        let fit = Ols { std_errors: StdErrors::Model, confidence: self.confidence }.fit(&own)?;
        let model = Model::of(&own, &fit);
        let mut findings = by_model(observations);
        let mut rows = Vec::new();
        for (at, driver) in drivers.iter().enumerate() {
            match self.row(&driver.name, &model, always.len() + at) {
                Some(row) => rows.push(row),
                None => findings.push(no_coefficient(&driver.name)),
            }
        }
        Ok(ConfoundingTable {
            outcome: observations.outcome().name().to_owned(),
            n_rows: observations.n_rows(),
            n_used: Base::of(observations).n_used,
            df_residual: fit.summary().df_residual,
            q: self.q,
            confidence: self.confidence,
            drivers: rows,
            findings,
        })
    }

    fn check(&self) -> Result<(), ActionError> {
        let positive = |value: f64| value.is_finite() && value > 0.0;
        if !positive(self.q) {
            return Err(ActionError::Setting { setting: "q", value: self.q, allowed: "positive" });
        }
        match self.times.iter().find(|&&times| !positive(times)) {
            Some(&value) => Err(ActionError::Setting { setting: "times", value, allowed: "positive" }),
            None => Ok(()),
        }
    }

    fn row(&self, driver: &str, model: &Model, column: usize) -> Option<ConfoundingRow> {
        let coefficient = model.coefficient(column)?;
        let own = Sensitivity::of(coefficient.estimate, coefficient.std_error, model.degrees_of_freedom).ok()?;
        let others = (0..model.names.len()).filter(|&other| other != column && model.coefficient(other).is_some());
        let benchmarks = others.flat_map(|other| {
            self.times.iter().map(move |&times| Benchmark {
                column: model.names[other].clone(),
                times,
                adjusted: model
                    .confounder_like(column, other, times)
                    .map(|confounder| own.adjusted(confounder, self.confidence)),
            })
        });
        Some(ConfoundingRow {
            driver: driver.to_owned(),
            coefficient: TestedEstimate::student(
                coefficient.estimate,
                coefficient.std_error,
                model.degrees_of_freedom,
                self.confidence,
            ),
            partial_r_squared: own.partial_r_squared(),
            robustness_value: own.robustness_value(self.q),
            significant_robustness_value: own.significant_robustness_value(self.q, self.confidence),
            benchmarks: benchmarks.collect(),
        })
    }
}

/// A fit and how its columns hang together.
struct Model<'a> {
    names: &'a [String],
    fit: &'a LinearFit,
    degrees_of_freedom: f64,
    /// The columns that are kept and the inverse of their correlations.
    kept: Vec<usize>,
    inverse: ndarray::Array2<f64>,
}

struct Coefficient {
    estimate: f64,
    std_error: f64,
}

impl<'a> Model<'a> {
    fn of(observations: &'a Observations, fit: &'a LinearFit) -> Self {
        let moments = SecondMoments::of_rows(observations.design().values(), observations.weights().values());
        let cholesky = Cholesky::of(moments.correlations().view());
        Self {
            names: observations.design().names(),
            fit,
            degrees_of_freedom: fit.summary().df_residual as f64,
            kept: cholesky.kept().to_vec(),
            inverse: cholesky.inverse(),
        }
    }

    fn coefficient(&self, column: usize) -> Option<Coefficient> {
        let row = self.fit.coefficients().iter().find(|row| row.term == self.names[column])?;
        self.kept.contains(&column).then_some(Coefficient { estimate: row.estimate, std_error: row.std_error })
    }

    /// A confounder that explains so many times as much of the driver, and of the outcome, as another column does.
    fn confounder_like(&self, driver: usize, other: usize, times: f64) -> Option<Confounder> {
        let place = |column: usize| self.kept.iter().position(|&kept| kept == column);
        let (driver, at) = (place(driver)?, place(other)?);
        let with = self.inverse[[driver, at]];
        let of_driver = with * with / (self.inverse[[driver, driver]] * self.inverse[[at, at]]);
        let of_outcome = self.coefficient(other)?;
        let sensitivity = Sensitivity::of(of_outcome.estimate, of_outcome.std_error, self.degrees_of_freedom).ok()?;
        bound(of_driver, sensitivity.partial_r_squared(), times)
    }
}

/// The strength of a confounder `times` as strong as a column with these partial R squared; `None` where none can be.
///
/// With `d` and `y` the column's partial R squared with the driver and the outcome: `R_d^2 = k d / (1 - d)`,
/// `c = k d^2 / ((1 - k d)(1 - d))` and `R_y^2 = (sqrt(k) + sqrt(c))^2 / (1 - c) y / (1 - y)`, at most 1.
fn bound(d: f64, y: f64, times: f64) -> Option<Confounder> {
    let of_driver = times * d / (1.0 - d);
    let with_column = times * d * d / ((1.0 - times * d) * (1.0 - d));
    if !(of_driver < 1.0 && (0.0..1.0).contains(&with_column) && y < 1.0) {
        return None;
    }
    let factor = (times.sqrt() + with_column.sqrt()).powi(2) / (1.0 - with_column);
    Confounder::new(of_driver, (factor * y / (1.0 - y)).min(1.0)).ok()
}

/// Sampling weights as weights of least squares, whose standard errors are the model's own.
fn plainly_weighted(observations: Observations) -> Result<Observations, ActionError> {
    let weights = observations.weights();
    match (weights.kind(), weights.values()) {
        (Some(WeightKind::Sampling), Some(values)) => {
            let plain = Weights::new(WeightKind::Precision, values.to_vec())?;
            Ok(observations.weighted(plain)?)
        }
        _ => Ok(observations),
    }
}

fn by_model(observations: &Observations) -> Vec<Finding> {
    let sampled = observations.weights().kind() == Some(WeightKind::Sampling);
    let outcome = observations.outcome().name();
    let why = match (observations.clusters().is_some(), sampled) {
        (false, false) => return Vec::new(),
        (true, _) => "several answers of one customer are taken as independent",
        (false, true) => "sampling weights are taken as precise",
    };
    let sentence = format!(
        "Robustness values rest on the model's own standard errors: {why}, so that what stays significant may be less."
    );
    vec![Finding::new(FindingKind::Unreliable, Severity::Note, outcome, sentence)]
}

fn no_coefficient(driver: &str) -> Finding {
    let sentence = format!("{driver} has no coefficient of its own with an error, so its robustness cannot be told.");
    Finding::new(FindingKind::NotEstimated, Severity::Warning, driver, sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_of_the_published_example() {
        // Gender in Darfur: sensemakr's bounds once, from which the two partial R squared follow, and twice and thrice.
        let once = 0.009_164_286_675_048_62;
        let d = once / (1.0 + once);
        let c: f64 = once * once;
        let f_squared = 0.124_640_923_036_37 * (1.0 - c) / (1.0 + c.sqrt()).powi(2);
        let y = f_squared / (1.0 + f_squared);
        for (times, of_driver, of_outcome) in [
            (2.0, 0.018_328_573_350_097_2, 0.249_324_064_199_975),
            (3.0, 0.027_492_860_025_145_9, 0.374_050_471_038_094),
        ] {
            let own = bound(d, y, times).expect("a confounder");
            assert!((own.of_driver - of_driver).abs() < 1e-14, "{own:?}");
            assert!((own.of_outcome - of_outcome).abs() < 1e-12, "{own:?}");
        }
        assert!(bound(0.6, 0.1, 1.0).is_none());
    }
}
