//! From the outbox to the network: sealing for an attempt, and what the attempt came to.
//!
//! Each attempt has a fresh time, padding and nonce, because store nodes refuse old times and relays swallow identical
//! bytes. The hash of each is remembered, so that our own envelopes are recognised when they come back: in memory while it is
//! under way, on disk from then on.

use std::collections::BTreeMap;

use protocol::Timestamp;
use protocol::layers::transport::{self, Lifetime, Route, RouteKey};
use rand_core::CryptoRng;
use store::{Delivery, OutboxId, OutboxRow, StoreError, View};
use waku_proto::{Envelope, MessageHash};

use crate::traces::{self, Attempt};
use crate::turn::{Me, Turn};
use crate::{Published, Receipt, datasync, files};

/// Envelopes that were given out and of which nobody has said yet what became of them.
///
/// Only in memory: after a crash they are sealed and given out once more, which is what would have to happen anyway.
#[derive(Default)]
pub(crate) struct InFlight(BTreeMap<OutboxId, (Attempt, Timestamp)>);

/// What there is to give out.
#[derive(Default)]
pub(crate) struct Sealed {
    pub(crate) envelopes: Vec<(OutboxId, Envelope)>,
    /// Entries that are too old, or of which no envelope can be made.
    pub(crate) hopeless: Vec<OutboxRow>,
}

impl InFlight {
    /// Whether an envelope is one of them.
    pub(crate) fn contains(&self, hash: &MessageHash) -> bool {
        self.0.values().any(|(known, _)| known.hash() == hash.as_bytes())
    }

    /// Seals up to `limit` entries that are due and not under way.
    pub(crate) fn seal_due(
        &mut self,
        view: &View<'_>,
        me: &Me,
        now: Timestamp,
        limit: usize,
        rng: &mut dyn CryptoRng,
    ) -> Result<Sealed, StoreError> {
        self.0.retain(|_, (_, since)| now < since.plus(ANSWER_WITHIN_MS));
        let mut sealed = Sealed::default();
        let look_at = u32::try_from(limit.saturating_add(self.0.len())).unwrap_or(u32::MAX);
        for row in view.outbox().due(now, look_at)? {
            if sealed.envelopes.len() == limit {
                break;
            }
            if self.0.contains_key(&row.id) {
                continue;
            }
            let envelope = match now < row.entry.created_at.plus(LIFETIME_MS) {
                true => seal(me, &row, now, rng),
                false => None,
            };
            match envelope {
                Some(envelope) => {
                    self.0.insert(row.id, (Attempt::of(&envelope, &row, now), now));
                    sealed.envelopes.push((row.id, envelope));
                }
                None => sealed.hopeless.push(row),
            }
        }
        Ok(sealed)
    }

    /// When the next entry that is not under way is due, or one that is under way counts as unanswered.
    pub(crate) fn next_due(&self, view: &View<'_>) -> Result<Option<Timestamp>, StoreError> {
        let look_at = u32::try_from(self.0.len().saturating_add(1)).unwrap_or(u32::MAX);
        let due = view.outbox().next_due(look_at)?.into_iter();
        Ok(due
            .map(|(id, due_at)| match self.0.get(&id) {
                Some((_, since)) => since.plus(ANSWER_WITHIN_MS),
                None => due_at,
            })
            .min())
    }

    /// An attempt of which it is now known what became of it.
    pub(crate) fn answered(&mut self, id: OutboxId) -> Option<Attempt> {
        self.0.remove(&id).map(|(attempt, _)| attempt)
    }
}

/// What became of an attempt. Entries that are gone already are no mistake: their message was acknowledged meanwhile.
pub(crate) fn published(
    turn: &mut Turn<'_, '_>,
    receipt: &Receipt,
    attempt: Option<&Attempt>,
) -> Result<(), StoreError> {
    let Receipt { entry: id, result, .. } = *receipt;
    if let Some(attempt) = attempt {
        turn.tx.outbox().sealed(id, attempt.hash(), turn.now)?;
        traces::published(turn, id, attempt, result, &receipt.taken)?;
    }
    let Some(row) = turn.tx.outbox().load(id)? else {
        return Ok(());
    };
    match result {
        Published::Sent => sent(turn, &row),
        Published::Retry => {
            let attempts = row.attempts.saturating_add(1);
            let due_at = turn.now.plus(backoff(attempts));
            turn.tx.outbox().reschedule(id, attempts, due_at)
        }
        Published::TooLarge => give_up(turn, &row),
    }
}

/// How long to wait after so many attempts, in milliseconds: 2 s, 4 s, 8 s, 16 s, then 30 s.
pub(crate) fn backoff(attempts: u32) -> u64 {
    (1_000 << attempts.min(5)).min(30_000)
}

/// An entry is given up after as long as data sync would repeat it.
const LIFETIME_MS: u64 = 10 * 24 * 60 * 60 * 1_000;

/// The publisher answers sooner than this, unless the program was stopped in between.
const ANSWER_WITHIN_MS: u64 = 60_000;

fn seal(me: &Me, row: &OutboxRow, now: Timestamp, rng: &mut dyn CryptoRng) -> Option<Envelope> {
    let key = match &row.entry.key {
        store::RouteKey::Symmetric(key) => {
            RouteKey::Symmetric(crypto::SymmetricKey::from_bytes(key[..].try_into().ok()?))
        }
        store::RouteKey::Asymmetric(key) => {
            RouteKey::Asymmetric(crypto::PublicKey::from_compressed(key.as_bytes()).ok()?)
        }
    };
    let route = Route {
        pubsub_topic: row.entry.pubsub_topic.as_str().into(),
        content_topic: row.entry.content_topic.as_str().into(),
        key,
    };
    let lifetime = if row.entry.ephemeral {
        Lifetime::Ephemeral
    } else {
        Lifetime::Stored
    };
    transport::seal(&route, &row.entry.payload, &me.key, now, lifetime, rng).ok()
}

/// The network has this entry. Once it has all entries of a message, the message is sent.
fn sent(turn: &mut Turn<'_, '_>, row: &OutboxRow) -> Result<(), StoreError> {
    turn.tx.outbox().remove(row.id)?;
    let Some(message) = row.entry.message else {
        return files::entry_taken(turn, row.id);
    };
    if turn.tx.outbox().unpublished(&message)? == 0 {
        advance(turn, &message, Delivery::Sent)?;
        datasync::published(turn, &message)?;
    }
    Ok(())
}

/// Nothing can be made of an entry: its message failed.
pub(crate) fn give_up(turn: &mut Turn<'_, '_>, row: &OutboxRow) -> Result<(), StoreError> {
    let Some(message) = row.entry.message else {
        files::entry_given_up(turn, row.id)?;
        return turn.tx.outbox().remove(row.id);
    };
    turn.tx.outbox().remove_message(&message)?;
    advance(turn, &message, Delivery::Failed)?;
    datasync::give_up(turn, &message)
}

/// Moves a message of ours to what is now known of it, but never behind what was known before.
fn advance(turn: &mut Turn<'_, '_>, id: &protocol::id::MessageId, to: Delivery) -> Result<(), StoreError> {
    let Some(message) = turn.tx.messages().load(id)? else {
        return Ok(());
    };
    let known = message.delivery;
    let forward = known == Some(Delivery::Queued) || known == Some(Delivery::Failed) && to == Delivery::Sent;
    if forward {
        turn.tx.messages().set_delivery(id, to)?;
    }
    Ok(())
}

/// Forgets everything that waits to be sent, see [`crate::broken`].
pub(crate) fn forget_all(turn: &mut Turn<'_, '_>) -> Result<(), StoreError> {
    for row in turn.tx.outbox().due(datasync::NEVER, u32::MAX)? {
        turn.tx.outbox().remove(row.id)?;
    }
    for due in turn.tx.datasync().due(datasync::NEVER, u32::MAX)? {
        turn.tx.datasync().acknowledge(&due.outgoing.id, &due.peer)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::backoff;

    #[test]
    fn waits_double_up_to_half_a_minute() {
        let waits: Vec<u64> = (1..8).map(backoff).collect();
        assert_eq!(waits, [2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
        assert_eq!(backoff(u32::MAX), 30_000);
    }
}
