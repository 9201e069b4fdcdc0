//! `/v1/profiles/{profile}/node` and `events`: the network node, and the event stream.

use api::{AddNode, AddedNode, ErrorBody, Frame, NodeStatus};
use axum::Json;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::auth::EVENTS_PROTOCOL;
use crate::http::extract::{Asked, Body};
use crate::http::{App, Refusal};
use crate::socket::{self, Resume};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(status))
        .routes(routes!(add, remove))
        .routes(routes!(events))
}

/// The network node of an unlocked profile.
#[utoipa::path(
    get, path = "/v1/profiles/{profile}/node", tag = "node",
    responses((status = 200, body = NodeStatus), (status = 423, description = "locked", body = ErrorBody))
)]
async fn status(State(app): State<App>, Path(profile): Path<String>) -> Result<Json<NodeStatus>, Refusal> {
    Ok(Json(app.unlocked(&profile)?.node_status().await?))
}

/// Connect to a node, now and at every unlocking. It is kept if it answers.
#[utoipa::path(
    post, path = "/v1/profiles/{profile}/node/added", tag = "node", request_body = AddNode,
    responses(
        (status = 200, body = NodeStatus), (status = 409, description = "it does not answer", body = ErrorBody),
        (status = 422, description = "no address of a node", body = ErrorBody)
    )
)]
async fn add(
    State(app): State<App>,
    Path(profile): Path<String>,
    Body(body): Body<AddNode>,
) -> Result<Json<NodeStatus>, Refusal> {
    let profile = app.unlocked(&profile)?;
    profile.add_node(&body.address).await?;
    Ok(Json(profile.node_status().await?))
}

/// Connect no more to a node that was added.
#[utoipa::path(
    delete, path = "/v1/profiles/{profile}/node/added", tag = "node", params(("profile" = String, Path,), AddedNode),
    responses((status = 200, body = NodeStatus), (status = 423, description = "locked", body = ErrorBody))
)]
async fn remove(
    State(app): State<App>,
    Path(profile): Path<String>,
    Asked(query): Asked<AddedNode>,
) -> Result<Json<NodeStatus>, Refusal> {
    let profile = app.unlocked(&profile)?;
    profile.remove_node(&query.address).await?;
    Ok(Json(profile.node_status().await?))
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
