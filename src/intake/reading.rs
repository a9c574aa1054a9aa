//! A study being read: its sources one after the other, each into its typed table.

use super::IntakeError;
use super::account::SourceAccount;
use super::buffer::Buffered;
use super::cache::{Cache, Places, SourceCache, TableFacts};
use super::contract::{Answers, Column, Contract, Kind, PerUnit, Tallied, Together};
use super::corrections::Corrections;
use super::files::{self, Objects, SourceFile};
use super::folding::Folding;
use super::hash::HashedFile;
use super::identity::Identity;
use super::job_files::{Named, each_file};
use super::jobs::{AMOUNTS_MAX, Job, QUANTITY, TIME, amount_bounds};
use super::joined_time::TwoColumns;
use super::key_hash::KeyHash;
use super::ledger::{Closed, Ledger, Sink};
use super::lookup_files::Lookups;
use super::newest;
use super::notes::Notes;
use super::planned::Origin;
use super::progress::{Progress, Reporter};
use super::promises::{check_copies, check_promises, check_zones, excluding, promised, together};
use super::quarantine::Quarantine;
use super::read::read_source;
use super::sources::Folders;
use super::table::{Table, TableWriter, Written, part_of, schema_with_numbers};
use super::typed_rows::{Place, Seen, arrays};
use crate::study::{Files, Study};
use datafusion::arrow::datatypes::{Field, Schema, SchemaRef};
use rayon::prelude::*;
use std::path::PathBuf;
use std::sync::Arc;

/// The sources of a study on their way.
pub(super) struct Reading<'r> {
    pub(super) study: &'r Study,
    pub(super) folders: &'r Folders,
    pub(super) cache: &'r Cache,
    pub(super) corrections: &'r Corrections,
    pub(super) reporter: Reporter<'r>,
    pub(super) lookups: Lookups,
    pub(super) identity: Arc<Identity>,
    pub(super) accounts: Vec<SourceAccount>,
}

/// How keys are hashed, where they are.
pub(super) fn key_hash(study: &Study) -> Result<Option<KeyHash>, IntakeError> {
    study.identity.hash.as_ref().map(KeyHash::read).transpose()
}

impl<'r> Reading<'r> {
    /// Finds all files first, so that a missing one is known before anything is read.
    pub(super) fn new(
        study: &'r Study,
        folders: &'r Folders,
        cache: &'r Cache,
        corrections: &'r Corrections,
        progress: &'r dyn Fn(Progress),
        jobs: &[Job<'_>],
    ) -> Result<Self, IntakeError> {
        let stated = &study.identity;
        let identity = Identity::new(Folding::new(&stated.fold), stated.level, key_hash(study)?);
        let mut bytes_total = 0;
        each_file(study, jobs, |_, named| {
            if let Named::File(file) = named {
                bytes_total += file.n_bytes;
            }
            Ok(())
        })?;
        let reporter = Reporter { report: progress, bytes_done: 0, bytes_total };
        let identity = Arc::new(identity);
        let lookups = Lookups::default();
        let mut reading =
            Self { study, folders, cache, corrections, reporter, lookups, identity, accounts: Vec::new() };
        if let Some(file) = &stated.people {
            let people = reading.people(file)?;
            reading.identity = Arc::new(reading.identity.with_people(people));
        }
        if let Some(file) = &stated.accounts {
            let accounts = reading.accounts(file)?;
            reading.identity = Arc::new(reading.identity.with_accounts(accounts));
        }
        Ok(reading)
    }

    /// The files of a source; objects of stores are fetched for as long as the run lasts.
    pub(super) fn find(&self, name: &str, files: &Files) -> Result<Vec<SourceFile>, IntakeError> {
        files::find(name, files, Objects::Fetched(&self.folders.work.join("objects")))
    }

    /// The typed table of a source.
    pub(super) fn table(&mut self, job: Job<'_>) -> Result<Table, IntakeError> {
        let mut columns: Vec<Column> = Vec::new();
        let mut layout: Vec<Place> = Vec::new();
        let mut fields = Vec::new();
        for field in job.fields {
            let always = matches!(field.name.as_str(), "row" | "customer" | "referrer" | "referred" | "t");
            fields.push(Field::new(&field.name, field.data_type.clone(), !always));
            layout.push(match field.origin {
                Origin::Read(planned) => {
                    let at = columns.len();
                    columns.extend(self.with_lookups(job.name, *planned, at)?);
                    Place::Read(at)
                }
                Origin::RowNumber => Place::RowNumber,
                Origin::RowAsCustomer => Place::RowAsCustomer,
                Origin::LastSeen => Place::LastSeen,
                Origin::Nothing => Place::Nothing(field.data_type),
            });
        }
        let place_of = |name: &str| columns.iter().position(|column| column.output == name);
        let answers = job.answers.as_ref().map(|plan| Answers {
            recommend: place_of("recommend"),
            class: plan.class.as_ref().map(|_| columns.len()),
            unfinished: plan.unfinished,
            survey: plan.survey.clone(),
        });
        let tallied = answers.as_ref().and_then(|answers| {
            answers.class.and_then(|class| Some(Tallied { recommend: answers.recommend?, class: Some(class) }))
        });
        let (unique, distinct) = (job.unique.and_then(place_of), job.distinct);
        let distinct = distinct.and_then(|(first, second)| place_of(first).zip(place_of(second)));
        let class = job.answers.and_then(|plan| plan.class);
        let promised: Vec<Column> =
            job.files.into_iter().flat_map(promised).map(|own| own.with_codes_of(&columns)).collect();
        let more = class.into_iter().chain(job.zone.clone()).chain(job.beside);
        let excluding = job.files.into_iter().flat_map(excluding);
        let columns: Vec<Column> = columns.into_iter().chain(more).chain(promised).chain(excluding).collect();
        let quantity = columns.iter().position(|column| column.key == QUANTITY);
        let amount = columns.iter().position(|column| column.output == "amount");
        let clock = columns.iter().position(|column| column.key == TIME && column.output.is_empty());
        let date = columns.iter().position(|column| column.key == TIME && !column.output.is_empty());
        let time = date.zip(clock).map(|(date, clock)| TwoColumns { date, clock });
        let bounds = amount_bounds(self.study.sources.transactions.as_ref());
        let per_unit = amount.zip(quantity).map(|(amount, quantity)| PerUnit { amount, quantity, bounds });
        let together = job.files.map_or(Together::NOTHING, |files| together(&files.contract.unique, &columns));
        let contract = Contract {
            answers,
            tallied,
            identity: Arc::clone(&self.identity),
            source: job.name.to_owned(),
            unique,
            repeats: job.repeats,
            asks_for_versions: false,
            versions: Vec::new(),
            together,
            per_unit,
            time,
            zone: columns.iter().position(|column| matches!(column.kind, Kind::Zone(_))),
            distinct,
            end_us: self.study.as_of.end_us(),
            numerals: job.files.map(|files| files.numerals.clone()).unwrap_or_default(),
            columns,
        };
        let mut planned = PlannedTable {
            folder: self.folders.work.join(job.name),
            schema: Arc::new(Schema::new(fields)),
            layout,
            numeric: job.numeric,
            contract,
        };
        let Some(files) = job.files else { return planned.without_rows() };
        let found = self.find(job.name, files)?;
        planned.contract.asks_for_versions = newest::asks_for_marks(&found, &planned.contract);
        if let Some(zone) = &job.zone {
            check_zones(job.name, zone, &found)?;
        }
        let table = self.table_of(&planned, files, &found)?;
        if let Some(account) = self.accounts.last() {
            check_copies(account, &planned.contract, &found)?;
            check_promises(account, &self.study.as_of, &files.contract, table.last_t)?;
        }
        Ok(table)
    }

    /// The table of a source's files: from the cache where nothing of them has changed.
    fn table_of(&mut self, planned: &PlannedTable, files: &Files, found: &[SourceFile]) -> Result<Table, IntakeError> {
        let contract = &planned.contract;
        let whole = self.cache;
        let cache = whole.of_source(contract, files);
        // A table with corrected rows is made each time, of entries that hold what the files say.
        let is_corrected = self.corrections.of_source(&contract.source).has_any();
        let slot = if is_corrected { None } else { cache.table_slot(&planned.shape(), found) };
        let places = Places {
            table: part_of(&planned.folder),
            quarantine: Quarantine::files(&self.folders.quarantine, &contract.source),
        };
        if let Some(slot) = slot.as_ref().filter(|slot| slot.may_be_there()) {
            let hashed = found.par_iter().map(SourceFile::hashed).collect::<Result<Vec<HashedFile>, IntakeError>>()?;
            if let Some(finished) = slot.find(&hashed, contract.end_us) {
                let sha256 = finished.table_sha256();
                let (account, facts) = finished.take(&places, contract)?;
                cache.touch(found, &hashed);
                self.reporter.add(&contract.source, hashed.iter().map(|own| own.bytes).sum());
                self.accounts.push(account);
                return Ok(planned.table(facts, sha256));
            }
            cache.know(found, hashed);
        }
        let mut writer = planned.writer()?;
        let mut seen = Seen { n_rows: 0, first_t: None, last_t: None };
        let place_of = |name: &str| contract.columns.iter().position(|column| column.output == name);
        let (time, amount) = (place_of("t"), place_of("amount").filter(|_| contract.source == "transactions"));
        let mut amounts = 0.0;
        let mut sink = |buffers: Vec<Buffered>, n_rows: usize| {
            seen.add_times(time.map(|at| &buffers[at]), n_rows);
            amounts += amount.map_or(0.0, |at| total_of(&buffers[at], n_rows));
            let arrays = arrays(&planned.layout, buffers, n_rows, seen.n_rows, planned.last_seen_us());
            seen.n_rows += n_rows as u64;
            writer.write(arrays)
        };
        let notes = self.read_cached(contract, &cache, files, found, &mut sink)?;
        let Written { numbers, .. } = writer.finish()?;
        if amounts > AMOUNTS_MAX {
            return Err(IntakeError::AmountsTooLarge { sum: amounts, max: AMOUNTS_MAX });
        }
        let facts = TableFacts { n_rows: seen.n_rows, first_t: seen.first_t, last_t: seen.last_t, numbers };
        let kept = slot.zip(self.accounts.last());
        let sha256 = kept.and_then(|(slot, account)| slot.keep(account, &facts, &notes, &places));
        Ok(planned.table(facts, sha256))
    }

    /// Reads a source that becomes no table.
    pub(super) fn read(
        &mut self,
        contract: &Contract,
        files: &Files,
        found: &[SourceFile],
        sink: &mut Sink<'_>,
    ) -> Result<(), IntakeError> {
        let none = Cache::none();
        let cache = if contract.holds_secrets() { &none } else { self.cache };
        let cache = cache.of_source(contract, files);
        self.read_cached(contract, &cache, files, found, sink).map(|_| ())
    }

    fn read_cached(
        &mut self,
        contract: &Contract,
        cache: &SourceCache<'_>,
        files: &Files,
        found: &[SourceFile],
        sink: &mut Sink<'_>,
    ) -> Result<Notes, IntakeError> {
        let corrections = self.corrections.of_source(&contract.source);
        let ledger = Ledger::new(contract, corrections, &self.folders.quarantine, sink);
        let Closed { account, notes } = read_source(files, found, cache, &mut self.reporter, ledger)?;
        self.accounts.push(account);
        Ok(notes)
    }
}

/// The sum of a column's numbers without their signs.
fn total_of(numbers: &Buffered, n_rows: usize) -> f64 {
    (0..n_rows).map(|row| numbers.number(row).abs()).filter(|own| own.is_finite()).sum()
}

/// A typed table before its first row.
struct PlannedTable {
    folder: PathBuf,
    schema: SchemaRef,
    layout: Vec<Place>,
    /// Text columns that become numbers where all their values are.
    numeric: Vec<String>,
    contract: Contract,
}

impl PlannedTable {
    /// The last microsecond that the study sees.
    fn last_seen_us(&self) -> i64 {
        self.contract.end_us - 1
    }

    /// A word for what its columns are, beside what the contract says of them.
    fn shape(&self) -> String {
        let Self { folder: _, schema, layout, numeric, contract: _ } = self;
        // The study's date is in the rows of a survey that knows no times, and in no others.
        let date = layout.iter().any(|place| matches!(place, Place::LastSeen)).then(|| self.last_seen_us());
        format!("{schema:?} {layout:?} {numeric:?} {date:?}")
    }

    fn writer(&self) -> Result<TableWriter, IntakeError> {
        TableWriter::create(&self.folder, Arc::clone(&self.schema), &self.numeric, &self.contract.numerals)
    }

    fn without_rows(&self) -> Result<Table, IntakeError> {
        let Written { numbers, .. } = self.writer()?.finish()?;
        Ok(self.table(TableFacts { n_rows: 0, first_t: None, last_t: None, numbers }, None))
    }

    fn table(&self, facts: TableFacts, sha256: Option<String>) -> Table {
        let TableFacts { n_rows, first_t, last_t, numbers } = facts;
        Table {
            name: self.contract.source.clone(),
            folder: self.folder.clone(),
            parts: vec![part_of(&self.folder)],
            sha256,
            schema: schema_with_numbers(&self.schema, &numbers),
            n_rows,
            first_t,
            last_t,
        }
    }
}
