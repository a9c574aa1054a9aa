//! Why a study was refused, and where it stands.

use serde::Serialize;
use thiserror::Error;

/// Where something stands in the study file: line and column (in characters), both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
}

impl Place {
    /// The place of a byte of the text; a byte past the end is at the end.
    pub(super) fn of_byte(text: &str, byte: usize) -> Self {
        let mut end = byte.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &text[..end];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1 }
    }
}

/// A study that cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StudyError {
    /// The file could not be read.
    #[error("study file `{file}` could not be read; check the path and that you may read it")]
    Unreadable {
        /// The file as it was asked for.
        file: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not UTF-8 text.
    #[error("study file `{file}` is not UTF-8 text (byte {byte}); save it as UTF-8")]
    NotUtf8 {
        /// The file as it was asked for.
        file: String,
        /// The first byte that is not, from 0.
        byte: usize,
    },
    /// Something in the file is wrong.
    #[error("{file}:{}:{}: {problem}", .place.line, .place.column)]
    At {
        /// The file as it was asked for.
        file: String,
        /// Where.
        place: Place,
        /// What, and what to do.
        problem: Box<Problem>,
    },
}

/// What is wrong at a place of the study file.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum Problem {
    /// The text is not TOML.
    #[error("not valid TOML: {message}")]
    Syntax {
        /// What the parser says.
        message: String,
    },
    /// A key that no study has.
    #[error("unknown key `{key}` in {section}{}; known keys: {}", meant(.nearest), .known.join(", "))]
    UnknownKey {
        /// The key.
        key: String,
        /// The section it stands in.
        section: String,
        /// The known key it resembles.
        nearest: Option<String>,
        /// All known keys of the section.
        known: Vec<String>,
    },
    /// A key without which nothing works.
    #[error("{section} lacks the key `{key}`: {purpose}")]
    MissingKey {
        /// The key.
        key: String,
        /// The section it belongs in.
        section: String,
        /// What it says, so that the reader can write it.
        purpose: String,
    },
    /// A value of another type.
    #[error("`{key}` is {found} and should be {expected}")]
    WrongType {
        /// The key.
        key: String,
        /// What should stand there.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// A word that is not among the choices.
    #[error("`{key}` cannot be \"{word}\"{}; choose one of: {}", meant(.nearest), .known.join(", "))]
    UnknownWord {
        /// The key.
        key: String,
        /// The word.
        word: String,
        /// The known word it resembles.
        nearest: Option<String>,
        /// All choices.
        known: Vec<String>,
    },
    /// A value that is well-formed and makes no sense.
    #[error("{0}")]
    Invalid(String),
}

fn meant(nearest: &Option<String>) -> String {
    nearest.as_ref().map_or_else(String::new, |name| format!(", did you mean `{name}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters_from_one() {
        let text = "a = 1\né = 2 # ü\n";
        assert_eq!(Place::of_byte(text, 0), Place { line: 1, column: 1 });
        assert_eq!(Place::of_byte(text, text.find('2').expect("there")), Place { line: 2, column: 5 });
        assert_eq!(Place::of_byte(text, 999), Place { line: 3, column: 1 });
    }
}
