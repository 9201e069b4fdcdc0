//! Asks one page for its bytes, without letting it lead us anywhere or keep us busy.
//!
//! Only HTTP and HTTPS, on the usual ports, at addresses of the public internet ([`Reach`]). A name is resolved once for
//! each step, all its addresses are looked at, and the connection is made to one of those that were looked at. Every
//! redirection passes the same checks. No cookies, no referrer, no proxy, no compression; bytes, steps and time are
//! bounded. What the page learns is our address, and that somebody makes a preview.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::{Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto, version};
use url::{Host, Url};

use super::reach::Reach;

/// Asks pages.
pub(super) struct Fetcher {
    reach: Reach,
    tls: TlsConnector,
}

/// What came.
#[derive(Debug)]
pub(super) struct Fetched {
    /// Where it was in the end.
    pub(super) url: Url,
    /// What it says it is.
    pub(super) kind: Kind,
    /// The bytes, up to the limit.
    pub(super) bytes: Vec<u8>,
    /// Whether there were more.
    pub(super) cut: bool,
}

/// What an answer says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Page,
    Picture,
}

/// The address is at fault, or the page, or the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FetchError {
    /// Not `http` or `https`, with a password, or on an unusual port.
    #[error("previews are made of addresses that begin with http:// or https://, without a password or a special port")]
    Address,
    /// It leads into a private network.
    #[error("this address leads into a private network; no preview is made of it")]
    Private,
    /// It sent us from one place to the next.
    #[error("the page leads from one address to another too often")]
    Redirects,
    /// The name has no address, nobody answers there, or the certificate is not theirs.
    #[error("the page cannot be reached")]
    Unreachable,
    /// It took too long.
    #[error("the page does not answer in time")]
    TooSlow,
    /// It answered that there is nothing for us.
    #[error("the page answered that it cannot be shown")]
    Refused,
    /// Neither a page nor a picture.
    #[error("this is neither a page nor a picture")]
    OtherKind,
}

impl FetchError {
    /// A word for programs. Stable across versions.
    pub(crate) fn code(self) -> &'static str {
        match self {
            FetchError::Address => "preview_address",
            FetchError::Private => "preview_private",
            FetchError::Redirects => "preview_redirects",
            FetchError::Unreachable => "preview_unreachable",
            FetchError::TooSlow => "preview_too_slow",
            FetchError::Refused => "preview_refused",
            FetchError::OtherKind => "preview_other_kind",
        }
    }
}

/// What one step of the way gave.
enum Step {
    There(Response<Incoming>),
    Elsewhere(Url),
}

impl Fetcher {
    /// Begins with nothing known.
    pub(super) fn new(reach: Reach) -> Fetcher {
        let roots = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
            .with_protocol_versions(&[&version::TLS13, &version::TLS12])
            .expect("the provider has suites for both versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Fetcher {
            reach,
            tls: TlsConnector::from(Arc::new(config)),
        }
    }

    /// Asks for up to `limit` bytes, following up to three redirections.
    pub(super) async fn fetch(&self, url: Url, limit: usize) -> Result<Fetched, FetchError> {
        timeout(IN_TIME, self.follow(url, limit))
            .await
            .map_err(|_| FetchError::TooSlow)?
    }

    async fn follow(&self, mut url: Url, limit: usize) -> Result<Fetched, FetchError> {
        for _ in 0..=MAX_REDIRECTIONS {
            match self.step(&url).await? {
                Step::There(response) => {
                    let kind = kind(&response).ok_or(FetchError::OtherKind)?;
                    let (bytes, cut) = read(response.into_body(), limit).await?;
                    return Ok(Fetched { url, kind, bytes, cut });
                }
                // What was private on the way must not become public.
                Step::Elsewhere(next) if url.scheme() == "https" && next.scheme() != "https" => {
                    return Err(FetchError::Redirects);
                }
                Step::Elsewhere(next) => url = next,
            }
        }
        Err(FetchError::Redirects)
    }

    async fn step(&self, url: &Url) -> Result<Step, FetchError> {
        let address = self.resolve(url).await?;
        let socket = timeout(CONNECT_IN_TIME, TcpStream::connect(address))
            .await
            .map_err(|_| FetchError::Unreachable)?
            .map_err(|_| FetchError::Unreachable)?;
        let response = match url.scheme() {
            "https" => {
                let name = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
                let name = ServerName::try_from(name).map_err(|_| FetchError::Address)?;
                let stream = self.tls.connect(name, socket).await;
                ask(stream.map_err(|_| FetchError::Unreachable)?, url).await?
            }
            _ => ask(socket, url).await?,
        };
        let status = response.status();
        let moved = [
            StatusCode::MOVED_PERMANENTLY,
            StatusCode::FOUND,
            StatusCode::SEE_OTHER,
            StatusCode::TEMPORARY_REDIRECT,
            StatusCode::PERMANENT_REDIRECT,
        ];
        if moved.contains(&status) {
            let to = response.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
            let next = to.and_then(|to| url.join(to).ok()).ok_or(FetchError::Refused)?;
            return Ok(Step::Elsewhere(next));
        }
        match status {
            StatusCode::OK => Ok(Step::There(response)),
            _ => Err(FetchError::Refused),
        }
    }

    /// The one address to connect to. A name that has a forbidden address besides is not asked at all: that is how a name
    /// tries to be two things.
    async fn resolve(&self, url: &Url) -> Result<SocketAddr, FetchError> {
        let port = checked_port(url, self.reach)?;
        let addresses: Vec<SocketAddr> = match url.host().ok_or(FetchError::Address)? {
            Host::Ipv4(address) => vec![(address, port).into()],
            Host::Ipv6(address) => vec![(address, port).into()],
            Host::Domain(name) => timeout(RESOLVE_IN_TIME, lookup_host((name, port)))
                .await
                .map_err(|_| FetchError::Unreachable)?
                .map_err(|_| FetchError::Unreachable)?
                .take(MAX_ADDRESSES)
                .collect(),
        };
        if addresses.iter().any(|address| !self.reach.allows(address.ip())) {
            return Err(FetchError::Private);
        }
        // Most networks have version 4 for sure.
        let first = addresses.iter().find(|address| address.is_ipv4()).or(addresses.first());
        first.copied().ok_or(FetchError::Unreachable)
    }
}

/// Checks everything that an address says by itself.
fn checked_port(url: &Url, reach: Reach) -> Result<u16, FetchError> {
    let is_web = matches!(url.scheme(), "http" | "https");
    let has_secret = !url.username().is_empty() || url.password().is_some();
    let port = url.port_or_known_default().ok_or(FetchError::Address)?;
    match is_web && !has_secret && reach.allows_port(port) && url.as_str().len() <= MAX_ADDRESS_BYTES {
        true => Ok(port),
        false => Err(FetchError::Address),
    }
}

async fn ask<S>(stream: S, url: &Url) -> Result<Response<Incoming>, FetchError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(MAX_HEAD)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|_| FetchError::Unreachable)?;
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
    let request = Request::get(target)
        .header(header::HOST, host)
        .header(header::USER_AGENT, AGENT)
        .header(header::ACCEPT, "text/html,application/xhtml+xml,image/*;q=0.8")
        .header(header::ACCEPT_ENCODING, "identity")
        .header(header::CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .map_err(|_| FetchError::Address)?;
    sender.send_request(request).await.map_err(|_| FetchError::Unreachable)
}

fn kind(response: &Response<Incoming>) -> Option<Kind> {
    let says = response.headers().get(header::CONTENT_TYPE)?.to_str().ok()?;
    let says = says.split(';').next()?.trim().to_ascii_lowercase();
    let is_packed = response
        .headers()
        .get(header::CONTENT_ENCODING)
        .is_some_and(|how| how != "identity");
    match &says[..] {
        // Nothing is unpacked: a few bytes could become very many.
        _ if is_packed => None,
        "text/html" | "application/xhtml+xml" => Some(Kind::Page),
        // Drawings in text may hold more than a picture.
        "image/svg+xml" => None,
        _ if says.starts_with("image/") => Some(Kind::Picture),
        _ => None,
    }
}

/// Reads up to a limit, and no further.
async fn read(mut body: Incoming, limit: usize) -> Result<(Vec<u8>, bool), FetchError> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| FetchError::Unreachable)?;
        let Some(part) = frame.data_ref() else { continue };
        let room = limit - bytes.len();
        bytes.extend_from_slice(&part[..part.len().min(room)]);
        if part.len() >= room {
            return Ok((bytes, part.len() > room));
        }
    }
    Ok((bytes, false))
}

/// Redirections that are followed: to `https`, to `www`, and one more.
const MAX_REDIRECTIONS: usize = 3;
/// For all of it.
const IN_TIME: Duration = Duration::from_secs(8);
const RESOLVE_IN_TIME: Duration = Duration::from_secs(4);
const CONNECT_IN_TIME: Duration = Duration::from_secs(4);
/// Addresses of one name that are looked at; more of them are not used.
const MAX_ADDRESSES: usize = 16;
/// Bytes of status line and headers.
const MAX_HEAD: usize = 64 << 10;
/// Bytes of an address.
const MAX_ADDRESS_BYTES: usize = 2_048;
/// Says what it is for and nothing about who or which version.
const AGENT: &str = "Mozilla/5.0 (compatible; link preview)";

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str) -> Result<u16, FetchError> {
        checked_port(&Url::parse(url).unwrap(), Reach::Public)
    }

    #[test]
    fn only_plain_addresses_of_the_web_are_asked() {
        assert_eq!(check("https://example.org/a?b#c"), Ok(443));
        assert_eq!(check("http://example.org"), Ok(80));
        for url in [
            "ftp://example.org",
            "file:///etc/passwd",
            "gopher://example.org/1",
            "https://user@example.org",
            "https://user:secret@example.org",
            "https://example.org:22",
            "http://example.org:6379",
            "data:text/html,x",
        ] {
            assert_eq!(check(url), Err(FetchError::Address), "{url}");
        }
        assert_eq!(
            check(&format!("https://example.org/{}", "x".repeat(3_000))),
            Err(FetchError::Address)
        );
    }

    #[tokio::test]
    async fn numbers_in_any_notation_lead_nowhere_private() {
        let fetcher = Fetcher::new(Reach::Public);
        for url in [
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://0177.0.0.1/",
            "http://[::1]/",
            "http://[::ffff:10.0.0.1]/",
            "http://169.254.169.254/latest/meta-data/",
            "http://localhost/",
            "http://127.0.0.1./",
        ] {
            let error = fetcher.fetch(Url::parse(url).unwrap(), 10).await.unwrap_err();
            assert_eq!(error, FetchError::Private, "{url}");
        }
    }
}
