//! Who a row belongs to, from written keys to the tables: small companies whose people are known.

use super::tests::{Case, texts};
use super::*;
use datafusion::arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use datafusion::parquet::arrow::ArrowWriter;
use std::path::Path;
use std::sync::Arc;

const FEEDBACK: &str = "
[sources.feedback]
path = \"feedback.csv\"
time = \"when\"
";

fn some(names: &[&str]) -> Vec<Option<String>> {
    names.iter().map(|name| Some((*name).to_owned())).collect()
}

fn customers(intake: &Intake) -> Vec<Option<String>> {
    texts(&intake.tables.feedback, "customer")
}

/// Rows of keys, at times that do not matter.
fn answers(header: &str, rows: &[&str]) -> String {
    let rows: String = rows.iter().map(|row| format!("{row},2026-01-01T10:00:00Z\n")).collect();
    format!("{header},when\n{rows}")
}

fn known_by(account: &SourceAccount) -> Vec<(&str, u64)> {
    account.known_by.iter().map(|own| (own.column.as_str(), own.n_rows)).collect()
}

/// The faults of a source as `column: reason: raw`.
fn faults(case: &Case, source: &str) -> Vec<String> {
    let text = case.quarantine(source);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.records().map(|row| row.expect("CSV")).map(|row| format!("{}: {}: {}", &row[3], &row[4], &row[5])).collect()
}

#[test]
fn the_first_alternative_that_is_filled_is_taken() {
    let rows = ["C1,a@x.com,", ",b@x.com,E2", ",,E3", ",,", "-,c@x.com,"];
    let case = Case::new().file("feedback.csv", answers("customer_id,email,reference", &rows));
    let intake = case
        .run(&format!("{FEEDBACK}customer = [\"customer_id\", \"email\", \"reference\"]\nblank = [\"-\"]"))
        .expect("readable");
    assert_eq!(customers(&intake), some(&["C1", "b@x.com", "E3", "c@x.com"]));
    let account = intake.account("feedback").expect("read");
    // By hand; the row in which none is filled is put aside and counts for none.
    assert_eq!(known_by(account), [("customer_id", 1), ("email", 2), ("reference", 1)]);
    assert_eq!(faults(&case, "feedback"), ["customer_id: blank: "]);
}

#[test]
fn rows_that_are_not_used_are_known_by_nothing() {
    // The second row comes after the study's date, the third repeats the first.
    let rows = "id,customer_id,email,when\n1,,a@x.com,2026-01-01T10:00:00Z\n2,,b@x.com,2027-01-01T10:00:00Z\n\
                1,,c@x.com,2026-01-01T10:00:00Z\n3,C1,,2026-01-01T10:00:00Z\n";
    let case = Case::new().file("feedback.csv", rows);
    let intake =
        case.run(&format!("{FEEDBACK}id = \"id\"\ncustomer = [\"customer_id\", \"email\"]")).expect("readable");
    let account = intake.account("feedback").expect("read");
    assert_eq!((account.rows_used, known_by(account)), (2, vec![("customer_id", 1), ("email", 1)]));
}

#[test]
fn an_alternative_that_leads_nowhere_is_passed_over() {
    let rows = ["old-9,a@x.com", "old-1,", "old-9,", "old-9,z@x.com"];
    let case = Case::new()
        .file("feedback.csv", answers("customer_id,email", &rows))
        .file("people.csv", "id,person\nold-1,P1\na@x.com,P2\n");
    let people = "[identity]\npeople = { path = \"people.csv\", id = \"id\", person = \"person\" }";
    let intake = case.run(&format!("{FEEDBACK}customer = [\"customer_id\", \"email\"]\n{people}")).expect("readable");
    assert_eq!(customers(&intake), some(&["P2", "P1"]));
    assert_eq!(known_by(intake.account("feedback").expect("read")), [("customer_id", 1), ("email", 1)]);
    assert_eq!(faults(&case, "feedback"), ["customer_id: unmatched_key: old-9", "customer_id: unmatched_key: old-9"]);
    assert_eq!(intake.accounts[0].source, "identity.people");
}

#[test]
fn two_alternatives_that_lead_to_different_persons_are_ambiguous_and_both_are_named() {
    let rows = ["C1,a@x.com", "C1,b@x.com", "C2,b@x.com", "C1,"];
    let case = Case::new()
        .file("feedback.csv", answers("customer_id,email", &rows))
        .file("mail.csv", "mail,customer\na@x.com,C1\nb@x.com,C2\n");
    let own = "customer = [\"customer_id\", { column = \"email\", via = { path = \"mail.csv\", from = \"mail\", to = \"customer\" } }]";
    let intake = case.run(&format!("{FEEDBACK}{own}")).expect("readable");
    assert_eq!(customers(&intake), some(&["C1", "C2", "C1"]));
    assert_eq!(faults(&case, "feedback"), ["customer_id, email: ambiguous_key: customer_id=C1, email=b@x.com"]);
    let sources: Vec<&str> = intake.accounts.iter().map(|account| account.source.as_str()).collect();
    assert_eq!(sources, ["feedback.customer[1].via[0]", "feedback"]);
}

#[test]
fn an_id_with_two_persons_is_ambiguous_unless_another_column_says_who() {
    let rows = ["shared@x.com,", "shared@x.com,C2"];
    let case = Case::new()
        .file("feedback.csv", answers("email,customer_id", &rows))
        .file("people.csv", "id,person\nshared@x.com,C1\nshared@x.com,C2\nC2,C2\n");
    let people = "[identity]\npeople = { path = \"people.csv\", id = \"id\", person = \"person\" }";
    let intake = case.run(&format!("{FEEDBACK}customer = [\"email\", \"customer_id\"]\n{people}")).expect("readable");
    assert_eq!(customers(&intake), some(&["C2"]));
    assert_eq!(faults(&case, "feedback"), ["email: ambiguous_key: shared@x.com"]);
    let counts = intake.identity.as_ref().and_then(|own| own.people);
    assert_eq!(counts, Some(PeopleCounts { n_ids: 2, n_persons: 2, n_ambiguous_ids: 1 }));
}

#[test]
fn one_file_of_people_serves_all_sources_and_is_read_once() {
    let case = Case::new()
        .file("feedback.csv", answers("email", &["A@x.com", "b@x.com"]))
        .file("orders.csv", answers("who", &["old-1", "P1", "P3"]))
        .file("friends.csv", "a,b,when\nold-1,b@x.com,2026-01-01T10:00:00Z\na@x.com,P1,2026-01-01T10:00:00Z\n")
        .file("people.csv", "id,person\na@X.com,P1\nold-1,P1\nb@x.com,P2\n");
    let study = format!(
        "{FEEDBACK}customer = \"email\"\n[sources.transactions]\npath = \"orders.csv\"\ncustomer = \"who\"\ntime = \"when\"\n\
         [sources.referrals]\npath = \"friends.csv\"\nreferrer = \"a\"\nreferred = \"b\"\ntime = \"when\"\n[identity]\n\
         fold = [\"email\"]\npeople = {{ path = \"people.csv\", id = \"id\", person = \"person\", unlisted = \"itself\" }}"
    );
    let intake = case.run(&study).expect("readable");
    assert_eq!(customers(&intake), some(&["P1", "P2"]));
    assert_eq!(texts(&intake.tables.transactions, "customer"), some(&["P1", "P1", "P3"]));
    assert_eq!(texts(&intake.tables.referrals, "referred"), some(&["P2"]));
    // The second referral is by one person of itself, under two ids.
    assert_eq!(faults(&case, "referrals"), ["b: self_referral: P1"]);
    assert_eq!(intake.accounts.iter().filter(|account| account.source == "identity.people").count(), 1);
}

#[test]
fn folding_makes_keys_of_all_sources_alike_and_counts_what_it_makes_one() {
    let case = Case::new()
        .file("feedback.csv", answers("email", &["Ann@X.com", "ann@x.com", "bob@x.com", "A.nn+web@x.com"]))
        .file("orders.csv", answers("who", &["ANN@x.com", "Bob@x.com", "cid@x.com", "CRM-7"]));
    let study = |fold: &str| {
        format!(
            "{FEEDBACK}customer = \"email\"\n[sources.transactions]\npath = \"orders.csv\"\ncustomer = \"who\"\ntime = \"when\"\n\
             [identity]\nfold = {fold}"
        )
    };
    let intake = case.run(&study("[\"email\", \"email_tags\"]")).expect("readable");
    assert_eq!(customers(&intake), some(&["ann@x.com", "ann@x.com", "bob@x.com", "a.nn@x.com"]));
    assert_eq!(texts(&intake.tables.transactions, "customer"), some(&["ann@x.com", "bob@x.com", "cid@x.com", "CRM-7"]));
    // Ann is written in two ways by the feedback, Bob otherwise by the orders; a third way is no further collision.
    let together = |source| intake.account(source).map(|account| account.keys_folded_together);
    assert_eq!((together("feedback"), together("transactions")), (Some(1), Some(1)));
    assert_eq!(intake.identity.as_ref().map(|own| own.keys_folded_together), Some(2));

    let plain = case.run(&study("[]")).expect("readable");
    assert_eq!(customers(&plain)[0].as_deref(), Some("Ann@X.com"));
    assert_eq!(plain.identity, None);
}

#[test]
fn keys_of_a_crosswalk_are_folded_like_those_that_are_looked_up() {
    let case = Case::new()
        .file("feedback.csv", answers("card", &["ab-1", "AB-2"]))
        .file("cards.csv", "card,customer\nAB-1,C1\nab-2,c1\n");
    let via = "customer = \"card\"\ncustomer_via = { path = \"cards.csv\", from = \"card\", to = \"customer\" }";
    let intake = case.run(&format!("{FEEDBACK}{via}\n[identity]\nfold = [\"case\"]")).expect("readable");
    assert_eq!(customers(&intake), some(&["c1", "c1"]));
}

#[test]
fn a_cell_of_which_nothing_is_left_is_blank() {
    let case = Case::new().file("feedback.csv", answers("who", &["\u{200b}", "\u{200b}ann"]));
    let intake = case.run(&format!("{FEEDBACK}customer = \"who\"\n[identity]\nfold = [\"trim\"]")).expect("readable");
    assert_eq!(customers(&intake), some(&["ann"]));
    assert_eq!(faults(&case, "feedback"), ["who: blank: \u{200b}"]);
}

#[test]
fn numbers_are_one_key_as_text_as_json_and_as_floats() {
    // JSON knows 1001 and 1001.0 as numbers; both are written as a text file would without the fraction.
    let lines: String = ["1001", "1001.0", "\"1001\"", "\"1001.0\"", "\"001001\"", "9007199254740993"]
        .iter()
        .map(|key| format!("{{\"who\": {key}, \"when\": \"2026-01-01T10:00:00Z\"}}\n"))
        .collect();
    let case = Case::new().file("feedback.csv", &lines);
    let study = format!("{FEEDBACK}format = \"jsonl\"\ncustomer = \"who\"\n");
    let plain = case.run(&study).expect("readable");
    assert_eq!(customers(&plain), some(&["1001", "1001", "1001", "1001.0", "001001", "9007199254740993"]));
    let folded =
        case.run(&format!("{study}[identity]\nfold = [\"whole_numbers\", \"leading_zeros\"]")).expect("readable");
    assert_eq!(customers(&folded)[..5], some(&["1001"; 5]));
}

#[test]
fn floats_of_parquet_and_whole_numbers_of_text_are_one_key() {
    let case = Case::new().file("orders.csv", answers("who", &["1001", "0.5", "20000000000000000", "1001.0"]));
    let keys: ArrayRef = Arc::new(Float64Array::from(vec![1001.0, 0.5, 2e16]));
    let times: ArrayRef = Arc::new(StringArray::from(vec!["2026-01-01T10:00:00Z"; 3]));
    let batch = RecordBatch::try_from_iter([("who", keys), ("when", times)]).expect("a batch");
    let file = std::fs::File::create(case.path("feedback.csv")).expect("a file");
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).expect("a writer");
    writer.write(&batch).expect("written");
    writer.close().expect("written");
    let study = format!(
        "{FEEDBACK}format = \"parquet\"\ncustomer = \"who\"\n[sources.transactions]\npath = \"orders.csv\"\ncustomer = \"who\"\n\
         time = \"when\""
    );
    let plain = case.run(&study).expect("readable");
    assert_eq!(customers(&plain), some(&["1001", "0.5", "20000000000000000"]));
    let orders = |intake: &Intake| texts(&intake.tables.transactions, "customer");
    assert_eq!(orders(&plain), some(&["1001", "0.5", "20000000000000000", "1001.0"]));
    let folded = case.run(&format!("{study}\n[identity]\nfold = [\"whole_numbers\"]")).expect("readable");
    assert_eq!(orders(&folded)[3].as_deref(), Some("1001"));
}

/// Two shops and a group above them; Ann and Bob belong to one shop, Cid to the other, Dee to two, Eve to none.
const ACCOUNTS: &str = "who,firm,group\nann,shop,holding\nbob,shop,holding\ncid,store,holding\ndee,shop,\ndee,store,\n\
                        ,holding,holding\n";

fn business(level: &str, orders_are: &str) -> String {
    format!(
        "{FEEDBACK}customer = \"who\"\n[sources.transactions]\npath = \"orders.csv\"\ncustomer = \"who\"\ntime = \"when\"\n\
         customer_is = \"{orders_are}\"\n[identity]\nlevel = \"{level}\"\n\
         accounts = {{ path = \"accounts.csv\", person = \"who\", account = \"firm\", parent = \"group\" }}"
    )
}

fn business_case(orders: &[&str]) -> Case {
    Case::new()
        .file("feedback.csv", answers("who", &["ann", "bob", "cid", "dee", "eve"]))
        .file("orders.csv", answers("who", orders))
        .file("accounts.csv", ACCOUNTS)
}

#[test]
fn a_person_carries_account_and_parent() {
    let case = business_case(&["ann"]);
    let intake = case.run(&business("person", "person")).expect("readable");
    let feedback = &intake.tables.feedback;
    assert_eq!(customers(&intake), some(&["ann", "bob", "cid", "dee", "eve"]));
    assert_eq!(texts(feedback, "person"), customers(&intake));
    let gap = |names: [&str; 5]| names.map(|name| (!name.is_empty()).then(|| name.to_owned()));
    assert_eq!(texts(feedback, "account"), gap(["shop", "shop", "store", "", ""]));
    assert_eq!(texts(feedback, "parent"), gap(["holding", "holding", "holding", "", ""]));
    let account = intake.account("feedback").expect("read");
    assert_eq!(account.cells["account"], CellCounts { blank: 2, not_applicable: 0 });
    let counts =
        AccountCounts { n_persons: 4, n_accounts: 3, n_tops: 1, n_ambiguous_persons: 1, n_ambiguous_accounts: 0 };
    assert_eq!(intake.identity.as_ref().and_then(|own| own.accounts), Some(counts));
}

#[test]
fn an_answer_of_a_person_counts_with_the_purchases_of_the_account() {
    let case = business_case(&["shop", "store", "market"]);
    let intake = case.run(&business("account", "account")).expect("readable");
    assert_eq!(customers(&intake), some(&["shop", "shop", "store"]));
    assert_eq!(texts(&intake.tables.feedback, "person"), some(&["ann", "bob", "cid"]));
    // An account of which no person is known is an account all the same.
    assert_eq!(texts(&intake.tables.transactions, "customer"), some(&["shop", "store", "market"]));
    // A person with two accounts is not guessed, and one without has no purchases.
    assert_eq!(faults(&case, "feedback"), ["who: ambiguous_key: dee", "who: unmatched_key: eve"]);
}

#[test]
fn persons_and_accounts_meet_at_their_parent() {
    let case = business_case(&["shop", "store", "market"]);
    let intake = case.run(&business("parent", "account")).expect("readable");
    assert_eq!(customers(&intake), some(&["holding"; 3]));
    assert_eq!(texts(&intake.tables.feedback, "account"), some(&["shop", "shop", "store"]));
    assert_eq!(texts(&intake.tables.transactions, "customer"), some(&["holding"; 2]));
    // What stands above an account that the file lacks is not known.
    assert_eq!(faults(&case, "transactions"), ["who: unmatched_key: market"]);
}

#[test]
fn ids_of_a_person_lead_to_the_account_by_way_of_the_person() {
    let case = business_case(&["shop"])
        .file("feedback.csv", answers("who", &["a@x.com", "ann"]))
        .file("people.csv", "id,person\na@x.com,ann\nold-bob,bob\n")
        .file("accounts.csv", "who,firm,group\na@x.com,shop,\nold-bob,shop,\n");
    let people = "people = { path = \"people.csv\", id = \"id\", person = \"person\" }";
    let intake = case.run(&format!("{}\n{people}", business("account", "account"))).expect("readable");
    assert_eq!(customers(&intake), some(&["shop", "shop"]));
    assert_eq!(texts(&intake.tables.feedback, "person"), some(&["ann", "ann"]));
}

#[test]
fn parents_in_a_circle_are_refused() {
    let case = business_case(&["shop"]).file("accounts.csv", "who,firm,group\nann,b,c\ncid,c,d\n,d,b\n");
    let error = case.run(&business("person", "person")).expect_err("a circle");
    assert!(error.to_string().contains("b > c > d > b"), "{error}");
    let missing = business_case(&["shop"]).file("accounts.csv", "who,company,group\nann,b,c\n");
    let error = missing.run(&business("person", "person")).expect_err("no such column").to_string();
    assert!(error.contains("which [identity.accounts] names as `account`"), "{error}");
}

const SALT: &str = "0123456789abcdef0123456789abcdef";

/// Every file below a folder that holds a text.
fn files_with(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files_with(&path, text));
        } else {
            let bytes = std::fs::read(&path).expect("readable");
            let lower = bytes.to_ascii_lowercase();
            if lower.windows(text.len()).any(|window| window == text.as_bytes()) {
                found.push(path.display().to_string());
            }
        }
    }
    found
}

/// A company with every kind of fault, all of whose keys are addresses at example.org.
fn secret_case() -> Case {
    Case::new()
        .file("salt", SALT)
        .file(
            "feedback.csv",
            "id,mail,reference,contact,when,ltr\n\
             1,Ann@Example.org,,Ann@Example.org,2026-01-01T10:00:00Z,9\n\
             2,bob@example.org,ann@example.org,x,2026-01-01T10:00:00Z,9\n\
             3,,cid@example.org,x,2026-01-01T10:00:00Z,9\n\
             4,ann@example.org,,x,2026-01-01T10:00:00Z,11\n\
             5,nobody@example.org,,x,2026-01-01T10:00:00Z,9\n\
             1,bob@example.org,,x,2026-01-01T10:00:00Z,9\n\
             7,ann@example.org,2026-01-01T10:00:00Z,9\n\
             8,\"ann@example.org,,x,2026-01-01T10:00:00Z,9\n",
        )
        .file("customers.csv", "who,since,city\nann@example.org,2020-01-01,Rome\nANN@example.org,2020-01-01,Rome\n,2020-01-01,Rome\n")
        .file("friends.csv", "a,b,when\nann@example.org,Ann@example.org,2026-01-01T10:00:00Z\nann@example.org,bob@example.org,2026-01-01T10:00:00Z\n")
        .file("people.csv", "id,person\nann@example.org,ann@example.org\nbob@example.org,bob@example.org\ncid@example.org,bob@example.org\ntwo@example.org,ann@example.org\ntwo@example.org,bob@example.org\nlost@example.org,\n")
}

fn secret_study() -> String {
    "[sources.feedback]\npath = \"feedback.csv\"\nid = \"id\"\ncustomer = [\"mail\", \"reference\"]\ntime = \"when\"\n\
     recommend = \"ltr\"\n\
     [sources.customers]\npath = \"customers.csv\"\ncustomer = \"who\"\njoined = \"since\"\nzone = \"UTC\"\nkeep = [\"city\"]\n\
     [sources.referrals]\npath = \"friends.csv\"\nreferrer = \"a\"\nreferred = \"b\"\ntime = \"when\"\n\
     [identity]\nfold = [\"email\"]\nhash = { salt_file = \"salt\" }\n\
     people = { path = \"people.csv\", id = \"id\", person = \"person\" }\n"
        .to_owned()
}

#[test]
fn nothing_that_intake_writes_holds_a_hashed_key_or_the_salt() {
    let case = secret_case();
    let intake = case.run(&secret_study()).expect("readable");
    for folder in ["work", "quarantine"] {
        for text in ["example.org", "0123456789abcdef"] {
            assert_eq!(files_with(&case.path(folder), text), [""; 0]);
        }
    }
    let account = serde_json::to_string(&(&intake.accounts, &intake.identity)).expect("JSON");
    assert!(!account.contains("example.org") && !account.contains(SALT), "{account}");
    // The same search finds the addresses where keys are not hashed.
    let open = secret_case();
    open.run(&secret_study().replace("hash = { salt_file = \"salt\" }\n", "")).expect("readable");
    for folder in ["work", "quarantine"] {
        assert!(!files_with(&open.path(folder), "example.org").is_empty(), "{folder}");
    }
}

#[test]
fn a_key_has_one_hash_in_all_tables_and_in_quarantine() {
    let case = secret_case();
    let intake = case.run(&secret_study()).expect("readable");
    // printf %s ann@example.org | openssl dgst -sha256 -hmac 0123456789abcdef0123456789abcdef
    let ann = "07efee657b59073c3565c11a893c9931d20b667e29f4824bcf0b3f206da46319";
    let bob = "f9ebf9b128f4b5f6139e9cfdcf61880d4f178a1a92d5d498a3adb22db0f20fb4";
    assert_eq!(customers(&intake), some(&[ann, bob]));
    assert_eq!(texts(&intake.tables.customers, "customer"), some(&[ann]));
    assert_eq!(texts(&intake.tables.referrals, "referrer"), some(&[ann]));
    assert_eq!(texts(&intake.tables.referrals, "referred"), some(&[bob]));
    let quarantine = case.quarantine("feedback");
    let mut reader = csv::Reader::from_reader(quarantine.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.expect("CSV")).collect();
    let row = |line: &str| rows.iter().find(|row| &row[2] == line).expect("there");
    assert_eq!((&row("3")[4], &row("3")[5]), ("ambiguous_key", format!("mail={bob}, reference={ann}").as_str()));
    assert_eq!(&row("5")[6], format!("id=4,mail={ann},reference=,when=2026-01-01T10:00:00Z,ltr=11"));
    assert_eq!(&row("5")[5], "11");
    assert_eq!((&row("6")[4], row("6")[5].len()), ("unmatched_key", 64));
    assert_eq!((&row("7")[4], &row("7")[5]), ("duplicate", "1"));
    assert!(row("7")[6].contains(&format!("mail={bob}")), "{}", &row("7")[6]);
    for line in ["8", "9"] {
        assert_eq!(&row(line)[6], "withheld, because keys are hashed");
    }
}

#[test]
fn another_salt_gives_other_hashes_and_another_fingerprint() {
    let fingerprint = |salt: &str| {
        let case = secret_case().file("salt", salt);
        let intake = case.run(&secret_study()).expect("readable");
        let print = intake.identity.as_ref().and_then(|own| own.salt_fingerprint.clone());
        (customers(&intake), print.expect("hashed"))
    };
    let own = fingerprint(SALT);
    assert_eq!(own, fingerprint(&format!("{SALT}\n")));
    let other = fingerprint("another salt of enough length");
    assert!(own.0 != other.0 && own.1 != other.1);
}

#[test]
fn hashing_changes_who_is_who_for_nobody() {
    let plain = secret_case();
    let open = plain.run(&secret_study().replace("hash = { salt_file = \"salt\" }\n", "")).expect("readable");
    let case = secret_case();
    let hashed = case.run(&secret_study()).expect("readable");
    let counts = |intake: &Intake| -> Vec<_> {
        let of = |own: &SourceAccount| (own.rows_used, own.rows_quarantined.clone(), own.known_by.clone());
        intake.accounts.iter().map(of).collect()
    };
    assert_eq!(counts(&open), counts(&hashed));
}

#[test]
fn a_circle_of_parents_shows_no_plain_key_either() {
    let case = Case::new()
        .file("salt", SALT)
        .file("feedback.csv", answers("who", &["ann"]))
        .file("orders.csv", answers("who", &["ann"]))
        .file("accounts.csv", "who,firm,group\nann,b@x.com,c@x.com\ncid,c@x.com,b@x.com\n");
    let study = format!("{}\nhash = {{ salt_file = \"salt\" }}", business("person", "person"));
    let error = case.run(&study).expect_err("a circle").to_string();
    assert!(error.contains(" > ") && !error.contains("x.com"), "{error}");
}

#[test]
fn keys_come_out_the_same_for_one_and_four_threads() {
    // Every number below 977 comes in even and odd rows, so every key is written in both ways.
    let rows: String = (0..60_000)
        .map(|row| {
            let word = if row % 2 == 0 { "customer" } else { "CUSTOMER" };
            let (number, mail) = if row % 5 == 0 {
                (String::new(), format!("{row}@example.org"))
            } else {
                (format!("{word} {}", row % 977), String::new())
            };
            format!("{},{number},{mail},2026-01-01T10:00:00Z\n", row % 59_000)
        })
        .collect();
    let case = Case::new().file("salt", SALT).file("feedback.csv", format!("id,number,mail,when\n{rows}"));
    let study = format!(
        "{FEEDBACK}id = \"id\"\ncustomer = [\"number\", \"mail\"]\n[identity]\nfold = [\"case\"]\nhash = {{ salt_file = \"salt\" }}"
    );
    let run = |n_threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("threads");
        let intake = pool.install(|| case.run(&study)).expect("readable");
        let table = std::fs::read(&intake.tables.feedback.parts[0]).expect("there");
        (table, case.quarantine("feedback"), intake.accounts, intake.identity)
    };
    let (one, four) = (run(1), run(4));
    assert!(one == four);
    let account = &one.2[0];
    assert_eq!((account.rows_used, account.keys_folded_together), (59_000, 977));
    assert_eq!(known_by(account), [("number", 47_200), ("mail", 11_800)]);
}
