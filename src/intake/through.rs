//! The way of a file's pieces into the books: some are checked in parallel while the next are read and those before are
//! handed on, always in the order of the file.

use super::IntakeError;
use super::amending::Amending;
use super::cache::Draft;
use super::check::Checked;
use super::files::SourceFile;
use super::ledger::{Ledger, Run};
use super::pieces::{Pieces, Visit};
use super::progress::Reporter;
use super::rows::Recalled;
use rayon::prelude::*;

/// Checks all pieces and takes them into the books.
pub(super) struct Through<'t, 'p, 'c, 's> {
    pub(super) file: &'t SourceFile,
    pub(super) reporter: &'t mut Reporter<'p>,
    pub(super) ledger: &'t mut Ledger<'c, 's>,
    /// A cache entry in the making, where one is wanted.
    pub(super) draft: Option<Draft>,
}

/// A file that has been taken to its end.
pub(super) struct Taken {
    pub(super) n_rows: u64,
    /// The line, or row, with which its first piece begins.
    pub(super) first_line: u64,
    /// What of it may go to the cache.
    pub(super) draft: Option<Draft>,
}

impl Visit for Through<'_, '_, '_, '_> {
    type Out = Taken;

    fn visit<P, N, C, R, A, B>(self, pieces: Pieces<N, C, R, A, B>) -> Result<Taken, IntakeError>
    where
        P: Send + Sync,
        N: FnMut() -> Result<Option<P>, IntakeError> + Send,
        C: Fn(&P) -> Result<Checked, IntakeError> + Sync,
        R: Fn(&P, &[usize]) -> Vec<Recalled> + Sync,
        A: Fn(&P, &mut Amending<'_>) -> Result<(), IntakeError>,
        B: Fn(&P) -> u64,
    {
        let Self { file, reporter, ledger, mut draft } = self;
        let Pieces { mut next, check, recall, amend: _, n_bytes, at_once, first_line, header_bytes } = pieces;
        let contract = ledger.contract;
        let source = &contract.source;
        reporter.add(source, header_bytes);
        let wave = rayon::current_num_threads() * at_once;
        let mut read_wave = || -> Result<Vec<P>, IntakeError> {
            let mut read = Vec::new();
            while read.len() < wave
                && let Some(piece) = next()?
            {
                read.push(piece);
            }
            Ok(read)
        };
        let (check, recall) = (&check, &recall);
        let mut run = Run { file: &file.name, first_line, n_rows: 0 };
        let mut waiting = read_wave()?;
        let (mut checked, mut behind) = (Vec::new(), Vec::new());
        while !waiting.is_empty() || !checked.is_empty() {
            let n_bytes = waiting.iter().map(&n_bytes).sum();
            let ready: Vec<Checked> = std::mem::take(&mut checked);
            let done: Vec<P> = std::mem::take(&mut behind);
            let ((next_checked, next_waiting), taken) = rayon::join(
                || {
                    rayon::join(
                        || waiting.par_iter().map(check).collect::<Result<Vec<Checked>, IntakeError>>(),
                        &mut read_wave,
                    )
                },
                || {
                    let part = draft.as_mut().and_then(|draft| draft.part(&ready));
                    let take = || {
                        ready.into_iter().zip(&done).try_for_each(|(checked, piece)| {
                            let aside = ledger.take(&mut run, checked)?;
                            let places: Vec<usize> = aside.places().collect();
                            let recalled = if places.is_empty() { Vec::new() } else { recall(piece, &places) };
                            ledger.put_aside(&file.name, aside, recalled)
                        })
                    };
                    let (written, taken) = rayon::join(|| part.map(|part| part.write()), take);
                    if let (Some(draft), Some(written)) = (&mut draft, written) {
                        draft.add(written);
                    }
                    taken
                },
            );
            taken?;
            checked = next_checked?;
            behind = std::mem::replace(&mut waiting, next_waiting?);
            reporter.add(source, n_bytes);
        }
        Ok(Taken { n_rows: run.n_rows, first_line, draft })
    }
}
