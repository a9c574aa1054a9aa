//! Ranked drivers by every method, by size of the model, and two by two, as tables.

use crate::drivers::{DriverRanking, DriverRow};
use crate::report::OutcomeResult;
use crate::store::Table;

/// A driver of an outcome.
type Row<'r> = (&'r OutcomeResult, &'r DriverRanking, &'r DriverRow);

fn rows(outcomes: &[OutcomeResult]) -> impl Iterator<Item = Row<'_>> {
    outcomes
        .iter()
        .filter_map(|outcome| Some((outcome, outcome.ranking.as_ref()?)))
        .flat_map(|(outcome, ranking)| ranking.drivers.iter().map(move |driver| (outcome, ranking, driver)))
}

/// Contributions closer than this share of the largest rank equally.
const TIE: f64 = 1e-10;

/// One row a driver and method: its contribution, as a share of those of all drivers, and its rank.
pub(super) fn methods(outcomes: &[OutcomeResult]) -> Table {
    let all: Vec<(Row<'_>, &String, f64)> = rows(outcomes)
        .flat_map(|row| row.2.methods.iter().map(move |(method, &contribution)| (row, method, contribution)))
        .collect();
    let of_all = |(row, method, _): &(Row<'_>, &String, f64)| -> Vec<f64> {
        row.1.drivers.iter().filter_map(|driver| driver.methods.get(*method).copied()).collect()
    };
    let share = |own: &(Row<'_>, &String, f64)| {
        let sum: f64 = of_all(own).iter().sum();
        (sum > 0.0).then(|| own.2 / sum)
    };
    let rank = |own: &(Row<'_>, &String, f64)| {
        let others = of_all(own);
        let largest = others.iter().fold(0.0, |largest: f64, other| largest.max(other.abs()));
        1 + others.iter().filter(|&&other| other > own.2 + TIE * largest).count() as i64
    };
    Table::new("driver_methods")
        .texts("outcome", all.iter().map(|(row, ..)| row.0.name.clone()))
        .texts("driver", all.iter().map(|(row, ..)| row.2.driver.clone()))
        .texts("method", all.iter().map(|(_, method, _)| method.replace('_', "-")))
        .integers("rank", all.iter().map(rank))
        .numbers("share", all.iter().map(share))
        .numbers("contribution", all.iter().map(|(.., contribution)| *contribution))
}

/// One row a driver and number of other drivers in the model.
pub(super) fn sizes(outcomes: &[OutcomeResult]) -> Table {
    let all: Vec<(Row<'_>, usize)> = rows(outcomes)
        .flat_map(|row| {
            let (gains, coefficients) = (&row.2.conditional_dominance, &row.2.average_coefficients);
            let n_sizes = gains.as_ref().map(Vec::len).or(coefficients.as_ref().map(Vec::len)).unwrap_or(0);
            (0..n_sizes).map(move |n_others| (row, n_others))
        })
        .collect();
    let gain = |((.., driver), at): &(Row<'_>, usize)| driver.conditional_dominance.as_ref()?.get(*at).copied();
    let coefficient =
        |((.., driver), at): &(Row<'_>, usize)| driver.average_coefficients.as_ref()?.get(*at).copied().flatten();
    Table::new("driver_sizes")
        .texts("outcome", all.iter().map(|(row, _)| row.0.name.clone()))
        .texts("driver", all.iter().map(|(row, _)| row.2.driver.clone()))
        .integers("n_others", all.iter().map(|(_, n_others)| *n_others as i64))
        .numbers("gain", all.iter().map(gain))
        .numbers("coefficient", all.iter().map(coefficient))
}

/// One row an ordered pair of drivers.
pub(super) fn pairs(outcomes: &[OutcomeResult]) -> Table {
    struct Pair<'r> {
        row: Row<'r>,
        other: &'r DriverRow,
        p_outranks: Option<f64>,
    }
    let mut all: Vec<Pair<'_>> = Vec::new();
    for outcome in outcomes {
        let Some(ranking) = &outcome.ranking else { continue };
        for (at, driver) in ranking.drivers.iter().enumerate() {
            let others = ranking.drivers.iter().enumerate().filter(|(place, _)| *place != at);
            all.extend(others.map(|(place, other)| Pair {
                row: (outcome, ranking, driver),
                other,
                p_outranks: ranking.outranks.get(at).and_then(|row| row.get(place)).copied(),
            }));
        }
    }
    let indistinct = |own: &Pair<'_>| {
        let (_, ranking, driver) = own.row;
        let both = |run: &Vec<String>| run.contains(&driver.driver) && run.contains(&own.other.driver);
        own.p_outranks.map(|_| !ranking.indistinct.iter().any(both))
    };
    let verdict = |own: &Pair<'_>| own.row.2.complete_dominance.as_ref()?.get(&own.other.driver).copied();
    let dominated = |own: &Pair<'_>| own.row.2.complete_dominance_share.as_ref()?.get(&own.other.driver).copied();
    Table::new("driver_pairs")
        .texts("outcome", all.iter().map(|own| own.row.0.name.clone()))
        .texts("driver", all.iter().map(|own| own.row.2.driver.clone()))
        .texts("other", all.iter().map(|own| own.other.driver.clone()))
        .numbers("p_outranks", all.iter().map(|own| own.p_outranks))
        .flags("told_apart", all.iter().map(indistinct))
        .numbers("complete_dominance", all.iter().map(verdict))
        .numbers("complete_dominance_share", all.iter().map(dominated))
}
