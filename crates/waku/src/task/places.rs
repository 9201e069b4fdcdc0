//! Who may stay: peers that came beyond the places that there are go again, the newest first, so that nobody pushes out
//! those who have been there for long.

use std::collections::BTreeSet;

use libp2p::PeerId;
use waku_proto::peers::Origin;

use super::Task;
use crate::config::Mode;
use crate::relay;

impl Task {
    /// Closes what is above the places for those who came by themselves. Whom this node called or was told to stay with
    /// takes none of these, nor does who has just come and not said yet what for.
    pub(super) fn keep_places(&mut self) {
        if self.config.mode == Mode::Light {
            return;
        }
        let now = self.now();
        let gossip = self.swarm.behaviour().relay.as_ref();
        let subscribed: BTreeSet<PeerId> = gossip
            .into_iter()
            .flat_map(|gossip| gossip.all_peers())
            .filter(|(_, topics)| !topics.is_empty())
            .map(|(peer, _)| *peer)
            .collect();
        let (mut relaying, mut served) = (Vec::new(), Vec::new());
        for (peer, about) in &self.about {
            let known = self.book.peer(peer);
            if about.is_ours || known.is_some_and(|known| known.origin() == Origin::Static) {
                continue;
            }
            let relays = known.is_some_and(|known| known.speaks(relay::PROTOCOL)) || subscribed.contains(peer);
            let is_introduced = known.is_some_and(|known| known.protocols().next().is_some());
            if relays {
                relaying.push((about.since, *peer));
            } else if is_introduced || now.saturating_sub(about.since) >= INTRODUCTION {
                served.push((about.since, *peer));
            }
        }
        let places = self.config.relay_share.places(self.config.max_connections);
        for (mut came, room) in [(relaying, places.inbound), (served, places.served)] {
            came.sort_unstable();
            for (_, peer) in came.into_iter().skip(room) {
                tracing::debug!("there is no place for one more peer");
                let _ = self.swarm.disconnect_peer_id(peer);
            }
        }
    }
}

/// Milliseconds within which a peer says what it speaks; then it counts as one that came to be served.
const INTRODUCTION: u64 = 10_000;
