//! `advocate fit --family buy-till-you-die`: who will buy again, from a log of purchases, and how well that was foretold.

use super::codes::MissingCodes;
use super::days::{day_of, day_of_date, written};
use crate::estimators::buy_till_you_die::{
    BgNbd, BgNbdFit, BuyTillYouDieError, Calibration, GammaGamma, GammaGammaFit, HoldOut, HoldOutReport, Horizon,
    ParameterEstimate, Purchase, PurchaseCount, PurchaseLog, TimeUnit, TrackedPeriod,
};
use crate::findings::{Finding, FindingKind, Severity};
use crate::intake::{FlatTable, Wanted};
use crate::pipeline::{PipelineError, in_full};
use crate::report::words;
use crate::stats::Confidence;
use crate::store::{Table, check_ending};
use jiff::civil::Date;
use serde::Serialize;
use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;

/// The largest number of repeat purchases that has a row of its own.
const COUNTED_UP_TO: u32 = 7;

/// What is asked of a log with one row a purchase.
#[derive(Debug, Clone, PartialEq)]
pub struct PurchasesQuestion {
    /// The log.
    pub file: PathBuf,
    /// The column of the customer.
    pub customer: String,
    /// The column of the date, or of the instant, whose day (as written; of UTC where an offset is written) counts.
    pub time: String,
    /// The column of what the purchase was worth.
    pub amount: Option<String>,
    /// The last day that the models see; later purchases test them. By default the last day of the log.
    pub calibration_end: Option<Date>,
    /// The unit of time of the parameters.
    pub unit: TimeUnit,
    /// Days to look ahead from the end of the calibration.
    pub horizon_days: u32,
    /// Level of the intervals.
    pub confidence: Confidence,
    /// Codes that count as missing amounts.
    pub not_applicable: MissingCodes,
    /// Where one row a customer is written: history and forecast. CSV, Parquet or JSON, by the name's end.
    pub augment: Option<PathBuf>,
}

/// Fitted models of purchases and their forecast.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PurchasesAnswer {
    /// One row about the whole fit.
    pub model: PurchasesModel,
    /// One row a parameter.
    pub coefficients: Vec<ParameterRow>,
    /// Customers by their repeat purchases in the calibration, beside what the model expects.
    pub purchase_counts: Vec<PurchaseCount>,
    /// What is expected after the calibration.
    pub forecast: ForecastSum,
    /// What was expected beside what was bought after the calibration; `None` where it ends less than a week before the log.
    pub hold_out: Option<HoldOutAnswer>,
    /// What to know beside the numbers.
    pub findings: Vec<Finding>,
}

/// One row about the whole fit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PurchasesModel {
    /// `buy_till_you_die`.
    pub family: &'static str,
    /// The unit of `alpha` and of all times.
    pub time_unit: TimeUnit,
    /// The last day that the models saw.
    pub calibration_end: String,
    /// Rows of the file.
    pub n_rows: usize,
    /// Rows with a customer and a day.
    pub n_used: usize,
    /// Customers who had bought by the end of the calibration.
    pub n_customers: usize,
    /// Those of them who had bought again, on another day.
    pub n_repeaters: usize,
    /// Customers who first bought later.
    pub n_later: usize,
    /// Log-likelihood of the purchases (BG/NBD).
    pub log_likelihood: f64,
    /// Newton steps.
    pub iterations: usize,
    /// Whether the score equations hold; a fit for which they do not is an error.
    pub converged: bool,
    /// The model of what purchases are worth (Gamma-Gamma).
    pub spend: Option<SpendModel>,
}

/// One row about the model of what purchases are worth.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SpendModel {
    /// Customers in the fit: those who bought again for something.
    pub n_customers: usize,
    /// Its log-likelihood.
    pub log_likelihood: f64,
    /// Mean value of a purchase over all customers.
    pub mean_value: f64,
    /// Correlation of how often customers buy again and for how much, which the model takes for zero.
    pub correlation: f64,
}

/// One parameter. There is no test of zero, where no such parameter can lie.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ParameterRow {
    /// `bg_nbd` or `gamma_gamma`.
    pub model: &'static str,
    /// The parameter as the literature has it.
    pub term: String,
    /// Its estimate.
    pub estimate: f64,
    /// Its standard error.
    pub std_error: f64,
    /// Lower end of its confidence interval.
    pub conf_low: f64,
    /// Upper end of its confidence interval.
    pub conf_high: f64,
}

/// Sums over all customers of the calibration.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ForecastSum {
    /// Days from the end of the calibration on.
    pub horizon_days: u32,
    /// Purchases expected in them.
    pub expected_purchases: f64,
    /// Customers expected to buy at all in them.
    pub expected_buyers: f64,
    /// What these purchases are expected to be worth.
    pub expected_spend: Option<f64>,
}

/// Predictions held against purchases that the fit has not seen.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HoldOutAnswer {
    /// The last day of the hold-out.
    pub last_day: String,
    /// Customers followed.
    pub n_customers: usize,
    /// Purchases predicted.
    pub predicted: f64,
    /// Purchases made.
    pub actual: usize,
    /// `predicted - actual`.
    pub gap: f64,
    /// The gap as a share of the purchases made.
    pub gap_share: Option<f64>,
    /// Cumulative purchases of the customers by weeks after the calibration.
    pub weeks: Vec<WeekRow>,
    /// Cumulative repeat purchases by weeks since the first customer came, predicted from nothing but when customers came.
    pub tracking: Vec<WeekRow>,
}

/// Cumulative purchases by the end of a week.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WeekRow {
    /// The week, from 1.
    pub week: usize,
    /// Its last day.
    pub last_day: String,
    /// Purchases predicted by then.
    pub predicted: f64,
    /// Purchases made by then.
    pub actual: usize,
}

/// Fits BG/NBD and, where amounts are given, Gamma-Gamma to the log up to the end of the calibration.
///
/// # Errors
/// A log that is refused, whatever makes the fit impossible, and a table of customers that cannot be written.
pub fn purchases(question: &PurchasesQuestion) -> Result<PurchasesAnswer, PipelineError> {
    if let Some(path) = &question.augment {
        check_ending(path)?;
    }
    let Log { table, purchases, names, last_day, mut findings } = question.read()?;
    let n_used = purchases.len();
    let longest_silence = longest_silence(&purchases);
    let log = PurchaseLog::new(purchases).map_err(impossible)?;
    let end = question.calibration_end.map_or(Ok(last_day), day_of_date)?;
    findings.extend(silent_end(end - last_day, longest_silence));
    let calibration = log.calibrate(end, question.unit).map_err(impossible)?;
    let customers = calibration.customers();
    let settings = BgNbd { confidence: question.confidence, ..BgNbd::default() };
    let fit = settings.fit(customers).map_err(impossible)?;
    let settings = GammaGamma { confidence: question.confidence, ..GammaGamma::default() };
    let spend = match question.amount.as_ref().map(|_| settings.fit(customers)) {
        // What purchases are worth may be left open, and how many there will be is still known.
        Some(Err(problem @ (BuyTillYouDieError::NotIdentified { .. } | BuyTillYouDieError::ConstantValue { .. }))) => {
            findings.push(without_values(&problem));
            None
        }
        other => other.transpose().map_err(impossible)?,
    };
    findings.extend(fit.findings().iter().cloned());
    findings.extend(spend.iter().flat_map(|spend| spend.findings().iter().cloned()));
    let hold_out = if last_day - end >= i64::from(HoldOut::default().period_days) {
        let report = HoldOut::default().report(&log, &calibration, fit.model(), last_day).map_err(impossible)?;
        findings.extend(report.findings.iter().cloned());
        Some(HoldOutAnswer::of(report, last_day)?)
    } else {
        None
    };
    let forecast = Forecast::of(question, &calibration, &fit, spend.as_ref())?;
    if let Some(path) = &question.augment {
        forecast.table(&calibration, &names).write_as(path)?;
    }
    let of_spend = spend.iter().flat_map(|spend| parameters("gamma_gamma", spend.parameters()));
    Ok(PurchasesAnswer {
        model: PurchasesModel {
            family: "buy_till_you_die",
            time_unit: question.unit,
            calibration_end: written(end)?,
            n_rows: table.n_rows,
            n_used,
            n_customers: fit.n_customers(),
            n_repeaters: fit.n_repeaters(),
            n_later: calibration.n_later(),
            log_likelihood: fit.log_likelihood(),
            iterations: fit.iterations(),
            converged: true,
            spend: spend.as_ref().map(|spend| SpendModel {
                n_customers: spend.n_customers(),
                log_likelihood: spend.log_likelihood(),
                mean_value: spend.model().mean_value(),
                correlation: spend.correlation(),
            }),
        },
        coefficients: parameters("bg_nbd", fit.parameters()).chain(of_spend).collect(),
        purchase_counts: fit.model().purchase_counts(customers, COUNTED_UP_TO),
        forecast: forecast.sum(question.horizon_days),
        hold_out,
        findings,
    })
}

/// That purchases are counted and not valued.
fn without_values(problem: &BuyTillYouDieError) -> Finding {
    let sentence = format!(
        "What purchases are worth could not be modelled, so that forecasts are of their number alone: {}",
        in_words(problem)
    );
    Finding::new(FindingKind::NotEstimated, Severity::Warning, "gamma_gamma", sentence)
}

/// The problem without what the command line cannot do: a penalty is the library's.
fn in_words(problem: &BuyTillYouDieError) -> String {
    in_full(problem).replace(", or set a penalty", "")
}

/// The most days from one purchase of anybody to the next.
fn longest_silence(purchases: &[Purchase]) -> i64 {
    let days: BTreeSet<i64> = purchases.iter().map(|purchase| purchase.day).collect();
    days.iter().zip(days.iter().skip(1)).map(|(day, next)| next - day).max().unwrap_or(1)
}

/// A calibration that ends so long after the last purchase that the log itself may have ended before.
fn silent_end(n_days: i64, longest_silence: i64) -> Option<Finding> {
    (n_days > longest_silence).then(|| {
        let sentence = format!(
            "the calibration ends {} after the last purchase of the log, which is never silent for more than \
             {longest_silence}: as many days without anybody's purchase make all forecasts lower; leave --calibration-end out if \
             the log ends before",
            words::days(n_days)
        );
        Finding::new(FindingKind::Unreliable, Severity::Warning, "calibration_end", sentence).number("n_days", n_days as f64)
    })
}

/// The purchases of a log.
struct Log {
    table: FlatTable,
    purchases: Vec<Purchase>,
    /// The customers behind the codes.
    names: Vec<String>,
    last_day: i64,
    findings: Vec<Finding>,
}

impl PurchasesQuestion {
    fn read(&self) -> Result<Log, PipelineError> {
        let wanted = Wanted {
            numbers: self.amount.iter().cloned().collect(),
            texts: vec![self.customer.clone(), self.time.clone()],
            ..self.not_applicable.wanted(", or name it with --not-applicable")
        };
        MissingCodes::check(&wanted)?;
        let mut table = FlatTable::read(&self.file, &wanted).map_err(|error| PipelineError::Input(in_full(&error)))?;
        let [customers, times] = [0, 1].map(|place: usize| std::mem::take(&mut table.texts[place]));
        let amounts = table.numbers.first();
        let (mut codes, mut names): (HashMap<&str, u32>, Vec<String>) = (HashMap::new(), Vec::new());
        let (mut purchases, mut n_dropped) = (Vec::with_capacity(table.n_rows), 0);
        for row in 0..table.n_rows {
            let value = amounts.map_or(0.0, |amounts| amounts[row]);
            let (Some(customer), Some(time), false) = (&customers[row], &times[row], value.is_nan()) else {
                n_dropped += 1;
                continue;
            };
            let place = |column: &str| table.cell(row, column);
            let Some(day) = day_of(time) else {
                let shown: String = time.chars().take(60).collect();
                return Err(PipelineError::Input(format!(
                    "{}: `{shown}` is no date; write dates as 2026-09-30 or 20260930, with or without a time behind",
                    place(&self.time)
                )));
            };
            if value < 0.0 {
                let column = self.amount.as_deref().unwrap_or_default();
                return Err(PipelineError::Input(format!(
                    "{}: {value} is below zero; leave returns and cancellations out",
                    place(column)
                )));
            }
            let code = *codes.entry(customer.as_str()).or_insert_with(|| {
                names.push(customer.clone());
                (names.len() - 1) as u32
            });
            purchases.push(Purchase { customer: code, day, value });
        }
        let last_day = purchases.iter().map(|purchase| purchase.day).max();
        let last_day = last_day.ok_or_else(|| {
            PipelineError::Impossible(format!(
                "{}: no row has a customer and a date; look at the missing cells",
                table.file
            ))
        })?;
        let findings = dropped(n_dropped, table.n_rows).into_iter().collect();
        Ok(Log { purchases, names, last_day, findings, table })
    }
}

fn dropped(n: usize, n_rows: usize) -> Option<Finding> {
    (n > 0).then(|| {
        let sentence = format!(
            "{} left out because the customer, the date or the amount is missing",
            words::part(n, n_rows, words::ROWS, words::ARE)
        );
        Finding::new(FindingKind::RowsDropped, Severity::Warning, "log", sentence).number("n", n as f64)
    })
}

/// What is expected of every customer.
struct Forecast {
    rows: Vec<ForecastRow>,
}

struct ForecastRow {
    p_alive: f64,
    expected_purchases: f64,
    p_purchase: f64,
    expected_value: Option<f64>,
}

impl Forecast {
    fn of(
        question: &PurchasesQuestion,
        calibration: &Calibration,
        fit: &BgNbdFit,
        spend: Option<&GammaGammaFit>,
    ) -> Result<Self, PipelineError> {
        let length = f64::from(question.horizon_days) / question.unit.days();
        let horizon = Horizon::new(length).map_err(|error| PipelineError::Usage(error.to_string()))?;
        let values = spend.map(|spend| spend.model().expected_values(calibration.customers()));
        let values = values.transpose().map_err(impossible)?;
        let forecasts = fit.model().predict(calibration.customers(), horizon).into_iter().enumerate();
        let row = |(customer, forecast): (usize, crate::estimators::buy_till_you_die::PurchaseForecast)| ForecastRow {
            p_alive: forecast.p_alive,
            expected_purchases: forecast.expected_purchases,
            p_purchase: forecast.p_purchase,
            expected_value: values.as_ref().map(|values| values[customer]),
        };
        Ok(Self { rows: forecasts.map(row).collect() })
    }

    fn sum(&self, horizon_days: u32) -> ForecastSum {
        let spend = |row: &ForecastRow| Some(row.expected_value? * row.expected_purchases);
        ForecastSum {
            horizon_days,
            expected_purchases: self.rows.iter().map(|row| row.expected_purchases).sum(),
            expected_buyers: self.rows.iter().map(|row| row.p_purchase).sum(),
            expected_spend: self.rows.iter().map(spend).sum(),
        }
    }

    fn table(&self, calibration: &Calibration, names: &[String]) -> Table {
        let customers = calibration.customers();
        let histories = customers.histories();
        let means = customers.mean_values().unwrap_or_default();
        let table = Table::new("customers")
            .texts("customer", calibration.codes().iter().map(|&code| names[code as usize].clone()))
            .integers("frequency", histories.iter().map(|history| i64::from(history.frequency())))
            .numbers("recency", histories.iter().map(|history| history.recency()))
            .numbers("age", histories.iter().map(|history| history.age()))
            .numbers("p_alive", self.rows.iter().map(|row| row.p_alive))
            .numbers("expected_purchases", self.rows.iter().map(|row| row.expected_purchases))
            .numbers("p_purchase", self.rows.iter().map(|row| row.p_purchase));
        if self.rows.iter().all(|row| row.expected_value.is_none()) {
            return table;
        }
        let spend = |row: &ForecastRow| row.expected_value.map(|value| value * row.expected_purchases);
        table
            .numbers("mean_value", means.iter().copied())
            .numbers("expected_value", self.rows.iter().map(|row| row.expected_value))
            .numbers("expected_spend", self.rows.iter().map(spend))
    }
}

impl HoldOutAnswer {
    fn of(report: HoldOutReport, last_day: i64) -> Result<Self, PipelineError> {
        let weeks = |periods: Vec<TrackedPeriod>| -> Result<Vec<WeekRow>, PipelineError> {
            let row = |TrackedPeriod { period, last_day, predicted, actual }| {
                Ok(WeekRow { week: period, last_day: written(last_day)?, predicted, actual })
            };
            periods.into_iter().map(row).collect()
        };
        Ok(Self {
            last_day: report.hold_out.last().map_or(Ok(last_day), |week| Ok(week.last_day)).and_then(written)?,
            n_customers: report.n_customers,
            predicted: report.predicted,
            actual: report.actual,
            gap: report.gap,
            gap_share: report.gap_share,
            weeks: weeks(report.hold_out)?,
            tracking: weeks(report.tracking)?,
        })
    }
}

fn parameters<'p>(
    model: &'static str,
    parameters: &'p [ParameterEstimate],
) -> impl Iterator<Item = ParameterRow> + use<'p> {
    parameters.iter().map(move |row| ParameterRow {
        model,
        term: row.parameter.clone(),
        estimate: row.estimate,
        std_error: row.std_error,
        conf_low: row.conf_low,
        conf_high: row.conf_high,
    })
}

fn impossible(error: BuyTillYouDieError) -> PipelineError {
    PipelineError::Impossible(in_words(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_beyond_the_longest_silence_of_the_log_is_told() {
        let on = |(customer, day)| Purchase { customer, day, value: 1.0 };
        let purchases: Vec<Purchase> = [(0, 3), (1, 1), (0, 10), (1, 10)].map(on).to_vec();
        assert_eq!(longest_silence(&purchases), 7);
        assert_eq!(silent_end(7, 7), None);
        let told = silent_end(8, 7).expect("told");
        assert!(told.sentence.contains("8 days after the last purchase") && told.numbers["n_days"] == 8.0);
    }
}
