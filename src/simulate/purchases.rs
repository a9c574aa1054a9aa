//! Buying till you die: the instants of a customer's purchases, when the customer leaves, and the orders' amounts.

use super::calendar::{Instant, YEAR_SECONDS};
use super::person::{Person, dot, logistic, normal};
use super::records::{Channel, CustomerKey, Order, ProductFamily, pick};
use super::world::World;
use crate::stats::random::Stream;
use rand::Rng;
use rand_distr::{Distribution, Exp1};

/// Seconds from joining to the first order.
const FIRST_ORDER_SECONDS: i64 = 300;

/// Purchases a year beyond which nobody goes: twenty a day.
const RATE_PER_YEAR_MAX: f64 = 7_300.0;

/// How a customer buys.
#[derive(Debug, Clone, Copy)]
pub(super) struct Habit {
    /// Purchases a year while alive.
    rate_per_year: f64,
    /// Chance to leave after a repeat purchase.
    dropout: f64,
}

impl Habit {
    pub fn draw(world: &World, person: &Person, random: &mut Stream) -> Self {
        let purchase = &world.model().purchase;
        let experience = (dot(&purchase.rate_effects, &person.quality) - world.rate_centre).exp();
        let mean = purchase.rate_per_year * world.segment(person.segment).rate_factor;
        let rate_per_year = (mean * world.rate.sample(random) * experience).clamp(1e-9, RATE_PER_YEAR_MAX);
        let own: f64 = world.dropout.sample(random);
        let shift = dot(&purchase.dropout_effects, &person.quality);
        // A draw of exactly 0 or 1 has infinite log-odds, which the shift does not move: the draw stands.
        Self { rate_per_year, dropout: logistic(own.ln() - (-own).ln_1p() + shift) }
    }
}

/// A customer's purchases from joining to `as_of`, those before the history included.
#[derive(Debug, Clone)]
pub(super) struct Purchases {
    /// Ascending; the first belongs to joining and no chance to leave follows it.
    pub at: Vec<Instant>,
    /// The last purchase, if the customer left with it.
    pub left_at: Option<Instant>,
}

impl Purchases {
    pub fn draw(world: &World, person: &Person, habit: Habit, random: &mut Stream) -> Self {
        let mut at = person.joined_at.plus(FIRST_ORDER_SECONDS);
        let mut purchases = Self { at: vec![at], left_at: None };
        loop {
            let gap: f64 = Exp1.sample(random);
            at = at.after(gap / habit.rate_per_year * YEAR_SECONDS as f64);
            if at >= world.as_of {
                return purchases;
            }
            purchases.at.push(at);
            if random.random_bool(habit.dropout) {
                purchases.left_at = Some(at);
                return purchases;
            }
        }
    }

    /// Whether there was a purchase in `[from, to)`.
    pub fn any_within(&self, from: Instant, to: Instant) -> bool {
        let before = |limit: Instant| self.at.partition_point(|&at| at < limit);
        before(from) < before(to)
    }

    /// The orders that fall into the history.
    pub fn orders(&self, world: &World, person: &Person, customer: CustomerKey, random: &mut Stream) -> Vec<Order> {
        let purchase = &world.model().purchase;
        let (between, within) = (purchase.amount_customer_spread, purchase.amount_order_spread);
        let mean = world.segment(person.segment).amount_mean_eur;
        let log_level = mean.ln() - 0.5 * (between * between + within * within) + between * normal(random);
        let first = self.at.partition_point(|&at| at < world.history_from);
        let order = |&ordered_at: &Instant| {
            let amount_eur = (log_level + within * normal(random)).exp();
            Order {
                number: 0,
                customer,
                ordered_at,
                amount_cents: ((amount_eur * 100.0).round() as u64).clamp(1, 99_999_999_999),
                product_family: pick(&ProductFamily::SHARES, random),
                channel: pick(&Channel::OF_ORDERS, random),
                defect: None,
            }
        };
        self.at[first..].iter().map(order).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::calendar::DAY_SECONDS;
    use crate::simulate::company::Company;
    use crate::simulate::model::N_TOUCHPOINTS;

    struct Life {
        habit: Habit,
        purchases: Purchases,
    }

    impl Life {
        fn n_repeats(&self) -> usize {
            self.purchases.at.len() - 1
        }
    }

    /// The lives of `n` customers who all joined `years` before `as_of`.
    fn lives(company: &Company, n: u64, years: i64) -> Vec<Life> {
        let world = company.world().expect("legal settings");
        let joined_at = world.as_of.plus(-years * YEAR_SECONDS - FIRST_ORDER_SECONDS);
        let live = |index| {
            let random = &mut world.stream("test", index);
            let person = Person::draw(&world, joined_at, random);
            let habit = Habit::draw(&world, &person, random);
            Life { habit, purchases: Purchases::draw(&world, &person, habit, random) }
        };
        (0..n).map(live).collect()
    }

    #[test]
    fn repeat_purchases_match_the_closed_form_given_rate_and_dropout() {
        // Fader, Hardie and Lee (2005), equation 7: E[X(t)] = (1 - exp(-rate dropout t)) / dropout.
        let lives = lives(&Company::default(), 100_000, 2);
        let surplus = |life: &Life| {
            let expected = -(-life.habit.rate_per_year * life.habit.dropout * 2.0).exp_m1() / life.habit.dropout;
            life.n_repeats() as f64 - expected
        };
        let total: f64 = lives.iter().map(surplus).sum();
        let std_error = lives.iter().map(|life| surplus(life).powi(2)).sum::<f64>().sqrt();
        let repeats: usize = lives.iter().map(|life| life.n_repeats()).sum();
        assert!((total / std_error).abs() < 3.0, "{total} purchases too many, standard error {std_error}");
        assert!(std_error < 0.01 * repeats as f64, "the test tells a difference of 3 %");
    }

    #[test]
    fn without_effects_purchases_are_plain_bg_nbd() {
        // tests/oracles/simulate_bgnbd.py: E[X(t)] of Fader, Hardie and Lee (2005), equation 10, and E[p].
        let mut company = Company::default();
        company.model.purchase.rate_effects = [0.0; N_TOUCHPOINTS];
        company.model.purchase.dropout_effects = [0.0; N_TOUCHPOINTS];
        let segments = &mut company.model.segments;
        for segment in [&mut segments.consumer, &mut segments.small_business, &mut segments.enterprise] {
            segment.rate_factor = 1.0;
        }
        for (years, expected) in [(1, EXPECTED_AFTER_1_YEAR), (3, EXPECTED_AFTER_3_YEARS)] {
            let lives = lives(&company, 60_000, years);
            let mean = lives.iter().map(|life| life.n_repeats()).sum::<usize>() as f64 / lives.len() as f64;
            assert!(
                (mean / expected - 1.0).abs() < 0.02,
                "{mean} repeat purchases in {years} years, expected {expected}"
            );
        }
        let lives = lives(&company, 60_000, 1);
        let dropout = lives.iter().map(|life| life.habit.dropout).sum::<f64>() / lives.len() as f64;
        assert!((dropout - 1.2 / 11.2).abs() < 0.002, "mean dropout {dropout}");
    }

    const EXPECTED_AFTER_1_YEAR: f64 = 3.344_177_98;
    const EXPECTED_AFTER_3_YEARS: f64 = 7.112_424_78;

    #[test]
    fn nobody_buys_after_leaving_and_leaving_is_as_likely_as_stated() {
        let lives = lives(&Company::default(), 20_000, 2);
        let (mut expected, mut left) = (0.0, 0.0);
        for life in &lives {
            assert!(life.purchases.at.is_sorted());
            if let Some(left_at) = life.purchases.left_at {
                assert_eq!(life.purchases.at.last(), Some(&left_at));
                left += 1.0;
            }
            // Every repeat purchase is one trial.
            expected += life.n_repeats() as f64 * life.habit.dropout;
        }
        let gap: f64 = left / expected - 1.0;
        assert!(gap.abs() < 0.03, "{left} left, expected {expected:.0}");
    }

    #[test]
    fn windows_are_half_open() {
        let at = |day: i64| Instant(day * DAY_SECONDS);
        let life = Purchases { at: vec![at(1), at(5)], left_at: None };
        assert!(life.any_within(at(5), at(6)) && !life.any_within(at(2), at(5)) && !life.any_within(at(6), at(9)));
    }
}
