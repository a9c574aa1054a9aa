//! Whether the residuals spread evenly.

use super::added::Departure;
use super::nonlinearity::Fitted;
use crate::data::WeightKind;
use crate::estimators::StdErrors;
use crate::estimators::augment::Augment;
use crate::estimators::columns::{At, Terms};
use crate::estimators::robust::LEVERAGE_LEFT_MIN;
use crate::findings::{Finding, FindingKind, Severity};
use crate::stats::Confidence;
use crate::stats::distributions::chi_squared_upper;
use crate::stats::linear_algebra::Cholesky;
use ndarray::{Array1, s};
use serde::{Deserialize, Serialize};

/// White's test with all products is made up to this many multiplications; beyond, it takes the short form.
const WORK_MAX: f64 = 1e9;
/// Squared residuals that vary by less than this share of their mean do not vary (relative, squared).
const EVEN: f64 = 1e-20;
/// Standard errors that robust ones exceed or undercut by more than this share are said to mislead.
const RATIO_REPORTED: f64 = 0.1;

/// What White's test regressed the squared residuals on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhiteForm {
    /// The columns, their squares and products.
    Products,
    /// The fitted values and their squares, which stand for all of these at two degrees of freedom.
    Fitted,
}

/// Tests of equal variances, and what unequal ones do to the standard errors. Linear models only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Breusch and Pagan's test as Koenker studentised it: `n R^2` of squared residuals on the columns.
    pub breusch_pagan: Option<Departure>,
    /// White's test.
    pub white: Option<Departure>,
    /// What it was made on.
    pub white_form: WhiteForm,
    /// The slope whose HC3 standard error differs most from the model-based one.
    pub term: Option<String>,
    /// The ratio of the two for it.
    pub std_error_ratio: Option<f64>,
}

impl Spread {
    /// From two passes over the rows.
    ///
    /// Squared residuals by weight kind: `precision` times the weight, each row counting once, as statsmodels' tests of
    /// the weighted residuals of WLS; `frequency` as if the row were repeated; `sampling` as they are, each row with a
    /// positive weight counting once, as the question is asked of the rows and not of the population.
    ///
    /// # References
    /// Breusch and Pagan (1979), Econometrica 47(5); Koenker (1981), Journal of Econometrics 17(1); White (1980),
    /// Econometrica 48(4); Wooldridge, "Introductory Econometrics", chapter 8, for the short form.
    pub(super) fn of(augment: &Augment) -> Self {
        let columns = &augment.columns;
        let n_columns = columns.places.len();
        let n_products = n_columns * (n_columns + 1) / 2;
        let width = (columns.n_terms() + n_products + 1) as f64;
        let n_used = augment.cases.n_used as f64;
        let long = n_used > width && augment.n_rows() as f64 * width * width <= WORK_MAX;
        let n_added = if long { n_products } else { 2 };
        let fitted = Fitted::of(augment);
        let values = augment.observations.design().values();
        let squares = Squares { augment, unit: augment.sigma() };
        let products = columns.products_beside(n_added + 1, |row, beside| {
            beside[n_added] = squares.of(row);
            if long {
                let z =
                    |index: usize| (values[[row, columns.places[index]]] - columns.mean(index)) / columns.scale(index);
                let pairs = (0..n_columns).flat_map(|one| (one..n_columns).map(move |other| (one, other)));
                beside.iter_mut().zip(pairs).for_each(|(beside, (one, other))| *beside = z(one) * z(other));
            } else {
                let f = fitted.standardised(augment.links[row]);
                beside[..2].copy_from_slice(&[f, f * f]);
            }
            squares.weight(row)
        });
        let n_terms = columns.n_terms();
        let own: Vec<usize> = (0..n_terms).collect();
        let with: Vec<usize> = if long { (0..n_terms + n_added).collect() } else { vec![0, n_terms, n_terms + 1] };
        let (term, std_error_ratio) = worst_ratio(augment).unzip();
        Self {
            breusch_pagan: koenker(&products, &own),
            white: koenker(&products, &with),
            white_form: if long { WhiteForm::Products } else { WhiteForm::Fitted },
            term,
            std_error_ratio,
        }
    }

    pub(super) fn finding(
        &self,
        outcome: &str,
        confidence: Confidence,
        share_min: f64,
        std_errors: StdErrors,
    ) -> Option<Finding> {
        let tests = [("Breusch-Pagan", self.breusch_pagan), ("White", self.white)];
        let (name, test) = tests
            .into_iter()
            .filter_map(|(name, test)| test.map(|test| (name, test)))
            .min_by(|left, right| left.1.p_value.total_cmp(&right.1.p_value))?;
        let ratio = self.std_error_ratio.unwrap_or(1.0);
        let misleads = (ratio - 1.0).abs() > RATIO_REPORTED;
        let uneven = test.p_value < 1.0 - confidence.level() && (misleads || test.share_explained >= share_min);
        let asked_model = std_errors == StdErrors::Model;
        let severity = if asked_model && misleads { Severity::Warning } else { Severity::Note };
        let advice = match (asked_model, &self.term) {
            (true, Some(term)) => format!(
                "ask for hc3 standard errors, by which that of `{term}` is {ratio:.2} times the model-based one"
            ),
            (true, None) => "ask for hc3 standard errors".to_owned(),
            (false, _) => format!("the {} standard errors allow for it", std_errors.word()),
        };
        uneven.then(|| {
            let sentence = format!("The residuals of `{outcome}` do not spread evenly ({name}): {advice}.");
            Finding::new(FindingKind::UnequalVariance, severity, outcome, sentence)
                .number("statistic", test.statistic)
                .number("p_value", test.p_value)
                .number("share_explained", test.share_explained)
                .number("std_error_ratio", ratio)
        })
    }
}

/// Squared residuals in residual variances, and how often each counts.
struct Squares<'a, 'd> {
    augment: &'a Augment<'d>,
    unit: f64,
}

impl Squares<'_, '_> {
    fn of(&self, row: usize) -> f64 {
        let cases = &self.augment.cases;
        let square = (self.augment.residual(row) / self.unit).powi(2);
        if cases.kind() == Some(WeightKind::Precision) { square * cases.weight(row) } else { square }
    }

    fn weight(&self, row: usize) -> f64 {
        let cases = &self.augment.cases;
        match cases.kind() {
            Some(WeightKind::Frequency) => cases.weight(row),
            _ => f64::from(u8::from(cases.counts(row))),
        }
    }
}

/// `n R^2` of the last column on some of the others, of which the first is the constant.
fn koenker(products: &ndarray::Array2<f64>, places: &[usize]) -> Option<Departure> {
    let last = products.ncols() - 1;
    let n_rows = products[[0, 0]];
    let square = products[[last, last]];
    let total = square - products[[0, last]].powi(2) / n_rows;
    let among = ndarray::Array2::from_shape_fn((places.len(), places.len()), |(row, column)| {
        products[[places[row], places[column]]]
    });
    if total.is_nan() || total <= EVEN * square || among.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let cholesky = Cholesky::of(among.slice(s![.., ..]));
    let right: Array1<f64> = cholesky.kept().iter().map(|&place| products[[places[place], last]]).collect();
    let explained = right.dot(&cholesky.solve(right.view())) - products[[0, last]].powi(2) / n_rows;
    let df = cholesky.kept().len() as f64 - 1.0;
    let share_explained = (explained / total).clamp(0.0, 1.0);
    // With as many columns as rows the regression explains everything whatever the data.
    (df > 0.0 && df + 1.0 < n_rows).then(|| {
        let statistic = n_rows * share_explained;
        Departure { statistic, df, df_residual: None, p_value: chi_squared_upper(statistic, df), share_explained }
    })
}

/// The slope whose HC3 standard error is furthest, as a ratio, from the model-based one. Rows of leverage one stay out.
fn worst_ratio(augment: &Augment) -> Option<(String, f64)> {
    let cases = &augment.cases;
    let sigma = augment.sigma();
    let meat = augment.columns.sums(At::default(), |case| {
        let left = 1.0 - augment.hats[case.row];
        let counts = cases.counts(case.row) && left >= LEVERAGE_LEFT_MIN;
        let residual = augment.residual(case.row) / sigma / left;
        let curvature = if counts { cases.squared_score_weight(case.row) * residual * residual } else { 0.0 };
        Terms { curvature, score: 0.0, value: 0.0 }
    });
    let robust = augment.columns.covariance_in_units(&augment.bread.dot(&meat.matrix).dot(&augment.bread));
    let model = augment.columns.covariance_in_units(&augment.bread);
    let names = augment.observations.design().names();
    let ratios = augment.columns.places.iter().enumerate().map(|(index, &place)| {
        let ratio = (robust[[index + 1, index + 1]] / model[[index + 1, index + 1]]).max(0.0).sqrt();
        (names[place].clone(), ratio)
    });
    ratios.max_by(|left, right| left.1.ln().abs().total_cmp(&right.1.ln().abs()))
}
