//! Behaviour at every answer and in every class.

use crate::measures::portfolio::{Cut, CutAnalysis, Estimate, EstimateSettings, Measure};
use crate::measures::{MeasureError, ResponseClass, Sampling};
use serde::Serialize;

/// What those who gave one answer did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AnswerBehaviour {
    /// The answer, `0` to `10`, or the class.
    pub said: String,
    /// What they did; `None` where nobody gave the answer.
    pub did: Option<Estimate>,
}

/// A measure of behaviour (a rate, a spend) at each answer 0 to 10. Blank answers are left out, blank behaviour is counted.
///
/// # Errors
/// Columns of unequal length, an answer off the scale, bad weights.
///
/// # Example
/// ```
/// use advocate::measures::Sampling;
/// use advocate::measures::portfolio::{EstimateSettings, Measure};
/// use advocate::measures::say_do::behaviour_by_answer;
/// let bought = Measure::yes_share("repurchase", &[1.0, 0.0, 1.0])?;
/// let rows = behaviour_by_answer(&[10.0, 10.0, 3.0], &bought, Sampling::default(), EstimateSettings::default())?;
/// assert_eq!(rows[10].did.as_ref().map(|did| (did.n, did.estimate)), Some((2, 0.5)));
/// # Ok::<(), advocate::measures::MeasureError>(())
/// ```
pub fn behaviour_by_answer(
    answers: &[f64],
    behaviour: &Measure,
    sampling: Sampling,
    settings: EstimateSettings,
) -> Result<Vec<AnswerBehaviour>, MeasureError> {
    let codes = codes(answers, |answer, _| answer as u32)?;
    rows((0..=10).map(|answer| answer.to_string()).collect(), &codes, behaviour, sampling, settings)
}

/// The same for detractors, passives and promoters.
///
/// # Errors
/// As [`behaviour_by_answer`].
pub fn behaviour_by_class(
    answers: &[f64],
    behaviour: &Measure,
    sampling: Sampling,
    settings: EstimateSettings,
) -> Result<Vec<AnswerBehaviour>, MeasureError> {
    let codes = codes(answers, |_, class| class as u32)?;
    let names = ["detractor", "passive", "promoter"].map(str::to_owned).to_vec();
    rows(names, &codes, behaviour, sampling, settings)
}

fn codes(answers: &[f64], code: fn(f64, ResponseClass) -> u32) -> Result<Vec<u32>, MeasureError> {
    let of = |(row, &value): (usize, &f64)| match ResponseClass::of(value) {
        Some(class) => Ok(code(value, class)),
        None if value.is_nan() => Ok(Cut::BLANK),
        None => Err(MeasureError::OffScale { row: row + 1, value }),
    };
    answers.iter().enumerate().map(of).collect()
}

fn rows(
    said: Vec<String>,
    codes: &[u32],
    behaviour: &Measure,
    sampling: Sampling,
    settings: EstimateSettings,
) -> Result<Vec<AnswerBehaviour>, MeasureError> {
    let cut = Cut::new("answer", said.clone(), codes)?;
    let analysis = CutAnalysis { settings, ..CutAnalysis::default() };
    let table = analysis.estimate(std::slice::from_ref(behaviour), &[cut], sampling)?;
    let did = table.rows.into_iter().skip(1).map(|row| row.estimate);
    Ok(said.into_iter().zip(did).map(|(said, did)| AnswerBehaviour { said, did }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_by_hand_blanks_left_out() {
        let answers = [0.0, 6.0, 7.0, 9.0, 10.0, f64::NAN];
        let spend = [10.0, 20.0, 30.0, 50.0, f64::NAN, 99.0];
        let measure = Measure::mean("spend", &spend).expect("numbers");
        let rows = behaviour_by_class(&answers, &measure, Sampling::default(), EstimateSettings::default());
        let rows = rows.expect("rows");
        let means: Vec<f64> = rows.iter().map(|row| row.did.as_ref().expect("answers").estimate).collect();
        assert!(means.iter().zip([15.0, 30.0, 50.0]).all(|(got, want)| (got - want).abs() < 1e-12), "{means:?}");
        assert_eq!(rows[2].did.as_ref().map(|did| (did.n, did.n_missing)), Some((1, 1)));
    }

    #[test]
    fn an_answer_off_the_scale_is_refused_by_row() {
        let measure = Measure::yes_share("bought", &[1.0, 0.0]).expect("classes");
        let refused = behaviour_by_answer(&[3.0, 12.0], &measure, Sampling::default(), EstimateSettings::default());
        assert_eq!(refused, Err(MeasureError::OffScale { row: 2, value: 12.0 }));
    }
}
