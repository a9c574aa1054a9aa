//! Rows of responses that grow to the right.

use super::super::columns::{ExportColumn, ExportColumns, SurveyQuestion};
use super::super::fold::folded;
use super::super::value_table::{Value, ValueTable};
use super::super::{ExportError, ExportFormat, ExportRole, qualtrics, roles};
use super::pivot::{PivotAccount, Pivoted};
use super::tables::LongTable;
use std::collections::{BTreeMap, HashMap};

/// Where a column comes from; two columns of one name from different places stay two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Origin {
    Response,
    Question,
    QuestionText,
    Embedded,
    Contact,
}

/// Rows of responses that grow to the right.
pub(super) struct Wide {
    /// The row of each response.
    pub(super) row_of: HashMap<String, usize>,
    pub(super) columns: Vec<ExportColumn>,
    places: HashMap<(Origin, String), usize>,
    /// The survey of each row; empty where the tables do not say it.
    surveys: Vec<String>,
    /// The survey whose questions are asked for, where it is one of several.
    wanted: Option<String>,
    pub(super) rows: Vec<Vec<Value>>,
    /// Where the responses' own address stands.
    pub(super) email: Option<usize>,
    pub(super) account: PivotAccount,
}

impl Wide {
    pub(super) fn of_responses(table: LongTable<'_>, wanted: Option<&str>) -> Result<Self, ExportError> {
        let id = table.required("id")?;
        let survey = table.optional("survey_id");
        let names: Vec<String> = table.names().iter().map(|name| name.to_lowercase()).collect();
        // The connector's own bookkeeping stays behind, and so does a column that is there twice.
        let is_own = |at: &usize| !folded(&names[*at]).starts_with("fivetran") && !names[..*at].contains(&names[*at]);
        let own: Vec<usize> = (0..names.len()).filter(is_own).collect();
        let mut wide = Self {
            row_of: HashMap::new(),
            columns: Vec::new(),
            places: HashMap::new(),
            surveys: Vec::new(),
            wanted: wanted.map(str::to_owned),
            rows: Vec::new(),
            email: None,
            account: PivotAccount { n_deleted: table.n_deleted(), ..PivotAccount::default() },
        };
        for &at in &own {
            let place = wide.place(Origin::Response, &names[at], &[]);
            roles::assign(ExportFormat::FivetranQualtrics, &mut wide.columns[place], &names[at]);
            if wide.columns[place].role == Some(ExportRole::Email) {
                wide.email = Some(place);
            }
        }
        for row in table.live_rows() {
            if wide.row_of.contains_key(row[id].text().as_ref()) {
                wide.account.n_responses_repeated += 1;
                continue;
            }
            wide.row_of.insert(row[id].text().into_owned(), wide.rows.len());
            wide.surveys.push(survey.map_or_else(String::new, |at| row[at].text().trim().to_owned()));
            wide.rows.push(own.iter().map(|&at| row[at].clone()).collect());
        }
        wide.account.n_responses = wide.rows.len() as u64;
        if let Some(survey) = wanted.filter(|wanted| !wide.surveys.iter().any(|own| own == wanted)) {
            let there = wide.n_responses_by_survey().into_iter();
            let there = there.map(|(own, n)| format!("{own} ({n} responses)")).collect();
            return Err(ExportError::NoSuchSurvey { survey: survey.to_owned(), there });
        }
        Ok(wide)
    }

    /// Responses of each survey, in the order of their ids.
    pub(super) fn n_responses_by_survey(&self) -> BTreeMap<String, u64> {
        let mut all = BTreeMap::new();
        for survey in &self.surveys {
            *all.entry(survey.clone()).or_default() += 1;
        }
        all
    }

    /// The survey of a row's questions; nothing where they are not asked for. Surveys of one account number their questions alike.
    pub(super) fn survey_of(&self, row: usize) -> Option<&str> {
        let own = self.surveys[row].as_str();
        self.wanted.as_deref().is_none_or(|wanted| wanted == own).then_some(own)
    }

    /// The place of a question of a survey.
    pub(super) fn place_of_question(&mut self, survey: &str, name: &str, text: &str) -> usize {
        let key = (Origin::Question, format!("{survey}/{name}"));
        if let Some(&at) = self.places.get(&key) {
            return at;
        }
        let at = self.columns.len();
        let names = [name, text].into_iter().filter(|name| !name.is_empty()).map(str::to_owned);
        let question = SurveyQuestion { survey: survey.to_owned(), n_answers: 0 };
        self.columns.push(ExportColumn { survey: Some(question), ..ExportColumn::named(names) });
        self.places.insert(key, at);
        at
    }

    /// Puts the survey before the names of its questions where there are questions of several.
    pub(super) fn tell_surveys_apart(&mut self) {
        let surveys = |columns: &[ExportColumn]| -> Vec<String> {
            columns.iter().filter_map(|column| Some(column.survey.as_ref()?.survey.clone())).collect()
        };
        let all = surveys(&self.columns);
        let are_several = all.iter().any(|survey| *survey != all[0]);
        for column in &mut self.columns {
            match &column.survey {
                Some(own) if are_several => {
                    let name = format!("{}.{}", own.survey, column.name());
                    column.names.insert(0, name);
                }
                _ => column.survey = None,
            }
        }
    }

    /// The place of a column, which is made where it is new.
    pub(super) fn place(&mut self, from: Origin, name: &str, also: &[String]) -> usize {
        let key = (from, name.to_owned());
        if let Some(&at) = self.places.get(&key) {
            return at;
        }
        let at = self.columns.len();
        let also = also.iter().filter(|name| !name.is_empty()).cloned();
        self.columns.push(ExportColumn::named(std::iter::once(name.to_owned()).chain(also)));
        self.places.insert(key, at);
        at
    }

    pub(super) fn finish(mut self) -> Result<Pivoted, ExportError> {
        let n_columns = self.columns.len();
        for row in &mut self.rows {
            row.resize(n_columns, Value::Missing);
        }
        qualtrics::mark_recommend(&mut self.columns);
        let columns = ExportColumns::new(ExportFormat::FivetranQualtrics, self.columns);
        let names = columns.columns().iter().map(|column| column.name().to_owned()).collect();
        let surveys = self.surveys;
        Ok(Pivoted { columns, table: ValueTable::new(names, self.rows)?, account: self.account, surveys })
    }
}
