//! The commands over a study, and the simulated company.

use super::Failure;
use super::arguments::{BaseRows, CacheArguments, Check, Evaluate, Format, Link, Machine, Run, Simulate, SqlEngine};
use super::print::{self, Cell};
use super::progress::{self, Shown};
use crate::pipeline::{self, Anchors, Cache, ContestResult, PipelineError, RunSettings, TableLines, WrittenBaseTable};
use crate::report::{self, ComparisonRow, EvaluationResult, FigureRow, words};
use crate::simulate::Company;
use crate::study::{AsOf, Study, json_schema};
use indicatif::ProgressStyle;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Columns of the summary; the same on a terminal and in a file.
const SUMMARY_WIDTH: usize = 100;

/// The study of a command with what the command line changes in it; `refused` hears of a file that is refused.
pub(super) fn read(
    file: &Path,
    as_of: Option<&str>,
    seed: Option<u64>,
    refused: impl Fn(&PipelineError),
) -> Result<Study, Failure> {
    let mut study = Study::read(file).map_err(PipelineError::from).inspect_err(refused)?;
    if let Some(as_of) = as_of {
        study.as_of = AsOf::parse(as_of).map_err(|message| Failure::new(2, format!("--as-of: {message}")))?;
    }
    if let Some(seed) = seed {
        study.seed = seed;
    }
    Ok(study)
}

pub(super) fn set_threads(threads: Option<u16>) {
    if let Some(threads) = threads {
        // Only a pool that is already there refuses, and this is the first use.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(usize::from(threads)).build_global();
    }
}

/// Refuses memory that no join can be made with, before anything is read.
pub(super) fn enough_memory(memory: usize) -> Result<(), Failure> {
    if memory >= pipeline::LEAST_MEMORY {
        return Ok(());
    }
    let [memory, least] = [memory, pipeline::LEAST_MEMORY].map(|bytes| bytes.div_ceil(1_000_000));
    Err(Failure::new(
        2,
        format!("--memory allows {memory}MB, and no join can do with less than {least}MB; allow that or more"),
    ))
}

/// What a command that leaves results may use, and where they go.
pub(super) fn settings(out: &Path, machine: &Machine, cache: &CacheArguments) -> RunSettings {
    RunSettings {
        out: out.to_owned(),
        memory_bytes: machine.memory,
        n_threads: machine.threads.map(usize::from),
        cache: if cache.no_cache {
            Cache::none()
        } else {
            let folder = cache.cache.clone().unwrap_or_else(|| out.join("cache"));
            Cache::within(&folder, cache.cache_size as u64)
        },
    }
}

/// `advocate run`.
pub(super) fn run(arguments: &Run) -> Result<(), Failure> {
    enough_memory(arguments.how.machine.memory)?;
    let study = read(&arguments.study, arguments.how.as_of.as_deref(), arguments.how.seed, |error| {
        // Why the study was refused is more important than a manifest that cannot be written either.
        let _ = pipeline::leave_refusal(&arguments.study, &arguments.out, error);
    })?;
    if arguments.if_changed && pipeline::is_done(&study, &arguments.out)? {
        return Err(Failure::new(99, "nothing to do: the results are there, made from the same files and settings"));
    }
    set_threads(arguments.how.machine.threads);
    let settings = settings(&arguments.out, &arguments.how.machine, &arguments.cache);
    let shown = Shown::unless(arguments.quiet);
    let done = pipeline::run(&study, &settings, &|progress| shown.show(&progress));
    shown.finish();
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
    print::text(&report::terminal(&done.results, &places, SUMMARY_WIDTH))?;
    talk_of_kept(&done.kept);
    Ok(())
}

/// Says which files of others the folder before held, which would be missed if they had gone with it.
pub(super) fn talk_of_kept(kept: &[String]) {
    const SHOWN: usize = 5;
    if kept.is_empty() {
        return;
    }
    let more = kept.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let shown: Vec<&str> = kept.iter().take(SHOWN).map(String::as_str).collect();
    print::talk(&format!("kept of the earlier folder, as not written by advocate: {}{more}", shown.join(", ")));
}

/// What `advocate evaluate` prints as JSON.
#[derive(Serialize)]
struct Evaluations<'a> {
    study: &'a str,
    as_of: &'a str,
    confidence: f64,
    evaluations: &'a [EvaluationResult],
}

/// `advocate evaluate`.
pub(super) fn evaluate(arguments: &Evaluate) -> Result<(), Failure> {
    enough_memory(arguments.how.machine.memory)?;
    let study = read(&arguments.study, arguments.how.as_of.as_deref(), arguments.how.seed, |_| {})?;
    set_threads(arguments.how.machine.threads);
    let settings = RunSettings {
        out: PathBuf::new(),
        memory_bytes: arguments.how.machine.memory,
        n_threads: arguments.how.machine.threads.map(usize::from),
        cache: if arguments.no_cache { Cache::none() } else { Cache::of_earlier(&arguments.cache) },
    };
    let shown = Shown::unless(arguments.format == Format::Json);
    if let (Some(champion), Some(challenger)) = (&arguments.champion, &arguments.challenger) {
        let done = pipeline::contest(&study, &settings, champion, challenger, &|progress| shown.show(&progress));
        shown.finish();
        let done = done?;
        return if arguments.format == Format::Json { print::json(&done) } else { print_contest(&done) };
    }
    let done = pipeline::evaluate(&study, &settings, &|progress| shown.show(&progress));
    shown.finish();
    let evaluations = done?;
    if arguments.format == Format::Json {
        return print::json(&Evaluations {
            study: &study.name,
            as_of: study.as_of.written(),
            confidence: study.confidence.level(),
            evaluations: &evaluations,
        });
    }
    for evaluation in &evaluations {
        print_evaluation(evaluation)?;
    }
    let by = if study.sources.feedback.snapshot { "" } else { " by customer" };
    print::talk(&format!("figures of rows that the models have not seen; intervals{by}; associations, not effects"));
    Ok(())
}

fn print_evaluation(evaluation: &EvaluationResult) -> Result<(), Failure> {
    for split in &evaluation.splits {
        print::talk(&format!(
            "{}, fold {}: trained on {}, tested on {}; left out {} whose outcome was not known at the cut and {} of \
             customers on the other side",
            evaluation.outcome,
            split.fold,
            words::counted(split.n_train, "answer", "answers"),
            words::count(split.n_test as u64),
            words::count(split.n_embargoed as u64),
            words::count(split.n_shared_customer as u64)
        ));
    }
    let whole = evaluation.figures.iter().filter(|row| row.fold.is_none() && row.by.is_none());
    let outcome = &evaluation.outcome;
    let figures = whole.map(|row| figure_cells(outcome, row));
    let differences = evaluation.comparisons.iter().map(|row| difference_cells(outcome, row));
    print::table(&FIGURE_HEADER, figures.chain(differences).collect(), &evaluation.findings, None)
}

fn print_contest(contest: &ContestResult) -> Result<(), Failure> {
    let figures = contest.figures.iter().map(|row| figure_cells(&contest.outcome, row));
    let differences = contest.comparisons.iter().map(|row| difference_cells(&contest.outcome, row));
    let note = format!(
        "{} from {} to {}, after both training windows; {} of customers who answered within one; intervals \
         by customer",
        words::counted(contest.n_test, "answer", "answers"),
        contest.first,
        contest.last,
        words::counted(contest.n_shared_customer, "more is", "more are")
    );
    print::table(&FIGURE_HEADER, figures.chain(differences).collect(), &contest.findings, Some(note))
}

const FIGURE_HEADER: [&str; 6] = ["outcome", "model", "metric", "estimate", "conf_low", "conf_high"];

fn figure_cells(outcome: &str, row: &FigureRow) -> Vec<Cell> {
    let ends = [row.conf_low, row.conf_high].map(|value| value.map_or_else(Cell::empty, Cell::digits));
    let mut cells: Vec<Cell> = [outcome, &row.model, &row.metric].into_iter().map(Cell::text).collect();
    cells.push(Cell::digits(row.estimate));
    cells.extend(ends);
    cells
}

fn difference_cells(outcome: &str, row: &ComparisonRow) -> Vec<Cell> {
    let ends = [row.conf_low, row.conf_high].map(|value| value.map_or_else(Cell::empty, Cell::digits));
    let name = format!("{} less {}", row.challenger, row.champion);
    let mut cells: Vec<Cell> = [outcome, &name, &row.metric].into_iter().map(Cell::text).collect();
    cells.push(Cell::digits(row.difference));
    cells.extend(ends);
    cells
}

/// `advocate check`.
pub(super) fn check(arguments: &Check) -> Result<(), Failure> {
    enough_memory(arguments.memory)?;
    let study = Study::read(&arguments.study).map_err(PipelineError::from)?;
    let settings = RunSettings {
        out: PathBuf::new(),
        memory_bytes: arguments.memory,
        n_threads: None,
        cache: if arguments.no_cache { Cache::none() } else { Cache::of_earlier(&arguments.cache) },
    };
    print::text(&if arguments.leaks {
        pipeline::leaks(&study, &settings)?
    } else {
        pipeline::check(&study, &settings)?
    })
}

/// `advocate schema`.
pub(super) fn schema() -> Result<(), Failure> {
    print::json(&json_schema())
}

/// `advocate link`.
pub(super) fn link(arguments: &Link) -> Result<(), Failure> {
    enough_memory(arguments.memory)?;
    let study = Study::read(&arguments.study).map_err(PipelineError::from)?;
    let anchors = match arguments.rows {
        BaseRows::Answers => Anchors::Answers,
        BaseRows::Customers => Anchors::Customers,
    };
    let Some(out) = &arguments.out else {
        return print::text(&pipeline::statement(&study, anchors)?);
    };
    let lines = match arguments.tables {
        SqlEngine::None => TableLines::Without,
        SqlEngine::Datafusion => TableLines::DataFusion,
        SqlEngine::Duckdb => TableLines::DuckDb,
    };
    let settings = RunSettings {
        out: out.clone(),
        memory_bytes: arguments.memory,
        n_threads: None,
        cache: if arguments.no_cache { Cache::none() } else { Cache::of_earlier(&arguments.cache) },
    };
    let shown = Shown::unless(arguments.quiet);
    let done = pipeline::write_base_table(&study, &settings, anchors, lines, &|progress| shown.show(&progress));
    shown.finish();
    let WrittenBaseTable { folder, name, n_rows, n_columns, kept } = done?;
    if arguments.quiet {
        return Ok(());
    }
    let rows = words::counted(n_rows as usize, "row", "rows");
    let columns = words::counted(n_columns, "column", "columns");
    print::text(&format!(
        "wrote {folder}\n  {name}.parquet, {name}.csv: {rows}, {columns}\n  statement.sql, typed: the statement that makes them, \
         and the typed tables it reads\n  quarantine: the rows that were put aside\n",
        folder = folder.display()
    ))?;
    talk_of_kept(&kept);
    Ok(())
}

/// `advocate simulate`.
pub(super) fn simulate(arguments: &Simulate) -> Result<(), Failure> {
    let company = Company { customers: arguments.customers, seed: arguments.seed, ..Company::default() };
    let bar = progress::bar(false);
    bar.set_length(arguments.customers);
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {pos} of {len} customers") {
        bar.set_style(style);
    }
    let done = pipeline::simulate::simulate_with_progress(&company, &arguments.out, |n| bar.set_position(n));
    bar.finish_and_clear();
    let report = done.map_err(PipelineError::from)?;
    let mut text = format!("wrote {}\n", report.folder.display());
    for file in &report.files {
        let rows = file.n_rows.map_or_else(String::new, |n| words::counted(n as usize, "row", "rows") + ", ");
        text.push_str(&format!("  {}: {rows}{} bytes\n", file.name, file.n_bytes));
    }
    print::text(&text)
}
