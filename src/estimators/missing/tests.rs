//! Treatments against numbers from elsewhere (`tests/oracles/missing_reference.py`), against each other, and against
//! awkward input.

use super::formula_gaps::{columns, complete, formula_gaps, formula_gaps_of_rows, frequencies, gaps_of, names};
use super::*;
use crate::data::{ColumnGroup, Gaps, Outcome, WeightKind, Weights};
use crate::estimators::formula_data::wave;
use crate::estimators::{Coefficient, Family, FitError, Ols, StdErrors};
use crate::findings::{FindingKind, Severity};
use crate::stats::Confidence;
use ndarray::{Array1, Array2, Axis, array, s};

const GAP: f64 = f64::NAN;

/// The numbers of one line of the reference.
fn reference(case: &str, what: &str) -> Vec<f64> {
    let text = include_str!("../../../tests/oracles/missing_reference.txt");
    let mut lines = text.lines().map(|line| line.split(' ').collect::<Vec<&str>>());
    let words = lines.find(|words| words[..2] == [case, what]).expect("a line of the reference");
    words[2..].iter().map(|word| word.parse().expect("a number")).collect()
}

#[track_caller]
fn near(got: &[f64], want: &[f64], relative: f64) {
    assert_eq!(got.len(), want.len());
    for (got, want) in got.iter().zip(want) {
        assert!((got - want).abs() <= relative * want.abs(), "{got} and not {want}");
    }
}

fn estimates(rows: &[Coefficient]) -> Vec<f64> {
    rows.iter().map(|row| row.estimate).collect()
}

fn errors(rows: &[Coefficient]) -> Vec<f64> {
    rows.iter().map(|row| row.std_error).collect()
}

fn on_threads<T: Send>(n_threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("a pool").install(work)
}

fn regress(gaps: &Gaps, std_errors: StdErrors) -> Result<MomentFit, MissingError> {
    Em::default().fit(gaps)?.regress(std_errors, Confidence::default())
}

#[test]
fn em_agrees_with_numpy() {
    for (case, gaps) in
        [("em", formula_gaps(240)), ("em_frequency", formula_gaps(240).weighted(frequencies(240)).expect("one a row"))]
    {
        let fit = Em::default().fit(&gaps).expect("moments");
        assert!(fit.converged() && fit.n_patterns() == 8);
        let moments = fit.moments();
        near(&moments.means.to_vec(), &reference(case, "mean"), 1e-9);
        let covariance: Vec<f64> = (moments.cross_products / moments.weight_sum).iter().copied().collect();
        near(&covariance, &reference(case, "covariance"), 1e-7);
        near(&[fit.log_likelihood()], &reference(case, "log_likelihood"), 1e-12);
        for std_errors in [StdErrors::Model, StdErrors::Hc1, StdErrors::Cluster] {
            let regression = fit.regress(std_errors, Confidence::default()).expect("a regression");
            near(&estimates(&regression.coefficients), &reference(case, "estimate"), 1e-8);
            near(&[regression.r_squared], &reference(case, "r_squared"), 1e-8);
            // Numeric second derivatives have about seven digits.
            let what = format!("{}_std_error", std_errors.word());
            near(&errors(&regression.coefficients), &reference(case, &what), 2e-6);
        }
    }
}

#[test]
fn pairwise_agrees_with_pandas() {
    let gaps = formula_gaps(240);
    let fit = Pairwise.fit(&gaps).expect("moments");
    let moments = fit.moments();
    let covariance: Vec<f64> = (moments.cross_products / 239.0).iter().copied().collect();
    near(&covariance, &reference("pairwise", "covariance"), 1e-11);
    near(&[fit.n_pair_min(), fit.n_pair_median()], &reference("pairwise", "n_pairs"), 0.0);
    near(&[fit.smallest_eigenvalue()], &reference("pairwise", "smallest_eigenvalue"), 1e-10);
    for std_errors in [StdErrors::Hc1, StdErrors::Cluster] {
        let regression = fit.regress(std_errors, Confidence::default()).expect("a regression");
        near(&estimates(&regression.coefficients), &reference("pairwise", "estimate"), 1e-10);
        let what = format!("{}_std_error", std_errors.word());
        near(&errors(&regression.coefficients), &reference("pairwise", &what), 1e-7);
    }
}

#[test]
fn little_test_agrees_with_numpy_and_is_a_finding() {
    let gaps = formula_gaps_of_rows(240);
    let test = Em::default().fit(&gaps).expect("moments").little_test();
    let got = [test.statistic, test.degrees_of_freedom as f64, test.p_value, test.n_patterns as f64];
    near(&got, &reference("little", "little"), 1e-8);
    assert_eq!(test.findings[0].kind, FindingKind::NotRepresentative);
    // Where customers have several rows there is no test.
    let clustered = Em::default().fit(&formula_gaps(240)).expect("moments").little_test();
    assert_eq!(clustered.findings[0].kind, FindingKind::NotEstimated);
    let whole = complete(50);
    let none = Em::default().fit(&whole).expect("moments").little_test();
    assert_eq!((none.degrees_of_freedom, none.p_value, none.findings.len()), (0, 1.0, 0));
}

#[test]
fn two_columns_with_one_pattern_of_gaps_have_the_closed_form() {
    // Anderson (1957), "Maximum likelihood estimates for a multivariate normal distribution when some observations are
    // missing", JASA 52(278): with x regressed on y over the complete rows, mean(x) = mean_c(x) + b (mean(y) - mean_c(y))
    // and var(x) = var_c(x) + b^2 (var(y) - var_c(y)), cov = b var(y).
    let mut data = Array2::from_shape_fn((60, 2), |(row, column)| wave(row, column) + column as f64 * wave(row, 0));
    let lacking = 22;
    data.slice_mut(s![..lacking, 0]).fill(GAP);
    let gaps = gaps_of(&data);
    let fit = Em::default().fit(&gaps).expect("moments");
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let product = |one: &[f64], other: &[f64]| {
        let (left, right) = (mean(one), mean(other));
        one.iter().zip(other).map(|(one, other)| (one - left) * (other - right)).sum::<f64>() / one.len() as f64
    };
    let (all_y, x, y) =
        (data.column(1).to_vec(), data.slice(s![lacking.., 0]).to_vec(), data.slice(s![lacking.., 1]).to_vec());
    let slope = product(&x, &y) / product(&y, &y);
    let moments = fit.moments();
    let covariance = &moments.cross_products / moments.weight_sum;
    let want = mean(&x) + slope * (mean(&all_y) - mean(&y));
    assert!((moments.means[0] - want).abs() < 1e-9, "{} and not {want}", moments.means[0]);
    let variance = product(&x, &x) + slope * slope * (product(&all_y, &all_y) - product(&y, &y));
    near(&[covariance[[0, 0]], covariance[[0, 1]]], &[variance, slope * product(&all_y, &all_y)], 1e-9);
    near(&[covariance[[1, 1]]], &[product(&all_y, &all_y)], 1e-12);
}

#[test]
fn the_likelihood_never_falls() {
    for n_rows in [30, 90, 400] {
        let gaps = formula_gaps(n_rows);
        let fit = Em::default().fit(&gaps).expect("moments");
        let floor = 1e-12 * fit.log_likelihood().abs();
        assert!(fit.ascent().windows(2).all(|pair| pair[1] >= pair[0] - floor), "{:?}", fit.ascent());
        assert!(fit.ascent().len() > 3);
    }
}

#[test]
fn without_gaps_every_treatment_gives_least_squares() {
    let gaps = complete(120);
    let observations = gaps.complete().expect("no gaps");
    for std_errors in [StdErrors::Hc1, StdErrors::Cluster, StdErrors::Model] {
        let ols = Ols { std_errors, ..Ols::default() }.fit(&observations).expect("a fit");
        let comparison = Comparison { std_errors, ..Comparison::default() }.compare(&gaps);
        assert_eq!(comparison.treatments.len(), 5, "{:?}", comparison.findings);
        for (place, row) in comparison.coefficients.iter().enumerate() {
            let want = &ols.coefficients()[place % 4];
            near(&[row.coefficient.estimate], &[want.estimate], 1e-9);
            assert!(row.difference.expect("a term of listwise").abs() < 1e-9);
            if std_errors != StdErrors::Model || row.treatment != Treatment::Pairwise {
                let got = &row.coefficient;
                near(
                    &[got.std_error, got.conf_low, got.conf_high],
                    &[want.std_error, want.conf_low, want.conf_high],
                    1e-8,
                );
            }
        }
        for row in &comparison.treatments {
            near(&[row.r_squared.expect("linear")], &[ols.summary().r_squared.expect("linear")], 1e-10);
            assert_eq!((row.n_rows, row.n_used), (120, 120));
        }
    }
}

#[test]
fn weights_of_every_kind_without_gaps_give_weighted_least_squares() {
    for kind in [WeightKind::Precision, WeightKind::Frequency, WeightKind::Sampling] {
        let weights = Weights::new(kind, (0..120).map(|row| (row % 4) as f64).collect()).expect("valid");
        let gaps = complete(120).weighted(weights).expect("one a row");
        let ols = Ols::default().fit(&gaps.complete().expect("no gaps")).expect("a fit");
        let fit = regress(&gaps, StdErrors::Model).expect("a fit");
        near(&estimates(&fit.coefficients), &estimates(ols.coefficients()), 1e-9);
        near(&errors(&fit.coefficients), &errors(ols.coefficients()), 1e-8);
        assert_eq!((fit.std_errors, fit.n_used), (ols.summary().std_errors, ols.summary().n_used));
    }
}

#[test]
fn units_of_a_column_change_nothing_but_its_units() {
    let plain = regress(&formula_gaps(240), StdErrors::Hc1).expect("a fit");
    let mut data = columns(240);
    data.column_mut(1).mapv_inplace(|value| value * 1e9 - 1e12);
    let moved = regress(&gaps_of(&data), StdErrors::Hc1).expect("a fit");
    near(&[moved.coefficients[2].estimate * 1e9], &[plain.coefficients[2].estimate], 1e-6);
    near(&[moved.coefficients[2].statistic], &[plain.coefficients[2].statistic], 1e-6);
    near(&[moved.coefficients[1].estimate], &[plain.coefficients[1].estimate], 1e-6);
}

#[test]
fn multiple_imputation_agrees_with_em_on_many_rows() {
    let gaps = gaps_of(&columns(4_000));
    let em = regress(&gaps, StdErrors::Hc1).expect("a fit");
    let imputations = MultipleImputation { imputations: 40, ..Default::default() }.impute(&gaps).expect("data sets");
    let ols = Ols { std_errors: StdErrors::Hc1, ..Ols::default() };
    let pooled = imputations.pool(Confidence::default(), |data| Ok((&ols.fit(data)?).into())).expect("a pooled fit");
    assert_eq!((pooled.imputations, pooled.coefficients.len()), (40, 4));
    for (pooled, em) in pooled.coefficients.iter().zip(&em.coefficients) {
        let got = &pooled.coefficient;
        // Forty imputations leave an error of the estimate of a fraction of its standard error, and about a tenth of the
        // standard error itself.
        assert!((got.estimate - em.estimate).abs() < 0.25 * em.std_error, "{got:?} {em:?}");
        assert!((got.std_error / em.std_error - 1.0).abs() < 0.2, "{got:?} {em:?}");
        assert!((0.05..0.8).contains(&pooled.fraction_missing_information), "{pooled:?}");
    }
}

#[test]
fn imputed_values_have_the_spread_of_the_model() {
    let gaps = gaps_of(&columns(4_000));
    let moments = Em::default().fit(&gaps).expect("moments").moments();
    let imputations = MultipleImputation::default().impute(&gaps).expect("data sets");
    let (mut mean, mut variance) = (0.0, 0.0);
    for imputation in 0..imputations.n_imputations() {
        let data = imputations.completed(imputation).expect("a data set");
        let column = data.design().values().column(1).to_owned();
        mean += column.mean().expect("rows") / 20.0;
        variance += column.var(0.0) / 20.0;
        let kept = (0..4_000).filter(|&row| !gaps.is_missing(row, 1));
        assert!(kept.into_iter().all(|row| column[row] == gaps.values()[[row, 1]]));
    }
    near(&[mean], &[moments.means[1]], 0.005);
    near(&[variance], &[moments.cross_products[[1, 1]] / moments.weight_sum], 0.03);
}

#[test]
fn threads_change_no_byte() {
    let gaps = formula_gaps(20_000);
    let on = |n_threads| {
        on_threads(n_threads, || {
            let table = Comparison {
                std_errors: StdErrors::Cluster,
                imputation: MultipleImputation { imputations: 3, ..Default::default() },
                ..Comparison::default()
            }
            .compare(&gaps);
            assert_eq!(table.treatments.len(), 5, "{:?}", table.findings);
            table
        })
    };
    assert_eq!(on(1), on(4));
}

#[test]
fn listwise_says_what_each_column_costs() {
    let data =
        array![[1.0, GAP, 1.0], [2.0, GAP, 2.0], [GAP, GAP, 3.0], [4.0, 1.0, 4.0], [5.0, 2.0, 7.0], [GAP, 3.0, 1.0]];
    let kept = Listwise::of(&gaps_of(&data)).expect("complete rows");
    assert_eq!((kept.n_rows, kept.n_kept, kept.rows.as_slice()), (6, 2, &[3, 4][..]));
    let cost = |column: &str, n_missing, n_alone| ColumnCost { column: column.to_owned(), n_missing, n_alone };
    assert_eq!(kept.costs, [cost("x0", 2, 1), cost("x1", 3, 2)]);
    let finding = &kept.findings[0];
    assert_eq!((finding.kind, finding.severity), (FindingKind::RowsDropped, Severity::Warning));
    assert!(finding.sentence.starts_with("listwise keeps 33 % of the rows (2 of 6); `x1` costs most"));
    let none = Listwise::of(&gaps_of(&array![[1.0, GAP, 1.0], [GAP, 2.0, 2.0], [GAP, 1.0, 0.0]])).unwrap_err();
    assert!(none.to_string().starts_with("no row has every column; `x0` lacks most, on 2 of 3 rows"), "{none}");
}

#[test]
fn rows_without_weight_are_not_counted_or_used() {
    let mut data = columns(240);
    for row in (0..240).step_by(4) {
        data.row_mut(row).assign(&array![1e6, GAP, -1e6, 1e6]);
    }
    let gaps = gaps_of(&data).weighted(frequencies(240)).expect("one a row");
    let rest: Vec<usize> = (0..240).filter(|row| row % 4 > 0).collect();
    let weights =
        Weights::new(WeightKind::Frequency, rest.iter().map(|row| (row % 4) as f64).collect()).expect("valid");
    let few = gaps_of(&data.select(Axis(0), &rest)).weighted(weights).expect("one a row");
    let (all, few) = (regress(&gaps, StdErrors::Hc1).expect("a fit"), regress(&few, StdErrors::Hc1).expect("a fit"));
    near(&errors(&all.coefficients), &errors(&few.coefficients), 1e-9);
    assert_eq!(Listwise::of(&gaps).expect("rows").n_rows, 180);
}

#[test]
fn pairwise_moments_that_contradict_each_other_are_refused() {
    // Each pair is seen on rows of its own: x0 goes with x1, x1 with y, and x0 against y.
    let mut data = Array2::from_elem((60, 3), GAP);
    for row in 0..60 {
        let value = (row % 20) as f64;
        match row / 20 {
            0 => data.row_mut(row).assign(&array![value, value, 9.5]),
            1 => data.row_mut(row).assign(&array![GAP, value, 2.0 * value]),
            _ => data.row_mut(row).assign(&array![value, GAP, -2.0 * value]),
        }
    }
    let Err(error) = Pairwise.fit(&gaps_of(&data)).map(|_| ()) else { panic!("no covariance") };
    assert!(matches!(error, MissingError::NotCovariance { smallest } if smallest < -0.1), "{error}");
    assert!(error.to_string().contains("use em or multiple imputation"), "{error}");
    assert!(Em::default().fit(&gaps_of(&data)).is_ok());
}

#[test]
fn columns_never_seen_together_are_named() {
    let mut data = columns(200);
    for row in 0..200 {
        data[[row, row % 2]] = GAP;
        data[[row, 1 - row % 2]] = 3.0 + wave(row, 5);
    }
    let gaps = gaps_of(&data);
    let fit = Em::default().fit(&gaps).expect("moments");
    let finding = fit.findings().iter().find(|finding| finding.about == "x0, x1").expect("a finding");
    assert_eq!((finding.kind, finding.severity), (FindingKind::NotEstimated, Severity::Serious));
    for error in [
        fit.regress(StdErrors::Model, Confidence::default()).map(|_| ()),
        Pairwise.fit(&gaps).map(|_| ()),
        MultipleImputation::default().impute(&gaps).map(|_| ()),
    ] {
        let error = error.unwrap_err();
        assert!(
            matches!(&error, MissingError::NeverTogether { left, right } if left == "x0" && right == "x1"),
            "{error}"
        );
    }
}

#[test]
fn a_column_without_values_and_a_constant_one_are_left_out_by_name() {
    let base = columns(120);
    let mut data = Array2::from_elem((120, 6), GAP);
    data.slice_mut(s![.., ..3]).assign(&base.slice(s![.., ..3]));
    data.column_mut(4).fill(7.5);
    data[[3, 4]] = GAP;
    data.column_mut(5).assign(&base.column(3));
    let gaps = gaps_of(&data);
    let plain = regress(&gaps_of(&base), StdErrors::Model).expect("a fit");
    let fit = regress(&gaps, StdErrors::Model).expect("a fit");
    near(&errors(&fit.coefficients), &errors(&plain.coefficients), 1e-8);
    let about: Vec<(FindingKind, &str)> =
        fit.findings.iter().map(|finding| (finding.kind, finding.about.as_str())).collect();
    assert_eq!(about, [(FindingKind::NotEstimated, "x3"), (FindingKind::Constant, "x4")]);
    let moments = Em::default().fit(&gaps).expect("moments").moments();
    assert!(moments.means[3].is_nan() && !moments.varies(3) && !moments.varies(4));
    assert_eq!(moments.means[4], 7.5);
    let data = MultipleImputation { imputations: 2, ..Default::default() }.impute(&gaps).expect("draws");
    let data = data.completed(1).expect("a data set");
    assert_eq!(data.design().names(), ["x0", "x1", "x2", "x4"]);
    assert_eq!(data.design().values()[[3, 3]], 7.5);
    let table =
        Comparison { imputation: MultipleImputation { imputations: 2, ..Default::default() }, ..Default::default() };
    assert_eq!(table.compare(&gaps).treatments.len(), 5);
}

#[test]
fn a_row_that_lacks_everything_and_a_pattern_of_one_row_do_no_harm() {
    let mut data = columns(100);
    data.slice_mut(s![7, ..3]).fill(GAP);
    data.slice_mut(s![8, ..2]).fill(GAP);
    let gaps = gaps_of(&data);
    let fit = Em::default().fit(&gaps).expect("moments");
    assert!(fit.converged());
    let moments = fit.moments();
    near(&[moments.means[3]], &[data.column(3).mean().expect("rows")], 1e-12);
    assert!(
        MultipleImputation { imputations: 2, ..Default::default() }.impute(&gaps).expect("draws").completed(0).is_ok()
    );
    assert!(Pairwise.fit(&gaps).is_ok());
}

#[test]
fn more_columns_than_rows_are_refused() {
    let data = Array2::from_shape_fn((4, 5), |(row, column)| wave(row, column));
    let gaps = gaps_of(&data);
    for error in [
        Em::default().fit(&gaps).map(|_| ()),
        Pairwise.fit(&gaps).map(|_| ()),
        MultipleImputation::default().impute(&gaps).map(|_| ()),
    ] {
        assert!(matches!(error, Err(MissingError::Fit(FitError::TooFewRows { n_used: 4, n_terms: 5 }))));
    }
}

#[test]
fn an_outcome_that_does_not_vary_is_refused() {
    let mut data = columns(40);
    data.column_mut(3).fill(8.0);
    let error = regress(&gaps_of(&data), StdErrors::Model).unwrap_err();
    assert!(matches!(error, MissingError::Fit(FitError::ConstantOutcome { .. })), "{error}");
    assert!(error.to_string().starts_with("outcome `y` is 8"), "{error}");
}

#[test]
fn a_combination_of_columns_is_left_out_and_the_rest_stays() {
    let base = columns(150);
    let mut data = Array2::zeros((150, 5));
    data.slice_mut(s![.., ..3]).assign(&base.slice(s![.., ..3]));
    data.column_mut(3).assign(&(&base.column(0) * 2.0 - base.column(2)));
    data.column_mut(4).assign(&base.column(3));
    let gaps = gaps_of(&data);
    let plain = regress(&gaps_of(&base), StdErrors::Model).expect("a fit");
    let fit = regress(&gaps, StdErrors::Model).expect("a fit");
    near(&estimates(&fit.coefficients), &estimates(&plain.coefficients), 1e-8);
    let aliased = fit.findings.iter().find(|finding| finding.kind == FindingKind::Aliased).expect("a finding");
    assert_eq!(aliased.about, "x3");
    let pairwise = Pairwise.fit(&complete(60)).map(|fit| fit.smallest_eigenvalue());
    assert!(pairwise.is_ok_and(|smallest| smallest > 0.0));
}

#[test]
fn an_outcome_computed_from_the_columns_has_no_standard_errors() {
    let mut data = columns(100);
    let exact = Array1::from_shape_fn(100, |row| wave(row, 1) + 2.0 * wave(row, 2));
    data.column_mut(0).assign(&Array1::from_shape_fn(100, |row| wave(row, 1)));
    data.column_mut(1).assign(&Array1::from_shape_fn(100, |row| wave(row, 2)));
    data.column_mut(3).assign(&exact);
    let error = regress(&gaps_of(&data), StdErrors::Model).unwrap_err();
    assert!(matches!(error, MissingError::Exact { .. }), "{error}");
}

#[test]
fn em_that_is_stopped_early_says_so() {
    let gaps = formula_gaps(240);
    let fit = Em { iterations_max: 3, ..Em::default() }.fit(&gaps).expect("moments");
    assert!(!fit.converged());
    assert!(fit.findings().iter().any(|finding| finding.severity == Severity::Serious));
    let error = fit.regress(StdErrors::Model, Confidence::default()).unwrap_err();
    assert!(matches!(error, MissingError::NotConverged { iterations: 3, .. }), "{error}");
}

#[test]
fn a_replicate_with_the_rows_own_weights_is_the_fit() {
    let gaps = formula_gaps(240).weighted(frequencies(240)).expect("one a row");
    let own: Vec<f64> = (0..240).map(|row| (row % 4) as f64).collect();
    let em = Em::default().fit(&gaps).expect("moments");
    let pairwise = Pairwise.fit(&gaps).expect("moments");
    for (moments, again) in [(em.moments(), em.replicate(&own)), (pairwise.moments(), pairwise.replicate(&own))] {
        let again = again.expect("moments");
        near(&again.means.to_vec(), &moments.means.to_vec(), 1e-6);
        let relative = (&again.cross_products - &moments.cross_products) / &moments.cross_products;
        assert!(relative.iter().all(|gap| gap.abs() < 1e-4));
    }
    let selected = em.moments_of(&[2, 0]);
    assert_eq!(selected.cross_products[[0, 2]], em.moments().cross_products[[2, 3]]);
}

#[test]
fn an_indicator_stays_with_its_driver() {
    let data = array![[1.0, GAP, 4.0, 1.0], [2.0, 3.0, GAP, 2.0], [3.0, GAP, GAP, 3.0], [6.0, 5.0, 2.0, 5.0]];
    let group = |name: &str, columns: &[usize]| ColumnGroup { name: name.to_owned(), columns: columns.to_vec() };
    let gaps = gaps_of(&data).grouped(vec![group("a", &[0, 1]), group("b", &[2])]).expect("each once");
    let gaps = gaps.structural(&[1]).expect("there");
    let indicated = Indicated::of(&gaps, Marked::All).expect("columns");
    assert_eq!(indicated.gaps.names(), ["x0", "x1", "x1 (missing)", "x2", "x2 (missing)"]);
    assert_eq!(indicated.gaps.groups(), [group("a", &[0, 1, 2]), group("b", &[3, 4])]);
    let want = array![[4.0, 1.0], [3.0, 0.0], [4.0, 1.0], [5.0, 0.0]];
    assert_eq!(indicated.gaps.values().slice(s![.., 1..3]), want);
    // A gap in x2 is not said to be structural.
    let about: Vec<&str> = indicated.findings.iter().map(|finding| finding.about.as_str()).collect();
    assert_eq!(about, ["x2"]);
    let structural = Indicated::of(&gaps, Marked::Structural).expect("columns");
    assert_eq!(structural.gaps.names(), ["x0", "x1", "x1 (missing)", "x2"]);
    assert!(structural.gaps.is_missing(1, 3) && structural.filled.len() == 1);
}

#[test]
fn an_indicator_that_copies_or_mirrors_another_is_not_made() {
    let data = array![
        [1.0, GAP, 3.0, GAP, 1.0],
        [GAP, 3.0, GAP, 5.0, 2.0],
        [4.0, GAP, 5.0, GAP, 5.0],
        [2.0, GAP, 1.0, 7.0, 2.0]
    ];
    let mut gaps = gaps_of(&data);
    let groups = vec![
        ColumnGroup { name: "a".to_owned(), columns: vec![0, 2] },
        ColumnGroup { name: "b".to_owned(), columns: vec![1] },
        ColumnGroup { name: "c".to_owned(), columns: vec![3] },
    ];
    gaps = gaps.grouped(groups).and_then(|gaps| gaps.structural(&[0, 1, 2, 3])).expect("valid");
    let indicated = Indicated::of(&gaps, Marked::All).expect("columns");
    assert_eq!(indicated.gaps.names(), ["x0", "x0 (missing)", "x1", "x2", "x3", "x3 (missing)"]);
    // Within one driver a second copy needs no word.
    let found: Vec<(FindingKind, &str)> =
        indicated.findings.iter().map(|finding| (finding.kind, finding.about.as_str())).collect();
    assert_eq!(found, [(FindingKind::Aliased, "x1")]);
    assert_eq!(indicated.filled[1].indicator, None);
}

#[test]
fn structural_gaps_are_flagged_where_a_value_is_estimated() {
    let gaps = formula_gaps(240).structural(&[1]).expect("there");
    let em = Em::default().fit(&gaps).expect("moments");
    let flagged = |findings: &[crate::findings::Finding]| {
        findings.iter().any(|finding| finding.sentence.contains("use indicator"))
    };
    assert!(flagged(em.findings()) && flagged(Pairwise.fit(&gaps).expect("moments").findings()));
    let imputations = MultipleImputation { imputations: 2, ..Default::default() }.impute(&gaps).expect("draws");
    assert!(flagged(imputations.findings()));
}

#[test]
fn a_logistic_comparison_has_the_treatments_that_give_rows() {
    let data = columns(600);
    let class = data.column(3).mapv(|value| f64::from(u8::from(value > 2.2)));
    let outcome = Outcome::binary("promoter", class).expect("classes");
    let gaps = Gaps::new(names(3), data.slice(s![.., ..3]).to_owned(), outcome).expect("valid");
    let comparison = Comparison {
        family: Family::Logistic,
        imputation: MultipleImputation { imputations: 5, ..Default::default() },
        ..Default::default()
    };
    let table = comparison.compare(&gaps);
    let treatments: Vec<Treatment> = table.treatments.iter().map(|row| row.treatment).collect();
    assert_eq!(treatments, [Treatment::Listwise, Treatment::Indicator, Treatment::MultipleImputation]);
    assert_eq!(table.findings.iter().filter(|finding| finding.sentence.contains("only a linear model")).count(), 2);
    assert!(table.treatments[0].n_used < 400 && table.treatments[2].n_used == 600);
    let imputed = table.coefficients.iter().filter(|row| row.treatment == Treatment::MultipleImputation);
    assert!(imputed.into_iter().all(|row| row.fraction_missing_information.is_some_and(|share| share > 0.0)));
}

#[test]
fn one_imputation_is_refused() {
    let gaps = formula_gaps(50);
    let error = MultipleImputation { imputations: 1, ..Default::default() }.impute(&gaps).map(|_| ()).unwrap_err();
    assert!(matches!(error, MissingError::TooFewImputations { imputations: 1 }));
}
