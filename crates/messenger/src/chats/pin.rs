//! Pins: messages that a chat keeps at hand. One pin for a message; the newest clock decides, equal ones by the key of who
//! did it. A pinned message is told by a line in the chat that every device makes for itself.

use crypto::keccak256_parts;
use protocol::Timestamp;
use protocol::content::{Content, PinMessage};
use protocol::id::MessageId;
use protocol::layers::application::Signed;
use store::{Deletion, MessageRow, PinRow, StoreError};

use super::abilities::of_kind;
use super::place::{Place, Room};
use super::react::Mark;
use super::target::{self, About};
use super::{Error, blank, rules};
use crate::command::CommandError;
use crate::inbound::Rule;
use crate::receive::{Done, Halt, Origin};
use crate::turn::{Turn, row_key};

/// Pins or unpins a message, and tells everybody in its chat.
pub(crate) fn pin(turn: &mut Turn<'_, '_>, id: &MessageId, mark: Mark) -> Result<(), CommandError> {
    let (place, row) = target::to_speak(turn, id)?;
    if !of_kind(&place.chat.id.kind()).pins {
        return Err(Error::NotPinnable.into());
    }
    let pinned = mark == Mark::On;
    let stands = turn.tx.pins().load(id)?.is_some_and(|pin| pin.pinned);
    if stands == pinned {
        return Ok(());
    }
    if pinned && turn.tx.pins().count(&place.chat.id)? >= MOST_PINS {
        return Err(Error::TooManyPins.into());
    }
    let pin = PinMessage {
        clock: place.next_clock(turn),
        message_id: Some(*id),
        chat_id: Some(place.chat.id.clone()),
        pinned,
        message_type: place.message_type(),
    };
    let signed = place.tell(turn, pin.clock, &Content::Pin(pin.clone()))?;
    apply(turn, &place, &row, &pin, &signed, turn.now)?;
    Ok(())
}

/// Somebody pins or unpins a message.
pub(crate) fn inbound(
    turn: &mut Turn<'_, '_>,
    origin: &Origin<'_>,
    signed: &Signed,
    pin: &PinMessage,
) -> Result<Done, Halt> {
    pin.validate(origin.sent_at)?;
    let about = About {
        clock: pin.clock,
        message_type: pin.message_type,
        chat: pin.chat_id.as_ref(),
        message: pin.message_id.as_ref(),
    };
    let (place, row) = target::heard(turn, origin, signed, &about)?;
    if matches!(place.room, Room::Public) {
        return Err(Rule::NotAllowed.into());
    }
    if row.deletion != Deletion::None {
        return Err(Rule::Outdated.into());
    }
    place.observe(turn, pin.clock)?;
    match apply(turn, &place, &row, pin, signed, origin.sent_at)? {
        true => Ok(Done::Applied),
        false => Ok(Done::Refused(Rule::Outdated.into())),
    }
}

/// Writes a pin down if it is the newest, and the line that tells of it in any case; answers whether it is.
fn apply(
    turn: &mut Turn<'_, '_>,
    place: &Place,
    row: &MessageRow,
    pin: &PinMessage,
    signed: &Signed,
    sent_at: Timestamp,
) -> Result<bool, StoreError> {
    let author = row_key(&signed.author);
    if pin.pinned && !rules::was_cleared(pin.clock, place.chat.deleted_at_clock) {
        line(turn, row, pin.clock, signed, sent_at)?;
    }
    let known = turn.tx.pins().load(&row.id)?;
    let order = |clock: u64, author: &store::PublicKeyBytes, pinned: bool| (clock, *author.as_bytes(), !pinned);
    let newer = known
        .is_none_or(|known| order(pin.clock, &author, pin.pinned) > order(known.clock, &known.author, known.pinned));
    if newer {
        turn.tx.pins().save(&PinRow {
            message: row.id,
            chat: row.chat.clone(),
            author,
            clock: pin.clock,
            pinned: pin.pinned,
        })?;
    }
    Ok(newer)
}

/// The line in the chat that says who pinned what.
fn line(
    turn: &mut Turn<'_, '_>,
    row: &MessageRow,
    clock: u64,
    signed: &Signed,
    sent_at: Timestamp,
) -> Result<(), StoreError> {
    let id = MessageId::from_bytes(keccak256_parts(&[b"pinned ", signed.id.as_bytes()]));
    turn.tx.messages().insert(&MessageRow {
        clock,
        sent_at,
        kind: rules::PINNED_LINE,
        response_to: Some(row.id),
        ..blank(id, row.chat.clone(), row_key(&signed.author))
    })?;
    Ok(())
}

/// Messages that we pin in one chat.
pub const MOST_PINS: u64 = 3;
