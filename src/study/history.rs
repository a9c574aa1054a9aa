//! What a study asks of the history before an answer: its windows, and more than counts and sums. Nothing is read unless
//! asked for.

use super::section::{Item, Section};
use super::{StudyError, keys};
use serde::Serialize;

/// The windows that history is counted over where nothing is said, in days before the answer.
pub const HISTORY_WINDOWS_DAYS: [u32; 3] = [30, 90, 365];

/// The history before an answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct History {
    /// Windows before the answer, in days.
    pub windows_days: Vec<u32>,
    /// Further columns.
    pub details: HistoryDetails,
}

/// Further columns of the history. The default asks for none.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Returns {
    /// Every row is a purchase.
    #[default]
    Unmarked,
    /// A row with an amount below 0 is a return.
    NegativeAmounts,
    /// A row whose column `returned` is 1 (or says yes) is a return, made at the row's own time.
    Flagged,
    /// A row is a purchase, and its column `returned_t` the instant at which it was returned. A mark on the purchase
    /// without that instant would tell what came later.
    Dated,
}

impl Returns {
    /// The words of a study file.
    pub(super) const WORDS: [(&'static str, Self); 4] = [
        ("unmarked", Self::Unmarked),
        ("negative_amounts", Self::NegativeAmounts),
        ("flagged", Self::Flagged),
        ("dated", Self::Dated),
    ];
}

/// Something of which a customer may have bought several different ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Distinct {
    /// Column `product` of the transactions: `distinct_products`.
    Products,
    /// Column `family`: `distinct_families`.
    Families,
    /// Column `channel`: `distinct_purchase_channels`.
    Channels,
}

impl Distinct {
    /// The words of a study file.
    pub(super) const WORDS: [(&'static str, Self); 3] =
        [("products", Self::Products), ("families", Self::Families), ("channels", Self::Channels)];

    /// The column of the transactions.
    pub fn column(self) -> &'static str {
        match self {
            Self::Products => "product",
            Self::Families => "family",
            Self::Channels => "channel",
        }
    }

    /// What the counts are called.
    pub fn count(self) -> &'static str {
        match self {
            Self::Products => "distinct_products",
            Self::Families => "distinct_families",
            Self::Channels => "distinct_purchase_channels",
        }
    }
}

/// Which activity is a contact, and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Same {
    /// The kind.
    Kind,
    /// The column `topic`, whatever the kind; the kind where there is no topic.
    Topic,
}

impl Same {
    /// The words of a study file.
    pub(super) const WORDS: [(&'static str, Self); 2] = [("kind", Self::Kind), ("topic", Self::Topic)];
}

/// Whether the customers table says from when to when a row held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Validity {
    /// One row a customer, as it was when the file was made.
    #[default]
    Undated,
    /// Several rows a customer, each valid in `[valid_from, valid_to)`; a null is open.
    Intervals,
}

/// A kind of juncture, such as a renewal or an installation: rows of the table `junctures`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Juncture {
    /// The kind, as the table has it.
    pub kind: String,
    /// Whether its date is known before it comes.
    pub advance: Advance,
}

/// Whether the date of a juncture is known before it comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Advance {
    /// It is not: only days since the last one.
    Unknown,
    /// It always is, as the study says: days to the next one as well.
    Known,
    /// From the instant in the column `known_t` of the junctures on.
    KnownFrom,
}

impl Advance {
    /// The words of a study file.
    pub(super) const WORDS: [(&'static str, Self); 3] =
        [("never", Self::Unknown), ("always", Self::Known), ("from", Self::KnownFrom)];
}

/// A stage and what holds in it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LifecycleRule {
    /// The stage.
    pub stage: String,
    /// All of these hold; none is always true.
    pub all: Vec<Condition>,
}

/// A column of the history against a number. A gap fulfils no condition.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Condition {
    /// A column of numbers of the history.
    pub column: String,
    /// How the column compares.
    pub comparison: Comparison,
    /// With what.
    pub value: f64,
}

/// How a column compares with a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
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

impl History {
    /// `validity` is what the customers table says of its rows.
    pub(super) fn read(top: &Section<'_, '_>, validity: Validity) -> Result<Self, StudyError> {
        let mut history = Self {
            windows_days: HISTORY_WINDOWS_DAYS.to_vec(),
            details: HistoryDetails { validity, ..HistoryDetails::default() },
        };
        let Some(item) = top.item("history") else { return Ok(history) };
        let section = item.section(keys::HISTORY)?;
        if let Some(item) = section.item("windows_days") {
            let days = item.elements("a list of days such as [30, 90, 365]")?;
            let days: Result<Vec<u32>, StudyError> =
                days.iter().map(|item| item.integer().map(|days| days as u32)).collect();
            history.windows_days = days?;
            history.windows_days.sort_unstable();
            history.windows_days.dedup();
            if history.windows_days.is_empty() {
                return Err(item.invalid("`history.windows_days` is empty; name at least one window"));
            }
        }
        let details = &mut history.details;
        if let Some(item) = section.item("returns") {
            details.returns = item.word(&Returns::WORDS)?;
        }
        if let Some(item) = section.item("distinct") {
            let kinds = item.elements("a list of products, families and channels")?;
            details.distinct = kinds.iter().map(|item| item.word(&Distinct::WORDS)).collect::<Result<_, _>>()?;
        }
        let flag = |key: &str| section.item(key).map_or(Ok(false), |item| item.flag());
        details.purchase_gaps = flag("purchase_gaps")?;
        details.spend_trend = flag("spend_trend")?;
        details.answer_levels = flag("answer_levels")?;
        details.activity_kinds = own_names(&section, "activity_kinds")?;
        details.campaigns = own_names(&section, "campaigns")?;
        details.contacts = section.item("contacts").map(|item| Contacts::read(&item)).transpose()?;
        if let Some(item) = section.item("junctures") {
            details.junctures = each(&item, Juncture::read)?;
        }
        if let Some(item) = section.item("lifecycle") {
            details.lifecycle = each(&item, LifecycleRule::read)?;
            check_order(&item, &details.lifecycle)?;
        }
        Ok(history)
    }
}

/// Values by which columns are named, so that none may be there twice: engines do not tell capitals in names of columns.
fn own_names(section: &Section<'_, '_>, key: &str) -> Result<Vec<String>, StudyError> {
    let names = section.texts(key)?;
    for (place, name) in names.iter().enumerate() {
        if let Some(other) = names[..place].iter().find(|other| other.to_lowercase() == name.to_lowercase())
            && let Some(item) = section.item(key)
        {
            return Err(item.invalid(format!(
                "`{}` names \"{other}\" and \"{name}\", whose columns would have one name; leave one out, or write both alike in the \
                 source",
                item.path()
            )));
        }
    }
    Ok(names)
}

/// A rule that always holds hides those behind it.
fn check_order(item: &Item<'_, '_>, rules: &[LifecycleRule]) -> Result<(), StudyError> {
    let hiding = rules.iter().zip(rules.iter().skip(1)).find(|(own, _)| own.all.is_empty());
    match hiding {
        None => Ok(()),
        Some((own, behind)) => Err(item.invalid(format!(
            "the stage `{}` has no `when` and so always holds, so that the stage `{}` behind it never does; put it last, or say when it \
             holds",
            own.stage, behind.stage
        ))),
    }
}

/// A list of tables.
fn each<T>(item: &Item<'_, '_>, read: fn(&Item<'_, '_>) -> Result<T, StudyError>) -> Result<Vec<T>, StudyError> {
    item.elements("a list of tables")?.iter().map(read).collect()
}

impl Contacts {
    fn read(item: &Item<'_, '_>) -> Result<Self, StudyError> {
        let section = item.section(keys::CONTACTS)?;
        let kinds =
            section.required("kinds", "the kinds of activity that are contacts, such as [\"call\", \"chat\"]")?;
        let days = section.item("repeat_within_days").map_or(Ok(7), |item| item.integer())?;
        let named = kinds.texts()?;
        if named.is_empty() {
            let sentence = "names no kind of activity, so that nothing would be a contact; name those that are, or leave `contacts` out";
            return Err(kinds.invalid(format!("`{}` {sentence}", kinds.path())));
        }
        Ok(Self {
            kinds: named,
            repeat_within_days: days as u32,
            same: section.item("same").map_or(Ok(Same::Kind), |item| item.word(&Same::WORDS))?,
            rated: section.item("rated").map_or(Ok(false), |item| item.flag())?,
        })
    }
}

impl Juncture {
    fn read(item: &Item<'_, '_>) -> Result<Self, StudyError> {
        let section = item.section(keys::JUNCTURE)?;
        let kind = section.required("kind", "the kind of juncture, as the table has it")?.text()?;
        let advance =
            section.item("known_in_advance").map_or(Ok(Advance::Unknown), |item| item.word(&Advance::WORDS))?;
        Ok(Self { kind, advance })
    }
}

impl LifecycleRule {
    fn read(item: &Item<'_, '_>) -> Result<Self, StudyError> {
        let section = item.section(keys::LIFECYCLE)?;
        let stage = section.required("stage", "the stage's name")?.text()?;
        let mut all = Vec::new();
        if let Some(item) = section.item("when") {
            for item in item.elements("a list of conditions such as [\"tenure_days < 90\"]")? {
                all.push(Condition::read(&item)?);
            }
        }
        Ok(Self { stage, all })
    }
}

impl Condition {
    /// A column, a sign and a number, as in `tenure_days < 90`.
    fn read(item: &Item<'_, '_>) -> Result<Self, StudyError> {
        let text = item.text()?;
        let parts: Vec<&str> = text.split_whitespace().collect();
        let comparison = |sign: &str| {
            use Comparison::*;
            [Below, AtMost, Equal, AtLeast, Above].into_iter().find(|own| own.sign() == sign)
        };
        match parts[..] {
            [column, sign, value] => match (comparison(sign), value.parse::<f64>()) {
                (Some(comparison), Ok(value)) if value.is_finite() => {
                    Ok(Self { column: column.to_owned(), comparison, value })
                }
                _ => Err(item.invalid(format!("`{text}` compares a column by <, <=, =, >= or > with a number"))),
            },
            _ => Err(item.invalid(format!(
                "`{text}` should be a column of the history, a sign and a number, as in \"tenure_days < 90\""
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Study;
    use std::path::Path;

    /// What is said of a study with all sources and these lines, each in its section.
    fn refusal(transactions: &str, customers: &str, history: &str) -> Option<String> {
        let text = format!(
            "study = {{ name = \"s\", as_of = 2026-12-31 }}\n[sources.feedback]\npath = \"f.csv\"\ncustomer = \"who\"\ntime = \"when\"\n\
             recommend = \"nps\"\n[sources.transactions]\npath = \"t.csv\"\ncustomer = \"who\"\ntime = \"when\"\n{transactions}\n\
             [sources.customers]\npath = \"c.csv\"\ncustomer = \"who\"\n{customers}\n[sources.activity]\npath = \"a.csv\"\n\
             customer = \"who\"\ntime = \"when\"\nkind = \"kind\"\n[history]\n{history}\n"
        );
        Study::parse(&text, Path::new("")).err().map(|error| error.to_string())
    }

    fn refused(transactions: &str, customers: &str, history: &str, line: usize, says: &str) {
        let said = refusal(transactions, customers, history).expect("refused");
        assert!(said.contains(&format!(":{line}:")) && said.contains(says), "{said}");
    }

    #[test]
    fn what_could_never_count_is_refused_where_it_stands() {
        let amounts = "amount = \"eur\"\namount_min = 0";
        refused(amounts, "", "returns = \"negative_amounts\"", 23, "puts them all aside");
        refused("amount_min = 0", "", "", 11, "no amounts are named");
        let whole = "amount = \"eur\"\norder = \"no\"\namount_per = \"order\"\nreturned_time = \"back\"";
        refused(whole, "", "returns = \"dated\"", 25, "what a line gave back is not known");
        refused("", "valid_to = \"to\"", "", 15, "name that column as `valid_from`");
        refused("", "", "contacts = { kinds = [] }", 22, "names no kind of activity");
        refused("", "", "activity_kinds = [\"Call\", \"call\"]", 22, "names \"Call\" and \"call\"");
        let stages = "lifecycle = [{ stage = \"any\" }, { stage = \"new\", when = [\"frequency < 1\"] }]";
        refused("", "", stages, 22, "the stage `new` behind it never does");
    }

    #[test]
    fn what_can_count_is_taken() {
        for (transactions, customers, history) in [
            ("amount = \"eur\"\namount_min = -5", "", "returns = \"negative_amounts\""),
            ("amount = \"eur\"\namount_min = 0", "valid_from = \"from\"\nvalid_to = \"to\"", ""),
            ("", "", "activity_kinds = [\"call\", \"chat\"]\ncontacts = { kinds = [\"call\"] }"),
            ("", "", "lifecycle = [{ stage = \"new\", when = [\"frequency < 1\"] }, { stage = \"any\" }]"),
        ] {
            assert_eq!(refusal(transactions, customers, history), None);
        }
    }
}
