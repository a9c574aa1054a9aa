//! In which signs a text is written that is neither UTF-8 nor says so itself.

use super::StudyError;
use super::section::Section;
use serde::{Serialize, Serializer};

/// An encoding of text other than UTF-8, as the WHATWG names and lays them down (<https://encoding.spec.whatwg.org>).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoding(&'static encoding_rs::Encoding);

impl Encoding {
    /// What western Europe's spreadsheets write as plain CSV.
    pub const WINDOWS_1252: Self = Self(encoding_rs::WINDOWS_1252);

    /// By one of its names, in letters of any size. Two encodings of the standard that mean no text are none.
    pub fn of_label(label: &str) -> Option<Self> {
        let found = encoding_rs::Encoding::for_label(label.as_bytes())?;
        (found != encoding_rs::REPLACEMENT && found != encoding_rs::X_USER_DEFINED).then_some(Self(found))
    }

    /// Its name in small letters, by which a study may call it.
    pub fn name(self) -> String {
        self.0.name().to_lowercase()
    }

    /// Whether each byte is a sign of its own.
    pub fn is_single_byte(self) -> bool {
        self.0.is_single_byte()
    }

    /// Turns such a text into UTF-8.
    pub(crate) fn decoder(self) -> encoding_rs::Decoder {
        self.0.new_decoder_without_bom_handling()
    }

    /// `None` where nothing is said, and of UTF-8, which needs no turning.
    pub(super) fn read(section: &Section<'_, '_>) -> Result<Option<Self>, StudyError> {
        let Some(item) = section.item("encoding") else { return Ok(None) };
        let label = item.text()?;
        match Self::of_label(&label) {
            Some(Self(found)) if found == encoding_rs::UTF_8 => Ok(None),
            Some(found) => Ok(Some(found)),
            None => Err(item.invalid(format!(
                "`{}` is {label:?}, which is no encoding that is known; write \"windows-1252\" (plain CSV of western Europe's \
                 spreadsheets), \"windows-1250\", \"windows-1251\", \"iso-8859-15\", \"macintosh\", \"shift_jis\", \"gbk\" or another \
                 name of https://encoding.spec.whatwg.org/#names-and-labels, or save the files as UTF-8",
                item.path()
            ))),
        }
    }
}

impl Serialize for Encoding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name())
    }
}

#[cfg(test)]
mod tests {
    use crate::study::{Encoding, Study};
    use std::path::Path;

    fn read(label: &str) -> Result<Option<Encoding>, String> {
        let study = format!(
            "study = {{ name = \"case\", as_of = 2026-09-30 }}\n[sources.feedback]\npath = \"a.csv\"\nsnapshot = true\n\
             recommend = \"ltr\"\nencoding = {label:?}\n"
        );
        Study::parse(&study, Path::new(""))
            .map(|study| study.sources.feedback.files.encoding)
            .map_err(|own| own.to_string())
    }

    /// The labels of the Encoding Standard, section 4.2: ISO 8859-1 and ASCII are names of windows-1252 there.
    #[test]
    fn labels_are_those_of_the_standard() {
        for (label, name) in [
            ("windows-1252", "windows-1252"),
            ("CP1252", "windows-1252"),
            ("latin1", "windows-1252"),
            ("iso-8859-1", "windows-1252"),
            ("iso-8859-15", "iso-8859-15"),
            ("mac", "macintosh"),
            ("sjis", "shift_jis"),
            ("gb2312", "gbk"),
            ("utf-16", "utf-16le"),
        ] {
            assert_eq!(read(label).expect(label).map(Encoding::name).as_deref(), Some(name));
        }
        assert_eq!((read("utf-8"), read("UTF8")), (Ok(None), Ok(None)));
        for label in ["cp850", "windows-1259", "iso-2022-kr", "x-user-defined"] {
            let refused = read(label).expect_err(label);
            assert!(refused.contains("sources.feedback.encoding") && refused.contains("\"iso-8859-15\""), "{refused}");
        }
    }
}
