//! Node records (EIP-778, 31/WAKU2-ENR): a node's signed card with its key, its addresses and what it does.
//!
//! [`NodeRecord`] is proof that the signature is good and that a peer id belongs to the key. The meaning of Waku's own
//! entries is in [`waku_proto::enr`].

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use alloy_rlp::{Decodable as _, Encodable as _};
use bytes::Bytes;
use discv5::Enr;
use enr::{CombinedKey, CombinedPublicKey, EnrPublicKey as _};
use libp2p::identity::{Keypair, PublicKey, secp256k1};
use libp2p::multiaddr::Protocol;
use libp2p::{Multiaddr, PeerId};
use waku_proto::enr::{
    Capabilities, MULTIADDRS, RelayShards, SHARD_BITS, SHARD_LIST, WAKU2, join_addresses, split_addresses,
};

/// A record whose signature is good and whose key names a peer.
#[derive(Clone, PartialEq, Eq)]
pub struct NodeRecord {
    enr: Enr,
    peer_id: PeerId,
}

impl NodeRecord {
    /// Reads the binary form (RLP, at most 300 bytes).
    pub fn from_rlp(mut bytes: &[u8]) -> Result<Self, RecordError> {
        let enr = Enr::decode(&mut bytes).map_err(|_| RecordError::Malformed)?;
        if !bytes.is_empty() {
            return Err(RecordError::Malformed);
        }
        Self::try_from(enr)
    }

    /// The binary form.
    pub fn to_rlp(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.enr.encode(&mut bytes);
        bytes
    }

    /// The peer that the record speaks of.
    pub fn peer_id(&self) -> PeerId {
        self.peer_id
    }

    /// Grows with every change.
    pub fn sequence(&self) -> u64 {
        self.enr.seq()
    }

    /// What the node does for others.
    pub fn capabilities(&self) -> Capabilities {
        self.value(WAKU2)
            .map(|value| Capabilities::decode(&value))
            .unwrap_or_default()
    }

    /// The shards it relays; `None` if the record does not say, or not in a form that can be read. A list goes before
    /// bits, as in deployed nodes.
    pub fn shards(&self) -> Option<RelayShards> {
        match self.value(SHARD_LIST) {
            Some(list) => RelayShards::from_list(&list).ok(),
            None => RelayShards::from_bits(&self.value(SHARD_BITS)?).ok(),
        }
    }

    /// Where the node can be dialled, without its peer id: the addresses of `multiaddrs` first, then those of `ip` and
    /// `tcp`. An address over a relay ends in `/p2p-circuit`, which the record leaves out.
    pub fn addresses(&self) -> Vec<Multiaddr> {
        let mut addresses = self.multiaddrs();
        let tcp4 = self.enr.tcp4();
        let plain = [
            self.enr.ip4().map(IpAddr::V4).zip(tcp4),
            self.enr.ip6().map(IpAddr::V6).zip(self.enr.tcp6().or(tcp4)),
        ];
        for (ip, port) in plain.into_iter().flatten().filter(|(_, port)| *port != 0) {
            let address = Multiaddr::from(ip).with(Protocol::Tcp(port));
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        addresses
    }

    /// The entries of `multiaddrs` as they can be dialled; what cannot be read is passed over.
    pub fn multiaddrs(&self) -> Vec<Multiaddr> {
        let value = self.value(MULTIADDRS).unwrap_or_default();
        split_addresses(&value)
            .unwrap_or_default()
            .into_iter()
            .filter_map(|bytes| Multiaddr::try_from(bytes.to_vec()).ok())
            .map(|address| {
                let ends_at_relay = matches!(address.iter().last(), Some(Protocol::P2p(_)));
                if ends_at_relay {
                    address.with(Protocol::P2pCircuit)
                } else {
                    address
                }
            })
            .collect()
    }

    /// Where discv5 listens, if the record says so.
    pub fn udp(&self) -> Option<SocketAddr> {
        let v4 = self.enr.udp4_socket().map(SocketAddr::V4);
        v4.or_else(|| self.enr.udp6_socket().map(SocketAddr::V6))
    }

    /// The IPv4 address, the IPv6 address and the TCP port for either.
    pub fn tcp(&self) -> (Option<Ipv4Addr>, Option<Ipv6Addr>, Option<u16>) {
        (
            self.enr.ip4(),
            self.enr.ip6(),
            self.enr.tcp4().or_else(|| self.enr.tcp6()),
        )
    }

    pub(crate) fn enr(&self) -> &Enr {
        &self.enr
    }

    fn value(&self, key: &str) -> Option<Bytes> {
        self.enr.get_decodable::<Bytes>(key)?.ok()
    }
}

impl TryFrom<Enr> for NodeRecord {
    type Error = RecordError;

    fn try_from(enr: Enr) -> Result<Self, RecordError> {
        let CombinedPublicKey::Secp256k1(key) = enr.public_key() else {
            return Err(RecordError::OtherKey);
        };
        let key = secp256k1::PublicKey::try_from_bytes(&key.encode()).map_err(|_| RecordError::OtherKey)?;
        Ok(Self {
            enr,
            peer_id: PublicKey::from(key).to_peer_id(),
        })
    }
}

impl FromStr for NodeRecord {
    type Err = RecordError;

    /// Reads the text form: `enr:` and base64.
    fn from_str(text: &str) -> Result<Self, RecordError> {
        let enr: Enr = text.trim().parse().map_err(|_: String| RecordError::Malformed)?;
        Self::try_from(enr)
    }
}

impl fmt::Display for NodeRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.enr.to_base64())
    }
}

impl fmt::Debug for NodeRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NodeRecord").field(&self.peer_id).finish()
    }
}

/// What a node says about itself.
#[derive(Clone, Debug)]
pub struct RecordContents {
    /// Grows with every change; the time in milliseconds does.
    pub sequence: u64,
    /// Where the node can be dialled, the best first, without its peer id.
    pub addresses: Vec<Multiaddr>,
    /// Port of discv5.
    pub udp: Option<u16>,
    /// What it does for others.
    pub capabilities: Capabilities,
    /// What it relays.
    pub shards: RelayShards,
}

impl RecordContents {
    /// Signs the record. The first address of each kind that is no more than IP and TCP becomes `ip` and `tcp`; the
    /// others go to `multiaddrs`, of which the last are left out until the record fits into 300 bytes.
    pub fn sign(&self, keypair: &Keypair) -> Result<NodeRecord, RecordError> {
        let key = signing_key(keypair)?;
        let (mut plain, mut others): (Vec<_>, Vec<_>) = (Vec::new(), Vec::new());
        for address in &self.addresses {
            match ip_and_tcp(address) {
                Some(found) => plain.push(found),
                None => others.push(for_record(address)),
            }
        }
        loop {
            match self.build(&plain, &others, &key) {
                Err(enr::Error::ExceedsMaxSize) if others.pop().is_some() => {}
                Err(_) => return Err(RecordError::TooLong),
                Ok(enr) => return NodeRecord::try_from(enr),
            }
        }
    }

    fn build(&self, plain: &[(IpAddr, u16)], others: &[Multiaddr], key: &CombinedKey) -> Result<Enr, enr::Error> {
        let mut builder = Enr::builder();
        builder.seq(self.sequence);
        let is_v4 = |(ip, _): &&(IpAddr, u16)| ip.is_ipv4();
        if let Some((ip, port)) = plain.iter().find(is_v4) {
            builder.ip(*ip).tcp4(*port);
            self.udp.map(|udp| builder.udp4(udp).seq(self.sequence));
        }
        if let Some((ip, port)) = plain.iter().find(|found| !is_v4(found)) {
            builder.ip(*ip).tcp6(*port);
            self.udp.map(|udp| builder.udp6(udp).seq(self.sequence));
        }
        let (shard_key, shards) = self.shards.encode();
        builder.add_value(WAKU2, &Bytes::copy_from_slice(&[self.capabilities.0]));
        builder.add_value(shard_key, &Bytes::from(shards));
        if !others.is_empty() {
            let value = join_addresses(others.iter().map(AsRef::as_ref));
            builder.add_value(MULTIADDRS, &Bytes::from(value));
        }
        builder.build(key)
    }
}

/// The record's fault, or that of the settings it was to be made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Not a record, not signed by the key in it, or longer than 300 bytes.
    #[error("this is not a node record, or its signature is wrong")]
    Malformed,
    /// Waku nodes have secp256k1 keys.
    #[error("the node record has a key of another kind than secp256k1")]
    OtherKey,
    /// It does not fit into 300 bytes even without addresses.
    #[error("the node record would be too long; announce fewer shards")]
    TooLong,
}

pub(crate) fn signing_key(keypair: &Keypair) -> Result<CombinedKey, RecordError> {
    let key = keypair
        .clone()
        .try_into_secp256k1()
        .map_err(|_| RecordError::OtherKey)?;
    // Wiped by the callee.
    let mut secret = key.secret().to_bytes();
    CombinedKey::secp256k1_from_bytes(&mut secret).map_err(|_| RecordError::OtherKey)
}

fn ip_and_tcp(address: &Multiaddr) -> Option<(IpAddr, u16)> {
    let mut parts = address.iter();
    let ip = match parts.next()? {
        Protocol::Ip4(ip) => IpAddr::V4(ip),
        Protocol::Ip6(ip) => IpAddr::V6(ip),
        _ => return None,
    };
    match (parts.next()?, parts.next()) {
        (Protocol::Tcp(port), None) => Some((ip, port)),
        _ => None,
    }
}

/// Without `/p2p-circuit` at the end, as the specification stores addresses over a relay.
fn for_record(address: &Multiaddr) -> Multiaddr {
    let mut address = address.clone();
    if matches!(address.iter().last(), Some(Protocol::P2pCircuit)) {
        address.pop();
    }
    address
}
