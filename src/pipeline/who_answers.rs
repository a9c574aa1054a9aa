//! Who answered of those who were asked.

use super::PipelineError;
use super::coded::Coded;
use super::small_bases::Hidden;
use crate::findings::Finding;
use crate::link::{BaseTable, Engine, ResponseCut, ResponseRate, ResponseRates};
use crate::measures::disclosure::Nesting;
use crate::study::Study;

/// Response rates, and what was hidden of them.
#[derive(Default)]
pub(super) struct Response {
    pub rows: Vec<ResponseRate>,
    pub finding: Option<Finding>,
}

/// Response rates of all invitations, by every column that they have, and by the columns of the profile by which the measures
/// are cut; none without invitations or without times of answers.
///
/// # Errors
/// The engine fails.
pub(super) fn rates(study: &Study, base: &BaseTable, engine: &Engine) -> Result<Response, PipelineError> {
    if study.sources.invitations.is_none() || !engine.plan().dated {
        return Ok(Response::default());
    }
    let cuts = cuts(study, engine);
    let mut hidden = Hidden::below(study.measures.suppress_below);
    let of = |cut: ResponseCut| {
        let within_days = study.measures.answer_within_days;
        engine.response_rates(&ResponseRates { within_days, cuts: vec![cut], confidence: study.confidence })
    };
    let mut rows = of(ResponseCut::All)?;
    let mut by_cut = Vec::new();
    for cut in cuts {
        by_cut.push(of(cut)?);
    }
    for (own, shown) in by_cut.iter().zip(shown(&by_cut, base, &mut hidden)) {
        rows.extend(own.iter().zip(shown).filter(|(_, shown)| *shown).map(|(row, _)| row.clone()));
    }
    Ok(Response { rows, finding: hidden.finding("invitations") })
}

/// Which rows of each cut are shown: enough people were invited, and as many with those who may still answer. Which values lie
/// within others, as shops lie within regions, is taken from the answers.
fn shown(by_cut: &[Vec<ResponseRate>], base: &BaseTable, hidden: &mut Hidden) -> Vec<Vec<bool>> {
    let name = |rows: &Vec<ResponseRate>| match rows.first().map(|row| &row.cut) {
        Some(ResponseCut::Invitation(name) | ResponseCut::Profile(name)) => name.clone(),
        _ => String::new(),
    };
    let columns: Vec<Option<Coded>> = by_cut.iter().map(|rows| Coded::of(base, &name(rows))).collect();
    let mut nestings = Vec::new();
    for (parts, own) in columns.iter().enumerate() {
        for (wholes, other) in columns.iter().enumerate().filter(|(wholes, _)| *wholes != parts) {
            if let (Some(own), Some(other)) = (own, other) {
                nestings.push(Nesting {
                    parts,
                    wholes,
                    whole_of: wholes_of((own, &by_cut[parts]), (other, &by_cut[wholes])),
                });
            }
        }
    }
    let counts = |of: fn(&ResponseRate) -> u64| -> Vec<Vec<u64>> {
        by_cut.iter().map(|rows| rows.iter().map(of).collect()).collect()
    };
    let mut shown = hidden.counted_levels(&counts(|row| row.n_invited), &nestings);
    let also = hidden.uncounted().counted_levels(&counts(|row| row.n_invited + row.n_open), &nestings);
    let pairs = shown.iter_mut().flatten().zip(also.into_iter().flatten());
    pairs.for_each(|(shown, also)| *shown = *shown && also);
    shown
}

/// For every row of one cut, the row of another that all its answers are in.
fn wholes_of(parts: (&Coded, &[ResponseRate]), wholes: (&Coded, &[ResponseRate])) -> Vec<Option<usize>> {
    let all: Vec<usize> = (0..parts.0.codes.len()).collect();
    let nesting = Nesting::of((0, &parts.0.levels_of(&all)), (1, &wholes.0.levels_of(&all)), parts.0.levels.len() + 1);
    let level_of = |coded: &Coded, row: &ResponseRate| match &row.value {
        None => Some(coded.levels.len()),
        Some(value) => coded.levels.binary_search(value).ok(),
    };
    let place_of_whole = |level: usize| wholes.1.iter().position(|row| level_of(wholes.0, row) == Some(level));
    parts.1.iter().map(|row| place_of_whole(nesting.whole_of[level_of(parts.0, row)?]?)).collect()
}

/// The columns of the invitations, and columns of the profile.
fn cuts(study: &Study, engine: &Engine) -> Vec<ResponseCut> {
    let mut names: Vec<&str> = Vec::new();
    let mut cuts = Vec::new();
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
