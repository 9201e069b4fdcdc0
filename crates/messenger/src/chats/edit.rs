//! Edits: an author gives a message another text. Newer clocks win, equal ones by the id of the edit, so that everybody
//! ends with the same text in whatever order the edits come.

use protocol::content::chat_message::Body;
use protocol::content::{ChatMessage, Content, EditMessage};
use protocol::id::MessageId;
use protocol::layers::application::Signed;
use store::{Deletion, EditRow, MessageRow, StoreError};

use super::inbound::calls_us;
use super::place::Place;
use super::target::{self, About};
use super::{Error, rules};
use crate::command::CommandError;
use crate::inbound::Rule;
use crate::receive::{Done, Halt, Origin};
use crate::turn::{Turn, row_key};

/// Gives a message of ours another text, and tells everybody in its chat.
pub(crate) fn edit(turn: &mut Turn<'_, '_>, id: &MessageId, text: &str) -> Result<(), CommandError> {
    let (place, row) = target::to_speak(turn, id)?;
    if row.author != row_key(&turn.me.public) {
        return Err(Error::NotYours.into());
    }
    if !rules::is_editable(row.kind) || carries_file(&row) {
        return Err(Error::NotEditable.into());
    }
    rules::text(text)?;
    if row.text == text {
        return Ok(());
    }
    let edit = EditMessage {
        clock: place.next_clock(turn),
        text: text.to_owned(),
        chat_id: Some(place.chat.id.clone()),
        message_id: Some(*id),
        message_type: place.message_type(),
        content_type: match row.kind {
            rules::EMOJI => Body::Text.content_type(),
            _ => 0,
        },
        links: Vec::new(),
        status_links: Vec::new(),
    };
    let signed = place.tell(turn, edit.clock, &Content::Edit(Box::new(edit.clone())))?;
    apply(turn, &place, row, &edit, signed.id)?;
    Ok(())
}

/// Somebody's edit.
pub(crate) fn inbound(
    turn: &mut Turn<'_, '_>,
    origin: &Origin<'_>,
    signed: &Signed,
    edit: &EditMessage,
) -> Result<Done, Halt> {
    edit.validate(origin.sent_at)?;
    let about = About {
        clock: edit.clock,
        message_type: edit.message_type,
        chat: edit.chat_id.as_ref(),
        message: edit.message_id.as_ref(),
    };
    let (place, row) = target::heard(turn, origin, signed, &about)?;
    if row.author != row_key(&signed.author) || !rules::is_editable(row.kind) {
        return Err(Rule::NotAllowed.into());
    }
    place.observe(turn, edit.clock)?;
    if row.deletion != Deletion::None {
        // It may have waited here, and be kept for others since then.
        turn.tx.repair().erase_original(&signed.id)?;
        return Ok(Done::Refused(Rule::Outdated.into()));
    }
    match apply(turn, &place, row, edit, signed.id)? {
        true => Ok(Done::Applied),
        false => Ok(Done::Refused(Rule::Outdated.into())),
    }
}

/// Remembers an edit, and takes its text over if it is the newest; answers whether it is.
fn apply(
    turn: &mut Turn<'_, '_>,
    place: &Place,
    row: MessageRow,
    edit: &EditMessage,
    id: MessageId,
) -> Result<bool, StoreError> {
    let this = EditRow { clock: edit.clock, id };
    let newest = turn.tx.edits().newest(&row.id)?;
    turn.tx.edits().add(&row.id, &this)?;
    let outdated = edit.clock < row.clock.max(row.edited_clock) || newest.is_some_and(|newest| this <= newest);
    if outdated {
        return Ok(false);
    }
    let own = row.author == row_key(&turn.me.public);
    let mention = !own && calls_us(turn, place, &edit.text, row.response_to.as_ref())?;
    turn.tx.messages().update(&MessageRow {
        text: edit.text.clone(),
        payload: carried(&row, edit),
        kind: rules::kind_after_edit(row.kind, edit.content_type),
        edited_clock: edit.clock,
        mention,
        ..row
    })?;
    Ok(true)
}

/// What a message carries besides its text after an edit: the same, with the edit's previews.
fn carried(row: &MessageRow, edit: &EditMessage) -> Option<Vec<u8>> {
    let kept = row.payload.as_ref().and_then(|bytes| ChatMessage::parse(bytes).ok());
    let mut message = kept.unwrap_or_else(|| bare(row, edit));
    if let Body::Bridge(bridge) = &mut message.body {
        bridge.content.clone_from(&edit.text);
    }
    message.text.clone_from(&edit.text);
    message.links.clone_from(&edit.links);
    message.status_links.clone_from(&edit.status_links);
    message.has_more_than_text().then(|| message.encode())
}

/// A message that was only text, in the form in which more is kept.
fn bare(row: &MessageRow, edit: &EditMessage) -> ChatMessage {
    ChatMessage {
        clock: row.clock,
        timestamp: row.sent_at,
        chat_id: Some(row.chat.clone()),
        message_type: edit.message_type,
        text: String::new(),
        body: Body::Text,
        response_to: row.response_to,
        ens_name: String::new(),
        display_name: String::new(),
        customization_color: 0,
        contact_request: None,
        links: Vec::new(),
        status_links: Vec::new(),
        payment_requests: Vec::new(),
        thread_id: None,
        file: None,
    }
}

/// The text of a message that announces a file is a hint for programs that cannot show it.
fn carries_file(row: &MessageRow) -> bool {
    let kept = row.payload.as_ref().and_then(|bytes| ChatMessage::parse(bytes).ok());
    kept.is_some_and(|message| message.file.is_some())
}
