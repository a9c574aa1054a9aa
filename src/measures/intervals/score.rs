//! The interval of all scores that a test does not reject.

use super::counts::{ClassCounts, Ends};

/// Both ends at this critical value of the standard normal.
pub(super) fn score_interval(counts: ClassCounts, critical: f64) -> Ends {
    let mirrored = ClassCounts { detractors: counts.promoters, promoters: counts.detractors, ..counts };
    Ends { low: -upper_end(mirrored, critical), high: upper_end(counts, critical) }
}

/// The largest score that a test at this critical value does not reject.
fn upper_end(counts: ClassCounts, critical: f64) -> f64 {
    let (mut inside, mut outside) = (counts.score(), 1.0);
    if statistic(counts, outside) <= critical {
        return 1.0;
    }
    // The statistic rises from 0 at the estimate; halving the bracket 60 times reaches the spacing of doubles.
    for _ in 0..60 {
        let middle = 0.5 * (inside + outside);
        if statistic(counts, middle) <= critical {
            inside = middle;
        } else {
            outside = middle;
        }
    }
    0.5 * (inside + outside)
}

/// How many standard errors, taken under the hypothesis, the observed score lies below a hypothetical one.
///
/// With `delta` given, the likelihood is largest at the detractors' share `d` that solves
/// `2 n d^2 - d ((P + D)(1 - delta) - 2 delta (D + S)) - D delta (1 - delta) = 0`.
fn statistic(counts: ClassCounts, delta: f64) -> f64 {
    let (p, d, s, n) = (counts.promoters, counts.detractors, counts.passives, counts.n());
    let half = 0.5 * ((p + d) * (1.0 - delta) - 2.0 * delta * (d + s));
    let root = (half * half + 2.0 * n * d * delta * (1.0 - delta)).max(0.0).sqrt();
    let share = ((half + root) / (2.0 * n)).max(0.0).max(-delta);
    let variance = 2.0 * share + delta - delta * delta;
    let gap = delta - counts.score();
    if variance > 1e-15 {
        gap / (variance / n).sqrt()
    } else if gap > 1e-12 {
        f64::INFINITY
    } else {
        0.0
    }
}
