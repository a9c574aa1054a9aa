//! Keys that leave intake as a keyed hash, so that nothing behind it holds an address.

use super::IntakeError;
use crate::study::Salt;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Fewer bytes of salt could be found by trying.
const SALT_BYTES_MIN: usize = 16;

/// What stands for no key, so that its hash gives nothing of a key's away.
const FINGERPRINT_OF: &[u8] = b"\0fingerprint of the salt";

/// HMAC-SHA256 under a salt.
///
/// # References
/// RFC 2104; FIPS 198-1.
#[derive(Clone)]
pub(super) struct KeyHash(Hmac<Sha256>);

impl std::fmt::Debug for KeyHash {
    /// Nothing of the salt is ever written.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("KeyHash")
    }
}

impl KeyHash {
    /// Reads the salt from where the study says. Line ends behind it do not belong to it.
    ///
    /// # Errors
    /// A variable that is not set, a file that cannot be read, a salt of fewer than 16 bytes.
    pub(super) fn read(salt: &Salt) -> Result<Self, IntakeError> {
        let (place, bytes) = match salt {
            Salt::SaltEnv(name) => {
                let value = std::env::var_os(name).ok_or_else(|| IntakeError::NoSalt { variable: name.clone() })?;
                (format!("the variable {name}"), value.into_encoded_bytes())
            }
            Salt::SaltFile { path, base_dir } => {
                let bytes = std::fs::read(base_dir.join(path))
                    .map_err(|source| IntakeError::Unreadable { file: path.clone(), source })?;
                (format!("the file `{path}`"), bytes)
            }
        };
        let salt = bytes.trim_ascii_end();
        if salt.len() < SALT_BYTES_MIN {
            return Err(IntakeError::ShortSalt { place, n_bytes: salt.len(), min: SALT_BYTES_MIN });
        }
        Ok(Self::new(salt))
    }

    fn new(salt: &[u8]) -> Self {
        // A key of any length is allowed, so the second arm is never taken; it would hash under no salt.
        Self(Hmac::new_from_slice(salt).unwrap_or_else(|_| Hmac::new(&Default::default())))
    }

    /// The hash of a key, in 64 hexadecimal digits.
    pub(super) fn of(&self, key: &str) -> String {
        self.of_bytes(key.as_bytes())
    }

    /// By which two runs are known to have used one salt, in 16 hexadecimal digits.
    pub(super) fn fingerprint(&self) -> String {
        let mut whole = self.of_bytes(FINGERPRINT_OF);
        whole.truncate(16);
        whole
    }

    fn of_bytes(&self, bytes: &[u8]) -> String {
        let mut hash = self.0.clone();
        hash.update(bytes);
        let digit = |half: u8| char::from(if half < 10 { b'0' + half } else { b'a' + half - 10 });
        let bytes = hash.finalize().into_bytes();
        bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(salt: &[u8], text: &str) -> String {
        KeyHash::new(salt).of(text)
    }

    #[test]
    fn hashes_are_those_of_the_published_cases() {
        // RFC 4231, test cases 1, 2, 6 and 7.
        assert_eq!(hash(&[0x0b; 20], "Hi There"), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
        assert_eq!(
            hash(b"Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(
            hash(&[0xaa; 131], "Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
        assert_eq!(
            hash(
                &[0xaa; 131],
                "This is a test using a larger than block-size key and a larger than block-size data. The key needs to be \
                 hashed before being used by the HMAC algorithm."
            ),
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"
        );
    }

    #[test]
    fn the_salt_is_never_written() {
        let own = KeyHash::new(b"a very secret salt");
        assert!(!format!("{own:?}").contains("secret"));
        let other = KeyHash::new(b"another secret salt");
        assert_eq!(own.fingerprint().len(), 16);
        assert_ne!(own.fingerprint(), other.fingerprint());
    }

    #[test]
    fn a_line_end_behind_the_salt_does_not_belong_to_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let read = |text: &str| {
            std::fs::write(folder.path().join("salt"), text).expect("written");
            KeyHash::read(&Salt::SaltFile { path: "salt".to_owned(), base_dir: folder.path().to_owned() })
        };
        let plain = read("0123456789abcdef").expect("a salt").fingerprint();
        assert_eq!(read("0123456789abcdef\r\n").expect("a salt").fingerprint(), plain);
        let message = read("0123456789\n").expect_err("too short").to_string();
        assert!(message.contains("10 bytes") && !message.contains("0123456789"), "{message}");
    }

    #[test]
    fn a_variable_that_is_not_set_is_wrong_usage() {
        let error = KeyHash::read(&Salt::SaltEnv("ADVOCATE_NO_SUCH_SALT".to_owned())).expect_err("not set");
        assert!(error.is_usage() && error.to_string().contains("ADVOCATE_NO_SUCH_SALT"), "{error}");
    }
}
