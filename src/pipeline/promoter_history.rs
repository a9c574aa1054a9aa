//! What the join knows of the customers in a referral graph at one time.

use super::profile_history::{Cells, ProfileHistory};
use crate::influence::{InputKind, InputScale, ReferralGraph, Toward};
use crate::link::{BaseTable, Engine};

/// A column of the customers' history that may speak for influence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct HistoryColumn {
    pub name: &'static str,
    pub kind: InputKind,
    pub scale: InputScale,
    pub toward: Toward,
    /// What stands for a customer of whom nothing is recorded: no events, or not known.
    absent: f64,
}

const HISTORY: [HistoryColumn; 8] = {
    use InputKind::{Engagement, Feedback, Profile, Purchases};
    const fn count(name: &'static str, kind: InputKind) -> HistoryColumn {
        HistoryColumn { name, kind, scale: InputScale::Log, toward: Toward::More, absent: 0.0 }
    }
    const fn days(name: &'static str, kind: InputKind, toward: Toward) -> HistoryColumn {
        HistoryColumn { name, kind, scale: InputScale::Log, toward, absent: f64::NAN }
    }
    [
        HistoryColumn {
            name: "recommend",
            kind: Feedback,
            scale: InputScale::Plain,
            toward: Toward::More,
            absent: f64::NAN,
        },
        count("earlier_answers", Feedback),
        count("activity_365d", Engagement),
        count("activity_30d", Engagement),
        count("frequency", Purchases),
        count("spend_365d", Purchases),
        days("recency_days", Purchases, Toward::Less),
        days("tenure_days", Profile, Toward::Unknown),
    ]
};

/// The history of some customers of a graph: every `stride`-th.
pub(super) struct PromoterHistory {
    columns: Vec<HistoryColumn>,
    stride: usize,
    n_rows: usize,
    values: Vec<Vec<f64>>,
    profile: Vec<ProfileHistory>,
}

impl PromoterHistory {
    /// Nothing known yet of the first `n_nodes` customers, of which every `stride`-th is of interest.
    pub fn new(engine: &Engine, n_nodes: usize, stride: usize) -> Self {
        let there = engine.plan().history();
        let is_there = |column: &&HistoryColumn| {
            engine.plan().dated && (column.name == "recommend" || there.iter().any(|name| name == column.name))
        };
        let columns: Vec<HistoryColumn> = HISTORY.iter().filter(is_there).copied().collect();
        let n_rows = n_nodes.div_ceil(stride);
        let values = columns.iter().map(|_| vec![f64::NAN; n_rows]).collect();
        let profile = ProfileHistory::of(engine.plan(), n_rows);
        Self { columns, stride, n_rows, values, profile }
    }

    /// Takes what a batch of customers says.
    pub fn watch(&mut self, batch: &BaseTable, graph: &ReferralGraph) {
        let Some(customers) = batch.texts("customer") else { return };
        let sources: Vec<Option<&[f64]>> = self.columns.iter().map(|column| batch.numbers(column.name)).collect();
        let profiles: Vec<Cells<'_>> = self.profile.iter().map(|own| Cells::of(batch, &own.name)).collect();
        for (row, customer) in customers.iter().enumerate() {
            let Some(node) = customer.as_ref().and_then(|customer| graph.number_of(customer)) else { continue };
            let place = node as usize / self.stride;
            if !(node as usize).is_multiple_of(self.stride) || place >= self.n_rows {
                continue;
            }
            for (values, source) in self.values.iter_mut().zip(&sources) {
                values[place] = source.map_or(f64::NAN, |source| source[row]);
            }
            for (own, cells) in self.profile.iter_mut().zip(&profiles) {
                own.watch(cells, row, place);
            }
        }
    }

    /// A column as recorded; `NaN` where nothing is.
    pub fn recorded(&self, name: &str) -> Option<&[f64]> {
        let place = self.columns.iter().position(|column| column.name == name)?;
        Some(&self.values[place])
    }

    /// The profile as it was, column by column.
    pub fn profile(&self) -> &[ProfileHistory] {
        &self.profile
    }

    /// The profile, taken out.
    pub fn take_profile(&mut self) -> Vec<ProfileHistory> {
        std::mem::take(&mut self.profile)
    }

    /// The columns but the profile's as inputs of a rating: no events where none are recorded, and nothing below 0 on the scale of
    /// logarithms, as returns can make of spend.
    pub fn into_inputs(self) -> impl Iterator<Item = (HistoryColumn, Vec<f64>)> {
        self.columns.into_iter().zip(self.values).map(|(column, mut values)| {
            for value in &mut values {
                *value = match (value.is_nan(), column.scale) {
                    (true, _) => column.absent,
                    (false, InputScale::Log) => value.max(0.0),
                    (false, InputScale::Plain | InputScale::Levels) => *value,
                };
            }
            (column, values)
        })
    }
}
