//! What could be done about each touchpoint, as far as the data says.

use super::findings::FindingRow;
use crate::drivers::performance::{Action, ActionChart, QuadrantProbabilities};
use crate::drivers::what_if::{Measure, MeasureChange, Plan};
use crate::drivers::{DriverFamily, Estimate, TestedEstimate};
use crate::estimators::Family;
use crate::report::actions::{OutcomeActions, Scenario, unit_of};
use crate::report::results::{OutcomeResult, StudyResults};
use crate::report::standing::Link;
use crate::report::{action_chart, sentences, standing, words};

/// A difference between segments is shown where its adjusted p-value is below this.
const SHOWN_P: f64 = 0.05;

/// What could be done.
pub(in crate::report) struct WhatToDo {
    /// The outcome that importance and kind are for.
    pub title: String,
    pub chart: Option<String>,
    pub level: String,
    /// What importance and performance rest on.
    pub base: String,
    pub with_kind: bool,
    pub rows: Vec<ActionTableRow>,
    pub raised: Raised,
    pub plan: Option<PlanSection>,
    pub segments: Segments,
    pub choices: Option<Choices>,
    pub expectations: Vec<ExpectationTableRow>,
    pub findings: Vec<FindingRow>,
}

/// How far the ranking of the pictured outcome moves with other choices.
pub(in crate::report) struct Choices {
    pub compared: String,
    pub rows: Vec<ChoiceTableRow>,
}

/// One touchpoint against what was expected of it.
pub(in crate::report) struct ExpectationTableRow {
    pub touchpoint: String,
    pub short: String,
    pub exceeded: String,
    pub shortfall: String,
    pub shortfall_ends: String,
    pub surplus: String,
    pub surplus_ends: String,
}

/// One driver under all choices.
pub(in crate::report) struct ChoiceTableRow {
    pub driver: String,
    pub share: String,
    pub shares: String,
    pub ranks: String,
    /// The share of what is left of driver and outcome that something unseen would have to explain.
    pub robustness: String,
}

/// One touchpoint.
pub(in crate::report) struct ActionTableRow {
    pub place: usize,
    pub touchpoint: String,
    pub action: &'static str,
    pub probability: String,
    pub importance: String,
    pub importance_ends: String,
    pub performance: String,
    pub performance_ends: String,
    pub top_box: String,
    /// Answers that score it.
    pub answers: String,
    pub kind: &'static str,
}

/// What the models expect of scores one point higher.
pub(in crate::report) struct Raised {
    pub heads: Vec<String>,
    pub rows: Vec<RaisedRow>,
}

/// One touchpoint, or the study's raises together.
pub(in crate::report) struct RaisedRow {
    pub name: String,
    /// Change and interval, by outcome.
    pub cells: Vec<Option<(String, String)>>,
}

/// The cheapest way to the study's target.
pub(in crate::report) struct PlanSection {
    pub sentence: String,
    pub rows: Vec<(String, String, String, String)>,
}

/// Where drivers differ.
pub(in crate::report) struct Segments {
    pub sentence: Option<String>,
    pub rows: Vec<SegmentRow>,
}

/// One driver that matters more, or less, in one segment than elsewhere.
pub(in crate::report) struct SegmentRow {
    pub outcome: String,
    pub segment: String,
    pub driver: String,
    pub share: String,
    pub elsewhere: String,
    /// In percentage points, with its interval.
    pub difference: String,
    pub difference_ends: String,
    pub p_value: String,
}

impl WhatToDo {
    /// The section, where anything was found out; pictured is the first outcome with a chart.
    pub fn of(results: &StudyResults) -> Option<Self> {
        let all = || results.outcomes.iter().map(|outcome| (outcome, &outcome.actions));
        let (first, chart) = all().find_map(|(outcome, own)| Some((outcome, own.chart.as_ref()?)))?;
        let title = sentences::outcome_title(first);
        let kinds = first.actions.asymmetry.as_ref();
        Some(Self {
            chart: Some(action_chart::chart(chart, "actions-chart", &title)),
            title,
            level: words::level(chart.confidence),
            base: base(first, chart),
            with_kind: kinds.is_some(),
            rows: rows(chart, &first.actions),
            raised: Raised::of(&all().collect::<Vec<_>>()),
            plan: all().find_map(|(outcome, own)| Some(PlanSection::of(outcome, own.plan.as_ref()?))),
            segments: Segments::of(results),
            choices: Choices::of(&first.actions),
            expectations: expectations(&first.actions),
            findings: standing::findings_of_actions(results, first).iter().map(FindingRow::of).collect(),
        })
    }
}

/// What importance, performance and the rest of the section rest on.
fn base(outcome: &OutcomeResult, chart: &ActionChart) -> String {
    let complete = outcome.actions.asymmetry.as_ref().map(|own| own.n_used);
    let raised = outcome.actions.scenarios.first().map(|own| own.change.n_used);
    let ranked = words::counted(chart.n_used, "answer", "answers");
    let others = |n: usize| words::counted(n, "answer", "answers");
    let kinds = match (complete.filter(|n| *n != chart.n_used), raised) {
        (Some(n), Some(raised)) if raised == n => {
            format!(" Kinds, and what raised scores go with, are of the {} with every touchpoint.", others(n))
        }
        (Some(n), Some(raised)) => format!(
            " Kinds are of the {} with every touchpoint; what raised scores go with is of {}, of which those that lack a score \
             keep what they expect.",
            others(n),
            others(raised)
        ),
        (Some(n), None) => format!(" Kinds are of the {} with every touchpoint.", others(n)),
        (None, _) => String::new(),
    };
    format!(
        "Importance is that of the ranking of {}, from {ranked}; performance is of all answers that score the touchpoint and have \
         the outcome, whose number stands beside it.{kinds}",
        outcome.name
    )
}

fn rows(chart: &ActionChart, actions: &OutcomeActions) -> Vec<ActionTableRow> {
    let kind = |touchpoint: &str| {
        let table = actions.asymmetry.as_ref()?;
        table.drivers.iter().find(|row| row.driver == touchpoint).map(|row| row.class.word())
    };
    let ends = |own: Estimate, shown: fn(f64) -> String| words::range(shown(own.conf_low), shown(own.conf_high));
    chart
        .touchpoints
        .iter()
        .enumerate()
        .map(|(place, row)| ActionTableRow {
            place: place + 1,
            touchpoint: row.touchpoint.clone(),
            action: action(row.action),
            probability: row.probabilities.map_or_else(missing, |own| likeliest(own, row.action)),
            importance: words::percent(row.importance),
            importance_ends: row
                .importance_interval
                .map_or_else(String::new, |own| words::percent_range(own.conf_low, own.conf_high)),
            performance: words::fixed(row.performance.estimate, 1),
            performance_ends: ends(row.performance, |end| words::fixed(end, 1)),
            top_box: words::percent(row.top_box.estimate),
            answers: words::count(row.n_used as u64),
            kind: kind(&row.touchpoint).unwrap_or(words::MISSING),
        })
        .collect()
}

fn expectations(actions: &OutcomeActions) -> Vec<ExpectationTableRow> {
    let rows = actions.expectations.iter().flat_map(|table| &table.drivers);
    let slope = |own: Option<TestedEstimate>| own.map_or_else(missing, |own| words::significant(own.estimate.estimate));
    let ends = |own: Option<TestedEstimate>| {
        let Some(TestedEstimate { estimate: own, .. }) = own else { return String::new() };
        words::range(words::significant(own.conf_low), words::significant(own.conf_high))
    };
    rows.map(|row| ExpectationTableRow {
        touchpoint: row.driver.clone(),
        short: words::percent(row.share_short),
        exceeded: words::percent(row.share_exceeded),
        shortfall: slope(row.shortfall),
        shortfall_ends: ends(row.shortfall),
        surplus: slope(row.surplus),
        surplus_ends: ends(row.surplus),
    })
    .collect()
}

fn missing() -> String {
    words::MISSING.to_owned()
}

fn action(action: Action) -> &'static str {
    match action {
        Action::Improve => "Improve",
        Action::Maintain => "Maintain",
        Action::Monitor => "Monitor",
        Action::LowerPriority => "Lower priority",
        Action::Undecided => "Undecided",
    }
}

/// `98 %` for what is decided; `improve 61 %, maintain 35 %` for what is not.
fn likeliest(own: QuadrantProbabilities, decided: Action) -> String {
    let mut all = [
        (Action::Improve, "improve", own.improve),
        (Action::Maintain, "maintain", own.maintain),
        (Action::Monitor, "monitor", own.monitor),
        (Action::LowerPriority, "lower priority", own.lower_priority),
    ];
    if let Some((.., probability)) = all.iter().find(|(action, ..)| *action == decided) {
        return words::percent(*probability);
    }
    all.sort_by(|left, right| right.2.total_cmp(&left.2));
    let shown = all.iter().take(2).filter(|(.., probability)| *probability >= 0.005);
    let shown: Vec<String> = shown.map(|(_, name, own)| format!("{name} {}", words::percent(*own))).collect();
    shown.join(", ")
}

impl Raised {
    fn of(all: &[(&OutcomeResult, &OutcomeActions)]) -> Self {
        let all: Vec<_> = all.iter().filter(|(_, own)| !own.scenarios.is_empty()).collect();
        let mut names: Vec<&str> = Vec::new();
        for scenario in all.iter().flat_map(|(_, own)| &own.scenarios) {
            if !names.contains(&scenario.name.as_str()) {
                names.push(&scenario.name);
            }
        }
        let rows = names.into_iter().map(|name| RaisedRow {
            name: name.to_owned(),
            cells: all.iter().map(|(_, own)| cell(own.scenarios.iter().find(|own| own.name == name)?)).collect(),
        });
        Self { heads: all.iter().map(|(outcome, own)| head(outcome, own)).collect(), rows: rows.collect() }
    }
}

/// The measure of a model that a reader wants first.
fn main_measure(scenario: &Scenario) -> Option<&MeasureChange> {
    let measures = &scenario.change.measures;
    measures.iter().find(|own| own.measure == Measure::Nps).or(measures.first())
}

fn head(outcome: &OutcomeResult, actions: &OutcomeActions) -> String {
    let measure = actions.scenarios.first().and_then(main_measure).map(|own| own.measure);
    match (measure, actions.scenarios.first().map(|own| own.change.family)) {
        (Some(Measure::Share), _) => format!("{}, percentage points", outcome.name),
        (Some(Measure::Nps), _) => format!("{}, NPS points", outcome.name),
        (_, Some(Family::Count)) => format!("{}, expected number", outcome.name),
        _ if outcome.kind == "nps" => format!("{}, NPS points", outcome.name),
        _ if outcome.kind == "recommend" => format!("{}, points of 0 to 10", outcome.name),
        _ => outcome.name.clone(),
    }
}

fn cell(scenario: &Scenario) -> Option<(String, String)> {
    let own = main_measure(scenario)?;
    let factor = if own.measure == Measure::Share { 100.0 } else { 1.0 };
    let std_error = own.interval.map_or(f64::NAN, |interval| factor * interval.std_error);
    let decimals = words::decimals_of(std_error);
    let signed = |value: f64| {
        let text = words::estimate(factor * value, decimals);
        if value > 0.0 { format!("+{text}") } else { text }
    };
    let ends = own.interval.map_or_else(String::new, |own| words::range(signed(own.conf_low), signed(own.conf_high)));
    Some((signed(own.change), ends))
}

/// The touchpoints that are not offered because nobody says what they cost; nothing where there are none.
fn not_offered(plan: &Plan) -> String {
    let of_unknown_cost = plan.levers.iter().filter(|row| row.actionable && row.cost_per_point.is_none());
    let names: Vec<&str> = of_unknown_cost.map(|row| row.lever.as_str()).collect();
    if names.is_empty() {
        return String::new();
    }
    format!(" Not offered, because their cost is not known: {}.", words::listed(&names))
}

impl PlanSection {
    fn of(outcome: &OutcomeResult, plan: &Plan) -> Self {
        let unit = unit_of(outcome, plan.measure);
        let shown = |value: f64| words::significant(if plan.measure.is_share() { 100.0 * value } else { value });
        let level = outcome
            .actions
            .scenarios
            .first()
            .map_or_else(String::new, |own| format!("{} ", words::level(own.change.confidence)));
        let of = format!("{} {unit} in {}", shown(plan.target), plan.outcome);
        let ends = plan.change.interval.map_or_else(String::new, |own| {
            format!(
                " The change has a {level}interval of {}; the cost takes the raises as given.",
                words::range(shown(own.conf_low), shown(own.conf_high))
            )
        });
        let sentence = match plan.end {
            _ if plan.reached => {
                format!(
                    "The cheapest raises that go with a change of {of} cost {} in all.{ends}",
                    words::amount(plan.cost)
                )
            }
            Some(end) => format!(
                "A change of {of} is out of reach: {} is {} on average and cannot be beyond {}, so that {} {unit} are the most.",
                plan.outcome,
                shown(plan.change.before),
                shown(end),
                shown(plan.best_change)
            ),
            None if plan.best_change.abs() <= 0.0 => format!(
                "A change of {of} is out of reach: no touchpoint about which something can be done at a known cost moves it this way.{}",
                not_offered(plan)
            ),
            None => format!(
                "A change of {of} is out of reach: all touchpoints about which something can be done at a known cost, \
                 raised as far as answers go, go with {} {unit}.{}",
                shown(plan.best_change),
                not_offered(plan)
            ),
        };
        let rows = plan.levers.iter().map(|row| {
            let note = match (row.actionable, row.cost_per_point, row.offered) {
                (false, ..) => "nothing can be done about it",
                (_, None, _) => "its cost is not known",
                (_, _, false) => "has no effect in this direction",
                _ if row.raise > 0.0 => "raise",
                _ => "not needed",
            };
            let cost = if row.raise > 0.0 { words::amount(row.cost) } else { missing() };
            let raise = if row.raise > 0.0 { format!("+{}", words::fixed(row.raise, 2)) } else { missing() };
            (row.lever.clone(), raise, cost, note.to_owned())
        });
        Self { sentence, rows: rows.collect() }
    }
}

impl Choices {
    fn of(actions: &OutcomeActions) -> Option<Self> {
        let table = actions.choices.as_ref().filter(|table| table.rows.len() > 1)?;
        let compared: Vec<&str> = table.rows[1..].iter().map(|row| row.choice.name.as_str()).collect();
        let robustness = |driver: &str| {
            let row = actions.robustness.as_ref()?.drivers.iter().find(|row| row.driver == driver)?;
            Some(words::percent(row.robustness_value))
        };
        let rows = table.stability.iter().enumerate().map(|(at, own)| ChoiceTableRow {
            driver: own.driver.clone(),
            share: words::percent(table.rows[0].choice.shares[at]),
            shares: words::percent_range(own.share_min, own.share_max),
            ranks: if own.rank_best == own.rank_worst {
                own.rank_best.to_string()
            } else {
                words::range(own.rank_best.to_string(), own.rank_worst.to_string())
            },
            robustness: robustness(&own.driver).unwrap_or_else(missing),
        });
        Some(Self { compared: words::listed(&compared), rows: rows.collect() })
    }
}

/// A difference of shares in percentage points, with its sign: `+12`.
fn points(difference: f64) -> String {
    let text = words::fixed(100.0 * difference, 0);
    if difference > 0.0 && text != "0" { format!("+{text}") } else { text }
}

impl Segments {
    /// Of outcomes with a link that is more than weak: shares of almost nothing differ from segment to segment by themselves.
    fn of(results: &StudyResults) -> Self {
        let with_segments = || results.outcomes.iter().filter(|outcome| !outcome.actions.segments.is_empty());
        let is_weak = |outcome: &&OutcomeResult| {
            Link::of(results, outcome) == Link::Weak || outcome.actions.segments.iter().all(|own| own.table.is_weak)
        };
        let weak: Vec<&str> = with_segments().filter(is_weak).map(|outcome| outcome.name.as_str()).collect();
        let told = with_segments().filter(|outcome| !is_weak(outcome));
        let compared: Vec<_> =
            told.flat_map(|outcome| outcome.actions.segments.iter().map(move |own| (outcome, own))).collect();
        let differing = compared.iter().flat_map(|(outcome, own)| {
            let rows = own.table.rows.iter().filter(|row| row.p_bh.is_some_and(|p| p < SHOWN_P));
            rows.map(move |row| SegmentRow {
                outcome: outcome.name.clone(),
                segment: format!("{} {}", own.column, row.segment),
                driver: row.driver.clone(),
                share: words::percent(row.share),
                elsewhere: words::percent(row.share_elsewhere),
                difference: points(row.difference),
                difference_ends: row
                    .difference_interval
                    .map_or_else(String::new, |own| words::range(points(own.conf_low), points(own.conf_high))),
                p_value: row.p_bh.map_or_else(missing, words::p_value),
            })
        });
        let rows: Vec<SegmentRow> = differing.collect();
        let mut columns: Vec<&str> = compared.iter().map(|(_, own)| own.column.as_str()).collect();
        columns.sort_unstable();
        columns.dedup();
        let mut sentences = Vec::new();
        if !columns.is_empty() {
            let by = words::listed(&columns);
            sentences.push(match rows.is_empty() {
                true => {
                    format!("By {by}, no driver matters more or less in one segment than elsewhere beyond chance.")
                }
                false => {
                    let tests = compared.iter().flat_map(|(_, own)| &own.table.rows[..own.table.n_tests]);
                    let n = tests.filter(|row| row.p_value.is_some()).count();
                    let all = words::counted(n, "comparison", "comparisons");
                    format!("By {by}; shown are differences that stand after adjusting for all {all} of outcomes and segments.")
                }
            });
        }
        let is_line = |outcome: &&OutcomeResult| {
            outcome.family != "linear"
                && outcome.actions.segments.iter().all(|own| own.table.family == DriverFamily::Linear)
        };
        let otherwise: Vec<&str> = with_segments()
            .filter(|outcome| !is_weak(outcome))
            .filter(is_line)
            .map(|outcome| outcome.name.as_str())
            .collect();
        if !otherwise.is_empty() {
            sentences.push(format!(
                "Shares of {} divide R squared of a linear model here, so that segments can be compared, and may be others than \
                 those of the ranking, which divide the fit of the outcome\u{2019}s own model.",
                words::listed(&otherwise)
            ));
        }
        let of_line = |name: &&str| {
            let own = results.outcomes.iter().find(|outcome| outcome.name == **name);
            own.is_some_and(|outcome| Link::of(results, outcome) != Link::Weak)
        };
        let (by_line, weak): (Vec<&str>, Vec<&str>) = weak.into_iter().partition(|name| of_line(name));
        if !weak.is_empty() {
            sentences.push(format!(
                "Not compared: {}, because with a weak link all drivers together explain so little that the shares of each \
                 say nothing.",
                words::listed(&weak)
            ));
        }
        if !by_line.is_empty() {
            sentences.push(format!(
                "Not compared: {}, of which a linear model of all drivers, whose R squared is divided here, explains too \
                 little, whatever the outcome\u{2019}s own model does.",
                words::listed(&by_line)
            ));
        }
        let sentence = (!sentences.is_empty()).then(|| sentences.join(" "));
        Self { sentence, rows }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drivers::Method;
    use crate::drivers::segments::{SegmentAnalysis, SegmentRow as ComparedRow, SegmentTable, SegmentTest};
    use crate::report::{SegmentComparison, fixture};

    fn compared() -> SegmentComparison {
        let ends = Estimate { estimate: -0.62, std_error: 0.17, conf_low: -0.82, conf_high: -0.15 };
        let row = ComparedRow {
            segment: "2025Q1".to_owned(),
            driver: "delivery".to_owned(),
            share: 0.26,
            share_interval: None,
            rank: 2,
            rank_interval: None,
            share_elsewhere: 0.88,
            difference: -0.62,
            difference_interval: Some(ends),
            p_value: Some(0.001),
            p_holm: Some(0.03),
            p_bh: Some(0.023),
            shrunk: None,
            own_weight: None,
        };
        let SegmentAnalysis { base_min, .. } = SegmentAnalysis::default();
        let table = SegmentTable {
            outcome: "recommend".to_owned(),
            by: "wave".to_owned(),
            family: DriverFamily::Linear,
            method: Method::Shapley,
            confidence: crate::stats::Confidence::default(),
            base_min,
            test: SegmentTest::Bootstrap,
            n_replicates: 100,
            segments: Vec::new(),
            rows: vec![row],
            n_tests: 1,
            is_weak: false,
            spreads: Vec::new(),
            findings: Vec::new(),
        };
        SegmentComparison { column: "wave".to_owned(), table }
    }

    fn plan(reached: bool, end: Option<f64>, best_change: f64) -> Plan {
        let interval = Estimate { estimate: 0.3, std_error: 0.05, conf_low: 0.2, conf_high: 0.4 };
        Plan {
            outcome: "recommend".to_owned(),
            measure: Measure::Mean,
            target: 0.3,
            reached,
            change: MeasureChange {
                measure: Measure::Mean,
                before: 7.89,
                after: 8.19,
                change: 0.3,
                interval: Some(interval),
                bootstrap: None,
            },
            best_change,
            end,
            share_beyond: 0.0,
            cost: 12.0,
            levers: Vec::new(),
            findings: Vec::new(),
        }
    }

    #[test]
    fn a_plan_says_its_unit_its_interval_and_where_the_scale_ends() {
        let results = fixture::retail();
        let outcome = &results.outcomes[0];
        let said = |plan: Plan| PlanSection::of(outcome, &plan).sentence;
        let reached = said(plan(true, None, 1.0));
        assert!(
            reached.starts_with(
                "The cheapest raises that go with a change of 0.300 points of the 0 to 10 scale in recommend cost 12"
            ),
            "{reached}"
        );
        assert!(reached.contains("interval of 0.200 to 0.400; the cost takes the raises as given"), "{reached}");
        let ended = said(plan(false, Some(10.0), 2.11));
        assert!(ended.ends_with("recommend is 7.89 on average and cannot be beyond 10.0, so that 2.11 points of the 0 to 10 scale are the most."), "{ended}");
        let nothing = said(plan(false, None, 0.0));
        assert!(
            nothing.contains("no touchpoint about which something can be done at a known cost moves it this way"),
            "{nothing}"
        );
    }

    #[test]
    fn shares_of_a_linear_model_beside_another_are_said() {
        let mut results = fixture::retail();
        results.outcomes[0].actions.segments = vec![compared()];
        let of = |results: &StudyResults| Segments::of(results).sentence.expect("a sentence");
        assert!(!of(&results).contains("linear model"), "a line beside a line");
        results.outcomes[0].family = "ordinal";
        let sentence = of(&results);
        assert!(sentence.contains("Shares of recommend divide R squared of a linear model here"), "{sentence}");
        // Too little for a line, and enough for the outcome's own model.
        results.outcomes[0].actions.segments[0].table.is_weak = true;
        let sentence = of(&results);
        assert!(sentence.starts_with("Not compared: recommend, of which a linear model of all drivers"), "{sentence}");
    }

    #[test]
    fn differences_have_an_estimate_and_outcomes_of_a_weak_link_have_none() {
        let mut results = fixture::retail();
        // The third outcome's link is weak.
        results.outcomes[0].actions.segments = vec![compared()];
        results.outcomes[2].actions.segments = vec![compared()];
        let own = Segments::of(&results);
        let rows: Vec<[&str; 3]> = own
            .rows
            .iter()
            .map(|row| [&row.outcome, &row.difference, &row.difference_ends].map(|own| own.as_str()))
            .collect();
        assert_eq!(rows, [["recommend", "-62", "-82 to -15"]]);
        let sentence = own.sentence.expect("a sentence");
        assert!(sentence.starts_with("By wave; shown are"), "{sentence}");
        assert!(sentence.contains("Not compared: repurchase, because with a weak link"), "{sentence}");
        results.outcomes[0].actions.segments.clear();
        let own = Segments::of(&results);
        assert!(own.rows.is_empty() && own.sentence.expect("a sentence").starts_with("Not compared: repurchase"));
    }
}
