//! The chance of answering, by what everybody did before the first answer, and the score weighted by one over it.

use super::PipelineError;
use super::question::Question;
use super::selection::filled;
use crate::data::{DesignMatrix, Observations, Outcome, WeightKind, Weights};
use crate::estimators::{FittedModel, Logit};
use crate::findings::{Finding, FindingKind, Severity};
use crate::link::{BaseTable, Engine};
use crate::measures::weighting::{PropensityWeights, ScoreBeforeAfter};
use crate::report::{Everybody, Weighting, WeightingMethod};
use crate::study::Study;
use ndarray::{Array1, Array2};
use std::collections::{HashMap, HashSet};

/// Customers without an answer that are kept; of more, every second, fourth, ... stands for the others.
const SILENT_MAX: usize = 200_000;
/// A larger share of answers of customers who came after the first answer is warned of.
const LATER_SHARE_MAX: f64 = 0.2;

/// The score weighted by one over the chance of answering; `None` where the study does not ask for it, or it cannot be had,
/// which a finding says.
///
/// Everybody is whoever was known at the first answer. The chance is that of a logistic model of having answered since, by
/// tenure, recency, frequency, spend, activity and referrals up to then, each as the logarithm of one more.
///
/// # Errors
/// The engine fails.
pub(super) fn weighted(
    question: &Question<'_>,
    engine: &Engine,
    findings: &mut Vec<Finding>,
) -> Result<Option<Weighting>, PipelineError> {
    if !question.study.measures.propensity {
        return Ok(None);
    }
    let answered = question.answered();
    let (Some(customers), Some(times)) = (question.base.texts("customer"), question.base.numbers("t")) else {
        return Ok(None);
    };
    let first = answered.iter().map(|&row| times[row]).fold(f64::INFINITY, f64::min);
    let mut everybody = Crowd::new(question.study, engine);
    let answerers: HashSet<&str> = answered.iter().filter_map(|&row| customers[row].as_deref()).collect();
    engine.customers_at::<PipelineError>(first as i64, |batch| {
        everybody.watch(&batch, &answerers);
        Ok(())
    })?;
    match everybody.weigh(question, &answered, customers) {
        Ok(weighting) => Ok(Some(weighting)),
        Err(problem) => {
            let sentence = format!("the chance of answering could not be estimated: {problem}");
            findings.push(Finding::new(FindingKind::NotEstimated, Severity::Warning, "response", sentence));
            Ok(None)
        }
    }
}

/// What is known of everybody at the first answer.
struct Crowd {
    names: Vec<String>,
    /// Those who answered, by their key.
    answered: HashMap<String, Vec<f64>>,
    /// Their keys in the order in which they came.
    order: Vec<String>,
    /// Every `stride`-th of those who did not.
    silent: Vec<Vec<f64>>,
    stride: usize,
    n_silent: usize,
}

impl Crowd {
    fn new(study: &Study, engine: &Engine) -> Self {
        let windows = &study.history.windows_days;
        let by = |name: &str, days: Option<&u32>| days.map(|days| format!("{name}_{days}d"));
        let (shortest, longest) = (windows.iter().min(), windows.iter().max());
        let asked = [
            Some("tenure_days".to_owned()),
            Some("recency_days".to_owned()),
            Some("frequency".to_owned()),
            by("frequency", shortest),
            by("spend", longest),
            by("activity", longest),
            Some("earlier_referrals".to_owned()),
        ];
        let there = engine.plan().history();
        Self {
            names: asked.into_iter().flatten().filter(|name| there.contains(name)).collect(),
            answered: HashMap::new(),
            order: Vec::new(),
            silent: Vec::new(),
            stride: 1,
            n_silent: 0,
        }
    }

    /// Takes a batch of customers, in the order of their keys.
    fn watch(&mut self, batch: &BaseTable, answerers: &HashSet<&str>) {
        let known = batch.numbers("known");
        let columns: Vec<Option<&[f64]>> = self.names.iter().map(|name| batch.numbers(name)).collect();
        for (row, customer) in batch.texts("customer").unwrap_or_default().iter().enumerate() {
            let Some(customer) = customer.as_ref().filter(|_| known.is_none_or(|known| known[row] > 0.5)) else {
                continue;
            };
            // Below nothing there is nothing; a gap stays one.
            let logged = |value: f64| if value < 0.0 { 0.0 } else { value.ln_1p() };
            let value = |column: &Option<&[f64]>| column.map_or(f64::NAN, |column| logged(column[row]));
            let of = || columns.iter().map(value).collect::<Vec<f64>>();
            if answerers.contains(customer.as_str()) {
                self.answered.insert(customer.clone(), of());
                self.order.push(customer.clone());
                continue;
            }
            if self.n_silent.is_multiple_of(self.stride) {
                self.silent.push(of());
            }
            self.n_silent += 1;
            if self.silent.len() > SILENT_MAX {
                let mut place = 0;
                self.silent.retain(|_| {
                    place += 1;
                    place % 2 == 1
                });
                self.stride *= 2;
            }
        }
    }

    fn weigh(
        &self,
        question: &Question<'_>,
        answered: &[usize],
        customers: &[Option<String>],
    ) -> Result<Weighting, String> {
        let chances = self.chances()?;
        let chance_of = |row: &usize| chances.by_customer.get(customers[*row].as_deref()?).copied();
        let own: Vec<(usize, f64)> = answered.iter().filter_map(|row| Some((*row, chance_of(row)?))).collect();
        let (rows, own): (Vec<usize>, Vec<f64>) = own.into_iter().unzip();
        let weighed = PropensityWeights::default().weigh(&own).map_err(|problem| problem.to_string())?;
        let drawn = question.drawn(&rows);
        let weights: Vec<f64> = match drawn.sampling().weights {
            None => weighed.weights.clone(),
            Some(base) => weighed.weights.iter().zip(base).map(|(own, base)| own * base).collect(),
        };
        let answers: Vec<f64> = rows.iter().map(|&row| question.answers[row]).collect();
        let both = ScoreBeforeAfter::of(&answers, drawn.sampling(), &weights, question.nps_settings());
        let both = both.map_err(|problem| problem.to_string())?;
        let mut findings = chances.findings;
        findings.extend(weighed.findings);
        let n_later = answered.len() - rows.len();
        if n_later > 0 {
            let share = n_later as f64 / answered.len() as f64;
            let severity = if share > LATER_SHARE_MAX { Severity::Warning } else { Severity::Note };
            let sentence = format!(
                "{n_later} of {} answers are in no score weighted by the chance of answering, because their customers were not \
                 known before the first answer",
                answered.len()
            );
            let finding = Finding::new(FindingKind::RowsDropped, severity, "response", sentence);
            findings.push(finding.number("n", n_later as f64).number("share", share));
        }
        let n_answered = self.order.len() as u64;
        Ok(Weighting {
            method: WeightingMethod::Propensity,
            columns: chances.columns,
            before: both.before,
            after: both.after,
            gap: both.gap,
            efficiency: both.efficiency,
            rounds: None,
            n_trimmed: Some(weighed.n_trimmed),
            everybody: Some(Everybody { n_customers: n_answered + self.n_silent as u64, n_answered }),
            findings,
        })
    }

    /// The chance of answering of everybody who did.
    fn chances(&self) -> Result<Chances, String> {
        if self.order.is_empty() {
            return Err("nobody who answered was known before the first answer".to_owned());
        }
        let rows: Vec<&Vec<f64>> =
            self.order.iter().filter_map(|customer| self.answered.get(customer)).chain(&self.silent).collect();
        let (mut names, mut columns): (Vec<String>, Vec<Vec<f64>>) = (Vec::new(), Vec::new());
        for (place, name) in self.names.iter().enumerate() {
            let own: Vec<f64> = rows.iter().map(|row| row[place]).collect();
            let gaps: Vec<f64> = own.iter().map(|value| f64::from(u8::from(value.is_nan()))).collect();
            if gaps.iter().any(|&gap| gap > 0.5) {
                names.push(format!("{name} is not known"));
                columns.push(gaps);
            }
            names.push(name.clone());
            columns.push(filled(own));
        }
        let values = Array2::from_shape_fn((rows.len(), columns.len()), |(row, column)| columns[column][row]);
        let in_words = |problem: &dyn std::error::Error| problem.to_string();
        let design = DesignMatrix::new(names, values).map_err(|problem| in_words(&problem))?;
        let has_answered = Array1::from_shape_fn(rows.len(), |row| f64::from(u8::from(row < self.order.len())));
        let outcome = Outcome::binary("answered", has_answered).map_err(|problem| in_words(&problem))?;
        let mut observations = Observations::new(design, outcome).map_err(|problem| in_words(&problem))?;
        if self.stride > 1 {
            let each = self.n_silent as f64 / self.silent.len() as f64;
            let weight = |row: usize| if row < self.order.len() { 1.0 } else { each };
            let weights = Weights::new(WeightKind::Sampling, (0..rows.len()).map(weight).collect());
            let weights = weights.map_err(|problem| in_words(&problem))?;
            observations = observations.weighted(weights).map_err(|problem| in_words(&problem))?;
        }
        let fit = Logit::default().fit(&observations).map_err(|problem| in_words(&problem))?;
        let model: &FittedModel = fit.model();
        let chance = |(row, customer): (usize, &String)| {
            (customer.clone(), model.predict_row(&observations.design().row(row).to_vec()))
        };
        // Which of several columns tells the chance does not matter here.
        let of_columns = [FindingKind::Aliased, FindingKind::Collinear, FindingKind::Constant];
        let notable = |finding: &&Finding| finding.severity > Severity::Note && !of_columns.contains(&finding.kind);
        Ok(Chances {
            by_customer: self.order.iter().enumerate().map(chance).collect(),
            columns: self.names.clone(),
            findings: fit.findings().iter().filter(notable).cloned().collect(),
        })
    }
}

/// Chances of answering.
struct Chances {
    by_customer: HashMap<String, f64>,
    /// The columns of behaviour that tell them.
    columns: Vec<String>,
    findings: Vec<Finding>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crowd(answered: &[f64], silent: &[f64]) -> Crowd {
        let keys: Vec<String> = (0..answered.len()).map(|at| format!("c{at}")).collect();
        Crowd {
            names: vec!["frequency".to_owned()],
            answered: keys.iter().cloned().zip(answered.iter().map(|&value| vec![value])).collect(),
            order: keys,
            silent: silent.iter().map(|&value| vec![value]).collect(),
            stride: 1,
            n_silent: silent.len(),
        }
    }

    #[test]
    fn chances_are_the_shares_who_answered_where_behaviour_has_two_values() {
        // Of those who bought often 3 of 4 answered, of the others 1 of 5: a logistic model of one column of two values is
        // saturated, and gives the shares.
        let own = crowd(&[1.0, 1.0, 1.0, 0.0], &[1.0, 0.0, 0.0, 0.0, 0.0]).chances().expect("a model");
        assert!((own.by_customer["c0"] - 0.75).abs() < 1e-9);
        assert!((own.by_customer["c3"] - 0.2).abs() < 1e-9);
    }

    #[test]
    fn one_silent_customer_stands_for_those_who_were_not_kept() {
        // Every second silent customer is kept: one stands for 2, two for 4.
        let thinned = Crowd { stride: 2, n_silent: 6, ..crowd(&[1.0, 1.0, 1.0, 0.0], &[1.0, 0.0, 0.0]) };
        let own = thinned.chances().expect("a model");
        // 3 of 5 and 1 of 5.
        assert!((own.by_customer["c0"] - 0.6).abs() < 1e-9);
        assert!((own.by_customer["c3"] - 0.2).abs() < 1e-9);
    }

    #[test]
    fn where_everybody_answered_there_is_no_chance_to_estimate() {
        assert!(crowd(&[1.0, 0.0], &[]).chances().is_err());
        assert!(crowd(&[], &[1.0]).chances().is_err());
    }
}
