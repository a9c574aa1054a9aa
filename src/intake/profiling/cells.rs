//! The cells of a sample, column by column.

/// Texts one after the other in a single buffer, so that a wide file costs little beyond its bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::intake) struct Cells {
    text: String,
    /// Where each cell ends in the buffer.
    ends: Vec<usize>,
    /// Whether some came as numbers, so that nothing is written in any way.
    has_numbers: bool,
    /// Whether some came as dates, which no layout of texts concerns.
    has_dates: bool,
}

impl Cells {
    /// The cells of some texts.
    #[cfg(test)]
    pub(in crate::intake) fn of<'t>(texts: impl IntoIterator<Item = &'t str>) -> Self {
        let mut cells = Self::default();
        texts.into_iter().for_each(|text| cells.push(text));
        cells
    }

    pub(super) fn push(&mut self, text: &str) {
        self.text.push_str(text.trim());
        self.ends.push(self.text.len());
    }

    /// Notes that a cell came as a number.
    pub(super) fn note_number(&mut self) {
        self.has_numbers = true;
    }

    /// Notes that a cell came as a date.
    pub(super) fn note_date(&mut self) {
        self.has_dates = true;
    }

    /// Whether some came as dates.
    pub(super) fn hold_dates(&self) -> bool {
        self.has_dates
    }

    /// Whether some came as numbers.
    pub(super) fn hold_numbers(&self) -> bool {
        self.has_numbers
    }

    /// Takes over the cells of another file of the same columns.
    pub(super) fn append(&mut self, other: &Self) {
        other.iter().for_each(|text| self.push(text));
        self.has_numbers |= other.has_numbers;
        self.has_dates |= other.has_dates;
    }

    /// Some of the cells, by their places.
    pub(super) fn part(&self, places: std::ops::Range<usize>) -> Self {
        let mut part = Self::default();
        for at in places {
            let start = if at == 0 { 0 } else { self.ends[at - 1] };
            part.push(&self.text[start..self.ends[at]]);
        }
        part
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(in crate::intake) fn iter(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| &self.text[start..end])
    }
}

#[cfg(test)]
mod tests {
    use super::Cells;

    #[test]
    fn cells_come_back_trimmed_and_in_order() {
        let mut cells = Cells::of([" a ", "", "ü b"]);
        assert_eq!(cells.iter().collect::<Vec<_>>(), ["a", "", "ü b"]);
        cells.append(&Cells::of(["z"]));
        assert_eq!((cells.iter().collect::<Vec<_>>(), cells.len()), (vec!["a", "", "ü b", "z"], 4));
    }
}
