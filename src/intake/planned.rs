//! The columns of the typed tables as they are planned, before a file is opened.

use super::contract::{Bounds, Column, Kind};
use super::time::Clock;
use crate::study::{AmountVia, Files, Key, Level};
use datafusion::arrow::datatypes::DataType;
use std::sync::Arc;

/// One column of a typed table, and where it comes from.
pub(super) struct PlannedField {
    pub(super) name: String,
    pub(super) data_type: DataType,
    pub(super) origin: Origin,
}

pub(super) enum Origin {
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
pub(super) struct Planned {
    pub(super) column: Column,
    pub(super) key: Option<Key>,
    pub(super) amount_via: Option<(AmountVia, Bounds)>,
}

impl PlannedField {
    pub(super) fn read(column: Column) -> Self {
        let data_type = match column.kind {
            Kind::Key(_)
            | Kind::Alternative
            | Kind::Unit(_)
            | Kind::Text
            | Kind::Promised(_)
            | Kind::Excluding(_)
            | Kind::Zone(_) => DataType::Utf8,
            Kind::Number(_) | Kind::Mark(_) | Kind::Score(_) | Kind::Answer(_) | Kind::Total(..) => DataType::Float64,
            Kind::Instant(_) => DataType::Int64,
        };
        let name = column.output.clone();
        Self { name, data_type, origin: Origin::Read(Box::new(Planned { column, key: None, amount_via: None })) }
    }

    pub(super) fn made(name: &str, data_type: DataType, origin: Origin) -> Self {
        Self { name: name.to_owned(), data_type, origin }
    }

    pub(super) fn customer(key: &Key, files: &Files) -> Self {
        Self::who("customer", "customer", key, files)
    }

    /// A column of keys, each of which must lead to somebody.
    pub(super) fn who(output: &str, named_as: &'static str, key: &Key, files: &Files) -> Self {
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
    pub(super) fn unit(level: Level, key: &Key) -> Self {
        let input = key.alternatives.first().map_or("", |own| own.column.as_str());
        Self::read(Column::new(level.word(), "customer", input, Kind::Unit(level)))
    }

    pub(super) fn time(output: &str, key: &'static str, column: &str, clock: &Arc<Clock>, files: &Files) -> Self {
        Self::read(Column::new(output, key, column, Kind::Instant(Arc::clone(clock))).required().blank(&files.blank))
    }

    /// An instant that need not be there and may lie after what the study sees.
    pub(super) fn later(output: &str, key: &'static str, column: &str, clock: &Arc<Clock>, files: &Files) -> Self {
        let kind = Kind::Instant(Arc::clone(clock));
        Self::read(Column::new(output, key, column, kind).may_be_later().blank(&files.blank))
    }

    pub(super) fn text(output: &str, key: &'static str, column: Option<&String>, files: Option<&Files>) -> Self {
        match (column, files) {
            (Some(column), Some(files)) => Self::read(Column::new(output, key, column, Kind::Text).blank(&files.blank)),
            _ => Self::made(output, DataType::Utf8, Origin::Nothing),
        }
    }

    pub(super) fn number(
        output: &str,
        key: &'static str,
        column: Option<&String>,
        bounds: Bounds,
        files: Option<&Files>,
    ) -> Self {
        match (column, files) {
            (Some(column), Some(files)) => {
                Self::read(Column::new(output, key, column, Kind::Number(bounds)).blank(&files.blank))
            }
            _ => Self::made(output, DataType::Float64, Origin::Nothing),
        }
    }

    /// Whether something holds of a row.
    pub(super) fn mark(output: &str, key: &'static str, column: &str, files: &Files) -> Self {
        let kind = Kind::Mark(Bounds { min: 0.0, max: 1.0, whole: true });
        Self::read(Column::new(output, key, column, kind).blank(&files.blank))
    }

    /// A required column of a source that the study does not have.
    pub(super) fn absent(name: &str, data_type: DataType) -> Self {
        Self::made(name, data_type, Origin::Nothing)
    }

    /// Who and when, which every table of events begins with.
    pub(super) fn who_and_when(source: Option<(&Key, &str, &Files, &Arc<Clock>)>) -> Vec<Self> {
        match source {
            Some((key, time, files, clock)) => {
                vec![Self::customer(key, files), Self::time("t", super::jobs::TIME, time, clock, files)]
            }
            None => vec![Self::absent("customer", DataType::Utf8), Self::absent("t", DataType::Int64)],
        }
    }
}
