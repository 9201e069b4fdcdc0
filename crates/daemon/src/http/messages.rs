//! `/v1/profiles/{profile}/…/messages…`, `search`: reading and writing.

use api::{
    Accepted, Created, ErrorBody, Message, MessagePage, MessagesQuery, Named, Page, SearchQuery, SendText, Trace,
};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use messenger::{Command, CommandError, MessageId, Reply};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::convert;
use crate::convert::pages::{NoPart, Part};
use crate::convert::search::BadSearch;
use crate::http::chats::{bad_cursor, chat_id, limit, no_chat};
use crate::http::extract::{Asked, Body};
use crate::http::previews::named;
use crate::http::{App, Refusal};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, send))
        .routes(routes!(one))
        .routes(routes!(trace))
        .routes(routes!(resend))
        .routes(routes!(search))
}

/// Messages of a chat, the latest first, and what is known to be missing among them: the newest, what is older or newer
/// than another part, or those around a message.
#[utoipa::path(
    get, path = "/v1/profiles/{profile}/chats/{chat}/messages", tag = "messages",
    params(("profile" = String, Path,), ("chat" = String, Path,), MessagesQuery),
    responses((status = 200, body = MessagePage), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody))
)]
async fn list(
    State(app): State<App>,
    Path((profile, chat)): Path<(String, String)>,
    Asked(query): Asked<MessagesQuery>,
) -> Result<Json<MessagePage>, Refusal> {
    let profile = app.unlocked(&profile)?;
    let part = part(&query)?;
    let (chat, limit) = (chat_id(&chat)?, limit(query.limit)?);
    match profile.read(move |reading| reading.page(&chat, part, limit)).await? {
        Ok(page) => Ok(Json(page)),
        Err(NoPart::Chat) => Err(no_chat()),
        Err(NoPart::Message) => Err(no_message()),
    }
}

fn part(query: &MessagesQuery) -> Result<Part, Refusal> {
    let cursor = |text: &str| convert::parse_cursor(text).map_err(|_| bad_cursor());
    match (&query.before, &query.after, &query.around) {
        (None, None, None) => Ok(Part::Newest),
        (Some(before), None, None) => cursor(before).map(Part::Before),
        (None, Some(after), None) => cursor(after).map(Part::After),
        (None, None, Some(around)) => message_id(around).map(Part::Around),
        _ => Err(Refusal::bad_request("say one of before, after and around")),
    }
}

/// Send a text. It is on disk when this answers; the events say how far it gets.
#[utoipa::path(
    post, path = "/v1/profiles/{profile}/chats/{chat}/messages", tag = "messages", request_body = SendText,
    responses(
        (status = 201, body = Created), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 422, body = ErrorBody)
    )
)]
async fn send(
    State(app): State<App>,
    Path((profile, chat)): Path<(String, String)>,
    Body(body): Body<SendText>,
) -> Result<(StatusCode, Json<Created>), Refusal> {
    let profile = app.unlocked(&profile)?;
    let chat = chat_id(&chat)?;
    let reply_to = body.reply_to.as_deref().map(message_id).transpose()?;
    let (text, previews) = (meant(&body.text, &body.mentions)?, named(&profile, &body.previews)?);
    let command = match previews.is_empty() {
        true => Command::SendText { chat, text, reply_to },
        false => Command::SendPreviewed {
            chat,
            text,
            previews,
            reply_to,
        },
    };
    match profile.command(command).await? {
        Reply::Message(id) => Ok((
            StatusCode::CREATED,
            Json(Created {
                message_id: id.to_string(),
            }),
        )),
        _ => unreachable!("sending answers with the message"),
    }
}

/// One message.
#[utoipa::path(
    get, path = "/v1/profiles/{profile}/messages/{message}", tag = "messages",
    responses((status = 200, body = Message), (status = 404, body = ErrorBody))
)]
async fn one(
    State(app): State<App>,
    Path((profile, message)): Path<(String, String)>,
) -> Result<Json<Message>, Refusal> {
    let profile = app.unlocked(&profile)?;
    let id = message_id(&message)?;
    profile
        .read(move |reading| reading.message(&id))
        .await?
        .map(Json)
        .ok_or_else(no_message)
}

/// How a message travelled: what each layer made of it, and which nodes had it.
#[utoipa::path(
    get, path = "/v1/profiles/{profile}/messages/{message}/trace", tag = "messages",
    responses((status = 200, body = Trace), (status = 404, body = ErrorBody))
)]
async fn trace(
    State(app): State<App>,
    Path((profile, message)): Path<(String, String)>,
) -> Result<Json<Trace>, Refusal> {
    let profile = app.unlocked(&profile)?;
    let id = message_id(&message)?;
    profile
        .read(move |reading| reading.trace(&id))
        .await?
        .map(Json)
        .ok_or_else(no_message)
}

/// Send a failed message again.
#[utoipa::path(
    post, path = "/v1/profiles/{profile}/messages/{message}/resend", tag = "messages",
    responses((status = 200, body = Accepted), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody))
)]
async fn resend(
    State(app): State<App>,
    Path((profile, message)): Path<(String, String)>,
) -> Result<Json<Accepted>, Refusal> {
    let profile = app.unlocked(&profile)?;
    profile
        .command(Command::Resend {
            message: message_id(&message)?,
        })
        .await?;
    Ok(Json(Accepted {}))
}

/// Messages that fit, the latest first. One part is looked for at a time, which takes bounded time however many messages
/// there are.
#[utoipa::path(
    get, path = "/v1/profiles/{profile}/search", tag = "messages", params(("profile" = String, Path,), SearchQuery),
    responses(
        (status = 200, body = Page<Message>), (status = 400, body = ErrorBody),
        (status = 423, description = "locked", body = ErrorBody)
    )
)]
async fn search(
    State(app): State<App>,
    Path(profile): Path<String>,
    Asked(query): Asked<SearchQuery>,
) -> Result<Json<Page<Message>>, Refusal> {
    let profile = app.unlocked(&profile)?;
    let limit = limit(query.limit)?;
    let (search, after) = convert::search::search(query)?;
    let page = profile
        .read(move |reading| reading.search(&search, after, limit))
        .await?;
    Ok(Json(page))
}

impl From<BadSearch> for Refusal {
    fn from(bad: BadSearch) -> Self {
        Self::bad_request(match bad {
            BadSearch::Empty => "say what to look for: words, a chat, a person, a time or a kind",
            BadSearch::Person => "person has to be a chat key or a link to a person",
            BadSearch::Chat => "chat has to be the id of a chat, a key, a link, or the #name of a public chat",
            BadSearch::Kind => "kinds have to be those of messages in the API's description, with commas between them",
            BadSearch::Cursor => return bad_cursor(),
        })
    }
}

/// A text as it is sent, with the keys of those who are named in it.
pub(super) fn meant(text: &str, mentions: &[Named]) -> Result<String, Refusal> {
    let sent = convert::text::meant(text, mentions);
    sent.ok_or_else(|| Refusal::bad_request("each of mentions needs the chat key of a person"))
}

pub(super) fn message_id(text: &str) -> Result<MessageId, Refusal> {
    text.parse().map_err(|_| no_message())
}

fn no_message() -> Refusal {
    CommandError::MessageNotFound.into()
}
