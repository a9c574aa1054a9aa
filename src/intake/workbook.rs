//! Sheets of workbooks (xlsx, xlsm, xlsb, xls, ods).

use super::IntakeError;
use super::files::SourceFile;
use super::value::{Value, ValueChunk, ValueRow};
use calamine::{Data, Range, Reader, Sheets, open_workbook_auto};
use jiff::civil;
use std::fs::File;
use std::io::{self, BufReader};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use zip::ZipArchive;

/// The serial number of the day after 9999-12-31.
const SERIALS: f64 = 2_958_466.0;

/// A sheet that was read.
pub(super) struct SheetRows {
    pub(super) rows: ValueChunk,
    /// The row of the sheet below the names, from 1.
    pub(super) first_line: u64,
    /// Whether its workbook says that it counts days from 1904; its cells with the style of a date are read so already.
    pub(super) counts_from_1904: bool,
}

/// The rows of a sheet: the first one where none is named. The first row that is not blank holds the names, of those that are not said to be
/// titles above it.
pub(super) fn read(file: &SourceFile, sheet: Option<&str>) -> Result<SheetRows, IntakeError> {
    let mut book = open(file)?;
    let wanted = name_of_sheet(file, &book, sheet)?;
    let range: Range<Data> = contained(file, || book.worksheet_range(&wanted).map_err(|error| error.to_string()))?;
    let first = range.start().map_or(0, |(row, _)| u64::from(row));
    let line = |row: usize| first + row as u64;
    let is_there = |(row, cells): &(usize, &[Data])| {
        line(*row) >= file.rows_above as u64 && cells.iter().any(|cell| !matches!(cell, Data::Empty))
    };
    let mut rows = range.rows().enumerate().filter(is_there);
    let (header, cells) = rows.next().ok_or_else(|| file.without_names())?;
    let names: Arc<[String]> = cells.iter().map(|cell| cell.to_string().trim().to_owned()).collect();
    let header = line(header);
    let below: Vec<(usize, &[Data])> = rows.collect();
    let is_silent = |at: usize| below.iter().all(|(_, cells)| matches!(cells[at], Data::Empty));
    let may_lack_values = !below.is_empty() && (0..names.len()).any(|at| !names[at].is_empty() && is_silent(at));
    let formulas = if may_lack_values { formulas(file, &mut book, &wanted)? } else { None };
    let first_column = range.start().map_or(0, |(_, column)| column);
    let cell = |row: usize, at: usize, cell: &Data| match (cell, &formulas) {
        // Nobody has computed it, and what it would say is not known: its text is put aside where a number or a time is asked for.
        (Data::Empty, Some(formulas)) => match formulas.get_value((line(row) as u32, first_column + at as u32)) {
            Some(formula) if !formula.is_empty() => Value::Text(format!("={formula}")),
            _ => Value::Missing,
        },
        _ => value(cell),
    };
    let rows = below.into_iter().map(|(row, cells)| {
        let cells = cells.iter().enumerate().map(|(at, own)| cell(row, at, own));
        ValueRow::of(line(row) - header - 1, cells.collect())
    });
    let rows = ValueChunk { rows: rows.collect(), names };
    Ok(SheetRows { rows, first_line: header + 2, counts_from_1904: counts_from_1904(&book) })
}

/// The sheet that is named, or the first one.
fn name_of_sheet(
    file: &SourceFile,
    book: &Sheets<BufReader<File>>,
    sheet: Option<&str>,
) -> Result<String, IntakeError> {
    let sheets = book.sheet_names();
    match sheet {
        Some(name) if sheets.iter().any(|own| own == name) => Ok(name.to_owned()),
        Some(name) => {
            Err(IntakeError::NoSheet { file: file.name.clone(), sheet: name.to_owned(), there: sheets.join(", ") })
        }
        None => sheets.into_iter().next().ok_or_else(|| IntakeError::Empty { file: file.name.clone() }),
    }
}

/// The formulas of a sheet, of layouts whose writers may leave their values out.
fn formulas(
    file: &SourceFile,
    book: &mut Sheets<BufReader<File>>,
    sheet: &str,
) -> Result<Option<Range<String>>, IntakeError> {
    match book {
        Sheets::Xlsx(book) => {
            contained(file, || book.worksheet_formula(sheet).map_err(|error| error.to_string())).map(Some)
        }
        _ => Ok(None),
    }
}

fn counts_from_1904(book: &Sheets<BufReader<File>>) -> bool {
    match book {
        Sheets::Xlsx(book) => book.has_1904_epoch(),
        Sheets::Xlsb(book) => book.has_1904_epoch(),
        Sheets::Xls(book) => book.has_1904_epoch(),
        // It holds dates as texts.
        Sheets::Ods(_) => false,
    }
}

/// The sheets of a workbook, in its order.
pub(super) fn sheets(file: &SourceFile) -> Result<Vec<String>, IntakeError> {
    open(file).map(|book| book.sheet_names())
}

fn open(file: &SourceFile) -> Result<Sheets<BufReader<File>>, IntakeError> {
    if let Some((what, advice)) = other_than_workbook(file) {
        return Err(IntakeError::WrongKind { file: file.name.clone(), what, advice });
    }
    contained(file, || {
        check_parts(file)?;
        open_workbook_auto(&file.path).map_err(|error| error.to_string())
    })
}

/// Bytes by which a text is told from a workbook.
const TOLD_BYTES: u64 = 4096;

/// What a file is that is called a workbook and holds a page or a text, as many programs save them, and what to do about it.
fn other_than_workbook(file: &SourceFile) -> Option<(&'static str, &'static str)> {
    let first = super::unpacked::first_meant(&file.path, file.encoding, TOLD_BYTES).ok()?;
    let text = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&first).trim_ascii_start();
    if text.starts_with(b"<") {
        return Some((
            "an HTML or XML page under the name of a workbook",
            "open it in a spreadsheet and save it as xlsx, or as CSV in UTF-8",
        ));
    }
    // Workbooks hold zeros and other control characters from their first bytes on.
    let is_of_text = |&byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..);
    if !text.iter().all(is_of_text) || !text.contains(&b'\n') || text.starts_with(ARCHIVE) {
        return None;
    }
    let what = "separated text under the name of a workbook";
    Some(match super::sniff::delimiter(text) {
        b'\t' => (what, "write format = \"tsv\", or call it .tsv"),
        _ => (what, "write format = \"csv\", or call it .csv"),
    })
}

/// The first bytes of an archive, which all workbooks are but those of xls.
const ARCHIVE: &[u8] = b"PK";

/// Every part of an archive has a checksum, and the reader of workbooks stops reading a part where it has what it wants: what is
/// damaged would be read as something else.
fn check_parts(file: &SourceFile) -> Result<(), String> {
    let in_words = |error: io::Error| error.to_string();
    if super::unpacked::first_bytes(&file.path, ARCHIVE.len() as u64).map_err(in_words)? != ARCHIVE {
        return Ok(());
    }
    let handle = File::open(&file.path).map_err(in_words)?;
    let mut archive = ZipArchive::new(BufReader::new(handle)).map_err(|error| error.to_string())?;
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).map_err(|error| error.to_string())?;
        io::copy(&mut part, &mut io::sink()).map_err(|error| format!("one of its parts is damaged: {error}"))?;
    }
    Ok(())
}

/// What the foreign reader says; on some damaged files it panics, which is an error about the file and not one of ours.
fn contained<T>(file: &SourceFile, read: impl FnOnce() -> Result<T, String>) -> Result<T, IntakeError> {
    let senseless = || Err("its records make no sense".to_owned());
    catch_unwind(AssertUnwindSafe(read))
        .unwrap_or_else(|_| senseless())
        .map_err(|message| IntakeError::BadWorkbook { file: file.name.clone(), message })
}

fn value(cell: &Data) -> Value {
    match cell {
        Data::Empty => Value::Missing,
        Data::Int(value) => Value::Integer(*value),
        Data::Float(value) => Value::Number(*value),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => Value::Text(text.clone()),
        Data::Bool(flag) => Value::Flag(*flag),
        // Beyond the calendar the library would write its first or last day.
        Data::DateTime(time) if time.is_datetime() && (0.0..SERIALS).contains(&time.as_f64()) => {
            let (year, month, day, hour, minute, second, milli) = time.to_ymd_hms_milli();
            let local = civil::DateTime::new(
                i16::try_from(year).unwrap_or(i16::MAX),
                month as i8,
                day as i8,
                hour as i8,
                minute as i8,
                second as i8,
                i32::from(milli) * 1_000_000,
            );
            let us = local.and_then(|local| local.to_zoned(jiff::tz::TimeZone::UTC));
            us.map_or_else(|_| Value::Number(time.as_f64()), |local| Value::Local(local.timestamp().as_microsecond()))
        }
        Data::DateTime(time) => Value::Number(time.as_f64()),
        // An error of a formula is no value of the column, and is told from an empty cell.
        Data::Error(error) => Value::Text(error.to_string()),
    }
}
