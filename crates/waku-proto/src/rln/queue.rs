//! Whose message is verified next: one of each peer in turn.
//!
//! Verifying is dear. A peer that sends more than can be verified fills its own part of the queue and nobody else's.

use std::collections::{BTreeMap, VecDeque};

/// Things that wait, by who brought them.
#[derive(Clone, Debug)]
pub struct FairQueue<P, T> {
    of: BTreeMap<P, VecDeque<(usize, T)>>,
    turns: VecDeque<P>,
    limits: QueueLimits,
    count: usize,
    bytes: usize,
}

/// How much may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueLimits {
    /// Things of all peers.
    pub count: usize,
    /// Things of one peer.
    pub per_peer: usize,
    /// Bytes of all peers.
    pub bytes: usize,
}

impl<P: Ord + Clone, T> FairQueue<P, T> {
    /// An empty queue.
    pub fn new(limits: QueueLimits) -> Self {
        Self {
            of: BTreeMap::new(),
            turns: VecDeque::new(),
            limits,
            count: 0,
            bytes: 0,
        }
    }

    /// Puts a thing of so many bytes at the end of the peer's part; gives it back if there is no room.
    pub fn push(&mut self, peer: P, bytes: usize, thing: T) -> Result<(), T> {
        let own = self.of.get(&peer).map_or(0, VecDeque::len);
        let is_full = self.count >= self.limits.count || self.bytes.saturating_add(bytes) > self.limits.bytes;
        if is_full || own >= self.limits.per_peer {
            return Err(thing);
        }
        if own == 0 {
            self.turns.push_back(peer.clone());
        }
        self.of.entry(peer).or_default().push_back((bytes, thing));
        self.count += 1;
        self.bytes += bytes;
        Ok(())
    }

    /// Takes the oldest thing of the peer whose turn it is.
    pub fn pop(&mut self) -> Option<(P, T)> {
        let peer = self.turns.pop_front()?;
        let waiting = self.of.get_mut(&peer)?;
        let (bytes, thing) = waiting.pop_front()?;
        if waiting.is_empty() {
            self.of.remove(&peer);
        } else {
            self.turns.push_back(peer.clone());
        }
        self.count -= 1;
        self.bytes -= bytes;
        Some((peer, thing))
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}
