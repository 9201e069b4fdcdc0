//! Asking to be let into a group, as deployed clients do: a request to one who may let us in, and a no if they do not want
//! to. A yes is that they do.

use crypto::PublicKey;
use protocol::clock;
use protocol::content::Content;
use protocol::group::{Change, History};
use protocol::id::ChatId;
use protocol::layers::application::Signed;
use protocol::wire::group::GroupChatInvitation;
use protocol::wire::group::group_chat_invitation::State;
use store::{GroupRequestRow, GroupRequestState, GroupStanding, StoreError};

use super::{Error, commands, load, rules};
use crate::activity::{self, ActivityKind, Answer, Note};
use crate::command::CommandError;
use crate::contacts;
use crate::inbound::{Reason, Rule};
use crate::receive::{Done, Halt, Origin};
use crate::turn::{Turn, row_key};
use crate::{datasync, send};

/// Asks somebody in a group to let us in.
pub(crate) fn ask(turn: &mut Turn<'_, '_>, chat: &ChatId, admin: &PublicKey, text: &str) -> Result<(), CommandError> {
    let text = text.trim();
    if text.is_empty() || text.chars().nth(rules::MAX_INTRODUCTION).is_some() {
        return Err(Error::BadIntroduction.into());
    }
    if *admin == turn.me.public {
        return Err(CommandError::OwnKey);
    }
    must_be_contact(turn, admin)?;
    let row = turn.tx.groups().load(chat)?;
    if row.is_some_and(|row| row.standing == GroupStanding::In) {
        return Err(Error::AlreadyIn.into());
    }
    let me = row_key(&turn.me.public);
    let last = turn.tx.groups().request(chat, &me)?.map_or(0, |request| request.clock);
    let row = GroupRequestRow {
        chat: chat.clone(),
        person: me,
        admin: row_key(admin),
        clock: clock::next(last, turn.now),
        introduction: text.to_owned(),
        state: GroupRequestState::Asked,
        at: turn.now,
    };
    turn.tx.groups().save_request(&row)?;
    Ok(tell(turn, admin, &row, State::Request)?)
}

/// Answers somebody who asks to be let in. A yes lets them in.
pub(crate) fn answer(
    turn: &mut Turn<'_, '_>,
    chat: &ChatId,
    person: &PublicKey,
    yes: bool,
) -> Result<(), CommandError> {
    let request = turn.tx.groups().request(chat, &row_key(person))?;
    let request = request.filter(|row| row.state == GroupRequestState::Asked && *person != turn.me.public);
    let request = request.ok_or(Error::NoRequest)?;
    if yes {
        // Settles the request.
        return commands::change(turn, chat, Change::Add(vec![*person]));
    }
    let row = GroupRequestRow {
        state: GroupRequestState::Rejected,
        clock: clock::next(request.clock, turn.now),
        at: turn.now,
        ..request
    };
    turn.tx.groups().save_request(&row)?;
    let subject = subject(chat, person);
    activity::settle(turn, ActivityKind::GroupJoinRequest, &subject, Answer::Dismissed)?;
    Ok(tell(turn, person, &row, State::Rejected)?)
}

/// Somebody asks us to let them in, or says no to us.
pub(crate) fn inbound(
    turn: &mut Turn<'_, '_>,
    origin: &Origin<'_>,
    signed: &Signed,
    invitation: &GroupChatInvitation,
) -> Result<Done, Halt> {
    origin.must_be_personal(&signed.author)?;
    let chat = ChatId::new(invitation.chat_id.clone()).map_err(|_| Rule::NotAllowed)?;
    if !clock::plausible(invitation.clock, origin.sent_at) {
        return Err(protocol::content::Rule::Clock.into());
    }
    match invitation.state() {
        State::Request => asked(turn, origin, &chat, invitation),
        State::Rejected => rejected(turn, origin, &chat, invitation.clock),
        // Approval shows in the history of the group.
        State::Approved | State::Unknown => Err(Halt::Drop(Reason::Unsupported(signed.kind))),
    }
}

/// Whether we asked to be let into a group, and were not refused.
pub(crate) fn was_asked_by_us(turn: &mut Turn<'_, '_>, chat: &ChatId) -> Result<bool, StoreError> {
    let me = row_key(&turn.me.public);
    let request = turn.tx.groups().request(chat, &me)?;
    Ok(request.is_some_and(|row| row.state == GroupRequestState::Asked))
}

/// Ends the requests of those who are in the group by now, whoever let them in; ours as well.
pub(crate) fn settle_for_members(turn: &mut Turn<'_, '_>, history: &History) -> Result<(), StoreError> {
    let chat = history.chat();
    for row in turn.tx.groups().requests(chat)? {
        let Ok(person) = PublicKey::from_compressed(row.person.as_bytes()) else {
            continue;
        };
        if row.state != GroupRequestState::Asked || !history.state().is_member(&person) {
            continue;
        }
        let admin = PublicKey::from_compressed(row.admin.as_bytes()).ok();
        turn.tx.groups().save_request(&GroupRequestRow {
            state: GroupRequestState::Approved,
            at: turn.now,
            ..row
        })?;
        match admin {
            Some(admin) if person == turn.me.public => note_answer(turn, chat, &admin, "approved")?,
            _ => {
                let subject = subject(chat, &person);
                activity::settle(turn, ActivityKind::GroupJoinRequest, &subject, Answer::Accepted)?;
            }
        }
    }
    Ok(())
}

/// Only people who may be added are heard, and only where we can add them.
fn asked(
    turn: &mut Turn<'_, '_>,
    origin: &Origin<'_>,
    chat: &ChatId,
    invitation: &GroupChatInvitation,
) -> Result<Done, Halt> {
    let person = origin.sender.key;
    if !contacts::is_mutual(&contacts::load(turn, &person)?) {
        return Err(Rule::NotAllowed.into());
    }
    let group = load(turn, chat)?.ok_or(Rule::NotAllowed)?;
    if group.row.standing != GroupStanding::In || group.history.state().is_member(&person) {
        return Err(Rule::Outdated.into());
    }
    let known = turn.tx.groups().request(chat, &origin.sender.row)?;
    match &known {
        Some(known) if invitation.clock <= known.clock => return Err(Rule::Outdated.into()),
        None if turn.tx.groups().count_requests(chat)? >= rules::MOST_REQUESTS => return Err(Reason::OverQuota.into()),
        _ => {}
    }
    let introduction: String = invitation
        .introduction_message
        .chars()
        .take(rules::MAX_INTRODUCTION)
        .collect();
    turn.tx.groups().save_request(&GroupRequestRow {
        chat: chat.clone(),
        person: origin.sender.row,
        admin: row_key(&turn.me.public),
        clock: invitation.clock,
        introduction: introduction.clone(),
        state: GroupRequestState::Asked,
        at: origin.sent_at,
    })?;
    let subject = subject(chat, &person);
    let note = Note::new(ActivityKind::GroupJoinRequest, &subject)
        .by(&person)
        .in_chat(chat)
        .detail(&introduction)
        .asks();
    activity::note(turn, &note)?;
    Ok(Done::Applied)
}

/// Only whom we asked can refuse us.
fn rejected(turn: &mut Turn<'_, '_>, origin: &Origin<'_>, chat: &ChatId, clock: u64) -> Result<Done, Halt> {
    let me = row_key(&turn.me.public);
    let request = turn.tx.groups().request(chat, &me)?.ok_or(Rule::NotAllowed)?;
    if request.admin != origin.sender.row {
        return Err(Rule::NotAllowed.into());
    }
    if request.state != GroupRequestState::Asked || clock < request.clock {
        return Err(Rule::Outdated.into());
    }
    turn.tx.groups().save_request(&GroupRequestRow {
        state: GroupRequestState::Rejected,
        clock,
        at: turn.now,
        ..request
    })?;
    let admin = origin.sender.key;
    note_answer(turn, chat, &admin, "rejected")?;
    Ok(Done::Applied)
}

fn note_answer(turn: &mut Turn<'_, '_>, chat: &ChatId, admin: &PublicKey, answer: &str) -> Result<(), StoreError> {
    let note = Note::new(ActivityKind::GroupJoinAnswer, chat.as_str().as_bytes())
        .by(admin)
        .in_chat(chat)
        .detail(answer);
    activity::note(turn, &note)
}

fn tell(turn: &mut Turn<'_, '_>, person: &PublicKey, row: &GroupRequestRow, state: State) -> Result<(), StoreError> {
    let invitation = GroupChatInvitation {
        clock: row.clock,
        chat_id: row.chat.to_string(),
        introduction_message: match state {
            State::Request => row.introduction.clone(),
            _ => String::new(),
        },
        state: state as i32,
    };
    let signed = send::sign(turn, &Content::GroupInvitation(invitation));
    datasync::offer(turn, person, &signed)
}

fn must_be_contact(turn: &mut Turn<'_, '_>, person: &PublicKey) -> Result<(), CommandError> {
    match contacts::is_mutual(&contacts::load(turn, person)?) {
        true => Ok(()),
        false => Err(Error::NotAContact.into()),
    }
}

/// What names a request in the activity centre: who asks, and for what.
pub(crate) fn subject(chat: &ChatId, person: &PublicKey) -> Vec<u8> {
    [&person.to_compressed()[..], chat.as_str().as_bytes()].concat()
}
