//! Whom the answers stand for.

use crate::link::ResponseCut;
use crate::report::results::StudyResults;
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
    let weighted = card.weighting.as_ref().map(|own| {
        format!(
            "Weighted to the population\u{2019}s shares of {}, the score is {} ({level} interval {}, which takes the weights as \
             given) beside {} without these weights; the {} then carry as much as {} of equal weight would.",
            words::listed(&own.columns),
            words::score(own.after.nps),
            words::score_range(own.after.conf_low, own.after.conf_high),
            words::score(own.before.nps),
            words::counted(own.after.n, "answer", "answers"),
            words::fixed(own.efficiency.n_effective, 0)
        )
    });
    asked.into_iter().chain(weighted).collect()
}
