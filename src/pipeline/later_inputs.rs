//! Inputs of some customers at one time, with what followed.

use super::later_outcome::LaterOutcomes;
use super::promoter_history::PromoterHistory;
use super::referral_log::{Network, ReferralLog};
use crate::influence::{InputColumn, InputKind, InputScale, ReferralGraph, Snapshot, Toward};

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
    name: &'static str,
    kind: InputKind,
    scale: InputScale,
    toward: Toward,
    values: Vec<f64>,
}

impl InputTable {
    /// What the join and the network of then tell; `later` has one entry a customer of the network, or none.
    pub fn of(log: &ReferralLog, network: &Network, history: PromoterHistory, cut: &Cut, later: Vec<f64>) -> Self {
        let mut columns: Vec<OwnedColumn> = history
            .into_inputs()
            .map(|(own, values)| OwnedColumn {
                name: own.name,
                kind: own.kind,
                scale: own.scale,
                toward: own.toward,
                values,
            })
            .collect();
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
    pub fn telling(&self, other: &Self) -> Vec<&'static str> {
        let pairs = self.columns.iter().zip(&other.columns);
        pairs.filter(|(own, other)| varies(&own.values) && varies(&other.values)).map(|(own, _)| own.name).collect()
    }

    pub fn keep(&mut self, names: &[&str]) {
        self.columns.retain(|column| names.contains(&column.name));
    }

    pub fn inputs<'data>(&'data self) -> Vec<InputColumn<'data>> {
        let borrow = |own: &'data OwnedColumn| InputColumn {
            name: own.name,
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
    let column = |name, kind, values| {
        let values = every(cut.stride, values);
        OwnedColumn { name, kind, scale: InputScale::Log, toward: Toward::More, values }
    };
    let reach = network.reached.nodes.iter().map(|node| node.reach).collect();
    let core = network.core.iter().map(|&core| f64::from(core)).collect();
    // Against the mean of 1, so that ranks of a large graph are no tiny numbers.
    let page_rank = network.page_rank.iter().map(|rank| rank * n_nodes as f64).collect();
    [
        column("referrals", InputKind::Referrals, made_by(&network.graph)),
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

/// Whether a column holds two different values that are known.
fn varies(values: &[f64]) -> bool {
    let mut known = values.iter().filter(|value| !value.is_nan());
    known.next().is_some_and(|first| known.any(|value| value.total_cmp(first).is_ne()))
}
