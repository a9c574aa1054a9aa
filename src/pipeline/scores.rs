//! Every customer as of the study's date, scored by fitted models, batch by batch.

use super::PipelineError;
use super::outcomes::{Analysed, Model};
use super::stored_model::StoredModel;
use crate::drivers::what_if::OutcomeEnds;
use crate::estimators::Family;
use crate::findings::{Finding, FindingKind, Severity};
use crate::link::{BaseTable, Engine, OutcomeWindow};
use crate::report::{Metric, ScoreSummary, words};
use crate::store::{Table, TableWriter};
use crate::study::OutcomeKind;
use std::path::Path;

/// From this share of the customers on, expectations beyond what the outcome can be are a warning and not a note.
const BEYOND_WARNED: f64 = 0.05;

/// The customers scored.
pub(super) struct AllScored {
    pub summary: ScoreSummary,
    /// Of expectations beyond what an outcome can be, each about its outcome.
    pub findings: Vec<Finding>,
}

/// Scores all customers into `scores.parquet` and `scores.csv`; `watch` sees every batch on the way.
///
/// A customer who never answered has no touchpoint scores; those take the training means, so that history alone
/// speaks. Nothing but running sums is kept, so memory does not grow with the number of customers. Expectations beyond what
/// an outcome can be, or of counts beyond any that was seen, are counted in a finding of the outcome.
pub(super) fn score(
    scorers: &[Scorer<'_>],
    n_reasons: usize,
    engine: &Engine,
    folder: &Path,
    mut watch: impl FnMut(&BaseTable),
) -> Result<AllScored, PipelineError> {
    let mut writer = TableWriter::create(folder, &table(&BaseTable::default(), scorers, n_reasons, &mut Sums::new(0)))?;
    let mut sums = Sums::new(scorers.len());
    engine.customers::<PipelineError>(|batch| {
        watch(&batch);
        writer.append(&table(&batch, scorers, n_reasons, &mut sums))?;
        Ok(())
    })?;
    writer.finish()?;
    let both = || scorers.iter().zip(&sums.predictions);
    let means = both().map(|(scorer, own)| Metric { metric: scorer.column.clone(), value: own.mean() }).collect();
    let findings = both().filter_map(|(scorer, own)| scorer.beyond(own)).collect();
    Ok(AllScored {
        summary: ScoreSummary { n_customers: sums.n_customers, n_answered: sums.n_answered, means },
        findings,
    })
}

/// A model with what its outcome says of predictions, whether it was fitted just now or read from a file.
pub(super) struct Scorer<'a> {
    /// The outcome's name.
    outcome: &'a str,
    /// The column of its predictions.
    column: String,
    model: &'a Model,
    /// For a model of leaving by date, the column that has a gap for those who have left: nobody leaves twice.
    gone: Option<String>,
}

/// `p_promoter` for a probability, `expected_recommend` for a number; `expected_ln_1p_spend` on the logarithm's scale.
pub(super) fn prediction_column(outcome: &str, family: Family, scale: Option<&str>) -> String {
    match (family, scale) {
        (Family::Logistic, _) => format!("p_{outcome}"),
        (_, Some("log1p")) => format!("expected_ln_1p_{outcome}"),
        _ => format!("expected_{outcome}"),
    }
}

/// The column that has a gap for those who have left.
fn gone(window_days: Option<u32>) -> Option<String> {
    window_days.map(|days| OutcomeWindow::Churn { days }.count_column())
}

/// Running sums over the batches.
struct Sums {
    n_customers: u64,
    n_answered: u64,
    /// By model.
    predictions: Vec<Predicted>,
}

impl Sums {
    fn new(n_scorers: usize) -> Self {
        Self { n_customers: 0, n_answered: 0, predictions: vec![Predicted::default(); n_scorers] }
    }
}

/// What a model says of the customers that it has something to say of.
#[derive(Debug, Clone, Copy)]
struct Predicted {
    sum: f64,
    n: u64,
    lowest: f64,
    highest: f64,
    n_below: u64,
    n_above: u64,
}

impl Default for Predicted {
    fn default() -> Self {
        Self { sum: 0.0, n: 0, lowest: f64::INFINITY, highest: f64::NEG_INFINITY, n_below: 0, n_above: 0 }
    }
}

impl Predicted {
    fn add(&mut self, value: f64, ends: OutcomeEnds) {
        self.sum += value;
        self.n += 1;
        self.lowest = self.lowest.min(value);
        self.highest = self.highest.max(value);
        self.n_below += u64::from(value < ends.low);
        self.n_above += u64::from(value > ends.high);
    }

    fn mean(&self) -> f64 {
        self.sum / self.n.max(1) as f64
    }
}

/// What one model says of the rows of a batch.
struct Scored {
    predictions: Vec<f64>,
    /// By place, from the largest reason down.
    reasons: Vec<Vec<Option<String>>>,
}

impl<'a> Scorer<'a> {
    /// Of a model that was fitted just now; `None` where there is none.
    pub fn of(analysed: &'a Analysed) -> Option<Self> {
        let (outcome, model) = (&analysed.outcome, analysed.model.as_ref()?);
        let is_dated = matches!(outcome.kind(), OutcomeKind::DatedChurn { .. });
        Some(Self {
            outcome: outcome.name(),
            column: prediction_column(outcome.name(), model.fitted.family(), outcome.kind().scale_word()),
            model,
            gone: gone(outcome.window_days().filter(|_| is_dated)),
        })
    }

    /// Of a model that was read from a file.
    pub fn stored(stored: &'a StoredModel) -> Self {
        let own = &stored.artefact;
        Self {
            outcome: &own.outcome,
            column: stored.prediction_column(),
            model: &stored.model,
            gone: gone(own.window_days.filter(|_| own.dated_leaving == Some(true))),
        }
    }

    /// How many customers are expected where nobody can be.
    fn beyond(&self, own: &Predicted) -> Option<Finding> {
        let (ends, n_beyond) = (self.model.ends, own.n_below + own.n_above);
        if n_beyond == 0 {
            return None;
        }
        let (name, column) = (self.outcome, &self.column);
        let share = n_beyond as f64 / own.n as f64;
        let below = (own.n_below > 0).then(|| {
            format!(
                "{} below {} (down to {})",
                words::count(own.n_below),
                words::significant(ends.low),
                words::significant(own.lowest)
            )
        });
        let above = (own.n_above > 0).then(|| {
            format!(
                "{} above {} (up to {})",
                words::count(own.n_above),
                words::significant(ends.high),
                words::significant(own.highest)
            )
        });
        let parts: Vec<String> = below.into_iter().chain(above).collect();
        let (what, why) = match self.model.fitted.family() {
            Family::Count => ("is more than anybody was seen to have", "read these scores as an order"),
            _ => ("lies beyond what it can be", "a line does not know its ends, so read the scores as an order"),
        };
        let sentence = format!(
            "`{column}` of {} of {} customers ({}) {what}: {}; {why}",
            words::count(n_beyond),
            words::count(own.n),
            words::percent(share),
            parts.join(" and ")
        );
        let severity = if share >= BEYOND_WARNED { Severity::Warning } else { Severity::Note };
        let finding = Finding::new(FindingKind::ScaleEnd, severity, name, sentence);
        let finding = finding.number("n_below", own.n_below as f64).number("n_above", own.n_above as f64);
        Some(finding.number("share", share).number("lowest", own.lowest).number("highest", own.highest))
    }

    fn score(&self, batch: &BaseTable, n_reasons: usize) -> Scored {
        let n_rows = batch.n_rows();
        let columns: Vec<Option<&[f64]>> =
            self.model.features.iter().map(|feature| batch.numbers(&feature.column)).collect();
        let mut scored =
            Scored { predictions: Vec::with_capacity(n_rows), reasons: vec![Vec::with_capacity(n_rows); n_reasons] };
        let mut values = vec![0.0; columns.len()];
        let gone = self.gone.as_deref().and_then(|name| batch.numbers(name));
        for row in 0..n_rows {
            if gone.is_some_and(|gone| gone[row].is_nan()) {
                scored.predictions.push(f64::NAN);
                scored.reasons.iter_mut().for_each(|place| place.push(None));
                continue;
            }
            for ((value, feature), column) in values.iter_mut().zip(&self.model.features).zip(&columns) {
                *value = feature.of(column.map_or(f64::NAN, |column| column[row]));
            }
            scored.predictions.push(self.model.predict(&values));
            let mut reasons = self.reasons(&values).into_iter();
            for place in &mut scored.reasons {
                place.push(reasons.next());
            }
        }
        scored
    }

    /// Features that move this customer's prediction away from the average one, the strongest first; `+` raises it.
    fn reasons(&self, values: &[f64]) -> Vec<String> {
        let contributions = self.model.fitted.contributions(values);
        let mut order: Vec<usize> = (0..contributions.len()).filter(|&at| contributions[at].abs() > 1e-9).collect();
        order.sort_by(|&left, &right| contributions[right].abs().total_cmp(&contributions[left].abs()));
        let word = |at: usize| {
            let sign = if contributions[at] > 0.0 { '+' } else { '-' };
            format!("{sign}{}", self.model.features[at].name)
        };
        order.into_iter().map(word).collect()
    }
}

fn table(batch: &BaseTable, scorers: &[Scorer<'_>], n_reasons: usize, sums: &mut Sums) -> Table {
    let customers = batch.texts("customer").unwrap_or_default();
    let recommend = batch.numbers("recommend").unwrap_or_default();
    // Who answered other questions answered, too.
    let n_answers = batch.numbers("earlier_answers");
    let answered = |row: usize| !recommend[row].is_nan() || n_answers.is_some_and(|counts| counts[row] > 0.0);
    sums.n_customers += customers.len() as u64;
    sums.n_answered += (0..recommend.len()).filter(|&row| answered(row)).count() as u64;
    let mut table = Table::new("scores")
        .texts("customer", customers.iter().cloned())
        .flags("answered", (0..recommend.len()).map(answered))
        .numbers("recommend", recommend.iter().copied());
    for (at, scorer) in scorers.iter().enumerate() {
        let scored = scorer.score(batch, n_reasons);
        if let Some(own) = sums.predictions.get_mut(at) {
            let ends = scorer.model.ends;
            scored.predictions.iter().filter(|value| !value.is_nan()).for_each(|&value| own.add(value, ends));
        }
        table = table.numbers(&scorer.column, scored.predictions);
        for (place, reasons) in scored.reasons.into_iter().enumerate() {
            table = table.texts(&format!("{}_reason_{}", scorer.outcome, place + 1), reasons);
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use crate::findings::{FindingKind, Severity};
    use crate::pipeline::small_study::SmallStudy;

    #[test]
    fn customers_expected_beyond_the_scale_are_counted() {
        // Speeds 1 to 5 of twelve customers each, answers 5, 7, 9, 10 and 10: a line through (3, 8.2) of slope 13 / 10 by hand, which
        // gives 9.5 at a speed of 4 and 10.8 at 5.
        let row =
            |at: usize| format!("C{at},2026-03-{:02},{},{}\n", at % 28 + 1, [5, 7, 9, 10, 10][at % 5], at % 5 + 1);
        let rows: String = (0..60).map(row).collect();
        let study = "study = { name = \"case\", as_of = 2026-12-31, zone = \"UTC\", bootstrap = 0 }
[sources.feedback]
path = \"a.csv\"
customer = \"who\"
time = \"when\"
recommend = \"ltr\"
[drivers]
touchpoints = [\"speed\"]
[outcomes.recommend]
[evaluation]
enabled = false
[actions]
enabled = false
";
        let results = SmallStudy::new(study, &[("a.csv", &format!("who,when,ltr,speed\n{rows}"))]).run();
        let findings = &results.outcomes[0].findings;
        let said =
            |own: &&crate::findings::Finding| own.kind == FindingKind::ScaleEnd && own.sentence.contains("expected_");
        let finding = findings.iter().find(said).expect("a finding");
        assert!(
            finding
                .sentence
                .starts_with("`expected_recommend` of 12 of 60 customers (20 %) lies beyond what it can be: 12 above 10.0 (up to 10.8)"),
            "{}",
            finding.sentence
        );
        assert_eq!(finding.severity, Severity::Warning);
        assert!((finding.numbers["highest"] - 10.8).abs() < 1e-9);
    }
}
