//! What subsets of drivers explain, and how every method divides what all of them explain.

use super::complete_dominance;
use super::groups::{OwenValues, Partition};
use super::lattice::LatticeSums;
use super::method::Method;
use super::pmvd::pmvd;
use super::regression::Regression;
use ndarray::{Array1, Array2};
use std::cell::OnceCell;

/// The share explained by any subset of the drivers. What several methods need is walked once.
pub(super) struct Game<'a> {
    source: Source<'a>,
    partition: &'a Partition,
    sums: OnceCell<LatticeSums>,
    values: OnceCell<Vec<f64>>,
    owen: OnceCell<OwenValues>,
}

enum Source<'a> {
    /// R squared follows from the moments.
    Linear(&'a Regression),
    /// The values are known, one for each subset.
    Values { relative_weights: Option<Array1<f64>> },
    /// Known is only what each driver adds to none and to all of the others.
    Ends { first: Array1<f64>, last: Array1<f64>, relative_weights: Option<Array1<f64>> },
}

impl<'a> Game<'a> {
    pub fn of_regression(regression: &'a Regression, partition: &'a Partition) -> Self {
        let (sums, values, owen) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        Self { source: Source::Linear(regression), partition, sums, values, owen }
    }

    /// Bit j of an index says whether driver j is in.
    pub fn of_values(values: Vec<f64>, partition: &'a Partition) -> Self {
        let (sums, values, owen) = (OnceCell::new(), OnceCell::from(values), OnceCell::new());
        Self { source: Source::Values { relative_weights: None }, partition, sums, values, owen }
    }

    /// For drivers whose subsets are too many to be fitted: what each explains alone, and what is lost without it.
    pub fn of_ends(first: Array1<f64>, last: Array1<f64>, partition: &'a Partition) -> Self {
        let (sums, values, owen) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        Self { source: Source::Ends { first, last, relative_weights: None }, partition, sums, values, owen }
    }

    /// Relative weights beside the values: of a class they follow from its model of all drivers.
    pub fn with_relative_weights(mut self, weights: Option<Array1<f64>>) -> Self {
        if let Source::Values { relative_weights } | Source::Ends { relative_weights, .. } = &mut self.source {
            *relative_weights = weights;
        }
        self
    }

    pub fn n_drivers(&self) -> usize {
        self.partition.n_drivers()
    }

    /// One method's contributions, one per driver. `None` for a method that gives more than a number, one that is not
    /// defined for this fit, and where the eigenvalues of the drivers' correlations cannot be found.
    pub fn contributions(&self, method: Method) -> Option<Array1<f64>> {
        match (&self.source, method) {
            (Source::Ends { first, .. }, Method::First) => Some(first.clone()),
            (Source::Ends { last, .. }, Method::Last) => Some(last.clone()),
            (Source::Ends { relative_weights, .. } | Source::Values { relative_weights }, Method::RelativeWeights) => {
                relative_weights.clone()
            }
            (Source::Ends { .. }, _) => None,
            (_, Method::Shapley) => Some(self.sums().general_dominance()),
            (_, Method::Owen) => Some(self.owen().drivers.clone()),
            (Source::Linear(regression), Method::First) => Some(regression.explained_alone()),
            (Source::Linear(regression), Method::Last) => Some(regression.lost_without()),
            (Source::Linear(_), Method::Pmvd) => Some(pmvd(self.values())),
            (Source::Linear(regression), Method::RelativeWeights) => regression.relative_weights(),
            (Source::Linear(regression), Method::Car) => regression.squared_car_scores(),
            (Source::Linear(regression), Method::Pratt) => Some(regression.pratt()),
            (Source::Linear(regression), Method::BetaSquared) => Some(regression.squared_coefficients()),
            (Source::Values { .. }, Method::First) => Some(self.conditional_dominance().column(0).to_owned()),
            (Source::Values { .. }, Method::Last) => {
                Some(self.conditional_dominance().column(self.n_drivers() - 1).to_owned())
            }
            (Source::Values { .. } | Source::Linear(_), _) => None,
        }
    }

    pub fn conditional_dominance(&self) -> Array2<f64> {
        self.sums().conditional_dominance()
    }

    /// Shares of models to which the row's driver adds more than the column's.
    pub fn complete_dominance(&self) -> Array2<f64> {
        complete_dominance::shares(self.values())
    }

    /// Mean standardised coefficients by number of drivers in the model; `None` where models are not linear.
    pub fn average_coefficients(&self) -> Option<Array2<f64>> {
        match &self.source {
            Source::Linear(regression) => Some(regression.average_coefficients()),
            Source::Values { .. } | Source::Ends { .. } => None,
        }
    }

    /// Owen values of drivers and groups.
    pub fn owen(&self) -> &OwenValues {
        self.owen.get_or_init(|| {
            let (members, order_shares) = (&self.partition.members, self.partition.order_shares());
            if let Source::Linear(regression) = &self.source {
                let groups = regression.lattice_of(members).general_dominance();
                return self.partition.owen(groups, |group| {
                    let others: Vec<usize> = (0..members.len()).filter(|&other| other != group).collect();
                    let others: Vec<&[usize]> = others.into_iter().map(|other| members[other].as_slice()).collect();
                    regression.beside_others(&members[group], &others, &order_shares)
                });
            }
            let values = self.values();
            let bits = |drivers: &[usize]| drivers.iter().fold(0_usize, |bits, driver| bits | 1 << driver);
            let of_groups: Vec<usize> = members.iter().map(|members| bits(members)).collect();
            let between: Vec<f64> = subsets(&of_groups).into_iter().map(|set| values[set]).collect();
            let groups = LatticeSums::of_values(members.len(), &between).general_dominance();
            self.partition.owen(groups, |group| {
                let others: Vec<usize> =
                    of_groups.iter().enumerate().filter(|&(other, _)| other != group).map(|(_, &bits)| bits).collect();
                let in_front = subsets(&others);
                let own: Vec<usize> = members[group].iter().map(|&driver| 1 << driver).collect();
                let weighted = |own: usize| -> f64 {
                    let each = in_front.iter().enumerate();
                    each.map(|(groups, others)| order_shares[groups.count_ones() as usize] * values[own | others]).sum()
                };
                subsets(&own).into_iter().map(weighted).collect()
            })
        })
    }

    fn sums(&self) -> &LatticeSums {
        self.sums.get_or_init(|| match &self.source {
            Source::Linear(regression) => regression.lattice(),
            Source::Values { .. } | Source::Ends { .. } => LatticeSums::of_values(self.n_drivers(), self.values()),
        })
    }

    fn values(&self) -> &[f64] {
        self.values.get_or_init(|| match &self.source {
            Source::Linear(regression) => regression.subset_values(),
            Source::Values { .. } | Source::Ends { .. } => Vec::new(),
        })
    }
}

/// The unions of all subsets of some sets, by bits of their places.
fn subsets(sets: &[usize]) -> Vec<usize> {
    let mut unions = vec![0];
    for set in sets {
        unions.extend(unions.clone().into_iter().map(|union| union | set));
    }
    unions
}
