//! `/v1/profiles/{profile}/node` and `events`: the network node, and the event stream.

use api::{ErrorBody, Frame, NodeStatus};
use axum::Json;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::auth::EVENTS_PROTOCOL;
use crate::http::extract::Asked;
use crate::http::{App, Refusal};
use crate::socket::{self, Resume};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(status)).routes(routes!(events))
}

/// The network node of an unlocked profile.
#[utoipa::path(
    get, path = "/v1/profiles/{profile}/node", tag = "node",
    responses((status = 200, body = NodeStatus), (status = 423, description = "locked", body = ErrorBody))
)]
async fn status(State(app): State<App>, Path(profile): Path<String>) -> Result<Json<NodeStatus>, Refusal> {
    Ok(Json(app.unlocked(&profile)?.node_status().await?))
}

/// From where to go on: both of an earlier stream, or neither.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Position {
    /// The epoch of the last frame.
    epoch: Option<String>,
    /// The last event that was applied.
    since: Option<u64>,
}

/// The event stream: a WebSocket whose text frames are `Frame`s. A browser offers the subprotocols `undertone.v1` and
/// `undertone.token.<token>`.
#[utoipa::path(
    get, path = "/v1/profiles/{profile}/events", tag = "events", params(("profile" = String, Path,), Position),
    responses(
        (status = 101, description = "the stream begins", body = Frame),
        (status = 423, description = "locked", body = ErrorBody)
    )
)]
async fn events(
    State(app): State<App>,
    Path(profile): Path<String>,
    Asked(position): Asked<Position>,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Result<Response, Refusal> {
    let upgrade = upgrade.map_err(|_| Refusal::bad_request("this path is a WebSocket"))?;
    let log = app.unlocked(&profile)?.events();
    let resume = Resume {
        epoch: position.epoch,
        since: position.since,
    };
    Ok(upgrade
        .protocols([EVENTS_PROTOCOL])
        .max_message_size(socket::MAX_INCOMING)
        .max_frame_size(socket::MAX_INCOMING)
        .on_upgrade(move |socket| socket::serve(socket, log, resume)))
}
