//! Lists on the command line: names and codes parted by commas, with quotes as in CSV around those that hold one.

use crate::pipeline::flat::MissingCodes;

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

/// Codes of one flag: of all columns, or of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CodeList {
    column: Option<String>,
    codes: Vec<String>,
}

/// `-99,11`, or `COLUMN=-99,11`. A minus in front is part of a code; what looks like a flag is none.
pub(super) fn parse_codes(text: &str) -> Result<CodeList, String> {
    if text.starts_with("--") && text.len() > 2 {
        return Err(format!(
            "`{text}` is a flag where codes should stand; write --not-applicable={text} where it is meant"
        ));
    }
    let (column, codes) = match parted(text, '=')?[..] {
        [codes] => (None, codes),
        [column, codes] => (Some(unquoted(column)?), codes),
        _ => return Err("codes of one column stand behind its name and one equals sign, as in A=0,9".to_owned()),
    };
    if column.as_ref().is_some_and(String::is_empty) {
        return Err("no column stands before the equals sign; write A=0,9".to_owned());
    }
    Ok(CodeList { column, codes: parse_names(codes)?.0 })
}

/// The codes of a flag that may be given several times.
pub(super) fn codes(lists: &[CodeList]) -> MissingCodes {
    let mut all = MissingCodes::default();
    for CodeList { column, codes } in lists {
        match column {
            Some(column) => all.by_column.push((column.clone(), codes.clone())),
            None => all.everywhere.extend(codes.iter().cloned()),
        }
    }
    all
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
    fn codes_may_begin_with_a_minus_and_belong_to_one_column() {
        let all =
            |texts: &[&str]| codes(&texts.iter().map(|text| parse_codes(text).expect("codes")).collect::<Vec<_>>());
        assert_eq!(all(&["-99,-1", "-"]).everywhere, ["-99", "-1", "-"]);
        let own = all(&["seat=0,9", "\"price, at first\"=-1", "\"a=b\""]);
        let by_column = [("seat", vec!["0", "9"]), ("price, at first", vec!["-1"])];
        let want = by_column.map(|(name, codes)| (name.to_owned(), codes.into_iter().map(str::to_owned).collect()));
        assert_eq!(own.by_column, want);
        assert_eq!(own.everywhere, ["a=b"]);
        for text in ["--weights", "a=b=c", "=9", "a="] {
            assert!(parse_codes(text).is_err(), "{text}");
        }
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
