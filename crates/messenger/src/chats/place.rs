//! Which chat something belongs to, and who may speak there: one function for what others say, one for what we say, and
//! every kind of content and of chat goes through them.

use crypto::PublicKey;
use protocol::clock;
use protocol::content::{Content, MessageType};
use protocol::id::{ChatId, ChatKind};
use protocol::layers::application::Signed;
use store::ChatRow;

use super::{one_to_one, public, rules};
use crate::command::CommandError;
use crate::contacts::rules::Relation;
use crate::contacts::{self, Standing, relation};
use crate::inbound::{Missing, Reason, Rule};
use crate::receive::{Halt, Origin};
use crate::turn::Turn;
use crate::{groups, send};

/// A chat together with what its kind needs to speak there.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// The chat.
    pub chat: ChatRow,
    /// What kind of chat it is.
    pub room: Room,
}

/// The kinds of chats that can be spoken in.
#[derive(Clone, Debug)]
pub(crate) enum Room {
    /// With one person.
    OneToOne {
        /// Who it is.
        person: PublicKey,
        /// How we stand.
        relation: Relation,
    },
    /// With whoever knows the name.
    Public,
    /// With the members of a private group.
    Group,
}

/// The chat that a received content names by itself, if its author may speak there.
///
/// In the chat with a person who is not shown yet, it waits for our answer to them; a public chat or a group that we are
/// not in is none of ours.
pub(crate) fn heard(
    turn: &mut Turn<'_, '_>,
    origin: &Origin<'_>,
    signed: &Signed,
    message_type: MessageType,
    chat: Option<&ChatId>,
) -> Result<Place, Halt> {
    match message_type {
        MessageType::OneToOne => heard_one_to_one(turn, origin, signed, chat),
        MessageType::PublicGroup => public::heard(turn, origin, signed, chat.ok_or(Rule::NotAllowed)?),
        MessageType::PrivateGroup => {
            let chat = groups::heard(turn, origin, signed, chat.ok_or(Rule::NotAllowed)?)?;
            Ok(Place {
                chat,
                room: Room::Group,
            })
        }
        _ => Err(Halt::Drop(Reason::Unsupported(signed.kind))),
    }
}

/// The chat of ours with this id, if we may speak there.
pub(crate) fn to_speak(turn: &mut Turn<'_, '_>, chat: &ChatId) -> Result<Place, CommandError> {
    let place = ours(turn, chat)?;
    match &place.room {
        Room::OneToOne { relation, .. } => rules::may_write(relation)?,
        Room::Public => rules::may_write_publicly(&place.chat)?,
        Room::Group => groups::may_post(turn, &place.chat)?,
    }
    Ok(place)
}

/// The chat of ours with this id.
pub(crate) fn ours(turn: &mut Turn<'_, '_>, chat: &ChatId) -> Result<Place, CommandError> {
    let chat = turn.tx.chats().load(chat)?.ok_or(CommandError::ChatNotFound)?;
    let room = match chat.id.kind() {
        ChatKind::OneToOne => {
            let person = chat.id.peer().ok_or(CommandError::ChatNotFound)?;
            let relation = relation(&contacts::load(turn, &person)?);
            Room::OneToOne { person, relation }
        }
        ChatKind::Public => Room::Public,
        ChatKind::Group => Room::Group,
        ChatKind::Channel { .. } => return Err(CommandError::UnsupportedChat),
    };
    Ok(Place { chat, room })
}

impl Place {
    /// How contents say what kind of chat they are for.
    pub(crate) fn message_type(&self) -> MessageType {
        match self.room {
            Room::OneToOne { .. } => MessageType::OneToOne,
            Room::Public => MessageType::PublicGroup,
            Room::Group => MessageType::PrivateGroup,
        }
    }

    /// The clock of what we say next.
    pub(crate) fn next_clock(&self, turn: &Turn<'_, '_>) -> u64 {
        match &self.room {
            Room::OneToOne { relation, .. } => contacts::next_clock(self.chat.clock, relation, turn.now),
            // Not further ahead than others accept, even if somebody else was.
            Room::Public => clock::next(self.chat.clock.min(turn.now.plus(MOST_AHEAD_MS).0), turn.now),
            Room::Group => clock::next(self.chat.clock, turn.now),
        }
    }

    /// Sends a content to everybody in the chat, in the way of its kind, and moves the chat's clock to `clock`. What it
    /// means here is the caller's to write down.
    pub(crate) fn tell(&self, turn: &mut Turn<'_, '_>, clock: u64, content: &Content) -> Result<Signed, CommandError> {
        let signed = match &self.room {
            Room::OneToOne { person, .. } => send::to_person(turn, person, content)?,
            Room::Public => send::to_public_chat(turn, &self.chat.id, content)?,
            Room::Group => groups::post(turn, &self.chat, content)?,
        };
        self.observe(turn, clock)?;
        Ok(signed)
    }

    /// Moves the chat's clock to at least this value.
    pub(crate) fn observe(&self, turn: &mut Turn<'_, '_>, clock: u64) -> Result<(), store::StoreError> {
        if clock > self.chat.clock {
            turn.tx.chats().set_clock(&self.chat.id, clock)?;
        }
        Ok(())
    }
}

fn heard_one_to_one(
    turn: &mut Turn<'_, '_>,
    origin: &Origin<'_>,
    signed: &Signed,
    chat: Option<&ChatId>,
) -> Result<Place, Halt> {
    origin.must_be_personal(&signed.author)?;
    let own = origin.sender.standing == Standing::Own;
    let person = match own {
        true => chat.and_then(ChatId::peer).ok_or(Rule::NotAllowed)?,
        false => origin.sender.key,
    };
    if person == turn.me.public {
        return Err(Halt::Drop(Reason::Unsupported(signed.kind)));
    }
    let relation = relation(&contacts::load(turn, &person)?);
    if !own && !rules::shows(&relation) {
        return Err(Halt::Wait(Missing::Chat, origin.sender.row.as_bytes().to_vec()));
    }
    let chat = one_to_one(turn, &person)?;
    Ok(Place {
        chat,
        room: Room::OneToOne { person, relation },
    })
}

/// Clocks more than two minutes ahead of their envelope are refused by everybody; an envelope's time is in whole seconds.
const MOST_AHEAD_MS: u64 = 118_000;
