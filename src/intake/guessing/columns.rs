//! Columns by name and kind of value: times, amounts, channels and the like.

use super::names::{self, Name};
use crate::intake::exports::ExportRole;
use crate::intake::profiling::{ColumnKind, ColumnProfile, SourceProfile};

/// Values of a column that sorts rows into groups.
const GROUPS_MAX: u64 = 60;

/// A column and the part that it seems to play.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleGuess {
    /// The key of the study.
    pub key: &'static str,
    /// The column.
    pub column: String,
    /// What speaks for it.
    pub why: String,
    /// What is not sure, with the alternatives.
    pub question: Option<String>,
}

impl RoleGuess {
    pub(super) fn new(key: &'static str, column: &ColumnProfile, why: impl Into<String>) -> Self {
        Self { key, column: column.name.clone(), why: why.into(), question: None }
    }
}

/// Words of a time that is something else than when the event of a row happened.
const OTHER_TIMES: &[&str] = &[
    "updated",
    "modified",
    "estimated",
    "delivered",
    "delivery",
    "carrier",
    "approved",
    "limit",
    "birth",
    "dob",
    "expiry",
    "expires",
    "synced",
    "stage",
    "flown",
    "recorded",
    "deadline",
    "due",
    "arr",
    "arrtime",
    "deptime",
];
/// What blank cells weigh against a time.
pub(super) const GAPS: f64 = 10.0;
/// The same of purchases: a third of the rows outweighs a telling name.
pub(super) const GAPS_OF_PURCHASES: f64 = 30.0;
const ANY_TIME: &[&str] = &["timestamp", "time", "date", "datetime", "at", "when", "day", "created", "ts"];

/// The column that says when, by words for what happened; the name of the column decides among several, unless it has gaps.
/// Purchases lack no time, while who has not answered has no time of an answer.
pub(super) fn time(
    source: &SourceProfile,
    key: &'static str,
    words: &[&'static str],
    taken: &[&str],
    weight_of_gaps: f64,
) -> Option<RoleGuess> {
    let usable = source.columns.iter().filter(|column| {
        !taken.contains(&column.name.as_str()) && column.times.as_ref().is_some_and(|times| times.is_usable())
    });
    let mut scored: Vec<(i32, &ColumnProfile, Option<&'static str>)> = usable
        .map(|column| {
            let name = Name::of(&column.name);
            let word = name.says(words);
            let other = name.says(OTHER_TIMES).is_some();
            let any = name.says(ANY_TIME).is_some();
            let gaps = (weight_of_gaps * column.blank_share()) as i32;
            // `person.created_at` is a time of the person, and not of what the row says.
            let nested = column.name.contains('.');
            let score = 10 * i32::from(word.is_some()) + 3 * i32::from(any)
                - 9 * i32::from(other)
                - 2 * i32::from(nested)
                - gaps;
            (score, column, word)
        })
        .collect();
    // The first of the best.
    scored.sort_by_key(|(score, _, _)| -score);
    let (best, column, word) = *scored.first()?;
    let why = match word {
        Some(word) => format!("times, and its name says \"{word}\""),
        None if scored.len() == 1 => "the only column of times".to_owned(),
        None => "times".to_owned(),
    };
    let mut role = RoleGuess::new(key, column, why);
    let rivals: Vec<&str> =
        scored.iter().skip(1).filter(|(score, _, _)| *score + 6 >= best).map(|(_, own, _)| own.name.as_str()).collect();
    if !rivals.is_empty() {
        role.question = Some(format!("or is it {}?", rivals.join(", or ")));
    }
    Some(role)
}

/// A column that sorts rows into few groups, by its name.
pub(super) fn group(
    source: &SourceProfile,
    key: &'static str,
    words: &[&'static str],
    taken: &[&str],
) -> Option<RoleGuess> {
    let is_free = |column: &&ColumnProfile| !taken.contains(&column.name.as_str());
    if let Some(column) =
        source.columns.iter().filter(is_free).find(|own| key == "channel" && own.role == Some(ExportRole::Channel))
        && column.n_distinct <= GROUPS_MAX
    {
        return Some(RoleGuess::new(key, column, format!("the export's own channel; {}", values(column))));
    }
    let mut candidates =
        source.columns.iter().filter(is_free).filter(|column| is_group(column) && column.role.is_none());
    let said = |name: Name| if key == "kind" { name.begins(words) } else { name.says(words) };
    let found = candidates.find_map(|column| Some((column, said(Name::of(&column.name))?)));
    found.map(|(column, word)| RoleGuess::new(key, column, format!("its name says \"{word}\"; {}", values(column))))
}

/// Whether a column sorts rows into groups: few different texts, each of them several times.
pub(super) fn is_group(column: &ColumnProfile) -> bool {
    let is_few = column.n_distinct >= 1 && column.n_distinct <= GROUPS_MAX && column.n_distinct * 2 <= column.n_rows;
    column.kind == ColumnKind::Text && is_few && column.mean_length <= 40.0
}

/// `4 values: web, app, shop, ...`, as evidence.
pub(super) fn values(column: &ColumnProfile) -> String {
    let shown: Vec<&str> = column.frequent.iter().take(4).map(|value| value.text.as_str()).collect();
    let more = if column.n_distinct > shown.len() as u64 { ", ..." } else { "" };
    let plural = if column.n_distinct == 1 { "value" } else { "values" };
    format!("{} {plural}: {}{more}", column.n_distinct, shown.join(", "))
}

/// The column of amounts: numbers, most of them with a fraction or called so.
pub(super) fn amount(source: &SourceProfile, taken: &[&str]) -> Option<RoleGuess> {
    let candidates: Vec<(usize, &ColumnProfile, Option<&'static str>)> = source
        .columns
        .iter()
        .filter(|column| column.is_number() && column.n_distinct > 2 && !taken.contains(&column.name.as_str()))
        .filter_map(|column| {
            let name = Name::of(&column.name);
            let is_other = name.says(names::NO_AMOUNT).is_some();
            let word = name.says(names::AMOUNT).filter(|_| !is_other);
            let place = word.and_then(|word| names::AMOUNT.iter().position(|own| *own == word));
            let place = match (place, column.kind) {
                (Some(place), _) => place,
                (None, ColumnKind::Real) if !is_other => names::AMOUNT.len(),
                _ => return None,
            };
            Some((place, column, word))
        })
        .collect();
    let &(place, column, word) = candidates.iter().min_by_key(|(place, _, _)| *place)?;
    let range = format!("numbers from {} to {}", column.min, column.max);
    let mut role = match word {
        Some(word) => RoleGuess::new("amount", column, format!("its name says \"{word}\"; {range}")),
        None => {
            let mut role = RoleGuess::new("amount", column, range);
            role.question = Some("is this what was paid? its name does not say so".to_owned());
            role
        }
    };
    let rivals: Vec<&str> = candidates
        .iter()
        .filter(|(other, own, _)| *other < names::AMOUNT.len() && own.name != column.name && *other >= place)
        .map(|(_, own, _)| own.name.as_str())
        .collect();
    if !rivals.is_empty() && role.question.is_none() {
        role.question = Some(format!("or is it {}?", rivals.join(", or ")));
    }
    Some(role)
}

/// The column that names a row: hardly a value twice, and called a key.
pub(super) fn id(source: &SourceProfile, words: &[&'static str], taken: &[&str]) -> Option<RoleGuess> {
    let own = source.columns.iter().find(|column| column.role == Some(ExportRole::ResponseId));
    if let Some(column) = own {
        return Some(RoleGuess::new("id", column, "the export's own id of the response"));
    }
    let found = source.columns.iter().find(|column| {
        let name = Name::of(&column.name);
        let is_called_so = name.says(names::ID).is_some() || name.says(words).is_some();
        let is_key = matches!(column.kind, ColumnKind::Text | ColumnKind::Whole) && column.mean_length <= 40.0;
        column.is_unique()
            && column.n_blank == 0
            && is_key
            && is_called_so
            && name.says(names::CUSTOMER).is_none()
            && name.says(names::EMAIL).is_none()
            && !taken.contains(&column.name.as_str())
    })?;
    let why = format!("{} different values in {} rows", found.n_distinct, found.n_rows);
    let mut role = RoleGuess::new("id", found, why);
    let n_again = found.n_filled() - found.n_distinct;
    // Fewer than one in 200 are slips, as among the codes of scores.
    if 200 * n_again >= found.n_filled() {
        role.question = Some(format!(
            "{n_again} of its values stand there again: repeats of the same, which are put aside as it stands here? else leave it out, or \
             name several columns as `unique` in the contract"
        ));
    }
    Some(role)
}

/// Means of weights of answers: as a rule they are 1 on average, so that they add up to the number of answers.
const WEIGHT_MEANS: std::ops::RangeInclusive<f64> = 0.95..=1.05;

/// The column of weights: numbers that are not negative, called so and nothing else, with a mean of 1.
pub(super) fn weight(source: &SourceProfile) -> Option<RoleGuess> {
    let column = called_weight(source).find(|column| is_weight(column))?;
    let why =
        format!("its name says so; numbers from {} to {}, {:.2} on average", column.min, column.max, mean(column));
    let mut role = RoleGuess::new("weight", column, why);
    role.question = Some(
        "how many of the population an answer stands for? else weight_kind = \"frequency\" or \"precision\"".to_owned(),
    );
    Some(role)
}

/// Columns that are called weights, and may be those of parcels or people.
pub(super) fn other_weights(source: &SourceProfile) -> impl Iterator<Item = &ColumnProfile> {
    called_weight(source).filter(|column| !is_weight(column))
}

fn called_weight(source: &SourceProfile) -> impl Iterator<Item = &ColumnProfile> {
    source
        .columns
        .iter()
        .filter(|column| column.is_number() && column.n_negative == 0 && Name::of(&column.name).has_word(names::WEIGHT))
}

fn is_weight(column: &ColumnProfile) -> bool {
    WEIGHT_MEANS.contains(&mean(column)) && !Name::of(&column.name).has_word(names::NO_WEIGHT)
}

/// The mean of a column's numbers.
pub(super) fn mean(column: &ColumnProfile) -> f64 {
    column.sum / column.n_numbers.max(1) as f64
}
