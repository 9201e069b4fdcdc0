//! `/v1/profiles/{profile}/chats…`, `public-chats`: the list of chats, and entering and leaving them.

use api::{Accepted, Chat, Draft, ErrorBody, JoinPublic, Page, PageQuery};
use axum::Json;
use axum::extract::{Path, State};
use messenger::chats::Command as Wish;
use messenger::{Command, Reply};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::convert;
use crate::http::extract::{Asked, Body};
use crate::http::messages::{meant, message_id};
use crate::http::{App, Refusal};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(one, remove))
        .routes(routes!(mark_read))
        .routes(routes!(keep_draft))
        .routes(routes!(join_public))
        .routes(routes!(leave))
        .routes(routes!(clear))
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

/// Keep a text that was begun in a chat, until it is sent or given up; an empty one takes it away. It stays on this device.
#[utoipa::path(
    put, path = "/v1/profiles/{profile}/chats/{chat}/draft", tag = "chats", request_body = Draft,
    responses(
        (status = 200, body = Accepted), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody), (status = 422, body = ErrorBody)
    )
)]
async fn keep_draft(
    State(app): State<App>,
    Path((profile, chat)): Path<(String, String)>,
    Body(body): Body<Draft>,
) -> Result<Json<Accepted>, Refusal> {
    let profile = app.unlocked(&profile)?;
    let chat = chat_id(&chat)?;
    let draft = messenger::chats::Draft {
        text: meant(&body.text, &body.mentions)?,
        response_to: body.reply_to.as_deref().map(message_id).transpose()?,
        edits: body.edits.as_deref().map(message_id).transpose()?,
    };
    profile.command(Command::Chat(Wish::KeepDraft { chat, draft })).await?;
    Ok(Json(Accepted {}))
}

/// Enter the public chat of a name. Anyone who knows the name can read what is written there, and by whom.
#[utoipa::path(
    post, path = "/v1/profiles/{profile}/public-chats", tag = "chats", request_body = JoinPublic,
    responses((status = 200, body = Chat), (status = 422, description = "not a name", body = ErrorBody))
)]
async fn join_public(
    State(app): State<App>,
    Path(profile): Path<String>,
    Body(body): Body<JoinPublic>,
) -> Result<Json<Chat>, Refusal> {
    let profile = app.unlocked(&profile)?;
    let wish = Wish::JoinPublic { name: body.name };
    let Reply::Chat(id) = profile.command(Command::Chat(wish)).await? else {
        unreachable!("joining answers with the chat")
    };
    let chat = profile.read(move |reading| reading.chat(&id)).await?;
    chat.map(Json).ok_or_else(no_chat)
}

/// Leave a chat. A public chat is not heard any more, and what was said there is erased on this device; the members of a
/// group are told, and what was said stays.
#[utoipa::path(
    post, path = "/v1/profiles/{profile}/chats/{chat}/leave", tag = "chats",
    responses(
        (status = 200, body = Accepted), (status = 404, body = ErrorBody),
        (status = 409, description = "a chat between two people has nothing to leave", body = ErrorBody)
    )
)]
async fn leave(
    State(app): State<App>,
    Path((profile, chat)): Path<(String, String)>,
) -> Result<Json<Accepted>, Refusal> {
    let profile = app.unlocked(&profile)?;
    let chat = chat_id(&chat)?;
    if chat.kind() == messenger::ChatKind::OneToOne {
        return Err(messenger::CommandError::UnsupportedChat.into());
    }
    profile.command(Command::Chat(Wish::Leave { chat })).await?;
    Ok(Json(Accepted {}))
}

/// Erase what was said in a chat, on this device only.
#[utoipa::path(
    post, path = "/v1/profiles/{profile}/chats/{chat}/clear", tag = "chats",
    responses((status = 200, body = Accepted), (status = 404, body = ErrorBody))
)]
async fn clear(
    State(app): State<App>,
    Path((profile, chat)): Path<(String, String)>,
) -> Result<Json<Accepted>, Refusal> {
    let profile = app.unlocked(&profile)?;
    let chat = chat_id(&chat)?;
    profile.command(Command::Chat(Wish::Clear { chat })).await?;
    Ok(Json(Accepted {}))
}

/// Take a chat out of the list, with what was said in it, on this device only. A public chat is left; a
/// group that we are in is left too, and stays.
#[utoipa::path(
    delete, path = "/v1/profiles/{profile}/chats/{chat}", tag = "chats",
    responses((status = 200, body = Accepted), (status = 404, body = ErrorBody))
)]
async fn remove(
    State(app): State<App>,
    Path((profile, chat)): Path<(String, String)>,
) -> Result<Json<Accepted>, Refusal> {
    let profile = app.unlocked(&profile)?;
    let chat = chat_id(&chat)?;
    profile.command(Command::Chat(Wish::Leave { chat })).await?;
    Ok(Json(Accepted {}))
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
