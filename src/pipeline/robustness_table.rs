//! How much of the drivers of an outcome hangs on what was chosen and on what nobody has seen, in one table.

use super::action_tables::tested;
use crate::drivers::TestedEstimate;
use crate::drivers::robustness::{Benchmark, ConfoundingRow};
use crate::report::OutcomeActions;
use crate::store::Table;

/// One driver under one choice, or beside one confounder.
#[derive(Debug, Default)]
struct Row<'r> {
    outcome: &'r str,
    kind: &'static str,
    choice: String,
    driver: &'r str,
    share: Option<f64>,
    rank: Option<usize>,
    kendall_tau: Option<f64>,
    n_used: usize,
    coefficient: Option<TestedEstimate>,
    /// The driver without a confounder.
    values: Option<&'r ConfoundingRow>,
    confidence: Option<f64>,
}

/// One row a driver and choice. Other choices of the analysis move its share and rank; a confounder as strong as an observed
/// column, or two or three times as strong, moves its coefficient. The row without one has the robustness values.
pub(super) fn robustness(all: &[(&str, &OutcomeActions)]) -> Table {
    let rows: Vec<Row<'_>> = all
        .iter()
        .flat_map(|(outcome, own)| choices(outcome, own).into_iter().chain(confounders(outcome, own)))
        .collect();
    let table = Table::new("robustness")
        .texts("outcome", rows.iter().map(|row| row.outcome.to_owned()))
        .texts("kind", rows.iter().map(|row| row.kind.to_owned()))
        .texts("choice", rows.iter().map(|row| row.choice.clone()))
        .texts("driver", rows.iter().map(|row| row.driver.to_owned()))
        .numbers("share", rows.iter().map(|row| row.share))
        .integers("rank", rows.iter().map(|row| row.rank.map(|rank| rank as i64)))
        .numbers("kendall_tau", rows.iter().map(|row| row.kendall_tau));
    let value = |of: fn(&ConfoundingRow) -> f64| rows.iter().map(move |row| row.values.map(of));
    tested(table, "coefficient", &rows.iter().map(|row| row.coefficient).collect::<Vec<_>>())
        .numbers("partial_r_squared", value(|own| own.partial_r_squared))
        .numbers("robustness_value", value(|own| own.robustness_value))
        .numbers("significant_robustness_value", value(|own| own.significant_robustness_value))
        .integers("n_used", rows.iter().map(|row| row.n_used as i64))
        .numbers("confidence", rows.iter().map(|row| row.confidence))
}

fn choices<'r>(outcome: &'r str, own: &'r OutcomeActions) -> Vec<Row<'r>> {
    let Some(table) = &own.choices else { return Vec::new() };
    let of_choice = |row: &'r crate::drivers::robustness::ChoiceRow| {
        table.drivers.iter().enumerate().map(move |(at, driver)| Row {
            outcome,
            kind: row.choice.kind.word(),
            choice: row.choice.name.clone(),
            driver,
            share: Some(row.choice.shares[at]),
            rank: Some(row.ranks[at]),
            kendall_tau: row.tau,
            n_used: row.choice.n_used,
            ..Row::default()
        })
    };
    table.rows.iter().flat_map(of_choice).collect()
}

fn confounders<'r>(outcome: &'r str, own: &'r OutcomeActions) -> Vec<Row<'r>> {
    let Some(table) = &own.robustness else { return Vec::new() };
    let mut rows = Vec::new();
    for driver in &table.drivers {
        let row = |choice: String| Row {
            outcome,
            kind: "confounder",
            choice,
            driver: &driver.driver,
            n_used: table.n_used,
            confidence: Some(table.confidence.level()),
            ..Row::default()
        };
        rows.push(Row { coefficient: Some(driver.coefficient), values: Some(driver), ..row("none".to_owned()) });
        let strongest = strongest(driver);
        let benchmarks = driver.benchmarks.iter().filter(|own| Some(own.column.as_str()) == strongest);
        rows.extend(benchmarks.map(|own| Row {
            coefficient: own.adjusted.map(|adjusted| adjusted.estimate),
            ..row(match own.times {
                times if times > 1.0 => format!("{times} times as strong as {}", own.column),
                _ => format!("as strong as {}", own.column),
            })
        }));
    }
    rows
}

/// The column that takes most of the coefficient, were a confounder once as strong.
fn strongest(driver: &ConfoundingRow) -> Option<&str> {
    let sign = driver.coefficient.estimate.estimate.signum();
    let left = |own: &Benchmark| own.adjusted.map(|adjusted| sign * adjusted.estimate.estimate.estimate);
    let once = driver.benchmarks.iter().filter(|own| own.times <= 1.0);
    let known = once.filter_map(|own| Some((own.column.as_str(), left(own)?)));
    known.min_by(|one, other| one.1.total_cmp(&other.1)).map(|(column, _)| column)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drivers::Estimate;
    use crate::drivers::robustness::{Adjusted, Confounder};

    fn tested(value: f64) -> TestedEstimate {
        let estimate = Estimate { estimate: value, std_error: 0.1, conf_low: value - 0.2, conf_high: value + 0.2 };
        TestedEstimate { estimate, p_value: 0.01 }
    }

    fn benchmark(column: &str, times: f64, left: Option<f64>) -> Benchmark {
        let confounder = Confounder { of_driver: 0.1, of_outcome: 0.1 };
        let adjusted = left.map(|left| Adjusted { confounder, estimate: tested(left) });
        Benchmark { column: column.to_owned(), times, adjusted }
    }

    #[test]
    fn the_strongest_column_is_the_one_that_leaves_least_in_the_direction_of_the_coefficient() {
        let driver = |value: f64, benchmarks: Vec<Benchmark>| ConfoundingRow {
            driver: "speed".to_owned(),
            coefficient: tested(value),
            partial_r_squared: 0.2,
            robustness_value: 0.3,
            significant_robustness_value: 0.2,
            benchmarks,
        };
        let benchmarks = |sign: f64| {
            vec![
                benchmark("price", 1.0, Some(0.3 * sign)),
                benchmark("calls", 1.0, Some(-0.1 * sign)),
                benchmark("price", 2.0, Some(-0.9 * sign)),
                benchmark("tenure", 1.0, None),
            ]
        };
        assert_eq!(strongest(&driver(0.5, benchmarks(1.0))), Some("calls"));
        assert_eq!(strongest(&driver(-0.5, benchmarks(-1.0))), Some("calls"));
        assert_eq!(strongest(&driver(0.5, Vec::new())), None);
    }
}
