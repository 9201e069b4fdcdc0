//! What a person does about their contacts.

use crypto::PublicKey;
use protocol::clock;
use protocol::content::Content;
use protocol::content::chat_message::Body;
use protocol::content::contact::{AcceptContactRequest, RetractContactRequest};
use protocol::content::name::harmless;
use protocol::id::{ChatId, MessageId, public_key_text};
use store::{ContactRow, RequestProgress, StoreError};

use super::rules::Relation;
use super::{REQUEST_LIFETIME_MS, befriend, close_request, load, next_clock, relation, set_relation};
use crate::chats;
use crate::command::CommandError;
use crate::profile::publish;
use crate::send;
use crate::topics;
use crate::turn::{Turn, row_key};

/// Asks a person to become a contact. If they have asked us, both have, and no acceptance is needed.
pub(crate) fn send_request(turn: &mut Turn<'_, '_>, to: &PublicKey, note: &str) -> Result<MessageId, CommandError> {
    let note = note.trim();
    if note.is_empty() || note.chars().nth(MAX_NOTE_CHARACTERS).is_some() {
        return Err(CommandError::BadNote);
    }
    let mut contact = somebody_else(turn, to)?;
    let mut relation = relation(&contact);
    let still_open = contact.request_expires_at.is_some_and(|end| end > turn.now);
    match () {
        () if relation.blocked => return Err(CommandError::Blocked),
        () if relation.mutual() => return Err(CommandError::AlreadyContacts),
        () if relation.added() && still_open => return Err(CommandError::AlreadyAsked),
        () => {}
    }
    let chat = chats::one_to_one(turn, to)?;
    let clock = next_clock(chat.clock, &relation, turn.now);
    relation.ask(clock);
    close_request(turn, &mut contact, RequestProgress::Withdrawn)?;
    set_relation(&mut contact, relation);
    topics::listen_to(turn, to)?;
    chats::activate(turn, to)?;
    let place = chats::Place {
        chat: chats::one_to_one(turn, to)?,
        room: chats::Room::OneToOne { person: *to, relation },
    };
    let saying = chats::Saying {
        body: Body::ContactRequest,
        ..chats::Saying::text(note)
    };
    let id = chats::say(turn, &place, clock, saying)?;
    contact.request = Some(id);
    contact.request_expires_at = Some(turn.now.plus(REQUEST_LIFETIME_MS));
    if relation.mutual() {
        befriend(turn, &mut contact, to)?;
        publish::introduce(turn, to)?;
    }
    turn.tx.contacts().save(&contact)?;
    Ok(id)
}

/// Says yes to an open request.
pub(crate) fn accept(turn: &mut Turn<'_, '_>, person: &PublicKey) -> Result<(), CommandError> {
    let (mut contact, mut relation) = known(turn, person)?;
    match () {
        () if relation.blocked => return Err(CommandError::Blocked),
        () if relation.mutual() => return Err(CommandError::AlreadyContacts),
        () if !relation.has_added_us() => return Err(CommandError::NoOpenRequest),
        () if contact.request_expires_at.is_none_or(|end| end <= turn.now) => return Err(CommandError::RequestExpired),
        () => {}
    }
    let clock = next_clock(chats::one_to_one(turn, person)?.clock, &relation, turn.now);
    relation.ask(clock);
    set_relation(&mut contact, relation);
    let request = match &contact.request {
        Some(id) => id.to_string(),
        None => request_without_message(person),
    };
    befriend(turn, &mut contact, person)?;
    turn.tx.contacts().save(&contact)?;
    move_clock(turn, person, clock)?;
    send::to_person(
        turn,
        person,
        &Content::AcceptContactRequest(AcceptContactRequest { request, clock }),
    )?;
    // An acceptance carries no name, and whoever asked may know nothing but our key.
    publish::update(turn, person, &contact)?;
    publish::introduce(turn, person)?;
    Ok(())
}

/// Says no to an open request, and tells nobody.
pub(crate) fn decline(turn: &mut Turn<'_, '_>, person: &PublicKey) -> Result<(), CommandError> {
    let (mut contact, mut relation) = known(turn, person)?;
    if !relation.awaits_our_answer() {
        return Err(CommandError::NoOpenRequest);
    }
    let clock = next_clock(chats::one_to_one(turn, person)?.clock, &relation, turn.now);
    relation.dismiss(clock);
    set_relation(&mut contact, relation);
    close_request(turn, &mut contact, RequestProgress::Declined)?;
    turn.tx.contacts().save(&contact)?;
    move_clock(turn, person, clock)?;
    Ok(())
}

/// Takes back a request that has not been answered.
pub(crate) fn retract(turn: &mut Turn<'_, '_>, person: &PublicKey) -> Result<(), CommandError> {
    let (contact, relation) = known(turn, person)?;
    match () {
        () if relation.mutual() => Err(CommandError::AlreadyContacts),
        () if !relation.added() => Err(CommandError::NoOpenRequest),
        () => Ok(end(turn, person, contact, relation)?),
    }
}

/// Ends a contact on both sides.
pub(crate) fn remove(turn: &mut Turn<'_, '_>, person: &PublicKey) -> Result<(), CommandError> {
    let (contact, relation) = known(turn, person)?;
    if !relation.added() {
        return Err(CommandError::NotAContact);
    }
    Ok(end(turn, person, contact, relation)?)
}

/// Drops a person with everything they sent. They learn no more than that they are no contact.
pub(crate) fn block(turn: &mut Turn<'_, '_>, person: &PublicKey) -> Result<(), CommandError> {
    let mut contact = somebody_else(turn, person)?;
    let mut relation = relation(&contact);
    if relation.blocked {
        return Ok(());
    }
    let chat = chats::one_to_one(turn, person)?;
    let clock = next_clock(chat.clock, &relation, turn.now);
    for unsent in turn.tx.datasync().abandon(&row_key(person))? {
        turn.tx.outbox().remove_message(&unsent)?;
    }
    if relation.block(clock) {
        send_retraction(turn, person, clock)?;
    }
    set_relation(&mut contact, relation);
    close_request(turn, &mut contact, RequestProgress::Declined)?;
    turn.tx.contacts().save(&contact)?;
    turn.tx.activity().remove_of_person(&row_key(person))?;
    turn.tx.messages().remove_of_author(&row_key(person))?;
    turn.tx.people().forget(&row_key(person))?;
    turn.tx.verifications().remove(&row_key(person))?;
    topics::ignore(turn, person)?;
    chats::purge(turn, person, clock)?;
    Ok(())
}

/// Ends a block. Nothing of the earlier relation comes back.
pub(crate) fn unblock(turn: &mut Turn<'_, '_>, person: &PublicKey) -> Result<(), CommandError> {
    let (mut contact, mut relation) = known(turn, person)?;
    let clock = next_clock(chats::one_to_one(turn, person)?.clock, &relation, turn.now);
    relation.unblock(clock);
    set_relation(&mut contact, relation);
    turn.tx.contacts().save(&contact)?;
    topics::resume(turn, person)?;
    // Somebody blocked is not followed as the member of a group either.
    turn.tx.groups().not_followed(&row_key(person))?;
    move_clock(turn, person, clock)?;
    Ok(())
}

/// Gives a person a name that only we see.
pub(crate) fn set_nickname(turn: &mut Turn<'_, '_>, person: &PublicKey, name: &str) -> Result<(), CommandError> {
    let name = name.trim();
    if name.chars().nth(MAX_NICKNAME_CHARACTERS).is_some() {
        return Err(CommandError::NicknameTooLong);
    }
    if harmless(name) != name {
        return Err(CommandError::BadNickname);
    }
    let mut contact = somebody_else(turn, person)?;
    contact.nickname = name.to_owned();
    turn.tx.contacts().save(&contact)?;
    Ok(())
}

/// The text that names a request of which no message is known.
fn request_without_message(person: &PublicKey) -> String {
    format!("{}20", public_key_text(person))
}

/// Both halves of the relation are void from now on, here and there.
fn end(
    turn: &mut Turn<'_, '_>,
    person: &PublicKey,
    mut contact: ContactRow,
    mut relation: Relation,
) -> Result<(), StoreError> {
    let clock = next_clock(chats::one_to_one(turn, person)?.clock, &relation, turn.now);
    // Before the relation ends: the retraction still goes where they listen.
    send_retraction(turn, person, clock)?;
    relation.withdraw(clock);
    set_relation(&mut contact, relation);
    close_request(turn, &mut contact, RequestProgress::Withdrawn)?;
    turn.tx.contacts().save(&contact)?;
    move_clock(turn, person, clock)
}

fn send_retraction(turn: &mut Turn<'_, '_>, person: &PublicKey, clock: u64) -> Result<(), StoreError> {
    let retract = RetractContactRequest {
        request: String::new(),
        clock,
    };
    send::to_person(turn, person, &Content::RetractContactRequest(retract))?;
    move_clock(turn, person, clock)
}

fn move_clock(turn: &mut Turn<'_, '_>, person: &PublicKey, clock: u64) -> Result<(), StoreError> {
    let chat = chats::one_to_one(turn, person)?;
    turn.tx
        .chats()
        .set_clock(&ChatId::one_to_one(person), clock::observe(chat.clock, clock))
}

fn somebody_else(turn: &mut Turn<'_, '_>, person: &PublicKey) -> Result<ContactRow, CommandError> {
    if *person == turn.me.public {
        return Err(CommandError::OwnKey);
    }
    Ok(load(turn, person)?)
}

fn known(turn: &mut Turn<'_, '_>, person: &PublicKey) -> Result<(ContactRow, Relation), CommandError> {
    let contact = turn
        .tx
        .contacts()
        .load(&row_key(person))?
        .ok_or(CommandError::ContactNotFound)?;
    let relation = relation(&contact);
    Ok((contact, relation))
}

/// The longest note of a request.
const MAX_NOTE_CHARACTERS: usize = 280;

/// The longest name of our own for somebody.
const MAX_NICKNAME_CHARACTERS: usize = 24;
