//! Does the score lead the business? Units by periods, made of the answers and of everybody's purchases.

use super::PipelineError;
use super::coded::Coded;
use super::perception::numbers_of;
use super::population::Part;
use super::question::Question;
use crate::findings::{Finding, FindingKind, Severity};
use crate::link::{BaseTable, Engine};
use crate::measures::panel::{LeadPanel, PanelRow};
use crate::report::PanelResult;
use crate::study::{Panel, Period};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, HashMap};

/// A figure by unit and period.
type ByCell = BTreeMap<(u32, i64), f64>;

/// Regressions of what became of units on their earlier scores, one result an outcome; none where the study names no unit.
///
/// Growth is 100 times the logarithm of a period's revenue over that of the period before. New customers are those whose first
/// purchase lies in the period. Periods that end after the study's date are incomplete, and so may be the first one with a
/// purchase of the unit, before which there was no unit: none of these is an outcome. A score that rests on fewer answers than are shown is none.
///
/// # Errors
/// The engine fails; a margin that is no number.
pub(super) fn of(
    question: &Question<'_>,
    engine: &Engine,
    findings: &mut Vec<Finding>,
) -> Result<Vec<PanelResult>, PipelineError> {
    let study = question.study;
    let Some(own) = &study.measures.panel else { return Ok(Vec::new()) };
    let (Some(units), Some(times)) = (Coded::of(question.base, &own.unit), question.base.numbers("t")) else {
        return Ok(Vec::new());
    };
    let margin = own.margin.as_ref().map(|name| numbers_of(question, name, "measures.panel.margin")).transpose()?;
    let period = |t: f64| period_of(own.period, t as i64);
    let mut cells: BTreeMap<(u32, i64), Vec<usize>> = BTreeMap::new();
    for row in question.answered() {
        if let Some(period) = period(times[row]).filter(|_| (units.codes[row] as usize) < units.levels.len()) {
            cells.entry((units.codes[row], period)).or_default().push(row);
        }
    }
    let Some(end) = period_of(own.period, study.as_of.end_us()) else { return Ok(Vec::new()) };
    let n_min = study.measures.suppress_below.max(1) as usize;
    let scores: ByCell = cells
        .iter()
        .filter(|(_, rows)| rows.len() >= n_min)
        .filter_map(|(&cell, rows)| Some((cell, question.score_to_show(rows, Part::All).ok()?.nps)))
        .collect();
    let mut outcomes: Vec<(&'static str, ByCell)> = Vec::new();
    if study.sources.transactions.is_some() {
        let business = Business::of(own, engine, &units, question.base)?;
        outcomes.push(("growth", business.growth(end)));
        outcomes.push(("new_customers", business.new_customers(end)));
    }
    if let Some(margin) = &margin {
        let mean = |rows: &Vec<usize>| {
            let known: Vec<f64> = rows.iter().map(|&row| margin[row]).filter(|value| !value.is_nan()).collect();
            (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
        };
        let complete = cells.iter().filter(|((_, period), _)| *period < end);
        outcomes.push(("margin", complete.filter_map(|(&cell, rows)| Some((cell, mean(rows)?))).collect()));
    }
    let lags = own.lags.iter().map(|&lag| i64::from(lag)).chain([-1]).collect();
    let settings = LeadPanel { lags, confidence: study.confidence, ..LeadPanel::default() };
    let mut results = Vec::new();
    for (outcome, values) in outcomes {
        match settings.of(&rows(&units, &scores, &values)) {
            Ok(table) => {
                findings.extend(table.not_made.iter().filter(|row| row.lag > 0).map(|row| {
                    let sentence = format!(
                        "whether the score goes before {outcome} by {} {}s could not be computed: {}",
                        row.lag,
                        word(own.period),
                        row.problem
                    );
                    Finding::new(FindingKind::NotEstimated, Severity::Warning, &own.unit, sentence)
                }));
                results.push(PanelResult { outcome, unit: own.unit.clone(), period: word(own.period), table });
            }
            Err(problem) => {
                let sentence = format!("whether the score goes before {outcome} could not be computed: {problem}");
                findings.push(Finding::new(FindingKind::NotEstimated, Severity::Warning, &own.unit, sentence));
            }
        }
    }
    Ok(results)
}

fn word(period: Period) -> &'static str {
    match period {
        Period::Month => "month",
        Period::Quarter => "quarter",
    }
}

/// The period of an instant in UTC microseconds, counted in whole steps.
fn period_of(period: Period, t: i64) -> Option<i64> {
    let date = Timestamp::from_microsecond(t).ok()?.to_zoned(TimeZone::UTC).date();
    let (year, month) = (i64::from(date.year()), i64::from(date.month()) - 1);
    Some(match period {
        Period::Month => 12 * year + month,
        Period::Quarter => 4 * year + month / 3,
    })
}

/// A row for every unit and period of which the score or the outcome is known.
fn rows(units: &Coded, scores: &ByCell, outcomes: &ByCell) -> Vec<PanelRow> {
    let mut cells: Vec<(u32, i64)> = scores.keys().chain(outcomes.keys()).copied().collect();
    cells.sort_unstable();
    cells.dedup();
    let row = |cell: (u32, i64)| PanelRow {
        unit: units.levels[cell.0 as usize].clone(),
        period: cell.1,
        score: scores.get(&cell).copied().unwrap_or(f64::NAN),
        outcome: outcomes.get(&cell).copied().unwrap_or(f64::NAN),
        controls: Vec::new(),
    };
    cells.into_iter().map(row).collect()
}

/// What one unit's customers did in one period.
#[derive(Debug, Clone, Copy, Default)]
struct Done {
    /// In ten-thousandths.
    revenue: i64,
    n_new: u64,
}

/// Purchases by unit and period.
struct Business {
    done: HashMap<(u32, i64), Done>,
    /// Of every unit the first period with a purchase.
    first: BTreeMap<u32, i64>,
}

impl Business {
    /// Purchases of customers whose unit is known.
    fn of(settings: &Panel, engine: &Engine, units: &Coded, base: &BaseTable) -> Result<Self, PipelineError> {
        let unit_of = customers(settings, engine, units, base)?;
        let mut own = Self { done: HashMap::new(), first: BTreeMap::new() };
        let mut last: Option<String> = None;
        engine.purchases::<PipelineError>(|batch| {
            let who = batch.texts("customer").unwrap_or_default();
            let (t, money) = (batch.numbers("t").unwrap_or_default(), batch.numbers("money").unwrap_or_default());
            for (row, customer) in who.iter().enumerate() {
                let is_first = *customer != last;
                if is_first {
                    last.clone_from(customer);
                }
                let Some(period) = period_of(settings.period, t[row] as i64) else { continue };
                if let Some(&unit) = customer.as_ref().and_then(|customer| unit_of.get(customer)) {
                    own.first.entry(unit).and_modify(|first| *first = period.min(*first)).or_insert(period);
                    let done = own.done.entry((unit, period)).or_default();
                    // A purchase without an amount is one all the same.
                    done.revenue += if money[row].is_nan() { 0 } else { money[row] as i64 };
                    done.n_new += u64::from(is_first);
                }
            }
            Ok(())
        })?;
        Ok(own)
    }

    fn revenue(&self, unit: u32, period: i64) -> Option<f64> {
        self.done.get(&(unit, period)).map(|done| done.revenue as f64).filter(|&revenue| revenue > 0.0)
    }

    fn growth(&self, end: i64) -> ByCell {
        self.each(2, end, |unit, period| {
            let (before, after) = (self.revenue(unit, period - 1)?, self.revenue(unit, period)?);
            Some(100.0 * (after / before).ln())
        })
    }

    fn new_customers(&self, end: i64) -> ByCell {
        self.each(1, end, |unit, period| Some(self.done.get(&(unit, period)).map_or(0.0, |done| done.n_new as f64)))
    }

    /// From so many periods after the first one of each unit.
    fn each(&self, after: i64, end: i64, value: impl Fn(u32, i64) -> Option<f64>) -> ByCell {
        let cells =
            self.first.iter().flat_map(|(&unit, &first)| (first + after..end).map(move |period| (unit, period)));
        cells.filter_map(|(unit, period)| Some(((unit, period), value(unit, period)?))).collect()
    }
}

/// The unit of every customer: by the profile as of the study's date, or by the latest answer where the answers name the unit.
fn customers(
    settings: &Panel,
    engine: &Engine,
    units: &Coded,
    base: &BaseTable,
) -> Result<HashMap<String, u32>, PipelineError> {
    let mut unit_of = HashMap::new();
    if engine.plan().profile.iter().any(|column| column.name == settings.unit) {
        let code = |value: &str| units.levels.binary_search_by(|level| level.as_str().cmp(value)).ok();
        engine.profile::<PipelineError>(&settings.unit, |batch| {
            let values = super::coded::texts(&batch, &settings.unit).unwrap_or_default();
            for (customer, value) in batch.texts("customer").unwrap_or_default().iter().zip(&values) {
                // A unit from which nobody answered has no score to lead anything.
                if let (Some(customer), Some(code)) = (customer, value.as_deref().and_then(code)) {
                    unit_of.insert(customer.clone(), code as u32);
                }
            }
            Ok(())
        })?;
        return Ok(unit_of);
    }
    let times = base.numbers("t").unwrap_or_default();
    let mut latest: HashMap<&str, f64> = HashMap::new();
    for (row, customer) in base.texts("customer").unwrap_or_default().iter().enumerate() {
        let Some(customer) = customer.as_deref().filter(|_| (units.codes[row] as usize) < units.levels.len()) else {
            continue;
        };
        if latest.get(customer).is_none_or(|&t| times[row] >= t) {
            latest.insert(customer, times[row]);
            unit_of.insert(customer.to_owned(), units.codes[row]);
        }
    }
    Ok(unit_of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_and_quarters_follow_the_calendar() {
        let at = |text: &str| text.parse::<Timestamp>().expect("an instant").as_microsecond();
        let month = |text| period_of(Period::Month, at(text)).expect("a month");
        assert_eq!(month("2026-02-01T00:00:00Z") - month("2026-01-31T23:59:59Z"), 1);
        assert_eq!(month("2027-01-01T00:00:00Z") - month("2026-12-31T23:59:59Z"), 1);
        let quarter = |text| period_of(Period::Quarter, at(text)).expect("a quarter");
        assert_eq!(quarter("2026-03-31T23:59:59Z"), quarter("2026-01-01T00:00:00Z"));
        assert_eq!(quarter("2026-04-01T00:00:00Z") - quarter("2025-12-31T12:00:00Z"), 2);
    }

    #[test]
    fn growth_needs_two_whole_periods_and_new_customers_one() {
        // Purchases begin in period 10, which may have begun before the records did.
        let done = |revenue, n_new| Done { revenue, n_new };
        let business = Business {
            done: HashMap::from([
                ((0, 10), done(100, 3)),
                ((0, 11), done(200, 1)),
                ((0, 12), done(400, 0)),
                ((0, 14), done(400, 2)),
            ]),
            first: BTreeMap::from([(0, 10)]),
        };
        let growth = business.growth(15);
        assert_eq!(growth.keys().collect::<Vec<_>>(), [&(0, 12)]);
        assert!((growth[&(0, 12)] - 100.0 * 2.0_f64.ln()).abs() < 1e-12);
        let new: Vec<f64> = business.new_customers(14).into_values().collect();
        assert_eq!(new, [1.0, 0.0, 0.0]);
    }

    #[test]
    fn a_unit_begins_with_its_own_first_purchase() {
        // The second unit opens half-way through period 13, which is no outcome: its customers are all new, and before it there
        // was no unit to win any.
        let done = |revenue, n_new| Done { revenue, n_new };
        let business = Business {
            done: HashMap::from([
                ((0, 10), done(100, 3)),
                ((1, 13), done(50, 4)),
                ((1, 14), done(100, 2)),
                ((1, 15), done(200, 0)),
            ]),
            first: BTreeMap::from([(0, 10), (1, 13)]),
        };
        let of_late = |own: ByCell| own.into_iter().filter(|((unit, _), _)| *unit == 1).collect::<Vec<_>>();
        assert_eq!(of_late(business.new_customers(16)), [((1, 14), 2.0), ((1, 15), 0.0)]);
        let growth = of_late(business.growth(16));
        assert_eq!(growth.iter().map(|own| own.0).collect::<Vec<_>>(), [(1, 15)]);
        assert!((growth[0].1 - 100.0 * 2.0_f64.ln()).abs() < 1e-12);
    }
}
