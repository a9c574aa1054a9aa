//! The file format of an entry: `entry.json`, and for each part `part-00000.parquet` with the typed columns of its used rows
//! and `part-00000.json` with everything else. A part holds the pieces that were checked together.

use super::zone_record::ZoneRecord;
use crate::intake::account::Exclusion;
use crate::intake::check::{ChangedTime, Checked, Overruled, Rejected};
use crate::intake::exports::AnswerTally;
use crate::intake::folding::Writing;
use crate::intake::hash::FileHash;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Changes whenever the format of an entry does, or anything in the code that makes other rows of the same file and contract.
pub(super) const FORMAT_VERSION: u32 = 8;

/// The file that makes a folder an entry.
pub(super) const ENTRY: &str = "entry.json";

/// `entry.json`, behind a line with the SHA-256 of the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct EntryRecord {
    pub(super) format_version: u32,
    pub(super) bytes: u64,
    pub(super) sha256: String,
    pub(super) rows_read: u64,
    /// The line, or row, with which the first piece begins.
    pub(super) first_line: u64,
    /// Columns that the study renames and the file has.
    pub(super) renames: BTreeSet<String>,
    /// What was known of the zones that the rows name.
    pub(super) zones: ZoneRecord,
    pub(super) parts: Vec<PartRecord>,
}

/// One part of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::intake) struct PartRecord {
    /// SHA-256 of the Parquet file; nothing where no column has values.
    pub(super) typed_sha256: Option<String>,
    /// SHA-256 of the JSON file.
    pub(super) pieces_sha256: String,
}

/// One piece: what was checked, but for the typed columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PieceRecord {
    pub(super) n_used: usize,
    pub(super) n_read: u64,
    pub(super) n_lines: u64,
    pub(super) first_time_has_no_zone: Option<bool>,
    pub(super) excluded: BTreeMap<Exclusion, u64>,
    /// Nothing where no answer was counted.
    pub(super) tally: Option<AnswerTally>,
    pub(super) rejected: Vec<Rejected>,
    /// How its keys were written, where keys are folded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) writings: Vec<Writing>,
    /// Times of used rows to which a change of the clocks did something.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) changed_times: Vec<ChangedTime>,
    /// Sound rows that their folder overrules, by column of the contract.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) overruled: BTreeMap<usize, Overruled>,
}

impl PieceRecord {
    pub(super) fn of(checked: &Checked) -> Self {
        Self {
            n_used: checked.n_used,
            n_read: checked.n_read,
            n_lines: checked.n_lines,
            first_time_has_no_zone: checked.first_time_has_no_zone,
            excluded: checked.excluded.clone(),
            tally: Some(checked.tally.clone()).filter(|tally| *tally != AnswerTally::default()),
            rejected: checked.rejected.clone(),
            writings: checked.writings.clone(),
            changed_times: checked.changed_times.clone(),
            overruled: checked.overruled.clone(),
        }
    }
}

/// The names of a part's files.
pub(super) fn typed_name(part: usize) -> String {
    format!("part-{part:05}.parquet")
}

pub(super) fn pieces_name(part: usize) -> String {
    format!("part-{part:05}.json")
}

/// The name of a column of the contract in a part, and of the one that tells which of its gaps are "does not apply".
pub(super) fn column_name(at: usize) -> String {
    format!("{at}")
}

pub(super) fn not_applicable_name(at: usize) -> String {
    format!("{at} not applicable")
}

/// The column that says where in its piece a row stands.
pub(super) const PLACE: &str = "place";

/// The columns with the two halves of the fingerprint of what together must not occur twice.
pub(super) const TOGETHER: [&str; 2] = ["together high", "together low"];

/// A record with its SHA-256 in a line before it.
pub(super) fn sealed(json: &str) -> String {
    format!("{}\n{json}\n", hash(json.as_bytes()))
}

/// The record that was sealed; nothing where it is not as it was.
pub(super) fn unsealed(text: &str) -> Option<&str> {
    let (own_hash, json) = text.split_once('\n')?;
    let json = json.strip_suffix('\n')?;
    (hash(json.as_bytes()) == own_hash).then_some(json)
}

/// The SHA-256 of bytes.
pub(super) fn hash(bytes: &[u8]) -> String {
    let mut hash = FileHash::default();
    hash.update(bytes);
    hash.finish()
}
