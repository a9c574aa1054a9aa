//! The answers of a flat table of which figures are made: whose they are, of which groups, and what stands beside them.

use super::beside::FlatWindow;
use super::codes::MissingCodes;
use crate::data::Clusters;
use crate::estimators::FEW_CLUSTERS;
use crate::findings::{Finding, FindingKind, Severity};
use crate::intake::{FlatTable, Wanted};
use crate::measures::disclosure::{ShownCell, SmallBases};
use crate::measures::portfolio::SeveralAnswers;
use crate::measures::weighting::WeightEfficiency;
use crate::measures::{Resampling, Sampling};
use crate::pipeline::portfolio::yes_or_no;
use crate::pipeline::{PipelineError, in_full};
use crate::report::words;
use crate::stats::Confidence;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Which answers of a flat table figures are made of, and how they are reported, whatever the figure.
#[derive(Debug, Clone, PartialEq)]
pub struct AnswersQuestion {
    /// The file.
    pub file: PathBuf,
    /// The column of answers.
    pub column: String,
    /// Columns to group by; a group is a combination of their values.
    pub by: Vec<String>,
    /// A column of sampling weights.
    pub weights: Option<String>,
    /// A column whose equal values are one customer; a blank is a customer of its own.
    pub cluster: Option<String>,
    /// How many customers (or, without clusters, answers) there are in all.
    pub population: Option<f64>,
    /// The level of intervals.
    pub confidence: Confidence,
    /// How a bootstrap interval is made.
    pub resampling: Resampling,
    /// Groups with fewer answers are hidden.
    pub small_bases: Option<SmallBases>,
    /// Other columns of numbers, each pair of which and of the answers is correlated.
    pub correlate: Vec<String>,
    /// A window that moves.
    pub window: Option<FlatWindow>,
    /// Codes that count as no answer.
    pub not_applicable: MissingCodes,
}

/// The values by which a group is one; empty for all answers.
pub(super) type By = BTreeMap<String, Option<String>>;

/// A row of something that stands beside the figure of a group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OfGroup<T> {
    /// The group's value of each column; empty for all answers.
    pub by: BTreeMap<String, Option<String>>,
    /// What stands beside its figure.
    #[serde(flatten)]
    pub row: T,
}

/// The columns asked for; a row without a weight has no answer, and a weight of 0.
pub(super) struct Answers<'q> {
    pub question: &'q AnswersQuestion,
    pub table: FlatTable,
    pub values: Vec<f64>,
    pub others: Vec<Vec<f64>>,
    pub times: Option<Vec<Option<String>>>,
    weights: Option<Vec<f64>>,
    clusters: Option<Clusters>,
    /// Rows with an answer of which it is not known whose it is.
    n_nobodys: usize,
    by: Vec<Vec<Option<String>>>,
}

/// The rows of a group.
pub(super) struct Group {
    pub by: By,
    /// All of them.
    pub rows: Vec<usize>,
    /// Those with an answer; there are some.
    pub answered: Vec<usize>,
}

/// How the rows of a group came to be there.
pub(super) struct Drawn {
    weights: Option<Vec<f64>>,
    clusters: Option<Clusters>,
    population: Option<f64>,
}

impl Drawn {
    pub fn sampling(&self) -> Sampling<'_> {
        Sampling {
            weights: self.weights.as_deref(),
            clusters: self.clusters.as_ref(),
            population: self.population,
            streams: None,
        }
    }
}

impl<'q> Answers<'q> {
    /// Reads the columns; answers are numbers, or, where values are given that mean yes, texts that become 1 and 0.
    ///
    /// # Errors
    /// A table that is refused; last answers of customers without customers.
    pub fn read(question: &'q AnswersQuestion, yes: Option<&[String]>) -> Result<Self, PipelineError> {
        let window = question.window.as_ref();
        if window.is_some_and(|own| own.several != SeveralAnswers::All) && question.cluster.is_none() {
            let sentence = "the last answer of each customer needs customers; name their column by --cluster";
            return Err(PipelineError::Usage(sentence.to_owned()));
        }
        let time = window.map(|own| own.time.clone());
        let mut wanted = Wanted {
            numbers: question.correlate.clone(),
            texts: question.by.clone(),
            answers: if yes.is_some() { Vec::new() } else { vec![question.column.clone()] },
            ..question.not_applicable.wanted(", or name it with --not-applicable")
        };
        wanted.numbers.extend(question.weights.clone());
        wanted.texts.extend(question.cluster.iter().chain(&time).cloned());
        if yes.is_some() { &mut wanted.texts } else { &mut wanted.numbers }.push(question.column.clone());
        MissingCodes::check(&wanted)?;
        let mut table =
            FlatTable::read(&question.file, &wanted).map_err(|error| PipelineError::Input(in_full(&error)))?;
        let (mut numbers, mut texts) = (std::mem::take(&mut table.numbers), std::mem::take(&mut table.texts));
        let mut values = match yes {
            None => numbers.pop().unwrap_or_default(),
            Some(yes) => {
                let mut values = texts.pop().unwrap_or_default();
                let is_code = |text: &String| wanted.is_missing(&question.column, text.trim());
                values.iter_mut().filter(|own| own.as_ref().is_some_and(is_code)).for_each(|own| *own = None);
                yes_or_no(&question.column, &values, yes)
                    .map_err(|sentence| PipelineError::Input(format!("`{}`: {sentence}", table.file)))?
            }
        };
        let times = time.and_then(|_| texts.pop());
        let customers = question.cluster.as_ref().and_then(|_| texts.pop());
        let mut weights = question.weights.as_ref().and_then(|_| numbers.pop());
        for (row, weight) in weights.iter_mut().flatten().enumerate().filter(|(_, weight)| weight.is_nan()) {
            (values[row], *weight) = (f64::NAN, 0.0);
        }
        let beside = customers.iter().flatten().zip(&values);
        let n_nobodys = beside.filter(|(who, value)| who.is_none() && !value.is_nan()).count();
        let clusters = customers
            .map(|own| Clusters::from_labels(own.iter().enumerate().map(|(row, who)| who.as_ref().ok_or(row))));
        Ok(Self { question, table, values, others: numbers, times, weights, clusters, n_nobodys, by: texts })
    }

    /// The groups in the order of their values; those in which nobody answered are none.
    pub fn groups(&self) -> Vec<Group> {
        let key = |row: usize| -> Vec<Option<&String>> { self.by.iter().map(|column| column[row].as_ref()).collect() };
        let mut groups: BTreeMap<Vec<Option<&String>>, [Vec<usize>; 2]> = BTreeMap::new();
        for row in 0..self.values.len() {
            let [rows, answered] = groups.entry(key(row)).or_default();
            rows.push(row);
            if !self.values[row].is_nan() {
                answered.push(row);
            }
        }
        groups
            .into_iter()
            .filter(|(_, [_, answered])| !answered.is_empty())
            .map(|(key, [rows, answered])| Group {
                by: self.question.by.iter().cloned().zip(key.into_iter().map(Option::<&String>::cloned)).collect(),
                rows,
                answered,
            })
            .collect()
    }

    /// Rows with an answer.
    pub fn n_answered(&self) -> usize {
        self.values.iter().filter(|value| !value.is_nan()).count()
    }

    /// How all rows came to be there.
    pub fn sampling(&self) -> Sampling<'_> {
        Sampling {
            weights: self.weights.as_deref(),
            clusters: self.clusters.as_ref(),
            population: self.question.population,
            streams: None,
        }
    }

    /// How some rows came to be there.
    pub fn drawn(&self, rows: &[usize]) -> Drawn {
        Drawn {
            weights: self.weights.as_ref().map(|weights| rows.iter().map(|&row| weights[row]).collect()),
            clusters: self.clusters.as_ref().map(|clusters| clusters.keep(rows)),
            population: self.question.population,
        }
    }

    /// Rows that are in no base.
    pub fn left_out(&self) -> Option<Finding> {
        let (n_rows, n_missing) = (self.table.n_rows, self.table.n_rows - self.n_answered());
        (n_missing > 0).then(|| {
            let sentence = format!(
                "{} no answer or no weight and {} not in the base",
                words::part(n_missing, n_rows, words::ROWS, words::HAVE),
                words::either(n_missing, "is", "are")
            );
            Finding::new(FindingKind::RowsDropped, Severity::Note, &self.question.column, sentence)
                .number("n", n_missing as f64)
                .number("share", n_missing as f64 / n_rows as f64)
        })
    }

    /// That some answers are nobody's in particular.
    pub fn nobodys(&self) -> Option<Finding> {
        let column = self.question.cluster.as_ref().filter(|_| self.n_nobodys > 0)?;
        let sentence = format!(
            "{} no value of `{column}` and {} taken for a customer of its own each, so that errors are too small if some are of one customer",
            words::part(self.n_nobodys, self.n_answered(), words::ANSWERS, words::HAVE),
            words::either(self.n_nobodys, "is", "are")
        );
        let finding = Finding::new(FindingKind::Unmatched, Severity::Warning, column, sentence);
        Some(finding.number("n", self.n_nobodys as f64))
    }

    /// Which groups have errors by so few customers that they are likely too small; of the groups that are shown.
    pub fn few_customers<'g>(&self, shown: impl Iterator<Item = &'g Group>) -> Option<Finding> {
        let clusters = self.clusters.as_ref()?;
        let n_customers = |group: &Group| clusters.keep(&group.answered).n_clusters();
        let few: Vec<(String, usize)> = shown
            .map(|group| (group, n_customers(group)))
            .filter(|(group, n)| *n > 1 && *n < group.answered.len().min(FEW_CLUSTERS))
            .map(|(group, n)| (name(&group.by), n))
            .collect();
        let (first, fewest) = few.iter().min_by_key(|(_, n)| *n)?;
        let others = match few.len() {
            1 => String::new(),
            n => format!(
                ", those of {} on fewer than {FEW_CLUSTERS}",
                words::counted(n - 1, "other group", "other groups")
            ),
        };
        let sentence = format!(
            "errors and intervals of {first} rest on {fewest} customers (clusters){others}, so few that they are likely too small"
        );
        let finding = Finding::new(FindingKind::SmallBase, Severity::Warning, &self.question.column, sentence);
        Some(finding.number("n_clusters", *fewest as f64))
    }

    /// Which groups' weights leave little of their answers' worth; of the groups that are shown.
    pub fn unequal_weights<'g>(&self, shown: impl Iterator<Item = &'g Group>) -> Option<Finding> {
        let (column, weights) = self.question.weights.as_ref().zip(self.weights.as_ref())?;
        let said = |group: &Group| {
            let own: Vec<f64> = group.answered.iter().map(|&row| weights[row]).collect();
            Some((name(&group.by), WeightEfficiency::finding_of_given(column, &own).ok()??))
        };
        // Groups in which one answer decides have a sentence of their own.
        let few: Vec<(String, Finding)> =
            shown.filter_map(said).filter(|(_, finding)| finding.severity < Severity::Serious).collect();
        let worth = |finding: &Finding| finding.numbers["efficiency"];
        let (first, least) = few.iter().min_by(|(_, one), (_, other)| worth(one).total_cmp(&worth(other)))?;
        let mut finding = least.clone();
        finding.sentence = match few.len() {
            1 => format!("of {first}, {}", least.sentence),
            n => format!(
                "of {first}, {}; so it is in {}",
                least.sentence,
                words::counted(n - 1, "other group", "other groups")
            ),
        };
        Some(finding)
    }

    /// That a figure is one answer's, whose weight leaves nothing to the others.
    pub fn of_one_weight(&self, by: &By) -> Finding {
        let sentence = format!(
            "the figure of {} has no error: one answer carries nearly all weight of `{}`, so that the others say nothing of how \
             answers differ",
            name(by),
            self.question.weights.as_deref().unwrap_or_default()
        );
        Finding::new(FindingKind::NotEstimated, Severity::Warning, &self.question.column, sentence)
    }

    /// Which groups are shown, where the small ones cannot be covered by others, none is; and what is to be said of it.
    pub fn shown(&self, groups: &[Group]) -> (Vec<ShownCell>, Option<Finding>) {
        let counts: Vec<u64> = groups.iter().map(|group| group.answered.len() as u64).collect();
        match self.question.small_bases {
            None => (counts.into_iter().map(ShownCell::Shown).collect(), None),
            Some(own) => {
                let shown = own.crossed(&self.places(groups).into_iter().zip(counts).collect::<Vec<_>>());
                let finding = own.finding(&self.question.column, &shown);
                (shown, finding)
            }
        }
    }

    /// The level of each group in each column. Columns come by name, so that the same is hidden in whichever order they are asked for.
    fn places(&self, groups: &[Group]) -> Vec<Vec<usize>> {
        let columns: BTreeSet<&String> = self.question.by.iter().collect();
        let mut places = vec![Vec::new(); groups.len()];
        for column in columns {
            let levels: BTreeSet<&Option<String>> = groups.iter().map(|group| &group.by[column]).collect();
            let levels: BTreeMap<&Option<String>, usize> = levels.into_iter().zip(0..).collect();
            places.iter_mut().zip(groups).for_each(|(place, group)| place.push(levels[&group.by[column]]));
        }
        places
    }

    /// What rests on hardly anything.
    pub fn small(&self, sentence: String) -> Finding {
        Finding::new(FindingKind::SmallBase, Severity::Warning, &self.question.column, sentence).number("n", 1.0)
    }

    /// What could not be estimated.
    pub fn not_estimated(&self, sentence: String) -> Finding {
        Finding::new(FindingKind::NotEstimated, Severity::Warning, &self.question.column, sentence)
    }
}

/// A group as a sentence names it.
pub(super) fn name(by: &By) -> String {
    let parts: Vec<String> =
        by.iter().map(|(column, value)| format!("{column} = {}", value.as_deref().unwrap_or("(blank)"))).collect();
    if parts.is_empty() { "all answers".to_owned() } else { format!("the group {}", parts.join(", ")) }
}
