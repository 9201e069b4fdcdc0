//! `/v1/profiles/{profile}/chats/{chat}/export`: a chat as files that anybody can read.

use api::{ErrorBody, export::ESTIMATE};
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use futures::stream::poll_fn;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::export;
use crate::http::attachments::percent;
use crate::http::chats::chat_id;
use crate::http::{App, Refusal};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(export))
}

/// A chat as a ZIP archive: pages for a browser, JSON, and what its messages carry. Nothing in it is encrypted. The header
/// `undertone-estimate` says roughly how many bytes will come; if the answer breaks off, the archive is not whole.
#[utoipa::path(
    get, path = "/v1/profiles/{profile}/chats/{chat}/export", tag = "chats",
    params(("profile" = String, Path,), ("chat" = String, Path,)),
    responses((status = 200, body = Vec<u8>, content_type = "application/zip"), (status = 404, body = ErrorBody))
)]
async fn export(State(app): State<App>, Path((profile, chat)): Path<(String, String)>) -> Result<Response, Refusal> {
    let chat = chat_id(&chat)?;
    let export::Export {
        name,
        estimate,
        mut parts,
    } = export::begin(app.unlocked(&profile)?, chat).await?;
    let parts = poll_fn(move |context| parts.poll_recv(context));
    let mut response = Body::from_stream(parts).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/zip"));
    headers.insert(ESTIMATE, estimate.into());
    let disposition = format!("attachment; filename*=UTF-8''{}", percent(&name));
    if let Ok(value) = HeaderValue::from_str(&disposition) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}
