//! Folders that this program wrote itself: what runs of it leave beside the data are no data.

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Bytes of a manifest by which it is recognised: its first keys.
const MANIFEST_BYTES: u64 = 512;
/// Why the results of a run are passed over.
const RESULTS: &str = "results of an earlier run of this program, which are no sources";
/// Why the folder of a join is passed over.
const JOIN: &str = "what `advocate link` wrote, which is no source";
/// Why a cache is passed over.
const CACHE: &str = "a cache, by the CACHEDIR.TAG in it; what it holds is made of other files";

/// Why a folder is passed over whole, where it holds what a run of this program left: its manifest, or a cache.
pub(super) fn reason(folder: &Path) -> Option<&'static str> {
    let head = |name: &str| {
        let mut text = Vec::new();
        File::open(folder.join(name)).ok()?.take(MANIFEST_BYTES).read_to_end(&mut text).ok()?;
        Some(String::from_utf8_lossy(&text).into_owned())
    };
    // The signature is that of the Cache Directory Tagging Specification, which other programs' caches bear as well.
    if head("CACHEDIR.TAG").is_some_and(|text| text.starts_with("Signature: 8a477f597d28d172789f06886806bc55")) {
        return Some(CACHE);
    }
    let is_own = |text: &str| text.contains("\"program\": \"advocate\"") && text.contains("\"format_version\"");
    if head("manifest.json").is_some_and(|text| is_own(&text)) {
        return Some(RESULTS);
    }
    (folder.join("statement.sql").is_file() && folder.join("typed").is_dir()).then_some(JOIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_programs_manifests_and_folders_of_data_are_no_results() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(reason(folder.path()), None);
        // As browser extensions have one.
        std::fs::write(folder.path().join("manifest.json"), "{\"name\": \"advocate\", \"version\": 3}")
            .expect("written");
        assert_eq!(reason(folder.path()), None);
        std::fs::create_dir(folder.path().join("typed")).expect("made");
        assert_eq!(reason(folder.path()), None);
        // Two names together are those of a join.
        std::fs::write(folder.path().join("statement.sql"), "SELECT 1").expect("written");
        assert_eq!(reason(folder.path()), Some(JOIN));
    }
}
