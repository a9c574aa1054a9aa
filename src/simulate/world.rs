//! A checked company with everything that is computed once: instants, waves, standard deviations, distributions.

use super::calendar::{DAY_SECONDS, Instant, Quarter};
use super::company::{Company, CompanyError};
use super::model::{Model, PerTouchpoint};
use super::records::{CustomerKey, Segment};
use crate::stats::random::{Stream, stream};
use rand_distr::{Beta, Gamma};

/// A checked company, ready to be simulated.
#[derive(Debug, Clone)]
pub struct World {
    pub(super) company: Company,
    pub(super) history_from: Instant,
    pub(super) as_of: Instant,
    pub(super) waves: Vec<Quarter>,
    /// Standard deviation of the advocacy that lasts from one occasion to the next.
    pub(super) lasting_advocacy_sd: f64,
    /// Standard deviation of the advocacy at one occasion.
    pub(super) occasion_advocacy_sd: f64,
    /// Half the variance of `rate_effects . q`, taken off so that the effects do not move the mean rate.
    pub(super) rate_centre: f64,
    /// Mean 1.
    pub(super) rate: Gamma<f64>,
    pub(super) dropout: Beta<f64>,
    /// Mean 1.
    pub(super) engagement: Gamma<f64>,
    key_step: u64,
}

impl World {
    pub(super) fn new(company: Company) -> Result<Self, CompanyError> {
        let (model, as_of) = (&company.model, company.as_of.start());
        let history_from = as_of.plus(-i64::from(company.history_days) * DAY_SECONDS);
        let lasting = lasting_advocacy_variance(model);
        let occasion = lasting
            + model.experience.deviation.powi(2) * sum_of_squares(&model.recommend.weights)
            + model.recommend.occasion_noise.powi(2);
        let purchase = &model.purchase;
        Ok(Self {
            history_from,
            as_of,
            waves: waves(&company, history_from, as_of),
            lasting_advocacy_sd: lasting.sqrt(),
            occasion_advocacy_sd: occasion.sqrt(),
            rate_centre: 0.5 * quality_variance(model.experience.halo_share, &purchase.rate_effects, 0.0),
            rate: mean_one("purchase.rate_shape", purchase.rate_shape)?,
            dropout: Beta::new(purchase.dropout_alpha, purchase.dropout_beta)
                .map_err(|_| unusable("purchase.dropout_alpha", purchase.dropout_alpha))?,
            engagement: mean_one("activity.engagement_shape", model.activity.engagement_shape)?,
            key_step: coprime_step(company.customers),
            company,
        })
    }

    /// The years in which feedback can come, ascending; never empty.
    pub fn feedback_years(&self) -> Vec<i32> {
        let mut years: Vec<i32> = self.waves.iter().map(|wave| wave.year).collect();
        years.dedup();
        if years.is_empty() {
            years.push(self.company.as_of.year());
        }
        years
    }

    pub(super) fn model(&self) -> &Model {
        &self.company.model
    }

    pub(super) fn segment(&self, segment: Segment) -> &super::model::SegmentModel {
        let segments = &self.model().segments;
        match segment {
            Segment::Consumer => &segments.consumer,
            Segment::SmallBusiness => &segments.small_business,
            Segment::Enterprise => &segments.enterprise,
        }
    }

    pub(super) fn stream(&self, purpose: &str, index: u64) -> Stream {
        stream(self.company.seed, purpose, index)
    }

    /// The key of the customer made as number `number` (from 0).
    ///
    /// Families are made one after another; a step coprime with the number of customers scatters the keys, so that
    /// neighbours in the files are not relatives.
    pub(super) fn key(&self, number: u64) -> CustomerKey {
        let customers = u128::from(self.company.customers);
        // The remainder is below the number of customers, which is a u64.
        CustomerKey((u128::from(number) * u128::from(self.key_step) % customers) as u64 + 1)
    }
}

/// Variance of `weights . q + halo * halo_i`.
pub(super) fn quality_variance(halo_share: f64, weights: &PerTouchpoint, halo: f64) -> f64 {
    let common = halo_share.sqrt() * weights.iter().sum::<f64>() + halo;
    common * common + (1.0 - halo_share) * sum_of_squares(weights)
}

fn lasting_advocacy_variance(model: &Model) -> f64 {
    let recommend = &model.recommend;
    quality_variance(model.experience.halo_share, &recommend.weights, recommend.halo)
        + recommend.persistent_noise.powi(2)
}

fn sum_of_squares(values: &[f64]) -> f64 {
    values.iter().map(|value| value * value).sum()
}

/// The quarters in which customers are asked: they start after the quiet days and before `as_of`.
fn waves(company: &Company, history_from: Instant, as_of: Instant) -> Vec<Quarter> {
    let from = history_from.plus(i64::from(company.model.response.quiet_days) * DAY_SECONDS);
    std::iter::successors(Some(from.day().quarter()), |quarter| Some(quarter.next()))
        .skip_while(|quarter| quarter.start() < from)
        .take_while(|quarter| quarter.start() < as_of)
        .collect()
}

fn mean_one(setting: &str, shape: f64) -> Result<Gamma<f64>, CompanyError> {
    Gamma::new(shape, 1.0 / shape).map_err(|_| unusable(setting, shape))
}

fn unusable(setting: &str, value: f64) -> CompanyError {
    CompanyError::OutOfRange { setting: setting.to_owned(), rule: "positive and finite", value }
}

/// The first number from the golden section of `customers` on that shares no divisor with it.
fn coprime_step(customers: u64) -> u64 {
    let golden = (customers as f64 * 0.618_034) as u64;
    (golden.max(1)..=customers).find(|&step| greatest_common_divisor(step, customers) == 1).unwrap_or(1)
}

fn greatest_common_divisor(left: u64, right: u64) -> u64 {
    if right == 0 { left } else { greatest_common_divisor(right, left % right) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_customer_has_a_key_of_their_own() {
        for customers in [1, 2, 10, 997, 1_000] {
            let world = Company { customers, ..Company::default() }.world().expect("legal settings");
            let keys: BTreeSet<u64> = (0..customers).map(|number| world.key(number).0).collect();
            assert_eq!(keys, (1..=customers).collect());
        }
    }

    #[test]
    fn the_default_company_asks_in_seven_quarters() {
        let world = Company::default().world().expect("legal settings");
        let names: Vec<String> = world.waves.iter().map(ToString::to_string).collect();
        assert_eq!(names, ["2025Q1", "2025Q2", "2025Q3", "2025Q4", "2026Q1", "2026Q2", "2026Q3"]);
    }

    #[test]
    fn variance_of_two_weights_by_hand() {
        // q1 and q2 have variance 1 and correlation 1/4: 3^2 + 4^2 + 2 * 3 * 4 / 4 = 31; the halo adds 1 and twice
        // its covariance, 2 * (3 + 4) * sqrt(1/4) = 7.
        let weights = [3.0, 4.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        assert!((quality_variance(0.25, &weights, 0.0) - 31.0).abs() < 1e-12);
        assert!((quality_variance(0.25, &weights, 1.0) - 39.0).abs() < 1e-12);
    }
}
