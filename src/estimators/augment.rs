//! One row an observation: what was fitted, what is left, and how much the row itself decides.

use super::cases::Cases;
use super::columns::{At, Columns, Terms};
use super::inference::same_columns;
use super::linear::PERFECT_FIT;
use super::logistic::Bernoulli;
use super::prepared::Prepared;
use super::robust::LEVERAGE_LEFT_MIN;
use super::summary::Family;
use super::{FitError, FittedModel, logit};
use crate::data::Observations;
use crate::stats::linear_algebra::Cholesky;
use ndarray::Array2;
use serde::{Deserialize, Serialize};

/// One observation beside its model, in broom's words.
///
/// What a row does not have is `None`: a row without weight has only its fitted value and residual, a row that
/// determines a coefficient alone (leverage one) has nothing left to standardise, and a perfect fit leaves only
/// rounding.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AugmentedRow {
    /// The row, from 1.
    pub row: usize,
    /// What the model expects: a number, or the probability of class 1.
    pub fitted: f64,
    /// The linear predictor: the same number, or the log odds.
    pub link: f64,
    /// Outcome less `fitted`.
    pub resid: f64,
    /// `sqrt(w) resid` over the model's standard deviation of one outcome, `sqrt(p (1 - p))` (logistic).
    pub pearson_resid: Option<f64>,
    /// The signed root of the row's share of the deviance (logistic).
    pub deviance_resid: Option<f64>,
    /// The leverage, 0-1: how much the fitted value follows the row's own outcome.
    pub hat: Option<f64>,
    /// The internally studentised residual: `sqrt(w) resid / (sigma sqrt(1 - hat))`, or Pearson's over `sqrt(1 - hat)`.
    pub std_resid: Option<f64>,
    /// The externally studentised residual, by the standard deviation without the row (linear).
    pub student_resid: Option<f64>,
    /// The residual standard deviation without the row (linear).
    pub sigma: Option<f64>,
    /// Cook's distance: how far all coefficients together move without the row, by one step for a logistic model.
    pub cooksd: Option<f64>,
    /// Standard errors by which the row's own fitted value moves without it (linear).
    pub dffits: Option<f64>,
}

/// What a model expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A number of constant variance.
    Number,
    /// A class by its log odds.
    Class,
}

impl Kind {
    fn of(family: Family) -> Result<Self, FitError> {
        match family {
            Family::Linear => Ok(Self::Number),
            Family::Logistic => Ok(Self::Class),
            other => Err(FitError::NoResiduals { family: other.word() }),
        }
    }

    /// The variance of one outcome, in units of that of all if it is a number.
    fn variance(self, link: f64) -> f64 {
        match self {
            Self::Number => 1.0,
            Self::Class => {
                // p (1 - p), without cancellation at either end.
                let small = (-link.abs()).exp();
                small / ((1.0 + small) * (1.0 + small))
            }
        }
    }
}

/// The rows of a fit, computed one at a time from two numbers a row; the design matrix is not copied.
pub struct Augment<'a> {
    pub(super) observations: &'a Observations,
    pub(super) cases: Cases<'a>,
    pub(super) columns: Columns<'a>,
    /// The inverse of the weighted cross products of the basis.
    pub(super) cross_inverse: Array2<f64>,
    /// The inverse of the information in the basis, before the variance of a linear model.
    pub(super) bread: Array2<f64>,
    /// Weighted standard deviations of all columns.
    pub(super) std_devs: Vec<f64>,
    pub(super) kind: Kind,
    pub(super) links: Vec<f64>,
    /// Leverages; zero for rows without weight.
    pub(super) hats: Vec<f64>,
    /// Weighted sum of squared residuals.
    pub(super) residual_squares: f64,
    pub(super) df_residual: f64,
    /// The columns give a numeric outcome exactly, up to rounding.
    pub(super) is_perfect: bool,
}

/// Puts every row of a fit beside its model: in the order of the rows, those without weight too.
///
/// `observations` are the rows of the fit and `model` comes from [`super::Ols`], [`super::Logit`] or [`super::Firth`];
/// with other rows the residuals are still theirs, but leverages and distances are not those of the fit. Weights by
/// kind: `precision` as weighted least squares, so that a row's leverage and standardised residual hold its weight;
/// `frequency` as if the row were repeated, each measure being that of one of the copies; `sampling` like precision
/// with the weights scaled to sum to the rows that count, which is how the fit itself uses them.
///
/// # Errors
/// Columns other than those of the model, or what the fit itself refuses.
///
/// # Example
/// ```
/// use advocate::data::{DesignMatrix, Observations, Outcome};
/// use advocate::estimators::{Ols, augment};
/// use ndarray::array;
/// let design = DesignMatrix::new(vec!["delivery".to_owned()], array![[1.0], [2.0], [3.0]])?;
/// let observations = Observations::new(design, Outcome::numeric("recommend", array![2.0, 3.0, 7.0])?)?;
/// let fit = Ols::default().fit(&observations)?;
/// let rows: Vec<_> = augment(&observations, fit.model())?.rows().collect();
/// // The line is 4 + 2.5 (x - 2); the leverage of an end is 1/3 + 1/2.
/// assert!((rows[0].fitted - 1.5).abs() < 1e-12);
/// assert!(rows[0].hat.is_some_and(|hat| (hat - 5.0 / 6.0).abs() < 1e-12));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Belsley, Kuh and Welsch (1980), "Regression Diagnostics"; Cook (1977), Technometrics 19(1); Pregibon (1981), "Logistic
/// regression diagnostics", Annals of Statistics 9(4); Li and Valliant (2011), "Linear regression diagnostics for
/// unclustered survey data", Journal of Official Statistics 27(1), for sampling weights.
pub fn augment<'a>(observations: &'a Observations, model: &FittedModel) -> Result<Augment<'a>, FitError> {
    same_columns(model.terms().iter().map(|term| term.term.as_str()), observations.design())?;
    let cases = Cases::of(observations);
    let kind = Kind::of(model.family())?;
    let prepared = match kind {
        Kind::Number => Prepared::of(observations, &cases)?,
        Kind::Class => logit::prepare(observations, &cases)?,
    };
    same_terms(observations, model, &prepared)?;
    let links = links(model, &prepared);
    let Prepared { columns, bread: cross_inverse, std_devs, outcome_squares, .. } = prepared;
    let bread = match kind {
        Kind::Number => cross_inverse.clone(),
        Kind::Class => information_inverse(&cases, &columns, &links),
    };
    let hats = hats(&cases, &columns, &bread, |row| kind.variance(links[row]));
    let df_residual = cases.n_used as f64 - columns.n_terms() as f64;
    let mut all = Augment {
        observations,
        cases,
        columns,
        cross_inverse,
        bread,
        std_devs,
        kind,
        links,
        hats,
        residual_squares: 0.0,
        df_residual,
        is_perfect: false,
    };
    all.residual_squares =
        (0..observations.n_rows()).map(|row| all.cases.weight(row) * all.residual(row).powi(2)).sum();
    all.is_perfect = kind == Kind::Number && all.residual_squares <= PERFECT_FIT * PERFECT_FIT * outcome_squares;
    Ok(all)
}

impl Augment<'_> {
    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.links.len()
    }

    /// All rows, in order.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = AugmentedRow> + '_ {
        (0..self.n_rows()).map(|row| self.row(row))
    }

    /// One row, counted from 0.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row(&self, row: usize) -> AugmentedRow {
        let (link, outcome) = (self.links[row], self.cases.outcome(row));
        let scored = match self.kind {
            Kind::Number => Scored::number(link, outcome),
            Kind::Class => Scored::class(link, outcome),
        };
        let plain = AugmentedRow {
            row: row + 1,
            fitted: scored.fitted,
            link,
            resid: scored.resid,
            pearson_resid: None,
            deviance_resid: None,
            hat: None,
            std_resid: None,
            student_resid: None,
            sigma: None,
            cooksd: None,
            dffits: None,
        };
        if !self.cases.counts(row) {
            return plain;
        }
        let root = self.cases.leverage_weight(row).sqrt();
        let weighed = AugmentedRow {
            hat: Some(self.hats[row]),
            pearson_resid: scored.pearson.map(|pearson| root * pearson),
            deviance_resid: scored.deviance.map(|deviance| root * deviance),
            ..plain
        };
        self.standardised(weighed, root)
    }

    /// The same row with what needs its residual's own variance.
    fn standardised(&self, row: AugmentedRow, root: f64) -> AugmentedRow {
        let hat = row.hat.unwrap_or(0.0);
        let left = 1.0 - hat;
        if left < LEVERAGE_LEFT_MIN || self.is_perfect {
            return row;
        }
        let n_terms = self.columns.n_terms() as f64;
        let distance = |std_resid: f64| std_resid * std_resid * hat / (left * n_terms);
        match row.pearson_resid {
            Some(pearson) => {
                let std_resid = pearson / left.sqrt();
                AugmentedRow { std_resid: Some(std_resid), cooksd: Some(distance(std_resid)), ..row }
            }
            None => {
                let weighted = root * row.resid;
                let std_resid = weighted / (self.sigma() * left.sqrt());
                let squares = self.residual_squares - weighted * weighted / left;
                // Without the row the others may be fitted exactly, as when one more row than terms is all there is.
                let alone = squares > f64::EPSILON * n_terms * self.residual_squares && self.df_residual > 1.0;
                let sigma = alone.then(|| (squares / (self.df_residual - 1.0)).sqrt());
                let student_resid = sigma.map(|sigma| weighted / (sigma * left.sqrt()));
                AugmentedRow {
                    std_resid: Some(std_resid),
                    student_resid,
                    sigma,
                    cooksd: Some(distance(std_resid)),
                    dffits: student_resid.map(|student| student * (hat / left).sqrt()),
                    ..row
                }
            }
        }
    }

    /// What residuals are measured in: their standard deviation, or 1 for a class.
    pub(super) fn unit(&self) -> f64 {
        match self.kind {
            Kind::Number => self.sigma(),
            Kind::Class => 1.0,
        }
    }

    /// The residual standard deviation of a linear model.
    pub(super) fn sigma(&self) -> f64 {
        (self.residual_squares / self.df_residual).sqrt()
    }

    /// Outcome less what is expected.
    pub(super) fn residual(&self, row: usize) -> f64 {
        let (link, outcome) = (self.links[row], self.cases.outcome(row));
        match self.kind {
            Kind::Number => outcome - link,
            Kind::Class => Bernoulli::of(outcome, link).residual,
        }
    }

    /// The model's variance of one outcome: 1 for a linear model.
    pub(super) fn variance(&self, row: usize) -> f64 {
        self.kind.variance(self.links[row])
    }
}

/// What one outcome makes of its linear predictor.
struct Scored {
    fitted: f64,
    resid: f64,
    pearson: Option<f64>,
    deviance: Option<f64>,
}

impl Scored {
    fn number(link: f64, outcome: f64) -> Self {
        Self { fitted: link, resid: outcome - link, pearson: None, deviance: None }
    }

    fn class(link: f64, outcome: f64) -> Self {
        let Bernoulli { log_likelihood, residual, probability, .. } = Bernoulli::of(outcome, link);
        // The Pearson residual of a class is the root of the odds against it: exp of half the log odds.
        let against = if outcome > 0.5 { -link } else { link };
        Self {
            fitted: probability,
            resid: residual,
            pearson: Some((0.5 * against).exp().copysign(residual)),
            deviance: Some((-2.0 * log_likelihood).sqrt().copysign(residual)),
        }
    }
}

/// The model's linear predictor of every row, whose columns are centred by the rows' own means.
fn links(model: &FittedModel, prepared: &Prepared) -> Vec<f64> {
    let columns = &prepared.columns;
    let plain = columns.select(&(0..columns.places.len()).collect::<Vec<_>>());
    let mut coefficients = vec![model.link_row(&prepared.means)];
    for (index, &place) in plain.places.iter().enumerate() {
        coefficients.push(model.terms()[place].estimate.unwrap_or(0.0) * plain.scale(index));
    }
    plain.fold_predictors(&coefficients, Vec::new, |links, case| links.push(case.predictor)).concat()
}

fn information_inverse(cases: &Cases, columns: &Columns, links: &[f64]) -> Array2<f64> {
    let information = columns.sums(At::default(), |case| Terms {
        curvature: cases.weight(case.row) * Kind::Class.variance(links[case.row]),
        score: 0.0,
        value: 0.0,
    });
    Cholesky::of(information.matrix.view()).inverse()
}

fn hats(cases: &Cases, columns: &Columns, bread: &Array2<f64>, variance: impl Fn(usize) -> f64 + Sync) -> Vec<f64> {
    // Rows so far out that the information does not hold their column have no leverage that could be told.
    if bread.nrows() != columns.n_terms() {
        return vec![0.0; columns.n_rows()];
    }
    let at = At { coefficients: None, metric: Some(bread.view()) };
    let tasks = columns.fold(at, Vec::new, |hats, case| {
        let weighted = cases.leverage_weight(case.row) * variance(case.row) * case.distance;
        hats.push(if cases.counts(case.row) { weighted.clamp(0.0, 1.0) } else { 0.0 });
    });
    tasks.concat()
}

/// The columns that can be estimated from these rows must be those that the model has coefficients for.
fn same_terms(observations: &Observations, model: &FittedModel, prepared: &Prepared) -> Result<(), FitError> {
    let estimable = |position: usize| prepared.columns.places.contains(&position);
    let differs = |&position: &usize| model.terms()[position].estimate.is_some() != estimable(position);
    match (0..model.terms().len()).find(differs) {
        None => Ok(()),
        Some(position) => Err(FitError::OtherRows { term: observations.design().names()[position].clone() }),
    }
}
