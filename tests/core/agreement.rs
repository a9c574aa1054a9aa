//! Linear and logistic fits of public data sets against statsmodels.
//!
//! `tests/oracles/agreement.py` made the expected numbers. The data are not part of the project: R's classics are read
//! from the shared folder, the others from an installed statsmodels, and a fit whose data are not there is skipped.

use crate::inputs::shared;
use advocate::data::{Clusters, DesignMatrix, Observations, Outcome, WeightKind, Weights};
use advocate::estimators::{Coefficient, Logit, Ols, StdErrors};
use ndarray::{Array1, Array2};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Closed forms agree to this, and iterative ones to the second (relative).
const CLOSED: f64 = 1e-8;
const ITERATIVE: f64 = 1e-6;
/// Student's t far out in its tails (relative).
const TAIL: f64 = 1e-6;
/// Numbers this far below the standard error carry no more digits (relative to it).
const OF_STD_ERROR: f64 = 1e-10;

/// What `agreement.py` fitted, and what it found.
struct Expected<'t> {
    source: &'t str,
    file: &'t str,
    is_linear: bool,
    outcome: &'t str,
    features: Vec<&'t str>,
    std_errors: StdErrors,
    weights: Option<&'t str>,
    clusters: Option<&'t str>,
    numbers: Vec<(&'t str, Vec<f64>)>,
}

impl<'t> Expected<'t> {
    fn all(text: &'t str) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for line in text.lines() {
            let words: Vec<&str> = line.split('\t').collect();
            if words[0] == "fit" {
                all.push(Self::of_heading(&words[1..]));
            } else {
                let values = words[1..].iter().map(|word| word.parse().expect("a number")).collect();
                all.last_mut().expect("a heading").numbers.push((words[0], values));
            }
        }
        all
    }

    fn of_heading(words: &[&'t str]) -> Self {
        let named = |word: &'t str| (word != "-").then_some(word);
        let all = [StdErrors::Model, StdErrors::Hc1, StdErrors::Hc3, StdErrors::Cluster];
        Self {
            source: words[0],
            file: words[1],
            is_linear: words[2] == "linear",
            outcome: words[3],
            features: words[4].split(',').collect(),
            std_errors: all.into_iter().find(|kind| kind.word() == words[5]).expect("standard errors"),
            weights: named(words[6]),
            clusters: named(words[7]),
            numbers: Vec::new(),
        }
    }

    fn observations(&self, table: &PlainTable) -> Observations {
        let columns: Vec<Array1<f64>> = self.features.iter().map(|name| table.numbers(name)).collect();
        let values = Array2::from_shape_fn((columns[0].len(), columns.len()), |(row, column)| columns[column][row]);
        let names = self.features.iter().map(|&name| name.to_owned()).collect();
        let outcome = table.numbers(self.outcome);
        let outcome = if self.is_linear {
            Outcome::numeric(self.outcome, outcome)
        } else {
            Outcome::binary(self.outcome, outcome)
        };
        let design = DesignMatrix::new(names, values).expect("a valid design");
        let mut observations = Observations::new(design, outcome.expect("valid")).expect("rows that match");
        if let Some(name) = self.weights {
            let weights = Weights::new(WeightKind::Precision, table.numbers(name).to_vec()).expect("weights");
            observations = observations.weighted(weights).expect("one a row");
        }
        if let Some(name) = self.clusters {
            observations = observations.clustered(Clusters::from_labels(table.words(name))).expect("one a row");
        }
        observations
    }

    fn hold(&self, table: &PlainTable) {
        let observations = self.observations(table);
        let std_errors = self.std_errors;
        let (rows, log_likelihood) = if self.is_linear {
            let fit = Ols { std_errors, ..Ols::default() }.fit(&observations).expect("a fit");
            (fit.coefficients().to_vec(), fit.summary().log_likelihood)
        } else {
            let fit = Logit { std_errors, ..Logit::default() }.fit(&observations).expect("a fit");
            (fit.coefficients().to_vec(), fit.summary().log_likelihood)
        };
        let each = |pick: fn(&Coefficient) -> f64| rows.iter().map(pick).collect::<Vec<f64>>();
        for (what, want) in &self.numbers {
            let got = match *what {
                "estimate" => each(|row| row.estimate),
                "std_error" => each(|row| row.std_error),
                "p_value" => each(|row| row.p_value),
                "conf_low" => each(|row| row.conf_low),
                _ => vec![log_likelihood],
            };
            let relative = match (self.is_linear, *what) {
                (true, "p_value") => TAIL,
                (true, _) => CLOSED,
                (false, _) => ITERATIVE,
            };
            assert_eq!(got.len(), want.len(), "{}: {what}", self.file);
            for ((got, want), row) in got.iter().zip(want).zip(rows.iter().cycle()) {
                let scale = if *what == "p_value" { 0.0 } else { OF_STD_ERROR * row.std_error };
                assert!(
                    (got - want).abs() <= relative * want.abs() + scale,
                    "{} {} {what} of {}: {got} is not {want}",
                    self.file,
                    std_errors.word(),
                    row.term
                );
            }
        }
    }
}

/// Cells by column; the files differ in what parts and quotes them.
struct PlainTable {
    names: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl PlainTable {
    fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).expect("a readable file");
        let header = text.lines().next().expect("a header");
        let part = ['\t', ','].into_iter().find(|&part| header.contains(part)).unwrap_or(' ');
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(part as u8)
            .quote(if header.contains('\'') { b'\'' } else { b'"' })
            .trim(csv::Trim::All)
            .flexible(true)
            .from_reader(text.as_bytes());
        let names = reader.headers().expect("a header").iter().map(str::to_owned).collect();
        let rows = reader.records().map(|row| row.expect("cells").iter().map(str::to_owned).collect()).collect();
        Self { names, rows }
    }

    fn words(&self, name: &str) -> Vec<&str> {
        let place = self.names.iter().position(|candidate| candidate == name).expect("a column");
        self.rows.iter().map(|row| row[place].as_str()).collect()
    }

    /// A column, or with `name=value` where it has this value.
    fn numbers(&self, name: &str) -> Array1<f64> {
        match name.split_once('=') {
            Some((name, value)) => self.words(name).iter().map(|word| f64::from(u8::from(*word == value))).collect(),
            None => self.words(name).iter().map(|word| word.parse::<f64>().expect("a number")).collect(),
        }
    }
}

/// The data sets that an installed statsmodels brings along.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn statsmodels() -> Option<PathBuf> {
    let locate = "import importlib.util as u; print(u.find_spec('statsmodels').submodule_search_locations[0])";
    let found = Command::new("python3").args(["-c", locate]).output().ok().filter(|output| output.status.success());
    let folder = found.map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()).join("datasets"));
    let folder = folder.filter(|folder| folder.is_dir());
    if folder.is_none() {
        eprintln!("skipped: there is no statsmodels whose data sets could be read");
    }
    folder
}

/// Holds every fit of a source; how many data sets that were.
fn hold_all(source: &str, folder: &Path) -> usize {
    let all = Expected::all(include_str!("../oracles/agreement.txt"));
    let of_source: Vec<&Expected> = all.iter().filter(|expected| expected.source == source).collect();
    for expected in &of_source {
        expected.hold(&PlainTable::read(&folder.join(expected.file)));
    }
    of_source.iter().map(|expected| expected.file).collect::<BTreeSet<_>>().len()
}

#[test]
fn fits_of_r_s_classics_agree_with_statsmodels() {
    let Some(folder) = shared("data/classic") else { return };
    assert_eq!(hold_all("classic", &folder), 8);
}

#[test]
fn fits_of_statsmodels_own_data_sets_agree_with_it() {
    let Some(folder) = statsmodels() else { return };
    assert_eq!(hold_all("statsmodels", &folder), 12);
}
