//! The Net Promoter Score of some answers.

use super::MeasureError;
use super::interval::{Counts, Ends, IntervalKind};
use crate::stats::Confidence;
use serde::Serialize;

/// What a 0-10 answer to "would you recommend us" makes of a respondent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ResponseClass {
    /// 0 to 6.
    Detractor,
    /// 7 or 8.
    Passive,
    /// 9 or 10.
    Promoter,
}

impl ResponseClass {
    /// The class of an answer; `None` for anything but a whole number from 0 to 10.
    ///
    /// # Example
    /// ```
    /// use advocate::measures::ResponseClass;
    /// assert_eq!(ResponseClass::of(9.0), Some(ResponseClass::Promoter));
    /// assert_eq!(ResponseClass::of(11.0), None);
    /// ```
    pub fn of(answer: f64) -> Option<Self> {
        if !(0.0..=10.0).contains(&answer) || answer.fract().abs() > 0.0 {
            None
        } else if answer <= 6.0 {
            Some(Self::Detractor)
        } else if answer <= 8.0 {
            Some(Self::Passive)
        } else {
            Some(Self::Promoter)
        }
    }
}

/// How a score's interval is made.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct NpsSettings {
    /// The kind of interval.
    pub interval: IntervalKind,
    /// Its level.
    pub confidence: Confidence,
}

/// The Net Promoter Score of a group with its base and uncertainty. Scores are from -100 to 100.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NetPromoterScore {
    /// Answers, whatever their weight.
    pub n: usize,
    /// Answers of 9 or 10.
    pub promoters: usize,
    /// Answers of 7 or 8.
    pub passives: usize,
    /// Answers of 0 to 6.
    pub detractors: usize,
    /// Share of promoters less share of detractors, times 100; weighted where there are weights.
    pub nps: f64,
    /// Its standard error; linearised where there are weights.
    pub std_error: f64,
    /// Lower end of the interval.
    pub conf_low: f64,
    /// Upper end of the interval.
    pub conf_high: f64,
    /// The kind of interval.
    pub interval: IntervalKind,
    /// Its level.
    pub confidence: Confidence,
    /// Weighted share of promoters, 0-1.
    pub promoter_share: f64,
    /// Weighted share of passives, 0-1.
    pub passive_share: f64,
    /// Weighted share of detractors, 0-1.
    pub detractor_share: f64,
    /// Sum of the weights; n without weights.
    pub weight_sum: f64,
    /// Kish's effective sample size, `(sum w)^2 / sum w^2`; n without weights.
    pub n_effective: f64,
}

impl NetPromoterScore {
    /// The score of whole 0-10 answers, each weighted if there are weights.
    ///
    /// The weighted standard error is linearised: `sqrt(sum w^2 (y - score)^2) / sum w` with y in -1, 0, 1. Its
    /// interval treats the weighted shares as those of the simple random sample that would have this standard error.
    ///
    /// # Errors
    /// An answer that is not a whole number from 0 to 10, a negative weight, no answer with a positive weight.
    ///
    /// # Panics
    /// If there are weights and not one per answer.
    ///
    /// # Example
    /// ```
    /// use advocate::measures::{NetPromoterScore, NpsSettings};
    /// let score = NetPromoterScore::of(&[10.0, 9.0, 8.0, 3.0], None, NpsSettings::default())?;
    /// assert_eq!(score.nps, 25.0);
    /// # Ok::<(), advocate::measures::MeasureError>(())
    /// ```
    ///
    /// # References
    /// Reichheld (2003), "The one number you need to grow"; Kish (1965), "Survey Sampling".
    pub fn of(answers: &[f64], weights: Option<&[f64]>, settings: NpsSettings) -> Result<Self, MeasureError> {
        if let Some(weights) = weights {
            assert_eq!(weights.len(), answers.len(), "one weight per answer");
        }
        let unit = weights.map_or(1.0, unit);
        let mut rows = [0_usize; 3];
        let mut first = [0.0; 3];
        let mut second = [0.0; 3];
        for (row, &value) in answers.iter().enumerate() {
            let class = ResponseClass::of(value).ok_or(MeasureError::OffScale { row: row + 1, value })? as usize;
            let weight = weights.map_or(1.0, |weights| weights[row]);
            if !(weight.is_finite() && weight >= 0.0) {
                return Err(MeasureError::BadWeight { row: row + 1, value: weight });
            }
            let weight = weight / unit;
            rows[class] += 1;
            first[class] += weight;
            second[class] += weight * weight;
        }
        let weight_sum: f64 = first.iter().sum();
        if weight_sum <= 0.0 {
            return Err(MeasureError::NoAnswers);
        }
        let [detractor_share, passive_share, promoter_share] = first.map(|sum| sum / weight_sum);
        let score = promoter_share - detractor_share;
        let squared_error = [-1.0, 0.0, 1.0].iter().zip(second).map(|(y, second)| second * (y - score) * (y - score));
        let std_error = squared_error.sum::<f64>().sqrt() / weight_sum;
        let n_effective = weight_sum * weight_sum / second.iter().sum::<f64>();

        let shares = Counts { detractors: detractor_share, passives: passive_share, promoters: promoter_share };
        let n_as_if = if std_error > 0.0 { shares.variance() / (std_error * std_error) } else { n_effective };
        let counts = Counts {
            detractors: detractor_share * n_as_if,
            passives: passive_share * n_as_if,
            promoters: promoter_share * n_as_if,
        };
        let Ends { low, high } = counts.interval(settings.interval, settings.confidence);
        Ok(Self {
            n: answers.len(),
            promoters: rows[ResponseClass::Promoter as usize],
            passives: rows[ResponseClass::Passive as usize],
            detractors: rows[ResponseClass::Detractor as usize],
            nps: 100.0 * score,
            std_error: 100.0 * std_error,
            conf_low: 100.0 * low,
            conf_high: 100.0 * high,
            interval: settings.interval,
            confidence: settings.confidence,
            promoter_share,
            passive_share,
            detractor_share,
            weight_sum: weight_sum * unit,
            n_effective,
        })
    }
}

/// The power of two below the largest weight: in this unit no weight's square overflows and none that counts vanishes.
fn unit(weights: &[f64]) -> f64 {
    let largest = weights.iter().copied().fold(0.0, f64::max);
    if largest.is_normal() { largest.log2().floor().exp2() } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(groups: &[(f64, usize)]) -> Vec<f64> {
        groups.iter().flat_map(|&(answer, n)| std::iter::repeat_n(answer, n)).collect()
    }

    #[test]
    fn classes_follow_the_customary_cuts() {
        let classes: Vec<_> = (0..=10).filter_map(|answer| ResponseClass::of(f64::from(answer))).collect();
        let count = |class| classes.iter().filter(|&&own| own == class).count();
        use ResponseClass::{Detractor, Passive, Promoter};
        assert_eq!((count(Detractor), count(Passive), count(Promoter)), (7, 2, 2));
        assert!([-1.0, 10.5, 11.0, 8.5, f64::NAN].iter().all(|&answer| ResponseClass::of(answer).is_none()));
    }

    #[test]
    fn sixty_answers_by_hand() {
        let score = NetPromoterScore::of(&answers(&[(3.0, 10), (8.0, 20), (10.0, 30)]), None, NpsSettings::default())
            .expect("answers");
        // numpy: (30 - 10) / 60, sqrt(p + d - nps^2) / sqrt(60), adjusted Wald (3, T).
        assert!((score.nps - 100.0 / 3.0).abs() < 1e-12);
        assert!((score.std_error - 9.622_504_486_493_762).abs() < 1e-12);
        assert!((score.conf_low - 13.301_182_535_638_198).abs() < 1e-9);
        assert!((score.conf_high - 50.190_880_956_425_29).abs() < 1e-9);
    }

    #[test]
    fn shares_are_not_rounded_before_they_are_subtracted() {
        let score = NetPromoterScore::of(&answers(&[(0.0, 1), (7.0, 3), (9.0, 5)]), None, NpsSettings::default());
        assert!((score.expect("answers").nps - 400.0 / 9.0).abs() < 1e-12);
    }

    #[test]
    fn weighted_score_is_linearised() {
        // 60 answers of weight 1 (20 +, 20 0, 20 -), 30 of weight 2 (10, 10, 10), 10 of weight 0.5 (5, 3, 2); numpy.
        let groups =
            [(10.0, 20), (7.0, 20), (0.0, 20), (10.0, 10), (7.0, 10), (0.0, 10), (10.0, 5), (7.0, 3), (0.0, 2)];
        let weights: Vec<f64> =
            [(1.0, 60), (2.0, 30), (0.5, 10)].iter().flat_map(|&(weight, n)| std::iter::repeat_n(weight, n)).collect();
        let score = NetPromoterScore::of(&answers(&groups), Some(&weights), NpsSettings::default()).expect("answers");
        assert!((score.nps - 1.2).abs() < 1e-12);
        assert!((score.std_error - 8.827_530_753_274_1).abs() < 1e-11);
        assert!((score.n_effective - 85.616_438_356_164_38).abs() < 1e-9);
    }

    #[test]
    fn equal_weights_change_nothing() {
        let answers = answers(&[(3.0, 4), (8.0, 9), (10.0, 17)]);
        for interval in [IntervalKind::AdjustedWald, IntervalKind::Score, IntervalKind::Wald] {
            let settings = NpsSettings { interval, ..NpsSettings::default() };
            let plain = NetPromoterScore::of(&answers, None, settings).expect("answers");
            let weighted = NetPromoterScore::of(&answers, Some(&[2.5; 30]), settings).expect("answers");
            assert!((plain.conf_low - weighted.conf_low).abs() < 1e-9, "{interval}");
            assert!((plain.conf_high - weighted.conf_high).abs() < 1e-9, "{interval}");
        }
    }

    #[test]
    fn off_scale_answers_and_empty_groups_are_refused() {
        let of = |answers: &[f64]| NetPromoterScore::of(answers, None, NpsSettings::default());
        assert_eq!(of(&[10.0, 11.0]), Err(MeasureError::OffScale { row: 2, value: 11.0 }));
        assert_eq!(of(&[]), Err(MeasureError::NoAnswers));
    }

    #[test]
    fn unanimity_still_has_an_interval() {
        let score = NetPromoterScore::of(&[10.0; 5], None, NpsSettings::default()).expect("answers");
        assert!((score.nps - 100.0).abs() < 1e-12 && score.conf_low < 90.0);
    }
}
