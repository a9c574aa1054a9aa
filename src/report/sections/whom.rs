//! Whom the answers stand for.

use crate::link::ResponseCut;
use crate::report::results::StudyResults;
use crate::report::{RespondentsAgainstBase, words};

/// How many answered of those who were asked, how they differ from all customers by what they had done before, and the score
/// weighted to the population; nothing where none of these is known.
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
    let compared = card.respondents.as_ref().and_then(compared_sentence);
    asked.into_iter().chain(compared).chain(weighted).collect()
}

/// Those who answered against all customers, by the column that differs most.
fn compared_sentence(own: &RespondentsAgainstBase) -> Option<String> {
    let (row, difference) = own.largest()?;
    let decimals = words::decimals_of(row.base.sd().unwrap_or(f64::NAN));
    let figures = words::counted(own.rows.len(), "figure", "figures");
    let alike = match own.n_beyond(RespondentsAgainstBase::SMALL) {
        0 => format!("none of {figures} differs"),
        1 => format!("1 of {figures} differs"),
        n => format!("{n} of {figures} differ"),
    };
    Some(format!(
        "By what they had done before the fieldwork, {} were held against {}: {alike} by more than {} standard deviations; most does \
         {}, with a mean of {} against {} ({} standard deviations).",
        words::counted(own.n_respondents as usize, "customer who answered", "customers who answered"),
        words::counted(row.base.n as usize, "customer known then", "customers known then"),
        RespondentsAgainstBase::SMALL,
        row.column,
        words::estimate(row.respondents.mean, decimals),
        words::estimate(row.base.mean, decimals),
        words::fixed(difference, 2)
    ))
}
