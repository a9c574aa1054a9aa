//! Which waves stand out from the common variation of a score.

use super::trend::Wave;
use crate::findings::{Finding, FindingKind, Severity};
use crate::measures::MeasureError;
use ndarray::{Array2, ArrayView2};
use serde::Serialize;

/// The constant that turns the mean distance of neighbours into a standard deviation, `2 / sqrt(pi)`.
const MEAN_RANGE_OF_TWO: f64 = std::f64::consts::FRAC_2_SQRT_PI;
/// What is left to tell neighbours apart where nearly all customers give the same answer again: less would make much of rounding.
const APART_MIN: f64 = 0.05;
/// A run of so many waves on one side of the centre is a signal.
const RUN: usize = 8;

/// How a control chart is made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ControlLimits {
    /// Standard deviations from the centre to a limit.
    pub width: f64,
    /// The first waves, from which centre and limits are taken; all without a number.
    pub n_baseline: Option<usize>,
}

impl Default for ControlLimits {
    fn default() -> Self {
        Self { width: 3.0, n_baseline: None }
    }
}

/// One wave of the chart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ControlPoint {
    /// The wave.
    pub wave: String,
    /// Its score.
    pub nps: f64,
    /// The centre: the mean of the baseline's waves, weighted by one over their squared errors.
    pub centre: f64,
    /// Lower limit.
    pub low: f64,
    /// Upper limit.
    pub high: f64,
    /// Outside of the limits.
    pub is_outside: bool,
    /// The eighth or later wave in a row on one side of the centre.
    pub in_run: bool,
}

impl ControlLimits {
    /// The chart: limits at `centre +- width * spread * std_error` of each wave (a u' chart).
    ///
    /// `spread` is 1 where the waves differ from each other by no more than their errors say, and otherwise the mean distance
    /// of neighbours in standard errors over `2 / sqrt(pi)`, as for individual values: what moves every wave is common.
    ///
    /// # Errors
    /// Fewer than two waves in the baseline; errors that are not positive; a width that is not.
    ///
    /// # References
    /// Shewhart (1931), "Economic Control of Quality of Manufactured Product"; Laney (2002), "Improved control charts for
    /// attributes", Quality Engineering 14(4), for the spread; Nelson (1984), Journal of Quality Technology 16(4), for runs.
    ///
    /// # Example
    /// ```
    /// use advocate::measures::change::{ControlLimits, Wave};
    /// let wave = |nps: f64| Wave { name: format!("{nps}"), time: 0.0, nps, std_error: 2.0, wording: None };
    /// let waves: Vec<Wave> = [20.0, 21.0, 19.0, 20.0, 40.0].map(wave).to_vec();
    /// let chart = ControlLimits { n_baseline: Some(4), ..ControlLimits::default() }.of(&waves)?;
    /// assert!(chart[4].is_outside && (chart[4].high - 26.0).abs() < 1e-12);
    /// # Ok::<(), advocate::measures::MeasureError>(())
    /// ```
    pub fn of(&self, waves: &[Wave]) -> Result<Vec<ControlPoint>, MeasureError> {
        self.of_overlapping(waves, Array2::eye(waves.len()).view())
    }

    /// The same where customers answer in several waves, so that neighbours' errors go together: by `correlations`, one row and one
    /// column a wave, neighbours lie `sqrt(1 - r)` as far apart as they would without, and are taken as that much farther.
    ///
    /// # Errors
    /// As [`ControlLimits::of`].
    ///
    /// # Panics
    /// If the correlations have not one row and one column a wave.
    pub fn of_overlapping(
        &self,
        waves: &[Wave],
        correlations: ArrayView2<'_, f64>,
    ) -> Result<Vec<ControlPoint>, MeasureError> {
        assert_eq!(correlations.dim(), (waves.len(), waves.len()), "one row and one column a wave");
        if !(self.width.is_finite() && self.width > 0.0) {
            return Err(MeasureError::Setting { what: "the width of the limits", value: self.width, must: "positive" });
        }
        for wave in waves {
            if !(wave.std_error.is_finite() && wave.std_error > 0.0 && wave.nps.is_finite()) {
                let must = "positive and finite, as is the score";
                return Err(MeasureError::Setting { what: "a wave's standard error", value: wave.std_error, must });
            }
        }
        let baseline = &waves[..self.n_baseline.unwrap_or(waves.len()).min(waves.len())];
        if baseline.len() < 2 {
            let what = "waves of the baseline".to_owned();
            return Err(MeasureError::TooFew { what, n_found: baseline.len(), n_needed: 2 });
        }
        let weight = |wave: &Wave| 1.0 / (wave.std_error * wave.std_error);
        let centre =
            baseline.iter().map(|wave| weight(wave) * wave.nps).sum::<f64>() / baseline.iter().map(weight).sum::<f64>();
        let scaled: Vec<f64> = baseline.iter().map(|wave| (wave.nps - centre) / wave.std_error).collect();
        let apart = |at: usize| (1.0 - correlations[[at, at + 1]]).max(APART_MIN).sqrt();
        let ranges: f64 = scaled.windows(2).enumerate().map(|(at, two)| (two[1] - two[0]).abs() / apart(at)).sum();
        let spread = (ranges / (scaled.len() as f64 - 1.0) / MEAN_RANGE_OF_TWO).max(1.0);
        let (mut side, mut run) = (0.0, 0);
        let point = |wave: &Wave| {
            let own = if wave.nps > centre { 1.0 } else { -1.0 };
            run = if own * side > 0.0 { run + 1 } else { 1 };
            side = own;
            let half = self.width * spread * wave.std_error;
            ControlPoint {
                wave: wave.name.clone(),
                nps: wave.nps,
                centre,
                low: (centre - half).max(-100.0),
                high: (centre + half).min(100.0),
                is_outside: (wave.nps - centre).abs() > half,
                in_run: run >= RUN,
            }
        };
        Ok(waves.iter().map(point).collect())
    }
}

/// The waves that stand out from the chart, if any: outside of the limits, or the eighth and later of a run on one side of the centre.
pub fn signals(chart: &[ControlPoint]) -> Option<Finding> {
    let named = |outside: fn(&ControlPoint) -> bool| -> Vec<&str> {
        chart.iter().filter(|point| outside(point)).map(|point| point.wave.as_str()).collect()
    };
    let (above, below) = (named(|own| own.nps > own.high), named(|own| own.nps < own.low));
    let mut said = Vec::new();
    for (waves, side) in [(&above, "above"), (&below, "below")] {
        if !waves.is_empty() {
            said.push(format!("outside of the control limits, {side} them: {}", waves.join(", ")));
        }
    }
    // A run is told once, at its last wave.
    let is_above = |own: &ControlPoint| own.nps > own.centre;
    for (at, last) in chart.iter().enumerate().filter(|(_, own)| own.in_run) {
        if chart.get(at + 1).is_none_or(|next| !next.in_run || is_above(next) != is_above(last)) {
            let side = if is_above(last) { "above" } else { "below" };
            let n = chart[..=at].iter().rev().take_while(|own| is_above(own) == is_above(last)).count();
            said.push(format!(
                "{n} waves in a row {side} the centre of {:.1}, the last of them {}",
                last.centre, last.wave
            ));
        }
    }
    let sentence = format!(
        "the score of some waves stands out from what varies from wave to wave anyway ({}): look for what was different then",
        said.join("; ")
    );
    let n_in_run = chart.iter().filter(|own| own.in_run).count();
    (!said.is_empty()).then(|| {
        Finding::new(FindingKind::OutOfControl, Severity::Note, "nps", sentence)
            .number("n_outside", (above.len() + below.len()) as f64)
            .number("n_in_run", n_in_run as f64)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waves(scores: &[f64], std_error: f64) -> Vec<Wave> {
        let wave =
            |(at, &nps): (usize, &f64)| Wave { name: format!("w{at}"), time: at as f64, nps, std_error, wording: None };
        scores.iter().enumerate().map(wave).collect()
    }

    #[test]
    fn waves_that_differ_more_than_their_errors_widen_the_limits() {
        // Neighbours lie 10 points or 10 standard errors apart: sigma is 10 sqrt(pi) / 2 = 8.862; centre 5.
        let chart = ControlLimits::default().of(&waves(&[0.0, 10.0, 0.0, 10.0], 1.0)).expect("waves");
        assert!((chart[0].centre - 5.0).abs() < 1e-12);
        assert!((chart[0].high - (5.0 + 3.0 * 8.862_269_254_527_58)).abs() < 1e-9, "{}", chart[0].high);
        assert!(chart.iter().all(|point| !point.is_outside));
    }

    #[test]
    fn neighbours_of_the_same_customers_are_farther_apart_than_they_look() {
        // As above with neighbours that go together by 0.75: they would lie twice as far apart, and so do the limits from the centre.
        let correlations =
            Array2::from_shape_fn((4, 4), |(row, column)| 0.75_f64.powi((row as i32 - column as i32).abs()));
        let waves = waves(&[0.0, 10.0, 0.0, 10.0], 1.0);
        let chart = ControlLimits::default().of_overlapping(&waves, correlations.view()).expect("waves");
        assert!((chart[0].high - (5.0 + 6.0 * 8.862_269_254_527_58)).abs() < 1e-9, "{}", chart[0].high);
    }

    #[test]
    fn a_long_run_on_one_side_is_a_signal() {
        let mut scores = vec![10.0, 30.0, 10.0, 30.0];
        scores.extend([21.0; 8]);
        let settings = ControlLimits { n_baseline: Some(4), ..ControlLimits::default() };
        let chart = settings.of(&waves(&scores, 2.0)).expect("waves");
        // The run starts with the 30 at the fourth place, so that the eleventh wave is its eighth.
        assert!(!chart[9].in_run && chart[10].in_run && !chart[10].is_outside);
        // From the 30 on there are nine waves above the centre of 20.
        let finding = signals(&chart).expect("a signal");
        assert!(
            finding.sentence.contains("(9 waves in a row above the centre of 20.0, the last of them w11)"),
            "{finding:?}"
        );
        assert_eq!((finding.numbers["n_outside"], finding.numbers["n_in_run"]), (0.0, 2.0));
    }

    #[test]
    fn waves_outside_of_the_limits_are_told_by_side_and_common_variation_is_not() {
        // Centre 20 and errors of 2 by the first four, whose neighbours lie 2 apart: limits of 14 and 26.
        let settings = ControlLimits { n_baseline: Some(4), ..ControlLimits::default() };
        let chart = settings.of(&waves(&[19.0, 21.0, 19.0, 21.0, 26.5, 13.5, 20.5], 2.0)).expect("waves");
        let finding = signals(&chart).expect("a signal");
        let said = "(outside of the control limits, above them: w4; outside of the control limits, below them: w5)";
        assert!(finding.sentence.contains(said), "{finding:?}");
        assert_eq!(signals(&chart[..4]), None);
    }

    #[test]
    fn a_chart_needs_two_waves() {
        assert!(matches!(ControlLimits::default().of(&waves(&[1.0], 1.0)), Err(MeasureError::TooFew { .. })));
        assert!(ControlLimits::default().of(&waves(&[1.0, 2.0], 0.0)).is_err());
    }
}
