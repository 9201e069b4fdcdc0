//! Rendezvous (libp2p's protocol): nodes leave a signed record at a point, under a name, and ask there who else did.
//!
//! The protocol is spoken under two ids. Under [`PROTOCOL`] a name is a shard ([`namespace`]), and records are those of
//! libp2p. Under [`PROTOCOL_MIX`] deployed nodes leave records of their own kind ([`MixRecord`]) under `rs/<cluster>/mix`.
//! What a point keeps, and for how long, is decided in [`point`]; whether a signature is genuine, by whoever reads it.

use prost::Message as _;

use crate::shard::Shard;
use crate::wire;

pub mod point;

/// One message of the protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Keep this for me.
    Register(Registration),
    /// What became of that.
    Registered {
        /// [`Status::Ok`], or why not.
        status: Status,
        /// For how long it is kept, in seconds.
        ttl: u64,
    },
    /// Keep nothing of mine under this name any more. There is no answer.
    Unregister {
        /// The name.
        namespace: String,
    },
    /// Who is registered?
    Discover(Question),
    /// Those are.
    Discovered(Answer),
}

/// A record that is left at a point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// The name, of 1 to [`MAX_NAMESPACE`] bytes.
    pub namespace: String,
    /// A signed envelope of libp2p.
    pub record: Vec<u8>,
    /// For how long it is to be kept, in seconds; `None` leaves it to the point. In an answer: what is left.
    pub ttl: Option<u64>,
}

/// A question for registrations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// Under which name; empty = under any.
    pub namespace: String,
    /// At most so many.
    pub limit: Option<u64>,
    /// From an earlier answer: only what came since.
    pub cookie: Vec<u8>,
}

/// The answer to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// [`Status::Ok`], or why there are none.
    pub status: Status,
    /// Who is registered.
    pub registrations: Vec<Registration>,
    /// For the next question.
    pub cookie: Vec<u8>,
}

/// What a point says of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// Done.
    #[default]
    Ok,
    /// The name is empty or too long.
    InvalidNamespace,
    /// The record is not one of whoever sent it.
    InvalidRecord,
    /// Nobody keeps anything for that long, or that short.
    InvalidTtl,
    /// The cookie is of another question.
    InvalidCookie,
    /// The sender may not do that.
    NotAuthorized,
    /// The point is at fault.
    InternalError,
    /// The point has no room.
    Unavailable,
}

impl Status {
    const CODES: [(Self, u32, &'static str); 8] = [
        (Self::Ok, 0, ""),
        (Self::InvalidNamespace, 100, "invalid namespace"),
        (Self::InvalidRecord, 101, "invalid signed peer record"),
        (Self::InvalidTtl, 102, "invalid ttl"),
        (Self::InvalidCookie, 103, "invalid cookie"),
        (Self::NotAuthorized, 200, "not authorized"),
        (Self::InternalError, 300, "internal error"),
        (Self::Unavailable, 400, "there is no room"),
    ];

    fn of(code: u32) -> Self {
        let known = Self::CODES.iter().find(|(_, known, _)| *known == code);
        known.map_or(Self::InternalError, |(status, _, _)| *status)
    }

    fn code(self) -> u32 {
        Self::CODES
            .iter()
            .find(|(known, _, _)| *known == self)
            .map_or(300, |(_, code, _)| *code)
    }

    fn text(self) -> String {
        let known = Self::CODES.iter().find(|(known, _, _)| *known == self);
        known.map_or_else(String::new, |(_, _, text)| (*text).to_owned())
    }
}

impl Message {
    /// Reads a message.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let message = wire::Rendezvous::decode(bytes).map_err(|_| DecodeError)?;
        match message.r#type.ok_or(DecodeError)? {
            REGISTER => {
                let register = message.register.ok_or(DecodeError)?;
                Ok(Self::Register(registration(register)))
            }
            REGISTER_RESPONSE => {
                let response = message.register_response.ok_or(DecodeError)?;
                Ok(Self::Registered {
                    status: Status::of(response.status.unwrap_or(0)),
                    ttl: response.ttl.unwrap_or(0),
                })
            }
            UNREGISTER => {
                let unregister = message.unregister.ok_or(DecodeError)?;
                Ok(Self::Unregister {
                    namespace: unregister.ns.unwrap_or_default(),
                })
            }
            DISCOVER => {
                let discover = message.discover.ok_or(DecodeError)?;
                Ok(Self::Discover(Question {
                    namespace: discover.ns.unwrap_or_default(),
                    limit: discover.limit,
                    cookie: discover.cookie.unwrap_or_default(),
                }))
            }
            DISCOVER_RESPONSE => {
                let response = message.discover_response.ok_or(DecodeError)?;
                Ok(Self::Discovered(Answer {
                    status: Status::of(response.status.unwrap_or(0)),
                    registrations: response.registrations.into_iter().map(registration).collect(),
                    cookie: response.cookie.unwrap_or_default(),
                }))
            }
            _ => Err(DecodeError),
        }
    }

    /// Writes a message.
    pub fn encode(self) -> Vec<u8> {
        let mut message = wire::Rendezvous::default();
        match self {
            Self::Register(registration) => {
                message.r#type = Some(REGISTER);
                message.register = Some(register(registration));
            }
            Self::Registered { status, ttl } => {
                message.r#type = Some(REGISTER_RESPONSE);
                message.register_response = Some(wire::RendezvousRegisterResponse {
                    status: Some(status.code()),
                    status_text: Some(status.text()),
                    ttl: Some(ttl),
                });
            }
            Self::Unregister { namespace } => {
                message.r#type = Some(UNREGISTER);
                message.unregister = Some(wire::RendezvousUnregister { ns: Some(namespace) });
            }
            Self::Discover(Question {
                namespace,
                limit,
                cookie,
            }) => {
                message.r#type = Some(DISCOVER);
                message.discover = Some(wire::RendezvousDiscover {
                    ns: (!namespace.is_empty()).then_some(namespace),
                    limit,
                    cookie: (!cookie.is_empty()).then_some(cookie),
                });
            }
            Self::Discovered(answer) => {
                message.r#type = Some(DISCOVER_RESPONSE);
                message.discover_response = Some(wire::RendezvousDiscoverResponse {
                    registrations: answer.registrations.into_iter().map(register).collect(),
                    cookie: Some(answer.cookie),
                    status: Some(answer.status.code()),
                    status_text: Some(answer.status.text()),
                });
            }
        }
        message.encode_to_vec()
    }
}

fn registration(wire: wire::RendezvousRegister) -> Registration {
    Registration {
        namespace: wire.ns.unwrap_or_default(),
        record: wire.signed_peer_record.unwrap_or_default(),
        ttl: wire.ttl,
    }
}

fn register(registration: Registration) -> wire::RendezvousRegister {
    wire::RendezvousRegister {
        ns: Some(registration.namespace),
        signed_peer_record: Some(registration.record),
        ttl: registration.ttl,
    }
}

impl Registration {
    /// Bytes that it takes in an answer, at most.
    fn size(&self) -> usize {
        self.namespace.len() + self.record.len() + REGISTRATION_OVERHEAD
    }
}

/// What deployed nodes leave under [`PROTOCOL_MIX`]: the payload of their envelopes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MixRecord {
    /// The libp2p name of the node, as bytes.
    pub peer_id: Vec<u8>,
    /// When it was made, in seconds since 1970.
    pub made: u64,
    /// Its addresses, as bytes; there is at least one.
    pub addresses: Vec<Vec<u8>>,
    /// A key of Curve25519 in lowercase hexadecimal; not empty.
    pub mix_key: String,
}

impl MixRecord {
    /// The domain that the signature is of.
    pub const DOMAIN: &'static str = "libp2p-custom-peer-record";
    /// The type of the payload.
    pub const PAYLOAD_TYPE: [u8; 3] = [0x30, 0, 0];

    /// Reads a payload, which must have every part.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let record = wire::WakuPeerRecord::decode(bytes).map_err(|_| DecodeError)?;
        let mix_key = record.mix_public_key.unwrap_or_default();
        if record.multiaddrs.is_empty() || mix_key.is_empty() {
            return Err(DecodeError);
        }
        Ok(Self {
            peer_id: record.peer_id.ok_or(DecodeError)?,
            made: record.seq_no.unwrap_or(0),
            addresses: record.multiaddrs,
            mix_key,
        })
    }

    /// Writes a payload.
    pub fn encode(self) -> Vec<u8> {
        wire::WakuPeerRecord {
            peer_id: Some(self.peer_id),
            seq_no: Some(self.made),
            multiaddrs: self.addresses,
            mix_public_key: Some(self.mix_key),
        }
        .encode_to_vec()
    }
}

/// The other side's bytes are not rendezvous.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are not a rendezvous message")]
pub struct DecodeError;

/// The name under which nodes of a shard are registered.
pub fn namespace(shard: Shard) -> String {
    format!("rs/{}/{}", shard.cluster, shard.index)
}

/// libp2p protocol id, as go-waku and libp2p's own implementations speak it.
pub const PROTOCOL: &str = "/rendezvous/1.0.0";
/// libp2p protocol id under which deployed nodes of the mix network find each other.
pub const PROTOCOL_MIX: &str = "/vac/waku/rendezvous/1.0.0";
/// Longest message in bytes: deployed nodes read no longer one.
pub const MAX_SIZE: usize = 4_096;
/// Longest name, in bytes.
pub const MAX_NAMESPACE: usize = 255;

const REGISTER: i32 = 0;
const REGISTER_RESPONSE: i32 = 1;
const UNREGISTER: i32 = 2;
const DISCOVER: i32 = 3;
const DISCOVER_RESPONSE: i32 = 4;
/// Tags, lengths and time of a registration in an answer.
const REGISTRATION_OVERHEAD: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Written by hand from the field numbers.
    #[test]
    fn the_bytes_are_those_of_libp2p() {
        let register = Message::Register(Registration {
            namespace: "rs/16/32".into(),
            record: vec![1, 2],
            ttl: Some(7_200),
        });
        let bytes = b"\x08\x00\x12\x11\x0a\x08rs/16/32\x12\x02\x01\x02\x18\xa0\x38";
        assert_eq!(register.clone().encode(), bytes);
        assert_eq!(Message::decode(bytes), Ok(register));
        let refused = Message::Registered {
            status: Status::Unavailable,
            ttl: 0,
        };
        assert_eq!(refused.clone().encode()[..7], [8, 1, 0x1a, 0x17, 8, 0x90, 3]);
        assert_eq!(Message::decode(&refused.clone().encode()), Ok(refused));
    }

    #[test]
    fn a_message_without_its_part_is_none() {
        for kind in 0..7 {
            assert_eq!(Message::decode(&[8, kind]), Err(DecodeError));
        }
        assert_eq!(Message::decode(&[]), Err(DecodeError));
    }

    #[test]
    fn a_record_of_the_mix_network_has_all_parts() {
        let record = MixRecord {
            peer_id: vec![1],
            made: 7,
            addresses: vec![vec![2]],
            mix_key: "ab".into(),
        };
        assert_eq!(MixRecord::decode(&record.clone().encode()), Ok(record));
        let whole = wire::WakuPeerRecord {
            peer_id: Some(vec![1]),
            seq_no: Some(7),
            multiaddrs: vec![vec![2]],
            mix_public_key: Some("ab".into()),
        };
        let without = [
            wire::WakuPeerRecord {
                peer_id: None,
                ..whole.clone()
            },
            wire::WakuPeerRecord {
                multiaddrs: Vec::new(),
                ..whole.clone()
            },
            wire::WakuPeerRecord {
                mix_public_key: None,
                ..whole
            },
        ];
        assert!(
            without
                .iter()
                .all(|record| MixRecord::decode(&record.encode_to_vec()).is_err())
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            namespace in ".{0,40}",
            record in prop::collection::vec(any::<u8>(), 0..60),
            ttl in any::<Option<u64>>(),
            cookie in prop::collection::vec(any::<u8>(), 0..20),
        ) {
            let registration = Registration { namespace: namespace.clone(), record, ttl };
            let messages = [
                Message::Register(registration.clone()),
                Message::Unregister { namespace: namespace.clone() },
                Message::Discover(Question { namespace, limit: ttl, cookie: cookie.clone() }),
                Message::Discovered(Answer { status: Status::Ok, registrations: vec![registration], cookie }),
            ];
            for message in messages {
                prop_assert_eq!(Message::decode(&message.clone().encode()), Ok(message));
            }
        }

        #[test]
        fn anything_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Message::decode(&bytes);
            let _ = MixRecord::decode(&bytes);
        }
    }
}
