//! The scores of a study: a portfolio by cut, customary rules, change between waves and why, say and do.

use super::PipelineError;
use super::outcomes::deed_label;
use super::paired_scores;
use super::population::Part;
use super::portfolio::NamedColumns;
use super::question::{Question, is_share};
use super::shown_cuts::ShownCuts;
use super::small_bases::Hidden;
use super::wave_scores::WaveOf;
use crate::findings::{Finding, FindingKind, Severity};
use crate::measures::MeasureError;
use crate::measures::change::{ControlLimits, ManyCuts, TrendSettings, Wave, signals};
use crate::measures::disclosure::ShownSets;
use crate::measures::portfolio::Measure;
use crate::measures::say_do::{
    Behaviour, CutSearch, RevenueAtRisk, RevenueAtRiskSettings, RuleOfThumb, behaviour_by_answer, behaviour_by_class,
    kept_word,
};
use crate::report::{OutcomeBehaviour, Scorecard};
use crate::study::{Outcome, OutcomeKind};
use ndarray::Array2;

/// Days of spend before the answer that count as a customer's revenue.
const REVENUE_DAYS: u32 = 365;

/// Measures the answers of a study; in a weighted study those with a weight, as its score does. `sets` is what is shown beside
/// the levels of the cuts, here and elsewhere.
///
/// # Errors
/// A column that `[measures]` names and that is not what it should be.
pub(super) fn of(
    question: &Question<'_>,
    cuts: &ShownCuts,
    mut sets: Option<&mut ShownSets>,
) -> Result<Scorecard, PipelineError> {
    let named = NamedColumns::of(question)?;
    let mut making = Making {
        cuts,
        hidden: Hidden::below(question.study.measures.suppress_below),
        card: Scorecard { minimum_base: question.study.minimum_base as usize, ..Scorecard::default() },
        problems: Vec::new(),
    };
    making.portfolio(question, &named);
    making.rules(question, sets.as_deref_mut());
    making.waves(question, sets.as_deref_mut());
    making.rolling(question, sets);
    for outcome in &question.study.outcomes {
        match question.behaviour(outcome, &mut making.hidden).transpose() {
            Ok(behaviour) => making.card.behaviours.extend(behaviour),
            Err(problem) => making.keep("what customers of each answer did", &problem.to_string()),
        }
    }
    let Making { hidden, mut card, problems, .. } = making;
    card.findings.extend(problems);
    card.findings.extend(hidden.finding("measures"));
    Ok(card)
}

/// A scorecard as it is made.
struct Making<'c> {
    cuts: &'c ShownCuts,
    hidden: Hidden,
    card: Scorecard,
    problems: Vec<Finding>,
}

impl Making<'_> {
    fn keep(&mut self, what: &str, problem: &str) {
        let sentence = format!("for all answers, {what} could not be made: {problem}");
        self.problems.push(Finding::new(FindingKind::NotEstimated, Severity::Note, "nps", sentence));
    }

    fn portfolio(&mut self, question: &Question<'_>, named: &NamedColumns) {
        match question.portfolio(named, self.cuts, &mut self.hidden) {
            Ok(rows) => self.card.portfolio = rows,
            Err(problem) => self.keep("the portfolio of measures", &problem.to_string()),
        }
        match question.correlations() {
            Ok(rows) => self.card.correlations = rows,
            Err(problem) => self.keep("the correlations", &problem.to_string()),
        }
    }

    fn rules(&mut self, question: &Question<'_>, sets: Option<&mut ShownSets>) {
        match question.rules(sets) {
            Ok(own) => (self.card.rules, self.card.rules_hidden) = (own.rows, own.hidden),
            Err(problem) => self.keep("the score under other rules", &problem.to_string()),
        }
    }

    fn rolling(&mut self, question: &Question<'_>, sets: Option<&mut ShownSets>) {
        match question.rolled(self.cuts, sets) {
            Ok(own) => {
                self.card.rolling = own.rows;
                self.card.findings.extend(own.finding);
            }
            Err(problem) => self.keep("the score over a window that moves", &problem.to_string()),
        }
    }

    /// What was and changed from wave to wave, and the benchmark, which the last wave is held against as well.
    fn waves(&mut self, question: &Question<'_>, mut sets: Option<&mut ShownSets>) {
        let (waves, order) = question.ordered_waves(self.cuts);
        let names: Vec<&str> = waves.iter().map(|wave| wave.name.as_str()).collect();
        self.card.findings.extend(order.finding(&names));
        self.card.waves_unordered = !order.is_known();
        let cuts =
            if waves.len() > 1 { question.cuts_by_wave(&waves, self.cuts, &mut self.hidden) } else { Vec::new() };
        let mut problems: Vec<(String, MeasureError)> = Vec::new();
        for at in 1..waves.len() {
            let (before, after) = (&waves[at - 1], &waves[at]);
            match question.change(&waves, at, &cuts) {
                Ok(mut change) => {
                    match question.pairs(before, after, sets.as_deref_mut()) {
                        Ok(pairs) => change.paired = pairs,
                        Err(problem) => {
                            let what =
                                format!("the change of those who answered in {} and in {}", before.name, after.name);
                            problems.push((what, problem));
                        }
                    }
                    self.card.changes.push(change);
                }
                Err(problem) => problems.push((format!("the change from {} to {}", before.name, after.name), problem)),
            }
        }
        // A step is looked at because something stands out of it, so that all steps count together.
        let cuts_of_steps = self.card.changes.iter_mut().flat_map(|wave| &mut wave.cuts);
        if let Err(problem) = ManyCuts::default().adjust(cuts_of_steps) {
            problems.push(("the cuts that stand out between waves".to_owned(), problem));
        }
        let confidence = question.study.confidence;
        self.card.findings.extend(paired_scores::not_as_the_others(&self.card.changes, confidence));
        let n_min = question.study.measures.suppress_below;
        self.card.findings.extend(paired_scores::moves_hidden(&self.card.changes, n_min as usize));
        let is_resampled = question.resampling().replicates > 1;
        let movement =
            if is_resampled && order.is_known() { question.movement(&waves, &cuts).transpose() } else { Ok(None) };
        problems.into_iter().for_each(|(what, problem)| self.keep(&what, &problem.to_string()));
        self.card.findings.extend(other_wordings(&waves));
        if waves.len() > 2 && order.is_known() {
            self.over_time(question, &waves);
        }
        if !is_resampled && waves.len() > 1 && order.is_known() {
            self.keep("why the score moved", "its intervals need a `bootstrap` of at least 2 in [study]");
        }
        match movement {
            Ok(movement) => self.card.movement = movement,
            Err(problem) => self.keep("why the score moved", &problem.to_string()),
        }
        let last = waves.last().filter(|_| waves.len() > 1 && order.is_known());
        match question.benchmarks(last) {
            Ok(rows) => self.card.benchmarks = rows,
            Err(problem) => self.keep("the comparison with the benchmark", &problem.to_string()),
        }
        match question.benchmarks_by_cut(self.cuts) {
            Ok(own) => {
                self.card.benchmarks_by_cut = own.rows;
                self.card.findings.extend(own.findings);
            }
            Err(problem) => self.keep("the comparison of cuts with the benchmark", &problem.to_string()),
        }
    }

    fn over_time(&mut self, question: &Question<'_>, waves: &[WaveOf]) {
        let is_of_everybody = |wave: &&WaveOf| question.is_of_everybody(&wave.rows, Part::Wave(&wave.name));
        let sure: Vec<String> = waves.iter().filter(is_of_everybody).map(|wave| wave.name.clone()).collect();
        if !sure.is_empty() {
            let problem = format!(
                "everybody was asked in {}, and a score without a sampling error cannot be weighed by it; read the scores of \
                 the waves as they are",
                sure.join(", ")
            );
            self.keep("the trend over waves", &problem);
            let points = waves.iter().enumerate();
            let points = points.filter_map(|(place, wave)| Some((wave, wave.as_point_of_process(question, place)?)));
            let (of, own): (Vec<&WaveOf>, Vec<Wave>) = points.unzip();
            return self.control(&own, &question.shared_by_waves(&of, true));
        }
        let points = waves.iter().enumerate();
        let points = points.filter_map(|(place, wave)| Some((wave, wave.as_point(question, place)?)));
        let (of, own): (Vec<&WaveOf>, Vec<Wave>) = points.unzip();
        let shared = question.shared_by_waves(&of, false);
        let trend = TrendSettings { confidence: question.study.confidence };
        match trend.of_overlapping(&own, shared.view()) {
            Ok(trend) => {
                let is_dated = waves.iter().all(|wave| question.mean_day(&wave.rows).is_some());
                (self.card.trend, self.card.trend_unit) = (Some(trend), if is_dated { "year" } else { "wave" });
            }
            Err(problem) => self.keep("the trend over waves", &problem.to_string()),
        }
        self.control(&own, &shared);
    }

    /// Control limits ask what waves vary by in common, so that of waves of everybody they have the errors of an endless population.
    fn control(&mut self, waves: &[Wave], shared: &Array2<f64>) {
        match ControlLimits::default().of_overlapping(waves, shared.view()) {
            Ok(points) => {
                self.card.findings.extend(signals(&points));
                self.card.control = points;
            }
            Err(problem) => self.keep("the control limits", &problem.to_string()),
        }
    }
}

/// Waves that were asked in other words than the one before them, and waves that were asked in several.
fn other_wordings(waves: &[WaveOf]) -> Vec<Finding> {
    let quoted = |wave: &WaveOf| {
        let own: Vec<String> = wave.wordings.iter().map(|own| format!("\u{201c}{own}\u{201d}")).collect();
        own.join(" and ")
    };
    let warn = |sentence: String| Finding::new(FindingKind::NotComparable, Severity::Warning, "nps", sentence);
    let mixed = waves.iter().filter(|own| own.wordings.len() > 1).map(|own| {
        warn(format!(
            "in {} the question was asked in {} wordings, {}, so that its score is of different questions",
            own.name,
            own.wordings.len(),
            quoted(own)
        ))
    });
    let changed = waves.windows(2).filter(|pair| pair[1].is_worded_as(&pair[0]) == Some(false)).map(|pair| {
        warn(format!(
            "{} asked {} and {} asked {}: their scores are not comparable, and a change between them may be one of the wording",
            pair[0].name,
            quoted(&pair[0]),
            pair[1].name,
            quoted(&pair[1])
        ))
    });
    mixed.chain(changed).collect()
}

impl Question<'_> {
    /// What those who gave each answer did.
    fn behaviour(&self, outcome: &Outcome, hidden: &mut Hidden) -> Option<Result<OutcomeBehaviour, MeasureError>> {
        outcome.window_days()?;
        let deeds = self.deeds(outcome);
        let known: Vec<usize> = self.answered().into_iter().filter(|&row| !deeds[row].is_nan()).collect();
        if known.is_empty() {
            return None;
        }
        Some(self.said_and_done(outcome, &deeds).map(|mut behaviour| {
            hidden.behaviour(&mut behaviour);
            behaviour
        }))
    }

    fn said_and_done(&self, outcome: &Outcome, deeds: &[f64]) -> Result<OutcomeBehaviour, MeasureError> {
        let (name, is_share) = (outcome.name(), is_share(outcome));
        let measure = if is_share { Measure::yes_share(name, deeds)? } else { Measure::mean(name, deeds)? };
        let (sampling, settings) = (self.sampling(), self.settings());
        let behaviour = if is_share { Behaviour::Happened } else { Behaviour::Amount };
        let cuts = CutSearch { seed: self.study.seed, ..CutSearch::default() };
        let is_good = matches!(outcome.kind(), OutcomeKind::Repurchase { .. } | OutcomeKind::Referral { .. });
        Ok(OutcomeBehaviour {
            outcome: name.to_owned(),
            label: deed_label(outcome),
            by_answer: behaviour_by_answer(self.answers, &measure, sampling, settings)?,
            by_class: behaviour_by_class(self.answers, &measure, sampling, settings)?,
            // Few answers are no fault: these are left out where they cannot be had.
            kept_word: is_good.then(|| kept_word(self.answers, deeds, sampling, settings).ok()).flatten(),
            cuts: cuts.compare(self.answers, deeds, behaviour, sampling).ok(),
            at_risk: matches!(outcome.kind(), OutcomeKind::Repurchase { .. }).then(|| self.at_risk(deeds)).flatten(),
        })
    }

    fn at_risk(&self, kept: &[f64]) -> Option<RevenueAtRisk> {
        let revenue = self.base.numbers(&format!("spend_{REVENUE_DAYS}d"))?;
        let counts = |row: usize| ![self.answers[row], revenue[row], kept[row]].iter().any(|own| own.is_nan());
        let latest = self.latest_of_each(counts);
        let revenue: Vec<f64> =
            revenue.iter().zip(latest).map(|(&own, is_latest)| if is_latest { own } else { f64::NAN }).collect();
        let resampling = self.resampling();
        if resampling.replicates == 0 {
            return None;
        }
        let settings = RevenueAtRiskSettings { confidence: self.study.confidence, resampling };
        let rules = [RuleOfThumb::all_of_detractors(), RuleOfThumb::all_but_promoters()];
        settings.of(self.answers, &revenue, kept, self.sampling(), &rules).ok()
    }
}
