//! Two fitted models on rows that neither has seen.

use super::assessment::{Assessment, Comparison, Judgement};
use super::forecast::Forecast;
use super::harness::Verdict;
use super::metric::Metric;
use super::test_rows::TestRows;
use super::{EvaluationError, Predicted};
use crate::findings::{Finding, FindingKind};

/// Figures of two models and their paired differences.
#[derive(Debug, Clone, PartialEq)]
pub struct Contest {
    /// The model that is there.
    pub champion: Judgement,
    /// The model that is held against it.
    pub challenger: Judgement,
    /// Challenger less champion, on the same samples of customers.
    pub comparison: Comparison,
    /// That the challenger is worse, or not shown to be better, where that is so by the first figure with an interval.
    pub findings: Vec<Finding>,
}

impl Assessment {
    /// Judges two models' predictions of the same rows of an outcome, by the probabilities of the levels too where both give
    /// them.
    ///
    /// # Errors
    /// Not one usable prediction of each per row.
    pub fn contest(
        &self,
        outcome: &str,
        rows: &TestRows,
        champion: &Predicted,
        challenger: &Predicted,
        metrics: &[Metric],
    ) -> Result<Contest, EvaluationError> {
        let known = [champion, challenger].into_iter().filter_map(|own| own.levels.as_ref());
        let mut levels: Vec<f64> = known.flat_map(|own| &own.levels).chain(rows.outcomes()).copied().collect();
        levels.sort_by(f64::total_cmp);
        levels.dedup_by(|left, right| left.total_cmp(right).is_eq());
        let forecast =
            |own: &Predicted| Forecast::of(own.values.clone(), own.levels.as_ref(), &levels, rows.outcomes());
        let (champion, challenger) = (forecast(champion)?, forecast(challenger)?);
        let comparison = champion.compare(&challenger, self, rows, metrics)?;
        let findings = no_better(outcome, &comparison).into_iter().collect();
        Ok(Contest {
            champion: champion.judge(self, rows, metrics)?,
            challenger: challenger.judge(self, rows, metrics)?,
            comparison,
            findings,
        })
    }
}

fn no_better(outcome: &str, comparison: &Comparison) -> Option<Finding> {
    let verdict = Verdict::of(comparison).filter(|verdict| !verdict.is_better)?;
    let is_same = comparison.differences.iter().all(|row| row.difference.abs() <= 0.0);
    let numbers = verdict.numbers();
    let sentence = if is_same {
        format!("The challenger predicts `{outcome}` exactly as well as the champion does ({numbers}).")
    } else if verdict.is_worse {
        format!("The challenger predicts `{outcome}` worse than the champion does ({numbers}).")
    } else {
        let but = verdict.but_worse();
        format!(
            "It is not shown that the challenger predicts `{outcome}` better than the champion does ({numbers}){but}."
        )
    };
    Some(verdict.finding(FindingKind::NoGain, outcome, sentence))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Clusters;

    #[test]
    fn the_difference_is_challenger_less_champion_and_paired() {
        let rows = TestRows::classes(&[1.0, 0.0, 1.0, 0.0].repeat(10)).expect("classes");
        let rows = rows.of_customers(Clusters::from_labels(0..40)).expect("as many");
        let of = |value: f64| Predicted { values: vec![value; 40], ..Predicted::default() };
        let assessment = Assessment { replicates: 50, ..Assessment::default() };
        let contest = assessment.contest("repurchase", &rows, &of(0.9), &of(0.5), &[Metric::Brier]).expect("judged");
        // (0.01 + 0.81) / 2 = 0.41 against 0.25.
        let row = contest.comparison.of(Metric::Brier).expect("a difference");
        assert!((row.champion - 0.41).abs() < 1e-12 && (row.difference + 0.16).abs() < 1e-12);
        assert!(contest.findings.is_empty());
        let same = assessment.contest("repurchase", &rows, &of(0.5), &of(0.5), &[Metric::Brier]).expect("judged");
        assert_eq!(same.findings[0].kind, FindingKind::NoGain);
        assert!(same.findings[0].sentence.contains("exactly as well as"), "{}", same.findings[0].sentence);
        // The other way round, 0.41 where the champion has 0.25.
        let worse = assessment.contest("repurchase", &rows, &of(0.5), &of(0.9), &[Metric::Brier]).expect("judged");
        let said = &worse.findings[0].sentence;
        assert!(
            said.starts_with("The challenger predicts `repurchase` worse than the champion does (Brier score 0.410"),
            "{said}"
        );
    }
}
