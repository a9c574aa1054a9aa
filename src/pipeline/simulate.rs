//! Writes a simulated company's source files, its truth and a README into a fresh folder.

mod readme;

use crate::simulate::csv::{write_header, write_rows};
use crate::simulate::records::{Activity, CustomerRow, Invitation, Order, Referral, Response};
use crate::simulate::tally::Tally;
use crate::simulate::{Block, Company, CompanyError, CsvRow, Truth};
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Companies up to this many customers are held in memory (about 2 kB a customer) and written in order of time;
/// larger ones are written as they stream by.
pub const SORTED_CUSTOMERS_MAX: u64 = 50_000;

/// Why no company was written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SimulateError {
    /// A setting out of range.
    #[error(transparent)]
    Settings(#[from] CompanyError),
    /// The folder holds something.
    #[error("`{}` is not an empty folder; name a new one or clear it first", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// The path names no folder that could be made.
    #[error("`{}` cannot be the name of a new folder; name one", path.display())]
    NotAFolder {
        /// The path.
        path: PathBuf,
    },
    /// The file system refused.
    #[error("could not write `{}`", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// In which order the rows of every file stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowOrder {
    /// By time.
    Time,
    /// One customer after another and family by family; in order of time within a customer.
    Family,
}

/// One file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenFile {
    /// Path inside the folder, with `/`.
    pub name: String,
    /// Rows without the header; `None` for a file that is no table.
    pub n_rows: Option<u64>,
    /// Size in bytes.
    pub n_bytes: u64,
    /// SHA-256 of the bytes, in hexadecimal.
    pub sha256: String,
}

/// What was written where.
#[derive(Debug, Clone, PartialEq)]
pub struct SimulationReport {
    /// The folder.
    pub folder: PathBuf,
    /// Every file but the README, tables first.
    pub files: Vec<WrittenFile>,
    /// The order of the rows.
    pub row_order: RowOrder,
    /// What is true of the company.
    pub truth: Truth,
}

/// Writes the company into `out`: the source files, `truth.json` and `README.md`.
///
/// `out` must not exist or be empty. The files are written into a folder beside it, which takes the name `out` when
/// it is whole. Equal companies give equal bytes. Up to [`SORTED_CUSTOMERS_MAX`] customers rows are in order of time;
/// beyond, memory does not grow with the company and rows come customer by customer.
///
/// # Errors
/// A setting out of range, a folder that holds something, or whatever the file system refuses.
pub fn simulate(company: &Company, out: &Path) -> Result<SimulationReport, SimulateError> {
    simulate_with_progress(company, out, |_| {})
}

/// [`simulate`], telling `progress` after each block how many customers have been written.
///
/// # Errors
/// As [`simulate`].
pub fn simulate_with_progress(
    company: &Company,
    out: &Path,
    progress: impl FnMut(u64),
) -> Result<SimulationReport, SimulateError> {
    let order = if company.customers <= SORTED_CUSTOMERS_MAX { RowOrder::Time } else { RowOrder::Family };
    simulate_in_order(company, out, order, progress)
}

fn simulate_in_order(
    company: &Company,
    out: &Path,
    row_order: RowOrder,
    progress: impl FnMut(u64),
) -> Result<SimulationReport, SimulateError> {
    company.world()?;
    let fresh = FreshFolder::beside(out)?;
    let (mut files, tally) = write_tables(company, &fresh.folder, row_order, progress)?;
    let truth = Truth::of(company, &tally)?;
    files.push(write_truth(&truth, &fresh.folder)?);
    let readme = readme::text(company, &files, row_order);
    write_whole(&fresh.folder.join("README.md"), readme.as_bytes())?;
    let folder = fresh.publish()?;
    Ok(SimulationReport { folder, files, row_order, truth })
}

fn write_tables(
    company: &Company,
    folder: &Path,
    row_order: RowOrder,
    mut progress: impl FnMut(u64),
) -> Result<(Vec<WrittenFile>, Tally), SimulateError> {
    let mut tables = Table::create_all(company, folder)?;
    let (mut tally, mut n_customers) = (Tally::default(), 0);
    let mut write = |block: Block| {
        tables.par_iter_mut().try_for_each(|table| table.append(&block))?;
        n_customers += block.customers.len() as u64;
        tally.append(block.tally);
        progress(n_customers);
        Ok::<(), SimulateError>(())
    };
    match row_order {
        RowOrder::Time => write(company.in_order_of_time()?)?,
        RowOrder::Family => company.blocks()?.try_for_each(write)?,
    }
    let files = tables.into_iter().map(Table::finish).collect::<Result<_, _>>()?;
    Ok((files, tally))
}

fn write_truth(truth: &Truth, folder: &Path) -> Result<WrittenFile, SimulateError> {
    let path = folder.join("truth.json");
    let mut text = serde_json::to_string_pretty(truth).map_err(|error| failed(&path)(io::Error::other(error)))?;
    text.push('\n');
    write_whole(&path, text.as_bytes())?;
    Ok(WrittenFile {
        name: "truth.json".to_owned(),
        n_rows: None,
        n_bytes: text.len() as u64,
        sha256: hexadecimal(&Sha256::digest(text.as_bytes())),
    })
}

fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), SimulateError> {
    fs::write(path, bytes).map_err(failed(path))
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> SimulateError {
    let path = path.to_owned();
    |source| SimulateError::Write { path, source }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A folder that takes its name only when it is whole, and that vanishes if that never happens.
struct FreshFolder {
    /// Where the files are written.
    folder: PathBuf,
    out: PathBuf,
    // Deletes what is left of the work when it goes.
    _workplace: tempfile::TempDir,
}

impl FreshFolder {
    fn beside(out: &Path) -> Result<Self, SimulateError> {
        let out = std::path::absolute(out).map_err(failed(out))?;
        let (Some(parent), Some(_)) = (out.parent(), out.file_name()) else {
            return Err(SimulateError::NotAFolder { path: out });
        };
        refuse_occupied(&out)?;
        fs::create_dir_all(parent).map_err(failed(parent))?;
        let workplace = tempfile::Builder::new().prefix(".simulate-").tempdir_in(parent).map_err(failed(parent))?;
        // A folder inside the private workplace has the rights of any other new folder.
        let folder = workplace.path().join("company");
        fs::create_dir(&folder).map_err(failed(&folder))?;
        Ok(Self { folder, out, _workplace: workplace })
    }

    fn publish(self) -> Result<PathBuf, SimulateError> {
        if self.out.exists() {
            // Only an empty folder can be removed so; whatever came meanwhile stays.
            fs::remove_dir(&self.out).map_err(failed(&self.out))?;
        }
        fs::rename(&self.folder, &self.out).map_err(failed(&self.out))?;
        Ok(self.out)
    }
}

fn refuse_occupied(out: &Path) -> Result<(), SimulateError> {
    let empty = match fs::read_dir(out) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    };
    if empty { Ok(()) } else { Err(SimulateError::NotEmpty { path: out.to_owned() }) }
}

/// Which records a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Customers,
    /// The answers of one year.
    Feedback(i32),
    Orders,
    Referrals,
    Activity,
    Invitations,
}

impl Source {
    fn name(self) -> String {
        match self {
            Self::Customers => "customers.csv".to_owned(),
            Self::Feedback(year) => format!("feedback/{year}.csv"),
            Self::Orders => "orders.csv".to_owned(),
            Self::Referrals => "referrals.csv".to_owned(),
            Self::Activity => "activity.csv".to_owned(),
            Self::Invitations => "invitations.csv".to_owned(),
        }
    }
}

/// A file in the making.
struct Table {
    source: Source,
    path: PathBuf,
    out: HashingWriter,
    n_rows: u64,
}

impl Table {
    fn create_all(company: &Company, folder: &Path) -> Result<Vec<Self>, SimulateError> {
        let feedback = folder.join("feedback");
        fs::create_dir(&feedback).map_err(failed(&feedback))?;
        let years = company.world()?.feedback_years();
        let sources = [Source::Customers].into_iter().chain(years.into_iter().map(Source::Feedback)).chain([
            Source::Orders,
            Source::Referrals,
            Source::Activity,
            Source::Invitations,
        ]);
        sources.map(|source| Self::create(source, folder)).collect()
    }

    fn create(source: Source, folder: &Path) -> Result<Self, SimulateError> {
        let path = folder.join(source.name());
        let file = File::create(&path).map_err(failed(&path))?;
        let out = HashingWriter { file: BufWriter::with_capacity(1 << 17, file), hash: Sha256::new(), n_bytes: 0 };
        let mut table = Self { source, path, out, n_rows: 0 };
        let header = match source {
            Source::Customers => write_header::<CustomerRow>(&mut table.out),
            Source::Feedback(_) => write_header::<Response>(&mut table.out),
            Source::Orders => write_header::<Order>(&mut table.out),
            Source::Referrals => write_header::<Referral>(&mut table.out),
            Source::Activity => write_header::<Activity>(&mut table.out),
            Source::Invitations => write_header::<Invitation>(&mut table.out),
        };
        header.map_err(failed(&table.path))?;
        Ok(table)
    }

    fn append(&mut self, block: &Block) -> Result<(), SimulateError> {
        match self.source {
            Source::Customers => self.write(&block.customers),
            Source::Feedback(year) => self.write(block.responses.iter().filter(|row| row.wave.year == year)),
            Source::Orders => self.write(&block.orders),
            Source::Referrals => self.write(&block.referrals),
            Source::Activity => self.write(&block.activity),
            Source::Invitations => self.write(&block.invitations),
        }
    }

    fn write<'a, R: CsvRow + 'a>(&mut self, rows: impl IntoIterator<Item = &'a R>) -> Result<(), SimulateError> {
        let n_rows = &mut self.n_rows;
        let counted = rows.into_iter().inspect(|_| *n_rows += 1);
        write_rows(counted, &mut self.out).map_err(failed(&self.path))
    }

    fn finish(mut self) -> Result<WrittenFile, SimulateError> {
        self.out.flush().map_err(failed(&self.path))?;
        Ok(WrittenFile {
            name: self.source.name(),
            n_rows: Some(self.n_rows),
            n_bytes: self.out.n_bytes,
            sha256: hexadecimal(&self.out.hash.finalize()),
        })
    }
}

/// A buffered file that knows the hash and the number of the bytes it took.
struct HashingWriter {
    file: BufWriter<File>,
    hash: Sha256,
    n_bytes: u64,
}

impl Write for HashingWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n_taken = self.file.write(bytes)?;
        self.hash.update(&bytes[..n_taken]);
        self.n_bytes += n_taken as u64;
        Ok(n_taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn small() -> Company {
        Company { customers: 60, ..Company::default() }
    }

    /// Every file below a folder, by its path inside.
    fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(next) = folders.pop() {
            for entry in fs::read_dir(next).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(folder).expect("inside").to_owned();
                    found.insert(name, fs::read(&path).expect("a file"));
                }
            }
        }
        found
    }

    #[test]
    fn the_demonstration_company_is_what_the_defaults_give() {
        let place = tempfile::tempdir().expect("a temporary folder");
        let report = simulate(&Company::default(), &place.path().join("retail")).expect("a new folder");
        let shipped = contents(&Path::new(env!("CARGO_MANIFEST_DIR")).join("datasets/retail"));
        let made = contents(&report.folder);
        assert_eq!(made.keys().collect::<Vec<_>>(), shipped.keys().collect::<Vec<_>>());
        for (name, bytes) in &made {
            assert!(bytes == &shipped[name], "{} differs from datasets/retail", name.display());
        }
        assert!(made.values().map(Vec::len).sum::<usize>() < 4_000_000);
    }

    #[test]
    fn the_report_states_what_is_on_disk() {
        let place = tempfile::tempdir().expect("a temporary folder");
        let report = simulate(&small(), &place.path().join("new/company")).expect("a new folder");
        let made = contents(&report.folder);
        assert_eq!(made.len(), report.files.len() + 1);
        for file in &report.files {
            let bytes = &made[Path::new(&file.name)];
            assert_eq!(file.n_bytes, bytes.len() as u64);
            if let Some(n_rows) = file.n_rows {
                let n_lines = bytes.iter().filter(|&&byte| byte == b'\n').count() as u64;
                assert_eq!(n_rows + 1, n_lines, "{}", file.name);
            }
            // `sha256sum` of the file agrees with what the README states.
            assert_eq!(file.sha256, hexadecimal(&Sha256::digest(bytes)));
        }
        let truth: Truth = serde_json::from_slice(&made[Path::new("truth.json")]).expect("a truth");
        assert_eq!(truth, report.truth);
        let left = fs::read_dir(place.path().join("new")).expect("a folder").count();
        assert_eq!(left, 1, "no workplace is left behind");
    }

    #[test]
    fn a_folder_that_holds_something_is_refused_and_left_alone() {
        let place = tempfile::tempdir().expect("a temporary folder");
        fs::write(place.path().join("mine.txt"), "keep").expect("a file");
        let refused = simulate(&small(), place.path());
        assert!(matches!(refused, Err(SimulateError::NotEmpty { .. })), "{refused:?}");
        let refused = simulate(&small(), &place.path().join("mine.txt"));
        assert!(matches!(refused, Err(SimulateError::NotEmpty { .. })), "{refused:?}");
        assert_eq!(contents(place.path()), BTreeMap::from([(PathBuf::from("mine.txt"), b"keep".to_vec())]));
    }

    #[test]
    fn an_empty_folder_is_filled() {
        let place = tempfile::tempdir().expect("a temporary folder");
        let out = place.path().join("empty");
        fs::create_dir(&out).expect("a folder");
        assert!(simulate(&small(), &out).is_ok());
        assert!(out.join("orders.csv").is_file());
    }

    #[test]
    fn refused_settings_leave_nothing() {
        let place = tempfile::tempdir().expect("a temporary folder");
        let refused = simulate(&Company { customers: 0, ..Company::default() }, &place.path().join("out"));
        assert!(matches!(refused, Err(SimulateError::Settings(_))), "{refused:?}");
        assert!(contents(place.path()).is_empty());
    }

    #[test]
    fn a_streamed_company_has_the_rows_of_a_sorted_one() {
        let place = tempfile::tempdir().expect("a temporary folder");
        let made = |name: &str, order| {
            let report = simulate_in_order(&small(), &place.path().join(name), order, |_| {}).expect("a new folder");
            let mut files = contents(&report.folder);
            let text = files.remove(Path::new("activity.csv")).expect("log-ins");
            let mut lines: Vec<String> = String::from_utf8(text).expect("text").lines().map(str::to_owned).collect();
            lines.sort_unstable();
            (lines, report.truth)
        };
        assert_eq!(made("sorted", RowOrder::Time), made("streamed", RowOrder::Family));
    }

    #[test]
    fn progress_ends_with_everybody() {
        let place = tempfile::tempdir().expect("a temporary folder");
        let mut done = Vec::new();
        let out = place.path().join("out");
        simulate_in_order(&small(), &out, RowOrder::Family, |n_customers| done.push(n_customers))
            .expect("a new folder");
        assert_eq!(done.last(), Some(&60));
    }
}
