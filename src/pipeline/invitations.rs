//! Whom to invite: the customers of the graph with what inviting them costs, who may not be, and what reaching each counts.

use super::PipelineError;
use crate::findings::{Finding, FindingKind, Severity};
use crate::influence::{Candidates, InfluenceError, PlanSettings, PlannedSeed, ReferralGraph, SpreadModel, plan_seeds};
use crate::link::{BaseTable, Engine};
use crate::report::{SeedCount, SeedPlanResult, SeedRow, words};
use crate::study::{Influence, InvitationCost, SeedQuota, SeedValue, WordModel};

/// Marks that mean no.
const NO: [&str; 5] = ["", "0", "no", "n", "false"];

/// What is known of the customers of a graph that a plan has to keep to.
pub(super) struct Invitations {
    exclude: Option<String>,
    active: Option<String>,
    cost: InvitationCost,
    quota: Option<SeedQuota>,
    value: SeedValue,
    excluded: Vec<bool>,
    is_active: Vec<bool>,
    /// Contacted lately, where the study asks.
    contacted: Option<Vec<bool>>,
    /// `NaN` where it is not known.
    costs: Vec<f64>,
    /// The quota that each falls under; the last stands for none.
    segments: Vec<u32>,
    /// By a kept column; 0 where it is blank.
    values: Vec<f64>,
}

/// What reaching each customer is worth, one entry a customer, where it is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct CustomerValues<'a> {
    /// Margin of what was bought.
    pub own: Option<&'a [f64]>,
    /// Margin of what is expected to be bought.
    pub lifetime: Option<&'a [f64]>,
}

/// A column of the customers in one batch, whatever it holds.
struct Marks<'batch> {
    texts: Option<&'batch [Option<String>]>,
    numbers: Option<&'batch [f64]>,
}

impl<'batch> Marks<'batch> {
    fn of(batch: &'batch BaseTable, column: Option<&String>) -> Self {
        Self {
            texts: column.and_then(|column| batch.texts(column)),
            numbers: column.and_then(|column| batch.numbers(column)),
        }
    }

    /// Whether the mark says yes: anything but blank, 0, `no`, `n`, `false`.
    fn says_yes(&self, row: usize) -> bool {
        let is_no = |mark: &str| NO.contains(&mark.trim().to_lowercase().as_str());
        let by_text = self.texts.is_some_and(|texts| texts[row].as_ref().is_some_and(|mark| !is_no(mark)));
        by_text || self.numbers.is_some_and(|numbers| numbers[row].abs() > 0.0)
    }

    /// The value as it is written.
    fn word(&self, row: usize) -> Option<String> {
        let number = || self.numbers.map(|numbers| numbers[row]).filter(|value| !value.is_nan());
        self.texts.and_then(|texts| texts[row].clone()).or_else(|| number().map(|value| value.to_string()))
    }
}

impl Invitations {
    /// Nothing known yet but who was contacted lately.
    ///
    /// # Errors
    /// The engine fails.
    pub fn new(settings: &Influence, engine: &Engine, graph: &ReferralGraph) -> Result<Self, PipelineError> {
        let n_nodes = graph.n_nodes();
        let costs = match settings.cost {
            InvitationCost::Each(cost) => vec![cost; n_nodes],
            InvitationCost::Column(_) => vec![f64::NAN; n_nodes],
        };
        let contacted = match settings.not_contacted_days.filter(|_| settings.seeds > 0) {
            Some(days) => Some(contacted(engine, days, &settings.contact_kinds, graph)?),
            None => None,
        };
        let n_quotas = settings.quota.as_ref().map_or(0, |quota| quota.at_most.len());
        Ok(Self {
            exclude: settings.exclude.clone(),
            active: settings.active.clone(),
            cost: settings.cost.clone(),
            quota: settings.quota.clone(),
            value: settings.seed_value.clone(),
            excluded: vec![false; n_nodes],
            is_active: vec![false; n_nodes],
            contacted,
            costs,
            segments: vec![n_quotas as u32; n_nodes],
            values: vec![0.0; n_nodes],
        })
    }

    /// Takes what a batch of customers says.
    pub fn watch(&mut self, batch: &BaseTable, graph: &ReferralGraph) {
        let cost = match &self.cost {
            InvitationCost::Column(column) => batch.numbers(column),
            InvitationCost::Each(_) => None,
        };
        let value = match &self.value {
            SeedValue::Column(column) => batch.numbers(column),
            SeedValue::Customers | SeedValue::OwnValue | SeedValue::LifetimeValue => None,
        };
        let (exclude, active) = (Marks::of(batch, self.exclude.as_ref()), Marks::of(batch, self.active.as_ref()));
        let segment = Marks::of(batch, self.quota.as_ref().map(|quota| &quota.column));
        for (row, customer) in batch.texts("customer").unwrap_or_default().iter().enumerate() {
            let Some(node) = customer.as_ref().and_then(|customer| graph.number_of(customer)) else { continue };
            let node = node as usize;
            if let Some(cost) = cost {
                self.costs[node] = cost[row];
            }
            if let Some(value) = value {
                // Less than nothing is no reason to keep the word from somebody.
                self.values[node] = value[row].max(0.0);
            }
            self.excluded[node] = exclude.says_yes(row);
            self.is_active[node] = active.says_yes(row);
            if let (Some(quota), Some(word)) = (&self.quota, segment.word(row)) {
                let place = quota.at_most.iter().position(|own| own.value == word).unwrap_or(quota.at_most.len());
                self.segments[node] = place as u32;
            }
        }
    }

    /// The plan over a graph of the same customers, or a finding that says why there is none.
    pub fn plan(
        mut self,
        names: &ReferralGraph,
        graph: &ReferralGraph,
        of_customers: CustomerValues<'_>,
        settings: &Influence,
        seed: u64,
    ) -> (Option<SeedPlanResult>, Vec<Finding>) {
        let n_of = |flags: &[bool]| flags.iter().filter(|&&flag| flag).count();
        let n_excluded = n_of(&self.excluded);
        let mut n_contacted = None;
        if let Some(contacted) = &self.contacted {
            let mut n_more = 0;
            for (excluded, &contacted) in self.excluded.iter_mut().zip(contacted) {
                n_more += usize::from(contacted && !*excluded);
                *excluded |= contacted;
            }
            n_contacted = Some(n_more);
        }
        let mut n_without_cost = 0;
        for (cost, excluded) in self.costs.iter_mut().zip(&mut self.excluded) {
            if cost.is_nan() || *cost <= 0.0 {
                n_without_cost += usize::from(!*excluded);
                (*cost, *excluded) = (1.0, true);
            }
        }
        let (values, counts) = match &self.value {
            SeedValue::Customers => (None, SeedCount::Customers),
            SeedValue::LifetimeValue if of_customers.lifetime.is_some() => {
                (of_customers.lifetime, SeedCount::Value("lifetime_value".to_owned()))
            }
            // What was bought stands in where nobody knows what will be, which a finding says.
            SeedValue::OwnValue | SeedValue::LifetimeValue => {
                (of_customers.own, SeedCount::Value("own_value".to_owned()))
            }
            SeedValue::Column(column) => (Some(self.values.as_slice()), SeedCount::Value(column.clone())),
        };
        let quotas: Vec<usize> = self
            .quota
            .iter()
            .flat_map(|quota| quota.at_most.iter().map(|own| own.n as usize).chain([usize::MAX]))
            .collect();
        let candidates = Candidates {
            costs: Some(&self.costs),
            excluded: Some(&self.excluded),
            active: self.active.as_ref().map(|_| self.is_active.as_slice()),
            segments: self.quota.as_ref().map(|_| self.segments.as_slice()),
            quotas: &quotas,
            values,
        };
        let model = match settings.model {
            WordModel::Cascade => SpreadModel::Cascade,
            WordModel::Threshold => SpreadModel::Threshold,
        };
        let limits = PlanSettings {
            n_seeds: settings.seeds as usize,
            budget: settings.budget,
            model,
            seed,
            ..PlanSettings::default()
        };
        let mut findings = Vec::new();
        if n_without_cost > 0 {
            let sentence = format!(
                "{} whose cost is unknown or not above 0 {} not considered for an invitation.",
                words::counted(n_without_cost, "customer", "customers"),
                words::either(n_without_cost, "is", "are")
            );
            let finding = Finding::new(FindingKind::RowsDropped, Severity::Note, "seeds", sentence);
            findings.push(finding.number("n", n_without_cost as f64));
        }
        match plan_seeds(graph, &candidates, &limits) {
            Ok(plan) => {
                findings.extend(plan.findings.iter().cloned());
                let row = |seed: &PlannedSeed| SeedRow {
                    customer: names.name(seed.node).into_owned(),
                    segment: self.segment_of(seed.node),
                    seed: *seed,
                };
                let seeds = plan.seeds.iter().map(row).collect();
                let n_active = n_of(&self.is_active);
                let result = SeedPlanResult { seeds, plan, n_excluded, n_without_cost, n_contacted, n_active, counts };
                (Some(result), findings)
            }
            Err(error) => {
                findings.push(not_planned(&error));
                (None, findings)
            }
        }
    }

    fn segment_of(&self, node: u32) -> Option<String> {
        let own = self.quota.as_ref()?.at_most.get(self.segments[node as usize] as usize)?;
        Some(own.value.clone())
    }
}

/// Whom the company contacted lately, by node.
fn contacted(engine: &Engine, days: u32, kinds: &[String], graph: &ReferralGraph) -> Result<Vec<bool>, PipelineError> {
    let table = engine.contacted_lately(days, kinds)?;
    let mut contacted = vec![false; graph.n_nodes()];
    for customer in table.texts("customer").unwrap_or_default().iter().flatten() {
        if let Some(node) = graph.number_of(customer) {
            contacted[node as usize] = true;
        }
    }
    Ok(contacted)
}

fn not_planned(error: &InfluenceError) -> Finding {
    let sentence = format!("There is no plan of whom to invite: {error}.");
    Finding::new(FindingKind::NotEstimated, Severity::Warning, "seeds", sentence)
}
