//! All comparisons of segments of a study, read together.

use crate::drivers::segments;
use crate::findings::FindingKind;
use crate::report::{self, StudyResults};

/// Adjusts the comparisons of all outcomes and columns as one family, those of outcomes with a weak link left aside, as they are in the
/// report; the findings of the outcomes say what then differs.
pub(super) fn adjust(results: &mut StudyResults) {
    let weak: Vec<bool> = results.outcomes.iter().map(|outcome| report::is_weakly_linked(results, outcome)).collect();
    for (outcome, weak) in results.outcomes.iter_mut().zip(weak) {
        outcome.actions.segments.iter_mut().for_each(|own| own.table.is_weak |= weak);
    }
    segments::adjust(results.outcomes.iter_mut().flat_map(|own| &mut own.actions.segments).map(|own| &mut own.table));
    for outcome in &mut results.outcomes {
        let actions = &mut outcome.actions;
        actions.findings.retain(|finding| finding.kind != FindingKind::DriversDiffer);
        let of_tables = actions.segments.iter().flat_map(|own| &own.table.findings);
        let differing = of_tables.filter(|finding| finding.kind == FindingKind::DriversDiffer);
        actions.findings.extend(differing.cloned());
    }
}
