//! What one peer may take from our services, and what all of them together may hold in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use libp2p::PeerId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A budget of bytes, shared.
#[derive(Clone, Debug)]
pub(crate) struct ByteBudget(Arc<Semaphore>);

impl ByteBudget {
    pub(crate) fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes / UNIT)))
    }

    /// Takes `bytes` at once or not at all; given back when the permit is dropped.
    pub(crate) fn try_take(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0).try_acquire_many_owned(units(bytes)).ok()
    }

    /// Waits for `bytes`.
    pub(crate) async fn take(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0).acquire_many_owned(units(bytes)).await.ok()
    }
}

/// Semaphores count in 32 bits; kilobytes are fine enough.
const UNIT: usize = 1024;

fn units(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX)
}

/// How often a peer may ask: a bucket that is refilled continuously.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    /// Requests at once.
    pub(crate) burst: u32,
    /// Milliseconds until one more is allowed.
    pub(crate) every: u64,
}

/// Requests of each peer to one service.
#[derive(Debug)]
pub(crate) struct Limiter {
    rate: Rate,
    /// By peer: the time at which its bucket is full again.
    full_at: BTreeMap<PeerId, u64>,
}

impl Limiter {
    pub(crate) fn new(rate: Rate) -> Self {
        Self {
            rate,
            full_at: BTreeMap::new(),
        }
    }

    /// Whether the peer may ask now (in milliseconds).
    pub(crate) fn admit(&mut self, peer: PeerId, now: u64) -> bool {
        make_room(&mut self.full_at, |full_at| *full_at > now);
        let full_at = self.full_at.get(&peer).copied().unwrap_or(0).max(now);
        let next = full_at + self.rate.every;
        if next - now > self.rate.every * u64::from(self.rate.burst) {
            return false;
        }
        self.full_at.insert(peer, next);
        true
    }
}

/// Before one more peer is remembered: when there are too many, whoever is not needed goes, and if that is nobody, the
/// first, whoever it is. A crowd of that size may ask as often as it likes, and must not be remembered without end.
pub(crate) fn make_room<T>(peers: &mut BTreeMap<PeerId, T>, is_needed: impl Fn(&T) -> bool) {
    if peers.len() >= MAX_REMEMBERED {
        peers.retain(|_, remembered| is_needed(remembered));
    }
    if peers.len() >= MAX_REMEMBERED {
        peers.pop_first();
    }
}

/// Peers remembered by one limiter.
pub(crate) const MAX_REMEMBERED: usize = 4096;

/// Open streams to our services, by peer.
#[derive(Clone, Debug, Default)]
pub(crate) struct StreamCount(Arc<Mutex<BTreeMap<PeerId, usize>>>);

impl StreamCount {
    /// Counts one more stream, unless the peer or all of them have too many.
    pub(crate) fn enter(&self, peer: PeerId) -> Option<StreamPermit> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let total: usize = counts.values().sum();
        let of_peer = counts.entry(peer).or_default();
        if *of_peer >= MAX_STREAMS_PER_PEER || total >= MAX_STREAMS {
            return None;
        }
        *of_peer += 1;
        Some(StreamPermit {
            counts: self.clone(),
            peer,
        })
    }
}

/// One counted stream.
#[derive(Debug)]
pub(crate) struct StreamPermit {
    counts: StreamCount,
    peer: PeerId,
}

impl Drop for StreamPermit {
    fn drop(&mut self) {
        let mut counts = self.counts.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.peer) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.peer);
            }
        }
    }
}

/// Browser clients open streams ahead of use and keep them.
const MAX_STREAMS_PER_PEER: usize = 128;
/// A waiting stream costs a few kilobytes.
const MAX_STREAMS: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_and_refills() {
        let mut limiter = Limiter::new(Rate { burst: 3, every: 100 });
        let (a, b) = (PeerId::random(), PeerId::random());
        assert_eq!(
            [0, 0, 0, 0, 99].map(|now| limiter.admit(a, now)),
            [true, true, true, false, false]
        );
        assert!(limiter.admit(b, 0));
        assert!(limiter.admit(a, 100) && !limiter.admit(a, 100));
        assert!(limiter.admit(a, 1000) && limiter.admit(a, 1000) && limiter.admit(a, 1000) && !limiter.admit(a, 1000));
    }

    #[test]
    fn a_crowd_is_not_remembered_without_end() {
        let mut limiter = Limiter::new(Rate { burst: 1, every: 100 });
        for _ in 0..2 * MAX_REMEMBERED {
            limiter.admit(PeerId::random(), 0);
        }
        assert_eq!(limiter.full_at.len(), MAX_REMEMBERED);
        // Whose bucket is full again is not needed.
        limiter.admit(PeerId::random(), 100);
        assert_eq!(limiter.full_at.len(), 1);
    }

    #[test]
    fn streams_are_counted_until_they_end() {
        let count = StreamCount::default();
        let (a, b) = (PeerId::random(), PeerId::random());
        let mut held: Vec<StreamPermit> = std::iter::from_fn(|| count.enter(a)).collect();
        assert_eq!(held.len(), MAX_STREAMS_PER_PEER);
        assert!(count.enter(b).is_some());
        held.pop();
        assert!(count.enter(a).is_some());
    }

    #[test]
    fn a_budget_is_given_back() {
        let budget = ByteBudget::new(10 * UNIT);
        let held = budget.try_take(9 * UNIT).unwrap();
        assert!(budget.try_take(2 * UNIT).is_none());
        drop(held);
        assert!(budget.try_take(2 * UNIT).is_some());
    }
}
