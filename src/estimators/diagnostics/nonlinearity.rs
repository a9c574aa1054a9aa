//! Whether lines are enough.

use super::added::{Added, Departure};
use crate::estimators::StdErrors;
use crate::estimators::augment::{Augment, Kind};
use crate::findings::{Finding, FindingKind, Severity};
use crate::stats::Confidence;
use serde::{Deserialize, Serialize};

/// What the square of one column would add to a model that has the column itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Curvature {
    /// The column.
    pub term: String,
    /// The coefficient of `(x - mean)^2`: below zero a rising effect flattens out at the top.
    pub coefficient: f64,
    /// The test that it is zero.
    pub test: Departure,
    /// The p-value among all columns tested (Holm).
    pub adjusted_p_value: f64,
}

/// Tests of straight lines against curves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Nonlinearity {
    /// Ramsey's RESET with the square and cube of the fitted values (linear), or Pregibon's link test with the square of
    /// the log odds (logistic).
    pub overall: Option<Departure>,
    /// One row per column with more than two values.
    pub terms: Vec<Curvature>,
}

impl Nonlinearity {
    /// From one pass over the rows, and a second where standard errors are robust.
    ///
    /// With model-based errors the tests of a linear model are exact F tests; with robust or clustered ones, and with
    /// sampling weights, score tests that keep their level under unequal variances or dependence.
    ///
    /// # References
    /// Ramsey (1969), Journal of the Royal Statistical Society B 31(2); Pregibon (1980), "Goodness of link tests for
    /// generalized linear models", Applied Statistics 29(1); Holm (1979), Scandinavian Journal of Statistics 6(2).
    pub(super) fn of(augment: &Augment, std_errors: StdErrors) -> Self {
        let design = augment.observations.design();
        let columns = &augment.columns;
        let curved: Vec<usize> =
            (0..columns.places.len()).filter(|&index| has_three_values(augment, columns.places[index])).collect();
        let fitted = Fitted::of(augment);
        let n_curved = curved.len();
        let values = design.values();
        let added = Added::new(augment, std_errors, n_curved + 2, |row, beside| {
            for (beside, &index) in beside.iter_mut().zip(&curved) {
                let z = (values[[row, columns.places[index]]] - columns.mean(index)) / columns.scale(index);
                *beside = z * z;
            }
            let f = fitted.standardised(augment.links[row]);
            beside[n_curved] = f * f;
            beside[n_curved + 1] = f * f * f;
        });
        let powers: &[usize] = match augment.kind {
            Kind::Number => &[n_curved, n_curved + 1],
            Kind::Class | Kind::Count { .. } => &[n_curved],
        };
        let overall = if fitted.varies() { added.test(powers) } else { None };
        let mut terms: Vec<Curvature> = curved
            .iter()
            .enumerate()
            .filter_map(|(place, &index)| {
                let test = added.test(&[place])?;
                let coefficient = added.coefficient(place, augment.unit())? / columns.scale(index).powi(2);
                let term = design.names()[columns.places[index]].clone();
                Some(Curvature { term, coefficient, test, adjusted_p_value: test.p_value })
            })
            .collect();
        let adjusted = holm(&terms.iter().map(|row| row.test.p_value).collect::<Vec<_>>());
        terms.iter_mut().zip(adjusted).for_each(|(row, p_value)| row.adjusted_p_value = p_value);
        Self { overall, terms }
    }

    /// One finding a column whose curve explains a share that matters; where there is none, one about the whole.
    pub(super) fn findings(&self, outcome: &str, confidence: Confidence, share_min: f64) -> Vec<Finding> {
        let level = 1.0 - confidence.level();
        let matters = |test: &Departure| test.share_explained >= share_min;
        let mut findings: Vec<Finding> = self
            .terms
            .iter()
            .filter(|row| row.adjusted_p_value < level && matters(&row.test))
            .map(|row| {
                let shape = if row.coefficient < 0.0 { "flattens towards high values" } else { "steepens towards high values" };
                let sentence = format!(
                    "The effect of `{}` on `{outcome}` is no straight line: it {shape}; a square would explain {:.1} % of what is left.",
                    row.term,
                    100.0 * row.test.share_explained
                );
                Finding::new(FindingKind::NonLinear, Severity::Warning, row.term.clone(), sentence)
                    .number("coefficient", row.coefficient)
                    .number("p_value", row.adjusted_p_value)
                    .number("share_explained", row.test.share_explained)
            })
            .collect();
        if let (true, Some(test)) = (findings.is_empty(), &self.overall)
            && test.p_value < level
            && matters(test)
        {
            let sentence = format!(
                "The model of `{outcome}` misses curves or joint effects of its columns: powers of its own predictions would \
                 explain {:.1} % of what is left.",
                100.0 * test.share_explained
            );
            findings.push(
                Finding::new(FindingKind::NonLinear, Severity::Warning, outcome, sentence)
                    .number("p_value", test.p_value)
                    .number("share_explained", test.share_explained),
            );
        }
        findings
    }
}

/// The linear predictors around their weighted mean.
pub(super) struct Fitted {
    mean: f64,
    std_dev: f64,
}

impl Fitted {
    pub(super) fn of(augment: &Augment) -> Self {
        let cases = &augment.cases;
        let counted = || augment.links.iter().enumerate().filter(|&(row, _)| cases.counts(row));
        let mean = counted().map(|(row, link)| cases.weight(row) * link).sum::<f64>() / cases.weight_sum;
        let squares = counted().map(|(row, link)| cases.weight(row) * (link - mean).powi(2)).sum::<f64>();
        Self { mean, std_dev: (squares / cases.weight_sum).sqrt() }
    }

    /// Whether the model says different things of different rows, beyond rounding.
    pub(super) fn varies(&self) -> bool {
        self.std_dev > 1e-13 * self.mean.abs()
    }

    pub(super) fn standardised(&self, link: f64) -> f64 {
        if self.varies() { (link - self.mean) / self.std_dev } else { 0.0 }
    }
}

fn has_three_values(augment: &Augment, place: usize) -> bool {
    let column = augment.observations.design().values();
    let column = column.column(place);
    let mut seen: Vec<f64> = Vec::with_capacity(2);
    for (row, &value) in column.iter().enumerate() {
        // Values are compared as they were given, not as computed numbers.
        if augment.cases.counts(row) && !seen.iter().any(|other| other.total_cmp(&value).is_eq()) {
            if seen.len() == 2 {
                return true;
            }
            seen.push(value);
        }
    }
    false
}

/// P-values multiplied by the number of those not smaller, never falling as the p-values rise.
fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&left, &right| p_values[left].total_cmp(&p_values[right]));
    let mut adjusted = vec![0.0; p_values.len()];
    let mut largest = 0.0_f64;
    for (rank, &place) in order.iter().enumerate() {
        largest = largest.max((p_values.len() - rank) as f64 * p_values[place]).min(1.0);
        adjusted[place] = largest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::holm;

    #[test]
    fn holm_by_hand() {
        let got = holm(&[0.04, 0.01, 0.03, 0.5]);
        // 4 * 0.01; 3 * 0.03; 2 * 0.04 is lower, so it takes the one before; 0.5.
        for (got, want) in got.iter().zip([0.09, 0.04, 0.09, 0.5]) {
            assert!((got - want).abs() < 1e-15, "{got} {want}");
        }
    }
}
