//! The company's own indicators against what customers say of the same contacts, and what the length of a contact goes with.

use super::PipelineError;
use super::coded::{numbers, texts};
use super::question::{Question, is_share};
use super::shown_cuts::{ShownColumn, ShownCuts};
use super::small_bases::Hidden;
use crate::findings::{Finding, FindingKind, Severity};
use crate::measures::channels::{ContactLength, PerceptionSettings};
use crate::measures::portfolio::{Cut, CutAnalysis, CutEstimate, LevelAgainstOthers, Measure, against_others};
use crate::measures::{MeasureError, Resampling};
use crate::report::{LengthResult, PerceptionResult};
use crate::study::{GoodWhen, OutcomeKind, Perception};
use std::collections::BTreeSet;

/// Replicates of kappa.
const REPLICATES_MAX: usize = 200;
/// Values of an indicator that are listed where a good one is not among them.
const VALUES_LISTED_MAX: usize = 20;

/// One result an indicator of the study.
///
/// # Errors
/// A column of numbers with a text in it.
pub(super) fn of(
    question: &Question<'_>,
    cuts: &ShownCuts,
    findings: &mut Vec<Finding>,
) -> Result<Vec<PerceptionResult>, PipelineError> {
    let mut results = Vec::new();
    for (place, own) in question.study.measures.perception.iter().enumerate() {
        let contacts = Contacts::of(question, own, place, findings)?;
        match contacts.held_against(question, own, cuts, findings) {
            Ok(result) => results.push(result),
            Err(problem) => findings.push(not_compared(own, "the indicator and the score", &problem)),
        }
    }
    Ok(results)
}

fn not_compared(own: &Perception, what: &str, problem: &MeasureError) -> Finding {
    let sentence = format!("{what} could not be compared: {problem}");
    Finding::new(FindingKind::NotEstimated, Severity::Warning, &own.indicator, sentence)
}

/// A column of numbers that the study names, `NaN` where it is blank.
///
/// # Errors
/// A text that is no number, by the key that names the column.
pub(super) fn numbers_of(question: &Question<'_>, name: &str, key: &str) -> Result<Vec<f64>, PipelineError> {
    let study = question.study;
    match numbers(question.base, name) {
        Some(Ok(values)) => Ok(values),
        Some(Err(text)) => Err(study
            .refuse(key, format!("the column `{name}` holds `{text}`, which is no number; name a column of numbers"))
            .into()),
        None => Err(study.refuse(key, format!("there is no column `{name}`")).into()),
    }
}

/// What is known of each contact; 1 for good, 0 for bad, `NaN` for not known.
struct Contacts {
    company: Vec<f64>,
    customer: Vec<f64>,
    length: Option<Vec<f64>>,
}

impl Contacts {
    fn of(
        question: &Question<'_>,
        own: &Perception,
        place: usize,
        findings: &mut Vec<Finding>,
    ) -> Result<Self, PipelineError> {
        let key = |name: &str| format!("measures.perception[{place}].{name}");
        let flag = |good: bool| f64::from(u8::from(good));
        let score = numbers_of(question, &own.score, &key("score"))?;
        let judged = |values: Vec<f64>, is_good: &dyn Fn(f64) -> bool| -> Vec<f64> {
            values.into_iter().map(|value| if value.is_nan() { value } else { flag(is_good(value)) }).collect()
        };
        let company = match &own.good {
            GoodWhen::Is(good) => {
                let Some(values) = texts(question.base, &own.indicator) else {
                    let sentence = format!("there is no column `{}`", own.indicator);
                    return Err(question.study.refuse(&key("indicator"), sentence).into());
                };
                match Occurring::of(good, &values) {
                    Occurring::All => (),
                    Occurring::None(sentence) => {
                        return Err(question.study.refuse(&key("good"), sentence).into());
                    }
                    Occurring::Some(sentence) => {
                        findings.push(Finding::new(FindingKind::Unmatched, Severity::Warning, &own.indicator, sentence))
                    }
                }
                let is_good = |text: &String| flag(good.iter().any(|own| own == text.trim()));
                values.iter().map(|text| text.as_ref().map_or(f64::NAN, is_good)).collect()
            }
            GoodWhen::AtLeast(least) => {
                judged(numbers_of(question, &own.indicator, &key("indicator"))?, &|value| value >= *least)
            }
            GoodWhen::AtMost(most) => {
                judged(numbers_of(question, &own.indicator, &key("indicator"))?, &|value| value <= *most)
            }
        };
        Ok(Self {
            company,
            customer: judged(score, &|value| value >= own.content_from),
            length: own.length.as_ref().map(|name| numbers_of(question, name, &key("length"))).transpose()?,
        })
    }

    fn held_against(
        &self,
        question: &Question<'_>,
        own: &Perception,
        shown: &ShownCuts,
        findings: &mut Vec<Finding>,
    ) -> Result<PerceptionResult, MeasureError> {
        let study = question.study;
        let followed_by = study
            .outcomes
            .iter()
            .find(|outcome| matches!(outcome.kind(), OutcomeKind::Repurchase { .. }))
            .or_else(|| study.outcomes.iter().find(|outcome| outcome.window_days().is_some() && is_share(outcome)));
        let deeds = followed_by.map(|outcome| question.deeds(outcome));
        let measure = deeds.as_ref().map(|deeds| Measure::yes_share("followed by", deeds)).transpose()?;
        let resampling = question.resampling();
        let settings = PerceptionSettings {
            settings: question.settings(),
            resampling: Resampling { replicates: resampling.replicates.clamp(2, REPLICATES_MAX), ..resampling },
        };
        let sampling = question.sampling();
        let mut gap = settings.between(&self.company, &self.customer, measure.as_ref(), sampling)?;
        if resampling.replicates < 2 {
            // The study wants no bootstrap, and two replicates are no interval.
            (gap.kappa_low, gap.kappa_high) = (None, None);
        }
        let mut hidden = Hidden::below(study.measures.suppress_below);
        let counts: Vec<usize> = gap.cells.iter().map(|cell| cell.n).collect();
        // The shares together would give a hidden one away, so that all are shown or none.
        let is_shown = !hidden.shown(&counts).contains(&false);
        if let Some(deeds) = &deeds {
            let mut known: Vec<usize> =
                gap.cells.iter().map(|cell| cell.followed_by.as_ref().map_or(0, |own| own.n)).collect();
            // Contacts that are in none of the four are the rest of the total.
            let n_all = deeds.iter().filter(|deed| !deed.is_nan()).count();
            known.push(n_all.saturating_sub(known.iter().sum()));
            let shown = hidden.shown(&known);
            gap.cells.iter_mut().zip(shown).filter(|(_, shown)| !*shown).for_each(|(cell, _)| cell.followed_by = None);
        }
        let Disagreement { by, against_others } =
            if is_shown { self.where_they_disagree(question, shown, &mut hidden)? } else { Disagreement::default() };
        let length = match own.length.as_ref().zip(self.length.as_ref()).map(|(name, length)| {
            let effects = self.effects_of(question, length)?;
            Ok::<LengthResult, MeasureError>(LengthResult { column: name.clone(), effects })
        }) {
            Some(Ok(length)) => Some(length),
            Some(Err(problem)) => {
                findings.push(not_compared(own, "length and score", &problem));
                None
            }
            None => None,
        };
        findings.extend(hidden.finding(&own.indicator));
        Ok(PerceptionResult {
            indicator: own.indicator.clone(),
            good: in_words(&own.good),
            score: own.score.clone(),
            content_from: own.content_from,
            n: counts.iter().sum(),
            gap: is_shown.then_some(gap),
            followed_by: followed_by.map(|outcome| outcome.name().to_owned()),
            by,
            against_others,
            length,
        })
    }

    /// The share of disagreement over all contacts and by the cuts of the study, and which of those that are shown stand out.
    fn where_they_disagree(
        &self,
        question: &Question<'_>,
        shown: &ShownCuts,
        hidden: &mut Hidden,
    ) -> Result<Disagreement, MeasureError> {
        let differs: Vec<f64> =
            self.company.iter().zip(&self.customer).map(|(one, other)| (one - other).abs()).collect();
        let cuts: Result<Vec<Cut>, MeasureError> = shown.by().map(ShownColumn::cut).collect();
        let cuts = cuts?;
        let measure = Measure::yes_share("disagreement", &differs)?;
        let known = measure.known_rows();
        let analysis = CutAnalysis::of(question.settings());
        let mut by = analysis.estimate(&[measure], &cuts, question.sampling())?.rows;
        hidden.portfolio(&mut by, &shown.columns(), &|_, _| known.clone());
        let shown: BTreeSet<(&str, &str)> = by
            .iter()
            .filter(|row| row.estimate.is_some())
            .filter_map(|row| Some((row.cut.as_deref()?, row.level.as_deref()?)))
            .collect();
        let is_shown = |cut: &str, level: &str| shown.contains(&(cut, level));
        let confidence = question.study.confidence;
        let against_others = against_others(&differs, &cuts, &is_shown, question.sampling(), confidence)?;
        Ok(Disagreement { by, against_others })
    }

    /// Among contacts with an answer, a length and an indicator.
    fn effects_of(&self, question: &Question<'_>, length: &[f64]) -> Result<ContactLength, MeasureError> {
        let is_whole = |row: &usize| length[*row].is_finite() && !self.company[*row].is_nan();
        let rows: Vec<usize> = question.answered().into_iter().filter(is_whole).collect();
        let of = |column: &[f64]| -> Vec<f64> { rows.iter().map(|&row| column[row]).collect() };
        let drawn = question.drawn(&rows);
        ContactLength::of(
            &of(question.answers),
            &of(length),
            &of(&self.company),
            drawn.sampling(),
            question.study.confidence,
        )
    }
}

/// How often indicator and score disagree, by cut.
#[derive(Default)]
struct Disagreement {
    by: Vec<CutEstimate>,
    against_others: Vec<LevelAgainstOthers>,
}

/// Which of the values that a study calls good are there.
#[derive(Debug, PartialEq)]
enum Occurring {
    All,
    /// What to know beside the figures.
    Some(String),
    /// Why all would be bad, and what to do.
    None(String),
}

impl Occurring {
    fn of(good: &[String], values: &[Option<String>]) -> Self {
        let there: BTreeSet<&str> = values.iter().flatten().map(|text| text.trim()).collect();
        let missing: Vec<&str> = good.iter().map(String::as_str).filter(|own| !there.contains(own)).collect();
        if missing.is_empty() || there.is_empty() {
            return Self::All;
        }
        let listed: Vec<&str> = there.iter().copied().take(VALUES_LISTED_MAX).collect();
        let more = if there.len() > listed.len() { ", ..." } else { "" };
        let sentence = format!("`{}` never occurs; there are: {}{more}", missing.join("`, `"), listed.join(", "));
        if missing.len() == good.len() { Self::None(sentence) } else { Self::Some(sentence) }
    }
}

/// `yes`, `at least 3`.
fn in_words(good: &GoodWhen) -> String {
    match good {
        GoodWhen::Is(values) => values.join(" or "),
        GoodWhen::AtLeast(least) => format!("at least {least}"),
        GoodWhen::AtMost(most) => format!("at most {most}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_good_value_that_never_occurs_is_named() {
        let good = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<String>>();
        let values = ["Yes", "no ", "Yes"].map(|text| Some(text.to_owned()));
        assert_eq!(Occurring::of(&good(&["Yes"]), &values), Occurring::All);
        let none = Occurring::of(&good(&["yes"]), &values);
        assert_eq!(none, Occurring::None("`yes` never occurs; there are: Yes, no".to_owned()));
        let some = Occurring::of(&good(&["no", "done"]), &values);
        assert_eq!(some, Occurring::Some("`done` never occurs; there are: Yes, no".to_owned()));
        // Of a blank column nothing is known to be bad.
        assert_eq!(Occurring::of(&good(&["yes"]), &[None, None]), Occurring::All);
    }
}
