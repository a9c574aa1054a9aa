//! The scores of a study: a portfolio by cut, customary rules, change between waves and why, say and do.

use super::coded::Coded;
use super::outcome_model::Prepared;
use super::question::{Drawn, Question, is_share, with_weights};
use super::selection::Selection;
use super::small_bases::{self, Hidden};
use crate::data::Clusters;
use crate::findings::{Finding, FindingKind, Severity};
use crate::link::BaseTable;
use crate::measures::change::{ChangeSettings, ControlLimits, GroupScore, ManyCuts, TrendSettings, Wave, WaveCounts};
use crate::measures::movement::{ResampledMovement, TouchpointCoefficient, WaveRows};
use crate::measures::portfolio::{
    AnswerScale, Correlations, Cut, CutAnalysis, Measure, Metric, compare_rules, customary_rules,
};
use crate::measures::say_do::{
    Behaviour, CutSearch, RevenueAtRisk, RevenueAtRiskSettings, RuleOfThumb, behaviour_by_answer, behaviour_by_class,
    kept_word,
};
use crate::measures::{MeasureError, Sampling};
use crate::report::{OutcomeBehaviour, Scorecard, WaveChange, WaveMovement};
use crate::study::{Missing, Outcome, Study};
use std::collections::BTreeMap;

/// Days of spend before the answer that count as a customer's revenue.
const REVENUE_DAYS: u32 = 365;
/// Days of a year, for slopes a year.
const DAYS_OF_YEAR: f64 = 365.25;

/// Measures the answers of a study; in a weighted study those with a weight, as its score does.
pub(super) fn of(study: &Study, base: &BaseTable) -> Scorecard {
    let base = with_weights(base);
    Question::of(study, &base).map_or_else(Scorecard::default, |question| of_question(&question))
}

fn of_question(question: &Question<'_>) -> Scorecard {
    let study = question.study;
    let mut card = Scorecard { minimum_base: study.minimum_base as usize, ..Scorecard::default() };
    let mut problems: Vec<Finding> = Vec::new();
    let mut keep = |what: &str, problem: &str| {
        let sentence = format!("for all answers, {what} could not be made: {problem}");
        problems.push(Finding::new(FindingKind::NotEstimated, Severity::Note, "nps", sentence));
    };
    let mut hidden = Hidden::below(study.measures.suppress_below);
    match question.portfolio() {
        Ok(rows) => card.portfolio = rows,
        Err(problem) => keep("the portfolio of measures", &problem.to_string()),
    }
    hidden.portfolio(&mut card.portfolio);
    match question.rules().transpose() {
        Ok(rows) => card.rules = rows.unwrap_or_default(),
        Err(problem) => keep("the score under other rules", &problem.to_string()),
    }
    match question.correlations() {
        Ok(rows) => card.correlations = rows,
        Err(problem) => keep("the correlations", &problem.to_string()),
    }
    let waves = question.waves(&mut hidden);
    let cuts = if waves.len() > 1 { question.cuts_by_wave(&waves, &mut hidden) } else { Vec::new() };
    for at in 1..waves.len() {
        match question.change(&waves, at, &cuts) {
            Ok(change) => card.changes.push(change),
            Err(problem) => {
                let what = format!("the change from {} to {}", waves[at - 1].name, waves[at].name);
                keep(&what, &problem.to_string());
            }
        }
    }
    if waves.len() > 2 {
        let points = |wave: (usize, &WaveOf)| wave.1.as_point(question, wave.0);
        let own: Vec<Wave> = waves.iter().enumerate().filter_map(points).collect();
        let trend = TrendSettings { confidence: study.confidence };
        match trend.of(&own) {
            Ok(trend) => {
                let is_dated = waves.iter().all(|wave| question.mean_day(&wave.rows).is_some());
                (card.trend, card.trend_unit) = (Some(trend), if is_dated { "year" } else { "wave" });
            }
            Err(problem) => keep("the trend over waves", &problem.to_string()),
        }
        match ControlLimits::default().of(&own) {
            Ok(points) => card.control = points,
            Err(problem) => keep("the control limits", &problem.to_string()),
        }
    }
    if question.resampling().replicates < 2 {
        if waves.len() > 1 {
            keep("why the score moved", "its intervals need a `bootstrap` of at least 2 in [study]");
        }
    } else {
        match question.movement(&waves, &cuts).transpose() {
            Ok(movement) => card.movement = movement,
            Err(problem) => keep("why the score moved", &problem.to_string()),
        }
    }
    for &outcome in &study.outcomes {
        match question.behaviour(outcome, &mut hidden).transpose() {
            Ok(behaviour) => card.behaviours.extend(behaviour),
            Err(problem) => keep("what customers of each answer did", &problem.to_string()),
        }
    }
    card.findings = problems;
    card.findings.extend(hidden.finding("measures"));
    card
}

/// One wave: its name and its rows with an answer.
struct WaveOf {
    name: String,
    rows: Vec<usize>,
}

impl WaveOf {
    /// A wave as a point in time: the mean instant of its answers in years, or its place where answers have no time.
    fn as_point(&self, question: &Question<'_>, place: usize) -> Option<Wave> {
        let score = question.score(&self.rows).ok()?;
        let time = question.mean_day(&self.rows).map_or(place as f64, |day| day / DAYS_OF_YEAR);
        Some(Wave { name: self.name.clone(), time, nps: score.nps, std_error: score.std_error, wording: None })
    }
}

impl Question<'_> {
    /// The recommend answer, the touchpoints on their scales, and what is known of each customer's behaviour after the
    /// answer; by all cuts of the study, from one pass.
    fn portfolio(&self) -> Result<Vec<crate::measures::portfolio::CutEstimate>, MeasureError> {
        let ten = AnswerScale::ZERO_TO_TEN;
        let mut measures = vec![
            Measure::nps("recommend", self.answers)?,
            Measure::item("recommend", Metric::Mean, ten, self.answers)?,
            Measure::item("recommend", Metric::TopBox { from: 9.0 }, ten, self.answers)?,
        ];
        for name in &self.study.drivers.touchpoints {
            let Some(scores) = self.base.numbers(name) else { continue };
            measures.push(Measure::mean(name.clone(), scores)?);
            let Some(range) = self.study.sources.feedback.range_of(name) else { continue };
            let from = self.study.actions.top_box_from.unwrap_or(range.max);
            let top = AnswerScale::new(range.min, range.max)
                .and_then(|scale| Measure::item(name.clone(), Metric::TopBox { from }, scale, scores));
            // Scores between the steps of the scale have no top box.
            measures.extend(top.ok());
        }
        let deeds: Vec<(&'static str, bool, Vec<f64>)> = self
            .study
            .outcomes
            .iter()
            .filter(|outcome| outcome.window_days().is_some())
            .map(|&outcome| (outcome.word(), is_share(outcome), self.deeds(outcome)))
            .collect();
        for (name, is_share, deeds) in &deeds {
            measures.push(if *is_share { Measure::yes_share(*name, deeds)? } else { Measure::mean(*name, deeds)? });
        }
        let coded: Vec<Coded> = self.study.measures.by.iter().filter_map(|by| Coded::of(self.base, by)).collect();
        let cuts: Result<Vec<Cut>, MeasureError> =
            coded.iter().map(|own| Cut::new(own.name.clone(), own.levels.clone(), &own.codes)).collect();
        let analysis = CutAnalysis { settings: self.settings(), replicates: 0, seed: self.study.seed };
        Ok(analysis.estimate(&measures, &cuts?, self.sampling())?.rows)
    }

    fn rules(&self) -> Option<Result<Vec<crate::measures::portfolio::RuleComparison>, MeasureError>> {
        let times: Vec<i64> = self.base.numbers("t")?.iter().map(|&t| t as i64).collect();
        let sampling = self.sampling();
        let everybody = Clusters::from_labels(0..times.len());
        let sampling = Sampling { clusters: sampling.clusters.or(Some(&everybody)), ..sampling };
        let rules = customary_rules(self.study.as_of.end_us());
        Some(compare_rules(self.answers, &times, sampling, &rules, self.settings()))
    }

    fn correlations(&self) -> Result<Vec<crate::measures::portfolio::CorrelationRow>, MeasureError> {
        let mut measures = vec![Measure::mean("recommend", self.answers)?];
        for name in &self.study.drivers.touchpoints {
            if let Some(scores) = self.base.numbers(name) {
                measures.push(Measure::mean(name.clone(), scores)?);
            }
        }
        let settings = Correlations { confidence: self.study.confidence, resampling: None };
        if measures.len() < 2 { Ok(Vec::new()) } else { settings.between(&measures, self.sampling()) }
    }

    /// Waves in the order of their mean times, or of their names where answers have no time; none where the study names no
    /// wave. Waves with too few answers to be shown are none.
    fn waves(&self, hidden: &mut Hidden) -> Vec<WaveOf> {
        let Some(names) = self.base.texts("wave") else { return Vec::new() };
        let mut waves: BTreeMap<Option<&str>, Vec<usize>> = BTreeMap::new();
        for row in self.answered() {
            waves.entry(names[row].as_deref()).or_default().push(row);
        }
        let counts: Vec<usize> = waves.values().map(Vec::len).collect();
        let shown = hidden.shown(&counts);
        let mut waves: Vec<WaveOf> = waves
            .into_iter()
            .zip(shown)
            .filter(|(_, shown)| *shown)
            .filter_map(|((name, rows), _)| Some(WaveOf { name: name?.to_owned(), rows }))
            .collect();
        if waves.iter().all(|wave| self.mean_day(&wave.rows).is_some()) {
            let day = |wave: &WaveOf| self.mean_day(&wave.rows).unwrap_or_default();
            waves.sort_by(|one, other| day(one).total_cmp(&day(other)));
        }
        waves
    }

    /// The cuts of the study with what is shown of them in each wave.
    fn cuts_by_wave(&self, waves: &[WaveOf], hidden: &mut Hidden) -> Vec<CutByWave> {
        let mut is_rest = vec![true; self.answers.len()];
        waves.iter().flat_map(|wave| &wave.rows).for_each(|&row| is_rest[row] = false);
        // What is in no wave that is shown is one more part of every level's total.
        let rest: Vec<usize> = self.answered().into_iter().filter(|&row| is_rest[row]).collect();
        let of = |by: &String| {
            let coded = Coded::of(self.base, by)?;
            let mut counts = vec![Vec::new(); coded.levels.len() + 1];
            let columns = waves.iter().map(|wave| &wave.rows).chain((!rest.is_empty()).then_some(&rest));
            for rows in columns {
                let by_level = coded.rows_by_level(rows);
                counts.iter_mut().zip(by_level).for_each(|(counts, own)| counts.push(own.len()));
            }
            Some(CutByWave { shown: hidden.by_wave(&counts), coded })
        };
        self.study.measures.by.iter().filter(|by| *by != "wave").filter_map(of).collect()
    }

    /// From a wave to the next one, which stands at this place.
    fn change(&self, waves: &[WaveOf], at: usize, cuts: &[CutByWave]) -> Result<WaveChange, MeasureError> {
        let (before, after) = (&waves[at - 1], &waves[at]);
        let settings = ChangeSettings { confidence: self.study.confidence, ..ChangeSettings::default() };
        let many = ManyCuts { change: settings, ..ManyCuts::default() };
        let group = |rows: &[usize]| self.score(rows).map(|score| GroupScore::of_score(&score));
        let all = settings.between(group(&before.rows)?, group(&after.rows)?)?;
        let mut counts = Vec::new();
        for CutByWave { coded, shown } in cuts {
            let (first, second) = (coded.rows_by_level(&before.rows), coded.rows_by_level(&after.rows));
            for (((level, first), second), shown) in coded.levels.iter().zip(&first).zip(&second).zip(shown) {
                if shown[at - 1] && shown[at] {
                    let (before, after) = (group(first).ok(), group(second).ok());
                    counts.push(WaveCounts { name: format!("{} {level}", coded.name), before, after });
                }
            }
        }
        let cuts = if counts.is_empty() { Vec::new() } else { many.between(&counts)? };
        Ok(WaveChange { before: before.name.clone(), after: after.name.clone(), all, cuts })
    }

    /// The last two waves by the first cut that is not the wave: what the mix of segments did, what the scores within them,
    /// and of that what goes with the touchpoints.
    fn movement(&self, waves: &[WaveOf], cuts: &[CutByWave]) -> Option<Result<WaveMovement, MeasureError>> {
        let [.., before, after] = waves else { return None };
        let CutByWave { coded, shown } = cuts.first()?;
        let coefficients = self.coefficients();
        let touchpoints: Vec<&[f64]> =
            coefficients.iter().filter_map(|own| self.base.numbers(&own.touchpoint)).collect();
        let rows = |wave: &WaveOf| OfWave::new(self, wave, coded, &touchpoints);
        let (first, second) = (rows(before), rows(after));
        let settings = ResampledMovement {
            segments: coded.levels.clone(),
            coefficients,
            confidence: self.study.confidence,
            resampling: self.resampling(),
        };
        let last = waves.len() - 1;
        let shown: Vec<bool> = shown.iter().map(|own| own[last - 1] && own[last]).collect();
        Some(settings.between(first.rows(), second.rows()).map(|mut parts| {
            small_bases::hide_segments(&mut parts.rows, &coded.levels, &shown);
            WaveMovement { before: before.name.clone(), after: after.name.clone(), by: coded.name.clone(), parts }
        }))
    }

    /// Points of the score that go with one point more of each touchpoint, by a linear model of all complete answers; none
    /// where it cannot be fitted.
    fn coefficients(&self) -> Vec<TouchpointCoefficient> {
        let mut complete = self.study.clone();
        complete.drivers.missing = Missing::Listwise;
        let selection = Selection::of(&complete, self.base, Outcome::Nps);
        let fit = Prepared::of(&complete, self.base, Outcome::Nps, &selection).and_then(|own| own.fit(&complete));
        let Ok(fit) = fit else { return Vec::new() };
        let of = |name: &String| {
            let row = fit.coefficients.iter().find(|row| row.term == *name)?;
            Some(TouchpointCoefficient { touchpoint: name.clone(), coefficient: row.estimate })
        };
        self.study.drivers.touchpoints.iter().filter_map(of).filter(|own| own.coefficient.is_finite()).collect()
    }

    fn behaviour(&self, outcome: Outcome, hidden: &mut Hidden) -> Option<Result<OutcomeBehaviour, MeasureError>> {
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

    fn said_and_done(&self, outcome: Outcome, deeds: &[f64]) -> Result<OutcomeBehaviour, MeasureError> {
        let (name, is_share) = (outcome.word(), is_share(outcome));
        let measure = if is_share { Measure::yes_share(name, deeds)? } else { Measure::mean(name, deeds)? };
        let (sampling, settings) = (self.sampling(), self.settings());
        let behaviour = if is_share { Behaviour::Happened } else { Behaviour::Amount };
        let cuts = CutSearch { seed: self.study.seed, ..CutSearch::default() };
        let is_good = matches!(outcome, Outcome::Repurchase { .. } | Outcome::Referral { .. });
        Ok(OutcomeBehaviour {
            outcome: name.to_owned(),
            by_answer: behaviour_by_answer(self.answers, &measure, sampling, settings)?,
            by_class: behaviour_by_class(self.answers, &measure, sampling, settings)?,
            // Few answers are no fault: these are left out where they cannot be had.
            kept_word: is_good.then(|| kept_word(self.answers, deeds, sampling, settings).ok()).flatten(),
            cuts: cuts.compare(self.answers, deeds, behaviour, sampling).ok(),
            at_risk: matches!(outcome, Outcome::Repurchase { .. }).then(|| self.at_risk(deeds)).flatten(),
        })
    }

    fn at_risk(&self, kept: &[f64]) -> Option<RevenueAtRisk> {
        let revenue = self.base.numbers(&format!("spend_{REVENUE_DAYS}d"))?;
        let resampling = self.resampling();
        if resampling.replicates == 0 {
            return None;
        }
        let settings = RevenueAtRiskSettings { confidence: self.study.confidence, resampling };
        let rules = [RuleOfThumb::all_of_detractors(), RuleOfThumb::all_but_promoters()];
        settings.of(self.answers, revenue, kept, self.sampling(), &rules).ok()
    }
}

/// A cut of the study, and which of its levels are shown in which wave.
struct CutByWave {
    coded: Coded,
    /// By level, then by wave.
    shown: Vec<Vec<bool>>,
}

/// The rows of one wave as the movement wants them.
struct OfWave {
    answers: Vec<f64>,
    segments: Vec<usize>,
    touchpoints: Vec<Vec<f64>>,
    drawn: Drawn,
}

impl OfWave {
    /// Answers whose segment is known.
    fn new(question: &Question<'_>, wave: &WaveOf, coded: &Coded, touchpoints: &[&[f64]]) -> Self {
        let known = |row: &&usize| coded.codes[**row] != Cut::BLANK;
        let rows: Vec<usize> = wave.rows.iter().filter(known).copied().collect();
        let of = |column: &[f64]| -> Vec<f64> { rows.iter().map(|&row| column[row]).collect() };
        Self {
            answers: of(question.answers),
            segments: rows.iter().map(|&row| coded.codes[row] as usize).collect(),
            touchpoints: touchpoints.iter().map(|column| of(column)).collect(),
            drawn: question.drawn(&rows),
        }
    }

    fn rows(&self) -> WaveRows<'_> {
        WaveRows {
            answers: &self.answers,
            segments: &self.segments,
            touchpoints: &self.touchpoints,
            sampling: self.drawn.sampling(),
        }
    }
}
