//! Sources in a store that speaks S3: a small one, which holds every request against its signature.

use super::{command, folder, stderr, stdout, write};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Output;
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
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let objects: BTreeMap<String, Vec<u8>> =
            objects.iter().map(|(key, text)| ((*key).to_owned(), text.clone().into_bytes())).collect();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (own, behaviour, objects) = (Arc::clone(&asked), Arc::new(behaviour), Arc::new(objects));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (asked, behaviour, objects) = (Arc::clone(&own), Arc::clone(&behaviour), Arc::clone(&objects));
                std::thread::spawn(move || answer(stream, &objects, &behaviour, &asked));
            }
        });
        Self { port, asked }
    }

    /// The program, told where the store is and who asks.
    fn run(&self, folder: &Path, arguments: &[&str], secret: &str) -> Output {
        let mut command = command(folder, arguments);
        for (name, value) in [
            ("AWS_ACCESS_KEY_ID", KEY),
            ("AWS_SECRET_ACCESS_KEY", secret),
            ("AWS_REGION", "eu-test-1"),
            ("AWS_ENDPOINT", &format!("http://127.0.0.1:{}", self.port)),
            ("AWS_ALLOW_HTTP", "true"),
        ] {
            command.env(name, value);
        }
        command.output().expect("starts")
    }
}

struct Request {
    method: String,
    path: String,
    query: String,
    headers: BTreeMap<String, String>,
}

fn read(stream: &TcpStream) -> Option<Request> {
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
    mut stream: TcpStream,
    objects: &BTreeMap<String, Vec<u8>>,
    behaviour: &Behaviour,
    asked: &Mutex<Vec<String>>,
) {
    let Some(request) = read(&stream) else { return };
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
    let _ = stream.write_all(&sent);
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
