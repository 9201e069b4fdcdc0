//! `/v1/profiles/{profile}/link…`: the links and QR codes by which people, channels and groups are handed on.

use api::{ErrorBody, GroupStanding, Link, LinkKind, LinkQuery, QrQuery, ReadLink};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use messenger::link::{Card, Destination, Link as SharedLink, LinkError, group_link_in};
use messenger::{ChatId, ChatKind, PublicKey};
use store::PublicKeyBytes;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::convert;
use crate::http::extract::{Asked, Body};
use crate::http::{App, Refusal};
use crate::qr;
use crate::unlocked::Unlocked;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(read))
        .routes(routes!(make))
        .routes(routes!(png))
        .routes(routes!(svg))
}

/// Say where a link leads. Nothing is fetched, and nothing is kept.
#[utoipa::path(
    post, path = "/v1/profiles/{profile}/links", tag = "links", request_body = ReadLink,
    responses((status = 200, body = Link), (status = 422, body = ErrorBody))
)]
async fn read(
    State(app): State<App>,
    Path(profile): Path<String>,
    Body(body): Body<ReadLink>,
) -> Result<Json<Link>, Refusal> {
    app.unlocked(&profile)?;
    let link = match body.link.parse() {
        // An invitation comes with words around it.
        Err(LinkError::NotALink) => group_link_in(&body.link).ok_or(LinkError::NotALink),
        read => read,
    };
    Ok(Json(shown(&link?)))
}

/// The link to ourselves, or to a person or a channel.
#[utoipa::path(
    get, path = "/v1/profiles/{profile}/link", tag = "links",
    params(("profile" = String, Path,), LinkQuery),
    responses((status = 200, body = Link), (status = 409, description = "no link leads there", body = ErrorBody))
)]
async fn make(
    State(app): State<App>,
    Path(profile): Path<String>,
    Asked(query): Asked<LinkQuery>,
) -> Result<Json<Link>, Refusal> {
    let profile = app.unlocked(&profile)?;
    Ok(Json(shown(&link(&profile, query.of.as_deref()).await?)))
}

/// The same as a QR code, a PNG picture.
#[utoipa::path(
    get, path = "/v1/profiles/{profile}/link/qr.png", tag = "links",
    params(("profile" = String, Path,), QrQuery),
    responses((status = 200, content_type = "image/png", body = Vec<u8>), (status = 409, body = ErrorBody))
)]
async fn png(
    State(app): State<App>,
    Path(profile): Path<String>,
    Asked(query): Asked<QrQuery>,
) -> Result<Response, Refusal> {
    let profile = app.unlocked(&profile)?;
    let text = text(&link(&profile, query.of.as_deref()).await?, query.plain);
    let bytes = qr::png(&text).map_err(|_| too_long())?;
    Ok(([(header::CONTENT_TYPE, "image/png")], bytes).into_response())
}

/// The same as a QR code, an SVG drawing.
#[utoipa::path(
    get, path = "/v1/profiles/{profile}/link/qr.svg", tag = "links",
    params(("profile" = String, Path,), QrQuery),
    responses((status = 200, content_type = "image/svg+xml", body = String), (status = 409, body = ErrorBody))
)]
async fn svg(
    State(app): State<App>,
    Path(profile): Path<String>,
    Asked(query): Asked<QrQuery>,
) -> Result<Response, Refusal> {
    let profile = app.unlocked(&profile)?;
    let text = text(&link(&profile, query.of.as_deref()).await?, query.plain);
    let drawing = qr::svg(&text).map_err(|_| too_long())?;
    Ok(([(header::CONTENT_TYPE, "image/svg+xml")], drawing).into_response())
}

/// The link that a text names: a chat key, a chat, a link; nothing: ourselves.
async fn link(profile: &Unlocked, of: Option<&str>) -> Result<SharedLink, Refusal> {
    let Some(of) = of else {
        let account = profile.account();
        let own = convert::parse_key(&account.key).ok_or_else(Refusal::unavailable)?;
        return person(profile, own).await;
    };
    match of.parse::<SharedLink>() {
        Ok(link) => return Ok(link),
        Err(LinkError::NotALink) => {}
        Err(error) => return Err(error.into()),
    }
    if let Some(key) = convert::parse_key(of) {
        return person(profile, key).await;
    }
    let chat = ChatId::new(of).map_err(|_| messenger::CommandError::ChatNotFound)?;
    match chat.kind() {
        ChatKind::OneToOne => match chat.peer() {
            Some(key) => person(profile, key).await,
            None => Err(messenger::CommandError::ChatNotFound.into()),
        },
        ChatKind::Channel { community } => Ok(SharedLink::new(Destination::Channel {
            community,
            channel: chat.as_str()[chat.as_str().len() - UUID_LENGTH..].to_owned(),
        })),
        ChatKind::Group => group(profile, chat).await,
        ChatKind::Public => Err(no_link("a public chat has no link; tell people its name")),
    }
}

/// The link to a person, with what they say of themselves (not what we call them).
async fn person(profile: &Unlocked, key: PublicKey) -> Result<SharedLink, Refusal> {
    let row_key = PublicKeyBytes::from(key.to_compressed());
    let account = profile.account();
    let card = profile
        .read(move |reading| {
            if row_key == reading.own.key {
                return Ok(Some(Card {
                    name: account.name,
                    description: account.bio,
                    ..Card::default()
                }));
            }
            let row = reading.view.contacts().load(&row_key)?;
            Ok(row.map(|row| Card {
                name: row.display_name,
                description: row.bio,
                ..Card::default()
            }))
        })
        .await?;
    Ok(SharedLink {
        to: Destination::Person(key),
        card: card.filter(|card| *card != Card::default()),
    })
}

/// The link to a group that we are in, through us: every member may let people in.
async fn group(profile: &Unlocked, chat: ChatId) -> Result<SharedLink, Refusal> {
    let own = convert::parse_key(&profile.account().key).ok_or_else(Refusal::unavailable)?;
    let id = chat.clone();
    let group = profile.read(move |reading| reading.group(&id)).await?;
    match group.filter(|group| group.standing == GroupStanding::In) {
        Some(group) => Ok(SharedLink {
            to: Destination::Group { chat, member: own },
            card: Some(Card {
                name: group.name,
                ..Card::default()
            }),
        }),
        None => Err(no_link("only members of a group can hand on a link to it")),
    }
}

/// A link as the API shows it.
pub(crate) fn shown(link: &SharedLink) -> Link {
    let card = link.card.clone().unwrap_or_default();
    let said = |text: String| Some(text).filter(|text| !text.is_empty());
    let community_key = |id: &messenger::CommunityId| id.public_key().map(|key| key.to_multibase()).unwrap_or_default();
    let (kind, key) = match &link.to {
        Destination::Person(key) => (LinkKind::Person, key.to_multibase()),
        Destination::Community(id) => (LinkKind::Community, community_key(id)),
        Destination::Channel { community, .. } => (LinkKind::Channel, community_key(community)),
        Destination::Group { member, .. } => (LinkKind::Group, member.to_multibase()),
    };
    Link {
        kind,
        link: link.to_string(),
        plain: link.plain(),
        key,
        chat: link.to.chat().map(|chat| chat.to_string()),
        name: said(card.name),
        description: said(card.description),
        colour: said(card.colour),
        emoji: said(card.emoji),
        members: Some(card.members).filter(|members| *members > 0),
        community: said(card.community),
    }
}

fn text(link: &SharedLink, plain: Option<bool>) -> String {
    match plain {
        Some(false) => link.to_string(),
        _ => link.plain(),
    }
}

fn no_link(why: &str) -> Refusal {
    Refusal::new(StatusCode::CONFLICT, ErrorBody::new("no_link", why))
}

fn too_long() -> Refusal {
    no_link("the link is too long for a QR code; take its plain form")
}

impl From<LinkError> for Refusal {
    fn from(error: LinkError) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            ErrorBody::new("bad_link", error.to_string()),
        )
    }
}

/// The end of a channel's id.
const UUID_LENGTH: usize = 36;
