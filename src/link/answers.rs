//! Earlier answers of who answers: how many, and where asked for their level and change.

use super::plan::LinkPlan;
use super::sql::{Aggregates, Derived, Part, Reading, Role};

impl LinkPlan {
    /// Earlier answers by anchor. Two answers of one instant do not see each other.
    pub(super) fn answered(&self, reading: &Reading) -> Part {
        let table = reading.table("feedback");
        let mut sums = Aggregates::default();
        sums.count("earlier_answers", "x.t < a.t");
        let mut columns = vec![Derived::count(Role::History, "answered", "earlier_answers")];
        let mut source = table.clone();
        if self.details.answer_levels {
            // Answers of 0 to 10 are whole, so their sum is exact in any order.
            source = format!(
                "(\n    SELECT customer, t, recommend, LAG(recommend) {own} AS earlier_recommend, LEAD(t) {own} AS \
                 next_t\n    FROM {table}\n  )",
                own = "OVER (PARTITION BY customer, recommend IS NULL ORDER BY t, \"row\")"
            );
            let is_last = "x.t < a.t AND x.recommend IS NOT NULL AND (x.next_t IS NULL OR x.next_t >= a.t)";
            sums.add("last_recommend", "MAX(x.recommend)", is_last);
            sums.add("recommend_change", "MAX(x.recommend - x.earlier_recommend)", is_last);
            sums.add("recommend_sum", "SUM(x.recommend)", "x.t < a.t");
            sums.add("n_recommend", "COUNT(x.recommend)", "x.t < a.t");
            let history = |name: &str, value: &str| Derived::new(Role::History, name, value.to_owned());
            columns.push(history("last_recommend", "answered.last_recommend"));
            columns.push(history("recommend_change", "answered.recommend_change"));
            let mean = "CASE WHEN answered.n_recommend > 0 THEN answered.recommend_sum / CAST(answered.n_recommend AS \
                        DOUBLE) END";
            columns.push(history("mean_recommend", mean));
        }
        let from = format!("{} a JOIN {source} x ON x.customer = a.customer\n  WHERE x.t < a.t", reading.anchors);
        Part::by_row("answered", sums.by_row(&from), columns)
    }
}
