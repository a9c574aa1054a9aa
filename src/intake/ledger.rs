//! What has become of a source's rows so far: rows are counted, repeats are put aside, and the rest is handed on.

use super::IntakeError;
use super::account::{CellCounts, Exclusion, FileAccount, Reason, SourceAccount};
use super::buffer::{Buffered, State};
use super::check::{Checked, Rejected};
use super::contract::{Contract, Together};
use super::corrections::{Verdict, Waiting};
use super::exports::{AnswerCheck, AnswerTally};
use super::files::SourceFile;
use super::fingerprints::Fingerprints;
use super::masking;
use super::newest::Newest;
use super::notes::Notes;
use super::opened::refused;
use super::quarantine::Quarantine;
use super::rows::Recalled;
use super::zones::ClockChange;
use std::collections::BTreeSet;
use std::path::Path;

/// Rows whose ids are looked up together: as many as memory can fetch at once, several times over.
const LOOKED_UP_ROWS: usize = 64;

/// Takes the used rows of one run: their columns in the contract's order, and their number.
pub(super) type Sink<'s> = dyn FnMut(Vec<Buffered>, usize) -> Result<(), IntakeError> + Send + 's;

/// How far a file has been taken.
pub(super) struct Run<'f> {
    pub(super) file: &'f str,
    /// The line, or row, that the next run of rows begins with.
    pub(super) first_line: u64,
    pub(super) n_rows: u64,
}

/// Rows of one piece that go to quarantine.
#[derive(Debug)]
pub(super) struct Aside {
    /// The line, or row, with which the piece begins.
    first_line: u64,
    rejected: Vec<Rejected>,
    /// Rows that repeat an earlier one, of which only the place is known.
    repeats: Vec<Repeat>,
}

/// A row that repeats an earlier one.
#[derive(Debug)]
struct Repeat {
    place: usize,
    reason: Reason,
    /// The column, or the columns, that it has in common with the earlier one; nothing where it is all of them.
    column: Option<String>,
    /// The id that was there before; nothing where it is several cells.
    raw: String,
    /// What may be shown of it, where that is not the row as it stands in the file.
    record: Option<String>,
}

impl Aside {
    /// Where in the piece the rows stand that must be found again before anything can be written.
    pub(super) fn places(&self) -> impl Iterator<Item = usize> {
        self.repeats.iter().map(|repeat| repeat.place)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rejected.is_empty() && self.repeats.is_empty()
    }
}

/// The closed books of a source.
pub(super) struct Closed {
    pub(super) account: SourceAccount,
    pub(super) notes: Notes,
}

/// Counts rows, puts repeats aside, and hands the rest on.
pub(super) struct Ledger<'c, 's> {
    pub(super) contract: &'c Contract,
    pub(super) account: SourceAccount,
    pub(super) corrections: Waiting,
    pub(super) notes: Notes,
    quarantine: Quarantine,
    /// Which of several rows with one id stands, where that is not the first.
    pub(super) newest: Newest,
    /// Fingerprints of the ids of used rows.
    seen: Fingerprints,
    /// Fingerprints of the columns that together must not occur twice.
    seen_together: Fingerprints,
    /// Answers of the file and the classes beside them.
    tally: AnswerTally,
    sink: &'c mut Sink<'s>,
}

impl<'c, 's> Ledger<'c, 's> {
    pub(super) fn new(contract: &'c Contract, corrections: Waiting, quarantine: &Path, sink: &'c mut Sink<'s>) -> Self {
        let mut account = SourceAccount::new(contract.source.clone());
        for column in &contract.columns {
            if !column.required && !column.output.is_empty() {
                account.cells.insert(column.output.clone(), CellCounts::default());
            }
        }
        Self {
            contract,
            account,
            corrections,
            notes: Notes { writings: (!contract.identity.folding.is_none()).then(BTreeSet::new), ..Notes::default() },
            quarantine: Quarantine::new(quarantine, &contract.source),
            newest: Newest::default(),
            seen: Fingerprints::default(),
            seen_together: Fingerprints::default(),
            tally: AnswerTally::default(),
            sink,
        }
    }

    /// Takes the next piece of a file but for the rows that go to quarantine.
    pub(super) fn take(&mut self, run: &mut Run<'_>, mut checked: Checked) -> Result<Aside, IntakeError> {
        if run.n_rows == 0 && checked.first_time_has_no_zone == Some(true) {
            return Err(self.no_zone(run, &checked));
        }
        let sight = checked.leave_out_later(self.contract);
        self.notes.add(&checked, sight);
        let repeats = self.take_out_repeats(&mut checked);
        checked.leave_out_excluded(self.contract);
        for (&column, overruled) in &checked.overruled {
            let column = &self.contract.columns[column].input;
            self.account.count_overruled(run.file, run.first_line, column, overruled);
        }
        let aside = Aside { first_line: run.first_line, rejected: std::mem::take(&mut checked.rejected), repeats };
        run.n_rows += checked.n_read;
        run.first_line += checked.n_lines;
        self.account.rows_read += checked.n_read;
        for (&exclusion, n) in &checked.excluded {
            *self.account.rows_excluded.entry(exclusion).or_default() += n;
        }
        self.tally.merge(&checked.tally);
        self.account.rows_used += checked.n_used as u64;
        for changed in &checked.changed_times {
            let column = &self.contract.columns[changed.column];
            let counts = self.account.clock_changes.entry(column.output.clone()).or_default();
            counts.column.clone_from(&column.input);
            match changed.change {
                ClockChange::Skipped => counts.skipped += 1,
                ClockChange::Repeated => counts.repeated += 1,
            }
        }
        for (column, buffered) in self.contract.columns.iter().zip(&checked.columns) {
            if let Some(counts) = self.account.cells.get_mut(&column.output) {
                let count = |wanted| buffered.states().iter().filter(|&&state| state == wanted).count() as u64;
                counts.blank += count(State::Blank);
                counts.not_applicable += count(State::NotApplicable);
            }
        }
        self.contract.account_for_keys(&checked, &mut self.account);
        (self.sink)(checked.columns, checked.n_used)?;
        Ok(aside)
    }

    /// Writes the rows of a piece that go to quarantine; `recalled` are those at its [`Aside::places`].
    pub(super) fn put_aside(
        &mut self,
        file: &str,
        aside: Aside,
        recalled: impl IntoIterator<Item = Recalled>,
    ) -> Result<(), IntakeError> {
        let Aside { first_line, mut rejected, repeats } = aside;
        if !repeats.is_empty() {
            rejected.extend(repeats.into_iter().zip(recalled).map(|(repeat, Recalled { line, record })| Rejected {
                line,
                column: repeat.column,
                reason: repeat.reason,
                raw: repeat.raw,
                fingerprint: masking::fingerprint(self.contract, &record),
                record: repeat.record.unwrap_or(record),
            }));
            rejected.sort_by_key(|row| row.line);
        }
        for row in rejected {
            let line = first_line + row.line;
            if let Some(row) = self.corrections.hold(file, line, row) {
                self.write_aside(file, line, &row)?;
            }
        }
        Ok(())
    }

    /// Writes a row that goes to quarantine.
    pub(super) fn write_aside(&mut self, file: &str, line: u64, row: &Rejected) -> Result<(), IntakeError> {
        // Where keys are hashed any cell may hold one, as where columns are shifted: messages show none.
        let raw = if self.contract.identity.hash.is_some() { "" } else { &row.raw };
        self.account.count_aside(file, line, row.reason, row.column.as_deref(), raw);
        self.quarantine.add(file, line, row)
    }

    /// Takes what the check made of a corrected row, and says what became of it; one that is refused again is left to the caller.
    pub(super) fn take_corrected(
        &mut self,
        file: &str,
        line: u64,
        mut checked: Checked,
    ) -> Result<Verdict, IntakeError> {
        // The row was counted, and its answer held against its class, when it was read.
        checked.n_read = 0;
        checked.tally = AnswerTally::default();
        let (used, excluded) = (self.account.rows_used, self.account.rows_excluded.clone());
        let mut run = Run { file, first_line: line, n_rows: 1 };
        let Aside { rejected, repeats, .. } = self.take(&mut run, checked)?;
        if let Some(Rejected { reason, column, raw, .. }) = rejected.into_iter().next() {
            return Ok(Verdict::Refused { reason, column, raw });
        }
        if let Some(Repeat { reason, column, raw, .. }) = repeats.into_iter().next() {
            return Ok(Verdict::Refused { reason, column, raw });
        }
        let counts = self.account.corrections.get_or_insert_default();
        if self.account.rows_used > used {
            counts.used += 1;
            return Ok(Verdict::Used);
        }
        counts.excluded += 1;
        let is_new = |(reason, n): &(&Exclusion, &u64)| excluded.get(reason).is_none_or(|before| before < n);
        let reason = self.account.rows_excluded.iter().find(is_new).map_or(Exclusion::AfterAsOf, |(reason, _)| *reason);
        Ok(Verdict::Excluded { reason })
    }

    /// Accounts for a file that has been taken to its end.
    pub(super) fn close_file(&mut self, file: &SourceFile, account: FileAccount) -> Result<(), IntakeError> {
        self.account.files.push(account);
        self.judge_answers(file)
    }

    /// Closes the books of the source.
    pub(super) fn finish(self) -> Result<Closed, IntakeError> {
        self.quarantine.finish()?;
        let mut account = self.account;
        account.remarks.extend(self.contract.excludes_nothing(&account));
        let rows = self.corrections.into_judged();
        if !rows.is_empty() {
            account.corrections.get_or_insert_default().note(rows);
        }
        Ok(Closed { account, notes: self.notes })
    }

    /// Holds a file's answers against the classes beside them.
    fn judge_answers(&mut self, file: &SourceFile) -> Result<(), IntakeError> {
        let tally = std::mem::take(&mut self.tally);
        let answers = self.contract.answers.as_ref().and_then(|answers| answers.recommend);
        let Some(column) = answers.map(|at| self.contract.columns[at].input.as_str()) else { return Ok(()) };
        let (checked, disagreeing) =
            match tally.check(column).map_err(|problem| refused(file, &self.contract.source, problem))? {
                AnswerCheck::Sound { n_checked } => (n_checked, 0),
                AnswerCheck::ClassDisagrees { n_checked, n_disagreeing } => (n_checked, n_disagreeing),
                AnswerCheck::PerhapsShifted { n_eleven } => {
                    self.account.remarks.push(format!(
                        "`{}`: {n_eleven} answers in `{column}` are 11 and none is 0: they may be codes from 1 to 11",
                        file.name
                    ));
                    (0, 0)
                }
            };
        if checked > 0 {
            let classes = self.account.classes.get_or_insert_default();
            classes.checked += checked;
            classes.disagreeing += disagreeing;
        }
        Ok(())
    }

    fn take_out_repeats(&mut self, checked: &mut Checked) -> Vec<Repeat> {
        let contract = self.contract;
        let mut kept = Vec::with_capacity(checked.n_used);
        let mut repeats = Vec::new();
        for (row, origin) in checked.origins.iter().enumerate() {
            if row % LOOKED_UP_ROWS == 0 {
                let next = &checked.origins[row..checked.origins.len().min(row + LOOKED_UP_ROWS)];
                self.seen.approach(next.iter().filter_map(|origin| origin.id));
                self.seen_together.approach(next.iter().filter_map(|origin| origin.together));
            }
            let place = origin.place;
            let shown = || masking::record_of_used(contract, &checked.columns, row);
            if let (Some(id), Some(unique)) = (origin.id, contract.unique)
                && self.newest.passes_over(id)
            {
                let raw = checked.columns[unique].text(row).to_owned();
                let column = Some(contract.columns[unique].input.clone());
                repeats.push(Repeat { place, reason: Reason::Duplicate, column, raw, record: shown() });
                continue;
            }
            let is_together = origin.together.is_some_and(|together| !self.seen_together.insert(together));
            let is_id = origin.id.is_some_and(|id| !self.seen.insert(id));
            // What a row that is put aside would have taken is still free.
            if is_together && !is_id {
                origin.id.into_iter().for_each(|id| self.seen.remove(id));
            } else if is_id && !is_together {
                origin.together.into_iter().for_each(|own| self.seen_together.remove(own));
            }
            // A row that comes twice has its id twice too, which says less.
            let is_row = is_together && contract.together == Together::Row;
            if is_row {
                let reason = Reason::RepeatedRow;
                repeats.push(Repeat { place, reason, column: None, raw: String::new(), record: shown() });
            } else if is_id {
                let at = contract.unique.unwrap_or(0);
                let raw = checked.columns[at].text(row).to_owned();
                let column = Some(contract.columns[at].input.clone());
                repeats.push(Repeat { place, reason: Reason::Duplicate, column, raw, record: shown() });
            } else if let (true, Together::Columns(columns)) = (is_together, &contract.together) {
                let names = columns.iter().map(|&at| contract.columns[at].input.as_str());
                let column = Some(names.collect::<Vec<_>>().join(", "));
                repeats.push(Repeat { place, reason: Reason::Duplicate, column, raw: String::new(), record: shown() });
            } else {
                kept.push(row);
            }
        }
        if !repeats.is_empty() {
            checked.keep(&kept);
        }
        repeats
    }

    fn no_zone(&self, run: &Run<'_>, checked: &Checked) -> IntakeError {
        let row = checked.rejected.iter().find(|row| row.reason == Reason::NoZone);
        IntakeError::NoZone {
            file: run.file.to_owned(),
            source_name: self.contract.source.clone(),
            line: run.first_line + row.map_or(0, |row| row.line),
            column: row.and_then(|row| row.column.clone()).unwrap_or_default(),
            text: row.map(|row| row.raw.clone()).unwrap_or_default(),
        }
    }
}
