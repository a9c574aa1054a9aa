//! How respondents are known, as findings and in the words of `check`.

use crate::findings::{Finding, FindingKind, Severity};
use crate::intake::{IdentityAccount, Intake, Reason, SourceAccount};
use std::fmt::Write as _;

/// What a reader must know of the keys behind all figures.
pub(super) fn findings(accounts: &[SourceAccount], identity: Option<&IdentityAccount>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for account in accounts {
        if let Some(&n) = account.rows_quarantined.get(&Reason::AmbiguousKey) {
            let sentence = format!(
                "{n} of {} rows of {} have a key that leads to several customers, or two keys that lead to different ones; \
                 none is guessed, and they lie in quarantine",
                account.rows_read, account.source
            );
            findings.push(
                Finding::new(FindingKind::Ambiguous, Severity::Warning, &account.source, sentence)
                    .number("n", n as f64)
                    .number("n_rows", account.rows_read as f64),
            );
        }
        if !account.known_by.is_empty() {
            let sentence = format!("customers in the used rows of {}: {}", account.source, known_by(account));
            let finding = Finding::new(FindingKind::SourceRemark, Severity::Note, &account.source, sentence);
            let numbers = account.known_by.iter();
            findings.push(numbers.fold(finding, |finding, own| finding.number(&own.column, own.n_rows as f64)));
        }
    }
    let Some(identity) = identity else { return findings };
    if identity.keys_folded_together > 0 {
        let n = identity.keys_folded_together;
        let most = accounts.iter().filter(|own| own.keys_folded_together > 0);
        let by: Vec<String> =
            most.map(|own| format!("{} first seen in {}", own.keys_folded_together, own.source)).collect();
        let sentence = format!(
            "{n} customers' keys are written in more than one way and taken for one each, as `identity.fold` says ({})",
            by.join(", ")
        );
        let finding = Finding::new(FindingKind::FoldedTogether, Severity::Note, "identity.fold", sentence);
        findings.push(finding.number("n", n as f64));
    }
    let people = identity
        .people
        .filter(|own| own.n_ambiguous_ids > 0)
        .map(|own| (own.n_ambiguous_ids, own.n_ids, "ids lead to several persons, and so to none", "identity.people"));
    let persons = identity.accounts.filter(|own| own.n_ambiguous_persons > 0).map(|own| {
        (own.n_ambiguous_persons, own.n_persons, "persons have several accounts, and so none", "identity.accounts")
    });
    let parents = identity.accounts.filter(|own| own.n_ambiguous_accounts > 0).map(|own| {
        (
            own.n_ambiguous_accounts,
            own.n_accounts,
            "accounts have several parents, or lie below such",
            "identity.accounts",
        )
    });
    for (n, of, what, about) in [people, persons, parents].into_iter().flatten() {
        let sentence = format!("{n} of {of} {what}");
        let finding = Finding::new(FindingKind::Ambiguous, Severity::Warning, about, sentence);
        findings.push(finding.number("n", n as f64).number("of", of as f64));
    }
    findings
}

/// `4120 known by customer_id, 310 by email`, in the order of the study.
pub(super) fn known_by(account: &SourceAccount) -> String {
    let each = account.known_by.iter().enumerate().map(|(at, own)| {
        let known = if at == 0 { " known" } else { "" };
        format!("{}{known} by {}", own.n_rows, own.column)
    });
    each.collect::<Vec<_>>().join(", ")
}

/// What `check` says of the keys.
pub(super) fn lines(intake: &Intake) -> String {
    let mut text = String::new();
    let Some(identity) = &intake.identity else { return text };
    // Writing to a String cannot fail.
    if let Some(own) = identity.people {
        let _ = writeln!(
            text,
            "people: {} ids of {} persons; {} ids lead to several",
            own.n_ids, own.n_persons, own.n_ambiguous_ids
        );
    }
    if let Some(own) = identity.accounts {
        let _ = writeln!(
            text,
            "accounts: {} persons in {} accounts, of which {} stand at the top; {} persons have several accounts, {} accounts \
             several parents",
            own.n_persons, own.n_accounts, own.n_tops, own.n_ambiguous_persons, own.n_ambiguous_accounts
        );
    }
    if identity.keys_folded_together > 0 {
        let _ = writeln!(text, "keys folded together: {}", identity.keys_folded_together);
    }
    if let Some(fingerprint) = &identity.salt_fingerprint {
        let _ = writeln!(text, "keys are hashed; fingerprint of the salt: {fingerprint}");
    }
    text
}
