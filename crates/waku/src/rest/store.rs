//! Store: asking our own archive, or another node's.

use std::time::Duration;

use axum::Json;
use axum::extract::{Query as Parameters, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use waku_proto::store::{Direction, Query, TOO_MANY_REQUESTS};
use waku_proto::{ContentTopic, PubsubTopic, store};

use super::shapes::{RelayMessage, hash};
use super::{App, Refusal};
use crate::node::HistoryError;
use crate::request::request_id;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(messages))
}

/// Names and values behind the question mark.
type Pairs = Vec<(String, String)>;

/// A page of stored messages.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Page {
    request_id: String,
    /// The store's own status; anything but 200 is a failure, also in an answer with HTTP status 200.
    status_code: u32,
    status_desc: String,
    messages: Vec<Stored>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pagination_cursor: Option<String>,
}

/// A stored message, or its hash.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Stored {
    message_hash: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<RelayMessage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pubsub_topic: Option<String>,
}

/// A page of stored messages
#[utoipa::path(get, path = "/store/v3/messages", tag = "store",
    params(
        ("peerAddr" = Option<String>, Query, description = "ask this node instead; its address with /p2p/"),
        ("includeData" = Option<bool>, Query, description = "whole messages, not only hashes"),
        ("pubsubTopic" = Option<String>, Query, description = "only this pubsub topic"),
        ("contentTopics" = Option<String>, Query, description = "only these, with commas between"),
        ("startTime" = Option<i64>, Query, description = "not before, nanoseconds since 1970"),
        ("endTime" = Option<i64>, Query, description = "not after, nanoseconds since 1970"),
        ("hashes" = Option<String>, Query, description = "only these messages, with commas between"),
        ("cursor" = Option<String>, Query, description = "go on from here"),
        ("ascending" = Option<String>, Query, description = "absent or true: oldest page first"),
        ("pageSize" = Option<u64>, Query, description = "20 if absent, at most 100"),
    ),
    responses((status = 200, body = Page), (status = 400, body = String), (status = 412, body = String),
        (status = 429, body = String), (status = 500, body = String)))]
async fn messages(State(app): State<App>, Parameters(pairs): Parameters<Pairs>) -> Result<Response, Refusal> {
    let (peer, query) = parse(pairs)?;
    let response = match (&peer, &app.sources().archive) {
        (None, Some(archive)) => archive.query(query).await,
        _ => remote(&app, peer, query).await?,
    };
    if response.status == TOO_MANY_REQUESTS {
        return Err(Refusal::new(StatusCode::TOO_MANY_REQUESTS, response.description));
    }
    Ok(Json(shown(response)).into_response())
}

async fn remote(app: &App, peer: Option<String>, query: Query) -> Result<store::Response, Refusal> {
    let nobody = |why: &str| Refusal::new(StatusCode::PRECONDITION_FAILED, why.to_owned());
    let slow = || {
        let text = "No history response received (timeout)";
        Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, text)
    };
    let asked = async {
        let peer = match peer {
            None => None,
            Some(address) => {
                let address = address
                    .parse()
                    .map_err(|_| Refusal::bad_request("Failed parsing remote peer info"))?;
                let connected = app.node().connect(address).await;
                Some(connected.map_err(|error| nobody(&error.to_string()))?)
            }
        };
        match app.node().query_history(peer, query.clone()).await {
            Ok(response) => Ok(response),
            Err(HistoryError::NoPeers) => Err(nobody("No suitable service peer & none discovered")),
            Err(HistoryError::Refused { status }) => {
                let refused = store::Response::refused(status, format!("the store node refused with status {status}"));
                Ok(store::Response {
                    request_id: query.request_id,
                    ..refused
                })
            }
            Err(HistoryError::TimedOut) => Err(slow()),
            Err(error) => Err(Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())),
        }
    };
    timeout(ANSWER_WITHIN, asked).await.unwrap_or_else(|_| Err(slow()))
}

/// Reads the address to ask and the question.
fn parse(pairs: Pairs) -> Result<(Option<String>, Query), Refusal> {
    let mut query = Query {
        request_id: request_id(),
        include_data: false,
        ..Query::default()
    };
    let mut peer = None;
    for (name, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
        let wrong = |_| Refusal::bad_request(format!("{name} is not a number"));
        let number = || value.parse::<i64>().map_err(wrong);
        match name.as_str() {
            "peerAddr" => peer = Some(value),
            "includeData" => query.include_data = value == "true",
            "pubsubTopic" => query.pubsub_topic = Some(PubsubTopic::from(value)),
            "contentTopics" => {
                query
                    .content_topics
                    .extend(value.split(',').map(|topic| ContentTopic::from(topic.to_owned())));
            }
            "startTime" => query.start = Some(number()?).filter(|time| *time > 0),
            "endTime" => query.end = Some(number()?).filter(|time| *time > 0),
            "hashes" => {
                for text in value.split(',') {
                    query.hashes.push(hash(text)?);
                }
            }
            "cursor" => query.cursor = Some(hash(&value)?),
            "ascending" if value != "true" => query.direction = Direction::Backward,
            "pageSize" => {
                let size = u64::try_from(number()?);
                query.limit = Some(size.map_err(|_| Refusal::bad_request("pageSize is negative"))?);
            }
            _ => {}
        }
    }
    query.check().map_err(|error| Refusal::bad_request(error.to_string()))?;
    Ok((peer, query))
}

fn shown(response: store::Response) -> Page {
    let entries = response.entries.into_iter().map(|entry| Stored {
        message_hash: entry.hash.to_string(),
        pubsub_topic: entry
            .envelope
            .as_ref()
            .map(|envelope| envelope.pubsub_topic.to_string()),
        message: entry
            .envelope
            .as_ref()
            .map(|envelope| RelayMessage::of_store(&envelope.message)),
    });
    Page {
        request_id: response.request_id,
        status_code: response.status,
        messages: entries.collect(),
        status_desc: response.description,
        pagination_cursor: response.cursor.map(|cursor| cursor.to_string()),
    }
}

/// As nwaku waits.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(Option<String>, Query), Refusal> {
        let uri = format!("/store/v3/messages?{text}").parse().unwrap();
        parse(Parameters::<Pairs>::try_from_uri(&uri).unwrap().0)
    }

    #[test]
    fn questions_are_read_as_nwaku_reads_them() {
        let hash = "ab".repeat(32);
        let text = format!(
            "includeData=true&contentTopics=%2Fa%2F1%2Fb%2Fproto,%2Fc&startTime=5&endTime=0&hashes=0x{hash}&cursor={hash}\
             &ascending=false&pageSize=7&peerAddr=%2Fip4%2F1.2.3.4&pubsubTopic=&unknown=1"
        );
        let (peer, query) = read(&text).unwrap();
        assert_eq!(peer.as_deref(), Some("/ip4/1.2.3.4"));
        assert_eq!(query.content_topics, ["/a/1/b/proto".into(), "/c".into()]);
        assert_eq!((query.start, query.end, query.limit), (Some(5), None, Some(7)));
        assert_eq!((query.direction, query.pubsub_topic), (Direction::Backward, None));
        assert!(query.include_data && query.cursor == Some(query.hashes[0]));
        assert_eq!(read("ascending=true").unwrap().1.direction, Direction::Forward);
        for wrong in ["startTime=x", "hashes=0x12", "cursor=zz", "pageSize=-1"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
