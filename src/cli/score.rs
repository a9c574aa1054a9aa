//! `advocate score`.

use super::Failure;
use super::arguments::{Format, Score};
use super::print::{self, Cell};
use super::progress::Shown;
use super::study::{enough_memory, read, set_threads, settings, talk_of_kept};
use crate::findings::Finding;
use crate::pipeline::{self, DriftRow, ScoreSettings, ScoredModel, StoredScores};
use crate::report::words;
use serde::Serialize;

/// What is printed as JSON.
#[derive(Serialize)]
struct Answer<'a> {
    study: &'a str,
    as_of: &'a str,
    folder: String,
    n_customers: u64,
    n_answered: u64,
    models: &'a [ScoredModel],
    drift: &'a [DriftRow],
    findings: &'a [Finding],
}

/// Scores every customer of a study by stored models.
pub(super) fn score(arguments: &Score) -> Result<(), Failure> {
    enough_memory(arguments.machine.memory)?;
    let study = read(&arguments.study, arguments.as_of.as_deref(), None, |error| {
        // Why the study was refused is more important than a manifest that cannot be written either.
        let _ = pipeline::leave_refusal(&arguments.study, &arguments.out, error);
    })?;
    set_threads(arguments.machine.threads);
    let settings = ScoreSettings {
        run: settings(&arguments.out, &arguments.machine, &arguments.cache),
        models: arguments.models.clone(),
        hindsight: arguments.hindsight,
    };
    let is_json = arguments.format == Format::Json;
    let shown = Shown::unless(arguments.quiet || is_json);
    let done = pipeline::score(&study, &settings, &|progress| shown.show(&progress));
    shown.finish();
    let done = done?;
    if arguments.quiet {
        return Ok(());
    }
    if is_json {
        print::json(&Answer {
            study: &study.name,
            as_of: study.as_of.written(),
            folder: done.folder.display().to_string(),
            n_customers: done.n_customers,
            n_answered: done.n_answered,
            models: &done.models,
            drift: &done.drift,
            findings: &done.findings,
        })?;
    } else {
        summary(&done, study.as_of.written())?;
    }
    talk_of_kept(&done.kept);
    Ok(())
}

const HEADER: [&str; 7] = ["scores", "mean", "model_of", "trained_until", "age_days", "answers_since", "drifted"];

fn summary(done: &StoredScores, as_of: &str) -> Result<(), Failure> {
    let n_silent = done.n_customers.saturating_sub(done.n_answered);
    print::text(&format!(
        "{} scored as of {as_of}, {} of whom never answered\n\n",
        words::counted(done.n_customers as usize, "customer", "customers"),
        words::count(n_silent)
    ))?;
    print::table(&HEADER, done.models.iter().map(cells).collect(), &done.findings, None)?;
    let folder = done.folder.display();
    print::text(&format!(
        "\nwrote {folder}\n  tables/scores: one row a customer\n  tables/drift: the columns of the models against their training\n"
    ))?;
    if done.n_quarantined > 0 {
        let rows = words::counted(done.n_quarantined as usize, "row that was", "rows that were");
        print::text(&format!("  quarantine: {rows} put aside\n"))?;
    }
    Ok(())
}

fn cells(own: &ScoredModel) -> Vec<Cell> {
    let until = own.training.last.as_deref().and_then(|last| last.split('T').next());
    vec![
        Cell::text(&own.column),
        Cell::digits(own.mean),
        Cell::text(format!("{} {}", own.study, own.as_of)),
        until.map_or_else(Cell::empty, Cell::text),
        own.age_days.map_or_else(Cell::empty, |days| Cell::number(days, 0)),
        Cell::count(own.n_answers_since as usize),
        own.n_drifted.map_or_else(Cell::empty, Cell::count),
    ]
}
