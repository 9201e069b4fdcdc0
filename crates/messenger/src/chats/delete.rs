//! Deletions: for everyone, or on our own devices only. What was deleted is erased from everything that holds it: the
//! message itself and the index of words, its edits, its files, what is kept of it for others, and what of it still waits
//! to be sent. A row without content stays, so that the message does not come back.

use crypto::PublicKey;
use protocol::clock;
use protocol::content::chat_message::{Body, ImageMessage};
use protocol::content::{ChatMessage, Content, DeleteMessage, SyncMessage};
use protocol::id::{ChatId, MessageId};
use protocol::layers::application::Signed;
use protocol::wire::sync::SyncDeleteForMeMessage;
use store::{ActivityKind, Deletion, MessageRow, PublicKeyBytes, StoreError};

use super::place::{Place, Room};
use super::target::{self, About};
use super::{Error, rules};
use crate::command::CommandError;
use crate::contacts::Standing;
use crate::inbound::{Missing, Rule};
use crate::receive::{Done, Halt, Origin};
use crate::turn::{Turn, row_key};
use crate::{activity, devices, files, groups, waiting};

/// For whom a message is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For {
    /// For everybody in the chat.
    Everyone,
    /// On our own devices only.
    Me,
}

/// Deletes a message, with the whole album if it is a picture of one.
pub(crate) fn delete(turn: &mut Turn<'_, '_>, id: &MessageId, whom: For) -> Result<(), CommandError> {
    match whom {
        For::Everyone => delete_for_everyone(turn, id),
        For::Me => delete_for_me(turn, id),
    }
}

fn delete_for_everyone(turn: &mut Turn<'_, '_>, id: &MessageId) -> Result<(), CommandError> {
    let (place, row) = target::to_speak(turn, id)?;
    let me = turn.me.public;
    let own = row.author == row_key(&me);
    let clock = place.next_clock(turn);
    if !own && !moderates(turn, &place, &me, clock)? {
        return Err(Error::MayNotDelete.into());
    }
    let clocks = clock..;
    remember_album(turn, &row)?;
    for (row, clock) in with_album(turn, row)?.into_iter().zip(clocks) {
        let deletion = DeleteMessage {
            clock,
            chat_id: Some(place.chat.id.clone()),
            message_id: Some(row.id),
            message_type: place.message_type(),
            deleted_by: (!own).then_some(me),
        };
        place.tell(turn, clock, &Content::Delete(deletion))?;
        erase(turn, row, For::Everyone, (!own).then(|| row_key(&me)))?;
    }
    Ok(())
}

fn delete_for_me(turn: &mut Turn<'_, '_>, id: &MessageId) -> Result<(), CommandError> {
    let row = turn.tx.messages().load(id)?.ok_or(CommandError::MessageNotFound)?;
    if row.deletion == Deletion::ForMe {
        return Ok(());
    }
    let chat = turn.tx.chats().load(&row.chat)?.ok_or(CommandError::ChatNotFound)?;
    for row in with_album(turn, row)? {
        let sync = SyncMessage::DeleteForMe(SyncDeleteForMeMessage {
            clock: clock::next(chat.clock, turn.now),
            message_id: row.id.to_string(),
        });
        devices::tell_own(turn, &Content::Sync(Box::new(sync)))?;
        erase(turn, row, For::Me, None)?;
    }
    Ok(())
}

/// Somebody deletes a message for everybody.
pub(crate) fn inbound(
    turn: &mut Turn<'_, '_>,
    origin: &Origin<'_>,
    signed: &Signed,
    deletion: &DeleteMessage,
) -> Result<Done, Halt> {
    deletion.validate()?;
    let about = About {
        clock: deletion.clock,
        message_type: deletion.message_type,
        chat: deletion.chat_id.as_ref(),
        message: deletion.message_id.as_ref(),
    };
    let (place, row) = target::heard(turn, origin, signed, &about)?;
    let by = row_key(&signed.author);
    let theirs = row.author == by;
    if !theirs && !moderates(turn, &place, &signed.author, deletion.clock)? {
        return Err(Rule::NotAllowed.into());
    }
    if clock::plausible(deletion.clock, origin.sent_at) {
        place.observe(turn, deletion.clock)?;
    }
    // Deployed clients name one picture of an album and mean all of it.
    remember_album(turn, &row)?;
    for row in with_album(turn, row)? {
        erase(turn, row, For::Everyone, (!theirs).then_some(by))?;
    }
    Ok(Done::Applied)
}

/// Another device of ours deleted a message for us.
pub(crate) fn for_me(
    turn: &mut Turn<'_, '_>,
    origin: &Origin<'_>,
    signed: &Signed,
    deletion: &SyncDeleteForMeMessage,
) -> Result<Done, Halt> {
    origin.must_be_personal(&signed.author)?;
    if origin.sender.standing != Standing::Own {
        return Err(Rule::NotAllowed.into());
    }
    let no_target = protocol::content::Rule::NoTarget;
    let id: MessageId = deletion.message_id.parse().map_err(|_| no_target)?;
    let Some(row) = turn.tx.messages().load(&id)? else {
        return Err(Halt::Wait(Missing::Target, id.as_bytes().to_vec()));
    };
    for row in with_album(turn, row)? {
        erase(turn, row, For::Me, None)?;
    }
    Ok(Done::Applied)
}

/// Whether somebody may delete, at `clock`, what others say in a chat.
fn moderates(turn: &mut Turn<'_, '_>, place: &Place, person: &PublicKey, clock: u64) -> Result<bool, StoreError> {
    match place.room {
        Room::Group => groups::had_admin(turn, &place.chat.id, person, clock),
        Room::OneToOne { .. } | Room::Public => Ok(false),
    }
}

/// Takes away everything that a message said, and everything that hangs on it.
pub(crate) fn erase(
    turn: &mut Turn<'_, '_>,
    row: MessageRow,
    whom: For,
    by: Option<PublicKeyBytes>,
) -> Result<(), StoreError> {
    let id = row.id;
    let edits = turn.tx.edits().of(&id)?.into_iter().map(|edit| edit.id);
    for carrier in edits.chain([id]) {
        match whom {
            For::Everyone => {
                turn.tx.outbox().remove_message(&carrier)?;
                turn.tx.datasync().withdraw(&carrier)?;
                turn.tx.repair().erase_original(&carrier)?;
            }
            // Others may have it, and it still goes to them.
            For::Me => turn.tx.repair().remove_original(&carrier)?,
        }
    }
    files::leave(turn, &id)?;
    turn.tx.edits().remove_of(&id)?;
    turn.tx.reactions().remove_of(&id)?;
    turn.tx.pins().remove(&id)?;
    for kind in [ActivityKind::Mention, ActivityKind::Reply] {
        activity::withdraw(turn, kind, id.as_bytes())?;
    }
    let deletion = match (row.deletion, whom) {
        (Deletion::ForMe, _) | (_, For::Me) => Deletion::ForMe,
        (_, For::Everyone) => Deletion::ForEveryone,
    };
    turn.tx.messages().update(&MessageRow {
        text: String::new(),
        payload: None,
        delivery: row.delivery.filter(|_| whom == For::Me),
        deletion,
        deleted_by: by,
        seen: true,
        mention: false,
        ..row
    })
}

/// A message, and the other pictures of its album.
fn with_album(turn: &mut Turn<'_, '_>, row: MessageRow) -> Result<Vec<MessageRow>, StoreError> {
    let mut rows = Vec::new();
    if let Some(album) = album(&row) {
        let span = rules::around(row.clock, ALBUM_SPAN_MS);
        let near = turn
            .tx
            .messages()
            .of_author(&row.chat, &row.author, span, ALBUM_NEIGHBOURS)?;
        let others = near.into_iter().filter(|other| other.id != row.id);
        rows.extend(others.filter(|other| self::album(other).as_ref() == Some(&album)));
    }
    rows.push(row);
    Ok(rows)
}

/// An album is about to be deleted for everyone. Its pictures come one by one, and whoever deletes it may have seen only some;
/// those that come later go as well.
fn remember_album(turn: &mut Turn<'_, '_>, row: &MessageRow) -> Result<(), StoreError> {
    let Some(album) = album(row) else { return Ok(()) };
    let subject = album_subject(&row.chat, &row.author, &album);
    let before = turn.now.minus(waiting::KEPT_MS);
    turn.tx.marks().prune(ALBUM_DELETED, before)?;
    turn.tx.marks().set(ALBUM_DELETED, &subject, turn.now)
}

/// A picture came: if it is one of an album that was deleted for everyone, it goes where the others went.
pub(crate) fn late_picture(turn: &mut Turn<'_, '_>, id: &MessageId, picture: &ImageMessage) -> Result<(), StoreError> {
    if picture.album_id.is_empty() {
        return Ok(());
    }
    let Some(row) = turn.tx.messages().load(id)? else {
        return Ok(());
    };
    let subject = album_subject(&row.chat, &row.author, &picture.album_id);
    if turn.tx.marks().at(ALBUM_DELETED, &subject)?.is_none() {
        return Ok(());
    }
    let span = rules::around(row.clock, ALBUM_SPAN_MS);
    let near = turn
        .tx
        .messages()
        .of_author(&row.chat, &row.author, span, ALBUM_NEIGHBOURS)?;
    let gone = near.iter().filter(|other| other.deletion == Deletion::ForEveryone);
    let by = gone.min_by_key(|other| other.clock.abs_diff(row.clock));
    let by = by.and_then(|other| other.deleted_by);
    erase(turn, row, For::Everyone, by)
}

/// An album among those that were deleted. The same name means nothing in another chat or of another author.
fn album_subject(chat: &ChatId, author: &PublicKeyBytes, album: &str) -> [u8; 32] {
    let chat = crypto::keccak256(chat.as_str().as_bytes());
    crypto::keccak256_parts(&[&chat, author.as_bytes(), album.as_bytes()])
}

/// The album that a picture belongs to.
fn album(row: &MessageRow) -> Option<String> {
    let message = ChatMessage::parse(row.payload.as_ref()?).ok()?;
    match message.body {
        Body::Image(picture) => Some(picture.album_id).filter(|id| !id.is_empty()),
        _ => None,
    }
}

/// The mark of an album that was deleted for everyone.
const ALBUM_DELETED: &str = "album deleted";

/// The pictures of an album are sent in one go: their clocks are this near to each other, in milliseconds.
const ALBUM_SPAN_MS: u64 = 60_000;

/// Messages near a picture that are looked at for its album, which has at most six.
const ALBUM_NEIGHBOURS: u32 = 50;
