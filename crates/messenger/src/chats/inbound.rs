//! What others say in chats.

use crypto::PublicKey;
use protocol::clock;
use protocol::content::chat_message::Body;
use protocol::content::{ChatMessage, MessageType};
use protocol::id::ChatId;
use protocol::layers::application::Signed;
use store::{ChatRow, Delivery, MessageRow, RequestProgress};

use super::{activate, blank, one_to_one, rules};
use crate::broken;
use crate::contacts::{self, Standing, relation};
use crate::files;
use crate::inbound::{Missing, Reason, Rule};
use crate::receive::{Done, Halt, Origin};
use crate::turn::{Turn, row_key};

/// A chat message of any kind of chat.
pub(crate) fn message(
    turn: &mut Turn<'_, '_>,
    origin: &Origin<'_>,
    signed: &Signed,
    message: &ChatMessage,
) -> Result<Done, Halt> {
    match message.validate(origin.sent_at) {
        Err(protocol::content::Rule::Clock) if broken::ACCEPT_ANY_CLOCK => {}
        valid => valid?,
    }
    if message.message_type != MessageType::OneToOne {
        return Err(Halt::Drop(Reason::Unsupported(signed.kind)));
    }
    origin.must_be_personal(&signed.author)?;
    if origin.sender.standing == Standing::Own {
        return from_own_device(turn, origin, signed, message);
    }
    let person = origin.sender.key;
    if message.body == Body::ContactRequest {
        let theirs = message.contact_request.as_ref();
        let progress = contacts::inbound::requested(turn, origin, signed.id, message.clock, theirs)?;
        let mut contact = contacts::load(turn, &person)?;
        if contacts::inbound::take_name(&mut contact, &message.display_name) {
            turn.tx.contacts().save(&contact)?;
        }
        keep(turn, origin, signed, message, &person, Some(progress))?;
        return Ok(Done::Kept);
    }
    let theirs = message.contact_request.as_ref();
    let contact = contacts::inbound::propagated(turn, origin, theirs, &message.display_name)?;
    if !rules::shows(&relation(&contact)) {
        // What the message says about the contact stands; the message itself waits for our answer.
        return Ok(Done::Waiting(Missing::Chat, origin.sender.row.as_bytes().to_vec()));
    }
    keep(turn, origin, signed, message, &person, None)?;
    activate(turn, &person)?;
    Ok(Done::Kept)
}

/// What we wrote on another device of ours.
fn from_own_device(
    turn: &mut Turn<'_, '_>,
    origin: &Origin<'_>,
    signed: &Signed,
    message: &ChatMessage,
) -> Result<Done, Halt> {
    let person = message
        .chat_id
        .as_ref()
        .and_then(ChatId::peer)
        .ok_or(Rule::NotAllowed)?;
    if message.body == Body::ContactRequest || person == turn.me.public {
        return Err(Halt::Drop(Reason::Unsupported(signed.kind)));
    }
    keep(turn, origin, signed, message, &person, None)?;
    Ok(Done::Kept)
}

/// Puts a message into the chat with a person.
fn keep(
    turn: &mut Turn<'_, '_>,
    origin: &Origin<'_>,
    signed: &Signed,
    message: &ChatMessage,
    person: &PublicKey,
    request: Option<RequestProgress>,
) -> Result<(), Halt> {
    let chat = one_to_one(turn, person)?;
    if rules::was_cleared(message.clock, chat.deleted_at_clock) {
        return Err(Rule::Outdated.into());
    }
    let own = origin.sender.standing == Standing::Own;
    let seen = own || message.clock <= chat.read_at_clock;
    let added = turn.tx.messages().insert(&MessageRow {
        clock: message.clock,
        sent_at: origin.sent_at,
        kind: message.body.content_type().unsigned_abs(),
        text: message.text.clone(),
        payload: has_more_than_text(message).then(|| signed.body.clone()),
        response_to: message.response_to,
        delivery: own.then_some(Delivery::Sent),
        request,
        seen,
        mention: !own,
        ..blank(signed.id, chat.id.clone(), row_key(&signed.author))
    })?;
    if !added {
        return Err(Halt::Drop(Reason::Duplicate));
    }
    if rules::is_late(message.clock, chat.clock, origin.sent_at, turn.now) {
        turn.tx.repair().mark_late(&signed.id)?;
    }
    files::inbound::announced(turn, signed.id, &signed.author, message.file.as_ref())?;
    move_clock(turn, &chat, message.clock)?;
    Ok(())
}

fn move_clock(turn: &mut Turn<'_, '_>, chat: &ChatRow, clock: u64) -> Result<(), Halt> {
    let observed = clock::observe(chat.clock, clock);
    if observed != chat.clock {
        turn.tx.chats().set_clock(&chat.id, observed)?;
    }
    Ok(())
}

/// Whether a message carries what its row has no column for.
pub(crate) fn has_more_than_text(message: &ChatMessage) -> bool {
    let text_only = matches!(
        message.body,
        Body::Text | Body::Emoji | Body::Status | Body::ContactRequest
    );
    !text_only
        || !message.links.is_empty()
        || !message.status_links.is_empty()
        || !message.payment_requests.is_empty()
        || message.thread_id.is_some()
        || message.file.is_some()
}
