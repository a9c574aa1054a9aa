//! What is to be said of orders of several lines: how many purchases they are, and which of them are not of one customer and one time.

use super::PipelineError;
use crate::findings::{Finding, FindingKind, Severity};
use crate::link::{Engine, OrderLines};
use crate::report::words;
use crate::study::{AmountPer, Study};

const DAY_US: f64 = 86_400e6;
/// From this share (0-1) of the orders on, it is more than a slip.
const MUCH: f64 = 0.01;
/// From this share (0-1) of the orders of several lines on, lines that cost the same are no chance.
const MOST: f64 = 0.95;
/// Fewer orders of several lines tell nothing of all.
const ORDERS: u64 = 20;

/// A sentence about the lines of orders.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct OrderRemark {
    pub sentence: String,
    is_doubtful: bool,
    n: u64,
    n_orders: u64,
}

/// What a check says of a study whose transactions are lines of orders, the count of them first; nothing of others.
///
/// # Errors
/// The engine fails.
pub(super) fn order_lines(engine: &Engine, study: &Study) -> Result<Vec<OrderRemark>, PipelineError> {
    let amount_per = study.sources.transactions.as_ref().and_then(|own| own.amount_per);
    Ok(engine.order_lines()?.as_ref().map(|lines| remarks(lines, amount_per)).unwrap_or_default())
}

fn remarks(lines: &OrderLines, amount_per: Option<AmountPer>) -> Vec<OrderRemark> {
    let n_orders = lines.n_orders;
    let remark = |sentence: String, n: u64, is_doubtful: bool| OrderRemark { sentence, is_doubtful, n, n_orders };
    let counted = |n: u64, one: &str, many: &str| words::counted(n as usize, one, many);
    let mut all = Vec::new();
    let alone = match lines.n_alone {
        0 => String::new(),
        n => format!("; {} without an order, each a purchase of its own", counted(n, "row", "rows")),
    };
    let of_lines = counted(lines.n_lines, "line", "lines");
    all.push(remark(
        format!("{} of {of_lines} in transactions{alone}", counted(n_orders, "order", "orders")),
        0,
        false,
    ));
    if lines.n_of_several_times > 0 {
        let n = lines.n_of_several_times;
        let apart = match (lines.longest_us as f64 / DAY_US) as i64 {
            0 => "less than a day".to_owned(),
            whole => words::days(whole),
        };
        all.push(remark(
            format!(
                "the lines of {} of {} in transactions have different times, at most {apart} apart: an order is one purchase at its \
                 earliest line, and what a line costs counts at its own time",
                words::count(n),
                counted(n_orders, "order", "orders")
            ),
            n,
            n as f64 >= MUCH * n_orders as f64,
        ));
    }
    if lines.n_of_several_customers > 0 {
        let n = lines.n_of_several_customers;
        all.push(remark(
            format!(
                "{} in transactions {} beside several customers: the lines of each customer are an order of their own; see whether \
                 `order` in [sources.transactions] names the right column",
                counted(n, "name of an order", "names of orders"),
                words::either(n as usize, "stands", "stand")
            ),
            n,
            true,
        ));
    }
    let (n_several, n_alike) = (lines.n_of_several_amounts, lines.n_of_one_amount);
    let of_several = counted(n_several, "order of several lines", "orders of several lines");
    if amount_per.is_none() && n_several >= ORDERS && n_alike as f64 >= MOST * n_several as f64 {
        all.push(remark(
            format!(
                "in {} of {of_several} in transactions all lines bear one amount, as if it were that of the whole order, and it counts \
                 once for each line: write amount_per = \"order\" in [sources.transactions] if it is, or amount_per = \"line\" if each \
                 line costs as much",
                words::count(n_alike)
            ),
            n_alike,
            true,
        ));
    }
    if amount_per == Some(AmountPer::Order) && n_alike < n_several {
        let n = n_several - n_alike;
        all.push(remark(
            format!(
                "the lines of {} of {of_several} in transactions bear different amounts though amount_per = \"order\" says that each bears \
                 that of the whole order: the largest of the earliest lines counts",
                words::count(n)
            ),
            n,
            n as f64 >= MUCH * n_several as f64,
        ));
    }
    all
}

impl OrderRemark {
    /// Whether it is a fault rather than a count.
    pub fn is_fault(&self) -> bool {
        self.n > 0
    }

    /// What a run says of it.
    pub fn finding(&self) -> Option<Finding> {
        let severity = if self.is_doubtful { Severity::Warning } else { Severity::Note };
        self.is_fault().then(|| {
            Finding::new(FindingKind::SourceRemark, severity, "transactions", format!("{}.", self.sentence))
                .number("n_orders_concerned", self.n as f64)
                .number("n_orders", self.n_orders as f64)
        })
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
order = \"no\"
[drivers]
touchpoints = [\"touch\"]
[outcomes.recommend]
";
    // Order 1 has three lines, order 2 two of different days, order 3 one of each customer, and a row names none.
    const ORDERS: &str = "no,line,who,when,eur\n1,1,a,2026-02-01T12:00:00Z,5\n1,2,a,2026-02-01T12:00:00Z,5\n\
                          1,2,a,2026-02-01T12:00:00Z,5\n2,1,a,2026-02-02T12:00:00Z,6\n2,2,a,2026-02-04T12:00:00Z,6\n\
                          3,1,a,2026-02-03T12:00:00Z,1\n3,2,b,2026-02-03T12:00:00Z,2\n,1,b,2026-02-05T12:00:00Z,3\n";

    fn checked(text: &str) -> String {
        let answers = "who,when,ltr,touch\na,2026-03-01T12:00:00Z,9,2\nb,2026-03-02T12:00:00Z,4,3\n";
        let own = SmallStudy::new(text, &[("answers.csv", answers), ("orders.csv", ORDERS)]);
        check(&own.study(), &own.settings()).expect("checked")
    }

    #[test]
    fn a_check_counts_orders_and_names_those_of_several_times_and_customers() {
        let said = checked(STUDY);
        for expected in [
            "4 orders of 7 lines in transactions; 1 row without an order",
            "warning: the lines of 1 of 4 orders in transactions have different times, at most 2 days apart",
            "warning: 1 name of an order in transactions stands beside several customers",
            // Lines that are alike cannot be told from repeats as long as nothing numbers them.
            "warning: 2 of 8 rows of transactions are the same as an earlier one in all that the study reads, and count again: lines of \
             one order that are alike, or rows that were exported twice",
        ] {
            assert!(said.contains(expected), "{expected}: {said}");
        }
    }

    #[test]
    fn lines_that_have_a_number_are_told_from_repeats() {
        let contract = "[sources.transactions.contract]\nunique = [\"no\", \"line\"]\n[drivers]";
        let said = checked(&STUDY.replace("[drivers]", contract));
        assert!(
            said.contains("4 orders of 6 lines in transactions") && said.contains("quarantine duplicate: 1"),
            "{said}"
        );
        assert!(!said.contains("the same as an earlier one"), "{said}");
    }

    /// Twenty orders of two lines each, of which so many bear two amounts.
    fn twenty(n_different: usize) -> String {
        let rows = (0..20).flat_map(|order| {
            let line = move |line: usize| {
                let amount = 10 + if order < n_different { line } else { 0 };
                format!("{order},{line},a,2026-02-{:02}T12:00:00Z,{amount}\n", order + 1)
            };
            [line(0), line(1)]
        });
        format!("no,line,who,when,eur\n{}", rows.collect::<String>())
    }

    #[test]
    fn lines_that_all_bear_one_amount_are_asked_about_until_the_study_says_what_it_is() {
        let said = |more: &str, n_different: usize| {
            let text = STUDY.replace("order = \"no\"", &format!("order = \"no\"\n{more}"));
            let answers = "who,when,ltr,touch\na,2026-03-01T12:00:00Z,9,2\nb,2026-03-02T12:00:00Z,4,3\n";
            let orders = twenty(n_different);
            let own = SmallStudy::new(&text, &[("answers.csv", answers), ("orders.csv", &orders)]);
            check(&own.study(), &own.settings()).expect("checked")
        };
        let asks = "warning: in 19 of 20 orders of several lines in transactions all lines bear one amount";
        assert!(said("", 1).contains(asks), "{}", said("", 1));
        assert!(!said("", 2).contains("bear one amount"));
        assert!(!said("amount_per = \"line\"", 0).contains("bear one amount"));
        let differ = "the lines of 2 of 20 orders of several lines in transactions bear different amounts";
        assert!(said("amount_per = \"order\"", 2).contains(differ), "{}", said("amount_per = \"order\"", 2));
        assert!(!said("amount_per = \"order\"", 0).contains("different amounts"));
    }

    #[test]
    fn a_study_without_orders_says_nothing_of_lines() {
        let said = checked(&STUDY.replace("order = \"no\"\n", ""));
        assert!(!said.contains(" orders of ") && !said.contains("of an order"), "{said}");
    }
}
