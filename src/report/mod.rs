//! Results as people read them.

mod results;

pub use results::{
    Cut, InfluenceResult, InfluenceRow, LeftOut, MeasureRow, Metric, OutcomeResult, ScoreSummary, StudyHead,
    StudyResults,
};

#[derive(Debug, thiserror::Error)]
#[error("x")]
pub struct ReportError;
pub struct Places {
    pub folder: String,
}
pub fn html(_r: &StudyResults) -> Result<String, ReportError> {
    Ok(String::new())
}
pub fn markdown(_r: &StudyResults) -> String {
    String::new()
}
pub fn terminal(r: &StudyResults, p: &Places) -> String {
    format!("{:#?}\n{}\n", r.outcomes, p.folder)
}
