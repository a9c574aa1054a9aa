//! The score under rules that others use, and over a window that moves.

use super::question::Question;
use super::shown_cuts::ShownCuts;
use crate::data::Clusters;
use crate::findings::{Finding, FindingKind, Severity};
use crate::measures::change::{RollingWindow, TimeSpan};
use crate::measures::disclosure::ShownSets;
use crate::measures::portfolio::{
    AnswerRules, RuleComparison, SeveralAnswers, TimeWindow, compare_rules, customary_rules,
};
use crate::measures::{MeasureError, Sampling};
use crate::report::RollingScore;

const DAY_US: i64 = 86_400_000_000;
/// Windows of a study, at most, the last ones.
const N_WINDOWS_MAX: i64 = 400;

/// The score under customary rules, and the names of the rules that would give few people away.
#[derive(Default)]
pub(super) struct RuledScores {
    pub rows: Vec<RuleComparison>,
    pub hidden: Vec<String>,
}

/// The score by window.
#[derive(Default)]
pub(super) struct RolledScores {
    pub rows: Vec<RollingScore>,
    pub finding: Option<Finding>,
}

impl Question<'_> {
    /// The score under customary rules; none where answers have no time.
    pub fn rules(&self, mut sets: Option<&mut ShownSets>) -> Result<RuledScores, MeasureError> {
        let Some(times) = self.instants() else { return Ok(RuledScores::default()) };
        let everybody = Clusters::from_labels(0..times.len());
        let sampling = self.by_customer(&everybody);
        let rules = customary_rules(self.study.as_of.end_us());
        let mut own = RuledScores {
            rows: compare_rules(self.answers, &times, sampling, &rules, self.settings())?,
            hidden: Vec::new(),
        };
        for row in &mut own.rows {
            // Means differ from all answers by what the same few answered earlier that last answers leave out.
            let several = match row.rule.rules.several {
                SeveralAnswers::Mean => SeveralAnswers::Latest,
                other => other,
            };
            let ruled = AnswerRules { several, ..row.rule.rules }.apply(self.answers, &times, sampling)?;
            if sets.as_mut().is_some_and(|sets| !sets.shows(&self.with_answer(&ruled.rows))) {
                (row.estimate, row.gap) = (None, None);
                own.hidden.push(row.rule.name.clone());
            }
        }
        Ok(own)
    }

    /// The score over the windows of the study, the last of which ends with it; none where it names none.
    ///
    /// A window is hidden where the answers between its ends and those of others would be few.
    pub fn rolled(&self, cuts: &ShownCuts, mut sets: Option<&mut ShownSets>) -> Result<RolledScores, MeasureError> {
        let (Some(own), Some(times)) = (self.study.measures.rolling, self.instants()) else {
            return Ok(RolledScores::default());
        };
        let mut answered: Vec<i64> = cuts.answered().iter().map(|&row| times[row]).collect();
        answered.sort_unstable();
        let Some(&first) = answered.first() else { return Ok(RolledScores::default()) };
        let (length, step) = (i64::from(own.days) * DAY_US, i64::from(own.step_days) * DAY_US);
        let last_end = self.study.as_of.end_us();
        // As many as lie within the time of the answers, and one in any case.
        let n_earlier = ((last_end - first - length) / step).max(0);
        let n_shown = n_earlier.min(N_WINDOWS_MAX - 1);
        let everybody = Clusters::from_labels(0..times.len());
        let sampling = self.by_customer(&everybody);
        let several = if own.latest { SeveralAnswers::Latest } else { SeveralAnswers::All };
        let rolling = RollingWindow { length, step, several, settings: self.settings() };
        let span = TimeSpan { first_end: last_end - n_shown * step, last_end };
        let rows = rolling.over(self.answers, &times, sampling, span)?;
        let mut ends = Ends { answered, ends: Vec::new(), n_min: self.study.measures.suppress_below as usize };
        let mut scores = Vec::with_capacity(rows.len());
        // The last windows matter most, so that they are asked first.
        for row in rows.into_iter().rev() {
            let rules = AnswerRules { several, window: Some(row.window) };
            let counted = self.with_answer(&rules.apply(self.answers, &times, sampling)?.rows);
            // A window without an answer tells of nobody.
            let may_be_shown =
                counted.is_empty() || sets.as_mut().is_none_or(|sets| ends.admits(row.window) && sets.shows(&counted));
            if may_be_shown && !counted.is_empty() {
                ends.add(row.window);
            }
            scores.push(RollingScore { row, is_hidden: !may_be_shown });
        }
        scores.reverse();
        let finding = (n_earlier > n_shown).then(|| {
            let sentence = format!(
                "{} windows before the {N_WINDOWS_MAX} shown are left out; take longer steps (`step_days` of [measures.rolling])",
                n_earlier - n_shown
            );
            Finding::new(FindingKind::RowsDropped, Severity::Note, "rolling", sentence)
        });
        Ok(RolledScores { rows: scores, finding })
    }

    /// The instants of all rows; `None` where answers have no time.
    fn instants(&self) -> Option<Vec<i64>> {
        Some(self.base.numbers("t")?.iter().map(|&t| t as i64).collect())
    }

    /// How all rows came to be there, with a customer each where none answered twice.
    fn by_customer<'s>(&'s self, everybody: &'s Clusters) -> Sampling<'s> {
        let sampling = self.sampling();
        Sampling { clusters: sampling.clusters.or(Some(everybody)), ..sampling }
    }

    fn with_answer(&self, rows: &[usize]) -> Vec<usize> {
        rows.iter().copied().filter(|&row| !self.answers[row].is_nan()).collect()
    }
}

/// The ends of windows that are shown. Whatever sums and differences of windows leave is the answers between two ends.
struct Ends {
    /// The times of all answers, ascending.
    answered: Vec<i64>,
    ends: Vec<i64>,
    n_min: usize,
}

impl Ends {
    fn with(&self, window: TimeWindow) -> Vec<i64> {
        let mut ends = self.ends.clone();
        ends.extend([window.from, window.to]);
        ends.sort_unstable();
        ends.dedup();
        ends
    }

    /// Whether nobody, or enough people, answered between any two neighbouring ends, with those of this window among them.
    fn admits(&self, window: TimeWindow) -> bool {
        let places = self.with(window).into_iter().map(|end| self.answered.partition_point(|&t| t < end));
        let places: Vec<usize> = std::iter::once(0).chain(places).chain(std::iter::once(self.answered.len())).collect();
        places.windows(2).all(|pair| pair[0] == pair[1] || pair[1] - pair[0] >= self.n_min)
    }

    fn add(&mut self, window: TimeWindow) {
        self.ends = self.with(window);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_whose_ends_leave_few_between_them_are_not_admitted() {
        // Ten answers at 10, three at 20, ten at 30.
        let answered = [vec![10; 10], vec![20; 3], vec![30; 10]].concat();
        let mut ends = Ends { answered, ends: Vec::new(), n_min: 5 };
        let window = |from, to| TimeWindow { from, to };
        assert!(ends.admits(window(0, 25)));
        ends.add(window(0, 25));
        // Thirteen less ten are the three, and so they are as a window of their own, or of others: 30 less 25.
        assert!(!ends.admits(window(0, 15)) && !ends.admits(window(15, 25)) && !ends.admits(window(15, 40)));
        assert!(ends.admits(window(25, 40)) && ends.admits(window(-5, 40)));
    }
}
