//! What is known of everybody: how many there are in each category of a column.

use crate::measures::MeasureError;
use serde::Serialize;

/// Margins may differ in their totals by this share of the first.
const TOTAL_TOLERANCE: f64 = 1e-6;

/// One category with its size in the population, as a count or a share.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TargetShare {
    /// The category.
    pub category: String,
    /// How many there are of it, or which share; all of a margin in one unit.
    pub size: f64,
}

/// A column of the answers and the sizes of its categories in the population.
#[derive(Debug, Clone, PartialEq)]
pub struct Margin<'a> {
    name: String,
    targets: Vec<TargetShare>,
    codes: &'a [u32],
}

impl<'a> Margin<'a> {
    /// Checks the sizes, and that every row has one of the categories.
    ///
    /// # Errors
    /// No categories, a size that is negative or not finite, all zero; a row of no category, by its number.
    pub fn new(name: impl Into<String>, targets: Vec<TargetShare>, codes: &'a [u32]) -> Result<Self, MeasureError> {
        let name = name.into();
        let refuse = |problem: String| Err(MeasureError::Margin { margin: name.clone(), problem });
        if let Some(target) = targets.iter().find(|target| !(target.size.is_finite() && target.size >= 0.0)) {
            return refuse(format!("the size of `{}` is {}; state a count or share", target.category, target.size));
        }
        if targets.iter().map(|target| target.size).sum::<f64>() <= 0.0 {
            return refuse("its sizes sum to zero; state how many there are of each category".to_owned());
        }
        if let Some(row) = codes.iter().position(|&code| code as usize >= targets.len()) {
            return refuse(format!(
                "row {} has none of its {} categories; give blanks a category of their own with its size, or drop the row",
                row + 1,
                targets.len()
            ));
        }
        Ok(Self { name, targets, codes })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The categories with their sizes.
    pub fn targets(&self) -> &[TargetShare] {
        &self.targets
    }

    /// The category of each row, by place.
    pub fn codes(&self) -> &'a [u32] {
        self.codes
    }

    /// The sum of the sizes.
    pub fn total(&self) -> f64 {
        self.targets.iter().map(|target| target.size).sum()
    }

    /// The weight that the rows of each category have together.
    pub(super) fn sums(&self, weights: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; self.targets.len()];
        self.codes.iter().zip(weights).for_each(|(&code, weight)| sums[code as usize] += weight);
        sums
    }

    /// Refuses a category that is expected and that nobody answered from, and one that has answers and should be empty.
    pub(super) fn check_cells(&self, weights: &[f64]) -> Result<(), MeasureError> {
        if self.codes.len() != weights.len() {
            let (n_found, n_expected) = (self.codes.len(), weights.len());
            return Err(MeasureError::Length { what: format!("margin {}", self.name), n_found, n_expected });
        }
        for (target, sum) in self.targets.iter().zip(self.sums(weights)) {
            let problem = match (target.size > 0.0, sum > 0.0) {
                (true, false) => "nobody answered from it, so no weight can stand for it; merge it with a neighbour",
                (false, true) => "people answered from it and its size is zero; correct the size or drop the rows",
                _ => continue,
            };
            return Err(MeasureError::Margin {
                margin: self.name.clone(),
                problem: format!("category `{}`: {problem}", target.category),
            });
        }
        Ok(())
    }
}

/// Refuses margins that count different populations, and base weights that are none.
pub(super) fn check_together(margins: &[Margin], weights: &[f64]) -> Result<(), MeasureError> {
    let Some(first) = margins.first() else {
        return Err(MeasureError::TooFew { what: "margins".to_owned(), n_found: 0, n_needed: 1 });
    };
    if let Some(row) = weights.iter().position(|weight| !(weight.is_finite() && *weight >= 0.0)) {
        return Err(MeasureError::BadWeight { row: row + 1, value: weights[row] });
    }
    if weights.iter().sum::<f64>() <= 0.0 {
        return Err(MeasureError::NoAnswers);
    }
    for margin in margins {
        margin.check_cells(weights)?;
        if (margin.total() - first.total()).abs() > TOTAL_TOLERANCE * first.total() {
            let problem = format!(
                "its sizes sum to {} and those of `{}` to {}; both must count the same population",
                margin.total(),
                first.name(),
                first.total()
            );
            return Err(MeasureError::Margin { margin: margin.name.clone(), problem });
        }
    }
    Ok(())
}
