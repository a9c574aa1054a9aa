//! Whether all pages of a vendor's API are among the files.

use super::IntakeError;
use super::exports::{ExportFormat, StatedTotal, stated_total};
use super::files::{Layout, SourceFile};
use super::opened::whole;

/// What the files say themselves is missing of them: pages hold fewer responses than the vendor has.
pub(super) fn missing(found: &[SourceFile]) -> Result<Option<String>, IntakeError> {
    let mut all = StatedTotal { n_there: 0, n_stated: 0 };
    for file in found {
        // The other vendors' files say nothing of it, and need not be read for it.
        let Layout::ExportJson(format @ (ExportFormat::Retently | ExportFormat::Typeform)) = file.layout else {
            continue;
        };
        if let Some(own) = stated_total(format, &whole(file)?) {
            all.n_there += own.n_there;
            all.n_stated = all.n_stated.max(own.n_stated);
        }
    }
    let StatedTotal { n_there, n_stated } = all;
    Ok((n_there < n_stated)
        .then(|| format!("the pages that are there hold {n_there} of {n_stated} responses, as they say themselves; get the others too")))
}
