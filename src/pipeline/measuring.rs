//! Everything that is measured of the answers of a study.

use super::measure_rows::{self, Measured};
use super::population::Populations;
use super::question::{Question, with_weights};
use super::shown_cuts::ShownCuts;
use super::{
    PipelineError, answering, channel_scores, panel, perception, respondents, scorecard, survival, teams,
    weighted_scores, who_answers, written_out,
};
use crate::data::WeightKind;
use crate::findings::Finding;
use crate::link::{BaseTable, Engine};
use crate::measures::weighting::WeightEfficiency;
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
    findings.extend(unequal_weights(study, base));
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

/// That the weights of the answers leave little of their worth; of counts of rows there is nothing to say.
fn unequal_weights(study: &Study, base: &BaseTable) -> Option<Finding> {
    let feedback = &study.sources.feedback;
    let (weights, answers) = (base.numbers("weight")?, base.numbers("recommend"));
    let is_asked = |row: usize| !weights[row].is_nan() && answers.is_none_or(|answers| !answers[row].is_nan());
    let own: Vec<f64> = (0..base.n_rows()).filter(|&row| is_asked(row)).map(|row| weights[row]).collect();
    let is_sampling = feedback.weight_kind == WeightKind::Sampling && !own.is_empty();
    is_sampling.then(|| WeightEfficiency::finding_of_given("weight", &own).ok().flatten())?
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

#[cfg(test)]
mod tests {
    use crate::findings::Severity;
    use crate::pipeline::small_study::SmallStudy;
    use crate::report::StudyResults;

    /// Two hundred answers by weight: ones but for every tenth.
    fn measured(heavy: f64, other: f64, every: usize) -> StudyResults {
        let answer = |row: usize| {
            let weight = if row.is_multiple_of(every) { heavy } else { other };
            format!("{},{weight}\n", [3, 7, 9, 10][row % 4])
        };
        let rows: String = (0..200).map(answer).collect();
        let study = "study = { name = \"case\", as_of = 2026-12-31, bootstrap = 40 }
[sources.feedback]
path = \"a.csv\"
snapshot = true
recommend = \"ltr\"
weight = \"w\"
weight_kind = \"sampling\"
";
        SmallStudy::new(study, &[("a.csv", &format!("ltr,w\n{rows}"))]).run()
    }

    #[test]
    fn weights_that_leave_little_are_said_and_one_that_decides_has_no_error() {
        let about = |results: &StudyResults| results.findings.iter().find(|own| own.about == "weight").cloned();
        assert_eq!(about(&measured(1.5, 1.0, 10)), None);
        // Kish by hand: (180 + 20 * 99)^2 / (180 + 20 * 9801) = 4665600 / 196200 = 23.8 of 200.
        let few = about(&measured(99.0, 1.0, 10)).expect("a finding");
        assert!(
            few.sentence.contains("leave 12 % of the worth of 200 answers (24 of equal weight)"),
            "{}",
            few.sentence
        );
        assert_eq!(few.severity, Severity::Warning);
        let one = measured(1000.0, 0.001, 200);
        assert_eq!(about(&one).expect("a finding").severity, Severity::Serious);
        let score = &one.measures[0].score;
        assert!(score.std_error.is_nan() && score.conf_low.is_nan() && score.conf_high.is_nan(), "{score:?}");
    }
}
