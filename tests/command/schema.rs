//! `advocate schema`.

use super::{advocate, folder, project, stdout};

#[test]
fn the_schema_that_is_printed_is_the_published_one() {
    let folder = folder();
    let output = advocate(folder.path(), &["schema"]);
    assert!(output.status.success() && output.stderr.is_empty());
    let published = std::fs::read_to_string(project().join("models/study.schema.json")).expect("a schema");
    assert!(stdout(&output) == published, "run `advocate schema > models/study.schema.json`");
}
