//! Who answered of those who were asked.

use super::PipelineError;
use super::small_bases::Hidden;
use crate::findings::Finding;
use crate::link::{Engine, ResponseCut, ResponseRate, ResponseRates};
use crate::study::Study;

/// Response rates, and what was hidden of them.
#[derive(Default)]
pub(super) struct Response {
    pub rows: Vec<ResponseRate>,
    pub finding: Option<Finding>,
}

/// Response rates of all invitations, by every column that they have, and by the columns of the profile by which the measures
/// are cut; none without invitations or without times of answers.
pub(super) fn rates(study: &Study, engine: &Engine) -> Result<Response, PipelineError> {
    if study.sources.invitations.is_none() || !engine.plan().dated {
        return Ok(Response::default());
    }
    let cuts = cuts(study, engine);
    let mut hidden = Hidden::below(study.measures.suppress_below);
    let mut rows = Vec::new();
    for cut in cuts {
        let is_cut = cut != ResponseCut::All;
        let settings = ResponseRates {
            within_days: study.measures.answer_within_days,
            cuts: vec![cut],
            confidence: study.confidence,
        };
        let own = engine.response_rates(&settings)?;
        let counts: Vec<usize> = own.iter().map(|row| row.n_invited as usize).collect();
        let shown = if is_cut { hidden.shown(&counts) } else { vec![true; counts.len()] };
        rows.extend(own.into_iter().zip(shown).filter(|(_, shown)| *shown).map(|(row, _)| row));
    }
    Ok(Response { rows, finding: hidden.finding("invitations") })
}

/// All invitations, their own columns, and columns of the profile.
fn cuts(study: &Study, engine: &Engine) -> Vec<ResponseCut> {
    let mut names: Vec<&str> = Vec::new();
    let mut cuts = vec![ResponseCut::All];
    if let Some(invitations) = &study.sources.invitations {
        names.extend(invitations.channel.iter().map(|_| "channel"));
        names.extend(invitations.keep.iter().map(String::as_str));
        cuts.extend(names.iter().map(|name| ResponseCut::Invitation((*name).to_owned())));
    }
    let is_profile = |name: &&String| {
        let own = engine.plan().profile.iter().find(|column| column.name == **name);
        own.is_some_and(|column| !column.numeric) && !names.contains(&name.as_str())
    };
    cuts.extend(study.measures.by.iter().filter(is_profile).map(|name| ResponseCut::Profile(name.clone())));
    cuts
}
