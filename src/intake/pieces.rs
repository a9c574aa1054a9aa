//! A file in pieces, each of which can be checked by itself, whatever the layout.

use super::IntakeError;
use super::amending::Amending;
use super::check::Checked;
use super::rows::Recalled;

/// The pieces of a file, always the same for the same content.
pub(super) struct Pieces<N, C, R, A, B> {
    /// The next piece; nothing behind the last.
    pub(super) next: N,
    pub(super) check: C,
    /// Rows of a piece found again by their places, which come in rising order.
    pub(super) recall: R,
    /// Looks in a piece for rows by their lines, which may be checked again with other cells; pieces come in their order.
    pub(super) amend: A,
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

    fn visit<P, N, C, R, A, B>(self, pieces: Pieces<N, C, R, A, B>) -> Result<Self::Out, IntakeError>
    where
        P: Send + Sync,
        N: FnMut() -> Result<Option<P>, IntakeError> + Send,
        C: Fn(&P) -> Result<Checked, IntakeError> + Sync,
        R: Fn(&P, &[usize]) -> Vec<Recalled> + Sync,
        A: Fn(&P, &mut Amending<'_>) -> Result<(), IntakeError>,
        B: Fn(&P) -> u64;
}
