//! The score weighted to what is known of the population: to the shares of several columns, or of their combinations.

use super::PipelineError;
use super::coded::texts;
use super::population::Part;
use super::question::Question;
use super::shown_cuts::ShownCuts;
use crate::findings::{Finding, FindingKind, Severity};
use crate::measures::disclosure::ShownSets;
use crate::measures::weighting::{Margin, Raking, RemadeScore, ScoreBeforeAfter, TargetShare, post_stratify};
use crate::measures::{IntervalKind, MeasureError, NetPromoterScore, Sampling};
use crate::report::{Weighting, WeightingMethod, words};
use crate::study::{PopulationMargin, PopulationShare, Strata};
use std::collections::BTreeMap;

/// The score before and after raking; `None` where the study names no shares, or nobody answered.
///
/// # Errors
/// Shares that cannot be met: a value that nobody or that nobody expected has, shares that contradict each other.
pub(super) fn raked(
    question: &Question<'_>,
    cuts: &ShownCuts,
    sets: Option<&mut ShownSets>,
    findings: &mut Vec<Finding>,
) -> Result<Option<Weighting>, PipelineError> {
    let margins = &question.study.measures.rake;
    if margins.is_empty() {
        return Ok(None);
    }
    let columns: Vec<&str> = margins.iter().map(|own| own.column.as_str()).collect();
    let Some(whole) = Whole::of(question, &columns) else { return Ok(None) };
    let codes: Vec<Vec<u32>> = margins
        .iter()
        .zip(&whole.values)
        .map(|(own, values)| codes_of_margin(question, own, values))
        .collect::<Result<_, _>>()?;
    let refused =
        |problem: MeasureError| PipelineError::from(question.study.refuse("measures.rake", problem.to_string()));
    let targets = margins.iter().zip(&codes).map(|(own, codes)| {
        let share = |own: &PopulationShare| TargetShare { category: own.value.clone(), size: own.share };
        Margin::new(own.column.clone(), own.shares.iter().map(share).collect(), codes)
    });
    let targets: Vec<Margin<'_>> = targets.collect::<Result<_, _>>().map_err(refused)?;
    let drawn = question.drawn(&whole.rows);
    let raked = Raking::default().weigh(&targets, drawn.sampling().weights).map_err(refused)?;
    if whole.gives_away(question, cuts) {
        findings.push(not_shown(&columns));
        return Ok(None);
    }
    let weighted = whole.weighted(question, WeightingMethod::Raking, &raked.weights, &targets, sets);
    Ok(Some(Weighting { rounds: Some(raked.rounds), ..weighted.map_err(refused)? }))
}

/// The score before and after post-stratification; `None` where the study names no combinations, or nobody answered.
///
/// # Errors
/// As [`raked`].
pub(super) fn post_stratified(
    question: &Question<'_>,
    cuts: &ShownCuts,
    sets: Option<&mut ShownSets>,
    findings: &mut Vec<Finding>,
) -> Result<Option<Weighting>, PipelineError> {
    let Some(strata) = &question.study.measures.strata else { return Ok(None) };
    let columns: Vec<&str> = strata.columns.iter().map(String::as_str).collect();
    let Some(whole) = Whole::of(question, &columns) else { return Ok(None) };
    let codes = codes_of_strata(question, strata, &whole)?;
    let sizes = strata.cells.iter().map(|own| TargetShare { category: own.values.join(", "), size: own.share });
    let refused =
        |problem: MeasureError| PipelineError::from(question.study.refuse("measures.strata", problem.to_string()));
    let margin = Margin::new(columns.join(", "), sizes.collect(), &codes).map_err(refused)?;
    let drawn = question.drawn(&whole.rows);
    let own = post_stratify(&margin, drawn.sampling().weights).map_err(refused)?;
    if whole.gives_away(question, cuts) {
        findings.push(not_shown(&columns));
        return Ok(None);
    }
    let weighted = whole.weighted(question, WeightingMethod::PostStratification, &own.weights, &[margin], sets);
    weighted.map(Some).map_err(refused)
}

/// Answers of which all the columns are known.
struct Whole {
    columns: Vec<String>,
    rows: Vec<usize>,
    /// By column, the values in these rows.
    values: Vec<Vec<String>>,
    n_answers: usize,
}

impl Whole {
    /// `None` where no answer has all of them.
    fn of(question: &Question<'_>, columns: &[&str]) -> Option<Self> {
        let all: Vec<Vec<Option<String>>> = columns
            .iter()
            .map(|name| texts(question.base, name).unwrap_or_else(|| vec![None; question.base.n_rows()]))
            .collect();
        let answered = question.answered();
        let n_answers = answered.len();
        let is_whole = |row: &usize| all.iter().all(|column| column[*row].is_some());
        let rows: Vec<usize> = answered.into_iter().filter(is_whole).collect();
        let values = all.iter().map(|column| rows.iter().filter_map(|&row| column[row].clone()).collect()).collect();
        let columns = columns.iter().map(|name| (*name).to_owned()).collect();
        (!rows.is_empty()).then_some(Self { columns, rows, values, n_answers })
    }

    /// Whether the score weighted by the levels of one column is a sum of theirs of which all but the hidden ones are shown.
    fn gives_away(&self, question: &Question<'_>, cuts: &ShownCuts) -> bool {
        let [column] = &self.columns[..] else { return false };
        let n_min = question.study.measures.suppress_below as usize;
        let is_small = |n: usize| n > 0 && n < n_min;
        let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
        self.values[0].iter().for_each(|value| *counts.entry(value).or_default() += 1);
        let has_small = is_small(self.n_answers - self.rows.len()) || counts.values().any(|&n| is_small(n));
        let is_cut = cuts.column(column).is_some();
        let has_hidden = cuts.column(column).is_some_and(|own| {
            let used = own.coded.levels_of(cuts.answered());
            used.into_iter().any(|level| !own.shown[level])
        });
        is_cut && (has_small || has_hidden)
    }

    fn weighted(
        &self,
        question: &Question<'_>,
        method: WeightingMethod,
        weights: &[f64],
        margins: &[Margin<'_>],
        sets: Option<&mut ShownSets>,
    ) -> Result<Weighting, MeasureError> {
        let answers: Vec<f64> = self.rows.iter().map(|&row| question.answers[row]).collect();
        let drawn = question.drawn(&self.rows);
        let population = question.population_of(&self.rows, Part::All);
        let sampling = Sampling { population, ..drawn.sampling() };
        let both = ScoreBeforeAfter::calibrated(&answers, sampling, weights, margins, question.linearised_settings())?;
        let mut findings = both.findings;
        findings.extend(self.blanks());
        // Beside the score of all answers, that of these would tell of the few others.
        let is_shown = sets.is_none_or(|sets| sets.shows(&self.rows));
        let shown = if is_shown { self.rows.clone() } else { question.answered() };
        let before = question.score(&shown, Part::All)?;
        let remade = remade(question, &answers, margins, sampling, &mut findings);
        let after = match &remade {
            Some(own) if question.settings().net == IntervalKind::Bootstrap => NetPromoterScore {
                conf_low: own.conf_low,
                conf_high: own.conf_high,
                interval: IntervalKind::Bootstrap,
                ..both.after
            },
            _ => both.after,
        };
        Ok(Weighting {
            method,
            wave: None,
            columns: self.columns.clone(),
            gap: after.nps - before.nps,
            before,
            after,
            remade,
            given_std_error: both.given_std_error,
            efficiency: both.efficiency,
            rounds: None,
            n_trimmed: None,
            everybody: None,
            findings,
        })
    }

    fn blanks(&self) -> Option<Finding> {
        let n_blank = self.n_answers - self.rows.len();
        (n_blank > 0).then(|| {
            let sentence = format!(
                "{} in no weighted score because {} {}",
                words::part(n_blank, self.n_answers, words::ANSWERS, words::ARE),
                words::either(n_blank, "it lacks", "they lack"),
                self.columns.join(" or ")
            );
            Finding::new(FindingKind::RowsDropped, Severity::Note, "weighting", sentence)
                .number("n", n_blank as f64)
                .number("share", n_blank as f64 / self.n_answers as f64)
        })
    }
}

/// The weighted score over customers drawn anew, with weights made anew each time; `None` where the study wants no bootstrap.
fn remade(
    question: &Question<'_>,
    answers: &[f64],
    margins: &[Margin<'_>],
    sampling: Sampling,
    findings: &mut Vec<Finding>,
) -> Option<RemadeScore> {
    let resampling = question.resampling();
    if resampling.replicates < 2 {
        return None;
    }
    let say = |kind, severity, sentence: String| Finding::new(kind, severity, "weighting", sentence);
    match RemadeScore::of(answers, margins, sampling, question.study.confidence, resampling) {
        Ok(own) => {
            if own.n_failed > 0 {
                let sentence = format!(
                    "{} of {} of the weighted score {} left out because nobody was drawn of a category, or what was \
                     drawn does not hold the shares",
                    words::count(own.n_failed as u64),
                    words::counted(resampling.replicates, "replicate", "replicates"),
                    words::either(own.n_failed, "is", "are")
                );
                findings.push(say(FindingKind::Unreliable, Severity::Note, sentence).number("n", own.n_failed as f64));
            }
            Some(own)
        }
        Err(problem) => {
            let sentence = format!("the weighted score could not be resampled with weights made anew: {problem}");
            findings.push(say(FindingKind::NotEstimated, Severity::Note, sentence));
            None
        }
    }
}

/// Why a score under weights is not shown.
fn not_shown(columns: &[&str]) -> Finding {
    let sentence = format!(
        "the score weighted to the shares of {} is not shown, because with the cuts shown it would tell of those that are hidden",
        columns.join(", ")
    );
    Finding::new(FindingKind::SmallBase, Severity::Note, "weighting", sentence)
}

/// The place of every value among the shares.
fn codes_of_margin(
    question: &Question<'_>,
    margin: &PopulationMargin,
    values: &[String],
) -> Result<Vec<u32>, PipelineError> {
    let code = |value: &String| {
        let place = margin.shares.iter().position(|own| own.value == *value);
        place.map(|place| place as u32).ok_or_else(|| {
            let sentence = format!(
                "answers have `{value}` as {}, for which no share is given; add it, or leave those answers out",
                margin.column
            );
            question.study.refuse(&format!("measures.rake.{}", margin.column), sentence).into()
        })
    };
    values.iter().map(code).collect()
}

/// The place of every row's combination among the strata.
fn codes_of_strata(question: &Question<'_>, strata: &Strata, whole: &Whole) -> Result<Vec<u32>, PipelineError> {
    let code = |row: usize| {
        let own: Vec<&String> = whole.values.iter().map(|column| &column[row]).collect();
        let place = strata.cells.iter().position(|cell| cell.values.iter().eq(own.iter().copied()));
        place.map(|place| place as u32).ok_or_else(|| {
            let values: Vec<&str> = own.iter().map(|value| value.as_str()).collect();
            let sentence = format!(
                "answers have `{}` as {}, for which no share is given; add it, or leave those answers out",
                values.join(", "),
                strata.columns.join(", ")
            );
            question.study.refuse("measures.strata", sentence).into()
        })
    };
    (0..whole.rows.len()).map(code).collect()
}
