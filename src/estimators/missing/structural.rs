//! Gaps without a value behind them, under treatments that estimate one.

use super::Treatment;
use crate::data::Gaps;
use crate::findings::{Finding, FindingKind, Severity};

/// One finding for each column whose gaps mean that it does not apply.
pub(super) fn structural_findings(gaps: &Gaps, treatment: Treatment) -> Vec<Finding> {
    let has_gaps = |column: &usize| gaps.values().column(*column).iter().any(|value| value.is_nan());
    (0..gaps.n_features())
        .filter(|&column| gaps.is_structural(column))
        .filter(has_gaps)
        .map(|column| {
            let name = &gaps.names()[column];
            let sentence = format!(
                "A gap in `{name}` means that it does not apply, and {} acts as if it hid a value; use indicator for it.",
                treatment.word()
            );
            Finding::new(FindingKind::Unreliable, Severity::Warning, name, sentence)
        })
        .collect()
}
