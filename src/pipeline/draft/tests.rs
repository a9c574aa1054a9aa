//! Drafts of the demonstration company, of every export's sample, and of real files where they are beside the project; all are
//! read back by the study's own reader, and by intake.

use super::*;
use crate::intake::{Cache, Folders, Intake};
use crate::pipeline::{RunSettings, check};
use crate::study::{OutcomeKind, Study};
use std::path::{Path, PathBuf};

fn project() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Files beside the project, where they are there.
fn shared(name: &str) -> Option<PathBuf> {
    let path = project().join("../shared/data").join(name);
    if path.exists() {
        return Some(path);
    }
    #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
    {
        eprintln!("skipped: {} is not there", path.display());
    }
    None
}

/// A draft that lies in a folder of its own, and the study it is.
struct Drafted {
    draft: Draft,
    study: Study,
}

fn drafted_of(paths: &[PathBuf], n_rows: usize) -> Result<Drafted, DraftError> {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = DraftSettings { folder: folder.path().to_owned(), name: None, n_rows };
    let draft = draft(paths, &settings)?;
    let study = Study::parse(&draft.text, folder.path()).expect("the reader accepts it");
    Ok(Drafted { draft, study })
}

fn drafted(paths: &[PathBuf]) -> Drafted {
    drafted_of(paths, 50_000).expect("a draft")
}

impl Drafted {
    /// What intake makes of the study: rows used and put aside, by source.
    fn rows(&self) -> Vec<(String, u64, u64)> {
        let folder = tempfile::tempdir().expect("a folder");
        // Paths were relative to a folder that is gone, one level deep like this one.
        let study = Study::parse(&self.draft.text, folder.path()).expect("sound");
        let folders = Folders { work: folder.path().join("work"), quarantine: folder.path().join("aside") };
        std::fs::create_dir_all(&folders.work).expect("a folder");
        let intake =
            Intake::run(&study, &folders, &|_| {}).unwrap_or_else(|error| panic!("{error}\n{}", self.draft.text));
        intake.accounts.iter().map(|own| (own.source.clone(), own.rows_used, own.n_quarantined())).collect()
    }

    fn used(&self, source: &str) -> u64 {
        self.rows().iter().find(|(name, _, _)| name == source).map_or(0, |(_, used, _)| *used)
    }
}

#[test]
fn the_demonstration_company_gets_the_roles_of_its_study() {
    let data = project().join("datasets/retail");
    let names = [
        "README.md",
        "activity.csv",
        "customers.csv",
        "feedback",
        "invitations.csv",
        "orders.csv",
        "referrals.csv",
        "truth.json",
    ];
    let own = drafted(&names.map(|name| data.join(name)));
    let wanted = Study::read(&project().join("models/specs/retail.toml")).expect("the shipped study");
    let (got, text) = (&own.study.sources, &own.draft.text);
    let feedback = (&got.feedback, &wanted.sources.feedback);
    assert_eq!(feedback.0.id, feedback.1.id, "{text}");
    assert_eq!(feedback.0.customer, feedback.1.customer, "{text}");
    assert_eq!(feedback.0.time, feedback.1.time, "{text}");
    assert_eq!(feedback.0.recommend, feedback.1.recommend, "{text}");
    assert_eq!(feedback.0.scale, feedback.1.scale, "{text}");
    assert_eq!(feedback.0.ranges, feedback.1.ranges, "{text}");
    assert_eq!(feedback.0.not_applicable, feedback.1.not_applicable, "{text}");
    assert_eq!((&feedback.0.channel, &feedback.0.wave), (&feedback.1.channel, &feedback.1.wave), "{text}");
    assert_eq!(own.study.drivers.touchpoints, wanted.drivers.touchpoints, "{text}");
    assert_eq!(own.study.drivers.controls, wanted.drivers.controls, "{text}");
    let (orders, wanted_orders) = (got.transactions.as_ref(), wanted.sources.transactions.as_ref());
    let of_orders = |own: Option<&crate::study::Transactions>| {
        own.map(|own| (own.customer.clone(), own.time.clone(), own.amount.clone(), own.amount_min))
    };
    assert_eq!(of_orders(orders), of_orders(wanted_orders), "{text}");
    let of_referrals = |own: Option<&crate::study::Referrals>| {
        own.map(|own| (own.referrer.clone(), own.referred.clone(), own.time.clone()))
    };
    assert_eq!(of_referrals(got.referrals.as_ref()), of_referrals(wanted.sources.referrals.as_ref()), "{text}");
    let customers = got.customers.as_ref().expect("profiles");
    let wanted_customers = wanted.sources.customers.as_ref().expect("profiles");
    assert_eq!((&customers.customer, &customers.joined), (&wanted_customers.customer, &wanted_customers.joined));
    assert!(wanted_customers.keep.iter().all(|name| customers.keep.contains(name)), "{text}");
    let of_activity = |own: Option<&crate::study::Activity>| {
        own.map(|own| (own.customer.clone(), own.time.clone(), own.kind.clone(), own.channel.clone()))
    };
    assert_eq!(of_activity(got.activity.as_ref()), of_activity(wanted.sources.activity.as_ref()), "{text}");
    let of_invitations = |own: Option<&crate::study::Invitations>| {
        own.map(|own| (own.customer.clone(), own.time.clone(), own.channel.clone()))
    };
    assert_eq!(of_invitations(got.invitations.as_ref()), of_invitations(wanted.sources.invitations.as_ref()), "{text}");
    assert_eq!(own.study.as_of.written(), wanted.as_of.written());
    assert_eq!(own.study.measures.by, wanted.measures.by, "{text}");
    assert_eq!(own.study.outcomes, wanted.outcomes, "{text}");
    assert!(own.draft.lacks.is_none() && own.draft.n_questions > 0);
    // Everything that a list of names would call a table is one, and the two that are none are named.
    assert!(text.contains("feedback/*.csv") && text.contains("README.md") && text.contains("truth.json"), "{text}");
}

#[test]
fn every_sample_of_an_export_becomes_a_study_that_reads_it() {
    let samples = project().join("tests/exports");
    // With the recommend answers that each sample holds in rows that count (tests/exports/*/README.md).
    for (name, recommend, customer) in [
        ("qualtrics/responses.csv", Some("@recommend"), "@external_reference"),
        ("qualtrics/labels.csv", Some("@recommend"), ""),
        ("qualtrics_legacy/responses.csv", Some("@recommend"), "@external_reference"),
        ("surveymonkey/responses.csv", Some("recommend"), "@external_reference"),
        ("typeform/responses.csv", Some("recommend"), "customer_id"),
        ("typeform/responses.json", Some("recommend"), "customer_id"),
        ("limesurvey/responses.csv", Some("NPS"), "@external_reference"),
        ("limesurvey/texts.csv", Some("recommend"), ""),
        ("formbricks/responses.csv", Some("recommend"), "@external_reference"),
        ("formbricks/export.json", Some("recommend"), "@external_reference"),
        ("formbricks/responses.json", None, "@external_reference"),
        ("delighted/survey_responses.json", Some("@recommend"), ""),
        ("retently/feedback.json", Some("@recommend"), "@external_reference"),
        ("customergauge/external_responses.csv", Some("@recommend"), "@email"),
        ("medallia_agent_connect/responses.csv", Some("would_recommend"), "@external_reference"),
        ("medallia_agent_connect/data.json", Some("recommend"), "@external_reference"),
        ("fivetran_qualtrics", Some("@recommend"), "@external_reference"),
    ] {
        let own = drafted(&[samples.join(name)]);
        let (feedback, text) = (&own.study.sources.feedback, &own.draft.text);
        let found = feedback.recommend.as_deref();
        assert_eq!(found.is_some(), recommend.is_some(), "{name}\n{text}");
        assert!(found.is_none_or(|found| found.contains(recommend.unwrap_or_default())), "{name}: {found:?}\n{text}");
        if !customer.is_empty() {
            let who = feedback.customer.as_ref().map(|key| key.alternatives[0].column.as_str()).unwrap_or_default();
            assert!(who.contains(customer), "{name}: {who}\n{text}");
        }
        assert_eq!(own.draft.lacks.is_some(), recommend.is_none(), "{name}");
        assert!(own.used("feedback") > 0 || recommend.is_none(), "{name}: {:?}\n{text}", own.rows());
    }
}

/// The connector's tables as a warehouse gives them out: in one file of a database, beside a table of something else.
#[test]
fn the_long_tables_of_a_database_become_one_source() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("warehouse.db");
    let database = rusqlite::Connection::open(&path).expect("opens");
    for table in
        ["survey_response", "question_response", "survey_embedded_data", "distribution_contact", "core_contact"]
    {
        let sample = project().join(format!("tests/exports/fivetran_qualtrics/{table}.csv"));
        let mut reader = csv::Reader::from_path(sample).expect("there");
        let header: Vec<String> = reader.headers().expect("a header").iter().map(str::to_owned).collect();
        database.execute_batch(&format!("CREATE TABLE {table} ({})", header.join(", "))).expect("made");
        for row in reader.records() {
            let row: Vec<String> = row.expect("a row").iter().map(str::to_owned).collect();
            let marks = vec!["NULLIF(?, '')"; row.len()].join(", ");
            let insert = format!("INSERT INTO {table} VALUES ({marks})");
            database.execute(&insert, rusqlite::params_from_iter(row)).expect("inserted");
        }
    }
    drop(database);
    let own = drafted(&[path]);
    let feedback = &own.study.sources.feedback;
    assert_eq!(feedback.recommend.as_deref(), Some("@recommend"), "{}", own.draft.text);
    assert!(own.draft.text.contains("format = \"fivetran_qualtrics\""), "{}", own.draft.text);
    assert_eq!(own.used("feedback"), 2, "{}", own.draft.text);
}

#[test]
fn a_sample_with_codes_from_1_to_11_is_drafted_with_the_question() {
    let own = drafted(&[project().join("tests/exports/qualtrics/shifted.csv")]);
    assert_eq!(own.study.sources.feedback.recommend.as_deref(), Some("@recommend"));
    assert!(own.draft.text.contains("codes from 1 to 11"), "{}", own.draft.text);
}

#[test]
fn nothing_to_analyse_is_said_with_what_is_needed() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path
    };
    let orders: String =
        (0..50).map(|row| format!("c{},2026-01-{:02}T10:00:00Z,{row}.5\n", row % 20, 1 + row % 28)).collect();
    let orders = write("orders.csv", &format!("customer_id,ordered_at,amount\n{orders}"));
    let error = drafted_of(&[orders], 1000).err().expect("no answers");
    assert_eq!(error.exit_code(), 4);
    let message = error.to_string();
    assert!(message.contains("from 0 to 10") && message.contains("`orders`, transactions"), "{message}");
    let words = write("words.md", "# words\n");
    assert_eq!(drafted_of(&[words], 1000).err().map(|error| error.exit_code()), Some(3));
    let scores: String = (0..60).map(|row| format!("{},{}\n", 1 + row % 5, 1 + row * 7 % 5)).collect();
    let scores = write("2026 scores.csv", &format!("delivery_rating,support_rating\n{scores}"));
    let own = drafted(&[scores]);
    assert!(own.study.sources.feedback.snapshot && own.study.outcomes.is_empty());
    assert_eq!(own.study.as_of.written(), "2026-12-31");
    assert!(own.draft.lacks.is_some_and(|lacks| lacks.contains("`recommend`") && lacks.contains("outcome")));
}

/// A survey and orders in files of their own, and the draft of both.
fn drafted_of_texts(files: &[(&str, String)]) -> (tempfile::TempDir, Draft) {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("written");
    }
    let paths: Vec<PathBuf> = files.iter().map(|(name, _)| folder.path().join(name)).collect();
    let settings = DraftSettings { folder: folder.path().to_owned(), name: None, n_rows: 50_000 };
    let draft = draft(&paths, &settings).expect("a draft");
    (folder, draft)
}

/// What `check` says of a draft.
fn checked(folder: &Path, draft: &Draft) -> String {
    let study = Study::parse(&draft.text, folder).expect("the reader accepts it");
    let settings =
        RunSettings { out: folder.join("results"), memory_bytes: 1 << 28, n_threads: Some(2), cache: Cache::none() };
    check(&study, &settings).unwrap_or_else(|error| panic!("{error}\n{}", draft.text))
}

fn rows(n: usize, row: fn(usize) -> String) -> String {
    (0..n).map(row).collect()
}

/// Ninety answers of thirty customers whose keys became numbers with a fraction, as data frames write them beside gaps.
fn survey_with_floats() -> String {
    let rows =
        rows(90, |n| format!("{}.0,2026-03-{:02}T10:00:00Z,{},{}\n", 1000 + n % 30, 1 + n % 28, n % 11, 1 + n * 7 % 5));
    format!("CustID,answered_at,nps,delivery_rating\n{rows}")
}

#[test]
fn keys_that_meet_only_folded_are_folded_in_the_draft_and_its_answers_can_be_used() {
    let orders =
        rows(120, |n| format!("{},2026-0{}-{:02}T10:00:00Z,{}.5\n", 1000 + n % 40, 1 + n % 6, 1 + n % 28, 10 + n));
    let orders = format!("CustID,ordered_at,amount\n{orders}");
    let (folder, draft) = drafted_of_texts(&[("survey.csv", survey_with_floats()), ("orders.csv", orders)]);
    let text = &draft.text;
    assert!(text.contains("fold = [\"whole_numbers\"]") && text.contains("0 as they are written"), "{text}");
    let said = checked(folder.path(), &draft);
    assert!(!said.contains("none is the same") && !said.contains("recommend: 0 of"), "{said}");
    assert!(said.lines().any(|line| line.starts_with("outcome recommend: ")), "{said}");
}

/// In windows-1252 é is the byte 0xe9 and ü 0xfc (Python: `"é".encode("cp1252")`).
#[test]
fn a_survey_that_is_not_utf_8_is_drafted_with_its_encoding_and_the_draft_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("umfrage.csv");
    let rows = rows(60, |n| format!("c{n};2026-03-{:02}T10:00:00Z;{};J\u{e9}r\u{f4}me {n}\n", 1 + n % 28, n % 11));
    let bytes: Vec<u8> = format!("customer_id;answered_at;nps;gepr\u{fc}ft von\n{rows}")
        .chars()
        .map(|sign| u8::try_from(u32::from(sign)).expect("western"))
        .collect();
    std::fs::write(&path, bytes).expect("written");
    let settings = DraftSettings { folder: folder.path().to_owned(), name: None, n_rows: 50_000 };
    let draft = draft(&[path], &settings).expect("a draft");
    assert!(draft.text.contains("encoding = \"windows-1252\""), "{}", draft.text);
    let question =
        "# ? not UTF-8, and read as windows-1252, which makes \"geprüft\", \"Jérôme\": are the letters right?";
    assert!(draft.text.contains(question), "{}", draft.text);
    assert!(checked(folder.path(), &draft).contains("60 used"), "{}", checked(folder.path(), &draft));
}

#[test]
fn titles_above_the_names_of_columns_are_found_and_the_draft_runs() {
    let answers = rows(60, |n| format!("c{n},2026-03-{:02}T10:00:00Z,{},{}\n", 1 + n % 28, n % 11, 1 + n * 7 % 5));
    for titles in ["NPS export of a shop\nmade 2026-04-01, by Ada\n\n", "Export,,,\n2026-04-01,,,\n,,,\n"] {
        let table = format!("{titles}customer_id,answered_at,nps,delivery_rating\n{answers}");
        let (folder, draft) = drafted_of_texts(&[("survey.csv", table)]);
        assert!(draft.text.contains("header_row = 4"), "{}", draft.text);
        assert!(checked(folder.path(), &draft).contains("60 used"), "{}", checked(folder.path(), &draft));
    }
}

#[test]
fn a_time_of_day_in_a_column_beside_its_date_is_drafted_with_it_and_the_draft_runs() {
    // As Square (ISO 8601) and PayPal (months first) write it.
    for (day, clock, format) in [
        (
            (|n| format!("2026-02-{:02}", 1 + n % 28)) as fn(usize) -> String,
            (|n| format!("{:02}:{:02}:49", n % 24, n % 60)) as fn(usize) -> String,
            None,
        ),
        (
            |n| format!("02/{:02}/2026", 13 + n % 15),
            |n| format!("{}:{:02}:49 PM", 1 + n % 12, n % 60),
            Some("%m/%d/%Y %I:%M:%S %p"),
        ),
    ] {
        let orders: String =
            (0..120).map(|n| format!("{},{},EST,c{},{}.5\n", day(n), clock(n), n % 40, 10 + n)).collect();
        let answers =
            rows(60, |n| format!("c{},2026-03-{:02}T10:00:00Z,{},{}\n", n % 40, 1 + n % 28, n % 11, 1 + n * 7 % 5));
        let (folder, draft) = drafted_of_texts(&[
            ("survey.csv", format!("customer_id,answered_at,nps,delivery_rating\n{answers}")),
            ("orders.csv", format!("Date,Time,Time Zone,Customer ID,Net Sales\n{orders}")),
        ]);
        let text = &draft.text;
        assert!(text.contains("time = [\"Date\", \"Time\"]") && !text.contains("Time is not read"), "{text}");
        let is_said = |format: &str| text.contains(&format!("time_format = \"{format}\""));
        assert!(format.is_none_or(is_said), "{text}");
        assert!(checked(folder.path(), &draft).contains("120 used"), "{}\n{text}", checked(folder.path(), &draft));
    }
}

#[test]
fn columns_of_one_name_are_named_in_the_draft() {
    let answers = rows(60, |n| format!("c{n},2026-03-{:02}T10:00:00Z,{},{},3,2\n", 1 + n % 28, n % 11, 1 + n * 7 % 5));
    let table = format!("customer_id,answered_at,nps,delivery_rating,Score,Score\n{answers}");
    let (_, draft) = drafted_of_texts(&[("survey.csv", table)]);
    assert!(draft.text.contains("so that none of them can be read: Score; give each"), "{}", draft.text);
    // As a sheet's column of formulas is read that nobody has computed.
    let answers =
        rows(60, |n| format!("c{n},2026-03-{:02}T10:00:00Z,{},{},=A{n}\n", 1 + n % 28, n % 11, 1 + n * 7 % 5));
    let table = format!("customer_id,answered_at,nps,delivery_rating,margin\n{answers}");
    let (_, draft) = drafted_of_texts(&[("survey.csv", table)]);
    assert!(draft.text.contains("# ? margin holds formulas whose values are not in the file"), "{}", draft.text);
}

#[test]
fn lines_of_orders_are_drafted_as_such_and_the_draft_counts_orders() {
    // 120 lines of 40 orders, three each at one time, of as many customers.
    let lines = rows(120, |n| format!("o{},c{},2026-02-{:02}T10:00:00Z,{}.5\n", n / 3, n / 3, 1 + n / 3 % 28, 10 + n));
    let answers = rows(60, |n| format!("c{n},2026-03-{:02}T10:00:00Z,{},{}\n", 1 + n % 28, n % 11, 1 + n * 7 % 5));
    let (folder, draft) = drafted_of_texts(&[
        ("survey.csv", format!("customer_id,answered_at,nps,delivery_rating\n{answers}")),
        ("lines.csv", format!("order_id,customer_id,ordered_at,amount\n{lines}")),
    ]);
    let text = &draft.text;
    assert!(text.contains("order = \"order_id\"") && text.contains("40 of the 40 that come back"), "{text}");
    assert!(checked(folder.path(), &draft).contains("40 orders of 120 lines in transactions"), "{text}");
}

#[test]
fn columns_called_as_the_join_calls_its_own_are_left_out_with_a_line_and_the_draft_runs() {
    let answers = rows(60, |n| format!("c{n},2026-03-{:02}T10:00:00Z,{},{}\n", 1 + n % 28, n % 11, 1 + n * 7 % 5));
    let orders = rows(90, |n| format!("c{},2026-02-{:02}T10:00:00Z,{}.5\n", n % 60, 1 + n % 28, 10 + n));
    let people = rows(60, |n| format!("c{n},2025-01-{:02},{},{},r{}\n", 1 + n % 28, n % 5, 7 * (n % 9), n % 3));
    let (folder, draft) = drafted_of_texts(&[
        ("survey.csv", format!("customer_id,answered_at,nps,delivery_rating\n{answers}")),
        ("orders.csv", format!("customer_id,ordered_at,amount\n{orders}")),
        ("customers.csv", format!("customer_id,joined,frequency,Tenure_Days,region\n{people}")),
    ]);
    let text = &draft.text;
    assert!(text.contains("keep = [\"region\"]") && text.contains("frequency, Tenure_Days; to keep"), "{text}");
    assert!(checked(folder.path(), &draft).contains("outcome recommend: 60 of 60 answers"));
    // Who asks for it all the same is told where.
    let asked = text.replace("keep = [\"region\"]", "keep = [\"region\", \"frequency\"]");
    let study = Study::parse(&asked, folder.path()).expect("the reader cannot know");
    let line = 1 + asked.lines().position(|line| line.starts_with("keep = ")).expect("there");
    let settings =
        RunSettings { out: folder.path().to_owned(), memory_bytes: 1 << 28, n_threads: Some(2), cache: Cache::none() };
    let error = check(&study, &settings).expect_err("two columns of one name").to_string();
    assert!(error.contains(&format!(":{line}:")) && error.contains("would be called `frequency`"), "{error}");
    assert!(error.contains("[sources.customers]") && error.contains("`rename`"), "{error}");
}

#[test]
fn keys_with_letters_in_two_parts_meet_in_the_draft() {
    // An accent apart in the survey, and a blank that does not break in the orders.
    let answers =
        rows(60, |n| format!("Re\u{301}my {n},2026-03-{:02}T10:00:00Z,{},{}\n", 1 + n % 28, n % 11, 1 + n * 7 % 5));
    let orders = rows(90, |n| format!("R\u{e9}my\u{a0}{},2026-02-{:02}T10:00:00Z,{}.5\n", n % 60, 1 + n % 28, 10 + n));
    let (folder, draft) = drafted_of_texts(&[
        ("survey.csv", format!("customer_id,answered_at,nps,delivery_rating\n{answers}")),
        ("orders.csv", format!("customer_id,ordered_at,amount\n{orders}")),
    ]);
    assert!(draft.text.contains("fold = [\"nfkc\"]") && draft.text.contains("0 as they are written"), "{}", draft.text);
    let said = checked(folder.path(), &draft);
    assert!(!said.contains("none is the same") && said.contains("outcome recommend: 60 of 60 answers"), "{said}");
}

/// Survey and orders of a hundred customers, of whom so many buy only after their answer.
fn answers_before_purchases(n_before: usize) -> [(&'static str, String); 2] {
    let answers: String =
        (0..100).map(|n| format!("c{n},2026-03-{:02}T10:00:00Z,{},{}\n", 1 + n % 28, n % 11, 1 + n * 7 % 5)).collect();
    let orders: String = (0..100)
        .flat_map(|n| {
            // One at the very instant of the answer is not before it.
            let first = if n == 0 { format!("2026-03-{:02}T10:00:00Z", 1 + n % 28) } else { "2026-03-30".to_owned() };
            let earlier = (n >= n_before).then(|| format!("c{n},2026-01-{:02}T08:00:00Z,{}.5\n", 1 + n % 28, 10 + n));
            [Some(format!("c{n},{first},{}.5\n", 20 + n)), earlier]
        })
        .flatten()
        .collect();
    [
        ("survey.csv", format!("customer_id,answered_at,nps,delivery_rating\n{answers}")),
        ("orders.csv", format!("customer_id,ordered_at,amount\n{orders}")),
    ]
}

#[test]
fn a_control_that_most_answers_have_is_held_constant_and_one_that_many_lack_is_not() {
    let draft_of = |n_before: usize| {
        let (folder, draft) = drafted_of_texts(&answers_before_purchases(n_before));
        (draft.text.replace("\n#   ", " ").replace("\n# ", " "), checked(folder.path(), &draft))
    };
    // 30 of 100 answers, by construction.
    let (text, said) = draft_of(30);
    assert!(text.contains("controls = [\"frequency_365d\"]"), "{text}");
    assert!(
        text.contains("? 30 of 100 answers looked at (30.0 %) have no purchase of their customer before them"),
        "{text}"
    );
    assert!(said.contains("outcome recommend: 100 of 100 answers"), "{said}");
    let (text, said) = draft_of(4);
    assert!(text.contains("controls = [\"tenure_days\", \"frequency_365d\"]"), "{text}");
    assert!(text.contains("4 of 100 answers looked at (4.0 %) have no purchase") && !text.contains("? 4 of"), "{text}");
    assert!(said.contains("outcome recommend: 96 of 100 answers"), "{said}");
    let (text, said) = draft_of(0);
    assert!(text.contains("controls = [\"tenure_days\", \"frequency_365d\"]"), "{text}");
    assert!(!text.contains("before them"), "{text}");
    assert!(said.contains("outcome recommend: 100 of 100 answers"), "{said}");
}

#[test]
fn a_day_of_joining_before_the_answer_makes_up_for_purchases_and_rows_that_were_not_looked_at_may_hold_some() {
    let [survey, orders] = answers_before_purchases(30);
    let people: String = (0..100).map(|n| format!("c{n},2025-{:02}-01,r{}\n", 1 + n % 12, n % 3)).collect();
    let people = ("customers.csv", format!("customer_id,joined,region\n{people}"));
    let (_folder, joined) = drafted_of_texts(&[survey.clone(), orders.clone(), people]);
    assert!(joined.text.contains("controls = [\"tenure_days\", \"frequency_365d\"]"), "{}", joined.text);
    assert!(!joined.text.contains("before them"), "{}", joined.text);
    // Of 170 orders 100 are looked at.
    let folder = tempfile::tempdir().expect("a folder");
    let paths = [survey, orders].map(|(name, text)| {
        std::fs::write(folder.path().join(name), text).expect("written");
        folder.path().join(name)
    });
    let settings = DraftSettings { folder: folder.path().to_owned(), name: None, n_rows: 120 };
    let text = draft(&paths, &settings).expect("a draft").text.replace("\n# ", " ");
    assert!(text.contains("not all purchases were looked at, so there may be fewer"), "{text}");
    assert!(text.contains("controls = [\"tenure_days\", \"frequency_365d\"]"), "{text}");
}

#[test]
fn zones_and_layouts_of_times_are_asked_about() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("survey.csv");
    let rows: String =
        (0..40).map(|row| format!("c{row},{:02}/{:02}/2026 09:30,{}\n", 1 + row % 9, 1 + row % 11, row % 11)).collect();
    std::fs::write(&path, format!("customer,answered,nps\n{rows}")).expect("written");
    let own = drafted(&[path]);
    let text = &own.draft.text;
    assert!(text.contains("time_format = \"%m/%d/%Y %H:%M\"") && text.contains("# ? every time looked at"), "{text}");
    assert!(text.contains("zone = \"UTC\"") && text.contains("name no zone"), "{text}");
    assert_eq!(own.used("feedback"), 40, "{text}");
}

#[test]
fn the_airport_has_a_0_to_10_answer_with_11_as_blank() {
    let Some(folder) = shared("sfo_airport") else { return };
    let own = drafted(&[folder.join("2017_SFO_Customer_Survey.csv")]);
    let (feedback, text) = (&own.study.sources.feedback, &own.draft.text);
    assert_eq!(feedback.recommend.as_deref(), Some("NETPRO"), "{text}");
    assert!(feedback.blank.of_recommend().holds_number(11.0), "{text}");
    assert!(feedback.snapshot && feedback.weight.as_deref() == Some("WEIGHT"), "{text}");
    for name in ["Q7FOOD", "Q7SIGN", "Q7WIFI", "Q7PARK", "Q9RESTROOM"] {
        assert!(own.study.drivers.touchpoints.iter().any(|own| own == name), "{name}\n{text}");
        assert_eq!(feedback.range_of(name).map(|range| (range.min, range.max)), Some((1.0, 5.0)), "{name}\n{text}");
        let is_gap = |value: f64| {
            feedback.blank.of_touchpoint(name).holds_number(value)
                || feedback.not_applicable.of_touchpoint(name).holds_number(value)
        };
        assert!(is_gap(0.0) && is_gap(6.0) && !is_gap(5.0), "{name}\n{text}");
    }
    for name in ["Q19AGE", "Q20GENDER", "Q5TIMESFLOWN", "LANG", "DESTGEO", "HOME"] {
        assert!(!own.study.drivers.touchpoints.iter().any(|own| own == name), "{name}\n{text}");
    }
    // 2,831 rows, of which 84 say 11 and 1 is blank (shared/data/README.md: 2,746 answers).
    let rows = own.rows();
    assert_eq!((rows[0].1, rows[0].2), (2831, 0), "{text}");
    assert_eq!(own.study.as_of.written(), "2017-12-31");
}

#[test]
fn the_marketplace_leads_over_the_order_to_the_person() {
    let Some(folder) = shared("olist_sample") else { return };
    let own = drafted(&[folder]);
    let (sources, text) = (&own.study.sources, &own.draft.text);
    let who = sources.feedback.customer.as_ref().expect("a way to the person");
    let steps: Vec<(&str, &str)> = who.via.iter().map(|step| (step.from.as_str(), step.to.as_str())).collect();
    assert_eq!(who.alternatives[0].column, "order_id", "{text}");
    assert_eq!(steps, [("order_id", "customer_id"), ("customer_id", "customer_unique_id")], "{text}");
    assert_eq!(own.study.drivers.touchpoints, ["review_score"], "{text}");
    let orders = sources.transactions.as_ref().expect("orders");
    assert_eq!(orders.time, "order_purchase_timestamp", "{text}");
    let amounts = orders.amount_via.as_ref().expect("payments");
    assert_eq!((amounts.from.as_str(), amounts.to.as_str()), ("order_id", "payment_value"), "{text}");
    assert!(own.study.outcomes.iter().any(|own| matches!(own.kind(), OutcomeKind::Repurchase { .. })), "{text}");
    assert!(own.draft.lacks.as_ref().is_some_and(|lacks| lacks.contains("behaviour alone")));
    assert!(own.used("feedback") > 9000, "{:?}\n{text}", own.rows());
}

#[test]
fn other_real_files_are_drafted_or_refused_with_a_reason() {
    let Some(folder) = shared("") else { return };
    // The touchpoints that each must have.
    for (name, touchpoints) in [
        ("airline/train.csv", &["Inflight wifi service", "Cleanliness", "Departure/Arrival time convenient"][..]),
        ("telco", &["Satisfaction Score"]),
        ("ecsi_mobile/mobi.csv", &["CUEX1", "PERV2"]),
        ("seat_reviews/seat.csv", &["overall_rating", "seat_width_rating", "viewing_tv_rating"]),
        ("sfo_airport/2016_SFO_Customer_Survey.csv", &["Q7ART", "Q9ALL"]),
    ] {
        let own = drafted_of(&[folder.join(name)], 20_000).unwrap_or_else(|error| panic!("{name}: {error}"));
        let text = &own.draft.text;
        for &touchpoint in touchpoints {
            assert!(own.study.drivers.touchpoints.iter().any(|own| own == touchpoint), "{name}: {touchpoint}\n{text}");
        }
        assert!(own.study.sources.feedback.recommend.is_none(), "{name}\n{text}");
        assert!(own.draft.lacks.is_some() && text.contains("# ? no column was found"), "{name}\n{text}");
    }
    for name in ["exports/qualtrics.csv", "exports/qualtrics_legacy.csv"] {
        let own = drafted(&[folder.join(name)]);
        assert!(own.study.sources.feedback.recommend.is_none(), "{name}");
    }
    for (name, exit_code) in
        [("cdnow/cdnow_elog_btyd.csv", 4), ("bitcoin_otc", 3), ("wiki_vote", 4), ("classic/swiss.csv", 4)]
    {
        let error = drafted_of(&[folder.join(name)], 20_000).err().unwrap_or_else(|| panic!("{name} was drafted"));
        assert_eq!(error.exit_code(), exit_code, "{name}: {error}");
    }
}

#[test]
fn a_draft_does_not_depend_on_the_number_of_threads() {
    let data = project().join("datasets/retail");
    let with = |n_threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("a pool");
        pool.install(|| {
            let settings = DraftSettings { folder: project(), name: None, n_rows: 500 };
            draft(std::slice::from_ref(&data), &settings).expect("a draft").text
        })
    };
    assert_eq!(with(1), with(3));
    assert!(Path::new(&data).is_dir());
}
