//! The log-likelihood of the Gamma-Gamma model with its exact first and second derivatives.
//!
//! A customer with `x` purchases of the mean value `z` has the density
//! `gamma(px+q) / (gamma(px) gamma(q)) (gamma/(gamma+s))^q (s/(gamma+s))^(px) / z`, where `s = x z` is what was spent.
//! Everything is in the logarithms of `p`, `q` and `gamma`.

use crate::estimators::columns::Sums;
use crate::stats::special::{LnRising, trigamma};
use ndarray::{Array1, array};
use rayon::prelude::*;
use std::ops::Range;

/// Customers of one task.
const TASK_ROWS: usize = 8192;

/// Customers sorted by their number of purchases.
pub(super) struct Spenders {
    /// Purchases and the customers with as many.
    groups: Vec<(f64, Range<usize>)>,
    /// What each spent in all.
    spent: Vec<f64>,
    /// `sum ln z`.
    ln_values: f64,
}

impl Spenders {
    /// From purchases and their mean value, both positive, one pair a customer.
    pub(super) fn of(mut pairs: Vec<(u32, f64)>) -> Self {
        pairs.par_sort_unstable_by(|left, right| left.0.cmp(&right.0).then(left.1.total_cmp(&right.1)));
        let mut groups = Vec::new();
        let mut start = 0;
        for equal in pairs.chunk_by(|left, right| left.0 == right.0) {
            groups.push((f64::from(equal[0].0), start..start + equal.len()));
            start += equal.len();
        }
        let spent = pairs.iter().map(|&(purchases, value)| f64::from(purchases) * value).collect();
        Self { groups, spent, ln_values: pairs.iter().map(|(_, value)| value.ln()).sum() }
    }

    /// Every so many-th customer, at most `n_customers` of them.
    pub(super) fn thinned(&self, n_customers: usize) -> Self {
        let stride = self.spent.len().div_ceil(n_customers);
        let pairs = self.groups.iter().flat_map(|(purchases, rows)| {
            let rows = rows.clone().filter(|row| row % stride == 0);
            rows.map(move |row| (*purchases as u32, self.spent[row] / purchases))
        });
        Self::of(pairs.collect())
    }

    /// The log-likelihood, its gradient and minus its second derivatives by the logarithms of `p, q, gamma`.
    pub(super) fn log_likelihood(&self, point: &[f64]) -> Sums {
        let at = [point[0].exp(), point[1].exp(), point[2].exp()];
        let of_q = OfQ { ln_gamma: libm::lgamma(at[1]), trigamma: trigamma(at[1]) };
        let n_tasks = self.spent.len().div_ceil(TASK_ROWS);
        let tasks: Vec<Local> = (0..n_tasks)
            .into_par_iter()
            .map(|task| {
                let rows = task * TASK_ROWS..((task + 1) * TASK_ROWS).min(self.spent.len());
                let first = self.groups.partition_point(|(_, group)| group.end <= rows.start);
                let groups = self.groups[first..].iter().take_while(|(_, group)| group.start < rows.end);
                groups.fold(Local::default(), |local, (purchases, group)| {
                    let rows = group.start.max(rows.start)..group.end.min(rows.end);
                    local.plus(&group_terms(at, &of_q, *purchases, &self.spent[rows]))
                })
            })
            .collect();
        let mut sums = tasks.iter().fold(Local::default(), Local::plus).sums();
        sums.value -= self.ln_values;
        sums
    }
}

/// What depends on `q` alone.
struct OfQ {
    ln_gamma: f64,
    trigamma: f64,
}

/// Value, gradient and the lower triangle of the second derivatives, row by row.
#[derive(Default)]
struct Local {
    value: f64,
    slopes: [f64; 3],
    curvatures: [f64; 6],
}

impl Local {
    fn plus(mut self, other: &Self) -> Self {
        self.value += other.value;
        self.slopes.iter_mut().zip(&other.slopes).for_each(|(sum, value)| *sum += value);
        self.curvatures.iter_mut().zip(&other.curvatures).for_each(|(sum, value)| *sum += value);
        self
    }

    fn sums(&self) -> Sums {
        let [pp, qp, qq, gp, gq, gg] = self.curvatures;
        let matrix = array![[-pp, -qp, -gp], [-qp, -qq, -gq], [-gp, -gq, -gg]];
        Sums { matrix, vector: Array1::from(self.slopes.to_vec()), value: self.value }
    }
}

/// What customers with `x` purchases add, but for the sum of `ln z`.
fn group_terms([p, q, gamma]: [f64; 3], of_q: &OfQ, x: f64, spent: &[f64]) -> Local {
    let shape = p * x;
    let n = spent.len() as f64;
    let (from_shape, from_q) = (LnRising::of(shape, q), LnRising::of(q, shape));
    // Logarithm of one over the beta function, from the smaller of the two differences.
    let normalising = if q > shape { from_q.value - libm::lgamma(shape) } else { from_shape.value - of_q.ln_gamma };
    // Sums of ln(1 + s/gamma), ln(1 + gamma/s), gamma/(gamma+s) and gamma s/(gamma+s)^2.
    let (mut rest, mut share, mut gap, mut gap_slope) = (0.0, 0.0, 0.0, 0.0);
    for s in spent {
        let inverse = 1.0 / (gamma + s);
        rest += (s / gamma).ln_1p();
        share += (gamma / s).ln_1p();
        gap += gamma * inverse;
        gap_slope += gamma * inverse * (s * inverse);
    }
    let total = shape + q;
    let trigamma_total = trigamma(total);
    let p_slope = shape * (n * from_shape.slope - share);
    let q_slope = q * (n * from_q.slope - rest);
    Local {
        value: n * normalising - q * rest - shape * share,
        slopes: [p_slope, q_slope, n * q - total * gap],
        curvatures: [
            p_slope + shape * shape * n * from_shape.curvature,
            shape * q * n * trigamma_total,
            q_slope + q * q * n * (trigamma_total - of_q.trigamma),
            -shape * gap,
            q * (n - gap),
            -total * gap_slope,
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn density_of_a_customer_agrees_with_mpmath() {
        let lines = include_str!("../../../tests/oracles/buy_till_you_die_reference.txt").lines();
        let mut n_cases = 0;
        for line in lines.filter_map(|line| line.strip_prefix("spend ")) {
            let numbers: Vec<f64> = line.split(' ').map(|word| word.parse().expect("a number")).collect();
            let point: Vec<f64> = numbers[..3].iter().map(|value| value.ln()).collect();
            let got = Spenders::of(vec![(numbers[3] as u32, numbers[4])]).log_likelihood(&point).value;
            assert!((got - numbers[5]).abs() <= 1e-12 * numbers[5].abs(), "{got} {}", numbers[5]);
            n_cases += 1;
        }
        assert_eq!(n_cases, 8);
    }

    #[test]
    fn gradient_and_curvature_are_finite_differences() {
        let spenders = Spenders::of(vec![(1, 11.77), (2, 22.35), (2, 4.0), (9, 104.5), (40, 35.0), (1, 250.0)]);
        let step = 1e-4;
        for point in [[1.8_f64, 1.3, 2.7], [-1.0, 3.0, 6.0], [4.0, 0.2, 0.0]] {
            let here = spenders.log_likelihood(&point);
            for place in 0..3 {
                let moved = |by: f64| {
                    let mut point = point;
                    point[place] += by;
                    spenders.log_likelihood(&point)
                };
                // Central differences of order four.
                let differ = |pick: &dyn Fn(&Sums) -> f64| {
                    let gap = |by: f64| pick(&moved(by)) - pick(&moved(-by));
                    (8.0 * gap(step) - gap(2.0 * step)) / (12.0 * step)
                };
                let slope = differ(&|sums| sums.value);
                let near = |got: f64, want: f64| (got - want).abs() < 1e-7 * (1.0 + want.abs());
                assert!(near(here.vector[place], slope), "{point:?} {place}: {} {slope}", here.vector[place]);
                for other in 0..3 {
                    let curvature = -differ(&|sums| sums.vector[other]);
                    let got = here.matrix[[place, other]];
                    assert!(near(got, curvature), "{point:?} {place} {other}: {got} {curvature}");
                }
            }
        }
    }
}
