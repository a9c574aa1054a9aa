//! What the join gave is kept in the cache of what was read.

use crate::intake::{Cache, Intake, RowsDraft, Table};
use crate::link::{Engine, KeptRows, RowDraft, RowStore};
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// An engine that keeps the rows of its statements in the cache, by what the typed tables hold.
pub(super) fn keeping(engine: Engine, intake: &Intake, cache: &Cache) -> Engine {
    if !cache.is_there() {
        return engine;
    }
    let tables: Vec<&Table> = {
        let is_read = |table: &&Table| engine.plan().tables.named().any(|(name, _)| name == table.name);
        intake.tables.all().into_iter().filter(is_read).collect()
    };
    let fingerprints: io::Result<Vec<(&str, String)>> =
        tables.into_iter().map(|table| Ok((table.name.as_str(), table.fingerprint()?))).collect();
    match fingerprints {
        Ok(fingerprints) => engine.keeping(KeptRows::over(Arc::new(InCache(cache.clone())), fingerprints)),
        // The engine says better what cannot be read.
        Err(_) => engine,
    }
}

struct InCache(Cache);

impl RowStore for InCache {
    fn open(&self, word: &str) -> Option<File> {
        self.0.rows(word)
    }

    fn draft(&self) -> Option<Box<dyn RowDraft>> {
        let draft = self.0.rows_draft()?;
        Some(Box::new(DraftInCache { cache: self.0.clone(), draft }))
    }
}

struct DraftInCache {
    cache: Cache,
    draft: RowsDraft,
}

impl RowDraft for DraftInCache {
    fn path(&self) -> PathBuf {
        self.draft.path()
    }

    fn keep(self: Box<Self>, word: &str) {
        self.cache.keep_rows(word, self.draft);
    }
}
