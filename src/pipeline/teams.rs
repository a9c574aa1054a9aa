//! Teams of a study, placed by what they are best at: cost, revenue, advocacy.

use super::PipelineError;
use super::perception::numbers_of;
use super::question::Question;
use super::shown_cuts::{ShownColumn, ShownCuts};
use super::small_bases::Hidden;
use crate::findings::{Finding, FindingKind, Severity};
use crate::measures::channels::{TeamColumns, TeamPlacing};
use crate::measures::portfolio::Cut;
use crate::report::TeamsResult;
use crate::study::{Outcome, OutcomeKind};

/// The teams; `None` where the study names none, or they cannot be placed, which a finding says.
///
/// # Errors
/// A column of numbers with a text in it.
pub(super) fn of(
    question: &Question<'_>,
    cuts: &ShownCuts,
    findings: &mut Vec<Finding>,
) -> Result<Option<TeamsResult>, PipelineError> {
    let study = question.study;
    let Some(own) = &study.measures.teams else { return Ok(None) };
    let cost = numbers_of(question, &own.cost, "measures.teams.cost")?;
    let (revenue, revenue_name) = match &own.revenue {
        Some(name) => (numbers_of(question, name, "measures.teams.revenue")?, name.clone()),
        None => {
            let spend = study.outcomes.iter().find(|outcome| matches!(outcome.kind(), OutcomeKind::Spend { .. }));
            let deeds = spend.map_or_else(|| vec![f64::NAN; cost.len()], |spend| question.deeds(spend));
            (deeds, spend.map_or("spend", Outcome::name).to_owned())
        }
    };
    let Some(ShownColumn { coded, .. }) = cuts.column(&own.unit) else { return Ok(None) };
    let by_level = coded.rows_by_level(cuts.answered());
    let counts: Vec<usize> = by_level.iter().map(Vec::len).collect();
    let resampling = question.resampling();
    if resampling.replicates < 2 {
        let sentence = "teams were not placed: what one stands out by needs a `bootstrap` of at least 2 in [study]";
        findings.push(Finding::new(FindingKind::NotEstimated, Severity::Note, &own.unit, sentence));
        return Ok(None);
    }
    let mut hidden = Hidden::below(study.measures.suppress_below);
    // A cost or a revenue may be known of few, however many answered.
    let known = |values: &[f64]| -> Vec<usize> { (0..values.len()).filter(|&row| !values[row].is_nan()).collect() };
    let place = cuts.place(&own.unit).unwrap_or_default();
    let mut levels = |rows: &[usize]| hidden.levels(&cuts.columns(), rows, place..place + 1).swap_remove(place);
    let shown = [levels(cuts.answered()), levels(&known(&cost)), levels(&known(&revenue))];
    let is_shown = |level: usize| shown.iter().all(|own| own[level]);
    let left: Vec<usize> = (0..coded.levels.len()).filter(|&level| is_shown(level) && counts[level] > 0).collect();
    let mut places = vec![Cut::BLANK; coded.levels.len()];
    left.iter().enumerate().for_each(|(place, &level)| places[level] = place as u32);
    let codes: Vec<u32> =
        coded.codes.iter().map(|&code| places.get(code as usize).copied().unwrap_or(Cut::BLANK)).collect();
    let levels: Vec<String> = left.iter().map(|&level| coded.levels[level].clone()).collect();
    let settings = TeamPlacing {
        replicates: resampling.replicates,
        seed: study.seed,
        settings: question.settings(),
        ..TeamPlacing::default()
    };
    let columns = TeamColumns { cost: &cost, revenue: &revenue, answers: question.answers };
    let placed =
        Cut::new(own.unit.clone(), levels, &codes).and_then(|cut| settings.of(columns, &cut, question.sampling()));
    findings.extend(hidden.finding(&own.unit));
    match placed {
        Ok(teams) => Ok(Some(TeamsResult {
            unit: own.unit.clone(),
            n: left.iter().map(|&level| counts[level]).collect(),
            teams,
            revenue: revenue_name,
            certainty: settings.certainty,
            n_replicates: resampling.replicates,
        })),
        Err(problem) => {
            let sentence = format!("teams could not be placed: {problem}");
            findings.push(Finding::new(FindingKind::NotEstimated, Severity::Warning, &own.unit, sentence));
            Ok(None)
        }
    }
}
