//! Strict reading of the study's tables: every value is asked for by key and type, and every refusal knows its place.

use super::known::{Holds, Known, names};
use super::{Place, Problem, StudyError, nearest};
use std::cell::RefCell;
use std::collections::BTreeMap;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The text that is read, its name, and the place of everything that was asked for.
#[derive(Debug)]
pub(super) struct Source<'d> {
    pub(super) file: &'d str,
    pub(super) text: &'d str,
    /// The byte at which everything stands that was asked for.
    places: RefCell<BTreeMap<String, usize>>,
}

impl<'d> Source<'d> {
    pub(super) fn new(file: &'d str, text: &'d str) -> Self {
        Self { file, text, places: RefCell::default() }
    }

    /// An error about what stands at a byte.
    pub(super) fn refuse(&self, byte: usize, problem: Problem) -> StudyError {
        StudyError::At {
            file: self.file.to_owned(),
            place: Place::of_byte(self.text, byte),
            problem: Box::new(problem),
        }
    }

    /// The place of every key that was read, by its dotted name.
    pub(super) fn into_places(self) -> BTreeMap<String, Place> {
        let places = self.places.into_inner().into_iter();
        places.map(|(key, at)| (key, Place::of_byte(self.text, at))).collect()
    }
}

/// One table of the study, whose keys are all known.
pub(super) struct Section<'s, 'd> {
    source: &'s Source<'d>,
    name: String,
    starts_at: usize,
    table: &'s DeTable<'d>,
    known: &'static [Known],
    /// What stands at keys that are the user's own names.
    entry: Option<&'static Holds>,
}

impl<'s, 'd> Section<'s, 'd> {
    /// The file's top level.
    pub(super) fn top(
        source: &'s Source<'d>,
        table: &'s DeTable<'d>,
        known: &'static [Known],
    ) -> Result<Self, StudyError> {
        let section = Self { source, name: String::new(), starts_at: 0, table, known, entry: None };
        section.refuse_unknown()?;
        Ok(section)
    }

    fn refuse_unknown(&self) -> Result<(), StudyError> {
        let known = names(self.known);
        let mut unknown: Vec<_> = self
            .table
            .keys()
            .filter(|key| !known.contains(&key.get_ref().as_ref()))
            .map(|key| (key.span().start, key))
            .collect();
        unknown.sort_by_key(|(at, _)| *at);
        match unknown.first() {
            None => Ok(()),
            Some((at, key)) => Err(self.source.refuse(
                *at,
                Problem::UnknownKey {
                    key: key.get_ref().to_string(),
                    section: self.title(),
                    nearest: nearest(key.get_ref(), known.iter().copied()).map(str::to_owned),
                    known: if known.is_empty() {
                        vec!["none".to_owned()]
                    } else {
                        known.iter().map(|&name| name.to_owned()).collect()
                    },
                },
            )),
        }
    }

    fn title(&self) -> String {
        if self.name.is_empty() { "the study file".to_owned() } else { format!("[{}]", self.name) }
    }

    /// The value of a key, where it is given.
    pub(super) fn item(&self, key: &str) -> Option<Item<'s, 'd>> {
        let (spanned, value) = self.table.get_key_value(key)?;
        let path = if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) };
        let own = self.known.iter().find(|own| own.name == key).map(|own| &own.holds);
        Some(Item::new(self.source, path, spanned.span().start, value, own.or(self.entry)))
    }

    /// The value of a key that must be given; `purpose` says what it is for.
    pub(super) fn required(&self, key: &str, purpose: &str) -> Result<Item<'s, 'd>, StudyError> {
        self.item(key).ok_or_else(|| {
            self.refuse(Problem::MissingKey { key: key.to_owned(), section: self.title(), purpose: purpose.to_owned() })
        })
    }

    /// The section's items in the order of the file.
    pub(super) fn items(&self) -> Vec<(String, Item<'s, 'd>)> {
        let mut keys: Vec<_> = self.table.keys().map(|key| (key.span().start, key.get_ref().to_string())).collect();
        keys.sort();
        keys.into_iter().filter_map(|(_, key)| self.item(&key).map(|item| (key, item))).collect()
    }

    /// An error about the section as a whole.
    pub(super) fn refuse(&self, problem: Problem) -> StudyError {
        self.source.refuse(self.starts_at, problem)
    }

    /// A text, where the key is given.
    pub(super) fn text(&self, key: &str) -> Result<Option<String>, StudyError> {
        self.item(key).map(|item| item.text()).transpose()
    }

    /// A list of texts, empty where the key is not given.
    pub(super) fn texts(&self, key: &str) -> Result<Vec<String>, StudyError> {
        self.item(key).map_or(Ok(Vec::new()), |item| item.texts())
    }
}

/// One value of the study.
pub(super) struct Item<'s, 'd> {
    source: &'s Source<'d>,
    path: String,
    key_at: usize,
    value: &'s Spanned<DeValue<'d>>,
    holds: Option<&'static Holds>,
}

impl<'s, 'd> Item<'s, 'd> {
    fn new(
        source: &'s Source<'d>,
        path: String,
        key_at: usize,
        value: &'s Spanned<DeValue<'d>>,
        holds: Option<&'static Holds>,
    ) -> Self {
        let at = value.span().start;
        source.places.borrow_mut().insert(path.clone(), at);
        Self { source, path, key_at, value, holds }
    }

    /// An error about this value.
    pub(super) fn refuse(&self, problem: Problem) -> StudyError {
        self.source.refuse(self.value.span().start, problem)
    }

    /// An error about this value in free words.
    pub(super) fn invalid(&self, sentence: impl Into<String>) -> StudyError {
        self.refuse(Problem::Invalid(sentence.into()))
    }

    fn wrong_type(&self, expected: &str) -> StudyError {
        let found = match self.value.get_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.refuse(Problem::WrongType {
            key: self.path.clone(),
            expected: expected.to_owned(),
            found: found.to_owned(),
        })
    }

    /// A text that is not empty.
    pub(super) fn text(&self) -> Result<String, StudyError> {
        let text = self.value.get_ref().as_str().ok_or_else(|| self.wrong_type("a text in quotes"))?.trim();
        if text.is_empty() { Err(self.invalid(format!("`{}` is empty", self.path))) } else { Ok(text.to_owned()) }
    }

    /// A text as it stands, without trimming.
    pub(super) fn raw_text(&self) -> Result<String, StudyError> {
        self.value.get_ref().as_str().map(str::to_owned).ok_or_else(|| self.wrong_type("a text in quotes"))
    }

    /// A text or a list of texts, none twice.
    pub(super) fn texts(&self) -> Result<Vec<String>, StudyError> {
        let mut texts: Vec<String> = Vec::new();
        for item in self.elements("a text or a list of texts")? {
            let text = item.text()?;
            if texts.contains(&text) {
                return Err(item.invalid(format!("`{}` names `{text}` twice", self.path)));
            }
            texts.push(text);
        }
        Ok(texts)
    }

    /// The elements of a list, or the value itself where it is a single one.
    pub(super) fn elements(&self, expected: &str) -> Result<Vec<Item<'s, 'd>>, StudyError> {
        let holds = self.holds.and_then(Holds::element).or(self.holds);
        match self.value.get_ref() {
            DeValue::Array(array) => Ok(array
                .iter()
                .enumerate()
                .map(|(at, value)| {
                    Item::new(self.source, format!("{}[{at}]", self.path), value.span().start, value, holds)
                })
                .collect()),
            DeValue::Table(_) => Err(self.wrong_type(expected)),
            _ => Ok(vec![Item::new(self.source, self.path.clone(), self.key_at, self.value, holds)]),
        }
    }

    /// Whether a table stands here.
    pub(super) fn is_table(&self) -> bool {
        self.value.get_ref().is_table()
    }

    /// Whether a text stands here.
    pub(super) fn is_text(&self) -> bool {
        self.value.get_ref().is_str()
    }

    /// A table with known keys.
    pub(super) fn section(&self, known: &'static [Known]) -> Result<Section<'s, 'd>, StudyError> {
        let section = Section { known, entry: None, ..self.open_section()? };
        section.refuse_unknown()?;
        Ok(section)
    }

    /// A table whose keys are the user's own names.
    pub(super) fn open_section(&self) -> Result<Section<'s, 'd>, StudyError> {
        let table = self.value.get_ref().as_table().ok_or_else(|| self.wrong_type("a table"))?;
        let (name, entry) = (self.path.clone(), self.holds.and_then(Holds::entry));
        Ok(Section { source: self.source, name, starts_at: self.key_at, table, known: &[], entry })
    }

    /// A whole number within the range that the list of keys gives.
    pub(super) fn integer(&self) -> Result<u64, StudyError> {
        let known = self.holds.and_then(Holds::whole_numbers);
        debug_assert!(known.is_some(), "`{}` is read as a whole number and is none among the keys", self.path);
        let range = known.unwrap_or(0..=u64::MAX);
        let expected = if *range.end() == u64::MAX {
            format!("a whole number of at least {}", range.start())
        } else {
            format!("a whole number from {} to {}", range.start(), range.end())
        };
        let integer = self.value.get_ref().as_integer().ok_or_else(|| self.wrong_type(&expected))?;
        match u64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(value) if range.contains(&value) => Ok(value),
            _ => Err(self.invalid(format!("`{}` is {integer} and should be {expected}", self.path))),
        }
    }

    /// A finite number.
    pub(super) fn number(&self) -> Result<f64, StudyError> {
        let value = match self.value.get_ref() {
            DeValue::Integer(integer) => {
                i64::from_str_radix(integer.as_str(), integer.radix()).ok().map(|whole| whole as f64)
            }
            DeValue::Float(float) => float.as_str().parse::<f64>().ok(),
            _ => return Err(self.wrong_type("a number")),
        };
        value
            .filter(|value| value.is_finite())
            .ok_or_else(|| self.invalid(format!("`{}` is not a finite number", self.path)))
    }

    /// A text, or a number as it is written.
    pub(super) fn text_or_number(&self) -> Result<String, StudyError> {
        match self.value.get_ref() {
            DeValue::String(text) => Ok(text.trim().to_owned()),
            DeValue::Integer(_) | DeValue::Float(_) => self.number().map(|value| value.to_string()),
            _ => Err(self.wrong_type("a text or a number")),
        }
    }

    /// A date, an instant, or a text that holds one.
    pub(super) fn date_text(&self) -> Result<String, StudyError> {
        match self.value.get_ref() {
            DeValue::Datetime(date) => Ok(date.to_string()),
            DeValue::String(text) => Ok(text.to_string()),
            _ => Err(self.wrong_type("a date such as 2026-09-30")),
        }
    }

    /// True or false.
    pub(super) fn flag(&self) -> Result<bool, StudyError> {
        self.value.get_ref().as_bool().ok_or_else(|| self.wrong_type("true or false"))
    }

    /// One of a few words.
    pub(super) fn word<T: Copy>(&self, choices: &[(&str, T)]) -> Result<T, StudyError> {
        let word = self.text()?;
        choices.iter().find(|(known, _)| *known == word).map(|(_, choice)| *choice).ok_or_else(|| {
            self.refuse(Problem::UnknownWord {
                key: self.path.clone(),
                nearest: nearest(&word, choices.iter().map(|(known, _)| *known)).map(str::to_owned),
                known: choices.iter().map(|(known, _)| (*known).to_owned()).collect(),
                word,
            })
        })
    }

    /// The dotted name of the value.
    pub(super) fn path(&self) -> &str {
        &self.path
    }
}
