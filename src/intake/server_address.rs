//! The address of a PostgreSQL server: what the client's library understands of it, and how the way to the server is secured.

use super::files::unescaped;

/// How the way to a server is secured, as PostgreSQL's own programs name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SslMode {
    /// In plain.
    Disable,
    /// Encrypted where the server offers it; whoever it is.
    Prefer,
    /// Encrypted; whoever it is, unless the address names whom to trust.
    Require,
    /// Encrypted, and the server's certificate comes from somebody trusted.
    VerifyCa,
    /// The same, and the certificate is one for the host.
    VerifyFull,
}

impl SslMode {
    fn of(word: &str) -> Option<Self> {
        Some(match word {
            "disable" => Self::Disable,
            "allow" | "prefer" => Self::Prefer,
            "require" => Self::Require,
            "verify-ca" => Self::VerifyCa,
            "verify-full" => Self::VerifyFull,
            _ => return None,
        })
    }

    /// As an address says it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Prefer => "prefer",
            Self::Require => "require",
            Self::VerifyCa => "verify-ca",
            Self::VerifyFull => "verify-full",
        }
    }

    /// What the library must know of it.
    fn word_of_library(self) -> &'static str {
        self.min(Self::Require).word()
    }
}

/// An address taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ServerAddress {
    /// What the library understands.
    pub(super) plain: String,
    pub(super) mode: SslMode,
    /// The file of the certificates that are trusted, or `system`.
    pub(super) root: Option<String>,
    /// By what the server knows the client, where it asks.
    pub(super) client: Option<ClientFiles>,
}

/// The files by which a client shows who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ClientFiles {
    /// Its certificate, and those of who vouches for it.
    pub(super) certificate: String,
    pub(super) key: String,
}

impl ServerAddress {
    /// Takes an address apart, be it a URL or a list of `key=value`.
    ///
    /// # Errors
    /// A word for `sslmode` that there is not, a client's certificate without its key, or a key alone, in words for people.
    pub(super) fn of(address: &str) -> Result<Self, String> {
        let (mut mode, mut root) = (SslMode::Prefer, None);
        let (mut certificate, mut client_key) = (None, None);
        let mut wrong = None;
        let mut take = |key: &str, value: &str| match key {
            "sslmode" => {
                match SslMode::of(value) {
                    Some(own) => mode = own,
                    None => wrong = Some(value.to_owned()),
                }
                false
            }
            "sslrootcert" => {
                root = Some(value.to_owned());
                false
            }
            "sslcert" => {
                certificate = Some(value.to_owned());
                false
            }
            "sslkey" => {
                client_key = Some(value.to_owned());
                false
            }
            _ => true,
        };
        let (kept, sign) = if is_server(address) {
            let (place, settings) = address.split_once('?').unwrap_or((address, ""));
            let settings = settings.split('&').filter(|own| !own.is_empty());
            let kept =
                settings.filter(|own| own.split_once('=').is_none_or(|(key, value)| take(key, &unescaped(value))));
            (format!("{place}?{}", kept.map(|own| format!("{own}&")).collect::<String>()), "")
        } else {
            let kept = settings(address).into_iter().filter(|own| {
                own.split_once('=').is_none_or(|(key, value)| take(key.trim(), value.trim().trim_matches('\'')))
            });
            (kept.collect::<Vec<_>>().join(" "), " ")
        };
        if let Some(word) = wrong {
            return Err(format!("sslmode=`{word}`; it is one of disable, prefer, require, verify-ca and verify-full"));
        }
        let client = match (certificate, client_key) {
            (Some(certificate), Some(key)) => Some(ClientFiles { certificate, key }),
            (None, None) => None,
            (Some(_), None) => return Err("sslcert needs sslkey=FILE with the key of that certificate".to_owned()),
            (None, Some(_)) => return Err("sslkey needs sslcert=FILE with the certificate of that key".to_owned()),
        };
        Ok(Self { plain: format!("{kept}{sign}sslmode={}", mode.word_of_library()), mode, root, client })
    }
}

/// Whether a path is the address of a PostgreSQL server.
pub(super) fn is_server(path: &str) -> bool {
    path.starts_with("postgres://") || path.starts_with("postgresql://")
}

/// An address as it may be shown.
pub(super) fn without_password(address: &str) -> String {
    let is_shown = |setting: &str| setting.split('=').next().is_none_or(|key| key.trim() != "password");
    let Some((scheme, rest)) = address.split_once("://") else {
        return settings(address).into_iter().filter(|own| is_shown(own)).collect::<Vec<_>>().join(" ");
    };
    let (place, settings) = rest.split_once('?').map_or((rest, None), |(place, settings)| (place, Some(settings)));
    let end = place.find('/').unwrap_or(place.len());
    let shown = match place[..end].rsplit_once('@') {
        None => place.to_owned(),
        Some((user, host)) => format!("{}@{host}{}", user.split(':').next().unwrap_or(user), &place[end..]),
    };
    let settings = settings.map(|own| own.split('&').filter(|own| is_shown(own)).collect::<Vec<_>>().join("&"));
    let settings = settings.filter(|own| !own.is_empty()).map_or_else(String::new, |own| format!("?{own}"));
    format!("{scheme}://{shown}{settings}")
}

/// The parts of a list of `key=value`, whose values may stand in single quotes with blanks in them.
fn settings(list: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut is_quoted) = (0, false);
    for (at, sign) in list.char_indices() {
        match sign {
            '\'' => is_quoted = !is_quoted,
            sign if sign.is_whitespace() && !is_quoted => {
                parts.push(&list[start..at]);
                start = at + sign.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&list[start..]);
    parts.retain(|part| !part.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_never_shown() {
        for (address, shown) in [
            ("postgresql://ann:secret@host:5432/crm", "postgresql://ann@host:5432/crm"),
            ("postgres://ann@host/crm?x=1", "postgres://ann@host/crm?x=1"),
            ("postgresql://host/crm", "postgresql://host/crm"),
            ("postgresql://ann:p%40ss@w@host", "postgresql://ann@host"),
            ("postgresql://host/crm?user=ann&password=secret&x=1", "postgresql://host/crm?user=ann&x=1"),
            ("postgresql://host?password=secret", "postgresql://host"),
            ("host=h password='a secret' user=ann", "host=h user=ann"),
        ] {
            assert_eq!(without_password(address), shown);
        }
    }

    #[test]
    fn what_the_library_does_not_know_is_taken_out_of_an_address() {
        let own = |address: &str| {
            let ServerAddress { plain, mode, root, .. } = ServerAddress::of(address).expect("sound");
            let config: postgres::Config = plain.parse().expect("the library reads it");
            (config.get_ssl_mode(), mode, root)
        };
        let root = |text: &str| Some(text.to_owned());
        use postgres::config::SslMode as Library;
        assert_eq!(own("postgresql://ann@host/crm"), (Library::Prefer, SslMode::Prefer, None));
        assert_eq!(
            own("postgresql://host?sslmode=disable&connect_timeout=9"),
            (Library::Disable, SslMode::Disable, None)
        );
        assert_eq!(
            own("postgresql://host/crm?sslmode=verify-full&sslrootcert=certs%2Fmy%20ca.pem"),
            (Library::Require, SslMode::VerifyFull, root("certs/my ca.pem"))
        );
        assert_eq!(
            own("host=h sslmode=verify-ca sslrootcert='my ca.pem' user=ann"),
            (Library::Require, SslMode::VerifyCa, root("my ca.pem"))
        );
        let client = |address: &str| ServerAddress::of(address).map(|own| own.client);
        let files = ClientFiles { certificate: "my.pem".to_owned(), key: "my.key".to_owned() };
        assert_eq!(client("postgresql://host?sslcert=my.pem&sslkey=my.key"), Ok(Some(files.clone())));
        assert_eq!(client("host=h sslkey=my.key sslcert='my.pem'"), Ok(Some(files)));
        assert_eq!(own("postgresql://host?sslcert=a&sslkey=b").0, Library::Prefer);
        assert!(client("host=h sslcert=a").expect_err("half of it").contains("sslkey=FILE"));
        assert!(client("host=h sslkey=a").expect_err("half of it").contains("sslcert=FILE"));
        let message = ServerAddress::of("postgresql://host?sslmode=always").expect_err("no such word");
        assert!(message.contains("sslmode=`always`; it is one of"), "{message}");
    }
}
