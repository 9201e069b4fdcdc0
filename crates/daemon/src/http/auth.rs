//! The local door: who may speak to the API.
//!
//! Every request, WebSocket upgrades included, passes three checks, in this order: the `Host` it names is this loopback
//! address (a foreign name that resolves to loopback is a rebinding attack), its `Origin`, if it has one, is our own (a
//! page of another site never gets in), and it carries the token. A browser cannot set headers on a WebSocket; it offers
//! the token as a second subprotocol instead: `undertone.v1, undertone.token.<token>`.

use std::net::SocketAddr;
use std::sync::Arc;

use api::{ErrorBody, Secret, code};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::http::Refusal;

/// What a request has to show.
#[derive(Debug)]
pub(crate) struct Guard {
    token: Secret,
    hosts: [String; 3],
}

impl Guard {
    /// A guard with a new random token.
    pub(crate) fn new(address: SocketAddr) -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *bytes)?;
        let port = address.port();
        Ok(Self {
            token: Secret::new(hex::encode(bytes.as_slice())),
            hosts: [
                format!("127.0.0.1:{port}"),
                format!("localhost:{port}"),
                format!("[::1]:{port}"),
            ],
        })
    }

    /// The token, for the file that clients read.
    pub(crate) fn token(&self) -> &Secret {
        &self.token
    }

    fn check(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        if !self.host_is_ours(headers) || !self.origin_is_ours(headers) {
            return Err(Refusal::new(
                StatusCode::FORBIDDEN,
                ErrorBody::new(
                    code::FOREIGN_ORIGIN,
                    "only pages and programs of this computer may use this address",
                ),
            ));
        }
        if !self.token_is_right(headers) {
            return Err(Refusal::new(
                StatusCode::UNAUTHORIZED,
                ErrorBody::new(
                    code::UNAUTHORIZED,
                    "give the token from the file api.token in the data directory as a bearer token",
                ),
            ));
        }
        Ok(())
    }

    fn host_is_ours(&self, headers: &HeaderMap) -> bool {
        let mut hosts = headers.get_all(header::HOST).iter();
        match (hosts.next(), hosts.next()) {
            (Some(host), None) => self.hosts.iter().any(|ours| ours.as_bytes() == host.as_bytes()),
            _ => false,
        }
    }

    fn origin_is_ours(&self, headers: &HeaderMap) -> bool {
        headers.get_all(header::ORIGIN).iter().all(|origin| {
            let host = origin.to_str().ok().and_then(|origin| origin.strip_prefix("http://"));
            host.is_some_and(|host| self.hosts.iter().any(|ours| ours == host))
        })
    }

    fn token_is_right(&self, headers: &HeaderMap) -> bool {
        let bearer = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "));
        let offered = bearer.or_else(|| {
            headers
                .get(header::SEC_WEBSOCKET_PROTOCOL)
                .and_then(|value| value.to_str().ok())
                .and_then(|value| {
                    value
                        .split(',')
                        .find_map(|part| part.trim().strip_prefix(TOKEN_PROTOCOL))
                })
        });
        offered.is_some_and(|offered| offered.as_bytes().ct_eq(self.token.expose().as_bytes()).into())
    }
}

/// Lets a request through or answers for it.
pub(crate) async fn check(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    match guard.check(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

/// The subprotocol that a WebSocket is answered with.
pub(crate) const EVENTS_PROTOCOL: &str = "undertone.v1";
/// The subprotocol that carries the token.
const TOKEN_PROTOCOL: &str = "undertone.token.";

#[cfg(test)]
mod tests {
    use super::*;

    fn guard() -> Guard {
        Guard::new("127.0.0.1:4000".parse().unwrap()).unwrap()
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
                    .check(&headers(&[(header::HOST, host), (header::AUTHORIZATION, &bearer)]))
                    .is_ok()
            );
        }
        let offered = format!("undertone.v1, undertone.token.{}", guard.token().expose());
        let browser = [
            (header::HOST, "localhost:4000"),
            (header::ORIGIN, "http://localhost:4000"),
            (header::SEC_WEBSOCKET_PROTOCOL, offered.as_str()),
        ];
        assert!(guard.check(&headers(&browser)).is_ok());
    }

    #[test]
    fn everything_else_is_refused() {
        let guard = guard();
        let bearer = format!("Bearer {}", guard.token().expose());
        let host = (header::HOST, "127.0.0.1:4000");
        let token = (header::AUTHORIZATION, bearer.as_str());
        let refused: [&[(header::HeaderName, &str)]; 9] = [
            std::slice::from_ref(&host),
            std::slice::from_ref(&token),
            &[host.clone(), (header::AUTHORIZATION, "Bearer 00")],
            &[host.clone(), (header::AUTHORIZATION, "Bearer ")],
            &[(header::HOST, "evil.example:4000"), token.clone()],
            &[(header::HOST, "127.0.0.1:4001"), token.clone()],
            &[host.clone(), token.clone(), (header::ORIGIN, "http://evil.example")],
            &[host.clone(), token.clone(), (header::ORIGIN, "null")],
            &[host.clone(), token.clone(), (header::ORIGIN, "https://127.0.0.1:4000")],
        ];
        for pairs in refused {
            assert!(guard.check(&headers(pairs)).is_err(), "{pairs:?}");
        }
        let mut two_hosts = headers(&[host, token]);
        two_hosts.append(header::HOST, "evil.example".parse().unwrap());
        assert!(guard.check(&two_hosts).is_err());
    }

    #[test]
    fn tokens_differ_and_do_not_show() {
        let (one, other) = (guard(), guard());
        assert_ne!(one.token().expose(), other.token().expose());
        assert_eq!(one.token().expose().len(), 64);
        assert!(!format!("{one:?}").contains(one.token().expose()));
    }
}
