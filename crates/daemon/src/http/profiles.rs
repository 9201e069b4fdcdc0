//! `/v1/status`, `/v1/profiles…`: the profiles of this device, and the account inside an unlocked one.

use api::{
    Accepted, Account, ChangePassword, CreateProfile, DaemonStatus, ErrorBody, ExportPhrase, Phrase, Profile, Rename,
    RestoreProfile, Unlock,
};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use messenger::Command;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::extract::Body;
use crate::http::{App, Refusal};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(status))
        .routes(routes!(list, create))
        .routes(routes!(restore))
        .routes(routes!(remove))
        .routes(routes!(unlock))
        .routes(routes!(lock))
        .routes(routes!(change_password))
        .routes(routes!(export_phrase))
        .routes(routes!(account, rename))
}

/// The daemon and its profiles.
#[utoipa::path(get, path = "/v1/status", tag = "daemon", responses((status = 200, body = DaemonStatus)))]
async fn status(State(app): State<App>) -> Result<Json<DaemonStatus>, Refusal> {
    Ok(Json(DaemonStatus {
        version: env!("CARGO_PKG_VERSION").into(),
        started_at: app.started_at(),
        profiles: app.list()?,
    }))
}

/// The profiles of this device.
#[utoipa::path(get, path = "/v1/profiles", tag = "profiles", responses((status = 200, body = Vec<Profile>)))]
async fn list(State(app): State<App>) -> Result<Json<Vec<Profile>>, Refusal> {
    Ok(Json(app.list()?))
}

/// Make a profile with new keys.
#[utoipa::path(
    post, path = "/v1/profiles", tag = "profiles", request_body = CreateProfile,
    responses((status = 201, body = Profile), (status = 422, body = ErrorBody))
)]
async fn create(
    State(app): State<App>,
    Body(body): Body<CreateProfile>,
) -> Result<(StatusCode, Json<Profile>), Refusal> {
    let profile = app.create(&body.name, &body.password, None).await?;
    finish(&app, profile, &body.password, body.unlock).await
}

/// Make a profile from a recovery phrase.
#[utoipa::path(
    post, path = "/v1/profiles/restore", tag = "profiles", request_body = RestoreProfile,
    responses((status = 201, body = Profile), (status = 422, body = ErrorBody))
)]
async fn restore(
    State(app): State<App>,
    Body(body): Body<RestoreProfile>,
) -> Result<(StatusCode, Json<Profile>), Refusal> {
    let profile = app.create(&body.name, &body.password, Some(&body.phrase)).await?;
    finish(&app, profile, &body.password, body.unlock).await
}

async fn finish(
    app: &App,
    profile: Profile,
    password: &api::Secret,
    unlock: bool,
) -> Result<(StatusCode, Json<Profile>), Refusal> {
    let profile = if unlock {
        app.unlock(&profile.id, password).await?
    } else {
        profile
    };
    Ok((StatusCode::CREATED, Json(profile)))
}

/// Delete a profile from this device. The account lives on for whoever has its recovery phrase.
#[utoipa::path(
    delete, path = "/v1/profiles/{profile}", tag = "profiles",
    responses((status = 200, body = Accepted), (status = 404, body = ErrorBody))
)]
async fn remove(State(app): State<App>, Path(profile): Path<String>) -> Result<Json<Accepted>, Refusal> {
    app.remove(&profile).await?;
    Ok(Json(Accepted {}))
}

/// Bring a profile's keys into memory and its node onto the network.
#[utoipa::path(
    post, path = "/v1/profiles/{profile}/unlock", tag = "profiles", request_body = Unlock,
    responses((status = 200, body = Profile), (status = 403, description = "wrong password", body = ErrorBody))
)]
async fn unlock(
    State(app): State<App>,
    Path(profile): Path<String>,
    Body(body): Body<Unlock>,
) -> Result<Json<Profile>, Refusal> {
    Ok(Json(app.unlock(&profile, &body.password).await?))
}

/// Take a profile's keys out of memory, and its node off the network.
#[utoipa::path(
    post, path = "/v1/profiles/{profile}/lock", tag = "profiles",
    responses((status = 200, body = Profile), (status = 404, body = ErrorBody))
)]
async fn lock(State(app): State<App>, Path(profile): Path<String>) -> Result<Json<Profile>, Refusal> {
    Ok(Json(app.lock(&profile).await?))
}

/// Replace the password and the key it protects. The profile is locked meanwhile.
#[utoipa::path(
    post, path = "/v1/profiles/{profile}/password", tag = "profiles", request_body = ChangePassword,
    responses((status = 200, body = Accepted), (status = 403, description = "wrong password", body = ErrorBody))
)]
async fn change_password(
    State(app): State<App>,
    Path(profile): Path<String>,
    Body(body): Body<ChangePassword>,
) -> Result<Json<Accepted>, Refusal> {
    app.change_password(&profile, &body.old, &body.new).await?;
    Ok(Json(Accepted {}))
}

/// Show the recovery phrase; the password is asked for again.
#[utoipa::path(
    post, path = "/v1/profiles/{profile}/phrase", tag = "profiles", request_body = ExportPhrase,
    responses((status = 200, body = Phrase), (status = 403, description = "wrong password", body = ErrorBody))
)]
async fn export_phrase(
    State(app): State<App>,
    Path(profile): Path<String>,
    Body(body): Body<ExportPhrase>,
) -> Result<Json<Phrase>, Refusal> {
    Ok(Json(Phrase {
        phrase: app.export_phrase(&profile, &body.password).await?,
    }))
}

/// The account of an unlocked profile.
#[utoipa::path(
    get, path = "/v1/profiles/{profile}/account", tag = "profiles",
    responses((status = 200, body = Account), (status = 423, description = "locked", body = ErrorBody))
)]
async fn account(State(app): State<App>, Path(profile): Path<String>) -> Result<Json<Account>, Refusal> {
    let profile = app.unlocked(&profile)?;
    Ok(Json(profile.account()))
}

/// Change the display name.
#[utoipa::path(
    patch, path = "/v1/profiles/{profile}/account", tag = "profiles", request_body = Rename,
    responses((status = 200, body = Account), (status = 422, body = ErrorBody))
)]
async fn rename(
    State(app): State<App>,
    Path(id): Path<String>,
    Body(body): Body<Rename>,
) -> Result<Json<Account>, Refusal> {
    let profile = app.unlocked(&id)?;
    profile.command(Command::SetDisplayName { name: body.name }).await?;
    let account = profile.account();
    app.rename(&id, &account.name).await?;
    Ok(Json(account))
}
