//! Columns without what is constant for a unit or common to a period.

/// Rounds of taking out means, at most.
const ROUNDS_MAX: usize = 10_000;
/// Means smaller than this share of a column's size are rounding (relative).
const TOLERANCE: f64 = 1e-12;

/// Codes of one kind of effect, from 0.
pub(super) struct Effect {
    pub codes: Vec<usize>,
    pub n_levels: usize,
}

/// Takes the means of every effect out of a column, in turns until none is left.
///
/// With one effect, or in a balanced panel, one round is exact; in an unbalanced one the rounds converge to the residuals of
/// a regression on all levels. Whether they did is returned.
pub(super) fn take_out(column: &mut [f64], effects: &[Effect]) -> bool {
    let size = column.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    for _ in 0..ROUNDS_MAX {
        let mut largest = 0.0_f64;
        for effect in effects {
            let (mut sums, mut counts) = (vec![0.0; effect.n_levels], vec![0.0; effect.n_levels]);
            for (value, &code) in column.iter().zip(&effect.codes) {
                sums[code] += value;
                counts[code] += 1.0;
            }
            for (sum, count) in sums.iter_mut().zip(counts) {
                *sum /= f64::max(count, 1.0);
                largest = largest.max(sum.abs());
            }
            column.iter_mut().zip(&effect.codes).for_each(|(value, &code)| *value -= sums[code]);
        }
        if largest <= TOLERANCE * size {
            return true;
        }
    }
    false
}
