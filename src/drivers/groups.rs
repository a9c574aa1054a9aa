//! Drivers in named groups, such as touchpoint families, and how a fit is divided among groups and within them.

use super::DriverError;
use super::analysis::Driver;
use super::lattice::LatticeSums;
use ndarray::Array1;
use std::collections::BTreeSet;

/// Drivers that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriverGroup {
    /// Its name.
    pub name: String,
    /// The names of its drivers.
    pub drivers: Vec<String>,
}

/// Every driver in exactly one group; drivers of no named group are groups of their own.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Partition {
    pub names: Vec<String>,
    /// The drivers of each group, by place.
    pub members: Vec<Vec<usize>>,
}

/// Owen values of drivers and what their groups have together.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct OwenValues {
    pub drivers: Array1<f64>,
    pub groups: Array1<f64>,
}

impl Partition {
    /// # Errors
    /// A group without drivers, with a driver that is none, with one of another group, with another group's name.
    pub fn of(groups: &[DriverGroup], drivers: &[Driver]) -> Result<Self, DriverError> {
        let mut left: BTreeSet<usize> = (0..drivers.len()).collect();
        let mut partition = Self { names: Vec::new(), members: Vec::new() };
        for group in groups {
            let name = || group.name.clone();
            if group.drivers.is_empty() {
                return Err(DriverError::EmptyGroup { group: name() });
            }
            if partition.names.contains(&group.name) {
                return Err(DriverError::GroupTwice { group: name() });
            }
            let mut members = Vec::with_capacity(group.drivers.len());
            for driver in &group.drivers {
                let place = drivers
                    .iter()
                    .position(|candidate| candidate.name == *driver)
                    .ok_or_else(|| DriverError::UnknownInGroup { group: name(), driver: driver.clone() })?;
                if !left.remove(&place) {
                    return Err(DriverError::GroupedTwice { group: name(), driver: driver.clone() });
                }
                members.push(place);
            }
            partition.names.push(name());
            partition.members.push(members);
        }
        for driver in left {
            partition.names.push(drivers[driver].name.clone());
            partition.members.push(vec![driver]);
        }
        Ok(partition)
    }

    pub fn n_drivers(&self) -> usize {
        self.members.iter().map(Vec::len).sum()
    }

    /// What must be walked for the largest group: its own drivers and the other groups.
    pub fn n_walked(&self) -> usize {
        self.members.len() - 1 + self.members.iter().map(Vec::len).max().unwrap_or(0)
    }

    /// Owen values from those of the groups and, of each group with several drivers, what `beside_others` gives: for every
    /// subset of the group's drivers the mean, over the orders of the other groups, of the fit of the groups before it and
    /// the subset.
    ///
    /// The group's share is its Shapley value among the groups; `beside_others` is a game of its drivers alone, whose
    /// Shapley values are the Owen values.
    ///
    /// # References
    /// Owen (1977), "Values of games with a priori unions", in Essays in Mathematical Economics and Game Theory.
    pub fn owen(&self, groups: Array1<f64>, beside_others: impl Fn(usize) -> Vec<f64>) -> OwenValues {
        let mut drivers = Array1::zeros(self.n_drivers());
        for (group, members) in self.members.iter().enumerate() {
            if let [only] = members[..] {
                drivers[only] = groups[group];
                continue;
            }
            let own = LatticeSums::of_values(members.len(), &beside_others(group)).general_dominance();
            members.iter().zip(own).for_each(|(&member, own)| drivers[member] = own);
        }
        OwenValues { drivers, groups }
    }

    /// For each number of other groups in front, the share of orders of all groups in which just some such groups are.
    pub fn order_shares(&self) -> Vec<f64> {
        let n_others = self.members.len() - 1;
        // h! (m - 1 - h)! / m!, from one to the next.
        let mut share = 1.0 / self.members.len() as f64;
        let mut shares = vec![share];
        for in_front in 1..=n_others {
            share *= in_front as f64 / (n_others - in_front + 1) as f64;
            shares.push(share);
        }
        shares
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drivers(names: [&str; 4]) -> Vec<Driver> {
        names.iter().enumerate().map(|(place, name)| Driver::column(*name, place)).collect()
    }

    fn group(name: &str, drivers: &[&str]) -> DriverGroup {
        DriverGroup { name: name.to_owned(), drivers: drivers.iter().map(|&driver| driver.to_owned()).collect() }
    }

    #[test]
    fn drivers_of_no_group_stand_alone() {
        let partition = Partition::of(&[group("g", &["d", "b"])], &drivers(["a", "b", "c", "d"])).expect("groups");
        assert_eq!(partition.names, ["g", "a", "c"]);
        assert_eq!(partition.members, [vec![3, 1], vec![0], vec![2]]);
    }

    #[test]
    fn shares_of_orders_are_counted_by_hand() {
        // Three groups: in front of one of them are none, a given one, or both, in 2, 1 and 2 of 6 orders.
        let partition = Partition::of(&[], &drivers(["a", "b", "c", "d"])[..3]).expect("groups");
        for (got, want) in partition.order_shares().iter().zip([2.0 / 6.0, 1.0 / 6.0, 2.0 / 6.0]) {
            assert!((got - want).abs() < 1e-15);
        }
    }

    #[test]
    fn groups_that_are_none_are_refused_by_name() {
        let refused = |groups: &[DriverGroup]| {
            Partition::of(groups, &drivers(["a", "b", "c", "d"])).expect_err("refused").to_string()
        };
        assert!(refused(&[group("g", &[])]).contains("`g`"));
        assert!(refused(&[group("g", &["e"])]).contains("`e`"));
        assert!(refused(&[group("g", &["a"]), group("h", &["a"])]).contains("`a`"));
        assert!(refused(&[group("g", &["a"]), group("g", &["b"])]).contains("`g`"));
    }
}
