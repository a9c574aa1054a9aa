//! Separated text; the first byte chooses the sign between cells, or that it is guessed.
#![no_main]

mod reading;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&choice, bytes)) = data.split_first() else { return };
    let delimiter = ["", "delimiter = \",\"", "delimiter = \";\"", "delimiter = \"\\t\""][usize::from(choice % 4)];
    let mut file = b"who,when,ltr\n".to_vec();
    if choice >= 128 {
        // A header of its own is as likely as rows below a sound one.
        file.clear();
    }
    file.extend(bytes);
    let keys = "format = \"csv\"\ncustomer = \"who\"\ntime = \"when\"\nrecommend = \"ltr\"\nid = \"who\"";
    reading::read("answers.csv", &file, &format!("{keys}\n{delimiter}"));
});
