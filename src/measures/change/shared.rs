//! What two scores have in common because some customers gave answers to both.

use crate::measures::{ResponseClass, Sampling};
use std::collections::BTreeMap;

/// The rows of one wave, among the rows of all waves.
#[derive(Debug, Clone, Copy)]
pub struct RowsOfWave<'a> {
    /// Rows with an answer.
    pub rows: &'a [usize],
    /// How many customers there are in all of those who could have answered in the wave; `None` where the population is endless.
    pub population: Option<f64>,
}

/// What each customer adds to the error of a score: `sum w (y - score) / sum w`.
struct ByCustomer {
    sums: BTreeMap<u32, f64>,
    squares: f64,
}

impl ByCustomer {
    fn of(answers: &[f64], wave: RowsOfWave<'_>, sampling: Sampling<'_>, codes: &[u32]) -> Self {
        let value = |row: usize| ResponseClass::of(answers[row]).map_or(0.0, ResponseClass::value);
        let rows = || wave.rows.iter().map(|&row| (row, sampling.weight(row))).filter(|(_, weight)| *weight > 0.0);
        let total: f64 = rows().map(|(_, weight)| weight).sum();
        let score = rows().map(|(row, weight)| weight * value(row)).sum::<f64>() / total;
        let mut sums = BTreeMap::new();
        for (row, weight) in rows() {
            *sums.entry(codes[row]).or_insert(0.0) += weight * (value(row) - score) / total;
        }
        let squares = sums.values().map(|sum| sum * sum).sum();
        Self { sums, squares }
    }

    fn n(&self) -> f64 {
        self.sums.len() as f64
    }
}

/// The correlation (-1 to 1) of the errors of two waves' scores: 0 where no customer answered in both.
///
/// `answers` are 0-10, those of all waves; `sampling` has their weights and customers. Both scores are linearised by customer, and the
/// products of what each customer adds to either are summed: `r = sum a_g b_g / sqrt(sum a_g^2 sum b_g^2)`. Of `N` customers in all, of whom
/// `n_a` and `n_b` answered and `m` both times, `1 - n_a n_b / (m N)` of the covariance is left, not below 0, and `1 - n / N` of
/// either variance: two random halves have nothing in common beyond what they share by chance.
///
/// # Example
/// ```
/// use advocate::data::Clusters;
/// use advocate::measures::Sampling;
/// use advocate::measures::change::{RowsOfWave, correlation_of_scores};
/// // Four customers who answer twice, of whom three keep their class.
/// let customers = Clusters::from_labels([1, 2, 3, 4, 1, 2, 3, 4]);
/// let answers = [9.0, 9.0, 2.0, 2.0, 9.0, 2.0, 2.0, 2.0];
/// let sampling = Sampling { clusters: Some(&customers), ..Sampling::default() };
/// let of = |rows| RowsOfWave { rows, population: None };
/// // Deviations 1, 1, -1, -1 and 1.5, -0.5, -0.5, -0.5: 2 / sqrt(4 * 3).
/// let correlation = correlation_of_scores(&answers, of(&[0, 1, 2, 3]), of(&[4, 5, 6, 7]), sampling);
/// assert!((correlation - 2.0 / 12.0_f64.sqrt()).abs() < 1e-12);
/// ```
///
/// # References
/// Tam (1984), "On covariances from overlapping samples", The American Statistician 38(4); Cochran (1977), "Sampling techniques",
/// section 12.10.
pub fn correlation_of_scores(
    answers: &[f64],
    before: RowsOfWave<'_>,
    after: RowsOfWave<'_>,
    sampling: Sampling<'_>,
) -> f64 {
    let Some(customers) = sampling.clusters else { return 0.0 };
    let [one, other] = [before, after].map(|wave| ByCustomer::of(answers, wave, sampling, customers.codes()));
    let shared: Vec<f64> = one.sums.iter().filter_map(|(who, sum)| Some(sum * other.sums.get(who)?)).collect();
    let (covariance, n_shared) = (shared.iter().sum::<f64>(), shared.len() as f64);
    let plain = covariance / (one.squares * other.squares).sqrt();
    let left = match (before.population, after.population) {
        (Some(first), Some(second)) => {
            let unseen = (1.0 - one.n() / first).max(0.0) * (1.0 - other.n() / second).max(0.0);
            (1.0 - one.n() * other.n() / (n_shared * first.max(second))).max(0.0) / unseen.sqrt()
        }
        _ => 1.0,
    };
    let correlation = plain * left;
    if correlation.is_finite() { correlation.clamp(-1.0, 1.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Clusters;
    use crate::measures::change::{ChangeKind, ChangeSettings, GroupScore};
    use crate::measures::{NetPromoterScore, NpsSettings};
    use crate::stats::random::stream;
    use rand::Rng;

    fn of(rows: &[usize], population: Option<f64>) -> RowsOfWave<'_> {
        RowsOfWave { rows, population }
    }

    /// Customers 0 to 299 before and 150 to 449 after, who mostly keep their class.
    fn overlapping() -> (Vec<f64>, Clusters) {
        let mut random = stream(12, "overlap", 0);
        let first: Vec<f64> = (0..450).map(|_| f64::from(random.random_range(0..11_u32))).collect();
        let mut answers = first[..300].to_vec();
        answers.extend((150..450).map(|who| if random.random::<f64>() < 0.7 { first[who] } else { 10.0 - first[who] }));
        (answers, Clusters::from_labels((0..300).chain(150..450)))
    }

    #[test]
    fn the_error_of_a_change_is_that_of_a_regression_on_the_wave_by_customer() {
        let (answers, customers) = overlapping();
        let sampling = Sampling { clusters: Some(&customers), ..Sampling::default() };
        let (first, second): (Vec<usize>, Vec<usize>) = ((0..300).collect(), (300..600).collect());
        let correlation = correlation_of_scores(&answers, of(&first, None), of(&second, None), sampling);
        assert!(correlation > 0.1, "{correlation}");
        let group = |answers: &[f64]| {
            GroupScore::of_score(&NetPromoterScore::of(answers, None, NpsSettings::default()).expect("answers"))
        };
        let (before, after) = (group(&answers[..300]), group(&answers[300..]));
        let wald = ChangeSettings { kind: ChangeKind::Wald, ..ChangeSettings::default() };
        let got = wald.between_related(before, after, correlation).expect("a change");
        // The sandwich: sum over customers of the squared sum of x'e, by hand for a dummy, where (X'X)^-1 X' is 1/n on either side.
        let value = |row: usize| ResponseClass::of(answers[row]).map_or(0.0, ResponseClass::value);
        let mean = |rows: &[usize]| rows.iter().map(|&row| value(row)).sum::<f64>() / 300.0;
        let (low, high) = (mean(&first), mean(&second));
        let mut sums = vec![0.0_f64; 450];
        (0..300).for_each(|who| sums[who] -= (value(who) - low) / 300.0);
        (0..300).for_each(|place| sums[place + 150] += (value(place + 300) - high) / 300.0);
        let want = 100.0 * sums.iter().map(|sum| sum * sum).sum::<f64>().sqrt();
        assert!((got.std_error / want - 1.0).abs() < 1e-3, "{} {want}", got.std_error);
        let apart = wald.between(before, after).expect("a change");
        assert!(apart.std_error > 1.05 * got.std_error);
        assert!((got.minimum_detectable / apart.minimum_detectable - got.std_error / apart.std_error).abs() < 1e-12);
        assert!((got.change - apart.change).abs() < 1e-12);
        // With the added answers, which nobody gives twice, a little less is shared.
        let adjusted = ChangeSettings::default().between_related(before, after, correlation).expect("a change");
        assert!((adjusted.std_error / want - 1.0).abs() < 0.02, "{} {want}", adjusted.std_error);
    }

    #[test]
    fn a_population_that_two_random_samples_share_leaves_no_covariance() {
        // Half of 600 asked each time, of whom a half are the same: as many as by chance.
        let (answers, customers) = overlapping();
        let sampling = Sampling { clusters: Some(&customers), ..Sampling::default() };
        let (first, second): (Vec<usize>, Vec<usize>) = ((0..300).collect(), (300..600).collect());
        let of_all = |n: Option<f64>| correlation_of_scores(&answers, of(&first, n), of(&second, n), sampling);
        assert!(of_all(Some(600.0)).abs() < 1e-12 && of_all(Some(500.0)).abs() < 1e-12);
        // Of 1200 half of the covariance is left, and three quarters of either variance.
        assert!((of_all(Some(1200.0)) - of_all(None) * 0.5 / 0.75).abs() < 1e-12);
        // Everybody asked both times: nothing is open, and nothing shared.
        assert!(of_all(Some(300.0)).abs() < 1e-12);
    }

    #[test]
    fn strangers_share_nothing() {
        let customers = Clusters::from_labels(0..6);
        let answers = [9.0, 2.0, 8.0, 9.0, 3.0, 10.0];
        let sampling = Sampling { clusters: Some(&customers), ..Sampling::default() };
        let (before, after) = (of(&[0, 1, 2], None), of(&[3, 4, 5], None));
        assert!(correlation_of_scores(&answers, before, after, sampling).abs() < 1e-12);
        assert!(correlation_of_scores(&answers, before, after, Sampling::default()).abs() < 1e-12);
        // All promoters: no error of which anything could be shared.
        let same = Clusters::from_labels([0, 1, 2, 0, 1, 2]);
        let sampling = Sampling { clusters: Some(&same), ..Sampling::default() };
        let unanimous = correlation_of_scores(&[9.0; 6], before, after, sampling);
        assert!(unanimous.abs() < 1e-12, "{unanimous}");
    }

    #[test]
    fn the_same_answers_again_are_no_change_and_no_error() {
        let group = GroupScore::of_score(
            &NetPromoterScore::of(&[9.0, 9.0, 2.0, 7.0], None, NpsSettings::default()).expect("answers"),
        );
        let change = ChangeSettings::default().between_related(group, group, 1.0).expect("a change");
        assert!(change.std_error > 0.0 && (change.p_value - 1.0).abs() < 1e-12, "{change:?}");
    }
}
