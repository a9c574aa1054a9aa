//! Every source of a study, one after the other, into the typed table that all studies share.

use super::IntakeError;
use super::account::{IdentityAccount, SourceAccount};
use super::buffer::Buffered;
use super::cache::Cache;
use super::contract::{Answers, Bounds, Column, Contract, Kind, Promise, Tallied};
use super::corrections::{CorrectedRow, Corrections, CorrectionsFile};
use super::files::{self, Layout, Objects, SourceFile};
use super::folding::Folding;
use super::identity::{Alternative, Identity, KeyRule, Names};
use super::identity_files::{ACCOUNTS, PEOPLE};
use super::key_hash::KeyHash;
use super::ledger::{Ledger, Sink};
use super::lookup::{Crosswalk, Totals};
use super::progress::{Progress, Reporter};
use super::read::read_source;
use super::remote;
use super::table::{Table, TableWriter};
use super::time::Clock;
use crate::study::{
    Activity, AmountVia, Codes, Customers, Exposures, Feedback, Files, Invitations, Junctures, Key, KeyColumn, Level,
    Referrals, SourceContract, Study, Times, Transactions, Unfinished, Via,
};
use datafusion::arrow::array::{ArrayRef, Int64Array, StringArray, new_null_array};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

/// Where intake writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folders {
    /// For the typed tables; they are wanted until the run is over.
    pub work: PathBuf,
    /// For the rows put aside, which belong to the results.
    pub quarantine: PathBuf,
}

/// The typed tables. A source that the study does not have is a table without rows, so that one statement fits all.
#[derive(Debug, Clone, PartialEq)]
pub struct Tables {
    /// `row, response_id, customer, t, recommend`, the touchpoints, `weight, channel, wave, segment`, kept columns, and
    /// `person, account, parent` where the study has accounts and parents.
    pub feedback: Table,
    /// `customer, t, amount`, and `transaction_id`, `product`, `family`, `channel`, `returned`, `returned_t` where the study
    /// names them.
    pub transactions: Table,
    /// `referrer, referred, t, probability, channel`.
    pub referrals: Table,
    /// `customer, joined_t`, `valid_from`, `valid_to` and `churned_t` where the study names them, kept columns.
    pub customers: Table,
    /// `customer, t, kind, channel`, and `topic` and `rating` where the study names them.
    pub activity: Table,
    /// `customer, t, channel`, kept columns.
    pub invitations: Table,
    /// `customer, t, kind, known_t`; the only table with what lies after the study's date.
    pub junctures: Table,
    /// `customer, t, campaign`.
    pub exposures: Table,
}

/// What intake made of a study's sources.
#[derive(Debug, Clone, PartialEq)]
pub struct Intake {
    /// The typed tables.
    pub tables: Tables,
    /// What became of every row, by source in the order of reading.
    pub accounts: Vec<SourceAccount>,
    /// What the files of `[identity]` say, and what became of keys; nothing where the study says nothing of them.
    pub identity: Option<IdentityAccount>,
    /// The file of corrected rows beside the study, where there is one.
    pub corrections: Option<CorrectionsFile>,
    /// Corrected rows of sources that the study does not have.
    pub corrected_elsewhere: Vec<CorrectedRow>,
}

impl Intake {
    /// Reads all sources of a study.
    ///
    /// Text columns of the tables are Utf8, numbers Float64, instants Int64 in microseconds of UTC. The same files give the
    /// same bytes for any number of threads.
    ///
    /// # Errors
    /// Files that are missing, of the wrong kind or without a column that the study names; and output that cannot be
    /// written ([`IntakeError::is_output`]).
    pub fn run(study: &Study, folders: &Folders, progress: &dyn Fn(Progress)) -> Result<Self, IntakeError> {
        Self::run_cached(study, folders, &Cache::none(), progress)
    }

    /// The same with a cache: files of which it holds what became of their rows are not parsed. Nothing else changes.
    ///
    /// # Errors
    /// As [`Intake::run`]; a cache that is damaged or cannot be written is no error.
    pub fn run_cached(
        study: &Study,
        folders: &Folders,
        cache: &Cache,
        progress: &dyn Fn(Progress),
    ) -> Result<Self, IntakeError> {
        Self::run_corrected(study, folders, cache, &Corrections::of_study(study)?, progress)
    }

    /// The same with other corrections than those that lie beside the study.
    ///
    /// # Errors
    /// As [`Intake::run_cached`].
    pub fn run_corrected(
        study: &Study,
        folders: &Folders,
        cache: &Cache,
        corrections: &Corrections,
        progress: &dyn Fn(Progress),
    ) -> Result<Self, IntakeError> {
        let jobs = Job::all(study);
        let mut reading = Reading::new(study, folders, cache, corrections, progress, &jobs)?;
        let [feedback, transactions, referrals, customers, activity, invitations, junctures, exposures] = jobs;
        let tables = Tables {
            feedback: reading.table(feedback)?,
            transactions: reading.table(transactions)?,
            referrals: reading.table(referrals)?,
            customers: reading.table(customers)?,
            activity: reading.table(activity)?,
            invitations: reading.table(invitations)?,
            junctures: reading.table(junctures)?,
            exposures: reading.table(exposures)?,
        };
        cache.make_room();
        let identity = (study.identity != crate::study::Identity::default()).then(|| IdentityAccount {
            keys_folded_together: reading.accounts.iter().map(|account| account.keys_folded_together).sum(),
            ..reading.identity.account()
        });
        let read: BTreeSet<&str> = reading.accounts.iter().map(|account| account.source.as_str()).collect();
        let corrected_elsewhere = corrections.of_no_source(&read);
        let corrections = CorrectionsFile::of(study)?;
        Ok(Self { tables, accounts: reading.accounts, identity, corrections, corrected_elsewhere })
    }

    /// By which two runs are known to have used one salt; nothing where keys are not hashed.
    ///
    /// # Errors
    /// A salt that is not where the study says, or is too short.
    pub fn salt_fingerprint(study: &Study) -> Result<Option<String>, IntakeError> {
        Ok(key_hash(study)?.map(|own| own.fingerprint()))
    }

    /// Path and SHA-256 of every file of a study, by source, in the order in which they are read; no row is looked at.
    ///
    /// # Errors
    /// Files that are missing or cannot be read.
    pub fn fingerprints(study: &Study) -> Result<BTreeMap<String, Vec<(String, String)>>, IntakeError> {
        let mut all: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
        each_file(study, &Job::all(study), |source, named| {
            // What a server or a store would answer is not known without asking it: it counts as changed.
            let own = match named {
                Named::File(file) if file.layout != Layout::Postgres => (file.name.clone(), file.hashed()?.sha256),
                Named::File(file) => (file.name.clone(), String::new()),
                Named::Object(path) => (path.to_owned(), String::new()),
            };
            all.entry(source.to_owned()).or_default().push(own);
            Ok(())
        })?;
        Ok(all)
    }

    /// What became of all corrected rows, by source in the order of reading.
    pub fn corrected(&self) -> impl Iterator<Item = &CorrectedRow> {
        let counts = self.accounts.iter().filter_map(|account| account.corrections.as_ref());
        counts.flat_map(|counts| &counts.rows).chain(&self.corrected_elsewhere)
    }

    /// The account of a source, where it was read.
    pub fn account(&self, source: &str) -> Option<&SourceAccount> {
        self.accounts.iter().find(|account| account.source == source)
    }
}

/// A typed table to be made, and the files it is made from, where there are any.
struct Job<'s> {
    name: &'static str,
    files: Option<&'s Files>,
    fields: Vec<PlannedField>,
    unique: Option<&'static str>,
    distinct: Option<(&'static str, &'static str)>,
    /// Kept columns that become numbers where all their values are.
    numeric: Vec<String>,
    /// What is known where the rows are answers.
    answers: Option<AnswersPlan>,
    /// What says where a row's times are local, where that is not one zone for all of them.
    zone: Option<Column>,
}

/// What a study says about a source of answers beside its columns.
struct AnswersPlan {
    /// A column that is read and goes into no table.
    class: Option<Column>,
    unfinished: Unfinished,
}

/// One column of a typed table, and where it comes from.
struct PlannedField {
    name: String,
    data_type: DataType,
    origin: Origin,
}

enum Origin {
    /// A column of the files.
    Read(Box<Planned>),
    /// The number of the row among the used ones, from 0.
    RowNumber,
    /// A name made from the row's number, for a survey that knows no customers.
    RowAsCustomer,
    /// The last microsecond that the study sees, for a survey that knows no times.
    LastSeen,
    /// Nothing: the study names no column for it.
    Nothing,
}

/// A column of the files, before its lookups have been read.
struct Planned {
    column: Column,
    key: Option<Key>,
    amount_via: Option<(AmountVia, Bounds)>,
}

impl PlannedField {
    fn read(column: Column) -> Self {
        let data_type = match column.kind {
            Kind::Key(_) | Kind::Alternative | Kind::Unit(_) | Kind::Text | Kind::Promised(_) | Kind::Zone(_) => {
                DataType::Utf8
            }
            Kind::Number(_) | Kind::Answer(_) | Kind::Total(..) => DataType::Float64,
            Kind::Instant(_) => DataType::Int64,
        };
        let name = column.output.clone();
        Self { name, data_type, origin: Origin::Read(Box::new(Planned { column, key: None, amount_via: None })) }
    }

    fn made(name: &str, data_type: DataType, origin: Origin) -> Self {
        Self { name: name.to_owned(), data_type, origin }
    }

    fn customer(key: &Key, files: &Files) -> Self {
        Self::who("customer", "customer", key, files)
    }

    /// A column of keys, each of which must lead to somebody.
    fn who(output: &str, named_as: &'static str, key: &Key, files: &Files) -> Self {
        let input = key.alternatives.first().map_or("", |own| own.column.as_str());
        // Whom it leads to is known once the files have been read through which it does.
        let column = Column::new(output, named_as, input, Kind::Text).required().blank(&files.blank);
        let mut field = Self::read(column);
        if let Origin::Read(planned) = &mut field.origin {
            planned.key = Some(key.clone());
        }
        field
    }

    /// The person, the account or the parent to which the customer belongs.
    fn unit(level: Level, key: &Key) -> Self {
        let input = key.alternatives.first().map_or("", |own| own.column.as_str());
        Self::read(Column::new(level.word(), "customer", input, Kind::Unit(level)))
    }

    fn time(output: &str, key: &'static str, column: &str, clock: &Arc<Clock>, files: &Files) -> Self {
        Self::read(Column::new(output, key, column, Kind::Instant(Arc::clone(clock))).required().blank(&files.blank))
    }

    /// An instant that need not be there and may lie after what the study sees.
    fn later(output: &str, key: &'static str, column: &str, clock: &Arc<Clock>, files: &Files) -> Self {
        let kind = Kind::Instant(Arc::clone(clock));
        Self::read(Column::new(output, key, column, kind).may_be_later().blank(&files.blank))
    }

    fn text(output: &str, key: &'static str, column: Option<&String>, files: Option<&Files>) -> Self {
        match (column, files) {
            (Some(column), Some(files)) => Self::read(Column::new(output, key, column, Kind::Text).blank(&files.blank)),
            _ => Self::made(output, DataType::Utf8, Origin::Nothing),
        }
    }

    fn number(output: &str, key: &'static str, column: Option<&String>, bounds: Bounds, files: Option<&Files>) -> Self {
        match (column, files) {
            (Some(column), Some(files)) => {
                Self::read(Column::new(output, key, column, Kind::Number(bounds)).blank(&files.blank))
            }
            _ => Self::made(output, DataType::Float64, Origin::Nothing),
        }
    }

    /// A required column of a source that the study does not have.
    fn absent(name: &str, data_type: DataType) -> Self {
        Self::made(name, data_type, Origin::Nothing)
    }

    /// Who and when, which every table of events begins with.
    fn who_and_when(source: Option<(&Key, &str, &Files, &Arc<Clock>)>) -> Vec<Self> {
        match source {
            Some((key, time, files, clock)) => {
                vec![Self::customer(key, files), Self::time("t", "time", time, clock, files)]
            }
            None => vec![Self::absent("customer", DataType::Utf8), Self::absent("t", DataType::Int64)],
        }
    }
}

impl<'s> Job<'s> {
    fn all(study: &'s Study) -> [Self; 8] {
        let sources = &study.sources;
        let mut jobs = [
            Self::feedback(study, &sources.feedback),
            Self::transactions(sources.transactions.as_ref()),
            Self::referrals(sources.referrals.as_ref()),
            Self::customers(sources.customers.as_ref()),
            Self::activity(sources.activity.as_ref()),
            Self::invitations(sources.invitations.as_ref()),
            Self::junctures(sources.junctures.as_ref()),
            Self::exposures(sources.exposures.as_ref()),
        ];
        for (job, times) in jobs.iter_mut().zip(sources.times()) {
            job.zone = times.zip(job.files).and_then(|(times, files)| zone_column(times, files));
        }
        jobs
    }

    fn new(name: &'static str, files: Option<&'s Files>, fields: Vec<PlannedField>) -> Self {
        Self { name, files, fields, unique: None, distinct: None, numeric: Vec::new(), answers: None, zone: None }
    }

    fn feedback(study: &Study, feedback: &'s Feedback) -> Self {
        let files = &feedback.files;
        let some = Some(files);
        let clock = Arc::new(Clock::new(&feedback.times));
        let mut fields = vec![
            PlannedField::made("row", DataType::Int64, Origin::RowNumber),
            PlannedField::text("response_id", "id", feedback.id.as_ref(), some),
            match &feedback.customer {
                Some(key) => PlannedField::customer(key, files),
                None => PlannedField::made("customer", DataType::Utf8, Origin::RowAsCustomer),
            },
            match &feedback.time {
                Some(column) => PlannedField::time("t", "time", column, &clock, files),
                None => PlannedField::made("t", DataType::Int64, Origin::LastSeen),
            },
        ];
        fields.push(match &feedback.recommend {
            Some(column) => PlannedField::read(
                Column::new(
                    "recommend",
                    "recommend",
                    column,
                    Kind::Number(Bounds { min: 0.0, max: 10.0, whole: true }),
                )
                .blank(feedback.blank.of_recommend())
                .not_applicable(feedback.not_applicable.of_recommend()),
            ),
            None => PlannedField::made("recommend", DataType::Float64, Origin::Nothing),
        });
        for name in &study.drivers.touchpoints {
            fields.push(PlannedField::read(
                Column::new(name, "drivers.touchpoints", name, Kind::Number(Bounds::of(feedback.range_of(name))))
                    .blank(feedback.blank.of_touchpoint(name))
                    .not_applicable(feedback.not_applicable.of_touchpoint(name)),
            ));
        }
        for (touchpoint, name) in &study.drivers.expectations {
            let bounds = Bounds::of(feedback.range_of(touchpoint));
            fields.push(PlannedField::read(
                Column::new(name, "drivers.expectations", name, Kind::Number(bounds))
                    .blank(feedback.blank.of_touchpoint(touchpoint))
                    .not_applicable(feedback.not_applicable.of_touchpoint(touchpoint)),
            ));
        }
        let weights = Bounds { min: 0.0, ..Bounds::FREE };
        fields.push(PlannedField::number("weight", "weight", feedback.weight.as_ref(), weights, some));
        fields.push(PlannedField::text("channel", "channel", feedback.channel.as_ref(), some));
        fields.push(PlannedField::text("wave", "wave", feedback.wave.as_ref(), some));
        fields.push(PlannedField::text("segment", "segment", feedback.segment.as_ref(), some));
        fields.extend(feedback.keep.iter().map(|name| PlannedField::text(name, "keep", Some(name), some)));
        if let Some(key) = &feedback.customer {
            let levels = [Level::Person, Level::Account, Level::Parent];
            let known = study.identity.units();
            fields.extend(
                levels.iter().filter(|own| known.contains(&own.word())).map(|&own| PlannedField::unit(own, key)),
            );
        }
        let class = feedback.recommend_class.as_ref();
        let answers = AnswersPlan {
            class: class.map(|name| Column::new("", "recommend_class", name, Kind::Text).blank(&files.blank)),
            unfinished: feedback.unfinished,
        };
        Self {
            unique: feedback.id.is_some().then_some("response_id"),
            answers: Some(answers),
            ..Self::new("feedback", some, fields)
        }
    }

    fn transactions(source: Option<&'s Transactions>) -> Self {
        let files = source.map(|source| &source.files);
        let clock = source.map(|source| Arc::new(Clock::new(&source.times)));
        let mut fields = PlannedField::who_and_when(
            source
                .zip(clock.as_ref())
                .map(|(source, clock)| (&source.customer, source.time.as_str(), &source.files, clock)),
        );
        let min = source.and_then(|source| source.amount_min).unwrap_or(f64::MIN);
        let bounds = Bounds { min, ..Bounds::FREE };
        let mut amount =
            PlannedField::number("amount", "amount", source.and_then(|source| source.amount.as_ref()), bounds, files);
        if let Some(via) = source.and_then(|source| source.amount_via.as_ref()) {
            let column = Column::new("amount", "amount_via.key", &via.key, Kind::Number(bounds));
            let planned = Planned { column, key: None, amount_via: Some((via.clone(), bounds)) };
            amount.origin = Origin::Read(Box::new(planned));
        }
        fields.push(amount);
        let id = source.and_then(|source| source.id.as_ref());
        if id.is_some() {
            fields.push(PlannedField::text("transaction_id", "id", id, files));
        }
        if let (Some(source), Some(clock)) = (source, &clock) {
            for (name, column) in
                [("product", &source.product), ("family", &source.family), ("channel", &source.channel)]
            {
                fields.extend(column.as_ref().map(|column| PlannedField::text(name, name, Some(column), files)));
            }
            let flag = Bounds { min: 0.0, max: 1.0, whole: true };
            let returned = source.returned.as_ref();
            fields
                .extend(returned.map(|column| PlannedField::number("returned", "returned", Some(column), flag, files)));
            let returned_t = source.returned_time.as_ref();
            fields.extend(
                returned_t
                    .map(|column| PlannedField::later("returned_t", "returned_time", column, clock, &source.files)),
            );
        }
        Self { unique: id.is_some().then_some("transaction_id"), ..Self::new("transactions", files, fields) }
    }

    fn referrals(source: Option<&'s Referrals>) -> Self {
        let files = source.map(|source| &source.files);
        let bounds = Bounds { min: 0.0, max: 1.0, whole: false };
        let mut fields = match source {
            None => vec![
                PlannedField::absent("referrer", DataType::Utf8),
                PlannedField::absent("referred", DataType::Utf8),
                PlannedField::absent("t", DataType::Int64),
            ],
            Some(source) => {
                let clock = Arc::new(Clock::new(&source.times));
                let key = |named_as: &'static str, column: &str| {
                    PlannedField::who(named_as, named_as, &Key::column(column, source.customer_is), &source.files)
                };
                vec![
                    key("referrer", &source.referrer),
                    key("referred", &source.referred),
                    PlannedField::time("t", "time", &source.time, &clock, &source.files),
                ]
            }
        };
        let probability = source.and_then(|source| source.probability.as_ref());
        fields.push(PlannedField::number("probability", "probability", probability, bounds, files));
        fields.push(PlannedField::text("channel", "channel", source.and_then(|source| source.channel.as_ref()), files));
        Self { distinct: Some(("referrer", "referred")), ..Self::new("referrals", files, fields) }
    }

    fn customers(source: Option<&'s Customers>) -> Self {
        let files = source.map(|source| &source.files);
        let mut fields = match source {
            Some(source) => vec![PlannedField::customer(&source.customer, &source.files)],
            None => vec![PlannedField::absent("customer", DataType::Utf8)],
        };
        fields.push(match source.and_then(|source| source.joined.as_ref().map(|column| (source, column))) {
            Some((source, column)) => {
                let clock = Arc::new(Clock::new(&source.times));
                PlannedField::read(
                    Column::new("joined_t", "joined", column, Kind::Instant(clock)).blank(&source.files.blank),
                )
            }
            None => PlannedField::absent("joined_t", DataType::Int64),
        });
        if let Some(source) = source {
            let clock = Arc::new(Clock::new(&source.times));
            for (name, key, column) in [
                ("valid_from", "valid_from", &source.valid_from),
                ("valid_to", "valid_to", &source.valid_to),
                ("churned_t", "churned", &source.churned),
            ] {
                let column = column.as_ref();
                fields.extend(column.map(|column| PlannedField::later(name, key, column, &clock, &source.files)));
            }
        }
        let keep = source.map_or(&[][..], |source| &source.keep);
        fields.extend(keep.iter().map(|name| PlannedField::text(name, "keep", Some(name), files)));
        // With a time from which on it held, a customer has a row for every state.
        let once = source.is_none_or(|source| source.valid_from.is_none());
        Self { unique: once.then_some("customer"), numeric: keep.to_vec(), ..Self::new("customers", files, fields) }
    }

    fn activity(source: Option<&'s Activity>) -> Self {
        let files = source.map(|source| &source.files);
        let clock = source.map(|source| Arc::new(Clock::new(&source.times)));
        let mut fields = PlannedField::who_and_when(
            source
                .zip(clock.as_ref())
                .map(|(source, clock)| (&source.customer, source.time.as_str(), &source.files, clock)),
        );
        fields.push(PlannedField::text("kind", "kind", source.and_then(|source| source.kind.as_ref()), files));
        fields.push(PlannedField::text("channel", "channel", source.and_then(|source| source.channel.as_ref()), files));
        if let Some(source) = source {
            let topic = source.topic.as_ref();
            fields.extend(topic.map(|column| PlannedField::text("topic", "topic", Some(column), files)));
            let rating = source.rating.as_ref();
            let rating =
                rating.map(|column| PlannedField::number("rating", "rating", Some(column), Bounds::FREE, files));
            fields.extend(rating);
        }
        Self::new("activity", files, fields)
    }

    fn invitations(source: Option<&'s Invitations>) -> Self {
        let files = source.map(|source| &source.files);
        let clock = source.map(|source| Arc::new(Clock::new(&source.times)));
        let mut fields = PlannedField::who_and_when(
            source
                .zip(clock.as_ref())
                .map(|(source, clock)| (&source.customer, source.time.as_str(), &source.files, clock)),
        );
        fields.push(PlannedField::text("channel", "channel", source.and_then(|source| source.channel.as_ref()), files));
        let keep = source.map_or(&[][..], |source| &source.keep);
        fields.extend(keep.iter().map(|name| PlannedField::text(name, "keep", Some(name), files)));
        Self::new("invitations", files, fields)
    }

    fn junctures(source: Option<&'s Junctures>) -> Self {
        let files = source.map(|source| &source.files);
        let mut fields = match source {
            None => PlannedField::who_and_when(None),
            Some(source) => {
                let clock = Arc::new(Clock::new(&source.times));
                let kind = Kind::Instant(Arc::clone(&clock));
                let time = Column::new("t", "time", &source.time, kind).required().may_be_later();
                let known = source.known.as_ref();
                let known = known.map(|column| PlannedField::later("known_t", "known", column, &clock, &source.files));
                let mut fields = vec![
                    PlannedField::customer(&source.customer, &source.files),
                    PlannedField::read(time.blank(&source.files.blank)),
                ];
                fields.extend(known);
                fields
            }
        };
        fields.push(PlannedField::text("kind", "kind", source.map(|source| &source.kind), files));
        Self::new("junctures", files, fields)
    }

    fn exposures(source: Option<&'s Exposures>) -> Self {
        let files = source.map(|source| &source.files);
        let clock = source.map(|source| Arc::new(Clock::new(&source.times)));
        let mut fields = PlannedField::who_and_when(
            source
                .zip(clock.as_ref())
                .map(|(source, clock)| (&source.customer, source.time.as_str(), &source.files, clock)),
        );
        let campaign = source.and_then(|source| source.campaign.as_ref());
        fields.push(PlannedField::text("campaign", "campaign", campaign, files));
        Self::new("exposures", files, fields)
    }
}

/// What says where a row's times are local: a column of the files, or the names of the files.
fn zone_column(times: &Times, files: &Files) -> Option<Column> {
    match &times.zone_column {
        Some(column) => Some(Column::new("", "zone_column", column, Kind::Zone(Vec::new())).blank(&files.blank)),
        None if times.zone_by_file.is_empty() => None,
        None => Some(Column::new("", "zone", "", Kind::Zone(times.zone_by_file.clone()))),
    }
}

/// Every pattern of files that says a zone must find one, or a word was mistaken.
fn check_zones(source: &str, zone: &Column, found: &[SourceFile]) -> Result<(), IntakeError> {
    let Kind::Zone(by_file) = &zone.kind else { return Ok(()) };
    match by_file.iter().find(|own| !found.iter().any(|file| own.fits(&file.name))) {
        None => Ok(()),
        Some(own) => Err(IntakeError::ZoneForNoFile {
            source_name: source.to_owned(),
            pattern: own.pattern.clone(),
            there: found.iter().map(|file| file.name.as_str()).take(10).collect::<Vec<_>>().join(", "),
        }),
    }
}

/// Columns that are read for what the source promises of them alone.
fn promised(files: &Files) -> Vec<Column> {
    let contract = &files.contract;
    let promise = |name: &str| Promise {
        filled: contract.not_null.iter().any(|own| own == name),
        allowed: contract.allowed.get(name).map(|values| Codes::new(values.clone())),
        bounds: contract.ranges.get(name).map(|&range| Bounds::of(Some(range))),
    };
    let column =
        |name: &str| Column::new("", "contract", name, Kind::Promised(Arc::new(promise(name)))).blank(&files.blank);
    contract.columns().into_iter().map(column).collect()
}

/// Where the columns of some names stand among those that are read for a promise.
fn places_of_promised(columns: &[Column], names: &[String]) -> Vec<usize> {
    let is_promised = |column: &Column| matches!(column.kind, Kind::Promised(_));
    let place = |name: &String| columns.iter().position(|column| is_promised(column) && column.input == *name);
    names.iter().filter_map(place).collect()
}

/// Files through which keys lead, each read once however often it is named.
#[derive(Default)]
struct Lookups {
    crosswalks: Vec<(Via, Arc<Crosswalk>)>,
}

pub(super) struct Reading<'r> {
    study: &'r Study,
    folders: &'r Folders,
    cache: &'r Cache,
    corrections: &'r Corrections,
    reporter: Reporter<'r>,
    lookups: Lookups,
    pub(super) identity: Arc<Identity>,
    accounts: Vec<SourceAccount>,
}

fn key_hash(study: &Study) -> Result<Option<KeyHash>, IntakeError> {
    study.identity.hash.as_ref().map(KeyHash::read).transpose()
}

impl<'r> Reading<'r> {
    /// Finds all files first, so that a missing one is known before anything is read.
    fn new(
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

    fn table(&mut self, job: Job<'_>) -> Result<Table, IntakeError> {
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
        });
        let tallied = answers.and_then(|answers| {
            answers.class.and_then(|class| Some(Tallied { recommend: answers.recommend?, class: Some(class) }))
        });
        let (unique, distinct) = (job.unique.and_then(place_of), job.distinct);
        let distinct = distinct.and_then(|(first, second)| place_of(first).zip(place_of(second)));
        let class = job.answers.and_then(|plan| plan.class);
        let promised = job.files.into_iter().flat_map(promised);
        let columns: Vec<Column> = columns.into_iter().chain(class).chain(job.zone.clone()).chain(promised).collect();
        let together = job.files.map_or(&[][..], |files| &files.contract.unique);
        let contract = Contract {
            answers,
            tallied,
            identity: Arc::clone(&self.identity),
            source: job.name.to_owned(),
            unique,
            unique_together: places_of_promised(&columns, together),
            zone: columns.iter().position(|column| matches!(column.kind, Kind::Zone(_))),
            distinct,
            end_us: self.study.as_of.end_us(),
            columns,
        };
        let folder = self.folders.work.join(job.name);
        let schema = Arc::new(Schema::new(fields));
        let mut writer = TableWriter::create(&folder, schema, &job.numeric)?;
        let mut seen = Seen { n_rows: 0, first_t: None, last_t: None };
        let time = contract.columns.iter().position(|column| column.output == "t");
        if let Some(files) = job.files {
            let found = self.find(job.name, files)?;
            if let Some(zone) = &job.zone {
                check_zones(job.name, zone, &found)?;
            }
            let last_seen_us = contract.end_us - 1;
            let mut sink = |buffers: Vec<Buffered>, n_rows: usize| {
                seen.add_times(time.map(|at| &buffers[at]), n_rows);
                let arrays = arrays(&layout, buffers, n_rows, seen.n_rows, last_seen_us);
                seen.n_rows += n_rows as u64;
                writer.write(arrays)
            };
            self.read(&contract, files, &found, &mut sink)?;
            self.check_promises(job.name, &files.contract, seen.last_t)?;
        }
        let (part, schema) = writer.finish()?;
        Ok(Table {
            name: job.name.to_owned(),
            folder,
            parts: vec![part],
            schema,
            n_rows: seen.n_rows,
            first_t: seen.first_t,
            last_t: seen.last_t,
        })
    }

    /// What a source promises of all its rows.
    fn check_promises(&self, source: &str, contract: &SourceContract, last_t: Option<i64>) -> Result<(), IntakeError> {
        let Some(account) = self.accounts.last() else { return Ok(()) };
        let source_name = || source.to_owned();
        let n_rows = account.rows_read;
        let too_few = contract.rows_min.filter(|&min| n_rows < min).map(|min| (min, "rows_min"));
        let too_many = contract.rows_max.filter(|&max| n_rows > max).map(|max| (max, "rows_max"));
        if let Some((bound, key)) = too_few.or(too_many) {
            return Err(IntakeError::RowCount { source_name: source_name(), n_rows, bound, key });
        }
        let share = account.n_quarantined() as f64 / (n_rows as f64).max(1.0);
        if let Some(max) = contract.quarantine_max.filter(|&max| share > max) {
            let n_aside = account.n_quarantined();
            return Err(IntakeError::TooManyAside { source_name: source_name(), n_aside, n_rows, max });
        }
        if contract.quarantine_max.is_none() && n_rows > 0 && account.n_quarantined() == n_rows {
            return Err(IntakeError::AllAside { source_name: source_name(), n_rows, reasons: account.reasons() });
        }
        let oldest = |days: u32| self.study.as_of.end_us() - i64::from(days) * 86_400_000_000;
        if let (Some(days), Some(last)) = (contract.fresh_days, last_t)
            && last < oldest(days)
        {
            let last = jiff::Timestamp::from_microsecond(last).map_or_else(|_| last.to_string(), |own| own.to_string());
            return Err(IntakeError::Stale { source_name: source_name(), last, days });
        }
        Ok(())
    }

    pub(super) fn read(
        &mut self,
        contract: &Contract,
        files: &Files,
        found: &[SourceFile],
        sink: &mut Sink<'_>,
    ) -> Result<(), IntakeError> {
        let corrections = self.corrections.of_source(&contract.source);
        let ledger = Ledger::new(contract, corrections, &self.folders.quarantine, sink);
        let none = Cache::none();
        let cache = if contract.holds_secrets() { &none } else { self.cache };
        let cache = cache.of_source(contract, files);
        let account = read_source(files, found, &cache, &mut self.reporter, ledger)?;
        self.accounts.push(account);
        Ok(())
    }

    /// A column, and behind it those by which its customer may be known instead; the first will stand at `at` in the contract.
    fn with_lookups(&mut self, source: &str, planned: Planned, at: usize) -> Result<Vec<Column>, IntakeError> {
        let mut column = planned.column;
        if let Some((via, bounds)) = planned.amount_via {
            column.kind = Kind::Total(Arc::new(self.totals(source, &via)?), bounds);
        }
        let Some(key) = planned.key else { return Ok(vec![column]) };
        let mut alternatives = Vec::new();
        for (place, own) in key.alternatives.iter().enumerate() {
            let mut crosswalks = Vec::new();
            for (step, via) in key.via_of(own).iter().enumerate() {
                crosswalks.push(self.crosswalk(&via_name(source, own, place, step), via)?);
            }
            alternatives.push(Alternative { at: at + place, crosswalks });
        }
        column.kind = Kind::Key(KeyRule::new(alternatives, Names::Customer(key.is), &self.identity));
        let other = |own: &KeyColumn| Column::new("", column.key, &own.column, Kind::Alternative).blank(&column.blank);
        let others: Vec<Column> = key.alternatives.iter().skip(1).map(other).collect();
        Ok(std::iter::once(column).chain(others).collect())
    }

    fn crosswalk(&mut self, name: &str, via: &Via) -> Result<Arc<Crosswalk>, IntakeError> {
        if let Some((_, known)) = self.lookups.crosswalks.iter().find(|(known, _)| known == via) {
            return Ok(Arc::clone(known));
        }
        let mut crosswalk = Crosswalk::default();
        let step = |named_as: &'static str, column: &str| self.step(named_as, column, &via.files).required();
        let contract = self.lookup_contract(name, vec![step("from", &via.from), step("to", &via.to)]);
        let mut sink = |buffers: Vec<Buffered>, n_rows: usize| {
            (0..n_rows).for_each(|row| crosswalk.add(buffers[0].text(row), buffers[1].text(row)));
            Ok(())
        };
        let found = self.find(name, &via.files)?;
        self.read(&contract, &via.files, &found, &mut sink)?;
        let crosswalk = Arc::new(crosswalk);
        self.lookups.crosswalks.push((via.clone(), Arc::clone(&crosswalk)));
        Ok(crosswalk)
    }

    fn totals(&mut self, source: &str, via: &AmountVia) -> Result<Totals, IntakeError> {
        let name = format!("{source}.amount_via");
        let mut totals = Totals::new(via.aggregate);
        let contract = self.lookup_contract(
            &name,
            vec![
                Column::new("from", "from", &via.from, Kind::Key(KeyRule::something())).required(),
                Column::new("to", "to", &via.to, Kind::Number(Bounds::FREE)).required(),
            ],
        );
        let mut sink = |buffers: Vec<Buffered>, n_rows: usize| {
            (0..n_rows).for_each(|row| totals.add(buffers[0].text(row), buffers[1].number(row)));
            Ok(())
        };
        let found = self.find(&name, &via.files)?;
        self.read(&contract, &via.files, &found, &mut sink)?;
        Ok(totals)
    }

    pub(super) fn lookup_contract(&self, name: &str, columns: Vec<Column>) -> Contract {
        let end_us = self.study.as_of.end_us();
        Contract {
            source: name.to_owned(),
            columns,
            unique: None,
            unique_together: Vec::new(),
            zone: None,
            distinct: None,
            end_us,
            answers: None,
            tallied: None,
            identity: Arc::clone(&self.identity),
        }
    }
}

impl Job<'_> {
    fn planned(&self) -> impl Iterator<Item = &Planned> {
        self.fields.iter().filter_map(|field| match &field.origin {
            Origin::Read(planned) => Some(planned.as_ref()),
            _ => None,
        })
    }

    /// The files through which keys lead, with their names.
    fn vias(&self) -> Vec<(String, &Via)> {
        let keys = self.planned().filter_map(|planned| planned.key.as_ref());
        keys.flat_map(|key| {
            key.alternatives.iter().enumerate().flat_map(move |(place, own)| {
                key.via_of(own).iter().enumerate().map(move |(step, via)| (via_name(self.name, own, place, step), via))
            })
        })
        .collect()
    }

    fn amount_via(&self) -> Option<&AmountVia> {
        self.planned().find_map(|planned| planned.amount_via.as_ref()).map(|(via, _)| via)
    }
}

/// What a study names.
enum Named<'f> {
    File(&'f SourceFile),
    /// Objects of a store, by the path as written.
    Object(&'f str),
}

/// Visits the files of all sources, those through which keys lead included, each source once.
fn each_file(
    study: &Study,
    jobs: &[Job<'_>],
    mut visit: impl FnMut(&str, Named<'_>) -> Result<(), IntakeError>,
) -> Result<(), IntakeError> {
    let mut seen: Vec<&Via> = Vec::new();
    let mut add = |name: &str, files: &Files| -> Result<(), IntakeError> {
        let objects = files.path.iter().filter(|path| remote::is_remote(path));
        objects.map(|path| Named::Object(path)).try_for_each(|object| visit(name, object))?;
        files::find(name, files, Objects::Left)?.iter().try_for_each(|file| visit(name, Named::File(file)))
    };
    if let Some(people) = &study.identity.people {
        add(PEOPLE, &people.files)?;
    }
    if let Some(accounts) = &study.identity.accounts {
        add(ACCOUNTS, &accounts.files)?;
    }
    for job in jobs {
        for (name, via) in job.vias() {
            if !seen.contains(&via) {
                add(&name, &via.files)?;
                seen.push(via);
            }
        }
        if let Some(via) = job.amount_via() {
            add(&format!("{}.amount_via", job.name), &via.files)?;
        }
        if let Some(files) = job.files {
            add(job.name, files)?;
        }
    }
    Ok(())
}

/// A file through which a key leads, by where the study names it.
fn via_name(source: &str, alternative: &KeyColumn, place: usize, step: usize) -> String {
    match alternative.via {
        None => format!("{source}.customer_via[{step}]"),
        Some(_) => format!("{source}.customer[{place}].via[{step}]"),
    }
}

/// Where a column of a typed table comes from, once the files' columns are settled.
enum Place {
    Read(usize),
    RowNumber,
    RowAsCustomer,
    LastSeen,
    Nothing(DataType),
}

fn arrays(layout: &[Place], buffers: Vec<Buffered>, n_rows: usize, first_row: u64, last_seen_us: i64) -> Vec<ArrayRef> {
    let read: Vec<ArrayRef> = buffers.into_iter().map(Buffered::into_array).collect();
    let numbers = || first_row as i64..first_row as i64 + n_rows as i64;
    layout
        .iter()
        .map(|place| match place {
            Place::Read(at) => Arc::clone(&read[*at]),
            Place::RowNumber => Arc::new(Int64Array::from_iter_values(numbers())),
            Place::RowAsCustomer => Arc::new(StringArray::from_iter_values(numbers().map(|row| format!("row {row}")))),
            Place::LastSeen => Arc::new(Int64Array::from_value(last_seen_us, n_rows)),
            Place::Nothing(data_type) => new_null_array(data_type, n_rows),
        })
        .collect()
}

/// What has gone into a typed table.
struct Seen {
    n_rows: u64,
    first_t: Option<i64>,
    last_t: Option<i64>,
}

impl Seen {
    fn add_times(&mut self, times: Option<&Buffered>, n_rows: usize) {
        let Some(times) = times else { return };
        for us in (0..n_rows).filter_map(|row| times.instant(row)) {
            self.first_t = Some(self.first_t.map_or(us, |first| first.min(us)));
            self.last_t = Some(self.last_t.map_or(us, |last| last.max(us)));
        }
    }
}
