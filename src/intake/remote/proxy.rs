//! Which requests go through a proxy, by the variables of the environment that other programs go by as well.

use super::super::files::unescaped;
use hyper::header::HeaderValue;
use std::net::IpAddr;

/// Addresses at which machines in a cloud ask for their credentials: no proxy leads there.
const OF_THE_MACHINE: [&str; 3] = ["169.254.169.254", "169.254.170.2", "fd00:ec2::254"];

/// A proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Proxy {
    pub(super) host: String,
    pub(super) port: u16,
    /// `Basic ...` where its address names a user; the value is marked as not to be shown.
    pub(super) authorization: Option<HeaderValue>,
}

/// What is asked where, and what is asked without.
#[derive(Debug, Clone, Default)]
pub(super) struct Proxies {
    plain: Option<Proxy>,
    encrypted: Option<Proxy>,
    without: Without,
}

impl Proxies {
    /// By the variables of the environment. In small letters they come first; those of the stores' own before all.
    ///
    /// # Errors
    /// An address that is none, with the name of its variable and not with its value, which may hold a password.
    pub(super) fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let filled = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let proxy = |names: &[&str]| -> Result<Option<Proxy>, String> {
            let found = names.iter().find_map(|name| Some((name, filled(name)?)));
            found.map(|(name, value)| Proxy::of(&value).map_err(|problem| format!("{name} {problem}"))).transpose()
        };
        // A program that a web server starts finds there what its visitors say, so other programs pass HTTP_PROXY over then.
        let is_visited = filled("REQUEST_METHOD").is_some();
        let plain: &[&str] = match is_visited {
            true => &["AWS_PROXY_URL", "http_proxy", "all_proxy", "ALL_PROXY"],
            false => &["AWS_PROXY_URL", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"],
        };
        let without = ["AWS_PROXY_EXCLUDES", "no_proxy", "NO_PROXY"].iter().find_map(|name| filled(name));
        Ok(Self {
            plain: proxy(plain)?,
            encrypted: proxy(&["AWS_PROXY_URL", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])?,
            without: Without::of(&without.unwrap_or_default()),
        })
    }

    /// The proxy by which a host is asked; nothing where it is asked itself.
    pub(super) fn of(&self, host: &str, port: u16, is_plain: bool) -> Option<&Proxy> {
        let proxy = if is_plain { &self.plain } else { &self.encrypted };
        let host = host.trim_matches(['[', ']']);
        proxy.as_ref().filter(|_| !OF_THE_MACHINE.contains(&host) && !self.without.names(host, port))
    }
}

impl Proxy {
    /// `http://user:password@host:port`; all but the host may be left out.
    fn of(address: &str) -> Result<Self, String> {
        let address = address.trim();
        let (scheme, rest) = address.split_once("://").unwrap_or(("http", address));
        if !scheme.eq_ignore_ascii_case("http") {
            return Err(format!("is an address with {}://; proxies are asked by http:// alone", scheme.to_lowercase()));
        }
        let rest = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let (user, place) = match rest.rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, rest),
        };
        let (host, port) = place_of(place).ok_or("is no address such as http://host:port")?;
        let authorization = user.map(basic).transpose()?;
        Ok(Self { host: host.to_owned(), port: port.unwrap_or(80), authorization })
    }
}

/// Host and port of `host`, `host:port` or `[::1]:port`.
fn place_of(text: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, behind) = rest.split_once(']')?;
            (host, behind.strip_prefix(':'))
        }
        // More colons than one are an address of numbers.
        None if text.matches(':').count() > 1 => (text, None),
        None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    let port = port.map(|port| port.parse().ok().filter(|port| *port > 0));
    (!host.is_empty() && port != Some(None)).then_some((host, port.flatten()))
}

/// How a user and a password are sent to a proxy (RFC 7617); in an address some of their signs are escaped.
fn basic(user: &str) -> Result<HeaderValue, String> {
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    let pair = format!("{}:{}", unescaped(name), unescaped(password));
    let mut value = HeaderValue::from_str(&format!("Basic {}", base64(pair.as_bytes())))
        .map_err(|_| "names a user that cannot be sent".to_owned())?;
    value.set_sensitive(true);
    Ok(value)
}

/// Base64 with padding (RFC 4648).
fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let sign = |bits: u32| char::from(SIGNS[(bits & 63) as usize]);
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        text.extend([sign(bits >> 18), sign(bits >> 12)]);
        text.push(if chunk.len() > 1 { sign(bits >> 6) } else { '=' });
        text.push(if chunk.len() > 2 { sign(bits) } else { '=' });
    }
    text
}

/// What is asked without a proxy, as `NO_PROXY` lists it.
#[derive(Debug, Clone, Default)]
struct Without {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Entry {
    Everything,
    /// A name, which means what is below it too, and the port where one is named.
    Name(String, Option<u16>),
    /// An address, or the first so many bits of one, and the port where one is named.
    Address(IpAddr, u8, Option<u16>),
}

impl Without {
    fn of(list: &str) -> Self {
        let entries = list.split([',', ' ', '\t']).map(str::trim).filter(|entry| !entry.is_empty());
        Self { entries: entries.filter_map(Entry::of).collect() }
    }

    fn names(&self, host: &str, port: u16) -> bool {
        let host = host.trim_end_matches('.').to_lowercase();
        let address: Option<IpAddr> = host.parse().ok();
        self.entries.iter().any(|entry| match entry {
            Entry::Everything => true,
            Entry::Name(name, own) => {
                let is_below = || host.strip_suffix(name.as_str()).is_some_and(|rest| rest.ends_with('.'));
                address.is_none() && own.is_none_or(|own| own == port) && (host == *name || is_below())
            }
            Entry::Address(start, n_bits, own) => {
                own.is_none_or(|own| own == port) && address.is_some_and(|address| shares(address, *start, *n_bits))
            }
        })
    }
}

impl Entry {
    fn of(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Everything);
        }
        if let Some((start, n_bits)) = text.split_once('/') {
            let start: IpAddr = start.parse().ok()?;
            let n_bits = n_bits.parse().ok().filter(|n| *n <= if start.is_ipv4() { 32 } else { 128 })?;
            return Some(Self::Address(start, n_bits, None));
        }
        let (host, port) = place_of(text)?;
        if let Ok(address) = host.parse::<IpAddr>() {
            return Some(Self::Address(address, if address.is_ipv4() { 32 } else { 128 }, port));
        }
        let name = host.trim_start_matches('*').trim_start_matches('.').trim_end_matches('.').to_lowercase();
        (!name.is_empty()).then_some(Self::Name(name, port))
    }
}

/// Whether two addresses have their first bits in common.
fn shares(one: IpAddr, other: IpAddr, n_bits: u8) -> bool {
    let shift = |width: u32| width - u32::from(n_bits);
    match (one, other) {
        (IpAddr::V4(one), IpAddr::V4(other)) => {
            (one.to_bits() ^ other.to_bits()).checked_shr(shift(32)).unwrap_or(0) == 0
        }
        (IpAddr::V6(one), IpAddr::V6(other)) => {
            (one.to_bits() ^ other.to_bits()).checked_shr(shift(128)).unwrap_or(0) == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> Result<Proxies, String> {
        Proxies::read(|name| variables.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned()))
    }

    fn through(variables: &[(&str, &str)], host: &str, is_plain: bool) -> Option<(String, u16)> {
        let port = if is_plain { 80 } else { 443 };
        proxies(variables).expect("sound").of(host, port, is_plain).map(|own| (own.host.clone(), own.port))
    }

    #[test]
    fn the_variables_are_read_as_other_programs_read_them() {
        let at = |host: &str, port: u16| Some((host.to_owned(), port));
        assert_eq!(through(&[], "s3.eu-west-1.amazonaws.com", false), None);
        let both = [("HTTPS_PROXY", "http://secure:3128"), ("HTTP_PROXY", "plain:8080")];
        assert_eq!(through(&both, "store", false), at("secure", 3128));
        assert_eq!(through(&both, "store", true), at("plain", 8080));
        // Small letters first, what is for everything last, and what is empty not at all.
        assert_eq!(
            through(&[("HTTPS_PROXY", "http://big"), ("https_proxy", "http://small")], "x", false),
            at("small", 80)
        );
        assert_eq!(through(&[("ALL_PROXY", "all:1"), ("https_proxy", "")], "x", false), at("all", 1));
        assert_eq!(through(&[("AWS_PROXY_URL", "own:1"), ("https_proxy", "other:2")], "x", false), at("own", 1));
        assert_eq!(through(&[("HTTP_PROXY", "visitor:1"), ("REQUEST_METHOD", "GET")], "x", true), None);
        assert_eq!(through(&[("HTTPS_PROXY", "http://[::1]:3128/")], "x", false), at("::1", 3128));
        // Where a machine asks for its own credentials.
        assert_eq!(through(&[("HTTP_PROXY", "plain:1")], "169.254.169.254", true), None);
        assert_eq!(through(&[("HTTP_PROXY", "plain:1")], "[fd00:ec2::254]", true), None);
    }

    /// The user of RFC 7617, section 2, and the longer strings of RFC 4648, section 10.
    #[test]
    fn a_user_is_sent_and_never_shown() {
        let own = proxies(&[("HTTPS_PROXY", "http://Aladdin:open%20sesame@proxy:3128")]).expect("sound");
        let proxy = own.of("store", 443, false).expect("a proxy");
        assert_eq!(proxy.authorization.as_ref().expect("a user"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert!(!format!("{own:?}").contains("QWxh"), "{own:?}");
        for (text, written) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(text.as_bytes()), written);
        }
    }

    #[test]
    fn what_is_no_proxy_is_refused_without_its_password() {
        for (address, says) in [
            (
                "socks5://user:secret@host:1080",
                "HTTPS_PROXY is an address with socks5://; proxies are asked by http:// alone",
            ),
            ("https://host", "HTTPS_PROXY is an address with https://; proxies are asked by http:// alone"),
            ("http://user:secret@", "HTTPS_PROXY is no address such as http://host:port"),
            ("http://host:port", "HTTPS_PROXY is no address such as http://host:port"),
        ] {
            assert_eq!(proxies(&[("HTTPS_PROXY", address)]).expect_err("refused"), says);
        }
    }

    /// Names, suffixes and ports as curl(1) has them under NO_PROXY; ranges of addresses since curl 7.86.
    #[test]
    fn what_is_listed_is_asked_without() {
        let is_asked_itself = |list: &str, host: &str, port: u16| {
            let variables = [("HTTPS_PROXY", "http://proxy:3128"), ("NO_PROXY", list)];
            proxies(&variables).expect("sound").of(host, port, false).is_none()
        };
        for (list, host) in [
            ("*", "anything"),
            ("example.com", "example.com"),
            ("example.com", "s3.example.com"),
            (".example.com", "s3.example.com"),
            ("*.example.com", "s3.example.com"),
            ("a.com, EXAMPLE.com.", "S3.Example.com"),
            ("localhost,127.0.0.1", "127.0.0.1"),
            ("10.0.0.0/8", "10.20.30.40"),
            ("0.0.0.0/0", "192.0.2.1"),
            ("2001:db8::/32", "[2001:db8::1]"),
            ("::1", "[::1]"),
            ("example.com:443", "example.com"),
        ] {
            assert!(is_asked_itself(list, host, 443), "{list}: {host}");
        }
        for (list, host) in [
            ("", "example.com"),
            ("example.com", "badexample.com"),
            ("s3.example.com", "example.com"),
            ("example.com:8443", "example.com"),
            ("10.0.0.0/8", "11.0.0.1"),
            ("10.0.0.0/33", "10.0.0.1"),
            ("127.0.0.1", "localhost"),
            ("1.1", "192.168.1.1"),
            ("2001:db8::/32", "[2001:db9::1]"),
        ] {
            assert!(!is_asked_itself(list, host, 443), "{list}: {host}");
        }
    }
}
