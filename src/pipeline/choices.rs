//! The ranking of an outcome under other choices: treatments of gaps, answers without straight-liners, other methods.

use super::outcome_model::Prepared;
use super::selection::Selection;
use crate::drivers::robustness::{Choice, ChoiceKind, ChoicesTable};
use crate::drivers::{DriverAnalysis, DriverFamily, DriverRanking, Method, Sampling};
use crate::estimators::diagnostics::{StraightLining, Touchpoints};
use crate::link::BaseTable;
use crate::study::{Missing, Outcome, Study};
use ndarray::Array2;
use std::collections::HashSet;

/// Methods beside the ranking one; those that take drivers of one column only come last.
const METHODS: [Method; 5] = [Method::Pmvd, Method::First, Method::Last, Method::Shapley, Method::RelativeWeights];
const COLUMN_METHODS: [Method; 2] = [Method::Car, Method::Pratt];
/// Shares of many drivers are sampled for each choice, to the half of a percent: what they are set beside is sampled twice as finely, and
/// each choice would take as long as all else that is said of the outcome.
const SAMPLING: Sampling = Sampling { std_error: 0.005, n_orders_max: 20_000 };
/// Of more drivers than this PMVD, which keeps something of every subset, is left out.
const PMVD_DRIVERS_MAX: usize = 20;

/// Sets the study's ranking beside those of other choices; `None` with a single driver, where there is nothing to rank.
pub(super) fn compare(
    study: &Study,
    base: &BaseTable,
    outcome: &Outcome,
    ranking: &DriverRanking,
) -> Option<ChoicesTable> {
    let drivers: Vec<String> = ranking.drivers.iter().map(|row| row.driver.clone()).collect();
    if drivers.len() < 2 {
        return None;
    }
    let own = Choice::of(ChoiceKind::Own, ranking.method.word(), ranking, &drivers)?;
    let question = Question { study, outcome, drivers: &drivers, method: ranking.method };
    let mut others = question.treatments(base);
    others.extend(question.without_straight_liners(base));
    others.extend(question.methods(base));
    Some(ChoicesTable::new(outcome.name(), drivers.clone(), own, others))
}

struct Question<'a> {
    study: &'a Study,
    outcome: &'a Outcome,
    drivers: &'a [String],
    method: Method,
}

impl Question<'_> {
    /// The ranking of some answers with some treatment by some methods, without intervals; `None` where it is impossible, which
    /// leaves the row out.
    fn rank(&self, study: &Study, base: &BaseTable, methods: &[Method]) -> Option<DriverRanking> {
        let selection = Selection::of(study, base, self.outcome);
        let prepared = Prepared::of(study, base, self.outcome, &selection).ok()?;
        let family = prepared.driver_family();
        let blocks = prepared.has_blocks();
        let is_possible = |method: &Method| method.divides(family) && (!blocks || method.takes_blocks());
        let analysis = DriverAnalysis {
            methods: methods.iter().copied().filter(is_possible).collect(),
            sampling: Some(SAMPLING),
            groups: prepared.groups(study),
            replicates: 0,
            seed: study.seed,
            confidence: study.confidence,
            ..DriverAnalysis::default()
        };
        prepared.rank_by(study, base, &analysis).ok()
    }

    /// The treatments of gaps that are not the study's own; none where there are no gaps.
    fn treatments(&self, base: &BaseTable) -> Vec<Choice> {
        let with_gaps = Selection::with_gaps(self.study, base, self.outcome).rows.len();
        let mut complete = self.study.clone();
        complete.drivers.missing = Missing::Listwise;
        if Selection::of(&complete, base, self.outcome).rows.len() == with_gaps {
            return Vec::new();
        }
        let all = [
            (Missing::Listwise, "listwise"),
            (Missing::Pairwise, "pairwise"),
            (Missing::Em, "em"),
            (Missing::Indicator, "indicator"),
            (Missing::Mean, "mean"),
        ];
        let others = all.into_iter().filter(|(missing, _)| *missing != self.study.drivers.missing);
        let others = others.filter(|(missing, _)| {
            // Moments are those of a line.
            !matches!(missing, Missing::Pairwise | Missing::Em)
                || DriverFamily::Linear.word() == self.outcome.family().word()
        });
        let choice = |(missing, word): (Missing, &str)| {
            let mut study = self.study.clone();
            study.drivers.missing = missing;
            Choice::of(ChoiceKind::Missing, word, &self.rank(&study, base, &[self.method])?, self.drivers)
        };
        others.filter_map(choice).collect()
    }

    /// Without the respondents who give every touchpoint the same score; `None` where nobody does.
    fn without_straight_liners(&self, base: &BaseTable) -> Option<Choice> {
        let touchpoints = &self.study.drivers.touchpoints;
        let columns: Vec<(&String, &[f64])> =
            touchpoints.iter().filter_map(|name| Some((name, base.numbers(name)?))).collect();
        let names = columns.iter().map(|(name, _)| (*name).clone()).collect();
        let scores = Array2::from_shape_fn((base.n_rows(), columns.len()), |(row, column)| columns[column].1[row]);
        let straight = StraightLining::of(&Touchpoints::new(names, scores).ok()?);
        if straight.rows.is_empty() {
            return None;
        }
        let straight: HashSet<usize> = straight.rows.into_iter().collect();
        let others = base.filtered(|row| !straight.contains(&row));
        let ranking = self.rank(self.study, &others, &[self.method])?;
        Choice::of(ChoiceKind::Cases, "without straight-liners", &ranking, self.drivers)
    }

    /// Other methods on the same answers, and for classes and counts a linear analysis.
    fn methods(&self, base: &BaseTable) -> Vec<Choice> {
        // The study's own method on the study's own answers is the ranking that these are set beside.
        let others = |method: &Method| *method != self.method;
        let mut methods: Vec<Method> = METHODS.into_iter().chain(COLUMN_METHODS).filter(others).collect();
        if self.drivers.len() > PMVD_DRIVERS_MAX {
            methods.retain(|&method| method != Method::Pmvd);
        }
        let Some(ranking) = self.rank(self.study, base, &methods) else { return Vec::new() };
        let beside = methods.iter().filter_map(|method| Choice::of_method(&method.key(), &ranking, self.drivers));
        beside.chain(self.by_a_line(base)).collect()
    }

    /// Levels, classes and counts taken as numbers; `None` where they are explained by a line anyway.
    fn by_a_line(&self, base: &BaseTable) -> Option<Choice> {
        let selection = Selection::of(self.study, base, self.outcome);
        let prepared = Prepared::of(self.study, base, self.outcome, &selection).ok()?;
        if prepared.driver_family() == DriverFamily::Linear {
            return None;
        }
        let analysis = DriverAnalysis { methods: vec![Method::Shapley], replicates: 0, ..DriverAnalysis::default() };
        let ranking = analysis.rank(&prepared.observations, prepared.drivers(), prepared.always()).ok()?;
        Choice::of(ChoiceKind::Method, "shapley of a linear model", &ranking, self.drivers)
    }
}
