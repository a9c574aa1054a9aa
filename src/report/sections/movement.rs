//! Whether the score has changed, and what the change is made of.

use crate::measures::change::{Change, PairedChange, Trend};
use crate::measures::movement::MovementRow;
use crate::report::results::StudyResults;
use crate::report::scorecard::{WaveChange, WaveMovement};
use crate::report::words;

/// Whether the score has changed between waves, and what the change is made of.
pub(in crate::report) struct Changed {
    pub trend: Option<String>,
    /// What the steps come to, and what stands out of them.
    pub sentences: Vec<String>,
    pub steps: Vec<StepRow>,
    /// Those who answered in both waves of a step.
    pub paired: Vec<StepRow>,
    /// How many of 100 changes of the smallest size would be shown.
    pub power: String,
    pub level: String,
    pub outside: Option<String>,
    pub why: Option<Why>,
}

/// One step from a wave to the next.
pub(in crate::report) struct StepRow {
    pub from: String,
    pub to: String,
    /// Customers who answered in both, of those.
    pub n: String,
    pub change: String,
    pub interval: String,
    /// The smallest change that would be shown.
    pub smallest: String,
    pub is_shown: bool,
}

/// The parts of the last change.
pub(in crate::report) struct Why {
    pub title: String,
    pub by: String,
    pub rows: Vec<PartRow>,
    /// Parts of single segments.
    pub segments: Vec<PartRow>,
    pub level: String,
    pub n_replicates: String,
    pub with_touchpoints: bool,
    /// Whether there is evidence of the change itself.
    pub is_shown: bool,
}

/// One part in points of the score.
pub(in crate::report) struct PartRow {
    pub part: String,
    pub points: String,
    pub interval: String,
}

impl Changed {
    /// Nothing where the study has fewer than two waves to show.
    pub fn of(results: &StudyResults) -> Option<Self> {
        let card = &results.scorecard;
        if card.changes.is_empty() && card.movement.is_none() {
            return None;
        }
        let outside: Vec<&str> =
            card.control.iter().filter(|point| point.is_outside).map(|point| point.wave.as_str()).collect();
        let outside = (!outside.is_empty()).then(|| {
            format!("Outside of what the waves vary by in common (control limits): {}.", words::listed(&outside))
        });
        let level = words::level(results.head.confidence);
        let power = card.changes.first().map(|own| words::fixed(100.0 * own.all.power.chance(), 0));
        let paired =
            card.changes.iter().filter_map(|wave| Some(StepRow::of_pairs(wave, &wave.paired.as_ref()?.change)));
        Some(Self {
            trend: trend_sentence(results),
            sentences: step_sentence(&card.changes).into_iter().chain(cut_sentences(&card.changes)).collect(),
            steps: card.changes.iter().map(StepRow::of).collect(),
            paired: paired.collect(),
            power: power.unwrap_or_default(),
            why: card.movement.as_ref().map(|own| Why::of(own, &card.changes, level.clone())),
            level,
            outside,
        })
    }
}

impl StepRow {
    fn of(wave: &WaveChange) -> Self {
        let own = &wave.all;
        Self {
            from: wave.before.clone(),
            to: wave.after.clone(),
            n: String::new(),
            change: signed(own.change),
            interval: words::score_range(own.conf_low, own.conf_high),
            smallest: words::score(own.minimum_detectable),
            is_shown: own.is_shown(),
        }
    }

    fn of_pairs(wave: &WaveChange, own: &PairedChange) -> Self {
        Self {
            from: wave.before.clone(),
            to: wave.after.clone(),
            n: words::count(own.n as u64),
            change: signed(own.change),
            interval: words::score_range(own.conf_low, own.conf_high),
            smallest: words::score(own.minimum_detectable),
            is_shown: own.conf_low > 0.0 || own.conf_high < 0.0,
        }
    }
}

/// Points with their sign.
fn signed(points: f64) -> String {
    let text = words::score(points);
    if points > 0.0 && text != "0.0" { format!("+{text}") } else { text }
}

/// What all steps come to.
fn step_sentence(changes: &[WaveChange]) -> Option<String> {
    let shown: Vec<String> = changes
        .iter()
        .filter(|wave| wave.all.is_shown())
        .map(|wave| format!("from {} to {} ({} points)", wave.before, wave.after, signed(wave.all.change)))
        .collect();
    let n = changes.len();
    match (n, shown.len()) {
        (0, _) => None,
        (1, _) => changes.first().map(step),
        (_, 0) => Some(format!(
            "Of {n} steps from a wave to the next, none by itself is evidence of a change; the table says how large one would \
             have to be."
        )),
        (_, all) if all == n => Some(format!("The score changed in every step: {}.", words::listed(&shown))),
        _ => Some(format!(
            "Of {n} steps from a wave to the next, these are evidence of a change: {}; the others are not.",
            words::listed(&shown)
        )),
    }
}

/// The last step in one short sentence.
pub(in crate::report) fn last_step(wave: &WaveChange) -> String {
    let own = &wave.all;
    let ends = words::score_range(own.conf_low, own.conf_high);
    let interval = format!("{} interval {ends}", words::level(own.confidence));
    let (from, to) = (&wave.before, &wave.after);
    match own.is_shown() {
        true => format!("From {from} to {to} it changed by {} points ({interval}).", signed(own.change)),
        false => {
            format!("From {from} to {to} there is no evidence of a change ({} points, {interval}).", signed(own.change))
        }
    }
}

/// One step in words.
fn step(wave: &WaveChange) -> String {
    format!("From {} to {}: {}.", wave.before, wave.after, in_words(&wave.all))
}

/// The line through the scores of all waves; nothing where there are too few waves for one.
pub(in crate::report) fn trend_sentence(results: &StudyResults) -> Option<String> {
    let card = &results.scorecard;
    let Trend { n_waves, slope, conf_low, conf_high, .. } = *card.trend.as_ref()?;
    let (level, unit) = (words::level(results.head.confidence), card.trend_unit);
    let waves = words::counted(n_waves, "wave", "waves");
    let interval = |low: f64, high: f64| format!("{level} interval {}", words::score_range(low, high));
    Some(if conf_low > 0.0 {
        let points = words::score(slope);
        format!(
            "Over {waves} the score rose at a rate of {points} points a {unit} ({}).",
            interval(conf_low, conf_high)
        )
    } else if conf_high < 0.0 {
        // Points are counted in the direction in which they lie.
        let points = words::score(-slope);
        format!(
            "Over {waves} the score fell at a rate of {points} points a {unit} ({}).",
            interval(-conf_high, -conf_low)
        )
    } else {
        let sign = if slope > 0.0 { "+" } else { "" };
        let points = words::score(slope);
        format!(
            "Over {waves} there is no evidence of a trend: {sign}{points} points a {unit} ({}).",
            interval(conf_low, conf_high)
        )
    })
}

/// Waves that were asked in other words, cuts that stand out of a step, and that the others do not.
fn cut_sentences(changes: &[WaveChange]) -> Vec<String> {
    let mut sentences = Vec::new();
    let (mut n_compared, mut n_steps) = (0, 0);
    for wave in changes {
        if wave.same_wording == Some(false) {
            sentences.push(format!(
                "{} and {} were asked in different words, so that their scores are not comparable.",
                wave.before, wave.after
            ));
        }
        let found: Vec<String> = wave
            .cuts
            .iter()
            .filter(|cut| cut.is_discovery)
            .filter_map(|cut| Some(format!("{} ({} points)", cut.name, signed(cut.change.as_ref()?.change))))
            .collect();
        let n_own = wave.cuts.iter().filter(|cut| cut.change.is_some()).count();
        if found.is_empty() {
            n_compared += n_own;
            n_steps += usize::from(n_own > 0);
            continue;
        }
        sentences.push(format!(
            "From {} to {}, of {} compared one by one, these stand out although it is counted how many were looked at (of such \
             cuts, one in ten is a false alarm on average, at most): {}.",
            wave.before,
            wave.after,
            words::counted(n_own, "cut", "cuts"),
            words::listed(&found)
        ));
    }
    if n_compared > 0 {
        let within = if n_steps == 1 { "one step" } else { "these steps" };
        sentences.push(format!(
            "Of {} of single cuts within {within}, none stands out once it is counted how many were looked at.",
            words::counted(n_compared, "comparison", "comparisons")
        ));
    }
    sentences
}

/// The change, and what these bases could have shown in any case.
fn in_words(change: &Change) -> String {
    let own = change.sentence();
    if change.is_shown() {
        let power = words::fixed(100.0 * change.power.chance(), 0);
        let least = words::score(change.minimum_detectable);
        format!("{own}; with these bases a change of {least} points would be shown in {power} of 100 cases")
    } else {
        own
    }
}

impl Why {
    fn of(own: &WaveMovement, changes: &[WaveChange], level: String) -> Self {
        let is_segment = |row: &&MovementRow| row.part.starts_with("mix:") || row.part.starts_with("rate:");
        let said = changes.iter().find(|wave| (&wave.before, &wave.after) == (&own.before, &own.after));
        let part = |row: &MovementRow| match said.filter(|_| row.part == "change") {
            Some(wave) => PartRow::of_change(&wave.all),
            None => PartRow::of(row, &own.by),
        };
        let rows = |wanted: bool| -> Vec<PartRow> {
            own.parts.rows.iter().filter(|row| is_segment(row) == wanted).map(part).collect()
        };
        Self {
            title: format!("What the change from {} to {} is made of", own.before, own.after),
            by: own.by.clone(),
            rows: rows(false),
            segments: rows(true),
            level,
            n_replicates: words::count(own.parts.n_replicates as u64),
            is_shown: said.is_some_and(|wave| wave.all.is_shown()),
            with_touchpoints: own.parts.rows.iter().any(|row| row.part.starts_with("touchpoint:")),
        }
    }
}

impl PartRow {
    /// The change itself as the sentences have it, so that one change has one interval on a page.
    fn of_change(change: &Change) -> Self {
        Self {
            part: "change of the score, as above".to_owned(),
            points: words::score(change.change),
            interval: words::score_range(change.conf_low, change.conf_high),
        }
    }

    fn of(row: &MovementRow, by: &str) -> Self {
        let part = match row.part.split_once(':') {
            Some(("mix", segment)) => format!("{by} {segment}: its share"),
            Some(("rate", segment)) => format!("{by} {segment}: its score"),
            Some((_, touchpoint)) => format!("of which goes with {touchpoint}"),
            None => match row.part.as_str() {
                "change" => "change of the score".to_owned(),
                "mix" => format!("from different shares of {by} (mix)"),
                "rate" => format!("from different scores within {by} (rate)"),
                "residual" => "of which goes with no touchpoint".to_owned(),
                other => other.to_owned(),
            },
        };
        Self { part, points: words::score(row.estimate), interval: words::score_range(row.conf_low, row.conf_high) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measures::ClassCounts;
    use crate::measures::change::{ChangeSettings, GroupScore};

    fn change(before: [f64; 3], after: [f64; 3]) -> WaveChange {
        let group = |[d, s, p]: [f64; 3]| GroupScore::of_counts(ClassCounts::new(d, s, p).expect("counts"));
        let all = ChangeSettings::default().between(group(before), group(after)).expect("a change");
        let (before, after) = ("winter".to_owned(), "spring".to_owned());
        WaveChange { before, after, same_wording: None, all, paired: None, cuts: Vec::new() }
    }

    #[test]
    fn many_steps_are_one_sentence_and_a_row_each() {
        let (still, risen) =
            (change([40.0, 40.0, 40.0], [40.0, 40.0, 41.0]), change([60.0, 40.0, 20.0], [20.0, 40.0, 60.0]));
        let of = |changes: &[WaveChange]| step_sentence(changes).expect("a sentence");
        assert!(of(&[still.clone(), still.clone()]).starts_with("Of 2 steps from a wave to the next, none by itself"));
        // From 20 less 60 of 120 to 60 less 20 are 66.7 points.
        assert_eq!(
            of(&[still.clone(), risen.clone()]),
            "Of 2 steps from a wave to the next, these are evidence of a change: from winter to spring (+66.7 points); the \
             others are not."
        );
        assert!(of(&[risen.clone(), risen]).starts_with("The score changed in every step"));
        assert!(of(std::slice::from_ref(&still)).starts_with("From winter to spring: no evidence of change"));
        assert_eq!(step_sentence(&[]), None);
        let row = StepRow::of(&still);
        assert!(!row.is_shown && row.change.starts_with('+') && row.n.is_empty());
    }
}
