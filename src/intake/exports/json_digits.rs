//! Numbers of a JSON text of which a reader would lose digits, made texts: they may be keys.

use super::json_keys::closing_quote;
use std::borrow::Cow;

/// Decimal digits that floating point tells apart, whatever they are.
const DIGITS_EXACT: usize = 15;

/// A text with quotes around every number that neither a whole number of 64 bits nor floating point holds to its last digit. What
/// is no JSON does not become any.
pub(super) fn with_digits(bytes: &[u8]) -> Cow<'_, [u8]> {
    let is_of_number = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    if !bytes.split(|byte| !is_of_number(byte)).any(|run| run.len() > DIGITS_EXACT) {
        return Cow::Borrowed(bytes);
    }
    let mut quoted = Vec::with_capacity(bytes.len() + 64);
    // How far the text has been taken over, and the last sign outside of texts and numbers that is no space.
    let (mut at, mut taken, mut before) = (0, 0, b' ');
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => at = closing_quote(bytes, at + 1).map_or(bytes.len(), |quote| quote + 1),
            b'-' | b'0'..=b'9' => {
                let rest = &bytes[at..];
                let in_number = |byte: &u8| is_of_number(byte) || matches!(byte, b'+' | b'-' | b'e' | b'E');
                let end = at + rest.iter().position(|byte| !in_number(byte)).unwrap_or(rest.len());
                if matches!(before, b':' | b',' | b'[') && ends_value(&bytes[end..]) && loses_digits(&bytes[at..end]) {
                    quoted.extend_from_slice(&bytes[taken..at]);
                    quoted.push(b'"');
                    quoted.extend_from_slice(&bytes[at..end]);
                    quoted.push(b'"');
                    taken = end;
                }
                at = end;
            }
            _ => {
                if !byte.is_ascii_whitespace() {
                    before = byte;
                }
                at += 1;
            }
        }
    }
    quoted.extend_from_slice(&bytes[taken..]);
    Cow::Owned(quoted)
}

/// Whether a value may end before the rest of a text; a number in the place of a key may not.
fn ends_value(rest: &[u8]) -> bool {
    let next = rest.iter().find(|byte| !byte.is_ascii_whitespace());
    next.is_none_or(|byte| matches!(byte, b',' | b']' | b'}'))
}

/// Whether a number would come back with other digits.
fn loses_digits(number: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(number) else { return false };
    // What is no number, such as 007, is left to the reader to refuse.
    let Ok(value) = serde_json::from_str::<f64>(text) else { return false };
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    if mantissa.len() == text.len() && !text.contains('.') {
        return text.parse::<i64>().is_err();
    }
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    digits.trim_start_matches('0').trim_end_matches('0').len() > DIGITS_EXACT && value.to_string() != text
}

#[cfg(test)]
mod tests {
    use super::with_digits;

    fn quoted(text: &str) -> String {
        String::from_utf8(with_digits(text.as_bytes()).into_owned()).expect("text")
    }

    #[test]
    fn a_number_keeps_the_digits_that_no_reader_holds() {
        for (text, expected) in [
            // 2^63 is the first whole number beyond 64 bits with a sign.
            (r#"{"a":9223372036854775807}"#, r#"{"a":9223372036854775807}"#),
            (r#"{"a":9223372036854775808}"#, r#"{"a":"9223372036854775808"}"#),
            (r#"{"a": -9223372036854775809 , "b":1}"#, r#"{"a": "-9223372036854775809" , "b":1}"#),
            (r#"[123456789012345678901234]"#, r#"["123456789012345678901234"]"#),
            // The shortest way to write a number of floating point, one with a digit more, and one with zeros behind.
            (r#"{"a":0.30000000000000004}"#, r#"{"a":0.30000000000000004}"#),
            (r#"{"a":0.300000000000000044}"#, r#"{"a":"0.300000000000000044"}"#),
            (r#"{"a":1000.0000000000000000}"#, r#"{"a":1000.0000000000000000}"#),
            // Within texts nothing is a number.
            (r#"{"a":"12345678901234567890","b\"":1}"#, r#"{"a":"12345678901234567890","b\"":1}"#),
        ] {
            assert_eq!(quoted(text), expected);
        }
    }

    #[test]
    fn what_is_no_json_does_not_become_any() {
        for text in [
            r#"{12345678901234567890:1}"#,
            r#"{"a":1, 12345678901234567890 : 1}"#,
            r#"{"a":00012345678901234567890}"#,
            r#"{"a":12345678901234567890x}"#,
            r#"{"a":1234567890123456789.}"#,
            r#"{"a" 12345678901234567890}"#,
            r#"{"a":"12345678901234567890"#,
        ] {
            assert!(serde_json::from_str::<serde_json::Value>(&quoted(text)).is_err(), "{text}");
        }
    }
}
