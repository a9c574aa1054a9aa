//! What a fitted model expected beside what was bought.

use super::bg_nbd_model::BgNbdModel;
use super::error::BuyTillYouDieError;
use super::history::{History, Horizon};
use super::purchase_log::{Calibration, Purchase, PurchaseLog, TimeUnit};
use crate::findings::{Finding, FindingKind, Severity};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Customers of one task.
const TASK_ROWS: usize = 64;

/// Settings of a hold-out test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HoldOut {
    /// Days of one period of the report: seven by default.
    pub period_days: u32,
    /// The share of the actual purchases that the model may miss before a finding says so: 0.1 by default.
    pub miss_share: f64,
}

impl Default for HoldOut {
    fn default() -> Self {
        Self { period_days: 7, miss_share: 0.1 }
    }
}

/// Purchases until the end of a period.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TrackedPeriod {
    /// The period, from 1.
    pub period: usize,
    /// Its last day.
    pub last_day: i64,
    /// Purchases that the model expects until then.
    pub predicted: f64,
    /// Purchases until then.
    pub actual: usize,
}

/// Predictions held against purchases that the fit has not seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HoldOutReport {
    /// Cumulative purchases in the hold-out, predicted from every customer's history at the end of the calibration.
    pub hold_out: Vec<TrackedPeriod>,
    /// Cumulative repeat purchases since the first customer came, predicted from nothing but the days on which the
    /// customers came: through the calibration, where it shows the fit, and on through the hold-out.
    pub tracking: Vec<TrackedPeriod>,
    /// Purchases predicted for the whole hold-out.
    pub predicted: f64,
    /// Purchases in the whole hold-out.
    pub actual: usize,
    /// `predicted - actual`.
    pub gap: f64,
    /// The gap as a share of the actual purchases; `None` where there were none.
    pub gap_share: Option<f64>,
    /// Customers followed.
    pub n_customers: usize,
    /// What a reader must know beside the numbers.
    pub findings: Vec<Finding>,
}

impl HoldOut {
    /// Follows the customers of the calibration from its end to `last_day`, the last on which the log is complete.
    ///
    /// Customers who came later are not followed. Days after the last whole period are left out.
    ///
    /// # Errors
    /// A period of no days, a share below zero, a hold-out shorter than a period.
    pub fn report(
        &self,
        log: &PurchaseLog,
        calibration: &Calibration,
        model: &BgNbdModel,
        last_day: i64,
    ) -> Result<HoldOutReport, BuyTillYouDieError> {
        self.check()?;
        let period = i64::from(self.period_days);
        let start = calibration.last_day();
        let n_days = last_day.saturating_sub(start);
        if n_days < period {
            return Err(BuyTillYouDieError::NoHoldOut { n_days, period_days: self.period_days });
        }
        let repeats = followed(log, calibration);
        let unit = calibration.unit();
        let later = Periods { start, length: period, n_periods: (n_days / period) as usize };
        let predictions = predicted_from_histories(model, calibration, &later.horizons(unit));
        let hold_out = later.tracked(&repeats, predictions);
        // The day before the first customer came, as periods begin after their start.
        let first = calibration.first_days().iter().copied().min().unwrap_or(start).saturating_sub(1);
        let whole = later.last_day().saturating_sub(first);
        let all = Periods { start: first, length: period, n_periods: (whole / period) as usize };
        let predictions = predicted_from_first_days(model, calibration, first, &all.horizons(unit));
        let tracking = all.tracked(&repeats, predictions);
        let (predicted, actual) = hold_out.last().map_or((0.0, 0), |last| (last.predicted, last.actual));
        let gap = predicted - actual as f64;
        let gap_share = (actual > 0).then(|| gap / actual as f64);
        let missed = gap_share.map_or(gap > self.miss_share, |share| share.abs() > self.miss_share);
        Ok(HoldOutReport {
            hold_out,
            tracking,
            predicted,
            actual,
            gap,
            gap_share,
            n_customers: calibration.customers().n_customers(),
            findings: missed.then(|| missed_finding(predicted, actual, gap_share)).into_iter().collect(),
        })
    }

    fn check(&self) -> Result<(), BuyTillYouDieError> {
        if self.period_days == 0 {
            return Err(BuyTillYouDieError::Setting { what: "the period", value: 0.0, range: "at least one day" });
        }
        if self.miss_share >= 0.0 {
            Ok(())
        } else {
            let value = self.miss_share;
            Err(BuyTillYouDieError::Setting { what: "the share that may be missed", value, range: "zero or more" })
        }
    }
}

/// Periods of equal length, the first beginning on the day after `start`.
struct Periods {
    start: i64,
    length: i64,
    n_periods: usize,
}

impl Periods {
    fn last_day(&self) -> i64 {
        self.start.saturating_add(self.n_periods as i64 * self.length)
    }

    fn ends(&self) -> impl Iterator<Item = i64> {
        (1..=self.n_periods).map(|period| self.start.saturating_add(period as i64 * self.length))
    }

    /// The time from the start to the end of each period.
    fn horizons(&self, unit: TimeUnit) -> Vec<Horizon> {
        self.ends().map(|end| Horizon::of_age(unit.between(self.start, end))).collect()
    }

    /// The running sum of the occasions beside what is predicted until the end of each period.
    fn tracked(&self, occasions: &[&Purchase], predictions: Vec<f64>) -> Vec<TrackedPeriod> {
        let mut counts = vec![0; self.n_periods];
        for occasion in occasions.iter().filter(|occasion| occasion.day > self.start) {
            let place = (occasion.day.saturating_sub(self.start) - 1) / self.length;
            if let Some(count) = usize::try_from(place).ok().and_then(|place| counts.get_mut(place)) {
                *count += 1;
            }
        }
        let mut actual = 0;
        let rows = predictions.into_iter().zip(counts).zip(self.ends()).enumerate();
        rows.map(|(place, ((predicted, count), last_day))| {
            actual += count;
            TrackedPeriod { period: place + 1, last_day, predicted, actual }
        })
        .collect()
    }
}

/// The repeat occasions of the customers of the calibration, those after it included.
fn followed<'l>(log: &'l PurchaseLog, calibration: &Calibration) -> Vec<&'l Purchase> {
    let mut codes = calibration.codes().iter().peekable();
    let known = log.by_customer().filter(|occasions| codes.next_if(|&&code| code == occasions[0].customer).is_some());
    known.flat_map(|occasions| &occasions[1..]).collect()
}

/// Expected purchases of all customers within each horizon after the calibration.
fn predicted_from_histories(model: &BgNbdModel, calibration: &Calibration, horizons: &[Horizon]) -> Vec<f64> {
    let mut histories = calibration.customers().histories().to_vec();
    let key = |history: &History| (history.frequency(), history.recency().to_bits(), history.age().to_bits());
    histories.par_sort_unstable_by_key(key);
    let cells: Vec<&[History]> = histories.chunk_by(|left, right| key(left) == key(right)).collect();
    let cell = |cell: &&[History]| {
        let each = horizons.iter().map(|&horizon| model.expected_purchases(&cell[0], horizon));
        each.map(|expected| expected * cell.len() as f64).collect()
    };
    summed(&cells, horizons.len(), cell)
}

/// Expected repeat purchases of all customers from the day they came until each horizon after `start`.
fn predicted_from_first_days(
    model: &BgNbdModel,
    calibration: &Calibration,
    start: i64,
    horizons: &[Horizon],
) -> Vec<f64> {
    let mut days: BTreeMap<i64, usize> = BTreeMap::new();
    calibration.first_days().iter().for_each(|&day| *days.entry(day).or_insert(0) += 1);
    let days: Vec<(f64, f64)> =
        days.into_iter().map(|(day, n)| (calibration.unit().between(start, day), n as f64)).collect();
    summed(&days, horizons.len(), |&(came, n)| {
        let since = |horizon: &Horizon| Horizon::of_age((horizon.length() - came).max(0.0));
        horizons.iter().map(|horizon| n * model.new_customer_purchases(since(horizon))).collect()
    })
}

/// Sums of what each item gives, in parallel and in a fixed order.
fn summed<T: Sync>(items: &[T], n: usize, give: impl Fn(&T) -> Vec<f64> + Sync) -> Vec<f64> {
    let add = |mut total: Vec<f64>, more: Vec<f64>| {
        total.iter_mut().zip(more).for_each(|(sum, value)| *sum += value);
        total
    };
    let tasks: Vec<Vec<f64>> =
        items.par_chunks(TASK_ROWS).map(|items| items.iter().map(&give).fold(vec![0.0; n], add)).collect();
    tasks.into_iter().fold(vec![0.0; n], add)
}

fn missed_finding(predicted: f64, actual: usize, gap_share: Option<f64>) -> Finding {
    let of_actual = gap_share.map_or_else(String::new, |share| format!(", {:.0} % of them", 100.0 * share.abs()));
    let side = if predicted > actual as f64 { "too many" } else { "too few" };
    let gap = (predicted - actual as f64).abs();
    let sentence = format!(
        "After the calibration the model expected {predicted:.0} purchases and {actual} were made: {gap:.0} {side}{of_actual}."
    );
    let finding = Finding::new(FindingKind::Unreliable, Severity::Warning, "BG/NBD", sentence)
        .number("predicted", predicted)
        .number("actual", actual as f64);
    match gap_share {
        Some(share) => finding.number("gap_share", share),
        None => finding,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model() -> BgNbdModel {
        BgNbdModel::new(0.243, 4.414, 0.793, 2.426).expect("positive")
    }

    /// Three customers until day 28; the last came later. Days 29 to 42 are two weeks of hold-out.
    fn log() -> PurchaseLog {
        let purchases = [(1, 0), (1, 14), (1, 29), (1, 36), (1, 44), (2, 10), (2, 35), (3, 28), (4, 30), (4, 33)];
        let purchases = purchases.map(|(customer, day)| Purchase { customer, day, value: 1.0 });
        PurchaseLog::new(purchases.to_vec()).expect("purchases")
    }

    fn report(settings: HoldOut, last_day: i64) -> Result<HoldOutReport, BuyTillYouDieError> {
        let calibration = log().calibrate(28, TimeUnit::Weeks).expect("customers");
        settings.report(&log(), &calibration, &model(), last_day)
    }

    #[test]
    fn actual_purchases_fall_into_their_weeks_and_newcomers_are_not_followed() {
        let report = report(HoldOut::default(), 45).expect("a hold-out");
        // Days 29 and 35 belong to the first week, day 36 to the second; day 44 comes after the last whole week.
        let got: Vec<(i64, usize)> = report.hold_out.iter().map(|period| (period.last_day, period.actual)).collect();
        assert_eq!(got, [(35, 2), (42, 3)]);
        // Six weeks from the day before day 0 end on day 41: repeat purchases on days 14, 29, 35 and 36.
        let got: Vec<usize> = report.tracking.iter().map(|period| period.actual).collect();
        assert_eq!(got, [0, 0, 1, 1, 2, 4]);
        assert_eq!((report.actual, report.n_customers), (3, 3));
    }

    #[test]
    fn predictions_are_sums_over_customers() {
        let report = report(HoldOut::default(), 42).expect("a hold-out");
        let histories = [(1, 2.0, 4.0), (0, 0.0, 18.0 / 7.0), (0, 0.0, 0.0)];
        let two_weeks = Horizon::new(2.0).expect("a length");
        let want: f64 = histories
            .iter()
            .map(|&(x, t_x, age)| History::new(x, t_x, age).expect("possible"))
            .map(|history| model().expected_purchases(&history, two_weeks))
            .sum();
        assert!((report.predicted - want).abs() < 1e-14);
        assert!((report.gap - (want - 3.0)).abs() < 1e-14);
        // The day before day 0 plus 28 days: customers came 1/7, 11/7 and 29/7 weeks after that start.
        let since = [4.0 - 1.0 / 7.0, 4.0 - 11.0 / 7.0];
        let since = since.map(|length| model().new_customer_purchases(Horizon::new(length).expect("a length")));
        assert!((report.tracking[3].predicted - (since[0] + since[1])).abs() < 1e-14);
    }

    #[test]
    fn a_miss_beyond_the_stated_share_is_a_finding() {
        let share = report(HoldOut::default(), 42).expect("a hold-out").gap_share.expect("purchases");
        assert!(share < -0.5);
        let findings =
            |miss_share| report(HoldOut { miss_share, ..HoldOut::default() }, 42).expect("a hold-out").findings;
        assert!(findings(0.99 * share.abs())[0].sentence.contains("too few"));
        assert!(findings(1.01 * share.abs()).is_empty());
    }

    #[test]
    fn no_whole_period_is_an_error() {
        let error = report(HoldOut::default(), 34).expect_err("too short");
        assert_eq!(error, BuyTillYouDieError::NoHoldOut { n_days: 6, period_days: 7 });
        assert!(report(HoldOut { period_days: 0, ..HoldOut::default() }, 42).is_err());
        assert!(report(HoldOut { miss_share: f64::NAN, ..HoldOut::default() }, 42).is_err());
    }
}
