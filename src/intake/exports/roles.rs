//! Which documented columns play which part, by vendor.
//!
//! One table a vendor, for separated text and JSON alike: names are compared without case, blanks and punctuation, and
//! `customer.email` of the JSON is `customeremail` here. Qualtrics's ImportIds alone are compared to the letter.

use super::ExportFormat::{self, *};
use super::ExportRole::{self, *};
use super::columns::ExportColumn;
use super::fold::folded;
use crate::study::TimeFormat;

/// What is documented of one column.
struct Known {
    /// The folded name; Qualtrics's ImportIds as they are.
    name: &'static str,
    role: ExportRole,
}

const fn known(name: &'static str, role: ExportRole) -> Known {
    Known { name, role }
}

/// LimeSurvey writes this date where a survey keeps no dates.
const NO_DATE: &[&str] = &["1980-01-01 00:00:00", "1980-01-01"];
/// LimeSurvey writes this, in full texts, where a question was not shown or not answered.
const NOT_SHOWN: &[&str] = &["N/A"];
/// Typeform's API writes this date where a response was not submitted.
const NOT_SUBMITTED: &[&str] = &["0001-01-01T00:00:00Z"];

/// ImportIds of the columns that every current export has, to the letter: the ImportId of embedded data is its name, and
/// `Status` is another field than `status`.
const QUALTRICS: &[Known] = &[
    known("_recordId", ResponseId),
    known("startDate", Start),
    known("endDate", End),
    known("recordedDate", Recorded),
    known("status", Status),
    known("finished", Finished),
    known("duration", Duration),
    known("distributionChannel", Channel),
    known("recipientEmail", Email),
    known("externalDataReference", ExternalReference),
];

/// Texts of the second header row for the columns that every legacy export has.
const QUALTRICS_LEGACY: &[Known] = &[
    known("responseid", ResponseId),
    known("startdate", Start),
    known("enddate", End),
    known("status", Status),
    known("finished", Finished),
    known("emailaddress", Email),
    known("externaldatareference", ExternalReference),
];

const SURVEY_MONKEY: &[Known] = &[
    known("respondentid", ResponseId),
    known("datecreated", Start),
    known("startdate", Start),
    known("datemodified", End),
    known("enddate", End),
    known("collectorid", Channel),
    known("emailaddress", Email),
    known("email", Email),
    known("customdata1", ExternalReference),
    known("custom1", ExternalReference),
];

const TYPEFORM: &[Known] = &[
    known("startdateutc", Start),
    known("submitdateutc", End),
    known("stagedateutc", Recorded),
    known("responsetype", Finished),
    known("responseid", ResponseId),
    known("token", ResponseId),
    known("landedat", Start),
    known("submittedat", End),
    known("stagedat", Recorded),
];

const LIME_SURVEY: &[Known] = &[
    known("id", ResponseId),
    known("responseid", ResponseId),
    known("startdate", Start),
    known("datestarted", Start),
    known("datestamp", End),
    known("datelastaction", End),
    known("submitdate", Recorded),
    known("datesubmitted", Recorded),
    known("token", ExternalReference),
    // What full texts call it since version 4.
    known("accesscode", ExternalReference),
    known("email", Email),
    known("emailaddress", Email),
    known("interviewtime", Duration),
    known("totaltime", Duration),
];

const FORMBRICKS: &[Known] = &[
    known("responseid", ResponseId),
    known("timestamp", Recorded),
    known("finished", Finished),
    known("userid", ExternalReference),
    known("email", Email),
    known("source", Channel),
    known("id", ResponseId),
    known("createdat", Start),
    known("updatedat", End),
    known("contactuserid", ExternalReference),
    known("contactattributesemail", Email),
    known("personemail", Email),
    known("verifiedemail", Email),
    known("personuserid", ExternalReference),
    known("personattributesemail", Email),
    known("metasource", Channel),
];

const DELIGHTED: &[Known] = &[
    known("id", ResponseId),
    known("score", Recommend),
    known("surveytype", SurveyType),
    known("createdat", End),
    known("personemail", Email),
    known("person", ExternalReference),
    known("personid", ExternalReference),
];

const RETENTLY: &[Known] = &[
    known("id", ResponseId),
    known("score", Recommend),
    known("ratingcategory", RecommendClass),
    known("metric", SurveyType),
    known("metricstype", SurveyType),
    known("metrictype", SurveyType),
    known("surveytype", SurveyType),
    known("isbogus", Status),
    known("createddate", End),
    known("createdat", End),
    known("email", Email),
    known("customeremail", Email),
    known("customerid", ExternalReference),
];

const CUSTOMER_GAUGE: &[Known] = &[
    known("npsscore", Recommend),
    known("netpromoterscore", Recommend),
    known("sentdate", Sent),
    known("emailsentdate", Sent),
    known("responsedate", End),
    known("surveycompleteddate", End),
    known("email", Email),
    known("contactreference", ExternalReference),
    known("customernumber", ExternalReference),
];

const AGENT_CONNECT: &[Known] = &[
    known("uuid", ResponseId),
    known("requestid", ResponseId),
    known("requestsentat", Sent),
    known("responsereceivedat", End),
    known("channel", Channel),
    known("customeremail", Email),
    known("customeremailaddress", Email),
    known("requestsentto", Email),
    known("customercustomid", ExternalReference),
    known("starrating", Score),
    known("answersstarrating", Score),
    known("isrecovery", SurveyType),
];

const FIVETRAN: &[Known] = &[
    known("id", ResponseId),
    known("startdate", Start),
    known("enddate", End),
    known("recordeddate", Recorded),
    known("status", Status),
    known("finished", Finished),
    known("durationinseconds", Duration),
    known("distributionchannel", Channel),
    known("recipientemail", Email),
    known("surveyid", SurveyType),
];

fn table(format: ExportFormat) -> &'static [Known] {
    match format {
        Qualtrics => QUALTRICS,
        QualtricsLegacy => QUALTRICS_LEGACY,
        SurveyMonkey => SURVEY_MONKEY,
        Typeform => TYPEFORM,
        LimeSurvey => LIME_SURVEY,
        Formbricks => FORMBRICKS,
        Delighted => DELIGHTED,
        Retently => RETENTLY,
        CustomerGauge => CUSTOMER_GAUGE,
        MedalliaAgentConnect => AGENT_CONNECT,
        FivetranQualtrics => FIVETRAN,
    }
}

/// The part that the documented column of a name plays.
pub(super) fn role_of(format: ExportFormat, name: &str) -> Option<ExportRole> {
    if format == Typeform && name == "#" {
        return Some(ResponseId);
    }
    let name = if format == Qualtrics { name.to_owned() } else { folded(name) };
    table(format).iter().find(|known| known.name == name).map(|known| known.role)
}

/// Gives a column the role of its documented name, and what is documented of its times.
pub(super) fn assign(format: ExportFormat, column: &mut ExportColumn, name: &str) {
    column.role = role_of(format, name);
    if format == LimeSurvey && column.role.is_none() {
        column.blanks = NOT_SHOWN;
    }
    if !matches!(column.role, Some(Sent | Start | End | Recorded)) {
        return;
    }
    match format {
        // The header says "(UTC)"; the connector stores instants.
        Typeform | FivetranQualtrics => {
            column.zone = Some("UTC".to_owned());
            column.blanks = if format == Typeform { NOT_SUBMITTED } else { &[] };
        }
        // "UTC timestamp", where it carries no offset.
        MedalliaAgentConnect => column.zone = Some("UTC".to_owned()),
        Delighted => column.time = Some(TimeFormat::EpochSeconds),
        // JavaScript's way of writing hours for Canada begins the day with 24.
        Formbricks if folded(name) == "timestamp" => column.time = Some(TimeFormat::IsoHour24),
        LimeSurvey => column.blanks = NO_DATE,
        _ => {}
    }
}

/// Leaves each role to the first column that has it. Of two columns of one documented name the vendor's own comes first:
/// the questions stand behind it. Recommend answers stay, since a survey may ask for several.
pub(super) fn keep_first(columns: &mut [ExportColumn]) {
    let mut seen = Vec::new();
    for column in columns {
        if let Some(role) = column.role.filter(|role| !matches!(role, Recommend | RecommendClass)) {
            if seen.contains(&role) {
                column.role = None;
            } else {
                seen.push(role);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_text_and_json_play_the_same_part() {
        assert_eq!(role_of(MedalliaAgentConnect, "customer.email"), Some(Email));
        assert_eq!(role_of(MedalliaAgentConnect, "customer_email_address"), Some(Email));
        assert_eq!(role_of(Formbricks, "Response ID"), Some(ResponseId));
        assert_eq!((role_of(Qualtrics, "status"), role_of(Qualtrics, "Status")), (Some(Status), None));
        assert_eq!(role_of(Typeform, "#"), Some(ResponseId));
        assert_eq!(role_of(Typeform, "Network ID"), None);
        assert_eq!(role_of(Formbricks, "person.email"), Some(Email));
        assert_eq!(role_of(MedalliaAgentConnect, "request_sent_to"), Some(Email));
        assert_eq!(role_of(CustomerGauge, "SurveyCompletedDate"), Some(End));
    }

    #[test]
    fn times_carry_what_the_vendor_states() {
        let column = |format, name: &str| {
            let mut column = ExportColumn::named([name.to_owned()]);
            assign(format, &mut column, name);
            column
        };
        assert_eq!(column(Typeform, "Submit Date (UTC)").zone.as_deref(), Some("UTC"));
        assert_eq!(column(Delighted, "created_at").time, Some(TimeFormat::EpochSeconds));
        assert_eq!(column(LimeSurvey, "submitdate").blanks, NO_DATE);
        assert_eq!(column(LimeSurvey, "id").blanks.len(), 0);
        assert_eq!(column(LimeSurvey, "Q1[SQ001]").blanks, NOT_SHOWN);
        assert_eq!(column(MedalliaAgentConnect, "response_received_at").zone.as_deref(), Some("UTC"));
        assert_eq!(column(Formbricks, "Timestamp").time, Some(TimeFormat::IsoHour24));
        assert_eq!(column(Formbricks, "updatedAt").time, None);
    }
}
