//! Which segment each row is in.

use std::collections::BTreeSet;

/// The segment of every row, by name; a row may be in none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segmentation {
    by: String,
    names: Vec<String>,
    codes: Vec<Option<usize>>,
    /// Segments of which nothing is reported.
    hidden: Vec<bool>,
}

impl Segmentation {
    /// Rows of one label are a segment; segments are in the order of their names.
    pub fn of_labels<L: AsRef<str>>(labels: &[Option<L>]) -> Self {
        let names: BTreeSet<&str> = labels.iter().flatten().map(AsRef::as_ref).collect();
        let names: Vec<&str> = names.into_iter().collect();
        let place = |label: &Option<L>| label.as_ref().and_then(|label| names.binary_search(&label.as_ref()).ok());
        Self {
            by: "segment".to_owned(),
            codes: labels.iter().map(place).collect(),
            hidden: vec![false; names.len()],
            names: names.iter().map(|&name| name.to_owned()).collect(),
        }
    }

    /// The same with segments of which nothing is reported, because few people are in them or others would give these away.
    /// Their rows are still among those of all other segments.
    #[must_use]
    pub fn hiding(self, is_hidden: impl Fn(&str) -> bool) -> Self {
        Self { hidden: self.names.iter().map(|name| is_hidden(name)).collect(), ..self }
    }

    /// Whether a segment is reported, by its place.
    pub fn is_shown(&self, segment: usize) -> bool {
        !self.hidden[segment]
    }

    /// The same, by the column that the labels come from.
    #[must_use]
    pub fn by(self, column: impl Into<String>) -> Self {
        Self { by: column.into(), ..self }
    }

    /// The column that the labels come from; `segment` where nobody has said.
    pub fn column(&self) -> &str {
        &self.by
    }

    /// The segments' names.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The segment of each row.
    pub fn codes(&self) -> &[Option<usize>] {
        &self.codes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_in_the_order_of_their_names() {
        let own = Segmentation::of_labels(&[Some("web"), None, Some("app"), Some("web")]);
        assert_eq!(own.names(), ["app", "web"]);
        assert_eq!(own.codes(), [Some(1), None, Some(0), Some(1)]);
    }
}
