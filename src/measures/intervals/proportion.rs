//! A plain share and its intervals.

use super::counts::Ends;
use super::kind::IntervalKind;
use crate::measures::MeasureError;
use crate::stats::Confidence;
use crate::stats::distributions::beta_quantile;

/// A share of a base; the base is fractional where weights or customers made it so.
///
/// # Example
/// ```
/// use advocate::measures::{IntervalKind, Proportion};
/// use advocate::stats::Confidence;
/// let half = Proportion::new(5.0, 10.0)?.interval(IntervalKind::Wilson, Confidence::default())?;
/// assert!((half.low + half.high - 1.0).abs() < 1e-12);
/// # Ok::<(), advocate::measures::MeasureError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Proportion {
    events: f64,
    n: f64,
}

impl Proportion {
    /// Checks the counts.
    ///
    /// # Errors
    /// An empty base; fewer events than none or more than the base.
    pub fn new(events: f64, n: f64) -> Result<Self, MeasureError> {
        if !(n.is_finite() && n > 0.0) {
            return Err(MeasureError::NoAnswers);
        }
        if !(0.0..=n * (1.0 + 1e-12)).contains(&events) {
            return Err(MeasureError::Setting {
                what: "the number of events",
                value: events,
                must: "between 0 and the base",
            });
        }
        Ok(Self { events: events.min(n), n })
    }

    /// The share, 0-1.
    pub fn share(self) -> f64 {
        self.events / self.n
    }

    /// The interval of the share, 0-1.
    ///
    /// # Errors
    /// A kind that a share does not have.
    ///
    /// # References
    /// Wilson (1927), JASA 22; Clopper and Pearson (1934), Biometrika 26; Brown, Cai and DasGupta (2001), "Interval
    /// estimation for a binomial proportion", Statistical Science 16(2).
    pub fn interval(self, kind: IntervalKind, confidence: Confidence) -> Result<Ends, MeasureError> {
        let (z, share, n) = (confidence.z(), self.share(), self.n);
        match kind {
            IntervalKind::Wilson | IntervalKind::Score => {
                let middle = (share + z * z / (2.0 * n)) / (1.0 + z * z / n);
                let half = z / (1.0 + z * z / n) * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).max(0.0).sqrt();
                Ok(Ends { low: (middle - half).max(0.0), high: (middle + half).min(1.0) })
            }
            IntervalKind::Exact => {
                let (events, others) = (self.events, self.n - self.events);
                let low = if events > 0.0 { beta_quantile(confidence.tail(), events, others + 1.0) } else { 0.0 };
                let high =
                    if others > 0.0 { beta_quantile(1.0 - confidence.tail(), events + 1.0, others) } else { 1.0 };
                Ok(Ends { low, high })
            }
            IntervalKind::Wald => {
                let half = z * (share * (1.0 - share) / n).max(0.0).sqrt();
                Ok(Ends { low: (share - half).max(0.0), high: (share + half).min(1.0) })
            }
            _ => Err(MeasureError::NoSuchInterval {
                kind: kind.word(),
                figure: "a share",
                instead: "take wilson, exact or wald",
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_statsmodels() {
        // statsmodels.stats.proportion.proportion_confint(7, 40, method="wilson" and "beta"); (0, 12) likewise.
        let of = |events, n, kind| {
            Proportion::new(events, n).expect("a share").interval(kind, Confidence::default()).expect("an interval")
        };
        for (events, n, kind, case) in [
            (7.0, 40.0, IntervalKind::Wilson, "wilson"),
            (7.0, 40.0, IntervalKind::Exact, "exact"),
            (0.0, 12.0, IntervalKind::Wilson, "wilson_none"),
            (0.0, 12.0, IntervalKind::Exact, "exact_none"),
        ] {
            let want = crate::measures::reference::numbers("proportion", case);
            let got = of(events, n, kind);
            assert!((got.low - want[0]).abs() < 1e-9 && (got.high - want[1]).abs() < 1e-9, "{case} {got:?} {want:?}");
        }
    }

    #[test]
    fn a_share_of_nothing_is_refused() {
        assert_eq!(Proportion::new(0.0, 0.0), Err(MeasureError::NoAnswers));
        assert!(Proportion::new(5.0, 4.0).is_err());
    }
}
