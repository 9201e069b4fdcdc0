//! When which rendezvous point is visited, and what becomes of those who were met there.

use libp2p::PeerId;
use waku_proto::Shard;
use waku_proto::peers::{Origin as PeerOrigin, Source};
use waku_proto::rendezvous::PROTOCOL;

use super::{News, Task};
use crate::addresses::dialable;
use crate::config::Mode;
use crate::rendezvous::{self, Met};
use crate::request::RequestError;

impl Task {
    /// Visits one connected point, each in its turn: leaves our record there when it is time again, and asks for others.
    pub(super) fn visit_a_point(&mut self) {
        if !self.config.discovery.rendezvous {
            return;
        }
        let points = self.book.speaking(PROTOCOL);
        let turn = (self.ticks / VISIT_EVERY) as usize % points.len().max(1);
        let Some(point) = points.get(turn).copied() else {
            return;
        };
        let now = self.now();
        self.registered.retain(|point, _| self.links.contains_key(point));
        let is_due = self
            .registered
            .get(&point)
            .is_none_or(|at| now.saturating_sub(*at) >= RENEW);
        let record = (self.config.mode == Mode::Relay && is_due)
            .then(|| rendezvous::own_record(&self.config.keypair, self.told_addresses()))
            .flatten();
        if record.is_none() && self.strangers_wanted() == 0 {
            return;
        }
        if record.is_some() {
            self.registered.insert(point, now);
        }
        let mut shards: Vec<Shard> = self.topics.list().iter().filter_map(Shard::of).collect();
        shards.retain(|shard| shard.cluster == self.config.cluster);
        shards.truncate(MAX_SHARDS);
        let (requests, reporter) = (self.requests.clone(), self.reporter.clone());
        tokio::spawn(async move {
            let met = rendezvous::visit(&requests, point, shards, record).await;
            let _ = reporter.send(News::Met(point, met)).await;
        });
    }

    /// What a visit brought.
    pub(super) fn met(&mut self, point: PeerId, result: Result<Vec<Met>, RequestError>) {
        let met = match result {
            Ok(met) => met,
            Err(error) => {
                tracing::debug!(%error, "a rendezvous point did not answer");
                self.registered.remove(&point);
                return self.book.served_badly(&point);
            }
        };
        let own = *self.swarm.local_peer_id();
        let circuits = self.config.way_in.circuits;
        for Met { peer, addresses, shard } in met.into_iter().filter(|met| met.peer != own) {
            for address in dialable(addresses, circuits) {
                self.book.add(peer, address, PeerOrigin::Discovered(Source::Rendezvous));
            }
            self.book.announced(&peer, [shard.index]);
        }
    }
}

/// Ticks between two visits; the first comes soon after the start.
pub(super) const VISIT_EVERY: u64 = 10;
/// Milliseconds after which a point is given our record again, before it forgets it.
const RENEW: u64 = 3_600_000;
/// Shards for which a visit is made.
const MAX_SHARDS: usize = 8;
