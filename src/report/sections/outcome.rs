//! One outcome: its picture, its words and its tables.

use super::coefficients::Coefficients;
use super::findings::FindingRow;
use super::matrix::{outcome_id, tag};
use crate::drivers::{DriverRow, GroupRow, Method};
use crate::estimators::partial_ordinal::StepDifference;
use crate::report::results::{Metric, OutcomeResult, StudyResults};
use crate::report::{charts, reasons, sentences, standing, words};
use std::collections::BTreeSet;

/// Methods beside the ranking one that stand in the report; the table `driver_methods` has all of them.
const SHOWN_METHODS: [&str; 5] = ["owen", "shapley", "relative_weights", "first", "last"];

/// One outcome: the picture, the words and the tables.
pub(in crate::report) struct OutcomeSection {
    pub id: String,
    pub title: String,
    pub tag: Option<&'static str>,
    pub no_ranking: Option<String>,
    pub chart: Option<String>,
    pub fit: Option<String>,
    /// What a penalised model is, in the place of a table of its terms.
    pub penalised: Option<String>,
    pub base: String,
    pub bootstrap: Option<String>,
    /// Drivers whose order these answers leave open.
    pub indistinct: Option<String>,
    pub with_intervals: bool,
    pub with_noise: bool,
    pub methods: Vec<String>,
    pub rows: Vec<DriverTableRow>,
    /// Groups of drivers with share and interval.
    pub groups: Vec<(String, String, String, String)>,
    pub coefficients: Option<Coefficients>,
    pub in_sample: Vec<(String, String)>,
    pub steps: Vec<StepRow>,
    pub findings: Vec<FindingRow>,
}

/// What one column does for leaving the lowest class and for reaching the highest.
pub(in crate::report) struct StepRow {
    pub term: String,
    pub leave_low: String,
    pub reach_top: String,
    pub difference: String,
    pub interval: String,
    pub p_value: String,
}

/// All figures of one driver.
pub(in crate::report) struct DriverTableRow {
    pub rank: String,
    pub driver: String,
    pub direction: &'static str,
    pub share: String,
    pub shares: String,
    pub contribution: String,
    pub contributions: String,
    pub ranks: String,
    pub first: String,
    pub coefficient: String,
    pub correlation: String,
    /// How often a driver of pure noise contributes as much, adjusted.
    pub noise: String,
    pub methods: Vec<String>,
}

fn step(own: &StepDifference) -> StepRow {
    let decimals = words::decimals_of(own.difference.std_error);
    let shown = |value: f64| words::estimate(value, decimals);
    StepRow {
        term: own.term.clone(),
        leave_low: shown(own.leave_low),
        reach_top: shown(own.reach_top),
        difference: shown(own.difference.estimate),
        interval: words::range(shown(own.difference.conf_low), shown(own.difference.conf_high)),
        p_value: words::p_value(own.difference.p_value),
    }
}

impl OutcomeSection {
    pub fn of(results: &StudyResults, outcome: &OutcomeResult, place: usize) -> Self {
        let ranking = outcome.ranking.as_ref();
        let shown = ranking.filter(|ranking| ranking.drivers.len() > 1);
        let id = outcome_id(place);
        let ranked_by = shown.map(|ranking| ranking.method.key());
        let method_keys: Vec<&String> = shown
            .iter()
            .flat_map(|ranking| &ranking.drivers)
            .flat_map(|row| row.methods.keys())
            .filter(|&key| Some(key) != ranked_by.as_ref() && SHOWN_METHODS.contains(&key.as_str()))
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let title = sentences::outcome_title(outcome);
        let findings: Vec<FindingRow> =
            standing::findings_of(results, outcome).into_iter().map(FindingRow::of).collect();
        Self {
            tag: tag(results, outcome),
            no_ranking: match ranking {
                None if findings.is_empty() => Some("No drivers could be ranked.".to_owned()),
                None => Some("No drivers could be ranked, for the reasons below.".to_owned()),
                Some(ranking) if ranking.drivers.is_empty() => Some("No driver was given.".to_owned()),
                Some(ranking) => standing::only_driver(ranking).map(sentences::only_driver),
            },
            chart: shown.map(|ranking| charts::drivers(ranking, &format!("{id}-chart"), &title)),
            fit: sentences::fit(outcome).or_else(|| fit_alone(outcome)),
            penalised: outcome.penalised.as_ref().map(sentences::penalised),
            base: sentences::base(outcome),
            bootstrap: shown.map(|ranking| sentences::bootstrap(ranking, results.head.clusters)),
            indistinct: shown.and_then(sentences::indistinct),
            with_intervals: shown.is_some_and(|ranking| ranking.drivers.iter().any(|row| row.interval.is_some())),
            with_noise: shown.is_some_and(|ranking| ranking.drivers.iter().any(|row| row.noise.is_some())),
            methods: method_keys.iter().map(|key| method_head(key)).collect(),
            rows: shown
                .iter()
                .flat_map(|ranking| &ranking.drivers)
                .map(|row| DriverTableRow::of(row, &method_keys))
                .collect(),
            groups: shown.iter().flat_map(|ranking| &ranking.groups).map(group).collect(),
            coefficients: Coefficients::of(outcome, results),
            steps: outcome.steps.iter().map(step).collect(),
            in_sample: outcome.in_sample.iter().map(metric).collect(),
            findings,
            id,
            title,
        }
    }
}

fn group(own: &GroupRow) -> (String, String, String, String) {
    let ends = own.interval.map_or_else(String::new, |own| words::percent_range(own.share_low, own.share_high));
    (own.group.clone(), words::percent(own.share), ends, own.drivers.join(", "))
}

/// The fit of a model whose drivers are not ranked.
fn fit_alone(outcome: &OutcomeResult) -> Option<String> {
    let fit = outcome.fit.as_ref()?;
    match (fit.r_squared, fit.pseudo_r_squared) {
        (Some(value), _) => Some(format!("R squared {}.", words::fixed(value, 3))),
        (None, Some(value)) => Some(format!("McFadden's pseudo R squared {}.", words::fixed(value, 3))),
        (None, None) => None,
    }
}

fn method_head(key: &str) -> String {
    let method = Method::ALL.into_iter().find(|method| method.key() == key);
    words::capitalised(&method.map_or_else(|| reasons::spaced(key), |method| standing::method_name(method).to_owned()))
}

fn metric(metric: &Metric) -> (String, String) {
    let name = match metric.metric.as_str() {
        "roc_auc" => "area under the ROC curve".to_owned(),
        "brier" => "Brier score".to_owned(),
        "log_loss" => "log loss".to_owned(),
        "r_squared" => "R squared".to_owned(),
        "rmse" => "root mean squared error".to_owned(),
        "mae" => "mean absolute error".to_owned(),
        other => reasons::spaced(other),
    };
    (name, words::significant(metric.value))
}

impl DriverTableRow {
    fn of(row: &DriverRow, method_keys: &[&String]) -> Self {
        let missing = || words::MISSING.to_owned();
        let interval = row.interval.as_ref();
        let three = |value: f64| words::fixed(value, 3);
        Self {
            rank: row.rank.to_string(),
            driver: row.driver.clone(),
            direction: match row.sign {
                Some(1) => "+",
                Some(-1) => "−",
                Some(_) => "0",
                None => words::MISSING,
            },
            share: words::percent_fine(row.share),
            shares: interval.map_or_else(missing, |ends| words::percent_fine_range(ends.share_low, ends.share_high)),
            contribution: three(row.contribution),
            contributions: interval
                .map_or_else(missing, |ends| words::range(three(ends.conf_low), three(ends.conf_high))),
            ranks: interval.map_or_else(missing, |ends| words::rank_range(ends.rank_low, ends.rank_high)),
            first: interval.map_or_else(missing, |ends| words::percent(ends.p_rank_1)),
            coefficient: row.coefficient.map_or_else(missing, three),
            correlation: row.correlation.map_or_else(missing, three),
            noise: row.noise.map_or_else(missing, |noise| words::p_value(noise.p_benjamini_hochberg)),
            methods: method_keys.iter().map(|&key| row.methods.get(key).copied().map_or_else(missing, three)).collect(),
        }
    }
}
