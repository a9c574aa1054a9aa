//! How a source says who: one column or several in order, and the files through which they lead to the person.

use super::section::{Item, Section};
use super::sources::{CUSTOMER, Files, read_files};
use super::{Level, StudyError, keys};
use serde::Serialize;
use std::path::Path;

/// The columns that say who, in the order in which they are asked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Key {
    /// At least one column; the first of a row that is filled and leads to somebody is taken.
    pub alternatives: Vec<KeyColumn>,
    /// The files through which every column leads that names none of its own, one after the other.
    pub via: Vec<Via>,
    /// Whether the key is that of a person, of an account or of a parent.
    pub is: Level,
}

/// One of the columns that say who.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KeyColumn {
    /// The column.
    pub column: String,
    /// Files of its own through which it leads, none for a key that is the person's already.
    pub via: Option<Vec<Via>>,
}

/// A file that translates one key into another.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Via {
    /// The file.
    pub files: Files,
    /// The column that is looked up.
    pub from: String,
    /// The column that is found.
    pub to: String,
}

impl Key {
    /// A single column that leads through no file.
    pub fn column(column: &str, is: Level) -> Self {
        Self { alternatives: vec![KeyColumn { column: column.to_owned(), via: None }], via: Vec::new(), is }
    }

    /// The files through which one of the alternatives leads.
    pub fn via_of<'k>(&'k self, alternative: &'k KeyColumn) -> &'k [Via] {
        alternative.via.as_deref().unwrap_or(&self.via)
    }

    pub(super) fn read(section: &Section<'_, '_>, base_dir: &Path) -> Result<Self, StudyError> {
        let customer = section.required("customer", CUSTOMER)?;
        let mut alternatives: Vec<KeyColumn> = Vec::new();
        let written =
            if customer.is_table() { vec![customer] } else { customer.elements("a column, or a list of them")? };
        let Some(first) = written.first() else {
            let customer = section.required("customer", CUSTOMER)?;
            return Err(customer.invalid(format!("`{}` is an empty list; name at least one column", customer.path())));
        };
        for item in &written {
            let one = KeyColumn::read(item, base_dir)?;
            if alternatives.iter().any(|own| own.column == one.column) {
                let column = one.column;
                return Err(item.invalid(format!("`{column}` is named twice among the columns that say who")));
            }
            alternatives.push(one);
        }
        let via = section.item("customer_via").map(|item| read_vias(&item, base_dir)).transpose()?.unwrap_or_default();
        if !via.is_empty() && alternatives.iter().all(|own| own.via.is_some()) {
            return Err(first.invalid(
                "every column that says who has a `via` of its own, so `customer_via` is for none of them; take it out",
            ));
        }
        Ok(Self { alternatives, via, is: Level::read_of_source(section)? })
    }
}

impl KeyColumn {
    fn read(item: &Item<'_, '_>, base_dir: &Path) -> Result<Self, StudyError> {
        if !item.is_table() {
            return Ok(Self { column: item.text()?, via: None });
        }
        let section = item.section(keys::KEY_COLUMN)?;
        let via = section.item("via").map(|item| read_vias(&item, base_dir)).transpose()?;
        Ok(Self { column: section.required("column", CUSTOMER)?.text()?, via })
    }
}

fn read_vias(item: &Item<'_, '_>, base_dir: &Path) -> Result<Vec<Via>, StudyError> {
    let read = |step: &Item<'_, '_>| -> Result<Via, StudyError> {
        let step = step.section(keys::VIA)?;
        Ok(Via {
            files: read_files(&step, base_dir)?,
            from: step.required("from", "the column that is looked up")?.text()?,
            to: step.required("to", "the column that is found")?.text()?,
        })
    };
    if item.is_table() {
        return Ok(vec![read(item)?]);
    }
    item.elements("a list of tables with path, from and to")?.iter().map(read).collect()
}
