//! Files in UTF-16, as Qualtrics and Excel write tables with tabs: drafted, checked and run like others, and in the flat forms.

use super::{advocate, folder, json, project, stderr, stdout};

/// With the mark of UTF-16, low bytes first.
fn wide(text: &str) -> Vec<u8> {
    std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

#[test]
fn flat_forms_read_unicode_text() {
    let folder = folder();
    let text = "who\tscore\r\nJosé\t9\r\nΖωή\t3\r\n😀\t10\r\n";
    std::fs::write(folder.path().join("a.txt"), wide(text)).expect("written");
    let answer = json(&advocate(folder.path(), &["nps", "--data", "a.txt", "--score", "score", "--format", "json"]));
    let group = &answer["groups"][0];
    assert_eq!((group["n"].as_u64(), group["promoters"].as_u64()), (Some(3), Some(2)));
    std::fs::write(folder.path().join("a.txt"), &wide("score\n9\n")[..15]).expect("written");
    let output = advocate(folder.path(), &["nps", "--data", "a.txt", "--score", "score"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(
        stderr(&output).contains("a.txt`, line 2: the text begins as UTF-16 and is not, at its byte 14"),
        "{}",
        stderr(&output)
    );
}

/// A Qualtrics download in UTF-16 is drafted and checked like the one in UTF-8.
#[test]
fn init_and_check_see_in_utf_16_what_they_see_in_utf_8() {
    let text = std::fs::read_to_string(project().join("tests/exports/qualtrics/responses.csv")).expect("there");
    let of = |bytes: &[u8]| {
        let folder = folder();
        std::fs::write(folder.path().join("q.csv"), bytes).expect("written");
        let drafted = advocate(folder.path(), &["init", "q.csv", "--out", "s.toml"]);
        assert!(drafted.status.success(), "{}", stderr(&drafted));
        let study = std::fs::read_to_string(folder.path().join("s.toml")).expect("drafted");
        let checked = advocate(folder.path(), &["check", "s.toml"]);
        assert!(checked.status.success(), "{}", stderr(&checked));
        // The size of the file is another.
        let plan: Vec<String> =
            stdout(&checked).lines().filter(|line| !line.contains("q.csv")).map(str::to_owned).collect();
        (study, plan)
    };
    let plain = of(text.as_bytes());
    assert!(plain.0.contains("QID1") && plain.1.join("\n").contains("preview"), "{plain:?}");
    assert_eq!(of(&wide(&text)), plain);
}
