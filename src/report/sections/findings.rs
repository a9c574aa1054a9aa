//! What to know beside the numbers, and where it is shown.

use crate::findings::{Finding, FindingKind, Severity};
use crate::report::results::StudyResults;
use crate::report::{reasons, standing, words};

/// One finding for a reader.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) struct FindingRow {
    pub class: &'static str,
    pub severity: &'static str,
    pub kind: String,
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
            kind: reasons::spaced(finding.kind.word()),
            about: finding.about.clone(),
            sentence: words::sentence(&finding.sentence, &finding.about),
        }
    }
}

/// Where a finding of the whole study is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Score,
    LeftOut,
    Top,
}

impl Place {
    fn of(kind: FindingKind) -> Self {
        match kind {
            FindingKind::NotRepresentative | FindingKind::SmallBase | FindingKind::StraightLining => Self::Score,
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

/// Findings of the whole study that are shown here.
pub(super) fn findings_at(results: &StudyResults, place: Place) -> Vec<FindingRow> {
    let at_place = |finding: &&Finding| Place::of(finding.kind) == place;
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
pub(in crate::report) fn all_findings(results: &StudyResults) -> Vec<(String, FindingRow)> {
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
    all.sort_by_key(|(_, finding)| std::cmp::Reverse(finding.severity));
    all.into_iter().map(|(part, finding)| (part, FindingRow::of(finding))).collect()
}
