//! Keys that are written in several ways and mean one.

use super::hash::{self, ByFingerprint};
use crate::study::Fold;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

/// Takes away what of a key's writing does not matter, in a fixed order. A folded key folds to itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Folding {
    words: Vec<Fold>,
}

impl Folding {
    /// `words` in the order of [`Fold`].
    pub(crate) fn new(words: &[Fold]) -> Self {
        Self { words: words.to_vec() }
    }

    /// Whether keys stay as they are.
    pub(super) fn is_none(&self) -> bool {
        self.words.is_empty()
    }

    /// The key that a written one means; empty where nothing is left.
    pub(crate) fn fold<'t>(&self, written: &'t str) -> Cow<'t, str> {
        self.words.iter().fold(Cow::Borrowed(written), |key, word| match key {
            Cow::Borrowed(key) => self.step(*word, key),
            Cow::Owned(key) => Cow::Owned(self.step(*word, &key).into_owned()),
        })
    }

    /// One word; what it leaves is normal again where that is asked for, since a small letter may join a sign that its capital does
    /// not.
    fn step<'t>(&self, word: Fold, key: &'t str) -> Cow<'t, str> {
        match step(word, key) {
            Cow::Owned(key) if self.words.contains(&Fold::Nfkc) => Cow::Owned(normal(&key).unwrap_or(key)),
            other => other,
        }
    }
}

fn step(word: Fold, key: &str) -> Cow<'_, str> {
    let folded = match word {
        Fold::Nfkc => normal(key),
        Fold::Trim => return Cow::Borrowed(key.trim_matches(|sign: char| sign.is_whitespace() || has_no_width(sign))),
        Fold::Case => lower(key),
        Fold::Email => address(key).and_then(|_| lower(key)),
        Fold::EmailTags => address(key).and_then(without_tag),
        Fold::GmailDots => address(key).and_then(without_dots),
        Fold::WholeNumbers => return Cow::Borrowed(whole(key)),
        Fold::LeadingZeros => return Cow::Borrowed(without_zeros(key)),
    };
    folded.map_or(Cow::Borrowed(key), Cow::Owned)
}

/// Signs that copying from pages and sheets leaves at the ends of cells, and nobody sees.
fn has_no_width(sign: char) -> bool {
    matches!(sign, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}')
}

/// The compatibility composition of Unicode (NFKC, Unicode Standard Annex 15), where it is another text.
fn normal(key: &str) -> Option<String> {
    // Most keys are told by their bytes.
    if key.is_ascii() || is_nfkc_quick(key.chars()) == IsNormalized::Yes {
        return None;
    }
    let normal: String = key.nfkc().collect();
    (normal != key).then_some(normal)
}

/// The lower case, where it is another text.
fn lower(key: &str) -> Option<String> {
    let has_none = key.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
    (!has_none).then(|| key.to_lowercase())
}

/// The two parts of an e-mail address.
#[derive(Clone, Copy)]
struct Address<'k> {
    local: &'k str,
    domain: &'k str,
}

/// A key that has the form of an address: one `@`, a local part without quotes and blanks, and a domain with a point. What
/// only resembles one is left alone.
fn address(key: &str) -> Option<Address<'_>> {
    let (local, domain) = key.split_once('@')?;
    let is_domain = |sign: char| sign.is_alphanumeric() || sign == '-' || sign == '.';
    let labels_are_filled = domain.split('.').all(|label| !label.is_empty());
    let is_one = !local.is_empty()
        && local.chars().all(|sign| is_of_local(sign) && sign != '\'')
        && domain.contains('.')
        && labels_are_filled
        && domain.chars().all(is_domain);
    is_one.then_some(Address { local, domain })
}

/// Whether a sign may stand in the local part of an address that needs no quotes.
pub(super) fn is_of_local(sign: char) -> bool {
    !sign.is_whitespace() && !"\"<>()[],;:\\".contains(sign)
}

fn without_tag(address: Address<'_>) -> Option<String> {
    let (name, _) = address.local.split_once('+')?;
    (!name.is_empty()).then(|| format!("{name}@{}", address.domain))
}

fn without_dots(address: Address<'_>) -> Option<String> {
    const GMAIL: &str = "gmail.com";
    let is = |domain: &str| address.domain.eq_ignore_ascii_case(domain);
    if !is(GMAIL) && !is("googlemail.com") {
        return None;
    }
    let (name, tag) = match address.local.find('+') {
        Some(at) => address.local.split_at(at),
        None => (address.local, ""),
    };
    let name = name.replace('.', "");
    let domain = if is(GMAIL) { address.domain } else { GMAIL };
    (!name.is_empty()).then(|| format!("{name}{tag}@{domain}"))
}

fn whole(key: &str) -> &str {
    match key.split_once('.') {
        Some((digits, zeros)) if is_digits(digits) && zeros.bytes().all(|byte| byte == b'0') => digits,
        _ => key,
    }
}

fn without_zeros(key: &str) -> &str {
    if !is_digits(key) {
        return key;
    }
    match key.trim_start_matches('0') {
        "" => "0",
        rest => rest,
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A folded key and how it was written, as fingerprints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "[u64; 2]", into = "[u64; 2]")]
pub(super) struct Writing {
    folded: u64,
    written: u64,
}

impl Writing {
    pub(super) fn of(folded: &str, written: &str) -> Self {
        // The same for every build of the program, because it is kept in the cache.
        let half = |text: &str| hash::of_texts([text]) as u64;
        let own = half(folded);
        Self { folded: own, written: if folded == written { own } else { half(written) } }
    }
}

impl From<[u64; 2]> for Writing {
    fn from([folded, written]: [u64; 2]) -> Self {
        Self { folded, written }
    }
}

impl From<Writing> for [u64; 2] {
    fn from(Writing { folded, written }: Writing) -> Self {
        [folded, written]
    }
}

/// How every folded key was written first, and whether it was written otherwise since.
#[derive(Debug, Clone, Default)]
pub(super) struct Writings {
    seen: ByFingerprint<Seen>,
}

#[derive(Debug, Clone, Copy)]
enum Seen {
    Once(u64),
    Otherwise,
}

impl Writings {
    /// Notes how a key was written, and says whether this is the first time that it is written otherwise.
    pub(super) fn note(&mut self, writing: Writing) -> bool {
        match self.seen.get(&writing.folded) {
            None => {
                self.seen.insert(writing.folded, Seen::Once(writing.written));
                false
            }
            Some(Seen::Once(written)) if *written != writing.written => {
                self.seen.insert(writing.folded, Seen::Otherwise);
                true
            }
            Some(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [Fold; 8] = Fold::ALL;

    fn fold(words: &[Fold], key: &str) -> String {
        Folding::new(words).fold(key).into_owned()
    }

    #[test]
    fn without_words_a_key_stays_as_it_is() {
        assert!(matches!(Folding::default().fold(" A+b@X.com "), Cow::Borrowed(" A+b@X.com ")));
    }

    #[test]
    fn trimming_takes_signs_that_nobody_sees() {
        assert_eq!(fold(&[Fold::Trim], "\u{feff}\u{a0}C1\u{200b} "), "C1");
        assert_eq!(fold(&[Fold::Trim], "C 1"), "C 1");
        assert_eq!(fold(&[Fold::Trim], "\u{200b}"), "");
    }

    #[test]
    fn capitals_are_folded_for_all_keys_or_for_addresses_alone() {
        assert_eq!(fold(&[Fold::Case], "AbÇ-É"), "abç-é");
        assert_eq!(fold(&[Fold::Email], "Ann.Lee@Firm.COM"), "ann.lee@firm.com");
        assert_eq!(fold(&[Fold::Email], "CRM-A7"), "CRM-A7");
    }

    #[test]
    fn what_only_resembles_an_address_is_left_alone() {
        let words = [Fold::Email, Fold::EmailTags, Fold::GmailDots];
        for key in [
            "A@b@c.com",
            "@Firm.com",
            "Ann@localhost",
            "\"Ann+x\"@Firm.com",
            "Ann <ann+x@Firm.com>",
            "Ann@.com",
            "Ann@firm.com.",
        ] {
            assert_eq!(fold(&words, key), key);
        }
    }

    #[test]
    fn a_tag_is_taken_where_a_name_stands_before_it() {
        assert_eq!(fold(&[Fold::EmailTags], "ann+shop+2@firm.com"), "ann@firm.com");
        assert_eq!(fold(&[Fold::EmailTags], "+ann@firm.com"), "+ann@firm.com");
        assert_eq!(fold(&[Fold::EmailTags], "C1+2"), "C1+2");
        // The word takes tags and nothing else.
        assert_eq!(fold(&[Fold::EmailTags], "Ann.Lee+x@gmail.com"), "Ann.Lee@gmail.com");
    }

    #[test]
    fn points_mean_nothing_at_gmail_alone() {
        assert_eq!(fold(&[Fold::GmailDots], "a.n.n@gmail.com"), "ann@gmail.com");
        assert_eq!(fold(&[Fold::GmailDots], "a.n.n@googlemail.com"), "ann@gmail.com");
        assert_eq!(fold(&[Fold::GmailDots], "a.nn+x.y@gmail.com"), "ann+x.y@gmail.com");
        assert_eq!(fold(&[Fold::GmailDots], "a.n.n@firm.com"), "a.n.n@firm.com");
        assert_eq!(fold(&[Fold::GmailDots], "a.n.n@gmail.com.evil.org"), "a.n.n@gmail.com.evil.org");
        assert_eq!(fold(&[Fold::GmailDots], "..@gmail.com"), "..@gmail.com");
        assert_eq!(fold(&[Fold::Email, Fold::EmailTags, Fold::GmailDots], "a.n.N+x@GoogleMail.com"), "ann@gmail.com");
    }

    #[test]
    fn numbers_lose_zeros_only_where_asked_for() {
        assert_eq!(fold(&[Fold::WholeNumbers], "1001.0"), "1001");
        assert_eq!(fold(&[Fold::WholeNumbers], "1001.00"), "1001");
        assert_eq!(fold(&[Fold::WholeNumbers], "001001.0"), "001001");
        for key in ["1001.5", "A1.0", ".0", "1.0.0", "1e3", "-7.0", "1,001"] {
            assert_eq!(fold(&[Fold::WholeNumbers], key), key);
        }
        assert_eq!(fold(&[Fold::LeadingZeros], "001001"), "1001");
        assert_eq!(fold(&[Fold::LeadingZeros], "000"), "0");
        assert_eq!(fold(&[Fold::LeadingZeros], "00A1"), "00A1");
        assert_eq!(fold(&[Fold::WholeNumbers, Fold::LeadingZeros], "000.0"), "0");
    }

    /// Lines of NormalizationTest.txt of the Unicode Character Database, first and fourth column (source, NFKC), and the examples of
    /// Unicode Standard Annex 15, figures 3, 4 and 6.
    #[test]
    fn signs_and_letters_that_unicode_writes_in_several_ways_are_one() {
        for (written, normal) in [
            ("\u{1e0a}", "\u{1e0a}"),
            ("D\u{307}", "\u{1e0a}"),
            ("D\u{323}\u{307}", "\u{1e0c}\u{307}"),
            ("D\u{307}\u{323}", "\u{1e0c}\u{307}"),
            ("\u{212b}", "\u{c5}"),
            ("\u{2126}", "\u{3a9}"),
            ("\u{fb01}", "fi"),
            ("\u{17f}\u{323}\u{307}", "\u{1e69}"),
            ("2\u{2075}", "25"),
            ("\u{a0}", " "),
            ("\u{202f}", " "),
            ("\u{ff11}\u{ff12}", "12"),
            ("\u{ff21}", "A"),
            ("\u{2460}", "1"),
            ("\u{bd}", "1\u{2044}2"),
            ("\u{3392}", "MHz"),
            ("\u{ff76}\u{ff9e}", "\u{30ac}"),
            ("\u{1100}\u{1161}\u{11a8}", "\u{ac01}"),
            (
                "\u{fdfa}",
                "\u{635}\u{644}\u{649} \u{627}\u{644}\u{644}\u{647} \u{639}\u{644}\u{64a}\u{647} \u{648}\u{633}\u{644}\u{645}",
            ),
        ] {
            assert_eq!(fold(&[Fold::Nfkc], written), normal, "{written}");
            assert_eq!(fold(&[Fold::Nfkc], normal), normal);
        }
        for key in ["C-1001", "\u{df}", "\u{430}", "a\u{ad}b"] {
            assert!(matches!(Folding::new(&[Fold::Nfkc]).fold(key), Cow::Borrowed(_)), "{key}");
        }
    }

    #[test]
    fn other_words_see_what_is_normal_and_leave_it_so() {
        // The full-width address, number and capital are the plain ones to the words behind.
        assert_eq!(fold(&[Fold::Nfkc, Fold::Email], "Ann\u{ff20}Firm.com"), "ann@firm.com");
        assert_eq!(fold(&[Fold::Nfkc, Fold::LeadingZeros], "\u{ff10}\u{ff11}2"), "12");
        assert_eq!(fold(&[Fold::Nfkc, Fold::Trim], "\u{3000}C 1\u{a0}"), "C 1");
        // There is a composed small j with a caron (U+01F0) and no capital one.
        assert_eq!(fold(&[Fold::Nfkc, Fold::Case], "J\u{30c}"), "\u{1f0}");
        assert_eq!(fold(&[Fold::Case], "J\u{30c}"), "j\u{30c}");
    }

    #[test]
    fn a_key_written_in_three_ways_is_folded_together_once() {
        let mut writings = Writings::default();
        let noted: Vec<bool> =
            ["ann", "Ann", "ANN", "ann", "bob"].map(|key| writings.note(Writing::of(&key.to_lowercase(), key))).into();
        assert_eq!(noted, [false, true, false, false, false]);
    }

    proptest! {
        #[test]
        fn a_folded_key_folds_to_itself(key in "[ \u{200b}\u{a0}]?[A-Za-zÉİΣß0+.\u{301}\u{30c}\u{ff10}\u{212b}\u{3392}\u{fb01}]{0,8}(@[A-Za-z.]{0,5}(\\.com|gmail\\.com)?)?[ 0.]{0,3}") {
            let folding = Folding::new(&ALL);
            let once = folding.fold(&key).into_owned();
            prop_assert_eq!(folding.fold(&once).into_owned(), once);
        }
    }
}
