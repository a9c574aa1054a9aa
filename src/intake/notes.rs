//! What must be known of a source's rows, beside their account, for its table to be used again.

use super::check::Checked;
use super::folding::Writing;
use super::sight::Sight;
use super::zones::NamedZones;
use std::collections::BTreeSet;

/// What was noted while the rows of a source were taken.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Notes {
    /// For which dates the same rows are seen.
    pub(super) sight: Sight,
    /// The zones that rows name.
    pub(super) zones: NamedZones,
    /// How keys were written, where keys are folded.
    pub(super) writings: Option<BTreeSet<Writing>>,
}

impl Notes {
    /// Notes a piece; `sight` is that of its rows.
    pub(super) fn add(&mut self, checked: &Checked, sight: Sight) {
        self.sight.merge(sight);
        self.zones.merge(&checked.zones);
        if let Some(writings) = &mut self.writings {
            writings.extend(checked.writings.iter().copied());
        }
    }
}
