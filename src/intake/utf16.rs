//! UTF-16 text as UTF-8, turned over on the way in: what some vendors' downloads and spreadsheets' "Unicode text" hold.

use super::blocks::count_lines;
use std::io::{self, Read};
use thiserror::Error;

/// Bytes that are turned over at a time.
const CHUNK_BYTES: usize = 1 << 16;
const HIGH: std::ops::RangeInclusive<u16> = 0xd800..=0xdbff;
const LOW: std::ops::RangeInclusive<u16> = 0xdc00..=0xdfff;

/// Which byte of a unit comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ByteOrder {
    LittleEndian,
    BigEndian,
}

impl ByteOrder {
    /// By the mark at the beginning of a text; nothing for another one, also one whose units have 32 bits.
    pub(super) fn of(first: &[u8]) -> Option<Self> {
        if first.starts_with(b"\xff\xfe\0\0") {
            None
        } else if first.starts_with(b"\xff\xfe") {
            Some(Self::LittleEndian)
        } else if first.starts_with(b"\xfe\xff") {
            Some(Self::BigEndian)
        } else {
            None
        }
    }

    fn unit(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::LittleEndian => u16::from_le_bytes(bytes),
            Self::BigEndian => u16::from_be_bytes(bytes),
        }
    }
}

/// Where a text with the mark of UTF-16 is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("UTF-16 text that is damaged in line {line}, byte {byte} of the text: {problem}")]
pub(super) struct BadUtf16 {
    /// From 1.
    pub(super) line: u64,
    /// The first byte of what is wrong, from 0.
    pub(super) byte: u64,
    pub(super) problem: &'static str,
}

impl BadUtf16 {
    /// What a reader says, where it is this.
    pub(super) fn of(error: &io::Error) -> Option<Self> {
        error.get_ref().and_then(|inner| inner.downcast_ref::<Self>()).copied()
    }
}

/// Reads UTF-16 as UTF-8 without the mark.
pub(super) struct Utf16<R> {
    reader: R,
    order: ByteOrder,
    /// What was read and not turned over: at most one byte of a unit between two readings.
    raw: Vec<u8>,
    /// Bytes of the text before `raw`.
    offset: u64,
    /// The first half of a pair whose second half has not come.
    high: Option<u16>,
    /// What was turned over, handed out up to `n_given`.
    text: Vec<u8>,
    n_given: usize,
    /// Line ends in what was turned over before `text`.
    n_lines: u64,
    /// What comes behind `text` instead of more of it.
    end: Option<Result<(), BadUtf16>>,
}

impl<R: Read> Utf16<R> {
    /// Of a text that begins with its mark.
    pub(super) fn new(reader: R, order: ByteOrder) -> Self {
        Self {
            reader,
            order,
            raw: Vec::new(),
            offset: 0,
            high: None,
            text: Vec::new(),
            n_given: 0,
            n_lines: 0,
            end: None,
        }
    }

    /// Turns the next bytes over.
    fn fill(&mut self) -> io::Result<()> {
        self.n_lines += count_lines(&self.text);
        self.text.clear();
        self.n_given = 0;
        let is_beginning = self.offset == 0 && self.raw.is_empty();
        let n_read = (&mut self.reader).take(CHUNK_BYTES as u64).read_to_end(&mut self.raw)?;
        let mut raw = std::mem::take(&mut self.raw);
        let n_mark = if is_beginning { raw.len().min(2) } else { 0 };
        self.offset += n_mark as u64;
        let turned = self.turn(&raw[n_mark..]);
        let is_end = n_read < CHUNK_BYTES;
        self.end = match turned {
            Err(problem) => Some(Err(self.bad(problem))),
            Ok(()) if is_end && self.high.is_some() => Some(Err(self.bad(HALF_A_PAIR))),
            Ok(()) if is_end && (raw.len() - n_mark) % 2 == 1 => Some(Err(self.bad(HALF_A_UNIT))),
            Ok(()) if is_end => Some(Ok(())),
            Ok(()) => None,
        };
        raw.drain(..raw.len() - (raw.len() - n_mark) % 2);
        self.raw = raw;
        Ok(())
    }

    /// Turns whole units over; `offset` ends behind the last that is sound and complete.
    fn turn(&mut self, raw: &[u8]) -> Result<(), &'static str> {
        let mut sign = [0; 4];
        for pair in raw.chunks_exact(2) {
            let unit = self.order.unit([pair[0], pair[1]]);
            match (self.high, unit) {
                (None, 0..=0x7f) => self.text.push(unit as u8),
                (None, _) if HIGH.contains(&unit) => {
                    self.high = Some(unit);
                    continue;
                }
                (None, _) => {
                    let found = char::from_u32(u32::from(unit)).ok_or(HALF_A_PAIR)?;
                    self.text.extend_from_slice(found.encode_utf8(&mut sign).as_bytes());
                }
                (Some(high), _) if LOW.contains(&unit) => {
                    let code = 0x1_0000 + (u32::from(high - HIGH.start()) << 10) + u32::from(unit - LOW.start());
                    let found = char::from_u32(code).ok_or(HALF_A_PAIR)?;
                    self.text.extend_from_slice(found.encode_utf8(&mut sign).as_bytes());
                    self.high = None;
                    self.offset += 2;
                }
                (Some(_), _) => return Err(HALF_A_PAIR),
            }
            self.offset += 2;
        }
        Ok(())
    }

    fn bad(&self, problem: &'static str) -> BadUtf16 {
        BadUtf16 { line: 1 + self.n_lines + count_lines(&self.text), byte: self.offset, problem }
    }
}

const HALF_A_PAIR: &str = "one half of a surrogate pair stands alone";
const HALF_A_UNIT: &str = "it ends with a single byte";

impl<R: Read> Read for Utf16<R> {
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

    fn encoded(text: &str, order: ByteOrder) -> Vec<u8> {
        let bytes = |unit: u16| match order {
            ByteOrder::LittleEndian => unit.to_le_bytes(),
            ByteOrder::BigEndian => unit.to_be_bytes(),
        };
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(bytes).collect()
    }

    /// A reader that hands out as few bytes as it is told.
    struct Slow<'b>(&'b [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let n_bytes = self.1.min(buffer.len()).min(self.0.len());
            buffer[..n_bytes].copy_from_slice(&self.0[..n_bytes]);
            self.0 = &self.0[n_bytes..];
            Ok(n_bytes)
        }
    }

    fn read(bytes: &[u8]) -> (String, Option<BadUtf16>) {
        let order = ByteOrder::of(bytes).expect("marked");
        let mut text = Vec::new();
        let error = Utf16::new(Slow(bytes, 3), order).read_to_end(&mut text).err();
        (String::from_utf8(text).expect("UTF-8"), error.and_then(|error| BadUtf16::of(&error)))
    }

    /// The Unicode Standard, table 3-4: U+004D, U+0430, U+4E8C and U+10302 are 004D, 0430, 4E8C and D800 DF02 in UTF-16.
    #[test]
    fn signs_of_one_and_of_two_units_are_read_in_both_orders() {
        let little = b"\xff\xfe\x4d\x00\x30\x04\x8c\x4e\x00\xd8\x02\xdf";
        let big = b"\xfe\xff\x00\x4d\x04\x30\x4e\x8c\xd8\x00\xdf\x02";
        for bytes in [little, big] {
            assert_eq!(read(bytes), ("\u{4d}\u{430}\u{4e8c}\u{10302}".to_owned(), None));
        }
        assert_eq!(read(b"\xff\xfe"), (String::new(), None));
    }

    #[test]
    fn a_pair_may_lie_across_two_chunks() {
        for n_before in CHUNK_BYTES / 2 - 4..CHUNK_BYTES / 2 + 2 {
            let text = format!("{}😀\n{}", "x".repeat(n_before), "y".repeat(9));
            assert_eq!(read(&encoded(&text, ByteOrder::BigEndian)), (text, None));
        }
    }

    #[test]
    fn what_is_damaged_is_told_with_line_and_byte_behind_what_is_sound() {
        let little = |units: &[u16]| -> Vec<u8> {
            std::iter::once(0xfeff).chain(units.iter().copied()).flat_map(u16::to_le_bytes).collect()
        };
        let bad = |line, byte, problem| Some(BadUtf16 { line, byte, problem });
        let [a, newline, high, low] = [0x61, 0x0a, 0xd83d, 0xde00];
        for (units, text, line, byte) in [
            (vec![a, newline, low, a], "a\n", 2, 6),
            (vec![a, high, a], "a", 1, 4),
            (vec![high, high, low], "", 1, 2),
            (vec![a, newline, newline, high], "a\n\n", 3, 8),
        ] {
            assert_eq!(read(&little(&units)), (text.to_owned(), bad(line, byte, HALF_A_PAIR)), "{units:x?}");
        }
        let mut odd = little(&[a, newline, a]);
        odd.pop();
        assert_eq!(read(&odd), ("a\n".to_owned(), bad(2, 6, HALF_A_UNIT)));
    }

    #[test]
    fn damage_far_behind_is_told_with_its_line() {
        let mut bytes = encoded(&"ab\n".repeat(100_000), ByteOrder::LittleEndian);
        bytes.extend(0xdc00_u16.to_le_bytes());
        let (text, bad) = read(&bytes);
        assert_eq!(text.len(), 300_000);
        assert_eq!(bad, Some(BadUtf16 { line: 100_001, byte: 600_002, problem: HALF_A_PAIR }));
    }

    #[test]
    fn only_a_mark_of_units_of_16_bits_is_one() {
        assert_eq!(ByteOrder::of(b"\xff\xfe\0\0a\0\0\0"), None);
        assert_eq!(ByteOrder::of(b"\xef\xbb\xbfa"), None);
        assert_eq!(ByteOrder::of(b""), None);
    }

    proptest! {
        /// The standard library's own encoder is the other way round.
        #[test]
        fn any_text_comes_back(text in any::<String>(), is_big in any::<bool>()) {
            let order = if is_big { ByteOrder::BigEndian } else { ByteOrder::LittleEndian };
            let bytes = encoded(&text, order);
            // A text whose first sign is U+0000 looks like one with units of 32 bits.
            prop_assume!(ByteOrder::of(&bytes).is_some());
            prop_assert_eq!(read(&bytes), (text, None));
        }

        /// The standard library decodes up to the same place.
        #[test]
        fn units_at_random_are_read_up_to_the_first_that_is_wrong(
            units in prop::collection::vec(prop_oneof![1_u16.., 0xd7f0_u16..0xe010], 0..40),
        ) {
            let bytes: Vec<u8> = std::iter::once(0xfeff).chain(units.iter().copied()).flat_map(u16::to_be_bytes).collect();
            let sound: String = char::decode_utf16(units.iter().copied()).map_while(Result::ok).collect();
            let (text, bad) = read(&bytes);
            prop_assert_eq!(bad.is_some(), char::decode_utf16(units).any(|sign| sign.is_err()));
            prop_assert_eq!(bad.map(|bad| bad.byte), bad.map(|_| 2 + 2 * sound.encode_utf16().count() as u64));
            prop_assert_eq!(text, sound);
        }
    }
}
