//! The model behind the rating: what went with later referrals.

use super::inputs::{Features, InputColumn, InputKind, Later, Snapshot, Toward, check_columns};
use super::reasons::ReasonNames;
use crate::data::{Observations, Outcome};
use crate::estimators::{Count, FittedModel, Logit, Ols, StdErrors};
use crate::findings::{Finding, FindingKind, Severity};
use crate::influence::rating::percent_ranks_of_all;
use crate::influence::{InfluenceError, Rating, Tier};
use ndarray::Array1;
use rayon::prelude::*;

/// Customers rated by one task.
const BLOCK_CUSTOMERS: usize = 8192;
/// Points at which the distribution of the predictions is kept for standard errors.
const CURVE_POINTS: usize = 2048;

/// Settings of the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RatingModel {
    /// Customers to learn from at most; of more, an even part is taken.
    pub rows_max: usize,
}

impl Default for RatingModel {
    fn default() -> Self {
        Self { rows_max: 200_000 }
    }
}

/// What a rating rests on.
#[derive(Debug, Clone, PartialEq)]
pub enum RatingBasis {
    /// A fitted model of later referrals.
    Model(FittedModel),
    /// The mean of the columns' percent ranks: there was no outcome, or no model could be fitted to it.
    Ranks,
}

/// A rating that was learned, or the ranks in its place.
#[derive(Debug, Clone, PartialEq)]
pub struct FittedRating {
    /// What it rests on.
    pub basis: RatingBasis,
    /// Customers learned from.
    pub n_rows: usize,
    /// What a reader must know beside the rating.
    pub findings: Vec<Finding>,
    pub(super) features: Features,
    pub(super) toward: Vec<Toward>,
}

/// The rating of one customer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CustomerRating {
    /// Percent rank of the expectation, 0-100.
    pub rating: Rating,
    /// Its standard error in points of the rating, from the uncertainty of the coefficients; `None` for ranks.
    pub std_error: Option<f64>,
    /// Where the rating stands.
    pub tier: Tier,
    /// What is expected later: referrals, probability of any, or what the referred spend on a scale of `ln(1 + x)`; for ranks
    /// the mean percent rank.
    pub expected: f64,
}

/// Ratings of all customers.
#[derive(Debug, Clone, PartialEq)]
pub struct LearnedRatings {
    /// One entry a customer.
    pub customers: Vec<CustomerRating>,
}

/// What one column adds to one customer's rating.
#[derive(Debug, Clone, PartialEq)]
pub struct RatingReason {
    /// The column.
    pub column: String,
    /// Against the average customer: on the scale of the linear predictor, or in percent ranks above 50.
    pub contribution: f64,
}

/// What one kind of input adds to one customer's rating.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RatingComponent {
    /// The kind.
    pub kind: InputKind,
    /// The sum of the contributions of its columns.
    pub contribution: f64,
}

/// Why a customer is rated as they are.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// What each kind of input adds, kinds without columns left out.
    pub components: Vec<RatingComponent>,
    /// Columns by the size of what they add, largest first.
    pub reasons: Vec<RatingReason>,
}

impl RatingModel {
    /// Learns what went with the later outcome: a Poisson model with robust errors of a count, a logistic model of success, a
    /// linear model of `ln(1 + spend)`.
    ///
    /// Gaps take the mean of the training rows and are marked by a feature of their own, unless those with a gap all did the
    /// same later. Of a column of levels ([`super::InputScale::Levels`]) the ten largest levels stand for themselves that have at
    /// least 30 customers, of whom at least 5 did something later (for success also at least 5 who did not); the others
    /// are one level together. Where no model can be fitted (nobody referred, too few rows, separated), the rating falls back to ranks
    /// with a finding.
    ///
    /// # Errors
    /// No columns, columns of another length, values out of range.
    pub fn fit(&self, snapshot: &Snapshot<'_>) -> Result<FittedRating, InfluenceError> {
        snapshot.check()?;
        let stride = snapshot.customers.len().div_ceil(self.rows_max.max(1)).max(1);
        let rows: Vec<usize> = (0..snapshot.customers.len()).step_by(stride).collect();
        Ok(fit_rows(snapshot, &rows))
    }

    /// The rating without an outcome: ranks.
    ///
    /// # Errors
    /// No columns, columns of another length, values out of range, or no column that points anywhere.
    pub fn ranks(columns: &[InputColumn<'_>]) -> Result<FittedRating, InfluenceError> {
        check_columns(columns, columns.first().map_or(0, |column| column.values.len()))?;
        if columns.iter().all(|column| column.direction() == Toward::Unknown) {
            let problem = "no column says which way it points; set `toward` for at least one".to_owned();
            return Err(InfluenceError::NotFitted { what: "the rating", problem });
        }
        let n_rows = columns[0].values.len();
        let rows: Vec<usize> = (0..n_rows).collect();
        Ok(FittedRating {
            basis: RatingBasis::Ranks,
            n_rows,
            findings: Vec::new(),
            features: Features::of(columns, &rows),
            toward: columns.iter().map(InputColumn::direction).collect(),
        })
    }
}

/// Fits to some rows of a checked snapshot.
pub(super) fn fit_rows(snapshot: &Snapshot<'_>, rows: &[usize]) -> FittedRating {
    let features = Features::of(snapshot.columns, rows).told_by(snapshot.columns, rows, snapshot.later);
    let (basis, findings) = match fit_model(snapshot, rows, &features) {
        Ok(model) => (RatingBasis::Model(model), Vec::new()),
        Err(problem) => {
            let sentence = format!(
                "The rating is the mean of standardised ranks, because no model of later referrals could be fitted to {} \
                 customers: {problem}.{}",
                rows.len(),
                without_direction(snapshot.columns)
            );
            let finding = Finding::new(FindingKind::NotEstimated, Severity::Warning, "rating", sentence);
            (RatingBasis::Ranks, vec![finding.number("n_rows", rows.len() as f64)])
        }
    };
    let toward = snapshot.columns.iter().map(InputColumn::direction).collect();
    FittedRating { basis, n_rows: rows.len(), findings, features, toward }
}

/// Says which columns ranks cannot take in; nothing where all point somewhere.
fn without_direction(columns: &[InputColumn<'_>]) -> String {
    let left_out: Vec<String> = columns
        .iter()
        .filter(|column| column.direction() == Toward::Unknown)
        .map(|column| format!("`{}`", column.name))
        .collect();
    if left_out.is_empty() {
        String::new()
    } else {
        format!(" Columns without a direction have no part in it: {}.", left_out.join(", "))
    }
}

fn fit_model(snapshot: &Snapshot<'_>, rows: &[usize], features: &Features) -> Result<FittedModel, String> {
    let later = snapshot.later.values();
    let values = |scale: fn(f64) -> f64| Array1::from_iter(rows.iter().map(|&row| scale(later[row])));
    if rows.is_empty() {
        return Err("there is nobody to learn from".to_owned());
    }
    let design = features.design(snapshot.columns, rows)?;
    let name = "later referrals";
    let outcome = match snapshot.later {
        Later::Count(_) => Outcome::numeric(name, values(|value| value)),
        Later::Success(_) => Outcome::binary(name, values(|value| value)),
        Later::Spend(_) => Outcome::numeric(name, values(f64::ln_1p)),
    };
    let outcome = outcome.map_err(|error| error.to_string())?;
    let observations = Observations::new(design, outcome).map_err(|error| error.to_string())?;
    let std_errors = StdErrors::Hc1;
    match snapshot.later {
        Later::Count(_) => Count { std_errors, ..Count::default() }.fit(&observations).map(|fit| fit.model().clone()),
        Later::Success(_) => Logit { std_errors, ..Logit::default() }.fit(&observations).map(|fit| fit.model().clone()),
        Later::Spend(_) => Ols { std_errors, ..Ols::default() }.fit(&observations).map(|fit| fit.model().clone()),
    }
    .map_err(|error| error.to_string())
}

impl FittedRating {
    /// Rates everybody: the percent rank of what is expected, ties sharing the middle.
    ///
    /// `rating = 100 (midrank - 0.5) / n`. The standard error is half the distance between the ranks of the linear predictor one
    /// standard error up and down; it says how sure the model is of its order, not how sure it is that the customer will
    /// refer. Ranks carry none.
    ///
    /// # Errors
    /// Other columns than those of the fit, values out of range.
    pub fn rate(&self, columns: &[InputColumn<'_>]) -> Result<LearnedRatings, InfluenceError> {
        self.features.check_same(columns)?;
        check_columns(columns, columns[0].values.len())?;
        let predicted = self.predict(columns);
        let links: Vec<f64> = predicted.iter().map(|one| one.link).collect();
        let ranks = percent_ranks_of_all(&links);
        let curve = Curve::of(&links);
        let customers = predicted
            .par_iter()
            .zip(&ranks)
            .map(|(one, &rank)| {
                let rating = Rating::new(rank.clamp(0.0, 100.0))?;
                let points = |error: f64| 0.5 * (curve.rank(one.link + error) - curve.rank(one.link - error));
                let (std_error, tier) = (one.link_se.map(points), Tier::at(rank));
                Ok(CustomerRating { rating, std_error, tier, expected: one.expected })
            })
            .collect::<Result<Vec<_>, InfluenceError>>()?;
        Ok(LearnedRatings { customers })
    }

    /// What each column adds to one customer's rating, against the average customer.
    ///
    /// Under a model the contributions sum to the customer's linear predictor less that of the average customer. Under ranks
    /// they need all customers, so that each call takes time linear in their number.
    ///
    /// # Errors
    /// Other columns than those of the fit.
    ///
    /// # Panics
    /// If there is no such customer.
    pub fn explain(&self, columns: &[InputColumn<'_>], customer: usize) -> Result<Explanation, InfluenceError> {
        self.features.check_same(columns)?;
        let mut by_column = vec![0.0; columns.len()];
        match &self.basis {
            RatingBasis::Model(model) => {
                let mut values = vec![0.0; self.features.len()];
                self.features.write(columns, customer, &mut values);
                for (contribution, column) in model.contributions(&values).into_iter().zip(self.features.columns_of()) {
                    by_column[column] += contribution;
                }
            }
            RatingBasis::Ranks => {
                for (own, (column, &toward)) in by_column.iter_mut().zip(columns.iter().zip(&self.toward)) {
                    *own = rank_of_one(column.values, customer, toward) - 50.0;
                }
            }
        }
        let component = |kind: InputKind| {
            let own = || self.features.columns.iter().zip(&by_column).filter(move |(feature, _)| feature.kind == kind);
            let contribution = own().map(|(_, contribution)| contribution).sum();
            own().next().map(|_| RatingComponent { kind, contribution })
        };
        let components = InputKind::ALL.into_iter().filter_map(component).collect();
        let named = ReasonNames::of(self);
        let mut by_name = vec![0.0; named.names().len()];
        named.add(&by_column, &mut by_name);
        let reason = |(name, contribution): (&String, f64)| RatingReason { column: name.clone(), contribution };
        let mut reasons: Vec<RatingReason> = named.names().iter().zip(by_name).map(reason).collect();
        reasons.sort_by(|left, right| right.contribution.abs().total_cmp(&left.contribution.abs()));
        Ok(Explanation { components, reasons })
    }

    pub(super) fn predict(&self, columns: &[InputColumn<'_>]) -> Vec<Predicted> {
        let n_rows = columns[0].values.len();
        match &self.basis {
            RatingBasis::Model(model) => {
                let variance = Variance::of(model);
                let blocks: Vec<usize> = (0..n_rows).step_by(BLOCK_CUSTOMERS).collect();
                let predict = |start: usize| {
                    let mut values = vec![0.0; self.features.len()];
                    let rows = start..(start + BLOCK_CUSTOMERS).min(n_rows);
                    rows.map(|row| {
                        self.features.write(columns, row, &mut values);
                        Predicted {
                            link: model.link_row(&values),
                            link_se: Some(variance.of_row(&values).max(0.0).sqrt()),
                            expected: model.predict_row(&values),
                        }
                    })
                    .collect::<Vec<_>>()
                };
                blocks.into_par_iter().flat_map_iter(predict).collect()
            }
            RatingBasis::Ranks => self.mean_ranks(columns),
        }
    }

    /// The mean of the percent ranks of the columns that point somewhere; a gap counts as the middle.
    fn mean_ranks(&self, columns: &[InputColumn<'_>]) -> Vec<Predicted> {
        let mut sums = vec![0.0; columns[0].values.len()];
        let mut n_columns = 0.0_f64;
        for (column, &toward) in columns.iter().zip(&self.toward) {
            if toward == Toward::Unknown {
                continue;
            }
            n_columns += 1.0;
            let known: Vec<usize> = (0..sums.len()).filter(|&row| !column.values[row].is_nan()).collect();
            let ranks = percent_ranks_of_all(&known.iter().map(|&row| column.values[row]).collect::<Vec<f64>>());
            sums.iter_mut().for_each(|sum| *sum += 50.0);
            for (&row, rank) in known.iter().zip(ranks) {
                sums[row] += if toward == Toward::More { rank - 50.0 } else { 50.0 - rank };
            }
        }
        let mean = |sum: f64| sum / n_columns.max(1.0);
        sums.into_iter().map(|sum| Predicted { link: mean(sum), link_se: None, expected: mean(sum) }).collect()
    }
}

/// A prediction before it is ranked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Predicted {
    pub link: f64,
    pub link_se: Option<f64>,
    pub expected: f64,
}

/// Variance of the linear predictor.
struct Variance {
    /// Features that have a coefficient.
    kept: Vec<usize>,
    /// Covariance of the intercept and their coefficients, row by row.
    matrix: Vec<f64>,
}

impl Variance {
    fn of(model: &FittedModel) -> Self {
        let kept = (0..model.terms().len()).filter(|&place| model.terms()[place].estimate.is_some()).collect();
        Self { kept, matrix: model.covariance().iter().flatten().copied().collect() }
    }

    /// `[1, x]' V [1, x]`
    #[inline]
    fn of_row(&self, values: &[f64]) -> f64 {
        let n_terms = self.kept.len() + 1;
        let value = |place: usize| if place == 0 { 1.0 } else { values[self.kept[place - 1]] };
        let mut sum = 0.0;
        for row in 0..n_terms {
            let left = value(row);
            let own = &self.matrix[row * n_terms..row * n_terms + row + 1];
            let below: f64 = (0..row).map(|column| own[column] * value(column)).sum();
            sum += left * (own[row] * left + 2.0 * below);
        }
        sum
    }
}

/// The distribution of the linear predictors at some points, for reading off ranks quickly.
struct Curve(Vec<f64>);

impl Curve {
    fn of(links: &[f64]) -> Self {
        let mut sorted = links.to_vec();
        sorted.par_sort_unstable_by(f64::total_cmp);
        let last = sorted.len().saturating_sub(1);
        let n_points = CURVE_POINTS.min(sorted.len().max(2));
        Self((0..n_points).filter_map(|point| sorted.get(point * last / (n_points - 1)).copied()).collect())
    }

    /// The percent rank at a value, straight between the points.
    fn rank(&self, value: f64) -> f64 {
        let above = self.0.partition_point(|&point| point < value);
        let last = (self.0.len() - 1).max(1) as f64;
        let Some(&upper) = self.0.get(above) else { return 100.0 };
        let Some(lower) = above.checked_sub(1).map(|below| self.0[below]) else { return 0.0 };
        100.0 * ((above - 1) as f64 + (value - lower) / (upper - lower)) / last
    }
}

/// The percent rank of one value among those known, 50 if it is not or if nothing is known of its direction.
fn rank_of_one(values: &[f64], place: usize, toward: Toward) -> f64 {
    let own = values[place];
    if own.is_nan() || toward == Toward::Unknown {
        return 50.0;
    }
    let (mut below, mut same, mut known) = (0.0, 0.0, 0.0);
    for value in values.iter().filter(|value| !value.is_nan()) {
        known += 1.0;
        below += f64::from(u8::from(*value < own));
        same += f64::from(u8::from(value.total_cmp(&own).is_eq()));
    }
    let rank = 100.0 * (below + 0.5 * same) / known;
    if toward == Toward::More { rank } else { 100.0 - rank }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::influence::learned::InputScale;

    fn column<'data>(name: &'data str, kind: InputKind, values: &'data [f64]) -> InputColumn<'data> {
        InputColumn { name, kind, values, scale: InputScale::Plain, toward: Toward::More }
    }

    /// Customers with x = 0 bring 1, 3, 1, 3 and those with x = 1 bring 8: means 2 and 8, so the slope is ln 4.
    #[test]
    fn a_count_of_two_groups_by_hand() {
        let x = [0.0, 0.0, 0.0, 0.0, 1.0, 1.0];
        let later = [1.0, 3.0, 1.0, 3.0, 7.0, 9.0];
        let columns = [column("x", InputKind::Feedback, &x)];
        let customers: Vec<u32> = (0..6).collect();
        let snapshot = Snapshot { customers: &customers, columns: &columns, later: Later::Count(&later) };
        let fitted = RatingModel::default().fit(&snapshot).expect("sound");
        let rated = fitted.rate(&columns).expect("the same columns").customers;
        assert!((rated[0].expected - 2.0).abs() < 1e-9 && (rated[5].expected - 8.0).abs() < 1e-9, "{rated:?}");
        // Midranks 2.5 of the four below and 5.5 of the two above.
        assert!((rated[0].rating.value() - 200.0 / 6.0).abs() < 1e-9);
        assert!((rated[5].rating.value() - 500.0 / 6.0).abs() < 1e-9);
        assert!(rated.iter().all(|one| one.std_error.is_some_and(|error| error >= 0.0)));
        let explained = fitted.explain(&columns, 5).expect("the same columns");
        // The mean of x is a third, so x adds two thirds of ln 4.
        assert!((explained.reasons[0].contribution - 4.0_f64.ln() * 2.0 / 3.0).abs() < 1e-9);
        assert_eq!(explained.components.len(), 1);
    }

    #[test]
    fn nobody_referred_yet_falls_back_to_ranks_and_says_so() {
        let score = [9.0, f64::NAN, 3.0, 6.0];
        let days = [1.0, 2.0, 3.0, 4.0];
        let columns = [
            column("score", InputKind::Feedback, &score),
            InputColumn { toward: Toward::Less, ..column("days", InputKind::Engagement, &days) },
        ];
        let snapshot = Snapshot { customers: &[0, 1, 2, 3], columns: &columns, later: Later::Count(&[0.0; 4]) };
        let fitted = RatingModel::default().fit(&snapshot).expect("sound");
        assert_eq!((&fitted.basis, fitted.findings[0].kind), (&RatingBasis::Ranks, FindingKind::NotEstimated));
        let rated = fitted.rate(&columns).expect("the same columns").customers;
        // Scores rank 83.3, 50 (missing), 16.7, 50; few days rank 87.5, 62.5, 37.5, 12.5.
        for (one, want) in rated.iter().zip([(250.0 / 3.0 + 87.5) / 2.0, 56.25, (50.0 / 3.0 + 37.5) / 2.0, 31.25]) {
            assert!((one.expected - want).abs() < 1e-9, "{one:?} {want}");
        }
        assert_eq!(rated.iter().map(|one| one.std_error).collect::<Vec<_>>(), [None; 4]);
        let reasons = fitted.explain(&columns, 0).expect("the same columns").reasons;
        assert_eq!(reasons[0].column, "days");
        assert!((reasons[0].contribution - 37.5).abs() < 1e-9);
        let alone = RatingModel::ranks(&columns).expect("columns that point");
        assert_eq!(alone.rate(&columns).expect("the same columns").customers, rated);
    }

    #[test]
    fn a_gap_is_marked_and_counts_towards_its_column() {
        let score: Vec<f64> = (0..60).map(|row| if row % 3 == 0 { f64::NAN } else { f64::from(row % 10) }).collect();
        let later: Vec<f64> = (0..60).map(|row| if row % 3 == 0 { 4.0 } else { f64::from(row % 4) }).collect();
        let columns = [column("score", InputKind::Feedback, &score)];
        let customers: Vec<u32> = (0..60).collect();
        let snapshot = Snapshot { customers: &customers, columns: &columns, later: Later::Count(&later) };
        let fitted = RatingModel::default().fit(&snapshot).expect("sound");
        let RatingBasis::Model(model) = &fitted.basis else { panic!("a model was expected: {:?}", fitted.findings) };
        assert_eq!(model.terms()[1].term, "score:missing");
        let rated = fitted.rate(&columns).expect("the same columns").customers;
        // The mark has a level of its own: the mean of those with a gap.
        assert!((rated[0].expected - 4.0).abs() < 1e-8, "{:?}", rated[0]);
    }

    #[test]
    fn a_gap_of_nobody_who_referred_is_filled_and_not_marked() {
        let known: Vec<f64> = (0..60).map(|row| f64::from(row % 10)).collect();
        let mut score = known.clone();
        // Four gaps, in the place of the mean of the other scores, 4.5, and no referral in any of these rows.
        let gaps = [4, 14, 25, 35];
        gaps.iter().for_each(|&row| score[row] = f64::NAN);
        let later: Vec<f64> =
            (0..60).map(|row| if gaps.contains(&row) { 0.0 } else { f64::from(u8::from(row % 7 > 3)) }).collect();
        let customers: Vec<u32> = (0..60).collect();
        let mean_filled: Vec<f64> = {
            let kept: Vec<f64> = score.iter().copied().filter(|value| !value.is_nan()).collect();
            let mean = kept.iter().sum::<f64>() / kept.len() as f64;
            score.iter().map(|value| if value.is_nan() { mean } else { *value }).collect()
        };
        for later in [Later::Success(&later), Later::Count(&later)] {
            let of = |values: &[f64]| {
                let columns = [column("score", InputKind::Feedback, values)];
                let snapshot = Snapshot { customers: &customers, columns: &columns, later };
                let fitted = RatingModel::default().fit(&snapshot).expect("sound");
                assert!(fitted.findings.is_empty(), "{:?}", fitted.findings);
                let RatingBasis::Model(model) = fitted.basis else { panic!("a model was expected") };
                model.terms().iter().map(|term| (term.term.clone(), term.estimate)).collect::<Vec<_>>()
            };
            assert_eq!(of(&score), of(&mean_filled), "as if the mean had been written there");
        }
    }

    #[test]
    fn other_columns_are_refused() {
        let columns = [column("x", InputKind::Profile, &[1.0, 2.0])];
        let fitted = RatingModel::ranks(&columns).expect("sound");
        assert!(fitted.rate(&[column("y", InputKind::Profile, &[1.0, 2.0])]).is_err());
        assert!(RatingModel::ranks(&[]).is_err());
        let infinite = [column("x", InputKind::Profile, &[1.0, f64::INFINITY])];
        assert!(matches!(RatingModel::ranks(&infinite), Err(InfluenceError::BadComponent { row: 2, .. })));
    }
}
