//! Between what an outcome can lie, which a line through the touchpoints does not know.

use crate::drivers::what_if::OutcomeEnds;
use crate::estimators::Family;
use crate::study::{Outcome, OutcomeKind};

/// The lowest and the highest of some values.
pub(super) fn seen(values: impl IntoIterator<Item = f64>) -> OutcomeEnds {
    let none = OutcomeEnds { low: f64::INFINITY, high: f64::NEG_INFINITY };
    values.into_iter().fold(none, |ends, value| OutcomeEnds { low: ends.low.min(value), high: ends.high.max(value) })
}

/// Between what predictions of an outcome should lie, beside what was seen of it; of a count no end is known but that nobody was seen
/// beyond the highest.
pub(super) fn of_predictions(outcome: &Outcome, seen: OutcomeEnds) -> OutcomeEnds {
    match outcome.family() {
        Family::Count => OutcomeEnds { high: seen.high, ..OutcomeEnds::default() },
        _ => of(outcome, seen),
    }
}

/// The ends of an outcome whose model is a line, beside what was seen of it; none for models that keep within theirs.
pub(super) fn of(outcome: &Outcome, seen: OutcomeEnds) -> OutcomeEnds {
    let endless = OutcomeEnds::default();
    if outcome.family() != Family::Linear {
        return endless;
    }
    match outcome.kind() {
        OutcomeKind::Recommend { .. } => OutcomeEnds { low: 0.0, high: 10.0 },
        OutcomeKind::Nps => OutcomeEnds { low: -100.0, high: 100.0 },
        // Where returns are taken off, a sum may lie below nothing.
        OutcomeKind::Spend { .. } => OutcomeEnds { low: seen.low.min(0.0), ..endless },
        _ => endless,
    }
}
