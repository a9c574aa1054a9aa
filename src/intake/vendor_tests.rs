//! What vendors' own programs write, beyond what the samples hold: each case names where it was seen.

use super::*;
use crate::study::Study;
use format_tests::Folder;

/// The account of a file, its recommend answers, their times, and the touchpoint `Delivery`.
type Read = (SourceAccount, Vec<Option<f64>>, Vec<Option<i64>>, Vec<Option<f64>>);

fn read(name: &str, text: &str, keys: &str) -> Read {
    let folder = Folder::new();
    folder.write(name, text);
    let study = format!(
        "study = {{ name = \"case\", as_of = 2026-09-30 }}\n[sources.feedback]\npath = \"{name}\"\n{keys}\n[drivers]\ntouchpoints = [\"Delivery\"]\n"
    );
    let study = Study::parse(&study, &folder.path("")).expect("a sound study");
    let folders = Folders { work: folder.path("work"), quarantine: folder.path("quarantine") };
    let mut intake = Intake::run(&study, &folders, &|_| ()).expect("readable");
    let account = intake.accounts.swap_remove(0);
    assert!(account.adds_up(), "{account:?}");
    let feedback = &intake.tables.feedback;
    let recommend = tests::numbers(feedback, "recommend");
    (account, recommend, tests::integers(feedback, "t"), tests::numbers(feedback, "Delivery"))
}

fn seconds(all: &[i64]) -> Vec<Option<i64>> {
    all.iter().map(|seconds| Some(seconds * 1_000_000)).collect()
}

/// Formbricks, apps/web/lib/response/utils.ts and lib/utils/datetime.ts: `Timestamp` is written by `Intl.DateTimeFormat("en-CA")` with
/// `hour12: false`, which begins the day with 24 (nodejs/node issue 33027); attributes of the person are `person.NAME`.
#[test]
fn formbricks_begins_the_day_with_24_and_says_the_person_by_attributes() {
    let text = "No.,Response ID,Timestamp,Finished,Survey ID,Formbricks ID (internal),User ID,Tags,1. Recommend?,2. Delivery,person.email,person.plan\n\
                1,a,2026-05-01 24:05:09,Yes,s,k,,,9,4,ann@example.org,pro\n2,b,2026-05-01 12:05:09,Yes,s,k,,,3,2,bo@example.org,free\n";
    let keys =
        "recommend = \"Recommend?\"\ncustomer = \"@email\"\ntime = \"@recorded\"\nzone = \"UTC\"\nsegment = \"plan\"";
    let (account, recommend, times, delivery) = read("f.csv", text, keys);
    // date -u -d '2026-05-01 00:05:09' +%s
    assert_eq!((times, recommend), (seconds(&[1_777_593_909, 1_777_637_109]), vec![Some(9.0), Some(3.0)]));
    assert_eq!((account.n_quarantined(), delivery), (0, vec![Some(4.0), Some(2.0)]));
}

/// LimeSurvey, application/helpers/admin/export/SurveyObj.php, `getFullAnswer`: a question of yes and no, or a choice of several, that was
/// not shown is `N/A` in full texts. CsvWriter.php ends the file with an empty line.
#[test]
fn a_question_that_limesurvey_did_not_show_is_a_gap() {
    let text = "\u{feff}\"Response ID\",\"Date submitted\",\"Last page\",\"Start language\",\"NPS\",\"Delivery\"\r\n\
                \"1\",\"2026-01-10 12:03:00\",\"3\",\"en\",\"8\",\"N/A\"\r\n\"2\",\"2026-01-10 12:04:00\",\"3\",\"en\",\"N/A\",\"4\"\r\n\r\n";
    let keys = "recommend = \"NPS\"\ncustomer = \"@id\"\ntime = \"@end\"\nzone = \"UTC\"";
    let (account, recommend, _, delivery) = read("l.csv", text, keys);
    assert_eq!((account.n_quarantined(), recommend, delivery), (0, vec![Some(8.0), None], vec![None, Some(4.0)]));
}

/// Medallia documentation, Agent Connect, "Export Responses: field descriptions": `request_sent_to` is the respondent's address, and
/// `response_received_at` a UTC timestamp.
#[test]
fn agent_connect_says_the_respondent_and_utc() {
    let text = "request_id,request_sent_at,request_delivery_status,response_received_at,star_rating,ext_interaction_id,request_sent_to,Recommend,Delivery\n\
                r1,2026-03-01 10:00:00,Sent,2026-03-01 11:00:00,5,i1,ann@example.org,9,5\nr2,2026-03-01 10:00:00,Sent,,,i2,bo@example.org,,\n";
    let keys = "recommend = \"Recommend\"\ncustomer = \"@email\"\ntime = \"@end\"";
    let (account, recommend, times, _) = read("m.csv", text, keys);
    // date -u -d '2026-03-01 11:00' +%s
    assert_eq!((times, recommend), (seconds(&[1_772_362_800]), vec![Some(9.0)]));
    assert_eq!(account.rows_excluded[&Exclusion::Unanswered], 1);
}

/// CustomerGauge support, "Stream: post historical": the names of an earlier programme's answers.
#[test]
fn customer_gauges_names_of_historical_answers_are_known() {
    let text = "CustomerNumber,Email,NetPromoterScore,Delivery,SurveyCompletedDate,EmailSentDate\n6444,ann@example.org,10,5,2026-02-02 16:19:49,2026-02-01 21:00:00\n\
                6445,bo@example.org,,,,2026-02-01 21:00:00\n";
    let keys = "format = \"customergauge\"\nrecommend = \"@recommend\"\ncustomer = \"@external_reference\"\ntime = \"@end\"\nzone = \"UTC\"";
    let (account, recommend, times, _) = read("c.csv", text, keys);
    // date -u -d '2026-02-02 16:19:49' +%s
    assert_eq!((times, recommend), (seconds(&[1_770_049_189]), vec![Some(10.0)]));
    assert_eq!(account.rows_excluded[&Exclusion::Unanswered], 1);
}

/// singer-io/tap-delighted, schemas/survey_responses.json: the tap hands `created_at` on as a date-time.
#[test]
fn delighted_by_way_of_a_tap_has_its_dates_as_text() {
    let text = "{\"id\": \"1\", \"person\": \"p\", \"survey_type\": \"nps\", \"score\": 9, \"permalink\": \"x\", \"created_at\": \"2026-02-01T00:00:00.000000Z\", \
                \"person_properties\": {\"Delivery\": 4}}\n";
    let keys = "recommend = \"@recommend\"\ncustomer = \"@external_reference\"\ntime = \"@end\"";
    let (_, recommend, times, delivery) = read("d.jsonl", text, keys);
    // date -u -d 2026-02-01 +%s
    assert_eq!((recommend, times, delivery), (vec![Some(9.0)], seconds(&[1_769_904_000]), vec![Some(4.0)]));
}
