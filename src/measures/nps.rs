//! The Net Promoter Score of some answers.

use super::MeasureError;
use super::intervals::{ClassCounts, Ends, IntervalKind};
use super::portfolio::{CutAnalysis, EstimateSettings, Measure};
use super::sampling::{Resampling, Sampling};
use super::weighting::one_decides;
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

    /// What an answer of the class adds to a score: -1, 0 or 1.
    pub fn value(self) -> f64 {
        match self {
            Self::Detractor => -1.0,
            Self::Passive => 0.0,
            Self::Promoter => 1.0,
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
    /// Share of the population that answered, 0-1, which the error allows for; `None` where the population is endless.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked_share: Option<f64>,
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
        Self::of_sample(answers, Sampling { weights, ..Sampling::default() }, settings)
    }

    /// The score of answers that were drawn in this way: weighted, several of one customer, from a finite population.
    ///
    /// With customers the error is `sqrt(G / (G - 1) sum over customers (sum w (y - score))^2) / sum w` for `G`
    /// customers. A population of `N` takes `sqrt(1 - n / N)` of the error, with `n` customers (or answers).
    /// The interval treats the weighted shares as those of the simple random sample that would have this error.
    ///
    /// # Errors
    /// As [`NetPromoterScore::of`]; columns of unequal length; one customer alone; a population smaller than its sample;
    /// an interval that a score does not have, and the bootstrap, for which see
    /// [`NetPromoterScore::resampled`].
    ///
    /// # References
    /// Cochran (1977), "Sampling Techniques", sections 2.6 and 9A.
    pub fn of_sample(answers: &[f64], sampling: Sampling, settings: NpsSettings) -> Result<Self, MeasureError> {
        sampling.check(answers.len())?;
        let unit = sampling.unit();
        let mut rows = [0_usize; 3];
        let mut first = [0.0; 3];
        let mut second = [0.0; 3];
        for (row, &value) in answers.iter().enumerate() {
            let class = ResponseClass::of(value).ok_or(MeasureError::OffScale { row: row + 1, value })? as usize;
            let weight = sampling.weight(row) / unit;
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
        let scatter = match sampling.clusters {
            None => [-1.0, 0.0, 1.0].iter().zip(second).map(|(y, second)| second * (y - score) * (y - score)).sum(),
            Some(clusters) => {
                let centred = |row: usize| {
                    let class = ResponseClass::of(answers[row]).map_or(0.0, ResponseClass::value);
                    sampling.weight(row) / unit * (class - score)
                };
                sampling.scatter_of_customers(clusters, centred)?
            }
        };
        let kept = sampling.share_unseen(sampling.n_seen(answers.len()))?;
        let std_error = (kept * scatter).sqrt() / weight_sum;
        let n_effective = weight_sum * weight_sum / second.iter().sum::<f64>();
        let shares = ClassCounts { detractors: detractor_share, passives: passive_share, promoters: promoter_share };
        let Ends { low, high } = interval_as_if(shares, std_error, n_effective, kept, settings)?;
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
            asked_share: sampling.population.map(|_| 1.0 - kept),
        })
    }

    /// The same without error and interval (`NaN`): of a customer alone, who tells nothing of how customers differ.
    pub fn without_error(self) -> Self {
        Self { std_error: f64::NAN, conf_low: f64::NAN, conf_high: f64::NAN, ..self }
    }

    /// Whether one of several answers carries nearly all weight, so that the scatter of the others says nothing of the error.
    pub fn rests_on_one(&self) -> bool {
        one_decides(self.n, self.n_effective)
    }

    /// The same score with another standard error, in points, and the interval of its kind that goes with it: such as the
    /// error of a score whose weights hold what is known of the population.
    ///
    /// # Errors
    /// An error that is negative or not finite; an interval that cannot be had from an error, such as the bootstrap's.
    ///
    /// # Example
    /// ```
    /// use advocate::measures::{NetPromoterScore, NpsSettings};
    /// let drawn = NetPromoterScore::of(&[10.0, 9.0, 8.0, 3.0], None, NpsSettings::default())?;
    /// let known = drawn.clone().with_std_error(0.0)?;
    /// // Nothing is left open.
    /// assert_eq!((known.conf_low, known.conf_high), (drawn.nps, drawn.nps));
    /// # Ok::<(), advocate::measures::MeasureError>(())
    /// ```
    pub fn with_std_error(self, std_error: f64) -> Result<Self, MeasureError> {
        if !(std_error.is_finite() && std_error >= 0.0) {
            let must = "a finite number of at least zero";
            return Err(MeasureError::Setting { what: "a standard error", value: std_error, must });
        }
        let shares = ClassCounts {
            detractors: self.detractor_share,
            passives: self.passive_share,
            promoters: self.promoter_share,
        };
        let left_open = if std_error > 0.0 { 1.0 } else { 0.0 };
        let settings = NpsSettings { interval: self.interval, confidence: self.confidence };
        let Ends { low, high } = interval_as_if(shares, std_error / 100.0, self.n_effective, left_open, settings)?;
        Ok(Self { std_error, conf_low: 100.0 * low, conf_high: 100.0 * high, ..self })
    }

    /// The same with percentiles over resampled customers (or answers) as interval: those of the score as a figure of a
    /// [`CutAnalysis`], so that a score has one interval as a cut among others and alone.
    ///
    /// # Errors
    /// As [`NetPromoterScore::of_sample`]; fewer than two replicates; one customer or answer alone.
    pub fn resampled(
        answers: &[f64],
        sampling: Sampling,
        confidence: Confidence,
        resampling: Resampling,
    ) -> Result<Self, MeasureError> {
        let own = Self::of_sample(answers, sampling, NpsSettings { confidence, ..NpsSettings::default() })?;
        let settings = EstimateSettings { net: IntervalKind::Bootstrap, confidence, ..EstimateSettings::default() };
        let analysis = CutAnalysis { settings, replicates: resampling.replicates, seed: resampling.seed };
        let drawn = analysis.estimate(&[Measure::nps("nps", answers)?], &[], sampling)?;
        let drawn = drawn.rows.into_iter().next().and_then(|row| row.estimate).ok_or(MeasureError::NoAnswers)?;
        let (Some(conf_low), Some(conf_high)) = (drawn.conf_low, drawn.conf_high) else {
            return Err(MeasureError::OneCustomer);
        };
        Ok(Self { conf_low, conf_high, interval: IntervalKind::Bootstrap, ..own })
    }
}

/// The interval of the simple random sample with these shares and this error.
pub(super) fn interval_as_if(
    shares: ClassCounts,
    std_error: f64,
    n_effective: f64,
    kept: f64,
    settings: NpsSettings,
) -> Result<Ends, MeasureError> {
    if kept <= 0.0 {
        // Everybody was asked: there is nothing that the sample leaves open.
        return Ok(Ends { low: shares.score(), high: shares.score() });
    }
    let n_as_if = if std_error > 0.0 { shares.variance() / (std_error * std_error) } else { n_effective };
    // Customers whose answers hang together perfectly may leave an error with no variance to scale.
    let n_as_if = if n_as_if > 0.0 { n_as_if } else { n_effective };
    let counts = ClassCounts {
        detractors: shares.detractors * n_as_if,
        passives: shares.passives * n_as_if,
        promoters: shares.promoters * n_as_if,
    };
    counts.interval(settings.interval, settings.confidence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Clusters;

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
    fn one_answer_that_carries_nearly_all_weight_is_alone() {
        // Kish: 1000.2^2 / (10^6 + 0.0002) = 1.0004; 4.6^2 / (9 + 16 * 0.01) = 2.31.
        let of = |heaviest: f64, others: f64| {
            let mut weights = vec![others; 17];
            weights[0] = heaviest;
            let answers = answers(&[(3.0, 1), (10.0, 16)]);
            NetPromoterScore::of(&answers, Some(&weights), NpsSettings::default()).expect("answers")
        };
        assert!(of(1000.0, 0.0125).rests_on_one());
        assert!(!of(3.0, 0.1).rests_on_one());
        assert!(!NetPromoterScore::of(&[9.0], Some(&[5.0]), NpsSettings::default()).expect("one").rests_on_one());
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
    fn customers_by_hand() {
        // Three customers: (+, +), (-), (0, -). The score is 0 of 5; the sums by customer are 2, -1, -1, so that the
        // error is sqrt(3 / 2 (4 + 1 + 1)) / 5 = 0.6.
        let answers = [10.0, 9.0, 2.0, 8.0, 0.0];
        let clusters = Clusters::from_labels([1, 1, 2, 3, 3]);
        let sampling = Sampling { clusters: Some(&clusters), ..Sampling::default() };
        let score = NetPromoterScore::of_sample(&answers, sampling, NpsSettings::default()).expect("answers");
        assert!(score.nps.abs() < 1e-12 && (score.std_error - 60.0).abs() < 1e-12);
        let one = Clusters::from_labels([1; 5]);
        let sampling = Sampling { clusters: Some(&one), ..Sampling::default() };
        let refused = NetPromoterScore::of_sample(&answers, sampling, NpsSettings::default());
        assert_eq!(refused, Err(MeasureError::OneCustomer));
    }

    #[test]
    fn a_finite_population_narrows_and_a_census_closes_the_interval() {
        let answers = answers(&[(10.0, 30), (7.0, 20), (0.0, 10)]);
        let of = |population| {
            let sampling = Sampling { population: Some(population), ..Sampling::default() };
            NetPromoterScore::of_sample(&answers, sampling, NpsSettings::default())
        };
        // sqrt(1 - 60 / 80) = 1 / 2 of 9.6225.
        assert!((of(80.0).expect("answers").std_error - 4.811_252_243_246_881).abs() < 1e-12);
        let census = of(60.0).expect("answers");
        assert!(census.std_error.abs() < 1e-12 && (census.conf_high - census.conf_low).abs() < 1e-12);
        assert!(matches!(of(59.0), Err(MeasureError::PopulationTooSmall { n: 60, .. })));
    }

    #[test]
    fn percentiles_of_a_finite_population_narrow_with_the_error() {
        // 1 - 450 / 600 of the variance is left, so that every percentile lies half as far from the score.
        let answers = answers(&[(10.0, 225), (7.0, 150), (0.0, 75)]);
        let of = |population| {
            let sampling = Sampling { population, ..Sampling::default() };
            let resampling = Resampling { replicates: 400, seed: 5 };
            NetPromoterScore::resampled(&answers, sampling, Confidence::default(), resampling).expect("answers")
        };
        let (endless, finite) = (of(None), of(Some(600.0)));
        assert!((finite.conf_low - endless.nps - 0.5 * (endless.conf_low - endless.nps)).abs() < 1e-9);
        assert!((finite.conf_high - endless.nps - 0.5 * (endless.conf_high - endless.nps)).abs() < 1e-9);
        assert!(endless.conf_high - endless.conf_low > 8.0);
    }

    #[test]
    fn nothing_is_resampled_of_one_answer() {
        let of = |answers: &[f64]| {
            let resampling = Resampling { replicates: 100, seed: 5 };
            NetPromoterScore::resampled(answers, Sampling::default(), Confidence::default(), resampling)
        };
        assert_eq!(of(&[9.0]), Err(MeasureError::OneCustomer));
        assert!(of(&[9.0, 3.0]).is_ok());
    }

    #[test]
    fn percentiles_over_customers_lie_near_the_linearised_interval() {
        let answers = answers(&[(10.0, 300), (7.0, 200), (0.0, 100)]);
        let clusters = Clusters::from_labels((0..600).map(|row| row % 150));
        let sampling = Sampling { clusters: Some(&clusters), ..Sampling::default() };
        let settings = NpsSettings { interval: IntervalKind::Wald, ..NpsSettings::default() };
        let wald = NetPromoterScore::of_sample(&answers, sampling, settings).expect("answers");
        let resampling = Resampling { replicates: 2000, seed: 5 };
        let own = NetPromoterScore::resampled(&answers, sampling, settings.confidence, resampling).expect("answers");
        assert_eq!(own.interval, IntervalKind::Bootstrap);
        assert!((own.conf_low - wald.conf_low).abs() < 0.6, "{} {}", own.conf_low, wald.conf_low);
        assert!((own.conf_high - wald.conf_high).abs() < 0.6, "{} {}", own.conf_high, wald.conf_high);
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
