//! Drivers of every segment beside those of all other segments, tested, and drawn towards each other.

use super::random_effects::RandomEffects;
use super::segmentation::Segmentation;
use super::sides::{Pair, Sides, units};
use super::together;
use crate::data::Observations;
use crate::drivers::analysis::{Driver, DriverAnalysis};
use crate::drivers::estimate::{Estimate, unmade};
use crate::drivers::importance::{Importance, own_weights};
use crate::drivers::ranking::{RankInterval, ranks};
use crate::drivers::{ActionError, DriverFamily, FitKind, Method, bootstrap};
use crate::findings::{Finding, FindingKind, Severity, thousands};
use crate::stats::Confidence;
use crate::stats::distributions::normal_two_sided;
use crate::stats::moments::standard_deviation;
use crate::stats::random::stream;
use ndarray::ArrayView1;
use rand::seq::SliceRandom;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Differences closer than this are one (absolute, shares).
const SAME: f64 = 1e-12;

/// Settings of a comparison of segments.
#[derive(Debug, Clone, PartialEq)]
pub struct SegmentAnalysis {
    /// The driver analysis: method, confidence, replicates and seed.
    pub analysis: DriverAnalysis,
    /// The model whose fit is divided.
    pub family: DriverFamily,
    /// What is divided, for families other than linear.
    pub measure: FitKind,
    /// A segment with fewer answers, or beside fewer others, is not analysed.
    pub base_min: usize,
    /// How differences are tested.
    pub test: SegmentTest,
}

impl Default for SegmentAnalysis {
    fn default() -> Self {
        Self {
            analysis: DriverAnalysis { methods: vec![Method::Shapley], ..DriverAnalysis::default() },
            family: DriverFamily::Linear,
            measure: FitKind::Mcfadden,
            base_min: 100,
            test: SegmentTest::Bootstrap,
        }
    }
}

/// How the difference between a segment and all others is tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SegmentTest {
    /// The difference over its bootstrap standard error, held against the normal distribution.
    Bootstrap,
    /// The difference held against those of segments dealt to customers anew, as often as there are replicates.
    Permutation,
}

/// Drivers by segment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SegmentTable {
    /// The outcome.
    pub outcome: String,
    /// The column of the segments.
    pub by: String,
    /// The model whose fit is divided.
    pub family: DriverFamily,
    /// The method behind the shares.
    pub method: Method,
    /// Level of the intervals.
    pub confidence: Confidence,
    /// The least number of answers of a segment.
    pub base_min: usize,
    /// How differences are tested.
    pub test: SegmentTest,
    /// Bootstrap replicates drawn.
    pub n_replicates: usize,
    /// Every segment that is shown, analysed or not, in the order of their names.
    pub segments: Vec<SegmentBase>,
    /// One row a segment and driver.
    pub rows: Vec<SegmentRow>,
    /// So many rows are tests of their own; of two segments the second repeats those of the first.
    pub n_tests: usize,
    /// Whether all drivers together explain so little that shares of it say nothing.
    pub is_weak: bool,
    /// How far each driver's shares lie apart, in the order of the drivers; none without a bootstrap.
    pub spreads: Vec<DriverSpread>,
    /// What to know beside the numbers.
    pub findings: Vec<Finding>,
}

/// The base of a segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SegmentBase {
    /// Its name.
    pub segment: String,
    /// Its answers with a positive weight.
    pub n_used: usize,
    /// Its customers with a positive weight, where answers are grouped.
    pub n_clusters: Option<usize>,
    /// Whether it was analysed.
    pub analysed: bool,
}

/// A driver in a segment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SegmentRow {
    /// The segment.
    pub segment: String,
    /// The driver.
    pub driver: String,
    /// Its share in the segment, 0-1.
    pub share: f64,
    /// The share's bootstrap standard error and percentiles.
    pub share_interval: Option<Estimate>,
    /// Its rank in the segment, 1 for the largest share.
    pub rank: usize,
    /// The rank's percentiles and how often it is the first, by the bootstrap.
    pub rank_interval: Option<RankInterval>,
    /// Its share in all other segments, 0-1.
    pub share_elsewhere: f64,
    /// The share less that elsewhere.
    pub difference: f64,
    /// The difference's bootstrap standard error and percentiles.
    pub difference_interval: Option<Estimate>,
    /// Two-sided p-value of no difference.
    pub p_value: Option<f64>,
    /// The same adjusted for all drivers and segments by Holm.
    pub p_holm: Option<f64>,
    /// The same adjusted by Benjamini and Hochberg.
    pub p_bh: Option<f64>,
    /// The share drawn towards those of all segments, by the normal distribution.
    pub shrunk: Option<Estimate>,
    /// The weight that the segment's own share has in that, 0-1.
    pub own_weight: Option<f64>,
}

/// How far the shares of one driver lie apart between segments.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DriverSpread {
    /// The driver.
    pub driver: String,
    /// The centre of the segments' shares, 0-1.
    pub centre: f64,
    /// Standard deviation of the true shares around it.
    pub between_std_dev: f64,
    /// Cochran's Q.
    pub q: f64,
    /// p-value of equal shares in all segments.
    pub p_value: f64,
    /// Share of the scatter that is not chance, 0-1.
    pub i_squared: f64,
}

impl SegmentAnalysis {
    /// Ranks the drivers in every segment with a sufficient base and holds their shares against those of all other
    /// segments together.
    ///
    /// The bootstrap draws customers (or rows) of the whole sample, so that both sides of a difference are of the same
    /// draw. p-values are adjusted over all drivers and segments; of two segments, which mirror each other, each driver
    /// is one test. Shares are drawn towards the segments' common centre by a normal model whose variance between segments
    /// is that of DerSimonian and Laird and whose variances within are those of the bootstrap. Rows without a segment are
    /// left out.
    ///
    /// # Errors
    /// Not one label per row; no segment with a sufficient base; for permutations a customer in two segments; those of the
    /// driver analysis.
    ///
    /// # References
    /// As [`RandomEffects`]; Benjamini and Hochberg (1995), JRSS B 57(1).
    pub fn compare(
        &self,
        observations: &Observations,
        drivers: &[Driver],
        always: &[usize],
        segmentation: &Segmentation,
    ) -> Result<SegmentTable, ActionError> {
        let codes = segmentation.codes();
        if codes.len() != observations.n_rows() {
            let (n_found, n_expected) = (codes.len(), observations.n_rows());
            return Err(ActionError::Count { what: "segment labels", n_found, n_expected });
        }
        let importance = Importance::of(&self.analysis, self.family, observations, drivers, always, self.measure)?;
        let n_columns = drivers.iter().map(|driver| driver.columns.len()).sum::<usize>() + always.len();
        let (bases, analysed) = self.bases(observations, segmentation, n_columns);
        if analysed.is_empty() {
            return Err(ActionError::NoSegment { base_min: self.base_min });
        }
        let sides = Sides::of(&importance, segmentation);
        let own = sides.pairs(&own_weights(observations), codes, &analysed);
        let replicates = self.replicates(observations, &sides, codes, &analysed);
        let permuted = self.permuted(observations, &sides, codes, &analysed)?;
        let mut findings = left_out(observations, segmentation);
        let single_cluster = bootstrap::resampler(observations, self.analysis.seed).is_single_cluster();
        let n_tried = self.analysis.replicates;
        findings.extend(unmade(observations.outcome().name(), n_tried, replicates.len(), single_cluster));
        let confidence = self.analysis.confidence;
        let mut rows = Vec::new();
        for (at, &segment) in analysed.iter().enumerate() {
            let name = &segmentation.names()[segment];
            let Some(own) = &own[at] else {
                findings.push(not_estimated(name));
                continue;
            };
            let drawn: Vec<&Pair> = replicates.iter().filter_map(|pairs| pairs[at].as_ref()).collect();
            let rank = ranks(ArrayView1::from(&own.inside));
            let ranks_drawn: Vec<Vec<usize>> = drawn.iter().map(|pair| ranks(ArrayView1::from(&pair.inside))).collect();
            for driver in 0..drivers.len() {
                let dealt = permuted.as_ref().map(|permuted| {
                    permuted.iter().filter_map(|pairs| pairs[at].as_ref()).map(|pair| pair.difference(driver)).collect()
                });
                let row = self.row(name, &importance.drivers()[driver], own, &drawn, dealt, driver);
                let ranks_drawn = ranks_drawn.iter().map(|ranks| ranks[driver]).collect();
                let rank_interval = RankInterval::of_replicates(ranks_drawn, confidence);
                rows.push(SegmentRow { rank: rank[driver], rank_interval, ..row });
            }
        }
        let mirrored = segmentation.names().len() == 2 && rows.len() == 2 * drivers.len();
        let n_tests = if mirrored { drivers.len() } else { rows.len() };
        let spreads = self.shrink(&mut rows, importance.drivers());
        let ranking = importance.ranking();
        let mut table = SegmentTable {
            outcome: observations.outcome().name().to_owned(),
            by: segmentation.column().to_owned(),
            family: self.family,
            method: importance.ranking().method,
            confidence,
            base_min: self.base_min,
            test: self.test,
            n_replicates: replicates.len(),
            segments: bases,
            rows,
            n_tests,
            is_weak: ranking.findings.iter().any(|finding| finding.kind == FindingKind::WeakLink),
            spreads,
            findings,
        };
        together::adjust([&mut table]);
        Ok(table)
    }

    /// Every segment's base, and the segments that are large enough beside as many others.
    fn bases(
        &self,
        observations: &Observations,
        segmentation: &Segmentation,
        n_columns: usize,
    ) -> (Vec<SegmentBase>, Vec<usize>) {
        let codes = segmentation.codes();
        let counts = |row: &usize| observations.weights().of(*row) > 0.0;
        let rows_of = |segment: usize| -> Vec<usize> {
            (0..codes.len()).filter(|&row| codes[row] == Some(segment)).filter(counts).collect()
        };
        let n_all = (0..codes.len()).filter(|&row| codes[row].is_some()).filter(counts).count();
        let least = self.base_min.max(n_columns + 2);
        let mut analysed = Vec::new();
        let mut bases = Vec::new();
        for (segment, name) in segmentation.names().iter().enumerate() {
            if !segmentation.is_shown(segment) {
                continue;
            }
            let rows = rows_of(segment);
            let enough = rows.len() >= least && n_all - rows.len() >= least;
            if enough {
                analysed.push(segment);
            }
            bases.push(SegmentBase {
                segment: name.clone(),
                n_used: rows.len(),
                n_clusters: observations.clusters().map(|clusters| clusters.keep(&rows).n_clusters()),
                analysed: enough,
            });
        }
        (bases, analysed)
    }

    fn replicates(
        &self,
        observations: &Observations,
        sides: &Sides,
        codes: &[Option<usize>],
        analysed: &[usize],
    ) -> Vec<Vec<Option<Pair>>> {
        let resampler = bootstrap::resampler(observations, self.analysis.seed);
        if resampler.is_single_cluster() {
            return Vec::new();
        }
        (0..self.analysis.replicates)
            .into_par_iter()
            .map_init(
                || resampler.scratch(),
                |scratch, replicate| sides.pairs(resampler.draw(replicate, scratch), codes, analysed),
            )
            .collect()
    }

    /// Pairs for segments dealt anew; `None` where permutations are not asked for.
    fn permuted(
        &self,
        observations: &Observations,
        sides: &Sides,
        codes: &[Option<usize>],
        analysed: &[usize],
    ) -> Result<Option<Vec<Vec<Option<Pair>>>>, ActionError> {
        if self.test == SegmentTest::Bootstrap {
            return Ok(None);
        }
        let weights = own_weights(observations);
        let units = units(observations, codes)?;
        let dealt = (0..self.analysis.replicates).into_par_iter().map(|permutation| {
            let mut labels = units.labels.clone();
            labels.shuffle(&mut stream(self.analysis.seed, "segment permutation", permutation as u64));
            let codes: Vec<Option<usize>> = units.of_row.iter().map(|unit| unit.map(|unit| labels[unit])).collect();
            sides.relabelled(&weights, &codes, analysed)
        });
        Ok(Some(dealt.collect()))
    }

    fn row(
        &self,
        segment: &str,
        name: &str,
        own: &Pair,
        drawn: &[&Pair],
        dealt: Option<Vec<f64>>,
        driver: usize,
    ) -> SegmentRow {
        let confidence = self.analysis.confidence;
        let difference = own.difference(driver);
        let of = |value: &dyn Fn(&Pair) -> f64| drawn.iter().map(|pair| value(pair)).collect::<Vec<f64>>();
        let differences = of(&|pair| pair.difference(driver));
        let by_bootstrap = standard_deviation(&differences)
            .filter(|&error| error > SAME)
            .map(|error| normal_two_sided(difference / error));
        let by_permutation = dealt.filter(|dealt| !dealt.is_empty()).map(|dealt| {
            let n_reached = dealt.iter().filter(|own| own.abs() >= difference.abs() - SAME).count();
            (n_reached + 1) as f64 / (dealt.len() + 1) as f64
        });
        SegmentRow {
            segment: segment.to_owned(),
            driver: name.to_owned(),
            share: own.inside[driver],
            share_interval: Estimate::of_replicates(own.inside[driver], of(&|pair| pair.inside[driver]), confidence),
            rank: 0,
            rank_interval: None,
            share_elsewhere: own.outside[driver],
            difference,
            difference_interval: Estimate::of_replicates(difference, differences, confidence),
            p_value: if self.test == SegmentTest::Permutation { by_permutation } else { by_bootstrap },
            p_holm: None,
            p_bh: None,
            shrunk: None,
            own_weight: None,
        }
    }

    /// Draws each driver's shares towards their centre.
    fn shrink(&self, rows: &mut [SegmentRow], drivers: &[String]) -> Vec<DriverSpread> {
        let mut spreads = Vec::new();
        for driver in drivers {
            let own: Vec<usize> = (0..rows.len()).filter(|&row| rows[row].driver == *driver).collect();
            let estimates: Vec<f64> = own.iter().map(|&row| rows[row].share).collect();
            let variance =
                |&row: &usize| rows[row].share_interval.map_or(f64::NAN, |own| own.std_error * own.std_error);
            let variances: Vec<f64> = own.iter().map(variance).collect();
            let Some(effects) = RandomEffects::of(&estimates, &variances) else { continue };
            for ((&row, estimate), variance) in own.iter().zip(estimates).zip(variances) {
                let shrunk = effects.shrink(estimate, variance);
                let z = self.analysis.confidence.z();
                rows[row].shrunk = Some(Estimate::symmetric(shrunk.estimate, shrunk.std_error, z));
                rows[row].own_weight = Some(shrunk.own_weight);
            }
            spreads.push(DriverSpread {
                driver: driver.clone(),
                centre: effects.centre,
                between_std_dev: effects.tau_squared.sqrt(),
                q: effects.q,
                p_value: effects.p_value,
                i_squared: effects.i_squared,
            });
        }
        spreads
    }
}

fn left_out(observations: &Observations, segmentation: &Segmentation) -> Vec<Finding> {
    let codes = segmentation.codes();
    let without = (0..codes.len()).filter(|&row| codes[row].is_none() && observations.weights().of(row) > 0.0).count();
    if without == 0 {
        return Vec::new();
    }
    let are = if without == 1 { "answer is" } else { "answers are" };
    let sentence = format!("{} {are} in no segment and left out of the comparison.", thousands(without));
    let outcome = observations.outcome().name();
    vec![Finding::new(FindingKind::RowsDropped, Severity::Note, outcome, sentence).number("n_rows", without as f64)]
}

fn not_estimated(segment: &str) -> Finding {
    let sentence = format!("The outcome or the drivers do not vary enough in {segment} or beside it for a comparison.");
    Finding::new(FindingKind::NotEstimated, Severity::Warning, segment, sentence)
}
