//! Sources that have hardly any customer in common: mostly a wrong column, or keys that are written differently. What of their
//! writing would have to be folded is tried on the keys, also where only some are written differently.

use super::PipelineError;
use crate::findings::{Finding, FindingKind, Severity};
use crate::intake::Folding;
use crate::link::{Engine, KeyColumn, LinkError, MatchRow, SharedKeys};
use crate::report::words;
use crate::study::{Fold, Study};
use std::collections::HashMap;

/// Below this share (0-1) of customers in common somebody should look at the keys.
const SHARE_MIN: f64 = 0.05;

/// From this share of a source's rows that find their customer on, nothing is tried on the others.
const FOUND_ENOUGH: f64 = 0.99;

/// Share (0-1) of the keys without a counterpart that a folding must find, to be worth a word.
const ADDED_MIN: f64 = 0.05;

/// Fewer keys than this may meet under a folding by accident.
const N_ADDED_MIN: usize = 3;

/// Fewer customers may happen to be others.
const N_KEYS_MIN: u64 = 20;

/// Keys of the side with fewer that are looked for in other writings.
const N_TRIED: usize = 10_000;

/// Signs of a hashed key that are shown.
const HASH_SHOWN: usize = 12;

/// Ways of folding, the ones that leave more of a key alone first.
const NARROW_FIRST: [Fold; 8] = [
    Fold::Trim,
    Fold::Nfkc,
    Fold::WholeNumbers,
    Fold::LeadingZeros,
    Fold::Email,
    Fold::EmailTags,
    Fold::GmailDots,
    Fold::Case,
];

/// Two sources with hardly a customer in common, or with fewer than there would be under a folding.
pub(super) struct FewShared {
    keys: SharedKeys,
    is_hashed: bool,
    remedy: Option<Remedy>,
    /// Whether a good part of the customers is the same as they are written.
    is_partial: bool,
}

/// What of the keys' writing does not match.
#[derive(Debug, PartialEq)]
struct Remedy {
    /// All words that the study would have, in their order.
    fold: Vec<Fold>,
    n_matched: usize,
    n_tried: usize,
}

/// The pairs of sources that have hardly a customer in common, and those that would have more under a folding.
///
/// # Errors
/// The engine fails.
pub(super) fn few_shared(
    study: &Study,
    engine: &Engine,
    matches: &[MatchRow],
) -> Result<Vec<FewShared>, PipelineError> {
    let is_hashed = study.identity.hash.is_some();
    let mut few = Vec::new();
    for keys in engine.shared_keys(matches, FOUND_ENOUGH)? {
        if keys.n_keys_min() < N_KEYS_MIN {
            continue;
        }
        // Those who answered are no list of all customers: others may be strangers to them, but hardly all.
        let is_list = keys.sides[1].source != "feedback";
        let is_partial = keys.share() >= SHARE_MIN || !is_list && keys.n_shared > 0;
        // Of hashes nobody can tell how the keys behind them are written.
        let remedy = if is_hashed { None } else { remedy(engine, &keys, &study.identity.fold)? };
        if !is_partial || remedy.is_some() {
            few.push(FewShared { keys, is_hashed, remedy, is_partial });
        }
    }
    Ok(few)
}

impl FewShared {
    /// What a run says of it.
    pub fn finding(&self) -> Finding {
        let keys = &self.keys;
        Finding::new(FindingKind::Unmatched, Severity::Warning, keys.sides[0].source, self.sentence())
            .number("n_keys", keys.n_keys[0] as f64)
            .number("n_keys_against", keys.n_keys[1] as f64)
            .number("n_shared", keys.n_shared as f64)
    }

    /// What `check` says of it.
    pub fn sentence(&self) -> String {
        let keys = &self.keys;
        let [one, other] = [0, 1].map(|at| {
            format!(
                "{} in {} ({})",
                words::counted(keys.n_keys[at] as usize, "customer", "customers"),
                named(keys.sides[at]),
                self.examples(at)
            )
        });
        let shared = match keys.n_shared {
            0 => "none is".to_owned(),
            n => format!("only {} {}", words::count(n), words::either(n as usize, "is", "are")),
        };
        format!("of {one} and {other} {shared} the same: {}", self.what_to_do())
    }

    fn examples(&self, side: usize) -> String {
        let own = &self.keys.examples[side];
        let shown = own.iter().map(|key| match self.is_hashed {
            true => format!("`{}…`", key.chars().take(HASH_SHOWN).collect::<String>()),
            false => format!("`{key}`"),
        });
        format!("such as {}", shown.collect::<Vec<_>>().join(", "))
    }

    fn what_to_do(&self) -> String {
        let Some(remedy) = &self.remedy else {
            let hashed = if self.is_hashed {
                "; check the study once without `identity.hash` to see how they are written"
            } else {
                ""
            };
            return format!(
                "look whether both columns hold the same kind of key, or lead one to the other by `customer_via` or \
                 `identity.people`{hashed}"
            );
        };
        let words: Vec<String> = remedy.fold.iter().map(|fold| format!("\"{}\"", fold.word())).collect();
        let who = if self.is_partial { "some of the others" } else { "they" };
        format!(
            "{who} are written differently; with fold = [{}] in [identity] {} of the {} tried would match",
            words.join(", "),
            words::count(remedy.n_matched as u64),
            words::counted(remedy.n_tried, "key", "keys"),
        )
    }
}

/// A source, with its column where it has several of customers.
fn named(column: KeyColumn) -> String {
    if column.key == "customer" { column.source.to_owned() } else { format!("{}.{}", column.source, column.key) }
}

/// The fewest words of folding by which the most keys of the side with fewer are found in the other, where that is no accident.
fn remedy(engine: &Engine, keys: &SharedKeys, own: &[Fold]) -> Result<Option<Remedy>, LinkError> {
    let smaller = usize::from(keys.n_keys[1] < keys.n_keys[0]);
    let tried = engine.first_keys(keys.sides[smaller], N_TRIED)?;
    let everything = Folding::new(&Fold::ALL);
    let by_fold: HashMap<String, Vec<usize>> = tried.iter().enumerate().fold(HashMap::new(), |mut map, (at, key)| {
        map.entry(everything.fold(key).into_owned()).or_default().push(at);
        map
    });
    // Of several that one key may mean, the first in order, because they come in none.
    let mut partners: Vec<Option<String>> = vec![None; tried.len()];
    engine.each_key(keys.sides[1 - smaller], |key| {
        let folded = everything.fold(key);
        for &at in by_fold.get(folded.as_ref()).filter(|_| !folded.is_empty()).into_iter().flatten() {
            // The same key is nobody else's.
            let is_found = partners[at].as_ref() == Some(&tried[at]);
            if key == tried[at] || !is_found && partners[at].as_deref().is_none_or(|other| key < other) {
                partners[at] = Some(key.to_owned());
            }
        }
    })?;
    let pairs: Vec<(&str, &str)> =
        tried.iter().zip(&partners).filter_map(|(key, other)| Some((key.as_str(), other.as_deref()?))).collect();
    let n_same = pairs.iter().filter(|(one, other)| one == other).count();
    let n_worth = N_ADDED_MIN.max((ADDED_MIN * (tried.len() - n_same) as f64).ceil() as usize);
    let best = fewest_words(&pairs, own);
    Ok(best
        .map(|(fold, n_matched)| Remedy { fold, n_matched, n_tried: tried.len() })
        .filter(|own| own.n_matched >= n_same + n_worth))
}

/// The words, with those that the study has, that make the most pairs equal; of equal ones the fewest, and the narrowest.
fn fewest_words(pairs: &[(&str, &str)], own: &[Fold]) -> Option<(Vec<Fold>, usize)> {
    let others: Vec<Fold> = NARROW_FIRST.into_iter().filter(|fold| !own.contains(fold)).collect();
    let sets = (1_usize..1 << others.len()).map(|set| {
        let added = others.iter().enumerate().filter(|(at, _)| set >> at & 1 == 1).map(|(_, fold)| *fold);
        let mut fold: Vec<Fold> = own.iter().copied().chain(added).collect();
        fold.sort_unstable();
        let folding = Folding::new(&fold);
        let n_matched = pairs.iter().filter(|(one, other)| folding.fold(one) == folding.fold(other)).count();
        (n_matched, std::cmp::Reverse(fold.len()), std::cmp::Reverse(set), fold)
    });
    let best = sets.max_by(|one, other| (one.0, one.1, one.2).cmp(&(other.0, other.1, other.2)));
    best.filter(|own| own.0 > 0).map(|(n_matched, _, _, fold)| (fold, n_matched))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::check;
    use crate::pipeline::small_study::SmallStudy;

    /// The words by hand from docs/identity.md: each takes away what it says and nothing else.
    #[test]
    fn the_fewest_and_narrowest_words_are_named() {
        let words = |pairs: &[(&str, &str)], own: &[Fold]| {
            fewest_words(pairs, own).map(|(fold, n)| (fold.into_iter().map(Fold::word).collect::<Vec<_>>(), n))
        };
        assert_eq!(words(&[("0012", "12"), ("0013", "13")], &[]), Some((vec!["leading_zeros"], 2)));
        assert_eq!(words(&[("Ann@Firm.com", "ann@firm.com")], &[]), Some((vec!["email"], 1)));
        assert_eq!(words(&[("A7", "a7"), ("Ann@Firm.com", "ann@firm.com")], &[]), Some((vec!["case"], 2)));
        assert_eq!(words(&[("0012", "12.0")], &[]), Some((vec!["whole_numbers", "leading_zeros"], 1)));
        assert_eq!(words(&[("0012", "12")], &[Fold::Trim]), Some((vec!["trim", "leading_zeros"], 1)));
        assert_eq!(words(&[("a.nn@gmail.com", "Ann@googlemail.com")], &[]), Some((vec!["email", "gmail_dots"], 1)));
        assert_eq!(words(&[], &[]), None);
    }

    /// What `check` says of thirty answers and the purchases of forty, whose keys are written by these functions of a number.
    fn said(answers: fn(u32) -> String, purchases: fn(u32) -> String, identity: &str) -> String {
        let rows = |n: u32, key: fn(u32) -> String, rest: &str| -> String {
            (1..=n).map(|n| format!("{},{rest}\n", key(n))).collect()
        };
        let answers = format!("who,when,ltr,touch\n{}", rows(30, answers, "2026-03-01T12:00:00Z,9,5"));
        let orders = format!("who,when,sum\n{}", rows(40, purchases, "2026-02-01T12:00:00Z,7"));
        let text = format!(
            "study = {{ name = \"case\", as_of = 2026-12-31 }}\n[sources.feedback]\npath = \"answers.csv\"\n\
             customer = \"who\"\ntime = \"when\"\nrecommend = \"ltr\"\n[sources.transactions]\npath = \"orders.csv\"\n\
             customer = \"who\"\ntime = \"when\"\namount = \"sum\"\n[drivers]\ntouchpoints = [\"touch\"]\n\
             [outcomes.recommend]\n{identity}"
        );
        let files =
            [("answers.csv", answers.as_str()), ("orders.csv", &orders), ("salt", "a salt for the tests alone")];
        let own = SmallStudy::new(&text, &files);
        let said = check(&own.study(), &own.settings()).expect("checked");
        said.lines().filter(|line| line.starts_with("warning: of")).collect()
    }

    fn plain(n: u32) -> String {
        n.to_string()
    }

    #[test]
    fn sources_without_a_customer_in_common_are_named_with_keys_of_both_and_the_way_out() {
        // By hand: 30 customers answered and 40 bought; written alike, the 30 are among the 40.
        let padded = said(|n| format!("{n:05}"), plain, "");
        assert_eq!(
            padded,
            "warning: of 30 customers in feedback (such as `00001`, `00002`, `00003`) and 40 customers in transactions (such as \
             `1`, `10`, `11`) none is the same: they are written differently; with fold = [\"leading_zeros\"] in [identity] 30 of \
             the 30 keys tried would match"
        );
        assert_eq!(said(|n| format!("{n:05}"), plain, "[identity]\nfold = [\"leading_zeros\"]\n"), "");
        assert_eq!(said(plain, plain, ""), "");
        let strangers = said(|n| format!("C{n}"), |n| format!("order {n}"), "");
        assert!(
            strangers.contains("none is the same: look whether both columns hold the same kind of key"),
            "{strangers}"
        );
        // One of thirty is 3 %; two are 7 %.
        let one = said(|n| if n == 1 { plain(n) } else { format!("x{n}") }, plain, "");
        assert!(one.contains("only 1 is the same"), "{one}");
        assert_eq!(said(|n| if n <= 2 { plain(n) } else { format!("x{n}") }, plain, ""), "");
    }

    #[test]
    fn keys_of_which_some_are_written_differently_are_named_with_the_way_out() {
        // By hand: of 1 to 30 a spreadsheet took the zeros of 9 away; 10 to 30 are the same as they are written.
        let some = said(plain, |n| format!("{n:02}"), "");
        assert_eq!(
            some,
            "warning: of 30 customers in feedback (such as `1`, `2`, `3`) and 40 customers in transactions (such as `01`, `02`, \
             `03`) only 21 are the same: some of the others are written differently; with fold = [\"leading_zeros\"] in \
             [identity] 30 of the 30 keys tried would match"
        );
        assert_eq!(said(plain, |n| format!("{n:02}"), "[identity]\nfold = [\"leading_zeros\"]\n"), "");
        // Two keys may be written otherwise by accident.
        assert_eq!(said(plain, |n| if n <= 2 { format!("0{n}") } else { plain(n) }, ""), "");
    }

    #[test]
    fn hashed_keys_are_named_by_their_hashes() {
        let identity = "[identity]\nhash = { salt_file = \"salt\" }\n";
        let text = said(|n| format!("p{n}@example.org"), plain, identity);
        assert!(text.contains("30 customers in feedback") && text.contains("without `identity.hash`"), "{text}");
        assert!(!text.contains("example"), "{text}");
        // for n in $(seq 40); do printf %s $n | openssl dgst -sha256 -hmac "a salt for the tests alone"; done | sort | head -1
        assert!(text.contains("(such as `062b4857617a…`"), "{text}");
    }
}
