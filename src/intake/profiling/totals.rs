//! Rows under a table that sum it up: `Total`, `Average` and the like.

use super::sample::Sample;

/// Words of such rows, in lower case.
const WORDS: [&str; 20] = [
    "total",
    "totals",
    "grand total",
    "subtotal",
    "sum",
    "average",
    "avg",
    "mean",
    "count",
    "median",
    "gesamt",
    "summe",
    "gesamtsumme",
    "durchschnitt",
    "mittelwert",
    "moyenne",
    "promedio",
    "media",
    "totale",
    "somme",
];
/// Rows at the end that are looked at.
const LOOKED_AT: usize = 3;
/// Rows that a table must have beside these.
const ROWS_MIN: usize = 5;

/// A row that is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TotalsRow {
    /// The column with the word.
    pub column: String,
    /// The word, as it stands there.
    pub text: String,
}

/// Takes the rows at the end of a file that sum it up out of its sample: those with such a word in a column that has it nowhere else.
pub(super) fn take_out(sample: &mut Sample) {
    // An export ends with its last response, and where rows were left out the last one looked at may not be the file's.
    if !sample.is_whole || sample.export.is_some() {
        return;
    }
    for _ in 0..LOOKED_AT {
        let n_rows = sample.n_rows as usize;
        if n_rows <= ROWS_MIN {
            return;
        }
        let found = sample.columns.iter().find_map(|column| {
            let text = column.cells.iter().last()?;
            let word = text.trim_end_matches(':').trim().to_lowercase();
            let is_new = || column.cells.iter().filter(|own| *own == text).count() == 1;
            (WORDS.contains(&word.as_str()) && is_new())
                .then(|| TotalsRow { column: column.stated.name().to_owned(), text: text.to_owned() })
        });
        let Some(row) = found else { return };
        for column in &mut sample.columns {
            column.cells = column.cells.part(0..n_rows - 1);
        }
        sample.n_rows -= 1;
        sample.totals.push(row);
    }
}

#[cfg(test)]
mod tests {
    use super::super::cells::Cells;
    use super::super::sample::SampledColumn;
    use super::*;
    use crate::intake::exports::ExportColumn;

    fn sample(columns: &[(&str, &[&str])]) -> Sample {
        let columns: Vec<SampledColumn> = columns
            .iter()
            .map(|(name, cells)| SampledColumn {
                stated: ExportColumn { names: vec![(*name).to_owned()], ..ExportColumn::default() },
                cells: Cells::of(cells.iter().copied()),
            })
            .collect();
        let n_rows = columns[0].cells.len() as u64;
        Sample {
            columns,
            export: None,
            n_rows,
            n_broken: 0,
            is_whole: true,
            totals: Vec::new(),
            rows_above: 0,
            counts_from_1904: false,
        }
    }

    #[test]
    fn rows_that_sum_up_the_others_are_taken_out_and_named() {
        let mut own = sample(&[
            ("id", &["1", "2", "3", "4", "5", "6", "Total:", "Average"]),
            ("score", &["3", "4", "5", "4", "3", "5", "24", "4.0"]),
        ]);
        take_out(&mut own);
        let row = |text: &str| TotalsRow { column: "id".to_owned(), text: text.to_owned() };
        assert_eq!((own.n_rows, own.totals), (6, vec![row("Average"), row("Total:")]));
        assert_eq!(own.columns[1].cells.iter().collect::<Vec<_>>(), ["3", "4", "5", "4", "3", "5"]);
    }

    #[test]
    fn a_word_that_comes_elsewhere_and_a_row_in_the_middle_stay() {
        let plans = sample(&[("plan", &["total", "basic", "total", "basic", "basic", "total"][..])]);
        let middle = sample(&[("id", &["1", "2", "Total", "4", "5", "6"][..])]);
        for own in [plans, middle] {
            let mut after = own.clone();
            take_out(&mut after);
            assert_eq!((after.n_rows, after.totals.len()), (own.n_rows, 0));
        }
    }
}
