//! Expected purchases of a customer who is alive, for any parameters.

use crate::stats::special::digamma;
use std::f64::consts::PI;

/// Terms up to which the series is summed; beyond, and where it is longer than that, the integral is faster.
const TERMS_MAX: f64 = 4000.0;
/// Terms summed before the next look at what is left.
const TERMS_AT_ONCE: usize = 8;
/// What is left out (relative).
const REST: f64 = 1e-17;
/// `-ln` of that.
const LN_REST: f64 = 39.0;
/// Sums above this are scaled down by it.
const LARGE: f64 = 1e200;
/// Halvings of the integral's step.
const HALVINGS_MAX: i32 = 14;
/// Agreement of two halvings that ends them (relative): the error squares with each.
const HALVING_TOLERANCE: f64 = 1e-9;
/// Points of the largest weight that the sum of weights must be worth, or the step is wider than the density.
const RESOLVED: f64 = 3.0;
/// Points of the integral on either side of its peak.
const POINTS_MAX: i32 = 1 << 18;

/// A customer who is alive: purchases at a rate drawn from a gamma distribution (`shape`, `rate`), and a chance to
/// leave after each drawn from a beta distribution (`a`, `b`). All are positive.
#[derive(Debug, Clone, Copy)]
pub(super) struct Alive {
    pub(super) shape: f64,
    pub(super) rate: f64,
    pub(super) a: f64,
    pub(super) b: f64,
}

/// The integral by steps of one width.
struct Trapezoids {
    value: f64,
    /// Whether the steps are finer than the density is wide.
    is_resolved: bool,
}

impl Alive {
    /// Expected purchases within `time`.
    ///
    /// In the literature `(a + b - 1) / (a - 1) (1 - (rate / (rate + time))^shape 2F1(shape, b; a + b - 1; z))` with
    /// `z = time / (rate + time)`, which loses its digits near `a = 1` and near `a + b = 1`. The same number is
    /// `sum over n of P(N = n) C(n)`, where `N`, the purchases if nobody left, is negative binomial and `C(n)` sums the
    /// probabilities that the customer has not left after `0, 1, ..., n - 1` of them: positive terms throughout.
    pub(super) fn purchases(self, time: f64) -> f64 {
        if time <= 0.0 {
            0.0
        } else if self.n_terms(time) <= TERMS_MAX {
            self.series(time)
        } else {
            self.integral(time)
        }
    }

    /// Terms of the series, roughly: until the purchases or the customers run out.
    fn n_terms(self, time: f64) -> f64 {
        let odds = time / self.rate;
        let mean = self.shape * odds;
        let purchases = mean + 12.0 * (mean * (1.0 + odds)).sqrt() + LN_REST / (1.0 / odds).ln_1p();
        let customers = (self.a + self.b) * (LN_REST / self.a).exp_m1();
        purchases.min(customers)
    }

    fn series(self, time: f64) -> f64 {
        let z = time / (self.rate + time);
        // The probability of n purchases relative to that of none, whose logarithm may be far below the smallest number.
        let mut ln_scale = -self.shape * (time / self.rate).ln_1p();
        let (mut probability, mut below) = (1.0, 1.0);
        let (mut staying, mut stays) = (1.0, 0.0);
        let (mut sum, mut n) = (0.0, 0.0);
        loop {
            // Several terms between looks at what is left, which cost more than a term.
            for _ in 0..TERMS_AT_ONCE {
                probability *= z * (self.shape + n) / (n + 1.0);
                stays += staying;
                staying *= (self.b + n) / (self.a + self.b + n);
                n += 1.0;
                sum += probability * stays;
                below += probability;
            }
            // Later factors lie between the next one and z.
            let later = (z * (self.shape + n) / (n + 1.0)).max(z);
            if later < 1.0 {
                let bound = probability * later / (1.0 - later) * (stays + staying / (1.0 - later));
                if bound < REST * sum {
                    return sum * ln_scale.exp();
                }
            }
            if self.a > 1.0 && staying * (self.a + self.b + n - 1.0) / (self.a - 1.0) < REST * stays {
                return sum * ln_scale.exp() + stays * (1.0 - below * ln_scale.exp()).max(0.0);
            }
            if sum > LARGE || below > LARGE {
                probability /= LARGE;
                sum /= LARGE;
                below /= LARGE;
                ln_scale += LARGE.ln();
            }
        }
    }

    /// `E[(1 - (rate / (rate + p time))^shape) / p]` over the chance `p` to leave.
    ///
    /// By the trapezoidal rule in `tau`, `logit p = pi sinh tau`, halving the step until two values agree.
    ///
    /// # References
    /// Takahasi and Mori (1974), "Double exponential formulas for numerical integration", Publ. RIMS 9.
    fn integral(self, time: f64) -> f64 {
        let mut last = f64::NAN;
        for halving in 3..=HALVINGS_MAX {
            let now = self.trapezoids(time / self.rate, 0.5_f64.powi(halving));
            if now.is_resolved && (now.value - last).abs() <= HALVING_TOLERANCE * now.value {
                return now.value;
            }
            last = now.value;
        }
        last
    }

    fn trapezoids(self, odds: f64, step: f64) -> Trapezoids {
        let middle = digamma(self.a) - digamma(self.b);
        let centre = (middle / PI).asinh();
        let top = self.ln_density(middle);
        let (mut numerator, mut denominator, mut largest) = (0.0, 0.0, 0.0_f64);
        let mut add = |place: i32| {
            let tau = centre + f64::from(place) * step;
            let logit = PI * tau.sinh();
            let weight = (self.ln_density(logit) - top).exp() * tau.cosh();
            let chance = (-softplus(-logit)).exp();
            let value = if chance * odds > f64::MIN_POSITIVE {
                -(-self.shape * (chance * odds).ln_1p()).exp_m1() / chance
            } else {
                self.shape * odds
            };
            denominator += weight;
            numerator += weight * value;
            largest = largest.max(weight);
            weight <= REST * denominator && weight * value <= REST * numerator
        };
        add(0);
        for side in [1, -1] {
            // The first place that no longer counts ends the side.
            (1..POINTS_MAX).find(|&place| add(side * place));
        }
        Trapezoids { value: numerator / denominator, is_resolved: denominator > RESOLVED * largest }
    }

    /// Logarithm of the density of `logit p`, up to a constant.
    fn ln_density(self, logit: f64) -> f64 {
        -self.a * softplus(-logit) - self.b * softplus(logit)
    }
}

/// `ln (1 + exp x)`.
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parameters, time and expected purchases by mpmath's hypergeometric function at 60 digits.
    fn reference() -> Vec<(Alive, f64, f64)> {
        include_str!("../../../tests/oracles/buy_till_you_die_reference.txt")
            .lines()
            .filter_map(|line| line.strip_prefix("while_alive "))
            .map(|line| {
                let numbers: Vec<f64> = line.split(' ').map(|word| word.parse().expect("a number")).collect();
                let alive = Alive { shape: numbers[0], rate: numbers[1], a: numbers[2], b: numbers[3] };
                (alive, numbers[4], numbers[5])
            })
            .collect()
    }

    #[test]
    fn purchases_agree_with_the_hypergeometric_function_everywhere() {
        let cases = reference();
        for &(alive, time, want) in &cases {
            let got = alive.purchases(time);
            assert!((got - want).abs() <= 2e-12 * want, "{alive:?} {time}: {got} {want}");
        }
        assert_eq!(cases.len(), 16);
    }

    #[test]
    fn series_and_integral_are_one_number() {
        let moderate = reference().into_iter().filter(|(alive, time, _)| alive.n_terms(*time) < 1e5);
        let mut n_cases = 0;
        for (alive, time, _) in moderate {
            let (series, integral) = (alive.series(time), alive.integral(time));
            assert!((series - integral).abs() <= 1e-11 * series, "{alive:?} {time}: {series} {integral}");
            n_cases += 1;
        }
        assert!(n_cases >= 10);
    }
}
