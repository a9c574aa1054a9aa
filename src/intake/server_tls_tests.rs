//! Encrypted connections to a real server, whose certificates the test makes itself.

use super::*;
use crate::intake::format_tests::Server;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

const ROWS: &str = "SELECT 'ann' AS who, '2026-01-01T10:00:00Z' AS \\\"when\\\", 9 AS ltr, 2.5 AS wait, \
                    (SELECT version || COALESCE(' ' || client_dn, '') FROM pg_stat_ssl WHERE pid = pg_backend_pid()) AS via";

/// Makes a certificate by the system's OpenSSL; signed by itself where nobody is named to sign it.
fn certificate(folder: &Path, name: &str, subject: &str, extension: &str, signer: Option<&str>) {
    let file = |ending: &str| folder.join(format!("{name}.{ending}")).display().to_string();
    let (key, pem, request) = (file("key"), file("pem"), file("csr"));
    let extensions = folder.join(format!("{name}.ext"));
    std::fs::write(&extensions, format!("[v3]\n{extension}\n")).expect("written");
    let extensions = extensions.display().to_string();
    let make = ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", subject];
    openssl(&[&make[..], &["-keyout", &key, "-out", &request]].concat());
    let sign =
        ["x509", "-req", "-days", "2", "-in", &request, "-out", &pem, "-extfile", &extensions, "-extensions", "v3"];
    match signer {
        None => openssl(&[&sign[..], &["-signkey", &key]].concat()),
        Some(signer) => {
            let of = |ending: &str| folder.join(format!("{signer}.{ending}")).display().to_string();
            openssl(&[&sign[..], &["-CA", &of("pem"), "-CAkey", &of("key"), "-CAcreateserial"]].concat());
        }
    }
}

fn openssl(arguments: &[&str]) {
    let status = Command::new("openssl").args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(status.is_ok_and(|status| status.success()), "openssl {arguments:?}");
}

/// A server that lets nobody in over the network but encrypted, with a certificate for `localhost`.
#[expect(clippy::print_stderr, reason = "a skipped test says why")]
fn start() -> Option<(Server, u16)> {
    if Command::new("openssl").arg("version").stdout(Stdio::null()).status().is_err() {
        eprintln!("skipped: there is no openssl here");
        return None;
    }
    let port = TcpListener::bind("127.0.0.1:0").and_then(|own| own.local_addr()).expect("a port").port();
    let server = Server::start_with(|folder| {
        let ca = "basicConstraints=critical,CA:TRUE";
        certificate(folder, "ca", "/CN=test ca", ca, None);
        certificate(folder, "other", "/CN=other ca", ca, None);
        let host = "basicConstraints=CA:FALSE\nsubjectAltName=DNS:localhost";
        certificate(folder, "server", "/CN=localhost", host, Some("ca"));
        let client = "basicConstraints=CA:FALSE\nextendedKeyUsage=clientAuth";
        certificate(folder, "client", "/CN=certified", client, Some("ca"));
        certificate(folder, "stranger", "/CN=certified", client, Some("other"));
        let hba = "hostssl all certified 127.0.0.1/32 cert\nhostssl all all 127.0.0.1/32 trust\nlocal all all trust\n";
        std::fs::write(folder.join("hba"), hba).expect("written");
        let own = |name: &str| folder.join(name).display().to_string();
        let key = own("server.key");
        std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("set");
        format!(
            "-c listen_addresses=127.0.0.1 -p {port} -c ssl=on -c ssl_cert_file={} -c ssl_key_file={key} -c ssl_ca_file={} -c hba_file={}",
            own("server.pem"),
            own("ca.pem"),
            own("hba")
        )
    })?;
    Some((server, port))
}

/// Reads [`ROWS`] from a server by a study in a folder, and returns what the server says of the connection.
fn via(folder: &Path, address: &str) -> Result<String, String> {
    let study = format!(
        "study = {{ name = \"case\", as_of = 2026-09-30 }}\n[sources.feedback]\ncustomer = \"who\"\ntime = \"when\"\n\
         recommend = \"ltr\"\nchannel = \"via\"\npath = \"postgresql://{address}\"\n\
         query = \"{ROWS}\"\n[drivers]\ntouchpoints = [\"wait\"]\n"
    );
    let study = crate::study::Study::parse(&study, folder).expect("a sound study");
    let folders = Folders { work: folder.join("work"), quarantine: folder.join("quarantine") };
    let intake = Intake::run(&study, &folders, &|_| ()).map_err(|error| error::in_full(&error))?;
    let table = tests::read(&intake.tables.feedback);
    let column = table.column_by_name("channel").expect("there");
    let texts = column.as_any().downcast_ref::<datafusion::arrow::array::StringArray>().expect("texts");
    Ok(texts.value(0).to_owned())
}

#[test]
fn the_way_to_a_real_server_is_encrypted_and_its_certificate_is_asked_for() {
    let Some((server, port)) = start() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["ca.pem", "other.pem", "server.pem"] {
        std::fs::copy(server.folder().join(name), folder.path().join(name)).expect("copied");
    }
    let read = |host: &str, settings: &str| via(folder.path(), &format!("advocate@{host}:{port}/postgres?{settings}"));
    // What the server itself says of the connection.
    let encrypted = Ok("TLSv1.3".to_owned());
    assert_eq!(read("localhost", "sslmode=verify-full&sslrootcert=ca.pem"), encrypted);
    assert_eq!(read("localhost", "sslmode=require"), encrypted, "whoever it is");
    assert_eq!(read("localhost", ""), encrypted, "where the server offers it");
    // The certificate itself may be what is trusted.
    assert_eq!(read("localhost", "sslmode=verify-full&sslrootcert=server.pem"), encrypted);
    // The certificate is one for `localhost`, and for no number.
    assert_eq!(read("127.0.0.1", "sslmode=verify-ca&sslrootcert=ca.pem"), encrypted);
    assert_eq!(read("127.0.0.1", "sslmode=require&sslrootcert=ca.pem"), encrypted);
    let refused = |host: &str, settings: &str| read(host, settings).expect_err("refused");
    for root in ["ca.pem", "server.pem"] {
        let message = refused("127.0.0.1", &format!("sslmode=verify-full&sslrootcert={root}"));
        assert!(message.contains("certificate not valid for name"), "{message}");
    }
    // Somebody else's certificates: `require` asks for them too where the address names whom to trust.
    for mode in ["verify-full", "verify-ca", "require"] {
        let message = refused("localhost", &format!("sslmode={mode}&sslrootcert=other.pem"));
        assert!(message.contains("UnknownIssuer"), "{mode}: {message}");
    }
    assert!(refused("localhost", "sslmode=disable").contains("no encryption"));
    assert!(refused("localhost", "sslmode=verify-full").contains("sslmode=verify-full needs sslrootcert=FILE"));
    assert!(refused("localhost", "sslmode=verify-ca&sslrootcert=gone.pem").contains("gone.pem` cannot be read"));
    std::fs::write(folder.path().join("empty.pem"), "no certificate").expect("written");
    assert!(refused("localhost", "sslmode=verify-ca&sslrootcert=empty.pem").contains("holds no certificate"));
}

#[test]
fn a_server_that_asks_who_the_client_is_is_shown_its_certificate() {
    let Some((server, port)) = start() else { return };
    let socket = format!("host={} port={port} user=advocate dbname=postgres", server.folder().display());
    let mut client = postgres::Client::connect(&socket, postgres::NoTls).expect("connects");
    client.batch_execute("CREATE ROLE certified LOGIN").expect("made");
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["ca.pem", "client.pem", "client.key", "stranger.pem", "stranger.key"] {
        std::fs::copy(server.folder().join(name), folder.path().join(name)).expect("copied");
    }
    let read = |settings: &str| {
        let trusted = "sslmode=verify-full&sslrootcert=ca.pem";
        via(folder.path(), &format!("certified@localhost:{port}/postgres?{trusted}{settings}"))
    };
    // What the server itself says of the connection, and of who came by it.
    assert_eq!(read("&sslcert=client.pem&sslkey=client.key"), Ok("TLSv1.3 /CN=certified".to_owned()));
    let refused = |settings: &str, parts: &[&str]| {
        let message = read(settings).expect_err("refused");
        assert!(parts.iter().all(|part| message.contains(part)), "{settings}: {message}");
    };
    refused("", &["client certificate"]);
    // Nobody whom the server trusts has signed it.
    assert!(read("&sslcert=stranger.pem&sslkey=stranger.key").is_err());
    refused("&sslcert=client.pem", &["sslcert needs sslkey=FILE"]);
    refused("&sslkey=client.key", &["sslkey needs sslcert=FILE"]);
    refused("&sslcert=client.pem&sslkey=stranger.key", &["client.pem", "stranger.key", "do not go together"]);
    refused("&sslcert=gone.pem&sslkey=client.key", &["sslcert: ", "gone.pem` cannot be read"]);
    refused("&sslcert=client.pem&sslkey=gone.key", &["sslkey: ", "gone.key` cannot be read"]);
    refused("&sslcert=client.pem&sslkey=client.pem", &["sslkey: ", "holds no key in PEM"]);
}
