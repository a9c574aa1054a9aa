//! Who answers: response rates where the invitations are known, and those who answered against all customers.

use super::LinkError;
use super::base_table::BaseTable;
use super::engine::Engine;
use super::plan::{Anchors, LinkPlan};
use super::sql::{quoted, span};
use super::statement::own_tables;
use crate::stats::Confidence;
use crate::stats::proportion::wilson;

/// By what invitations are cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResponseCut {
    /// All of them together.
    All,
    /// A column of texts of the invitations, such as `channel` and `wave`.
    Invitation(String),
    /// A column of texts of the profile, as it was when the customer was invited.
    Profile(String),
}

/// What counts as a response.
#[derive(Debug, Clone, PartialEq)]
pub struct ResponseRates {
    /// An invitation at `t` is answered if an answer to it lies in `[t, t + within_days]`.
    pub within_days: u32,
    /// The cuts, in the order of the rows.
    pub cuts: Vec<ResponseCut>,
    /// Of the intervals.
    pub confidence: Confidence,
}

/// Invitations of one value of a cut, and how many were answered.
#[derive(Debug, Clone, PartialEq)]
pub struct ResponseRate {
    /// The cut.
    pub cut: ResponseCut,
    /// Its value; `None` for all of them, and for invitations without one.
    pub value: Option<String>,
    /// Invitations whose days to answer are over.
    pub n_invited: u64,
    /// Of these, the answered ones.
    pub n_answered: u64,
    /// Invitations whose days to answer end after the study's date; they are in no rate.
    pub n_open: u64,
    /// Share of the answered ones, 0-1; `None` without an invitation.
    pub rate: Option<f64>,
    /// Lower end of Wilson's interval.
    pub conf_low: Option<f64>,
    /// Upper end.
    pub conf_high: Option<f64>,
}

/// Whose behaviour is compared, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Respondents {
    /// The instant up to which behaviour is counted, UTC microseconds; at most the study's date. The start of the
    /// fieldwork shows how those who were to answer differed beforehand.
    pub at: i64,
    /// A respondent has an answer at this instant or later.
    pub answered_from: i64,
    /// And before this one.
    pub answered_until: i64,
}

/// Number, mean and standard deviation of a column where it has a value.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Spread {
    /// Customers with a value.
    pub n: u64,
    /// Their mean; 0 without a customer.
    pub mean: f64,
    /// Sum of squared distances from the mean.
    squares: f64,
}

impl Spread {
    /// Standard deviation over `n - 1`; `None` below two customers.
    pub fn sd(&self) -> Option<f64> {
        (self.n > 1).then(|| (self.squares / (self.n - 1) as f64).sqrt())
    }

    /// One customer more. The order of the customers is that of their keys, so the result does not depend on the threads.
    fn add(&mut self, value: f64) {
        self.n += 1;
        let distance = value - self.mean;
        self.mean += distance / self.n as f64;
        self.squares += distance * (value - self.mean);
    }
}

/// A column of the history among those who answered and among all customers known at the date.
#[derive(Debug, Clone, PartialEq)]
pub struct Behaviour {
    /// The column.
    pub column: String,
    /// Those of them who answered.
    pub respondents: Spread,
    /// All customers known at the date, those who answered later included.
    pub base: Spread,
}

impl Behaviour {
    /// Mean of those who answered less mean of all, in standard deviations of all; `None` if nobody answered or the
    /// column does not vary.
    pub fn standardised_difference(&self) -> Option<f64> {
        let sd = self.base.sd().filter(|&sd| sd > 0.0)?;
        (self.respondents.n > 0).then(|| (self.respondents.mean - self.base.mean) / sd)
    }
}

impl Engine {
    /// Response rates by the cuts asked for. An answer belongs to the last invitation of its customer up to it, so a
    /// reminder that is logged as an invitation takes the answer from the one before it. Invitations of a customer at one instant are one;
    /// in a cut, one for each of its values.
    ///
    /// # Errors
    /// There are no invitations, a cut names a column that is not there, or the engine fails.
    pub fn response_rates(&self, settings: &ResponseRates) -> Result<Vec<ResponseRate>, LinkError> {
        let plan = self.plan();
        if plan.tables.invitations.is_none() || !plan.dated {
            return Err(LinkError::Plan("response rates need the table `invitations` and dated answers".to_owned()));
        }
        let mut rates = Vec::new();
        for cut in &settings.cuts {
            if let ResponseCut::Profile(name) = cut
                && !plan.profile.iter().any(|column| column.name == *name)
            {
                return Err(LinkError::Plan(format!(
                    "there is no column `{name}` of the profile to cut invitations by"
                )));
            }
            let counts = self.rows(&plan.response_counts(cut, settings.within_days), "counting invitations")?;
            rates.extend(of_counts(cut, &counts, settings.confidence)?);
        }
        Ok(rates)
    }

    /// How many customers were invited before the study's date, in all or by the values of a column of the invitations: one
    /// row a value, `value, n_customers`.
    ///
    /// # Errors
    /// There are no invitations, they have no such column, or the engine fails.
    pub fn invited_customers(&self, column: Option<&str>) -> Result<BaseTable, LinkError> {
        let plan = self.plan();
        if plan.tables.invitations.is_none() {
            return Err(LinkError::Plan("who was invited needs the table `invitations`".to_owned()));
        }
        let value = column.map_or_else(
            || "CAST(NULL AS VARCHAR)".to_owned(),
            |column| format!("CAST({} AS VARCHAR)", quoted(column)),
        );
        let statement = format!(
            "SELECT {value} AS value, COUNT(DISTINCT customer) AS n_customers FROM invitations WHERE t < {} GROUP BY 1 ORDER \
             BY value NULLS LAST",
            plan.as_of
        );
        self.rows(&statement, "counting who was invited")
    }

    /// Every column of the history among all customers known at one date and among those of them who answered. A customer is known
    /// who had joined by then, or of whom something is dated before: an answer, a purchase, a contact or an invitation. A profile
    /// without a date of joining tells of nobody that there was a customer then.
    ///
    /// # Errors
    /// The date lies after the study's, or the engine fails.
    pub fn respondents_against_base(&self, settings: &Respondents) -> Result<Vec<Behaviour>, LinkError> {
        if settings.at > self.plan().as_of || !self.plan().dated {
            let sentence = "customers are compared at a date up to the study's own, in a study with dated answers";
            return Err(LinkError::Plan(sentence.to_owned()));
        }
        let plan = LinkPlan { as_of: settings.at, windows: Vec::new(), ..self.plan().clone() };
        let start = |column| Behaviour { column, respondents: Spread::default(), base: Spread::default() };
        let mut rows: Vec<Behaviour> = plan.history().into_iter().map(start).collect();
        self.each_customer::<LinkError>(&plan, &plan.with_respondents(settings), "comparing who answered", |batch| {
            let mut table = BaseTable::default();
            table.append(&batch)?;
            let column = |name: &str| table.numbers(name).ok_or_else(|| LinkError::Shape(name.to_owned()));
            let answered = column("answered")?;
            let known = if plan.knows_customers() { Some(column("known")?) } else { None };
            for behaviour in &mut rows {
                let values = column(&behaviour.column)?;
                for (row, &value) in values.iter().enumerate() {
                    if value.is_nan() || known.is_some_and(|known| known[row] < 0.5) {
                        continue;
                    }
                    behaviour.base.add(value);
                    if answered[row] > 0.5 {
                        behaviour.respondents.add(value);
                    }
                }
            }
            Ok(())
        })?;
        Ok(rows)
    }
}

fn of_counts(cut: &ResponseCut, counts: &BaseTable, confidence: Confidence) -> Result<Vec<ResponseRate>, LinkError> {
    let lost = |name: &str| LinkError::Shape(name.to_owned());
    let column = |name: &str| counts.numbers(name).ok_or_else(|| lost(name));
    // Without an invitation there is no group, and no column either.
    if counts.n_rows() == 0 {
        return Ok(Vec::new());
    }
    let values = counts.texts("value").ok_or_else(|| lost("value"))?;
    let (invited, answered, open) = (column("n_invited")?, column("n_answered")?, column("n_open")?);
    Ok((0..counts.n_rows())
        .map(|row| {
            let (n_invited, n_answered) = (invited[row] as u64, answered[row] as u64);
            let interval = wilson(n_answered, n_invited, confidence);
            ResponseRate {
                cut: cut.clone(),
                value: values[row].clone(),
                n_invited,
                n_answered,
                n_open: open[row] as u64,
                rate: interval.map(|interval| interval.estimate),
                conf_low: interval.map(|interval| interval.conf_low),
                conf_high: interval.map(|interval| interval.conf_high),
            }
        })
        .collect())
}

impl LinkPlan {
    fn response_counts(&self, cut: &ResponseCut, within_days: u32) -> String {
        let mut with = vec![format!("asked AS (\n{}\n)", self.asked(None))];
        let mut join = String::new();
        let value = match cut {
            ResponseCut::All => "CAST(NULL AS VARCHAR)".to_owned(),
            ResponseCut::Invitation(column) => format!("CAST(a.{} AS VARCHAR)", quoted(column)),
            ResponseCut::Profile(column) => {
                let part = self.profile_part(&own_tables(Anchors::Answers));
                let own = part.columns.iter().find(|own| own.name == *column);
                let value = own.map_or_else(|| "NULL".to_owned(), |own| format!("CAST({} AS VARCHAR)", own.value));
                join = format!("\n  LEFT JOIN profile ON {}", part.on);
                with.push(format!("profile AS (\n{}\n)", part.body));
                value
            }
        };
        format!(
            "WITH {with},\nanswered AS (\n  SELECT DISTINCT customer, asked_t FROM asked WHERE t <= asked_t + {within}\n),\n\
             invited AS (\n  SELECT DISTINCT a.customer, a.t, {value} AS value, a.t + {within} < {as_of} AS over, answered.customer IS \
             NOT NULL AS is_answered\n  FROM invitations a LEFT JOIN answered ON answered.customer = a.customer AND answered.asked_t = \
             a.t{join}\n  WHERE a.t < {as_of}\n)\nSELECT value, COUNT(*) FILTER (WHERE over) AS n_invited, COUNT(*) FILTER \
             (WHERE over AND is_answered) AS n_answered, COUNT(*) FILTER (WHERE NOT over) AS n_open\nFROM invited GROUP BY \
             value ORDER BY value NULLS LAST",
            with = with.join(",\n"),
            within = span(within_days),
            as_of = self.as_of
        )
    }

    fn with_respondents(&self, settings: &Respondents) -> String {
        let seen: Vec<String> = self
            .tables
            .named()
            .filter_map(|(name, _)| match name {
                "customers" => Some((name, "joined_t")),
                "feedback" | "transactions" | "activity" | "invitations" => Some((name, "t")),
                _ => None,
            })
            .map(|(name, time)| format!("SELECT customer FROM {name} WHERE {time} < {}", settings.at))
            .collect();
        format!(
            "SELECT base.*, CASE WHEN r.customer IS NULL THEN 0.0 ELSE 1.0 END AS answered\nFROM (\n{}\n) base\nINNER JOIN \
             (SELECT DISTINCT customer FROM ({}) dated) seen ON seen.customer = base.customer\nLEFT JOIN \
             (SELECT DISTINCT customer FROM feedback WHERE t >= {} AND t < {}) r ON r.customer = base.customer\nORDER BY \
             base.\"row\"",
            self.statement(Anchors::Customers),
            seen.join(" UNION ALL "),
            settings.answered_from,
            settings.answered_until
        )
    }
}
