//! Text in other signs than UTF-8, turned into it on the way in, as a study says by `encoding`.

use super::blocks::count_lines;
use crate::study::Encoding;
use encoding_rs::{Decoder, DecoderResult};
use std::io::{self, Read};
use thiserror::Error;

/// Bytes that are turned at a time.
const CHUNK_BYTES: usize = 1 << 16;

/// Where a text is not in the encoding that its study says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("text that is not in {}, in line {line}, byte {byte} of the text: {problem}", encoding.name())]
pub(super) struct BadSigns {
    pub(super) encoding: Encoding,
    /// From 1.
    pub(super) line: u64,
    /// The first byte of what is wrong, from 0.
    pub(super) byte: u64,
    pub(super) problem: &'static str,
}

impl BadSigns {
    /// What a reader says, where it is this.
    pub(super) fn of(error: &io::Error) -> Option<Self> {
        error.get_ref().and_then(|inner| inner.downcast_ref::<Self>()).copied()
    }
}

const NO_SIGN: &str = "what stands there is no sign of it";
const IS_UTF_8: &str = "from there to the end all of it is UTF-8, for which `encoding` is left out";

/// Reads text of some encoding as UTF-8.
pub(super) struct Decoded<R> {
    reader: R,
    encoding: Encoding,
    decoder: Decoder,
    /// Bytes of the text that were turned.
    offset: u64,
    /// What was turned, handed out up to `n_given`.
    text: Vec<u8>,
    n_given: usize,
    /// Line ends in what was turned before `text`.
    n_lines: u64,
    likeness: Likeness,
    /// What comes behind `text` instead of more of it.
    end: Option<Result<(), BadSigns>>,
}

impl<R: Read> Decoded<R> {
    /// Of a text without a mark.
    pub(super) fn new(reader: R, encoding: Encoding) -> Self {
        Self {
            reader,
            encoding,
            decoder: encoding.decoder(),
            offset: 0,
            text: Vec::new(),
            n_given: 0,
            n_lines: 0,
            likeness: Likeness::default(),
            end: None,
        }
    }

    /// Turns the next bytes.
    fn fill(&mut self) -> io::Result<()> {
        self.n_lines += count_lines(&self.text);
        self.n_given = 0;
        let mut raw = Vec::new();
        let n_read = (&mut self.reader).take(CHUNK_BYTES as u64).read_to_end(&mut raw)?;
        let is_end = n_read < CHUNK_BYTES;
        // The longest that may come of it; of an overlong input there is none, and a chunk is none.
        let room = self.decoder.max_utf8_buffer_length_without_replacement(raw.len()).unwrap_or(CHUNK_BYTES * 4);
        self.text.resize(room, 0);
        let (result, n_turned, n_written) =
            self.decoder.decode_to_utf8_without_replacement(&raw, &mut self.text, is_end);
        self.text.truncate(n_written);
        let malformed = match result {
            DecoderResult::Malformed(n_bad, n_behind) => {
                Some((self.offset + n_turned as u64).saturating_sub(u64::from(n_bad) + u64::from(n_behind)))
            }
            DecoderResult::InputEmpty | DecoderResult::OutputFull => None,
        };
        // A byte that a table of 256 signs leaves open is given a control character by the standard, which no text means.
        let open = if self.encoding.is_single_byte() { first_control(&self.text) } else { None };
        if let Some((at, n_signs)) = open {
            self.text.truncate(at);
            self.end = Some(Err(self.bad(self.offset + n_signs, NO_SIGN)));
            return Ok(());
        }
        if let Some(byte) = malformed {
            self.end = Some(Err(self.bad(byte, NO_SIGN)));
            return Ok(());
        }
        if self.encoding.is_single_byte() {
            self.likeness.look(&raw, self.offset, self.n_lines);
        }
        self.offset += raw.len() as u64;
        if is_end {
            self.end = Some(self.likeness.verdict().map_or(Ok(()), |(line, byte)| {
                Err(BadSigns { encoding: self.encoding, line, byte, problem: IS_UTF_8 })
            }));
        }
        Ok(())
    }

    fn bad(&self, byte: u64, problem: &'static str) -> BadSigns {
        BadSigns { encoding: self.encoding, line: 1 + self.n_lines + count_lines(&self.text), byte, problem }
    }
}

/// The first of the control characters U+0080 to U+009F but that of a new line: its place, and the signs before it.
fn first_control(text: &[u8]) -> Option<(usize, u64)> {
    let is_control =
        |&at: &usize| matches!(text.get(at + 1), Some(&next) if (0x80..=0x9f).contains(&next) && next != 0x85);
    let at = memchr::memchr_iter(0xc2, text).find(is_control)?;
    let n_signs = text[..at].iter().filter(|&&byte| byte & 0xc0 != 0x80).count();
    Some((at, n_signs as u64))
}

/// Whether a text that should be in an encoding of one byte a sign is UTF-8 throughout, which such a text is by no accident: all its
/// letters beyond ASCII would stand in pairs and triples that no word has.
#[derive(Default)]
struct Likeness {
    is_other: bool,
    /// The line and the byte of the first sign beyond ASCII.
    first: Option<(u64, u64)>,
    /// The bytes of a sign that was cut off at the end of what was looked at.
    rest: Vec<u8>,
}

impl Likeness {
    fn look(&mut self, raw: &[u8], offset: u64, n_lines: u64) {
        if self.is_other {
            return;
        }
        if let Some(at) = raw.iter().position(|byte| !byte.is_ascii()).filter(|_| self.first.is_none()) {
            self.first = Some((1 + n_lines + count_lines(&raw[..at]), offset + at as u64));
        }
        let mut bytes = std::mem::take(&mut self.rest);
        bytes.extend_from_slice(raw);
        if let Err(error) = std::str::from_utf8(&bytes) {
            self.is_other = error.error_len().is_some();
            self.rest = bytes.split_off(error.valid_up_to());
        }
    }

    fn verdict(&self) -> Option<(u64, u64)> {
        self.first.filter(|_| !self.is_other && self.rest.is_empty())
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.n_given == self.text.len() {
            match self.end {
                None => self.fill()?,
                Some(Ok(())) => return Ok(0),
                Some(Err(bad)) => return Err(io::Error::new(io::ErrorKind::InvalidData, bad)),
            }
        }
        let n_bytes = buffer.len().min(self.text.len() - self.n_given);
        buffer[..n_bytes].copy_from_slice(&self.text[self.n_given..self.n_given + n_bytes]);
        self.n_given += n_bytes;
        Ok(n_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A reader that hands out three bytes at a time.
    struct Slow<'b>(&'b [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let n_bytes = 3.min(buffer.len()).min(self.0.len());
            buffer[..n_bytes].copy_from_slice(&self.0[..n_bytes]);
            self.0 = &self.0[n_bytes..];
            Ok(n_bytes)
        }
    }

    fn read(label: &str, bytes: &[u8]) -> (String, Option<(u64, u64, &'static str)>) {
        let encoding = Encoding::of_label(label).expect("known");
        let mut text = Vec::new();
        let error = Decoded::new(Slow(bytes), encoding).read_to_end(&mut text).err();
        let bad = error.map(|error| BadSigns::of(&error).expect("about the text"));
        (String::from_utf8(text).expect("UTF-8"), bad.map(|bad| (bad.line, bad.byte, bad.problem)))
    }

    /// Python 3: `"José €".encode("cp1252")` and so on.
    #[test]
    fn signs_are_those_of_their_encoding() {
        for (label, bytes, text) in [
            ("windows-1252", &b"Jos\xe9 \x80"[..], "José €"),
            ("iso-8859-15", b"Jos\xe9 \xa4", "José €"),
            ("windows-1250", b"\xa3\xf3d\x9f", "Łódź"),
            ("windows-1251", b"\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"),
            ("macintosh", b"Jos\x8e", "José"),
            ("koi8-r", b"\xc4\xc1", "да"),
            ("shift_jis", b"\x93\xfa\x96{", "日本"),
            ("gbk", b"\xd6\xd0\xce\xc4", "中文"),
            ("euc-kr", b"\xc7\xd1\xb1\xb9", "한국"),
            ("utf-16le", b"J\0\xe9\0", "Jé"),
            ("windows-1252", b"", ""),
        ] {
            assert_eq!(read(label, bytes), (text.to_owned(), None), "{label}");
        }
    }

    /// Python 3 refuses these bytes by the same encodings: "character maps to <undefined>", "illegal multibyte sequence".
    #[test]
    fn bytes_that_are_no_signs_are_told_with_line_and_byte_behind_what_is_sound() {
        for (label, bytes, text, line, byte) in [
            ("windows-1252", &b"a\xe9\nb\x81c"[..], "aé\nb", 2, 4),
            ("windows-1253", b"a\n\n\xe1\xd2", "a\n\nα", 3, 4),
            ("shift_jis", b"\x93\xfa\n\x93\n", "日\n", 2, 3),
            ("gbk", b"\xd6\xd0\xce", "中", 1, 2),
        ] {
            assert_eq!(read(label, bytes), (text.to_owned(), Some((line, byte, NO_SIGN))), "{label}");
        }
        // The sign for a new line of ISO 8859 is none of those that nobody means.
        assert_eq!(read("iso-8859-15", b"a\x85b"), ("a\u{85}b".to_owned(), None));
    }

    #[test]
    fn damage_far_behind_is_told_with_its_place_and_signs_lie_across_chunks() {
        let mut bytes = b"\xe9b\n".repeat(100_000);
        bytes.push(0x81);
        let (text, bad) = read("windows-1252", &bytes);
        assert_eq!((text.len(), bad), (400_000, Some((100_001, 300_000, NO_SIGN))));
        for n_before in CHUNK_BYTES - 3..CHUNK_BYTES + 2 {
            let bytes = [&b"x".repeat(n_before)[..], b"\x93\xfa\x96{"].concat();
            assert_eq!(read("shift_jis", &bytes), (format!("{}日本", "x".repeat(n_before)), None));
        }
    }

    #[test]
    fn a_text_of_one_byte_a_sign_that_is_utf_8_throughout_is_not_taken_for_it() {
        let (_, bad) = read("windows-1252", "a\nJosé\nMüller €\n".as_bytes());
        assert_eq!(bad, Some((2, 5, IS_UTF_8)));
        // One letter that UTF-8 would not write so is enough, and ASCII alone is text of either.
        assert_eq!(read("windows-1252", b"Jos\xc3\xa9 \xe9\n").1, None);
        assert_eq!(read("windows-1252", b"plain\n").1, None);
        // A first byte of UTF-8 whose others are cut off at the end.
        assert_eq!(read("windows-1252", b"Jos\xc3").1, None);
        for n_before in CHUNK_BYTES - 3..CHUNK_BYTES + 2 {
            let text = format!("{}é", "x".repeat(n_before));
            assert_eq!(read("windows-1252", text.as_bytes()).1, Some((1, n_before as u64, IS_UTF_8)));
        }
    }

    proptest! {
        /// ISO 8859-1's signs have the numbers of their bytes, and windows-1252 differs from it only between 0x80 and 0x9f.
        #[test]
        fn signs_of_one_byte_come_back(bytes in prop::collection::vec(prop_oneof![0_u8..0x80, 0xa0_u8..], 0..200)) {
            let text: String = bytes.iter().map(|&byte| char::from(byte)).collect();
            let (found, bad) = read("windows-1252", &bytes);
            prop_assert_eq!(found, text);
            prop_assert_eq!(bad.is_some(), !bytes.is_ascii() && std::str::from_utf8(&bytes).is_ok());
        }
    }
}
