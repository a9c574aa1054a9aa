//! The ways of dealing with gaps.

use serde::{Deserialize, Serialize};

/// A way of dealing with gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Treatment {
    /// Only rows that lack nothing.
    Listwise,
    /// Each covariance from the rows that have both columns.
    Pairwise,
    /// Moments by maximum likelihood under a normal model.
    Em,
    /// The mean in place of a gap and a column that says so.
    Indicator,
    /// Several completed data sets, pooled.
    MultipleImputation,
}

impl Treatment {
    /// All of them, in the order in which a table shows them.
    pub const ALL: [Self; 5] = [Self::Listwise, Self::Pairwise, Self::Em, Self::Indicator, Self::MultipleImputation];

    /// The word used in JSON, tables and reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Listwise => "listwise",
            Self::Pairwise => "pairwise",
            Self::Em => "em",
            Self::Indicator => "indicator",
            Self::MultipleImputation => "multiple-imputation",
        }
    }

    /// The words at the start of a sentence.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Listwise => "Complete rows",
            Self::Pairwise => "Pairwise moments",
            Self::Em => "Moments by em",
            Self::Indicator => "Filled columns with indicators",
            Self::MultipleImputation => "Imputed data sets",
        }
    }
}
