//! The encrypted way to a PostgreSQL server, and how far the server is who it says it is.

use super::server_address::{ClientFiles, ServerAddress, SslMode};
use postgres::Socket;
use postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::TlsConnector;

/// Where systems keep the certificates that they trust.
const SYSTEM_ROOTS: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Makes encrypted connections.
#[derive(Clone)]
pub(super) struct Tls(TlsConnector);

impl Tls {
    /// For an address; its files count from `base_dir`.
    ///
    /// # Errors
    /// A file of trusted certificates that is not named, cannot be read or holds none, and the same of the client's own certificate and
    /// key, in words for people.
    pub(super) fn of(address: &ServerAddress, base_dir: &Path) -> Result<Self, String> {
        let provider = Arc::new(ring::default_provider());
        let trusted = match (&address.root, address.mode) {
            (Some(root), _) => Some(Trusted::read(&place_of(root, base_dir)?)?),
            (None, mode) if mode >= SslMode::VerifyCa => {
                return Err(format!(
                    "sslmode={} needs sslrootcert=FILE with the certificates that are trusted, or sslrootcert=system",
                    mode.word()
                ));
            }
            (None, _) => None,
        };
        // As PostgreSQL's own programs have it, what the system trusts is trusted for the host alone.
        let with_name = address.mode == SslMode::VerifyFull || address.root.as_deref() == Some("system");
        let check = ServerCheck { trusted, with_name, provider: Arc::clone(&provider) };
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(check));
        let config = match &address.client {
            None => config.with_no_client_auth(),
            Some(files) => {
                let OwnCertificate { chain, key } = OwnCertificate::read(files, base_dir)?;
                config.with_client_auth_cert(chain, key).map_err(|error| {
                    format!(
                        "sslcert and sslkey: `{}` and `{}` do not go together: {error}",
                        files.certificate, files.key
                    )
                })?
            }
        };
        Ok(Self(TlsConnector::from(Arc::new(config))))
    }
}

/// Makes encrypted connections to hosts for which somebody vouches whom the system trusts.
#[derive(Clone)]
pub(super) struct SystemTls(TlsConnector);

impl std::fmt::Debug for SystemTls {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SystemTls")
    }
}

impl SystemTls {
    /// Reads what the system trusts.
    ///
    /// # Errors
    /// A system that keeps no such file, or one of which nothing can be understood, in words for people.
    pub(super) fn new() -> Result<Self, String> {
        let Trusted { roots, .. } = Trusted::read(&place_of("system", Path::new(""))?)?;
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(TlsConnector::from(Arc::new(config))))
    }

    /// Encrypts a connection to a host.
    ///
    /// # Errors
    /// A host without a name that a certificate could hold, a certificate that is not trusted or is another host's.
    pub(super) async fn connect<S>(&self, host: &str, stream: S) -> io::Result<tokio_rustls::client::TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        self.0.connect(name, stream).await
    }
}

/// By what the client shows who it is.
struct OwnCertificate {
    /// Its certificate, then those of who vouches for it.
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl OwnCertificate {
    fn read(files: &ClientFiles, base_dir: &Path) -> Result<Self, String> {
        let (path, key) = (base_dir.join(&files.certificate), base_dir.join(&files.key));
        let chain = certificates("sslcert", &path)?;
        // What stands in the file of a key is in no message.
        let key = PrivateKeyDer::from_pem_file(&key).map_err(|_| {
            format!("sslkey: `{}` cannot be read, or holds no key in PEM without a password", key.display())
        })?;
        Ok(Self { chain, key })
    }
}

/// The certificates of a file that the address names for some purpose.
fn certificates(purpose: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let file = path.display();
    let bad = |error: rustls::pki_types::pem::Error| format!("{purpose}: `{file}` cannot be read: {error}");
    let found: Vec<CertificateDer<'static>> =
        CertificateDer::pem_file_iter(path).and_then(Iterator::collect).map_err(bad)?;
    if found.is_empty() {
        return Err(format!("{purpose}: `{file}` holds no certificate in PEM"));
    }
    Ok(found)
}

fn place_of(root: &str, base_dir: &Path) -> Result<PathBuf, String> {
    if root != "system" {
        return Ok(base_dir.join(root));
    }
    let stated = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    let known = SYSTEM_ROOTS.into_iter().map(PathBuf::from).find(|path| path.exists());
    stated.or(known).ok_or_else(|| "this system keeps no file of trusted certificates; name one".to_owned())
}

/// The certificates that are trusted.
#[derive(Debug)]
struct Trusted {
    roots: RootCertStore,
    /// As they stand in their file: a server may show one of them itself.
    shown: Vec<CertificateDer<'static>>,
}

impl Trusted {
    fn read(path: &Path) -> Result<Self, String> {
        let shown = certificates("sslrootcert", path)?;
        let mut roots = RootCertStore::empty();
        // A file of a system may hold some that are damaged or out of use.
        if roots.add_parsable_certificates(shown.iter().cloned()).0 == 0 {
            let file = path.display();
            return Err(format!("sslrootcert: `{file}` holds no certificate that can be understood"));
        }
        Ok(Self { roots, shown })
    }
}

/// Asks of a server's certificate what the study asks.
#[derive(Debug)]
struct ServerCheck {
    /// Nothing where any certificate will do.
    trusted: Option<Trusted>,
    with_name: bool,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for ServerCheck {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(trusted) = &self.trusted else { return Ok(ServerCertVerified::assertion()) };
        let parsed = ParsedCertificate::try_from(end_entity)?;
        // A certificate that is trusted by itself needs nobody to vouch for it.
        if !trusted.shown.iter().any(|own| own.as_ref() == end_entity.as_ref()) {
            let algorithms = self.provider.signature_verification_algorithms.all;
            verify_server_cert_signed_by_trust_anchor(&parsed, &trusted.roots, intermediates, now, algorithms)?;
        }
        if self.with_name {
            verify_server_name(&parsed, server_name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

impl MakeTlsConnect<Socket> for Tls {
    type Stream = Encrypted;
    type TlsConnect = ToHost;
    type Error = io::Error;

    fn make_tls_connect(&mut self, host: &str) -> io::Result<ToHost> {
        // A socket of the same machine has no name, and is never encrypted.
        let name = if host.is_empty() { None } else { ServerName::try_from(host.to_owned()).ok() };
        Ok(ToHost { connector: self.0.clone(), name })
    }
}

/// The way to one host.
pub(super) struct ToHost {
    connector: TlsConnector,
    name: Option<ServerName<'static>>,
}

impl TlsConnect<Socket> for ToHost {
    type Stream = Encrypted;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Encrypted>> + Send>>;

    fn connect(self, socket: Socket) -> Self::Future {
        Box::pin(async move {
            let name =
                self.name.ok_or_else(|| io::Error::other("the host has no name that a certificate could hold"))?;
            self.connector.connect(name, socket).await.map(Encrypted)
        })
    }
}

/// An encrypted connection.
pub(super) struct Encrypted(tokio_rustls::client::TlsStream<Socket>);

impl TlsStream for Encrypted {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
