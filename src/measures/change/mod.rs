//! Whether a score changed, by how much, and what could have been seen at all.
//!
//! `two_sample` compares two groups of people, `shared` tells what they have in common where some are in both, `paired` compares the same
//! people twice; `trend` follows many waves, `rolling` a window
//! that moves, `control` tells common variation from signals; `many` reads many cuts together; `planning` says how many
//! answers are needed. A change is always the later less the earlier, with its sign.

mod control;
mod many;
mod paired;
mod planning;
mod rolling;
mod shared;
mod trend;
mod two_sample;

pub use control::{ControlLimits, ControlPoint, signals};
pub use many::{CutChange, ManyCuts, WaveCounts};
pub use paired::{PairedChange, PairedChangeSettings};
pub use planning::{Design, Power, SamplePlan};
pub use rolling::{RollingRow, RollingWindow, TimeSpan};
pub use shared::{RowsOfWave, correlation_of_scores};
pub use trend::{Trend, TrendSettings, Wave};
pub use two_sample::{Change, ChangeKind, ChangeSettings, GroupScore};
