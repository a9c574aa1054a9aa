//! A file's bytes as they are meant: gzip and zstd are unpacked on the way, UTF-16 with its mark and what a study says is in other signs
//! become UTF-8, and what is hashed is the file as it lies.

use super::decoded::Decoded;
use super::hash::{FileHash, HashedFile};
use super::utf16::{ByteOrder, Utf16};
use crate::study::Encoding;
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// The first bytes of a gzip file.
const GZIP: &[u8] = b"\x1f\x8b";
/// The first bytes of a zstd file.
const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";

/// The mark of UTF-8.
const UTF_8: &[u8] = b"\xef\xbb\xbf";

/// Bytes that tell how a file is packed, and what its signs are.
const MARK_BYTES: u64 = 4;

/// How a file is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packing {
    /// As it is.
    Plain,
    Gzip,
    Zstd,
}

impl Packing {
    /// By the first bytes of a file.
    fn of(first: &[u8]) -> Self {
        if first.starts_with(GZIP) {
            Self::Gzip
        } else if first.starts_with(ZSTD) {
            Self::Zstd
        } else {
            Self::Plain
        }
    }
}

/// Reads a file's meaning.
pub(super) struct Unpacked {
    reader: Box<dyn Read + Send>,
    packed: Arc<Mutex<Counted>>,
}

/// What has been read of the file as it lies.
#[derive(Default)]
struct Counted {
    n_bytes: u64,
    hash: FileHash,
}

impl Unpacked {
    /// A mark at the beginning of a text counts before what its study says of its encoding.
    pub(super) fn open(path: &Path, encoding: Option<Encoding>) -> io::Result<Self> {
        let packed = Arc::new(Mutex::new(Counted::default()));
        let first = first_bytes(path, MARK_BYTES)?;
        let file = Watched { file: File::open(path)?, counted: Arc::clone(&packed) };
        let (first, reader): (Vec<u8>, Box<dyn Read + Send>) = match Packing::of(&first) {
            Packing::Plain => (first, Box::new(file)),
            Packing::Gzip => with_first(MultiGzDecoder::new(BufReader::with_capacity(1 << 16, file)))?,
            Packing::Zstd => with_first(zstd::stream::read::Decoder::new(file)?)?,
        };
        let reader: Box<dyn Read + Send> = match (ByteOrder::of(&first), encoding) {
            (Some(order), _) => Box::new(Utf16::new(reader, order)),
            (None, Some(encoding)) if !first.starts_with(UTF_8) => Box::new(Decoded::new(reader, encoding)),
            _ => reader,
        };
        Ok(Self { reader, packed })
    }

    /// A text that comes from elsewhere, such as a server.
    pub(super) fn of(reader: impl Read + Send + 'static) -> Self {
        let packed = Arc::new(Mutex::new(Counted::default()));
        let reader = Watched { file: reader, counted: Arc::clone(&packed) };
        Self { reader: Box::new(reader), packed }
    }

    /// Bytes and SHA-256 of the file as it lies, once it has been read to its end.
    pub(super) fn finish(mut self) -> io::Result<HashedFile> {
        // A decoder may leave the last bytes of the file alone.
        io::copy(&mut self.reader, &mut io::sink())?;
        drop(self.reader);
        let counted = std::mem::take(&mut *self.packed.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(HashedFile { bytes: counted.n_bytes, sha256: counted.hash.finish() })
    }
}

impl Read for Unpacked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer)
    }
}

impl std::fmt::Debug for Unpacked {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Unpacked")
    }
}

/// A file that is hashed as it is read.
struct Watched<R> {
    file: R,
    counted: Arc<Mutex<Counted>>,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n_read = self.file.read(buffer)?;
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        counted.n_bytes += n_read as u64;
        counted.hash.update(&buffer[..n_read]);
        Ok(n_read)
    }
}

/// The first bytes of what was packed, by which its signs are known, and all of it.
fn with_first(mut reader: impl Read + Send + 'static) -> io::Result<(Vec<u8>, Box<dyn Read + Send>)> {
    let mut first = Vec::new();
    (&mut reader).take(MARK_BYTES).read_to_end(&mut first)?;
    Ok((first.clone(), Box::new(Cursor::new(first).chain(reader))))
}

/// Whether a file means its bytes as they lie, so that its places can be gone to.
pub(super) fn is_as_it_lies(path: &Path, encoding: Option<Encoding>) -> io::Result<bool> {
    let first = first_bytes(path, MARK_BYTES)?;
    let is_utf_8 = ByteOrder::of(&first).is_none() && (encoding.is_none() || first.starts_with(UTF_8));
    Ok(Packing::of(&first) == Packing::Plain && is_utf_8)
}

/// Up to so many bytes from the beginning of a file as it lies.
pub(super) fn first_bytes(path: &Path, n_bytes: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(n_bytes).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Up to so many bytes from the beginning of what a file means; what is damaged ends early.
pub(super) fn first_meant(path: &Path, encoding: Option<Encoding>, n_bytes: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = Unpacked::open(path, encoding)?.take(n_bytes).read_to_end(&mut bytes);
    match read {
        Err(error) if bytes.is_empty() => Err(error),
        _ => Ok(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn packed_files_read_as_the_plain_one_and_hash_as_they_lie() {
        let folder = tempfile::tempdir().expect("a folder");
        let text = "a,b\n1,2\n".repeat(5000);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text.as_bytes()).expect("in memory");
        let gzip = gzip.finish().expect("in memory");
        // Two members one after the other are one file.
        let twice = [gzip.clone(), gzip.clone()].concat();
        let zstd = zstd::encode_all(text.as_bytes(), 1).expect("in memory");
        let wide: Vec<u8> = std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let wide_zstd = zstd::encode_all(&wide[..], 1).expect("in memory");
        for (name, bytes, times) in [
            ("plain", text.clone().into_bytes(), 1),
            ("gzip", gzip, 1),
            ("twice", twice, 2),
            ("zstd", zstd, 1),
            ("wide", wide, 1),
            ("wide_zstd", wide_zstd, 1),
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, &bytes).expect("written");
            let mut unpacked = Unpacked::open(&path, None).expect("opens");
            let mut read = String::new();
            unpacked.read_to_string(&mut read).expect("reads");
            assert_eq!(read, text.repeat(times), "{name}");
            let mut hash = FileHash::default();
            hash.update(&bytes);
            let expected = HashedFile { bytes: bytes.len() as u64, sha256: hash.finish() };
            assert_eq!(unpacked.finish().expect("whole"), expected, "{name}");
        }
    }

    #[test]
    fn a_file_that_was_cut_off_is_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("cut.gz");
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all("a,b\n1,2\n".repeat(5000).as_bytes()).expect("in memory");
        let bytes = gzip.finish().expect("in memory");
        std::fs::write(&path, &bytes[..bytes.len() / 2]).expect("written");
        let mut unpacked = Unpacked::open(&path, None).expect("opens");
        assert!(unpacked.read_to_string(&mut String::new()).is_err());
    }
}
