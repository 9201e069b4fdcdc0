//! Private groups: who is in them, by the signed events of their members, and what is said there to each of them.
//!
//! What events make of a group is decided by `protocol::group`; here is what they mean for us: whether we are in a group
//! or only invited, whom we tell, and who is heard. Every message to a group goes to each member by itself.

pub mod commands;
mod error;
pub(crate) mod inbound;
mod look;
pub(crate) mod requests;
pub mod rules;
pub(crate) mod tell;

use std::collections::BTreeSet;

use crypto::PublicKey;
use protocol::content::membership::MembershipEvent;
use protocol::group::{History, look as shown};
use protocol::id::ChatId;
use protocol::layers::application::Signed;
use store::{ChatRow, GroupEventRow, GroupRow, GroupStanding, PublicKeyBytes, StoreError};

use crate::command::CommandError;
use crate::contacts::{self, Standing};
use crate::inbound::{Missing, Reason, Rule};
use crate::receive::{Audience, Halt, Origin};
use crate::turn::{Turn, row_key};
use crate::{repair, topics};

pub use commands::Command;
pub use error::Error;
pub use look::{Group, Happening, Receipt, happening, look, receipts};
pub use protocol::content::membership::EventType;
pub use protocol::group::look::MAX_PICTURE_BYTES;
pub use protocol::group::{Change, ChangeError};
pub(crate) use tell::post;

/// A group as the database has it.
pub(crate) struct Known {
    pub(crate) row: GroupRow,
    pub(crate) history: History,
}

/// A group, if its history is known here.
pub(crate) fn load(turn: &mut Turn<'_, '_>, chat: &ChatId) -> Result<Option<Known>, StoreError> {
    let Some(row) = turn.tx.groups().load(chat)? else {
        return Ok(None);
    };
    let events = turn.tx.groups().events(chat)?;
    Ok(replay(chat, events).map(|history| Known { row, history }))
}

/// The history that rows make.
fn replay(chat: &ChatId, rows: Vec<GroupEventRow>) -> Option<History> {
    let events = rows.into_iter().filter_map(|row| {
        let author = PublicKey::from_compressed(row.author.as_bytes()).ok()?;
        MembershipEvent::opened(author, row.bytes).ok()
    });
    History::replay(chat, events.collect()).ok()
}

/// Writes down how we stand to a group, and what is new in its history.
pub(crate) fn save(
    turn: &mut Turn<'_, '_>,
    row: GroupRow,
    before: Option<&History>,
    after: &History,
) -> Result<(), StoreError> {
    let chat = after.chat();
    let known: BTreeSet<PublicKey> = before.map(|history| history.state().members()).unwrap_or_default();
    let members = after.state().members();
    let wider = members.difference(&known).next().is_some();
    turn.tx.groups().save(&GroupRow {
        colour: shown::colour(&after.state().colour).unwrap_or_default().to_owned(),
        widened_at: if wider { turn.now } else { row.widened_at },
        ..row.clone()
    })?;
    for event in after.all() {
        if before.is_none_or(|before| before.all().all(|known| known.bytes != event.bytes)) {
            turn.tx.groups().add_event(
                chat,
                &GroupEventRow {
                    author: row_key(&event.author),
                    bytes: event.bytes.clone(),
                },
            )?;
        }
    }
    let rows: BTreeSet<PublicKeyBytes> = members.iter().map(row_key).collect();
    turn.tx.groups().set_members(chat, &rows)?;
    stop_following(turn, known.difference(&members))?;
    let listed = row.standing != GroupStanding::Invited;
    let known = turn.tx.chats().load(chat)?;
    let old = known.unwrap_or_else(|| ChatRow::new(chat.clone(), turn.now));
    turn.tx.chats().save(&ChatRow {
        name: shown::name(&after.state().name),
        // Whoever was in the list stays there after they left.
        active: listed && (row.standing == GroupStanding::In || old.active),
        clock: old.clock.max(after.last_clock()),
        ..old
    })
}

/// Takes a group over from a backup, as far as it is not known here; what was decided here stands. Answers whether it is
/// new.
pub(crate) fn restore(
    turn: &mut Turn<'_, '_>,
    theirs: &GroupRow,
    events: Vec<GroupEventRow>,
) -> Result<bool, StoreError> {
    let chat = &theirs.chat;
    let ours = turn.tx.groups().load(chat)?;
    let known = load(turn, chat)?;
    let before = known.as_ref().map(|known| &known.history);
    let read = replay(chat, events);
    let after = match (before, read) {
        (_, None) => return Ok(false),
        (None, Some(read)) => Some(read),
        (Some(before), Some(read)) => before.merge(&read).ok(),
    };
    let is_declined = ours.as_ref().is_some_and(|row| row.standing == GroupStanding::Declined);
    let Some(after) = after.filter(|after| !is_declined && before != Some(after)) else {
        return Ok(false);
    };
    let standing = match ours.as_ref().map(|row| row.standing) {
        _ if !after.state().is_member(&turn.me.public) => GroupStanding::Out,
        Some(GroupStanding::In) => GroupStanding::In,
        _ => theirs.standing,
    };
    let is_new = ours.is_none();
    let row = ours.unwrap_or_else(|| theirs.clone());
    save(turn, GroupRow { standing, ..row }, before, &after)?;
    Ok(is_new)
}

/// Follows the contact codes of some people with whom we are in groups, and listens where they may write to us. Each costs
/// two derivations of keys, so one turn does few.
pub(crate) fn follow_members(turn: &mut Turn<'_, '_>) -> Result<(), StoreError> {
    for row in turn.tx.groups().unfollowed(FOLLOWED_AT_ONCE)? {
        if let Ok(person) = PublicKey::from_compressed(row.as_bytes())
            && person != turn.me.public
            && !contacts::load(turn, &person)?.blocked
        {
            topics::listen_to(turn, &person)?;
        }
        turn.tx.groups().followed(&row)?;
    }
    Ok(())
}

/// Whether we are in a group together with this person.
pub(crate) fn shares_one_with(turn: &mut Turn<'_, '_>, person: &PublicKey) -> Result<bool, StoreError> {
    Ok(!turn.tx.groups().shared_with(&row_key(person))?.is_empty())
}

/// Stops listening to people with whom nothing connects us any more.
pub(crate) fn stop_following<'a>(
    turn: &mut Turn<'_, '_>,
    people: impl Iterator<Item = &'a PublicKey>,
) -> Result<(), StoreError> {
    for person in people {
        let own = *person == turn.me.public;
        if !own && !shares_one_with(turn, person)? && !contacts::is_added(turn, person)? {
            topics::ignore(turn, person)?;
        }
    }
    Ok(())
}

/// Whether we may say something in a group, and why not.
pub(crate) fn may_post(turn: &mut Turn<'_, '_>, chat: &ChatRow) -> Result<(), CommandError> {
    let row = turn.tx.groups().load(&chat.id)?.ok_or(CommandError::ChatNotFound)?;
    Ok(rules::may_speak(row.standing)?)
}

/// Whether we are not in a group any more.
pub(crate) fn is_over(turn: &mut Turn<'_, '_>, chat: &ChatId) -> Result<bool, StoreError> {
    let row = turn.tx.groups().load(chat)?;
    Ok(row.is_some_and(|row| row.standing == GroupStanding::Out))
}

/// The group that a received content names, if its author belongs there.
///
/// Whether they may say something new is asked by [`may_say`], which needs the clock of what they say.
pub(crate) fn heard(
    turn: &mut Turn<'_, '_>,
    origin: &Origin<'_>,
    signed: &Signed,
    chat: &ChatId,
) -> Result<ChatRow, Halt> {
    if origin.audience != Audience::Us {
        return Err(Rule::NotAllowed.into());
    }
    let waits = || Halt::Wait(Missing::Chat, chat.as_str().as_bytes().to_vec());
    let row = turn.tx.groups().load(chat)?.ok_or_else(waits)?;
    match row.standing {
        GroupStanding::Invited => return Err(waits()),
        GroupStanding::Declined => return Err(Rule::Outdated.into()),
        GroupStanding::In | GroupStanding::Out => {}
    }
    let group = load(turn, chat)?.ok_or(Rule::NotAllowed)?;
    let handed_on = origin.sender.key != signed.author;
    let may = group.history.hears(&signed.author, 0) || (handed_on && group.history.ever_had(&signed.author));
    if !may {
        return Err(Rule::NotAllowed.into());
    }
    must_not_be_blocked(turn, &signed.author)?;
    turn.tx.chats().load(chat)?.ok_or_else(|| Rule::NotAllowed.into())
}

/// Whether what somebody said in a group at `clock` was theirs to say and ours to hear. What is handed on by others must
/// be from a time in which we were in the group, so that nobody hears earlier things by somebody's kindness.
///
/// Whoever was put out is heard only if a member hands it on: they have heard it in time, or would not have it. A clock of
/// long ago proves nothing in the hands of the one who was put out.
pub(crate) fn may_say(
    turn: &mut Turn<'_, '_>,
    origin: &Origin<'_>,
    signed: &Signed,
    chat: &ChatId,
    clock: u64,
) -> Result<(), Halt> {
    let group = load(turn, chat)?.ok_or(Rule::NotAllowed)?;
    let me = turn.me.public;
    let history = &group.history;
    let direct = origin.sender.key == signed.author;
    let ours = match direct {
        true => history.addressed(&me, clock),
        false => history.hears(&origin.sender.key, 0) && history.members_at(clock).contains(&me),
    };
    match ours && is_theirs(history, origin, &signed.author, clock) {
        true => Ok(()),
        false => Err(Rule::NotAllowed.into()),
    }
}

fn is_theirs(history: &History, origin: &Origin<'_>, author: &PublicKey, clock: u64) -> bool {
    let witness = &origin.sender.key;
    let witnessed = witness != author && history.state().is_member(witness);
    history.hears(author, clock) || (witnessed && history.members_at(clock).contains(author))
}

/// Whether a person is an admin of a group that we know, or was at `clock`: what an admin did before they left stands.
pub(crate) fn had_admin(
    turn: &mut Turn<'_, '_>,
    chat: &ChatId,
    person: &PublicKey,
    clock: u64,
) -> Result<bool, StoreError> {
    let group = load(turn, chat)?;
    Ok(group.is_some_and(|group| group.history.had_admin(person, clock)))
}

/// Whose messages a conversation keeps for each other: everybody who was in the group at `clock`. None if we are not in
/// it, or the author was not.
pub(crate) fn audience(
    turn: &mut Turn<'_, '_>,
    origin: &Origin<'_>,
    chat: &ChatId,
    author: &PublicKey,
    clock: u64,
) -> Result<Option<Vec<PublicKey>>, StoreError> {
    let Some(group) = load(turn, chat)? else {
        return Ok(None);
    };
    let me = turn.me.public;
    if group.row.standing != GroupStanding::In || !is_theirs(&group.history, origin, author, clock) {
        return Ok(None);
    }
    let mut people = group.history.members_at(clock);
    people.remove(&me);
    Ok(Some(people.into_iter().collect()))
}

/// Since when nobody was let into a group: what was heard earlier may be nobody's business who is in it now.
pub(crate) fn widened_at(turn: &mut Turn<'_, '_>, chat: &ChatId) -> Result<protocol::Timestamp, StoreError> {
    Ok(turn
        .tx
        .groups()
        .load(chat)?
        .map(|row| row.widened_at)
        .unwrap_or_default())
}

/// A device of a person acknowledged a message of ours. Answers whether everybody to whom it went has it.
pub(crate) fn received_by(
    turn: &mut Turn<'_, '_>,
    message: &protocol::id::MessageId,
    person: &PublicKeyBytes,
) -> Result<bool, StoreError> {
    let now = turn.now;
    turn.tx.groups().received(message, person, now)?;
    let receipts = turn.tx.groups().receipts(message)?;
    Ok(receipts.iter().all(|row| row.delivered_at.is_some()))
}

/// We are not in a group any more: what is missing of it is not looked for, and nobody is followed for its sake. What was
/// written while we were in it stays there for those who were in it as well.
fn out_of(turn: &mut Turn<'_, '_>, history: &History) -> Result<(), StoreError> {
    repair::stop_missing(turn, history.chat())?;
    let members = history.state().members();
    stop_following(turn, members.iter())
}

fn must_not_be_blocked(turn: &mut Turn<'_, '_>, person: &PublicKey) -> Result<(), Halt> {
    match contacts::load(turn, person)?.blocked {
        true => Err(Halt::Drop(Reason::Blocked)),
        false => Ok(()),
    }
}

fn is_own(origin: &Origin<'_>) -> bool {
    origin.sender.standing == Standing::Own
}

/// Members whom one turn begins to follow; the rest follows in the next.
const FOLLOWED_AT_ONCE: u32 = 2;
