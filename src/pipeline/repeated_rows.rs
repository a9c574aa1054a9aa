//! Sources whose rows have no name and say the same several times: a file that was exported twice would count twice, and nobody would
//! know.

use super::PipelineError;
use crate::findings::{Finding, FindingKind, Severity};
use crate::intake::SourceAccount;
use crate::link::Engine;
use crate::report::words;
use crate::study::{AmountPer, Files, Study, Transactions};

/// From this share (0-1) of the rows on, it is more than a slip of an export.
const MUCH: f64 = 0.01;

/// Rows of a source that are the same as an earlier one.
pub(super) struct RepeatedRows {
    source: &'static str,
    n_repeated: u64,
    n_rows: u64,
    /// The column of the orders of which rows are lines: two lines may be alike and be two all the same.
    order: Option<String>,
}

/// The sources whose rows could be told apart by an `id` or by their contract and are not, and of which rows are repeated.
///
/// # Errors
/// The engine fails.
pub(super) fn repeated_rows(
    study: &Study,
    engine: &Engine,
    accounts: &[SourceAccount],
) -> Result<Vec<RepeatedRows>, PipelineError> {
    let sources = &study.sources;
    // Answers without a time, such as those of an anonymous survey, are alike where customers think alike.
    let is_nameless = |id: &Option<String>, files: &Files| id.is_none() && files.contract.unique == Default::default();
    let feedback = is_nameless(&sources.feedback.id, &sources.feedback.files) && !sources.feedback.snapshot;
    // Lines of an order that each bear the amount of the whole are alike, and neither the order nor its amount counts again.
    let is_once = |own: &Transactions| own.amount_per == Some(AmountPer::Order);
    let transactions = sources.transactions.as_ref();
    let transactions = transactions.is_some_and(|own| is_nameless(&own.id, &own.files) && !is_once(own));
    let mut found = Vec::new();
    for source in [feedback.then_some("feedback"), transactions.then_some("transactions")].into_iter().flatten() {
        let n_repeated = engine.n_repeated_rows(source)?;
        let n_rows = accounts.iter().find(|account| account.source == source).map_or(0, |account| account.rows_used);
        if n_repeated > 0 {
            let order =
                sources.transactions.as_ref().and_then(|own| own.order.clone()).filter(|_| source == "transactions");
            found.push(RepeatedRows { source, n_repeated, n_rows, order });
        }
    }
    Ok(found)
}

impl RepeatedRows {
    /// What `check` says of it.
    pub fn sentence(&self) -> String {
        let n = self.n_repeated as usize;
        let told = match &self.order {
            None => format!(
                "if a row should count once, name the column that numbers it as `id` in [sources.{}], or say `unique = \"row\"` in its \
                 contract",
                self.source
            ),
            Some(order) => format!(
                "lines of one order that are alike, or rows that were exported twice; where a column numbers the lines, say `unique = \
                 [\"{order}\", \"its name\"]` in the contract, and only the latter are put aside"
            ),
        };
        format!(
            "{} of {} of {} {} the same as an earlier one in all that the study reads, and {} again: {told}.",
            words::count(self.n_repeated),
            words::counted(self.n_rows as usize, "row", "rows"),
            self.source,
            words::either(n, "is", "are"),
            words::either(n, "counts", "count"),
        )
    }

    /// What a run says of it.
    pub fn finding(&self) -> Finding {
        let is_much = self.order.is_none() && self.n_repeated as f64 >= MUCH * self.n_rows as f64;
        let severity = if is_much { Severity::Warning } else { Severity::Note };
        Finding::new(FindingKind::SourceRemark, severity, self.source, self.sentence())
            .number("n_repeated", self.n_repeated as f64)
            .number("n_rows", self.n_rows as f64)
    }
}

#[cfg(test)]
mod tests {
    use crate::pipeline::check::check;
    use crate::pipeline::small_study::SmallStudy;

    const STUDY: &str = "study = { name = \"case\", as_of = 2026-12-31 }
[sources.feedback]
path = \"answers.csv\"
customer = \"who\"
time = \"when\"
recommend = \"ltr\"
[sources.transactions]
path = \"orders.csv\"
customer = \"who\"
time = \"when\"
amount = \"eur\"
[drivers]
touchpoints = [\"touch\"]
[outcomes.recommend]
";

    fn checked(text: &str) -> String {
        // Of five orders one is written three times, and one differs from it by its amount; an answer is there twice.
        let answers =
            "who,when,ltr,touch\na,2026-03-01T12:00:00Z,9,2\nb,2026-03-02T12:00:00Z,4,3\nb,2026-03-02T12:00:00Z,4,3\n";
        let orders = "no,who,when,eur\n1,a,2026-02-01T12:00:00Z,5\n1,a,2026-02-01T12:00:00Z,5\n1,a,2026-02-01T12:00:00Z,5\n\
                      2,a,2026-02-01T12:00:00Z,6\n3,b,2026-02-01T12:00:00Z,\n";
        let own = SmallStudy::new(text, &[("answers.csv", answers), ("orders.csv", orders)]);
        check(&own.study(), &own.settings()).expect("checked")
    }

    #[test]
    fn rows_that_say_the_same_again_are_counted_where_none_has_a_name() {
        let said = checked(STUDY);
        assert!(said.contains("warning: 1 of 3 rows of feedback is the same as an earlier one"), "{said}");
        assert!(said.contains("warning: 2 of 5 rows of transactions are the same as an earlier one"), "{said}");
        assert!(said.contains("`id` in [sources.transactions]"), "{said}");
    }

    #[test]
    fn where_rows_have_a_name_repeats_are_put_aside_instead() {
        let said = checked(&STUDY.replace("amount = \"eur\"\n", "amount = \"eur\"\nid = \"no\"\n"));
        assert!(
            said.contains("quarantine duplicate: 2") && !said.contains("rows of transactions are the same"),
            "{said}"
        );
    }
}
