//! Everything outside `/v1`: the files of the web app, and the few of the door.
//!
//! The files are public: they are the same in every copy of the program. What they show comes through `/v1`, with a
//! session. They are embedded as they are: on loopback, unpacking would cost more than moving.

use std::borrow::Cow;
use std::sync::Arc;

use api::{ErrorBody, code};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::http::auth;
use crate::http::door::{self, DOOR_POLICY};
use crate::http::{Guard, Refusal};

/// The built web app. In debug builds it is read from disk at each request, so that a new build of it shows at once.
#[derive(RustEmbed)]
#[folder = "../../web/dist"]
struct App;

/// Answers whatever is not the API's.
pub(super) async fn serve(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if path == "/v1" || path.starts_with("/v1/") {
        return next.run(request).await;
    }
    if !guard.host_is_ours(request.headers()) {
        return auth::foreign().into_response();
    }
    match *request.method() {
        Method::POST if path == "/open" => door::enter(&guard, request).await,
        Method::GET | Method::HEAD => file(&guard, &request),
        _ => {
            let body = ErrorBody::new(code::METHOD_NOT_ALLOWED, "this path is only read");
            Refusal::new(StatusCode::METHOD_NOT_ALLOWED, body).into_response()
        }
    }
}

fn file(guard: &Guard, request: &Request) -> Response {
    // One origin, so that a session is found again whatever the person typed.
    if auth::host(request.headers()).is_some_and(|host| host.starts_with("localhost:")) {
        return Redirect::permanent(&format!("{}{}", guard.address(), request.uri().path())).into_response();
    }
    let name = match request.uri().path().trim_start_matches('/') {
        "" => INDEX,
        name => name,
    };
    match App::get(name) {
        // What keeps the folder in the repository is no part of the app.
        _ if name.starts_with('.') => Refusal::not_found("there is no such file").into_response(),
        Some(found) => embedded(guard, name, found, request.headers()),
        None if name == "door.js" => fixed("text/javascript; charset=utf-8", DOOR_SCRIPT),
        None if name == "door.css" => fixed("text/css; charset=utf-8", DOOR_STYLE),
        None if name == INDEX => fixed("text/html; charset=utf-8", ABSENT_PAGE),
        // Places inside the app stand after a `#`; `/open` may have been loaded again.
        None if !is_file_name(name) => Redirect::to("/").into_response(),
        None => Refusal::not_found("there is no such file").into_response(),
    }
}

/// Whether the last part of a path has an ending.
fn is_file_name(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|last| last.contains('.'))
}

fn embedded(guard: &Guard, name: &str, file: EmbeddedFile, asked: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", hex::encode(&file.metadata.sha256_hash()[..TAG_BYTES]));
    let known = asked
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| known == tag.as_str());
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Response::new(match file.data {
            Cow::Borrowed(bytes) => Body::from(bytes),
            Cow::Owned(bytes) => Body::from(bytes),
        })
    };
    let headers = response.headers_mut();
    // The names of built assets change with their content.
    let caching = if name.starts_with("assets/") {
        FOR_EVER
    } else {
        ASK_FIRST
    };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(name)));
    headers.insert(header::ETAG, HeaderValue::from_str(&tag).expect("hexadecimal digits"));
    headers.insert(header::CONTENT_SECURITY_POLICY, guard.policy().clone());
    response
}

fn fixed(media_type: &'static str, text: &'static str) -> Response {
    let mut response = Response::new(Body::from(text));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(ASK_FIRST));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(DOOR_POLICY));
    response
}

/// What the app's own page may do: load what is ours, show pictures it was given, talk to this daemon.
pub(super) fn policy(authority: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; \
         font-src 'self'; connect-src 'self' ws://{authority}; worker-src 'self'; manifest-src 'self'; \
         frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    )
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

const INDEX: &str = "index.html";
const DOOR_SCRIPT: &str = include_str!("../../page/door.js");
const DOOR_STYLE: &str = include_str!("../../page/door.css");
const ABSENT_PAGE: &str = include_str!("../../page/absent.html");
const FOR_EVER: &str = "private, max-age=31536000, immutable";
const ASK_FIRST: &str = "no-cache";
/// Enough to tell two builds apart.
const TAG_BYTES: usize = 16;
