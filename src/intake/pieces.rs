//! A file in pieces, each of which can be checked by itself, whatever the layout.

use super::IntakeError;
use super::check::Checked;
use super::rows::Recalled;

/// The pieces of a file, always the same for the same content.
pub(super) struct Pieces<N, C, R, B> {
    /// The next piece; nothing behind the last.
    pub(super) next: N,
    pub(super) check: C,
    /// Rows of a piece found again by their places, which come in rising order.
    pub(super) recall: R,
    /// Bytes of a piece, where it is made of bytes.
    pub(super) n_bytes: B,
    /// Pieces that are in hand at a time for each thread.
    pub(super) at_once: usize,
    /// The line, or row, with which the first piece begins.
    pub(super) first_line: u64,
    /// Bytes before the first piece.
    pub(super) header_bytes: u64,
}

/// What is done with the pieces of a file.
pub(super) trait Visit {
    type Out;

    fn visit<P, N, C, R, B>(self, pieces: Pieces<N, C, R, B>) -> Result<Self::Out, IntakeError>
    where
        P: Send + Sync,
        N: FnMut() -> Result<Option<P>, IntakeError> + Send,
        C: Fn(&P) -> Result<Checked, IntakeError> + Sync,
        R: Fn(&P, &[usize]) -> Vec<Recalled> + Sync,
        B: Fn(&P) -> u64;
}
