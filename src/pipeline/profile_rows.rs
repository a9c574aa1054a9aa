//! Rows of the profiles that say nothing certain: several that begin at one instant and do not agree, and some that hold at no time.

use super::PipelineError;
use crate::findings::{Finding, FindingKind, Severity};
use crate::link::{Engine, ProfileRows};
use crate::report::words;

/// From this share (0-1) of the rows on, beginning and end are rather exchanged than wrong.
const EXCHANGED: f64 = 0.5;

/// What is to be said of some rows of the profiles.
pub(super) struct ProfileRemark {
    kind: FindingKind,
    n: u64,
    sentence: String,
}

impl ProfileRemark {
    /// What a run says of it.
    pub fn finding(&self) -> Finding {
        Finding::new(self.kind, Severity::Warning, "customers", self.sentence.clone()).number("n", self.n as f64)
    }

    /// What `check` says of it.
    pub fn sentence(&self) -> &str {
        &self.sentence
    }
}

/// What is to be said of the rows of the profiles.
///
/// # Errors
/// The engine fails.
pub(super) fn profile_rows(engine: &Engine) -> Result<Vec<ProfileRemark>, PipelineError> {
    let Some(rows) = engine.profile_rows()? else { return Ok(Vec::new()) };
    let ambiguous = (rows.n_ambiguous > 0).then(|| ambiguous(&rows));
    let void = (rows.n_void > 0).then(|| void(&rows));
    Ok(ambiguous.into_iter().chain(void).collect())
}

fn ambiguous(rows: &ProfileRows) -> ProfileRemark {
    let columns: Vec<String> =
        rows.columns.iter().map(|(name, n)| format!("`{name}` of {}", words::count(*n))).collect();
    let n = rows.n_ambiguous as usize;
    let sentence = format!(
        "{} {} several rows in [sources.customers] that begin at one instant and do not agree: {}; these are gaps there, which concerns {}; \
         keep one of them, or give them their own times",
        words::counted(n, "customer", "customers"),
        words::either(n, "has", "have"),
        columns.join(", "),
        words::counted(rows.n_answers as usize, "answer", "answers")
    );
    ProfileRemark { kind: FindingKind::Ambiguous, n: rows.n_ambiguous, sentence }
}

fn void(rows: &ProfileRows) -> ProfileRemark {
    let n = rows.n_void as usize;
    let hint = if rows.n_void as f64 >= EXCHANGED * rows.n_rows as f64 {
        "`valid_from` and `valid_to` look exchanged"
    } else {
        "set right when they began and ended, if they should count"
    };
    let rows_of = ("row of [sources.customers]", "rows of [sources.customers]");
    let sentence = format!(
        "{} before {} or then (`valid_to` <= `valid_from`), and {} at no time: {hint}",
        words::part(n, rows.n_rows as usize, rows_of, ("ends", "end")),
        words::either(n, "it begins", "they begin"),
        words::either(n, "holds", "hold"),
    );
    ProfileRemark { kind: FindingKind::RowsDropped, n: rows.n_void, sentence }
}

#[cfg(test)]
mod tests {
    use crate::findings::FindingKind;
    use crate::pipeline::check::check;
    use crate::pipeline::small_study::SmallStudy;

    fn study(history: &str, customers: &str) -> SmallStudy {
        let text = format!(
            "study = {{ name = \"case\", as_of = 2026-12-31 }}
[sources.feedback]
path = \"answers.csv\"
customer = \"who\"
time = \"when\"
recommend = \"ltr\"
[sources.customers]
path = \"customers.csv\"
customer = \"who\"
{history}keep = [\"seg\", \"region\"]
[drivers]
touchpoints = [\"touch\"]
[outcomes.recommend]
"
        );
        let answers = "who,when,ltr,touch\na,2026-03-01T12:00:00Z,9,2\na,2026-03-02T12:00:00Z,8,2\nb,2026-03-02T12:00:00Z,4,3\n\
                       c,2026-03-02T12:00:00Z,5,1\n";
        SmallStudy::new(&text, &[("answers.csv", answers), ("customers.csv", customers)])
    }

    /// `a` is twice at one instant and differs in one column, `b` has the same row twice, and the last row of `c` ends where it begins.
    const HISTORY: &str = "who,from,to,seg,region\na,2026-01-01T00:00:00Z,,biz,north\na,2026-01-01T00:00:00Z,,con,north\n\
                           b,2026-01-01T00:00:00Z,,con,south\nb,2026-01-01T00:00:00Z,,con,south\nc,2026-01-01T00:00:00Z,,con,west\n\
                           c,2026-02-01T00:00:00Z,2026-02-01T00:00:00Z,biz,west\n";

    #[test]
    fn rows_that_contradict_each_other_and_rows_that_never_held_are_told() {
        let own = study("valid_from = \"from\"\nvalid_to = \"to\"\n", HISTORY);
        let said = check(&own.study(), &own.settings()).expect("checked");
        for line in [
            "warning: 1 customer has several rows in [sources.customers] that begin at one instant and do not agree: `seg` of 1; these are \
             gaps there, which concerns 2 answers; keep one of them, or give them their own times",
            "warning: 1 of 6 rows of [sources.customers] ends before it begins or then (`valid_to` <= `valid_from`), and holds at no time: \
             set right when they began and ended, if they should count",
        ] {
            assert!(said.lines().any(|own| own == line), "`{line}` is not in {said}");
        }
        let findings = own.run().findings;
        let kinds: Vec<FindingKind> =
            findings.iter().filter(|own| own.about == "customers").map(|own| own.kind).collect();
        assert_eq!(kinds, [FindingKind::Ambiguous, FindingKind::RowsDropped]);
    }

    #[test]
    fn ends_before_beginnings_look_exchanged() {
        let own =
            study("valid_from = \"to\"\nvalid_to = \"from\"\n", &HISTORY.replace("Z,,", "Z,9999-12-31T00:00:00Z,"));
        let said = check(&own.study(), &own.settings()).expect("checked");
        assert!(said.contains("`valid_from` and `valid_to` look exchanged"), "{said}");
    }
}
