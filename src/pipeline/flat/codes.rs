//! Codes that count as missing, in all columns or in one.

use crate::intake::Wanted;
use crate::pipeline::PipelineError;
use crate::study::Codes;

/// Codes that count as missing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MissingCodes {
    /// In every column that is read.
    pub everywhere: Vec<String>,
    /// In one column alone, by its name.
    pub by_column: Vec<(String, Vec<String>)>,
}

impl MissingCodes {
    /// Columns to read, without these codes.
    pub(super) fn wanted(&self, remedy: &'static str) -> Wanted {
        Wanted {
            not_applicable: Codes::new(self.everywhere.clone()),
            codes_of: self.by_column.iter().map(|(name, codes)| (name.clone(), Codes::new(codes.clone()))).collect(),
            remedy,
            ..Wanted::default()
        }
    }

    /// Refuses codes of a column that is not read: they would do nothing.
    pub(super) fn check(wanted: &Wanted) -> Result<(), PipelineError> {
        match wanted.unread() {
            Some(name) => Err(PipelineError::Usage(format!(
                "--not-applicable has codes of `{name}`, which is none of the columns that are read; write a code that holds an equals \
                 sign in quotes"
            ))),
            None => Ok(()),
        }
    }

    /// A hint where an outcome has one value left and the codes of all columns took the others.
    pub(super) fn hint(&self, outcome: &str, value: f64) -> String {
        let codes = Codes::new(self.everywhere.clone());
        let Some(other) =
            [0.0, 1.0].into_iter().find(|&other| (other - value).abs() > 0.5 && codes.holds_number(other))
        else {
            return String::new();
        };
        format!(
            "; --not-applicable {other} counts as missing in every column, `{outcome}` too: write COLUMN={other} for each column in which it \
             is no answer"
        )
    }
}
