//! Passing probabilities held against what happened later.

use super::shared_success::one_each;
use crate::data::Clusters;
use crate::estimators::evaluation::{Assessment, Comparison, Judgement, Metric, TestRows};
use crate::findings::{Finding, FindingKind, Severity};
use crate::influence::InfluenceError;

/// The figures of passing probabilities.
const METRICS: [Metric; 5] =
    [Metric::Brier, Metric::LogLoss, Metric::CalibrationIntercept, Metric::CalibrationSlope, Metric::RocAuc];

/// What a finding is about that says that probabilities were off in level.
pub const PASSING_LEVEL: &str = "level of passing probabilities";
/// A calibration intercept beyond this, with its whole interval, is far off: odds of one and a half times as much.
const LEVEL_MIN: f64 = 0.405;

/// How good passing probabilities were out of time.
#[derive(Debug, Clone, PartialEq)]
pub struct PassingJudgement {
    /// Brier score, log loss, calibration intercept and slope, area under the ROC curve, with intervals by referrer.
    pub judgement: Judgement,
    /// Brier score and log loss beside one and the same probability for all, that of the history.
    pub gain: Comparison,
    /// Later trials.
    pub n_trials: usize,
    /// What a reader must know beside the numbers.
    pub findings: Vec<Finding>,
}

/// Judges probabilities by later trials, one row each: whether it passed, and the probability said before.
///
/// `base_rate` is the share that passed in the history the probabilities were learned from; `referrers` gives the referrer of
/// each row, whose rows are resampled together.
///
/// # Errors
/// Columns of another length, a probability outside 0-1, no rows; trials that all passed or all failed.
pub fn judge_passing(
    passed: &[bool],
    probabilities: &[f64],
    base_rate: f64,
    referrers: &[u32],
    assessment: &Assessment,
) -> Result<PassingJudgement, InfluenceError> {
    one_each(probabilities, passed.len())?;
    let refused = |error: &dyn std::fmt::Display| InfluenceError::NotJudged {
        what: "passing probabilities",
        problem: error.to_string(),
    };
    let outcomes: Vec<f64> = passed.iter().map(|&passed| f64::from(u8::from(passed))).collect();
    let rows = TestRows::classes(&outcomes).map_err(|error| refused(&error))?;
    let rows = rows.of_customers(Clusters::from_labels(referrers)).map_err(|error| refused(&error))?;
    let judgement = assessment.judge(&rows, probabilities, &METRICS).map_err(|error| refused(&error))?;
    let base = vec![base_rate; passed.len()];
    let gain = assessment
        .compare(&rows, &base, probabilities, &[Metric::Brier, Metric::LogLoss])
        .map_err(|error| refused(&error))?;
    let mut findings = judgement.findings.clone();
    if let Some(loss) = gain.of(Metric::LogLoss)
        && loss.conf_high.unwrap_or(loss.difference) >= 0.0
    {
        let sentence = format!(
            "Learned passing probabilities predict {} later trials no better than the history's one rate of {base_rate:.3} \
             does (log loss {:.4} against {:.4}).",
            passed.len(),
            loss.challenger,
            loss.champion
        );
        findings.push(
            Finding::new(FindingKind::NoGain, Severity::Warning, "passing probability", sentence)
                .number("log_loss_difference", loss.difference),
        );
    }
    findings.extend(off_in_level(&judgement, &outcomes, probabilities));
    Ok(PassingJudgement { judgement, gain, n_trials: passed.len(), findings })
}

/// That probabilities are off in level by more than chance and by more than a little; what that says of reach, and whether
/// at least their order tells anything.
fn off_in_level(judgement: &Judgement, outcomes: &[f64], probabilities: &[f64]) -> Option<Finding> {
    let intercept = judgement.of(Metric::CalibrationIntercept)?;
    let (low, high) = (intercept.conf_low?, intercept.conf_high?);
    if low < LEVEL_MIN && high > -LEVEL_MIN {
        return None;
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let area = judgement.of(Metric::RocAuc);
    let order = area.and_then(|area| {
        let low = area.conf_low.filter(|&low| low <= 0.5)?;
        Some(format!(
            "; their order is no better than chance (area {:.3}, {low:.3} to {:.3})",
            area.value, area.conf_high?
        ))
    });
    let sentence = format!(
        "Passing probabilities were far off in level when judged later: {:.1} % of {} trials passed and {:.1} % were expected \
         (calibration intercept {:.2}, {low:.2} to {high:.2}), so that reach, its value and plans are too {}{}.",
        100.0 * mean(outcomes),
        outcomes.len(),
        100.0 * mean(probabilities),
        intercept.value,
        if low > 0.0 { "small" } else { "large" },
        order.unwrap_or_default()
    );
    let finding = Finding::new(FindingKind::Unreliable, Severity::Warning, PASSING_LEVEL, sentence);
    Some(finding.number("calibration_intercept", intercept.value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::stream;
    use rand::Rng;

    const ASSESSMENT: fn() -> Assessment = || Assessment { replicates: 200, ..Assessment::default() };

    /// Trials whose true probabilities lie between 0.05 and 0.65.
    fn trials() -> (Vec<bool>, Vec<f64>, Vec<u32>) {
        let mut random = stream(3, "trials", 0);
        let truth: Vec<f64> = (0..2000).map(|_| 0.05 + 0.6 * random.random::<f64>()).collect();
        let passed = truth.iter().map(|&truth| random.random::<f64>() < truth).collect();
        (passed, truth, (0..2000).map(|row| row / 4).collect())
    }

    #[test]
    fn true_probabilities_are_calibrated_and_beat_the_base_rate() {
        let (passed, truth, referrers) = trials();
        let judged = judge_passing(&passed, &truth, 0.35, &referrers, &ASSESSMENT()).expect("two classes");
        let slope = judged.judgement.of(Metric::CalibrationSlope).expect("defined");
        assert!(slope.conf_low.expect("resampled") < 1.0 && slope.conf_high.expect("resampled") > 1.0, "{slope:?}");
        let brier = judged.judgement.of(Metric::Brier).expect("defined").value;
        let by_hand: f64 =
            passed.iter().zip(&truth).map(|(&passed, truth)| (f64::from(u8::from(passed)) - truth).powi(2)).sum();
        assert!((brier - by_hand / 2000.0).abs() < 1e-12);
        assert!(judged.gain.of(Metric::LogLoss).expect("defined").conf_high.expect("resampled") < 0.0);
        assert!(judged.findings.is_empty(), "{:?}", judged.findings);
    }

    #[test]
    fn shuffled_probabilities_gain_nothing_and_a_finding_says_so() {
        let (passed, mut truth, referrers) = trials();
        truth.rotate_left(777);
        let judged = judge_passing(&passed, &truth, 0.35, &referrers, &ASSESSMENT()).expect("two classes");
        assert!(judged.findings.iter().any(|finding| finding.kind == FindingKind::NoGain));
    }

    #[test]
    fn a_level_that_moved_is_a_finding_and_a_little_of_it_is_none() {
        // Expected 0.2 and passed 0.5: an intercept of ln(1) - ln(1/4) = ln 4 = 1.386. With 0.45, ln(11/9) = 0.2.
        let passed: Vec<bool> = (0..400).map(|row| row % 2 == 0).collect();
        let referrers: Vec<u32> = (0..400).collect();
        let level = |expected: f64| {
            let judged = judge_passing(&passed, &[expected; 400], 0.5, &referrers, &ASSESSMENT()).expect("two classes");
            judged.findings.into_iter().find(|own| own.about == PASSING_LEVEL)
        };
        let far = level(0.2).expect("a finding");
        assert!((far.numbers["calibration_intercept"] - 4.0_f64.ln()).abs() < 1e-6, "{far:?}");
        assert!(far.sentence.contains("50.0 % of 400 trials passed and 20.0 % were expected"), "{far:?}");
        assert!(far.sentence.contains("are too small"), "{far:?}");
        assert!(level(0.8).expect("a finding").sentence.contains("are too large"));
        assert_eq!(level(0.45), None);
    }

    #[test]
    fn unsound_columns_are_refused() {
        let judge =
            |passed: &[bool], probabilities: &[f64]| judge_passing(passed, probabilities, 0.5, &[0, 1], &ASSESSMENT());
        assert!(matches!(judge(&[true, false], &[0.5]), Err(InfluenceError::Length { .. })));
        assert!(matches!(judge(&[true, false], &[0.5, 1.5]), Err(InfluenceError::BadProbability { row: 2, .. })));
    }
}
