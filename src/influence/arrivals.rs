//! When the word of each generation arrives: sums of as many delays as there are steps.

use super::delays::Delay;
use crate::stats::distributions::chi_squared_upper;

/// Generations of whom a smaller share than this arrives in time are not followed (absolute).
const SMALLEST: f64 = 1e-12;
/// Generations followed at most.
pub(super) const GENERATIONS_MAX: usize = 512;
/// Cells into which the days up to the last horizon are cut where sums of delays have no closed form.
const N_CELLS: usize = 2048;
/// Pieces of the rule by which a cell is integrated; even.
const N_PIECES: usize = 64;

/// For each generation, from the first, the probability that the word has arrived within each horizon.
///
/// Where there is one way from a customer to another and all edges share one delay, the word arrives after the sum of as many
/// delays as there are steps. Sums of exponential delays are gamma. Sums of Weibull delays are convolved on a grid of 2,048 cells in
/// which each delay keeps its mean within its cell, so that the error falls with the square of the cells; it is below 1e-5 for
/// delays whose median takes at least a few cells.
pub(super) struct Arrivals {
    n_horizons: usize,
    /// By generation and horizon.
    within: Vec<f64>,
    /// By generation: the expected time, counted as zero where it lies beyond the last horizon.
    times: Vec<f64>,
    /// Whether a further generation would arrive in time, too.
    pub is_cut: bool,
}

impl Arrivals {
    /// Of at most so many generations; `horizons` ascend, the last of which bounds what is followed.
    pub fn of(delay: Delay, horizons: &[f64], n_generations: usize) -> Self {
        let mut arrivals = Self { n_horizons: horizons.len(), within: Vec::new(), times: Vec::new(), is_cut: false };
        let n_followed = n_generations.min(GENERATIONS_MAX);
        let last = horizons.last().copied().unwrap_or(0.0);
        let mut sums = match delay {
            Delay::Weibull { .. } => Some(Sums::of(delay, last)),
            Delay::Generation | Delay::Exponential { .. } => None,
        };
        for generation in 1..=n_followed {
            let steps = generation as f64;
            let at = |horizon: f64| match (delay, &sums) {
                (Delay::Exponential { mean_days }, _) => gamma_cdf(steps, horizon / mean_days),
                (_, Some(sums)) if generation > 1 => sums.at(horizon),
                (Delay::Generation, _) => f64::from(u8::from(steps <= horizon)),
                (Delay::Weibull { .. }, _) => 1.0 - delay.survival(horizon),
            };
            let time = match (delay, &sums) {
                // The density of k delays times t is that of k + 1 delays times k.
                (Delay::Exponential { mean_days }, _) => steps * mean_days * gamma_cdf(steps + 1.0, last / mean_days),
                (_, Some(sums)) => last * at(last) - sums.area(),
                (_, None) => steps * at(last),
            };
            if at(last) < SMALLEST {
                return arrivals;
            }
            arrivals.within.extend(horizons.iter().map(|&horizon| at(horizon)));
            arrivals.times.push(time);
            if let Some(sums) = sums.as_mut().filter(|_| generation < n_followed) {
                sums.add_one();
            }
        }
        arrivals.is_cut = n_generations > n_followed;
        arrivals
    }

    /// Generations of whom anybody arrives in time.
    pub fn n_generations(&self) -> usize {
        self.times.len()
    }

    /// The share (0-1) that arrives within each horizon, of a generation counted from 0 for the first.
    pub fn within(&self, generation: usize) -> &[f64] {
        &self.within[generation * self.n_horizons..(generation + 1) * self.n_horizons]
    }

    /// The expected time of a generation, counted as zero where it lies beyond the last horizon.
    pub fn time(&self, generation: usize) -> f64 {
        self.times[generation]
    }
}

/// Probability that a gamma variable of this shape and scale 1 is at most `value`.
fn gamma_cdf(shape: f64, value: f64) -> f64 {
    1.0 - chi_squared_upper(2.0 * value, 2.0 * shape)
}

/// The distribution of a sum of delays on a grid of the days up to the last horizon.
struct Sums {
    cell: f64,
    /// Probability that one delay, moved to the grid, takes so many cells.
    one: Vec<f64>,
    /// Probability that the sum is at most so many cells.
    sum: Vec<f64>,
    /// Mean of that over the first cell, which may rise steeply.
    first_mean: f64,
}

impl Sums {
    /// Of one delay.
    fn of(delay: Delay, last: f64) -> Self {
        let cell = last / N_CELLS as f64;
        let cdf = |days: f64| -(-hazard(delay, days)).exp_m1();
        let sum: Vec<f64> = (0..=N_CELLS).map(|place| cdf(cell * place as f64)).collect();
        let mut one = vec![0.0; N_CELLS + 1];
        let mut first_mean = 0.0;
        for place in 1..=N_CELLS {
            let from = cell * (place - 1) as f64;
            // A steep start is straightened by `t = cell * v^power`.
            let power = match delay {
                Delay::Weibull { shape, .. } if place == 1 => shape.recip().max(1.0),
                _ => 1.0,
            };
            let mean = integral(|v| cdf(from + cell * v.powf(power)) * power * v.powf(power - 1.0));
            // A delay within the cell is split between its ends so that the mean stays.
            one[place - 1] += mean - sum[place - 1];
            one[place] += sum[place] - mean;
            if place == 1 {
                first_mean = mean;
            }
        }
        Self { cell, one, sum, first_mean }
    }

    /// The sum with one more delay.
    fn add_one(&mut self) {
        let next: Vec<f64> = (0..=N_CELLS)
            .map(|place| self.one[..=place].iter().zip(self.sum[..=place].iter().rev()).map(|(p, sum)| p * sum).sum())
            .collect();
        self.sum = next;
        self.first_mean = self.sum[1] / 2.0;
    }

    fn at(&self, days: f64) -> f64 {
        let place = (days / self.cell).min(N_CELLS as f64);
        let below = (place.floor() as usize).min(N_CELLS - 1);
        let part = place - below as f64;
        self.sum[below] + part * (self.sum[below + 1] - self.sum[below])
    }

    /// Integral over the days up to the last horizon.
    fn area(&self) -> f64 {
        let inner: f64 = self.sum[1..].windows(2).map(|ends| (ends[0] + ends[1]) / 2.0).sum();
        self.cell * (self.first_mean + inner)
    }
}

/// `-ln P(longer than days)`
fn hazard(delay: Delay, days: f64) -> f64 {
    -delay.survival(days).ln()
}

/// Over 0 to 1, by Simpson's rule.
fn integral(of: impl Fn(f64) -> f64) -> f64 {
    let step = 1.0 / N_PIECES as f64;
    let weight = |place: usize| match place {
        0 | N_PIECES => 1.0,
        _ if place % 2 == 1 => 4.0,
        _ => 2.0,
    };
    let sum: f64 = (0..=N_PIECES).map(|place| weight(place) * of(place as f64 * step)).sum();
    sum * step / 3.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::influence::reverse::uniform;
    use crate::stats::random::stream;

    #[test]
    fn sums_of_exponential_delays_are_gamma() {
        // P(two of mean 5 within 10) = 1 - 3 e^-2; the mean time over those: 10 P(three within 10) = 10 (1 - 5 e^-2).
        let arrivals = Arrivals::of(Delay::Exponential { mean_days: 5.0 }, &[2.0, 10.0], 2);
        let e2 = (-2.0_f64).exp();
        assert!((arrivals.within(1)[1] - (1.0 - 3.0 * e2)).abs() < 1e-13);
        assert!((arrivals.time(1) - 10.0 * (1.0 - 5.0 * e2)).abs() < 1e-12);
        assert!((arrivals.within(0)[0] - (1.0 - (-0.4_f64).exp())).abs() < 1e-14 && !arrivals.is_cut);
    }

    #[test]
    fn the_grid_agrees_with_the_closed_form_where_there_is_one() {
        // A Weibull delay of shape 1 is exponential.
        let horizons = [30.0, 90.0, 365.0];
        let by_grid = Arrivals::of(Delay::Weibull { scale_days: 40.0, shape: 1.0 }, &horizons, 5);
        let exact = Arrivals::of(Delay::Exponential { mean_days: 40.0 }, &horizons, 5);
        for generation in 0..5 {
            for (got, want) in by_grid.within(generation).iter().zip(exact.within(generation)) {
                assert!((got - want).abs() < 1e-6, "{generation}: {got} {want}");
            }
            assert!((by_grid.time(generation) - exact.time(generation)).abs() < 1e-3, "{generation}");
        }
    }

    #[test]
    fn the_grid_agrees_with_drawn_sums_of_steep_and_of_late_delays() {
        for delay in [Delay::Weibull { scale_days: 25.0, shape: 0.5 }, Delay::Weibull { scale_days: 60.0, shape: 3.0 }]
        {
            let horizons = [20.0, 70.0, 200.0];
            let got = Arrivals::of(delay, &horizons, 3);
            let mut random = stream(3, "sums of delays", 0);
            let n_draws = 200_000;
            let (mut counts, mut time) = ([0_u32; 3], 0.0);
            for _ in 0..n_draws {
                let sum: f64 = (0..3).map(|_| delay.drawn(1.0 - uniform(&mut random))).sum();
                counts.iter_mut().zip(horizons).for_each(|(count, horizon)| *count += u32::from(sum <= horizon));
                time += if sum <= 200.0 { sum } else { 0.0 };
            }
            for (count, got) in counts.into_iter().zip(got.within(2)) {
                let share = f64::from(count) / f64::from(n_draws);
                assert!(
                    (share - got).abs() < 5.0 * (got * (1.0 - got) / f64::from(n_draws)).sqrt() + 1e-6,
                    "{delay:?}"
                );
            }
            assert!((time / f64::from(n_draws) - got.time(2)).abs() < 0.7, "{delay:?}");
        }
    }

    #[test]
    fn generations_that_come_too_late_are_not_followed() {
        let arrivals = Arrivals::of(Delay::Generation, &[1.0, 3.0], 1000);
        assert_eq!((arrivals.n_generations(), arrivals.is_cut), (3, false));
        assert_eq!((arrivals.within(1), arrivals.time(2)), ([0.0, 1.0].as_slice(), 3.0));
        let arrivals = Arrivals::of(Delay::Exponential { mean_days: 0.001 }, &[100.0], 1000);
        assert_eq!((arrivals.n_generations(), arrivals.is_cut), (GENERATIONS_MAX, true));
    }
}
