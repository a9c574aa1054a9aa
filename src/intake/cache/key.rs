//! Everything but a file's content that decides what becomes of its rows, in one word.

use super::record::{self, FORMAT_VERSION};
use crate::intake::contract::{Column, Contract, Kind};
use crate::intake::files::SourceFile;
use crate::study::Files;
use std::fmt::Write;

/// The word for a source's contract. The study's date is not in it: it decides later which rows are left out. Of a salt there is
/// its fingerprint.
pub(super) fn of_source(contract: &Contract, files: &Files) -> String {
    // Taken apart whole, so that whoever adds something to a contract has to say whether it belongs here.
    let Contract {
        source,
        columns,
        unique,
        repeats,
        asks_for_versions,
        // Of a file these are found in its header.
        versions: _,
        together,
        per_unit,
        time,
        zone,
        distinct,
        end_us: _,
        answers,
        tallied,
        numerals,
        identity,
    } = contract;
    // What a source promises of its rows and which it leaves out is among the columns by now, what it promises of them all is held against the account.
    // How numbers are written stands in the contract.
    let Files {
        path: _,
        format,
        delimiter,
        encoding,
        rows_above,
        numerals: _,
        sheet,
        table,
        query,
        rename,
        blank,
        contract: _,
        exclude: _,
        base_dir: _,
    } = files;
    let mut text = format!("{} {FORMAT_VERSION}\n", env!("CARGO_PKG_VERSION"));
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "{source:?} {unique:?} {repeats:?} {asks_for_versions} {together:?} {per_unit:?} {time:?} {zone:?} {distinct:?} {answers:?} {tallied:?} {numerals:?}"
    );
    let _ = writeln!(
        text,
        "{format:?} {delimiter:?} {encoding:?} {rows_above} {sheet:?} {table:?} {query:?} {rename:?} {blank:?}"
    );
    let _ = writeln!(text, "{}", identity.fingerprint());
    columns.iter().for_each(|column| write_column(&mut text, column));
    record::hash(text.as_bytes())
}

/// The word for one file of a source; `zone` is what its name says of its rows.
pub(super) fn of_file(source_key: &str, file: &SourceFile, zone: Option<&str>) -> String {
    // Its encoding and what stands above its names are those of its source. What it lacks and others hold is not kept.
    let SourceFile { name: _, path: _, n_bytes: _, layout, encoding: _, rows_above: _, partitions, beside: _ } = file;
    record::hash(format!("{source_key} {layout:?} {partitions:?} {zone:?}").as_bytes())
}

fn write_column(text: &mut String, column: &Column) {
    let Column { output, input, key, kind, required, may_be_later, blank, not_applicable } = column;
    let _ = writeln!(text, "{output:?} {input:?} {key:?} {required} {may_be_later} {blank:?} {not_applicable:?}");
    let _ = match kind {
        Kind::Key(rule) => writeln!(text, "key {}", rule.fingerprint()),
        Kind::Alternative => writeln!(text, "alternative"),
        Kind::Unit(level) => writeln!(text, "unit {level:?}"),
        Kind::Text => writeln!(text, "text"),
        Kind::Number(bounds) => writeln!(text, "number {bounds:?}"),
        Kind::Mark(bounds) => writeln!(text, "mark {bounds:?}"),
        Kind::Score(bounds) => writeln!(text, "score {bounds:?}"),
        Kind::Answer(bounds) => writeln!(text, "answer {bounds:?}"),
        Kind::Total(totals, bounds) => writeln!(text, "total {} {bounds:?}", totals.fingerprint()),
        Kind::Promised(promise) => writeln!(text, "promised {promise:?}"),
        Kind::Excluding(codes) => writeln!(text, "excluding {codes:?}"),
        // Which zone the name of a file says is said of the file, and what that zone or that of a row is, in the entry.
        Kind::Zone(by_file) => writeln!(text, "zone by file {}", !by_file.is_empty()),
        Kind::Instant(clock) => writeln!(text, "instant {}", clock.fingerprint()),
    };
}
