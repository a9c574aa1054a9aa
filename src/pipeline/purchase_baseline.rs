//! What purchases alone tell of later purchases: a buy-till-you-die model beside the models of a study.
//!
//! At each cut BG/NBD (and, for spend, Gamma-Gamma) is fitted to all customers as they stood then. A test answer is
//! predicted from its customer's purchases before it. One purchase occasion is all that a customer bought on one day (UTC).

use super::in_full;
use crate::data::{Observations, Split};
use crate::estimators::buy_till_you_die::{
    BgNbd, BgNbdModel, BuyTillYouDieError, Customers, GammaGamma, GammaGammaModel, History, HistoryError, Horizon,
    LogSpend,
};
use crate::estimators::evaluation::Predicted;
use crate::findings::{Finding, FindingKind, Severity};
use crate::link::{BaseTable, Engine, LinkError};
use crate::study::{Outcome, OutcomeKind, SpendScale};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Microseconds in a day.
const DAY_US: i64 = 86_400_000_000;
/// Ten-thousandths in a unit of money.
pub(super) const MONEY: f64 = 10_000.0;
/// What holds parameters together that the customers do not settle, as where all seem equally likely to leave: a normal prior of
/// this precision on their logarithms, too weak to be seen where they do.
const PENALTY: f64 = 0.1;
/// The least number that a model of counts may expect: such a model's deviance has no value at nought.
const EXPECTED_MIN: f64 = 1e-9;

/// One purchase.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bought {
    pub t_us: i64,
    /// In units of money; nought where it is not known.
    pub value: f64,
}

/// A customer's purchases before an instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Record {
    pub history: History,
    /// Mean value of the repeat occasions; nought without any, and where returns outweigh purchases.
    pub mean_value: f64,
    n_purchases: usize,
}

impl Record {
    /// What is known of purchases, in order of time, before `at_us`; `None` where there were none.
    ///
    /// Times are whole days: the age runs from the first purchase's day to the last day on which a purchase could have been
    /// known.
    pub fn before(purchases: &[Bought], at_us: i64) -> Option<Result<Self, HistoryError>> {
        let known = &purchases[..purchases.partition_point(|bought| bought.t_us < at_us)];
        let day = |bought: &Bought| bought.t_us.div_euclid(DAY_US);
        let (first, last) = (day(known.first()?), day(known.last()?));
        let repeats = &known[known.partition_point(|bought| day(bought) == first)..];
        let frequency = repeats.chunk_by(|left, right| day(left) == day(right)).count() as u32;
        let spent: f64 = repeats.iter().map(|bought| bought.value).sum();
        let history = History::new(frequency, (last - first) as f64, ((at_us - 1).div_euclid(DAY_US) - first) as f64);
        Some(history.map(|history| Self {
            history,
            mean_value: if frequency == 0 { 0.0 } else { (spent / f64::from(frequency)).max(0.0) },
            n_purchases: known.len(),
        }))
    }

    fn n_occasions(&self) -> usize {
        self.history.frequency() as usize + 1
    }
}

/// The models as they are fitted at each cut, and each answer's customer as that one stood at the answer.
pub(super) struct PurchaseRecords {
    by_cut: BTreeMap<i64, Result<Fitted, String>>,
    /// One a row of the base table.
    by_answer: Vec<Option<Record>>,
}

impl PurchaseRecords {
    /// One pass over all purchases, and a fit at each cut.
    pub fn read(engine: &Engine, base: &BaseTable, cuts_us: BTreeSet<i64>) -> Result<Self, LinkError> {
        let mut pass = Pass::over(base, cuts_us);
        engine.purchases::<LinkError>(|batch| {
            pass.take(&batch);
            Ok(())
        })?;
        pass.end_customer();
        let fit = |records: Vec<Record>| Fitted::of(&records).map_err(|error| in_full(&error));
        let by_cut = pass.by_cut.into_iter().map(|(cut, records)| (cut, fit(records)));
        Ok(Self { by_cut: by_cut.collect(), by_answer: pass.by_answer })
    }
}

/// A pass over the purchases, customer by customer.
struct Pass<'b> {
    /// Rows of the base table by customer.
    answers: HashMap<&'b str, Vec<usize>>,
    times: &'b [f64],
    customer: String,
    purchases: Vec<Bought>,
    by_cut: BTreeMap<i64, Vec<Record>>,
    by_answer: Vec<Option<Record>>,
}

impl<'b> Pass<'b> {
    fn over(base: &'b BaseTable, cuts_us: BTreeSet<i64>) -> Self {
        let customers = base.texts("customer").unwrap_or_default();
        let mut answers: HashMap<&str, Vec<usize>> = HashMap::new();
        for (row, customer) in customers.iter().enumerate() {
            answers.entry(customer.as_deref().unwrap_or_default()).or_default().push(row);
        }
        Self {
            answers,
            times: base.numbers("t").unwrap_or_default(),
            customer: String::new(),
            purchases: Vec::new(),
            by_cut: cuts_us.into_iter().map(|cut| (cut, Vec::new())).collect(),
            by_answer: vec![None; customers.len()],
        }
    }

    /// Purchases in order of customer and time.
    fn take(&mut self, batch: &BaseTable) {
        let customers = batch.texts("customer").unwrap_or_default();
        let (times, money) = (batch.numbers("t").unwrap_or_default(), batch.numbers("money").unwrap_or_default());
        for ((customer, &t), &money) in customers.iter().zip(times).zip(money) {
            let customer = customer.as_deref().unwrap_or_default();
            if customer != self.customer {
                self.end_customer();
                customer.clone_into(&mut self.customer);
            }
            let value = if money.is_nan() { 0.0 } else { money / MONEY };
            self.purchases.push(Bought { t_us: t as i64, value });
        }
    }

    /// All purchases of the customer are known. Times that no history can have are left out.
    fn end_customer(&mut self) {
        let before = |at_us: i64| Record::before(&self.purchases, at_us).and_then(Result::ok);
        for (&cut, records) in &mut self.by_cut {
            records.extend(before(cut));
        }
        for &row in self.answers.get(self.customer.as_str()).into_iter().flatten() {
            self.by_answer[row] = before(self.times[row] as i64);
        }
        self.purchases.clear();
    }
}

/// The buy-till-you-die model of one outcome, as it is fitted at each of its cuts.
pub(super) struct PurchaseBaseline<'a> {
    pub outcome: &'a Outcome,
    pub observations: &'a Observations,
    /// The row of the base table of each observation.
    pub rows: &'a [usize],
    pub records: &'a PurchaseRecords,
    pub cuts_us: &'a [i64],
}

/// The models as they are fitted at one cut.
pub(super) struct Fitted {
    pub purchases: BgNbdModel,
    pub of_purchases: Vec<Finding>,
    /// What an occasion is worth, or why that is not known.
    pub spend: Result<GammaGammaModel, String>,
    pub of_spend: Vec<Finding>,
    /// Purchases on a day with any: a study counts purchases, the model days.
    per_occasion: f64,
}

impl PurchaseBaseline<'_> {
    /// Whether a buy-till-you-die model says anything of this outcome.
    pub fn is_of(outcome: &Outcome) -> bool {
        matches!(
            outcome.kind(),
            OutcomeKind::Repurchase { .. }
                | OutcomeKind::Churn { .. }
                | OutcomeKind::Purchases { .. }
                | OutcomeKind::Spend { .. }
        )
    }

    /// Predictions of the test rows of a split, whose cut is the one at the same place.
    ///
    /// An answer whose customer had bought nothing before it has no history. It is given the mean outcome of the training
    /// answers of which that is true as well, or of all if there are none.
    pub fn predict(&self, place: usize, split: &Split) -> Result<Predicted, String> {
        let fitted = self.cuts_us.get(place).and_then(|cut| self.records.by_cut.get(cut));
        let fitted = fitted.ok_or("there is no cut in time")?.as_ref().map_err(String::clone)?;
        let of_spend = matches!(self.outcome.kind(), OutcomeKind::Spend { .. });
        if let (true, Err(reason)) = (of_spend, &fitted.spend) {
            return Err(reason.clone());
        }
        let window =
            Horizon::new(f64::from(self.outcome.window_days().unwrap_or(0))).map_err(|error| error.to_string())?;
        let record = |row: usize| self.records.by_answer[self.rows[row]];
        let newcomers = self.mean_of(split.train(), |row| record(row).is_none());
        let newcomers = newcomers.or_else(|| self.mean_of(split.train(), |_| true)).unwrap_or(0.0);
        let n_newcomers = split.test().iter().filter(|&&row| record(row).is_none()).count();
        let predict =
            |&row: &usize| record(row).map_or(newcomers, |record| fitted.predict(self.outcome.kind(), &record, window));
        let values: Vec<f64> = split.test().par_iter().with_min_len(256).map(predict).collect();
        let mut findings = fitted.of_purchases.clone();
        findings.extend(fitted.of_spend.iter().filter(|_| of_spend).cloned());
        findings.extend(newcomer_finding(self.outcome, n_newcomers, values.len(), newcomers));
        Ok(Predicted { values, findings, ..Predicted::default() })
    }

    /// The weighted mean outcome of some rows.
    fn mean_of(&self, rows: &[usize], counts: impl Fn(usize) -> bool) -> Option<f64> {
        let (weights, outcomes) = (self.observations.weights(), self.observations.outcome().values());
        let (mut weight, mut sum) = (0.0, 0.0);
        for &row in rows.iter().filter(|&&row| counts(row)) {
            weight += weights.of(row);
            sum += weights.of(row) * outcomes[row];
        }
        (weight > 0.0).then(|| sum / weight)
    }
}

/// The records as the models take them.
pub(super) fn customers_of(records: &[Record]) -> Result<Customers, BuyTillYouDieError> {
    Customers::new(records.iter().map(|record| record.history).collect())?
        .valued(records.iter().map(|record| record.mean_value).collect())
}

impl Fitted {
    pub fn of(records: &[Record]) -> Result<Self, BuyTillYouDieError> {
        let customers = customers_of(records)?;
        let unsettled = |error: &BuyTillYouDieError| matches!(error, BuyTillYouDieError::NotIdentified { .. });
        let purchases = match BgNbd::default().fit(&customers) {
            Err(error) if unsettled(&error) => BgNbd { penalty: PENALTY, ..BgNbd::default() }.fit(&customers)?,
            other => other?,
        };
        let spend = match GammaGamma::default().fit(&customers) {
            Err(error) if unsettled(&error) => GammaGamma { penalty: PENALTY, ..GammaGamma::default() }.fit(&customers),
            other => other,
        };
        let n_purchases: usize = records.iter().map(|record| record.n_purchases).sum();
        let n_occasions: usize = records.iter().map(Record::n_occasions).sum();
        Ok(Self {
            purchases: *purchases.model(),
            of_purchases: purchases.findings().to_vec(),
            of_spend: spend.as_ref().map_or_else(|_| Vec::new(), |spend| spend.findings().to_vec()),
            spend: spend.map(|spend| *spend.model()).map_err(|error| in_full(&error)),
            per_occasion: n_purchases as f64 / n_occasions as f64,
        })
    }

    pub fn predict(&self, outcome: &OutcomeKind, record: &Record, window: Horizon) -> f64 {
        let Record { history, mean_value, .. } = record;
        let any = || self.purchases.purchase_probability(history, window).clamp(0.0, 1.0);
        let expected = || self.purchases.expected_purchases(history, window);
        match (outcome, &self.spend) {
            (OutcomeKind::Churn { .. }, _) => 1.0 - any(),
            (OutcomeKind::Purchases { .. }, _) => (self.per_occasion * expected()).max(EXPECTED_MIN),
            (OutcomeKind::Spend { scale: SpendScale::Log1p, .. }, Ok(spend)) => {
                let log_spend = LogSpend { purchases: self.purchases, spend: *spend };
                log_spend.expected(history, *mean_value, window)
            }
            (OutcomeKind::Spend { .. }, Ok(spend)) => {
                expected() * spend.expected_value(history.frequency(), *mean_value)
            }
            _ => any(),
        }
    }
}

fn newcomer_finding(outcome: &Outcome, n_newcomers: usize, n_rows: usize, value: f64) -> Option<Finding> {
    (n_newcomers > 0).then(|| {
        let sentence = format!(
            "In {n_newcomers} of {n_rows} test answers the customer had bought nothing before: for the buy-till-you-die model \
             they have the mean of such training answers ({value:.3})."
        );
        Finding::new(FindingKind::SmallBase, Severity::Note, outcome.name(), sentence)
            .number("n", n_newcomers as f64)
            .number("value", value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bought(day: f64) -> Bought {
        Bought { t_us: (day * DAY_US as f64) as i64, value: 10.0 }
    }

    #[test]
    fn a_record_knows_what_was_bought_before_and_nothing_else() {
        // Two lines on day 0, one on day 3, one on day 9 and one on the day of the answer, after it.
        let purchases = [0.2, 0.4, 3.5, 9.1, 10.9].map(bought);
        let record = Record::before(&purchases, bought(10.5).t_us).expect("purchases").expect("possible");
        assert_eq!((record.history.frequency(), record.n_purchases, record.n_occasions()), (2, 4, 3));
        assert!((record.history.recency() - 9.0).abs() < 1e-12 && (record.history.age() - 10.0).abs() < 1e-12);
        assert!((record.mean_value - 10.0).abs() < 1e-12);
        // At midnight the last day that is known is the one before.
        let at_midnight = Record::before(&purchases, 10 * DAY_US).expect("purchases").expect("possible");
        assert!((at_midnight.history.age() - 9.0).abs() < 1e-12);
        assert!(Record::before(&purchases, purchases[0].t_us).is_none());
    }

    #[test]
    fn customers_who_leave_nothing_to_settle_are_predicted_all_the_same() {
        // All buy every ten days, so that nobody seems to differ or to leave.
        let records: Vec<Record> = (0..60)
            .map(|customer| {
                let purchases: Vec<Bought> =
                    (0..4 + customer % 5).map(|place| bought(10.0 * f64::from(place))).collect();
                let until = purchases[purchases.len() - 1].t_us + DAY_US;
                Record::before(&purchases, until).expect("purchases").expect("possible")
            })
            .collect();
        let fitted = Fitted::of(&records).expect("a fit");
        let window = Horizon::new(100.0).expect("a length");
        let expected = fitted.predict(&OutcomeKind::Repurchase { window_days: 100 }, &records[0], window);
        assert!((0.5..=1.0).contains(&expected), "{expected}");
        assert!(!fitted.of_purchases.is_empty());
    }

    #[test]
    fn the_logarithm_of_spend_is_expected_to_be_less_than_that_of_what_is_expected() {
        // Customers who buy every 5 to 40 days, one in four of them silent for long.
        let records: Vec<Record> = (0..80_i32)
            .map(|customer| {
                let every = f64::from(5 + 5 * (customer % 8));
                let value = f64::from(10 + customer % 7);
                let purchases: Vec<Bought> = (0..2 + customer % 6)
                    .map(|place| Bought { value: value + f64::from(place % 3), ..bought(every * f64::from(place)) })
                    .collect();
                let silent = if customer % 4 == 0 { 400 } else { 10 };
                let until = purchases[purchases.len() - 1].t_us + silent * DAY_US;
                Record::before(&purchases, until).expect("purchases").expect("possible")
            })
            .collect();
        let fitted = Fitted::of(&records).expect("a fit");
        let window = Horizon::new(90.0).expect("a length");
        let of = |scale, record| fitted.predict(&OutcomeKind::Spend { window_days: 90, scale }, record, window);
        for record in &records {
            let (amount, logarithm) = (of(SpendScale::Amount, record), of(SpendScale::Log1p, record));
            // Jensen's inequality, strict since nobody's spend is sure.
            assert!(logarithm > 0.0 && logarithm < amount.ln_1p(), "{amount} {logarithm}");
        }
    }

    #[test]
    fn returns_that_outweigh_purchases_leave_no_value() {
        let purchases = [Bought { t_us: 0, value: 5.0 }, Bought { t_us: DAY_US, value: -8.0 }];
        let record = Record::before(&purchases, 2 * DAY_US).expect("purchases").expect("possible");
        assert!(record.mean_value.abs() < 1e-12);
    }
}
