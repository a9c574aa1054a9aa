//! One row an observation: what was fitted, what is left, and how much the row itself decides.

use super::cases::Cases;
use super::columns::{At, Columns, Terms};
use super::evaluation::mean_negative_binomial_deviance;
use super::fitted_model::rate;
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
    /// What the model expects: a number, the probability of class 1, a count, or the mean of the levels.
    pub fitted: f64,
    /// The linear predictor: the same number, the log odds, the logarithm of the expected count, or the latent value that is held
    /// against the thresholds.
    pub link: f64,
    /// Outcome less `fitted`.
    pub resid: f64,
    /// `sqrt(w) resid` over the model's standard deviation of one outcome, such as `sqrt(p (1 - p))` (all but linear).
    pub pearson_resid: Option<f64>,
    /// The signed root of the row's share of the deviance (all but linear).
    pub deviance_resid: Option<f64>,
    /// The leverage, 0-1: how much the fitted value follows the row's own outcome (not ordinal).
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

impl AugmentedRow {
    /// A row, from 0, without what rests on its weight.
    fn plain(row: usize, fitted: f64, link: f64, resid: f64) -> Self {
        Self {
            row: row + 1,
            fitted,
            link,
            resid,
            pearson_resid: None,
            deviance_resid: None,
            hat: None,
            std_resid: None,
            student_resid: None,
            sigma: None,
            cooksd: None,
            dffits: None,
        }
    }
}

/// What a model expects.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// A number of constant variance.
    Number,
    /// A class by its log odds.
    Class,
    /// A count by the logarithm of its expectation, with variance `mu + alpha mu^2`.
    Count { alpha: f64 },
}

impl Kind {
    fn of(family: Family) -> Result<Self, FitError> {
        match family {
            Family::Linear => Ok(Self::Number),
            Family::Logistic => Ok(Self::Class),
            other => Err(FitError::NoResiduals { family: other.word() }),
        }
    }

    /// What one outcome tells of its linear predictor, in units of what all tell if it is a number; for a class that is its
    /// variance.
    fn information(self, link: f64) -> f64 {
        match self {
            Self::Number => 1.0,
            Self::Class => {
                // p (1 - p), without cancellation at either end.
                let small = (-link.abs()).exp();
                small / ((1.0 + small) * (1.0 + small))
            }
            Self::Count { alpha } => {
                // mu / (1 + alpha mu), however large mu is.
                let mean = rate(link);
                1.0 / (1.0 / mean + alpha)
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
    /// Linear predictors, with the logarithm of the exposure where there is one.
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
    of_kind(observations, model, Kind::of(model.family())?)
}

/// The same for a model of counts from [`super::Count`]: `alpha` is that of its summary, nought for Poisson.
///
/// Residuals are over the standard deviation `sqrt(mu + alpha mu^2)`; leverages and distances take `alpha` as known.
///
/// # Errors
/// Those of [`augment`]; a model of another family.
///
/// # References
/// McCullagh and Nelder (1989), "Generalized Linear Models", chapter 12.
pub fn augment_counts<'a>(
    observations: &'a Observations,
    model: &FittedModel,
    alpha: f64,
) -> Result<Augment<'a>, FitError> {
    match model.family() {
        Family::Count => of_kind(observations, model, Kind::Count { alpha }),
        other => Err(FitError::NoResiduals { family: other.word() }),
    }
}

/// The same for a model of ordered levels from [`super::Ordinal`], without leverages, which have no agreed meaning there.
///
/// `resid` is the level less the mean of the levels by their probabilities, `pearson_resid` that over the standard deviation of
/// the levels, and `deviance_resid` the root of `-2 ln p` of the level that happened, with the sign of `resid`.
///
/// # Errors
/// Columns other than those of the model, a model of another family, a level that the model does not know.
pub fn augment_levels(observations: &Observations, model: &FittedModel) -> Result<Vec<AugmentedRow>, FitError> {
    same_columns(model.terms().iter().map(|term| term.term.as_str()), observations.design())?;
    if model.family() != Family::Ordinal {
        return Err(FitError::NoResiduals { family: model.family().word() });
    }
    let (cases, levels) = (Cases::of(observations), model.levels());
    let row = |row: usize| {
        let values = observations.design().row(row).to_vec();
        let (outcome, shares) = (cases.outcome(row), model.probabilities_row(&values));
        let fitted = model.predict_row(&values);
        let own = levels.binary_search_by(|level| level.total_cmp(&(outcome + 0.0)));
        let place = own.map_err(|_| FitError::OtherRows { term: model.outcome().to_owned() })?;
        let spread: f64 = shares.iter().zip(levels).map(|(share, level)| share * (level - fitted).powi(2)).sum();
        let resid = outcome - fitted;
        let root = cases.leverage_weight(row).sqrt();
        let of_counted = |value: f64| cases.counts(row).then_some(root * value);
        Ok(AugmentedRow {
            pearson_resid: of_counted(resid / spread.sqrt()),
            deviance_resid: of_counted((-2.0 * shares[place].ln()).sqrt().copysign(resid)),
            ..AugmentedRow::plain(row, fitted, model.link_row(&values), resid)
        })
    };
    (0..observations.n_rows()).map(row).collect()
}

fn of_kind<'a>(observations: &'a Observations, model: &FittedModel, kind: Kind) -> Result<Augment<'a>, FitError> {
    same_columns(model.terms().iter().map(|term| term.term.as_str()), observations.design())?;
    let cases = Cases::of(observations);
    let prepared = match kind {
        Kind::Number => Prepared::of(observations, &cases)?,
        Kind::Class => logit::prepare(observations, &cases)?,
        Kind::Count { .. } => Prepared::of_any_outcome(observations, &cases)?,
    };
    same_terms(observations, model, &prepared)?;
    let mut links = links(model, &prepared);
    if let Some(exposure) = observations.exposure().filter(|_| matches!(kind, Kind::Count { .. })) {
        links.iter_mut().zip(exposure.values()).for_each(|(link, exposure)| *link += exposure.ln());
    }
    let Prepared { columns, bread: cross_inverse, std_devs, outcome_squares, .. } = prepared;
    let bread = match kind {
        Kind::Number => cross_inverse.clone(),
        Kind::Class | Kind::Count { .. } => information_inverse(&cases, &columns, |row| kind.information(links[row])),
    };
    let hats = hats(&cases, &columns, &bread, |row| kind.information(links[row]));
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
            Kind::Count { alpha } => Scored::count(link, outcome, alpha),
        };
        let plain = AugmentedRow::plain(row, scored.fitted, link, scored.resid);
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
            Kind::Class | Kind::Count { .. } => 1.0,
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
            Kind::Count { .. } => outcome - rate(link),
        }
    }

    /// What the row's outcome tells of its linear predictor: 1 for a linear model, the variance of a class.
    pub(super) fn information(&self, row: usize) -> f64 {
        self.kind.information(self.links[row])
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

    /// Expectations that round to nought have no standardised residuals.
    fn count(link: f64, outcome: f64, alpha: f64) -> Self {
        let mean = rate(link);
        let resid = outcome - mean;
        let deviance = mean_negative_binomial_deviance(&[outcome], &[mean], alpha).ok();
        Self {
            fitted: mean,
            resid,
            pearson: (mean > 0.0).then(|| resid / (mean + alpha * mean * mean).sqrt()),
            deviance: deviance.map(|deviance| deviance.sqrt().copysign(resid)),
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

fn information_inverse(cases: &Cases, columns: &Columns, of_row: impl Fn(usize) -> f64 + Sync) -> Array2<f64> {
    let information = columns.sums(At::default(), |case| Terms {
        curvature: cases.weight(case.row) * of_row(case.row),
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
