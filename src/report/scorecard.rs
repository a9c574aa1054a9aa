//! The scores of a study beyond one number: a portfolio by cut, customary rules, change, what moved it, say and do.

use super::Cut;
use super::contact_results::{ChannelScores, PanelResult, PerceptionResult, TeamsResult};
use super::words;
use crate::findings::Finding;
use crate::link::{Behaviour, ResponseRate};
use crate::measures::change::{Change, ControlPoint, CutChange, PairedChange, RollingRow, Trend};
use crate::measures::channels::{Benchmark, BenchmarkTest, CutBenchmarkTest};
use crate::measures::movement::MovementWithError;
use crate::measures::portfolio::{CorrelationRow, CutEstimate, RuleComparison};
use crate::measures::say_do::{AnswerBehaviour, CutComparison, KeptWord, RevenueAtRisk};
use crate::measures::survival::{LogRank, SurvivalCurve};
use crate::measures::weighting::{RemadeScore, WeightEfficiency};
use crate::measures::{Difference, NetPromoterScore};
use crate::stats::Confidence;

/// What was measured. Where something was impossible, a finding says why.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scorecard {
    /// Every measure by every cut.
    pub portfolio: Vec<CutEstimate>,
    /// Figures of fewer answers than this are marked as resting on a small base.
    pub minimum_base: usize,
    /// The score under other customary rules.
    pub rules: Vec<RuleComparison>,
    /// Rules whose score is not shown, because it and others would give the answers of few people away.
    pub rules_hidden: Vec<String>,
    /// Over a window that moves, where the study names one.
    pub rolling: Vec<RollingScore>,
    /// Against the benchmark of the study: all answers, then the last of several waves.
    pub benchmarks: Vec<BenchmarkResult>,
    /// Cuts that are shown against the benchmark of the study or their own, with p-values adjusted over all of them.
    pub benchmarks_by_cut: Vec<CutBenchmarkResult>,
    /// Correlations of the recommend answer and the touchpoints.
    pub correlations: Vec<CorrelationRow>,
    /// Whether it is not known which wave came before which, so that they stand in the order of the file.
    pub waves_unordered: bool,
    /// From each wave to the next.
    pub changes: Vec<WaveChange>,
    /// Over all waves.
    pub trend: Option<Trend>,
    /// The unit of time of the trend's slope: `year`, or `wave` where answers have no time.
    pub trend_unit: &'static str,
    /// Every wave against what chance alone would show.
    pub control: Vec<ControlPoint>,
    /// Why the score moved between the last two waves.
    pub movement: Option<WaveMovement>,
    /// What those who gave each answer did, by outcome of behaviour.
    pub behaviours: Vec<OutcomeBehaviour>,
    /// Cuts of the score that are not shown, because few answered or to cover those.
    pub hidden: Vec<Cut>,
    /// Who answered of those who were invited, where invitations are known.
    pub response: Vec<ResponseRate>,
    /// Those who answered against all customers, by what they had done before.
    pub respondents: Option<RespondentsAgainstBase>,
    /// How long customers of each class took to buy again, where the study asks whether they do.
    pub survival: Option<RepurchaseSurvival>,
    /// The score under each kind of weights that the study asks for.
    pub weighting: Vec<Weighting>,
    /// Whether channels are alike, where answers have one.
    pub channels: Option<ChannelScores>,
    /// The company's own indicators against what customers say.
    pub perception: Vec<PerceptionResult>,
    /// What teams are best at.
    pub teams: Option<TeamsResult>,
    /// Whether scores of units go before what becomes of them, by outcome.
    pub panel: Vec<PanelResult>,
    /// What to know beside the numbers.
    pub findings: Vec<Finding>,
}

/// Customers known at a date who answered from then on, against all who were known, by what both had done before.
#[derive(Debug, Clone, PartialEq)]
pub struct RespondentsAgainstBase {
    /// The instant at which all customers are looked at, in microseconds of UTC; who answered since is a respondent.
    pub at: i64,
    /// What the instant is.
    pub since: ComparedSince,
    /// Respondents who were known then.
    pub n_respondents: u64,
    /// One row a column of the history.
    pub rows: Vec<Behaviour>,
}

/// At which instant customers are held against each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ComparedSince {
    /// That of the first answer.
    FirstAnswer,
    /// So many days before the study's date, the first answer being earlier.
    DaysBefore(u32),
}

impl RespondentsAgainstBase {
    /// The day, and what it is: `2025-09-30, 365 days before the study's date`.
    pub fn day(&self) -> String {
        let at = jiff::Timestamp::from_microsecond(self.at);
        let day = at.map_or_else(|_| self.at.to_string(), |at| at.strftime("%Y-%m-%d").to_string());
        match self.since {
            ComparedSince::FirstAnswer => format!("{day}, the day of the first answer"),
            ComparedSince::DaysBefore(days) => format!("{day}, {} before the study's date", words::days(days)),
        }
    }

    /// A difference in standard deviations up to which groups are commonly taken for alike.
    pub const SMALL: f64 = 0.1;
    /// Above a quarter of a standard deviation, groups are commonly called out of balance (Rubin 2001; Stuart 2010).
    pub const LARGE: f64 = 0.25;

    /// The column that differs most, with its difference in standard deviations of all; the first of equal ones.
    pub fn largest(&self) -> Option<(&Behaviour, f64)> {
        let differences = self.rows.iter().filter_map(|row| Some((row, row.standardised_difference()?)));
        differences.reduce(|one, other| if other.1.abs() > one.1.abs() { other } else { one })
    }

    /// Columns that differ by more than so many standard deviations.
    pub fn n_beyond(&self, limit: f64) -> usize {
        self.rows.iter().filter_map(Behaviour::standardised_difference).filter(|own| own.abs() > limit).count()
    }
}

/// How long customers took to buy again after their first answer, by the class of that answer.
#[derive(Debug, Clone, PartialEq)]
pub struct RepurchaseSurvival {
    /// Detractors, passives and promoters, as far as there are any and they may be shown.
    pub classes: Vec<ClassSurvival>,
    /// Whether the classes shown differ; `None` where there are not two to compare.
    pub test: Option<LogRank>,
    /// What to know beside the numbers.
    pub findings: Vec<Finding>,
}

/// One class.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassSurvival {
    /// The class.
    pub class: String,
    /// The share that has not bought again, by days since the answer.
    pub curve: SurvivalCurve,
    /// Purchases expected of it, were there no difference between the classes.
    pub n_expected: Option<f64>,
}

/// A score held against the study's benchmark.
#[derive(Debug, Clone, PartialEq)]
pub struct BenchmarkResult {
    /// Whose figure it is, where that is said.
    pub name: Option<String>,
    /// The figure.
    pub figure: Benchmark,
    /// The wave that is held against it; all answers without one.
    pub wave: Option<String>,
    /// Answers of the study.
    pub n: usize,
    /// The test that the score lies above the figure.
    pub test: BenchmarkTest,
    /// The level of its lower end.
    pub confidence: Confidence,
}

/// The score of one cut held against a benchmark.
#[derive(Debug, Clone, PartialEq)]
pub struct CutBenchmarkResult {
    /// The cut.
    pub cut: Cut,
    /// Answers of the cut.
    pub n: usize,
    /// The test, adjusted for all cuts.
    pub tested: CutBenchmarkTest,
    /// The level of its lower end.
    pub confidence: Confidence,
}

/// The score in one window.
#[derive(Debug, Clone, PartialEq)]
pub struct RollingScore {
    /// The window and its score.
    pub row: RollingRow,
    /// Whether the score is not shown, because it and others would give the answers of few people away.
    pub is_hidden: bool,
}

/// Those who answered in both of two waves.
#[derive(Debug, Clone, PartialEq)]
pub struct WavePairs {
    /// Their change.
    pub change: PairedChange,
    /// Their earlier score less that of those who answered in the earlier wave alone; `None` where nobody did.
    pub began: Option<Difference>,
    /// Whether their moves between classes may be shown.
    pub moves_shown: bool,
}

/// How answers were weighted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WeightingMethod {
    /// To the shares of several columns.
    Raking,
    /// To the shares of the combinations of several columns.
    PostStratification,
    /// By one over the chance of answering.
    Propensity,
}

impl WeightingMethod {
    /// The word of tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Raking => "raking",
            Self::PostStratification => "post_stratification",
            Self::Propensity => "propensity",
        }
    }
}

/// A score before and after weighting.
#[derive(Debug, Clone, PartialEq)]
pub struct Weighting {
    /// How.
    pub method: WeightingMethod,
    /// The wave whose answers were weighted; all answers without one.
    pub wave: Option<String>,
    /// The columns whose shares are those of the population, or that the chance of answering was estimated from.
    pub columns: Vec<String>,
    /// As answered, or under the weights of the study; beside the chance of answering each customer counts once.
    pub before: NetPromoterScore,
    /// Under the new weights. Under those that hold shares of the population its error knows that they do; under chances of
    /// answering it takes them as given.
    pub after: NetPromoterScore,
    /// The error of the score under weights that hold shares, were they taken as given; `None` for chances.
    pub given_std_error: Option<f64>,
    /// Its spread over replicates that are each weighted anew; `None` for chances, and without a bootstrap.
    pub remade: Option<RemadeScore>,
    /// The second less the first, in points.
    pub gap: f64,
    /// What the new weights cost.
    pub efficiency: WeightEfficiency,
    /// Rounds over all columns until their shares were met, of raking.
    pub rounds: Option<usize>,
    /// Weights that were cut, of chances.
    pub n_trimmed: Option<usize>,
    /// Customers whose chance of answering was estimated, and of these those who answered.
    pub everybody: Option<Everybody>,
    /// What to know beside the numbers.
    pub findings: Vec<Finding>,
}

/// Whose behaviour tells the chance of answering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Everybody {
    /// Customers known at the first answer, without kinds of whom nobody answered.
    pub n_customers: u64,
    /// Of these, who answered.
    pub n_answered: u64,
}

/// From one wave to the next.
#[derive(Debug, Clone, PartialEq)]
pub struct WaveChange {
    /// The earlier wave.
    pub before: String,
    /// The later wave.
    pub after: String,
    /// Whether both were asked in the same words; `None` where that is not known.
    pub same_wording: Option<bool>,
    /// Of all answers.
    pub all: Change,
    /// Of those who answered in both.
    pub paired: Option<WavePairs>,
    /// Of each cut, with p-values adjusted over those of all steps.
    pub cuts: Vec<CutChange>,
}

/// Why the score moved.
#[derive(Debug, Clone, PartialEq)]
pub struct WaveMovement {
    /// The earlier wave.
    pub before: String,
    /// The later wave.
    pub after: String,
    /// The column whose values are the segments.
    pub by: String,
    /// The parts.
    pub parts: MovementWithError,
}

/// One outcome of behaviour beside what was said.
#[derive(Debug, Clone, PartialEq)]
pub struct OutcomeBehaviour {
    /// The outcome's word.
    pub outcome: String,
    /// What is counted or summed, in words: money as money, on whatever scale the model of it is.
    pub label: String,
    /// By each answer from 0 to 10.
    pub by_answer: Vec<AnswerBehaviour>,
    /// Of detractors, passives and promoters.
    pub by_class: Vec<AnswerBehaviour>,
    /// How much of what promoters say comes true, for outcomes that happen or do not.
    pub kept_word: Option<KeptWord>,
    /// The customary cuts against those that the data would choose.
    pub cuts: Option<CutComparison>,
    /// Revenue that goes with the answers, for repurchase with spend before the answer.
    pub at_risk: Option<RevenueAtRisk>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_of_a_comparison_is_named_with_what_it_is() {
        // 2025-09-30T00:00:00Z: 93 days before 2026-01-01, which is 1,767,225,600 seconds.
        let at = 1_759_190_400_000_000;
        let day = |since| RespondentsAgainstBase { at, since, n_respondents: 0, rows: Vec::new() }.day();
        assert_eq!(day(ComparedSince::DaysBefore(365)), "2025-09-30, 365 days before the study's date");
        assert_eq!(day(ComparedSince::FirstAnswer), "2025-09-30, the day of the first answer");
    }
}
