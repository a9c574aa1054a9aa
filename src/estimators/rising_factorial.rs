//! `ln prod over j < y of (1 + alpha j)` and its derivatives: what a negative binomial count adds to its likelihood
//! whatever its expectation.

use std::collections::HashMap;

/// Factors up to this one are multiplied one by one, and those after it summed by the formula of Euler and Maclaurin,
/// whose first term left out is below 1e-17 of the sum from here on.
const PLAIN_MAX: usize = 1024;
/// Below this `alpha j` integrals are computed by their series, which then has this many terms.
const SERIES_BELOW: f64 = 0.1;
const SERIES_TERMS: i32 = 18;

/// The logarithm and its first and second derivative by `alpha`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Rising {
    pub(super) ln: f64,
    pub(super) first: f64,
    pub(super) second: f64,
}

impl Rising {
    fn plus(self, other: Self, factor: f64) -> Self {
        Self {
            ln: self.ln + factor * other.ln,
            first: self.first + factor * other.first,
            second: self.second + factor * other.second,
        }
    }

    /// What the factor `1 + alpha j` adds.
    fn factor(alpha: f64, j: f64) -> Self {
        let inverse = 1.0 / (1.0 + alpha * j);
        let slope = j * inverse;
        Self { ln: (alpha * j).ln_1p(), first: slope, second: -slope * slope }
    }

    /// The integral of [`Rising::factor`] over `j` from 0 to `x`.
    fn integral(alpha: f64, x: f64) -> Self {
        let u = alpha * x;
        let series = |term: &dyn Fn(f64) -> f64| {
            (0..SERIES_TERMS).rev().fold(0.0, |sum, power| term(f64::from(power)) - u * sum)
        };
        let [ln, first, second] = if u < SERIES_BELOW {
            [
                u * series(&|power| 1.0 / ((power + 1.0) * (power + 2.0))),
                series(&|power| 1.0 / (power + 2.0)),
                series(&|power| (power + 1.0) / (power + 3.0)),
            ]
        } else {
            let ln_1p = u.ln_1p();
            [((1.0 + u) * ln_1p - u) / u, (u - ln_1p) / u / u, (1.0 + 1.0 / (1.0 + u) - 2.0 * ln_1p / u) / u / u]
        };
        Self { ln: x * ln, first: x * x * first, second: -x * x * x * second }
    }

    /// First and third derivatives of [`Rising::factor`] by `j`, each with its weight in the formula of Euler and
    /// Maclaurin: 1/12 and -1/720.
    fn correction(alpha: f64, j: f64) -> Self {
        let inverse = 1.0 / (1.0 + alpha * j);
        let (slope, share) = (alpha * inverse, alpha * j * inverse);
        let square = inverse * inverse;
        let third = [
            2.0 * slope.powi(3),
            6.0 * slope * slope * square,
            -(12.0 * slope * inverse * square * (2.0 * share - 1.0)),
        ];
        let first = [slope, square, -2.0 * j * inverse * square];
        let [ln, first, second] = [0, 1, 2].map(|place| first[place] / 12.0 - third[place] / 720.0);
        Self { ln, first, second }
    }

    /// The sum over `j` from [`PLAIN_MAX`] to below `count`.
    fn tail(alpha: f64, count: f64) -> Self {
        let from = PLAIN_MAX as f64;
        Self::integral(alpha, count)
            .plus(Self::integral(alpha, from), -1.0)
            .plus(Self::factor(alpha, from), 0.5)
            .plus(Self::factor(alpha, count), -0.5)
            .plus(Self::correction(alpha, count), 1.0)
            .plus(Self::correction(alpha, from), -1.0)
    }
}

/// The values of one `alpha` for every count.
pub(super) struct RisingTable {
    alpha: f64,
    /// By count, up to the largest that is needed or [`PLAIN_MAX`].
    plain: Vec<Rising>,
}

impl RisingTable {
    pub(super) fn of(alpha: f64, count_max: f64) -> Self {
        let n_plain = if count_max < PLAIN_MAX as f64 { count_max as usize } else { PLAIN_MAX };
        let mut plain = Vec::with_capacity(n_plain + 1);
        let mut sum = Rising::default();
        plain.push(sum);
        for j in 0..n_plain {
            sum = sum.plus(Rising::factor(alpha, j as f64), 1.0);
            plain.push(sum);
        }
        Self { alpha, plain }
    }

    pub(super) fn at(&self, count: f64) -> Rising {
        match self.plain.get(count as usize) {
            Some(&rising) => rising,
            None => self.plain[self.plain.len() - 1].plus(Rising::tail(self.alpha, count), 1.0),
        }
    }
}

/// The different counts of some rows with the weight of each.
pub(super) struct Histogram {
    /// Count and weight, by rising count.
    bars: Vec<(f64, f64)>,
}

impl Histogram {
    /// Of the counts and weights of rows that count.
    pub(super) fn of(rows: impl Iterator<Item = (f64, f64)>) -> Self {
        let mut weights: HashMap<u64, f64> = HashMap::new();
        for (count, weight) in rows {
            // Whole numbers that are stored exactly; minus zero is zero.
            *weights.entry((count + 0.0).to_bits()).or_default() += weight;
        }
        let mut bars: Vec<(f64, f64)> =
            weights.into_iter().map(|(bits, weight)| (f64::from_bits(bits), weight)).collect();
        bars.sort_by(|left, right| left.0.total_cmp(&right.0));
        Self { bars }
    }

    pub(super) fn count_max(&self) -> f64 {
        self.bars.last().map_or(0.0, |&(count, _)| count)
    }

    /// `sum weight * rising` over the rows.
    pub(super) fn sum(&self, alpha: f64) -> Rising {
        let table = RisingTable::of(alpha, self.count_max());
        self.bars.iter().fold(Rising::default(), |sum, &(count, weight)| sum.plus(table.at(count), weight))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_differences_of_the_gamma_function() {
        // mpmath at 60 digits: loggamma(y + 1/a) - loggamma(1/a) + y ln a, and its derivatives by a.
        for (alpha, count, ln, first, second) in REFERENCE {
            let got = RisingTable::of(alpha, count).at(count);
            for (got, want) in [(got.ln, ln), (got.first, first), (got.second, second)] {
                assert!((got - want).abs() <= 2e-13 * want.abs(), "{alpha} {count}: {got} is not {want}");
            }
        }
    }

    #[test]
    fn a_histogram_sums_over_its_rows() {
        let rows = [(3.0, 1.0), (0.0, 2.0), (3.0, 0.5), (5000.0, 2.0)];
        let (sum, table) = (Histogram::of(rows.into_iter()).sum(0.3), RisingTable::of(0.3, 5000.0));
        let want: f64 = rows.iter().map(|&(count, weight)| weight * table.at(count).ln).sum();
        assert!((sum.ln - want).abs() < 1e-12 * want);
    }

    const REFERENCE: [(f64, f64, f64, f64, f64); 30] = [
        (1e-09, 1.0, 0.0, 0.0, 0.0),
        (1e-09, 5.0, 9.999999985000001e-09, 9.99999997, -29.9999998),
        (1e-09, 1024.0, 0.0005237758213051794, 523775.64261045033, -357389275.31807756),
        (1e-09, 1025.0, 0.0005247998207808919, 524799.6415618754, -358437849.1705972),
        (1e-09, 40000.0, 0.7999693339466476, 799958668.1066076, -21331253465432.63),
        (1e-09, 1000000000.0, 386294360.77331704, 3.0685281919005466e17, -1.1370563875510938e26),
        (0.0001, 1.0, 0.0, 0.0, 0.0),
        (0.0001, 5.0, 0.000999850033324486, 9.99700099964613, -29.980010614802445),
        (0.0001, 1024.0, 50.676839375774634, 490573.4162927795, -308569993.22256225),
        (0.0001, 1025.0, 50.77432899705189, 491502.2987310959, -309432815.80677485),
        (0.0001, 40000.0, 40471.09089608213, 239052208.67658997, -1581092175185.1326),
        (0.0001, 1000000000.0, 10513050588.518402, 9998848701453.475, -9.997797406907125e16),
        (0.3, 1.0, 0.0, 0.0, 0.0),
        (0.3, 5.0, 2.1626791402498915, 5.41635995583364, -7.953075892542071),
        (0.3, 1024.0, 4860.499173287309, 3347.914474413852, -10984.670544022929),
        (0.3, 1025.0, 4866.229922210195, 3351.2369922594066, -10995.709668856958),
        (0.3, 40000.0, 335736.3981987613, 133227.2203564956, -443780.1602356262),
        (0.3, 1000000000.0, 18519293091.233543, 3333333114.70302, -11111109696.714413),
        (7.0, 1.0, 0.0, 0.0, 0.0),
        (7.0, 5.0, 11.245830026126836, 0.5326280041797283, -0.07102278937357577),
        (7.0, 1024.0, 8063.003386766948, 145.99397748460345, -20.83557894584412),
        (7.0, 1025.0, 8071.880908220801, 146.13681470039364, -20.855981416058818),
        (7.0, 40000.0, 461697.0505434651, 5713.919171305169, -816.2427775767524),
        (7.0, 1000000000.0, 21669175977.640327, 142857142.28393376, -20408163.122505635),
        (10000.0, 1.0, 0.0, 0.0, 0.0),
        (10000.0, 5.0, 40.019623644468346, 0.00039997916809016, -3.9995833760369565e-08),
        (10000.0, 1024.0, 15493.459364287777, 0.10229992491965274, -1.022998498409492e-05),
        (10000.0, 1025.0, 15509.601176563008, 0.10239992490988711, -1.0239984982141795e-05),
        (10000.0, 40000.0, 752265.4156031439, 3.9998998882632657, -0.00039998997765281765),
        (10000.0, 1000000000.0, 28933606190.27169, 99999.999899787, -9.9999999899574),
    ];
}
