//! The scores of a study: a portfolio by cut, customary rules, change between waves and why, say and do.

use super::outcome_model::Prepared;
use super::selection::Selection;
use super::small_bases::{self, Hidden};
use crate::data::Clusters;
use crate::estimators::Family;
use crate::findings::{Finding, FindingKind, Severity};
use crate::link::{BaseTable, Column};
use crate::measures::change::{ChangeSettings, ControlLimits, GroupScore, ManyCuts, TrendSettings, Wave, WaveCounts};
use crate::measures::movement::{ResampledMovement, TouchpointCoefficient, WaveRows};
use crate::measures::portfolio::{
    AnswerScale, Correlations, Cut, CutAnalysis, EstimateSettings, Measure, Metric, compare_rules, customary_rules,
};
use crate::measures::say_do::{
    Behaviour, CutSearch, RevenueAtRisk, RevenueAtRiskSettings, RuleOfThumb, behaviour_by_answer, behaviour_by_class,
    kept_word,
};
use crate::measures::{IntervalKind, MeasureError, NetPromoterScore, NpsSettings, Resampling, Sampling};
use crate::report::{OutcomeBehaviour, Scorecard, WaveChange, WaveMovement};
use crate::study::{Missing, NpsInterval, Outcome, SpendScale, Study};
use std::collections::BTreeMap;

/// Replicates of what is resampled here; fewer where there are many answers, whose percentiles are smooth.
const REPLICATES: usize = 500;
const REPLICATES_OF_MANY: usize = 200;
const MANY: usize = 200_000;
/// Days of spend before the answer that count as a customer's revenue.
const REVENUE_DAYS: u32 = 365;

/// Measures the answers of a study; in a weighted study those with a weight, as its score does.
pub(super) fn of(study: &Study, base: &BaseTable) -> Scorecard {
    let weights = base.numbers("weight").filter(|own| own.iter().any(|weight| !weight.is_nan()));
    match weights {
        Some(weights) if weights.iter().any(|weight| weight.is_nan()) => {
            of_rows(study, &base.filtered(|row| !weights[row].is_nan()))
        }
        _ => of_rows(study, base),
    }
}

fn of_rows(study: &Study, base: &BaseTable) -> Scorecard {
    let mut card = Scorecard::default();
    let Some(answers) = base.numbers("recommend").filter(|own| own.iter().any(|answer| !answer.is_nan())) else {
        return card;
    };
    let question = Question { study, base, answers, customers: Customers::of(base) };
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
    for pair in waves.windows(2) {
        match question.change(&pair[0], &pair[1], &mut hidden) {
            Ok(change) => card.changes.push(change),
            Err(problem) => {
                let what = format!("the change from {} to {}", pair[0].name, pair[1].name);
                keep(&what, &problem.to_string());
            }
        }
    }
    if waves.len() > 2 {
        let points = |wave: (usize, &WaveOf)| wave.1.as_point(&question, wave.0);
        let own: Vec<Wave> = waves.iter().enumerate().filter_map(points).collect();
        let trend = TrendSettings { confidence: study.confidence };
        match trend.of(&own) {
            Ok(trend) => {
                let is_dated = waves.iter().all(|wave| question.mean_day(&wave.rows).is_some());
                (card.trend, card.trend_unit) = (Some(trend), if is_dated { "day" } else { "wave" });
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
        match question.movement(&waves, &mut hidden).transpose() {
            Ok(movement) => card.movement = movement,
            Err(problem) => keep("why the score moved", &problem.to_string()),
        }
    }
    for &outcome in &study.outcomes {
        match question.behaviour(in_money(outcome), &mut hidden).transpose() {
            Ok(behaviour) => card.behaviours.extend(behaviour),
            Err(problem) => keep("what customers of each answer did", &problem.to_string()),
        }
    }
    card.findings = problems;
    card.findings.extend(hidden.finding("measures"));
    card
}

/// Amounts are reported as amounts, whatever the scale of their model.
fn in_money(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Spend { window_days, .. } => Outcome::Spend { window_days, scale: SpendScale::Amount },
        other => other,
    }
}

/// The customers of the rows, where they are known.
struct Customers(Option<Clusters>);

impl Customers {
    fn of(base: &BaseTable) -> Self {
        // Who is not known is nobody else.
        let label = |(row, who): (usize, &'_ Option<String>)| who.clone().ok_or(row);
        let clusters = base.texts("customer").map(|own| Clusters::from_labels(own.iter().enumerate().map(label)));
        // Where nobody answers twice, rows are customers.
        Self(clusters.filter(|own| own.n_clusters() < base.n_rows()))
    }
}

struct Question<'a> {
    study: &'a Study,
    base: &'a BaseTable,
    answers: &'a [f64],
    customers: Customers,
}

/// One wave: its name and its rows with an answer.
struct WaveOf {
    name: String,
    rows: Vec<usize>,
}

impl WaveOf {
    /// A wave as a point in time: the mean instant of its answers in days, or its place where answers have no time.
    fn as_point(&self, question: &Question<'_>, place: usize) -> Option<Wave> {
        let score = question.score(&self.rows).ok()?;
        let time = question.mean_day(&self.rows).unwrap_or(place as f64);
        Some(Wave { name: self.name.clone(), time, nps: score.nps, std_error: score.std_error, wording: None })
    }
}

impl Question<'_> {
    fn settings(&self) -> EstimateSettings {
        EstimateSettings { net: self.interval(), confidence: self.study.confidence, ..EstimateSettings::default() }
    }

    /// The interval of scores that the study asks for.
    fn interval(&self) -> IntervalKind {
        match self.study.measures.interval {
            NpsInterval::AdjustedWald => IntervalKind::AdjustedWald,
            NpsInterval::Score => IntervalKind::Score,
            NpsInterval::Wald => IntervalKind::Wald,
        }
    }

    /// The mean instant of some answers in days; `None` where answers have no time.
    fn mean_day(&self, rows: &[usize]) -> Option<f64> {
        let times = self.base.numbers("t")?;
        let mean = rows.iter().map(|&row| times[row] / 86_400e6).sum::<f64>() / rows.len() as f64;
        mean.is_finite().then_some(mean)
    }

    fn sampling(&self) -> Sampling<'_> {
        let weights = self.base.numbers("weight").filter(|own| own.iter().all(|weight| !weight.is_nan()));
        Sampling { weights, clusters: self.customers.0.as_ref(), population: None }
    }

    fn resampling(&self) -> Resampling {
        let replicates_max = if self.answers.len() > MANY { REPLICATES_OF_MANY } else { REPLICATES };
        Resampling { replicates: (self.study.bootstrap as usize).min(replicates_max), seed: self.study.seed }
    }

    /// Rows with an answer that is on the scale and a weight where there are weights.
    fn answered(&self) -> Vec<usize> {
        (0..self.answers.len()).filter(|&row| !self.answers[row].is_nan()).collect()
    }

    fn score(&self, rows: &[usize]) -> Result<NetPromoterScore, MeasureError> {
        let answers: Vec<f64> = rows.iter().map(|&row| self.answers[row]).collect();
        let weights: Option<Vec<f64>> =
            self.sampling().weights.map(|weights| rows.iter().map(|&row| weights[row]).collect());
        let clusters = self.customers.0.as_ref().map(|own| own.keep(rows));
        let sampling = Sampling { weights: weights.as_deref(), clusters: clusters.as_ref(), population: None };
        let settings = NpsSettings { interval: self.interval(), confidence: self.study.confidence };
        NetPromoterScore::of_sample(&answers, sampling, settings)
    }

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
            .map(|&outcome| (outcome.word(), is_share(outcome), self.deeds(in_money(outcome))))
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
        let everybody = Clusters::from_labels(0..times.len());
        let clusters = self.customers.0.as_ref().unwrap_or(&everybody);
        let sampling = Sampling { clusters: Some(clusters), ..self.sampling() };
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

    fn change(&self, before: &WaveOf, after: &WaveOf, hidden: &mut Hidden) -> Result<WaveChange, MeasureError> {
        let settings = ChangeSettings { confidence: self.study.confidence, ..ChangeSettings::default() };
        let many = ManyCuts { change: settings, ..ManyCuts::default() };
        let group = |rows: &[usize]| self.score(rows).map(|score| GroupScore::of_score(&score));
        let all = settings.between(group(&before.rows)?, group(&after.rows)?)?;
        let mut cuts = Vec::new();
        for by in self.study.measures.by.iter().filter(|by| *by != "wave") {
            let Some(coded) = Coded::of(self.base, by) else { continue };
            let (first, second) = (coded.rows_by_level(&before.rows), coded.rows_by_level(&after.rows));
            let shown = hidden.in_both(&first, &second);
            for (((level, first), second), shown) in coded.levels.iter().zip(&first).zip(&second).zip(shown) {
                if shown {
                    let (before, after) = (group(first).ok(), group(second).ok());
                    cuts.push(WaveCounts { name: format!("{by} {level}"), before, after });
                }
            }
        }
        let cuts = if cuts.is_empty() { Vec::new() } else { many.between(&cuts)? };
        Ok(WaveChange { before: before.name.clone(), after: after.name.clone(), all, cuts })
    }

    /// The last two waves by the first cut that is not the wave: what the mix of segments did, what the scores within them,
    /// and of that what goes with the touchpoints.
    fn movement(&self, waves: &[WaveOf], hidden: &mut Hidden) -> Option<Result<WaveMovement, MeasureError>> {
        let [.., before, after] = waves else { return None };
        let by = self.study.measures.by.iter().find(|by| *by != "wave")?;
        let coded = Coded::of(self.base, by)?;
        let coefficients = self.coefficients();
        let touchpoints: Vec<&[f64]> =
            coefficients.iter().filter_map(|own| self.base.numbers(&own.touchpoint)).collect();
        let rows = |wave: &WaveOf| OfWave::new(self, wave, &coded, &touchpoints);
        let (first, second) = (rows(before), rows(after));
        let settings = ResampledMovement {
            segments: coded.levels.clone(),
            coefficients,
            confidence: self.study.confidence,
            resampling: self.resampling(),
        };
        let shown = hidden.in_both(&coded.rows_by_level(&before.rows), &coded.rows_by_level(&after.rows));
        Some(settings.between(first.rows(), second.rows()).map(|mut parts| {
            small_bases::hide_segments(&mut parts.rows, &coded.levels, &shown);
            WaveMovement { before: before.name.clone(), after: after.name.clone(), by: by.clone(), parts }
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

    /// What an outcome was for every row; blank where it is not known.
    fn deeds(&self, outcome: Outcome) -> Vec<f64> {
        let selection = Selection::with_gaps(self.study, self.base, outcome);
        let mut deeds = vec![f64::NAN; self.base.n_rows()];
        for (&row, &value) in selection.rows.iter().zip(&selection.values) {
            deeds[row] = value;
        }
        deeds
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

/// Whether an outcome happens or does not.
fn is_share(outcome: Outcome) -> bool {
    outcome.family() == Family::Logistic
}

/// A column of the base table as codes of its values, in the order of the values.
struct Coded {
    name: String,
    levels: Vec<String>,
    codes: Vec<u32>,
}

impl Coded {
    fn of(base: &BaseTable, name: &str) -> Option<Self> {
        let (_, column) = base.columns().iter().find(|(own, _)| own == name)?;
        let texts: Vec<Option<String>> = match column {
            Column::Texts(values) => values.clone(),
            Column::Numbers(values) => {
                values.iter().map(|value| (!value.is_nan()).then(|| value.to_string())).collect()
            }
        };
        let mut levels: Vec<String> = texts.iter().flatten().cloned().collect();
        levels.sort_unstable();
        levels.dedup();
        let code = |text: &Option<String>| {
            let place = text.as_ref().and_then(|text| levels.binary_search(text).ok());
            place.map_or(Cut::BLANK, |place| place as u32)
        };
        let codes = texts.iter().map(code).collect();
        (!levels.is_empty()).then(|| Self { name: name.to_owned(), levels, codes })
    }

    /// Rows by level, and last those without one.
    fn rows_by_level(&self, rows: &[usize]) -> Vec<Vec<usize>> {
        let mut levels = vec![Vec::new(); self.levels.len() + 1];
        for &row in rows {
            levels[(self.codes[row] as usize).min(self.levels.len())].push(row);
        }
        levels
    }
}

/// The rows of one wave as the movement wants them.
struct OfWave {
    answers: Vec<f64>,
    segments: Vec<usize>,
    touchpoints: Vec<Vec<f64>>,
    weights: Option<Vec<f64>>,
    clusters: Option<Clusters>,
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
            weights: question.sampling().weights.map(of),
            clusters: question.customers.0.as_ref().map(|own| own.keep(&rows)),
        }
    }

    fn rows(&self) -> WaveRows<'_> {
        WaveRows {
            answers: &self.answers,
            segments: &self.segments,
            touchpoints: &self.touchpoints,
            sampling: Sampling { weights: self.weights.as_deref(), clusters: self.clusters.as_ref(), population: None },
        }
    }
}
