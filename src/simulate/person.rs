//! What a customer is from the start: segment, network, lasting qualities, and the rates that follow from them.

use super::calendar::Instant;
use super::model::{N_TOUCHPOINTS, PerTouchpoint};
use super::records::{Region, Segment, pick};
use super::world::World;
use crate::stats::random::Stream;
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

/// A customer with everything that lasts.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub joined_at: Instant,
    pub segment: Segment,
    pub region: Region,
    pub network_size: u32,
    pub opted_out: bool,
    /// Multiplies log-ins; mean 1.
    pub engagement: f64,
    /// `q`: lasting quality of each touchpoint, standard normal.
    pub quality: PerTouchpoint,
    /// The part of advocacy that no touchpoint explains: halo and persistent noise.
    pub attitude: f64,
    /// Lasting advocacy, standardised.
    pub advocacy: f64,
    pub referrals_per_year: f64,
}

impl Person {
    pub fn draw(world: &World, joined_at: Instant, random: &mut Stream) -> Self {
        let model = world.model();
        let segments = &model.segments;
        let segment = pick(
            &[
                (Segment::Consumer, segments.consumer.share),
                (Segment::SmallBusiness, segments.small_business.share),
                (Segment::Enterprise, segments.enterprise.share),
            ],
            random,
        );
        let region = pick(&Region::SHARES, random);
        let opted_out = random.random_bool(model.response.opted_out_share);
        let engagement = world.engagement.sample(random);
        let network_size = draw_network(world, random);
        let halo = normal(random);
        let halo_share = model.experience.halo_share;
        let quality: PerTouchpoint =
            std::array::from_fn(|_| halo_share.sqrt() * halo + (1.0 - halo_share).sqrt() * normal(random));
        let attitude = model.recommend.halo * halo + model.recommend.persistent_noise * normal(random);
        let advocacy = (dot(&model.recommend.weights, &quality) + attitude) / world.lasting_advocacy_sd.max(1e-12);
        let referrals_per_year = referral_rate(world, advocacy, network_size);
        Self {
            joined_at,
            segment,
            region,
            network_size,
            opted_out,
            engagement,
            quality,
            attitude,
            advocacy,
            referrals_per_year,
        }
    }
}

/// A Pareto network size by inversion, cut off at the largest.
fn draw_network(world: &World, random: &mut Stream) -> u32 {
    let referral = &world.model().referral;
    let upper: f64 = 1.0 - random.random::<f64>();
    let size = referral.network_min * upper.powf(-1.0 / referral.network_tail);
    // At most a million, which the settings' check holds.
    size.min(referral.network_max) as u32
}

/// Referrals a year, at most one a day.
fn referral_rate(world: &World, advocacy: f64, network_size: u32) -> f64 {
    let referral = &world.model().referral;
    let pull = referral.advocacy * advocacy - 0.5 * referral.advocacy.powi(2);
    let network = f64::from(network_size) / referral.network_median();
    (referral.rate_per_year * pull.exp() * network.powf(referral.network_power)).min(365.0)
}

/// A standard normal draw.
pub(super) fn normal(random: &mut Stream) -> f64 {
    StandardNormal.sample(random)
}

pub(super) fn dot(weights: &PerTouchpoint, values: &PerTouchpoint) -> f64 {
    (0..N_TOUCHPOINTS).map(|touchpoint| weights[touchpoint] * values[touchpoint]).sum()
}

pub(super) fn logistic(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}
