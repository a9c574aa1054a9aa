//! Whether a driver does better than a driver of pure noise would.
//!
//! Contributions are never negative, so no interval of theirs says that a driver is more than noise. A noise driver is put
//! beside the others instead, again and again: the values of some driver, row by row in another order, so that they go with
//! nothing. How often it contributes at least as much as a driver is that driver's p-value. Where customers have several rows,
//! a driver is compared with noise of its own values alone: how alike they are within customers decides what chance gives.

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

/// Fewer customers than this have so few orders or signs that a driver may meet itself as noise.
pub(super) const COMPARED_CLUSTERS_MIN: usize = 6;

/// Clusters of one size that exchange their values at least; fewer would mostly keep them.
const EXCHANGED_MIN: usize = 5;

/// How noise drivers are made.
pub(super) enum Noise<'a> {
    /// A driver's rows in another order, or with other signs.
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

/// How the values of rows become noise that is as alike within clusters as the driver was: clusters of equal size exchange
/// theirs; one of a size that few others have keeps its own (centred) values and changes their sign or not.
pub(super) struct Exchange {
    /// The rows with a weight, cluster after cluster.
    pub rows: Vec<usize>,
    /// Where each cluster starts in `rows`; the last entry is their number.
    starts: Vec<usize>,
    /// Whether a cluster stands for several observations.
    repeats: bool,
    /// Whether rows stand for as many observations: others cannot take their places.
    holds_places: bool,
}

/// The values of a row of noise.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken {
    /// The row, or cluster, whose values these are.
    pub from: usize,
    /// One, or minus one where their sign changes.
    pub sign: f64,
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
        let repeats = observations.n_clusters_repeated().is_some();
        Self { rows, starts, repeats, holds_places: observations.weights().kind() == Some(WeightKind::Frequency) }
    }

    /// What each of `rows` takes, in their order.
    pub fn taken(&self, random: &mut Stream) -> Vec<Taken> {
        let members = |cluster: usize| &self.rows[self.starts[cluster]..self.starts[cluster + 1]];
        let mut by_size: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for cluster in 0..self.starts.len() - 1 {
            by_size.entry(members(cluster).len()).or_default().push(cluster);
        }
        // By cluster: whose values it takes, and with which sign.
        let mut taken: Vec<Taken> = (0..self.starts.len() - 1).map(|from| Taken { from, sign: 1.0 }).collect();
        for alike in by_size.into_values() {
            if !self.holds_places && alike.len() >= EXCHANGED_MIN {
                let mut others = alike.clone();
                others.shuffle(random);
                alike.into_iter().zip(others).for_each(|(cluster, from)| taken[cluster].from = from);
            } else {
                let sign = |random: &mut Stream| if random.random::<bool>() { 1.0 } else { -1.0 };
                alike.into_iter().for_each(|cluster| taken[cluster].sign = sign(random));
            }
        }
        let of_rows = |own: Taken| members(own.from).iter().map(move |&from| Taken { from, sign: own.sign });
        taken.into_iter().flat_map(of_rows).collect()
    }

    /// How alike drivers must be to share their noise: within clusters one is as alike as no other.
    pub fn likeness(&self) -> Likeness {
        let n_clusters = self.starts.len() - 1;
        match self.repeats {
            true if n_clusters < COMPARED_CLUSTERS_MIN => Likeness::TooFew,
            true => Likeness::Own,
            false => Likeness::Width,
        }
    }
}

/// Which drivers are compared with the same noise.
#[derive(Debug, Clone, Copy)]
pub(super) enum Likeness {
    /// Those with as many columns.
    Width,
    /// Those with as many columns and observations.
    Observations(f64),
    /// No other.
    Own,
    /// Too few customers to make noise of.
    TooFew,
}

impl<'a> Noise<'a> {
    /// Rows that stand for several observations are no units to exchange: their noise is normal, but where customers are known,
    /// whose signs can be drawn.
    pub fn of_rows(observations: &'a Observations, centred: ArrayView2<'a, f64>) -> Self {
        let weights = observations.weights();
        if weights.kind() == Some(WeightKind::Frequency) && observations.n_clusters_repeated().is_none() {
            return Self::Normal { n_observations: weights.n_observations(observations.n_rows()) };
        }
        Self::Permuted(Permuted { centred, weights: weights.values(), exchange: Exchange::of(observations) })
    }

    /// Whose noise a driver is compared with.
    fn likeness(&self, driver: usize) -> Likeness {
        match self {
            Self::Permuted(permuted) => permuted.exchange.likeness(),
            Self::Normal { n_observations } => Likeness::Observations(*n_observations),
            Self::NormalByDriver { n_observations } => Likeness::Observations(n_observations[driver]),
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
        for (&row, &Taken { from, sign }) in self.exchange.rows.iter().zip(&taken) {
            let weight = self.weights.map_or(1.0, |weights| weights[row]);
            let (own, noise) = (self.centred.row(row), self.centred.row(from));
            for (place, &source) in sources.iter().enumerate() {
                let weighted = weight * sign * noise[source];
                firsts[place] += weighted;
                let mut sums = sums.row_mut(place);
                sums.iter_mut().zip(&own).for_each(|(sum, value)| *sum += weighted * value);
                sources
                    .iter()
                    .enumerate()
                    .for_each(|(other, &source)| sums[n_old + other] += weighted * sign * noise[source]);
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
        |driver| noise.likeness(driver),
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

/// Each driver (its columns) against `n_drawn` noise drivers with as many columns as it has and otherwise alike, adjusted over
/// all drivers; `contributions` are those of all drivers and, last, of
/// the noise driver, by draw. `NaN` where no noise driver could be put beside the others.
pub(super) fn compared(
    drivers: &[Vec<usize>],
    n_drawn: usize,
    likeness: impl Fn(usize) -> Likeness,
    contributions: impl Fn(&Draws<'_>) -> Vec<Option<Array1<f64>>>,
) -> Vec<NoiseTest> {
    let mut p_values = vec![f64::NAN; drivers.len()];
    let mut n_known = vec![0; drivers.len()];
    // Numbers of observations are compared bit by bit: drivers without gaps have the very same.
    let mut alike_by_kind: BTreeMap<(usize, Option<u64>, Option<usize>), Vec<usize>> = BTreeMap::new();
    for (driver, columns) in drivers.iter().enumerate() {
        let kind = match likeness(driver) {
            Likeness::Width => (columns.len(), None, None),
            Likeness::Observations(n) => (columns.len(), Some(n.to_bits()), None),
            Likeness::Own => (columns.len(), None, Some(driver)),
            Likeness::TooFew => continue,
        };
        alike_by_kind.entry(kind).or_default().push(driver);
    }
    for ((n_columns, n_bits, _), alike) in alike_by_kind {
        let sources = (0..n_drawn).map(|draw| drivers[alike[draw % alike.len()]].as_slice()).collect();
        let draws = Draws { n_columns, n_observations: n_bits.map(f64::from_bits), sources };
        let known: Vec<Array1<f64>> = contributions(&draws).into_iter().flatten().collect();
        for &driver in alike.iter().filter(|_| !known.is_empty()) {
            let reaches = |drawn: &&Array1<f64>| drawn[drivers.len()] + TIE >= drawn[driver];
            p_values[driver] = (1 + known.iter().filter(reaches).count()) as f64 / (1 + known.len()) as f64;
            n_known[driver] = known.len();
        }
    }
    let adjusted = holm(&p_values).into_iter().zip(benjamini_hochberg(&p_values));
    let test = |((p_value, n_drawn), (p_holm, p_benjamini_hochberg))| NoiseTest {
        p_value,
        p_holm,
        p_benjamini_hochberg,
        n_drawn,
    };
    p_values.into_iter().zip(n_known).zip(adjusted).map(test).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Clusters, DesignMatrix, Outcome, Weights};
    use crate::drivers::DriverAnalysis;
    use crate::drivers::analysis::Driver;

    /// 200 companies of 51 customers with 1, 5 or 40 answers each: `a` is the same in all answers of a customer and goes with
    /// nothing, `b` differs and goes with the outcome, to which each customer adds his own part. A p-value of `a` is below
    /// 0.2 in one company of five, by definition; `b` is found.
    #[test]
    fn noise_within_customers_is_found_no_more_often_than_chance() {
        let sizes = [1; 30].into_iter().chain([5; 15]).chain([40; 6]);
        let customers: Vec<usize> = sizes.enumerate().flat_map(|(code, n)| std::iter::repeat_n(code, n)).collect();
        let analysis = DriverAnalysis { noise_drivers: 99, replicates: 0, ..DriverAnalysis::default() };
        let drivers = [Driver::column("a", 0), Driver::column("b", 1)];
        let (mut n_noise, mut n_found) = (0, 0);
        for company in 0..200 {
            let mut random = stream(7, "customers", company);
            let mut normals = |n: usize| -> Vec<f64> { (0..n).map(|_| random.sample(StandardNormal)).collect() };
            let (trait_of, own) = (normals(51), normals(51));
            let (b, rest) = (normals(345), normals(345));
            let features = Array2::from_shape_fn((345, 2), |(row, column)| match column {
                0 => trait_of[customers[row]],
                _ => b[row],
            });
            let outcome = Array1::from_shape_fn(345, |row| own[customers[row]] + 0.3 * b[row] + rest[row]);
            let design = DesignMatrix::new(vec!["a".to_owned(), "b".to_owned()], features).expect("finite");
            let observations = Observations::new(design, Outcome::numeric("y", outcome).expect("finite"));
            let observations = observations.expect("one a row").clustered(Clusters::from_labels(&customers));
            let mut observations = observations.expect("one a row");
            if company % 2 == 1 {
                // The same rows, said to stand for one observation each.
                let each = Weights::new(WeightKind::Frequency, vec![1.0; 345]).expect("whole");
                observations = observations.weighted(each).expect("one a row");
            }
            let ranking = analysis.rank(&observations, &drivers, &[]).expect("a ranking");
            let p_value = |name: &str| {
                let row = ranking.drivers.iter().find(|row| row.driver == name).expect("ranked");
                row.noise.as_ref().expect("compared").p_value
            };
            n_noise += usize::from(p_value("a") <= 0.2);
            n_found += usize::from(p_value("b") <= 0.05);
        }
        // 40 are expected, with a standard error of 5.7; 200 with `b`.
        assert!((20..=57).contains(&n_noise), "{n_noise}");
        assert!(n_found > 150, "{n_found}");
    }
}
