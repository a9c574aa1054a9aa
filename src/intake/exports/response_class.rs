//! The class that an export gives a recommend answer, to be checked against the answer itself.

/// The class of a recommend answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResponseClass {
    /// 0 to 6.
    Detractor,
    /// 7 and 8.
    Passive,
    /// 9 and 10.
    Promoter,
}

impl ResponseClass {
    /// The class of a whole answer; nothing outside of 0 to 10.
    pub fn of_answer(answer: u8) -> Option<Self> {
        match answer {
            0..=6 => Some(Self::Detractor),
            7 | 8 => Some(Self::Passive),
            9 | 10 => Some(Self::Promoter),
            _ => None,
        }
    }
}

/// Beginnings of the words that vendors use, in lower case; singular and plural begin alike.
const WORDS: [(&str, ResponseClass); 32] = [
    ("promoter", ResponseClass::Promoter),
    ("promotor", ResponseClass::Promoter),
    ("promoteur", ResponseClass::Promoter),
    ("promovent", ResponseClass::Promoter),
    ("promotér", ResponseClass::Promoter),
    ("ambassad", ResponseClass::Promoter),
    ("промоутер", ResponseClass::Promoter),
    ("推奨", ResponseClass::Promoter),
    ("推荐", ResponseClass::Promoter),
    ("추천", ResponseClass::Promoter),
    ("passiv", ResponseClass::Passive),
    ("passif", ResponseClass::Passive),
    ("passief", ResponseClass::Passive),
    ("pasiv", ResponseClass::Passive),
    ("neutr", ResponseClass::Passive),
    ("indifferent", ResponseClass::Passive),
    ("нейтрал", ResponseClass::Passive),
    ("中立", ResponseClass::Passive),
    ("被动", ResponseClass::Passive),
    ("중립", ResponseClass::Passive),
    ("detractor", ResponseClass::Detractor),
    ("détracteur", ResponseClass::Detractor),
    ("detracteur", ResponseClass::Detractor),
    ("detraktor", ResponseClass::Detractor),
    ("detrator", ResponseClass::Detractor),
    ("detrattor", ResponseClass::Detractor),
    ("kritiker", ResponseClass::Detractor),
    ("criticaster", ResponseClass::Detractor),
    ("krytyk", ResponseClass::Detractor),
    ("критик", ResponseClass::Detractor),
    ("批判", ResponseClass::Detractor),
    ("贬", ResponseClass::Detractor),
];

/// The class that a label says, in the languages that vendors translate it to; and Qualtrics's codes 1, 2 and 3 for
/// detractor, passive and promoter. Nothing for any other text.
///
/// # Example
/// ```
/// use advocate::intake::exports::{ResponseClass, class_of_label};
///
/// assert_eq!(class_of_label("Détracteurs"), Some(ResponseClass::Detractor));
/// assert_eq!(class_of_label("2"), Some(ResponseClass::Passive));
/// assert_eq!(class_of_label("satisfied"), None);
/// ```
pub fn class_of_label(text: &str) -> Option<ResponseClass> {
    let text = text.trim().to_lowercase();
    match text.as_str() {
        "1" => Some(ResponseClass::Detractor),
        "2" => Some(ResponseClass::Passive),
        "3" => Some(ResponseClass::Promoter),
        _ => WORDS.iter().find(|(word, _)| text.starts_with(word)).map(|&(_, class)| class),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ResponseClass::*;

    #[test]
    fn labels_are_read_in_the_languages_of_the_vendors() {
        for (label, class) in [
            ("Promoter", Promoter),
            (" PROMOTERS ", Promoter),
            ("Promotores", Promoter),
            ("Promoteur", Promoter),
            ("Ambassadör", Promoter),
            ("推奨者", Promoter),
            ("Passive", Passive),
            ("Passif", Passive),
            ("Pasivos", Passive),
            ("Neutral", Passive),
            ("Neutro", Passive),
            ("Indifferente", Passive),
            ("Detractor", Detractor),
            ("Kritiker", Detractor),
            ("Criticaster", Detractor),
            ("Detrator", Detractor),
            ("批判者", Detractor),
            ("1", Detractor),
            ("3", Promoter),
        ] {
            assert_eq!(class_of_label(label), Some(class), "{label}");
        }
        for other in ["", "0", "4", "happy", "non-promoter"] {
            assert_eq!(class_of_label(other), None, "{other}");
        }
    }

    #[test]
    fn answers_fall_into_the_published_classes() {
        let classes: Vec<_> = (0..=11).map(ResponseClass::of_answer).collect();
        assert_eq!(classes[..7], [Some(Detractor); 7]);
        assert_eq!(classes[7..], [Some(Passive), Some(Passive), Some(Promoter), Some(Promoter), None]);
    }
}
