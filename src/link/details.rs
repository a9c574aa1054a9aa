//! What a study may ask of the history beyond counts and sums by window. Nothing of it is read unless asked for.

/// Further columns of the history. The default asks for none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HistoryDetails {
    /// How the transactions tell a return from a purchase.
    pub returns: Returns,
    /// Kinds of things whose different values are counted.
    pub distinct: Vec<Distinct>,
    /// Mean and spread of the gaps between purchases: one sort of the transactions by customer.
    pub purchase_gaps: bool,
    /// Spend in each window against the window before it.
    pub spend_trend: bool,
    /// Kinds of activity that are counted one by one, such as log-ins: `activity_{kind}_{window}d`.
    pub activity_kinds: Vec<String>,
    /// Contacts among the activity: one more pass over them, sorted by customer.
    pub contacts: Option<Contacts>,
    /// Level, change and mean of earlier answers: one sort of the feedback by customer.
    pub answer_levels: bool,
    /// Whether the profile has a history.
    pub validity: Validity,
    /// Kinds of junctures whose distance in days is given.
    pub junctures: Vec<Juncture>,
    /// Campaigns whose exposures are counted one by one, beside all of them together.
    pub campaigns: Vec<String>,
    /// Rules that give the column `lifecycle_stage`; the first one that holds names the stage.
    pub lifecycle: Vec<LifecycleRule>,
}

/// How the transactions tell a return from a purchase. A return is no purchase: it counts in `returns` and
/// `returned_spend`, and not in frequency, spend, recency or outcomes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Returns {
    /// Every row is a purchase.
    #[default]
    Unmarked,
    /// A row with an amount below 0 is a return.
    NegativeAmounts,
    /// A row whose column `returned` is 1 is a return, made at the row's own time.
    Flagged,
    /// A row is a purchase, and its column `returned_t` the instant at which it was returned. A mark on the purchase
    /// without that instant would tell what came later.
    Dated,
}

/// Something of which a customer may have bought several different ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distinct {
    /// Column `product` of the transactions: `distinct_products`.
    Products,
    /// Column `family`: `distinct_families`.
    Families,
    /// Column `channel`: `distinct_purchase_channels`.
    Channels,
}

impl Distinct {
    /// The column of the transactions.
    pub fn column(self) -> &'static str {
        match self {
            Self::Products => "product",
            Self::Families => "family",
            Self::Channels => "channel",
        }
    }

    /// What the counts are called.
    pub(super) fn count(self) -> &'static str {
        match self {
            Self::Products => "distinct_products",
            Self::Families => "distinct_families",
            Self::Channels => "distinct_purchase_channels",
        }
    }
}

/// Which activity is a contact, and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contacts {
    /// Kinds of activity that are contacts, such as `call` and `chat`.
    pub kinds: Vec<String>,
    /// A contact is repeated if one about the same came at most so many days before.
    pub repeat_within_days: u32,
    /// What two contacts must have in common to be about the same.
    pub same: Same,
    /// Whether the activity has a column `rating`.
    pub rated: bool,
}

/// What makes two contacts be about the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Same {
    /// The kind.
    Kind,
    /// The column `topic`, whatever the kind; the kind where there is no topic.
    Topic,
}

/// Whether the customers table says from when to when a row held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Validity {
    /// One row a customer, as it was when the file was made.
    #[default]
    Undated,
    /// Several rows a customer, each valid in `[valid_from, valid_to)`; a null is open.
    Intervals,
}

/// A kind of juncture, such as a renewal or an installation: rows of the table `junctures`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Juncture {
    /// The kind, as the table has it.
    pub kind: String,
    /// Whether its date is known before it comes.
    pub advance: Advance,
}

/// Whether the date of a juncture is known before it comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advance {
    /// It is not: only days since the last one.
    Unknown,
    /// It always is, as the study says: days to the next one as well.
    Known,
    /// From the instant in the column `known_t` of the junctures on.
    KnownFrom,
}

/// A stage and what holds in it.
#[derive(Debug, Clone, PartialEq)]
pub struct LifecycleRule {
    /// The stage.
    pub stage: String,
    /// All of these hold; none is always true.
    pub all: Vec<Condition>,
}

/// A column of the history against a number. A gap fulfils no condition.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// A column of numbers of the history.
    pub column: String,
    /// How the column compares.
    pub comparison: Comparison,
    /// With what.
    pub value: f64,
}

/// How a column compares with a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `=`
    Equal,
    /// `>=`
    AtLeast,
    /// `>`
    Above,
}

impl Comparison {
    /// The sign, in SQL as in studies.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Below => "<",
            Self::AtMost => "<=",
            Self::Equal => "=",
            Self::AtLeast => ">=",
            Self::Above => ">",
        }
    }
}
