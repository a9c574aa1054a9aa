//! What each source is.

use super::answers::Answers;
use super::columns;
use super::keys::{KeyGuess, Keys};
use super::names::{self, Name};
use crate::intake::profiling::{ColumnProfile, SourceProfile};

/// What a source is in a study.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceKind {
    /// Answers.
    Feedback,
    /// Purchases.
    Transactions,
    /// Who brought whom.
    Referrals,
    /// Profiles.
    Customers,
    /// Log-ins, contacts, visits.
    Activity,
    /// Who was asked.
    Invitations,
}

impl SourceKind {
    /// The name of its section in a study.
    pub fn word(self) -> &'static str {
        match self {
            Self::Feedback => "feedback",
            Self::Transactions => "transactions",
            Self::Referrals => "referrals",
            Self::Customers => "customers",
            Self::Activity => "activity",
            Self::Invitations => "invitations",
        }
    }
}

/// What speaks for a source being of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Weighed {
    pub(super) kind: SourceKind,
    pub(super) weight: usize,
    pub(super) why: Vec<String>,
}

/// Weight that a kind needs to be taken.
const ENOUGH: usize = 40;

/// The kinds that a source could be, the likeliest first; those with too little are left out.
pub(super) fn kinds_of(at: usize, source: &SourceProfile, answers: &Answers, keys: &Keys<'_>) -> Vec<Weighed> {
    let evidence = Evidence::of(at, source, answers, keys);
    let mut all = vec![
        evidence.feedback(source, answers),
        evidence.transactions(),
        evidence.referrals(source, keys, at),
        evidence.customers(source, keys, at),
        evidence.activity(source),
        evidence.invitations(Parties::of(source, keys, at).is_some()),
    ];
    all.retain(|weighed| weighed.weight >= ENOUGH || weighed.kind == SourceKind::Feedback && weighed.weight >= 6);
    all.sort_by_key(|weighed| (std::cmp::Reverse(weighed.weight), weighed.kind));
    all
}

/// What a vendor's export of answers weighs.
pub(super) const EXPORT_WEIGHT: usize = 50;
/// Scores from which on a file is a survey, whatever its name says of customers.
const SURVEY_SCORES: usize = 3;

/// What is asked of a source for every kind.
struct Evidence {
    file: Name,
    columns: Vec<Name>,
    has_person: bool,
    /// Whether a column of its own says who.
    is_direct: bool,
    /// Whether hardly a person comes twice.
    has_each_once: bool,
    has_time: bool,
    has_amount: bool,
    is_scored: bool,
    /// Whether it is a questionnaire rather than a profile on which a score or two are noted.
    is_survey: bool,
}

impl Evidence {
    fn of(at: usize, source: &SourceProfile, answers: &Answers, keys: &Keys<'_>) -> Self {
        let usable = |column: &ColumnProfile| column.times.as_ref().is_some_and(|times| times.is_usable());
        let who = keys.who(at);
        Self {
            file: Name::of(&source.name()),
            columns: source.columns.iter().map(|column| Name::of(&column.name)).collect(),
            has_person: who.is_some(),
            has_each_once: persons(source, who.as_ref()).is_some_and(ColumnProfile::is_unique),
            is_direct: !keys.persons(at).is_empty() || who.is_some_and(|who| who.is_alone),
            has_time: source.columns.iter().any(usable),
            has_amount: columns::amount(source, &[])
                .is_some_and(|role| role.question.is_none() || role.why.contains('"')),
            is_scored: answers.recommend.is_some() || !answers.touchpoints.is_empty(),
            is_survey: answers.touchpoints.len() >= SURVEY_SCORES,
        }
    }

    /// Whether the file, or a column of it, is called by one of some words.
    fn called(&self, words: &[&'static str], file: usize, column: usize, why: &mut Vec<String>) -> usize {
        let mut weight = 0;
        if let Some(word) = self.file.says(words) {
            weight += file;
            why.push(format!("the file's name says \"{word}\""));
        }
        if let Some(word) = self.columns.iter().find_map(|name| name.says(words)) {
            weight += column;
            why.push(format!("a column's name says \"{word}\""));
        }
        weight
    }

    fn feedback(&self, source: &SourceProfile, answers: &Answers) -> Weighed {
        let (mut weight, mut why) = (answers.weight(), Vec::new());
        if let Some(export) = source.export {
            weight += EXPORT_WEIGHT;
            why.push(format!("it is an export of {}", export.title()));
        }
        if let Some(recommend) = &answers.recommend {
            why.push(format!("it holds a recommend answer, {}", recommend.column));
        }
        match answers.touchpoints.len() {
            0 => {}
            1 => why.push(format!("it holds a score, {}", answers.touchpoints[0].column)),
            n => why.push(format!("it holds {n} scores")),
        }
        if weight > 0 {
            weight += self.called(names::ANSWER, 15, 3, &mut why);
        }
        Weighed { kind: SourceKind::Feedback, weight, why }
    }

    fn transactions(&self) -> Weighed {
        let mut why = Vec::new();
        let mut weight = 0;
        if self.has_person && self.has_time {
            weight += 10;
            why.push("who and when".to_owned());
            if self.has_amount {
                weight += 30;
                why.push("amounts".to_owned());
            }
            weight += self.called(names::ORDER, 25, 15, &mut why);
            // Lines and payments of orders have who and when by way of the orders, which are the purchases.
            if !self.is_direct {
                weight = weight.saturating_sub(45);
            }
        }
        Weighed { kind: SourceKind::Transactions, weight, why }
    }

    fn referrals(&self, source: &SourceProfile, keys: &Keys<'_>, at: usize) -> Weighed {
        let (mut weight, mut why) = (0, Vec::new());
        let parties = Parties::of(source, keys, at);
        if let Some(parties) = &parties
            && self.has_time
        {
            weight += 60;
            why.push(format!("two columns of customers, {} and {}, and a time", parties.referrer, parties.referred));
            weight += self.called(names::REFERRAL, 30, 30, &mut why);
        }
        Weighed { kind: SourceKind::Referrals, weight, why }
    }

    fn customers(&self, source: &SourceProfile, keys: &Keys<'_>, at: usize) -> Weighed {
        let (mut weight, mut why) = (0, Vec::new());
        let direct = keys.who(at).filter(|key| key.via.len() <= 1);
        let column = direct.and_then(|key| source.columns.iter().find(|column| column.name == key.column));
        if let Some(column) = column.filter(|column| 10 * column.n_distinct >= 9 * column.n_filled()) {
            weight += 35;
            why.push(format!("{} different {} in {} rows", column.n_distinct, column.name, column.n_rows));
            weight += self.called(names::PROFILE, 20, 0, &mut why);
            if !self.has_time {
                weight += 10;
            }
            weight += self.called(&["joined", "signup", "registered", "segment", "birth"], 0, 10, &mut why);
            if self.is_survey {
                weight = weight.saturating_sub(40);
            }
        }
        Weighed { kind: SourceKind::Customers, weight, why }
    }

    fn activity(&self, source: &SourceProfile) -> Weighed {
        let (mut weight, mut why) = (0, Vec::new());
        if self.has_person && self.has_time && !self.has_amount {
            weight += 20;
            why.push("who and when".to_owned());
            if columns::group(source, "kind", names::KIND, &[]).is_some() {
                weight += 25;
                why.push("a column of kinds".to_owned());
            }
            // What customers did comes back; a file of contacts that has each of them once holds the contacts themselves.
            let file = if self.has_each_once { 0 } else { 20 };
            weight += self.called(names::ACTIVITY, file, 5, &mut why);
            if self.is_scored {
                weight = weight.saturating_sub(20);
            }
        }
        Weighed { kind: SourceKind::Activity, weight, why }
    }

    /// Where two columns hold customers, one invited the other, and no company did.
    fn invitations(&self, has_parties: bool) -> Weighed {
        let (mut weight, mut why) = (0, Vec::new());
        if self.has_person && self.has_time && !self.has_amount && !self.is_scored && !has_parties {
            weight += 15;
            why.push("who and when".to_owned());
            weight += self.called(names::INVITATION, 40, 30, &mut why);
        }
        Weighed { kind: SourceKind::Invitations, weight, why }
    }
}

/// The column that says who.
fn persons<'s>(source: &'s SourceProfile, who: Option<&KeyGuess>) -> Option<&'s ColumnProfile> {
    source.columns.iter().find(|column| who.is_some_and(|who| who.column == column.name))
}

/// The two sides of a referral.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parties {
    pub(super) referrer: String,
    pub(super) referred: String,
    pub(super) why: String,
    pub(super) question: Option<String>,
}

impl Parties {
    /// By their names, else the two columns that hold customers, in the order of the file.
    pub(super) fn of(source: &SourceProfile, keys: &Keys<'_>, at: usize) -> Option<Self> {
        let persons = keys.persons(at);
        let named = |words: &[&'static str], but: &[&'static str]| {
            source.columns.iter().find(|column| {
                let name = Name::of(&column.name);
                let is_time = column.times.is_some();
                !is_time && name.says(words).is_some() && name.says(but).is_none() && column.n_distinct > 1
            })
        };
        let referrer = named(names::REFERRER, &["date", "count"]);
        let referred =
            named(names::REFERRED, &["referrer", "referredby", "date", "count"]).filter(|own| !is_time_name(&own.name));
        if let (Some(referrer), Some(referred)) = (referrer, referred)
            && referrer.name != referred.name
        {
            let are_persons = [referrer, referred].iter().all(|own| persons.iter().any(|one| one.name == own.name));
            let is_telling = Name::of(&referrer.name).says(&["refer", "invite", "recruit", "recommend"]).is_some();
            if are_persons || is_telling {
                return Some(Self {
                    referrer: referrer.name.clone(),
                    referred: referred.name.clone(),
                    why: "by their names".to_owned(),
                    question: (!are_persons).then(|| "are these the customers that the other files know?".to_owned()),
                });
            }
        }
        let [referrer, referred, ..] = persons[..] else { return None };
        Some(Self {
            referrer: referrer.name.clone(),
            referred: referred.name.clone(),
            why: "both hold customers".to_owned(),
            question: Some("which of the two brought the other? change them if it is the other way round".to_owned()),
        })
    }
}

fn is_time_name(name: &str) -> bool {
    Name::of(name).says(&["at", "date", "time", "when"]).is_some()
}
