//! Metadata (66/WAKU2-METADATA): which cluster a node belongs to and which shards it relays.
//!
//! Both known encodings of the shard list are written and read. What follows from an answer (hanging
//! up on a foreign cluster) is decided by the node.

use prost::Message as _;

use crate::wire;

/// What a node says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Metadata {
    /// The cluster; absent only in a faulty answer.
    pub cluster: Option<u16>,
    /// Relayed shards. Empty is normal for a light client.
    pub shards: Vec<u16>,
}

impl Metadata {
    /// Reads a question or an answer; numbers that are no u16 are passed over.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let wire = wire::WakuMetadata::decode(bytes).map_err(|_| DecodeError::Malformed)?;
        let shards = if wire.shards.is_empty() {
            wire.shards_unpacked
        } else {
            wire.shards
        };
        Ok(Self {
            cluster: wire.cluster_id.and_then(|cluster| u16::try_from(cluster).ok()),
            shards: shards
                .into_iter()
                .filter_map(|shard| u16::try_from(shard).ok())
                .collect(),
        })
    }

    /// Writes a question or an answer, with the shards in both encodings.
    pub fn encode(&self) -> Vec<u8> {
        let shards: Vec<u32> = self.shards.iter().map(|shard| u32::from(*shard)).collect();
        let wire = wire::WakuMetadata {
            cluster_id: self.cluster.map(u32::from),
            shards_unpacked: shards.clone(),
            shards,
        };
        wire.encode_to_vec()
    }
}

/// The other side's bytes are not metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Not a protobuf message of this form.
    #[error("the bytes are not a metadata message")]
    Malformed,
}

/// libp2p protocol id.
pub const PROTOCOL: &str = "/vac/waku/metadata/1.0.0";

/// Longest message that is read, in bytes.
pub const MAX_SIZE: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_encodings_are_written() {
        let metadata = Metadata {
            cluster: Some(16),
            shards: vec![32, 64],
        };
        assert_eq!(metadata.encode(), [0x08, 16, 0x10, 32, 0x10, 64, 0x1a, 2, 32, 64]);
        assert_eq!(Metadata::decode(&metadata.encode()), Ok(metadata));
    }

    #[test]
    fn every_known_encoding_is_read() {
        let expected = Metadata {
            cluster: Some(16),
            shards: vec![32, 64],
        };
        let forms: [&[u8]; 3] = [
            &[0x08, 16, 0x1a, 2, 32, 64],
            &[0x08, 16, 0x10, 32, 0x10, 64],
            &[0x08, 16, 0x12, 2, 32, 64],
        ];
        for form in forms {
            assert_eq!(Metadata::decode(form), Ok(expected.clone()));
        }
        assert_eq!(
            Metadata::decode(&[0x08, 16]),
            Ok(Metadata {
                cluster: Some(16),
                shards: vec![]
            })
        );
        assert_eq!(Metadata::decode(&[0x08]), Err(DecodeError::Malformed));
        let too_big = Metadata::decode(&[0x08, 0x80, 0x80, 0x04, 0x1a, 1, 3]);
        assert_eq!(
            too_big,
            Ok(Metadata {
                cluster: None,
                shards: vec![3]
            })
        );
    }
}
