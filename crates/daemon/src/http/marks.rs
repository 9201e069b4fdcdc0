//! `/v1/profiles/{profile}/messages/{message}…`: changing, deleting, pinning and reacting to what stands already.

use api::{Accepted, DeleteFor, DeleteQuery, EditText, ErrorBody, Message, Page};
use axum::Json;
use axum::extract::{Path, State};
use messenger::Command;
use messenger::chats::{Command as Wish, For, Mark};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::chats::{chat_id, no_chat};
use crate::http::extract::{Asked, Body};
use crate::http::messages::{meant, message_id};
use crate::http::{App, Refusal};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(edit, delete))
        .routes(routes!(react, take_back))
        .routes(routes!(pin, unpin))
        .routes(routes!(pinned))
}

/// Give a message of ours another text.
#[utoipa::path(
    patch, path = "/v1/profiles/{profile}/messages/{message}", tag = "messages", request_body = EditText,
    responses(
        (status = 200, body = Accepted), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 422, body = ErrorBody)
    )
)]
async fn edit(
    State(app): State<App>,
    Path((profile, message)): Path<(String, String)>,
    Body(body): Body<EditText>,
) -> Result<Json<Accepted>, Refusal> {
    let message = message_id(&message)?;
    let text = meant(&body.text, &body.mentions)?;
    wish(&app, &profile, Wish::Edit { message, text }).await
}

/// Delete a message, with its whole album if it is a picture of one.
#[utoipa::path(
    delete, path = "/v1/profiles/{profile}/messages/{message}", tag = "messages",
    params(("profile" = String, Path,), ("message" = String, Path,), DeleteQuery),
    responses((status = 200, body = Accepted), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody))
)]
async fn delete(
    State(app): State<App>,
    Path((profile, message)): Path<(String, String)>,
    Asked(query): Asked<DeleteQuery>,
) -> Result<Json<Accepted>, Refusal> {
    let message = message_id(&message)?;
    let whom = match query.r#for {
        DeleteFor::Everyone => For::Everyone,
        DeleteFor::Me => For::Me,
    };
    wish(&app, &profile, Wish::Delete { message, whom }).await
}

/// Put an emoji on a message.
#[utoipa::path(
    put, path = "/v1/profiles/{profile}/messages/{message}/reactions/{emoji}", tag = "messages",
    responses(
        (status = 200, body = Accepted), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 422, body = ErrorBody)
    )
)]
async fn react(
    State(app): State<App>,
    Path((profile, message, emoji)): Path<(String, String, String)>,
) -> Result<Json<Accepted>, Refusal> {
    mark_with(&app, &profile, &message, emoji, Mark::On).await
}

/// Take an emoji of ours off a message.
#[utoipa::path(
    delete, path = "/v1/profiles/{profile}/messages/{message}/reactions/{emoji}", tag = "messages",
    responses(
        (status = 200, body = Accepted), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 422, body = ErrorBody)
    )
)]
async fn take_back(
    State(app): State<App>,
    Path((profile, message, emoji)): Path<(String, String, String)>,
) -> Result<Json<Accepted>, Refusal> {
    mark_with(&app, &profile, &message, emoji, Mark::Off).await
}

/// Pin a message to its chat; three in a chat can be.
#[utoipa::path(
    put, path = "/v1/profiles/{profile}/messages/{message}/pin", tag = "messages",
    responses((status = 200, body = Accepted), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody))
)]
async fn pin(
    State(app): State<App>,
    Path((profile, message)): Path<(String, String)>,
) -> Result<Json<Accepted>, Refusal> {
    let message = message_id(&message)?;
    wish(
        &app,
        &profile,
        Wish::Pin {
            message,
            mark: Mark::On,
        },
    )
    .await
}

/// Unpin a message.
#[utoipa::path(
    delete, path = "/v1/profiles/{profile}/messages/{message}/pin", tag = "messages",
    responses((status = 200, body = Accepted), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody))
)]
async fn unpin(
    State(app): State<App>,
    Path((profile, message)): Path<(String, String)>,
) -> Result<Json<Accepted>, Refusal> {
    let message = message_id(&message)?;
    let mark = Mark::Off;
    wish(&app, &profile, Wish::Pin { message, mark }).await
}

/// What is pinned in a chat, the newest first.
#[utoipa::path(
    get, path = "/v1/profiles/{profile}/chats/{chat}/pinned", tag = "messages",
    responses((status = 200, body = Page<Message>), (status = 404, body = ErrorBody))
)]
async fn pinned(
    State(app): State<App>,
    Path((profile, chat)): Path<(String, String)>,
) -> Result<Json<Page<Message>>, Refusal> {
    let profile = app.unlocked(&profile)?;
    let chat = chat_id(&chat)?;
    profile
        .read(move |reading| reading.pinned(&chat))
        .await?
        .map(Json)
        .ok_or_else(no_chat)
}

async fn mark_with(
    app: &App,
    profile: &str,
    message: &str,
    emoji: String,
    mark: Mark,
) -> Result<Json<Accepted>, Refusal> {
    let message = message_id(message)?;
    wish(app, profile, Wish::React { message, emoji, mark }).await
}

async fn wish(app: &App, profile: &str, wish: Wish) -> Result<Json<Accepted>, Refusal> {
    let profile = app.unlocked(profile)?;
    profile.command(Command::Chat(wish)).await?;
    Ok(Json(Accepted {}))
}
