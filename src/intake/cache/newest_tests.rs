//! Which of several versions of a response stands is the same from the cache as from the files, and is asked of the cache where it holds
//! them.

use super::record::{self, ENTRY, EntryRecord};
use super::tests::Case;
use super::*;
use datafusion::arrow::array::{ArrayRef, RecordBatch, StringArray};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs;
use std::path::Path;
use std::sync::Arc;

const STUDY: &str = r#"
study = { name = "case", as_of = 2026-09-30 }
[sources.feedback]
path = "p*.json"
id = "@id"
customer = "person"
time = "@end"
recommend = "@recommend"
"#;

/// A page of Delighted's API: id, score, when it was changed.
fn page(responses: &[(u32, u32, u32)]) -> String {
    let response = |&(id, score, updated): &(u32, u32, u32)| {
        format!(
            "{{\"id\": \"{id}\", \"person\": \"c{id}\", \"survey_type\": \"nps\", \"score\": {score}, \"permalink\": \"x\", \
             \"created_at\": 1769904000, \"updated_at\": {updated}}}"
        )
    };
    format!("[{}]", responses.iter().map(response).collect::<Vec<_>>().join(","))
}

/// Three pages: of response 1 the second is the newest, of response 2 the first.
fn pages() -> Case {
    let case = Case::new();
    case.write("p1.json", page(&[(1, 1, 10), (2, 2, 30), (3, 3, 10)]));
    case.write("p2.json", page(&[(1, 9, 30), (2, 8, 20), (4, 4, 10)]));
    case.write("p3.json", page(&[(1, 5, 20), (5, 5, 10)]));
    case
}

/// The used answers, as customer and score.
fn used(case: &Case, study: &str, cache: &Cache) -> Vec<(String, f64)> {
    let intake = case.intake(study, cache).expect("readable");
    let table = crate::intake::tests::read(&intake.tables.feedback);
    let who = table.column_by_name("customer").expect("there").as_any().downcast_ref::<StringArray>().cloned();
    let answers = crate::intake::tests::numbers(&intake.tables.feedback, "recommend");
    who.expect("texts")
        .iter()
        .zip(answers)
        .map(|(who, own)| (who.unwrap_or_default().to_owned(), own.unwrap_or(-1.0)))
        .collect()
}

fn expected(all: &[(&str, f64)]) -> Vec<(String, f64)> {
    all.iter().map(|(who, score)| ((*who).to_owned(), *score)).collect()
}

#[test]
fn the_newest_of_several_versions_is_the_same_from_the_cache() {
    let case = pages();
    let by_marks = expected(&[("c2", 2.0), ("c3", 3.0), ("c1", 9.0), ("c4", 4.0), ("c5", 5.0)]);
    assert_eq!(used(&case, STUDY, &Cache::none()), by_marks);
    for _ in 0..2 {
        assert_eq!(case.run(STUDY, &case.cache()), case.run(STUDY, &Cache::none()));
    }
    assert_eq!(used(&case, STUDY, &case.cache()), by_marks);
    assert_eq!(case.taken_from_cache(STUDY, "feedback"), [false; 3], "nothing is marked yet");
    case.mark();
    assert_eq!(case.taken_from_cache(STUDY, "feedback"), [true; 3]);
    // Another page with a newer version of a response that stood.
    case.write("p4.json", page(&[(2, 7, 40)]));
    assert_eq!(case.taken_from_cache(STUDY, "feedback"), [true, true, true, false]);
    assert_eq!(used(&case, STUDY, &case.cache()).last(), Some(&("c2".to_owned(), 7.0)));
}

#[test]
fn the_last_row_stands_from_the_cache_too() {
    let case = pages();
    let study = STUDY.replace("id = \"@id\"", "id = \"@id\"\nrepeats = \"last\"");
    let last = expected(&[("c3", 3.0), ("c2", 8.0), ("c4", 4.0), ("c1", 5.0), ("c5", 5.0)]);
    for _ in 0..3 {
        assert_eq!(used(&case, &study, &case.cache()), last);
    }
    assert_eq!(used(&case, &study, &Cache::none()), last);
    // What the study does not see any more stands in nobody's way.
    let earlier = study.replace("2026-09-30", "2025-12-31");
    assert_eq!(case.run(&earlier, &case.cache()), case.run(&earlier, &Cache::none()));
}

/// An entry whose marks were changed decides otherwise: the marks are those of the entry, and the file was not asked.
#[test]
fn the_marks_are_read_from_the_entry_and_not_from_the_file() {
    let case = pages();
    case.run(STUDY, &case.cache());
    let first = case.entries().into_iter().find(|entry| {
        marks_of(&entry.join(record::typed_name(0))).first().is_some_and(|marks| marks == &["10", "30", "10"])
    });
    age(&first.expect("the entry of the first page"));
    let changed = expected(&[("c1", 1.0), ("c2", 2.0), ("c3", 3.0), ("c4", 4.0), ("c5", 5.0)]);
    assert_eq!(used(&case, STUDY, &case.cache()), changed);
}

fn batch_of(path: &Path) -> RecordBatch {
    let builder = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(path).expect("there")).expect("Parquet");
    builder.build().expect("Parquet").next().expect("rows").expect("rows")
}

/// The marks of the first column of them.
fn marks_of(path: &Path) -> Vec<Vec<String>> {
    let batch = batch_of(path);
    let column = |at: usize| batch.column_by_name(&record::mark_name(at)).cloned();
    let texts = |array: ArrayRef| {
        let texts = array.as_any().downcast_ref::<StringArray>().cloned().expect("texts");
        texts.iter().map(|text| text.unwrap_or_default().to_owned()).collect()
    };
    (0..).map_while(column).map(texts).collect()
}

/// Makes all rows of an entry newer than any other.
fn age(entry: &Path) {
    let path = entry.join(record::typed_name(0));
    let batch = batch_of(&path);
    let newest: ArrayRef = Arc::new(StringArray::from(vec!["99"; batch.num_rows()]));
    let is_first = |name: &str| name == record::mark_name(0);
    let schema = batch.schema();
    let columns = schema.fields().iter().zip(batch.columns()).map(|(field, column)| {
        (field.name().clone(), if is_first(field.name()) { Arc::clone(&newest) } else { Arc::clone(column) }, true)
    });
    let batch = RecordBatch::try_from_iter_with_nullable(columns.collect::<Vec<_>>()).expect("columns");
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).expect("opens");
    writer.write(&batch).expect("written");
    let bytes = writer.into_inner().expect("in memory");
    fs::write(&path, &bytes).expect("written");
    let text = fs::read_to_string(entry.join(ENTRY)).expect("there");
    let mut own: EntryRecord = serde_json::from_str(record::unsealed(&text).expect("sealed")).expect("JSON");
    own.parts[0].typed_sha256 = Some(record::hash(&bytes));
    fs::write(entry.join(ENTRY), record::sealed(&serde_json::to_string(&own).expect("JSON"))).expect("written");
}
