//! From the rows of a list of edges to a graph: one edge a row, or both ways, or none.

use super::columns::what;
use super::edge_times::{DatedRow, day};
use super::influence::{EdgeKinds, EdgeRule, InfluenceQuestion};
use crate::findings::{Finding, FindingKind, Severity};
use crate::influence::{EdgeEnd, EdgeList, InfluenceError, PassingProbability, ReferralGraph};
use crate::intake::{FlatTable, Wanted};
use crate::pipeline::{PipelineError, in_full};
use crate::study::ReferralKind;

/// The graph of a list of edges, with what a reader must know of how it was made.
pub(super) struct ReadGraph {
    pub graph: ReferralGraph,
    /// The rows with their days, where these are asked for.
    pub dated: Vec<DatedRow>,
    pub findings: Vec<Finding>,
}

/// Reads the file and makes its graph.
///
/// # Errors
/// A table, a row or a probability that is refused.
pub(super) fn read_graph(question: &InfluenceQuestion) -> Result<ReadGraph, PipelineError> {
    let probability = match &question.rule {
        EdgeRule::Column(column) => Some(column),
        EdgeRule::Uniform(_) | EdgeRule::WeightedCascade => None,
    };
    let numbers = probability.into_iter().chain(&question.weight).cloned().collect();
    let mut texts = vec![question.from.clone(), question.to.clone()];
    if let EdgeKinds::Column(column) = &question.kinds {
        texts.push(column.clone());
    }
    texts.extend(question.time.clone());
    let table = FlatTable::read(&question.file, &Wanted { numbers, texts, ..Wanted::default() })
        .map_err(|error| PipelineError::Input(in_full(&error)))?;
    let rows = EdgeRows::of(&table, question)?;
    let mut columns = table.numbers.iter();
    let mut column = |name: Option<&String>, what: &str| match name.and_then(|name| Some((name, columns.next()?))) {
        Some((name, values)) => rows.values(&table, name, values, what).map(Some),
        None => Ok(None),
    };
    let probabilities = column(probability, "probability")?;
    let weights = column(question.weight.as_ref(), "weight")?;
    let probability = match (&question.rule, probabilities) {
        (_, Some(values)) => PassingProbability::PerEdge(values),
        (EdgeRule::Uniform(value), None) => PassingProbability::Uniform(*value),
        (EdgeRule::WeightedCascade | EdgeRule::Column(_), None) => PassingProbability::WeightedCascade,
    };
    let EdgeRows { edges, rows, n_declined, dated } = rows;
    if edges.n_edges() == 0 && n_declined > 0 {
        return Err(PipelineError::Input(format!(
            "`{}`: nothing but declined invitations ({n_declined}), which make no edge; a graph needs at least one",
            table.file
        )));
    }
    let refused = |problem| refused(question, &table, &rows, problem);
    let edges = match weights {
        Some(weights) => edges.with_weights(weights).map_err(refused)?,
        None => edges,
    };
    let graph = ReferralGraph::new(edges, &probability).map_err(|error| match error {
        InfluenceError::BadUniform { .. } => PipelineError::Usage(error.to_string()),
        other => refused(other),
    })?;
    let mut findings = graph.findings();
    if n_declined > 0 {
        let sentence = format!(
            "{n_declined} of {} rows are declined invitations, which make no edge: the word did not pass.",
            table.n_rows
        );
        let finding = Finding::new(FindingKind::EdgesDropped, Severity::Note, "referrals", sentence);
        findings.push(finding.number("n_declined", n_declined as f64));
    }
    Ok(ReadGraph { graph, dated, findings })
}

/// Edges with the row that each came from.
struct EdgeRows {
    edges: EdgeList,
    rows: Vec<usize>,
    n_declined: usize,
    dated: Vec<DatedRow>,
}

impl EdgeRows {
    fn of(table: &FlatTable, question: &InfluenceQuestion) -> Result<Self, PipelineError> {
        let kinds = &question.kinds;
        let dates = question.time.as_ref().and_then(|column| Some((column, table.texts.last()?)));
        let [from, to, of_rows @ ..] = &table.texts[..] else {
            return Err(refused(question, table, &[], InfluenceError::NoEdges));
        };
        let mut own =
            Self { edges: EdgeList::new(), rows: Vec::with_capacity(from.len()), n_declined: 0, dated: Vec::new() };
        for (row, (from, to)) in from.iter().zip(to).enumerate() {
            let kind = match (kinds, of_rows.first()) {
                (EdgeKinds::Column(column), Some(words)) => kind_of(table, row, column, words[row].as_deref())?,
                (EdgeKinds::Undirected, _) => ReferralKind::Friendship,
                _ => ReferralKind::Referral,
            };
            let (from, to) =
                (end(question, table, row, EdgeEnd::From, from)?, end(question, table, row, EdgeEnd::To, to)?);
            if let Some((column, texts)) = dates {
                let day = day(table, row, column, texts[row].as_deref())?;
                let (from, to) = (own.edges.add_customer(from), own.edges.add_customer(to));
                own.dated.push(DatedRow { from, to, kind, day });
            }
            match kind {
                ReferralKind::Declined => {
                    // Nothing passed, but both are there.
                    own.n_declined += 1;
                    own.edges.add_customer(from);
                    own.edges.add_customer(to);
                }
                ReferralKind::Referral | ReferralKind::Invitation => own.push(question, table, row, from, to)?,
                ReferralKind::Friendship => {
                    own.push(question, table, row, from, to)?;
                    // One to oneself has only one way.
                    if from != to {
                        own.push(question, table, row, to, from)?;
                    }
                }
            }
        }
        Ok(own)
    }

    fn push(
        &mut self,
        question: &InfluenceQuestion,
        table: &FlatTable,
        row: usize,
        from: &str,
        to: &str,
    ) -> Result<(), PipelineError> {
        self.rows.push(row);
        self.edges.push(from, to).map_err(|problem| refused(question, table, &self.rows, problem))
    }

    /// What a column says of each edge.
    fn values(&self, table: &FlatTable, column: &str, values: &[f64], what: &str) -> Result<Vec<f64>, PipelineError> {
        if let Some(&row) = self.rows.iter().find(|&&row| values[row].is_nan()) {
            let cell = table.cell(row, column);
            return Err(PipelineError::Input(format!("{cell}: the {what} is missing; fill it or drop the row")));
        }
        Ok(self.rows.iter().map(|&row| values[row]).collect())
    }
}

/// The node at one end of a row.
fn end<'t>(
    question: &InfluenceQuestion,
    table: &FlatTable,
    row: usize,
    end: EdgeEnd,
    name: &'t Option<String>,
) -> Result<&'t str, PipelineError> {
    let name = name.as_deref().filter(|name| !name.trim().is_empty());
    name.ok_or_else(|| refused(question, table, &[row], InfluenceError::MissingEnd { row: 1, end }))
}

fn kind_of(table: &FlatTable, row: usize, column: &str, word: Option<&str>) -> Result<ReferralKind, PipelineError> {
    let word = word.unwrap_or_default().trim().to_lowercase();
    let known = ReferralKind::WORDS.iter().find(|(own, _)| *own == word);
    known.map(|(_, kind)| *kind).ok_or_else(|| {
        let words: Vec<&str> = ReferralKind::WORDS.iter().map(|(word, _)| *word).collect();
        let cell = table.cell(row, column);
        PipelineError::Input(format!("{cell}: `{word}` is no kind of edge; write one of {}", words.join(", ")))
    })
}

/// A refusal of edges, which count from 1, by the row that it is about.
fn refused(question: &InfluenceQuestion, table: &FlatTable, rows: &[usize], problem: InfluenceError) -> PipelineError {
    let (row, column) = match &problem {
        InfluenceError::MissingEnd { row, end: EdgeEnd::From } => (*row, Some(&question.from)),
        InfluenceError::MissingEnd { row, end: EdgeEnd::To } => (*row, Some(&question.to)),
        InfluenceError::BadWeight { row, .. } => (*row, question.weight.as_ref()),
        InfluenceError::BadProbability { row, .. } => match &question.rule {
            EdgeRule::Column(column) => (*row, Some(column)),
            EdgeRule::Uniform(_) | EdgeRule::WeightedCascade => (*row, None),
        },
        _ => return PipelineError::Edges { file: table.file.clone(), problem },
    };
    let at = rows.get(row.saturating_sub(1)).copied().unwrap_or_default();
    let place = match column {
        Some(column) => table.cell(at, column),
        None => format!("`{}`, {}", table.file, table.place(at)),
    };
    PipelineError::Input(format!("{place}: {}", what(&problem)))
}
