//! Vendors' exports; the first byte chooses whose, or that it is guessed. The samples under `tests/exports` are good seeds with
//! such a byte in front.
#![no_main]

mod reading;

use libfuzzer_sys::fuzz_target;

const VENDORS: [&str; 10] = [
    "qualtrics",
    "qualtrics_legacy",
    "surveymonkey",
    "typeform",
    "limesurvey",
    "formbricks",
    "delighted",
    "retently",
    "customergauge",
    "medallia_agent_connect",
];

fuzz_target!(|data: &[u8]| {
    let Some((&choice, bytes)) = data.split_first() else { return };
    let format = VENDORS.get(usize::from(choice) % (VENDORS.len() + 1));
    let format = format.map_or_else(String::new, |vendor| format!("format = \"{vendor}\"\n"));
    reading::read(
        "answers.txt",
        bytes,
        &format!("{format}customer = \"@id\"\ntime = \"@end\"\nrecommend = \"@recommend\""),
    );
});
