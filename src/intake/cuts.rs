//! Where a text is cut: the places of two signs in it, found eight bytes at a time.

/// A word of eight ones, by which a byte becomes a word of it.
const ONES: u64 = 0x0101_0101_0101_0101;
/// The lower seven bits of every byte.
const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;

/// The places of two signs in a text, in rising order.
pub(super) struct Cuts<'b> {
    bytes: &'b [u8],
    signs: [u64; 2],
    /// Where the word begins of which `found` tells.
    word: usize,
    /// The highest bit of every byte of the word that is one of the signs and has not been handed out.
    found: u64,
}

impl<'b> Cuts<'b> {
    pub(super) fn of(bytes: &'b [u8], signs: [u8; 2]) -> Self {
        let signs = signs.map(|sign| u64::from(sign) * ONES);
        let mut cuts = Self { bytes, signs, word: 0, found: 0 };
        cuts.found = cuts.look(0);
        cuts
    }

    /// The signs in the word that begins at a place; what lies behind the text is none.
    #[inline]
    fn look(&self, at: usize) -> u64 {
        match self.bytes.get(at..at + 8) {
            Some(word) => {
                let word = u64::from_le_bytes(word.try_into().unwrap_or_default());
                zeros(word ^ self.signs[0]) | zeros(word ^ self.signs[1])
            }
            None => self.look_at_end(at),
        }
    }

    #[cold]
    fn look_at_end(&self, at: usize) -> u64 {
        let rest = self.bytes.get(at..).unwrap_or_default();
        let is_sign = |byte: u8| self.signs.iter().any(|&sign| sign as u8 == byte);
        rest.iter().enumerate().filter(|&(_, &byte)| is_sign(byte)).fold(0, |found, (at, _)| found | 0x80 << (8 * at))
    }
}

/// The highest bit of every byte that is zero. No byte carries into the next, so that no other is taken for one.
#[inline]
fn zeros(word: u64) -> u64 {
    !(((word & LOW) + LOW) | word | LOW)
}

impl Iterator for Cuts<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        while self.found == 0 {
            self.word += 8;
            if self.word >= self.bytes.len() {
                // Stays behind the end, however often it is asked.
                self.word = self.bytes.len();
                return None;
            }
            self.found = self.look(self.word);
        }
        let at = self.word + self.found.trailing_zeros() as usize / 8;
        self.found &= self.found - 1;
        Some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bytes_that_differ_by_their_highest_bit_are_no_signs() {
        // 0xac and 0x8a are a comma and a line end with the highest bit set; 0x2d and 0x0b are one more than the signs.
        let bytes = [b',', 0xac, 0x8a, b'\n', 0x2d, 0x0b, 0x2b, b',', b','];
        assert_eq!(Cuts::of(&bytes, *b",\n").collect::<Vec<_>>(), [0, 3, 7, 8]);
        assert_eq!(Cuts::of(b"", *b",\n").next(), None);
    }

    #[test]
    fn behind_the_end_there_is_nothing_however_often_one_asks() {
        let mut cuts = Cuts::of(b"01234567,", *b",\n");
        assert_eq!([cuts.next(), cuts.next(), cuts.next()], [Some(8), None, None]);
    }

    proptest! {
        #[test]
        fn they_are_where_a_search_byte_by_byte_finds_them(bytes in prop::collection::vec(any::<u8>(), 0..70), signs in any::<[u8; 2]>()) {
            let mut bytes = bytes;
            // Half of the bytes are near the signs, so that many are hit and missed by little.
            for at in (0..bytes.len()).step_by(2) {
                bytes[at] = signs[at / 2 % 2].wrapping_add(bytes[at] % 3).wrapping_sub(1) ^ (bytes[at] & 0x80);
            }
            let expected: Vec<usize> = (0..bytes.len()).filter(|&at| signs.contains(&bytes[at])).collect();
            prop_assert_eq!(Cuts::of(&bytes, signs).collect::<Vec<_>>(), expected);
        }
    }
}
