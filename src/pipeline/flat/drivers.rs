//! `advocate drivers`: ranked drivers of a column.

use super::columns::{FlatData, Missing, OutcomeKind, Reference};
use crate::drivers::{Driver, DriverAnalysis, DriverError, DriverFamily, DriverRanking, FitKind, MatrixKind, Method};
use crate::estimators::missing::Treatment;
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
    /// Whether a family other than linear is screened by a linear analysis instead.
    pub screen: bool,
    /// Methods, uncertainty and limits. Without methods those customary for the family are computed.
    pub analysis: DriverAnalysis,
}

/// Ranked drivers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DriversAnswer {
    /// The ranking. Its `n_rows` are the rows of the file.
    #[serde(flatten)]
    pub ranking: DriverRanking,
    /// What categories are held against, by driver or column that is always in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// What a table of correlations or covariances was taken for, where the drivers were ranked from one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<MatrixKind>,
}

/// Ranks the drivers.
///
/// # Errors
/// A table that is refused, and whatever makes the analysis impossible.
pub fn drivers(question: &DriversQuestion) -> Result<DriversAnswer, PipelineError> {
    let features: Vec<String> = question.drivers.iter().chain(&question.always).cloned().collect();
    let treatment = match question.data.missing {
        Missing::Listwise | Missing::Indicator => None,
        Missing::Pairwise => Some(Treatment::Pairwise),
        Missing::Em => Some(Treatment::Em),
        Missing::Multiple => {
            return Err(PipelineError::Usage(
                "multiple imputation ranks no drivers yet; use --missing listwise, pairwise, em or indicator"
                    .to_owned(),
            ));
        }
    };
    let (mut ranking, n_rows, references, mut findings) = match treatment {
        None => {
            let kind = if question.family == DriverFamily::Logistic { OutcomeKind::Class } else { OutcomeKind::Number };
            let loaded = question.data.load(&features, kind)?;
            let (drivers, always) = question.places(&loaded.columns);
            let analysis = question.analysis_of(&drivers);
            let ranking = match question.screen {
                true => analysis.screen(&loaded.observations, &drivers, &always),
                false => {
                    analysis.rank_by_family(question.family, &loaded.observations, &drivers, &always, question.measure)
                }
            };
            let ranking = ranking.map_err(|error| match error {
                DriverError::Fit(error) => loaded.in_file(error),
                other => PipelineError::Drivers(other),
            })?;
            (ranking, loaded.n_rows, loaded.references, loaded.findings)
        }
        Some(_) if question.family != DriverFamily::Linear => {
            return Err(PipelineError::Usage(format!(
                "--missing {} gives moments, from which only --family linear follows; use listwise or indicator",
                treatment.map_or("", Treatment::word)
            )));
        }
        Some(treatment) => {
            let loaded = question.data.load_gaps(&features, OutcomeKind::Number)?;
            let (drivers, always) = question.places(&loaded.columns);
            let ranking = question.analysis_of(&drivers).rank_gaps(&loaded.gaps, treatment, &drivers, &always)?;
            (ranking, loaded.n_rows, loaded.references, loaded.findings)
        }
    };
    ranking.n_rows = n_rows;
    findings.append(&mut ranking.findings);
    ranking.findings = findings;
    Ok(DriversAnswer { ranking, references, table: None })
}

impl DriversQuestion {
    /// The drivers and the columns that are always in, by their places.
    fn places(&self, columns: &[Vec<usize>]) -> (Vec<Driver>, Vec<usize>) {
        let (own, others) = columns.split_at(self.drivers.len());
        // Behind a column of numbers stands the mark of its gaps.
        let value = |name: &String, columns: &[usize]| {
            columns.first().copied().filter(|_| !self.data.categorical.contains(name))
        };
        let driver = |(name, columns): (&String, &Vec<usize>)| Driver {
            name: name.clone(),
            columns: columns.clone(),
            value: value(name, columns),
        };
        (self.drivers.iter().zip(own).map(driver).collect(), others.iter().flatten().copied().collect())
    }

    fn analysis_of(&self, drivers: &[Driver]) -> DriverAnalysis {
        let blocks = drivers.iter().any(|driver| driver.columns.len() != 1);
        with_customary_methods(&self.analysis, !blocks && (self.screen || self.family == DriverFamily::Linear))
    }
}

/// The analysis with the methods that are customary where none are named: relative weights go with lines and drivers of
/// one column each, and whoever names groups wants them ranked.
pub(super) fn with_customary_methods(analysis: &DriverAnalysis, relative_weights: bool) -> DriverAnalysis {
    let mut analysis = analysis.clone();
    if analysis.methods.is_empty() {
        analysis.methods.extend((!analysis.groups.is_empty()).then_some(Method::Owen));
        analysis.methods.push(Method::Shapley);
        analysis.methods.extend(relative_weights.then_some(Method::RelativeWeights));
    }
    analysis
}
