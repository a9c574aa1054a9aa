//! The test that no driver goes with the outcome, given what is always in the model.

use super::analysis::{self, Driver};
use super::regression::{FullModel, Regression};
use crate::data::{Observations, WeightKind};
use crate::estimators::{Coefficient, StdErrors};
use crate::findings::{Finding, FindingKind, Severity, thousands};
use crate::stats::SecondMoments;
use crate::stats::distributions::f_upper;
use crate::stats::linear_algebra::Cholesky;
use crate::stats::random::stream;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, s};
use rand::Rng;
use std::collections::HashMap;

/// Of fewer units for each slope than this, the law of the statistic is not matched but drawn.
const UNITS_PER_TERM: usize = 10;
/// Of no more units than this, all patterns of signs are gone through.
const ENUMERATED_MAX: usize = 17;
/// Patterns drawn where there are more.
const N_PATTERNS: usize = 9_999;
/// Statistics closer than this are equal (relative).
const TIE: f64 = 1e-12;

/// Standard errors that hold although rows are no independent draws that count alike: by cluster where customers have
/// several rows, robust ones under sampling weights. `None` where the likelihood itself tests.
pub(super) fn robust(observations: &Observations) -> Option<StdErrors> {
    match observations.weights().kind() {
        _ if observations.n_clusters_repeated().is_some() => Some(StdErrors::Cluster),
        Some(WeightKind::Sampling) => Some(StdErrors::Hc1),
        _ => None,
    }
}

/// Whether the test of all drivers goes by customers, or by rows of unequal weight, and not by the likelihood.
pub(super) fn is_by_units(observations: &Observations) -> bool {
    robust(observations).is_some()
}

/// What is drawn independently: customers (clusters) where they have several rows, else rows; those with a weight.
pub(super) struct Units {
    /// By row that counts: the row and its unit.
    of_rows: Vec<(usize, usize)>,
    n_units: usize,
}

impl Units {
    pub fn of(observations: &Observations) -> Self {
        let code = |row: usize| observations.clusters().map_or(row, |clusters| clusters.codes()[row] as usize);
        let mut places: HashMap<usize, usize> = HashMap::new();
        let of_rows = (0..observations.n_rows())
            .filter(|&row| observations.weights().of(row) > 0.0)
            .map(|row| {
                let next = places.len();
                (row, *places.entry(code(row)).or_insert(next))
            })
            .collect();
        Self { of_rows, n_units: places.len() }
    }

    pub fn n_units(&self) -> usize {
        self.n_units
    }

    pub fn of_rows(&self) -> impl Iterator<Item = (usize, usize)> {
        self.of_rows.iter().copied()
    }
}

/// The p-value that scores, one row a unit and one column a slope, sum to no more than if each unit's sign were drawn: without a
/// slope the scores of customers are as likely this way as the other. `None` where units are no more than slopes, or all alike.
///
/// The statistic is `s' inverse(M) s`, with `s` the sum of the scores and `M` the sum of their products, which signs do not change.
/// Under the signs its mean is the number of slopes `q` and its variance `2 q (1 - h)`, `h` the sum of the squares of what each unit
/// adds to the statistic by itself, over `q`. Beta's law (F with `q` and `G - q`, exact for normal scores of `G` units) is given the
/// `G` that has this variance. Where units are few beside slopes, signs are drawn, all of them where that is no more work.
///
/// Unlike Wald's statistic, whose covariance is too small where a few customers have much weight, this one knows the residuals
/// without the drivers: it keeps its level.
///
/// # References
/// Boos (1992), "On generalized score tests", The American Statistician 46(4); Hemerik, Goeman and Finos (2020), "Robust testing in
/// generalized linear models by sign flipping score contributions", JRSS B 82(3).
pub(super) fn by_signs(scores: &Array2<f64>) -> Option<f64> {
    let (n_units, n_terms) = scores.dim();
    if n_terms == 0 {
        return Some(1.0);
    }
    if n_units <= n_terms {
        return None;
    }
    let scaled = scores / &scores.mapv(|score| score * score).sum_axis(Axis(0)).mapv(f64::sqrt);
    let cholesky = Cholesky::of(scaled.t().dot(&scaled).view());
    if !cholesky.aliased().is_empty() {
        return None;
    }
    let value = |sum: ArrayView1<f64>| sum.dot(&cholesky.solve(sum));
    let statistic = value(scaled.sum_axis(Axis(0)).view());
    if n_units < UNITS_PER_TERM * n_terms {
        return Some(drawn_signs(&scaled, |sum| value(sum) >= statistic * (1.0 - TIE)));
    }
    let (q, all) = (n_terms as f64, n_units as f64);
    let alone: f64 = scaled.outer_iter().map(|unit| value(unit).powi(2)).sum::<f64>() / q;
    let effective = (q + 2.0) / alone - 2.0;
    let least = (1.0 - all).exp2();
    if statistic >= effective {
        return Some(least);
    }
    let ratio = statistic / q / ((effective - statistic) / (effective - q));
    Some(f_upper(ratio, q, effective - q).max(least))
}

/// The share of patterns of signs under which the sum of the scores is as far out as `is_as_far` says.
fn drawn_signs(scores: &Array2<f64>, is_as_far: impl Fn(ArrayView1<f64>) -> bool) -> f64 {
    let n_units = scores.nrows();
    let summed = |is_negative: &dyn Fn(usize) -> bool| {
        let mut sum = Array1::<f64>::zeros(scores.ncols());
        for (unit, score) in scores.outer_iter().enumerate() {
            sum.scaled_add(if is_negative(unit) { -1.0 } else { 1.0 }, &score);
        }
        sum
    };
    // A pattern and its opposite are as far out: the first unit keeps its sign.
    if n_units <= ENUMERATED_MAX {
        let n_patterns = 1_usize << (n_units - 1);
        let as_far = (0..n_patterns)
            .filter(|pattern| is_as_far(summed(&|unit| unit > 0 && pattern >> (unit - 1) & 1 == 1).view()));
        return as_far.count() as f64 / n_patterns as f64;
    }
    let mut random = stream(0, "signs of units", 0);
    let n_as_far = (0..N_PATTERNS).filter(|_| {
        let signs: Vec<bool> = (0..n_units).map(|_| random.random()).collect();
        is_as_far(summed(&|unit| signs[unit]).view())
    });
    (1 + n_as_far.count()) as f64 / (1 + N_PATTERNS) as f64
}

/// By unit: the scores of the drivers' columns at the least squares of what is always in.
fn linear_scores(observations: &Observations, drivers: &[Driver], always: &[usize]) -> Array2<f64> {
    let (arranged, layout) = analysis::arranged(observations, drivers, always);
    let (n_always, outcome) = (layout.always.len(), arranged.ncols() - 1);
    let weights = observations.weights();
    let SecondMoments { means, cross_products, .. } = SecondMoments::of_rows(arranged.view(), weights.values());
    let kept = Cholesky::of(cross_products.slice(s![..outcome, ..outcome])).kept().to_vec();
    let (own, tested): (Vec<usize>, Vec<usize>) = kept.into_iter().partition(|&column| column < n_always);
    let of_own = cross_products.select(Axis(0), &own);
    let cholesky = Cholesky::of(of_own.select(Axis(1), &own).view());
    let along = |column: usize| cholesky.solve(of_own.column(column));
    let (of_outcome, of_tested) = (along(outcome), tested.iter().map(|&column| along(column)).collect::<Vec<_>>());
    let units = Units::of(observations);
    let mut sums = Array2::zeros((units.n_units(), tested.len()));
    for (row, unit) in units.of_rows() {
        let centred = &arranged.row(row) - &means;
        let left = |column: usize, along: &Array1<f64>| {
            centred[column] - own.iter().zip(along).map(|(&own, along)| along * centred[own]).sum::<f64>()
        };
        let residual = weights.of(row) * left(outcome, &of_outcome);
        for (place, (&column, along)) in tested.iter().zip(&of_tested).enumerate() {
            sums[[unit, place]] += residual * left(column, along);
        }
    }
    sums
}

/// A full model's slopes with a covariance that holds.
pub(super) struct Slopes<'a> {
    pub coefficients: &'a [Coefficient],
    /// Of the coefficients, in their order.
    pub covariance: ArrayView2<'a, f64>,
    /// How sure the covariance itself is.
    pub freedom: Freedom,
}

/// The degrees of freedom behind a covariance.
#[derive(Debug, Clone, Copy)]
pub(super) enum Freedom {
    /// Those of the residuals.
    Residual(f64),
    /// A covariance by so many clusters.
    Clusters(usize),
}

impl Freedom {
    /// Of a fit by cluster, if it is one.
    pub fn by_cluster(n_clusters: Option<usize>, otherwise: Self) -> Self {
        n_clusters.map_or(otherwise, Self::Clusters)
    }
}

impl Slopes<'_> {
    /// The p-value of `b' inverse(V) b / q` over the terms to be tested, by F with q and the residual degrees of freedom; `None`
    /// where their covariance is not one, as where there are no more clusters than terms.
    ///
    /// A covariance by `G` clusters is itself made of `G` random scores, so that the statistic is Hotelling's: times
    /// `(G - q) / (G - 1)` it follows F with q and `G - q`. For a single term that is Student's t with `G - 1`.
    ///
    /// # References
    /// Cameron and Miller (2015), "A practitioner's guide to cluster-robust inference", Journal of Human Resources 50(2),
    /// section VII; Pustejovsky and Tipton (2018), "Small-sample methods for cluster-robust variance estimation and hypothesis
    /// testing in fixed effects models", Journal of Business and Economic Statistics 36(4), section 3, for Hotelling's law.
    pub fn wald(&self, is_tested: impl Fn(&str) -> bool) -> Option<f64> {
        let tested: Vec<usize> =
            (0..self.coefficients.len()).filter(|&term| is_tested(&self.coefficients[term].term)).collect();
        if tested.is_empty() {
            return Some(1.0);
        }
        let covariance = self.covariance.select(Axis(0), &tested).select(Axis(1), &tested);
        let scales = covariance.diag().mapv(f64::sqrt);
        let estimates: Array1<f64> = tested.iter().map(|&term| self.coefficients[term].estimate).collect();
        let scaled = estimates / &scales;
        let correlations = &covariance / &scales / &scales.clone().insert_axis(Axis(1));
        let cholesky = Cholesky::of(correlations.view());
        if !cholesky.aliased().is_empty() {
            return None;
        }
        let n_tested = tested.len() as f64;
        let statistic = scaled.dot(&cholesky.solve(scaled.view())) / n_tested;
        if !statistic.is_finite() {
            return None;
        }
        match self.freedom {
            Freedom::Residual(freedom) => (freedom > 0.0).then(|| f_upper(statistic, n_tested, freedom)),
            Freedom::Clusters(n_clusters) => {
                let left = n_clusters as f64 - n_tested;
                (left > 0.5).then(|| f_upper(statistic * left / (n_clusters as f64 - 1.0), n_tested, left))
            }
        }
    }
}

/// A p-value, and what is to be said of it.
pub(super) struct OverallTest {
    pub p_value: f64,
    pub finding: Option<Finding>,
}

impl OverallTest {
    /// One that needs no word.
    pub fn plain(p_value: f64) -> Self {
        Self { p_value, finding: None }
    }

    /// One that takes every customer for one observation, because no test by customer can be had.
    pub fn of_customers(outcome: &str, n_clusters: usize, p_value: f64) -> Self {
        let finding = (p_value > 0.0 && p_value < 1.0).then(|| {
            let sentence = format!(
                "{} customers (clusters) leave no test by customer that no driver goes with {outcome}; its p-value \
                 counts each of them as one answer",
                thousands(n_clusters)
            );
            Finding::new(FindingKind::SmallBase, Severity::Warning, outcome, sentence)
                .number("n_clusters", n_clusters as f64)
        });
        Self { p_value, finding }
    }
}

/// The test of a linear model from its rows.
pub(super) fn of_rows(
    observations: &Observations,
    drivers: &[Driver],
    always: &[usize],
    regression: &Regression,
) -> OverallTest {
    let full = regression.full_model();
    let by_moments = |n_observations: f64| f_test(n_observations, regression, &full);
    let n_observations = observations.weights().n_observations(observations.n_rows());
    if !is_by_units(observations) {
        return OverallTest::plain(by_moments(n_observations));
    }
    let p_value = by_signs(&linear_scores(observations, drivers, always));
    match (p_value, observations.n_clusters_repeated()) {
        (Some(p_value), _) => OverallTest::plain(p_value),
        (None, Some(n_clusters)) => {
            let least = (regression.n_columns() + regression.n_always() + 2) as f64;
            let p_value = by_moments((n_clusters as f64).max(least));
            OverallTest::of_customers(observations.outcome().name(), n_clusters, p_value)
        }
        (None, None) => OverallTest::plain(by_moments(n_observations)),
    }
}

/// Whether a term is a column of one of the drivers.
pub(super) fn is_of(names: &[String], drivers: &[Driver], term: &str) -> bool {
    drivers.iter().flat_map(|driver| &driver.columns).any(|&column| names[column] == term)
}

/// F test of all drivers together from R squared, given what is always in the model; 1 where no driver adds a term to it.
pub(super) fn f_test(n_observations: f64, regression: &Regression, full: &FullModel) -> f64 {
    let n_kept = (regression.n_columns() - full.aliased.len()) as f64;
    let df_residual = n_observations - n_kept - regression.n_always() as f64 - 1.0;
    let gain = full.r_squared - regression.explained_always();
    let left = 1.0 - full.r_squared;
    if n_kept < 0.5 || gain <= 0.0 {
        1.0
    } else if left <= 1e-14 {
        0.0
    } else {
        f_upper(gain / n_kept / (left / df_residual), n_kept, df_residual)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Clusters, DesignMatrix, Outcome, Weights};
    use crate::drivers::{DriverAnalysis, DriverFamily, Method};
    use crate::estimators::formula_data::{FormulaData, wave};
    use crate::stats::random::stream;
    use ndarray::Array2;
    use rand::Rng;
    use rand_distr::{Gamma, StandardNormal};

    fn number(data: &FormulaData) -> Array1<f64> {
        Array1::from_shape_fn(data.clusters.len(), |row| {
            wave(data.clusters[row], 7) + 0.5 * wave(row, 6) + 0.004 * data.features[[row, 1]]
        })
    }

    fn numeric(data: &FormulaData) -> Observations {
        let outcome = Outcome::numeric("number", number(data)).expect("finite");
        Observations::new(data.design(), outcome).expect("one a row")
    }

    /// The number above so many of its 120 values, one level more for each.
    fn stepped(data: &FormulaData, below: &[f64]) -> Vec<f64> {
        let number = number(data);
        let mut sorted = number.to_vec();
        sorted.sort_by(f64::total_cmp);
        // Quantiles as numpy has them, between two values.
        let quantile = |share: f64| {
            let (place, part) = ((119.0 * share).floor(), (119.0 * share).fract());
            sorted[place as usize] + part * (sorted[place as usize + 1] - sorted[place as usize])
        };
        let cuts: Vec<f64> = below.iter().map(|&share| quantile(share)).collect();
        number.iter().map(|&value| cuts.iter().filter(|&&cut| value > cut).count() as f64).collect()
    }

    fn observed(data: &FormulaData, outcome: Outcome) -> Observations {
        Observations::new(data.design(), outcome).expect("one a row")
    }

    fn binary(data: &FormulaData) -> Observations {
        observed(data, Outcome::binary("class", stepped(data, &[0.5]).into()).expect("0 and 1"))
    }

    fn levels(data: &FormulaData) -> Observations {
        observed(data, Outcome::numeric("level", stepped(data, &[0.3, 0.7]).into()).expect("finite"))
    }

    fn counts(data: &FormulaData) -> Observations {
        let number = number(data);
        let least = number.iter().copied().fold(f64::INFINITY, f64::min);
        let counts = number.mapv(|value| (4.0 * (value - least)).floor());
        observed(data, Outcome::numeric("count", counts).expect("finite"))
    }

    /// The p-value of `price` and `calls`, given `speed`.
    fn p_value(observations: &Observations, family: DriverFamily) -> f64 {
        let analysis = DriverAnalysis { methods: vec![Method::Shapley], replicates: 0, ..DriverAnalysis::default() };
        let drivers = [Driver::column("price", 1), Driver::column("calls", 2)];
        let ranking = match family {
            DriverFamily::Linear => analysis.rank(observations, &drivers, &[0]),
            family => analysis.rank_by_family(family, observations, &drivers, &[0], crate::drivers::FitKind::Mcfadden),
        };
        ranking.expect("a ranking").p_value
    }

    /// Expected values: tests/oracles/drivers_overall.py (residuals, scores and information by statsmodels).
    #[test]
    fn customers_and_sampling_weights_are_heeded() {
        let data = FormulaData::of(120);
        let by_customer = |rows: Observations, family: DriverFamily| {
            let rows = rows.clustered(Clusters::from_labels(&data.clusters)).expect("one a row");
            p_value(&rows, family)
        };
        let weights = Weights::new(WeightKind::Sampling, data.weights.clone()).expect("valid");
        let got = [
            p_value(&numeric(&data), DriverFamily::Linear),
            by_customer(numeric(&data), DriverFamily::Linear),
            p_value(&numeric(&data).weighted(weights).expect("one a row"), DriverFamily::Linear),
            by_customer(binary(&data), DriverFamily::Logistic),
            by_customer(counts(&data), DriverFamily::Count),
            by_customer(levels(&data), DriverFamily::Ordinal),
        ];
        let want = [
            0.000_528_177_322_813_208_7,
            0.021_163_940_429_687_5,
            0.005_011_368_742_233_077,
            0.070_434_570_312_5,
            0.027_389_526_367_187_5,
            0.016_296_386_718_75,
        ];
        assert!(got.iter().zip(want).all(|(got, want)| (got - want).abs() < 1e-8), "{got:?} {want:?}");
    }

    /// By hand: with one slope the statistic is `(sum s)^2 / sum s^2`. Of the signs of 1, 2, 3 the sum is 6 or -6 in two of eight
    /// patterns, and of 1, 1, 2 it is at least 2 in size in six.
    #[test]
    fn few_units_go_through_all_signs() {
        let p_value = |scores: &[f64]| by_signs(&Array2::from_shape_fn((scores.len(), 1), |(unit, _)| scores[unit]));
        assert!(p_value(&[1.0, 2.0, 3.0]).is_some_and(|p_value| (p_value - 0.25).abs() < 1e-12));
        assert!(p_value(&[1.0, -1.0, 2.0]).is_some_and(|p_value| (p_value - 0.75).abs() < 1e-12));
        assert_eq!(p_value(&[1.0]), None);
        // 40 alike go as far in one pattern and its opposite alone, of which the matched law knows the variance and no more.
        let (alike, least) = (p_value(&[1.0; 40]).expect("a test"), (-39.0_f64).exp2());
        assert!((least..10.0 * least).contains(&alike), "{alike}");
    }

    /// Customers with a single row each are rows; repeated as they are, they say no more (by definition).
    #[test]
    fn rows_that_repeat_say_nothing_new() {
        let data = FormulaData::of(120);
        let single = numeric(&data).clustered(Clusters::from_labels(0..120)).expect("one a row");
        let alone = p_value(&numeric(&data), DriverFamily::Linear);
        assert_eq!(p_value(&single, DriverFamily::Linear).to_bits(), alone.to_bits());
        let repeated = |times: usize| {
            let rows: Vec<usize> = (0..120 * times).map(|row| row % 120).collect();
            p_value(&single.select(&rows).expect("rows"), DriverFamily::Linear)
        };
        // But for `(n - 1) / (n - k)`.
        let (twice, ten) = (repeated(2), repeated(10));
        assert!((twice / ten - 1.0).abs() < 0.1, "{twice} {ten}");
        assert!(twice > alone / 10.0, "{twice} {alone}");
    }

    /// 200 companies of 20 customers with ten answers each, of which nothing goes with anything but customers with themselves: the
    /// test of five drivers is below 0.05 in one of twenty, by definition; F with `G - 1` would be in one of five.
    #[test]
    fn drivers_that_go_with_nothing_are_shown_no_more_often_than_chance() {
        let drivers: Vec<Driver> = (0..5).map(|column| Driver::column(format!("x{column}"), column)).collect();
        let analysis = DriverAnalysis { replicates: 0, ..DriverAnalysis::default() };
        let mut n_shown = 0;
        for company in 0..200 {
            let mut random = stream(11, "customers", company);
            let mut normals = |n: usize| -> Vec<f64> { (0..n).map(|_| random.sample(StandardNormal)).collect() };
            let features = Array2::from_shape_vec((200, 5), normals(1000)).expect("200 by 5");
            let names = (0..5).map(|column| format!("x{column}")).collect();
            let design = DesignMatrix::new(names, features).expect("finite");
            let outcome = Outcome::numeric("y", normals(200).into()).expect("finite");
            let rows = Observations::new(design, outcome).expect("one a row");
            let rows = rows.clustered(Clusters::from_labels((0..200).map(|row| row / 10))).expect("one a row");
            n_shown += usize::from(analysis.rank(&rows, &drivers, &[]).expect("a ranking").p_value <= 0.05);
        }
        // 10 are expected, with a standard error of 3.
        assert!((2..=20).contains(&n_shown), "{n_shown}");
    }

    /// Companies in which drivers and outcome vary by customer and have nothing to do with each other; rows may have very unequal
    /// weights. The share of them with a p-value of all drivers of at most 0.05.
    fn shown(n_companies: u64, n_rows: usize, customers: Option<usize>, weighted: bool, family: DriverFamily) -> f64 {
        let drivers: Vec<Driver> = (0..4).map(|column| Driver::column(format!("x{column}"), column)).collect();
        let analysis = DriverAnalysis { replicates: 0, ..DriverAnalysis::default() };
        let gamma = Gamma::new(1.5, 1.0).expect("a law");
        let n_shown = (0..n_companies).filter(|&company| {
            let mut random = stream(23, "unequal customers", company);
            let of_row: Vec<usize> =
                (0..n_rows).map(|row| customers.map_or(row, |n| random.random_range(0..n))).collect();
            let own =
                Array2::from_shape_simple_fn((customers.unwrap_or(0), 5), || random.sample::<f64, _>(StandardNormal));
            let of_customer = |row: usize, column: usize| customers.map_or(0.0, |_| own[[of_row[row], column]]);
            let mut features = Array2::zeros((n_rows, 4));
            for (row, mut values) in features.outer_iter_mut().enumerate() {
                let common = 0.6 * random.sample::<f64, _>(StandardNormal);
                for (column, value) in values.iter_mut().enumerate() {
                    *value = 0.8 * random.sample::<f64, _>(StandardNormal) + 0.8 * of_customer(row, column) + common;
                }
            }
            let outcome: Array1<f64> =
                (0..n_rows).map(|row| random.sample::<f64, _>(StandardNormal) + of_customer(row, 4)).collect();
            let outcome = match family {
                DriverFamily::Logistic => Outcome::binary("y", outcome.mapv(|value| f64::from(u8::from(value > 0.5)))),
                _ => Outcome::numeric("y", outcome),
            };
            let names = (0..4).map(|column| format!("x{column}")).collect();
            let design = DesignMatrix::new(names, features).expect("finite");
            let mut rows = Observations::new(design, outcome.expect("an outcome")).expect("one a row");
            if customers.is_some() {
                rows = rows.clustered(Clusters::from_labels(&of_row)).expect("one a row");
            }
            if weighted {
                let weights = (0..n_rows).map(|_| random.sample(gamma) + 0.05).collect();
                let weights = Weights::new(WeightKind::Sampling, weights).expect("positive");
                rows = rows.weighted(weights).expect("one a row");
            }
            let overall = match family {
                DriverFamily::Linear => of_rows(&rows, &drivers, &[], &regression(&rows, &drivers)).p_value,
                family => {
                    let ranking =
                        analysis.rank_by_family(family, &rows, &drivers[..2], &[], crate::drivers::FitKind::Mcfadden);
                    ranking.expect("a ranking").p_value
                }
            };
            overall <= 0.05
        });
        n_shown.count() as f64 / n_companies as f64
    }

    fn regression(rows: &Observations, drivers: &[Driver]) -> Regression {
        let (arranged, layout) = analysis::arranged(rows, drivers, &[]);
        let moments = SecondMoments::of_rows(arranged.view(), rows.weights().values());
        Regression::of(&moments, &layout).expect("an outcome that varies")
    }

    /// By definition one in twenty; the standard error of a share of 500 is 0.01. Of 2,000 each was between 0.04 and 0.065. Wald's test by
    /// Hotelling's law was below 0.05 in 9 to 13 of 100 of such companies.
    #[test]
    fn the_level_holds_for_unequal_customers_and_weights() {
        for (n_rows, customers, weighted) in [
            (300, Some(40), false),
            (300, Some(40), true),
            (100, None, true),
            (300, None, true),
            (120, Some(12), false),
        ] {
            let share = shown(500, n_rows, customers, weighted, DriverFamily::Linear);
            assert!((0.025..=0.075).contains(&share), "{n_rows} {customers:?} {weighted}: {share}");
        }
    }

    /// As above, of 250 companies: the standard error is 0.014.
    #[test]
    fn the_level_holds_for_classes() {
        for (n_rows, customers, weighted) in [(300, Some(40), false), (150, None, true)] {
            let share = shown(250, n_rows, customers, weighted, DriverFamily::Logistic);
            assert!((0.016..=0.084).contains(&share), "{n_rows} {customers:?} {weighted}: {share}");
        }
    }

    /// Three customers cannot carry a test of two columns beside a third: each counts as one answer, which is said.
    #[test]
    fn too_few_customers_leave_no_test() {
        let data = FormulaData::of(120);
        let few = Clusters::from_labels((0..120).map(|row| row % 3));
        let rows = numeric(&data).clustered(few).expect("one a row");
        let analysis = DriverAnalysis { replicates: 0, ..DriverAnalysis::default() };
        let drivers: Vec<Driver> =
            ["speed", "price", "calls"].into_iter().enumerate().map(|(at, name)| Driver::column(name, at)).collect();
        let ranking = analysis.rank(&rows, &drivers, &[]).expect("a ranking");
        let said: Vec<&str> = ranking.findings.iter().map(|finding| finding.sentence.as_str()).collect();
        assert!(said.iter().any(|sentence| sentence.contains("leave no test by customer")), "{said:?}");
        assert!(said.iter().any(|sentence| sentence.contains("rest on 3 customers")), "{said:?}");
        assert!(ranking.p_value > 0.2, "{}", ranking.p_value);
    }
}
