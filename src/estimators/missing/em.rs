//! Means and covariances by maximum likelihood where values are missing, and the regression that follows from them.

use super::information::{influence, n_parameters, observed_information, place};
use super::moment_fit::{Estimated, MomentFit, Slopes, aliased_findings, instead, robust};
use super::normal::{Ascent, Conditional, Limits, Normal, ascend};
use super::pairwise::{Pairs, own_moments, select};
use super::patterns::{Layout, PatternSums};
use super::structural::structural_findings;
use super::{MissingError, Treatment};
use crate::data::Gaps;
use crate::estimators::coefficient::{INTERCEPT, refuse_names_of};
use crate::estimators::summary::StdErrors;
use crate::findings::{Finding, FindingKind, Severity};
use crate::stats::{Confidence, SecondMoments};
use ndarray::{Array2, ArrayView2, ArrayViewMut2};

/// Columns for which standard errors are computed, the outcome included: their information matrix has 1,325 rows.
const N_COLUMNS_MAX: usize = 50;
/// Unexplained variance of the outcome below this share counts as none (relative).
const EXACT: f64 = 1e-10;

/// Settings of maximum likelihood under a multivariate normal with gaps.
///
/// The model holds all columns and the outcome: touchpoints borrow strength from each other, from controls and from the
/// answer. It is right when gaps depend on what is observed (missing at random), and its means and covariances do not
/// need the columns to be normal, though its `model` standard errors do.
///
/// # Example
/// ```
/// use advocate::data::{Gaps, Outcome};
/// use advocate::estimators::missing::Em;
/// use ndarray::array;
/// // One gap, in the row with y = 6. Over the complete rows x is 1 + (y - 2) / 2 on average, which is 3 there, so the
/// // mean of x is (0 + 1 + 2 + 3) / 4 (Anderson 1957).
/// let values = array![[0.0], [1.0], [2.0], [f64::NAN]];
/// let gaps = Gaps::new(vec!["x".to_owned()], values, Outcome::numeric("y", array![1.0, 3.0, 2.0, 6.0])?)?;
/// let fit = Em::default().fit(&gaps)?;
/// assert!((fit.moments().means[0] - 1.5).abs() < 1e-8);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Dempster, Laird and Rubin (1977), "Maximum likelihood from incomplete data via the EM algorithm", JRSS B 39(1);
/// Little and Rubin (2002), "Statistical Analysis with Missing Data", chapter 11.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Em {
    /// Largest change of a mean or covariance in one em step at the end (absolute, in standard deviations, or rather
    /// the power of two next to them). At a fraction `f` of missing information the error left is about `f / (1 - f)`
    /// times this.
    pub tolerance: f64,
    /// Em steps after which the fit is said not to have converged.
    pub iterations_max: usize,
}

impl Default for Em {
    fn default() -> Self {
        Self { tolerance: 1e-10, iterations_max: 5_000 }
    }
}

/// Means and covariances of columns with gaps and of the outcome.
pub struct EmFit<'a> {
    settings: Em,
    layout: Layout<'a>,
    sums: Vec<PatternSums>,
    ascent: Ascent,
    log_likelihood: f64,
    never_together: Vec<[usize; 2]>,
    findings: Vec<Finding>,
}

impl Em {
    /// Climbs to the maximum of the likelihood of what is observed.
    ///
    /// Rows are looked at once; each step then works on the moments of the patterns of gaps. Weights count as so many
    /// rows (sampling and precision weights do so in proportion). A fit that does not converge has a serious finding, as
    /// have columns that no row has together.
    ///
    /// # Errors
    /// An outcome that does not vary; no more rows than columns.
    pub fn fit<'a>(&self, gaps: &'a Gaps) -> Result<EmFit<'a>, MissingError> {
        let all: Vec<usize> = (0..gaps.n_features()).collect();
        self.fit_columns(gaps, &all)
    }

    fn fit_columns<'a>(&self, gaps: &'a Gaps, columns: &[usize]) -> Result<EmFit<'a>, MissingError> {
        let layout = Layout::of(gaps, columns)?;
        let sums = layout.own_sums();
        let pairs = Pairs::of(&layout, &sums);
        let ascent = ascend(&layout, &sums, start(&pairs), self.limits());
        let never_together = pairs.never_together();
        let mut findings = layout.findings.clone();
        findings.extend(structural_findings(gaps, Treatment::Em));
        findings
            .extend(never_together.iter().map(|&[left, right]| apart_finding(layout.name(left), layout.name(right))));
        findings.extend(self.stalled(&layout, &ascent));
        let log_likelihood = ascent.normal.step(&layout, &sums).log_likelihood - ln_units(&layout, &sums);
        Ok(EmFit { settings: *self, layout, sums, ascent, log_likelihood, never_together, findings })
    }

    pub(super) fn limits(&self) -> Limits {
        Limits { iterations_max: self.iterations_max, tolerance: self.tolerance }
    }

    fn stalled(&self, layout: &Layout, ascent: &Ascent) -> Option<Finding> {
        (!ascent.converged).then(|| {
            let sentence = format!(
                "em did not converge in {} iterations (last change {:.1e} standard deviations): its numbers must not be used.",
                ascent.iterations, ascent.change
            );
            let outcome = layout.gaps.answered().outcome().name();
            Finding::new(FindingKind::Unreliable, Severity::Serious, outcome, sentence)
                .number("iterations", ascent.iterations as f64)
                .number("change", ascent.change)
        })
    }
}

impl<'a> EmFit<'a> {
    /// The moments of all columns in the order of the gaps, the outcome last: maximum likelihood means, and covariances
    /// times the weight of all rows.
    ///
    /// Columns that never vary have zeros; the mean of one without a value is `NaN`.
    pub fn moments(&self) -> SecondMoments {
        self.moments_at(&self.ascent.normal)
    }

    /// The moments of some of the columns, the outcome last. All columns of the gaps have informed them.
    ///
    /// # Panics
    /// If a place is out of bounds.
    pub fn moments_of(&self, columns: &[usize]) -> SecondMoments {
        select(&self.moments(), columns)
    }

    /// The same moments with one other weight a row in place of its own, as a bootstrap draws them; `None` where em does
    /// not converge on them.
    ///
    /// # Panics
    /// If there is not one weight a row.
    pub fn replicate(&self, weights: &[f64]) -> Option<SecondMoments> {
        assert_eq!(weights.len(), self.layout.gaps.n_rows(), "one weight per row");
        let sums = self.layout.sums(|row| weights[row]);
        // A bootstrap's own noise is far above this.
        let limits = Limits { tolerance: self.settings.tolerance.max(1e-6), ..self.settings.limits() };
        let ascent = ascend(&self.layout, &sums, self.ascent.normal.clone(), limits);
        let weight_sum: f64 = weights.iter().sum();
        let mut moments = self.moments_at(&ascent.normal);
        moments.cross_products *= weight_sum / moments.weight_sum;
        moments.weight_sum = weight_sum;
        ascent.converged.then_some(moments)
    }

    /// Log-likelihood of the observed values at the maximum, constants included.
    pub fn log_likelihood(&self) -> f64 {
        self.log_likelihood
    }

    /// Log-likelihoods from step to step, which do not fall; they differ from [`EmFit::log_likelihood`] by a constant.
    pub fn ascent(&self) -> &[f64] {
        &self.ascent.trace
    }

    /// Em steps made.
    pub fn iterations(&self) -> usize {
        self.ascent.iterations
    }

    /// Whether parameters had stopped moving.
    pub fn converged(&self) -> bool {
        self.ascent.converged
    }

    /// Patterns of gaps.
    pub fn n_patterns(&self) -> usize {
        self.layout.patterns.len()
    }

    /// What a reader must know beside the moments.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    pub(super) fn layout(&self) -> &Layout<'a> {
        &self.layout
    }

    pub(super) fn sums(&self) -> &[PatternSums] {
        &self.sums
    }

    pub(super) fn normal(&self) -> &Normal {
        &self.ascent.normal
    }

    /// The linear regression that follows from the moments.
    ///
    /// Standard errors `model` come from the observed information of the normal likelihood; `hc1` and `cluster` ones
    /// from what each row adds to the estimates (a sandwich around the same information), which hold where the columns
    /// are not normal; `hc3` ones do not exist and are `hc1`. Each row adds what it observes, so no n need be chosen but
    /// in the small-sample factor and the degrees of freedom, which take all rows, as with complete data: there all is as
    /// by least squares. Sampling weights have no `model` ones.
    ///
    /// Columns that are combinations of others are left out and the likelihood is maximised again without them.
    ///
    /// # Errors
    /// No convergence; columns that no row has together, or a likelihood that is flat otherwise; columns that give the
    /// outcome exactly; more than 50 columns; missing or single clusters where standard errors by cluster are asked for.
    ///
    /// # References
    /// Little and Rubin (2002), section 11.4; White (1982), "Maximum likelihood estimation of misspecified models",
    /// Econometrica 50(1).
    pub fn regress(&self, std_errors: StdErrors, confidence: Confidence) -> Result<MomentFit, MissingError> {
        refuse_names_of([INTERCEPT], self.layout.gaps.names())?;
        self.check()?;
        let n = self.layout.n_columns();
        let normal = &self.ascent.normal;
        let slopes = Slopes::of(n, |row, column| normal.covariance[row * n + column]);
        if !slopes.aliased.is_empty() {
            let without: Vec<usize> = slopes.kept.iter().map(|&column| self.layout.places[column]).collect();
            let again = self.settings.fit_columns(self.layout.gaps, &without)?;
            let mut fit = again.regress(std_errors, confidence)?;
            fit.findings.extend(aliased_findings(&self.layout, &slopes.aliased));
            return Ok(fit);
        }
        if 1.0 - slopes.r_squared <= EXACT {
            return Err(MissingError::Exact { outcome: self.layout.name(n - 1).to_owned() });
        }
        let (computed, finding) = instead(&self.layout, std_errors, true, Treatment::Em);
        let gradients = gradients(&slopes, n);
        let information = observed_information(&self.layout, &self.sums, normal);
        let influence = influence(&information, &gradients)?;
        let n_observations = self.layout.cases.n_used as f64;
        let n_terms = gradients.nrows();
        let (covariance, n_clusters) = if computed == StdErrors::Model {
            // As least squares does, the residual variance is taken over the degrees of freedom.
            let factor = self.layout.cases.weight_sum / (n_observations - n_terms as f64).max(1.0);
            (influence.dot(&gradients.t()) * factor, None)
        } else {
            let robust = robust(
                &self.layout,
                n_terms,
                n_observations,
                computed,
                |pattern| Scores::of(normal, &self.layout.patterns[pattern].observed, &influence),
                Scores::apply,
            )?;
            (robust.covariance, robust.n_clusters)
        };
        let mut findings = self.findings.clone();
        findings.extend(finding);
        let estimated = Estimated {
            treatment: Treatment::Em,
            slopes: &slopes,
            means: &normal.mean,
            variances: (0..n).map(|column| normal.covariance[column * n + column]).collect(),
            covariance,
            std_errors: computed,
            n_clusters,
            n_observations,
        };
        Ok(MomentFit::new(&self.layout, estimated, confidence, findings))
    }

    fn check(&self) -> Result<(), MissingError> {
        let n_columns = self.layout.n_columns();
        if n_columns > N_COLUMNS_MAX {
            return Err(MissingError::TooManyColumns { n_columns, n_columns_max: N_COLUMNS_MAX });
        }
        self.check_identified()
    }

    /// Whether the moments may be used.
    ///
    /// # Errors
    /// No convergence; columns that no row has together.
    pub fn check_identified(&self) -> Result<(), MissingError> {
        if let Some(&[left, right]) = self.never_together.first() {
            let name = |column: usize| self.layout.name(column).to_owned();
            return Err(MissingError::NeverTogether { left: name(left), right: name(right) });
        }
        if !self.ascent.converged {
            return Err(MissingError::NotConverged {
                iterations: self.ascent.iterations,
                change: self.ascent.change,
                tolerance: self.settings.tolerance,
            });
        }
        Ok(())
    }

    fn moments_at(&self, normal: &Normal) -> SecondMoments {
        let n = normal.n();
        let covariances = Array2::from_shape_fn((n, n), |(row, column)| normal.covariance[row * n + column]);
        own_moments(&self.layout, normal.mean.clone(), &covariances)
    }
}

/// Pairwise moments where they are a covariance, which for complete data are the answer; else uncorrelated columns.
fn start(pairs: &Pairs) -> Normal {
    let n = pairs.n.nrows();
    let mean = pairs.means.diag().to_vec();
    let pairwise = Normal { mean: mean.clone(), covariance: pairs.covariances.iter().copied().collect() };
    if pairwise.is_finite() && pairwise.is_definite() {
        return pairwise;
    }
    let diagonal = |place: usize| if place / n == place % n { pairs.covariances[[place / n, place / n]] } else { 0.0 };
    Normal { mean, covariance: (0..n * n).map(diagonal).collect() }
}

/// What the units of the model add to the log-likelihood.
fn ln_units(layout: &Layout, sums: &[PatternSums]) -> f64 {
    let of = |observed: &[usize]| observed.iter().map(|&column| layout.scales[column].ln()).sum::<f64>();
    layout.patterns.iter().zip(sums).map(|(pattern, sums)| sums.weight * of(&pattern.observed)).sum()
}

/// How the expected outcome at the means and the slopes move with means and covariances.
///
/// With residual contrast `c`, the slopes move by `inverse(S_xx) (dS c)_x` and the outcome at the means by `c' dm`.
fn gradients(slopes: &Slopes, n: usize) -> Array2<f64> {
    let contrast = slopes.contrast(n);
    let mut gradients = Array2::zeros((slopes.kept.len() + 1, n_parameters(n)));
    for (column, value) in contrast.iter().enumerate() {
        gradients[[0, column]] = *value;
    }
    for (index, inverse) in slopes.inverse.outer_iter().enumerate() {
        for (&own, value) in slopes.kept.iter().zip(&inverse) {
            for (other, contrast) in contrast.iter().enumerate() {
                gradients[[index + 1, place(n, own, other)]] += value * contrast;
            }
        }
    }
    gradients
}

/// What a row of one pattern adds to the estimates: its score, in the directions that matter.
struct Scores {
    mean: Vec<f64>,
    /// `inverse(S_OO)`.
    precision: Array2<f64>,
    /// Half the precision of equal columns and the precision of others, in the order of the pairs.
    expected: Vec<f64>,
    /// Scores (means, then pairs) by terms.
    directions: Array2<f64>,
}

impl Scores {
    fn of(normal: &Normal, observed: &[usize], influence: &Array2<f64>) -> Self {
        let n = normal.n();
        let mut conditional = Conditional::new(n);
        conditional.on(normal, observed);
        let pairs = || (0..observed.len()).flat_map(|high| (0..=high).map(move |low| (high, low)));
        let parameters: Vec<usize> = observed
            .iter()
            .copied()
            .chain(pairs().map(|(high, low)| place(n, observed[high], observed[low])))
            .collect();
        Self {
            mean: observed.iter().map(|&column| normal.mean[column]).collect(),
            precision: Array2::from_shape_fn((observed.len(), observed.len()), |(row, column)| {
                conditional.precision(observed[row], observed[column])
            }),
            expected: pairs()
                .map(|(high, low)| half(high, low) * conditional.precision(observed[high], observed[low]))
                .collect(),
            directions: influence.select(ndarray::Axis(1), &parameters).reversed_axes(),
        }
    }

    fn apply(&self, values: ArrayView2<f64>, mut parts: ArrayViewMut2<f64>) {
        let n_own = self.mean.len();
        let mut scores = Array2::zeros((values.nrows(), n_own + self.expected.len()));
        let mut apart = values.to_owned();
        for mut row in apart.outer_iter_mut() {
            row.iter_mut().zip(&self.mean).for_each(|(value, mean)| *value -= mean);
        }
        let pulled = apart.dot(&self.precision);
        for (pulled, mut scores) in pulled.outer_iter().zip(scores.outer_iter_mut()) {
            let mut next = n_own;
            for high in 0..n_own {
                scores[high] = pulled[high];
                for low in 0..=high {
                    scores[next] = half(high, low) * pulled[high] * pulled[low] - self.expected[next - n_own];
                    next += 1;
                }
            }
        }
        parts.assign(&scores.dot(&self.directions));
    }
}

/// A variance stands once in a covariance matrix and a covariance twice.
fn half(high: usize, low: usize) -> f64 {
    if high == low { 0.5 } else { 1.0 }
}

fn apart_finding(left: &str, right: &str) -> Finding {
    let sentence = format!(
        "No row has both `{left}` and `{right}`, so their covariance is not known and effects that hold both cannot be told apart."
    );
    Finding::new(FindingKind::NotEstimated, Severity::Serious, format!("{left}, {right}"), sentence)
}
