//! Behind the last row of a source: its corrected rows, through the same check and into the same books.

use super::correction::RowKey;
use super::edit::{Edited, Origin, WholeRows, edit};
use super::verdict::{Change, Problem, Verdict};
use super::waiting::HeldRow;
use crate::intake::IntakeError;
use crate::intake::amending::{Amending, Amendment, Standing};
use crate::intake::check::Checked;
use crate::intake::contract::Contract;
use crate::intake::files::{Layout, SourceFile};
use crate::intake::ledger::Ledger;
use crate::intake::long_tables;
use crate::intake::masking;
use crate::intake::opened::{Opening, Reading, selection};
use crate::intake::opened_text::{OpenedText, RowOfFile};
use crate::intake::pieces::{Pieces, Visit};
use crate::intake::rows::Recalled;
use crate::intake::separated;
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
        let account = ledger.account.files.iter().find(|own| own.path == file.name);
        let sha256 = account.map(|own| own.sha256.clone()).unwrap_or_default();
        let held = ledger.corrections.held(&file.name, &sha256);
        if !held.is_empty() {
            of_file(found, Reading { file, files }, &sha256, held, ledger)?;
        }
    }
    Ok(())
}

/// What is to be done with a row.
struct Decided {
    changes: Vec<Change>,
    outcome: Outcome,
}

enum Outcome {
    /// The check has seen it as it should be.
    Checked(Box<Checked>),
    Judged(Verdict),
}

/// Rows by their lines and fingerprints, with what is to be done with each.
type Decisions = BTreeMap<(u64, String), Decided>;

fn key_of(row: &RowKey) -> (u64, String) {
    (row.line, row.fingerprint.clone())
}

fn of_file(
    found: &[SourceFile],
    reading: Reading<'_>,
    sha256: &str,
    held: Vec<HeldRow>,
    ledger: &mut Ledger<'_, '_>,
) -> Result<(), IntakeError> {
    let (file, contract): (_, &Contract) = (reading.file, ledger.contract);
    let (stale, held): (Vec<HeldRow>, Vec<HeldRow>) = held.into_iter().partition(|own| own.is_stale);
    for HeldRow { row, aside, .. } in stale {
        ledger.write_aside(&file.name, row.line, &aside)?;
        ledger.corrections.judge(row, Vec::new(), Verdict::Stale);
    }
    if held.is_empty() {
        return Ok(());
    }
    let mut decisions = match file.layout {
        _ if long_tables::are_of(reading.files) => of_long_tables(found, reading, sha256, &held, contract)?,
        Layout::Export(..) | Layout::Separated(_) | Layout::Postgres => of_text(reading, sha256, &held, contract)?,
        _ => of_values(reading, &held, contract)?,
    };
    for HeldRow { row, aside, .. } in held {
        let Some(Decided { changes, outcome }) = decisions.remove(&key_of(&row)) else {
            if is_database(file) {
                ledger.write_aside(&file.name, row.line, &aside)?;
                ledger.corrections.judge(row, Vec::new(), Verdict::NotMade { why: Problem::Changed });
                continue;
            }
            let source = io::Error::other("it changed while it was read; run again");
            return Err(IntakeError::Unreadable { file: file.name.clone(), source });
        };
        let verdict = match outcome {
            Outcome::Judged(verdict) => verdict,
            Outcome::Checked(checked) if checked.n_read == 1 => {
                ledger.take_corrected(&file.name, row.line, *checked)?
            }
            Outcome::Checked(checked) => Verdict::NotMade { why: Problem::Rows(checked.n_read) },
        };
        if !verdict.is_accepted() {
            ledger.write_aside(&file.name, row.line, &aside)?;
        }
        ledger.corrections.judge(row, changes, verdict);
    }
    Ok(())
}

/// Whether the rows may be others than a moment ago though nobody touched a file.
fn is_database(file: &SourceFile) -> bool {
    matches!(file.layout, Layout::Postgres | Layout::Sqlite)
}

/// Rows of text, which is read as far as the last of them; what a server answers is read to its end, so that its hash is known.
fn of_text(
    reading: Reading<'_>,
    sha256: &str,
    held: &[HeldRow],
    contract: &Contract,
) -> Result<Decisions, IntakeError> {
    let opening = Opening { reading, contract, renames: &mut BTreeSet::new() };
    let mut text = match reading.file.layout {
        Layout::Export(format, delimiter) => OpenedText::export(opening, format, delimiter)?,
        Layout::Postgres => OpenedText::postgres(opening, &selection(reading.files))?,
        Layout::Separated(delimiter) => OpenedText::plain(opening, delimiter)?,
        // Others are no text.
        _ => return Ok(Decisions::new()),
    };
    let lines: BTreeSet<u64> = held.iter().map(|held| held.row.line).collect();
    let rows = text.rows_at(&lines)?;
    let key = |row: &RowOfFile| (row.line, masking::fingerprint(contract, &row.record));
    let rows: BTreeMap<(u64, String), RowOfFile> = rows.into_iter().map(|row| (key(&row), row)).collect();
    let mut decisions = Decisions::new();
    for own in held {
        let Some(of_file) = rows.get(&key_of(&own.row)) else { continue };
        let cell = |at: usize| of_file.cells.get(text.places.positions[at]).cloned();
        let cells_of = |record: &str| separated::decode(record, text.delimiter);
        let origin = Origin { places: &text.places, cell: &cell, whole: WholeRows::Text(&cells_of) };
        let decided = match edit(&own.corrections, &own.aside, &origin, contract) {
            Err(why) => Decided::judged(Verdict::NotMade { why }),
            Ok(None) => Decided::judged(Verdict::Unchanged),
            Ok(Some(Edited { amendment, changes })) => {
                let text_of_row = match amendment {
                    Amendment::Record(record) => record,
                    Amendment::Cells(amended) => {
                        let mut cells = of_file.cells.clone();
                        for (position, cell) in amended {
                            cells[position] = cell;
                        }
                        separated::encode(&cells.iter().map(String::as_bytes).collect(), text.delimiter)
                    }
                };
                Decided { changes, outcome: Outcome::Checked(Box::new(text.check_text(&text_of_row, contract))) }
            }
        };
        decisions.insert(key_of(&own.row), decided);
    }
    if reading.file.layout == Layout::Postgres && text.finish()?.sha256 != sha256 {
        return Ok(Decisions::new());
    }
    Ok(decisions)
}

/// Responses, as all tables make them; none of them is a text that could be given whole.
fn of_long_tables(
    found: &[SourceFile],
    reading: Reading<'_>,
    sha256: &str,
    held: &[HeldRow],
    contract: &Contract,
) -> Result<Decisions, IntakeError> {
    let opening = Opening { reading, contract, renames: &mut BTreeSet::new() };
    let decided = long_tables::revisit(found, opening, sha256, Amend { held, contract, is_text: false })?;
    Ok(decided.unwrap_or_default())
}

/// Rows of all other layouts, piece by piece as far as the last of them.
fn of_values(reading: Reading<'_>, held: &[HeldRow], contract: &Contract) -> Result<Decisions, IntakeError> {
    let opening = Opening { reading, contract, renames: &mut BTreeSet::new() };
    let is_text = reading.file.layout == Layout::JsonLines;
    Ok(opening.visit(Amend { held, contract, is_text })?.out)
}

/// Looks for rows and has them checked as they should be.
struct Amend<'a> {
    held: &'a [HeldRow],
    contract: &'a Contract,
    /// Whether a row is a text that can be given whole.
    is_text: bool,
}

impl Amend<'_> {
    /// What should be otherwise in a row that was found; what is decided of it without a check goes to the decisions.
    fn decide(&self, standing: &Standing<'_>, decisions: &mut Decisions) -> Option<Amendment> {
        let key = (standing.line, masking::fingerprint(self.contract, &standing.record));
        let own = self.held.iter().find(|own| key_of(&own.row) == key)?;
        // Which cells a row given whole has is known when it is read.
        let no_cells = |_: &str| Vec::new();
        let whole = if self.is_text { WholeRows::Text(&no_cells) } else { WholeRows::No };
        let origin = Origin { places: standing.places, cell: standing.cell, whole };
        let (decided, amendment) = match edit(&own.corrections, &own.aside, &origin, self.contract) {
            Err(why) => (Decided::judged(Verdict::NotMade { why }), None),
            Ok(None) => (Decided::judged(Verdict::Unchanged), None),
            Ok(Some(Edited { amendment, changes })) => {
                // Stands until the check has seen it.
                let outcome = Outcome::Judged(Verdict::NotMade { why: Problem::Rows(0) });
                (Decided { changes, outcome }, Some(amendment))
            }
        };
        decisions.insert(key, decided);
        amendment
    }
}

impl Visit for Amend<'_> {
    type Out = Decisions;

    fn visit<P, N, C, R, A, B>(self, pieces: Pieces<N, C, R, A, B>) -> Result<Decisions, IntakeError>
    where
        P: Send + Sync,
        N: FnMut() -> Result<Option<P>, IntakeError> + Send,
        C: Fn(&P) -> Result<Checked, IntakeError> + Sync,
        R: Fn(&P, &[usize]) -> Vec<Recalled> + Sync,
        A: Fn(&P, &mut Amending<'_>) -> Result<(), IntakeError>,
        B: Fn(&P) -> u64,
    {
        let Pieces { mut next, amend, first_line, .. } = pieces;
        let lines: BTreeSet<u64> = self.held.iter().map(|own| own.row.line).collect();
        let last = lines.last().copied().unwrap_or(0);
        let mut decisions = Decisions::new();
        let mut decide = |standing: Standing<'_>| self.decide(&standing, &mut decisions);
        let mut asked =
            Amending { lines: &lines, first_line, decide: &mut decide, checked: Vec::new(), records: Vec::new() };
        while asked.first_line <= last
            && let Some(piece) = next()?
        {
            amend(&piece, &mut asked)?;
        }
        let checked = asked.checked;
        for (line, checked) in checked {
            // No two rows begin in one line.
            if let Some((_, own)) = decisions.iter_mut().find(|((own, _), _)| *own == line) {
                own.outcome = Outcome::Checked(Box::new(checked));
            }
        }
        Ok(decisions)
    }
}

impl Decided {
    fn judged(verdict: Verdict) -> Self {
        Self { changes: Vec::new(), outcome: Outcome::Judged(verdict) }
    }
}
