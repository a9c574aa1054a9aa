//! Pairwise moments: each covariance from the rows that have both columns.

use super::moment_fit::{Estimated, MomentFit, Slopes, aliased_findings, instead, robust};
use super::patterns::{Layout, PatternSums};
use super::structural::structural_findings;
use super::{MissingError, Treatment};
use crate::data::Gaps;
use crate::estimators::coefficient::{INTERCEPT, refuse_names_of};
use crate::estimators::summary::StdErrors;
use crate::findings::{Finding, FindingKind, Severity};
use crate::stats::linear_algebra::SymmetricEigen;
use crate::stats::{Confidence, SecondMoments};
use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut2, Axis, s};

/// Correlations are no contradiction while no eigenvalue lies below minus this (absolute): rounding leaves as much.
const EIGENVALUE_ROUNDING: f64 = 1e-10;
/// A smallest share of rows behind a pair below this is reported.
const FEW_TOGETHER: f64 = 0.25;

/// Means, weights and covariances of pairs of columns, in units of the model.
pub(super) struct Pairs {
    /// Sum of the weights of the rows that have both.
    pub(super) weights: Array2<f64>,
    /// Observations that have both.
    pub(super) n: Array2<f64>,
    /// Mean of the row's column over the rows that have both.
    pub(super) means: Array2<f64>,
    /// Covariance over the rows that have both, divisor their weight; zero where there are none.
    pub(super) covariances: Array2<f64>,
}

impl Pairs {
    pub(super) fn of(layout: &Layout, sums: &[PatternSums]) -> Self {
        let square = || Array2::<f64>::zeros((layout.n_columns(), layout.n_columns()));
        let (mut weights, mut n, mut means, mut covariances) = (square(), square(), square(), square());
        let filled = || layout.patterns.iter().zip(sums).filter(|(_, sums)| sums.weight > 0.0);
        for (pattern, sums) in filled() {
            for (&row, mean) in pattern.observed.iter().zip(&sums.mean) {
                for &column in &pattern.observed {
                    weights[[row, column]] += sums.weight;
                    n[[row, column]] += sums.n;
                    means[[row, column]] += sums.weight * mean;
                }
            }
        }
        means.zip_mut_with(&weights, |mean, &weight| *mean /= if weight > 0.0 { weight } else { 1.0 });
        for (pattern, sums) in filled() {
            let mut start = 0;
            for (place, &row) in pattern.observed.iter().enumerate() {
                for (other, &column) in pattern.observed[..=place].iter().enumerate() {
                    let within = sums.products.get(start + other).copied().unwrap_or(0.0);
                    let left = sums.mean[place] - means[[row, column]];
                    let right = sums.mean[other] - means[[column, row]];
                    covariances[[row, column]] += within + sums.weight * left * right;
                }
                start += place + 1;
            }
        }
        for row in 0..layout.n_columns() {
            for column in 0..=row {
                let weight = weights[[row, column]];
                let value = covariances[[row, column]] / if weight > 0.0 { weight } else { 1.0 };
                covariances[[row, column]] = value;
                covariances[[column, row]] = value;
            }
        }
        Self { weights, n, means, covariances }
    }

    /// Pairs of columns that no row has together, in order.
    pub(super) fn never_together(&self) -> Vec<[usize; 2]> {
        let columns = 0..self.n.nrows();
        let pairs = columns.flat_map(|right| (0..right).map(move |left| [left, right]));
        pairs.filter(|&[left, right]| self.weights[[left, right]] <= 0.0).collect()
    }
}

/// Pairwise moments of columns with gaps and of the outcome.
///
/// Each covariance has the rows that have both columns, around their own means, with the divisor `n - 1` of those rows.
/// Nothing holds the covariances together, so they may contradict each other; that is checked, and refused. They are
/// right only where gaps come completely at random.
///
/// # References
/// Little and Rubin (2002), "Statistical Analysis with Missing Data", section 3.4.
pub struct PairwiseFit<'a> {
    layout: Layout<'a>,
    pairs: Pairs,
    /// Covariances with the divisor `n - 1`, in units of the model.
    covariances: Array2<f64>,
    smallest_eigenvalue: f64,
    findings: Vec<Finding>,
}

/// Settings of pairwise moments; there are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pairwise;

impl Pairwise {
    /// Takes the moments and checks them.
    ///
    /// # Errors
    /// Two columns that no two rows have together; moments that contradict each other, with their smallest eigenvalue;
    /// an outcome that does not vary; no more rows than columns.
    pub fn fit<'a>(&self, gaps: &'a Gaps) -> Result<PairwiseFit<'a>, MissingError> {
        let all: Vec<usize> = (0..gaps.n_features()).collect();
        let layout = Layout::of(gaps, &all)?;
        let pairs = Pairs::of(&layout, &layout.own_sums());
        let covariances = unbiased(&layout, &pairs)?;
        let smallest_eigenvalue = smallest_eigenvalue(&covariances)?;
        let mut findings = layout.findings.clone();
        findings.extend(structural_findings(gaps, Treatment::Pairwise));
        findings.extend(few_together(&layout, &pairs));
        Ok(PairwiseFit { layout, pairs, covariances, smallest_eigenvalue, findings })
    }
}

impl PairwiseFit<'_> {
    /// The moments of all columns in the order of the gaps, the outcome last: means of the values there are, and
    /// covariances times the weight of all rows.
    ///
    /// Columns that never vary have zeros; the mean of one without a value is `NaN`.
    pub fn moments(&self) -> SecondMoments {
        own_moments(&self.layout, self.pairs.means.diag().to_vec(), &scaled(&self.covariances, &self.pairs))
    }

    /// The moments of some of the columns, the outcome last.
    ///
    /// # Panics
    /// If a place is out of bounds.
    pub fn moments_of(&self, columns: &[usize]) -> SecondMoments {
        select(&self.moments(), columns)
    }

    /// The same moments with one other weight a row in place of its own, as a bootstrap draws them; `None` where they
    /// are no covariance.
    ///
    /// # Panics
    /// If there is not one weight a row.
    pub fn replicate(&self, weights: &[f64]) -> Option<SecondMoments> {
        assert_eq!(weights.len(), self.layout.gaps.n_rows(), "one weight per row");
        let pairs = Pairs::of(&self.layout, &self.layout.sums(|row| weights[row]));
        let covariances = unbiased(&self.layout, &pairs).ok()?;
        smallest_eigenvalue(&covariances).ok()?;
        let weight_sum: f64 = weights.iter().sum();
        let mut moments = own_moments(&self.layout, pairs.means.diag().to_vec(), &scaled(&covariances, &pairs));
        moments.cross_products *= weight_sum / moments.weight_sum;
        moments.weight_sum = weight_sum;
        Some(moments)
    }

    /// The smallest eigenvalue of the correlations.
    pub fn smallest_eigenvalue(&self) -> f64 {
        self.smallest_eigenvalue
    }

    /// Observations behind the pair that has fewest.
    pub fn n_pair_min(&self) -> f64 {
        self.n_of_pairs().first().copied().unwrap_or(self.layout.cases.n_used as f64)
    }

    /// Observations behind the median pair.
    pub fn n_pair_median(&self) -> f64 {
        let n = self.n_of_pairs();
        if n.is_empty() { self.layout.cases.n_used as f64 } else { crate::stats::quantile::quantile_of_sorted(&n, 0.5) }
    }

    /// What a reader must know beside the moments.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The linear regression that follows from the moments.
    ///
    /// Standard errors are robust, from what each row adds to the covariances that it has a part in, so they need no
    /// single n; `model` and `hc3` ones do not exist and `hc1` ones are given, with a finding. The small-sample factor
    /// and the degrees of freedom, which do need one, take the n of the pair that has fewest. With complete data all is
    /// as by least squares with HC1, or by cluster.
    ///
    /// # Errors
    /// Columns that give the outcome exactly; missing or single clusters where standard errors by cluster are asked for.
    pub fn regress(&self, std_errors: StdErrors, confidence: Confidence) -> Result<MomentFit, MissingError> {
        refuse_names_of([INTERCEPT], self.layout.gaps.names())?;
        let (layout, n) = (&self.layout, self.layout.n_columns());
        let slopes = Slopes::of(n, |row, column| self.covariances[[row, column]]);
        let (computed, finding) = instead(layout, std_errors, false, Treatment::Pairwise);
        let n_observations = self.n_pair_min();
        let n_terms = slopes.kept.len() + 1;
        let contrast = slopes.contrast(n);
        let robust = robust(
            layout,
            n_terms,
            n_observations,
            computed,
            |pattern| PairParts::of(self, &layout.patterns[pattern].observed, &slopes, &contrast),
            PairParts::apply,
        )?;
        let mut findings = self.findings.clone();
        findings.extend(aliased_findings(layout, &slopes.aliased));
        findings.extend(finding);
        let means = self.pairs.means.diag().to_vec();
        let estimated = Estimated {
            treatment: Treatment::Pairwise,
            slopes: &slopes,
            means: &means,
            variances: self.covariances.diag().to_vec(),
            covariance: robust.covariance,
            std_errors: computed,
            n_clusters: robust.n_clusters,
            n_observations,
        };
        Ok(MomentFit::new(layout, estimated, confidence, findings))
    }

    /// Observations of all pairs of two columns, ascending.
    fn n_of_pairs(&self) -> Vec<f64> {
        let columns = self.pairs.n.nrows();
        let mut n: Vec<f64> = (0..columns)
            .flat_map(|right| (0..right).map(move |left| [left, right]))
            .map(|pair| self.pairs.n[pair])
            .collect();
        n.sort_by(f64::total_cmp);
        n
    }
}

/// What a row of one pattern adds to the slopes, as a rule over its values `x`.
///
/// The covariance of columns r and c moves by `f (x_r - m_rc)(x_c - m_cr) - s_rc` over their weight, and slope r by that
/// times the residual contrast, summed over c: with `A` the factors and `B = A m_rc`, that is
/// `x_r ((A x)_r - p_r) - (B x)_r + q_r`.
struct PairParts {
    /// Observed columns by kept columns; zero where a kept column is missing.
    factors: Array2<f64>,
    /// The same times the means of the kept columns.
    moved: Array2<f64>,
    linear: Array1<f64>,
    constant: Array1<f64>,
    /// Where each kept column stands among the observed.
    own: Vec<Option<usize>>,
    /// The outcome at the means moves by this combination of the values, less the constant.
    level: Array1<f64>,
    level_constant: f64,
    inverse: Array2<f64>,
}

impl PairParts {
    fn of(fit: &PairwiseFit, observed: &[usize], slopes: &Slopes, contrast: &[f64]) -> Self {
        let Pairs { weights, n, means, .. } = &fit.pairs;
        let shape = (observed.len(), slopes.kept.len());
        let own: Vec<Option<usize>> = slopes.kept.iter().map(|row| observed.binary_search(row).ok()).collect();
        let pair = |column: usize, row: usize| own[row].map(|_| [slopes.kept[row], observed[column]]);
        let factors = Array2::from_shape_fn(shape, |(column, row)| {
            let of = |[row, column]: [usize; 2]| {
                unbiased_factor(n[[row, column]]) * contrast[column] / weights[[row, column]]
            };
            pair(column, row).map_or(0.0, of)
        });
        let of_own = Array2::from_shape_fn(shape, |(column, row)| pair(column, row).map_or(0.0, |pair| means[pair]));
        let of_other = Array2::from_shape_fn(shape, |(column, row)| {
            pair(column, row).map_or(0.0, |[row, column]| means[[column, row]])
        });
        let expected = Array2::from_shape_fn(shape, |(column, row)| {
            let of =
                |[row, column]: [usize; 2]| contrast[column] * fit.covariances[[row, column]] / weights[[row, column]];
            pair(column, row).map_or(0.0, of)
        });
        let moved = &factors * &of_own;
        let level: Array1<f64> = observed.iter().map(|&column| contrast[column] / weights[[column, column]]).collect();
        Self {
            linear: (&factors * &of_other).sum_axis(Axis(0)),
            constant: (&moved * &of_other - expected).sum_axis(Axis(0)),
            level_constant: observed.iter().zip(&level).map(|(&column, level)| level * means[[column, column]]).sum(),
            factors,
            moved,
            own,
            level,
            inverse: slopes.inverse.clone(),
        }
    }

    fn apply(&self, values: ArrayView2<f64>, mut parts: ArrayViewMut2<f64>) {
        let mut slopes = values.dot(&self.factors);
        let moved = values.dot(&self.moved);
        for ((mut slopes, moved), values) in slopes.outer_iter_mut().zip(moved.outer_iter()).zip(values.outer_iter()) {
            for (row, slope) in slopes.iter_mut().enumerate() {
                let own = self.own[row].map_or(0.0, |place| values[place]);
                *slope = own * (*slope - self.linear[row]) - moved[row] + self.constant[row];
            }
        }
        parts.column_mut(0).assign(&(values.dot(&self.level) - self.level_constant));
        parts.slice_mut(s![.., 1..]).assign(&slopes.dot(&self.inverse));
    }
}

fn unbiased_factor(n: f64) -> f64 {
    n / (n - 1.0)
}

/// Covariances with the divisor `n - 1` of each pair.
fn unbiased(layout: &Layout, pairs: &Pairs) -> Result<Array2<f64>, MissingError> {
    if let Some(((right, left), _)) = pairs.n.indexed_iter().find(|((right, left), n)| left <= right && **n < 2.0) {
        let name = |column: usize| layout.name(column).to_owned();
        return Err(MissingError::NeverTogether { left: name(left), right: name(right) });
    }
    Ok(&pairs.covariances * &pairs.n.mapv(unbiased_factor))
}

/// Covariances on the scale of a divisor that is the weight, as far as the whole sample goes: the outcome has no gaps.
fn scaled(covariances: &Array2<f64>, pairs: &Pairs) -> Array2<f64> {
    let last = pairs.n.nrows() - 1;
    covariances / unbiased_factor(pairs.n[[last, last]])
}

fn smallest_eigenvalue(covariances: &Array2<f64>) -> Result<f64, MissingError> {
    let spread = covariances.diag().mapv(f64::sqrt);
    let correlations = Array2::from_shape_fn(covariances.dim(), |(row, column)| {
        covariances[[row, column]] / spread[row] / spread[column]
    });
    let smallest = SymmetricEigen::of(correlations.view()).map_or(f64::NAN, |eigen| eigen.values[0]);
    if smallest >= -EIGENVALUE_ROUNDING { Ok(smallest) } else { Err(MissingError::NotCovariance { smallest }) }
}

/// Moments in the columns' own units, of all columns in the order of the gaps, the outcome last.
pub(super) fn own_moments(layout: &Layout, means: Vec<f64>, covariances: &Array2<f64>) -> SecondMoments {
    let n_features = layout.gaps.n_features();
    let mut own_means: Vec<f64> = layout
        .available
        .iter()
        .map(|available| if available.weight > 0.0 { available.mean } else { f64::NAN })
        .chain([0.0])
        .collect();
    let target: Vec<usize> = layout.places.iter().copied().chain([n_features]).collect();
    let mut cross_products = Array2::zeros((n_features + 1, n_features + 1));
    for (row, &to) in target.iter().enumerate() {
        own_means[to] = layout.centres[row] + layout.scales[row] * means[row];
        for (column, &across) in target.iter().enumerate() {
            let units = layout.scales[row] * layout.scales[column];
            cross_products[[to, across]] = covariances[[row, column]] * units * layout.cases.weight_sum;
        }
    }
    SecondMoments { weight_sum: layout.cases.weight_sum, means: own_means.into(), cross_products }
}

/// The moments of some columns, the last of all at the end.
pub(super) fn select(moments: &SecondMoments, columns: &[usize]) -> SecondMoments {
    let places: Vec<usize> = columns.iter().copied().chain([moments.n_columns() - 1]).collect();
    SecondMoments {
        weight_sum: moments.weight_sum,
        means: places.iter().map(|&place| moments.means[place]).collect(),
        cross_products: Array2::from_shape_fn((places.len(), places.len()), |(row, column)| {
            moments.cross_products[[places[row], places[column]]]
        }),
    }
}

fn few_together(layout: &Layout, pairs: &Pairs) -> Option<Finding> {
    let ((right, left), &n) = pairs.n.indexed_iter().min_by(|(_, one), (_, other)| one.total_cmp(other))?;
    let n_used = layout.cases.n_used as f64;
    (n < FEW_TOGETHER * n_used).then(|| {
        let (left, right) = (layout.name(left), layout.name(right));
        let sentence = format!(
            "Only {n:.0} of {n_used:.0} rows have both `{left}` and `{right}`, so what sets them apart rests on few."
        );
        Finding::new(FindingKind::SmallBase, Severity::Warning, format!("{left}, {right}"), sentence)
            .number("n_pair", n)
            .number("n_used", n_used)
    })
}
