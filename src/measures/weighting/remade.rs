//! A weighted score over resampled customers, whose weights are made anew in every replicate.

use super::margins::Margin;
use super::raking::Raking;
use crate::measures::{MeasureError, Resampling, ResponseClass, Sampling};
use crate::stats::Confidence;
use crate::stats::moments::standard_deviation;
use serde::Serialize;
use std::collections::BTreeMap;

/// The spread of a weighted score over replicates that are each weighted anew. Scores are in points, -100 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RemadeScore {
    /// The score of the answers themselves.
    pub nps: f64,
    /// The standard deviation of the replicates' scores.
    pub std_error: f64,
    /// Lower percentile.
    pub conf_low: f64,
    /// Upper percentile.
    pub conf_high: f64,
    /// The level of the percentiles.
    pub confidence: Confidence,
    /// Replicates that have a score.
    pub n_replicates: usize,
    /// Replicates that have none, because nobody was drawn of a category that the population has, or because what was drawn holds
    /// no such margins.
    pub n_failed: usize,
}

impl RemadeScore {
    /// Draws customers (or answers) with replacement, as many as there are, and rakes each draw to the margins from the weights
    /// before (those of `sampling`; 1 without them). With a single margin that is post-stratification.
    ///
    /// Weights that were made once and only drawn carry the chance of the first draw into every replicate; made anew, the replicates
    /// know that the margins always hold. Where a part of a population was asked, replicates lie nearer to the score by the root of
    /// the share that was not.
    ///
    /// # Errors
    /// Columns of unequal length, answers off the scale, those of [`Raking::weigh`], one customer alone, fewer than two replicates
    /// with a score.
    ///
    /// # References
    /// Rao, Wu and Yue (1992), "Some recent work on resampling methods for complex surveys", Survey Methodology 18(2); Kolenikov
    /// (2010), "Resampling variance estimation for complex survey data", Stata Journal 10(2).
    ///
    /// # Example
    /// ```
    /// use advocate::measures::weighting::{Margin, RemadeScore, TargetShare};
    /// use advocate::measures::{Resampling, Sampling};
    /// use advocate::stats::Confidence;
    /// let sizes = ["a", "b"].map(|category| TargetShare { category: category.into(), size: 2.0 }).to_vec();
    /// let margins = [Margin::new("segment", sizes, &[0, 0, 0, 1])?];
    /// let own = RemadeScore::of(&[9.0, 9.0, 9.0, 0.0], &margins, Sampling::default(), Confidence::default(), Resampling::default())?;
    /// // All of a segment say the same, and how large the segments are is known.
    /// assert!(own.nps.abs() < 1e-9 && own.std_error < 1e-9);
    /// # Ok::<(), advocate::measures::MeasureError>(())
    /// ```
    pub fn of(
        answers: &[f64],
        margins: &[Margin],
        sampling: Sampling,
        confidence: Confidence,
        resampling: Resampling,
    ) -> Result<Self, MeasureError> {
        sampling.check(answers.len())?;
        let table = Table::of(answers, margins)?;
        let weights: Vec<f64> = (0..answers.len()).map(|row| sampling.weight(row)).collect();
        let nps = 100.0 * table.score(&weights)?;
        // What is refused of the answers themselves was refused above; of a draw it makes no replicate.
        let draws: Vec<f64> =
            resampling.draws(answers.len(), sampling, |drawn| table.score(drawn).ok().map(|score| 100.0 * score))?;
        let (n_replicates, spread) = (draws.len(), standard_deviation(&draws));
        let ends = resampling.percentiles(draws, confidence)?;
        let nearer = sampling.share_unseen(sampling.n_seen(answers.len()))?.sqrt();
        Ok(Self {
            nps,
            std_error: nearer * spread.unwrap_or(0.0),
            conf_low: nps + nearer * (ends.low - nps),
            conf_high: nps + nearer * (ends.high - nps),
            confidence,
            n_replicates,
            n_failed: resampling.replicates - n_replicates,
        })
    }
}

/// The answers by combination of categories: weights of rows that share one stay in proportion, so that a replicate is raked over
/// combinations and not over rows.
struct Table<'m> {
    margins: &'m [Margin<'m>],
    /// The combination of every row.
    cells: Vec<usize>,
    /// What every row adds to the score: -1, 0 or 1.
    values: Vec<f64>,
    /// By margin, the category of every combination.
    codes: Vec<Vec<u32>>,
    n_cells: usize,
}

impl<'m> Table<'m> {
    fn of(answers: &[f64], margins: &'m [Margin<'m>]) -> Result<Self, MeasureError> {
        if let Some(margin) = margins.iter().find(|margin| margin.codes().len() != answers.len()) {
            let (n_found, n_expected) = (margin.codes().len(), answers.len());
            return Err(MeasureError::Length { what: format!("margin {}", margin.name()), n_found, n_expected });
        }
        let value = |(row, &value): (usize, &f64)| {
            ResponseClass::of(value).map(ResponseClass::value).ok_or(MeasureError::OffScale { row: row + 1, value })
        };
        let values = answers.iter().enumerate().map(value).collect::<Result<Vec<f64>, _>>()?;
        let key = |row: usize| margins.iter().map(|margin| margin.codes()[row]).collect::<Vec<u32>>();
        let mut places: BTreeMap<Vec<u32>, usize> = (0..answers.len()).map(|row| (key(row), 0)).collect();
        places.values_mut().enumerate().for_each(|(place, own)| *own = place);
        let cells = (0..answers.len()).map(|row| places[&key(row)]).collect();
        let codes = (0..margins.len()).map(|margin| places.keys().map(|key| key[margin]).collect()).collect();
        Ok(Self { margins, cells, values, codes, n_cells: places.len() })
    }

    /// The score under weights of the rows that are raked, -1 to 1.
    fn score(&self, weights: &[f64]) -> Result<f64, MeasureError> {
        let (mut sums, mut scores) = (vec![0.0; self.n_cells], vec![0.0; self.n_cells]);
        for ((&cell, value), weight) in self.cells.iter().zip(&self.values).zip(weights) {
            sums[cell] += weight;
            scores[cell] += weight * value;
        }
        let margins = self.margins.iter().zip(&self.codes);
        let margins: Result<Vec<Margin>, MeasureError> =
            margins.map(|(own, codes)| Margin::new(own.name(), own.targets().to_vec(), codes)).collect();
        let raked = Raking::default().weigh(&margins?, Some(&sums))?.weights;
        let cells = raked.iter().zip(&sums).zip(&scores).filter(|((_, sum), _)| **sum > 0.0);
        Ok(cells.map(|((weight, sum), score)| weight * score / sum).sum::<f64>() / raked.iter().sum::<f64>())
    }
}
