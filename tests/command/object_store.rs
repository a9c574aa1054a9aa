//! Sources in a store that speaks S3: a small one, which holds every request against its signature, asked itself, encrypted, and through
//! a proxy.

use super::{command, folder, stderr, stdout, write};
use hmac::{Hmac, KeyInit, Mac};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

const KEY: &str = "AKIDEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const BUCKET: &str = "shop";
/// Keys that the store lists at a time.
const PAGE: usize = 2;

/// A store with some objects, for as long as the test runs.
struct Store {
    port: u16,
    /// Requests in the order in which they came, as `GET /shop/key`.
    asked: Arc<Mutex<Vec<String>>>,
}

#[derive(Default)]
struct Behaviour {
    /// So many bodies are cut off in the middle, as by a line that breaks.
    cut: AtomicUsize,
}

impl Store {
    fn with(objects: &[(&str, String)], behaviour: Behaviour) -> Self {
        Self::of(objects, behaviour, None)
    }

    /// One that is asked over TLS, where it has a certificate.
    fn of(objects: &[(&str, String)], behaviour: Behaviour, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let objects: BTreeMap<String, Vec<u8>> =
            objects.iter().map(|(key, text)| ((*key).to_owned(), text.clone().into_bytes())).collect();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (own, behaviour, objects) = (Arc::clone(&asked), Arc::new(behaviour), Arc::new(objects));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (asked, behaviour, objects) = (Arc::clone(&own), Arc::clone(&behaviour), Arc::clone(&objects));
                let tls = tls.clone();
                std::thread::spawn(move || match tls {
                    None => answer(stream, &objects, &behaviour, &asked),
                    Some(tls) => {
                        let connection = ServerConnection::new(tls).expect("a connection");
                        answer(StreamOwned::new(connection, stream), &objects, &behaviour, &asked);
                    }
                });
            }
        });
        Self { port, asked }
    }

    /// The program, told where the store is and who asks.
    fn run(&self, folder: &Path, arguments: &[&str], secret: &str) -> Output {
        let endpoint = format!("http://127.0.0.1:{}", self.port);
        told(folder, arguments, secret, &[("AWS_ENDPOINT", &endpoint), ("AWS_ALLOW_HTTP", "true")])
    }

    fn n_asked(&self) -> usize {
        self.asked.lock().expect("a list").len()
    }
}

/// The program, told who asks and what else stands in the environment.
fn told(folder: &Path, arguments: &[&str], secret: &str, environment: &[(&str, &str)]) -> Output {
    let mut command = command(folder, arguments);
    for name in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
        command.env_remove(name).env_remove(name.to_uppercase());
    }
    command.env_remove("AWS_ALLOW_HTTP").env_remove("REQUEST_METHOD");
    let own = [("AWS_ACCESS_KEY_ID", KEY), ("AWS_SECRET_ACCESS_KEY", secret), ("AWS_REGION", "eu-test-1")];
    command.envs(own).envs(environment.iter().copied());
    command.output().expect("starts")
}

struct Request {
    method: String,
    path: String,
    query: String,
    headers: BTreeMap<String, String>,
}

fn read(stream: &mut impl Read) -> Option<Request> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next()?.ok()?;
    let mut words = first.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let (path, query) = (path.to_owned(), query.to_owned());
    let headers = lines
        .map_while(Result::ok)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_once(':').map(|(name, value)| (name.to_lowercase(), value.trim().to_owned())))
        .collect();
    Some(Request { method, path, query, headers })
}

fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut own = Hmac::<Sha256>::new_from_slice(key).expect("a key");
    own.update(text.as_bytes());
    own.finalize().into_bytes().to_vec()
}

/// Whether the signature is the one that the published steps give (AWS Signature Version 4).
fn is_signed(request: &Request) -> Option<bool> {
    let authorization = request.headers.get("authorization")?.strip_prefix("AWS4-HMAC-SHA256 ")?;
    let part = |name: &str| authorization.split(", ").find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
    let (scope, names, signature) = (part("Credential")?, part("SignedHeaders")?, part("Signature")?);
    let scope = scope.strip_prefix(KEY)?.strip_prefix('/')?;
    let headers: String = names
        .split(';')
        .map(|name| format!("{name}:{}\n", request.headers.get(name).map_or("", String::as_str)))
        .collect();
    let mut query: Vec<&str> = request.query.split('&').filter(|pair| !pair.is_empty()).collect();
    query.sort_unstable();
    let canonical = format!(
        "{}\n{}\n{}\n{headers}\n{names}\n{}",
        request.method,
        request.path,
        query.join("&"),
        request.headers.get("x-amz-content-sha256")?
    );
    let text = format!(
        "AWS4-HMAC-SHA256\n{}\n{scope}\n{}",
        request.headers.get("x-amz-date")?,
        hex(Sha256::digest(canonical.as_bytes()))
    );
    let key = scope.split('/').fold(format!("AWS4{SECRET}").into_bytes(), |key, step| hmac(&key, step));
    Some(hex(hmac(&key, &text)) == signature)
}

fn answer(
    mut stream: impl Read + Write,
    objects: &BTreeMap<String, Vec<u8>>,
    behaviour: &Behaviour,
    asked: &Mutex<Vec<String>>,
) {
    let Some(request) = read(&mut stream) else { return };
    asked.lock().expect("a list").push(format!("{} {}", request.method, request.path));
    let (status, body, tag) = if is_signed(&request) != Some(true) {
        ("403 Forbidden", b"<Error><Code>SignatureDoesNotMatch</Code></Error>".to_vec(), None)
    } else if let Some(key) = request.path.strip_prefix(&format!("/{BUCKET}/")).filter(|key| !key.is_empty()) {
        match objects.get(&key.replace("%3D", "=")) {
            Some(bytes) => ("200 OK", bytes.clone(), Some(hex(Sha256::digest(bytes)))),
            None => ("404 Not Found", b"<Error><Code>NoSuchKey</Code></Error>".to_vec(), None),
        }
    } else {
        ("200 OK", listed(&request.query, objects).into_bytes(), None)
    };
    let tag = tag.map_or_else(String::new, |tag| format!("ETag: \"{}\"\r\n", &tag[..16]));
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\n{tag}Last-Modified: Sat, 03 Jan 2026 10:00:00 GMT\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let is_object = request.method == "GET" && !tag.is_empty();
    let is_cut =
        is_object && behaviour.cut.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok();
    let range =
        request.headers.get("range").and_then(|range| range.strip_prefix("bytes=")?.split_once('-')?.0.parse().ok());
    let sent = match (request.method.as_str(), range) {
        ("HEAD", _) => head.into_bytes(),
        // What was broken off is asked for from where it broke.
        ("GET", Some(from)) if is_object => {
            let rest: &[u8] = &body[from..];
            let head = head
                .replacen("200 OK", "206 Partial Content", 1)
                .replacen(&format!("Content-Length: {}", body.len()), &format!("Content-Length: {}", rest.len()), 1)
                .replacen("ETag", &format!("Content-Range: bytes {from}-{}/{}\r\nETag", body.len() - 1, body.len()), 1);
            [head.as_bytes(), rest].concat()
        }
        _ if is_cut => [head.as_bytes(), &body[..body.len() / 2]].concat(),
        _ => [head.as_bytes(), &body].concat(),
    };
    let _ = stream.write_all(&sent).and_then(|()| stream.flush());
}

/// A page of keys below a prefix.
fn listed(query: &str, objects: &BTreeMap<String, Vec<u8>>) -> String {
    let of = |name: &str| {
        let value = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        value.unwrap_or_default().replace("%2F", "/").replace("%3D", "=")
    };
    let (prefix, after) = (of("prefix"), of("continuation-token"));
    let all: Vec<(&String, &Vec<u8>)> =
        objects.iter().filter(|(key, _)| key.starts_with(&prefix) && **key > after).collect();
    let page = &all[..all.len().min(PAGE)];
    let contents: String = page
        .iter()
        .map(|(key, bytes)| {
            let tag = hex(Sha256::digest(bytes));
            format!(
                "<Contents><Key>{key}</Key><LastModified>2026-01-03T10:00:00.000Z</LastModified><ETag>\"{}\"</ETag><Size>{}</Size>\
                 </Contents>",
                &tag[..16],
                bytes.len()
            )
        })
        .collect();
    let is_cut = all.len() > page.len();
    let token = page
        .last()
        .filter(|_| is_cut)
        .map_or_else(String::new, |(key, _)| format!("<NextContinuationToken>{key}</NextContinuationToken>"));
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult><Name>{BUCKET}</Name><IsTruncated>{is_cut}</IsTruncated>\
         {token}{contents}</ListBucketResult>"
    )
}

const ANSWERS: &str = "[sources.feedback]\ncustomer = \"who\"\ntime = \"when\"\nrecommend = \"ltr\"\n[drivers]\n\
    touchpoints = [\"food\"]\n[evaluation]\nenabled = false\n[outcomes.recommend]\n";

/// Forty answers a month.
fn answers(month: u32) -> String {
    let rows = (0..40).map(|n| format!("m{month}c{n},2026-{month:02}-01T10:00:00Z,{},{}\n", n % 11, 1 + n % 5));
    "who,when,ltr,food\n".to_owned() + &rows.collect::<String>()
}

fn study(folder: &Path, name: &str, path: &str) -> String {
    let file = format!("{name}.toml");
    let text = ANSWERS.replace("[sources.feedback]\n", &format!("[sources.feedback]\npath = \"{path}\"\n"));
    write(folder, &file, &format!("study = {{ name = \"{name}\", as_of = 2026-12-31, bootstrap = 0 }}\n{text}"));
    file
}

fn table(folder: &Path, name: &str, table: &str) -> Vec<u8> {
    std::fs::read(folder.join("results").join(name).join("2026-12-31/tables").join(table)).expect("a table")
}

#[test]
fn objects_are_sources_like_files() {
    let folder = folder();
    let folder = folder.path();
    let months: Vec<(String, String)> = (1..=5).map(|n| (format!("in/answers-{n}.csv"), answers(n))).collect();
    let mut objects: Vec<(&str, String)> = months.iter().map(|(key, text)| (key.as_str(), text.clone())).collect();
    objects.extend([
        ("in/notes.txt", "no table".to_owned()),
        ("in/_SUCCESS", String::new()),
        ("parts/month=01/a.csv", answers(1)),
        ("parts/month=02/a.csv", answers(2)),
    ]);
    // The first object that is asked for breaks off in the middle.
    let store = Store::with(&objects, Behaviour { cut: AtomicUsize::new(1) });
    for (key, text) in &months {
        write(folder, &key.replace("in/", ""), text);
    }
    let near = super::advocate(folder, &["run", &study(folder, "near", "answers-*.csv"), "--quiet"]);
    assert!(near.status.success(), "{}", stderr(&near));
    let far = store.run(folder, &["run", &study(folder, "far", "s3://shop/in/answers-*.csv"), "--quiet"], SECRET);
    assert!(far.status.success(), "{}", stderr(&far));
    for name in ["measures.csv", "drivers.csv", "coefficients.csv"] {
        assert_eq!(table(folder, "far", name), table(folder, "near", name), "{name}");
    }
    let manifest = std::fs::read_to_string(folder.join("results/far/2026-12-31/manifest.json")).expect("there");
    assert!(manifest.contains("s3://shop/in/answers-5.csv") && !manifest.contains(SECRET), "{manifest}");

    // A folder of `key=value` folders, and a single object.
    let parts = store.run(folder, &["check", &study(folder, "parts", "s3://shop/parts")], SECRET);
    assert!(
        stdout(&parts).contains("source feedback: 2 files, 80 rows read, 80 used"),
        "{}{}",
        stdout(&parts),
        stderr(&parts)
    );
    store.asked.lock().expect("a list").clear();
    let one = store.run(folder, &["check", &study(folder, "one", "s3://shop/in/answers-3.csv")], SECRET);
    assert!(
        stdout(&one).contains("source feedback: 1 file, 40 rows read, 40 used"),
        "{}{}",
        stdout(&one),
        stderr(&one)
    );
    let asked = store.asked.lock().expect("a list").clone();
    assert!(asked.iter().all(|own| own.ends_with(" /shop/in/answers-3.csv")) && asked.len() >= 2, "{asked:?}");
}

#[test]
fn what_a_store_does_not_have_or_does_not_give_is_refused() {
    let folder = folder();
    let folder = folder.path();
    let store = Store::with(&[("in/a.csv", answers(1))], Behaviour::default());
    let gone = store.run(folder, &["check", &study(folder, "gone", "s3://shop/in/b*.csv")], SECRET);
    assert_eq!(gone.status.code(), Some(3), "{}", stderr(&gone));
    assert!(stderr(&gone).contains("s3://shop/in/b*.csv"), "{}", stderr(&gone));
    let wrong = store.run(folder, &["check", &study(folder, "wrong", "s3://shop/in/a.csv")], "another secret");
    assert_eq!(wrong.status.code(), Some(3), "{}", stderr(&wrong));
    assert!(!stderr(&wrong).contains("another secret"), "{}", stderr(&wrong));
    // What goes by an open line is only asked for where somebody says so.
    let file = study(folder, "open", "s3://shop/in/a.csv");
    store.asked.lock().expect("a list").clear();
    let open = command(folder, &["check", &file])
        .env("AWS_ACCESS_KEY_ID", KEY)
        .env("AWS_SECRET_ACCESS_KEY", SECRET)
        .env("AWS_ENDPOINT", format!("http://127.0.0.1:{}", store.port))
        .env_remove("AWS_ALLOW_HTTP")
        .output()
        .expect("starts");
    assert_eq!(open.status.code(), Some(3), "{}", stderr(&open));
    assert!(stderr(&open).contains("AWS_ALLOW_HTTP"), "{}", stderr(&open));
    assert!(store.asked.lock().expect("a list").is_empty());
}

/// Makes a certificate by the system's OpenSSL; signed by itself where nobody is named to sign it.
fn certificate(folder: &Path, name: &str, extension: &str, signer: Option<&str>) {
    let file = |name: &str, ending: &str| folder.join(format!("{name}.{ending}")).display().to_string();
    write(folder, &format!("{name}.ext"), &format!("[v3]\n{extension}\n"));
    let (key, request) = (file(name, "key"), file(name, "csr"));
    let subject = format!("/CN={name}");
    let make =
        ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", &subject];
    openssl(&[&make[..], &["-keyout", &key, "-out", &request]].concat());
    let (pem, extensions) = (file(name, "pem"), file(name, "ext"));
    let sign =
        ["x509", "-req", "-days", "2", "-in", &request, "-out", &pem, "-extfile", &extensions, "-extensions", "v3"];
    match signer {
        None => openssl(&[&sign[..], &["-signkey", &key]].concat()),
        Some(own) => {
            let by = [file(own, "pem"), file(own, "key")];
            openssl(&[&sign[..], &["-CA", &by[0], "-CAkey", &by[1], "-CAcreateserial"]].concat());
        }
    }
}

fn openssl(arguments: &[&str]) {
    let status = Command::new("openssl").args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(status.is_ok_and(|status| status.success()), "openssl {arguments:?}");
}

/// A store for `localhost` and `store.test` that speaks TLS, with whom to trust in `ca.pem`, and in `other.pem` somebody else.
#[expect(clippy::print_stderr, reason = "a skipped test says why")]
fn encrypted_store(folder: &Path) -> Option<Store> {
    if Command::new("openssl").arg("version").stdout(Stdio::null()).status().is_err() {
        eprintln!("skipped: there is no openssl here");
        return None;
    }
    certificate(folder, "ca", "basicConstraints=critical,CA:TRUE", None);
    certificate(folder, "other", "basicConstraints=critical,CA:TRUE", None);
    let names = "basicConstraints=CA:FALSE\nsubjectAltName=DNS:localhost,DNS:store.test";
    certificate(folder, "store", names, Some("ca"));
    let chain = vec![CertificateDer::from_pem_file(folder.join("store.pem")).expect("a certificate")];
    let key = PrivateKeyDer::from_pem_file(folder.join("store.key")).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a pair");
    Some(Store::of(&[("in/a.csv", answers(1)), ("in/b.csv", answers(2))], Behaviour::default(), Some(Arc::new(config))))
}

/// A proxy that leads everywhere to one store, for as long as the test runs.
struct TestProxy {
    port: u16,
    /// The first line of each request, and who asks.
    asked: Arc<Mutex<Vec<(String, String)>>>,
}

impl TestProxy {
    /// `user` is what it wants to hear of who asks; nothing where anybody may.
    fn to(store: u16, user: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let own = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let asked = Arc::clone(&own);
                std::thread::spawn(move || pass(stream, store, user, &asked));
            }
        });
        Self { port, asked }
    }

    fn asked(&self) -> Vec<(String, String)> {
        self.asked.lock().expect("a list").clone()
    }
}

/// What stands before the body of a request, byte by byte, so that nothing behind it is taken.
fn head(stream: &mut TcpStream) -> String {
    let (mut head, mut byte) = (Vec::new(), [0_u8]);
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|n| n == 1) {
        head.push(byte[0]);
    }
    String::from_utf8(head).expect("a head")
}

fn pass(mut stream: TcpStream, store: u16, user: &str, asked: &Mutex<Vec<(String, String)>>) {
    let head = head(&mut stream);
    let who = head
        .lines()
        .find_map(|line| line.to_lowercase().starts_with("proxy-authorization").then(|| line[21..].to_owned()));
    let who = who.unwrap_or_default();
    asked.lock().expect("a list").push((head.lines().next().unwrap_or_default().to_owned(), who.clone()));
    if who != user {
        let _ = stream
            .write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        return;
    }
    let mut behind = TcpStream::connect(("127.0.0.1", store)).expect("the store");
    if head.starts_with("CONNECT ") {
        stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").expect("written");
    } else {
        // A server is asked for a path.
        behind.write_all(head.replacen("http://store.test", "", 1).as_bytes()).expect("written");
    }
    let (mut from, mut to) = (stream.try_clone().expect("a stream"), behind.try_clone().expect("a stream"));
    std::thread::spawn(move || std::io::copy(&mut from, &mut to));
    let _ = std::io::copy(&mut behind, &mut stream);
    let _ = stream.shutdown(std::net::Shutdown::Both);
}

const READ: &str = "source feedback: 2 files, 80 rows read, 80 used";

#[test]
fn a_store_is_asked_over_tls_and_its_certificate_is_looked_at() {
    let folder = folder();
    let folder = folder.path();
    let Some(store) = encrypted_store(folder) else { return };
    let file = study(folder, "far", "s3://shop/in/*.csv");
    let check = |host: &str, trusted: &str| {
        let endpoint = format!("https://{host}:{}", store.port);
        let trusted = folder.join(trusted).display().to_string();
        told(folder, &["check", &file], SECRET, &[("AWS_ENDPOINT", &endpoint), ("SSL_CERT_FILE", &trusted)])
    };
    let found = check("localhost", "ca.pem");
    assert!(stdout(&found).contains(READ), "{}{}", stdout(&found), stderr(&found));
    assert!(store.n_asked() >= 3, "a list and two objects");
    let n_asked = store.n_asked();
    for (host, trusted, says) in
        [("localhost", "other.pem", "UnknownIssuer"), ("127.0.0.1", "ca.pem", "certificate not valid for name")]
    {
        let refused = check(host, trusted);
        assert_eq!(refused.status.code(), Some(3), "{}", stderr(&refused));
        assert!(stderr(&refused).contains(says), "{}", stderr(&refused));
    }
    assert_eq!(store.n_asked(), n_asked, "nothing was asked of whom nobody trusts");
}

#[test]
fn an_encrypted_store_is_reached_through_a_proxy() {
    let folder = folder();
    let folder = folder.path();
    let Some(store) = encrypted_store(folder) else { return };
    let file = study(folder, "far", "s3://shop/in/*.csv");
    // Of `user:pass word`, by `printf 'user:pass word' | base64`.
    let proxy = TestProxy::to(store.port, "Basic dXNlcjpwYXNzIHdvcmQ=");
    let trusted = folder.join("ca.pem").display().to_string();
    let check = |endpoint: &str, variables: &[(&str, &str)]| {
        let own = [("AWS_ENDPOINT", endpoint), ("SSL_CERT_FILE", trusted.as_str())];
        told(folder, &["check", &file], SECRET, &[&own[..], variables].concat())
    };
    let with_user = format!("http://user:pass%20word@127.0.0.1:{}", proxy.port);
    let found = check("https://store.test", &[("HTTPS_PROXY", &with_user)]);
    assert!(stdout(&found).contains(READ), "{}{}", stdout(&found), stderr(&found));
    let asked = proxy.asked();
    assert!(asked.len() >= 3 && asked.iter().all(|(line, _)| line == "CONNECT store.test:443 HTTP/1.1"), "{asked:?}");
    // Who may not ask is told so, without the password.
    let refused = check("https://store.test", &[("https_proxy", &with_user.replace("pass", "secret"))]);
    assert_eq!(refused.status.code(), Some(3), "{}", stderr(&refused));
    let said = stderr(&refused);
    assert!(said.contains("the proxy 127.0.0.1:") && said.contains("407") && !said.contains("secret"), "{said}");
    // Hosts of NO_PROXY are asked themselves, and so are those of another scheme's proxy.
    let n_asked = proxy.asked().len();
    let near = format!("https://localhost:{}", store.port);
    for variables in
        [&[("HTTPS_PROXY", with_user.as_str()), ("NO_PROXY", "localhost")][..], &[("HTTP_PROXY", &with_user)]]
    {
        let found = check(&near, variables);
        assert!(stdout(&found).contains(READ), "{variables:?}: {}{}", stdout(&found), stderr(&found));
    }
    assert_eq!(proxy.asked().len(), n_asked);
    let wrong = check("https://store.test", &[("HTTPS_PROXY", "socks5://user:secret@127.0.0.1:1080")]);
    assert_eq!(wrong.status.code(), Some(3), "{}", stderr(&wrong));
    assert!(stderr(&wrong).contains("socks5://") && !stderr(&wrong).contains("secret"), "{}", stderr(&wrong));
}

#[test]
fn an_open_store_is_asked_by_a_proxy_for_the_whole_address() {
    let folder = folder();
    let folder = folder.path();
    let store = Store::with(&[("in/a.csv", answers(1)), ("in/b.csv", answers(2))], Behaviour::default());
    let file = study(folder, "far", "s3://shop/in/*.csv");
    let proxy = TestProxy::to(store.port, "");
    let address = format!("127.0.0.1:{}", proxy.port);
    let variables =
        [("AWS_ENDPOINT", "http://store.test"), ("AWS_ALLOW_HTTP", "true"), ("HTTP_PROXY", address.as_str())];
    // The store holds every request against its signature, of which the host is a part.
    let found = told(folder, &["check", &file], SECRET, &variables);
    assert!(stdout(&found).contains(READ), "{}{}", stdout(&found), stderr(&found));
    let asked = proxy.asked();
    assert!(asked.len() >= 3 && asked.iter().all(|(line, _)| line.contains(" http://store.test/shop")), "{asked:?}");
}
