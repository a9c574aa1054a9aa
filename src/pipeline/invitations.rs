//! Whom to invite: the customers of the graph with what inviting them costs and who may not be.

use crate::findings::{Finding, FindingKind, Severity};
use crate::influence::{Candidates, InfluenceError, PlanSettings, ReferralGraph, plan_seeds};
use crate::link::BaseTable;
use crate::report::{SeedPlanResult, SeedRow};
use crate::study::{Influence, InvitationCost};

/// Marks in a column of exclusions that mean that the customer may be invited.
const MAY_BE_INVITED: [&str; 5] = ["", "0", "no", "n", "false"];

/// Costs and exclusions of the customers of a graph.
pub(super) struct Invitations {
    exclude: Option<String>,
    cost: InvitationCost,
    excluded: Vec<bool>,
    /// `NaN` where it is not known.
    costs: Vec<f64>,
}

impl Invitations {
    pub fn new(settings: &Influence, n_nodes: usize) -> Self {
        let costs = match settings.cost {
            InvitationCost::Each(cost) => vec![cost; n_nodes],
            InvitationCost::Column(_) => vec![f64::NAN; n_nodes],
        };
        let (exclude, cost) = (settings.exclude.clone(), settings.cost.clone());
        Self { exclude, cost, excluded: vec![false; n_nodes], costs }
    }

    /// Takes what a batch of customers says.
    pub fn watch(&mut self, batch: &BaseTable, graph: &ReferralGraph) {
        let column = match &self.cost {
            InvitationCost::Column(column) => batch.numbers(column),
            InvitationCost::Each(_) => None,
        };
        let exclude = self.exclude.as_deref();
        let (marks, numbers) =
            (exclude.and_then(|name| batch.texts(name)), exclude.and_then(|name| batch.numbers(name)));
        if column.is_none() && marks.is_none() && numbers.is_none() {
            return;
        }
        let may = |mark: &Option<String>| {
            mark.as_ref().is_none_or(|mark| MAY_BE_INVITED.contains(&mark.trim().to_lowercase().as_str()))
        };
        for (row, customer) in batch.texts("customer").unwrap_or_default().iter().enumerate() {
            let Some(node) = customer.as_ref().and_then(|customer| graph.number_of(customer)) else { continue };
            if let Some(column) = column {
                self.costs[node as usize] = column[row];
            }
            let by_mark = marks.is_some_and(|marks| !may(&marks[row]));
            let by_number = numbers.is_some_and(|numbers| numbers[row].abs() > 0.0);
            self.excluded[node as usize] = by_mark || by_number;
        }
    }

    /// The plan, or a finding that says why there is none.
    pub fn plan(
        mut self,
        graph: &ReferralGraph,
        settings: &Influence,
        seed: u64,
    ) -> (Option<SeedPlanResult>, Vec<Finding>) {
        let n_excluded = self.excluded.iter().filter(|&&excluded| excluded).count();
        let mut n_without_cost = 0;
        for (cost, excluded) in self.costs.iter_mut().zip(&mut self.excluded) {
            if cost.is_nan() {
                n_without_cost += usize::from(!*excluded);
                (*cost, *excluded) = (1.0, true);
            }
        }
        let candidates =
            Candidates { costs: Some(&self.costs), excluded: Some(&self.excluded), ..Candidates::default() };
        let limits =
            PlanSettings { n_seeds: settings.seeds as usize, budget: settings.budget, seed, ..PlanSettings::default() };
        let mut findings = Vec::new();
        if n_without_cost > 0 {
            let sentence = format!("{n_without_cost} customers of unknown cost are not considered for an invitation.");
            let finding = Finding::new(FindingKind::RowsDropped, Severity::Note, "seeds", sentence);
            findings.push(finding.number("n", n_without_cost as f64));
        }
        match plan_seeds(graph, &candidates, &limits) {
            Ok(plan) => {
                findings.extend(plan.findings.iter().cloned());
                let row = |seed: &crate::influence::PlannedSeed| SeedRow {
                    customer: graph.name(seed.node).into_owned(),
                    seed: *seed,
                };
                let seeds = plan.seeds.iter().map(row).collect();
                (Some(SeedPlanResult { seeds, plan, n_excluded, n_without_cost }), findings)
            }
            Err(error) => {
                findings.push(not_planned(&error));
                (None, findings)
            }
        }
    }
}

fn not_planned(error: &InfluenceError) -> Finding {
    let sentence = format!("There is no plan of whom to invite: {error}.");
    Finding::new(FindingKind::NotEstimated, Severity::Warning, "seeds", sentence)
}
