//! Why a score moved: who answered, or how they answered; and the latter by touchpoint.
//!
//! `mix_rate` divides a change among segments into a part of their shares and a part of their scores, `attribution` the
//! latter among touchpoints, `resampled` says how sure both are.

mod attribution;
mod mix_rate;
mod resampled;

pub use attribution::{Attribution, TouchpointPart, TouchpointShift};
pub use mix_rate::{Movement, SegmentPart, SegmentWave};
pub use resampled::{MovementRow, MovementWithError, ResampledMovement, TouchpointCoefficient, WaveRows};
