//! What a reader calls an answer, so that it is found in the files: never its place among the answers that are analysed.

use crate::estimators::diagnostics::RowName;
use crate::intake::SourceAccount;
use crate::link::{BaseTable, Engine};
use crate::report::words;
use jiff::Timestamp;

/// The answers of a study and where their names come from.
pub(super) struct AnswerNames<'a> {
    pub base: &'a BaseTable,
    engine: &'a Engine,
    /// What became of the rows of the answers.
    feedback: Option<&'a SourceAccount>,
}

impl<'a> AnswerNames<'a> {
    pub fn of(base: &'a BaseTable, engine: &'a Engine, accounts: &'a [SourceAccount]) -> Self {
        Self { base, engine, feedback: accounts.iter().find(|account| account.source == "feedback") }
    }

    /// An answer by its id; else by its customer and day; in a survey that knows neither, by its row in the file.
    pub fn name(&self, row: usize) -> RowName {
        let used = self.base.numbers("row").map_or(row, |rows| rows[row] as usize);
        // A name is worth a sentence, and no run: without an id there are other words.
        let id = self.engine.response_id(used).ok().flatten();
        let text = match (id, self.of_customer(row)) {
            (Some(id), Some(of_customer)) => format!("answer `{id}` {of_customer}"),
            (Some(id), None) => format!("answer `{id}`"),
            (None, Some(of_customer)) => format!("the answer {of_customer}"),
            (None, None) => self.place(used),
        };
        RowName { number: used + 1, text }
    }

    fn of_customer(&self, row: usize) -> Option<String> {
        let customer = self.base.texts("customer")?[row].as_ref()?;
        let day = Timestamp::from_microsecond(self.base.numbers("t")?[row] as i64).ok()?.strftime("%Y-%m-%d");
        Some(format!("of customer `{customer}` of {day}"))
    }

    /// Where an answer stands among the used ones, from 0: by file and row where every row is used.
    fn place(&self, used: usize) -> String {
        let of_all = || {
            let number = words::count(used as u64 + 1);
            format!("the answer that is number {number} of those used, by files and rows")
        };
        let Some(feedback) = self.feedback.filter(|own| own.rows_used == own.rows_read) else { return of_all() };
        let mut before = 0;
        for file in &feedback.files {
            let place = used as u64 - before;
            if place < file.rows_read {
                return format!("row {} of {} (its header not counted)", words::count(place + 1), file.path);
            }
            before += file.rows_read;
        }
        of_all()
    }
}

#[cfg(test)]
mod tests {
    use crate::findings::FindingKind;
    use crate::pipeline::small_study::SmallStudy;

    /// Scores on a line but for one answer far from all others; every third row before it lacks the touchpoint, so that its place
    /// among the complete answers is none of its own.
    fn rows(of: impl Fn(usize) -> String) -> String {
        let answer = |row: usize| match row {
            30 => (10.0, 0.0),
            _ => (((row * 7) % 4) as f64, ((row * 7) % 4 + 4 + row % 3) as f64),
        };
        let score = |row: usize, score: f64| if row % 3 == 1 { String::new() } else { score.to_string() };
        (0..40)
            .map(|row| (row, answer(row)))
            .map(|(row, (one, ltr))| format!("{}{ltr},{}\n", of(row), score(row, one)))
            .collect()
    }

    fn named(head: &str, keys: &str, of: impl Fn(usize) -> String) -> (String, f64) {
        let text = format!(
            "study = {{ name = \"case\", as_of = 2026-12-31 }}\n[sources.feedback]\npath = [\"a.csv\", \"b.csv\"]\n{keys}\n\
             recommend = \"ltr\"\n[drivers]\ntouchpoints = [\"speed\"]\n[outcomes.recommend]\nkind = \"recommend\"\n"
        );
        let all = rows(of);
        let lines: Vec<&str> = all.lines().collect();
        let file = |lines: &[&str]| format!("{head}ltr,speed\n{}\n", lines.join("\n"));
        let (a, b) = (file(&lines[..25]), file(&lines[25..]));
        let results = SmallStudy::new(&text, &[("a.csv", &a), ("b.csv", &b)]).run();
        let findings = &results.outcomes[0].findings;
        let own = findings.iter().find(|own| own.kind == FindingKind::Influential).expect("one row decides");
        (own.sentence.clone(), own.numbers["row"])
    }

    #[test]
    fn the_row_that_decides_is_named_by_its_file_or_its_customer_or_its_id() {
        // Row 30 from 0: the sixth of the second file, of which the header is line 1.
        let (sentence, number) = named("", "snapshot = true", |_| String::new());
        assert!(
            sentence.contains("Without row 6 of ") && sentence.contains("b.csv (its header not counted)"),
            "{sentence}"
        );
        assert!((number - 31.0).abs() < 1e-12);
        let dated = "customer = \"who\"\ntime = \"when\"";
        let (sentence, _) = named("who,when,", dated, |row| format!("c{row},2026-01-{:02}T10:00:00Z,", 1 + row % 28));
        assert!(sentence.contains("Without the answer of customer `c30` of 2026-01-03 the coefficient"), "{sentence}");
        let with_id = "customer = \"who\"\ntime = \"when\"\nid = \"nr\"";
        let (sentence, _) = named("nr,who,when,", with_id, |row| format!("r{row},c{row},2026-01-05T10:00:00Z,"));
        assert!(sentence.contains("Without answer `r30` of customer `c30` of 2026-01-05"), "{sentence}");
    }
}
