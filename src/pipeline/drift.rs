//! Whether the answers since a model's training are as those that it was fitted to, and how far the customers are from them.
//!
//! Only like is held against like. A training row is an answer, seen from just before it; so are the answers since, and a difference
//! between the two is drift. The customers who are scored are seen from the study's date, and most never answered: what sets them apart
//! from the training answers is selection, which was there from the first day, and is told apart from drift.

use super::outcomes::FeatureKind;
use super::stored_model::{StoredModel, written};
use crate::findings::{Finding, FindingKind, Severity};
use crate::link::{BaseTable, OutcomeWindow};
use crate::measures::Bins;
use crate::report::{RespondentsAgainstBase, words};
use crate::stats::distributions::normal_two_sided;
use crate::store::{StoredSpread, Table};
use crate::study::Study;
use serde::Serialize;

/// What stands in the place of a feature for what the model predicts.
const PREDICTION: &str = "(prediction)";
/// Beyond this many standard deviations groups are commonly called out of balance (Rubin 2001; Stuart 2010).
const DIFFERENCE_LARGE: f64 = RespondentsAgainstBase::LARGE;
/// Above this, a population is commonly said to have shifted (Siddiqi 2006).
const INDEX_LARGE: f64 = 0.25;
/// A difference that chance makes as often as this is none, however large: of few answers every figure is.
const CHANCE: f64 = 0.01;
/// Columns that a finding names.
const SHOWN: usize = 3;

/// What is held against the training answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Compared {
    /// Answers since the last one of the training: a difference is drift.
    AnswersSince,
    /// All customers who are scored, as of the study's date: a difference is selection.
    Customers,
}

impl Compared {
    /// The word used in tables and JSON.
    fn word(self) -> &'static str {
        match self {
            Self::AnswersSince => "answers_since",
            Self::Customers => "customers",
        }
    }
}

/// A feature of a model, or its prediction, against the training.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DriftRow {
    /// What the model predicts.
    pub outcome: String,
    /// The feature; `(prediction)` for what the model says.
    pub feature: String,
    /// Who is held against the training answers.
    pub compared: Compared,
    /// Answers or customers.
    pub n: u64,
    /// Those of them whose values are compared.
    pub n_used: u64,
    /// Their mean.
    pub mean: Option<f64>,
    /// The mean of the training answers.
    pub training_mean: f64,
    /// Their standard deviation.
    pub training_std_dev: f64,
    /// `mean` less `training_mean`, in standard deviations of the training.
    pub std_difference: Option<f64>,
    /// Probability of a difference at least as large if nothing had changed; of answers alone.
    pub p_value: Option<f64>,
    /// The share without a value.
    pub missing: Option<f64>,
    /// The share of the answers of the training's time without a value.
    pub training_missing: Option<f64>,
    /// The population stability index.
    pub psi: Option<f64>,
    /// Probability of an index at least as large if nothing had changed; of answers alone.
    pub psi_p_value: Option<f64>,
    /// Whether one of the differences is large, and larger than chance makes them; of answers alone.
    pub drifted: Option<bool>,
}

/// What the training answers were like, of one column.
struct Reference {
    feature: String,
    /// Place of the feature in the model; `None` for the prediction.
    at: Option<usize>,
    mean: f64,
    std_dev: f64,
    n: f64,
    missing: Option<f64>,
    bins: Option<Bins>,
}

/// Running sums of one column.
#[derive(Debug, Clone, Default)]
struct Tally {
    n_used: u64,
    weight: f64,
    weight_missing: f64,
    weight_used: f64,
    weight_squares: f64,
    /// Around the mean of the training.
    sum: f64,
    squares: f64,
    by_bin: Vec<f64>,
}

/// A model's columns among some rows.
pub(super) struct Spreading<'m> {
    stored: &'m StoredModel,
    compared: Compared,
    references: Vec<Reference>,
    tallies: Vec<Tally>,
    n: u64,
    /// Whether the model was fitted to answers without gaps alone, so that only such are compared.
    complete_only: bool,
}

fn bins(spread: &StoredSpread) -> Option<Bins> {
    Bins::from_parts(spread.edges.clone(), spread.shares.clone())
}

impl<'m> Spreading<'m> {
    fn of(stored: &'m StoredModel, compared: Compared) -> Self {
        let (own, features) = (&stored.artefact, &stored.model.features);
        let n_training = own.training.n_used;
        let is_value = |at: &usize| features[*at].kind == FeatureKind::Value;
        let places: Vec<usize> = (0..own.terms.len()).filter(is_value).collect();
        let of_term = |&at: &usize| {
            let term = &own.terms[at];
            let spread = term.spread.as_ref();
            Reference {
                feature: term.term.clone(),
                at: Some(at),
                // Of the values: where a gap takes their mean, the column that is fitted varies less.
                mean: spread.map_or(term.mean, |spread| spread.mean),
                std_dev: spread.map_or(term.std_dev, |spread| spread.std_dev),
                n: spread.map_or(n_training, |spread| spread.n) as f64,
                missing: spread.map(|spread| spread.missing),
                bins: spread.and_then(bins),
            }
        };
        let mut references: Vec<Reference> = places.iter().map(of_term).collect();
        if let Some(predictions) = own.predictions.as_ref().filter(|_| compared == Compared::AnswersSince) {
            references.push(Reference {
                feature: PREDICTION.to_owned(),
                at: None,
                mean: predictions.mean,
                std_dev: predictions.std_dev,
                n: predictions.n as f64,
                missing: None,
                bins: bins(predictions),
            });
        }
        let has_all = |&at: &usize| own.terms[at].spread.as_ref().is_some_and(|spread| spread.n == n_training);
        let complete_only = compared == Compared::AnswersSince && places.iter().all(has_all);
        let tallies = references.iter().map(Reference::tally).collect();
        Self { stored, compared, references, tallies, n: 0, complete_only }
    }

    /// All customers, batch by batch.
    pub fn of_customers(stored: &'m StoredModel) -> Self {
        Self::of(stored, Compared::Customers)
    }

    /// The answers of the base table that came after the last one of the training; `None` where nobody knows when that was.
    pub fn of_answers_since(stored: &'m StoredModel, base: &BaseTable) -> Option<Self> {
        let (_, last) = stored.model.training?;
        let times = base.numbers("t")?;
        let mut spreading = Self::of(stored, Compared::AnswersSince);
        let is_alike = alike(stored, base);
        let weights = base.numbers("weight");
        let weight = |row: usize| weights.map_or(1.0, |weights| weights[row]);
        spreading.add(base, |row| times[row] as i64 > last && is_alike(row), weight);
        Some(spreading)
    }

    /// Adds customers.
    pub fn watch(&mut self, batch: &BaseTable) {
        self.add(batch, |_| true, |_| 1.0);
    }

    fn add(&mut self, table: &BaseTable, takes: impl Fn(usize) -> bool, weight: impl Fn(usize) -> f64) {
        let model = &self.stored.model;
        let columns: Vec<Option<&[f64]>> =
            model.features.iter().map(|feature| table.numbers(&feature.column)).collect();
        let mut values = vec![f64::NAN; columns.len()];
        for row in (0..table.n_rows()).filter(|&row| takes(row)) {
            for ((value, feature), column) in values.iter_mut().zip(&model.features).zip(&columns) {
                *value = feature.of(column.map_or(f64::NAN, |column| column[row]));
            }
            let weight = weight(row);
            // A row without a weight has no part in the training either.
            if weight.is_nan() {
                continue;
            }
            self.n += 1;
            let is_used = !(self.complete_only && values.iter().any(|value| value.is_nan()));
            for (reference, tally) in self.references.iter().zip(&mut self.tallies) {
                let value = reference.at.map_or_else(|| model.predict(&values), |at| values[at]);
                tally.add(reference, value, weight, is_used);
            }
        }
    }

    /// Answers or customers so far.
    pub fn n(&self) -> u64 {
        self.n
    }

    /// One row a column. Figures of fewer rows than `shown_from` are those of single customers, and not shown.
    pub fn rows(&self, shown_from: u64) -> Vec<DriftRow> {
        let row = |(reference, tally): (&Reference, &Tally)| self.row(reference, tally, shown_from);
        self.references.iter().zip(&self.tallies).map(row).collect()
    }

    fn row(&self, reference: &Reference, tally: &Tally, shown_from: u64) -> DriftRow {
        let is_of_answers = self.compared == Compared::AnswersSince;
        let is_shown = tally.n_used >= shown_from.max(1);
        let difference = tally.difference(reference).filter(|_| is_shown);
        let stability = tally.stability(reference).filter(|_| is_shown);
        let missing = (self.n >= shown_from.max(1)).then(|| tally.weight_missing / tally.weight);
        let gaps = missing.zip(reference.missing).filter(|_| reference.at.is_some());
        let gaps_changed = gaps.is_some_and(|(now, then)| gaps_changed(now, then, self.n as f64, reference.n));
        let value_changed =
            difference.as_ref().is_some_and(|own| own.size.abs() > DIFFERENCE_LARGE && own.p_value < CHANCE);
        let spread_changed = stability.as_ref().is_some_and(|own| own.index > INDEX_LARGE && own.p_value < CHANCE);
        DriftRow {
            outcome: self.stored.artefact.outcome.clone(),
            feature: reference.feature.clone(),
            compared: self.compared,
            n: self.n,
            n_used: tally.n_used,
            mean: is_shown.then(|| tally.mean(reference)),
            training_mean: reference.mean,
            training_std_dev: reference.std_dev,
            std_difference: difference.as_ref().map(|own| own.size),
            p_value: difference.filter(|_| is_of_answers).map(|own| own.p_value),
            missing: missing.filter(|_| reference.at.is_some()),
            training_missing: reference.missing,
            psi: stability.as_ref().map(|own| own.index),
            psi_p_value: stability.filter(|_| is_of_answers).map(|own| own.p_value),
            drifted: (is_of_answers && missing.is_some()).then_some(gaps_changed || value_changed || spread_changed),
        }
    }
}

/// Which answers a model could have been fitted to, if what followed them were known.
fn alike<'t>(stored: &StoredModel, base: &'t BaseTable) -> impl Fn(usize) -> bool + 't {
    let own = &stored.artefact;
    let is_of_behaviour = own.window_days.is_some();
    let known = base.numbers("known").filter(|_| is_of_behaviour);
    let recommend = base.numbers("recommend").filter(|_| !is_of_behaviour);
    let bought = base.numbers("frequency").filter(|_| stored.kind() == "upsell");
    let gone = own.window_days.filter(|_| own.dated_leaving == Some(true));
    let gone = gone.and_then(|days| base.numbers(&OutcomeWindow::Churn { days }.count_column()));
    move |row| {
        known.is_none_or(|known| known[row] > 0.5)
            && recommend.is_none_or(|answers| !answers[row].is_nan())
            && bought.is_none_or(|purchases| purchases[row] > 0.0)
            && gone.is_none_or(|gone| !gone[row].is_nan())
    }
}

/// A standardised difference.
struct Difference {
    size: f64,
    p_value: f64,
}

impl Reference {
    fn tally(&self) -> Tally {
        Tally { by_bin: vec![0.0; self.bins.as_ref().map_or(0, |bins| bins.shares().len())], ..Tally::default() }
    }
}

impl Tally {
    fn add(&mut self, reference: &Reference, value: f64, weight: f64, is_used: bool) {
        self.weight += weight;
        if value.is_nan() {
            self.weight_missing += weight;
        } else if is_used {
            self.n_used += 1;
            self.weight_used += weight;
            self.weight_squares += weight * weight;
            self.sum += weight * (value - reference.mean);
            self.squares += weight * (value - reference.mean).powi(2);
            if let Some(bins) = &reference.bins {
                self.by_bin[bins.place(value)] += weight;
            }
        }
    }

    fn mean(&self, reference: &Reference) -> f64 {
        reference.mean + self.sum / self.weight_used
    }

    /// Rows that would tell as much without weights (Kish 1965).
    fn n_effective(&self) -> f64 {
        self.weight_used * self.weight_used / self.weight_squares
    }

    /// `(mean - training mean) / training standard deviation`, with the two-sided p-value of two independent means; `None` where the
    /// column did not vary.
    fn difference(&self, reference: &Reference) -> Option<Difference> {
        if !(reference.std_dev > 0.0 && self.weight_used > 0.0) {
            return None;
        }
        let distance = self.sum / self.weight_used;
        let variance = (self.squares / self.weight_used - distance * distance).max(0.0);
        let std_error = (reference.std_dev.powi(2) / reference.n + variance / self.n_effective()).sqrt();
        Some(Difference { size: distance / reference.std_dev, p_value: normal_two_sided(distance / std_error) })
    }

    fn stability(&self, reference: &Reference) -> Option<crate::measures::Stability> {
        reference.bins.as_ref()?.stability(reference.n, &self.by_bin, self.n_effective())
    }
}

/// Whether the share of gaps has changed: by more than a quarter of a standard deviation of a mark of gaps, both times together (Austin
/// 2009), and by more than chance.
fn gaps_changed(now: f64, then: f64, n_now: f64, n_then: f64) -> bool {
    let spread = ((now * (1.0 - now) + then * (1.0 - then)) / 2.0).sqrt();
    let both = (now * n_now + then * n_then) / (n_now + n_then);
    let std_error = (both * (1.0 - both) * (n_now.recip() + n_then.recip())).sqrt();
    (now - then).abs() > DIFFERENCE_LARGE * spread && normal_two_sided((now - then) / std_error) < CHANCE
}

/// The table of all models.
pub(super) fn table(rows: &[DriftRow]) -> Table {
    Table::new("drift")
        .texts("outcome", rows.iter().map(|row| row.outcome.clone()))
        .texts("feature", rows.iter().map(|row| row.feature.clone()))
        .texts("compared", rows.iter().map(|row| row.compared.word().to_owned()))
        .integers("n", rows.iter().map(|row| row.n as i64))
        .integers("n_used", rows.iter().map(|row| row.n_used as i64))
        .numbers("mean", rows.iter().map(|row| row.mean))
        .numbers("training_mean", rows.iter().map(|row| row.training_mean))
        .numbers("training_std_dev", rows.iter().map(|row| row.training_std_dev))
        .numbers("std_difference", rows.iter().map(|row| row.std_difference))
        .numbers("p_value", rows.iter().map(|row| row.p_value))
        .numbers("missing", rows.iter().map(|row| row.missing))
        .numbers("training_missing", rows.iter().map(|row| row.training_missing))
        .numbers("psi", rows.iter().map(|row| row.psi))
        .numbers("psi_p_value", rows.iter().map(|row| row.psi_p_value))
        .flags("drifted", rows.iter().map(|row| row.drifted))
}

/// What to know of a model before its scores are trusted: whether its columns are as they were, or why that is not known.
pub(super) fn findings(
    study: &Study,
    stored: &StoredModel,
    since: Option<&Spreading<'_>>,
    rows: &[DriftRow],
) -> Vec<Finding> {
    let shown_from = u64::from(study.measures.suppress_below).max(1);
    let column = stored.prediction_column();
    let note = |sentence: String| Finding::new(FindingKind::Drift, Severity::Note, &stored.artefact.outcome, sentence);
    let of_answers = match (since, stored.model.training) {
        (Some(since), Some((_, last))) if since.n() >= shown_from => drifted(stored, since.n(), last, rows),
        (Some(since), Some((_, last))) => Some(note(format!(
            "whether `{column}` still holds is not known from answers: {} since the last of its training on {}",
            match since.n() {
                0 => "there is none".to_owned(),
                n => format!("there are fewer than {shown_from} ({n})"),
            },
            day(last)
        ))),
        _ => Some(note(format!(
            "`{}` does not say when its training answers were given, so that no later ones can be held against them",
            stored.file
        ))),
    };
    of_answers.into_iter().chain(selected(stored, rows)).collect()
}

/// That columns are not as they were.
fn drifted(stored: &StoredModel, n: u64, last: i64, rows: &[DriftRow]) -> Option<Finding> {
    let own: Vec<&DriftRow> = rows.iter().filter(|row| row.compared == Compared::AnswersSince).collect();
    let mut moved: Vec<&DriftRow> = own.iter().copied().filter(|row| row.drifted == Some(true)).collect();
    if moved.is_empty() {
        return None;
    }
    let size = |row: &DriftRow| row.std_difference.map_or(0.0, f64::abs).max(row.psi.unwrap_or(0.0));
    moved.sort_by(|left, right| size(right).total_cmp(&size(left)));
    let named: Vec<String> = moved.iter().take(SHOWN).map(|row| in_words(row)).collect();
    let sentence = format!(
        "`{}`: in the {} since the last of its training on {}, {} as in training: {}{}; judge the model on them (`advocate evaluate \
         --champion`), or fit it again",
        stored.prediction_column(),
        words::counted(n as usize, "answer", "answers"),
        day(last),
        words::part(moved.len(), own.len(), ("column", "columns"), ("is not", "are not")),
        named.join("; "),
        if moved.len() > SHOWN { "; and others" } else { "" }
    );
    let largest = |of: &dyn Fn(&DriftRow) -> Option<f64>| moved.iter().filter_map(|row| of(row)).fold(0.0, f64::max);
    Some(
        Finding::new(FindingKind::Drift, Severity::Warning, &stored.artefact.outcome, sentence)
            .number("n_answers", n as f64)
            .number("n_columns", moved.len() as f64)
            .number("std_difference", largest(&|row| row.std_difference.map(f64::abs)))
            .number("psi", largest(&|row| row.psi)),
    )
}

/// `support` 6.1 on average against 7.4 (0.7 standard deviations below, PSI 0.41); missing in 38 % against 2 %
fn in_words(row: &DriftRow) -> String {
    let mut said = Vec::new();
    if let (Some(mean), Some(difference)) = (row.mean, row.std_difference) {
        let psi = row.psi.map_or_else(String::new, |psi| format!(", PSI {psi:.2}"));
        said.push(format!(
            "{} on average against {} ({:.2} standard deviations {}{psi})",
            words::significant(mean),
            words::significant(row.training_mean),
            difference.abs(),
            if difference < 0.0 { "below" } else { "above" }
        ));
    }
    if let (Some(now), Some(then)) = (row.missing, row.training_missing)
        && (now - then).abs() > 0.005
    {
        said.push(format!("without a value in {} against {}", words::percent(now), words::percent(then)));
    }
    format!("`{}` {}", row.feature, said.join(", "))
}

/// That the customers are others than those who answered, which is no drift.
fn selected(stored: &StoredModel, rows: &[DriftRow]) -> Option<Finding> {
    let customers = rows.iter().filter(|row| row.compared == Compared::Customers);
    let beyond: Vec<(&DriftRow, f64)> = customers
        .filter_map(|row| Some((row, row.std_difference?)))
        .filter(|(_, difference)| difference.abs() > DIFFERENCE_LARGE)
        .collect();
    let (row, difference) =
        beyond.iter().copied().reduce(|one, other| if other.1.abs() > one.1.abs() { other } else { one })?;
    let sentence = format!(
        "`{}`: the customers are not like the answers that its model was fitted to, which is no drift, since most never answered and all are \
         seen from the study's date: {} by more than {DIFFERENCE_LARGE} standard deviations, the most {}",
        stored.prediction_column(),
        words::counted(beyond.len(), "column differs", "columns differ"),
        in_words(&DriftRow { psi: None, training_missing: None, ..row.clone() })
    );
    Some(
        Finding::new(FindingKind::NotRepresentative, Severity::Note, &stored.artefact.outcome, sentence)
            .number("n_columns", beyond.len() as f64)
            .number("std_difference", difference),
    )
}

fn day(at_us: i64) -> String {
    written(at_us).split('T').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference() -> Reference {
        let bins = Bins::from_parts(vec![6.0], vec![0.5, 0.5]);
        Reference { feature: "x".to_owned(), at: Some(0), mean: 5.0, std_dev: 2.0, n: 100.0, missing: Some(0.0), bins }
    }

    fn tally(rows: &[(f64, f64)]) -> Tally {
        let reference = reference();
        let mut tally = reference.tally();
        rows.iter().for_each(|&(value, weight)| tally.add(&reference, value, weight, true));
        tally
    }

    #[test]
    fn a_difference_is_in_standard_deviations_of_the_training() {
        // 8 against 5; the error is the square root of 4 / 100 + 1 / 2. P-values by Python's math.erfc.
        let found = tally(&[(7.0, 1.0), (9.0, 1.0), (f64::NAN, 2.0)]);
        let own = found.difference(&reference()).expect("varies");
        assert!(
            (own.size - 1.5).abs() < 1e-15 && (own.p_value - 4.455_709_060_405_62e-5).abs() < 1e-15,
            "{}",
            own.p_value
        );
        assert!(
            (found.mean(&reference()) - 8.0).abs() < 1e-15 && (found.weight_missing / found.weight - 0.5).abs() < 1e-15
        );
        // Weighted 3 to 1: a mean of 8, a variance of 3, and 16 / 10 rows' worth.
        let own = tally(&[(7.0, 3.0), (11.0, 1.0)]).difference(&reference()).expect("varies");
        assert!(
            (own.size - 1.5).abs() < 1e-15 && (own.p_value - 0.030_167_199_922_113_735).abs() < 1e-15,
            "{}",
            own.p_value
        );
        let constant = Reference { std_dev: 0.0, ..reference() };
        assert!(tally(&[(7.0, 1.0)]).difference(&constant).is_none());
        assert!(tally(&[(f64::NAN, 1.0)]).difference(&reference()).is_none());
    }

    #[test]
    fn rows_that_the_training_would_have_left_out_count_as_gaps_alone() {
        let reference = reference();
        let mut tally = reference.tally();
        tally.add(&reference, 7.0, 1.0, false);
        tally.add(&reference, f64::NAN, 1.0, false);
        assert_eq!((tally.n_used, tally.weight, tally.weight_missing), (0, 2.0, 1.0));
        assert_eq!(tally.by_bin, [0.0, 0.0]);
    }

    #[test]
    fn gaps_have_changed_where_the_share_differs_by_much_and_not_by_chance() {
        // By Python: 0.52 standard deviations with p = 6e-10; 0.06; 0.52 again, of which ten answers prove little (p = 0.041).
        assert!(gaps_changed(0.3, 0.1, 200.0, 400.0));
        assert!(!gaps_changed(0.12, 0.1, 200.0, 400.0));
        assert!(!gaps_changed(0.3, 0.1, 10.0, 400.0));
        assert!(gaps_changed(1.0, 0.0, 38.0, 42.0));
        assert!(!gaps_changed(0.0, 0.0, 38.0, 42.0));
    }
}
