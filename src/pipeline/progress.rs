//! How far the use of a study has come, for whoever waits for it. Nothing of it is in a result.

use crate::study::Outcome;

/// The step that judges models.
pub(super) const JUDGING: &str = "judging the models on answers they have not seen";

/// How far a run has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Bytes of the sources that have been read.
    Reading {
        /// The source.
        source: String,
        /// Bytes so far.
        bytes_done: u64,
        /// Bytes of all sources.
        bytes_total: u64,
    },
    /// A step without a measure.
    Step(&'static str),
    /// One outcome of a step that goes through several.
    Outcome {
        /// The step.
        step: &'static str,
        /// What is made of the outcome, before its name: `drivers of`.
        doing: &'static str,
        /// The outcome.
        outcome: String,
        /// Its place among them, from 1.
        number: usize,
        /// How many there are.
        of: usize,
    },
}

/// A step that goes through several outcomes, one after the other.
pub(super) struct OutcomeSteps<'p> {
    pub step: &'static str,
    pub of: usize,
    pub progress: &'p dyn Fn(Progress),
}

impl OutcomeSteps<'_> {
    /// Says what is made now of the outcome at this place, from 0.
    pub fn say(&self, place: usize, outcome: &Outcome, doing: &'static str) {
        let (step, of) = (self.step, self.of);
        (self.progress)(Progress::Outcome { step, doing, outcome: outcome.name().to_owned(), number: place + 1, of });
    }
}
