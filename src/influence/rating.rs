//! A rating of networked promoters: how far a customer reaches, what the customer says, how engaged the customer is.

use super::InfluenceError;
use super::edges::check_length;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// A place on a scale from 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Rating(f64);

impl Rating {
    /// A rating, if the value is one.
    ///
    /// # Errors
    /// A value outside 0-100.
    pub fn new(value: f64) -> Result<Self, InfluenceError> {
        if (0.0..=100.0).contains(&value) {
            Ok(Self(value))
        } else {
            Err(InfluenceError::BadSetting { setting: "rating", value, range: "0 to 100" })
        }
    }

    /// The value, 0-100.
    pub fn value(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Rating {
    type Error = InfluenceError;

    fn try_from(value: f64) -> Result<Self, InfluenceError> {
        Self::new(value)
    }
}

impl From<Rating> for f64 {
    fn from(rating: Rating) -> Self {
        rating.0
    }
}

/// How much each component counts. Only proportions matter; they are renormalised over what is known of anybody.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RatingWeights {
    /// Weight of reach; above zero, since reach is what everybody has.
    pub reach: f64,
    /// Weight of the own recommend answer.
    pub score: f64,
    /// Weight of engagement.
    pub engagement: f64,
    /// Weight of the days to a referral (fewer is better).
    pub speed: f64,
}

impl Default for RatingWeights {
    fn default() -> Self {
        Self { reach: 0.5, score: 0.3, engagement: 0.2, speed: 0.0 }
    }
}

/// What is known of the customers, one entry each, all in the same order.
#[derive(Debug, Clone, Copy)]
pub struct RatingInputs<'data> {
    /// Expected customers reached, at least 0.
    pub reach: &'data [f64],
    /// Answer to the recommend question, 0-10.
    pub score: Option<&'data [Option<f64>]>,
    /// Any figure of which more is more engaged, such as log-ins; at least 0.
    pub engagement: Option<&'data [Option<f64>]>,
    /// Median days from joining to a referral; at least 0.
    pub days_to_referral: Option<&'data [Option<f64>]>,
}

/// Where a customer stands among all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Rated below the median.
    Low,
    /// Rated in the upper half.
    Middle,
    /// Rated in the upper quarter.
    High,
    /// Rated in the top tenth.
    Top,
}

impl Tier {
    /// The word used in tables and reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Middle => "middle",
            Self::High => "high",
            Self::Top => "top",
        }
    }
}

/// The rating of one customer with its components, each a percent rank (0-100) among those for whom it is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InfluenceRating {
    /// Weighted mean of the components, 50 (or less, for an answer) where one is not known.
    pub rating: Rating,
    /// Where the rating stands among all customers.
    pub tier: Tier,
    /// Percent rank of reach.
    pub reach: f64,
    /// Percent rank of the own score.
    pub score: Option<f64>,
    /// Percent rank of engagement.
    pub engagement: Option<f64>,
    /// Percent rank of speed: the fewer days, the higher.
    pub speed: Option<f64>,
    /// Share (0-1) of the weights for which something is known.
    pub weight_known: f64,
}

/// Rates every customer from 0 to 100.
///
/// Each component is turned into percent ranks, `100 * (midrank - 0.5) / n` over the `n` customers for whom it is known,
/// ties sharing the middle; the rating is their weighted mean over the components known of anybody. A component that is not known
/// of a customer counts as the mean rank, 50, so that silence is no advantage; a missing answer as the lowest rank of a
/// promoter's answer where that is less. Values count
/// as tied where they agree to 12 significant digits. Tiers follow the percent rank of the rating: [`Tier::Top`] from 90,
/// [`Tier::High`] from 75, [`Tier::Middle`] from 50.
///
/// This is an index that describes who stands where today. It says nothing of cause: a customer with a high rating need
/// not bring more customers if invited, and a component's weight is a convention, not an estimate.
///
/// # Errors
/// Inputs of different length; a score outside 0-10; a reach, engagement or number of days that is negative or not
/// finite; weights that are negative or not finite, or a weight of zero for reach.
///
/// # Example
/// ```
/// use advocate::influence::{RatingInputs, RatingWeights, rate_promoters};
/// let inputs = RatingInputs {
///     reach: &[3.0, 1.0],
///     score: Some(&[Some(10.0), None]),
///     engagement: None,
///     days_to_referral: None,
/// };
/// let ratings = rate_promoters(&inputs, &RatingWeights::default()).expect("valid");
/// // Reach ranks 75 and 25; the only score ranks 50, and so does a missing one: (0.5 * 75 + 0.3 * 50) / 0.8.
/// assert!((ratings[0].rating.value() - 65.625).abs() < 1e-12);
/// assert!((ratings[1].rating.value() - 34.375).abs() < 1e-12);
/// ```
pub fn rate_promoters(
    inputs: &RatingInputs<'_>,
    weights: &RatingWeights,
) -> Result<Vec<InfluenceRating>, InfluenceError> {
    check_weights(weights)?;
    let n_customers = inputs.reach.len();
    let reach: Vec<Option<f64>> = inputs.reach.iter().copied().map(Some).collect();
    let reach = Component::ranked("reach", &reach, &AT_LEAST_ZERO, n_customers)?;
    let score = Component::optional("score", inputs.score, &ZERO_TO_TEN, n_customers)?;
    let ranks_of_engagement = Component::optional("engagement", inputs.engagement, &AT_LEAST_ZERO, n_customers)?;
    let days = Component::optional("days to referral", inputs.days_to_referral, &AT_LEAST_ZERO, n_customers)?;
    let of_silence = score.of_silence(inputs.score.unwrap_or_default());
    let mut ratings = Vec::with_capacity(n_customers);
    for customer in 0..n_customers {
        let (reach, score, engagement) =
            (reach.of(customer).unwrap_or(MEAN_RANK), score.of(customer), ranks_of_engagement.of(customer));
        let speed = days.of(customer).map(|rank| 100.0 - rank);
        // Weight, what is known, and what stands in for it where it is known of others.
        let parts = [
            (weights.reach, Some(reach), None),
            (weights.score, score, of_silence),
            (weights.engagement, engagement, ranks_of_engagement.stand_in()),
            (weights.speed, speed, days.stand_in()),
        ];
        let counted = || parts.iter().filter_map(|&(weight, rank, stand_in)| Some((weight, rank.or(stand_in)?)));
        let weight: f64 = counted().map(|(weight, _)| weight).sum();
        let sum: f64 = counted().map(|(weight, rank)| weight * rank).sum();
        let known: f64 = parts.iter().filter(|part| part.1.is_some()).map(|part| part.0).sum();
        let total: f64 = parts.iter().map(|part| part.0).sum();
        let rating = Rating::new((sum / weight).clamp(0.0, 100.0))?;
        let tier = Tier::Low;
        ratings.push(InfluenceRating { rating, tier, reach, score, engagement, speed, weight_known: known / total });
    }
    let standing: Vec<Option<f64>> = ratings.iter().map(|rating| Some(rating.rating.value())).collect();
    for (rating, standing) in ratings.iter_mut().zip(percent_ranks(&standing)) {
        rating.tier = Tier::at(standing.unwrap_or(50.0));
    }
    Ok(ratings)
}

impl Tier {
    pub(super) fn at(percent_rank: f64) -> Self {
        match percent_rank {
            rank if rank >= 90.0 => Self::Top,
            rank if rank >= 75.0 => Self::High,
            rank if rank >= 50.0 => Self::Middle,
            _ => Self::Low,
        }
    }
}

fn check_weights(weights: &RatingWeights) -> Result<(), InfluenceError> {
    let named = [
        ("weight of reach", weights.reach),
        ("weight of score", weights.score),
        ("weight of engagement", weights.engagement),
        ("weight of speed", weights.speed),
    ];
    for (setting, value) in named {
        if !(value.is_finite() && value >= 0.0) {
            return Err(InfluenceError::BadSetting { setting, value, range: "finite and at least 0" });
        }
    }
    let sum: f64 = named.iter().map(|(_, weight)| weight).sum();
    if weights.reach > 0.0 && sum.is_finite() {
        Ok(())
    } else {
        Err(InfluenceError::BadSetting { setting: "weight of reach", value: weights.reach, range: "above 0" })
    }
}

/// Where a component's values must lie.
struct Range {
    high: f64,
    words: &'static str,
}

const AT_LEAST_ZERO: Range = Range { high: f64::MAX, words: "finite and at least 0" };
const ZERO_TO_TEN: Range = Range { high: 10.0, words: "0 to 10, or missing" };

/// The mean of percent ranks.
const MEAN_RANK: f64 = 50.0;
/// Promoters answer this or more.
const PROMOTER_MIN: f64 = 9.0;

/// Percent ranks of one component; empty where nothing is known of anybody.
struct Component(Vec<Option<f64>>);

impl Component {
    fn optional(
        name: &'static str,
        values: Option<&[Option<f64>]>,
        range: &Range,
        n_customers: usize,
    ) -> Result<Self, InfluenceError> {
        values.map_or(Ok(Self(Vec::new())), |values| Self::ranked(name, values, range, n_customers))
    }

    fn ranked(
        component: &'static str,
        values: &[Option<f64>],
        range: &Range,
        n_customers: usize,
    ) -> Result<Self, InfluenceError> {
        check_length(component, values.len(), n_customers)?;
        for (row, value) in values.iter().enumerate() {
            if let Some(value) = *value
                && !(0.0..=range.high).contains(&value)
            {
                return Err(InfluenceError::BadComponent { component, row: row + 1, value, range: range.words });
            }
        }
        Ok(Self(percent_ranks(values)))
    }

    fn of(&self, customer: usize) -> Option<f64> {
        self.0.get(customer).copied().flatten()
    }

    /// The rank of whoever it is not known of, where it is known of somebody.
    fn stand_in(&self) -> Option<f64> {
        self.0.iter().any(Option::is_some).then_some(MEAN_RANK)
    }

    /// That of whoever gave no answer: at most as high as any promoter.
    fn of_silence(&self, answers: &[Option<f64>]) -> Option<f64> {
        let promoters = answers.iter().zip(&self.0).filter(|(answer, _)| answer.is_some_and(|own| own >= PROMOTER_MIN));
        self.stand_in().map(|mean| promoters.filter_map(|(_, rank)| *rank).fold(mean, f64::min))
    }
}

/// [`percent_ranks`] of values that are all there.
pub(super) fn percent_ranks_of_all(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<(f64, u32)> = values.iter().copied().zip(0..).collect();
    order.par_sort_unstable_by(|left, right| left.0.total_cmp(&right.0).then(left.1.cmp(&right.1)));
    let n_values = order.len() as f64;
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    for tied in order.chunk_by(|left, right| right.0 - left.0 <= 1e-12 * right.0.abs()) {
        let middle = start as f64 + tied.len() as f64 / 2.0;
        tied.iter().for_each(|&(_, place)| ranks[place as usize] = 100.0 * middle / n_values);
        start += tied.len();
    }
    ranks
}

/// `100 * (midrank - 0.5) / n` among the `n` values that are there.
fn percent_ranks(values: &[Option<f64>]) -> Vec<Option<f64>> {
    let mut order: Vec<(f64, usize)> =
        values.iter().enumerate().filter_map(|(place, value)| value.map(|value| (value, place))).collect();
    order.sort_unstable_by(|left, right| left.0.total_cmp(&right.0).then(left.1.cmp(&right.1)));
    let n_values = order.len() as f64;
    let mut ranks = vec![None; values.len()];
    let mut start = 0;
    for tied in order.chunk_by(|left, right| right.0 - left.0 <= 1e-12 * right.0) {
        // The middle of ranks start + 1 to start + tied, less one half.
        let middle = start as f64 + tied.len() as f64 / 2.0;
        for &(_, place) in tied {
            ranks[place] = Some(100.0 * middle / n_values);
        }
        start += tied.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rate(reach: &[f64], score: &[Option<f64>], engagement: &[Option<f64>]) -> Vec<InfluenceRating> {
        let inputs = RatingInputs { reach, score: Some(score), engagement: Some(engagement), days_to_referral: None };
        rate_promoters(&inputs, &RatingWeights::default()).expect("valid inputs")
    }

    #[test]
    fn small_case_by_hand() {
        let ratings = rate(&[1.0, 4.0, 1.0, 2.0], &[Some(9.0), None, Some(3.0), Some(9.0)], &[None; 4]);
        // Reach mid-ranks 1.5, 4, 1.5, 3 of 4; score mid-ranks 2.5, -, 1, 2.5 of 3.
        let reach: Vec<f64> = ratings.iter().map(|rating| rating.reach).collect();
        assert_eq!(reach, [25.0, 87.5, 25.0, 62.5]);
        let score: Vec<Option<f64>> = ratings.iter().map(|rating| rating.score).collect();
        assert_eq!(score, [Some(200.0 / 3.0), None, Some(50.0 / 3.0), Some(200.0 / 3.0)]);
        let want =
            [(0.5 * 25.0 + 0.3 * 200.0 / 3.0) / 0.8, (43.75 + 15.0) / 0.8, (12.5 + 5.0) / 0.8, (31.25 + 20.0) / 0.8];
        for (rating, want) in ratings.iter().zip(want) {
            assert!((rating.rating.value() - want).abs() < 1e-12, "{rating:?} {want}");
        }
        assert!((ratings[0].weight_known - 0.8).abs() < 1e-12);
        assert!((ratings[1].weight_known - 0.5).abs() < 1e-12);
        let tiers: Vec<Tier> = ratings.iter().map(|rating| rating.tier).collect();
        assert_eq!(tiers, [Tier::Low, Tier::High, Tier::Low, Tier::Middle]);
    }

    #[test]
    fn silence_is_no_advantage_over_a_promoter() {
        // Reach mid-ranks 1 to 4 of 4. Two of three answers are 10, so that 9 ranks 100/6 among answers, and silence no higher:
        // (0.5 * 87.5 + 0.3 * 100/6) / 0.8 against (0.5 * 62.5 + 0.3 * 100/6) / 0.8.
        let ratings = rate(&[1.0, 2.0, 3.0, 4.0], &[Some(10.0), Some(10.0), Some(9.0), None], &[None; 4]);
        let got: Vec<f64> = ratings.iter().map(|own| own.rating.value()).collect();
        assert!(
            (got[3] - (43.75 + 5.0) / 0.8).abs() < 1e-12 && (got[2] - (31.25 + 5.0) / 0.8).abs() < 1e-12,
            "{got:?}"
        );
        // Of equal reach, a 9 among lower answers is above silence, and silence is in the middle: 9 ranks 250/3.
        let ratings = rate(&[1.0; 4], &[Some(9.0), Some(3.0), Some(5.0), None], &[None; 4]);
        let got: Vec<f64> = ratings.iter().map(|own| own.rating.value()).collect();
        assert!((got[0] - (25.0 + 25.0) / 0.8).abs() < 1e-12 && (got[3] - 50.0).abs() < 1e-12, "{got:?}");
        assert!((ratings[3].weight_known - 0.5).abs() < 1e-12);
    }

    #[test]
    fn fewer_days_rate_higher() {
        let days = [Some(30.0), Some(2.0)];
        let inputs = RatingInputs { reach: &[1.0, 1.0], score: None, engagement: None, days_to_referral: Some(&days) };
        let weights = RatingWeights { speed: 0.5, ..RatingWeights::default() };
        let ratings = rate_promoters(&inputs, &weights).expect("valid");
        let shown = ratings.iter().map(|rating| (rating.speed, rating.rating.value())).collect::<Vec<_>>();
        assert_eq!(shown, [(Some(25.0), 37.5), (Some(75.0), 62.5)]);
    }

    #[test]
    fn the_top_tenth_is_the_top_tier_and_ties_share_the_middle() {
        let spread: Vec<f64> = (0..200).map(f64::from).collect();
        let ratings = rate(&spread, &[None; 200], &[None; 200]);
        let count = |tier| ratings.iter().filter(|rating| rating.tier == tier).count();
        assert_eq!([Tier::Top, Tier::High, Tier::Middle, Tier::Low].map(count), [20, 30, 50, 100]);
        assert!(rate(&[1.0; 30], &[None; 30], &[None; 30]).iter().all(|rating| rating.tier == Tier::Middle));
    }

    #[test]
    fn values_outside_their_range_are_refused_by_row() {
        let inputs = RatingInputs {
            reach: &[1.0, 1.0],
            score: Some(&[Some(3.0), Some(11.0)]),
            engagement: None,
            days_to_referral: None,
        };
        let error = rate_promoters(&inputs, &RatingWeights::default()).expect_err("no such answer");
        assert_eq!(error.to_string(), "score of customer 2 is 11; it must be 0 to 10, or missing");
        let short = RatingInputs { score: Some(&[None]), ..inputs };
        assert!(matches!(rate_promoters(&short, &RatingWeights::default()), Err(InfluenceError::Length { .. })));
        let weights = RatingWeights { reach: 0.0, ..RatingWeights::default() };
        assert!(matches!(rate_promoters(&inputs, &weights), Err(InfluenceError::BadSetting { .. })));
        assert!(Rating::new(100.1).is_err() && Rating::new(f64::NAN).is_err());
    }

    #[test]
    fn nobody_to_rate_is_an_empty_list() {
        assert_eq!(rate(&[], &[], &[]), []);
    }

    proptest! {
        #[test]
        fn percent_ranks_average_fifty_and_ignore_scale(
            values in proptest::collection::vec(proptest::option::of(0_u8..9), 1..40)
        ) {
            let plain: Vec<Option<f64>> = values.iter().map(|value| value.map(f64::from)).collect();
            let scaled: Vec<Option<f64>> = plain.iter().map(|value| value.map(|value| value * 7.3)).collect();
            let ranks = percent_ranks(&plain);
            prop_assert_eq!(&ranks, &percent_ranks(&scaled));
            let known: Vec<f64> = ranks.into_iter().flatten().collect();
            if !known.is_empty() {
                let mean = known.iter().sum::<f64>() / known.len() as f64;
                prop_assert!((mean - 50.0).abs() < 1e-9);
            }
        }
    }
}
