//! `advocate nps` and `advocate nps plan`.

use super::Failure;
use super::arguments::{FigureWord, Format, Nps, NpsCommand, NpsOfTable, NpsPlan, Several};
use super::flat::confidence;
use super::names;
use super::print::{self, Cell};
use crate::findings::Finding;
use crate::measures::change::{Design, Power, SamplePlan};
use crate::measures::channels::Benchmark;
use crate::measures::disclosure::SmallBases;
use crate::measures::portfolio::{AnswerScale, CorrelationRow, SeveralAnswers};
use crate::measures::{IntervalKind, MeasureError, Resampling};
use crate::pipeline::flat::{
    self, AnswersQuestion, FlatWindow, ItemAnswer, ItemQuestion, NpsAnswer, NpsQuestion, OfGroup, WindowRow,
};
use crate::study::{ItemFigure, Range};
use serde::Serialize;
use std::collections::BTreeMap;

/// Replicates of a bootstrap interval where nothing is said.
const REPLICATES: usize = 1000;

/// `advocate nps`.
pub(super) fn nps(arguments: &Nps) -> Result<(), Failure> {
    match (&arguments.command, &arguments.of_table) {
        (Some(NpsCommand::Plan(plan)), _) => self::plan(plan),
        (None, Some(own)) => of_table(own),
        (None, None) => Err(Failure::new(2, "name a table by --data and its answers by --score, or say `nps plan`")),
    }
}

fn of_table(arguments: &NpsOfTable) -> Result<(), Failure> {
    let refused = |problem: MeasureError| Failure::new(2, problem.to_string());
    let wrong = |sentence: &str| Err(Failure::new(2, sentence));
    let is_nps = arguments.metric == FigureWord::Nps;
    if arguments.bootstrap.is_some() && arguments.interval != Some(IntervalKind::Bootstrap) {
        return wrong("--bootstrap goes with --interval bootstrap");
    }
    if arguments.population.is_some() && !arguments.by.is_empty() {
        return wrong("--population counts everybody; leave --by out, since each group has its own");
    }
    if arguments.suppress_below > 0 && (!arguments.correlate.is_empty() || arguments.window.is_some()) {
        return wrong("--suppress-below hides groups and protects no windows or correlations; leave one of them out");
    }
    if arguments.benchmark.is_some() && !is_nps {
        return wrong("--benchmark is a Net Promoter Score; leave it out, or --metric");
    }
    let small_bases = match arguments.suppress_below {
        0 => None,
        minimum => Some(SmallBases::below(minimum).map_err(refused)?),
    };
    let resampling = Resampling { replicates: arguments.bootstrap.unwrap_or(REPLICATES), seed: arguments.seed };
    let confidence = confidence(arguments.confidence)?;
    let figure = figure(arguments)?;
    let answers = AnswersQuestion {
        file: arguments.data.clone(),
        column: arguments.score.clone(),
        by: arguments.by.clone(),
        weights: arguments.weights.clone(),
        cluster: arguments.cluster.clone(),
        population: arguments.population,
        confidence,
        resampling,
        small_bases,
        correlate: arguments.correlate.clone(),
        window: window(arguments)?,
        not_applicable: names::codes(&arguments.not_applicable),
    };
    if !is_nps {
        let answer = flat::items(&ItemQuestion { answers, figure, interval: arguments.interval })?;
        return match arguments.format {
            Format::Json => print::json(&answer),
            Format::Text => items_table(arguments, &answer),
        };
    }
    let interval = arguments.interval.unwrap_or_default();
    if !IntervalKind::OF_NPS.contains(&interval) {
        let (kind, instead) = (interval.word(), "take adjusted-wald or score");
        return Err(refused(MeasureError::NoSuchInterval { kind, figure: "a net score", instead }));
    }
    let answer = flat::nps(&NpsQuestion {
        answers,
        interval,
        benchmark: arguments.benchmark.map(|nps| Benchmark { nps, n: arguments.benchmark_n, variance: None }),
        scale: arguments.scale.unwrap_or(AnswerScale::ZERO_TO_TEN),
    })?;
    match arguments.format {
        Format::Json => print::json(&answer),
        Format::Text => table(arguments, &answer),
    }
}

/// What is made of the answers, with all that it needs and nothing else.
fn figure(arguments: &NpsOfTable) -> Result<ItemFigure, Failure> {
    let given = [
        ("--scale", arguments.scale.is_some()),
        ("--from", arguments.from.is_some()),
        ("--to", arguments.to.is_some()),
        ("--yes", !arguments.yes.is_empty()),
    ];
    let (needed, allowed): (&[&str], &[&str]) = match arguments.metric {
        FigureWord::Nps | FigureWord::Mean => (&[], &["--scale"]),
        FigureWord::TopBox => (&["--scale", "--from"], &["--scale", "--from"]),
        FigureWord::NetBox => (&["--scale", "--from", "--to"], &["--scale", "--from", "--to"]),
        FigureWord::Yes => (&["--yes"], &["--yes"]),
    };
    for (flag, is_given) in given {
        if is_given && !allowed.contains(&flag) {
            return Err(Failure::new(2, format!("{flag} says nothing of this --metric; leave it out")));
        }
        if !is_given && needed.contains(&flag) {
            return Err(Failure::new(2, format!("this --metric needs {flag}")));
        }
    }
    let range = arguments.scale.map(|scale| Range { min: scale.low(), max: scale.high() });
    let scale = range.unwrap_or(Range { min: 0.0, max: 10.0 });
    let (from, to) = (arguments.from.unwrap_or_default(), arguments.to.unwrap_or_default());
    Ok(match arguments.metric {
        FigureWord::Nps => ItemFigure::Nps,
        FigureWord::Mean => ItemFigure::Mean { scale: range },
        FigureWord::TopBox if from <= scale.min => {
            return Err(Failure::new(2, "a top box that starts at the lowest answer holds every answer"));
        }
        FigureWord::TopBox => ItemFigure::TopBox { scale, from },
        FigureWord::NetBox => ItemFigure::NetBox { scale, to, from },
        FigureWord::Yes => ItemFigure::Yes { values: arguments.yes.clone() },
    })
}

/// The window that moves, where there is one.
fn window(arguments: &NpsOfTable) -> Result<Option<FlatWindow>, Failure> {
    let (Some(time), Some(days)) = (&arguments.time, arguments.window) else { return Ok(None) };
    let step_days = arguments.step.unwrap_or_else(|| days.div_ceil(3));
    if days == 0 || step_days == 0 {
        return Err(Failure::new(2, "--window and --step are at least 1 day"));
    }
    let several = match arguments.several {
        Several::All => SeveralAnswers::All,
        Several::Latest => SeveralAnswers::Latest,
    };
    Ok(Some(FlatWindow { time: time.clone(), days, step_days, several }))
}

fn table(arguments: &NpsOfTable, answer: &NpsAnswer) -> Result<(), Failure> {
    let mut header: Vec<&str> = arguments.by.iter().map(String::as_str).collect();
    header.extend(["n", "promoters", "passives", "detractors", "nps", "std_error", "conf_low", "conf_high"]);
    header.extend(arguments.benchmark.iter().flat_map(|_| ["gap", "p_above"]));
    let rows = answer.groups.iter().map(|group| {
        let score = &group.score;
        let mut row = names(arguments, &group.by);
        row.extend([score.n, score.promoters, score.passives, score.detractors].map(Cell::count));
        row.extend([score.nps, score.std_error, score.conf_low, score.conf_high].map(|value| Cell::number(value, 1)));
        let of_test =
            |test: &crate::measures::channels::BenchmarkTest| [Cell::number(test.gap, 1), Cell::p_value(test.p_value)];
        row.extend(group.benchmark.iter().flat_map(of_test));
        row
    });
    let first = answer.groups.first().map(|group| &group.score);
    let note = first.map(|score| {
        let sure = match (arguments.benchmark, arguments.benchmark_n) {
            (Some(_), None) => "; p_above is one-sided and takes the benchmark for sure, which it is not",
            (Some(_), Some(_)) => "; p_above is one-sided",
            _ => "",
        };
        format!(
            "{} interval at {}; promoters answer 9-10, detractors 0-6{sure}",
            score.interval,
            score.confidence.level()
        )
    });
    print::table(&header, rows.collect(), &answer.findings, note)?;
    beside(arguments, &answer.correlations, &answer.windows, 1)
}

fn items_table(arguments: &NpsOfTable, answer: &ItemAnswer) -> Result<(), Failure> {
    let mut header: Vec<&str> = arguments.by.iter().map(String::as_str).collect();
    header.extend(["n", "estimate", "std_error", "conf_low", "conf_high"]);
    let rows = answer.groups.iter().map(|group| {
        let own = &group.estimate;
        let mut row = names(arguments, &group.by);
        row.push(Cell::count(own.n));
        row.push(Cell::digits(own.estimate));
        row.extend([own.std_error, own.conf_low, own.conf_high].map(digits));
        row
    });
    let first = answer.groups.first().map(|group| &group.estimate);
    let note = first.map(|own| {
        format!("{} of {}; {} interval at {}", own.metric, own.measure, own.interval, own.confidence.level())
    });
    print::table(&header, rows.collect(), &answer.findings, note)?;
    beside(arguments, &answer.correlations, &answer.windows, 3)
}

/// The values by which a group is one.
fn names(arguments: &NpsOfTable, by: &BTreeMap<String, Option<String>>) -> Vec<Cell> {
    let value = |column: &String| by.get(column).cloned().flatten().unwrap_or_else(|| "(blank)".to_owned());
    arguments.by.iter().map(|column| Cell::text(value(column))).collect()
}

fn digits(value: Option<f64>) -> Cell {
    value.map_or_else(Cell::empty, Cell::digits)
}

/// Correlations and windows as tables of their own, group by group.
fn beside(
    arguments: &NpsOfTable,
    correlations: &[OfGroup<CorrelationRow>],
    windows: &[OfGroup<WindowRow>],
    decimals: usize,
) -> Result<(), Failure> {
    let header = |own: &[&'static str]| -> Vec<String> {
        arguments.by.iter().cloned().chain(own.iter().map(|&name| name.to_owned())).collect()
    };
    if let Some(first) = correlations.first() {
        print::text("\n")?;
        let rows = correlations.iter().map(|OfGroup { by, row }| {
            let figures = [row.correlation, row.conf_low, row.conf_high];
            let figures = figures.map(|value| value.map_or_else(Cell::empty, |value| Cell::number(value, 3)));
            let pair = [Cell::text(&row.one), Cell::text(&row.other), Cell::count(row.n)];
            names(arguments, by).into_iter().chain(pair).chain(figures).collect()
        });
        let note = format!("correlations with {} intervals", first.row.interval);
        let header = header(&["one", "other", "n", "correlation", "conf_low", "conf_high"]);
        let header: Vec<&str> = header.iter().map(String::as_str).collect();
        print::table(&header, rows.collect(), &[], Some(note))?;
    }
    if !windows.is_empty() {
        print::text("\n")?;
        let rows = windows.iter().map(|OfGroup { by, row }| {
            let figures = [row.estimate, row.std_error, row.conf_low, row.conf_high];
            let figures = figures.map(|value| value.map_or_else(Cell::empty, |value| Cell::number(value, decimals)));
            let window = [Cell::text(&row.from), Cell::text(&row.to), Cell::count(row.n)];
            names(arguments, by).into_iter().chain(window).chain(figures).collect()
        });
        let header = header(&["from", "to", "n", "estimate", "std_error", "conf_low", "conf_high"]);
        let header: Vec<&str> = header.iter().map(String::as_str).collect();
        let note = "neighbouring windows share answers where they overlap".to_owned();
        print::table(&header, rows.collect(), &[], Some(note))?;
    }
    Ok(())
}

/// A plan as it is printed.
#[derive(Debug, Serialize)]
struct PlanAnswer {
    /// `precision`, `one_sample` or `two_sample`.
    design: &'static str,
    half_width: Option<f64>,
    change: Option<f64>,
    power: Option<f64>,
    /// Answers, in each group.
    n: u64,
    n_groups: u64,
    variance: f64,
    design_effect: f64,
    population: Option<f64>,
    confidence: f64,
    findings: Vec<Finding>,
}

/// `advocate nps plan`.
fn plan(arguments: &NpsPlan) -> Result<(), Failure> {
    let refused = |problem: MeasureError| Failure::new(2, problem.to_string());
    let plan = match (arguments.detractors, arguments.promoters, arguments.variance) {
        (Some(detractors), Some(promoters), _) => SamplePlan::from_shares(detractors, promoters).map_err(refused)?,
        (_, _, Some(variance)) => SamplePlan { variance, ..SamplePlan::default() },
        _ => SamplePlan::default(),
    };
    let plan = SamplePlan {
        design_effect: arguments.design_effect,
        population: arguments.population,
        confidence: confidence(arguments.confidence)?,
        ..plan
    };
    let power = Power::new(arguments.power).map_err(refused)?;
    let change = |change| match arguments.two_sample {
        true => ("two_sample", Design::TwoSample { change, power }),
        false => ("one_sample", Design::OneSample { change, power }),
    };
    let (word, design) = match (arguments.half_width, arguments.change) {
        (Some(half_width), _) => ("precision", Design::Precision { half_width }),
        (None, Some(points)) => change(points),
        (None, None) => return Err(Failure::new(2, "say what is planned for: --half-width or --change, in points")),
    };
    let n = plan.n(design).map_err(refused)?;
    let answer = PlanAnswer {
        design: word,
        half_width: arguments.half_width,
        change: arguments.change,
        power: arguments.change.map(|_| arguments.power),
        n,
        n_groups: if arguments.two_sample { 2 } else { 1 },
        variance: plan.variance,
        design_effect: plan.design_effect,
        population: plan.population,
        confidence: arguments.confidence,
        findings: Vec::new(),
    };
    if arguments.format == Format::Json {
        return print::json(&answer);
    }
    let aim = match design {
        Design::Precision { half_width } => format!("an interval of {half_width} points to either side"),
        _ => format!(
            "a change of {} points to be shown in {:.0} of 100 cases",
            arguments.change.unwrap_or_default(),
            100.0 * arguments.power
        ),
    };
    let groups = if arguments.two_sample { " in each of two groups" } else { "" };
    print::text(&format!("{n} {}{groups}\n", if n == 1 { "answer" } else { "answers" }))?;
    print::talk(&format!(
        "for {aim}, at a confidence of {}; variance of one response {:.4} (at most 1), design effect {}",
        arguments.confidence, plan.variance, plan.design_effect
    ));
    Ok(())
}
