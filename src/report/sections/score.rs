//! The score of all answers and by cut.

use super::findings::{FindingRow, Place, findings_at};
use crate::report::results::{MeasureRow, StudyResults};
use crate::report::{charts, sentences, standing, words};
use std::collections::BTreeSet;

/// Cuts of one column that are drawn; the largest stay where there are more.
const N_CUTS_MAX: usize = 40;

/// The score of all answers and by cut.
pub(in crate::report) struct Score {
    pub nps: String,
    pub interval: String,
    pub base: String,
    pub several: Option<&'static str>,
    pub small: bool,
    pub weighting: Option<String>,
    /// That not everybody who was asked answered.
    pub answered: Option<String>,
    pub classes: String,
    pub chart: Option<String>,
    pub hidden: Vec<String>,
    pub has_small: bool,
    pub rows: Vec<ScoreRow>,
    pub findings: Vec<FindingRow>,
}

/// One row of the table of scores.
pub(in crate::report) struct ScoreRow {
    pub cut: String,
    pub n: String,
    pub promoters: String,
    pub passives: String,
    pub detractors: String,
    pub nps: String,
    pub std_error: String,
    pub interval: String,
    pub small: bool,
}

impl Score {
    pub fn of(results: &StudyResults) -> Option<Self> {
        let overall = standing::overall(results)?;
        let mut cuts: Vec<(String, Vec<&MeasureRow>)> = Vec::new();
        for row in &results.measures {
            let Some(cut) = &row.cut else { continue };
            match cuts.iter_mut().find(|(column, _)| *column == cut.column) {
                Some((_, rows)) => rows.push(row),
                None => cuts.push((cut.column.clone(), vec![row])),
            }
        }
        let hidden = cuts.iter_mut().filter_map(|(column, rows)| hide_smallest(column, rows)).collect();
        let shown = || std::iter::once(overall).chain(cuts.iter().flat_map(|(_, rows)| rows.iter().copied()));
        Some(Self {
            nps: words::score(overall.score.nps),
            interval: sentences::score_interval(overall),
            base: sentences::score_base(overall),
            several: sentences::several_answers(overall),
            small: overall.below_minimum_base,
            weighting: sentences::weighting(overall),
            answered: sentences::of_those_who_answered(results),
            classes: charts::classes(&overall.score, "classes"),
            chart: (!cuts.is_empty()).then(|| charts::scores(Some(overall), &cuts, "scores")),
            hidden,
            has_small: shown().any(|row| row.below_minimum_base),
            rows: shown().map(ScoreRow::of).collect(),
            findings: findings_at(results, Place::Score),
        })
    }
}

/// Keeps the cuts with the most answers, in their order, and says how many there are besides.
fn hide_smallest(column: &str, rows: &mut Vec<&MeasureRow>) -> Option<String> {
    let n_hidden = rows.len().checked_sub(N_CUTS_MAX).filter(|&n_hidden| n_hidden > 0)?;
    let mut sizes: Vec<(usize, usize)> = rows.iter().enumerate().map(|(place, row)| (row.score.n, place)).collect();
    sizes.sort_unstable_by_key(|&(n, place)| (std::cmp::Reverse(n), place));
    let kept: BTreeSet<usize> = sizes[..N_CUTS_MAX].iter().map(|&(_, place)| place).collect();
    let mut place = 0;
    rows.retain(|_| {
        place += 1;
        kept.contains(&(place - 1))
    });
    Some(format!(
        "Of {column}, the {N_CUTS_MAX} values with the most answers are shown; {} in the table of measures.",
        words::counted(n_hidden, "more is", "more are")
    ))
}

impl ScoreRow {
    fn of(row: &MeasureRow) -> Self {
        let score = &row.score;
        Self {
            cut: row
                .cut
                .as_ref()
                .map_or_else(|| "all answers".to_owned(), |cut| format!("{}: {}", cut.column, cut.value)),
            n: words::count(score.n as u64),
            promoters: words::percent_fine(score.promoter_share),
            passives: words::percent_fine(score.passive_share),
            detractors: words::percent_fine(score.detractor_share),
            nps: words::score(score.nps),
            std_error: words::score(score.std_error),
            interval: words::score_range(score.conf_low, score.conf_high),
            small: row.below_minimum_base,
        }
    }
}
