//! Weights by the chance of answering, which the behaviour of everybody, answered or not, lets one estimate.

use super::efficiency::WeightEfficiency;
use crate::findings::{Finding, FindingKind, Severity};
use crate::measures::MeasureError;
use serde::Serialize;

/// How weights are made of chances.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PropensityWeights {
    /// The largest weight over the mean; larger ones are cut to it. None is cut without it.
    pub largest: Option<f64>,
    /// A chance below this says that such people hardly ever answer, and is warned of.
    pub chance_min: f64,
}

impl Default for PropensityWeights {
    fn default() -> Self {
        Self { largest: Some(5.0), chance_min: 0.01 }
    }
}

/// Weights of those who answered.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WeightedByPropensity {
    /// One weight per chance, of mean one: `1 / chance`, stabilised by the mean chance among them, cut, and scaled.
    pub weights: Vec<f64>,
    /// How many weights were cut.
    pub n_trimmed: usize,
    /// What the weights cost.
    pub efficiency: WeightEfficiency,
    /// What to know beside the weights.
    pub findings: Vec<Finding>,
}

impl PropensityWeights {
    /// Weights of people who answered, with these chances of answering at all; several answers of one of them share a weight.
    ///
    /// Cutting trades a little bias for much variance: the mass above the cut is spread over all, and the cut repeated until
    /// no weight exceeds it.
    ///
    /// # Errors
    /// No answers; a chance that is not above 0 and at most 1; a cut below 1.
    ///
    /// # References
    /// Hájek (1971), comment on Basu; Rosenbaum (1987), "Model-based direct adjustment", JASA 82; Potter (1990), "A study of
    /// procedures to identify and trim extreme sampling weights".
    ///
    /// # Example
    /// ```
    /// use advocate::measures::weighting::PropensityWeights;
    /// let own = PropensityWeights { largest: None, ..PropensityWeights::default() }.weigh(&[0.1, 0.4])?;
    /// assert!((own.weights[0] - 1.6).abs() < 1e-12 && (own.weights[1] - 0.4).abs() < 1e-12);
    /// # Ok::<(), advocate::measures::MeasureError>(())
    /// ```
    pub fn weigh(&self, chances: &[f64]) -> Result<WeightedByPropensity, MeasureError> {
        if let Some(&value) = chances.iter().find(|&&chance| !(chance > 0.0 && chance <= 1.0)) {
            let must = "above 0 and at most 1; who answered had a chance to";
            return Err(MeasureError::Setting { what: "a chance of answering", value, must });
        }
        if chances.is_empty() {
            return Err(MeasureError::NoAnswers);
        }
        let mut weights: Vec<f64> = chances.iter().map(|chance| 1.0 / chance).collect();
        let n = weights.len() as f64;
        let to_mean_one = |weights: &mut Vec<f64>| {
            let mean = weights.iter().sum::<f64>() / n;
            weights.iter_mut().for_each(|weight| *weight /= mean);
        };
        to_mean_one(&mut weights);
        let mut n_trimmed = 0;
        if let Some(largest) = self.largest {
            if !(largest.is_finite() && largest >= 1.0) {
                return Err(MeasureError::Setting { what: "the largest weight", value: largest, must: "at least 1" });
            }
            n_trimmed = trim(&mut weights, largest);
        }
        let efficiency = WeightEfficiency::of(&weights)?;
        let mut findings: Vec<Finding> = efficiency.finding("response").into_iter().collect();
        let n_rare = chances.iter().filter(|&&chance| chance < self.chance_min).count();
        if n_rare > 0 {
            let sentence = format!(
                "{n_rare} of those who answered {} of whom less than {:.1} % answer; each stands for more than {:.0} others who may \
                 be of another mind",
                if n_rare == 1 { "is one of people" } else { "are people" },
                100.0 * self.chance_min,
                1.0 / self.chance_min
            );
            let finding = Finding::new(FindingKind::NotRepresentative, Severity::Warning, "response", sentence);
            findings.push(finding.number("n_rare", n_rare as f64));
        }
        if n_trimmed > 0 {
            let were = if n_trimmed == 1 { "weight was" } else { "weights were" };
            let sentence =
                format!("{n_trimmed} {were} cut to {:.1} times the mean", self.largest.unwrap_or(f64::INFINITY));
            let finding = Finding::new(FindingKind::NotRepresentative, Severity::Note, "response", sentence);
            findings.push(finding.number("n_trimmed", n_trimmed as f64));
        }
        Ok(WeightedByPropensity { weights, n_trimmed, efficiency, findings })
    }
}

/// Cuts weights of mean one at `largest` and keeps the mean: the others are multiplied until the sum holds.
fn trim(weights: &mut [f64], largest: f64) -> usize {
    let n = weights.len() as f64;
    let mut is_cut = vec![false; weights.len()];
    loop {
        let n_before = is_cut.iter().filter(|&&cut| cut).count();
        is_cut.iter_mut().zip(weights.iter()).for_each(|(cut, &weight)| *cut |= weight > largest);
        let n_cut = is_cut.iter().filter(|&&cut| cut).count();
        // At most n / largest weights of mean one exceed the cut, so that others are always left to carry the rest.
        let others: f64 = weights.iter().zip(&is_cut).filter(|(_, cut)| !**cut).map(|(weight, _)| weight).sum();
        let factor = if others > 0.0 { (n - largest * n_cut as f64) / others } else { 1.0 };
        for (weight, &cut) in weights.iter_mut().zip(&is_cut) {
            *weight = if cut { largest } else { *weight * factor };
        }
        if n_cut == n_before {
            return n_cut;
        }
    }
}
