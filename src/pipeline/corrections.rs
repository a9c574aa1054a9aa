//! Corrected rows as findings.

use crate::findings::{Finding, FindingKind, Severity};
use crate::intake::{CorrectedRow, Intake};
use crate::report::words;

/// Rows that are named in a finding; the others are counted.
const NAMED: usize = 5;

/// What a reader must know of the corrections behind all figures.
pub(super) fn findings(intake: &Intake) -> Vec<Finding> {
    let mut findings = Vec::new();
    for account in &intake.accounts {
        let Some(counts) = &account.corrections else { continue };
        let n_accepted = counts.used + counts.excluded;
        if n_accepted > 0 {
            let sentence = format!(
                "{} of {} of {} had been put aside and {} corrected since",
                words::count(n_accepted),
                words::counted(account.rows_read as usize, "row", "rows"),
                account.source,
                words::either(n_accepted as usize, "counts as it was", "count as they were")
            );
            let finding = Finding::new(FindingKind::RowsCorrected, Severity::Note, &account.source, sentence);
            findings.push(finding.number("n", n_accepted as f64).number("n_used", counts.used as f64));
        }
        let without: Vec<&CorrectedRow> =
            counts.rows.iter().filter(|row| !row.verdict.is_accepted() && !row.verdict.is_not_needed()).collect();
        findings.extend(not_applied(&account.source, &without));
    }
    let elsewhere: Vec<&CorrectedRow> = intake.corrected_elsewhere.iter().collect();
    findings.extend(not_applied("corrections", &elsewhere));
    findings
}

fn not_applied(about: &str, rows: &[&CorrectedRow]) -> Option<Finding> {
    if rows.is_empty() {
        return None;
    }
    let named = rows.iter().take(NAMED).map(|row| format!("{}, line {}: {}", row.file, row.line, row.verdict.phrase()));
    let mut named: Vec<String> = named.collect();
    if rows.len() > NAMED {
        named.push(format!("and {} more", rows.len() - NAMED));
    }
    let sentence = format!(
        "{} corrections of rows have no effect ({}); `advocate quarantine retry` holds them against the files as they are now",
        rows.len(),
        named.join("; ")
    );
    let finding = Finding::new(FindingKind::CorrectionsNotApplied, Severity::Warning, about, sentence);
    Some(finding.number("n", rows.len() as f64))
}
