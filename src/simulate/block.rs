//! The company as a stream of blocks of customers, made in parallel and delivered in order.

use super::company::{Company, CompanyError};
use super::family::{self, Member};
use super::purchases::{Habit, Purchases};
use super::records::{Activity, CustomerRow, Defect, Invitation, Order, Referral, Response, pick};
use super::tally::{Influencer, Tally};
use super::world::World;
use super::{activity, survey};
use crate::stats::random::Stream;
use rand::Rng;
use rayon::prelude::*;

/// Founders of one block. It bounds the memory: a block of the default company takes about 20 MB.
const FOUNDERS_PER_BLOCK: u64 = 8_192;
/// Customers that one task makes.
const CUSTOMERS_PER_TASK: usize = 128;

/// Some customers and all their records.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Block {
    /// Rows of `customers.csv`.
    pub customers: Vec<CustomerRow>,
    /// Rows of `feedback/<year>.csv`.
    pub responses: Vec<Response>,
    /// Rows of `orders.csv`.
    pub orders: Vec<Order>,
    /// Rows of `referrals.csv`.
    pub referrals: Vec<Referral>,
    /// Rows of `activity.csv`.
    pub activity: Vec<Activity>,
    /// Rows of `invitations.csv`.
    pub invitations: Vec<Invitation>,
    /// What the truth counts about them.
    pub tally: Tally,
}

impl Company {
    /// The company's records, block by block and family by family; a block holds one customer after another, each in
    /// order of time. Only one block is in memory, whatever the size of the company.
    ///
    /// # Errors
    /// A setting out of range.
    pub fn blocks(&self) -> Result<Blocks, CompanyError> {
        Ok(Blocks { world: self.world()?, next_founder: 0, n_customers: 0, n_responses: 0, n_orders: 0 })
    }

    /// The whole company as one block, every file in order of time and numbered in that order.
    ///
    /// It is held in memory: about 2 kB per customer.
    ///
    /// # Errors
    /// A setting out of range.
    pub fn in_order_of_time(&self) -> Result<Block, CompanyError> {
        let mut whole = Block::default();
        for block in self.blocks()? {
            whole.append(block);
        }
        whole.sort_by_time();
        Ok(whole)
    }
}

/// The stream of blocks; see [`Company::blocks`].
#[derive(Debug)]
pub struct Blocks {
    world: World,
    next_founder: u64,
    n_customers: u64,
    n_responses: u64,
    n_orders: u64,
}

impl Iterator for Blocks {
    type Item = Block;

    fn next(&mut self) -> Option<Block> {
        let missing = self.world.company.customers - self.n_customers;
        if missing == 0 {
            return None;
        }
        // A family has at least its founder, so no more founders than missing customers are needed.
        let founders = self.next_founder..self.next_founder + missing.min(FOUNDERS_PER_BLOCK);
        self.next_founder = founders.end;
        let families: Vec<Vec<Member>> =
            founders.into_par_iter().map(|founder| family::grow(&self.world, founder)).collect();
        let customers = numbered(families, self.n_customers, missing);
        self.n_customers += customers.len() as u64;
        let tasks: Vec<Block> =
            customers.par_chunks(CUSTOMERS_PER_TASK).map(|customers| records(&self.world, customers)).collect();
        let mut block = Block::default();
        tasks.into_iter().for_each(|task| block.append(task));
        self.n_responses = number_in_order(&mut block.responses, self.n_responses);
        self.n_orders = number_in_order(&mut block.orders, self.n_orders);
        Some(block)
    }
}

/// A member who has become one of the company's customers.
struct Customer {
    number: u64,
    member: Member,
    /// Number of the referrer.
    referrer: Option<u64>,
}

/// Numbers the members in order; the last family loses those beyond the customers still missing, never a referrer of
/// one who stays.
fn numbered(families: Vec<Vec<Member>>, first: u64, missing: u64) -> Vec<Customer> {
    let mut customers: Vec<Customer> = Vec::new();
    for family in families {
        let founder = first + customers.len() as u64;
        for (position, member) in family.into_iter().enumerate() {
            if customers.len() as u64 == missing {
                return customers;
            }
            let referrer = member.referral.map(|referral| founder + referral.by as u64);
            customers.push(Customer { number: founder + position as u64, member, referrer });
        }
    }
    customers
}

fn records(world: &World, customers: &[Customer]) -> Block {
    let mut block = Block { tally: Tally::new(&world.waves), ..Block::default() };
    customers.iter().for_each(|customer| block.add_customer(world, customer));
    block
}

impl Block {
    fn add_customer(&mut self, world: &World, customer: &Customer) {
        let (number, person, key) = (customer.number, &customer.member.person, world.key(customer.number));
        let random = &mut world.stream("purchases", number);
        let habit = Habit::draw(world, person, random);
        let purchases = Purchases::draw(world, person, habit, random);
        let orders = purchases.orders(world, person, key, &mut world.stream("orders", number));
        let asked = survey::ask(world, person, &purchases, key, &mut world.stream("survey", number));
        let did = activity::draw(world, person, &purchases, key, &mut world.stream("activity", number));
        let would_answer = survey::would_answer(world, person, &mut world.stream("population", number));
        self.tally.population.add(would_answer);
        self.tally.n_left += u64::from(purchases.left_at.is_some());
        self.tally.add_influencer(Influencer {
            customer_id: key.to_string(),
            referrals_per_year: person.referrals_per_year,
            network_size: person.network_size,
            advocacy: person.advocacy,
        });
        self.customers.push(CustomerRow {
            customer: key,
            joined_at: person.joined_at,
            segment: person.segment,
            region: person.region,
            network_size: person.network_size,
            opted_out: person.opted_out,
        });
        if let (Some(referrer), Some(referral)) = (customer.referrer, customer.member.referral) {
            self.referrals.push(Referral { referrer: world.key(referrer), referred: key, referred_at: referral.at });
        }
        self.activity.extend(did);
        let spoil = &mut world.stream("defects", number);
        let defects = world.company.defects;
        for order in orders {
            self.orders.push(order);
            self.add_spoilt_order(order, defects.orders_share, spoil);
        }
        for asked in asked {
            self.invitations.push(asked.invitation);
            self.tally.add_asked(&asked);
            if let Some(response) = asked.response {
                self.responses.push(response);
                self.add_spoilt_response(response, defects.feedback_share, spoil);
            }
        }
    }

    fn add_spoilt_order(&mut self, order: Order, share: f64, random: &mut Stream) {
        const KINDS: [(Defect, f64); 4] = [
            (Defect::NegativeAmount, 0.25),
            (Defect::UnknownCustomer, 0.25),
            (Defect::UnreadableTime, 0.25),
            (Defect::Repeated, 0.25),
        ];
        if random.random_bool(share) {
            let defect = pick(&KINDS, random);
            self.tally.add_defect("orders", defect);
            self.orders.push(Order { defect: Some(defect), ..order });
        }
    }

    fn add_spoilt_response(&mut self, response: Response, share: f64, random: &mut Stream) {
        const KINDS: [(Defect, f64); 5] = [
            (Defect::RecommendEleven, 0.2),
            (Defect::RecommendNinetyNine, 0.2),
            (Defect::UnreadableTime, 0.2),
            (Defect::UnknownCustomer, 0.2),
            (Defect::Repeated, 0.2),
        ];
        if random.random_bool(share) {
            let defect = pick(&KINDS, random);
            self.tally.add_defect("feedback", defect);
            self.responses.push(Response { defect: Some(defect), ..response });
        }
    }

    fn append(&mut self, mut other: Self) {
        self.customers.append(&mut other.customers);
        self.responses.append(&mut other.responses);
        self.orders.append(&mut other.orders);
        self.referrals.append(&mut other.referrals);
        self.activity.append(&mut other.activity);
        self.invitations.append(&mut other.invitations);
        self.tally.append(other.tally);
    }

    /// Sorts every file by time, equal times by key and number, and numbers responses and orders anew.
    fn sort_by_time(&mut self) {
        self.customers.par_sort_by_key(|row| (row.joined_at, row.customer));
        self.responses.par_sort_by_key(|row| (row.responded_at, row.number));
        self.orders.par_sort_by_key(|row| (row.ordered_at, row.number));
        self.referrals.par_sort_by_key(|row| (row.referred_at, row.referred));
        self.activity.par_sort_by_key(|row| (row.at, row.customer));
        self.invitations.par_sort_by_key(|row| (row.invited_at, row.customer));
        number_in_order(&mut self.responses, 0);
        number_in_order(&mut self.orders, 0);
    }
}

/// A row with a running number, which a repeated row shares with the row before it.
trait Numbered {
    fn number(&mut self) -> &mut u64;
    fn repeats(&self) -> bool;
}

impl Numbered for Response {
    fn number(&mut self) -> &mut u64 {
        &mut self.number
    }
    fn repeats(&self) -> bool {
        self.defect == Some(Defect::Repeated)
    }
}

impl Numbered for Order {
    fn number(&mut self) -> &mut u64 {
        &mut self.number
    }
    fn repeats(&self) -> bool {
        self.defect == Some(Defect::Repeated)
    }
}

/// Numbers rows from `last + 1` on and returns the last number given. A repeated row directly follows the row it
/// repeats.
fn number_in_order<R: Numbered>(rows: &mut [R], mut last: u64) -> u64 {
    for row in rows {
        if !row.repeats() {
            last += 1;
        }
        *row.number() = last;
    }
    last
}
