//! `advocate quarantine`: what a user does with rows that were put aside.

use super::Failure;
use super::arguments::{Format, Quarantine, Retry};
use super::print;
use crate::pipeline::{self, Cache, Corrected, CorrectedRow, Keep, PipelineError, Retried};
use crate::report::words;
use crate::study::Study;
use std::fmt::Write as _;

/// Exit code of corrections of which none holds, as of any input that cannot be used.
const NOTHING_ACCEPTED: u8 = 3;
/// Signs of a cell or a row that are shown.
const SHOWN: usize = 80;

/// `advocate quarantine`.
pub(super) fn quarantine(command: &Quarantine) -> Result<(), Failure> {
    match command {
        Quarantine::Retry(arguments) => retry(arguments),
    }
}

fn retry(arguments: &Retry) -> Result<(), Failure> {
    let study = Study::read(&arguments.study).map_err(PipelineError::from)?;
    let cache = if arguments.no_cache { Cache::none() } else { Cache::of_earlier(&arguments.cache) };
    let from = arguments.file.clone().map_or(Corrected::Accepted, Corrected::File);
    let keep = if arguments.dry_run { Keep::Nothing } else { Keep::Accepted };
    let retried = pipeline::retry(&study, &cache, &from, keep)?;
    match arguments.format {
        Format::Json => print::json(&retried)?,
        Format::Text => print::text(&text(&retried))?,
    }
    // Whoever runs this in a script sees that nothing has changed.
    if retried.accepted.is_empty() && !retried.refused.is_empty() {
        let refused = words::counted(retried.refused.len(), "corrected row is", "corrected rows are");
        return Err(Failure::new(NOTHING_ACCEPTED, format!("nothing was accepted: {refused} refused")));
    }
    Ok(())
}

/// What became of the rows, one a line, those that are refused last.
fn text(retried: &Retried) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    for row in &retried.accepted {
        let _ = writeln!(text, "accepted  {}: {}{}", place(row), changes(row), not_used(row));
    }
    for row in &retried.refused {
        let _ = writeln!(text, "refused   {}: {}", place(row), row.verdict.phrase());
    }
    let unchanged = match retried.n_unchanged {
        0 => String::new(),
        n => format!(", {n} without a change"),
    };
    let _ = writeln!(text, "{} accepted, {} refused{unchanged}", retried.accepted.len(), retried.refused.len());
    if let Some(file) = &retried.kept_in {
        let earlier = match retried.n_kept.saturating_sub(retried.accepted.len()) {
            0 => String::new(),
            n => format!(", beside {} that were accepted before", words::counted(n, "row", "rows")),
        };
        let _ = writeln!(
            text,
            "the next run uses them: they are kept in {}{earlier}; `advocate check` says what becomes of all",
            file.display()
        );
    }
    text
}

fn place(row: &CorrectedRow) -> String {
    format!("{}, {} line {}", row.source, row.file, row.line)
}

fn changes(row: &CorrectedRow) -> String {
    let change = |own: &pipeline::Change| {
        let column = own.column.as_ref().map_or_else(|| "row".to_owned(), |column| format!("`{column}`"));
        format!("{column} {} -> {}", shown(&own.before), shown(&own.after))
    };
    row.changes.iter().map(change).collect::<Vec<_>>().join(", ")
}

fn not_used(row: &CorrectedRow) -> String {
    match &row.verdict {
        pipeline::Verdict::Used => String::new(),
        other => format!(" ({})", other.phrase()),
    }
}

/// A text in quotes and on one line, cut where it is long.
fn shown(text: &str) -> String {
    let one_line: String = text.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).collect();
    match one_line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("\"{}...\"", &one_line[..end]),
        None => format!("\"{one_line}\""),
    }
}
