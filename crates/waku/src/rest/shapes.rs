//! The JSON of nwaku's REST API. Binary values are base64 with padding, hashes hexadecimal with `0x`, times nanoseconds
//! since 1970 as integers (which exceed what JavaScript's numbers hold exactly).

use std::time::{SystemTime, UNIX_EPOCH};

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use waku_proto::{ContentTopic, MessageHash, WakuMessage};

use super::Refusal;

/// A Waku message.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RelayMessage {
    payload: String,
    content_topic: String,
    version: u32,
    timestamp: i64,
    #[serde(skip_serializing_if = "String::is_empty")]
    meta: String,
    ephemeral: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<String>,
}

impl RelayMessage {
    /// As relay gives it: with a proof, be it empty.
    pub(crate) fn of_relay(message: &WakuMessage) -> Self {
        Self {
            proof: Some(BASE64.encode(message.rate_limit_proof.as_deref().unwrap_or_default())),
            ..Self::of_store(message)
        }
    }

    /// As the store gives it: with a proof only if there is one.
    pub(crate) fn of_store(message: &WakuMessage) -> Self {
        let proof = message.rate_limit_proof.as_deref().filter(|proof| !proof.is_empty());
        Self {
            payload: BASE64.encode(&message.payload),
            content_topic: message.content_topic.to_string(),
            version: message.version,
            timestamp: message.timestamp.unwrap_or(0),
            meta: BASE64.encode(&message.meta),
            ephemeral: message.ephemeral,
            proof: proof.map(|proof| BASE64.encode(proof)),
        }
    }
}

/// A message that somebody wants to publish. Fields that are not known are passed over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewMessage {
    payload: String,
    content_topic: String,
    version: Option<u32>,
    timestamp: Option<i64>,
    meta: Option<String>,
    ephemeral: Option<bool>,
    proof: Option<String>,
}

impl NewMessage {
    /// The message; without a time it gets the present one.
    pub(crate) fn into_message(self) -> Result<WakuMessage, Refusal> {
        let bytes = |name: &str, text: &str| {
            BASE64
                .decode(text.as_bytes())
                .map_err(|_| Refusal::bad_request(format!("{name} is not base64 with padding")))
        };
        let payload = bytes("payload", &self.payload)?;
        if payload.is_empty() {
            return Err(Refusal::bad_request("payload is empty"));
        }
        if self.content_topic.is_empty() {
            return Err(Refusal::bad_request("contentTopic is empty"));
        }
        let timestamp = self.timestamp.filter(|timestamp| *timestamp != 0).unwrap_or_else(now);
        Ok(WakuMessage {
            payload,
            content_topic: ContentTopic::from(self.content_topic),
            version: self.version.unwrap_or(0),
            timestamp: Some(timestamp),
            meta: bytes("meta", self.meta.as_deref().unwrap_or_default())?,
            ephemeral: self.ephemeral.unwrap_or(false),
            rate_limit_proof: self.proof.map(|proof| bytes("proof", &proof)).transpose()?,
        })
    }
}

/// A hash as 64 hexadecimal digits, with or without `0x`.
pub(crate) fn hash(text: &str) -> Result<MessageHash, Refusal> {
    let digits = text.trim().trim_start_matches("0x");
    hex::decode(digits)
        .ok()
        .and_then(|bytes| MessageHash::from_slice(&bytes))
        .ok_or_else(|| Refusal::bad_request("a message hash has 64 hexadecimal digits"))
}

/// Nanoseconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_comes_back_as_it_was_given() {
        let json = r#"{"payload":"AQI=","contentTopic":"/a/1/b/proto","timestamp":1681964442000000000,"meta":"/w==",
            "ephemeral":true,"somethingNew":1}"#;
        let message = serde_json::from_str::<NewMessage>(json)
            .unwrap()
            .into_message()
            .unwrap();
        assert_eq!((&message.payload[..], &message.meta[..]), (&[1, 2][..], &[0xff][..]));
        let written = serde_json::to_value(RelayMessage::of_relay(&message)).unwrap();
        assert_eq!(
            written,
            serde_json::json!({"payload": "AQI=", "contentTopic": "/a/1/b/proto", "version": 0,
                "timestamp": 1681964442000000000i64, "meta": "/w==", "ephemeral": true, "proof": ""})
        );
        let stored = serde_json::to_value(RelayMessage::of_store(&message)).unwrap();
        assert!(stored.get("proof").is_none());
    }

    #[test]
    fn what_cannot_be_published_is_refused() {
        for json in [
            r#"{"payload":"","contentTopic":"/a"}"#,
            r#"{"payload":"AQI=","contentTopic":""}"#,
            r#"{"payload":"AQI","contentTopic":"/a"}"#,
            r#"{"payload":"AQI=","contentTopic":"/a","meta":"-"}"#,
        ] {
            assert!(
                serde_json::from_str::<NewMessage>(json)
                    .unwrap()
                    .into_message()
                    .is_err(),
                "{json}"
            );
        }
        assert!(serde_json::from_str::<NewMessage>(r#"{"contentTopic":"/a"}"#).is_err());
        let without_time =
            serde_json::from_str::<NewMessage>(r#"{"payload":"AQI=","contentTopic":"/a","timestamp":0}"#);
        assert!(without_time.unwrap().into_message().unwrap().timestamp.unwrap() > 1_700_000_000_000_000_000);
    }
}
