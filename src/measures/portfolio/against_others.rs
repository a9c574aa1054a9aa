//! Which levels of many cuts differ from the other rows, once it is counted how many were looked at.

use super::cuts::Cut;
use crate::measures::{Difference, MeasureError, Sampling};
use crate::stats::Confidence;
use crate::stats::distributions::student_two_sided;
use crate::stats::multiplicity::holm;
use serde::Serialize;

/// One level of a cut against all other rows with a value of its column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LevelAgainstOthers {
    /// The cut.
    pub cut: String,
    /// The level.
    pub level: String,
    /// The level's mean less that of the others.
    pub difference: Difference,
    /// The p-value adjusted for all levels of all cuts that were compared (Holm).
    pub p_adjusted: f64,
}

/// Compares the mean of each level (a share, of zeros and ones) with that of the other rows of its cut; `values` holds one entry a
/// row, `NaN` a blank. Levels of which `is_compared` says no are neither compared nor counted, but are among the others.
///
/// The error is linearised by customer, `G / (G - 1)` times the sum over customers of the squared sum of
/// `w (x - mean of the side) / weight of the side` with the sign of the side, and p-values are Student's with `G - 1` degrees of
/// freedom. Where nothing differs from row to row on either side, deviations are those from the mean of both sides. A level without a
/// row, or without others, or whose rows and all others are alike, is left out.
///
/// # Errors
/// Columns of unequal length, weights that are none.
///
/// # References
/// Holm (1979), "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6(2).
pub fn against_others(
    values: &[f64],
    cuts: &[Cut],
    is_compared: &dyn Fn(&str, &str) -> bool,
    sampling: Sampling,
    confidence: Confidence,
) -> Result<Vec<LevelAgainstOthers>, MeasureError> {
    sampling.check(values.len())?;
    let mut found = Vec::new();
    for cut in cuts {
        if cut.n_rows() != values.len() {
            let what = format!("the column {}", cut.name());
            return Err(MeasureError::Length { what, n_found: cut.n_rows(), n_expected: values.len() });
        }
        let sides = Sides::of(values, cut, sampling);
        for (place, level) in cut.levels().iter().enumerate().filter(|(_, level)| is_compared(cut.name(), level)) {
            found.extend(sides.difference(place, confidence).map(|difference| LevelAgainstOthers {
                cut: cut.name().to_owned(),
                level: level.clone(),
                p_adjusted: difference.p_value,
                difference,
            }));
        }
    }
    let adjusted = holm(&found.iter().map(|own| own.difference.p_value).collect::<Vec<_>>());
    found.iter_mut().zip(adjusted).for_each(|(own, adjusted)| own.p_adjusted = adjusted);
    Ok(found)
}

/// What rounding leaves of a variance of nothing, as a share of what it is the difference of (relative).
const ROUNDING: f64 = 1e-12;

/// Rows, weights and weighted sums of values about the mean of all.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    n: usize,
    weight: f64,
    sum: f64,
}

/// What the rows of a cut add up to, by level and customer, so that no level is a pass over all rows.
struct Sides {
    mean: f64,
    all: Sums,
    by_level: Vec<Sums>,
    /// Level by level, what each of its customers has in it and in all.
    customers: Vec<Vec<(Sums, Sums)>>,
    /// Over all customers: squares of sums, of weights, and products of both.
    squares: [f64; 3],
    n_customers: usize,
}

impl Sides {
    fn of(values: &[f64], cut: &Cut, sampling: Sampling) -> Self {
        let n_levels = cut.levels().len();
        let counts = |row: &usize| !values[*row].is_nan() && sampling.weight(*row) > 0.0 && cut.level(*row) < n_levels;
        let rows: Vec<usize> = (0..values.len()).filter(counts).collect();
        let customer = |row: usize| sampling.clusters.map_or(row, |own| own.codes()[row] as usize);
        let unit = sampling.unit();
        let weight = |row: usize| sampling.weight(row) / unit;
        let total: f64 = rows.iter().map(|&row| weight(row)).sum();
        let mean = rows.iter().map(|&row| weight(row) * values[row]).sum::<f64>() / total;
        let mut pairs: Vec<(usize, usize, usize)> =
            rows.iter().map(|&row| (customer(row), cut.level(row), row)).collect();
        pairs.sort_unstable();
        let sums_of = |rows: &mut dyn Iterator<Item = usize>| {
            rows.fold(Sums::default(), |own, row| Sums {
                n: own.n + 1,
                weight: own.weight + weight(row),
                sum: own.sum + weight(row) * (values[row] - mean),
            })
        };
        let mut own = Self {
            mean,
            all: sums_of(&mut rows.iter().copied()),
            by_level: vec![Sums::default(); n_levels],
            customers: vec![Vec::new(); n_levels],
            squares: [0.0; 3],
            n_customers: 0,
        };
        for of_customer in pairs.chunk_by(|one, other| one.0 == other.0) {
            let all = sums_of(&mut of_customer.iter().map(|pair| pair.2));
            own.n_customers += 1;
            let squares = [all.sum * all.sum, all.weight * all.weight, all.sum * all.weight];
            own.squares.iter_mut().zip(squares).for_each(|(sum, square)| *sum += square);
            for of_level in of_customer.chunk_by(|one, other| one.1 == other.1) {
                let level = of_level[0].1;
                let here = sums_of(&mut of_level.iter().map(|pair| pair.2));
                let sums = &mut own.by_level[level];
                *sums = Sums { n: sums.n + here.n, weight: sums.weight + here.weight, sum: sums.sum + here.sum };
                own.customers[level].push((here, all));
            }
        }
        own
    }

    fn difference(&self, level: usize, confidence: Confidence) -> Option<Difference> {
        let here = self.by_level[level];
        let there =
            Sums { n: self.all.n - here.n, weight: self.all.weight - here.weight, sum: self.all.sum - here.sum };
        if here.n == 0 || there.n == 0 || self.n_customers < 2 {
            return None;
        }
        let (one, other) = (here.sum / here.weight, there.sum / there.weight);
        let within = self.variance(level, there.weight, one, other);
        let variance = if within > 0.0 { within } else { self.variance(level, there.weight, 0.0, 0.0) };
        let customers = self.n_customers as f64;
        if variance <= 0.0 {
            return None;
        }
        let (gap, std_error, left) = (one - other, variance.sqrt(), customers - 1.0);
        let half = confidence.t(left) * std_error;
        Some(Difference {
            n_one: here.n,
            n_other: there.n,
            one: self.mean + one,
            other: self.mean + other,
            difference: gap,
            std_error,
            p_value: student_two_sided(gap / std_error, left),
            conf_low: gap - half,
            conf_high: gap + half,
        })
    }

    /// Of the difference of both sides, with deviations from these means; 0 where rounding is all that is left.
    fn variance(&self, level: usize, others_weight: f64, one: f64, other: f64) -> f64 {
        let own_weight = self.by_level[level].weight;
        let apart = |sums: Sums, mean: f64, weight: f64| (sums.sum - mean * sums.weight) / weight;
        // As if all of every customer lay among the others; then what those of the level have instead.
        let [sums, weights, products] = self.squares;
        let outside = (sums - 2.0 * other * products + other * other * weights) / (others_weight * others_weight);
        let instead: f64 = self.customers[level]
            .iter()
            .map(|&(own, all)| {
                let rest = Sums { n: all.n - own.n, weight: all.weight - own.weight, sum: all.sum - own.sum };
                let both = apart(own, one, own_weight) - apart(rest, other, others_weight);
                both * both - apart(all, other, others_weight).powi(2)
            })
            .sum();
        let customers = self.n_customers as f64;
        let variance = customers / (customers - 1.0) * (outside + instead);
        if variance > ROUNDING * outside.abs() { variance } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Clusters;
    use crate::measures::difference::difference;

    /// Shares by two columns of 3 and 5 levels, with blanks, weights and customers of several rows.
    struct Made {
        values: Vec<f64>,
        codes: [Vec<u32>; 2],
        weights: Vec<f64>,
        customers: Clusters,
    }

    fn made() -> Made {
        let rows = 0..400_u64;
        let mixed = |row: u64, salt: u64| {
            let mut state = row.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ salt.wrapping_mul(0xD1B5_4A32_D192_ED03);
            state = (state ^ (state >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            (state >> 33) as u32
        };
        let value = |row: u64| match mixed(row, 1) % 10 {
            0 => f64::NAN,
            own => f64::from(u8::from(own > 6)),
        };
        let code = |row: u64, n: u32| if mixed(row, u64::from(n)) % 12 == 0 { Cut::BLANK } else { mixed(row, 7) % n };
        Made {
            values: rows.clone().map(value).collect(),
            codes: [3, 5].map(|n| rows.clone().map(|row| code(row, n)).collect()),
            weights: rows.clone().map(|row| f64::from(mixed(row, 11) % 4) * 0.5).collect(),
            customers: Clusters::from_labels(rows.map(|row| mixed(row, 13) % 90)),
        }
    }

    fn levels(n: usize) -> Vec<String> {
        (0..n).map(|level| level.to_string()).collect()
    }

    #[test]
    fn each_level_is_the_difference_of_two_groups_of_rows() {
        let own = made();
        let cuts = [
            Cut::new("three", levels(3), &own.codes[0]).expect("codes"),
            Cut::new("five", levels(5), &own.codes[1]).expect("codes"),
        ];
        let samplings = [
            Sampling::default(),
            Sampling { weights: Some(&own.weights), clusters: Some(&own.customers), ..Sampling::default() },
        ];
        for sampling in samplings {
            let all = against_others(&own.values, &cuts, &|_, _| true, sampling, Confidence::default());
            let all = all.expect("levels");
            assert_eq!(all.len(), 8);
            for row in &all {
                let codes = &own.codes[usize::from(row.cut == "five")];
                let level: u32 = row.level.parse().expect("a level");
                let side = |at: usize| (codes[at] != Cut::BLANK).then_some(codes[at] == level);
                let want = difference(&own.values, side, sampling, Confidence::default()).expect("groups");
                assert_eq!((row.difference.n_one, row.difference.n_other), (want.n_one, want.n_other));
                let pairs = [
                    (row.difference.one, want.one),
                    (row.difference.difference, want.difference),
                    (row.difference.std_error, want.std_error),
                    (row.difference.p_value, want.p_value),
                    (row.difference.conf_high, want.conf_high),
                ];
                assert!(pairs.iter().all(|(got, want)| (got - want).abs() < 1e-11), "{row:?} {want:?}");
            }
            // Holm: the smallest of eight counts eight times, and all are at least their own.
            let smallest = all.iter().min_by(|one, other| one.difference.p_value.total_cmp(&other.difference.p_value));
            let smallest = smallest.expect("a level");
            assert!((smallest.p_adjusted - (8.0 * smallest.difference.p_value).min(1.0)).abs() < 1e-12);
            assert!(all.iter().all(|row| row.p_adjusted >= row.difference.p_value));
        }
    }

    #[test]
    fn levels_that_are_not_compared_are_not_counted() {
        let own = made();
        let cuts = [Cut::new("five", levels(5), &own.codes[1]).expect("codes")];
        let only = |_: &str, level: &str| level == "2";
        let one = against_others(&own.values, &cuts, &only, Sampling::default(), Confidence::default());
        let one = one.expect("a level");
        assert!(one.len() == 1 && (one[0].p_adjusted - one[0].difference.p_value).abs() < 1e-15);
    }

    #[test]
    fn sides_without_a_spread_of_their_own_are_held_against_that_of_both() {
        // Five ones against five zeros: deviations of 1/2, so 10/9 times ten quarters over 25; t = 1 over 1/3 with nine degrees.
        let values: Vec<f64> = (0..10).map(|row| f64::from(u8::from(row < 5))).collect();
        let codes: Vec<u32> = (0..10).map(|row| u32::from(row >= 5)).collect();
        let cuts = [Cut::new("two", levels(2), &codes).expect("codes")];
        let own = against_others(&values, &cuts, &|_, _| true, Sampling::default(), Confidence::default());
        let own = own.expect("levels")[0].difference;
        assert!((own.difference - 1.0).abs() < 1e-12 && (own.std_error - 1.0 / 3.0).abs() < 1e-12);
        // scipy.stats.t.sf(3, 9) * 2
        assert!((own.p_value - 0.014_956_363_910_414_2).abs() < 1e-9, "{}", own.p_value);
    }

    #[test]
    fn a_level_alone_without_rows_or_without_spread_is_left_out() {
        let found = |values: &[f64], codes: &[u32]| {
            let cuts = [Cut::new("two", levels(2), codes).expect("codes")];
            against_others(values, &cuts, &|_, _| true, Sampling::default(), Confidence::default()).expect("rows").len()
        };
        assert_eq!(found(&[1.0, 0.0, 1.0], &[0, 0, 0]), 0);
        assert_eq!(found(&[1.0; 4], &[0, 0, 1, 1]), 0);
        assert_eq!(found(&[f64::NAN, f64::NAN], &[0, 1]), 0);
        assert_eq!(found(&[1.0, 0.0, 0.0, 0.0], &[0, 0, 1, 1]), 2);
        let cuts = [Cut::new("two", levels(2), &[0, 1]).expect("codes")];
        let short = against_others(&[1.0], &cuts, &|_, _| true, Sampling::default(), Confidence::default());
        assert!(matches!(short, Err(MeasureError::Length { .. })));
    }
}
