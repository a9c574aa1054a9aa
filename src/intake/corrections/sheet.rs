//! The format of a file of corrected rows: that of `quarantine/*.csv`, as spreadsheets save it, and a column for the hash of the file.

use super::correction::Correction;
use crate::intake::IntakeError;
use crate::intake::quarantine::COLUMNS;
use crate::intake::separated::SeparatorLine;
use crate::intake::sniff;
use crate::intake::unpacked::Unpacked;
use csv::StringRecord;
use std::io::Read;
use std::path::Path;

/// The column that quarantine does not have.
const SHA256: &str = "sha256";

/// Reads a file of corrected rows. Comma, semicolon and tab may separate its cells; columns are found by name, and others are
/// let be.
pub(super) fn read(path: &Path) -> Result<Vec<Correction>, IntakeError> {
    let file = || path.display().to_string();
    let mut bytes = Vec::new();
    // A spreadsheet may have saved it as "Unicode text".
    let read = Unpacked::open(path, None).and_then(|mut text| text.read_to_end(&mut bytes));
    read.map_err(|source| IntakeError::of_text(&file(), source))?;
    parse(&bytes, &file())
}

pub(super) fn parse(bytes: &[u8], file: &str) -> Result<Vec<Correction>, IntakeError> {
    let refused = |line: u64, problem: String| IntakeError::Corrections { file: file.to_owned(), line, problem };
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    // A line that names the separator is none of the rows, and counts among the lines.
    let (delimiter, bytes, n_before) = match SeparatorLine::of(bytes) {
        Some(line) => (line.sign, &bytes[line.n_bytes..], 1),
        None => (sniff::delimiter(bytes), bytes, 0),
    };
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(bytes);
    let mut places: Option<Places> = None;
    let mut corrections = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| {
            let line = n_before + error.position().map_or(1, csv::Position::line);
            refused(line, "it is not UTF-8 text; save it as CSV in UTF-8".to_owned())
        })?;
        let line = n_before + record.position().map_or(1, csv::Position::line);
        let Some(places) = &places else {
            places = Some(Places::of(&record).map_err(|problem| refused(line, problem))?);
            continue;
        };
        // Spreadsheets leave lines of nothing behind.
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if record.len() != places.n_columns {
            let problem = format!("the line has {} cells and the header {}", record.len(), places.n_columns);
            return Err(refused(line, problem));
        }
        corrections.push(places.correction(&record).map_err(|problem| refused(line, problem))?);
    }
    match places {
        Some(_) => Ok(corrections),
        None => Err(refused(1, "it is empty".to_owned())),
    }
}

/// Writes corrections; the file is there whole or as it was.
pub(super) fn write(path: &Path, corrections: &[Correction]) -> Result<(), IntakeError> {
    let failed = |source: std::io::Error| IntakeError::Output { file: path.display().to_string(), source };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    let mut writer = csv::Writer::from_writer(&file);
    let header: Vec<&str> = COLUMNS.into_iter().chain([SHA256]).collect();
    writer.write_record(&header).map_err(|error| failed(error.into()))?;
    for own in corrections {
        let line = own.line.to_string();
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let (raw, record, sha256) = (text(&own.raw), text(&own.record), text(&own.sha256));
        let cells = [&own.source, &own.file, &line, &own.column, &own.reason, &raw, &record, &own.fingerprint, &sha256];
        writer.write_record(cells).map_err(|error| failed(error.into()))?;
    }
    writer.flush().map_err(failed)?;
    drop(writer);
    readable(&file).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// A temporary file is its owner's alone; this one is to be read like the study beside it.
#[cfg(unix)]
fn readable(file: &tempfile::NamedTempFile) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_: &tempfile::NamedTempFile) -> std::io::Result<()> {
    Ok(())
}

/// Where the columns stand.
struct Places {
    n_columns: usize,
    source: usize,
    file: usize,
    line: usize,
    fingerprint: usize,
    column: Option<usize>,
    reason: Option<usize>,
    raw: Option<usize>,
    record: Option<usize>,
    sha256: Option<usize>,
}

impl Places {
    fn of(header: &StringRecord) -> Result<Self, String> {
        let find = |name: &str| header.iter().position(|own| own.trim().eq_ignore_ascii_case(name));
        let needed = |name: &str| {
            let there: Vec<&str> = header.iter().take(20).collect();
            find(name).ok_or_else(|| {
                format!(
                    "there is no column `{name}`; give a file of the quarantine folder with its cells corrected; its columns are: {}",
                    there.join(", ")
                )
            })
        };
        let places = Self {
            n_columns: header.len(),
            source: needed("source")?,
            file: needed("file")?,
            line: needed("line")?,
            fingerprint: needed("fingerprint")?,
            column: find("column"),
            reason: find("reason"),
            raw: find("raw"),
            record: find("record"),
            sha256: find(SHA256),
        };
        if places.raw.is_none() && places.record.is_none() {
            needed("raw")?;
        }
        Ok(places)
    }

    fn correction(&self, record: &StringRecord) -> Result<Correction, String> {
        let text = |at: usize| record.get(at).unwrap_or_default().trim().to_owned();
        let some = |at: Option<usize>| at.map(text);
        let line = text(self.line);
        let fingerprint = text(self.fingerprint);
        if fingerprint.is_empty() {
            return Err("`fingerprint` is blank; it says which row was corrected, so leave it as quarantine wrote it"
                .to_owned());
        }
        Ok(Correction {
            source: text(self.source),
            file: text(self.file),
            line: line.parse().map_err(|_| format!("`line` is \"{line}\", which is no line number"))?,
            column: some(self.column).unwrap_or_default(),
            reason: some(self.reason).unwrap_or_default(),
            raw: some(self.raw),
            // No row is blank; blanks may belong to its first and last cell.
            record: self.record.and_then(|at| record.get(at)).filter(|own| !own.trim().is_empty()).map(str::to_owned),
            fingerprint,
            sha256: some(self.sha256).filter(|own| !own.is_empty()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "feedback,f.csv,4,ltr,out_of_range,11,\"5,11\",r0";

    fn header() -> String {
        COLUMNS.join(",")
    }

    #[test]
    fn what_a_spreadsheet_saves_is_read() {
        let plain = parse(format!("{}\n{LINE}\n", header()).as_bytes(), "c.csv").expect("sound");
        let semicolons = "\u{feff}Source;File;Line;Column;Reason;Raw;Record;Fingerprint\r\nfeedback;f.csv;4;ltr;out_of_range;11;5,11;r0\r\n;;;;;;;\r\n";
        assert_eq!(parse(semicolons.as_bytes(), "c.csv").expect("sound"), plain);
        let named = format!("\u{feff}sep=;\r\n{}", semicolons.trim_start_matches('\u{feff}'));
        assert_eq!(parse(named.as_bytes(), "c.csv").expect("sound"), plain);
        // What is wrong is told in its line of the file.
        let wrong = parse(b"sep=;\nsource;file;line;column;raw;fingerprint\nfeedback;f.csv;4;ltr;10\n", "c.csv");
        assert!(wrong.expect_err("refused").to_string().contains("line 3"));
        assert_eq!((plain.len(), plain[0].line, plain[0].record.as_deref()), (1, 4, Some("5,11")));
        assert_eq!((plain[0].raw.as_deref(), plain[0].sha256.as_deref()), (Some("11"), None));
    }

    #[test]
    fn columns_may_be_left_out_but_those_that_say_which_row_it_is() {
        let cells =
            parse(b"source,file,line,column,raw,fingerprint\nfeedback,f.csv,4,ltr,10,r0\n", "c.csv").expect("sound");
        assert_eq!((cells[0].raw.as_deref(), &cells[0].record), (Some("10"), &None));
        let refusal = |text: &str| parse(text.as_bytes(), "c.csv").expect_err("refused").to_string();
        assert!(refusal("source,file,line,raw\nf,f,1,x\n").contains("no column `fingerprint`"));
        assert!(refusal("source,file,line,fingerprint\nf,f,1,r0\n").contains("no column `raw`"));
        assert!(
            refusal("source,file,line,raw,fingerprint\nf,f,one,x,r0\n").contains("`c.csv`, line 2: `line` is \"one\"")
        );
        assert!(refusal("source,file,line,raw,fingerprint\nf,f,1,x,\n").contains("`fingerprint` is blank"));
        assert!(refusal("source,file,line,raw,fingerprint\nf,f,1,x\n").contains("4 cells and the header 5"));
        assert!(refusal("").contains("empty"));
    }

    #[test]
    fn what_is_written_is_read_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("c.csv");
        let mut own = parse(format!("{}\n{LINE}\n", header()).as_bytes(), "c.csv").expect("sound");
        own[0].sha256 = Some("00ff".to_owned());
        own[0].record = Some(" a,\"b\nc\"".to_owned());
        write(&path, &own).expect("written");
        assert_eq!(read(&path).expect("sound"), own);
    }
}
