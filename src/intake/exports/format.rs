//! The exports that are read natively.

/// A vendor's export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExportFormat {
    /// Qualtrics, current: three header rows, the third of JSON.
    Qualtrics,
    /// Qualtrics, legacy: two header rows.
    QualtricsLegacy,
    /// SurveyMonkey: two header rows, questions and options.
    SurveyMonkey,
    /// Typeform: results as CSV, or the Responses API's JSON.
    Typeform,
    /// LimeSurvey: responses as CSV.
    LimeSurvey,
    /// Formbricks: responses as CSV or JSON, or the Management API's JSON.
    Formbricks,
    /// Delighted: the API's list of survey responses.
    Delighted,
    /// Retently: the API's list of feedback.
    Retently,
    /// CustomerGauge: the import template of external responses.
    CustomerGauge,
    /// Medallia Agent Connect (once Stella Connect): the response export, or the Data Return API's JSON.
    MedalliaAgentConnect,
    /// Qualtrics by way of Fivetran's connector: long tables.
    FivetranQualtrics,
}

/// How a format's files are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportLayout {
    /// Separated text with a header.
    Separated,
    /// JSON.
    Json,
    /// Either of the two.
    Either,
    /// Several tables that belong together.
    Tables,
}

use ExportFormat::*;

impl ExportFormat {
    /// All formats.
    pub const ALL: [Self; 11] = [
        Qualtrics,
        QualtricsLegacy,
        SurveyMonkey,
        Typeform,
        LimeSurvey,
        Formbricks,
        Delighted,
        Retently,
        CustomerGauge,
        MedalliaAgentConnect,
        FivetranQualtrics,
    ];

    /// The word by which a study names the format, as in `format = "typeform"`.
    pub fn word(self) -> &'static str {
        match self {
            Qualtrics => "qualtrics",
            QualtricsLegacy => "qualtrics_legacy",
            SurveyMonkey => "surveymonkey",
            Typeform => "typeform",
            LimeSurvey => "limesurvey",
            Formbricks => "formbricks",
            Delighted => "delighted",
            Retently => "retently",
            CustomerGauge => "customergauge",
            MedalliaAgentConnect => "medallia_agent_connect",
            FivetranQualtrics => "fivetran_qualtrics",
        }
    }

    /// The format that a word names.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.word() == word)
    }

    /// The name for people.
    pub fn title(self) -> &'static str {
        match self {
            Qualtrics => "Qualtrics",
            QualtricsLegacy => "legacy Qualtrics",
            SurveyMonkey => "SurveyMonkey",
            Typeform => "Typeform",
            LimeSurvey => "LimeSurvey",
            Formbricks => "Formbricks",
            Delighted => "Delighted",
            Retently => "Retently",
            CustomerGauge => "CustomerGauge",
            MedalliaAgentConnect => "Medallia Agent Connect",
            FivetranQualtrics => "Fivetran's Qualtrics",
        }
    }

    /// How the format's files are laid out.
    pub fn layout(self) -> ExportLayout {
        match self {
            Qualtrics | QualtricsLegacy | SurveyMonkey | LimeSurvey | CustomerGauge => ExportLayout::Separated,
            Delighted | Retently => ExportLayout::Json,
            Typeform | Formbricks | MedalliaAgentConnect => ExportLayout::Either,
            FivetranQualtrics => ExportLayout::Tables,
        }
    }

    /// What the format's JSON looks like, for messages.
    pub(super) fn json_shape(self) -> &'static str {
        match self {
            Typeform => "an object with the list `items`",
            Retently => "an object with the list `data.responses`",
            Formbricks => "a list, or an object with the list `data`",
            Delighted | MedalliaAgentConnect => "a list of responses",
            _ => "separated text",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_is_found_by_its_word() {
        for format in ExportFormat::ALL {
            assert_eq!(ExportFormat::of_word(format.word()), Some(format));
        }
        assert_eq!(ExportFormat::of_word("csv"), None);
    }
}
