//! What could be done about the touchpoints of an outcome: importance beside performance, asymmetry, what-if, segments.

use super::choices;
use super::coded::Coded;
use super::outcome_ends;
use super::outcome_model::{Gapped, Prepared, gaps_allowed_for};
use super::selection::Selection;
use super::small_bases::Hidden;
use crate::data::DesignMatrix;
use crate::drivers::asymmetry::{
    AsymmetryTable, Condition, Cuts, ExpectationGaps, ExpectationPair, ExpectationTable, Necessity, NecessityTable,
    PenaltyReward, RatedDriver,
};
use crate::drivers::performance::{ActionChart, ImportancePerformance, Ranked, Touchpoint};
use crate::drivers::robustness::{Confounding, ConfoundingTable};
use crate::drivers::segments::{SegmentAnalysis, Segmentation};
use crate::drivers::what_if::{
    Lever, LeverRaise, Measure, ModelledOutcome, OrderedLevels, Plan, Raise, Target, Unscored, WhatIf,
};
use crate::drivers::{ActionError, Driver, DriverAnalysis, DriverRanking, Method, Scale};
use crate::estimators::FittedModel;
use crate::findings::{Finding, FindingKind, Severity};
use crate::link::BaseTable;
use crate::report::{OutcomeActions, Scenario, SegmentComparison};
use crate::study::{Missing, Outcome, OutcomeKind, Study, TargetMeasure};
use ndarray::Array2;
use rayon::prelude::*;

/// Rows times replicates beyond which fewer replicates are drawn, so that a million answers take minutes and not hours.
const DRAWN_ROWS_MAX: usize = 200_000_000;
/// As many replicates are drawn of any number of rows.
const REPLICATES_MIN: usize = 200;
/// How many times as strong as an observed column something unobserved is taken to be.
const CONFOUNDER_TIMES: [f64; 3] = [1.0, 2.0, 3.0];
/// The chart, in words.
const CHART: &str = "the chart of importance and performance";
/// Permutations of a necessary-condition analysis.
const PERMUTATIONS: usize = 1000;

/// The answers of an outcome's model, as they were selected and as they were prepared.
#[derive(Clone, Copy)]
pub(super) struct Modelled<'a> {
    pub selection: &'a Selection,
    pub prepared: &'a Prepared,
}

/// What could be done for one outcome. Importance is that of the ranking, performance takes every answer that scores a touchpoint, and
/// what raised scores go with comes from the outcome's own model and its answers; all else rests on the answers that have every
/// touchpoint.
pub(super) fn of(
    study: &Study,
    base: &BaseTable,
    outcome: &Outcome,
    ranking: Option<&DriverRanking>,
    modelled: Modelled<'_>,
) -> OutcomeActions {
    let choices = ranking.and_then(|ranking| choices::compare(study, base, outcome, ranking));
    let mut actions = OutcomeActions { choices, ..OutcomeActions::default() };
    match ranking.map(|ranking| chart(study, base, outcome, ranking, modelled)) {
        Some(Ok(chart)) => actions.chart = Some(chart),
        Some(Err(problem)) => actions.findings.push(not_made(outcome, CHART, &problem)),
        None => actions.findings.push(not_made(outcome, CHART, "its drivers are not ranked")),
    }
    let raised = Raising::of(study, base, outcome, modelled).map(|raising| raising.answer(&mut actions));
    if let Err(problem) = raised {
        actions.findings.push(not_made(outcome, "what raised touchpoints would go with", &problem));
    }
    let mut complete = study.clone();
    complete.drivers.missing = Missing::Listwise;
    let selection = Selection::of(&complete, base, outcome);
    match Question::of(&complete, base, outcome, &selection) {
        Ok(question) => question.answer(&mut actions),
        Err(problem) => actions.findings.push(not_made(outcome, "what to do about the touchpoints", &problem)),
    }
    actions
}

/// Importance by the ranking that is shown, performance by all scores of answers whose outcome is known.
fn chart(
    study: &Study,
    base: &BaseTable,
    outcome: &Outcome,
    ranking: &DriverRanking,
    modelled: Modelled<'_>,
) -> Result<ActionChart, String> {
    let Gapped { gaps, rows, drivers, .. } = Gapped::of(study, base, outcome).map_err(|problem| problem.to_string())?;
    let touchpoint = |driver: &Driver| {
        let column = driver.columns[0];
        let scale = scale(study, &driver.name, gaps.values().column(column).iter().copied())?;
        Ok(Touchpoint { name: driver.name.clone(), column, scale })
    };
    let touchpoints: Result<Vec<Touchpoint>, ActionError> = drivers.iter().map(touchpoint).collect();
    let all: Vec<usize> = (0..rows.len()).collect();
    let of_model: Vec<usize> = modelled.selection.rows.iter().filter_map(|row| rows.binary_search(row).ok()).collect();
    let ranked = match gaps_allowed_for(study, outcome) {
        Some(_) => Ranked { ranking, observations: gaps.answered(), rows: &all },
        None => Ranked { ranking, observations: &modelled.prepared.observations, rows: &of_model },
    };
    let settings = ImportancePerformance {
        confidence: study.confidence,
        replicates: replicates(study, rows.len()),
        ..ImportancePerformance::default()
    };
    let chart = touchpoints.and_then(|touchpoints| settings.chart(&gaps, &touchpoints, ranked));
    chart.map_err(|error| error.to_string())
}

/// Bootstrap replicates of a linear analysis of so many rows.
pub(super) fn replicates(study: &Study, n_rows: usize) -> usize {
    (study.bootstrap as usize).min((DRAWN_ROWS_MAX / n_rows.max(1)).max(REPLICATES_MIN))
}

/// One outcome with the model whose coefficients are shown, its answers, and the touchpoints that could be scored higher.
struct Raising<'a> {
    study: &'a Study,
    outcome: &'a Outcome,
    prepared: &'a Prepared,
    model: FittedModel,
    touchpoints: Vec<Touchpoint>,
    unscored: Vec<Unscored>,
}

/// The ranked touchpoints with their scales, by what is in their columns.
fn touchpoints_of(study: &Study, prepared: &Prepared) -> Result<Vec<Touchpoint>, ActionError> {
    let touchpoint = |driver: &Driver| {
        let column = driver.columns[0];
        let scores = prepared.observations.design().values().column(column).to_vec();
        Ok(Touchpoint { name: driver.name.clone(), column, scale: scale(study, &driver.name, scores.into_iter())? })
    };
    prepared.drivers().iter().map(touchpoint).collect()
}

impl<'a> Raising<'a> {
    fn of(study: &'a Study, base: &BaseTable, outcome: &'a Outcome, modelled: Modelled<'a>) -> Result<Self, String> {
        let Modelled { selection, prepared } = modelled;
        let model = prepared.fit(study).map_err(|problem| problem.to_string())?.model;
        let touchpoints = touchpoints_of(study, prepared).map_err(|error| error.to_string())?;
        let gaps = |touchpoint: &Touchpoint| {
            let scores = base.numbers(&touchpoint.name)?;
            let rows: Vec<bool> = selection.rows.iter().map(|&row| scores[row].is_nan()).collect();
            rows.contains(&true).then(|| Unscored { column: touchpoint.name.clone(), rows })
        };
        let unscored = touchpoints.iter().filter_map(gaps).collect();
        Ok(Self { study, outcome, prepared, model, touchpoints, unscored })
    }

    fn answer(&self, actions: &mut OutcomeActions) {
        let mut problems = Vec::new();
        match self.scenarios() {
            Ok(scenarios) => actions.scenarios = scenarios,
            Err(problem) => problems.push(("what raised touchpoints would go with", problem)),
        }
        match self.plan().transpose() {
            Ok(plan) => actions.plan = plan,
            Err(problem) => problems.push(("the cheapest way to the target", problem)),
        }
        let of_scenarios = actions.scenarios.iter().flat_map(|own| &own.change.findings);
        for finding in of_scenarios.chain(actions.plan.iter().flat_map(|own| &own.findings)) {
            if !actions.findings.contains(finding) {
                actions.findings.push(finding.clone());
            }
        }
        let said = problems.iter().map(|(what, problem)| not_made(self.outcome, what, &problem.to_string()));
        actions.findings.extend(said);
    }

    fn what_if(&self) -> WhatIf {
        // By the delta method, whose errors hold the rows' scatter by customer; a refit for every scenario and replicate
        // would cost minutes.
        WhatIf { confidence: self.study.confidence, replicates: 0, seed: self.study.seed }
    }

    fn levers(&self) -> Vec<Lever> {
        let actions = &self.study.actions;
        let lever = |touchpoint: &Touchpoint| Lever {
            name: touchpoint.name.clone(),
            scale: touchpoint.scale,
            actionable: !actions.not_actionable.contains(&touchpoint.name),
            cost_per_point: actions.cost.get(&touchpoint.name).copied(),
        };
        self.touchpoints.iter().map(lever).collect()
    }

    fn modelled(&self) -> ModelledOutcome<'_> {
        let levels = match self.outcome.kind() {
            OutcomeKind::Recommend { .. } => OrderedLevels::Answers,
            OutcomeKind::NpsClass => OrderedLevels::Classes,
            _ => OrderedLevels::Other,
        };
        let observations = &self.prepared.observations;
        ModelledOutcome { model: &self.model, observations, levels, unscored: &self.unscored }
    }

    /// Each touchpoint one point higher by itself, and the study's own raises together.
    fn scenarios(&self) -> Result<Vec<Scenario>, ActionError> {
        let levers = self.levers();
        let mut wanted: Vec<(String, Vec<LeverRaise>)> = levers
            .iter()
            .enumerate()
            .map(|(at, lever)| (lever.name.clone(), vec![LeverRaise { lever: at, raise: Raise::By(1.0) }]))
            .collect();
        let raises = levers.iter().enumerate().filter_map(|(at, lever)| {
            let points = self.study.actions.raise.get(&lever.name)?;
            Some(LeverRaise { lever: at, raise: Raise::By(*points) })
        });
        let together: Vec<LeverRaise> = raises.collect();
        if !together.is_empty() {
            wanted.push(("all together".to_owned(), together));
        }
        let mut scenarios = Vec::new();
        for (name, raises) in wanted {
            let changes = self.what_if().changes(&[self.modelled()], &levers, &raises)?;
            scenarios.extend(changes.into_iter().map(|change| Scenario { name: name.clone(), change }));
        }
        Ok(scenarios)
    }

    fn plan(&self) -> Option<Result<Plan, ActionError>> {
        let target = self.study.actions.target.as_ref().filter(|target| target.outcome == *self.outcome)?;
        let measure = match target.measure {
            TargetMeasure::Mean => Measure::Mean,
            TargetMeasure::Share => Measure::Share,
            TargetMeasure::Nps => Measure::Nps,
        };
        let seen = outcome_ends::seen(self.prepared.observations.outcome().values().iter().copied());
        let target = Target { measure, change: target.change, ends: outcome_ends::of(self.outcome, seen) };
        Some(self.what_if().cheapest(self.modelled(), &self.levers(), target))
    }
}

/// One outcome with its complete answers and the scales of its touchpoints.
struct Question<'a> {
    study: &'a Study,
    base: &'a BaseTable,
    rows: &'a [usize],
    outcome: &'a Outcome,
    prepared: Prepared,
    touchpoints: Vec<Touchpoint>,
}

impl<'a> Question<'a> {
    fn of(
        study: &'a Study,
        base: &'a BaseTable,
        outcome: &'a Outcome,
        selection: &'a Selection,
    ) -> Result<Self, String> {
        let in_words = |problem: super::outcomes::Problem| problem.to_string();
        let prepared = Prepared::of(study, base, outcome, selection).map_err(in_words)?;
        let touchpoints = touchpoints_of(study, &prepared).map_err(|error| error.to_string())?;
        Ok(Self { study, base, rows: &selection.rows, outcome, prepared, touchpoints })
    }

    fn answer(&self, actions: &mut OutcomeActions) {
        let mut problems = Vec::new();
        let mut keep = |what: &'static str, problem: ActionError| problems.push((what, problem.to_string()));
        match self.asymmetry() {
            Ok(table) => actions.asymmetry = Some(table),
            Err(problem) => keep("the contrast of low and high scores", problem),
        }
        match self.expectations().transpose() {
            Ok(table) => actions.expectations = table,
            Err(problem) => keep("the contrast with what was expected", problem),
        }
        if matches!(self.outcome.kind(), OutcomeKind::Recommend { .. } | OutcomeKind::Spend { .. }) {
            match self.necessity() {
                Ok(table) => actions.necessity = Some(table),
                Err(problem) => keep("the analysis of necessary conditions", problem),
            }
        }
        match self.robustness() {
            Ok(table) => actions.robustness = Some(table),
            Err(problem) => keep("the robustness against something unseen", problem),
        }
        // Columns in parallel, and the replicates of each: results do not depend on which thread takes what.
        let shown = self.segments_shown(actions);
        let compared: Vec<_> = shown.par_iter().map(|own| self.segments(own).transpose()).collect();
        for table in compared {
            match table {
                Ok(table) => actions.segments.extend(table),
                // A small sample is no fault.
                Err(ActionError::NoSegment { .. }) => {}
                Err(problem) => keep("the comparison of segments", problem),
            }
        }
        let chart = actions.chart.iter().flat_map(|own| own.findings.iter().cloned());
        let asymmetry = actions.asymmetry.iter().flat_map(|own| own.findings.iter().cloned());
        let expectations = actions.expectations.iter().flat_map(|own| own.findings.iter().cloned());
        let necessity = actions.necessity.iter().flat_map(|own| own.findings.iter().cloned());
        let segments = actions.segments.iter().flat_map(|own| own.table.findings.iter().cloned());
        let robustness = actions.robustness.iter().flat_map(|own| own.findings.iter().cloned());
        let choices = actions.choices.iter().flat_map(|own| own.findings.iter().cloned());
        let mut findings: Vec<Finding> = Vec::new();
        let of_drivers = chart.chain(choices).chain(asymmetry).chain(expectations).chain(necessity);
        for finding in of_drivers.chain(robustness).chain(segments) {
            if !findings.contains(&finding) {
                findings.push(finding);
            }
        }
        findings.extend(problems.iter().map(|(what, problem)| not_made(self.outcome, what, problem)));
        actions.findings.extend(findings);
    }

    fn replicates(&self) -> usize {
        replicates(self.study, self.prepared.observations.n_rows())
    }

    /// A linear analysis of whatever the outcome is: a class and a count are numbers too, and the lattice of a linear
    /// model can be walked again for every replicate.
    fn analysis(&self) -> DriverAnalysis {
        DriverAnalysis {
            methods: vec![Method::Shapley],
            confidence: self.study.confidence,
            replicates: self.replicates(),
            seed: self.study.seed,
            ..DriverAnalysis::default()
        }
    }

    fn asymmetry(&self) -> Result<AsymmetryTable, ActionError> {
        let rated = self.touchpoints.iter().map(|touchpoint| RatedDriver {
            name: touchpoint.name.clone(),
            column: touchpoint.column,
            cuts: Cuts::Thirds(touchpoint.scale),
        });
        let is_loss = self.outcome.kind().is_loss();
        let settings = PenaltyReward { is_loss, confidence: self.study.confidence, ..PenaltyReward::default() };
        settings.contrast(&self.prepared.observations, &rated.collect::<Vec<_>>(), self.prepared.always())
    }

    /// What falls short of expectations and what exceeds them, from the answers that say both; touchpoints without a
    /// question about expectations are held constant. `None` where the study knows no expectations.
    fn expectations(&self) -> Option<Result<ExpectationTable, ActionError>> {
        let named = &self.study.drivers.expectations;
        let (asked, others): (Vec<&Touchpoint>, Vec<&Touchpoint>) =
            self.touchpoints.iter().partition(|touchpoint| named.contains_key(&touchpoint.name));
        let expected: Option<Vec<&[f64]>> =
            asked.iter().map(|touchpoint| self.base.numbers(named.get(&touchpoint.name)?)).collect();
        let expected = expected.filter(|columns| !columns.is_empty())?;
        let both: Vec<usize> =
            (0..self.rows.len()).filter(|&at| expected.iter().all(|own| !own[self.rows[at]].is_nan())).collect();
        let contrast = || {
            let observations = self.prepared.observations.select(&both)?;
            let own = observations.design();
            let n_own = own.n_features();
            let mut names = own.names().to_vec();
            names.extend(asked.iter().map(|touchpoint| format!("{} expected", touchpoint.name)));
            let values =
                Array2::from_shape_fn((both.len(), names.len()), |(row, column)| match column.checked_sub(n_own) {
                    None => own.values()[[row, column]],
                    Some(at) => expected[at][self.rows[both[row]]],
                });
            let pairs = asked.iter().enumerate().map(|(at, touchpoint)| ExpectationPair {
                name: touchpoint.name.clone(),
                experience: touchpoint.column,
                expectation: n_own + at,
            });
            let always: Vec<usize> = others
                .iter()
                .map(|touchpoint| touchpoint.column)
                .chain(self.prepared.always().iter().copied())
                .collect();
            let observations = observations.with_design(DesignMatrix::new(names, values)?)?;
            let settings = ExpectationGaps { confidence: self.study.confidence };
            settings.contrast(&observations, &pairs.collect::<Vec<_>>(), &always)
        };
        Some(contrast())
    }

    fn necessity(&self) -> Result<NecessityTable, ActionError> {
        let conditions = self.touchpoints.iter().map(|touchpoint| Condition {
            name: touchpoint.name.clone(),
            column: touchpoint.column,
            scale: Some(touchpoint.scale),
        });
        let n_rows = self.prepared.observations.n_rows().max(1);
        let settings = Necessity {
            permutations: PERMUTATIONS.min((DRAWN_ROWS_MAX / n_rows).max(REPLICATES_MIN)),
            seed: self.study.seed,
            outcome_scale: match self.outcome.kind() {
                OutcomeKind::Recommend { .. } => Some(Scale::new(0.0, 10.0)?),
                _ => None,
            },
            ..Necessity::default()
        };
        settings.analyse(&self.prepared.observations, &conditions.collect::<Vec<_>>())
    }

    fn robustness(&self) -> Result<ConfoundingTable, ActionError> {
        let times = CONFOUNDER_TIMES.to_vec();
        let settings = Confounding { confidence: self.study.confidence, times, ..Confounding::default() };
        settings.analyse(&self.prepared.observations, self.prepared.drivers(), self.prepared.always())
    }

    /// The columns of the segments, with what of them may be shown among the answers that are used: figures of few people are
    /// hidden, and so are others that would give them away.
    fn segments_shown(&self, actions: &mut OutcomeActions) -> Vec<SegmentColumn> {
        let coded: Vec<Coded> = self.study.segments.by.iter().filter_map(|name| Coded::of(self.base, name)).collect();
        let mut hidden = Hidden::below(self.study.measures.suppress_below);
        let weights = self.prepared.observations.weights();
        let counted = self.rows.iter().enumerate().filter(|(place, _)| weights.of(*place) > 0.0);
        let rows: Vec<usize> = counted.map(|(_, &row)| row).collect();
        let shown = hidden.levels(&coded.iter().collect::<Vec<_>>(), &rows, 0..coded.len());
        actions.findings.extend(hidden.finding(self.outcome.name()));
        coded.into_iter().zip(shown).map(|(coded, shown)| SegmentColumn { coded, shown }).collect()
    }

    /// `None` where the column has not two values in the answers.
    fn segments(&self, own: &SegmentColumn) -> Option<Result<SegmentComparison, ActionError>> {
        let SegmentColumn { coded, shown } = own;
        let label = |&row: &usize| coded.levels.get(coded.codes[row] as usize).map(String::as_str);
        let labels: Vec<Option<&str>> = self.rows.iter().map(label).collect();
        let is_hidden = |name: &str| {
            coded.levels.binary_search_by(|level| level.as_str().cmp(name)).is_ok_and(|level| !shown[level])
        };
        let segmentation = Segmentation::of_labels(&labels).by(&coded.name).hiding(is_hidden);
        if segmentation.names().len() < 2 {
            return None;
        }
        let settings = SegmentAnalysis {
            analysis: self.analysis(),
            base_min: self.study.segments.minimum_base as usize,
            ..SegmentAnalysis::default()
        };
        let (drivers, always) = (self.prepared.drivers(), self.prepared.always());
        let table = settings.compare(&self.prepared.observations, drivers, always, &segmentation);
        Some(table.map(|table| SegmentComparison { column: coded.name.clone(), table }))
    }
}

/// A column of segments, and which of its values may be shown.
struct SegmentColumn {
    coded: Coded,
    shown: Vec<bool>,
}

/// The scale of a touchpoint: the study's, else the ends that were seen.
fn scale(study: &Study, name: &str, scores: impl Iterator<Item = f64>) -> Result<Scale, ActionError> {
    let (low, high) = match study.sources.feedback.range_of(name) {
        Some(range) => (range.min, range.max),
        None => {
            let ends = (f64::INFINITY, f64::NEG_INFINITY);
            scores.filter(|score| !score.is_nan()).fold(ends, |(low, high), value| (low.min(value), high.max(value)))
        }
    };
    let scale = Scale::new(low, high)?;
    match study.actions.top_box_from {
        Some(from) => scale.with_top_box(from),
        None => Ok(scale),
    }
}

fn not_made(outcome: &Outcome, what: &str, problem: &str) -> Finding {
    let sentence = format!("For `{}`, {what} could not be made: {problem}", outcome.name());
    Finding::new(FindingKind::NotEstimated, Severity::Note, outcome.name(), sentence)
}

#[cfg(test)]
mod tests {
    use crate::pipeline::small_study::SmallStudy;
    use crate::report::StudyResults;

    /// Sixty answers, of which every third has the best speed and no price, and six that leave the 0-10 question out.
    fn results() -> StudyResults {
        results_of("em")
    }

    fn results_of(missing: &str) -> StudyResults {
        let answer = |row: usize| {
            let without_price = row % 3 == 1;
            let speed = if without_price { 5 } else { (row * 7) % 5 + 1 };
            let price = if without_price { String::new() } else { ((row * 3) % 5 + 1).to_string() };
            let (ltr, weight) = (speed + (row * row + row / 7) % 5, 1 + row % 2);
            format!("{ltr},{speed},{price},{weight}\n")
        };
        let rows: String = (0..60).map(answer).chain((0..6).map(|_| ",1,1,1\n".to_owned())).collect();
        let study = format!(
            "study = {{ name = \"case\", as_of = 2026-12-31, bootstrap = 40 }}
[sources.feedback]
path = \"a.csv\"
snapshot = true
recommend = \"ltr\"
weight = \"weight\"
[drivers]
touchpoints = [\"speed\", \"price\"]
missing = \"{missing}\"
[outcomes.recommend]
kind = \"recommend\"
"
        );
        SmallStudy::new(&study, &[("a.csv", &format!("ltr,speed,price,weight\n{rows}"))]).run()
    }

    #[test]
    fn performance_is_of_all_scores_and_importance_of_the_ranking() {
        let results = results();
        let outcome = &results.outcomes[0];
        let chart = outcome.actions.chart.as_ref().expect("a chart");
        // By hand, with weights 1 and 2 in turn over thirty rows (two fives by three): ten rows in thirty have a speed of 5, five of each
        // weight; the other twenty have 1 to 5 four times, twice with each weight. Speed: (10 * 1.5 * 5 + 20 * 1.5 * 3) / 45 = 11 / 3.
        let of = |name: &str| chart.touchpoints.iter().find(|row| row.touchpoint == name).expect("charted");
        assert!((of("speed").performance.estimate - 25.0 * (11.0 / 3.0 - 1.0)).abs() < 1e-9, "{:?}", of("speed"));
        assert!((of("price").performance.estimate - 50.0).abs() < 1e-9, "{:?}", of("price"));
        assert_eq!((of("speed").n_used, of("price").n_used, chart.n_used), (60, 40, 60));
        for row in &outcome.ranking.as_ref().expect("a ranking").drivers {
            assert!((of(&row.driver).importance - row.share).abs() < 1e-15);
        }
        assert_eq!(outcome.n_used, 40);
    }

    /// Classes are levels 0, 1 and 2, of which the score is 100 (mean - 1): the table's own mean is where the expected values come from.
    #[test]
    fn raised_touchpoints_move_the_score_of_classes_as_they_move_its_mean() {
        let answer = |row: usize| {
            let (speed, price) = (row % 5 + 1, (row * 3) % 7 % 5 + 1);
            format!("{},{speed},{price}\n", (speed + price + (row * row + row / 7) % 4).min(10))
        };
        let rows: String = (0..90).map(answer).collect();
        let study = "study = { name = \"case\", as_of = 2026-12-31, bootstrap = 40 }
[sources.feedback]
path = \"a.csv\"
snapshot = true
recommend = \"ltr\"
[drivers]
touchpoints = [\"speed\", \"price\"]
[outcomes.nps_class]
[actions]
cost = { speed = 1.0, price = 2.0 }
target = { outcome = \"nps_class\", change = 3.0 }
";
        let results = SmallStudy::new(study, &[("a.csv", &format!("ltr,speed,price\n{rows}"))]).run();
        let actions = &results.outcomes[0].actions;
        for scenario in &actions.scenarios {
            let of = |word: &str| {
                scenario.change.measures.iter().find(|own| own.measure.word() == word).expect("a measure of classes")
            };
            let (mean, nps) = (of("mean"), of("nps"));
            assert!((nps.before - 100.0 * (mean.before - 1.0)).abs() < 1e-9, "{scenario:?}");
            assert!((nps.change - 100.0 * mean.change).abs() < 1e-9 && nps.change > 1.0, "{scenario:?}");
            let errors = [nps, mean].map(|own| own.interval.expect("an interval").std_error);
            assert!((errors[0] - 100.0 * errors[1]).abs() < 1e-9, "{errors:?}");
        }
        assert_eq!(actions.scenarios.len(), 2);
        let plan = actions.plan.as_ref().expect("a plan");
        assert_eq!((plan.measure.word(), plan.reached), ("nps", true));
        assert!((plan.change.change - 3.0).abs() < 1e-6, "{}", plan.change.change);
    }

    /// A mark beside a driver's scores does not hide which way these go: the sign is that of the coefficient of the scores in the table.
    #[test]
    fn drivers_with_marked_gaps_have_the_sign_of_their_scores() {
        let results = results_of("indicator");
        let outcome = &results.outcomes[0];
        let ranking = outcome.ranking.as_ref().expect("a ranking");
        assert_eq!(outcome.n_used, 60);
        for row in &ranking.drivers {
            let own = outcome.coefficients.iter().find(|own| own.term == row.driver).expect("a coefficient");
            assert_eq!(row.sign, Some(if own.estimate > 0.0 { 1 } else { -1 }), "{row:?}");
        }
        assert!(outcome.coefficients.iter().any(|own| own.term == "price (missing)"));
        assert_eq!(ranking.drivers.iter().find(|row| row.driver == "speed").and_then(|row| row.sign), Some(1));
    }

    #[test]
    fn what_if_has_the_coefficients_and_the_answers_of_the_model_that_is_shown() {
        let results = results_of("indicator");
        let outcome = &results.outcomes[0];
        assert_eq!(outcome.n_used, 60);
        for name in ["speed", "price"] {
            let coefficient = outcome.coefficients.iter().find(|own| own.term == name).expect("a coefficient").estimate;
            let scenario = outcome.actions.scenarios.iter().find(|own| own.name == name).expect("raised");
            assert_eq!(scenario.change.n_used, 60);
            // By hand, with weights 1 and 2 in turn (90 in all): of twenty rows the speed is 5 already and the price blank (30), and of
            // the others eight have the highest of either score (12), so that 48 of 90 rise by a point; those without a price stay.
            let want = coefficient * 48.0 / 90.0;
            assert!((scenario.change.measures[0].change - want).abs() < 1e-9, "{name}: {:?} {want}", scenario.change);
        }
        let of_kinds = outcome.actions.asymmetry.as_ref().expect("kinds");
        assert_eq!(of_kinds.n_used, 40);
    }

    #[test]
    fn the_fit_on_its_own_rows_is_weighted_as_the_model_is() {
        let results = results();
        let outcome = &results.outcomes[0];
        let own = outcome.in_sample.iter().find(|own| own.metric == "r_squared").expect("a figure");
        let fit = outcome.fit.as_ref().and_then(|fit| fit.r_squared).expect("a fit");
        assert!((own.value - fit).abs() < 1e-9, "{} {fit}", own.value);
    }
}
