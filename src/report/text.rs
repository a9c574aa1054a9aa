//! Text from outside on its way to a reader: harmless, measured, shortened, wrapped.

/// The text on one line, without characters that steer a terminal or turn the direction of writing.
///
/// White space becomes a space; other control characters and the explicit marks of direction become `U+FFFD`.
pub(super) fn plain(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => ' ',
            letter if steers(letter) => '\u{fffd}',
            letter => letter,
        })
        .collect()
}

/// A whole document without such characters; its lines stay.
pub(super) fn without_control(document: &str) -> String {
    document.chars().map(|letter| if letter != '\n' && steers(letter) { '\u{fffd}' } else { letter }).collect()
}

fn steers(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Columns that the text takes where letters have equal width.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(letter_width).sum()
}

fn letter_width(letter: char) -> usize {
    match letter {
        '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{fe00}'..='\u{fe0f}' => 0,
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{1f300}'..='\u{1f9ff}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

/// The text in at most so many columns; both ends stay, because long names often differ only at one.
pub(super) fn shortened(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let room = columns.saturating_sub(1);
    let head = taken(text.chars(), room.div_ceil(2));
    let tail: String = taken(text.chars().rev(), room / 2).chars().rev().collect();
    format!("{head}…{tail}")
}

/// As many letters as fit into so many columns.
fn taken(letters: impl Iterator<Item = char>, columns: usize) -> String {
    let mut used = 0;
    letters
        .take_while(|&letter| {
            used += letter_width(letter);
            used <= columns
        })
        .collect()
}

/// The text and spaces up to so many columns.
pub(super) fn padded(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// Spaces up to so many columns, and the text.
pub(super) fn right(text: &str, columns: usize) -> String {
    format!("{}{text}", " ".repeat(columns.saturating_sub(width(text))))
}

/// Lines of at most so many columns, broken between words; longer words are broken too.
pub(super) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    lines(text.split(' ').map(|word| (word, " ")), columns.max(1))
}

/// Like [`wrapped`], for names: also broken after `_`, `-`, `.` and `/`.
pub(super) fn wrapped_name(name: &str, columns: usize) -> Vec<String> {
    let parts = name.split_inclusive([' ', '_', '-', '.', '/']);
    lines(parts.map(|part| (part, "")), columns.max(1)).into_iter().map(|line| line.trim().to_owned()).collect()
}

fn lines<'t>(parts: impl Iterator<Item = (&'t str, &'static str)>, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for (part, joint) in parts {
        let mut part = part;
        let line = lines.last_mut().map(|line| (width(line), line));
        if let Some((used, line)) = line {
            let joint = if used > 0 { joint } else { "" };
            if used + joint.len() + width(part.trim_end()) <= columns {
                line.push_str(joint);
                line.push_str(part);
                continue;
            }
        }
        if lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        while width(part.trim_end()) > columns {
            let head = taken(part.chars(), columns.max(2));
            part = &part[head.len()..];
            lines.push(head);
        }
        lines.push(part.to_owned());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(plain("a\u{1b}[31mred\nb\u{202e}c\u{7}"), "a\u{fffd}[31mred b\u{fffd}c\u{fffd}");
        assert_eq!(without_control("a\nb\0"), "a\nb\u{fffd}");
    }

    #[test]
    fn long_names_keep_both_ends() {
        assert_eq!(shortened("satisfaction_with_delivery_time", 15), "satisfa…ry_time");
        assert_eq!(shortened("short", 5), "short");
        assert_eq!(shortened("配送満足度", 7), "配…度");
    }

    #[test]
    fn wide_letters_take_two_columns() {
        assert_eq!(width("配送ab"), 6);
        assert_eq!(width("e\u{301}"), 1);
        assert_eq!(right("7", 3) + &padded("a", 3), "  7a  ");
    }

    #[test]
    fn lines_break_between_words_and_long_words_inside() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("abcdefgh ij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrapped_name("ease_of_finding_products", 12), ["ease_of_", "finding_", "products"]);
        assert_eq!(wrapped_name("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrapped("", 5), [""]);
    }
}
