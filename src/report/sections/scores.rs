//! What the scores of all customers come to.

use crate::report::Metric;
use crate::report::results::ScoreSummary;
use crate::report::{sentences, words};

/// What the scores of all customers come to.
pub(in crate::report) struct Scores {
    pub n_customers: String,
    pub n_answered: String,
    pub n_silent: String,
    pub means: Vec<(String, String)>,
    pub beyond: Vec<String>,
}

impl Scores {
    pub fn of(scores: &ScoreSummary) -> Self {
        Self {
            n_customers: words::count(scores.n_customers),
            n_answered: words::count(scores.n_answered),
            n_silent: words::count(scores.n_customers.saturating_sub(scores.n_answered)),
            beyond: scores.beyond.iter().map(|own| beyond(own, scores.n_customers)).collect(),
            means: scores.means.iter().map(|mean| (sentences::mean_name(mean), sentences::mean_score(mean))).collect(),
        }
    }
}

/// How many expected values lie beyond the scale of the answers.
fn beyond(own: &Metric, n_customers: u64) -> String {
    format!(
        "Of {}, {} of {} lie beyond the ends of the scale, where a straight line does not stop: read them as its end.",
        own.metric,
        words::count(own.value as u64),
        words::counted(n_customers as usize, "value", "values")
    )
}
