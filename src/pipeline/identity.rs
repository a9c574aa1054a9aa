//! How respondents are known, as findings and in the words of `check`.

use crate::findings::{Finding, FindingKind, Severity};
use crate::intake::{IdentityAccount, Intake, Reason, SourceAccount};
use crate::report::words;
use std::fmt::Write as _;

/// What a reader must know of the keys behind all figures.
pub(super) fn findings(accounts: &[SourceAccount], identity: Option<&IdentityAccount>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for account in accounts {
        if let Some(&n) = account.rows_quarantined.get(&Reason::AmbiguousKey) {
            let sentence = format!(
                "{} of {} of {} {} a key that leads to several customers, or two keys that lead to different ones; none is \
                 guessed, and {} in quarantine",
                words::count(n),
                words::counted(account.rows_read as usize, "row", "rows"),
                account.source,
                words::either(n as usize, "has", "have"),
                words::either(n as usize, "it lies", "they lie")
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
            "{} written in more than one way and taken for one{}, as `identity.fold` says ({})",
            words::counted(n as usize, "customer's key is", "customers' keys are"),
            words::either(n as usize, "", " each"),
            by.join(", ")
        );
        let finding = Finding::new(FindingKind::FoldedTogether, Severity::Note, "identity.fold", sentence);
        findings.push(finding.number("n", n as f64));
    }
    let people = identity.people.filter(|own| own.n_ambiguous_ids > 0).map(|own| {
        let what = ["leads to several persons, and so to none", "lead to several persons, and so to none"];
        (own.n_ambiguous_ids, own.n_ids, ("id", "ids"), what, "identity.people")
    });
    let persons = identity.accounts.filter(|own| own.n_ambiguous_persons > 0).map(|own| {
        let what = ["has several accounts, and so none", "have several accounts, and so none"];
        (own.n_ambiguous_persons, own.n_persons, ("person", "persons"), what, "identity.accounts")
    });
    let parents = identity.accounts.filter(|own| own.n_ambiguous_accounts > 0).map(|own| {
        let what = ["has several parents, or lies below such", "have several parents, or lie below such"];
        (own.n_ambiguous_accounts, own.n_accounts, ("account", "accounts"), what, "identity.accounts")
    });
    for (n, of, thing, [one, many], about) in [people, persons, parents].into_iter().flatten() {
        let sentence = words::part(n as usize, of as usize, thing, (one, many));
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
            "people: {} of {}; {} to several",
            words::counted(own.n_ids as usize, "id", "ids"),
            words::counted(own.n_persons as usize, "person", "persons"),
            words::counted(own.n_ambiguous_ids as usize, "id leads", "ids lead")
        );
    }
    if let Some(own) = identity.accounts {
        let _ = writeln!(
            text,
            "accounts: {} in {}, of which {} at the top; {} several accounts, {} several parents",
            words::counted(own.n_persons as usize, "person", "persons"),
            words::counted(own.n_accounts as usize, "account", "accounts"),
            words::counted(own.n_tops as usize, "stands", "stand"),
            words::counted(own.n_ambiguous_persons as usize, "person has", "persons have"),
            words::counted(own.n_ambiguous_accounts as usize, "account", "accounts")
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
