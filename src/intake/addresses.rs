//! E-mail addresses inside of texts, which nobody may read where keys are hashed.

use super::folding::is_of_local;
use super::key_hash::KeyHash;
use std::borrow::Cow;
use std::ops::Range;

/// The text with the hash of each address in the place of the address; `key` says which key an address means.
pub(super) fn hashed<'t>(text: &'t str, hash: &KeyHash, key: impl Fn(&str) -> String) -> Cow<'t, str> {
    let Some(mut found) = next(text, 0) else { return Cow::Borrowed(text) };
    let (mut shown, mut end) = (String::new(), 0);
    loop {
        shown.push_str(&text[end..found.start]);
        shown.push_str(&hash.of(&key(&text[found.clone()])));
        end = found.end;
        match next(text, end) {
            Some(next) => found = next,
            None => break,
        }
    }
    shown.push_str(&text[end..]);
    Cow::Owned(shown)
}

/// The first address at or behind a place: whatever stands on both sides of an `@` without a blank. Rather too much is one than too
/// little, since a sentence can do without it.
fn next(text: &str, from: usize) -> Option<Range<usize>> {
    let mut at = from;
    loop {
        at += text[at..].find('@')?;
        let start = text[from..at].rfind(|sign| !is_of_local(sign)).map_or(from, |before| {
            let before = from + before;
            before + text[before..].chars().next().map_or(0, char::len_utf8)
        });
        // One in single quotes is none with a quote before it.
        let start = at - text[start..at].trim_start_matches('\'').len();
        let behind = &text[at + 1..];
        let domain = &behind[..behind.find(|sign| !is_of_domain(sign)).unwrap_or(behind.len())];
        // A full stop behind an address ends its sentence.
        let domain = domain.trim_end_matches(['.', '-', '_']);
        if start < at && !domain.is_empty() {
            return Some(start..at + 1 + domain.len());
        }
        at += 1;
    }
}

fn is_of_domain(sign: char) -> bool {
    sign.is_alphanumeric() || matches!(sign, '-' | '.' | '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        let mut all = Vec::new();
        let mut end = 0;
        while let Some(own) = next(text, end) {
            end = own.end;
            all.push(&text[own]);
        }
        all
    }

    #[test]
    fn addresses_are_found_wherever_they_stand_in_a_text() {
        for (text, want) in [
            ("ann@firm.com", vec!["ann@firm.com"]),
            ("Write to Ann.O'Neil+x@mail.firm.co.uk.", vec!["Ann.O'Neil+x@mail.firm.co.uk"]),
            ("<mailto:ann@firm.com>,bob@firm.com;", vec!["ann@firm.com", "bob@firm.com"]),
            ("jürgen@bücher.de - über ann@localhost!", vec!["jürgen@bücher.de", "ann@localhost"]),
            ("two @ 5, @home, a@, @@", vec![]),
            ("5@noon or 'ann@firm.com'", vec!["5@noon", "ann@firm.com"]),
            ("nothing here", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(found(text), want, "{text}");
        }
    }
}
