//! Relative weights of a class, how sure they are, and how they stand beside pure noise.

use super::noise::Noise;
use super::{Model, SubsetModels};
use crate::data::Observations;
use crate::drivers::analysis::{DriverAnalysis, Plan};
use crate::drivers::bootstrap::{self, Replicates};
use crate::drivers::jackknife::{JackknifeErrors, Mixture, gathered};
use crate::drivers::likelihood::Likelihood;
use crate::drivers::noise::compared;
use crate::drivers::quadratic::{self, AddedColumns, AtMaximum, Expansion};
use crate::drivers::ranking::NoiseTest;
use crate::drivers::regression::{Layout, Regression};
use crate::stats::SecondMoments;
use crate::stats::linear_algebra::Cholesky;
use ndarray::{Array1, Array2, ArrayView1, Axis, concatenate, s};
use rayon::prelude::*;
use std::ops::Range;

/// Rows taken at a time.
const BLOCK_ROWS: usize = 1024;

/// What each driver has of the squared correlation between a class and its predicted probabilities.
pub(in crate::drivers) struct ClassWeights {
    /// One per driver.
    pub contributions: Array1<f64>,
    /// The squared correlation of class and predicted probability, `R_O^2`.
    pub r_squared: f64,
}

/// What is known of relative weights beside themselves.
pub(in crate::drivers) struct Certainty {
    /// The model of all drivers fitted again for every replicate.
    pub replicates: Replicates,
    /// Against noise drivers, where that was asked for.
    pub noise: Vec<NoiseTest>,
    /// By the infinitesimal jackknife, where that was asked for.
    pub errors: Option<JackknifeErrors>,
}

impl SubsetModels {
    /// Johnson's relative weights of a class; `None` for what is no class and where eigenvalues cannot be found.
    ///
    /// The class is regressed on the orthogonal stand-ins `Z` of the drivers, and each coefficient is standardised in full,
    /// `beta_k = b_k s_k R_O / s_logit`, with `s_logit` the standard deviation of the predicted logits. A logistic fit on
    /// `Z` is that on the drivers, written otherwise, so that `beta` are the slopes of the predicted logit itself on `Z`
    /// times `R_O`: the weights are those of the logit in a linear model of the drivers, times `R_O^2`. They add up to
    /// `R_O^2`, less the part of the columns that are always in, which are partialled out of the drivers.
    ///
    /// # References
    /// Tonidandel and LeBreton (2010), "Determining the relative importance of predictors in logistic regression: an
    /// extension of relative weight analysis", Organizational Research Methods 13(4); Menard (2004), "Six approaches to
    /// calculating standardized logistic regression coefficients", The American Statistician 58(3).
    pub fn relative_weights(&self, full: &Model, weights: &[f64]) -> Option<ClassWeights> {
        let predicted = Predicted::of(self, full)?;
        let r_squared = PairMoments::of(&predicted, weights).r_squared();
        let joined = concatenate![Axis(1), self.values, predicted.logits.insert_axis(Axis(1))];
        let moments = SecondMoments::of_rows(joined.view(), Some(weights));
        let contributions = match Regression::of(&moments, &self.layout) {
            Some(regression) => regression.relative_weights()? * r_squared,
            // Every row has the same logit: no driver has a coefficient.
            None => Array1::zeros(self.layout.drivers.len()),
        };
        Some(ClassWeights { contributions, r_squared })
    }

    /// Replicates, comparison with noise and errors of relative weights, as far as they are asked for; the model of all drivers
    /// is all they need. `plan` ranks by relative weights.
    pub fn beside_weights(
        &self,
        analysis: &DriverAnalysis,
        observations: &Observations,
        plan: &Plan,
        full: &Model,
        weights: &[f64],
    ) -> Certainty {
        let noise = match analysis.noise_drivers {
            0 => Vec::new(),
            _ => self.weight_noise(analysis, observations, plan, full, weights),
        };
        let errors = || {
            let own = self.relative_weights(full, weights)?;
            let influences = self.weight_influences(plan, full, weights, &own)?;
            gathered(observations, own.contributions.view(), |row| Some(influences.row(self.places[row]?)))
        };
        Certainty {
            replicates: self.weight_replicates(analysis, observations, full),
            noise,
            errors: if analysis.jackknife { errors() } else { None },
        }
    }

    /// The bootstrap of relative weights: the model of all drivers is fitted again for every replicate.
    pub fn weight_replicates(
        &self,
        analysis: &DriverAnalysis,
        observations: &Observations,
        full: &Model,
    ) -> Replicates {
        let all = self.all();
        bootstrap::replicates(
            observations,
            all.len(),
            analysis.replicates,
            analysis.seed,
            || (),
            |(), weights| Some(self.weights_again(full, &self.collapsed(weights))?.contributions.to_vec()),
        )
    }

    /// Relative weights under other weights of the distinct rows, the model of all drivers fitted again from `full`.
    pub fn weights_again(&self, full: &Model, weights: &[f64]) -> Option<ClassWeights> {
        self.relative_weights(&self.fit(&self.all(), weights, Some(&full.parameters))?, weights)
    }

    /// Every driver.
    pub fn all(&self) -> Vec<usize> {
        (0..self.layout.drivers.len()).collect()
    }

    /// The slopes of all columns.
    fn slopes(&self, model: &Model) -> Array1<f64> {
        ArrayView1::from(&model.parameters[self.likelihood.n_leading()..]).to_owned()
    }

    /// The derivatives of relative weights by the weight of each distinct row, in the unit of the observations' weights.
    ///
    /// A row changes the weights in three ways. It changes the moments of the columns and, through them, of the logit with its
    /// coefficients held. It moves the coefficients, by the inverse information times its score. Both change the weights of the
    /// logit in a linear model; and the squared correlation of class and probability changes by the same two ways. The
    /// derivatives of the linear weights by moments and by how the logit is mixed are central differences (see [`Mixture`]); all
    /// else is exact.
    fn weight_influences(&self, plan: &Plan, full: &Model, weights: &[f64], own: &ClassWeights) -> Option<Array2<f64>> {
        if own.r_squared <= 0.0 {
            return None;
        }
        let predicted = Predicted::of(self, full)?;
        let moments = SecondMoments::of_rows(self.values.view(), Some(weights));
        let mixture = Mixture::of(&moments)?;
        // The logit is mixed of the same uncorrelated columns as those it is made of.
        let scales: Array1<f64> = (0..moments.n_columns()).map(|column| moments.scale(column)).collect();
        let mixed = mixture.factor.t().dot(&(self.slopes(full) * &scales));
        let factor = concatenate![Axis(0), mixture.factor, mixed.insert_axis(Axis(0))];
        let linear = |moments: &SecondMoments| plan.contributions_of(moments, &self.layout, 0);
        let by_moments = mixture.slopes(factor.view(), linear)?;
        let by_mixing = mixture.slopes_of_last(factor.view(), linear)?;
        let of_linear = linear(&mixture.moments(factor.view()))?;

        let inverse = self.inverse_information(&predicted, weights);
        let to_mixing = {
            let of_slopes = &mixture.factor * &scales.insert_axis(Axis(1));
            inverse.slice(s![.., 1..]).dot(&of_slopes)
        };
        let pairs = PairMoments::of(&predicted, weights);
        let to_r_squared = inverse.dot(&pairs.slopes(self, &predicted, weights));
        let of_rows = |rows: Range<usize>| {
            let values = self.values.slice(s![rows.clone(), ..]);
            let scores = predicted.scores(self, rows.clone());
            let products = mixture.products(mixture.of_rows((&values - &moments.means).view()).view());
            let of_weights = products.dot(&by_moments) + scores.dot(&to_mixing).dot(&by_mixing);
            let direct: Array1<f64> = rows.map(|row| pairs.along(&predicted, row)).collect();
            let of_r_squared = (direct + scores.dot(&to_r_squared)).insert_axis(Axis(1));
            (of_weights * own.r_squared + of_r_squared * &of_linear) * self.unit
        };
        let firsts: Vec<usize> = (0..self.values.nrows()).step_by(BLOCK_ROWS).collect();
        let blocks: Vec<Array2<f64>> =
            firsts.into_par_iter().map(|first| of_rows(first..(first + BLOCK_ROWS).min(self.values.nrows()))).collect();
        let views: Vec<_> = blocks.iter().map(Array2::view).collect();
        ndarray::concatenate(Axis(0), &views).ok()
    }

    /// Inverse of the information about intercept and slopes; zero for columns that are combinations of others.
    fn inverse_information(&self, predicted: &Predicted, weights: &[f64]) -> Array2<f64> {
        let n_terms = self.values.ncols() + 1;
        let ones = Array2::ones((self.values.nrows(), 1));
        let terms = concatenate![Axis(1), ones, self.values];
        let spread = &predicted.variances * &ArrayView1::from(weights);
        let information = terms.t().dot(&(&terms * &spread.insert_axis(Axis(1))));
        let cholesky = Cholesky::of(information.view());
        let among = cholesky.inverse();
        let mut inverse = Array2::zeros((n_terms, n_terms));
        for ((row, column), value) in among.indexed_iter() {
            inverse[[cholesky.kept()[row], cholesky.kept()[column]]] = *value;
        }
        inverse
    }

    /// Each driver against noise drivers, the model of all drivers with a noise driver followed by one Newton step: it adds
    /// little, so that the step finds it. What the probabilities gain is the same factor for all drivers and is not looked at.
    fn weight_noise(
        &self,
        analysis: &DriverAnalysis,
        observations: &Observations,
        plan: &Plan,
        full: &Model,
        weights: &[f64],
    ) -> Vec<NoiseTest> {
        let DriverAnalysis { noise_drivers: n_drawn, seed, .. } = *analysis;
        let noise = Noise::of(observations);
        let plan = plan.with_another();
        let columns = self.columns();
        let rows = quadratic::Rows { columns: &columns, likelihood: &self.likelihood, weights };
        let features = self.features(&self.all());
        let expansion = Expansion::of(&rows, &AtMaximum { features, parameters: &full.parameters });
        let moments = SecondMoments::of_rows(self.values.view(), Some(weights));
        compared(
            &self.layout.drivers,
            n_drawn,
            |_| noise.likeness(),
            |draws| {
                let n_old = self.values.ncols();
                let layout = Layout {
                    always: self.layout.always.clone(),
                    drivers: self
                        .layout
                        .drivers
                        .iter()
                        .cloned()
                        .chain([(n_old..n_old + draws.n_columns).collect()])
                        .collect(),
                };
                let contributions = |draw: usize| {
                    let sources = draws.sources[draw];
                    let added = self.drawn(observations, &noise, sources, &mut draws.random(seed, draw));
                    let moments = self.moments_beside(&moments, &added, &self.slopes_beside(full, &expansion, &added));
                    plan.contributions_of(&moments, &layout, seed)
                };
                (0..n_drawn).into_par_iter().map(contributions).collect()
            },
        )
    }

    /// The slopes of the logit when columns come in, theirs last.
    fn slopes_beside(&self, full: &Model, expansion: &Expansion<'_>, added: &AddedColumns) -> Array1<f64> {
        let step = expansion.step(added);
        let mut slopes = self.slopes(full);
        let changes = &step.own[self.likelihood.n_leading()..];
        for (&feature, change) in self.features(&self.all()).iter().zip(changes) {
            slopes[feature] += change;
        }
        concatenate![Axis(0), slopes, Array1::from(step.slopes)]
    }

    /// The moments of the columns, those that are added and, last, the logit with these slopes.
    fn moments_beside(&self, moments: &SecondMoments, added: &AddedColumns, slopes: &Array1<f64>) -> SecondMoments {
        let (n_old, n_new) = (self.values.ncols(), added.sums.len());
        let sums = Array2::from_shape_fn((n_new, self.values.nrows()), |(column, row)| added.sums[column][row]);
        let firsts = sums.sum_axis(Axis(1));
        let with = sums.dot(&self.values);
        let among = |row: usize, column: usize| {
            let products = added.products[row * n_new + column].iter().sum::<f64>();
            products - firsts[row] * firsts[column] / moments.weight_sum
        };
        let product = |row: usize, column: usize| match (row.checked_sub(n_old), column.checked_sub(n_old)) {
            (None, None) => moments.cross_products[[row, column]],
            (Some(new), None) => with[[new, column]] - firsts[new] * moments.means[column],
            (None, Some(new)) => with[[new, row]] - firsts[new] * moments.means[row],
            (Some(row), Some(column)) => among(row, column),
        };
        let n_columns = n_old + n_new;
        let products = Array2::from_shape_fn((n_columns, n_columns), |(row, column)| product(row, column));
        let with_logit = products.dot(slopes);
        let mut cross_products = Array2::zeros((n_columns + 1, n_columns + 1));
        cross_products.slice_mut(s![..n_columns, ..n_columns]).assign(&products);
        cross_products.slice_mut(s![..n_columns, n_columns]).assign(&with_logit);
        cross_products.slice_mut(s![n_columns, ..n_columns]).assign(&with_logit);
        cross_products[[n_columns, n_columns]] = with_logit.dot(slopes);
        SecondMoments { weight_sum: moments.weight_sum, means: Array1::zeros(n_columns + 1), cross_products }
    }
}

/// What the model of all drivers says of each distinct row.
struct Predicted {
    outcome: Array1<f64>,
    logits: Array1<f64>,
    probabilities: Array1<f64>,
    /// `p (1 - p)`.
    variances: Array1<f64>,
}

impl Predicted {
    /// `None` for what is no class.
    fn of(problem: &SubsetModels, full: &Model) -> Option<Self> {
        let Likelihood::Class { outcome } = &problem.likelihood else { return None };
        let logits = problem.values.dot(&problem.slopes(full)) + full.parameters[0];
        let probabilities = logits.mapv(|logit| 1.0 / (1.0 + (-logit).exp()));
        let variances = logits.mapv(|logit| {
            let small = (-logit.abs()).exp();
            small / (1.0 + small) / (1.0 + small)
        });
        Some(Self { outcome: Array1::from(outcome.clone()), logits, probabilities, variances })
    }

    /// `(y - p) (1, x)` of some rows.
    fn scores(&self, problem: &SubsetModels, rows: Range<usize>) -> Array2<f64> {
        let ones = Array2::ones((rows.len(), 1));
        let terms = concatenate![Axis(1), ones, problem.values.slice(s![rows.clone(), ..])];
        let residuals = &self.outcome.slice(s![rows.clone()]) - &self.probabilities.slice(s![rows]);
        terms * residuals.insert_axis(Axis(1))
    }
}

/// Means and centred products of probability and class.
struct PairMoments {
    means: [f64; 2],
    /// Of the probabilities, of both, of the classes.
    products: [f64; 3],
}

impl PairMoments {
    fn of(predicted: &Predicted, weights: &[f64]) -> Self {
        let pairs = ndarray::stack![Axis(1), predicted.probabilities, predicted.outcome];
        let moments = SecondMoments::of_rows(pairs.view(), Some(weights));
        let products = &moments.cross_products;
        // Probabilities that differ by rounding alone tell nothing apart.
        let of_probabilities = if moments.varies(0) { products[[0, 0]] } else { 0.0 };
        Self {
            means: [moments.means[0], moments.means[1]],
            products: [of_probabilities, products[[0, 1]], products[[1, 1]]],
        }
    }

    /// The squared correlation; nought where all probabilities are the same.
    fn r_squared(&self) -> f64 {
        let [probabilities, both, classes] = self.products;
        if probabilities > 0.0 { (both * both / (probabilities * classes)).min(1.0) } else { 0.0 }
    }

    /// Its derivative by the weight of a row, coefficients held.
    fn along(&self, predicted: &Predicted, row: usize) -> f64 {
        let (probability, class) =
            (predicted.probabilities[row] - self.means[0], predicted.outcome[row] - self.means[1]);
        self.changed_by([probability * probability, probability * class, class * class])
    }

    /// Its derivatives by the intercept and the slopes.
    fn slopes(&self, problem: &SubsetModels, predicted: &Predicted, weights: &[f64]) -> Array1<f64> {
        let spread = &predicted.variances * &ArrayView1::from(weights);
        let along = |centred: Array1<f64>| {
            let each = centred * &spread;
            concatenate![Axis(0), Array1::from_elem(1, each.sum()), problem.values.t().dot(&each)]
        };
        let of_probabilities = along(&predicted.probabilities - self.means[0]) * 2.0;
        let of_both = along(&predicted.outcome - self.means[1]);
        of_probabilities.iter().zip(&of_both).map(|(&own, &both)| self.changed_by([own, both, 0.0])).collect()
    }

    /// What the squared correlation changes by when the products do.
    fn changed_by(&self, changes: [f64; 3]) -> f64 {
        let [probabilities, both, classes] = self.products;
        self.r_squared() * (2.0 * changes[1] / both - changes[0] / probabilities - changes[2] / classes)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::observations;
    use super::*;
    use crate::data::{Clusters, DesignMatrix, Outcome, WeightKind, Weights};
    use crate::drivers::analysis::{Base, Driver};
    use crate::drivers::method::Method;
    use crate::drivers::noise::Taken;
    use crate::drivers::ranking::{DriverFamily, DriverRanking, FitKind};
    use crate::stats::random::stream;
    use rand::Rng;

    fn analysis() -> DriverAnalysis {
        DriverAnalysis { methods: vec![Method::RelativeWeights], replicates: 0, ..DriverAnalysis::default() }
    }

    fn drivers() -> Vec<Driver> {
        ["a", "b", "noise"].into_iter().enumerate().map(|(at, name)| Driver::column(name, at)).collect()
    }

    fn ranked(analysis: &DriverAnalysis, observations: &Observations, drivers: &[Driver]) -> DriverRanking {
        analysis.rank_classes(observations, drivers, &[], FitKind::Mcfadden).expect("a ranking")
    }

    fn plan(observations: &Observations, drivers: &[Driver], always: &[usize]) -> Plan {
        analysis().plan(&Base::of(observations), DriverFamily::Logistic, drivers, always).expect("a plan")
    }

    /// The same rows with the sum of the first two columns as a fourth.
    fn with_sum(plain: &Observations) -> Observations {
        let values = plain.design().values();
        let sum = (&values.column(0) + &values.column(1)).insert_axis(Axis(1));
        let names = ["a", "b", "noise", "sum"].map(str::to_owned).to_vec();
        let design = DesignMatrix::new(names, concatenate![Axis(1), values, sum]).expect("valid");
        Observations::new(design, plain.outcome().clone()).expect("as many")
    }

    #[test]
    fn influences_are_what_a_little_more_weight_changes() {
        let plain = observations(DriverFamily::Logistic, 200);
        let summed = with_sum(&plain);
        let block = vec![Driver::block("both", vec![0, 1]), Driver::column("noise", 2)];
        let all: Vec<Driver> = drivers().into_iter().chain([Driver::column("sum", 3)]).collect();
        // Plainly, beside a column that is always in, of several columns, and of columns that are combinations of others.
        let cases = [
            (&plain, drivers(), vec![]),
            (&plain, drivers()[..2].to_vec(), vec![2]),
            (&plain, block, vec![]),
            (&summed, all, vec![]),
        ];
        for (case, (observations, drivers, always)) in cases.into_iter().enumerate() {
            let problem = SubsetModels::of(DriverFamily::Logistic, observations, &drivers, &always);
            let weights = problem.collapsed(&problem.own_weights(observations));
            let full = problem.fit(&problem.all(), &weights, None).expect("a maximum");
            let own = problem.relative_weights(&full, &weights).expect("eigenvalues");
            let plan = plan(observations, &drivers, &always);
            let influences = problem.weight_influences(&plan, &full, &weights, &own).expect("a fit");
            let step = 0.05;
            for row in [0, 7, 150] {
                let at = |by: f64| {
                    let mut moved = weights.clone();
                    moved[row] += by;
                    problem.weights_again(&full, &moved).expect("a maximum").contributions
                };
                let slope = (at(step) - at(-step)) / (2.0 * step);
                for driver in 0..drivers.len() {
                    let gap = influences[[row, driver]] - slope[driver];
                    assert!(gap.abs() < 1e-6, "case {case}, row {row}: {gap} beside {}", slope[driver]);
                }
            }
        }
    }

    /// 300 rows of 100 customers, of whom some count for more.
    fn of_customers() -> Observations {
        let plain = observations(DriverFamily::Logistic, 300);
        let weights = Weights::new(WeightKind::Sampling, (0..300).map(|row| 1.0 + f64::from(row / 3 % 4)).collect());
        let clusters = Clusters::from_labels((0..300).map(|row| row / 3));
        plain.weighted(weights.expect("valid")).and_then(|own| own.clustered(clusters)).expect("as many")
    }

    #[test]
    fn errors_by_customer_are_those_of_leaving_each_out() {
        let observations = of_customers();
        let ranking = ranked(&DriverAnalysis { jackknife: true, ..analysis() }, &observations, &drivers());
        let problem = SubsetModels::of(DriverFamily::Logistic, &observations, &drivers(), &[]);
        let own = problem.own_weights(&observations);
        let full = problem.fit(&problem.all(), &problem.collapsed(&own), None).expect("a maximum");
        // Quenouille and Tukey: (G - 1) / G times the squares of what each of G = 100 customers changes.
        let without: Vec<Array1<f64>> = (0..100)
            .map(|customer| {
                let left: Vec<f64> =
                    own.iter().enumerate().map(|(row, own)| if row / 3 == customer { 0.0 } else { *own }).collect();
                problem.weights_again(&full, &problem.collapsed(&left)).expect("a maximum").contributions
            })
            .collect();
        for (driver, name) in ["a", "b", "noise"].into_iter().enumerate() {
            let mean = without.iter().map(|own| own[driver]).sum::<f64>() / 100.0;
            let want = (0.99 * without.iter().map(|own| (own[driver] - mean).powi(2)).sum::<f64>()).sqrt();
            let row = ranking.drivers.iter().find(|row| row.driver == name).expect("a driver");
            let got = row.std_error.expect("asked for");
            assert!((got / want - 1.0).abs() < 0.06, "{name}: {got} {want}");
        }
    }

    #[test]
    fn errors_of_shares_are_those_of_the_bootstrap() {
        let analysis = DriverAnalysis { replicates: 400, jackknife: true, ..analysis() };
        for observations in [observations(DriverFamily::Logistic, 1200), of_customers()] {
            let ranking = ranked(&analysis, &observations, &drivers());
            for row in ranking.drivers.iter().filter(|row| row.driver != "noise") {
                let interval = row.interval.expect("replicates");
                // Half the width of a 95 % interval is 1.96 standard errors of something near normal.
                let by_bootstrap = (interval.share_high - interval.share_low) / (2.0 * 1.96);
                let ratio = row.share_std_error.expect("asked for") / by_bootstrap;
                assert!((0.8..1.25).contains(&ratio), "{}: {ratio}", row.driver);
            }
        }
    }

    #[test]
    fn rows_that_stand_for_several_have_the_errors_of_rows_that_are_repeated() {
        let plain = observations(DriverFamily::Logistic, 150);
        let repeats: Vec<usize> = (0..150).map(|row| row % 4).collect();
        let weights = Weights::new(WeightKind::Frequency, repeats.iter().map(|&n| n as f64).collect());
        let rows: Vec<usize> = (0..150).flat_map(|row| std::iter::repeat_n(row, repeats[row])).collect();
        let design = plain.design().select_rows(&rows).expect("rows");
        let classes = rows.iter().map(|&row| plain.outcome().values()[row]).collect();
        let repeated = Observations::new(design, Outcome::binary("y", classes).expect("0 or 1")).expect("as many");
        let weighted = plain.weighted(weights.expect("whole")).expect("as many");
        let analysis = DriverAnalysis { jackknife: true, ..analysis() };
        let errors = |observations: &Observations| -> Vec<f64> {
            ranked(&analysis, observations, &drivers()).drivers.iter().filter_map(|row| row.std_error).collect()
        };
        let (one, other) = (errors(&weighted), errors(&repeated));
        assert_eq!(one.len(), 3);
        assert!(one.iter().zip(&other).all(|(one, other)| (one / other - 1.0).abs() < 1e-6), "{one:?} {other:?}");
    }

    #[test]
    fn a_newton_step_finds_the_weights_beside_a_noise_column() {
        let plain = observations(DriverFamily::Logistic, 400);
        let problem = SubsetModels::of(DriverFamily::Logistic, &plain, &drivers(), &[]);
        let weights = problem.collapsed(&problem.own_weights(&plain));
        let full = problem.fit(&problem.all(), &weights, None).expect("a maximum");
        let noise = Noise::of(&plain);
        let Noise::Exchanged(exchange) = &noise else { unreachable!("rows without weights are exchanged") };
        let columns = problem.columns();
        let rows = quadratic::Rows { columns: &columns, likelihood: &problem.likelihood, weights: &weights };
        let features = problem.features(&problem.all());
        let expansion = Expansion::of(&rows, &AtMaximum { features, parameters: &full.parameters });
        let moments = SecondMoments::of_rows(problem.values.view(), Some(&weights));
        let plan = plan(&plain, &drivers(), &[]).with_another();
        let layout = Layout { always: Vec::new(), drivers: (0..4).map(|column| vec![column]).collect() };
        for place in 0..6 {
            let random = || stream(5, "a test", place as u64);
            let added = problem.drawn(&plain, &noise, &[place % 3], &mut random());
            let beside = problem.moments_beside(&moments, &added, &problem.slopes_beside(&full, &expansion, &added));
            let got = plan.contributions_of(&beside, &layout, 1).expect("eigenvalues");
            // The same column beside the others, the model fitted again; shares, as its probabilities are not followed.
            let mut column = Array2::zeros((400, 1));
            for (&row, Taken { from, .. }) in exchange.rows.iter().zip(exchange.taken(&mut random())) {
                column[[row, 0]] = plain.design().values()[[from, place % 3]];
            }
            let names = ["a", "b", "noise", "more"].map(str::to_owned).to_vec();
            let values = concatenate![Axis(1), plain.design().values(), column];
            let design = DesignMatrix::new(names, values).expect("valid");
            let with = Observations::new(design, plain.outcome().clone()).expect("as many");
            let all: Vec<Driver> = drivers().into_iter().chain([Driver::column("more", 3)]).collect();
            let ranking = ranked(&analysis(), &with, &all);
            for (driver, own) in all.iter().zip(&got) {
                let row = ranking.drivers.iter().find(|row| row.driver == driver.name).expect("a driver");
                let gap = own / got.sum() - row.share;
                assert!(gap.abs() < 0.003 + 0.06 * row.share, "{}: {gap} beside {}", driver.name, row.share);
            }
        }
    }

    #[test]
    fn what_matters_is_told_from_what_does_not() {
        let analysis = DriverAnalysis { noise_drivers: 99, ..analysis() };
        let plain = observations(DriverFamily::Logistic, 500);
        let repeated = Weights::new(WeightKind::Frequency, vec![2.0; 500]).expect("whole");
        let weighted = plain.clone().weighted(repeated).expect("as many");
        for observations in [&plain, &weighted] {
            let ranking = ranked(&analysis, observations, &drivers());
            let p_value = |name: &str| {
                let row = ranking.drivers.iter().find(|row| row.driver == name).expect("a driver");
                row.noise.expect("asked for").p_value
            };
            assert!((p_value("a") - 0.01).abs() < 1e-12 && (p_value("b") - 0.01).abs() < 1e-12);
        }
    }

    #[test]
    fn p_values_under_the_null_are_even() {
        // 60 outcomes that follow nothing: p-values of exchanged noise are uniform, so that 12 of 60 lie below 0.2 on
        // average; fewer than 4 or more than 22 have a probability of 0.002 (binomial).
        let plain = observations(DriverFamily::Logistic, 120);
        let analysis = DriverAnalysis { noise_drivers: 39, ..analysis() };
        let mut n_below = 0;
        for trial in 0..60_u64 {
            let mut random = stream(11, "outcomes of a null", trial);
            let outcome = (0..120).map(|_| f64::from(u8::from(random.random::<f64>() < 0.4))).collect();
            let outcome = Outcome::binary("y", outcome).expect("0 or 1");
            let observations = Observations::new(plain.design().clone(), outcome).expect("valid");
            let ranking = ranked(&analysis, &observations, &drivers());
            let row = ranking.drivers.iter().find(|row| row.driver == "a").expect("a driver");
            n_below += u32::from(row.noise.expect("asked for").p_value < 0.2);
        }
        assert!((4..=22).contains(&n_below), "{n_below}");
    }
}
