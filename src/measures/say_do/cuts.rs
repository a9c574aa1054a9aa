//! Whether 0-6, 7-8, 9-10 are where behaviour changes.

use crate::data::Clusters;
use crate::measures::{MeasureError, ResponseClass, Sampling};
use crate::stats::distributions::student_two_sided;
use crate::stats::random::mix;
use serde::Serialize;

/// Number of answers on the scale.
const N_ANSWERS: usize = 11;

/// What people did, and how it is likely.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Behaviour {
    /// 0 or 1: each class has a rate.
    Happened,
    /// A number: each class has a mean, all one variance.
    Amount,
}

/// Two cuts of the scale into three classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct CutPair {
    /// The highest answer of the lowest class.
    pub low_to: usize,
    /// The highest answer of the middle class.
    pub middle_to: usize,
}

impl CutPair {
    /// 0-6, 7-8, 9-10.
    pub const CUSTOMARY: Self = Self { low_to: 6, middle_to: 8 };

    fn class(self, answer: usize) -> usize {
        usize::from(answer > self.low_to) + usize::from(answer > self.middle_to)
    }

    fn all() -> impl Iterator<Item = Self> {
        (0..N_ANSWERS - 2)
            .flat_map(|low_to| (low_to + 1..N_ANSWERS - 1).map(move |middle_to| Self { low_to, middle_to }))
    }
}

/// How cuts are searched and judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CutSearch {
    /// Parts of the customers; each is foretold from the others.
    pub n_folds: usize,
    /// Seed of the parts.
    pub seed: u64,
}

impl Default for CutSearch {
    fn default() -> Self {
        Self { n_folds: 10, seed: 0 }
    }
}

/// The customary cuts held against those that the data would choose.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CutComparison {
    /// Rows with an answer and a behaviour.
    pub n: usize,
    /// Customers.
    pub n_customers: usize,
    /// The cuts chosen on all rows.
    pub chosen: CutPair,
    /// The cuts chosen without each fold, in the order of the folds; agreement says how firm the choice is.
    pub chosen_by_fold: Vec<CutPair>,
    /// Log likelihood an answer, out of fold, with one rate or mean for all.
    pub without_cuts: f64,
    /// With the customary cuts.
    pub customary: f64,
    /// With the cuts chosen on the other folds.
    pub data_chosen: f64,
    /// With each answer a class of its own.
    pub every_answer: f64,
    /// `data_chosen - customary`: positive where the data's cuts foretell better.
    pub gain: f64,
    /// Standard error of the gain, by customer.
    pub std_error: f64,
    /// Two-sided, of no gain.
    pub p_value: f64,
}

impl CutComparison {
    /// Whether the data's cuts foretell better than the customary ones at this level.
    pub fn is_better(&self, level: f64) -> bool {
        self.gain > 0.0 && self.p_value < level
    }
}

impl CutSearch {
    /// Compares cuts by how well they foretell behaviour of customers who took no part in choosing them.
    ///
    /// On all folds but one, the pair of cuts with the largest likelihood is chosen among all 45, and classes get their rates
    /// (with half an event and half a non-event added) or means (with one answer of the overall mean added). The log
    /// likelihood of the fold's answers follows. The gain is its mean over the customary cuts' and is tested over customers by
    /// Student's t, which takes the folds for independent; they share their training rows, so that a p-value near the level
    /// should not be leaned on.
    ///
    /// # Errors
    /// Columns of unequal length, answers off the scale, a behaviour that is none, one that does not vary, fewer than two
    /// folds or fewer customers than folds.
    ///
    /// # References
    /// Stone (1974), "Cross-validatory choice and assessment of statistical predictions", JRSS B 36; Vuong (1989), Econometrica
    /// 57, for the test of likelihoods; Krichevsky and Trofimov (1981) for the halves.
    pub fn compare(
        &self,
        answers: &[f64],
        did: &[f64],
        behaviour: Behaviour,
        sampling: Sampling,
    ) -> Result<CutComparison, MeasureError> {
        let rows = self.rows(answers, did, behaviour, sampling)?;
        let mut by_fold = vec![Tally::default(); self.n_folds];
        rows.rows.iter().for_each(|row| by_fold[row.fold].add(row));
        let all = Tally::sum(&by_fold, None);
        if all.spread() <= 0.0 {
            return Err(MeasureError::Constant { what: "the behaviour".to_owned() });
        }
        let mut sums = [0.0; 4];
        let mut gains = vec![0.0; rows.n_customers];
        let mut chosen_by_fold = Vec::with_capacity(self.n_folds);
        for fold in 0..self.n_folds {
            let training = Tally::sum(&by_fold, Some(fold));
            let chosen = training.best(behaviour);
            chosen_by_fold.push(chosen);
            let models = [
                training.model(behaviour, &|_| 0),
                training.model(behaviour, &|answer| CutPair::CUSTOMARY.class(answer)),
                training.model(behaviour, &|answer| chosen.class(answer)),
                training.model(behaviour, &|answer| answer),
            ];
            for row in rows.rows.iter().filter(|row| row.fold == fold) {
                let likely = models.each_ref().map(|model| row.weight * model.ln_likelihood(row));
                sums.iter_mut().zip(likely).for_each(|(sum, own)| *sum += own);
                gains[row.customer] += likely[2] - likely[1];
            }
        }
        let total = all.weight();
        let [without_cuts, customary, data_chosen, every_answer] = sums.map(|sum| sum / total);
        let n = rows.n_customers as f64;
        let mean = gains.iter().sum::<f64>() / n;
        let scatter: f64 = gains.iter().map(|gain| (gain - mean) * (gain - mean)).sum();
        let std_error = (n / (n - 1.0) * scatter).sqrt() / total;
        let gain = data_chosen - customary;
        let p_value = if std_error > 0.0 { student_two_sided(gain / std_error, n - 1.0) } else { 1.0 };
        let chosen = all.best(behaviour);
        Ok(CutComparison {
            n: rows.rows.len(),
            n_customers: rows.n_customers,
            chosen,
            chosen_by_fold,
            without_cuts,
            customary,
            data_chosen,
            every_answer,
            gain,
            std_error,
            p_value,
        })
    }

    fn rows(
        &self,
        answers: &[f64],
        did: &[f64],
        behaviour: Behaviour,
        sampling: Sampling,
    ) -> Result<FoldedRows, MeasureError> {
        sampling.check(answers.len())?;
        if did.len() != answers.len() {
            let what = "the column of behaviour".to_owned();
            return Err(MeasureError::Length { what, n_found: did.len(), n_expected: answers.len() });
        }
        for (row, (&answer, &value)) in answers.iter().zip(did).enumerate() {
            if !answer.is_nan() && ResponseClass::of(answer).is_none() {
                return Err(MeasureError::OffScale { row: row + 1, value: answer });
            }
            let is_none = match behaviour {
                Behaviour::Happened => !value.is_nan() && ((value - 0.5).abs() - 0.5).abs() > 0.0,
                Behaviour::Amount => value.is_infinite(),
            };
            if is_none {
                return Err(MeasureError::NotFinite { what: "the behaviour".to_owned(), row: row + 1, value });
            }
        }
        let known: Vec<usize> = (0..answers.len())
            .filter(|&row| !answers[row].is_nan() && !did[row].is_nan() && sampling.weight(row) > 0.0)
            .collect();
        let clusters = match sampling.clusters {
            Some(clusters) => clusters.keep(&known),
            None => Clusters::from_labels(0..known.len()),
        };
        let n_customers = clusters.n_clusters();
        if self.n_folds < 2 {
            return Err(MeasureError::TooFew { what: "folds".to_owned(), n_found: self.n_folds, n_needed: 2 });
        }
        if n_customers < self.n_folds {
            let what = format!("customers for {} folds", self.n_folds);
            return Err(MeasureError::TooFew { what, n_found: n_customers, n_needed: self.n_folds });
        }
        // Customers are dealt to the folds in an order of their own, so that folds are of equal size.
        let mut order: Vec<usize> = (0..n_customers).collect();
        order.sort_by_key(|&customer| mix(mix(self.seed).wrapping_add(customer as u64)));
        let mut folds = vec![0; n_customers];
        order.iter().enumerate().for_each(|(place, &customer)| folds[customer] = place % self.n_folds);
        let unit = sampling.unit();
        let of = |(place, &row): (usize, &usize)| {
            let customer = clusters.codes()[place] as usize;
            let weight = sampling.weight(row) / unit;
            FoldedRow { answer: answers[row] as usize, did: did[row], weight, customer, fold: folds[customer] }
        };
        Ok(FoldedRows { rows: known.iter().enumerate().map(of).collect(), n_customers })
    }
}

struct FoldedRow {
    answer: usize,
    did: f64,
    weight: f64,
    customer: usize,
    fold: usize,
}

struct FoldedRows {
    rows: Vec<FoldedRow>,
    n_customers: usize,
}

/// Weighted sums by answer: all that any cuts need.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    weight: [f64; N_ANSWERS],
    sum: [f64; N_ANSWERS],
    squares: [f64; N_ANSWERS],
}

impl Tally {
    fn add(&mut self, row: &FoldedRow) {
        self.weight[row.answer] += row.weight;
        self.sum[row.answer] += row.weight * row.did;
        self.squares[row.answer] += row.weight * row.did * row.did;
    }

    fn sum(folds: &[Self], without: Option<usize>) -> Self {
        let mut total = Self::default();
        for (_, fold) in folds.iter().enumerate().filter(|(at, _)| Some(*at) != without) {
            for answer in 0..N_ANSWERS {
                total.weight[answer] += fold.weight[answer];
                total.sum[answer] += fold.sum[answer];
                total.squares[answer] += fold.squares[answer];
            }
        }
        total
    }

    fn weight(&self) -> f64 {
        self.weight.iter().sum()
    }

    fn spread(&self) -> f64 {
        let mean = self.sum.iter().sum::<f64>() / self.weight();
        let mean_square = self.squares.iter().sum::<f64>() / self.weight();
        if mean_square - mean * mean > 1e-12 * mean_square { mean_square - mean * mean } else { 0.0 }
    }

    fn model(&self, behaviour: Behaviour, class: &dyn Fn(usize) -> usize) -> Model {
        let (mut weights, mut sums) = ([0.0; N_ANSWERS], [0.0; N_ANSWERS]);
        for answer in 0..N_ANSWERS {
            weights[class(answer)] += self.weight[answer];
            sums[class(answer)] += self.sum[answer];
        }
        let overall = self.sum.iter().sum::<f64>() / self.weight().max(f64::MIN_POSITIVE);
        let level = |answer: usize| {
            let (weight, sum) = (weights[class(answer)], sums[class(answer)]);
            match behaviour {
                Behaviour::Happened => (sum + 0.5) / (weight + 1.0),
                Behaviour::Amount => (sum + overall) / (weight + 1.0),
            }
        };
        let levels: [f64; N_ANSWERS] = std::array::from_fn(level);
        let around: f64 = (0..N_ANSWERS)
            .map(|at| self.squares[at] - 2.0 * levels[at] * self.sum[at] + levels[at] * levels[at] * self.weight[at])
            .sum();
        let variance = (around / self.weight().max(f64::MIN_POSITIVE)).max(f64::MIN_POSITIVE);
        Model { behaviour, levels, variance }
    }

    /// The pair of cuts with the largest likelihood on these rows; the customary pair where it is as good.
    fn best(&self, behaviour: Behaviour) -> CutPair {
        let likely = |cuts: CutPair| {
            let model = self.model(behaviour, &|answer| cuts.class(answer));
            match behaviour {
                Behaviour::Happened => (0..N_ANSWERS)
                    .map(|at| {
                        let rate = model.levels[at];
                        self.sum[at] * rate.ln() + (self.weight[at] - self.sum[at]) * (1.0 - rate).ln()
                    })
                    .sum::<f64>(),
                Behaviour::Amount => -0.5 * self.weight() * model.variance.ln(),
            }
        };
        let mut best = (CutPair::CUSTOMARY, likely(CutPair::CUSTOMARY));
        for cuts in CutPair::all() {
            let own = likely(cuts);
            if own > best.1 + 1e-9 * best.1.abs() {
                best = (cuts, own);
            }
        }
        best.0
    }
}

struct Model {
    behaviour: Behaviour,
    levels: [f64; N_ANSWERS],
    variance: f64,
}

impl Model {
    fn ln_likelihood(&self, row: &FoldedRow) -> f64 {
        let level = self.levels[row.answer];
        match self.behaviour {
            Behaviour::Happened => row.did * level.ln() + (1.0 - row.did) * (-level).ln_1p(),
            Behaviour::Amount => {
                -0.5 * ((2.0 * std::f64::consts::PI * self.variance).ln()
                    + (row.did - level) * (row.did - level) / self.variance)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::stream;
    use rand::Rng;

    /// Answers 0-10 alike, and an event whose rate depends on the answer.
    fn made(n: usize, rate: fn(usize) -> f64) -> (Vec<f64>, Vec<f64>) {
        let mut random = stream(11, "cuts", 0);
        (0..n)
            .map(|_| {
                let answer = random.random_range(0..N_ANSWERS);
                (answer as f64, f64::from(u8::from(random.random::<f64>() < rate(answer))))
            })
            .unzip()
    }

    fn compare(n: usize, rate: fn(usize) -> f64) -> CutComparison {
        let (answers, did) = made(n, rate);
        CutSearch::default().compare(&answers, &did, Behaviour::Happened, Sampling::default()).expect("rows")
    }

    #[test]
    fn cuts_elsewhere_are_found_and_shown_to_foretell_better() {
        let own = compare(6000, |answer| {
            if answer <= 3 {
                0.1
            } else if answer <= 5 {
                0.4
            } else {
                0.7
            }
        });
        assert_eq!(own.chosen, CutPair { low_to: 3, middle_to: 5 });
        assert!(own.is_better(0.01) && own.gain > 3.0 * own.std_error, "{own:?}");
        assert!(own.every_answer > own.customary && own.customary > own.without_cuts);
    }

    #[test]
    fn customary_cuts_that_are_true_are_not_beaten() {
        let own = compare(6000, |answer| {
            if answer <= 6 {
                0.1
            } else if answer <= 8 {
                0.4
            } else {
                0.7
            }
        });
        assert_eq!(own.chosen, CutPair::CUSTOMARY);
        assert!(!own.is_better(0.05) && own.gain.abs() < 1e-3, "{own:?}");
    }

    #[test]
    fn where_nothing_hangs_together_no_cuts_are_better() {
        let own = compare(3000, |_| 0.3);
        assert!(!own.is_better(0.05));
        assert!(own.every_answer <= own.without_cuts + 1e-4, "{own:?}");
    }

    #[test]
    fn amounts_have_cuts_too() {
        let (answers, noise) = made(4000, |_| 0.5);
        let spend: Vec<f64> = answers
            .iter()
            .zip(noise)
            .map(|(&answer, noise)| if answer <= 4.0 { 10.0 } else { 30.0 } + 8.0 * noise)
            .collect();
        let own = CutSearch::default().compare(&answers, &spend, Behaviour::Amount, Sampling::default()).expect("rows");
        assert!(own.chosen.low_to == 4 || own.chosen.middle_to == 4, "{own:?}");
        assert!(own.is_better(0.01));
    }

    #[test]
    fn a_behaviour_that_is_none_is_refused() {
        let search = CutSearch { n_folds: 2, ..CutSearch::default() };
        let of = |did: &[f64]| search.compare(&[1.0, 2.0, 9.0], did, Behaviour::Happened, Sampling::default());
        assert!(matches!(of(&[0.0, 0.5, 1.0]), Err(MeasureError::NotFinite { row: 2, .. })));
        assert!(matches!(of(&[1.0, 1.0, 1.0]), Err(MeasureError::Constant { .. })));
        assert!(matches!(of(&[1.0, 1.0]), Err(MeasureError::Length { .. })));
    }
}
