//! 31/WAKU2-ENR: what the entries of a node record mean that are Waku's own.
//!
//! A record (EIP-778) is a signed list of keys and values; reading, writing and verifying one is not done here. These are
//! the values of `waku2`, `multiaddrs`, `rs` and `rsv`.

use std::collections::BTreeSet;
use std::ops::BitOr;

/// Key of the capabilities.
pub const WAKU2: &str = "waku2";
/// Key of the addresses that `ip` and `tcp` cannot express.
pub const MULTIADDRS: &str = "multiaddrs";
/// Key of the shards, as a list.
pub const SHARD_LIST: &str = "rs";
/// Key of the shards, as a bit vector; for 64 and more.
pub const SHARD_BITS: &str = "rsv";

/// What a node does for others: the byte under `waku2`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities(pub u8);

impl Capabilities {
    /// Gossips.
    pub const RELAY: Self = Self(1);
    /// Answers store queries.
    pub const STORE: Self = Self(1 << 1);
    /// Pushes messages to subscribers.
    pub const FILTER: Self = Self(1 << 2);
    /// Publishes for light clients.
    pub const LIGHTPUSH: Self = Self(1 << 3);
    /// Reconciles its archive with others; not in the text of the specification.
    pub const SYNC: Self = Self(1 << 4);

    /// Reads the value; one of another length than a byte says nothing.
    pub fn decode(value: &[u8]) -> Self {
        match value {
            [bits] => Self(*bits),
            _ => Self::default(),
        }
    }

    /// Whether everything in `other` is offered.
    pub fn include(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether nothing is offered. Such a node is not told to others.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl BitOr for Capabilities {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The shards of one cluster that a node relays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelayShards {
    /// The network.
    pub cluster: u16,
    /// Numbers of the shards, each below [`MAX_SHARDS`].
    pub indices: BTreeSet<u16>,
}

impl RelayShards {
    /// Shards of a cluster; numbers that no record can carry are left out.
    pub fn new(cluster: u16, indices: impl IntoIterator<Item = u16>) -> Self {
        Self {
            cluster,
            indices: indices.into_iter().filter(|index| *index < MAX_SHARDS).collect(),
        }
    }

    /// Reads the value of `rs`: cluster and number of shards, then each shard. An empty list is what newer nodes write
    /// that relay nothing.
    pub fn from_list(value: &[u8]) -> Result<Self, FieldError> {
        let [high, low, count, list @ ..] = value else {
            return Err(FieldError::Length);
        };
        if list.len() != 2 * usize::from(*count) {
            return Err(FieldError::Length);
        }
        let indices: BTreeSet<u16> = list
            .chunks_exact(2)
            .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
            .collect();
        if indices.iter().any(|index| *index >= MAX_SHARDS) {
            return Err(FieldError::Shard);
        }
        Ok(Self {
            cluster: u16::from_be_bytes([*high, *low]),
            indices,
        })
    }

    /// Reads the value of `rsv`. Shard n is bit n mod 8, from the least significant, of byte n/8, as Nim and Go nodes have
    /// it; the specification and js-waku count otherwise.
    pub fn from_bits(value: &[u8]) -> Result<Self, FieldError> {
        let [high, low, bits @ ..] = value else {
            return Err(FieldError::Length);
        };
        if bits.len() != usize::from(MAX_SHARDS) / 8 {
            return Err(FieldError::Length);
        }
        let is_set = |index: &u16| bits[usize::from(index / 8)] >> (index % 8) & 1 == 1;
        Ok(Self {
            cluster: u16::from_be_bytes([*high, *low]),
            indices: (0..MAX_SHARDS).filter(is_set).collect(),
        })
    }

    /// Key and value as they belong into a record: a list below 64 shards, else bits.
    pub fn encode(&self) -> (&'static str, Vec<u8>) {
        let mut value = self.cluster.to_be_bytes().to_vec();
        match u8::try_from(self.indices.len()) {
            Ok(count) if count < MAX_LISTED => {
                value.push(count);
                value.extend(self.indices.iter().flat_map(|index| index.to_be_bytes()));
                (SHARD_LIST, value)
            }
            _ => {
                let mut bits = [0u8; MAX_SHARDS as usize / 8];
                for index in self.indices.iter().filter(|index| **index < MAX_SHARDS) {
                    bits[usize::from(index / 8)] |= 1 << (index % 8);
                }
                value.extend(bits);
                (SHARD_BITS, value)
            }
        }
    }

    /// Whether there is a shard that both relay.
    pub fn share_with(&self, other: &Self) -> bool {
        self.cluster == other.cluster && !self.indices.is_disjoint(&other.indices)
    }
}

/// Reads the value of `multiaddrs`: binary addresses, each behind its length in two bytes, big-endian. What an address
/// says is for the reader of addresses. A length of zero or beyond the end spoils the whole value, as in deployed nodes.
pub fn split_addresses(mut value: &[u8]) -> Result<Vec<&[u8]>, FieldError> {
    let mut addresses = Vec::new();
    while let [high, low, rest @ ..] = value {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        if length == 0 || length > rest.len() {
            return Err(FieldError::Length);
        }
        let (address, after) = rest.split_at(length);
        addresses.push(address);
        value = after;
    }
    if value.is_empty() {
        Ok(addresses)
    } else {
        Err(FieldError::Length)
    }
}

/// Writes the value of `multiaddrs`. Addresses that are empty or longer than 65,535 bytes are left out.
pub fn join_addresses<'a>(addresses: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut value = Vec::new();
    for address in addresses {
        if let Ok(length @ 1..) = u16::try_from(address.len()) {
            value.extend(length.to_be_bytes());
            value.extend(address);
        }
    }
    value
}

/// The record's fault: a value is not what its key promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// Too long or too short.
    #[error("the value has the wrong length")]
    Length,
    /// A number that no shard has.
    #[error("a shard number is above 1023")]
    Shard,
}

/// Shards that a cluster can have.
pub const MAX_SHARDS: u16 = 1024;
/// From so many shards on a record carries bits.
const MAX_LISTED: u8 = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shards_of_a_sandbox_node() {
        let value = [0, 1, 8, 0, 0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7];
        let shards = RelayShards::from_list(&value).unwrap();
        assert_eq!(shards, RelayShards::new(1, 0..8));
        assert_eq!(shards.encode(), (SHARD_LIST, value.to_vec()));
    }

    #[test]
    fn lists_of_the_wrong_length_or_with_strange_numbers_are_refused() {
        for wrong in [&[][..], &[0, 16], &[0, 16, 1], &[0, 16, 1, 0], &[0, 16, 0, 0, 1]] {
            assert_eq!(RelayShards::from_list(wrong), Err(FieldError::Length));
        }
        assert_eq!(RelayShards::from_list(&[0, 16, 1, 4, 0]), Err(FieldError::Shard));
        assert_eq!(RelayShards::from_list(&[0, 16, 0]), Ok(RelayShards::new(16, [])));
        assert_eq!(RelayShards::from_bits(&[0; 129]), Err(FieldError::Length));
    }

    #[test]
    fn addresses_spoilt_at_one_place_are_spoilt_altogether() {
        for wrong in [&[0][..], &[0, 0], &[0, 2, 1], &[0, 1, 7, 0], &[0, 1, 7, 0, 0]] {
            assert_eq!(split_addresses(wrong), Err(FieldError::Length));
        }
        assert_eq!(split_addresses(&[]), Ok(vec![]));
        assert_eq!(split_addresses(&[0, 1, 7, 0, 2, 8, 9]), Ok(vec![&[7][..], &[8, 9]]));
    }

    #[test]
    fn capabilities() {
        let node = Capabilities::decode(&[0x0d]);
        assert!(node.include(Capabilities::RELAY | Capabilities::LIGHTPUSH) && !node.include(Capabilities::STORE));
        assert!(Capabilities::decode(&[]).is_empty() && Capabilities::decode(&[1, 1]).is_empty());
    }

    #[test]
    fn only_a_common_shard_of_the_same_cluster_counts() {
        let ours = RelayShards::new(16, [32, 64]);
        assert!(ours.share_with(&RelayShards::new(16, [1, 64])));
        assert!(!ours.share_with(&RelayShards::new(1, [32])));
        assert!(!ours.share_with(&RelayShards::new(16, [33])));
    }

    proptest! {
        #[test]
        fn shards_come_back(cluster: u16, indices in prop::collection::btree_set(0u16..MAX_SHARDS, 0..200)) {
            let shards = RelayShards { cluster, indices };
            let (key, value) = shards.encode();
            let read = if key == SHARD_LIST {
                RelayShards::from_list(&value)
            } else {
                RelayShards::from_bits(&value)
            };
            prop_assert_eq!(read, Ok(shards));
        }

        #[test]
        fn anything_can_be_read(value in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = RelayShards::from_list(&value);
            let _ = RelayShards::from_bits(&value);
            if let Ok(addresses) = split_addresses(&value) {
                prop_assert_eq!(join_addresses(addresses), value);
            }
        }
    }
}
