//! The first sheet: what the head of the report says.

use super::cells::{self, Figure, Styles};
use super::sheets;
use crate::drivers::DriverRow;
use crate::findings::{Finding, Severity};
use crate::report::headlines::{Headline, InShort};
use crate::report::markdown::all_findings;
use crate::report::results::{OutcomeResult, StudyResults};
use crate::report::sentences::{self, ASSOCIATION};
use crate::report::text::plain;
use crate::report::{reasons, standing, words};
use crate::store::Table;
use rust_xlsxwriter::{Format, Worksheet, XlsxError};

/// Drivers of each outcome, and warnings; the other sheets have them all.
const N_DRIVERS_MAX: usize = 3;
const N_WARNINGS_MAX: usize = 10;
/// Widths of the columns, in digits: what it is about, the words, and numbers.
const WIDTHS: [f64; 7] = [34.0, 92.0, 10.0, 10.0, 10.0, 10.0, 10.0];
/// Letters that surely fit into a line of the first two, which are narrower than digits but where they are bold.
const N_LEAD_LETTERS: usize = 34;
const N_LETTERS: usize = 98;

/// Writes the sheet. `tables` say which sheets follow.
pub(super) fn write(
    page: &mut Worksheet,
    results: &StudyResults,
    tables: &[Table],
    styles: &Styles,
) -> Result<(), XlsxError> {
    page.set_name("Summary")?;
    for (column, width) in (0..).zip(WIDTHS) {
        page.set_column_width(column, width)?;
    }
    page.set_screen_gridlines(false);
    page.set_landscape().set_print_fit_to_pages(1, 0);
    let mut lines = Lines { page, styles, row: 0 };
    lines.head(results)?;
    lines.score(results)?;
    let InShort { first, more } = InShort::of(results);
    lines.headlines("In short", &first)?;
    lines.drivers(results)?;
    lines.warnings(results)?;
    lines.headlines("More in short", &more)?;
    lines.contents(results, tables)
}

/// The sheet and the row that is written next.
struct Lines<'w> {
    page: &'w mut Worksheet,
    styles: &'w Styles,
    row: u32,
}

impl Lines<'_> {
    fn text(&mut self, column: u16, text: &str, style: &Format) -> Result<(), XlsxError> {
        cells::text(self.page, (self.row, column), &plain(text), style)
    }

    fn number(&mut self, column: u16, value: f64, figure: Figure) -> Result<(), XlsxError> {
        self.page.write_number_with_format(self.row, column, value, &figure.format()).map(drop)
    }

    /// What it is about, and a sentence.
    fn line(&mut self, lead: &str, text: &str) -> Result<(), XlsxError> {
        let styles = self.styles;
        self.text(0, lead, &styles.strong)?;
        self.text(1, text, &styles.wrapped)?;
        let height = cells::height(&plain(lead), N_LEAD_LETTERS).max(cells::height(&plain(text), N_LETTERS));
        self.page.set_row_height(self.row, height)?;
        self.row += 1;
        Ok(())
    }

    /// A heading with a line under all columns, and names above those of numbers.
    fn heading(&mut self, heading: &str, numbers: &[&str]) -> Result<(), XlsxError> {
        let styles = self.styles;
        self.row += 1;
        for column in 0..WIDTHS.len() as u16 {
            self.page.write_blank(self.row, column, &styles.heading)?;
        }
        self.text(0, heading, &styles.heading)?;
        for (column, name) in (2..).zip(numbers) {
            self.text(column, name, &styles.numbers_heading)?;
        }
        self.row += 1;
        Ok(())
    }

    fn head(&mut self, results: &StudyResults) -> Result<(), XlsxError> {
        let (head, styles) = (&results.head, self.styles);
        self.text(0, &head.title, &styles.title)?;
        self.row += 1;
        self.text(0, "As of", &styles.strong)?;
        match cells::date(&head.as_of).filter(|_| head.as_of.len() == 10) {
            Some(date) => drop(self.page.write_datetime_with_format(self.row, 1, date, &styles.date)?),
            None => self.text(1, &head.as_of, &styles.text)?,
        }
        self.row += 1;
        self.line("How to read this", ASSOCIATION)
    }

    fn score(&mut self, results: &StudyResults) -> Result<(), XlsxError> {
        let level = words::level(results.head.confidence);
        let (low, high) = (format!("{level} low"), format!("{level} high"));
        self.heading("Net Promoter Score", &["score", &low, &high, "answers"])?;
        let Some(row) = standing::overall(results) else {
            return self.line("All answers", "No recommend answer could be used.");
        };
        let small = if row.below_minimum_base { ", fewer than the minimum base" } else { "" };
        let weighted = if row.weighted { ", weighted" } else { "" };
        self.number(2, row.score.nps, Figure::Points)?;
        self.number(3, row.score.conf_low, Figure::Points)?;
        self.number(4, row.score.conf_high, Figure::Points)?;
        self.number(5, row.score.n as f64, Figure::Count)?;
        self.line("All answers", &words::capitalised(&format!("{}{weighted}{small}", sentences::score_base(row))))
    }

    fn headlines(&mut self, heading: &str, all: &[Headline]) -> Result<(), XlsxError> {
        if all.is_empty() {
            return Ok(());
        }
        self.heading(heading, &[])?;
        all.iter().try_for_each(|own| self.line(&own.lead, &own.text))
    }

    fn drivers(&mut self, results: &StudyResults) -> Result<(), XlsxError> {
        if results.outcomes.is_empty() {
            return Ok(());
        }
        let level = words::level(results.head.confidence);
        let (low, high) = (format!("{level} low"), format!("{level} high"));
        self.heading("First drivers of each outcome", &["share", &low, &high, "ranks", "is first"])?;
        results.outcomes.iter().try_for_each(|outcome| self.drivers_of(results, outcome))
    }

    fn drivers_of(&mut self, results: &StudyResults, outcome: &OutcomeResult) -> Result<(), XlsxError> {
        let title = sentences::outcome_title(outcome);
        let ranked = outcome.ranking.iter().flat_map(|ranking| &ranking.drivers).take(N_DRIVERS_MAX);
        let ranked: Vec<&DriverRow> = ranked.collect();
        if ranked.is_empty() {
            return self.line(&title, &sentences::no_ranking(results, outcome));
        }
        // A title of its own, since no row of numbers should be two lines high.
        let styles = self.styles;
        self.text(0, &title, &styles.lead)?;
        self.row += 1;
        for row in ranked {
            self.driver(row)?;
            self.line("", &format!("{}. {}", row.rank, row.driver))?;
        }
        match standing::weakness(results, outcome) {
            Some(sentence) => self.line("", &sentence),
            None => Ok(()),
        }
    }

    fn driver(&mut self, row: &DriverRow) -> Result<(), XlsxError> {
        self.number(2, row.share, Figure::Share)?;
        let Some(ends) = row.interval else { return Ok(()) };
        self.number(3, ends.share_low, Figure::Share)?;
        self.number(4, ends.share_high, Figure::Share)?;
        let styles = self.styles;
        self.text(5, &words::rank_range(ends.rank_low, ends.rank_high), &styles.right)?;
        self.number(6, ends.p_rank_1, Figure::Share)
    }

    fn warnings(&mut self, results: &StudyResults) -> Result<(), XlsxError> {
        let all: Vec<&Finding> =
            all_findings(results).into_iter().filter(|finding| finding.severity > Severity::Note).collect();
        if all.is_empty() {
            return Ok(());
        }
        self.heading("Warnings", &[])?;
        for finding in all.iter().take(N_WARNINGS_MAX) {
            let sentence = words::sentence(&finding.sentence, &finding.about);
            let lead = format!("{}, {}", words::capitalised(reasons::severity(finding.severity)), finding.about);
            self.line(&lead, &sentence)?;
        }
        match all.len().saturating_sub(N_WARNINGS_MAX) {
            0 => Ok(()),
            n => self.line("", &format!("{} in the sheet Findings.", words::counted(n, "more is", "more are"))),
        }
    }

    fn contents(&mut self, results: &StudyResults, tables: &[Table]) -> Result<(), XlsxError> {
        self.heading("In this workbook and beside it", &[])?;
        for (sheet, _) in sheets::shown(tables) {
            self.line(sheet.name, sheet.note)?;
        }
        if let Some(scores) = &results.scores {
            let text = format!(
                "One row for each of {}: in tables/scores.parquet and tables/scores.csv, not here.",
                words::counted(scores.n_customers as usize, "customer", "customers")
            );
            self.line("Scores of all customers", &text)?;
        }
        self.line("The whole story", "report.html; all tables in the folder tables, the models in the folder models.")?;
        let head = &results.head;
        let made = format!("Study {}, seed {}, advocate {}.", head.name, head.seed, head.version);
        self.line("Made from", &made)
    }
}
