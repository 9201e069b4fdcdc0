//! Discv5 (33/WAKU2-DISCV5): walking a network of node records over UDP.
//!
//! The wire is Ethereum's discv5.1 under another protocol id, so that the two networks do not mix: with the library's
//! own id every question would stay without an answer, and nothing would say why.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use discv5::{ConfigBuilder, Discv5, ListenConfig, ProtocolIdentity, RateLimiter, RateLimiterBuilder};
use enr::NodeId;
use libp2p::identity::Keypair;
use tokio::sync::mpsc;
use waku_proto::enr::RelayShards;

use super::record::{NodeRecord, RecordError, signing_key};
use super::{Found, Source};

/// Where discv5 listens and whom it asks first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discv5Config {
    /// Address and UDP port.
    pub listen: SocketAddr,
    /// Records of nodes that are asked first.
    pub bootstrap: Vec<NodeRecord>,
    /// Whether the address in our record follows what peers say they see.
    pub enr_auto_update: bool,
}

/// A running discv5.
pub(crate) struct Walker {
    discv5: Discv5,
    own: NodeRecord,
}

impl Walker {
    /// Opens the socket. `own` is the record to tell others.
    pub(crate) async fn start(config: &Discv5Config, keypair: &Keypair, own: NodeRecord) -> Result<Self, WalkError> {
        let listen = match config.listen.ip() {
            IpAddr::V4(ip) => ListenConfig::Ipv4 {
                ip,
                port: config.listen.port(),
            },
            IpAddr::V6(ip) => ListenConfig::Ipv6 {
                ip,
                port: config.listen.port(),
            },
        };
        let mut builder = ConfigBuilder::new(listen);
        builder
            .protocol_identity(PROTOCOL)
            .enable_packet_filter()
            .request_timeout(Duration::from_secs(2))
            .ban_duration(Some(Duration::from_secs(600)));
        if config.listen.ip().is_loopback() {
            builder.filter_max_nodes_per_ip(None).filter_rate_limiter(None);
        } else {
            builder.ip_limit().filter_rate_limiter(Some(rate_limit()));
        }
        if !config.enr_auto_update {
            builder.disable_enr_update();
        }
        let key = signing_key(keypair)?;
        let mut discv5 = Discv5::new(own.enr().clone(), key, builder.build()).map_err(|_| WalkError::Unusable)?;
        discv5
            .start()
            .await
            .map_err(|_| WalkError::Port(config.listen.port()))?;
        let walker = Self { discv5, own };
        walker.learn(&config.bootstrap);
        Ok(walker)
    }

    /// Adds nodes to ask.
    pub(crate) fn learn(&self, records: &[NodeRecord]) {
        for record in records.iter().filter(|record| record.udp().is_some()) {
            // A full or closed bucket has better ones.
            let _ = self.discv5.add_enr(record.enr().clone());
        }
    }

    /// Walks until nobody listens any more: a random place, a pause, another place.
    pub(crate) async fn walk(self, found: mpsc::Sender<Found>, mut more: mpsc::Receiver<Vec<NodeRecord>>) {
        let wanted = self.own.shards();
        loop {
            let target = NodeId::random();
            let records = self.discv5.find_node(target).await.unwrap_or_default();
            let usable: Vec<NodeRecord> = records
                .into_iter()
                .filter_map(|enr| NodeRecord::try_from(enr).ok())
                .filter(|record| is_usable(record, wanted.as_ref()))
                .collect();
            tracing::debug!(nodes = usable.len(), "discv5 found nodes");
            let pause = if usable.is_empty() { RETRY } else { PAUSE };
            if !usable.is_empty() && found.send(Found::records(Source::Discv5, usable)).await.is_err() {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = found.closed() => return,
                Some(records) = more.recv() => self.learn(&records),
            }
        }
    }
}

/// What is read from strangers: much for all of them, little for one.
fn rate_limit() -> RateLimiter {
    RateLimiterBuilder::new()
        .total_n_every(500, Duration::from_secs(1))
        .node_n_every(8, Duration::from_secs(1))
        .ip_n_every(24, Duration::from_secs(1))
        .build()
        .expect("the total is given")
}

/// As deployed nodes filter: it does something, and relays a shard that we relay.
fn is_usable(record: &NodeRecord, wanted: Option<&RelayShards>) -> bool {
    let shares = |wanted: &RelayShards| record.shards().is_some_and(|shards| shards.share_with(wanted));
    !record.capabilities().is_empty()
        && !record.addresses().is_empty()
        && wanted.is_none_or(|wanted| wanted.indices.is_empty() || shares(wanted))
}

/// Discv5 cannot run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WalkError {
    /// The UDP port cannot be used.
    #[error("UDP port {0} for discv5 cannot be used; choose another with --discv5-udp-port")]
    Port(u16),
    /// The record cannot be signed.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The settings contradict each other.
    #[error("discv5 cannot be started with these settings")]
    Unusable,
}

/// What tells Waku's network from Ethereum's.
const PROTOCOL: ProtocolIdentity = ProtocolIdentity {
    protocol_id: *b"d5waku",
    protocol_version: [0, 1],
};
/// Between two walks, as deployed.
const PAUSE: Duration = Duration::from_secs(5);
/// While nobody is known yet.
const RETRY: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discovery::record::RecordContents;
    use libp2p::PeerId;
    use std::collections::BTreeSet;
    use tokio::time::timeout;
    use waku_proto::enr::Capabilities;

    fn record(keypair: &Keypair, udp: u16, cluster: u16) -> NodeRecord {
        RecordContents {
            sequence: 1,
            addresses: vec!["/ip4/127.0.0.1/tcp/60000".parse().unwrap()],
            udp: Some(udp),
            capabilities: Capabilities::RELAY,
            shards: RelayShards::new(cluster, [32]),
        }
        .sign(keypair)
        .unwrap()
    }

    /// A port that was free a moment ago.
    fn free_port() -> u16 {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.local_addr().unwrap().port()
    }

    struct Running {
        record: NodeRecord,
        found: mpsc::Receiver<Found>,
        _more: mpsc::Sender<Vec<NodeRecord>>,
    }

    async fn start(cluster: u16, bootstrap: &[NodeRecord]) -> Running {
        let (keypair, port) = (Keypair::generate_secp256k1(), free_port());
        let record = record(&keypair, port, cluster);
        let config = Discv5Config {
            listen: format!("127.0.0.1:{port}").parse().unwrap(),
            bootstrap: bootstrap.to_vec(),
            enr_auto_update: false,
        };
        let walker = Walker::start(&config, &keypair, record.clone()).await.unwrap();
        let (found, receiver) = mpsc::channel(16);
        let (more, records) = mpsc::channel(1);
        tokio::spawn(walker.walk(found, records));
        Running {
            record,
            found: receiver,
            _more: more,
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn nodes_find_each_other_through_one_that_both_know() {
        let first = start(16, &[]).await;
        let known = [first.record.clone()];
        let second = start(16, &known).await;
        let foreign = start(1, &known).await;
        let mut third = start(16, &known).await;
        let mut found: BTreeSet<PeerId> = BTreeSet::new();
        let both = async {
            while !found.contains(&second.record.peer_id()) {
                found.extend(third.found.recv().await.unwrap().peers());
            }
        };
        timeout(Duration::from_secs(60), both)
            .await
            .expect("the second is found");
        assert!(!found.contains(&foreign.record.peer_id()), "of another cluster");
    }
}
