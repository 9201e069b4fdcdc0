//! Light push by REST: this node publishes, as it would for a light client.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::json;
use tokio::time::timeout;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use waku_proto::lightpush::{Request, Status, TOO_LARGE};
use waku_proto::{Envelope, PubsubTopic, Shard, autoshard};

use super::shapes::NewMessage;
use super::{App, OK, Refusal, body};
use crate::lightpush;
use crate::node::PublishError;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(push)).routes(routes!(old_push))
}

/// A message to be published, and where.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PushRequest {
    /// Absent or empty: the shard of the content topic, on networks that have such.
    pubsub_topic: Option<String>,
    message: NewMessage,
}

/// Publish a message; the HTTP status is light push's own where HTTP knows the number
#[utoipa::path(post, path = "/lightpush/v3/message", tag = "lightpush", request_body = PushRequest,
    responses((status = 200, description = "`relayPeerCount`"), (status = 400), (status = 421), (status = 500), (status = 503), (status = 505)))]
async fn push(State(app): State<App>, headers: HeaderMap, bytes: Bytes) -> Response {
    let request = match read(&headers, &bytes) {
        Ok(request) => request,
        Err(refusal) => return answer(Status::BadRequest, refusal.text),
    };
    match publish(&app, request).await {
        Ok(peers) => Json(json!({ "relayPeerCount": peers })).into_response(),
        Err((status, text)) => answer(status, text),
    }
}

/// Publish a message, in the words of the older protocol
#[utoipa::path(post, path = "/lightpush/v1/message", tag = "lightpush", request_body = PushRequest,
    responses((status = 200, body = String), (status = 400, body = String), (status = 503, body = String)))]
async fn old_push(State(app): State<App>, headers: HeaderMap, bytes: Bytes) -> Result<&'static str, Refusal> {
    let request = read(&headers, &bytes)?;
    publish(&app, request).await.map(|_| OK).map_err(|(_, text)| {
        let text = format!("Failed to request a message push: {text}");
        Refusal::new(StatusCode::SERVICE_UNAVAILABLE, text)
    })
}

fn read(headers: &HeaderMap, bytes: &Bytes) -> Result<Request, Refusal> {
    let request: PushRequest = body(headers, bytes)?;
    Ok(Request {
        request_id: String::new(),
        pubsub_topic: request
            .pubsub_topic
            .filter(|topic| !topic.is_empty())
            .map(PubsubTopic::from),
        message: request.message.into_message()?,
    })
}

async fn publish(app: &App, request: Request) -> Result<u32, (Status, String)> {
    let sources = app.sources();
    let topic = match (request.pubsub_topic, sources.autoshards) {
        (Some(topic), _) => topic,
        (None, Some(shards)) => autoshard(&request.message.content_topic, sources.cluster, shards)
            .map(Shard::topic)
            .map_err(|error| (Status::InvalidMessage, error.to_string()))?,
        (None, None) => {
            let text = "a pubsub topic is needed on static shards";
            return Err((Status::InvalidMessage, text.into()));
        }
    };
    let published = timeout(PUSH_WITHIN, app.node().publish(Envelope::new(topic, request.message))).await;
    match published {
        Ok(Ok(receipt)) => Ok(receipt.count.unwrap_or(1)),
        Ok(Err(PublishError::NoPeers)) => Err((Status::NoPeersToRelay, "No peers for topic, skipping publish".into())),
        Ok(Err(PublishError::TooLarge)) => {
            let text = format!("{TOO_LARGE} maximum of {} bytes", app.node().max_message_size());
            Err((Status::InvalidMessage, text))
        }
        Ok(Err(PublishError::Refused)) => {
            let text = "the message breaks a rule of the network, or this node does not relay the pubsub topic";
            Err((Status::UnsupportedPubsubTopic, text.into()))
        }
        Ok(Err(PublishError::Rate(refusal))) => Err(lightpush::of_refusal(refusal)),
        Ok(Err(PublishError::TimedOut)) | Err(_) => Err((Status::ServiceUnavailable, "Push request timed out".into())),
    }
}

fn answer(status: Status, text: String) -> Response {
    // 420 is no status of HTTP's.
    let code = u16::try_from(status.code()).ok().filter(|code| *code != 420);
    let code = code.and_then(|code| StatusCode::from_u16(code).ok());
    let code = code.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (code, Json(json!({ "statusDesc": text }))).into_response()
}

/// As nwaku waits.
const PUSH_WITHIN: std::time::Duration = std::time::Duration::from_secs(5);
