//! Where drivers differ between segments, as a finding.

use super::compare::SegmentRow;
use crate::findings::{Finding, FindingKind, Severity};
use crate::stats::Confidence;

/// As many differences are named in the sentence; the table has all of them.
const NAMED: usize = 3;

/// The drivers that carry another share in a segment than elsewhere, the clearest first; `None` where none stands after
/// Benjamini and Hochberg's adjustment for the number of comparisons, `n_family` in all.
pub(super) fn finding(
    outcome: &str,
    by: &str,
    rows: &[SegmentRow],
    n_family: usize,
    confidence: Confidence,
) -> Option<Finding> {
    let level = 1.0 - confidence.level();
    let mut differing: Vec<(&SegmentRow, f64)> =
        rows.iter().filter_map(|row| Some((row, row.p_bh?))).filter(|(_, p_value)| *p_value < level).collect();
    let (_, smallest) = differing.iter().min_by(|one, other| one.1.total_cmp(&other.1))?;
    let smallest = *smallest;
    differing.sort_by(|(one, p_one), (other, p_other)| {
        p_one.total_cmp(p_other).then(other.difference.abs().total_cmp(&one.difference.abs()))
    });
    let percent = |share: f64| match 100.0 * share {
        none if none.abs() < 1e-10 => "0 %".to_owned(),
        little if (0.0..0.5).contains(&little) => "< 1 %".to_owned(),
        own => format!("{own:.0} %"),
    };
    let named: Vec<String> = differing
        .iter()
        .take(NAMED)
        .map(|(row, _)| {
            format!(
                "`{}` carries {} in {} and {} elsewhere",
                row.driver,
                percent(row.share),
                row.segment,
                percent(row.share_elsewhere)
            )
        })
        .collect();
    let n_differing = differing.len();
    let rest = match n_differing - named.len() {
        0 => String::new(),
        more => format!("; {more} more in the table"),
    };
    let family = if n_family > rows.len() { format!("all {n_family} of the study") } else { "their number".to_owned() };
    let stand = if n_differing == 1 { "stands" } else { "stand" };
    let sentence = format!(
        "What goes with {outcome} differs by {by}: {}{rest}. {n_differing} of {} comparisons {stand} after adjusting for {family}.",
        named.join("; "),
        rows.len()
    );
    let finding = Finding::new(FindingKind::DriversDiffer, Severity::Note, outcome, sentence);
    Some(
        finding
            .number("n_differing", n_differing as f64)
            .number("n_comparisons", rows.len() as f64)
            .number("n_family", n_family as f64)
            .number("p_value", smallest),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(segment: &str, share: f64, elsewhere: f64, p_bh: f64) -> SegmentRow {
        SegmentRow {
            segment: segment.to_owned(),
            driver: "speed".to_owned(),
            share,
            share_interval: None,
            rank: 1,
            rank_interval: None,
            share_elsewhere: elsewhere,
            difference: share - elsewhere,
            difference_interval: None,
            p_value: Some(p_bh),
            p_holm: Some(p_bh),
            p_bh: Some(p_bh),
            shrunk: None,
            own_weight: None,
        }
    }

    #[test]
    fn the_clearest_differences_are_named_and_the_others_counted() {
        let rows = [
            row("a", 0.5, 0.4, 0.04),
            row("b", 0.1, 0.4, 0.001),
            row("c", 0.3, 0.3, 0.9),
            row("d", 0.2, 0.4, 0.001),
            row("e", 0.2, 0.3, 0.03),
        ];
        let own = finding("recommend", "channel", &rows, 5, Confidence::default()).expect("differences");
        assert_eq!(
            own.sentence,
            "What goes with recommend differs by channel: `speed` carries 10 % in b and 40 % elsewhere; `speed` carries 20 % \
             in d and 40 % elsewhere; `speed` carries 20 % in e and 30 % elsewhere; 1 more in the table. 4 of 5 \
             comparisons stand after adjusting for their number."
        );
        assert_eq!((own.kind, own.numbers["n_differing"]), (FindingKind::DriversDiffer, 4.0));
    }

    #[test]
    fn what_may_be_chance_is_no_finding() {
        assert!(finding("nps", "wave", &[row("a", 0.9, 0.1, 0.051)], 1, Confidence::default()).is_none());
        assert!(finding("nps", "wave", &[], 0, Confidence::default()).is_none());
    }
}
