//! Messages to and from push notification servers (71/STATUS-PUSH-NOTIFICATION-SERVER). Nothing is done with them yet.

use std::fmt;

use prost::Message as _;

use crate::content::{ContentError, Kind, decode};
use crate::wire::push as wire;

/// A message to or from a push notification server.
#[derive(Clone, PartialEq)]
pub enum PushMessage {
    /// A device registers: the ciphertext of a registration, which only client and server can open.
    Registration(Vec<u8>),
    /// The answer.
    RegistrationResponse(wire::PushNotificationRegistrationResponse),
    /// Asks where people are registered.
    Query(wire::PushNotificationQuery),
    /// The answer.
    QueryResponse(wire::PushNotificationQueryResponse),
    /// Asks to wake devices.
    Request(wire::PushNotificationRequest),
    /// The answer.
    Response(wire::PushNotificationResponse),
}

impl PushMessage {
    pub(super) fn parse(kind: Kind, body: &[u8]) -> Result<Option<PushMessage>, ContentError> {
        Ok(Some(match kind {
            Kind::PushNotificationRegistration => PushMessage::Registration(body.to_vec()),
            Kind::PushNotificationRegistrationResponse => PushMessage::RegistrationResponse(decode(body)?),
            Kind::PushNotificationQuery => PushMessage::Query(decode(body)?),
            Kind::PushNotificationQueryResponse => PushMessage::QueryResponse(decode(body)?),
            Kind::PushNotificationRequest => PushMessage::Request(decode(body)?),
            Kind::PushNotificationResponse => PushMessage::Response(decode(body)?),
            _ => return Ok(None),
        }))
    }

    pub(super) fn encode(&self) -> (Kind, Vec<u8>) {
        match self {
            PushMessage::Registration(sealed) => (Kind::PushNotificationRegistration, sealed.clone()),
            PushMessage::RegistrationResponse(content) => {
                (Kind::PushNotificationRegistrationResponse, content.encode_to_vec())
            }
            PushMessage::Query(content) => (Kind::PushNotificationQuery, content.encode_to_vec()),
            PushMessage::QueryResponse(content) => (Kind::PushNotificationQueryResponse, content.encode_to_vec()),
            PushMessage::Request(content) => (Kind::PushNotificationRequest, content.encode_to_vec()),
            PushMessage::Response(content) => (Kind::PushNotificationResponse, content.encode_to_vec()),
        }
    }
}

impl fmt::Debug for PushMessage {
    /// The kind only; never what it says.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.encode().0.as_str_name())
    }
}
