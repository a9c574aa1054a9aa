//! Whether a driver does better than a driver of pure noise would.
//!
//! Contributions are never negative, so no interval of theirs says that a driver is more than noise. A noise driver is put
//! beside the others instead, again and again: the values of some driver, row by row in another order, so that they go with
//! nothing. How often it contributes at least as much as a driver is that driver's p-value.

use super::analysis::Plan;
use super::ranking::NoiseTest;
use super::regression::Layout;
use crate::data::{Observations, WeightKind};
use crate::stats::SecondMoments;
use crate::stats::linear_algebra::SymmetricEigen;
use crate::stats::multiplicity::{benjamini_hochberg, holm};
use crate::stats::random::{Stream, stream};
use ndarray::{Array1, Array2, ArrayView2, Axis, concatenate, s};
use rand::Rng;
use rand::seq::SliceRandom;
use rand_distr::{ChiSquared, Distribution, StandardNormal};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Contributions closer than this, as shares of the outcome's variation, are equal.
const TIE: f64 = 1e-13;

/// How noise drivers are made.
pub(super) enum Noise<'a> {
    /// A driver's rows in another order.
    Permuted(Permuted<'a>),
    /// Normal noise over so many independent observations, of which only the moments are known or rows stand for several.
    Normal { n_observations: f64 },
    /// The same where columns have gaps: as many observations, by driver, as have the driver.
    NormalByDriver { n_observations: Vec<f64> },
}

/// Rows whose values are exchanged.
pub(super) struct Permuted<'a> {
    /// n_rows by n_columns, centred, the outcome last.
    centred: ArrayView2<'a, f64>,
    weights: Option<&'a [f64]>,
    exchange: Exchange,
}

/// Which rows may exchange their values. Rows of a cluster keep following each other, so that noise is as alike within
/// clusters as the driver was.
pub(super) struct Exchange {
    /// The rows with a weight, cluster after cluster.
    pub rows: Vec<usize>,
    /// Where each cluster starts in `rows`; the last entry is their number.
    starts: Vec<usize>,
}

impl Exchange {
    pub fn of(observations: &Observations) -> Self {
        let code = |row: usize| observations.clusters().map_or(row, |clusters| clusters.codes()[row] as usize);
        let mut rows: Vec<usize> =
            (0..observations.n_rows()).filter(|&row| observations.weights().of(row) > 0.0).collect();
        rows.sort_by_key(|&row| code(row));
        let mut starts: Vec<usize> =
            (0..rows.len()).filter(|&place| place == 0 || code(rows[place]) != code(rows[place - 1])).collect();
        starts.push(rows.len());
        Self { rows, starts }
    }

    /// The row whose values each of `rows` takes.
    pub fn taken(&self, random: &mut Stream) -> Vec<usize> {
        let mut clusters: Vec<usize> = (0..self.starts.len() - 1).collect();
        clusters.shuffle(random);
        let members = |cluster: usize| &self.rows[self.starts[cluster]..self.starts[cluster + 1]];
        clusters.into_iter().flat_map(members).copied().collect()
    }
}

impl<'a> Noise<'a> {
    /// Rows that stand for several observations are no units to exchange: their noise is normal.
    pub fn of_rows(observations: &'a Observations, centred: ArrayView2<'a, f64>) -> Self {
        let weights = observations.weights();
        if weights.kind() == Some(WeightKind::Frequency) {
            let n_observations = weights.n_observations(observations.n_rows());
            let n_clusters = observations.clusters().map_or(n_observations, |clusters| clusters.n_clusters() as f64);
            return Self::Normal { n_observations: n_observations.min(n_clusters) };
        }
        Self::Permuted(Permuted { centred, weights: weights.values(), exchange: Exchange::of(observations) })
    }

    /// The observations that noise beside a driver is made of, where that is a matter of their number alone.
    fn n_observations(&self, driver: usize) -> Option<f64> {
        match self {
            Self::Permuted(_) => None,
            Self::Normal { n_observations } => Some(*n_observations),
            Self::NormalByDriver { n_observations } => n_observations.get(driver).copied(),
        }
    }

    /// The moments with noise columns in front of the outcome. `sources` are the columns to take values from.
    fn beside(
        &self,
        moments: &SecondMoments,
        n_observations: Option<f64>,
        sources: &[usize],
        random: &mut Stream,
    ) -> Option<SecondMoments> {
        match (self, n_observations) {
            (Self::Permuted(permuted), _) => Some(permuted.beside(moments, sources, random)),
            (_, n_observations) => {
                sources.iter().try_fold(moments.clone(), |moments, _| normal_beside(&moments, n_observations?, random))
            }
        }
    }
}

impl Permuted<'_> {
    fn beside(&self, moments: &SecondMoments, sources: &[usize], random: &mut Stream) -> SecondMoments {
        let taken = self.exchange.taken(random);
        let (n_old, n_new) = (moments.n_columns(), sources.len());
        let mut sums = Array2::<f64>::zeros((n_new, n_old + n_new));
        let mut firsts = Array1::<f64>::zeros(n_new);
        for (&row, &from) in self.exchange.rows.iter().zip(&taken) {
            let weight = self.weights.map_or(1.0, |weights| weights[row]);
            let (own, noise) = (self.centred.row(row), self.centred.row(from));
            for (place, &source) in sources.iter().enumerate() {
                let weighted = weight * noise[source];
                firsts[place] += weighted;
                let mut sums = sums.row_mut(place);
                sums.iter_mut().zip(&own).for_each(|(sum, value)| *sum += weighted * value);
                sources.iter().enumerate().for_each(|(other, &source)| sums[n_old + other] += weighted * noise[source]);
            }
        }
        let among = Array2::from_shape_fn((n_new, n_new), |(row, column)| {
            sums[[row, n_old + column]] - firsts[row] * firsts[column] / moments.weight_sum
        });
        joined(moments, &sums.slice(s![.., ..n_old]).to_owned(), &among, &(firsts / moments.weight_sum))
    }
}

/// A column of normal noise: its correlations with the others are those of a random direction in the space of all
/// observations.
fn normal_beside(moments: &SecondMoments, n_observations: f64, random: &mut Stream) -> Option<SecondMoments> {
    let n_columns = moments.n_columns();
    let root = SymmetricEigen::of(moments.correlations().view())?.map(|value| value.max(0.0).sqrt());
    let direction: Array1<f64> = (0..n_columns).map(|_| random.sample::<f64, _>(StandardNormal)).collect();
    let elsewhere = ChiSquared::new((n_observations - 1.0 - n_columns as f64).max(1.0)).ok()?.sample(random);
    let correlations = root.dot(&direction) / (direction.dot(&direction) + elsewhere).sqrt();
    let length = moments.weight_sum.sqrt();
    let with = Array1::from_shape_fn(n_columns, |column| correlations[column] * moments.scale(column) * length);
    let own = Array2::from_elem((1, 1), moments.weight_sum);
    Some(joined(moments, &with.insert_axis(Axis(0)), &own, &Array1::zeros(1)))
}

/// The moments with more columns in front of the outcome; `with` are their cross products with the old ones.
fn joined(moments: &SecondMoments, with: &Array2<f64>, among: &Array2<f64>, means: &Array1<f64>) -> SecondMoments {
    let (n_old, n_new) = (moments.n_columns(), among.nrows());
    // Old columns but the outcome, new columns, outcome: places below n_old are old.
    let places: Vec<usize> = (0..n_old - 1).chain(n_old..n_old + n_new).chain([n_old - 1]).collect();
    let value = |row: usize, column: usize| match (row < n_old, column < n_old) {
        (true, true) => moments.cross_products[[row, column]],
        (false, true) => with[[row - n_old, column]],
        (true, false) => with[[column - n_old, row]],
        (false, false) => among[[row - n_old, column - n_old]],
    };
    SecondMoments {
        weight_sum: moments.weight_sum,
        means: concatenate![Axis(0), moments.means, *means].select(Axis(0), &places),
        cross_products: Array2::from_shape_fn((places.len(), places.len()), |(row, column)| {
            value(places[row], places[column])
        }),
    }
}

/// Noise drivers with so many columns each.
pub(super) struct Draws<'l> {
    pub n_columns: usize,
    /// Observations behind each, where drivers differ in that.
    pub n_observations: Option<f64>,
    /// By draw: the columns of the driver whose values are taken.
    pub sources: Vec<&'l [usize]>,
}

impl Draws<'_> {
    /// The random numbers of a draw.
    pub fn random(&self, seed: u64, draw: usize) -> Stream {
        stream(seed, &format!("noise drivers of {}", self.n_columns), draw as u64)
    }
}

/// Each driver of a linear fit against `n_drawn` noise drivers with as many columns as it has.
pub(super) fn tests(
    noise: &Noise<'_>,
    moments: &SecondMoments,
    layout: &Layout,
    plan: &Plan,
    n_drawn: usize,
    seed: u64,
) -> Vec<NoiseTest> {
    let plan = plan.with_another();
    compared(
        &layout.drivers,
        n_drawn,
        |driver| noise.n_observations(driver),
        |draws| {
            let noise_columns: Vec<usize> =
                (moments.n_columns() - 1..moments.n_columns() - 1 + draws.n_columns).collect();
            let with = Layout {
                always: layout.always.clone(),
                drivers: layout.drivers.iter().cloned().chain([noise_columns]).collect(),
            };
            let contributions = |draw: usize| {
                let moments =
                    noise.beside(moments, draws.n_observations, draws.sources[draw], &mut draws.random(seed, draw))?;
                plan.contributions_of(&moments, &with, seed)
            };
            (0..n_drawn).into_par_iter().map(contributions).collect()
        },
    )
}

/// Each driver (its columns) against `n_drawn` noise drivers with as many columns as it has, and of as many observations
/// where `n_observations` gives a driver's, adjusted over all drivers; `contributions` are those of all drivers and, last, of
/// the noise driver, by draw. `NaN` where no noise driver could be put beside the others.
pub(super) fn compared(
    drivers: &[Vec<usize>],
    n_drawn: usize,
    n_observations: impl Fn(usize) -> Option<f64>,
    contributions: impl Fn(&Draws<'_>) -> Vec<Option<Array1<f64>>>,
) -> Vec<NoiseTest> {
    let mut p_values = vec![f64::NAN; drivers.len()];
    // Numbers of observations are compared bit by bit: drivers without gaps have the very same.
    let mut alike_by_kind: BTreeMap<(usize, Option<u64>), Vec<usize>> = BTreeMap::new();
    for (driver, columns) in drivers.iter().enumerate() {
        let kind = (columns.len(), n_observations(driver).map(f64::to_bits));
        alike_by_kind.entry(kind).or_default().push(driver);
    }
    for ((n_columns, n_bits), alike) in alike_by_kind {
        let sources = (0..n_drawn).map(|draw| drivers[alike[draw % alike.len()]].as_slice()).collect();
        let draws = Draws { n_columns, n_observations: n_bits.map(f64::from_bits), sources };
        let known: Vec<Array1<f64>> = contributions(&draws).into_iter().flatten().collect();
        for &driver in alike.iter().filter(|_| !known.is_empty()) {
            let reaches = |drawn: &&Array1<f64>| drawn[drivers.len()] + TIE >= drawn[driver];
            p_values[driver] = (1 + known.iter().filter(reaches).count()) as f64 / (1 + known.len()) as f64;
        }
    }
    let adjusted = holm(&p_values).into_iter().zip(benjamini_hochberg(&p_values));
    p_values
        .iter()
        .zip(adjusted)
        .map(|(&p_value, (p_holm, p_benjamini_hochberg))| NoiseTest { p_value, p_holm, p_benjamini_hochberg })
        .collect()
}
