//! The profile of the customers in a referral graph as it was at one time, as far as the study tells it.

use crate::findings::{Finding, FindingKind, Severity};
use crate::influence::Names;
use crate::link::{BaseTable, LinkPlan};
use crate::report::words;
use crate::study::Customers;

/// A column with more different values than this tells names and not groups.
pub(super) const LEVELS_MAX: usize = 1000;

/// One kept column of the profile, by customer.
pub(super) struct ProfileHistory {
    pub name: String,
    pub told: Told,
}

/// What a column holds; `NaN` where nothing is known.
pub(super) enum Told {
    Numbers(Vec<f64>),
    /// Texts as numbers of their names.
    Levels {
        names: Names,
        numbers: Vec<f64>,
    },
}

impl ProfileHistory {
    /// Nothing known yet of `n_rows` customers, in each column that is known as of any time.
    pub fn of(plan: &LinkPlan, n_rows: usize) -> Vec<Self> {
        let column = |name: &str, numeric: bool| {
            let unknown = vec![f64::NAN; n_rows];
            let told = match numeric {
                true => Told::Numbers(unknown),
                false => Told::Levels { names: Names::new(), numbers: unknown },
            };
            Self { name: name.to_owned(), told }
        };
        let columns = plan.profile_of_any_time().filter(|_| plan.dated);
        columns.map(|own| column(&own.name, own.numeric)).collect()
    }

    /// Takes what a batch says of the customer in `row` for the one at `place`.
    pub fn watch(&mut self, cells: &Cells<'_>, row: usize, place: usize) {
        match (&mut self.told, cells) {
            (Told::Numbers(values), Cells::Numbers(cells)) => values[place] = cells[row],
            (Told::Levels { names, numbers }, Cells::Texts(cells)) => {
                numbers[place] = match cells[row].as_deref().map(str::trim).filter(|text| !text.is_empty()) {
                    // Beyond so many the column is left out, whatever else is in it.
                    Some(text) if names.len() <= LEVELS_MAX => f64::from(names.intern(text)),
                    _ => f64::NAN,
                };
            }
            _ => {}
        }
    }
}

/// A column of a batch.
pub(super) enum Cells<'a> {
    Numbers(&'a [f64]),
    Texts(&'a [Option<String>]),
    None,
}

impl<'a> Cells<'a> {
    pub fn of(batch: &'a BaseTable, name: &str) -> Self {
        match (batch.numbers(name), batch.texts(name)) {
            (Some(cells), _) => Self::Numbers(cells),
            (_, Some(cells)) => Self::Texts(cells),
            _ => Self::None,
        }
    }
}

/// What of the profile a rating cannot take in, and why.
pub(super) fn left_out(customers: Option<&Customers>, plan: &LinkPlan, too_various: &[String]) -> Option<Finding> {
    let customers = customers.filter(|_| plan.dated)?;
    let of_any_time: Vec<&str> = plan.profile_of_any_time().map(|column| column.name.as_str()).collect();
    let in_plan = |name: &String| plan.profile.iter().any(|column| column.name == *name);
    let quoted = |names: Vec<&str>| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let undated: Vec<&str> = customers
        .keep
        .iter()
        .filter(|name| in_plan(name) && !of_any_time.contains(&name.as_str()))
        .map(String::as_str)
        .collect();
    let of_answers: Vec<&str> = customers.keep.iter().filter(|name| !in_plan(name)).map(String::as_str).collect();
    let n_left_out = undated.len() + of_answers.len() + too_various.len();
    let mut reasons = Vec::new();
    if !undated.is_empty() {
        reasons.push(format!(
            "nobody knows since when the values of {} hold, so that they may stem from after the time from which later referrals \
             are counted (name the column of that as `valid_from` in [sources.customers], or those that never change in \
             `constant`)",
            quoted(undated)
        ));
    }
    if !of_answers.is_empty() {
        reasons.push(format!("{} is also the name of a column of the answers (`rename` one)", quoted(of_answers)));
    }
    if !too_various.is_empty() {
        let n = words::count(LEVELS_MAX as u64);
        reasons.push(format!(
            "{} has more than {n} different values",
            quoted(too_various.iter().map(String::as_str).collect())
        ));
    }
    (n_left_out > 0).then(|| {
        let sentence = format!(
            "The rating leaves out {} of the profile: {}.",
            words::counted(n_left_out, "column", "columns"),
            reasons.join("; ")
        );
        Finding::new(FindingKind::NotEstimated, Severity::Note, "rating", sentence)
            .number("n_columns", n_left_out as f64)
    })
}
