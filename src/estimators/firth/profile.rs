//! Intervals and tests of Firth's coefficients from the penalised likelihood itself.
//!
//! Beside separation the penalised likelihood is far from symmetric around its maximum: it falls by half a unit of log-likelihood for
//! each unit of log odds on the side where the classes are apart, and steeply on the other. An interval of so many standard errors to
//! both sides is wrong at both ends.

use super::{Frame, HALVINGS_MAX, Penalised, REACH_FIRST, SCORING_MAX, largest};
use crate::estimators::cases::Cases;
use crate::estimators::columns::Columns;
use ndarray::{Array1, Array2, s};

/// What is left to gain while a coefficient is held, in log-likelihood, below which the maximum is reached.
const LEFT_TO_GAIN: f64 = 1e-14;
/// Newton's steps, where scoring is slow, after which there is no such maximum.
const NEWTON_MAX: usize = 200;
/// Maxima after which an end is not found.
const TRIALS_MAX: usize = 100;
/// Parts of the way to a value, after which there is no way.
const PARTS_MAX: usize = 200;
/// An end is found where the root of the likelihood ratio is this close to its limit (relative).
const END_TOLERANCE: f64 = 1e-10;
/// An end is found where it can move no farther than this, in standard errors.
const WIDTH_TOLERANCE: f64 = 1e-11;

/// A coefficient by its profile.
#[derive(Debug, Clone, Copy)]
pub(super) struct Profile {
    /// Root of the penalised likelihood ratio against zero, with the estimate's sign.
    pub statistic: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// The maximum and what it is a maximum of.
pub(super) struct Profiles<'a, 'c> {
    best: Frame<'a>,
    cases: &'c Cases<'c>,
}

impl<'a, 'c> Profiles<'a, 'c> {
    /// `None` where the information at the maximum cannot be inverted.
    pub fn of(columns: &Columns<'a>, cases: &'c Cases<'c>, best: Penalised) -> Option<Self> {
        Some(Self { best: Frame::whole(columns, best).turned(cases)?, cases })
    }

    /// One coefficient: `along` times the coefficients in the basis is what is held. The determinant in the penalised likelihood is
    /// that of the whole information, whatever is held. Ends that are not found are `NaN`.
    ///
    /// Ends are finite: the penalised likelihood falls without end in every direction (Kosmidis and Firth 2021, theorem 1).
    pub fn of_coefficient(&self, along: &Array1<f64>, limit: f64) -> Profile {
        let estimate = self.best.value_of(along);
        let root = |frame: Frame| self.root(&frame);
        let statistic = self.at(self.best.clone(), along, 0.0).map_or(f64::NAN, root).copysign(estimate);
        let end = |side: f64| self.end(along, limit, side).unwrap_or(f64::NAN);
        Profile { statistic, low: end(-1.0), high: end(1.0) }
    }

    /// Root of twice what a point falls short of the maximum.
    fn root(&self, frame: &Frame) -> f64 {
        (2.0 * (self.best.value() - frame.value())).max(0.0).sqrt()
    }

    /// Where the root reaches `limit`, below or above the estimate: Newton's method, between what is known to be too near and too far.
    fn end(&self, along: &Array1<f64>, limit: f64, side: f64) -> Option<f64> {
        let estimate = self.best.value_of(along);
        let held = self.best.turn.t().dot(along);
        let std_error = held.dot(&self.best.point.inverse.dot(&held)).sqrt();
        // Distances from the estimate.
        let (mut near, mut far) = (0.0, f64::INFINITY);
        let (mut frame, mut distance) = (self.best.clone(), limit * std_error);
        for _ in 0..TRIALS_MAX {
            let middle = |near: f64, far: f64| if far.is_finite() { 0.5 * (near + far) } else { 2.0 * near };
            let Some(there) = self.at(frame.clone(), along, estimate + side * distance) else {
                far = distance;
                distance = middle(near, far);
                continue;
            };
            let (root, slope) = (self.root(&there), there.slope(along, self.cases).abs());
            if (root - limit).abs() <= END_TOLERANCE * limit {
                return Some(estimate + side * distance);
            }
            if root < limit {
                near = distance;
            } else {
                far = distance;
            }
            if far - near <= WIDTH_TOLERANCE * std_error {
                return Some(estimate + side * distance);
            }
            let newton = distance + (limit - root) * root / slope;
            distance = if newton > near && newton < far.min(4.0 * distance) { newton } else { middle(near, far) };
            frame = there;
        }
        None
    }

    /// The maximum where the coefficient is held at `value`, on the way from another: in parts where it is far.
    fn at(&self, mut frame: Frame<'a>, along: &Array1<f64>, value: f64) -> Option<Frame<'a>> {
        for _ in 0..PARTS_MAX {
            let left = value - frame.value_of(along);
            let there = (0..HALVINGS_MAX).find_map(|halving| {
                let moved = frame.shifted(self.cases, along, left * 0.5_f64.powi(halving))?;
                Some((moved.climbed_held(self.cases, along)?, halving == 0))
            });
            let (next, is_there) = there?;
            if is_there {
                return Some(next);
            }
            frame = next;
        }
        None
    }
}

impl Frame<'_> {
    /// `along` times the coefficients in the basis of the fit.
    fn value_of(&self, along: &Array1<f64>) -> f64 {
        along.dot(&self.turn.dot(&Array1::from(self.point.coefficients.clone())))
    }

    /// The point where `along` is so much more, on the way that costs least by the information here; `None` where the information
    /// there is singular.
    fn shifted(&self, cases: &Cases, along: &Array1<f64>, by: f64) -> Option<Self> {
        let held = self.turn.t().dot(along);
        let way = self.point.inverse.dot(&held);
        let step = &way * (by / held.dot(&way));
        let point = self.point.at_share(&self.columns, cases, &step, 1.0);
        point.value.is_finite().then(|| Self { point, ..self.clone() })
    }

    /// How the maximum changes with what is held: there the gradient is this times the direction held.
    fn slope(&self, along: &Array1<f64>, cases: &Cases) -> f64 {
        let held = self.turn.t().dot(along);
        self.point.gradient(&self.columns, cases).dot(&held) / held.dot(&held)
    }

    /// The maximum over all coefficients that leave `along` as it is: scoring, then, where that is slow, Newton's method with the
    /// penalty's curvature.
    fn climbed_held(mut self, cases: &Cases, along: &Array1<f64>) -> Option<Self> {
        for _ in 0..SCORING_MAX {
            let held = self.turn.t().dot(along);
            let gradient = self.point.gradient(&self.columns, cases);
            let (whole, way) = (self.point.inverse.dot(&gradient), self.point.inverse.dot(&held));
            let step = &whole - &way * (held.dot(&whole) / held.dot(&way));
            if step.dot(&gradient) <= LEFT_TO_GAIN {
                return Some(self);
            }
            let size = largest(&step);
            match (0..HALVINGS_MAX).find_map(|halving| self.point.moved(&self.columns, cases, &step, halving, size)) {
                Some(next) => self.point = next,
                None => break,
            }
        }
        let mut reach = REACH_FIRST;
        for _ in 0..NEWTON_MAX {
            self = self.turned(cases)?;
            let free = across(&self.turn.t().dot(along));
            let gradient = free.t().dot(&self.point.gradient(&self.columns, cases));
            if gradient.dot(&gradient) <= LEFT_TO_GAIN {
                return Some(self);
            }
            let curvature = free.t().dot(&self.point.curvature(&self.columns, cases)).dot(&free);
            match self.climbed(cases, &free, &gradient, &curvature, &mut reach) {
                Some(next) => self.point = next,
                None => return (gradient.dot(&gradient) <= super::ROUNDING_LEFT).then_some(self),
            }
        }
        None
    }
}

/// Orthonormal directions across one (Householder): a row a term, a column less than terms.
fn across(held: &Array1<f64>) -> Array2<f64> {
    let length = held.dot(held).sqrt();
    let mut mirror = held / length;
    mirror[0] += mirror[0].signum();
    let factor = 2.0 / mirror.dot(&mirror);
    let n = held.len();
    let whole = Array2::from_shape_fn((n, n), |(row, column)| {
        f64::from(u8::from(row == column)) - factor * mirror[row] * mirror[column]
    });
    whole.slice(s![.., 1..]).to_owned()
}

#[cfg(test)]
mod tests {
    use crate::data::{DesignMatrix, Observations, Outcome, WeightKind, Weights};
    use crate::estimators::formula_data::{FormulaData, wave};
    use crate::estimators::{Coefficient, Firth, FirthIntervals};
    use crate::stats::Confidence;
    use ndarray::{Array1, Array2};

    /// What `tests/oracles/firth_profile.py` writes: table, term, estimate, statistic, p-value and both ends.
    const WANTED: &str = include_str!("../../../tests/oracles/firth_profile.txt");

    fn holds(table: &str, got: &[Coefficient]) {
        let lines: Vec<Vec<&str>> =
            WANTED.lines().map(|line| line.split(' ').collect::<Vec<_>>()).filter(|cells| cells[0] == table).collect();
        assert_eq!(lines.len(), got.len(), "{table}");
        for (cells, own) in lines.iter().zip(got) {
            assert_eq!(cells[1], own.term);
            let values = [own.estimate, own.statistic, own.p_value, own.conf_low, own.conf_high];
            for (want, got) in cells[2..].iter().zip(values) {
                let want: f64 = want.parse().expect("a number");
                assert!((got - want).abs() <= 1e-6 * want.abs(), "{table} {}: {got} {want}", own.term);
            }
        }
    }

    fn fitted(names: &[&str], features: Array2<f64>, classes: Vec<f64>, weights: Option<Weights>) -> Vec<Coefficient> {
        let design = DesignMatrix::new(names.iter().map(|&name| name.to_owned()).collect(), features).expect("finite");
        let outcome = Outcome::binary("y", classes.into()).expect("classes");
        let mut observations = Observations::new(design, outcome).expect("one a row");
        if let Some(weights) = weights {
            observations = observations.weighted(weights).expect("one a row");
        }
        Firth::default().fit(&observations).expect("a fit").coefficients().to_vec()
    }

    /// Expected values: `tests/oracles/firth_profile.py` (scipy). For the last two tables R 4.2 (`optim` and `uniroot` on the same
    /// penalised likelihood) has p = 0.0169 and 0.384 as lower end for `f`, p = 9e-11 and (3.85, 25.8) for `x`.
    #[test]
    fn intervals_and_tests_are_those_of_the_penalised_likelihood() {
        let names = ["speed", "price", "calls"];
        let features = FormulaData::of(60).features;
        let classes: Vec<f64> =
            (0..60).map(|row| f64::from(u8::from(wave(row, 5) + 0.3 * wave(row, 0) > 0.0))).collect();
        let apart = features.column(0).iter().map(|&speed| f64::from(u8::from(speed > 5.2))).collect();
        holds("overlapping", &fitted(&names, features.clone(), classes.clone(), None));
        holds("separated", &fitted(&names, features.clone(), apart, None));
        let frequencies = (0..60).map(|row| 1.0 + f64::from(row % 3)).collect();
        let frequencies = Weights::new(WeightKind::Frequency, frequencies).expect("whole");
        holds("frequencies", &fitted(&names, features, classes, Some(frequencies)));
        let flag = Array2::from_shape_fn((27, 1), |(row, _)| f64::from(u8::from(row >= 22)));
        let left = (0..27).map(|row| f64::from(u8::from(row >= 14))).collect();
        holds("empty-cell", &fitted(&["flag"], flag, left, None));
        let rows: Vec<Vec<f64>> = include_str!("../../../tests/oracles/firth_profile.csv")
            .lines()
            .skip(1)
            .map(|line| line.split(',').map(|cell| cell.parse().expect("a number")).collect())
            .collect();
        let column = |place: usize| -> Vec<f64> { rows.iter().map(|row| row[place]).collect() };
        let beside_z = |place: usize| Array2::from_shape_fn((40, 2), |(row, at)| rows[row][[place, 1][at]]);
        holds("flag-apart", &fitted(&["f", "z"], beside_z(4), column(3), None));
        holds("all-apart", &fitted(&["x", "z"], beside_z(0), column(2), None));
    }

    /// Of a large and balanced table the profile is a parabola, by theory: Wald's interval, which is there where it is asked for.
    #[test]
    fn wald_and_profile_agree_in_large_tables() {
        let features = Array2::from_shape_fn((20_000, 2), |(row, column)| wave(row, column));
        let classes: Array1<f64> =
            (0..20_000).map(|row| f64::from(u8::from(wave(row, 2) + 0.2 * wave(row, 0) > 0.0))).collect();
        let design = DesignMatrix::new(vec!["a".to_owned(), "b".to_owned()], features).expect("finite");
        let observations = Observations::new(design, Outcome::binary("y", classes).expect("classes"));
        let observations = observations.expect("one a row");
        let profile = Firth::default().fit(&observations).expect("a fit");
        let wald = Firth { intervals: FirthIntervals::Wald, ..Firth::default() }.fit(&observations).expect("a fit");
        for (profile, wald) in profile.coefficients().iter().zip(wald.coefficients()) {
            assert!((profile.conf_low - wald.conf_low).abs() < 0.01 * wald.std_error, "{profile:?} {wald:?}");
            assert!((profile.conf_high - wald.conf_high).abs() < 0.01 * wald.std_error, "{profile:?} {wald:?}");
            let z = Confidence::default().z();
            assert!((wald.conf_high - wald.estimate - z * wald.std_error).abs() < 1e-12, "{wald:?}");
        }
    }
}
