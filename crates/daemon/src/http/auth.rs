//! The local door: who may speak to the API.
//!
//! Every request, WebSocket upgrades included, passes three checks, in this order: the `Host` it names is this loopback
//! address (a foreign name that resolves to loopback is a rebinding attack), its `Origin`, if it has one, is exactly that
//! host (a page of another site or port never gets in), and it shows one of two things:
//!
//! | Who | Shows |
//! | --- | --- |
//! | a program of the owner | the token, as a bearer token or as a subprotocol `undertone.token.<token>` |
//! | a page of ours | the cookie of its session, and its secret of this run, as a header or as a subprotocol |
//!
//! A browser cannot set headers on a WebSocket; it offers `undertone.v1, undertone.page.<secret>` instead.

use std::net::SocketAddr;
use std::sync::Arc;

use api::door::{PAGE_HEADER, PAGE_PROTOCOL};
use api::{ErrorBody, Secret, code};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::door::{Door, Session};
use crate::http::{Refusal, page};

/// What a request has to show.
#[derive(Debug)]
pub(crate) struct Guard {
    token: Secret,
    hosts: [String; 3],
    door: Door,
    policy: HeaderValue,
}

/// Who speaks.
#[derive(Clone, Debug)]
pub(crate) enum Caller {
    /// A program that read the token.
    Token,
    /// A page that a browser of the owner shows.
    Page(Session),
    /// A browser that has not proved more than its cookie.
    Cookie,
}

impl Guard {
    /// A guard with a new random token.
    pub(crate) fn new(address: SocketAddr, door: Door) -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *bytes)?;
        let port = address.port();
        let hosts = [
            format!("127.0.0.1:{port}"),
            format!("localhost:{port}"),
            format!("[::1]:{port}"),
        ];
        let policy = HeaderValue::from_str(&page::policy(&hosts[0])).expect("fixed words and a port");
        Ok(Self {
            token: Secret::new(hex::encode(bytes.as_slice())),
            hosts,
            door,
            policy,
        })
    }

    /// The token, for the file that clients read.
    pub(crate) fn token(&self) -> &Secret {
        &self.token
    }

    /// The browsers that were let in.
    pub(crate) fn door(&self) -> &Door {
        &self.door
    }

    /// Where the app is, as an origin.
    pub(crate) fn address(&self) -> String {
        format!("http://{}", self.hosts[0])
    }

    /// What the app's page may do.
    pub(crate) fn policy(&self) -> &HeaderValue {
        &self.policy
    }

    fn check(&self, path: &str, headers: &HeaderMap) -> Result<Caller, Refusal> {
        if !self.host_is_ours(headers) || !self.origin_is_ours(headers) || is_cross_site(headers) {
            return Err(foreign());
        }
        if self.token_is_right(headers) {
            return Ok(Caller::Token);
        }
        if path == HELLO_PATH {
            return Ok(Caller::Cookie);
        }
        self.page(headers).map(Caller::Page)
    }

    /// Whether the request names this address, and nothing else.
    pub(crate) fn host_is_ours(&self, headers: &HeaderMap) -> bool {
        host(headers).is_some_and(|host| self.hosts.iter().any(|ours| ours == host))
    }

    /// Whether the request comes from a page of exactly the address it goes to, or from no page.
    pub(crate) fn origin_is_ours(&self, headers: &HeaderMap) -> bool {
        headers.get_all(header::ORIGIN).iter().all(|origin| {
            let from = origin.to_str().ok().and_then(|origin| origin.strip_prefix("http://"));
            from.is_some() && from == host(headers)
        })
    }

    fn token_is_right(&self, headers: &HeaderMap) -> bool {
        let bearer = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "));
        let offered = bearer.or_else(|| offered(headers, TOKEN_PROTOCOL));
        offered.is_some_and(|offered| offered.as_bytes().ct_eq(self.token.expose().as_bytes()).into())
    }

    /// The session of a page that shows both its cookie and its secret.
    fn page(&self, headers: &HeaderMap) -> Result<Session, Refusal> {
        let Some(cookie) = cookie(headers, &self.door.cookie_name()) else {
            return Err(unauthorized());
        };
        let session = self.door.session(cookie).ok_or_else(no_session)?;
        let secret = headers.get(PAGE_HEADER).and_then(|value| value.to_str().ok());
        let secret = secret.or_else(|| offered(headers, PAGE_PROTOCOL)).unwrap_or_default();
        let host = host(headers).unwrap_or_default();
        if self.door.is_secret(&session, host, secret) {
            Ok(session)
        } else {
            Err(no_session())
        }
    }
}

/// Lets a request through, with who it comes from, or answers for it.
pub(crate) async fn check(State(guard): State<Arc<Guard>>, mut request: Request, next: Next) -> Response {
    match guard.check(request.uri().path(), request.headers()) {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            request.extensions_mut().insert(guard);
            next.run(request).await
        }
        Err(refusal) => refusal.into_response(),
    }
}

/// The one host that a request names.
pub(crate) fn host(headers: &HeaderMap) -> Option<&str> {
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok(),
        _ => None,
    }
}

/// The value of a cookie.
pub(crate) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let lines = headers.get_all(header::COOKIE).iter();
    let mut pairs = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'));
    pairs.find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// The rest of an offered subprotocol that begins like this.
fn offered<'h>(headers: &'h HeaderMap, start: &str) -> Option<&'h str> {
    let offers = headers.get(header::SEC_WEBSOCKET_PROTOCOL)?.to_str().ok()?;
    offers.split(',').find_map(|offer| offer.trim().strip_prefix(start))
}

/// Whether the browser itself says that another site asks.
fn is_cross_site(headers: &HeaderMap) -> bool {
    headers
        .get("sec-fetch-site")
        .is_some_and(|site| site != "same-origin" && site != "none")
}

/// The request names another host, or comes from a page of another.
pub(crate) fn foreign() -> Refusal {
    let sentence = "only pages and programs of this computer may use this address";
    Refusal::new(StatusCode::FORBIDDEN, ErrorBody::new(code::FOREIGN_ORIGIN, sentence))
}

/// Neither token nor cookie.
fn unauthorized() -> Refusal {
    let sentence = "give the token from the file api.token in the data directory as a bearer token";
    Refusal::new(StatusCode::UNAUTHORIZED, ErrorBody::new(code::UNAUTHORIZED, sentence))
}

/// A browser that is not let in, or not any more.
pub(crate) fn no_session() -> Refusal {
    let sentence = "this window is not connected to Undertone; run `undertone open`";
    Refusal::new(StatusCode::UNAUTHORIZED, ErrorBody::new(code::NO_SESSION, sentence))
}

/// The subprotocol that a WebSocket is answered with.
pub(crate) const EVENTS_PROTOCOL: &str = "undertone.v1";
/// The subprotocol that carries the token.
const TOKEN_PROTOCOL: &str = "undertone.token.";
/// Where a page and the daemon prove themselves to each other: the one path for which the cookie is enough.
const HELLO_PATH: &str = "/v1/door/hello";

#[cfg(test)]
mod tests {
    use super::*;

    fn guard() -> Guard {
        let dir = tempfile::tempdir().unwrap();
        let door = Door::of(dir.path(), 0).unwrap();
        Guard::new("127.0.0.1:4000".parse().unwrap(), door).unwrap()
    }

    fn headers(pairs: &[(header::HeaderName, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.clone(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn the_right_token_on_the_right_host_passes() {
        let guard = guard();
        let bearer = format!("Bearer {}", guard.token().expose());
        for host in ["127.0.0.1:4000", "localhost:4000", "[::1]:4000"] {
            assert!(
                guard
                    .check(
                        "/v1/status",
                        &headers(&[(header::HOST, host), (header::AUTHORIZATION, &bearer)])
                    )
                    .is_ok()
            );
        }
        let offered = format!("undertone.v1, undertone.token.{}", guard.token().expose());
        let browser = [
            (header::HOST, "localhost:4000"),
            (header::ORIGIN, "http://localhost:4000"),
            (header::SEC_WEBSOCKET_PROTOCOL, offered.as_str()),
        ];
        assert!(guard.check("/v1/status", &headers(&browser)).is_ok());
    }

    #[test]
    fn everything_else_is_refused() {
        let guard = guard();
        let bearer = format!("Bearer {}", guard.token().expose());
        let host = (header::HOST, "127.0.0.1:4000");
        let token = (header::AUTHORIZATION, bearer.as_str());
        let site = header::HeaderName::from_static("sec-fetch-site");
        let refused: [&[(header::HeaderName, &str)]; 12] = [
            std::slice::from_ref(&host),
            std::slice::from_ref(&token),
            &[host.clone(), (header::AUTHORIZATION, "Bearer 00")],
            &[host.clone(), (header::AUTHORIZATION, "Bearer ")],
            &[(header::HOST, "evil.example:4000"), token.clone()],
            &[(header::HOST, "127.0.0.1:4001"), token.clone()],
            &[host.clone(), token.clone(), (header::ORIGIN, "http://evil.example")],
            &[host.clone(), token.clone(), (header::ORIGIN, "null")],
            &[host.clone(), token.clone(), (header::ORIGIN, "https://127.0.0.1:4000")],
            &[host.clone(), token.clone(), (header::ORIGIN, "http://127.0.0.1:4001")],
            &[host.clone(), token.clone(), (header::ORIGIN, "http://localhost:4000")],
            &[host.clone(), token.clone(), (site, "same-site")],
        ];
        for pairs in refused {
            assert!(guard.check("/v1/status", &headers(pairs)).is_err(), "{pairs:?}");
        }
        let mut two_hosts = headers(&[host, token]);
        two_hosts.append(header::HOST, "evil.example".parse().unwrap());
        assert!(guard.check("/v1/status", &two_hosts).is_err());
    }

    #[test]
    fn tokens_differ_and_do_not_show() {
        let (one, other) = (guard(), guard());
        assert_ne!(one.token().expose(), other.token().expose());
        assert_eq!(one.token().expose().len(), 64);
        assert!(!format!("{one:?}").contains(one.token().expose()));
    }
}
