//! Transport: payload v1 (26/WAKU2-PAYLOAD) in a Waku message (14/WAKU2-MESSAGE).
//!
//! The signature of this layer names the person whose device sent the envelope; it is required. Who *wrote* what is
//! inside may be somebody else, see [`application`](super::application).

use crypto::payload_v1::{self, OpenError, OpeningKey, Recipient, SealError};
use crypto::{PublicKey, SecretKey, SymmetricKey};
use rand_core::CryptoRng;
use waku_proto::{ContentTopic, Envelope, PubsubTopic, WakuMessage};

use crate::Timestamp;

/// Where an envelope goes and who can open it.
#[derive(Clone, Debug)]
pub struct Route {
    /// The mesh.
    pub pubsub_topic: PubsubTopic,
    /// What listeners filter by.
    pub content_topic: ContentTopic,
    /// Who can open it.
    pub key: RouteKey,
}

/// Who can open an envelope.
#[derive(Clone, Debug)]
pub enum RouteKey {
    /// Everyone who holds the key of the topic.
    Symmetric(SymmetricKey),
    /// One person, or a community.
    Asymmetric(PublicKey),
}

/// Whether nodes are asked to keep an envelope for those who are away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// Kept like any message.
    Stored,
    /// Only for those who listen now.
    Ephemeral,
}

/// What was in an envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The bytes for the next layer.
    pub data: Vec<u8>,
    /// The person whose device signed the envelope.
    pub sender: PublicKey,
    /// The sender's clock, cut to whole seconds, which is the resolution all rules use.
    pub sent_at: Timestamp,
}

/// Makes an envelope. Padding, nonce and time are new at every call, and so is the envelope's hash.
pub fn seal(
    route: &Route,
    data: &[u8],
    author: &SecretKey,
    now: Timestamp,
    lifetime: Lifetime,
    rng: &mut dyn CryptoRng,
) -> Result<Envelope, SealError> {
    let to = match &route.key {
        RouteKey::Symmetric(key) => Recipient::Symmetric(key),
        RouteKey::Asymmetric(key) => Recipient::Asymmetric(key),
    };
    let message = WakuMessage {
        payload: payload_v1::seal(data, to, Some(author), rng)?,
        content_topic: route.content_topic.clone(),
        version: PAYLOAD_V1,
        timestamp: Some(now.as_nanoseconds()),
        meta: Vec::new(),
        ephemeral: lifetime == Lifetime::Ephemeral,
        rate_limit_proof: None,
    };
    Ok(Envelope::new(route.pubsub_topic.clone(), message))
}

/// Opens an envelope with one of the keys of its content topic.
pub fn open(message: &WakuMessage, key: OpeningKey<'_>) -> Result<Opened, TransportError> {
    if message.version != PAYLOAD_V1 {
        return Err(TransportError::Version);
    }
    let sent_at = message.timestamp.ok_or(TransportError::NoTime)?;
    let opened = payload_v1::open(&message.payload, key).map_err(|error| match error {
        OpenError::TooShort | OpenError::Malformed => TransportError::Malformed,
        OpenError::WrongKey => TransportError::WrongKey,
        OpenError::Signature => TransportError::Signature,
    })?;
    Ok(Opened {
        data: opened.data,
        sender: opened.author.ok_or(TransportError::Unsigned)?,
        sent_at: Timestamp::from_nanoseconds(sent_at).whole_seconds(),
    })
}

/// The sender is at fault, or the envelope is for somebody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// Not sealed to this key: normal, because topics are shared.
    #[error("the envelope does not open with this key")]
    WrongKey,
    /// Not payload version 1.
    #[error("the envelope's payload has another version")]
    Version,
    /// The envelope carries no time.
    #[error("the envelope has no timestamp")]
    NoTime,
    /// It opens, but what is inside is malformed, or it is too short to be a payload.
    #[error("the envelope's payload is malformed")]
    Malformed,
    /// Nobody signed it.
    #[error("the envelope is not signed")]
    Unsigned,
    /// The signature belongs to no key.
    #[error("the envelope's signature is invalid")]
    Signature,
}

/// The version of a Waku message whose payload is payload v1.
const PAYLOAD_V1: u32 = 1;

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;
    use crate::address::{content_topic, pubsub_topic};
    use crate::layers::segmentation::{SEGMENT_BYTES, split};

    const NOW: Timestamp = Timestamp(1_700_000_000_789);

    fn route(key: RouteKey) -> Route {
        Route {
            pubsub_topic: pubsub_topic(""),
            content_topic: content_topic("status"),
            key,
        }
    }

    fn setting() -> (SecretKey, SecretKey, ChaCha20Rng) {
        let mut rng = ChaCha20Rng::seed_from_u64(5);
        (SecretKey::generate(&mut rng), SecretKey::generate(&mut rng), rng)
    }

    #[test]
    fn what_is_sealed_opens_and_names_its_sender() {
        let (alice, bob, mut rng) = setting();
        let symmetric = SymmetricKey::generate(&mut rng);
        let routes = [
            (
                RouteKey::Symmetric(symmetric.clone()),
                OpeningKey::Symmetric(&symmetric),
            ),
            (RouteKey::Asymmetric(bob.public_key()), OpeningKey::Asymmetric(&bob)),
        ];
        for (key, opening) in routes {
            let envelope = seal(&route(key.clone()), b"data", &alice, NOW, Lifetime::Stored, &mut rng).unwrap();
            let opened = open(&envelope.message, opening).unwrap();
            assert_eq!((&opened.data[..], opened.sender), (&b"data"[..], alice.public_key()));
            assert_eq!(opened.sent_at, Timestamp(1_700_000_000_000), "whole seconds");
            let again = seal(&route(key), b"data", &alice, NOW, Lifetime::Ephemeral, &mut rng).unwrap();
            assert_ne!(envelope.hash(), again.hash());
            assert!(again.message.ephemeral && !envelope.message.ephemeral);
        }
    }

    #[test]
    fn what_is_wrong_with_an_envelope_has_a_name() {
        let (alice, bob, mut rng) = setting();
        let key = RouteKey::Asymmetric(bob.public_key());
        let good = seal(&route(key), b"data", &alice, NOW, Lifetime::Stored, &mut rng)
            .unwrap()
            .message;
        let verdict = |message: WakuMessage, key: &SecretKey| open(&message, OpeningKey::Asymmetric(key)).unwrap_err();
        assert_eq!(verdict(good.clone(), &alice), TransportError::WrongKey);
        assert_eq!(
            verdict(
                WakuMessage {
                    version: 0,
                    ..good.clone()
                },
                &bob
            ),
            TransportError::Version
        );
        assert_eq!(
            verdict(
                WakuMessage {
                    timestamp: None,
                    ..good.clone()
                },
                &bob
            ),
            TransportError::NoTime
        );
        let mut cut = good.clone();
        cut.payload.truncate(60);
        assert_eq!(verdict(cut, &bob), TransportError::Malformed);
        let unsigned = payload_v1::seal(b"data", Recipient::Asymmetric(&bob.public_key()), None, &mut rng).unwrap();
        assert_eq!(
            verdict(
                WakuMessage {
                    payload: unsigned,
                    ..good
                },
                &bob
            ),
            TransportError::Unsigned
        );
    }

    #[test]
    fn envelopes_of_segments_stay_below_150_kb() {
        let (alice, bob, mut rng) = setting();
        let whole = vec![0x55; SEGMENT_BYTES * 9 + 1];
        for segment in split(&whole, SEGMENT_BYTES) {
            let key = RouteKey::Asymmetric(bob.public_key());
            let envelope = seal(&route(key), &segment, &alice, NOW, Lifetime::Stored, &mut rng).unwrap();
            assert!(
                envelope.message.encoded_len() < 150_000,
                "{}",
                envelope.message.encoded_len()
            );
        }
    }
}
