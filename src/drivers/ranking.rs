//! The ranked list of drivers that a reader sees, with the uncertainty of share and rank.

use super::method::Method;
use super::sampling::Sampled;
use crate::findings::Finding;
use crate::stats::Confidence;
use crate::stats::quantile::quantiles;
use ndarray::{Array2, ArrayView1, ArrayView2, Axis};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Contributions closer than this share of the largest count as equal.
const TIE: f64 = 1e-10;

/// Contributions below this share of the outcome's variation are rounding: they are equal, and nobody has a share.
const ROUNDING: f64 = 1e-14;

/// Drivers of one outcome, the most important first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DriverRanking {
    /// The outcome's name.
    pub outcome: String,
    /// The model whose fit is divided.
    pub family: DriverFamily,
    /// The method that ranks.
    pub method: Method,
    /// Rows given.
    pub n_rows: usize,
    /// Rows that counted: those with a positive weight.
    pub n_used: usize,
    /// Observations that these stand for: the sum of frequency weights, else the rows.
    pub n_observations: usize,
    /// Groups of rows, such as customers, drawn together by the bootstrap.
    pub n_clusters: Option<usize>,
    /// The fit of all columns, those always in the model included.
    pub fit: FitMeasure,
    /// The part of the fit that is divided among the drivers.
    pub decomposed: f64,
    /// p-value of the test that no driver goes with the outcome.
    pub p_value: f64,
    /// Level of all intervals.
    pub confidence: Confidence,
    /// Bootstrap replicates that succeeded; intervals come from these.
    pub n_replicates: usize,
    /// One row a driver, by rank.
    pub drivers: Vec<DriverRow>,
    /// One row a group, by rank, where Owen values were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupRow>,
    /// Shares of replicates in which the row's driver contributes more than the column's, ties by half, both in the order of
    /// `drivers`; empty without replicates.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub outranks: Vec<Vec<f64>>,
    /// Runs of neighbours by rank that cannot be told apart at the level of the intervals: the first of a run does not
    /// outrank its last surely enough. Runs may overlap; a driver told apart from all others is in none. Empty without
    /// replicates.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub indistinct: Vec<Vec<String>>,
    /// How well orders were sampled, where there were too many drivers to walk all their subsets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sampled: Option<Sampled>,
    /// What to know beside the numbers.
    pub findings: Vec<Finding>,
    /// The bootstrap's own contributions, for what is resampled together with them.
    #[serde(skip)]
    pub drawn: DrawnContributions,
}

/// Contributions in every replicate of a ranking's bootstrap.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DrawnContributions {
    /// The seed of the draws.
    pub seed: u64,
    /// The number of each replicate that succeeded, by which its draw is found again.
    pub numbers: Vec<usize>,
    /// The drivers' names, in the order they were given.
    pub drivers: Vec<String>,
    /// n_replicates by n_drivers.
    pub contributions: Array2<f64>,
}

/// The model whose fit is divided among the drivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DriverFamily {
    /// Linear regression, divided by R squared.
    Linear,
    /// Logistic regression, divided by a pseudo R squared.
    Logistic,
    /// Cumulative logit of ordered levels, divided by a pseudo R squared.
    Ordinal,
    /// Poisson regression of counts, divided by a pseudo R squared.
    Count,
}

impl DriverFamily {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Linear, Self::Logistic, Self::Ordinal, Self::Count];

    /// The word on the command line, in JSON and in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Logistic => "logistic",
            Self::Ordinal => "ordinal",
            Self::Count => "count",
        }
    }
}

/// A measure of fit and its value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct FitMeasure {
    /// Which measure.
    pub measure: FitKind,
    /// Its value for the full model.
    pub value: f64,
}

/// What is divided among the drivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FitKind {
    /// R squared of the linear model.
    RSquared,
    /// `1 - logL / logL_0`.
    Mcfadden,
    /// `1 - exp(2 (logL_0 - logL) / n)`.
    CoxSnell,
    /// Cox and Snell's divided by its largest possible value.
    Nagelkerke,
    /// `1 - (logL / logL_0)^(-2 logL_0 / n)`.
    Estrella,
    /// The squared correlation between a class and its predicted probabilities, which relative weights of a class divide.
    SquaredCorrelation,
}

/// One driver.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DriverRow {
    /// Its name.
    pub driver: String,
    /// 1 for the largest contribution; equal contributions share a rank.
    pub rank: usize,
    /// Contribution by the ranking method, in units of the fit measure.
    pub contribution: f64,
    /// Contribution over the sum of all contributions, 0-1.
    pub share: f64,
    /// Sign of the full model's coefficient, of a driver whose gaps are marked that of its values; `None` for other drivers of
    /// several columns.
    pub sign: Option<i8>,
    /// Standardised coefficient of the full linear model, or log odds (of a class, or of a higher level) or log rate per
    /// standard deviation.
    pub coefficient: Option<f64>,
    /// Correlation with the outcome, given what is always in the model.
    pub correlation: Option<f64>,
    /// Contribution by each method asked for, by the method's key.
    pub methods: BTreeMap<String, f64>,
    /// Mean gain by number of other drivers in the model, where conditional dominance was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conditional_dominance: Option<Vec<f64>>,
    /// By other driver: 1 where this one adds more to every model of the others, 0 where it adds less to every one, else
    /// 0.5; where complete dominance was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub complete_dominance: Option<BTreeMap<String, f64>>,
    /// By other driver: the share of models of the others to which this one adds more, ties by half.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub complete_dominance_share: Option<BTreeMap<String, f64>>,
    /// Mean coefficient, in units of the outcome for one of the driver, by number of drivers in the model from 1 on, where
    /// average coefficients were asked for; `None` where no model of that size has coefficients.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub average_coefficients: Option<Vec<Option<f64>>>,
    /// Uncertainty; `None` without a bootstrap, which is written as keys without a value.
    #[serde(flatten, serialize_with = "interval_keys")]
    pub interval: Option<DriverInterval>,
    /// What sampling orders leaves open of the contribution (standard error), where they were sampled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sampling_error: Option<f64>,
    /// Standard error of the contribution by the infinitesimal jackknife, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub std_error: Option<f64>,
    /// That of the share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share_std_error: Option<f64>,
    /// Comparison with drivers of pure noise, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise: Option<NoiseTest>,
}

/// One group of drivers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GroupRow {
    /// Its name; that of its driver for a driver of no named group.
    pub group: String,
    /// 1 for the largest contribution; equal contributions share a rank.
    pub rank: usize,
    /// What its drivers have together: its Shapley value among the groups.
    pub contribution: f64,
    /// Contribution over the sum of all contributions, 0-1.
    pub share: f64,
    /// Its drivers.
    pub drivers: Vec<String>,
    /// Uncertainty, where drivers are ranked by Owen values and there is a bootstrap.
    #[serde(flatten, serialize_with = "interval_keys")]
    pub interval: Option<DriverInterval>,
}

/// How often pure noise does as well as a driver.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct NoiseTest {
    /// Share of noise drivers, the driver itself counted as one, that contribute at least as much.
    pub p_value: f64,
    /// The same adjusted over all drivers by Holm: for claims about every single one.
    pub p_holm: f64,
    /// The same adjusted over all drivers by Benjamini and Hochberg: for a list of which a small part may be wrong.
    pub p_benjamini_hochberg: f64,
    /// Noise drivers behind these: no p-value is below `1 / (n_drawn + 1)`.
    pub n_drawn: usize,
}

impl NoiseTest {
    /// Whether the driver contributes no more than noise, as far as such a test can say it. One that beat every noise driver
    /// does contribute more, although its p-value, adjusted over many drivers, may be large where few were drawn.
    pub(crate) fn is_no_more(&self, level: f64) -> bool {
        self.p_benjamini_hochberg > level && !self.beat_all()
    }

    /// Whether no noise driver contributed as much: the p-value is the smallest that there can be.
    fn beat_all(&self) -> bool {
        self.p_value * (self.n_drawn as f64 + 1.0) < 1.5
    }
}

/// How sure a driver's contribution, share and rank are.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct DriverInterval {
    /// Lower end for the contribution (percentile bootstrap).
    pub conf_low: f64,
    /// Upper end for the contribution.
    pub conf_high: f64,
    /// Lower end for the share.
    pub share_low: f64,
    /// Upper end for the share.
    pub share_high: f64,
    /// Best rank within the interval.
    pub rank_low: usize,
    /// Worst rank within the interval.
    pub rank_high: usize,
    /// Share of replicates in which the driver ranks first, 0-1.
    pub p_rank_1: f64,
}

/// How sure a rank is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RankInterval {
    /// Best rank within the interval.
    pub rank_low: usize,
    /// Worst rank within the interval.
    pub rank_high: usize,
    /// Share of replicates in which the driver ranks first, 0-1.
    pub p_rank_1: f64,
}

impl RankInterval {
    /// Percentiles of the ranks in replicates, rounded outwards; `None` without a replicate.
    pub(super) fn of_replicates(ranks: Vec<usize>, confidence: Confidence) -> Option<Self> {
        if ranks.is_empty() {
            return None;
        }
        let n_first = ranks.iter().filter(|&&rank| rank == 1).count();
        let p_rank_1 = n_first as f64 / ranks.len() as f64;
        let ranks = ranks.into_iter().map(|rank| rank as f64).collect();
        let ends = quantiles(ranks, &[confidence.tail(), 1.0 - confidence.tail()]);
        Some(Self { rank_low: ends[0].floor() as usize, rank_high: ends[1].ceil() as usize, p_rank_1 })
    }
}

/// The keys of an interval are there with and without one.
fn interval_keys<S: serde::Serializer>(interval: &Option<DriverInterval>, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Keys {
        conf_low: Option<f64>,
        conf_high: Option<f64>,
        share_low: Option<f64>,
        share_high: Option<f64>,
        rank_low: Option<usize>,
        rank_high: Option<usize>,
        p_rank_1: Option<f64>,
    }
    let keys = Keys {
        conf_low: interval.map(|own| own.conf_low),
        conf_high: interval.map(|own| own.conf_high),
        share_low: interval.map(|own| own.share_low),
        share_high: interval.map(|own| own.share_high),
        rank_low: interval.map(|own| own.rank_low),
        rank_high: interval.map(|own| own.rank_high),
        p_rank_1: interval.map(|own| own.p_rank_1),
    };
    keys.serialize(serializer)
}

/// Ranks by descending contribution, from 1; equal contributions share the better rank.
pub(super) fn ranks(contributions: ArrayView1<f64>) -> Vec<usize> {
    let largest = contributions.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let tie = (TIE * largest).max(ROUNDING);
    contributions.iter().map(|own| 1 + contributions.iter().filter(|&&other| other > own + tie).count()).collect()
}

/// Shares of the sum; zeros where nothing is explained.
pub(super) fn shares(contributions: ArrayView1<f64>) -> Vec<f64> {
    let total = contributions.sum();
    contributions.iter().map(|value| if total.abs() > ROUNDING { value / total } else { 0.0 }).collect()
}

/// Percentile intervals of contribution, share and rank, one per driver; empty without replicates.
pub(super) fn intervals(contributions: ArrayView2<f64>, confidence: Confidence) -> Vec<DriverInterval> {
    if contributions.nrows() == 0 {
        return Vec::new();
    }
    let n_drivers = contributions.ncols();
    let mut share_table = Array2::zeros(contributions.dim());
    let mut rank_table = Array2::zeros(contributions.dim());
    for (replicate, row) in contributions.axis_iter(Axis(0)).enumerate() {
        for (driver, (share, rank)) in shares(row).into_iter().zip(ranks(row)).enumerate() {
            share_table[[replicate, driver]] = share;
            rank_table[[replicate, driver]] = rank;
        }
    }
    let tails = [confidence.tail(), 1.0 - confidence.tail()];
    (0..n_drivers)
        .filter_map(|driver| {
            let ends = |table: ArrayView2<f64>| quantiles(table.column(driver).to_vec(), &tails);
            let (own, share) = (ends(contributions), ends(share_table.view()));
            let rank = RankInterval::of_replicates(rank_table.column(driver).to_vec(), confidence)?;
            Some(DriverInterval {
                conf_low: own[0],
                conf_high: own[1],
                share_low: share[0],
                share_high: share[1],
                rank_low: rank.rank_low,
                rank_high: rank.rank_high,
                p_rank_1: rank.p_rank_1,
            })
        })
        .collect()
}

/// Shares of replicates in which one driver contributes more than another, ties by half, of drivers in the given order.
pub(super) fn outranks(contributions: ArrayView2<f64>, order: &[usize]) -> Vec<Vec<f64>> {
    let n_replicates = contributions.nrows();
    if n_replicates == 0 {
        return Vec::new();
    }
    let largest: Vec<f64> = contributions
        .rows()
        .into_iter()
        .map(|row| (TIE * row.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()))).max(ROUNDING))
        .collect();
    let share = |one: usize, other: usize| {
        let halves = contributions.rows().into_iter().zip(&largest).map(|(row, tie)| {
            let more = row[one] - row[other];
            u32::from(more > *tie) + u32::from(more >= -tie)
        });
        f64::from(halves.sum::<u32>()) / (2 * n_replicates) as f64
    };
    order.iter().map(|&one| order.iter().map(|&other| share(one, other)).collect()).collect()
}

/// Runs of neighbours, from the first on, in which the first does not outrank the last with the given level; only those
/// of two or more that are part of no longer run. `outranks` is in the order of the names.
pub(super) fn indistinct(outranks: &[Vec<f64>], names: &[&str], confidence: Confidence) -> Vec<Vec<String>> {
    let level = 1.0 - confidence.tail();
    let mut runs = Vec::new();
    let mut reached = 0;
    for (first, row) in outranks.iter().enumerate() {
        let last = (first + 1..row.len()).rev().find(|&other| row[other] < level).unwrap_or(first);
        if last > first && (runs.is_empty() || last > reached) {
            runs.push(names[first..=last].iter().map(|&name| name.to_owned()).collect());
            reached = last;
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn equal_contributions_share_the_better_rank() {
        assert_eq!(ranks(array![0.1, 0.4, 0.4, 0.05].view()), [3, 1, 1, 4]);
    }

    #[test]
    fn rounding_is_ranked_and_shared_by_nobody() {
        let contributions = array![3e-17, -1e-18, 0.0];
        assert_eq!((ranks(contributions.view()), shares(contributions.view())), (vec![1; 3], vec![0.0; 3]));
    }

    #[test]
    fn interval_ends_are_percentiles_over_replicates() {
        // Driver a contributes 0, .01 .. .99 and driver b always .5: a ranks first when above b.
        let contributions = Array2::from_shape_fn(
            (100, 2),
            |(replicate, driver)| {
                if driver == 0 { replicate as f64 / 100.0 } else { 0.5 }
            },
        );
        let intervals = intervals(contributions.view(), Confidence::default());
        // numpy.quantile(numpy.arange(100) / 100, [.025, .975])
        assert!((intervals[0].conf_low - 0.024_75).abs() < 1e-12 && (intervals[0].conf_high - 0.965_25).abs() < 1e-12);
        assert!((intervals[0].p_rank_1 - 0.5).abs() < 1e-12, "{}", intervals[0].p_rank_1);
        assert_eq!((intervals[0].rank_low, intervals[0].rank_high), (1, 2));
    }

    #[test]
    fn one_outranks_another_as_often_as_it_contributes_more() {
        // a beats b twice, ties once and loses once; c never gains anything.
        let contributions = array![[0.3, 0.1, 0.0], [0.3, 0.2, 0.0], [0.2, 0.2, 0.0], [0.1, 0.3, 0.0]];
        let table = outranks(contributions.view(), &[0, 1, 2]);
        assert_eq!(table, [vec![0.5, 0.625, 1.0], vec![0.375, 0.5, 1.0], vec![0.0, 0.0, 0.5]]);
        assert_eq!(indistinct(&table, &["a", "b", "c"], Confidence::default()), [["a", "b"]]);
    }

    #[test]
    fn runs_that_cannot_be_told_apart_may_overlap() {
        let sure = |one: usize, other: usize| if one + 1 < other { 1.0 } else { 0.6 };
        let table: Vec<Vec<f64>> = (0..4).map(|one| (0..4).map(|other| sure(one, other)).collect()).collect();
        let runs = indistinct(&table, &["a", "b", "c", "d"], Confidence::default());
        assert_eq!(runs, [["a", "b"], ["b", "c"], ["c", "d"]]);
    }
}
