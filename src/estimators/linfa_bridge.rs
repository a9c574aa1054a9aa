//! The bridge to linfa, and the only file that names it.
//!
//! [`Ols`], [`Logit`], [`Firth`], [`Ordinal`], [`PartialOrdinal`], [`Count`] and [`Penalised`] are linfa estimators, so they go
//! wherever linfa's go; any estimator of linfa's goes through our evaluation as a [`LinfaModel`]; and linfa's own solvers fit here where they can (no weights, no
//! standard errors), each answer checked by its score equations before it is given.

use super::cases::Cases;
use super::columns::{At, Case, Columns, Sums, Terms, Threads};
use super::evaluation::{Model, Predicted};
use super::logistic::likelihood;
use super::prepared::Prepared;
use super::{
    Count, CountFit, Firth, FitError, LinearFit, LogisticFit, Logit, Ols, Ordinal, OrdinalFit, PartialOrdinal,
    PartialOrdinalFit, Penalised, PenalisedFit, logit, penalised,
};
use crate::data::{DataError, DesignMatrix, Observations, Outcome};
use linfa::dataset::{AsSingleTargets, DatasetBase};
use linfa::traits::{Fit, PredictInplace};
use linfa_linear::LinearRegression;
use linfa_logistic::LogisticRegression;
use ndarray::{Array1, Array2, ArrayBase, Axis, Data, Ix2};
use std::error::Error;
use std::marker::PhantomData;

/// Scores are below this share of what they would be if every row pulled one way (relative).
const SCORE_TOLERANCE: f64 = 1e-6;
/// Steps that linfa's logistic solver may take; its default of 100 ends early without saying so.
const ITERATIONS_MAX: u64 = 10_000;

impl From<linfa::error::Error> for FitError {
    fn from(error: linfa::error::Error) -> Self {
        Self::Solver(Box::new(error))
    }
}

impl<D: Data<Elem = f64>, T: AsSingleTargets<Elem = f64>> Fit<ArrayBase<D, Ix2>, T, FitError> for Ols {
    type Object = LinearFit;

    /// Fits a linfa data set without weights, which there have no kind.
    fn fit(&self, dataset: &DatasetBase<ArrayBase<D, Ix2>, T>) -> Result<LinearFit, FitError> {
        let outcome = Outcome::numeric("target", dataset.targets().as_single_targets().to_owned())?;
        Ols::fit(self, &Observations::new(design_of(dataset)?, outcome)?)
    }
}

impl<D: Data<Elem = f64>, T: AsSingleTargets<Elem = bool>> Fit<ArrayBase<D, Ix2>, T, FitError> for Logit {
    type Object = LogisticFit;

    /// Fits a linfa data set without weights, which there have no kind; `true` is class 1.
    fn fit(&self, dataset: &DatasetBase<ArrayBase<D, Ix2>, T>) -> Result<LogisticFit, FitError> {
        let classes = dataset.targets().as_single_targets().mapv(|class| f64::from(u8::from(class)));
        Logit::fit(self, &Observations::new(design_of(dataset)?, Outcome::binary("target", classes)?)?)
    }
}

impl<D: Data<Elem = f64>, T: AsSingleTargets<Elem = bool>> Fit<ArrayBase<D, Ix2>, T, FitError> for Firth {
    type Object = LogisticFit;

    /// Fits a linfa data set without weights, which there have no kind; `true` is class 1.
    fn fit(&self, dataset: &DatasetBase<ArrayBase<D, Ix2>, T>) -> Result<LogisticFit, FitError> {
        let classes = dataset.targets().as_single_targets().mapv(|class| f64::from(u8::from(class)));
        Firth::fit(self, &Observations::new(design_of(dataset)?, Outcome::binary("target", classes)?)?)
    }
}

impl<D: Data<Elem = f64>, T: AsSingleTargets<Elem = f64>> Fit<ArrayBase<D, Ix2>, T, FitError> for Ordinal {
    type Object = OrdinalFit;

    /// Fits the ordered values of a linfa data set without weights, which there have no kind.
    fn fit(&self, dataset: &DatasetBase<ArrayBase<D, Ix2>, T>) -> Result<OrdinalFit, FitError> {
        let outcome = Outcome::numeric("target", dataset.targets().as_single_targets().to_owned())?;
        Ordinal::fit(self, &Observations::new(design_of(dataset)?, outcome)?)
    }
}

impl<D: Data<Elem = f64>, T: AsSingleTargets<Elem = f64>> Fit<ArrayBase<D, Ix2>, T, FitError> for PartialOrdinal {
    type Object = PartialOrdinalFit;

    /// Fits three ordered classes of a linfa data set without weights, which there have no kind.
    fn fit(&self, dataset: &DatasetBase<ArrayBase<D, Ix2>, T>) -> Result<PartialOrdinalFit, FitError> {
        let outcome = Outcome::numeric("target", dataset.targets().as_single_targets().to_owned())?;
        PartialOrdinal::fit(self, &Observations::new(design_of(dataset)?, outcome)?)
    }
}

impl<D: Data<Elem = f64>, T: AsSingleTargets<Elem = f64>> Fit<ArrayBase<D, Ix2>, T, FitError> for Count {
    type Object = CountFit;

    /// Fits counts of a linfa data set without weights, which there have no kind, and without exposure.
    fn fit(&self, dataset: &DatasetBase<ArrayBase<D, Ix2>, T>) -> Result<CountFit, FitError> {
        let outcome = Outcome::numeric("target", dataset.targets().as_single_targets().to_owned())?;
        Count::fit(self, &Observations::new(design_of(dataset)?, outcome)?)
    }
}

impl<D: Data<Elem = f64>, T: AsSingleTargets<Elem = f64>> Fit<ArrayBase<D, Ix2>, T, FitError> for Penalised {
    type Object = PenalisedFit;

    /// Fits a linfa data set without weights, which there have no kind; a class is 0 or 1.
    fn fit(&self, dataset: &DatasetBase<ArrayBase<D, Ix2>, T>) -> Result<PenalisedFit, FitError> {
        let targets = dataset.targets().as_single_targets().to_owned();
        let outcome = match self.family {
            penalised::PenalisedFamily::Linear => Outcome::numeric("target", targets)?,
            penalised::PenalisedFamily::Logistic => Outcome::binary("target", targets)?,
        };
        Penalised::fit(self, &Observations::new(design_of(dataset)?, outcome)?)
    }
}

fn design_of<D: Data<Elem = f64>, T>(dataset: &DatasetBase<ArrayBase<D, Ix2>, T>) -> Result<DesignMatrix, FitError> {
    if dataset.weights().is_some() {
        return Err(FitError::WeightsWithoutKind);
    }
    let records = dataset.records();
    let names = match dataset.feature_names() {
        [] => (0..records.ncols()).map(|feature| format!("feature-{feature}")).collect(),
        names => names.to_vec(),
    };
    Ok(DesignMatrix::new(names, records.to_owned())?)
}

/// Lets linfa predict with a fit, row by row.
macro_rules! predicts {
    ($($(#[$what:meta])* $fit:ty;)*) => {$(
        $(#[$what])*
        impl<D: Data<Elem = f64>> PredictInplace<ArrayBase<D, Ix2>, Array1<f64>> for $fit {
            fn predict_inplace<'a>(&'a self, records: &'a ArrayBase<D, Ix2>, targets: &mut Array1<f64>) {
                *targets = records.outer_iter().map(|row| self.predict_row(&row.to_vec())).collect();
            }

            fn default_target(&self, records: &ArrayBase<D, Ix2>) -> Array1<f64> {
                Array1::zeros(records.nrows())
            }
        }
    )*};
}

predicts! {
    /// Predictions are the expected numbers.
    LinearFit;
    /// Predictions are the probabilities of `true`.
    LogisticFit;
    /// Predictions are the means of the levels by their probabilities.
    OrdinalFit;
    /// Predictions are the means of the levels by their probabilities.
    PartialOrdinalFit;
    /// Predictions are the expected counts.
    CountFit;
    /// Predictions are the expected numbers, or the probabilities of class 1.
    PenalisedFit;
}

/// A linfa estimator that can be evaluated as any model here: settings, what its targets are, and how to read its fit.
///
/// # Example
/// ```
/// use advocate::data::{DesignMatrix, Observations, Outcome};
/// use advocate::estimators::evaluation::Model;
/// use advocate::estimators::linfa_bridge::LinfaModel;
/// use linfa_linear::LinearRegression;
/// use ndarray::array;
/// let design = |values| DesignMatrix::new(vec!["x".to_owned()], values);
/// let train = Observations::new(design(array![[0.0], [1.0], [2.0]])?, Outcome::numeric("y", array![1.0, 3.0, 5.0])?)?;
/// let predicted = LinfaModel::numbers(LinearRegression::new()).fit_predict(&train, &design(array![[3.0]])?)?;
/// assert!((predicted.values[0] - 7.0).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct LinfaModel<P, R, L, E> {
    params: P,
    read: R,
    target: fn(f64) -> L,
    error: PhantomData<fn() -> E>,
}

/// How an expected number is read from a fit.
pub type ReadNumbers<O> = fn(&O, &Array2<f64>) -> Array1<f64>;

impl<P, E> LinfaModel<P, ReadNumbers<P::Object>, f64, E>
where
    P: Fit<Array2<f64>, Array1<f64>, E>,
    P::Object: PredictInplace<Array2<f64>, Array1<f64>>,
    E: Error + From<linfa::error::Error>,
{
    /// An estimator of numbers, whose predictions are the expected numbers.
    pub fn numbers(params: P) -> Self {
        Self { params, read: predict_numbers::<P::Object>, target: |value| value, error: PhantomData }
    }
}

impl<P, R, L, E> LinfaModel<P, R, L, E>
where
    P: Fit<Array2<f64>, Array1<L>, E>,
    R: Fn(&P::Object, &Array2<f64>) -> Array1<f64>,
    L: From<bool>,
    E: Error + From<linfa::error::Error>,
{
    /// An estimator of classes, labelled `bool` or a whole number; `read` gives each row's probability of class 1 from the
    /// fit.
    pub fn classes(params: P, read: R) -> Self {
        Self { params, read, target: |value| L::from(value > 0.5), error: PhantomData }
    }
}

/// Weights go to linfa as they are, of whatever kind; not every estimator of linfa's looks at them.
impl<P, R, L, E> Model for LinfaModel<P, R, L, E>
where
    P: Fit<Array2<f64>, Array1<L>, E> + Sync,
    R: Fn(&P::Object, &Array2<f64>) -> Array1<f64> + Sync,
    E: Error + From<linfa::error::Error> + Send + Sync + 'static,
{
    fn fit_predict(&self, train: &Observations, test: &DesignMatrix) -> Result<Predicted, FitError> {
        let targets = train.outcome().values().mapv(self.target);
        let mut dataset = DatasetBase::new(train.design().values().to_owned(), targets);
        if let Some(weights) = train.weights().values() {
            dataset = dataset.with_weights(weights.iter().map(|&weight| weight as f32).collect());
        }
        let fit = self.params.fit(&dataset).map_err(|error| FitError::Solver(Box::new(error)))?;
        let values = (self.read)(&fit, &test.values().to_owned()).to_vec();
        Ok(Predicted { values, ..Predicted::default() })
    }
}

fn predict_numbers<O: PredictInplace<Array2<f64>, Array1<f64>>>(fit: &O, records: &Array2<f64>) -> Array1<f64> {
    let mut targets = fit.default_target(records);
    fit.predict_inplace(records, &mut targets);
    targets
}

/// Coefficients without their uncertainty.
#[derive(Debug, Clone, PartialEq)]
pub struct PlainFit {
    /// The linear predictor where every feature is zero.
    pub intercept: f64,
    /// One coefficient a feature, in order.
    pub coefficients: Vec<f64>,
}

/// Least squares by linfa-linear, on standardised columns.
///
/// # Errors
/// Weights, columns that are constant or combinations of others, and whatever [`Ols`] refuses; a solution whose
/// residuals are not orthogonal to the columns.
pub fn linear_by_linfa(observations: &Observations) -> Result<PlainFit, FitError> {
    let cases = Cases::of(observations);
    let prepared = Prepared::of(observations, &cases)?;
    let standard = Standardised::of(observations, &prepared)?;
    let outcome = observations.outcome().values().mapv(|value| value - prepared.outcome_mean);
    let spread = (prepared.outcome_squares / cases.weight_sum).sqrt();
    let fitted = LinearRegression::default()
        .fit(&DatasetBase::new(standard.values.view(), outcome.view()))
        .map_err(|error| FitError::Solver(Box::new(error)))?;
    let solution: Vec<f64> = std::iter::once(fitted.intercept()).chain(fitted.params().iter().copied()).collect();
    let columns = standard.columns();
    let score = columns.sums(At { coefficients: Some(&solution), metric: None }, |Case { row, predictor, .. }| Terms {
        curvature: 0.0,
        score: outcome[row] - predictor,
        value: 0.0,
    });
    check_score(&score, cases.weight_sum * spread, observations.outcome().name(), 1)?;
    Ok(standard.in_units(&solution, prepared.outcome_mean))
}

/// Logistic regression by linfa-logistic without its default penalty, on standardised columns.
///
/// # Errors
/// Weights, columns that are constant or combinations of others, and whatever [`Logit`] refuses before it fits; a
/// solution at which the score equations do not hold, as where linfa hands back its start or the classes are separated.
pub fn logistic_by_linfa(observations: &Observations) -> Result<PlainFit, FitError> {
    let cases = Cases::of(observations);
    let prepared = logit::prepare(observations, &cases)?;
    let standard = Standardised::of(observations, &prepared)?;
    let classes = observations.outcome().values().mapv(|value| value > 0.5);
    let fitted = LogisticRegression::default()
        .alpha(0.0)
        .max_iterations(ITERATIONS_MAX)
        .gradient_tolerance(SCORE_TOLERANCE * 1e-3)
        .fit(&DatasetBase::new(standard.values.view(), classes.view()))
        .map_err(|error| FitError::Solver(Box::new(error)))?;
    // Its positive class is the one with more rows.
    let sign = if fitted.labels().pos.class { 1.0 } else { -1.0 };
    let solution: Vec<f64> =
        std::iter::once(fitted.intercept()).chain(fitted.params().iter().copied()).map(|value| sign * value).collect();
    let columns = standard.columns();
    let score = likelihood(&columns, &solution, |row| (1.0, cases.outcome(row)));
    let events = cases.n_events().min(cases.n_used - cases.n_events()) as f64;
    check_score(&score, events, observations.outcome().name(), ITERATIONS_MAX as usize)?;
    if separated(&columns, &cases, &score) {
        let outcome = observations.outcome().name().to_owned();
        return Err(FitError::NotConverged { outcome, iterations: ITERATIONS_MAX as usize });
    }
    Ok(standard.in_units(&solution, 0.0))
}

/// Whether the next Newton step is long: the score of separated classes fades, and the step does not.
fn separated(columns: &Columns, cases: &Cases, score: &Sums) -> bool {
    let step = crate::stats::linear_algebra::Cholesky::of(score.matrix.view());
    let is_long = step.kept().len() < columns.n_terms()
        || step.solve(score.vector.view()).iter().any(|step| step.abs() > SCORE_TOLERANCE.sqrt());
    let class = |row: usize| Some(cases.outcome(row) > 0.5);
    is_long && super::separation::direction(columns, class).is_some()
}

fn check_score(score: &Sums, scale: f64, outcome: &str, iterations: usize) -> Result<(), FitError> {
    let largest = score.vector.iter().fold(0.0_f64, |largest, score| largest.max(score.abs()));
    if largest <= SCORE_TOLERANCE * scale {
        Ok(())
    } else {
        Err(FitError::NotConverged { outcome: outcome.to_owned(), iterations })
    }
}

/// The columns less their means over their standard deviations: what a solver without scaling of its own needs.
struct Standardised {
    values: Array2<f64>,
    means: Vec<f64>,
    std_devs: Vec<f64>,
}

impl Standardised {
    fn of(observations: &Observations, prepared: &Prepared) -> Result<Self, FitError> {
        if observations.weights().values().is_some() {
            return Err(FitError::Unsupported { what: "weight rows" });
        }
        if prepared.columns.places.len() < observations.design().n_features() {
            return Err(FitError::Unsupported {
                what: "leave out columns that are constant or combinations of others",
            });
        }
        if prepared.columns.places.is_empty() {
            return Err(FitError::Data(DataError::NameCount { n_names: 0, n_columns: 0 }));
        }
        let mut values = observations.design().values().to_owned();
        for (mut column, (mean, std_dev)) in
            values.axis_iter_mut(Axis(1)).zip(prepared.means.iter().zip(&prepared.std_devs))
        {
            column.mapv_inplace(|value| (value - mean) / std_dev);
        }
        Ok(Self { values, means: prepared.means.clone(), std_devs: prepared.std_devs.clone() })
    }

    fn columns(&self) -> Columns<'_> {
        Columns::plain(self.values.view(), (0..self.means.len()).collect(), Threads::Pool)
    }

    fn in_units(&self, solution: &[f64], offset: f64) -> PlainFit {
        let coefficients: Vec<f64> =
            solution[1..].iter().zip(&self.std_devs).map(|(value, std_dev)| value / std_dev).collect();
        let moved: f64 = coefficients.iter().zip(&self.means).map(|(value, mean)| value * mean).sum();
        PlainFit { intercept: offset + solution[0] - moved, coefficients }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{WeightKind, Weights};
    use crate::estimators::formula_data::{FormulaData, observations};
    use linfa::Dataset;
    use linfa::traits::Predict;
    use linfa_logistic::FittedLogisticRegression;
    use ndarray::array;

    fn assert_same(plain: &PlainFit, own: &[crate::estimators::Coefficient], relative: f64) {
        let plain = std::iter::once(plain.intercept).chain(plain.coefficients.iter().copied());
        for (plain, own) in plain.zip(own) {
            assert!((plain - own.estimate).abs() <= relative * own.estimate.abs(), "{plain} {}", own.estimate);
        }
    }

    #[test]
    fn least_squares_of_both_agree() {
        let data = FormulaData::of(400).with_number();
        let own = Ols::default().fit(&data).expect("a fit");
        assert_same(&linear_by_linfa(&data).expect("a fit"), own.coefficients(), 1e-11);
    }

    #[test]
    fn ordered_levels_go_through_linfa() {
        // Odds of lying above each step are 1 and 1/3 without service, 3 and 1 with it; see `an_ordinal_fit_by_hand`.
        let features = array![[0.0], [0.0], [0.0], [0.0], [1.0], [1.0], [1.0], [1.0]];
        let levels = array![0.0, 0.0, 1.0, 2.0, 0.0, 1.0, 2.0, 2.0];
        let dataset = Dataset::new(features.clone(), levels);
        let fit = Fit::fit(&Ordinal::default(), &dataset).expect("a fit");
        // Shares of 1/2, 1/4, 1/4 and 1/4, 1/4, 1/2.
        let means: Array1<f64> = Predict::predict(&fit, &features);
        assert!((means[0] - 0.75).abs() < 1e-7 && (means[7] - 1.25).abs() < 1e-7, "{means}");
        let partial = Fit::fit(&PartialOrdinal::default(), &dataset).expect("a fit");
        let means: Array1<f64> = Predict::predict(&partial, &features);
        assert!((means[0] - 0.75).abs() < 1e-7 && (means[7] - 1.25).abs() < 1e-7, "{means}");
    }

    #[test]
    fn logistic_regressions_of_both_agree_whichever_class_is_larger_or_first() {
        let data = FormulaData::of(400);
        for (first, flipped) in [(0, false), (0, true), (1, false), (1, true), (2, false)] {
            let rows = ndarray::s![first.., ..];
            let class = data.class.slice(ndarray::s![first..]);
            let class = class.mapv(|class| if flipped { 1.0 - class } else { class });
            let outcome = Outcome::binary("class", class).expect("0 and 1");
            let data = observations(&["speed", "price", "calls"], data.features.slice(rows).to_owned(), outcome);
            let own = Logit::default().fit(&data).expect("a fit");
            assert_same(&logistic_by_linfa(&data).expect("a fit"), own.coefficients(), 1e-5);
        }
    }

    /// With its default penalty the slope would be smaller, and with its default tolerance it would be rough.
    #[test]
    fn no_penalty_is_left_in_linfas_logistic_fit() {
        // Odds 1/3 at x = 1 and 1 at x = 0: the slope is -ln 3.
        let features = array![[1.0], [1.0], [1.0], [1.0], [0.0], [0.0]];
        let outcome = Outcome::binary("y", array![1.0, 0.0, 0.0, 0.0, 1.0, 0.0]).expect("0 and 1");
        let fit = logistic_by_linfa(&observations(&["x"], features.clone(), outcome)).expect("a fit");
        assert!((fit.coefficients[0] + 3.0_f64.ln()).abs() < 1e-5);
        let classes = array![true, false, false, false, true, false];
        let penalised = LogisticRegression::default().fit(&Dataset::new(features, classes)).expect("a fit");
        assert!(penalised.params()[0].abs() < 0.9 * 3.0_f64.ln());
    }

    #[test]
    fn separated_classes_are_no_fit_of_linfas_either() {
        let features = array![[1.0], [2.0], [3.0], [4.0], [5.0], [6.0]];
        let outcome = Outcome::binary("y", array![0.0, 0.0, 0.0, 1.0, 1.0, 1.0]).expect("0 and 1");
        let error = logistic_by_linfa(&observations(&["x"], features, outcome)).unwrap_err();
        assert!(matches!(error, FitError::NotConverged { .. } | FitError::Solver(_)), "{error}");
    }

    #[test]
    fn what_linfas_solvers_cannot_do_is_refused() {
        let data = FormulaData::of(40);
        let weights = Weights::new(WeightKind::Precision, vec![2.0; 40]).expect("valid");
        let weighted = data.with_number().weighted(weights).expect("one a row");
        assert!(matches!(linear_by_linfa(&weighted), Err(FitError::Unsupported { .. })));
        let twice = ndarray::concatenate![Axis(1), data.features, data.features.slice(ndarray::s![.., ..1])];
        let outcome = Outcome::numeric("number", data.number).expect("finite");
        let aliased = observations(&["speed", "price", "calls", "again"], twice, outcome);
        assert!(matches!(linear_by_linfa(&aliased), Err(FitError::Unsupported { .. })));
    }

    #[test]
    fn our_estimators_go_where_linfas_go() {
        let data = FormulaData::of(100);
        let numbers = Dataset::new(data.features.clone(), data.number.clone());
        let linear = Fit::fit(&Ols::default(), &numbers).expect("a fit");
        let own = Ols::default().fit(&data.with_number()).expect("a fit");
        assert_eq!(linear.covariance(), own.covariance());
        let predicted: Array1<f64> = Predict::predict(&linear, &data.features);
        assert_eq!(predicted, own.predict(&data.design()).expect("the same columns"));

        let classes = Dataset::new(data.features.clone(), data.class.mapv(|class| class > 0.5));
        let logistic = Fit::fit(&Logit::default(), &classes).expect("a fit");
        let predicted: Array1<f64> = Predict::predict(&logistic, &data.features);
        let own = Logit::default().fit(&data.with_class()).expect("a fit");
        assert_eq!(predicted, own.predict(&data.design()).expect("the same columns"));

        let calls = data.features.column(2).to_owned();
        let features = data.features.slice(ndarray::s![.., ..2]).to_owned();
        let counts = Dataset::new(features.clone(), calls);
        let fitted = Fit::fit(&Count::default(), &counts).expect("a fit");
        let predicted: Array1<f64> = Predict::predict(&fitted, &features);
        assert!((predicted.sum() - counts.targets().sum()).abs() < 1e-9);
        let ridge = Penalised { rule: penalised::LambdaRule::Fixed(0.1), mixing: 0.0, ..Penalised::default() };
        let fitted = Fit::fit(&ridge, &counts).expect("a fit");
        let predicted: Array1<f64> = Predict::predict(&fitted, &features);
        assert!((predicted.sum() - counts.targets().sum()).abs() < 1e-9);
    }

    #[test]
    fn linfas_estimators_go_where_ours_go() {
        let (data, rows): (_, Vec<usize>) = (FormulaData::of(200), (0..50).collect());
        let test = data.design().select_rows(&rows).expect("rows");
        let of = |model: &dyn Model, train| model.fit_predict(&train, &test).expect("a fit").values;
        let near = |left: Vec<f64>, right: Vec<f64>, absolute: f64| {
            left.iter()
                .zip(&right)
                .for_each(|(left, right)| assert!((left - right).abs() < absolute, "{left} {right}"));
        };
        let linfas = LinfaModel::numbers(LinearRegression::new());
        near(of(&linfas, data.with_number()), of(&Ols::default(), data.with_number()), 1e-9);
        let params = LogisticRegression::<f64>::default().alpha(0.0).max_iterations(ITERATIONS_MAX);
        let read = |fit: &FittedLogisticRegression<f64, bool>, records: &Array2<f64>| {
            let probabilities = fit.predict_probabilities(records);
            if fit.labels().pos.class { probabilities } else { 1.0 - probabilities }
        };
        let linfas = LinfaModel::classes(params.gradient_tolerance(1e-8), read);
        near(of(&linfas, data.with_class()), of(&Logit::default(), data.with_class()), 1e-5);
    }

    #[test]
    fn weights_without_a_kind_are_refused() {
        let data = FormulaData::of(50);
        let weighted = Dataset::new(data.features, data.number).with_weights(Array1::ones(50));
        assert!(matches!(Fit::fit(&Ols::default(), &weighted), Err(FitError::WeightsWithoutKind)));
    }
}
