//! Who is asked, what they would answer, and who does.

use super::calendar::{DAY_SECONDS, Instant, Quarter};
use super::model::{N_TOUCHPOINTS, PerTouchpoint};
use super::person::{Person, logistic, normal};
use super::purchases::Purchases;
use super::records::{Channel, CustomerKey, Invitation, Response, Score, pick};
use super::world::World;
use crate::stats::random::Stream;
use rand::Rng;
use rand_distr::{Distribution, Exp1};

/// Invitations of a quarter go out over its first days.
const INVITING_SECONDS: i64 = 56 * DAY_SECONDS;
/// An answer comes within this long, so that a wave ends before the next begins.
const ANSWERING_SECONDS: i64 = 21 * DAY_SECONDS;
/// Nobody is asked within this long of joining.
const SETTLING_SECONDS: i64 = 14 * DAY_SECONDS;

/// One customer asked once.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    /// Index into the world's waves.
    pub wave: usize,
    pub invitation: Invitation,
    /// What the customer would answer, given or not.
    pub would_answer: u8,
    pub response: Option<Response>,
}

/// Every time the customer is asked, in order of time.
pub(super) fn ask(
    world: &World,
    person: &Person,
    purchases: &Purchases,
    customer: CustomerKey,
    random: &mut Stream,
) -> Vec<Asked> {
    if person.opted_out {
        return Vec::new();
    }
    let response = &world.model().response;
    let active = i64::from(response.active_days) * DAY_SECONDS;
    let mut asked = Vec::new();
    for (wave, &quarter) in world.waves.iter().enumerate() {
        let invited_at = quarter.start().plus(random.random_range(0..INVITING_SECONDS));
        let eligible = person.joined_at.plus(SETTLING_SECONDS) <= invited_at
            && invited_at < world.as_of
            && purchases.any_within(invited_at.plus(-active), invited_at);
        if eligible && random.random_bool(response.invited_share) {
            let invitation = Invitation { customer, invited_at, channel: pick(&Channel::OF_SURVEYS, random) };
            let occasion = Occasion::draw(world, person, random);
            let answered = answer(world, &occasion, quarter, invitation, random);
            asked.push(Asked { wave, invitation, would_answer: occasion.recommend, response: answered });
        }
    }
    asked
}

/// What the customer would answer if asked out of turn.
pub(super) fn would_answer(world: &World, person: &Person, random: &mut Stream) -> u8 {
    Occasion::draw(world, person, random).recommend
}

fn answer(
    world: &World,
    occasion: &Occasion,
    wave: Quarter,
    invitation: Invitation,
    random: &mut Stream,
) -> Option<Response> {
    let model = world.model();
    let (willing, a) = (&model.response, occasion.advocacy);
    let answers = random.random_bool(logistic(willing.intercept + willing.advocacy * a + willing.extremity * a * a));
    let delay: f64 = Exp1.sample(random);
    let delay_seconds = (delay * willing.delay_days * DAY_SECONDS as f64).min(ANSWERING_SECONDS as f64);
    let responded_at: Instant = invitation.invited_at.after(delay_seconds);
    let scores = occasion.scores(world, random);
    let blank = random.random_bool(model.recommend.blank_share);
    (answers && responded_at < world.as_of).then_some(Response {
        number: 0,
        customer: invitation.customer,
        responded_at,
        recommend: (!blank).then_some(occasion.recommend),
        scores,
        channel: invitation.channel,
        wave,
        defect: None,
    })
}

/// What a customer lives and thinks at one moment.
#[derive(Debug, Clone)]
struct Occasion {
    /// `x`: `None` where the touchpoint did not apply.
    experience: [Option<f64>; N_TOUCHPOINTS],
    /// Standardised.
    advocacy: f64,
    recommend: u8,
}

impl Occasion {
    fn draw(world: &World, person: &Person, random: &mut Stream) -> Self {
        let model = world.model();
        let (experience_model, recommend_model) = (&model.experience, &model.recommend);
        let experience: [Option<f64>; N_TOUCHPOINTS] = std::array::from_fn(|touchpoint| {
            let applies = !random.random_bool(experience_model.not_applicable[touchpoint]);
            let lived = person.quality[touchpoint] + experience_model.deviation * normal(random);
            applies.then_some(lived)
        });
        let lived: PerTouchpoint = experience.map(Option::unwrap_or_default);
        let raw = super::person::dot(&recommend_model.weights, &lived)
            + person.attitude
            + recommend_model.occasion_noise * normal(random);
        let advocacy = raw / world.occasion_advocacy_sd;
        let shift = world.segment(person.segment).recommend_shift;
        let recommend = tick(recommend_model.mean + shift + recommend_model.spread * advocacy);
        Self { experience, advocacy, recommend }
    }

    fn scores(&self, world: &World, random: &mut Stream) -> [Score; N_TOUCHPOINTS] {
        let model = &world.model().experience;
        let score = |lived: f64| tick(model.score_mean + model.score_spread * lived);
        let lived: Vec<f64> = self.experience.iter().flatten().copied().collect();
        if random.random_bool(model.straight_lining_share) && !lived.is_empty() {
            let everywhere = score(lived.iter().sum::<f64>() / lived.len() as f64);
            return [Score::Given(everywhere); N_TOUCHPOINTS];
        }
        self.experience.map(|lived| {
            let blank = random.random_bool(model.blank_share);
            match lived {
                None => Score::NotApplicable,
                Some(_) if blank => Score::Blank,
                Some(lived) => Score::Given(score(lived)),
            }
        })
    }
}

/// The mark on the 0-10 scale nearest to a value.
fn tick(value: f64) -> u8 {
    value.round().clamp(0.0, 10.0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_stay_on_the_scale() {
        let marks = [-3.0, -0.4, 0.5, 6.49, 8.5, 10.4, 99.0].map(tick);
        assert_eq!(marks, [0, 0, 1, 6, 9, 10, 10]);
    }
}
