//! Drivers from tables of correlations and covariances.

use crate::inputs::{close, drivers, observations, row, rows_with_correlations};
use advocate::drivers::{CorrelationMatrix, Driver, DriverAnalysis, DriverError, DriverRanking, MatrixError, Method};
use advocate::findings::FindingKind;
use ndarray::{Array2, array, s};

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// Three drivers and the outcome.
fn table() -> Array2<f64> {
    array![[1.0, 0.5, 0.2, 0.6], [0.5, 1.0, 0.3, 0.4], [0.2, 0.3, 1.0, 0.3], [0.6, 0.4, 0.3, 1.0]]
}

fn matrix() -> CorrelationMatrix {
    CorrelationMatrix::new(names(&["x0", "x1", "x2", "y"]), table()).expect("correlations")
}

fn three() -> Vec<Driver> {
    (0..3).map(|column| Driver::column(format!("x{column}"), column)).collect()
}

fn all_methods() -> DriverAnalysis {
    DriverAnalysis { methods: Method::ALL.to_vec(), replicates: 0, ..DriverAnalysis::default() }
}

#[track_caller]
fn assert_same(left: &DriverRanking, right: &DriverRanking) {
    for own in &left.drivers {
        let other = row(right, &own.driver);
        for (method, value) in &own.methods {
            close(&format!("{method} of {}", own.driver), other.methods[method], *value, 1e-11);
        }
        for (size, value) in own.average_coefficients.iter().flatten().enumerate() {
            let other = other.average_coefficients.as_ref().expect("asked for")[size];
            close("average", other.expect("a mean"), value.expect("a mean"), 1e-10);
        }
        assert_eq!((own.rank, own.sign), (other.rank, other.sign));
    }
    close("the fit", left.fit.value, right.fit.value, 1e-11);
    close("p-value", left.p_value, right.p_value, 1e-10);
}

#[test]
fn correlations_give_what_rows_with_them_give_by_every_method() {
    let rows = rows_with_correlations(&table());
    let sample = observations(rows.slice(s![.., ..3]).to_owned(), rows.column(3).to_owned());
    for always in [vec![], vec![1]] {
        let drivers: Vec<Driver> =
            drivers(&sample).into_iter().filter(|driver| !always.contains(&driver.columns[0])).collect();
        let of_rows = all_methods().rank(&sample, &drivers, &always).expect("a ranking");
        let of_table =
            all_methods().rank_correlations(&matrix(), rows.nrows(), "y", &drivers, &always).expect("a ranking");
        assert_same(&of_rows, &of_table);
        assert_eq!(of_table.n_used, rows.nrows());
    }
}

#[test]
fn covariances_give_coefficients_in_the_columns_units() {
    let deviations = [2.0, 1e-8, 300.0, 0.5];
    let covariances =
        Array2::from_shape_fn((4, 4), |(row, column)| table()[[row, column]] * deviations[row] * deviations[column]);
    let matrix = CorrelationMatrix::of_covariances(names(&["x0", "x1", "x2", "y"]), covariances).expect("covariances");
    let ranking = all_methods().rank_correlations(&matrix, 80, "y", &three(), &[]).expect("a ranking");
    let standardised = all_methods().rank_correlations(&self::matrix(), 80, "y", &three(), &[]).expect("a ranking");
    for (place, own) in ["x0", "x1", "x2"].into_iter().enumerate() {
        let (own, other) = (row(&ranking, own), row(&standardised, own));
        close("share", own.share, other.share, 1e-12);
        let average = |row: &advocate::drivers::DriverRow| row.average_coefficients.as_ref().expect("asked for")[0];
        let want = average(other).expect("a mean") * 0.5 / deviations[place];
        close("in units", average(own).expect("a mean") / want, 1.0, 1e-10);
    }
}

#[test]
fn noise_is_told_from_correlations_and_their_number_of_rows() {
    let weak = array![[1.0, 0.0, 0.6], [0.0, 1.0, 0.05], [0.6, 0.05, 1.0]];
    let matrix = CorrelationMatrix::new(names(&["x0", "x1", "y"]), weak).expect("correlations");
    let two = three()[..2].to_vec();
    let p_value = |n_rows| {
        let analysis = DriverAnalysis { noise_drivers: 999, replicates: 0, ..DriverAnalysis::default() };
        let ranking = analysis.rank_correlations(&matrix, n_rows, "y", &two, &[]).expect("a ranking");
        row(&ranking, "x1").noise.expect("asked for").p_value
    };
    // By simulation in numpy (tests/oracles/drivers_noise.py): 0.650 and 0.0012.
    close("few rows", p_value(100), 0.65, 0.06);
    assert!(p_value(3600) < 0.007, "{}", p_value(3600));
}

#[test]
fn correlations_have_no_rows_to_draw() {
    let ranking = DriverAnalysis::default().rank_correlations(&matrix(), 50, "y", &three(), &[]).expect("a ranking");
    assert!(ranking.n_replicates == 0 && ranking.drivers.iter().all(|row| row.interval.is_none()));
    assert!(ranking.findings.iter().any(|finding| finding.kind == FindingKind::NotEstimated));
}

#[test]
fn what_is_no_correlation_matrix_is_refused_by_row_and_column() {
    let of = |edit: &dyn Fn(&mut Array2<f64>)| {
        let mut values = table();
        edit(&mut values);
        CorrelationMatrix::new(names(&["x0", "x1", "x2", "y"]), values).expect_err("refused")
    };
    let (x1, x2) = ("x1".to_owned(), "x2".to_owned());
    assert_eq!(
        of(&|values| values[[2, 1]] = 0.31),
        MatrixError::NotSymmetric { row: x2.clone(), column: x1.clone(), value: 0.31, mirrored: 0.3 }
    );
    assert_eq!(of(&|values| values[[1, 1]] = 0.9), MatrixError::Diagonal { name: x1.clone(), value: 0.9 });
    let beyond = of(&|values| {
        values[[2, 1]] = 1.2;
        values[[1, 2]] = 1.2;
    });
    assert_eq!(beyond, MatrixError::BeyondOne { row: x2.clone(), column: x1.clone(), value: 1.2 });
    let no_number = of(&|values| values[[2, 1]] = f64::NAN);
    assert!(matches!(no_number, MatrixError::NotFinite { row, column, .. } if row == x2 && column == x1));
    assert!(matches!(of(&|values| values[[2, 2]] = f64::INFINITY), MatrixError::NotFinite { .. }));
    // x1 and x2 go with x0 nearly fully and with each other the other way.
    let impossible = of(&|values| {
        for (row, column, value) in [(1, 0, 0.9), (2, 0, 0.9), (2, 1, -0.9)] {
            values[[row, column]] = value;
            values[[column, row]] = value;
        }
    });
    let MatrixError::NotPositive { eigenvalue, row, column } = impossible else {
        unreachable!("{impossible:?}");
    };
    assert!(eigenvalue < -0.5 && [row.as_str(), column.as_str()].iter().all(|name| name.starts_with('x')));
    let short = CorrelationMatrix::new(names(&["x0", "y"]), table());
    assert!(matches!(short, Err(MatrixError::NotSquare { n_names: 2, n_rows: 4, n_columns: 4 })));
    let oblong = CorrelationMatrix::new(names(&["x0", "y"]), table().slice(s![..2, ..]).to_owned());
    assert!(matches!(oblong, Err(MatrixError::NotSquare { n_rows: 2, n_columns: 4, .. })));
    let twice = CorrelationMatrix::new(names(&["x0", "x1", "x0", "y"]), table());
    assert_eq!(twice, Err(MatrixError::NameTwice { name: "x0".to_owned() }));
    let negative = CorrelationMatrix::of_covariances(names(&["x0"]), array![[-1.0]]);
    assert_eq!(negative, Err(MatrixError::Diagonal { name: "x0".to_owned(), value: -1.0 }));
}

#[test]
fn a_table_is_of_covariances_where_a_variance_is_above_one() {
    let names = || names(&["x", "y"]);
    // Standard deviations 2 and 3, correlation 0.5.
    let covariances = array![[4.0, 3.0], [3.0, 9.0]];
    let of_table = CorrelationMatrix::of_table(names(), covariances.clone());
    assert_eq!(of_table, CorrelationMatrix::of_covariances(names(), covariances));
    let correlations = array![[1.0, 0.5], [0.5, 1.0]];
    assert_eq!(
        CorrelationMatrix::of_table(names(), correlations.clone()),
        CorrelationMatrix::new(names(), correlations)
    );
    // Reliabilities on the diagonal are below 1.
    let with_reliabilities = CorrelationMatrix::of_table(names(), array![[0.8, 0.5], [0.5, 1.0]]);
    assert_eq!(with_reliabilities, Err(MatrixError::Diagonal { name: "x".to_owned(), value: 0.8 }));
}

#[test]
fn names_that_are_no_columns_and_too_few_rows_are_refused() {
    let rank = |outcome: &str, drivers: &[Driver], always: &[usize], n_rows: usize| {
        all_methods().rank_correlations(&matrix(), n_rows, outcome, drivers, always)
    };
    assert!(matches!(rank("z", &three(), &[], 50), Err(DriverError::NotInMatrix { name }) if name == "z"));
    for column in [3, 4] {
        let refused = rank("y", &[Driver::column("d", column)], &[], 50);
        assert!(matches!(refused, Err(DriverError::NotInMatrix { name }) if name == "d"));
        assert!(matches!(rank("y", &three(), &[column], 50), Err(DriverError::NotInMatrix { .. })));
    }
    assert!(matches!(rank("y", &three(), &[], 4), Err(DriverError::TooFewRows { n_used: 4, n_columns: 3 })));
    assert!(matches!(rank("y", &[], &[], 50), Err(DriverError::NoDriver)));
}
