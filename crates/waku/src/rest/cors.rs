//! Which web pages may ask: patterns of origins, as nwaku reads them.
//!
//! Stricter than nwaku in two things, because any page in the operator's browser can send a request to this machine: a
//! request of a web page is refused unless its origin is named, and a name that leads to loopback is not taken for ours.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::{App, Refusal};

/// Lets a request through, or refuses its origin.
pub(super) async fn check(State(app): State<App>, request: Request, next: Next) -> Response {
    let patterns = &app.config().allow_origins;
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    if app.config().listen.ip().is_loopback() && !host.is_none_or(is_this_machine) {
        return Refusal::new(StatusCode::FORBIDDEN, "Host not allowed").into_response();
    }
    let mut origins = request.headers().get_all(header::ORIGIN).iter();
    let origin = match (origins.next().cloned(), origins.next()) {
        (None, _) => return next.run(request).await,
        (Some(_), Some(_)) => return Refusal::bad_request("Only one Origin header is allowed").into_response(),
        (Some(origin), None) => origin,
    };
    let is_allowed = |text: &str| patterns.iter().any(|pattern| matches(pattern, text));
    if !origin.to_str().is_ok_and(is_allowed) {
        return Refusal::new(StatusCode::FORBIDDEN, ORIGIN).into_response();
    }
    let everybody = patterns.len() == 1 && patterns[0] == "*";
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("Content-Type"),
    );
    if everybody {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    } else {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::VARY, HeaderValue::from_static("Origin"));
    }
    response
}

/// `localhost` or an address: nobody else can make these lead here.
fn is_this_machine(host: &str) -> bool {
    let is_port = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    let name = match host.rsplit_once(':') {
        Some((name, port)) if is_port(port) && !name.ends_with(':') => name,
        _ => host,
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
}

const ORIGIN: &str = "Origin not allowed; name it with --rest-allow-origin";

/// `*` is any run of characters, `?` one or none, letters count alike; a pattern without scheme is for http and https.
fn matches(pattern: &str, origin: &str) -> bool {
    let (pattern, origin) = (pattern.to_ascii_lowercase(), origin.to_ascii_lowercase());
    let wild = |pattern: &str| {
        let pattern: Vec<u8> = pattern.bytes().collect();
        is_match(&pattern, origin.as_bytes())
    };
    if pattern == "*" || pattern.contains("://") {
        wild(&pattern)
    } else {
        wild(&format!("http://{pattern}")) || wild(&format!("https://{pattern}"))
    }
}

/// One row for each character of the pattern: which beginnings of the text it can stand for.
fn is_match(pattern: &[u8], text: &[u8]) -> bool {
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    for character in pattern {
        let mut next = vec![false; text.len() + 1];
        for at in 0..=text.len() {
            let step = at > 0 && reached[at - 1];
            next[at] = match character {
                b'*' => reached[at] || (at > 0 && next[at - 1]),
                b'?' => reached[at] || step,
                character => step && text[at - 1] == *character,
            };
        }
        reached = next;
    }
    reached[text.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_others_can_point_here_are_not_ours() {
        for ours in [
            "localhost",
            "LOCALHOST:8645",
            "127.0.0.1:8645",
            "[::1]:8645",
            "192.0.2.1",
            "::1",
        ] {
            assert!(is_this_machine(ours), "{ours}");
        }
        for other in ["evil.example.org:8645", "localhost.evil.org", "", "localhost:x"] {
            assert!(!is_this_machine(other), "{other}");
        }
    }

    #[test]
    fn patterns_of_origins() {
        for (pattern, origin, expected) in [
            ("*", "https://anything.org", true),
            ("localhost:*", "http://localhost:3000", true),
            ("localhost:*", "http://evil-localhost:3000", false),
            ("*.example.org", "https://APP.example.org", true),
            ("*.example.org", "https://example.org.evil.com", false),
            ("https://a?.org", "https://ab.org", true),
            ("https://a?.org", "https://a.org", true),
            ("https://a?.org", "http://a.org", false),
            ("https://a.org", "https://axorg", false),
            ("*a*a*a*b", &format!("http://{}", "a".repeat(2000)), false),
        ] {
            assert_eq!(matches(pattern, origin), expected, "{pattern} {origin}");
        }
    }
}
