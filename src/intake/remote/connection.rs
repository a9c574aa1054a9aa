//! The way to a store: HTTP/1.1 by what the program has for servers anyway, one connection a request, since objects are large.

use crate::intake::server_tls::SystemTls;
use async_trait::async_trait;
use http_body_util::BodyExt;
use hyper::client::conn::http1;
use hyper::header::{HOST, HeaderValue};
use hyper::{Uri, rt};
use hyper_util::rt::TokioIo;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody, HttpService,
};
use object_store::{ClientConfigKey, ClientOptions};
use std::error::Error;
use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
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
        Ok(HttpClient::new(Connections { plain_is_allowed: plain, tls: Arc::clone(&self.tls) }))
    }
}

#[derive(Debug)]
struct Connections {
    plain_is_allowed: bool,
    tls: Arc<OnceLock<Result<SystemTls, String>>>,
}

#[async_trait]
impl HttpService for Connections {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (host, port, is_plain) = self.target(request.uri())?;
        let connect = TcpStream::connect((host.trim_matches(['[', ']']), port));
        let socket = timeout(CONNECTED_WITHIN, connect).await.map_err(|late| failed(HttpErrorKind::Timeout, late))?;
        let socket = socket.map_err(|error| failed(HttpErrorKind::Connect, error))?;
        // A request is one small packet that nobody should wait for.
        let _ = socket.set_nodelay(true);
        let answer = async {
            if is_plain {
                return ask(TokioIo::new(socket), request).await;
            }
            let tls = self.tls.get_or_init(SystemTls::new);
            let tls =
                tls.as_ref().map_err(|problem| failed(HttpErrorKind::Unknown, io::Error::other(problem.clone())))?;
            // A certificate that is not trusted will not be at the second attempt.
            let secured = tls.connect(&host, socket).await.map_err(|error| failed(HttpErrorKind::Unknown, error))?;
            ask(TokioIo::new(secured), request).await
        };
        timeout(ANSWERED_WITHIN, answer).await.map_err(|late| failed(HttpErrorKind::Timeout, late))?
    }
}

impl Connections {
    /// Host and port of an address, and whether the way there is not encrypted.
    fn target(&self, uri: &Uri) -> Result<(String, u16, bool), HttpError> {
        let wrong = |problem: &str| failed(HttpErrorKind::Unknown, io::Error::other(problem.to_owned()));
        let is_plain = uri.scheme_str() == Some("http");
        if is_plain && !self.plain_is_allowed {
            return Err(wrong("the store's address begins with http://, and AWS_ALLOW_HTTP is not set to true"));
        }
        let host = uri.host().ok_or_else(|| wrong("the store's address names no host"))?;
        Ok((host.to_owned(), uri.port_u16().unwrap_or(if is_plain { 80 } else { 443 }), is_plain))
    }
}

/// Asks over a connection that ends with the answer.
async fn ask<S>(stream: S, request: HttpRequest) -> Result<HttpResponse, HttpError>
where
    S: rt::Read + rt::Write + Unpin + Send + 'static,
{
    let (mut parts, body) = request.into_parts();
    // A server is asked for a path; the host stands among the headers, as it was signed.
    if let Some(host) = parts.uri.authority().and_then(|own| HeaderValue::from_str(own.as_str()).ok()) {
        parts.headers.entry(HOST).or_insert(host);
    }
    if let Some(path) = parts.uri.path_and_query() {
        parts.uri = Uri::from(path.clone());
    }
    let (mut sender, connection) = http1::handshake(stream).await.map_err(broken)?;
    // It carries the rest of the answer's body; what breaks there is said to whoever reads the body.
    tokio::spawn(connection);
    let answer = sender.send_request(hyper::Request::from_parts(parts, body)).await.map_err(broken)?;
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
