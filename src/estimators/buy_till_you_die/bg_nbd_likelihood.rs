//! The log-likelihood of the BG/NBD model with its exact first and second derivatives.
//!
//! With `x` repeat purchases, the last at `t_x`, in the age `T`, a customer's likelihood is
//! `(r)_x alpha^r (b)_x / (a+b)_x (alpha+T)^-(r+x) (1 + exp u)`, where `(z)_x` is the rising factorial and
//! `u = ln a - ln(b+x-1) + (r+x) ln((alpha+T)/(alpha+t_x))` the log odds of having left (minus infinity for `x = 0`).
//! Everything is in the logarithms of `r`, `alpha`, `a` and `b`.

use super::customers::Customers;
use super::history::History;
use crate::estimators::columns::Sums;
use crate::stats::special::LnRising;
use ndarray::{Array1, Array2};
use rayon::prelude::*;
use std::ops::Range;

/// Customers of one task: enough to hide the cost of handing it to a thread.
const TASK_ROWS: usize = 8192;

/// Customers with equal histories once, with how many they are, sorted by frequency.
pub(super) struct Cells {
    groups: Vec<Group>,
    recency: Vec<f64>,
    age: Vec<f64>,
    count: Vec<f64>,
}

/// Cells of one frequency.
struct Group {
    frequency: f64,
    rows: Range<usize>,
}

impl Cells {
    pub(super) fn of(customers: &Customers) -> Self {
        let mut histories = customers.histories().to_vec();
        histories.par_sort_unstable_by(order);
        let mut cells = Self { groups: Vec::new(), recency: Vec::new(), age: Vec::new(), count: Vec::new() };
        for equal in histories.chunk_by(|left, right| order(left, right).is_eq()) {
            cells.push(f64::from(equal[0].frequency()), equal[0].recency(), equal[0].age(), equal.len() as f64);
        }
        cells
    }

    /// Every so many-th cell, at most `n_cells` of them.
    pub(super) fn thinned(&self, n_cells: usize) -> Self {
        let stride = self.count.len().div_ceil(n_cells);
        let mut thinned = Self { groups: Vec::new(), recency: Vec::new(), age: Vec::new(), count: Vec::new() };
        for group in &self.groups {
            for row in group.rows.clone().filter(|row| row % stride == 0) {
                thinned.push(group.frequency, self.recency[row], self.age[row], self.count[row]);
            }
        }
        thinned
    }

    fn push(&mut self, frequency: f64, recency: f64, age: f64, count: f64) {
        let row = self.count.len();
        match self.groups.last_mut() {
            Some(group) if group.frequency >= frequency => group.rows.end = row + 1,
            _ => self.groups.push(Group { frequency, rows: row..row + 1 }),
        }
        self.recency.push(recency);
        self.age.push(age);
        self.count.push(count);
    }

    /// Repeat purchases per unit of time observed.
    pub(super) fn purchase_rate(&self) -> f64 {
        let purchases: f64 =
            self.groups.iter().map(|group| group.frequency * self.count[group.rows.clone()].iter().sum::<f64>()).sum();
        purchases / self.age.iter().zip(&self.count).map(|(age, count)| age * count).sum::<f64>()
    }

    /// Mean age of the customers.
    pub(super) fn mean_age(&self) -> f64 {
        let sum: f64 = self.age.iter().zip(&self.count).map(|(age, count)| age * count).sum();
        sum / self.count.iter().sum::<f64>()
    }

    /// The log-likelihood, its gradient and minus its second derivatives by the logarithms of `r, alpha, a, b`.
    pub(super) fn log_likelihood(&self, point: &[f64]) -> Sums {
        let at = Point::of(point);
        let n_tasks = self.count.len().div_ceil(TASK_ROWS);
        let tasks: Vec<Local> = (0..n_tasks)
            .into_par_iter()
            .map(|task| {
                let rows = task * TASK_ROWS..((task + 1) * TASK_ROWS).min(self.count.len());
                let first = self.groups.partition_point(|group| group.rows.end <= rows.start);
                let groups = self.groups[first..].iter().take_while(|group| group.rows.start < rows.end);
                groups.fold(Local::default(), |local, group| {
                    let rows = group.rows.start.max(rows.start)..group.rows.end.min(rows.end);
                    local.plus(&at.group(group.frequency, self, rows))
                })
            })
            .collect();
        tasks.iter().fold(Local::default(), Local::plus).sums()
    }
}

fn order(left: &History, right: &History) -> std::cmp::Ordering {
    let times = |history: &History| (history.recency(), history.age());
    let ((left_recency, left_age), (right_recency, right_age)) = (times(left), times(right));
    left.frequency()
        .cmp(&right.frequency())
        .then(left_recency.total_cmp(&right_recency))
        .then(left_age.total_cmp(&right_age))
}

/// Value, gradient and the lower triangle of the second derivatives, row by row.
#[derive(Default)]
struct Local {
    value: f64,
    slopes: [f64; 4],
    curvatures: [f64; 10],
}

/// Places of the second derivatives in [`Local`].
const PAIRS: [(usize, usize); 10] = [(0, 0), (1, 0), (1, 1), (2, 0), (2, 1), (2, 2), (3, 0), (3, 1), (3, 2), (3, 3)];

impl Local {
    fn plus(mut self, other: &Self) -> Self {
        self.value += other.value;
        self.slopes.iter_mut().zip(&other.slopes).for_each(|(sum, value)| *sum += value);
        self.curvatures.iter_mut().zip(&other.curvatures).for_each(|(sum, value)| *sum += value);
        self
    }

    fn sums(&self) -> Sums {
        let mut matrix = Array2::zeros((4, 4));
        for (&(row, column), value) in PAIRS.iter().zip(&self.curvatures) {
            matrix[[row, column]] = -value;
            matrix[[column, row]] = -value;
        }
        Sums { matrix, vector: Array1::from(self.slopes.to_vec()), value: self.value }
    }
}

/// The parameters.
struct Point {
    r: f64,
    alpha: f64,
    ln_alpha: f64,
    a: f64,
    ln_a: f64,
    b: f64,
}

/// Sums over customers of one frequency who may have left, each weighted by the probability that they have
/// (`left_`) and by that times its complement (`either_`). `odds` stands for `ln((alpha+T)/(alpha+t_x))` and `shift`
/// for its derivative by `ln alpha`.
#[derive(Default)]
struct Leavers {
    ln_one_plus_odds: f64,
    left: f64,
    left_odds: f64,
    left_shift: f64,
    left_shift_slope: f64,
    either: f64,
    either_odds: f64,
    either_shift: f64,
    either_odds_odds: f64,
    either_odds_shift: f64,
    either_shift_shift: f64,
}

impl Point {
    fn of(point: &[f64]) -> Self {
        let natural = |place: usize| point[place].exp();
        let (r, alpha, a, b) = (natural(0), natural(1), natural(2), natural(3));
        Self { r, alpha, ln_alpha: point[1], a, ln_a: point[2], b }
    }

    /// What the customers of one frequency in some rows add.
    fn group(&self, x: f64, cells: &Cells, rows: Range<usize>) -> Local {
        let (r, a, b) = (self.r, self.a, self.b);
        let shape = r + x;
        let ages = &cells.age[rows.clone()];
        let counts = &cells.count[rows.clone()];
        // Sums of the count, ln(1 + T/alpha), T/(alpha+T) and T alpha/(alpha+T)^2.
        let (mut n, mut waited, mut share, mut share_slope) = (0.0, 0.0, 0.0, 0.0);
        for (age, count) in ages.iter().zip(counts) {
            let inverse = 1.0 / (self.alpha + age);
            n += count;
            waited += count * (age / self.alpha).ln_1p();
            share += count * (age * inverse);
            share_slope += count * (age * inverse) * (self.alpha * inverse);
        }
        let (of_r, of_b, of_both) = (LnRising::of(r, x), LnRising::of(b, x), LnRising::of(a + b, x));
        let value = n * (of_r.value - x * self.ln_alpha + of_b.value - of_both.value) - shape * waited;
        let r_slope = r * (n * of_r.slope - waited);
        let a_slope = -a * n * of_both.slope;
        let b_slope = b * n * (of_b.slope - of_both.slope);
        let stayed = Local {
            value,
            slopes: [r_slope, shape * share - x * n, a_slope, b_slope],
            curvatures: [
                r_slope + r * r * n * of_r.curvature,
                r * share,
                -shape * share_slope,
                0.0,
                0.0,
                a_slope - a * a * n * of_both.curvature,
                0.0,
                0.0,
                -a * b * n * of_both.curvature,
                b_slope + b * b * n * (of_b.curvature - of_both.curvature),
            ],
        };
        if x > 0.0 { stayed.plus(&self.leavers(x, cells, rows)) } else { stayed }
    }

    /// What the sum of `ln(1 + exp u)` adds.
    fn leavers(&self, x: f64, cells: &Cells, rows: Range<usize>) -> Local {
        let shape = self.r + x;
        let before = self.b + x - 1.0;
        let prior_odds = self.ln_a - before.ln();
        let mut sums = Leavers::default();
        for row in rows {
            let (recency, age, count) = (cells.recency[row], cells.age[row], cells.count[row]);
            let (at_end, at_last) = (1.0 / (self.alpha + age), 1.0 / (self.alpha + recency));
            let odds = ((self.alpha + age) * at_last).ln();
            let u = prior_odds + shape * odds;
            let small = (-u.abs()).exp();
            let larger = 1.0 / (1.0 + small);
            let left = count * if u >= 0.0 { larger } else { small * larger };
            let either = count * small * larger * larger;
            let shift = -self.alpha * (age - recency) * at_end * at_last;
            // shift + alpha^2 (1/(alpha+t_x)^2 - 1/(alpha+T)^2)
            let shift_slope = shift * (1.0 - self.alpha * at_end - self.alpha * at_last);
            sums.ln_one_plus_odds += count * (u.max(0.0) + small.ln_1p());
            sums.left += left;
            sums.left_odds += left * odds;
            sums.left_shift += left * shift;
            sums.left_shift_slope += left * shift_slope;
            sums.either += either;
            sums.either_odds += either * odds;
            sums.either_shift += either * shift;
            sums.either_odds_odds += either * odds * odds;
            sums.either_odds_shift += either * odds * shift;
            sums.either_shift_shift += either * shift * shift;
        }
        let r = self.r;
        // Derivative of u by ln b, and by ln b once more.
        let (by_b, by_b_again) = (-self.b / before, -self.b * (x - 1.0) / (before * before));
        Local {
            value: sums.ln_one_plus_odds,
            slopes: [r * sums.left_odds, shape * sums.left_shift, sums.left, by_b * sums.left],
            curvatures: [
                r * sums.left_odds + r * r * sums.either_odds_odds,
                r * sums.left_shift + r * shape * sums.either_odds_shift,
                shape * sums.left_shift_slope + shape * shape * sums.either_shift_shift,
                r * sums.either_odds,
                shape * sums.either_shift,
                sums.either,
                by_b * r * sums.either_odds,
                by_b * shape * sums.either_shift,
                by_b * sums.either,
                by_b_again * sums.left + by_b * by_b * sums.either,
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(histories: &[(u32, f64, f64)]) -> Cells {
        let histories = histories.iter().map(|&(x, t_x, age)| History::new(x, t_x, age).expect("possible"));
        Cells::of(&Customers::new(histories.collect()).expect("customers"))
    }

    const HISTORIES: [(u32, f64, f64); 8] = [
        (0, 0.0, 38.86),
        (1, 1.71, 38.86),
        (2, 30.43, 38.86),
        (2, 30.43, 38.86),
        (26, 35.5, 36.0),
        (1, 5.0, 5.0),
        (0, 0.0, 0.0),
        (7, 0.5, 30.0),
    ];

    #[test]
    fn likelihood_of_a_customer_agrees_with_mpmath() {
        let lines = include_str!("../../../tests/oracles/buy_till_you_die_reference.txt").lines();
        let mut n_cases = 0;
        for line in lines.filter_map(|line| line.strip_prefix("history ")) {
            let numbers: Vec<f64> = line.split(' ').map(|word| word.parse().expect("a number")).collect();
            let point: Vec<f64> = numbers[..4].iter().map(|value| value.ln()).collect();
            let got = cells(&[(numbers[4] as u32, numbers[5], numbers[6])]).log_likelihood(&point).value;
            assert!((got - numbers[8]).abs() <= 1e-13 * numbers[8].abs(), "{got} {}", numbers[8]);
            n_cases += 1;
        }
        assert_eq!(n_cases, 10);
    }

    #[test]
    fn gradient_and_curvature_are_finite_differences() {
        let cells = cells(&HISTORIES);
        let step = 1e-4;
        for point in [[-1.4, 1.5, -0.2, 0.9], [1.0, 3.0, -3.0, 2.0], [0.2, -2.0, 1.0, -1.0]] {
            let here = cells.log_likelihood(&point);
            for place in 0..4 {
                let moved = |by: f64| {
                    let mut point = point;
                    point[place] += by;
                    cells.log_likelihood(&point)
                };
                // Central differences of order four.
                let differ = |pick: &dyn Fn(&Sums) -> f64| {
                    let gap = |by: f64| pick(&moved(by)) - pick(&moved(-by));
                    (8.0 * gap(step) - gap(2.0 * step)) / (12.0 * step)
                };
                let slope = differ(&|sums| sums.value);
                assert!((here.vector[place] - slope).abs() < 1e-8, "{point:?} {place}: {} {slope}", here.vector[place]);
                for other in 0..4 {
                    let curvature = -differ(&|sums| sums.vector[other]);
                    let got = here.matrix[[place, other]];
                    assert!((got - curvature).abs() < 1e-8, "{point:?} {place} {other}: {got} {curvature}");
                }
            }
        }
    }

    #[test]
    fn equal_histories_are_counted_and_not_repeated() {
        let cells = cells(&HISTORIES);
        assert_eq!(cells.count, [1.0, 1.0, 1.0, 1.0, 2.0, 1.0, 1.0]);
        assert_eq!(cells.groups.iter().map(|group| group.frequency).collect::<Vec<_>>(), [0.0, 1.0, 2.0, 7.0, 26.0]);
        // 39 repeat purchases in 38.86 * 4 + 36 + 5 + 0 + 30 weeks.
        assert!((cells.purchase_rate() - 39.0 / 226.44).abs() < 1e-15);
    }
}
