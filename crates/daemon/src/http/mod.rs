//! The local API over HTTP: routes, limits, headers, and the one place where errors become statuses.
//!
//! Every path of the API begins with `/v1` and passes the same layers, from the outside: headers that every answer carries,
//! the local door ([`auth`]), a limit on time, a limit on size. Everything else is a file of the web app ([`page`]).

mod activity;
mod attachments;
mod auth;
mod backups;
mod cards;
mod chats;
mod contacts;
mod door;
mod export;
mod extract;
mod groups;
mod links;
mod marks;
mod messages;
mod node;
mod page;
mod people;
mod previews;
mod profiles;
mod refusal;
mod server;
mod settings;

use std::sync::Arc;
use std::time::Duration;

use api::{ErrorBody, code};
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use messenger::{CommandError, Fault};
use tokio::time::timeout;
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::accounts::Accounts;
use crate::engine::Stopped;

pub(crate) use attachments::decoding;
pub(crate) use auth::Guard;
pub(crate) use links::shown as shown_link;
pub(crate) use refusal::Refusal;
pub(crate) use server::serve;

/// What every handler can reach.
pub(crate) type App = Arc<Accounts>;

/// The routes behind the local door.
pub(crate) fn routes(accounts: App, guard: Arc<Guard>) -> Router {
    let (routes, document) = api_routes().split_for_parts();
    let document = Json(document);
    routes
        .route("/v1/openapi.json", get(move || async move { document.clone() }))
        .fallback(|| async { Refusal::not_found("there is no such path; see /v1/openapi.json") })
        .method_not_allowed_fallback(|| async {
            let body = ErrorBody::new(
                code::METHOD_NOT_ALLOWED,
                "this path takes other methods; see /v1/openapi.json",
            );
            Refusal::new(StatusCode::METHOD_NOT_ALLOWED, body)
        })
        .with_state(accounts)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn(limit_time))
        .layer(from_fn_with_state(Arc::clone(&guard), auth::check))
        .layer(from_fn_with_state(guard, page::serve))
        .layer(from_fn(add_headers))
}

/// The API's own description of itself, OpenAPI 3.1.
pub fn document() -> OpenApi {
    api_routes().split_for_parts().1
}

fn api_routes() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Description::openapi())
        .merge(profiles::routes())
        .merge(contacts::routes())
        .merge(groups::routes())
        .merge(chats::routes())
        .merge(messages::routes())
        .merge(marks::routes())
        .merge(attachments::routes())
        .merge(cards::routes())
        .merge(previews::routes())
        .merge(activity::routes())
        .merge(people::routes())
        .merge(settings::routes())
        .merge(links::routes())
        .merge(backups::routes())
        .merge(export::routes())
        .merge(node::routes())
        .merge(door::routes())
}

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "Undertone", description = "The local API of the Undertone messenger: loopback only, with a token."),
    components(schemas(api::Frame, api::DeleteFor, ErrorBody)),
    security(("token" = [])),
    modifiers(&Token)
)]
struct Description;

/// Says in the document how requests are let in.
struct Token;

impl utoipa::Modify for Token {
    fn modify(&self, document: &mut OpenApi) {
        use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(
            "The content of the file api.token in the data directory; new at every start.",
        ));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(scheme.build()));
    }
}

async fn limit_time(request: Request, next: Next) -> Response {
    match timeout(ANSWER_WITHIN, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let body = ErrorBody::new(code::UNAVAILABLE, "this took too long; try again");
            Refusal::new(StatusCode::GATEWAY_TIMEOUT, body).into_response()
        }
    }
}

async fn add_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

impl From<CommandError> for Refusal {
    fn from(error: CommandError) -> Self {
        let status = match &error {
            CommandError::ChatNotFound | CommandError::MessageNotFound | CommandError::ContactNotFound => {
                StatusCode::NOT_FOUND
            }
            CommandError::EmptyText
            | CommandError::MessageTooLong
            | CommandError::BadNote
            | CommandError::NicknameTooLong
            | CommandError::BadNickname
            | CommandError::BadName(_) => StatusCode::UNPROCESSABLE_ENTITY,
            CommandError::OwnKey
            | CommandError::NotAContact
            | CommandError::AlreadyContacts
            | CommandError::AlreadyAsked
            | CommandError::NoOpenRequest
            | CommandError::RequestExpired
            | CommandError::Blocked
            | CommandError::NotFailed
            | CommandError::UnsupportedChat
            | CommandError::BadNodes
            | CommandError::Unsendable => StatusCode::CONFLICT,
            CommandError::Activity(error) => status(error.fault()),
            CommandError::Profile(error) => status(error.fault()),
            CommandError::Verification(error) => status(error.fault()),
            CommandError::File(error) => match error {
                messenger::files::FileCommandError::NoFile => StatusCode::NOT_FOUND,
                _ => StatusCode::CONFLICT,
            },
            CommandError::Chat(error) => status(error.fault()),
            CommandError::Backup(error) => status(error.fault()),
            CommandError::Group(error) => status(error.fault()),
            CommandError::Media(_) | CommandError::Preview(_) => StatusCode::UNPROCESSABLE_ENTITY,
            CommandError::Store(_) => {
                let CommandError::Store(error) = error else {
                    unreachable!("matched above")
                };
                return error.into();
            }
        };
        Self::new(status, ErrorBody::new(error.code(), error.to_string()))
    }
}

/// The status of a feature's own error.
fn status(fault: Fault) -> StatusCode {
    match fault {
        Fault::NotFound => StatusCode::NOT_FOUND,
        Fault::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Fault::Conflict => StatusCode::CONFLICT,
    }
}

impl From<store::StoreError> for Refusal {
    fn from(error: store::StoreError) -> Self {
        let (status, code, advice) = if error.is_full() {
            (
                StatusCode::INSUFFICIENT_STORAGE,
                code::DISK_FULL,
                "; make room and try again",
            )
        } else if error.is_damaged() || error.is_missing() {
            (StatusCode::INTERNAL_SERVER_ERROR, code::DAMAGED, DAMAGE_ADVICE)
        } else if error.is_newer() {
            (StatusCode::CONFLICT, "newer_version", "; use that version")
        } else if error.is_busy() {
            (
                StatusCode::CONFLICT,
                code::BUSY,
                "; stop the other program and try again",
            )
        } else {
            tracing::error!(?error, "the database failed");
            (StatusCode::INTERNAL_SERVER_ERROR, code::INTERNAL, "; the log says more")
        };
        Self::new(status, ErrorBody::new(code, format!("{error}{advice}")))
    }
}

impl From<Stopped> for Refusal {
    fn from(_: Stopped) -> Self {
        Self::unavailable()
    }
}

/// What is left to do with damaged files.
pub(crate) const DAMAGE_ADVICE: &str =
    "; put back a copy of the profile's files, or restore the account from its recovery phrase";
/// Every answer's headers: nothing is cached, framed, sniffed, or read by another site. Files of the web app say for
/// themselves what they may do and how long they are kept.
const HEADERS: [(header::HeaderName, &str); 8] = [
    (header::CACHE_CONTROL, "no-store"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    ),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (
        header::HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        header::HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        header::HeaderName::from_static("permissions-policy"),
        "geolocation=(), payment=(), usb=(), serial=(), hid=()",
    ),
];
/// A text of 4096 characters takes at most 24 kB as JSON.
const MAX_BODY: usize = 64 << 10;
/// Longer than the slowest request: a password change re-encrypts the whole database.
const ANSWER_WITHIN: Duration = Duration::from_secs(110);
