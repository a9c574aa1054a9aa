//! The sections of the page: what each shows, ready to be put into the template.

use super::results::{InfluenceResult, MeasureRow, Metric, OutcomeResult, ScoreSummary, StudyResults};
use super::sentences::{self, ASSOCIATION};
use super::standing::{self, Link};
use super::{charts, reasons, words};
use crate::drivers::{DriverRanking, DriverRow, Method};
use crate::estimators::StdErrors;
use crate::findings::{Finding, FindingKind, Severity};
use crate::influence::Tier;
use crate::intake::SourceAccount;
use crate::measures::IntervalKind;
use std::collections::{BTreeMap, BTreeSet};

/// Cuts of one column that are drawn; the largest stay where there are more.
const N_CUTS_MAX: usize = 60;

/// Networked promoters that are listed.
const N_PROMOTERS_MAX: usize = 20;

/// One finding for a reader.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FindingRow {
    pub class: &'static str,
    pub severity: &'static str,
    pub kind: String,
    pub about: String,
    pub sentence: String,
}

impl FindingRow {
    fn of(finding: &Finding) -> Self {
        Self {
            class: match finding.severity {
                Severity::Note => "note",
                Severity::Warning => "warning",
                Severity::Serious => "serious",
            },
            severity: reasons::severity(finding.severity),
            kind: reasons::spaced(finding.kind.word()),
            about: finding.about.clone(),
            sentence: words::sentence(&finding.sentence, &finding.about),
        }
    }
}

/// Where a finding of the whole study is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Score,
    LeftOut,
    Top,
}

impl Place {
    fn of(kind: FindingKind) -> Self {
        match kind {
            FindingKind::NotRepresentative | FindingKind::SmallBase | FindingKind::StraightLining => Self::Score,
            FindingKind::RowsDropped
            | FindingKind::WindowCensored
            | FindingKind::Unmatched
            | FindingKind::Ambiguous
            | FindingKind::EdgesDropped => Self::LeftOut,
            _ => Self::Top,
        }
    }
}

fn findings_at(results: &StudyResults, place: Place) -> Vec<FindingRow> {
    let at_place = |finding: &&Finding| Place::of(finding.kind) == place;
    standing::findings_of_study(results).into_iter().filter(at_place).map(FindingRow::of).collect()
}

/// Findings of the study that belong to no section, and to the score's where there is no score.
pub(super) fn study_findings(results: &StudyResults) -> Vec<FindingRow> {
    let mut rows = findings_at(results, Place::Top);
    if standing::overall(results).is_none() {
        rows.extend(findings_at(results, Place::Score));
    }
    rows
}

/// Every finding with the part of the report it belongs to.
pub(super) fn all_findings(results: &StudyResults) -> Vec<(String, FindingRow)> {
    let of_study = standing::findings_of_study(results).into_iter().map(|finding| ("the study".to_owned(), finding));
    let of_outcomes = results.outcomes.iter().flat_map(|outcome| {
        standing::findings_of(results, outcome).into_iter().map(|finding| (outcome.name.clone(), finding))
    });
    let of_influence = results.influence.iter().flat_map(|influence| {
        standing::sorted(influence.findings.iter()).into_iter().map(|finding| ("influence".to_owned(), finding))
    });
    let mut all: Vec<(String, &Finding)> = of_study.chain(of_outcomes).chain(of_influence).collect();
    all.sort_by_key(|(_, finding)| std::cmp::Reverse(finding.severity));
    all.into_iter().map(|(part, finding)| (part, FindingRow::of(finding))).collect()
}

/// The score of all answers and by cut.
pub(super) struct Score {
    pub nps: String,
    pub interval: String,
    pub base: String,
    pub small: bool,
    pub weighting: Option<String>,
    pub classes: String,
    pub chart: Option<String>,
    pub hidden: Vec<String>,
    pub has_small: bool,
    pub rows: Vec<ScoreRow>,
    pub findings: Vec<FindingRow>,
}

/// One row of the table of scores.
pub(super) struct ScoreRow {
    pub cut: String,
    pub n: String,
    pub promoters: String,
    pub passives: String,
    pub detractors: String,
    pub nps: String,
    pub std_error: String,
    pub interval: String,
    pub small: bool,
}

impl Score {
    pub fn of(results: &StudyResults) -> Option<Self> {
        let overall = standing::overall(results)?;
        let mut cuts: Vec<(String, Vec<&MeasureRow>)> = Vec::new();
        for row in &results.measures {
            let Some(cut) = &row.cut else { continue };
            match cuts.iter_mut().find(|(column, _)| *column == cut.column) {
                Some((_, rows)) => rows.push(row),
                None => cuts.push((cut.column.clone(), vec![row])),
            }
        }
        let hidden = cuts.iter_mut().filter_map(|(column, rows)| hide_smallest(column, rows)).collect();
        let shown = || std::iter::once(overall).chain(cuts.iter().flat_map(|(_, rows)| rows.iter().copied()));
        Some(Self {
            nps: words::score(overall.score.nps),
            interval: sentences::score_interval(overall),
            base: words::counted(overall.score.n, "answer", "answers"),
            small: overall.below_minimum_base,
            weighting: sentences::weighting(overall),
            classes: charts::classes(&overall.score, "classes"),
            chart: (!cuts.is_empty()).then(|| charts::scores(Some(overall), &cuts, "scores")),
            hidden,
            has_small: shown().any(|row| row.below_minimum_base),
            rows: shown().map(ScoreRow::of).collect(),
            findings: findings_at(results, Place::Score),
        })
    }
}

/// Keeps the cuts with the most answers, in their order, and says how many there are besides.
fn hide_smallest(column: &str, rows: &mut Vec<&MeasureRow>) -> Option<String> {
    let n_hidden = rows.len().checked_sub(N_CUTS_MAX).filter(|&n_hidden| n_hidden > 0)?;
    let mut sizes: Vec<(usize, usize)> = rows.iter().enumerate().map(|(place, row)| (row.score.n, place)).collect();
    sizes.sort_unstable_by_key(|&(n, place)| (std::cmp::Reverse(n), place));
    let kept: BTreeSet<usize> = sizes[..N_CUTS_MAX].iter().map(|&(_, place)| place).collect();
    let mut place = 0;
    rows.retain(|_| {
        place += 1;
        kept.contains(&(place - 1))
    });
    Some(format!(
        "Of {column}, the {N_CUTS_MAX} values with the most answers are shown; {} more are in the table of measures.",
        words::count(n_hidden as u64)
    ))
}

impl ScoreRow {
    fn of(row: &MeasureRow) -> Self {
        let score = &row.score;
        Self {
            cut: row
                .cut
                .as_ref()
                .map_or_else(|| "all answers".to_owned(), |cut| format!("{}: {}", cut.column, cut.value)),
            n: words::count(score.n as u64),
            promoters: words::percent_fine(score.promoter_share),
            passives: words::percent_fine(score.passive_share),
            detractors: words::percent_fine(score.detractor_share),
            nps: words::score(score.nps),
            std_error: words::score(score.std_error),
            interval: words::score_range(score.conf_low, score.conf_high),
            small: row.below_minimum_base,
        }
    }
}

/// Ranked drivers, side by side and outcome by outcome.
pub(super) struct Drivers {
    pub heads: Vec<MatrixHead>,
    pub rows: Vec<MatrixRow>,
    pub outcomes: Vec<OutcomeSection>,
}

/// The head of an outcome's column.
pub(super) struct MatrixHead {
    pub id: String,
    pub name: String,
    pub tag: Option<&'static str>,
}

/// A driver's place for every outcome.
pub(super) struct MatrixRow {
    pub driver: String,
    pub cells: Vec<Option<MatrixCell>>,
}

/// Rank and share, each with its interval.
pub(super) struct MatrixCell {
    pub rank: usize,
    pub ranks: Option<String>,
    pub share: String,
    pub shares: Option<String>,
    /// 0 to 0.35, the strength of the shade behind the numbers.
    pub shade: String,
}

impl Drivers {
    pub fn of(results: &StudyResults) -> Self {
        let mut names: Vec<&str> = Vec::new();
        for row in
            results.outcomes.iter().filter_map(|outcome| outcome.ranking.as_ref()).flat_map(|ranking| &ranking.drivers)
        {
            if !names.contains(&row.driver.as_str()) {
                names.push(&row.driver);
            }
        }
        let heads = results.outcomes.iter().enumerate().map(|(place, outcome)| MatrixHead {
            id: outcome_id(place),
            name: outcome.name.clone(),
            tag: tag(results, outcome),
        });
        let rows = names.into_iter().map(|driver| MatrixRow {
            driver: driver.to_owned(),
            cells: results.outcomes.iter().map(|outcome| MatrixCell::of(outcome, driver)).collect(),
        });
        Self {
            heads: heads.collect(),
            rows: rows.collect(),
            outcomes: results
                .outcomes
                .iter()
                .enumerate()
                .map(|(place, outcome)| OutcomeSection::of(results, outcome, place))
                .collect(),
        }
    }
}

fn outcome_id(place: usize) -> String {
    format!("outcome-{}", place + 1)
}

/// What must stand at an outcome's name wherever its drivers are ranked.
fn tag(results: &StudyResults, outcome: &OutcomeResult) -> Option<&'static str> {
    match Link::of(results, outcome) {
        _ if outcome.ranking.is_none() => Some("not ranked"),
        Link::Weak => Some("weak link"),
        Link::There | Link::Unknown => None,
    }
}

impl MatrixCell {
    fn of(outcome: &OutcomeResult, driver: &str) -> Option<Self> {
        let row = outcome.ranking.as_ref()?.drivers.iter().find(|row| row.driver == driver)?;
        let shade = if row.share.is_finite() { 0.35 * row.share.clamp(0.0, 1.0) } else { 0.0 };
        Some(Self {
            rank: row.rank,
            ranks: row.interval.map(|interval| words::rank_range(interval.rank_low, interval.rank_high)),
            share: words::percent(row.share),
            shares: row.interval.map(|interval| words::percent_range(interval.share_low, interval.share_high)),
            shade: format!("{shade:.2}"),
        })
    }
}

/// One outcome: the picture, the words and the tables.
pub(super) struct OutcomeSection {
    pub id: String,
    pub title: String,
    pub tag: Option<&'static str>,
    pub no_ranking: Option<String>,
    pub chart: Option<String>,
    pub fit: Option<String>,
    pub base: String,
    pub bootstrap: Option<String>,
    pub methods: Vec<String>,
    pub rows: Vec<DriverTableRow>,
    pub coefficients: Option<Coefficients>,
    pub in_sample: Vec<(String, String)>,
    pub findings: Vec<FindingRow>,
}

/// All figures of one driver.
pub(super) struct DriverTableRow {
    pub rank: String,
    pub driver: String,
    pub direction: &'static str,
    pub share: String,
    pub shares: String,
    pub contribution: String,
    pub contributions: String,
    pub ranks: String,
    pub first: String,
    pub coefficient: String,
    pub correlation: String,
    pub methods: Vec<String>,
}

impl OutcomeSection {
    fn of(results: &StudyResults, outcome: &OutcomeResult, place: usize) -> Self {
        let ranking = outcome.ranking.as_ref();
        let shown = ranking.filter(|ranking| !ranking.drivers.is_empty());
        let id = outcome_id(place);
        let method_keys: Vec<&String> = shown
            .iter()
            .flat_map(|ranking| &ranking.drivers)
            .flat_map(|row| row.methods.keys())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let title = sentences::outcome_title(outcome);
        Self {
            tag: tag(results, outcome),
            no_ranking: match ranking {
                None => Some(sentences::no_ranking(results, outcome)),
                Some(ranking) => ranking.drivers.is_empty().then(|| "No driver was given.".to_owned()),
            },
            chart: shown.map(|ranking| charts::drivers(ranking, &format!("{id}-chart"), &title)),
            fit: sentences::fit(outcome).or_else(|| fit_alone(outcome)),
            base: sentences::base(outcome),
            bootstrap: shown.map(sentences::bootstrap),
            methods: method_keys.iter().map(|key| method_head(key)).collect(),
            rows: shown
                .iter()
                .flat_map(|ranking| &ranking.drivers)
                .map(|row| DriverTableRow::of(row, &method_keys))
                .collect(),
            coefficients: Coefficients::of(outcome, results),
            in_sample: outcome.in_sample.iter().map(metric).collect(),
            findings: standing::findings_of(results, outcome).into_iter().map(FindingRow::of).collect(),
            id,
            title,
        }
    }
}

/// The fit of a model whose drivers are not ranked.
fn fit_alone(outcome: &OutcomeResult) -> Option<String> {
    let fit = outcome.fit.as_ref()?;
    match (fit.r_squared, fit.pseudo_r_squared) {
        (Some(value), _) => Some(format!("R squared {}.", words::fixed(value, 3))),
        (None, Some(value)) => Some(format!("McFadden's pseudo R squared {}.", words::fixed(value, 3))),
        (None, None) => None,
    }
}

fn method_head(key: &str) -> String {
    let method = Method::ALL.into_iter().find(|method| method.key() == key);
    words::capitalised(&method.map_or_else(|| reasons::spaced(key), |method| standing::method_name(method).to_owned()))
}

fn metric(metric: &Metric) -> (String, String) {
    let name = match metric.metric.as_str() {
        "roc_auc" => "area under the ROC curve".to_owned(),
        "brier" => "Brier score".to_owned(),
        "log_loss" => "log loss".to_owned(),
        "r_squared" => "R squared".to_owned(),
        "rmse" => "root mean squared error".to_owned(),
        "mae" => "mean absolute error".to_owned(),
        other => reasons::spaced(other),
    };
    (name, words::significant(metric.value))
}

impl DriverTableRow {
    fn of(row: &DriverRow, method_keys: &[&String]) -> Self {
        let missing = || words::MISSING.to_owned();
        let interval = row.interval.as_ref();
        let three = |value: f64| words::fixed(value, 3);
        Self {
            rank: row.rank.to_string(),
            driver: row.driver.clone(),
            direction: match row.sign {
                Some(1) => "+ higher with higher",
                Some(-1) => "− lower with higher",
                Some(_) => "none",
                None => words::MISSING,
            },
            share: words::percent_fine(row.share),
            shares: interval.map_or_else(missing, |ends| words::percent_fine_range(ends.share_low, ends.share_high)),
            contribution: three(row.contribution),
            contributions: interval
                .map_or_else(missing, |ends| words::range(three(ends.conf_low), three(ends.conf_high))),
            ranks: interval.map_or_else(missing, |ends| words::rank_range(ends.rank_low, ends.rank_high)),
            first: interval.map_or_else(missing, |ends| words::percent(ends.p_rank_1)),
            coefficient: row.coefficient.map_or_else(missing, three),
            correlation: row.correlation.map_or_else(missing, three),
            methods: method_keys.iter().map(|&key| row.methods.get(key).copied().map_or_else(missing, three)).collect(),
        }
    }
}

/// The model's coefficients.
pub(super) struct Coefficients {
    pub what: &'static str,
    pub std_errors: String,
    pub interval: String,
    pub with_odds: bool,
    pub rows: Vec<CoefficientRow>,
}

/// One term.
pub(super) struct CoefficientRow {
    pub term: String,
    pub estimate: String,
    pub std_error: String,
    pub interval: String,
    pub odds_ratio: String,
    pub odds_interval: String,
    pub p_value: String,
}

impl Coefficients {
    fn of(outcome: &OutcomeResult, results: &StudyResults) -> Option<Self> {
        if outcome.coefficients.is_empty() {
            return None;
        }
        let with_odds = outcome.family == "logistic";
        let rows = outcome.coefficients.iter().map(|own| {
            let decimals = words::decimals_of(own.std_error);
            let shown = |value: f64| words::estimate(value, decimals);
            let odds = |value: f64| words::significant(value.exp());
            CoefficientRow {
                term: own.term.clone(),
                estimate: shown(own.estimate),
                std_error: shown(own.std_error),
                interval: words::range(shown(own.conf_low), shown(own.conf_high)),
                odds_ratio: odds(own.estimate),
                odds_interval: words::range(odds(own.conf_low), odds(own.conf_high)),
                p_value: words::p_value(own.p_value),
            }
        });
        let std_errors = outcome.fit.as_ref().map_or(String::new(), |fit| match (fit.std_errors, fit.n_clusters) {
            (StdErrors::Model, _) => " Standard errors are those of the model.".to_owned(),
            (StdErrors::Hc1, _) => " Standard errors are robust to unequal variances (HC1).".to_owned(),
            (StdErrors::Hc3, _) => " Standard errors are robust to unequal variances (HC3).".to_owned(),
            (StdErrors::Cluster, None) => " Standard errors allow for several answers of a customer.".to_owned(),
            (StdErrors::Cluster, Some(n)) => format!(
                " Standard errors allow for several answers of a customer ({}).",
                words::counted(n, "customer", "customers")
            ),
        });
        Some(Self {
            what: if with_odds {
                "Change of the log odds for one unit of the term, the others held; as an odds ratio beside it."
            } else {
                "Change of the outcome for one unit of the term, the others held."
            },
            std_errors,
            interval: sentences::interval_name(results.head.confidence),
            with_odds,
            rows: rows.collect(),
        })
    }
}

/// Networked promoters.
pub(super) struct Influence {
    pub graph: String,
    pub probability: String,
    pub exactness: String,
    pub rows: Vec<PromoterRow>,
    pub shown: String,
    pub findings: Vec<FindingRow>,
}

/// One networked promoter.
pub(super) struct PromoterRow {
    pub place: usize,
    pub customer: String,
    pub rating: String,
    /// Width of the bar, 0-100.
    pub bar: String,
    pub tier: &'static str,
    pub reach: String,
    pub how: &'static str,
    pub reach_rank: String,
    pub score: String,
    pub score_rank: String,
    pub engagement: String,
    pub engagement_rank: String,
    pub n_referrals: String,
}

impl Influence {
    pub fn of(influence: &InfluenceResult) -> Self {
        let missing = || words::MISSING.to_owned();
        let whole = |value: Option<f64>| value.map_or_else(missing, |value| words::fixed(value, 0));
        let rows = influence.customers.iter().take(N_PROMOTERS_MAX).enumerate().map(|(place, row)| PromoterRow {
            place: place + 1,
            customer: row.customer.clone(),
            rating: words::fixed(row.rating, 1),
            bar: format!("{:.0}", if row.rating.is_finite() { row.rating.clamp(0.0, 100.0) } else { 0.0 }),
            tier: match row.tier {
                Tier::Top => "top tenth",
                Tier::High => "upper quarter",
                Tier::Middle => "upper half",
                Tier::Low => "lower half",
            },
            reach: if row.exact { words::fixed(row.reach, 2) } else { sentences::sampled(row.reach, row.reach_se) },
            how: if row.exact { "exact" } else { "sampled" },
            reach_rank: words::fixed(row.reach_rank, 0),
            score: whole(row.score),
            score_rank: whole(row.score_rank),
            engagement: row.engagement.map_or_else(missing, words::significant),
            engagement_rank: whole(row.engagement_rank),
            n_referrals: words::count(row.n_referrals as u64),
        });
        let n_sampled = influence.n_customers.saturating_sub(influence.n_exact);
        let exactness = match n_sampled {
            0 => "The reach of every customer is exact.".to_owned(),
            _ => format!(
                "Reach is exact for {} and sampled, with its standard error (±), for {}.",
                words::counted(influence.n_exact, "customer", "customers"),
                words::counted(n_sampled, "customer", "customers"),
            ),
        };
        let n_rated = influence.customers.len();
        Self {
            graph: format!(
                "{} and {} between them.",
                words::counted(influence.n_customers, "customer", "customers"),
                words::counted(influence.n_referrals, "referral", "referrals")
            ),
            probability: influence.probability.clone(),
            exactness,
            shown: match n_rated {
                0 => "Nobody could be rated.".to_owned(),
                n if n <= N_PROMOTERS_MAX => {
                    format!("All {} are shown.", words::counted(n, "rated customer", "rated customers"))
                }
                n => format!("The first {N_PROMOTERS_MAX} of {} rated customers.", words::count(n as u64)),
            },
            rows: rows.collect(),
            findings: standing::sorted(influence.findings.iter()).into_iter().map(FindingRow::of).collect(),
        }
    }
}

/// What the scores of all customers come to.
pub(super) struct Scores {
    pub n_customers: String,
    pub n_answered: String,
    pub n_silent: String,
    pub means: Vec<(String, String)>,
}

impl Scores {
    pub fn of(results: &StudyResults, scores: &ScoreSummary) -> Self {
        Self {
            n_customers: words::count(scores.n_customers),
            n_answered: words::count(scores.n_answered),
            n_silent: words::count(scores.n_customers.saturating_sub(scores.n_answered)),
            means: scores
                .means
                .iter()
                .map(|mean| (reasons::spaced(&mean.metric), sentences::mean_score(results, &mean.metric, mean.value)))
                .collect(),
        }
    }
}

/// What was left out and why.
pub(super) struct LeftOutSection {
    pub outcomes: Vec<OutcomeBase>,
    pub censored: Vec<String>,
    pub sources: Vec<SourceRow>,
    pub matches: Vec<MatchView>,
    pub cells: Vec<CellRow>,
    pub findings: Vec<FindingRow>,
}

/// An outcome's answers, used and left out.
pub(super) struct OutcomeBase {
    pub name: String,
    pub n_answers: String,
    pub n_used: String,
    pub n_events: String,
    pub left_out: Vec<String>,
}

/// A source's rows.
pub(super) struct SourceRow {
    pub source: String,
    pub n_files: String,
    pub read: String,
    pub used: String,
    pub quarantined: Vec<String>,
    pub excluded: Vec<String>,
}

/// A row of the match report.
pub(super) struct MatchView {
    pub key: String,
    pub against: String,
    pub n_rows: String,
    pub matched: String,
    pub unmatched: String,
    pub ambiguous: String,
}

/// A column's cells without a value.
pub(super) struct CellRow {
    pub column: String,
    pub blank: String,
    pub not_applicable: String,
}

impl LeftOutSection {
    pub fn of(results: &StudyResults) -> Self {
        Self {
            outcomes: results.outcomes.iter().map(OutcomeBase::of).collect(),
            censored: results.outcomes.iter().filter_map(|outcome| censored(results, outcome)).collect(),
            sources: results.sources.iter().map(SourceRow::of).collect(),
            matches: results
                .matches
                .iter()
                .map(|row| {
                    let part = |n: u64| {
                        let share = if row.n_rows > 0 { n as f64 / row.n_rows as f64 } else { f64::NAN };
                        format!("{} ({})", words::count(n), words::percent(share))
                    };
                    MatchView {
                        key: format!("{}, {}", row.source, row.key),
                        against: row.against.clone(),
                        n_rows: words::count(row.n_rows),
                        matched: part(row.n_matched),
                        unmatched: part(row.n_unmatched),
                        ambiguous: part(row.n_ambiguous),
                    }
                })
                .collect(),
            cells: results.sources.iter().flat_map(cells).collect(),
            findings: findings_at(results, Place::LeftOut),
        }
    }
}

fn censored(results: &StudyResults, outcome: &OutcomeResult) -> Option<String> {
    let n: usize = outcome
        .left_out
        .iter()
        .filter(|left_out| left_out.reason == "window_censored")
        .map(|left_out| left_out.n)
        .sum();
    let days = outcome.window_days.filter(|_| n > 0)?;
    Some(format!(
        "{}: {} so recent that the {days} days after {} not over on {}; they wait for a later run.",
        outcome.name,
        if n == 1 { "1 answer is".to_owned() } else { format!("{} answers are", words::count(n as u64)) },
        if n == 1 { "it are" } else { "them are" },
        results.head.as_of
    ))
}

impl OutcomeBase {
    fn of(outcome: &OutcomeResult) -> Self {
        Self {
            name: outcome.name.clone(),
            n_answers: words::count(outcome.n_answers as u64),
            n_used: words::count(outcome.n_used as u64),
            n_events: outcome
                .n_events
                .map_or_else(|| words::MISSING.to_owned(), |n_events| words::count(n_events as u64)),
            left_out: sentences::left_out(outcome),
        }
    }
}

impl SourceRow {
    fn of(account: &SourceAccount) -> Self {
        let reasons_of = |counts: &mut dyn Iterator<Item = (&'static str, u64)>| -> Vec<String> {
            counts
                .filter(|&(_, n)| n > 0)
                .map(|(word, n)| format!("{} ({})", words::count(n), reasons::phrase(word)))
                .collect()
        };
        Self {
            source: account.source.clone(),
            n_files: words::count(account.files.len() as u64),
            read: words::count(account.rows_read),
            used: words::count(account.rows_used),
            quarantined: reasons_of(&mut account.rows_quarantined.iter().map(|(reason, &n)| (reason.word(), n))),
            excluded: reasons_of(
                &mut account.rows_excluded.iter().map(|(&reason, &n)| (standing::exclusion_word(reason), n)),
            ),
        }
    }
}

fn cells(account: &SourceAccount) -> impl Iterator<Item = CellRow> + '_ {
    account.cells.iter().filter(|(_, counts)| counts.blank + counts.not_applicable > 0).map(|(column, counts)| {
        CellRow {
            column: format!("{}, {column}", account.source),
            blank: words::count(counts.blank),
            not_applicable: words::count(counts.not_applicable),
        }
    })
}

/// How to read the numbers of this report, as they were made.
pub(super) struct Reading {
    pub share: String,
    pub interval: Vec<String>,
    pub score: Option<String>,
    pub fit: String,
    pub association: &'static str,
}

impl Reading {
    pub fn of(results: &StudyResults) -> Self {
        let rankings = || results.outcomes.iter().filter_map(|outcome| outcome.ranking.as_ref());
        let mut intervals: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for outcome in &results.outcomes {
            if let Some(ranking) = &outcome.ranking {
                intervals.entry(sentences::bootstrap(ranking)).or_default().push(&outcome.name);
            }
        }
        let methods: BTreeSet<Method> = rankings().map(|ranking| ranking.method).collect();
        Self {
            share: methods.into_iter().map(how_divided).collect::<Vec<_>>().join(" "),
            interval: intervals
                .into_iter()
                .map(|(sentence, names)| format!("{}: {sentence}", words::capitalised(&words::listed(&names))))
                .collect(),
            score: standing::overall(results).map(|row| how_scored(row)),
            fit: how_fitted(&rankings().collect::<Vec<_>>()),
            association: ASSOCIATION,
        }
    }
}

fn how_divided(method: Method) -> String {
    let how = match method {
        Method::Shapley => {
            "The fit of the model is divided among the drivers by their Shapley values: what a driver adds to the fit, \
             averaged over all orders in which the drivers could enter the model."
        }
        Method::RelativeWeights => {
            "The fit of the model is divided among the drivers by Johnson's relative weights, which go by way of \
             uncorrelated stand-ins for the drivers."
        }
        Method::Car => "Drivers are ranked by their squared correlation-adjusted correlation with the outcome.",
        Method::First => "Drivers are ranked by what each explains alone.",
        Method::Last => "Drivers are ranked by what is lost when each alone leaves the full model.",
        Method::Pratt => {
            "Drivers are ranked by standardised coefficient times correlation (Pratt), which can be negative."
        }
        Method::BetaSquared => "Drivers are ranked by their squared standardised coefficients.",
        Method::ConditionalDominance => "Drivers are ranked by what they add to models of each size.",
    };
    format!("{how} A share is a driver's part of the sum over all drivers.")
}

fn how_scored(row: &MeasureRow) -> String {
    let interval = match row.score.interval {
        IntervalKind::AdjustedWald => {
            "adjusted Wald: 3/4 detractor, 3/2 passives and 3/4 promoter are added before the usual formula, which keeps it \
             honest for small bases"
        }
        IntervalKind::Score => "score interval: all scores that a test at this level does not reject",
        IntervalKind::Wald => "Wald: too narrow for small bases",
    };
    let weights = if row.weighted { " Shares are weighted, and the interval allows for that." } else { "" };
    format!(
        "Answers of 9 or 10 are promoters, 7 or 8 passives, 0 to 6 detractors, the customary cuts. The score is the percentage \
         of promoters less that of detractors, from -100 to 100. Its {} interval is {interval}.{weights}",
        words::level(row.score.confidence)
    )
}

fn how_fitted(rankings: &[&DriverRanking]) -> String {
    let kinds: Vec<&str> = rankings
        .iter()
        .map(|ranking| standing::fit_name(ranking.fit.measure))
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let mut sentences = Vec::new();
    if kinds.contains(&"R squared") {
        sentences.push(
            "R squared is the part of the differences between answers that goes with the model, from 0 to 1."
                .to_owned(),
        );
    }
    let pseudo: Vec<&str> = kinds.into_iter().filter(|&kind| kind != "R squared").collect();
    if !pseudo.is_empty() {
        sentences.push(format!(
            "{} plays its part for what happens or does not; the two are not on the same scale.",
            words::listed(&pseudo)
        ));
    }
    sentences.join(" ")
}
