//! A small random company whose events crowd around the answers and the ends of their windows, and its typed tables.

use super::{AS_OF, DAY, instants, numbers, table, texts};
use crate::link::TypedTables;
use crate::stats::random::{Stream, stream};
use datafusion::arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray};
use rand::Rng;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

pub const MINUTE: i64 = 60_000_000;
const KINDS: [&str; 4] = ["log-in", "call", "chat", "it's"];
const CHANNELS: [&str; 3] = ["app", "shop", "web"];
const FAMILIES: [&str; 9] = ["home", "garden", "o'clock", "roof", "attic", "fence", "door", "bath", "stove"];

#[derive(Debug, Clone)]
pub struct Answer {
    pub customer: usize,
    pub t: i64,
    pub recommend: Option<f64>,
}

#[derive(Debug, Clone)]
pub struct Purchase {
    pub customer: usize,
    pub t: i64,
    pub amount: f64,
    pub product: Option<String>,
    pub family: Option<String>,
    pub channel: Option<String>,
    pub returned: f64,
    pub returned_t: Option<i64>,
    pub order: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Activity {
    pub customer: usize,
    pub t: i64,
    pub kind: String,
    pub channel: Option<String>,
    pub topic: Option<String>,
    pub rating: Option<f64>,
}

#[derive(Debug, Clone)]
pub struct Referral {
    pub referrer: usize,
    pub referred: usize,
    pub t: i64,
}

#[derive(Debug, Clone)]
pub struct Profile {
    pub customer: usize,
    pub joined_t: Option<i64>,
    pub churned_t: Option<i64>,
    pub valid_from: Option<i64>,
    pub valid_to: Option<i64>,
    pub tier: String,
    pub size: f64,
}

#[derive(Debug, Clone)]
pub struct Occasion {
    pub customer: usize,
    pub t: i64,
    pub kind: String,
    pub known_t: Option<i64>,
}

/// When the lines of one order are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineTimes {
    Same,
    /// One line in three stays where it was, up to weeks away.
    Mixed,
}

#[derive(Debug, Clone)]
pub struct Company {
    pub answers: Vec<Answer>,
    pub purchases: Vec<Purchase>,
    pub activity: Vec<Activity>,
    pub referrals: Vec<Referral>,
    pub profiles: Vec<Profile>,
    pub junctures: Vec<Occasion>,
    pub exposures: Vec<Occasion>,
}

pub fn name(customer: usize) -> String {
    format!("c{customer:03}")
}

/// An instant on a day's grid, or a microsecond or some minutes beside it, so that events stand at answers, at ends of
/// windows and just beside both.
fn instant(random: &mut Stream, days: std::ops::Range<i64>) -> i64 {
    let beside = [0, 0, 0, 1, -1, MINUTE, -MINUTE, 7 * MINUTE, -7 * MINUTE];
    random.random_range(days) * DAY + beside[random.random_range(0..beside.len())]
}

fn maybe<T>(random: &mut Stream, value: T) -> Option<T> {
    (random.random_range(0..5) > 0).then_some(value)
}

fn of(random: &mut Stream, values: &[&str]) -> String {
    values[random.random_range(0..values.len())].to_owned()
}

impl Company {
    /// Few customers with many events within 60 days, so that every case comes up, and a few events before that.
    pub fn random(seed: u64, n_customers: usize) -> Self {
        let mut stream = stream(seed, "link company", 0);
        let random = &mut stream;
        let somebody = |random: &mut Stream| random.random_range(0..n_customers);
        let near = 960..1003;
        let answers = (0..3 * n_customers)
            .map(|_| Answer {
                customer: somebody(random),
                t: instant(random, 975..1000).min(AS_OF - 1),
                recommend: Some(f64::from(random.random_range(0..11_u8))).filter(|_| random.random_range(0..6) > 0),
            })
            .collect();
        let purchases = (0..25 * n_customers)
            .map(|_| {
                let t = if random.random_range(0..5) == 0 {
                    instant(random, 900..960)
                } else {
                    instant(random, near.clone())
                };
                let product =
                    of(random, &["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p"]);
                // Some are rare, so that a first purchase of one may come late.
                let rare = |random: &mut Stream| random.random_range(0..9_usize) * random.random_range(0..10_usize) / 9;
                let family = FAMILIES[rare(random)].to_owned();
                let channel = format!("way {}", rare(random));
                let back = t + random.random_range(0..15) * DAY;
                Purchase {
                    customer: somebody(random),
                    t,
                    amount: f64::from(random.random_range(-200..977_i32)) / 7.0,
                    product: maybe(random, product),
                    family: maybe(random, family),
                    channel: maybe(random, channel),
                    returned: f64::from(u8::from(random.random_range(0..4) == 0)),
                    returned_t: Some(back).filter(|_| random.random_range(0..4) == 0),
                    order: None,
                }
            })
            .collect();
        let activity = (0..20 * n_customers)
            .map(|_| {
                let (kind, channel) = (of(random, &KINDS), of(random, &CHANNELS));
                let (topic, rating) = (of(random, &["bill", "fault"]), f64::from(random.random_range(1..6_u8)));
                Activity {
                    customer: somebody(random),
                    t: instant(random, near.clone()),
                    kind,
                    channel: maybe(random, channel),
                    topic: maybe(random, topic),
                    rating: maybe(random, rating),
                }
            })
            .collect();
        let referrals = (0..3 * n_customers)
            .map(|_| Referral {
                referrer: somebody(random),
                referred: somebody(random),
                t: instant(random, near.clone()),
            })
            .collect();
        let mut profiles = Vec::new();
        // The last customer has no profile, and some have gaps and overlaps between their intervals.
        for customer in 0..n_customers - 1 {
            let mut from = maybe(random, instant(&mut random.clone(), 960..985));
            let joined_t = maybe(random, instant(&mut random.clone(), 900..1000));
            for interval in 0..random.random_range(1..4) {
                let start = from.unwrap_or(950 * DAY);
                let end = start + random.random_range(1..20) * DAY;
                let churned_t = instant(random, 980..1000);
                profiles.push(Profile {
                    customer,
                    joined_t,
                    churned_t: Some(churned_t).filter(|_| random.random_range(0..4) == 0),
                    valid_from: from,
                    valid_to: maybe(random, end),
                    tier: of(random, &["gold", "silver", "tin"]),
                    size: f64::from(interval),
                });
                from = Some(end + random.random_range(-2..3) * DAY).filter(|&next| next > start);
                if from.is_none() {
                    break;
                }
            }
        }
        let occasions = |random: &mut Stream, kinds: &[&str], days: std::ops::Range<i64>| -> Vec<Occasion> {
            (0..6 * n_customers)
                .map(|_| {
                    let t = instant(random, days.clone());
                    let known = t - random.random_range(0..10) * DAY;
                    Occasion { customer: somebody(random), t, kind: of(random, kinds), known_t: maybe(random, known) }
                })
                .collect()
        };
        let junctures = occasions(random, &["renewal", "visit", "move"], 960..1040);
        let exposures = occasions(random, &["spring", "so'long"], near.clone());
        Self { answers, purchases, activity, referrals, profiles, junctures, exposures }
    }

    /// The company with its purchases as lines of orders. One in five names no order; lines of one order mostly have one time, and some
    /// names of orders stand beside two customers.
    pub fn in_orders(mut self, seed: u64, times: LineTimes) -> Self {
        let mut stream = stream(seed, "link orders", 0);
        let random = &mut stream;
        let mut last: HashMap<usize, (String, i64)> = HashMap::new();
        for (number, purchase) in self.purchases.iter_mut().enumerate() {
            let (is_alone, goes_on) = (random.random_range(0..5) == 0, random.random_range(0..2) == 0);
            if is_alone {
                continue;
            }
            let begun = last.get(&purchase.customer).filter(|_| goes_on).cloned();
            // Where times are mixed, two orders after each other share a name, of one customer or of two.
            let shared = if times == LineTimes::Mixed { number / 2 } else { number };
            let (order, t) = begun.unwrap_or_else(|| (format!("o{shared}"), purchase.t));
            if times == LineTimes::Same || random.random_range(0..3) > 0 {
                // What came back did so as long after.
                purchase.returned_t = purchase.returned_t.map(|back| back + t - purchase.t);
                purchase.t = t;
            }
            last.insert(purchase.customer, (order.clone(), t));
            purchase.order = Some(order);
        }
        self
    }

    /// The typed tables of the company.
    pub fn write(&self, root: &Path) -> TypedTables {
        let feedback = table(
            root,
            "feedback",
            vec![
                ("row", instants(&(0..self.answers.len() as i64).collect::<Vec<_>>())),
                ("customer", names(&self.answers, |row| row.customer)),
                ("t", times(&self.answers, |row| row.t)),
                ("recommend", reals(&self.answers, |row| row.recommend)),
                ("delivery", numbers(&vec![5.0; self.answers.len()])),
            ],
        );
        let transactions = table(
            root,
            "transactions",
            vec![
                ("customer", names(&self.purchases, |row| row.customer)),
                ("t", times(&self.purchases, |row| row.t)),
                ("amount", reals(&self.purchases, |row| Some(row.amount).filter(|amount| !amount.is_nan()))),
                ("product", words(&self.purchases, |row| row.product.clone())),
                ("family", words(&self.purchases, |row| row.family.clone())),
                ("channel", words(&self.purchases, |row| row.channel.clone())),
                ("returned", reals(&self.purchases, |row| Some(row.returned))),
                ("returned_t", gaps(&self.purchases, |row| row.returned_t)),
                ("order_id", words(&self.purchases, |row| row.order.clone())),
            ],
        );
        let referrals = table(
            root,
            "referrals",
            vec![
                ("referrer", names(&self.referrals, |row| row.referrer)),
                ("referred", names(&self.referrals, |row| row.referred)),
                ("t", times(&self.referrals, |row| row.t)),
                ("probability", numbers(&vec![0.1; self.referrals.len()])),
                ("channel", texts(&vec!["app"; self.referrals.len()])),
            ],
        );
        let customers = table(
            root,
            "customers",
            vec![
                ("customer", names(&self.profiles, |row| row.customer)),
                ("joined_t", gaps(&self.profiles, |row| row.joined_t)),
                ("churned_t", gaps(&self.profiles, |row| row.churned_t)),
                ("valid_from", gaps(&self.profiles, |row| row.valid_from)),
                ("valid_to", gaps(&self.profiles, |row| row.valid_to)),
                ("tier", words(&self.profiles, |row| Some(row.tier.clone()))),
                ("size", reals(&self.profiles, |row| Some(row.size))),
            ],
        );
        let activity = table(
            root,
            "activity",
            vec![
                ("customer", names(&self.activity, |row| row.customer)),
                ("t", times(&self.activity, |row| row.t)),
                ("kind", words(&self.activity, |row| Some(row.kind.clone()))),
                ("channel", words(&self.activity, |row| row.channel.clone())),
                ("topic", words(&self.activity, |row| row.topic.clone())),
                ("rating", reals(&self.activity, |row| row.rating)),
            ],
        );
        let occasions = |folder: &str, kind: &str, rows: &[Occasion]| {
            let columns = vec![
                ("customer", names(rows, |row| row.customer)),
                ("t", times(rows, |row| row.t)),
                (kind, words(rows, |row| Some(row.kind.clone()))),
                ("known_t", gaps(rows, |row| row.known_t)),
            ];
            table(root, folder, columns)
        };
        TypedTables {
            feedback: Some(feedback),
            transactions: Some(transactions),
            referrals: Some(referrals),
            customers: Some(customers),
            activity: Some(activity),
            invitations: None,
            junctures: Some(occasions("junctures", "kind", &self.junctures)),
            exposures: Some(occasions("exposures", "campaign", &self.exposures)),
        }
    }
}

fn names<T>(rows: &[T], customer: impl Fn(&T) -> usize) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(rows.iter().map(|row| name(customer(row)))))
}

fn times<T>(rows: &[T], t: impl Fn(&T) -> i64) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(rows.iter().map(t)))
}

fn gaps<T>(rows: &[T], t: impl Fn(&T) -> Option<i64>) -> ArrayRef {
    Arc::new(Int64Array::from_iter(rows.iter().map(t)))
}

fn reals<T>(rows: &[T], value: impl Fn(&T) -> Option<f64>) -> ArrayRef {
    Arc::new(Float64Array::from_iter(rows.iter().map(value)))
}

fn words<T>(rows: &[T], value: impl Fn(&T) -> Option<String>) -> ArrayRef {
    Arc::new(StringArray::from_iter(rows.iter().map(value)))
}
