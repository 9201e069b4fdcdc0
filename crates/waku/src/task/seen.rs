//! Hashes of messages seen lately, so that what two filter servers push is told once.

use std::collections::{BTreeSet, VecDeque};

use waku_proto::MessageHash;

/// Recent hashes; times are in milliseconds.
#[derive(Debug, Default)]
pub(super) struct Seen {
    hashes: BTreeSet<MessageHash>,
    order: VecDeque<(u64, MessageHash)>,
}

impl Seen {
    /// Whether the hash is new.
    pub(super) fn insert(&mut self, hash: MessageHash, now: u64) -> bool {
        if !self.hashes.insert(hash) {
            return false;
        }
        if self.order.len() == MOST
            && let Some((_, oldest)) = self.order.pop_front()
        {
            self.hashes.remove(&oldest);
        }
        self.order.push_back((now, hash));
        true
    }

    /// Lets go of old ones.
    pub(super) fn forget(&mut self, now: u64) {
        while let Some((time, hash)) = self.order.front().copied()
            && now.saturating_sub(time) > KEPT
        {
            self.order.pop_front();
            self.hashes.remove(&hash);
        }
    }
}

/// As long as filter servers suppress repetitions.
const KEPT: u64 = 120_000;
/// A light node does not see more in that time.
const MOST: usize = 50_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_new_once_until_it_is_forgotten() {
        let mut seen = Seen::default();
        let hash = |number: u32| {
            MessageHash(std::array::from_fn(|index| {
                number.to_be_bytes().get(index).copied().unwrap_or(0)
            }))
        };
        assert!(seen.insert(hash(1), 0) && !seen.insert(hash(1), 5));
        seen.forget(KEPT);
        assert!(!seen.insert(hash(1), 10));
        seen.forget(KEPT + 1);
        assert!(seen.insert(hash(1), 20));
        for number in 2..=MOST as u32 + 1 {
            seen.insert(hash(number), 30);
        }
        assert_eq!(seen.hashes.len(), MOST);
        assert!(seen.insert(hash(1), 40), "the oldest made room");
    }
}
