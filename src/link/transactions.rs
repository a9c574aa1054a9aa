//! Purchases and returns: one pass over the transactions gives all of their history and outcomes.
//!
//! Where rows are the lines of orders, an order is one purchase at its earliest line. What a line costs and what it holds counts
//! at the line's own time, so that nothing is known of an order before it was.

use super::outcome_window::OutcomeWindow;
use super::plan::LinkPlan;
use super::sql::{Aggregates, Derived, Part, Reading, Role, after, before, days, literal, money, span};
use crate::study::Returns;

/// Whether a transaction is the first of its customer, up to the anchor, with its value of a column.
fn is_first(column: &str) -> String {
    format!("x.{column} IS NOT NULL AND x.{column}_t IS NULL")
}

/// Whether a row is the first of those that `lines` have in common; one without an order always is.
fn first_of_order(lines: &str, order: &str) -> String {
    format!("order_id IS NULL OR ROW_NUMBER() OVER (PARTITION BY {lines} ORDER BY {order}) = 1")
}

impl LinkPlan {
    /// Events of the transactions by anchor.
    pub(super) fn bought(&self, reading: &Reading) -> Part {
        let mut sums = Aggregates::default();
        let purchase_t = self.purchase_t();
        let earlier = format!("{purchase_t} < a.t");
        sums.count("frequency", &earlier);
        sums.add("first_t", &format!("MIN({purchase_t})"), &earlier);
        sums.add("last_t", &format!("MAX({purchase_t})"), &earlier);
        for &days in &self.history_windows_days {
            sums.count(format!("frequency_{days}d"), &before(purchase_t, days));
            if self.has_amounts {
                sums.add(format!("spend_{days}d"), "SUM(x.money)", &before("x.t", days));
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

    /// The instant by which purchases are counted: of a row, or of the one that begins an order; null in its other lines.
    fn purchase_t(&self) -> &'static str {
        if self.orders { "x.order_t" } else { "x.t" }
    }

    fn by_count(&self, part: &str, name: &str) -> Derived {
        Derived::count(Role::History, part, name)
    }

    /// The transactions as events: `t` is the instant of a purchase and null for a return, `returned_t` the instant of a
    /// return. What needs the transactions in order is there only where the plan asks for it.
    fn events(&self, table: &str) -> String {
        let mut columns = vec!["customer".to_owned()];
        match self.is_return() {
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
        if self.counts_families() && !carried.contains(&"family") {
            carried.push("family");
        }
        carried.extend(self.orders.then_some("order_id"));
        columns.extend(carried.iter().map(|column| (*column).to_owned()));
        let mut events = format!("SELECT {} FROM {table} WHERE t < {}", columns.join(", "), self.as_of);
        if self.amount_once {
            events = self.with_money_once(&events, &carried);
        }
        if self.orders {
            events = self.with_orders(&events);
        }
        if looked_up.is_empty() && !self.details.purchase_gaps {
            return events;
        }
        let mut ordered: Vec<String> = looked_up
            .iter()
            .map(|column| {
                format!(", LAG(t) OVER (PARTITION BY customer, {column} ORDER BY t NULLS LAST) AS {column}_t")
            })
            .collect();
        let gap_to = if self.orders { "order_t" } else { "t" };
        if self.details.purchase_gaps {
            ordered
                .push(format!(", LAG({gap_to}) OVER (PARTITION BY customer ORDER BY {gap_to} NULLS LAST) AS gap_from"));
        }
        let ordered = format!("SELECT *{}\n    FROM ({events}) events", ordered.concat());
        if !self.details.purchase_gaps {
            return ordered;
        }
        // Whole seconds, so that sums of squares are exact.
        format!(
            "SELECT *, CASE WHEN {gap_to} > gap_from THEN CAST(ROUND(CAST({gap_to} - gap_from AS DOUBLE) / 1000000.0) AS \
             BIGINT) END AS gap\n    FROM ({ordered}) ordered"
        )
    }

    /// The events with the money of an order in its earliest line that has an amount and in no other; its returns bear it once likewise.
    fn with_money_once(&self, events: &str, carried: &[&str]) -> String {
        let is_marked = self.is_return().is_some();
        let mut columns = vec!["customer", "t"];
        columns.extend((is_marked || self.details.returns == Returns::Dated).then_some("returned_t"));
        columns.extend(carried);
        let (lines, t) = if is_marked { (", t IS NULL", "COALESCE(t, returned_t)") } else { ("", "t") };
        let is_first =
            first_of_order(&format!("customer, order_id{lines}"), &format!("money IS NULL, {t}, money DESC"));
        format!(
            "SELECT {}, CASE WHEN {is_first} THEN money END AS money\n    FROM ({events}) whole",
            columns.join(", ")
        )
    }

    /// The events with `order_t`, the instant of the order in the line that begins it and null in the others; and
    /// `family_order_t` and `priced_t`, the same among the lines of one family and among those with an amount. A line without an order is an order of its own, and a return, whose
    /// `t` is null, begins none.
    fn with_orders(&self, events: &str) -> String {
        let begins = |lines: &str, name: &str| {
            format!(", CASE WHEN {} THEN t END AS {name}", first_of_order(lines, "t NULLS LAST"))
        };
        let mut marks = begins("customer, order_id", "order_t");
        if self.counts_families() {
            marks.push_str(&begins("customer, order_id, family", "family_order_t"));
        }
        if self.windows.iter().any(|window| matches!(window, OutcomeWindow::Upsell { .. })) {
            marks.push_str(&begins("customer, order_id, money IS NULL", "priced_t"));
        }
        format!("SELECT *{marks}\n    FROM ({events}) lines")
    }

    /// Whether an outcome counts the purchases of one family.
    fn counts_families(&self) -> bool {
        self.windows.iter().any(|window| matches!(window, OutcomeWindow::FamilyPurchases { .. }))
    }

    /// What is true of the rows that are returns themselves.
    pub(super) fn is_return(&self) -> Option<&'static str> {
        match self.details.returns {
            Returns::NegativeAmounts => Some("amount < 0"),
            Returns::Flagged => Some("returned > 0.5"),
            Returns::Unmarked | Returns::Dated => None,
        }
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
        let earlier = format!("{} < a.t", self.purchase_t());
        sums.add("n_gaps", "COUNT(x.gap)", &earlier);
        sums.add("gap_sum", "SUM(x.gap)", &earlier);
        // The sum of the squares of gaps is exact below the square of the whole time, which a BIGINT holds up to 96 years, and of gaps in two
        // halves up to the end of the calendar.
        let (high, low) = ("(x.gap / 65536)", "(x.gap % 65536)");
        sums.add("gap_high", &format!("SUM({high} * {high})"), &earlier);
        sums.add("gap_middle", &format!("SUM({high} * {low})"), &earlier);
        sums.add("gap_low", &format!("SUM({low} * {low})"), &earlier);
        let whole = |column: &str| format!("CAST(bought.{column} AS DECIMAL(19, 0))");
        let times = |column: &str, factor: u64| format!("{} * CAST({factor} AS DECIMAL(10, 0))", whole(column));
        let squares =
            format!("({} + {} + {})", times("gap_high", 1 << 32), times("gap_middle", 1 << 17), whole("gap_low"));
        let spread = format!(
            "SQRT(CAST({n} * {squares} - {sum} * {sum} AS DOUBLE) / (CAST(bought.n_gaps AS DOUBLE) * \
             CAST(bought.n_gaps - 1 AS DOUBLE)))",
            n = whole("n_gaps"),
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
        let purchase_t = self.purchase_t();
        let within = window.days().map(|days| after("x.t", days)).unwrap_or_default();
        let counted = window.days().map(|days| after(purchase_t, days)).unwrap_or_default();
        match window {
            OutcomeWindow::Purchases { days } => {
                sums.count(name.clone(), &counted);
                sums.add(format!("next_spend_{days}d"), "SUM(x.money)", &within);
                columns.push(Derived::count(Role::Outcome, "bought", name));
                columns.push(Derived::money(Role::Outcome, "bought", format!("next_spend_{days}d")));
            }
            OutcomeWindow::FamilyPurchases { family, days } => {
                let counted = after(if self.orders { "x.family_order_t" } else { "x.t" }, *days);
                sums.count(name.clone(), &format!("x.family = {} AND {counted}", literal(family)));
                columns.push(Derived::count(Role::Outcome, "bought", name));
            }
            OutcomeWindow::NewFamilies { .. } => {
                sums.count(name.clone(), &format!("{within} AND {}", is_first("family")));
                columns.push(Derived::count(Role::Outcome, "bought", name));
            }
            OutcomeWindow::Upsell { days } => {
                // Purchases without an amount have no part in a mean, and a mean of none is not known.
                let priced_t = if self.orders { "x.priced_t" } else { "x.t" };
                let count = format!("next_purchases_{days}d");
                let (spend, amounts) = (format!("next_spend_{days}d"), format!("next_amounts_{days}d"));
                sums.add("spend", "SUM(x.money)", "x.t < a.t");
                sums.count("amounts", &format!("{priced_t} < a.t AND x.money IS NOT NULL"));
                sums.count(count.clone(), &counted);
                sums.add(spend.clone(), "SUM(x.money)", &within);
                sums.count(amounts.clone(), &format!("{} AND x.money IS NOT NULL", after(priced_t, *days)));
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
            OutcomeWindow::Lapse { days } => sums.count(format!("next_purchases_{days}d"), &counted),
            OutcomeWindow::Repurchase => {
                sums.add("next_t", &format!("MIN({purchase_t})"), &format!("{purchase_t} > a.t"));
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
    /// ten-thousandths. An order is one purchase with the sum of its lines.
    pub fn purchases(&self) -> String {
        let purchases = if self.orders {
            format!("SELECT customer, t, money FROM (\n{}\n) orders", self.orders_alone())
        } else {
            let (money, returns) = (money("amount"), self.but_returns(""));
            format!("SELECT customer, t, {money} AS money FROM transactions WHERE t < {}{returns}", self.as_of)
        };
        format!("{purchases} ORDER BY customer, t, money")
    }

    /// Orders before the study's date, one row each: `customer, t` and the `money` of their lines. A row without an order is one.
    pub(super) fn orders_alone(&self) -> String {
        let lines = |columns: &str, condition: &str| {
            let returns = self.but_returns("");
            format!(
                "  SELECT customer, {columns} FROM transactions WHERE t < {}{returns} AND order_id {condition}",
                self.as_of
            )
        };
        let money = money("amount");
        let alone = lines(&format!("t, {money} AS money"), "IS NULL");
        let orders = if self.amount_once {
            let is_first = first_of_order("customer, order_id", "amount IS NULL, t, amount DESC");
            let marked = lines(&format!("order_id, t, CASE WHEN {is_first} THEN {money} END AS money"), "IS NOT NULL");
            format!(
                "  SELECT customer, MIN(t) AS t, SUM(money) AS money FROM (\n{marked}\n  ) whole GROUP BY customer, order_id"
            )
        } else {
            let of_lines = lines(&format!("MIN(t) AS t, SUM({money}) AS money"), "IS NOT NULL");
            format!("{of_lines} GROUP BY customer, order_id")
        };
        format!("{orders}\n  UNION ALL\n{alone}")
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
