//! Rows put aside, written as they are found.

use super::IntakeError;
use super::check::Rejected;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

/// Writes `quarantine/<source>.csv`; the file appears with the first row.
pub(super) struct Quarantine {
    source: String,
    path: PathBuf,
    writer: Option<csv::Writer<BufWriter<File>>>,
}

impl Quarantine {
    pub(super) fn new(folder: &Path, source: &str) -> Self {
        let stem: String = source.chars().map(|sign| if sign.is_alphanumeric() { sign } else { '_' }).collect();
        let path = folder.join(format!("{}.csv", stem.trim_end_matches('_')));
        Self { source: source.to_owned(), path, writer: None }
    }

    /// Appends a row; `line` counts from 1 in a text file and is the row's number in Parquet.
    pub(super) fn add(&mut self, file: &str, line: u64, row: &Rejected) -> Result<(), IntakeError> {
        let mut writer = match self.writer.take() {
            Some(writer) => writer,
            None => self.create()?,
        };
        let line = line.to_string();
        let column = row.column.as_deref().unwrap_or("");
        let written =
            writer.write_record([self.source.as_str(), file, &line, column, row.reason.word(), &row.raw, &row.record]);
        self.writer = Some(writer);
        written.map_err(|error| self.failed(error.into()))
    }

    /// Writes what is still held back.
    pub(super) fn finish(mut self) -> Result<(), IntakeError> {
        match self.writer.take() {
            None => Ok(()),
            Some(mut writer) => writer.flush().map_err(|error| self.failed(error)),
        }
    }

    fn create(&self) -> Result<csv::Writer<BufWriter<File>>, IntakeError> {
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| self.failed(error))?;
        }
        let file = File::create(&self.path).map_err(|error| self.failed(error))?;
        let mut writer = csv::Writer::from_writer(BufWriter::new(file));
        writer
            .write_record(["source", "file", "line", "column", "reason", "raw", "record"])
            .map_err(|error| self.failed(error.into()))?;
        Ok(writer)
    }

    fn failed(&self, source: std::io::Error) -> IntakeError {
        IntakeError::Output { file: self.path.display().to_string(), source }
    }
}
