//! What a reader must know beside a number: data that travels with a result and that every report shows.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What was noticed. The snake-case form is the word used in JSON, tables and reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FindingKind {
    /// Columns are exact linear combinations of others.
    Aliased,
    /// Columns are nearly linear combinations of others.
    Collinear,
    /// The column does not vary.
    Constant,
    /// A line through the drivers tells the classes apart without error, or nearly so.
    Separated,
    /// Too few events for the number of terms.
    FewEvents,
    /// Rows could not be used.
    RowsDropped,
    /// Windows end after the study's date, so their outcome is not known yet.
    WindowCensored,
    /// The link between experience and outcome is weak.
    WeakLink,
    /// A coefficient's sign disagrees with the correlation.
    Suppressor,
    /// The base is too small for the figure to carry weight.
    SmallBase,
    /// Some answers have a class beside them that is not theirs.
    ClassDisagrees,
    /// Local times fell where a change of the clocks left a gap, or made them occur twice.
    ClockChange,
    /// Rows say otherwise than the folder that they lie in.
    FolderOverrules,
    /// Rows that were put aside are used as somebody corrected them.
    RowsCorrected,
    /// Corrections of rows are there and have no effect.
    CorrectionsNotApplied,
    /// What the reader of a source has to say of it.
    SourceRemark,
    /// Those who answered differ from those who did not.
    NotRepresentative,
    /// Keys of one source were not found in another.
    Unmatched,
    /// A record could belong to several others.
    Ambiguous,
    /// Keys are written in several ways and taken for one.
    FoldedTogether,
    /// An analysis was asked for and could not be made.
    NotEstimated,
    /// A figure is no better than a simple count would be.
    NoGain,
    /// Rows of a graph were set right or left out by a stated rule.
    EdgesDropped,
    /// Fewer are chosen than were asked for.
    PlacesUnused,
    /// A wave stands out from what varies from wave to wave anyway.
    OutOfControl,
    /// A respondent gave every touchpoint the same score.
    StraightLining,
    /// Effects differ between the steps of an ordered outcome, which one coefficient for all of them hides.
    NotProportional,
    /// The touchpoints move together so much that one impression may stand behind all of them.
    Halo,
    /// Many answers stand at an end of the scale, or predictions beyond it.
    ScaleEnd,
    /// A few rows decide what a coefficient says.
    Influential,
    /// The outcome follows a curve where the model has a line.
    NonLinear,
    /// The spread of the residuals changes with the columns.
    UnequalVariance,
    /// Groups of rows lie above or below what the model expects of them.
    ResidualPattern,
    /// Drivers carry other shares in one segment than elsewhere.
    DriversDiffer,
    /// The figure is a mean over a random sample of what would be too much to compute.
    Sampled,
    /// The figure was computed by a quicker method than the one that would answer the question.
    Screened,
    /// The figure is unreliable for the reason stated.
    Unreliable,
    /// Figures that stand beside each other answer different questions.
    NotComparable,
    /// What a model is applied to is no longer as what it was fitted to.
    Drift,
}

impl FindingKind {
    /// The word used in JSON, tables and reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Aliased => "aliased",
            Self::Collinear => "collinear",
            Self::Constant => "constant",
            Self::Separated => "separated",
            Self::FewEvents => "few_events",
            Self::RowsDropped => "rows_dropped",
            Self::WindowCensored => "window_censored",
            Self::WeakLink => "weak_link",
            Self::Suppressor => "suppressor",
            Self::SmallBase => "small_base",
            Self::ClassDisagrees => "class_disagrees",
            Self::ClockChange => "clock_change",
            Self::FolderOverrules => "folder_overrules",
            Self::RowsCorrected => "rows_corrected",
            Self::CorrectionsNotApplied => "corrections_not_applied",
            Self::SourceRemark => "source_remark",
            Self::NotRepresentative => "not_representative",
            Self::Unmatched => "unmatched",
            Self::Ambiguous => "ambiguous",
            Self::FoldedTogether => "folded_together",
            Self::NotEstimated => "not_estimated",
            Self::NoGain => "no_gain",
            Self::EdgesDropped => "edges_dropped",
            Self::PlacesUnused => "places_unused",
            Self::OutOfControl => "out_of_control",
            Self::StraightLining => "straight_lining",
            Self::NotProportional => "not_proportional",
            Self::Halo => "halo",
            Self::ScaleEnd => "scale_end",
            Self::Influential => "influential",
            Self::NonLinear => "non_linear",
            Self::UnequalVariance => "unequal_variance",
            Self::ResidualPattern => "residual_pattern",
            Self::DriversDiffer => "drivers_differ",
            Self::Sampled => "sampled",
            Self::Screened => "screened",
            Self::Unreliable => "unreliable",
            Self::NotComparable => "not_comparable",
            Self::Drift => "drift",
        }
    }
}

/// How much a finding should change what a reader does with the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Note,
    /// Read the number with care.
    Warning,
    /// The number asked for does not exist or must not be used.
    Serious,
}

impl Severity {
    /// The word used in JSON, tables and reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Serious => "serious",
        }
    }
}

/// One thing a reader must know beside a number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// What was noticed.
    pub kind: FindingKind,
    /// How much it matters.
    pub severity: Severity,
    /// What it is about: a column, an outcome, a source.
    pub about: String,
    /// The numbers behind the sentence, by name.
    pub numbers: BTreeMap<String, f64>,
    /// One plain sentence.
    pub sentence: String,
}

/// Commas between thousands of the whole part of a number in digits.
pub(crate) fn grouped(digits: &str) -> String {
    let (whole, rest) = digits.split_once('.').map_or((digits, None), |(whole, rest)| (whole, Some(rest)));
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if let Some(rest) = rest {
        text.push('.');
        text.push_str(rest);
    }
    text
}

/// A count with commas between its thousands.
pub(crate) fn thousands(n: usize) -> String {
    grouped(&n.to_string())
}

impl Finding {
    /// A finding without numbers; add them with [`Finding::number`].
    pub fn new(kind: FindingKind, severity: Severity, about: impl Into<String>, sentence: impl Into<String>) -> Self {
        Self { kind, severity, about: about.into(), numbers: BTreeMap::new(), sentence: sentence.into() }
    }

    /// The same finding with one more number.
    #[must_use]
    pub fn number(mut self, name: &str, value: f64) -> Self {
        self.numbers.insert(name.to_owned(), value);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_have_commas() {
        assert_eq!([0, 999, 1471, 1_234_567].map(thousands), ["0", "999", "1,471", "1,234,567"]);
    }

    #[test]
    fn word_is_the_serialized_form() {
        for kind in [
            FindingKind::FewEvents,
            FindingKind::DriversDiffer,
            FindingKind::NotRepresentative,
            FindingKind::UnequalVariance,
        ] {
            let value = serde::de::value::StrDeserializer::<serde::de::value::Error>::new(kind.word());
            assert_eq!(FindingKind::deserialize(value), Ok(kind));
        }
    }
}
