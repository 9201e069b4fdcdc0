//! What others tell of groups.

use std::collections::BTreeSet;

use crypto::PublicKey;
use protocol::content::membership::{Companion, EventType};
use protocol::content::{ChatMessage, MembershipUpdate, MessageType};
use protocol::group::{History, look as shown};
use protocol::id::{ChatId, ChatKind};
use protocol::layers::application::Signed;
use store::{ChatRow, GroupRow, GroupStanding, StoreError};

use super::rules::{self, Entrance, Vouching};
use super::{Known, is_own, must_not_be_blocked, out_of, replay, requests, save, tell};
use crate::activity::{self, ActivityKind, Answer, Note};
use crate::chats;
use crate::contacts;
use crate::inbound::{Missing, Reason, Rule};
use crate::receive::{Audience, Done, Halt, Origin};
use crate::turn::{Arrival, Turn, row_key};

/// The history of a group, and what is said with it.
///
/// The events are judged by those who signed them, and what is said by the author of the update; the one who sent the
/// envelope may be somebody else, who hands it on.
pub(crate) fn update(
    turn: &mut Turn<'_, '_>,
    origin: &Origin<'_>,
    signed: &Signed,
    update: &MembershipUpdate,
) -> Result<Done, Halt> {
    let chat = update.chat_id.as_ref().ok_or(Rule::NotAllowed)?;
    if origin.audience != Audience::Us || chat.kind() != ChatKind::Group {
        return Err(Rule::NotAllowed.into());
    }
    must_not_be_blocked(turn, &signed.author)?;
    let row = turn.tx.groups().load(chat)?;
    if row.as_ref().is_some_and(|row| row.standing == GroupStanding::Declined) {
        return Err(Rule::Outdated.into());
    }
    let in_it = row.as_ref().is_some_and(|row| row.standing == GroupStanding::In);
    if !in_it && !origin.sender.is_accepted() && !rules::affordable_of_stranger(update) {
        return Err(Reason::OverQuota.into());
    }
    let known = row.and_then(|row| {
        let events = turn.tx.groups().events(chat).ok()?;
        replay(chat, events).map(|history| Known { row, history })
    });
    let before = known.as_ref().map(|known| &known.history);
    let received = History::receive(update, before, turn.now).map_err(Rule::Group)?;
    let after = match before {
        Some(before) => before.merge(&received).map_err(Rule::Group)?,
        None => received.clone(),
    };
    if !after.ever_had(&signed.author) || !after.ever_had(&turn.me.public) {
        return Err(Rule::NotAllowed.into());
    }
    let standing = match known {
        Some(known) => learn(turn, origin, signed, known, &received, &after)?,
        None => meet(turn, origin, signed, &after)?,
    };
    match &update.companion {
        None => Ok(Done::Applied),
        Some(Companion::Message(message)) => said(turn, origin, signed, chat, message, standing),
        // Deployed clients send reactions by themselves.
        Some(Companion::Reaction(_)) => Ok(Done::Refused(Reason::Unsupported(signed.kind))),
    }
}

/// The message that came with a history. If it is refused, the history stands.
fn said(
    turn: &mut Turn<'_, '_>,
    origin: &Origin<'_>,
    signed: &Signed,
    chat: &ChatId,
    message: &ChatMessage,
    standing: GroupStanding,
) -> Result<Done, Halt> {
    if message.message_type != MessageType::PrivateGroup || message.chat_id.as_ref() != Some(chat) {
        return Ok(Done::Refused(Rule::NotAllowed.into()));
    }
    if standing == GroupStanding::Invited {
        return Ok(Done::Waiting(Missing::Chat, chat.as_str().as_bytes().to_vec()));
    }
    match turn.attempt(|turn| chats::inbound::message(turn, origin, signed, message))? {
        Err(Halt::Drop(reason)) => Ok(Done::Refused(reason)),
        outcome => outcome,
    }
}

/// A group of which nothing was known.
fn meet(turn: &mut Turn<'_, '_>, origin: &Origin<'_>, signed: &Signed, after: &History) -> Result<GroupStanding, Halt> {
    let row = GroupRow {
        chat: after.chat().clone(),
        standing: GroupStanding::Invited,
        inviter: None,
        colour: String::new(),
        joined_at: turn.now,
        widened_at: turn.now,
    };
    match enter(turn, origin, signed, row.clone(), None, after)? {
        Some(standing) => Ok(standing),
        None if contacts::is_added(turn, &signed.author)? => over(turn, row, after),
        None => Err(Rule::Outdated.into()),
    }
}

/// It was over before we heard of it. What was told earlier may still come, and must not let us in again. From people whom
/// we have not accepted an old invitation only asks, so that nothing has to be kept of theirs.
fn over(turn: &mut Turn<'_, '_>, row: GroupRow, after: &History) -> Result<GroupStanding, Halt> {
    let standing = GroupStanding::Out;
    save(turn, GroupRow { standing, ..row }, None, after)?;
    out_of(turn, after)?;
    if let Some(chat) = turn.tx.chats().load(after.chat())? {
        turn.tx.chats().save(&ChatRow { active: false, ..chat })?;
    }
    Ok(standing)
}

/// More about a group of which we know.
fn learn(
    turn: &mut Turn<'_, '_>,
    origin: &Origin<'_>,
    signed: &Signed,
    known: Known,
    received: &History,
    after: &History,
) -> Result<GroupStanding, Halt> {
    let Known { row, history: before } = known;
    let me = turn.me.public;
    let in_it = after.state().is_member(&me);
    let was_out = row.standing == GroupStanding::Out;
    if in_it && was_out {
        return Ok(enter(turn, origin, signed, row, Some(&before), after)?.unwrap_or(GroupStanding::Out));
    }
    if *after == before {
        return Ok(row.standing);
    }
    let standing = if in_it { row.standing } else { GroupStanding::Out };
    let invited = row.standing == GroupStanding::Invited;
    save(turn, GroupRow { standing, ..row }, Some(&before), after)?;
    if !invited {
        let owed = after.owed(&before, received, &me);
        tell::history(turn, after, owed)?;
    }
    match (in_it, was_out) {
        (true, _) if !invited => note_changes(turn, &before, after)?,
        (false, false) => {
            out_of(turn, after)?;
            let subject = after.chat().as_str().as_bytes();
            activity::settle(turn, ActivityKind::GroupInvitation, subject, Answer::Over)?;
            if !invited {
                note_changes(turn, &before, after)?;
            }
        }
        _ => {}
    }
    if in_it {
        requests::settle_for_members(turn, after)?;
    }
    Ok(standing)
}

/// Somebody let us in, for the first time or again. None if we are not in it by what is known now.
fn enter(
    turn: &mut Turn<'_, '_>,
    origin: &Origin<'_>,
    signed: &Signed,
    row: GroupRow,
    before: Option<&History>,
    after: &History,
) -> Result<Option<GroupStanding>, Halt> {
    let me = turn.me.public;
    let Some(entry) = after.entry(&me) else {
        return Ok(None);
    };
    let inviter = entry.author;
    must_not_be_blocked(turn, &inviter)?;
    let vouching = Vouching {
        own: is_own(origin) || inviter == me,
        inviter: contacts::is_added(turn, &inviter)?,
        teller: contacts::is_added(turn, &signed.author)?,
        asked: requests::was_asked_by_us(turn, after.chat())?,
    };
    let standing = match rules::entrance(turn.me.settings.group_invitations_from, vouching) {
        Entrance::In => GroupStanding::In,
        Entrance::Asked => GroupStanding::Invited,
    };
    let by = row_key(&inviter);
    if standing == GroupStanding::Invited {
        let of_inviter = turn.tx.groups().count(standing, Some(&by))?;
        let of_all = turn.tx.groups().count(standing, None)?;
        if !rules::has_room(of_inviter, of_all) {
            return Err(Reason::OverQuota.into());
        }
    }
    let row = GroupRow {
        standing,
        inviter: Some(by),
        joined_at: turn.now,
        ..row
    };
    save(turn, row, before, after)?;
    note_invitation(turn, &inviter, after, standing)?;
    if standing == GroupStanding::In {
        turn.arrived.push(Arrival::Group(after.chat().clone()));
        requests::settle_for_members(turn, after)?;
    }
    Ok(Some(standing))
}

fn note_invitation(
    turn: &mut Turn<'_, '_>,
    inviter: &PublicKey,
    history: &History,
    standing: GroupStanding,
) -> Result<(), StoreError> {
    let chat = history.chat();
    let name = shown::name(&history.state().name);
    let note = Note::new(ActivityKind::GroupInvitation, chat.as_str().as_bytes())
        .by(inviter)
        .in_chat(chat)
        .detail(&name);
    let note = match standing {
        GroupStanding::Invited => note.asks(),
        _ => note,
    };
    activity::note(turn, &note)
}

/// One entry per group tells that it changed; it names who changed it last.
fn note_changes(turn: &mut Turn<'_, '_>, before: &History, after: &History) -> Result<(), StoreError> {
    let known: BTreeSet<&[u8]> = before.standing().iter().map(|event| &event.bytes[..]).collect();
    let mut news = after
        .standing()
        .iter()
        .filter(|event| !known.contains(&event.bytes[..]) && event.event.r#type() != EventType::MemberJoined);
    let Some(last) = news.next_back() else {
        return Ok(());
    };
    let chat = after.chat();
    let name = shown::name(&after.state().name);
    let note = Note::new(ActivityKind::GroupChange, chat.as_str().as_bytes())
        .by(&last.author)
        .in_chat(chat)
        .detail(&name);
    activity::note(turn, &note)
}
