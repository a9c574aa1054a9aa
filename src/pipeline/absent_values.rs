//! Values that a study asks for and no row has: the columns that count them would be zeros, and nobody would know.

use super::PipelineError;
use crate::findings::{Finding, FindingKind, Severity};
use crate::link::Engine;
use crate::report::words;
use crate::study::{Study, nearest};

/// Values of a column that are named one by one.
const SHOWN: usize = 6;

/// A value that a study asks for.
struct Asked<'s> {
    /// The key of the study.
    key: String,
    value: &'s str,
    /// The source and the column of its typed table.
    source: &'static str,
    column: &'static str,
}

/// A value that no row has.
pub(super) struct AbsentValue {
    key: String,
    sentence: String,
}

impl AbsentValue {
    /// What a run says of it.
    pub fn finding(&self) -> Finding {
        Finding::new(FindingKind::Unmatched, Severity::Warning, &self.key, self.sentence.clone())
    }

    /// What `check` says of it.
    pub fn sentence(&self) -> &str {
        &self.sentence
    }
}

/// The values that a study asks for and that its sources do not hold.
///
/// # Errors
/// The engine fails.
pub(super) fn absent_values(study: &Study, engine: &Engine) -> Result<Vec<AbsentValue>, PipelineError> {
    let mut absent = Vec::new();
    let mut known: Option<(&str, &str, Vec<String>)> = None;
    for asked in asked(study) {
        let is_read =
            known.as_ref().is_some_and(|(source, column, _)| (*source, *column) == (asked.source, asked.column));
        if !is_read {
            known = Some((asked.source, asked.column, engine.values(asked.source, asked.column)?));
        }
        let values = known.as_ref().map_or(&[][..], |(_, _, values)| values);
        if !values.iter().any(|value| value == asked.value) {
            absent.push(AbsentValue { sentence: sentence(study, &asked, values), key: asked.key });
        }
    }
    Ok(absent)
}

/// What a study asks for by value, one column of a source after the other.
fn asked(study: &Study) -> Vec<Asked<'_>> {
    let details = &study.history.details;
    let mut all: Vec<Asked<'_>> = Vec::new();
    for outcome in &study.outcomes {
        if let Some(value) = outcome.kind().product_family() {
            let key = format!("outcomes.{}.family", outcome.name());
            all.push(Asked { key, value, source: "transactions", column: "family" });
        }
    }
    let lists: [(&str, Vec<&String>, &'static str, &'static str); 4] = [
        ("history.activity_kinds", details.activity_kinds.iter().collect(), "activity", "kind"),
        (
            "history.contacts.kinds",
            details.contacts.iter().flat_map(|contacts| &contacts.kinds).collect(),
            "activity",
            "kind",
        ),
        (
            "influence.contact_kinds",
            study.influence.iter().flat_map(|influence| &influence.contact_kinds).collect(),
            "activity",
            "kind",
        ),
        ("history.campaigns", details.campaigns.iter().collect(), "exposures", "campaign"),
    ];
    for (key, values, source, column) in lists {
        let named = values.into_iter().enumerate();
        all.extend(named.map(|(place, value)| Asked { key: format!("{key}[{place}]"), value, source, column }));
    }
    for (place, juncture) in details.junctures.iter().enumerate() {
        let key = format!("history.junctures[{place}].kind");
        all.push(Asked { key, value: &juncture.kind, source: "junctures", column: "kind" });
    }
    all
}

fn sentence(study: &Study, asked: &Asked<'_>, values: &[String]) -> String {
    let Asked { key, value, source, column } = asked;
    let line = study.place_of(key).map_or_else(String::new, |place| format!(" (line {})", place.line));
    let near = nearest(value, values.iter().map(String::as_str));
    let near = near.map_or_else(String::new, |near| format!("did you mean `{near}`? "));
    let shown: Vec<String> = values.iter().take(SHOWN).map(|value| format!("`{value}`")).collect();
    let more = match values.len().saturating_sub(SHOWN) {
        0 => String::new(),
        n => format!(" and {} more", words::count(n as u64)),
    };
    let there = if values.is_empty() {
        "the column is empty".to_owned()
    } else {
        format!("{near}there are: {}{more}", shown.join(", "))
    };
    format!(
        "`{key}`{line} asks for `{value}`, which no row of {source} has as its {column}, so that what counts it is 0 or a gap \
         everywhere: {there}"
    )
}

#[cfg(test)]
mod tests {
    use crate::findings::FindingKind;
    use crate::pipeline::check;
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
amount = \"sum\"
family = \"what\"
[sources.activity]
path = \"activity.csv\"
customer = \"who\"
time = \"when\"
kind = \"kind\"
[drivers]
touchpoints = [\"touch\"]
[history]
activity_kinds = [\"login\", \"Visit\"]
[history.contacts]
kinds = [\"chat\", \"visit\"]
[outcomes.recommend]
[outcomes.family_purchase]
window_days = 30
family = \"shoes\"
";

    fn study(text: &str) -> SmallStudy {
        let rows = |row: fn(u32) -> String| -> String { (0..40).map(row).collect() };
        let answers = rows(|n| format!("c{n},2026-03-01T12:00:00Z,{},{}\n", n % 11, 1 + n * 7 % 5));
        let orders =
            rows(|n| format!("c{n},2026-03-{:02}T12:00:00Z,7,{}\n", 2 + n % 20, ["Shoes", "Hats"][n as usize % 2]));
        let activity = rows(|n| format!("c{n},2026-02-01T12:00:00Z,{}\n", ["login", "visit"][n as usize % 2]));
        SmallStudy::new(
            text,
            &[
                ("answers.csv", &format!("who,when,ltr,touch\n{answers}")),
                ("orders.csv", &format!("who,when,sum,what\n{orders}")),
                ("activity.csv", &format!("who,when,kind\n{activity}")),
            ],
        )
    }

    #[test]
    fn what_no_row_has_is_named_with_the_nearest_that_one_has() {
        let own = study(STUDY);
        let said = check(&own.study(), &own.settings()).expect("checked");
        let warned: Vec<&str> = said.lines().filter(|line| line.contains(" asks for ")).collect();
        assert_eq!(
            warned,
            [
                "warning: `outcomes.family_purchase.family` (line 27) asks for `shoes`, which no row of transactions has as its \
                 family, so that what counts it is 0 or a gap everywhere: did you mean `Shoes`? there are: `Hats`, `Shoes`",
                "warning: `history.activity_kinds[1]` (line 21) asks for `Visit`, which no row of activity has as its kind, so that \
                 what counts it is 0 or a gap everywhere: did you mean `visit`? there are: `login`, `visit`",
                "warning: `history.contacts.kinds[0]` (line 23) asks for `chat`, which no row of activity has as its kind, so that \
                 what counts it is 0 or a gap everywhere: there are: `login`, `visit`",
            ]
        );
        let findings = own.run().findings;
        let found =
            findings.iter().filter(|own| own.kind == FindingKind::Unmatched && own.sentence.contains(" asks for "));
        assert_eq!(found.count(), 3);
    }

    #[test]
    fn what_is_there_is_not_mentioned() {
        let text = STUDY.replace("shoes", "Shoes").replace("Visit", "visit").replace("\"chat\", ", "");
        let own = study(&text);
        assert!(!check(&own.study(), &own.settings()).expect("checked").contains(" asks for "));
    }
}
