//! Fits of public data sets by every family against statsmodels.
//!
//! `tests/oracles/agreement.py` made the expected numbers. The data are not part of the project: R's classics are read
//! from the shared folder, the others from an installed statsmodels, and a fit whose data are not there is skipped.

use crate::inputs::shared;
use advocate::data::{Clusters, DesignMatrix, Observations, Outcome, WeightKind, Weights};
use advocate::estimators::{Coefficient, Count, CountDistribution, FitSummary, Logit, Ols, Ordinal, StdErrors};
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
    family: &'t str,
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
            family: words[2],
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
        let outcome = match self.family {
            "logistic" => Outcome::binary(self.outcome, outcome),
            _ => Outcome::numeric(self.outcome, outcome),
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

    fn fit(&self, observations: &Observations) -> (Vec<Coefficient>, FitSummary) {
        let std_errors = self.std_errors;
        macro_rules! fitted {
            ($settings:expr) => {{
                let fit = $settings.fit(observations).expect("a fit");
                (fit.coefficients().to_vec(), fit.summary().clone())
            }};
        }
        let count = |distribution| Count { distribution, std_errors, ..Count::default() };
        match self.family {
            "linear" => fitted!(Ols { std_errors, ..Ols::default() }),
            "logistic" => fitted!(Logit { std_errors, ..Logit::default() }),
            "ordinal" => fitted!(Ordinal { std_errors, ..Ordinal::default() }),
            "poisson" => fitted!(count(CountDistribution::Poisson)),
            _ => fitted!(count(CountDistribution::NegativeBinomial)),
        }
    }

    fn hold(&self, table: &PlainTable) {
        let observations = self.observations(table);
        let (mut rows, summary) = self.fit(&observations);
        // An ordinal model has thresholds behind the slopes, a negative binomial one the logarithm of alpha or alpha itself.
        let n_terms = self.features.len() + usize::from(self.family != "ordinal");
        rows.truncate(n_terms);
        let each = |pick: fn(&Coefficient) -> f64| rows.iter().map(pick).collect::<Vec<f64>>();
        for (what, want) in &self.numbers {
            let got = match *what {
                "estimate" => each(|row| row.estimate),
                "std_error" => each(|row| row.std_error),
                "p_value" => each(|row| row.p_value),
                "conf_low" => each(|row| row.conf_low),
                "alpha" => summary.count.iter().filter_map(|count| count.alpha).collect(),
                _ => vec![summary.log_likelihood],
            };
            let relative = match (self.family == "linear", *what) {
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
                    self.std_errors.word(),
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
    assert_eq!(hold_all("statsmodels", &folder), 13);
}
