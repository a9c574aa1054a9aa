//! The test that no driver goes with the outcome, given what is always in the model.

use super::analysis::{self, Driver};
use super::regression::{FullModel, Regression};
use crate::data::{Observations, WeightKind};
use crate::estimators::{Coefficient, Ols, StdErrors};
use crate::findings::{Finding, FindingKind, Severity, thousands};
use crate::stats::distributions::{chi_squared_upper, f_upper};
use crate::stats::linear_algebra::Cholesky;
use ndarray::{Array1, ArrayView2, Axis};

/// Standard errors that hold although rows are no independent draws that count alike: by cluster where customers have
/// several rows, robust ones under sampling weights. `None` where the likelihood itself tests.
pub(super) fn robust(observations: &Observations) -> Option<StdErrors> {
    match observations.weights().kind() {
        _ if observations.n_clusters_repeated().is_some() => Some(StdErrors::Cluster),
        Some(WeightKind::Sampling) => Some(StdErrors::Hc1),
        _ => None,
    }
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
    /// So many rows that statistics are normal.
    Endless,
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
            Freedom::Endless => Some(chi_squared_upper(statistic * n_tested, n_tested)),
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
    let Some(std_errors) = robust(observations) else { return OverallTest::plain(by_moments(n_observations)) };
    let modelled = observations.with_features(&analysis::sources(drivers, always));
    let fit = Ols { std_errors, ..Ols::default() }.fit(&modelled).ok();
    let p_value = fit.and_then(|fit| {
        let slopes = Slopes {
            coefficients: fit.coefficients(),
            covariance: fit.covariance(),
            freedom: Freedom::by_cluster(fit.summary().n_clusters, Freedom::Residual(fit.summary().df_residual as f64)),
        };
        slopes.wald(|term| is_of(observations.design().names(), drivers, term))
    });
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
    use crate::drivers::{DriverAnalysis, DriverFamily};
    use crate::estimators::formula_data::{FormulaData, wave};
    use crate::stats::random::stream;
    use ndarray::Array2;
    use rand::Rng;
    use rand_distr::StandardNormal;

    fn number(data: &FormulaData) -> Array1<f64> {
        Array1::from_shape_fn(data.clusters.len(), |row| {
            wave(data.clusters[row], 7) + 0.5 * wave(row, 6) + 0.004 * data.features[[row, 1]]
        })
    }

    fn numeric(data: &FormulaData) -> Observations {
        let outcome = Outcome::numeric("number", number(data)).expect("finite");
        Observations::new(data.design(), outcome).expect("one a row")
    }

    fn binary(data: &FormulaData) -> Observations {
        let number = number(data);
        let mut sorted = number.to_vec();
        sorted.sort_by(f64::total_cmp);
        let middle = (sorted[59] + sorted[60]) / 2.0;
        let classes = number.mapv(|value| f64::from(u8::from(value > middle)));
        Observations::new(data.design(), Outcome::binary("class", classes).expect("0 and 1")).expect("one a row")
    }

    /// The p-value of `price` and `calls`, given `speed`.
    fn p_value(observations: &Observations, family: DriverFamily) -> f64 {
        let analysis = DriverAnalysis { replicates: 0, ..DriverAnalysis::default() };
        let drivers = [Driver::column("price", 1), Driver::column("calls", 2)];
        let ranking = match family {
            DriverFamily::Linear => analysis.rank(observations, &drivers, &[0]),
            family => analysis.rank_by_family(family, observations, &drivers, &[0], crate::drivers::FitKind::Mcfadden),
        };
        ranking.expect("a ranking").p_value
    }

    /// Expected values: tests/oracles/drivers_overall.py (covariances by statsmodels).
    #[test]
    fn customers_and_sampling_weights_are_heeded_as_statsmodels_does() {
        let data = FormulaData::of(120);
        let by_customer = || Clusters::from_labels(&data.clusters);
        let weights = Weights::new(WeightKind::Sampling, data.weights.clone()).expect("valid");
        let linear = p_value(&numeric(&data), DriverFamily::Linear);
        let clustered = p_value(&numeric(&data).clustered(by_customer()).expect("one a row"), DriverFamily::Linear);
        let sampled = p_value(&numeric(&data).weighted(weights).expect("one a row"), DriverFamily::Linear);
        let class = binary(&data).clustered(by_customer()).expect("one a row");
        let class = p_value(&class, DriverFamily::Logistic);
        let got = [linear, clustered, sampled, class];
        let want = [
            0.000_528_177_322_813_208_7,
            0.008_648_440_153_777_942,
            0.001_240_993_008_456_151_5,
            0.094_552_325_090_583_84,
        ];
        assert!(got.iter().zip(want).all(|(got, want)| (got - want).abs() < 1e-9), "{got:?} {want:?}");
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
