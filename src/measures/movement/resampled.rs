//! How sure a divided change is: both waves resampled by customer, who may be in both.

use super::attribution::{Attribution, TouchpointShift};
use super::mix_rate::{Movement, SegmentWave};
use crate::data::Clusters;
use crate::measures::intervals::Ends;
use crate::measures::sampling::Resampling;
use crate::measures::{MeasureError, ResponseClass, Sampling};
use crate::stats::Confidence;
use serde::Serialize;

/// The answers of one wave.
#[derive(Debug, Clone, Copy)]
pub struct WaveRows<'a> {
    /// 0-10 answers, without blanks.
    pub answers: &'a [f64],
    /// The segment of each, by place among the names.
    pub segments: &'a [usize],
    /// Scores of each touchpoint, a column each, in the order of the coefficients; `NaN` is a blank. May be empty.
    pub touchpoints: &'a [Vec<f64>],
    /// Weights, customers, and how many of them there are in all.
    pub sampling: Sampling<'a>,
    /// The number of each row's customer, the same in both waves; `None` where nobody is in both.
    pub people: Option<&'a [u32]>,
}

/// What one more on a touchpoint goes with.
#[derive(Debug, Clone, PartialEq)]
pub struct TouchpointCoefficient {
    /// The touchpoint.
    pub touchpoint: String,
    /// Points of the score.
    pub coefficient: f64,
}

/// How a movement is divided and resampled.
#[derive(Debug, Clone, PartialEq)]
pub struct ResampledMovement {
    /// Names of the segments.
    pub segments: Vec<String>,
    /// Touchpoints with what one more goes with, in the order of the columns.
    pub coefficients: Vec<TouchpointCoefficient>,
    /// Level of the intervals.
    pub confidence: Confidence,
    /// Replicates.
    pub resampling: Resampling,
}

/// One part with its interval, in points.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MovementRow {
    /// `change`, `mix`, `rate`, `mix:<segment>`, `rate:<segment>`, `touchpoint:<name>` or `residual`.
    pub part: String,
    /// The part.
    pub estimate: f64,
    /// Lower percentile.
    pub conf_low: f64,
    /// Upper percentile.
    pub conf_high: f64,
}

/// A divided change with its uncertainty.
#[derive(Debug, Clone, PartialEq)]
pub struct MovementWithError {
    /// Mix and rate.
    pub movement: Movement,
    /// The rate part by touchpoint.
    pub attribution: Attribution,
    /// All parts with percentiles over replicates.
    pub rows: Vec<MovementRow>,
    /// Replicates in which every part could be computed.
    pub n_replicates: usize,
}

impl ResampledMovement {
    /// Divides the change between two waves of different or overlapping people.
    ///
    /// Customers are drawn whole, with all their answers in both waves, so that what somebody says twice is drawn in both or in neither.
    /// Where the sizes of both populations are known, or nobody is in both waves, each wave is resampled on its own, which is
    /// cautious. A replicate in which a segment has no answers counts it as absent. Where a part of a population was asked, its
    /// replicates lie nearer to the wave by the root of the share that was not: each row's part of the answers, of which all
    /// figures are made, is drawn in. Of a wave that asked everybody nothing is open.
    /// Coefficients are taken as given: their own uncertainty is not in the intervals.
    ///
    /// # Errors
    /// Columns of unequal length, answers off the scale, segments without a name, waves without answers, one customer alone.
    pub fn between(&self, before: WaveRows, after: WaveRows) -> Result<MovementWithError, MeasureError> {
        self.check("the earlier wave", before)?;
        self.check("the later wave", after)?;
        let own = |wave: WaveRows| (0..wave.answers.len()).map(|row| wave.sampling.weight(row)).collect::<Vec<f64>>();
        let figures = [self.figures(before, &own(before)), self.figures(after, &own(after))];
        let [Some(first), Some(second)] = figures else { return Err(MeasureError::NoAnswers) };
        let (movement, attribution) = self.divide(&first, &second)?;
        let replicates: Vec<Vec<f64>> = self
            .drawn(before, after)?
            .iter()
            .filter_map(|[first, second]| {
                let (movement, attribution) = self.divide(first.as_ref()?, second.as_ref()?).ok()?;
                Some(self.parts(&movement, &attribution))
            })
            .collect();
        let rows = self
            .names()
            .into_iter()
            .zip(self.parts(&movement, &attribution))
            .enumerate()
            .map(|(place, (part, estimate))| {
                let draws = replicates.iter().map(|parts| parts[place]).collect();
                let Ends { low, high } = self.resampling.percentiles(draws, self.confidence)?;
                Ok(MovementRow { part, estimate, conf_low: low, conf_high: high })
            })
            .collect::<Result<_, MeasureError>>()?;
        Ok(MovementWithError { movement, attribution, rows, n_replicates: replicates.len() })
    }

    /// The figures of both waves on each replicate; `None` for a wave without answers in it.
    fn drawn(&self, before: WaveRows, after: WaveRows) -> Result<Vec<[Option<Figures>; 2]>, MeasureError> {
        let is_alone = |wave: WaveRows| wave.sampling.n_seen(wave.answers.len()) < 2;
        if is_alone(before) || is_alone(after) {
            return Err(MeasureError::OneCustomer);
        }
        let nearer = |wave: WaveRows| -> Result<f64, MeasureError> {
            Ok(wave.sampling.share_unseen(wave.sampling.n_seen(wave.answers.len()))?.sqrt())
        };
        let (near_before, near_after) = (nearer(before)?, nearer(after)?);
        // A replicate without answers is kept as such, so that the replicates of the waves stay in step.
        let figures = |wave: WaveRows, own: &[f64], drawn: &[f64], nearer: f64| match nearer < 1.0 {
            true => drawn_in(own, drawn, nearer).and_then(|drawn| self.figures(wave, &drawn)),
            false => self.figures(wave, drawn),
        };
        let own = |wave: WaveRows| (0..wave.answers.len()).map(|row| wave.sampling.weight(row)).collect::<Vec<f64>>();
        let (own_before, own_after) = (own(before), own(after));
        let is_finite = before.sampling.population.is_some() && after.sampling.population.is_some();
        if let (Some(first), Some(second), false) = (before.people, after.people, is_finite) {
            let people = Clusters::from_labels(first.iter().chain(second));
            let weights = [own_before.as_slice(), &own_after].concat();
            let sampling = Sampling { weights: Some(&weights), clusters: Some(&people), ..Sampling::default() };
            return self.resampling.draws(weights.len(), sampling, |drawn| {
                let (first, second) = drawn.split_at(own_before.len());
                let first = figures(before, &own_before, first, near_before);
                Some([first, figures(after, &own_after, second, near_after)])
            });
        }
        let apart = |wave: WaveRows, own: &[f64], nearer: f64, seed: u64| {
            let resampling = Resampling { seed, ..self.resampling };
            resampling.draws(own.len(), wave.sampling, |drawn| Some(figures(wave, own, drawn, nearer)))
        };
        let earlier = apart(before, &own_before, near_before, self.resampling.seed)?;
        let later = apart(after, &own_after, near_after, !self.resampling.seed)?;
        Ok(earlier.into_iter().zip(later).map(|(first, second)| [first, second]).collect())
    }

    fn check(&self, what: &str, wave: WaveRows) -> Result<(), MeasureError> {
        let n_expected = wave.answers.len();
        wave.sampling.check(n_expected)?;
        let long = |column: String, n_found: usize, n_expected: usize| match n_found == n_expected {
            true => Ok(()),
            false => Err(MeasureError::Length { what: column, n_found, n_expected }),
        };
        let n_people = wave.people.map_or(n_expected, <[u32]>::len);
        long(format!("the customers of {what}"), n_people, n_expected)?;
        long(format!("the segments of {what}"), wave.segments.len(), n_expected)?;
        long(format!("the list of touchpoints of {what}"), wave.touchpoints.len(), self.coefficients.len())?;
        for (column, own) in wave.touchpoints.iter().zip(&self.coefficients) {
            long(format!("{} in {what}", own.touchpoint), column.len(), n_expected)?;
        }
        for (row, &value) in wave.answers.iter().enumerate() {
            ResponseClass::of(value).ok_or(MeasureError::OffScale { row: row + 1, value })?;
        }
        match wave.segments.iter().find(|&&segment| segment >= self.segments.len()) {
            Some(segment) => Err(MeasureError::Margin {
                margin: format!("segment number {}", segment + 1),
                problem: format!("{what} has it and there are {} names", self.segments.len()),
            }),
            None => Ok(()),
        }
    }

    /// Shares and scores of the segments, and means of the touchpoints; `None` where there is no answer.
    fn figures(&self, wave: WaveRows, weights: &[f64]) -> Option<Figures> {
        let n = self.segments.len();
        let (mut sums, mut scores) = (vec![0.0; n], vec![0.0; n]);
        for ((&answer, &segment), weight) in wave.answers.iter().zip(wave.segments).zip(weights) {
            sums[segment] += weight;
            scores[segment] += weight * ResponseClass::of(answer).map_or(0.0, ResponseClass::value);
        }
        let total: f64 = sums.iter().sum();
        if total <= 0.0 {
            return None;
        }
        let means = wave
            .touchpoints
            .iter()
            .map(|column| {
                let known = || column.iter().zip(weights).filter(|(score, _)| !score.is_nan());
                let sum: f64 = known().map(|(_, weight)| weight).sum();
                (sum > 0.0).then(|| known().map(|(score, weight)| score * weight).sum::<f64>() / sum)
            })
            .collect::<Option<Vec<f64>>>()?;
        let scores = scores.iter().zip(&sums).map(|(score, sum)| 100.0 * score / sum).collect();
        Some(Figures { shares: sums.iter().map(|sum| sum / total).collect(), scores, means })
    }

    fn divide(&self, before: &Figures, after: &Figures) -> Result<(Movement, Attribution), MeasureError> {
        let segments: Vec<SegmentWave> = self
            .segments
            .iter()
            .enumerate()
            .map(|(at, name)| SegmentWave {
                name: name.clone(),
                share_before: before.shares[at],
                share_after: after.shares[at],
                nps_before: before.scores[at],
                nps_after: after.scores[at],
            })
            .collect();
        let movement = Movement::of(&segments)?;
        let shifts: Vec<TouchpointShift> = self
            .coefficients
            .iter()
            .enumerate()
            .map(|(at, own)| TouchpointShift {
                touchpoint: own.touchpoint.clone(),
                coefficient: own.coefficient,
                mean_before: before.means[at],
                mean_after: after.means[at],
            })
            .collect();
        let attribution = Attribution::of(movement.rate, &shifts)?;
        Ok((movement, attribution))
    }

    fn names(&self) -> Vec<String> {
        let by_segment =
            |word: &str| self.segments.iter().map(move |name| format!("{word}:{name}")).collect::<Vec<_>>();
        let touchpoints = self.coefficients.iter().map(|own| format!("touchpoint:{}", own.touchpoint));
        let whole = ["change", "mix", "rate"].map(str::to_owned).into_iter();
        whole
            .chain(by_segment("mix"))
            .chain(by_segment("rate"))
            .chain(touchpoints)
            .chain(std::iter::once("residual".to_owned()))
            .collect()
    }

    /// In the order of the names.
    fn parts(&self, movement: &Movement, attribution: &Attribution) -> Vec<f64> {
        let mut parts = vec![movement.change, movement.mix, movement.rate];
        parts.extend(movement.segments.iter().map(|part| part.mix));
        parts.extend(movement.segments.iter().map(|part| part.rate));
        parts.extend(attribution.touchpoints.iter().map(|part| part.part));
        parts.push(attribution.residual);
        parts
    }
}

/// The weights of a replicate, as much nearer to the wave's own, each as a part of their sum; `None` where nobody was drawn.
fn drawn_in(own: &[f64], drawn: &[f64], nearer: f64) -> Option<Vec<f64>> {
    let (all, all_drawn) = (own.iter().sum::<f64>(), drawn.iter().sum::<f64>());
    let each = nearer * all / all_drawn;
    (all_drawn > 0.0).then(|| own.iter().zip(drawn).map(|(own, drawn)| (1.0 - nearer) * own + each * drawn).collect())
}

struct Figures {
    shares: Vec<f64>,
    scores: Vec<f64>,
    means: Vec<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measures::change::{ChangeKind, ChangeSettings, GroupScore};
    use crate::measures::{NetPromoterScore, NpsSettings};

    fn answers(n: u32, lift: u32) -> Vec<f64> {
        (0..n).map(|i| f64::from((i * i + 3 * i + lift) % 11)).collect()
    }

    fn settings() -> ResampledMovement {
        ResampledMovement {
            segments: vec!["web".to_owned(), "store".to_owned()],
            coefficients: vec![TouchpointCoefficient { touchpoint: "delivery".to_owned(), coefficient: 9.0 }],
            confidence: Confidence::default(),
            resampling: Resampling { replicates: 800, seed: 2 },
        }
    }

    #[test]
    fn the_change_has_the_interval_of_two_samples_and_parts_sum() {
        let (one, other) = (answers(400, 0), answers(500, 2));
        let segments = |n: usize, cut: usize| (0..n).map(|row| usize::from(row % 10 >= cut)).collect::<Vec<usize>>();
        let (first, second) = (segments(400, 6), segments(500, 3));
        let scores = |answers: &[f64]| vec![answers.iter().map(|answer| 0.5 * answer + 3.0).collect::<Vec<f64>>()];
        let (early, late) = (scores(&one), scores(&other));
        let wave = |answers, segments, touchpoints| WaveRows {
            answers,
            segments,
            touchpoints,
            sampling: Sampling::default(),
            people: None,
        };
        let own = settings().between(wave(&one, &first, &early), wave(&other, &second, &late)).expect("waves");
        let of = |answers: &[f64]| {
            GroupScore::of_score(&NetPromoterScore::of(answers, None, NpsSettings::default()).expect("answers"))
        };
        let wald = ChangeSettings { kind: ChangeKind::Wald, ..ChangeSettings::default() };
        let want = wald.between(of(&one), of(&other)).expect("a change");
        assert!((own.rows[0].estimate - want.change).abs() < 1e-9);
        assert!((own.rows[0].conf_low - want.conf_low).abs() < 1.5, "{} {}", own.rows[0].conf_low, want.conf_low);
        assert!((own.rows[0].conf_high - want.conf_high).abs() < 1.5);
        let part = |name: &str| own.rows.iter().find(|row| row.part == name).expect("a part").estimate;
        assert!((part("mix") + part("rate") - part("change")).abs() < 1e-9);
        assert!((part("mix:web") + part("mix:store") - part("mix")).abs() < 1e-9);
        assert!((part("rate:web") + part("rate:store") - part("rate")).abs() < 1e-9);
        assert!((part("touchpoint:delivery") + part("residual") - part("rate")).abs() < 1e-9);
    }

    /// With 300 of 400 asked each time, half of every deviation is left: `sqrt(1 - 300 / 400)`.
    #[test]
    fn replicates_are_drawn_in_by_the_share_of_the_population_that_was_asked() {
        let (one, other) = (answers(300, 0), answers(300, 2));
        let segments: Vec<usize> = (0..300).map(|row| row % 2).collect();
        let scores = |answers: &[f64]| vec![answers.iter().map(|answer| 0.5 * answer + 3.0).collect::<Vec<f64>>()];
        let (early, late) = (scores(&one), scores(&other));
        let rows = |populations: [Option<f64>; 2]| {
            let sampling = populations.map(|population| Sampling { population, ..Sampling::default() });
            let wave = |answers, touchpoints, sampling| WaveRows {
                answers,
                segments: &segments,
                touchpoints,
                sampling,
                people: None,
            };
            let own = settings().between(wave(&one, &early, sampling[0]), wave(&other, &late, sampling[1]));
            own.expect("waves").rows
        };
        let (endless, asked) = (rows([None; 2]), rows([Some(400.0); 2]));
        // The change and the touchpoint's part are linear in the shares of the answers.
        for part in ["change", "touchpoint:delivery"] {
            let of = |rows: &[MovementRow]| rows.iter().find(|row| row.part == part).expect("a part").clone();
            let (all, some) = (of(&endless), of(&asked));
            assert!((some.estimate - all.estimate).abs() < 1e-12);
            let ends = |row: &MovementRow| [row.estimate - row.conf_low, row.conf_high - row.estimate];
            for (some, all) in ends(&some).into_iter().zip(ends(&all)) {
                assert!((some - 0.5 * all).abs() < 1e-9 && all > 0.0, "{part}: {some} {all}");
            }
        }
        // Where everybody was asked both times nothing is open.
        for row in rows([Some(300.0); 2]) {
            assert_eq!((row.conf_low, row.conf_high), (row.estimate, row.estimate), "{}", row.part);
        }
        // Where everybody was asked the first time, the later wave's own error is left: here that of 300 answers.
        let of = |answers: &[f64]| NetPromoterScore::of(answers, None, NpsSettings::default()).expect("answers");
        let (half, later) = (&rows([Some(300.0), None])[0], of(&other));
        let want = 1.96 * later.std_error;
        assert!((half.conf_high - half.estimate - want).abs() < 1.5, "{half:?} {want}");
        assert!((half.estimate - half.conf_low - want).abs() < 1.5, "{half:?} {want}");
    }

    #[test]
    fn customers_who_answer_often_widen_the_intervals() {
        let (one, other) = (answers(300, 0), answers(300, 2));
        let repeat = |answers: &[f64]| answers.iter().flat_map(|&answer| [answer; 4]).collect::<Vec<f64>>();
        let (one, other) = (repeat(&one), repeat(&other));
        let segments = vec![0; 1200];
        let customers = Clusters::from_labels((0..1200).map(|row| row / 4));
        let settings = ResampledMovement { segments: vec!["all".to_owned()], coefficients: Vec::new(), ..settings() };
        let width = |clusters: Option<&Clusters>| {
            let sampling = Sampling { clusters, ..Sampling::default() };
            let wave = |answers| WaveRows { answers, segments: &segments, touchpoints: &[], sampling, people: None };
            let rows = settings.between(wave(&one), wave(&other)).expect("waves").rows;
            rows[0].conf_high - rows[0].conf_low
        };
        // Four equal answers each: twice the width.
        let ratio = width(Some(&customers)) / width(None);
        assert!((ratio - 2.0).abs() < 0.25, "{ratio}");
    }

    /// Everybody answers twice, a tenth of them otherwise than before: the change has the interval of pairs, `1.96 sd / sqrt(n)`.
    #[test]
    fn people_in_both_waves_are_drawn_in_both() {
        let one = answers(400, 0);
        let other: Vec<f64> =
            one.iter().enumerate().map(|(row, &answer)| if row % 10 == 0 { 10.0 } else { answer }).collect();
        let segments = vec![0; 400];
        let settings = ResampledMovement { segments: vec!["all".to_owned()], coefficients: Vec::new(), ..settings() };
        let people: Vec<u32> = (0..400).collect();
        let row = |people| {
            let wave = |answers| WaveRows {
                answers,
                segments: &segments,
                touchpoints: &[],
                sampling: Sampling::default(),
                people,
            };
            settings.between(wave(&one), wave(&other)).expect("waves").rows[0].clone()
        };
        let value = |answer: f64| ResponseClass::of(answer).map_or(0.0, ResponseClass::value);
        let gaps: Vec<f64> = one.iter().zip(&other).map(|(&one, &other)| 100.0 * (value(other) - value(one))).collect();
        let mean = gaps.iter().sum::<f64>() / 400.0;
        let want = 1.96 * (gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / 400.0 / 400.0).sqrt();
        let (same, strangers) = (row(Some(&people)), row(None));
        let half = |row: &MovementRow| 0.5 * (row.conf_high - row.conf_low);
        assert!((half(&same) / want - 1.0).abs() < 0.12, "{same:?} {want}");
        assert!(half(&strangers) > 1.8 * want, "{strangers:?} {want}");
        assert!((same.estimate - strangers.estimate).abs() < 1e-12 && (same.estimate - mean).abs() < 1e-9);
    }
}
