//! One row a term.

use super::FitError;
use crate::stats::Confidence;
use crate::stats::distributions::{normal_two_sided, student_two_sided};
use serde::{Deserialize, Serialize};

/// The name of the intercept's term.
pub const INTERCEPT: &str = "(intercept)";

/// Refuses a column with the name of a term that the model adds itself.
pub(super) fn refuse_names_of(
    own: impl IntoIterator<Item = impl AsRef<str>>,
    columns: &[String],
) -> Result<(), FitError> {
    match own.into_iter().find(|term| columns.iter().any(|name| name == term.as_ref())) {
        Some(term) => Err(FitError::TermTwice { term: term.as_ref().to_owned() }),
        None => Ok(()),
    }
}

/// An estimated term with its uncertainty.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Coefficient {
    /// The column, [`INTERCEPT`], or the threshold between two levels, as in `6|7`.
    pub term: String,
    /// Change of the outcome (linear), of its log odds (logistic, ordinal) or of the logarithm of its expectation (count)
    /// for one unit of the column, others held.
    pub estimate: f64,
    /// Its standard error.
    pub std_error: f64,
    /// `estimate / std_error`; of Firth's fit, the signed root of the penalised likelihood ratio.
    pub statistic: f64,
    /// Probability of a statistic at least as far from zero if the true coefficient were zero.
    pub p_value: f64,
    /// Lower end of the confidence interval.
    pub conf_low: f64,
    /// Upper end of the confidence interval.
    pub conf_high: f64,
}

/// The distribution that a coefficient's statistic is held against.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Reference {
    Normal,
    Student { degrees_of_freedom: f64 },
}

impl Reference {
    fn critical(self, confidence: Confidence) -> f64 {
        match self {
            Self::Normal => confidence.z(),
            Self::Student { degrees_of_freedom } => confidence.t(degrees_of_freedom),
        }
    }

    fn two_sided(self, statistic: f64) -> f64 {
        match self {
            Self::Normal => normal_two_sided(statistic),
            Self::Student { degrees_of_freedom } => student_two_sided(statistic, degrees_of_freedom),
        }
    }

    /// The rows of the coefficient table; one name, estimate and variance a term.
    pub(super) fn table<'t>(
        self,
        terms: impl Iterator<Item = (&'t str, f64, f64)>,
        confidence: Confidence,
    ) -> Vec<Coefficient> {
        let critical = self.critical(confidence);
        terms
            .map(|(term, estimate, variance)| {
                let std_error = variance.max(0.0).sqrt();
                let statistic = estimate / std_error;
                Coefficient {
                    term: term.to_owned(),
                    estimate,
                    std_error,
                    statistic,
                    p_value: self.two_sided(statistic),
                    conf_low: estimate - critical * std_error,
                    conf_high: estimate + critical * std_error,
                }
            })
            .collect()
    }
}
