//! Plain decimals, fast, and decimals as a source says that it writes them.

use crate::study::Numerals;

/// The finite number that a text says, in the notation of program code: `-12`, `3.5`, `1e3`. Nothing else is a number,
/// neither `1,000` nor `inf`.
#[inline]
pub(super) fn parse(text: &str) -> Option<f64> {
    short_decimal(text.as_bytes()).or_else(|| {
        // The standard library also reads words such as "infinity" and "nan", which no source means as a number.
        let parsed = text.parse::<f64>().ok()?;
        parsed.is_finite().then_some(parsed)
    })
}

/// The number that a text says, written as a source says that it writes numbers: `1.234,5`, `$1,234.50`, `-3,5 EUR`. Nothing else is
/// a number: groups have three digits, before commas also two but for the last, and what is written in another way is not taken for what it
/// resembles. The minus of typography is one.
#[inline]
pub(super) fn parse_written(text: &str, numerals: &Numerals) -> Option<f64> {
    if numerals.is_plain() {
        parse(text).or_else(|| parse_with_minus(text))
    } else {
        parse(&in_plain_notation(text, numerals)?)
    }
}

/// The minus of typography, U+2212.
const MINUS: char = '\u{2212}';

/// A number of program code whose minus is that of typography.
#[cold]
fn parse_with_minus(text: &str) -> Option<f64> {
    let rest = text.strip_prefix(MINUS).filter(|rest| !rest.starts_with(['+', '-']))?;
    parse(rest).map(|value| -value)
}

fn in_plain_notation(text: &str, numerals: &Numerals) -> Option<String> {
    let (sign, text) = signed(text);
    let (text, with_currency) = without_currency(text, &numerals.currency);
    // Both `-$5` and `$-5` are written.
    let (sign, text) = if sign.is_empty() && with_currency { signed(text) } else { (sign, text) };
    let (mantissa, exponent) = text.split_at(text.find(['e', 'E']).unwrap_or(text.len()));
    let (whole, decimals) = match mantissa.split_once(numerals.decimal) {
        Some((whole, decimals)) => (whole, decimals),
        None => (mantissa, ""),
    };
    let digits = whole_digits(whole, numerals.thousands)?;
    // A group in a number with an exponent was cut by no program.
    if !is_digits(decimals) || (!exponent.is_empty() && digits.len() != whole.len()) {
        return None;
    }
    Some(format!("{sign}{digits}.{decimals}{exponent}"))
}

/// The sign as program code writes it, and what is behind it.
fn signed(text: &str) -> (&str, &str) {
    match text.strip_prefix(MINUS) {
        Some(rest) => ("-", rest),
        None => text.split_at(usize::from(text.starts_with(['+', '-']))),
    }
}

/// A number without the currency before or behind it, and whether there was one.
fn without_currency<'t>(text: &'t str, currency: &[String]) -> (&'t str, bool) {
    // The longest counts, where one begins as another does.
    let longest = |strip: &dyn Fn(&'t str, &str) -> Option<&'t str>| {
        currency.iter().filter_map(|own| strip(text, own)).min_by_key(|rest| rest.len())
    };
    if let Some(rest) = longest(&|text, own| text.strip_prefix(own)) {
        return (rest.trim_start(), true);
    }
    match longest(&|text, own| text.strip_suffix(own)) {
        Some(rest) => (rest.trim_end(), true),
        None => (text, false),
    }
}

/// The digits of a whole number without what stands between groups of three.
fn whole_digits(text: &str, thousands: Option<char>) -> Option<String> {
    let separates = |letter: char| match thousands {
        // Programs write several blanks and apostrophes.
        Some(' ') => matches!(letter, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}'),
        Some('\'') => matches!(letter, '\'' | '\u{2019}'),
        Some(sign) => letter == sign,
        None => false,
    };
    if !text.contains(separates) {
        return is_digits(text).then(|| text.to_owned());
    }
    let mut groups = text.split(separates);
    let first = groups.next().unwrap_or_default();
    // `0.123` is a number of another notation.
    let is_whole = (1..=3).contains(&first.len()) && is_digits(first) && !first.starts_with('0');
    let groups: Vec<&str> = groups.collect();
    let (last, middle) = groups.split_last()?;
    let of_digits = |group: &str, n_digits: usize| group.len() == n_digits && is_digits(group);
    // Thousands, lakhs and crores: `2,52,195`.
    let is_indian = thousands == Some(',') && first.len() <= 2 && middle.iter().all(|group| of_digits(group, 2));
    let is_cut = of_digits(last, 3) && (is_indian || middle.iter().all(|group| of_digits(group, 3)));
    (is_whole && is_cut).then(|| first.to_owned() + &groups.concat())
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Up to 15 digits with a point somewhere: whole number and power of ten are both exact, so one division rounds correctly.
#[inline]
fn short_decimal(bytes: &[u8]) -> Option<f64> {
    let (negative, digits) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, bytes),
    };
    if digits.is_empty() || digits.len() > 16 {
        return None;
    }
    let mut whole: u64 = 0;
    let mut n_digits = 0;
    let mut point = None;
    for (at, &byte) in digits.iter().enumerate() {
        if byte.is_ascii_digit() {
            whole = whole * 10 + u64::from(byte - b'0');
            n_digits += 1;
        } else if byte == b'.' && point.is_none() {
            point = Some(at);
        } else {
            return None;
        }
    }
    if n_digits == 0 || n_digits > 15 {
        return None;
    }
    let decimals = point.map_or(0, |at| digits.len() - at - 1);
    let value = whole as f64 / POWERS_OF_TEN[decimals];
    Some(if negative { -value } else { value })
}

const POWERS_OF_TEN: [f64; 16] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

#[cfg(test)]
mod tests {
    use super::{parse, parse_written};
    use crate::study::Numerals;
    use proptest::prelude::*;

    fn numerals(decimal: char, thousands: Option<char>, currency: &[&str]) -> Numerals {
        Numerals { decimal, thousands, currency: currency.iter().map(|&own| own.to_owned()).collect() }
    }

    /// Of the cells without a currency pandas 3.1.1 says the same, by `read_csv(..., decimal=",", thousands=".")`; it also takes groups
    /// of other lengths for numbers.
    #[test]
    fn numbers_are_read_as_their_source_writes_them() {
        let german = numerals(',', Some('.'), &["€", "EUR"]);
        for (text, value) in [
            ("1.234,56", 1234.56),
            ("-1.234.567,5", -1_234_567.5),
            ("1234,5", 1234.5),
            ("1.234", 1234.0),
            (",5", 0.5),
            ("7", 7.0),
            ("1,5E+3", 1500.0),
            ("1.234,56 €", 1234.56),
            ("-1.234,56\u{a0}EUR", -1234.56),
            ("€ -3,5", -3.5),
        ] {
            assert_eq!(parse_written(text, &german), Some(value), "{text}");
        }
        let american = numerals('.', Some(','), &["$", "US$"]);
        for (text, value) in [("$1,234.56", 1234.56), ("-$5", -5.0), ("US$ 1,000,000", 1e6), ("0.125", 0.125)] {
            assert_eq!(parse_written(text, &american), Some(value), "{text}");
        }
        assert_eq!(parse_written("1\u{202f}234,5", &numerals(',', Some(' '), &[])), Some(1234.5));
        assert_eq!(parse_written("12’345.6", &numerals('.', Some('\''), &[])), Some(12_345.6));
    }

    /// The Unicode CLDR's pattern of numbers in India (`en-IN`, `hi`) is `#,##,##0.###`: 1 lakh is 1,00,000 and 1 crore 1,00,00,000.
    #[test]
    fn groups_of_two_before_the_last_three_are_those_of_india() {
        let indian = numerals('.', Some(','), &["₹", "Rs."]);
        for (text, value) in [
            ("₹2,52,195.00", 252_195.0),
            ("₹ 1,00,00,000", 1e7),
            ("-₹12,34,567.5", -1_234_567.5),
            ("52,195", 52_195.0),
            ("252,195", 252_195.0),
        ] {
            assert_eq!(parse_written(text, &indian), Some(value), "{text}");
        }
        for text in ["2,52,19", "252,19,500", "2,5,195", "2,521,95,000", "2,52,1950", "0,52,195"] {
            assert_eq!(parse_written(text, &indian), None, "{text}");
        }
        assert_eq!(parse_written("2.52.195", &numerals(',', Some('.'), &[])), None);
    }

    #[test]
    fn the_minus_of_typography_is_one() {
        for (text, numerals) in [
            ("\u{2212}12.5", numerals('.', None, &[])),
            ("\u{2212}12,5", numerals(',', None, &[])),
            ("\u{2212}$12.50", numerals('.', Some(','), &["$"])),
            ("$\u{2212}12.50", numerals('.', Some(','), &["$"])),
        ] {
            assert_eq!(parse_written(text, &numerals), Some(-12.5), "{text}");
        }
        for text in ["\u{2212}", "\u{2212}-5", "\u{2212}\u{2212}5", "5\u{2212}", "\u{2013}5"] {
            assert_eq!(parse_written(text, &numerals('.', None, &[])), None, "{text}");
            assert_eq!(parse_written(text, &numerals(',', None, &[])), None, "{text}");
        }
    }

    #[test]
    fn what_is_written_otherwise_is_no_number() {
        let german = numerals(',', Some('.'), &["€"]);
        for text in [
            "1,23,4.5", "1.23,4", "1.2345", "12.34", "1234.567", "0.123", ".123", "1,234.5", "1..234", "€", "", "-",
            "€5€", "$5", "--5", "-€-5", "1.234e3", "5 000", "inf", "5-", "(5)", "1,5,5", ",",
        ] {
            assert_eq!(parse_written(text, &german), None, "{text}");
        }
        // Without a sign between groups no point is one, and a decimal point is no decimal comma.
        assert_eq!(parse_written("1.5", &numerals(',', None, &[])), None);
        assert_eq!(parse_written("1,234", &numerals('.', None, &["$"])), None);
    }

    #[test]
    fn only_finite_numbers_in_plain_notation_are_numbers() {
        for (text, value) in [("0", 0.0), ("-12.50", -12.5), (".5", 0.5), ("5.", 5.0), ("1e3", 1000.0), ("+4", 4.0)] {
            assert_eq!(parse(text), Some(value), "{text}");
        }
        for text in ["", "-", ".", "1,5", "1 000", "inf", "NaN", "-infinity", "1e999", "0x1F", "12a", "1.2.3", "--1"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_fast_path_agrees_with_the_standard_library(text in "-?[0-9]{0,17}(\\.[0-9]{0,17})?") {
            prop_assert_eq!(parse(&text).map(f64::to_bits), text.parse::<f64>().ok().map(f64::to_bits));
        }
    }
}
