//! Used rows as the typed table wants them: columns of the files, and what is made for every row.

use super::buffer::Buffered;
use datafusion::arrow::array::{ArrayRef, Int64Array, StringArray, new_null_array};
use datafusion::arrow::datatypes::DataType;
use std::sync::Arc;

/// Where a column of a typed table comes from, once the files' columns are settled.
#[derive(Debug)]
pub(super) enum Place {
    Read(usize),
    RowNumber,
    RowAsCustomer,
    LastSeen,
    Nothing(DataType),
}

pub(super) fn arrays(
    layout: &[Place],
    buffers: Vec<Buffered>,
    n_rows: usize,
    first_row: u64,
    last_seen_us: i64,
) -> Vec<ArrayRef> {
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
pub(super) struct Seen {
    pub(super) n_rows: u64,
    pub(super) first_t: Option<i64>,
    pub(super) last_t: Option<i64>,
}

impl Seen {
    pub(super) fn add_times(&mut self, times: Option<&Buffered>, n_rows: usize) {
        let Some(times) = times else { return };
        for us in (0..n_rows).filter_map(|row| times.instant(row)) {
            self.first_t = Some(self.first_t.map_or(us, |first| first.min(us)));
            self.last_t = Some(self.last_t.map_or(us, |last| last.max(us)));
        }
    }
}
