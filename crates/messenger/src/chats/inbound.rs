//! What others say in chats, and what we said on other devices of ours.

use protocol::content::chat_message::Body;
use protocol::content::{ChatMessage, MessageType};
use protocol::id::MessageId;
use protocol::layers::application::Signed;
use store::{ChatRow, Delivery, MessageRow, RequestProgress, StoreError};

use super::place::{self, Place, Room};
use super::{arrived, blank, delete, one_to_one, public, rules};
use crate::broken;
use crate::contacts::{self, Standing, relation};
use crate::inbound::{Reason, Rule};
use crate::receive::{Done, Halt, Origin};
use crate::turn::{Turn, row_key};
use crate::{files, groups};

/// A chat message of any kind of chat. One of a private group comes out of the membership update around it, under the
/// id and signature of that.
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
    let personal = message.message_type == MessageType::OneToOne;
    let own = origin.sender.standing == Standing::Own;
    if message.body == Body::ContactRequest && (!personal || own) {
        return Err(Halt::Drop(Reason::Unsupported(signed.kind)));
    }
    if personal && !own {
        origin.must_be_personal(&signed.author)?;
        if message.body == Body::ContactRequest {
            return request(turn, origin, signed, message);
        }
        let theirs = message.contact_request.as_ref();
        contacts::inbound::propagated(turn, origin, theirs, &message.display_name)?;
    }
    let place = match place::heard(turn, origin, signed, message.message_type, message.chat_id.as_ref()) {
        // What the message says about the contact stands; the message itself waits for our answer.
        Err(Halt::Wait(missing, what)) => return Ok(Done::Waiting(missing, what)),
        place => place?,
    };
    if matches!(place.room, Room::Group) {
        groups::may_say(turn, origin, signed, &place.chat.id, message.clock)?;
    }
    if matches!(place.room, Room::Public) {
        if matches!(message.body, Body::Image(_) | Body::Audio(_)) {
            return Err(Rule::NotAllowed.into());
        }
        public::may_say(turn, origin, &place.chat.id, message)?;
    }
    keep(turn, origin, signed, message, &place, None)?;
    if !personal {
        public::hear_name(turn, &signed.author, &message.display_name)?;
    }
    if personal && !own && !place.chat.active {
        turn.tx.chats().save(&ChatRow {
            active: true,
            clock: place.chat.clock.max(message.clock),
            ..place.chat
        })?;
    }
    Ok(Done::Kept)
}

/// A request to become contacts. It is kept whether or not its author is shown yet.
fn request(turn: &mut Turn<'_, '_>, origin: &Origin<'_>, signed: &Signed, message: &ChatMessage) -> Result<Done, Halt> {
    let person = origin.sender.key;
    let theirs = message.contact_request.as_ref();
    let progress = contacts::inbound::requested(turn, origin, signed.id, message.clock, theirs)?;
    let mut contact = contacts::load(turn, &person)?;
    if contacts::inbound::take_name(&mut contact, &message.display_name) {
        turn.tx.contacts().save(&contact)?;
    }
    let relation = relation(&contact);
    let place = Place {
        chat: one_to_one(turn, &person)?,
        room: Room::OneToOne { person, relation },
    };
    keep(turn, origin, signed, message, &place, Some(progress))?;
    Ok(Done::Kept)
}

/// Puts a message into its chat.
fn keep(
    turn: &mut Turn<'_, '_>,
    origin: &Origin<'_>,
    signed: &Signed,
    message: &ChatMessage,
    place: &Place,
    request: Option<RequestProgress>,
) -> Result<(), Halt> {
    let chat = &place.chat;
    if rules::was_cleared(message.clock, chat.deleted_at_clock) {
        return Err(Rule::Outdated.into());
    }
    let own = signed.author == turn.me.public;
    let seen = own || message.clock <= chat.read_at_clock;
    let mention = !own && calls_us(turn, place, &message.text, message.response_to.as_ref())?;
    let added = turn.tx.messages().insert(&MessageRow {
        clock: message.clock,
        sent_at: origin.sent_at,
        kind: message.body.content_type().unsigned_abs(),
        text: message.shown_text().to_owned(),
        payload: message.has_more_than_text().then(|| message.encode()),
        response_to: message.response_to,
        delivery: own.then_some(Delivery::Sent),
        request,
        seen,
        mention,
        ..blank(signed.id, chat.id.clone(), row_key(&signed.author))
    })?;
    if !added {
        return Err(Halt::Drop(Reason::Duplicate));
    }
    if rules::is_late(message.clock, chat.clock, origin.sent_at, turn.now) {
        turn.tx.repair().mark_late(&signed.id)?;
    }
    files::inbound::announced(turn, signed.id, &signed.author, message.file.as_ref())?;
    place.observe(turn, message.clock)?;
    arrived(turn, signed.id);
    if let Body::Image(picture) = &message.body {
        delete::late_picture(turn, &signed.id, picture)?;
    }
    Ok(())
}

/// Whether what somebody says is for us in particular: said to us alone, by our name or everybody's, or an answer to us.
pub(crate) fn calls_us(
    turn: &mut Turn<'_, '_>,
    place: &Place,
    text: &str,
    response_to: Option<&MessageId>,
) -> Result<bool, StoreError> {
    if matches!(place.room, Room::OneToOne { .. }) || rules::is_called(text, &turn.me.public) {
        return Ok(true);
    }
    let answered = match response_to {
        Some(id) => turn.tx.messages().load(id)?,
        None => None,
    };
    Ok(answered.is_some_and(|answered| answered.author == row_key(&turn.me.public)))
}
