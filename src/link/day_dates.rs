//! Sources of which only the day is known: what else happened on that day lies before or after by the way that days are read alone.

use super::LinkError;
use super::engine::Engine;

const DAY_US: i64 = 86_400_000_000;
/// Clocks of the world differ by whole quarters of an hour.
const QUARTER_US: i64 = 900_000_000;
/// Rows below which all of them may lie at the start of an hour by chance.
const ROWS_MIN: u64 = 20;

/// Which side of a pair of sources is dated by day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatedByDay {
    /// The answers: an event of the same day comes after them.
    Answers,
    /// The events: an answer of the same day comes after them.
    Events,
    /// Both: an event of the same day is neither before nor after.
    Both,
}

/// Answers that have an event on their own day, where the order of the two is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SameDay {
    /// The table of the events: `transactions`, `referrals`, `activity` or `invitations`.
    pub source: &'static str,
    /// What is dated by day.
    pub dated_by_day: DatedByDay,
    /// Answers.
    pub n_answers: u64,
    /// Of these, answers with at least one event on the same day.
    pub n_same_day: u64,
}

/// How finely a table is dated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Dates {
    n_rows: u64,
    is_by_day: bool,
    is_one_instant: bool,
}

impl Engine {
    /// The sources whose order beside the answers is not known on the same day, with how many answers that concerns. A table is dated
    /// by day where all of its times are the same of their day, or the same but for an hour of summer time.
    ///
    /// # Errors
    /// The engine fails.
    pub fn same_days(&self) -> Result<Vec<SameDay>, LinkError> {
        let plan = self.plan();
        if !plan.dated {
            return Ok(Vec::new());
        }
        let tables = &plan.tables;
        let sources = [
            ("transactions", "customer", tables.transactions.is_some()),
            ("referrals", "referrer", tables.referrals.is_some()),
            ("activity", "customer", tables.activity.is_some()),
            ("invitations", "customer", tables.invitations.is_some()),
        ];
        let answers = self.dates("feedback")?;
        let mut all = Vec::new();
        for (source, key, _) in sources.into_iter().filter(|(_, _, is_there)| *is_there) {
            let dated_by_day = match (answers.is_by_day, self.dates(source)?.is_by_day) {
                (true, true) => DatedByDay::Both,
                (true, false) => DatedByDay::Answers,
                (false, true) => DatedByDay::Events,
                (false, false) => continue,
            };
            let n_same_day = self.rows(&same_day(source, key, dated_by_day), "counting events of the same day")?;
            all.push(SameDay {
                source,
                dated_by_day,
                n_answers: answers.n_rows,
                n_same_day: n_same_day.count("n_same_day")?,
            });
        }
        Ok(all)
    }

    /// Whether all answers, of which there are enough, carry one and the same instant: the day of an export rather than of the answers.
    ///
    /// # Errors
    /// The engine fails.
    pub fn answers_at_one_instant(&self) -> Result<bool, LinkError> {
        Ok(self.plan().dated && self.dates("feedback")?.is_one_instant)
    }

    /// Answers within a day before their customer's invitation and after none, with all answers: people answer after they were asked,
    /// so one of the two was read in another zone than it was written in.
    ///
    /// # Errors
    /// The engine fails.
    pub fn answers_before_invitation(&self) -> Result<(u64, u64), LinkError> {
        if !self.plan().dated || self.plan().tables.invitations.is_none() {
            return Ok((0, 0));
        }
        let counts = self.rows(
            &format!(
                "WITH asked AS (\n  SELECT a.\"row\", COUNT(*) FILTER (WHERE i.t <= a.t) AS n_before, COUNT(*) FILTER (WHERE i.t > a.t AND \
                 i.t <= a.t + {DAY_US}) AS n_soon\n  FROM feedback a JOIN invitations i ON i.customer = a.customer\n  GROUP BY \
                 a.\"row\"\n)\nSELECT COUNT(*) FILTER (WHERE n_before = 0 AND n_soon > 0) AS n_too_early, COUNT(*) AS n_answers FROM asked"
            ),
            "holding answers against invitations",
        )?;
        Ok((counts.count("n_too_early")?, counts.count("n_answers")?))
    }

    fn dates(&self, table: &str) -> Result<Dates, LinkError> {
        let doing = "looking how events are dated";
        let counts = self.rows(
            &format!(
                "SELECT COUNT(*) AS n_rows, COUNT(*) FILTER (WHERE t % {QUARTER_US} <> 0) AS n_odd, COALESCE(MAX(t) - MIN(t), 0) AS \
                 width FROM {table}"
            ),
            doing,
        )?;
        let (n_rows, width) = (counts.count("n_rows")?, counts.count("width")?);
        let mut dates = Dates { n_rows, is_by_day: false, is_one_instant: n_rows >= ROWS_MIN && width == 0 };
        // The hours of the day are counted only where nothing has told yet that there are many.
        if n_rows >= ROWS_MIN && width > 0 && counts.count("n_odd")? == 0 {
            let hours = self.rows(
                &format!(
                    "SELECT COUNT(*) AS n_hours, MAX(hour) - MIN(hour) AS width FROM (SELECT DISTINCT (t % {DAY_US} + {DAY_US}) % \
                     {DAY_US} AS hour FROM {table}) hours"
                ),
                doing,
            )?;
            let width = hours.count("width")? as i64;
            // With UTC+0 in winter the hours of summer lie on both sides of midnight.
            let is_summer = width.min(DAY_US - width) <= DAY_US / 24;
            dates.is_by_day = hours.count("n_hours")? <= 2 && is_summer;
        }
        Ok(dates)
    }
}

fn same_day(source: &str, key: &str, dated_by_day: DatedByDay) -> String {
    let is_same_day = match dated_by_day {
        DatedByDay::Answers => format!("x.t >= a.t AND x.t < a.t + {DAY_US}"),
        DatedByDay::Events => format!("a.t >= x.t AND a.t < x.t + {DAY_US}"),
        DatedByDay::Both => "x.t = a.t".to_owned(),
    };
    format!(
        "SELECT COUNT(DISTINCT a.\"row\") AS n_same_day FROM feedback a JOIN {source} x ON x.{key} = a.customer AND {is_same_day}"
    )
}
