//! The change of a score as a sum over segments: mix and rate.

use crate::measures::MeasureError;
use serde::Serialize;

/// Shares of a wave may miss one by this much (absolute).
const SHARE_TOLERANCE: f64 = 1e-9;

/// One segment in two waves.
#[derive(Debug, Clone, PartialEq)]
pub struct SegmentWave {
    /// The segment.
    pub name: String,
    /// Its share of the answers before, 0-1.
    pub share_before: f64,
    /// Its share after.
    pub share_after: f64,
    /// Its score before, in points; anything where its share is zero.
    pub nps_before: f64,
    /// Its score after.
    pub nps_after: f64,
}

/// What a segment adds to the change, in points.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SegmentPart {
    /// The segment.
    pub segment: String,
    /// What follows from its share: its change times how far the segment's mean score lies above that of all.
    pub mix: f64,
    /// What follows from its score, at its mean share.
    pub rate: f64,
}

/// A change of score, divided.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Movement {
    /// The score before, over all segments.
    pub before: f64,
    /// The score after.
    pub after: f64,
    /// The later less the earlier; `mix + rate` exactly.
    pub change: f64,
    /// The part of the segments' shares.
    pub mix: f64,
    /// The part of the segments' scores.
    pub rate: f64,
    /// Segment by segment, in the order given.
    pub segments: Vec<SegmentPart>,
}

impl Movement {
    /// Divides the change: `rate = mean share * change of score`, `mix = (mean score - mean score of all) * change of share`.
    ///
    /// Means are over the two waves, so that neither wave is the measure of the other and nothing is left over; with the
    /// earlier wave's figures alone an interaction would remain. The score of all drops out of the sum, as shares change by zero
    /// together; it makes a growing segment below the mean pull down. A segment that is absent from a wave has no score there: its
    /// other wave's score is taken for both, so that its coming or going is all mix.
    ///
    /// # Errors
    /// No segments; shares outside 0-1 or that do not sum to one; scores that are not finite where there is a share.
    ///
    /// # References
    /// Kitagawa (1955), "Components of a difference between two rates", JASA 50.
    ///
    /// # Example
    /// ```
    /// use advocate::measures::movement::{Movement, SegmentWave};
    /// let segment = |name: &str, share_before, share_after, nps| SegmentWave {
    ///     name: name.into(), share_before, share_after, nps_before: nps, nps_after: nps,
    /// };
    /// // Nobody thinks otherwise, but the content segment has grown.
    /// let moved = Movement::of(&[segment("web", 0.5, 0.7, 40.0), segment("store", 0.5, 0.3, -10.0)])?;
    /// assert!((moved.change - 10.0).abs() < 1e-12 && (moved.mix - 10.0).abs() < 1e-12 && moved.rate.abs() < 1e-12);
    /// # Ok::<(), advocate::measures::MeasureError>(())
    /// ```
    pub fn of(segments: &[SegmentWave]) -> Result<Self, MeasureError> {
        if segments.is_empty() {
            return Err(MeasureError::TooFew { what: "segments".to_owned(), n_found: 0, n_needed: 1 });
        }
        check_shares(segments, "before", |segment| segment.share_before)?;
        check_shares(segments, "after", |segment| segment.share_after)?;
        let scores: Vec<[f64; 2]> = segments.iter().map(own_scores).collect::<Result<_, _>>()?;
        let total = |share: fn(&SegmentWave) -> f64, wave: usize| -> f64 {
            segments.iter().zip(&scores).map(|(segment, scores)| share(segment) * scores[wave]).sum()
        };
        let (before, after) = (total(|segment| segment.share_before, 0), total(|segment| segment.share_after, 1));
        let middle = 0.5 * (before + after);
        let parts: Vec<SegmentPart> = segments
            .iter()
            .zip(&scores)
            .map(|(segment, [earlier, later])| {
                let mean_score = 0.5 * (earlier + later);
                let share_change = segment.share_after - segment.share_before;
                SegmentPart {
                    segment: segment.name.clone(),
                    mix: (mean_score - middle) * share_change,
                    rate: 0.5 * (segment.share_before + segment.share_after) * (later - earlier),
                }
            })
            .collect();
        Ok(Self {
            before,
            after,
            change: after - before,
            mix: parts.iter().map(|part| part.mix).sum(),
            rate: parts.iter().map(|part| part.rate).sum(),
            segments: parts,
        })
    }
}

fn check_shares(segments: &[SegmentWave], wave: &str, share: fn(&SegmentWave) -> f64) -> Result<(), MeasureError> {
    if let Some(segment) = segments.iter().find(|segment| !(0.0..=1.0 + SHARE_TOLERANCE).contains(&share(segment))) {
        let problem = format!("its share {wave} is {}, which is no share", share(segment));
        return Err(MeasureError::Margin { margin: segment.name.clone(), problem });
    }
    let total: f64 = segments.iter().map(share).sum();
    if (total - 1.0).abs() > SHARE_TOLERANCE {
        let problem = format!("the shares {wave} sum to {total}, and must to 1; name every segment");
        return Err(MeasureError::Margin { margin: "segments".to_owned(), problem });
    }
    Ok(())
}

/// The scores of a segment; that of the other wave where one has no answers.
fn own_scores(segment: &SegmentWave) -> Result<[f64; 2], MeasureError> {
    let scores = match (segment.share_before > 0.0, segment.share_after > 0.0) {
        (true, true) => [segment.nps_before, segment.nps_after],
        (true, false) => [segment.nps_before; 2],
        (false, true) => [segment.nps_after; 2],
        (false, false) => [0.0; 2],
    };
    match scores.iter().position(|score| !score.is_finite()) {
        Some(wave) => Err(MeasureError::NotFinite {
            what: format!("the scores of segment {}", segment.name),
            row: wave + 1,
            value: scores[wave],
        }),
        None => Ok(scores),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measures::reference::{near, nps_oracles, number};

    #[test]
    fn segments_agree_with_the_reference_and_sum_exactly() {
        let Some(all) = nps_oracles() else { return };
        let case = &all["kitagawa"];
        let list = case["segments"].as_array().expect("a list");
        let segments: Vec<SegmentWave> = list
            .iter()
            .map(|own| SegmentWave {
                name: own["name"].as_str().expect("a name").to_owned(),
                share_before: number(&own["w0"]),
                share_after: number(&own["w1"]),
                nps_before: 100.0 * number(&own["n0"]),
                nps_after: 100.0 * number(&own["n1"]),
            })
            .collect();
        let own = Movement::of(&segments).expect("a movement");
        for (part, want) in own.segments.iter().zip(list) {
            near("rate", part.rate / 100.0, number(&want["rate"]), 1e-12);
            near("mix", part.mix / 100.0, number(&want["mix"]), 1e-12);
        }
        near("change", own.change / 100.0, number(&case["delta"]), 1e-12);
        near("mix", own.mix / 100.0, number(&case["mix"]), 1e-12);
        near("rate", own.rate / 100.0, number(&case["rate"]), 1e-12);
        near("sum", own.mix + own.rate, own.change, 1e-12);
    }

    #[test]
    fn segments_that_come_and_go_are_all_mix() {
        let segment = |name: &str, shares: [f64; 2], scores: [f64; 2]| SegmentWave {
            name: name.to_owned(),
            share_before: shares[0],
            share_after: shares[1],
            nps_before: scores[0],
            nps_after: scores[1],
        };
        let own = Movement::of(&[
            segment("a", [0.5, 0.2], [30.0, 10.0]),
            segment("gone", [0.3, 0.0], [-40.0, f64::NAN]),
            segment("new", [0.0, 0.6], [f64::NAN, 55.0]),
            segment("b", [0.2, 0.2], [0.0, 20.0]),
        ])
        .expect("a movement");
        near("sum", own.mix + own.rate, own.change, 1e-12);
        near("mix", own.segments.iter().map(|part| part.mix).sum(), own.mix, 1e-12);
        near("gone", own.segments[1].rate, 0.0, 1e-12);
        near("change", own.change, 0.2 * 10.0 + 0.6 * 55.0 + 0.2 * 20.0 - (0.5 * 30.0 - 0.3 * 40.0), 1e-12);
    }

    #[test]
    fn shares_that_do_not_sum_to_one_are_refused_by_wave() {
        let segment =
            SegmentWave { name: "a".to_owned(), share_before: 1.0, share_after: 0.8, nps_before: 0.0, nps_after: 0.0 };
        let refused = Movement::of(&[segment]).expect_err("shares");
        assert!(refused.to_string().contains("after"), "{refused}");
    }
}
