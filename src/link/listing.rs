//! The join as a text that runs elsewhere.

use super::plan::{Anchors, LinkPlan};
use super::sql::literal;
use std::path::Path;

/// Which lines name the typed tables before the statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableLines {
    /// None: the tables are there under their names.
    Without,
    /// `CREATE EXTERNAL TABLE`, as the embedded engine and its command line have it.
    DataFusion,
    /// `CREATE VIEW` over `read_parquet`, as DuckDB has it.
    DuckDb,
}

impl TableLines {
    fn line(self, name: &str, folder: &Path) -> Option<String> {
        match self {
            Self::Without => None,
            Self::DataFusion => {
                let location = literal(&format!("{}/", folder.display()));
                Some(format!("CREATE EXTERNAL TABLE {name} STORED AS PARQUET LOCATION {location};\n"))
            }
            Self::DuckDb => {
                let files = literal(&format!("{}/*.parquet", folder.display()));
                Some(format!("CREATE VIEW {name} AS SELECT * FROM read_parquet({files});\n"))
            }
        }
    }
}

impl LinkPlan {
    /// The join as runnable SQL: the lines for the typed tables, for customers the table of their anchors, and the
    /// statement, each ended by a semicolon.
    ///
    /// # Example
    /// ```
    /// use advocate::link::{Anchors, LinkPlan, TableLines, TypedTables};
    /// let tables = TypedTables { feedback: Some("typed/feedback".into()), ..TypedTables::default() };
    /// let text = LinkPlan::over(tables, 0).statement_text(Anchors::Answers, TableLines::DataFusion);
    /// assert!(text.starts_with("CREATE EXTERNAL TABLE feedback STORED AS PARQUET LOCATION 'typed/feedback/';"));
    /// assert!(text.ends_with("ORDER BY a.\"row\";\n"));
    /// ```
    pub fn statement_text(&self, anchors: Anchors, lines: TableLines) -> String {
        let mut text: String = self.tables.named().filter_map(|(name, folder)| lines.line(name, folder)).collect();
        if anchors == Anchors::Customers {
            text.push_str(&format!("CREATE TABLE anchors AS\n{};\n", self.customer_anchors()));
        }
        text.push_str(&format!("{};\n", self.statement(anchors)));
        text
    }
}
