//! JSON lines below one sound line that has the columns.
#![no_main]

mod reading;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut file = b"{\"who\": \"a\", \"when\": \"2026-01-01T10:00:00Z\", \"ltr\": 9}\n".to_vec();
    file.extend(bytes);
    let keys = "format = \"jsonl\"\ncustomer = \"who\"\ntime = \"when\"\nrecommend = \"ltr\"";
    reading::read("answers.jsonl", &file, keys);
});
