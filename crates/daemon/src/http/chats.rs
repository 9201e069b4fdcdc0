//! `/v1/profiles/{profile}/chats…`: the list of chats.

use api::{Accepted, Chat, ErrorBody, Page, PageQuery};
use axum::Json;
use axum::extract::{Path, State};
use messenger::Command;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::convert;
use crate::http::extract::Asked;
use crate::http::{App, Refusal};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(one, delete))
        .routes(routes!(mark_read))
        .routes(routes!(leave))
}

/// Chats, the one where something happened last first.
#[utoipa::path(
    get, path = "/v1/profiles/{profile}/chats", tag = "chats", params(("profile" = String, Path,), PageQuery),
    responses((status = 200, body = Page<Chat>), (status = 423, description = "locked", body = ErrorBody))
)]
async fn list(
    State(app): State<App>,
    Path(profile): Path<String>,
    Asked(query): Asked<PageQuery>,
) -> Result<Json<Page<Chat>>, Refusal> {
    let profile = app.unlocked(&profile)?;
    let before = query
        .before
        .as_deref()
        .map(convert::parse_place)
        .transpose()
        .map_err(|_| bad_cursor())?;
    let limit = limit(query.limit)?;
    Ok(Json(
        profile
            .read(move |reading| reading.chats(before.as_ref(), limit))
            .await?,
    ))
}

/// One chat, by its id or, if it is one-to-one, by the person's key.
#[utoipa::path(
    get, path = "/v1/profiles/{profile}/chats/{chat}", tag = "chats",
    responses((status = 200, body = Chat), (status = 404, body = ErrorBody))
)]
async fn one(State(app): State<App>, Path((profile, chat)): Path<(String, String)>) -> Result<Json<Chat>, Refusal> {
    let profile = app.unlocked(&profile)?;
    let id = chat_id(&chat)?;
    profile
        .read(move |reading| reading.chat(&id))
        .await?
        .map(Json)
        .ok_or_else(no_chat)
}

/// Mark everything in a chat as read.
#[utoipa::path(
    post, path = "/v1/profiles/{profile}/chats/{chat}/read", tag = "chats",
    responses((status = 200, body = Accepted), (status = 404, body = ErrorBody))
)]
async fn mark_read(
    State(app): State<App>,
    Path((profile, chat)): Path<(String, String)>,
) -> Result<Json<Accepted>, Refusal> {
    let profile = app.unlocked(&profile)?;
    profile.command(Command::MarkRead { chat: chat_id(&chat)? }).await?;
    Ok(Json(Accepted {}))
}

/// Leave a chat: a group, where what was said stays; or a public chat, which goes with what was said in it.
#[utoipa::path(
    post, path = "/v1/profiles/{profile}/chats/{chat}/leave", tag = "chats",
    responses((status = 200, body = Accepted), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody))
)]
async fn leave(
    State(app): State<App>,
    Path((profile, chat)): Path<(String, String)>,
) -> Result<Json<Accepted>, Refusal> {
    let profile = app.unlocked(&profile)?;
    let wish = messenger::chats::Command::Leave { chat: chat_id(&chat)? };
    profile.command(Command::Chat(wish)).await?;
    Ok(Json(Accepted {}))
}

/// Take a chat out of the list, with what was said in it, on this device only. A group that we are in is left, and stays.
#[utoipa::path(
    delete, path = "/v1/profiles/{profile}/chats/{chat}", tag = "chats",
    responses((status = 200, body = Accepted), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody))
)]
async fn delete(state: State<App>, path: Path<(String, String)>) -> Result<Json<Accepted>, Refusal> {
    leave(state, path).await
}

/// What a path calls a chat.
pub(super) fn chat_id(text: &str) -> Result<messenger::ChatId, Refusal> {
    convert::parse_chat(text).ok_or_else(no_chat)
}

/// The number of items asked for.
pub(super) fn limit(asked: Option<u32>) -> Result<u32, Refusal> {
    match asked {
        None => Ok(USUAL_PAGE),
        Some(limit @ 1..=LARGEST_PAGE) => Ok(limit),
        Some(_) => Err(Refusal::bad_request("limit has to be 1 to 200")),
    }
}

/// The cursor is not one of ours.
pub(super) fn bad_cursor() -> Refusal {
    Refusal::bad_request("before has to be the next of an earlier answer")
}

/// There is no such chat.
pub(super) fn no_chat() -> Refusal {
    messenger::CommandError::ChatNotFound.into()
}

const USUAL_PAGE: u32 = 50;
const LARGEST_PAGE: u32 = 200;
