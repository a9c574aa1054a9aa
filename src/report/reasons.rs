//! The words of reasons and severities as phrases.

use crate::findings::{FindingKind, Severity};

/// Why an answer, or a row of a source, is not used; unknown words lose their underscores.
pub(super) fn phrase(word: &str) -> String {
    let phrase = match word {
        "no_answer" => "the recommend question was not answered",
        "no_earlier_purchase" => "nothing was bought before the answer that later amounts could lie above",
        "left_before" => "the customer had left before the answer",
        "missing_touchpoint" => "a touchpoint was not answered",
        "missing_control" => "a control is not known",
        "missing_outcome" => "the outcome is not known",
        "missing_weight" => "the weight is not known",
        "window_censored" => "the window ends after the study's date, so the outcome is not known yet",
        "ragged" => "more or fewer cells than the header",
        "unclosed_quote" => "a quote opens and never closes",
        "blank" => "a cell that must be filled is blank",
        "unparsable" => "a cell is not what its column holds",
        "out_of_range" => "a value lies outside its column's range",
        "suspicious_date" => "a date that stands for a missing one",
        "no_zone" => "a local time in a source that states no zone",
        "unmatched_key" => "the key leads to nobody",
        "ambiguous_key" => "the key leads to several persons",
        "duplicate" => "an earlier row has the same id",
        "repeated_row" => "an earlier row is the same in all its cells",
        "self_referral" => "referrer and referred are the same",
        "after_as_of" => "it happened after the study's date",
        "excluded_by_study" => "the study leaves out rows with such a value (`exclude`)",
        other => return spaced(other),
    };
    phrase.to_owned()
}

/// The reason in two or three words, for narrow places.
pub(super) fn short(word: &str) -> String {
    match word {
        "after_as_of" => "after the study's date".to_owned(),
        "window_censored" => "window not over".to_owned(),
        other => spaced(other),
    }
}

/// The word with spaces: `few events`.
pub(super) fn spaced(word: &str) -> String {
    word.replace('_', " ")
}

/// What kind of thing was noticed, for a reader who does not know the field's words.
pub(super) fn kind(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::Aliased => "follows from other columns",
        FindingKind::Collinear => "moves with other columns",
        FindingKind::Constant => "never varies",
        FindingKind::Separated => "told apart without error",
        FindingKind::FewEvents => "few cases to learn from",
        FindingKind::RowsDropped => "left out",
        FindingKind::WindowCensored => "too recent to know",
        FindingKind::WeakLink => "weak link",
        FindingKind::Suppressor => "sign differs from the correlation",
        FindingKind::SmallBase => "few answers",
        FindingKind::ClassDisagrees => "class and answer disagree",
        FindingKind::ClockChange => "changes of the clocks",
        FindingKind::FolderOverrules => "rows that say otherwise than their folder",
        FindingKind::RowsCorrected => "corrected rows",
        FindingKind::CorrectionsNotApplied => "corrections without effect",
        FindingKind::SourceRemark => "about a source",
        FindingKind::NotRepresentative => "who answered",
        FindingKind::Unmatched => "not found in another source",
        FindingKind::Ambiguous => "could be several",
        FindingKind::FoldedTogether => "spellings taken for one",
        FindingKind::NotEstimated => "not computed",
        FindingKind::NoGain => "no better than counting",
        FindingKind::EdgesDropped => "referrals set right or left out",
        FindingKind::PlacesUnused => "fewer chosen than asked for",
        FindingKind::OutOfControl => "more than waves vary anyway",
        FindingKind::StraightLining => "one score for everything",
        FindingKind::NotProportional => "differs from step to step",
        FindingKind::Halo => "one impression behind all scores",
        FindingKind::ScaleEnd => "at an end of the scale",
        FindingKind::Influential => "decided by few answers",
        FindingKind::NonLinear => "a curve and not a line",
        FindingKind::UnequalVariance => "uneven scatter",
        FindingKind::ResidualPattern => "groups that the model misses",
        FindingKind::DriversDiffer => "differs between segments",
        FindingKind::Sampled => "from a random sample",
        FindingKind::Screened => "by a quick method",
        FindingKind::Unreliable => "to be read with care",
        FindingKind::NotComparable => "not comparable",
    }
}

/// The severity for a reader.
pub(super) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "Note",
        Severity::Warning => "Warning",
        Severity::Serious => "Serious",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::{Exclusion, Reason};

    #[test]
    fn every_reason_of_the_intake_has_a_phrase() {
        let reasons = [
            Reason::Ragged,
            Reason::UnclosedQuote,
            Reason::Blank,
            Reason::Unparsable,
            Reason::OutOfRange,
            Reason::SuspiciousDate,
            Reason::NoZone,
            Reason::UnmatchedKey,
            Reason::AmbiguousKey,
            Reason::Duplicate,
            Reason::RepeatedRow,
            Reason::SelfReferral,
        ];
        for reason in reasons {
            assert_ne!(phrase(reason.word()), spaced(reason.word()));
        }
        assert_ne!(phrase(exclusion(Exclusion::AfterAsOf)), "after as of");
    }

    fn exclusion(exclusion: Exclusion) -> &'static str {
        super::super::standing::exclusion_word(exclusion)
    }
}
