//! Passing probabilities held against what happened later.

use super::shared_success::one_each;
use crate::data::Clusters;
use crate::estimators::evaluation::{Assessment, Comparison, Judgement, Metric, TestRows};
use crate::findings::{Finding, FindingKind, Severity};
use crate::influence::InfluenceError;

/// The figures of passing probabilities.
const METRICS: [Metric; 5] =
    [Metric::Brier, Metric::LogLoss, Metric::CalibrationIntercept, Metric::CalibrationSlope, Metric::RocAuc];

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
    Ok(PassingJudgement { judgement, gain, n_trials: passed.len(), findings })
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
    fn unsound_columns_are_refused() {
        let judge =
            |passed: &[bool], probabilities: &[f64]| judge_passing(passed, probabilities, 0.5, &[0, 1], &ASSESSMENT());
        assert!(matches!(judge(&[true, false], &[0.5]), Err(InfluenceError::Length { .. })));
        assert!(matches!(judge(&[true, false], &[0.5, 1.5]), Err(InfluenceError::BadProbability { row: 2, .. })));
    }
}
