//! Every source of a study, one after the other, into the typed table that all studies share.

use super::IntakeError;
use super::account::{IdentityAccount, SourceAccount};
use super::cache::Cache;
use super::corrections::{CorrectedRow, Corrections, CorrectionsFile};
use super::files::Layout;
use super::job_files::{Named, each_file};
use super::jobs::Job;
use super::progress::Progress;
use super::reading::{Reading, key_hash};
use super::table::Table;
use crate::study::Study;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

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
    /// `customer, t, amount`, and `transaction_id`, `order_id`, `product`, `family`, `channel`, `returned`, `returned_t` where the study
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

impl Tables {
    /// All of them, in the order of reading.
    pub fn all(&self) -> [&Table; 8] {
        let Self { feedback, transactions, referrals, customers, activity, invitations, junctures, exposures } = self;
        [feedback, transactions, referrals, customers, activity, invitations, junctures, exposures]
    }
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
