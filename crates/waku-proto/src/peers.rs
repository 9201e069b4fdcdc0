//! The peer book: which peers are known, which to dial now, which to leave alone, and whom to ask.
//!
//! Pure: told what happened and when, it answers what to do. It opens no connection and writes no
//! file; [`PeerBook::proven`] says what is worth writing. Discovery only adds peers here.

use std::collections::{BTreeMap, BTreeSet};

#[cfg(test)]
mod tests;

/// Known peers. `P` names a peer, `A` is an address; times are in milliseconds.
#[derive(Clone, Debug)]
pub struct PeerBook<P, A> {
    peers: BTreeMap<P, Peer<A>>,
    capacity: usize,
    /// State of the generator that spreads retries, so that clients of one node do not come back in step.
    spread: u64,
}

/// What is known about one peer.
#[derive(Clone, Debug)]
pub struct Peer<A> {
    addresses: Vec<A>,
    /// How many of the first addresses were configured.
    configured: usize,
    origin: Origin,
    link: Link,
    failures: u32,
    not_before: u64,
    banned_until: u64,
    protocols: BTreeSet<String>,
    agent: String,
    shards: Vec<u16>,
    merit: i32,
    /// Whether a connection that we dialled ever lasted.
    is_proven: bool,
}

/// How we came to know a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// It came to us.
    Inbound,
    /// Found by discovery.
    Discovered(Source),
    /// Configured: dialled for ever, never forgotten.
    Static,
}

/// How a peer was discovered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// A peer told us.
    PeerExchange,
    /// It registered at a rendezvous point.
    Rendezvous,
    /// It stood in a list in the DNS.
    Dns,
    /// Discv5 came across it.
    Discv5,
    /// We were connected to it before the last restart.
    Saved,
    /// It was known beforehand.
    BuiltIn,
}

/// State of the connection to a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// None.
    Idle,
    /// We are dialling.
    Dialing,
    /// Connected since then.
    Connected(u64),
}

impl<A> Peer<A> {
    /// Where it can be dialled, as far as we know.
    pub fn addresses(&self) -> &[A] {
        &self.addresses
    }

    /// What it calls itself in identify; empty if it has not said.
    pub fn agent(&self) -> &str {
        &self.agent
    }

    /// Dials that failed since the last lasting connection.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Whether a connection that we dialled ever lasted.
    pub fn is_proven(&self) -> bool {
        self.is_proven
    }

    /// Protocols that it listed in identify.
    pub fn protocols(&self) -> impl Iterator<Item = &str> {
        self.protocols.iter().map(String::as_str)
    }

    /// Shards that it listed in metadata.
    pub fn shards(&self) -> &[u16] {
        &self.shards
    }

    /// How we came to know it.
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// State of the connection.
    pub fn link(&self) -> Link {
        self.link
    }

    /// Whether it listed the protocol.
    pub fn speaks(&self, protocol: &str) -> bool {
        self.protocols.contains(protocol)
    }

    fn is_connected(&self) -> bool {
        matches!(self.link, Link::Connected(_))
    }

    fn is_idle_stranger(&self) -> bool {
        self.link == Link::Idle && self.origin == Origin::Inbound
    }
}

impl<P: Ord + Clone, A: PartialEq + Clone> PeerBook<P, A> {
    /// An empty book for at most `capacity` peers (configured and connected ones come on top). `seed`
    /// spreads the retries.
    pub fn new(capacity: usize, seed: u64) -> Self {
        Self {
            peers: BTreeMap::new(),
            capacity,
            spread: seed,
        }
    }

    /// Learns an address of a peer. The better origin stays, and so do configured addresses.
    pub fn add(&mut self, peer: P, address: A, origin: Origin) {
        if !self.make_room(&peer, origin) {
            return;
        }
        let entry = self.peers.entry(peer).or_insert_with(|| Peer::unknown(origin));
        entry.origin = entry.origin.max(origin);
        entry.learn(address, origin == Origin::Static);
    }

    /// Knows nothing of a peer any more, as if nobody had ever told of it.
    pub fn forget(&mut self, peer: &P) {
        self.peers.remove(peer);
    }

    /// Whom to dial now, at most `limit` peers and among them `discovered` ones, configured ones first.
    /// They count as being dialled until [`Self::connected`] or [`Self::dial_failed`].
    pub fn dials(&mut self, now: u64, limit: usize, discovered: usize) -> Vec<(P, Vec<A>)> {
        let mut due: Vec<(&P, &mut Peer<A>)> = self
            .peers
            .iter_mut()
            .filter(|(_, peer)| peer.link == Link::Idle && peer.origin != Origin::Inbound && !peer.addresses.is_empty())
            .filter(|(_, peer)| now >= peer.not_before && now >= peer.banned_until)
            .collect();
        due.sort_by_key(|(_, peer)| (std::cmp::Reverse(peer.origin), peer.failures));
        let mut discovered = discovered;
        due.into_iter()
            .filter(|(_, peer)| {
                let is_one = matches!(peer.origin, Origin::Discovered(_));
                let is_allowed = !is_one || discovered > 0;
                discovered -= usize::from(is_one && is_allowed);
                is_allowed
            })
            .take(limit)
            .map(|(name, peer)| {
                peer.link = Link::Dialing;
                (name.clone(), peer.addresses.clone())
            })
            .collect()
    }

    /// When [`Self::dials`] may have something new, if nothing else happens.
    pub fn next_dial(&self) -> Option<u64> {
        self.peers
            .values()
            .filter(|peer| peer.link == Link::Idle && peer.origin != Origin::Inbound)
            .map(|peer| peer.not_before.max(peer.banned_until))
            .min()
    }

    /// A connection exists, whoever dialled.
    pub fn connected(&mut self, peer: P, now: u64) {
        let entry = self.peers.entry(peer).or_insert_with(|| Peer::unknown(Origin::Inbound));
        if !entry.is_connected() {
            entry.link = Link::Connected(now);
        }
    }

    /// The last connection to a peer is gone. One that broke soon counts as a failed dial, so that a
    /// peer that hangs up at once is not dialled in a loop. A stranger that came to us is forgotten, unless it is banned.
    pub fn disconnected(&mut self, peer: &P, now: u64) {
        let Some(entry) = self.peers.get_mut(peer) else {
            return;
        };
        let Link::Connected(since) = entry.link else {
            return;
        };
        if entry.origin == Origin::Inbound && now >= entry.banned_until {
            self.peers.remove(peer);
        } else if now.saturating_sub(since) >= STABLE {
            entry.is_proven |= !entry.addresses.is_empty();
            entry.failures = 0;
            entry.link = Link::Idle;
            entry.not_before = now;
        } else {
            self.failed(peer, now);
        }
        self.forgive();
    }

    /// A dial did not lead to a connection.
    pub fn dial_failed(&mut self, peer: &P, now: u64) {
        if self.peers.get(peer).is_some_and(|entry| entry.link == Link::Dialing) {
            self.failed(peer, now);
        }
    }

    /// What identify said.
    pub fn identified(&mut self, peer: &P, agent: &str, protocols: impl IntoIterator<Item = String>) {
        if let Some(entry) = self.peers.get_mut(peer) {
            entry.agent = agent.chars().take(MAX_AGENT).collect();
            entry.protocols = protocols.into_iter().take(MAX_PROTOCOLS).collect();
        }
    }

    /// What a node record said; metadata knows better.
    pub fn announced(&mut self, peer: &P, shards: impl IntoIterator<Item = u16>) {
        if let Some(entry) = self.peers.get_mut(peer)
            && entry.shards.is_empty()
        {
            entry.shards = shards.into_iter().collect();
        }
    }

    /// What metadata said.
    pub fn described(&mut self, peer: &P, shards: Vec<u16>) {
        if let Some(entry) = self.peers.get_mut(peer) {
            entry.shards = shards;
        }
    }

    /// A request to the peer went well.
    pub fn served_well(&mut self, peer: &P) {
        self.merit(peer, 1);
    }

    /// A request to the peer failed, or it sent nonsense.
    pub fn served_badly(&mut self, peer: &P) {
        self.merit(peer, -5);
    }

    /// Leaves the peer alone for so many milliseconds. When the book is full, the stranger's ban that would end first ends
    /// at once.
    pub fn ban(&mut self, peer: P, now: u64, duration: u64) {
        let entry = self.peers.entry(peer).or_insert_with(|| Peer::unknown(Origin::Inbound));
        entry.banned_until = entry.banned_until.max(now + duration);
        self.forgive();
    }

    /// Whether the peer is to be left alone.
    pub fn is_banned(&self, peer: &P, now: u64) -> bool {
        self.peers.get(peer).is_some_and(|entry| now < entry.banned_until)
    }

    /// Connected peers that speak a protocol, the best first.
    pub fn speaking(&self, protocol: &str) -> Vec<P> {
        let mut peers: Vec<(&P, &Peer<A>)> = self
            .connected_peers()
            .filter(|(_, peer)| peer.speaks(protocol))
            .collect();
        peers.sort_by_key(|(_, peer)| (std::cmp::Reverse(peer.merit), std::cmp::Reverse(peer.origin)));
        peers.into_iter().map(|(name, _)| name.clone()).collect()
    }

    /// The connected peers.
    pub fn connected_peers(&self) -> impl Iterator<Item = (&P, &Peer<A>)> {
        self.peers.iter().filter(|(_, peer)| peer.is_connected())
    }

    /// All peers.
    pub fn peers(&self) -> impl Iterator<Item = (&P, &Peer<A>)> {
        self.peers.iter()
    }

    /// Peers worth remembering over a restart: those that we dialled with lasting success, the best first.
    pub fn proven(&self, now: u64) -> Vec<(&P, &[A])> {
        let lasts = |peer: &Peer<A>| matches!(peer.link, Link::Connected(since) if now.saturating_sub(since) >= STABLE);
        let mut peers: Vec<(&P, &Peer<A>)> = self
            .peers
            .iter()
            .filter(|(_, peer)| !peer.addresses.is_empty() && (peer.is_proven || lasts(peer)))
            .collect();
        peers.sort_by_key(|(_, peer)| (!peer.is_connected(), std::cmp::Reverse(peer.merit), peer.failures));
        peers
            .into_iter()
            .map(|(name, peer)| (name, peer.addresses.as_slice()))
            .collect()
    }

    /// One peer.
    pub fn peer(&self, peer: &P) -> Option<&Peer<A>> {
        self.peers.get(peer)
    }

    /// Number of peers in the book.
    pub fn len(&self) -> usize {
        self.peers.len()
    }

    /// Whether nobody is known.
    pub fn is_empty(&self) -> bool {
        self.peers.is_empty()
    }

    /// Forgets what need not be kept: idle strangers that came to us and whose ban is over.
    pub fn tidy(&mut self, now: u64) {
        self.peers
            .retain(|_, peer| !peer.is_idle_stranger() || now < peer.banned_until);
    }

    fn failed(&mut self, peer: &P, now: u64) {
        let spread = self.next_spread();
        let Some(entry) = self.peers.get_mut(peer) else {
            return;
        };
        entry.link = Link::Idle;
        entry.failures = entry.failures.saturating_add(1);
        if matches!(entry.origin, Origin::Discovered(_)) && entry.failures > MAX_FAILURES {
            self.peers.remove(peer);
            return;
        }
        let pause = pause(entry.origin, entry.failures);
        entry.not_before = now + pause + pause * spread / 400; // up to a quarter more
    }

    fn merit(&mut self, peer: &P, change: i32) {
        if let Some(entry) = self.peers.get_mut(peer) {
            entry.merit = (entry.merit + change).clamp(-MAX_MERIT, MAX_MERIT);
        }
    }

    /// Forgets the idle stranger whose ban ends first, if the book is more than full.
    fn forgive(&mut self) {
        if self.peers.len() <= self.capacity {
            return;
        }
        let strangers = self.peers.iter().filter(|(_, peer)| peer.is_idle_stranger());
        let first = strangers.min_by_key(|(_, peer)| peer.banned_until);
        if let Some(name) = first.map(|(name, _)| name.clone()) {
            self.peers.remove(&name);
        }
    }

    /// Makes a place for one more peer by forgetting the idle one with most failures.
    fn make_room(&mut self, newcomer: &P, origin: Origin) -> bool {
        if origin == Origin::Static || self.peers.contains_key(newcomer) || self.peers.len() < self.capacity {
            return true;
        }
        let worst = self
            .peers
            .iter()
            .filter(|(_, peer)| peer.link == Link::Idle && peer.origin != Origin::Static && peer.banned_until == 0)
            .max_by_key(|(_, peer)| peer.failures)
            .map(|(name, _)| name.clone());
        worst.is_some_and(|worst| self.peers.remove(&worst).is_some())
    }

    /// 0 to 99, by splitmix64.
    fn next_spread(&mut self) -> u64 {
        self.spread = self.spread.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.spread;
        value = (value ^ value >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ value >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (value ^ value >> 31) % 100
    }
}

impl<A: PartialEq> Peer<A> {
    /// What others tell never takes the place of a configured address.
    fn learn(&mut self, address: A, is_configured: bool) {
        match self.addresses.iter().position(|known| *known == address) {
            Some(at) if at < self.configured || !is_configured => return,
            Some(at) => drop(self.addresses.remove(at)),
            None if self.addresses.len() < MAX_ADDRESSES => {}
            None if self.configured < MAX_ADDRESSES => drop(self.addresses.remove(self.configured)),
            None if !is_configured => return,
            None => {
                self.addresses.remove(0);
                self.configured -= 1;
            }
        }
        if is_configured {
            self.addresses.insert(self.configured, address);
            self.configured += 1;
        } else {
            self.addresses.push(address);
        }
    }
}

impl<A> Peer<A> {
    fn unknown(origin: Origin) -> Self {
        Self {
            addresses: Vec::new(),
            configured: 0,
            origin,
            link: Link::Idle,
            failures: 0,
            not_before: 0,
            banned_until: 0,
            protocols: BTreeSet::new(),
            agent: String::new(),
            shards: Vec::new(),
            merit: 0,
            is_proven: false,
        }
    }
}

/// Pause before the next dial: configured peers are needed, so 1 s doubling up to a minute; others wait
/// 30 s, four times longer each time.
fn pause(origin: Origin, failures: u32) -> u64 {
    let step = failures.saturating_sub(1);
    match origin {
        Origin::Static => (1_000 << step.min(6)).min(60_000),
        Origin::Inbound | Origin::Discovered(_) => 30_000 << (2 * step.min(4)),
    }
}

/// A connection that lasted so long forgives earlier failures.
const STABLE: u64 = 30_000;
/// After so many failures in a row a discovered peer is forgotten until it is discovered again.
const MAX_FAILURES: u32 = 5;
/// Addresses kept of one peer; the oldest that was not configured goes.
const MAX_ADDRESSES: usize = 8;
/// Protocols kept of one peer; deployed nodes list about twenty.
const MAX_PROTOCOLS: usize = 64;
/// Characters kept of a peer's name for itself.
const MAX_AGENT: usize = 64;
/// Bound of the merit, so that a long good past does not hide a broken present.
const MAX_MERIT: i32 = 20;
