//! Whether the score has changed, and what the change is made of.

use crate::measures::change::{Change, PairedChange, Trend};
use crate::measures::movement::MovementRow;
use crate::report::results::StudyResults;
use crate::report::scorecard::{WaveChange, WaveMovement};
use crate::report::words;

/// Whether the score has changed between waves, and what the change is made of.
pub(in crate::report) struct Changed {
    pub sentences: Vec<String>,
    pub trend: Option<String>,
    pub outside: Option<String>,
    pub why: Option<Why>,
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
        Some(Self {
            sentences: card.changes.iter().flat_map(sentences).collect(),
            trend: trend_sentence(results),
            outside,
            why: card.movement.as_ref().map(|own| Why::of(own, &card.changes, words::level(results.head.confidence))),
        })
    }
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

/// One sentence for all answers, one for those who answered twice, one for the wording, one for the cuts.
pub(in crate::report) fn sentences(wave: &WaveChange) -> Vec<String> {
    let mut sentences = vec![format!("From {} to {}: {}.", wave.before, wave.after, in_words(&wave.all))];
    sentences.extend(wave.paired.as_ref().map(|own| paired_sentence(&own.change)));
    if wave.same_wording == Some(false) {
        sentences.push(format!(
            "{} and {} were asked in different words, so that their scores are not comparable.",
            wave.before, wave.after
        ));
    }
    let n_compared = wave.cuts.iter().filter(|cut| cut.change.is_some()).count();
    let found: Vec<String> = wave
        .cuts
        .iter()
        .filter(|cut| cut.is_discovery)
        .filter_map(|cut| {
            let change = cut.change.as_ref()?;
            let points = words::fixed(change.change, 1);
            let sign = if change.change > 0.0 { "+" } else { "" };
            Some(format!("{} ({sign}{points} points)", cut.name))
        })
        .collect();
    if n_compared > 0 {
        sentences.push(match found.is_empty() {
            true => format!(
                "Of {} compared one by one, none stands out once it is counted how many were looked at.",
                words::counted(n_compared, "cut", "cuts")
            ),
            false => format!(
                "Of {} compared one by one, these stand out although it is counted how many were looked at (of such cuts, one in \
                 ten is a false alarm on average, at most): {}.",
                words::counted(n_compared, "cut", "cuts"),
                words::listed(&found)
            ),
        });
    }
    sentences
}

/// The change of those who answered in both waves.
fn paired_sentence(own: &PairedChange) -> String {
    let level = words::level(own.confidence);
    let ends = words::score_range(own.conf_low, own.conf_high);
    let is_shown = own.conf_low > 0.0 || own.conf_high < 0.0;
    let what = match (is_shown, own.change > 0.0) {
        (true, true) => "the score rose",
        (true, false) => "the score fell",
        (false, _) => "there is no evidence of change: the score moved",
    };
    format!(
        "Of {} who answered in both, {what} by {} points ({level} interval {ends}); so many would show a change of {} points in \
         {} of 100 cases.",
        words::counted(own.n, "customer", "customers"),
        words::score(if is_shown { own.change.abs() } else { own.change }),
        words::score(own.minimum_detectable),
        words::fixed(100.0 * own.power.chance(), 0)
    )
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
