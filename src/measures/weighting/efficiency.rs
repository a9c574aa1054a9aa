//! What unequal weights cost.

use crate::findings::{Finding, FindingKind, Severity, thousands};
use crate::measures::MeasureError;
use serde::Serialize;

/// Below this share of the answers' worth, weighting says more about a few people than about all.
const EFFICIENCY_MIN: f64 = 0.4;

/// How unequal weights are.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct WeightEfficiency {
    /// Rows with a weight.
    pub n: usize,
    /// Kish's effective size, `(sum w)^2 / sum w^2`.
    pub n_effective: f64,
    /// Effective size over rows, 0-1.
    pub efficiency: f64,
    /// One over the efficiency: what the variance of an unrelated figure is multiplied with.
    pub design_effect: f64,
    /// Smallest weight over the mean.
    pub smallest: f64,
    /// Largest weight over the mean.
    pub largest: f64,
}

/// Answers that are worth fewer than so many of equal weight are one answer and what hardly counts: how these scatter says nothing of
/// its error.
const WORTH_OF_ONE: f64 = 1.5;

/// Whether of several answers one (or one customer) carries nearly all weight, by their effective number.
pub(in crate::measures) fn one_decides(n: usize, n_effective: f64) -> bool {
    n > 1 && n_effective < WORTH_OF_ONE
}

impl WeightEfficiency {
    /// What is to be said of weights that came with the answers; nothing where they leave 40 % of the answers' worth or more.
    ///
    /// # Errors
    /// Those of [`WeightEfficiency::of`].
    pub fn finding_of_given(about: &str, weights: &[f64]) -> Result<Option<Finding>, MeasureError> {
        let own = Self::of(weights)?;
        if own.efficiency >= EFFICIENCY_MIN {
            return Ok(None);
        }
        let (severity, sentence) = if one_decides(own.n, own.n_effective) {
            let share = own.largest / own.n as f64;
            let sentence = format!(
                "one of {} answers carries {:.1} % of all weight, so that figures are its own and no error of them can be had from \
                 the others: look at `{about}`",
                thousands(own.n),
                100.0 * share
            );
            (Severity::Serious, sentence)
        } else {
            let sentence = format!(
                "the weights in `{about}` leave {:.0} % of the worth of {} answers ({:.0} of equal weight); the largest is {:.1} \
                 times the mean, so few people decide the figures, and errors and intervals are likely too small: bound the \
                 weights, or look where they come from",
                100.0 * own.efficiency,
                thousands(own.n),
                own.n_effective,
                own.largest
            );
            (Severity::Warning, sentence)
        };
        let finding = Finding::new(FindingKind::NotRepresentative, severity, about, sentence);
        let finding = finding.number("efficiency", own.efficiency).number("n_effective", own.n_effective);
        Ok(Some(finding.number("largest", own.largest)))
    }

    /// Of these weights; rows without weight are none.
    ///
    /// # Errors
    /// A weight that is negative or not finite; all zero.
    ///
    /// # References
    /// Kish (1965), "Survey Sampling", section 11.7; Kish (1992), "Weighting for unequal Pi", Journal of Official Statistics 8.
    ///
    /// # Example
    /// ```
    /// use advocate::measures::weighting::WeightEfficiency;
    /// let own = WeightEfficiency::of(&[1.0, 1.0, 2.0])?;
    /// assert!((own.n_effective - 16.0 / 6.0).abs() < 1e-12);
    /// # Ok::<(), advocate::measures::MeasureError>(())
    /// ```
    pub fn of(weights: &[f64]) -> Result<Self, MeasureError> {
        if let Some(row) = weights.iter().position(|weight| !(weight.is_finite() && *weight >= 0.0)) {
            return Err(MeasureError::BadWeight { row: row + 1, value: weights[row] });
        }
        let largest = weights.iter().copied().fold(0.0, f64::max);
        if largest <= 0.0 {
            return Err(MeasureError::NoAnswers);
        }
        let own: Vec<f64> = weights.iter().filter(|&&weight| weight > 0.0).map(|weight| weight / largest).collect();
        let (n, sum) = (own.len() as f64, own.iter().sum::<f64>());
        let n_effective = sum * sum / own.iter().map(|weight| weight * weight).sum::<f64>();
        let smallest = own.iter().copied().fold(1.0, f64::min);
        Ok(Self {
            n: own.len(),
            n_effective,
            efficiency: n_effective / n,
            design_effect: n / n_effective,
            smallest: smallest * n / sum,
            largest: n / sum,
        })
    }

    /// A warning where weighting leaves less than 40 % of the answers' worth.
    pub fn finding(&self, about: impl Into<String>) -> Option<Finding> {
        (self.efficiency < EFFICIENCY_MIN).then(|| {
            let sentence = format!(
                "the weights leave {:.0} % of the worth of {} answers ({:.0} of equal weight); the largest weight is {:.1} \
                 times the mean, so few people decide the figure: bound the weights or merge categories",
                100.0 * self.efficiency,
                self.n,
                self.n_effective,
                self.largest
            );
            Finding::new(FindingKind::NotRepresentative, Severity::Warning, about, sentence)
                .number("efficiency", self.efficiency)
                .number("n_effective", self.n_effective)
                .number("largest", self.largest)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measures::reference::{near, nps_oracles, number};

    #[test]
    fn efficiency_agrees_with_the_reference() {
        let Some(all) = nps_oracles() else { return };
        let weights: Vec<f64> = [(60, 1.0), (30, 2.0), (10, 0.5)]
            .into_iter()
            .flat_map(|(n, weight)| std::iter::repeat_n(weight, n))
            .collect();
        let own = WeightEfficiency::of(&weights).expect("weights");
        near("effective", own.n_effective, number(&all["weighted"]["kish_neff"]), 1e-9);
        near("efficiency", own.efficiency, number(&all["weighted"]["weighting_efficiency"]), 1e-12);
        near("design effect", own.design_effect, number(&all["weighted"]["design_effect"]), 1e-12);
        assert!(own.finding("weights").is_none());
        // The mean weight is 125 / 100.
        near("smallest", own.smallest, 0.4, 1e-12);
        near("largest", own.largest, 1.6, 1e-12);
    }

    #[test]
    fn given_weights_are_held_to_the_same_bound() {
        let said = |weights: &[f64]| WeightEfficiency::finding_of_given("w", weights).expect("weights");
        // 1 and 9 in turn: (100 * 5)^2 / (50 + 50 * 81) = 250000 / 4100 = 60.98 of 100; 1 and 99, one in ten: a tenth as heavy.
        let turn: Vec<f64> = (0..100).map(|row| if row % 2 == 0 { 1.0 } else { 9.0 }).collect();
        assert_eq!(said(&turn), None);
        // (90 + 990)^2 / (90 + 10 * 9801) = 1166400 / 98100 = 11.9 of 100.
        let tenth: Vec<f64> = (0..100).map(|row| if row % 10 == 0 { 99.0 } else { 1.0 }).collect();
        let warning = said(&tenth).expect("a warning");
        assert!(
            warning.sentence.contains("leave 12 % of the worth of 100 answers (12 of equal weight)"),
            "{warning:?}"
        );
        assert_eq!(warning.severity, Severity::Warning);
        // One of 1000 beside 199 of 0.001: 1000 / 1000.199.
        let mut one = vec![0.001; 199];
        one.push(1000.0);
        let serious = said(&one).expect("a finding");
        assert_eq!(serious.severity, Severity::Serious);
        assert!(
            serious.sentence.starts_with("one of 200 answers carries 100.0 % of all weight"),
            "{}",
            serious.sentence
        );
    }

    #[test]
    fn few_heavy_weights_are_warned_of() {
        let mut weights = vec![0.1; 99];
        weights.push(20.0);
        let own = WeightEfficiency::of(&weights).expect("weights");
        assert!(own.efficiency < 0.03);
        let finding = own.finding("raking").expect("a warning");
        assert_eq!((finding.kind, finding.severity), (FindingKind::NotRepresentative, Severity::Warning));
        assert_eq!(WeightEfficiency::of(&[0.0, 0.0]), Err(MeasureError::NoAnswers));
    }
}
