//! Results as people read them.

mod results;

pub use results::{
    Cut, InfluenceResult, InfluenceRow, LeftOut, MeasureRow, Metric, OutcomeResult, ScoreSummary, StudyHead,
    StudyResults,
};
