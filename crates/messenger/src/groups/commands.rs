//! What a person does with groups.

use std::collections::BTreeSet;

use crypto::PublicKey;
use protocol::group::{Change, History};
use protocol::id::ChatId;
use store::{GroupRow, GroupStanding, StoreError};

use super::{Error, Known, load, out_of, requests, rules, save, tell};
use crate::activity::{self, ActivityKind, Answer};
use crate::command::{CommandError, Reply};
use crate::contacts;
use crate::turn::{Arrival, Turn};

/// Something about private groups.
#[derive(Clone, Debug)]
pub enum Command {
    /// Founds a group.
    Create {
        /// Its name, 1 to 30 characters that can be shown.
        name: String,
        /// Its colour, `#` and six hex digits; as by default if it is empty.
        colour: String,
        /// Its picture, at most 16 KiB.
        picture: Option<Vec<u8>>,
        /// Who is let in: contacts.
        people: Vec<PublicKey>,
    },
    /// Changes a group of ours.
    Change {
        /// The group.
        chat: ChatId,
        /// What changes.
        change: Change,
    },
    /// Leaves a group; what was said there stays.
    Leave {
        /// The group.
        chat: ChatId,
    },
    /// Says yes to a stranger's invitation.
    Accept {
        /// The group.
        chat: ChatId,
    },
    /// Says no to a stranger's invitation. Nobody is told.
    Decline {
        /// The group.
        chat: ChatId,
    },
    /// Asks a contact to let us into a group of theirs.
    AskToJoin {
        /// The group, by a link.
        chat: ChatId,
        /// Who is in it.
        admin: PublicKey,
        /// What they read with it, 1 to 280 characters.
        introduction: String,
    },
    /// Answers somebody who asks to be let in.
    AnswerRequest {
        /// The group.
        chat: ChatId,
        /// Who asks.
        person: PublicKey,
        /// Whether they are let in.
        yes: bool,
    },
}

/// Carries out a command of this feature.
pub(crate) fn carry_out(turn: &mut Turn<'_, '_>, command: Command) -> Result<Reply, CommandError> {
    match command {
        Command::Create {
            name,
            colour,
            picture,
            people,
        } => return create(turn, &name, &colour, picture, &people).map(Reply::Chat),
        Command::Change { chat, change: wanted } => change(turn, &chat, wanted)?,
        Command::Leave { chat } => leave(turn, &chat)?,
        Command::Accept { chat } => accept(turn, &chat)?,
        Command::Decline { chat } => decline(turn, &chat)?,
        Command::AskToJoin {
            chat,
            admin,
            introduction,
        } => requests::ask(turn, &chat, &admin, &introduction)?,
        Command::AnswerRequest { chat, person, yes } => requests::answer(turn, &chat, &person, yes)?,
    }
    Ok(Reply::Done)
}

fn create(
    turn: &mut Turn<'_, '_>,
    name: &str,
    colour: &str,
    picture: Option<Vec<u8>>,
    people: &[PublicKey],
) -> Result<ChatId, CommandError> {
    let me = turn.me.public;
    let people: Vec<PublicKey> = people.iter().filter(|person| **person != me).copied().collect();
    must_be_contacts(turn, &people)?;
    let colour = if colour.is_empty() { DEFAULT_COLOUR } else { colour };
    let key = &turn.me.key;
    let found = History::found(key, (name.trim(), colour), &people, turn.now, turn.rng);
    let mut history = found.map_err(Error::from)?;
    if let Some(picture) = picture {
        let with_picture = history.with(Change::Picture(picture), key, 0, turn.now);
        history = with_picture.map_err(Error::from)?;
    }
    let row = GroupRow {
        chat: history.chat().clone(),
        standing: GroupStanding::In,
        inviter: None,
        colour: String::new(),
        joined_at: turn.now,
        widened_at: turn.now,
    };
    save(turn, row, None, &history)?;
    tell::history(turn, &history, people)?;
    Ok(history.chat().clone())
}

/// Changes a group of ours, and tells everybody who was in it before or is now.
pub(crate) fn change(turn: &mut Turn<'_, '_>, chat: &ChatId, change: Change) -> Result<(), CommandError> {
    let Known { row, history: before } = load(turn, chat)?.ok_or(Error::NotFound)?;
    rules::may_speak(row.standing)?;
    let change = match change {
        Change::Rename(name) => Change::Rename(name.trim().to_owned()),
        Change::Add(people) => {
            must_be_contacts(turn, &people)?;
            Change::Add(people)
        }
        Change::Remove(person) if person == turn.me.public => return leave(turn, chat),
        other => other,
    };
    let clock = turn.tx.chats().load(chat)?.map_or(0, |chat| chat.clock);
    let key = &turn.me.key;
    let after = before.with(change, key, clock, turn.now).map_err(Error::from)?;
    save(turn, row, Some(&before), &after)?;
    tell::history(turn, &after, everybody(&before, &after))?;
    requests::settle_for_members(turn, &after)?;
    Ok(())
}

/// Leaves a group. An invitation that was not answered is declined instead.
pub(crate) fn leave(turn: &mut Turn<'_, '_>, chat: &ChatId) -> Result<(), CommandError> {
    let Known { row, history: before } = load(turn, chat)?.ok_or(Error::NotFound)?;
    if row.standing == GroupStanding::Invited {
        return decline(turn, chat);
    }
    rules::may_speak(row.standing)?;
    let clock = turn.tx.chats().load(chat)?.map_or(0, |chat| chat.clock);
    let key = &turn.me.key;
    let gone = Change::Remove(turn.me.public);
    let after = before.with(gone, key, clock, turn.now).map_err(Error::from)?;
    let standing = GroupStanding::Out;
    save(turn, GroupRow { standing, ..row }, Some(&before), &after)?;
    tell::history(turn, &after, everybody(&before, &after))?;
    out_of(turn, &after)?;
    Ok(())
}

/// Says yes to a stranger's invitation: what was said there since waits, and comes now.
pub(crate) fn accept(turn: &mut Turn<'_, '_>, chat: &ChatId) -> Result<(), CommandError> {
    let Known { row, history } = open_invitation(turn, chat)?;
    let standing = GroupStanding::In;
    save(turn, GroupRow { standing, ..row }, Some(&history), &history)?;
    settle(turn, chat, Answer::Accepted)?;
    turn.arrived.push(Arrival::Group(chat.clone()));
    Ok(())
}

/// Says no to a stranger's invitation. All that is kept is that we said no.
pub(crate) fn decline(turn: &mut Turn<'_, '_>, chat: &ChatId) -> Result<(), CommandError> {
    let Known { row, .. } = open_invitation(turn, chat)?;
    let standing = GroupStanding::Declined;
    turn.tx.groups().save(&GroupRow { standing, ..row })?;
    turn.tx.groups().erase(chat)?;
    turn.tx.chats().remove(chat)?;
    // What waits there comes to nothing when it is tried again.
    turn.arrived.push(Arrival::Group(chat.clone()));
    settle(turn, chat, Answer::Dismissed)?;
    Ok(())
}

fn open_invitation(turn: &mut Turn<'_, '_>, chat: &ChatId) -> Result<Known, CommandError> {
    let known = load(turn, chat)?.filter(|known| known.row.standing == GroupStanding::Invited);
    Ok(known.ok_or(Error::NotInvited)?)
}

fn settle(turn: &mut Turn<'_, '_>, chat: &ChatId, answer: Answer) -> Result<(), StoreError> {
    activity::settle(turn, ActivityKind::GroupInvitation, chat.as_str().as_bytes(), answer)
}

fn everybody(before: &History, after: &History) -> BTreeSet<PublicKey> {
    before
        .state()
        .members()
        .union(&after.state().members())
        .copied()
        .collect()
}

fn must_be_contacts(turn: &mut Turn<'_, '_>, people: &[PublicKey]) -> Result<(), CommandError> {
    for person in people {
        let own = *person == turn.me.public;
        if !own && !contacts::is_mutual(&contacts::load(turn, person)?) {
            return Err(Error::NotAContact.into());
        }
    }
    Ok(())
}

/// What a group has whose founder chose no colour.
const DEFAULT_COLOUR: &str = "#4360df";
