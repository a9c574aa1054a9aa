//! Who answered: rates by category, and whether they differ.

use super::margins::Margin;
use crate::findings::{Finding, FindingKind, Severity};
use crate::measures::MeasureError;
use crate::measures::intervals::{IntervalKind, Proportion};
use crate::stats::Confidence;
use crate::stats::distributions::chi_squared_upper;
use serde::Serialize;

/// Below this p-value rates are called different.
const LEVEL: f64 = 0.05;

/// One category of those who were asked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ResponseRateRow {
    /// The category.
    pub category: String,
    /// People asked.
    pub n_invited: usize,
    /// People who answered.
    pub n_answered: usize,
    /// Answered over asked, 0-1; `None` where nobody was asked.
    pub rate: Option<f64>,
    /// Lower end of its interval (Wilson).
    pub conf_low: Option<f64>,
    /// Upper end of its interval.
    pub conf_high: Option<f64>,
    /// Share among those asked.
    pub share_invited: f64,
    /// Share among those who answered.
    pub share_answered: f64,
}

/// Rates by category.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ResponseRates {
    /// Category by category.
    pub rows: Vec<ResponseRateRow>,
    /// Answered over asked, of all.
    pub rate: f64,
    /// Pearson's chi squared of equal rates.
    pub chi_squared: f64,
    /// Its degrees of freedom: categories that were asked, less one.
    pub degrees_of_freedom: f64,
    /// The chance of it if all categories answered alike; `None` for one category.
    pub p_value: Option<f64>,
}

impl ResponseRates {
    /// From everybody who was asked: the category of each and whether an answer came. Sizes of the margin are not used.
    ///
    /// # Errors
    /// Columns of unequal length; nobody asked; nobody or everybody answered is no error.
    ///
    /// # Example
    /// ```
    /// use advocate::measures::weighting::{Margin, ResponseRates, TargetShare};
    /// use advocate::stats::Confidence;
    /// let sizes = ["new", "old"].map(|category| TargetShare { category: category.into(), size: 1.0 }).to_vec();
    /// let tenure = Margin::new("tenure", sizes, &[0, 0, 1, 1])?;
    /// let rates = ResponseRates::of(&tenure, &[true, false, true, true], Confidence::default())?;
    /// assert_eq!((rates.rate, rates.rows[0].rate), (0.75, Some(0.5)));
    /// # Ok::<(), advocate::measures::MeasureError>(())
    /// ```
    pub fn of(invited: &Margin, answered: &[bool], confidence: Confidence) -> Result<Self, MeasureError> {
        if invited.codes().len() != answered.len() {
            let what = "the column of who answered".to_owned();
            return Err(MeasureError::Length { what, n_found: answered.len(), n_expected: invited.codes().len() });
        }
        if answered.is_empty() {
            return Err(MeasureError::NoAnswers);
        }
        let n_categories = invited.targets().len();
        let (mut asked, mut answers) = (vec![0_usize; n_categories], vec![0_usize; n_categories]);
        for (&code, &answered) in invited.codes().iter().zip(answered) {
            asked[code as usize] += 1;
            answers[code as usize] += usize::from(answered);
        }
        let (n, n_answered) = (answered.len() as f64, answers.iter().sum::<usize>() as f64);
        let rate = n_answered / n;
        let mut rows = Vec::with_capacity(n_categories);
        for (target, (&asked, &answers)) in invited.targets().iter().zip(asked.iter().zip(&answers)) {
            let share = match asked {
                0 => None,
                _ => Some(Proportion::new(answers as f64, asked as f64)?),
            };
            let ends = share.map(|share| share.interval(IntervalKind::Wilson, confidence)).transpose()?;
            rows.push(ResponseRateRow {
                category: target.category.clone(),
                n_invited: asked,
                n_answered: answers,
                rate: share.map(Proportion::share),
                conf_low: ends.map(|ends| ends.low),
                conf_high: ends.map(|ends| ends.high),
                share_invited: asked as f64 / n,
                share_answered: answers as f64 / n_answered.max(1.0),
            });
        }
        let spread = rate * (1.0 - rate);
        let gap = |(&asked, &answers): (&usize, &usize)| {
            let (asked, answers) = (asked as f64, answers as f64);
            if asked > 0.0 && spread > 0.0 { (answers - asked * rate).powi(2) / (asked * spread) } else { 0.0 }
        };
        let chi_squared = asked.iter().zip(&answers).map(gap).sum();
        let degrees_of_freedom = asked.iter().filter(|&&asked| asked > 0).count() as f64 - 1.0;
        let p_value = (degrees_of_freedom > 0.0).then(|| chi_squared_upper(chi_squared, degrees_of_freedom));
        Ok(Self { rows, rate, chi_squared, degrees_of_freedom, p_value })
    }

    /// A note where categories answered at different rates beyond chance.
    pub fn finding(&self, about: impl Into<String>) -> Option<Finding> {
        let known = || self.rows.iter().filter_map(|row| Some((row, row.rate?)));
        let (lowest, low) = known().min_by(|one, other| one.1.total_cmp(&other.1))?;
        let (highest, high) = known().max_by(|one, other| one.1.total_cmp(&other.1))?;
        self.p_value.filter(|&p| p < LEVEL).map(|p| {
            let sentence = format!(
                "those who answered differ from those who were asked: {:.1} % of `{}` answered and {:.1} % of `{}`",
                100.0 * low,
                lowest.category,
                100.0 * high,
                highest.category
            );
            Finding::new(FindingKind::NotRepresentative, Severity::Note, about, sentence)
                .number("p_value", p)
                .number("rate_low", low)
                .number("rate_high", high)
        })
    }
}
