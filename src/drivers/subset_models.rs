//! The models of all subsets of the drivers: distinct rows, a maximum for each subset, and what they explain by a pseudo
//! R squared.

mod jackknife;
mod noise;
mod relative_weights;
mod without_drivers;

pub(super) use relative_weights::{Certainty, ClassWeights};

use super::analysis::{self, Driver, DriverAnalysis, Plan};
use super::bootstrap::{self, Replicates};
use super::game::Game;
use super::likelihood::Likelihood;
use super::quadratic::{self, AtMaximum};
use super::ranking::{DriverFamily, FitKind};
use super::regression::{Layout, Regression};
use crate::data::{Observations, WeightKind};
use crate::stats::SecondMoments;
use ndarray::{Array1, Array2, Axis, s};
use rayon::prelude::*;
use std::collections::HashMap;

/// Rows times subsets times replicates up to which every replicate's models are fitted again: a second or two.
const REFIT_WORK_MAX: usize = 10_000_000;
/// Times as much that a row of ordered levels costs.
const LEVELS_WORK: usize = 4;

/// One subset's maximum.
pub(super) struct Model {
    pub log_likelihood: f64,
    /// The leading parameters (intercept, or thresholds) and one slope per column of the problem; zero for columns that
    /// are not in the subset.
    pub parameters: Vec<f64>,
}

/// Distinct rows of centred and scaled columns, of the rows that have a weight.
pub(super) struct SubsetModels {
    values: Array2<f64>,
    likelihood: Likelihood,
    /// What correlates with the columns: the outcome, or its rate where there is an exposure.
    outcome: Vec<f64>,
    /// The distinct row of each row of the observations; `None` for a row without weight.
    places: Vec<Option<usize>>,
    pub layout: Layout,
    /// What turns weights into observations: sampling weights are scaled to sum to the rows that count, so that the n of
    /// a pseudo R squared is what it says.
    unit: f64,
}

impl SubsetModels {
    /// The problem of a family that has a likelihood; a linear outcome is taken as a count.
    pub fn of(family: DriverFamily, observations: &Observations, drivers: &[Driver], always: &[usize]) -> Self {
        let (arranged, layout) = analysis::arranged(observations, drivers, always);
        let n_columns = arranged.ncols() - 1;
        let moments = SecondMoments::of_rows(arranged.view(), observations.weights().values());
        let exposure = observations.exposure().filter(|_| family == DriverFamily::Count);
        let mut seen: HashMap<Vec<u64>, usize> = HashMap::new();
        let (mut firsts, mut places) = (Vec::new(), Vec::with_capacity(arranged.nrows()));
        for (row, values) in arranged.outer_iter().enumerate() {
            if observations.weights().of(row) <= 0.0 {
                places.push(None);
                continue;
            }
            let exposed = exposure.map(|exposure| exposure.values()[row]);
            let key = values.iter().chain(&exposed).map(|value| value.to_bits()).collect();
            let place = *seen.entry(key).or_insert_with(|| {
                firsts.push(row);
                firsts.len() - 1
            });
            places.push(Some(place));
        }
        let mut values = arranged.slice(s![.., ..n_columns]).select(Axis(0), &firsts);
        for (column, mut own) in values.axis_iter_mut(Axis(1)).enumerate() {
            let scale = moments.scale(column) / moments.weight_sum.sqrt();
            let mean = moments.means[column];
            own.mapv_inplace(|value| if scale > 0.0 { (value - mean) / scale } else { 0.0 });
        }
        let rate = |&row: &usize| arranged[[row, n_columns]] / exposure.map_or(1.0, |exposure| exposure.values()[row]);
        let likelihood = match family {
            DriverFamily::Logistic => Likelihood::of_classes(observations, &firsts),
            DriverFamily::Ordinal => Likelihood::of_levels(observations, &firsts),
            DriverFamily::Count | DriverFamily::Linear => Likelihood::of_counts(observations, &firsts),
        };
        let weights = observations.weights();
        let unit = match (weights.kind(), weights.values()) {
            (Some(WeightKind::Sampling | WeightKind::Precision), Some(values)) => {
                weights.n_observations(observations.n_rows()) / values.iter().sum::<f64>()
            }
            _ => 1.0,
        };
        Self { values, likelihood, outcome: firsts.iter().map(rate).collect(), places, layout, unit }
    }

    /// The rows' own weights.
    pub fn own_weights(&self, observations: &Observations) -> Vec<f64> {
        (0..observations.n_rows()).map(|row| observations.weights().of(row)).collect()
    }

    /// Weights of the distinct rows, in the problem's unit.
    pub fn collapsed(&self, weights: &[f64]) -> Vec<f64> {
        let mut collapsed = vec![0.0; self.outcome.len()];
        for (place, weight) in self.places.iter().zip(weights) {
            if let Some(place) = *place {
                collapsed[place] += weight * self.unit;
            }
        }
        collapsed
    }

    /// The slope of a driver's column in a model.
    pub fn slope(&self, model: &Model, column: usize) -> f64 {
        model.parameters[self.likelihood.n_leading() + self.layout.always.len() + column]
    }

    /// Every subset's model, by the subset's bits; `None` where one has no maximum.
    pub fn fit_all(&self, weights: &[f64], starts: Option<&[Model]>) -> Option<Vec<Model>> {
        let n_drivers = self.layout.drivers.len();
        let empty = self.fit(&[], weights, starts.map(|starts| starts[0].parameters.as_slice()))?;
        let mut models: Vec<Option<Model>> = (0..1_usize << n_drivers).map(|_| None).collect();
        models[0] = Some(empty);
        // Subsets of one size depend only on smaller ones: the parent lacks the last driver.
        for size in 1..=n_drivers {
            let subsets: Vec<usize> =
                (0..1_usize << n_drivers).filter(|subset| subset.count_ones() as usize == size).collect();
            let fitted: Vec<Option<Model>> = subsets
                .par_iter()
                .map(|&subset| {
                    let parent = subset & !(1 << subset.ilog2());
                    let start = match starts {
                        Some(starts) => &starts[subset],
                        None => models[parent].as_ref()?,
                    };
                    self.fit(&drivers_of(subset), weights, Some(&start.parameters))
                })
                .collect();
            for (subset, model) in subsets.into_iter().zip(fitted) {
                models[subset] = Some(model?);
            }
        }
        models.into_iter().collect()
    }

    /// Columns of a model: those always in and those of its drivers.
    fn features(&self, drivers: &[usize]) -> Vec<usize> {
        let columns = drivers.iter().flat_map(|&driver| &self.layout.drivers[driver]);
        self.layout.always.iter().chain(columns).copied().collect()
    }

    /// The model of some drivers; `None` where it has no maximum.
    pub fn fit(&self, drivers: &[usize], weights: &[f64], start: Option<&[f64]>) -> Option<Model> {
        let features = self.features(drivers);
        let n_leading = self.likelihood.n_leading();
        let start: Option<Vec<f64>> = start.map(|start| {
            let slopes = features.iter().map(|&feature| start[n_leading + feature]);
            start[..n_leading].iter().copied().chain(slopes).collect()
        });
        let maximum = self.likelihood.maximum(self.values.view(), &features, weights, start.as_deref())?;
        let mut parameters = vec![0.0; n_leading + self.values.ncols()];
        let (leading, slopes) = maximum.parameters.split_at(n_leading);
        parameters[..n_leading].copy_from_slice(leading);
        for (feature, slope) in features.iter().zip(slopes) {
            parameters[n_leading + feature] = *slope;
        }
        Some(Model { log_likelihood: maximum.log_likelihood, parameters })
    }

    /// Each model's pseudo R squared above that of the columns that are always in, whose model is the first.
    pub fn values_of(&self, log_likelihoods: &[f64], weights: &[f64], measure: FitKind) -> Vec<f64> {
        let (null, n) = (self.likelihood.without_columns(weights), weights.iter().sum());
        let of = |log_likelihood: f64| pseudo_r_squared(measure, log_likelihood, null, n);
        log_likelihoods.iter().map(|&own| of(own) - of(log_likelihoods[0])).collect()
    }

    /// The pseudo R squared of the columns that are always in.
    pub fn value_of_always(&self, empty: &Model, weights: &[f64], measure: FitKind) -> f64 {
        let null = self.likelihood.without_columns(weights);
        pseudo_r_squared(measure, empty.log_likelihood, null, weights.iter().sum())
    }

    /// The distinct rows, column by column.
    fn columns(&self) -> Vec<Vec<f64>> {
        self.values.columns().into_iter().map(|column| column.to_vec()).collect()
    }

    /// Every subset's model as a point to look around from.
    fn at_maximum<'m>(&self, models: &'m [Model]) -> Vec<AtMaximum<'m>> {
        let all = models.iter().enumerate();
        all.map(|(subset, model)| AtMaximum {
            features: self.features(&drivers_of(subset)),
            parameters: &model.parameters,
        })
        .collect()
    }

    /// The linear moments of the same rows, for what can be said of the columns themselves.
    pub fn regression(&self, weights: &[f64]) -> (SecondMoments, Option<Regression>) {
        let outcome = Array1::from(self.outcome.clone()).insert_axis(Axis(1));
        let joined = ndarray::concatenate![Axis(1), self.values, outcome];
        let moments = SecondMoments::of_rows(joined.view(), Some(weights));
        let regression = Regression::of(&moments, &self.layout);
        (moments, regression)
    }

    /// The bootstrap: every model fitted again where that takes a moment, else followed to second order and held to what holds
    /// for maxima.
    pub fn replicates(
        &self,
        analysis: &DriverAnalysis,
        observations: &Observations,
        plan: &Plan,
        models: &[Model],
        weights: &[f64],
        measure: FitKind,
    ) -> Replicates {
        let contributions = |values: Vec<f64>| Game::of_values(values, &plan.partition).contributions(plan.method);
        let n_drivers = self.layout.drivers.len();
        let work = if matches!(self.likelihood, Likelihood::Levels { .. }) { LEVELS_WORK } else { 1 };
        if work * self.outcome.len() * models.len() * analysis.replicates <= REFIT_WORK_MAX {
            return bootstrap::replicates(
                observations,
                n_drivers,
                analysis.replicates,
                analysis.seed,
                || (),
                |(), weights| {
                    let weights = self.collapsed(weights);
                    let fitted = self.fit_all(&weights, Some(models))?;
                    let values = self.values_of(&log_likelihoods(&fitted), &weights, measure);
                    Some(contributions(values)?.to_vec())
                },
            );
        }
        let columns = self.columns();
        let rows = quadratic::Rows { columns: &columns, likelihood: &self.likelihood, weights };
        quadratic::replicates(
            &bootstrap::resampler(observations, analysis.seed),
            analysis.replicates,
            &rows,
            &self.at_maximum(models),
            |weights| self.collapsed(weights),
            |log_likelihoods, weights| {
                contributions(self.values_of(&never_below_smaller(log_likelihoods), weights, measure))
                    .unwrap_or_else(|| Array1::zeros(n_drivers))
            },
        )
    }
}

pub(super) fn log_likelihoods(models: &[Model]) -> Vec<f64> {
    models.iter().map(|model| model.log_likelihood).collect()
}

/// Log-likelihoods of all subsets, by the subset's bits, each at least that of every smaller subset within it: a maximum over
/// more parameters is never lower, but one that is followed to second order may come out so. No value gets farther from the
/// maxima by this than the farthest was before.
fn never_below_smaller(log_likelihoods: &[f64]) -> Vec<f64> {
    let mut raised = log_likelihoods.to_vec();
    // A subset without one of its drivers has a smaller number, so that it was raised before.
    for subset in 1..raised.len() {
        let mut left = subset;
        while left != 0 {
            raised[subset] = raised[subset].max(raised[subset & !(left & left.wrapping_neg())]);
            left &= left - 1;
        }
    }
    raised
}

/// The drivers of a subset, ascending.
fn drivers_of(subset: usize) -> Vec<usize> {
    (0..subset.checked_ilog2().map_or(0, |highest| highest as usize + 1))
        .filter(|driver| subset >> driver & 1 == 1)
        .collect()
}

/// A pseudo R squared from the log-likelihoods of the model and of the intercept or thresholds alone, over `n`
/// observations.
fn pseudo_r_squared(measure: FitKind, log_likelihood: f64, null: f64, n: f64) -> f64 {
    let cox_snell = || -(2.0 * (null - log_likelihood) / n).exp_m1();
    match measure {
        // Nobody asks for these: they are taken for McFadden's before.
        FitKind::Mcfadden | FitKind::RSquared | FitKind::SquaredCorrelation => 1.0 - log_likelihood / null,
        FitKind::CoxSnell => cox_snell(),
        FitKind::Nagelkerke => cox_snell() / -(2.0 * null / n).exp_m1(),
        FitKind::Estrella => 1.0 - (log_likelihood / null).powf(-2.0 * null / n),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{DesignMatrix, Outcome};
    use crate::drivers::Method;
    use crate::drivers::analysis::Base;
    use crate::stats::random::stream;
    use rand::Rng;

    /// Three correlated scores on a 0-10 scale and an outcome of the family that follows the first two.
    pub(super) fn observations(family: DriverFamily, n_rows: usize) -> Observations {
        let mut random = stream(3, "classes test", 0);
        let mut values = Array2::zeros((n_rows, 3));
        let mut outcome = Array1::zeros(n_rows);
        for row in 0..n_rows {
            let halo: f64 = random.random_range(0.0..4.0);
            for driver in 0..3 {
                values[[row, driver]] = (halo + random.random_range(0.0..6.0)).round();
            }
            let link = 0.5 * (values[[row, 0]] - 5.0) + 0.3 * (values[[row, 1]] - 5.0);
            let share = random.random::<f64>();
            outcome[row] = match family {
                DriverFamily::Logistic => f64::from(u8::from(share < 1.0 / (1.0 + f64::exp(-link)))),
                // Logistic noise: the lowest and the highest levels are rare.
                DriverFamily::Ordinal => (5.0 + 0.8 * (link + (share / (1.0 - share)).ln())).round().clamp(0.0, 10.0),
                // A mixture of rates, so that counts vary more than a Poisson model allows.
                _ => (-(0.6 * link).exp() * share.ln() * 2.0).floor(),
            };
        }
        let names = ["a", "b", "noise"].map(str::to_owned).to_vec();
        let design = DesignMatrix::new(names, values).expect("valid");
        let outcome = match family {
            DriverFamily::Logistic => Outcome::binary("y", outcome),
            _ => Outcome::numeric("y", outcome),
        };
        Observations::new(design, outcome.expect("valid")).expect("valid")
    }

    #[test]
    fn following_to_second_order_agrees_with_fitting_again() {
        let drivers: Vec<Driver> = (0..3).map(|at| Driver::column(["a", "b", "noise"][at], at)).collect();
        for family in [DriverFamily::Logistic, DriverFamily::Ordinal, DriverFamily::Count] {
            let observations = observations(family, 1500);
            let problem = SubsetModels::of(family, &observations, &drivers, &[]);
            let weights = problem.collapsed(&problem.own_weights(&observations));
            let models = problem.fit_all(&weights, None).expect("a maximum");
            // The same replicates by both routes: the work decides.
            let few = DriverAnalysis { methods: vec![Method::Shapley], replicates: 40, ..Default::default() };
            let plan = few.plan(&Base::of(&observations), family, &drivers, &[]).expect("a plan");
            let refitted = problem.replicates(&few, &observations, &plan, &models, &weights, FitKind::Mcfadden);
            let many = DriverAnalysis { replicates: 4000, ..few };
            let followed = problem.replicates(&many, &observations, &plan, &models, &weights, FitKind::Mcfadden);
            let spread = |driver: usize| {
                let column = refitted.contributions.column(driver);
                let mean = column.sum() / 40.0;
                (column.mapv(|value| (value - mean) * (value - mean)).sum() / 39.0).sqrt()
            };
            for replicate in 0..40 {
                for driver in 0..3 {
                    let at = [replicate, driver];
                    let gap = refitted.contributions[at] - followed.contributions[at];
                    assert!(gap.abs() < 0.1 * spread(driver).max(1e-3), "{family:?} {gap} {}", spread(driver));
                }
            }
        }
    }

    #[test]
    fn a_subset_is_never_below_a_smaller_one() {
        // Bits from 0 to 7: {b} is below the empty set, {a, b} below {a}, {a, c} below {c}, all below {b, c}.
        let followed = [-10.0, -7.0, -11.0, -8.0, -6.0, -6.5, -5.0, -5.5];
        assert_eq!(never_below_smaller(&followed), [-10.0, -7.0, -10.0, -7.0, -6.0, -6.0, -5.0, -5.0]);
        let maxima = [-10.0, -9.0, -8.0, -7.0];
        assert_eq!(never_below_smaller(&maxima), maxima);
        assert_eq!(never_below_smaller(&[-3.0]), [-3.0]);
    }

    /// A nested model's likelihood is never higher (any book on likelihood ratios), so that no contribution is negative.
    #[test]
    fn no_replicate_of_a_followed_model_gives_a_negative_contribution() {
        let drivers: Vec<Driver> = (0..3).map(|at| Driver::column(["a", "b", "noise"][at], at)).collect();
        for family in [DriverFamily::Logistic, DriverFamily::Ordinal, DriverFamily::Count] {
            let observations = observations(family, 60);
            let problem = SubsetModels::of(family, &observations, &drivers, &[]);
            let weights = problem.collapsed(&problem.own_weights(&observations));
            let models = problem.fit_all(&weights, None).expect("a maximum");
            // 60 rows and 8 models: so many that they are followed.
            let many = DriverAnalysis { methods: vec![Method::Shapley], replicates: 25_000, ..Default::default() };
            let plan = many.plan(&Base::of(&observations), family, &drivers, &[]).expect("a plan");
            let own = problem.replicates(&many, &observations, &plan, &models, &weights, FitKind::Mcfadden);
            let lowest = own.contributions.iter().copied().fold(f64::INFINITY, f64::min);
            assert!(lowest > -1e-12, "{family:?}: {lowest}");
        }
    }

    #[test]
    fn pseudo_r_squared_by_hand() {
        // n = 100, half events: null = 100 ln .5 = -69.3147; model -50.
        let null = 100.0 * 0.5_f64.ln();
        let of = |measure| pseudo_r_squared(measure, -50.0, null, 100.0);
        assert!((of(FitKind::Mcfadden) - 0.278_652_5).abs() < 1e-6);
        assert!((of(FitKind::CoxSnell) - 0.320_429_5).abs() < 1e-6);
        assert!((of(FitKind::Nagelkerke) - 0.427_239_4).abs() < 1e-6);
        assert!((of(FitKind::Estrella) - 0.364_161_9).abs() < 1e-6);
    }
}
