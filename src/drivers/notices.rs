//! What a reader must know beside a ranking of drivers.

use super::analysis::{Base, Driver};
use super::bootstrap::Replicates;
use super::method::Method;
use super::noise::COMPARED_CLUSTERS_MIN;
use super::ranking::{DriverRow, NoiseTest};
use super::regression::{FullModel, Layout, Regression};
use super::sampling::Sampled;
use crate::estimators::FEW_CLUSTERS;
use crate::findings::{Finding, FindingKind, Severity, thousands};
use crate::stats::{Confidence, SecondMoments};

/// Below this share of explained variation a link is called weak, significant or not.
const WEAK: f64 = 0.02;

/// Less of the outcome's variation than this is rounding: it is explained completely.
const NOTHING_LEFT: f64 = 1e-12;

/// Samples that should lie beyond each end of an interval by percentiles: fewer, and the end is that of a sample or two.
const BEYOND_AN_END: f64 = 2.0;

/// Variance inflation above which a driver's part can hardly be told from the others'.
const INFLATED: f64 = 10.0;

/// Drivers that never vary, are combinations of others, or nearly so.
pub(super) fn column_findings(
    moments: &SecondMoments,
    regression: &Regression,
    full: &FullModel,
    drivers: &[Driver],
    layout: &Layout,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (driver, columns) in drivers.iter().zip(&layout.drivers) {
        let name = &driver.name;
        let own: Vec<usize> = columns.iter().map(|column| column - layout.always.len()).collect();
        // Of those that vary: what never varies is a combination of nothing.
        let varying = columns.iter().zip(&own).filter(|&(&column, _)| moments.varies(column));
        let n_varying = varying.clone().count();
        let n_aliased = varying.filter(|(_, column)| full.aliased.contains(column)).count();
        if columns.iter().all(|&column| !moments.varies(column)) {
            let sentence = format!("{name} never varies, so it can explain nothing");
            findings.push(Finding::new(FindingKind::Constant, Severity::Warning, name, sentence));
        } else if n_aliased > 0 && n_aliased < n_varying {
            findings.push(partly_aliased(name, n_aliased, columns.len(), !layout.always.is_empty()));
        } else if n_aliased > 0 {
            // Beside what is always in the model a column may be left with nothing before any driver comes.
            let is_always_in = own.iter().all(|&column| regression.left(column) <= NOTHING_LEFT);
            let sentence = if is_always_in {
                format!(
                    "{name} follows exactly from what is always in the model and cannot be told apart from it, so nothing is left \
                     for it to explain; take it out of the drivers, or out of what is held constant"
                )
            } else {
                let always = if layout.always.is_empty() { "" } else { " and of what is always in the model" };
                format!(
                    "{name} cannot be told from a combination of the drivers before it{always}; they share what they explain and their \
                     coefficients cannot be told apart"
                )
            };
            findings.push(Finding::new(FindingKind::Aliased, Severity::Warning, name, sentence));
        } else if let [column] = own[..] {
            let inflation = full.variance_inflation[column];
            if inflation > INFLATED {
                let sentence = format!(
                    "{name} is largely predictable from the other drivers (variance inflation {inflation:.1}), so its \
                     own part is uncertain"
                );
                let finding = Finding::new(FindingKind::Collinear, Severity::Warning, name, sentence);
                findings.push(finding.number("variance_inflation", inflation));
            }
        }
    }
    if regression.explained_always() >= 1.0 {
        let sentence = "the columns that are always in the model explain the outcome completely";
        findings.push(Finding::new(FindingKind::Unreliable, Severity::Serious, "always", sentence));
    }
    findings
}

/// A driver that has a coefficient of its own beside columns that have none, such as the mark of its gaps.
fn partly_aliased(name: &str, n_aliased: usize, n_columns: usize, has_always: bool) -> Finding {
    let (a, it, explains) = match n_aliased {
        1 => ("a combination", "it", "it explains"),
        _ => ("combinations", "them", "they explain"),
    };
    let always = if has_always { " and of what is always in the model" } else { "" };
    let sentence = format!(
        "{n_aliased} of the {n_columns} columns of {name} cannot be told from {a} of the columns before {it}{always}, as where answers \
         are missing in the same rows, or categories lie within those of another column; what {explains} is shared with those, and the other columns of {name} can be told \
         apart"
    );
    Finding::new(FindingKind::Aliased, Severity::Note, name, sentence)
}

/// An outcome that the drivers give exactly.
pub(super) fn perfect_fit(outcome: &str, r_squared: f64, rows: &[DriverRow]) -> Option<Finding> {
    (1.0 - r_squared <= NOTHING_LEFT).then(|| {
        let copies: Vec<&str> = rows
            .iter()
            .filter(|row| row.correlation.is_some_and(|correlation| 1.0 - correlation.abs() <= NOTHING_LEFT))
            .map(|row| row.driver.as_str())
            .collect();
        let sentence = match copies[..] {
            [one] => {
                format!("{one} gives {outcome} exactly: it was likely computed from {outcome} or {outcome} from it")
            }
            _ => {
                let what = if copies.is_empty() { "the drivers".to_owned() } else { copies.join(", ") };
                format!(
                    "{what} give {outcome} exactly: they were likely computed from {outcome} or {outcome} from them"
                )
            }
        };
        Finding::new(FindingKind::Unreliable, Severity::Serious, outcome, sentence).number("r_squared", r_squared)
    })
}

/// Drivers whose coefficient and correlation point in different directions.
pub(super) fn suppressors(rows: &[DriverRow]) -> Vec<Finding> {
    rows.iter()
        .filter_map(|row| {
            let (coefficient, correlation) = (row.coefficient?, row.correlation?);
            let apart = coefficient * correlation < 0.0 && coefficient.abs() > 0.01 && correlation.abs() > 0.01;
            apart.then(|| {
                let sentence = format!(
                    "{} goes with the outcome one way without the other drivers (correlation {correlation:.2}) and the other \
                     way beside them (coefficient {coefficient:.2})",
                    row.driver
                );
                Finding::new(FindingKind::Suppressor, Severity::Note, &row.driver, sentence)
                    .number("correlation", correlation)
                    .number("coefficient", coefficient)
            })
        })
        .collect()
}

/// A link that explains little or could be chance.
pub(super) fn weak_link(outcome: &str, explained: f64, p_value: f64) -> Option<Finding> {
    let sentence = if p_value > 0.05 {
        format!("what customers say here shows no link with {outcome} beyond chance (p = {p_value:.2})")
    } else if explained < WEAK {
        format!(
            "the link with {outcome} is weak: the drivers explain {:.1} % of it, so ranks say little",
            100.0 * explained
        )
    } else {
        return None;
    };
    let finding = Finding::new(FindingKind::WeakLink, Severity::Warning, outcome, sentence);
    Some(finding.number("explained", explained).number("p_value", p_value))
}

pub(super) fn small_base(outcome: &str, n_used: usize, n_drivers: usize) -> Option<Finding> {
    (n_used < 10 * n_drivers).then(|| {
        let drivers = if n_drivers == 1 { "driver" } else { "drivers" };
        let (answers, are) = if n_used == 1 { ("answer", "is") } else { ("answers", "are") };
        let sentence =
            format!("{n_used} {answers} for {n_drivers} {drivers} {are} few; expect other ranks from other answers");
        Finding::new(FindingKind::SmallBase, Severity::Warning, outcome, sentence)
            .number("n_used", n_used as f64)
            .number("n_drivers", n_drivers as f64)
    })
}

/// Intervals and the test that no driver goes with the outcome rest on so few customers that they are too sure.
pub(super) fn few_clusters(base: &Base) -> Option<Finding> {
    let n_clusters = base.n_clusters.filter(|&n_clusters| n_clusters < base.n_observations.min(FEW_CLUSTERS))?;
    let mut sentence = format!(
        "intervals, ranks and the test of {} rest on {} customers (clusters), so few that they are likely too sure",
        base.outcome,
        thousands(n_clusters)
    );
    if n_clusters < COMPARED_CLUSTERS_MIN {
        sentence.push_str("; they are too few for a comparison with noise");
    }
    let finding = Finding::new(FindingKind::SmallBase, Severity::Warning, &base.outcome, sentence);
    Some(finding.number("n_clusters", n_clusters as f64))
}

/// Intervals that rest on so few bootstrap samples that their ends are chance.
pub(super) fn few_replicates(outcome: &str, n_replicates: usize, confidence: Confidence) -> Option<Finding> {
    let n_needed = (BEYOND_AN_END / confidence.tail()).ceil();
    (n_replicates > 0 && (n_replicates as f64) < n_needed).then(|| {
        let samples = if n_replicates == 1 { "sample is" } else { "samples are" };
        let sentence = format!(
            "{n_replicates} bootstrap {samples} too few for intervals at this level; ask for {n_needed} or more"
        );
        // With fewer than this the interval is narrower than its level by a lot, not by chance alone.
        let severity = if 4.0 * n_replicates as f64 > n_needed { Severity::Note } else { Severity::Warning };
        Finding::new(FindingKind::Unreliable, severity, outcome, sentence)
            .number("n_replicates", n_replicates as f64)
            .number("n_needed", n_needed)
    })
}

pub(super) fn failed(outcome: &str, replicates: &Replicates) -> Option<Finding> {
    if replicates.single_cluster {
        let sentence =
            "all answers are of one customer or group, so resampling cannot say how sure ranks and shares are";
        return Some(Finding::new(FindingKind::Unreliable, Severity::Warning, outcome, sentence));
    }
    let n_failed = replicates.n_failed;
    (n_failed > 0).then(|| {
        let n_tried = n_failed + replicates.contributions.nrows();
        let sentence =
            format!("{n_failed} of {n_tried} bootstrap samples allowed no fit; intervals rest on the others");
        Finding::new(FindingKind::Unreliable, Severity::Warning, outcome, sentence)
            .number("n_failed", n_failed as f64)
            .number("n_tried", n_tried as f64)
    })
}

/// Shares that are means over sampled orders, and how sure that leaves them.
pub(super) fn sampled(outcome: &str, method: Method, sampled: Option<&Sampled>) -> Option<Finding> {
    let sampled = sampled?;
    let reached = sampled.share_std_error <= sampled.share_std_error_wanted;
    let (severity, end) = match reached {
        true => (Severity::Note, "as was wanted"),
        false => (Severity::Warning, "which is more than was wanted"),
    };
    let sentence = format!(
        "there are too many drivers to walk all their subsets; contributions by {method} are means over {} sampled orders, \
         which leaves a standard error of up to {:.2} percentage points in each share, {end}",
        thousands(sampled.n_orders),
        100.0 * sampled.share_std_error
    );
    let finding = Finding::new(FindingKind::Sampled, severity, outcome, sentence);
    Some(
        finding
            .number("n_orders", sampled.n_orders as f64)
            .number("share_std_error", sampled.share_std_error)
            .number("share_std_error_wanted", sampled.share_std_error_wanted),
    )
}

/// Why there is no bootstrap beside sampled orders of models that are fitted step by step.
pub(super) fn no_intervals(outcome: &str, n_drivers: usize) -> Finding {
    let sentence = format!(
        "the models of {n_drivers} drivers take too long to be fitted again for every bootstrap sample, so shares and ranks \
         have no intervals; name fewer drivers for those"
    );
    Finding::new(FindingKind::NotEstimated, Severity::Warning, outcome, sentence)
}

/// Drivers that a driver of pure noise keeps up with, and whether enough noise was drawn to show that one does better.
pub(super) fn beside_noise(outcome: &str, rows: &[DriverRow], level: f64) -> Vec<Finding> {
    no_more_than_noise(outcome, rows, level).into_iter().chain(little_noise(outcome, rows, level)).collect()
}

fn no_more_than_noise(outcome: &str, rows: &[DriverRow], level: f64) -> Option<Finding> {
    let alike: Vec<&str> = rows
        .iter()
        .filter(|row| row.noise.is_some_and(|noise| noise.is_no_more(level)))
        .map(|row| row.driver.as_str())
        .collect();
    (!alike.is_empty()).then(|| {
        let sentence = format!(
            "these drivers contribute no more to {outcome} than pure noise might: {}; do not act on their ranks",
            alike.join(", ")
        );
        Finding::new(FindingKind::Unreliable, Severity::Warning, outcome, sentence)
            .number("n_drivers", alike.len() as f64)
    })
}

/// Noise drivers so few that a single driver cannot be shown to be more, whatever the data.
///
/// # References
/// Phipson and Smyth (2010), "Permutation p-values should never be zero", Statistical Applications in Genetics and Molecular
/// Biology 9(1), article 39.
fn little_noise(outcome: &str, rows: &[DriverRow], level: f64) -> Option<Finding> {
    let compared: Vec<NoiseTest> = rows.iter().filter_map(|row| row.noise).filter(|own| own.n_drawn > 0).collect();
    let n_drawn = compared.iter().map(|own| own.n_drawn).min()?;
    let n_needed = noise_needed(compared.len(), level);
    let is_open = compared.iter().any(|own| own.p_benjamini_hochberg > level);
    (n_drawn < n_needed && is_open).then(|| {
        let those = if n_drawn == 1 { "noise driver" } else { "noise drivers" };
        let drivers = match compared.len() {
            1 => "a driver".to_owned(),
            n => format!("one of {n} drivers"),
        };
        let sentence = format!(
            "{n_drawn} {those} cannot show that {drivers} is more than noise: the smallest p-value that there can be is \
             1/{}, before it is adjusted for the number of drivers; ask for {n_needed} or more",
            n_drawn + 1
        );
        Finding::new(FindingKind::Unreliable, Severity::Warning, outcome, sentence)
            .number("n_noise_drivers", n_drawn as f64)
            .number("n_needed", n_needed as f64)
    })
}

/// Noise drivers of which the smallest p-value there can be, times the number of drivers, is no more than `level`.
pub fn noise_needed(n_drivers: usize, level: f64) -> usize {
    // `1 - 0.95` is a little more than 0.05: rounded up, 12 / 0.05 would be 240 or 241 by chance.
    ((n_drivers as f64 / level - 1e-6).ceil() as usize).saturating_sub(1)
}

/// A method that takes too long to be computed hundreds of times.
pub(super) fn not_repeated(outcome: &str, method: Method) -> Finding {
    let sentence = format!(
        "{method} of so many drivers takes too long to be computed again and again, so it has no comparison with noise and no \
         jackknife; rank by shapley for those"
    );
    Finding::new(FindingKind::NotEstimated, Severity::Warning, outcome, sentence)
}

/// Correlations without the rows behind them.
pub(super) fn no_rows(outcome: &str) -> Finding {
    let sentence = "correlations have no rows to draw from, so shares and ranks have no intervals";
    Finding::new(FindingKind::NotEstimated, Severity::Note, outcome, sentence)
}

/// A linear ranking of what is no number.
pub(super) fn screened(outcome: &str) -> Finding {
    let sentence = format!(
        "this is a quick screen: {outcome} was treated as a number and its R squared divided; rank by the outcome's own model \
         before acting on it"
    );
    Finding::new(FindingKind::Screened, Severity::Warning, outcome, sentence)
}

/// Models that take too long to be looked at again.
pub(super) fn no_comparison(outcome: &str, n_drivers: usize) -> Finding {
    let sentence = format!(
        "the models of all subsets of {n_drivers} drivers are too many, so there is no comparison with noise and no jackknife; \
         name fewer drivers for those"
    );
    Finding::new(FindingKind::NotEstimated, Severity::Warning, outcome, sentence)
}

#[cfg(test)]
mod tests {
    use super::super::analysis::DriverAnalysis;
    use super::super::method::Method;
    use super::*;
    use crate::data::{DesignMatrix, Observations, Outcome};
    use ndarray::{Array1, Array2};

    fn aliased(values: Array2<f64>, drivers: &[(&str, &[usize])]) -> Vec<(String, String)> {
        let names = (0..values.ncols()).map(|column| format!("x{column}")).collect();
        let outcome = Array1::from_shape_fn(values.nrows(), |row| values[[row, 0]] + f64::from((row * 7 % 5) as u8));
        let design = DesignMatrix::new(names, values).expect("valid");
        let observations = Observations::new(design, Outcome::numeric("y", outcome).expect("valid")).expect("valid");
        let driver = |&(name, columns): &(&str, &[usize])| Driver::block(name, columns.to_vec());
        let drivers: Vec<Driver> = drivers.iter().map(driver).collect();
        let analysis = DriverAnalysis { methods: vec![Method::Shapley], replicates: 0, ..DriverAnalysis::default() };
        let ranking = analysis.rank(&observations, &drivers, &[]).expect("a ranking");
        let own = ranking.findings.into_iter().filter(|finding| finding.kind == FindingKind::Aliased);
        own.map(|finding| (finding.about, finding.sentence)).collect()
    }

    /// By construction: the second mark is the first again, and both scores differ.
    #[test]
    fn a_driver_of_which_only_the_mark_of_gaps_is_a_combination_is_no_combination() {
        let values = Array2::from_shape_fn((40, 4), |(row, column)| match column {
            0 => (row % 6) as f64,
            2 => (row * row % 11) as f64,
            _ => f64::from(u8::from(row % 9 == 0)),
        });
        let said = aliased(values.clone(), &[("meet", &[0, 1]), ("detail", &[2, 3])]);
        let [(about, sentence)] = said.as_slice() else { panic!("{said:?}") };
        assert_eq!(about, "detail");
        assert!(
            sentence.starts_with(
                "1 of the 2 columns of detail cannot be told from a combination of the columns before it, "
            )
        );
        assert!(sentence.ends_with("the other columns of detail can be told apart"), "{sentence}");
        // The mark alone is a driver that is a combination altogether.
        let said = aliased(values, &[("meet", &[0, 1]), ("mark", &[3])]);
        assert!(said[0].1.starts_with("mark cannot be told from a combination of the drivers before it;"), "{said:?}");
    }

    #[test]
    fn a_column_that_never_varies_does_not_make_the_rest_a_combination_or_save_it() {
        let values = |copied: bool| {
            Array2::from_shape_fn((40, 3), |(row, column)| match column {
                0 => (row % 6) as f64,
                1 if copied => 2.0 * (row % 6) as f64,
                1 => (row * row % 11) as f64,
                _ => 0.0,
            })
        };
        assert!(aliased(values(false), &[("a", &[0]), ("b", &[1, 2])]).is_empty());
        let said = aliased(values(true), &[("a", &[0]), ("b", &[1, 2])]);
        assert!(said[0].1.starts_with("b cannot be told from a combination of the drivers before it;"), "{said:?}");
    }
}
