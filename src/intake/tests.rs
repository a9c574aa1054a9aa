//! The room as a whole: small files with every kind of fault, and real ones where they are at hand.

use super::*;
use crate::study::Study;
use datafusion::arrow::array::{Array, ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::compute::{cast, concat_batches};
use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use proptest::prelude::*;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A folder with a study in it.
pub(super) struct Case {
    folder: tempfile::TempDir,
}

impl Case {
    pub(super) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    pub(super) fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        std::fs::write(self.folder.path().join(name), content).expect("written");
        self
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn folders(&self) -> Folders {
        Folders { work: self.path("work"), quarantine: self.path("quarantine") }
    }

    pub(super) fn run(&self, study: &str) -> Result<Intake, IntakeError> {
        let study = format!("study = {{ name = \"case\", as_of = 2026-09-30 }}\n{study}");
        let study = Study::parse(&study, self.folder.path()).expect("a sound study");
        let intake = Intake::run(&study, &self.folders(), &|_| ())?;
        assert!(intake.accounts.iter().all(SourceAccount::adds_up), "{:?}", intake.accounts);
        Ok(intake)
    }

    pub(super) fn quarantine(&self, source: &str) -> String {
        std::fs::read_to_string(self.path("quarantine").join(format!("{source}.csv"))).expect("there")
    }
}

/// A typed table, read back.
pub(super) fn read(table: &Table) -> RecordBatch {
    let mut batches = Vec::new();
    for part in &table.parts {
        let file = File::open(part).expect("there");
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet").build().expect("Parquet");
        batches.extend(reader.map(|batch| batch.expect("Parquet")));
    }
    concat_batches(&table.schema, &batches).expect("one schema")
}

pub(super) fn texts(table: &Table, column: &str) -> Vec<Option<String>> {
    let batch = read(table);
    let array =
        batch.column_by_name(column).expect("there").as_any().downcast_ref::<StringArray>().expect("text").clone();
    array.iter().map(|text| text.map(str::to_owned)).collect()
}

pub(super) fn numbers(table: &Table, column: &str) -> Vec<Option<f64>> {
    let batch = read(table);
    let array =
        batch.column_by_name(column).expect("there").as_any().downcast_ref::<Float64Array>().expect("numbers").clone();
    array.iter().collect()
}

pub(super) fn integers(table: &Table, column: &str) -> Vec<Option<i64>> {
    let batch = read(table);
    let array =
        batch.column_by_name(column).expect("there").as_any().downcast_ref::<Int64Array>().expect("integers").clone();
    array.iter().collect()
}

const FEEDBACK: &str = r#"
[sources.feedback]
path = "feedback.csv"
id = "id"
customer = "who"
time = "when"
recommend = "ltr"
channel = "via"
scale = [1, 5]
not_applicable = [99]
blank = ["-"]
[drivers]
touchpoints = ["food", "wait"]
"#;

const ROWS: &str = "id,who,when,ltr,food,wait,via,unused
1,ann,2026-01-01T10:00:00Z,9,5,4,web,x
2,bob,2026-01-02T10:00:00+01:00,99,99,-,,x
3,,2026-01-03T10:00:00Z,9,5,4,web,x
4,cid,soon,9,5,4,web,x
5,cid,2026-01-05T10:00:00Z,11,5,4,web,x
6,cid,2026-01-06T10:00:00Z,nine,5,4,web,x
7,cid,2026-01-07T10:00:00Z,9,6,4,web,x
8,cid,2026-01-08T10:00:00Z,9,good,4,web,x
9,cid,1970-01-01T10:00:00Z,9,5,4,web,x
10,cid,2026-10-01T00:00:00Z,9,5,4,web,x
1,dee,2026-01-11T10:00:00Z,9,5,4,web,x
12,dee,2026-01-12T10:00:00Z,9,5,4
13,dee,2026-01-13T10:00:00,9,5,4,web,x
14,dee,2026-01-14T10:00:00Z,8.5,5,4,web,x
15,dee,2026-09-30T23:59:59Z,0,1,2.5,\"a, \"\"b\"\"
c\",x
16,\"eve,2026-01-16T10:00:00Z,9,5,4,web,x
,fay,2026-01-17T10:00:00Z,,,,,x
,fay,2026-01-17T10:00:00Z, 7 , 1 ,,,x
";

#[test]
fn a_score_beside_its_label_is_the_score_and_a_code_beside_its_label_the_code() {
    let rows = "id,who,when,ltr,food,wait\n\
        1,ann,2026-01-01T10:00:00Z,10 - Extremely likely,5 (very good),1 = far too long\n\
        2,bob,2026-01-02T10:00:00Z,Not at all likely: 0,99 - not bought,4\n\
        3,cid,2026-01-03T10:00:00Z,9-Oct,5,4\n\
        4,dee,2026-01-04T10:00:00Z,Extremely likely,5,4\n\
        5,eve,2026-01-05T10:00:00Z,8,3 - 4,4\n\
        6,fay,2026-01-06T10:00:00Z,11 - Extremely likely,5,4\n";
    let case = Case::new().file("feedback.csv", rows);
    let intake = case.run(&FEEDBACK.replace("channel = \"via\"\n", "")).expect("readable");
    let account = intake.account("feedback").expect("read");
    assert_eq!((account.rows_used, account.rows_quarantined.get(&Reason::Unparsable)), (2, Some(&4)));
    let feedback = &intake.tables.feedback;
    assert_eq!(numbers(feedback, "recommend"), [Some(10.0), Some(0.0)]);
    assert_eq!(numbers(feedback, "food"), [Some(5.0), None]);
    assert_eq!(numbers(feedback, "wait"), [Some(1.0), Some(4.0)]);
}

#[test]
fn every_row_is_used_put_aside_or_left_out() {
    let case = Case::new().file("feedback.csv", ROWS);
    let intake = case.run(FEEDBACK).expect("readable");
    let account = intake.account("feedback").expect("read");
    assert_eq!((account.rows_read, account.rows_used, account.n_quarantined(), account.n_excluded()), (18, 5, 12, 1));
    use Reason::*;
    let expected = [
        (Ragged, 1),
        (UnclosedQuote, 1),
        (Blank, 1),
        (Unparsable, 3),
        (OutOfRange, 3),
        (SuspiciousDate, 1),
        (NoZone, 1),
        (Duplicate, 1),
    ];
    assert_eq!(account.rows_quarantined, expected.into());
    assert_eq!(account.rows_excluded, [(Exclusion::AfterAsOf, 1)].into());
    let feedback = &intake.tables.feedback;
    assert_eq!(integers(feedback, "row"), [0, 1, 2, 3, 4].map(Some));
    assert_eq!(texts(feedback, "customer"), ["ann", "bob", "dee", "fay", "fay"].map(|name| Some(name.to_owned())));
    assert_eq!(
        texts(feedback, "response_id"),
        [Some("1"), Some("2"), Some("15"), None, None].map(|id| id.map(str::to_owned))
    );
    assert_eq!(numbers(feedback, "recommend"), [Some(9.0), None, Some(0.0), None, Some(7.0)]);
    assert_eq!(numbers(feedback, "food"), [Some(5.0), None, Some(1.0), None, Some(1.0)]);
    assert_eq!(numbers(feedback, "wait"), [Some(4.0), None, Some(2.5), None, None]);
    assert_eq!(texts(feedback, "channel")[2].as_deref(), Some("a, \"b\"\nc"));
    assert_eq!(texts(feedback, "wave"), vec![None; 5]);
    // date -u -d '2026-01-02 09:00' +%s
    assert_eq!(integers(feedback, "t")[1], Some(1_767_344_400_000_000));
    assert_eq!((feedback.first_t, feedback.last_t), (Some(1_767_261_600_000_000), Some(1_790_812_799_000_000)));
}

#[test]
fn blank_and_not_applicable_are_counted_apart() {
    let case = Case::new().file("feedback.csv", ROWS);
    let intake = case.run(FEEDBACK).expect("readable");
    let cells = &intake.account("feedback").expect("read").cells;
    assert_eq!(cells["recommend"], CellCounts { blank: 1, not_applicable: 1 });
    assert_eq!(cells["food"], CellCounts { blank: 1, not_applicable: 1 });
    assert_eq!(cells["wait"], CellCounts { blank: 3, not_applicable: 0 });
    assert_eq!(cells["channel"], CellCounts { blank: 3, not_applicable: 0 });
    assert!(!cells.contains_key("customer"), "a required cell is never blank in a used row");
}

#[test]
fn quarantine_says_where_why_and_what() {
    let case = Case::new().file("feedback.csv", ROWS);
    case.run(FEEDBACK).expect("readable");
    let quarantine = case.quarantine("feedback");
    let lines: Vec<&str> = quarantine.lines().collect();
    // The last column: r, and what printf %s RECORD | sha256sum | cut -c1-15 prints.
    assert_eq!(lines[0], "source,file,line,column,reason,raw,record,fingerprint");
    assert_eq!(lines[1], "feedback,feedback.csv,4,who,blank,,\"3,,2026-01-03T10:00:00Z,9,5,4,web,x\",r33f292e82d63c13");
    assert_eq!(
        lines[3],
        "feedback,feedback.csv,6,ltr,out_of_range,11,\"5,cid,2026-01-05T10:00:00Z,11,5,4,web,x\",r81f8d197f528d01"
    );
    assert_eq!(
        lines[8],
        "feedback,feedback.csv,12,id,duplicate,1,\"1,dee,2026-01-11T10:00:00Z,9,5,4,web,x\",r0ece376f31fcba9"
    );
    assert_eq!(lines[9], "feedback,feedback.csv,13,,ragged,,\"12,dee,2026-01-12T10:00:00Z,9,5,4\",rf0187ff65c29bb5");
    assert_eq!(
        lines[12],
        "feedback,feedback.csv,18,,unclosed_quote,,\"16,\"\"eve,2026-01-16T10:00:00Z,9,5,4,web,x\",r1038fa6568fbe7f"
    );
    assert_eq!(lines.len(), 13);
}

#[test]
fn quarantine_is_there_as_parquet_with_the_same_cells() {
    let case = Case::new().file("feedback.csv", ROWS);
    case.run(FEEDBACK).expect("readable");
    let file = File::open(case.path("quarantine/feedback.parquet")).expect("there");
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet").build().expect("Parquet");
    let batches: Vec<RecordBatch> = reader.map(|batch| batch.expect("Parquet")).collect();
    let schema = batches[0].schema();
    assert_eq!(schema.field_with_name("line").expect("there").data_type(), &DataType::Int64);
    let batch = concat_batches(&schema, &batches).expect("one schema");
    let rows = case.quarantine("feedback");
    let mut reader = csv::Reader::from_reader(rows.as_bytes());
    let names: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
    assert_eq!(reader.headers().expect("names").iter().collect::<Vec<_>>(), names);
    let text = |column: usize, row: usize| {
        let array = cast(batch.column(column), &DataType::Utf8).expect("text");
        array.as_any().downcast_ref::<StringArray>().expect("text").value(row).to_owned()
    };
    let mut n_rows = 0;
    for (row, record) in reader.records().enumerate() {
        let cells: Vec<String> = (0..names.len()).map(|column| text(column, row)).collect();
        assert_eq!(record.expect("sound").iter().collect::<Vec<_>>(), cells);
        n_rows += 1;
    }
    // Twelve, as the account says.
    assert_eq!((n_rows, batch.num_rows()), (12, 12));
}

#[test]
fn a_refused_source_leaves_the_rows_put_aside_so_far() {
    let case = Case::new().file("feedback1.csv", ROWS).file("feedback2.csv", "id\n1\n");
    let study = FEEDBACK.replace("feedback.csv", "feedback*.csv");
    assert!(matches!(case.run(&study), Err(IntakeError::MissingColumn(_))));
    assert_eq!(case.quarantine("feedback").matches("feedback,feedback1.csv,").count(), 12);
    let file = File::open(case.path("quarantine/feedback.parquet")).expect("there");
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).expect("whole");
    assert_eq!(builder.metadata().file_metadata().num_rows(), 12);
}

#[test]
fn a_source_without_faults_leaves_no_quarantine() {
    let case = Case::new().file("feedback.csv", "id,who,when,ltr,food,wait,via\n1,a,2026-01-01T00:00Z,9,1,1,web\n");
    let intake = case.run(FEEDBACK).expect("readable");
    assert_eq!(intake.account("feedback").expect("read").rows_used, 1);
    assert!(!case.path("quarantine").exists());
}

#[test]
fn a_file_cut_off_in_its_last_line_loses_that_row_only() {
    let whole = "id,who,when,ltr,food,wait,via\n1,a,2026-01-01T00:00Z,9,1,1,web\n2,b,2026-01-01T00:00Z,9,1,1,\"we";
    let case = Case::new().file("feedback.csv", whole);
    let account = case.run(FEEDBACK).expect("readable").account("feedback").expect("read").clone();
    assert_eq!((account.rows_used, account.rows_quarantined), (1, [(Reason::UnclosedQuote, 1)].into()));
}

#[test]
fn a_column_that_is_not_there_is_named_with_its_neighbours() {
    let refusal = |header: &str| {
        let case = Case::new().file("feedback.csv", format!("{header}\n"));
        case.run(FEEDBACK).expect_err("refused").to_string()
    };
    assert_eq!(
        refusal("id,who,when,LTR ,food,wait,via"),
        "`feedback.csv` has no column `ltr`, which [sources.feedback] names as `recommend`, did you mean `LTR`; its columns \
         are: id, who, when, LTR, food, wait, via"
    );
    let case = Case::new().file("feedback.csv", "id;who;when;ltr;food;wait;via\n");
    let wrong = FEEDBACK.replacen("id = \"id\"", "id = \"id\"\ndelimiter = \",\"", 1);
    let message = case.run(&wrong).expect_err("refused").to_string();
    assert!(message.ends_with("(the cells seem to be separated otherwise: write delimiter = \";\")"), "{message}");
    assert!(refusal("id,who,when,ltr,food,food,wait,via").contains("has several columns `food`"));
    assert!(refusal("").contains("is empty"));
    let case = Case::new().file("feedback.csv", "\u{feff}");
    assert!(matches!(case.run(FEEDBACK), Err(IntakeError::Empty { .. })));
}

#[test]
fn a_whole_file_of_local_times_is_refused_until_its_zone_is_stated() {
    let rows = "id,who,when,ltr,food,wait,via\n1,a,2026-01-01 00:00,9,1,1,web\n";
    let case = Case::new().file("feedback.csv", rows);
    let message = case.run(FEEDBACK).expect_err("refused").to_string();
    assert!(
        message.starts_with("`feedback.csv`, line 2, column `when`: \"2026-01-01 00:00\" is a local time"),
        "{message}"
    );
    let zoned = FEEDBACK.replace("id = \"id\"", "id = \"id\"\nzone = \"Asia/Tokyo\"");
    let feedback = case.run(&zoned).expect("readable").tables.feedback;
    // TZ=Asia/Tokyo date -d '2026-01-01' +%s
    assert_eq!(integers(&feedback, "t"), [Some(1_767_193_200_000_000)]);
}

#[test]
fn line_ends_of_any_kind_blank_codes_and_tabs_are_read_as_meant() {
    let study = "[sources.feedback]\npath = \"feedback.tsv\"\ncustomer = \"who\"\ntime = \"when\"\nzone = \"UTC\"\nblank = [\"none\"]";
    for line_end in ["\n", "\r\n", "\r"] {
        let rows = ["when\twho", "2026-01-01\ta", "", "2026-01-02\tnone", "none\tb"].join(line_end);
        let case = Case::new().file("feedback.tsv", rows);
        let intake = case.run(study).expect("readable");
        assert_eq!(texts(&intake.tables.feedback, "customer"), [Some("a".to_owned())], "{line_end:?}");
        assert_eq!(intake.account("feedback").expect("read").rows_quarantined, [(Reason::Blank, 2)].into());
    }
}

#[test]
fn columns_may_be_renamed_and_a_rename_must_find_its_column() {
    let case = Case::new()
        .file("a.csv", "id,who,when,ltr,food,wait,via\n1,a,2026-01-01T00:00Z,9,1,1,web\n")
        .file("b.csv", "\u{feff}wait; Food rating ;ltr;when;who;id;via\n2;1;8;2026-01-01T00:00Z;b;2;app\n");
    let study = FEEDBACK.replace("\"feedback.csv\"", "[\"a.csv\"]\nrename = { \"Food rating\" = \"food\" }");
    assert!(case.run(&study).unwrap_err().to_string().contains("renames `Food rating`, which none of its files has"));
    let study = study.replace("[\"a.csv\"]", "\"b.csv\"\ndelimiter = \";\"");
    let intake = case.run(&study).expect("readable");
    assert_eq!(numbers(&intake.tables.feedback, "food"), [Some(1.0)]);
}

const EVENTS: &str = r#"
[sources.feedback]
path = "feedback.csv"
customer = "order"
customer_via = [{ path = "orders.csv", from = "order", to = "customer" }, { path = "people.csv", from = "customer", to = "person" }]
time = "when"
zone = "UTC"
[sources.transactions]
path = "orders.csv"
customer = "customer"
customer_via = { path = "people.csv", from = "customer", to = "person" }
time = "bought"
zone = "UTC"
amount_via = { path = "payments.csv", from = "order", to = "value" }
amount_min = 1
[sources.referrals]
path = "referrals.csv"
referrer = "a"
referred = "b"
time = "t"
time_format = "%d.%m.%Y"
zone = "UTC"
probability = "p"
[sources.customers]
path = "people.csv"
customer = "person"
joined = "since"
zone = "UTC"
keep = ["city", "age"]
[sources.activity]
path = "activity.csv"
customer = "person"
time = "t"
time_format = "epoch_seconds"
kind = "what"
"#;

fn events() -> Case {
    Case::new()
        .file("feedback.csv", "order,when\no1,2026-02-01\no9,2026-02-01\no4,2026-02-01\n")
        .file("orders.csv", "order,customer,bought\no1,c1,2026-01-01\no2,c2,2026-01-02\no3,c3,2026-01-03\no4,c4,2026-01-04\no5,c1,2026-01-05\n")
        .file("people.csv", "customer,person,since,city,age\nc1,p1,2025-01-01,Rio,30\nc2,p1,2025-01-01,Rio,30\nc3,p3,,Bahia,\nc4,p4,2025-01-01,Rio,1e1\nc4,p5,2025-01-01,7,31\n")
        .file("payments.csv", "order,value\no1,1.5\no1,2\no2,0.5\no5,many\n")
        .file("referrals.csv", "a,b,t,p\np1,p3,01.02.2026,0.5\np3,p3,01.02.2026,\np3,p4,01.02.2026,1.5\np3,p4,01.02.2026,\n")
        .file("activity.csv", "person,t,what\np1,1767225600,login\np1,0,login\n")
}

#[test]
fn keys_are_followed_through_other_files() {
    let case = events();
    let intake = case.run(EVENTS).expect("readable");
    let feedback = intake.account("feedback").expect("read");
    assert_eq!(texts(&intake.tables.feedback, "customer"), [Some("p1".to_owned())]);
    assert_eq!(feedback.rows_quarantined, [(Reason::UnmatchedKey, 1), (Reason::AmbiguousKey, 1)].into());
    let names: Vec<&str> = intake.accounts.iter().map(|account| account.source.as_str()).collect();
    assert_eq!(
        names,
        [
            "feedback.customer_via[0]",
            "feedback.customer_via[1]",
            "feedback",
            "transactions.amount_via",
            "transactions",
            "referrals",
            "customers",
            "activity"
        ],
        "people.csv is read as a crosswalk once"
    );
}

#[test]
fn amounts_are_summed_from_another_file() {
    let case = events();
    let intake = case.run(EVENTS).expect("readable");
    let transactions = &intake.tables.transactions;
    // o2 is below the smallest amount, o3 and o5 have none, c4 is two persons.
    assert_eq!(texts(transactions, "customer"), ["p1", "p3", "p1"].map(|name| Some(name.to_owned())));
    assert_eq!(numbers(transactions, "amount"), [Some(3.5), None, None]);
    let account = intake.account("transactions").expect("read");
    assert_eq!(account.rows_quarantined, [(Reason::OutOfRange, 1), (Reason::AmbiguousKey, 1)].into());
    assert_eq!(account.cells["amount"].blank, 2);
    let via = intake.account("transactions.amount_via").expect("read");
    assert_eq!(via.rows_quarantined, [(Reason::Unparsable, 1)].into());
    assert!(
        case.quarantine("transactions_amount_via")
            .contains("transactions.amount_via,payments.csv,5,value,unparsable,many")
    );
}

#[test]
fn profiles_referrals_and_activity_are_typed() {
    let case = events();
    let intake = case.run(EVENTS).expect("readable");
    let customers = &intake.tables.customers;
    assert_eq!(intake.account("customers").expect("read").rows_quarantined, [(Reason::Duplicate, 1)].into());
    assert_eq!(numbers(customers, "age"), [Some(30.0), None, Some(10.0), Some(31.0)]);
    assert_eq!(texts(customers, "city")[3].as_deref(), Some("7"), "a column with other words in it stays text");
    assert_eq!(integers(customers, "joined_t")[1], None);
    assert_eq!(customers.schema.field_with_name("age").expect("there").data_type(), &DataType::Float64);
    let referrals = intake.account("referrals").expect("read");
    assert_eq!(referrals.rows_quarantined, [(Reason::SelfReferral, 1), (Reason::OutOfRange, 1)].into());
    assert_eq!(numbers(&intake.tables.referrals, "probability"), [Some(0.5), None]);
    assert_eq!(integers(&intake.tables.activity, "t"), [Some(1_767_225_600_000_000)]);
    assert_eq!(texts(&intake.tables.activity, "kind"), [Some("login".to_owned())]);
}

#[test]
fn a_source_that_is_not_there_is_a_table_without_rows() {
    let case = Case::new().file("feedback.csv", ROWS);
    let tables = case.run(FEEDBACK).expect("readable").tables;
    for (table, columns) in [
        (&tables.transactions, "customer t amount"),
        (&tables.referrals, "referrer referred t probability channel"),
        (&tables.customers, "customer joined_t"),
        (&tables.activity, "customer t kind channel"),
        (&tables.invitations, "customer t channel"),
    ] {
        let names: Vec<&str> = table.schema.fields().iter().map(|field| field.name().as_str()).collect();
        assert_eq!((names.join(" ").as_str(), read(table).num_rows()), (columns, 0));
    }
}

#[test]
fn a_snapshot_makes_every_row_its_own_customer() {
    let case = Case::new().file("feedback.csv", "ltr\n9\n3\n");
    let study = "[sources.feedback]\npath = \"feedback.csv\"\nsnapshot = true\nrecommend = \"ltr\"";
    let feedback = case.run(study).expect("readable").tables.feedback;
    assert_eq!(texts(&feedback, "customer"), ["row 0", "row 1"].map(|name| Some(name.to_owned())));
    assert_eq!(integers(&feedback, "t"), [Some(1_790_812_799_999_999); 2]);
}

fn write_parquet(path: &Path, columns: Vec<(&str, ArrayRef)>) {
    let batch = RecordBatch::try_from_iter(columns).expect("columns of one length");
    let mut writer =
        ArrowWriter::try_new(File::create(path).expect("created"), batch.schema(), None).expect("a writer");
    writer.write(&batch).expect("written");
    writer.close().expect("written");
}

#[test]
fn parquet_of_any_type_goes_through_the_same_check() {
    use datafusion::arrow::array::*;
    use datafusion::arrow::compute::cast;
    let case = Case::new();
    let texts_of = |values: &[&str]| Arc::new(StringArray::from(values.to_vec())) as ArrayRef;
    let as_type = |array: ArrayRef, data_type: DataType| cast(&array, &data_type).expect("castable");
    let instants = TimestampMillisecondArray::from(vec![1_767_225_600_000, 1_767_225_600_000, 1_767_225_600_000, 0]);
    write_parquet(
        &case.path("feedback.parquet"),
        vec![
            ("who", Arc::new(Int64Array::from(vec![Some(7), None, Some(8), Some(9)])) as ArrayRef),
            ("when", Arc::new(instants.with_timezone("UTC"))),
            ("ltr", as_type(texts_of(&["9", "9", "11", "9"]), DataType::Int8)),
            ("food", Arc::new(Float32Array::from(vec![f32::NAN, 1.0, 1.0, 1.0]))),
            ("wait", as_type(texts_of(&["4.50", "1", "1", "1"]), DataType::Decimal128(5, 2))),
            (
                "via",
                as_type(
                    texts_of(&["web", "app", "app", "app"]),
                    DataType::Dictionary(DataType::Int32.into(), DataType::Utf8.into()),
                ),
            ),
            ("id", as_type(texts_of(&["a", "b", "c", "d"]), DataType::LargeUtf8)),
        ],
    );
    let intake = case.run(&FEEDBACK.replace("feedback.csv", "feedback.parquet")).expect("readable");
    let account = intake.account("feedback").expect("read");
    assert_eq!((account.rows_read, account.rows_used), (4, 1));
    assert_eq!(
        account.rows_quarantined,
        [(Reason::Blank, 1), (Reason::OutOfRange, 1), (Reason::SuspiciousDate, 1)].into()
    );
    let feedback = &intake.tables.feedback;
    assert_eq!(
        (texts(feedback, "customer"), texts(feedback, "channel")),
        (vec![Some("7".to_owned())], vec![Some("web".to_owned())])
    );
    assert_eq!((numbers(feedback, "food"), numbers(feedback, "wait")), (vec![None], vec![Some(4.5)]));
    assert_eq!(integers(feedback, "t"), [Some(1_767_225_600_000_000)]);
    assert!(case.quarantine("feedback").contains("feedback,feedback.parquet,3,ltr,out_of_range,11,"));
}

#[test]
fn parquet_times_without_zone_and_odd_types_are_refused_by_column() {
    use datafusion::arrow::array::*;
    let case = Case::new();
    let study = "[sources.feedback]\npath = \"feedback.parquet\"\ncustomer = \"who\"\ntime = \"when\"";
    let who = || ("who", Arc::new(StringArray::from(vec!["a"])) as ArrayRef);
    let path = case.path("feedback.parquet");
    write_parquet(&path, vec![who(), ("when", Arc::new(TimestampSecondArray::from(vec![1_767_225_600])))]);
    assert!(matches!(case.run(study), Err(IntakeError::NoZone { line: 1, .. })));
    assert_eq!(
        integers(&case.run(&format!("{study}\nzone = \"UTC\"")).expect("readable").tables.feedback, "t"),
        [Some(1_767_225_600_000_000)]
    );
    write_parquet(&path, vec![who(), ("when", Arc::new(DurationSecondArray::from(vec![1])))]);
    let message = case.run(study).expect_err("refused").to_string();
    assert!(message.contains("column `when` is of type Duration"), "{message}");
    assert_eq!(DataType::Duration(TimeUnit::Second).to_string(), "Duration(s)");
    std::fs::write(&path, b"PAR1 and then something else").expect("written");
    assert!(matches!(case.run(study), Err(IntakeError::BadParquet { .. })));
}

#[test]
fn warehouse_dates_and_bytes_of_older_writers_are_read_as_text_would_be() {
    use datafusion::arrow::array::*;
    let case = Case::new();
    let study = "[sources.feedback]\npath = \"feedback.parquet\"\ncustomer = \"who\"\ntime = \"when\"\nzone = \"UTC\"";
    let path = case.path("feedback.parquet");
    let who = |bytes: &'static [u8]| {
        let days = Date32Array::from(vec![Some(20_513), Some(20_514), None]);
        let bytes = BinaryArray::from_vec(vec![b"2026-03-01", b"b", bytes]);
        (Arc::new(days) as ArrayRef, Arc::new(bytes) as ArrayRef)
    };
    // date -u -d 2026-03-01 +%s is 1772323200, which is day 20513; a day more is 86400 s.
    let (first, second) = (1_772_323_200_000_000, 1_772_409_600_000_000);
    let digits: [ArrayRef; 2] = [
        Arc::new(Int64Array::from(vec![20_260_301, 20_260_302, 20_260_302])),
        Arc::new(Float64Array::from(vec![20_260_301.0, 20_260_302.0, 20_260_302.0])),
    ];
    for when in digits {
        let (days, bytes) = who(b"c");
        write_parquet(&path, vec![("who", bytes), ("when", Arc::clone(&when)), ("day", days)]);
        let feedback = case
            .run(&format!("{study}\ntime_format = \"%Y%m%d\"\nkeep = [\"day\"]"))
            .expect("readable")
            .tables
            .feedback;
        let owned = |text: &str| Some(text.to_owned());
        assert_eq!(texts(&feedback, "customer"), [owned("2026-03-01"), owned("b"), owned("c")]);
        assert_eq!(texts(&feedback, "day"), [owned("2026-03-01"), owned("2026-03-02"), None]);
        assert_eq!(integers(&feedback, "t"), [Some(first), Some(second), Some(second)]);
        // Without a pattern, or with one of which a number loses the zero in front, a number says no date.
        for format in ["", "time_format = \"%d%m%Y\""] {
            assert!(
                case.run(&format!("{study}\n{format}")).is_ok_and(|intake| intake.tables.feedback.n_rows == 0),
                "{format}"
            );
        }
    }
    // A date is a time too, at its beginning.
    let (days, bytes) = who(b"c");
    write_parquet(&path, vec![("who", bytes), ("when", days)]);
    let feedback = case.run(study).expect("readable").tables.feedback;
    assert_eq!(integers(&feedback, "t"), [Some(first), Some(second)]);
    // Bytes that are no text.
    let (days, bytes) = who(b"\xff\xfe");
    write_parquet(&path, vec![("who", bytes), ("when", days)]);
    let message = case.run(study).expect_err("refused").to_string();
    assert!(message.contains("column `who` is of type Binary with values beyond what can be read"), "{message}");
}

#[test]
fn a_mark_of_a_return_may_be_a_number_or_a_word() {
    let marks = ["1", "0", "true", "FALSE", "Yes", "no", "y", "N", "t", "f", "", "maybe", "2"];
    let rows: String = marks.iter().map(|mark| format!("a,2026-01-01T00:00:00Z,{mark}\n")).collect();
    let case = Case::new().file("orders.csv", format!("who,when,back\n{rows}")).file("feedback.csv", "who,when\n");
    let study = "[sources.feedback]\npath = \"feedback.csv\"\ncustomer = \"who\"\ntime = \"when\"\n\
                 [sources.transactions]\npath = \"orders.csv\"\ncustomer = \"who\"\ntime = \"when\"\nreturned = \"back\"";
    let intake = case.run(study).expect("readable");
    let marked = [1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0].map(Some);
    assert_eq!(numbers(&intake.tables.transactions, "returned"), [&marked[..], &[None]].concat());
    let account = intake.account("transactions").expect("read");
    assert_eq!(account.rows_quarantined, [(Reason::Unparsable, 1), (Reason::OutOfRange, 1)].into());
}

#[test]
fn the_same_bytes_for_one_and_four_threads_and_progress_to_the_end() {
    let mut rows = String::from("who,when,sum,id\n");
    for row in 0..150_000 {
        rows.push_str(&format!(
            "customer {},2026-01-{:02}T00:00:00Z,{}.5,{}\n",
            row % 977,
            1 + row % 28,
            row % 50,
            row % 149_000
        ));
    }
    let case = Case::new().file("orders.csv", &rows).file("feedback.csv", "who,when\n");
    let study = "study = { name = \"case\", as_of = 2026-09-30 }\n\
                 [sources.feedback]\npath = \"feedback.csv\"\ncustomer = \"who\"\ntime = \"when\"\n\
                 [sources.transactions]\npath = \"orders.csv\"\ncustomer = \"who\"\ntime = \"when\"\namount = \"sum\"\nid = \"id\"";
    let study = Study::parse(study, case.folder.path()).expect("a sound study");
    let last = std::sync::Mutex::new(None);
    let run = |n_threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("threads");
        let study = &study;
        let (case, last) = (&case, &last);
        let intake = pool
            .install(move || {
                Intake::run(study, &case.folders(), &|progress| *last.lock().expect("free") = Some(progress))
            })
            .expect("readable");
        (
            std::fs::read(&intake.tables.transactions.parts[0]).expect("there"),
            case.quarantine("transactions"),
            intake.accounts,
        )
    };
    let (one, four) = (run(1), run(4));
    assert!(one == four);
    let account = &one.2[1];
    assert_eq!((account.rows_used, account.rows_quarantined[&Reason::Duplicate]), (149_000, 1000));
    assert!(
        one.1.lines().nth(1).is_some_and(|line| line.starts_with("transactions,orders.csv,149002,id,duplicate,0,"))
    );
    let last: Progress = last.into_inner().expect("free").expect("reported");
    assert_eq!((last.bytes_done, last.bytes_total), (rows.len() as u64 + 9, rows.len() as u64 + 9));
}

#[test]
fn small_files_are_checked_side_by_side_and_taken_in_their_order() {
    // By hand: of 600 rows 12 have no amount (rows 7, 57, ..., 557), and the last 10 repeat the ids of the first 10, of which row 7 is
    // put aside, so that its repeat stands: 9 repeats.
    let row = |at: usize| {
        let amount = if at % 50 == 7 { "none".to_owned() } else { format!("{}.5", at % 50) };
        format!("customer {},2026-01-{:02}T00:00:00Z,{amount},{}\n", at % 97, 1 + at % 28, at % 590)
    };
    let header = "who,when,sum,id\n";
    let all: String = (0..600).map(row).collect();
    let mut case = Case::new().file("feedback.csv", "who,when\n").file("all.csv", format!("{header}{all}"));
    for part in 0..30 {
        let rows: String = (20 * part..20 * part + 20).map(row).collect();
        case = case.file(&format!("part-{part:02}.csv"), format!("{header}{rows}"));
    }
    let study = |path: &str| {
        format!(
            "study = {{ name = \"case\", as_of = 2026-09-30 }}\n[sources.feedback]\npath = \"feedback.csv\"\n\
             customer = \"who\"\ntime = \"when\"\n[sources.transactions]\npath = \"{path}\"\ncustomer = \"who\"\n\
             time = \"when\"\namount = \"sum\"\nid = \"id\"\n"
        )
    };
    let run = |path: &str, n_threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("threads");
        let study = Study::parse(&study(path), case.folder.path()).expect("a sound study");
        let case = &case;
        let intake = pool.install(move || Intake::run(&study, &case.folders(), &|_| ())).expect("readable");
        let table = &intake.tables.transactions;
        let typed = (texts(table, "customer"), integers(table, "t"), std::fs::read(&table.parts[0]).expect("there"));
        let account = intake.account("transactions").expect("read").clone();
        (typed, account, case.quarantine("transactions"))
    };
    let (whole, one, four) = (run("all.csv", 2), run("part-*.csv", 1), run("part-*.csv", 4));
    assert!(one == four);
    assert_eq!((&one.0.0, &one.0.1), (&whole.0.0, &whole.0.1));
    assert_eq!((one.1.rows_read, one.1.rows_used, one.1.files.len()), (600, 579, 30));
    assert_eq!((one.1.rows_quarantined[&Reason::Duplicate], one.1.rows_quarantined[&Reason::Unparsable]), (9, 12));
    // Row 590 stands in line 12 of the last file, and row 7 in line 9 of the first.
    assert!(one.2.contains("part-29.csv,12,id,duplicate,0,"), "{}", one.2);
    assert!(one.2.lines().nth(1).is_some_and(|line| line.contains("part-00.csv,9,sum,unparsable,none,")), "{}", one.2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_byte_flipped_anywhere_is_survived_and_accounted_for(at in 0..ROWS.len(), byte in any::<u8>()) {
        let mut bytes = ROWS.as_bytes().to_vec();
        bytes[at] = byte;
        let case = Case::new().file("feedback.csv", &bytes);
        // A refusal of the whole file names it; otherwise run() has seen to it that the counts add up.
        match case.run(FEEDBACK) {
            Ok(intake) => {
                let account = intake.account("feedback").expect("read");
                prop_assert!((17..=19).contains(&account.rows_read) || account.n_quarantined() > 0, "{account:?}");
                prop_assert_eq!(read(&intake.tables.feedback).num_rows() as u64, account.rows_used);
            }
            Err(error) => prop_assert!(error.to_string().contains("feedback.csv"), "{error}"),
        }
    }

    #[test]
    fn counts_add_up_for_any_text(text in "([a-c0-9\",;\n\r -]{0,30}\n){0,8}") {
        let case = Case::new().file("feedback.csv", format!("a,b,ltr\n{text}"));
        let study = "[sources.feedback]\npath = \"feedback.csv\"\nsnapshot = true\nrecommend = \"ltr\"\nid = \"a\"\nkeep = [\"b\"]\n\
                     contract = { quarantine_max = 1.0 }";
        case.run(study).expect("readable");
    }

    #[test]
    fn a_byte_flipped_in_parquet_is_survived(at in 0_usize..3000, bit in 0_u8..8) {
        let case = Case::new();
        let path = case.path("feedback.parquet");
        write_parquet(&path, vec![
            ("who", Arc::new(StringArray::from((0..20).map(|row| format!("c{row}")).collect::<Vec<_>>())) as ArrayRef),
            ("ltr", Arc::new(Int64Array::from((0..20).map(|row| row % 11).collect::<Vec<_>>())) as ArrayRef),
        ]);
        let mut bytes = std::fs::read(&path).expect("there");
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        std::fs::write(&path, bytes).expect("written");
        let study = "[sources.feedback]\npath = \"feedback.parquet\"\nformat = \"parquet\"\nsnapshot = true\nrecommend = \"ltr\"\nkeep = [\"who\"]";
        let _ = case.run(study);
    }
}

/// The folder of real files beside the project, where it is there.
fn real(folder: &str) -> Option<PathBuf> {
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

fn run_real(base: &Path, study: &str) -> (Intake, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let study = Study::parse(study, base).expect("a sound study");
    let folders = Folders { work: folder.path().join("work"), quarantine: folder.path().join("quarantine") };
    let intake = Intake::run(&study, &folders, &|_| ()).expect("readable");
    assert!(intake.accounts.iter().all(SourceAccount::adds_up));
    (intake, folder)
}

#[test]
fn the_airport_survey_has_its_known_score() {
    let Some(base) = real("sfo_airport") else { return };
    let (intake, _folder) = run_real(
        &base,
        r#"
        study = { name = "airport", as_of = 2017-12-31 }
        [sources.feedback]
        path = "2017_SFO_Customer_Survey.csv"
        snapshot = true
        recommend = "NETPRO"
        weight = "WEIGHT"
        scale = [1, 5]
        not_applicable = { recommend = [11], touchpoints = [0, 6] }
        blank = ["Blank", "BLANK"]
        [drivers]
        touchpoints = ["Q7FOOD", "Q7PARK", "Q9RESTROOM"]
        "#,
    );
    let feedback = &intake.tables.feedback;
    let answers = numbers(feedback, "recommend");
    let weights = numbers(feedback, "weight");
    let side = |answer: f64| f64::from(u8::from(answer >= 9.0)) - f64::from(u8::from(answer <= 6.0));
    let rated: Vec<(f64, f64)> =
        answers.iter().zip(&weights).filter_map(|(answer, weight)| answer.zip(*weight)).collect();
    // Published with the data: n 2,746, NPS 39.8, weighted 40.4.
    assert_eq!(rated.len(), 2746);
    let nps = rated.iter().map(|(answer, _)| side(*answer)).sum::<f64>() / rated.len() as f64 * 100.0;
    let total: f64 = rated.iter().map(|(_, weight)| weight).sum();
    let weighted = rated.iter().map(|(answer, weight)| weight * side(*answer)).sum::<f64>() / total * 100.0;
    assert!((nps - 39.8).abs() < 0.05 && (weighted - 40.4).abs() < 0.05, "{nps} {weighted}");
    // Parking is answered by 38-45 % of the respondents.
    let parking = numbers(feedback, "Q7PARK");
    let share = parking.iter().flatten().count() as f64 / parking.len() as f64;
    assert!((0.38..=0.45).contains(&share), "{share}");
}

#[test]
fn in_the_marketplace_281_of_9609_persons_buy_again() {
    let Some(base) = real("olist_sample") else { return };
    let (intake, _folder) = run_real(
        &base,
        r#"
        study = { name = "marketplace", as_of = 2018-12-31 }
        [sources.feedback]
        path = "reviews_compact.csv"
        customer = "order_id"
        customer_via = [
          { path = "olist_orders_dataset.csv", from = "order_id", to = "customer_id" },
          { path = "olist_customers_dataset.csv", from = "customer_id", to = "customer_unique_id" },
        ]
        time = "review_creation_date"
        zone = "America/Sao_Paulo"
        scale = [1, 5]
        [sources.transactions]
        path = "olist_orders_dataset.csv"
        customer = "customer_id"
        customer_via = [{ path = "olist_customers_dataset.csv", from = "customer_id", to = "customer_unique_id" }]
        time = "order_purchase_timestamp"
        zone = "America/Sao_Paulo"
        amount_via = { path = "olist_order_payments_dataset.csv", from = "order_id", to = "payment_value", aggregate = "sum" }
        [drivers]
        touchpoints = ["review_score"]
        "#,
    );
    let mut orders = std::collections::HashMap::new();
    for customer in texts(&intake.tables.transactions, "customer").into_iter().flatten() {
        *orders.entry(customer).or_insert(0) += 1;
    }
    assert_eq!((orders.values().filter(|&&n_orders| n_orders > 1).count(), orders.len()), (281, 9609));
    // One review has no date; every other row of every file is used.
    let faults: Vec<_> = intake.accounts.iter().filter(|account| account.n_quarantined() > 0).collect();
    assert_eq!(faults.len(), 1);
    assert_eq!((faults[0].source.as_str(), &faults[0].rows_quarantined), ("feedback", &[(Reason::Blank, 1)].into()));
}

#[test]
fn the_marketplace_reviews_with_breaks_in_quotes_are_read_to_their_cut_end() {
    let Some(base) = real("olist_sample") else { return };
    let (intake, _folder) = run_real(
        &base,
        r#"
        study = { name = "marketplace", as_of = 2018-12-31 }
        [sources.feedback]
        path = "order_reviews_original_prefix.csv"
        id = "review_id"
        customer = "order_id"
        time = "review_creation_date"
        zone = "America/Sao_Paulo"
        scale = [1, 5]
        keep = ["review_comment_message"]
        [drivers]
        touchpoints = ["review_score"]
        "#,
    );
    let account = intake.account("feedback").expect("read");
    // python3 -c "import csv; print(sum(1 for _ in csv.DictReader(open(...))))"
    assert_eq!(account.rows_read, REVIEWS_IN_PREFIX);
    assert!(texts(&intake.tables.feedback, "review_comment_message").iter().flatten().any(|text| text.contains('\n')));
}

/// By Python's csv module.
const REVIEWS_IN_PREFIX: u64 = 6123;

#[test]
fn the_operator_has_a_mark_at_its_beginning_blanks_in_its_headers_and_negative_charges() {
    let Some(base) = real("telco") else { return };
    let (intake, _folder) = run_real(
        &base,
        r#"
        study = { name = "operator", as_of = 2020-12-31 }
        [sources.feedback]
        path = "maven_telecom_customer_churn.csv"
        snapshot = true
        customer = "Customerid"
        scale = [0, 1000]
        keep = ["Customerstatus"]
        [drivers]
        touchpoints = ["Monthlycharge"]
        "#,
    );
    let account = intake.account("feedback").expect("read");
    // python3: 7,043 rows, of which 120 have a negative monthly charge.
    assert_eq!((account.rows_read, account.rows_quarantined.clone()), (7043, [(Reason::OutOfRange, 120)].into()));
    assert_eq!(texts(&intake.tables.feedback, "customer")[0].as_deref(), Some("0002-ORFBO"));
}

#[test]
fn what_a_source_promises_is_held_row_by_row_and_as_a_whole() {
    let rows = "id,who,when,ltr,food,wait,via,code\n1,ann,2026-01-01T10:00:00Z,9,5,4,web,x\n\
        2,bob,2026-01-02T10:00:00Z,9,5,4,fax,7\n3,cid,2026-01-03T10:00:00Z,9,5,4,,8\n4,dee,2026-01-04T10:00:00Z,9,5,4,web,99\n\
        5,eve,2026-01-05T10:00:00Z,9,5,4,web,\n";
    let case = Case::new().file("feedback.csv", rows);
    let with = |contract: &str| case.run(&format!("{FEEDBACK}[sources.feedback.contract]\n{contract}\n"));
    let intake = with(
        "not_null = [\"via\"]\nallowed = { via = [\"web\", \"shop\"] }\nranges = { code = [1, 10] }\nrows_min = 5\nrows_max = 5",
    );
    let account = intake.expect("sound").account("feedback").expect("read").clone();
    let expected = [(Reason::Unparsable, 1), (Reason::NotAllowed, 1), (Reason::Blank, 1), (Reason::OutOfRange, 1)];
    assert_eq!(account.rows_quarantined, expected.into());
    assert!(account.rows_used == 1 && !account.cells.contains_key(""), "{account:?}");
    let aside = case.quarantine("feedback");
    assert!(aside.contains("feedback,feedback.csv,3,via,not_allowed,fax,"), "{aside}");
    let refused = |contract: &str| with(contract).expect_err("refused").to_string();
    assert!(refused("rows_min = 6").contains("has 5 rows, and its contract says rows_min = 6"));
    assert!(refused("rows_max = 4").contains("rows_max = 4"));
    assert!(refused("fresh_days = 30").contains("ends at 2026-01-05T10:00:00Z"));
    assert!(with("fresh_days = 300").is_ok());
    let share = refused("ranges = { code = [1, 10] }\nquarantine_max = 0.3");
    assert!(share.contains("2 of 5 rows were put aside, more than quarantine_max = 0.3"), "{share}");
    assert!(refused("not_null = [\"vai\"]").contains("has no column `vai`"));
}

#[test]
fn more_than_half_of_the_rows_put_aside_are_refused_unless_the_contract_says_otherwise() {
    let study = |contract: &str| format!("{FEEDBACK}[sources.feedback.contract]\n{contract}\n");
    // So many answers of 0 to 10, as many times ten, and the first of them again.
    let case = |n_sound: usize, n_faulty: usize, n_repeats: usize| {
        let row = |id: usize, answer: usize| format!("{id},c{id},2026-01-01T10:00:00Z,{answer},5,4,web\n");
        let sound = (0..n_sound).map(|id| row(id, 9));
        let faulty = (n_sound..n_sound + n_faulty).map(|id| row(id, 90));
        let again = (0..n_repeats).map(|_| row(0, 9));
        let rows: String = sound.chain(faulty).chain(again).collect();
        Case::new().file("feedback.csv", format!("id,who,when,ltr,food,wait,via\n{rows}"))
    };
    let refused = case(19, 21, 0).run(&study("")).expect_err("refused").to_string();
    assert!(
        refused.contains("[sources.feedback]: 21 of 40 rows (52 %) were put aside (out_of_range: 21)"),
        "{refused}"
    );
    assert!(refused.contains("the first as out_of_range: column `ltr`, feedback.csv, line 21: `90`"), "{refused}");
    assert!(refused.contains("quarantine_max = 1.0"), "{refused}");
    assert_eq!(case(19, 21, 0).run(&study("quarantine_max = 1.0")).expect("allowed").tables.feedback.n_rows, 19);
    // Half is not more than half, and fewer than 20 rows are looked at one by one.
    assert!(case(20, 20, 0).run(&study("")).is_ok());
    assert!(case(1, 19, 0).run(&study("")).is_ok());
    // Repeats are neither among the faulty rows nor among those that these are held against.
    assert!(case(5, 0, 40).run(&study("")).is_ok());
    let among = case(19, 21, 40).run(&study("")).expect_err("refused").to_string();
    assert!(among.contains("21 of 40 rows") && among.contains("the first as out_of_range"), "{among}");
}

/// A sound row after the study's date beside 99 unreadable ones leaves a source without a row, as 100 unreadable ones do.
#[test]
fn a_source_of_faults_is_refused_though_a_sound_row_is_left_out() {
    let source =
        "[sources.transactions]\npath = \"orders.csv\"\ncustomer = \"who\"\ntime = \"when\"\namount = \"eur\"\n";
    let orders = format!("who,when,eur\n{}c1,2026-10-05T10:00:00Z,5\n", "c1,2026-02-01T10:00:00Z,x\n".repeat(99));
    let answers = "id,who,when,ltr,food,wait,via\n1,c1,2026-01-01T10:00:00Z,9,5,4,web\n";
    let case = Case::new().file("feedback.csv", answers).file("orders.csv", orders);
    let refused = case.run(&format!("{FEEDBACK}{source}")).expect_err("refused").to_string();
    assert!(refused.contains("99 of 100 rows (99 %) were put aside (unparsable: 99"), "{refused}");
}

/// Delighted API, "Listing survey responses": a sync by `updated_since` brings changed responses again, with `updated_at`.
#[test]
fn of_a_response_that_two_files_of_an_export_hold_the_newer_stands() {
    let response = |id: &str, score: u8, updated: &str| {
        format!(
            "{{\"id\": \"{id}\", \"person\": \"p{id}\", \"survey_type\": \"nps\", \"score\": {score}, \
             \"created_at\": 1769904000, \"updated_at\": {updated}}}"
        )
    };
    let list = |all: &[String]| format!("[{}]", all.join(","));
    let case = Case::new()
        .file(
            "a.json",
            list(&[response("1", 3, "null"), response("2", 4, "1769999000"), response("3", 5, "1769999000")]),
        )
        .file(
            "b.json",
            list(&[response("1", 9, "1769999000"), response("2", 10, "1769998000"), response("3", 8, "1769999000")]),
        );
    let with = |more: &str| {
        let study = format!(
            "[sources.feedback]\npath = [\"a.json\", \"b.json\"]\nformat = \"delighted\"\nid = \"@id\"\ncustomer = \"person\"\ntime = \"@end\"\n\
             recommend = \"@recommend\"\n{more}\n"
        );
        let intake = case.run(&study).expect("sound");
        let repeats = intake.account("feedback").expect("read").rows_quarantined.clone();
        assert_eq!(repeats, [(Reason::Duplicate, 3)].into());
        let scores = numbers(&intake.tables.feedback, "recommend");
        let mut of: Vec<_> = texts(&intake.tables.feedback, "response_id").into_iter().flatten().zip(scores).collect();
        of.sort_by(|a, b| a.0.cmp(&b.0));
        of.into_iter().map(|(_, score)| score.unwrap_or(-1.0)).collect::<Vec<_>>()
    };
    // Changed since; changed before; the same, of which the first stands.
    assert_eq!(with(""), [9.0, 4.0, 5.0]);
    assert_eq!(with("repeats = \"first\""), [3.0, 4.0, 5.0]);
    assert_eq!(with("repeats = \"last\""), [9.0, 10.0, 8.0]);
}

#[test]
fn of_several_rows_with_one_id_the_last_stands_where_the_study_says_so() {
    let rows = "id,who,when,ltr,food,wait,via\n1,ann,2026-01-01T10:00:00Z,1,5,4,web\n1,ann,2026-01-02T10:00:00Z,2,5,4,web\n\
        2,bob,2026-01-02T10:00:00Z,5,5,4,web\n1,ann,2026-01-03T10:00:00Z,3,5,4,web\n1,ann,2027-01-03T10:00:00Z,4,5,4,web\n";
    let case = Case::new().file("feedback.csv", rows);
    let study = FEEDBACK.replace("id = \"id\"", "id = \"id\"\nrepeats = \"last\"");
    let intake = case.run(&study).expect("sound");
    // The last row lies after the study's date and is none.
    assert_eq!(numbers(&intake.tables.feedback, "recommend"), [Some(5.0), Some(3.0)]);
    let aside = case.quarantine("feedback");
    let lines: Vec<&str> = aside.lines().filter(|line| line.contains(",duplicate,")).collect();
    assert!(
        lines.len() == 2 && lines[0].contains("feedback.csv,2,id") && lines[1].contains("feedback.csv,3,id"),
        "{aside}"
    );
}

/// docs/intake.md: an answer that holds a `not_applicable` code is a gap; so are its other spellings.
#[test]
fn a_code_is_a_gap_to_a_promise_too() {
    let rows = "id,who,when,ltr,food,wait,via\n1,ann,2026-01-01T10:00:00Z,9,5,4,web\n\
        2,bob,2026-01-02T10:00:00Z,9,99,4,web\n3,cid,2026-01-03T10:00:00Z,9,99.0,4,web\n4,dee,2026-01-04T10:00:00Z,9,-,4,web\n\
        5,eve,2026-01-05T10:00:00Z,9,1,4,web\n";
    let case = Case::new().file("feedback.csv", rows);
    let with = |contract: &str| {
        let intake = case.run(&format!("{FEEDBACK}[sources.feedback.contract]\n{contract}\n")).expect("sound");
        intake.account("feedback").expect("read").rows_quarantined.clone()
    };
    assert_eq!(with("ranges = { food = [2, 5] }"), [(Reason::OutOfRange, 1)].into());
    assert_eq!(with("not_null = [\"food\"]"), [(Reason::Blank, 3)].into());
}

#[test]
fn columns_that_together_are_unique_put_the_later_row_aside() {
    let rows = "order,line,who,when\na,1,x,2026-01-01\na,2,x,2026-01-01\n a ,1,y,2026-01-02\nb,,x,2026-01-01\nb,,x,2026-01-01\n\
                c,1,x,soon\nc,1,x,2026-01-03\nab,1,x,2026-01-01\n";
    let case = Case::new().file("feedback.csv", "who,when\n").file("orders.csv", rows);
    let study = "[sources.feedback]\npath = \"feedback.csv\"\ncustomer = \"who\"\ntime = \"when\"\n[sources.transactions]\n\
                 path = \"orders.csv\"\ncustomer = \"who\"\ntime = \"when\"\nzone = \"UTC\"\n[sources.transactions.contract]\n\
                 unique = [\"order\", \"line\"]\n";
    let intake = case.run(study).expect("readable");
    let account = intake.account("transactions").expect("read");
    // The third row repeats the first. Blank lines are not compared, and a row that was put aside takes nothing from a later one.
    assert_eq!(account.rows_quarantined, [(Reason::Unparsable, 1), (Reason::Duplicate, 1)].into());
    assert_eq!((account.rows_read, account.rows_used), (8, 6));
    assert!(
        case.quarantine("transactions")
            .contains("transactions,orders.csv,4,\"order, line\",duplicate,,\" a ,1,y,2026-01-02\"")
    );
    // With an id as well: what the id puts aside does not count for the columns, and the other way round.
    let rows = "id,order,line,who,when\n1,a,1,x,2026-01-01\n1,a,2,x,2026-01-01\n2,a,2,x,2026-01-01\n3,a,1,x,2026-01-01\n3,a,3,x,2026-01-01\n";
    let case = Case::new().file("feedback.csv", "who,when\n").file("orders.csv", rows);
    let study = study.replace("[sources.transactions.contract]", "id = \"id\"\n[sources.transactions.contract]");
    let intake = case.run(&study).expect("readable");
    assert_eq!(texts(&intake.tables.transactions, "transaction_id"), ["1", "2", "3"].map(|id| Some(id.to_owned())));
    let account = intake.account("transactions").expect("read");
    assert_eq!((account.rows_used, account.rows_quarantined[&Reason::Duplicate]), (3, 2));
}

#[test]
fn rows_that_repeat_exactly_are_told_from_rows_that_share_an_id() {
    let rows = "id,who,when,note\n1,x,2026-01-01,\"a, b\"\n1,x,2026-01-01,\"a, b\"\n1,x,2026-01-01,a\n,y,2026-01-01,\n,y,2026-01-01,\n2,z,soon,\n2,z,soon,\n";
    let case = Case::new()
        .file("feedback.csv", "who,when\n")
        .file("orders1.csv", rows)
        .file("orders2.csv", "id,who,when,note\n,y,2026-01-01,\n");
    let study = "[sources.feedback]\npath = \"feedback.csv\"\ncustomer = \"who\"\ntime = \"when\"\n[sources.transactions]\n\
                 path = \"orders*.csv\"\nid = \"id\"\ncustomer = \"who\"\ntime = \"when\"\nzone = \"UTC\"\n\
                 [sources.transactions.contract]\nunique = \"row\"\n";
    let intake = case.run(study).expect("readable");
    let account = intake.account("transactions").expect("read");
    // By hand: lines 3 and 6 and the one of the second file repeat a row; line 4 has the id of line 2 with another note, which
    // the study does not read; rows that are put aside repeat nothing.
    let expected = [(Reason::RepeatedRow, 3), (Reason::Duplicate, 1), (Reason::Unparsable, 2)];
    assert_eq!(account.rows_quarantined, expected.into());
    assert_eq!(texts(&intake.tables.transactions, "customer"), ["x", "y"].map(|name| Some(name.to_owned())));
    let aside = case.quarantine("transactions");
    assert!(aside.contains("transactions,orders1.csv,3,,repeated_row,,\"1,x,2026-01-01,\"\"a, b\"\"\","), "{aside}");
    assert!(aside.contains("transactions,orders2.csv,2,,repeated_row,,"), "{aside}");
    // A column of that name stands in a list.
    let case = Case::new().file("feedback.csv", "who,when,row\na,2026-01-01,1\nb,2026-01-02,1\n");
    let study = "[sources.feedback]\npath = \"feedback.csv\"\ncustomer = \"who\"\ntime = \"when\"\nzone = \"UTC\"\n\
                 [sources.feedback.contract]\nunique = [\"row\"]\n";
    let account = case.run(study).expect("readable").accounts.remove(0);
    assert_eq!(account.rows_quarantined, [(Reason::Duplicate, 1)].into());
}

#[test]
fn the_same_row_in_two_folders_is_no_repeat() {
    let case = Case::new().file("feedback.csv", "who,when\n");
    for year in ["2025", "2026"] {
        let folder = case.path(&format!("orders/year={year}"));
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("a.csv"), "who,when\nx,2025-01-01\nx,2025-01-01\n").expect("written");
    }
    let study = |keys: &str| {
        format!(
            "[sources.feedback]\npath = \"feedback.csv\"\ncustomer = \"who\"\ntime = \"when\"\n[sources.transactions]\n\
             path = \"orders\"\ncustomer = \"who\"\ntime = \"when\"\nzone = \"UTC\"\n{keys}\n\
             [sources.transactions.contract]\nunique = \"row\"\n"
        )
    };
    let n_used = |keys: &str| case.run(&study(keys)).expect("readable").tables.transactions.n_rows;
    assert_eq!((n_used("channel = \"year\""), n_used("")), (2, 1), "only where the study reads what the folder says");
}
