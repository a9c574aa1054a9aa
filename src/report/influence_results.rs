//! Who carries the word, as a run found it.

use crate::findings::Finding;
use crate::influence::{
    Ablation, GroupRow, Placebo, PlannedSeed, ReferralValue, SeedPlan, SignedReach, Tier, ValueGroup,
};

/// Who carries the word.
#[derive(Debug, Clone, PartialEq)]
pub struct InfluenceResult {
    /// Customers in the referral graph.
    pub n_customers: usize,
    /// Referrals in it.
    pub n_referrals: usize,
    /// Customers whose reach is exact.
    pub n_exact: usize,
    /// How the probability of passing the word on was set, in words.
    pub probability: String,
    /// All rated customers, the highest rating first (ties by name).
    pub customers: Vec<InfluenceRow>,
    /// How the rating was learned from later referrals and what it is worth, where the history allows it.
    pub learned: Option<LearnedRating>,
    /// What promoters and detractors carry together, where answers are known.
    pub heard: Option<SignedReach>,
    /// Whom to invite.
    pub plan: Option<SeedPlanResult>,
    /// What customers and those whom they brought bought, where amounts are known.
    pub worth: Option<ReferralWorthResult>,
    /// What to know beside the numbers.
    pub findings: Vec<Finding>,
}

/// One customer's influence.
#[derive(Debug, Clone, PartialEq)]
pub struct InfluenceRow {
    /// The customer.
    pub customer: String,
    /// The number of the customer in the graph.
    pub node: usize,
    /// Level of influence, 0-100.
    pub rating: f64,
    /// Standard error of a learned rating, in its points.
    pub rating_se: Option<f64>,
    /// Referrals that the learned model expects in a window as long as the one that it was learned from.
    pub expected_referrals: Option<f64>,
    /// Where the rating stands among all customers.
    pub tier: Tier,
    /// Expected customers reached, the customer included.
    pub reach: f64,
    /// Standard error of the reach; 0 where exact.
    pub reach_se: f64,
    /// Whether the reach is exact.
    pub exact: bool,
    /// PageRank of the graph in which every customer points at who brought them; sums to 1.
    pub page_rank: f64,
    /// Referrals made.
    pub n_referrals: usize,
    /// Latest recommend answer.
    pub score: Option<f64>,
    /// Events of activity in the year before the study's date.
    pub engagement: Option<f64>,
    /// Percent rank of reach, 0-100.
    pub reach_rank: f64,
    /// Percent rank of the own score.
    pub score_rank: Option<f64>,
    /// Percent rank of engagement.
    pub engagement_rank: Option<f64>,
    /// Reach of a promoter, less the reach of a detractor, 0 of a passive; `None` without an answer.
    pub signed_reach: Option<f64>,
    /// Different customers referred.
    pub out_degree: u32,
    /// The largest k such that the customer is tied to k others who are tied to k each.
    pub k_core: u32,
    /// Generations below; `None` where those below are no tree.
    pub n_generations: Option<u32>,
    /// Margin of what the customer bought.
    pub own_value: Option<f64>,
}

/// A rating by what went with later referrals.
#[derive(Debug, Clone, PartialEq)]
pub struct LearnedRating {
    /// Whether customers are rated by it; if not, no model could be fitted, and percent ranks stand in.
    pub is_used: bool,
    /// Days of referrals that it was learned from.
    pub later_days: i64,
    /// Customers learned from.
    pub n_customers: usize,
    /// Customers known before the window who referred in it.
    pub n_referrers: usize,
    /// What each kind of input adds, out of time.
    pub ablation: Option<Ablation>,
    /// The same with outcomes dealt at random.
    pub placebo: Option<Placebo>,
}

/// Whom to invite.
#[derive(Debug, Clone, PartialEq)]
pub struct SeedPlanResult {
    /// In the order chosen.
    pub seeds: Vec<SeedRow>,
    /// The plan.
    pub plan: SeedPlan,
    /// Customers whom the study excludes.
    pub n_excluded: usize,
    /// Customers left out because their cost is not known.
    pub n_without_cost: usize,
}

/// One customer to invite.
#[derive(Debug, Clone, PartialEq)]
pub struct SeedRow {
    /// The customer.
    pub customer: String,
    /// Gain, reach and cost.
    pub seed: PlannedSeed,
}

/// What referrals were worth.
#[derive(Debug, Clone, PartialEq)]
pub struct ReferralWorthResult {
    /// One entry a customer, by its number in the graph.
    pub customers: Vec<CustomerWorth>,
    /// The four groups.
    pub groups: Vec<GroupRow>,
    /// Own value above which it is high.
    pub own_split: f64,
    /// Referral value above which it is high.
    pub referral_split: f64,
    /// All revenue in four parts.
    pub revenue: WordOfMouthParts,
}

/// What one customer and those whom the customer brought are worth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CustomerWorth {
    /// Margin of the customer's own purchases.
    pub own_value: f64,
    /// Value of those whom the customer referred first.
    pub referral_value: ReferralValue,
    /// Their revenue since the referral.
    pub revenue_brought: f64,
    /// Their number.
    pub n_brought: usize,
    /// The group.
    pub group: ValueGroup,
}

/// Revenue of all customers in four parts that sum to the whole.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WordOfMouthParts {
    /// First purchases of those who came on their own.
    pub own_first: f64,
    /// Their later ones.
    pub own_repeat: f64,
    /// First purchases of the referred.
    pub referred_first: f64,
    /// Their later ones.
    pub referred_repeat: f64,
}

impl WordOfMouthParts {
    /// All revenue.
    pub fn total(&self) -> f64 {
        self.own_first + self.own_repeat + self.referred_first + self.referred_repeat
    }
}
