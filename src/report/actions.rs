//! What could be done about the touchpoints, as far as the data says: for one outcome, and for all of them together.

use super::results::OutcomeResult;
use crate::drivers::asymmetry::{AsymmetryTable, ExpectationTable, NecessityTable};
use crate::drivers::performance::ActionChart;
use crate::drivers::robustness::{ChoicesTable, ConfoundingTable};
use crate::drivers::segments::SegmentTable;
use crate::drivers::stated_observed::{MediationResult, StatedObservedTable};
use crate::drivers::what_if::{Measure, OutcomeChange, Plan};
use crate::findings::Finding;

/// What could be done about the touchpoints for one outcome. Where an analysis was impossible, a finding says why.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OutcomeActions {
    /// Importance by the ranking and performance by all scores, side by side.
    pub chart: Option<ActionChart>,
    /// What low scores cost and high scores bring.
    pub asymmetry: Option<AsymmetryTable>,
    /// What falls short of expectations and what exceeds them, where they were asked about.
    pub expectations: Option<ExpectationTable>,
    /// Which touchpoints are necessary (outcomes that are numbers).
    pub necessity: Option<NecessityTable>,
    /// What the model expects of raised touchpoints.
    pub scenarios: Vec<Scenario>,
    /// The cheapest raises for the study's target.
    pub plan: Option<Plan>,
    /// Drivers by segment, one entry a column.
    pub segments: Vec<SegmentComparison>,
    /// How strong something unseen would have to be to explain a driver away, by a linear model.
    pub robustness: Option<ConfoundingTable>,
    /// How much the ranking hangs on the treatment of gaps, the cases and the method.
    pub choices: Option<ChoicesTable>,
    /// What to know beside the numbers.
    pub findings: Vec<Finding>,
}

/// Touchpoints that are raised together.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// Its name: the touchpoint that is raised alone, or `all together`.
    pub name: String,
    /// What the model then expects.
    pub change: OutcomeChange,
}

/// What a change of a measure counts in, as it is shown: shares in percentage points.
pub(crate) fn unit_of(outcome: &OutcomeResult, measure: Measure) -> &'static str {
    match (measure, outcome.kind) {
        (Measure::Share | Measure::PromoterShare | Measure::DetractorShare, _) => "percentage points",
        (Measure::Nps, _) | (Measure::Mean, "nps") => "NPS points",
        (Measure::Mean, "recommend") => "points of the 0 to 10 scale",
        (Measure::Mean, "nps_class") => "levels (0 detractor, 1 passive, 2 promoter)",
        (Measure::Mean, "purchases") => "purchases",
        (Measure::Mean, "referrals") => "referrals",
        (Measure::Mean, "spend") if outcome.label.starts_with("logarithm") => "units of the logarithm of 1 + spend",
        (Measure::Mean, "spend") => "units of money",
        (Measure::Mean, _) => "units",
    }
}

/// Drivers in the segments of one column.
#[derive(Debug, Clone, PartialEq)]
pub struct SegmentComparison {
    /// The column.
    pub column: String,
    /// Its segments.
    pub table: SegmentTable,
}

/// What customers say beside what they do.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SayAndDo {
    /// The same drivers' shares for every outcome, by one linear analysis, with their agreement.
    pub table: Option<StatedObservedTable>,
    /// The way from each touchpoint over the recommend answer to each outcome of behaviour, for one point more.
    pub mediations: Vec<MediationResult>,
    /// What to know beside the numbers.
    pub findings: Vec<Finding>,
}
