//! The whole guess: which source is what, and which of its columns plays which part.

use super::answers::Answers;
use super::beginnings::{Beginnings, beginnings};
use super::columns::{self, RoleGuess};
use super::edited::{self, OnlyAnswers};
use super::keys::{FoldGuess, KeyGuess, Keys};
use super::kinds::{EXPORT_WEIGHT, Parties, SourceKind, Weighed, kinds_of};
use super::names::{self, Name};
use super::orders;
use super::purchases::{self, PurchaseGuess};
use super::unread::{self, Unread};
use super::waves::Waves;
use super::written::{self, NumeralsGuess};
use crate::intake::exports::ExportRole;
use crate::intake::profiling::{ColumnKind, ColumnProfile, Frequent, SourceProfile};

/// Columns of profiles that are kept; more are named and left out.
const KEEP_MAX: usize = 12;

/// What some sources may be.
#[derive(Debug, Clone, PartialEq)]
pub struct Guess {
    /// Sources that play a part, in the order of the study.
    pub sources: Vec<SourceGuess>,
    /// What the feedback says in answers.
    pub answers: Answers,
    /// Amounts of the transactions that stand in another source.
    pub amount_via: Option<AmountGuess>,
    /// What of the keys' writing must be taken away so that they meet.
    pub fold: Option<FoldGuess>,
    /// Answers against what is known of their customers before them.
    pub beginnings: Option<Beginnings>,
    /// Sources that play none.
    pub unused: Vec<Unused>,
}

/// A source and the part it plays.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceGuess {
    /// The source, by its place.
    pub source: usize,
    /// What it is.
    pub kind: SourceKind,
    /// What speaks for it.
    pub why: String,
    /// Who; nothing in a survey without customers, and among referrals.
    pub who: Option<KeyGuess>,
    /// The other columns with a part, in the order of a study.
    pub roles: Vec<RoleGuess>,
    /// How it writes numbers.
    pub numerals: NumeralsGuess,
    /// Columns that are kept.
    pub keep: Vec<String>,
    /// Columns that are left out, though their names say what they are.
    pub unread: Vec<Unread>,
    /// The kept column by which customers are never to be asked.
    pub opted_out: Option<String>,
    /// Texts of databases that stand for nothing in its cells, each with how often.
    pub nulls: Vec<Frequent>,
    /// Which rows of an edited export are answers.
    pub only_answers: Vec<OnlyAnswers>,
    /// What its rows leave open as purchases; nothing where they are none.
    pub purchases: PurchaseGuess,
}

impl SourceGuess {
    /// The column with a part.
    pub fn role(&self, key: &str) -> Option<&RoleGuess> {
        self.roles.iter().find(|role| role.key == key)
    }
}

/// Amounts in another source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AmountGuess {
    /// The source, by its place.
    pub source: usize,
    /// The column of the transactions that is looked up.
    pub key: String,
    /// The column in which it is looked up.
    pub from: String,
    /// The amounts.
    pub to: RoleGuess,
    /// How they are written.
    pub numerals: NumeralsGuess,
}

/// A source without a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unused {
    /// The source, by its place.
    pub source: usize,
    /// What it may be all the same, and why it is left out.
    pub why: String,
}

/// What some sources may be, from their profiles alone.
///
/// At most one source is of a kind: the one for which most speaks. The others are named with what they may be. The feedback
/// is chosen first, since nothing can be analysed without it.
pub fn guess(profiles: &[SourceProfile]) -> Guess {
    let answers: Vec<Answers> = profiles.iter().map(Answers::of).collect();
    let keys = Keys::of(profiles, answered(profiles, &answers));
    let mut weighed: Vec<(usize, Weighed)> = Vec::new();
    for (at, profile) in profiles.iter().enumerate() {
        weighed.extend(kinds_of(at, profile, &answers[at], &keys).into_iter().map(|own| (at, own)));
    }
    let rows = |at: usize| profiles[at].n_rows;
    // Feedback before all else, then by weight; of equals the larger source, then the order of the files.
    weighed.sort_by_key(|(at, own)| {
        let is_later = own.kind != SourceKind::Feedback;
        (is_later, std::cmp::Reverse((own.weight, rows(*at))), *at)
    });
    let mut taken: Vec<(usize, Weighed)> = Vec::new();
    for (at, own) in &weighed {
        let is_free = taken.iter().all(|(other, weighed)| other != at && weighed.kind != own.kind);
        if is_free {
            taken.push((*at, own.clone()));
        }
    }
    let feedback = taken.iter().find(|(_, own)| own.kind == SourceKind::Feedback).map(|(at, _)| *at);
    let mut sources: Vec<SourceGuess> =
        taken.iter().map(|(at, own)| source_guess(*at, &profiles[*at], own, &answers[*at], &keys)).collect();
    sources.sort_by_key(|own| own.kind);
    let transactions = sources.iter().find(|own| own.kind == SourceKind::Transactions);
    let amount_via = transactions
        .filter(|own| own.role("amount").is_none())
        .and_then(|own| amount_elsewhere(own.source, profiles, &keys));
    let waves =
        Waves::of(profiles, feedback.zip(sources.iter().find(|own| own.kind == SourceKind::Feedback)), &answers);
    let unused = unused(profiles, &sources, &weighed, &keys, amount_via.as_ref(), waves.as_ref());
    let mut answers = feedback.map(|at| answers[at].clone()).unwrap_or_default();
    // Scores that are written otherwise than the others are named, and are none.
    for own in sources.iter().filter(|own| own.kind == SourceKind::Feedback).flat_map(|own| &own.unread) {
        answers.touchpoints.retain(|touchpoint| touchpoint.column != own.column);
        answers.recommend = answers.recommend.take().filter(|recommend| recommend.column != own.column);
    }
    let fold = keys.fold(&key_columns(&sources));
    let beginnings = beginnings(profiles, &sources, fold.as_ref());
    Guess { sources, answers, amount_via, fold, beginnings, unused }
}

/// The source that most likely holds the answers, before anything is known of customers; of equals the first.
fn answered(profiles: &[SourceProfile], answers: &[Answers]) -> Option<usize> {
    let weight = |at: usize| answers[at].weight() + if profiles[at].export.is_some() { EXPORT_WEIGHT } else { 0 };
    (0..profiles.len()).rev().filter(|&at| weight(at) > 0).max_by_key(|&at| weight(at))
}

/// The columns of customers' keys that a study reads, and those on the way to them: source and name.
fn key_columns(sources: &[SourceGuess]) -> Vec<(usize, String)> {
    let mut all = Vec::new();
    for own in sources {
        let parties = own.roles.iter().filter(|role| matches!(role.key, "referrer" | "referred"));
        all.extend(parties.map(|role| (own.source, role.column.clone())));
        if let Some(who) = &own.who {
            all.push((own.source, who.column.clone()));
            all.extend(
                who.via.iter().flat_map(|step| [(step.source, step.from.clone()), (step.source, step.to.clone())]),
            );
        }
    }
    all
}

impl Guess {
    /// The source of a kind.
    pub fn source(&self, kind: SourceKind) -> Option<&SourceGuess> {
        self.sources.iter().find(|own| own.kind == kind)
    }
}

fn source_guess(
    at: usize,
    profile: &SourceProfile,
    weighed: &Weighed,
    answers: &Answers,
    keys: &Keys<'_>,
) -> SourceGuess {
    let who = keys.who(at);
    let mut roles = Roles { profile, taken: Vec::new(), roles: Vec::new() };
    roles.taken.extend(who.iter().map(|who| who.column.clone()));
    let mut keep = Vec::new();
    let mut opted_out = None;
    match weighed.kind {
        SourceKind::Feedback => {
            roles.taken.extend(answers.touchpoints.iter().map(|own| own.column.clone()));
            roles.taken.extend(answers.recommend.iter().map(|own| own.column.clone()));
            roles.add_time(&[
                "responded",
                "answer",
                "submit",
                "completed",
                "response",
                "end",
                "interview",
                "review",
                "survey",
                "feedback",
            ]);
            roles.add_id(names::ANSWER);
            roles.add_group("channel", names::CHANNEL);
            roles.add_group("wave", names::WAVE);
            roles.add_group("segment", names::SEGMENT);
            roles.add(columns::weight(profile));
        }
        SourceKind::Transactions => {
            const WORDS: &[&str] =
                &["order", "purchas", "bought", "sold", "invoice", "transaction", "paid", "sale", "booking"];
            roles.add_time_with(WORDS, columns::GAPS_OF_PURCHASES);
            roles.add_id(names::ORDER);
            roles.add_order(who.as_ref());
            roles.add_amount();
            roles.add_group("family", names::FAMILY);
            roles.add_group("product", names::PRODUCT);
            roles.add_group("channel", names::CHANNEL);
        }
        SourceKind::Referrals => {
            if let Some(parties) = Parties::of(profile, keys, at) {
                for (key, column) in [("referrer", &parties.referrer), ("referred", &parties.referred)] {
                    roles.taken.push(column.clone());
                    roles.roles.push(RoleGuess {
                        key,
                        column: column.clone(),
                        why: parties.why.clone(),
                        question: parties.question.clone().filter(|_| key == "referrer"),
                    });
                }
            }
            roles.add_time(&["refer", "invit", "recommend"]);
        }
        SourceKind::Customers => {
            roles.add_dated(
                "joined",
                &["joined", "join", "signup", "signed", "registered", "since", "start", "created"],
            );
            roles.add_dated("churned", &["churn", "cancel", "closed", "terminated", "left"]);
            keep = kept(profile, &roles.taken());
            opted_out = profile.columns.iter().find_map(|column| {
                let is_mark = column.n_distinct <= 3 && keep.contains(&column.name);
                (is_mark && Name::of(&column.name).says(names::OPTED_OUT).is_some()).then(|| column.name.clone())
            });
        }
        SourceKind::Activity => {
            roles.add_time(&["event", "visit", "login", "contact", "occurred", "start"]);
            roles.add_group("kind", names::KIND);
            roles.add_group("channel", names::CHANNEL);
            roles.add_group("topic", names::TOPIC);
        }
        SourceKind::Invitations => {
            roles.add_time(&["invit", "sent", "asked", "mailed"]);
            roles.add_group("channel", names::CHANNEL);
        }
    }
    let who = who.filter(|_| weighed.kind != SourceKind::Referrals);
    let of_answers = (weighed.kind == SourceKind::Feedback).then_some(answers);
    let (numerals, otherwise) = written::of_source(profile, &roles.roles, of_answers);
    let is_read = |name: &str| !otherwise.iter().any(|own| own.column == name);
    roles.roles.retain(|role| is_read(&role.column));
    let mut unread = match weighed.kind {
        SourceKind::Feedback => {
            let weights = unread::weights(profile, &roles.taken());
            unread::scores(profile, answers, &roles.taken()).into_iter().chain(weights).collect()
        }
        SourceKind::Transactions => {
            let mut unread = unread::amounts(profile, &roles.taken());
            // Of two names of orders one may be that of the delivery.
            if roles.roles.iter().all(|role| role.key != "order") {
                unread.extend(orders::unread(profile, &roles.taken()));
            }
            unread
        }
        _ => Vec::new(),
    };
    unread.extend(unread::dates(profile, &roles.taken()));
    unread.extend(otherwise);
    let purchases = match weighed.kind {
        SourceKind::Transactions => purchases::of_source(profile, &roles.roles),
        _ => PurchaseGuess::default(),
    };
    SourceGuess {
        source: at,
        kind: weighed.kind,
        why: weighed.why.join("; "),
        who,
        roles: roles.roles,
        numerals,
        keep,
        unread,
        opted_out,
        nulls: nulls(profile),
        only_answers: if weighed.kind == SourceKind::Feedback { edited::only_answers(profile) } else { Vec::new() },
        purchases,
    }
}

/// What databases write for nothing where they write text: SQL Server and BigQuery `NULL`, MySQL and PostgreSQL's COPY `\N`.
const NULLS: [&str; 2] = ["NULL", "\\N"];

fn nulls(profile: &SourceProfile) -> Vec<Frequent> {
    let n_in = |column: &ColumnProfile, text: &str| {
        let own = column.frequent.iter().chain(&column.texts).find(|own| own.text == text);
        own.map_or(0, |own| own.n)
    };
    let n_of = |text: &str| -> u64 { profile.columns.iter().map(|column| n_in(column, text)).sum() };
    let found = NULLS.iter().map(|&text| Frequent { text: text.to_owned(), n: n_of(text) });
    found.filter(|own| own.n > 0).collect()
}

/// Parts as they are given out, each column at most once.
struct Roles<'p> {
    profile: &'p SourceProfile,
    taken: Vec<String>,
    roles: Vec<RoleGuess>,
}

impl Roles<'_> {
    fn taken(&self) -> Vec<&str> {
        self.taken.iter().map(String::as_str).collect()
    }

    fn add(&mut self, role: Option<RoleGuess>) {
        if let Some(role) = role
            && !self.taken.contains(&role.column)
        {
            self.taken.push(role.column.clone());
            self.roles.push(role);
        }
    }

    fn add_time(&mut self, words: &[&'static str]) {
        self.add_time_with(words, columns::GAPS);
    }

    fn add_time_with(&mut self, words: &[&'static str], gaps: f64) {
        let role =
            answered_at(self.profile).or_else(|| columns::time(self.profile, "time", words, &self.taken(), gaps));
        self.add(role);
    }

    /// A time that is taken only where its name says what it is.
    fn add_dated(&mut self, key: &'static str, words: &[&'static str]) {
        let role = columns::time(self.profile, key, words, &self.taken(), columns::GAPS);
        self.add(role.filter(|role| Name::of(&role.column).says(words).is_some()));
    }

    fn add_id(&mut self, words: &[&'static str]) {
        let role = columns::id(self.profile, words, &self.taken());
        self.add(role);
    }

    /// The order of which rows are lines, after the time that its lines share.
    fn add_order(&mut self, who: Option<&KeyGuess>) {
        let column = |name: &str| self.profile.columns.iter().find(|column| column.name == name);
        let time = self.roles.iter().find(|role| role.key == "time").and_then(|role| column(&role.column));
        let role = orders::order(self.profile, who.and_then(|who| column(&who.column)), time, &self.taken());
        self.add(role);
    }

    fn add_amount(&mut self) {
        let role = columns::amount(self.profile, &self.taken());
        self.add(role);
    }

    fn add_group(&mut self, key: &'static str, words: &[&'static str]) {
        let role = columns::group(self.profile, key, words, &self.taken());
        self.add(role);
    }
}

/// When the customer answered, as an export documents it.
fn answered_at(profile: &SourceProfile) -> Option<RoleGuess> {
    profile.export?;
    let with = |role: ExportRole| profile.columns.iter().find(move |column| column.role == Some(role));
    let column = [ExportRole::End, ExportRole::Recorded, ExportRole::Start].into_iter().find_map(with)?;
    Some(RoleGuess::new("time", column, "the export's own time of the answer"))
}

/// Columns of a profile by which customers can be told apart: groups, flags, and numbers that are no keys.
fn kept(profile: &SourceProfile, taken: &[&str]) -> Vec<String> {
    let tells = |column: &&ColumnProfile| {
        let is_free = !taken.contains(&column.name.as_str()) && column.role.is_none();
        let is_key = column.is_unique() && column.n_rows > 30;
        let is_number = column.is_number() && !is_key && Name::of(&column.name).says(&["id", "zip"]).is_none();
        is_free && column.n_distinct >= 2 && (columns::is_group(column) || is_number)
    };
    profile.columns.iter().filter(tells).take(KEEP_MAX).map(|column| column.name.clone()).collect()
}

/// Amounts in a source that has the key of the transactions, the best called one.
fn amount_elsewhere(transactions: usize, profiles: &[SourceProfile], keys: &Keys<'_>) -> Option<AmountGuess> {
    let own = &profiles[transactions];
    let keyed = own.columns.iter().filter(|column| column.is_unique() && column.kind != ColumnKind::Time);
    let mut found: Vec<AmountGuess> = Vec::new();
    for column in keyed {
        for place in keys.elsewhere_as_written(transactions, &column.name) {
            let from = &profiles[place.source].columns[place.column];
            if let Some(to) = columns::amount(&profiles[place.source], &[&from.name]) {
                found.push(AmountGuess {
                    source: place.source,
                    key: column.name.clone(),
                    from: from.name.clone(),
                    numerals: written::of_source(&profiles[place.source], std::slice::from_ref(&to), None).0,
                    to: RoleGuess { key: "amount_via", ..to },
                });
            }
        }
    }
    // What was paid before what things cost.
    let rank = |guess: &AmountGuess| {
        let name = Name::of(&guess.to.column);
        let is_paid = name.says(&["paid", "payment", "total", "amount"]).is_some();
        (!is_paid, guess.to.question.is_some(), guess.source)
    };
    let others: Vec<String> =
        found.iter().map(|own| format!("{} of {}", own.to.column, profiles[own.source].name())).collect();
    let mut best = found.into_iter().min_by_key(rank)?;
    let own = format!("{} of {}", best.to.column, profiles[best.source].name());
    let others: Vec<String> = others.into_iter().filter(|other| *other != own).collect();
    if !others.is_empty() {
        best.to.question = Some(format!("or is it {}?", others.join(", or ")));
    }
    Some(best)
}

/// What became of the sources without a section of their own.
fn unused(
    profiles: &[SourceProfile],
    sources: &[SourceGuess],
    weighed: &[(usize, Weighed)],
    keys: &Keys<'_>,
    amounts: Option<&AmountGuess>,
    waves: Option<&Waves<'_>>,
) -> Vec<Unused> {
    let is_step = |at: usize| {
        sources.iter().filter_map(|own| own.who.as_ref()).any(|who| who.via.iter().any(|step| step.source == at))
            || amounts.is_some_and(|amounts| amounts.source == at)
    };
    let has_part = |at: usize| sources.iter().any(|own| own.source == at) || is_step(at);
    (0..profiles.len())
        .filter(|&at| !has_part(at))
        .map(|at| {
            let may_be = weighed.iter().find(|(other, _)| *other == at).map(|(_, own)| own);
            let twin = sources.iter().find_map(|own| of_the_same_columns(&profiles[at], &profiles[own.source]));
            let wave = || waves.and_then(|waves| waves.offer(&profiles[at]));
            let other = twin.or_else(wave);
            let why = match may_be {
                _ if other.is_some() => other.unwrap_or_default(),
                Some(own) => format!(
                    "it may be {} ({}); another file is more so, and only files with the same columns are read together",
                    own.kind.word(),
                    own.why.join("; ")
                ),
                None => {
                    let unread = unread::dates(&profiles[at], &[]);
                    let unread: String = unread.iter().map(|own| format!("; {}: {}", own.column, own.why)).collect();
                    format!("it could not be told what it is: {}{unread}", lacking(&profiles[at], keys.who(at).is_some()))
                }
            };
            Unused { source: at, why }
        })
        .collect()
}

/// How a source could be read beside another that has the same columns; nothing where its columns are others.
fn of_the_same_columns(own: &SourceProfile, other: &SourceProfile) -> Option<String> {
    let names = |profile: &SourceProfile| -> Vec<String> {
        let mut names: Vec<String> = profile.columns.iter().map(|column| column.name.clone()).collect();
        names.sort();
        names
    };
    if names(own) != names(other) {
        return None;
    }
    let name = other.name();
    let are_of_one_file = own.files.files == other.files.files;
    Some(if are_of_one_file && own.files.sheet.is_some() {
        format!(
            "it has the columns of {name}, another sheet of the workbook, and its rows are not read: a study reads one sheet of a workbook. Put \
             the rows of both on one sheet, or save each sheet as a file of its own into one folder, and they are one source"
        )
    } else if are_of_one_file && own.files.table.is_some() {
        format!(
            "it has the columns of {name}, another table of the database, and its rows are not read: where they belong together, write a \
             `query` that puts one below the other (UNION ALL) instead of `table`"
        )
    } else {
        format!(
            "it has the columns of {name}, and its rows are not read: where they belong together, name the files of both in `path`"
        )
    })
}

/// What a source of no kind lacks of what most kinds need.
fn lacking(profile: &SourceProfile, has_person: bool) -> &'static str {
    let has_times = profile.columns.iter().any(|own| own.times.as_ref().is_some_and(|times| times.is_usable()));
    match (has_person, has_times) {
        (false, false) => {
            "no column says who, by its name or by values that come back in other files, and none holds times"
        }
        (false, true) => "no column says who, by its name or by values that come back in other files",
        (true, false) => "no column holds times that can be read",
        (true, true) => "neither amounts, kinds, scores nor names say it",
    }
}
