//! Names brought to one spelling, for comparison and for people.

/// The letters and digits of a name, in lower case: `Response ID`, `response_id` and `ResponseId` are the same.
pub(super) fn folded(name: &str) -> String {
    name.chars().filter(|sign| sign.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// A name on one line: blanks and line breaks in a row become one blank, those at the ends go.
pub(super) fn tidy(name: &str) -> String {
    let mut tidy = String::with_capacity(name.len());
    for word in name.split_whitespace() {
        if !tidy.is_empty() {
            tidy.push(' ');
        }
        tidy.push_str(word);
    }
    tidy
}

/// A name without the tags of a web page: `<strong>Why?</strong>` is `Why?`.
pub(super) fn without_tags(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(open) = rest.find('<') {
        let (before, tag) = rest.split_at(open);
        plain.push_str(before);
        let is_tag = tag[1..].starts_with(|sign: char| sign.is_ascii_alphabetic() || sign == '/');
        match tag.find('>') {
            Some(close) if is_tag => rest = &tag[close + 1..],
            _ => {
                plain.push('<');
                rest = &tag[1..];
            }
        }
    }
    plain.push_str(rest);
    tidy(&plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_name_are_one() {
        for name in ["Response ID", "response_id", "ResponseId", " response-id. "] {
            assert_eq!(folded(name), "responseid");
        }
        assert_eq!(tidy(" How likely\n are you\tto \r\n recommend? "), "How likely are you to recommend?");
    }

    #[test]
    fn tags_go_and_comparisons_stay() {
        assert_eq!(without_tags("What <strong>exactly</strong>?<br/>"), "What exactly?");
        assert_eq!(without_tags("Is 3 < 4 and 5 > 4?"), "Is 3 < 4 and 5 > 4?");
        assert_eq!(without_tags("open <b"), "open <b");
    }
}
