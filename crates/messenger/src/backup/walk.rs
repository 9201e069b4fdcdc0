//! What goes into a backup, piece by piece: each piece is read from a snapshot of its own, so that a long backup holds
//! nothing up. What changes meanwhile is in it or not; every entry is whole.

use protocol::Timestamp;
use protocol::id::{ChatId, ChatKind, MessageId};
use store::{AccountRow, Cursor, GroupRow, GroupStanding, PictureSize, PublicKeyBytes, StoreError, View};

use super::merge::{PROFILE_CHANGED, SETTINGS_CHANGED};
use super::{Choices, Entry, Extent, Head, OwnProfile};
use crate::settings::Settings;

/// A walk over everything that a backup holds.
pub struct Walk {
    extent: Extent,
    now: Timestamp,
    place: Place,
    entries: u64,
}

enum Place {
    Head,
    Contacts(Option<PublicKeyBytes>),
    Chats(Option<ChatId>),
    Messages(Option<ChatId>, Cursor),
    Over,
}

impl Walk {
    /// Begins.
    pub fn new(extent: Extent, now: Timestamp) -> Walk {
        Walk {
            extent,
            now,
            place: Place::Head,
            entries: 0,
        }
    }

    /// The next entries; none: it is over.
    pub fn next(&mut self, view: &View<'_>) -> Result<Vec<Entry>, StoreError> {
        loop {
            let over = matches!(self.place, Place::Over);
            let entries = self.step(view)?;
            if over || !entries.is_empty() {
                self.entries += entries.len() as u64;
                return Ok(entries);
            }
        }
    }

    fn step(&mut self, view: &View<'_>) -> Result<Vec<Entry>, StoreError> {
        match std::mem::replace(&mut self.place, Place::Over) {
            Place::Head => {
                self.place = Place::Contacts(None);
                self.head(view)
            }
            Place::Contacts(after) => {
                let rows = view.contacts().list(after.as_ref(), PAGE)?;
                self.place = match rows.last() {
                    Some(last) => Place::Contacts(Some(last.identity)),
                    None => Place::Chats(None),
                };
                Ok(rows.into_iter().map(|row| Entry::Contact(Box::new(row))).collect())
            }
            Place::Chats(after) => {
                let rows = view.chats().list(after.as_ref(), PAGE)?;
                self.place = match (rows.last(), self.extent) {
                    (Some(last), _) => Place::Chats(Some(last.id.clone())),
                    (None, Extent::WithMessages) => Place::Messages(None, FIRST),
                    (None, Extent::WithoutMessages) => return Ok(self.end()),
                };
                let mut entries = Vec::with_capacity(rows.len());
                for row in rows.into_iter().filter(|row| is_kept(&row.id)) {
                    // A group stands before its chat.
                    entries.extend(group(view, &row.id)?);
                    let notifications = view.chat_notifications().of(&row.id)?;
                    entries.push(Entry::Chat(Box::new((row, notifications))));
                }
                Ok(entries)
            }
            Place::Messages(chat, after) => self.messages(view, chat, after),
            Place::Over => Ok(Vec::new()),
        }
    }

    fn head(&self, view: &View<'_>) -> Result<Vec<Entry>, StoreError> {
        let Some(account) = view.account().load()? else {
            return Ok(Vec::new());
        };
        let expected = match self.extent {
            Extent::WithMessages => view.messages().count()?,
            Extent::WithoutMessages => 0,
        };
        let head = Head {
            made_at: self.now,
            identity: account.public_key,
            extent: self.extent,
            expected,
        };
        let settings = Settings::read(|name| view.settings().number(name))?;
        let numbers = settings.numbers().into_iter();
        Ok(vec![
            Entry::Head(head),
            Entry::Profile(Box::new(profile(view, account)?)),
            Entry::Settings(Choices {
                changed_at: view.marks().at(SETTINGS_CHANGED, &[])?.unwrap_or_default(),
                numbers: numbers.map(|(name, number)| (name.to_owned(), number)).collect(),
            }),
        ])
    }

    /// The messages of one chat after another.
    fn messages(&mut self, view: &View<'_>, chat: Option<ChatId>, after: Cursor) -> Result<Vec<Entry>, StoreError> {
        if let Some(id) = chat.as_ref().filter(|id| is_kept(id)) {
            let rows = view.messages().page_after(id, &after, MESSAGES)?;
            if let Some(last) = rows.last() {
                self.place = Place::Messages(chat.clone(), last.cursor());
                let mut entries = Vec::with_capacity(rows.len());
                for row in rows {
                    let reactions = view.reactions().to(&row.id)?.into_iter();
                    entries.push(Entry::Message(Box::new(row)));
                    entries.extend(reactions.map(|row| Entry::Reaction(Box::new(row))));
                }
                return Ok(entries);
            }
        }
        // The pins of a chat stand behind its messages.
        let pins = chat.as_ref().map(|id| view.pins().of_chat(id)).transpose()?;
        let next = view.chats().list(chat.as_ref(), 1)?.pop();
        let mut entries: Vec<Entry> = pins
            .into_iter()
            .flatten()
            .map(|row| Entry::Pin(Box::new(row)))
            .collect();
        match next {
            Some(next) => self.place = Place::Messages(Some(next.id), FIRST),
            None => entries.extend(self.end_after(entries.len())),
        }
        Ok(entries)
    }

    fn end(&self) -> Vec<Entry> {
        self.end_after(0)
    }

    fn end_after(&self, more: usize) -> Vec<Entry> {
        vec![Entry::End(self.entries + more as u64)]
    }
}

fn group(view: &View<'_>, chat: &ChatId) -> Result<Option<Entry>, StoreError> {
    let row = view.groups().load(chat)?;
    // That we declined is of no use elsewhere: only who was told would know.
    let Some(row) = row.filter(|row| row.standing != GroupStanding::Declined) else {
        return Ok(None);
    };
    let events = view.groups().events(chat)?;
    // When somebody was let in last matters to this device only.
    let widened_at = row.joined_at;
    let row = GroupRow { widened_at, ..row };
    Ok(Some(Entry::Group(Box::new((row, events)))))
}

fn profile(view: &View<'_>, account: AccountRow) -> Result<OwnProfile, StoreError> {
    let own = account.public_key;
    let (people, small, large) = (view.people(), PictureSize::Thumbnail, PictureSize::Large);
    let picture = match (people.picture(&own, small)?, people.picture(&own, large)?) {
        (Some(small), Some(large)) => Some((small.bytes, large.bytes, large.clock)),
        _ => None,
    };
    Ok(OwnProfile {
        changed_at: view.marks().at(PROFILE_CHANGED, &[])?.unwrap_or_default(),
        display_name: account.display_name,
        bio: account.bio,
        colour: account.colour,
        links: people.links(&own)?,
        picture,
    })
}

/// Whether a chat means anything without what is not in a backup.
pub(super) fn is_kept(chat: &ChatId) -> bool {
    matches!(chat.kind(), ChatKind::OneToOne | ChatKind::Public | ChatKind::Group)
}

/// Before every message of a chat.
const FIRST: Cursor = Cursor {
    clock: 0,
    id: MessageId::from_bytes([0; 32]),
};

/// People or chats in a piece.
const PAGE: u32 = 100;

/// Messages in a piece: pictures make them large.
const MESSAGES: u32 = 20;
