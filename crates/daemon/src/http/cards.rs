//! `/v1/profiles/{profile}/messages/{message}/cards…`: the pictures that authors put beside people and communities that they
//! hand on. They are made anew like every picture; nothing is fetched.

use api::ErrorBody;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::attachments::decoding;
use crate::http::messages::message_id;
use crate::http::{App, Refusal};
use crate::media::message_picture as pictures;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(picture))
}

/// The picture of a card in a message, made anew. Counted from 0.
#[utoipa::path(
    get, path = "/v1/profiles/{profile}/messages/{message}/cards/{number}/image", tag = "messages",
    params(("profile" = String, Path,), ("message" = String, Path,), ("number" = usize, Path,)),
    responses((status = 200, body = Vec<u8>, content_type = "image/jpeg"), (status = 404, body = ErrorBody))
)]
async fn picture(
    State(app): State<App>,
    Path((profile, message, number)): Path<(String, String, usize)>,
) -> Result<Response, Refusal> {
    let profile = app.unlocked(&profile)?;
    let id = message_id(&message)?;
    let found = profile.read(move |reading| reading.card_picture(&id, number)).await?;
    let bytes = found.ok_or_else(|| Refusal::not_found("there is no such picture"))?;
    let jpeg = decoding(move || pictures::show(&bytes)).await?;
    Ok(([(header::CONTENT_TYPE, "image/jpeg")], jpeg).into_response())
}
