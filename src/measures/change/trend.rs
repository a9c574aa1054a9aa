//! A score over many waves: is there a slope?

use crate::measures::MeasureError;
use crate::stats::Confidence;
use crate::stats::distributions::{chi_squared_upper, normal_two_sided, student_two_sided};
use ndarray::{Array1, Array2, ArrayView2};
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
    /// Scatter around the line over what the waves' errors explain: about 1 where they explain it all. `None` where they leave nothing to
    /// scatter, as for two waves.
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
    /// dispersion and the test is Student's. The waves' errors are taken as independent: see [`TrendSettings::of_overlapping`].
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
        self.of_overlapping(waves, Array2::eye(waves.len()).view())
    }

    /// The same where customers answer in several waves, so that the waves' errors go together: `correlations` are theirs, one row and
    /// one column a wave, as [`correlation_of_scores`](super::correlation_of_scores) gives them.
    ///
    /// The line is the same. With the scores in units of their errors and `R` their correlations, the slope is `a' y` with
    /// `a = sqrt(w) (t - t0) / sqrt(sum w (t - t0)^2)`, and its variance is multiplied by `a' R a`. The scatter around the line is
    /// `y' M y` with `M` what leaves the line out; its mean is the trace of `M R`, and it is taken as a multiple of chi squared with
    /// `tr(MR)^2 / tr(MRMR)` degrees of freedom, which are those of Student's test too.
    ///
    /// # Errors
    /// As [`TrendSettings::of`].
    ///
    /// # Panics
    /// If the correlations have not one row and one column a wave.
    ///
    /// # References
    /// Satterthwaite (1946), "An approximate distribution of estimates of variance components", Biometrics Bulletin 2(6); Rao and
    /// Scott (1984), "On chi-squared tests for multiway contingency tables with cell proportions estimated from survey data", Annals of
    /// Statistics 12(1), for the same of statistics of surveys.
    pub fn of_overlapping(&self, waves: &[Wave], correlations: ArrayView2<'_, f64>) -> Result<Trend, MeasureError> {
        assert_eq!(correlations.dim(), (waves.len(), waves.len()), "one row and one column a wave");
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
        let unit = |of: &dyn Fn(&Wave) -> f64, squares: f64| -> Array1<f64> {
            waves.iter().zip(&weights).map(|(wave, w)| w.sqrt() * of(wave) / squares.sqrt()).collect()
        };
        let along = unit(&|wave| wave.time - mean_time, squares);
        let expected = Scatter::around(&[unit(&|_| 1.0, total), along.clone()], correlations);
        let left = expected.freedom;
        let dispersion = (left > 0.0).then(|| scatter / expected.mean);
        let widened = dispersion.filter(|&dispersion| dispersion > 1.0);
        // The errors of few customers may cancel each other as far as digits go.
        let shared = along.dot(&correlations.dot(&along)).max(f64::EPSILON);
        let std_error = (widened.unwrap_or(1.0) * shared).sqrt() / squares.sqrt();
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
            scatter_p_value: dispersion.map(|dispersion| chi_squared_upper(dispersion * left, left)),
            other_wordings: waves.iter().filter(differs).map(|wave| wave.name.clone()).collect(),
        })
    }
}

/// What the waves' errors alone scatter around a line: the mean of the sum of squares, and the degrees of freedom of the multiple of
/// chi squared that has its mean and its variance; none where nothing is left beside the line.
struct Scatter {
    mean: f64,
    freedom: f64,
}

impl Scatter {
    /// Around what the directions span, which are of length one and at right angles.
    fn around(directions: &[Array1<f64>], correlations: ArrayView2<'_, f64>) -> Self {
        let n = correlations.nrows();
        let mut without: Array2<f64> = Array2::eye(n);
        for own in directions {
            without.zip_mut_with(&outer(own), |left, taken| *left -= taken);
        }
        let product = without.dot(&correlations);
        let (mean, squares) = (product.diag().sum(), (&product * &product.t()).sum());
        // Of two waves, and of waves of the same customers with the same answers, only rounding is left.
        if mean <= 1e-9 * n as f64 {
            return Self { mean: 0.0, freedom: 0.0 };
        }
        Self { mean, freedom: mean * mean / squares }
    }
}

fn outer(own: &Array1<f64>) -> Array2<f64> {
    Array2::from_shape_fn((own.len(), own.len()), |(row, column)| own[row] * own[column])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Clusters;
    use crate::measures::change::{RowsOfWave, correlation_of_scores};
    use crate::measures::reference::{near, numbers};
    use crate::measures::{NetPromoterScore, NpsSettings, Sampling};
    use crate::stats::random::stream;
    use rand::Rng;

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
    fn waves_of_the_same_customers_agree_with_numpy() {
        // measures_reference.py: the covariance of the line's coefficients from that of the waves, and of the scatter.
        let near_ones = Array2::from_shape_fn((6, 6), |(row, column)| 0.5_f64.powi((row as i32 - column as i32).abs()));
        for (case, scores) in [
            ("quiet_overlapping", [20.0, 21.0, 21.5, 23.0, 23.5, 25.0]),
            ("scattered_overlapping", [20.0, 35.0, 10.0, 30.0, 22.0, 41.0]),
        ] {
            let want = numbers("trend", case);
            let own = TrendSettings::default().of_overlapping(&waves(&scores), near_ones.view()).expect("waves");
            let scatter = [own.dispersion, own.scatter_p_value].map(Option::unwrap_or_default);
            let got = [own.slope, own.std_error, own.p_value, own.conf_low, own.conf_high, scatter[0], scatter[1]];
            for (got, want) in got.iter().zip(&want) {
                near(case, *got, *want, 1e-9);
            }
        }
    }

    /// A panel of customers with a level of their own, of whom 85 in 100 answer each time, and nothing changes: the slope is found in
    /// no more than 5 of 100 companies, and would hardly ever be with waves taken as independent. The standard error is 0.011.
    #[test]
    fn the_level_holds_where_customers_answer_in_several_waves() {
        let (mut n_found, mut n_found_apart) = (0, 0);
        for company in 0..400 {
            let mut random = stream(company, "panel without a trend", 0);
            let mut draw = |share: f64| random.random::<f64>() < share;
            let usual: Vec<f64> = (0..120).map(|_| if draw(0.5) { 10.0 } else { 3.0 }).collect();
            let (mut answers, mut customers, mut rows) = (Vec::new(), Vec::new(), vec![Vec::new(); 6]);
            for wave in &mut rows {
                for (who, usual) in usual.iter().enumerate() {
                    if draw(0.85) {
                        wave.push(answers.len());
                        answers.push(if draw(0.9) { *usual } else { 8.0 });
                        customers.push(who);
                    }
                }
            }
            let clusters = Clusters::from_labels(&customers);
            let sampling = Sampling { clusters: Some(&clusters), ..Sampling::default() };
            let wave = |(at, rows): (usize, &Vec<usize>)| {
                let own: Vec<f64> = rows.iter().map(|&row| answers[row]).collect();
                let score = NetPromoterScore::of(&own, None, NpsSettings::default()).expect("answers");
                Wave {
                    name: at.to_string(),
                    time: at as f64,
                    nps: score.nps,
                    std_error: score.std_error,
                    wording: None,
                }
            };
            let waves: Vec<Wave> = rows.iter().enumerate().map(wave).collect();
            let of = |at: usize| RowsOfWave { rows: &rows[at], population: None };
            let correlations = Array2::from_shape_fn((6, 6), |(one, other)| {
                if one == other { 1.0 } else { correlation_of_scores(&answers, of(one), of(other), sampling) }
            });
            let settings = TrendSettings::default();
            let together = settings.of_overlapping(&waves, correlations.view()).expect("waves");
            n_found += usize::from(together.p_value < 0.05);
            n_found_apart += usize::from(settings.of(&waves).expect("waves").p_value < 0.05);
        }
        assert!((6..=32).contains(&n_found), "{n_found}");
        assert!(n_found_apart < 4, "{n_found_apart}");
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
