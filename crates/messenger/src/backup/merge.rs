//! Merging the entries of a backup into this profile.

use crypto::PublicKey;
use protocol::Timestamp;
use protocol::content::ImageFormat;
use protocol::id::ChatKind;
use store::{
    ChatNotificationsRow, ChatRow, ContactRow, Deletion, MessageRow, PictureRow, PictureSize, PinRow, ReactionRow,
    StoreError,
};

use super::rules::{self, Age};
use super::walk::is_kept;
use super::{BackupError, Choices, Command, Entry, Error, Head, Merged, OwnProfile};
use crate::chats::{For, delete};
use crate::command::CommandError;
use crate::contacts::{is_mutual, relation};
use crate::settings::Settings;
use crate::turn::{Turn, row_key};
use crate::{groups, profile, topics};

/// Remembers that a person just changed something that backups carry.
pub(crate) fn note(turn: &mut Turn<'_, '_>, what: &str) -> Result<(), StoreError> {
    turn.tx.marks().set(what, &[], turn.now)
}

/// Under which name it is kept when our profile was last changed.
pub(crate) const PROFILE_CHANGED: &str = "profile changed";

/// Under which name it is kept when the settings were last changed.
pub(crate) const SETTINGS_CHANGED: &str = "settings changed";

/// Carries out one of the commands.
pub(crate) fn carry_out(turn: &mut Turn<'_, '_>, command: Command) -> Result<Merged, CommandError> {
    let Command::Merge { head, entries } = command;
    if head.identity != row_key(&turn.me.public) {
        return Err(Error::from(BackupError::OtherProfile).into());
    }
    let age = age(turn, &head)?;
    let mut merged = Merged::default();
    for entry in entries {
        match entry {
            Entry::Profile(theirs) => own_profile(turn, *theirs)?,
            Entry::Settings(theirs) => settings(turn, &theirs)?,
            Entry::Contact(theirs) => merged.contacts += u64::from(contact(turn, &theirs, age)?),
            Entry::Group(theirs) => merged.chats += u64::from(groups::restore(turn, &theirs.0, theirs.1)?),
            Entry::Chat(theirs) => merged.chats += u64::from(chat(turn, &theirs.0, theirs.1, age)?),
            Entry::Message(theirs) => merged.messages += u64::from(message(turn, &theirs)?),
            Entry::Reaction(theirs) => reaction(turn, &theirs)?,
            Entry::Pin(theirs) => pin(turn, &theirs)?,
            Entry::Head(_) | Entry::End(_) | Entry::Unknown => {}
        }
    }
    Ok(merged)
}

fn age(turn: &mut Turn<'_, '_>, head: &Head) -> Result<Age, StoreError> {
    let made = turn
        .tx
        .account()
        .load()?
        .map_or(Timestamp(0), |account| account.created_at);
    Ok(match made > head.made_at {
        true => Age::Younger,
        false => Age::Older,
    })
}

/// Takes over the profile if it was changed later than ours, and otherwise what is empty in ours.
fn own_profile(turn: &mut Turn<'_, '_>, theirs: OwnProfile) -> Result<(), StoreError> {
    let own = row_key(&turn.me.public);
    let ours = turn.tx.marks().at(PROFILE_CHANGED, &[])?;
    let later = ours.is_none_or(|ours| theirs.changed_at > ours);
    if later || turn.tx.people().links(&own)?.is_empty() {
        turn.tx.people().set_links(&own, &theirs.links)?;
    }
    let picture_at = turn.tx.people().picture_clock(&own, PictureSize::Large)?;
    if let Some((thumbnail, large, clock)) = theirs.picture
        && picture_at.is_none_or(|ours| clock > ours)
    {
        for (size, bytes) in [(PictureSize::Thumbnail, thumbnail), (PictureSize::Large, large)] {
            turn.tx.people().save_picture(&PictureRow {
                identity: own,
                size,
                format: ImageFormat::Jpeg,
                bytes,
                clock,
            })?;
        }
    }
    profile::change(turn, |row| {
        if later {
            row.name.clone_from(&theirs.display_name);
            row.display_name = theirs.display_name;
            row.colour = theirs.colour;
        }
        if later || row.bio.is_empty() {
            row.bio = theirs.bio;
        }
    })?;
    // Not now: the person has changed nothing.
    match ours.max(later.then_some(theirs.changed_at).filter(|at| at.0 > 0)) {
        Some(at) => turn.tx.marks().set(PROFILE_CHANGED, &[], at),
        None => turn.tx.marks().remove(PROFILE_CHANGED, &[]),
    }
}

/// Takes over the settings if they were changed later than ours.
fn settings(turn: &mut Turn<'_, '_>, theirs: &Choices) -> Result<(), StoreError> {
    let ours = turn.tx.marks().at(SETTINGS_CHANGED, &[])?;
    if ours.is_some_and(|ours| theirs.changed_at <= ours) {
        return Ok(());
    }
    let kept = |name: &str| {
        let found = theirs.numbers.iter().find(|(one, _)| one == name);
        Ok(found.map(|(_, number)| *number))
    };
    profile::change_settings(turn, &Settings::read(kept)?)?;
    match theirs.changed_at {
        Timestamp(0) => turn.tx.marks().remove(SETTINGS_CHANGED, &[]),
        at => turn.tx.marks().set(SETTINGS_CHANGED, &[], at),
    }
}

fn contact(turn: &mut Turn<'_, '_>, theirs: &ContactRow, age: Age) -> Result<bool, StoreError> {
    if theirs.identity == row_key(&turn.me.public) {
        return Ok(false);
    }
    let ours = turn.tx.contacts().load(&theirs.identity)?;
    let merged = rules::contact(ours.as_ref(), theirs, age);
    if ours.as_ref() != Some(&merged) {
        turn.tx.contacts().save(&merged)?;
    }
    let heard = (relation(&merged).added() || is_mutual(&merged)) && !merged.blocked;
    if let (true, Ok(person)) = (heard, PublicKey::from_compressed(merged.identity.as_bytes())) {
        topics::listen_to(turn, &person)?;
    }
    Ok(ours.is_none())
}

fn chat(
    turn: &mut Turn<'_, '_>,
    theirs: &ChatRow,
    notifications: ChatNotificationsRow,
    age: Age,
) -> Result<bool, StoreError> {
    let is_own = theirs.id.kind() == ChatKind::OneToOne && theirs.id.peer() == Some(turn.me.public);
    if is_own || !is_kept(&theirs.id) {
        return Ok(false);
    }
    let ours = turn.tx.chats().load(&theirs.id)?;
    if theirs.id.kind() == ChatKind::Group && ours.is_none() {
        // A group that is not here, or was declined, is no chat.
        return Ok(false);
    }
    let merged = rules::chat(ours.as_ref(), theirs, age);
    if ours.as_ref() != Some(&merged) {
        turn.tx.chats().save(&merged)?;
    }
    if merged.active && merged.id.kind() == ChatKind::Public {
        topics::listen_to_public_chat(turn, &merged.id)?;
    }
    let told = turn.tx.chat_notifications().of(&theirs.id)?;
    let merged = rules::notifications(told, notifications, age);
    if merged != told {
        turn.tx.chat_notifications().save(&theirs.id, &merged)?;
    }
    Ok(ours.is_none())
}

fn message(turn: &mut Turn<'_, '_>, theirs: &MessageRow) -> Result<bool, StoreError> {
    if let Some(ours) = turn.tx.messages().load(&theirs.id)? {
        if let Some(newer) = rules::known_message(&ours, theirs) {
            match newer.deletion {
                Deletion::None => turn.tx.messages().update(&newer)?,
                Deletion::ForEveryone => delete::erase(turn, newer, For::Everyone, theirs.deleted_by)?,
                Deletion::ForMe => delete::erase(turn, newer, For::Me, None)?,
            }
        }
        return Ok(false);
    }
    let chat = turn.tx.chats().load(&theirs.chat)?;
    if chat.is_none_or(|chat| theirs.clock <= chat.deleted_at_clock) {
        return Ok(false);
    }
    let row = rules::new_message(theirs);
    // An unseen message that is inserted is told; this one was told long ago.
    turn.tx.messages().insert(&MessageRow {
        seen: true,
        ..row.clone()
    })?;
    if !row.seen {
        turn.tx.messages().update(&row)?;
    }
    Ok(true)
}

fn reaction(turn: &mut Turn<'_, '_>, theirs: &ReactionRow) -> Result<(), StoreError> {
    let ours = turn
        .tx
        .reactions()
        .load(&theirs.message, &theirs.author, &theirs.emoji)?;
    let is_newer = ours.is_none_or(|ours| theirs.clock > ours.clock);
    match is_newer && turn.tx.messages().contains(&theirs.message)? {
        true => turn.tx.reactions().save(theirs),
        false => Ok(()),
    }
}

fn pin(turn: &mut Turn<'_, '_>, theirs: &PinRow) -> Result<(), StoreError> {
    let ours = turn.tx.pins().load(&theirs.message)?;
    let is_newer = ours.is_none_or(|ours| theirs.clock > ours.clock);
    match is_newer && turn.tx.messages().contains(&theirs.message)? {
        true => turn.tx.pins().save(theirs),
        false => Ok(()),
    }
}
