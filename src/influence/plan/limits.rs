//! What a plan has to keep to.

use super::choose::PlanSettings;
use crate::influence::edges::check_length;
use crate::influence::reach::check_values;
use crate::influence::{InfluenceError, ReferralGraph};

/// What is known of the customers, one entry each.
#[derive(Debug, Clone, Copy, Default)]
pub struct Candidates<'data> {
    /// What inviting each costs, above 0; `None` where all cost 1.
    pub costs: Option<&'data [f64]>,
    /// Who may not be invited: opted out, or contacted lately.
    pub excluded: Option<&'data [bool]>,
    /// Who spreads the word already, at no cost: what they reach is no plan's merit.
    pub active: Option<&'data [bool]>,
    /// Segment of each customer, below the number of quotas.
    pub segments: Option<&'data [u32]>,
    /// Customers to invite of each segment at most.
    pub quotas: &'data [usize],
    /// What reaching each is worth, at least 0; `None` where all count 1.
    pub values: Option<&'data [f64]>,
}

/// Everything a choice has to keep to.
pub(super) struct Limits<'a> {
    pub candidates: &'a Candidates<'a>,
    pub n_seeds: usize,
    pub budget: f64,
}

impl<'a> Limits<'a> {
    pub fn of(
        graph: &ReferralGraph,
        candidates: &'a Candidates<'a>,
        settings: &PlanSettings,
    ) -> Result<Self, InfluenceError> {
        let n_nodes = graph.n_nodes();
        let bad = |setting, value, range| Err(InfluenceError::BadSetting { setting, value, range });
        if settings.samples_max == 0 || settings.samples_max >= u32::MAX as usize {
            return bad("samples", settings.samples_max as f64, "1 to 4294967294");
        }
        if settings.n_seeds == 0 {
            return bad("number of seeds", 0.0, "at least 1");
        }
        if !(settings.certainty > 0.0 && settings.certainty < 1.0) {
            return bad("certainty", settings.certainty, "above 0 and below 1");
        }
        let budget = settings.budget.unwrap_or(f64::INFINITY);
        if budget.is_nan() || budget <= 0.0 {
            return bad("budget", budget, "above 0");
        }
        if let Some(costs) = candidates.costs {
            check_length("costs", costs.len(), n_nodes)?;
            if let Some(row) = costs.iter().position(|cost| !(cost.is_finite() && *cost > 0.0)) {
                let (component, value) = ("cost", costs[row]);
                return Err(InfluenceError::BadComponent {
                    component,
                    row: row + 1,
                    value,
                    range: "finite and above 0",
                });
            }
        }
        check_length("exclusions", candidates.excluded.map_or(n_nodes, <[_]>::len), n_nodes)?;
        check_length("active customers", candidates.active.map_or(n_nodes, <[_]>::len), n_nodes)?;
        if let Some(segments) = candidates.segments {
            check_length("segments", segments.len(), n_nodes)?;
            if let Some(row) = segments.iter().position(|&segment| segment as usize >= candidates.quotas.len()) {
                let (component, value) = ("segment", f64::from(segments[row]));
                return Err(InfluenceError::BadComponent {
                    component,
                    row: row + 1,
                    value,
                    range: "below the number of quotas",
                });
            }
        }
        if let Some(values) = candidates.values {
            check_values(values, n_nodes)?;
        }
        Ok(Self { candidates, n_seeds: settings.n_seeds, budget })
    }

    pub fn cost(&self, node: u32) -> f64 {
        self.candidates.costs.map_or(1.0, |costs| costs[node as usize])
    }

    /// Whether the customer may be invited at all.
    pub fn may(&self, node: u32) -> bool {
        let is = |flags: Option<&[bool]>| flags.is_some_and(|flags| flags[node as usize]);
        !is(self.candidates.excluded) && !is(self.candidates.active)
    }

    /// Whether the customer can be added to what is spent.
    pub fn fits(&self, node: u32, spent: &Spent) -> bool {
        let quota = self.candidates.segments.is_none_or(|segments| spent.quotas[segments[node as usize] as usize] > 0);
        spent.n_seeds < self.n_seeds && spent.cost + self.cost(node) <= self.budget * (1.0 + 1e-12) && quota
    }
}

/// What a choice has used of its limits.
pub(super) struct Spent {
    pub n_seeds: usize,
    pub cost: f64,
    pub quotas: Vec<usize>,
}

impl Spent {
    pub fn none(limits: &Limits<'_>) -> Self {
        Self { n_seeds: 0, cost: 0.0, quotas: limits.candidates.quotas.to_vec() }
    }

    pub fn add(&mut self, node: u32, limits: &Limits<'_>) {
        self.n_seeds += 1;
        self.cost += limits.cost(node);
        if let Some(segments) = limits.candidates.segments {
            self.quotas[segments[node as usize] as usize] -= 1;
        }
    }
}
