//! Every measure by every cut in one pass over the rows, replicates included.

use super::estimate::Estimate;
use super::measure::Measure;
use super::nested::{Coarser, bases, coarser};
use super::poisson;
use super::settings::{BlankRule, EstimateSettings};
use super::sums::{Context, CustomerSums, Sums};
use crate::data::Clusters;
use crate::measures::intervals::IntervalKind;
use crate::measures::sampling::share_unseen;
use crate::measures::{MeasureError, Resampling, Sampling};
use rayon::prelude::*;
use serde::Serialize;

/// Parts that the rows are cut into; fixed, so that sums are the same for any number of threads.
const N_PARTS: usize = 8;

/// A column that divides the rows.
#[derive(Debug, Clone)]
pub struct Cut<'a> {
    name: String,
    levels: Vec<String>,
    codes: &'a [u32],
    /// How many customers there are in all of each level, where that is known.
    populations: Vec<Option<f64>>,
}

impl<'a> Cut<'a> {
    /// The code of a row that has no value.
    pub const BLANK: u32 = u32::MAX;

    /// Checks the codes: each row's place among the levels, or [`Cut::BLANK`].
    ///
    /// # Errors
    /// A code beyond the levels.
    pub fn new(name: impl Into<String>, levels: Vec<String>, codes: &'a [u32]) -> Result<Self, MeasureError> {
        let name = name.into();
        let beyond = |code: u32| code != Self::BLANK && code as usize >= levels.len();
        match codes.iter().position(|&code| beyond(code)) {
            Some(row) => Err(MeasureError::Margin {
                margin: name,
                problem: format!("row {} has level number {} and there are {}", row + 1, codes[row] + 1, levels.len()),
            }),
            None => {
                let populations = vec![None; levels.len()];
                Ok(Self { name, levels, codes, populations })
            }
        }
    }

    /// The same with how many customers (or, without clusters, answers) there are in all of each level, where that is known.
    ///
    /// # Errors
    /// Not one entry a level.
    pub fn with_populations(self, populations: Vec<Option<f64>>) -> Result<Self, MeasureError> {
        let (n_found, n_expected) = (populations.len(), self.levels.len());
        if n_found != n_expected {
            let what = format!("the list of populations of {}", self.name);
            return Err(MeasureError::Length { what, n_found, n_expected });
        }
        Ok(Self { populations, ..self })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The levels, in the order of their codes.
    pub fn levels(&self) -> &[String] {
        &self.levels
    }

    pub(super) fn n_rows(&self) -> usize {
        self.codes.len()
    }

    /// The level of a row; rows without a value have the place after the last.
    pub(super) fn level(&self, row: usize) -> usize {
        (self.codes[row] as usize).min(self.levels.len())
    }
}

/// How measures are cut.
///
/// # Example
/// ```
/// use advocate::measures::portfolio::{Cut, CutAnalysis, Measure};
/// use advocate::measures::Sampling;
/// let answers = [10.0, 9.0, 0.0, 8.0];
/// let nps = Measure::nps("nps", &answers)?;
/// let channel = Cut::new("channel", vec!["app".into(), "store".into()], &[0, 0, 1, 1])?;
/// let table = CutAnalysis::default().estimate(&[nps], &[channel], Sampling::default())?;
/// let scores: Vec<f64> = table.rows.iter().filter_map(|row| Some(row.estimate.as_ref()?.estimate)).collect();
/// assert_eq!(scores, [25.0, 100.0, -50.0]);
/// # Ok::<(), advocate::measures::MeasureError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CutAnalysis {
    /// How figures are reported.
    pub settings: EstimateSettings,
    /// Bootstrap replicates, by customer; none unless a bootstrap is wanted.
    pub replicates: usize,
    /// Seed of the replicates.
    pub seed: u64,
}

/// One measure at one level of one cut.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CutEstimate {
    /// The cut; `None` for all rows.
    pub cut: Option<String>,
    /// Its level.
    pub level: Option<String>,
    /// The figure; `None` where nobody answered.
    pub estimate: Option<Estimate>,
}

/// All measures by all cuts.
#[derive(Debug, Clone, PartialEq)]
pub struct CutEstimates {
    /// All rows first, then cut by cut and level by level; within a level the measures in their order.
    pub rows: Vec<CutEstimate>,
    /// The figure of each row on each replicate, `NaN` where a replicate has no base.
    drawn: Vec<Vec<f64>>,
}

impl CutEstimates {
    /// A row's figure on each replicate. Rows share their replicates, so that differences have honest percentiles.
    pub fn replicates(&self, row: usize) -> &[f64] {
        &self.drawn[row]
    }
}

impl Measure<'_> {
    /// The figure over all rows.
    ///
    /// # Errors
    /// As [`CutAnalysis::estimate`]; no answer at all.
    pub fn estimate(&self, sampling: Sampling, settings: EstimateSettings) -> Result<Estimate, MeasureError> {
        let table = CutAnalysis::of(settings).estimate(std::slice::from_ref(self), &[], sampling)?;
        table.rows.into_iter().next().and_then(|row| row.estimate).ok_or(MeasureError::NoAnswers)
    }
}

impl CutAnalysis {
    /// With the replicates that the settings name.
    pub fn of(settings: EstimateSettings) -> Self {
        let resampling = settings.resampling.unwrap_or(Resampling { replicates: 0, seed: 0 });
        Self { settings, replicates: resampling.replicates, seed: resampling.seed }
    }

    /// Every measure over all rows and at every level of every cut.
    ///
    /// Rows are read once: sums, sums by customer and all replicates are added up together. Replicates of a cut whose levels are
    /// unions of a finer cut's are summed from these. With customers the error is
    /// linearised, `sqrt(G / (G - 1) sum over customers (sum w (y - estimate x))^2) / sum w x` over the `G` customers of the
    /// level; without, each row is a customer and shares and scores leave out `G / (G - 1)`. A level's figure is what its
    /// rows alone would give. A population of `N` leaves `1 - G / N` of a variance, with the customers whose answer is known. At
    /// a level whose own population is not known, the share of all customers asked stands for that of the level.
    ///
    /// # Errors
    /// Columns of unequal length, bad weights, a population smaller than its sample, an interval that a metric does not
    /// have, a bootstrap interval without replicates.
    ///
    /// # References
    /// Cochran (1977), "Sampling Techniques", section 2.12, for levels of unknown size; Woodruff (1971), "A simple method for approximating the variance of a complicated estimate", JASA 66; Binder (1983),
    /// International Statistical Review 51.
    pub fn estimate(
        &self,
        measures: &[Measure],
        cuts: &[Cut],
        sampling: Sampling,
    ) -> Result<CutEstimates, MeasureError> {
        self.check(measures, cuts, sampling)?;
        let n_rows = measures.first().map_or(0, Measure::n_rows);
        let layout = Layout::of(measures, cuts, self);
        let pass = Pass { analysis: self, measures, cuts, sampling, unit: sampling.unit(), layout };
        let customers = Customers::of(sampling.clusters, n_rows);
        let parts: Vec<Totals> = (0..N_PARTS).into_par_iter().map(|part| pass.part(&customers, part)).collect();
        let mut totals = Totals::new(&pass);
        parts.iter().for_each(|part| totals.merge(part));
        pass.report(&totals)
    }

    fn check(&self, measures: &[Measure], cuts: &[Cut], sampling: Sampling) -> Result<(), MeasureError> {
        self.settings.check()?;
        let n_expected = measures.first().map_or(0, Measure::n_rows);
        let measure_lengths = measures.iter().map(|measure| (measure.name(), measure.n_rows()));
        for (name, n_found) in measure_lengths.chain(cuts.iter().map(|cut| (cut.name(), cut.codes.len()))) {
            if n_found != n_expected {
                return Err(MeasureError::Length { what: name.to_owned(), n_found, n_expected });
            }
        }
        let mut kinds = measures.iter().map(|measure| self.settings.kind(measure.metric().family()));
        if self.replicates < 2 && kinds.any(|kind| kind == IntervalKind::Bootstrap) {
            return Err(MeasureError::TooFew {
                what: "replicates for a bootstrap interval".to_owned(),
                n_found: self.replicates,
                n_needed: 2,
            });
        }
        sampling.check(n_expected)
    }
}

/// Where the levels of the cuts lie among the cells: all rows, then every cut's levels and its rows without a value.
struct Layout {
    first: Vec<usize>,
    n_cells: usize,
    /// By cut, the finer one whose replicates sum to its own.
    coarser: Vec<Option<Coarser>>,
    /// By cell, the place of its replicates where it is drawn itself.
    slots: Vec<Option<usize>>,
    n_slots: usize,
    /// By measure the first one with the same base.
    bases: Vec<usize>,
}

impl Layout {
    fn of(measures: &[Measure], cuts: &[Cut], analysis: &CutAnalysis) -> Self {
        let mut first = Vec::with_capacity(cuts.len());
        let mut n_cells = 1;
        for cut in cuts {
            first.push(n_cells);
            n_cells += cut.levels.len() + 1;
        }
        let is_drawn = analysis.replicates > 0;
        let coarser = if is_drawn { coarser(cuts) } else { vec![None; cuts.len()] };
        let bases = if is_drawn { bases(measures, analysis.settings.blanks) } else { (0..measures.len()).collect() };
        let mut slots = vec![None; n_cells];
        let mut n_slots = 0;
        if cuts.is_empty() && is_drawn {
            (slots[0], n_slots) = (Some(0), 1);
        }
        let own = cuts.iter().zip(&first).zip(&coarser).filter(|(_, coarser)| is_drawn && coarser.is_none());
        for ((cut, &first), _) in own {
            for slot in &mut slots[first..=first + cut.levels.len()] {
                *slot = Some(n_slots);
                n_slots += 1;
            }
        }
        Self { first, n_cells, coarser, slots, n_slots, bases }
    }

    /// The drawn cells whose replicates sum to those of a level of a cut, or to those of all rows.
    fn drawn_cells(&self, cuts: &[Cut], place: Option<(usize, usize)>) -> Vec<usize> {
        let whole = |cut: usize| (self.first[cut]..=self.first[cut] + cuts[cut].levels.len()).collect();
        match place {
            None if cuts.is_empty() => vec![0],
            None => whole(self.coarser.iter().position(Option::is_none).unwrap_or(0)),
            Some((cut, level)) => match &self.coarser[cut] {
                None => vec![self.first[cut] + level],
                Some(Coarser { finer, level_of }) => {
                    let own = level_of.iter().enumerate().filter(|(_, own)| **own == level);
                    own.map(|(fine, _)| self.first[*finer] + fine).collect()
                }
            },
        }
    }
}

/// A place among the cells, and what is reported there.
struct Cell {
    place: usize,
    /// The cut and its level by place; all rows without.
    of_cut: Option<(usize, usize)>,
    population: Option<f64>,
}

/// Rows in the order of their customers, without moving the data.
struct Customers<'a> {
    codes: Option<&'a [u32]>,
    order: Vec<u32>,
    n_rows: usize,
}

impl<'a> Customers<'a> {
    fn of(clusters: Option<&'a Clusters>, n_rows: usize) -> Self {
        let Some(clusters) = clusters else { return Self { codes: None, order: Vec::new(), n_rows } };
        let mut next = vec![0_u32; clusters.n_clusters() + 1];
        clusters.codes().iter().for_each(|&code| next[code as usize + 1] += 1);
        for code in 1..next.len() {
            next[code] += next[code - 1];
        }
        let mut order = vec![0; n_rows];
        for (row, &code) in clusters.codes().iter().enumerate() {
            order[next[code as usize] as usize] = row as u32;
            next[code as usize] += 1;
        }
        Self { codes: Some(clusters.codes()), order, n_rows }
    }

    fn row(&self, place: usize) -> usize {
        if self.codes.is_some() { self.order[place] as usize } else { place }
    }

    fn customer(&self, place: usize) -> u64 {
        self.codes.map_or(place as u64, |codes| u64::from(codes[self.order[place] as usize]))
    }

    /// The first place of a part, moved on to where a customer begins.
    fn start(&self, part: usize) -> usize {
        let mut place = part * self.n_rows / N_PARTS;
        while place > 0 && place < self.n_rows && self.customer(place) == self.customer(place - 1) {
            place += 1;
        }
        place
    }
}

struct Pass<'a> {
    analysis: &'a CutAnalysis,
    measures: &'a [Measure<'a>],
    cuts: &'a [Cut<'a>],
    sampling: Sampling<'a>,
    unit: f64,
    layout: Layout,
}

/// Sums by cell and measure, and for each drawn cell the replicates' sums of `y` by measure and then of `x` by measure, as far
/// as these have a base of their own.
struct Totals {
    sums: Vec<Sums>,
    drawn: Vec<f64>,
}

impl Totals {
    fn new(pass: &Pass) -> Self {
        let n = pass.layout.n_cells * pass.measures.len();
        let n_drawn = 2 * pass.layout.n_slots * pass.measures.len() * pass.analysis.replicates;
        Self { sums: vec![Sums::default(); n], drawn: vec![0.0; n_drawn] }
    }

    fn merge(&mut self, other: &Self) {
        self.sums.iter_mut().zip(&other.sums).for_each(|(own, other)| own.merge(other));
        self.drawn.iter_mut().zip(&other.drawn).for_each(|(own, other)| *own += other);
    }
}

/// The sums of the customer whose rows are being read, at the places that they touch.
struct Open {
    own: Vec<CustomerSums>,
    is_touched: Vec<bool>,
    touched: Vec<usize>,
}

impl Pass<'_> {
    fn part(&self, customers: &Customers, part: usize) -> Totals {
        let mut totals = Totals::new(self);
        let n = totals.sums.len();
        let mut open = Open { own: vec![CustomerSums::default(); n], is_touched: vec![false; n], touched: Vec::new() };
        let mut counts = vec![0.0; self.analysis.replicates];
        let (from, to) = (customers.start(part), customers.start(part + 1));
        for place in from..to {
            self.read(customers.row(place), &mut totals, &mut open);
            if place + 1 == to || customers.customer(place + 1) != customers.customer(place) {
                self.close(self.stream(customers, place), &mut totals, &mut open, &mut counts);
            }
        }
        totals
    }

    fn read(&self, row: usize, totals: &mut Totals, open: &mut Open) {
        let weight = self.sampling.weight(row) / self.unit;
        if weight <= 0.0 {
            return;
        }
        let n_measures = self.measures.len();
        for (at, measure) in self.measures.iter().enumerate() {
            let term = measure.term(row);
            let is_blank = term.is_none();
            let term = match self.analysis.settings.blanks {
                BlankRule::LeftOut => term,
                BlankRule::InBase => term.or(measure.blank_term()),
            };
            let mut add = |cell: usize| {
                let place = cell * n_measures + at;
                totals.sums[place].n_missing += usize::from(is_blank);
                let Some(term) = term else { return };
                totals.sums[place].add_row(term, weight);
                if !open.is_touched[place] {
                    open.is_touched[place] = true;
                    open.touched.push(place);
                }
                open.own[place].y += weight * term.y;
                open.own[place].x += weight * term.x;
            };
            add(0);
            for (cut, first) in self.cuts.iter().zip(&self.layout.first) {
                add(first + cut.level(row));
            }
        }
    }

    /// The random stream of the customer who gave a row.
    fn stream(&self, customers: &Customers, place: usize) -> u64 {
        self.sampling.streams.map_or_else(|| customers.customer(place), |own| u64::from(own[customers.row(place)]))
    }

    /// Adds a customer's sums to the scatter and to every replicate.
    fn close(&self, stream: u64, totals: &mut Totals, open: &mut Open, counts: &mut [f64]) {
        if open.touched.is_empty() {
            return;
        }
        poisson::fill(counts, self.analysis.seed, stream);
        let n_measures = self.measures.len();
        for &place in &open.touched {
            let own = std::mem::take(&mut open.own[place]);
            open.is_touched[place] = false;
            totals.sums[place].add_customer(own);
            let (cell, at) = (place / n_measures, place % n_measures);
            let Some(slot) = self.layout.slots[cell] else { continue };
            let y = self.drawn_range(slot, at);
            totals.drawn[y].iter_mut().zip(counts.iter()).for_each(|(y, count)| *y += own.y * count);
            if self.layout.bases[at] == at {
                let x = self.drawn_range(slot, n_measures + at);
                totals.drawn[x].iter_mut().zip(counts.iter()).for_each(|(x, count)| *x += own.x * count);
            }
        }
        open.touched.clear();
    }

    /// Where the replicates of a cell's column lie: `y` of each measure, then `x` of each.
    fn drawn_range(&self, slot: usize, column: usize) -> std::ops::Range<usize> {
        let n_replicates = self.analysis.replicates;
        let start = (2 * slot * self.measures.len() + column) * n_replicates;
        start..start + n_replicates
    }

    fn report(&self, totals: &Totals) -> Result<CutEstimates, MeasureError> {
        let levels = self.cuts.iter().zip(&self.layout.first).enumerate().flat_map(|(at, (cut, &first))| {
            (0..cut.levels.len()).map(move |level| Cell {
                place: first + level,
                of_cut: Some((at, level)),
                population: cut.populations[level],
            })
        });
        let all = Cell { place: 0, of_cut: None, population: self.sampling.population };
        let n_measures = self.measures.len();
        let (mut rows, mut drawn) = (Vec::new(), Vec::new());
        for cell in std::iter::once(all).chain(levels) {
            let cells = self.layout.drawn_cells(self.cuts, cell.of_cut);
            let cut = cell.of_cut.map(|(cut, _)| self.cuts[cut].name.clone());
            let level = cell.of_cut.map(|(cut, level)| self.cuts[cut].levels[level].clone());
            for (at, measure) in self.measures.iter().enumerate() {
                let own = self.drawn(totals, &cells, at);
                let sums = &totals.sums[cell.place * n_measures + at];
                let left_open = match (cell.population, self.sampling.population) {
                    (Some(population), _) => Some(share_unseen(population, sums.n_customers)?),
                    (None, Some(population)) => Some(share_unseen(population, totals.sums[at].n_customers)?),
                    (None, None) => None,
                };
                let context = Context {
                    settings: &self.analysis.settings,
                    has_customers: self.sampling.clusters.is_some(),
                    left_open,
                    unit: self.unit,
                    replicates: &own,
                };
                let estimate = sums.estimate(measure, &context)?;
                rows.push(CutEstimate { cut: cut.clone(), level: level.clone(), estimate });
                drawn.push(own);
            }
        }
        Ok(CutEstimates { rows, drawn })
    }

    /// A figure on each replicate, as reported, of these drawn cells together.
    fn drawn(&self, totals: &Totals, cells: &[usize], at: usize) -> Vec<f64> {
        let measure = &self.measures[at];
        let sum = |column: usize| {
            let mut sums = vec![0.0; self.analysis.replicates];
            for slot in cells.iter().filter_map(|&cell| self.layout.slots[cell]) {
                let own = &totals.drawn[self.drawn_range(slot, column)];
                sums.iter_mut().zip(own).for_each(|(sum, own)| *sum += own);
            }
            sums
        };
        let (y, x) = (sum(at), sum(self.measures.len() + self.layout.bases[at]));
        let figure = |(y, x): (f64, f64)| {
            if x > 0.0 { measure.metric().unit() * (measure.centre() + y / x) } else { f64::NAN }
        };
        y.into_iter().zip(x).map(figure).collect()
    }
}
