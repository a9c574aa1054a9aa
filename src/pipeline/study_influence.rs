//! Networked promoters of a study alone, without its models and its report.

use super::PipelineError;
use super::influence_tables::tables;
use super::promoters::Promoters;
use super::run::{Folder, Joined, Progress, ReadSoFar, RunSettings, join};
use crate::findings::Finding;
use crate::link::BaseTable;
use crate::store::Table;
use crate::study::Study;
use serde::Serialize;
use std::collections::BTreeMap;

/// What a study says of influence: the tables that a run would write of it.
#[derive(Debug, Clone, PartialEq)]
pub struct StudyInfluence {
    /// Customers in the referral graph.
    pub n_customers: usize,
    /// Customers whose reach is exact.
    pub n_exact: usize,
    /// How the probability of passing the word on was set, in words.
    pub probability: String,
    /// What to know beside the numbers.
    pub findings: Vec<Finding>,
    tables: Vec<Table>,
}

/// The cells of a table as CSV has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InfluenceTable {
    /// The names of its columns.
    pub header: Vec<String>,
    /// One entry a row.
    pub rows: Vec<Vec<String>>,
}

impl InfluenceTable {
    /// The places of some columns, those left out that the table does not have.
    pub fn places(&self, columns: &[&str]) -> Vec<usize> {
        columns.iter().filter_map(|wanted| self.header.iter().position(|name| name == wanted)).collect()
    }
}

/// The rows of a table, as objects.
type Records = Vec<serde_json::Map<String, serde_json::Value>>;

impl StudyInfluence {
    /// The names of the tables there are.
    pub fn names(&self) -> Vec<&str> {
        self.tables.iter().map(Table::name).collect()
    }

    /// One of the tables, as text.
    pub fn table(&self, name: &str) -> Option<InfluenceTable> {
        let table = self.tables.iter().find(|table| table.name() == name)?;
        let header = table.header().into_iter().map(str::to_owned).collect();
        Some(InfluenceTable { header, rows: (0..table.n_rows()).map(|row| table.cells(row)).collect() })
    }
}

impl Serialize for StudyInfluence {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Answer<'a> {
            n_customers: usize,
            n_exact: usize,
            probability: &'a str,
            tables: BTreeMap<&'a str, Records>,
            findings: &'a [Finding],
        }
        let tables = self.tables.iter().map(|table| (table.name(), table.records())).collect();
        let Self { n_customers, n_exact, .. } = *self;
        let answer = Answer { n_customers, n_exact, probability: &self.probability, tables, findings: &self.findings };
        answer.serialize(serializer)
    }
}

/// Rates the customers of a study's referral graph, plans whom to invite and values the referrals, as a run does. Writes nothing but
/// temporary files.
///
/// # Errors
/// As for [`super::run`], but for results that cannot be written; a study without referrals, or none of which can be used.
pub fn influence(
    study: &Study,
    settings: &RunSettings,
    progress: &dyn Fn(Progress),
) -> Result<StudyInfluence, PipelineError> {
    if study.influence.is_none() {
        let sentence = "the study has no referrals to say anything of influence; add [sources.referrals]";
        return Err(PipelineError::Impossible(sentence.to_owned()));
    }
    let folder = Folder::temporary()?;
    let Joined { intake, engine, base } =
        join(study, settings, progress, &folder.folders(), &folder.spill(), &mut ReadSoFar::default())?;
    progress(Progress::Step("building the referral graph"));
    let mut findings = Vec::new();
    let Some(mut promoters) = Promoters::of(study, &engine, &intake.accounts, &mut findings)? else {
        let told: Vec<&str> = findings.iter().map(|finding| finding.sentence.trim_end_matches('.')).collect();
        return Err(PipelineError::Impossible(told.join("; ")));
    };
    if engine.plan().dated {
        engine.customers::<PipelineError>(|batch: BaseTable| {
            promoters.watch(&batch);
            Ok(())
        })?;
    }
    progress(Progress::Step("rating networked promoters"));
    let found = promoters.rate(&base)?;
    Ok(StudyInfluence {
        n_customers: found.n_customers,
        n_exact: found.n_exact,
        tables: tables(&found),
        probability: found.probability,
        findings: found.findings,
    })
}
