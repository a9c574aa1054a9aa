//! What the columns of an export are called and what they are for.

use super::fold::tidy;
use super::{ExportError, ExportFormat};
use crate::study::TimeFormat;
use std::collections::HashMap;

/// The part that a column plays, as the vendor documents it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExportRole {
    /// The vendor's id of the response.
    ResponseId,
    /// When the customer was asked.
    Sent,
    /// When the customer began to answer.
    Start,
    /// When the customer last did something: the time of the answer.
    End,
    /// When the vendor filed the response; for an unfinished one, days after the customer left.
    Recorded,
    /// The 0-10 recommend answer.
    Recommend,
    /// The vendor's own class of the recommend answer.
    RecommendClass,
    /// The kind of response: an answer, a preview, spam.
    Status,
    /// Whether the customer reached the end.
    Finished,
    /// Which survey was asked, where one list holds several.
    SurveyType,
    /// How the survey reached the customer.
    Channel,
    /// The customer's e-mail address.
    Email,
    /// The company's own id of the customer.
    ExternalReference,
    /// Seconds from start to end.
    Duration,
    /// A score on another scale, such as stars.
    Score,
}

impl ExportRole {
    /// The role that a study names, as in `recommend = "@recommend"`.
    pub fn of_word(word: &str) -> Option<Self> {
        Some(match word {
            "id" => Self::ResponseId,
            "sent" => Self::Sent,
            "start" => Self::Start,
            "end" => Self::End,
            "recorded" => Self::Recorded,
            "recommend" => Self::Recommend,
            "class" => Self::RecommendClass,
            "channel" => Self::Channel,
            "email" => Self::Email,
            "external_reference" => Self::ExternalReference,
            "duration" => Self::Duration,
            "score" => Self::Score,
            _ => return None,
        })
    }

    /// The role for people, as in "several columns hold ...".
    pub fn title(self) -> &'static str {
        match self {
            Self::ResponseId => "the id of the response",
            Self::Sent => "when the customer was asked",
            Self::Start => "when the answer began",
            Self::End => "when the answer ended",
            Self::Recorded => "when the response was recorded",
            Self::Recommend => "a recommend answer",
            Self::RecommendClass => "the class of a recommend answer",
            Self::Status => "the kind of response",
            Self::Finished => "whether the response is finished",
            Self::SurveyType => "the type of survey",
            Self::Channel => "the channel",
            Self::Email => "the e-mail address",
            Self::ExternalReference => "the external reference",
            Self::Duration => "the duration",
            Self::Score => "a score",
        }
    }
}

/// One column of an export.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExportColumn {
    /// Every name by which a study may call it, the most specific first; at least one.
    pub names: Vec<String>,
    /// The part it plays.
    pub role: Option<ExportRole>,
    /// The zone of its times, where the export states it: an IANA name or `UTC`.
    pub zone: Option<String>,
    /// The layout of its times, where it is documented and not ISO 8601.
    pub time: Option<TimeFormat>,
    /// Cells that stand for nothing in this column.
    pub blanks: &'static [&'static str],
    /// The survey that asks it, where the export holds several.
    pub survey: Option<SurveyQuestion>,
}

/// A question of one of the surveys of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurveyQuestion {
    /// The vendor's id of the survey.
    pub survey: String,
    /// Responses that answer it.
    pub n_answers: u64,
}

impl ExportColumn {
    /// A column with names and nothing else known.
    pub(super) fn named(names: impl IntoIterator<Item = String>) -> Self {
        Self { names: names.into_iter().collect(), ..Self::default() }
    }

    /// The most specific name.
    pub fn name(&self) -> &str {
        self.names.first().map_or("", String::as_str)
    }
}

/// The columns of an export, in the order of the cells of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportColumns {
    format: ExportFormat,
    columns: Vec<ExportColumn>,
}

impl ExportColumns {
    /// Names are brought to one line, empty ones left out, and columns that share their most specific name are told apart as
    /// `name (1)`, `name (2)`. A column without a name is `column 7`, by its place from 1.
    pub(super) fn new(format: ExportFormat, mut columns: Vec<ExportColumn>) -> Self {
        for (at, column) in columns.iter_mut().enumerate() {
            let mut names: Vec<String> = Vec::with_capacity(column.names.len());
            for name in &column.names {
                let name = tidy(name);
                if !name.is_empty() && !names.contains(&name) {
                    names.push(name);
                }
            }
            if names.is_empty() {
                names.push(format!("column {}", at + 1));
            }
            column.names = names;
        }
        let mut shared: HashMap<String, usize> = HashMap::new();
        for column in &columns {
            *shared.entry(column.name().to_owned()).or_default() += 1;
        }
        let mut seen: HashMap<String, usize> = HashMap::new();
        for column in &mut columns {
            let name = column.name().to_owned();
            if shared.get(&name).is_some_and(|&n_columns| n_columns > 1) {
                let number = seen.entry(name.clone()).or_default();
                *number += 1;
                column.names.push(format!("{name} ({number})"));
            }
        }
        Self { format, columns }
    }

    /// The export they belong to.
    pub fn format(&self) -> ExportFormat {
        self.format
    }

    /// The columns.
    pub fn columns(&self) -> &[ExportColumn] {
        &self.columns
    }

    /// The place of the column that a study calls by a name; nothing where no column has it.
    ///
    /// A more specific name counts before a less specific one: `status` is the column whose ImportId that is, even where
    /// a question is tagged `status`.
    ///
    /// # Errors
    /// Several columns have the name at the same rank.
    pub fn find(&self, name: &str) -> Result<Option<usize>, ExportError> {
        let name = tidy(name);
        let rank = |column: &ExportColumn| column.names.iter().position(|own| *own == name);
        let Some(best) = self.columns.iter().filter_map(rank).min() else { return Ok(None) };
        let found: Vec<usize> = (0..self.columns.len()).filter(|&at| rank(&self.columns[at]) == Some(best)).collect();
        match found[..] {
            [at] => Ok(Some(at)),
            _ => Err(self
                .several_surveys(&name, &found)
                .unwrap_or_else(|| ExportError::AmbiguousName { name, columns: self.telling_names(&found) })),
        }
    }

    /// The places of the columns that play a role.
    pub fn all_with(&self, role: ExportRole) -> impl Iterator<Item = usize> {
        self.columns.iter().enumerate().filter(move |(_, column)| column.role == Some(role)).map(|(at, _)| at)
    }

    /// The place of the column that plays a role; nothing where none does.
    ///
    /// # Errors
    /// Several columns play it, such as the recommend answers of two questions.
    pub fn with(&self, role: ExportRole) -> Result<Option<usize>, ExportError> {
        let found: Vec<usize> = self.all_with(role).collect();
        match found[..] {
            [] => Ok(None),
            [at] => Ok(Some(at)),
            _ => Err(self
                .several_surveys(role.title(), &found)
                .unwrap_or_else(|| ExportError::AmbiguousRole { role, columns: self.telling_names(&found) })),
        }
    }

    /// The place of the column that says when the customer answered: when the answer ended, else when it was recorded, else
    /// when it began. The end comes first because an unfinished response is recorded only days after the customer left, and
    /// whatever happened in between would count as known before the answer.
    ///
    /// # Errors
    /// Several columns play the role.
    pub fn answered_at(&self) -> Result<Option<usize>, ExportError> {
        for role in [ExportRole::End, ExportRole::Recorded, ExportRole::Start] {
            if let Some(at) = self.with(role)? {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    /// That each of some columns is of a survey of its own, which is why they are called alike.
    fn several_surveys(&self, name: &str, places: &[usize]) -> Option<ExportError> {
        let mut surveys: Vec<(&str, String)> = Vec::new();
        for &at in places {
            let column = &self.columns[at];
            let SurveyQuestion { survey, n_answers } = column.survey.as_ref()?;
            if surveys.iter().any(|(other, _)| other == survey) {
                return None;
            }
            let text = column.names.last().map_or("", String::as_str);
            surveys.push((survey, format!("{survey} (\"{text}\", {n_answers} answers)")));
        }
        let (first, _) = surveys.first()?;
        let first = (*first).to_owned();
        let surveys = surveys.into_iter().map(|(_, own)| own).collect();
        Some(ExportError::SeveralSurveys { name: name.to_owned(), first, surveys })
    }

    /// Names by which some columns can be told apart: for each the first that is no other column's.
    fn telling_names(&self, places: &[usize]) -> Vec<String> {
        let is_own = |at: usize, name: &String| {
            self.columns.iter().enumerate().all(|(other, column)| other == at || !column.names.contains(name))
        };
        places
            .iter()
            .map(|&at| {
                let names = &self.columns[at].names;
                names.iter().find(|name| is_own(at, name)).or(names.first()).cloned().unwrap_or_default()
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(names: &[&[&str]]) -> ExportColumns {
        let named = |names: &&[&str]| ExportColumn::named(names.iter().map(|&name| name.to_owned()));
        ExportColumns::new(ExportFormat::Qualtrics, names.iter().map(named).collect())
    }

    #[test]
    fn the_more_specific_name_counts_first() {
        let columns = columns(&[&["status", "Status", "Response type"], &["QID5", "status", "What is your status?"]]);
        assert_eq!(columns.find("status"), Ok(Some(0)));
        assert_eq!(columns.find("QID5"), Ok(Some(1)));
        assert_eq!(columns.find("What  is\nyour status?"), Ok(Some(1)));
        assert_eq!(columns.find("Status "), Ok(Some(0)));
        assert_eq!(columns.find("STATUS"), Ok(None));
    }

    #[test]
    fn a_name_of_two_columns_is_refused_with_names_that_tell_them_apart() {
        let columns = columns(&[&["status", "Status"], &["QID5", "Status"]]);
        let refused = columns.find("Status").expect_err("two");
        assert_eq!(
            refused.to_string(),
            "several columns are called \"Status\"; say which by one of these names: status, QID5"
        );
    }

    #[test]
    fn columns_of_one_name_are_numbered_and_nameless_ones_are_placed() {
        let columns = columns(&[&["Other"], &["Why?"], &["Other"], &["", " "]]);
        assert_eq!(columns.find("Other (1)"), Ok(Some(0)));
        assert_eq!(columns.find("Other (2)"), Ok(Some(2)));
        assert_eq!(columns.find("column 4"), Ok(Some(3)));
        assert!(columns.find("Other").is_err());
    }

    #[test]
    fn a_role_played_twice_is_refused() {
        let mut all = columns(&[&["QID1"], &["QID2"], &["startDate"]]).columns().to_vec();
        all[0].role = Some(ExportRole::Recommend);
        all[2].role = Some(ExportRole::Start);
        let one = ExportColumns::new(ExportFormat::Qualtrics, all.clone());
        assert_eq!((one.with(ExportRole::Recommend), one.with(ExportRole::Email)), (Ok(Some(0)), Ok(None)));
        assert_eq!(one.answered_at(), Ok(Some(2)));
        all[1].role = Some(ExportRole::Recommend);
        let two = ExportColumns::new(ExportFormat::Qualtrics, all);
        let refused = two.with(ExportRole::Recommend).expect_err("two").to_string();
        assert_eq!(refused, "several columns hold a recommend answer; name the one that is meant: QID1, QID2");
    }
}
