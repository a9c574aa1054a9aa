//! By which of its columns a row's customer is known.

use super::account::{KnownBy, Reason, SourceAccount};
use super::buffer::State;
use super::check::{Checked, Fault, Scratch, is_code};
use super::contract::{Contract, Kind};
use super::identity::{Alternative, KeyRule, Units};
use super::lookup::Lookup;
use super::rows::Rows;
use crate::study::Level;

/// To whom the row that is being checked belongs, as the table shows it.
#[derive(Debug, Clone, Default)]
pub(super) struct Belonging {
    person: Option<String>,
    account: Option<String>,
    parent: Option<String>,
}

impl Belonging {
    fn new(rule: &KeyRule, units: &Units<'_>) -> Self {
        let shown = |key: &str| rule.identity().shown(key).into_owned();
        let one = |lookup: Lookup<'_>| match lookup {
            Lookup::Found(key) => Some(shown(key)),
            Lookup::Unknown | Lookup::Ambiguous => None,
        };
        Self { person: units.person.map(shown), account: one(units.account), parent: one(units.parent) }
    }

    /// The person, the account or the parent; nothing where none or several are known.
    pub(super) fn of(&self, level: Level) -> Option<&str> {
        match level {
            Level::Person => self.person.as_deref(),
            Level::Account => self.account.as_deref(),
            Level::Parent => self.parent.as_deref(),
        }
    }
}

/// Appends the customer of a row to the column at `at`, and marks the alternative by which it is known.
///
/// The first alternative that is filled and leads to somebody is taken. One that leads nowhere, or to several, is passed over;
/// where all do, the row cannot be used. A later one that leads to somebody else contradicts the first where a file says so of
/// either: two keys that no file leads anywhere are two names, and not two persons.
pub(super) fn push_known(
    rule: &KeyRule,
    contract: &Contract,
    at: usize,
    rows: &impl Rows,
    checked: &mut Checked,
    scratch: &mut Scratch,
) -> Result<State, Fault> {
    let alone = [Alternative { at, crosswalks: Vec::new() }];
    let alternatives = if rule.alternatives().is_empty() { &alone[..] } else { rule.alternatives() };
    let mut taken: Option<Taken> = None;
    let mut passed_over: Option<Fault> = None;
    for alternative in alternatives {
        let written = rows.cell(alternative.at).text(&mut scratch.text);
        if written.is_empty() || is_code(&contract.columns[alternative.at].blank, written) {
            continue;
        }
        let folded = rule.folded(written, &mut checked.writings);
        if folded.is_empty() {
            continue;
        }
        match rule.lead(&alternative.crosswalks, &folded) {
            Ok(lead) => match &taken {
                None => {
                    let (key, through_file) = (lead.key.to_owned(), lead.through_file);
                    taken = Some(Taken { at: alternative.at, key, through_file });
                }
                Some(own) if (own.through_file || lead.through_file) && own.key != lead.key => {
                    return Err(Fault { reason: Reason::AmbiguousKey, columns: vec![own.at, alternative.at] });
                }
                Some(_) => {}
            },
            // That several fit says more than that none does.
            Err(reason) => match &passed_over {
                Some(fault) if fault.reason == Reason::AmbiguousKey || reason != Reason::AmbiguousKey => {}
                _ => passed_over = Some(Fault::of(alternative.at, reason)),
            },
        }
    }
    let Some(taken) = taken else {
        alternatives.iter().for_each(|own| checked.columns[own.at].push_none(State::Blank));
        return passed_over.map_or(Ok(State::Blank), Err);
    };
    let units = rule.units(&taken.key);
    let customer = rule.customer(&taken.key, &units).map_err(|reason| Fault::of(taken.at, reason))?;
    checked.columns[at].push_text(&rule.in_table(customer));
    for other in alternatives.iter().filter(|own| own.at != at) {
        // A text of no length: the cell says only that the row is known by it.
        if other.at == taken.at {
            checked.columns[other.at].push_text("");
        } else {
            checked.columns[other.at].push_none(State::Blank);
        }
    }
    if contract.columns.iter().any(|column| matches!(column.kind, Kind::Unit(_))) {
        scratch.belonging = Belonging::new(rule, &units);
    }
    Ok(State::Value)
}

/// The alternative by which a row is known.
struct Taken {
    at: usize,
    key: String,
    through_file: bool,
}

impl Contract {
    /// Counts the used rows of a run by the column by which their customer is known, and keys that folding makes one.
    pub(super) fn account_for_keys(&self, checked: &Checked, account: &mut SourceAccount) {
        account.keys_folded_together += self.identity.note(&checked.writings);
        let rule = self.columns.iter().enumerate().find_map(|(at, column)| match &column.kind {
            Kind::Key(rule) if rule.alternatives().len() > 1 => Some((at, rule)),
            _ => None,
        });
        let Some((main, rule)) = rule else { return };
        if account.known_by.is_empty() {
            let none = |own: &Alternative| KnownBy { column: self.columns[own.at].input.clone(), n_rows: 0 };
            account.known_by = rule.alternatives().iter().map(none).collect();
        }
        let n_known = |own: &Alternative| {
            checked.columns[own.at].states().iter().filter(|state| **state == State::Value).count() as u64
        };
        let n_by_others: u64 = rule.alternatives().iter().filter(|own| own.at != main).map(n_known).sum();
        for (known, own) in account.known_by.iter_mut().zip(rule.alternatives()) {
            known.n_rows += if own.at == main { checked.n_used as u64 - n_by_others } else { n_known(own) };
        }
    }
}
