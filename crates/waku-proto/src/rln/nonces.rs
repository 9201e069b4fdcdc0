//! The message ids that a publisher has spent.
//!
//! Using one twice in an epoch, for two messages, reveals the member's secret. So they belong to numbered epochs, and a
//! caller writes [`Nonces::to_text`] to disk before it uses what [`Nonces::draw`] gave.

use std::collections::BTreeMap;

use super::Epoch;

/// The next message id of each recent epoch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nonces {
    next: BTreeMap<Epoch, u64>,
}

impl Nonces {
    /// Spends a message id of an epoch in which `limit` may be spent.
    pub fn draw(&mut self, epoch: Epoch, limit: u64) -> Result<u64, DrawError> {
        // What was forgotten may have been spent.
        if self.next.len() >= KEPT && self.next.first_key_value().is_some_and(|(oldest, _)| epoch < *oldest) {
            return Err(DrawError::Past);
        }
        let next = self.next.get(&epoch).copied().unwrap_or(0);
        if next >= limit {
            return Err(DrawError::Spent);
        }
        self.next.insert(epoch, next + 1);
        while self.next.len() > KEPT {
            self.next.pop_first();
        }
        Ok(next)
    }

    /// How many are left in an epoch.
    pub fn left(&self, epoch: Epoch, limit: u64) -> u64 {
        limit.saturating_sub(self.next.get(&epoch).copied().unwrap_or(0))
    }

    /// One line for each epoch: its number, and the next message id.
    pub fn to_text(&self) -> String {
        let lines = self.next.iter().map(|(epoch, next)| format!("{} {next}\n", epoch.0));
        lines.collect()
    }

    /// Reads [`Self::to_text`]; `None` if it is something else, in which case nothing may be drawn.
    pub fn from_text(text: &str) -> Option<Self> {
        let mut nonces = Self::default();
        for line in text.lines() {
            let (epoch, next) = line.split_once(' ')?;
            nonces.next.insert(Epoch(epoch.parse().ok()?), next.parse().ok()?);
        }
        (nonces.next.len() <= KEPT).then_some(nonces)
    }
}

/// No message id can be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DrawError {
    /// All of the epoch are spent.
    #[error("all messages of this epoch are spent")]
    Spent,
    /// The epoch is so long ago that it is not known which are spent: the clock went back.
    #[error("the epoch is too long ago")]
    Past,
}

/// Epochs that are remembered: more than those in which a message is valid.
const KEPT: usize = 4;
