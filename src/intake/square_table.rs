//! A table with as many rows as columns, such as published correlations.

use ndarray::Array2;
use std::io;
use std::path::Path;
use thiserror::Error;

/// A square table of numbers and the names of its columns.
#[derive(Debug, Clone, PartialEq)]
pub struct SquareTable {
    /// The names, in the order of the columns.
    pub names: Vec<String>,
    /// The numbers; what stands on one side of the diagonal only stands for both, and a diagonal that is left out is 1.
    pub values: Array2<f64>,
}

/// Why a file is no square table. Lines are counted from 1.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SquareTableError {
    /// The system refused to read.
    #[error("it could not be read")]
    Unreadable(#[source] io::Error),
    /// The text is no CSV.
    #[error("it cannot be read as CSV")]
    BadCsv(#[source] csv::Error),
    /// Rows and columns do not match.
    #[error(
        "{n_rows} {} under {n_columns} columns; a table of correlations has as many of both, with or without the names of the \
         rows in front",
        if *n_rows == 1 { "row stands" } else { "rows stand" }
    )]
    NotSquare {
        /// Rows under the header.
        n_rows: usize,
        /// Names in the header.
        n_columns: usize,
    },
    /// A row is named differently from its column.
    #[error("line {line} begins with `{found}` where the header has `{expected}`; put the rows in the columns' order")]
    RowName {
        /// The line.
        line: usize,
        /// Its name.
        found: String,
        /// The column's name.
        expected: String,
    },
    /// A cell holds no number.
    #[error("line {line}, column `{column}`: `{text}` is no number")]
    NoNumber {
        /// The line.
        line: usize,
        /// The column.
        column: String,
        /// The cell.
        text: String,
    },
    /// A cell and its mirror image are blank.
    #[error("line {line}, column `{column}` is blank, and so is its mirror image; fill in one of them")]
    Blank {
        /// The line.
        line: usize,
        /// The column.
        column: String,
    },
}

impl SquareTable {
    /// Reads a CSV file: a header of names, a row a column, with or without the names in front. One triangle is enough, with its
    /// diagonal or without.
    ///
    /// # Errors
    /// A file that cannot be read, that is not square, or has a cell that is no number.
    pub fn read(path: &Path) -> Result<Self, SquareTableError> {
        let bad = |error: csv::Error| {
            if error.is_io_error() {
                SquareTableError::Unreadable(error.into())
            } else {
                SquareTableError::BadCsv(error)
            }
        };
        let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_path(path).map_err(bad)?;
        let header: Vec<String> =
            reader.headers().map_err(bad)?.iter().map(|name| name.trim_start_matches('\u{feff}').to_owned()).collect();
        let records = reader.records().collect::<Result<Vec<csv::StringRecord>, csv::Error>>().map_err(bad)?;
        let n = records.len();
        let with_names = match header.len() {
            n_columns if n_columns == n => false,
            n_columns if n_columns == n + 1 => true,
            n_columns => return Err(SquareTableError::NotSquare { n_rows: n, n_columns }),
        };
        let names: Vec<String> = header[usize::from(with_names)..].to_vec();
        let mut cells: Vec<Vec<Option<f64>>> = Vec::with_capacity(n);
        for (row, record) in records.iter().enumerate() {
            let line = record.position().map_or(row + 2, |position| position.line() as usize);
            if with_names && record.get(0) != Some(names[row].as_str()) {
                let found = record.get(0).unwrap_or_default().to_owned();
                return Err(SquareTableError::RowName { line, found, expected: names[row].clone() });
            }
            let of_column = |column: usize| {
                let text = record.get(column + usize::from(with_names)).unwrap_or_default();
                if text.is_empty() {
                    return Ok(None);
                }
                let no_number =
                    |_| SquareTableError::NoNumber { line, column: names[column].clone(), text: text.to_owned() };
                text.parse::<f64>().map(Some).map_err(no_number)
            };
            cells.push((0..n).map(of_column).collect::<Result<_, SquareTableError>>()?);
        }
        if (0..n).all(|place| cells[place][place].is_none()) {
            (0..n).for_each(|place| cells[place][place] = Some(1.0));
        }
        let mut values = Array2::zeros((n, n));
        for row in 0..n {
            for column in 0..n {
                values[[row, column]] = cells[row][column].or(cells[column][row]).ok_or_else(|| {
                    let line = records[row].position().map_or(row + 2, |position| position.line() as usize);
                    SquareTableError::Blank { line, column: names[column].clone() }
                })?;
            }
        }
        Ok(Self { names, values })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<SquareTable, SquareTableError> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("r.csv");
        std::fs::write(&path, text).expect("written");
        SquareTable::read(&path)
    }

    #[test]
    fn a_triangle_with_names_is_the_whole_square_without() {
        let triangle = read_text("variable, a, b, y\na,1,,\nb,0.2,1\ny,0.5,.4,1\n").expect("sound");
        let square = read_text("a,b,y\n1,0.2,0.5\n0.2,1,0.4\n0.5,0.4,1\n").expect("sound");
        assert_eq!((&triangle, triangle.names[2].as_str()), (&square, "y"));
    }

    #[test]
    fn a_diagonal_that_is_left_out_is_one() {
        let without = read_text(",a,b,y\na,,,\nb,0.2,,\ny,0.5,0.4,\n").expect("sound");
        let with = read_text("a,b,y\n1,0.2,0.5\n0.2,1,0.4\n0.5,0.4,1\n").expect("sound");
        assert_eq!(without, with);
        // One that is there in part was forgotten in part.
        let refused = read_text("a,b\n1,0.2\n0.2,\n").expect_err("refused").to_string();
        assert!(refused.contains("line 3, column `b` is blank"), "{refused}");
    }

    #[test]
    fn what_is_no_square_table_is_refused_with_its_place() {
        let refused = |text: &str| read_text(text).expect_err("refused").to_string();
        assert!(refused("a,b,c\n1,0.2\n").contains("1 row stands under 3 columns"));
        assert!(refused(",a,b\na,1,0.2\nc,0.2,1\n").contains("line 3 begins with `c` where the header has `b`"));
        assert!(refused("a,b\n1,x\n0.2,1\n").contains("line 2, column `b`: `x` is no number"));
        assert!(refused("a,b\n1,\n,1\n").contains("line 2, column `b` is blank"));
        let missing = SquareTable::read(Path::new("/nowhere/r.csv")).expect_err("refused");
        assert!(matches!(missing, SquareTableError::Unreadable(_)), "{missing}");
    }
}
