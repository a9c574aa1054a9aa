//! Purchases and returns: one pass over the transactions gives all of their history and outcomes.

use super::outcome_window::OutcomeWindow;
use super::plan::LinkPlan;
use super::sql::{Aggregates, Derived, Part, Reading, Role, after, before, days, literal, money, span};
use crate::study::Returns;

/// Whether a transaction is the first of its customer, up to the anchor, with its value of a column.
fn is_first(column: &str) -> String {
    format!("x.{column} IS NOT NULL AND x.{column}_t IS NULL")
}

impl LinkPlan {
    /// Events of the transactions by anchor.
    pub(super) fn bought(&self, reading: &Reading) -> Part {
        let mut sums = Aggregates::default();
        sums.count("frequency", "x.t < a.t");
        sums.add("first_t", "MIN(x.t)", "x.t < a.t");
        sums.add("last_t", "MAX(x.t)", "x.t < a.t");
        for &days in &self.history_windows_days {
            let within = before("x.t", days);
            sums.count(format!("frequency_{days}d"), &within);
            if self.has_amounts {
                sums.add(format!("spend_{days}d"), "SUM(x.money)", &within);
            }
        }
        let mut columns =
            vec![Derived::days_since("recency_days", "bought.last_t"), self.by_count("bought", "frequency")];
        columns.extend(self.by_window("frequency").map(|name| self.by_count("bought", &name)));
        if self.has_amounts {
            columns.extend(self.by_window("spend").map(|name| Derived::money(Role::History, "bought", name)));
        }
        self.add_returns(&mut sums, &mut columns);
        self.add_distinct(&mut sums, &mut columns);
        self.add_gaps(&mut sums, &mut columns);
        self.add_trend(&mut sums, &mut columns);
        for window in &self.windows {
            self.add_outcome(window, &mut sums, &mut columns);
        }
        let from = format!(
            "{} a\n  JOIN (\n    {}\n  ) x ON x.customer = a.customer",
            reading.anchors,
            self.events(&reading.table("transactions"))
        );
        Part::by_row("bought", sums.by_row(&from), columns)
    }

    /// Names of a column by window.
    pub(super) fn by_window(&self, name: &str) -> impl Iterator<Item = String> {
        self.history_windows_days.iter().map(move |days| format!("{name}_{days}d"))
    }

    fn by_count(&self, part: &str, name: &str) -> Derived {
        Derived::count(Role::History, part, name)
    }

    /// The transactions as events: `t` is the instant of a purchase and null for a return, `returned_t` the instant of a
    /// return. What needs the transactions in order is there only where the plan asks for it.
    fn events(&self, table: &str) -> String {
        let is_return = match self.details.returns {
            Returns::NegativeAmounts => Some("amount < 0"),
            Returns::Flagged => Some("returned > 0.5"),
            Returns::Unmarked | Returns::Dated => None,
        };
        let mut columns = vec!["customer".to_owned()];
        match is_return {
            Some(is_return) => {
                columns.push(format!("CASE WHEN {is_return} THEN NULL ELSE t END AS t"));
                columns.push(format!("CASE WHEN {is_return} THEN t END AS returned_t"));
                columns.push(format!(
                    "{} AS money",
                    money(&format!("CASE WHEN {is_return} THEN ABS(amount) ELSE amount END"))
                ));
            }
            None => {
                columns.push("t".to_owned());
                columns.extend((self.details.returns == Returns::Dated).then(|| "returned_t".to_owned()));
                columns.push(format!("{} AS money", money("amount")));
            }
        }
        let looked_up = self.columns_in_order();
        let mut carried = looked_up.clone();
        if self.windows.iter().any(|window| matches!(window, OutcomeWindow::FamilyPurchases { .. }))
            && !carried.contains(&"family")
        {
            carried.push("family");
        }
        columns.extend(carried.iter().map(|column| (*column).to_owned()));
        let events = format!("SELECT {} FROM {table} WHERE t < {}", columns.join(", "), self.as_of);
        if looked_up.is_empty() && !self.details.purchase_gaps {
            return events;
        }
        let mut ordered: Vec<String> = looked_up
            .iter()
            .map(|column| {
                format!(", LAG(t) OVER (PARTITION BY customer, {column} ORDER BY t NULLS LAST) AS {column}_t")
            })
            .collect();
        if self.details.purchase_gaps {
            ordered.push(", LAG(t) OVER (PARTITION BY customer ORDER BY t NULLS LAST) AS gap_from".to_owned());
        }
        let ordered = format!("SELECT *{}\n    FROM ({events}) events", ordered.concat());
        if !self.details.purchase_gaps {
            return ordered;
        }
        // Whole seconds, so that sums of squares are exact: those of a customer stay below the square of the time
        // between the first purchase and the last, which an integer of 64 bits holds up to 96 years.
        format!(
            "SELECT *, CASE WHEN t > gap_from THEN CAST(ROUND(CAST(t - gap_from AS DOUBLE) / 1000000.0) AS BIGINT) END \
             AS gap\n    FROM ({ordered}) ordered"
        )
    }

    /// Columns of the transactions of which the last earlier one with the same value is looked up.
    fn columns_in_order(&self) -> Vec<&'static str> {
        let mut columns: Vec<&'static str> = self.details.distinct.iter().map(|distinct| distinct.column()).collect();
        if self.windows.iter().any(|window| matches!(window, OutcomeWindow::NewFamilies { .. }))
            && !columns.contains(&"family")
        {
            columns.push("family");
        }
        columns
    }

    fn add_returns(&self, sums: &mut Aggregates, columns: &mut Vec<Derived>) {
        if self.details.returns == Returns::Unmarked {
            return;
        }
        sums.count("returns", "x.returned_t < a.t");
        columns.push(self.by_count("bought", "returns"));
        for &days in &self.history_windows_days {
            sums.count(format!("returns_{days}d"), &before("x.returned_t", days));
            if self.has_amounts {
                sums.add(format!("returned_spend_{days}d"), "SUM(x.money)", &before("x.returned_t", days));
            }
        }
        columns.extend(self.by_window("returns").map(|name| self.by_count("bought", &name)));
        if self.has_amounts {
            columns.extend(self.by_window("returned_spend").map(|name| Derived::money(Role::History, "bought", name)));
        }
    }

    /// A value counts once in a window: at its first purchase there, before which the last one with the same value lies
    /// outside. So no set of values has to be kept by anchor.
    fn add_distinct(&self, sums: &mut Aggregates, columns: &mut Vec<Derived>) {
        for distinct in &self.details.distinct {
            let (name, column) = (distinct.count(), distinct.column());
            sums.count(name, &format!("x.t < a.t AND {}", is_first(column)));
            columns.push(self.by_count("bought", name));
            for &days in &self.history_windows_days {
                let condition = format!(
                    "{} AND x.{column} IS NOT NULL AND (x.{column}_t IS NULL OR x.{column}_t < a.t - {})",
                    before("x.t", days),
                    span(days)
                );
                sums.count(format!("{name}_{days}d"), &condition);
            }
            columns.extend(self.by_window(name).map(|name| self.by_count("bought", &name)));
        }
    }

    /// `purchase_gap_mean_days`, `purchase_gap_sd_days` (over `n - 1`) and `purchase_gap_cv` of the gaps between purchases
    /// at different instants. The sums of squares are subtracted exactly, as decimals.
    fn add_gaps(&self, sums: &mut Aggregates, columns: &mut Vec<Derived>) {
        if !self.details.purchase_gaps {
            return;
        }
        sums.add("n_gaps", "COUNT(x.gap)", "x.t < a.t");
        sums.add("gap_sum", "SUM(x.gap)", "x.t < a.t");
        sums.add("gap_squares", "SUM(x.gap * x.gap)", "x.t < a.t");
        let whole = |column: &str| format!("CAST(bought.{column} AS DECIMAL(19, 0))");
        let spread = format!(
            "SQRT(CAST({n} * {squares} - {sum} * {sum} AS DOUBLE) / (CAST(bought.n_gaps AS DOUBLE) * \
             CAST(bought.n_gaps - 1 AS DOUBLE)))",
            n = whole("n_gaps"),
            squares = whole("gap_squares"),
            sum = whole("gap_sum")
        );
        let mean = "CAST(bought.gap_sum AS DOUBLE) / CAST(bought.n_gaps AS DOUBLE)";
        let history = |name: &str, value: String| Derived::new(Role::History, name, value);
        columns
            .push(history("purchase_gap_mean_days", format!("CASE WHEN bought.n_gaps > 0 THEN {mean} / 86400.0 END")));
        columns
            .push(history("purchase_gap_sd_days", format!("CASE WHEN bought.n_gaps > 1 THEN {spread} / 86400.0 END")));
        columns.push(history(
            "purchase_gap_cv",
            format!("CASE WHEN bought.n_gaps > 1 AND bought.gap_sum > 0 THEN {spread} / ({mean}) END"),
        ));
    }

    /// `spend_trend`: spend in the window less that in the window before it, over both together; between -1 and 1.
    fn add_trend(&self, sums: &mut Aggregates, columns: &mut Vec<Derived>) {
        if !self.details.spend_trend || !self.has_amounts {
            return;
        }
        for &days in &self.history_windows_days {
            let earlier = format!("x.t < a.t - {} AND x.t >= a.t - {}", span(days), 2 * span(days));
            sums.add(format!("earlier_spend_{days}d"), "SUM(x.money)", &earlier);
            let (now, then) =
                (format!("COALESCE(bought.spend_{days}d, 0)"), format!("COALESCE(bought.earlier_spend_{days}d, 0)"));
            let value = format!(
                "CASE WHEN {now} + {then} > 0 THEN CAST({now} - {then} AS DOUBLE) / CAST({now} + {then} AS DOUBLE) \
                 ELSE 0.0 END"
            );
            columns.push(Derived::new(Role::History, format!("spend_trend_{days}d"), value));
        }
    }

    fn add_outcome(&self, window: &OutcomeWindow, sums: &mut Aggregates, columns: &mut Vec<Derived>) {
        let name = window.count_column();
        let within = window.days().map(|days| after("x.t", days)).unwrap_or_default();
        match window {
            OutcomeWindow::Purchases { days } => {
                sums.count(name.clone(), &within);
                sums.add(format!("next_spend_{days}d"), "SUM(x.money)", &within);
                columns.push(Derived::count(Role::Outcome, "bought", name));
                columns.push(Derived::money(Role::Outcome, "bought", format!("next_spend_{days}d")));
            }
            OutcomeWindow::FamilyPurchases { family, .. } => {
                sums.count(name.clone(), &format!("x.family = {} AND {within}", literal(family)));
                columns.push(Derived::count(Role::Outcome, "bought", name));
            }
            OutcomeWindow::NewFamilies { .. } => {
                sums.count(name.clone(), &format!("{within} AND {}", is_first("family")));
                columns.push(Derived::count(Role::Outcome, "bought", name));
            }
            OutcomeWindow::Upsell { days } => {
                // Purchases without an amount have no part in a mean, and a mean of none is not known.
                let count = format!("next_purchases_{days}d");
                let (spend, amounts) = (format!("next_spend_{days}d"), format!("next_amounts_{days}d"));
                sums.add("spend", "SUM(x.money)", "x.t < a.t");
                sums.add("amounts", "COUNT(x.money)", "x.t < a.t");
                sums.count(count.clone(), &within);
                sums.add(spend.clone(), "SUM(x.money)", &within);
                sums.add(amounts.clone(), "COUNT(x.money)", &within);
                let mean = |spend: &str, count: &str| {
                    format!("CAST(bought.{spend} AS DOUBLE) / CAST(bought.{count} AS DOUBLE)")
                };
                let value = format!(
                    "CASE WHEN bought.frequency > 0 THEN CASE WHEN bought.{count} = 0 THEN 0.0 WHEN bought.amounts > 0 AND bought.{amounts} > \
                     0 THEN CASE WHEN {} > {} THEN 1.0 ELSE 0.0 END END END",
                    mean(&spend, &amounts),
                    mean("spend", "amounts")
                );
                columns.push(Derived::new(Role::Outcome, name, value));
            }
            OutcomeWindow::Lapse { days } => sums.count(format!("next_purchases_{days}d"), &within),
            OutcomeWindow::Repurchase => {
                sums.add("next_t", "MIN(x.t)", "x.t > a.t");
                let until = days(&format!("COALESCE(bought.next_t, {}) - a.t", self.as_of));
                columns.push(Derived::new(Role::Outcome, "repurchase_days", until));
                let event = "CASE WHEN bought.next_t IS NULL THEN 0.0 ELSE 1.0 END".to_owned();
                columns.push(Derived::new(Role::Outcome, name, event));
            }
            OutcomeWindow::Referrals { .. }
            | OutcomeWindow::ConvertedReferrals { .. }
            | OutcomeWindow::Churn { .. } => {}
        }
    }

    /// The statement of all purchases before the study's date by customer, each customer's in order of time; money in
    /// ten-thousandths.
    pub fn purchases(&self) -> String {
        let returns = self.but_returns("");
        format!(
            "SELECT customer, t, {} AS money FROM transactions WHERE t < {}{returns} ORDER BY customer, t, money",
            money("amount"),
            self.as_of
        )
    }

    /// What keeps the rows of the transactions that are purchases; `prefix` stands before the columns.
    pub(super) fn but_returns(&self, prefix: &str) -> String {
        match self.details.returns {
            Returns::NegativeAmounts => format!(" AND NOT COALESCE({prefix}amount < 0, FALSE)"),
            Returns::Flagged => format!(" AND NOT COALESCE({prefix}returned > 0.5, FALSE)"),
            Returns::Unmarked | Returns::Dated => String::new(),
        }
    }
}
