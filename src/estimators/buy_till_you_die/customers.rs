//! The customers that a model is fitted to or predicts.

use super::error::BuyTillYouDieError;
use super::history::{History, HistoryError};

/// Beyond this size a product of amounts would overflow.
const LARGEST: f64 = 1e140;

/// At least one customer, each with a possible history, and what their purchases were worth where that is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Customers {
    histories: Vec<History>,
    mean_values: Option<Vec<f64>>,
}

impl Customers {
    /// Customers from their histories; add values with [`Customers::valued`].
    ///
    /// # Errors
    /// No customer.
    pub fn new(histories: Vec<History>) -> Result<Self, BuyTillYouDieError> {
        if histories.is_empty() {
            return Err(BuyTillYouDieError::NoCustomers);
        }
        Ok(Self { histories, mean_values: None })
    }

    /// Customers from columns, one row each: repeat purchases, time from the first to the last purchase, and time from
    /// the first purchase to the end of the calibration.
    ///
    /// # Errors
    /// No rows, columns of different length, an impossible history with its row.
    ///
    /// # Example
    /// ```
    /// use advocate::estimators::buy_till_you_die::Customers;
    /// let customers = Customers::from_columns(&[2.0, 0.0], &[30.43, 0.0], &[38.86, 38.86])?;
    /// assert_eq!(customers.n_customers(), 2);
    /// let error = Customers::from_columns(&[2.0], &[40.0], &[38.86]).unwrap_err();
    /// assert!(error.to_string().starts_with("row 1"));
    /// # Ok::<(), advocate::estimators::buy_till_you_die::BuyTillYouDieError>(())
    /// ```
    pub fn from_columns(frequency: &[f64], recency: &[f64], age: &[f64]) -> Result<Self, BuyTillYouDieError> {
        same_rows("recency", recency.len(), frequency.len())?;
        same_rows("age", age.len(), frequency.len())?;
        let rows = frequency.iter().zip(recency).zip(age).enumerate();
        let histories = rows
            .map(|(row, ((&frequency, &recency), &age))| {
                whole(frequency)
                    .and_then(|frequency| History::new(frequency, recency, age))
                    .map_err(|cause| BuyTillYouDieError::History { row: row + 1, cause })
            })
            .collect::<Result<_, _>>()?;
        Self::new(histories)
    }

    /// The same customers with the mean value of their repeat purchases; zero where there are none.
    ///
    /// # Errors
    /// Not one value a customer; a value that is negative or not finite.
    pub fn valued(self, mean_values: Vec<f64>) -> Result<Self, BuyTillYouDieError> {
        same_rows("mean value", mean_values.len(), self.histories.len())?;
        check_values(mean_values.iter().copied())?;
        Ok(Self { mean_values: Some(mean_values), ..self })
    }

    /// One history a customer.
    pub fn histories(&self) -> &[History] {
        &self.histories
    }

    /// The mean value of every customer's repeat purchases, where known.
    pub fn mean_values(&self) -> Option<&[f64]> {
        self.mean_values.as_deref()
    }

    /// Number of customers, at least one.
    pub fn n_customers(&self) -> usize {
        self.histories.len()
    }

    /// Customers with a repeat purchase.
    pub fn n_repeaters(&self) -> usize {
        self.histories.iter().filter(|history| history.frequency() > 0).count()
    }
}

/// Refuses amounts that cannot be computed with.
pub(super) fn check_values(mut values: impl Iterator<Item = f64>) -> Result<(), BuyTillYouDieError> {
    let refused = values.by_ref().enumerate().find(|(_, value)| !(0.0..=LARGEST).contains(value));
    refused.map_or(Ok(()), |(row, value)| Err(BuyTillYouDieError::Value { row: row + 1, value }))
}

fn whole(frequency: f64) -> Result<u32, HistoryError> {
    if !(0.0..=f64::from(u32::MAX)).contains(&frequency) {
        Err(HistoryError::OutOfRange { what: "the frequency", value: frequency })
    } else if frequency.fract() > 0.0 {
        Err(HistoryError::NotWhole { value: frequency })
    } else {
        Ok(frequency as u32)
    }
}

fn same_rows(column: &'static str, n_found: usize, n_expected: usize) -> Result<(), BuyTillYouDieError> {
    if n_found == n_expected { Ok(()) } else { Err(BuyTillYouDieError::RowCount { column, n_found, n_expected }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_names_its_row() {
        let of = |frequency: f64| Customers::from_columns(&[0.0, frequency], &[0.0, 1.0], &[2.0, 2.0]).map(|_| ());
        let cause = |cause| Err(BuyTillYouDieError::History { row: 2, cause });
        assert_eq!(of(1.5), cause(HistoryError::NotWhole { value: 1.5 }));
        assert_eq!(of(0.0), cause(HistoryError::RecencyWithoutRepeat { recency: 1.0 }));
        assert_eq!(of(-1.0), cause(HistoryError::OutOfRange { what: "the frequency", value: -1.0 }));
        assert_eq!(of(1.0), Ok(()));
    }

    #[test]
    fn values_belong_to_customers_and_are_not_negative() {
        let customers = Customers::from_columns(&[1.0, 0.0], &[1.0, 0.0], &[2.0, 2.0]).expect("possible");
        let missing = BuyTillYouDieError::RowCount { column: "mean value", n_found: 1, n_expected: 2 };
        assert_eq!(customers.clone().valued(vec![3.0]), Err(missing));
        let negative = BuyTillYouDieError::Value { row: 1, value: -3.0 };
        assert_eq!(customers.valued(vec![-3.0, 0.0]), Err(negative));
    }

    #[test]
    fn nobody_is_refused() {
        assert_eq!(Customers::from_columns(&[], &[], &[]), Err(BuyTillYouDieError::NoCustomers));
    }
}
