//! Mathematics that knows nothing of customers: distributions, moments, small dense linear algebra, quantiles and
//! reproducible random streams.

pub mod distributions;
pub mod linear_algebra;
pub mod moments;
pub mod quantile;
pub mod random;
pub mod special;

pub use distributions::Confidence;
pub use moments::SecondMoments;
