//! `advocate init`: from files to a commented study that runs.
//!
//! `intake` looks at the files and guesses what they are; here the guess becomes the text of a study (`study_text`, section by
//! section in `sections`, the feedback's answers in `answers`, what purchases leave open in `purchases`), in lines that carry
//! their evidence (`lines`). Where it lies and what it is called follow from the paths (`place`). The text is read by the
//! study's own reader before anybody sees it.

mod answers;
mod clock;
mod error;
mod lines;
mod place;
mod purchases;
mod sections;
mod study_text;

pub use error::DraftError;
pub use study_text::{Draft, DraftSettings, draft};

#[cfg(test)]
mod tests;
