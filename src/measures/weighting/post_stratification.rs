//! Weights that make each stratum as large as it is in the population.

use super::efficiency::WeightEfficiency;
use super::margins::{Margin, check_together};
use crate::measures::MeasureError;
use serde::Serialize;

/// Post-stratified weights.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PostStratified {
    /// One weight per row; they sum to the population.
    pub weights: Vec<f64>,
    /// What the weights cost.
    pub efficiency: WeightEfficiency,
}

/// Multiplies the weights of each stratum by its size over the weight it has.
///
/// # Errors
/// A stratum without answers, or answers without a size; base weights that are none.
///
/// # References
/// Holt and Smith (1979), "Post stratification", JRSS A 142(1).
///
/// # Example
/// ```
/// use advocate::measures::weighting::{Margin, TargetShare, post_stratify};
/// let sizes = vec![
///     TargetShare { category: "new".into(), size: 0.7 },
///     TargetShare { category: "old".into(), size: 0.3 },
/// ];
/// let weighed = post_stratify(&Margin::new("tenure", sizes, &[0, 1, 1])?, None)?;
/// assert!((weighed.weights[0] - 0.7).abs() < 1e-12 && (weighed.weights[1] - 0.15).abs() < 1e-12);
/// # Ok::<(), advocate::measures::MeasureError>(())
/// ```
pub fn post_stratify(strata: &Margin, base: Option<&[f64]>) -> Result<PostStratified, MeasureError> {
    let mut weights = base.map_or_else(|| vec![1.0; strata.codes().len()], <[f64]>::to_vec);
    check_together(std::slice::from_ref(strata), &weights)?;
    let sums = strata.sums(&weights);
    for (weight, &code) in weights.iter_mut().zip(strata.codes()) {
        let code = code as usize;
        // A stratum of size zero has rows without weight only.
        *weight *= if sums[code] > 0.0 { strata.targets()[code].size / sums[code] } else { 1.0 };
    }
    Ok(PostStratified { efficiency: WeightEfficiency::of(&weights)?, weights })
}
