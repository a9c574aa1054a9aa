//! What is known of a key of the study file: what it holds, and one sentence on what it is for.
//!
//! The parser and the JSON Schema read the same lists of these, so that an editor says of a study what the program will say.

use std::ops::RangeInclusive;

/// A key that a section may hold.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    /// Its name.
    pub name: &'static str,
    /// What stands there.
    pub holds: Holds,
    /// What it is for.
    pub says: &'static str,
    /// Whether the section makes no sense without it.
    pub required: bool,
    /// What holds where it is left out, as JSON, where that is the same in every study.
    pub default: Option<&'static str>,
}

impl Known {
    /// A key that may be left out.
    pub const fn new(name: &'static str, holds: Holds, says: &'static str) -> Self {
        Self { name, holds, says, required: false, default: None }
    }

    /// The same, which the section must have.
    #[must_use]
    pub const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// The same with what holds where it is left out.
    #[must_use]
    pub const fn default(self, json: &'static str) -> Self {
        Self { default: Some(json), ..self }
    }
}

/// What stands at a key.
#[derive(Debug, Clone, Copy)]
pub enum Holds {
    /// A text that is not empty.
    Text,
    /// A text that this regular expression fits.
    Pattern(&'static str),
    /// A text, or a list of texts of which none is there twice: at least so many.
    Texts(usize),
    /// A date or an instant, or a text that holds one.
    Date,
    /// True or false.
    Flag,
    /// A whole number, at least and at most.
    Whole(u64, u64),
    /// A number, between these.
    Number(Bound, Bound),
    /// A text or a number.
    Value,
    /// One of these words.
    Word(fn() -> Vec<&'static str>),
    /// The lowest and the highest value.
    Range,
    /// One of these or a list of them; of tables, a list.
    List(&'static Holds),
    /// A table of this name (in the schema) with known keys.
    Table(&'static str, &'static [Known]),
    /// A list of such tables.
    Tables(&'static str, &'static [Known]),
    /// A table whose keys are the user's own names, each of them holding this.
    Names(&'static Holds),
    /// A table with known keys beside the user's own.
    NamesBeside(&'static str, &'static [Known], &'static Holds),
    /// Outcomes by name.
    Outcomes,
    /// Any of these.
    Either(&'static [Holds]),
}

/// An end of the numbers that a key may hold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// There is none.
    Open,
    /// This number, which is allowed.
    At(f64),
    /// This number, which is not.
    Beyond(f64),
}

/// The names of choices, in order.
pub(super) fn words<T>(choices: &[(&'static str, T)]) -> Vec<&'static str> {
    choices.iter().map(|(word, _)| *word).collect()
}

/// The names of keys, in order.
pub(super) fn names(known: &[Known]) -> Vec<&'static str> {
    known.iter().map(|own| own.name).collect()
}

impl Holds {
    /// The whole numbers that it takes.
    pub(super) fn whole_numbers(&self) -> Option<RangeInclusive<u64>> {
        match self {
            Self::Whole(least, most) => Some(*least..=*most),
            Self::Either(all) => all.iter().find_map(Self::whole_numbers),
            _ => None,
        }
    }

    /// What each element of a list holds.
    pub(super) fn element(&self) -> Option<&'static Holds> {
        match self {
            Self::List(element) => Some(element),
            Self::Either(all) => all.iter().find_map(Self::element),
            _ => None,
        }
    }

    /// What stands at each of the user's own names.
    pub(super) fn entry(&self) -> Option<&'static Holds> {
        match self {
            Self::Names(entry) => Some(entry),
            Self::Either(all) => all.iter().find_map(Self::entry),
            _ => None,
        }
    }
}
