//! Whether values are spread as they were: bins made of a reference, and the population stability index over them.

use crate::stats::distributions::chi_squared_upper;

/// Bins at most.
const BINS_MAX: usize = 10;
/// No bin holds less of the reference than this.
const SHARE_MIN: f64 = 0.05;
/// Shares that were written and read back add up to 1 within this (absolute).
const SUM_TOLERANCE: f64 = 1e-6;

/// The line in bins: a value belongs to the first bin whose upper end is not below it, and beyond the last end to the last bin.
#[derive(Debug, Clone, PartialEq)]
pub struct Bins {
    edges: Vec<f64>,
    shares: Vec<f64>,
}

/// How far a spread is from its reference.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stability {
    /// The population stability index: 0 where the spreads are alike.
    pub index: f64,
    /// Probability of an index at least as large if both samples were drawn from one population.
    pub p_value: f64,
}

impl Bins {
    /// At most ten bins of the values, of shares as equal as ties allow: none of less than a twentieth, nor of fewer than `n_min` values,
    /// so that no edge tells of single rows. `None` where that leaves a single bin. Values that are `NaN` are not there; `weight` gives
    /// the weight of a place.
    pub fn of(values: &[f64], weight: impl Fn(usize) -> f64, n_min: usize) -> Option<Self> {
        let mut order: Vec<usize> = (0..values.len()).filter(|&at| !values[at].is_nan()).collect();
        order.sort_by(|&left, &right| values[left].total_cmp(&values[right]));
        let total: f64 = order.iter().map(|&at| weight(at)).sum();
        if !(total.is_finite() && total > 0.0) {
            return None;
        }
        let (mut edges, mut shares, mut left) = (Vec::new(), Vec::new(), total);
        let (mut held, mut n_held) = (0.0, 0);
        for tied in order.chunk_by(|&one, &other| values[one] >= values[other]) {
            held += tied.iter().map(|&at| weight(at)).sum::<f64>();
            n_held += tied.len();
            let n_bins_left = BINS_MAX.saturating_sub(shares.len()).max(1);
            if held >= (left / n_bins_left as f64).max(SHARE_MIN * total) && n_held >= n_min {
                edges.push(values[tied[0]]);
                shares.push(held / total);
                left -= held;
                (held, n_held) = (0.0, 0);
            }
        }
        // The last bin has no upper end; what is too little for one of its own goes into it.
        edges.pop();
        *shares.last_mut()? += held / total;
        (shares.len() > 1).then_some(Self { edges, shares })
    }

    /// Bins as they were stored; `None` where they are none: edges that do not ascend, shares that are not one more, or do not add up.
    pub fn from_parts(edges: Vec<f64>, shares: Vec<f64>) -> Option<Self> {
        let ascending = edges.windows(2).all(|pair| pair[0] < pair[1]) && edges.iter().all(|edge| edge.is_finite());
        let whole = shares.len() == edges.len() + 1 && shares.iter().all(|&share| share > 0.0);
        let sum: f64 = shares.iter().sum();
        (ascending && whole && !edges.is_empty() && (sum - 1.0).abs() < SUM_TOLERANCE).then_some(Self { edges, shares })
    }

    /// The upper ends of all bins but the last.
    pub fn edges(&self) -> &[f64] {
        &self.edges
    }

    /// The share of the reference in each bin.
    pub fn shares(&self) -> &[f64] {
        &self.shares
    }

    /// The bin of a value.
    pub fn place(&self, value: f64) -> usize {
        self.edges.partition_point(|&edge| edge < value)
    }

    /// The population stability index of a sample with these weights by bin:
    ///
    /// `sum over bins of (actual - expected) ln(actual / expected)`, with shares of the sample and of the reference.
    ///
    /// It is Jeffreys' divergence of the two spreads. With samples of `n_reference` and `n` independent rows from one population it is
    /// about `(1 / n_reference + 1 / n)` times a chi-squared variable of one degree of freedom less than there are bins, from which the
    /// p-value comes. A bin that holds nothing counts as half a row. `None` without rows.
    ///
    /// # References
    /// Siddiqi, Credit Risk Scorecards (2006): below 0.1 no change, up to 0.25 some, above it a shift. Yurdakul and Naranjo, Statistical
    /// Properties of the Population Stability Index, Journal of Risk Model Validation 14 (2020), for its distribution. Jeffreys, An
    /// invariant form for the prior probability, Proceedings of the Royal Society A 186 (1946).
    pub fn stability(&self, n_reference: f64, weights: &[f64], n: f64) -> Option<Stability> {
        let total: f64 = weights.iter().sum();
        if weights.len() != self.shares.len() || !(total > 0.0 && n > 0.0 && n_reference > 0.0) {
            return None;
        }
        let of = |(&weight, &expected): (&f64, &f64)| {
            let actual = if weight > 0.0 { weight / total } else { 0.5 / n };
            (actual - expected) * (actual / expected).ln()
        };
        let index: f64 = weights.iter().zip(&self.shares).map(of).sum();
        let spread = n_reference.recip() + n.recip();
        let p_value = chi_squared_upper(index / spread, self.edges.len() as f64);
        Some(Stability { index, p_value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bins(values: &[f64], n_min: usize) -> Option<Bins> {
        Bins::of(values, |_| 1.0, n_min)
    }

    #[test]
    fn an_index_by_hand() {
        // Python: sum((b - a) * math.log(b / a)) over (.1, .2, .3, .4) and (.2, .2, .2, .4). Of three degrees of freedom the upper tail is
        // erfc(sqrt(x / 2)) + sqrt(2 x / pi) exp(-x / 2), at x = psi / (1 / 200 + 1 / 100).
        let bins = Bins::from_parts(vec![1.0, 2.0, 3.0], vec![0.1, 0.2, 0.3, 0.4]).expect("bins");
        let found = bins.stability(200.0, &[20.0, 20.0, 20.0, 40.0], 100.0).expect("rows");
        assert!((found.index - 0.10986122886681095).abs() < 1e-15, "{found:?}");
        assert!((found.p_value - 0.06225506589741174).abs() < 1e-12, "{found:?}");
        let same = bins.stability(200.0, &[1.0, 2.0, 3.0, 4.0], 10.0).expect("rows");
        assert!(same.index.abs() < 1e-15 && (same.p_value - 1.0).abs() < 1e-9, "{same:?}");
        assert_eq!(bins.stability(200.0, &[0.0; 4], 0.0), None);
    }

    #[test]
    fn an_empty_bin_counts_as_half_a_row() {
        let bins = Bins::from_parts(vec![1.0], vec![0.5, 0.5]).expect("bins");
        // (1 - 0.5) ln 2 + (0.05 - 0.5) ln 0.1, the empty bin being half of ten rows' one.
        let found = bins.stability(10.0, &[10.0, 0.0], 10.0).expect("rows");
        assert!((found.index - (0.5 * 2.0_f64.ln() - 0.45 * 0.1_f64.ln())).abs() < 1e-15, "{found:?}");
    }

    #[test]
    fn a_hundred_values_make_ten_bins_and_an_edge_belongs_below() {
        let values: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        let found = bins(&values, 1).expect("bins");
        assert_eq!(found.edges(), [10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0]);
        assert!(found.shares().iter().all(|share| (share - 0.1).abs() < 1e-15));
        assert_eq!([-5.0, 10.0, 10.5, 90.0, 1e9].map(|value| found.place(value)), [0, 0, 1, 8, 9]);
        // Bins of 15 at least: six of them, and the ten values that are left go into the last.
        let coarse = bins(&values, 15).expect("bins");
        assert_eq!(coarse.edges(), [15.0, 30.0, 45.0, 60.0, 75.0]);
        assert!((coarse.shares()[5] - 0.25).abs() < 1e-15);
    }

    #[test]
    fn ties_stay_together_and_what_does_not_vary_has_no_bins() {
        // Sixty zeros, then 1 to 4 of ten each.
        let values: Vec<f64> = (0..100).map(|at| if at < 60 { 0.0 } else { f64::from(at / 10 - 5) }).collect();
        let found = bins(&values, 1).expect("bins");
        assert_eq!((found.edges(), found.shares()), (&[0.0, 1.0, 2.0, 3.0][..], &[0.6, 0.1, 0.1, 0.1, 0.1][..]));
        assert_eq!(bins(&[3.0; 50], 1), None);
        assert_eq!(bins(&[f64::NAN, 1.0], 1), None);
        assert_eq!(bins(&[], 1), None);
        // Weights count, and not rows: the first value carries nine tenths.
        let weighted = Bins::of(&[1.0, 2.0], |at| if at == 0 { 9.0 } else { 1.0 }, 1).expect("bins");
        assert_eq!(weighted.shares(), [0.9, 0.1]);
    }

    #[test]
    fn parts_that_are_no_bins_are_refused() {
        assert!(Bins::from_parts(vec![1.0], vec![0.5, 0.5]).is_some());
        for (edges, shares) in [
            (vec![2.0, 1.0], vec![0.3, 0.3, 0.4]),
            (vec![1.0], vec![0.5, 0.4]),
            (vec![1.0], vec![1.0]),
            (vec![1.0], vec![1.0, 0.0]),
            (Vec::new(), vec![1.0]),
            (vec![f64::NAN], vec![0.5, 0.5]),
        ] {
            assert_eq!(Bins::from_parts(edges, shares), None);
        }
    }
}
