//! A score over many waves: is there a slope?

use crate::measures::MeasureError;
use crate::stats::Confidence;
use crate::stats::distributions::{chi_squared_upper, normal_two_sided, student_two_sided};
use serde::Serialize;

/// One wave of a survey.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Wave {
    /// Its name.
    pub name: String,
    /// When it was, in any unit; slopes are per this unit.
    pub time: f64,
    /// The score, -100..100.
    pub nps: f64,
    /// Its standard error.
    pub std_error: f64,
    /// How the question was worded, where that is known.
    pub wording: Option<String>,
}

/// How a slope's error is made.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct TrendSettings {
    /// Level of the interval.
    pub confidence: Confidence,
}

/// A line through the scores of waves.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trend {
    /// Waves.
    pub n_waves: usize,
    /// Points per unit of time.
    pub slope: f64,
    /// Standard error: the waves' own errors, widened by the scatter around the line where that is larger.
    pub std_error: f64,
    /// Two-sided, of no slope.
    pub p_value: f64,
    /// Lower end of the slope's interval.
    pub conf_low: f64,
    /// Upper end of the slope's interval.
    pub conf_high: f64,
    /// The line at the mean time, weighted.
    pub level: f64,
    /// The weighted mean time.
    pub mean_time: f64,
    /// Scatter around the line over what the waves' errors explain: about 1 where they explain it all. `None` for two waves.
    pub dispersion: Option<f64>,
    /// The chance of so much scatter if the waves lay on the line but for their errors.
    pub scatter_p_value: Option<f64>,
    /// Waves whose question was worded otherwise than the first one's: they cannot be compared with it.
    pub other_wordings: Vec<String>,
}

impl TrendSettings {
    /// Weighted least squares of the scores on time, weights one over the squared errors.
    ///
    /// `slope = sum w (t - t0)(y - y0) / sum w (t - t0)^2`, error `1 / sqrt(sum w (t - t0)^2)`. Where waves scatter more than
    /// their errors say (dispersion above 1 on `n - 2` degrees of freedom), the error is multiplied by the root of the
    /// dispersion and the test is Student's.
    ///
    /// # Errors
    /// Fewer than two waves, all at one time, a time, score or error that is not finite, an error that is not positive.
    ///
    /// # References
    /// Birge (1932), "The calculation of errors by the method of least squares", Physical Review 40, for the widening.
    ///
    /// # Example
    /// ```
    /// use advocate::measures::change::{TrendSettings, Wave};
    /// let wave = |time: f64, nps| Wave { name: format!("{time}"), time, nps, std_error: 2.0, wording: None };
    /// let trend = TrendSettings::default().of(&[wave(1.0, 20.0), wave(2.0, 23.0), wave(3.0, 26.0)])?;
    /// assert!((trend.slope - 3.0).abs() < 1e-12);
    /// # Ok::<(), advocate::measures::MeasureError>(())
    /// ```
    pub fn of(&self, waves: &[Wave]) -> Result<Trend, MeasureError> {
        if waves.len() < 2 {
            return Err(MeasureError::TooFew { what: "waves".to_owned(), n_found: waves.len(), n_needed: 2 });
        }
        for (row, wave) in waves.iter().enumerate() {
            for value in [wave.time, wave.nps, wave.std_error] {
                if !value.is_finite() {
                    return Err(MeasureError::NotFinite { what: format!("wave {}", wave.name), row: row + 1, value });
                }
            }
            if wave.std_error <= 0.0 {
                let must = "positive; a wave in which all answer alike, or of which everybody was asked, has no weight of its own";
                return Err(MeasureError::Setting { what: "a wave's standard error", value: wave.std_error, must });
            }
        }
        let weights: Vec<f64> = waves.iter().map(|wave| 1.0 / (wave.std_error * wave.std_error)).collect();
        let sum = |of: &dyn Fn(&Wave) -> f64| -> f64 { waves.iter().zip(&weights).map(|(wave, w)| w * of(wave)).sum() };
        let total: f64 = weights.iter().sum();
        let (mean_time, level) = (sum(&|wave| wave.time) / total, sum(&|wave| wave.nps) / total);
        let squares = sum(&|wave| (wave.time - mean_time).powi(2));
        if squares <= 1e-24 * total * mean_time * mean_time || squares <= 0.0 {
            return Err(MeasureError::Constant { what: "the time of the waves".to_owned() });
        }
        let slope = sum(&|wave| (wave.time - mean_time) * (wave.nps - level)) / squares;
        let scatter = sum(&|wave| (wave.nps - level - slope * (wave.time - mean_time)).powi(2));
        let left = waves.len() as f64 - 2.0;
        let dispersion = (left > 0.0).then(|| scatter / left);
        let widened = dispersion.filter(|&dispersion| dispersion > 1.0);
        let std_error = widened.unwrap_or(1.0).sqrt() / squares.sqrt();
        let statistic = slope / std_error;
        let (critical, p_value) = match widened {
            Some(_) => (self.confidence.t(left), student_two_sided(statistic, left)),
            None => (self.confidence.z(), normal_two_sided(statistic)),
        };
        let first = &waves[0].wording;
        let differs = |wave: &&Wave| first.is_some() && wave.wording.is_some() && wave.wording != *first;
        Ok(Trend {
            n_waves: waves.len(),
            slope,
            std_error,
            p_value,
            conf_low: slope - critical * std_error,
            conf_high: slope + critical * std_error,
            level,
            mean_time,
            dispersion,
            scatter_p_value: dispersion.map(|_| chi_squared_upper(scatter, left)),
            other_wordings: waves.iter().filter(differs).map(|wave| wave.name.clone()).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measures::reference::{near, numbers};

    fn waves(scores: &[f64]) -> Vec<Wave> {
        let wave = |(at, &nps): (usize, &f64)| Wave {
            name: format!("w{at}"),
            time: at as f64 * 1.5,
            nps,
            std_error: 2.0 + at as f64 / 2.0,
            wording: None,
        };
        scores.iter().enumerate().map(wave).collect()
    }

    #[test]
    fn quiet_and_scattered_waves_agree_with_numpy() {
        // measures_reference.py: weighted least squares by normal equations, scale one for the quiet waves and estimated
        // for the others.
        for (case, scores) in
            [("quiet", [20.0, 21.0, 21.5, 23.0, 23.5, 25.0]), ("scattered", [20.0, 35.0, 10.0, 30.0, 22.0, 41.0])]
        {
            let want = numbers("trend", case);
            let own = TrendSettings::default().of(&waves(&scores)).expect("waves");
            for (got, want) in [own.slope, own.std_error, own.p_value, own.conf_low, own.conf_high].iter().zip(&want) {
                near(case, *got, *want, 1e-9);
            }
        }
    }

    #[test]
    fn scatter_beyond_the_errors_of_the_waves_by_hand() {
        let wave = |time: f64, nps| Wave { name: String::new(), time, nps, std_error: 1.0, wording: None };
        let own = TrendSettings::default().of(&[wave(0.0, 0.0), wave(1.0, 3.0), wave(2.0, 0.0)]).expect("waves");
        // The line is flat at 1; the squares are 1 + 4 + 1 on one degree of freedom, whose tail is erfc(sqrt(6 / 2)).
        assert!(own.slope.abs() < 1e-12 && (own.level - 1.0).abs() < 1e-12 && (own.mean_time - 1.0).abs() < 1e-12);
        assert!((own.dispersion.expect("three waves") - 6.0).abs() < 1e-12);
        assert!((own.scatter_p_value.expect("three waves") - 0.014_305_878_435_429_65).abs() < 1e-12);
        // By two waves nothing is left over.
        let own = TrendSettings::default().of(&[wave(0.0, 0.0), wave(1.0, 3.0)]).expect("waves");
        assert_eq!((own.dispersion, own.scatter_p_value), (None, None));
    }

    #[test]
    fn another_wording_is_named() {
        let mut waves = waves(&[20.0, 21.0, 22.0]);
        for (wave, wording) in waves.iter_mut().zip(["to a friend", "to a friend", "to a colleague"]) {
            wave.wording = Some(wording.to_owned());
        }
        assert_eq!(TrendSettings::default().of(&waves).expect("waves").other_wordings, ["w2"]);
    }

    #[test]
    fn one_wave_and_one_time_are_refused() {
        let settings = TrendSettings::default();
        assert!(matches!(settings.of(&waves(&[20.0])), Err(MeasureError::TooFew { .. })));
        let mut same = waves(&[20.0, 30.0]);
        same[1].time = 0.0;
        assert!(matches!(settings.of(&same), Err(MeasureError::Constant { .. })));
        let mut sure = waves(&[20.0, 30.0]);
        sure[1].std_error = 0.0;
        assert!(matches!(settings.of(&sure), Err(MeasureError::Setting { .. })));
    }
}
