//! What every fit starts from: moments of the columns, which of them can be estimated, and a well-conditioned basis.

use super::FitError;
use super::cases::Cases;
use super::columns::{At, Case, Columns, Terms, Threads};
use crate::data::Observations;
use crate::findings::{Finding, FindingKind, Severity};
use crate::stats::SecondMoments;
use crate::stats::linear_algebra::{Cholesky, SymmetricEigen};
use ndarray::{Array1, Array2};

/// A variance inflation above this is reported: a standard error more than three times that of independent columns.
pub(super) const INFLATION_REPORTED: f64 = 10.0;
/// A variance inflation above this makes the columns orthonormal first: what cross products lose grows with the
/// inflation, and what orthonormal columns lose only with its root.
const INFLATION_ROTATED: f64 = 100.0;
/// Rows that set the pilot centre and scale.
const PILOT_ROWS: usize = 512;

/// The columns that can be estimated, with the moments of all.
pub(super) struct Prepared<'a> {
    /// The basis of the estimable columns around their weighted means.
    pub(super) columns: Columns<'a>,
    /// Inverse of the weighted cross products of the basis, n_terms by n_terms.
    pub(super) bread: Array2<f64>,
    /// Weighted means of all columns.
    pub(super) means: Vec<f64>,
    /// Weighted standard deviations of all columns.
    pub(super) std_devs: Vec<f64>,
    /// Least-squares coefficients of the outcome less its mean from the cross products alone, before refinement.
    pub(super) start: Vec<f64>,
    pub(super) outcome_mean: f64,
    pub(super) outcome_varies: bool,
    /// Weighted centred sum of squares of the outcome.
    pub(super) outcome_squares: f64,
    pub(super) findings: Vec<Finding>,
}

impl<'a> Prepared<'a> {
    /// # Errors
    /// Too few rows; an outcome that does not vary.
    pub(super) fn of(observations: &'a Observations, cases: &Cases) -> Result<Self, FitError> {
        let moments = Moments::of_enough_rows(observations, cases)?;
        let last = observations.design().n_features();
        if !moments.all.varies(last) {
            let outcome = observations.outcome().name().to_owned();
            return Err(FitError::ConstantOutcome { outcome, value: moments.all.means[last] });
        }
        Self::from_moments(observations, cases, &moments)
    }

    /// The same where an outcome that does not vary can still be explained, as a count can by its exposure.
    ///
    /// # Errors
    /// Too few rows.
    pub(super) fn of_any_outcome(observations: &'a Observations, cases: &Cases) -> Result<Self, FitError> {
        Self::from_moments(observations, cases, &Moments::of_enough_rows(observations, cases)?)
    }

    fn from_moments(observations: &'a Observations, cases: &Cases, moments: &Moments) -> Result<Self, FitError> {
        let design = observations.design();
        // The outcome's moments stand last.
        let last = design.n_features();
        let estimable = Estimable::of(&moments.all, design.names());
        if cases.n_used <= estimable.kept.len() + 1 {
            return Err(FitError::TooFewRows { n_used: cases.n_used, n_terms: estimable.kept.len() + 1 });
        }
        let weight_sum = moments.all.weight_sum;
        let std_dev = |feature: usize| moments.all.scale(feature) / weight_sum.sqrt();
        let kept_means = estimable.kept.iter().map(|&feature| moments.all.means[feature]).collect();
        let scales: Vec<f64> = estimable.kept.iter().map(|&feature| std_dev(feature)).collect();
        let columns = Columns::new(design.values(), estimable.kept.clone(), kept_means, &scales, Threads::Pool);
        let (columns, bread) = estimable.basis(columns, &moments.all, cases);
        let mut towards = Array1::zeros(columns.n_terms());
        for (index, &feature) in estimable.kept.iter().enumerate() {
            towards[index + 1] = moments.all.cross_products[[feature, last]] / columns.scale(index);
        }
        let start = bread.dot(&columns.vector_after_rotation(towards)).to_vec();
        Ok(Self {
            columns,
            bread,
            means: moments.all.means.iter().take(last).copied().collect(),
            std_devs: (0..last).map(std_dev).collect(),
            start,
            outcome_mean: moments.all.means[last],
            outcome_varies: moments.all.varies(last),
            outcome_squares: moments.all.cross_products[[last, last]],
            findings: estimable.findings,
        })
    }
}

/// Weighted means and centred cross products of the features and, last, the outcome.
pub(super) struct Moments {
    pub(super) all: SecondMoments,
}

impl Moments {
    /// # Errors
    /// Fewer than two rows.
    pub(super) fn of_enough_rows(observations: &Observations, cases: &Cases) -> Result<Self, FitError> {
        if cases.n_used < 2 {
            let n_terms = observations.design().n_features() + 1;
            return Err(FitError::TooFewRows { n_used: cases.n_used, n_terms });
        }
        Ok(Self::of(observations, cases))
    }

    /// One pass around a pilot centre taken from rows spread over the data, so that centring afterwards costs no digit
    /// that matters: the pilot is wrong by a fraction of a standard deviation, or by an outlier that the deviation
    /// holds too.
    fn of(observations: &Observations, cases: &Cases) -> Self {
        let values = observations.design().values();
        let n_features = values.ncols();
        let n_rows = values.nrows();
        let rows: Vec<usize> =
            (0..n_rows).step_by(n_rows.div_ceil(PILOT_ROWS)).filter(|&row| cases.counts(row)).collect();
        let pilot = |value: &dyn Fn(usize) -> f64| {
            let n_pilots = rows.len().max(1) as f64;
            let mean = rows.iter().map(|&row| value(row)).sum::<f64>() / n_pilots;
            let spread = (rows.iter().map(|&row| (value(row) - mean).powi(2)).sum::<f64>() / n_pilots).sqrt();
            (mean, if spread > 0.0 { spread } else { 1.0 })
        };
        let (means, scales): (Vec<f64>, Vec<f64>) =
            (0..n_features).map(|feature| pilot(&|row| values[[row, feature]])).unzip();
        let (outcome_mean, _) = pilot(&|row| cases.outcome(row));
        let columns = Columns::new(values, (0..n_features).collect(), means, &scales, Threads::Pool);
        let sums = columns.sums(At::default(), |Case { row, .. }| {
            let (weight, outcome) = (cases.weight(row), cases.outcome(row) - outcome_mean);
            Terms { curvature: weight, score: weight * outcome, value: weight * outcome * outcome }
        });
        // Row and column 0 of the products belong to the intercept: they hold the first moments.
        let weight_sum = sums.matrix[[0, 0]];
        let raw = |row: usize, column: usize| match (row.max(column), row.min(column)) {
            (high, low) if high <= n_features => sums.matrix[[high, low]],
            (_, low) if low <= n_features => sums.vector[low],
            _ => sums.value,
        };
        let shift = |column: usize| raw(0, column) / weight_sum;
        // Sums of the basis are in pilot scales; the outcome's is one.
        let units: Vec<f64> =
            (0..=n_features).map(|column| if column < n_features { columns.scale(column) } else { 1.0 }).collect();
        let cross_products = Array2::from_shape_fn((n_features + 1, n_features + 1), |(row, column)| {
            let centred = raw(row + 1, column + 1) - weight_sum * shift(row + 1) * shift(column + 1);
            centred * units[row] * units[column]
        });
        let means = Array1::from_shape_fn(n_features + 1, |column| {
            let pilot = if column < n_features { columns.mean(column) } else { outcome_mean };
            pilot + shift(column + 1) * units[column]
        });
        Self { all: SecondMoments { weight_sum, means, cross_products } }
    }
}

/// Which columns vary and are no combination of earlier ones.
struct Estimable {
    kept: Vec<usize>,
    /// Largest variance inflation of the kept columns.
    inflation_max: f64,
    /// Correlations of the kept columns.
    correlations: Array2<f64>,
    findings: Vec<Finding>,
}

impl Estimable {
    fn of(moments: &SecondMoments, names: &[String]) -> Self {
        let mut findings = Vec::new();
        let (varying, constant): (Vec<usize>, Vec<usize>) =
            (0..names.len()).partition(|&feature| moments.varies(feature));
        for feature in constant {
            findings.push(constant_finding(&names[feature], moments.means[feature]));
        }
        let all = moments.correlations();
        let correlations = select(&all, &varying);
        let cholesky = Cholesky::of(correlations.view());
        let own = select(&correlations, cholesky.kept());
        let kept: Vec<usize> = cholesky.kept().iter().map(|&index| varying[index]).collect();
        for &index in cholesky.aliased() {
            let against: Array1<f64> = cholesky.kept().iter().map(|&other| correlations[[index, other]]).collect();
            let parts = cholesky.solve(against.view());
            let of: Vec<&str> = kept
                .iter()
                .zip(&parts)
                .filter(|(_, part)| part.abs() > 1e-6)
                .map(|(&at, _)| names[at].as_str())
                .collect();
            findings.push(aliased_finding(&names[varying[index]], &of));
        }
        let inflations: Vec<f64> = cholesky.inverse().diag().to_vec();
        findings.extend(collinear_finding(kept.iter().map(|&at| names[at].as_str()).zip(inflations.iter().copied())));
        let inflation_max = inflations.iter().copied().fold(1.0, f64::max);
        Self { kept, inflation_max, correlations: own, findings }
    }

    /// The basis and the inverse of its cross products.
    ///
    /// Columns that are far from independent are made nearly orthonormal and their cross products taken again, which
    /// gives the accuracy of an orthogonal factorisation of the columns instead of that of their squares.
    ///
    /// # References
    /// Yamamoto, Nakatsukasa, Yanagisawa and Fukaya (2015), "Roundoff error analysis of the CholeskyQR2 algorithm",
    /// ETNA 44.
    fn basis<'a>(&self, columns: Columns<'a>, moments: &SecondMoments, cases: &Cases) -> (Columns<'a>, Array2<f64>) {
        let n_terms = columns.n_terms();
        let spread = moments.weight_sum.sqrt();
        // Standard deviations in the units of the basis, between 0.7 and 1.4 by the choice of its scales.
        let units: Vec<f64> = self
            .kept
            .iter()
            .enumerate()
            .map(|(index, &feature)| moments.scale(feature) / spread / columns.scale(index))
            .collect();
        if self.inflation_max > INFLATION_ROTATED
            && let Some(eigen) = SymmetricEigen::of(self.correlations.view())
        {
            let floor = f64::EPSILON * n_terms as f64;
            let root = eigen.map(|value| 1.0 / value.max(floor).sqrt());
            let mut rotation = Array2::eye(n_terms);
            for ((row, column), value) in root.indexed_iter() {
                rotation[[row + 1, column + 1]] = value / units[row];
            }
            let rotated = columns.clone().rotated(rotation);
            let weight = |Case { row, .. }| Terms { curvature: cases.weight(row), score: 0.0, value: 0.0 };
            let bread = Cholesky::of(rotated.sums(At::default(), weight).matrix.view()).inverse();
            // Columns that are still dependent after that keep the plain basis.
            if bread.nrows() == n_terms {
                return (rotated, bread);
            }
        }
        let inverse = Cholesky::of(self.correlations.view()).inverse();
        let bread = Array2::from_shape_fn((n_terms, n_terms), |place| match place {
            (0, 0) => 1.0 / moments.weight_sum,
            (0, _) | (_, 0) => 0.0,
            (row, column) => inverse[[row - 1, column - 1]] / (moments.weight_sum * units[row - 1] * units[column - 1]),
        });
        (columns, bread)
    }
}

fn select(matrix: &Array2<f64>, places: &[usize]) -> Array2<f64> {
    Array2::from_shape_fn((places.len(), places.len()), |(row, column)| matrix[[places[row], places[column]]])
}

fn constant_finding(name: &str, value: f64) -> Finding {
    let sentence = format!("`{name}` is {value} in every row that counts and is left out.");
    Finding::new(FindingKind::Constant, Severity::Warning, name, sentence).number("value", value)
}

fn aliased_finding(name: &str, of: &[&str]) -> Finding {
    let sentence = format!("`{name}` cannot be told from a combination of {} and is left out.", listed(of));
    Finding::new(FindingKind::Aliased, Severity::Warning, name, sentence)
}

/// One finding with the variance inflation of every column above the limit, by name.
fn collinear_finding<'n>(inflations: impl Iterator<Item = (&'n str, f64)>) -> Option<Finding> {
    let high: Vec<(&str, f64)> = inflations.filter(|&(_, inflation)| inflation > INFLATION_REPORTED).collect();
    let names: Vec<&str> = high.iter().map(|&(name, _)| name).collect();
    let worst = high.iter().map(|&(_, inflation)| inflation).fold(0.0, f64::max);
    let sentence = format!(
        "{} overlap so much that their separate effects are blurred (variance inflation up to {worst:.0}).",
        listed(&names)
    );
    let finding = Finding::new(FindingKind::Collinear, Severity::Warning, names.join(", "), sentence);
    let named = high.iter().fold(finding, |finding, &(name, inflation)| finding.number(name, inflation));
    (!high.is_empty()).then_some(named)
}

/// Names in backquotes, joined by commas and an "and".
pub(super) fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}
