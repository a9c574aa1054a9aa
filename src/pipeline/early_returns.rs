//! Returns that are dated before their own purchase: they count as returns of what was not bought yet.

use super::PipelineError;
use crate::findings::{Finding, FindingKind, Severity};
use crate::link::Engine;
use crate::report::words;

/// Returns that lie before their purchase.
pub(super) struct EarlyReturns {
    n_early: u64,
    n_returned: u64,
}

/// Whether returns lie before their purchase.
///
/// # Errors
/// The engine fails.
pub(super) fn early_returns(engine: &Engine) -> Result<Option<EarlyReturns>, PipelineError> {
    let (n_early, n_returned) = engine.early_returns()?;
    Ok((n_early > 0).then_some(EarlyReturns { n_early, n_returned }))
}

impl EarlyReturns {
    /// What `check` says of it.
    pub fn sentence(&self) -> String {
        let n = self.n_early as usize;
        format!(
            "{} before {} own purchase (`returned_time` in [sources.transactions]), and {} from then on, as of what was not bought yet: see \
             whether the column holds the time of the return, in the same zone",
            words::part(n, self.n_returned as usize, ("return", "returns"), ("lies", "lie")),
            words::either(n, "its", "their"),
            words::either(n, "counts", "count")
        )
    }

    /// What a run says of it.
    pub fn finding(&self) -> Finding {
        Finding::new(FindingKind::SourceRemark, Severity::Warning, "transactions", self.sentence())
            .number("n_early", self.n_early as f64)
            .number("n_returned", self.n_returned as f64)
    }
}

#[cfg(test)]
mod tests {
    use crate::pipeline::check::check;
    use crate::pipeline::small_study::SmallStudy;

    #[test]
    fn returns_before_their_purchase_are_counted() {
        let text = "study = { name = \"case\", as_of = 2026-12-31 }
[sources.feedback]
path = \"answers.csv\"
customer = \"who\"
time = \"when\"
recommend = \"ltr\"
[sources.transactions]
path = \"orders.csv\"
customer = \"who\"
time = \"when\"
returned_time = \"back\"
[history]
returns = \"dated\"
[drivers]
touchpoints = [\"touch\"]
[outcomes.recommend]
[outcomes.repurchase]
window_days = 3000
";
        let answers = "who,when,ltr,touch\na,2026-03-01T12:00:00Z,9,2\nb,2026-03-02T12:00:00Z,4,3\n";
        let orders = "who,when,back\na,2026-02-01T12:00:00Z,2026-01-09T12:00:00Z\nb,2026-02-02T12:00:00Z,2026-02-02T12:00:00Z\n\
                      b,2026-02-03T12:00:00Z,\n";
        let own = SmallStudy::new(text, &[("answers.csv", answers), ("orders.csv", orders)]);
        let said = check(&own.study(), &own.settings()).expect("checked");
        assert!(said.contains("warning: 1 of 2 returns lies before its own purchase (`returned_time`"), "{said}");
        // No window of 3,000 days is over.
        assert!(
            said.contains("0 of 2 answers\n  left out window_censored: 2\n  warning: no answer is left for it"),
            "{said}"
        );
    }
}
