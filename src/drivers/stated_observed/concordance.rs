//! How far several rankings of the same drivers agree.

use crate::drivers::ActionError;
use crate::stats::Confidence;
use crate::stats::distributions::chi_squared_upper;
use crate::stats::quantile::quantiles;
use crate::stats::random::stream;
use ndarray::{ArrayView1, ArrayView2};
use rand::seq::SliceRandom;
use rayon::prelude::*;
use serde::Serialize;

/// Values closer than this share of the largest in their row are tied.
const TIE: f64 = 1e-10;
/// Agreements closer than this are one (absolute).
const SAME: f64 = 1e-12;

/// Kendall's coefficient of concordance, 0 where rankings have nothing in common and 1 where they are equal.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Concordance {
    /// Rankings compared.
    pub n_rankings: usize,
    /// Drivers ranked.
    pub n_drivers: usize,
    /// The coefficient, corrected for ties, 0-1.
    pub w: f64,
    /// `m (n - 1) W` for `m` rankings of `n` drivers.
    pub chi_squared: f64,
    /// Its probability if rankings had nothing in common, by chi squared on `n - 1`; rough for few drivers.
    pub p_value: f64,
    /// Share of permutations within the rankings that agree at least as well, the observed one counted as one of them.
    pub p_permutation: Option<f64>,
    /// Lower percentile of the coefficient over bootstrap replicates.
    pub conf_low: Option<f64>,
    /// Upper percentile.
    pub conf_high: Option<f64>,
}

impl Concordance {
    /// From importance by ranking (a row) and driver (a column); larger values rank first, equal ones share mean ranks.
    ///
    /// `W = 12 S / (m^2 (n^3 - n) - m sum T)`, where `S` sums the squared distances of the drivers' rank sums from their
    /// mean and `T` sums `t^3 - t` over the ties of a ranking.
    ///
    /// # Errors
    /// Fewer than two rankings or drivers; rankings without any order; values that are no numbers.
    ///
    /// # Example
    /// ```
    /// use advocate::drivers::stated_observed::Concordance;
    /// use ndarray::array;
    /// let own = Concordance::of(array![[0.5, 0.3, 0.2], [0.6, 0.3, 0.1]].view())?;
    /// assert!((own.w - 1.0).abs() < 1e-12);
    /// # Ok::<(), advocate::drivers::ActionError>(())
    /// ```
    ///
    /// # References
    /// Kendall and Babington Smith (1939), "The problem of m rankings", Annals of Mathematical Statistics 10(3); Siegel and
    /// Castellan (1988), "Nonparametric Statistics", 2nd edition, for ties.
    pub fn of(importance: ArrayView2<f64>) -> Result<Self, ActionError> {
        let (n_rankings, n_drivers) = importance.dim();
        for (what, n_found) in [("rankings", n_rankings), ("drivers", n_drivers)] {
            if n_found < 2 {
                return Err(ActionError::Count { what, n_found, n_expected: 2 });
            }
        }
        if importance.iter().any(|value| !value.is_finite()) {
            return Err(ActionError::NoImportance);
        }
        let ranks: Vec<Vec<f64>> = importance.outer_iter().map(mean_ranks).collect();
        let w = coefficient(&ranks).ok_or(ActionError::Constant { column: "every ranking".to_owned() })?;
        let chi_squared = n_rankings as f64 * (n_drivers as f64 - 1.0) * w;
        Ok(Self {
            n_rankings,
            n_drivers,
            w,
            chi_squared,
            p_value: chi_squared_upper(chi_squared, n_drivers as f64 - 1.0),
            p_permutation: None,
            conf_low: None,
            conf_high: None,
        })
    }

    /// The same with a p-value by permutations of the drivers within each ranking.
    ///
    /// # Errors
    /// As [`Concordance::of`], for values other than its own.
    pub fn permuted(self, importance: ArrayView2<f64>, permutations: usize, seed: u64) -> Result<Self, ActionError> {
        if permutations == 0 {
            return Ok(self);
        }
        let own = Self::of(importance)?.w;
        let ranks: Vec<Vec<f64>> = importance.outer_iter().map(mean_ranks).collect();
        let n_reached = (0..permutations)
            .into_par_iter()
            .filter(|&permutation| {
                let mut dealt = ranks.clone();
                let mut random = stream(seed, "concordance permutation", permutation as u64);
                // One ranking may stay: only how the others lie to it matters.
                dealt.iter_mut().skip(1).for_each(|ranks| ranks.shuffle(&mut random));
                coefficient(&dealt).is_some_and(|w| w >= own - SAME)
            })
            .count();
        Ok(Self { p_permutation: Some((n_reached + 1) as f64 / (permutations + 1) as f64), ..self })
    }

    /// The same with percentiles of the coefficient over bootstrap replicates of the importance; replicates that give
    /// none are left out.
    ///
    /// Resampling adds noise to every ranking, so that replicates agree somewhat less than the sample does.
    #[must_use]
    pub fn resampled<'a>(self, replicates: impl Iterator<Item = ArrayView2<'a, f64>>, confidence: Confidence) -> Self {
        let drawn: Vec<f64> = replicates.filter_map(|own| Self::of(own).ok()).map(|own| own.w).collect();
        if drawn.len() < 2 {
            return self;
        }
        let ends = quantiles(drawn, &[confidence.tail(), 1.0 - confidence.tail()]);
        Self { conf_low: Some(ends[0]), conf_high: Some(ends[1]), ..self }
    }
}

/// Ranks from 1 for the largest; tied values have the mean of their ranks.
fn mean_ranks(values: ArrayView1<f64>) -> Vec<f64> {
    let tie = TIE * values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let rank = |own: &f64| {
        let n_above = values.iter().filter(|&other| other - own > tie).count() as f64;
        let n_tied = values.iter().filter(|&other| (other - own).abs() <= tie).count() as f64;
        n_above + 0.5 * (n_tied + 1.0)
    };
    values.iter().map(rank).collect()
}

/// `None` where no ranking puts one driver before another.
fn coefficient(ranks: &[Vec<f64>]) -> Option<f64> {
    let (m, n) = (ranks.len() as f64, ranks[0].len() as f64);
    let mean = m * (n + 1.0) / 2.0;
    let total = |driver: usize| ranks.iter().map(|ranks| ranks[driver]).sum::<f64>();
    let scatter: f64 = (0..ranks[0].len()).map(|driver| (total(driver) - mean) * (total(driver) - mean)).sum();
    // Over all members of a tie of t, t^2 - 1 sums to t^3 - t.
    let ties = |ranks: &Vec<f64>| {
        let tied = |own: &f64| ranks.iter().filter(|other| (*other - own).abs() < 0.25).count() as f64;
        ranks.iter().map(|own| tied(own) * tied(own) - 1.0).sum::<f64>()
    };
    let corrected = m * m * (n * n * n - n) - m * ranks.iter().map(ties).sum::<f64>();
    (corrected > 0.5).then(|| (12.0 * scatter / corrected).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn ties_by_hand() {
        // Ranks 1, 2.5, 2.5, 4 and 1, 2, 3, 4: sums 2, 4.5, 5.5, 8 around 5, S = 9 + .25 + .25 + 9 = 18.5;
        // W = 12 * 18.5 / (4 * 60 - 2 * 6).
        let own = Concordance::of(array![[4.0, 3.0, 3.0, 1.0], [9.0, 8.0, 7.0, 6.0]].view()).expect("an order");
        assert!((own.w - 222.0 / 228.0).abs() < 1e-14);
        assert!((own.chi_squared - 6.0 * 222.0 / 228.0).abs() < 1e-12);
    }

    #[test]
    fn a_published_example() {
        // Siegel and Castellan (1988): three executives rank six applicants, W = 0.16.
        let ranks =
            array![[1.0, 6.0, 3.0, 2.0, 5.0, 4.0], [1.0, 5.0, 6.0, 4.0, 2.0, 3.0], [6.0, 3.0, 2.0, 5.0, 4.0, 1.0]];
        let own = Concordance::of((-ranks).view()).expect("an order");
        assert!((own.w - 0.1619).abs() < 1e-4, "{}", own.w);
    }

    #[test]
    fn opposite_rankings_do_not_agree_and_only_the_order_matters() {
        let opposite = Concordance::of(array![[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]].view()).expect("an order");
        assert!(opposite.w.abs() < 1e-14);
        let one = Concordance::of(array![[1.0, 5.0, 3.0], [3.0, 2.0, 1.0]].view()).expect("an order");
        let other = Concordance::of(array![[0.1, 99.0, 0.2], [-3.0, -4.0, -50.0]].view()).expect("an order");
        assert_eq!(one.w, other.w);
    }

    #[test]
    fn permutations_come_near_the_exact_probability() {
        // Two equal rankings of four: one of 24 orders of the second agrees as well.
        let equal = array![[4.0, 3.0, 2.0, 1.0], [4.0, 3.0, 2.0, 1.0]];
        let own =
            Concordance::of(equal.view()).and_then(|own| own.permuted(equal.view(), 20_000, 1)).expect("an order");
        assert!((own.p_permutation.expect("permutations") - 1.0 / 24.0).abs() < 0.006);
    }

    #[test]
    fn too_few_and_all_tied_are_refused() {
        assert!(matches!(Concordance::of(array![[1.0, 2.0]].view()), Err(ActionError::Count { what: "rankings", .. })));
        assert!(matches!(
            Concordance::of(array![[1.0], [2.0]].view()),
            Err(ActionError::Count { what: "drivers", .. })
        ));
        assert!(matches!(Concordance::of(array![[1.0, 1.0], [2.0, 2.0]].view()), Err(ActionError::Constant { .. })));
        assert!(Concordance::of(array![[1.0, f64::NAN], [2.0, 2.0]].view()).is_err());
    }
}
