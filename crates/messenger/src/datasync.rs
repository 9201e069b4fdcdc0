//! Data sync (2/MVDS, batch mode) between the database and the wire: what to send again to whom until it is
//! acknowledged, and what to acknowledge.
//!
//! Each message travels in a payload of its own, so that its delivery can be told; the first acknowledgement to a person
//! goes out at once, those that follow within a moment are gathered, and all ride along with whatever goes to the same person. A repetition is due only once the network had taken the
//! earlier one.

use std::collections::BTreeMap;

use crypto::PublicKey;
use protocol::Timestamp;
use protocol::id::{InstallationId, MessageId};
use protocol::layers::application::Signed;
use protocol::layers::datasync::{self, DatasyncId, Message, Payload};
use store::{Delivery, DueMessage, OutgoingRow, PublicKeyBytes, StoreError};

use crate::contacts::Sender;
use crate::devices::{self, sessions};
use crate::groups;
use crate::send;
use crate::traces;
use crate::turn::{Turn, row_key};

/// Takes over a message for a person. It goes out at once, except at the very first contact: then their contact code is
/// asked for a bundle first, and the message waits for that a little while.
pub(crate) fn offer(turn: &mut Turn<'_, '_>, person: &PublicKey, signed: &Signed) -> Result<(), StoreError> {
    let group_id = datasync::group_id(&turn.me.public, person);
    let wire = Message::new(group_id, turn.now, signed.bytes.clone());
    let outgoing = OutgoingRow {
        id: wire.id().0,
        group_id,
        message: Some(signed.id),
        timestamp: wire.timestamp,
        body: signed.bytes.clone(),
    };
    let first_contact = devices::targets(turn, person)?.is_empty();
    let due_at = if first_contact {
        first_due(turn, person)?
    } else {
        turn.now
    };
    turn.tx.datasync().offer(&outgoing, &row_key(person), due_at)?;
    if due_at <= turn.now {
        flush(turn, person)
    } else {
        Ok(())
    }
}

/// Somebody's first device became known: what waited for that is due.
pub(crate) fn stop_holding(turn: &mut Turn<'_, '_>, person: &PublicKey) -> Result<(), StoreError> {
    let peer = row_key(person);
    for due in turn.tx.datasync().pending(&peer, BATCH)? {
        if due.send_count == 0 && due.due_at > turn.now && due.due_at < NEVER {
            turn.tx.datasync().reschedule(&due.outgoing.id, &peer, 0, turn.now)?;
        }
    }
    Ok(())
}

/// Settles what a person has acknowledged.
pub(crate) fn acknowledged(
    turn: &mut Turn<'_, '_>,
    sender: &Sender,
    installation: Option<&InstallationId>,
    acks: &[DatasyncId],
) -> Result<bool, StoreError> {
    let mut settled_any = false;
    for ack in acks {
        let sent_at = turn
            .tx
            .datasync()
            .timestamp(&ack.0)?
            .and_then(|seconds| u64::try_from(seconds).ok());
        let Some(settled) = turn.tx.datasync().acknowledge(&ack.0, &sender.row)? else {
            continue;
        };
        settled_any = true;
        if let (Some(installation), Some(sent_at)) = (installation, sent_at) {
            devices::acknowledged_by(turn, &sender.key, installation, Timestamp::from_seconds(sent_at))?;
        }
        if let Some(message) = &settled.message {
            let device = installation.map_or("", InstallationId::as_str);
            traces::acknowledged(turn, message, &sender.row, device)?;
        }
        let everybody = match &settled.message {
            Some(message) => groups::received_by(turn, message, &sender.row)?,
            None => true,
        };
        if let (Some(message), 0, true) = (settled.message, settled.outstanding, everybody) {
            turn.tx.messages().set_delivery(&message, Delivery::Delivered)?;
            turn.tx.outbox().remove_message(&message)?;
        }
    }
    Ok(settled_any)
}

/// Queues the acknowledgement of a message that is applied, or kept for a reason.
pub(crate) fn acknowledge(turn: &mut Turn<'_, '_>, sender: &Sender, id: &DatasyncId) -> Result<(), StoreError> {
    turn.tx
        .datasync()
        .queue_ack(&sender.row, &id.0, turn.now.plus(GATHER_ACKS_MS))
}

/// Acknowledges to everybody what came from them, except to those who were `acknowledged` something a moment ago: theirs is
/// gathered until it is due. Answers to whom.
pub(crate) fn answer(
    turn: &mut Turn<'_, '_>,
    acknowledged: &BTreeMap<PublicKeyBytes, Timestamp>,
) -> Result<Vec<PublicKeyBytes>, StoreError> {
    let mut peers = turn.tx.datasync().peers_to_acknowledge(NEVER)?;
    peers.retain(|peer| !acknowledged.contains_key(peer));
    for peer in &peers {
        if let Ok(person) = PublicKey::from_compressed(peer.as_bytes()) {
            flush(turn, &person)?;
        }
    }
    Ok(peers)
}

/// A person is there just now: what they have not acknowledged is worth repeating soon.
pub(crate) fn seen_online(turn: &mut Turn<'_, '_>, sender: &Sender) -> Result<(), StoreError> {
    for due in turn.tx.datasync().pending(&sender.row, BATCH)? {
        let soon = turn.now.plus(random_below(turn, SOON_MS));
        if due.send_count > 0 && due.due_at > turn.now.plus(SOON_MS) {
            turn.tx
                .datasync()
                .reschedule(&due.outgoing.id, &sender.row, due.send_count, soon)?;
        }
    }
    Ok(())
}

/// The network has taken a message: only now does the wait for its acknowledgement begin.
pub(crate) fn published(turn: &mut Turn<'_, '_>, message: &MessageId) -> Result<(), StoreError> {
    for due in turn.tx.datasync().of_message(message)? {
        if let Some(wait) = datasync::next_send(due.send_count, turn.rng) {
            let due_at = turn.now.plus(wait);
            turn.tx
                .datasync()
                .reschedule(&due.outgoing.id, &due.peer, due.send_count, due_at)?;
        }
    }
    Ok(())
}

/// A message was given up: it stays here, to be sent again when the person asks for it.
pub(crate) fn give_up(turn: &mut Turn<'_, '_>, message: &MessageId) -> Result<(), StoreError> {
    for due in turn.tx.datasync().of_message(message)? {
        turn.tx.datasync().reschedule(&due.outgoing.id, &due.peer, 0, NEVER)?;
    }
    Ok(())
}

/// Sends a message that was given up once more, as if for the first time. Answers whether there was one.
pub(crate) fn again(turn: &mut Turn<'_, '_>, message: &MessageId) -> Result<bool, StoreError> {
    let given_up = turn.tx.datasync().of_message(message)?;
    for due in &given_up {
        turn.tx
            .datasync()
            .reschedule(&due.outgoing.id, &due.peer, 0, turn.now)?;
        if let Ok(person) = PublicKey::from_compressed(due.peer.as_bytes()) {
            flush(turn, &person)?;
        }
    }
    Ok(!given_up.is_empty())
}

/// Sends everything that is due, to everybody.
pub(crate) fn flush_due(turn: &mut Turn<'_, '_>) -> Result<(), StoreError> {
    let mut peers = turn.tx.datasync().peers_to_acknowledge(turn.now)?;
    peers.extend(turn.tx.datasync().due(turn.now, BATCH)?.iter().map(|due| due.peer));
    peers.sort();
    peers.dedup();
    for peer in peers {
        if let Ok(person) = PublicKey::from_compressed(peer.as_bytes()) {
            flush(turn, &person)?;
        }
    }
    Ok(())
}

/// Sends what is due to one person.
pub(crate) fn flush(turn: &mut Turn<'_, '_>, person: &PublicKey) -> Result<(), StoreError> {
    let peer = row_key(person);
    let attach = sessions::attach(turn, person)?;
    let mut acks: Vec<DatasyncId> = turn
        .tx
        .datasync()
        .take_acks(&peer, ACKS_PER_PAYLOAD)?
        .into_iter()
        .map(DatasyncId)
        .collect();
    let now = turn.now;
    for ack in &acks {
        turn.tx.traces().answered(&ack.0, now)?;
    }
    for due in turn.tx.datasync().due_to(&peer, now, BATCH)? {
        let Some(message) = next_attempt(turn, &due)? else {
            continue;
        };
        let payload = Payload {
            acks: std::mem::take(&mut acks),
            messages: vec![message],
            ..Payload::default()
        };
        let message = due.outgoing.message.map(|id| (id, due.outgoing.body.len()));
        send::payload(turn, person, &payload.encode(), message, attach)?;
    }
    if !acks.is_empty() {
        let payload = Payload {
            acks,
            ..Payload::default()
        };
        send::payload(turn, person, &payload.encode(), None, attach)?;
    }
    Ok(())
}

/// Counts an attempt and says when the next is due; none if this one is too early or one too many.
fn next_attempt(turn: &mut Turn<'_, '_>, due: &DueMessage) -> Result<Option<Message>, StoreError> {
    if let Some(message) = &due.outgoing.message
        && due.send_count > 0
        && turn.tx.outbox().unpublished(message)? > 0
    {
        // The network has not even taken the last one.
        let later = turn.now.plus(NOT_TAKEN_YET_MS);
        turn.tx
            .datasync()
            .reschedule(&due.outgoing.id, &due.peer, due.send_count, later)?;
        return Ok(None);
    }
    let count = due.send_count.saturating_add(1);
    let Some(wait) = datasync::next_send(count, turn.rng) else {
        turn.tx.datasync().acknowledge(&due.outgoing.id, &due.peer)?;
        return Ok(None);
    };
    turn.tx
        .datasync()
        .reschedule(&due.outgoing.id, &due.peer, count, turn.now.plus(wait))?;
    let group_id = due.outgoing.group_id.to_vec();
    Ok(Some(Message {
        group_id,
        timestamp: due.outgoing.timestamp,
        body: due.outgoing.body.clone(),
    }))
}

/// When the first message to somebody without known devices goes out: five seconds after their contact code was first
/// asked for.
fn first_due(turn: &mut Turn<'_, '_>, person: &PublicKey) -> Result<Timestamp, StoreError> {
    let subject = person.to_compressed();
    let asked_at = match turn.tx.marks().at(ASKED_FOR_BUNDLE, &subject)? {
        Some(at) => at,
        None => {
            turn.tx.marks().set(ASKED_FOR_BUNDLE, &subject, turn.now)?;
            turn.now
        }
    };
    Ok(asked_at.plus(WAIT_FOR_BUNDLE_MS))
}

fn random_below(turn: &mut Turn<'_, '_>, bound: u64) -> u64 {
    let mut bytes = [0; 8];
    turn.rng.fill_bytes(&mut bytes);
    u64::from_le_bytes(bytes) % bound
}

/// Acknowledgements of one moment share an envelope; the deployed clients gather as long.
pub(crate) const GATHER_ACKS_MS: u64 = 300;

/// What is repeated because its receiver is there goes out within this time, spread so that it does not come at once.
const SOON_MS: u64 = 18_000;

/// How long to leave a message alone whose last envelope the network has not taken.
const NOT_TAKEN_YET_MS: u64 = 30_000;

/// The time at which what was given up is due: beyond every clock.
pub(crate) const NEVER: Timestamp = Timestamp(i64::MAX as u64);

/// How long a first message waits for a bundle.
const WAIT_FOR_BUNDLE_MS: u64 = 5_000;

/// Messages to one person that one turn looks at; the rest follows in the next.
const BATCH: u32 = 100;

/// 36 bytes each: together about 36 kB.
const ACKS_PER_PAYLOAD: u32 = 1_000;

const ASKED_FOR_BUNDLE: &str = "contact code asked for a bundle";
