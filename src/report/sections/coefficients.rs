//! The model's coefficients, for those who want them.

use crate::estimators::StdErrors;
use crate::report::results::{OutcomeResult, StudyResults};
use crate::report::{sentences, words};

/// The model's coefficients.
pub(in crate::report) struct Coefficients {
    pub what: &'static str,
    pub std_errors: String,
    pub interval: String,
    pub with_odds: bool,
    pub rows: Vec<CoefficientRow>,
}

/// One term.
pub(in crate::report) struct CoefficientRow {
    pub term: String,
    pub estimate: String,
    pub std_error: String,
    pub interval: String,
    pub odds_ratio: String,
    pub odds_interval: String,
    pub p_value: String,
}

impl Coefficients {
    pub fn of(outcome: &OutcomeResult, results: &StudyResults) -> Option<Self> {
        if outcome.coefficients.is_empty() {
            return None;
        }
        let with_odds = outcome.family != "linear";
        let rows = outcome.coefficients.iter().map(|own| {
            let decimals = words::decimals_of(own.std_error);
            let shown = |value: f64| words::estimate(value, decimals);
            let odds_decimals = words::decimals_of(own.estimate.exp() * own.std_error);
            let odds = |value: f64| words::estimate(value.exp(), odds_decimals);
            CoefficientRow {
                term: own.term.clone(),
                estimate: shown(own.estimate),
                std_error: shown(own.std_error),
                interval: words::range(shown(own.conf_low), shown(own.conf_high)),
                odds_ratio: odds(own.estimate),
                odds_interval: words::range(odds(own.conf_low), odds(own.conf_high)),
                p_value: words::p_value(own.p_value),
            }
        });
        let std_errors = outcome.fit.as_ref().map_or(String::new(), |fit| match (fit.std_errors, fit.n_clusters) {
            (StdErrors::Model, _) => " Standard errors are those of the model.".to_owned(),
            (StdErrors::Hc1, _) => " Standard errors are robust to unequal variances (HC1).".to_owned(),
            (StdErrors::Hc3, _) => " Standard errors are robust to unequal variances (HC3).".to_owned(),
            (StdErrors::Cluster, None) => " Standard errors allow for several answers of a customer.".to_owned(),
            (StdErrors::Cluster, Some(n)) => format!(
                " Standard errors allow for several answers of a customer ({}).",
                words::counted(n, "customer", "customers")
            ),
        });
        Some(Self {
            what: match outcome.family {
                "logistic" => {
                    "Change of the log odds for one unit of the term, the others held; as an odds ratio beside it."
                }
                "ordinal" => {
                    "Change of the log odds of a higher answer for one unit of the term, the others held; as an odds ratio \
                     beside it. Terms such as 6|7 are the thresholds between two levels."
                }
                "count" => {
                    "Change of the logarithm of the expected number for one unit of the term, the others held; as a ratio of \
                     expected numbers beside it."
                }
                _ => "Change of the outcome for one unit of the term, the others held.",
            },
            std_errors,
            interval: sentences::interval_name(results.head.confidence),
            with_odds,
            rows: rows.collect(),
        })
    }
}
