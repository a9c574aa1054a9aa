//! What the scores of all customers come to.

use crate::report::results::ScoreSummary;
use crate::report::{sentences, words};

/// What the scores of all customers come to.
pub(in crate::report) struct Scores {
    pub n_customers: String,
    pub n_answered: String,
    pub n_silent: String,
    pub means: Vec<(String, String)>,
}

impl Scores {
    pub fn of(scores: &ScoreSummary) -> Self {
        Self {
            n_customers: words::count(scores.n_customers),
            n_answered: words::count(scores.n_answered),
            n_silent: words::count(scores.n_customers.saturating_sub(scores.n_answered)),
            means: scores.means.iter().map(|mean| (sentences::mean_name(mean), sentences::mean_score(mean))).collect(),
        }
    }
}
