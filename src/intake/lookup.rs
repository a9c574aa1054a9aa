//! Files through which a key leads to a person, or to an amount.

use super::hash::FileHash;
use crate::study::Aggregate;
use std::collections::HashMap;

/// One key for another.
#[derive(Debug, Default)]
pub(super) struct Crosswalk {
    found: HashMap<Box<str>, Target>,
    /// All pairs in the order in which they came.
    content: FileHash,
}

#[derive(Debug, PartialEq)]
enum Target {
    One(Box<str>),
    Several,
}

/// What a key leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lookup<'c> {
    /// One other key.
    Found(&'c str),
    /// Nothing.
    Unknown,
    /// Several.
    Ambiguous,
}

impl Crosswalk {
    /// A word for its content.
    pub(super) fn fingerprint(&self) -> String {
        self.content.clone().finish()
    }

    pub(super) fn add(&mut self, from: &str, to: &str) {
        for text in [from, to] {
            self.content.update(&(text.len() as u64).to_le_bytes());
            self.content.update(text.as_bytes());
        }
        match self.found.get_mut(from) {
            None => {
                self.found.insert(from.into(), Target::One(to.into()));
            }
            Some(Target::One(known)) if **known == *to => {}
            Some(target) => *target = Target::Several,
        }
    }

    pub(super) fn get(&self, key: &str) -> Lookup<'_> {
        match self.found.get(key) {
            None => Lookup::Unknown,
            Some(Target::One(to)) => Lookup::Found(to),
            Some(Target::Several) => Lookup::Ambiguous,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.found.len()
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.found.keys().map(AsRef::as_ref)
    }

    /// Keys that lead to several others.
    pub(super) fn n_ambiguous(&self) -> usize {
        self.found.values().filter(|target| **target == Target::Several).count()
    }
}

/// One number for each key.
#[derive(Debug)]
pub(super) struct Totals {
    found: HashMap<Box<str>, f64>,
    aggregate: Aggregate,
    /// All pairs in the order in which they came.
    content: FileHash,
}

impl Totals {
    pub(super) fn new(aggregate: Aggregate) -> Self {
        Self { found: HashMap::new(), aggregate, content: FileHash::default() }
    }

    /// A word for its content and for how it became one amount a key.
    pub(super) fn fingerprint(&self) -> String {
        format!("{:?} {}", self.aggregate, self.content.clone().finish())
    }

    pub(super) fn add(&mut self, key: &str, value: f64) {
        self.content.update(&(key.len() as u64).to_le_bytes());
        self.content.update(key.as_bytes());
        self.content.update(&value.to_bits().to_le_bytes());
        match self.found.get_mut(key) {
            None => {
                self.found.insert(key.into(), value);
            }
            Some(total) => match self.aggregate {
                Aggregate::Sum => *total += value,
                Aggregate::Max => *total = total.max(value),
                Aggregate::First => {}
            },
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<f64> {
        self.found.get(key).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_with_two_targets_is_ambiguous_and_a_repeat_is_not() {
        let mut crosswalk = Crosswalk::default();
        for (from, to) in [("a", "x"), ("a", "x"), ("b", "x"), ("b", "y")] {
            crosswalk.add(from, to);
        }
        assert_eq!(crosswalk.get("a"), Lookup::Found("x"));
        assert_eq!(crosswalk.get("b"), Lookup::Ambiguous);
        assert_eq!(crosswalk.get("c"), Lookup::Unknown);
    }

    #[test]
    fn several_amounts_become_one_as_stated() {
        for (aggregate, expected) in [(Aggregate::Sum, 6.0), (Aggregate::Max, 4.0), (Aggregate::First, 2.0)] {
            let mut totals = Totals::new(aggregate);
            totals.add("a", 2.0);
            totals.add("a", 4.0);
            assert_eq!((totals.get("a"), totals.get("b")), (Some(expected), None));
        }
    }
}
