//! Protected shards: every message is signed by the shard's owner, in its `meta`.
//!
//! The signature covers other bytes than the message hash does: the time is little-endian, and whether the message is
//! ephemeral counts. Who asks is [`crate::relay`], for gossip, and the publishing of this node.

use std::str::FromStr;

use k256::ecdsa::signature::hazmat::PrehashVerifier as _;
use k256::ecdsa::{Signature, VerifyingKey};
use sha2::{Digest as _, Sha256};
use waku_proto::{PubsubTopic, Shard, WakuMessage};

/// A shard and the key of its owner, as nwaku's `--protected-shard` writes them: `0:04ab…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProtectedShard {
    place: Place,
    key: VerifyingKey,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// Of whatever cluster the node is in.
    Index(u16),
    Topic(PubsubTopic),
}

impl ProtectedShard {
    /// Whether it is about this topic in this cluster.
    pub(crate) fn is_about(&self, topic: &PubsubTopic, cluster: u16) -> bool {
        match &self.place {
            Place::Topic(protected) => protected == topic,
            Place::Index(index) => Shard::of(topic) == Some(Shard::new(cluster, *index)),
        }
    }

    /// Whether the owner signed the message lately; `now` in nanoseconds since 1970.
    pub(crate) fn is_signed(&self, topic: &PubsubTopic, message: &WakuMessage, now: i64) -> bool {
        let timestamp = message.timestamp.unwrap_or(0);
        let is_fresh = timestamp != 0 && now.abs_diff(timestamp) < MAX_AGE;
        let signature = Signature::from_slice(&message.meta);
        is_fresh
            && signature.is_ok_and(|signature| {
                self.key
                    .verify_prehash(&digest(topic, message, timestamp), &signature)
                    .is_ok()
            })
    }
}

impl FromStr for ProtectedShard {
    type Err = ProtectedShardError;

    fn from_str(text: &str) -> Result<Self, ProtectedShardError> {
        let (place, key) = text.rsplit_once(':').ok_or(ProtectedShardError)?;
        let key = hex::decode(key.trim_start_matches("0x")).map_err(|_| ProtectedShardError)?;
        let key = VerifyingKey::from_sec1_bytes(&key).map_err(|_| ProtectedShardError)?;
        let place = match place.parse::<u16>() {
            Ok(index) => Place::Index(index),
            Err(_) => {
                let topic = PubsubTopic::from(place);
                Shard::of(&topic).ok_or(ProtectedShardError)?;
                Place::Topic(topic)
            }
        };
        Ok(Self { place, key })
    }
}

/// The operator's slip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a protected shard is its number, a colon, and the owner's secp256k1 public key in hexadecimal")]
pub struct ProtectedShardError;

fn digest(topic: &PubsubTopic, message: &WakuMessage, timestamp: i64) -> [u8; 32] {
    Sha256::new()
        .chain_update(topic.as_str())
        .chain_update(&message.payload)
        .chain_update(message.content_topic.as_str())
        .chain_update(timestamp.to_le_bytes())
        .chain_update([u8::from(message.ephemeral)])
        .finalize()
        .into()
}

/// Five minutes, in nanoseconds.
const MAX_AGE: u64 = 300 * 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;
    use k256::ecdsa::SigningKey;
    use k256::ecdsa::signature::hazmat::PrehashSigner as _;

    const NOW: i64 = 1_700_000_000_000_000_000;

    fn signed(key: &SigningKey, timestamp: i64) -> WakuMessage {
        let mut message = WakuMessage {
            payload: vec![1, 2],
            content_topic: "/a/1/b/proto".into(),
            timestamp: Some(timestamp),
            ..WakuMessage::default()
        };
        let signature: Signature = key.sign_prehash(&digest(&topic(), &message, timestamp)).unwrap();
        message.meta = signature.to_bytes().to_vec();
        message
    }

    fn topic() -> PubsubTopic {
        Shard::new(16, 9).topic()
    }

    fn protected(key: &SigningKey, place: &str) -> ProtectedShard {
        let public = hex::encode(key.verifying_key().to_sec1_point(false).as_bytes());
        format!("{place}:{public}").parse().unwrap()
    }

    #[test]
    fn only_the_owners_fresh_messages_pass() {
        let (owner, other) = (
            SigningKey::from_slice(&[1; 32]).unwrap(),
            SigningKey::from_slice(&[2; 32]).unwrap(),
        );
        let shard = protected(&owner, "9");
        assert!(shard.is_about(&topic(), 16) && !shard.is_about(&topic(), 1));
        let good = signed(&owner, NOW);
        assert!(shard.is_signed(&topic(), &good, NOW));
        assert!(!shard.is_signed(&topic(), &signed(&other, NOW), NOW));
        assert!(!shard.is_signed(&Shard::new(16, 8).topic(), &good, NOW));
        for spoil in [
            (|message| message.payload[0] = 9) as fn(&mut WakuMessage),
            |message| message.ephemeral = true,
            |message| message.timestamp = Some(NOW + 1),
            |message| message.meta = Vec::new(),
            |message| message.content_topic = "/a/1/c/proto".into(),
        ] {
            let mut spoilt = good.clone();
            spoil(&mut spoilt);
            assert!(!shard.is_signed(&topic(), &spoilt, NOW));
        }
        for (timestamp, expected) in [
            (0, false),
            (NOW - 299_000_000_000, true),
            (NOW + 300_000_000_000, false),
        ] {
            assert_eq!(
                shard.is_signed(&topic(), &signed(&owner, timestamp), NOW),
                expected,
                "{timestamp}"
            );
        }
    }

    #[test]
    fn shards_are_written_as_nwaku_writes_them() {
        let owner = SigningKey::from_slice(&[1; 32]).unwrap();
        assert!(protected(&owner, "/waku/2/rs/16/9").is_about(&topic(), 1));
        for wrong in ["", "9", "9:", "9:00", "x:02", "70000:02"] {
            assert_eq!(wrong.parse::<ProtectedShard>(), Err(ProtectedShardError), "{wrong}");
        }
    }
}
