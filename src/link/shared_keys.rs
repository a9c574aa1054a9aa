//! Which customers two sources have in common, for pairs of which hardly any key is found on the other side.

use super::LinkError;
use super::base_table::BaseTable;
use super::engine::Engine;
use super::match_report::{self, MatchRow};

/// Keys of a side that are shown.
const EXAMPLES: usize = 3;

/// A column of keys of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyColumn {
    /// The source.
    pub source: &'static str,
    /// The column of its typed table.
    pub key: &'static str,
}

/// How many customers two sources have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedKeys {
    /// The two columns.
    pub sides: [KeyColumn; 2],
    /// Different keys in each of them.
    pub n_keys: [u64; 2],
    /// Keys in both.
    pub n_shared: u64,
    /// The first keys in each that the other does not have.
    pub examples: [Vec<String>; 2],
}

impl SharedKeys {
    /// Different keys in the column that has fewer.
    pub fn n_keys_min(&self) -> u64 {
        self.n_keys[0].min(self.n_keys[1])
    }

    /// Share (0-1) of these that stand in the other column as well.
    pub fn share(&self) -> f64 {
        if self.n_keys_min() == 0 { 1.0 } else { self.n_shared as f64 / self.n_keys_min() as f64 }
    }
}

impl KeyColumn {
    fn distinct(self) -> String {
        format!("(SELECT DISTINCT {} AS who FROM {})", self.key, self.source)
    }
}

impl Engine {
    /// Customers in common of the sources that hold the fewest of each other's: of the pairs of the match report, those of which less
    /// than `share_max` of the rows found their key; without a report, every source beside the answers.
    ///
    /// # Errors
    /// The engine fails.
    pub fn shared_keys(&self, matches: &[MatchRow], share_max: f64) -> Result<Vec<SharedKeys>, LinkError> {
        let mut all = Vec::new();
        for sides in match_report::pairs(self.plan()) {
            let own = matches.iter().find(|row| row.source == sides[0].source && row.key == sides[0].key);
            let found = own.map(|row| (row.n_matched + row.n_ambiguous) as f64 / row.n_rows as f64);
            // Counting the rows is cheap and done; different keys are counted only where that may matter.
            if found.is_none_or(|found| found < share_max) {
                all.push(self.shared_keys_of(sides)?);
            }
        }
        Ok(all)
    }

    fn shared_keys_of(&self, sides: [KeyColumn; 2]) -> Result<SharedKeys, LinkError> {
        let [one, other] = sides.map(KeyColumn::distinct);
        let doing = "looking for customers in common";
        let counts = self.rows(
            &format!(
                "SELECT COUNT(a.who) AS n_one, COUNT(b.who) AS n_other, COUNT(*) FILTER (WHERE a.who = b.who) AS n_shared\n\
                 FROM {one} a FULL JOIN {other} b ON b.who = a.who"
            ),
            doing,
        )?;
        let lacking = |one: &str, other: &str| -> Result<Vec<String>, LinkError> {
            let statement = format!(
                "SELECT a.who AS who FROM {one} a LEFT JOIN {other} b ON b.who = a.who WHERE b.who IS NULL\n\
                 ORDER BY who LIMIT {EXAMPLES}"
            );
            Ok(texts(&self.rows(&statement, doing)?))
        };
        Ok(SharedKeys {
            sides,
            n_keys: [counts.count("n_one")?, counts.count("n_other")?],
            n_shared: counts.count("n_shared")?,
            examples: [lacking(&one, &other)?, lacking(&other, &one)?],
        })
    }

    /// The first different keys of a column, in their order.
    ///
    /// # Errors
    /// The engine fails.
    pub fn first_keys(&self, column: KeyColumn, n: usize) -> Result<Vec<String>, LinkError> {
        let statement = format!("SELECT who FROM {} a ORDER BY who LIMIT {n}", column.distinct());
        Ok(texts(&self.rows(&statement, "listing customers")?))
    }

    /// The different keys of a column, in no order.
    ///
    /// # Errors
    /// The engine fails.
    pub fn each_key(&self, column: KeyColumn, mut take: impl FnMut(&str)) -> Result<(), LinkError> {
        let statement = format!("SELECT who FROM {} a", column.distinct());
        self.each_batch(&statement, "listing customers", |batch| {
            let mut table = BaseTable::default();
            table.append(&batch)?;
            table.texts("who").unwrap_or_default().iter().flatten().for_each(|key| take(key));
            Ok(())
        })
    }
}

fn texts(table: &BaseTable) -> Vec<String> {
    table.texts("who").unwrap_or_default().iter().flatten().cloned().collect()
}
