//! Methods against their definitions where no other file holds them: every subset fitted by the estimator, and square roots of
//! matrices by another road. Shapley, first and last are in `contract`, `classes` and `families`; PMVD, Owen values, complete
//! dominance and average coefficients in `methods`.

use crate::inputs::{Made, analysis, close, contribution, drivers, r_squared, row};
use advocate::data::{DesignMatrix, Observations, Outcome};
use advocate::drivers::{DriverFamily, FitKind, Method};
use advocate::estimators::{Count, CountDistribution, Logit, Ols, Ordinal};
use ndarray::{Array1, Array2, Axis};
use proptest::prelude::*;

/// Rounding allowed between two ways to the same number (absolute, shares of the fit).
const ROUNDING: f64 = 1e-9;

fn few_cases() -> ProptestConfig {
    ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() }
}

fn made() -> impl Strategy<Value = Made> {
    (any::<u64>(), 30_usize..60, 2_usize..=6).prop_map(|(seed, n_rows, n_drivers)| Made::of(seed, n_rows, n_drivers))
}

/// An outcome of the family that follows the drivers.
fn of_family(family: DriverFamily, made: &Made) -> Observations {
    let outcome = match family {
        DriverFamily::Linear => Outcome::numeric("y", made.outcome.clone()),
        DriverFamily::Logistic => Outcome::binary("y", made.outcome.mapv(|value| f64::from(u8::from(value > 0.3)))),
        DriverFamily::Ordinal => {
            Outcome::numeric("y", made.outcome.mapv(|value| (value + 2.0).round().clamp(0.0, 4.0)))
        }
        DriverFamily::Count => {
            Outcome::numeric("y", made.outcome.mapv(|value| (0.6 * value + 0.8).exp().round().min(30.0)))
        }
    };
    let names = (0..made.drivers.ncols()).map(|column| format!("x{column}")).collect();
    let design = DesignMatrix::new(names, made.drivers.clone()).expect("a valid design");
    Observations::new(design, outcome.expect("an outcome")).expect("rows that match")
}

/// R squared, or McFadden's, of some columns by the estimator.
fn value(family: DriverFamily, observations: &Observations, columns: &[usize]) -> f64 {
    if columns.is_empty() {
        return 0.0;
    }
    let some = observations.with_features(columns);
    let summary = match family {
        DriverFamily::Linear => return r_squared(observations, columns),
        DriverFamily::Logistic => Logit::default().fit(&some).expect("a fit").summary().clone(),
        DriverFamily::Ordinal => Ordinal::default().fit(&some).expect("a fit").summary().clone(),
        DriverFamily::Count => {
            let poisson = Count { distribution: CountDistribution::Poisson, ..Count::default() };
            poisson.fit(&some).expect("a fit").summary().clone()
        }
    };
    summary.pseudo_r_squared.expect("a likelihood")
}

/// Mean gains by driver and number of others in the model, from all subsets.
fn gains_by_size(values: &[f64], n_drivers: usize) -> Array2<f64> {
    let mut sums = Array2::<f64>::zeros((n_drivers, n_drivers));
    let mut counts = Array2::<f64>::zeros((n_drivers, n_drivers));
    for set in 0..values.len() {
        for driver in (0..n_drivers).filter(|driver| set >> driver & 1 == 0) {
            let n_others = set.count_ones() as usize;
            sums[[driver, n_others]] += values[set | 1 << driver] - values[set];
            counts[[driver, n_others]] += 1.0;
        }
    }
    sums / counts
}

#[test]
fn conditional_dominance_of_every_family_is_the_mean_gain_over_the_models_of_a_size() {
    let cases = [
        (DriverFamily::Linear, 6, 60),
        (DriverFamily::Logistic, 4, 300),
        (DriverFamily::Ordinal, 3, 200),
        (DriverFamily::Count, 4, 200),
    ];
    for (family, n_drivers, n_rows) in cases {
        let own = of_family(family, &Made::of(61, n_rows, n_drivers));
        let columns = |set: usize| (0..n_drivers).filter(|driver| set >> driver & 1 == 1).collect::<Vec<_>>();
        let values: Vec<f64> = (0..1_usize << n_drivers).map(|set| value(family, &own, &columns(set))).collect();
        let want = gains_by_size(&values, n_drivers);
        let ranking = analysis(&[Method::ConditionalDominance])
            .rank_by_family(family, &own, &drivers(&own), &[], FitKind::Mcfadden)
            .expect("a ranking");
        for (driver, want) in want.outer_iter().enumerate() {
            let name = format!("x{driver}");
            let got = row(&ranking, &name).conditional_dominance.as_ref().expect("asked for");
            assert_eq!(got.len(), n_drivers);
            for (n_others, (got, want)) in got.iter().zip(want).enumerate() {
                close(&format!("{} {name} beside {n_others}", family.word()), *got, *want, 1e-8);
            }
        }
    }
}

/// Deviations from the mean over their length, by column.
fn standardised(values: &Array2<f64>) -> Array2<f64> {
    let means = values.mean_axis(Axis(0)).expect("rows");
    let centred = values - &means;
    let lengths = centred.map_axis(Axis(0), |column| column.dot(&column).sqrt());
    centred / lengths
}

/// The inverse by Gauss and Jordan, without pivots: of positive definite matrices.
fn inverse(matrix: &Array2<f64>) -> Array2<f64> {
    let n = matrix.nrows();
    let (mut left, mut right) = (matrix.clone(), Array2::eye(n));
    for pivot in 0..n {
        let scale = left[[pivot, pivot]];
        left.row_mut(pivot).mapv_inplace(|value| value / scale);
        right.row_mut(pivot).mapv_inplace(|value| value / scale);
        for other in (0..n).filter(|&other| other != pivot) {
            let factor = left[[other, pivot]];
            let (own_left, own_right) = (left.row(pivot).to_owned(), right.row(pivot).to_owned());
            left.row_mut(other).scaled_add(-factor, &own_left);
            right.row_mut(other).scaled_add(-factor, &own_right);
        }
    }
    right
}

/// The square root of a positive definite matrix and its inverse, without eigenvalues.
///
/// Denman and Beavers (1976), "The matrix sign function and computations in systems", Applied Mathematics and Computation 2.
struct Root {
    root: Array2<f64>,
    inverse: Array2<f64>,
}

impl Root {
    fn of(matrix: &Array2<f64>) -> Self {
        let mut own = Self { root: matrix.clone(), inverse: Array2::eye(matrix.nrows()) };
        for _ in 0..60 {
            let (root, inverted) = (inverse(&own.root), inverse(&own.inverse));
            own = Self { root: 0.5 * (&own.root + &inverted), inverse: 0.5 * (&own.inverse + &root) };
        }
        own
    }
}

proptest! {
    #![proptest_config(few_cases())]

    #[test]
    fn johnsons_weights_and_car_scores_are_those_of_the_square_root_of_the_correlations(made in made()) {
        let own = made.observations();
        let n_drivers = made.drivers.ncols();
        let columns = standardised(&made.drivers);
        let outcome = standardised(&made.outcome.clone().insert_axis(Axis(1))).column(0).to_owned();
        let (among, with) = (columns.t().dot(&columns), columns.t().dot(&outcome));
        let root = Root::of(&among);
        close("the root", (root.root.dot(&root.root) - &among).iter().map(|gap| gap.abs()).sum(), 0.0, 1e-10);
        // Of the stand-ins Z = X R^-1/2, with which X goes by R^1/2 and y by R^-1/2 r.
        let stand_ins = root.inverse.dot(&with);
        let squared = stand_ins.mapv(|value| value * value);
        let johnson: Array1<f64> = root.root.mapv(|value| value * value).dot(&squared);
        let methods = analysis(&[Method::RelativeWeights, Method::Car, Method::Pratt, Method::BetaSquared]);
        let ranking = methods.rank(&own, &drivers(&own), &[]).expect("a ranking");
        let fit = Ols::default().fit(&own).expect("a fit");
        for driver in 0..n_drivers {
            let name = format!("x{driver}");
            close("johnson", contribution(&ranking, &name, Method::RelativeWeights), johnson[driver], ROUNDING);
            close("car", contribution(&ranking, &name, Method::Car), squared[driver], ROUNDING);
            // The estimator's coefficient in standard deviations of driver and outcome.
            let spread = |values: ndarray::ArrayView1<f64>| values.std(1.0);
            let slope = fit.coefficients()[driver + 1].estimate * spread(made.drivers.column(driver))
                / spread(made.outcome.view());
            close("pratt", contribution(&ranking, &name, Method::Pratt), slope * with[driver], ROUNDING);
            close("beta squared", contribution(&ranking, &name, Method::BetaSquared), slope * slope, ROUNDING);
        }
    }
}
