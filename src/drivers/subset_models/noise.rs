//! Drivers of classes, levels and counts beside drivers of pure noise.

use super::{Model, SubsetModels, log_likelihoods};
use crate::data::{Observations, WeightKind};
use crate::drivers::analysis::{DriverAnalysis, Plan};
use crate::drivers::game::Game;
use crate::drivers::noise::{Exchange, Likeness, Taken, compared};
use crate::drivers::quadratic::{self, AddedColumns};
use crate::drivers::ranking::{FitKind, NoiseTest};
use crate::stats::random::Stream;
use ndarray::{Array1, ArrayView1};
use rand::Rng;
use rand_distr::{ChiSquared, Distribution, StandardNormal};

/// Where the values of noise drivers come from.
pub(super) enum Noise {
    /// A driver's own values, in another order or with other signs.
    Exchanged(Exchange),
    /// Normal noise, one value an observation: rows that stand for several are no units
    /// to exchange.
    Normal,
}

impl Noise {
    pub fn of(observations: &Observations) -> Self {
        match observations.weights().kind() {
            Some(WeightKind::Frequency) if observations.n_clusters_repeated().is_none() => Self::Normal,
            _ => Self::Exchanged(Exchange::of(observations)),
        }
    }

    /// Whose noise a driver is compared with.
    pub fn likeness(&self) -> Likeness {
        match self {
            Self::Exchanged(exchange) => exchange.likeness(),
            Self::Normal => Likeness::Width,
        }
    }
}

impl SubsetModels {
    /// Each driver against noise drivers. What a noise driver adds to a model is followed by one Newton step: it
    /// adds little, so that the step finds it.
    pub fn noise_tests(
        &self,
        analysis: &DriverAnalysis,
        observations: &Observations,
        plan: &Plan,
        models: &[Model],
        weights: &[f64],
        measure: FitKind,
    ) -> Vec<NoiseTest> {
        let DriverAnalysis { noise_drivers: n_drawn, seed, .. } = *analysis;
        let noise = Noise::of(observations);
        let plan = plan.with_another();
        let columns = self.columns();
        let rows = quadratic::Rows { columns: &columns, likelihood: &self.likelihood, weights };
        let at_maximum = self.at_maximum(models);
        let without = log_likelihoods(models);
        compared(
            &self.layout.drivers,
            n_drawn,
            |_| noise.likeness(),
            |draws| {
                let gains = quadratic::gains(&rows, &at_maximum, n_drawn, draws.n_columns, |draw| {
                    self.drawn(observations, &noise, draws.sources[draw], &mut draws.random(seed, draw))
                });
                let contributions = |gains: ArrayView1<f64>| {
                    let with = without.iter().zip(gains).map(|(own, gain)| own + gain);
                    let all: Vec<f64> = without.iter().copied().chain(with).collect();
                    Game::of_values(self.values_of(&all, weights, measure), &plan.partition).contributions(plan.method)
                };
                gains.outer_iter().map(contributions).collect::<Vec<Option<Array1<f64>>>>()
            },
        )
    }

    /// A noise driver with as many columns as `sources`.
    pub(super) fn drawn(
        &self,
        observations: &Observations,
        noise: &Noise,
        sources: &[usize],
        random: &mut Stream,
    ) -> AddedColumns {
        let mut drawn = AddedColumns::none(self.outcome.len(), sources.len());
        let places = || self.places.iter().enumerate().filter_map(|(row, place)| Some((row, (*place)?)));
        match noise {
            Noise::Exchanged(exchange) => {
                for (&row, Taken { from, sign }) in exchange.rows.iter().zip(exchange.taken(random)) {
                    let (Some(place), Some(from)) = (self.places[row], self.places[from]) else { continue };
                    let values: Vec<f64> = sources.iter().map(|&source| sign * self.values[[from, source]]).collect();
                    drawn.add(place, observations.weights().of(row) * self.unit, &values);
                }
            }
            Noise::Normal => {
                // Of so many independent rows: their mean, and how they scatter around it.
                for (row, place) in places() {
                    let n_observations = observations.weights().of(row);
                    let mut mean = normal(sources.len(), random);
                    mean.iter_mut().for_each(|value| *value /= n_observations.sqrt());
                    drawn.add(place, n_observations, &mean);
                    scatter(sources.len(), n_observations - 1.0, random)
                        .iter()
                        .for_each(|direction| drawn.add_products(place, 1.0, direction));
                }
            }
        }
        drawn
    }
}

fn normal(n: usize, random: &mut Stream) -> Vec<f64> {
    (0..n).map(|_| random.sample(StandardNormal)).collect()
}

/// Vectors whose products with themselves sum to the scatter of normal rows with so many degrees of freedom: the columns
/// of Bartlett's factor of a Wishart matrix.
///
/// # References
/// Bartlett (1934), "On the theory of statistical regression", Proceedings of the Royal Society of Edinburgh 53.
fn scatter(n_columns: usize, freedom: f64, random: &mut Stream) -> Vec<Vec<f64>> {
    (0..n_columns)
        .map(|column| {
            let mut vector = vec![0.0; n_columns];
            // Fewer rows than columns scatter in fewer directions.
            if let Ok(law) = ChiSquared::new(freedom - column as f64) {
                vector[column] = law.sample(random).sqrt();
                vector[column + 1..].iter_mut().for_each(|value| *value = random.sample(StandardNormal));
            }
            vector
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::observations;
    use super::*;
    use crate::data::{DesignMatrix, Outcome, Weights};
    use crate::drivers::analysis::Driver;
    use crate::drivers::method::Method;
    use crate::drivers::ranking::DriverFamily;
    use crate::stats::random::stream;
    use ndarray::{Array2, Axis, concatenate};

    fn drivers() -> Vec<Driver> {
        ["a", "b", "noise"].into_iter().enumerate().map(|(at, name)| Driver::column(name, at)).collect()
    }

    #[test]
    fn a_newton_step_finds_what_a_noise_column_adds() {
        for family in [DriverFamily::Logistic, DriverFamily::Ordinal, DriverFamily::Count] {
            let plain = observations(family, 400);
            let problem = SubsetModels::of(family, &plain, &drivers(), &[]);
            let weights = problem.collapsed(&problem.own_weights(&plain));
            let models = problem.fit_all(&weights, None).expect("a maximum");
            let exchange = Exchange::of(&plain);
            let columns = problem.columns();
            let rows = quadratic::Rows { columns: &columns, likelihood: &problem.likelihood, weights: &weights };
            let draw = |draw: usize| stream(5, "a test", draw as u64);
            let gains = quadratic::gains(&rows, &problem.at_maximum(&models), 6, 1, |place| {
                problem.drawn(&plain, &Noise::Exchanged(Exchange::of(&plain)), &[place % 3], &mut draw(place))
            });
            for place in 0..6 {
                // The same column beside the others, and every model fitted again.
                let mut noise = Array2::zeros((400, 1));
                for (&row, Taken { from, .. }) in exchange.rows.iter().zip(exchange.taken(&mut draw(place))) {
                    noise[[row, 0]] = plain.design().values()[[from, place % 3]];
                }
                let values = concatenate![Axis(1), plain.design().values().view(), noise];
                let names = ["a", "b", "noise", "more"].map(str::to_owned).to_vec();
                let design = DesignMatrix::new(names, values).expect("valid");
                let with = Observations::new(design, plain.outcome().clone()).expect("as many");
                let mut all = drivers();
                all.push(Driver::column("more", 3));
                let with = SubsetModels::of(family, &with, &all, &[]);
                let refitted = with.fit_all(&with.collapsed(&[1.0; 400]), None).expect("a maximum");
                for subset in 0..8 {
                    let want = refitted[subset | 8].log_likelihood - refitted[subset].log_likelihood;
                    let gap = gains[[place, subset]] - want;
                    assert!(gap.abs() < 0.06 * want.max(0.2), "{family:?} {subset}: {gap} beside {want}");
                }
            }
        }
    }

    #[test]
    fn what_matters_is_told_from_what_does_not() {
        let analysis = DriverAnalysis {
            methods: vec![Method::Shapley],
            noise_drivers: 99,
            replicates: 0,
            ..DriverAnalysis::default()
        };
        let plain = observations(DriverFamily::Logistic, 500);
        let ranking = analysis.rank_classes(&plain, &drivers(), &[], FitKind::Mcfadden).expect("a ranking");
        let p_value = |name: &str| {
            let row = ranking.drivers.iter().find(|row| row.driver == name).expect("a driver");
            row.noise.expect("asked for").p_value
        };
        assert!((p_value("a") - 0.01).abs() < 1e-12 && (p_value("b") - 0.01).abs() < 1e-12);
        // Halo makes it go along with the others, so that it is no noise; an outcome that nothing moves has only noise.
        let outcome = (0..500).map(|row| f64::from(u8::from((row * 7919) % 13 < 5))).collect();
        let random = Observations::new(plain.design().clone(), Outcome::binary("y", outcome).expect("0 or 1"));
        let ranking = analysis.rank_classes(&random.expect("valid"), &drivers(), &[], FitKind::Mcfadden);
        let ranking = ranking.expect("a ranking");
        assert!(ranking.drivers.iter().all(|row| row.noise.expect("asked for").p_value > 0.05));
        assert!(ranking.findings.iter().any(|finding| finding.sentence.contains("no more to y than pure noise might")));
    }

    #[test]
    fn p_values_under_the_null_are_even() {
        // 60 outcomes that follow nothing: p-values of exchanged noise are uniform, so that 12 of 60 lie below 0.2 on
        // average; fewer than 4 or more than 22 have a probability of 0.002 (binomial).
        let plain = observations(DriverFamily::Logistic, 120);
        let analysis = DriverAnalysis {
            methods: vec![Method::Shapley],
            noise_drivers: 39,
            replicates: 0,
            ..DriverAnalysis::default()
        };
        let mut n_below = 0;
        for trial in 0..60_u64 {
            let mut random = stream(11, "outcomes of a null", trial);
            let outcome = (0..120).map(|_| f64::from(u8::from(random.random::<f64>() < 0.4))).collect();
            let outcome = Outcome::binary("y", outcome).expect("0 or 1");
            let observations = Observations::new(plain.design().clone(), outcome).expect("valid");
            let ranking = analysis.rank_classes(&observations, &drivers(), &[], FitKind::Mcfadden).expect("a ranking");
            let row = ranking.drivers.iter().find(|row| row.driver == "a").expect("a driver");
            n_below += u32::from(row.noise.expect("asked for").p_value < 0.2);
        }
        assert!((4..=22).contains(&n_below), "{n_below}");
    }

    #[test]
    fn rows_that_stand_for_several_have_noise_as_long_as_them() {
        // Each row three times: what a normal noise column adds has mean 1/2 (half a chi-squared of one degree), however
        // the observations are written down.
        let plain = observations(DriverFamily::Logistic, 150);
        let weights = Weights::new(WeightKind::Frequency, vec![3.0; 150]).expect("valid");
        let weighted = plain.weighted(weights).expect("as many");
        let problem = SubsetModels::of(DriverFamily::Logistic, &weighted, &drivers(), &[]);
        let collapsed = problem.collapsed(&problem.own_weights(&weighted));
        let models = problem.fit_all(&collapsed, None).expect("a maximum");
        let columns = problem.columns();
        let rows = quadratic::Rows { columns: &columns, likelihood: &problem.likelihood, weights: &collapsed };
        for n_columns in [1, 2] {
            let sources: Vec<usize> = (0..n_columns).collect();
            let gains = quadratic::gains(&rows, &problem.at_maximum(&models), 800, n_columns, |draw| {
                problem.drawn(&weighted, &Noise::Normal, &sources, &mut stream(1, "noise", draw as u64))
            });
            let mean = gains.column(7).sum() / 800.0;
            // The standard error of the mean is sqrt(n_columns / 2 / 800): 0.025 and 0.035.
            assert!((mean - 0.5 * n_columns as f64).abs() < 0.11, "{n_columns}: {mean}");
        }
    }
}
