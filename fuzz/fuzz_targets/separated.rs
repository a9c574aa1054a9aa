//! Separated text.
#![no_main]

#[expect(dead_code, reason = "each target uses one of its functions")]
#[path = "../../tests/command/fuzz_bodies/reading.rs"]
mod reading;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| reading::separated(data));
