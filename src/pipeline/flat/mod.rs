//! Use cases over one flat table, without a study.

mod columns;
mod correlations;
mod drivers;
mod fit;
mod influence;
mod nps;
mod penalised;

pub use columns::{FlatData, Missing};
pub use correlations::{CorrelationsQuestion, correlations};
pub use drivers::{DriversAnswer, DriversQuestion, drivers};
pub use fit::{FitAnswer, FitQuestion, fit};
pub use influence::{EdgeRule, InfluenceAnswer, InfluenceQuestion, influence};
pub use nps::{NpsAnswer, NpsGroup, NpsQuestion, nps};
pub use penalised::{PenalisedAnswer, PenalisedModel, PenalisedQuestion, PenalisedRest, penalised};
