//! How soon the word spreads: the delay from a customer to the next learned from dates, and reach within some days.

use super::referral_log::ReferralLog;
use crate::findings::{Finding, FindingKind, Severity};
use crate::influence::{
    DelayChoice, InfluenceError, PassingShare, ReferralGraph, TimedReach, TimedSettings, choose_delay, timed_reach,
};
use crate::report::{DelayResult, words};

/// Microseconds in a day.
const DAY_US: f64 = 86_400e6;
/// Referrals with a known delay without which no delay is learned.
const DELAYS_MIN: usize = 20;
/// Delays learned from at most; of more, an even part is taken.
const TRIALS_MAX: usize = 500_000;
/// A referral of the same day took this part of one.
const SHORTEST_DAYS: f64 = 0.5;
/// Samples for each referral, and in all at most.
const SAMPLES_EACH: usize = 20;
const SAMPLES_MAX: usize = 2_000_000;

/// What is asked.
pub(super) struct SpeedQuestion<'run> {
    /// Days within which reach is told, ascending; empty for none.
    pub reach_days: &'run [u32],
    /// Which delays may be taken.
    pub delay: DelayChoice,
    /// Days since each customer joined, where known.
    pub tenure_days: Option<&'run [f64]>,
    /// The same of customers outside of the graph, who can refer as well and have not.
    pub outside_tenure_days: &'run [f64],
    /// The end of the data, UTC microseconds.
    pub as_of_us: i64,
    pub samples: usize,
    pub seed: u64,
}

/// What the dates say.
#[derive(Default)]
pub(super) struct WordSpeed {
    pub delay: Option<DelayResult>,
    pub timed: Option<TimedReach>,
    pub findings: Vec<Finding>,
}

/// Days until the word passed, or until the end of the data where it has not.
#[derive(Default)]
struct Trials {
    days: Vec<f64>,
    passed: Vec<bool>,
}

/// Learns delays and reach in time.
///
/// A customer can pass the word on from the first referral that brought them on, else since they joined. Each referral is a
/// trial that took the days since then; somebody who referred nobody is one that is still open, in the graph or outside of it.
///
/// # Errors
/// Reach cannot be computed.
pub(super) fn word_speed(
    log: &ReferralLog,
    graph: &ReferralGraph,
    question: &SpeedQuestion<'_>,
) -> Result<WordSpeed, InfluenceError> {
    if question.reach_days.is_empty() {
        return Ok(WordSpeed::default());
    }
    let trials = Trials::of(log, graph.n_nodes(), question);
    let n_passed = trials.passed.iter().filter(|&&passed| passed).count();
    if n_passed < DELAYS_MIN {
        let problem = format!(
            "the days from a customer's own start to a referral are known of {}, and {DELAYS_MIN} are needed",
            words::counted(n_passed, "referral", "referrals")
        );
        return Ok(without_delay(&problem));
    }
    let chosen = match choose_delay(&trials.days, &trials.passed, &question.delay) {
        Ok(chosen) => chosen,
        Err(error @ InfluenceError::NotFitted { .. }) => return Ok(without_delay(&error.to_string())),
        Err(error) => return Err(error),
    };
    let settings = TimedSettings {
        delay: chosen.fit.delay,
        horizons: question.reach_days.iter().map(|&days| f64::from(days)).collect(),
        samples: (SAMPLES_EACH * graph.n_arcs()).clamp(question.samples, SAMPLES_MAX.max(question.samples)),
        seed: question.seed,
    };
    let timed = timed_reach(graph, &settings)?;
    let seen_days = trials.days.iter().copied().fold(0.0, f64::max);
    let findings = [all_pass(chosen.share), beyond_sight(chosen.fit.delay.quantile(0.5), seen_days)];
    let delay = DelayResult { chosen, seen_days, n_samples: timed.n_samples };
    Ok(WordSpeed { delay: Some(delay), timed: Some(timed), findings: findings.into_iter().flatten().collect() })
}

/// Says that the dates show no share of customers who never pass the word on.
fn all_pass(share: PassingShare) -> Option<Finding> {
    let sentence = match share {
        PassingShare::Estimated | PassingShare::AsAsked => return None,
        PassingShare::AtItsEnd => {
            "The dates of referrals show no share of customers who never pass the word on: the likelihood is largest where all do in \
             the end, and the delay is fitted so."
        }
        PassingShare::NotSettled => {
            "What share of customers never pass the word on cannot be told from the dates of referrals, because the likelihood has no \
             clear maximum; the delay is fitted as if all did in the end."
        }
    };
    Some(Finding::new(FindingKind::NotEstimated, Severity::Note, "delay", sentence.to_owned()))
}

/// Says that the middle of the delays lies where nobody has been yet.
fn beyond_sight(median_days: f64, seen_days: f64) -> Option<Finding> {
    let sentence = format!(
        "Half of the delays are expected to be longer than {}, and nobody has been a customer for more than {}: what is said of later \
         days is the curve of the family drawn on, not seen.",
        words::days(median_days.round() as i64),
        words::days(seen_days.round() as i64)
    );
    (median_days > seen_days).then(|| Finding::new(FindingKind::Unreliable, Severity::Note, "delay", sentence))
}

fn without_delay(problem: &str) -> WordSpeed {
    let sentence = format!("How soon the word spreads is not told, because {problem}.");
    let finding = Finding::new(FindingKind::NotEstimated, Severity::Note, "delay", sentence);
    WordSpeed { findings: vec![finding], ..WordSpeed::default() }
}

impl Trials {
    fn of(log: &ReferralLog, n_nodes: usize, question: &SpeedQuestion<'_>) -> Self {
        let came = log.came(n_nodes);
        let start = |node: usize| match came[node] {
            Some(came) => Some(came.at_us as f64),
            None => {
                let tenure_days = question.tenure_days.map_or(f64::NAN, |days| days[node]);
                (!tenure_days.is_nan()).then_some(question.as_of_us as f64 - tenure_days * DAY_US)
            }
        };
        let mut all = Self::default();
        let mut has_referred = vec![false; n_nodes];
        for row in 0..log.len() {
            let referral = log.referral(row);
            if referral.from == referral.to || !log.is_brought(row) {
                continue;
            }
            has_referred[referral.from as usize] = true;
            // Who referred before they are known to have started tells no delay.
            let waited = start(referral.from as usize).map(|start| (referral.at_us as f64 - start) / DAY_US);
            if let Some(days) = waited.filter(|&days| days >= 0.0) {
                all.push(days, true);
            }
        }
        for node in (0..n_nodes).filter(|&node| !has_referred[node]) {
            if let Some(start) = start(node) {
                all.push((question.as_of_us as f64 - start) / DAY_US, false);
            }
        }
        for &days in question.outside_tenure_days {
            all.push(days, false);
        }
        let stride = all.days.len().div_ceil(TRIALS_MAX).max(1);
        Self {
            days: all.days.into_iter().step_by(stride).collect(),
            passed: all.passed.into_iter().step_by(stride).collect(),
        }
    }

    fn push(&mut self, days: f64, passed: bool) {
        self.days.push(days.max(SHORTEST_DAYS));
        self.passed.push(passed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::influence::{Delay, DelayFamily, Eventually, fit_delay};
    use crate::stats::random::stream;
    use rand::Rng;

    /// 1,200 customers join over 850 days; each refers one at most, which half of them ever do, 300 days after their start on
    /// average. Those who came alone and referred nobody are in no referral, and of whoever joined they are open trials as well:
    /// left out, the share comes out as 0.86 to 0.93 with an error of 0.03 to 0.04 (the same company by another program).
    #[test]
    fn customers_outside_of_the_graph_are_open_trials() {
        let mut random = stream(3, "delays of a company", 0);
        let mut joined: Vec<f64> = (0..1200).map(|_| 850.0 * random.random::<f64>()).collect();
        let (mut made, mut at) = (Vec::new(), 0);
        while at < joined.len() {
            let until = joined[at] - 300.0 * (1.0 - random.random::<f64>()).ln();
            if random.random::<f64>() < 0.5 && until < 900.0 {
                made.push((at, joined.len(), until));
                joined.push(until);
            }
            at += 1;
        }
        made.sort_by(|left, right| left.2.total_cmp(&right.2));
        let mut numbers = vec![u32::MAX; joined.len()];
        let mut in_graph = Vec::new();
        let mut rows = Vec::new();
        for &(from, to, days) in &made {
            for customer in [from, to] {
                if numbers[customer] == u32::MAX {
                    numbers[customer] = in_graph.len() as u32;
                    in_graph.push(900.0 - joined[customer]);
                }
            }
            rows.push((numbers[from], numbers[to], (days * DAY_US) as i64));
        }
        let outside = (0..joined.len()).filter(|&own| numbers[own] == u32::MAX);
        let outside: Vec<f64> = outside.map(|customer| 900.0 - joined[customer]).collect();
        let question = SpeedQuestion {
            reach_days: &[],
            delay: DelayChoice::default(),
            tenure_days: Some(&in_graph),
            outside_tenure_days: &outside,
            as_of_us: (900.0 * DAY_US) as i64,
            samples: 1,
            seed: 1,
        };
        let trials = Trials::of(&ReferralLog::of_rows(&rows), in_graph.len(), &question);
        assert_eq!(trials.days.len(), joined.len());
        let fit = fit_delay(&trials.days, &trials.passed, DelayFamily::Exponential, Eventually::Share).expect("a fit");
        assert!((fit.share - 0.5).abs() < 3.0 * fit.share_se && fit.share_se < 0.05, "{fit:?}");
        let Delay::Exponential { mean_days } = fit.delay else { panic!("another family") };
        assert!((mean_days - 300.0).abs() < 3.0 * fit.scale_se, "{fit:?}");
    }

    /// Forty refer once, on days 2 to 41 after they joined; the forty whom they bring refer nobody yet.
    #[test]
    fn where_all_pass_delay_is_told_all_the_same_and_said() {
        let rows: Vec<(u32, u32, i64)> =
            (0..40).map(|pair| (2 * pair, 2 * pair + 1, ((2 + pair) as f64 * DAY_US) as i64)).collect();
        // Referrers joined on day 0, and who they brought came with the referral.
        let tenure_days: Vec<f64> = (0..80).map(|node| if node % 2 == 0 { 60.0 } else { f64::NAN }).collect();
        let edges = crate::influence::EdgeList::from_numbers(
            80,
            rows.iter().map(|row| row.0).collect(),
            rows.iter().map(|row| row.1).collect(),
        );
        let graph = ReferralGraph::new(edges.expect("sound"), &crate::influence::PassingProbability::Uniform(0.5));
        let question = SpeedQuestion {
            reach_days: &[30],
            delay: DelayChoice { family: Some(DelayFamily::Exponential), eventually: None },
            tenure_days: Some(&tenure_days),
            outside_tenure_days: &[],
            as_of_us: (60.0 * DAY_US) as i64,
            samples: 1,
            seed: 1,
        };
        let speed = word_speed(&ReferralLog::of_rows(&rows), &graph.expect("sound"), &question).expect("reach");
        // Days waited over referrals, by hand: those of the referrers 2 + ... + 41 = 860, those of the brought 60 less each = 1540.
        let delay = speed.delay.expect("a delay");
        let Delay::Exponential { mean_days } = delay.chosen.fit.delay else { panic!("another family") };
        assert!((mean_days - 2400.0 / 40.0).abs() < 1e-6, "{mean_days}");
        assert!((delay.seen_days - 58.0).abs() < 1e-9);
        // 1 + p (1 - exp(-30 / 60)) for every referrer.
        let within = speed.timed.expect("reach in time").within(0)[0];
        assert!((within - (1.0 + 0.5 * (1.0 - (-0.5_f64).exp()))).abs() < 1e-6, "{within}");
        let [finding] = speed.findings.as_slice() else { panic!("{:?}", speed.findings) };
        assert!(finding.sentence.contains("no share of customers who never pass"), "{finding:?}");
    }
}
