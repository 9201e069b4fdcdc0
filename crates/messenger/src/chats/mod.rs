//! Chats: which message belongs where, and what we say in them.

pub mod commands;
pub(crate) mod inbound;
pub mod rules;

use crypto::PublicKey;
use protocol::clock;
use protocol::content::chat_message::Body;
use protocol::content::{ChatMessage, Content, MessageType};
use protocol::id::{ChatId, MessageId};
use protocol::wire::files::FileAnnouncement;
use store::{ChatRow, Delivery, MessageRow, RequestProgress, StoreError};

use crate::contacts::rules::Relation;
use crate::turn::{Turn, row_key};
use crate::{repair, send};

/// What we say in a one-to-one chat.
pub(crate) struct Saying<'a> {
    /// Its place in the chat.
    pub clock: u64,
    /// The text.
    pub text: &'a str,
    /// What it is besides text.
    pub body: Body,
    /// The message it answers.
    pub response_to: Option<MessageId>,
    /// The file it announces.
    pub file: Option<FileAnnouncement>,
}

/// The chat with a person; made now, outside the list of chats, if there is none.
pub(crate) fn one_to_one(turn: &mut Turn<'_, '_>, person: &PublicKey) -> Result<ChatRow, StoreError> {
    let id = ChatId::one_to_one(person);
    if let Some(chat) = turn.tx.chats().load(&id)? {
        return Ok(chat);
    }
    let chat = ChatRow {
        active: false,
        ..ChatRow::new(id, turn.now)
    };
    turn.tx.chats().save(&chat)?;
    Ok(chat)
}

/// Puts the chat with a person into the list of chats.
pub(crate) fn activate(turn: &mut Turn<'_, '_>, person: &PublicKey) -> Result<(), StoreError> {
    let chat = one_to_one(turn, person)?;
    if !chat.active {
        turn.tx.chats().save(&ChatRow { active: true, ..chat })?;
    }
    Ok(())
}

/// Erases the messages of the chat with a person, takes it out of the list, and lets nothing of before `clock` back in.
pub(crate) fn purge(turn: &mut Turn<'_, '_>, person: &PublicKey, clock: u64) -> Result<(), StoreError> {
    let chat = one_to_one(turn, person)?;
    let clock = chat.clock.max(clock);
    turn.tx.messages().remove_up_to(&chat.id, u64::MAX)?;
    repair::begin_anew(turn, &chat.id)?;
    turn.tx.chats().save(&ChatRow {
        active: false,
        clock,
        deleted_at_clock: clock,
        ..chat
    })
}

/// Says something in the chat with a person: keeps the message and hands it to data sync.
pub(crate) fn say(
    turn: &mut Turn<'_, '_>,
    person: &PublicKey,
    relation: &Relation,
    saying: Saying<'_>,
) -> Result<MessageId, StoreError> {
    let chat = one_to_one(turn, person)?;
    let Saying {
        clock,
        text,
        body,
        response_to,
        file,
    } = saying;
    let kind = body.content_type().unsigned_abs();
    let request = (body == Body::ContactRequest).then_some(RequestProgress::Pending);
    let message = ChatMessage {
        clock,
        timestamp: turn.now,
        chat_id: Some(chat.id.clone()),
        message_type: MessageType::OneToOne,
        text: text.to_owned(),
        body,
        response_to,
        ens_name: String::new(),
        display_name: turn.me.display_name.clone(),
        customization_color: 0,
        contact_request: Some(relation.propagated()),
        links: Vec::new(),
        status_links: Vec::new(),
        payment_requests: Vec::new(),
        thread_id: None,
        file,
    };
    let has_more = inbound::has_more_than_text(&message);
    let signed = send::to_person(turn, person, &Content::ChatMessage(Box::new(message)))?;
    turn.tx.messages().insert(&MessageRow {
        id: signed.id,
        chat: chat.id.clone(),
        author: row_key(&turn.me.public),
        clock,
        sent_at: turn.now,
        kind,
        text: text.to_owned(),
        payload: has_more.then_some(signed.body),
        response_to,
        delivery: Some(Delivery::Queued),
        request,
        ..blank(signed.id, chat.id.clone(), row_key(&turn.me.public))
    })?;
    turn.tx.chats().set_clock(&chat.id, clock::observe(chat.clock, clock))?;
    Ok(signed.id)
}

/// A message of which only the names are known, seen and without marks.
pub(crate) fn blank(id: MessageId, chat: ChatId, author: store::PublicKeyBytes) -> MessageRow {
    MessageRow {
        id,
        chat,
        author,
        clock: 0,
        sent_at: protocol::Timestamp(0),
        kind: 0,
        text: String::new(),
        payload: None,
        response_to: None,
        delivery: None,
        request: None,
        edited_clock: 0,
        deletion: store::Deletion::None,
        deleted_by: None,
        seen: true,
        mention: false,
    }
}
