//! Old history counts less, and a probability fades with the time since the word came.

use crate::influence::InfluenceError;

const MICROSECONDS_PER_DAY: f64 = 86_400.0 * 1e6;

/// A weight for each instant of history: `2^(-age / half_life_days)`, 1 at `as_of` and 0 after it.
///
/// Instants are UTC microseconds. Weights may stand as trials and successes of [`super::PassingTrials`].
///
/// # Errors
/// A half-life that is not above 0.
///
/// # Example
/// ```
/// use advocate::influence::decay_weights;
/// let day = 86_400_000_000;
/// assert_eq!(decay_weights(&[0, 30 * day, 61 * day], 60 * day, 30.0).expect("sound"), [0.25, 0.5, 0.0]);
/// ```
pub fn decay_weights(times: &[i64], as_of: i64, half_life_days: f64) -> Result<Vec<f64>, InfluenceError> {
    check_above_zero("half-life in days", half_life_days)?;
    let weight = |&time: &i64| {
        let age_days = (i128::from(as_of) - i128::from(time)) as f64 / MICROSECONDS_PER_DAY;
        if age_days < 0.0 { 0.0 } else { (-age_days / half_life_days).exp2() }
    };
    Ok(times.iter().map(weight).collect())
}

/// What is left of a passing probability `days` after the referrer heard: `probability * exp(-days / mean_days)`.
///
/// # Errors
/// A probability outside 0-1, negative days, a mean that is not above 0.
///
/// # References
/// Goyal, Bonchi and Lakshmanan (2010), "Learning influence probabilities in social networks", WSDM (continuous time model).
pub fn fading_probability(probability: f64, days: f64, mean_days: f64) -> Result<f64, InfluenceError> {
    check_above_zero("mean days of fading", mean_days)?;
    if !(0.0..=1.0).contains(&probability) {
        return Err(InfluenceError::BadSetting { setting: "probability", value: probability, range: "0 to 1" });
    }
    if !(days.is_finite() && days >= 0.0) {
        return Err(InfluenceError::BadSetting { setting: "days", value: days, range: "finite and at least 0" });
    }
    Ok(probability * (-days / mean_days).exp())
}

fn check_above_zero(setting: &'static str, value: f64) -> Result<(), InfluenceError> {
    let is_sound = value.is_finite() && value > 0.0;
    if is_sound { Ok(()) } else { Err(InfluenceError::BadSetting { setting, value, range: "finite and above 0" }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probability_fades_to_its_eth_part_in_the_mean_time() {
        let left = fading_probability(0.5, 7.0, 7.0).expect("sound");
        assert!((left - 0.5 / std::f64::consts::E).abs() < 1e-15);
        assert!(fading_probability(1.5, 1.0, 1.0).is_err() && fading_probability(0.5, -1.0, 1.0).is_err());
        assert!(decay_weights(&[0], 0, 0.0).is_err());
    }
}
