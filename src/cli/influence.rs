//! `advocate influence`: of a study, or of a list of edges.

use super::Failure;
use super::arguments::{Influence, InfluenceFormat, InfluenceOfEdges, NodeMeasures, Spread};
use super::names;
use super::print::{self, Cell};
use super::progress::Shown;
use super::study::{enough_memory, read, set_threads};
use crate::findings::{Finding, Severity};
use crate::pipeline::flat::{
    self, Bound, DelayAnswer, EdgeKinds, EdgeRule, InfluenceAnswer, InfluenceQuestion, NodeMeasure, SpreadModel,
};
use crate::pipeline::{self, Cache, RunSettings, StudyInfluence};
use crate::report::words;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Rows of a table for people.
const SHOWN: usize = 20;
/// Seed of the samples of a list of edges.
const SEED: u64 = 1;
/// Tables of a study that people are shown, with the columns that fit beside each other.
const TABLES: [(&str, &[&str]); 4] = [
    ("influence", &["customer", "rating", "rating_se", "tier", "reach", "reach_se", "n_referrals", "page_rank"]),
    ("seeds", &["place", "customer", "gain", "gain_se", "reach", "reach_se", "spent"]),
    ("seed_plan", &["choice", "reach", "reach_se", "guarantee", "certainty"]),
    (
        "ablation",
        &["contender", "inputs", "roc_auc", "conf_low", "conf_high", "gain_of_rating", "gain_low", "gain_high"],
    ),
];

/// `advocate influence`.
pub(super) fn influence(arguments: &Influence) -> Result<(), Failure> {
    match (&arguments.study, &arguments.of_edges.edges) {
        (Some(study), _) => of_study(study, arguments),
        (None, Some(edges)) => of_edges(edges, &arguments.of_edges, arguments),
        (None, None) => Err(Failure::new(2, "name a study, or a list of edges with --edges")),
    }
}

/// What is printed of a study as JSON.
#[derive(Serialize)]
struct OfStudy<'a> {
    study: &'a str,
    as_of: &'a str,
    confidence: f64,
    #[serde(flatten)]
    influence: &'a StudyInfluence,
}

fn of_study(file: &Path, arguments: &Influence) -> Result<(), Failure> {
    let own = &arguments.of_study;
    enough_memory(own.memory)?;
    let study = read(file, own.as_of.as_deref(), arguments.seed, |_| {})?;
    set_threads(own.threads);
    let settings = RunSettings {
        out: PathBuf::new(),
        memory_bytes: own.memory,
        n_threads: own.threads.map(usize::from),
        cache: if own.no_cache { Cache::none() } else { Cache::of_earlier(&own.cache) },
    };
    let shown = Shown::unless(arguments.format != InfluenceFormat::Text);
    let done = pipeline::influence(&study, &settings, &|progress| shown.show(&progress));
    shown.finish();
    let influence = done?;
    match arguments.format {
        InfluenceFormat::Json => print::json(&OfStudy {
            study: &study.name,
            as_of: study.as_of.written(),
            confidence: study.confidence.level(),
            influence: &influence,
        }),
        InfluenceFormat::Csv => study_csv(&influence, &own.table),
        InfluenceFormat::Text => study_text(&influence),
    }
}

fn study_csv(influence: &StudyInfluence, name: &str) -> Result<(), Failure> {
    let Some(table) = influence.table(name) else {
        let names = influence.names().join(", ");
        return Err(Failure::new(2, format!("--table: there is no table `{name}`; there are: {names}")));
    };
    let header: Vec<&str> = table.header.iter().map(String::as_str).collect();
    print::csv(&header, table.rows.iter())?;
    print::findings(&influence.findings);
    Ok(())
}

fn study_text(influence: &StudyInfluence) -> Result<(), Failure> {
    let no_findings: [Finding; 0] = [];
    // What makes the tables worthless comes before them.
    let (serious, others): (Vec<Finding>, Vec<Finding>) =
        influence.findings.iter().cloned().partition(|finding| finding.severity == Severity::Serious);
    print::findings(&serious);
    let tables = TABLES.iter().filter_map(|(name, columns)| Some((influence.table(name)?, columns)));
    for (table, columns) in tables {
        let places = table.places(columns);
        let header: Vec<&str> = places.iter().map(|&place| table.header[place].as_str()).collect();
        let row = |row: &Vec<String>| places.iter().map(|&place| cell(&row[place])).collect();
        let note = (table.rows.len() > SHOWN)
            .then(|| format!("the first {SHOWN} of {} rows", words::count(table.rows.len() as u64)));
        print::table(&header, table.rows.iter().take(SHOWN).map(row).collect(), &no_findings, note)?;
        print::text("\n")?;
    }
    print::findings(&others);
    print::talk(&format!(
        "{}, the reach of {} exact; {}; --format json gives all tables; associations, not effects",
        words::counted(influence.n_customers, "customer", "customers"),
        words::count(influence.n_exact as u64),
        influence.probability
    ));
    Ok(())
}

/// A cell of a table for people: six digits of a number that has more.
fn cell(text: &str) -> Cell {
    match text.parse::<f64>() {
        _ if text.is_empty() => Cell::empty(),
        Ok(value) if text.contains('.') => Cell::digits(value),
        _ => Cell::text(text),
    }
}

fn of_edges(file: &Path, own: &InfluenceOfEdges, arguments: &Influence) -> Result<(), Failure> {
    let rule = match (&own.rule.probability, own.rule.uniform) {
        (Some(column), _) => EdgeRule::Column(column.clone()),
        (None, Some(probability)) => EdgeRule::Uniform(probability),
        (None, None) => EdgeRule::WeightedCascade,
    };
    let column = |column: &Option<String>| column.clone().unwrap_or_default();
    set_threads(arguments.of_study.threads);
    let answer = flat::influence(&InfluenceQuestion {
        file: file.to_owned(),
        from: column(&own.from),
        to: column(&own.to),
        rule,
        n_seeds: own.seeds,
        samples: own.samples,
        seed: arguments.seed.unwrap_or(SEED),
        model: match own.model {
            Spread::Cascade => SpreadModel::Cascade,
            Spread::Threshold => SpreadModel::Threshold,
        },
        stop_at: own.stop_at,
        kinds: match (&own.kind, own.undirected) {
            (Some(column), _) => EdgeKinds::Column(column.clone()),
            (None, true) => EdgeKinds::Undirected,
            (None, false) => EdgeKinds::Directed,
        },
        weight: own.weight.clone(),
        damping: own.damping,
        restart: names::all(&own.restart),
        time: own.time.clone(),
        within_days: {
            let mut days = own.within.clone();
            days.sort_unstable();
            days.dedup();
            days
        },
        measures: own.measures.iter().map(|&measure| node_measure(measure)).collect(),
        bound: own.bound,
    })?;
    match arguments.format {
        InfluenceFormat::Json => print::json(&answer),
        InfluenceFormat::Csv => edges_csv(&answer),
        InfluenceFormat::Text => edges_text(&answer),
    }
}

fn node_measure(measure: NodeMeasures) -> NodeMeasure {
    match measure {
        NodeMeasures::Pagerank => NodeMeasure::PageRank,
        NodeMeasures::Degree => NodeMeasure::Degree,
        NodeMeasures::Core => NodeMeasure::Core,
        NodeMeasures::Hits => NodeMeasure::Hits,
        NodeMeasures::Closeness => NodeMeasure::Closeness,
        NodeMeasures::Harmonic => NodeMeasure::Harmonic,
        NodeMeasures::Betweenness => NodeMeasure::Betweenness,
    }
}

fn edges_csv(answer: &InfluenceAnswer) -> Result<(), Failure> {
    let mut names = vec!["node", "reach", "reach_se", "exact"];
    names.extend(answer.nodes.first().iter().flat_map(|row| row.measures.keys().map(String::as_str)));
    let rows = answer.nodes.iter().map(|row| {
        let mut cells = vec![row.node.clone(), row.reach.to_string(), row.reach_se.to_string(), row.exact.to_string()];
        cells.extend(row.measures.values().map(|value| value.map_or_else(String::new, |value| value.to_string())));
        cells
    });
    print::csv(&names, rows)?;
    print::findings(&answer.findings);
    Ok(())
}

fn edges_text(answer: &InfluenceAnswer) -> Result<(), Failure> {
    if !answer.seeds.is_empty() {
        let rows = answer.seeds.iter().map(|seed| {
            let mut row = vec![Cell::text(seed.node.clone())];
            row.extend([seed.gain, seed.gain_se, seed.reach, seed.reach_se].map(|value| Cell::number(value, 3)));
            row
        });
        let no_findings: [Finding; 0] = [];
        let note = answer.bound.as_ref().map(bound_in_words);
        print::table(&["seed", "gain", "gain_se", "reach", "reach_se"], rows.collect(), &no_findings, note)?;
    }
    let mut nodes: Vec<_> = answer.nodes.iter().collect();
    nodes.sort_by(|left, right| right.reach.total_cmp(&left.reach));
    let mut header = vec!["node", "reach", "reach_se", ""];
    header.extend(answer.nodes.first().iter().flat_map(|row| row.measures.keys().map(String::as_str)));
    let rows = nodes.iter().take(SHOWN).map(|row| {
        let mut cells = vec![
            Cell::text(row.node.clone()),
            Cell::number(row.reach, 3),
            Cell::number(row.reach_se, 3),
            Cell::text(if row.exact { "exact" } else { "sampled" }),
        ];
        cells.extend(row.measures.values().map(|value| value.map_or_else(Cell::empty, Cell::digits)));
        cells
    });
    let n_exact = answer.nodes.iter().filter(|row| row.exact).count();
    let note = format!(
        "the {} of {} with the largest reach ({n_exact} exact); --format csv gives all",
        nodes.len().min(SHOWN),
        words::counted(nodes.len(), "node", "nodes")
    );
    let note = answer.delay.as_ref().map_or(note.clone(), |delay| format!("{note}; {}", delay_in_words(delay)));
    print::table(&header, rows.collect(), &answer.findings, Some(note))
}

fn delay_in_words(delay: &DelayAnswer) -> String {
    format!(
        "half of those who pass the word on do so within {:.1} days ({}, learned from {} of {} trials)",
        delay.median_days, delay.family, delay.n_passed, delay.n_trials
    )
}

fn bound_in_words(bound: &Bound) -> String {
    let rivals = bound.rivals.iter().map(|own| {
        let choice = own.choice.replace('_', " ");
        format!("{choice} reaches {:.3} (standard error {:.3})", own.reach, own.reach_se)
    });
    format!(
        "the seeds reach at least {:.1} % of what the best choice does, with a probability of {}; {}",
        100.0 * bound.guarantee,
        bound.certainty,
        rivals.collect::<Vec<_>>().join(", ")
    )
}
