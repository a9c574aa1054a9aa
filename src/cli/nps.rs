//! `advocate nps` and `advocate nps plan`.

use super::Failure;
use super::arguments::{Format, Nps, NpsCommand, NpsOfTable, NpsPlan, Scale};
use super::flat::confidence;
use super::names;
use super::print::{self, Cell};
use crate::findings::Finding;
use crate::measures::change::{Design, Power, SamplePlan};
use crate::measures::channels::Benchmark;
use crate::measures::disclosure::SmallBases;
use crate::measures::{IntervalKind, MeasureError, NpsSettings, Resampling};
use crate::pipeline::flat::{self, ItemScale, NpsAnswer, NpsQuestion};
use serde::Serialize;

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
    if arguments.bootstrap.is_some() && arguments.interval != IntervalKind::Bootstrap {
        return Err(Failure::new(2, "--bootstrap goes with --interval bootstrap"));
    }
    if arguments.population.is_some() && !arguments.by.is_empty() {
        return Err(Failure::new(2, "--population counts everybody; leave --by out, since each group has its own"));
    }
    let answer = flat::nps(&NpsQuestion {
        file: arguments.data.clone(),
        score: arguments.score.clone(),
        by: arguments.by.clone(),
        weights: arguments.weights.clone(),
        cluster: arguments.cluster.clone(),
        population: arguments.population,
        settings: NpsSettings { interval: arguments.interval, confidence: confidence(arguments.confidence)? },
        resampling: Resampling { replicates: arguments.bootstrap.unwrap_or(REPLICATES), seed: arguments.seed },
        small_bases: match arguments.suppress_below {
            0 => None,
            minimum => Some(SmallBases::below(minimum).map_err(refused)?),
        },
        benchmark: arguments.benchmark.map(|nps| Benchmark { nps, n: arguments.benchmark_n, variance: None }),
        scale: match arguments.scale {
            Scale::ZeroToTen => ItemScale::ZeroToTen,
            Scale::OneToTen => ItemScale::OneToTen,
        },
        not_applicable: names::all(&arguments.not_applicable),
    })?;
    match arguments.format {
        Format::Json => print::json(&answer),
        Format::Text => table(arguments, &answer),
    }
}

fn table(arguments: &NpsOfTable, answer: &NpsAnswer) -> Result<(), Failure> {
    let mut header: Vec<&str> = arguments.by.iter().map(String::as_str).collect();
    header.extend(["n", "promoters", "passives", "detractors", "nps", "std_error", "conf_low", "conf_high"]);
    header.extend(arguments.benchmark.iter().flat_map(|_| ["gap", "p_above"]));
    let rows = answer.groups.iter().map(|group| {
        let score = &group.score;
        let mut row: Vec<Cell> = arguments
            .by
            .iter()
            .map(|column| Cell::text(group.by.get(column).cloned().flatten().unwrap_or_else(|| "(blank)".to_owned())))
            .collect();
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
    print::table(&header, rows.collect(), &answer.findings, note)
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
    print::text(&format!("{n} answers{groups}\n"))?;
    print::talk(&format!(
        "for {aim}, at a confidence of {}; variance of one response {:.4} (at most 1), design effect {}",
        arguments.confidence, plan.variance, plan.design_effect
    ));
    Ok(())
}
