//! Mathematics that knows nothing of customers: distributions, moments, small dense linear algebra, quantiles,
//! many tests at once, reproducible random streams and resampling.

pub mod distributions;
pub mod linear_algebra;
pub mod moments;
pub mod multiplicity;
pub mod proportion;
pub mod quantile;
pub mod random;
pub mod resampling;
pub mod special;

pub use distributions::Confidence;
pub use moments::SecondMoments;
pub use resampling::Resampler;
