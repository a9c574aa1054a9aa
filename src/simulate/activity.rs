//! Log-ins and support contacts.

use super::calendar::{DAY_SECONDS, Instant, YEAR_SECONDS};
use super::person::Person;
use super::purchases::Purchases;
use super::records::{Activity, ActivityKind, Channel, CustomerKey, pick};
use super::world::World;
use crate::stats::random::Stream;
use rand_distr::{Distribution, Exp1};

/// Events a year beyond which nobody goes: twenty a day.
const RATE_PER_YEAR_MAX: f64 = 7_300.0;
/// Position of delivery among the touchpoints.
const DELIVERY: usize = 0;

/// What the customer did during the history, in order of time: from joining until some days after leaving.
pub(super) fn draw(
    world: &World,
    person: &Person,
    purchases: &Purchases,
    customer: CustomerKey,
    random: &mut Stream,
) -> Vec<Activity> {
    let model = &world.model().activity;
    let lingering = i64::from(model.lingering_days) * DAY_SECONDS;
    let from = person.joined_at.max(world.history_from);
    let to = purchases.left_at.map_or(world.as_of, |left_at| left_at.plus(lingering).min(world.as_of));
    let contact = (model.contact_delivery_effect * person.quality[DELIVERY]).exp();
    let logins = poisson_process(model.logins_per_year * person.engagement, from, to, random);
    let contacts = poisson_process(model.contacts_per_year * contact, from, to, random);
    let mut activity: Vec<Activity> = Vec::with_capacity(logins.len() + contacts.len());
    for at in logins {
        let channel = pick(&Channel::OF_LOGINS, random);
        activity.push(Activity { customer, at, kind: ActivityKind::Login, channel });
    }
    for at in contacts {
        let channel = pick(&Channel::OF_CONTACTS, random);
        activity.push(Activity { customer, at, kind: ActivityKind::SupportContact, channel });
    }
    activity.sort_by_key(|activity| activity.at);
    activity
}

fn poisson_process(rate_per_year: f64, from: Instant, to: Instant, random: &mut Stream) -> Vec<Instant> {
    let rate_per_year = rate_per_year.min(RATE_PER_YEAR_MAX);
    let mut instants = Vec::new();
    if rate_per_year <= 0.0 {
        return instants;
    }
    let mut at = from;
    loop {
        let gap: f64 = Exp1.sample(random);
        at = at.after(gap / rate_per_year * YEAR_SECONDS as f64);
        if at >= to {
            return instants;
        }
        instants.push(at);
    }
}
