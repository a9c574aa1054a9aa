//! Use cases over one flat table, without a study.

mod answers;
mod beside;
mod codes;
mod columns;
mod correlations;
mod days;
mod drivers;
mod edge_rows;
mod edge_times;
mod fit;
mod fit_gaps;
mod influence;
mod items;
mod nps;
mod penalised;
mod purchases;

pub use answers::{AnswersQuestion, OfGroup};
pub use beside::{FlatWindow, WindowRow};
pub use codes::MissingCodes;
pub use columns::{FlatData, Missing, Reference};
pub use correlations::{CorrelationsQuestion, correlations};
pub use drivers::{DriversAnswer, DriversQuestion, drivers};
pub use edge_times::DelayAnswer;
pub use fit::{FitAnswer, FitQuestion, FitVariant, PartialSteps, StepRow, fit};
pub use fit_gaps::{GapsAnswer, GapsModel, GapsRow, fit_gaps};
pub use influence::{
    Bound, EdgeKinds, EdgeRule, InfluenceAnswer, InfluenceQuestion, NodeMeasure, RivalRow, SpreadModel, influence,
};
pub use items::{ItemAnswer, ItemGroup, ItemQuestion, items};
pub use nps::{NpsAnswer, NpsGroup, NpsQuestion, nps};
pub use penalised::{PenalisedAnswer, PenalisedModel, PenalisedQuestion, penalised};
pub use purchases::{
    ForecastSum, HoldOutAnswer, ParameterRow, PurchasesAnswer, PurchasesModel, PurchasesQuestion, SpendModel, WeekRow,
    purchases,
};
