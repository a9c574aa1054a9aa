//! Result tables, each written as Parquet and as CSV.

use super::StoreError;
use datafusion::arrow::array::{ArrayRef, BooleanArray, Float64Array, Int64Array, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::Compression;
use datafusion::parquet::file::properties::WriterProperties;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The values of one column; `None` is an empty cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Texts.
    Texts(Vec<Option<String>>),
    /// Numbers; those that are not finite count as empty.
    Numbers(Vec<Option<f64>>),
    /// Whole numbers.
    Integers(Vec<Option<i64>>),
    /// Yes or no.
    Flags(Vec<Option<bool>>),
}

/// The ending by which one file is written: `csv`, `parquet` or `json`.
///
/// # Errors
/// Another ending.
pub fn check_ending(path: &Path) -> Result<String, StoreError> {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    match ending.as_str() {
        "csv" | "parquet" | "json" => Ok(ending),
        _ => Err(StoreError::Ending { path: path.to_owned() }),
    }
}

/// Named columns of equal length.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    name: String,
    columns: Vec<(String, Values)>,
}

impl Table {
    /// A table without columns; its name is that of its files.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), columns: Vec::new() }
    }

    /// The same table with one more column of texts.
    #[must_use]
    pub fn texts<T: Into<Option<String>>>(self, name: &str, values: impl IntoIterator<Item = T>) -> Self {
        self.with(name, Values::Texts(values.into_iter().map(Into::into).collect()))
    }

    /// The same table with one more column of numbers.
    #[must_use]
    pub fn numbers<T: Into<Option<f64>>>(self, name: &str, values: impl IntoIterator<Item = T>) -> Self {
        let finite = |value: T| value.into().filter(|value: &f64| value.is_finite());
        self.with(name, Values::Numbers(values.into_iter().map(finite).collect()))
    }

    /// The same table with one more column of whole numbers.
    #[must_use]
    pub fn integers<T: Into<Option<i64>>>(self, name: &str, values: impl IntoIterator<Item = T>) -> Self {
        self.with(name, Values::Integers(values.into_iter().map(Into::into).collect()))
    }

    /// The same table with one more column of flags.
    #[must_use]
    pub fn flags<T: Into<Option<bool>>>(self, name: &str, values: impl IntoIterator<Item = T>) -> Self {
        self.with(name, Values::Flags(values.into_iter().map(Into::into).collect()))
    }

    fn with(mut self, name: &str, values: Values) -> Self {
        self.columns.push((name.to_owned(), values));
        self
    }

    /// Writes `NAME.parquet` and `NAME.csv` into a folder.
    ///
    /// # Errors
    /// Files that cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), StoreError> {
        let mut writer = TableWriter::create(folder, self)?;
        writer.append(self)?;
        writer.finish()
    }

    /// Writes one file, whole or not at all: CSV, Parquet or JSON (a list of rows) by the end of its name.
    ///
    /// # Errors
    /// Another ending, and a file that cannot be written.
    pub fn write_as(&self, path: &Path) -> Result<(), StoreError> {
        let ending = check_ending(path)?;
        let beside = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = tempfile::Builder::new()
            .prefix(".unfinished-")
            .tempdir_in(beside)
            .map_err(StoreError::file(path, "written"))?;
        let made = folder.path().join(format!("{}.{ending}", self.name));
        if ending == "json" {
            let file = BufWriter::new(File::create(&made).map_err(StoreError::file(path, "written"))?);
            serde_json::to_writer(file, &self.records())
                .map_err(|source| StoreError::Json { path: path.to_owned(), source })?;
        } else {
            self.write(folder.path())?;
        }
        std::fs::rename(&made, path).map_err(StoreError::file(path, "written"))
    }

    /// The table's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The columns in order.
    pub fn columns(&self) -> &[(String, Values)] {
        &self.columns
    }

    /// The names of the columns.
    pub fn header(&self) -> Vec<&str> {
        self.columns.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// The cells of a row as CSV has them: empty where there is nothing.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn cells(&self, row: usize) -> Vec<String> {
        let cell = |(_, values): &(String, Values)| match values {
            Values::Texts(values) => values[row].clone().unwrap_or_default(),
            Values::Numbers(values) => values[row].map(|value| value.to_string()).unwrap_or_default(),
            Values::Integers(values) => values[row].map(|value| value.to_string()).unwrap_or_default(),
            Values::Flags(values) => values[row].map(|value| value.to_string()).unwrap_or_default(),
        };
        self.columns.iter().map(cell).collect()
    }

    /// One object a row.
    pub fn records(&self) -> Vec<serde_json::Map<String, serde_json::Value>> {
        let cell = |values: &Values, row: usize| match values {
            Values::Texts(values) => serde_json::json!(values[row]),
            Values::Numbers(values) => serde_json::json!(values[row]),
            Values::Integers(values) => serde_json::json!(values[row]),
            Values::Flags(values) => serde_json::json!(values[row]),
        };
        let object = |row| self.columns.iter().map(|(name, values)| (name.clone(), cell(values, row))).collect();
        (0..self.n_rows()).map(object).collect()
    }

    /// The number of rows.
    pub fn n_rows(&self) -> usize {
        self.columns.first().map_or(0, |(_, values)| match values {
            Values::Texts(values) => values.len(),
            Values::Numbers(values) => values.len(),
            Values::Integers(values) => values.len(),
            Values::Flags(values) => values.len(),
        })
    }

    fn schema(&self) -> SchemaRef {
        let field = |(name, values): &(String, Values)| {
            let kind = match values {
                Values::Texts(_) => DataType::Utf8,
                Values::Numbers(_) => DataType::Float64,
                Values::Integers(_) => DataType::Int64,
                Values::Flags(_) => DataType::Boolean,
            };
            Field::new(name, kind, true)
        };
        Arc::new(Schema::new(self.columns.iter().map(field).collect::<Vec<_>>()))
    }
}

/// Writes a table that comes in pieces, so that memory does not grow with its length.
pub struct TableWriter {
    parquet_path: PathBuf,
    csv_path: PathBuf,
    schema: SchemaRef,
    parquet: ArrowWriter<File>,
    csv: csv::Writer<BufWriter<File>>,
}

impl TableWriter {
    /// Opens the two files of a table with the columns of `like`.
    ///
    /// # Errors
    /// Files that cannot be written.
    pub fn create(folder: &Path, like: &Table) -> Result<Self, StoreError> {
        let parquet_path = folder.join(format!("{}.parquet", like.name));
        let csv_path = folder.join(format!("{}.csv", like.name));
        let schema = like.schema();
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let file = File::create(&parquet_path).map_err(StoreError::file(&parquet_path, "written"))?;
        let parquet = ArrowWriter::try_new(file, Arc::clone(&schema), Some(properties))
            .map_err(|source| StoreError::Parquet { path: parquet_path.clone(), source })?;
        let file = File::create(&csv_path).map_err(StoreError::file(&csv_path, "written"))?;
        let mut csv = csv::Writer::from_writer(BufWriter::new(file));
        csv.write_record(like.columns.iter().map(|(name, _)| name))
            .map_err(|source| StoreError::Csv { path: csv_path.clone(), source })?;
        Ok(Self { parquet_path, csv_path, schema, parquet, csv })
    }

    /// Adds rows.
    ///
    /// # Errors
    /// Files that cannot be written.
    pub fn append(&mut self, table: &Table) -> Result<(), StoreError> {
        let arrays = table.columns.iter().map(|(_, values)| -> ArrayRef {
            match values {
                Values::Texts(values) => Arc::new(StringArray::from(values.clone())),
                Values::Numbers(values) => Arc::new(Float64Array::from(values.clone())),
                Values::Integers(values) => Arc::new(Int64Array::from(values.clone())),
                Values::Flags(values) => Arc::new(BooleanArray::from(values.clone())),
            }
        });
        let parquet = |source| StoreError::Parquet { path: self.parquet_path.clone(), source };
        let batch =
            RecordBatch::try_new(Arc::clone(&self.schema), arrays.collect()).map_err(|error| parquet(error.into()))?;
        self.parquet.write(&batch).map_err(parquet)?;
        for row in 0..table.n_rows() {
            self.csv
                .write_record(table.cells(row))
                .map_err(|source| StoreError::Csv { path: self.csv_path.clone(), source })?;
        }
        Ok(())
    }

    /// Closes both files.
    ///
    /// # Errors
    /// Files that cannot be written.
    pub fn finish(mut self) -> Result<(), StoreError> {
        self.csv.flush().map_err(StoreError::file(&self.csv_path, "written"))?;
        self.parquet.close().map_err(|source| StoreError::Parquet { path: self.parquet_path.clone(), source })?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_is_written_in_the_format_of_its_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let table = Table::new("t").texts("who", [Some("a".to_owned()), None]).numbers("value", [0.5, f64::NAN]);
        let path = |name: &str| folder.path().join(name);
        table.write_as(&path("x.json")).expect("written");
        let text = std::fs::read_to_string(path("x.json")).expect("readable");
        assert_eq!(text, r#"[{"who":"a","value":0.5},{"who":null,"value":null}]"#);
        table.write_as(&path("x.CSV")).expect("written");
        assert_eq!(std::fs::read_to_string(path("x.CSV")).expect("readable"), "who,value\na,0.5\n,\n");
        table.write_as(&path("x.parquet")).expect("written");
        assert!(matches!(table.write_as(&path("x.txt")), Err(StoreError::Ending { .. })));
        // Nothing else is left behind.
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 3);
    }

    #[test]
    fn csv_shows_empty_cells_and_shortest_exact_numbers() {
        let folder = tempfile::tempdir().expect("a folder");
        let table = Table::new("t")
            .texts("who", [Some("a,b".to_owned()), None])
            .numbers("value", [0.1 + 0.2, f64::NAN])
            .integers("n", [Some(3), None])
            .flags("exact", [true, false]);
        table.write(folder.path()).expect("written");
        let text = std::fs::read_to_string(folder.path().join("t.csv")).expect("readable");
        assert_eq!(text, "who,value,n,exact\n\"a,b\",0.30000000000000004,3,true\n,,,false\n");
        assert!(folder.path().join("t.parquet").exists());
    }
}
