//! From the database's rows to the API's types and back, by hand: one function per type.
//!
//! Cursors are texts that only this file understands: a clock (or the time of a search) and the id that orders equal
//! ones.

use api::{Contact, ContactState, MessageKind, Page, Quote};
use messenger::link::{Destination, Link, LinkError};
use messenger::{ChatId, MessageId, PublicKey, markup};
use store::{
    ChatRow, ChatSummary, ContactRow, Cursor, Deletion, MessageRow, PublicKeyBytes, RequestState, StoreError, View,
};

pub(crate) mod activity;
pub(crate) mod attachments;
mod groups;
mod marks;
pub(crate) mod network;
pub(crate) mod notification;
pub(crate) mod pages;
pub(crate) mod people;
pub(crate) mod previews;
mod repair;
pub(crate) mod search;
pub(crate) mod settings;
pub(crate) mod shown;
pub(crate) mod text;
mod trace;

/// One look at the database, through our own eyes.
pub(crate) struct Reading<'v> {
    /// The snapshot.
    pub(crate) view: &'v View<'v>,
    /// Who we are.
    pub(crate) own: &'v Own,
}

/// Who we are, as far as it is shown.
#[derive(Clone, Debug)]
pub(crate) struct Own {
    /// Our key.
    pub(crate) key: PublicKeyBytes,
    /// Our display name.
    pub(crate) name: String,
    /// The profile that it is.
    pub(crate) profile: String,
}

impl Own {
    /// From what the API shows of it.
    pub(crate) fn of(profile: &str, account: &messenger::AccountInfo) -> Self {
        Self {
            key: PublicKeyBytes::from(account.public_key.to_compressed()),
            name: account.display_name.clone(),
            profile: profile.to_owned(),
        }
    }
}

/// A text is not a cursor of ours.
#[derive(Debug)]
pub(crate) struct BadCursor;

/// A chat key in one of the forms people exchange: `zQ3…`, `0x04…`, or in a link.
pub(crate) fn parse_key(text: &str) -> Option<PublicKey> {
    let text = text.trim();
    if let Ok(link) = text.parse::<Link>() {
        return match link.to {
            Destination::Person(key) => Some(key),
            _ => None,
        };
    }
    PublicKey::from_multibase(text)
        .or_else(|_| PublicKey::from_hex(text))
        .ok()
}

/// A chat: by its id, by the key of the other person, by a link, or as `#name` if it is public.
pub(crate) fn parse_chat(text: &str) -> Option<ChatId> {
    if text.starts_with('#') {
        return ChatId::new(messenger::chats::rules::public_name(text)?).ok();
    }
    match text.parse::<Link>() {
        Ok(link) => return link.to.chat(),
        Err(LinkError::NotALink) => {}
        // A public chat is not called like a broken link.
        Err(_) => return None,
    }
    if text.starts_with("zQ3")
        && let Some(key) = parse_key(text)
    {
        return Some(ChatId::one_to_one(&key));
    }
    ChatId::new(text).ok()
}

impl Reading<'_> {
    /// Everybody we know of.
    pub(crate) fn contacts(&self) -> Result<Vec<Contact>, StoreError> {
        let mut contacts = Vec::new();
        let mut after = None;
        loop {
            let rows = self.view.contacts().list(after.as_ref(), PART)?;
            for row in &rows {
                contacts.push(self.contact(row)?);
            }
            match rows.last() {
                Some(last) if rows.len() == PART as usize => after = Some(last.identity),
                _ => return Ok(contacts),
            }
        }
    }

    /// One person, if anything is known of them.
    pub(crate) fn contact_by_key(&self, key: &PublicKeyBytes) -> Result<Option<Contact>, StoreError> {
        self.view
            .contacts()
            .load(key)?
            .map(|row| self.contact(&row))
            .transpose()
    }

    fn contact(&self, row: &ContactRow) -> Result<Contact, StoreError> {
        let state = contact_state(row);
        let note = match (state, &row.request) {
            (ContactState::Asked | ContactState::Asking, Some(request)) => self.view.messages().load(request)?,
            _ => None,
        };
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Ok(Contact {
            key: key_text(&row.identity),
            name: person_name(row),
            nickname: some(&row.nickname),
            display_name: some(&row.display_name),
            state,
            note: note.map(|message| message.text),
            bio: row.bio.clone(),
            colour: row.colour,
            links: self.links_of(&row.identity)?,
            picture: self.picture_path(&row.identity)?,
            presence: self.presence_of(&row.identity)?,
            trust: people::trust(row.trust),
            verified_at: row.verified_at.map(|at| at.0),
            asked_by_us: self.verification_with(&row.identity, store::Asker::We)?,
            asked_by_them: self.verification_with(&row.identity, store::Asker::They)?,
        })
    }

    /// A part of the list of chats.
    pub(crate) fn chats(&self, before: Option<&(u64, ChatId)>, limit: u32) -> Result<Page<api::Chat>, StoreError> {
        let summaries = self.view.chats().summaries(before, limit)?;
        let next = summaries
            .last()
            .filter(|_| summaries.len() == limit as usize)
            .map(|last| {
                let (at, id) = last.place();
                format!("{at}.{id}")
            });
        let items = summaries
            .iter()
            .map(|summary| self.chat_from(summary))
            .collect::<Result<_, _>>()?;
        Ok(Page { items, next })
    }

    /// One chat, if it is in the list of chats.
    pub(crate) fn chat(&self, id: &ChatId) -> Result<Option<api::Chat>, StoreError> {
        match self.view.chats().summary(id)? {
            Some(summary) if summary.chat.active => self.chat_from(&summary).map(Some),
            _ => Ok(None),
        }
    }

    /// What to call a chat.
    pub(super) fn chat_name(&self, row: &ChatRow) -> Result<String, StoreError> {
        Ok(match row.id.peer() {
            Some(peer) => self.name_of(&PublicKeyBytes::from(peer.to_compressed()))?,
            None if row.name.is_empty() => row.id.as_str().to_owned(),
            None => row.name.clone(),
        })
    }

    fn chat_from(&self, summary: &ChatSummary) -> Result<api::Chat, StoreError> {
        let row = &summary.chat;
        let peer = row.id.peer();
        let name = self.chat_name(row)?;
        let face = match row.id.kind() {
            messenger::ChatKind::Group => self.face(&row.id)?,
            _ => groups::Face::default(),
        };
        let kind = match row.id.kind() {
            messenger::ChatKind::OneToOne => api::ChatKind::OneToOne,
            messenger::ChatKind::Public => api::ChatKind::Public,
            messenger::ChatKind::Group => api::ChatKind::Group,
            messenger::ChatKind::Channel { .. } => api::ChatKind::Community,
        };
        Ok(api::Chat {
            id: row.id.to_string(),
            kind,
            name,
            contact: peer.map(|peer| peer.to_multibase()),
            colour: face.colour,
            picture: face.picture,
            member_count: face.member_count,
            left: face.left,
            unread: summary.unread,
            mentions: summary.mentions,
            pinned_count: self.view.pins().count(&row.id)?,
            muted_until: row.muted_until.map(|end| end.0),
            can: can(messenger::chats::abilities(self.view, row)?),
            draft: self.draft(&row.draft)?,
            active_at: summary.last.as_ref().map_or(row.created_at, |last| last.sent_at).0,
            last_message: summary.last.as_ref().map(|last| self.message_from(last)).transpose()?,
        })
    }

    /// One message.
    pub(crate) fn message(&self, id: &MessageId) -> Result<Option<api::Message>, StoreError> {
        self.view
            .messages()
            .load(id)?
            .filter(|row| row.deletion != Deletion::ForMe)
            .map(|row| self.message_from(&row))
            .transpose()
    }

    /// A message as the API gives it.
    pub(crate) fn message_from(&self, row: &MessageRow) -> Result<api::Message, StoreError> {
        let reply_to = row.response_to.as_ref().map(|id| self.quote(id)).transpose()?;
        let attachments = self.attachments(row)?;
        let happening = marks::happening(row.kind);
        let pin = self.view.pins().load(&row.id)?.filter(|pin| pin.pinned);
        let is_file = attachments.iter().any(|one| one.kind == api::AttachmentKind::File);
        let text = match row.deletion {
            // The rest is a hint for programs that cannot show the file.
            Deletion::None if is_file => row.text.lines().next().unwrap_or_default().to_owned(),
            Deletion::None if happening.is_some() => self.told(row)?,
            Deletion::None => row.text.clone(),
            _ => String::new(),
        };
        let kind = if is_file {
            MessageKind::File
        } else {
            message_kind(row.kind)
        };
        let carried = self.carried(row);
        Ok(api::Message {
            cards: carried.cards,
            brought: carried.brought,
            sticker: carried.sticker,
            id: row.id.to_string(),
            chat: row.chat.to_string(),
            kind,
            author: key_text(&row.author),
            author_name: self.name_of(&row.author)?,
            own: row.author == self.own.key,
            written: self.written(row)?,
            blocks: self.look(&text)?,
            emoji_only: kind == MessageKind::Text && markup::only_emoji(&text).is_some(),
            mentions_me: row.mention && row.chat.peer().is_none(),
            text,
            sent_at: row.sent_at.0,
            clock: row.clock,
            delivery: row.delivery.map(delivery),
            reach: match row.chat.kind() {
                messenger::ChatKind::Group if row.delivery.is_some() => self.reach(&row.id)?,
                _ => None,
            },
            reply_to,
            read: row.seen,
            late: self.view.repair().is_late(&row.id)?,
            links: self.links(row),
            edited_at: (row.edited_clock > 0).then_some(row.edited_clock),
            deleted: row.deletion == Deletion::ForEveryone,
            deleted_by: row.deleted_by.as_ref().map(key_text),
            pinned: pin.is_some(),
            pinned_by_name: pin.map(|pin| self.name_of(&pin.author)).transpose()?,
            reactions: self.reactions(&row.id)?,
            happening,
            attachments,
        })
    }

    fn quote(&self, id: &MessageId) -> Result<Quote, StoreError> {
        let Some(row) = self.view.messages().load(id)? else {
            return Ok(Quote {
                id: id.to_string(),
                author: None,
                author_name: None,
                text: None,
                deleted: false,
            });
        };
        Ok(Quote {
            id: id.to_string(),
            author: Some(key_text(&row.author)),
            author_name: Some(self.name_of(&row.author)?),
            deleted: row.deletion != Deletion::None,
            text: match row.deletion {
                Deletion::None => Some(self.in_a_line(&row.text)?),
                _ => None,
            },
        })
    }

    /// What to call a person.
    fn name_of(&self, key: &PublicKeyBytes) -> Result<String, StoreError> {
        if let Some(row) = self.view.contacts().load(key)? {
            return Ok(person_name(&row));
        }
        if *key == self.own.key {
            return Ok(self.own.name.clone());
        }
        let short = shortened(key);
        // Anybody can call themselves anything, so the key stands beside it.
        Ok(match self.view.people().heard_name(key)? {
            Some((name, _)) => format!("{name} ({short})"),
            None => short,
        })
    }
}

fn contact_state(row: &ContactRow) -> ContactState {
    match (row.local.state, row.remote.state) {
        _ if row.blocked => ContactState::Blocked,
        (RequestState::Sent, RequestState::Received) => ContactState::Mutual,
        (RequestState::Sent, _) => ContactState::Asked,
        (RequestState::Dismissed, _) => ContactState::Declined,
        (_, RequestState::Received) => ContactState::Asking,
        _ => ContactState::Stranger,
    }
}

fn can(abilities: messenger::chats::Abilities) -> api::ChatAbilities {
    api::ChatAbilities {
        write: abilities.write,
        pictures: abilities.pictures,
        sounds: abilities.sounds,
        files: abilities.files,
        large_files: abilities.large_files,
        pin: abilities.pins,
    }
}

fn message_kind(kind: u32) -> MessageKind {
    match kind {
        TEXT | STATUS | EMOJI => MessageKind::Text,
        STICKER => MessageKind::Sticker,
        COMMUNITY => MessageKind::Community,
        DISCORD | BRIDGE => MessageKind::Bridge,
        IMAGE => MessageKind::Image,
        AUDIO => MessageKind::Audio,
        CONTACT_REQUEST => MessageKind::ContactRequest,
        SYSTEM_GROUP | SYSTEM_PINNED..=SYSTEM_REMOVED => MessageKind::System,
        _ => MessageKind::Other,
    }
}

fn delivery(delivery: store::Delivery) -> api::Delivery {
    match delivery {
        store::Delivery::Queued => api::Delivery::Queued,
        store::Delivery::Sent => api::Delivery::Sent,
        store::Delivery::Delivered => api::Delivery::Delivered,
        store::Delivery::Failed => api::Delivery::Failed,
    }
}

fn person_name(row: &ContactRow) -> String {
    [&row.nickname, &row.display_name]
        .into_iter()
        .find(|name| !name.is_empty())
        .cloned()
        .unwrap_or_else(|| shortened(&row.identity))
}

fn shortened(key: &PublicKeyBytes) -> String {
    PublicKey::from_compressed(key.as_bytes()).map_or_else(|_| "?".into(), |key| key.shortened())
}

/// The chat with a person.
pub(crate) fn chat_with(key: &PublicKeyBytes) -> Option<ChatId> {
    PublicKey::from_compressed(key.as_bytes())
        .ok()
        .map(|key| ChatId::one_to_one(&key))
}

pub(crate) fn key_text(key: &PublicKeyBytes) -> String {
    PublicKey::from_compressed(key.as_bytes()).map_or_else(|_| "?".into(), |key| key.to_multibase())
}

/// Our account, for the API.
pub(crate) fn account(profile: &str, account: &messenger::AccountInfo) -> api::Account {
    api::Account {
        profile: profile.to_owned(),
        name: account.display_name.clone(),
        key: account.public_key.to_multibase(),
        key_hex: account.public_key.to_hex(),
        installation: account.installation_id.to_string(),
        ..people::own_profile(profile, account)
    }
}

/// The place in the list of chats that [`Reading::chats`] gave as `next`.
pub(crate) fn parse_place(text: &str) -> Result<(u64, ChatId), BadCursor> {
    let (at, id) = text.split_once('.').ok_or(BadCursor)?;
    Ok((
        at.parse().map_err(|_| BadCursor)?,
        ChatId::new(id).map_err(|_| BadCursor)?,
    ))
}

/// The place in a chat that [`Reading::messages`] gave as `next`.
pub(crate) fn parse_cursor(text: &str) -> Result<Cursor, BadCursor> {
    let (clock, id) = text.split_once('.').ok_or(BadCursor)?;
    Ok(Cursor {
        clock: clock.parse().map_err(|_| BadCursor)?,
        id: id.parse().map_err(|_| BadCursor)?,
    })
}

/// Rows per query when everything is listed.
const PART: u32 = 500;

// Numbers of the wire's content types.
const TEXT: u32 = 1;
const STICKER: u32 = 2;
const STATUS: u32 = 3;
const EMOJI: u32 = 4;
const SYSTEM_GROUP: u32 = 6;
pub(crate) const IMAGE: u32 = 7;
pub(crate) const AUDIO: u32 = 8;
const COMMUNITY: u32 = 9;
const CONTACT_REQUEST: u32 = 11;
const DISCORD: u32 = 12;
pub(crate) const SYSTEM_PINNED: u32 = 14;
const SYSTEM_REMOVED: u32 = 17;
const BRIDGE: u32 = 18;
const LAST_KIND: u32 = BRIDGE;
