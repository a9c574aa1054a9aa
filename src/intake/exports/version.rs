//! Which of two versions of a response is the newer one, by the vendor's own marks.

use super::{ExportColumns, ExportRole, status};
use std::cmp::Ordering;

impl ExportColumns {
    /// The columns that say how new a row is, what counts most first: whether the response is finished, when it was changed, and when
    /// it was recorded or ended.
    pub fn version_marks(&self) -> Vec<usize> {
        let changed = ["updated_at", "updatedAt"].into_iter().filter_map(|name| self.find(name).ok().flatten());
        let with = |role| self.all_with(role).next();
        let mut marks: Vec<usize> = with(ExportRole::Finished).into_iter().chain(changed).collect();
        marks.extend([ExportRole::Recorded, ExportRole::End].into_iter().filter_map(with));
        marks.dedup();
        marks
    }
}

/// Whether a row is newer than another, by the marks of both; marks that cannot be compared say nothing.
///
/// # Example
/// ```
/// use advocate::intake::exports::is_newer;
///
/// let marks = |finished: &str, recorded: &str| vec![finished.to_owned(), recorded.to_owned()];
/// assert!(is_newer(&marks("1", "2026-03-01 10:00:00"), &marks("0", "2026-03-05 10:00:00")));
/// assert!(!is_newer(&marks("1", "2026-03-01 10:00:00"), &marks("1", "2026-03-01 10:00:00")));
/// ```
pub fn is_newer(own: &[impl AsRef<str>], other: &[impl AsRef<str>]) -> bool {
    let order = own.iter().zip(other).map(|(own, other)| compared(own.as_ref().trim(), other.as_ref().trim()));
    order.into_iter().find(|order| order.is_ne()) == Some(Ordering::Greater)
}

fn compared(own: &str, other: &str) -> Ordering {
    if let (Some(own), Some(other)) = (status::is_finished(own), status::is_finished(other)) {
        return own.cmp(&other);
    }
    if own.is_empty() || other.is_empty() {
        return (!own.is_empty()).cmp(&!other.is_empty());
    }
    if let (Ok(own), Ok(other)) = (own.parse::<f64>(), other.parse::<f64>()) {
        return own.total_cmp(&other);
    }
    // Dates of ISO 8601 are in order where their texts are.
    let is_iso = |text: &str| text.as_bytes().get(4) == Some(&b'-') && text.as_bytes().get(7) == Some(&b'-');
    if is_iso(own) && is_iso(other) { own.cmp(other) } else { Ordering::Equal }
}
