//! The way to a store: HTTP/1.1 by what the program has for servers anyway, one connection a request, since objects are large.

use super::proxy::{Proxies, Proxy};
use crate::intake::server_tls::SystemTls;
use async_trait::async_trait;
use http_body_util::BodyExt;
use hyper::client::conn::http1;
use hyper::header::{HOST, HeaderValue, PROXY_AUTHORIZATION};
use hyper::{Method, StatusCode, Uri, rt};
use hyper_util::rt::TokioIo;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody, HttpService,
};
use object_store::{ClientConfigKey, ClientOptions};
use std::error::Error;
use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long a store may take to accept a connection.
const CONNECTED_WITHIN: Duration = Duration::from_secs(10);
/// How long it may take to begin to answer.
const ANSWERED_WITHIN: Duration = Duration::from_secs(60);

/// Makes connections; what the system trusts is read with the first encrypted one.
#[derive(Debug, Default)]
pub(super) struct Connector {
    tls: Arc<OnceLock<Result<SystemTls, String>>>,
}

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let plain = options.get_config_value(&ClientConfigKey::AllowHttp).is_some_and(|own| own == "true");
        let proxies = Proxies::read(|name| std::env::var(name).ok()).map_err(|problem| {
            object_store::Error::Generic { store: "S3", source: Box::new(io::Error::other(problem)) }
        })?;
        Ok(HttpClient::new(Connections { plain_is_allowed: plain, proxies, tls: Arc::clone(&self.tls) }))
    }
}

#[derive(Debug)]
struct Connections {
    plain_is_allowed: bool,
    proxies: Proxies,
    tls: Arc<OnceLock<Result<SystemTls, String>>>,
}

#[async_trait]
impl HttpService for Connections {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let target = self.target(request.uri())?;
        let proxy = self.proxies.of(&target.host, target.port, target.is_plain);
        let (host, port) = proxy.map_or((target.host.as_str(), target.port), |own| (own.host.as_str(), own.port));
        let connect = TcpStream::connect((host.trim_matches(['[', ']']), port));
        let socket = timeout(CONNECTED_WITHIN, connect).await.map_err(|late| failed(HttpErrorKind::Timeout, late))?;
        let socket = socket.map_err(|error| failed(HttpErrorKind::Connect, through(proxy, error)))?;
        // A request is one small packet that nobody should wait for.
        let _ = socket.set_nodelay(true);
        let answer = async {
            match proxy {
                None if target.is_plain => ask(TokioIo::new(socket), in_own_form(request)).await,
                None => self.ask_encrypted(&target.host, socket, request).await,
                Some(proxy) if target.is_plain => ask(TokioIo::new(socket), in_form_of_proxies(request, proxy)).await,
                Some(proxy) => {
                    let tunnel = tunnel(socket, &target, proxy).await?;
                    self.ask_encrypted(&target.host, tunnel, request).await
                }
            }
        };
        timeout(ANSWERED_WITHIN, answer).await.map_err(|late| failed(HttpErrorKind::Timeout, late))?
    }
}

/// Where a request goes.
struct Target {
    host: String,
    port: u16,
    /// Whether the way there is not encrypted.
    is_plain: bool,
}

impl Connections {
    async fn ask_encrypted<S>(&self, host: &str, stream: S, request: HttpRequest) -> Result<HttpResponse, HttpError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let tls = self.tls.get_or_init(SystemTls::new);
        let tls = tls.as_ref().map_err(|problem| failed(HttpErrorKind::Unknown, io::Error::other(problem.clone())))?;
        // A certificate that is not trusted will not be at the second attempt.
        let secured = tls.connect(host, stream).await.map_err(|error| failed(HttpErrorKind::Unknown, error))?;
        ask(TokioIo::new(secured), in_own_form(request)).await
    }

    fn target(&self, uri: &Uri) -> Result<Target, HttpError> {
        let wrong = |problem: &str| failed(HttpErrorKind::Unknown, io::Error::other(problem.to_owned()));
        let is_plain = uri.scheme_str() == Some("http");
        if is_plain && !self.plain_is_allowed {
            return Err(wrong("the store's address begins with http://, and AWS_ALLOW_HTTP is not set to true"));
        }
        let host = uri.host().ok_or_else(|| wrong("the store's address names no host"))?;
        let port = uri.port_u16().unwrap_or(if is_plain { 80 } else { 443 });
        Ok(Target { host: host.to_owned(), port, is_plain })
    }
}

/// The way through a proxy to a server with which everything is encrypted (RFC 9110, section 9.3.6).
async fn tunnel(
    socket: TcpStream,
    target: &Target,
    proxy: &Proxy,
) -> Result<TokioIo<hyper::upgrade::Upgraded>, HttpError> {
    let place = format!("{}:{}", target.host, target.port);
    let wrong = |problem: String| failed(HttpErrorKind::Unknown, io::Error::other(problem));
    let mut request = hyper::Request::builder().method(Method::CONNECT).uri(&place).header(HOST, &place);
    if let Some(authorization) = &proxy.authorization {
        request = request.header(PROXY_AUTHORIZATION, authorization);
    }
    let request = request.body(String::new()).map_err(|error| wrong(error.to_string()))?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(socket)).await.map_err(broken)?;
    tokio::spawn(connection.with_upgrades());
    let answer = sender.send_request(request).await.map_err(broken)?;
    if answer.status() != StatusCode::OK {
        let asks = if answer.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
            "; write who asks into its address, as in http://user:password@host:port"
        } else {
            ""
        };
        let (host, port) = (&proxy.host, proxy.port);
        return Err(wrong(format!("the proxy {host}:{port} refuses the way to {place}: {}{asks}", answer.status())));
    }
    let upgraded = hyper::upgrade::on(answer).await.map_err(broken)?;
    Ok(TokioIo::new(upgraded))
}

/// What kept a connection from being made, with the proxy to which it was.
fn through(proxy: Option<&Proxy>, error: io::Error) -> io::Error {
    match proxy {
        None => error,
        Some(own) => io::Error::new(error.kind(), format!("the proxy {}:{}: {error}", own.host, own.port)),
    }
}

/// A request as its server is asked: for a path; the host stands among the headers, as it was signed.
fn in_own_form(request: HttpRequest) -> HttpRequest {
    let mut request = with_host(request);
    if let Some(path) = request.uri().path_and_query() {
        *request.uri_mut() = Uri::from(path.clone());
    }
    request
}

/// A request as a proxy is asked: for the whole address, by whoever may ask it.
fn in_form_of_proxies(request: HttpRequest, proxy: &Proxy) -> HttpRequest {
    let mut request = with_host(request);
    if let Some(authorization) = &proxy.authorization {
        request.headers_mut().insert(PROXY_AUTHORIZATION, authorization.clone());
    }
    request
}

fn with_host(mut request: HttpRequest) -> HttpRequest {
    if let Some(host) = request.uri().authority().and_then(|own| HeaderValue::from_str(own.as_str()).ok()) {
        request.headers_mut().entry(HOST).or_insert(host);
    }
    request
}

/// Asks over a connection that ends with the answer.
async fn ask<S>(stream: S, request: HttpRequest) -> Result<HttpResponse, HttpError>
where
    S: rt::Read + rt::Write + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(stream).await.map_err(broken)?;
    // It carries the rest of the answer's body; what breaks there is said to whoever reads the body.
    tokio::spawn(connection);
    let answer = sender.send_request(request).await.map_err(broken)?;
    let (parts, body) = answer.into_parts();
    Ok(HttpResponse::from_parts(parts, HttpResponseBody::new(body.map_err(broken))))
}

fn broken(error: hyper::Error) -> HttpError {
    let kind = if error.is_timeout() {
        HttpErrorKind::Timeout
    } else if error.is_parse() {
        HttpErrorKind::Decode
    } else {
        HttpErrorKind::Interrupted
    };
    failed(kind, error)
}

fn failed(kind: HttpErrorKind, error: impl Error + Send + Sync + 'static) -> HttpError {
    HttpError::new(kind, error)
}
