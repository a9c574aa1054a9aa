//! Behind the last row of a source: its corrected rows, through the same check and into the same books.

use super::edit::{Edited, edit};
use super::verdict::{Problem, Verdict};
use super::waiting::HeldRow;
use crate::intake::IntakeError;
use crate::intake::check::Rejected;
use crate::intake::contract::Contract;
use crate::intake::files::{Layout, SourceFile};
use crate::intake::ledger::Ledger;
use crate::intake::masking;
use crate::intake::opened::{Opening, Reading};
use crate::intake::opened_text::{OpenedText, RowOfFile};
use crate::study::Files;
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// Takes the corrected rows of all files, in the order of the files and of their lines. They come behind all others, so that no
/// row that was used before is put aside for them. A row whose correction does not hold goes to quarantine as it stands in its file.
pub(in crate::intake) fn apply(
    found: &[SourceFile],
    files: &Files,
    ledger: &mut Ledger<'_, '_>,
) -> Result<(), IntakeError> {
    for file in found {
        let held = ledger.corrections.held(&file.name);
        if !held.is_empty() {
            of_file(Reading { file, files }, held, ledger)?;
        }
    }
    Ok(())
}

fn of_file(reading: Reading<'_>, held: Vec<HeldRow>, ledger: &mut Ledger<'_, '_>) -> Result<(), IntakeError> {
    let (file, contract): (_, &Contract) = (reading.file, ledger.contract);
    let opening = Opening { reading, contract, renames: &mut BTreeSet::new() };
    let mut text = match file.layout {
        Layout::Export(format, delimiter) => OpenedText::export(opening, format, delimiter)?,
        Layout::Separated(delimiter) => OpenedText::plain(opening, delimiter)?,
        // Rows of other layouts are not held.
        _ => return Ok(()),
    };
    let lines: BTreeSet<u64> = held.iter().map(|held| held.row.line).collect();
    let rows = text.rows_at(&lines)?;
    let key = |row: &RowOfFile| (row.line, masking::fingerprint(contract, &row.record));
    let rows: BTreeMap<(u64, String), RowOfFile> = rows.into_iter().map(|row| (key(&row), row)).collect();
    for HeldRow { row, corrections, aside } in held {
        let Some(of_file) = rows.get(&(row.line, row.fingerprint.clone())) else {
            let source = io::Error::other("it changed while it was read; run again");
            return Err(IntakeError::Unreadable { file: file.name.clone(), source });
        };
        let (changes, verdict) = match edit(&corrections, &aside, of_file, &text, contract) {
            Err(why) => (Vec::new(), Verdict::NotMade { why }),
            Ok(None) => (Vec::new(), Verdict::Unchanged),
            Ok(Some(Edited { text: own, changes })) => {
                let checked = text.check_text(&own, contract);
                let verdict = match checked.n_read {
                    1 => ledger.take_corrected(&file.name, row.line, checked)?,
                    n_rows => Verdict::NotMade { why: Problem::Rows(n_rows) },
                };
                (changes, verdict)
            }
        };
        if !verdict.is_accepted() {
            let aside: Rejected = aside;
            ledger.write_aside(&file.name, row.line, &aside)?;
        }
        ledger.corrections.judge(row, changes, verdict);
    }
    Ok(())
}
