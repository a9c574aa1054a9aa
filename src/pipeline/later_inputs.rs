//! Inputs of some customers at one time, with what followed.

use super::later_outcome::LaterOutcomes;
use super::profile_history::{LEVELS_MAX, ProfileHistory, Told};
use super::promoter_history::PromoterHistory;
use super::referral_log::{Network, ReferralLog};
use crate::influence::{InputColumn, InputKind, InputScale, ReferralGraph, Snapshot, Toward};

use std::collections::BTreeSet;

/// Microseconds in a day.
const DAY_US: i64 = 86_400_000_000;

/// A cut in time, and how the customers of then are looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cut {
    /// UTC microseconds.
    pub at_us: i64,
    /// Days before it in which a referral is recent.
    pub days: i64,
    /// Every so manieth customer is looked at.
    pub stride: usize,
}

/// Inputs of some customers at one time, with what they did later.
pub(super) struct InputTable {
    customers: Vec<u32>,
    columns: Vec<OwnedColumn>,
    later: Vec<f64>,
}

#[derive(Clone)]
struct OwnedColumn {
    name: String,
    kind: InputKind,
    scale: InputScale,
    toward: Toward,
    values: Vec<f64>,
    /// The names of levels, by their numbers; none for other scales.
    levels: Vec<String>,
}

/// What a column of the profile may not be called, because all that is counted from referrals is called that.
const OF_REFERRALS: [&str; 6] = ["referrals", "recent_referrals", "reach", "page_rank", "k_core", "network"];

impl InputTable {
    /// What the join and the network of then tell; `later` has one entry a customer of the network, or none.
    pub fn of(log: &ReferralLog, network: &Network, mut history: PromoterHistory, cut: &Cut, later: Vec<f64>) -> Self {
        let profile = history.take_profile();
        let mut columns: Vec<OwnedColumn> = history
            .into_inputs()
            .map(|(own, values)| OwnedColumn {
                name: own.name.to_owned(),
                kind: own.kind,
                scale: own.scale,
                toward: own.toward,
                values,
                levels: Vec::new(),
            })
            .collect();
        columns.extend(profile.into_iter().map(OwnedColumn::of_profile));
        columns.extend(of_network(log, network, cut));
        let customers = (0..network.graph.n_nodes() as u32).step_by(cut.stride).collect();
        Self { customers, columns, later: every(cut.stride, later) }
    }

    /// The same customers with another network behind them and other outcomes; what is not counted from referrals stays.
    pub fn in_network(&self, log: &ReferralLog, network: &Network, cut: &Cut, later: Vec<f64>) -> Self {
        let mut columns = self.columns.clone();
        for other in of_network(log, network, cut) {
            if let Some(own) = columns.iter_mut().find(|own| own.name == other.name) {
                own.values = other.values;
            }
        }
        Self { customers: self.customers.clone(), columns, later: every(cut.stride, later) }
    }

    /// Names of the columns that vary both here and there.
    pub fn telling(&self, other: &Self) -> Vec<String> {
        let pairs = self.columns.iter().zip(&other.columns);
        pairs.filter(|(own, other)| own.varies() && other.varies()).map(|(own, _)| own.name.clone()).collect()
    }

    pub fn keep(&mut self, names: &[String]) {
        self.columns.retain(|column| names.contains(&column.name));
    }

    /// Names of the columns that have too many levels in one of the tables to be told apart.
    pub fn too_various(tables: &[&Self]) -> Vec<String> {
        let columns = tables.iter().flat_map(|table| &table.columns);
        let various = columns.filter(|column| column.levels.len() > LEVELS_MAX).map(|column| column.name.clone());
        various.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Puts numbers of the profile on the scale of logarithms in all tables where the first, the earliest one, has none below 0:
    /// counts and amounts are spread as widely as those that are counted here.
    pub fn scale_alike(tables: &mut [&mut Self]) {
        let Some(earliest) = tables.first() else { return };
        let is_scaled = |column: &OwnedColumn| {
            let is_number = column.kind == InputKind::Profile && column.scale == InputScale::Plain;
            is_number && !column.values.iter().any(|&value| value < 0.0)
        };
        let names: Vec<String> =
            earliest.columns.iter().filter(|column| is_scaled(column)).map(|column| column.name.clone()).collect();
        for column in tables.iter_mut().flat_map(|table| &mut table.columns).filter(|own| names.contains(&own.name)) {
            column.scale = InputScale::Log;
            column.values.iter_mut().for_each(|value| *value = if value.is_nan() { *value } else { value.max(0.0) });
        }
    }

    /// Gives levels the same numbers in all tables, in the order of their names.
    pub fn number_levels_alike(tables: &mut [&mut Self]) {
        let Some(n_columns) = tables.iter().map(|table| table.columns.len()).min() else { return };
        for place in 0..n_columns {
            let of_tables = tables.iter().flat_map(|table| table.columns[place].levels.iter().cloned());
            let levels: Vec<String> = of_tables.collect::<BTreeSet<_>>().into_iter().collect();
            tables.iter_mut().for_each(|table| table.columns[place].number_levels(&levels));
        }
    }

    pub fn inputs<'data>(&'data self) -> Vec<InputColumn<'data>> {
        let borrow = |own: &'data OwnedColumn| InputColumn {
            name: &own.name,
            kind: own.kind,
            values: &own.values,
            scale: own.scale,
            toward: own.toward,
        };
        self.columns.iter().map(borrow).collect()
    }

    pub fn snapshot<'data>(
        &'data self,
        columns: &'data [InputColumn<'data>],
        outcomes: &LaterOutcomes,
    ) -> Snapshot<'data> {
        Snapshot { customers: &self.customers, columns, later: outcomes.as_outcome(&self.later) }
    }
}

/// What is counted from the referrals before a cut.
fn of_network(log: &ReferralLog, network: &Network, cut: &Cut) -> [OwnedColumn; 5] {
    let n_nodes = network.graph.n_nodes();
    let recent = log.made(log.before(cut.at_us - cut.days * DAY_US)..log.before(cut.at_us), n_nodes);
    let column = |name: &str, kind, values| {
        let (values, levels) = (every(cut.stride, values), Vec::new());
        OwnedColumn { name: name.to_owned(), kind, scale: InputScale::Log, toward: Toward::More, values, levels }
    };
    let reach = network.reached.nodes.iter().map(|node| node.reach).collect();
    let core = network.core.iter().map(|&core| f64::from(core)).collect();
    // Against the mean of 1, so that ranks of a large graph are no tiny numbers.
    let page_rank = network.page_rank.iter().map(|rank| rank * n_nodes as f64).collect();
    [
        column("referrals", InputKind::Referrals, made_by(network.brought())),
        column("recent_referrals", InputKind::Referrals, recent),
        column("reach", InputKind::Network, reach),
        column("page_rank", InputKind::Network, page_rank),
        column("k_core", InputKind::Network, core),
    ]
}

fn made_by(graph: &ReferralGraph) -> Vec<f64> {
    (0..graph.n_nodes() as u32).map(|node| graph.referred(node).len() as f64).collect()
}

fn every(stride: usize, values: Vec<f64>) -> Vec<f64> {
    if stride == 1 { values } else { values.into_iter().step_by(stride).collect() }
}

impl OwnedColumn {
    /// A column of the profile, which waits for outcomes: nobody knows which way it points.
    fn of_profile(own: ProfileHistory) -> Self {
        let taken = OF_REFERRALS.contains(&own.name.as_str());
        let name = if taken { format!("profile:{}", own.name) } else { own.name };
        let (scale, values, levels) = match own.told {
            Told::Numbers(values) => (InputScale::Plain, values, Vec::new()),
            Told::Levels { names, numbers } => {
                let levels = (0..names.len() as u32).filter_map(|number| names.get(number)).map(str::to_owned);
                (InputScale::Levels, numbers, levels.collect())
            }
        };
        Self { name, kind: InputKind::Profile, scale, toward: Toward::Unknown, values, levels }
    }

    /// Whether there are two different values that are known; of levels a gap is one.
    fn varies(&self) -> bool {
        let counts = |value: &&f64| self.scale == InputScale::Levels || !value.is_nan();
        let mut known = self.values.iter().filter(counts);
        known.next().is_some_and(|first| known.any(|value| value.total_cmp(first).is_ne()))
    }

    /// The same levels under the numbers that they have in a list that holds them all, in order.
    fn number_levels(&mut self, levels: &[String]) {
        let number = |name: &String| levels.binary_search(name).map_or(f64::NAN, |number| number as f64);
        let numbers: Vec<f64> = self.levels.iter().map(number).collect();
        if self.scale == InputScale::Levels {
            for value in self.values.iter_mut().filter(|value| !value.is_nan()) {
                *value = numbers[*value as usize];
            }
            self.levels = levels.to_vec();
        }
    }
}
