//! What is made of a column of answers.

use super::scale::AnswerScale;
use crate::measures::intervals::IntervalKind;
use crate::measures::{MeasureError, ResponseClass};
use serde::Serialize;

/// The figure that a column of answers becomes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Metric {
    /// Share of 9 and 10 less share of 0 to 6, times 100; for the 0-10 scale only.
    Nps,
    /// Mean answer.
    Mean,
    /// Share of answers of at least this, as in 4 of 1-5.
    TopBox {
        /// The lowest answer that counts.
        from: f64,
    },
    /// Share of answers of at least `high_from` less share of at most `low_to`, times 100: like a score, on any scale.
    NetBox {
        /// The highest answer that counts against.
        low_to: f64,
        /// The lowest answer that counts in favour.
        high_from: f64,
    },
    /// Share of ones among zeros and ones.
    YesShare,
    /// Sum of one column over the sum of another: a share of wallet, events over exposure.
    Ratio,
}

impl Metric {
    /// The word used in results.
    pub fn word(self) -> &'static str {
        match self {
            Self::Nps => "nps",
            Self::Mean => "mean",
            Self::TopBox { .. } => "top_box",
            Self::NetBox { .. } => "net_box",
            Self::YesShare => "yes_share",
            Self::Ratio => "ratio",
        }
    }

    /// What a share is multiplied with when it is reported: 100 for net scores.
    pub fn unit(self) -> f64 {
        match self {
            Self::Nps | Self::NetBox { .. } => 100.0,
            _ => 1.0,
        }
    }

    pub(super) fn family(self) -> Family {
        match self {
            Self::Nps | Self::NetBox { .. } => Family::Net,
            Self::TopBox { .. } | Self::YesShare => Family::Share,
            Self::Mean | Self::Ratio => Family::Mean,
        }
    }
}

/// Figures whose intervals are made alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// Terms of -1, 0 and 1.
    Net,
    /// Terms of 0 and 1.
    Share,
    /// Any numbers.
    Mean,
}

impl Family {
    pub fn name(self) -> &'static str {
        match self {
            Self::Net => "a net score",
            Self::Share => "a share",
            Self::Mean => "a mean or ratio",
        }
    }

    pub fn kinds(self) -> &'static [IntervalKind] {
        match self {
            Self::Net => &IntervalKind::OF_NPS,
            Self::Share => &[IntervalKind::Wilson, IntervalKind::Exact, IntervalKind::Wald, IntervalKind::Bootstrap],
            Self::Mean => &[IntervalKind::StudentT, IntervalKind::Wald, IntervalKind::Bootstrap],
        }
    }
}

/// What one row adds: the estimate is the weighted sum of `y` over that of `x`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Term {
    pub y: f64,
    pub x: f64,
}

/// A named column of answers and what is made of it. `NaN` is a blank.
///
/// # Example
/// ```
/// use advocate::measures::portfolio::{AnswerScale, EstimateSettings, Measure, Metric};
/// use advocate::measures::Sampling;
/// let answers = [5.0, 4.0, 2.0, f64::NAN];
/// let satisfied = Measure::item("csat", Metric::TopBox { from: 4.0 }, AnswerScale::ONE_TO_FIVE, &answers)?;
/// let row = satisfied.estimate(Sampling::default(), EstimateSettings::default())?;
/// assert!((row.estimate - 2.0 / 3.0).abs() < 1e-12);
/// assert_eq!((row.n, row.n_missing), (3, 1));
/// # Ok::<(), advocate::measures::MeasureError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Measure<'a> {
    name: String,
    metric: Metric,
    values: &'a [f64],
    denominators: Option<&'a [f64]>,
    /// Subtracted from every `y` per unit of `x` while sums are made, so that large values lose no digits.
    centre: f64,
}

impl<'a> Measure<'a> {
    /// An item with whole answers on a scale.
    ///
    /// # Errors
    /// An answer off the scale; a Net Promoter Score of another scale than 0-10; a box that the scale does not have; a
    /// ratio, which needs two columns.
    pub fn item(
        name: impl Into<String>,
        metric: Metric,
        scale: AnswerScale,
        answers: &'a [f64],
    ) -> Result<Self, MeasureError> {
        let name = name.into();
        let inside = |value: f64| scale.low() < value && value <= scale.high();
        match metric {
            Metric::Nps if !scale.is_zero_to_ten() => {
                return Err(MeasureError::NotZeroToTen { item: name, low: scale.low(), high: scale.high() });
            }
            Metric::YesShare if scale != AnswerScale::NO_YES => {
                let must = "1, the upper end of a no-or-yes scale";
                return Err(MeasureError::Setting { what: "the upper end of the scale", value: scale.high(), must });
            }
            Metric::TopBox { from } if !inside(from) => {
                let must = "inside the scale, above its lowest answer";
                return Err(MeasureError::Setting { what: "the cut of a top box", value: from, must });
            }
            Metric::NetBox { low_to, high_from }
                if !(scale.holds(low_to) && inside(high_from) && low_to < high_from) =>
            {
                let must = "inside the scale, and above what counts against";
                return Err(MeasureError::Setting { what: "the upper cut of a net score", value: high_from, must });
            }
            Metric::Ratio => {
                let must = "made of two columns; use a ratio measure";
                return Err(MeasureError::Setting { what: "a ratio of one column", value: 1.0, must });
            }
            _ => {}
        }
        if let Some(row) = answers.iter().position(|&answer| !answer.is_nan() && !scale.holds(answer)) {
            let (low, high) = (scale.low(), scale.high());
            return Err(MeasureError::OffItemScale { item: name, row: row + 1, value: answers[row], low, high });
        }
        let centre = if metric == Metric::Mean { scale.middle() } else { 0.0 };
        Ok(Self { name, metric, values: answers, denominators: None, centre })
    }

    /// The Net Promoter Score of 0-10 answers.
    ///
    /// # Errors
    /// An answer off the scale.
    pub fn nps(name: impl Into<String>, answers: &'a [f64]) -> Result<Self, MeasureError> {
        Self::item(name, Metric::Nps, AnswerScale::ZERO_TO_TEN, answers)
    }

    /// The share of effort answers of 5 to 7 on 1-7, where 7 agrees most that it was easy.
    ///
    /// # Errors
    /// An answer off the scale.
    ///
    /// # References
    /// Dixon, Freeman and Toman (2010), "Stop trying to delight your customers", Harvard Business Review 88(7/8), in the
    /// 1-7 agreement wording that its authors later published.
    pub fn effort(name: impl Into<String>, answers: &'a [f64]) -> Result<Self, MeasureError> {
        Self::item(name, Metric::TopBox { from: 5.0 }, AnswerScale::ONE_TO_SEVEN, answers)
    }

    /// The share of ones: a repurchase, referral or churn rate, a yes-or-no item.
    ///
    /// # Errors
    /// A value that is neither 0, 1 nor blank.
    pub fn yes_share(name: impl Into<String>, answers: &'a [f64]) -> Result<Self, MeasureError> {
        Self::item(name, Metric::YesShare, AnswerScale::NO_YES, answers)
    }

    /// The mean of any numbers, such as spend.
    ///
    /// # Errors
    /// An infinite value.
    pub fn mean(name: impl Into<String>, values: &'a [f64]) -> Result<Self, MeasureError> {
        let name = name.into();
        finite(&name, values)?;
        let known = || values.iter().filter(|value| !value.is_nan());
        let centre = known().sum::<f64>() / known().count().max(1) as f64;
        Ok(Self { name, metric: Metric::Mean, values, denominators: None, centre })
    }

    /// The sum of one column over the sum of another, such as spend with us over spend in the category. A row with a
    /// blank on either side is blank.
    ///
    /// # Errors
    /// Columns of unequal length; an infinite value; a negative denominator.
    pub fn ratio(
        name: impl Into<String>,
        numerators: &'a [f64],
        denominators: &'a [f64],
    ) -> Result<Self, MeasureError> {
        let name = name.into();
        if numerators.len() != denominators.len() {
            let (n_found, n_expected) = (denominators.len(), numerators.len());
            return Err(MeasureError::Length { what: format!("the denominator of {name}"), n_found, n_expected });
        }
        finite(&name, numerators)?;
        finite(&name, denominators)?;
        if let Some(&value) = denominators.iter().find(|&&value| value < 0.0) {
            return Err(MeasureError::Setting { what: "a denominator", value, must: "at least zero" });
        }
        let both = || numerators.iter().zip(denominators).filter(|(y, x)| !y.is_nan() && !x.is_nan());
        let (top, bottom) = (both().map(|(y, _)| y).sum::<f64>(), both().map(|(_, x)| x).sum::<f64>());
        let centre = if bottom > 0.0 { top / bottom } else { 0.0 };
        Ok(Self { name, metric: Metric::Ratio, values: numerators, denominators: Some(denominators), centre })
    }

    /// The same figure of other answers on its scale.
    pub(in crate::measures) fn picked<'b>(&self, values: &'b [f64]) -> Measure<'b> {
        // A ratio would need its denominators picked as well.
        debug_assert!(self.denominators.is_none(), "one column of answers");
        Measure { name: self.name.clone(), metric: self.metric, values, denominators: None, centre: self.centre }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What is made of the answers.
    pub fn metric(&self) -> Metric {
        self.metric
    }

    /// The answers; `NaN` is a blank.
    pub fn values(&self) -> &'a [f64] {
        self.values
    }

    /// The rows that are not blank, ascending.
    pub fn known_rows(&self) -> Vec<usize> {
        (0..self.n_rows()).filter(|&row| self.term(row).is_some()).collect()
    }

    /// The number of rows, blanks included.
    pub fn n_rows(&self) -> usize {
        self.values.len()
    }

    /// Whether every row has a denominator of its own.
    pub(super) fn is_ratio(&self) -> bool {
        self.denominators.is_some()
    }

    pub(super) fn centre(&self) -> f64 {
        self.centre
    }

    /// What a row adds, `y` less the centre times `x`; `None` for a blank.
    pub(super) fn term(&self, row: usize) -> Option<Term> {
        let value = self.values[row];
        let x = self.denominators.map_or(1.0, |denominators| denominators[row]);
        if value.is_nan() || x.is_nan() {
            return None;
        }
        let y = match self.metric {
            Metric::Nps => ResponseClass::of(value).map_or(0.0, ResponseClass::value),
            Metric::TopBox { from } => f64::from(u8::from(value >= from)),
            Metric::NetBox { low_to, high_from } => {
                f64::from(u8::from(value >= high_from)) - f64::from(u8::from(value <= low_to))
            }
            Metric::Mean | Metric::YesShare | Metric::Ratio => value,
        };
        Some(Term { y: y - self.centre * x, x })
    }

    /// What a blank adds where blanks are in the base: nothing in favour and nothing against. Means and ratios have no
    /// such term.
    pub(super) fn blank_term(&self) -> Option<Term> {
        (self.metric.family() != Family::Mean).then_some(Term { y: 0.0, x: 1.0 })
    }
}

fn finite(name: &str, values: &[f64]) -> Result<(), MeasureError> {
    match values.iter().position(|value| value.is_infinite()) {
        Some(row) => Err(MeasureError::NotFinite { what: name.to_owned(), row: row + 1, value: values[row] }),
        None => Ok(()),
    }
}
