//! What our profile says, presence, the recovery phrase, and making sure who somebody is:
//! `/v1/profiles/{profile}/{description, seen, picture, pictures, presence, phrase, screen}`, `…/contacts/{key}/…`,
//! `…/chats/{chat}/notifications`.

use api::{
    Accepted, Account, ChatNotifications, ConfirmPhrase, Contact, DescribeProfile, ErrorBody, PhraseQuestion,
    SafetyNumber, Screen, SetPresence, SetTrust, SetVerified, VerificationText,
};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use messenger::profile::{Command as Wish, Link, Onlooker};
use messenger::verification::{Command as Verify, Comparison};
use messenger::{Command, Reply};
use store::{PictureSize, PublicKeyBytes, Trust};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zeroize::Zeroizing;

use crate::convert::{people, settings};
use crate::http::chats::chat_id;
use crate::http::contacts::person;
use crate::http::extract::Body;
use crate::http::{App, Refusal};
use crate::media::picture;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(set_picture, remove_picture))
        // A photograph as a camera makes it. What follows has the usual limit.
        .layer(DefaultBodyLimit::max(picture::MAX_FILE))
        .routes(routes!(describe))
        .routes(routes!(seen))
        .routes(routes!(show_picture))
        .routes(routes!(set_presence))
        .routes(routes!(phrase_question))
        .routes(routes!(confirm_phrase))
        .routes(routes!(forget_phrase))
        .routes(routes!(look))
        .routes(routes!(one))
        .routes(routes!(safety))
        .routes(routes!(set_trust))
        .routes(routes!(set_verified))
        .routes(routes!(verify))
        .routes(routes!(chat_notifications, set_chat_notifications))
}

/// Change what our profile says.
#[utoipa::path(
    patch, path = "/v1/profiles/{profile}/description", tag = "people", request_body = DescribeProfile,
    responses((status = 200, body = Account), (status = 422, body = ErrorBody))
)]
async fn describe(
    State(app): State<App>,
    Path(profile): Path<String>,
    Body(body): Body<DescribeProfile>,
) -> Result<Json<Account>, Refusal> {
    let profile = app.unlocked(&profile)?;
    let link = |link: api::ProfileLink| Link {
        label: link.label,
        url: link.url,
    };
    let wish = Wish::Describe {
        bio: body.bio,
        colour: body.colour,
        links: body.links.map(|links| links.into_iter().map(link).collect()),
    };
    profile.command(Command::Profile(wish)).await?;
    Ok(Json(profile.account()))
}

/// Our own profile as somebody else would show it: a contact, or a stranger who knows our key and was written to.
#[utoipa::path(
    get, path = "/v1/profiles/{profile}/seen/{by}", tag = "people",
    params(("profile" = String, Path,), ("by" = String, Path, description = "contact or stranger")),
    responses((status = 200, body = Contact), (status = 404, body = ErrorBody))
)]
async fn seen(State(app): State<App>, Path((profile, by)): Path<(String, String)>) -> Result<Json<Contact>, Refusal> {
    let profile = app.unlocked(&profile)?;
    let by = match by.as_str() {
        "contact" => Onlooker::Contact,
        "stranger" => Onlooker::Stranger,
        _ => return Err(Refusal::not_found("a profile is seen by a contact or by a stranger")),
    };
    let settings = *profile.board().settings.borrow();
    Ok(Json(people::as_seen(profile.account(), &settings, by)))
}

/// Replace our picture by an image file (JPEG, PNG, GIF or WebP, at most 10 MB), cut to the square in its middle.
#[utoipa::path(
    put, path = "/v1/profiles/{profile}/picture", tag = "people",
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = Account), (status = 422, body = ErrorBody))
)]
async fn set_picture(
    State(app): State<App>,
    Path(profile): Path<String>,
    file: Bytes,
) -> Result<Json<Account>, Refusal> {
    let profile = app.unlocked(&profile)?;
    let made = tokio::task::spawn_blocking(move || picture::profile_picture(&file, None)).await;
    let picture::ProfilePicture { thumbnail, large } = made.map_err(|_| Refusal::unavailable())?.map_err(|error| {
        Refusal::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            ErrorBody::new("bad_picture", error.to_string()),
        )
    })?;
    profile
        .command(Command::Profile(Wish::SetPicture { thumbnail, large }))
        .await?;
    Ok(Json(profile.account()))
}

/// Take our picture away.
#[utoipa::path(
    delete, path = "/v1/profiles/{profile}/picture", tag = "people",
    responses((status = 200, body = Account), (status = 423, description = "locked", body = ErrorBody))
)]
async fn remove_picture(State(app): State<App>, Path(profile): Path<String>) -> Result<Json<Account>, Refusal> {
    let profile = app.unlocked(&profile)?;
    profile.command(Command::Profile(Wish::RemovePicture)).await?;
    Ok(Json(profile.account()))
}

/// The picture of a person, decoded and made anew: a JPEG file.
#[utoipa::path(
    get, path = "/v1/profiles/{profile}/pictures/{key}/{size}", tag = "people",
    params(("profile" = String, Path,), ("key" = String, Path,), ("size" = String, Path, description = "thumbnail or large")),
    responses(
        (status = 200, content_type = "image/jpeg", body = Vec<u8>), (status = 404, body = ErrorBody)
    )
)]
async fn show_picture(
    State(app): State<App>,
    Path((profile, key, size)): Path<(String, String, String)>,
) -> Result<Response, Refusal> {
    let profile = app.unlocked(&profile)?;
    let none = || Refusal::not_found("there is no such picture");
    let size = match size.as_str() {
        "thumbnail" => PictureSize::Thumbnail,
        "large" => PictureSize::Large,
        _ => return Err(none()),
    };
    let key = PublicKeyBytes::from(person(&key)?.to_compressed());
    let row = profile
        .read(move |reading| reading.view.people().picture(&key, size))
        .await?;
    let bytes = row.ok_or_else(none)?.bytes;
    let shown = tokio::task::spawn_blocking(move || picture::shown(&bytes)).await;
    let shown = shown.map_err(|_| Refusal::unavailable())?.map_err(|_| none())?;
    Ok(([(header::CONTENT_TYPE, "image/jpeg")], shown).into_response())
}

/// Choose what is told of our being there. Everybody who knows our key can hear it.
#[utoipa::path(
    put, path = "/v1/profiles/{profile}/presence", tag = "people", request_body = SetPresence,
    responses((status = 200, body = Account), (status = 422, body = ErrorBody))
)]
async fn set_presence(
    State(app): State<App>,
    Path(profile): Path<String>,
    Body(body): Body<SetPresence>,
) -> Result<Json<Account>, Refusal> {
    let profile = app.unlocked(&profile)?;
    let wish = Wish::SetPresence {
        presence: people::presence_from(body.presence),
        text: body.text,
    };
    profile.command(Command::Profile(wish)).await?;
    Ok(Json(profile.account()))
}

/// Ask which two words of the recovery phrase are to be given back.
#[utoipa::path(
    post, path = "/v1/profiles/{profile}/phrase/question", tag = "people",
    responses((status = 200, body = PhraseQuestion), (status = 404, body = ErrorBody))
)]
async fn phrase_question(State(app): State<App>, Path(profile): Path<String>) -> Result<Json<PhraseQuestion>, Refusal> {
    let profile = app.unlocked(&profile)?;
    match profile.command(Command::Profile(Wish::AskForWords)).await? {
        Reply::Places(places) => Ok(Json(PhraseQuestion { places })),
        _ => unreachable!("asking for words answers with places"),
    }
}

/// Give the two words back, which shows that the phrase was written down.
#[utoipa::path(
    post, path = "/v1/profiles/{profile}/phrase/confirm", tag = "people", request_body = ConfirmPhrase,
    responses((status = 200, body = Account), (status = 409, body = ErrorBody), (status = 422, body = ErrorBody))
)]
async fn confirm_phrase(
    State(app): State<App>,
    Path(profile): Path<String>,
    Body(body): Body<ConfirmPhrase>,
) -> Result<Json<Account>, Refusal> {
    let profile = app.unlocked(&profile)?;
    let words = body.words.map(|word| Zeroizing::new(word.expose().to_owned()));
    profile.command(Command::Profile(Wish::ConfirmPhrase { words })).await?;
    Ok(Json(profile.account()))
}

/// Erase the recovery phrase from this device. It must have been confirmed.
#[utoipa::path(
    delete, path = "/v1/profiles/{profile}/phrase", tag = "people",
    responses((status = 200, body = Accepted), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody))
)]
async fn forget_phrase(State(app): State<App>, Path(profile): Path<String>) -> Result<Json<Accepted>, Refusal> {
    let profile = app.unlocked(&profile)?;
    profile.command(Command::Profile(Wish::ForgetPhrase)).await?;
    Ok(Json(Accepted {}))
}

/// Say what somebody looks at, so that it is not told besides.
#[utoipa::path(
    put, path = "/v1/profiles/{profile}/screen", tag = "people", request_body = Screen,
    responses((status = 200, body = Accepted), (status = 423, description = "locked", body = ErrorBody))
)]
async fn look(
    State(app): State<App>,
    Path(profile): Path<String>,
    Body(body): Body<Screen>,
) -> Result<Json<Accepted>, Refusal> {
    let profile = app.unlocked(&profile)?;
    let chat = body.chat.as_deref().map(chat_id).transpose()?;
    profile.look_at(chat).await?;
    Ok(Json(Accepted {}))
}

/// One person.
#[utoipa::path(
    get, path = "/v1/profiles/{profile}/contacts/{key}", tag = "contacts",
    responses((status = 200, body = Contact), (status = 404, body = ErrorBody))
)]
async fn one(State(app): State<App>, Path((profile, key)): Path<(String, String)>) -> Result<Json<Contact>, Refusal> {
    let profile = app.unlocked(&profile)?;
    Ok(Json(profile.contact(person(&key)?).await?))
}

/// What we and a person compare to be sure that nobody stands between us. The person need not be a contact.
#[utoipa::path(
    get, path = "/v1/profiles/{profile}/contacts/{key}/safety", tag = "contacts",
    responses((status = 200, body = SafetyNumber), (status = 423, description = "locked", body = ErrorBody))
)]
async fn safety(
    State(app): State<App>,
    Path((profile, key)): Path<(String, String)>,
) -> Result<Json<SafetyNumber>, Refusal> {
    let profile = app.unlocked(&profile)?;
    let own = profile.board().own.borrow().public_key;
    Ok(Json(people::safety(&own, &person(&key)?)))
}

/// Label a person. They are not told.
#[utoipa::path(
    put, path = "/v1/profiles/{profile}/contacts/{key}/trust", tag = "contacts", request_body = SetTrust,
    responses((status = 200, body = Contact), (status = 404, body = ErrorBody))
)]
async fn set_trust(
    State(app): State<App>,
    Path((profile, key)): Path<(String, String)>,
    Body(body): Body<SetTrust>,
) -> Result<Json<Contact>, Refusal> {
    let person = person(&key)?;
    let trust = people::trust_from(body.trust);
    carry_out(&app, &profile, person, Verify::SetTrust { person, trust }).await
}

/// Say that the safety number was compared.
#[utoipa::path(
    put, path = "/v1/profiles/{profile}/contacts/{key}/verified", tag = "contacts", request_body = SetVerified,
    responses((status = 200, body = Contact), (status = 404, body = ErrorBody))
)]
async fn set_verified(
    State(app): State<App>,
    Path((profile, key)): Path<(String, String)>,
    Body(body): Body<SetVerified>,
) -> Result<Json<Contact>, Refusal> {
    let person = person(&key)?;
    let outcome = match body.verified {
        true => Comparison::Same,
        false => Comparison::Different,
    };
    carry_out(&app, &profile, person, Verify::Compared { person, outcome }).await
}

/// One step of a proof of identity by question and answer.
#[utoipa::path(
    post, path = "/v1/profiles/{profile}/contacts/{key}/verification/{action}", tag = "contacts",
    request_body = VerificationText,
    params(
        ("profile" = String, Path,), ("key" = String, Path, description = "zQ3… or 0x04…"),
        ("action" = String, Path, description = "ask, answer, cancel, decline, trust or distrust")
    ),
    responses((status = 200, body = Contact), (status = 409, body = ErrorBody), (status = 422, body = ErrorBody))
)]
async fn verify(
    State(app): State<App>,
    Path((profile, key, action)): Path<(String, String, String)>,
    Body(body): Body<VerificationText>,
) -> Result<Json<Contact>, Refusal> {
    let person = person(&key)?;
    let wish = match action.as_str() {
        "ask" => Verify::Ask {
            person,
            question: body.text,
        },
        "answer" => Verify::Answer {
            person,
            answer: body.text,
        },
        "cancel" => Verify::Cancel { person },
        "decline" => Verify::Decline { person },
        "trust" => Verify::Judge {
            person,
            trust: Trust::Trusted,
        },
        "distrust" => Verify::Judge {
            person,
            trust: Trust::Untrusted,
        },
        _ => {
            return Err(Refusal::not_found(
                "a proof of identity can be asked for, answered, cancelled, declined, trusted or distrusted",
            ));
        }
    };
    carry_out(&app, &profile, person, wish).await
}

/// What was chosen about the notifications of one chat.
#[utoipa::path(
    get, path = "/v1/profiles/{profile}/chats/{chat}/notifications", tag = "chats",
    responses((status = 200, body = ChatNotifications), (status = 404, body = ErrorBody))
)]
async fn chat_notifications(
    State(app): State<App>,
    Path((profile, chat)): Path<(String, String)>,
) -> Result<Json<ChatNotifications>, Refusal> {
    let profile = app.unlocked(&profile)?;
    let chat = chat_id(&chat)?;
    let chosen = profile
        .read(move |reading| reading.view.chat_notifications().of(&chat))
        .await?;
    Ok(Json(settings::exception(&chosen)))
}

/// Choose about the notifications of one chat; what is absent is as for all.
#[utoipa::path(
    put, path = "/v1/profiles/{profile}/chats/{chat}/notifications", tag = "chats", request_body = ChatNotifications,
    responses((status = 200, body = ChatNotifications), (status = 404, body = ErrorBody))
)]
async fn set_chat_notifications(
    State(app): State<App>,
    Path((profile, chat)): Path<(String, String)>,
    Body(body): Body<ChatNotifications>,
) -> Result<Json<ChatNotifications>, Refusal> {
    let profile = app.unlocked(&profile)?;
    let wish = messenger::notifications::Command::ForChat {
        chat: chat_id(&chat)?,
        exception: settings::exception_from(&body),
    };
    profile.command(Command::Notifications(wish)).await?;
    Ok(Json(body))
}

async fn carry_out(
    app: &App,
    profile: &str,
    person: messenger::PublicKey,
    wish: Verify,
) -> Result<Json<Contact>, Refusal> {
    let profile = app.unlocked(profile)?;
    profile.command(Command::Verification(wish)).await?;
    Ok(Json(profile.contact(person).await?))
}
