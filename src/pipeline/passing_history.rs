//! To whom the word passed: which of the referred bought, learned from and judged out of time.

use super::PipelineError;
use super::referral_log::{Referral, ReferralLog};
use crate::estimators::evaluation::{Assessment, Metric};
use crate::findings::{Finding, FindingKind, Severity};
use crate::influence::{
    Action, CreditRule, EdgeColumn, InfluenceError, LogisticPassing, PassingJudgement, PassingTrials, ReferralGraph,
    SharedSuccess, accounts_for_in_action, decay_weights, judge_passing,
};
use crate::link::{BaseTable, Engine};
use crate::report::{PassingResult, PassingRow};
use crate::stats::Confidence;
use crate::study::{Passing, PassingRule};

/// Microseconds in a day.
const DAY_US: i64 = 86_400_000_000;
/// Share of the referred customers, the earlier ones, that ways to set probabilities are learned from before they are judged.
const SHARE_LEARNED: f64 = 0.7;
/// Customers to whom it passed, and to whom it did not, without whom nothing is learned or judged.
const EACH_MIN: usize = 10;
/// Customers judged by at most; of more, an even part is taken.
const JUDGED_MAX: usize = 50_000;
/// Samples behind the intervals.
const REPLICATES: usize = 200;
/// A learned probability stays this far from 0 and 1.
const MARGIN: f64 = 1e-6;

/// How passing probabilities are learned.
#[derive(Debug, Clone, Copy)]
pub(super) struct PassingQuestion {
    pub rule: PassingRule,
    pub settings: Passing,
    /// The end of the data, UTC microseconds.
    pub as_of_us: i64,
    pub seed: u64,
    pub confidence: Confidence,
}

/// What learning came to.
pub(super) struct LearnedPassings {
    /// One a referral of the log; `None` where nothing could be learned.
    pub probability: Option<Vec<f64>>,
    /// The rule behind them.
    pub rule: PassingRule,
    pub result: Option<PassingResult>,
    /// By customer, the others who acted and are owed to them; nothing where learning was not asked for.
    pub credited: Option<Vec<f64>>,
    pub findings: Vec<Finding>,
}

impl Default for LearnedPassings {
    /// Nothing was asked for.
    fn default() -> Self {
        Self { probability: None, rule: PassingRule::Constant, result: None, credited: None, findings: Vec::new() }
    }
}

/// Answers of the referrers by time, so that a referral knows the latest one before it.
pub(super) struct AnswersInTime {
    /// By node: instants and answers, ascending.
    answers: Vec<Vec<Answer>>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Answer {
    at_us: i64,
    score: f64,
}

impl AnswersInTime {
    /// Of the answers that have a customer in the graph, a time and a score.
    pub fn of(base: &BaseTable, graph: &ReferralGraph) -> Self {
        let mut answers = vec![Vec::new(); graph.n_nodes()];
        if let (Some(customers), Some(times), Some(scores)) =
            (base.texts("customer"), base.numbers("t"), base.numbers("recommend"))
        {
            for ((customer, &time), &score) in customers.iter().zip(times).zip(scores) {
                let node = customer.as_ref().and_then(|customer| graph.number_of(customer));
                if let (Some(node), false, false) = (node, time.is_nan(), score.is_nan()) {
                    answers[node as usize].push(Answer { at_us: time as i64, score });
                }
            }
        }
        answers.iter_mut().for_each(|own| own.sort_by_key(|answer| answer.at_us));
        Self { answers }
    }

    fn before(&self, node: u32, at_us: i64) -> Option<f64> {
        let own = &self.answers[node as usize];
        let n_before = own.partition_point(|answer| answer.at_us < at_us);
        n_before.checked_sub(1).map(|last| own[last].score)
    }
}

/// When each customer first bought since being referred, and whether before.
struct Bought {
    since: Vec<Option<i64>>,
    before: Vec<bool>,
}

/// A referred customer: who could have passed the word on, and whether it did.
#[derive(Debug)]
struct Occasion {
    /// Rows of the log, the first referral first.
    rows: Vec<u32>,
    at_us: i64,
    passed: bool,
    /// Whether the days to buy in are over.
    is_over: bool,
}

/// What is known of each referral of the log from before it.
struct Columns {
    score: Vec<Option<f64>>,
    earlier: Vec<Option<f64>>,
    was_referred: Vec<Option<f64>>,
    had_bought: Vec<Option<f64>>,
}

/// Learns how likely the word is to pass: a referral passes if the referred buys within the study's days of the first
/// referral to them.
///
/// # Errors
/// The engine fails.
pub(super) fn learn_passing(
    engine: &Engine,
    log: &ReferralLog,
    graph: &ReferralGraph,
    answers: &AnswersInTime,
    given: &[f64],
    question: &PassingQuestion,
) -> Result<LearnedPassings, PipelineError> {
    let bought = bought(engine, log, graph)?;
    let credited = credited(log, graph.n_nodes(), &bought)?;
    let history = History {
        occasions: occasions(log, graph.n_nodes(), &bought, question),
        columns: Columns::of(log, answers, &bought, graph.n_nodes()),
        log,
        n_nodes: graph.n_nodes(),
        question,
    };
    Ok(LearnedPassings { credited: Some(credited), ..history.learn(given) })
}

/// Others who acted (bought since being referred, or referred somebody), as far as they are owed to each customer: in equal
/// parts to those who had referred them, and all the way up.
fn credited(log: &ReferralLog, n_nodes: usize, bought: &Bought) -> Result<Vec<f64>, InfluenceError> {
    let mut acted: Vec<Option<i64>> = bought.since.clone();
    for row in 0..log.len() {
        let Referral { from, to, at_us } = log.referral(row);
        if from != to {
            let own = &mut acted[from as usize];
            *own = Some(own.map_or(at_us, |earlier| earlier.min(at_us)));
        }
    }
    let mut people: Vec<u32> = (0..n_nodes as u32).filter(|&node| acted[node as usize].is_some()).collect();
    people.sort_by_key(|&node| acted[node as usize]);
    let mut place_of = vec![u32::MAX; n_nodes];
    people.iter().zip(0..).for_each(|(&node, place)| place_of[node as usize] = place);
    let mut parents: Vec<Vec<u32>> = vec![Vec::new(); people.len()];
    for row in 0..log.len() {
        let Referral { from, to, at_us } = log.referral(row);
        let (parent, child) = (place_of[from as usize], place_of[to as usize]);
        let is_before = acted[to as usize].is_some_and(|acted| at_us <= acted);
        if child != u32::MAX && parent < child && is_before {
            parents[child as usize].push(parent);
        }
    }
    for own in &mut parents {
        own.sort_unstable();
        own.dedup();
    }
    let action = Action { days: vec![0.0; people.len()], parents, people };
    let accounts_for = accounts_for_in_action(&action, CreditRule::Equal)?;
    let mut credited = vec![0.0; n_nodes];
    for (&node, accounts_for) in action.people.iter().zip(accounts_for) {
        credited[node as usize] = accounts_for - 1.0;
    }
    Ok(credited)
}

/// Purchases pass by one customer at a time, in order.
fn bought(engine: &Engine, log: &ReferralLog, graph: &ReferralGraph) -> Result<Bought, PipelineError> {
    let came = log.came(graph.n_nodes());
    let mut bought = Bought { since: vec![None; graph.n_nodes()], before: vec![false; graph.n_nodes()] };
    engine.purchases::<PipelineError>(|batch| {
        let (Some(customers), Some(times)) = (batch.texts("customer"), batch.numbers("t")) else { return Ok(()) };
        for (customer, &time) in customers.iter().zip(times) {
            let Some(node) = customer.as_ref().and_then(|customer| graph.number_of(customer)) else { continue };
            let (node, time) = (node as usize, time as i64);
            match came[node] {
                Some(came) if time >= came.at_us => {
                    bought.since[node].get_or_insert(time);
                }
                Some(_) => bought.before[node] = true,
                None => {}
            }
        }
        Ok(())
    })?;
    Ok(bought)
}

/// Referred customers in order of their first referral. Referrers count who referred before the purchase, within the days.
fn occasions(log: &ReferralLog, n_nodes: usize, bought: &Bought, question: &PassingQuestion) -> Vec<Occasion> {
    let window_us = i64::from(question.settings.within_days) * DAY_US;
    let mut place: Vec<Option<usize>> = vec![None; n_nodes];
    let mut occasions: Vec<Occasion> = Vec::new();
    for row in 0..log.len() {
        let referral = log.referral(row);
        if referral.from == referral.to {
            continue;
        }
        let node = referral.to as usize;
        let own = *place[node].get_or_insert_with(|| {
            let until = referral.at_us + window_us;
            occasions.push(Occasion {
                rows: Vec::new(),
                at_us: referral.at_us,
                passed: bought.since[node].is_some_and(|bought| bought <= until),
                is_over: until < question.as_of_us,
            });
            occasions.len() - 1
        });
        let end = bought.since[node].unwrap_or(i64::MAX).min(occasions[own].at_us + window_us);
        if referral.at_us <= end {
            occasions[own].rows.push(row as u32);
        }
    }
    occasions
}

impl Columns {
    fn of(log: &ReferralLog, answers: &AnswersInTime, bought: &Bought, n_nodes: usize) -> Self {
        let n_rows = log.len();
        let empty = || Vec::with_capacity(n_rows);
        let mut columns = Self { score: empty(), earlier: empty(), was_referred: empty(), had_bought: empty() };
        let came = log.came(n_nodes);
        let mut n_made = vec![0_u32; n_nodes];
        let flag = |is: bool| Some(f64::from(u8::from(is)));
        for row in 0..n_rows {
            let referral = log.referral(row);
            let from = referral.from as usize;
            columns.score.push(answers.before(referral.from, referral.at_us));
            columns.earlier.push(Some(f64::from(n_made[from]).ln_1p()));
            columns.was_referred.push(flag(came[from].is_some_and(|came| came.at_us < referral.at_us)));
            columns.had_bought.push(flag(bought.before[referral.to as usize]));
            n_made[from] += u32::from(referral.from != referral.to);
        }
        columns
    }

    /// The columns that tell rows apart, of some rows.
    fn of_rows(&self, names: &[&'static str], rows: &[u32]) -> Vec<(&'static str, Vec<Option<f64>>)> {
        let all = self.named().into_iter().filter(|(name, _)| names.contains(name));
        all.map(|(name, values)| (name, rows.iter().map(|&row| values[row as usize]).collect())).collect()
    }

    fn named(&self) -> [(&'static str, &Vec<Option<f64>>); 4] {
        [
            ("referrer:score", &self.score),
            ("referrer:earlier_referrals", &self.earlier),
            ("referrer:was_referred", &self.was_referred),
            ("referred:had_bought", &self.had_bought),
        ]
    }

    /// Names of the columns that hold two different values in these rows.
    fn telling(&self, rows: &[u32]) -> Vec<&'static str> {
        let varies = |values: &[Option<f64>]| {
            let mut known = rows.iter().filter_map(|&row| values[row as usize]);
            known.next().is_some_and(|first| known.any(|value| value.total_cmp(&first).is_ne()))
        };
        self.named().into_iter().filter(|(_, values)| varies(values)).map(|(name, _)| name).collect()
    }
}

/// Everything learned from.
struct History<'run> {
    occasions: Vec<Occasion>,
    columns: Columns,
    log: &'run ReferralLog,
    n_nodes: usize,
    question: &'run PassingQuestion,
}

/// The rules that can be learned, in the order of the table.
const RULES: [PassingRule; 4] =
    [PassingRule::Constant, PassingRule::Logistic, PassingRule::SharedSuccess, PassingRule::Decayed];

fn word(rule: PassingRule) -> &'static str {
    match rule {
        PassingRule::Best => "best",
        PassingRule::Constant => "constant",
        PassingRule::Logistic => "logistic",
        PassingRule::SharedSuccess => "shared_success",
        PassingRule::Decayed => "decayed",
    }
}

impl History<'_> {
    fn learn(&self, given: &[f64]) -> LearnedPassings {
        let over: Vec<&Occasion> = self.occasions.iter().filter(|one| one.is_over).collect();
        let mut findings = Vec::new();
        if let Some(problem) = too_few(&over, "whose days to buy in are over") {
            findings.push(not_learned(&problem));
            return LearnedPassings { findings, ..LearnedPassings::default() };
        }
        let (result, best) = self.judge(&over, given, &mut findings);
        let wanted = match self.question.rule {
            PassingRule::Best => best.unwrap_or(PassingRule::Constant),
            rule => rule,
        };
        let rows: Vec<u32> = (0..self.log.len() as u32).collect();
        let (probability, used) = match self.fit(wanted, &over, self.question.as_of_us, &rows) {
            Ok(probability) => (Some(probability), wanted),
            Err(error) => {
                findings.push(not_fitted(wanted, &error));
                (self.fit(PassingRule::Constant, &over, self.question.as_of_us, &rows).ok(), PassingRule::Constant)
            }
        };
        let result = result.map(|mut result| {
            for row in &mut result.rows {
                row.is_used = row.rule == word(used);
                // One rate for all is no better than itself.
                if row.is_used && used != PassingRule::Constant {
                    findings.extend(row.judgement.iter().flat_map(|judgement| judgement.findings.iter().cloned()));
                }
            }
            result
        });
        LearnedPassings { probability, rule: used, result, findings, ..LearnedPassings::default() }
    }

    /// Learns from the earlier occasions and judges by the later ones: every rule, and what was given. Only the first
    /// referral of each is looked at, since whether others follow may depend on whether it passed.
    fn judge(
        &self,
        over: &[&Occasion],
        given: &[f64],
        findings: &mut Vec<Finding>,
    ) -> (Option<PassingResult>, Option<PassingRule>) {
        let place = ((SHARE_LEARNED * over.len() as f64) as usize).min(over.len() - 1);
        let cut_us = over[place].at_us;
        let window_us = i64::from(self.question.settings.within_days) * DAY_US;
        let earlier: Vec<&Occasion> = over.iter().copied().filter(|one| one.at_us + window_us < cut_us).collect();
        let later: Vec<&Occasion> = over.iter().copied().filter(|one| one.at_us >= cut_us).collect();
        let problem = too_few(&earlier, "in the earlier part").or_else(|| too_few(&later, "in the later part"));
        if let Some(problem) = problem {
            let sentence = format!("Ways to set passing probabilities could not be judged out of time: {problem}.");
            findings.push(Finding::new(FindingKind::NotEstimated, Severity::Warning, "passing", sentence));
            return (None, None);
        }
        let stride = later.len().div_ceil(JUDGED_MAX);
        let later: Vec<&Occasion> = later.into_iter().step_by(stride).collect();
        let rows: Vec<u32> = later.iter().map(|one| one.rows[0]).collect();
        let rate = share_passed(&earlier);
        let mut judged = Vec::new();
        for rule in RULES {
            let judgement = self
                .fit(rule, &earlier, cut_us, &rows)
                .and_then(|probability| self.judge_one(&later, &probability, rate));
            let judgement = judgement.map_err(|error| findings.push(not_fitted(rule, &error))).ok();
            judged.push(PassingRow { rule: word(rule), is_used: false, judgement });
        }
        let of_given: Vec<f64> = rows.iter().map(|&row| given[row as usize]).collect();
        let judgement = self.judge_one(&later, &of_given, rate).ok();
        judged.push(PassingRow { rule: "given", is_used: false, judgement });
        let loss = |row: &PassingRow| {
            let judgement = row.judgement.as_ref()?;
            judgement.judgement.of(Metric::LogLoss).map(|estimate| estimate.value)
        };
        let losses: Vec<Option<f64>> = judged.iter().map(loss).collect();
        let best = RULES
            .into_iter()
            .zip(&losses)
            .filter_map(|(rule, loss)| loss.map(|loss| (rule, loss)))
            .min_by(|left, right| left.1.total_cmp(&right.1))
            .map(|(rule, _)| rule);
        let result = PassingResult {
            within_days: self.question.settings.within_days,
            n_learned: earlier.len(),
            n_learned_passed: n_passed(&earlier),
            n_judged: later.len(),
            n_judged_passed: n_passed(&later),
            rows: judged,
        };
        (Some(result), best)
    }

    /// Probabilities of the first referrals, held against what happened.
    fn judge_one(
        &self,
        later: &[&Occasion],
        probability: &[f64],
        rate: f64,
    ) -> Result<PassingJudgement, InfluenceError> {
        let probability: Vec<f64> = probability.iter().map(|value| value.clamp(MARGIN, 1.0 - MARGIN)).collect();
        let passed: Vec<bool> = later.iter().map(|one| one.passed).collect();
        let first: Vec<u32> = later.iter().map(|one| one.rows[0]).collect();
        let assessment = Assessment {
            confidence: self.question.confidence,
            replicates: REPLICATES,
            seed: self.question.seed,
            ..Assessment::default()
        };
        judge_passing(&passed, &probability, rate, &self.referrers(&first), &assessment)
    }

    /// The probability of each of the rows by a rule that is learned from some occasions, as of an instant.
    fn fit(
        &self,
        rule: PassingRule,
        occasions: &[&Occasion],
        as_of_us: i64,
        rows: &[u32],
    ) -> Result<Vec<f64>, InfluenceError> {
        let probability = match rule {
            PassingRule::Best | PassingRule::Constant => vec![share_passed(occasions); rows.len()],
            PassingRule::Logistic => self.logistic(occasions, rows)?,
            PassingRule::SharedSuccess => self.shared(occasions, &vec![1.0; occasions.len()], rows)?,
            PassingRule::Decayed => {
                let times: Vec<i64> = occasions.iter().map(|one| one.at_us).collect();
                let half_life_days = f64::from(self.question.settings.half_life_days);
                self.shared(occasions, &decay_weights(&times, as_of_us, half_life_days)?, rows)?
            }
        };
        Ok(probability.into_iter().map(|value| value.clamp(MARGIN, 1.0 - MARGIN)).collect())
    }

    /// The first referral stands for its customer.
    fn logistic(&self, occasions: &[&Occasion], rows: &[u32]) -> Result<Vec<f64>, InfluenceError> {
        let first: Vec<u32> = occasions.iter().map(|one| one.rows[0]).collect();
        let names = self.columns.telling(&first);
        if names.is_empty() {
            // Nothing tells one referral from another.
            return Ok(vec![share_passed(occasions); rows.len()]);
        }
        let passed: Vec<bool> = occasions.iter().map(|one| one.passed).collect();
        let (known, asked) = (self.columns.of_rows(&names, &first), self.columns.of_rows(&names, rows));
        let model = LogisticPassing::default();
        let learned = {
            let columns: Vec<EdgeColumn<'_>> =
                known.iter().map(|(name, values)| EdgeColumn::Edge(name, values)).collect();
            model.fit(&self.referrers(&first), &self.referred(&first), &columns, &passed)?
        };
        let columns: Vec<EdgeColumn<'_>> = asked.iter().map(|(name, values)| EdgeColumn::Edge(name, values)).collect();
        learned.predict(&self.referrers(rows), &self.referred(rows), &columns)
    }

    fn referrers(&self, rows: &[u32]) -> Vec<u32> {
        rows.iter().map(|&row| self.log.referral(row as usize).from).collect()
    }

    fn referred(&self, rows: &[u32]) -> Vec<u32> {
        rows.iter().map(|&row| self.log.referral(row as usize).to).collect()
    }

    fn shared(&self, occasions: &[&Occasion], weights: &[f64], rows: &[u32]) -> Result<Vec<f64>, InfluenceError> {
        let mut trials = PassingTrials::new(self.n_nodes);
        for (one, &weight) in occasions.iter().zip(weights) {
            let mut referrers = self.referrers(&one.rows);
            referrers.sort_unstable();
            referrers.dedup();
            if weight > 0.0 {
                trials.push(&referrers, weight, if one.passed { weight } else { 0.0 })?;
            }
        }
        let fit = SharedSuccess { tolerance: 1e-8, ..SharedSuccess::default() }.fit(&trials)?;
        Ok(self.referrers(rows).into_iter().map(|node| fit.probabilities[node as usize].probability).collect())
    }
}

fn n_passed(occasions: &[&Occasion]) -> usize {
    occasions.iter().filter(|one| one.passed).count()
}

fn share_passed(occasions: &[&Occasion]) -> f64 {
    n_passed(occasions) as f64 / occasions.len().max(1) as f64
}

fn too_few(occasions: &[&Occasion], which: &str) -> Option<String> {
    let passed = n_passed(occasions);
    let others = occasions.len() - passed;
    (passed < EACH_MIN || others < EACH_MIN).then(|| {
        format!(
            "of {} referred customers {which} {passed} bought in time and {others} did not, and {EACH_MIN} of each are needed",
            occasions.len()
        )
    })
}

fn not_learned(problem: &str) -> Finding {
    let sentence = format!(
        "Passing probabilities are not learned, because {problem}; reach goes by the referrals file, or by one over the \
         number of referrers."
    );
    Finding::new(FindingKind::NotEstimated, Severity::Warning, "passing", sentence)
}

fn not_fitted(rule: PassingRule, error: &InfluenceError) -> Finding {
    let sentence = format!("Passing probabilities by `{}` could not be learned: {error}.", word(rule));
    Finding::new(FindingKind::NotEstimated, Severity::Warning, "passing", sentence)
}
