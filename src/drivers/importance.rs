//! Importance of the drivers under any weights of the same rows, so that it can be resampled together with other figures.

use super::DriverError;
use super::analysis::{Base, Driver, DriverAnalysis, Plan, arranged};
use super::game::Game;
use super::method::Method;
use super::ranking::{DriverFamily, DriverRanking, FitKind, shares};
use super::regression::Layout;
use super::subset_models::{Model, SubsetModels, log_likelihoods};
use crate::data::Observations;
use crate::stats::SecondMoments;
use ndarray::{Array2, ArrayView1, ArrayView2, Axis};

/// The drivers of one outcome, whose contributions follow from the weights of the rows.
///
/// A linear outcome's follow from its moments, and relative weights of a class from the model of all drivers. For other
/// methods and families every subset of the drivers is fitted again for each set of weights, from the solution of the whole sample: with more than six or so drivers and many replicates a linear
/// analysis of the same outcome is the screen to use.
pub struct Importance {
    engine: Engine,
    analysis: DriverAnalysis,
    plan: Plan,
    ranking: DriverRanking,
    drivers: Vec<String>,
    n_rows: usize,
}

enum Engine {
    Linear {
        centred: Array2<f64>,
        layout: Layout,
    },
    Likelihood {
        problem: Box<SubsetModels>,
        models: Vec<Model>,
        measure: FitKind,
    },
    /// Relative weights of a class, which the model of all drivers is enough for.
    Weights {
        problem: Box<SubsetModels>,
        full: Model,
    },
}

impl Importance {
    /// Prepares what contributions follow from; the first scalar method of `analysis` is used and its bootstrap is not
    /// run. `measure` is read for families other than linear.
    ///
    /// # Errors
    /// Those of [`DriverAnalysis::rank_by_family`].
    pub fn of(
        analysis: &DriverAnalysis,
        family: DriverFamily,
        observations: &Observations,
        drivers: &[Driver],
        always: &[usize],
        measure: FitKind,
    ) -> Result<Self, DriverError> {
        let without_bootstrap =
            DriverAnalysis { replicates: 0, noise_drivers: 0, jackknife: false, ..analysis.clone() };
        let ranking = without_bootstrap.rank_by_family(family, observations, drivers, always, measure)?;
        let plan = without_bootstrap.plan(&Base::of(observations), family, drivers, always)?;
        if family != DriverFamily::Linear && !plan.sampled.is_empty() {
            let (n_drivers, n_drivers_max) = (drivers.len(), family.n_drivers_max());
            return Err(DriverError::TooMany { method: plan.method, n_drivers, n_drivers_max });
        }
        let plan = plan.for_repeats().unwrap_or(plan);
        let engine = if family == DriverFamily::Linear {
            let (values, layout) = arranged(observations, drivers, always);
            let means = SecondMoments::of_rows(values.view(), observations.weights().values()).means;
            Engine::Linear { centred: values - &means, layout }
        } else {
            let problem = SubsetModels::of(family, observations, drivers, always);
            let weights = problem.collapsed(&problem.own_weights(observations));
            let (problem, measure) = (Box::new(problem), ranking.fit.measure);
            if plan.method == Method::RelativeWeights {
                let full = problem.fit(&problem.all(), &weights, None).ok_or(DriverError::NotConverged)?;
                Engine::Weights { problem, full }
            } else {
                let models = problem.fit_all(&weights, None).ok_or(DriverError::NotConverged)?;
                Engine::Likelihood { problem, models, measure }
            }
        };
        let names = drivers.iter().map(|driver| driver.name.clone()).collect();
        Ok(Self { engine, analysis: without_bootstrap, plan, ranking, drivers: names, n_rows: observations.n_rows() })
    }

    /// The drivers' names, in the order of their contributions.
    pub fn drivers(&self) -> &[String] {
        &self.drivers
    }

    /// The ranking of the whole sample, without intervals.
    pub fn ranking(&self) -> &DriverRanking {
        &self.ranking
    }

    /// One contribution per driver, in units of the fit measure, for one weight per row; `None` where the rows with a
    /// weight allow no fit.
    ///
    /// # Panics
    /// If there is not one weight per row.
    pub fn contributions(&self, weights: &[f64]) -> Option<Vec<f64>> {
        assert_eq!(weights.len(), self.n_rows, "one weight per row");
        match &self.engine {
            Engine::Linear { centred, .. } => self.linear()?.contributions(&moments_under(centred.view(), weights)?),
            Engine::Likelihood { problem, models, measure } => {
                let weights = problem.collapsed(weights);
                let fitted = problem.fit_all(&weights, Some(models))?;
                let values = problem.values_of(&log_likelihoods(&fitted), &weights, *measure);
                Some(Game::of_values(values, &self.plan.partition).contributions(self.plan.method)?.to_vec())
            }
            Engine::Weights { problem, full } => {
                Some(problem.weights_again(full, &problem.collapsed(weights))?.contributions.to_vec())
            }
        }
    }

    /// What linear contributions follow from; `None` for other families.
    pub(super) fn linear(&self) -> Option<LinearParts<'_>> {
        match &self.engine {
            Engine::Linear { centred, layout } => {
                Some(LinearParts { centred, layout, plan: &self.plan, seed: self.analysis.seed })
            }
            Engine::Likelihood { .. } | Engine::Weights { .. } => None,
        }
    }

    /// One share per driver (0-1, summing to one), for one weight per row; `None` where the rows with a weight allow no
    /// fit.
    ///
    /// # Panics
    /// If there is not one weight per row.
    pub fn shares(&self, weights: &[f64]) -> Option<Vec<f64>> {
        shares_of(&self.contributions(weights)?)
    }
}

/// Columns centred by their means in the whole sample, and what is made of their moments.
pub(super) struct LinearParts<'a> {
    /// n_rows by the columns of the analysis, the outcome last.
    pub centred: &'a Array2<f64>,
    layout: &'a Layout,
    plan: &'a Plan,
    seed: u64,
}

impl LinearParts<'_> {
    /// One contribution per driver, from the moments of some rows.
    pub fn contributions(&self, moments: &SecondMoments) -> Option<Vec<f64>> {
        Some(self.plan.contributions_of(moments, self.layout, self.seed)?.to_vec())
    }
}

/// Contributions as shares of their sum; `None` where one is no number.
pub(super) fn shares_of(contributions: &[f64]) -> Option<Vec<f64>> {
    let own = shares(ArrayView1::from(contributions));
    own.iter().all(|share| share.is_finite()).then_some(own)
}

/// The moments of centred rows under one set of weights.
pub(super) fn moments_under(values: ArrayView2<f64>, weights: &[f64]) -> Option<SecondMoments> {
    SecondMoments::of_centred_rows(values, ArrayView1::from(weights).insert_axis(Axis(0))).pop()
}

/// The weight of every row as it stands.
pub(super) fn own_weights(observations: &Observations) -> Vec<f64> {
    (0..observations.n_rows()).map(|row| observations.weights().of(row)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{WeightKind, Weights};
    use crate::estimators::formula_data::FormulaData;

    fn drivers() -> Vec<Driver> {
        ["speed", "price", "calls"].iter().enumerate().map(|(at, name)| Driver::column(*name, at)).collect()
    }

    #[track_caller]
    fn assert_same(importance: &Importance, weights: &[f64], ranking: &DriverRanking, absolute: f64) {
        let got = importance.contributions(weights).expect("a fit");
        for (driver, own) in importance.drivers().iter().zip(got) {
            let row = ranking.drivers.iter().find(|row| row.driver == *driver).expect("a row");
            assert!((own - row.contribution).abs() < absolute, "{driver} {own} {}", row.contribution);
        }
    }

    #[test]
    fn contributions_under_weights_are_those_of_a_ranking_with_these_weights() {
        let data = FormulaData::of(300);
        let analysis = DriverAnalysis { replicates: 0, ..DriverAnalysis::default() };
        let likelihood = DriverAnalysis { methods: vec![Method::Shapley], ..analysis.clone() };
        let weights: Vec<f64> = (0..300).map(|row| ((row * 7) % 4) as f64).collect();
        let by_weights = DriverAnalysis { methods: vec![Method::RelativeWeights], ..analysis.clone() };
        let cases = [
            (DriverFamily::Linear, data.with_number(), &analysis, 1e-12),
            (DriverFamily::Logistic, data.with_class(), &likelihood, 1e-8),
            (DriverFamily::Logistic, data.with_class(), &by_weights, 1e-7),
        ];
        for (family, observations, analysis, absolute) in cases {
            let of = |observations: &Observations| {
                Importance::of(analysis, family, observations, &drivers(), &[], FitKind::Mcfadden).expect("importance")
            };
            let plain = of(&observations);
            assert_same(&plain, &[1.0; 300], plain.ranking(), absolute);
            let kinded = Weights::new(WeightKind::Frequency, weights.clone()).expect("weights");
            let weighted = observations.weighted(kinded).expect("a weight a row");
            assert_same(&plain, &weights, of(&weighted).ranking(), absolute);
        }
    }

    #[test]
    fn rows_that_allow_no_fit_have_no_shares() {
        let data = FormulaData::of(50);
        let analysis = DriverAnalysis::default();
        let importance =
            Importance::of(&analysis, DriverFamily::Linear, &data.with_number(), &drivers(), &[], FitKind::RSquared);
        let mut weights = vec![0.0; 50];
        weights[3] = 1.0;
        assert!(importance.expect("importance").shares(&weights).is_none());
    }
}
