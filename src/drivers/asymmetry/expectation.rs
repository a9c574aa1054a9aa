//! Expectation gaps: what falling short of an expectation costs and what exceeding it brings, as two slopes.

use super::contrast::{combination, fit};
use crate::data::{DesignMatrix, Observations};
use crate::drivers::analysis::Base;
use crate::drivers::importance::own_weights;
use crate::drivers::{ActionError, TestedEstimate};
use crate::findings::Finding;
use crate::stats::Confidence;
use ndarray::Array2;
use serde::Serialize;

/// Settings of an analysis of expectation gaps.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ExpectationGaps {
    /// Level of the intervals.
    pub confidence: Confidence,
}

/// A driver's two columns, on one scale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectationPair {
    /// The driver's name.
    pub name: String,
    /// The place of the column of what was experienced.
    pub experience: usize,
    /// The place of the column of what was expected.
    pub expectation: usize,
}

/// Expectation gaps of every driver, from one model of all of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExpectationTable {
    /// The outcome.
    pub outcome: String,
    /// Rows given.
    pub n_rows: usize,
    /// Rows with a positive weight.
    pub n_used: usize,
    /// Clusters behind the standard errors.
    pub n_clusters: Option<usize>,
    /// R squared of the model.
    pub r_squared: Option<f64>,
    /// Level of the intervals.
    pub confidence: Confidence,
    /// One row a driver, in the order given.
    pub drivers: Vec<ExpectationRow>,
    /// What to know beside the numbers.
    pub findings: Vec<Finding>,
}

/// One driver.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExpectationRow {
    /// Its name.
    pub driver: String,
    /// Weighted mean of experience less expectation, in points.
    pub mean_gap: f64,
    /// Weighted share of answers whose experience fell short, 0-1.
    pub share_short: f64,
    /// Weighted share of answers whose experience was as expected, 0-1.
    pub share_met: f64,
    /// Weighted share of answers whose experience exceeded the expectation, 0-1.
    pub share_exceeded: f64,
    /// Change of the outcome for one point less of shortfall, other drivers held; `None` where nobody fell short.
    pub shortfall: Option<TestedEstimate>,
    /// Change of the outcome for one point more of surplus, other drivers held; `None` where nobody had one.
    pub surplus: Option<TestedEstimate>,
    /// Slope of the shortfall less that of the surplus, with the test that they are equal.
    pub difference: Option<TestedEstimate>,
}

impl ExpectationGaps {
    /// Regresses the outcome on `min(gap, 0)` and `max(gap, 0)` of every driver, where the gap is experience less
    /// expectation, and on the `always` columns as they are.
    ///
    /// Standard errors are by customer where there are clusters, else HC1. Losses that weigh more than gains show as a
    /// positive difference.
    ///
    /// # Errors
    /// No driver; columns that are not there; those of [`Ols::fit`](crate::estimators::Ols::fit).
    ///
    /// # References
    /// Oliver (1980), "A cognitive model of the antecedents and consequences of satisfaction decisions", Journal of
    /// Marketing Research 17(4); Anderson and Sullivan (1993), "The antecedents and consequences of customer satisfaction
    /// for firms", Marketing Science 12(2), for the two slopes.
    pub fn contrast(
        &self,
        observations: &Observations,
        drivers: &[ExpectationPair],
        always: &[usize],
    ) -> Result<ExpectationTable, ActionError> {
        if drivers.is_empty() {
            return Err(ActionError::NoDriver);
        }
        let own = observations.design();
        let n_columns = own.n_features();
        let places = drivers.iter().flat_map(|driver| [driver.experience, driver.expectation]);
        if let Some(column) = places.chain(always.iter().copied()).max().filter(|&column| column >= n_columns) {
            return Err(ActionError::NoSuchColumn { column, n_columns });
        }
        let gap = |driver: &ExpectationPair, row: usize| {
            own.values()[[row, driver.experience]] - own.values()[[row, driver.expectation]]
        };
        let mut names: Vec<String> =
            drivers.iter().flat_map(|driver| [shortfall_name(driver), surplus_name(driver)]).collect();
        names.extend(always.iter().map(|&column| own.names()[column].clone()));
        let values =
            Array2::from_shape_fn((observations.n_rows(), names.len()), |(row, place)| match drivers.get(place / 2) {
                Some(driver) if place % 2 == 0 => gap(driver, row).min(0.0),
                Some(driver) => gap(driver, row).max(0.0),
                None => own.values()[[row, always[place - 2 * drivers.len()]]],
            });
        let fit = fit(&observations.with_design(DesignMatrix::new(names, values)?)?, self.confidence)?;
        let weights = own_weights(observations);
        let weight_sum: f64 = weights.iter().sum();
        let rows = drivers.iter().map(|driver| {
            let (shortfall, surplus) = (shortfall_name(driver), surplus_name(driver));
            let of = |terms: &[(&str, f64)]| combination(&fit, terms, self.confidence);
            let mean = |value: &dyn Fn(f64) -> f64| {
                let rows = weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0);
                rows.map(|(row, weight)| weight * value(gap(driver, row))).sum::<f64>() / weight_sum
            };
            let share = |holds: &dyn Fn(f64) -> bool| mean(&|gap| f64::from(u8::from(holds(gap))));
            let (share_short, share_exceeded) = (share(&|gap| gap < 0.0), share(&|gap| gap > 0.0));
            ExpectationRow {
                driver: driver.name.clone(),
                mean_gap: mean(&|gap| gap),
                share_short,
                share_met: (1.0 - share_short - share_exceeded).max(0.0),
                share_exceeded,
                shortfall: of(&[(&shortfall, 1.0)]),
                surplus: of(&[(&surplus, 1.0)]),
                difference: of(&[(&shortfall, 1.0), (&surplus, -1.0)]),
            }
        });
        Ok(ExpectationTable {
            outcome: observations.outcome().name().to_owned(),
            n_rows: observations.n_rows(),
            n_used: Base::of(observations).n_used,
            n_clusters: fit.summary().n_clusters,
            r_squared: fit.summary().r_squared,
            confidence: self.confidence,
            drivers: rows.collect(),
            findings: fit.findings().to_vec(),
        })
    }
}

fn shortfall_name(driver: &ExpectationPair) -> String {
    format!("{}: shortfall", driver.name)
}

fn surplus_name(driver: &ExpectationPair) -> String {
    format!("{}: surplus", driver.name)
}
