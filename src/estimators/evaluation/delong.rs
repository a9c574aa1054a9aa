//! How sure an area under the ROC curve is, and the difference of two, without resampling.

use super::EvaluationError;
use super::classes::{Split, numbers};
use super::error::{check_finite, check_lengths};
use super::order::Order;
use crate::data::Clusters;
use crate::stats::Confidence;
use crate::stats::distributions::normal_two_sided;
use serde::{Deserialize, Serialize};

/// Halvings of the bracket of an interval's end, to the spacing of doubles.
const HALVINGS: usize = 60;

/// The scale on which an area's interval is symmetric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AucScale {
    /// Log odds of the area: stays between 0 and 1 and covers better near 1, so it is the default.
    #[default]
    Logit,
    /// The area itself, as pROC does by default; cut at 0 and 1.
    Plain,
}

/// An area under the ROC curve with its standard error.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RocAuc {
    /// The area.
    pub value: f64,
    /// DeLong's standard error, by customer where there are several rows of one; `None` with a single row (or customer) of
    /// a class.
    pub std_error: Option<f64>,
    /// Rows of class 1.
    pub n_events: usize,
    /// Rows of class 0.
    pub n_others: usize,
    /// Customers with a row of class 1 (rows, where there are no customers).
    pub n_event_customers: usize,
    /// Customers with a row of class 0 (rows, where there are no customers).
    pub n_other_customers: usize,
}

/// Two ends of a confidence interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end.
    pub conf_low: f64,
    /// Upper end.
    pub conf_high: f64,
}

/// The area under the ROC curve with DeLong's variance, in `n log n` operations.
///
/// The variance is that of the placements: the share of class 0 below each row of class 1, and of class 1 above each row of
/// class 0. With `clusters`, placements are summed by customer first (Obuchowski), which is the same where each customer
/// has one row.
///
/// # Errors
/// No rows, different lengths, a score that is not finite, a single class.
///
/// # References
/// DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44(3); Sun and Xu (2014), IEEE Signal Processing Letters 21(11),
/// for the fast form; Obuchowski (1997), Biometrics 53(2), for clusters.
pub fn roc_auc_with_error(
    outcomes: &[bool],
    scores: &[f64],
    clusters: Option<&Clusters>,
) -> Result<RocAuc, EvaluationError> {
    let groups = Groups::of(outcomes, clusters)?;
    let placements = Placements::of(outcomes, scores)?;
    let variance = groups.variance(&placements.centred());
    Ok(RocAuc {
        value: placements.area,
        std_error: variance.map(f64::sqrt),
        n_events: groups.n_events,
        n_others: groups.n_others,
        n_event_customers: groups.n_event_clusters,
        n_other_customers: groups.n_other_clusters,
    })
}

impl RocAuc {
    /// The confidence interval.
    ///
    /// Where DeLong's variance is not there or zero at an area of 0 or 1, which would say that nothing is uncertain, the
    /// interval is Newcombe's: all areas that are not rejected under the variance that they themselves imply, with the
    /// numbers of customers of both classes.
    ///
    /// # References
    /// Pepe (2003), "The Statistical Evaluation of Medical Tests", section 5.2, for the logit; Newcombe (2006), Statistics
    /// in Medicine 25(4), method 5.
    pub fn interval(&self, confidence: Confidence, scale: AucScale) -> Interval {
        let z = confidence.z();
        let inside = self.value > 0.0 && self.value < 1.0;
        match (self.std_error, scale) {
            (Some(std_error), AucScale::Logit) if inside => {
                let odds = (self.value / (1.0 - self.value)).ln();
                let half = z * std_error / (self.value * (1.0 - self.value));
                let back = |odds: f64| 1.0 / (1.0 + (-odds).exp());
                Interval { conf_low: back(odds - half), conf_high: back(odds + half) }
            }
            (Some(std_error), AucScale::Plain) if inside => Interval {
                conf_low: (self.value - z * std_error).max(0.0),
                conf_high: (self.value + z * std_error).min(1.0),
            },
            _ => Interval { conf_low: self.newcombe_end(0.0, z), conf_high: self.newcombe_end(1.0, z) },
        }
    }

    /// The end towards `limit` of the areas that are not rejected.
    fn newcombe_end(&self, limit: f64, z: f64) -> f64 {
        let (events, others) = (self.n_event_customers as f64, self.n_other_customers as f64);
        let rest = 0.5 * (events + others) - 1.0;
        let is_inside = |area: f64| {
            let pairs = (1.0 - area) / (2.0 - area) + area / (1.0 + area);
            let variance = area * (1.0 - area) * (1.0 + rest * pairs) / (events * others);
            (self.value - area).powi(2) <= z * z * variance
        };
        let (mut inside, mut outside) = (self.value, limit);
        for _ in 0..HALVINGS {
            let middle = 0.5 * (inside + outside);
            *(if is_inside(middle) { &mut inside } else { &mut outside }) = middle;
        }
        0.5 * (inside + outside)
    }
}

/// The difference of two areas on the same rows, challenger less champion, by DeLong's test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AucDifference {
    /// The champion's area.
    pub champion: f64,
    /// The challenger's area.
    pub challenger: f64,
    /// Challenger less champion.
    pub difference: f64,
    /// Standard error of the difference, by customer where there are several rows of one.
    pub std_error: f64,
    /// The difference over its standard error; 0 where both models order all rows alike.
    pub statistic: f64,
    /// Probability of a statistic at least as far from zero if the areas were equal.
    pub p_value: f64,
    /// Lower end of the difference's confidence interval.
    pub conf_low: f64,
    /// Upper end of the difference's confidence interval.
    pub conf_high: f64,
}

/// Compares two models' scores of the same rows by the areas under their ROC curves.
///
/// # Errors
/// No rows, different lengths, a score that is not finite, a single class or a single row (or customer) of one.
///
/// # References
/// DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44(3); Obuchowski (1997), Biometrics 53(2), for clusters.
pub fn compare_roc_auc(
    outcomes: &[bool],
    champion: &[f64],
    challenger: &[f64],
    clusters: Option<&Clusters>,
    confidence: Confidence,
) -> Result<AucDifference, EvaluationError> {
    let groups = Groups::of(outcomes, clusters)?;
    let (first, second) = (Placements::of(outcomes, champion)?, Placements::of(outcomes, challenger)?);
    // The placements are differenced before anything is squared, so that models that almost agree lose no digits.
    let gaps: Vec<f64> = first.centred().iter().zip(second.centred()).map(|(first, second)| second - first).collect();
    let std_error = groups.variance(&gaps).ok_or(EvaluationError::OneClass)?.sqrt();
    let difference = second.area - first.area;
    let statistic = if std_error > 0.0 { difference / std_error } else { 0.0 };
    let half = confidence.z() * std_error;
    Ok(AucDifference {
        champion: first.area,
        challenger: second.area,
        difference,
        std_error,
        statistic,
        p_value: normal_two_sided(statistic),
        conf_low: difference - half,
        conf_high: difference + half,
    })
}

/// The share of the other class that each row is on the right side of, ties counting half.
struct Placements {
    of_row: Vec<f64>,
    area: f64,
}

impl Placements {
    fn of(outcomes: &[bool], scores: &[f64]) -> Result<Self, EvaluationError> {
        check_lengths(outcomes.len(), scores.len())?;
        check_finite(scores)?;
        let (outcomes, weights) = (numbers(outcomes), vec![1.0; scores.len()]);
        let all = Split::of_both(&outcomes, &weights)?;
        let order = Order::of(scores);
        let (mut of_row, mut below, mut pairs) = (vec![0.0; scores.len()], Split::default(), 0.0);
        for group in order.groups() {
            let tied = Split::of(group, &outcomes, &weights);
            let others_below = below.others + 0.5 * tied.others;
            let events_above = all.events - below.events - 0.5 * tied.events;
            for &row in group {
                of_row[row] = if outcomes[row] > 0.5 { others_below / all.others } else { events_above / all.events };
            }
            pairs += tied.events * others_below;
            below = Split { events: below.events + tied.events, others: below.others + tied.others };
        }
        Ok(Self { of_row, area: pairs / (all.events * all.others) })
    }

    fn centred(&self) -> Vec<f64> {
        self.of_row.iter().map(|placement| placement - self.area).collect()
    }
}

/// Which rows belong together, and how many there are of each class.
struct Groups<'a> {
    is_event: &'a [bool],
    clusters: Option<&'a Clusters>,
    n_events: usize,
    n_others: usize,
    n_event_clusters: usize,
    n_other_clusters: usize,
}

impl<'a> Groups<'a> {
    fn of(is_event: &'a [bool], clusters: Option<&'a Clusters>) -> Result<Self, EvaluationError> {
        if let Some(clusters) = clusters {
            check_lengths(is_event.len(), clusters.codes().len())?;
        }
        let n_events = is_event.iter().filter(|&&is_event| is_event).count();
        let n_others = is_event.len() - n_events;
        let (n_event_clusters, n_other_clusters) = match clusters {
            None => (n_events, n_others),
            Some(clusters) => {
                let with = |class: bool| {
                    let mut seen = vec![false; clusters.n_clusters()];
                    clusters.codes().iter().zip(is_event).for_each(|(&code, &is)| seen[code as usize] |= is == class);
                    seen.into_iter().filter(|&seen| seen).count()
                };
                (with(true), with(false))
            }
        };
        Ok(Self { is_event, clusters, n_events, n_others, n_event_clusters, n_other_clusters })
    }

    /// The variance of the mean placement over both classes, from centred placements; `None` with one cluster of a class.
    fn variance(&self, centred: &[f64]) -> Option<f64> {
        if self.n_event_clusters < 2 || self.n_other_clusters < 2 {
            return None;
        }
        let n_clusters = self.clusters.map_or(centred.len(), Clusters::n_clusters);
        let mut sums = vec![Split::default(); n_clusters];
        for (row, (&placement, &is_event)) in centred.iter().zip(self.is_event).enumerate() {
            let cluster = self.clusters.map_or(row, |clusters| clusters.codes()[row] as usize);
            *(if is_event { &mut sums[cluster].events } else { &mut sums[cluster].others }) += placement;
        }
        let factor = |n: usize| n as f64 / (n as f64 - 1.0);
        let (events, others) = (self.n_events as f64, self.n_others as f64);
        let of_events: f64 = sums.iter().map(|sum| sum.events * sum.events).sum();
        let of_others: f64 = sums.iter().map(|sum| sum.others * sum.others).sum();
        let of_both: f64 = sums.iter().map(|sum| sum.events * sum.others).sum();
        let variance = factor(self.n_event_clusters) * of_events / events.powi(2)
            + factor(self.n_other_clusters) * of_others / others.powi(2)
            + 2.0 * factor(n_clusters) * of_both / (events * others);
        Some(variance.max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTCOMES: [bool; 6] = [true, true, true, false, false, false];

    #[test]
    fn variance_by_hand() {
        // Placements of class 1: 1, 2/3, 1/3 around 2/3; of class 0: 1, 2/3, 1/3. Variance (1/9 + 1/9) / 3.
        let auc = roc_auc_with_error(&OUTCOMES, &[9.0, 5.0, 3.0, 1.0, 4.0, 6.0], None).expect("both classes");
        assert!((auc.value - 2.0 / 3.0).abs() < 1e-15);
        assert!((auc.std_error.expect("two of each").powi(2) - 2.0 / 27.0).abs() < 1e-15);
    }

    #[test]
    fn one_row_a_customer_changes_nothing() {
        let scores = [9.0, 5.0, 3.0, 1.0, 4.0, 6.0];
        let alone = roc_auc_with_error(&OUTCOMES, &scores, None);
        assert_eq!(roc_auc_with_error(&OUTCOMES, &scores, Some(&Clusters::from_labels(0..6))), alone);
    }

    #[test]
    fn a_perfect_area_is_not_certain() {
        let auc = roc_auc_with_error(&OUTCOMES, &[7.0, 8.0, 9.0, 1.0, 2.0, 3.0], None).expect("both classes");
        assert_eq!((auc.value, auc.std_error), (1.0, Some(0.0)));
        let interval = auc.interval(Confidence::default(), AucScale::Logit);
        assert!(interval.conf_low > 0.3 && interval.conf_low < 0.9, "{interval:?}");
        assert!((interval.conf_high - 1.0).abs() < 1e-12);
    }

    #[test]
    fn one_event_has_an_area_and_a_wide_interval() {
        let auc = roc_auc_with_error(&[true, false, false, false], &[3.0, 1.0, 2.0, 4.0], None).expect("both classes");
        assert_eq!(auc.std_error, None);
        let interval = auc.interval(Confidence::default(), AucScale::Plain);
        assert!(interval.conf_low < 0.25 && interval.conf_high > 0.9, "{interval:?}");
    }

    #[test]
    fn scores_all_tied_are_half() {
        let auc = roc_auc_with_error(&OUTCOMES, &[1.0; 6], None).expect("both classes");
        assert_eq!((auc.value, auc.std_error), (0.5, Some(0.0)));
    }

    #[test]
    fn a_model_against_itself_makes_no_difference() {
        let scores = [0.9, 0.2, 0.5, 0.5, 0.1, 0.3];
        // Any rising function orders the rows alike.
        let same = scores.map(|score: f64| score.exp());
        let test = compare_roc_auc(&OUTCOMES, &scores, &same, None, Confidence::default()).expect("both classes");
        assert_eq!((test.difference, test.statistic, test.p_value), (0.0, 0.0, 1.0));
    }

    #[test]
    fn the_order_of_the_rows_does_not_matter() {
        let scores = [0.9, 0.2, 0.5, 0.5, 0.1, 0.3];
        let rows = [4, 2, 5, 0, 3, 1];
        let plain = roc_auc_with_error(&OUTCOMES, &scores, None).expect("both classes");
        let mixed = roc_auc_with_error(&rows.map(|row| OUTCOMES[row]), &rows.map(|row| scores[row]), None);
        let (plain, mixed) = (plain.std_error.expect("two"), mixed.expect("both classes").std_error.expect("two"));
        assert!((plain - mixed).abs() < 1e-15);
    }

    #[test]
    fn a_single_class_is_refused() {
        assert_eq!(roc_auc_with_error(&[true; 3], &[1.0, 2.0, 3.0], None), Err(EvaluationError::OneClass));
        let both = compare_roc_auc(&[false; 2], &[1.0, 2.0], &[2.0, 1.0], None, Confidence::default());
        assert_eq!(both, Err(EvaluationError::OneClass));
    }
}
