//! A folder with a small study in it, for tests.

use super::{RunSettings, run};
use crate::intake::Cache;
use crate::report::StudyResults;
use crate::study::Study;
use std::path::PathBuf;

pub(super) struct SmallStudy {
    folder: tempfile::TempDir,
    text: String,
}

impl SmallStudy {
    /// A study by its text, with files by their names.
    pub fn new(text: &str, files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, content) in files {
            std::fs::write(folder.path().join(name), content).expect("written");
        }
        Self { folder, text: text.to_owned() }
    }

    pub fn study(&self) -> Study {
        Study::parse(&self.text, self.folder.path()).expect("a sound study")
    }

    pub fn settings(&self) -> RunSettings {
        let out = self.out();
        RunSettings { out, memory_bytes: 1 << 28, n_threads: Some(2), cache: Cache::none() }
    }

    pub fn out(&self) -> PathBuf {
        self.folder.path().join("results")
    }

    pub fn run(&self) -> StudyResults {
        run(&self.study(), &self.settings(), &|_| ()).expect("a run").results
    }
}
