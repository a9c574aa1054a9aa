//! Lists on the command line: names and codes parted by commas, with quotes as in CSV around those that hold one.

/// Names of one flag: not empty, without the blanks around them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Names(pub Vec<String>);

/// `A,B`, `A, B` or `"A, at first",B`.
pub(super) fn parse_names(text: &str) -> Result<Names, String> {
    let names = cells(text)?;
    if names.iter().any(String::is_empty) {
        return Err("a name is empty; part names by one comma each, as in A,B".to_owned());
    }
    Ok(Names(names))
}

/// The names of a flag that may be given several times, in the order given.
pub(super) fn all(lists: &[Names]) -> Vec<String> {
    lists.iter().flat_map(|names| &names.0).cloned().collect()
}

/// Texts parted by commas; a comma inside quotes parts nothing, and two quotes inside quotes are one.
pub(super) fn cells(text: &str) -> Result<Vec<String>, String> {
    parted(text, ',')?.into_iter().map(unquoted).collect()
}

/// The text cut at a sign wherever that is not inside quotes, without the blanks around the parts.
pub(super) fn parted(text: &str, sign: char) -> Result<Vec<&str>, String> {
    let (mut parts, mut start, mut is_quoted) = (Vec::new(), 0, false);
    for (place, own) in text.char_indices() {
        if own == '"' {
            is_quoted = !is_quoted;
        } else if own == sign && !is_quoted {
            parts.push(text[start..place].trim());
            start = place + own.len_utf8();
        }
    }
    if is_quoted {
        return Err(format!("a quote is opened in `{text}` and never closed"));
    }
    parts.push(text[start..].trim());
    Ok(parts)
}

/// The text within quotes, where it has some around it.
pub(super) fn unquoted(text: &str) -> Result<String, String> {
    let Some(inner) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) else {
        // A quote within a name that does not begin with one is part of it.
        return Ok(text.to_owned());
    };
    let single = inner.replace("\"\"", "");
    if single.contains('"') {
        return Err(format!("`{text}` has a quote inside its quotes; write two for one that is meant"));
    }
    Ok(inner.replace("\"\"", "\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        parse_names(text).expect("names").0
    }

    #[test]
    fn blanks_around_names_are_no_part_of_them() {
        assert_eq!(names("a, b ,c"), ["a", "b", "c"]);
        assert_eq!(names("a b"), ["a b"]);
    }

    #[test]
    fn quotes_hold_a_name_with_commas_together() {
        assert_eq!(names("\"a, at first\",b"), ["a, at first", "b"]);
        assert_eq!(names("\"the \"\"old\"\" one\""), ["the \"old\" one"]);
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for text in ["a,,b", "", "\"a,b", "\"a\"b\""] {
            assert!(parse_names(text).is_err(), "{text}");
        }
    }

    #[test]
    fn parts_of_groups_hold_names_with_their_signs() {
        assert_eq!(parted("s=\"a;b\",c; p=d", ';').expect("parts"), ["s=\"a;b\",c", "p=d"]);
    }
}
