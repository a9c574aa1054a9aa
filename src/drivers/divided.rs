//! What each method gives each driver, as rows of a ranking.

use super::DriverError;
use super::analysis::Driver;
use super::complete_dominance;
use super::game::Game;
use super::groups::Partition;
use super::method::Method;
use super::ranking::{DriverInterval, DriverRow, GroupRow, NoiseTest, ranks, shares};
use super::sampling::{Sampled, SampledValues};
use ndarray::{Array1, Array2, ArrayView2};
use std::collections::BTreeMap;

/// What the methods asked for give, and what drivers are ranked by.
pub(super) struct Divided {
    by_method: Vec<(Method, Array1<f64>)>,
    pub ranking: Array1<f64>,
    conditional: Option<Array2<f64>>,
    complete: Option<Array2<f64>>,
    average: Option<Array2<f64>>,
    groups: Option<Array1<f64>>,
    sampling_errors: Option<Array1<f64>>,
    pub sampled: Option<Sampled>,
}

/// What a model says of a driver beside its importance.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Described {
    pub sign: Option<i8>,
    pub coefficient: Option<f64>,
    pub correlation: Option<f64>,
    /// What turns its standardised coefficient into one in the units of outcome and driver.
    pub units: f64,
    pub beside: Beside,
}

/// How sure a driver's contribution is, beside the bootstrap.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Beside {
    pub noise: Option<NoiseTest>,
    pub std_error: Option<f64>,
    pub share_std_error: Option<f64>,
}

impl Divided {
    /// `sampled` has the values of the methods whose subsets are too many to be walked.
    pub fn of(
        game: &Game<'_>,
        methods: &[Method],
        ranking_method: Method,
        partition: &Partition,
        sampled: &BTreeMap<Method, SampledValues>,
    ) -> Result<Self, DriverError> {
        let scalar = |method: Method| match sampled.get(&method) {
            Some(sampled) => Ok(sampled.contributions.clone()),
            None => game.contributions(method).ok_or(DriverError::NoEigenvalues { method }),
        };
        let mut by_method = Vec::new();
        for &method in methods.iter().filter(|method| method.is_scalar()) {
            by_method.push((method, scalar(method)?));
        }
        let ranking = match by_method.iter().find(|(method, _)| *method == ranking_method) {
            Some((_, contributions)) => contributions.clone(),
            None => scalar(ranking_method)?,
        };
        let asked = |method: Method| methods.contains(&method);
        let groups = asked(Method::Owen).then(|| match sampled.get(&Method::Owen) {
            Some(sampled) => {
                let of_group = |members: &Vec<usize>| members.iter().map(|&member| sampled.contributions[member]).sum();
                partition.members.iter().map(of_group).collect()
            }
            None => game.owen().groups.clone(),
        });
        Ok(Self {
            by_method,
            ranking,
            conditional: asked(Method::ConditionalDominance).then(|| game.conditional_dominance()),
            complete: asked(Method::CompleteDominance).then(|| game.complete_dominance()),
            average: if asked(Method::AverageCoefficients) { game.average_coefficients() } else { None },
            groups,
            sampling_errors: sampled.get(&ranking_method).map(|sampled| sampled.std_errors.clone()),
            sampled: sampled
                .values()
                .map(|sampled| sampled.account)
                .max_by(|one, other| one.share_std_error.total_cmp(&other.share_std_error)),
        })
    }

    /// One row a driver, by rank.
    pub fn rows(
        &self,
        drivers: &[Driver],
        intervals: &[DriverInterval],
        describe: impl Fn(usize) -> Described,
    ) -> Vec<DriverRow> {
        let (ranks, shares) = (ranks(self.ranking.view()), shares(self.ranking.view()));
        let named = |row: Vec<f64>| drivers.iter().map(|driver| driver.name.clone()).zip(row).collect();
        let mut rows: Vec<DriverRow> = (0..drivers.len())
            .map(|driver| {
                let described = describe(driver);
                let complete = self.complete.as_ref().map(|table| table.row(driver).to_vec());
                let verdicts = |row: &Vec<f64>| row.iter().map(|&share| complete_dominance::verdict(share)).collect();
                DriverRow {
                    driver: drivers[driver].name.clone(),
                    rank: ranks[driver],
                    contribution: self.ranking[driver],
                    share: shares[driver],
                    sign: described.sign,
                    coefficient: described.coefficient,
                    correlation: described.correlation,
                    methods: self.by_method.iter().map(|(method, own)| (method.key(), own[driver])).collect(),
                    conditional_dominance: self.conditional.as_ref().map(|table| table.row(driver).to_vec()),
                    complete_dominance: complete.as_ref().map(verdicts).map(named),
                    complete_dominance_share: complete.map(named),
                    average_coefficients: self.average.as_ref().map(|table| {
                        let known = |&value: &f64| Some(value * described.units).filter(|value| value.is_finite());
                        table.row(driver).iter().map(known).collect()
                    }),
                    interval: intervals.get(driver).copied(),
                    sampling_error: self.sampling_errors.as_ref().map(|errors| errors[driver]),
                    std_error: described.beside.std_error,
                    share_std_error: described.beside.share_std_error,
                    noise: described.beside.noise,
                }
            })
            .collect();
        rows.sort_by_key(|row| row.rank);
        rows
    }

    /// One row a group, by rank, where Owen values were asked for.
    pub fn group_rows(
        &self,
        partition: &Partition,
        drivers: &[Driver],
        intervals: impl Fn(ArrayView2<f64>) -> Vec<DriverInterval>,
        replicates: Option<ArrayView2<f64>>,
    ) -> Vec<GroupRow> {
        let Some(groups) = &self.groups else { return Vec::new() };
        // Replicates are of the ranking method: sums over a group's drivers are its own where that is Owen's.
        let intervals = replicates.map_or_else(Vec::new, |replicates| {
            let of_groups = Array2::from_shape_fn((replicates.nrows(), groups.len()), |(replicate, group)| {
                partition.members[group].iter().map(|&member| replicates[[replicate, member]]).sum()
            });
            intervals(of_groups.view())
        });
        let (ranks, shares) = (ranks(groups.view()), shares(groups.view()));
        let mut rows: Vec<GroupRow> = (0..groups.len())
            .map(|group| GroupRow {
                group: partition.names[group].clone(),
                rank: ranks[group],
                contribution: groups[group],
                share: shares[group],
                drivers: partition.members[group].iter().map(|&member| drivers[member].name.clone()).collect(),
                interval: intervals.get(group).copied(),
            })
            .collect();
        rows.sort_by_key(|row| row.rank);
        rows
    }
}
