//! Whose id a key is, to which account a person belongs, and which account stands above all others of a group.

use super::hash::FileHash;
use super::lookup::{Crosswalk, Lookup};
use crate::study::Unlisted;
use std::collections::{HashMap, HashSet};

/// Several ids to a person.
#[derive(Debug)]
pub(super) struct People {
    ids: Crosswalk,
    persons: HashSet<Box<str>>,
    unlisted: Unlisted,
}

/// Whom a key names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Person<'p> {
    /// A person of the file.
    Listed(&'p str),
    /// A person of its own, because the study says so of keys that the file does not hold.
    Unlisted,
    /// Nobody.
    Unknown,
    /// Several.
    Ambiguous,
}

impl People {
    pub(super) fn new(unlisted: Unlisted) -> Self {
        Self { ids: Crosswalk::default(), persons: HashSet::new(), unlisted }
    }

    pub(super) fn add(&mut self, id: &str, person: &str) {
        self.ids.add(id, person);
        if !self.persons.contains(person) {
            self.persons.insert(person.into());
        }
    }

    /// A word for its content and for what becomes of keys that it lacks.
    pub(super) fn fingerprint(&self) -> String {
        // The persons are those of the pairs.
        let Self { ids, persons: _, unlisted } = self;
        format!("{unlisted:?} {}", ids.fingerprint())
    }

    /// Whom a key names: a key that the file has among its persons names itself. An id that leads to a person who is an id of
    /// somebody else is ambiguous, as is that person.
    pub(super) fn get<'p>(&'p self, key: &'p str) -> Person<'p> {
        match self.ids.get(key) {
            Lookup::Found(person) if person == key => Person::Listed(person),
            Lookup::Found(_) if self.persons.contains(key) => Person::Ambiguous,
            Lookup::Found(person) => match self.ids.get(person) {
                Lookup::Found(own) if own != person => Person::Ambiguous,
                Lookup::Ambiguous => Person::Ambiguous,
                _ => Person::Listed(person),
            },
            Lookup::Ambiguous => Person::Ambiguous,
            Lookup::Unknown if self.persons.contains(key) => Person::Listed(key),
            Lookup::Unknown if self.unlisted == Unlisted::Itself => Person::Unlisted,
            Lookup::Unknown => Person::Unknown,
        }
    }

    pub(super) fn n_ids(&self) -> usize {
        self.ids.len()
    }

    pub(super) fn n_persons(&self) -> usize {
        self.persons.len()
    }

    /// Ids that name several persons.
    pub(super) fn n_ambiguous(&self) -> usize {
        self.ids.keys().filter(|id| self.get(id) == Person::Ambiguous).count()
    }
}

/// Persons to accounts, and accounts to the account at the top of their parents.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    account_of: Crosswalk,
    parent_of: Crosswalk,
    accounts: HashSet<Box<str>>,
    top_of: HashMap<Box<str>, Top>,
    /// All rows in the order in which they came, from which everything else follows.
    content: FileHash,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Top {
    One(Box<str>),
    Several,
}

/// Accounts each of which is the parent of the one before, and the first of the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ParentCycle {
    pub(super) accounts: Vec<Box<str>>,
}

impl Accounts {
    /// A row of the file; a blank person or parent says nothing.
    pub(super) fn add(&mut self, person: &str, account: &str, parent: &str) {
        for text in [person, account, parent] {
            self.content.update(&(text.len() as u64).to_le_bytes());
            self.content.update(text.as_bytes());
        }
        if !person.is_empty() {
            self.account_of.add(person, account);
        }
        // An account that is named as its own parent stands at the top.
        if !parent.is_empty() && parent != account {
            self.parent_of.add(account, parent);
        }
        for own in [account, parent] {
            if !own.is_empty() && !self.accounts.contains(own) {
                self.accounts.insert(own.into());
            }
        }
    }

    /// A word for its content.
    pub(super) fn fingerprint(&self) -> String {
        self.content.clone().finish()
    }

    /// Follows the parents of all accounts, once all rows are there.
    ///
    /// # Errors
    /// Parents that lead in a circle.
    pub(super) fn close(&mut self) -> Result<(), ParentCycle> {
        let mut accounts: Vec<&Box<str>> = self.accounts.iter().collect();
        // In one order, so that of several circles the same is named in every run.
        accounts.sort_unstable();
        let mut tops: HashMap<Box<str>, Top> = HashMap::with_capacity(accounts.len());
        for start in accounts {
            let mut way: Vec<Box<str>> = Vec::new();
            let mut on_way: HashSet<Box<str>> = HashSet::new();
            let mut at: &str = start;
            let top = loop {
                if let Some(known) = tops.get(at) {
                    break known.clone();
                }
                if !on_way.insert(at.into()) {
                    let from = way.iter().position(|own| **own == *at).unwrap_or(0);
                    return Err(ParentCycle { accounts: way.split_off(from) });
                }
                way.push(at.into());
                match self.parent_of.get(at) {
                    Lookup::Found(parent) => at = parent,
                    Lookup::Unknown => break Top::One(at.into()),
                    Lookup::Ambiguous => break Top::Several,
                }
            };
            tops.extend(way.into_iter().map(|own| (own, top.clone())));
        }
        self.top_of = tops;
        Ok(())
    }

    /// The account of a person.
    pub(super) fn account_of(&self, person: &str) -> Lookup<'_> {
        self.account_of.get(person)
    }

    /// The account at the top of an account's parents; itself where it has none.
    pub(super) fn top_of(&self, account: &str) -> Lookup<'_> {
        match self.top_of.get(account) {
            None => Lookup::Unknown,
            Some(Top::One(top)) => Lookup::Found(top),
            Some(Top::Several) => Lookup::Ambiguous,
        }
    }

    pub(super) fn n_persons(&self) -> usize {
        self.account_of.len()
    }

    pub(super) fn n_accounts(&self) -> usize {
        self.accounts.len()
    }

    /// Accounts that stand at the top of a group, or alone.
    pub(super) fn n_tops(&self) -> usize {
        self.accounts.iter().filter(|own| self.top_of(own) == Lookup::Found(own)).count()
    }

    /// Persons with several accounts.
    pub(super) fn n_ambiguous_persons(&self) -> usize {
        self.account_of.n_ambiguous()
    }

    /// Accounts with several parents, and those below them.
    pub(super) fn n_ambiguous_accounts(&self) -> usize {
        self.top_of.values().filter(|top| **top == Top::Several).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people(unlisted: Unlisted, pairs: &[(&str, &str)]) -> People {
        let mut people = People::new(unlisted);
        pairs.iter().for_each(|(id, person)| people.add(id, person));
        people
    }

    fn accounts(rows: &[(&str, &str, &str)]) -> Accounts {
        let mut accounts = Accounts::default();
        rows.iter().for_each(|(person, account, parent)| accounts.add(person, account, parent));
        accounts
    }

    #[test]
    fn several_ids_lead_to_one_person_who_names_itself() {
        let people = people(Unlisted::Unmatched, &[("a@x.com", "P1"), ("old-7", "P1"), ("P2", "P2")]);
        assert_eq!(
            ["a@x.com", "old-7", "P1", "P2"].map(|key| people.get(key)),
            ["P1", "P1", "P1", "P2"].map(Person::Listed)
        );
        assert_eq!((people.n_ids(), people.n_persons(), people.n_ambiguous()), (3, 2, 0));
    }

    #[test]
    fn an_id_with_two_persons_is_ambiguous_and_a_repeat_is_not() {
        let people = people(Unlisted::Unmatched, &[("a", "P1"), ("a", "P2"), ("b", "P1"), ("b", "P1")]);
        assert_eq!((people.get("a"), people.get("b")), (Person::Ambiguous, Person::Listed("P1")));
        assert_eq!(people.n_ambiguous(), 1);
    }

    #[test]
    fn a_person_who_is_an_id_of_another_is_ambiguous_and_so_is_who_leads_there() {
        let people = people(Unlisted::Unmatched, &[("a", "b"), ("b", "c")]);
        assert_eq!(
            ["a", "b", "c"].map(|key| people.get(key)),
            [Person::Ambiguous, Person::Ambiguous, Person::Listed("c")]
        );
        assert_eq!(people.n_ambiguous(), 2);
    }

    #[test]
    fn a_key_that_the_file_lacks_names_nobody_unless_the_study_says_so() {
        assert_eq!(people(Unlisted::Unmatched, &[("a", "P1")]).get("z"), Person::Unknown);
        assert_eq!(people(Unlisted::Itself, &[("a", "P1")]).get("z"), Person::Unlisted);
    }

    #[test]
    fn parents_are_followed_to_the_top() {
        let mut own =
            accounts(&[("p", "shop", "region"), ("", "region", "group"), ("q", "alone", ""), ("r", "self", "self")]);
        own.close().expect("no circle");
        assert_eq!(own.account_of("p"), Lookup::Found("shop"));
        for (account, top) in
            [("shop", "group"), ("region", "group"), ("group", "group"), ("alone", "alone"), ("self", "self")]
        {
            assert_eq!(own.top_of(account), Lookup::Found(top), "{account}");
        }
        assert_eq!(own.top_of("unheard of"), Lookup::Unknown);
        assert_eq!((own.n_persons(), own.n_accounts(), own.n_tops()), (3, 5, 3));
    }

    #[test]
    fn parents_in_a_circle_are_named() {
        let mut own = accounts(&[("", "z", "b"), ("", "b", "c"), ("", "c", "d"), ("", "d", "b")]);
        let cycle = own.close().expect_err("a circle");
        assert_eq!(cycle.accounts.iter().map(|own| &**own).collect::<Vec<_>>(), ["b", "c", "d"]);
    }

    #[test]
    fn a_person_with_two_accounts_and_an_account_with_two_parents_are_ambiguous() {
        let mut own = accounts(&[
            ("p", "one", "up"),
            ("p", "two", ""),
            ("q", "one", "across"),
            ("q", "one", ""),
            ("r", "below", "one"),
        ]);
        own.close().expect("no circle");
        assert_eq!((own.account_of("p"), own.account_of("q")), (Lookup::Ambiguous, Lookup::Found("one")));
        assert_eq!(
            (own.top_of("one"), own.top_of("below"), own.top_of("two")),
            (Lookup::Ambiguous, Lookup::Ambiguous, Lookup::Found("two"))
        );
        assert_eq!((own.n_ambiguous_persons(), own.n_ambiguous_accounts()), (1, 2));
    }
}
