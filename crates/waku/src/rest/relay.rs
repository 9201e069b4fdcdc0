//! Relay: topics to join and leave, messages to fetch and to publish.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use tokio::time::timeout;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use waku_proto::{ContentTopic, Envelope, PubsubTopic, Shard, WakuMessage, autoshard};

use super::health::status;
use super::shapes::{NewMessage, RelayMessage};
use super::{App, OK, Refusal, body};
use crate::node::PublishError;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(subscribe, unsubscribe, options_subscriptions))
        .routes(routes!(messages, publish, options_messages))
        .routes(routes!(
            subscribe_content,
            unsubscribe_content,
            options_content_subscriptions
        ))
        .routes(routes!(content_messages, options_content_topic))
        .routes(routes!(publish_content, options_content_messages))
}

/// Join pubsub topics and keep their messages for fetching
#[utoipa::path(post, path = "/relay/v1/subscriptions", tag = "relay", request_body = Vec<String>,
    responses((status = 200, body = String), (status = 400, body = String)))]
async fn subscribe(State(app): State<App>, headers: HeaderMap, bytes: Bytes) -> Result<&'static str, Refusal> {
    let topics = shards(body(&headers, &bytes)?)?;
    app.cache().subscribe(topics.iter().cloned());
    app.node().join(topics).await;
    Ok(OK)
}

/// Leave pubsub topics
#[utoipa::path(delete, path = "/relay/v1/subscriptions", tag = "relay", request_body = Vec<String>,
    responses((status = 200, body = String), (status = 400, body = String)))]
async fn unsubscribe(State(app): State<App>, headers: HeaderMap, bytes: Bytes) -> Result<&'static str, Refusal> {
    let topics = shards(body(&headers, &bytes)?)?;
    app.cache().unsubscribe(&topics);
    app.node().leave(topics).await;
    Ok(OK)
}

/// What a browser asks before it asks
#[utoipa::path(options, path = "/relay/v1/subscriptions", tag = "relay", responses((status = 200, body = String)))]
async fn options_subscriptions() -> &'static str {
    OK
}

/// Fetch the messages of a pubsub topic; each is given once
#[utoipa::path(get, path = "/relay/v1/messages/{pubsubTopic}", tag = "relay",
    params(("pubsubTopic" = String, Path, description = "with %2F for /")),
    responses((status = 200, body = Vec<RelayMessage>), (status = 404, body = String)))]
async fn messages(State(app): State<App>, Path(topic): Path<String>) -> Result<Json<Vec<RelayMessage>>, Refusal> {
    let topic = PubsubTopic::from(topic);
    let taken = app.cache().take(&topic);
    let none = || Refusal::new(StatusCode::NOT_FOUND, format!("Not subscribed to topic: {topic}"));
    Ok(Json(shown(&taken.ok_or_else(none)?)))
}

/// Publish a message on a pubsub topic that the node relays
#[utoipa::path(post, path = "/relay/v1/messages/{pubsubTopic}", tag = "relay", request_body = NewMessage,
    params(("pubsubTopic" = String, Path, description = "with %2F for /")),
    responses((status = 200, body = String), (status = 400, body = String), (status = 500, body = String)))]
async fn publish(
    State(app): State<App>,
    Path(topic): Path<String>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<&'static str, Refusal> {
    let topic = PubsubTopic::from(topic);
    if !status(&app).await?.topics.contains(&topic) {
        return Err(failed(&format!("Node not subscribed to topic: {topic}")));
    }
    let message = body::<NewMessage>(&headers, &bytes)?.into_message()?;
    // As nwaku: without peers the message is kept here, and that is enough.
    send(&app, topic, message).await?;
    Ok(OK)
}

/// What a browser asks before it asks
#[utoipa::path(options, path = "/relay/v1/messages/{pubsubTopic}", tag = "relay",
    params(("pubsubTopic" = String, Path, description = "with %2F for /")), responses((status = 200, body = String)))]
async fn options_messages() -> &'static str {
    OK
}

/// Join the shards of content topics and keep their messages for fetching
#[utoipa::path(post, path = "/relay/v1/auto/subscriptions", tag = "relay", request_body = Vec<String>,
    responses((status = 200, body = String), (status = 400, body = String), (status = 500, body = String)))]
async fn subscribe_content(State(app): State<App>, headers: HeaderMap, bytes: Bytes) -> Result<&'static str, Refusal> {
    let contents = content_topics(body(&headers, &bytes)?);
    let topics = contents.iter().map(|content| shard_of(&app, content));
    let topics = topics.collect::<Result<Vec<PubsubTopic>, Refusal>>()?;
    app.cache().subscribe_content(contents);
    app.node().join(topics).await;
    Ok(OK)
}

/// Keep messages of content topics no longer
#[utoipa::path(delete, path = "/relay/v1/auto/subscriptions", tag = "relay", request_body = Vec<String>,
    responses((status = 200, body = String), (status = 400, body = String), (status = 500, body = String)))]
async fn unsubscribe_content(
    State(app): State<App>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<&'static str, Refusal> {
    let contents = content_topics(body(&headers, &bytes)?);
    let topics = contents.iter().map(|content| shard_of(&app, content));
    let mut left = topics.collect::<Result<Vec<PubsubTopic>, Refusal>>()?;
    {
        let mut cache = app.cache();
        cache.unsubscribe_content(&contents);
        // A shard stays as long as another content topic or the shard itself is subscribed to.
        let others: Vec<PubsubTopic> = cache
            .content_topics()
            .filter_map(|content| shard_of(&app, content).ok())
            .collect();
        left.retain(|topic| {
            !others.contains(topic) && !cache.is_subscribed(topic) && !app.sources().topics.contains(topic)
        });
    }
    app.node().leave(left).await;
    Ok(OK)
}

/// What a browser asks before it asks
#[utoipa::path(options, path = "/relay/v1/auto/subscriptions", tag = "relay", responses((status = 200, body = String)))]
async fn options_content_subscriptions() -> &'static str {
    OK
}

/// Fetch the messages of a content topic; each is given once
#[utoipa::path(get, path = "/relay/v1/auto/messages/{contentTopic}", tag = "relay",
    params(("contentTopic" = String, Path, description = "with %2F for /")),
    responses((status = 200, body = Vec<RelayMessage>), (status = 404, body = String)))]
async fn content_messages(
    State(app): State<App>,
    Path(topic): Path<String>,
) -> Result<Json<Vec<RelayMessage>>, Refusal> {
    let topic = ContentTopic::from(topic);
    let taken = app.cache().take_content(&topic);
    let none = || {
        Refusal::new(
            StatusCode::NOT_FOUND,
            format!("Not subscribed to content topic: {topic}"),
        )
    };
    Ok(Json(shown(&taken.ok_or_else(none)?)))
}

/// What a browser asks before it asks
#[utoipa::path(options, path = "/relay/v1/auto/messages/{contentTopic}", tag = "relay",
    params(("contentTopic" = String, Path, description = "with %2F for /")), responses((status = 200, body = String)))]
async fn options_content_topic() -> &'static str {
    OK
}

/// Publish a message on the shard of its content topic
#[utoipa::path(post, path = "/relay/v1/auto/messages", tag = "relay", request_body = NewMessage,
    responses((status = 200, body = String), (status = 400, body = String), (status = 500, body = String)))]
async fn publish_content(State(app): State<App>, headers: HeaderMap, bytes: Bytes) -> Result<&'static str, Refusal> {
    let message = body::<NewMessage>(&headers, &bytes)?.into_message()?;
    if app.sources().autoshards.is_none() {
        return Err(Refusal::bad_request("Failed to publish. Autosharding is disabled"));
    }
    let topic = shard_of(&app, &message.content_topic)
        .map_err(|refusal| Refusal::bad_request(format!("Failed to publish. {}", refusal.text)))?;
    match send(&app, topic, message).await? {
        0 => Err(failed("no peers for the topic; the message was kept by this node only")),
        _ => Ok(OK),
    }
}

/// What a browser asks before it asks
#[utoipa::path(options, path = "/relay/v1/auto/messages", tag = "relay", responses((status = 200, body = String)))]
async fn options_content_messages() -> &'static str {
    OK
}

/// Publishes, and answers how many peers there are for it.
async fn send(app: &App, topic: PubsubTopic, message: WakuMessage) -> Result<u32, Refusal> {
    let published = timeout(PUBLISH_WITHIN, app.node().publish_here(Envelope::new(topic, message))).await;
    let slow = || Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "Failed to publish: timedout");
    match published {
        Ok(Ok(peers)) => Ok(peers),
        Ok(Err(PublishError::TooLarge)) => {
            let most = app.node().max_message_size();
            Err(failed(&format!("Message size exceeded maximum of {most} bytes")))
        }
        Ok(Err(PublishError::Refused)) => Err(failed(
            "the message breaks a rule of the network, or its shard is not relayed",
        )),
        Ok(Err(PublishError::NoPeers)) => Err(failed("no peers for the topic")),
        Ok(Err(PublishError::Rate(refusal))) => Err(failed(&format!("RLN validation failed: {refusal}"))),
        Ok(Err(PublishError::TimedOut)) | Err(_) => Err(slow()),
    }
}

fn failed(why: &str) -> Refusal {
    Refusal::bad_request(format!("Failed to publish: {why}"))
}

fn shards(texts: Vec<String>) -> Result<Vec<PubsubTopic>, Refusal> {
    let topics: Vec<PubsubTopic> = texts.into_iter().map(PubsubTopic::from).collect();
    let wrong: Vec<&str> = topics
        .iter()
        .filter(|topic| Shard::of(topic).is_none())
        .map(PubsubTopic::as_str)
        .collect();
    if wrong.is_empty() {
        Ok(topics)
    } else {
        Err(Refusal::bad_request(format!(
            "Invalid pubsub topic(s): {}",
            wrong.join(", ")
        )))
    }
}

fn content_topics(texts: Vec<String>) -> Vec<ContentTopic> {
    texts.into_iter().map(ContentTopic::from).collect()
}

fn shard_of(app: &App, content: &ContentTopic) -> Result<PubsubTopic, Refusal> {
    let wrong = |text: String| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, text);
    let shards = app.sources().autoshards;
    let shards = shards.ok_or_else(|| wrong("Autosharding is disabled".into()))?;
    autoshard(content, app.sources().cluster, shards)
        .map(Shard::topic)
        .map_err(|error| wrong(format!("Autosharding error: {error}")))
}

fn shown(envelopes: &[Envelope]) -> Vec<RelayMessage> {
    envelopes
        .iter()
        .map(|envelope| RelayMessage::of_relay(&envelope.message))
        .collect()
}

/// As nwaku waits.
const PUBLISH_WITHIN: std::time::Duration = std::time::Duration::from_secs(5);
