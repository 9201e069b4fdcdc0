//! Keys of messages that were passed over and may still come.

use std::collections::VecDeque;

use super::message_key::MessageKey;
use super::{Header, MAX_KEEP, MAX_STORED};

/// A key that decrypting had to step over, not yet kept.
pub(super) struct Passed {
    /// The sender's ratchet key, compressed.
    pub(super) chain: [u8; 33],
    pub(super) n: u32,
    pub(super) key: MessageKey,
}

/// A kept key.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) chain: [u8; 33],
    pub(super) n: u32,
    /// How many keys the session had derived before this one: its age.
    pub(super) sequence: u64,
    pub(super) key: MessageKey,
}

/// The kept keys, oldest first. Moves within the queue move pointers to keys, not keys.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Skipped {
    kept: VecDeque<Kept>,
    /// Message keys derived for receiving in the life of the session.
    derived: u64,
}

impl Skipped {
    pub(super) fn from_parts(kept: VecDeque<Kept>, derived: u64) -> Self {
        Self { kept, derived }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Kept> {
        self.kept.iter()
    }

    pub(super) fn derived(&self) -> u64 {
        self.derived
    }

    pub(super) fn len(&self) -> usize {
        self.kept.len()
    }

    pub(super) fn find(&self, header: &Header) -> Option<&MessageKey> {
        self.position(header).map(|index| &self.kept[index].key)
    }

    pub(super) fn remove(&mut self, header: &Header) {
        if let Some(index) = self.position(header) {
            self.kept.remove(index);
        }
    }

    /// Keeps what one message passed over, counts the key it used, and drops what the limits say.
    pub(super) fn commit(&mut self, passed: Vec<Passed>) {
        for Passed { chain, n, key } in passed {
            self.kept.push_back(Kept {
                chain,
                n,
                sequence: self.derived,
                key,
            });
            self.derived += 1;
        }
        self.derived += 1;
        while self
            .kept
            .front()
            .is_some_and(|oldest| oldest.sequence + MAX_KEEP <= self.derived)
            || self.kept.len() > MAX_STORED
        {
            self.kept.pop_front();
        }
    }

    fn position(&self, header: &Header) -> Option<usize> {
        if self.kept.is_empty() {
            return None;
        }
        let chain = header.key.to_compressed();
        self.kept
            .iter()
            .position(|kept| kept.n == header.n && kept.chain == chain)
    }
}
