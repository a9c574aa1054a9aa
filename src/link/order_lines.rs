//! Orders of several lines: how many there are, and which of them are not of one customer or of one time.

use super::base_table::BaseTable;
use super::{Engine, LinkError};

/// Rows of the transactions that are lines of orders, returns aside.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OrderLines {
    /// Lines of an order.
    pub n_lines: u64,
    /// Rows without an order, each of them a purchase of its own.
    pub n_alone: u64,
    /// Orders: different customers with one order are several.
    pub n_orders: u64,
    /// Of these, orders whose lines have different times.
    pub n_of_several_times: u64,
    /// The longest time in microseconds between the first and the last line of an order.
    pub longest_us: i64,
    /// Names of orders that stand beside several customers.
    pub n_of_several_customers: u64,
    /// Orders of several lines with an amount each.
    pub n_of_several_amounts: u64,
    /// Of these, orders whose lines all bear one amount.
    pub n_of_one_amount: u64,
}

impl Engine {
    /// The lines of orders before the study's date; `None` where the study knows no orders of several lines.
    ///
    /// # Errors
    /// The engine fails.
    pub fn order_lines(&self) -> Result<Option<OrderLines>, LinkError> {
        let plan = self.plan();
        if !plan.orders || plan.tables.transactions.is_none() {
            return Ok(None);
        }
        let lines = format!("FROM transactions WHERE t < {}{}", plan.as_of, plan.but_returns(""));
        let amount = if plan.has_amounts { "amount" } else { "CAST(NULL AS DOUBLE)" };
        let statement = format!(
            "WITH orders AS (\n  SELECT order_id, customer, COUNT(*) AS n_lines, MAX(t) - MIN(t) AS width, COUNT({amount}) AS n_amounts, \
             MIN({amount}) AS least, MAX({amount}) AS most {lines} AND order_id IS NOT NULL GROUP BY order_id, customer\n),\nnames AS \
             (\n  SELECT COUNT(*) AS n_customers, SUM(n_lines) AS n_lines, COUNT(*) FILTER (WHERE width > 0) AS n_times, MAX(width) \
             AS width, COUNT(*) FILTER (WHERE n_amounts > 1) AS n_several, COUNT(*) FILTER (WHERE n_amounts > 1 AND least = most AND \
             most <> 0) AS n_alike FROM orders GROUP BY order_id\n)\nSELECT COALESCE(SUM(n_lines), 0) AS n_lines, \
             COALESCE(SUM(n_customers), 0) AS n_orders, COALESCE(SUM(n_times), 0) AS n_times, COALESCE(MAX(width), 0) AS width, \
             COUNT(*) FILTER (WHERE n_customers > 1) AS n_shared, COALESCE(SUM(n_several), 0) AS n_several, COALESCE(SUM(n_alike), 0) \
             AS n_alike FROM names"
        );
        let doing = "counting the lines of orders";
        let counts = self.rows(&statement, doing)?;
        let alone: BaseTable = self.rows(&format!("SELECT COUNT(*) AS n_alone {lines} AND order_id IS NULL"), doing)?;
        Ok(Some(OrderLines {
            n_lines: counts.count("n_lines")?,
            n_alone: alone.count("n_alone")?,
            n_orders: counts.count("n_orders")?,
            n_of_several_times: counts.count("n_times")?,
            longest_us: counts.count("width")? as i64,
            n_of_several_customers: counts.count("n_shared")?,
            n_of_several_amounts: counts.count("n_several")?,
            n_of_one_amount: counts.count("n_alike")?,
        }))
    }
}
