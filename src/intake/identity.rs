//! From a written key to the customer: folded, led through files, brought to the level at which behaviour is linked, and
//! hashed.

use super::account::{AccountCounts, IdentityAccount, PeopleCounts, Reason};
use super::addresses;
use super::folding::{Folding, Writing, Writings};
use super::key_hash::KeyHash;
use super::lookup::{Crosswalk, Lookup};
use super::people::{Accounts, People, Person};
use crate::study::Level;
use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

/// What the keys of all sources have in common.
#[derive(Debug, Clone, Default)]
pub(super) struct Identity {
    pub(super) folding: Folding,
    pub(super) people: Option<Arc<People>>,
    pub(super) accounts: Option<Arc<Accounts>>,
    pub(super) level: Level,
    pub(super) hash: Option<KeyHash>,
    /// Shared by all sources: how keys were written so far.
    writings: Arc<Mutex<Writings>>,
}

impl Identity {
    pub(super) fn new(folding: Folding, level: Level, hash: Option<KeyHash>) -> Self {
        Self { folding, level, hash, ..Self::default() }
    }

    /// The same, with a file of people.
    pub(super) fn with_people(&self, people: People) -> Self {
        Self { people: Some(Arc::new(people)), ..self.clone() }
    }

    /// The same, with a file of accounts.
    pub(super) fn with_accounts(&self, accounts: Accounts) -> Self {
        Self { accounts: Some(Arc::new(accounts)), ..self.clone() }
    }

    /// Whether a key is the customer as it stands.
    fn takes_keys_as_they_are(&self) -> bool {
        self.folding.is_none() && self.people.is_none() && self.accounts.is_none() && self.hash.is_none()
    }

    /// A key as it may leave intake.
    pub(super) fn shown<'k>(&self, key: &'k str) -> Cow<'k, str> {
        match &self.hash {
            Some(hash) if !key.is_empty() => Cow::Owned(hash.of(key)),
            _ => Cow::Borrowed(key),
        }
    }

    /// A written key as it is told from others: folded, and hashed where keys are.
    pub(super) fn compared<'k>(&self, written: &'k str) -> Cow<'k, str> {
        match self.folding.fold(written) {
            Cow::Borrowed(folded) => self.shown(folded),
            Cow::Owned(folded) => Cow::Owned(self.shown(&folded).into_owned()),
        }
    }

    /// How a key was written, by which it is known again; where keys are hashed nobody without the salt can try keys on it.
    fn writing(&self, folded: &str, written: &str) -> Writing {
        let shown = self.shown(folded);
        if folded == written { Writing::of(&shown, &shown) } else { Writing::of(&shown, &self.shown(written)) }
    }

    /// A word for everything that decides what a key becomes; it says nothing of the salt but whether it is the same.
    pub(super) fn fingerprint(&self) -> String {
        // Taken apart whole, so that whoever adds something has to say whether it belongs here; writings only count.
        let Self { folding, people, accounts, level, hash, writings: _ } = self;
        let people = people.as_ref().map(|own| own.fingerprint());
        let accounts = accounts.as_ref().map(|own| own.fingerprint());
        let salt = hash.as_ref().map(KeyHash::fingerprint);
        format!("{folding:?} {people:?} {accounts:?} {level:?} {salt:?}")
    }

    /// A written key as it may leave intake: as it is, or the hash of the key that it means.
    pub(super) fn shown_as_written<'k>(&self, written: &'k str) -> Cow<'k, str> {
        match &self.hash {
            Some(_) => self.compared(written),
            None => Cow::Borrowed(written),
        }
    }

    /// A text that is no key as it may leave intake: as it is, or with the hash of each address in it, which is that of a customer
    /// who is known by the address.
    pub(super) fn without_addresses<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match &self.hash {
            Some(hash) if text.contains('@') => {
                addresses::hashed(text, hash, |address| self.folding.fold(address).into_owned())
            }
            _ => Cow::Borrowed(text),
        }
    }

    /// Notes how keys were written, and says how many of them were written otherwise for the first time.
    pub(super) fn note(&self, writings: &[Writing]) -> u64 {
        if writings.is_empty() {
            return 0;
        }
        let mut seen = self.writings.lock().unwrap_or_else(PoisonError::into_inner);
        writings.iter().filter(|writing| seen.note(**writing)).count() as u64
    }

    /// What the files say.
    pub(super) fn account(&self) -> IdentityAccount {
        IdentityAccount {
            salt_fingerprint: self.hash.as_ref().map(KeyHash::fingerprint),
            keys_folded_together: 0,
            people: self.people.as_ref().map(|own| PeopleCounts {
                n_ids: own.n_ids() as u64,
                n_persons: own.n_persons() as u64,
                n_ambiguous_ids: own.n_ambiguous() as u64,
            }),
            accounts: self.accounts.as_ref().map(|own| AccountCounts {
                n_persons: own.n_persons() as u64,
                n_accounts: own.n_accounts() as u64,
                n_tops: own.n_tops() as u64,
                n_ambiguous_persons: own.n_ambiguous_persons() as u64,
                n_ambiguous_accounts: own.n_ambiguous_accounts() as u64,
            }),
        }
    }
}

/// What a column of keys holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    /// Something else than customers, such as orders; the key stays as it is.
    Something,
    /// A step on the way to a customer, or the end of one; it is folded, and stays inside of intake.
    Step,
    /// A person who is not yet a customer; it stays inside of intake.
    Member,
    /// The customer of the row, by the key of a person, an account or a parent.
    Customer(Level),
}

/// A column by which a customer may be known.
#[derive(Debug, Clone)]
pub(super) struct Alternative {
    /// Its place in the contract.
    pub(super) at: usize,
    /// The files through which it leads, one after the other.
    pub(super) crosswalks: Vec<Arc<Crosswalk>>,
}

/// How a column of keys is read.
#[derive(Debug, Clone)]
pub(super) struct KeyRule {
    /// In the order in which they are asked; none for the column alone, through no file.
    alternatives: Vec<Alternative>,
    names: Names,
    identity: Arc<Identity>,
    takes_keys_as_they_are: bool,
}

/// What a key leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lead<'k> {
    pub(super) key: &'k str,
    /// Whether a file says so. Keys that no file leads anywhere may be different names of one person.
    pub(super) through_file: bool,
}

/// To whom a row belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Units<'k> {
    pub(super) person: Option<&'k str>,
    pub(super) account: Lookup<'k>,
    pub(super) parent: Lookup<'k>,
}

impl KeyRule {
    /// Keys of something else, which stay as they are.
    pub(super) fn something() -> Self {
        Self::new(Vec::new(), Names::Something, &Arc::new(Identity::default()))
    }

    pub(super) fn new(alternatives: Vec<Alternative>, names: Names, identity: &Arc<Identity>) -> Self {
        let leads_nowhere = alternatives.len() < 2 && alternatives.iter().all(|own| own.crosswalks.is_empty());
        let is_plain = names == Names::Something || identity.takes_keys_as_they_are();
        Self { takes_keys_as_they_are: leads_nowhere && is_plain, alternatives, names, identity: Arc::clone(identity) }
    }

    pub(super) fn alternatives(&self) -> &[Alternative] {
        &self.alternatives
    }

    pub(super) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Whether a key is pushed as it stands, without a look at anything.
    #[inline]
    pub(super) fn takes_keys_as_they_are(&self) -> bool {
        self.takes_keys_as_they_are
    }

    /// Whether the column is about people.
    pub(super) fn names_somebody(&self) -> bool {
        self.names != Names::Something
    }

    /// A word for everything that decides whom a key names.
    pub(super) fn fingerprint(&self) -> String {
        // Whether keys are taken as they are follows from the others.
        let Self { alternatives, names, identity, takes_keys_as_they_are: _ } = self;
        let ways: Vec<String> = alternatives
            .iter()
            .map(|Alternative { at, crosswalks }| {
                let contents: Vec<String> = crosswalks.iter().map(|crosswalk| crosswalk.fingerprint()).collect();
                format!("{at} {contents:?}")
            })
            .collect();
        format!("{ways:?} {names:?} {}", identity.fingerprint())
    }

    /// Whether the column's keys stay inside of intake, and so stand there in plain whatever becomes of them.
    pub(super) fn stays_inside(&self) -> bool {
        matches!(self.names, Names::Step | Names::Member)
    }

    /// The key that a written one means, and how it was written where that may differ.
    pub(super) fn folded<'t>(&self, written: &'t str, writings: &mut Vec<Writing>) -> Cow<'t, str> {
        if self.names == Names::Something || self.identity.folding.is_none() {
            return Cow::Borrowed(written);
        }
        let folded = self.identity.folding.fold(written);
        if !folded.is_empty() {
            writings.push(self.identity.writing(&folded, written));
        }
        folded
    }

    /// What a folded key leads to through files.
    ///
    /// # Errors
    /// A key that a file lacks, or leads to several others.
    pub(super) fn lead<'k>(&'k self, crosswalks: &'k [Arc<Crosswalk>], folded: &'k str) -> Result<Lead<'k>, Reason> {
        let mut lead = Lead { key: folded, through_file: !crosswalks.is_empty() };
        for crosswalk in crosswalks {
            lead.key = found(crosswalk.get(lead.key))?;
        }
        if let (Names::Member | Names::Customer(Level::Person), Some(people)) = (self.names, &self.identity.people) {
            match people.get(lead.key) {
                Person::Listed(key) => lead = Lead { key, through_file: true },
                Person::Unlisted => {}
                Person::Unknown => return Err(Reason::UnmatchedKey),
                Person::Ambiguous => return Err(Reason::AmbiguousKey),
            }
        }
        Ok(lead)
    }

    /// To whom the row of a key belongs.
    pub(super) fn units<'k>(&'k self, key: &'k str) -> Units<'k> {
        let accounts = self.identity.accounts.as_deref();
        let top_of = |account: Lookup<'k>| match (account, accounts) {
            (Lookup::Found(account), Some(accounts)) => accounts.top_of(account),
            (Lookup::Found(_), None) => Lookup::Unknown,
            (account, _) => account,
        };
        match self.names {
            Names::Customer(Level::Account) => {
                let account = Lookup::Found(key);
                Units { person: None, account, parent: top_of(account) }
            }
            Names::Customer(Level::Parent) => {
                Units { person: None, account: Lookup::Unknown, parent: Lookup::Found(key) }
            }
            _ => {
                let account = accounts.map_or(Lookup::Unknown, |own| own.account_of(key));
                Units { person: Some(key), account, parent: top_of(account) }
            }
        }
    }

    /// The customer, at the level at which behaviour is linked.
    ///
    /// # Errors
    /// A key without an account or a parent, or with several.
    pub(super) fn customer<'k>(&self, key: &'k str, units: &Units<'k>) -> Result<&'k str, Reason> {
        match (self.names, self.identity.level) {
            (Names::Customer(_), Level::Account) => found(units.account),
            (Names::Customer(_), Level::Parent) => found(units.parent),
            _ => Ok(key),
        }
    }

    /// A customer as it stands in the table.
    pub(super) fn in_table<'k>(&self, customer: &'k str) -> Cow<'k, str> {
        match self.names {
            Names::Customer(_) => self.identity.shown(customer),
            _ => Cow::Borrowed(customer),
        }
    }
}

fn found(lookup: Lookup<'_>) -> Result<&str, Reason> {
    match lookup {
        Lookup::Found(key) => Ok(key),
        Lookup::Unknown => Err(Reason::UnmatchedKey),
        Lookup::Ambiguous => Err(Reason::AmbiguousKey),
    }
}
