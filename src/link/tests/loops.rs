//! The widest plan by plain loops over a company's events, written from what the columns mean and not from the SQL.

use super::company::{Activity, Company, Occasion, Purchase};
use super::{AS_OF, DAY};
use crate::link::{
    Advance, Comparison, Condition, Contacts, Distinct, HistoryDetails, Juncture, LifecycleRule, LinkPlan,
    OutcomeWindow, ProfileColumn, Returns, Same, TypedTables, Validity,
};
use std::collections::{BTreeMap, BTreeSet};

pub const WINDOWS: [u32; 2] = [7, 20];
pub const AFTER: u32 = 10;
const REPEAT: i64 = 5 * DAY;

/// Every detail and every outcome there is.
pub fn widest(tables: TypedTables, returns: Returns, same: Same, validity: Validity) -> LinkPlan {
    let rule = |stage: &str, conditions: &[(&str, Comparison, f64)]| LifecycleRule {
        stage: stage.to_owned(),
        all: conditions
            .iter()
            .map(|&(column, comparison, value)| Condition { column: column.to_owned(), comparison, value })
            .collect(),
    };
    let days = AFTER;
    LinkPlan {
        touchpoints: vec!["delivery".to_owned()],
        profile: vec![
            ProfileColumn { name: "tier".to_owned(), numeric: false, constant: false },
            ProfileColumn { name: "size".to_owned(), numeric: true, constant: false },
        ],
        history_windows_days: WINDOWS.to_vec(),
        details: HistoryDetails {
            returns,
            distinct: vec![Distinct::Products, Distinct::Families, Distinct::Channels],
            purchase_gaps: true,
            spend_trend: true,
            activity_kinds: vec!["log-in".to_owned(), "it's".to_owned()],
            contacts: Some(Contacts {
                kinds: vec!["call".to_owned(), "chat".to_owned(), "it's".to_owned()],
                repeat_within_days: 5,
                same,
                rated: true,
            }),
            answer_levels: true,
            validity,
            junctures: vec![
                Juncture { kind: "renewal".to_owned(), advance: Advance::Known },
                Juncture { kind: "visit".to_owned(), advance: Advance::Unknown },
                Juncture { kind: "move".to_owned(), advance: Advance::KnownFrom },
            ],
            campaigns: vec!["so'long".to_owned()],
            lifecycle: vec![
                rule("new", &[("tenure_days", Comparison::Below, 20.0)]),
                rule("asleep", &[("recency_days", Comparison::Above, 3.0), ("contacts_7d", Comparison::Equal, 0.0)]),
                rule("busy", &[("frequency_7d", Comparison::AtLeast, 5.0)]),
                rule("quiet", &[("activity_20d", Comparison::AtMost, 6.0)]),
                rule("other", &[]),
            ],
        },
        windows: vec![
            OutcomeWindow::Purchases { days },
            OutcomeWindow::Purchases { days: 3 },
            OutcomeWindow::Referrals { days },
            OutcomeWindow::FamilyPurchases { family: "o'clock".to_owned(), days },
            OutcomeWindow::NewFamilies { days },
            OutcomeWindow::Upsell { days },
            OutcomeWindow::ConvertedReferrals { days },
            OutcomeWindow::Lapse { days: 2 },
            OutcomeWindow::Churn { days },
            OutcomeWindow::Repurchase,
        ],
        ..LinkPlan::over(tables, AS_OF)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Number(f64),
    Text(Option<String>),
}

type Row = BTreeMap<String, Value>;

fn put(row: &mut Row, name: impl Into<String>, value: f64) {
    assert!(row.insert(name.into(), Value::Number(value)).is_none(), "every column once");
}

fn number(row: &Row, name: &str) -> f64 {
    match row[name] {
        Value::Number(value) => value,
        Value::Text(_) => panic!("{name} is a text"),
    }
}

fn or_gap(value: Option<f64>) -> f64 {
    value.unwrap_or(f64::NAN)
}

fn days_between(from: i64, to: i64) -> f64 {
    (to - from) as f64 / DAY as f64
}

fn cents(amount: f64) -> f64 {
    (amount * 10_000.0).round() / 10_000.0
}

/// Everything of one answer but its own columns.
pub fn row_of(company: &Company, plan: &LinkPlan, answer: usize) -> Row {
    let (customer, t) = (company.answers[answer].customer, company.answers[answer].t);
    let mut row = Row::new();
    profile(company, plan, customer, t, &mut row);
    purchases(company, plan, customer, t, &mut row);
    activity(company, customer, t, &mut row);
    contacts(company, plan, customer, t, &mut row);
    answers(company, customer, t, &mut row);
    referrals(company, plan, customer, t, &mut row);
    occasions(company, customer, t, &mut row);
    let stage = if number(&row, "tenure_days") < 20.0 {
        "new"
    } else if number(&row, "recency_days") > 3.0 && number(&row, "contacts_7d") == 0.0 {
        "asleep"
    } else if number(&row, "frequency_7d") >= 5.0 {
        "busy"
    } else if number(&row, "activity_20d") <= 6.0 {
        "quiet"
    } else {
        "other"
    };
    row.insert("lifecycle_stage".to_owned(), Value::Text(Some(stage.to_owned())));
    row
}

fn profile(company: &Company, plan: &LinkPlan, customer: usize, t: i64, row: &mut Row) {
    let own = || company.profiles.iter().filter(move |profile| profile.customer == customer);
    let (from, to) = (|v: Option<i64>| v.unwrap_or(i64::MIN), |v: Option<i64>| v.unwrap_or(i64::MAX));
    let (found, holds) = match plan.details.validity {
        Validity::Undated => (own().collect::<Vec<_>>(), true),
        Validity::Intervals => {
            let begun = own().map(|profile| from(profile.valid_from)).filter(|&start| start < t).max();
            let found: Vec<_> = own().filter(|profile| Some(from(profile.valid_from)) == begun).collect();
            let holds = found.iter().any(|profile| to(profile.valid_to) >= t);
            (found, holds)
        }
    };
    put(row, "known", f64::from(u8::from(!found.is_empty())));
    let tier = found.iter().map(|profile| profile.tier.clone()).min().filter(|_| holds);
    row.insert("tier".to_owned(), Value::Text(tier));
    let size = found.iter().map(|profile| profile.size).min_by(f64::total_cmp).filter(|_| holds);
    put(row, "size", or_gap(size));
    let joined = found.iter().filter_map(|profile| profile.joined_t).min().filter(|&joined| joined < t);
    let first = begun(company, plan, customer, |_| true).into_iter().filter(|&at| at < t).min();
    put(row, "tenure_days", or_gap(joined.or(first).map(|since| days_between(since, t))));
    let churned = own().filter_map(|profile| profile.churned_t).filter(|&churned| churned < AS_OF).min();
    let churn = match churned {
        Some(churned) if churned <= t => f64::NAN,
        Some(churned) if churned <= t + i64::from(AFTER) * DAY => 1.0,
        _ => 0.0,
    };
    put(row, format!("next_churn_{AFTER}d"), churn);
}

/// Purchases that the study sees, with their instants.
fn bought(company: &Company, returns: Returns, customer: usize) -> impl Iterator<Item = (i64, &Purchase)> {
    company
        .purchases
        .iter()
        .filter(move |purchase| purchase.customer == customer && purchase.t < AS_OF)
        .filter(move |purchase| match returns {
            Returns::Unmarked | Returns::Dated => true,
            Returns::NegativeAmounts => purchase.amount >= 0.0,
            Returns::Flagged => purchase.returned < 0.5,
        })
        .map(|purchase| (purchase.t, purchase))
}

/// The instants of a customer's purchases: of the rows, or of the earliest rows of orders, among those of which something holds.
fn begun(company: &Company, plan: &LinkPlan, customer: usize, holds: impl Fn(&Purchase) -> bool) -> Vec<i64> {
    let mut orders: BTreeMap<&String, i64> = BTreeMap::new();
    let mut instants = Vec::new();
    for (at, purchase) in bought(company, plan.details.returns, customer).filter(|(_, purchase)| holds(purchase)) {
        match &purchase.order {
            Some(order) if plan.orders => {
                let first = orders.entry(order).or_insert(at);
                *first = at.min(*first);
            }
            _ => instants.push(at),
        }
    }
    instants.extend(orders.into_values());
    instants
}

fn purchases(company: &Company, plan: &LinkPlan, customer: usize, t: i64, row: &mut Row) {
    let returns = plan.details.returns;
    let all = || bought(company, returns, customer);
    let spend = |from: i64, to: i64| -> f64 {
        all().filter(|(at, _)| *at >= from && *at < to).map(|(_, purchase)| cents(purchase.amount)).sum()
    };
    let starts = begun(company, plan, customer, |_| true);
    let count = |from: i64, to: i64| starts.iter().filter(|&&at| at >= from && at < to).count() as f64;
    let last = starts.iter().copied().filter(|&at| at < t).max();
    put(row, "recency_days", or_gap(last.map(|last| days_between(last, t))));
    put(row, "frequency", count(i64::MIN, t));
    let returned: Vec<(i64, f64)> = company
        .purchases
        .iter()
        .filter(|purchase| purchase.customer == customer && purchase.t < AS_OF)
        .filter_map(|purchase| match returns {
            Returns::Unmarked => None,
            Returns::NegativeAmounts => (purchase.amount < 0.0).then_some((purchase.t, -cents(purchase.amount))),
            Returns::Flagged => (purchase.returned > 0.5).then_some((purchase.t, cents(purchase.amount.abs()))),
            Returns::Dated => purchase.returned_t.map(|at| (at, cents(purchase.amount))),
        })
        .collect();
    if returns != Returns::Unmarked {
        put(row, "returns", returned.iter().filter(|(at, _)| *at < t).count() as f64);
    }
    type Thing = fn(&Purchase) -> Option<&String>;
    let things: [(&str, Thing); 3] = [
        ("distinct_products", |purchase| purchase.product.as_ref()),
        ("distinct_families", |purchase| purchase.family.as_ref()),
        ("distinct_purchase_channels", |purchase| purchase.channel.as_ref()),
    ];
    let distinct = |thing: Thing, from: i64, to: i64| -> BTreeSet<String> {
        all().filter(|(at, _)| *at >= from && *at < to).filter_map(|(_, purchase)| thing(purchase).cloned()).collect()
    };
    for (name, thing) in things {
        put(row, name, distinct(thing, i64::MIN, t).len() as f64);
    }
    for days in WINDOWS {
        let start = t - i64::from(days) * DAY;
        put(row, format!("frequency_{days}d"), count(start, t));
        put(row, format!("spend_{days}d"), spend(start, t));
        let (now, then) = (spend(start, t), spend(start - i64::from(days) * DAY, start));
        // Less than half a ten-thousandth is none: sums of cents are not exact here.
        let trend = if now + then > 5e-5 { (now - then) / (now + then) } else { 0.0 };
        put(row, format!("spend_trend_{days}d"), trend);
        if returns != Returns::Unmarked {
            let within = || returned.iter().filter(|(at, _)| *at < t && *at >= start);
            put(row, format!("returns_{days}d"), within().count() as f64);
            put(row, format!("returned_spend_{days}d"), within().map(|(_, money)| money).sum());
        }
        for (name, thing) in things {
            put(row, format!("{name}_{days}d"), distinct(thing, start, t).len() as f64);
        }
    }
    let instants: BTreeSet<i64> = starts.iter().copied().filter(|&at| at < t).collect();
    let instants: Vec<i64> = instants.into_iter().collect();
    let gaps: Vec<f64> =
        instants.windows(2).map(|pair| ((pair[1] - pair[0]) as f64 / 1e6).round() / 86_400.0).collect();
    let n = gaps.len() as f64;
    let mean = gaps.iter().sum::<f64>() / n;
    let sd = (gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    put(row, "purchase_gap_mean_days", if gaps.is_empty() { f64::NAN } else { mean });
    put(row, "purchase_gap_sd_days", if gaps.len() < 2 { f64::NAN } else { sd });
    put(row, "purchase_gap_cv", if gaps.len() < 2 || mean < 1e-9 { f64::NAN } else { sd / mean });

    let end = |days: u32| t + i64::from(days) * DAY + 1;
    for days in [AFTER, 3] {
        put(row, format!("next_purchases_{days}d"), count(t + 1, end(days)));
        put(row, format!("next_spend_{days}d"), spend(t + 1, end(days)));
    }
    let family: Thing = |purchase| purchase.family.as_ref();
    let of_clocks = begun(company, plan, customer, |purchase| purchase.family.as_deref() == Some("o'clock"));
    let clock = of_clocks.iter().filter(|&&at| at > t && at < end(AFTER)).count();
    put(row, format!("next_purchases_o'clock_{AFTER}d"), clock as f64);
    let (old, new) = (distinct(family, i64::MIN, t + 1), distinct(family, t + 1, end(AFTER)));
    put(row, format!("next_new_families_{AFTER}d"), new.difference(&old).count() as f64);
    let (n_before, n_after) = (count(i64::MIN, t), count(t + 1, end(AFTER)));
    let more = spend(t + 1, end(AFTER)) / n_after > spend(i64::MIN, t) / n_before + 1e-9;
    put(row, format!("next_upsell_{AFTER}d"), if n_before > 0.0 { f64::from(u8::from(more)) } else { f64::NAN });
    let active = company
        .activity
        .iter()
        .any(|event| event.customer == customer && event.t < AS_OF && event.t > t && event.t <= t + 2 * DAY);
    let lapse = count(t + 1, t + 2 * DAY + 1) == 0.0 && !active;
    put(row, "next_lapse_2d", f64::from(u8::from(lapse)));
    let next = starts.iter().copied().filter(|&at| at > t).min();
    put(row, "repurchase_days", days_between(t, next.unwrap_or(AS_OF)));
    put(row, "repurchase_event", f64::from(u8::from(next.is_some())));
}

fn activity(company: &Company, customer: usize, t: i64, row: &mut Row) {
    for days in WINDOWS {
        let within = || {
            company
                .activity
                .iter()
                .filter(move |event| event.customer == customer && event.t < t && event.t >= t - i64::from(days) * DAY)
        };
        put(row, format!("activity_{days}d"), within().count() as f64);
        for kind in ["log-in", "it's"] {
            put(row, format!("activity_{kind}_{days}d"), within().filter(|event| event.kind == kind).count() as f64);
        }
    }
}

/// A missing value stands after all others.
fn late<T: Clone>(value: &Option<T>) -> (bool, Option<T>) {
    (value.is_none(), value.clone())
}

fn contacts(company: &Company, plan: &LinkPlan, customer: usize, t: i64, row: &mut Row) {
    let asked = plan.details.contacts.as_ref().expect("the widest plan");
    let topic = |event: &Activity| late(&event.topic.clone().filter(|_| asked.same == Same::Topic));
    let rating = |event: &Activity| late(&event.rating.map(|rating| rating as i64));
    let mut own: Vec<&Activity> = company
        .activity
        .iter()
        .filter(|event| event.customer == customer && event.t < t && event.kind != "log-in")
        .collect();
    own.sort_by_key(|event| (event.t, event.kind.clone(), late(&event.channel), topic(event), rating(event)));
    let about = |event: &Activity| match (asked.same, &event.topic) {
        (Same::Topic, Some(topic)) => format!("topic {topic}"),
        _ => format!("kind {}", event.kind),
    };
    let moved = |from: &Activity, to: &Activity| match (&from.channel, &to.channel) {
        (Some(from), Some(to)) => from != to,
        _ => false,
    };
    let before: Vec<Option<&Activity>> = (0..own.len())
        .map(|place| own[..place].iter().rev().copied().find(|event| about(event) == about(own[place])))
        .collect();
    for days in WINDOWS {
        let start = t - i64::from(days) * DAY;
        let (mut n, mut repeats, mut switches, mut handoffs) = (0.0, 0.0, 0.0, 0.0);
        for (place, event) in own.iter().enumerate().filter(|(_, event)| event.t >= start) {
            n += 1.0;
            if place > 0 && own[place - 1].t >= start && moved(own[place - 1], event) {
                switches += 1.0;
            }
            if let Some(earlier) = before[place].filter(|earlier| event.t - earlier.t <= REPEAT) {
                repeats += 1.0;
                handoffs += f64::from(u8::from(moved(earlier, event)));
            }
        }
        put(row, format!("contacts_{days}d"), n);
        put(row, format!("repeat_contacts_{days}d"), repeats);
        put(row, format!("channel_switches_{days}d"), switches);
        put(row, format!("handoffs_{days}d"), handoffs);
        let worst = own.iter().filter(|event| event.t >= start).filter_map(|event| event.rating);
        put(row, format!("worst_contact_rating_{days}d"), or_gap(worst.min_by(f64::total_cmp)));
    }
    let last = own.last();
    put(row, "days_since_contact", or_gap(last.map(|last| days_between(last.t, t))));
    put(row, "last_contact_rating", or_gap(last.and_then(|last| last.rating)));
    row.insert("last_contact_kind".to_owned(), Value::Text(last.map(|last| last.kind.clone())));
    row.insert("last_contact_channel".to_owned(), Value::Text(last.and_then(|last| last.channel.clone())));
}

fn answers(company: &Company, customer: usize, t: i64, row: &mut Row) {
    let mut earlier: Vec<(i64, usize, Option<f64>)> = company
        .answers
        .iter()
        .enumerate()
        .filter(|(_, answer)| answer.customer == customer && answer.t < t)
        .map(|(place, answer)| (answer.t, place, answer.recommend))
        .collect();
    earlier.sort_by_key(|&(at, place, _)| (at, place));
    put(row, "earlier_answers", earlier.len() as f64);
    let levels: Vec<f64> = earlier.iter().filter_map(|&(_, _, recommend)| recommend).collect();
    put(row, "last_recommend", or_gap(levels.last().copied()));
    put(row, "recommend_change", if let [.., one, two] = levels[..] { two - one } else { f64::NAN });
    put(row, "mean_recommend", levels.iter().sum::<f64>() / levels.len() as f64);
}

fn referrals(company: &Company, plan: &LinkPlan, customer: usize, t: i64, row: &mut Row) {
    let made = || company.referrals.iter().filter(move |referral| referral.referrer == customer && referral.t < AS_OF);
    put(row, "earlier_referrals", made().filter(|referral| referral.t < t).count() as f64);
    let was = company.referrals.iter().any(|referral| referral.referred == customer && referral.t < t);
    put(row, "was_referred", f64::from(u8::from(was)));
    let end = t + i64::from(AFTER) * DAY;
    let within = || made().filter(|referral| referral.t > t && referral.t <= end);
    put(row, format!("next_referrals_{AFTER}d"), within().count() as f64);
    let buyers = within().filter(|referral| {
        begun(company, plan, referral.referred, |_| true).iter().any(|&at| at >= referral.t && at <= end)
    });
    put(row, format!("next_converted_referrals_{AFTER}d"), buyers.count() as f64);
}

fn occasions(company: &Company, customer: usize, t: i64, row: &mut Row) {
    let of = |rows: &'static str| -> Vec<&Occasion> {
        company.junctures.iter().filter(|row| row.customer == customer && row.kind == rows).collect()
    };
    for kind in ["renewal", "visit", "move"] {
        let last = of(kind).iter().map(|row| row.t).filter(|&at| at < t).max();
        put(row, format!("days_since_{kind}"), or_gap(last.map(|last| days_between(last, t))));
    }
    let next = |kind: &'static str, known: fn(&Occasion, i64) -> bool| {
        let coming = of(kind).into_iter().filter(|row| row.t >= t && known(row, t)).map(|row| row.t).min();
        or_gap(coming.map(|next| days_between(t, next)))
    };
    put(row, "days_to_renewal", next("renewal", |_, _| true));
    put(row, "days_to_move", next("move", |row, t| row.known_t.is_some_and(|known| known < t)));
    for (suffix, campaign) in [("", None), ("_so'long", Some("so'long"))] {
        let own = || {
            let right = move |row: &&Occasion| campaign.is_none_or(|campaign| row.kind == campaign);
            company.exposures.iter().filter(move |row| row.customer == customer && row.t < t).filter(right)
        };
        for days in WINDOWS {
            let n = own().filter(|row| row.t >= t - i64::from(days) * DAY).count();
            put(row, format!("exposures{suffix}_{days}d"), n as f64);
        }
        let last = own().map(|row| row.t).max();
        put(row, format!("days_since_exposure{suffix}"), or_gap(last.map(|last| days_between(last, t))));
    }
}
