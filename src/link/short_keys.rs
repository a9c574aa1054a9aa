//! Keys that are short enough for the engine to compare and copy them as one number.
//!
//! A view of a string holds twelve bytes in itself: hashing, comparing and copying it touches no other memory. Longer ones point
//! into the pages that they were read from, which every batch then keeps alive and counts as its own, so that a sort runs out
//! of memory that nobody uses. So only keys that are short in every table are read as views.

use super::LinkError;
use super::plan::TypedTables;
use crate::study::{KEY_COLUMNS, LONGEST_KEY};
use datafusion::arrow::datatypes::{DataType, Schema};
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::metadata::ParquetMetaDataReader;
use std::fs::File;
use std::path::Path;

/// Bytes that a view of a string holds in itself.
const INLINE_BYTES: usize = 12;

/// Whether every part of every table says that its keys are short. A table without keys says nothing.
pub(super) fn everywhere(tables: &TypedTables) -> Result<bool, LinkError> {
    let failed = |source| LinkError::Engine { doing: "reading the typed tables", source };
    for (_, folder) in tables.named() {
        for entry in std::fs::read_dir(folder).map_err(|error| failed(error.into()))? {
            let path = entry.map_err(|error| failed(error.into()))?.path();
            let longest = longest_key(&path).map_err(|error| failed(error.into()))?;
            if longest.is_none_or(|longest| longest > INLINE_BYTES) {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// The columns of a table, its keys as views.
pub(super) fn as_views(schema: &Schema) -> Schema {
    let fields = schema.fields().iter().map(|field| {
        let is_key = KEY_COLUMNS.contains(&field.name().as_str()) && field.data_type() == &DataType::Utf8;
        if is_key { field.as_ref().clone().with_data_type(DataType::Utf8View) } else { field.as_ref().clone() }
    });
    Schema::new(fields.collect::<Vec<_>>())
}

/// What the part of a table says of its longest key, in bytes.
fn longest_key(path: &Path) -> Result<Option<usize>, ParquetError> {
    let metadata = ParquetMetaDataReader::new().parse_and_finish(&File::open(path)?)?;
    let entries = metadata.file_metadata().key_value_metadata();
    let entry = entries.and_then(|entries| entries.iter().find(|entry| entry.key == LONGEST_KEY));
    Ok(entry.and_then(|entry| entry.value.as_ref()?.parse().ok()))
}
