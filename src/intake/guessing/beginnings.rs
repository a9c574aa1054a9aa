//! How many answers lie before all that is known of their customer: a control that looks back has nothing to say of these.

use super::guess::SourceGuess;
use super::keys::{FoldGuess, KeyGuess};
use super::kinds::SourceKind;
use crate::intake::Folding;
use crate::intake::profiling::{ColumnProfile, SourceProfile};
use std::collections::HashMap;

/// Answers against the first purchase of their customer, or the day of joining where that is earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beginnings {
    /// Answers looked at whose customer and time are known.
    pub n_answers: u64,
    /// Of these, answers without a purchase and without a day of joining before them.
    pub n_before: u64,
    /// Whether all purchases were looked at; else there may be earlier ones among the others.
    pub is_whole: bool,
}

impl Beginnings {
    /// Share of the answers of which nothing earlier is known, 0-1.
    pub fn share(&self) -> f64 {
        self.n_before as f64 / self.n_answers.max(1) as f64
    }
}

/// What the rows looked at say; `None` where nothing could lie before an answer.
pub(super) fn beginnings(
    profiles: &[SourceProfile],
    sources: &[SourceGuess],
    fold: Option<&FoldGuess>,
) -> Option<Beginnings> {
    let reader = Reader { profiles, folding: Folding::new(fold.map(|own| own.words.as_slice()).unwrap_or_default()) };
    let of = |kind: SourceKind| sources.iter().find(|own| own.kind == kind);
    let answers = reader.rows(of(SourceKind::Feedback)?, "time")?;
    let known: Vec<Rows> = [(SourceKind::Transactions, "time"), (SourceKind::Customers, "joined")]
        .into_iter()
        .filter_map(|(kind, key)| reader.rows(of(kind)?, key))
        .collect();
    if known.is_empty() {
        return None;
    }
    let mut first: HashMap<&str, i64> = HashMap::new();
    for (who, us) in known.iter().flat_map(|rows| &rows.rows) {
        let own = first.entry(who).or_insert(*us);
        *own = (*own).min(*us);
    }
    // What happens at the same instant is not before it.
    let is_before = |(who, us): &&(String, i64)| first.get(who.as_str()).is_none_or(|first| first >= us);
    Some(Beginnings {
        n_answers: answers.rows.len() as u64,
        n_before: answers.rows.iter().filter(is_before).count() as u64,
        is_whole: known.iter().all(|rows| rows.is_whole),
    })
}

/// Who and when, row by row.
struct Rows {
    rows: Vec<(String, i64)>,
    /// Whether all of the source were looked at, and all of the files that lead to the customer.
    is_whole: bool,
}

struct Reader<'p> {
    profiles: &'p [SourceProfile],
    folding: Folding,
}

impl Reader<'_> {
    fn column(&self, source: usize, name: &str) -> Option<&ColumnProfile> {
        self.profiles[source].columns.iter().find(|column| column.name == name)
    }

    /// The rows of a source with a customer and a time.
    fn rows(&self, own: &SourceGuess, key: &str) -> Option<Rows> {
        let who = own.who.as_ref()?;
        let times = self.column(own.source, &own.role(key)?.column)?.instants()?;
        let steps: Vec<HashMap<String, String>> = self.steps(who)?;
        let keys = self.column(own.source, &who.column)?.cells();
        let rows = keys.iter().zip(times).filter_map(|(key, us)| {
            let mut key = self.folding.fold(key).into_owned();
            for step in &steps {
                key = step.get(&key)?.clone();
            }
            (!key.is_empty()).then_some((key, us?))
        });
        let is_whole =
            self.profiles[own.source].is_whole && who.via.iter().all(|step| self.profiles[step.source].is_whole);
        Some(Rows { rows: rows.collect(), is_whole })
    }

    /// What each file on the way to the customer leads to.
    fn steps(&self, who: &KeyGuess) -> Option<Vec<HashMap<String, String>>> {
        who.via
            .iter()
            .map(|step| {
                let (from, to) = (self.column(step.source, &step.from)?, self.column(step.source, &step.to)?);
                let fold = |text: &str| self.folding.fold(text).into_owned();
                Some(from.cells().iter().zip(to.cells().iter()).map(|(from, to)| (fold(from), fold(to))).collect())
            })
            .collect()
    }
}
