//! `advocate drivers`: ranked drivers of a column.

use super::columns::{FlatData, Missing, OutcomeKind};
use crate::drivers::{Driver, DriverAnalysis, DriverFamily, DriverRanking, FitKind, Method};
use crate::findings::Finding;
use crate::pipeline::PipelineError;
use serde::Serialize;

/// What is asked of a flat table.
#[derive(Debug, Clone, PartialEq)]
pub struct DriversQuestion {
    /// The table and what surrounds the features.
    pub data: FlatData,
    /// Columns to rank.
    pub drivers: Vec<String>,
    /// Columns that are in every model and partialled out first.
    pub always: Vec<String>,
    /// The model.
    pub family: DriverFamily,
    /// The pseudo R squared that is divided, for classes.
    pub measure: FitKind,
    /// Methods, uncertainty and limits. Without methods those customary for the family are computed.
    pub analysis: DriverAnalysis,
}

/// Ranked drivers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DriversAnswer {
    /// The ranking. Its `n_rows` are the rows of the file.
    #[serde(flatten)]
    pub ranking: DriverRanking,
}

/// Ranks the drivers.
///
/// # Errors
/// A table that is refused, and whatever makes the analysis impossible.
pub fn drivers(question: &DriversQuestion) -> Result<DriversAnswer, PipelineError> {
    let kind = match question.family {
        DriverFamily::Linear => OutcomeKind::Number,
        DriverFamily::Logistic => OutcomeKind::Class,
    };
    let features: Vec<String> = question.drivers.iter().chain(&question.always).cloned().collect();
    let loaded = question.data.load(&features, kind)?;
    let (own, others) = loaded.columns.split_at(question.drivers.len());
    let drivers: Vec<Driver> = question
        .drivers
        .iter()
        .zip(own)
        .map(|(name, columns)| Driver { name: name.clone(), columns: columns.clone() })
        .collect();
    let always: Vec<usize> = others.iter().flatten().copied().collect();
    let mut analysis = question.analysis.clone();
    if analysis.methods.is_empty() {
        let blocks = drivers.iter().any(|driver| driver.columns.len() != 1);
        analysis.methods = if blocks || question.family == DriverFamily::Logistic {
            vec![Method::Shapley]
        } else {
            vec![Method::Shapley, Method::RelativeWeights]
        };
    }
    let mut ranking = match question.family {
        DriverFamily::Linear => analysis.rank(&loaded.observations, &drivers, &always)?,
        DriverFamily::Logistic => analysis.rank_classes(&loaded.observations, &drivers, &always, question.measure)?,
    };
    ranking.n_rows = loaded.n_rows;
    let mut findings: Vec<Finding> = loaded.findings;
    findings.append(&mut ranking.findings);
    ranking.findings = findings;
    debug_assert!(question.data.missing == Missing::Indicator || ranking.n_used <= ranking.n_rows);
    Ok(DriversAnswer { ranking })
}
