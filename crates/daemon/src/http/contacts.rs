//! `/v1/profiles/{profile}/contacts…`: people, and the requests between them and us.

use api::{Contact, ContactRequest, ErrorBody, Nickname};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use messenger::Command;
use messenger::link::{Link, LinkError};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::convert;
use crate::http::extract::Body;
use crate::http::{App, Refusal};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, request))
        .routes(routes!(act))
        .routes(routes!(name))
}

/// The people a profile knows, by name.
#[utoipa::path(
    get, path = "/v1/profiles/{profile}/contacts", tag = "contacts",
    responses((status = 200, body = Vec<Contact>), (status = 423, description = "locked", body = ErrorBody))
)]
async fn list(State(app): State<App>, Path(profile): Path<String>) -> Result<Json<Vec<Contact>>, Refusal> {
    let profile = app.unlocked(&profile)?;
    let mut contacts = profile.read(|reading| reading.contacts()).await?;
    contacts.sort_by(|a, b| (a.name.to_lowercase(), &a.key).cmp(&(b.name.to_lowercase(), &b.key)));
    Ok(Json(contacts))
}

/// Ask somebody to become a contact.
#[utoipa::path(
    post, path = "/v1/profiles/{profile}/contacts", tag = "contacts", request_body = ContactRequest,
    responses((status = 201, body = Contact), (status = 409, body = ErrorBody), (status = 422, body = ErrorBody))
)]
async fn request(
    State(app): State<App>,
    Path(profile): Path<String>,
    Body(body): Body<ContactRequest>,
) -> Result<(StatusCode, Json<Contact>), Refusal> {
    let profile = app.unlocked(&profile)?;
    let to = person(&body.key)?;
    profile
        .command(Command::SendContactRequest { to, note: body.note })
        .await?;
    Ok((StatusCode::CREATED, Json(profile.contact(to).await?)))
}

/// Accept, decline or retract a request; remove, block or unblock a person.
#[utoipa::path(
    post, path = "/v1/profiles/{profile}/contacts/{key}/{action}", tag = "contacts",
    params(
        ("profile" = String, Path,), ("key" = String, Path, description = "zQ3… or 0x04…"),
        ("action" = String, Path, description = "accept, decline, retract, remove, block or unblock")
    ),
    responses((status = 200, body = Contact), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody))
)]
async fn act(
    State(app): State<App>,
    Path((profile, key, action)): Path<(String, String, String)>,
) -> Result<Json<Contact>, Refusal> {
    let profile = app.unlocked(&profile)?;
    let contact = person(&key)?;
    let command = match action.as_str() {
        "accept" => Command::AcceptContactRequest { contact },
        "decline" => Command::DeclineContactRequest { contact },
        "retract" => Command::RetractContactRequest { contact },
        "remove" => Command::RemoveContact { contact },
        "block" => Command::Block { contact },
        "unblock" => Command::Unblock { contact },
        _ => {
            return Err(Refusal::not_found(
                "a person can be accepted, declined, retracted, removed, blocked or unblocked",
            ));
        }
    };
    profile.command(command).await?;
    Ok(Json(profile.contact(contact).await?))
}

/// Name a person for ourselves.
#[utoipa::path(
    put, path = "/v1/profiles/{profile}/contacts/{key}/nickname", tag = "contacts", request_body = Nickname,
    responses((status = 200, body = Contact), (status = 404, body = ErrorBody), (status = 422, body = ErrorBody))
)]
async fn name(
    State(app): State<App>,
    Path((profile, key)): Path<(String, String)>,
    Body(body): Body<Nickname>,
) -> Result<Json<Contact>, Refusal> {
    let profile = app.unlocked(&profile)?;
    let contact = person(&key)?;
    profile
        .command(Command::SetNickname {
            contact,
            name: body.nickname,
        })
        .await?;
    Ok(Json(profile.contact(contact).await?))
}

/// What a path calls a person.
pub(super) fn person(text: &str) -> Result<messenger::PublicKey, Refusal> {
    if let Some(key) = convert::parse_key(text) {
        return Ok(key);
    }
    Err(match text.parse::<Link>() {
        Ok(_) => Refusal::bad_request("this link leads to a community, not to a person"),
        Err(LinkError::NotALink) => Refusal::bad_request(
            "this is neither a chat key, which begins with zQ3 (or, in older clients, 0x04), nor a link to a person",
        ),
        Err(error) => error.into(),
    })
}
