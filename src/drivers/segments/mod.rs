//! Whether drivers differ between segments: each segment's shares against those of all others.

mod compare;
mod differing;
mod random_effects;
mod segmentation;
mod sides;
mod together;

pub use compare::{DriverSpread, SegmentAnalysis, SegmentBase, SegmentRow, SegmentTable, SegmentTest};
pub use random_effects::RandomEffects;
pub use segmentation::Segmentation;
pub use together::adjust;
