//! Whether a channel, a wave or another group of rows lies off what the model expects of it.

use super::added::{Added, Departure};
use crate::data::DataError;
use crate::estimators::augment::Augment;
use crate::estimators::{FitError, StdErrors};
use crate::findings::{Finding, FindingKind, Severity};
use crate::stats::Confidence;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Groups tested one by one; the rows of rarer ones are taken together.
const GROUPS_MAX: usize = 40;
/// Groups named in a finding.
const GROUPS_NAMED: usize = 3;

/// A column that sorts the rows into groups. A blank label is a group like any other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grouping {
    name: String,
    labels: Vec<String>,
    codes: Vec<u32>,
}

impl Grouping {
    /// Groups rows with equal labels, in order of first appearance.
    pub fn from_labels<L: AsRef<str>>(name: impl Into<String>, labels: impl IntoIterator<Item = L>) -> Self {
        let mut seen: HashMap<String, u32> = HashMap::new();
        let mut names = Vec::new();
        let codes = labels
            .into_iter()
            .map(|label| match seen.get(label.as_ref()) {
                Some(&code) => code,
                None => {
                    let code = names.len() as u32;
                    names.push(label.as_ref().to_owned());
                    seen.insert(label.as_ref().to_owned(), code);
                    code
                }
            })
            .collect();
        Self { name: name.into(), labels: names, codes }
    }

    /// The column.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.codes.len()
    }
}

/// One group beside what is expected of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupResidual {
    /// The group.
    pub group: String,
    /// Its rows that count.
    pub n_rows: usize,
    /// The weighted mean of outcome less expectation: in units of the outcome, or as a share (logistic).
    pub mean_resid: f64,
}

/// The residuals of a fit by group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupedResiduals {
    /// The column that groups.
    pub grouping: String,
    /// All groups that count, those furthest off first: by the mean residual times the root of the rows.
    pub groups: Vec<GroupResidual>,
    /// The share (0-1) of the residuals' variance that lies between the groups (eta squared).
    pub eta_squared: f64,
    /// The test of adding the groups to the model; `None` where the model already tells them apart.
    pub test: Option<Departure>,
}

impl GroupedResiduals {
    /// `None` where fewer than two groups count.
    ///
    /// The test is that of adding one column a group to the model, not a comparison of the residuals' means, which
    /// would find too little where groups and columns are related.
    ///
    /// # Errors
    /// Not one label per row.
    pub(super) fn of(augment: &Augment, grouping: &Grouping, std_errors: StdErrors) -> Result<Option<Self>, FitError> {
        if grouping.n_rows() != augment.n_rows() {
            return Err(FitError::Data(DataError::RowCount {
                what: "the group column",
                n_found: grouping.n_rows(),
                n_expected: augment.n_rows(),
            }));
        }
        let tallies = tallies(augment, grouping);
        let mut order: Vec<usize> = (0..tallies.len()).filter(|&code| tallies[code].n_rows > 0).collect();
        if order.len() < 2 {
            return Ok(None);
        }
        order.sort_by(|&one, &other| tallies[other].n_rows.cmp(&tallies[one].n_rows).then(one.cmp(&other)));
        // The largest group is what the others are held against; the rarest share a column.
        let n_columns = (order.len() - 1).min(GROUPS_MAX);
        let mut column_of = vec![None; tallies.len()];
        order.iter().skip(1).enumerate().for_each(|(at, &code)| column_of[code] = Some(at.min(n_columns - 1)));
        let added = Added::new(augment, std_errors, n_columns, |row, beside| {
            beside.fill(0.0);
            if let Some(column) = column_of[grouping.codes[row] as usize] {
                beside[column] = 1.0;
            }
        });
        let test = added.test(&(0..n_columns).collect::<Vec<_>>());
        let weight_sum: f64 = tallies.iter().map(|tally| tally.weight).sum();
        let mean = tallies.iter().map(|tally| tally.resid).sum::<f64>() / weight_sum;
        let squares = tallies.iter().map(|tally| tally.squares).sum::<f64>() - weight_sum * mean * mean;
        let between: f64 = order.iter().map(|&code| tallies[code].weight * (tallies[code].mean() - mean).powi(2)).sum();
        let pull = |code: usize| tallies[code].mean().abs() * (tallies[code].n_rows as f64).sqrt();
        order.sort_by(|&one, &other| pull(other).total_cmp(&pull(one)).then(one.cmp(&other)));
        let groups = order
            .iter()
            .map(|&code| GroupResidual {
                group: grouping.labels[code].clone(),
                n_rows: tallies[code].n_rows,
                mean_resid: tallies[code].mean(),
            })
            .collect();
        let eta_squared = if squares > 0.0 { (between / squares).clamp(0.0, 1.0) } else { 0.0 };
        Ok(Some(Self { grouping: grouping.name.clone(), groups, eta_squared, test }))
    }

    pub(super) fn finding(&self, outcome: &str, confidence: Confidence, share_min: f64) -> Option<Finding> {
        let test = self.test?;
        let matters = test.p_value < 1.0 - confidence.level() && test.share_explained >= share_min;
        matters.then(|| {
            let named: Vec<String> = self
                .groups
                .iter()
                .take(GROUPS_NAMED)
                .map(|row| {
                    let side = if row.mean_resid < 0.0 { "below" } else { "above" };
                    format!("`{}` {} {side}", row.group, three_digits(row.mean_resid.abs()))
                })
                .collect();
            let sentence = format!(
                "Groups of `{}` lie off what the model of `{outcome}` expects: {}; the groups explain {:.1} % of what is left, \
                 so the model lacks something that differs between them.",
                self.grouping,
                named.join(", "),
                100.0 * test.share_explained,
            );
            Finding::new(FindingKind::ResidualPattern, Severity::Warning, self.grouping.clone(), sentence)
                .number("eta_squared", self.eta_squared)
                .number("share_explained", test.share_explained)
                .number("p_value", test.p_value)
                .number("n_groups", self.groups.len() as f64)
        })
    }
}

/// A size in three digits that count, whatever its unit.
fn three_digits(size: f64) -> String {
    let decimals = if size > 0.0 { (2.0 - size.log10().floor()).clamp(0.0, 12.0) } else { 0.0 };
    format!("{size:.*}", decimals as usize)
}

#[derive(Clone, Default)]
struct Tally {
    n_rows: usize,
    weight: f64,
    resid: f64,
    squares: f64,
}

impl Tally {
    fn mean(&self) -> f64 {
        self.resid / self.weight
    }
}

fn tallies(augment: &Augment, grouping: &Grouping) -> Vec<Tally> {
    let mut tallies = vec![Tally::default(); grouping.labels.len()];
    for (row, &code) in grouping.codes.iter().enumerate().filter(|&(row, _)| augment.cases.counts(row)) {
        let (weight, resid) = (augment.cases.weight(row), augment.residual(row));
        let tally = &mut tallies[code as usize];
        tally.n_rows += 1;
        tally.weight += weight;
        tally.resid += weight * resid;
        tally.squares += weight * resid * resid;
    }
    tallies
}
