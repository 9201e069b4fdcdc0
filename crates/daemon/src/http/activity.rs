//! `/v1/profiles/{profile}/activity…`: the activity centre; and muting chats, which is about noise as well.

use api::{Accepted, Activity, ActivityPage, ActivityQuery, Chat, ErrorBody, MuteChat};
use axum::Json;
use axum::extract::{Path, State};
use messenger::activity::Command as Wish;
use messenger::{Command, Mute};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::convert::activity as convert;
use crate::http::chats::{chat_id, limit, no_chat};
use crate::http::extract::{Asked, Body};
use crate::http::{App, Refusal};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(mark_all_read))
        .routes(routes!(act))
        .routes(routes!(remove))
        .routes(routes!(mute))
}

/// What happened, the latest first.
#[utoipa::path(
    get, path = "/v1/profiles/{profile}/activity", tag = "activity", params(("profile" = String, Path,), ActivityQuery),
    responses((status = 200, body = ActivityPage), (status = 423, description = "locked", body = ErrorBody))
)]
async fn list(
    State(app): State<App>,
    Path(profile): Path<String>,
    Asked(query): Asked<ActivityQuery>,
) -> Result<Json<ActivityPage>, Refusal> {
    let profile = app.unlocked(&profile)?;
    let (filter, before) = convert::filter(&query).map_err(|_| bad_query())?;
    let limit = limit(query.limit)?;
    let page = profile
        .read(move |reading| reading.activity(&filter, before, limit))
        .await?;
    Ok(Json(page))
}

/// Mark everything as read.
#[utoipa::path(
    post, path = "/v1/profiles/{profile}/activity/read", tag = "activity",
    responses((status = 200, body = Accepted), (status = 423, description = "locked", body = ErrorBody))
)]
async fn mark_all_read(State(app): State<App>, Path(profile): Path<String>) -> Result<Json<Accepted>, Refusal> {
    let profile = app.unlocked(&profile)?;
    profile.command(Command::Activity(Wish::MarkAllRead)).await?;
    Ok(Json(Accepted {}))
}

/// Mark one entry as read or unread; accept or dismiss what it asks.
#[utoipa::path(
    post, path = "/v1/profiles/{profile}/activity/{entry}/{action}", tag = "activity",
    params(
        ("profile" = String, Path,), ("entry" = String, Path,),
        ("action" = String, Path, description = "read, unread, accept or dismiss")
    ),
    responses((status = 200, body = Activity), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody))
)]
async fn act(
    State(app): State<App>,
    Path((profile, entry, action)): Path<(String, String, String)>,
) -> Result<Json<Activity>, Refusal> {
    let profile = app.unlocked(&profile)?;
    let id = convert::parse_id(&entry).ok_or_else(no_entry)?;
    let wish = match action.as_str() {
        "read" => Wish::MarkRead(id),
        "unread" => Wish::MarkUnread(id),
        "accept" => Wish::Accept(id),
        "dismiss" => Wish::Dismiss(id),
        _ => {
            return Err(Refusal::not_found(
                "an entry can be marked read or unread, accepted or dismissed",
            ));
        }
    };
    profile.command(Command::Activity(wish)).await?;
    let entry = profile.read(move |reading| reading.activity_entry(id)).await?;
    entry.map(Json).ok_or_else(no_entry)
}

/// Take an entry out of the list.
#[utoipa::path(
    delete, path = "/v1/profiles/{profile}/activity/{entry}", tag = "activity",
    responses((status = 200, body = Accepted), (status = 404, body = ErrorBody))
)]
async fn remove(
    State(app): State<App>,
    Path((profile, entry)): Path<(String, String)>,
) -> Result<Json<Accepted>, Refusal> {
    let profile = app.unlocked(&profile)?;
    let id = convert::parse_id(&entry).ok_or_else(no_entry)?;
    profile.command(Command::Activity(Wish::Remove(id))).await?;
    Ok(Json(Accepted {}))
}

/// Make a chat silent, or end that.
#[utoipa::path(
    put, path = "/v1/profiles/{profile}/chats/{chat}/mute", tag = "chats", request_body = MuteChat,
    responses((status = 200, body = Chat), (status = 404, body = ErrorBody))
)]
async fn mute(
    State(app): State<App>,
    Path((profile, chat)): Path<(String, String)>,
    Body(body): Body<MuteChat>,
) -> Result<Json<Chat>, Refusal> {
    let profile = app.unlocked(&profile)?;
    let chat = chat_id(&chat)?;
    let how = match body.mute {
        api::Mute::Off => Mute::Off,
        api::Mute::Minutes(minutes) => Mute::For(u64::from(minutes) * 60_000),
        api::Mute::Forever => Mute::Forever,
    };
    profile
        .command(Command::Mute {
            chat: chat.clone(),
            how,
        })
        .await?;
    let chat = profile.read(move |reading| reading.chat(&chat)).await?;
    chat.map(Json).ok_or_else(no_chat)
}

fn no_entry() -> Refusal {
    messenger::CommandError::from(messenger::activity::Error::NotFound).into()
}

fn bad_query() -> Refusal {
    Refusal::bad_request("before has to be the next of an earlier answer, and kinds those of the API's description")
}
