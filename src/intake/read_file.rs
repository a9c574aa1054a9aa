//! A file that was read anew, when its end is reached: into the books, and into the cache where it is kept.

use super::IntakeError;
use super::account::FileAccount;
use super::cache::Draft;
use super::files::SourceFile;
use super::hash::HashedFile;
use super::ledger::Ledger;
use std::collections::BTreeSet;

/// What is known of a file at its end.
pub(super) struct ReadFile {
    pub rows_read: u64,
    /// The line, or row, with which its first piece began.
    pub first_line: u64,
    pub hashed: HashedFile,
    /// The columns of the study's `rename` that it has.
    pub renames: BTreeSet<String>,
    /// What the cache is to keep of it, where it keeps anything.
    pub draft: Option<Draft>,
}

impl ReadFile {
    /// Accounts for the file; `renames` are those of all files of the source.
    pub fn close(
        self,
        file: &SourceFile,
        renames: &mut BTreeSet<String>,
        ledger: &mut Ledger<'_, '_>,
    ) -> Result<(), IntakeError> {
        let HashedFile { bytes, sha256 } = self.hashed;
        let account = FileAccount { path: file.name.clone(), bytes, sha256, rows_read: self.rows_read };
        if let Some(draft) = self.draft {
            draft.keep(&account, self.first_line, &self.renames);
        }
        renames.extend(self.renames);
        ledger.close_file(file, account)
    }
}
