//! What is at risk with those who would not recommend: as estimated, and by rules of thumb.

use crate::measures::intervals::Ends;
use crate::measures::portfolio::Measure;
use crate::measures::sampling::Resampling;
use crate::measures::{MeasureError, ResponseClass, Sampling};
use crate::stats::Confidence;
use serde::Serialize;

/// How revenue at risk is estimated.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct RevenueAtRiskSettings {
    /// Level of the intervals.
    pub confidence: Confidence,
    /// Replicates, by customer.
    pub resampling: Resampling,
}

/// A share of the revenue of each class that somebody calls at risk.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RuleOfThumb {
    /// Its name.
    pub name: String,
    /// Where it was stated.
    pub source: String,
    /// Share of the detractors' revenue.
    pub detractors: f64,
    /// Share of the passives' revenue.
    pub passives: f64,
    /// Share of the promoters' revenue.
    pub promoters: f64,
}

impl RuleOfThumb {
    /// Calls all revenue of detractors at risk: the simplest convention, and an upper bound for them.
    pub fn all_of_detractors() -> Self {
        Self {
            name: "all revenue of detractors".to_owned(),
            source: "a convention of dashboards; no study behind it is known to us".to_owned(),
            detractors: 1.0,
            passives: 0.0,
            promoters: 0.0,
        }
    }

    /// Calls all revenue of detractors and passives at risk: an upper bound for both.
    pub fn all_but_promoters() -> Self {
        Self { name: "all revenue but promoters'".to_owned(), passives: 1.0, ..Self::all_of_detractors() }
    }
}

/// What a rule of thumb says of these answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RuleOfThumbRow {
    /// The rule.
    pub rule: RuleOfThumb,
    /// The revenue it calls at risk.
    pub revenue: f64,
    /// That over the estimated excess loss; `None` where the latter is not positive.
    pub times_estimate: Option<f64>,
}

/// Revenue of one class and what is likely to be lost of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RevenueAtRisk {
    /// Revenue of detractors, passives and promoters, weighted.
    pub revenue: [f64; 3],
    /// Share of each class's revenue that was lost; `None` for a class without revenue.
    pub loss: [Option<f64>; 3],
    /// Revenue that detractors and passives would have kept, had they lost no more than promoters: the part of the losses that
    /// goes with their answers.
    pub excess: f64,
    /// Lower percentile.
    pub conf_low: f64,
    /// Upper percentile.
    pub conf_high: f64,
    /// All expected losses, whatever the class: what is at risk with no score at all.
    pub expected_loss: f64,
    /// Lower percentile.
    pub loss_low: f64,
    /// Upper percentile.
    pub loss_high: f64,
    /// Rules of thumb beside it.
    pub rules: Vec<RuleOfThumbRow>,
}

impl RevenueAtRiskSettings {
    /// From 0-10 answers, revenue before the answer and the share of it that was kept after (0-1, or 0 and 1 for a repurchase).
    ///
    /// With `L_c` the share of class c's revenue that was lost, the excess is `sum over detractors and passives of revenue *
    /// (L_c - L_promoters)`. It may be negative. It is an association: that a detractor turned into a promoter would stay like
    /// one is not shown by it. Rows with a blank in any column are left out.
    ///
    /// # Errors
    /// Columns of unequal length, answers off the scale, negative revenue, a share outside 0-1, no revenue of promoters.
    ///
    /// # Example
    /// ```
    /// use advocate::measures::Sampling;
    /// use advocate::measures::say_do::RevenueAtRiskSettings;
    /// let (answers, revenue) = ([9.0, 10.0, 2.0, 3.0], [100.0; 4]);
    /// let kept = [1.0, 1.0, 0.0, 1.0];
    /// let own = RevenueAtRiskSettings::default().of(&answers, &revenue, &kept, Sampling::default(), &[])?;
    /// assert!((own.excess - 100.0).abs() < 1e-9);
    /// # Ok::<(), advocate::measures::MeasureError>(())
    /// ```
    pub fn of(
        &self,
        answers: &[f64],
        revenue: &[f64],
        kept: &[f64],
        sampling: Sampling,
        rules: &[RuleOfThumb],
    ) -> Result<RevenueAtRisk, MeasureError> {
        sampling.check(answers.len())?;
        for (what, column) in [("the column of revenue", revenue), ("the column of what was kept", kept)] {
            if column.len() != answers.len() {
                let (n_found, n_expected) = (column.len(), answers.len());
                return Err(MeasureError::Length { what: what.to_owned(), n_found, n_expected });
            }
        }
        Measure::nps("answer", answers)?;
        if let Some(&value) = revenue.iter().find(|value| **value < 0.0 || value.is_infinite()) {
            return Err(MeasureError::Setting { what: "a revenue", value, must: "finite and not negative" });
        }
        if let Some(&value) = kept.iter().find(|value| !value.is_nan() && !(0.0..=1.0).contains(*value)) {
            return Err(MeasureError::Setting { what: "the share of revenue kept", value, must: "between 0 and 1" });
        }
        let sums = |weights: &[f64]| {
            let mut sums = ClassSums::default();
            for (row, weight) in weights.iter().enumerate() {
                let Some(class) = ResponseClass::of(answers[row]) else { continue };
                let (revenue, kept) = (revenue[row], kept[row]);
                if !revenue.is_nan() && !kept.is_nan() {
                    sums.revenue[class as usize] += weight * revenue;
                    sums.lost[class as usize] += weight * revenue * (1.0 - kept);
                }
            }
            sums
        };
        let weights: Vec<f64> = (0..answers.len()).map(|row| sampling.weight(row)).collect();
        let own = sums(&weights);
        let Some(excess) = own.excess() else {
            let what = "promoters with revenue".to_owned();
            return Err(MeasureError::TooFew { what, n_found: 0, n_needed: 1 });
        };
        let drawn = self.resampling.draws(answers.len(), sampling, |weights| {
            let sums = sums(weights);
            Some([sums.excess()?, sums.lost.iter().sum::<f64>()])
        })?;
        let ends = |at: usize| {
            self.resampling.percentiles(drawn.iter().map(|own: &[f64; 2]| own[at]).collect(), self.confidence)
        };
        let (excess_ends, loss_ends): (Ends, Ends) = (ends(0)?, ends(1)?);
        let rules = rules
            .iter()
            .map(|rule| {
                let shares = [rule.detractors, rule.passives, rule.promoters];
                let revenue = shares.iter().zip(own.revenue).map(|(share, revenue)| share * revenue).sum();
                let times_estimate = (excess > 0.0).then(|| revenue / excess);
                RuleOfThumbRow { rule: rule.clone(), revenue, times_estimate }
            })
            .collect();
        Ok(RevenueAtRisk {
            revenue: own.revenue,
            loss: own.loss(),
            excess,
            conf_low: excess_ends.low,
            conf_high: excess_ends.high,
            expected_loss: own.lost.iter().sum(),
            loss_low: loss_ends.low,
            loss_high: loss_ends.high,
            rules,
        })
    }
}

/// Weighted sums by class.
#[derive(Debug, Clone, Copy, Default)]
struct ClassSums {
    revenue: [f64; 3],
    lost: [f64; 3],
}

impl ClassSums {
    fn loss(&self) -> [Option<f64>; 3] {
        std::array::from_fn(|class| (self.revenue[class] > 0.0).then(|| self.lost[class] / self.revenue[class]))
    }

    /// `None` where promoters have no revenue to compare with.
    fn excess(&self) -> Option<f64> {
        let reference = self.loss()[ResponseClass::Promoter as usize]?;
        let below = [ResponseClass::Detractor as usize, ResponseClass::Passive as usize];
        Some(below.into_iter().map(|class| self.lost[class] - reference * self.revenue[class]).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 100 of each class with revenue 10: detractors keep 50 %, passives 70 %, promoters 80 %.
    fn made() -> (Vec<f64>, Vec<f64>, Vec<f64>) {
        let mut answers = Vec::new();
        let mut kept = Vec::new();
        for (answer, n_kept) in [(2.0, 50), (8.0, 70), (9.0, 80)] {
            answers.extend(std::iter::repeat_n(answer, 100));
            kept.extend((0..100).map(|at| f64::from(u8::from(at < n_kept))));
        }
        (answers, vec![10.0; 300], kept)
    }

    #[test]
    fn excess_losses_by_hand_and_rules_of_thumb_beside_them() {
        let (answers, revenue, kept) = made();
        let rules = [RuleOfThumb::all_of_detractors(), RuleOfThumb::all_but_promoters()];
        let own =
            RevenueAtRiskSettings::default().of(&answers, &revenue, &kept, Sampling::default(), &rules).expect("rows");
        // 1000 (0.5 - 0.2) + 1000 (0.3 - 0.2); losses 500 + 300 + 200.
        assert!((own.excess - 400.0).abs() < 1e-9 && (own.expected_loss - 1000.0).abs() < 1e-9);
        assert!((own.rules[0].revenue - 1000.0).abs() < 1e-9);
        assert!((own.rules[1].times_estimate.expect("an excess") - 5.0).abs() < 1e-9);
        // Delta method: 10 sqrt(100 .25 + 100 .21 + 200^2 .16 / 100) = 105; the interval is about twice that to each side.
        let half = 0.5 * (own.conf_high - own.conf_low);
        assert!((half / (1.96 * 105.0) - 1.0).abs() < 0.1, "{half}");
        assert!(own.conf_low < own.excess && own.excess < own.conf_high);
    }

    #[test]
    fn without_promoters_there_is_nothing_to_compare_with() {
        let settings = RevenueAtRiskSettings::default();
        let refused = settings.of(&[2.0, 8.0], &[1.0, 1.0], &[1.0, 0.0], Sampling::default(), &[]);
        assert!(matches!(refused, Err(MeasureError::TooFew { .. })));
        let refused = settings.of(&[9.0, 8.0], &[1.0, -1.0], &[1.0, 0.0], Sampling::default(), &[]);
        assert!(matches!(refused, Err(MeasureError::Setting { .. })));
    }
}
