//! The commands over a study, and the simulated company.

use super::Failure;
use super::arguments::{Check, Run, Simulate};
use super::print;
use crate::pipeline::{self, PipelineError, Progress, RunSettings};
use crate::report;
use crate::simulate::Company;
use crate::study::{AsOf, Study};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::time::Duration;

/// Columns of the summary; the same on a terminal and in a file.
const SUMMARY_WIDTH: usize = 100;

/// `advocate run`.
pub(super) fn run(arguments: &Run) -> Result<(), Failure> {
    let mut study = Study::read(&arguments.study).map_err(PipelineError::from)?;
    if let Some(as_of) = &arguments.as_of {
        study.as_of = AsOf::parse(as_of).map_err(|message| Failure::new(2, format!("--as-of: {message}")))?;
    }
    if let Some(seed) = arguments.seed {
        study.seed = seed;
    }
    if let Some(threads) = arguments.threads {
        // Only a pool that is already there refuses, and this is the first use.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(usize::from(threads)).build_global();
    }
    let settings = RunSettings {
        out: arguments.out.clone(),
        memory_bytes: arguments.memory,
        n_threads: arguments.threads.map(usize::from),
    };
    let bar = bar(arguments.quiet);
    let done = pipeline::run(&study, &settings, &|progress| show(&bar, progress));
    bar.finish_and_clear();
    let done = done?;
    if arguments.quiet {
        return Ok(());
    }
    let quarantine = done.folder.join("quarantine");
    let any_aside = done.results.sources.iter().any(|account| account.n_quarantined() > 0);
    let places = report::Places {
        report: done.folder.join("report.html"),
        quarantine: any_aside.then_some(quarantine),
        folder: done.folder,
    };
    print::text(&report::terminal(&done.results, &places, SUMMARY_WIDTH))
}

/// `advocate check`.
pub(super) fn check(arguments: &Check) -> Result<(), Failure> {
    let study = Study::read(&arguments.study).map_err(PipelineError::from)?;
    print::text(&pipeline::check(&study)?)
}

/// `advocate simulate`.
pub(super) fn simulate(arguments: &Simulate) -> Result<(), Failure> {
    let company = Company { customers: arguments.customers, seed: arguments.seed, ..Company::default() };
    let bar = bar(false);
    bar.set_length(arguments.customers);
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {pos} of {len} customers") {
        bar.set_style(style);
    }
    let done = pipeline::simulate::simulate_with_progress(&company, &arguments.out, |n| bar.set_position(n));
    bar.finish_and_clear();
    let report = done.map_err(PipelineError::from)?;
    let mut text = format!("wrote {}\n", report.folder.display());
    for file in &report.files {
        let rows = file.n_rows.map_or_else(String::new, |n| format!("{n} rows, "));
        text.push_str(&format!("  {}: {rows}{} bytes\n", file.name, file.n_bytes));
    }
    print::text(&text)
}

/// A progress bar on stderr, hidden where that is no terminal.
fn bar(quiet: bool) -> ProgressBar {
    if quiet || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

fn show(bar: &ProgressBar, progress: Progress) {
    match progress {
        Progress::Reading { source, bytes_done, bytes_total } => {
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {wide_bar} {bytes} of {total_bytes}") {
                bar.set_style(style);
            }
            bar.set_length(bytes_total);
            bar.set_position(bytes_done);
            bar.set_message(format!("reading {source}"));
        }
        Progress::Step(step) => {
            bar.set_style(ProgressStyle::default_spinner());
            bar.set_message(step);
        }
    }
}
