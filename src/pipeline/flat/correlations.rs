//! `advocate drivers --correlation`: ranked drivers from a published table of correlations.

use super::DriversAnswer;
use super::drivers::with_customary_methods;
use crate::drivers::{CorrelationMatrix, Driver, DriverAnalysis};
use crate::pipeline::PipelineError;
use ndarray::Array2;
use std::path::{Path, PathBuf};

/// What is asked of a table of correlations or covariances.
#[derive(Debug, Clone, PartialEq)]
pub struct CorrelationsQuestion {
    /// The table, as CSV: a header of names, a row a column, with or without the names in front. One triangle is enough.
    pub file: PathBuf,
    /// Rows behind the table.
    pub n_rows: usize,
    /// The column to be explained.
    pub outcome: String,
    /// Columns to rank.
    pub drivers: Vec<String>,
    /// Columns that are in every model and partialled out first.
    pub always: Vec<String>,
    /// Methods and limits; there is nothing to resample.
    pub analysis: DriverAnalysis,
}

/// Ranks the drivers.
///
/// # Errors
/// A table that is refused, and whatever makes the analysis impossible.
pub fn correlations(question: &CorrelationsQuestion) -> Result<DriversAnswer, PipelineError> {
    let file = question.file.display().to_string();
    let refused = |problem: String| PipelineError::Input(format!("{file}: {problem}"));
    let (names, values) = read(&question.file).map_err(refused)?;
    let place = |name: &String| {
        names
            .iter()
            .position(|own| own == name)
            .ok_or_else(|| refused(format!("there is no column `{name}`; there are: {}", names.join(", "))))
    };
    let drivers: Result<Vec<Driver>, PipelineError> =
        question.drivers.iter().map(|name| Ok(Driver::column(name, place(name)?))).collect();
    let always: Result<Vec<usize>, PipelineError> = question.always.iter().map(place).collect();
    let (drivers, always) = (drivers?, always?);
    place(&question.outcome)?;
    let matrix = CorrelationMatrix::new(names.clone(), values).map_err(|error| refused(error.to_string()))?;
    let analysis = with_customary_methods(&question.analysis, true);
    let ranking = analysis.rank_correlations(&matrix, question.n_rows, &question.outcome, &drivers, &always)?;
    Ok(DriversAnswer { ranking })
}

/// Names and values; what stands on one side of the diagonal only stands for both.
fn read(path: &Path) -> Result<(Vec<String>, Array2<f64>), String> {
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .from_path(path)
        .map_err(|error| format!("it could not be read: {error}"))?;
    let header: Vec<String> = reader
        .headers()
        .map_err(|error| format!("its header could not be read: {error}"))?
        .iter()
        .map(|name| name.trim_start_matches('\u{feff}').to_owned())
        .collect();
    let records: Result<Vec<csv::StringRecord>, csv::Error> = reader.records().collect();
    let records = records.map_err(|error| format!("a row could not be read: {error}"))?;
    let n = records.len();
    let with_names = match header.len() {
        columns if columns == n => false,
        columns if columns == n + 1 => true,
        columns => {
            return Err(format!(
                "{n} rows stand under {columns} columns; a table of correlations has as many of both, with or without the \
                 names of the rows in front"
            ));
        }
    };
    let names: Vec<String> = header[usize::from(with_names)..].to_vec();
    let mut cells: Vec<Vec<Option<f64>>> = Vec::with_capacity(n);
    for (row, record) in records.iter().enumerate() {
        let line = row + 2;
        if with_names && record.get(0) != Some(names[row].as_str()) {
            let found = record.get(0).unwrap_or_default();
            return Err(format!("line {line} begins with `{found}` where the header has `{}`", names[row]));
        }
        let of_column = |column: usize| {
            let text = record.get(column + usize::from(with_names)).unwrap_or_default();
            if text.is_empty() {
                return Ok(None);
            }
            let no_number = |_| format!("line {line}, column `{}`: `{text}` is no number", names[column]);
            text.parse::<f64>().map(Some).map_err(no_number)
        };
        cells.push((0..n).map(of_column).collect::<Result<_, String>>()?);
    }
    let mut values = Array2::zeros((n, n));
    for row in 0..n {
        for column in 0..n {
            values[[row, column]] = cells[row][column].or(cells[column][row]).ok_or_else(|| {
                format!("line {}, column `{}` is blank, and so is its mirror image", row + 2, names[column])
            })?;
        }
    }
    Ok((names, values))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<(Vec<String>, Array2<f64>), String> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("r.csv");
        std::fs::write(&path, text).expect("written");
        read(&path)
    }

    #[test]
    fn a_triangle_with_names_is_the_whole_square_without() {
        let (names, triangle) = read_text("variable, a, b, y\na,1,,\nb,0.2,1\ny,0.5,.4,1\n").expect("sound");
        assert_eq!(names, ["a", "b", "y"]);
        let (_, square) = read_text("a,b,y\n1,0.2,0.5\n0.2,1,0.4\n0.5,0.4,1\n").expect("sound");
        assert_eq!(triangle, square);
    }

    #[test]
    fn what_is_no_table_of_correlations_is_refused_with_its_place() {
        let refused = |text: &str| read_text(text).expect_err("refused");
        assert!(refused("a,b,c\n1,0.2\n").contains("1 rows stand under 3 columns"));
        assert!(refused(",a,b\na,1,0.2\nc,0.2,1\n").contains("line 3 begins with `c` where the header has `b`"));
        assert!(refused("a,b\n1,x\n0.2,1\n").contains("line 2, column `b`: `x` is no number"));
        assert!(refused("a,b\n1,\n,1\n").contains("line 2, column `b` is blank"));
    }
}
