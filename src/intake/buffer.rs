//! Typed columns while they grow, row by row; a row that turns out to be bad is taken back.

use datafusion::arrow::array::{Array, ArrayRef, BooleanArray, Float64Array, Int64Array, StringArray};
use datafusion::arrow::buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use std::sync::Arc;

/// What a cell of a used row came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It holds a value.
    Value,
    /// Nothing was said.
    Blank,
    /// It was said that the question does not apply.
    NotApplicable,
}

/// One column of some rows.
#[derive(Debug, Clone)]
pub(super) struct Buffered {
    values: Values,
    states: Vec<State>,
}

#[derive(Debug, Clone)]
enum Values {
    Text { text: String, ends: Vec<i32> },
    Number(Vec<f64>),
    Instant(Vec<i64>),
}

impl Buffered {
    pub(super) fn texts() -> Self {
        Self { values: Values::Text { text: String::new(), ends: vec![0] }, states: Vec::new() }
    }

    pub(super) fn numbers() -> Self {
        Self { values: Values::Number(Vec::new()), states: Vec::new() }
    }

    pub(super) fn instants() -> Self {
        Self { values: Values::Instant(Vec::new()), states: Vec::new() }
    }

    /// Makes room for that many rows more; how long their texts are is not known.
    pub(super) fn reserve(&mut self, n_rows: usize) {
        match &mut self.values {
            Values::Text { ends, .. } => ends.reserve(n_rows),
            Values::Number(values) => values.reserve(n_rows),
            Values::Instant(values) => values.reserve(n_rows),
        }
        self.states.reserve(n_rows);
    }

    #[inline]
    pub(super) fn push_text(&mut self, value: &str) {
        if let Values::Text { text, ends } = &mut self.values {
            text.push_str(value);
            ends.push(text.len() as i32);
            self.states.push(State::Value);
        }
    }

    #[inline]
    pub(super) fn push_number(&mut self, value: f64) {
        if let Values::Number(values) = &mut self.values {
            values.push(value);
            self.states.push(State::Value);
        }
    }

    #[inline]
    pub(super) fn push_instant(&mut self, value: i64) {
        if let Values::Instant(values) = &mut self.values {
            values.push(value);
            self.states.push(State::Value);
        }
    }

    /// A cell without a value.
    pub(super) fn push_none(&mut self, state: State) {
        match &mut self.values {
            Values::Text { text, ends } => ends.push(text.len() as i32),
            Values::Number(values) => values.push(0.0),
            Values::Instant(values) => values.push(0),
        }
        self.states.push(state);
    }

    /// Another number in a row that holds one.
    pub(super) fn put_number(&mut self, row: usize, value: f64) {
        if let Values::Number(values) = &mut self.values {
            values[row] = value;
        }
    }

    /// A row as if nothing had been said in it.
    pub(super) fn put_none(&mut self, row: usize) {
        if let Values::Number(values) = &mut self.values {
            values[row] = 0.0;
            self.states[row] = State::Blank;
        }
    }

    /// Takes back all rows behind the first `n_rows`.
    pub(super) fn truncate(&mut self, n_rows: usize) {
        match &mut self.values {
            Values::Text { text, ends } => {
                if ends.len() > n_rows + 1 {
                    ends.truncate(n_rows + 1);
                    text.truncate(ends[n_rows] as usize);
                }
            }
            Values::Number(values) => values.truncate(n_rows),
            Values::Instant(values) => values.truncate(n_rows),
        }
        self.states.truncate(n_rows);
    }

    /// Keeps some rows, which come in rising order.
    pub(super) fn keep(&mut self, rows: &[usize]) {
        match &mut self.values {
            Values::Text { text, ends } => {
                let mut kept = (String::with_capacity(text.len()), vec![0]);
                for &row in rows {
                    kept.0.push_str(&text[ends[row] as usize..ends[row + 1] as usize]);
                    kept.1.push(kept.0.len() as i32);
                }
                (*text, *ends) = kept;
            }
            Values::Number(values) => *values = rows.iter().map(|&row| values[row]).collect(),
            Values::Instant(values) => *values = rows.iter().map(|&row| values[row]).collect(),
        }
        self.states = rows.iter().map(|&row| self.states[row]).collect();
    }

    /// What each row's cell came to.
    pub(super) fn states(&self) -> &[State] {
        &self.states
    }

    /// The text of a row; empty where there is none.
    #[inline]
    pub(super) fn text(&self, row: usize) -> &str {
        match &self.values {
            Values::Text { text, ends } => &text[ends[row] as usize..ends[row + 1] as usize],
            _ => "",
        }
    }

    /// The number of a row; not a number where there is none.
    pub(super) fn number(&self, row: usize) -> f64 {
        match (&self.values, self.states[row]) {
            (Values::Number(values), State::Value) => values[row],
            _ => f64::NAN,
        }
    }

    /// The instant of a row, where there is one.
    #[inline]
    pub(super) fn instant(&self, row: usize) -> Option<i64> {
        match (&self.values, self.states[row]) {
            (Values::Instant(values), State::Value) => Some(values[row]),
            _ => None,
        }
    }

    /// Fills an empty column with `n_rows` that were written with [`Buffered::array`]: no array stands for gaps alone, and
    /// `not_applicable` says which gaps are no blanks. `None` where the arrays are not such.
    pub(super) fn restore(
        &mut self,
        n_rows: usize,
        array: Option<&ArrayRef>,
        not_applicable: Option<&BooleanArray>,
    ) -> Option<()> {
        if array.is_some_and(|array| array.len() != n_rows) || not_applicable.is_some_and(|own| own.len() != n_rows) {
            return None;
        }
        let is_gap = |row: usize| array.is_none_or(|array| array.is_null(row));
        self.states = (0..n_rows)
            .map(|row| match (is_gap(row), not_applicable.is_some_and(|own| own.value(row))) {
                (false, _) => State::Value,
                (true, false) => State::Blank,
                (true, true) => State::NotApplicable,
            })
            .collect();
        let any = array.map(|array| array.as_any());
        match &mut self.values {
            Values::Text { ends, .. } if array.is_none() => *ends = vec![0; n_rows + 1],
            Values::Text { text, ends } => {
                for own in any?.downcast_ref::<StringArray>()? {
                    text.push_str(own.unwrap_or_default());
                    ends.push(text.len() as i32);
                }
            }
            Values::Number(values) if array.is_none() => *values = vec![0.0; n_rows],
            Values::Number(values) => {
                *values = any?.downcast_ref::<Float64Array>()?.iter().map(Option::unwrap_or_default).collect();
            }
            Values::Instant(values) if array.is_none() => *values = vec![0; n_rows],
            Values::Instant(values) => {
                *values = any?.downcast_ref::<Int64Array>()?.iter().map(Option::unwrap_or_default).collect();
            }
        }
        Some(())
    }

    /// The column as the query engine wants it.
    pub(super) fn array(&self) -> ArrayRef {
        self.clone().into_array()
    }

    /// The same without copying.
    pub(super) fn into_array(self) -> ArrayRef {
        let nulls = self.states.iter().any(|state| *state != State::Value).then(|| {
            NullBuffer::new(self.states.iter().map(|state| *state == State::Value).collect::<BooleanBuffer>())
        });
        match self.values {
            Values::Text { text, ends } => {
                let offsets = OffsetBuffer::new(ScalarBuffer::from(ends));
                Arc::new(StringArray::new(offsets, Buffer::from_vec(text.into_bytes()), nulls))
            }
            Values::Number(values) => Arc::new(Float64Array::new(values.into(), nulls)),
            Values::Instant(values) => Arc::new(Int64Array::new(values.into(), nulls)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_taken_back_leaves_no_trace() {
        let mut texts = Buffered::texts();
        texts.push_text("kept");
        texts.push_text("taken back");
        texts.truncate(1);
        texts.push_none(State::NotApplicable);
        texts.push_text("last");
        assert_eq!((texts.text(0), texts.text(1), texts.text(2)), ("kept", "", "last"));
        let array = texts.into_array();
        assert_eq!((array.len(), array.null_count()), (3, 1));
        assert_eq!(array.as_ref(), &StringArray::from(vec![Some("kept"), None, Some("last")]) as &dyn Array);
    }

    #[test]
    fn numbers_and_instants_keep_their_gaps() {
        let mut numbers = Buffered::numbers();
        numbers.push_number(2.5);
        numbers.push_none(State::Blank);
        assert!(numbers.number(1).is_nan());
        assert_eq!(numbers.into_array().as_ref(), &Float64Array::from(vec![Some(2.5), None]) as &dyn Array);
        let mut instants = Buffered::instants();
        instants.push_instant(7);
        assert_eq!(instants.instant(0), Some(7));
        assert_eq!(instants.into_array().as_ref(), &Int64Array::from(vec![7]) as &dyn Array);
    }
}
