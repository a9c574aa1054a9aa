//! How numbers are written: one way for the page, the summary and the terminal.

use crate::findings::grouped;
use crate::stats::Confidence;

/// What stands where there is no value.
pub(super) const MISSING: &str = "–";

/// A share this close to 0 or 1 (absolute) is written as 0 or 100 %.
const WHOLE: f64 = 1e-9;

/// One and several of what is counted most, and of what they do.
pub(crate) const ROWS: (&str, &str) = ("row", "rows");
pub(crate) const ANSWERS: (&str, &str) = ("answer", "answers");
pub(crate) const ARE: (&str, &str) = ("is", "are");
pub(crate) const HAVE: (&str, &str) = ("has", "have");

/// `12,345`.
pub(crate) fn count(n: u64) -> String {
    grouped(&n.to_string())
}

/// `1 answer`, `12,345 answers`.
pub(crate) fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{} {}", count(n as u64), either(n, one, many))
}

/// The word that stands beside one, or the one beside any other number: `is`, `are`.
pub(crate) fn either<'w>(n: usize, one: &'w str, many: &'w str) -> &'w str {
    if n == 1 { one } else { many }
}

/// `1 of 300 rows is`, `12 of 300 rows are`: what stands behind the thing counted agrees with how many of them it is.
pub(crate) fn part(n: usize, of: usize, thing: (&str, &str), does: (&str, &str)) -> String {
    format!("{} of {} {}", count(n as u64), counted(of, thing.0, thing.1), either(n, does.0, does.1))
}

/// `1 day`, `90 days`.
pub(crate) fn days(n: impl Into<i64>) -> String {
    let n = n.into();
    format!("{} {}", fixed(n as f64, 0), if n == 1 { "day" } else { "days" })
}

/// A number with so many decimals, never `-0.0`.
pub(super) fn fixed(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return MISSING.to_owned();
    }
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(digits) if digits.chars().all(|digit| matches!(digit, '0' | '.')) => grouped(digits),
        Some(digits) => format!("-{}", grouped(digits)),
        None => grouped(&text),
    }
}

/// A number from -100 to 100 with one decimal.
pub(crate) fn score(value: f64) -> String {
    fixed(value, 1)
}

/// `37.1 to 42.4`.
pub(super) fn score_range(low: f64, high: f64) -> String {
    range(score(low), score(high))
}

/// A share (0-1) in whole percent: `34 %`. What is above none is never written as none, nor what is below all as all.
pub(crate) fn percent(share: f64) -> String {
    let rounded = fixed(100.0 * share, 0);
    match rounded.as_str() {
        MISSING => rounded,
        "0" if share > WHOLE => "< 1 %".to_owned(),
        "100" if share < 1.0 - WHOLE => "> 99 %".to_owned(),
        _ => format!("{rounded} %"),
    }
}

/// `25 to 44 %`.
pub(super) fn percent_range(low: f64, high: f64) -> String {
    let text = range(fixed(100.0 * low, 0), fixed(100.0 * high, 0));
    if text == MISSING { text } else { format!("{text} %") }
}

/// A share (0-1) in percent with one decimal and without the sign, for a column headed so: `34.2`.
pub(super) fn percent_fine(share: f64) -> String {
    fixed(100.0 * share, 1)
}

/// `24.9 to 43.8`, for a column headed percent.
pub(super) fn percent_fine_range(low: f64, high: f64) -> String {
    range(percent_fine(low), percent_fine(high))
}

/// `0.042`, or `< 0.001`.
pub(super) fn p_value(p: f64) -> String {
    if !p.is_finite() {
        MISSING.to_owned()
    } else if p < 0.001 {
        "< 0.001".to_owned()
    } else {
        fixed(p, 3)
    }
}

/// `p = 0.042`, or `p < 0.001`; nothing where there is no p-value.
pub(super) fn p_phrase(p: f64) -> Option<String> {
    match p_value(p) {
        text if text == MISSING => None,
        text if text.starts_with('<') => Some(format!("p {text}")),
        text => Some(format!("p = {text}")),
    }
}

/// `95 %`, `99.9 %`.
pub(super) fn level(confidence: Confidence) -> String {
    let text = format!("{:.4}", 100.0 * confidence.level());
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

/// `2 to 5`, or `2` where both ends are the same.
pub(super) fn rank_range(low: usize, high: usize) -> String {
    if low == high { low.to_string() } else { format!("{low} to {high}") }
}

/// Decimals that show the first two digits of a standard error; `None` where a power of ten is needed.
pub(super) fn decimals_of(std_error: f64) -> Option<usize> {
    if !(std_error.is_finite() && std_error > 0.0) {
        return Some(3);
    }
    let place = 1.0 - std_error.log10().floor();
    (place <= 6.0).then(|| place.max(0.0) as usize)
}

/// A number with the decimals of [`decimals_of`].
pub(super) fn estimate(value: f64, decimals: Option<usize>) -> String {
    match decimals {
        Some(decimals) if value.abs() < 1e9 => fixed(value, decimals),
        _ if !value.is_finite() => MISSING.to_owned(),
        _ => format!("{value:.2e}"),
    }
}

/// A count that may have been measured as a number: whole where it is whole, else three digits.
pub(super) fn amount(value: f64) -> String {
    if value.fract().abs() < 1e-9 && value.abs() < 1e15 { fixed(value, 0) } else { significant(value) }
}

/// Three digits that count: `0.0421`, `1.25`, `1,250`, `3.1e-7`.
pub(crate) fn significant(value: f64) -> String {
    let size = value.abs();
    if size < f64::MIN_POSITIVE {
        return "0".to_owned();
    }
    if !(1e-4..1e9).contains(&size) {
        return estimate(value, None);
    }
    fixed(value, (2.0 - size.log10().floor()).clamp(0.0, 8.0) as usize)
}

/// `low to high`, or missing where an end is.
pub(super) fn range(low: String, high: String) -> String {
    if low == MISSING || high == MISSING { MISSING.to_owned() } else { format!("{low} to {high}") }
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn listed<T: AsRef<str>>(names: &[T]) -> String {
    match names {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [head @ .., last] => {
            let head: Vec<&str> = head.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", head.join(", "), last.as_ref())
        }
    }
}

/// A fragment as a sentence: a capital in front, unless it starts with a name that must stay as it is, and a full stop.
/// Names between backticks get quotation marks.
pub(super) fn sentence(fragment: &str, name: &str) -> String {
    let fragment = &quoted_names(fragment.trim());
    let stop = if fragment.is_empty() || fragment.ends_with(['.', '!', '?']) { "" } else { "." };
    let named = !name.is_empty() && fragment.starts_with(name);
    format!("{}{stop}", spoken(&if named { fragment.to_owned() } else { capitalised(fragment) }))
}

/// The text with the names of columns as people say them: `tenure_days` becomes `tenure days`. Between quotation marks, where keys
/// of a study may stand, only the columns of the history do; keys of customers such as `C_001` stay as they are written.
pub(super) fn spoken(text: &str) -> String {
    let mut quoted = false;
    let mut said = String::with_capacity(text.len());
    for (place, word) in text.split(' ').enumerate() {
        if place > 0 {
            said.push(' ');
        }
        quoted |= word.contains('“');
        if is_name(word) && (!quoted || is_of_history(word)) {
            said.push_str(&word.replace('_', " "));
        } else {
            said.push_str(word);
        }
        quoted &= !word.contains('”');
    }
    said
}

/// Whether a word, but for punctuation around it, is a name of lower-case parts with a letter in each.
fn is_name(word: &str) -> bool {
    let name = word.trim_matches(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
    let is_part = |part: &str| {
        part.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
            && part.chars().any(|letter| letter.is_ascii_lowercase())
    };
    name.contains('_') && name.split('_').all(is_part)
}

/// Whether a word is a column that the join makes of what customers did.
fn is_of_history(word: &str) -> bool {
    const STEMS: [&str; 6] = ["tenure_", "recency_", "frequency_", "spend_", "activity_", "page_rank"];
    let name = word.trim_start_matches(|letter: char| !letter.is_ascii_alphanumeric());
    STEMS.iter().any(|stem| name.starts_with(stem))
}

fn quoted_names(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return text.to_owned();
    }
    let marks = ["“", "”"].into_iter().cycle();
    parts.into_iter().zip(std::iter::once("").chain(marks)).flat_map(|(part, mark)| [mark, part]).collect()
}

/// The text with a capital in front.
pub(super) fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_commas_between_thousands() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(counted(1, "answer", "answers"), "1 answer");
        assert_eq!(counted(0, "answer", "answers"), "0 answers");
    }

    #[test]
    fn scores_have_one_decimal_and_no_negative_zero() {
        assert_eq!([39.84, -0.04, -12.35, 100.0, f64::NAN].map(score), ["39.8", "0.0", "-12.3", "100.0", "–"]);
        assert_eq!(score_range(-3.0, 4.26), "-3.0 to 4.3");
        assert_eq!(score_range(f64::NAN, 4.0), "–");
    }

    #[test]
    fn percent_never_rounds_some_to_none_or_most_to_all() {
        let shares = [0.0, 0.001, 0.342, 0.999, 1.0, 1.0 - 1e-15, -0.031, -0.001, f64::INFINITY];
        let want = ["0 %", "< 1 %", "34 %", "> 99 %", "100 %", "100 %", "-3 %", "0 %", "–"];
        assert_eq!(shares.map(percent), want);
        assert_eq!(percent_range(-0.02, 1.04), "-2 to 104 %");
        assert_eq!(percent_range(0.0, f64::NAN), "–");
        assert_eq!(percent_fine(0.3424), "34.2");
    }

    #[test]
    fn p_values_have_three_digits() {
        assert_eq!([0.0421, 0.0009, 0.0, 1.0, f64::NAN].map(p_value), ["0.042", "< 0.001", "< 0.001", "1.000", "–"]);
        assert_eq!(p_phrase(1e-9).as_deref(), Some("p < 0.001"));
        assert_eq!(p_phrase(f64::NAN), None);
    }

    #[test]
    fn levels_are_written_as_they_were_asked_for() {
        let levels = [0.9, 0.95, 0.999].map(|level_asked| level(Confidence::new(level_asked).expect("a level")));
        assert_eq!(levels, ["90 %", "95 %", "99.9 %"]);
    }

    #[test]
    fn estimates_show_two_digits_of_their_standard_error() {
        let shown = |value: f64, std_error: f64| estimate(value, decimals_of(std_error));
        assert_eq!(shown(0.123_456, 0.034), "0.123");
        assert_eq!(shown(12_345.678, 120.0), "12,346");
        assert_eq!(shown(1.5, 0.0), "1.500");
        assert_eq!(shown(0.000_000_123, 0.000_000_034), "1.23e-7");
        assert_eq!(shown(f64::NAN, f64::NAN), "–");
    }

    #[test]
    fn three_digits_count() {
        let values = [0.0, 1.254, 0.042_13, 1_250.4, 3.14e-7, 2e12, f64::NAN, f64::INFINITY];
        assert_eq!(values.map(significant), ["0", "1.25", "0.0421", "1,250", "3.14e-7", "2.00e12", "–", "–"]);
    }

    #[test]
    fn whole_amounts_have_no_decimals() {
        assert_eq!([98.0, 0.0, 12.345, 1_250.0, f64::NAN].map(amount), ["98", "0", "12.3", "1,250", "–"]);
    }

    #[test]
    fn names_of_columns_are_said_and_keys_are_not_touched() {
        assert_eq!(spoken("“tenure_days” was 3 (“step_days”)"), "“tenure days” was 3 (“step_days”)");
        assert_eq!(
            spoken("not adjusted for tenure_days, or spend_365d."),
            "not adjusted for tenure days, or spend 365d."
        );
        assert_eq!(
            spoken("(call_centre) C_001 c_001 step_ “step_days of it” a_b"),
            "(call centre) C_001 c_001 step_ “step_days of it” a b"
        );
    }

    #[test]
    fn fragments_become_sentences_and_names_stay() {
        assert_eq!(sentence("the link is weak", "repurchase"), "The link is weak.");
        assert_eq!(sentence("delivery never varies", "delivery"), "delivery never varies.");
        assert_eq!(sentence("`a` is `b`", "a"), "“a” is “b”.");
        assert_eq!(sentence("it`s", ""), "It`s.");
        assert_eq!(sentence("Done.", ""), "Done.");
        assert_eq!(sentence("", ""), "");
        assert_eq!(listed(&["a", "b", "c"]), "a, b and c");
    }
}
