//! `advocate check`: the plan of a study and what its contracts make of the rows; nothing is kept.

use super::day_dates::day_dates;
use super::identity;
use super::run::{self, Folder, ReadSoFar};
use super::selection::Selection;
use super::{
    PipelineError, RunSettings, absent_values, early_returns, order_lines, profile_rows, referral_rules, repeated_rows,
    shared_keys, source_ends,
};
use crate::estimators::Family;
use crate::intake::{Intake, Table};
use crate::link::{Anchors, BaseTable, TableLines};
use crate::report::words;
use crate::study::{Missing, Outcome, Study};
use jiff::Timestamp;
use std::fmt::Write as _;

/// From this share of the rows put aside on, the plan warns.
const MUCH_ASIDE: f64 = 0.2;

/// Reads and joins all sources in a temporary folder and says what a run would use, in words.
///
/// # Errors
/// What intake refuses, and columns that the study names and nothing has.
pub fn check(study: &Study, settings: &RunSettings) -> Result<String, PipelineError> {
    let folder = Folder::temporary()?;
    let joined = run::join(study, settings, &|_| {}, &folder.folders(), &folder.spill(), &mut ReadSoFar::default())?;
    let (intake, engine, base) = (&joined.intake, &joined.engine, &joined.base);
    let mut text = format!("study {} as of {}, seed {}\n", study.name, study.as_of.written(), study.seed);
    for account in &intake.accounts {
        let _ = writeln!(
            text,
            "source {}: {}, {} read, {} used, {} for quarantine, {} excluded{}",
            account.source,
            words::counted(account.files.len(), "file", "files"),
            words::counted(account.rows_read as usize, "row", "rows"),
            words::count(account.rows_used),
            words::count(account.n_quarantined()),
            words::count(account.n_excluded()),
            table_of(intake, &account.source).map_or_else(String::new, span)
        );
        for (reason, n) in &account.rows_quarantined {
            let _ = writeln!(text, "  quarantine {}: {}", reason.word(), words::count(*n));
            for aside in account.put_aside.iter().filter(|aside| aside.reason == *reason) {
                let _ = writeln!(text, "    {} as the first in {}", words::count(aside.n_rows), aside.first());
            }
        }
        for (reason, n) in &account.rows_excluded {
            let _ = writeln!(text, "  excluded {}: {}", reason.word(), words::count(*n));
        }
        if account.rows_read == 0 {
            text.push_str("  warning: there are no rows\n");
        } else if account.n_quarantined() as f64 > MUCH_ASIDE * account.rows_read as f64 {
            let percent = 100.0 * account.n_quarantined() as f64 / account.rows_read as f64;
            let _ =
                writeln!(text, "  warning: {percent:.0} % of the rows are put aside{}", account.foremost_in_words());
        }
        if let Some(counts) = &account.corrections {
            let _ = writeln!(text, "  {}", counts.sentence());
        }
        if !account.known_by.is_empty() {
            let _ = writeln!(text, "  {}", identity::known_by(account));
        }
        if let Some(classes) = account.classes {
            let (n, checked) = (classes.disagreeing as usize, classes.checked as usize);
            let are = words::part(n, checked, ("class", "classes"), words::ARE);
            let _ = writeln!(text, "  {are} not {} answer's", words::either(n, "its", "their"));
        }
        for changes in account.clock_changes.values() {
            let _ = writeln!(text, "  {}", changes.sentence(&account.source));
        }
        for (column, own) in &account.folders_overrule {
            let _ = writeln!(text, "  warning: {}", own.sentence(&account.source, column));
        }
        for remark in &account.remarks {
            let _ = writeln!(text, "  {remark}");
        }
    }
    if !intake.corrected_elsewhere.is_empty() {
        let n = intake.corrected_elsewhere.len();
        let rows = words::counted(n, "corrected row is of a source", "corrected rows are of sources");
        let _ = writeln!(text, "{rows} that the study does not read");
    }
    text.push_str(&identity::lines(intake));
    for repeated in repeated_rows::repeated_rows(study, engine, &intake.accounts)? {
        let _ = writeln!(text, "warning: {}", repeated.sentence());
    }
    for remark in order_lines::order_lines(engine, study)? {
        let _ = writeln!(text, "{}{}", if remark.is_fault() { "warning: " } else { "" }, remark.sentence);
    }
    for few in shared_keys::few_shared(study, engine, &engine.match_report()?)? {
        let _ = writeln!(text, "warning: {}", few.sentence());
    }
    if let Some(swapped) = referral_rules::swapped_columns(engine, &study.sources)? {
        let _ = writeln!(text, "warning: {}", swapped.sentence());
    }
    for absent in absent_values::absent_values(study, engine)? {
        let _ = writeln!(text, "warning: {}", absent.sentence());
    }
    for dated in day_dates(study, engine)? {
        let _ = writeln!(text, "warning: {}", dated.sentence());
    }
    if let Some(early) = early_returns::early_returns(engine)? {
        let _ = writeln!(text, "warning: {}", early.sentence());
    }
    for end in source_ends::source_ends(study, engine, base)? {
        let _ = writeln!(text, "warning: {}", end.sentence());
    }
    for row in profile_rows::profile_rows(engine)? {
        let _ = writeln!(text, "warning: {}", row.sentence());
    }
    let _ = writeln!(text, "drivers: {}", study.drivers.touchpoints.join(", "));
    text.push_str(&ranges(study, base));
    if !study.drivers.controls.is_empty() {
        let _ = writeln!(text, "held constant: {}", study.drivers.controls.join(", "));
    }
    let n_answers = base.n_rows();
    for outcome in &study.outcomes {
        let window = outcome
            .window_days()
            .map_or_else(String::new, |days| format!(" within {} after the answer", words::days(days)));
        let selection = Selection::of(study, base, outcome);
        let of_moments = ranked_by_moments(study, base, outcome).map_or_else(String::new, |(word, n)| {
            format!(" for the model, {} for the ranking, which fills gaps by {word}", words::count(n as u64))
        });
        let n_used = selection.rows.len();
        let n_used = words::count(n_used as u64);
        let answers = words::counted(n_answers, "answer", "answers");
        let (name, word) = (outcome.name(), outcome.kind().word());
        let kind = if name == word { String::new() } else { format!(" ({word})") };
        let _ = writeln!(text, "outcome {name}{kind}{window}: {n_used} of {answers}{of_moments}");
        for left_out in selection.left_out.iter().filter(|left_out| left_out.n > 0) {
            let _ = writeln!(text, "  left out {}: {}", left_out.reason, words::count(left_out.n as u64));
        }
        if selection.rows.is_empty() {
            text.push_str("  warning: no answer is left for it, so that it cannot be estimated\n");
        }
    }
    let known = engine.plan().history().into_iter().chain(engine.plan().history_texts());
    let _ = writeln!(text, "columns known before an answer: {}", known.collect::<Vec<_>>().join(", "));
    Ok(text)
}

/// From what to what the scores reach that the study is about, and how many answers are without.
fn ranges(study: &Study, base: &BaseTable) -> String {
    let recommend = study.sources.feedback.recommend.iter().map(|_| "recommend");
    let touchpoints = study.drivers.touchpoints.iter().map(String::as_str);
    let mut text = String::new();
    for (name, values) in recommend.chain(touchpoints).filter_map(|name| Some((name, base.numbers(name)?))) {
        let filled = || values.iter().copied().filter(|value| !value.is_nan());
        let n_without = values.len() - filled().count();
        let without = match n_without {
            0 => String::new(),
            n => format!(", {} without", words::counted(n, "answer", "answers")),
        };
        // Writing to a String cannot fail.
        let _ = match filled().reduce(f64::min).zip(filled().reduce(f64::max)) {
            Some((low, high)) => writeln!(text, "  {name}: {low} to {high}{without}"),
            None => writeln!(text, "  {name}: no score at all"),
        };
    }
    text
}

/// How many answers the drivers of a number are ranked by, where their moments come from answers with gaps too, and the
/// treatment's word.
fn ranked_by_moments(study: &Study, base: &BaseTable, outcome: &Outcome) -> Option<(&'static str, usize)> {
    let word = match study.drivers.missing {
        Missing::Em => "em",
        Missing::Pairwise => "pairwise",
        Missing::Listwise | Missing::Indicator | Missing::Mean => return None,
    };
    let is_line = outcome.family() == Family::Linear;
    is_line.then(|| (word, Selection::with_gaps(study, base, outcome).rows.len()))
}

fn table_of<'t>(intake: &'t Intake, source: &str) -> Option<&'t Table> {
    let tables = &intake.tables;
    let all = [
        &tables.feedback,
        &tables.transactions,
        &tables.referrals,
        &tables.customers,
        &tables.activity,
        &tables.invitations,
        &tables.junctures,
        &tables.exposures,
    ];
    all.into_iter().find(|table| table.name == source)
}

/// From when to when the rows of a table are.
fn span(table: &Table) -> String {
    let date = |us: i64| Timestamp::from_microsecond(us).map(|instant| instant.strftime("%Y-%m-%d").to_string());
    match (table.first_t.map(date), table.last_t.map(date)) {
        (Some(Ok(first)), Some(Ok(last))) => format!(", from {first} to {last}"),
        _ => String::new(),
    }
}

/// The statement of the base table of a study, which is read for the columns of its profiles.
///
/// # Errors
/// As [`check`].
pub fn statement(study: &Study, anchors: Anchors) -> Result<String, PipelineError> {
    let folder = Folder::temporary()?;
    let intake = Intake::run(study, &folder.folders(), &|_| {})?;
    let plan = run::plan(study, &intake);
    run::check_columns(study, &plan)?;
    plan.check()?;
    Ok(format!("{}\n", plan.statement_text(anchors, TableLines::Without)))
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::pipeline::small_study::SmallStudy;

    #[test]
    fn the_plan_says_from_what_to_what_scores_reach_and_counts_one_as_one() {
        let text = "study = { name = \"case\", as_of = 2026-12-31 }\n[sources.feedback]\npath = \"answers.csv\"\n\
                    customer = \"who\"\ntime = \"when\"\nrecommend = \"ltr\"\n[drivers]\ntouchpoints = [\"touch\", \"empty\"]\n\
                    [outcomes.recommend]\n";
        let answers = "who,when,ltr,touch,empty\na,2026-03-01T12:00:00Z,9,2,\nb,2026-03-02T12:00:00Z,4,,\n\
                       c,2026-03-03T12:00:00Z,10,5,\nd,soon,10,5,\n";
        let own = SmallStudy::new(text, &[("answers.csv", answers)]);
        let said = check(&own.study(), &own.settings()).expect("checked");
        for line in [
            "source feedback: 1 file, 4 rows read, 3 used, 1 for quarantine, 0 excluded, from 2026-03-01 to 2026-03-03",
            "  recommend: 4 to 10",
            "  touch: 2 to 5, 1 answer without",
            "  empty: no score at all",
        ] {
            assert!(said.lines().any(|own| own == line), "`{line}` is not in {said}");
        }
    }

    const PURCHASES: &str = "study = { name = \"case\", as_of = 2026-12-31 }
[sources.feedback]
path = \"answers.csv\"
customer = \"who\"
time = \"when\"
recommend = \"ltr\"
[sources.transactions]
path = \"orders.csv\"
customer = \"who\"
time = \"when\"
[drivers]
touchpoints = [\"touch\"]
[outcomes.recommend]
";

    fn bought(text: &str) -> Result<String, String> {
        let answers = "who,when,ltr,touch\na,2026-03-01T12:00:00Z,9,2\nb,2026-03-02T12:00:00Z,4,3\n";
        let orders = "who,when\na,2026-02-01T12:00:00Z\nb,2026-02-02T12:00:00Z\n";
        let own = SmallStudy::new(text, &[("answers.csv", answers), ("orders.csv", orders)]);
        check(&own.study(), &own.settings()).map_err(|error| error.to_string())
    }

    #[test]
    fn what_was_spent_is_no_column_of_purchases_without_amounts() {
        let said = bought(PURCHASES).expect("checked");
        let known = said.lines().find(|line| line.starts_with("columns known")).expect("a list");
        assert!(known.contains("frequency_90d") && !known.contains("spend"), "{known}");
        let asked = PURCHASES.replace("[outcomes.recommend]", "controls = [\"spend_90d\"]\n[outcomes.recommend]");
        let refusal = bought(&asked).expect_err("no amounts");
        assert!(refusal.contains(":13:") && refusal.contains("no column of numbers `spend_90d`"), "{refusal}");
    }

    #[test]
    fn a_rule_of_the_lifecycle_is_refused_where_it_stands_with_the_nearest_name() {
        let rule = "[history]\nlifecycle = [{ stage = \"new\", when = [\"tenure_days < 9\", \"recency_day < 90\"] }]\n";
        let refusal = bought(&format!("{PURCHASES}{rule}")).expect_err("no such column");
        assert!(refusal.contains(":15:") && refusal.contains("the stage `new` asks for `recency_day`"), "{refusal}");
        assert!(refusal.contains("did you mean `recency_days`"), "{refusal}");
    }

    const REFERRED: &str = "study = { name = \"case\", as_of = 2026-12-31 }
[sources.feedback]
path = \"answers.csv\"
customer = \"who\"
time = \"when\"
recommend = \"ltr\"
[sources.customers]
path = \"customers.csv\"
customer = \"who\"
joined = \"since\"
[sources.referrals]
path = \"referrals.csv\"
referrer = \"by\"
referred = \"of\"
time = \"when\"
[drivers]
touchpoints = [\"touch\"]
[outcomes.recommend]
";

    /// Ten customers of 2024 who each bring one on the day that one joins, in 2025.
    fn brought(text: &str) -> String {
        let answers = "who,when,ltr,touch\na1,2026-03-01T12:00:00Z,9,2\na2,2026-03-02T12:00:00Z,4,3\n";
        let (mut customers, mut referrals) = ("who,since\n".to_owned(), "by,of,when\n".to_owned());
        for n in 1..=10 {
            customers.push_str(&format!("a{n},2024-01-{n:02}T00:00:00Z\nb{n},2025-01-{n:02}T00:00:00Z\n"));
            referrals.push_str(&format!("a{n},b{n},2025-01-{n:02}T00:00:00Z\n"));
        }
        let files = [("answers.csv", answers), ("customers.csv", &customers), ("referrals.csv", &referrals)];
        let own = SmallStudy::new(text, &files);
        check(&own.study(), &own.settings()).expect("checked")
    }

    #[test]
    fn referrals_that_all_run_backwards_have_their_columns_swapped() {
        assert!(!brought(REFERRED).contains("look swapped"));
        let said = brought(&REFERRED.replace("\"by\"", "\"x\"").replace("\"of\"", "\"by\"").replace("\"x\"", "\"of\""));
        assert!(
            said.contains("warning: The columns of [sources.referrals] look swapped: in 10 of 10 referrals"),
            "{said}"
        );
    }
}
