//! How a source writes its numbers: one way for all its columns, as a study states it.

use super::answers::Answers;
use super::columns::RoleGuess;
use super::unread::Unread;
use crate::intake::profiling::{ColumnProfile, SourceProfile, number_keys};
use crate::study::Numerals;

/// What a column weighs by its part where columns are written in ways of their own: what was paid, the recommend answer, others.
const AMOUNT: u32 = 1000;
const RECOMMEND: u32 = 100;
const OTHER: u32 = 1;

/// How a source writes numbers, where it is not as in program code.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NumeralsGuess {
    /// The keys of the study, each with its value in TOML.
    pub keys: Vec<(&'static str, String)>,
    /// What speaks for them.
    pub why: String,
    /// What is not sure, with the alternatives.
    pub questions: Vec<String>,
}

/// The columns of a source that are read as numbers, with what each weighs.
fn numbers<'p>(
    profile: &'p SourceProfile,
    roles: &[RoleGuess],
    answers: Option<&Answers>,
) -> Vec<(&'p ColumnProfile, u32)> {
    let recommend = answers.and_then(|own| own.recommend.as_ref());
    let weight = |column: &ColumnProfile| {
        let role = roles.iter().find(|role| role.column == column.name).map(|role| role.key);
        match role {
            Some("amount" | "amount_via") => Some(AMOUNT),
            Some("weight") => Some(OTHER),
            _ if recommend.is_some_and(|own| own.column == column.name) => Some(RECOMMEND),
            _ => {
                let is_score = answers.is_some_and(|own| own.touchpoints.iter().any(|own| own.column == column.name));
                is_score.then_some(OTHER)
            }
        }
    };
    profile.columns.iter().filter_map(|column| Some((column, weight(column)?))).collect()
}

/// The one way in which a source writes numbers, by the columns that a study reads as such, and those that are written otherwise.
pub(super) fn of_source(
    profile: &SourceProfile,
    roles: &[RoleGuess],
    answers: Option<&Answers>,
) -> (NumeralsGuess, Vec<Unread>) {
    let read = numbers(profile, roles, answers);
    let way = way(&read);
    let (fitting, others): (Vec<_>, Vec<_>) = read.into_iter().partition(|(column, _)| column.notation.fits(&way));
    let columns: Vec<&ColumnProfile> = fitting.into_iter().map(|(column, _)| column).collect();
    let currencies = currencies(&columns);
    let numerals = Numerals { currency: currencies.iter().map(|(name, _)| name.clone()).collect(), ..way };
    let keys = number_keys(&numerals);
    let unread = others.into_iter().map(|(column, _)| written_otherwise(column, &keys)).collect();
    let mut questions: Vec<String> = columns.iter().flat_map(|column| questions_of(column)).collect();
    if currencies.len() > 1 && are_different(&currencies) {
        let counts: Vec<String> = currencies.iter().map(|(name, n)| format!("{n} with {name}")).collect();
        questions.push(format!(
            "there are several currencies ({}), and amounts are added up as they stand: should they be one?",
            counts.join(", ")
        ));
    }
    let why = if keys.is_empty() { String::new() } else { why(&columns) };
    (NumeralsGuess { keys, why, questions }, unread)
}

/// The way that fits the columns that weigh most; of several the plainest.
fn way(read: &[(&ColumnProfile, u32)]) -> Numerals {
    let weight = |way: &Numerals| -> u32 {
        read.iter().filter(|(column, _)| column.notation.fits(way)).map(|(_, weight)| weight).sum()
    };
    let mut best = (weight(&Numerals::default()), Numerals::default());
    for way in read.iter().flat_map(|(column, _)| column.notation.ways()) {
        let own = weight(&way);
        if own > best.0 {
            best = (own, way);
        }
    }
    best.1
}

/// The currencies of some columns with their cells, the most frequent first.
fn currencies(columns: &[&ColumnProfile]) -> Vec<(String, u64)> {
    let mut all: Vec<(String, u64)> = Vec::new();
    for (name, n) in columns.iter().flat_map(|column| &column.notation.currencies) {
        match all.iter_mut().find(|(own, _)| own == name) {
            Some((_, own)) => *own += n,
            None => all.push((name.clone(), *n)),
        }
    }
    all.sort_by(|(name, n), (other, n_other)| n_other.cmp(n).then(name.cmp(other)));
    all
}

/// Whether there are more moneys than one: a sign and the letters for it are one.
fn are_different(currencies: &[(String, u64)]) -> bool {
    let money = |name: &str| match name {
        "€" | "EUR" | "Euro" | "euros" => "EUR".to_owned(),
        "$" | "USD" | "US$" => "USD".to_owned(),
        "£" | "GBP" => "GBP".to_owned(),
        "CHF" | "Fr" | "SFr" => "CHF".to_owned(),
        "R$" | "BRL" => "BRL".to_owned(),
        "zł" | "zl" | "PLN" => "PLN".to_owned(),
        "Kč" | "CZK" => "CZK".to_owned(),
        "₹" | "Rs" | "INR" => "INR".to_owned(),
        other => other.to_owned(),
    };
    currencies.iter().any(|(name, _)| money(name) != money(&currencies[0].0))
}

/// Of the columns that say it.
fn why(columns: &[&ColumnProfile]) -> String {
    let told = columns.iter().filter(|column| column.notation.is_told());
    let told: Vec<String> =
        told.take(3).filter_map(|own| Some(format!("`{}` in {}", own.notation.example.as_ref()?, own.name))).collect();
    format!("as in {}", told.join(", "))
}

fn shown(keys: &[(&'static str, String)]) -> String {
    keys.iter().map(|(key, value)| format!("{key} = {value}")).collect::<Vec<_>>().join(", ")
}

fn questions_of(column: &ColumnProfile) -> Vec<String> {
    let notation = &column.notation;
    let mut questions = Vec::new();
    if let Some(doubt) = &notation.doubt {
        let keys = match &number_keys(&doubt.numerals)[..] {
            [] => "leave `decimal` and `thousands` out".to_owned(),
            // What stands beside the number is the same in both ways.
            keys => {
                let other: Vec<_> = keys.iter().filter(|(key, _)| *key != "currency").cloned().collect();
                match (&other[..], doubt.numerals.decimal) {
                    ([], _) => "leave `decimal` and `thousands` out".to_owned(),
                    (_, ',') if doubt.numerals.thousands.is_none() => format!("write {} alone", shown(&other)),
                    _ => format!("write {}", shown(&other)),
                }
            }
        };
        questions.push(format!(
            "`{}` in {} is taken for {}, and no cell settles it: is it {}? then {keys}",
            doubt.text, column.name, doubt.value, doubt.other
        ));
    }
    if notation.n_otherwise > 0 {
        questions.push(format!(
            "{} of {} numbers in {} are written otherwise, as in `{}`, and their rows are put aside; of the others some may mean \
             another number than they are read as. A source has one way of writing: correct these, or give them files of their own",
            notation.n_otherwise,
            column.n_numbers + notation.n_otherwise,
            column.name,
            notation.otherwise.as_deref().unwrap_or_default()
        ));
    }
    questions
}

fn written_otherwise(column: &ColumnProfile, keys: &[(&'static str, String)]) -> Unread {
    let own = match &number_keys(&column.notation.numerals)[..] {
        [] => "as in program code".to_owned(),
        own => format!("as {} says", shown(own)),
    };
    let example = column.notation.example.clone().or_else(|| column.frequent.first().map(|own| own.text.clone()));
    let source = if keys.is_empty() { "as in program code".to_owned() } else { format!("as {} says", shown(keys)) };
    Unread {
        column: column.name.clone(),
        why: format!(
            "its numbers are written {own}, as in `{}`, and other columns of the source {source}; a source has one way of writing \
             numbers: change it in the file",
            example.unwrap_or_default()
        ),
    }
}
