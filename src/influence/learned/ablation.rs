//! What each kind of input adds out of time, and whether the rating beats counting.

use super::inputs::{InputColumn, InputKind, Later, Snapshot};
use super::model::{RatingBasis, fit_rows};
use crate::estimators::evaluation::{AucScale, compare_roc_auc, roc_auc_with_error};
use crate::findings::{Finding, FindingKind, Severity};
use crate::influence::InfluenceError;
use crate::influence::rating::percent_ranks_of_all;
use crate::stats::Confidence;
use crate::stats::random::mix;

/// Settings of an ablation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AblationSettings {
    /// Parts into which customers are dealt: who is judged was not learned from. At least 2.
    pub n_folds: usize,
    /// Customers of each snapshot at most; of more, an even part is taken.
    pub rows_max: usize,
    /// Decides who is in which part.
    pub seed: u64,
    /// Level of the intervals.
    pub confidence: Confidence,
}

impl Default for AblationSettings {
    fn default() -> Self {
        Self { n_folds: 5, rows_max: 200_000, seed: 1, confidence: Confidence::default() }
    }
}

/// What predicts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Contender {
    /// The rating from all inputs.
    Rating,
    /// The rating without one kind of input.
    Without(InputKind),
    /// The rating from one kind of input; [`InputKind::Referrals`] is history alone.
    Only(InputKind),
    /// One column as it stands, nothing learned: a plain count of referrals, or PageRank.
    Column(String),
}

impl Contender {
    /// The columns it looks at.
    fn columns<'data>(&self, columns: &[InputColumn<'data>]) -> Vec<InputColumn<'data>> {
        let takes = |column: &&InputColumn<'_>| match self {
            Self::Rating => true,
            Self::Without(kind) => column.kind != *kind,
            Self::Only(kind) => column.kind == *kind,
            Self::Column(name) => column.name == name,
        };
        columns.iter().filter(takes).copied().collect()
    }
}

/// How well one contender told who would refer later.
#[derive(Debug, Clone, PartialEq)]
pub struct AblationRow {
    /// The contender.
    pub contender: Contender,
    /// Area under the ROC curve for any later referral; 0.5 is chance.
    pub roc_auc: f64,
    /// Lower end of its interval.
    pub conf_low: f64,
    /// Upper end of its interval.
    pub conf_high: f64,
    /// Share of the top tenth who referred later.
    pub precision_top_tenth: f64,
    /// That over the share of all.
    pub lift_top_tenth: f64,
    /// Area of the rating less area of this contender.
    pub gain_of_rating: f64,
    /// Lower end of its interval (DeLong, same customers).
    pub gain_low: f64,
    /// Upper end of its interval.
    pub gain_high: f64,
}

/// All contenders.
#[derive(Debug, Clone, PartialEq)]
pub struct Ablation {
    /// The rating first, then without each kind, each kind only, and the plain columns.
    pub rows: Vec<AblationRow>,
    /// Customers judged.
    pub n_customers: usize,
    /// Customers judged who referred later.
    pub n_referrers: usize,
    /// What a reader must know beside the numbers.
    pub findings: Vec<Finding>,
}

impl Ablation {
    /// The row of a contender.
    pub fn of(&self, contender: &Contender) -> Option<&AblationRow> {
        self.rows.iter().find(|row| row.contender == *contender)
    }
}

/// Learns from the earlier snapshot, judges by the later one, and says what each kind of input adds.
///
/// Customers are dealt into parts; those of a part are rated by a model of the earlier snapshot's customers in the other
/// parts, so that neither time nor customer is shared between learning and judging. The earlier snapshot's outcome must be
/// over before the later snapshot begins. `plain` names columns that compete as they stand. If the interval of the
/// rating's gain over a plain column does not lie above zero, a finding says that it is not shown to be better; another
/// names each kind of input that by itself is no better than chance.
///
/// # Errors
/// Snapshots of other columns, unsound values, a plain column that is not there, fewer than 2 parts; later outcomes that
/// are all zero or all above.
///
/// # References
/// DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44(3).
pub fn ablate(
    earlier: &Snapshot<'_>,
    later: &Snapshot<'_>,
    plain: &[&str],
    settings: &AblationSettings,
) -> Result<Ablation, InfluenceError> {
    earlier.check()?;
    later.check()?;
    if settings.n_folds < 2 {
        let value = settings.n_folds as f64;
        return Err(InfluenceError::BadSetting { setting: "parts of an ablation", value, range: "at least 2" });
    }
    let names =
        |snapshot: &Snapshot<'_>| snapshot.columns.iter().map(|column| column.name.to_owned()).collect::<Vec<_>>();
    if names(earlier) != names(later) {
        let problem = "the earlier and the later snapshot have different columns".to_owned();
        return Err(InfluenceError::NotJudged { what: "the rating", problem });
    }
    let rows = even_part(later.customers.len(), settings.rows_max);
    let happened: Vec<bool> = rows.iter().map(|&row| later.later.values()[row] > 0.0).collect();
    let contenders = contenders(later.columns, plain)?;
    let scores: Vec<Scores> =
        contenders.iter().map(|contender| scores_of(contender, earlier, later, &rows, settings)).collect();
    let mut findings: Vec<Finding> = by_ranks(&scores).into_iter().collect();
    let mut table = Vec::with_capacity(contenders.len());
    for (contender, score) in contenders.into_iter().zip(&scores) {
        table.push(judged(contender, &score.shares, &scores[0].shares, &happened, settings.confidence)?);
    }
    findings.extend(table.iter().filter_map(no_better_than_chance));
    findings.extend(table.iter().filter_map(no_gain));
    let n_referrers = happened.iter().filter(|&&happened| happened).count();
    Ok(Ablation { rows: table, n_customers: rows.len(), n_referrers, findings })
}

pub(super) fn even_part(n_rows: usize, rows_max: usize) -> Vec<usize> {
    (0..n_rows).step_by(n_rows.div_ceil(rows_max.max(1)).max(1)).collect()
}

fn contenders(columns: &[InputColumn<'_>], plain: &[&str]) -> Result<Vec<Contender>, InfluenceError> {
    let mut kinds: Vec<InputKind> = columns.iter().map(|column| column.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let mut contenders = vec![Contender::Rating];
    if kinds.len() > 1 {
        contenders.extend(kinds.iter().copied().map(Contender::Without));
        contenders.extend(kinds.iter().copied().map(Contender::Only));
    }
    for &name in plain {
        if !columns.iter().any(|column| column.name == name) {
            let problem = format!("there is no column `{name}` to compare with");
            return Err(InfluenceError::NotJudged { what: "the rating", problem });
        }
        contenders.push(Contender::Column(name.to_owned()));
    }
    Ok(contenders)
}

/// The scores of one contender.
struct Scores {
    /// Of each row, on a scale from 0 to 1 that keeps their order.
    shares: Vec<f64>,
    /// Parts in which no model could be fitted, so that ranks stand in.
    n_by_ranks: usize,
    n_parts: usize,
}

fn scores_of(
    contender: &Contender,
    earlier: &Snapshot<'_>,
    later: &Snapshot<'_>,
    rows: &[usize],
    settings: &AblationSettings,
) -> Scores {
    let (before, after) = (contender.columns(earlier.columns), contender.columns(later.columns));
    if let Contender::Column(_) = contender {
        // A gap says as little as the middle does; it is put below everything known.
        let value = |&row: &usize| if after[0].values[row].is_nan() { f64::MIN } else { after[0].values[row] };
        return Scores { shares: shares(rows.iter().map(value).collect()), n_by_ranks: 0, n_parts: 0 };
    }
    let fold = |customer: u32| mix(settings.seed ^ u64::from(customer)) as usize % settings.n_folds;
    let part = even_part(earlier.customers.len(), settings.rows_max);
    let mut scores = vec![0.0; rows.len()];
    let mut n_by_ranks = 0;
    for own in 0..settings.n_folds {
        let train: Vec<usize> = part.iter().copied().filter(|&row| fold(earlier.customers[row]) != own).collect();
        let fitted = fit_rows(&Snapshot { columns: &before, ..*earlier }, &train);
        n_by_ranks += usize::from(fitted.basis == RatingBasis::Ranks);
        let test: Vec<usize> = (0..rows.len()).filter(|&place| fold(later.customers[rows[place]]) == own).collect();
        let picked: Vec<Vec<f64>> =
            after.iter().map(|column| test.iter().map(|&place| column.values[rows[place]]).collect()).collect();
        let columns: Vec<InputColumn<'_>> =
            after.iter().zip(&picked).map(|(column, values)| InputColumn { values, ..*column }).collect();
        for (&place, predicted) in test.iter().zip(fitted.predict(&columns)) {
            scores[place] = predicted.link;
        }
    }
    Scores { shares: shares(scores), n_by_ranks, n_parts: settings.n_folds }
}

/// That some of what is compared is no learned rating.
fn by_ranks(scores: &[Scores]) -> Option<Finding> {
    let n_by_ranks: usize = scores.iter().map(|own| own.n_by_ranks).sum();
    let n_parts: usize = scores.iter().map(|own| own.n_parts).sum();
    (n_by_ranks > 0).then(|| {
        let sentence = format!(
            "In {n_by_ranks} of {n_parts} fits behind the comparison of inputs no model of later referrals could be fitted, so \
             that the mean of standardised ranks stands in for it there."
        );
        Finding::new(FindingKind::NotEstimated, Severity::Note, "rating", sentence)
            .number("n_by_ranks", n_by_ranks as f64)
            .number("n_fits", n_parts as f64)
    })
}

/// Percent ranks as shares, which an area under a curve does not tell from the scores themselves.
fn shares(scores: Vec<f64>) -> Vec<f64> {
    percent_ranks_of_all(&scores).into_iter().map(|rank| rank / 100.0).collect()
}

fn judged(
    contender: Contender,
    score: &[f64],
    rating: &[f64],
    happened: &[bool],
    confidence: Confidence,
) -> Result<AblationRow, InfluenceError> {
    let refused =
        |error: &dyn std::fmt::Display| InfluenceError::NotJudged { what: "the rating", problem: error.to_string() };
    let auc = roc_auc_with_error(happened, score, None).map_err(|error| refused(&error))?;
    let interval = auc.interval(confidence, AucScale::default());
    let gain = compare_roc_auc(happened, score, rating, None, confidence).map_err(|error| refused(&error))?;
    let precision = precision_of_top(score, happened, 0.1);
    let share = happened.iter().filter(|&&happened| happened).count() as f64 / happened.len() as f64;
    // A contender has no gain over itself.
    let is_rating = contender == Contender::Rating;
    let of_gain = |value: f64| if is_rating { 0.0 } else { value };
    Ok(AblationRow {
        contender,
        roc_auc: auc.value,
        conf_low: interval.conf_low,
        conf_high: interval.conf_high,
        precision_top_tenth: precision,
        lift_top_tenth: precision / share,
        gain_of_rating: of_gain(gain.difference),
        gain_low: of_gain(gain.conf_low),
        gain_high: of_gain(gain.conf_high),
    })
}

/// Share of the rows with the highest scores for whom it happened; rows tied at the border count in part.
pub(super) fn precision_of_top(score: &[f64], happened: &[bool], share: f64) -> f64 {
    let mut order: Vec<usize> = (0..score.len()).collect();
    order.sort_unstable_by(|&left, &right| score[right].total_cmp(&score[left]));
    let wanted = (share * score.len() as f64).max(1.0);
    let (mut taken, mut hits) = (0.0, 0.0);
    for tied in order.chunk_by(|&left, &right| score[left].total_cmp(&score[right]).is_eq()) {
        let n_tied = tied.len() as f64;
        let part = ((wanted - taken) / n_tied).clamp(0.0, 1.0);
        hits += part * tied.iter().filter(|&&row| happened[row]).count() as f64;
        taken += part * n_tied;
        if part < 1.0 {
            break;
        }
    }
    hits / taken
}

fn no_better_than_chance(row: &AblationRow) -> Option<Finding> {
    let Contender::Only(kind) = row.contender else { return None };
    (row.conf_low.is_nan() || row.conf_low <= 0.5).then(|| {
        let sentence = format!(
            "What is known of {} does not tell later referrers by itself: its area under the ROC curve is {:.3} ({:.3} to \
             {:.3}), and chance has 0.5.",
            kind.word(),
            row.roc_auc,
            row.conf_low,
            row.conf_high
        );
        Finding::new(FindingKind::WeakLink, Severity::Note, kind.word(), sentence).number("roc_auc", row.roc_auc)
    })
}

fn no_gain(row: &AblationRow) -> Option<Finding> {
    let Contender::Column(name) = &row.contender else { return None };
    (row.gain_low.is_nan() || row.gain_low <= 0.0).then(|| {
        let said = match row.gain_high < 0.0 {
            true => "The rating tells later referrers worse",
            false => "It is not shown that the rating tells later referrers better",
        };
        let sentence = format!(
            "{said} than `{name}` alone does: its area under the ROC curve is {} ({} to {}).",
            larger(row.gain_of_rating),
            larger(row.gain_low),
            larger(row.gain_high)
        );
        Finding::new(FindingKind::NoGain, Severity::Warning, "rating", sentence)
            .number("gain", row.gain_of_rating)
            .number("gain_low", row.gain_low)
            .number("gain_high", row.gain_high)
    })
}

/// How much larger an area is than another, or how much smaller.
fn larger(gain: f64) -> String {
    format!("{:.3} {}", gain.abs(), if gain < 0.0 { "smaller" } else { "larger" })
}

/// The outcome's values dealt to other rows.
pub(super) fn with_values<'data>(snapshot: &Snapshot<'data>, values: &'data [f64]) -> Snapshot<'data> {
    let later: Later<'data> = snapshot.later.with(values);
    Snapshot { later, ..*snapshot }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rating_below_a_count_is_said_to_be_smaller() {
        let row = |gain_of_rating: f64, gain_low: f64, gain_high: f64| AblationRow {
            contender: Contender::Column("referrals".to_owned()),
            roc_auc: 0.6,
            conf_low: 0.5,
            conf_high: 0.7,
            precision_top_tenth: 0.2,
            lift_top_tenth: 2.0,
            gain_of_rating,
            gain_low,
            gain_high,
        };
        let said = |row: AblationRow| no_gain(&row).map(|own| own.sentence);
        let worse = said(row(-0.1154, -0.187, -0.042)).expect("a finding");
        assert!(worse.contains("worse than `referrals` alone does"), "{worse}");
        assert!(worse.ends_with("is 0.115 smaller (0.187 smaller to 0.042 smaller)."), "{worse}");
        let same = said(row(-0.023, -0.079, 0.034)).expect("a finding");
        assert!(
            same.contains("not shown that the rating")
                && same.ends_with("0.023 smaller (0.079 smaller to 0.034 larger)."),
            "{same}"
        );
        assert_eq!(said(row(0.05, 0.01, 0.09)), None);
    }

    #[test]
    fn ties_at_the_border_count_in_part() {
        // The top two of four: 0.9 and half of the two at 0.5, of which one happened.
        let got = precision_of_top(&[0.5, 0.9, 0.5, 0.1], &[true, false, false, true], 0.5);
        assert!((got - 0.25).abs() < 1e-15, "{got}");
        assert!((precision_of_top(&[0.5; 4], &[true, false, false, false], 0.1) - 0.25).abs() < 1e-15);
    }
}
