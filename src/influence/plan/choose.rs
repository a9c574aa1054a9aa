//! The choice, its guarantee and its rivals.

use super::coverage::{ChoiceEnd, Coverage, Judged, Sample};
use super::draws::{Draws, SpreadModel};
use super::limits::{Candidates, Limits, Spent};
use crate::findings::{Finding, FindingKind, Severity};
use crate::influence::exact::TangledReach;
use crate::influence::forest_seeds::ForestSeeds;
use crate::influence::reverse::ReverseSets;
use crate::influence::seeds::unused_places;
use crate::influence::settled::{AloneReach, Parts, SeedParts};
use crate::influence::{InfluenceError, ReferralGraph};
use crate::stats::random::{mix, stream};
use rand::seq::SliceRandom;
use std::cmp::Reverse;

/// Sets drawn in the first round; each round adds as many as there are.
const FIRST_SETS: usize = 1 << 16;
/// Random choices that the comparison averages.
const RANDOM_CHOICES: u64 = 20;
/// Why there is no plan although there is whom to invite.
const NOBODY_ADDS: &str =
    "nobody who may be invited adds anything: whoever they could reach is reached already or is worth nothing";

/// What a plan may do, and how sure it must be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlanSettings {
    /// Customers to invite at most.
    pub n_seeds: usize,
    /// How the word passes. Under thresholds the graph's probabilities are the weights, as in
    /// [`threshold_reach`](crate::influence::threshold_reach).
    pub model: SpreadModel,
    /// Cost to keep to, in the unit of the costs; `None` for no limit.
    pub budget: Option<f64>,
    /// Stop drawing once the plan is guaranteed this share of the best possible, such as `1 - 1/e - 0.01`; the samples
    /// are drawn in full where it is not reached.
    pub guarantee_wanted: f64,
    /// Probability (0 to 1, exclusive) with which the guarantee holds.
    pub certainty: f64,
    /// Reverse-reachable sets to choose by at most, and as many fresh ones to judge by.
    pub samples_max: usize,
    /// Seed of the random streams.
    pub seed: u64,
}

impl Default for PlanSettings {
    fn default() -> Self {
        let guarantee_wanted = 1.0 - (-1.0_f64).exp() - 0.01;
        let model = SpreadModel::Cascade;
        Self { n_seeds: 10, model, budget: None, guarantee_wanted, certainty: 0.99, samples_max: 1 << 21, seed: 1 }
    }
}

/// A customer of the plan.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlannedSeed {
    /// The customer.
    pub node: u32,
    /// What the invitation costs.
    pub cost: f64,
    /// Expected customers (or value) added to those already active and to the ones before.
    pub gain: f64,
    /// Standard error of the gain.
    pub gain_se: f64,
    /// Sum of the gains so far.
    pub reach: f64,
    /// Standard error of that sum, from sets that were not chosen by.
    pub reach_se: f64,
    /// Cost so far.
    pub spent: f64,
}

/// How else one could choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rival {
    /// Those with the most referrals out, within the same limits.
    TopByCount,
    /// At random, within the same limits; the mean of twenty choices.
    Random,
}

impl Rival {
    /// The word of tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::TopByCount => "top_by_count",
            Self::Random => "random",
        }
    }
}

/// What a rival would reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RivalReach {
    /// The rival.
    pub rival: Rival,
    /// Customers invited, as a mean over choices.
    pub n_invited: f64,
    /// Expected customers (or value) added, judged by the same fresh sets.
    pub reach: f64,
    /// Its standard error.
    pub reach_se: f64,
}

/// A plan.
#[derive(Debug, Clone, PartialEq)]
pub struct SeedPlan {
    /// In the order chosen; fewer than asked for where nobody else adds anything or fits, as a finding then says.
    pub seeds: Vec<PlannedSeed>,
    /// Expected customers (or value) that all of them together add to those already active.
    pub reach: f64,
    /// Its standard error, from sets that were not chosen by.
    pub reach_se: f64,
    /// Share (0-1) of the best possible plan's reach that this one has at least...
    pub guarantee: f64,
    /// ...with at least this probability.
    pub certainty: f64,
    /// What the plan reaches at least, half of the uncertainty spent on it.
    pub reach_low: f64,
    /// What the best plan within the limits reaches at most, the other half spent on it.
    pub best_high: f64,
    /// Sets drawn to choose by; as many fresh ones judged; 0 where all is exact.
    pub n_samples: usize,
    /// Other ways to choose.
    pub rivals: Vec<RivalReach>,
    /// What a reader must know beside the plan.
    pub findings: Vec<Finding>,
}

/// Chooses whom to invite so that the most is reached within all limits, and says how good the choice is.
///
/// In trees everything is exact (under thresholds all is sampled); elsewhere it goes by sets, none of which begins in a tree.
/// Customers are chosen one by one, by what each adds and, where costs differ, also by what each adds per cost; the better
/// of the two ends is taken. Gains are looked at lazily, on reverse-reachable sets. Once nobody adds anything (everybody whom
/// the others could bring is brought, or is worth nothing), the rest of the places stay empty. Fresh sets then judge: with `n` of them of
/// weight `W`, of which the plan covers `c`, and `h = ln(2 / (1 - certainty))`, the plan reaches at least
/// `own + W/n ((sqrt(c + 2h/9) - sqrt(h/2))^2 - h/18)` and the best plan at most `W/n (sqrt(u + h/2) + sqrt(h/2))^2`, where `u`
/// is the least, over the steps of the greedy choice, of what it covers and the best gains then left. Their ratio is
/// the guarantee; sets are doubled until it is as wanted. Under either model a greedy choice by number
/// alone is never below `1 - 1/e` of the best, with quotas one half; with costs the stated guarantee is what holds.
///
/// Since the plan is looked at after each doubling, the uncertainty is divided among the rounds.
///
/// # Errors
/// No samples or seeds, columns of another length, costs not above 0, a segment without quota, values out of range, a
/// certainty that is not between 0 and 1; nobody who may be invited within the budget, or none of them who adds anything.
///
/// # References
/// Leskovec and others (2007), "Cost-effective outbreak detection in networks" (CELF); Tang, Tang, Xiao and Yuan (2018),
/// "Online processing algorithms for influence maximization" (OPIM-C); Khuller, Moss and Naor (1999), Information
/// Processing Letters 70(1), for the budget.
pub fn plan_seeds(
    graph: &ReferralGraph,
    candidates: &Candidates<'_>,
    settings: &PlanSettings,
) -> Result<SeedPlan, InfluenceError> {
    let limits = Limits::of(graph, candidates, settings)?;
    if !(0..graph.n_nodes() as u32).any(|node| limits.may(node) && limits.fits(node, &Spent::none(&limits))) {
        let problem = "nobody may be invited: all are excluded, active, without quota or too dear".to_owned();
        return Err(InfluenceError::NotFitted { what: "a plan of seeds", problem });
    }
    let value = |node: u32| candidates.values.map_or(1.0, |values| values[node as usize]);
    let trees = match settings.model {
        SpreadModel::Cascade => ForestSeeds::of_worth(graph, (0..graph.n_nodes() as u32).map(value).collect()),
        SpreadModel::Threshold => ForestSeeds::none(graph),
    };
    // Nobody can be worth more than all who do not have the word yet.
    let has_it = |node: u32| candidates.active.is_some_and(|active| active[node as usize]);
    let everybody: f64 = (0..graph.n_nodes() as u32).filter(|&node| !has_it(node)).map(value).sum();
    let sampled_value = |node: u32| if trees.holds(node) { 0.0 } else { value(node) };
    let draws = Draws::of(graph, settings.model, sampled_value);
    let own: Vec<f64> = draws.alone(graph).iter().zip(0..).map(|(alone, node)| alone * sampled_value(node)).collect();
    let n_rounds = (settings.samples_max.div_ceil(FIRST_SETS)).next_power_of_two().trailing_zeros() + 1;
    let spread_out = (2.0 * f64::from(n_rounds) / (1.0 - settings.certainty)).ln();
    let is_sampled = draws.total_weight() > 0.0;
    let parts = Parts::of(graph, &trees);
    let alone = match settings.model {
        _ if !is_sampled => AloneReach::Unknown,
        SpreadModel::Cascade => {
            AloneReach::Cascade(TangledReach::of_worth(graph, (0..graph.n_nodes() as u32).map(value).collect()))
        }
        SpreadModel::Threshold => AloneReach::threshold(graph, value),
    };
    let nodes = || 0..graph.n_nodes() as u32;
    let outside = nodes().filter(|&node| !trees.holds(node));
    let seed_parts = SeedParts::of(&parts, outside, nodes().filter(|&node| has_it(node)), alone, &value);
    let samples_max = if is_sampled { draws.affordable(settings.samples_max, settings.seed) } else { 0 };
    let (mut n_samples, mut round) = (FIRST_SETS.min(samples_max), 0_u64);
    let (mut to_choose_by, mut to_judge_by) = (ReverseSets::none(), ReverseSets::none());
    loop {
        let more = |sets: &mut ReverseSets, purpose: u64| {
            let seed = mix(settings.seed.wrapping_add(2 * round + purpose));
            sets.append(&draws.collect(n_samples - sets.len(), seed));
        };
        more(&mut to_choose_by, 0);
        more(&mut to_judge_by, 1);
        let sample = |sets| Sample::of(sets, graph.n_nodes(), candidates);
        let coverage = |sets| Coverage::of(sample(sets), &trees, &own, draws.total_weight());
        let mut choosing = coverage(&to_choose_by);
        let choice = choosing.choose(&limits);
        if choice.nodes.is_empty() && n_samples >= samples_max {
            return Err(InfluenceError::NotFitted { what: "a plan of seeds", problem: NOBODY_ADDS.to_owned() });
        }
        let mut fresh = coverage(&to_judge_by);
        let judged = fresh.judge(&choice.nodes, &limits, seed_parts.account());
        let reach_low = judged.low(spread_out).min(everybody);
        let best_high = choice.best_high(&choosing, spread_out).min(everybody);
        // Whoever may be invited is: no choice within the limits does more.
        let is_best = choice.end == ChoiceEnd::NobodyElse || best_high <= 0.0;
        let guarantee = if is_best { 1.0 } else { (reach_low / best_high).clamp(0.0, 1.0) };
        if guarantee >= settings.guarantee_wanted || n_samples >= samples_max {
            let rivals = rivals(graph, &limits, &mut fresh, settings.seed, &seed_parts);
            let mut findings = findings(guarantee, settings, &judged, &rivals);
            findings.extend(unused(choice.end, choice.nodes.len(), settings.n_seeds, n_samples));
            let Judged { seeds, reach, reach_se, .. } = judged;
            let certainty = settings.certainty;
            return Ok(SeedPlan {
                seeds,
                reach,
                reach_se,
                guarantee,
                certainty,
                reach_low,
                best_high,
                n_samples,
                rivals,
                findings,
            });
        }
        n_samples = (2 * n_samples).min(samples_max);
        round += 1;
    }
}

fn findings(guarantee: f64, settings: &PlanSettings, judged: &Judged, rivals: &[RivalReach]) -> Vec<Finding> {
    let mut findings = Vec::new();
    if guarantee < settings.guarantee_wanted {
        let sentence = format!(
            "The plan is guaranteed {:.1} % of the best possible reach and not the {:.1} % wanted; draw more samples, or \
             take it that limits of cost and quota make the bound loose.",
            100.0 * guarantee,
            100.0 * settings.guarantee_wanted
        );
        findings.push(
            Finding::new(FindingKind::Unreliable, Severity::Note, "seeds", sentence).number("guarantee", guarantee),
        );
    }
    for rival in rivals.iter().filter(|rival| rival.rival == Rival::TopByCount) {
        if judged.reach - rival.reach <= 2.0 * judged.reach_se.hypot(rival.reach_se) {
            let sentence = format!(
                "Choosing those with the most referrals reaches about as much ({:.1}) as the plan does ({:.1}).",
                rival.reach, judged.reach
            );
            let finding = Finding::new(FindingKind::NoGain, Severity::Note, "seeds", sentence);
            findings.push(finding.number("reach", judged.reach).number("reach_by_count", rival.reach));
        }
    }
    findings
}

/// The places that stay empty, if any.
fn unused(end: ChoiceEnd, n_used: usize, n_places: usize, n_samples: usize) -> Option<Finding> {
    let why = match end {
        ChoiceEnd::Full => return None,
        ChoiceEnd::NothingToAdd if n_samples == 0 => {
            "nobody else who may be invited adds anything to what is reached".to_owned()
        }
        ChoiceEnd::NothingToAdd => format!(
            "nobody else who may be invited adds anything to what is reached, as far as {n_samples} samples tell"
        ),
        ChoiceEnd::NoRoom => "the budget or the quotas have no room for anybody else".to_owned(),
        ChoiceEnd::NobodyElse => "there is nobody else who may be invited".to_owned(),
    };
    unused_places(n_used, n_places, &why)
}

fn rivals(
    graph: &ReferralGraph,
    limits: &Limits<'_>,
    fresh: &mut Coverage<'_>,
    seed: u64,
    seed_parts: &SeedParts<'_>,
) -> Vec<RivalReach> {
    let within = |order: &[u32]| {
        let mut spent = Spent::none(limits);
        let mut nodes = Vec::new();
        for &node in order {
            if spent.n_seeds == limits.n_seeds {
                break;
            }
            if limits.may(node) && limits.fits(node, &spent) {
                spent.add(node, limits);
                nodes.push(node);
            }
        }
        nodes
    };
    let mut order: Vec<u32> = (0..graph.n_nodes() as u32).collect();
    order.sort_by_key(|&node| Reverse(graph.referred(node).len()));
    let by_count = fresh.judge(&within(&order), limits, seed_parts.account());
    let (mut sum, mut squares, mut sampling, mut n_invited) = (0.0, 0.0, 0.0, 0);
    for choice in 0..RANDOM_CHOICES {
        order.shuffle(&mut stream(seed, "random seeds", choice));
        let judged = fresh.judge(&within(&order), limits, seed_parts.account());
        n_invited += judged.seeds.len();
        sum += judged.reach;
        squares += judged.reach * judged.reach;
        sampling += judged.reach_se * judged.reach_se;
    }
    let n_choices = RANDOM_CHOICES as f64;
    let mean = sum / n_choices;
    // All choices are judged by the same sets, whose error the mean of them does not lessen.
    let between = (squares / n_choices - mean * mean).max(0.0) / (n_choices - 1.0);
    let reach_se = (between + sampling / n_choices).sqrt();
    vec![
        RivalReach {
            rival: Rival::TopByCount,
            n_invited: by_count.seeds.len() as f64,
            reach: by_count.reach,
            reach_se: by_count.reach_se,
        },
        RivalReach { rival: Rival::Random, n_invited: n_invited as f64 / n_choices, reach: mean, reach_se },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::influence::worlds::{
        Edge, as_weights, followers_by_choices, graph, spread_by_worlds, tiny_graphs, worth_by_worlds,
    };
    use crate::influence::{SpreadSettings, spread};
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;
    use rand::RngCore;

    fn tangled() -> ReferralGraph {
        let mut random = stream(4, "tangled plan", 0);
        let mut draw = || (random.next_u64() % 200) as u32;
        let edges: Vec<Edge> = (0..700).map(|_| (draw(), draw(), 0.15)).collect();
        graph(200, &edges)
    }

    /// Three stars of 4, 3 and 2 leaves, all edges certain: 0 to 4, 5 to 8 and 9 to 11.
    fn stars() -> ReferralGraph {
        let leaves = [(0, 1..5), (5, 6..9), (9, 10..12)];
        let edges: Vec<Edge> =
            leaves.into_iter().flat_map(|(hub, leaves)| leaves.map(move |leaf| (hub, leaf, 1.0))).collect();
        graph(12, &edges)
    }

    fn settings(n_seeds: usize) -> PlanSettings {
        PlanSettings { n_seeds, samples_max: 1 << 15, ..PlanSettings::default() }
    }

    fn nodes(plan: &SeedPlan) -> Vec<u32> {
        plan.seeds.iter().map(|seed| seed.node).collect()
    }

    #[test]
    fn stars_are_chosen_by_size_and_gains_are_their_customers() {
        let plan = plan_seeds(&stars(), &Candidates::default(), &settings(2)).expect("sound");
        assert_eq!(nodes(&plan), [0, 5]);
        assert!((plan.seeds[0].gain - 5.0).abs() < 0.2 && (plan.seeds[1].gain - 4.0).abs() < 0.2, "{plan:?}");
        assert!(plan.guarantee > 0.62 && plan.reach_low <= 9.0 && plan.best_high >= 9.0, "{plan:?}");
    }

    #[test]
    fn exclusions_active_customers_and_quotas_are_kept() {
        let graph = stars();
        let mut excluded = vec![false; 12];
        excluded[0] = true;
        let plan = plan_seeds(&graph, &Candidates { excluded: Some(&excluded), ..Candidates::default() }, &settings(2));
        assert_eq!(nodes(&plan.expect("sound")), [5, 9]);
        // The first star spreads the word already; its leaves add nothing.
        let plan = plan_seeds(&graph, &Candidates { active: Some(&excluded), ..Candidates::default() }, &settings(3));
        let plan = plan.expect("sound");
        assert_eq!(nodes(&plan), [5, 9]);
        // One of the first two stars, one of the rest.
        let segments: Vec<u32> = (0..12).map(|node| u32::from(node >= 9)).collect();
        let quotas = Candidates { segments: Some(&segments), quotas: &[1, 1], ..Candidates::default() };
        assert_eq!(nodes(&plan_seeds(&graph, &quotas, &settings(5)).expect("sound")), [0, 9]);
    }

    #[test]
    fn a_budget_buys_what_gives_most_for_it() {
        // The large star costs 10 and the others 4 each: with 10 either the large one (5) or both others (4 + 3).
        let costs: Vec<f64> = (0..12).map(|node| if node == 0 { 10.0 } else { 4.0 }).collect();
        let candidates = Candidates { costs: Some(&costs), ..Candidates::default() };
        let plan =
            plan_seeds(&stars(), &candidates, &PlanSettings { budget: Some(10.0), ..settings(12) }).expect("sound");
        assert_eq!(nodes(&plan), [5, 9]);
        assert!((plan.seeds[1].spent - 8.0).abs() < 1e-12);
        // A cheap leaf is best per cost, but the whole budget does more in one place.
        let costs: Vec<f64> = (0..12).map(|node| if node == 4 { 1.0 } else { 6.0 }).collect();
        let candidates = Candidates { costs: Some(&costs), ..Candidates::default() };
        let plan =
            plan_seeds(&stars(), &candidates, &PlanSettings { budget: Some(6.0), ..settings(12) }).expect("sound");
        assert_eq!(nodes(&plan), [0]);
    }

    #[test]
    fn values_move_the_choice() {
        let mut values = vec![1.0; 12];
        values[10] = 50.0;
        let plan = plan_seeds(&stars(), &Candidates { values: Some(&values), ..Candidates::default() }, &settings(1));
        let plan = plan.expect("sound");
        assert_eq!(nodes(&plan), [9]);
        assert!((plan.seeds[0].gain - 52.0).abs() < 2.0, "{plan:?}");
    }

    #[test]
    fn the_plan_agrees_with_forward_simulation_and_beats_its_rivals() {
        let graph = tangled();
        let plan = plan_seeds(&graph, &Candidates::default(), &PlanSettings { samples_max: 1 << 17, ..settings(10) });
        let plan = plan.expect("sound");
        let forward = spread(&graph, &nodes(&plan), &SpreadSettings { simulations: 20_000, seed: 5 }).expect("valid");
        let reach = plan.seeds[9].reach;
        assert!((reach / forward.mean - 1.0).abs() < 0.05, "{reach} {forward:?}");
        assert!(plan.reach_low <= forward.mean && forward.mean <= plan.best_high);
        assert!(plan.guarantee >= settings(1).guarantee_wanted, "{plan:?}");
        assert!(plan.findings.iter().all(|finding| finding.kind != FindingKind::Unreliable));
        let of = |rival| plan.rivals.iter().find(|one| one.rival == rival).expect("a rival").reach;
        assert!(reach > of(Rival::TopByCount) && of(Rival::TopByCount) > of(Rival::Random), "{:?}", plan.rivals);
    }

    #[test]
    fn two_coins_by_hand_are_exact_under_thresholds() {
        // 0 brings 1, and 2 brings 3, with one half each: the first seed of a part reaches what it reaches alone.
        let graph = graph(4, &[(0, 1, 0.5), (2, 3, 0.5)]);
        let settings = |n_seeds| PlanSettings { model: SpreadModel::Threshold, ..settings(n_seeds) };
        for (n_seeds, want) in [(1, 1.5), (2, 3.0)] {
            let plan = plan_seeds(&graph, &Candidates::default(), &settings(n_seeds)).expect("sound");
            assert!((plan.reach - want).abs() < 1e-12 && plan.reach_se == 0.0, "{plan:?}");
        }
    }

    /// How far plans of so many random seeds lie from what they reach in all worlds, in standard errors of theirs: mean and root
    /// mean square.
    fn errors_of_plans(n_plans: u64, samples_max: usize, guarantee_wanted: f64) -> (f64, f64) {
        let edges = [
            (0, 1, 0.4),
            (0, 2, 0.3),
            (1, 2, 0.5),
            (2, 3, 0.6),
            (3, 0, 0.2),
            (4, 3, 0.5),
            (3, 5, 0.3),
            (5, 6, 0.7),
            (6, 3, 0.4),
            (4, 6, 0.2),
            (6, 7, 0.5),
        ];
        let worth = [1.0, 2.0, 1.0, 0.0, 3.0, 1.0, 0.5, 4.0];
        let graph = graph(8, &edges);
        let candidates = Candidates { values: Some(&worth), ..Candidates::default() };
        let gaps = (0..n_plans).map(|seed| {
            let settings = PlanSettings { n_seeds: 2, samples_max, guarantee_wanted, seed, ..PlanSettings::default() };
            let plan = plan_seeds(&graph, &candidates, &settings).expect("sound");
            (plan.reach - worth_by_worlds(&worth, &edges, &nodes(&plan))) / plan.reach_se
        });
        let (sum, squares) = gaps.fold((0.0, 0.0), |(sum, squares), gap| (sum + gap, squares + gap * gap));
        (sum / n_plans as f64, (squares / n_plans as f64).sqrt())
    }

    #[test]
    fn plans_scatter_around_the_truth_by_their_errors_and_lean_to_no_side() {
        // One round, and rounds that stop by the guarantee. Binomial errors are on the safe side of stratified sets.
        for (n_plans, samples_max, guarantee_wanted) in [(200, 2048, 0.1), (50, 1 << 18, 0.97)] {
            let (mean, scatter) = errors_of_plans(n_plans, samples_max, guarantee_wanted);
            assert!(mean.abs() < 4.0 * scatter / (n_plans as f64).sqrt(), "{mean} {scatter}");
            assert!((0.4..1.1).contains(&scatter), "{scatter}");
        }
    }

    #[test]
    fn in_trees_plans_are_exact_and_gains_fall() {
        // By hand: 0 -> 1 -> 2 and 3 -> 4 with one half, 5 <-> 6 with one half. Worth 1, 2, 4, 1, 6, 1, 1. 0 brings 1 + 2/2 + 4/4 = 3,
        // 3 brings 1 + 6/2 = 4, 4 is worth 6: first 4, then 1 with 2 + 4/2 = 4, then 2 of whom half is brought: 4/2 = 2.
        let edges = [(0, 1, 0.5), (1, 2, 0.5), (3, 4, 0.5), (5, 6, 0.5), (6, 5, 0.5)];
        let worth = [1.0, 2.0, 4.0, 1.0, 6.0, 1.0, 1.0];
        let candidates = Candidates { values: Some(&worth), ..Candidates::default() };
        let plan = plan_seeds(&graph(7, &edges), &candidates, &settings(3)).expect("sound");
        let shown: Vec<(u32, f64, f64)> = plan.seeds.iter().map(|own| (own.node, own.gain, own.reach_se)).collect();
        assert_eq!(shown, [(4, 6.0, 0.0), (1, 4.0, 0.0), (2, 2.0, 0.0)]);
        assert_eq!((plan.reach, plan.reach_low), (12.0, 12.0));
        // Who spreads the word already takes half of what 2 is worth; without the cycle there is nothing to sample.
        let active = [true, false, false, false, false];
        let candidates = Candidates { values: Some(&worth[..5]), active: Some(&active), ..Candidates::default() };
        let plan = plan_seeds(&graph(5, &edges[..3]), &candidates, &settings(5)).expect("sound");
        let shown: Vec<(u32, f64)> = plan.seeds.iter().map(|own| (own.node, own.gain)).collect();
        // 4: 6. 2: three quarters of 4. 1: half of 2. 3: 1. All who are not active, less what 0 brings (1 + 1).
        assert_eq!(shown, [(4, 6.0), (2, 3.0), (1, 1.0), (3, 1.0)]);
        assert_eq!((plan.n_samples, plan.guarantee, plan.best_high), (0, 1.0, 11.0));
    }

    #[test]
    fn nobody_reaches_more_than_everybody() {
        // Who is worth 4 together is brought for certain; the bound alone would lie above. Where all are invited, no plan does more.
        let ring: Vec<Edge> = (0..4).map(|node| (node, (node + 1) % 4, 0.5)).collect();
        let plan = plan_seeds(&graph(4, &ring), &Candidates::default(), &settings(4)).expect("sound");
        assert!(plan.best_high <= 4.0 && (plan.guarantee - 1.0).abs() < 1e-15, "{plan:?}");
    }

    #[test]
    fn the_error_of_random_choices_holds_that_of_the_sets_they_share() {
        // Around a circle of 300 with 0.99 whoever is invited brings (1 - 0.99^300) / (1 - 0.99) = 95.096.
        let ring: Vec<Edge> = (0..300).map(|node| (node, (node + 1) % 300, 0.99)).collect();
        let graph = graph(300, &ring);
        let truth = (1.0 - 0.99_f64.powi(300)) / 0.01;
        let held = (0..30).filter(|&seed| {
            let settings = PlanSettings { samples_max: 2048, seed, ..settings(1) };
            let plan = plan_seeds(&graph, &Candidates::default(), &settings).expect("sound");
            let random = plan.rivals.iter().find(|own| own.rival == Rival::Random).expect("a rival");
            (random.reach - truth).abs() <= 1.96 * random.reach_se + 1e-9
        });
        // One who is invited alone around a circle reaches exactly so much.
        assert!(held.count() >= 27);
    }

    fn unused(plan: &SeedPlan) -> Option<(f64, f64, &str)> {
        let finding = plan.findings.iter().find(|finding| finding.kind == FindingKind::PlacesUnused)?;
        Some((finding.numbers["n_unused"], finding.numbers["n_places"], finding.sentence.as_str()))
    }

    #[test]
    fn nobody_is_invited_who_adds_nothing() {
        // The hubs bring all their leaves for certain.
        let graph = stars();
        let plan = plan_seeds(&graph, &Candidates::default(), &settings(12)).expect("sound");
        assert_eq!(nodes(&plan), [0, 5, 9]);
        let (n_unused, n_places, sentence) = unused(&plan).expect("a finding");
        assert_eq!((n_unused, n_places), (9.0, 12.0));
        assert!(sentence.starts_with("9 of 12 places are not used: nobody else who may be invited adds anything"));
        // What the last star brings is worth nothing, and the first one spreads the word already.
        let values: Vec<f64> = (0..12).map(|node| if node < 9 { 1.0 } else { 0.0 }).collect();
        let active: Vec<bool> = (0..12).map(|node| node == 0).collect();
        let candidates = Candidates { values: Some(&values), active: Some(&active), ..Candidates::default() };
        let plan = plan_seeds(&graph, &candidates, &settings(3)).expect("sound");
        assert_eq!((nodes(&plan), unused(&plan).map(|own| own.0)), (vec![5], Some(2.0)));
        assert!((plan.reach - 4.0).abs() < 0.2, "{plan:?}");
        // All places are taken.
        let plan = plan_seeds(&graph, &Candidates::default(), &settings(3)).expect("sound");
        assert_eq!((plan.seeds.len(), unused(&plan)), (3, None));
    }

    #[test]
    fn places_without_money_or_quota_or_customers_are_told_apart() {
        let graph = stars();
        let costs = [4.0; 12];
        let candidates = Candidates { costs: Some(&costs), ..Candidates::default() };
        let with_budget = PlanSettings { budget: Some(10.0), ..settings(3) };
        let plan = plan_seeds(&graph, &candidates, &with_budget).expect("sound");
        assert_eq!(nodes(&plan), [0, 5]);
        assert!(unused(&plan).expect("a finding").2.contains("1 of 3 places is not used: the budget or the quotas"));
        // Of each segment one: the first two stars and the last.
        let segments: Vec<u32> = (0..12).map(|node| u32::from(node >= 9)).collect();
        let quotas = Candidates { segments: Some(&segments), quotas: &[1, 1], ..Candidates::default() };
        let plan = plan_seeds(&graph, &quotas, &settings(5)).expect("sound");
        assert_eq!(nodes(&plan), [0, 9]);
        assert!(unused(&plan).expect("a finding").2.contains("3 of 5 places are not used: the budget or the quotas"));
        let excluded: Vec<bool> = (0..12).map(|node| node != 9).collect();
        let alone = Candidates { excluded: Some(&excluded), ..Candidates::default() };
        let plan = plan_seeds(&graph, &alone, &settings(5)).expect("sound");
        assert_eq!(nodes(&plan), [9]);
        assert!(unused(&plan).expect("a finding").2.contains("there is nobody else who may be invited"));
    }

    #[test]
    fn under_thresholds_whoever_follows_for_certain_is_not_invited() {
        // 2 follows one of 0 and 1 with one half each: with both it follows for certain, where the cascade has 3/4.
        let graph = graph(3, &[(0, 2, 0.5), (1, 2, 0.5)]);
        let plan =
            |model| plan_seeds(&graph, &Candidates::default(), &PlanSettings { model, ..settings(3) }).expect("sound");
        let threshold = plan(SpreadModel::Threshold);
        assert_eq!((nodes(&threshold), unused(&threshold).map(|own| own.0)), (vec![0, 1], Some(1.0)));
        assert!(
            (threshold.seeds[0].reach - 1.5).abs() < 1e-12 && (threshold.reach - 3.0).abs() < 1e-12,
            "{threshold:?}"
        );
        let cascade = plan(SpreadModel::Cascade);
        assert_eq!((nodes(&cascade), unused(&cascade)), (vec![0, 1, 2], None));
        assert!((cascade.seeds[1].reach - 2.75).abs() <= 5.0 * cascade.seeds[1].reach_se, "{cascade:?}");
    }

    #[test]
    fn a_plan_to_which_nobody_adds_is_refused() {
        // All hubs spread the word already, so their leaves have it for certain.
        let active: Vec<bool> = (0..12).map(|node| [0, 5, 9].contains(&node)).collect();
        let candidates = Candidates { active: Some(&active), ..Candidates::default() };
        let error = plan_seeds(&stars(), &candidates, &settings(3)).expect_err("nobody adds");
        assert!(error.to_string().contains("adds anything"), "{error}");
        let worthless = Candidates { values: Some(&[0.0; 12]), ..Candidates::default() };
        assert!(plan_seeds(&stars(), &worthless, &settings(3)).is_err());
    }

    #[test]
    fn one_and_four_threads_plan_the_same() {
        let graph = tangled();
        let run = |n_threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("threads");
            pool.install(|| plan_seeds(&graph, &Candidates::default(), &settings(20)).expect("sound"))
        };
        assert_eq!(run(1), run(4));
    }

    #[test]
    fn unsound_limits_are_refused() {
        let graph = stars();
        let ask = |candidates: Candidates<'_>, settings| plan_seeds(&graph, &candidates, &settings);
        let none = Candidates::default();
        assert!(ask(none, settings(0)).is_err());
        assert!(ask(none, PlanSettings { budget: Some(0.0), ..settings(1) }).is_err());
        assert!(ask(none, PlanSettings { certainty: 1.0, ..settings(1) }).is_err());
        assert!(ask(Candidates { costs: Some(&[0.0; 12]), ..none }, settings(1)).is_err());
        assert!(ask(Candidates { segments: Some(&[0; 12]), ..none }, settings(1)).is_err());
        assert!(ask(Candidates { excluded: Some(&[true; 12]), ..none }, settings(1)).is_err());
        assert!(ask(none, PlanSettings { budget: Some(0.5), ..settings(1) }).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 40, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

        #[test]
        fn the_best_set_of_two_lies_within_the_bounds((n_nodes, edges) in tiny_graphs()) {
            let plan = plan_seeds(&graph(n_nodes, &edges), &Candidates::default(), &settings(2)).expect("sound");
            let mut best = 0.0_f64;
            for first in 0..n_nodes as u32 {
                for second in 0..first {
                    best = best.max(spread_by_worlds(n_nodes, &edges, &[first, second]));
                }
            }
            let own = spread_by_worlds(n_nodes, &edges, &nodes(&plan));
            prop_assert!(best <= plan.best_high + 1e-9 && own >= plan.reach_low - 1e-9, "{} {} {:?}", best, own, plan);
            prop_assert!(own >= plan.guarantee * best - 1e-9);
        }

        #[test]
        fn the_best_set_of_two_lies_within_the_bounds_under_thresholds((n_nodes, edges) in tiny_graphs()) {
            let settings = PlanSettings { model: SpreadModel::Threshold, ..settings(2) };
            let plan = plan_seeds(&graph(n_nodes, &edges), &Candidates::default(), &settings).expect("sound");
            let edges = as_weights(n_nodes, &edges);
            let follow = |seeds: &[u32]| followers_by_choices(n_nodes, &edges, seeds);
            let pairs = (0..n_nodes as u32).flat_map(|first| (0..first).map(move |second| [first, second]));
            let best = pairs.map(|pair| follow(&pair)).fold(0.0, f64::max);
            let own = follow(&nodes(&plan));
            prop_assert!(best <= plan.best_high + 1e-9 && own >= plan.reach_low - 1e-9, "{} {} {:?}", best, own, plan);
            prop_assert!((plan.reach - own).abs() <= 5.0 * plan.reach_se + 1e-9, "{} {:?}", own, plan);
        }

        #[test]
        fn everybody_invited_adds_and_nobody_left_does((n_nodes, edges) in tiny_graphs(), worth in proptest::collection::vec(0..3_u8, 8)) {
            let worth: Vec<f64> = worth[..n_nodes].iter().map(|&own| f64::from(own)).collect();
            let candidates = Candidates { values: Some(&worth), ..Candidates::default() };
            let Ok(plan) = plan_seeds(&graph(n_nodes, &edges), &candidates, &settings(n_nodes)) else {
                let all = worth_by_worlds(&worth, &edges, &(0..n_nodes as u32).collect::<Vec<_>>());
                prop_assert!(all < 1e-12, "a plan is refused only where nobody is worth anything: {}", all);
                return Ok(());
            };
            let chosen = nodes(&plan);
            let reach = |seeds: &[u32]| worth_by_worlds(&worth, &edges, seeds);
            for place in 0..chosen.len() {
                prop_assert!(reach(&chosen[..=place]) > reach(&chosen[..place]), "{:?}", plan);
            }
            // What no sample of thousands shows is next to nothing.
            for node in 0..n_nodes as u32 {
                let with: Vec<u32> = chosen.iter().copied().chain([node]).collect();
                prop_assert!(reach(&with) - reach(&chosen) < 0.02, "{} {:?}", node, plan);
            }
            prop_assert_eq!(chosen.len() < n_nodes, unused(&plan).is_some());
            prop_assert!((plan.reach - reach(&chosen)).abs() <= 5.0 * plan.reach_se + 1e-9, "{:?}", plan);
        }
    }
}
