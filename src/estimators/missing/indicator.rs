//! The mean in place of a gap and a column that says so: the treatment of "does not apply".

use super::MissingError;
use super::patterns::empty_finding;
use crate::data::{ColumnGroup, Gaps};
use crate::findings::{Finding, FindingKind, Severity};
use ndarray::{Array1, Array2, ArrayView1, Axis};
use serde::{Deserialize, Serialize};

/// Which columns get their gaps filled and marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Marked {
    /// Every column with gaps.
    #[default]
    All,
    /// Columns whose gaps are structural; the others keep theirs for another treatment.
    Structural,
}

/// Columns without the gaps that were filled and marked.
#[derive(Debug, Clone, PartialEq)]
pub struct Indicated {
    /// The columns, each followed by its indicator, which belongs to the same group.
    pub gaps: Gaps,
    /// The columns that were filled.
    pub filled: Vec<FilledColumn>,
    /// What a reader must know beside the numbers.
    pub findings: Vec<Finding>,
}

/// A column whose gaps took its mean.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FilledColumn {
    /// The column.
    pub column: String,
    /// The weighted mean of its values, now in place of the gaps.
    pub mean: f64,
    /// Rows filled.
    pub n_filled: usize,
    /// The column that is 1 where there was a gap; `None` where it would say nothing new.
    pub indicator: Option<String>,
}

impl Indicated {
    /// Fills gaps by the column's weighted mean and marks them by an indicator called `<column> (missing)`.
    ///
    /// With both in a model the column's coefficient is that among those to whom it applies, and the indicator's is how
    /// they differ from the others at its mean. An indicator that would be constant, or equal to another's or to one less
    /// another's, is not made, with a finding if they belong to different drivers. A column without any value is left
    /// out. Where a gap hides a value the treatment is biased, and a finding says so.
    ///
    /// # Errors
    /// An indicator's name that a column has already.
    ///
    /// # References
    /// Cohen and Cohen (1983), "Applied Multiple Regression", chapter 7; Jones (1996), "Indicator and stratification
    /// methods for missing explanatory variables in multiple linear regression", JASA 91(433), on the bias.
    pub fn of(gaps: &Gaps, marked: Marked) -> Result<Self, MissingError> {
        let mut made = Made::default();
        for column in 0..gaps.n_features() {
            made.take(gaps, column, marked);
        }
        made.findings.extend(biased(&made.assumed));
        let values = match made.columns.is_empty() {
            true => Array2::zeros((gaps.n_rows(), 0)),
            false => {
                let views: Vec<ArrayView1<f64>> = made.columns.iter().map(Array1::view).collect();
                ndarray::stack(Axis(1), &views).unwrap_or_else(|_| Array2::zeros((gaps.n_rows(), 0)))
            }
        };
        let groups = gaps
            .groups()
            .iter()
            .map(|group| ColumnGroup {
                name: group.name.clone(),
                columns: (0..made.sources.len())
                    .filter(|&place| group.columns.contains(&made.sources[place]))
                    .collect(),
            })
            .filter(|group| !group.columns.is_empty())
            .collect();
        let structural: Vec<usize> = (0..made.sources.len())
            .filter(|&place| made.is_value[place] && gaps.is_structural(made.sources[place]))
            .collect();
        let gaps = gaps.with_columns(made.names, values)?.grouped(groups)?.structural(&structural)?;
        Ok(Self { gaps, filled: made.filled, findings: made.findings })
    }
}

/// Columns as they are made.
#[derive(Default)]
struct Made {
    names: Vec<String>,
    columns: Vec<Array1<f64>>,
    /// The column that each comes from.
    sources: Vec<usize>,
    is_value: Vec<bool>,
    indicators: Vec<Indicator>,
    filled: Vec<FilledColumn>,
    /// Columns with an indicator although nobody said that their gaps mean "does not apply".
    assumed: Vec<String>,
    findings: Vec<Finding>,
}

struct Indicator {
    source: usize,
    is_gap: Vec<bool>,
}

impl Made {
    fn push(&mut self, name: String, values: Array1<f64>, source: usize, is_value: bool) {
        self.names.push(name);
        self.columns.push(values);
        self.sources.push(source);
        self.is_value.push(is_value);
    }

    fn take(&mut self, gaps: &Gaps, column: usize, marked: Marked) {
        let name = &gaps.names()[column];
        let values = gaps.values().column(column).to_owned();
        let is_gap: Vec<bool> = values.iter().map(|value| value.is_nan()).collect();
        let n_filled = is_gap.iter().filter(|&&gap| gap).count();
        if n_filled == 0 || (marked == Marked::Structural && !gaps.is_structural(column)) {
            return self.push(name.clone(), values, column, true);
        }
        let Some(mean) = known_mean(gaps, column) else {
            return self.findings.push(empty_finding(name));
        };
        self.push(name.clone(), values.mapv(|value| if value.is_nan() { mean } else { value }), column, true);
        let indicator = format!("{name} (missing)");
        let says_something = self.says_something(gaps, column, &is_gap);
        if says_something {
            let values = is_gap.iter().map(|&gap| f64::from(u8::from(gap))).collect();
            self.push(indicator.clone(), values, column, false);
            self.indicators.push(Indicator { source: column, is_gap });
            if !gaps.is_structural(column) {
                self.assumed.push(name.clone());
            }
        }
        let indicator = says_something.then_some(indicator);
        self.filled.push(FilledColumn { column: name.clone(), mean, n_filled, indicator });
    }

    /// Whether the indicator varies among the rows that count and is no copy or mirror of another.
    fn says_something(&mut self, gaps: &Gaps, column: usize, is_gap: &[bool]) -> bool {
        let name = &gaps.names()[column];
        let weights = gaps.answered().weights();
        let counting: Vec<usize> = (0..gaps.n_rows()).filter(|&row| weights.of(row) > 0.0).collect();
        if !counting.iter().any(|&row| is_gap[row]) {
            let sentence = format!("`{name}` has gaps only in rows without weight, so no indicator is needed.");
            self.findings.push(Finding::new(FindingKind::Constant, Severity::Note, name, sentence));
            return false;
        }
        let copies = |other: &&Indicator| {
            let n_equal = counting.iter().filter(|&&row| is_gap[row] == other.is_gap[row]).count();
            n_equal == 0 || n_equal == counting.len()
        };
        let Some(other) = self.indicators.iter().find(copies) else { return true };
        let together = |group: &ColumnGroup| group.columns.contains(&column) && group.columns.contains(&other.source);
        if !gaps.groups().iter().any(together) {
            let of = &gaps.names()[other.source];
            let sentence = format!(
                "`{name}` and `{of}` are missing in the same rows, or one where the other is not: the indicator of `{of}` stands for both."
            );
            self.findings.push(Finding::new(FindingKind::Aliased, Severity::Warning, name, sentence));
        }
        false
    }
}

/// The weighted mean of the values there are.
fn known_mean(gaps: &Gaps, column: usize) -> Option<f64> {
    let weights = gaps.answered().weights();
    let values = gaps.values();
    let known = || {
        let counting = (0..gaps.n_rows()).map(|row| (weights.of(row), values[[row, column]]));
        counting.filter(|(weight, value)| *weight > 0.0 && !value.is_nan())
    };
    let weight: f64 = known().map(|(weight, _)| weight).sum();
    let pilot = known().map(|(weight, value)| weight * value).sum::<f64>() / weight;
    let rest = known().map(|(weight, value)| weight * (value - pilot)).sum::<f64>() / weight;
    (weight > 0.0).then_some(pilot + rest)
}

fn biased(names: &[String]) -> Option<Finding> {
    let about = names.join(", ");
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    (!names.is_empty()).then(|| {
        let sentence = format!(
            "Gaps in {} are not said to mean that it does not apply; where they hide values, indicator coefficients are biased.",
            quoted.join(", ")
        );
        Finding::new(FindingKind::Unreliable, Severity::Note, &about, sentence)
    })
}
