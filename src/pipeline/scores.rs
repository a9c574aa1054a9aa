//! Every customer as of the study's date, scored by the fitted models, batch by batch.

use super::PipelineError;
use super::outcomes::{Analysed, Model};
use crate::estimators::Family;
use crate::link::{BaseTable, Engine};
use crate::report::{Metric, ScoreSummary};
use crate::store::{Table, TableWriter};
use crate::study::{Outcome, OutcomeKind, SpendScale, Study};
use std::path::Path;

/// Scores all customers into `scores.parquet` and `scores.csv`; `watch` sees every batch on the way.
///
/// A customer who never answered has no touchpoint scores; those take the training means, so that history alone
/// speaks. Nothing but running sums is kept, so memory does not grow with the number of customers.
pub(super) fn score(
    study: &Study,
    engine: &Engine,
    analysed: &[Analysed],
    folder: &Path,
    mut watch: impl FnMut(&BaseTable),
) -> Result<ScoreSummary, PipelineError> {
    let scorers: Vec<Scorer> = analysed.iter().filter_map(Scorer::of).collect();
    let n_reasons = study.scores.reasons as usize;
    let mut writer =
        TableWriter::create(folder, &table(&BaseTable::default(), &scorers, n_reasons, &mut Sums::new(0)))?;
    let mut sums = Sums::new(scorers.len());
    engine.customers::<PipelineError>(|batch| {
        watch(&batch);
        writer.append(&table(&batch, &scorers, n_reasons, &mut sums))?;
        Ok(())
    })?;
    writer.finish()?;
    let means = scorers
        .iter()
        .zip(&sums.predictions)
        .map(|(scorer, (sum, n))| Metric { metric: scorer.column(), value: sum / (*n).max(1) as f64 });
    let beyond = scorers.iter().zip(&sums.n_beyond).filter(|(_, n)| **n > 0);
    let beyond = beyond.map(|(scorer, n)| Metric { metric: scorer.column(), value: *n as f64 });
    Ok(ScoreSummary {
        n_customers: sums.n_customers,
        n_answered: sums.n_answered,
        means: means.collect(),
        beyond: beyond.collect(),
    })
}

/// A model and the outcome that it predicts.
struct Scorer<'a> {
    outcome: &'a Outcome,
    model: &'a Model,
}

/// Running sums over the batches.
struct Sums {
    n_customers: u64,
    n_answered: u64,
    /// By model, with the number of customers it has something to say of.
    predictions: Vec<(f64, u64)>,
    /// By model, customers whose expected value lies beyond the outcome's scale.
    n_beyond: Vec<u64>,
}

impl Sums {
    fn new(n_scorers: usize) -> Self {
        Self { n_customers: 0, n_answered: 0, predictions: vec![(0.0, 0); n_scorers], n_beyond: vec![0; n_scorers] }
    }
}

/// What one model says of the rows of a batch.
struct Scored {
    predictions: Vec<f64>,
    /// By place, from the largest reason down.
    reasons: Vec<Vec<Option<String>>>,
}

impl<'a> Scorer<'a> {
    fn of(analysed: &'a Analysed) -> Option<Self> {
        Some(Self { outcome: &analysed.outcome, model: analysed.model.as_ref()? })
    }

    /// `p_promoter` for a probability, `expected_recommend` for a number; `expected_ln_1p_spend` on the logarithm's scale.
    fn column(&self) -> String {
        let name = self.outcome.name();
        match (self.model.fitted.family(), self.outcome.kind()) {
            (Family::Logistic, _) => format!("p_{name}"),
            (_, OutcomeKind::Spend { scale: SpendScale::Log1p, .. }) => format!("expected_ln_1p_{name}"),
            _ => format!("expected_{name}"),
        }
    }

    /// The ends of the scale on which the outcome is answered, which a straight line may leave.
    fn scale(&self) -> Option<(f64, f64)> {
        match self.outcome.kind() {
            OutcomeKind::Recommend { .. } => Some((0.0, 10.0)),
            OutcomeKind::Nps => Some((-100.0, 100.0)),
            _ => None,
        }
    }

    fn score(&self, batch: &BaseTable, n_reasons: usize) -> Scored {
        let n_rows = batch.n_rows();
        let columns: Vec<Option<&[f64]>> =
            self.model.features.iter().map(|feature| batch.numbers(&feature.column)).collect();
        let mut scored =
            Scored { predictions: Vec::with_capacity(n_rows), reasons: vec![Vec::with_capacity(n_rows); n_reasons] };
        let mut values = vec![0.0; columns.len()];
        let gone = self.gone(batch);
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

    /// For a model of leaving, the column with a gap for those who have left: nobody leaves twice.
    fn gone<'t>(&self, batch: &'t BaseTable) -> Option<&'t [f64]> {
        match self.outcome.kind() {
            OutcomeKind::DatedChurn { window_days } => batch.numbers(&format!("next_churn_{window_days}d")),
            _ => None,
        }
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
        if let Some((sum, n)) = sums.predictions.get_mut(at) {
            let said = || scored.predictions.iter().filter(|value| !value.is_nan());
            *sum += said().sum::<f64>();
            *n += said().count() as u64;
        }
        if let (Some((low, high)), Some(n)) = (scorer.scale(), sums.n_beyond.get_mut(at)) {
            *n += scored.predictions.iter().filter(|&&value| value < low || value > high).count() as u64;
        }
        table = table.numbers(&scorer.column(), scored.predictions);
        for (place, reasons) in scored.reasons.into_iter().enumerate() {
            table = table.texts(&format!("{}_reason_{}", scorer.outcome.name(), place + 1), reasons);
        }
    }
    table
}
