//! `/v1/profiles/{profile}/previews…`: what pages say about themselves, for a message that is being written.

use api::{ErrorBody, LinkPreview, MadePreview, MakePreview};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use messenger::link::Link;
use messenger::previews::Preview;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::convert::previews::shown;
use crate::http::attachments::{new_id, unusable};
use crate::http::extract::Body;
use crate::http::messages::message_id;
use crate::http::{App, Refusal, decoding};
use crate::media::message_picture as pictures;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(make))
        .routes(routes!(image))
        .routes(routes!(sent_image))
}

/// Make a preview of a link. This asks the page, from this computer's address, unless the settings say never.
#[utoipa::path(
    post, path = "/v1/profiles/{profile}/previews", tag = "messages", request_body = MakePreview,
    responses(
        (status = 201, body = MadePreview), (status = 409, description = "switched off", body = ErrorBody),
        (status = 422, body = ErrorBody)
    )
)]
async fn make(
    State(app): State<App>,
    Path(profile): Path<String>,
    Body(body): Body<MakePreview>,
) -> Result<(StatusCode, Json<MadePreview>), Refusal> {
    let profile = app.unlocked(&profile)?;
    if profile.settings().link_previews == api::LinkPreviews::Never {
        let text = "previews of links are switched off in the settings";
        return Err(Refusal::new(StatusCode::CONFLICT, ErrorBody::new("previews_off", text)));
    }
    if body.url.parse::<Link>().is_ok() {
        let text = "a Status link says by itself where it leads; no page is asked";
        return Err(unusable("preview_status_link", text.into()));
    }
    let made = profile.previews().make(&body.url).await;
    let preview = made.map_err(|error| unusable(error.code(), error.to_string()))?;
    let id = new_id()?;
    let path = format!("/v1/profiles/{}/previews/{id}/image", profile.id());
    let shown = LinkPreview {
        image_path: preview.picture.is_some().then_some(path),
        ..shown(&preview)
    };
    profile.previews().keep(id.clone(), preview);
    Ok((StatusCode::CREATED, Json(MadePreview { id, preview: shown })))
}

/// The picture of a preview that was made.
#[utoipa::path(
    get, path = "/v1/profiles/{profile}/previews/{id}/image", tag = "messages",
    params(("profile" = String, Path,), ("id" = String, Path,)),
    responses((status = 200, body = Vec<u8>, content_type = "image/jpeg"), (status = 404, body = ErrorBody))
)]
async fn image(State(app): State<App>, Path((profile, id)): Path<(String, String)>) -> Result<Response, Refusal> {
    let profile = app.unlocked(&profile)?;
    let found = profile.previews().find(&[id]).and_then(|mut found| found.pop());
    // Our own encoder made it.
    let picture = found.and_then(|preview| preview.picture).ok_or_else(no_picture)?;
    Ok(([(header::CONTENT_TYPE, "image/jpeg")], picture.jpeg).into_response())
}

/// The picture of a preview in a message, made anew. Counted from 0.
#[utoipa::path(
    get, path = "/v1/profiles/{profile}/messages/{message}/links/{number}/image", tag = "messages",
    params(("profile" = String, Path,), ("message" = String, Path,), ("number" = usize, Path,)),
    responses((status = 200, body = Vec<u8>, content_type = "image/jpeg"), (status = 404, body = ErrorBody))
)]
async fn sent_image(
    State(app): State<App>,
    Path((profile, message, number)): Path<(String, String, usize)>,
) -> Result<Response, Refusal> {
    let id = message_id(&message)?;
    let found = app
        .unlocked(&profile)?
        .read(move |reading| reading.previews_of(&id))
        .await?;
    let picture = found.into_iter().nth(number).and_then(|preview| preview.picture);
    let picture = picture.ok_or_else(no_picture)?;
    let bytes = decoding(move || pictures::show(&picture.jpeg)).await?;
    Ok(([(header::CONTENT_TYPE, "image/jpeg")], bytes).into_response())
}

/// The previews that a request names.
pub(super) fn named(profile: &crate::unlocked::Unlocked, ids: &[String]) -> Result<Vec<Preview>, Refusal> {
    profile.previews().find(ids).ok_or_else(|| {
        let text = "one of the previews is not here (any more); make it again";
        Refusal::new(StatusCode::NOT_FOUND, ErrorBody::new("preview_not_found", text))
    })
}

fn no_picture() -> Refusal {
    Refusal::not_found("there is no such picture")
}
