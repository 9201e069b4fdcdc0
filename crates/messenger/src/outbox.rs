//! From the outbox to the network: sealing for an attempt, and what the attempt came to.
//!
//! Each attempt has a fresh time, padding and nonce, because store nodes refuse old times and relays swallow identical
//! bytes. The hash of each is remembered, so that our own envelopes are recognised when they come back.

use protocol::layers::transport::{self, Lifetime, Route, RouteKey};
use store::{Delivery, OutboxId, OutboxRow, StoreError};
use waku_proto::Envelope;

use crate::turn::Turn;
use crate::{Published, datasync, files};

/// Seals up to `limit` entries that are due.
pub(crate) fn seal_due(turn: &mut Turn<'_, '_>, limit: usize) -> Result<Vec<(OutboxId, Envelope)>, StoreError> {
    let mut sealed = Vec::new();
    for row in turn
        .tx
        .outbox()
        .due(turn.now, u32::try_from(limit).unwrap_or(u32::MAX))?
    {
        if turn.now >= row.entry.created_at.plus(LIFETIME_MS) {
            give_up(turn, &row)?;
            continue;
        }
        let Some(envelope) = seal(turn, &row) else {
            give_up(turn, &row)?;
            continue;
        };
        turn.tx.outbox().sealed(row.id, envelope.hash().as_bytes(), turn.now)?;
        // If nobody says what became of it, it is tried again.
        turn.tx
            .outbox()
            .reschedule(row.id, row.attempts.saturating_add(1), turn.now.plus(ANSWER_WITHIN_MS))?;
        sealed.push((row.id, envelope));
    }
    Ok(sealed)
}

/// What became of an attempt. Entries that are gone already are no mistake: their message was acknowledged meanwhile.
pub(crate) fn published(turn: &mut Turn<'_, '_>, id: OutboxId, result: Published) -> Result<(), StoreError> {
    let Some(row) = turn.tx.outbox().load(id)? else {
        return Ok(());
    };
    match result {
        Published::Sent => sent(turn, &row),
        Published::Retry => turn
            .tx
            .outbox()
            .reschedule(id, row.attempts, turn.now.plus(backoff(row.attempts))),
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

fn seal(turn: &mut Turn<'_, '_>, row: &OutboxRow) -> Option<Envelope> {
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
    transport::seal(&route, &row.entry.payload, &turn.me.key, turn.now, lifetime, turn.rng).ok()
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

fn give_up(turn: &mut Turn<'_, '_>, row: &OutboxRow) -> Result<(), StoreError> {
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
