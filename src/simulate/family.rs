//! The referral forest, grown one family at a time: a founder whom nobody referred, and all who came through them.

use super::calendar::{DAY_SECONDS, Instant, YEAR_SECONDS};
use super::person::Person;
use super::world::World;
use crate::stats::random::Stream;
use rand::Rng;
use rand_distr::{Distribution, Exp1};

/// Joining leaves at least this long for a first order before `as_of`.
pub(super) const LAST_JOIN_SECONDS: i64 = 3_600;

/// A member of a family.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub person: Person,
    pub referral: Option<Referred>,
}

/// Through whom a member came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Referred {
    /// Position of the referrer in the family, before this member's own.
    pub by: usize,
    pub at: Instant,
}

/// Grows the family of one founder, at most as many as the company has customers; the founder comes first and every
/// referrer before those referred.
///
/// A family is one random stream, so families can be grown in any order and forgotten one by one: the forest never
/// has to be held.
pub(super) fn grow(world: &World, founder: u64) -> Vec<Member> {
    let mut random = world.stream("family", founder);
    let joined_at = draw_founding(world, &mut random);
    let mut members = vec![Member { person: Person::draw(world, joined_at, &mut random), referral: None }];
    let mut next = 0;
    while next < members.len() {
        for referral in draw_referrals(world, &members[next].person, next, &mut random) {
            if members.len() as u64 >= world.company.customers {
                return members;
            }
            if let Some(joined_at) = draw_joining(world, referral.at, &mut random) {
                let person = Person::draw(world, joined_at, &mut random);
                members.push(Member { person, referral: Some(referral) });
            }
        }
        next += 1;
    }
    members
}

fn draw_founding(world: &World, random: &mut Stream) -> Instant {
    let history = (world.as_of.since(world.history_from) - LAST_JOIN_SECONDS).max(1);
    let earlier = i64::from(world.company.earlier_days) * DAY_SECONDS;
    if earlier == 0 || random.random_bool(world.company.new_share) {
        world.history_from.plus(random.random_range(0..history))
    } else {
        world.history_from.plus(-1 - random.random_range(0..earlier))
    }
}

/// A Poisson process from joining, or from the start of the history, to `as_of`.
fn draw_referrals(world: &World, person: &Person, position: usize, random: &mut Stream) -> Vec<Referred> {
    let mut referrals = Vec::new();
    if person.referrals_per_year <= 0.0 {
        return referrals;
    }
    let mut at = person.joined_at.max(world.history_from);
    loop {
        let gap_years: f64 = Exp1.sample(random);
        at = at.after(gap_years / person.referrals_per_year * YEAR_SECONDS as f64);
        if at >= world.as_of {
            return referrals;
        }
        referrals.push(Referred { by: position, at });
    }
}

/// When the referred customer joins; `None` if that is not before `as_of`.
fn draw_joining(world: &World, referred_at: Instant, random: &mut Stream) -> Option<Instant> {
    let delay: f64 = Exp1.sample(random);
    let joined_at = referred_at.after(delay * world.model().referral.delay_days * DAY_SECONDS as f64);
    (joined_at < world.as_of.plus(-LAST_JOIN_SECONDS)).then_some(joined_at)
}
