//! Coordinate descent on a convex quadratic with an elastic-net penalty.

use crate::stats::linear_algebra::Cholesky;
use ndarray::{Array1, Array2};

/// The largest move of a coordinate in the last sweep (relative to the outcome's deviation); what is left of the error is
/// taken off by solving for the coordinates that are not zero.
const MOVE_TOLERANCE: f64 = 1e-9;
/// Sweeps after which the descent has failed.
pub(super) const SWEEPS_MAX: usize = 100_000;
/// What a gradient may exceed its bound by (relative).
const BOUND_TOLERANCE: f64 = 1e-9;
/// Shares of the ridge penalty below this set the first penalty as this one does, as glmnet has it.
pub(super) const MIXING_MIN: f64 = 1e-3;

/// `b' curvature b / 2 - slope' b`, to be made small.
pub(super) struct Quadratic {
    pub(super) curvature: Array2<f64>,
    pub(super) slope: Array1<f64>,
    /// The outcome's deviation, which moves are relative to.
    pub(super) size: f64,
}

/// `lambda (mixing sum u |b| + (1 - mixing) / (2 spread) sum u^2 b^2)`, where `u` are the standard deviations of the columns
/// in the units of the coordinates; a column with none stays out.
#[derive(Clone, Copy)]
pub(super) struct Penalty<'a> {
    pub(super) lambda: f64,
    pub(super) mixing: f64,
    /// The outcome's deviation, one for a class: in other units of the outcome the same columns are as far in.
    pub(super) spread: f64,
    pub(super) units: &'a [f64],
}

impl Penalty<'_> {
    pub(super) fn of(&self, coefficients: &[f64]) -> f64 {
        let sum = coefficients.iter().zip(self.units).map(|(coefficient, unit)| {
            let standard = (coefficient * unit).abs();
            self.mixing * standard + 0.5 * (1.0 - self.mixing) * standard * standard / self.spread
        });
        self.lambda * sum.sum::<f64>()
    }

    fn bound(&self, index: usize) -> f64 {
        self.lambda * self.mixing * self.units[index]
    }

    fn ridge(&self, index: usize) -> f64 {
        self.lambda * (1.0 - self.mixing) * self.units[index] * self.units[index] / self.spread
    }
}

/// The smallest penalty at which no column is in, from the gradients where none is; for (nearly) pure ridge, where there
/// is none, that of a mixing of 0.001.
pub(super) fn lambda_max(gradient: &[f64], units: &[f64], mixing: f64) -> f64 {
    let in_units = gradient.iter().zip(units).filter(|&(_, &unit)| unit > 0.0);
    let steepest = in_units.map(|(slope, unit)| slope.abs() / unit).fold(0.0, f64::max);
    // A hair more, so that rounding lets no column in.
    steepest / mixing.max(MIXING_MIN) * (1.0 + 1e-14)
}

impl Quadratic {
    /// Moves `coefficients` to the minimum; false if the sweeps did not suffice.
    ///
    /// Only columns whose gradient was near its bound at the last penalty, `lambda_last`, are swept (the strong rule),
    /// and of these mostly those that are in; in the end the optimality conditions are checked for all columns, and a
    /// column that breaks them is taken in.
    ///
    /// # References
    /// Friedman, Hastie and Tibshirani (2010), Journal of Statistical Software 33(1); Tibshirani and others (2012),
    /// "Strong rules for discarding predictors in lasso-type problems", JRSS B 74(2).
    pub(super) fn descend(&self, penalty: Penalty, lambda_last: f64, coefficients: &mut [f64]) -> bool {
        let n_columns = coefficients.len();
        let usable: Vec<bool> =
            (0..n_columns).map(|index| penalty.units[index] > 0.0 && self.curvature[[index, index]] > 0.0).collect();
        let mut gradient = self.gradient(coefficients);
        let reach = 2.0 * penalty.lambda - lambda_last;
        let strong = |index: usize, gradient: &Array1<f64>, coefficients: &[f64]| {
            coefficients[index].abs() > 0.0 || gradient[index].abs() >= penalty.mixing * penalty.units[index] * reach
        };
        let mut swept: Vec<bool> =
            (0..n_columns).map(|index| usable[index] && strong(index, &gradient, coefficients)).collect();
        let mut n_sweeps = 0;
        loop {
            let places: Vec<usize> = (0..n_columns).filter(|&index| swept[index]).collect();
            loop {
                let tolerance = MOVE_TOLERANCE * self.size;
                if self.sweep(penalty, &places, coefficients, &mut gradient) <= tolerance {
                    break;
                }
                let inside: Vec<usize> =
                    places.iter().copied().filter(|&index| coefficients[index].abs() > 0.0).collect();
                while self.sweep(penalty, &inside, coefficients, &mut gradient) > tolerance {
                    n_sweeps += 1;
                    // Columns that nearly repeat each other make sweeps slow and the direct solution right.
                    if n_sweeps % 20 == 0 {
                        self.polish(penalty, coefficients, &mut gradient);
                    }
                    if n_sweeps > SWEEPS_MAX {
                        return false;
                    }
                }
                n_sweeps += 1;
                if n_sweeps > SWEEPS_MAX {
                    return false;
                }
            }
            self.polish(penalty, coefficients, &mut gradient);
            let mut broken = false;
            for index in (0..n_columns).filter(|&index| usable[index] && coefficients[index].abs() <= 0.0) {
                let bound = penalty.bound(index);
                let excess = gradient[index].abs() - bound;
                if excess > BOUND_TOLERANCE * bound + MOVE_TOLERANCE * self.size * penalty.units[index] {
                    broken |= !std::mem::replace(&mut swept[index], true);
                }
            }
            if !broken {
                return true;
            }
        }
    }

    /// `slope - curvature b`.
    pub(super) fn gradient(&self, coefficients: &[f64]) -> Array1<f64> {
        let mut gradient = self.slope.clone();
        for (index, &coefficient) in coefficients.iter().enumerate() {
            if coefficient.abs() > 0.0 {
                gradient.scaled_add(-coefficient, &self.curvature.row(index));
            }
        }
        gradient
    }

    /// One round over some columns; the largest move in the units of the outcome.
    fn sweep(&self, penalty: Penalty, places: &[usize], coefficients: &mut [f64], gradient: &mut Array1<f64>) -> f64 {
        let mut largest = 0.0_f64;
        for &index in places {
            let own = self.curvature[[index, index]];
            let before = coefficients[index];
            let pull = gradient[index] + own * before;
            let bound = penalty.bound(index);
            let after = if pull.abs() <= bound {
                0.0
            } else {
                (pull.abs() - bound).copysign(pull) / (own + penalty.ridge(index))
            };
            let change = after - before;
            if change.abs() > 0.0 {
                coefficients[index] = after;
                gradient.scaled_add(-change, &self.curvature.row(index));
                largest = largest.max(change.abs() * own.sqrt());
            }
        }
        largest
    }

    /// Solves for the columns that are in, given their signs. Where one would change its sign it leaves, and the others
    /// are solved for again; so too along each direction that the curvature does not see (more columns than rows), which
    /// only the penalty decides. Every step goes down, and all but the last take a column out.
    ///
    /// # References
    /// Osborne, Presnell and Turlach (2000), "A new approach to variable selection in least squares problems", IMA
    /// Journal of Numerical Analysis 20(3): the descent between signs.
    fn polish(&self, penalty: Penalty, coefficients: &mut [f64], gradient: &mut Array1<f64>) {
        for _ in 0..2 * coefficients.len() {
            let inside: Vec<usize> = (0..coefficients.len()).filter(|&index| coefficients[index].abs() > 0.0).collect();
            let matrix = Array2::from_shape_fn((inside.len(), inside.len()), |(row, column)| {
                let ridge = if row == column { penalty.ridge(inside[row]) } else { 0.0 };
                self.curvature[[inside[row], inside[column]]] + ridge
            });
            let cholesky = Cholesky::of(matrix.view());
            let left = |place: usize, gradient: &Array1<f64>, coefficients: &[f64]| {
                let (index, coefficient) = (inside[place], coefficients[inside[place]]);
                gradient[index] - penalty.bound(index).copysign(coefficient) - penalty.ridge(index) * coefficient
            };
            let towards = cholesky.kept().iter().map(|&place| left(place, gradient, coefficients)).collect();
            let mut direction = vec![0.0; inside.len()];
            spread(&cholesky, towards, &mut direction);
            match self.advance(penalty, &inside, &direction, 1.0, coefficients, gradient) {
                Advance::Blocked => continue,
                Advance::Unsound => return,
                Advance::Whole => {}
            }
            let steepest = cholesky
                .aliased()
                .iter()
                .map(|&place| (place, left(place, gradient, coefficients)))
                .max_by(|(_, one), (_, other)| one.abs().total_cmp(&other.abs()))
                .filter(|(place, left)| left.abs() > BOUND_TOLERANCE * self.size * penalty.units[inside[*place]]);
            let Some((aliased, slope)) = steepest else { return };
            let along = cholesky.kept().iter().map(|&place| -matrix[[place, aliased]] * slope.signum()).collect();
            let mut direction = vec![0.0; inside.len()];
            direction[aliased] = slope.signum();
            spread(&cholesky, along, &mut direction);
            let own = Array1::from(direction.clone());
            let curvature = own.dot(&matrix.dot(&own)).max(0.0);
            let length = slope.abs() / curvature;
            if let Advance::Unsound = self.advance(penalty, &inside, &direction, length, coefficients, gradient) {
                return;
            }
        }
    }

    /// Moves the columns that are in by `length` times a direction, or only until the first of them is zero.
    fn advance(
        &self,
        penalty: Penalty,
        inside: &[usize],
        direction: &[f64],
        length: f64,
        coefficients: &mut [f64],
        gradient: &mut Array1<f64>,
    ) -> Advance {
        // Without a lasso part a coefficient may change its sign.
        let until_zero = inside.iter().zip(direction).enumerate().filter_map(|(place, (&index, &step))| {
            let until = -coefficients[index] / step;
            (penalty.bound(index) > 0.0 && until > 0.0).then_some((place, until))
        });
        let first = until_zero.min_by(|(_, one), (_, other)| one.total_cmp(other));
        let blocked = first.filter(|&(_, until)| until <= length);
        let length = blocked.map_or(length, |(_, until)| until);
        if !length.is_finite() || direction.iter().any(|step| !step.is_finite()) {
            return Advance::Unsound;
        }
        inside.iter().zip(direction).for_each(|(&index, &step)| coefficients[index] += length * step);
        if let Some((place, _)) = blocked {
            coefficients[inside[place]] = 0.0;
        }
        *gradient = self.gradient(coefficients);
        if blocked.is_some() { Advance::Blocked } else { Advance::Whole }
    }
}

/// How far a step went.
enum Advance {
    /// All the way.
    Whole,
    /// Until a column left.
    Blocked,
    /// Nowhere: the direction is no number, or nothing ends it.
    Unsound,
}

/// Solves for the kept columns and writes their parts of a direction.
fn spread(cholesky: &Cholesky, right_side: Array1<f64>, direction: &mut [f64]) {
    let solution = cholesky.solve(right_side.view());
    cholesky.kept().iter().zip(solution).for_each(|(&place, part)| direction[place] = part);
}
