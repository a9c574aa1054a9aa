//! Rows that came out of the join, column by column.

use super::LinkError;
use datafusion::arrow::array::AsArray;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Float64Type};
use datafusion::arrow::record_batch::RecordBatch;

/// One column of the base table.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// Numbers; `NaN` where there is none.
    Numbers(Vec<f64>),
    /// Texts.
    Texts(Vec<Option<String>>),
}

/// Named columns of equal length.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BaseTable {
    columns: Vec<(String, Column)>,
}

impl BaseTable {
    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.columns.first().map_or(0, |(_, column)| match column {
            Column::Numbers(values) => values.len(),
            Column::Texts(values) => values.len(),
        })
    }

    /// Names and columns, in order.
    pub fn columns(&self) -> &[(String, Column)] {
        &self.columns
    }

    /// A column of numbers.
    pub fn numbers(&self, name: &str) -> Option<&[f64]> {
        self.columns.iter().find_map(|(own, column)| match column {
            Column::Numbers(values) if own == name => Some(values.as_slice()),
            _ => None,
        })
    }

    /// A column of texts.
    pub fn texts(&self, name: &str) -> Option<&[Option<String>]> {
        self.columns.iter().find_map(|(own, column)| match column {
            Column::Texts(values) if own == name => Some(values.as_slice()),
            _ => None,
        })
    }

    /// The rows for which something holds, in their order.
    pub fn filtered(&self, keep: impl Fn(usize) -> bool) -> Self {
        fn kept<T: Clone>(values: &[T], keep: impl Fn(usize) -> bool) -> Vec<T> {
            values.iter().enumerate().filter(|(row, _)| keep(*row)).map(|(_, value)| value.clone()).collect()
        }
        let columns = self.columns.iter().map(|(name, column)| {
            let column = match column {
                Column::Numbers(values) => Column::Numbers(kept(values, &keep)),
                Column::Texts(values) => Column::Texts(kept(values, &keep)),
            };
            (name.clone(), column)
        });
        Self { columns: columns.collect() }
    }

    /// Every row as many times as is said of it, one after the other.
    pub fn repeated(&self, times: impl Fn(usize) -> usize) -> Self {
        fn each<T: Clone>(values: &[T], times: impl Fn(usize) -> usize) -> Vec<T> {
            values.iter().enumerate().flat_map(|(row, value)| std::iter::repeat_n(value.clone(), times(row))).collect()
        }
        let columns = self.columns.iter().map(|(name, column)| {
            let column = match column {
                Column::Numbers(values) => Column::Numbers(each(values, &times)),
                Column::Texts(values) => Column::Texts(each(values, &times)),
            };
            (name.clone(), column)
        });
        Self { columns: columns.collect() }
    }

    /// All columns but one.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.columns.retain(|(own, _)| own != name);
        self
    }

    /// The count that a statement of one row gave under this name.
    pub(super) fn count(&self, name: &str) -> Result<u64, LinkError> {
        match self.numbers(name) {
            Some(&[value]) => Ok(value as u64),
            _ => Err(LinkError::Shape(name.to_owned())),
        }
    }

    /// Adds the rows of a batch; the first one names the columns.
    pub(super) fn append(&mut self, batch: &RecordBatch) -> Result<(), LinkError> {
        let schema = batch.schema();
        if self.columns.is_empty() {
            self.columns = schema
                .fields()
                .iter()
                .map(|field| {
                    let column = if is_text(field.data_type()) {
                        Column::Texts(Vec::new())
                    } else {
                        Column::Numbers(Vec::new())
                    };
                    (field.name().clone(), column)
                })
                .collect();
        }
        for ((name, column), array) in self.columns.iter_mut().zip(batch.columns()) {
            let bad = |_| LinkError::Shape(name.clone());
            match column {
                Column::Numbers(values) => {
                    let array = cast(array, &DataType::Float64).map_err(bad)?;
                    values.extend(array.as_primitive::<Float64Type>().iter().map(|value| value.unwrap_or(f64::NAN)));
                }
                Column::Texts(values) => {
                    let array = cast(array, &DataType::Utf8).map_err(bad)?;
                    values.extend(array.as_string::<i32>().iter().map(|value| value.map(str::to_owned)));
                }
            }
        }
        Ok(())
    }
}

fn is_text(kind: &DataType) -> bool {
    matches!(kind, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(_, _))
}
