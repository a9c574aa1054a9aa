//! One end-to-end test for each exit code.

use super::{advocate, command, folder, stderr, write};
use advocate::pipeline::{self, Cache, RunSettings};
use advocate::study::Study;

const STUDY: &str = concat!(
    study!("tiny", "2026-06-30"),
    r#"seed = 1
bootstrap = 20
"#,
    feedback!("feedback.csv", "when"),
    r#"scale = [0, 10]
[drivers]
touchpoints = ["delivery", "support"]
[outcomes.recommend]
"#
);

/// Forty answers in which delivery carries the answer.
fn answers() -> String {
    let mut text = "who,when,nps,delivery,support\n".to_owned();
    for row in 0..40 {
        let (delivery, support) = (row % 11, (row * 7) % 10);
        let answer = ((3 * delivery + support) / 4 + row % 2).min(10);
        text.push_str(&format!("c{row},2026-03-{:02}T10:00:00Z,{answer},{delivery},{support}\n", row % 28 + 1));
    }
    text
}

#[test]
fn zero_when_results_are_there() {
    let folder = folder();
    write(folder.path(), "tiny.toml", STUDY);
    write(folder.path(), "feedback.csv", &answers());
    let output = advocate(folder.path(), &["run", "tiny.toml"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let results = folder.path().join("results/tiny/2026-06-30");
    for name in ["report.html", "summary.md", "manifest.json", "tables/drivers.csv", "models/recommend.json"] {
        assert!(results.join(name).exists(), "{name}");
    }
    let manifest = std::fs::read_to_string(results.join("manifest.json")).expect("readable");
    assert!(manifest.contains("\"status\": \"done\""));
}

#[test]
fn one_for_a_bug_with_what_it_said() {
    let folder = folder();
    let output = command(folder.path(), &["nps", "--data", "none.csv", "--score", "x"])
        .env("ADVOCATE_BUG", "1")
        .env_remove("RUST_BACKTRACE")
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    let text = stderr(&output);
    assert!(text.contains("a bug was asked for") && text.contains("please report it"), "{text}");
    assert!(output.stdout.is_empty());
}

#[test]
fn ninety_nine_when_asked_and_nothing_has_changed() {
    let folder = folder();
    write(folder.path(), "tiny.toml", STUDY);
    write(folder.path(), "feedback.csv", &answers());
    let again = |more: &[&str]| {
        let arguments = [&["run", "tiny.toml", "--quiet", "--if-changed"], more].concat();
        advocate(folder.path(), &arguments).status.code()
    };
    assert_eq!((again(&[]), again(&[])), (Some(0), Some(99)));
    // Another seed is another setting.
    assert_eq!((again(&["--seed", "2"]), again(&[]), again(&[])), (Some(0), Some(0), Some(99)));
    // A result that is gone is made again.
    std::fs::remove_file(folder.path().join("results/tiny/2026-06-30/report.html")).expect("removed");
    assert_eq!((again(&[]), again(&[])), (Some(0), Some(99)));
    write(folder.path(), "feedback.csv", &answers().replace("c7,", "c77,"));
    assert_eq!((again(&[]), again(&[])), (Some(0), Some(99)));
    // Without the flag the work is done again.
    assert_eq!(advocate(folder.path(), &["run", "tiny.toml", "--quiet"]).status.code(), Some(0));
}

#[test]
fn two_for_wrong_usage() {
    let folder = folder();
    assert_eq!(advocate(folder.path(), &["run"]).status.code(), Some(2));
    assert_eq!(advocate(folder.path(), &["nps", "--no-such-flag"]).status.code(), Some(2));
    assert_eq!(advocate(folder.path(), &["run", "tiny.toml", "--memory", "much"]).status.code(), Some(2));
}

#[test]
fn three_for_a_study_with_an_unknown_key_and_its_place() {
    let folder = folder();
    write(folder.path(), "tiny.toml", &STUDY.replace("touchpoints =", "touchpoint ="));
    let output = advocate(folder.path(), &["run", "tiny.toml"]);
    assert_eq!(output.status.code(), Some(3));
    let text = stderr(&output);
    assert!(text.contains("tiny.toml:13:1") && text.contains("did you mean `touchpoints`"), "{text}");
    // Of a refused study nothing is known but its file.
    let refused = folder.path().join("results/tiny.toml.failed");
    let manifest = std::fs::read_to_string(refused.join("manifest.json")).expect("written before the exit");
    assert!(manifest.contains("\"exit_code\": 3") && manifest.contains("tiny.toml:13:1"), "{manifest}");
    write(folder.path(), "tiny.toml", STUDY);
    write(folder.path(), "feedback.csv", &answers());
    assert!(advocate(folder.path(), &["run", "tiny.toml", "--quiet"]).status.success());
    assert!(!refused.exists());
    // A name that is only mistyped leaves nothing behind.
    assert_eq!(advocate(folder.path(), &["run", "tinny.toml"]).status.code(), Some(3));
    assert!(!folder.path().join("results/tinny.toml.failed").exists());
}

#[test]
fn three_for_a_refused_input_and_earlier_results_stay() {
    let folder = folder();
    write(folder.path(), "tiny.toml", STUDY);
    write(folder.path(), "feedback.csv", &answers());
    assert!(advocate(folder.path(), &["run", "tiny.toml", "--quiet"]).status.success());
    write(folder.path(), "feedback.csv", "who,when,nps,delivery\nc1,2026-03-01T10:00:00Z,9,8\n");
    let output = advocate(folder.path(), &["run", "tiny.toml"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("support") && stderr(&output).contains("feedback.csv"), "{}", stderr(&output));
    assert!(folder.path().join("results/tiny/2026-06-30/report.html").exists());
    let failed = folder.path().join("results/tiny/2026-06-30.failed/manifest.json");
    let manifest = std::fs::read_to_string(failed).expect("written before the exit");
    assert!(manifest.contains("\"exit_code\": 3") && manifest.contains("support"), "{manifest}");
    // What works again clears the failure away.
    write(folder.path(), "feedback.csv", &answers());
    assert!(advocate(folder.path(), &["run", "tiny.toml", "--quiet"]).status.success());
    assert!(!folder.path().join("results/tiny/2026-06-30.failed").exists());
}

#[test]
fn three_for_an_empty_file_a_missing_file_and_another_encoding() {
    let folder = folder();
    write(folder.path(), "tiny.toml", STUDY);
    assert_eq!(advocate(folder.path(), &["run", "tiny.toml"]).status.code(), Some(3));
    write(folder.path(), "feedback.csv", "");
    assert_eq!(advocate(folder.path(), &["run", "tiny.toml"]).status.code(), Some(3));
    std::fs::write(folder.path().join("feedback.csv"), b"who,caf\xe9\n").expect("written");
    let output = advocate(folder.path(), &["run", "tiny.toml"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("not UTF-8"), "{}", stderr(&output));
}

#[test]
fn four_when_the_join_may_use_too_little_memory_and_earlier_results_stay() {
    let folder = folder();
    write(folder.path(), "tiny.toml", &STUDY.replace("[drivers]", concat!(orders!("when"), "[drivers]")));
    write(folder.path(), "feedback.csv", &answers());
    let orders: String = (0..40).map(|n| format!("c{n},2026-02-01T10:00:00Z,5\n")).collect();
    write(folder.path(), "orders.csv", &format!("who,when,amount\n{orders}"));
    assert!(advocate(folder.path(), &["run", "tiny.toml", "--quiet"]).status.success());
    let results = folder.path().join("results/tiny");
    let manifest = || std::fs::read_to_string(results.join("2026-06-30/manifest.json")).expect("there");
    let before = manifest();
    // The command line refuses what is less than two sorts at a time put by for merging; the library is told so by the engine.
    let study = Study::read(&folder.path().join("tiny.toml")).expect("sound");
    let settings = RunSettings {
        out: folder.path().join("results"),
        memory_bytes: 10_000_000,
        n_threads: Some(2),
        cache: Cache::none(),
    };
    let Err(error) = pipeline::run(&study, &settings, &|_| {}) else { panic!("it ran") };
    assert_eq!(error.exit_code(), 4, "{error}");
    let said = pipeline::in_full(&error);
    assert!(said.contains("needs more memory than it may use; allow more with --memory"), "{said}");
    assert_eq!(manifest(), before);
    // Beside the earlier results lies what says why, and nothing half.
    let mut names: Vec<String> = std::fs::read_dir(&results)
        .expect("a folder")
        .map(|entry| entry.expect("there").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["2026-06-30", "2026-06-30.failed"]);
    let failed = std::fs::read_to_string(results.join("2026-06-30.failed/manifest.json")).expect("written");
    assert!(failed.contains("\"exit_code\": 4") && failed.contains("allow more with --memory"), "{failed}");
}

#[test]
fn two_when_no_join_could_be_made_in_so_little_memory_and_nothing_is_read() {
    let folder = folder();
    write(folder.path(), "tiny.toml", STUDY);
    write(folder.path(), "feedback.csv", &answers());
    // By docs/link.md: 32 MB, however many threads.
    for command in ["run", "check", "link", "evaluate", "influence"] {
        let output = advocate(folder.path(), &[command, "tiny.toml", "--memory", "31MB"]);
        assert_eq!(output.status.code(), Some(2), "{command}: {}", stderr(&output));
        assert!(stderr(&output).contains("no join can do with less than 32MB"), "{}", stderr(&output));
    }
    assert!(!folder.path().join("results").exists());
    let output = advocate(folder.path(), &["run", "tiny.toml", "--memory", "32MB", "--threads", "8", "--quiet"]);
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn four_when_no_answer_is_left() {
    let folder = folder();
    write(folder.path(), "tiny.toml", STUDY);
    write(folder.path(), "feedback.csv", "who,when,nps,delivery,support\nc1,2026-03-01T10:00:00Z,99,1,1\n");
    let output = advocate(folder.path(), &["run", "tiny.toml"]);
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    let rejected = folder.path().join("results/tiny/2026-06-30.failed/quarantine/feedback.csv");
    let text = std::fs::read_to_string(rejected).expect("the row is kept aside");
    assert!(text.contains("99") && text.contains("out_of_range"), "{text}");
}

/// Of ten answers one has no number and nine come after the study's date, which is what the advice is about.
#[test]
fn four_with_advice_for_what_most_rows_are_left_out_for() {
    let folder = folder();
    write(folder.path(), "tiny.toml", STUDY);
    let later: String = (0..9).map(|n| format!("c{n},2027-03-01T10:00:00Z,9,1,1\n")).collect();
    write(
        folder.path(),
        "feedback.csv",
        &format!("who,when,nps,delivery,support\nc9,2026-03-01T10:00:00Z,99,1,1\n{later}"),
    );
    let output = advocate(folder.path(), &["run", "tiny.toml"]);
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    let text = stderr(&output);
    assert!(text.contains("after_as_of: 9") && text.contains("move `as_of`") && !text.contains("its scale"), "{text}");
}

#[test]
fn five_when_a_folder_of_others_stands_where_results_go() {
    let folder = folder();
    write(folder.path(), "tiny.toml", STUDY);
    write(folder.path(), "feedback.csv", &answers());
    write(folder.path(), "results/tiny/2026-06-30/mine.txt", "precious");
    let output = advocate(folder.path(), &["run", "tiny.toml"]);
    assert_eq!(output.status.code(), Some(5), "{}", stderr(&output));
    assert!(stderr(&output).contains("name another folder"), "{}", stderr(&output));
    let results = folder.path().join("results/tiny");
    assert_eq!(std::fs::read_to_string(results.join("2026-06-30/mine.txt")).expect("kept"), "precious");
    let failed = std::fs::read_to_string(results.join("2026-06-30.failed/manifest.json")).expect("written");
    assert!(failed.contains("\"exit_code\": 5"), "{failed}");
}

/// A note beside the report, and a row corrected where the README says to open it.
#[test]
fn what_people_put_into_results_outlives_the_next_run() {
    let folder = folder();
    write(folder.path(), "tiny.toml", STUDY);
    write(folder.path(), "feedback.csv", &(answers() + "c40,2026-03-01T10:00:00Z,99,1,1\n"));
    assert!(advocate(folder.path(), &["run", "tiny.toml", "--quiet"]).status.success());
    let results = folder.path().join("results/tiny/2026-06-30");
    let manifest = || std::fs::read_to_string(results.join("manifest.json")).expect("written");
    let (first, aside) =
        (manifest(), std::fs::read_to_string(results.join("quarantine/feedback.csv")).expect("written"));
    write(folder.path(), "results/tiny/2026-06-30/notes.txt", "look at this");
    write(folder.path(), "results/tiny/2026-06-30/quarantine/feedback.csv", &aside.replace("99", "9"));
    let output = advocate(folder.path(), &["run", "tiny.toml"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stderr(&output).contains("notes.txt, quarantine/feedback.kept.csv"), "{}", stderr(&output));
    let text = |path: &str| std::fs::read_to_string(results.join(path)).expect("there");
    assert_eq!((text("notes.txt"), text("quarantine/feedback.csv")), ("look at this".to_owned(), aside.clone()));
    assert_eq!(text("quarantine/feedback.kept.csv"), aside.replace("99", "9"));
    // What was kept is none of the results.
    assert_eq!(manifest(), first);
}

#[test]
fn three_for_a_model_file_that_is_not_there() {
    let folder = folder();
    write(folder.path(), "tiny.toml", STUDY);
    write(folder.path(), "feedback.csv", &answers());
    let output =
        advocate(folder.path(), &["evaluate", "tiny.toml", "--champion", "no.json", "--challenger", "no.json"]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).contains("no.json") && stderr(&output).contains("models/"), "{}", stderr(&output));
}

#[test]
fn five_when_results_cannot_be_written() {
    let folder = folder();
    write(folder.path(), "tiny.toml", STUDY);
    write(folder.path(), "feedback.csv", &answers());
    write(folder.path(), "taken", "a file where the folder should be");
    let output = advocate(folder.path(), &["run", "tiny.toml", "--out", "taken"]);
    assert_eq!(output.status.code(), Some(5), "{}", stderr(&output));
    assert!(stderr(&output).contains("taken"), "{}", stderr(&output));
}

#[test]
fn a_source_of_which_nothing_is_left_stops_the_run() {
    let folder = folder();
    let orders =
        "[sources.transactions]\npath = \"orders.csv\"\ncustomer = \"who\"\ntime = \"when\"\namount = \"amount\"\n";
    let study = STUDY.replace("[drivers]", &format!("{orders}[drivers]"));
    write(folder.path(), "tiny.toml", &study);
    write(folder.path(), "feedback.csv", &answers());
    write(folder.path(), "orders.csv", "who,when,amount\nc1,2026-03-01T10:00:00Z,5,x\nc2,2026-03-01T10:00:00Z,5,x\n");
    for command in ["run", "check"] {
        let output = advocate(folder.path(), &[command, "tiny.toml"]);
        assert_eq!(output.status.code(), Some(3), "{command}");
        let text = stderr(&output);
        assert!(text.contains("[sources.transactions]: all 2 rows were put aside (ragged: 2)"), "{text}");
    }
    // Whoever says so goes on without it, and is warned.
    let lenient = study.replace("[drivers]", "[sources.transactions.contract]\nquarantine_max = 1\n[drivers]");
    write(folder.path(), "tiny.toml", &lenient);
    let output = advocate(folder.path(), &["check", "tiny.toml"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let plan = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(plan.contains("warning: 100 % of the rows are put aside"), "{plan}");
}

#[test]
fn a_study_dated_before_its_answers_says_so() {
    let folder = folder();
    write(folder.path(), "tiny.toml", &STUDY.replace("2026-06-30", "2025-06-30"));
    write(folder.path(), "feedback.csv", &answers());
    let output = advocate(folder.path(), &["check", "tiny.toml"]);
    assert_eq!(output.status.code(), Some(4));
    let text = stderr(&output);
    assert!(text.contains("all 40 lie after the study's date; move as_of = 2025-06-30"), "{text}");
}

#[test]
fn flags_that_would_mean_nothing_are_refused() {
    let folder = folder();
    write(folder.path(), "t.csv", "y,x\n1,2\n2,3\n3,5\n4,4\n");
    for (flags, said) in [
        (&["fit", "--outcome", "y", "--features", "x", "--lambda", "10"][..], "--lambda goes with --family penalised"),
        (&["fit", "--outcome", "y", "--features", "x", "--folds", "3"], "--folds goes with --family penalised"),
        (&["drivers", "--outcome", "y", "--drivers", "x", "--fit-measure", "estrella"], "--fit-measure goes with"),
        (&["drivers", "--outcome", "y", "--drivers", "x", "--n", "5"], "cannot be used with"),
    ] {
        let output = advocate(folder.path(), &[flags, &["--data", "t.csv"]].concat());
        assert_eq!(output.status.code(), Some(2), "{flags:?}");
        assert!(stderr(&output).contains(said), "{flags:?}: {}", stderr(&output));
    }
}
