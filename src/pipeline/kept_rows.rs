//! What the join gave is kept in the cache of what was read.

use crate::intake::{Cache, Intake, RowsDraft};
use crate::link::{Engine, KeptRows, RowDraft, RowStore};
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

/// An engine that keeps the rows of its statements in the cache, by what the typed tables hold.
pub(super) fn keeping(engine: Engine, intake: &Intake, cache: &Cache) -> Engine {
    if !cache.is_there() {
        return engine;
    }
    let fingerprint = |name: &'static str| -> Option<(&'static str, String)> {
        let table = intake.tables.all().into_iter().find(|table| table.name == name)?;
        Some((name, table.fingerprint().ok()?))
    };
    let fingerprints: Option<Vec<(&str, String)>> =
        engine.plan().tables.named().map(|(name, _)| fingerprint(name)).collect();
    match fingerprints {
        Some(fingerprints) => engine.keeping(KeptRows::over(Arc::new(InCache(cache.clone())), fingerprints)),
        // Without the content of a table nothing is known of what is made of it; the engine says better what cannot be read.
        None => engine,
    }
}

struct InCache(Cache);

impl RowStore for InCache {
    fn open(&self, word: &str) -> Option<(File, Box<dyn Send>)> {
        let (rows, record) = self.0.rows(word)?;
        Some((rows, Box::new(record)))
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
