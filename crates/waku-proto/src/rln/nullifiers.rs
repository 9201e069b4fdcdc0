//! The nullifier log: which nullifiers were seen in which epoch.
//!
//! Only what was verified may be logged, or else anybody could fill the log. It keeps three epochs, because messages of the
//! neighbours of the present one are still valid near a boundary.

use std::collections::BTreeMap;

use super::{Epoch, Share};

/// Nullifiers of recent epochs.
#[derive(Clone, Debug)]
pub struct NullifierLog {
    epochs: BTreeMap<Epoch, BTreeMap<[u8; 32], Share>>,
    per_epoch: usize,
}

/// What a nullifier says about a message that was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// For the first time.
    Fresh,
    /// The member used this number before, for this share. If the shares differ, they give away its secret. As in deployed
    /// nodes, the same share again counts no less.
    Spam(Share),
    /// The log is full, or the epoch is not one that is kept.
    NotKept,
}

impl NullifierLog {
    /// An empty log of at most `per_epoch` nullifiers in each of three epochs.
    pub fn new(per_epoch: usize) -> Self {
        Self {
            epochs: BTreeMap::new(),
            per_epoch,
        }
    }

    /// Takes down what a verified message showed. `current` is the present epoch: only it and its neighbours are kept.
    pub fn log(&mut self, current: Epoch, epoch: Epoch, nullifier: [u8; 32], share: Share) -> Seen {
        let (first, last) = (current.0.saturating_sub(1), current.0.saturating_add(1));
        self.epochs.retain(|kept, _| (first..=last).contains(&kept.0));
        if !(first..=last).contains(&epoch.0) {
            return Seen::NotKept;
        }
        let nullifiers = self.epochs.entry(epoch).or_default();
        if let Some(before) = nullifiers.get(&nullifier) {
            return Seen::Spam(*before);
        }
        if nullifiers.len() >= self.per_epoch {
            return Seen::NotKept;
        }
        nullifiers.insert(nullifier, share);
        Seen::Fresh
    }

    /// Nullifiers in all epochs.
    pub fn len(&self) -> usize {
        self.epochs.values().map(BTreeMap::len).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Default for NullifierLog {
    fn default() -> Self {
        Self::new(MAX_PER_EPOCH)
    }
}

/// As many messages as the deployed contract lets all members together send in one epoch. An entry takes about 130 bytes, so
/// that the fullest log takes 65 MB.
pub const MAX_PER_EPOCH: usize = 160_000;
