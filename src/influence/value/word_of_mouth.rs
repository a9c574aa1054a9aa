//! Revenue that came by word of mouth, beside what customers bought again, with no purchase counted twice.

use crate::influence::InfluenceError;
use crate::influence::edges::check_length;
use serde::{Deserialize, Serialize};

/// One purchase; amounts in ten-thousandths of the currency, so that sums are exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purchase {
    /// Who bought.
    pub customer: u32,
    /// When, UTC microseconds.
    pub time: i64,
    /// The amount in ten-thousandths; negative for a return.
    pub amount: i64,
}

/// How customers came.
#[derive(Debug, Clone, Copy)]
pub struct WordOfMouth<'data> {
    /// Who referred each customer first; `None` for those who came on their own.
    pub first_referrer: &'data [Option<u32>],
    /// When that was, UTC microseconds; purchases before it are the customer's own.
    pub referred_at: &'data [Option<i64>],
}

/// Revenue in four parts that sum to the whole, in ten-thousandths of the currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WordOfMouthRevenue {
    /// First purchases of those who came on their own, and what the referred had bought first before they were referred.
    pub own_first: i64,
    /// All later purchases of the same customers.
    pub own_repeat: i64,
    /// First purchases of those who were referred.
    pub referred_first: i64,
    /// All later purchases of those who were referred.
    pub referred_repeat: i64,
    /// For each customer the revenue of those directly referred, each purchase under one referrer.
    pub brought: Vec<i64>,
}

impl WordOfMouthRevenue {
    /// All revenue.
    pub fn total(&self) -> i64 {
        self.own_first + self.own_repeat + self.referred_first + self.referred_repeat
    }

    /// Revenue of the referred: word of mouth. Their repeat purchases are in here and not in `own_repeat`.
    pub fn by_word_of_mouth(&self) -> i64 {
        self.referred_first + self.referred_repeat
    }
}

/// Divides revenue by how the customer came and by first or later purchase.
///
/// A customer's first purchase is the earliest (of one instant: the first row). A purchase counts as referred from the
/// instant of the referral on. `brought` sums to the revenue of the referred: it follows the first referrer only and goes up
/// one step, so that no purchase counts for a referrer and for that one's referrer too.
///
/// # Errors
/// Columns of another length, a customer or referrer who is not one of the customers, a referrer without an instant or the
/// other way round.
///
/// # Example
/// ```
/// use advocate::influence::{Purchase, WordOfMouth, word_of_mouth};
/// let came = WordOfMouth { first_referrer: &[None, Some(0)], referred_at: &[None, Some(10)] };
/// let bought = |customer, time, amount| Purchase { customer, time, amount };
/// let revenue = word_of_mouth(&came, &[bought(0, 5, 100), bought(1, 12, 30), bought(1, 20, 40), bought(0, 30, 50)])
///     .expect("sound");
/// assert_eq!([revenue.own_first, revenue.own_repeat, revenue.referred_first, revenue.referred_repeat], [100, 50, 30, 40]);
/// assert_eq!(revenue.brought, [70, 0]);
/// ```
pub fn word_of_mouth(came: &WordOfMouth<'_>, purchases: &[Purchase]) -> Result<WordOfMouthRevenue, InfluenceError> {
    let n_customers = came.first_referrer.len();
    check_length("instants of referral", came.referred_at.len(), n_customers)?;
    let bad = |component, row, value, range| Err(InfluenceError::BadComponent { component, row, value, range });
    for (row, (referrer, time)) in came.first_referrer.iter().zip(came.referred_at).enumerate() {
        if referrer.is_some() != time.is_some() {
            return bad("referrer and instant of referral", row + 1, f64::NAN, "both there or both missing");
        }
        if let Some(referrer) = referrer.filter(|&referrer| referrer as usize >= n_customers) {
            return bad("first referrer", row + 1, f64::from(referrer), "below the number of customers");
        }
    }
    let mut first: Vec<Option<usize>> = vec![None; n_customers];
    for (row, purchase) in purchases.iter().enumerate() {
        let Some(first) = first.get_mut(purchase.customer as usize) else {
            let value = f64::from(purchase.customer);
            return bad("customer of a purchase", row + 1, value, "below the number of customers");
        };
        if first.is_none_or(|earlier| purchase.time < purchases[earlier].time) {
            *first = Some(row);
        }
    }
    let mut revenue = WordOfMouthRevenue {
        own_first: 0,
        own_repeat: 0,
        referred_first: 0,
        referred_repeat: 0,
        brought: vec![0; n_customers],
    };
    for (row, purchase) in purchases.iter().enumerate() {
        let customer = purchase.customer as usize;
        let is_first = first[customer] == Some(row);
        let is_referred = came.referred_at[customer].is_some_and(|time| purchase.time >= time);
        let part = match (is_referred, is_first) {
            (false, true) => &mut revenue.own_first,
            (false, false) => &mut revenue.own_repeat,
            (true, true) => &mut revenue.referred_first,
            (true, false) => &mut revenue.referred_repeat,
        };
        *part += purchase.amount;
        if let (true, Some(referrer)) = (is_referred, came.first_referrer[customer]) {
            revenue.brought[referrer as usize] += purchase.amount;
        }
    }
    Ok(revenue)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_counted_twice_along_a_chain() {
        // 0 brought 1, 1 brought 2; 1 had bought once before being referred.
        let came = WordOfMouth { first_referrer: &[None, Some(0), Some(1)], referred_at: &[None, Some(10), Some(20)] };
        let bought = |customer, time, amount| Purchase { customer, time, amount };
        let purchases = [
            bought(1, 2, 7),
            bought(0, 1, 100),
            bought(1, 10, 20),
            bought(2, 25, 30),
            bought(2, 24, -5),
            bought(0, 9, 1),
        ];
        let revenue = word_of_mouth(&came, &purchases).expect("sound");
        assert_eq!(revenue.total(), purchases.iter().map(|purchase| purchase.amount).sum::<i64>());
        assert_eq!((revenue.own_first, revenue.own_repeat), (107, 1));
        // The referred's first purchase is that of time 24, though it comes later in the list.
        assert_eq!((revenue.referred_first, revenue.referred_repeat), (-5, 50));
        assert_eq!(revenue.brought, [20, 25, 0]);
        assert_eq!(revenue.brought.iter().sum::<i64>(), revenue.by_word_of_mouth());
    }

    #[test]
    fn unsound_columns_are_refused() {
        let came = WordOfMouth { first_referrer: &[None, Some(0)], referred_at: &[None, None] };
        assert!(word_of_mouth(&came, &[]).is_err());
        let came = WordOfMouth { first_referrer: &[None], referred_at: &[None] };
        let stranger = Purchase { customer: 1, time: 0, amount: 1 };
        assert!(matches!(word_of_mouth(&came, &[stranger]), Err(InfluenceError::BadComponent { row: 1, .. })));
    }
}
