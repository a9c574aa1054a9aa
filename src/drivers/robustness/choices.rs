//! How much of a ranking hangs on what an analyst chose: the treatment of gaps, the cases, the method.

use crate::drivers::DriverRanking;
use crate::findings::{Finding, FindingKind, Severity};
use serde::Serialize;

/// Shares closer than this are tied (absolute).
const TIE: f64 = 1e-10;
/// Rankings that agree less than this with the study's own are reported.
const AGREEMENT_MIN: f64 = 0.6;

/// What was chosen otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ChoiceKind {
    /// Nothing: this is the ranking that stands in the report.
    Own,
    /// The treatment of missing scores.
    Missing,
    /// The answers that count.
    Cases,
    /// The method that divides the fit.
    Method,
}

impl ChoiceKind {
    /// The word in tables and reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Missing => "missing",
            Self::Cases => "cases",
            Self::Method => "method",
        }
    }
}

/// A ranking of the same drivers under one choice.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Choice {
    /// What was chosen otherwise.
    pub kind: ChoiceKind,
    /// The choice, in the words of the settings.
    pub name: String,
    /// Answers that counted.
    pub n_used: usize,
    /// Shares in the order of the drivers; they sum to 1, and are never negative but for Pratt's.
    pub shares: Vec<f64>,
}

/// The drivers of one outcome under every choice.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChoicesTable {
    /// The outcome.
    pub outcome: String,
    /// The drivers, in the order of the study's own ranking.
    pub drivers: Vec<String>,
    /// One row a choice, the study's own first.
    pub rows: Vec<ChoiceRow>,
    /// One row a driver.
    pub stability: Vec<DriverStability>,
    /// What to know beside the numbers.
    pub findings: Vec<Finding>,
}

/// One choice.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChoiceRow {
    /// The choice and its shares.
    #[serde(flatten)]
    pub choice: Choice,
    /// Ranks, 1 for the largest share; tied ones share the best.
    pub ranks: Vec<usize>,
    /// Kendall's tau-b with the study's own ranking; `None` where one of them has no order.
    pub tau: Option<f64>,
}

/// How far one driver moves.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DriverStability {
    /// The driver.
    pub driver: String,
    /// The smallest share under any choice.
    pub share_min: f64,
    /// The largest share under any choice.
    pub share_max: f64,
    /// The best rank under any choice.
    pub rank_best: usize,
    /// The worst rank under any choice.
    pub rank_worst: usize,
}

impl Choice {
    /// A ranking's shares by the driver names of another.
    ///
    /// `None` where a driver is not in the ranking.
    pub fn of(kind: ChoiceKind, name: impl Into<String>, ranking: &DriverRanking, drivers: &[String]) -> Option<Self> {
        let share = |name: &String| ranking.drivers.iter().find(|row| row.driver == *name).map(|row| row.share);
        let shares: Option<Vec<f64>> = drivers.iter().map(share).collect();
        Some(Self { kind, name: name.into(), n_used: ranking.n_used, shares: shares? })
    }

    /// The shares that a method beside the ranking one gives; `None` where the ranking has no such method or its
    /// contributions sum to nothing.
    pub fn of_method(key: &str, ranking: &DriverRanking, drivers: &[String]) -> Option<Self> {
        let contribution =
            |name: &String| ranking.drivers.iter().find(|row| row.driver == *name)?.methods.get(key).copied();
        let contributions: Option<Vec<f64>> = drivers.iter().map(contribution).collect();
        let contributions = contributions?;
        let sum: f64 = contributions.iter().sum();
        (sum > TIE).then(|| Self {
            kind: ChoiceKind::Method,
            name: key.replace('_', "-"),
            n_used: ranking.n_used,
            shares: contributions.iter().map(|own| own / sum).collect(),
        })
    }
}

impl ChoicesTable {
    /// Sets the study's own ranking and others of the same drivers side by side.
    ///
    /// # Panics
    /// If a choice has not one share for each driver.
    ///
    /// # Example
    /// ```
    /// use advocate::drivers::robustness::{Choice, ChoiceKind, ChoicesTable};
    /// let choice = |kind, name: &str, shares: &[f64]| Choice { kind, name: name.into(), n_used: 50, shares: shares.into() };
    /// let own = choice(ChoiceKind::Own, "shapley", &[0.6, 0.3, 0.1]);
    /// let other = choice(ChoiceKind::Method, "first", &[0.5, 0.2, 0.3]);
    /// let table = ChoicesTable::new("nps", vec!["wait".into(), "food".into(), "shop".into()], own, vec![other]);
    /// // Of the three pairs two keep their order: (2 - 1) / 3.
    /// assert!((table.rows[1].tau.unwrap() - 1.0 / 3.0).abs() < 1e-12);
    /// assert_eq!((table.stability[1].rank_best, table.stability[1].rank_worst), (2, 3));
    /// ```
    ///
    /// # References
    /// Kendall (1945), "The treatment of ties in ranking problems", Biometrika 33(3); Steegen et al. (2016), "Increasing
    /// transparency through a multiverse analysis", Perspectives on Psychological Science 11(5).
    pub fn new(outcome: impl Into<String>, drivers: Vec<String>, own: Choice, others: Vec<Choice>) -> Self {
        let outcome = outcome.into();
        let rows: Vec<ChoiceRow> = std::iter::once(own.clone())
            .chain(others)
            .map(|choice| {
                assert_eq!(choice.shares.len(), drivers.len(), "one share for each driver");
                ChoiceRow { ranks: ranks(&choice.shares), tau: tau(&own.shares, &choice.shares), choice }
            })
            .collect();
        let stability = drivers.iter().enumerate().map(|(at, driver)| {
            let shares = rows.iter().map(|row| row.choice.shares[at]);
            let ranks = rows.iter().map(|row| row.ranks[at]);
            DriverStability {
                driver: driver.clone(),
                share_min: shares.clone().fold(f64::INFINITY, f64::min),
                share_max: shares.fold(f64::NEG_INFINITY, f64::max),
                rank_best: ranks.clone().min().unwrap_or(1),
                rank_worst: ranks.max().unwrap_or(1),
            }
        });
        let stability = stability.collect();
        let findings = findings(&outcome, &drivers, &rows);
        Self { outcome, drivers, rows, stability, findings }
    }
}

/// 1 for the largest; tied ones share the best rank.
fn ranks(shares: &[f64]) -> Vec<usize> {
    shares.iter().map(|own| 1 + shares.iter().filter(|other| **other > own + TIE).count()).collect()
}

/// `(concordant - discordant) / sqrt((pairs - tied in a)(pairs - tied in b))`.
fn tau(a: &[f64], b: &[f64]) -> Option<f64> {
    let order = |left: f64, right: f64| if (left - right).abs() <= TIE { 0.0 } else { (left - right).signum() };
    let (mut agreement, mut untied_a, mut untied_b) = (0.0, 0.0, 0.0);
    for one in 0..a.len() {
        for other in 0..one {
            let (in_a, in_b) = (order(a[one], a[other]), order(b[one], b[other]));
            agreement += in_a * in_b;
            untied_a += f64::abs(in_a);
            untied_b += f64::abs(in_b);
        }
    }
    let scale = f64::sqrt(untied_a * untied_b);
    (scale > 0.0).then(|| agreement / scale)
}

fn findings(outcome: &str, drivers: &[String], rows: &[ChoiceRow]) -> Vec<Finding> {
    let Some((own, others)) = rows.split_first() else { return Vec::new() };
    let mut findings = Vec::new();
    let top = own.ranks.iter().position(|&rank| rank == 1);
    let dethroned: Vec<&str> = others
        .iter()
        .filter(|row| top.is_some_and(|top| row.ranks[top] > 1))
        .map(|row| row.choice.name.as_str())
        .collect();
    if let (Some(top), false) = (top, dethroned.is_empty()) {
        let sentence = format!(
            "Which driver comes first hangs on choices of the analysis: `{}` does not with {} of {} others ({}).",
            drivers[top],
            dethroned.len(),
            others.len(),
            dethroned.join(", ")
        );
        findings.push(Finding::new(FindingKind::Unreliable, Severity::Warning, outcome, sentence));
    }
    for row in others.iter().filter(|row| row.tau.is_some_and(|tau| tau < AGREEMENT_MIN)) {
        let tau = row.tau.unwrap_or(f64::NAN);
        let sentence = format!(
            "With another choice ({} {}) the drivers rank differently: Kendall's tau with the ranking shown is {tau:.2}.",
            row.choice.kind.word(),
            row.choice.name
        );
        findings
            .push(Finding::new(FindingKind::Unreliable, Severity::Note, outcome, sentence).number("kendall_tau", tau));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(kind: ChoiceKind, name: &str, shares: &[f64]) -> Choice {
        Choice { kind, name: name.to_owned(), n_used: 10, shares: shares.to_vec() }
    }

    #[test]
    fn tau_b_is_that_of_scipy() {
        // scipy.stats.kendalltau([.4, .3, .2, .1, 0], [.1, .3, .3, .25, .05]).statistic
        let own = tau(&[0.4, 0.3, 0.2, 0.1, 0.0], &[0.1, 0.3, 0.3, 0.25, 0.05]).expect("an order");
        assert!((own - 0.316_227_766_016_837_94).abs() < 1e-12, "{own}");
        assert_eq!(tau(&[0.5, 0.5], &[0.9, 0.1]), None);
    }

    #[test]
    fn a_first_driver_that_others_dethrone_is_reported() {
        let drivers = vec!["a".to_owned(), "b".to_owned(), "c".to_owned()];
        let own = choice(ChoiceKind::Own, "shapley", &[0.5, 0.4, 0.1]);
        let kept = choice(ChoiceKind::Method, "first", &[0.6, 0.3, 0.1]);
        let table = ChoicesTable::new("nps", drivers.clone(), own.clone(), vec![kept.clone()]);
        assert!(table.findings.is_empty(), "{:?}", table.findings);
        let lost = choice(ChoiceKind::Missing, "em", &[0.1, 0.4, 0.5]);
        let table = ChoicesTable::new("nps", drivers, own, vec![kept, lost]);
        assert!(table.findings[0].sentence.contains("`a` does not with 1 of 2 others (em)"), "{:?}", table.findings);
        assert!(table.findings[1].sentence.contains("tau with the ranking shown is -1.00"), "{:?}", table.findings);
        let own = &table.stability[0];
        assert_eq!((own.rank_best, own.rank_worst, own.share_min, own.share_max), (1, 3, 0.1, 0.6));
    }
}
