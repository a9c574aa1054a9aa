//! Corrected rows: rows that were put aside, set right by whoever knows better, and used in the place of those in the files.
//!
//! They come as quarantine wrote them, with a cell or the whole row changed (`correction`, `sheet`); those that were accepted
//! lie beside the study (`accepted`). While a source is read, the rows to which they belong are held back (`waiting`).
//! Behind its last row each is changed (`edit`) and goes through the same check and into the same books (`apply`), and there is a
//! `verdict` on it. A correction belongs to a row of a file of one content: what was corrected is known again by the
//! row's fingerprint, and what was accepted also by the hash of its file.

mod correction;
mod sheet;
mod verdict;

mod accepted;
mod apply;
mod edit;
mod waiting;

pub(super) use accepted::CORRECTIONS;
pub use accepted::{Corrections, CorrectionsFile};
pub(super) use apply::apply;
pub use correction::Correction;
pub use verdict::{Change, CorrectedRow, Problem, Verdict};
pub(super) use waiting::Waiting;

#[cfg(test)]
mod layout_tests;
#[cfg(test)]
mod tests;
