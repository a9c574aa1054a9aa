//! `[identity]`: how a respondent is known, from the written key to the person, the account and its parent.

use super::consistency::item_of;
use super::section::{Item, Section};
use super::sources::{Files, read_files};
use super::{Key, Problem, Sources, Study, StudyError, keys};
use serde::Serialize;
use std::path::Path;

/// How keys are read and whom they name.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Identity {
    /// What of a key's writing does not matter, in the order in which it is taken away.
    pub fold: Vec<Fold>,
    /// The file that leads several ids to one person.
    pub people: Option<PeopleFile>,
    /// The file that leads persons to accounts, and accounts to parents.
    pub accounts: Option<AccountFile>,
    /// Whose behaviour an answer is held together with.
    pub level: Level,
    /// Within what answers are not independent; `None` for the level itself.
    pub clusters: Option<Level>,
    /// Where the salt is found with which keys are hashed, where they are.
    pub hash: Option<Salt>,
}

/// A part of a key's writing that does not matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fold {
    /// Signs that Unicode has for the sake of other standards, and letters that it writes in several ways.
    Nfkc,
    /// Blanks and signs without width at both ends.
    Trim,
    /// Capitals.
    Case,
    /// Capitals in e-mail addresses.
    Email,
    /// What stands behind a plus sign in the local part of an e-mail address.
    EmailTags,
    /// Points in the local part of an address at gmail.com or googlemail.com, which are one domain.
    GmailDots,
    /// The zeros behind the point of a whole number, as in `1001.0`.
    WholeNumbers,
    /// The zeros in front of a whole number, as in `001001`.
    LeadingZeros,
}

impl Fold {
    /// The words of a study file.
    pub(super) const WORDS: [(&'static str, Self); 8] = [
        ("nfkc", Self::Nfkc),
        ("trim", Self::Trim),
        ("case", Self::Case),
        ("email", Self::Email),
        ("email_tags", Self::EmailTags),
        ("gmail_dots", Self::GmailDots),
        ("whole_numbers", Self::WholeNumbers),
        ("leading_zeros", Self::LeadingZeros),
    ];

    /// All of them, in the order in which they are applied.
    pub const ALL: [Self; 8] = [
        Self::Nfkc,
        Self::Trim,
        Self::Case,
        Self::Email,
        Self::EmailTags,
        Self::GmailDots,
        Self::WholeNumbers,
        Self::LeadingZeros,
    ];

    /// The word of a study file.
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, fold)| *fold == self).map_or("", |(word, _)| word)
    }
}

/// The file that leads several ids to one person.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PeopleFile {
    /// The file.
    pub files: Files,
    /// The column of ids.
    pub id: String,
    /// The column of persons.
    pub person: String,
    /// What becomes of a key that is neither an id nor a person of the file.
    pub unlisted: Unlisted,
}

/// What becomes of a key that a file of people does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unlisted {
    /// It names nobody.
    Unmatched,
    /// It names a person of its own.
    Itself,
}

impl Unlisted {
    /// The words of a study file.
    pub(super) const WORDS: [(&'static str, Self); 2] = [("unmatched", Self::Unmatched), ("itself", Self::Itself)];
}

/// The file that leads persons to accounts, and accounts to parents.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AccountFile {
    /// The file.
    pub files: Files,
    /// The column of persons.
    pub person: String,
    /// The column of accounts.
    pub account: String,
    /// The column of the accounts' parents.
    pub parent: Option<String>,
}

/// What a key names: a person, the account of a business customer, or the account at the top.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// A person.
    #[default]
    Person,
    /// An account, to which persons belong.
    Account,
    /// The account at the top of an account's parents.
    Parent,
}

impl Level {
    pub(super) const WORDS: [(&'static str, Self); 3] =
        [("person", Self::Person), ("account", Self::Account), ("parent", Self::Parent)];

    /// The word in a study file, which is also the name of the column.
    pub fn word(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Account => "account",
            Self::Parent => "parent",
        }
    }

    /// What the keys of a source name.
    pub(super) fn read_of_source(section: &Section<'_, '_>) -> Result<Self, StudyError> {
        section.item("customer_is").map_or(Ok(Self::Person), |item| item.word(&Self::WORDS))
    }
}

/// Where the salt of the keys is found; the salt itself is never part of a study.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Salt {
    /// In a variable of the environment.
    SaltEnv(String),
    /// In a file, whose path counts from the study's folder.
    SaltFile {
        /// As written.
        path: String,
        /// From which the path counts.
        #[serde(skip)]
        base_dir: std::path::PathBuf,
    },
}

impl Identity {
    /// Names of the columns that say to whom an answer belongs, where the study has accounts.
    pub fn units(&self) -> Vec<&'static str> {
        let Some(accounts) = &self.accounts else { return Vec::new() };
        let mut units = vec![Level::Person.word(), Level::Account.word()];
        units.extend(accounts.parent.as_ref().map(|_| Level::Parent.word()));
        units
    }

    /// The column within whose values answers are not independent.
    pub fn cluster_column(&self) -> &'static str {
        match self.clusters {
            Some(level) if level > self.level => level.word(),
            _ => "customer",
        }
    }

    pub(super) fn read(top: &Section<'_, '_>, base_dir: &Path) -> Result<Self, StudyError> {
        let Some(item) = top.item("identity") else { return Ok(Self::default()) };
        let section = item.section(keys::IDENTITY)?;
        let level = |key: &str| section.item(key).map(|item| item.word(&Level::WORDS)).transpose();
        let mut fold = match section.item("fold") {
            None => Vec::new(),
            Some(item) => item
                .elements("a list of words such as [\"trim\", \"email\"]")?
                .iter()
                .map(|word| word.word(&Fold::WORDS))
                .collect::<Result<Vec<_>, _>>()?,
        };
        fold.sort_unstable();
        fold.dedup();
        Ok(Self {
            fold,
            people: section.item("people").map(|item| read_people(&item, base_dir)).transpose()?,
            accounts: section.item("accounts").map(|item| read_accounts(&item, base_dir)).transpose()?,
            level: level("level")?.unwrap_or_default(),
            clusters: level("clusters")?,
            hash: section.item("hash").map(|item| read_salt(&item, base_dir)).transpose()?,
        })
    }
}

fn read_people(item: &Item<'_, '_>, base_dir: &Path) -> Result<PeopleFile, StudyError> {
    let section = item.section(keys::PEOPLE)?;
    Ok(PeopleFile {
        files: read_files(&section, base_dir)?,
        id: section.required("id", "the column of ids")?.text()?,
        person: section.required("person", "the column that says whose id it is")?.text()?,
        unlisted: section.item("unlisted").map_or(Ok(Unlisted::Unmatched), |item| item.word(&Unlisted::WORDS))?,
    })
}

fn read_accounts(item: &Item<'_, '_>, base_dir: &Path) -> Result<AccountFile, StudyError> {
    let section = item.section(keys::ACCOUNTS)?;
    Ok(AccountFile {
        files: read_files(&section, base_dir)?,
        person: section.required("person", "the column of persons")?.text()?,
        account: section.required("account", "the column that says to which account the person belongs")?.text()?,
        parent: section.text("parent")?,
    })
}

fn read_salt(item: &Item<'_, '_>, base_dir: &Path) -> Result<Salt, StudyError> {
    let section = item.section(keys::HASH)?;
    match (section.text("salt_env")?, section.text("salt_file")?) {
        (Some(name), None) => Ok(Salt::SaltEnv(name)),
        (None, Some(path)) => Ok(Salt::SaltFile { path, base_dir: base_dir.to_owned() }),
        _ => Err(section.refuse(Problem::Invalid(
            "`identity.hash` needs either `salt_env`, the name of a variable, or `salt_file`, a path; the salt itself \
             does not belong into a study"
                .to_owned(),
        ))),
    }
}

/// A source whose rows name customers.
struct Naming<'s> {
    name: &'static str,
    is: Level,
    keys: Vec<&'s str>,
    /// Columns that go into a table as they are, with the key of the study that names them.
    readable: Vec<(&'static str, &'s str)>,
}

fn inputs(key: &Key) -> Vec<&str> {
    key.alternatives.iter().map(|own| own.column.as_str()).collect()
}

/// The columns that are named, with the key of the study that does.
fn some<'s>(pairs: &[(&'static str, &'s Option<String>)]) -> Vec<(&'static str, &'s str)> {
    pairs.iter().filter_map(|(key, column)| column.as_deref().map(|column| (*key, column))).collect()
}

fn naming(sources: &Sources) -> Vec<Naming<'_>> {
    let mut all = Vec::new();
    let feedback = &sources.feedback;
    if let Some(key) = &feedback.customer {
        let mut readable = some(&[
            ("id", &feedback.id),
            ("channel", &feedback.channel),
            ("wave", &feedback.wave),
            ("segment", &feedback.segment),
        ]);
        readable.extend(feedback.keep.iter().map(|column| ("keep", column.as_str())));
        all.push(Naming { name: "feedback", is: key.is, keys: inputs(key), readable });
    }
    if let Some(own) = &sources.transactions {
        let readable =
            some(&[("id", &own.id), ("product", &own.product), ("family", &own.family), ("channel", &own.channel)]);
        all.push(Naming { name: "transactions", is: own.customer.is, keys: inputs(&own.customer), readable });
    }
    if let Some(own) = &sources.referrals {
        let keys = vec![own.referrer.as_str(), own.referred.as_str()];
        all.push(Naming { name: "referrals", is: own.customer_is, keys, readable: Vec::new() });
    }
    if let Some(own) = &sources.customers {
        let readable = own.keep.iter().map(|column| ("keep", column.as_str())).collect();
        all.push(Naming { name: "customers", is: own.customer.is, keys: inputs(&own.customer), readable });
    }
    if let Some(own) = &sources.activity {
        let readable = some(&[("kind", &own.kind), ("channel", &own.channel), ("topic", &own.topic)]);
        all.push(Naming { name: "activity", is: own.customer.is, keys: inputs(&own.customer), readable });
    }
    if let Some(own) = &sources.invitations {
        let mut readable = some(&[("channel", &own.channel)]);
        readable.extend(own.keep.iter().map(|column| ("keep", column.as_str())));
        all.push(Naming { name: "invitations", is: own.customer.is, keys: inputs(&own.customer), readable });
    }
    if let Some(own) = &sources.junctures {
        let readable = vec![("kind", own.kind.as_str())];
        all.push(Naming { name: "junctures", is: own.customer.is, keys: inputs(&own.customer), readable });
    }
    if let Some(own) = &sources.exposures {
        let readable = some(&[("campaign", &own.campaign)]);
        all.push(Naming { name: "exposures", is: own.customer.is, keys: inputs(&own.customer), readable });
    }
    all
}

/// Refuses an identity that does not go with the sources.
pub(super) fn check(study: &Study, top: &Section<'_, '_>) -> Result<(), StudyError> {
    let identity = &study.identity;
    let level = identity.level.word();
    if study.sources.feedback.customer.is_none()
        && let Some(item) = top.item("identity")
    {
        return Err(item.invalid(
            "[identity] says how customers are known, and a snapshot knows none; give [sources.feedback] a `customer`, or \
             leave [identity] out",
        ));
    }
    let has = |wanted: Level| match (wanted, &identity.accounts) {
        (Level::Person, _) => true,
        (Level::Account, accounts) => accounts.is_some(),
        (Level::Parent, accounts) => accounts.as_ref().is_some_and(|own| own.parent.is_some()),
    };
    for (key, wanted) in [("level", Some(identity.level)), ("clusters", identity.clusters)] {
        if let Some(wanted) = wanted.filter(|&wanted| !has(wanted)) {
            let word = wanted.word();
            return Err(item_of(top, &["identity", key])?.invalid(format!(
                "`identity.{key}` = \"{word}\" needs a file that says so; give `identity.accounts` the column `{word}`"
            )));
        }
    }
    if let Some(clusters) = identity.clusters.filter(|&clusters| clusters < identity.level) {
        return Err(item_of(top, &["identity", "clusters"])?.invalid(format!(
            "answers of one {level} share what the {level} did, so they are not independent within `{}`; write \"{level}\" \
             or leave `clusters` out",
            clusters.word()
        )));
    }
    for source in naming(&study.sources) {
        let key = |key: &str| item_of(top, &["sources", source.name, key]);
        if source.is > identity.level {
            return Err(key("customer_is")?.invalid(format!(
                "[sources.{}] names customers by {}, which leads to no single {level}; write `level = \"{}\"` in [identity]",
                source.name,
                source.is.word(),
                source.is.word()
            )));
        }
        if source.name == "customers" && source.is < identity.level {
            return Err(key("customer")?.invalid(format!(
                "[sources.customers] holds a row for each {}, and a {level} has several, of which none is its profile; give \
                 profiles by {level} with `customer_is = \"{level}\"`, or leave [sources.customers] out",
                source.is.word()
            )));
        }
        if identity.hash.is_some()
            && let Some((at, column)) = source.readable.iter().find(|(_, column)| source.keys.contains(column))
        {
            return Err(key(at)?.invalid(format!(
                "`{column}` is a key, which `identity.hash` hides, and `{at}` of [sources.{}] would show it; take it out",
                source.name
            )));
        }
    }
    let units = identity.units();
    let taken = study.sources.feedback.keep.iter().chain(&study.drivers.touchpoints);
    if let Some(name) = taken.chain(study.drivers.expectations.values()).find(|name| units.contains(&name.as_str())) {
        return Err(item_of(top, &["identity", "accounts"])?.invalid(format!(
            "a column of the feedback is called `{name}`, and `identity.accounts` makes one of that name; rename it with \
             `rename` in [sources.feedback], or take it out of `keep`"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCES: &str = r#"
[study]
name = "business"
as_of = 2026-09-30
[sources.feedback]
path = "feedback.csv"
customer = ["customer_id", { column = "@email", via = { path = "mail.csv", from = "mail", to = "id" } }]
customer_via = { path = "ids.csv", from = "old", to = "new" }
time = "when"
[sources.transactions]
path = "orders.csv"
customer = "account"
customer_is = "account"
time = "when"
"#;

    const IDENTITY: &str = r#"
[identity]
fold = ["email_tags", "trim", "email"]
people = { path = "people.csv", id = "id", person = "who" }
accounts = { path = "accounts.csv", person = "who", account = "firm", parent = "group" }
level = "account"
clusters = "parent"
hash = { salt_env = "ADVOCATE_SALT" }
"#;

    fn parse(identity: &str) -> Result<Study, StudyError> {
        Study::parse(&format!("{SOURCES}{identity}"), Path::new("somewhere"))
    }

    /// The message for the study with one text replaced by another.
    fn refusal(from: &str, to: &str) -> String {
        let whole = format!("{SOURCES}{IDENTITY}");
        assert!(whole.contains(from), "`{from}` is not in the study");
        Study::parse(&whole.replacen(from, to, 1), Path::new("")).expect_err("a refusal").to_string()
    }

    #[test]
    fn an_identity_is_read_as_written() {
        let study = parse(IDENTITY).expect("a sound study");
        let identity = &study.identity;
        assert_eq!(identity.fold, [Fold::Trim, Fold::Email, Fold::EmailTags]);
        assert_eq!((identity.level, identity.cluster_column()), (Level::Account, "parent"));
        assert_eq!(identity.hash, Some(Salt::SaltEnv("ADVOCATE_SALT".to_owned())));
        assert_eq!(identity.people.as_ref().map(|own| own.unlisted), Some(Unlisted::Unmatched));
        assert_eq!(identity.units(), ["person", "account", "parent"]);
        let key = study.sources.feedback.customer.as_ref().expect("given");
        let ways: Vec<&str> = key.alternatives.iter().map(|own| key.via_of(own)[0].from.as_str()).collect();
        assert_eq!(ways, ["old", "mail"]);
        assert_eq!(study.sources.transactions.as_ref().expect("given").customer.is, Level::Account);
    }

    #[test]
    fn a_study_without_identity_takes_keys_as_they_are() {
        let plain = SOURCES.replace("customer_is = \"account\"\n", "");
        let study = Study::parse(&plain, Path::new("")).expect("a sound study");
        assert_eq!(study.identity, Identity::default());
        assert_eq!((study.identity.cluster_column(), study.identity.units().len()), ("customer", 0));
    }

    #[test]
    fn a_level_that_no_file_gives_is_refused() {
        let message = refusal(", parent = \"group\"", "");
        assert!(message.contains("`identity.clusters` = \"parent\" needs a file"), "{message}");
        let message = refusal(
            "accounts = { path = \"accounts.csv\", person = \"who\", account = \"firm\", parent = \"group\" }",
            "",
        );
        assert!(message.contains("`identity.level` = \"account\" needs a file"), "{message}");
    }

    #[test]
    fn accounts_lead_to_no_single_person() {
        let message = refusal("level = \"account\"", "level = \"person\"");
        assert!(message.contains("[sources.transactions] names customers by account"), "{message}");
    }

    #[test]
    fn persons_are_no_profile_of_an_account() {
        let customers = "[sources.customers]\npath = \"people.csv\"\ncustomer = \"id\"\n[identity]";
        let message = refusal("[identity]", customers);
        assert!(message.contains("holds a row for each person") && message.contains("customer_is"), "{message}");
    }

    #[test]
    fn answers_of_one_account_are_never_taken_for_independent() {
        let message = refusal("clusters = \"parent\"", "clusters = \"person\"");
        assert!(message.contains("not independent within `person`"), "{message}");
    }

    #[test]
    fn a_hidden_key_is_shown_by_no_other_column() {
        let message = refusal("time = \"when\"", "time = \"when\"\nkeep = [\"@email\"]");
        assert!(message.contains("`@email` is a key") && message.contains("`keep`"), "{message}");
    }

    #[test]
    fn a_column_of_the_feedback_may_not_have_the_name_of_a_unit() {
        let message = refusal("time = \"when\"", "time = \"when\"\nkeep = [\"account\"]");
        assert!(message.contains("a column of the feedback is called `account`"), "{message}");
    }

    #[test]
    fn the_salt_itself_has_no_place_in_a_study() {
        let message = refusal("salt_env = \"ADVOCATE_SALT\"", "");
        assert!(message.contains("the salt itself does not belong into a study"), "{message}");
        let message = refusal("salt_env", "salt");
        assert!(message.contains("unknown key `salt`"), "{message}");
        let message = refusal("\"email_tags\"", "\"emails\"");
        assert!(message.contains("cannot be \"emails\""), "{message}");
    }

    #[test]
    fn a_snapshot_has_nobody_to_be_known() {
        let snapshot = "[study]\nname = \"flat\"\nas_of = 2026-09-30\n[sources.feedback]\npath = \"a.csv\"\nsnapshot = true\n\
                        [identity]\nfold = [\"case\"]\n";
        let message = Study::parse(snapshot, Path::new("")).expect_err("a refusal").to_string();
        assert!(message.contains("a snapshot knows none"), "{message}");
    }

    #[test]
    fn a_column_named_twice_and_a_way_for_nobody_are_refused() {
        let message = refusal("{ column = \"@email\"", "{ column = \"customer_id\"");
        assert!(message.contains("`customer_id` is named twice"), "{message}");
        let message = refusal("\"customer_id\", {", "{ column = \"customer_id\", via = [] }, {");
        assert!(message.contains("`customer_via` is for none of them"), "{message}");
    }
}
