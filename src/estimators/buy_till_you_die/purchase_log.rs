//! From a log of purchases to customers, and the days after the calibration kept for the test.

use super::customers::{Customers, check_values};
use super::error::BuyTillYouDieError;
use super::history::History;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Microseconds of a day.
const DAY_MICROS: i64 = 86_400_000_000;

/// One purchase.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Purchase {
    /// Who bought, as a code of the caller's.
    pub customer: u32,
    /// The day, counted from any day; purchases of one customer on one day are one occasion.
    pub day: i64,
    /// What it was worth; zero where that is not known or nothing was paid.
    pub value: f64,
}

impl Purchase {
    /// A purchase at an instant in microseconds UTC, on the day of UTC.
    pub fn at_micros(customer: u32, instant_micros: i64, value: f64) -> Self {
        Self { customer, day: instant_micros.div_euclid(DAY_MICROS), value }
    }
}

/// The unit in which a model measures time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TimeUnit {
    /// Days.
    Days,
    /// Weeks, as in most of the literature.
    #[default]
    Weeks,
}

impl TimeUnit {
    /// The word used in JSON, tables and reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Days => "days",
            Self::Weeks => "weeks",
        }
    }

    /// Days of one unit.
    pub fn days(self) -> f64 {
        match self {
            Self::Days => 1.0,
            Self::Weeks => 7.0,
        }
    }

    /// The time from one day to a later one.
    pub fn between(self, from_day: i64, to_day: i64) -> f64 {
        to_day.saturating_sub(from_day) as f64 / self.days()
    }
}

/// Purchase occasions by customer and day: all that a customer bought on one day is one of them.
#[derive(Debug, Clone, PartialEq)]
pub struct PurchaseLog {
    occasions: Vec<Purchase>,
}

/// Customers as they stood at the end of a day.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    customers: Customers,
    codes: Vec<u32>,
    first_days: Vec<i64>,
    last_day: i64,
    unit: TimeUnit,
    n_later: usize,
}

impl PurchaseLog {
    /// Merges the purchases of one customer on one day into one occasion with the sum of their values.
    ///
    /// Without the merging, a basket that was entered in several lines looks like a customer who comes back at once.
    ///
    /// # Errors
    /// No purchase; a value that is negative or not finite, as of a return, with its row.
    pub fn new(mut purchases: Vec<Purchase>) -> Result<Self, BuyTillYouDieError> {
        check_values(purchases.iter().map(|purchase| purchase.value))?;
        if purchases.is_empty() {
            return Err(BuyTillYouDieError::NoCustomers);
        }
        // A stable sort: the order in which values are added does not depend on the threads.
        purchases.par_sort_by_key(|purchase| (purchase.customer, purchase.day));
        let same_occasion =
            |left: &Purchase, right: &Purchase| (left.customer, left.day) == (right.customer, right.day);
        let occasions = purchases
            .chunk_by(same_occasion)
            .map(|lines| Purchase { value: lines.iter().map(|line| line.value).sum(), ..lines[0] })
            .collect();
        Ok(Self { occasions })
    }

    /// One purchase an occasion, sorted by customer and day.
    pub fn occasions(&self) -> &[Purchase] {
        &self.occasions
    }

    /// Customers with what they had bought by the end of `last_day`; who first bought later is counted and left out.
    ///
    /// The age runs from the first purchase to `last_day`. The mean value is that of the repeat occasions, without the
    /// first one, as Fader, Hardie and Lee have it: the first purchase is often a trial at another price.
    ///
    /// # Errors
    /// Nobody who had bought by then.
    pub fn calibrate(&self, last_day: i64, unit: TimeUnit) -> Result<Calibration, BuyTillYouDieError> {
        let (mut histories, mut mean_values) = (Vec::new(), Vec::new());
        let (mut codes, mut first_days) = (Vec::new(), Vec::new());
        let mut n_later = 0;
        for (row, occasions) in self.by_customer().enumerate() {
            let known = &occasions[..occasions.partition_point(|occasion| occasion.day <= last_day)];
            let Some((first, repeats)) = known.split_first() else {
                n_later += 1;
                continue;
            };
            let recency = repeats.last().map_or(0.0, |last| unit.between(first.day, last.day));
            let history = History::new(repeats.len() as u32, recency, unit.between(first.day, last_day))
                .map_err(|cause| BuyTillYouDieError::History { row: row + 1, cause })?;
            histories.push(history);
            let spent: f64 = repeats.iter().map(|occasion| occasion.value).sum();
            mean_values.push(if repeats.is_empty() { 0.0 } else { spent / repeats.len() as f64 });
            codes.push(first.customer);
            first_days.push(first.day);
        }
        let customers = Customers::new(histories)?.valued(mean_values)?;
        Ok(Calibration { customers, codes, first_days, last_day, unit, n_later })
    }

    /// The occasions of every customer, in the order of the codes.
    pub(super) fn by_customer(&self) -> impl Iterator<Item = &[Purchase]> {
        self.occasions.chunk_by(|left, right| left.customer == right.customer)
    }
}

impl Calibration {
    /// The customers, with mean values, in ascending order of their codes.
    pub fn customers(&self) -> &Customers {
        &self.customers
    }

    /// The code of every customer.
    pub fn codes(&self) -> &[u32] {
        &self.codes
    }

    /// The day of every customer's first purchase.
    pub fn first_days(&self) -> &[i64] {
        &self.first_days
    }

    /// The last day of the calibration.
    pub fn last_day(&self) -> i64 {
        self.last_day
    }

    /// The unit of the histories.
    pub fn unit(&self) -> TimeUnit {
        self.unit
    }

    /// Customers of the log who first bought after the calibration.
    pub fn n_later(&self) -> usize {
        self.n_later
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn purchase(customer: u32, day: i64, value: f64) -> Purchase {
        Purchase { customer, day, value }
    }

    fn log() -> PurchaseLog {
        PurchaseLog::new(vec![
            purchase(9, 20, 5.0),
            purchase(4, 0, 10.0),
            purchase(4, 14, 3.0),
            purchase(4, 14, 4.0),
            purchase(4, 7, 2.0),
            purchase(4, 30, 50.0),
            purchase(7, 29, 1.0),
        ])
        .expect("purchases")
    }

    #[test]
    fn purchases_of_one_day_are_one_occasion() {
        let occasions = log().occasions().to_vec();
        assert_eq!(occasions.len(), 6);
        assert_eq!(occasions[2], purchase(4, 14, 7.0));
    }

    #[test]
    fn customers_stand_as_at_the_end_of_the_day() {
        let calibration = log().calibrate(28, TimeUnit::Weeks).expect("customers");
        assert_eq!((calibration.codes(), calibration.first_days()), (&[4, 9][..], &[0, 20][..]));
        let histories = calibration.customers().histories();
        // The first: on days 7 and 14 after day 0, seen until day 28; what came on day 30 is not known yet.
        assert_eq!(histories[0], History::new(2, 2.0, 4.0).expect("possible"));
        assert_eq!(histories[1], History::new(0, 0.0, 8.0 / 7.0).expect("possible"));
        // (2 + 7) / 2 without the first purchase of 10.
        assert_eq!(calibration.customers().mean_values(), Some(&[4.5, 0.0][..]));
        assert_eq!(calibration.n_later(), 1);
        let in_days = log().calibrate(28, TimeUnit::Days).expect("customers");
        assert_eq!(in_days.customers().histories()[0], History::new(2, 14.0, 28.0).expect("possible"));
    }

    #[test]
    fn a_purchase_on_the_last_day_counts() {
        let calibration = log().calibrate(14, TimeUnit::Days).expect("customers");
        assert_eq!(calibration.customers().histories()[0].frequency(), 2);
    }

    #[test]
    fn instants_before_1970_have_their_own_day() {
        assert_eq!(Purchase::at_micros(1, -1, 0.0).day, -1);
        assert_eq!(Purchase::at_micros(1, 2 * DAY_MICROS, 0.0).day, 2);
    }

    #[test]
    fn returns_and_empty_logs_are_refused() {
        let of = |value| PurchaseLog::new(vec![purchase(1, 0, 2.0), purchase(1, 5, value)]);
        assert_eq!(of(-3.0), Err(BuyTillYouDieError::Value { row: 2, value: -3.0 }));
        assert!(of(f64::NAN).is_err());
        assert_eq!(PurchaseLog::new(Vec::new()), Err(BuyTillYouDieError::NoCustomers));
        assert_eq!(log().calibrate(-1, TimeUnit::Days), Err(BuyTillYouDieError::NoCustomers));
    }
}
