//! Within what answers are not independent: a customer's, or those of an account where the study says so.

use crate::data::Clusters;
use crate::link::BaseTable;
use crate::report::ClusterUnit;
use crate::study::{Level, Study};

/// Whose an answer is, for what asks how many independent answers there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Label<'b> {
    /// Of the account or parent within which the study says that answers are not independent.
    Unit(&'b str),
    /// Of a customer who belongs to none that is known.
    Customer(&'b str),
    /// Of nobody who is known, and so of nobody else.
    Row(usize),
}

/// What a cluster is, as reports call it.
pub(super) fn unit(study: &Study) -> ClusterUnit {
    let identity = &study.identity;
    match identity.clusters.unwrap_or(identity.level) {
        Level::Person => ClusterUnit::Customer,
        Level::Account => ClusterUnit::Account,
        Level::Parent => ClusterUnit::Parent,
    }
}

/// The label of every answer; `None` for a survey without customers.
pub(super) fn labels<'b>(study: &Study, base: &'b BaseTable) -> Option<Vec<Label<'b>>> {
    let customers = base.texts("customer")?;
    let column = study.identity.cluster_column();
    let units = if column == "customer" { None } else { base.texts(column) };
    let label = |(row, customer): (usize, &'b Option<String>)| {
        let unit = units.and_then(|own| own[row].as_deref()).map(Label::Unit);
        unit.or(customer.as_deref().map(Label::Customer)).unwrap_or(Label::Row(row))
    };
    Some(customers.iter().enumerate().map(label).collect())
}

/// The clusters of some answers, where any has several; else rows are independent.
pub(super) fn of_rows(study: &Study, base: &BaseTable, rows: &[usize]) -> Option<Clusters> {
    let labels = labels(study, base)?;
    let clusters = Clusters::from_labels(rows.iter().map(|&row| labels[row]));
    (clusters.n_clusters() < rows.len()).then_some(clusters)
}
