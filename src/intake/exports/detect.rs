//! Whose export a file is, by what its beginning says of itself.

use super::ExportFormat::{self, *};
use super::fold::folded;
use super::json_keys::key_sets;
use super::records::{HeaderRecords, without_mark};
use super::{FivetranTable, qualtrics, survey_monkey};

/// Records that are looked at; no header is longer.
const RECORDS_MAX: usize = 4;

/// The vendor whose export a file is, by documented marks in its beginning; nothing where it has none of them.
///
/// Marks are names that stand together and mean something to one vendor only: ImportIds in JSON for Qualtrics, `Respondent
/// ID` with `Collector ID` for SurveyMonkey, `landed_at` with `landing_id` for Typeform. The number of rows plays no part.
/// `first_bytes` should hold the header, or a response of JSON; the delimiter counts for separated text.
///
/// # Example
/// ```
/// use advocate::intake::exports::{ExportFormat, detect};
///
/// let export = b"id,submitdate,lastpage,startlanguage,Q1\n1,2026-03-01 10:00:00,2,en,9\n";
/// assert_eq!(detect(export, b','), Some(ExportFormat::LimeSurvey));
/// assert_eq!(detect(b"id,score\n1,9\n", b','), None);
/// ```
pub fn detect(first_bytes: &[u8], delimiter: u8) -> Option<ExportFormat> {
    let bytes = without_mark(first_bytes);
    let is_json = bytes.iter().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|byte| b"{[".contains(byte));
    is_json.then(|| of_json(bytes)).flatten().or_else(|| of_separated(bytes, delimiter))
}

fn of_separated(bytes: &[u8], delimiter: u8) -> Option<ExportFormat> {
    let mut records = HeaderRecords::new(bytes, delimiter);
    let mut read: Vec<Vec<String>> = Vec::new();
    // A damaged header is its vendor's all the same, and is refused with a better reason than a plain file would be.
    while read.len() < RECORDS_MAX
        && let Some(record) = records.next_even_open()
    {
        read.push(record.cells);
    }
    let (names, below) = read.split_first()?;
    if below.iter().any(|cells| qualtrics::is_import_row(cells)) {
        return Some(Qualtrics);
    }
    if below.first().is_some_and(|cells| qualtrics::is_legacy_row(cells)) {
        return Some(QualtricsLegacy);
    }
    // Three of its four marks, so that one damaged name does not turn the row of options into a response.
    if survey_monkey::n_marks(names) >= 3 {
        return Some(SurveyMonkey);
    }
    of_names(names)
}

/// The vendor of a header of one line.
fn of_names(names: &[String]) -> Option<ExportFormat> {
    let plain: Vec<String> = names.iter().map(|name| folded(name)).collect();
    let has = |name: &str| plain.iter().any(|own| own == name);
    let n_of = |all: &[&str]| all.iter().filter(|name| has(name)).count();
    let has_number_sign = names.iter().any(|name| name == "#");
    if has("submitdateutc") && (has_number_sign || n_of(&["networkid", "startdateutc"]) == 2) {
        return Some(Typeform);
    }
    if is_lime_survey(&plain) {
        return Some(LimeSurvey);
    }
    if n_of(&["responseid", "timestamp", "finished", "surveyid"]) == 4 && names.iter().any(|name| name == "No.") {
        return Some(Formbricks);
    }
    if has("responsereceivedat") && n_of(&["requestdeliverystatus", "extinteractionid", "requestsentat"]) >= 2 {
        return Some(MedalliaAgentConnect);
    }
    if n_of(&["npsscore", "sentdate", "responsedate"]) == 3 && n_of(&["followuprequest", "followupdetails"]) >= 1 {
        return Some(CustomerGauge);
    }
    FivetranTable::of(names).map(|_| FivetranQualtrics)
}

/// Headings are codes, texts, or a code and its text.
fn is_lime_survey(names: &[String]) -> bool {
    let has = |code: &str, text: &str| {
        let both = format!("{code}{text}");
        names.iter().any(|own| own == code || own == text || *own == both)
    };
    has("id", "responseid")
        && has("submitdate", "datesubmitted")
        && has("lastpage", "lastpage")
        && has("startlanguage", "startlanguage")
}

fn of_json(bytes: &[u8]) -> Option<ExportFormat> {
    key_sets(bytes).into_iter().find_map(|keys| {
        let n_of = |all: &[&str]| all.iter().filter(|key| keys.contains(key)).count();
        let all = |wanted: &[&str]| n_of(wanted) == wanted.len();
        if all(&["landed_at", "submitted_at"]) && n_of(&["landing_id", "token", "response_id"]) >= 1 {
            Some(Typeform)
        } else if all(&["survey_type", "person", "score"])
            && n_of(&["permalink", "person_properties", "additional_answers"]) >= 1
        {
            Some(Delighted)
        } else if all(&["surveyId", "finished", "data"])
            && n_of(&["ttc", "contactAttributes", "personAttributes", "singleUseId", "displayId", "meta"]) >= 1
            || all(&["No.", "Response ID", "Timestamp", "Finished", "Survey ID"])
        {
            Some(Formbricks)
        } else if keys.contains(&"score")
            && n_of(&["campaignId", "campaignName", "campaign_id", "campaign_name"]) >= 1
            && n_of(&[
                "customerId",
                "customProps",
                "feedbackTags",
                "feedbackTopics",
                "customer_email",
                "ratingCategory",
            ]) >= 1
        {
            Some(Retently)
        } else if all(&["sequence_id", "ext_interaction_id"])
            && n_of(&["response_received_at", "request_created_at", "request_sent_at"]) >= 1
        {
            Some(MedalliaAgentConnect)
        } else {
            None
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn csv(text: &str) -> Option<ExportFormat> {
        detect(text.as_bytes(), b',')
    }

    #[test]
    fn plain_files_are_nobodys_export() {
        for text in [
            "",
            "\n\n",
            "id,score,comment\n1,9,fine\n",
            "Response ID,Score,Comment\n1,9,fine\n",
            "id,email,status\n1,a@example.org,active\n",
            "id,submitdate,score\n1,2026-01-01,9\n",
            "Customer Number,NPS Score,Response Date\n1,9,2026-01-01\n",
            "id,payload\n1,\"{\"\"ImportIds\"\": 3}\"\n2,x\n",
            "{\"score\": 9, \"person\": \"ann\"}\n",
            "[{\"id\": 1, \"score\": 9, \"comment\": \"survey_type person permalink\"}]",
            "{not json",
        ] {
            assert_eq!(csv(text), None, "{text}");
        }
    }

    #[test]
    fn json_marks_inside_of_texts_do_not_count() {
        assert_eq!(csv(r#"{"note": "{\"landed_at\":1,\"submitted_at\":2,\"token\":3}"}"#), None);
        assert_eq!(csv(r#"{"landed_at":1,"submitted_at":2,"token":3}"#), Some(Typeform));
    }

    #[test]
    fn headings_of_lime_survey_may_be_codes_or_texts_or_both() {
        for text in [
            "\"id\",\"submitdate\",\"lastpage\",\"startlanguage\",\"seed\",\"Q1\"\n",
            "Response ID,Date submitted,Last page,Start language,How?\n",
            "\"id. Response ID\",\"submitdate. Date submitted\",\"lastpage. Last page\",\"startlanguage. Start language\"\n",
        ] {
            assert_eq!(csv(text), Some(LimeSurvey), "{text}");
        }
        assert_eq!(detect(b"id;submitdate;lastpage;startlanguage\n", b';'), Some(LimeSurvey));
    }

    #[test]
    fn a_response_that_is_cut_off_is_enough() {
        let text = br#"{"total_items": 900, "page_count": 9, "items": [{"landing_id": "l1", "token": "l1", "landed_at": "2026-01-01T10:00:00Z", "submitted_at": "2026-0"#;
        assert_eq!(detect(text, b','), Some(Typeform));
    }
}
