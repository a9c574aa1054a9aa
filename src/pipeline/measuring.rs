//! Everything that is measured of the answers of a study.

use super::measure_rows::{self, Measured};
use super::population::Populations;
use super::question::{Question, with_weights};
use super::shown_cuts::ShownCuts;
use super::{
    PipelineError, answering, channel_scores, panel, perception, respondents, scorecard, survival, teams,
    weighted_scores, who_answers, written_out,
};
use crate::findings::Finding;
use crate::link::{BaseTable, Engine};
use crate::report::{MeasureRow, Scorecard};
use crate::study::Study;

/// What was measured, and what to know beside it.
pub(super) struct AllMeasured {
    pub rows: Vec<MeasureRow>,
    pub scorecard: Scorecard,
    pub findings: Vec<Finding>,
}

/// Measures the answers: the scores, and whatever else the study asks of them.
///
/// # Errors
/// Shares of a population that cannot be met, a column that is not what its key says, a failing engine.
pub(super) fn measure(study: &Study, base: &BaseTable, engine: &Engine) -> Result<AllMeasured, PipelineError> {
    let counted = written_out::written_out(study, base)?;
    let (populations, of_sizes) = match Question::unweighted(study, &counted) {
        Some(question) => Populations::of(study, engine)?.held_against(&question)?,
        None => Default::default(),
    };
    let Measured { rows, hidden, mut findings } = measure_rows::measure(study, &counted, &populations)?;
    findings.extend(of_sizes);
    findings.extend(written_out::of_precision(study, base));
    let weighted = with_weights(&counted);
    let mut scorecard = match Question::of(study, &weighted) {
        Some(question) => of_question(&question.among(&populations), base, engine)?,
        None => Scorecard::default(),
    };
    scorecard.hidden = hidden;
    let response = who_answers::rates(study, base, engine)?;
    scorecard.response = response.rows;
    scorecard.respondents = respondents::against_base(study, engine, base)?;
    scorecard.survival = survival::of(study, base);
    findings.extend(scorecard.respondents.iter().filter_map(respondents::finding));
    findings.extend(scorecard.survival.iter().flat_map(|own| own.findings.iter().cloned()));
    findings.extend(response.finding);
    findings.extend(scorecard.weighting.iter().flat_map(|own| own.findings.iter().cloned()));
    findings.extend(scorecard.findings.iter().cloned());
    Ok(AllMeasured { rows, scorecard, findings })
}

/// What is measured of the answers that count.
fn of_question(question: &Question<'_>, base: &BaseTable, engine: &Engine) -> Result<Scorecard, PipelineError> {
    let cuts = ShownCuts::of(question);
    let mut sets = cuts.sets();
    let mut scorecard = scorecard::of(question, &cuts, sets.as_mut())?;
    let own = &mut scorecard.findings;
    scorecard.weighting.extend(weighted_scores::raked(question, &cuts, sets.as_mut(), own)?);
    scorecard.weighting.extend(weighted_scores::post_stratified(question, &cuts, sets.as_mut(), own)?);
    scorecard.weighting.extend(answering::weighted(question, &cuts, sets.as_mut(), base, engine, own)?);
    scorecard.channels = channel_scores::of(question, &cuts, own);
    scorecard.perception = perception::of(question, &cuts, own)?;
    scorecard.teams = teams::of(question, &cuts, own)?;
    scorecard.panel = panel::of(question, engine, own)?;
    Ok(scorecard)
}
