//! Everything that is measured of the answers of a study.

use super::measure_rows::{self, Measured};
use super::question::{Question, with_weights};
use super::{
    PipelineError, answering, channel_scores, panel, perception, respondents, scorecard, survival, teams,
    weighted_scores, who_answers,
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
/// Shares of a population that cannot be met, a column of numbers with a text in it, a failing engine.
pub(super) fn measure(study: &Study, base: &BaseTable, engine: &Engine) -> Result<AllMeasured, PipelineError> {
    let Measured { rows, hidden, mut findings } = measure_rows::measure(study, base)?;
    let mut scorecard = scorecard::of(study, base);
    scorecard.hidden = hidden;
    let response = who_answers::rates(study, engine)?;
    scorecard.response = response.rows;
    scorecard.respondents = respondents::against_base(study, engine, base)?;
    scorecard.survival = survival::of(study, base);
    let weighted = with_weights(base);
    if let Some(question) = Question::of(study, &weighted) {
        let own = &mut scorecard.findings;
        scorecard.weighting.extend(weighted_scores::raked(&question)?);
        scorecard.weighting.extend(weighted_scores::post_stratified(&question)?);
        scorecard.weighting.extend(answering::weighted(&question, base, engine, own)?);
        scorecard.channels = channel_scores::of(&question, own);
        scorecard.perception = perception::of(&question, own)?;
        scorecard.teams = teams::of(&question, own)?;
        scorecard.panel = panel::of(&question, engine, own)?;
    }
    findings.extend(scorecard.respondents.iter().filter_map(respondents::finding));
    findings.extend(scorecard.survival.iter().flat_map(|own| own.findings.iter().cloned()));
    findings.extend(response.finding);
    findings.extend(scorecard.weighting.iter().flat_map(|own| own.findings.iter().cloned()));
    findings.extend(scorecard.findings.iter().cloned());
    Ok(AllMeasured { rows, scorecard, findings })
}
