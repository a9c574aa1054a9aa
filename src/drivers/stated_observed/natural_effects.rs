//! Natural direct and indirect effects on the probability scale, averaged over rows.

use crate::estimators::fitted_model::probability;
use crate::stats::linear_algebra::SymmetricEigen;
use ndarray::Array2;

/// Points of the quadrature over what the mediator's model leaves open.
const POINTS: usize = 32;

/// Points and weights with which a mean over a standard normal is taken.
///
/// # References
/// Golub and Welsch (1969), "Calculation of Gauss quadrature rules", Mathematics of Computation 23(106).
#[derive(Debug, Clone)]
pub(super) struct NormalQuadrature {
    points: Vec<(f64, f64)>,
}

impl NormalQuadrature {
    /// `None` where the eigenvalues cannot be found.
    pub fn new() -> Option<Self> {
        // The Jacobi matrix of Hermite's polynomials has the roots of 1, 2, ... beside its diagonal of zeros.
        let jacobi = Array2::from_shape_fn((POINTS, POINTS), |(row, column)| {
            if row.abs_diff(column) == 1 { (row.max(column) as f64).sqrt() } else { 0.0 }
        });
        let eigen = SymmetricEigen::of(jacobi.view())?;
        let first = eigen.vectors.row(0).mapv(|value| value * value);
        Some(Self { points: eigen.values.iter().copied().zip(first).collect() })
    }

    /// The mean of a logistic probability whose log odds are normal.
    fn mean_probability(&self, mean: f64, std_dev: f64) -> f64 {
        self.points.iter().map(|(point, weight)| weight * probability(mean + std_dev * point)).sum()
    }
}

/// The outcome's model on the log odds and the mediator's on its own scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Paths {
    /// Touchpoint to mediator, given the controls.
    pub touchpoint_to_mediator: f64,
    /// Mediator to the log odds, given touchpoint and controls.
    pub mediator_to_outcome: f64,
    /// Touchpoint to the log odds, given mediator and controls.
    pub touchpoint_to_outcome: f64,
    /// Standard deviation of what the mediator's model leaves open.
    pub residual_std_dev: f64,
}

/// What a row's models say where the touchpoint is zero, from its controls.
#[derive(Debug, Clone, Copy)]
pub(super) struct Base {
    /// The mediator.
    pub mediator: f64,
    /// The log odds where the mediator is zero too.
    pub log_odds: f64,
    /// The row's share of the weight.
    pub share: f64,
}

/// Effects of the touchpoint's change, in probability.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct NaturalEffects {
    pub direct: f64,
    pub indirect: f64,
}

impl Paths {
    /// Mean effects over rows of a touchpoint that goes `from` one score `to` another: the direct one with the mediator as
    /// it would be at either score, the indirect one with the touchpoint at either score, each the mean of both.
    ///
    /// # References
    /// Imai, Keele and Tingley (2010), "A general approach to causal mediation analysis", Psychological Methods 15(4).
    pub fn effects(
        &self,
        rows: impl Iterator<Item = Base>,
        from: f64,
        to: f64,
        quadrature: &NormalQuadrature,
    ) -> NaturalEffects {
        let std_dev = (self.mediator_to_outcome * self.residual_std_dev).abs();
        // By touchpoint, then by the score at which the mediator is taken.
        let mut means = [[0.0; 2]; 2];
        for row in rows {
            for (means, touchpoint) in means.iter_mut().zip([from, to]) {
                for (mean, at) in means.iter_mut().zip([from, to]) {
                    let mediator = row.mediator + self.touchpoint_to_mediator * at;
                    let log_odds =
                        row.log_odds + self.touchpoint_to_outcome * touchpoint + self.mediator_to_outcome * mediator;
                    *mean += row.share * quadrature.mean_probability(log_odds, std_dev);
                }
            }
        }
        let [[both_from, mediator_to], [touchpoint_to, both_to]] = means;
        NaturalEffects {
            direct: 0.5 * ((touchpoint_to - both_from) + (both_to - mediator_to)),
            indirect: 0.5 * ((mediator_to - both_from) + (both_to - touchpoint_to)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quadrature_agrees_with_scipy() {
        let quadrature = NormalQuadrature::new().expect("eigenvalues");
        let moment =
            |power: i32| quadrature.points.iter().map(|(point, weight)| weight * point.powi(power)).sum::<f64>();
        // Moments of the standard normal: 1, 0, 1, 0, 3, and 15 of the sixth power.
        for (power, want) in [(0, 1.0), (1, 0.0), (2, 1.0), (3, 0.0), (4, 3.0), (6, 15.0)] {
            assert!((moment(power) - want).abs() < 1e-11, "{power} {}", moment(power));
        }
        // scipy.integrate.quad(lambda z: expit(0.5 + 1.5 * z) * norm.pdf(z), -12, 12)
        assert!((quadrature.mean_probability(0.5, 1.5) - 0.587_596_205_190_970_4).abs() < 1e-10);
    }
}
