//! The chance of answering, by what everybody did before the first answer, and the score weighted by one over it.

use super::PipelineError;
use super::population::Part;
use super::question::Question;
use super::selection::filled;
use super::shown_cuts::ShownCuts;
use crate::data::{DesignMatrix, Observations, Outcome, WeightKind, Weights};
use crate::estimators::{FittedModel, Logit};
use crate::findings::{Finding, FindingKind, Severity};
use crate::link::{BaseTable, Engine};
use crate::measures::Sampling;
use crate::measures::disclosure::ShownSets;
use crate::measures::weighting::{PropensityWeights, ScoreBeforeAfter};
use crate::report::{Everybody, Weighting, WeightingMethod, words};
use crate::study::Study;
use ndarray::{Array1, Array2};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Customers without an answer that are kept; of more, every second, fourth, ... stands for the others.
const SILENT_MAX: usize = 200_000;
/// Waves whose chances are estimated, at most, the last ones.
const WAVES_MAX: usize = 8;
/// A larger share of answers of customers who came after the first answer is warned of.
const LATER_SHARE_MAX: f64 = 0.2;

/// The score weighted by one over the chance of answering, of all answers and of each of several waves; none where the study
/// does not ask for it. What cannot be had, a finding says.
///
/// Everybody is whoever was known at the first answer, of a wave at the first of the wave. The chance is that of a logistic model
/// of having answered since, or in the wave, by tenure, recency, frequency, spend, activity and referrals up to then, each as the
/// logarithm of one more. It is that of answering at all, so that a customer's answers share one weight: every customer
/// counts once, in the score without the chances as well.
///
/// `asked` has all answers, those without a weight of the study included: their customers answered all the same.
///
/// # Errors
/// The engine fails.
pub(super) fn weighted(
    question: &Question<'_>,
    cuts: &ShownCuts,
    mut sets: Option<&mut ShownSets>,
    asked: &BaseTable,
    engine: &Engine,
    findings: &mut Vec<Finding>,
) -> Result<Vec<Weighting>, PipelineError> {
    let Some(customers) = question.base.texts("customer").filter(|_| question.study.measures.propensity) else {
        return Ok(Vec::new());
    };
    let (Some(answers), Some(who), Some(times)) =
        (asked.numbers("recommend"), asked.texts("customer"), asked.numbers("t"))
    else {
        return Ok(Vec::new());
    };
    let mut weightings = Vec::new();
    for fieldwork in Fieldwork::all(question, cuts, asked, findings) {
        let all: Vec<usize> = fieldwork.asked.iter().copied().filter(|&row| !answers[row].is_nan()).collect();
        let first = all.iter().map(|&row| times[row]).fold(f64::INFINITY, f64::min);
        let mut everybody = Crowd::new(question.study, engine);
        let answerers: HashSet<&str> = all.iter().filter_map(|&row| who[row].as_deref()).collect();
        engine.customers_at::<PipelineError>(first as i64, |batch| {
            everybody.watch(&batch, &answerers);
            Ok(())
        })?;
        match everybody.weigh(question, &fieldwork, customers, sets.as_deref_mut()) {
            Ok(own) => weightings.push(fieldwork.name(own)),
            Err(problem) => {
                let of_wave = fieldwork.wave.as_ref().map_or_else(String::new, |wave| format!(" in {wave}"));
                let sentence = format!("the chance of answering{of_wave} could not be estimated: {problem}");
                findings.push(Finding::new(FindingKind::NotEstimated, Severity::Warning, "response", sentence));
            }
        }
    }
    Ok(weightings)
}

/// Answers that were collected together.
struct Fieldwork {
    /// `None` for all.
    wave: Option<String>,
    /// Rows with an answer that counts.
    answered: Vec<usize>,
    /// Rows of all answers, those without a weight included.
    asked: Vec<usize>,
}

impl Fieldwork {
    /// All answers, and the last waves where there are several.
    fn all(question: &Question<'_>, cuts: &ShownCuts, asked: &BaseTable, findings: &mut Vec<Finding>) -> Vec<Self> {
        let rows = (0..asked.n_rows()).collect();
        let mut all = vec![Self { wave: None, answered: cuts.answered().to_vec(), asked: rows }];
        let (waves, names) = (question.waves(cuts), asked.texts("wave").unwrap_or_default());
        if waves.len() < 2 {
            return all;
        }
        let n_left_out = waves.len().saturating_sub(WAVES_MAX);
        if n_left_out > 0 {
            let sentence = format!(
                "the chance of answering was estimated for the last {WAVES_MAX} of {} waves, each of which asks everybody's \
                 behaviour anew",
                waves.len()
            );
            findings.push(Finding::new(FindingKind::NotEstimated, Severity::Note, "response", sentence));
        }
        all.extend(waves.into_iter().skip(n_left_out).map(|wave| Self {
            asked: (0..names.len()).filter(|&row| names[row].as_deref() == Some(wave.name.as_str())).collect(),
            answered: wave.rows,
            wave: Some(wave.name),
        }));
        all
    }

    /// Says in what was found which wave it is about.
    fn name(&self, mut own: Weighting) -> Weighting {
        own.wave.clone_from(&self.wave);
        if let Some(wave) = &self.wave {
            own.findings.iter_mut().for_each(|finding| finding.sentence = format!("in {wave}: {}", finding.sentence));
        }
        own
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
    /// How many did not.
    n_seen: usize,
    /// The same, by what is not known of them.
    n_silent: BTreeMap<Gaps, usize>,
}

/// Which columns are not known of a customer, in the order of their names.
type Gaps = Vec<bool>;

fn gaps(values: &[f64]) -> Gaps {
    values.iter().map(|value| value.is_nan()).collect()
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
            n_seen: 0,
            n_silent: BTreeMap::new(),
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
            let own: Vec<f64> = columns.iter().map(value).collect();
            if answerers.contains(customer.as_str()) {
                self.answered.insert(customer.clone(), own);
                self.order.push(customer.clone());
                continue;
            }
            *self.n_silent.entry(gaps(&own)).or_default() += 1;
            if self.n_seen.is_multiple_of(self.stride) {
                self.silent.push(own);
            }
            self.n_seen += 1;
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
        fieldwork: &Fieldwork,
        customers: &[Option<String>],
        sets: Option<&mut ShownSets>,
    ) -> Result<Weighting, String> {
        let (chances, answered) = (self.chances()?, &fieldwork.answered);
        let part = fieldwork.wave.as_deref().map_or(Part::All, Part::Wave);
        let chance_of = |row: &usize| chances.by_customer.get(customers[*row].as_deref()?).copied();
        let rows: Vec<usize> = answered.iter().copied().filter(|row| chance_of(row).is_some()).collect();
        let drawn = question.drawn(&rows);
        let own = chances.weights(&rows, customers, drawn.sampling().weights)?;
        let answers: Vec<f64> = rows.iter().map(|&row| question.answers[row]).collect();
        let population = question.population_of(&rows, part);
        let before = Sampling { weights: own.before.as_deref(), population, ..drawn.sampling() };
        let both = ScoreBeforeAfter::of(&answers, before, &own.after, question.linearised_settings());
        let both = both.map_err(|problem| problem.to_string())?;
        // Beside the score of all answers, that of these would tell of few others, and that of each customer once of the few who
        // answered again.
        let is_shown = sets.is_none_or(|sets| {
            let first = Persons::of(&rows, customers).first;
            sets.shows(&rows) && sets.shows(&first)
        });
        let before = if is_shown { question.score_under(&answers, before) } else { question.score(answered, part) };
        let before = before.map_err(|problem| problem.to_string())?;
        let mut findings = chances.findings;
        findings.extend(own.findings);
        let n_later = answered.len() - rows.len();
        if n_later > 0 {
            let share = n_later as f64 / answered.len() as f64;
            let severity = if share > LATER_SHARE_MAX { Severity::Warning } else { Severity::Note };
            let sentence = format!(
                "{} in no score weighted by the chance of answering, because {} not known before the first answer",
                words::part(n_later, answered.len(), words::ANSWERS, words::ARE),
                words::either(n_later, "its customer was", "their customers were")
            );
            let finding = Finding::new(FindingKind::RowsDropped, severity, "response", sentence);
            findings.push(finding.number("n", n_later as f64).number("share", share));
        }
        let n_answered = self.order.len() as u64;
        Ok(Weighting {
            method: WeightingMethod::Propensity,
            wave: None,
            columns: chances.columns,
            gap: both.after.nps - before.nps,
            before,
            after: both.after,
            given_std_error: None,
            remade: None,
            efficiency: both.efficiency,
            rounds: None,
            n_trimmed: Some(own.n_trimmed),
            everybody: Some(Everybody { n_customers: n_answered + chances.n_silent as u64, n_answered }),
            findings,
        })
    }

    /// The chance of answering of everybody who did.
    fn chances(&self) -> Result<Chances, String> {
        if self.order.is_empty() {
            return Err("nobody who answered was known before the first answer".to_owned());
        }
        let answered: Vec<&Vec<f64>> = self.order.iter().filter_map(|customer| self.answered.get(customer)).collect();
        let kinds = Kinds::of(&answered, self.names.len());
        let silent: Vec<&Vec<f64>> = self.silent.iter().filter(|own| kinds.has(&gaps(own))).collect();
        let n_silent = self.n_silent.iter().filter(|(own, _)| kinds.has(own)).map(|(_, n)| n).sum::<usize>();
        let mut findings: Vec<Finding> = self.left_out(&kinds, n_silent).into_iter().collect();
        findings.extend(self.undated(&answered, &kinds, n_silent));
        let n_kept = silent.len();
        let rows: Vec<&Vec<f64>> = answered.into_iter().chain(silent).collect();
        let (mut names, mut columns): (Vec<String>, Vec<Vec<f64>>) = (Vec::new(), Vec::new());
        for (place, name) in self.names.iter().enumerate() {
            let own: Vec<f64> = rows.iter().map(|row| row[place]).collect();
            let gaps: Vec<f64> = own.iter().map(|value| f64::from(u8::from(value.is_nan()))).collect();
            if gaps.iter().all(|&gap| gap > 0.5) {
                // Of nobody is anything known.
                continue;
            }
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
            let each = n_silent as f64 / n_kept as f64;
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
        findings.extend(fit.findings().iter().filter(notable).cloned());
        Ok(Chances {
            by_customer: self.order.iter().enumerate().map(chance).collect(),
            columns: self.names.clone(),
            n_silent,
            findings,
        })
    }

    /// Customers for whom no answer can stand; of `n_silent` some answer can.
    fn left_out(&self, kinds: &Kinds, n_silent: usize) -> Option<Finding> {
        let n = self.n_seen - n_silent;
        let of_nobody = |at: &usize| self.n_silent.keys().any(|own| !kinds.by_column[*at].contains(&own[*at]));
        let columns: Vec<&str> = (0..self.names.len()).filter(of_nobody).map(|at| self.names[at].as_str()).collect();
        let sentence = format!(
            "{} known before the first answer {} left out of the chance of answering and of the score \
             weighted by it, because no answer can stand for them: whether {} {} known tells that nobody like them answered",
            words::counted(n, "customer who was", "customers who were"),
            words::either(n, "is", "are"),
            columns.join(", "),
            words::either(columns.len(), "is", "are")
        );
        let finding = Finding::new(FindingKind::NotRepresentative, Severity::Warning, "response", sentence);
        (n > 0).then(|| finding.number("n", n as f64))
    }

    /// Customers without a date of joining or a purchase: they may have come later.
    fn undated(&self, answered: &[&Vec<f64>], kinds: &Kinds, n_silent: usize) -> Option<Finding> {
        let at = self.names.iter().position(|name| name == "tenure_days")?;
        let silent = self.n_silent.iter().filter(|(own, _)| own[at] && kinds.has(own)).map(|(_, n)| n).sum::<usize>();
        let n = answered.iter().filter(|own| own[at].is_nan()).count() + silent;
        let n_all = answered.len() + n_silent;
        let sentence = format!(
            "of {} of {} it is not known since when they have been customers, and they count as known before \
             the first answer; fill their dates of joining (`joined` of [sources.customers])",
            words::count(n as u64),
            words::counted(n_all, "customer", "customers")
        );
        let finding = Finding::new(FindingKind::NotRepresentative, Severity::Warning, "response", sentence);
        (n > 0).then(|| finding.number("n", n as f64).number("share", n as f64 / n_all as f64))
    }
}

/// Whether a column is known, as far as it is so of anybody who answered. Where it never is, or always, it tells without error
/// that the others did not answer, and nobody who answered can stand for them.
struct Kinds {
    by_column: Vec<HashSet<bool>>,
}

impl Kinds {
    fn of(answered: &[&Vec<f64>], n_columns: usize) -> Self {
        let of_column = |at: usize| answered.iter().map(|own| own[at].is_nan()).collect();
        Self { by_column: (0..n_columns).map(of_column).collect() }
    }

    fn has(&self, own: &[bool]) -> bool {
        self.by_column.iter().zip(own).all(|(kinds, gap)| kinds.contains(gap))
    }
}

/// Who gave some answers.
struct Persons {
    /// Of each answer, the place of its customer.
    of_answer: Vec<usize>,
    /// Of each customer, the row of the first answer.
    first: Vec<usize>,
    /// Of each customer, how many of the answers.
    n: Vec<f64>,
}

impl Persons {
    fn of(rows: &[usize], customers: &[Option<String>]) -> Self {
        let mut places: HashMap<&Option<String>, usize> = HashMap::new();
        let mut own = Self { of_answer: Vec::with_capacity(rows.len()), first: Vec::new(), n: Vec::new() };
        for &row in rows {
            let place = *places.entry(&customers[row]).or_insert_with(|| {
                own.first.push(row);
                own.n.push(0.0);
                own.first.len() - 1
            });
            own.n[place] += 1.0;
            own.of_answer.push(place);
        }
        own
    }
}

/// Chances of answering.
struct Chances {
    by_customer: HashMap<String, f64>,
    /// The columns of behaviour that tell them.
    columns: Vec<String>,
    /// Customers who did not answer and for whom an answer can stand.
    n_silent: usize,
    findings: Vec<Finding>,
}

impl Chances {
    /// Weights of the answers in some rows of customers whose chance is known; `given` are those of the study, an answer each.
    ///
    /// A customer's `k` answers weigh `1 / (chance k)` each, and `1 / k` without the chances.
    fn weights(
        &self,
        rows: &[usize],
        customers: &[Option<String>],
        given: Option<&[f64]>,
    ) -> Result<AnswerWeights, String> {
        let persons = Persons::of(rows, customers);
        let chance_of = |row: &usize| self.by_customer.get(customers[*row].as_deref()?).copied();
        let chances: Vec<f64> = persons.first.iter().filter_map(chance_of).collect();
        let weighed = PropensityWeights::default().weigh(&chances).map_err(|problem| problem.to_string())?;
        let given_of = |at: usize| given.map_or(1.0, |given| given[at]);
        let shared: Vec<f64> =
            persons.of_answer.iter().enumerate().map(|(at, &person)| given_of(at) / persons.n[person]).collect();
        let after = shared.iter().zip(&persons.of_answer).map(|(own, &person)| own * weighed.weights[person]).collect();
        // Where nobody answered twice the score without the chances is the one that stands elsewhere.
        let is_repeated = persons.first.len() < rows.len();
        let before = if is_repeated { Some(shared) } else { given.map(<[f64]>::to_vec) };
        Ok(AnswerWeights { before, after, n_trimmed: weighed.n_trimmed, findings: weighed.findings })
    }
}

/// Weights of answers under which every customer counts once.
struct AnswerWeights {
    /// Without the chances; `None` where all are alike.
    before: Option<Vec<f64>>,
    /// With the chances.
    after: Vec<f64>,
    /// Customers whose weight was cut.
    n_trimmed: usize,
    findings: Vec<Finding>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measures::NpsSettings;

    fn crowd(answered: &[f64], silent: &[f64]) -> Crowd {
        let keys: Vec<String> = (0..answered.len()).map(|at| format!("c{at}")).collect();
        let mut n_silent = BTreeMap::new();
        silent.iter().for_each(|value| *n_silent.entry(gaps(&[*value])).or_default() += 1);
        Crowd {
            names: vec!["frequency".to_owned()],
            answered: keys.iter().cloned().zip(answered.iter().map(|&value| vec![value])).collect(),
            order: keys,
            silent: silent.iter().map(|&value| vec![value]).collect(),
            stride: 1,
            n_seen: silent.len(),
            n_silent,
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
        let thinned = Crowd {
            stride: 2,
            n_seen: 6,
            n_silent: BTreeMap::from([(vec![false], 6)]),
            ..crowd(&[1.0, 1.0, 1.0, 0.0], &[1.0, 0.0, 0.0])
        };
        let own = thinned.chances().expect("a model");
        // 3 of 5 and 1 of 5.
        assert!((own.by_customer["c0"] - 0.6).abs() < 1e-9);
        assert!((own.by_customer["c3"] - 0.2).abs() < 1e-9);
    }

    #[test]
    fn kinds_of_customers_who_never_answer_are_left_out() {
        // As above, and three silent customers of whom nothing is known, which is so of nobody who answered: that would
        // tell without error that they did not.
        let unknown = [1.0, 0.0, 0.0, 0.0, 0.0, f64::NAN, f64::NAN, f64::NAN];
        let own = crowd(&[1.0, 1.0, 1.0, 0.0], &unknown).chances().expect("a model");
        assert!((own.by_customer["c0"] - 0.75).abs() < 1e-9 && (own.by_customer["c3"] - 0.2).abs() < 1e-9);
        assert_eq!(own.n_silent, 5);
        assert!(own.findings[0].sentence.starts_with("3 customers who were known"), "{}", own.findings[0].sentence);
        // Every sixth is kept: of 12 who are known two, of 6 who are not one. 3 of 9 and 1 of 7.
        let n_silent = BTreeMap::from([(vec![false], 12), (vec![true], 6)]);
        let thinned = crowd(&[1.0, 1.0, 1.0, 0.0], &[1.0, 0.0, f64::NAN]);
        let own = Crowd { stride: 6, n_seen: 18, n_silent, ..thinned }.chances().expect("a model");
        assert!((own.by_customer["c0"] - 3.0 / 9.0).abs() < 1e-9 && (own.by_customer["c3"] - 1.0 / 7.0).abs() < 1e-9);
        // The other way round: of nobody who answered is anything known, and nobody else is left to hold them against.
        assert!(crowd(&[f64::NAN, f64::NAN], &[1.0, 2.0]).chances().is_err());
    }

    #[test]
    fn customers_of_unknown_standing_are_counted() {
        let own =
            Crowd { names: vec!["tenure_days".to_owned()], ..crowd(&[1.0, 2.0, f64::NAN], &[1.5, 2.0, f64::NAN]) };
        let found = own.chances().expect("a model").findings;
        let sentence = "of 2 of 6 customers it is not known since when";
        assert!(found.iter().any(|own| own.sentence.starts_with(sentence)), "{found:?}");
    }

    #[test]
    fn answers_of_one_customer_share_a_weight() {
        let customers = ["a", "b", "a", "c", "a"].map(|who| Some(who.to_owned()));
        let own = Persons::of(&[0, 1, 2, 4], &customers);
        assert_eq!((own.of_answer, own.first, own.n), (vec![0, 1, 0, 0], vec![0, 1], vec![3.0, 1.0]));
    }

    #[test]
    fn who_answers_often_counts_once() {
        // A hundred who buy often answer half of twelve monthly surveys (99 of them ever, six answers each) and are promoters; a
        // hundred others answer one in twenty (46 of them ever, 14 of whom twice) and are detractors. The truth is 0. With the
        // whole of `1 / chance` an answer it would be (600 - 60 / 0.46) / (600 + 60 / 0.46) = 64 %.
        let behaviour = |n_often, n_others| [vec![1.0; n_often], vec![0.0; n_others]].concat();
        let chances = crowd(&behaviour(99, 46), &behaviour(1, 54)).chances().expect("a model");
        let mut customers: Vec<Option<String>> = Vec::new();
        let mut answers = Vec::new();
        for at in 0..99 + 46 {
            let n = if at < 99 { 6 } else { 1 + usize::from(at < 99 + 14) };
            customers.extend(vec![Some(format!("c{at}")); n]);
            answers.extend(vec![if at < 99 { 10.0 } else { 0.0 }; n]);
        }
        let rows: Vec<usize> = (0..answers.len()).collect();
        let own = chances.weights(&rows, &customers, None).expect("weights");
        let before = Sampling { weights: own.before.as_deref(), ..Sampling::default() };
        let both = ScoreBeforeAfter::of(&answers, before, &own.after, NpsSettings::default()).expect("scores");
        assert!(both.after.nps.abs() < 1e-6, "{}", both.after.nps);
        // Each customer counts once without the chances as well: 99 promoters and 46 detractors.
        assert!((both.before.nps - 100.0 * (99.0 - 46.0) / 145.0).abs() < 1e-9, "{}", both.before.nps);
        // Weights of the study are shared in the same way, and one answer each leaves none to share.
        let given = chances.weights(&[0, 1], &customers, Some(&[2.0, 4.0])).expect("weights").before;
        assert_eq!(given, Some(vec![1.0, 2.0]));
        assert!(chances.weights(&[0, 6], &customers, None).expect("weights").before.is_none());
    }

    #[test]
    fn where_everybody_answered_there_is_no_chance_to_estimate() {
        assert!(crowd(&[1.0, 0.0], &[]).chances().is_err());
        assert!(crowd(&[], &[1.0]).chances().is_err());
    }
}
