//! How likely the word is to pass, learned from which of the referred bought and judged out of time.

use super::PipelineError;
use super::passing_features::{Features, NamedValues, engagement};
use super::passing_occasions::{AnswersInTime, DAY_US, Occasion, bought, credited, n_passed, occasions, share_passed};
use super::referral_log::ReferralLog;
use crate::estimators::evaluation::{Assessment, Metric};
use crate::findings::{Finding, FindingKind, Severity};
use crate::influence::{
    EdgeColumn, InfluenceError, LearnedProbability, LogisticPassing, PASSING_LEVEL, PartialCredit, PassingJudgement,
    PassingTrials, ReferralGraph, Relation, SharedSuccess, decay_weights, judge_passing,
};
use crate::link::Engine;
use crate::report::{PassingResult, PassingRow};
use crate::stats::Confidence;
use crate::study::{Passing, PassingRule};

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
    let engagement = engagement(engine, log, graph)?;
    let history = History {
        occasions: occasions(log, graph.n_nodes(), &bought, &question.settings, question.as_of_us),
        features: Features::of(log, answers, &bought, engagement, graph.n_nodes()),
        log,
        n_nodes: graph.n_nodes(),
        question,
    };
    Ok(LearnedPassings { credited: Some(credited), ..history.learn(given) })
}

/// Everything learned from.
struct History<'run> {
    occasions: Vec<Occasion>,
    features: Features,
    log: &'run ReferralLog,
    n_nodes: usize,
    question: &'run PassingQuestion,
}

/// The rules that can be learned, in the order of the table.
const RULES: [PassingRule; 5] = [
    PassingRule::Constant,
    PassingRule::Logistic,
    PassingRule::SharedSuccess,
    PassingRule::Decayed,
    PassingRule::Credit,
];

fn word(rule: PassingRule) -> &'static str {
    match rule {
        PassingRule::Best => "best",
        PassingRule::Constant => "constant",
        PassingRule::Logistic => "logistic",
        PassingRule::SharedSuccess => "shared_success",
        PassingRule::Decayed => "decayed",
        PassingRule::Credit => "credit",
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
        let (mut probability, used) = match self.fit(wanted, &over, self.question.as_of_us, &rows) {
            Ok(probability) => (Some(probability), wanted),
            Err(error) => {
                findings.push(not_fitted(wanted, &error));
                (self.fit(PassingRule::Constant, &over, self.question.as_of_us, &rows).ok(), PassingRule::Constant)
            }
        };
        // Friends make no trials: the word passes between them as it does on average.
        let of_friends = share_passed(&over).clamp(MARGIN, 1.0 - MARGIN);
        for (row, probability) in probability.iter_mut().flatten().enumerate() {
            if self.log.relation(row) == Relation::Friendship {
                *probability = of_friends;
            }
        }
        let result = result.map(|mut result| {
            for row in &mut result.rows {
                row.is_used = row.rule == word(used);
                // One rate for all is no better than itself.
                let says = |own: &&Finding| used != PassingRule::Constant || own.about == PASSING_LEVEL;
                if row.is_used {
                    findings.extend(row.judgement.iter().flat_map(|own| own.findings.iter().filter(says).cloned()));
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
            PassingRule::SharedSuccess => {
                let trials = self.trials(occasions, &vec![1.0; occasions.len()])?;
                self.of_referrers(&shared(&trials)?, rows)
            }
            PassingRule::Credit => {
                let trials = self.trials(occasions, &vec![1.0; occasions.len()])?;
                self.of_referrers(&PartialCredit::default().rates(&trials)?, rows)
            }
            PassingRule::Decayed => {
                let times: Vec<i64> = occasions.iter().map(|one| one.at_us).collect();
                let half_life_days = f64::from(self.question.settings.half_life_days);
                let trials = self.trials(occasions, &decay_weights(&times, as_of_us, half_life_days)?)?;
                self.of_referrers(&shared(&trials)?, rows)
            }
        };
        Ok(probability.into_iter().map(|value| value.clamp(MARGIN, 1.0 - MARGIN)).collect())
    }

    /// The first referral stands for its customer.
    fn logistic(&self, occasions: &[&Occasion], rows: &[u32]) -> Result<Vec<f64>, InfluenceError> {
        let first: Vec<u32> = occasions.iter().map(|one| one.rows[0]).collect();
        let passed: Vec<bool> = occasions.iter().map(|one| one.passed).collect();
        let places = self.features.telling(&first, &passed);
        if places.is_empty() {
            // Nothing tells one referral from another.
            return Ok(vec![share_passed(occasions); rows.len()]);
        }
        let (known, asked) = (self.features.of_rows(&places, &first), self.features.of_rows(&places, rows));
        let model = LogisticPassing::default();
        let learned = model.fit(&self.referrers(&first), &self.referred(&first), &edge_columns(&known), &passed)?;
        learned.predict(&self.referrers(rows), &self.referred(rows), &edge_columns(&asked))
    }

    fn referrers(&self, rows: &[u32]) -> Vec<u32> {
        rows.iter().map(|&row| self.log.referral(row as usize).from).collect()
    }

    fn referred(&self, rows: &[u32]) -> Vec<u32> {
        rows.iter().map(|&row| self.log.referral(row as usize).to).collect()
    }

    fn trials(&self, occasions: &[&Occasion], weights: &[f64]) -> Result<PassingTrials, InfluenceError> {
        let mut trials = PassingTrials::new(self.n_nodes);
        for (one, &weight) in occasions.iter().zip(weights) {
            let mut referrers = self.referrers(&one.rows);
            referrers.sort_unstable();
            referrers.dedup();
            if weight > 0.0 {
                trials.push(&referrers, weight, if one.passed { weight } else { 0.0 })?;
            }
        }
        Ok(trials)
    }

    /// What was learned of the referrer of each row.
    fn of_referrers(&self, learned: &[LearnedProbability], rows: &[u32]) -> Vec<f64> {
        self.referrers(rows).into_iter().map(|node| learned[node as usize].probability).collect()
    }
}

fn shared(trials: &PassingTrials) -> Result<Vec<LearnedProbability>, InfluenceError> {
    Ok(SharedSuccess { tolerance: 1e-8, ..SharedSuccess::default() }.fit(trials)?.probabilities)
}

fn edge_columns(columns: &[NamedValues]) -> Vec<EdgeColumn<'_>> {
    columns.iter().map(|column| EdgeColumn::Edge(&column.name, &column.values)).collect()
}

fn too_few(occasions: &[&Occasion], which: &str) -> Option<String> {
    let passed = n_passed(occasions);
    let others = occasions.len() - passed;
    (passed < EACH_MIN || others < EACH_MIN).then(|| {
        format!(
            "of {} referred or invited customers {which} {passed} bought in time and {others} did not, and {EACH_MIN} of each are needed",
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
