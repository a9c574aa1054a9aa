//! Own value beside referral value: four groups of customers.

use crate::influence::InfluenceError;
use crate::influence::edges::check_length;
use crate::stats::quantile::quantiles;
use serde::{Deserialize, Serialize};

/// Where a customer stands by own value and by referral value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueGroup {
    /// Buys much and brings much.
    Champion,
    /// Buys much and brings little.
    Affluent,
    /// Buys little and brings much.
    Advocate,
    /// Buys little and brings little.
    Miser,
}

impl ValueGroup {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Champion, Self::Affluent, Self::Advocate, Self::Miser];

    /// The word used in tables and reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Champion => "champion",
            Self::Affluent => "affluent",
            Self::Advocate => "advocate",
            Self::Miser => "miser",
        }
    }
}

/// From where on a value is high.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueSplit {
    /// Above the medians of the customers given.
    Medians,
    /// Above stated amounts.
    Amounts {
        /// Of own value.
        own: f64,
        /// Of referral value.
        referral: f64,
    },
}

/// One group.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GroupRow {
    /// The group.
    pub group: ValueGroup,
    /// Its customers.
    pub n_customers: usize,
    /// Their share (0-1) of all customers.
    pub share: f64,
    /// Sum of own values.
    pub own_value: f64,
    /// Sum of referral values.
    pub referral_value: f64,
}

/// Customers in four groups.
#[derive(Debug, Clone, PartialEq)]
pub struct ValueGroups {
    /// The group of each customer.
    pub groups: Vec<ValueGroup>,
    /// One row a group, in the order of [`ValueGroup::ALL`].
    pub rows: Vec<GroupRow>,
    /// Own value above which it is high.
    pub own_split: f64,
    /// Referral value above which it is high.
    pub referral_split: f64,
}

/// Puts customers into four groups by own value and referral value, one entry each.
///
/// High is strictly above the split. Where most customers brought nobody the median referral value is 0, and whoever
/// brought anything of value is high.
///
/// # Errors
/// Nobody; columns of another length; values or splits that are not finite.
///
/// # Example
/// ```
/// use advocate::influence::{ValueGroup, ValueSplit, value_groups};
/// let grouped = value_groups(&[10.0, 90.0, 20.0, 80.0], &[0.0, 40.0, 30.0, 0.0], ValueSplit::Medians).expect("sound");
/// use ValueGroup::{Advocate, Affluent, Champion, Miser};
/// assert_eq!(grouped.groups, [Miser, Champion, Advocate, Affluent]);
/// ```
///
/// # References
/// Kumar, Petersen and Leone (2007), "How valuable is word of mouth?", Harvard Business Review 85(10).
pub fn value_groups(own: &[f64], referral: &[f64], split: ValueSplit) -> Result<ValueGroups, InfluenceError> {
    check_length("referral values", referral.len(), own.len())?;
    if own.is_empty() {
        return Err(InfluenceError::BadSetting { setting: "number of customers", value: 0.0, range: "at least 1" });
    }
    for (component, values) in [("own value", own), ("referral value", referral)] {
        if let Some(row) = values.iter().position(|value| !value.is_finite()) {
            return Err(InfluenceError::BadComponent { component, row: row + 1, value: values[row], range: "finite" });
        }
    }
    let (own_split, referral_split) = match split {
        ValueSplit::Medians => (median(own), median(referral)),
        ValueSplit::Amounts { own, referral } => (own, referral),
    };
    for (setting, value) in [("split of own value", own_split), ("split of referral value", referral_split)] {
        if !value.is_finite() {
            return Err(InfluenceError::BadSetting { setting, value, range: "finite" });
        }
    }
    let group = |(&own, &referral): (&f64, &f64)| match (own > own_split, referral > referral_split) {
        (true, true) => ValueGroup::Champion,
        (true, false) => ValueGroup::Affluent,
        (false, true) => ValueGroup::Advocate,
        (false, false) => ValueGroup::Miser,
    };
    let groups: Vec<ValueGroup> = own.iter().zip(referral).map(group).collect();
    let row = |group: ValueGroup| {
        let members = || groups.iter().enumerate().filter(move |(_, own)| **own == group).map(|(place, _)| place);
        let n_customers = members().count();
        GroupRow {
            group,
            n_customers,
            share: n_customers as f64 / own.len() as f64,
            own_value: members().map(|place| own[place]).sum(),
            referral_value: members().map(|place| referral[place]).sum(),
        }
    };
    let rows = ValueGroup::ALL.map(row).to_vec();
    Ok(ValueGroups { groups, rows, own_split, referral_split })
}

fn median(values: &[f64]) -> f64 {
    quantiles(values.to_vec(), &[0.5])[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_hold_everybody_and_all_value_once() {
        let own: Vec<f64> = (0..101).map(|place| f64::from(place * 37 % 101)).collect();
        let referral: Vec<f64> = (0..101).map(|place| if place % 3 == 0 { f64::from(place) } else { 0.0 }).collect();
        let grouped = value_groups(&own, &referral, ValueSplit::Medians).expect("sound");
        assert_eq!(grouped.rows.iter().map(|row| row.n_customers).sum::<usize>(), 101);
        assert_eq!(grouped.rows.iter().map(|row| row.own_value).sum::<f64>(), own.iter().sum::<f64>());
        assert_eq!(grouped.rows.iter().map(|row| row.referral_value).sum::<f64>(), referral.iter().sum::<f64>());
        // Two of three brought nobody, so that whoever brought anybody is high: 33 of place 3, 6, ..., 99.
        assert_eq!(grouped.referral_split, 0.0);
        let high = grouped.groups.iter().filter(|group| matches!(group, ValueGroup::Champion | ValueGroup::Advocate));
        assert_eq!(high.count(), 33);
    }

    #[test]
    fn stated_amounts_split_and_unsound_values_are_refused() {
        let split = ValueSplit::Amounts { own: 5.0, referral: 1.0 };
        let grouped = value_groups(&[5.0, 6.0], &[2.0, 1.0], split).expect("sound");
        assert_eq!(grouped.groups, [ValueGroup::Advocate, ValueGroup::Affluent]);
        assert!(value_groups(&[], &[], split).is_err());
        assert!(value_groups(&[1.0], &[f64::NAN], split).is_err());
    }
}
