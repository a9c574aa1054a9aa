//! What may be said of a result: which drivers lead, whether a link is there, which findings belong to it.

use super::evaluation::{EvaluationResult, FigureRow};
use super::results::{MeasureRow, OutcomeResult, StudyResults};
use super::words;
use crate::drivers::{DriverRanking, DriverRow, FitKind, Method};
use crate::estimators::Family;
use crate::findings::{Finding, FindingKind, Severity};
use crate::intake::Exclusion;
use crate::measures::IntervalKind;

/// A share (absolute) up to which a driver carries nothing.
const NOTHING: f64 = 1e-12;

/// p-value above which a link could be chance.
pub(super) const CHANCE: f64 = 0.05;

/// Whether what customers say goes with an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    /// More than chance, and not weak.
    There,
    /// Weak, or no more than chance.
    Weak,
    /// There is no ranking, or no test.
    Unknown,
}

impl Link {
    pub fn of(results: &StudyResults, outcome: &OutcomeResult) -> Self {
        if weak_link(results, outcome).is_some() {
            return Self::Weak;
        }
        match &outcome.ranking {
            None => Self::Unknown,
            Some(ranking) if ranking.drivers.is_empty() => Self::Unknown,
            _ if weakness(results, outcome).is_some() => Self::Weak,
            Some(ranking) if !ranking.p_value.is_finite() => Self::Unknown,
            Some(ranking) if ranking.p_value > CHANCE => Self::Weak,
            Some(_) => Self::There,
        }
    }
}

/// Whether the link between the drivers and an outcome is weak, or no more than chance.
pub fn is_weakly_linked(results: &StudyResults, outcome: &OutcomeResult) -> bool {
    Link::of(results, outcome) == Link::Weak
}

/// Findings of an outcome: its own, those of its ranking and those of the study about it; the most severe first.
pub(super) fn findings_of<'r>(results: &'r StudyResults, outcome: &'r OutcomeResult) -> Vec<&'r Finding> {
    let of_ranking = outcome.ranking.iter().flat_map(|ranking| &ranking.findings);
    let of_study = results.findings.iter().filter(|finding| finding.about == outcome.name);
    sorted(outcome.findings.iter().chain(of_ranking).chain(of_study))
}

/// Findings of what could be done about the touchpoints, whatever the outcome.
pub(super) fn findings_of_actions(results: &StudyResults, pictured: &OutcomeResult) -> Vec<Finding> {
    let mut said: Vec<&str> = Vec::new();
    let mut findings = Vec::new();
    let others = results.outcomes.iter().filter(|outcome| outcome.name != pictured.name);
    for outcome in std::iter::once(pictured).chain(others.filter(|outcome| weak_link(results, outcome).is_none())) {
        for finding in &outcome.actions.findings {
            if said.contains(&finding.sentence.as_str()) {
                continue;
            }
            said.push(&finding.sentence);
            let mut own = finding.clone();
            if outcome.name != pictured.name {
                own.sentence = format!("{}: {}", words::spoken(&outcome.name), own.sentence);
            }
            findings.push(own);
        }
    }
    findings.sort_by_key(place);
    findings
}

/// All different findings, the most severe first; of equal ones those on which a reader can act before those that are about
/// a method, otherwise in their order.
pub(super) fn sorted<'r>(findings: impl Iterator<Item = &'r Finding>) -> Vec<&'r Finding> {
    let mut all: Vec<&Finding> = Vec::new();
    for finding in findings {
        if !all.contains(&finding) {
            all.push(finding);
        }
    }
    all.sort_by_key(|finding| place(finding));
    all
}

/// Where a finding stands among others.
pub(super) fn place(finding: &Finding) -> (std::cmp::Reverse<Severity>, bool) {
    let is_of_method = matches!(
        finding.kind,
        FindingKind::Aliased
            | FindingKind::Collinear
            | FindingKind::Suppressor
            | FindingKind::NotProportional
            | FindingKind::Influential
            | FindingKind::NonLinear
            | FindingKind::UnequalVariance
            | FindingKind::ResidualPattern
            | FindingKind::Sampled
            | FindingKind::Screened
    );
    (std::cmp::Reverse(finding.severity), is_of_method)
}

/// Findings of the study that are about none of its outcomes.
pub(super) fn findings_of_study(results: &StudyResults) -> Vec<&Finding> {
    let is_of_outcome = |finding: &&Finding| results.outcomes.iter().any(|outcome| outcome.name == finding.about);
    sorted(results.findings.iter().filter(|finding| !is_of_outcome(finding)))
}

/// The finding that the link is weak.
pub(super) fn weak_link<'r>(results: &'r StudyResults, outcome: &'r OutcomeResult) -> Option<&'r Finding> {
    findings_of(results, outcome).into_iter().find(|finding| finding.kind == FindingKind::WeakLink)
}

/// Why the link is weak, as a sentence: by the analysis of the drivers, because none of them does better than pure noise, or
/// because later answers do not show that the model tells anything.
pub(super) fn weakness(results: &StudyResults, outcome: &OutcomeResult) -> Option<String> {
    let found = weak_link(results, outcome).map(|finding| words::sentence(&finding.sentence, &finding.about));
    let noise = outcome.ranking.as_ref().filter(|ranking| all_noise(ranking)).map(|_| {
        let sentence = format!("none of the drivers contributes more to {} than pure noise might", outcome.name);
        words::sentence(&sentence, "")
    });
    let unseen = || {
        let evaluation = results.evaluations.iter().find(|evaluation| evaluation.outcome == outcome.name)?;
        let held_out = HeldOut::of(evaluation).filter(|held_out| !held_out.beats_chance())?;
        let answers = if evaluation.is_of_later() { "later answers" } else { "answers that it has not seen" };
        Some(format!(
            "It is not shown that the model of {} tells {answers} better than chance ({}), so its ranks say little.",
            outcome.name,
            held_out.in_plain_words()
        ))
    };
    match (found, noise) {
        (Some(found), Some(noise)) => Some(format!("{found} {noise}")),
        (found, noise) => found.or(noise).or_else(unseen),
    }
}

/// Whether every driver was compared with drivers of pure noise and none contributes more.
pub(super) fn all_noise(ranking: &DriverRanking) -> bool {
    let level = 1.0 - ranking.confidence.level();
    let alike = |row: &DriverRow| row.noise.is_some_and(|noise| noise.is_no_more(level));
    !ranking.drivers.is_empty() && ranking.drivers.iter().all(alike)
}

/// The figure by which a model is judged first on answers that it has not seen; more is better.
pub(super) struct HeldOut<'r> {
    pub metric: &'static str,
    pub name: &'static str,
    pub figure: &'r FigureRow,
    /// What a model that tells nothing comes to, for figures of order, which single rows cannot decide.
    chance: Option<f64>,
}

impl<'r> HeldOut<'r> {
    pub fn of(evaluation: &'r EvaluationResult) -> Option<Self> {
        let (metric, name, chance) = match evaluation.family {
            Family::Logistic => ("roc_auc", "ROC AUC", Some(0.5)),
            Family::Count => ("spearman", "rank correlation", Some(0.0)),
            _ => ("r_squared", "R squared", None),
        };
        Some(Self { metric, name, figure: evaluation.figure("model", metric)?, chance })
    }

    /// Whether the figure's interval lies above chance; a figure without an interval is not held against it.
    pub fn beats_chance(&self) -> bool {
        self.chance.zip(self.figure.conf_low).is_none_or(|(chance, low)| low > chance)
    }

    /// Whether the figure is a share of pairs that are ranked rightly.
    pub fn counts_pairs(&self) -> bool {
        self.metric == "roc_auc"
    }

    /// The figure as anybody can read it, with the field's word for it beside.
    pub fn in_plain_words(&self) -> String {
        let own = words::fixed(self.figure.estimate, 2);
        let ends = self.figure.conf_low.zip(self.figure.conf_high);
        let ends = ends.map(|(low, high)| words::range(words::fixed(low, 2), words::fixed(high, 2)));
        if self.counts_pairs() {
            let ends = ends.map_or_else(String::new, |ends| format!(", {ends}"));
            return format!(
                "of 100 pairs of one who did and one who did not it ranks {} rightly, 50 being chance ({} {own}{ends})",
                words::fixed(100.0 * self.figure.estimate, 0),
                self.name
            );
        }
        format!("{} {own}{}", self.name, ends.map_or_else(String::new, |ends| format!(" ({ends})")))
    }
}

/// Whether it is known whose the answers are, so that several may be one customer's.
pub(super) fn knows_customers(results: &StudyResults) -> bool {
    overall(results).is_some_and(|row| row.n_customers.is_some())
}

/// Why there is no ranking: the most severe finding, notes aside.
pub(super) fn reason_for_none<'r>(results: &'r StudyResults, outcome: &'r OutcomeResult) -> Option<&'r Finding> {
    findings_of(results, outcome).into_iter().find(|finding| finding.severity > Severity::Note)
}

/// The driver of a ranking of one, which has no share and no place that could be another.
pub(super) fn only_driver(ranking: &DriverRanking) -> Option<&DriverRow> {
    ranking.drivers.first().filter(|_| ranking.drivers.len() == 1)
}

/// Whether other columns than the drivers carry a part of the fit.
pub(super) fn divides_a_part(ranking: &DriverRanking) -> bool {
    (ranking.fit.value - ranking.decomposed).abs() > 1e-9
}

/// Drivers of rank 1; none where no driver carries anything.
pub(super) fn leaders(ranking: &DriverRanking) -> Vec<&DriverRow> {
    if ranking.drivers.iter().all(|row| row.share.abs() <= NOTHING) {
        return Vec::new();
    }
    ranking.drivers.iter().filter(|row| row.rank == 1).collect()
}

/// Answers that the ranking rests on, where it allows for gaps and so takes more of them than the model of the coefficients.
pub(super) fn n_ranked_with_gaps(outcome: &OutcomeResult) -> Option<usize> {
    outcome.ranking.as_ref().filter(|ranking| ranking.n_rows > outcome.n_used).map(|ranking| ranking.n_used)
}

/// Answers that are neither used nor left out for a stated reason.
pub(super) fn n_unaccounted(outcome: &OutcomeResult) -> usize {
    let n_left_out: usize = outcome.left_out.iter().map(|left_out| left_out.n).sum();
    outcome.n_answers.saturating_sub(outcome.n_used + n_left_out)
}

/// The score of all answers.
pub(super) fn overall(results: &StudyResults) -> Option<&MeasureRow> {
    results.measures.iter().find(|row| row.cut.is_none())
}

/// The kind of the scores' intervals, for a head of a table, where it is not the customary one.
pub(super) fn interval_kind(results: &StudyResults) -> Option<&'static str> {
    let kind = overall(results)?.score.interval;
    (kind != IntervalKind::default()).then(|| kind.word())
}

/// Whether the outcome is something customers do, not something they say.
pub(super) fn is_behaviour(outcome: &OutcomeResult) -> bool {
    outcome.window_days.is_some()
}

/// The name of a measure of fit.
pub(super) fn fit_name(kind: FitKind) -> &'static str {
    match kind {
        FitKind::RSquared => "R squared",
        FitKind::Mcfadden => "McFadden's pseudo R squared",
        FitKind::CoxSnell => "Cox and Snell's pseudo R squared",
        FitKind::Nagelkerke => "Nagelkerke's pseudo R squared",
        FitKind::Estrella => "Estrella's pseudo R squared",
        FitKind::SquaredCorrelation => "squared correlation of class and predicted probability",
    }
}

/// The name of a method of importance.
pub(super) fn method_name(method: Method) -> &'static str {
    match method {
        Method::Shapley => "Shapley value",
        Method::RelativeWeights => "relative weight",
        Method::Car => "squared correlation-adjusted correlation",
        Method::First => "fit alone",
        Method::Last => "fit lost when left out",
        Method::Pratt => "Pratt's measure",
        Method::BetaSquared => "squared standardised coefficient",
        Method::Owen => "Owen value",
        Method::Pmvd => "proportional marginal variance decomposition",
        Method::ConditionalDominance => "conditional dominance",
        Method::CompleteDominance => "complete dominance",
        Method::AverageCoefficients => "average coefficient",
    }
}

/// The word of an exclusion.
pub(super) fn exclusion_word(exclusion: Exclusion) -> &'static str {
    exclusion.word()
}
