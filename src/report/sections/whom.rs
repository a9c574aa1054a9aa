//! Whom the answers stand for.

use crate::link::{ResponseCut, ResponseRate};
use crate::report::results::StudyResults;
use crate::report::scorecard::{Weighting, WeightingMethod};
use crate::report::{RespondentsAgainstBase, words};

/// Rows of response rates that are shown, at most; those with the most invitations.
const N_RATES_MAX: usize = 40;

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
    let n_hidden = card.response.iter().filter(|row| is_cut(row)).count().saturating_sub(N_RATES_MAX);
    let hidden = (n_hidden > 0).then(|| {
        format!(
            "Of the response rates, the {N_RATES_MAX} of the most invitations are shown; {} in the table of response rates.",
            words::counted(n_hidden, "more is", "more are")
        )
    });
    let weighting = card.weighting.iter().filter(|own| own.wave.is_none()).map(|own| weighted_sentence(own, &level));
    let waves: Vec<&Weighting> = card.weighting.iter().filter(|own| own.wave.is_some()).collect();
    // Of several waves there is a table.
    let by_wave = waves.iter().filter(|_| waves.len() == 1).map(|own| weighted_sentence(own, &level));
    let compared = card.respondents.as_ref().and_then(compared_sentence);
    asked.into_iter().chain(hidden).chain(compared).chain(weighting).chain(by_wave).collect()
}

/// The score of one wave under weights of its own.
pub(in crate::report) struct WeightedWave {
    pub wave: String,
    pub n: String,
    pub before: String,
    pub after: String,
    pub interval: String,
    pub n_effective: String,
    pub known: String,
}

/// The waves that are weighted each by itself, where there are several.
pub(in crate::report) fn weighted_waves(results: &StudyResults) -> Vec<WeightedWave> {
    let row = |own: &Weighting| {
        let known =
            own.everybody.map(|all| format!("{} of {}", words::count(all.n_answered), words::count(all.n_customers)));
        Some(WeightedWave {
            wave: own.wave.clone()?,
            n: words::count(own.after.n as u64),
            before: words::score(own.before.nps),
            after: words::score(own.after.nps),
            interval: words::score_range(own.after.conf_low, own.after.conf_high),
            n_effective: words::fixed(own.efficiency.n_effective, 0),
            known: known.unwrap_or_else(|| words::MISSING.to_owned()),
        })
    };
    let rows: Vec<WeightedWave> = results.scorecard.weighting.iter().filter_map(row).collect();
    if rows.len() > 1 { rows } else { Vec::new() }
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
        "By what customers who were known then had done before {}, those who answered since were held against all: {alike} by more than \
         {} standard deviations; most does {}, with a mean of {} among {} who answered against {} among {} ({} standard \
         deviations).",
        own.day(),
        RespondentsAgainstBase::SMALL,
        row.column,
        words::estimate(row.respondents.mean, decimals),
        words::count(row.respondents.n),
        words::estimate(row.base.mean, decimals),
        words::counted(row.base.n as usize, "customer", "customers"),
        words::fixed(difference, 2)
    ))
}

/// Invitations of one value of a column.
pub(in crate::report) struct RateRow {
    pub cut: String,
    pub n_invited: String,
    pub n_answered: String,
    pub rate: String,
    pub interval: String,
}

fn is_cut(row: &ResponseRate) -> bool {
    row.cut != ResponseCut::All
}

/// Response rates by the columns of the invitations and of the profile, of many those of the most invitations; none where
/// there are none.
pub(in crate::report) fn response_rows(results: &StudyResults) -> Vec<RateRow> {
    let of = |row: &&ResponseRate| {
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
    shown(&results.scorecard.response).iter().filter_map(of).collect()
}

/// The rows of the most invitations, in their order.
fn shown(rows: &[ResponseRate]) -> Vec<&ResponseRate> {
    let mut places: Vec<usize> = (0..rows.len()).filter(|&place| is_cut(&rows[place])).collect();
    places.sort_by_key(|&place| (std::cmp::Reverse(rows[place].n_invited), place));
    places.truncate(N_RATES_MAX);
    places.sort_unstable();
    places.into_iter().map(|place| &rows[place]).collect()
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
            let since = own
                .wave
                .as_ref()
                .map_or_else(|| "the first answer".to_owned(), |wave| format!("the first answer in {wave}"));
            let whom = everybody.map_or_else(String::new, |own| {
                format!(
                    " of {} who were known before {since} ({} answered)",
                    words::counted(own.n_customers as usize, "customer", "customers"),
                    words::count(own.n_answered)
                )
            });
            format!("Weighted by the chance of answering, as the behaviour{whom} tells it, each customer counting once")
        }
    };
    let without = match own.method {
        WeightingMethod::Propensity => "without the chances, where each customer counts once as well",
        WeightingMethod::Raking | WeightingMethod::PostStratification => "without these weights",
    };
    let error = match own.given_std_error {
        Some(_) => "which knows that the weights hold these shares",
        None => "which takes the weights as given",
    };
    let of_wave = own.wave.as_ref().map_or_else(String::new, |wave| format!(" of {wave}"));
    format!(
        "{how}, the score{of_wave} is {} ({level} interval {}, {error}) beside {} {without}; the {} then {} as much as {} of \
         equal weight would.",
        words::score(own.after.nps),
        words::score_range(own.after.conf_low, own.after.conf_high),
        words::score(own.before.nps),
        words::counted(own.after.n, "answer", "answers"),
        words::either(own.after.n, "carries", "carry"),
        words::fixed(own.efficiency.n_effective, 0)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn of_many_response_rates_those_of_the_most_invitations_are_shown_in_their_order() {
        let mut results = fixture::retail();
        let row = |cut: ResponseCut, value: Option<String>, n_invited: u64| ResponseRate {
            cut,
            value,
            n_invited,
            n_answered: n_invited / 2,
            n_open: 0,
            rate: Some(0.5),
            conf_low: Some(0.4),
            conf_high: Some(0.6),
        };
        let all = row(ResponseCut::All, None, 9_999);
        // Fifty shops; the ten of the fewest invitations are 10, 11, ..., 19 by number.
        let shop = |at: u64| {
            let n_invited = if (10..20).contains(&at) { 20 + at } else { 100 + at };
            row(ResponseCut::Profile("shop".to_owned()), Some(format!("s{at}")), n_invited)
        };
        results.scorecard.response = std::iter::once(all).chain((0..50).map(shop)).collect();
        let cuts: Vec<String> = response_rows(&results).into_iter().map(|row| row.cut).collect();
        let want: Vec<String> = (0..50).filter(|at| !(10..20).contains(at)).map(|at| format!("shop: s{at}")).collect();
        assert_eq!(cuts, want);
        assert!(whom(&results).iter().any(|own| own.contains("the 40 of the most invitations are shown; 10 more")));
    }
}
