//! Whether one slope a column is enough: Brant's test of an ordinal model, and the likelihood ratio beside it.

use super::FitError;
use super::cases::Cases;
use super::columns::Columns;
use super::free_slopes::FreeSlopes;
use super::logistic::{Bernoulli, likelihood};
use super::newton::{Ascent, Ending, Limits, ascend};
use super::ordinal::{Ordinal, STEP_TOLERANCE, hc1_factor};
use super::ordinal_levels::Levels;
use super::prepared::{Prepared, listed};
use super::robust::{applicable, cluster_factor, cluster_products, sorted_clusters};
use super::separation;
use super::summary::StdErrors;
use crate::data::{Observations, WeightKind};
use crate::findings::{Finding, FindingKind, Severity};
use crate::stats::distributions::chi_squared_upper;
use crate::stats::linear_algebra::Cholesky;
use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView2, s};
use serde::{Deserialize, Serialize};

/// A model with more free parameters than this is not fitted for the likelihood ratio.
const FREE_PARAMETERS_MAX: usize = 600;
/// A difference of slopes below this, in log odds for one standard deviation of the column, changes the odds by less than
/// a tenth and is called small.
const SMALL_DIFFERENCE: f64 = 0.1;

/// A statistic held against chi squared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChiSquaredTest {
    /// The statistic.
    pub statistic: f64,
    /// Its degrees of freedom.
    pub df: usize,
    /// Probability of a statistic at least as large if the hypothesis were true.
    pub p_value: f64,
}

impl ChiSquaredTest {
    fn of(statistic: f64, df: usize) -> Self {
        Self { statistic, df, p_value: chi_squared_upper(statistic, df as f64) }
    }

    /// Wald's test that all of these are nought; `None` where the covariance is none or singular.
    pub(super) fn wald(values: &Array1<f64>, covariance: ArrayView2<f64>) -> Option<Self> {
        let cholesky = Cholesky::of(covariance);
        let whole = !values.is_empty() && cholesky.kept().len() == values.len();
        whole.then(|| Self::of(values.dot(&cholesky.solve(values.view())), values.len()))
    }
}

/// One column's slopes at every step, and the test that they are one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TermParallelism {
    /// The column.
    pub term: String,
    /// Its coefficient in the binary model of lying above each of the compared steps, on the scale of log odds.
    pub slopes: Vec<f64>,
    /// Their standard errors.
    pub std_errors: Vec<f64>,
    /// Wald's test that they are equal; `None` where it cannot be made, as a finding says.
    pub test: Option<ChiSquaredTest>,
}

/// What the tests of proportional odds say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProportionalOdds {
    /// The outcome.
    pub outcome: String,
    /// The steps between levels that Brant's test compares, as in `6|7`.
    pub steps: Vec<String>,
    /// Brant's test over all columns; `None` where it cannot be made, as a finding says.
    pub overall: Option<ChiSquaredTest>,
    /// Brant's test by column.
    pub terms: Vec<TermParallelism>,
    /// The likelihood ratio against free slopes; `None` where it cannot be made, as a finding says.
    pub likelihood_ratio: Option<ChiSquaredTest>,
    /// What a reader must know beside the numbers; `not_proportional` where the hypothesis is rejected.
    pub findings: Vec<Finding>,
}

impl ProportionalOdds {
    pub(super) fn of(
        settings: &Ordinal,
        observations: &Observations,
        cases: &Cases,
        levels: &Levels,
        prepared: &Prepared,
        ascent: &Ascent,
    ) -> Result<Self, FitError> {
        let outcome = observations.outcome().name();
        let mut result = Self {
            outcome: outcome.to_owned(),
            steps: Vec::new(),
            overall: None,
            terms: Vec::new(),
            likelihood_ratio: None,
            findings: prepared.findings.clone(),
        };
        if prepared.columns.places.is_empty() {
            return Ok(result);
        }
        let analysis = Analysis { settings, observations, cases, levels, columns: &prepared.columns };
        result.brant(&analysis, ascent)?;
        match analysis.likelihood_ratio(ascent) {
            Ok(test) => result.likelihood_ratio = Some(test),
            Err(reason) => result.not_made("The likelihood ratio against free slopes", &reason),
        }
        let rejects = |test: &ChiSquaredTest| test.p_value < 1.0 - settings.confidence.level();
        let test = result.overall.as_ref().or(result.likelihood_ratio.as_ref());
        if let Some(test) = test.filter(|test| rejects(test)) {
            let finding = result.rejection(test, prepared, rejects);
            result.findings.push(finding);
        }
        Ok(result)
    }

    fn not_made(&mut self, what: &str, reason: &str) {
        let sentence = format!("{what} of `{}` cannot be made: {reason}.", self.outcome);
        let finding = Finding::new(FindingKind::NotEstimated, Severity::Note, self.outcome.clone(), sentence);
        self.findings.push(finding);
    }

    /// Fills in the steps, the terms and the overall test.
    fn brant(&mut self, analysis: &Analysis, ascent: &Ascent) -> Result<(), FitError> {
        let names = analysis.levels.steps();
        let fits: Vec<Option<BinaryFit>> = (0..names.len()).map(|step| analysis.binary(step, ascent)).collect();
        let left_out: Vec<&str> =
            names.iter().zip(&fits).filter(|(_, fit)| fit.is_none()).map(|(name, _)| name.as_str()).collect();
        let fits: Vec<BinaryFit> = fits.into_iter().flatten().collect();
        if !left_out.is_empty() {
            let sentence = format!(
                "Brant's test of `{}` leaves out the steps {}, above and below which the columns tell the answers apart.",
                self.outcome,
                listed(&left_out)
            );
            let finding = Finding::new(FindingKind::Separated, Severity::Note, self.outcome.clone(), sentence);
            self.findings.push(finding.number("n_steps_left_out", left_out.len() as f64));
        }
        self.steps = fits.iter().map(|fit| names[fit.step].clone()).collect();
        if fits.len() < 2 {
            self.not_made("Brant's test", "fewer than two steps are left to compare");
            return Ok(());
        }
        let stacked = analysis.stacked(&fits)?;
        let n_slopes = analysis.columns.places.len();
        let terms = (0..n_slopes).map(|column| {
            let places: Vec<usize> = (0..fits.len()).map(|step| step * n_slopes + column).collect();
            let own = stacked.select(&places);
            let (differences, covariance) = own.differences(1);
            TermParallelism {
                term: analysis.name(column).to_owned(),
                slopes: own.slopes.to_vec(),
                std_errors: own.covariance.diag().iter().map(|variance| variance.max(0.0).sqrt()).collect(),
                test: ChiSquaredTest::wald(&differences, covariance.view()),
            }
        });
        self.terms = terms.collect();
        let (differences, covariance) = stacked.differences(n_slopes);
        self.overall = ChiSquaredTest::wald(&differences, covariance.view());
        let without: Vec<&str> =
            self.terms.iter().filter(|term| term.test.is_none()).map(|term| term.term.as_str()).collect();
        if self.overall.is_none() || !without.is_empty() {
            let over = if self.overall.is_none() { "all columns together".to_owned() } else { listed(&without) };
            let reason =
                "the binary fits of some steps cross or are one, which leaves no covariance; join sparse levels";
            self.not_made(&format!("Brant's test over {over}"), reason);
        }
        Ok(())
    }

    /// Says that the hypothesis is rejected and, by the column that differs most, by how much.
    fn rejection(
        &self,
        test: &ChiSquaredTest,
        prepared: &Prepared,
        rejects: impl Fn(&ChiSquaredTest) -> bool,
    ) -> Finding {
        let range = |term: &TermParallelism| {
            let slopes = || term.slopes.iter().copied();
            slopes().fold(f64::NEG_INFINITY, f64::max) - slopes().fold(f64::INFINITY, f64::min)
        };
        let std_devs: Vec<f64> = prepared.columns.places.iter().map(|&place| prepared.std_devs[place]).collect();
        let in_spreads = |index: usize| range(&self.terms[index]) * std_devs[index];
        let is_rejected = |term: &TermParallelism| term.test.as_ref().is_some_and(&rejects);
        let any_rejected = self.terms.iter().any(is_rejected);
        let widest = (0..self.terms.len())
            .filter(|&index| !any_rejected || is_rejected(&self.terms[index]))
            .max_by(|&left, &right| in_spreads(left).total_cmp(&in_spreads(right)));
        let lead = format!(
            "The columns do not act alike at every step of `{}` (chi squared {:.1} on {} degrees of freedom, p {})",
            self.outcome,
            test.statistic,
            test.df,
            if test.p_value < 0.001 { "below 0.001".to_owned() } else { format!("= {:.3}", test.p_value) }
        );
        let finding = |severity: Severity, sentence: String| {
            Finding::new(FindingKind::NotProportional, severity, self.outcome.clone(), sentence)
                .number("statistic", test.statistic)
                .number("df", test.df as f64)
                .number("p_value", test.p_value)
        };
        let Some(index) = widest else {
            return finding(Severity::Warning, format!("{lead}: one coefficient a column hides that."));
        };
        let term = &self.terms[index];
        let steps = || self.steps.iter().zip(&term.slopes);
        let low = steps().min_by(|left, right| left.1.total_cmp(right.1));
        let high = steps().max_by(|left, right| left.1.total_cmp(right.1));
        let (Some((low_step, low)), Some((high_step, high))) = (low, high) else {
            return finding(Severity::Warning, format!("{lead}."));
        };
        let is_small = in_spreads(index) < SMALL_DIFFERENCE;
        let (severity, judgement) = if is_small {
            (Severity::Note, "the difference is small, and one coefficient describes the column well")
        } else {
            (Severity::Warning, "one coefficient hides that; a model with slopes by step shows it")
        };
        let sentence = format!(
            "{lead}: one unit of `{}` multiplies the odds of a higher answer by {:.2} at {low_step} and by {:.2} at \
             {high_step}; {judgement}.",
            term.term,
            low.exp(),
            high.exp()
        );
        finding(severity, sentence).number("odds_ratio_low", low.exp()).number("odds_ratio_high", high.exp())
    }
}

/// What the tests are computed from.
struct Analysis<'a, 'c> {
    settings: &'a Ordinal,
    observations: &'a Observations,
    cases: &'a Cases<'a>,
    levels: &'a Levels,
    columns: &'a Columns<'c>,
}

/// The logistic fit of lying above one step, in the basis.
struct BinaryFit {
    step: usize,
    coefficients: Vec<f64>,
    bread: Array2<f64>,
}

/// A row as one binary fit sees it.
#[derive(Clone, Copy)]
struct AtStep {
    /// The place among the fits.
    fit: usize,
    predictor: f64,
}

/// Slopes of all steps in their own units, step after step, and their covariance.
struct Stacked {
    slopes: Array1<f64>,
    covariance: Array2<f64>,
}

impl Stacked {
    fn select(&self, places: &[usize]) -> Self {
        Self {
            slopes: places.iter().map(|&place| self.slopes[place]).collect(),
            covariance: Array2::from_shape_fn((places.len(), places.len()), |(row, column)| {
                self.covariance[[places[row], places[column]]]
            }),
        }
    }

    /// Every later step less the first, `width` slopes a step, and the covariance of these differences.
    fn differences(&self, width: usize) -> (Array1<f64>, Array2<f64>) {
        let n = self.slopes.len() - width;
        let first = |place: usize| place % width;
        let differences = Array1::from_shape_fn(n, |place| self.slopes[place + width] - self.slopes[first(place)]);
        let covariance = Array2::from_shape_fn((n, n), |(row, column)| {
            let at = |row: usize, column: usize| self.covariance[[row, column]];
            at(row + width, column + width) - at(row + width, first(column)) - at(first(row), column + width)
                + at(first(row), first(column))
        });
        (differences, covariance)
    }
}

impl Analysis<'_, '_> {
    fn name(&self, column: usize) -> &str {
        &self.observations.design().names()[self.columns.places[column]]
    }

    fn is_above(&self, row: usize, step: usize) -> f64 {
        f64::from(u8::from(self.levels.code(row) > step))
    }

    /// `None` where it has no maximum, or none that can be found.
    fn binary(&self, step: usize, ascent: &Ascent) -> Option<BinaryFit> {
        let (thresholds, slopes) = ascent.coefficients.split_at(self.levels.n_thresholds());
        let start = std::iter::once(-thresholds[step]).chain(slopes.iter().copied()).collect();
        let limits = Limits { iterations_max: self.settings.iterations_max, step_tolerance: STEP_TOLERANCE };
        let class = |row: usize| self.cases.counts(row).then(|| self.levels.code(row) > step);
        let evaluate = |coefficients: &[f64]| {
            likelihood(self.columns, coefficients, |row| (self.cases.weight(row), self.is_above(row, step)))
        };
        let ascent = ascend(evaluate, start, limits, |_| separation::direction(self.columns, class).is_some());
        let bread = Cholesky::of(ascent.sums.matrix.view()).inverse();
        let whole = ascent.ending == Ending::Converged && bread.nrows() == self.columns.n_terms();
        whole.then_some(BinaryFit { step, coefficients: ascent.coefficients, bread })
    }

    /// The slopes of all binary fits with their covariance across steps.
    fn stacked(&self, fits: &[BinaryFit]) -> Result<Stacked, FitError> {
        let (n_terms, n_slopes) = (self.columns.n_terms(), self.columns.places.len());
        let n = fits.len() * n_slopes;
        let meats = self.meats(fits)?;
        let map = Array2::from_shape_fn((n_terms, n_terms), |(row, column)| if row == column { 1.0 } else { 0.0 });
        let units: Vec<Array1<f64>> = map.outer_iter().map(|unit| self.columns.in_units(&unit.to_vec())).collect();
        let map = Array2::from_shape_fn((n_slopes, n_terms), |(slope, term)| units[term][slope + 1]);
        let mut covariance = Array2::zeros((n, n));
        for (left, left_fit) in fits.iter().enumerate() {
            for (right, right_fit) in fits.iter().enumerate().skip(left) {
                let meat =
                    meats.slice(s![left * n_terms..(left + 1) * n_terms, right * n_terms..(right + 1) * n_terms]);
                let own = map.dot(&left_fit.bread.dot(&meat).dot(&right_fit.bread)).dot(&map.t());
                let place = |step: usize| step * n_slopes..(step + 1) * n_slopes;
                covariance.slice_mut(s![place(left), place(right)]).assign(&own);
                covariance.slice_mut(s![place(right), place(left)]).assign(&own.t());
            }
        }
        let slopes = fits.iter().flat_map(|fit| self.columns.in_units(&fit.coefficients).slice(s![1..]).to_vec());
        Ok(Stacked { slopes: slopes.collect(), covariance })
    }

    /// Products of the scores of every two steps in the basis; only those of a step with itself or a later one are used.
    ///
    /// Under the model, lying above the steps `m < l` has covariance `p_l (1 - p_m)` (Brant 1990); the robust ones use the
    /// residuals.
    fn meats(&self, fits: &[BinaryFit]) -> Result<Array2<f64>, FitError> {
        let n_terms = self.columns.n_terms();
        let residual = |row: usize, step: usize, predictor: f64| {
            Bernoulli::of(self.is_above(row, fits[step].step), predictor).residual
        };
        match applicable(self.settings.std_errors, self.cases) {
            StdErrors::Model | StdErrors::Hc3 => Ok(self.products(fits, |row, first, second| {
                let not_first = Bernoulli::of(1.0, first.predictor).residual;
                self.cases.weight(row) * Bernoulli::of(1.0, second.predictor).probability * not_first
            })),
            StdErrors::Hc1 => {
                let products = self.products(fits, |row, first, second| {
                    let residual = |step: AtStep| residual(row, step.fit, step.predictor);
                    self.cases.squared_score_weight(row) * residual(first) * residual(second)
                });
                Ok(products * hc1_factor(self.cases.n_used, n_terms))
            }
            StdErrors::Cluster => {
                let sorted = sorted_clusters(self.cases, self.observations.clusters())?;
                let own: Vec<Array1<f64>> =
                    fits.iter().map(|fit| self.columns.before_rotation(&fit.coefficients)).collect();
                let products = cluster_products(self.columns, fits.len() * n_terms, &sorted, |row, z, score| {
                    for (step, own) in own.iter().enumerate() {
                        let predictor: f64 = z.iter().zip(own).map(|(z, coefficient)| z * coefficient).sum();
                        let weight = self.cases.weight(row) * residual(row, step, predictor);
                        let score = &mut score[step * n_terms..][..n_terms];
                        score.iter_mut().zip(z).for_each(|(score, z)| *score += weight * z);
                    }
                });
                let mut rotated = Array2::zeros(products.dim());
                for (left, right) in (0..fits.len()).flat_map(|left| (0..fits.len()).map(move |right| (left, right))) {
                    let place = s![left * n_terms..(left + 1) * n_terms, right * n_terms..(right + 1) * n_terms];
                    rotated
                        .slice_mut(place)
                        .assign(&self.columns.products_after_rotation(products.slice(place).to_owned()));
                }
                Ok(rotated * cluster_factor(sorted.n_clusters(), self.cases.n_used, n_terms))
            }
        }
    }

    /// `sum factor z z'` for every two steps, a pass for each first one.
    fn products(&self, fits: &[BinaryFit], factor: impl Fn(usize, AtStep, AtStep) -> f64 + Sync) -> Array2<f64> {
        let n_terms = self.columns.n_terms();
        let steps = Array2::from_shape_fn((n_terms, fits.len()), |(term, step)| fits[step].coefficients[term]);
        let mut all = Array2::zeros((fits.len() * n_terms, fits.len() * n_terms));
        for first in 0..fits.len() {
            let n_later = fits.len() - first;
            let empty = || Array2::<f64>::zeros((n_terms, n_later * n_terms));
            let tasks = self.columns.by_task(
                &|block, first_row, total: &mut Array2<f64>, _| {
                    let predictors = block.dot(&steps);
                    let mut right = Array2::<f64>::zeros((block.nrows(), n_later * n_terms));
                    for (offset, mut right) in right.outer_iter_mut().enumerate() {
                        let row = first_row + offset;
                        if !self.cases.counts(row) {
                            continue;
                        }
                        for later in 0..n_later {
                            let second = first + later;
                            let of = |fit: usize| AtStep { fit, predictor: predictors[[offset, fit]] };
                            let factor = factor(row, of(first), of(second));
                            let mut right = right.slice_mut(s![later * n_terms..(later + 1) * n_terms]);
                            right.zip_mut_with(&block.row(offset), |right, z| *right = factor * z);
                        }
                    }
                    general_mat_mul(1.0, &block.t(), &right, 1.0, total);
                },
                &empty,
            );
            let total = tasks.into_iter().fold(empty(), |total, task| total + task);
            all.slice_mut(s![first * n_terms..(first + 1) * n_terms, first * n_terms..]).assign(&total);
        }
        all
    }

    /// The test, or why there is none.
    fn likelihood_ratio(&self, common: &Ascent) -> Result<ChiSquaredTest, String> {
        let clustered = self.settings.std_errors == StdErrors::Cluster;
        if clustered || self.cases.kind() == Some(WeightKind::Sampling) {
            return Err("rows that depend on each other or stand for others have no likelihood to compare".to_owned());
        }
        let is_parallel = vec![false; self.observations.design().n_features()];
        let free = FreeSlopes::new(self.columns, self.cases, self.levels, &is_parallel);
        let n_parameters = free.n_parameters();
        if n_parameters > FREE_PARAMETERS_MAX {
            return Err(format!(
                "free slopes are {n_parameters} coefficients, and at most {FREE_PARAMETERS_MAX} are fitted"
            ));
        }
        if self.cases.n_used <= n_parameters {
            return Err(format!("free slopes are {n_parameters} coefficients for {} rows", self.cases.n_used));
        }
        let limits = Limits { iterations_max: self.settings.iterations_max, step_tolerance: STEP_TOLERANCE };
        let (ascent, along) = free.ascend(free.widened(&common.coefficients), limits);
        match (ascent.ending, along) {
            (Ending::Converged, _) => {
                let statistic = 2.0 * (ascent.log_likelihood - common.log_likelihood);
                Ok(ChiSquaredTest::of(statistic.max(0.0), n_parameters - common.coefficients.len()))
            }
            (Ending::Divergent, Some(along)) => {
                let names: Vec<&str> = (0..self.columns.places.len()).map(|column| self.name(column)).collect();
                let (separating, _) = free.separating(&names, &along);
                let names: Vec<&str> = separating.iter().map(|column| column.term.as_str()).collect();
                Err(format!("with slopes of its own, a step between levels is separated by {}", listed(&names)))
            }
            _ => Err("the fit with free slopes did not converge".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Outcome;
    use crate::estimators::formula_data::{observations, wave};

    /// Levels 0 to 3 at fixed cuts of a latent value with logistic noise; the column `turning` works at the highest cut
    /// only as far as `turn` says.
    fn data(n_rows: usize, turn: f64) -> Observations {
        let features = Array2::from_shape_fn((n_rows, 2), |(row, column)| 4.0 * wave(row, column));
        let level = Array1::from_shape_fn(n_rows, |row| {
            let share = wave(row, 9) + 0.5;
            let noise = (share / (1.0 - share)).ln();
            let plain = features[[row, 0]] + noise;
            let at = |cut: f64, slope: f64| f64::from(u8::from(plain + slope * features[[row, 1]] > cut));
            at(-1.5, 0.0) + at(0.0, 0.0) + at(2.0, turn).min(at(0.0, 0.0) * at(-1.5, 0.0))
        });
        observations(&["steady", "turning"], features, Outcome::numeric("recommend", level).expect("finite"))
    }

    fn rejection(found: &ProportionalOdds) -> Option<&Finding> {
        found.findings.iter().find(|finding| finding.kind == FindingKind::NotProportional)
    }

    #[test]
    fn proportional_odds_are_not_rejected() {
        let found = Ordinal::default().proportional_odds(&data(3000, 0.0)).expect("a fit");
        assert!(rejection(&found).is_none(), "{found:?}");
        assert_eq!(found.steps, ["0|1", "1|2", "2|3"]);
        let (brant, ratio) = (found.overall.expect("a test"), found.likelihood_ratio.expect("a test"));
        assert_eq!((brant.df, ratio.df), (4, 4));
        // Both tests are of the same hypothesis and agree in large samples.
        assert!((brant.statistic - ratio.statistic).abs() < 0.2 * ratio.statistic, "{brant:?} {ratio:?}");
    }

    #[test]
    fn a_column_that_works_at_one_step_only_is_named_with_its_odds() {
        let found = Ordinal::default().proportional_odds(&data(3000, 0.8)).expect("a fit");
        let finding = rejection(&found).expect("a finding");
        assert!(finding.sentence.contains("one unit of `turning` multiplies the odds"), "{}", finding.sentence);
        assert!(finding.sentence.contains("at 2|3"), "{}", finding.sentence);
        assert_eq!(finding.severity, Severity::Warning);
        let turning = &found.terms[1];
        assert!((finding.numbers["odds_ratio_high"] - turning.slopes[2].exp()).abs() < 1e-12);
        assert!(turning.test.as_ref().is_some_and(|test| test.p_value < 1e-6));
        assert!(found.likelihood_ratio.is_some_and(|test| test.p_value < 1e-6));
    }

    #[test]
    fn a_step_that_the_columns_split_is_left_out_by_name() {
        let plain = data(400, 0.0);
        let features = plain.design().values().to_owned();
        // One row far out has a level of its own above all others.
        let mut features = features;
        features[[0, 0]] = 40.0;
        let mut level = plain.outcome().values().to_owned();
        level[0] = 4.0;
        let data = observations(&["steady", "turning"], features, Outcome::numeric("y", level).expect("finite"));
        let found = Ordinal::default().proportional_odds(&data).expect("a fit");
        assert_eq!(found.steps, ["0|1", "1|2", "2|3"]);
        assert!(
            found
                .findings
                .iter()
                .any(|finding| { finding.kind == FindingKind::Separated && finding.sentence.contains("`3|4`") })
        );
        assert!(found.likelihood_ratio.is_none() && found.overall.is_some());
    }

    #[test]
    fn without_columns_there_is_nothing_to_test() {
        let names = Vec::new();
        let design = crate::data::DesignMatrix::new(names, Array2::zeros((6, 0))).expect("no columns");
        let outcome = Outcome::numeric("y", ndarray::array![0.0, 1.0, 2.0, 0.0, 1.0, 2.0]).expect("finite");
        let found = Ordinal::default().proportional_odds(&Observations::new(design, outcome).expect("as many rows"));
        let found = found.expect("a fit");
        assert!(found.terms.is_empty() && found.overall.is_none() && found.findings.is_empty());
    }
}
