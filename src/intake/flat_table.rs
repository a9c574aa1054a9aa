//! One flat table as an analyst brings it: separated text or Parquet, of which only the columns asked for are kept.

use super::blocks::unclosed_quote;
use super::check::is_code;
use super::number;
use super::separated::SeparatorLine;
use super::unpacked::Unpacked;
use super::utf16::BadUtf16;
use crate::study::{Codes, nearest};
use datafusion::arrow::array::AsArray;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;
use datafusion::parquet::arrow::ProjectionMask;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use thiserror::Error;

/// Texts that stand for a missing value in any column, in whatever case.
const BLANKS: [&str; 6] = ["", "na", "n/a", "#n/a", "nan", "null"];
/// What Python writes for it: missing where a number should stand, and a category like others in a column of text, such as the
/// customers with the offer `None`.
const NO_NUMBER: &str = "none";

fn is_blank(cell: &str) -> bool {
    BLANKS.iter().any(|blank| cell.eq_ignore_ascii_case(blank))
}

/// Why a flat table was refused.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FlatTableError {
    /// The system refused to read.
    #[error("`{file}` could not be read; check the path")]
    Unreadable {
        /// The file.
        file: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file holds no column names.
    #[error("`{file}` is empty; it should begin with a line of column names")]
    Empty {
        /// The file.
        file: String,
    },
    /// The file has column names and nothing else.
    #[error("`{file}` has no rows below its column names")]
    NoRows {
        /// The file.
        file: String,
    },
    /// The text is not UTF-8.
    #[error("`{file}`, line {line}: the text is not UTF-8; save the file as UTF-8")]
    NotUtf8 {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u64,
    },
    /// The file begins with the mark of UTF-16, and is not UTF-16 throughout.
    #[error(
        "`{file}`, line {line}: the text begins as UTF-16 and is not, at its byte {byte}: {problem}; save the file as UTF-8"
    )]
    NotUtf16 {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u64,
        /// The byte of the text, from 0.
        byte: u64,
        /// What is wrong there.
        problem: &'static str,
    },
    /// A column is not there.
    #[error("`{file}` has no column `{column}`{}; it has: {}", meant(.nearest), .known.join(", "))]
    NoColumn {
        /// The file.
        file: String,
        /// The column.
        column: String,
        /// A column with a similar name.
        nearest: Option<String>,
        /// All columns.
        known: Vec<String>,
    },
    /// Two columns have the name asked for.
    #[error("`{file}` has two columns `{column}`; rename one")]
    RepeatedColumn {
        /// The file.
        file: String,
        /// The column.
        column: String,
    },
    /// A row has more or fewer cells than the header.
    #[error("`{file}`, line {line}: {} where the header has {n_expected}; check quotes and delimiters", cells(*.n_found))]
    Ragged {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u64,
        /// Cells found.
        n_found: usize,
        /// Columns.
        n_expected: usize,
    },
    /// A quote opens that nothing closes, so that all behind it would be one cell.
    #[error(
        "`{file}`, line {line}: a quote opens and nothing closes it; close it, or write `\"\"` for a quote that is meant"
    )]
    UnclosedQuote {
        /// The file.
        file: String,
        /// The line of the row, from 1.
        line: u64,
    },
    /// A cell of a column of numbers is none.
    #[error("`{file}`, {place}, column `{column}`: `{text}` is no number{}; correct it{remedy}", commas(.text))]
    NotANumber {
        /// The file.
        file: String,
        /// The line or row.
        place: String,
        /// The column.
        column: String,
        /// What stands there.
        text: String,
        /// What else the reader can do.
        remedy: &'static str,
    },
    /// A column of answers holds truth values.
    #[error("`{file}`, column `{column}`: it holds true and false; a recommend answer is a number from 0 to 10")]
    TruthValues {
        /// The file.
        file: String,
        /// The column.
        column: String,
    },
    /// The file is damaged.
    #[error("`{file}` could not be read as {kind}: {message}")]
    Damaged {
        /// The file.
        file: String,
        /// What it was taken for.
        kind: &'static str,
        /// What the reader said.
        message: String,
    },
}

fn meant(nearest: &Option<String>) -> String {
    nearest.as_ref().map_or_else(String::new, |name| format!(", did you mean `{name}`"))
}

fn cells(n: usize) -> String {
    if n == 1 { "1 cell".to_owned() } else { format!("{n} cells") }
}

/// A remark on numbers that are written with commas.
fn commas(text: &str) -> &'static str {
    if text.contains(',') && number::parse(&text.replace(',', ".")).is_some() {
        " (decimals stand behind a point)"
    } else {
        ""
    }
}

/// Which columns to keep, and as what.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wanted {
    /// Columns of numbers.
    pub numbers: Vec<String>,
    /// Those of the columns of numbers that hold answers from 0 to 10, of which a truth value is none.
    pub answers: Vec<String>,
    /// Columns of text.
    pub texts: Vec<String>,
    /// Codes that count as missing in columns of numbers, beside blanks: 99 also where it is written `99.0`.
    pub not_applicable: Codes,
    /// Codes that count as missing in one column alone, by its name.
    pub codes_of: Vec<(String, Codes)>,
    /// What a reader can do about a text in a column of numbers but correct it, as the end of a sentence.
    pub remedy: &'static str,
}

impl Wanted {
    /// Whether a text is a code that counts as missing in a column.
    pub fn is_missing(&self, column: &str, text: &str) -> bool {
        let own = |(name, codes): &(String, Codes)| name == column && is_code(codes, text);
        is_code(&self.not_applicable, text) || self.codes_of.iter().any(own)
    }

    /// A column that has codes of its own and is not asked for.
    pub fn unread(&self) -> Option<&str> {
        let is_read = |name: &String| self.numbers.contains(name) || self.texts.contains(name);
        self.codes_of.iter().map(|(name, _)| name).find(|name| !is_read(name)).map(String::as_str)
    }
}

/// The columns asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct FlatTable {
    /// The file, as it was asked for.
    pub file: String,
    /// Columns of numbers in the order asked for; `NaN` where missing.
    pub numbers: Vec<Vec<f64>>,
    /// Columns of text in the order asked for.
    pub texts: Vec<Vec<Option<String>>>,
    /// Rows of the file.
    pub n_rows: usize,
    /// Line of each row where the file is text, else its number, from 1.
    pub lines: Vec<u64>,
    /// What `lines` counts.
    counted: &'static str,
}

impl FlatTable {
    /// Where a row, from 0, stands, as every message about the file says it: `line 4` of a text, `row 3` of another file.
    pub fn place(&self, row: usize) -> String {
        let line = self.lines.get(row).copied().unwrap_or(row as u64 + 1);
        format!("{} {line}", self.counted)
    }

    /// Where a column's cell stands: `` `f.csv`, line 4, column `x` ``.
    pub fn cell(&self, row: usize, column: &str) -> String {
        format!("`{}`, {}, column `{column}`", self.file, self.place(row))
    }

    /// Reads a file: Parquet by its first bytes, else text, unpacked where it is compressed by gzip or zstd, separated by tabs
    /// (`.tsv`), or by whichever of comma, semicolon and tab stands most often in its header.
    ///
    /// # Errors
    /// A file that cannot be read or is damaged, a missing column, a cell that is no number; each with its line.
    pub fn read(path: &Path, wanted: &Wanted) -> Result<Self, FlatTableError> {
        let file = path.display().to_string();
        let mut bytes = Vec::new();
        let read = Unpacked::open(path, None).and_then(|mut text| text.read_to_end(&mut bytes));
        read.map_err(|source| match BadUtf16::of(&source) {
            Some(BadUtf16 { line, byte, problem }) => {
                FlatTableError::NotUtf16 { file: file.clone(), line, byte, problem }
            }
            None => FlatTableError::Unreadable { file: file.clone(), source },
        })?;
        let mut table = Self {
            numbers: vec![Vec::new(); wanted.numbers.len()],
            texts: vec![Vec::new(); wanted.texts.len()],
            file,
            n_rows: 0,
            lines: Vec::new(),
            counted: "line",
        };
        if bytes.starts_with(b"PAR1") {
            drop(bytes);
            table.read_parquet(path, wanted)?;
        } else {
            table.read_text(&bytes, wanted)?;
        }
        if table.n_rows == 0 { Err(FlatTableError::NoRows { file: table.file }) } else { Ok(table) }
    }

    fn read_text(&mut self, bytes: &[u8], wanted: &Wanted) -> Result<(), FlatTableError> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        // A line that names the separator is none of the table, but counts among the lines of the file.
        let named = SeparatorLine::of(bytes);
        let (delimiter, bytes, n_lines_before) = match named {
            Some(line) => (line.sign, &bytes[line.n_bytes..], 1),
            None => (delimiter(&self.file, bytes), bytes, 0),
        };
        if let Some(line) = unclosed_quote(bytes, delimiter) {
            return Err(FlatTableError::UnclosedQuote { file: self.file.clone(), line: line + n_lines_before });
        }
        let mut reader =
            csv::ReaderBuilder::new().flexible(true).has_headers(false).delimiter(delimiter).from_reader(bytes);
        let mut record = csv::StringRecord::new();
        let mut header: Option<(Vec<usize>, Vec<usize>, usize)> = None;
        loop {
            match reader.read_record(&mut record) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => return Err(self.damaged(&error)),
            }
            let line = n_lines_before + record.position().map_or(0, |position| first_line(bytes, position));
            let Some((numbers, texts, n_columns)) = &header else {
                let names: Vec<String> = record.iter().map(|name| name.trim().to_owned()).collect();
                header =
                    Some((self.places(&names, &wanted.numbers)?, self.places(&names, &wanted.texts)?, names.len()));
                continue;
            };
            if record.len() != *n_columns {
                return Err(FlatTableError::Ragged {
                    file: self.file.clone(),
                    line,
                    n_found: record.len(),
                    n_expected: *n_columns,
                });
            }
            for (column, &place) in numbers.iter().enumerate() {
                let value = self.number(record[place].trim(), wanted, column, || format!("line {line}"))?;
                self.numbers[column].push(value);
            }
            for (column, &place) in texts.iter().enumerate() {
                self.texts[column].push(text(record[place].trim()));
            }
            self.lines.push(line);
            self.n_rows += 1;
        }
        if header.is_none() { Err(FlatTableError::Empty { file: self.file.clone() }) } else { Ok(()) }
    }

    fn read_parquet(&mut self, path: &Path, wanted: &Wanted) -> Result<(), FlatTableError> {
        self.counted = "row";
        let file = self.file.clone();
        let damaged = |message: String| FlatTableError::Damaged { file: file.clone(), kind: "Parquet", message };
        let handle = File::open(path).map_err(|source| FlatTableError::Unreadable { file: file.clone(), source })?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(handle).map_err(|error| damaged(error.to_string()))?;
        let names: Vec<String> = builder.schema().fields().iter().map(|field| field.name().trim().to_owned()).collect();
        let (numbers, texts) = (self.places(&names, &wanted.numbers)?, self.places(&names, &wanted.texts)?);
        let mask = ProjectionMask::roots(builder.parquet_schema(), numbers.iter().chain(&texts).copied());
        let original = builder.schema().clone();
        let is_truth = |name: &&String| {
            original.fields().iter().any(|own| own.name().trim() == *name && own.data_type() == &DataType::Boolean)
        };
        if let Some(column) = wanted.answers.iter().find(is_truth) {
            return Err(FlatTableError::TruthValues { file: self.file.clone(), column: column.clone() });
        }
        let reader = builder.with_projection(mask).build().map_err(|error| damaged(error.to_string()))?;
        for batch in reader {
            let batch = batch.map_err(|error| damaged(error.to_string()))?;
            let strings = |place: usize| {
                let name = original.field(place).name();
                let array = batch.column_by_name(name).ok_or_else(|| damaged(format!("no column {name}")))?;
                cast(array, &DataType::Utf8).map_err(|error| damaged(error.to_string()))
            };
            let n_before = self.n_rows;
            for (column, &place) in numbers.iter().enumerate() {
                let array = strings(place)?;
                for (row, cell) in array.as_string::<i32>().iter().enumerate() {
                    let cell = cell.unwrap_or_default().trim();
                    let value = self.number(cell, wanted, column, || format!("row {}", n_before + row + 1))?;
                    self.numbers[column].push(value);
                }
            }
            for (column, &place) in texts.iter().enumerate() {
                let array = strings(place)?;
                let cells = array.as_string::<i32>().iter().map(|cell| text(cell.unwrap_or_default().trim()));
                self.texts[column].extend(cells);
            }
            self.n_rows += batch.num_rows();
            self.lines.extend((n_before + 1..=self.n_rows).map(|row| row as u64));
        }
        Ok(())
    }

    fn places(&self, names: &[String], wanted: &[String]) -> Result<Vec<usize>, FlatTableError> {
        wanted
            .iter()
            .map(|column| {
                let mut places = (0..names.len()).filter(|&place| &names[place] == column);
                match (places.next(), places.next()) {
                    (Some(place), None) => Ok(place),
                    (Some(_), Some(_)) => {
                        Err(FlatTableError::RepeatedColumn { file: self.file.clone(), column: column.clone() })
                    }
                    (None, _) => Err(FlatTableError::NoColumn {
                        file: self.file.clone(),
                        column: column.clone(),
                        nearest: nearest(column, names.iter().map(String::as_str)).map(str::to_owned),
                        known: names.to_vec(),
                    }),
                }
            })
            .collect()
    }

    fn number(
        &self,
        cell: &str,
        wanted: &Wanted,
        column: usize,
        place: impl Fn() -> String,
    ) -> Result<f64, FlatTableError> {
        let is_none = is_blank(cell) || cell.eq_ignore_ascii_case(NO_NUMBER);
        if is_none || wanted.is_missing(&wanted.numbers[column], cell) {
            return Ok(f64::NAN);
        }
        let value = match cell {
            "true" | "TRUE" | "True" => Some(1.0),
            "false" | "FALSE" | "False" => Some(0.0),
            _ => number::parse(cell),
        };
        value.ok_or_else(|| FlatTableError::NotANumber {
            file: self.file.clone(),
            place: place(),
            column: wanted.numbers[column].clone(),
            text: cell.chars().take(60).collect(),
            remedy: wanted.remedy,
        })
    }

    fn damaged(&self, error: &csv::Error) -> FlatTableError {
        let line = error.position().map_or(0, csv::Position::line);
        match error.kind() {
            csv::ErrorKind::Utf8 { .. } => FlatTableError::NotUtf8 { file: self.file.clone(), line },
            _ => FlatTableError::Damaged { file: self.file.clone(), kind: "text", message: error.to_string() },
        }
    }
}

fn text(cell: &str) -> Option<String> {
    (!is_blank(cell)).then(|| cell.to_owned())
}

fn delimiter(file: &str, bytes: &[u8]) -> u8 {
    if Path::new(file).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("tsv")) {
        return b'\t';
    }
    let header = bytes.split(|&byte| byte == b'\n').find(|line| !line.is_empty()).unwrap_or_default();
    let count = |delimiter: u8| header.iter().filter(|&&byte| byte == delimiter).count();
    // The comma wins ties.
    [b';', b'\t', b','].into_iter().max_by_key(|&delimiter| count(delimiter)).unwrap_or(b',')
}

/// The line on which a record begins: the reader counts it from the blank lines before it, which are no records.
fn first_line(bytes: &[u8], position: &csv::Position) -> u64 {
    let blank = bytes.iter().skip(position.byte() as usize).take_while(|byte| matches!(byte, b'\r' | b'\n'));
    position.line() + blank.filter(|&&byte| byte == b'\n').count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, numbers: &[&str], texts: &[&str]) -> Result<FlatTable, FlatTableError> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("t.csv");
        std::fs::write(&path, text).expect("written");
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let not_applicable = Codes::new(vec!["99".to_owned()]);
        let wanted = Wanted { numbers: owned(numbers), texts: owned(texts), not_applicable, ..Wanted::default() };
        FlatTable::read(&path, &wanted)
    }

    #[test]
    fn blanks_and_codes_are_missing() {
        let table = read("\u{feff}a;b\r\n1,5;x\r\n", &[], &["b"]).expect("semicolons");
        assert_eq!(table.texts, [[Some("x".to_owned())]]);
        let table = read("\"\",a,b\nr1,1.5,NA\nr2,99,x\n", &["a"], &["b"]).expect("a table");
        assert!((table.numbers[0][0] - 1.5).abs() < 1e-15 && table.numbers[0][1].is_nan());
        assert_eq!(table.texts[0], [None, Some("x".to_owned())]);
    }

    /// As the help of the flat forms says it; a study keeps a text `None` as well.
    #[test]
    fn none_is_no_number_and_a_category() {
        for blank in ["NA", "na", "N/A", "n/a", "#N/A", "NaN", "nan", "null", "NULL", "Null"] {
            let table = read(&format!("a,b\n{blank},{blank}\n1,x\n"), &["a"], &["b"]).expect("a table");
            assert!(table.numbers[0][0].is_nan() && table.texts[0][0].is_none(), "{blank}");
        }
        for none in ["None", "none", "NONE"] {
            let table = read(&format!("a,b\n{none},{none}\n1,x\n"), &["a"], &["b"]).expect("a table");
            assert!(table.numbers[0][0].is_nan(), "{none}");
            assert_eq!(table.texts[0][0].as_deref(), Some(none));
        }
        assert!(read("a\n-\n", &["a"], &[]).is_err());
    }

    #[test]
    fn a_code_is_found_however_its_number_is_written() {
        // As pandas writes a column of whole numbers that has a gap.
        let table = read("a\n1.0\n99.0\n\"\"\n", &["a"], &[]).expect("a table");
        assert!((table.numbers[0][0] - 1.0).abs() < 1e-15 && table.numbers[0][1..].iter().all(|value| value.is_nan()));
    }

    #[test]
    fn a_quote_that_nothing_closes_takes_no_rows() {
        let refused = |text: &str| read(text, &["a"], &[]).expect_err("refused").to_string();
        assert!(refused("a,b\n9,\"1.5\n10,2.5\n3,1\n").contains("line 2: a quote opens"));
        assert!(refused("a,b\n9,\"1\n5\"\n10,x\n3,\"y").contains("line 5: a quote opens"));
        // Inside a cell a quote is a sign like others.
        assert_eq!(read("a,b\n9,5\" disk\n10,x\n", &["a"], &[]).expect("sound").n_rows, 2);
    }

    #[test]
    fn rows_are_found_on_the_lines_of_the_text() {
        for (text, lines) in
            [("a,b\n1,x\n\n2,y\n", [2, 4]), ("a,b\r\n1,x\r\n\r\n2,y\r\n", [2, 4]), ("a,b\n1,\"x\nz\"\n2,y", [2, 4])]
        {
            let table = read(text, &["a"], &[]).expect("a table");
            assert_eq!(table.lines, lines, "{text:?}");
            assert!(table.cell(1, "a").ends_with("t.csv`, line 4, column `a`"), "{}", table.cell(1, "a"));
        }
    }

    #[test]
    fn compressed_text_is_unpacked() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("t.csv.gz");
        let mut file =
            flate2::write::GzEncoder::new(File::create(&path).expect("created"), flate2::Compression::fast());
        std::io::Write::write_all(&mut file, b"a\n1\n2\n").expect("written");
        file.finish().expect("finished");
        let table = FlatTable::read(&path, &Wanted { numbers: vec!["a".to_owned()], ..Wanted::default() });
        assert_eq!(table.expect("a table").numbers, [[1.0, 2.0]]);
    }

    #[test]
    fn truth_values_are_no_answers_and_numbers_where_numbers_are_asked_for() {
        use datafusion::arrow::array::{ArrayRef, BooleanArray, RecordBatch};
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("t.parquet");
        let column: ArrayRef = std::sync::Arc::new(BooleanArray::from(vec![true, false]));
        let batch = RecordBatch::try_from_iter([("a", column)]).expect("one column");
        let file = File::create(&path).expect("created");
        let writer = datafusion::parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None);
        let mut writer = writer.expect("opens");
        writer.write(&batch).expect("written");
        writer.close().expect("written");
        let numbers = vec!["a".to_owned()];
        let wanted = Wanted { numbers: numbers.clone(), ..Wanted::default() };
        assert_eq!(FlatTable::read(&path, &wanted).expect("a table").numbers, [[1.0, 0.0]]);
        let error = FlatTable::read(&path, &Wanted { answers: numbers, ..wanted }).expect_err("no answers").to_string();
        assert!(error.contains("column `a`: it holds true and false"), "{error}");
    }

    #[test]
    fn faults_name_file_line_and_column() {
        let error = read("a,b\n1,2\nx,3\n", &["a"], &[]).expect_err("no number").to_string();
        assert!(
            error.contains("t.csv") && error.contains("line 3, column `a`: `x` is no number; correct it"),
            "{error}"
        );
        let error = read("a;b\n1,5;2\n", &["a"], &[]).expect_err("no number").to_string();
        assert!(error.contains("`1,5` is no number (decimals stand behind a point)"), "{error}");
        let error = read("score,b\n1,2\n", &["scores"], &[]).expect_err("no column").to_string();
        assert!(error.contains("no column `scores`, did you mean `score`"), "{error}");
        let error = read("a,b\n1,2\n1\n", &["a"], &[]).expect_err("ragged").to_string();
        assert!(error.contains("line 3: 1 cell where the header has 2"), "{error}");
        assert!(matches!(read("", &["a"], &[]), Err(FlatTableError::Empty { .. })));
        assert!(matches!(read("a\n", &["a"], &[]), Err(FlatTableError::NoRows { .. })));
    }
}
