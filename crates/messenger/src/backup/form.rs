//! Entries as bytes. Reading checks every value: what comes out can be merged without a further look.

use protocol::Timestamp;
use protocol::backup::{decode_record, encode_record};
use protocol::content::membership::MembershipEvent;
use protocol::content::name;
use protocol::group::{History, history, look};
use protocol::id::{ChatId, ChatKind, MessageId};
use protocol::wire::backup as wire;
use protocol::wire::backup::backup_record::What;
use store::{
    ChatNotificationsRow, ChatRow, ContactRow, Deletion, Delivery, GroupEventRow, GroupRow, GroupStanding, LinkRow,
    Loudness, MessageRow, PinRow, PublicKeyBytes, ReactionRow, RequestProgress, RequestSide, RequestState, Trust,
};

use super::{BackupError, Choices, Entry, Extent, Head, OwnProfile};

impl Entry {
    /// The record.
    pub fn encode(&self) -> Vec<u8> {
        let what = match self {
            Entry::Head(head) => What::Head(wire::BackupHead {
                made_at: head.made_at.0,
                identity: head.identity.as_bytes().to_vec(),
                messages: head.extent == Extent::WithMessages,
                expected: head.expected,
            }),
            Entry::Profile(profile) => What::Profile(encode_profile(profile)),
            Entry::Settings(choices) => What::Settings(wire::BackupSettings {
                changed_at: choices.changed_at.0,
                settings: choices
                    .numbers
                    .iter()
                    .cloned()
                    .map(|(name, value)| wire::BackupSetting { name, value })
                    .collect(),
            }),
            Entry::Contact(row) => What::Contact(encode_contact(row)),
            Entry::Group(group) => What::Group(encode_group(&group.0, &group.1)),
            Entry::Chat(chat) => What::Chat(encode_chat(&chat.0, &chat.1)),
            Entry::Message(row) => What::Message(encode_message(row)),
            Entry::Reaction(row) => What::Reaction(wire::BackupReaction {
                message: row.message.as_bytes().to_vec(),
                author: row.author.as_bytes().to_vec(),
                emoji: row.emoji.clone(),
                clock: row.clock,
            }),
            Entry::Pin(row) => What::Pin(wire::BackupPin {
                message: row.message.as_bytes().to_vec(),
                chat: row.chat.to_string(),
                author: row.author.as_bytes().to_vec(),
                clock: row.clock,
            }),
            Entry::End(records) => What::End(wire::BackupEnd { records: *records }),
            Entry::Unknown => return Vec::new(),
        };
        encode_record(what)
    }

    /// Reads a record.
    pub fn decode(bytes: &[u8]) -> Result<Entry, BackupError> {
        let Some(what) = decode_record(bytes)? else {
            return Ok(Entry::Unknown);
        };
        Ok(match what {
            What::Head(head) => Entry::Head(Head {
                made_at: time(head.made_at)?,
                identity: key(&head.identity)?,
                extent: match head.messages {
                    true => Extent::WithMessages,
                    false => Extent::WithoutMessages,
                },
                expected: head.expected,
            }),
            What::Profile(profile) => Entry::Profile(Box::new(decode_profile(profile)?)),
            What::Settings(settings) => Entry::Settings(Choices {
                changed_at: time(settings.changed_at)?,
                numbers: settings
                    .settings
                    .into_iter()
                    .map(|one| (one.name, one.value))
                    .take(MAX_SETTINGS)
                    .collect(),
            }),
            What::Contact(contact) => Entry::Contact(Box::new(decode_contact(contact)?)),
            What::Group(group) => Entry::Group(Box::new(decode_group(group)?)),
            What::Chat(chat) => Entry::Chat(Box::new(decode_chat(chat)?)),
            What::Message(message) => Entry::Message(Box::new(decode_message(message)?)),
            What::Reaction(reaction) => Entry::Reaction(Box::new(ReactionRow {
                message: id(&reaction.message)?,
                author: key(&reaction.author)?,
                emoji: text(reaction.emoji, MAX_EMOJI)?,
                clock: reaction.clock,
                retracted: false,
            })),
            What::Pin(pin) => Entry::Pin(Box::new(PinRow {
                message: id(&pin.message)?,
                chat: chat_id(&pin.chat)?,
                author: key(&pin.author)?,
                clock: pin.clock,
                pinned: true,
            })),
            What::End(end) => Entry::End(end.records),
        })
    }
}

fn encode_profile(profile: &OwnProfile) -> wire::BackupProfile {
    let links = profile.links.iter();
    let (thumbnail, large, picture_at) = profile.picture.clone().unwrap_or_default();
    wire::BackupProfile {
        changed_at: profile.changed_at.0,
        display_name: profile.display_name.clone(),
        bio: profile.bio.clone(),
        colour: profile.colour,
        links: links
            .map(|link| wire::BackupLink {
                label: link.label.clone(),
                url: link.url.clone(),
            })
            .collect(),
        thumbnail,
        large,
        picture_at: picture_at.0,
    }
}

fn decode_profile(profile: wire::BackupProfile) -> Result<OwnProfile, BackupError> {
    name::display_name(&profile.display_name).map_err(|_| BackupError::Damaged)?;
    name::bio(&profile.bio).map_err(|_| BackupError::Damaged)?;
    let picture = match (profile.thumbnail.is_empty(), profile.large.is_empty()) {
        (false, false) => Some((profile.thumbnail, profile.large, time(profile.picture_at)?)),
        _ => None,
    };
    let links = profile.links.into_iter().take(MAX_LINKS);
    Ok(OwnProfile {
        changed_at: time(profile.changed_at)?,
        display_name: profile.display_name,
        bio: profile.bio,
        colour: profile.colour,
        links: links
            .map(|link| LinkRow {
                label: link.label,
                url: link.url,
            })
            .collect(),
        picture,
    })
}

fn encode_contact(row: &ContactRow) -> wire::BackupContact {
    wire::BackupContact {
        identity: row.identity.as_bytes().to_vec(),
        display_name: row.display_name.clone(),
        nickname: row.nickname.clone(),
        bio: row.bio.clone(),
        colour: row.colour,
        local_state: number(&REQUEST_STATES, row.local.state),
        local_clock: row.local.clock,
        remote_state: number(&REQUEST_STATES, row.remote.state),
        remote_clock: row.remote.clock,
        updated_clock: row.updated_clock,
        blocked: row.blocked,
        removed: row.removed,
        request: row.request.map_or_else(Vec::new, |id| id.as_bytes().to_vec()),
        request_expires_at: row.request_expires_at.map_or(0, |at| at.0),
        trust: number(&TRUSTS, row.trust),
        verified_at: row.verified_at.map_or(0, |at| at.0),
    }
}

fn decode_contact(contact: wire::BackupContact) -> Result<ContactRow, BackupError> {
    let side = |state, clock| {
        Ok::<_, BackupError>(RequestSide {
            state: value(&REQUEST_STATES, state)?,
            clock: clock_of(clock)?,
        })
    };
    Ok(ContactRow {
        display_name: text(contact.display_name, MAX_NAME)?,
        nickname: text(contact.nickname, MAX_NAME)?,
        bio: text(contact.bio, MAX_BIO)?,
        colour: contact.colour,
        local: side(contact.local_state, contact.local_clock)?,
        remote: side(contact.remote_state, contact.remote_clock)?,
        updated_clock: clock_of(contact.updated_clock)?,
        blocked: contact.blocked,
        removed: contact.removed,
        request: optional_id(&contact.request)?,
        request_expires_at: some_time(contact.request_expires_at)?,
        trust: value(&TRUSTS, contact.trust)?,
        verified_at: some_time(contact.verified_at)?,
        ..ContactRow::new(key(&contact.identity)?)
    })
}

fn encode_chat(row: &ChatRow, notifications: &ChatNotificationsRow) -> wire::BackupChat {
    let choice = |loudness: Option<Loudness>| loudness.map_or(0, |loudness| number(&LOUDNESSES, loudness) + 1);
    wire::BackupChat {
        id: row.id.to_string(),
        name: row.name.clone(),
        active: row.active,
        muted_until: row.muted_until.map_or(0, |until| until.0),
        clock: row.clock,
        deleted_at_clock: row.deleted_at_clock,
        read_at_clock: row.read_at_clock,
        created_at: row.created_at.0,
        notify_mention: choice(notifications.mention),
        notify_everyone: choice(notifications.everyone),
        notify_other: choice(notifications.other),
    }
}

fn decode_chat(chat: wire::BackupChat) -> Result<(ChatRow, ChatNotificationsRow), BackupError> {
    let choice = |number: u32| match number.checked_sub(1) {
        Some(number) => value(&LOUDNESSES, number).map(Some),
        None => Ok(None),
    };
    let notifications = ChatNotificationsRow {
        mention: choice(chat.notify_mention)?,
        everyone: choice(chat.notify_everyone)?,
        other: choice(chat.notify_other)?,
    };
    let row = ChatRow {
        name: text(chat.name, MAX_NAME)?,
        active: chat.active,
        muted_until: match chat.muted_until {
            // "For ever" is the largest number that the database holds.
            0 => None,
            until => Some(Timestamp(until)),
        },
        clock: clock_of(chat.clock)?,
        deleted_at_clock: clock_of(chat.deleted_at_clock)?,
        read_at_clock: clock_of(chat.read_at_clock)?,
        ..ChatRow::new(chat_id(&chat.id)?, time(chat.created_at)?)
    };
    Ok((row, notifications))
}

fn encode_group(row: &GroupRow, events: &[GroupEventRow]) -> wire::BackupGroup {
    wire::BackupGroup {
        chat: row.chat.to_string(),
        standing: number(&STANDINGS, row.standing),
        inviter: row.inviter.map_or_else(Vec::new, |key| key.as_bytes().to_vec()),
        joined_at: row.joined_at.0,
        events: events.iter().map(|event| event.bytes.clone()).collect(),
    }
}

/// Every event must be signed, and all of them must make a group.
fn decode_group(group: wire::BackupGroup) -> Result<(GroupRow, Vec<GroupEventRow>), BackupError> {
    let chat = chat_id(&group.chat)?;
    if chat.kind() != ChatKind::Group || group.events.len() > history::MAX_EVENTS {
        return Err(BackupError::Damaged);
    }
    let opened = group.events.iter().map(|bytes| MembershipEvent::open(&chat, bytes));
    let opened: Vec<MembershipEvent> = opened.collect::<Result<_, _>>().map_err(|_| BackupError::Damaged)?;
    let events = opened.iter().map(|event| GroupEventRow {
        author: PublicKeyBytes::from(event.author.to_compressed()),
        bytes: event.bytes.clone(),
    });
    let events = events.collect();
    let history = History::replay(&chat, opened).map_err(|_| BackupError::Damaged)?;
    let joined_at = time(group.joined_at)?;
    let row = GroupRow {
        chat,
        standing: value(&STANDINGS, group.standing)?,
        inviter: match group.inviter.is_empty() {
            true => None,
            false => Some(key(&group.inviter)?),
        },
        colour: look::colour(&history.state().colour).unwrap_or_default().to_owned(),
        joined_at,
        widened_at: joined_at,
    };
    Ok((row, events))
}

fn encode_message(row: &MessageRow) -> wire::BackupMessage {
    wire::BackupMessage {
        id: row.id.as_bytes().to_vec(),
        chat: row.chat.to_string(),
        author: row.author.as_bytes().to_vec(),
        clock: row.clock,
        sent_at: row.sent_at.0,
        kind: row.kind,
        text: row.text.clone(),
        payload: row.payload.clone().unwrap_or_default(),
        response_to: row.response_to.map_or_else(Vec::new, |id| id.as_bytes().to_vec()),
        delivery: row.delivery.map_or(0, |delivery| number(&DELIVERIES, delivery) + 1),
        request_state: row.request.map_or(0, |progress| number(&PROGRESSES, progress) + 1),
        edited_clock: row.edited_clock,
        deletion: number(&DELETIONS, row.deletion),
        deleted_by: row.deleted_by.map_or_else(Vec::new, |key| key.as_bytes().to_vec()),
        seen: row.seen,
        mention: row.mention,
    }
}

fn decode_message(message: wire::BackupMessage) -> Result<MessageRow, BackupError> {
    Ok(MessageRow {
        id: id(&message.id)?,
        chat: chat_id(&message.chat)?,
        author: key(&message.author)?,
        clock: clock_of(message.clock)?,
        sent_at: time(message.sent_at)?,
        kind: message.kind,
        text: message.text,
        payload: (!message.payload.is_empty()).then_some(message.payload),
        response_to: optional_id(&message.response_to)?,
        delivery: match message.delivery.checked_sub(1) {
            Some(number) => Some(value(&DELIVERIES, number)?),
            None => None,
        },
        request: match message.request_state.checked_sub(1) {
            Some(number) => Some(value(&PROGRESSES, number)?),
            None => None,
        },
        edited_clock: clock_of(message.edited_clock)?,
        deletion: value(&DELETIONS, message.deletion)?,
        deleted_by: match message.deleted_by.is_empty() {
            true => None,
            false => Some(key(&message.deleted_by)?),
        },
        seen: message.seen,
        mention: message.mention,
    })
}

/// The numbers that choices have in a backup; 1 is not used for states of requests, as on the wire.
const REQUEST_STATES: [(RequestState, u32); 4] = [
    (RequestState::None, 0),
    (RequestState::Sent, 2),
    (RequestState::Received, 3),
    (RequestState::Dismissed, 4),
];
const TRUSTS: [(Trust, u32); 3] = [(Trust::Unknown, 0), (Trust::Trusted, 1), (Trust::Untrusted, 2)];
const LOUDNESSES: [(Loudness, u32); 3] = [(Loudness::Off, 0), (Loudness::Quiet, 1), (Loudness::Alert, 2)];
const DELIVERIES: [(Delivery, u32); 4] = [
    (Delivery::Queued, 0),
    (Delivery::Sent, 1),
    (Delivery::Delivered, 2),
    (Delivery::Failed, 3),
];
const PROGRESSES: [(RequestProgress, u32); 4] = [
    (RequestProgress::Pending, 0),
    (RequestProgress::Accepted, 1),
    (RequestProgress::Declined, 2),
    (RequestProgress::Withdrawn, 3),
];
const STANDINGS: [(GroupStanding, u32); 3] = [
    (GroupStanding::In, 1),
    (GroupStanding::Invited, 2),
    (GroupStanding::Out, 4),
];
const DELETIONS: [(Deletion, u32); 3] = [(Deletion::None, 0), (Deletion::ForEveryone, 1), (Deletion::ForMe, 2)];

fn number<T: Copy + PartialEq>(numbers: &[(T, u32)], value: T) -> u32 {
    numbers
        .iter()
        .find(|(one, _)| *one == value)
        .map_or(0, |(_, number)| *number)
}

fn value<T: Copy>(numbers: &[(T, u32)], number: u32) -> Result<T, BackupError> {
    let found = numbers.iter().find(|(_, one)| *one == number);
    found.map(|(value, _)| *value).ok_or(BackupError::Damaged)
}

/// A key that is a point on the curve.
fn key(bytes: &[u8]) -> Result<PublicKeyBytes, BackupError> {
    let bytes: [u8; 33] = bytes.try_into().map_err(|_| BackupError::Damaged)?;
    crypto::PublicKey::from_compressed(&bytes).map_err(|_| BackupError::Damaged)?;
    Ok(PublicKeyBytes::from(bytes))
}

fn id(bytes: &[u8]) -> Result<MessageId, BackupError> {
    bytes
        .try_into()
        .map(MessageId::from_bytes)
        .map_err(|_| BackupError::Damaged)
}

fn optional_id(bytes: &[u8]) -> Result<Option<MessageId>, BackupError> {
    match bytes.is_empty() {
        true => Ok(None),
        false => id(bytes).map(Some),
    }
}

fn chat_id(text: &str) -> Result<ChatId, BackupError> {
    ChatId::new(text).map_err(|_| BackupError::Damaged)
}

fn text(text: String, most: usize) -> Result<String, BackupError> {
    match text.len() <= most {
        true => Ok(text),
        false => Err(BackupError::Damaged),
    }
}

fn time(millis: u64) -> Result<Timestamp, BackupError> {
    clock_of(millis).map(Timestamp)
}

fn some_time(millis: u64) -> Result<Option<Timestamp>, BackupError> {
    Ok(Some(time(millis)?).filter(|at| at.0 > 0))
}

/// The database holds no larger numbers.
fn clock_of(clock: u64) -> Result<u64, BackupError> {
    match i64::try_from(clock) {
        Ok(_) => Ok(clock),
        Err(_) => Err(BackupError::Damaged),
    }
}

/// Bytes of a name: what others may call themselves, and more.
const MAX_NAME: usize = 1_024;
/// Bytes of a description.
const MAX_BIO: usize = 4_096;
/// Bytes of an emoji: flags and families are long.
const MAX_EMOJI: usize = 256;
/// As many as a profile shows.
const MAX_LINKS: usize = 20;
/// More than there are.
const MAX_SETTINGS: usize = 1_000;

#[cfg(test)]
mod tests;
