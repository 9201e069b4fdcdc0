//! Where messages of Status travel: pubsub topic, content topic and lock of every kind of conversation.
//!
//! Every address is derived from one string. Its keccak-256 gives the content topic, and for symmetric conversations the
//! string itself is the password of the key. Deriving that key takes milliseconds and is the caller's, who keeps it.

use crypto::{PublicKey, SharedSecret};
use waku_proto::{ContentTopic, PubsubTopic, Shard};
use zeroize::Zeroizing;

use crate::id::{ChatId, CommunityId, public_key_text};

/// A place on the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The mesh.
    pub pubsub_topic: PubsubTopic,
    /// What listeners filter by. Only 32 bits of it differ, so strangers' messages arrive too.
    pub content_topic: ContentTopic,
    /// What opens messages here.
    pub lock: Lock,
}

/// What opens messages at an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lock {
    /// The symmetric key derived from this password.
    Password(Password),
    /// The secret half of this key.
    Recipient(PublicKey),
}

/// The text that a symmetric key is derived from. For negotiated topics it is as secret as the key.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes a text that was stored.
    pub fn new(text: impl Into<String>) -> Password {
        Password(Zeroizing::new(text.into()))
    }

    /// The text. Whoever copies it has to wipe it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(..)")
    }
}

/// A public chat; also where its history is found.
pub fn public_chat(name: &str) -> Address {
    symmetric(DEFAULT_SHARD, name.to_owned())
}

/// The topic that a person shares with one in 5,000 others and on which anybody can reach them.
pub fn partitioned(person: &PublicKey) -> Address {
    Address {
        pubsub_topic: DEFAULT_SHARD.topic(),
        content_topic: content_topic(&format!("contact-discovery-{}", partition(person))),
        lock: Lock::Recipient(*person),
    }
}

/// The topic of one person, for messages to oneself such as backups.
pub fn personal(person: &PublicKey) -> Address {
    Address {
        pubsub_topic: DEFAULT_SHARD.topic(),
        content_topic: content_topic(&format!("contact-discovery-{}", bare_text(person))),
        lock: Lock::Recipient(*person),
    }
}

/// Where a person advertises bundle, identity and presence.
pub fn contact_code(person: &PublicKey) -> Address {
    symmetric(DEFAULT_SHARD, format!("{}-contact-code", public_key_text(person)))
}

/// Where two people who know of each other's devices talk; `secret` is the ECDH of their keys.
pub fn negotiated(secret: &SharedSecret) -> Address {
    let text = Zeroizing::new(hex::encode(secret.expose()));
    Address {
        pubsub_topic: DEFAULT_SHARD.topic(),
        content_topic: content_topic(&text),
        lock: Lock::Password(Password(text)),
    }
}

/// Where a community publishes its description, events and decisions.
pub fn community(id: &CommunityId) -> Address {
    symmetric(DEFAULT_SHARD, id.to_string())
}

/// The one topic of all channels of a community, and of its members' contact codes and presence.
pub fn community_members(id: &CommunityId) -> Address {
    symmetric(DEFAULT_SHARD, format!("{id}-memberUpdate"))
}

/// Where members of old clients announce presence.
pub fn community_ping(id: &CommunityId) -> Address {
    symmetric(DEFAULT_SHARD, format!("{id}-ping"))
}

/// Where communities of old clients announce archives.
pub fn community_magnet_links(id: &CommunityId) -> Address {
    symmetric(DEFAULT_SHARD, format!("{id}-magnetlinks"))
}

/// Where communities of old clients announced their shard.
pub fn community_shard_info(id: &CommunityId) -> Address {
    symmetric(NON_PROTECTED_SHARD, format!("{id}-shard-info"))
}

/// Where old clients send the messages of one channel.
pub fn community_channel(chat: &ChatId) -> Address {
    symmetric(DEFAULT_SHARD, chat.as_str().to_owned())
}

/// Where requests to a community go; `shard` is one of [`REQUEST_SHARDS`], and its owner listens on both.
pub fn community_requests(community: &PublicKey, shard: Shard) -> Address {
    Address {
        pubsub_topic: shard.topic(),
        content_topic: content_topic(&bare_text(community)),
        lock: Lock::Recipient(*community),
    }
}

/// The content topic of a name: `/waku/1/0x`, the first four bytes of its keccak-256 in hex, `/rfc26`.
pub fn content_topic(name: &str) -> ContentTopic {
    let hash = crypto::keccak256(name.as_bytes());
    ContentTopic::new(format!("/waku/1/0x{}/rfc26", hex::encode(&hash[..4])))
}

/// The four bytes of a content topic of Status; other topics belong to other applications.
pub fn parse_content_topic(topic: &ContentTopic) -> Option<[u8; 4]> {
    let mut parts = topic.as_str().split('/');
    let parts: [&str; 5] = std::array::from_fn(|_| parts.next().unwrap_or("/"));
    let ["", "waku", "1", name, "rfc26"] = parts else {
        return None;
    };
    if topic.as_str().matches('/').count() != 4 {
        return None;
    }
    let mut bytes = [0; 4];
    hex::decode_to_slice(name.strip_prefix("0x")?, &mut bytes).ok()?;
    Some(bytes)
}

/// The pubsub topic that a text names; an empty one is the default shard.
pub fn pubsub_topic(text: &str) -> PubsubTopic {
    if text.is_empty() {
        DEFAULT_SHARD.topic()
    } else {
        PubsubTopic::from(text)
    }
}

/// Which of the 5,000 partitions a person belongs to: the X coordinate modulo that number.
pub fn partition(person: &PublicKey) -> u32 {
    person
        .x()
        .iter()
        .fold(0, |rest, byte| (rest << 8 | u32::from(*byte)) % PARTITIONS)
}

/// The cluster of Status.
pub const CLUSTER: u16 = 16;
/// Carries almost everything.
pub const DEFAULT_SHARD: Shard = Shard::new(CLUSTER, 32);
/// Carries requests to communities and the answers of releases before 2.40.
pub const NON_PROTECTED_SHARD: Shard = Shard::new(CLUSTER, 64);
/// The shards on which requests to communities travel, the present one first.
pub const REQUEST_SHARDS: [Shard; 2] = [DEFAULT_SHARD, NON_PROTECTED_SHARD];

fn symmetric(shard: Shard, name: String) -> Address {
    Address {
        pubsub_topic: shard.topic(),
        content_topic: content_topic(&name),
        lock: Lock::Password(Password::new(name)),
    }
}

/// The uncompressed key in hex without `0x`.
fn bare_text(key: &PublicKey) -> String {
    hex::encode(key.to_uncompressed())
}

const PARTITIONS: u32 = 5_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_topics_of_five_parts_are_ours() {
        let parse = |topic: &str| parse_content_topic(&ContentTopic::from(topic));
        assert_eq!(parse("/waku/1/0xcd423760/rfc26"), Some([0xcd, 0x42, 0x37, 0x60]));
        let others = [
            "",
            "/",
            "waku/1/0xcd423760/rfc26",
            "/waku/1/0xcd423760/rfc26/",
            "/waku/1/0xcd423760/rfc26/x",
            "/waku/2/0xcd423760/rfc26",
            "/waku/1/cd423760/rfc26",
            "/waku/1/0xcd4237/rfc26",
            "/waku/1/0xcd42376g/rfc26",
            "/waku/1/0xcd423760/proto",
        ];
        for topic in others {
            assert_eq!(parse(topic), None, "{topic}");
        }
    }

    #[test]
    fn an_absent_pubsub_topic_is_the_default_shard() {
        assert_eq!(pubsub_topic("").as_str(), "/waku/2/rs/16/32");
        assert_eq!(pubsub_topic("/waku/2/rs/16/64"), NON_PROTECTED_SHARD.topic());
    }
}
