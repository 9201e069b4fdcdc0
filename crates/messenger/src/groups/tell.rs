//! What we tell a group: to each member by itself, and until each has acknowledged it.

use crypto::PublicKey;
use protocol::content::membership::Companion;
use protocol::content::{Content, MembershipUpdate};
use protocol::group::History;
use protocol::layers::application::Signed;
use store::{ChatRow, StoreError};

use super::{Error, load};
use crate::command::CommandError;
use crate::repair::{self, Conversation};
use crate::turn::{Turn, row_key};
use crate::{contacts, datasync, send};

/// Sends a content to the members of a group, as the next of what we said there. A [`Content::ChatMessage`] goes inside a
/// membership update with the group's events; everything else goes as it is.
pub(crate) fn post(turn: &mut Turn<'_, '_>, chat: &ChatRow, content: &Content) -> Result<Signed, CommandError> {
    let group = load(turn, &chat.id)?.ok_or(Error::NotFound)?;
    let people = hearers(turn, group.history.state().members())?;
    let conversation = Conversation::of_group(&chat.id, people);
    let signed = match content {
        Content::ChatMessage(message) => {
            let companion = Some(Companion::Message(message.clone()));
            let update = update(&group.history, companion);
            repair::sign(turn, &conversation, &update)?
        }
        other => repair::sign(turn, &conversation, other)?,
    };
    for person in &conversation.people {
        if matches!(content, Content::ChatMessage(_)) {
            turn.tx.groups().expect_receipt(&signed.id, &row_key(person))?;
        }
        datasync::offer(turn, person, &signed)?;
    }
    Ok(signed)
}

/// Tells people the history of a group, with nothing said in it.
pub(crate) fn history(
    turn: &mut Turn<'_, '_>,
    history: &History,
    people: impl IntoIterator<Item = PublicKey>,
) -> Result<(), StoreError> {
    let signed = send::sign(turn, &update(history, None));
    for person in hearers(turn, people)? {
        datasync::offer(turn, &person, &signed)?;
    }
    Ok(())
}

fn update(history: &History, companion: Option<Companion>) -> Content {
    Content::MembershipUpdate(Box::new(MembershipUpdate {
        chat_id: Some(history.chat().clone()),
        events: history.to_wire(),
        companion,
    }))
}

/// Those of some people to whom we send anything at all: not ourselves, and nobody whom we have blocked.
fn hearers(turn: &mut Turn<'_, '_>, people: impl IntoIterator<Item = PublicKey>) -> Result<Vec<PublicKey>, StoreError> {
    let mut hearers = Vec::new();
    for person in people {
        if person != turn.me.public && !contacts::load(turn, &person)?.blocked {
            hearers.push(person);
        }
    }
    Ok(hearers)
}
