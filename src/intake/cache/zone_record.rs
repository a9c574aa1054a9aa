//! What was known of the zones that rows name when a file was parsed: the system's zone data may be others by the next run.

use super::record;
use crate::intake::zones::{NamedZones, Zone};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};

/// What was known of some zones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ZoneRecord {
    /// A word for all changes of a zone's clocks, by its name; nothing for one that is not known.
    clocks: BTreeMap<String, Option<String>>,
    /// A word for the names of all zones, where something was named that is none of them.
    names: Option<String>,
}

impl ZoneRecord {
    /// What is known of them now.
    pub(super) fn of(zones: &NamedZones, known: &KnownZones) -> Self {
        let clocks = zones.names.iter().map(|name| (name.clone(), known.clocks(name))).collect();
        Self { clocks, names: zones.with_unknown.then(|| known.names().to_owned()) }
    }

    /// The zones themselves.
    pub(super) fn named(&self) -> NamedZones {
        NamedZones { names: self.clocks.keys().cloned().collect(), with_unknown: self.names.is_some() }
    }

    /// Whether the same is known now.
    pub(super) fn is_still_so(&self, known: &KnownZones) -> bool {
        self.clocks.iter().all(|(name, own)| known.clocks(name) == *own)
            && self.names.as_ref().is_none_or(|own| known.names() == own)
    }
}

/// What is known of zones while a source is read, worked out once for all its files.
#[derive(Debug, Default)]
pub(super) struct KnownZones {
    clocks: Mutex<BTreeMap<String, Option<String>>>,
    names: OnceLock<String>,
}

impl KnownZones {
    fn clocks(&self, name: &str) -> Option<String> {
        // Whoever held it when a thread ended left it whole.
        let mut clocks = self.clocks.lock().unwrap_or_else(PoisonError::into_inner);
        let word = || Zone::of(name).map(|zone| record::hash(zone.fingerprint().as_bytes()));
        clocks.entry(name.to_owned()).or_insert_with(word).clone()
    }

    fn names(&self) -> &str {
        self.names.get_or_init(|| {
            let mut names: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
            names.sort_unstable();
            record::hash(names.join("\n").as_bytes())
        })
    }
}
