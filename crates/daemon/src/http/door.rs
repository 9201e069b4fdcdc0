//! `/v1/door/…` and `/open`: how a browser is let in, and how page and daemon prove themselves to each other.

use std::sync::Arc;
use std::time::Instant;

use api::{ErrorBody, Hello, Invitation, OpenBrowser, PageKey, Welcome, code};
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Extension, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zeroize::{Zeroize as _, Zeroizing};

use crate::door::{self, CODE_LIVES, InviteError, Session};
use crate::engine::now;
use crate::http::auth::{Caller, cookie};
use crate::http::extract::Body as Given;
use crate::http::{App, Guard, Refusal};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(open))
        .routes(routes!(hello))
        .routes(routes!(key))
}

/// Make a code that lets one browser in, once and within a minute, and a page that hands it over. Only with the token.
#[utoipa::path(
    post, path = "/v1/door/open", tag = "door", request_body = OpenBrowser,
    responses((status = 201, body = Invitation), (status = 403, description = "not with the token", body = ErrorBody))
)]
async fn open(
    Extension(guard): Extension<Arc<Guard>>,
    Extension(caller): Extension<Caller>,
    Given(body): Given<OpenBrowser>,
) -> Result<(StatusCode, Json<Invitation>), Refusal> {
    if !matches!(caller, Caller::Token) {
        let sentence = "a page cannot let others in; run `undertone open`";
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            ErrorBody::new(code::UNAUTHORIZED, sentence),
        ));
    }
    let address = guard.address();
    let origin = match body.page {
        None => address.clone(),
        Some(page) => loopback_origin(page)?,
    };
    let (code, file) = guard.door().invite(&origin, body.chat.as_deref(), Instant::now())?;
    tokio::spawn(async move {
        tokio::time::sleep(CODE_LIVES).await;
        guard.door().expire(Instant::now());
    });
    let invitation = Invitation {
        file: file.display().to_string(),
        address: match body.chat.as_deref() {
            None => address,
            chat => format!("{address}/{}", door::place(chat)),
        },
        code,
        expires_at: now().0 + CODE_LIVES.as_millis() as u64,
    };
    Ok((StatusCode::CREATED, Json(invitation)))
}

/// Let the daemon prove itself to a page that has a session's key. Takes the cookie alone: nothing here helps anybody
/// who does not know the key.
#[utoipa::path(
    post, path = "/v1/door/hello", tag = "door", request_body = Hello,
    responses((status = 200, body = Welcome), (status = 401, description = "no session", body = ErrorBody))
)]
async fn hello(
    Extension(guard): Extension<Arc<Guard>>,
    headers: HeaderMap,
    Given(body): Given<Hello>,
) -> Result<Json<Welcome>, Refusal> {
    if body.nonce.len() != NONCE_DIGITS || !body.nonce.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Refusal::bad_request("a nonce has 64 hexadecimal digits"));
    }
    let door = guard.door();
    let session = cookie(&headers, &door.cookie_name())
        .and_then(|cookie| door.session(cookie))
        .ok_or_else(super::auth::no_session)?;
    let host = super::auth::host(&headers).unwrap_or_default();
    Ok(Json(Welcome {
        run: door.run().to_owned(),
        proof: door.proof(&session, &body.nonce, host),
    }))
}

/// Give a page that was loaded again the key of its session. Only with the page's secret of this run.
#[utoipa::path(
    post, path = "/v1/door/key", tag = "door",
    responses((status = 200, body = PageKey), (status = 403, description = "not a page", body = ErrorBody))
)]
async fn key(Extension(caller): Extension<Caller>) -> Result<Json<PageKey>, Refusal> {
    match caller {
        Caller::Page(session) => Ok(Json(PageKey {
            key: session.key().clone(),
        })),
        Caller::Token | Caller::Cookie => Err(Refusal::new(
            StatusCode::FORBIDDEN,
            ErrorBody::new(code::UNAUTHORIZED, "only a page of the app has a key"),
        )),
    }
}

/// `POST /open`: a code in a form, from the page that only the owner can read or from a page of ours.
pub(super) async fn enter(guard: &Guard, request: Request) -> Response {
    match entered(guard, request).await {
        Ok(Some(session)) => welcome(guard, &session),
        Ok(None) => (StatusCode::FORBIDDEN, Html(REFUSED_PAGE)).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

async fn entered(guard: &Guard, request: Request) -> Result<Option<Session>, Refusal> {
    let (parts, body) = request.into_parts();
    // A form of a file has the origin "null"; one of another site says where it comes from.
    let from = parts.headers.get(header::ORIGIN);
    if from.is_some_and(|from| from != "null") && !guard.origin_is_ours(&parts.headers) {
        return Err(super::auth::foreign());
    }
    let bytes = axum::body::to_bytes(body, MAX_FORM)
        .await
        .map_err(|_| Refusal::bad_request("this form has one field, the code"))?;
    let code = Zeroizing::new(form_code(&bytes));
    if let Ok(mut bytes) = bytes.try_into_mut() {
        bytes.zeroize();
    }
    Ok(guard.door().enter(&code, Instant::now(), now().0)?)
}

/// The value of the form's only field. What is escaped is no letter of a code, and is left out like any other.
fn form_code(bytes: &Bytes) -> String {
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    let code = text.split('&').find_map(|field| field.strip_prefix("code="));
    code.unwrap_or_default().replace("%20", " ").replace("%2D", "-")
}

fn welcome(guard: &Guard, session: &Session) -> Response {
    let page = ENTERED_PAGE.replace("{key}", session.key().expose());
    let cookie = format!(
        "{}={}; HttpOnly; SameSite=Strict; Path=/",
        guard.door().cookie_name(),
        session.cookie().expose()
    );
    let mut response = Response::new(Body::from(page));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    headers.insert(CLEAR_SITE_DATA, HeaderValue::from_static("\"cache\""));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(DOOR_POLICY));
    let mut cookie = HeaderValue::from_str(&cookie).expect("hexadecimal digits and fixed words");
    cookie.set_sensitive(true);
    headers.insert(header::SET_COOKIE, cookie);
    response
}

/// The origin of a development server: on this computer, and nothing but an origin.
fn loopback_origin(page: String) -> Result<String, Refusal> {
    let port = ["http://127.0.0.1:", "http://localhost:"]
        .iter()
        .find_map(|start| page.strip_prefix(start));
    match port.map(str::parse::<u16>) {
        Some(Ok(_)) => Ok(page),
        _ => Err(Refusal::bad_request(
            "a development server is on this computer, as in http://127.0.0.1:5173",
        )),
    }
}

impl From<InviteError> for Refusal {
    fn from(error: InviteError) -> Self {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        match error {
            InviteError::Home(error) => crate::accounts::AccountsError::from(error).into(),
            error @ InviteError::NoRandomness(_) => {
                Self::new(status, ErrorBody::new(code::INTERNAL, error.to_string()))
            }
        }
    }
}

/// What the pages of the door may load: their style and their script.
pub(super) const DOOR_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; frame-ancestors 'none'; \
    base-uri 'none'; form-action 'none'";
const ENTERED_PAGE: &str = include_str!("../../page/entered.html");
const REFUSED_PAGE: &str = include_str!("../../page/refused.html");
/// A program that had our port before may have left pages in the browser's cache.
const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");
const NONCE_DIGITS: usize = 64;
/// One field with one code.
const MAX_FORM: usize = 256;
