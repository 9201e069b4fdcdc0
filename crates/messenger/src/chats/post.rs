//! Saying something that stands in a chat: a text, a reply, a sticker, a picture, a sound, in a chat of any kind.

use protocol::content::chat_message::{Body, UnfurledLink, UnfurledStatusLink};
use protocol::content::{ChatMessage, Content};
use protocol::id::{ChatId, MessageId};
use protocol::mention;
use protocol::wire::files::FileAnnouncement;
use store::{Delivery, MessageRow, RequestProgress};

use super::place::{self, Place, Room};
use super::{blank, rules};
use crate::command::CommandError;
use crate::turn::{Turn, row_key};

/// What we say.
pub(crate) struct Saying {
    /// The text. A sticker or a sound has a placeholder here, for clients that cannot show it.
    pub text: String,
    /// What it is besides text.
    pub body: Body,
    /// The message it answers, which need not be known.
    pub response_to: Option<MessageId>,
    /// The file it announces.
    pub file: Option<FileAnnouncement>,
    /// Previews of web pages, made by us.
    pub links: Vec<UnfurledLink>,
    /// Previews of people, communities and channels, made by us.
    pub status_links: Vec<UnfurledStatusLink>,
}

impl Saying {
    /// A text and nothing else.
    pub(crate) fn text(text: impl Into<String>) -> Saying {
        Saying {
            text: text.into(),
            body: Body::Text,
            response_to: None,
            file: None,
            links: Vec::new(),
            status_links: Vec::new(),
        }
    }
}

/// Says something in a chat of ours, if we may.
pub(crate) fn post(turn: &mut Turn<'_, '_>, chat: &ChatId, saying: Saying) -> Result<MessageId, CommandError> {
    let place = place::to_speak(turn, chat)?;
    let saying = Saying {
        text: mention::as_sent(&saying.text),
        ..saying
    };
    rules::saying(&place.room, &saying)?;
    let clock = place.next_clock(turn);
    say(turn, &place, clock, saying)
}

/// Says something with a given clock, whether or not we may: keeps the message, and sends it.
pub(crate) fn say(
    turn: &mut Turn<'_, '_>,
    place: &Place,
    clock: u64,
    saying: Saying,
) -> Result<MessageId, CommandError> {
    let Saying {
        text,
        body,
        response_to,
        file,
        links,
        status_links,
    } = saying;
    let kind = body.content_type().unsigned_abs();
    let request = (body == Body::ContactRequest).then_some(RequestProgress::Pending);
    let contact_request = match &place.room {
        Room::OneToOne { relation, .. } => Some(relation.propagated()),
        Room::Public | Room::Group => None,
    };
    let message = ChatMessage {
        clock,
        timestamp: turn.now,
        chat_id: Some(place.chat.id.clone()),
        message_type: place.message_type(),
        text: text.clone(),
        body,
        response_to,
        ens_name: String::new(),
        display_name: turn.me.display_name.clone(),
        customization_color: 0,
        contact_request,
        links,
        status_links,
        payment_requests: Vec::new(),
        thread_id: None,
        file,
    };
    let payload = message.has_more_than_text().then(|| message.encode());
    let signed = place.tell(turn, clock, &Content::ChatMessage(Box::new(message)))?;
    turn.tx.messages().insert(&MessageRow {
        clock,
        sent_at: turn.now,
        kind,
        text,
        payload,
        response_to,
        delivery: Some(Delivery::Queued),
        request,
        ..blank(signed.id, place.chat.id.clone(), row_key(&turn.me.public))
    })?;
    super::arrived(turn, signed.id);
    Ok(signed.id)
}
