//! How many answers are needed, and how small a change some answers can show.

use crate::measures::MeasureError;
use crate::measures::intervals::ClassCounts;
use crate::stats::Confidence;
use crate::stats::distributions::normal_quantile;
use serde::Serialize;

/// More answers than this nobody can ask for: there are fewer people.
const ANSWERS_MAX: f64 = 1e10;

/// The chance of finding a change of the planned size.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize)]
#[serde(into = "f64")]
pub struct Power(f64);

impl Power {
    /// Checks the chance.
    ///
    /// # Errors
    /// Not between 0.5 and 1.
    pub fn new(power: f64) -> Result<Self, MeasureError> {
        if (0.5..1.0).contains(&power) {
            Ok(Self(power))
        } else {
            Err(MeasureError::Setting { what: "the power", value: power, must: "at least 0.5 and below 1" })
        }
    }

    /// The chance itself.
    pub fn chance(self) -> f64 {
        self.0
    }

    pub(super) fn z(self) -> f64 {
        normal_quantile(self.0)
    }
}

impl Default for Power {
    fn default() -> Self {
        Self(0.8)
    }
}

impl From<Power> for f64 {
    fn from(power: Power) -> f64 {
        power.0
    }
}

/// What is planned for.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Design {
    /// An interval that reaches so many points to either side.
    Precision {
        /// Half of the width, in points of the score.
        half_width: f64,
    },
    /// One group against a figure that is taken as known.
    OneSample {
        /// The change to be found, in points.
        change: f64,
        /// The chance of finding it.
        power: Power,
    },
    /// Two groups of equal size.
    TwoSample {
        /// The change to be found, in points.
        change: f64,
        /// The chance of finding it.
        power: Power,
    },
}

/// How many answers a design needs.
///
/// # Example
/// ```
/// use advocate::measures::change::{Design, SamplePlan};
/// // The most varied answers there are: half promoters, half detractors; 5 points either way.
/// let plan = SamplePlan { variance: 1.0, ..SamplePlan::default() };
/// assert_eq!(plan.n(Design::Precision { half_width: 5.0 })?, 1537);
/// # Ok::<(), advocate::measures::MeasureError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SamplePlan {
    /// Variance of one response, `p + d - (p - d)^2`: at most 1; about 0.6 to 0.75 in most surveys.
    pub variance: f64,
    /// What weights and repeated answers make of the variance; 1 for a simple random sample.
    pub design_effect: f64,
    /// Size of the population, where it is small.
    pub population: Option<f64>,
    /// Level of the interval or of the two-sided test.
    pub confidence: Confidence,
}

impl Default for SamplePlan {
    fn default() -> Self {
        Self { variance: 0.7, design_effect: 1.0, population: None, confidence: Confidence::default() }
    }
}

impl SamplePlan {
    /// From shares of promoters and detractors as expected.
    ///
    /// # Errors
    /// Shares that are none.
    pub fn from_shares(detractors: f64, promoters: f64) -> Result<Self, MeasureError> {
        let counts = ClassCounts::new(detractors, 1.0 - detractors - promoters, promoters)?;
        Ok(Self { variance: counts.variance(), ..Self::default() })
    }

    /// Answers needed, in each group of two.
    ///
    /// `n = deff v ((z + z_power) / change)^2`, twice that in each of two groups, `deff v (z / half_width)^2` for precision;
    /// a population of `N` makes it `n / (1 + n / N)`, in each group, as an error that keeps `1 - n / N` of its variance asks. Rounded up.
    ///
    /// # Errors
    /// A variance outside 0-1, a design effect or a change that is not positive, a population below one, more answers than
    /// there are people.
    ///
    /// # References
    /// Cochran (1977), "Sampling Techniques", section 4.4, for finite populations.
    pub fn n(&self, design: Design) -> Result<u64, MeasureError> {
        self.check()?;
        let z = self.confidence.z();
        let (points, critical, groups) = match design {
            Design::Precision { half_width } => (half_width, z, 1.0),
            Design::OneSample { change, power } => (change.abs(), z + power.z(), 1.0),
            Design::TwoSample { change, power } => (change.abs(), z + power.z(), 2.0),
        };
        if !(points > 0.0 && points <= 200.0) {
            let must = "more than 0 and at most 200 points";
            return Err(MeasureError::Setting { what: "the planned change or half-width", value: points, must });
        }
        let share = points / 100.0;
        let endless = groups * self.design_effect * self.variance * (critical / share) * (critical / share);
        let needed = self.population.map_or(endless, |population| endless / (1.0 + endless / population));
        if needed > ANSWERS_MAX {
            let must = "so large that fewer than ten billion answers show it";
            return Err(MeasureError::Setting { what: "the planned change or half-width", value: points, must });
        }
        // A whole number that rounding has lifted by its last digits stays what it is.
        Ok((needed * (1.0 - 1e-12)).ceil().max(1.0) as u64)
    }

    /// The smallest change, in points, that so many answers in each group find with this power; `n_other` is `None` for one
    /// group against a known figure.
    ///
    /// # Errors
    /// As [`SamplePlan::n`]; empty groups.
    pub fn minimum_detectable(&self, n: f64, n_other: Option<f64>, power: Power) -> Result<f64, MeasureError> {
        self.check()?;
        if !(n > 0.0 && n_other.is_none_or(|n| n > 0.0)) {
            return Err(MeasureError::NoAnswers);
        }
        let per_answer = |n: f64| {
            let unseen = self.population.map_or(1.0, |population| (1.0 - n / population).max(0.0));
            self.design_effect * self.variance * unseen / n
        };
        let variance = per_answer(n) + n_other.map_or(0.0, per_answer);
        Ok(100.0 * (self.confidence.z() + power.z()) * variance.sqrt())
    }

    fn check(&self) -> Result<(), MeasureError> {
        let refuse = |what, value, must| Err(MeasureError::Setting { what, value, must });
        if !(self.variance > 0.0 && self.variance <= 1.0) {
            return refuse("the variance of one response", self.variance, "more than 0 and at most 1");
        }
        if !(self.design_effect.is_finite() && self.design_effect > 0.0) {
            return refuse("the design effect", self.design_effect, "more than 0");
        }
        match self.population {
            Some(population) if population.is_nan() || population < 1.0 => {
                refuse("the population", population, "at least 1")
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measures::reference::{near, nps_oracles, number};

    #[test]
    fn sizes_agree_with_the_reference() {
        let Some(all) = nps_oracles() else { return };
        let worst = SamplePlan { variance: 1.0, ..SamplePlan::default() };
        let n = worst.n(Design::Precision { half_width: 5.0 }).expect("a plan");
        near("worst case", n as f64, number(&all["sample_size"]["worst_case_var1_m5"]), 1e-12);
        // 80 % promoters and 15 % detractors within 10 points, of everybody and of 250.
        let plan = SamplePlan::from_shares(0.15, 0.8).expect("shares");
        let n = |population| {
            let plan = SamplePlan { population, ..plan };
            plan.n(Design::Precision { half_width: 10.0 }).expect("a plan") as f64
        };
        near("everybody", n(None), number(&all["sample_size"]["simple_wald_m10"]), 1e-12);
        near("of 250", n(Some(250.0)), number(&all["sample_size"]["relock2_m10_p80_d15_N250"]), 1e-12);
        // That program's figure for a very large population is one lower than for an endless one; 50,000 are large.
        near("endless", n(Some(50_000.0)), number(&all["sample_size"]["relock2_m10_p80_d15_inf"]), 1e-12);
    }

    #[test]
    fn what_is_planned_is_what_can_be_found() {
        let plan = SamplePlan { design_effect: 1.3, ..SamplePlan::from_shares(0.2, 0.5).expect("shares") };
        let power = Power::default();
        let n = plan.n(Design::TwoSample { change: 8.0, power }).expect("a plan") as f64;
        let smallest = plan.minimum_detectable(n, Some(n), power).expect("groups");
        let just_less = plan.minimum_detectable(n - 1.0, Some(n - 1.0), power).expect("groups");
        assert!(smallest <= 8.0 && just_less > 8.0, "{smallest} {just_less}");
    }

    #[test]
    fn two_groups_by_hand() {
        // Variance 0.61: 2 * 0.61 * ((1.959964 + 0.841621) / 0.1)^2 = 957.6.
        let plan = SamplePlan::from_shares(0.2, 0.5).expect("shares");
        assert!((plan.variance - 0.61).abs() < 1e-12);
        assert_eq!(plan.n(Design::TwoSample { change: -10.0, power: Power::default() }), Ok(958));
        let small = SamplePlan { population: Some(1000.0), ..plan };
        // 957.6 / (1 + 957.6 / 1000) = 489.2
        assert_eq!(small.n(Design::TwoSample { change: 10.0, power: Power::default() }), Ok(490));
    }

    #[test]
    fn plans_that_make_no_sense_are_refused() {
        let plan = SamplePlan::default();
        assert!(plan.n(Design::Precision { half_width: 0.0 }).is_err());
        // 1.96 squared over a millionth of a point squared: 4e16 answers at the largest variance.
        assert!(plan.n(Design::Precision { half_width: 1e-6 }).is_err());
        assert!(SamplePlan { variance: 1.5, ..plan }.n(Design::Precision { half_width: 5.0 }).is_err());
        assert!(Power::new(0.2).is_err() && Power::new(1.0).is_err());
    }
}
