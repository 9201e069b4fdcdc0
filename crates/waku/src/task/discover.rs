//! What the node does about peers that it does not know yet: it learns what discovery found, says who it is itself, asks
//! peers, and keeps the good ones for the next start.

use std::io::Write as _;
use std::net::IpAddr;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use libp2p::multiaddr::Protocol;
use libp2p::{Multiaddr, PeerId};
use waku_proto::enr::{Capabilities, RelayShards};
use waku_proto::peers::{Link, Origin as PeerOrigin};
use waku_proto::{Shard, peer_exchange as proto};

use super::{News, Task, ip_of, split};
use crate::addresses::{dialable, without_loopback};
use crate::config::Mode;
use crate::discovery::{self, Found, NodeRecord, RecordContents, Source};
use crate::node::StartError;
use crate::peer_exchange;
use crate::request::RequestError;

impl Task {
    /// Writes our record, learns the peers of the last time and those that are known, and starts looking for others.
    pub(super) async fn start_discovery(&mut self) -> Result<(), StartError> {
        self.record = self.own_record();
        self.learn_saved_peers();
        for (peer, address) in self.config.discovery.known.iter().filter_map(split) {
            self.book.add(peer, address, PeerOrigin::Discovered(Source::BuiltIn));
        }
        let Some(record) = &self.record else {
            return Ok(());
        };
        discovery::start(
            &self.config.discovery,
            &self.config.keypair,
            record,
            self.finder.clone(),
        )
        .await?;
        Ok(())
    }

    /// Our addresses changed.
    pub(super) fn renew_record(&mut self) {
        if self.record.is_some() {
            self.record = self.own_record();
        }
    }

    /// Circuits end in our name.
    fn without_name(&self, address: &Multiaddr) -> Multiaddr {
        match split(address) {
            Some((peer, address)) if peer == *self.swarm.local_peer_id() => address,
            _ => address.clone(),
        }
    }

    /// What the record says of where we are.
    pub(super) fn told_addresses(&self) -> Vec<Multiaddr> {
        if self.config.announce_only {
            return self.config.announce.clone();
        }
        let external = self.swarm.external_addresses();
        let mut addresses: Vec<Multiaddr> = external.map(|address| self.without_name(address)).collect();
        let is_circuit = |address: &&Multiaddr| address.iter().any(|part| part == Protocol::P2pCircuit);
        let listeners = self.swarm.listeners().filter(|address| !is_circuit(address));
        let mut listeners: Vec<Multiaddr> = listeners.cloned().collect();
        listeners.sort_by_key(|address| ip_of(address).is_some_and(is_local));
        addresses.extend(listeners);
        without_loopback(addresses)
    }

    /// Peers or the router found out an address.
    pub(super) fn found_address(&mut self, address: &Multiaddr) {
        if self.config.announce_only && !self.config.announce.contains(address) {
            self.swarm.remove_external_address(address); // else identify tells it
        }
    }

    /// Our record; `None` if our key is of another kind than Waku's.
    fn own_record(&self) -> Option<NodeRecord> {
        let addresses = self.told_addresses();
        let mut capabilities = Capabilities::default();
        if self.config.mode == Mode::Relay {
            let services = self.config.services;
            let offered = [
                (Capabilities::RELAY, true),
                (Capabilities::STORE, self.config.archive.is_some()),
                (Capabilities::FILTER, services.filter),
                (Capabilities::LIGHTPUSH, services.lightpush),
                (Capabilities::SYNC, self.config.store_sync.is_some()),
            ];
            for (capability, _) in offered.into_iter().filter(|(_, is_offered)| *is_offered) {
                capabilities = capabilities | capability;
            }
        }
        let topics = self.topics.list();
        let shards = topics
            .iter()
            .filter_map(Shard::of)
            .filter(|shard| shard.cluster == self.config.cluster)
            .map(|shard| shard.index);
        let contents = RecordContents {
            sequence: unix_milliseconds(),
            addresses,
            udp: self.config.discovery.discv5.as_ref().map(|discv5| discv5.listen.port()),
            capabilities,
            shards: RelayShards::new(self.config.cluster, shards),
        };
        contents.sign(&self.config.keypair).ok()
    }

    pub(super) fn take_found(&mut self, found: Found) {
        let own = self.config.keypair.public().to_peer_id();
        if found.source == Source::Discv5 {
            self.known.learn(&found.nodes);
        }
        for node in found.nodes.iter().filter(|node| node.peer_id() != own) {
            let shards = node.shards();
            // A record that names another network is not worth a call.
            if shards
                .as_ref()
                .is_some_and(|shards| shards.cluster != self.config.cluster)
            {
                continue;
            }
            let peer = node.peer_id();
            for address in dialable(node.addresses(), self.config.way_in.circuits) {
                self.book.add(peer, address, PeerOrigin::Discovered(found.source));
            }
            self.book
                .announced(&peer, shards.into_iter().flat_map(|shards| shards.indices));
        }
    }

    /// How many discovered peers may be dialled now: relaying, until a third of those who relay are outbound, as deployed;
    /// light, until there are a few.
    pub(super) fn strangers_wanted(&self) -> usize {
        let target = match self.config.mode {
            Mode::Relay => self.config.relay_share.places(self.config.max_connections).outbound,
            Mode::Light => LIGHT_PEERS,
        };
        let outbound = self.about.values().filter(|about| about.is_ours).count();
        let dialling = self
            .book
            .peers()
            .filter(|(_, peer)| peer.link() == Link::Dialing)
            .count();
        target.saturating_sub(outbound + dialling)
    }

    /// Asks one connected peer for others, if we do not walk discv5 and want some.
    pub(super) fn ask_for_peers(&mut self) {
        let is_wanted = self.config.discovery.peer_exchange && self.strangers_wanted() > 0;
        if !is_wanted || self.config.discovery.discv5.is_some() {
            return;
        }
        let servers = self.book.speaking(proto::PROTOCOL);
        // One after the other.
        let turn = (self.ticks / EXCHANGE_EVERY) as usize % servers.len().max(1);
        if let Some(peer) = servers.get(turn).copied() {
            let (requests, reporter) = (self.requests.clone(), self.reporter.clone());
            tokio::spawn(async move {
                let answer = peer_exchange::ask(&requests, peer).await;
                let _ = reporter.send(News::Exchanged(peer, answer)).await;
            });
        }
    }

    pub(super) fn exchanged(&mut self, peer: PeerId, result: Result<Vec<NodeRecord>, RequestError>) {
        match result {
            Ok(nodes) => {
                self.book.served_well(&peer);
                self.take_found(Found::records(Source::PeerExchange, nodes));
            }
            Err(error) => {
                tracing::debug!(%error, "a peer told of no others");
                self.book.served_badly(&peer);
            }
        }
    }

    fn learn_saved_peers(&mut self) {
        let Some(path) = &self.config.peer_file else { return };
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
            Err(error) => return tracing::warn!(%error, "the file of known peers cannot be read"),
        };
        let addresses = text.lines().take(MAX_SAVED).filter_map(|line| line.parse().ok());
        let peers: Vec<(PeerId, Multiaddr)> = addresses.filter_map(|address| split(&address)).collect();
        for (peer, address) in peers {
            self.book.add(peer, address, PeerOrigin::Discovered(Source::Saved));
        }
    }

    /// Writes the good peers, one address a line.
    pub(super) fn save_peers(&self) {
        let Some(path) = &self.config.peer_file else { return };
        let mut text = String::new();
        let lines = self
            .book
            .proven(self.now())
            .into_iter()
            .flat_map(|(peer, addresses)| addresses.iter().map(move |address| (peer, address)));
        for (peer, address) in lines.take(MAX_SAVED) {
            text.push_str(&address.clone().with(Protocol::P2p(*peer)).to_string());
            text.push('\n');
        }
        // Nobody good yet: what was known before is better than nothing.
        if !text.is_empty()
            && let Err(error) = write(path, &text)
        {
            tracing::warn!(%error, "the file of known peers cannot be written");
        }
    }
}

/// Replaces the file as a whole.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = std::fs::File::create(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(beside, path)
}

/// Public addresses are told before those of a local network.
fn is_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

fn unix_milliseconds() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Findings that may wait for the task.
pub(super) const FOUND: usize = 16;
/// Ticks between two questions to peers.
pub(super) const EXCHANGE_EVERY: u64 = 30;
/// Peers that a light node looks for: two of each kind, and some that fail.
const LIGHT_PEERS: usize = 8;
/// Addresses kept for the next start.
const MAX_SAVED: usize = 400;
