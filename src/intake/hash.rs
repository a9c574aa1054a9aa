//! Fingerprints of files and of texts.

use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fs::File;
use std::hash::{BuildHasherDefault, Hasher};
use std::io::{self, Read};
use std::path::Path;

/// The SHA-256 of bytes that come in pieces.
#[derive(Debug, Clone, Default)]
pub(super) struct FileHash(Sha256);

impl FileHash {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// In hexadecimal.
    pub(super) fn finish(self) -> String {
        self.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A whole file in two words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HashedFile {
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

/// Bytes and SHA-256 of a whole file.
pub(super) fn of_file(path: &Path) -> io::Result<HashedFile> {
    of(&mut File::open(path)?)
}

/// Bytes and SHA-256 of what is left to read.
pub(super) fn of(file: &mut File) -> io::Result<HashedFile> {
    let mut hash = FileHash::default();
    let mut piece = vec![0; 1 << 18];
    let mut bytes = 0;
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(HashedFile { bytes, sha256: hash.finish() }),
            n_read => {
                hash.update(&piece[..n_read]);
                bytes += n_read as u64;
            }
        }
    }
}

/// What is known of fingerprints, found by their own bits: these are as good as random already.
pub(super) type ByFingerprint<T> = HashMap<u64, T, BuildHasherDefault<OwnBits>>;
/// What is known of the days of a calendar and the like.
pub(super) type ByNumber<T> = HashMap<i64, T, BuildHasherDefault<OwnBits>>;

/// Takes a fingerprint for its own hash, and for that of a number the number times another whose bits look random.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct OwnBits(u64);

impl Hasher for OwnBits {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, bits: u64) {
        self.0 = bits;
    }

    fn write_i64(&mut self, number: i64) {
        // 2^64 divided by the golden ratio: Knuth, The Art of Computer Programming, volume 3, section 6.4.
        self.0 = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

/// 128 bits of several texts in a row, the same for every build of the program, so that they can be stored.
pub(super) fn of_texts<'t>(texts: impl IntoIterator<Item = &'t str>) -> u128 {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    }
    hash.finalize().iter().take(16).fold(0, |bits, &byte| bits << 8 | u128::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sha256_of_abc_is_the_published_one() {
        // FIPS 180-4, example "abc", fed in two pieces.
        let mut hash = FileHash::default();
        hash.update(b"a");
        hash.update(b"bc");
        assert_eq!(hash.finish(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn texts_are_told_apart_by_where_one_ends() {
        assert_ne!(of_texts(["ab", "c"]), of_texts(["a", "bc"]));
        // printf '\1\0\0\0\0\0\0\0a' | sha256sum | cut -c1-32
        assert_eq!(of_texts(["a"]), 0xae6121c88ba555f64c3d812123eb799d);
    }
}
