//! The model's coefficients, for those who want them.

use crate::estimators::{ALPHA, Coefficient, INTERCEPT, StdErrors};
use crate::report::results::{OutcomeResult, StudyResults};
use crate::report::{sentences, words};

/// The model's coefficients.
pub(in crate::report) struct Coefficients {
    pub what: &'static str,
    pub std_errors: String,
    pub interval: String,
    /// The name of the estimate's exponential; `None` where that means nothing.
    pub ratio: Option<&'static str>,
    pub rows: Vec<CoefficientRow>,
}

/// One term.
pub(in crate::report) struct CoefficientRow {
    pub term: String,
    pub estimate: String,
    pub std_error: String,
    pub interval: String,
    /// Empty for a term that is no slope.
    pub ratio: String,
    pub ratio_interval: String,
    pub p_value: String,
}

impl Coefficients {
    pub fn of(outcome: &OutcomeResult, results: &StudyResults) -> Option<Self> {
        if outcome.coefficients.is_empty() {
            return None;
        }
        let ratio = match outcome.family {
            "logistic" | "ordinal" => Some("Odds ratio"),
            "count" => Some("Rate ratio"),
            _ => None,
        };
        let rows = outcome.coefficients.iter().map(|own| {
            let decimals = words::decimals_of(own.std_error);
            let shown = |value: f64| words::estimate(value, decimals);
            let ratio_decimals = words::decimals_of(own.estimate.exp() * own.std_error);
            let ratio = |value: f64| words::estimate(value.exp(), ratio_decimals);
            let (ratio, ratio_interval) = if is_slope(outcome, own) {
                (ratio(own.estimate), words::range(ratio(own.conf_low), ratio(own.conf_high)))
            } else {
                (String::new(), String::new())
            };
            CoefficientRow {
                term: own.term.clone(),
                estimate: shown(own.estimate),
                std_error: shown(own.std_error),
                interval: words::range(shown(own.conf_low), shown(own.conf_high)),
                ratio,
                ratio_interval,
                p_value: words::p_value(own.p_value),
            }
        });
        let unit = results.head.clusters;
        let std_errors = outcome.fit.as_ref().map_or(String::new(), |fit| match (fit.std_errors, fit.n_clusters) {
            (StdErrors::Model, _) => " Standard errors are those of the model.".to_owned(),
            (StdErrors::Hc1, _) => " Standard errors are robust to unequal variances (HC1).".to_owned(),
            (StdErrors::Hc3, _) => " Standard errors are robust to unequal variances (HC3).".to_owned(),
            (StdErrors::Cluster, None) => format!(" Standard errors allow for several answers of {}.", unit.one()),
            (StdErrors::Cluster, Some(n)) => {
                format!(" Standard errors allow for several answers of {} ({}).", unit.one(), unit.counted(n))
            }
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
            ratio,
            rows: rows.collect(),
        })
    }
}

/// Whether a term is the change for one unit of a column: no intercept, no threshold `6|7`, no dispersion.
fn is_slope(outcome: &OutcomeResult, own: &Coefficient) -> bool {
    own.term != INTERCEPT
        && !(outcome.family == "ordinal" && own.term.contains('|'))
        && !(outcome.family == "count" && own.term == ALPHA)
}
