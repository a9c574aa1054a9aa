//! Standard errors of what drivers of classes, levels and counts contribute, without resampling.

use super::{Model, SubsetModels, drivers_of, pseudo_r_squared};
use crate::data::Observations;
use crate::drivers::analysis::Plan;
use crate::drivers::game::Game;
use crate::drivers::jackknife::{JackknifeErrors, gathered};
use crate::drivers::ranking::FitKind;
use ndarray::{Array1, Array2};
use rayon::prelude::*;

/// Rows taken at a time.
const BLOCK_ROWS: usize = 128;

impl SubsetModels {
    /// The infinitesimal jackknife, as for linear fits. At a maximum the parameters' answer to a weight changes nothing, so
    /// the derivative of a log-likelihood by a row's weight is what the row adds to it; values follow by the chain rule,
    /// and every method that divides any fit is linear in them. `own` are the contributions.
    ///
    /// # References
    /// As in the linear module; Milgrom and Segal (2002), "Envelope theorems for arbitrary choice sets", Econometrica 70(2).
    pub fn jackknife(
        &self,
        observations: &Observations,
        plan: &Plan,
        models: &[Model],
        weights: &[f64],
        measure: FitKind,
        own: &Array1<f64>,
    ) -> Option<JackknifeErrors> {
        let influences = self.influences(plan, models, weights, measure)?;
        gathered(observations, own.view(), |row| Some(influences.row(self.places[row]?)))
    }

    /// The derivatives of the contributions by the weight of each distinct row, in the unit of the observations' weights.
    fn influences(&self, plan: &Plan, models: &[Model], weights: &[f64], measure: FitKind) -> Option<Array2<f64>> {
        let n: f64 = weights.iter().sum();
        let null = self.likelihood.maximum(self.values.view(), &[], weights, None)?;
        let n_leading = self.likelihood.n_leading();
        let slopes: Vec<Slopes> =
            models.iter().map(|model| Slopes::of(measure, model.log_likelihood, null.log_likelihood, n)).collect();
        let blocks: Option<Vec<Vec<Array1<f64>>>> = (0..self.outcome.len())
            .step_by(BLOCK_ROWS)
            .collect::<Vec<usize>>()
            .into_par_iter()
            .map(|first| {
                let rows = first..(first + BLOCK_ROWS).min(self.outcome.len());
                let likelihood = self.likelihood.of_rows(rows.clone());
                let added = |leading: &[f64], slopes: &[f64], drivers: &[usize]| {
                    let mut predictor = vec![0.0; rows.len()];
                    for feature in self.features(drivers) {
                        let column = self.values.column(feature);
                        let own = rows.clone().map(|row| slopes[feature] * column[row]);
                        predictor.iter_mut().zip(own).for_each(|(sum, value)| *sum += value);
                    }
                    likelihood.derivatives(leading, &predictor).log_likelihood
                };
                let of_null = likelihood.derivatives(&null.parameters, &vec![0.0; rows.len()]).log_likelihood;
                let by_subset: Vec<Vec<f64>> = models
                    .iter()
                    .zip(&slopes)
                    .enumerate()
                    .map(|(subset, (model, slopes))| {
                        let (leading, own) = model.parameters.split_at(n_leading);
                        let added = added(leading, own, &drivers_of(subset));
                        added.iter().zip(&of_null).map(|(own, null)| slopes.along(*own, *null)).collect()
                    })
                    .collect();
                let of_row = |row: usize| {
                    let values = by_subset.iter().map(|own| self.unit * (own[row] - by_subset[0][row])).collect();
                    Game::of_values(values, &plan.partition).contributions(plan.method)
                };
                (0..rows.len()).map(of_row).collect::<Option<Vec<_>>>()
            })
            .collect();
        let rows: Vec<Array1<f64>> = blocks?.into_iter().flatten().collect();
        Some(Array2::from_shape_fn((rows.len(), self.layout.drivers.len()), |(row, driver)| rows[row][driver]))
    }
}

/// The derivatives of a pseudo R squared.
struct Slopes {
    by_log_likelihood: f64,
    by_null: f64,
    by_n: f64,
}

impl Slopes {
    fn of(measure: FitKind, log_likelihood: f64, null: f64, n: f64) -> Self {
        // Cox and Snell's is 1 - lost; Nagelkerke divides it by 1 - lost_at_most.
        let lost = (2.0 * (null - log_likelihood) / n).exp();
        let cox_snell = Self {
            by_log_likelihood: 2.0 * lost / n,
            by_null: -2.0 * lost / n,
            by_n: lost * 2.0 * (null - log_likelihood) / (n * n),
        };
        match measure {
            FitKind::Mcfadden | FitKind::RSquared | FitKind::SquaredCorrelation => {
                Self { by_log_likelihood: -1.0 / null, by_null: log_likelihood / (null * null), by_n: 0.0 }
            }
            FitKind::CoxSnell => cox_snell,
            FitKind::Nagelkerke => {
                let value = pseudo_r_squared(measure, log_likelihood, null, n);
                let lost_at_most = (2.0 * null / n).exp();
                let most = 1.0 - lost_at_most;
                Self {
                    by_log_likelihood: cox_snell.by_log_likelihood / most,
                    by_null: (cox_snell.by_null + value * 2.0 * lost_at_most / n) / most,
                    by_n: (cox_snell.by_n - value * lost_at_most * 2.0 * null / (n * n)) / most,
                }
            }
            FitKind::Estrella => {
                let (left, power) = (log_likelihood / null, -2.0 * null / n);
                let lost = left.powf(power);
                Self {
                    by_log_likelihood: -lost * power / log_likelihood,
                    by_null: lost * (2.0 / n * left.ln() + power / null),
                    by_n: -lost * 2.0 * null / (n * n) * left.ln(),
                }
            }
        }
    }

    /// The derivative along a row's weight: what the row adds to the log-likelihood, to that of the null, and to n.
    fn along(&self, log_likelihood: f64, null: f64) -> f64 {
        self.by_log_likelihood * log_likelihood + self.by_null * null + self.by_n
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::observations;
    use super::*;
    use crate::data::{WeightKind, Weights};
    use crate::drivers::analysis::{Base, Driver, DriverAnalysis};
    use crate::drivers::method::Method;
    use crate::drivers::ranking::DriverFamily;

    const MEASURES: [FitKind; 4] = [FitKind::Mcfadden, FitKind::CoxSnell, FitKind::Nagelkerke, FitKind::Estrella];

    fn drivers() -> Vec<Driver> {
        ["a", "b", "noise"].into_iter().enumerate().map(|(at, name)| Driver::column(name, at)).collect()
    }

    #[test]
    fn slopes_of_pseudo_r_squared_are_finite_differences() {
        for measure in MEASURES {
            let slopes = Slopes::of(measure, -50.0, -69.0, 100.0);
            let step = 1e-4;
            let along = |by_log_likelihood: f64, by_null: f64, by_n: f64| {
                let at = |by: f64| {
                    let moved = (-50.0 + by * by_log_likelihood, -69.0 + by * by_null, 100.0 + by * by_n);
                    pseudo_r_squared(measure, moved.0, moved.1, moved.2)
                };
                (at(step) - at(-step)) / (2.0 * step)
            };
            assert!((slopes.by_log_likelihood - along(1.0, 0.0, 0.0)).abs() < 1e-8, "{measure:?}");
            assert!((slopes.by_null - along(0.0, 1.0, 0.0)).abs() < 1e-8, "{measure:?}");
            assert!((slopes.by_n - along(0.0, 0.0, 1.0)).abs() < 1e-8, "{measure:?}");
        }
    }

    #[test]
    fn influences_are_what_a_little_more_weight_changes() {
        for (family, measure) in [
            (DriverFamily::Logistic, FitKind::Nagelkerke),
            (DriverFamily::Ordinal, FitKind::Mcfadden),
            (DriverFamily::Count, FitKind::CoxSnell),
        ] {
            let observations = observations(family, 200);
            let problem = SubsetModels::of(family, &observations, &drivers(), &[]);
            let weights = problem.collapsed(&problem.own_weights(&observations));
            let analysis = DriverAnalysis { methods: vec![Method::Shapley], ..DriverAnalysis::default() };
            let plan = analysis.plan(&Base::of(&observations), family, &drivers(), &[]).expect("a plan");
            let contributions = |weights: &[f64]| {
                let models = problem.fit_all(weights, None).expect("a maximum");
                let values = problem.values_of(&super::super::log_likelihoods(&models), weights, measure);
                Game::of_values(values, &plan.partition).contributions(Method::Shapley).expect("values")
            };
            let models = problem.fit_all(&weights, None).expect("a maximum");
            let influences = problem.influences(&plan, &models, &weights, measure).expect("a null model");
            let step = 1e-3;
            for row in [0, 7, 150] {
                let at = |by: f64| {
                    let mut moved = weights.clone();
                    moved[row] += by;
                    contributions(&moved)
                };
                let slope = (at(step) - at(-step)) / (2.0 * step);
                for driver in 0..3 {
                    let gap = influences[[row, driver]] - slope[driver];
                    assert!(gap.abs() < 1e-6, "{family:?} row {row}: {gap} beside {}", slope[driver]);
                }
            }
        }
    }

    #[test]
    fn errors_are_those_of_the_bootstrap() {
        for family in [DriverFamily::Logistic, DriverFamily::Ordinal, DriverFamily::Count] {
            let observations = observations(family, 1200);
            let analysis = DriverAnalysis {
                methods: vec![Method::Shapley],
                replicates: 400,
                jackknife: true,
                ..DriverAnalysis::default()
            };
            let rank = match family {
                DriverFamily::Logistic => DriverAnalysis::rank_classes,
                DriverFamily::Ordinal => DriverAnalysis::rank_levels,
                _ => DriverAnalysis::rank_counts,
            };
            let ranking = rank(&analysis, &observations, &drivers(), &[], FitKind::Mcfadden).expect("a ranking");
            for row in ranking.drivers.iter().filter(|row| row.driver != "noise") {
                let interval = row.interval.expect("replicates");
                // Half the width of a 95 % interval is 1.96 standard errors of something near normal.
                let by_bootstrap = (interval.share_high - interval.share_low) / (2.0 * 1.96);
                let ratio = row.share_std_error.expect("asked for") / by_bootstrap;
                assert!((0.8..1.25).contains(&ratio), "{family:?} {}: {ratio}", row.driver);
            }
        }
    }

    #[test]
    fn the_unit_of_sampling_weights_changes_nothing() {
        let plain = observations(DriverFamily::Logistic, 300);
        let errors = |scale: f64| {
            let values = (0..300).map(|row| scale * (1.0 + f64::from(row % 3))).collect();
            let weights = Weights::new(WeightKind::Sampling, values).expect("valid");
            let weighted = plain.clone().weighted(weights).expect("as many");
            let analysis =
                DriverAnalysis { methods: vec![Method::Shapley], jackknife: true, replicates: 0, ..Default::default() };
            let ranking = analysis.rank_classes(&weighted, &drivers(), &[], FitKind::Nagelkerke).expect("a ranking");
            ranking.drivers.iter().map(|row| row.std_error.expect("asked for")).collect::<Vec<f64>>()
        };
        for (one, other) in errors(1.0).iter().zip(errors(1000.0)) {
            assert!((one - other).abs() < 1e-9 * one, "{one} {other}");
        }
    }
}
