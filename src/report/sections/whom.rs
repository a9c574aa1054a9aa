//! Whom the answers stand for.

use crate::link::ResponseCut;
use crate::report::results::StudyResults;
use crate::report::scorecard::{Weighting, WeightingMethod};
use crate::report::words;

/// How many answered of those who were asked, and the score weighted to the population; nothing where neither is known.
pub(in crate::report) fn whom(results: &StudyResults) -> Vec<String> {
    let card = &results.scorecard;
    let level = words::level(results.head.confidence);
    let asked = card.response.iter().find(|row| row.cut == ResponseCut::All && row.n_invited > 0).map(|row| {
        let (low, high) = (row.conf_low.unwrap_or(f64::NAN), row.conf_high.unwrap_or(f64::NAN));
        format!(
            "Of {} whose days to answer are over, {} answered: {} ({level} interval {}).",
            words::counted(row.n_invited as usize, "invitation", "invitations"),
            words::counted(row.n_answered as usize, "was", "were"),
            words::percent(row.rate.unwrap_or(f64::NAN)),
            words::percent_range(low, high)
        )
    });
    asked.into_iter().chain(card.weighting.iter().map(|own| weighted_sentence(own, &level))).collect()
}

/// Invitations of one value of a column.
pub(in crate::report) struct RateRow {
    pub cut: String,
    pub n_invited: String,
    pub n_answered: String,
    pub rate: String,
    pub interval: String,
}

/// Response rates by the columns of the invitations and of the profile; none where there are none.
pub(in crate::report) fn response_rows(results: &StudyResults) -> Vec<RateRow> {
    let of = |row: &crate::link::ResponseRate| {
        let by = match &row.cut {
            ResponseCut::All => return None,
            ResponseCut::Invitation(name) | ResponseCut::Profile(name) => name,
        };
        let value = row.value.as_deref().unwrap_or("(blank)");
        Some(RateRow {
            cut: format!("{by}: {value}"),
            n_invited: words::count(row.n_invited),
            n_answered: words::count(row.n_answered),
            rate: words::percent(row.rate.unwrap_or(f64::NAN)),
            interval: words::percent_range(row.conf_low.unwrap_or(f64::NAN), row.conf_high.unwrap_or(f64::NAN)),
        })
    };
    results.scorecard.response.iter().filter_map(of).collect()
}

/// The score under one kind of weights, beside the score without them.
pub(in crate::report) fn weighted_sentence(own: &Weighting, level: &str) -> String {
    let how = match (own.method, own.everybody) {
        (WeightingMethod::Raking, _) => {
            format!("Weighted to the population\u{2019}s shares of {}", words::listed(&own.columns))
        }
        (WeightingMethod::PostStratification, _) => {
            format!("Weighted to the population\u{2019}s shares of {} combined", words::listed(&own.columns))
        }
        (WeightingMethod::Propensity, everybody) => {
            let whom = everybody.map_or_else(String::new, |own| {
                format!(
                    " of {} who were known before the first answer ({} answered)",
                    words::counted(own.n_customers as usize, "customer", "customers"),
                    words::count(own.n_answered)
                )
            });
            format!("Weighted by the chance of answering, as the behaviour{whom} tells it")
        }
    };
    format!(
        "{how}, the score is {} ({level} interval {}, which takes the weights as given) beside {} without these weights; the {} \
         then carry as much as {} of equal weight would.",
        words::score(own.after.nps),
        words::score_range(own.after.conf_low, own.after.conf_high),
        words::score(own.before.nps),
        words::counted(own.after.n, "answer", "answers"),
        words::fixed(own.efficiency.n_effective, 0)
    )
}
