//! How far intake has come.

/// How far intake has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The source that is being read.
    pub source: String,
    /// Bytes read of all sources so far.
    pub bytes_done: u64,
    /// Bytes of all sources.
    pub bytes_total: u64,
}

/// What is told how far intake has come.
pub(super) struct Reporter<'p> {
    pub(super) report: &'p dyn Fn(Progress),
    pub(super) bytes_done: u64,
    pub(super) bytes_total: u64,
}

impl Reporter<'_> {
    pub(super) fn add(&mut self, source: &str, n_bytes: u64) {
        self.bytes_done += n_bytes;
        (self.report)(Progress {
            source: source.to_owned(),
            bytes_done: self.bytes_done,
            bytes_total: self.bytes_total,
        });
    }
}
