//! Whether gaps come completely at random.

use super::em::EmFit;
use super::normal::Conditional;
use super::patterns::PatternSums;
use crate::findings::{Finding, FindingKind, Severity, thousands};
use crate::stats::distributions::chi_squared_upper;
use serde::{Deserialize, Serialize};

/// A probability below this is reported.
const SURPRISING: f64 = 0.05;

/// Little's test that gaps have nothing to do with any value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LittleTest {
    /// `sum n_j (m_j - m)' inverse(S_j) (m_j - m)` over the patterns of gaps.
    pub statistic: f64,
    /// Columns observed in each pattern, summed, less all columns.
    pub degrees_of_freedom: usize,
    /// Probability of a statistic as large if gaps come completely at random; 1 where there is one pattern.
    pub p_value: f64,
    /// Patterns of gaps among the rows that count.
    pub n_patterns: usize,
    /// What a reader must know beside the numbers.
    pub findings: Vec<Finding>,
}

impl EmFit<'_> {
    /// Little's test that gaps come completely at random, outcome included.
    ///
    /// Means `m` and covariances `S` (times `n / (n - 1)`) are those of em. Chi squared holds for many rows; rows count
    /// as independent, and weights as so many rows. A small probability says that rows with gaps differ from the others
    /// in what is known of them, so that listwise and pairwise answers may be biased; a large one proves nothing, as
    /// gaps may still depend on the values that are not known. Where customers have several rows there is no such test: the
    /// finding says so instead.
    ///
    /// # References
    /// Little (1988), "A test of missing completely at random for multivariate data with missing values", JASA 83(404).
    pub fn little_test(&self) -> LittleTest {
        let (layout, normal) = (self.layout(), self.normal());
        let n_used = layout.cases.n_used as f64;
        let mut conditional = Conditional::new(normal.n());
        let (mut statistic, mut n_known, mut n_patterns) = (0.0, 0, 0);
        for (pattern, PatternSums { weight, mean, .. }) in
            layout.patterns.iter().zip(self.sums()).filter(|(_, sums)| sums.weight > 0.0)
        {
            conditional.on(normal, &pattern.observed);
            let mut apart = vec![0.0; normal.n()];
            pattern.observed.iter().zip(mean).for_each(|(&column, mean)| apart[column] = mean - normal.mean[column]);
            let used = &conditional.used;
            let distance: f64 = used
                .iter()
                .flat_map(|&row| used.iter().map(move |&column| (row, column)))
                .map(|(row, column)| apart[row] * conditional.precision(row, column) * apart[column])
                .sum();
            statistic += weight * distance * (n_used - 1.0) / n_used;
            n_known += used.len();
            n_patterns += 1;
        }
        let degrees_of_freedom = n_known.saturating_sub(normal.n());
        let p_value =
            if degrees_of_freedom == 0 { 1.0 } else { chi_squared_upper(statistic, degrees_of_freedom as f64) };
        let outcome = layout.gaps.answered().outcome().name();
        let finding = match layout.gaps.answered().n_clusters_repeated() {
            Some(n_clusters) if n_patterns > 1 => Some(not_tested(outcome, n_clusters)),
            None if p_value < SURPRISING => Some(not_at_random(outcome, statistic, p_value)),
            _ => None,
        };
        let findings = finding.into_iter().collect();
        LittleTest { statistic, degrees_of_freedom, p_value, n_patterns, findings }
    }
}

fn not_tested(outcome: &str, n_clusters: usize) -> Finding {
    let sentence = format!(
        "Whether gaps come completely at random is not tested: the test takes rows as independent, and these are of \
         {} customers (clusters) with several each.",
        thousands(n_clusters)
    );
    Finding::new(FindingKind::NotEstimated, Severity::Note, outcome, sentence).number("n_clusters", n_clusters as f64)
}

fn not_at_random(outcome: &str, statistic: f64, p_value: f64) -> Finding {
    let shown = if p_value < 1e-3 { "p < 0.001".to_owned() } else { format!("p = {p_value:.3}") };
    let sentence = format!(
        "Gaps do not come completely at random ({shown}): rows with gaps differ from the others, so complete rows alone may mislead."
    );
    Finding::new(FindingKind::NotRepresentative, Severity::Warning, outcome, sentence)
        .number("statistic", statistic)
        .number("p_value", p_value)
}
