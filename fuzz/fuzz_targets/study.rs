//! Study files: read, or refused at a line and column.
#![no_main]

use advocate::study::Study;
use libfuzzer_sys::fuzz_target;
use std::path::Path;

fuzz_target!(|text: &str| {
    if let Err(refused) = Study::parse(text, Path::new("folder")) {
        assert!(refused.to_string().starts_with("study:"), "{refused}");
    }
});
