//! People: how we stand with them, and what their envelopes may therefore do.

pub(crate) mod commands;
pub(crate) mod inbound;
pub mod rules;

use crypto::PublicKey;
use protocol::Timestamp;
use protocol::clock;
use store::{ContactRow, PublicKeyBytes, RequestProgress, RequestSide, RequestState, StoreError};

use crate::activity::{self, ActivityKind, Answer};
use crate::turn::{Arrival, Turn, row_key};
use crate::{groups, topics};
use rules::{Local, Relation, Remote};

/// The person whose device signed an envelope.
pub(crate) struct Sender {
    /// Their key.
    pub key: PublicKey,
    /// Their key as the database has it.
    pub row: PublicKeyBytes,
    /// How we stand.
    pub standing: Standing,
}

/// How we stand with a person, as far as it decides what their envelopes may cost us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Another device of ours.
    Own,
    /// We have asked them, or accepted their request.
    Accepted,
    /// Somebody in a group that we are in.
    Member,
    /// Anybody else.
    Stranger,
    /// We want nothing of them.
    Blocked,
}

impl Sender {
    /// Looks the person up.
    pub(crate) fn of(turn: &mut Turn<'_, '_>, key: PublicKey) -> Result<Sender, StoreError> {
        let row = row_key(&key);
        let standing = if key == turn.me.public {
            Standing::Own
        } else {
            match turn.tx.contacts().load(&row)? {
                Some(contact) if contact.blocked => Standing::Blocked,
                Some(contact) if relation(&contact).added() => Standing::Accepted,
                _ if groups::shares_one_with(turn, &key)? => Standing::Member,
                _ => Standing::Stranger,
            }
        };
        Ok(Sender { key, row, standing })
    }

    /// Whether we chose to hear them.
    pub(crate) fn is_accepted(&self) -> bool {
        matches!(self.standing, Standing::Own | Standing::Accepted | Standing::Member)
    }
}

/// Whether we have asked this person, or accepted their request.
pub(crate) fn is_added(turn: &mut Turn<'_, '_>, person: &PublicKey) -> Result<bool, StoreError> {
    let contact = turn.tx.contacts().load(&row_key(person))?;
    Ok(contact.is_some_and(|contact| relation(&contact).added() && !contact.blocked))
}

/// The person's row, or the row of somebody of whom only the key is known.
pub(crate) fn load(turn: &mut Turn<'_, '_>, person: &PublicKey) -> Result<ContactRow, StoreError> {
    let key = row_key(person);
    Ok(turn.tx.contacts().load(&key)?.unwrap_or_else(|| ContactRow::new(key)))
}

/// Where we and this person stand.
pub fn relation(contact: &ContactRow) -> Relation {
    Relation {
        local: match contact.local.state {
            RequestState::Sent => Local::Sent,
            RequestState::Dismissed => Local::Dismissed,
            RequestState::None | RequestState::Received => Local::None,
        },
        local_clock: contact.local.clock,
        remote: match contact.remote.state {
            RequestState::Received => Remote::Received,
            _ => Remote::None,
        },
        remote_clock: contact.remote.clock,
        blocked: contact.blocked,
        removed: contact.removed,
    }
}

/// Writes a relation into the person's row.
pub(crate) fn set_relation(contact: &mut ContactRow, relation: Relation) {
    if is_mutual(contact) && !relation.mutual() {
        // Who they are was made sure for the contact that ends here.
        contact.verified_at = None;
    }
    let local = match relation.local {
        Local::None => RequestState::None,
        Local::Sent => RequestState::Sent,
        Local::Dismissed => RequestState::Dismissed,
    };
    let remote = match relation.remote {
        Remote::None => RequestState::None,
        Remote::Received => RequestState::Received,
    };
    contact.local = RequestSide {
        state: local,
        clock: relation.local_clock,
    };
    contact.remote = RequestSide {
        state: remote,
        clock: relation.remote_clock,
    };
    contact.blocked = relation.blocked;
    contact.removed = relation.removed;
}

/// The clock of our next transition: after everything in the chat, and after every transition of either side.
pub(crate) fn next_clock(chat_clock: u64, relation: &Relation, now: Timestamp) -> u64 {
    clock::next(chat_clock.max(relation.local_clock).max(relation.remote_clock), now)
}

/// Both have asked or accepted, perhaps just now: the open request is answered, the chat is in the list, and what waited
/// for the contact is tried again.
pub(crate) fn befriend(
    turn: &mut Turn<'_, '_>,
    contact: &mut ContactRow,
    person: &PublicKey,
) -> Result<(), StoreError> {
    close_request(turn, contact, RequestProgress::Accepted)?;
    topics::listen_to(turn, person)?;
    crate::chats::activate(turn, person)?;
    turn.arrived.push(Arrival::Contact(*person));
    Ok(())
}

/// Ends the open request, if there is one, with this outcome.
pub(crate) fn close_request(
    turn: &mut Turn<'_, '_>,
    contact: &mut ContactRow,
    outcome: RequestProgress,
) -> Result<(), StoreError> {
    contact.request_expires_at = None;
    let answer = match outcome {
        RequestProgress::Accepted => Answer::Accepted,
        RequestProgress::Declined => Answer::Dismissed,
        RequestProgress::Pending | RequestProgress::Withdrawn => Answer::Over,
    };
    activity::settle(turn, ActivityKind::ContactRequest, contact.identity.as_bytes(), answer)?;
    let Some(id) = contact.request.take() else {
        return Ok(());
    };
    if let Some(mut message) = turn.tx.messages().load(&id)?
        && message.request == Some(RequestProgress::Pending)
    {
        message.request = Some(outcome);
        turn.tx.messages().update(&message)?;
    }
    Ok(())
}

/// Forgets people of whom nothing is known but a request that ended without an answer before `before`.
pub(crate) fn forget_strangers(turn: &mut Turn<'_, '_>, before: Timestamp) -> Result<(), StoreError> {
    for mut contact in turn.tx.contacts().ended(before, AT_A_TIME)? {
        let relation = relation(&contact);
        let known = relation.local_clock > 0 || relation.blocked || !contact.nickname.is_empty();
        if known || contact.trust != store::Trust::Unknown || contact.verified_at.is_some() {
            contact.request_ended_at = None;
            turn.tx.contacts().save(&contact)?;
            continue;
        }
        if let Ok(person) = PublicKey::from_compressed(contact.identity.as_bytes()) {
            turn.tx.chats().remove(&protocol::id::ChatId::one_to_one(&person))?;
        }
        turn.tx.activity().remove_of_person(&contact.identity)?;
        turn.tx.contacts().remove(&contact.identity)?;
    }
    Ok(())
}

/// Strangers that one day forgets; more requests than that cannot be open in a month.
const AT_A_TIME: u32 = 2_000;

/// Requests that may wait for our answer at once. A person who has so many is under attack: whoever asks then is not
/// acknowledged, and their client asks again.
pub(crate) const MAX_OPEN_REQUESTS: u64 = 200;

/// An open request ends by itself seven days after it was sent, and may then be made anew.
pub(crate) const REQUEST_LIFETIME_MS: u64 = 7 * 24 * 60 * 60 * 1_000;

/// Whether both have asked or accepted, and neither is blocked.
pub fn is_mutual(contact: &ContactRow) -> bool {
    let relation = relation(contact);
    relation.mutual() && !relation.blocked
}
