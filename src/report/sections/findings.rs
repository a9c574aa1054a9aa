//! What to know beside the numbers, and where it is shown.

use crate::findings::{Finding, FindingKind, Severity};
use crate::report::results::StudyResults;
use crate::report::{reasons, standing, words};

/// One finding for a reader.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) struct FindingRow {
    pub class: &'static str,
    pub severity: &'static str,
    pub kind: &'static str,
    pub about: String,
    pub sentence: String,
}

impl FindingRow {
    pub fn of(finding: &Finding) -> Self {
        Self {
            class: match finding.severity {
                Severity::Note => "note",
                Severity::Warning => "warning",
                Severity::Serious => "serious",
            },
            severity: reasons::severity(finding.severity),
            kind: reasons::kind(finding.kind),
            about: words::spoken(&finding.about),
            sentence: words::sentence(&finding.sentence, &finding.about),
        }
    }
}

/// One finding of the full list.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) struct ListedFinding {
    /// The parts of the report that it belongs to.
    pub part: String,
    /// At the first of one kind and severity, how many follow each other; 0 at the others.
    pub n_of_kind: usize,
    pub finding: FindingRow,
}

/// What findings of the comparison of channels are about.
const CHANNELS: &str = "channels";

/// Where a finding of the whole study is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Score,
    LeftOut,
    Channels,
    Top,
    /// In the list of all findings alone.
    Listed,
}

impl Place {
    fn of(results: &StudyResults, finding: &Finding) -> Self {
        match finding.kind {
            _ if finding.about == CHANNELS && results.scorecard.channels.is_some() => Self::Channels,
            FindingKind::NotRepresentative | FindingKind::SmallBase | FindingKind::StraightLining => Self::Score,
            // Of the answer that the score is made of, or of a touchpoint, which changes nothing that the page says first.
            FindingKind::ScaleEnd if is_touchpoint(results, &finding.about) => Self::Listed,
            FindingKind::ScaleEnd => Self::Score,
            FindingKind::RowsDropped
            | FindingKind::RowsCorrected
            | FindingKind::WindowCensored
            | FindingKind::Unmatched
            | FindingKind::Ambiguous
            | FindingKind::EdgesDropped => Self::LeftOut,
            _ => Self::Top,
        }
    }
}

fn is_touchpoint(results: &StudyResults, name: &str) -> bool {
    let scored = results.touchpoints.iter().flat_map(|own| &own.scale_ends);
    scored.into_iter().any(|own| own.term == name)
}

/// Findings of the whole study that are shown here.
pub(super) fn findings_at(results: &StudyResults, place: Place) -> Vec<FindingRow> {
    let at_place = |finding: &&Finding| Place::of(results, finding) == place;
    standing::findings_of_study(results).into_iter().filter(at_place).map(FindingRow::of).collect()
}

/// Findings of the study that belong to no section, and to the score's where there is no score.
pub(in crate::report) fn study_findings(results: &StudyResults) -> Vec<FindingRow> {
    let mut rows = findings_at(results, Place::Top);
    if standing::overall(results).is_none() {
        rows.extend(findings_at(results, Place::Score));
    }
    rows
}

/// Every finding with the part of the report it belongs to.
pub(in crate::report) fn all_findings(results: &StudyResults) -> Vec<ListedFinding> {
    let of_study = standing::findings_of_study(results).into_iter().map(|finding| ("the study".to_owned(), finding));
    let of_outcomes = results.outcomes.iter().flat_map(|outcome| {
        standing::findings_of(results, outcome).into_iter().map(|finding| (outcome.name.clone(), finding))
    });
    let of_influence = results.influence.iter().flat_map(|influence| {
        standing::sorted(influence.findings.iter()).into_iter().map(|finding| ("influence".to_owned(), finding))
    });
    let of_evaluations = results.evaluations.iter().flat_map(|evaluation| {
        let findings = standing::sorted(evaluation.findings.iter()).into_iter();
        findings.map(|finding| (format!("{}, judged", evaluation.outcome), finding))
    });
    let of_actions = results.outcomes.iter().flat_map(|outcome| {
        let findings = standing::sorted(outcome.actions.findings.iter()).into_iter();
        findings.map(|finding| (format!("{}, what to do", outcome.name), finding))
    });
    let of_both = results.say_and_do.iter().flat_map(|own| {
        standing::sorted(own.findings.iter()).into_iter().map(|finding| ("what is said and done".to_owned(), finding))
    });
    let mut all: Vec<(String, &Finding)> = of_study
        .chain(of_outcomes)
        .chain(of_actions)
        .chain(of_both)
        .chain(of_evaluations)
        .chain(of_influence)
        .collect();
    all.sort_by_key(|(_, finding)| standing::place(finding));
    grouped(all)
}

/// Findings of one kind follow each other, and what is said of several parts alike stands once.
fn grouped(all: Vec<(String, &Finding)>) -> Vec<ListedFinding> {
    let mut groups: Vec<Vec<(Vec<String>, &Finding)>> = Vec::new();
    for (part, finding) in all {
        let is_alike = |other: &Finding| (other.kind, other.severity) == (finding.kind, finding.severity);
        let at = groups.iter().position(|group| group.first().is_some_and(|(_, first)| is_alike(first)));
        let group = match at {
            Some(at) => &mut groups[at],
            None => {
                groups.push(Vec::new());
                let last = groups.len() - 1;
                &mut groups[last]
            }
        };
        match group.iter_mut().find(|(_, own)| own.about == finding.about && own.sentence == finding.sentence) {
            Some((parts, _)) => {
                if !parts.contains(&part) {
                    parts.push(part);
                }
            }
            None => group.push((vec![part], finding)),
        }
    }
    let mut rows = Vec::new();
    for group in groups {
        let n = group.len();
        rows.extend(group.into_iter().enumerate().map(|(place, (parts, finding))| ListedFinding {
            part: parts.join("; "),
            n_of_kind: if place == 0 { n } else { 0 },
            finding: FindingRow::of(finding),
        }));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimators::diagnostics::{Diagnose, Touchpoints};

    #[test]
    fn ends_of_scales_are_said_where_the_answers_are_and_not_before_everything_else() {
        let mut results = crate::report::fixture::retail();
        let of = |about: &str| Finding::new(FindingKind::ScaleEnd, Severity::Note, about, format!("{about} at an end"));
        let touchpoints = Touchpoints::new(vec!["delivery".to_owned()], ndarray::array![[5.0], [5.0], [1.0]]);
        results.touchpoints = touchpoints.ok().map(|own| Diagnose::default().touchpoints(&own, |_| None));
        results.findings.extend([of("likelihood"), of("delivery")]);
        let said = |place| findings_at(&results, place).into_iter().map(|row| row.sentence).collect::<Vec<_>>();
        assert!(said(Place::Score).contains(&"likelihood at an end.".to_owned()), "{:?}", said(Place::Score));
        assert_eq!(said(Place::Listed), ["delivery at an end."]);
        assert!(study_findings(&results).iter().all(|row| !row.sentence.contains("at an end")));
        let all = all_findings(&results);
        assert_eq!(all.iter().filter(|row| row.finding.sentence.ends_with("at an end.")).count(), 2);
    }

    #[test]
    fn what_is_said_twice_stands_once_and_kinds_stand_together() {
        let of = |kind, severity, about: &str, sentence: &str| Finding::new(kind, severity, about, sentence);
        let aliased = of(FindingKind::Aliased, Severity::Warning, "x", "x follows from y");
        let dropped = of(FindingKind::RowsDropped, Severity::Warning, "recommend", "5 answers are left out");
        let weak = of(FindingKind::WeakLink, Severity::Warning, "repurchase", "the link is weak");
        let more = of(FindingKind::RowsDropped, Severity::Warning, "recommend", "7 answers are left out");
        let serious = of(FindingKind::Aliased, Severity::Serious, "x", "x follows from y");
        let mut all = vec![
            ("a".to_owned(), &aliased),
            ("a".to_owned(), &dropped),
            ("a".to_owned(), &weak),
            ("a".to_owned(), &more),
            ("b".to_owned(), &dropped),
            ("b".to_owned(), &serious),
        ];
        all.sort_by_key(|(_, finding)| standing::place(finding));
        let rows = grouped(all);
        let shown: Vec<(&str, usize, &str, &str)> = rows
            .iter()
            .map(|row| (row.part.as_str(), row.n_of_kind, row.finding.severity, row.finding.sentence.as_str()))
            .collect();
        let want = [
            ("b", 1, "Serious", "x follows from y."),
            ("a; b", 2, "Warning", "5 answers are left out."),
            ("a", 0, "Warning", "7 answers are left out."),
            ("a", 1, "Warning", "The link is weak."),
            ("a", 1, "Warning", "x follows from y."),
        ];
        assert_eq!(shown, want);
    }
}
