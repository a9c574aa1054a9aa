//! What customers say and what they do: the same drivers for both, and the way from a touchpoint over the answer to behaviour.

use super::outcome_model::Prepared;
use super::outcomes::Problem;
use super::progress::{OutcomeSteps, Progress};
use super::selection::Selection;
use crate::data::{DataError, DesignMatrix, Outcome as OutcomeColumn};
use crate::drivers::stated_observed::{
    ComparedOutcome, Mediation, MediationResult, ScoreContrast, Side, StatedObserved, StatedObservedRows,
    StatedObservedTable,
};
use crate::drivers::{ActionError, DriverAnalysis, DriverFamily, FitKind, Method};
use crate::estimators::Family;
use crate::findings::{Finding, FindingKind, Severity};
use crate::link::BaseTable;
use crate::report::SayAndDo;
use crate::study::{Missing, Outcome, OutcomeKind, Study};
use ndarray::{Array1, Array2, ArrayView1};
use std::collections::{BTreeMap, BTreeSet};

/// Bootstrap replicates of a mediation, each of which fits two models.
const MEDIATION_REPLICATES: usize = 200;
/// Permutations for the agreement of rankings.
const PERMUTATIONS: usize = 10_000;
/// The name of the answer as a column of the models of behaviour.
const ANSWER: &str = "recommend";

/// Compares outcomes that are said with outcomes that are done; nothing where the study has not both.
///
/// The rows are the answers with every touchpoint. The drivers of every outcome are divided by a linear analysis, so that
/// one draw of customers serves all of them.
pub(super) fn compare(study: &Study, base: &BaseTable, progress: &dyn Fn(Progress)) -> Option<SayAndDo> {
    let is_done = |outcome: &Outcome| outcome.window_days().is_some();
    let both = study.outcomes.iter().any(is_done) && !study.outcomes.iter().all(is_done);
    if !(study.actions.enabled && both) || study.drivers.touchpoints.is_empty() {
        return None;
    }
    let mut complete = study.clone();
    complete.drivers.missing = Missing::Listwise;
    let mut result = SayAndDo::default();
    match table(&complete, base) {
        Ok(table) => {
            result.findings.extend(table.findings.iter().cloned());
            result.table = Some(table);
        }
        Err(problem) => result.findings.push(not_made("the comparison of what is said and done", &problem)),
    }
    let is_mediated =
        |outcome: &&Outcome| is_done(outcome) && matches!(outcome.family(), Family::Linear | Family::Logistic);
    let mediated: Vec<&Outcome> = study.outcomes.iter().filter(is_mediated).collect();
    let step = "comparing what is said with what is done";
    let steps = OutcomeSteps { step, of: mediated.len(), progress };
    for (place, &outcome) in mediated.iter().enumerate() {
        steps.say(place, outcome, "ways from touchpoints to");
        match mediations(&complete, base, outcome) {
            Ok(rows) => {
                result.findings.extend(rows.iter().flat_map(|row| row.findings.iter().cloned()));
                result.mediations.extend(rows);
            }
            Err(problem) => {
                let what = format!("the way from touchpoints over the answer to {}", outcome.name());
                result.findings.push(not_made(&what, &problem));
            }
        }
    }
    Some(result)
}

fn not_made(what: &str, problem: &str) -> Finding {
    let sentence = format!("{what} could not be made: {problem}");
    Finding::new(FindingKind::NotEstimated, Severity::Note, "stated and observed", sentence)
}

fn table(study: &Study, base: &BaseTable) -> Result<StatedObservedTable, String> {
    let selections: Vec<(&Outcome, Selection)> =
        study.outcomes.iter().map(|outcome| (outcome, Selection::of(study, base, outcome))).collect();
    let rows: BTreeSet<usize> = selections.iter().flat_map(|(_, own)| own.rows.iter().copied()).collect();
    let rows: Vec<usize> = rows.into_iter().collect();
    let place: BTreeMap<usize, usize> = rows.iter().enumerate().map(|(place, &row)| (row, place)).collect();
    // Of this selection only rows, drivers, weights and customers are used.
    let all = Selection { values: vec![0.0; rows.len()], rows, left_out: Vec::new() };
    let of_all = Outcome::of(OutcomeKind::Recommend { family: Family::Linear });
    let prepared = Prepared::of(study, base, &of_all, &all).map_err(|problem| problem.to_string())?;
    let compared = |(outcome, selection): &(&Outcome, Selection)| -> Result<ComparedOutcome, DataError> {
        // A row that is not known may hold any value of the outcome.
        let any = selection.values.first().copied().unwrap_or(0.0);
        let (mut values, mut known) = (vec![any; all.rows.len()], vec![false; all.rows.len()]);
        for (row, value) in selection.rows.iter().zip(&selection.values) {
            (values[place[row]], known[place[row]]) = (*value, true);
        }
        Ok(ComparedOutcome {
            outcome: OutcomeColumn::numeric(outcome.name(), Array1::from(values))?,
            known: Some(known),
            side: if outcome.window_days().is_some() { Side::Observed } else { Side::Stated },
            family: DriverFamily::Linear,
            measure: FitKind::RSquared,
        })
    };
    let outcomes: Result<Vec<ComparedOutcome>, DataError> = selections.iter().map(compared).collect();
    let outcomes = outcomes.map_err(|error| error.to_string())?;
    let observations = &prepared.observations;
    let settings = StatedObserved {
        analysis: DriverAnalysis {
            methods: vec![Method::Shapley],
            confidence: study.confidence,
            replicates: super::actions::replicates(study, observations.n_rows()),
            seed: study.seed,
            ..DriverAnalysis::default()
        },
        permutations: PERMUTATIONS,
    };
    let rows = StatedObservedRows {
        design: observations.design(),
        weights: observations.weights(),
        clusters: observations.clusters(),
    };
    let table = settings.compare(&rows, &outcomes, prepared.drivers(), prepared.always());
    table.map_err(|error| error.to_string())
}

/// One result a touchpoint: one point more of it, all other touchpoints held.
fn mediations(study: &Study, base: &BaseTable, outcome: &Outcome) -> Result<Vec<MediationResult>, String> {
    let in_words = |problem: Problem| problem.to_string();
    let mut selection = Selection::of(study, base, outcome);
    let answers = base.numbers(ANSWER).ok_or("there is no recommend answer")?;
    let kept = selection.rows.iter().zip(&selection.values).filter(|(row, _)| !answers[**row].is_nan());
    let (rows, values) = kept.map(|(row, value)| (*row, *value)).unzip();
    selection = Selection { rows, values, ..selection };
    let prepared = Prepared::of(study, base, outcome, &selection).map_err(in_words)?;
    let own = &prepared.observations;
    let n_features = own.design().n_features();
    let with_answer = Array2::from_shape_fn((own.n_rows(), n_features + 1), |(row, column)| {
        if column < n_features { own.design().values()[[row, column]] } else { answers[selection.rows[row]] }
    });
    let names = own.design().names().iter().cloned().chain([ANSWER.to_owned()]).collect();
    let design = DesignMatrix::new(names, with_answer).map_err(|error| error.to_string())?;
    let observations = own.with_design(design).map_err(|error| error.to_string())?;
    let mut results = Vec::new();
    for driver in prepared.drivers() {
        let touchpoint = driver.columns[0];
        let controls: Vec<usize> = (0..n_features).filter(|&column| column != touchpoint).collect();
        let settings = Mediation {
            contrast: one_point(observations.design().values().column(touchpoint)),
            confidence: study.confidence,
            replicates: (study.bootstrap as usize).min(MEDIATION_REPLICATES),
            seed: study.seed,
        };
        let result = settings.analyse(&observations, touchpoint, n_features, &controls);
        results.push(result.map_err(|error: ActionError| error.to_string())?);
    }
    Ok(results)
}

/// One point up from the mean; where the highest score seen is nearer than that, the point below it, so that nothing is said of scores
/// beyond.
fn one_point(scores: ArrayView1<f64>) -> ScoreContrast {
    let highest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let lowest = scores.iter().copied().fold(f64::INFINITY, f64::min);
    let from = scores.mean().unwrap_or(0.0).min(highest - 1.0).max(lowest);
    ScoreContrast { from, to: from + 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_point_more_lies_within_the_scores_that_were_seen() {
        let ends = |scores: ndarray::Array1<f64>| {
            let ScoreContrast { from, to } = one_point(scores.view());
            [from, to]
        };
        // The means are 5, 9 and 0.5; scores closer together than a point have no point between them.
        assert_eq!(ends(array![0.0, 5.0, 10.0]), [5.0, 6.0]);
        assert_eq!(ends(array![7.0, 10.0, 10.0]), [9.0, 10.0]);
        assert_eq!(ends(array![9.0, 10.0, 10.0, 10.0]), [9.0, 10.0]);
        assert_eq!(ends(array![0.0, 1.0]), [0.0, 1.0]);
        assert_eq!(ends(array![0.5, 0.75]), [0.5, 1.5]);
    }
}
