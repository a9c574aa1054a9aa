//! What the rows of the referrals say of their two people: referrals, friendships, invitations.

use super::section::{Item, Section};
use super::{Problem, StudyError};
use serde::Serialize;

/// What a row says of its two people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ReferralKind {
    /// The one brought the other.
    Referral,
    /// The one invited the other, who came.
    Invitation,
    /// The two know each other.
    Friendship,
    /// The one invited the other, who did not come.
    Declined,
}

impl ReferralKind {
    /// The words of studies and of files.
    pub const WORDS: [(&'static str, Self); 4] = [
        ("referral", Self::Referral),
        ("invitation", Self::Invitation),
        ("friendship", Self::Friendship),
        ("declined", Self::Declined),
    ];

    /// Whether somebody was brought.
    pub fn brought_somebody(self) -> bool {
        matches!(self, Self::Referral | Self::Invitation)
    }
}

/// The column that says what each row is, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReferralKinds {
    /// The column.
    pub column: String,
    /// What each of its values stands for, in the order of the study; there are no others.
    pub values: Vec<KindValue>,
}

/// What a value of the column stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KindValue {
    /// The value as the files have it.
    pub value: String,
    /// What it says.
    pub kind: ReferralKind,
}

impl ReferralKinds {
    /// Reads `kind` and `kinds`; without the latter the values are the words themselves.
    pub(super) fn read(section: &Section<'_, '_>) -> Result<Option<Self>, StudyError> {
        let table = section.item("kinds");
        let Some(column) = section.text("kind")? else {
            return match table {
                None => Ok(None),
                Some(table) => Err(table.refuse(Problem::Invalid(format!(
                    "`{}` says what the values of a column stand for; name the column as `kind`",
                    table.path()
                )))),
            };
        };
        let values = match table {
            None => Self::own_words(),
            Some(table) => read_values(&table)?,
        };
        Ok(Some(Self { column, values }))
    }

    fn own_words() -> Vec<KindValue> {
        ReferralKind::WORDS.iter().map(|&(word, kind)| KindValue { value: word.to_owned(), kind }).collect()
    }

    /// What a value of the column stands for.
    pub fn of(&self, value: &str) -> Option<ReferralKind> {
        self.values.iter().find(|own| own.value == value).map(|own| own.kind)
    }

    /// The values that stand for somebody who was brought.
    pub fn of_brought(&self) -> impl Iterator<Item = &str> {
        self.values.iter().filter(|own| own.kind.brought_somebody()).map(|own| own.value.as_str())
    }
}

fn read_values(table: &Item<'_, '_>) -> Result<Vec<KindValue>, StudyError> {
    let items = table.open_section()?.items();
    if items.is_empty() {
        return Err(
            table.invalid(format!("`{}` names no value; leave it out where the column has the words", table.path()))
        );
    }
    items.into_iter().map(|(value, item)| Ok(KindValue { value, kind: item.word(&ReferralKind::WORDS)? })).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Study;
    use super::*;
    use std::path::Path;

    fn read(more: &str) -> Result<Option<ReferralKinds>, String> {
        let study = format!(
            "study = {{ name = \"case\", as_of = 2026-09-30 }}\n[sources.feedback]\npath = \"f.csv\"\ncustomer = \"who\"\n\
             time = \"when\"\nrecommend = \"ltr\"\n[sources.referrals]\npath = \"r.csv\"\nreferrer = \"by\"\nreferred = \"of\"\n\
             time = \"when\"\n{more}\n"
        );
        let study = Study::parse(&study, Path::new("")).map_err(|error| error.to_string())?;
        Ok(study.sources.referrals.and_then(|referrals| referrals.kinds))
    }

    #[test]
    fn values_stand_for_the_words_of_the_flat_form() {
        assert_eq!(read(""), Ok(None));
        let own = read("kind = \"what\"").expect("sound").expect("a column");
        assert_eq!(
            (own.column.as_str(), own.of("declined"), own.of("joined")),
            ("what", Some(ReferralKind::Declined), None)
        );
        let mapped =
            "kind = \"what\"\nkinds = { joined = \"invitation\", friend = \"friendship\", invited = \"declined\" }";
        let own = read(mapped).expect("sound").expect("a column");
        assert_eq!((own.of("friend"), own.of("referral")), (Some(ReferralKind::Friendship), None));
        assert_eq!(own.of_brought().collect::<Vec<_>>(), ["joined"]);
    }

    #[test]
    fn kinds_without_a_column_and_other_words_are_refused() {
        let refused = |more: &str| read(more).expect_err("a refusal");
        assert!(refused("kinds = { friend = \"friendship\" }").contains("name the column as `kind`"));
        let other = refused("kind = \"what\"\nkinds = { friend = \"friend\" }");
        assert!(other.contains("friendship") && other.contains("declined"), "{other}");
        assert!(refused("kind = \"what\"\nkinds = {}").contains("names no value"));
    }
}
