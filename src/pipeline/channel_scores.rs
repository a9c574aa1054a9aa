//! Whether channels are alike, adjusted for who uses which, and what a hand-off before the answer goes with.

use super::coded::{self, Coded};
use super::question::Question;
use super::selection::filled;
use super::shown_cuts::{ShownColumn, ShownCuts};
use super::small_bases::Hidden;
use crate::findings::{Finding, FindingKind, Severity};
use crate::measures::channels::{ChannelRows, Consistency};
use crate::measures::portfolio::Cut;
use crate::measures::{MeasureError, Resampling};
use crate::report::{ChannelScores, HandOff};
use crate::stats::linear_algebra::Cholesky;
use ndarray::{Array2, ArrayView2};

/// Rows times columns times replicates of the index, at most: every replicate fits all rows anew.
const REPLICATED_CELLS_MAX: usize = 100_000_000;
/// But so many replicates in any case, where the study wants that many.
const REPLICATES_MIN: usize = 50;
/// Values of a text, at most: each is a column of its own.
const LEVELS_MAX: usize = 50;

/// Channels of the answers; `None` where answers have no channel, or all the same.
pub(super) fn of(question: &Question<'_>, cuts: &ShownCuts, findings: &mut Vec<Finding>) -> Option<ChannelScores> {
    let names = ["channel", "last_contact_channel"];
    let ShownColumn { coded, .. } = names.into_iter().find_map(|name| cuts.column(name))?;
    let mut hidden = Hidden::below(question.study.measures.suppress_below);
    // As in all tables, and counted here.
    let place = cuts.place(&coded.name)?;
    // Those without a channel are the rest of the total, and are not compared.
    let shown = hidden.levels(&cuts.columns(), cuts.answered(), place..place + 1).swap_remove(place);
    let kept = Kept::of(coded, cuts.answered(), &shown)?;
    let people = People::of(question, &kept, findings);
    let resampling = resampling(question, kept.rows.len(), kept.names.len() + people.values.ncols());
    let settings = Consistency { confidence: question.study.confidence, resampling };
    let table = match kept.names.len() {
        0 | 1 => None,
        _ if resampling.replicates < 2 => {
            let sentence =
                "whether channels are alike was not computed: its index needs a `bootstrap` of at least 2 in [study]";
            findings.push(Finding::new(FindingKind::NotEstimated, Severity::Note, "channels", sentence));
            None
        }
        _ => kept.with(question, &people.values, |rows| match settings.of(rows) {
            Ok(table) => Some(table),
            Err(problem) => {
                findings.push(not_computed("whether channels are alike", &problem));
                None
            }
        }),
    };
    let hand_off = match hand_off(question, &kept, &people, settings, &mut hidden) {
        Ok(hand_off) => hand_off,
        Err(problem) => {
            findings.push(not_computed("what a hand-off goes with", &problem));
            None
        }
    };
    findings.extend(hidden.finding("channels"));
    (table.is_some() || hand_off.is_some()).then(|| ChannelScores {
        column: coded.name.clone(),
        people: people.names,
        table,
        n_replicates: resampling.replicates,
        hand_off,
    })
}

fn not_computed(what: &str, problem: &MeasureError) -> Finding {
    let sentence = format!("{what} could not be computed: {problem}");
    Finding::new(FindingKind::NotEstimated, Severity::Note, "channels", sentence)
}

fn resampling(question: &Question<'_>, n_rows: usize, n_columns: usize) -> Resampling {
    let own = question.resampling();
    let replicates_max = (REPLICATED_CELLS_MAX / (n_rows * n_columns).max(1)).max(REPLICATES_MIN);
    Resampling { replicates: own.replicates.min(replicates_max), ..own }
}

/// Answers whose channel is compared.
struct Kept {
    rows: Vec<usize>,
    /// The channel of each, by place among the names.
    channels: Vec<usize>,
    names: Vec<String>,
}

impl Kept {
    fn of(coded: &Coded, answered: &[usize], shown: &[bool]) -> Option<Self> {
        let mut own = Self { rows: Vec::new(), channels: Vec::new(), names: Vec::new() };
        let mut places = vec![None; coded.levels.len()];
        for &row in answered {
            let level = coded.codes[row];
            if level == Cut::BLANK || !shown[level as usize] {
                continue;
            }
            let place = *places[level as usize].get_or_insert_with(|| {
                own.names.push(coded.levels[level as usize].clone());
                own.names.len() - 1
            });
            own.rows.push(row);
            own.channels.push(place);
        }
        (!own.names.is_empty()).then(|| own.in_order())
    }

    /// Names in their order, whichever was answered about first.
    fn in_order(self) -> Self {
        let mut order: Vec<usize> = (0..self.names.len()).collect();
        order.sort_by(|&one, &other| self.names[one].cmp(&self.names[other]));
        let mut place_of = vec![0; order.len()];
        order.iter().enumerate().for_each(|(place, &own)| place_of[own] = place);
        Self {
            names: order.iter().map(|&own| self.names[own].clone()).collect(),
            channels: self.channels.into_iter().map(|own| place_of[own]).collect(),
            rows: self.rows,
        }
    }

    /// Some of these answers, by place.
    fn some(&self, places: &[usize]) -> Self {
        let channels: Vec<usize> = places.iter().map(|&place| self.channels[place]).collect();
        let mut used: Vec<usize> = channels.clone();
        used.sort_unstable();
        used.dedup();
        Self {
            rows: places.iter().map(|&place| self.rows[place]).collect(),
            channels: channels.iter().map(|own| used.binary_search(own).unwrap_or_default()).collect(),
            names: used.iter().map(|&own| self.names[own].clone()).collect(),
        }
    }

    fn with<R>(&self, question: &Question<'_>, people: &Array2<f64>, take: impl FnOnce(ChannelRows<'_>) -> R) -> R {
        let answers: Vec<f64> = self.rows.iter().map(|&row| question.answers[row]).collect();
        let drawn = question.drawn(&self.rows);
        take(ChannelRows {
            answers: &answers,
            channels: &self.channels,
            names: &self.names,
            people: people.view(),
            sampling: drawn.sampling(),
        })
    }
}

/// What is known of the people behind some answers.
struct People {
    /// The columns of the study that are held constant.
    names: Vec<String>,
    /// One row an answer; texts are a column of 0 and 1 each value but the first.
    values: Array2<f64>,
}

impl People {
    fn of(question: &Question<'_>, kept: &Kept, findings: &mut Vec<Finding>) -> Self {
        let mut columns: Vec<(String, Vec<f64>)> = Vec::new();
        for name in asked_for(question) {
            let of_name = match question.base.numbers(&name) {
                Some(values) => numbers(kept.rows.iter().map(|&row| values[row]).collect()),
                None => of_texts(question, &name, &kept.rows, findings),
            };
            columns.extend(of_name.into_iter().map(|values| (name.clone(), values)));
        }
        let (names, own): (Vec<String>, Vec<Vec<f64>>) = columns.into_iter().unzip();
        let own = Array2::from_shape_fn((kept.rows.len(), own.len()), |(row, column)| own[column][row]);
        let told = told_by_others(kept, own.view());
        let left: Vec<usize> = (0..names.len()).filter(|column| !told.contains(column)).collect();
        let mut used: Vec<String> = left.iter().map(|&column| names[column].clone()).collect();
        used.dedup();
        let mut lost: Vec<&str> = told.iter().map(|&column| names[column].as_str()).collect();
        lost.dedup();
        let (in_part, not_at_all): (Vec<&str>, Vec<&str>) =
            lost.into_iter().partition(|name| used.iter().any(|own| own == name));
        for (lost, how) in [(in_part, "only in part"), (not_at_all, "not at all")] {
            if !lost.is_empty() {
                let sentence = format!(
                    "channels are adjusted {how} for {}: what is missing cannot be told apart from the channel and the other \
                     columns",
                    lost.join(", ")
                );
                findings.push(Finding::new(FindingKind::Aliased, Severity::Warning, "channels", sentence));
            }
        }
        Self { names: used, values: own.select(ndarray::Axis(1), &left) }
    }
}

/// The study's own list; else the segment, tenure, purchases so far and spend in the longest window, where they are known.
fn asked_for(question: &Question<'_>) -> Vec<String> {
    if let Some(own) = &question.study.measures.channels.people {
        return own.clone();
    }
    let longest = question.study.history.windows_days.iter().max().map(|days| format!("spend_{days}d"));
    let usual = ["segment", "tenure_days", "frequency"].map(str::to_owned);
    usual.into_iter().chain(longest).collect()
}

/// The columns of texts: few values, which may be codes of something, are a column each; many are numbers or else too many,
/// which a finding says.
fn of_texts(question: &Question<'_>, name: &str, rows: &[usize], findings: &mut Vec<Finding>) -> Vec<Vec<f64>> {
    let Some(coded) = Coded::of(question.base, name) else { return Vec::new() };
    let n_levels = coded.rows_by_level(rows)[..coded.levels.len()].iter().filter(|own| !own.is_empty()).count();
    if n_levels <= LEVELS_MAX {
        return values_of(&coded, rows);
    }
    if let Some(Ok(values)) = coded::numbers(question.base, name) {
        return numbers(rows.iter().map(|&row| values[row]).collect());
    }
    let sentence = format!(
        "channels are not adjusted for {name}, which has {n_levels} values of the {LEVELS_MAX} that are held constant at most; \
         group its values, or name another column in `people` of [measures.channels]"
    );
    findings.push(Finding::new(FindingKind::NotEstimated, Severity::Warning, "channels", sentence));
    Vec::new()
}

/// Numbers with their gaps filled and marked; nothing where they do not vary.
fn numbers(values: Vec<f64>) -> Vec<Vec<f64>> {
    let gaps: Vec<f64> = values.iter().map(|value| f64::from(u8::from(value.is_nan()))).collect();
    [filled(values), gaps].into_iter().filter(|column| varies(column)).collect()
}

/// A column of 0 and 1 for each value but the first, and for none.
fn values_of(coded: &Coded, rows: &[usize]) -> Vec<Vec<f64>> {
    let column = |level: u32| rows.iter().map(|&row| f64::from(u8::from(coded.codes[row] == level))).collect();
    let levels = (1..coded.levels.len() as u32).chain([Cut::BLANK]);
    levels.map(column).filter(|column: &Vec<f64>| varies(column)).collect()
}

fn varies(column: &[f64]) -> bool {
    column.iter().any(|value| (value - column[0]).abs() > 0.0)
}

/// Columns that follow from the channels and the columns before them.
fn told_by_others(kept: &Kept, people: ArrayView2<'_, f64>) -> Vec<usize> {
    let n_channels = kept.names.len();
    // Less their means, so that what little a large column varies by is not lost.
    let means: Vec<f64> = people.columns().into_iter().map(|column| column.mean().unwrap_or(0.0)).collect();
    let design = Array2::from_shape_fn((kept.rows.len(), n_channels + people.ncols()), |(row, column)| {
        match column.checked_sub(n_channels) {
            None => f64::from(u8::from(kept.channels[row] == column)),
            Some(own) => people[[row, own]] - means[own],
        }
    });
    let factor = Cholesky::of(design.t().dot(&design).view());
    factor.aliased().iter().filter_map(|column| column.checked_sub(n_channels)).collect()
}

/// What a switch of channel or a second contact about the same goes with, among those who made contact in the window.
fn hand_off(
    question: &Question<'_>,
    kept: &Kept,
    people: &People,
    settings: Consistency,
    hidden: &mut Hidden,
) -> Result<Option<HandOff>, MeasureError> {
    let study = question.study;
    let Some(days) = study.measures.channels.hand_off_days.or(study.history.windows_days.iter().min().copied()) else {
        return Ok(None);
    };
    let column = |name: &str| question.base.numbers(&format!("{name}_{days}d"));
    let (Some(contacts), Some(switches), Some(repeats)) =
        (column("contacts"), column("channel_switches"), column("repeat_contacts"))
    else {
        return Ok(None);
    };
    let places: Vec<usize> = (0..kept.rows.len()).filter(|&place| contacts[kept.rows[place]] > 0.5).collect();
    let own = kept.some(&places);
    let handed_off: Vec<bool> = own.rows.iter().map(|&row| switches[row] > 0.5 || repeats[row] > 0.5).collect();
    let n_handed_off = handed_off.iter().filter(|&&own| own).count();
    if own.rows.is_empty() || hidden.shown(&[n_handed_off, handed_off.len() - n_handed_off]).contains(&false) {
        return Ok(None);
    }
    let own_people = people.values.select(ndarray::Axis(0), &places);
    // Among these answers a column may not vary any more.
    let told = told_by_others(&own, own_people.view());
    let left: Vec<usize> = (0..own_people.ncols()).filter(|column| !told.contains(column)).collect();
    let own_people = own_people.select(ndarray::Axis(1), &left);
    let penalty = own.with(question, &own_people, |rows| settings.hand_off(rows, &handed_off))?;
    Ok(Some(HandOff { window_days: days, penalty }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_their_order_whichever_comes_first() {
        let coded = Coded {
            name: "channel".to_owned(),
            levels: ["app", "call", "store"].map(str::to_owned).to_vec(),
            codes: vec![2, 0, Cut::BLANK, 1, 2],
        };
        let own = Kept::of(&coded, &[0, 1, 2, 3, 4], &[true, false, true]).expect("channels");
        assert_eq!(
            (own.names.as_slice(), own.rows.as_slice()),
            (&["app".to_owned(), "store".to_owned()][..], &[0, 1, 4][..])
        );
        assert_eq!(own.channels, [1, 0, 1]);
        let some = own.some(&[0, 2]);
        assert_eq!((some.names, some.channels), (vec!["store".to_owned()], vec![0, 0]));
    }

    #[test]
    fn what_the_channel_tells_is_not_adjusted_for() {
        let kept = Kept {
            rows: (0..6).collect(),
            channels: vec![0, 0, 0, 1, 1, 1],
            names: ["app", "store"].map(str::to_owned).to_vec(),
        };
        // The first column is the channel, the third twice the second; a column that does not vary is a sum of channels.
        let people = ndarray::array![
            [0.0, 1.0, 2.0, 7.0],
            [0.0, 2.0, 4.0, 7.0],
            [0.0, 4.0, 8.0, 7.0],
            [1.0, 3.0, 6.0, 7.0],
            [1.0, 1.0, 2.0, 7.0],
            [1.0, 5.0, 10.0, 7.0]
        ];
        assert_eq!(told_by_others(&kept, people.view()), [0, 2, 3]);
        assert!(numbers(vec![2.0, 2.0]).is_empty());
        assert_eq!(numbers(vec![1.0, f64::NAN, 3.0]), [vec![1.0, 2.0, 3.0], vec![0.0, 1.0, 0.0]]);
    }
}
