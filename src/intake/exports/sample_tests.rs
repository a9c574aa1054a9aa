//! Our own samples of every vendor's export, read from their first byte to the verdict on each row; and the two real exports,
//! where they are at hand.

use super::*;
use ExportRole::{Email, ExternalReference, Recommend, RecommendClass, ResponseId, Score, Status};
use std::path::Path;

macro_rules! sample {
    ($path:literal) => {
        include_bytes!(concat!("../../../tests/exports/", $path))
    };
}

/// All samples of separated text: what they are, how they are cut, and how many rows stand below the header.
pub(super) const SEPARATED: [(ExportFormat, u8, &[u8], usize); 10] = [
    (ExportFormat::Qualtrics, b',', sample!("qualtrics/responses.csv"), 8),
    (ExportFormat::Qualtrics, b',', sample!("qualtrics/labels.csv"), 4),
    (ExportFormat::Qualtrics, b',', sample!("qualtrics/shifted.csv"), 4),
    (ExportFormat::QualtricsLegacy, b',', sample!("qualtrics_legacy/responses.csv"), 3),
    (ExportFormat::SurveyMonkey, b',', sample!("surveymonkey/responses.csv"), 3),
    (ExportFormat::Typeform, b',', sample!("typeform/responses.csv"), 4),
    (ExportFormat::LimeSurvey, b',', sample!("limesurvey/responses.csv"), 4),
    (ExportFormat::LimeSurvey, b';', sample!("limesurvey/texts.csv"), 2),
    (ExportFormat::Formbricks, b',', sample!("formbricks/responses.csv"), 3),
    (ExportFormat::CustomerGauge, b',', sample!("customergauge/external_responses.csv"), 3),
];

/// A sample that stands apart only because its name is long.
pub(super) const AGENT_CONNECT: &[u8] = sample!("medallia_agent_connect/responses.csv");

/// All samples of JSON and the number of responses in each.
pub(super) const JSON: [(ExportFormat, &[u8], usize); 6] = [
    (ExportFormat::Typeform, sample!("typeform/responses.json"), 2),
    (ExportFormat::Formbricks, sample!("formbricks/responses.json"), 2),
    (ExportFormat::Formbricks, sample!("formbricks/export.json"), 2),
    (ExportFormat::Delighted, sample!("delighted/survey_responses.json"), 3),
    (ExportFormat::Retently, sample!("retently/feedback.json"), 2),
    (ExportFormat::MedalliaAgentConnect, sample!("medallia_agent_connect/data.json"), 3),
];

const FIVETRAN: [(FivetranTable, &[u8]); 5] = [
    (FivetranTable::SurveyResponse, sample!("fivetran_qualtrics/survey_response.csv")),
    (FivetranTable::QuestionResponse, sample!("fivetran_qualtrics/question_response.csv")),
    (FivetranTable::SurveyEmbeddedData, sample!("fivetran_qualtrics/survey_embedded_data.csv")),
    (FivetranTable::DistributionContact, sample!("fivetran_qualtrics/distribution_contact.csv")),
    (FivetranTable::CoreContact, sample!("fivetran_qualtrics/core_contact.csv")),
];

/// Rows below a header, each with its cells.
pub(super) fn rows_below(bytes: &[u8], delimiter: u8, header: &ExportHeader) -> Vec<Vec<String>> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(&bytes[header.n_bytes..])
        .into_byte_records()
        .map(|record| {
            record.expect("in memory").iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect()
        })
        .collect()
}

/// A sample of separated text, read.
struct Read {
    header: ExportHeader,
    rows: Vec<Vec<String>>,
}

impl Read {
    fn of(format: ExportFormat, delimiter: u8, bytes: &[u8]) -> Self {
        let header = header_of(format, bytes, delimiter).expect("sound");
        let rows = rows_below(bytes, delimiter, &header);
        assert!(rows.iter().all(|row| row.len() == header.n_cells), "{format:?}");
        Self { header, rows }
    }

    fn place(&self, name: &str) -> usize {
        self.header.columns.find(name).expect("one").unwrap_or_else(|| panic!("no column {name}"))
    }

    fn with(&self, role: ExportRole) -> usize {
        self.header.columns.with(role).expect("one").unwrap_or_else(|| panic!("no column with {role:?}"))
    }

    fn column(&self, at: usize) -> Vec<&str> {
        self.rows.iter().map(|row| row[at].as_str()).collect()
    }

    fn verdicts(&self, recommend: Option<&str>) -> Vec<&'static str> {
        let answers = recommend.map(|name| self.place(name)).into_iter().collect();
        let judge = RowJudge::new(&self.header.columns, &RowRules { answers, ..RowRules::default() });
        self.rows.iter().map(|row| judge.verdict(|at| row[at].as_str()).word()).collect()
    }

    fn tally(&self) -> Result<AnswerCheck, ExportError> {
        let (answer, class) = (self.with(Recommend), self.with(RecommendClass));
        let mut tally = AnswerTally::default();
        for row in &self.rows {
            tally.add(Answer::of(&row[answer]), class_of_label(&row[class]));
        }
        tally.check(self.header.columns.columns()[answer].name())
    }
}

fn judged(export: &ExportTable, recommend: Option<&str>) -> Vec<&'static str> {
    let answers = recommend.and_then(|name| export.columns.find(name).expect("one")).into_iter().collect();
    let judge = RowJudge::new(&export.columns, &RowRules { answers, ..RowRules::default() });
    export.table.rows().iter().map(|row| judge.verdict(|at| row[at].text()).word()).collect()
}

fn texts(export: &ExportTable, name: &str) -> Vec<String> {
    let at = export.columns.find(name).expect("one").unwrap_or_else(|| panic!("no column {name}"));
    export.table.rows().iter().map(|row| row[at].text().into_owned()).collect()
}

#[test]
fn every_sample_is_recognised_and_has_its_rows() {
    for (format, delimiter, bytes, n_rows) in SEPARATED {
        assert_eq!(detect(bytes, delimiter), Some(format));
        assert_eq!(Read::of(format, delimiter, bytes).rows.len(), n_rows, "{format:?}");
    }
    assert_eq!(detect(AGENT_CONNECT, b','), Some(ExportFormat::MedalliaAgentConnect));
    for (format, bytes, n_rows) in JSON {
        assert_eq!(detect(bytes, b','), Some(format));
        assert_eq!(table_of_json(format, bytes).expect("sound").table.rows().len(), n_rows, "{format:?}");
    }
    for (table, bytes) in FIVETRAN {
        assert_eq!(detect(bytes, b','), Some(ExportFormat::FivetranQualtrics), "{table:?}");
    }
}

#[test]
fn qualtrics_keeps_answers_and_leaves_out_the_rest_by_reason() {
    let read = Read::of(ExportFormat::Qualtrics, b',', SEPARATED[0].2);
    let expected = ["answer", "answer", "preview", "answer", "unfinished", "spam", "synthetic", "answer"];
    assert_eq!(read.verdicts(None), expected);
    assert_eq!((read.header.n_cells, read.header.columns.columns().len(), read.header.n_lines), (20, 19, 5));
    let end = read.header.columns.answered_at().expect("one").expect("there");
    let end = &read.header.columns.columns()[end];
    assert_eq!((end.name(), end.zone.as_deref()), ("endDate", Some("America/Denver")));
    assert_eq!((read.place("status"), read.place("Status"), read.with(Status)), (2, 18, 2));
    assert_eq!(read.place("How likely are you to recommend Lindgren Tools?"), read.with(Recommend));
    assert_eq!((read.place("QID4_2"), read.place("Q3_1"), read.place("How were we? - Support")), (17, 14, 15));
    assert_eq!(read.rows[7][read.place("QID2_TEXT")], "Slow\nand late");
    assert_eq!(read.tally(), Ok(AnswerCheck::Sound { n_checked: 7 }));
}

#[test]
fn localised_labels_are_read_like_codes() {
    let read = Read::of(ExportFormat::Qualtrics, b',', SEPARATED[1].2);
    assert_eq!(read.verdicts(None), ["answer", "answer", "preview", "answer"]);
    let answers: Vec<_> = read.column(read.with(Recommend)).into_iter().map(answer_of).collect();
    assert_eq!(answers, [Some(10.0), Some(6.0), Some(0.0), Some(8.0)]);
    assert_eq!(read.tally(), Ok(AnswerCheck::Sound { n_checked: 2 }), "labels of the ends have no code of their own");
}

#[test]
fn recode_values_from_one_to_eleven_are_refused() {
    let read = Read::of(ExportFormat::Qualtrics, b',', SEPARATED[2].2);
    let refused = read.tally().expect_err("shifted").to_string();
    assert!(refused.starts_with("the answers in \"QID1\" are codes from 1 to 11"), "{refused}");
}

#[test]
fn legacy_qualtrics_is_known_by_its_second_row() {
    let read = Read::of(ExportFormat::QualtricsLegacy, b',', SEPARATED[3].2);
    assert_eq!(read.verdicts(None), ["answer", "preview", "unfinished"]);
    assert_eq!(read.column(read.with(Email))[0], "fay@example.org");
    assert_eq!((read.place("Anything, else?"), read.header.n_cells, read.header.n_lines), (12, 15, 3));
    // Two columns are called Status; V7 is the vendor's.
    assert_eq!((read.with(Status), read.place("V7")), (6, 6));
    assert_eq!(read.tally(), Ok(AnswerCheck::Sound { n_checked: 2 }));
}

#[test]
fn survey_monkey_answers_may_carry_their_labels() {
    let read = Read::of(ExportFormat::SurveyMonkey, b',', SEPARATED[4].2);
    let recommend = "How likely is it that you would recommend us, to a friend?";
    assert_eq!(read.verdicts(Some(recommend)), ["answer"; 3]);
    let answers: Vec<_> = read.column(read.place(recommend)).into_iter().map(answer_of).collect();
    assert_eq!(answers, [Some(10.0), Some(3.0), Some(0.0)]);
    assert_eq!(read.column(read.place("How satisfied are you with: Support")), ["4", "", ""]);
    assert_eq!(read.column(read.with(ExternalReference)), ["C-11", "C-12", "C-13"]);
}

#[test]
fn typeform_partials_with_an_answer_are_kept() {
    let read = Read::of(ExportFormat::Typeform, b',', SEPARATED[5].2);
    let recommend = "How likely are you to recommend us?";
    assert_eq!(read.verdicts(Some(recommend)), ["answer", "unfinished", "answer", "answer"]);
    assert_eq!((read.place("Other (1)"), read.place("Other (2)")), (3, 5));
    let export = table_of_json(ExportFormat::Typeform, JSON[0].1).expect("sound");
    assert_eq!(texts(&export, "recommend"), ["9", "10"]);
    assert_eq!(export.columns.with(Recommend), export.columns.find("answers.recommend"));
    assert_eq!(texts(&export, "customer_id"), ["C-21", "C-24"]);
    assert_eq!(texts(&export, "why"), ["Price, Staff"; 2]);
    assert_eq!(judged(&export, None), ["answer"; 2]);
}

#[test]
fn lime_survey_says_by_its_submit_date_what_is_finished() {
    let read = Read::of(ExportFormat::LimeSurvey, b',', SEPARATED[6].2);
    assert_eq!(read.verdicts(Some("NPS")), ["answer", "unfinished", "answer", "answer"]);
    assert_eq!(read.place("TOUCH_SQ002"), 10);
    let end = read.header.columns.answered_at().expect("one").expect("there");
    assert_eq!(read.header.columns.columns()[end].name(), "datestamp");
    assert!(read.header.columns.columns()[end].blanks.contains(&read.rows[3][end].as_str()), "a stand-in for no date");
    let texts = Read::of(ExportFormat::LimeSurvey, b';', SEPARATED[7].2);
    assert_eq!(texts.verdicts(Some("How likely are you to recommend us?")), ["answer", "unfinished"]);
}

#[test]
fn formbricks_is_read_from_text_and_from_both_kinds_of_json() {
    let recommend = "How likely are you to recommend us?";
    let read = Read::of(ExportFormat::Formbricks, b',', SEPARATED[8].2);
    assert_eq!(read.verdicts(Some(recommend)), ["answer", "unfinished", "answer"]);
    assert_eq!(read.column(read.with(ExternalReference)), ["C-31", "C-32", "C-33"]);
    let list = table_of_json(ExportFormat::Formbricks, JSON[1].1).expect("sound");
    assert_eq!(judged(&list, Some("q1")), ["answer", "unfinished"]);
    assert_eq!(
        (texts(&list, "q1"), texts(&list, "tags")),
        (vec!["9".into(), String::new()], vec!["vip, north".into(); 2])
    );
    assert_eq!(texts(&list, "data.q3"), ["Price, Staff", ""]);
    let email = list.columns.with(Email).expect("one").expect("there");
    assert_eq!(list.columns.columns()[email].name(), "contactAttributes.email");
    let export = table_of_json(ExportFormat::Formbricks, JSON[2].1).expect("sound");
    assert_eq!(judged(&export, Some(recommend)), ["answer", "unfinished"]);
}

#[test]
fn delighted_answers_to_other_surveys_are_no_recommend_answers() {
    let export = table_of_json(ExportFormat::Delighted, JSON[3].1).expect("sound");
    assert_eq!(judged(&export, None), ["answer", "other_survey", "answer"]);
    assert_eq!(texts(&export, "score"), ["9", "2", "0"]);
    assert_eq!(texts(&export, "additional_answers.why"), ["Delivery, Support", "", ""]);
    assert_eq!(texts(&export, "How was the delivery?"), ["4", "", ""]);
    assert_eq!(texts(&export, "Customer ID"), ["C-41", "C-42", ""]);
    assert_eq!(texts(&export, "person.email")[2], "nel@example.org");
    assert_eq!(
        (texts(&export, "notes")[0].as_str(), texts(&export, "tags")[0].as_str()),
        ("called back", "price, staff")
    );
    let end = export.columns.answered_at().expect("one").expect("there");
    assert_eq!(export.columns.columns()[end].time, Some(crate::study::TimeFormat::EpochSeconds));
}

#[test]
fn retently_carries_its_own_class() {
    let export = table_of_json(ExportFormat::Retently, JSON[4].1).expect("sound");
    assert_eq!(judged(&export, None), ["answer"; 2]);
    let place = |role| export.columns.with(role).expect("one").expect("there");
    let mut tally = AnswerTally::default();
    for row in export.table.rows() {
        tally.add(Answer::of(&row[place(Recommend)].text()), class_of_label(&row[place(RecommendClass)].text()));
    }
    assert_eq!(tally.check("score"), Ok(AnswerCheck::Sound { n_checked: 2 }));
    assert_eq!(texts(&export, "Customer ID"), ["C-51", "C-52"]);
    assert_eq!(texts(&export, "additionalQuestions.Delivery"), ["4", "4"]);
}

#[test]
fn invitations_without_an_answer_are_told_apart() {
    let read = Read::of(ExportFormat::CustomerGauge, b',', SEPARATED[9].2);
    assert_eq!(read.verdicts(None), ["answer", "unanswered", "answer"]);
    let read = Read::of(ExportFormat::MedalliaAgentConnect, b',', AGENT_CONNECT);
    assert_eq!(read.verdicts(Some("would_recommend")), ["answer", "unanswered", "answer", "other_survey"]);
    assert_eq!(read.column(read.with(Score)), ["5", "", "1", "4"]);
    let export = table_of_json(ExportFormat::MedalliaAgentConnect, JSON[5].1).expect("sound");
    assert_eq!(judged(&export, None), ["answer", "unanswered", "other_survey"]);
    assert_eq!(texts(&export, "would_recommend"), ["10", "", "8"]);
    assert_eq!(export.columns.with(Email), export.columns.find("customer.email"));
}

#[test]
fn the_long_tables_become_one_row_a_response() {
    let [responses, answers, embedded, sent, contacts] =
        FIVETRAN.map(|(_, bytes)| ValueTable::of_separated(bytes, b',').expect("sound"));
    let tables = FivetranTables {
        survey_response: &responses,
        question_response: &answers,
        survey_embedded_data: Some(&embedded),
        distribution_contact: Some(&sent),
        core_contact: Some(&contacts),
    };
    let Pivoted { columns, table, account, surveys: _ } = pivot(&tables, None).expect("sound");
    assert_eq!((account.n_responses, account.n_answers, account.n_answers_without_response), (3, 8, 1));
    let export = ExportTable { columns, table };
    assert_eq!(judged(&export, None), ["answer", "answer", "preview"]);
    assert_eq!(texts(&export, "QID1"), ["9", "4", ""]);
    assert_eq!(texts(&export, "How was it? - Delivery"), ["4", "1", ""]);
    assert_eq!(texts(&export, "Why?"), ["", "late, twice", ""]);
    assert_eq!(texts(&export, "plan"), ["gold", "", ""]);
    let place = |role| export.columns.with(role).expect("one").expect("there");
    let values =
        |role| -> Vec<String> { export.table.rows().iter().map(|row| row[place(role)].text().into_owned()).collect() };
    assert_eq!(values(ExternalReference), ["C-71", "C-72", ""]);
    assert_eq!(values(Email), ["abe@example.org", "bea@example.org", ""]);
    assert_eq!(values(ResponseId), ["R_f1", "R_f2", "R_f3"]);
    assert_eq!(values(Recommend), ["9", "4", ""]);
}

/// A folder of real files beside the project, where it is there.
fn real(folder: &str) -> Option<std::path::PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(folder);
    if path.is_dir() {
        return Some(path);
    }
    #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
    {
        eprintln!("skipped: {} is not there", path.display());
    }
    None
}

#[test]
fn the_real_exports_are_read() {
    let Some(folder) = real("exports") else { return };
    let read = |name: &str, format| {
        let bytes = std::fs::read(folder.join(name)).expect("there");
        assert_eq!(detect(&bytes, b','), Some(format));
        Read::of(format, b',', &bytes)
    };
    // Both hold the same single response, which chose option 2 and was an ordinary one.
    let current = read("qualtrics.csv", ExportFormat::Qualtrics);
    let legacy = read("qualtrics_legacy.csv", ExportFormat::QualtricsLegacy);
    for (read, n_cells, n_columns) in [(&current, 20, 20), (&legacy, 16, 15)] {
        assert_eq!(
            (read.rows.len(), read.header.n_cells, read.header.columns.columns().len()),
            (1, n_cells, n_columns)
        );
        assert_eq!(read.verdicts(None), ["answer"]);
        assert_eq!(read.column(read.with(ResponseId)), ["R_2YPOQ602ER1jkf1"]);
        let question = read.place("This is a multiple choice question.");
        assert_eq!((read.column(question), read.place("Q1")), (vec!["2"], question));
    }
    assert_eq!((current.place("QID2_TEXT"), current.header.n_lines, legacy.header.n_lines), (18, 3, 2));
    assert_eq!(current.place("Anfangsdatum"), 0);
}

#[test]
fn real_files_of_other_kinds_are_nobodys_export() {
    let Some(folder) = real("") else { return };
    let mut n_files = 0;
    let mut open = vec![folder];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).expect("readable") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                if path.file_name().is_some_and(|name| name != "exports") {
                    open.push(path);
                }
                continue;
            }
            let mut start = vec![0; 1 << 16];
            let n_read =
                std::io::Read::read(&mut std::fs::File::open(&path).expect("readable"), &mut start).expect("readable");
            for delimiter in [b',', b';', b'\t'] {
                assert_eq!(detect(&start[..n_read], delimiter), None, "{}", path.display());
            }
            n_files += 1;
        }
    }
    assert!(n_files > 10, "only {n_files} files");
}
