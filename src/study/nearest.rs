//! The known name that a mistyped one was probably meant to be.

/// The candidate most like `name`, where one is like enough to be worth naming.
///
/// Letters, blanks, `-` and `_` are compared without regard to case and kind. Of equally near candidates the first wins.
pub fn nearest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let name = folded(name);
    let mut best: Option<(f64, &str)> = None;
    for candidate in candidates {
        let other = folded(candidate);
        let likeness =
            strsim::normalized_damerau_levenshtein(&name, &other).max(strsim::jaro_winkler(&name, &other) - 0.2);
        if likeness >= 0.6 && best.is_none_or(|(found, _)| likeness > found) {
            best = Some((likeness, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

fn folded(name: &str) -> String {
    name.trim()
        .chars()
        .map(|letter| if letter == '-' || letter == ' ' { '_' } else { letter })
        .collect::<String>()
        .to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn slips_of_the_key_find_their_name() {
        let known = ["customer", "time", "recommend", "path"];
        assert_eq!(nearest("custmer", known), Some("customer"));
        assert_eq!(nearest("pth", known), Some("path"));
        assert_eq!(nearest("Customer", known), Some("customer"));
        assert_eq!(nearest("reccomended", known), Some("recommend"));
    }

    #[test]
    fn a_name_like_none_finds_none() {
        assert_eq!(nearest("zebra", ["customer", "time", "path"]), None);
    }
}
