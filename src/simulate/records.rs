//! The records of the source files.

use super::calendar::{Instant, Quarter};
use super::model::N_TOUCHPOINTS;
use rand::Rng;
use std::fmt;

/// A customer's key, as in `C000123`: the number from 1, with at least six digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CustomerKey(pub u64);

impl fmt::Display for CustomerKey {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        write!(out, "C{:06}", self.0)
    }
}

/// Words of one column: the variants, how they are written, and the share of each.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant),+ }

        impl $name {
            /// The word as it stands in the file.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }
    };
}

words! {
    /// What kind of customer it is.
    Segment {
        /// A private buyer.
        Consumer = "consumer",
        /// A small firm.
        SmallBusiness = "small_business",
        /// A large firm.
        Enterprise = "enterprise",
    }
}

words! {
    /// Where the customer lives; it affects nothing.
    Region {
        /// North.
        North = "north",
        /// East.
        East = "east",
        /// South.
        South = "south",
        /// West.
        West = "west",
    }
}

words! {
    /// Through which channel something happened; it affects nothing.
    Channel {
        /// The web site.
        Web = "web",
        /// A shop.
        Shop = "shop",
        /// The call centre.
        CallCentre = "call_centre",
        /// The mobile application.
        App = "app",
    }
}

words! {
    /// What was bought.
    ProductFamily {
        /// For the home.
        Home = "home",
        /// For the garden.
        Garden = "garden",
        /// For work.
        Office = "office",
        /// Devices.
        Electronics = "electronics",
    }
}

words! {
    /// What a customer did.
    ActivityKind {
        /// Logged in.
        Login = "login",
        /// Asked for help.
        SupportContact = "support_contact",
    }
}

impl Region {
    pub(super) const SHARES: [(Self, f64); 4] =
        [(Self::North, 0.3), (Self::East, 0.2), (Self::South, 0.3), (Self::West, 0.2)];
}

impl Channel {
    pub(super) const OF_ORDERS: [(Self, f64); 4] =
        [(Self::Web, 0.42), (Self::Shop, 0.25), (Self::App, 0.28), (Self::CallCentre, 0.05)];
    pub(super) const OF_SURVEYS: [(Self, f64); 4] =
        [(Self::Web, 0.5), (Self::App, 0.3), (Self::Shop, 0.12), (Self::CallCentre, 0.08)];
    pub(super) const OF_LOGINS: [(Self, f64); 2] = [(Self::App, 0.6), (Self::Web, 0.4)];
    pub(super) const OF_CONTACTS: [(Self, f64); 3] = [(Self::CallCentre, 0.5), (Self::Web, 0.3), (Self::App, 0.2)];
}

impl ProductFamily {
    pub(super) const SHARES: [(Self, f64); 4] =
        [(Self::Home, 0.4), (Self::Garden, 0.2), (Self::Office, 0.25), (Self::Electronics, 0.15)];
}

/// One of the words, with its share as probability; the last takes what rounding leaves.
pub(super) fn pick<T: Copy, const N: usize>(shares: &[(T, f64); N], random: &mut impl Rng) -> T {
    const { assert!(N > 0, "at least one word") };
    let mut left: f64 = random.random();
    for &(word, share) in &shares[..N - 1] {
        left -= share;
        if left < 0.0 {
            return word;
        }
    }
    shares[N - 1].0
}

/// A row of `customers.csv`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CustomerRow {
    /// Who.
    pub customer: CustomerKey,
    /// When the customer joined.
    pub joined_at: Instant,
    /// What kind of customer.
    pub segment: Segment,
    /// Where.
    pub region: Region,
    /// How many people the customer knows.
    pub network_size: u32,
    /// Whether the customer asked not to be asked.
    pub opted_out: bool,
}

/// A touchpoint's cell in a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Score {
    /// From 0 to 10.
    Given(u8),
    /// The touchpoint did not apply.
    NotApplicable,
    /// Nothing was ticked.
    Blank,
}

/// How a row was spoilt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Defect {
    /// A recommend answer of 11.
    RecommendEleven,
    /// A recommend answer of 99.
    RecommendNinetyNine,
    /// A time that cannot be read.
    UnreadableTime,
    /// A customer whom `customers.csv` does not know.
    UnknownCustomer,
    /// The same row once more, under the same identifier.
    Repeated,
    /// An amount below zero.
    NegativeAmount,
}

impl Defect {
    /// Every kind, in order.
    pub const ALL: [Self; 6] = [
        Self::RecommendEleven,
        Self::RecommendNinetyNine,
        Self::UnreadableTime,
        Self::UnknownCustomer,
        Self::Repeated,
        Self::NegativeAmount,
    ];

    /// The word used in the truth.
    pub fn word(self) -> &'static str {
        match self {
            Self::RecommendEleven => "recommend_11",
            Self::RecommendNinetyNine => "recommend_99",
            Self::UnreadableTime => "unreadable_time",
            Self::UnknownCustomer => "unknown_customer",
            Self::Repeated => "repeated",
            Self::NegativeAmount => "negative_amount",
        }
    }
}

/// A row of `feedback/<year>.csv`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Response {
    /// The running number behind `response_id`.
    pub number: u64,
    /// Who answered.
    pub customer: CustomerKey,
    /// When.
    pub responded_at: Instant,
    /// The 0-10 answer, if given.
    pub recommend: Option<u8>,
    /// The touchpoint scores.
    pub scores: [Score; N_TOUCHPOINTS],
    /// Where the survey was answered.
    pub channel: Channel,
    /// The quarter in which the customer was asked.
    pub wave: Quarter,
    /// How the row was spoilt, if it was.
    pub defect: Option<Defect>,
}

/// A row of `orders.csv`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Order {
    /// The running number behind `order_id`.
    pub number: u64,
    /// Who bought.
    pub customer: CustomerKey,
    /// When.
    pub ordered_at: Instant,
    /// EUR cents.
    pub amount_cents: u64,
    /// What.
    pub product_family: ProductFamily,
    /// Where.
    pub channel: Channel,
    /// How the row was spoilt, if it was.
    pub defect: Option<Defect>,
}

/// A row of `referrals.csv`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Referral {
    /// Who referred.
    pub referrer: CustomerKey,
    /// Who joined because of it.
    pub referred: CustomerKey,
    /// When the referral was made, before the referred customer joined.
    pub referred_at: Instant,
}

/// A row of `activity.csv`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Activity {
    /// Who.
    pub customer: CustomerKey,
    /// When.
    pub at: Instant,
    /// What.
    pub kind: ActivityKind,
    /// Where.
    pub channel: Channel,
}

/// A row of `invitations.csv`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Invitation {
    /// Who was asked.
    pub customer: CustomerKey,
    /// When.
    pub invited_at: Instant,
    /// How.
    pub channel: Channel,
}
