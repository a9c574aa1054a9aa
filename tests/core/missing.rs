//! The airport survey of 2017, where few respondents had a car to park: treatments of gaps on real answers.
//!
//! Expected values are those of `tests/oracles/missing_airport.py`.

use crate::inputs::{Table, close};
use advocate::data::{Gaps, Outcome};
use advocate::estimators::StdErrors;
use advocate::estimators::missing::{
    ComparedCoefficient, Comparison, ComparisonTable, Em, Listwise, Marked, MultipleImputation, Treatment,
};
use advocate::estimators::missing::{Indicated, Pairwise};
use advocate::findings::FindingKind;
use advocate::stats::Confidence;
use ndarray::{Array1, Array2};

const TOUCHPOINTS: [&str; 5] = ["Q7FOOD", "Q7SIGN", "Q7WIFI", "Q7PARK", "Q9RESTROOM"];

/// Touchpoints from 1 to 5 and the recommend answer from 0 to 10; everything else is a gap, or the row is not there.
fn airport() -> Option<Gaps> {
    let table = Table::shared("sfo_airport/2017_SFO_Customer_Survey.csv")?;
    let within = |name: &str, low: f64, high: f64| -> Vec<f64> {
        let number = |cell: &String| cell.trim().parse().ok().filter(|value: &f64| *value >= low && *value <= high);
        table.words(name).iter().map(|cell| number(cell).unwrap_or(f64::NAN)).collect()
    };
    let recommend = within("NETPRO", 0.0, 10.0);
    let columns: Vec<Vec<f64>> = TOUCHPOINTS.iter().map(|name| within(name, 1.0, 5.0)).collect();
    let rows: Vec<usize> = (0..recommend.len()).filter(|&row| !recommend[row].is_nan()).collect();
    let values = Array2::from_shape_fn((rows.len(), TOUCHPOINTS.len()), |(row, column)| columns[column][rows[row]]);
    let outcome: Array1<f64> = rows.iter().map(|&row| recommend[row]).collect();
    let names = TOUCHPOINTS.map(str::to_owned).to_vec();
    let gaps = Gaps::new(names, values, Outcome::numeric("NETPRO", outcome).expect("numbers")).expect("valid");
    Some(gaps.structural(&[3]).expect("the column of parking"))
}

fn slopes(table: &ComparisonTable, treatment: Treatment) -> Vec<&ComparedCoefficient> {
    let own =
        |row: &&ComparedCoefficient| row.treatment == treatment && TOUCHPOINTS.contains(&row.coefficient.term.as_str());
    table.coefficients.iter().filter(own).collect()
}

#[test]
fn airport_answers_by_treatment_are_those_of_numpy_and_pandas() {
    let Some(gaps) = airport() else { return };
    let table = Comparison::default().compare(&gaps);
    assert_eq!(table.treatments.len(), 5, "{:?}", table.findings);
    let n_used: Vec<usize> = table.treatments.iter().map(|row| row.n_used).collect();
    assert_eq!(n_used, [973, 2746, 2746, 2746, 2746]);
    for (treatment, want) in [
        (
            Treatment::Listwise,
            [0.21752261264632783, 0.38651922645200404, 0.16214694167499302, 0.3159165708656932, 0.3633471023954401],
        ),
        (
            Treatment::Pairwise,
            [0.30080889836407476, 0.34348814868375255, 0.15085215092214416, 0.2996728795375839, 0.3157237381524766],
        ),
        (
            Treatment::Em,
            [0.29914403534663137, 0.32284373745468403, 0.16492246524438897, 0.35459204132523153, 0.3213274248780121],
        ),
    ] {
        for (row, want) in slopes(&table, treatment).iter().zip(want) {
            close(&format!("{} {}", treatment.word(), row.coefficient.term), row.coefficient.estimate, want, 1e-8);
        }
    }
    let errors =
        [0.0535918605978017, 0.0666967412252421, 0.04802987907888937, 0.058690822764266716, 0.05610512447854105];
    for (row, want) in slopes(&table, Treatment::Listwise).iter().zip(errors) {
        close("listwise standard error", row.coefficient.std_error, want, 1e-10);
    }
    // Numeric second derivatives have about six digits. Parking gains nothing from rows without a car.
    let errors =
        [0.03934542684598143, 0.04642625405914429, 0.03852730763109736, 0.05932444098171705, 0.039134456490225206];
    let em = slopes(&table, Treatment::Em);
    for (row, want) in em.iter().zip(errors) {
        close("em standard error", row.coefficient.std_error, want, 1e-6);
    }
    // Em and imputation are two roads to the same answer.
    for (em, imputed) in em.iter().zip(slopes(&table, Treatment::MultipleImputation)) {
        let apart = imputed.coefficient.estimate - em.coefficient.estimate;
        assert!(apart.abs() < em.coefficient.std_error, "{} {apart}", em.coefficient.term);
        assert!(imputed.fraction_missing_information.is_some_and(|share| share > 0.0 && share < 0.9));
    }
    let kept = table.findings.iter().find(|finding| finding.kind == FindingKind::RowsDropped).expect("a finding");
    assert_eq!(kept.sentence, "listwise keeps 35 % of the rows (973 of 2,746); `Q7PARK` costs most, missing in 1,510.");
    assert!(table.findings.iter().any(|finding| finding.sentence.starts_with("Gaps do not come completely at random")));
}

#[test]
fn parking_that_does_not_apply_is_marked_and_the_rest_left_to_em() {
    let Some(gaps) = airport() else { return };
    let marked = Indicated::of(&gaps, Marked::Structural).expect("columns");
    assert_eq!(marked.gaps.names()[3..5], ["Q7PARK".to_owned(), "Q7PARK (missing)".to_owned()]);
    let em = Em::default().fit(&marked.gaps).expect("moments");
    assert!(em.converged() && em.findings().is_empty(), "{:?}", em.findings());
    let fit = em.regress(StdErrors::Hc1, Confidence::default()).expect("a fit");
    assert_eq!(fit.coefficients.len(), 7);
    assert!(Listwise::of(&marked.gaps).expect("rows").n_kept > 2 * Listwise::of(&gaps).expect("rows").n_kept - 300);
    assert!(Pairwise.fit(&marked.gaps).is_ok());
    assert!(MultipleImputation { imputations: 2, ..Default::default() }.impute(&marked.gaps).is_ok());
}
