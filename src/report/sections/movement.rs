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
    /// What is in bold, and how sure the smallest change is to show.
    pub about_steps: String,
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
    /// Whether everybody was asked both times, so that the parts are sure.
    pub is_of_everybody: bool,
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
        let steps = step_sentence(&card.changes).filter(|_| !card.waves_unordered);
        let paired =
            card.changes.iter().filter_map(|wave| Some(StepRow::of_pairs(wave, &wave.paired.as_ref()?.change)));
        Some(Self {
            trend: unordered(results).or_else(|| trend_sentence(results)),
            sentences: steps.into_iter().chain(cut_sentences(&card.changes)).collect(),
            steps: card.changes.iter().map(StepRow::of).collect(),
            paired: paired.collect(),
            about_steps: about_steps(&card.changes),
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
            smallest: smallest(own.minimum_detectable, own.is_of_everybody()),
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
            smallest: smallest(own.minimum_detectable, own.is_of_everybody()),
            is_shown: own.is_shown(),
        }
    }
}

/// The smallest change that would show; any would where everybody was asked.
fn smallest(points: f64, is_of_everybody: bool) -> String {
    if is_of_everybody { "any".to_owned() } else { words::score(points) }
}

/// What the table of steps says in bold and of its smallest changes.
fn about_steps(changes: &[WaveChange]) -> String {
    let n_sure = changes.iter().filter(|wave| wave.all.is_of_everybody()).count();
    let Some(own) = changes.first().filter(|_| n_sure < changes.len()) else {
        return "A difference in bold is a change. Everybody was asked, so that there is no sampling error.".to_owned();
    };
    let power = words::fixed(100.0 * own.all.power.chance(), 0);
    let sure = if n_sure > 0 { " Where any would show, everybody was asked both times." } else { "" };
    format!(
        "Of a change in bold there is evidence. A change of the smallest size would show in {power} of 100 cases, a smaller one less \
         often.{sure}"
    )
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
        (_, n_shown) if changes.iter().all(|wave| wave.all.is_of_everybody()) => Some(format!(
            "Everybody was asked in every wave, so that there is no sampling error: of {n} steps from a wave to the next, the \
             score changed in {}.",
            if n_shown == 0 { "none".to_owned() } else { format!("{n_shown}, {}", words::listed(&shown)) }
        )),
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
    if own.is_of_everybody() {
        let changed = match own.is_shown() {
            true => format!("changed by {} points", signed(own.change)),
            false => "did not change".to_owned(),
        };
        return format!("From {from} to {to} it {changed} (everybody was asked, so that there is no sampling error).");
    }
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

/// That the steps are no changes in time, where it is not known which wave came first.
fn unordered(results: &StudyResults) -> Option<String> {
    let sentence = "It is not known in which order the waves were asked: the rows are differences between waves as the file has them, \
                    and need not be changes in time.";
    results.scorecard.waves_unordered.then(|| sentence.to_owned())
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

/// Waves that were asked in other words, and what the cuts of all steps come to, which count together.
fn cut_sentences(changes: &[WaveChange]) -> Vec<String> {
    let other_words = changes.iter().filter(|wave| wave.same_wording == Some(false)).map(|wave| {
        format!(
            "{} and {} were asked in different words, so that their scores are not comparable.",
            wave.before, wave.after
        )
    });
    other_words.chain(tested_cuts(changes)).chain(sure_cuts(changes)).collect()
}

/// The cuts that stand out of all that were compared; nothing where none was.
fn tested_cuts(changes: &[WaveChange]) -> Option<String> {
    let n_tested = |wave: &WaveChange| wave.cuts.iter().filter(|cut| cut.p_adjusted.is_some()).count();
    let compared = words::counted(changes.iter().map(n_tested).sum(), "comparison", "comparisons");
    let within = match changes.iter().filter(|wave| n_tested(wave) > 0).count() {
        0 => return None,
        1 => "within one step".to_owned(),
        n_steps => format!("over {n_steps} steps"),
    };
    let found: Vec<String> = changes
        .iter()
        .flat_map(|wave| wave.cuts.iter().filter(|cut| cut.is_discovery).map(move |cut| (wave, cut)))
        .filter_map(|(wave, cut)| {
            let points = signed(cut.change.as_ref()?.change);
            Some(format!("{} from {} to {} ({points} points)", cut.name, wave.before, wave.after))
        })
        .collect();
    Some(match found.is_empty() {
        true => format!(
            "Of {compared} of single cuts {within}, none stands out once it is counted how many were looked at."
        ),
        false => format!(
            "Of {compared} of single cuts {within}, these stand out although it is counted how many were looked at (of such cuts, \
             one in ten is a false alarm on average, at most): {}; the others do not.",
            words::listed(&found)
        ),
    })
}

/// Cuts of which everybody was asked, whose changes need no test.
fn sure_cuts(changes: &[WaveChange]) -> Option<String> {
    let of_all = changes.iter().flat_map(|wave| &wave.cuts).filter_map(|cut| cut.change.as_ref());
    let n_sure = of_all.filter(|change| change.is_of_everybody()).count();
    (n_sure > 0).then(|| {
        format!(
            "In {} of single cuts everybody was asked both times, so that there is no sampling error.",
            words::counted(n_sure, "comparison", "comparisons")
        )
    })
}

/// The change, and what these bases could have shown in any case.
fn in_words(change: &Change) -> String {
    let own = change.sentence();
    if change.is_shown() && !change.is_of_everybody() {
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
            is_shown: said.is_some_and(|wave| wave.all.is_shown() || wave.all.is_of_everybody()),
            is_of_everybody: said.is_some_and(|wave| wave.all.is_of_everybody()),
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
    use crate::measures::change::{ChangeSettings, GroupScore, ManyCuts, WaveCounts};
    use crate::measures::{ClassCounts, NetPromoterScore, NpsSettings, Sampling};

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

    /// A step with these cuts, of which each has the same people before and these after.
    fn with_cuts(after: &[[f64; 3]]) -> WaveChange {
        let group = |[d, s, p]: [f64; 3]| ClassCounts::new(d, s, p).map(GroupScore::of_counts).ok();
        let cut = |(at, own): (usize, &[f64; 3])| WaveCounts {
            name: format!("channel {at}"),
            before: group([40.0, 40.0, 40.0]),
            after: group(*own),
            correlation: 0.0,
        };
        let counts: Vec<WaveCounts> = after.iter().enumerate().map(cut).collect();
        let cuts = ManyCuts::default().one_by_one(&counts);
        WaveChange { cuts, ..change([40.0, 40.0, 40.0], [40.0, 40.0, 41.0]) }
    }

    #[test]
    fn cuts_of_all_steps_are_counted_together() {
        let still = [40.0, 40.0, 40.0];
        let said = |changes: &mut [WaveChange]| {
            ManyCuts::default().adjust(changes.iter_mut().flat_map(|wave| &mut wave.cuts)).expect("a share");
            cut_sentences(changes)
        };
        assert_eq!(
            said(&mut [with_cuts(&[still; 2]), with_cuts(&[still; 3])]),
            [
                "Of 5 comparisons of single cuts over 2 steps, none stands out once it is counted how many were looked at."
            ]
        );
        // From 0 to 60 less 20 of 120 are 33.3 points.
        assert_eq!(
            said(&mut [with_cuts(&[still, [20.0, 40.0, 60.0]]), with_cuts(&[still; 3])]),
            [
                "Of 5 comparisons of single cuts over 2 steps, these stand out although it is counted how many were looked at (of \
              such cuts, one in ten is a false alarm on average, at most): channel 1 from winter to spring (+33.3 points); the \
              others do not."
            ]
        );
        assert_eq!(
            said(&mut [with_cuts(&[still; 2]), with_cuts(&[])]),
            [
                "Of 2 comparisons of single cuts within one step, none stands out once it is counted how many were looked at."
            ]
        );
    }

    #[test]
    fn of_everybody_nothing_is_said_of_chance() {
        let sampling = Sampling { population: Some(4.0), ..Sampling::default() };
        let of = |answers: [f64; 4]| {
            let score = NetPromoterScore::of_sample(&answers, sampling, NpsSettings::default());
            GroupScore::of_score(&score.expect("answers"))
        };
        let (before, after) = (of([9.0, 10.0, 8.0, 2.0]), of([9.0, 10.0, 9.0, 2.0]));
        let all = ChangeSettings::default().between(before, after).expect("a change");
        let cut =
            WaveCounts { name: "channel web".to_owned(), before: Some(before), after: Some(after), correlation: 0.0 };
        let mut cuts = ManyCuts::default().one_by_one(&[cut]);
        ManyCuts::default().adjust(&mut cuts).expect("a share");
        let wave = WaveChange { all, cuts, ..change([40.0; 3], [40.0; 3]) };
        assert_eq!(
            step(&wave),
            "From winter to spring: the score rose by 25.0 points; everybody was asked both times, so that there is no sampling \
             error."
        );
        assert_eq!(
            last_step(&wave),
            "From winter to spring it changed by +25.0 points (everybody was asked, so that there is no sampling error)."
        );
        let steps = [wave.clone(), wave.clone()];
        assert_eq!(
            step_sentence(&steps).expect("a sentence"),
            "Everybody was asked in every wave, so that there is no sampling error: of 2 steps from a wave to the next, the score \
             changed in 2, from winter to spring (+25.0 points) and from winter to spring (+25.0 points)."
        );
        assert_eq!(
            about_steps(&steps),
            "A difference in bold is a change. Everybody was asked, so that there is no sampling error."
        );
        assert_eq!(StepRow::of(&wave).smallest, "any");
        assert_eq!(
            cut_sentences(std::slice::from_ref(&wave)),
            ["In 1 comparison of single cuts everybody was asked both times, so that there is no sampling error."]
        );
    }
}
