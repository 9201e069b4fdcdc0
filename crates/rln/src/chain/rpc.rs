//! JSON-RPC over HTTP or HTTPS, one connection for each call: what nodes of Ethereum's kind speak.
//!
//! Answers are untrusted and bounded. Addresses may hold keys of their owner, so nothing here prints one.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::{Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto, version};
use url::Url;

/// Nodes that answer questions about a chain; the first that answers is asked again.
#[derive(Clone)]
pub(super) struct Rpc {
    urls: Vec<Url>,
    current: usize,
    asked: u64,
    tls: TlsConnector,
}

impl Rpc {
    /// Asks these nodes. An address is `http://` or `https://`.
    pub(super) fn new(addresses: &[String]) -> Result<Self, RpcError> {
        let parse = |text: &String| {
            let url = Url::parse(text).ok()?;
            (matches!(url.scheme(), "http" | "https") && url.host_str().is_some()).then_some(url)
        };
        let urls: Option<Vec<Url>> = addresses.iter().map(parse).collect();
        let urls = urls.filter(|urls| !urls.is_empty()).ok_or(RpcError::Address)?;
        let roots = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
            .with_protocol_versions(&[&version::TLS13, &version::TLS12])
            .expect("the provider has suites for both versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            urls,
            current: 0,
            asked: 0,
            tls: TlsConnector::from(Arc::new(config)),
        })
    }

    /// Asks until one node answers, each once. That a node says no is an answer.
    pub(super) async fn ask(&mut self, method: &str, params: Value) -> Result<Value, RpcError> {
        let mut outcome = RpcError::Unreachable;
        for _ in 0..self.urls.len() {
            self.asked += 1;
            let body = json!({ "jsonrpc": "2.0", "id": self.asked, "method": method, "params": &params });
            let url = &self.urls[self.current];
            let asked = timeout(IN_TIME, post(&self.tls, url, &body)).await;
            match asked.unwrap_or(Err(RpcError::Unreachable)) {
                Ok(answer) => match read(&answer, self.asked) {
                    Err(RpcError::Nonsense) => outcome = RpcError::Nonsense,
                    answer => return answer,
                },
                Err(error) => outcome = error,
            }
            self.current = (self.current + 1) % self.urls.len();
        }
        Err(outcome)
    }
}

/// The chain's node is at fault, or its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RpcError {
    /// No address, or not one of the web.
    #[error("an address of a node of the chain begins with http:// or https://")]
    Address,
    /// Nobody answers in time.
    #[error("no node of the chain answers")]
    Unreachable,
    /// It is not what was asked for.
    #[error("the node of the chain answers nonsense")]
    Nonsense,
    /// It knows no such function, or the contract declines.
    #[error("the node of the chain declines the call")]
    Declined,
}

fn read(answer: &[u8], asked: u64) -> Result<Value, RpcError> {
    let answer: Value = serde_json::from_slice(answer).map_err(|_| RpcError::Nonsense)?;
    if answer.get("id").and_then(Value::as_u64) != Some(asked) {
        return Err(RpcError::Nonsense);
    }
    if answer.get("error").is_some_and(|error| !error.is_null()) {
        return Err(RpcError::Declined);
    }
    answer.get("result").cloned().ok_or(RpcError::Nonsense)
}

async fn post(tls: &TlsConnector, url: &Url, body: &Value) -> Result<Bytes, RpcError> {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let port = url.port_or_known_default().ok_or(RpcError::Address)?;
    let socket = TcpStream::connect((&host[..], port))
        .await
        .map_err(|_| RpcError::Unreachable)?;
    let response = match url.scheme() {
        "https" => {
            let name = ServerName::try_from(host).map_err(|_| RpcError::Address)?;
            let stream = tls.connect(name, socket).await.map_err(|_| RpcError::Unreachable)?;
            send(stream, url, body).await?
        }
        _ => send(socket, url, body).await?,
    };
    if response.status() != StatusCode::OK {
        return Err(RpcError::Unreachable);
    }
    let body = Limited::new(response.into_body(), MAX_ANSWER).collect().await;
    Ok(body.map_err(|_| RpcError::Nonsense)?.to_bytes())
}

async fn send<S>(stream: S, url: &Url, body: &Value) -> Result<Response<Incoming>, RpcError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|_| RpcError::Unreachable)?;
    // Ends with the answer, or when that is dropped.
    tokio::spawn(connection);
    let target = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let host = match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (host, _) => host.unwrap_or_default().to_owned(),
    };
    let request = Request::post(target)
        .header(header::HOST, host)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONNECTION, "close")
        .body(Full::<Bytes>::from(body.to_string()))
        .map_err(|_| RpcError::Address)?;
    sender.send_request(request).await.map_err(|_| RpcError::Unreachable)
}

/// For one call to one node.
const IN_TIME: Duration = Duration::from_secs(10);
/// Bytes of an answer; the longest that means anything has two thousand.
const MAX_ANSWER: usize = 64 << 10;
