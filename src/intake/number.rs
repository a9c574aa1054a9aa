//! Plain decimals, fast.

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
    use super::parse;
    use proptest::prelude::*;

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
