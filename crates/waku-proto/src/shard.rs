//! Relay sharding: names of shards, and the shard that a content topic belongs to (autosharding).
//!
//! Follows what nodes do where the text differs: the shard is the last eight bytes of the digest, not
//! the whole digest, modulo the number of shards. Node records with shard lists are not read here.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::topic::{ContentTopic, PubsubTopic};

/// One shard of one cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shard {
    /// The network, for example 16 for Status.
    pub cluster: u16,
    /// The shard inside the cluster.
    pub index: u16,
}

impl Shard {
    /// Names a shard.
    pub const fn new(cluster: u16, index: u16) -> Self {
        Self { cluster, index }
    }

    /// Reads `/waku/2/rs/<cluster>/<index>`; any other name is not a shard.
    pub fn of(topic: &PubsubTopic) -> Option<Self> {
        let rest = topic.as_str().strip_prefix(PREFIX)?;
        let (cluster, index) = rest.split_once('/')?;
        Some(Self {
            cluster: decimal(cluster)?,
            index: decimal(index)?,
        })
    }

    /// The pubsub topic of this shard.
    pub fn topic(self) -> PubsubTopic {
        PubsubTopic::new(self.to_string())
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}/{}", self.cluster, self.index)
    }
}

impl From<Shard> for PubsubTopic {
    fn from(shard: Shard) -> Self {
        shard.topic()
    }
}

/// The shard of a content topic in a cluster of `shards_in_cluster` shards.
pub fn autoshard(topic: &ContentTopic, cluster: u16, shards_in_cluster: u16) -> Result<Shard, AutoshardError> {
    if shards_in_cluster == 0 {
        return Err(AutoshardError::NoShards);
    }
    let (application, version) = application_and_version(topic.as_str())?;
    let digest = Sha256::new().chain_update(application).chain_update(version).finalize();
    let tail = digest[24..]
        .iter()
        .fold(0u64, |value, byte| value << 8 | u64::from(*byte));
    let index = (tail % u64::from(shards_in_cluster)) as u16; // below a u16, so nothing is cut
    Ok(Shard { cluster, index })
}

/// The content topic does not say to which shard it belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AutoshardError {
    /// Not `/application/version/name/encoding`, with or without a generation in front.
    #[error("a content topic of the form /application/version/name/encoding is needed")]
    Form,
    /// The generation is not a number.
    #[error("the generation of the content topic is not a number")]
    Generation,
    /// Only generation 0 exists.
    #[error("the content topic belongs to a generation that is not defined")]
    UnknownGeneration,
    /// A cluster of no shards.
    #[error("the cluster has no shards")]
    NoShards,
}

fn application_and_version(topic: &str) -> Result<(&str, &str), AutoshardError> {
    let mut parts = topic.split('/');
    if parts.next() != Some("") {
        return Err(AutoshardError::Form);
    }
    let parts: Vec<&str> = parts.take(6).collect();
    if parts.iter().any(|part| part.is_empty()) {
        return Err(AutoshardError::Form);
    }
    match parts[..] {
        [application, version, _, _] => Ok((application, version)),
        [generation, application, version, _, _] => match generation.parse::<u32>() {
            Ok(0) => Ok((application, version)),
            Ok(_) => Err(AutoshardError::UnknownGeneration),
            Err(_) => Err(AutoshardError::Generation),
        },
        _ => Err(AutoshardError::Form),
    }
}

fn decimal(text: &str) -> Option<u16> {
    // `parse` alone would take a leading plus.
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse().ok()
    } else {
        None
    }
}

const PREFIX: &str = "/waku/2/rs/";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_form_names_a_shard() {
        let shard = Shard::new(16, 32);
        assert_eq!(shard.topic().as_str(), "/waku/2/rs/16/32");
        assert_eq!(Shard::of(&shard.topic()), Some(shard));
        let others = [
            "/waku/2/default-waku/proto",
            "/waku/2/rs/16",
            "/waku/2/rs/16/",
            "/waku/2/rs/16/65536",
            "/waku/2/rs/+1/2",
            "/waku/2/rs/1/2/3",
            "",
        ];
        for name in others {
            assert_eq!(Shard::of(&PubsubTopic::from(name)), None, "{name}");
        }
    }

    #[test]
    fn examples_of_the_specification() {
        let cases = [
            ("myapp", "1", 0),
            ("toychat", "2", 3),
            ("toychat2", "2", 6),
            ("toychat", "4", 7),
            ("toy-chat", "2", 7),
            ("waku", "1", 4),
        ];
        for (application, version, index) in cases {
            let topic = ContentTopic::new(format!("/{application}/{version}/x/proto"));
            assert_eq!(autoshard(&topic, 1, 8), Ok(Shard::new(1, index)));
        }
    }
}
