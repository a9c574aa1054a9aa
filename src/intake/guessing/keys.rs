//! Who: the columns whose values come back in other files, and the way from a key to the person.

use super::names::{self, Name};
use crate::intake::exports::ExportRole;
use crate::intake::profiling::{ColumnKind, ColumnProfile, FOLDS, KEY_CHARACTERS, SourceProfile};
use crate::study::Fold;
use std::collections::{BTreeSet, HashSet, VecDeque};

/// Different values that a column needs before it can be a key of anything.
const DISTINCT_MIN: u64 = 20;
/// Rows of a file so small that fewer will do.
const SMALL: u64 = 40;
/// Share of the smaller column's values that must come back in the larger.
const SHARED_MIN: f64 = 0.5;
/// The same where only some rows were looked at, and most values are not among them.
const SHARED_MIN_SAMPLED: f64 = 0.005;
/// Share of the smaller column's values that a folding must bring together, beside those that meet as they are written.
const FOLDED_MIN: f64 = 0.05;
/// Fewer keys than this may meet under a folding by accident.
const N_FOLDED_MIN: usize = 3;
/// Share of a column's values in another of which no name says the same, from which on this is told.
const OTHERWISE_MIN: f64 = 0.9;
/// Share of blank cells beyond which a column is no key.
const KEY_BLANK_MAX: f64 = 0.6;
/// Steps from a key to the person.
const STEPS_MAX: usize = 3;

/// One file on the way from a key to the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyStep {
    /// The source, by its place.
    pub source: usize,
    /// The column that is looked up.
    pub from: String,
    /// The column that is found.
    pub to: String,
}

/// The column that says who.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyGuess {
    /// The column as a study names it.
    pub column: String,
    /// The files through which it leads to the person.
    pub via: Vec<KeyStep>,
    /// What speaks for it.
    pub why: String,
    /// What is not sure, with the alternatives.
    pub question: Option<String>,
    /// Whether its name alone speaks for it, because its values are in no other file.
    pub is_alone: bool,
}

/// What of the keys' writing must be taken away before they meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoldGuess {
    /// The words, in the order in which a study applies them.
    pub words: Vec<Fold>,
    /// What speaks for it, a sentence for each pair of columns.
    pub why: Vec<String>,
    /// Keys of one column that become one, and whether that is right.
    pub question: Option<String>,
}

/// A column of a source, by their places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) source: usize,
    pub(super) column: usize,
}

/// Which columns hold keys of the same things, and which of these things are the persons.
#[derive(Debug)]
pub(super) struct Keys<'p> {
    sources: &'p [SourceProfile],
    /// The columns of every domain.
    domains: Vec<Vec<Place>>,
    /// The domain of the persons.
    person: Option<usize>,
    /// The column in which several keys of one person come together, and the one that leads there.
    refined: Option<Refined>,
}

/// What speaks for a domain being that of the persons, the first the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct DomainWeight {
    says_who: u8,
    n_sources: usize,
    n_named: usize,
    /// Different values among the answers: of managers and groups there are fewer than of customers.
    n_values: u64,
}

#[derive(Debug, Clone, Copy)]
struct Refined {
    source: usize,
    from: usize,
    to: usize,
}

impl<'p> Keys<'p> {
    /// Of some sources, of which one seems to hold the answers.
    pub(super) fn of(sources: &'p [SourceProfile], answers: Option<usize>) -> Self {
        let mut places = Vec::new();
        for (source, profile) in sources.iter().enumerate() {
            let columns = profile.columns.iter().enumerate();
            places.extend(columns.filter(|(_, own)| may_be_key(own)).map(|(column, _)| Place { source, column }));
        }
        let mut keys = Self { sources, domains: domains(sources, &places), person: None, refined: None };
        keys.person = keys.find_person(answers);
        keys.refined = keys.person.and_then(|person| keys.refine(person));
        keys
    }

    fn column(&self, place: Place) -> &'p ColumnProfile {
        &self.sources[place.source].columns[place.column]
    }

    /// The domain that is called after customers, else the one that most sources share; the address of a person only
    /// where nothing else says who. What the answers have in common with another file comes before all of these: a key that only
    /// the other files have says nothing of the answers.
    fn find_person(&self, answers: Option<usize>) -> Option<usize> {
        let mut weighed: Vec<(DomainWeight, usize)> =
            self.domains.iter().enumerate().map(|(at, domain)| (self.weigh(domain, answers), at)).collect();
        weighed.sort_by_key(|(weight, at)| (std::cmp::Reverse(*weight), *at));
        let is_of_answers = |at: usize| answers.is_some_and(|source| self.leads_to(source, at));
        let common = weighed.iter().find(|(weight, at)| weight.says_who > 0 && is_of_answers(*at));
        let (weight, at) = *common.or(weighed.first())?;
        // A key that nothing is called after and no other file has may be that of anything.
        (weight.says_who > 0 || (weight.n_sources > 1 && !self.is_of_orders(at))).then_some(at)
    }

    fn weigh(&self, domain: &[Place], answers: Option<usize>) -> DomainWeight {
        let mut sources: Vec<usize> = domain.iter().map(|place| place.source).collect();
        sources.dedup();
        let is_named =
            |own: &ColumnProfile| is_called_customer(own) && Name::of(&own.name).says(names::STAFF).is_none();
        let n_named = domain.iter().filter(|place| is_named(self.column(**place))).count();
        let has_email = domain.iter().any(|place| is_email(self.column(*place)));
        let says_who = match (n_named > 0, has_email) {
            (true, _) => 2,
            (false, true) => 1,
            (false, false) => 0,
        };
        let is_in_answers =
            |place: &&Place| answers == Some(place.source) || !sources.iter().any(|own| answers == Some(*own));
        let n_values =
            domain.iter().filter(is_in_answers).map(|place| self.column(*place).n_distinct).max().unwrap_or(0);
        DomainWeight { says_who, n_sources: sources.len(), n_named, n_values }
    }

    /// Whether a source shares keys of a domain with another, or leads to it over other files.
    fn leads_to(&self, source: usize, domain: usize) -> bool {
        let has = |own: bool| self.domains[domain].iter().any(|place| (place.source == source) == own);
        has(true) && has(false) || !has(true) && self.way(source, domain).is_some()
    }

    fn is_of_orders(&self, domain: usize) -> bool {
        self.domains[domain].iter().all(|&place| {
            let name = Name::of(&self.column(place).name);
            name.says(names::ORDER).is_some() || name.says(names::PRODUCT).is_some()
        })
    }

    /// Where a file that has each key once also has a column of persons, with fewer of them, the persons are those.
    fn refine(&self, person: usize) -> Option<Refined> {
        self.domains[person].iter().filter(|place| self.column(**place).is_unique()).find_map(|place| {
            let from = self.column(*place);
            let columns = self.sources[place.source].columns.iter().enumerate();
            let mut finer = columns.filter(|(at, column)| {
                *at != place.column
                    && Name::of(&column.name).says(names::PERSON).is_some()
                    && may_be_key(column)
                    && column.n_distinct < from.n_distinct
                    && column.n_distinct * 2 > from.n_distinct
            });
            finer.next().map(|(to, _)| Refined { source: place.source, from: place.column, to })
        })
    }

    /// The columns of a source that hold persons.
    pub(super) fn persons(&self, source: usize) -> Vec<&'p ColumnProfile> {
        let own = self.person.map(|person| self.domains[person].as_slice()).unwrap_or_default();
        own.iter().filter(|place| place.source == source).map(|place| self.column(*place)).collect()
    }

    /// The column of a source that says who, and the way from there to the person.
    pub(super) fn who(&self, source: usize) -> Option<KeyGuess> {
        if let Some(refined) = self.refined.filter(|refined| refined.source == source) {
            let to = &self.sources[source].columns[refined.to];
            return Some(KeyGuess {
                column: to.name.clone(),
                via: Vec::new(),
                why: format!(
                    "fewer values than {}: several of these belong to one person",
                    self.sources[source].columns[refined.from].name
                ),
                question: None,
                is_alone: false,
            });
        }
        let own = self.persons(source);
        // Running numbers of customers and of their managers are the same numbers, and there are more customers; of equals the first.
        let named = own.iter().rev().filter(|column| is_called_customer(column)).max_by_key(|column| column.n_distinct);
        if let Some(column) = named.or(own.first()) {
            let mut guess = self.direct(source, column);
            if let Some(refined) = self.refined {
                guess.via.push(self.last_step(refined));
                guess.question = Some(format!(
                    "are the persons those of {}, of whom there are fewer? else leave out the last step",
                    self.sources[refined.source].columns[refined.to].name
                ));
            }
            return Some(guess);
        }
        self.by_way(source).or_else(|| self.by_name(source))
    }

    /// The column that is called after customers, though none of its values is in another file.
    fn by_name(&self, source: usize) -> Option<KeyGuess> {
        let mut columns = self.sources[source].columns.iter();
        let column = columns.find(|column| may_be_key(column) && is_called_customer(column))?;
        Some(self.direct(source, column))
    }

    fn last_step(&self, refined: Refined) -> KeyStep {
        let columns = &self.sources[refined.source].columns;
        KeyStep {
            source: refined.source,
            from: columns[refined.from].name.clone(),
            to: columns[refined.to].name.clone(),
        }
    }

    fn direct(&self, source: usize, column: &ColumnProfile) -> KeyGuess {
        let name = Name::of(&column.name);
        let mut reasons = Vec::new();
        if let Some(word) = name.says(names::CUSTOMER).or(name.says(names::EMAIL)) {
            reasons.push(format!("its name says \"{word}\""));
        }
        reasons.push(format!("{} different values", column.n_distinct));
        let others = self.elsewhere(source, &column.name);
        reasons.extend(others.iter().take(2).map(|place| {
            let other = self.column(*place);
            let meeting = Meeting::of(column, other);
            let folded = if meeting.fold.is_empty() { "" } else { ", once both are folded" };
            format!("{} of them in {} of {}{folded}", meeting.n_shared, other.name, self.sources[place.source].name())
        }));
        let is_alone = self.sources.len() > 1 && others.is_empty();
        let rivals = self.rivals(source, column);
        let or_else = |rivals: &[String]| format!("or is it {}, which other files have too?", rivals.join(", or "));
        let is_doubtful = is_alone || name.says(names::CUSTOMER).is_none() && column.role.is_none();
        let question = is_doubtful.then(|| {
            let own = match self.called_otherwise(source, column).filter(|_| is_alone) {
                Some(elsewhere) => format!("{elsewhere}; "),
                None if is_alone => "its values are in no other file; ".to_owned(),
                None => self.passed_over(source, column).map_or_else(String::new, |other| format!("{other}; ")),
            };
            let others = if rivals.is_empty() { String::new() } else { format!(" {}", or_else(&rivals)) };
            format!("{own}is this the customer, as the other files know the customer?{others}")
        });
        let question = question.or_else(|| (!rivals.is_empty()).then(|| or_else(&rivals)));
        KeyGuess { column: column.name.clone(), via: Vec::new(), why: reasons.join("; "), question, is_alone }
    }

    /// The column of another file that holds nearly all values of a column under a name that does not say that they are keys of
    /// the same, in a sentence.
    fn called_otherwise(&self, source: usize, column: &ColumnProfile) -> Option<String> {
        let columns = self.sources.iter().enumerate().filter(|(at, _)| *at != source);
        let columns = columns.flat_map(|(_, other)| other.columns.iter().map(move |own| (other, own)));
        let shared = columns.filter(|(_, own)| may_be_key(own)).filter_map(|(other, own)| {
            let n = Meeting::of(column, own).n_shared;
            let is_most = n as u64 >= DISTINCT_MIN && n as f64 >= OTHERWISE_MIN * column.keys.len() as f64;
            is_most.then_some((n, other, own))
        });
        let (n, other, own) = shared.max_by_key(|(n, ..)| *n)?;
        Some(format!(
            "{n} of its {} values are in {} of {} too, whose name does not say that they are customers (numbers of other things may be the \
             same by accident); if they are, name it there as `customer`",
            column.keys.len(),
            own.name,
            other.name()
        ))
    }

    /// Other columns of a source that are called after customers and whose values are in other files.
    fn rivals(&self, source: usize, taken: &ColumnProfile) -> Vec<String> {
        let columns = self.sources[source].columns.iter();
        let others = columns.filter(|own| own.name != taken.name && may_be_key(own) && is_called_customer(own));
        let others = others.filter(|own| !self.elsewhere(source, &own.name).is_empty());
        others.map(|own| format!("{} ({} different values)", own.name, own.n_distinct)).collect()
    }

    /// The column of a source that is called after customers and is not taken, in a sentence.
    fn passed_over(&self, source: usize, taken: &ColumnProfile) -> Option<String> {
        let columns = self.sources[source].columns.iter();
        let other = columns
            .filter(|own| own.name != taken.name && own.n_filled() > 0)
            .find(|own| is_called_customer(own) && self.elsewhere(source, &own.name).is_empty())?;
        let why = if other.blank_share() > KEY_BLANK_MAX {
            format!("{:.0} % of its cells are blank", 100.0 * other.blank_share())
        } else {
            "the answers and the other files do not have its values in common".to_owned()
        };
        Some(format!("{} is called after customers, but {why}", other.name))
    }

    /// The shortest way over files that have a key once to one that also has the person.
    fn by_way(&self, source: usize) -> Option<KeyGuess> {
        self.way(source, self.person?)
    }

    fn way(&self, source: usize, person: usize) -> Option<KeyGuess> {
        let mut waiting: VecDeque<(Place, Vec<KeyStep>, usize)> = VecDeque::new();
        for (column, _) in self.sources[source].columns.iter().enumerate() {
            waiting.push_back((Place { source, column }, Vec::new(), column));
        }
        while let Some((at, steps, start)) = waiting.pop_front() {
            if steps.len() >= STEPS_MAX {
                continue;
            }
            let Some(domain) = self.domains.iter().find(|domain| domain.contains(&at)) else { continue };
            for next in domain.iter().filter(|next| next.source != at.source && next.source != source) {
                if steps.iter().any(|step| step.source == next.source) || !self.column(*next).is_unique() {
                    continue;
                }
                let step = |to: usize| KeyStep {
                    source: next.source,
                    from: self.column(*next).name.clone(),
                    to: self.sources[next.source].columns[to].name.clone(),
                };
                let found = self.domains[person].iter().find(|place| place.source == next.source);
                if let Some(found) = found {
                    let mut via = [steps.clone(), vec![step(found.column)]].concat();
                    if let Some(refined) = self.refined {
                        via.push(self.last_step(refined));
                    }
                    let first = self.column(Place { source, column: start });
                    return Some(KeyGuess {
                        column: first.name.clone(),
                        why: format!(
                            "no column of this file says who; its values are those of {} in {}, which leads there",
                            via[0].from,
                            self.sources[via[0].source].name()
                        ),
                        question: Some("is this the way from the answer to the person?".to_owned()),
                        via,
                        is_alone: false,
                    });
                }
                for to in 0..self.sources[next.source].columns.len() {
                    if to != next.column {
                        let place = Place { source: next.source, column: to };
                        waiting.push_back((place, [steps.clone(), vec![step(to)]].concat(), start));
                    }
                }
            }
        }
        None
    }

    /// Sources other than this one that hold values of a column, with the column that does.
    pub(super) fn elsewhere(&self, source: usize, column: &str) -> Vec<Place> {
        let is_own = |place: &&Place| place.source == source && self.column(**place).name == column;
        let domain = self.domains.iter().find(|domain| domain.iter().any(|place| is_own(&place)));
        domain.into_iter().flatten().filter(|place| place.source != source).copied().collect()
    }

    /// Sources other than this one that hold most values of a column as they are written there.
    pub(super) fn elsewhere_as_written(&self, source: usize, column: &str) -> Vec<Place> {
        let own = self.sources[source].columns.iter().find(|own| own.name == column);
        let is_same = |place: &Place| {
            let other = self.column(*place);
            own.is_some_and(|own| 2 * n_common(&own.keys, &other.keys) >= own.keys.len().min(other.keys.len()))
        };
        self.elsewhere(source, column).into_iter().filter(is_same).collect()
    }

    /// What must be taken away from the keys of some columns (source, name) so that they meet; nothing where they do.
    pub(super) fn fold(&self, used: &[(usize, String)]) -> Option<FoldGuess> {
        let place = |(source, name): &(usize, String)| {
            let column = self.sources[*source].columns.iter().position(|own| own.name == *name)?;
            Some(Place { source: *source, column })
        };
        let used: BTreeSet<Place> = used.iter().filter_map(place).collect();
        let (mut words, mut why): (BTreeSet<Fold>, Vec<String>) = (BTreeSet::new(), Vec::new());
        for (at, one) in used.iter().enumerate() {
            for two in used.iter().skip(at + 1) {
                let are_same = self.domains.iter().any(|domain| domain.contains(one) && domain.contains(two));
                let meeting = Meeting::of(self.column(*one), self.column(*two));
                if !are_same || one.source == two.source || meeting.fold.is_empty() {
                    continue;
                }
                let [own, other] = [one, two]
                    .map(|place| format!("{} of {}", self.column(*place).name, self.sources[place.source].name()));
                why.push(format!(
                    "of the keys in {own} and in {other} {} are the same so, and {} as they are written",
                    meeting.n_shared, meeting.n_written
                ));
                words.extend(meeting.fold);
            }
        }
        let words: Vec<Fold> = words.into_iter().collect();
        let merged = used.iter().filter_map(|place| {
            let column = self.column(*place);
            let n = column.keys.len() - column.keys_folded(&words).len();
            (n > 0).then(|| format!("{n} in {} of {}", column.name, self.sources[place.source].name()))
        });
        let merged: Vec<String> = merged.collect();
        let question = (!merged.is_empty()).then(|| {
            format!(
                "folded so, keys become one with another of their column: {}; are these one customer?",
                merged.join(", ")
            )
        });
        (!words.is_empty()).then_some(FoldGuess { words, why, question })
    }
}

/// What two columns have in common.
struct Meeting {
    /// Values in both, as they are written.
    n_written: usize,
    /// Values in both under the folding.
    n_shared: usize,
    /// The words of folding; none where they bring nothing worth a word.
    fold: Vec<Fold>,
}

impl Meeting {
    fn of(a: &ColumnProfile, b: &ColumnProfile) -> Self {
        let common = |fold: &[Fold]| n_common(a.keys_folded(fold), b.keys_folded(fold));
        let n_written = common(&[]);
        let written = Self { n_written, n_shared: n_written, fold: Vec::new() };
        let smaller = a.keys.len().min(b.keys.len());
        let notable = N_FOLDED_MIN.max((FOLDED_MIN * smaller as f64).ceil() as usize);
        let n_most = common(&FOLDS);
        if n_most < n_written + notable {
            return written;
        }
        // The fewest words that do, so that no word is there for a key or two; of as many, those that leave more alone.
        let narrow_first = [Fold::Trim, Fold::Nfkc, Fold::WholeNumbers, Fold::LeadingZeros, Fold::Case];
        let mut sets: Vec<usize> = (1..1 << narrow_first.len()).collect();
        sets.sort_by_key(|set| (set.count_ones(), *set));
        let words = |set: usize| -> Vec<Fold> {
            FOLDS
                .into_iter()
                .filter(|own| narrow_first.iter().position(|word| word == own).is_some_and(|at| set >> at & 1 == 1))
                .collect()
        };
        let mut tried = sets.into_iter().map(|set| (common(&words(set)), words(set)));
        tried.find(|(n, _)| n + notable > n_most).map_or(written, |(n_shared, fold)| Self { n_written, n_shared, fold })
    }
}

fn n_common(one: &HashSet<u64>, other: &HashSet<u64>) -> usize {
    one.intersection(other).count()
}

fn may_be_key(column: &ColumnProfile) -> bool {
    let n_filled = column.n_filled();
    let is_many = column.n_distinct >= DISTINCT_MIN || (n_filled < SMALL && column.n_distinct * 2 > n_filled.max(2));
    let is_part = matches!(column.role, None | Some(ExportRole::Email | ExportRole::ExternalReference));
    matches!(column.kind, ColumnKind::Text | ColumnKind::Whole)
        && is_many
        && is_part
        && column.n_negative == 0
        && column.mean_length <= KEY_CHARACTERS
        && column.blank_share() <= KEY_BLANK_MAX
}

fn is_called_customer(column: &ColumnProfile) -> bool {
    let name = Name::of(&column.name);
    column.role == Some(ExportRole::ExternalReference)
        || name.says(names::CUSTOMER).is_some()
            && name.says(names::NOT_A_KEY).is_none()
            && name.says(names::EMAIL).is_none()
}

fn is_email(column: &ColumnProfile) -> bool {
    column.role == Some(ExportRole::Email)
        || Name::of(&column.name).says(names::EMAIL).is_some()
            && column.frequent.first().is_some_and(|value| value.text.contains('@'))
}

/// Columns that hold keys of the same things, each in one domain.
fn domains(sources: &[SourceProfile], places: &[Place]) -> Vec<Vec<Place>> {
    let mut domain: Vec<usize> = (0..places.len()).collect();
    for one in 0..places.len() {
        for two in one + 1..places.len() {
            if domain[one] != domain[two] && are_same(sources, places[one], places[two]) {
                let (keep, give) = (domain[one].min(domain[two]), domain[one].max(domain[two]));
                domain.iter_mut().filter(|own| **own == give).for_each(|own| *own = keep);
            }
        }
    }
    let mut all: Vec<Vec<Place>> = Vec::new();
    for first in 0..places.len() {
        let of: Vec<Place> = (0..places.len()).filter(|&at| domain[at] == first).map(|at| places[at]).collect();
        if !of.is_empty() {
            all.push(of);
        }
    }
    all
}

/// Whether the values of two columns are keys of the same things.
fn are_same(sources: &[SourceProfile], one: Place, two: Place) -> bool {
    if one.source == two.source {
        return false;
    }
    let column = |place: Place| &sources[place.source].columns[place.column];
    let (a, b) = (column(one), column(two));
    let smaller = a.keys.len().min(b.keys.len());
    let n_shared = Meeting::of(a, b).n_shared;
    let akin = Name::of(&a.name).is_akin(&Name::of(&b.name))
        || is_called_customer(a) && is_called_customer(b)
        || is_email(a) && is_email(b);
    // Running numbers of different things are the same numbers, so numbers need akin names too.
    let are_numbers = a.kind == ColumnKind::Whole && b.kind == ColumnKind::Whole;
    let is_called_key = |own: &ColumnProfile| is_called_customer(own) || names_a_party(&own.name);
    if are_numbers && !akin && !(is_called_key(a) && is_called_key(b)) {
        return false;
    }
    let share = n_shared as f64 / smaller.max(1) as f64;
    let sampled = !sources[one.source].is_whole || !sources[two.source].is_whole;
    share >= SHARED_MIN && n_shared >= 2 || sampled && akin && n_shared >= 20 && share >= SHARED_MIN_SAMPLED
}

/// Whether a column names one side of a referral.
pub(super) fn names_a_party(name: &str) -> bool {
    let name = Name::of(name);
    name.says(names::REFERRER).is_some() || name.says(names::REFERRED).is_some()
}
