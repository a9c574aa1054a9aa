//! What customers say and what they do.

use super::findings::FindingRow;
use crate::drivers::stated_observed::{Effect, MediationResult};
use crate::estimators::Family;
use crate::report::actions::SayAndDo as Results;
use crate::report::results::StudyResults;
use crate::report::standing::{self, Link};
use crate::report::words;

/// What customers say and what they do.
pub(in crate::report) struct SayAndDo {
    pub agreement: Option<String>,
    pub said: Vec<String>,
    pub mediations: Vec<MediationRow>,
    pub findings: Vec<FindingRow>,
}

/// One touchpoint's way to an outcome of behaviour.
pub(in crate::report) struct MediationRow {
    pub outcome: String,
    pub touchpoint: String,
    pub total: (String, String),
    pub direct: (String, String),
    pub indirect: (String, String),
}

impl SayAndDo {
    pub fn of(results: &StudyResults, own: &Results) -> Self {
        let table = own.table.as_ref();
        let is_weak = |name: &str| {
            let outcome = results.outcomes.iter().find(|outcome| outcome.name == name);
            outcome.is_some_and(|outcome| Link::of(results, outcome) == Link::Weak)
        };
        let agreement = table.and_then(|table| {
            let concordance = table.concordance?;
            let ends = concordance.conf_low.zip(concordance.conf_high).map_or_else(String::new, |(low, high)| {
                let range = words::range(words::fixed(low, 2), words::fixed(high, 2));
                format!(" ({} interval {range})", words::level(table.confidence))
            });
            let weak: Vec<&str> =
                table.outcomes.iter().map(|row| row.outcome.as_str()).filter(|name| is_weak(name)).collect();
            let caution = if weak.is_empty() {
                String::new()
            } else {
                format!(" The link of {} is weak, so the order there may be chance.", words::listed(&weak))
            };
            Some(format!(
                "How far the orders of the drivers agree over {} outcomes: Kendall\u{2019}s W is {}{ends}; 1 is the same \
                 order everywhere, 0 none in common. Shares here divide R squared of a linear model of every outcome on the same \
                 answers, so that outcomes can be compared; a ranking divides the fit of its outcome\u{2019}s own model, and its shares \
                 may be others.{caution}",
                concordance.n_rankings,
                words::fixed(concordance.w, 2)
            ))
        });
        let said = table.iter().flat_map(|table| &table.differences).filter(|row| row.said_not_done).map(|row| {
            format!(
                "\u{201c}{}\u{201d} weighs more in {} than in {}, by {} of what the drivers explain.",
                row.driver,
                row.stated,
                row.observed,
                words::percent(row.difference)
            )
        });
        Self {
            agreement,
            said: said.collect(),
            mediations: own.mediations.iter().map(mediation).collect(),
            findings: standing::sorted(own.findings.iter()).into_iter().map(FindingRow::of).collect(),
        }
    }
}

/// Effects on a class are shown in percentage points.
fn mediation(own: &MediationResult) -> MediationRow {
    let factor = if own.family == Family::Logistic { 100.0 } else { 1.0 };
    let shown = |effect: Effect| {
        let decimals = words::decimals_of(effect.interval.map_or(f64::NAN, |own| factor * own.std_error));
        let text = |value: f64| words::estimate(factor * value, decimals);
        let ends =
            effect.interval.map_or_else(String::new, |own| words::range(text(own.conf_low), text(own.conf_high)));
        (text(effect.effect), ends)
    };
    MediationRow {
        outcome: own.outcome.clone(),
        touchpoint: own.touchpoint.clone(),
        total: shown(own.total),
        direct: shown(own.direct),
        indirect: shown(own.indirect),
    }
}
