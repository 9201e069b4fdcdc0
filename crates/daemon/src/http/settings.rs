//! `/v1/profiles/{profile}/settings`.

use api::{ErrorBody, Settings};
use axum::Json;
use axum::extract::{Path, State};
use messenger::Command;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::convert;
use crate::http::extract::Body;
use crate::http::{App, Refusal};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(load, save))
}

/// The settings of an unlocked profile.
#[utoipa::path(
    get, path = "/v1/profiles/{profile}/settings", tag = "settings",
    responses((status = 200, body = Settings), (status = 423, description = "locked", body = ErrorBody))
)]
async fn load(State(app): State<App>, Path(profile): Path<String>) -> Result<Json<Settings>, Refusal> {
    Ok(Json(app.unlocked(&profile)?.settings()))
}

/// Replace the settings.
#[utoipa::path(
    put, path = "/v1/profiles/{profile}/settings", tag = "settings", request_body = Settings,
    responses((status = 200, body = Settings), (status = 423, description = "locked", body = ErrorBody))
)]
async fn save(
    State(app): State<App>,
    Path(profile): Path<String>,
    Body(body): Body<Settings>,
) -> Result<Json<Settings>, Refusal> {
    let profile = app.unlocked(&profile)?;
    profile
        .command(Command::ChangeSettings(convert::settings::settings_from(&body)))
        .await?;
    Ok(Json(profile.settings()))
}
