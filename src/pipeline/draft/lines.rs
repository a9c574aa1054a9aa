//! Lines of a study with comments beside and above them.

/// Longest line.
const WIDTH: usize = 120;
/// Where a comment behind a setting begins, at the least.
const COMMENT_COLUMN: usize = 40;

/// The text of a study as it grows.
#[derive(Debug, Default)]
pub(super) struct Lines {
    text: String,
}

impl Lines {
    pub(super) fn into_text(self) -> String {
        self.text
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    pub(super) fn blank(&mut self) {
        self.line("");
    }

    /// A section's head, with an empty line above it.
    pub(super) fn section(&mut self, name: &str) {
        self.blank();
        self.line(&format!("[{name}]"));
    }

    /// A comment, on as many lines as it takes.
    pub(super) fn comment(&mut self, text: &str) {
        self.wrapped(text, "# ", "# ");
    }

    /// What is not sure: a comment that begins with a question mark.
    pub(super) fn question(&mut self, text: &str) {
        self.wrapped(text, "# ? ", "#   ");
    }

    fn wrapped(&mut self, text: &str, first: &str, others: &str) {
        let mut line = first.to_owned();
        let mut is_empty = true;
        for word in one_line(text).split_whitespace() {
            if !is_empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
                self.line(&line);
                line = others.to_owned();
                is_empty = true;
            }
            if !is_empty {
                line.push(' ');
            }
            line.push_str(word);
            is_empty = false;
        }
        self.line(&line);
    }

    /// A setting whose value is TOML already, with why it is so.
    pub(super) fn setting(&mut self, key: &str, value: &str, why: &str) {
        let setting = format!("{} = {value}", bare_or_quoted(key));
        let why = one_line(why);
        if why.is_empty() {
            return self.line(&setting);
        }
        let padded = format!("{setting:<COMMENT_COLUMN$}");
        if padded.chars().count() + 3 + why.chars().count() <= WIDTH {
            self.line(&format!("{padded} # {why}"));
        } else {
            self.comment(&format!("{key}: {why}"));
            self.line(&setting);
        }
    }

    /// An element of a list or a table that stands on several lines.
    pub(super) fn element(&mut self, value: &str, why: &str) {
        let element = format!("  {value},");
        let why = one_line(why);
        let padded = format!("{element:<COMMENT_COLUMN$}");
        if why.is_empty() {
            return self.line(&element);
        }
        let room = WIDTH.saturating_sub(padded.chars().count() + 3);
        let why: String = if why.chars().count() <= room { why } else { why.chars().take(room).collect() };
        self.line(&format!("{padded} # {why}"));
    }

    /// A line as it is.
    pub(super) fn raw(&mut self, line: &str) {
        self.line(line);
    }
}

/// A text without what a comment cannot hold.
fn one_line(text: &str) -> String {
    text.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).collect()
}

/// A text in TOML.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for sign in text.chars() {
        match sign {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            sign if sign.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(sign))),
            sign => quoted.push(sign),
        }
    }
    quoted.push('"');
    quoted
}

/// A list of texts in TOML.
pub(super) fn list(texts: &[String]) -> String {
    format!("[{}]", texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", "))
}

/// A key, in quotes where it must be.
pub(super) fn bare_or_quoted(key: &str) -> String {
    let is_bare = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if is_bare { key.to_owned() } else { quoted(key) }
}

/// A code as TOML: a number where it is one, else a text.
pub(super) fn code(text: &str) -> String {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') => {
            text.to_owned()
        }
        _ => quoted(text),
    }
}

/// A count as people write it: `103,904`.
pub(super) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_comments_are_cut_between_words_and_questions_stay_questions() {
        let mut lines = Lines::default();
        lines.question(&"word ".repeat(60));
        let text = lines.into_text();
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH && line.starts_with('#')));
        assert!(text.starts_with("# ? word") && text.lines().skip(1).all(|line| line.starts_with("#   word")));
    }

    #[test]
    fn any_name_can_be_written_and_read_back() {
        for name in ["plain", "Q7 \"FOOD\"", "a\\b", "two\nlines", "tab\t", "größe", "#", "\u{7f}"] {
            let text = format!("{} = {}", bare_or_quoted(name), quoted(name));
            let table: toml::Table = text.parse().expect("TOML");
            assert_eq!(table.get(name).and_then(toml::Value::as_str), Some(name));
        }
    }

    #[test]
    fn codes_are_numbers_where_they_are_and_counts_have_commas() {
        assert_eq!(["11", "-1", "N/A", "0.5", "-"].map(code), ["11", "-1", "\"N/A\"", "\"0.5\"", "\"-\""]);
        assert_eq!([7, 999, 1000, 103_904].map(count), ["7", "999", "1,000", "103,904"]);
    }
}
