//! Which of a person's several answers count, and from when.

use crate::data::Clusters;
use crate::measures::{MeasureError, Sampling};
use serde::Serialize;

/// What is done with several answers of one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SeveralAnswers {
    /// Every answer counts once; who answers often counts often.
    #[default]
    All,
    /// Only the last answer of each person counts.
    Latest,
    /// Every person counts once, with the mean of the answers' contributions.
    Mean,
}

/// Times that count, `[from, to)`, in any unit that the times have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct TimeWindow {
    /// The first time that counts.
    pub from: i64,
    /// The first time that counts no more.
    pub to: i64,
}

/// Which answers count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct AnswerRules {
    /// Several answers of one person.
    pub several: SeveralAnswers,
    /// Times that count; all without one.
    pub window: Option<TimeWindow>,
}

/// The rows that count and their weights.
///
/// # Example
/// ```
/// use advocate::data::Clusters;
/// use advocate::measures::portfolio::{AnswerRules, SeveralAnswers};
/// use advocate::measures::Sampling;
/// let customers = Clusters::from_labels(["ann", "ben", "ann"]);
/// let rules = AnswerRules { several: SeveralAnswers::Latest, window: None };
/// let sampling = Sampling { clusters: Some(&customers), ..Sampling::default() };
/// let ruled = rules.apply(&[3.0, 9.0, 10.0], &[1, 2, 3], sampling)?;
/// assert_eq!(ruled.rows, [1, 2]);
/// # Ok::<(), advocate::measures::MeasureError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct RuledRows {
    /// Rows that count, ascending.
    pub rows: Vec<usize>,
    /// One weight for each of them.
    pub weights: Vec<f64>,
    /// Their customers.
    pub clusters: Clusters,
    /// How many customers there are in all, where that is known.
    population: Option<f64>,
    /// Their random streams, where these are given.
    streams: Option<Vec<u32>>,
}

impl RuledRows {
    /// The kept rows of a column.
    ///
    /// # Panics
    /// If the column is shorter than the rows that were ruled on.
    pub fn select(&self, column: &[f64]) -> Vec<f64> {
        self.rows.iter().map(|&row| column[row]).collect()
    }

    /// How the kept rows came to be there. Where every row is another customer's, rows are customers, as in a score of answers
    /// of which nobody gave two.
    pub fn sampling(&self) -> Sampling<'_> {
        let clusters = (self.clusters.n_clusters() < self.rows.len()).then_some(&self.clusters);
        Sampling {
            weights: Some(&self.weights),
            clusters,
            population: self.population,
            streams: self.streams.as_deref(),
        }
    }
}

impl AnswerRules {
    /// Picks the rows. A blank (`NaN`) is kept, to be counted, but is never the last answer of a person who gave one and
    /// takes no part of a person's weight.
    ///
    /// Of two last answers at one time the later row counts. `Mean` gives each answer the weight of its row over the sum of
    /// the person's weights, times the person's mean weight, so that each person counts once and as much as before.
    ///
    /// # Errors
    /// Columns of unequal length; bad weights; no customers where several answers of one must be told apart.
    pub fn apply(&self, answers: &[f64], times: &[i64], sampling: Sampling) -> Result<RuledRows, MeasureError> {
        sampling.check(answers.len())?;
        if times.len() != answers.len() {
            let what = "the column of times".to_owned();
            return Err(MeasureError::Length { what, n_found: times.len(), n_expected: answers.len() });
        }
        let own;
        let clusters = match sampling.clusters {
            Some(clusters) => clusters,
            None if self.several == SeveralAnswers::All => {
                own = Clusters::from_labels(0..answers.len());
                &own
            }
            None => {
                let what = "columns of customers, to tell several answers of one apart".to_owned();
                return Err(MeasureError::TooFew { what, n_found: 0, n_needed: 1 });
            }
        };
        let counts = |row: &usize| self.window.is_none_or(|window| (window.from..window.to).contains(&times[*row]));
        let mut rows: Vec<usize> = (0..answers.len()).filter(counts).collect();
        let codes = clusters.codes();
        if self.several == SeveralAnswers::Latest {
            let mut last: Vec<Option<usize>> = vec![None; clusters.n_clusters()];
            let rank = |row: usize| (!answers[row].is_nan(), times[row], row);
            for &row in &rows {
                let last = &mut last[codes[row] as usize];
                if last.is_none_or(|last| rank(row) > rank(last)) {
                    *last = Some(row);
                }
            }
            rows.retain(|&row| last[codes[row] as usize] == Some(row));
        }
        let mut weights: Vec<f64> = rows.iter().map(|&row| sampling.weight(row)).collect();
        if self.several == SeveralAnswers::Mean {
            let mut n_answers = vec![0.0; clusters.n_clusters()];
            for &row in rows.iter().filter(|&&row| !answers[row].is_nan() && sampling.weight(row) > 0.0) {
                n_answers[codes[row] as usize] += 1.0;
            }
            // Over a person's k answers w / k sums to the mean weight.
            for (weight, &row) in weights.iter_mut().zip(&rows) {
                *weight /= f64::max(n_answers[codes[row] as usize], 1.0);
            }
        }
        let clusters = clusters.keep(&rows);
        let streams = sampling.streams.map(|streams| rows.iter().map(|&row| streams[row]).collect());
        Ok(RuledRows { rows, weights, clusters, population: sampling.population, streams })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measures::portfolio::{EstimateSettings, Measure};

    /// Ann answers 3, 10 and a blank; Ben 9; Cy 8 and 0 at one time.
    fn ruled(several: SeveralAnswers, window: Option<TimeWindow>) -> (RuledRows, f64) {
        let customers = Clusters::from_labels(["ann", "ben", "ann", "ann", "cy", "cy"]);
        let answers = [3.0, 9.0, 10.0, f64::NAN, 8.0, 0.0];
        let sampling = Sampling { clusters: Some(&customers), ..Sampling::default() };
        let rules = AnswerRules { several, window };
        let ruled = rules.apply(&answers, &[10, 20, 30, 40, 50, 50], sampling).expect("columns of one length");
        let kept = ruled.select(&answers);
        let measure = Measure::nps("nps", &kept).expect("answers");
        let own = measure.estimate(ruled.sampling(), EstimateSettings::default()).expect("an estimate").estimate;
        (ruled, own)
    }

    #[test]
    fn each_rule_by_hand() {
        // All: -, +, +, 0, - of five. Latest: + (10, the blank is none), +, - (the later row). Mean: (0 + 1 - 1/2) / 3.
        assert!(ruled(SeveralAnswers::All, None).1.abs() < 1e-12);
        let (latest, score) = ruled(SeveralAnswers::Latest, None);
        assert_eq!(latest.rows, [1, 2, 5]);
        assert!((score - 100.0 / 3.0).abs() < 1e-10);
        assert!((ruled(SeveralAnswers::Mean, None).1 - 100.0 / 6.0).abs() < 1e-10);
    }

    #[test]
    fn a_window_is_half_open_and_comes_first() {
        let window = TimeWindow { from: 10, to: 30 };
        let (latest, _) = ruled(SeveralAnswers::Latest, Some(window));
        assert_eq!(latest.rows, [0, 1]);
    }

    #[test]
    fn where_everybody_answers_once_all_answers_are_the_score_itself() {
        // One score has one interval: 1 promoter, 1 passive and 1 detractor, as NetPromoterScore gives it.
        let answers = [3.0, 8.0, 10.0];
        let customers = Clusters::from_labels(["ann", "ben", "cy"]);
        let sampling = Sampling { clusters: Some(&customers), ..Sampling::default() };
        let ruled = AnswerRules::default().apply(&answers, &[1, 2, 3], sampling).expect("columns of one length");
        let kept = ruled.select(&answers);
        let own = Measure::nps("nps", &kept).expect("answers").estimate(ruled.sampling(), EstimateSettings::default());
        let score = crate::measures::NetPromoterScore::of(&answers, None, crate::measures::NpsSettings::default());
        let (own, score) = (own.expect("an estimate"), score.expect("a score"));
        assert!((own.std_error.expect("an error") - score.std_error).abs() < 1e-12);
        assert!((own.conf_low.expect("an end") - score.conf_low).abs() < 1e-9);

        // And where somebody answers twice, by customer.
        let customers = Clusters::from_labels(["ann", "ben", "ann"]);
        let sampling = Sampling { clusters: Some(&customers), ..Sampling::default() };
        let ruled = AnswerRules::default().apply(&answers, &[1, 2, 3], sampling).expect("columns of one length");
        let own = Measure::nps("nps", &kept).expect("answers").estimate(ruled.sampling(), EstimateSettings::default());
        let settings = crate::measures::NpsSettings::default();
        let score = crate::measures::NetPromoterScore::of_sample(&answers, sampling, settings).expect("a score");
        let own = own.expect("an estimate");
        assert!((own.std_error.expect("an error") - score.std_error).abs() < 1e-12);
        assert!((own.conf_high.expect("an end") - score.conf_high).abs() < 1e-9);
    }

    #[test]
    fn persons_must_be_known_to_be_counted_once() {
        let rules = AnswerRules { several: SeveralAnswers::Latest, window: None };
        assert!(matches!(rules.apply(&[1.0], &[1], Sampling::default()), Err(MeasureError::TooFew { .. })));
    }
}
