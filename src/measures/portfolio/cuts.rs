//! Every measure by every cut in one pass over the rows, replicates included.

use super::estimate::Estimate;
use super::measure::Measure;
use super::poisson;
use super::settings::{BlankRule, EstimateSettings};
use super::sums::{Context, CustomerSums, Sums};
use crate::data::Clusters;
use crate::measures::intervals::IntervalKind;
use crate::measures::{MeasureError, Sampling};
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
            None => Ok(Self { name, levels, codes }),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The levels, in the order of their codes.
    pub fn levels(&self) -> &[String] {
        &self.levels
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
        let analysis = CutAnalysis { settings, ..CutAnalysis::default() };
        let table = analysis.estimate(std::slice::from_ref(self), &[], sampling)?;
        table.rows.into_iter().next().and_then(|row| row.estimate).ok_or(MeasureError::NoAnswers)
    }
}

impl CutAnalysis {
    /// Every measure over all rows and at every level of every cut.
    ///
    /// Rows are read once: sums, sums by customer and all replicates are added up together. With customers the error is
    /// linearised, `sqrt(G / (G - 1) sum over customers (sum w (y - estimate x))^2) / sum w x` over the `G` customers of the
    /// level; without, each row is a customer and shares and scores leave out `G / (G - 1)`. A level's figure is what its
    /// rows alone would give, but that a finite population takes the same part of every error.
    ///
    /// # Errors
    /// Columns of unequal length, bad weights, a population smaller than its sample, an interval that a metric does not
    /// have, a bootstrap interval without replicates.
    ///
    /// # References
    /// Woodruff (1971), "A simple method for approximating the variance of a complicated estimate", JASA 66; Binder (1983),
    /// International Statistical Review 51.
    pub fn estimate(
        &self,
        measures: &[Measure],
        cuts: &[Cut],
        sampling: Sampling,
    ) -> Result<CutEstimates, MeasureError> {
        self.check(measures, cuts, sampling)?;
        let n_rows = measures.first().map_or(0, Measure::n_rows);
        let pass = Pass { analysis: self, measures, cuts, sampling, unit: sampling.unit(), layout: Layout::of(cuts) };
        let customers = Customers::of(sampling.clusters, n_rows);
        let parts: Vec<Totals> = (0..N_PARTS).into_par_iter().map(|part| pass.part(&customers, part)).collect();
        let mut totals = Totals::new(&pass);
        parts.iter().for_each(|part| totals.merge(part));
        let unseen = sampling.share_unseen(n_rows)?;
        pass.report(&totals, unseen)
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
}

impl Layout {
    fn of(cuts: &[Cut]) -> Self {
        let mut first = Vec::with_capacity(cuts.len());
        let mut n_cells = 1;
        for cut in cuts {
            first.push(n_cells);
            n_cells += cut.levels.len() + 1;
        }
        Self { first, n_cells }
    }
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

/// Sums by cell and measure, and for each of these the replicates' sums of `y` and then of `x`.
struct Totals {
    sums: Vec<Sums>,
    drawn: Vec<f64>,
}

impl Totals {
    fn new(pass: &Pass) -> Self {
        let n = pass.layout.n_cells * pass.measures.len();
        Self { sums: vec![Sums::default(); n], drawn: vec![0.0; 2 * n * pass.analysis.replicates] }
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
                self.close(customers.customer(place), &mut totals, &mut open, &mut counts);
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
                add(first + (cut.codes[row] as usize).min(cut.levels.len()));
            }
        }
    }

    /// Adds a customer's sums to the scatter and to every replicate.
    fn close(&self, customer: u64, totals: &mut Totals, open: &mut Open, counts: &mut [f64]) {
        if open.touched.is_empty() {
            return;
        }
        let n_replicates = counts.len();
        poisson::fill(counts, self.analysis.seed, customer);
        for &place in &open.touched {
            let own = std::mem::take(&mut open.own[place]);
            open.is_touched[place] = false;
            totals.sums[place].add_customer(own);
            // With cuts, the replicates of all rows are those of the first cut's levels together.
            if self.cuts.is_empty() || place >= self.measures.len() {
                let drawn = &mut totals.drawn[2 * place * n_replicates..2 * (place + 1) * n_replicates];
                let (y, x) = drawn.split_at_mut(n_replicates);
                for ((y, x), count) in y.iter_mut().zip(x).zip(counts.iter()) {
                    *y += own.y * count;
                    *x += own.x * count;
                }
            }
        }
        open.touched.clear();
    }

    fn report(&self, totals: &Totals, unseen: f64) -> Result<CutEstimates, MeasureError> {
        let levels = self.cuts.iter().zip(&self.layout.first).flat_map(|(cut, &first)| {
            let named =
                move |(level, word): (usize, &String)| (first + level, Some(cut.name.clone()), Some(word.clone()));
            cut.levels.iter().enumerate().map(named)
        });
        let (mut rows, mut drawn) = (Vec::new(), Vec::new());
        for (cell, cut, level) in std::iter::once((0, None, None)).chain(levels) {
            for (at, measure) in self.measures.iter().enumerate() {
                let own = self.drawn(totals, cell, at);
                let context = Context {
                    settings: &self.analysis.settings,
                    has_customers: self.sampling.clusters.is_some(),
                    unseen,
                    unit: self.unit,
                    replicates: &own,
                };
                let estimate = totals.sums[cell * self.measures.len() + at].estimate(measure, &context)?;
                rows.push(CutEstimate { cut: cut.clone(), level: level.clone(), estimate });
                drawn.push(own);
            }
        }
        Ok(CutEstimates { rows, drawn })
    }

    /// A figure on each replicate, as reported.
    fn drawn(&self, totals: &Totals, cell: usize, at: usize) -> Vec<f64> {
        let n_replicates = self.analysis.replicates;
        let cells = match (cell, self.cuts.first()) {
            (0, Some(cut)) => 1..cut.levels.len() + 2,
            _ => cell..cell + 1,
        };
        let measure = &self.measures[at];
        let sum = |offset: usize| {
            let place = |cell: usize| 2 * (cell * self.measures.len() + at) * n_replicates + offset;
            cells.clone().map(|cell| totals.drawn[place(cell)]).sum::<f64>()
        };
        (0..n_replicates)
            .map(|replicate| {
                let (y, x) = (sum(replicate), sum(n_replicates + replicate));
                if x > 0.0 { measure.metric().unit() * (measure.centre() + y / x) } else { f64::NAN }
            })
            .collect()
    }
}
