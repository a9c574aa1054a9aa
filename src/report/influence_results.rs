//! Who carries the word, as a run found it.

use super::words;
use crate::findings::Finding;
use crate::influence::{
    Ablation, ChosenDelay, GroupRow, LargestReasons, PassingJudgement, Placebo, PlannedSeed, ReferralValue, SeedPlan,
    SignedReach, Tier, TimedReach, ValueGroup,
};

/// Who carries the word.
#[derive(Debug, Clone, PartialEq)]
pub struct InfluenceResult {
    /// Customers in the referral graph.
    pub n_customers: usize,
    /// Referrals in it, invitations that were taken up included.
    pub n_referrals: usize,
    /// Friendships in it.
    pub n_friendships: usize,
    /// Customers whose reach is exact.
    pub n_exact: usize,
    /// What each rule found among the referrals as they were recorded.
    pub rules: Vec<ReferralRuleRow>,
    /// How the probability of passing the word on was set, in words.
    pub probability: String,
    /// The same as what a figure holds under: `if each referral passes the word on with probability 0.25 (assumed)`.
    pub premise: String,
    /// How learned passing probabilities did on later referrals, where they were asked for.
    pub passing: Option<PassingResult>,
    /// How long the word takes, where the dates tell.
    pub delay: Option<DelayResult>,
    /// How soon the word of each customer spreads, by [`InfluenceRow::node`]; `None` where no delay could be learned.
    pub timed: Option<TimedReach>,
    /// Days within which reach is told.
    pub reach_days: Vec<u32>,
    /// All rated customers, the highest rating first (ties by name).
    pub customers: Vec<InfluenceRow>,
    /// The referral trees of the first of them who brought somebody.
    pub trees: Vec<PicturedTree>,
    /// What each kind of input adds to each learned rating; `None` where ranks stand in.
    pub components: Option<LargestReasons>,
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
    /// What the learned model expects in a window as long as the one that it was learned from: referrals, referrals that convert, or
    /// the logarithm of 1 and what those spend who are brought.
    pub expected_later: Option<f64>,
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
    /// Margin of what the customer is expected to buy, where anything counts it.
    pub lifetime_value: Option<f64>,
    /// What adds most to the rating, the largest first: `+` raises it.
    pub reasons: Vec<String>,
    /// Expected value (margin of what they bought, or are expected to buy) of those reached, the customer included, with its standard error.
    pub value_reach: Option<Sampled>,
    /// Others who bought or referred in turn, as far as they are owed to the customer: in equal parts to those who had referred
    /// them, all the way up; `None` where passing is not learned.
    pub credited: Option<f64>,
}

/// What a highly rated customer lacks to be a networked promoter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack {
    /// The rating is not in the upper quarter.
    Rating,
    /// The latest answer is not 9 or 10, or there is none.
    Yes,
    /// Fewer events of activity than half of the customers have.
    Engagement,
    /// Less reach than half of the customers have, or nobody else in it.
    Reach,
}

impl InfluenceResult {
    /// What the graph is made of: "12 referrals", "12 referrals and 3 friendships".
    pub(super) fn ties_in_words(&self) -> String {
        let referrals = words::counted(self.n_referrals, "referral", "referrals");
        match self.n_friendships {
            0 => referrals,
            n => format!("{referrals} and {}", words::counted(n, "friendship", "friendships")),
        }
    }

    /// The first thing that a customer lacks to be a networked promoter: a rating in the upper quarter, an answer of 9 or 10, more
    /// engagement than half of all, and reach beyond oneself and beyond that of half. What the study knows of nobody is not
    /// asked for.
    pub fn lacks(&self, row: &InfluenceRow) -> Option<Lack> {
        let upper_half = |rank: Option<f64>| rank.is_some_and(|rank| rank >= 50.0);
        if !matches!(row.tier, Tier::Top | Tier::High) {
            Some(Lack::Rating)
        } else if self.knows(|row| row.score) && !row.score.is_some_and(|score| score >= 8.5) {
            Some(Lack::Yes)
        } else if self.knows(|row| row.engagement) && !upper_half(row.engagement_rank) {
            Some(Lack::Engagement)
        } else if row.reach <= 1.0 || !upper_half(Some(row.reach_rank)) {
            Some(Lack::Reach)
        } else {
            None
        }
    }

    /// What networked promoters do besides being rated high, as far as the study knows: "say yes, are engaged and reach others".
    pub(super) fn networked_in_words(&self) -> &'static str {
        match (self.knows(|row| row.score), self.knows(|row| row.engagement)) {
            (true, true) => "say yes, are engaged and reach others",
            (true, false) => "say yes and reach others",
            (false, true) => "are engaged and reach others",
            (false, false) => "reach others",
        }
    }

    fn knows(&self, of: fn(&InfluenceRow) -> Option<f64>) -> bool {
        self.customers.iter().any(|row| of(row).is_some())
    }
}

/// A figure with its standard error; 0 where it is exact.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampled {
    /// The figure.
    pub value: f64,
    /// Its standard error.
    pub std_error: f64,
}

/// How long the word takes from a customer to the next.
#[derive(Debug, Clone, PartialEq)]
pub struct DelayResult {
    /// The fit of lower AIC.
    pub chosen: ChosenDelay,
    /// The longest that anybody was seen to pass the word on or not to.
    pub seen_days: f64,
    /// Samples behind the timed reach.
    pub n_samples: usize,
}

/// How ways to set passing probabilities did on later referrals.
#[derive(Debug, Clone, PartialEq)]
pub struct PassingResult {
    /// The word has passed if the referred bought within so many days.
    pub within_days: u32,
    /// Referred customers learned from, and those of them to whom it passed.
    pub n_learned: usize,
    /// Of these, to whom it passed.
    pub n_learned_passed: usize,
    /// Later referred customers judged by.
    pub n_judged: usize,
    /// Of these, to whom it passed.
    pub n_judged_passed: usize,
    /// Each way, those learned first.
    pub rows: Vec<PassingRow>,
}

/// One way to set passing probabilities.
#[derive(Debug, Clone, PartialEq)]
pub struct PassingRow {
    /// `constant`, `logistic`, `shared_success`, `decayed`, or `given` for what is not learned.
    pub rule: &'static str,
    /// Whether reach goes by it.
    pub is_used: bool,
    /// How it did; `None` where it could not be fitted or judged.
    pub judgement: Option<PassingJudgement>,
}

/// What one rule found among the referrals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReferralRuleRow {
    /// `self_referral`, `unknown`, `before_referrer`, `after_referred`, `repeat`, `cycle`; where the referrals say what each row
    /// is, `declined`, `friendship`.
    pub rule: &'static str,
    /// Referrals that it applies to; `None` where the sources do not tell.
    pub n_referrals: Option<usize>,
    /// Whether they are left out.
    pub is_left_out: bool,
}

impl ReferralRuleRow {
    /// What the rule is about, after a number of referrals.
    pub fn phrase(&self) -> &'static str {
        match self.rule {
            "self_referral" => "from somebody to the same person",
            "unknown" => "with somebody who is not among the customers",
            "before_referrer" => "before the referrer joined",
            "after_referred" => "after the referred had joined",
            "declined" => "that are invitations without success",
            "friendship" => "that are friendships, which lead both ways",
            "repeat" => "of two customers who are linked by an earlier one",
            _ => "back to somebody from whom the referrer came",
        }
    }
}

/// A referral tree, as far as it is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct PicturedTree {
    /// The root first, and everybody right after who brought them or after that one's earlier branches.
    pub customers: Vec<PicturedCustomer>,
}

/// A customer of a tree.
#[derive(Debug, Clone, PartialEq)]
pub struct PicturedCustomer {
    /// The customer.
    pub customer: String,
    /// The place in the tree of who brought the customer; `None` for the root.
    pub parent: Option<usize>,
    /// Generations below the root.
    pub generation: usize,
    /// Customers whom this one brought and who are not drawn.
    pub n_more: usize,
    /// Latest recommend answer.
    pub score: Option<f64>,
}

/// A rating by what went with later referrals.
#[derive(Debug, Clone, PartialEq)]
pub struct LearnedRating {
    /// Whether customers are rated by it; if not, no model could be fitted, and percent ranks stand in.
    pub is_used: bool,
    /// What of later referrals it was learned from.
    pub later: LaterKind,
    /// Days of referrals that it was learned from.
    pub later_days: i64,
    /// Customers learned from.
    pub n_customers: usize,
    /// Customers known before the window who referred in it, with success where that is what was learned.
    pub n_referrers: usize,
    /// What each kind of input adds, out of time.
    pub ablation: Option<Ablation>,
    /// The same where there is nothing to find: with outcomes dealt at random, and with dates exchanged.
    pub placebos: Vec<Placebo>,
}

/// What of later referrals a rating is learned from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LaterKind {
    /// Their number.
    Referrals,
    /// The number of those whose referred customer bought.
    Converted,
    /// What those spent who were brought.
    Spend,
}

impl LaterKind {
    /// The word of tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Referrals => "referrals",
            Self::Converted => "converted",
            Self::Spend => "spend",
        }
    }

    /// What somebody who has any of it does.
    pub fn does(self) -> &'static str {
        match self {
            Self::Referrals => "refers",
            Self::Converted => "refers with success",
            Self::Spend => "brings somebody who spends",
        }
    }

    /// What somebody who had any of it did.
    pub fn did(self) -> &'static str {
        match self {
            Self::Referrals => "referred",
            Self::Converted => "referred with success",
            Self::Spend => "brought somebody who spent",
        }
    }

    /// What the rating is learned from, before "of so many days".
    pub fn phrase(self) -> &'static str {
        match self {
            Self::Referrals => "the referrals",
            Self::Converted => "the converted referrals",
            Self::Spend => "what the referred spent, by the referrals",
        }
    }
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
    /// Customers left out because the company contacted them lately; `None` where the study does not ask.
    pub n_contacted: Option<usize>,
    /// Customers who spread the word already.
    pub n_active: usize,
    /// What the plan counts: customers, or a value.
    pub counts: SeedCount,
}

/// What a plan counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SeedCount {
    /// Customers reached.
    Customers,
    /// The value of those reached, by this name.
    Value(String),
}

/// One customer to invite.
#[derive(Debug, Clone, PartialEq)]
pub struct SeedRow {
    /// The customer.
    pub customer: String,
    /// The segment whose quota the customer takes, where there are quotas.
    pub segment: Option<String>,
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
    /// Whether purchases count in full although the study marks what of them came back.
    pub before_returns: bool,
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
