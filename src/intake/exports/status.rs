//! What a vendor's status says of a response.

use super::Verdict;

/// What the `Status` of a Qualtrics response says: nothing for a normal one, a verdict for all others.
///
/// The codes are sums: 1 preview, 2 test, 4 imported, 8 spam, 16 offline, 32 employee experience, 128 imported again,
/// 256 synthetic. So 9 is a preview that looks like spam and 12 an imported one. Labels are known by their words, in
/// several languages; the vendor documents the English ones only.
///
/// # References
/// Qualtrics support, "Understanding your dataset", on `Status`.
pub(super) fn of_qualtrics(status: &str) -> Option<Verdict> {
    if status.is_empty() {
        return None;
    }
    match status.parse::<u32>() {
        Ok(code) => of_code(code),
        Err(_) => of_label(&status.to_lowercase()),
    }
}

fn of_code(code: u32) -> Option<Verdict> {
    const KNOWN: u32 = 1 | 2 | 4 | 8 | 16 | 32 | 128 | 256;
    let has = |bit: u32| code & bit != 0;
    if code & !KNOWN != 0 {
        Some(Verdict::UnknownStatus)
    } else if has(1) {
        Some(Verdict::Preview)
    } else if has(2) {
        Some(Verdict::Test)
    } else if has(256) {
        Some(Verdict::Synthetic)
    } else if has(8) {
        Some(Verdict::Spam)
    } else {
        None
    }
}

fn of_label(label: &str) -> Option<Verdict> {
    const PREVIEW: &[&str] = &[
        "preview",
        "vorschau",
        "aperçu",
        "vista previa",
        "pré-visualização",
        "visualização",
        "anteprima",
        "voorbeeld",
        "プレビュー",
    ];
    const TEST: &[&str] = &["test", "prueba", "prova", "テスト"];
    const SYNTHETIC: &[&str] = &["synth", "sintét", "sintet"];
    const SPAM: &[&str] = &["spam", "スパム"];
    const NORMAL: &[&str] = &["import", "offline", "hors ligne", "オフライン", "インポート"];
    let holds = |words: &[&str]| words.iter().any(|word| label.contains(word));
    let is_address = label.split(|sign: char| !sign.is_ascii_alphanumeric()).any(|word| word == "ip");
    if holds(PREVIEW) {
        Some(Verdict::Preview)
    } else if holds(SYNTHETIC) {
        Some(Verdict::Synthetic)
    } else if holds(TEST) {
        Some(Verdict::Test)
    } else if holds(SPAM) {
        Some(Verdict::Spam)
    } else if is_address || label == "ex" || holds(NORMAL) {
        None
    } else {
        Some(Verdict::UnknownStatus)
    }
}

/// Whether a `Status` of Qualtrics says a kind of response that is no answer; nothing where it says none of its kinds.
pub fn is_no_answer(status: &str) -> Option<bool> {
    match of_qualtrics(status.trim()) {
        Some(Verdict::UnknownStatus) => None,
        verdict => Some(verdict.is_some()),
    }
}

/// Whether a response is finished, by a code or a word; nothing where the cell says neither.
pub(super) fn is_finished(text: &str) -> Option<bool> {
    const YES: &[&str] = &[
        "1",
        "true",
        "yes",
        "completed",
        "complete",
        "wahr",
        "ja",
        "vrai",
        "oui",
        "verdadero",
        "sí",
        "verdadeiro",
        "sim",
        "vero",
        "sì",
        "waar",
    ];
    const NO: &[&str] =
        &["0", "false", "no", "partial", "started", "falsch", "nein", "faux", "non", "falso", "não", "onwaar", "nee"];
    let text = text.to_lowercase();
    if YES.contains(&text.as_str()) {
        Some(true)
    } else if NO.contains(&text.as_str()) {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verdict::*;

    #[test]
    fn documented_codes_and_labels_say_the_same() {
        for (code, label, verdict) in [
            ("0", "IP Address", None),
            ("1", "Survey Preview", Some(Preview)),
            ("2", "Survey Test", Some(Test)),
            ("4", "Imported", None),
            ("8", "Spam", Some(Spam)),
            ("9", "Survey Preview Spam", Some(Preview)),
            ("12", "Imported Spam", Some(Spam)),
            ("16", "Offline", None),
            ("17", "Offline Survey Preview", Some(Preview)),
            ("32", "EX", None),
            ("40", "EX Spam", Some(Spam)),
            ("48", "EX Offline", None),
            ("132", "Reimported imported", None),
            ("256", "Synthetic", Some(Synthetic)),
        ] {
            assert_eq!(of_qualtrics(code), verdict, "{code}");
            assert_eq!(of_qualtrics(label), verdict, "{label}");
        }
        assert_eq!(of_qualtrics(""), None);
    }

    #[test]
    fn localised_labels_are_known_and_unknown_ones_are_not_guessed() {
        for normal in ["IP-Adresse", "Adresse IP", "Dirección IP", "Indirizzo IP"] {
            assert_eq!(of_qualtrics(normal), None, "{normal}");
        }
        assert_eq!(of_qualtrics("Umfragevorschau"), Some(Preview));
        for unknown in ["64", "4096", "???", "shipped", "Text"] {
            assert_eq!(of_qualtrics(unknown), Some(UnknownStatus), "{unknown}");
        }
    }

    #[test]
    fn finished_is_read_as_code_or_word() {
        assert_eq!(
            (is_finished("True"), is_finished("1"), is_finished("completed")),
            (Some(true), Some(true), Some(true))
        );
        assert_eq!((is_finished("FALSCH"), is_finished("partial")), (Some(false), Some(false)));
        assert_eq!(is_finished("maybe"), None);
    }
}
