//! `/v1/profiles/{profile}/groups…`: private groups. What is said in them is said in their chats.

use api::{
    Accepted, AddMembers, AskToJoin, ChangeGroup, CreateGroup, ErrorBody, Group, GroupEvent, GroupRequest, Receipt,
};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use messenger::groups::{Change, Command as Wish, Error};
use messenger::{ChatId, Command, CommandError, Reply};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::chats::chat_id;
use crate::http::contacts::person;
use crate::http::extract::Body;
use crate::http::messages::message_id;
use crate::http::{App, Refusal};
use crate::media::picture;
use crate::unlocked::Unlocked;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(set_picture, show_picture))
        // A photograph as a camera makes it. What follows has the usual limit.
        .layer(DefaultBodyLimit::max(picture::MAX_FILE))
        .routes(routes!(create))
        .routes(routes!(one, alter))
        .routes(routes!(add))
        .routes(routes!(remove))
        .routes(routes!(promote))
        .routes(routes!(step_down))
        .routes(routes!(accept))
        .routes(routes!(decline))
        .routes(routes!(let_in))
        .routes(routes!(refuse))
        .routes(routes!(events))
        .routes(routes!(invitations))
        .routes(routes!(requests, ask))
        .routes(routes!(receipts))
}

/// Found a group.
#[utoipa::path(
    post, path = "/v1/profiles/{profile}/groups", tag = "groups", request_body = CreateGroup,
    responses((status = 201, body = Group), (status = 409, body = ErrorBody), (status = 422, body = ErrorBody))
)]
async fn create(
    State(app): State<App>,
    Path(profile): Path<String>,
    Body(body): Body<CreateGroup>,
) -> Result<(StatusCode, Json<Group>), Refusal> {
    let profile = app.unlocked(&profile)?;
    let wish = Wish::Create {
        name: body.name,
        colour: body.colour.unwrap_or_default(),
        picture: None,
        people: people(&body.members)?,
    };
    match profile.command(Command::Group(wish)).await? {
        Reply::Chat(chat) => Ok((StatusCode::CREATED, Json(group(&profile, chat).await?))),
        _ => unreachable!("founding a group answers with its chat"),
    }
}

/// One group, with its members.
#[utoipa::path(
    get, path = "/v1/profiles/{profile}/groups/{group}", tag = "groups",
    responses((status = 200, body = Group), (status = 404, body = ErrorBody))
)]
async fn one(State(app): State<App>, Path((profile, chat)): Path<(String, String)>) -> Result<Json<Group>, Refusal> {
    let profile = app.unlocked(&profile)?;
    Ok(Json(group(&profile, chat_id(&chat)?).await?))
}

/// Change the name or the colour. Every member may.
#[utoipa::path(
    patch, path = "/v1/profiles/{profile}/groups/{group}", tag = "groups", request_body = ChangeGroup,
    responses(
        (status = 200, body = Group), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 422, body = ErrorBody)
    )
)]
async fn alter(
    State(app): State<App>,
    Path((profile, chat)): Path<(String, String)>,
    Body(body): Body<ChangeGroup>,
) -> Result<Json<Group>, Refusal> {
    let profile = app.unlocked(&profile)?;
    let chat = chat_id(&chat)?;
    let changes = [body.name.map(Change::Rename), body.colour.map(Change::Recolour)];
    for change in changes.into_iter().flatten() {
        self::change(&profile, &chat, change).await?;
    }
    Ok(Json(group(&profile, chat).await?))
}

/// Replace the picture by an image file (JPEG, PNG, GIF or WebP, at most 10 MB), cut to the square in its middle.
#[utoipa::path(
    put, path = "/v1/profiles/{profile}/groups/{group}/picture", tag = "groups",
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = Group), (status = 404, body = ErrorBody), (status = 422, body = ErrorBody))
)]
async fn set_picture(
    State(app): State<App>,
    Path((profile, chat)): Path<(String, String)>,
    file: Bytes,
) -> Result<Json<Group>, Refusal> {
    let profile = app.unlocked(&profile)?;
    let chat = chat_id(&chat)?;
    let made = tokio::task::spawn_blocking(move || picture::group_picture(&file)).await;
    let made = made.map_err(|_| Refusal::unavailable())?.map_err(|error| {
        let body = ErrorBody::new("bad_picture", error.to_string());
        Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, body)
    })?;
    changed(&profile, chat, Change::Picture(made)).await
}

/// The picture of a group, decoded and made anew: a JPEG file.
#[utoipa::path(
    get, path = "/v1/profiles/{profile}/groups/{group}/picture", tag = "groups",
    responses((status = 200, content_type = "image/jpeg", body = Vec<u8>), (status = 404, body = ErrorBody))
)]
async fn show_picture(
    State(app): State<App>,
    Path((profile, chat)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let profile = app.unlocked(&profile)?;
    let none = || Refusal::not_found("there is no such picture");
    let chat = chat_id(&chat)?;
    let bytes = profile.read(move |reading| reading.group_picture(&chat)).await?;
    let bytes = bytes.ok_or_else(none)?;
    let shown = tokio::task::spawn_blocking(move || picture::shown(&bytes)).await;
    let shown = shown.map_err(|_| Refusal::unavailable())?.map_err(|_| none())?;
    Ok(([(header::CONTENT_TYPE, "image/jpeg")], shown).into_response())
}

/// Let contacts in. They see what is written from now on.
#[utoipa::path(
    post, path = "/v1/profiles/{profile}/groups/{group}/members", tag = "groups", request_body = AddMembers,
    responses((status = 200, body = Group), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody))
)]
async fn add(
    State(app): State<App>,
    Path((profile, chat)): Path<(String, String)>,
    Body(body): Body<AddMembers>,
) -> Result<Json<Group>, Refusal> {
    let profile = app.unlocked(&profile)?;
    changed(&profile, chat_id(&chat)?, Change::Add(people(&body.members)?)).await
}

/// Put a member out, as an admin. They see nothing that is written later.
#[utoipa::path(
    delete, path = "/v1/profiles/{profile}/groups/{group}/members/{key}", tag = "groups",
    responses((status = 200, body = Group), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody))
)]
async fn remove(
    State(app): State<App>,
    Path((profile, chat, key)): Path<(String, String, String)>,
) -> Result<Json<Group>, Refusal> {
    let profile = app.unlocked(&profile)?;
    changed(&profile, chat_id(&chat)?, Change::Remove(person(&key)?)).await
}

/// Make a member an admin, as an admin.
#[utoipa::path(
    put, path = "/v1/profiles/{profile}/groups/{group}/admins/{key}", tag = "groups",
    responses((status = 200, body = Group), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody))
)]
async fn promote(
    State(app): State<App>,
    Path((profile, chat, key)): Path<(String, String, String)>,
) -> Result<Json<Group>, Refusal> {
    let profile = app.unlocked(&profile)?;
    changed(&profile, chat_id(&chat)?, Change::Promote(person(&key)?)).await
}

/// Be no admin any more.
#[utoipa::path(
    delete, path = "/v1/profiles/{profile}/groups/{group}/admin", tag = "groups",
    responses((status = 200, body = Group), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody))
)]
async fn step_down(
    State(app): State<App>,
    Path((profile, chat)): Path<(String, String)>,
) -> Result<Json<Group>, Refusal> {
    let profile = app.unlocked(&profile)?;
    changed(&profile, chat_id(&chat)?, Change::StepDown).await
}

/// Say yes to a stranger's invitation.
#[utoipa::path(
    post, path = "/v1/profiles/{profile}/groups/{group}/accept", tag = "groups",
    responses((status = 200, body = Accepted), (status = 409, body = ErrorBody))
)]
async fn accept(
    State(app): State<App>,
    Path((profile, chat)): Path<(String, String)>,
) -> Result<Json<Accepted>, Refusal> {
    let chat = chat_id(&chat)?;
    carry_out(&app, &profile, Wish::Accept { chat }).await
}

/// Say no to a stranger's invitation. Nobody is told.
#[utoipa::path(
    post, path = "/v1/profiles/{profile}/groups/{group}/decline", tag = "groups",
    responses((status = 200, body = Accepted), (status = 409, body = ErrorBody))
)]
async fn decline(
    State(app): State<App>,
    Path((profile, chat)): Path<(String, String)>,
) -> Result<Json<Accepted>, Refusal> {
    let chat = chat_id(&chat)?;
    carry_out(&app, &profile, Wish::Decline { chat }).await
}

/// Let somebody in who asks for it.
#[utoipa::path(
    post, path = "/v1/profiles/{profile}/groups/{group}/requests/{key}/accept", tag = "groups",
    responses((status = 200, body = Group), (status = 409, body = ErrorBody))
)]
async fn let_in(
    State(app): State<App>,
    Path((profile, chat, key)): Path<(String, String, String)>,
) -> Result<Json<Group>, Refusal> {
    answer(&app, &profile, &chat, &key, true).await
}

/// Refuse somebody who asks to be let in. They are told.
#[utoipa::path(
    post, path = "/v1/profiles/{profile}/groups/{group}/requests/{key}/decline", tag = "groups",
    responses((status = 200, body = Group), (status = 409, body = ErrorBody))
)]
async fn refuse(
    State(app): State<App>,
    Path((profile, chat, key)): Path<(String, String, String)>,
) -> Result<Json<Group>, Refusal> {
    answer(&app, &profile, &chat, &key, false).await
}

/// What happened to a group since it was founded, in order.
#[utoipa::path(
    get, path = "/v1/profiles/{profile}/groups/{group}/events", tag = "groups",
    responses((status = 200, body = Vec<GroupEvent>), (status = 404, body = ErrorBody))
)]
async fn events(
    State(app): State<App>,
    Path((profile, chat)): Path<(String, String)>,
) -> Result<Json<Vec<GroupEvent>>, Refusal> {
    let profile = app.unlocked(&profile)?;
    let chat = chat_id(&chat)?;
    let events = profile.read(move |reading| reading.group_events(&chat)).await?;
    match events.is_empty() {
        true => Err(no_group()),
        false => Ok(Json(events)),
    }
}

/// Groups into which strangers let us, and of which we have not said whether we want that.
#[utoipa::path(
    get, path = "/v1/profiles/{profile}/group-invitations", tag = "groups",
    responses((status = 200, body = Vec<Group>), (status = 423, description = "locked", body = ErrorBody))
)]
async fn invitations(State(app): State<App>, Path(profile): Path<String>) -> Result<Json<Vec<Group>>, Refusal> {
    let profile = app.unlocked(&profile)?;
    Ok(Json(profile.read(|reading| reading.group_invitations()).await?))
}

/// Requests to be let into groups that nobody has answered: of others, and our own.
#[utoipa::path(
    get, path = "/v1/profiles/{profile}/group-requests", tag = "groups",
    responses((status = 200, body = Vec<GroupRequest>), (status = 423, description = "locked", body = ErrorBody))
)]
async fn requests(State(app): State<App>, Path(profile): Path<String>) -> Result<Json<Vec<GroupRequest>>, Refusal> {
    let profile = app.unlocked(&profile)?;
    Ok(Json(profile.read(|reading| reading.group_requests()).await?))
}

/// Ask a contact to let us into a group that they are in.
#[utoipa::path(
    post, path = "/v1/profiles/{profile}/group-requests", tag = "groups", request_body = AskToJoin,
    responses((status = 200, body = Accepted), (status = 409, body = ErrorBody), (status = 422, body = ErrorBody))
)]
async fn ask(
    State(app): State<App>,
    Path(profile): Path<String>,
    Body(body): Body<AskToJoin>,
) -> Result<Json<Accepted>, Refusal> {
    let wish = Wish::AskToJoin {
        chat: chat_id(&body.group)?,
        admin: person(&body.admin)?,
        introduction: body.introduction,
    };
    carry_out(&app, &profile, wish).await
}

/// How far a message of ours in a group got, per member.
#[utoipa::path(
    get, path = "/v1/profiles/{profile}/messages/{message}/receipts", tag = "groups",
    responses((status = 200, body = Vec<Receipt>), (status = 404, body = ErrorBody))
)]
async fn receipts(
    State(app): State<App>,
    Path((profile, message)): Path<(String, String)>,
) -> Result<Json<Vec<Receipt>>, Refusal> {
    let profile = app.unlocked(&profile)?;
    let id = message_id(&message)?;
    let receipts = profile.read(move |reading| match reading.view.messages().contains(&id)? {
        true => reading.receipts(&id).map(Some),
        false => Ok(None),
    });
    let none = || Refusal::from(CommandError::MessageNotFound);
    receipts.await?.map(Json).ok_or_else(none)
}

async fn carry_out(app: &App, profile: &str, wish: Wish) -> Result<Json<Accepted>, Refusal> {
    app.unlocked(profile)?.command(Command::Group(wish)).await?;
    Ok(Json(Accepted {}))
}

async fn answer(app: &App, profile: &str, chat: &str, key: &str, yes: bool) -> Result<Json<Group>, Refusal> {
    let profile = app.unlocked(profile)?;
    let (chat, person) = (chat_id(chat)?, person(key)?);
    let wish = Wish::AnswerRequest {
        chat: chat.clone(),
        person,
        yes,
    };
    profile.command(Command::Group(wish)).await?;
    Ok(Json(group(&profile, chat).await?))
}

async fn changed(profile: &Unlocked, chat: ChatId, change: Change) -> Result<Json<Group>, Refusal> {
    self::change(profile, &chat, change).await?;
    Ok(Json(group(profile, chat).await?))
}

async fn change(profile: &Unlocked, chat: &ChatId, change: Change) -> Result<(), Refusal> {
    let chat = chat.clone();
    profile.command(Command::Group(Wish::Change { chat, change })).await?;
    Ok(())
}

async fn group(profile: &Unlocked, chat: ChatId) -> Result<Group, Refusal> {
    let group = profile.read(move |reading| reading.group(&chat)).await?;
    group.ok_or_else(no_group)
}

fn people(keys: &[String]) -> Result<Vec<messenger::PublicKey>, Refusal> {
    keys.iter().map(|key| person(key)).collect()
}

/// There is no such group.
fn no_group() -> Refusal {
    CommandError::from(Error::NotFound).into()
}
