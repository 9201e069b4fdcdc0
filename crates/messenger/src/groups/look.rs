//! Groups as a user interface sees them.

use crypto::PublicKey;
use protocol::Timestamp;
use protocol::content::membership::EventType;
use protocol::group::look as shown;
use protocol::id::{ChatId, MessageId, parse_public_key_text};
use store::{GroupRequestRow, GroupStanding, StoreError, View};

use super::replay;

/// A private group.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its id.
    pub chat: ChatId,
    /// How we stand to it.
    pub standing: GroupStanding,
    /// Its name as it may be shown.
    pub name: String,
    /// Its colour, `#` and six hex digits; empty if it has none.
    pub colour: String,
    /// Its picture, in the format in which a member made it; empty if it has none.
    pub picture: Vec<u8>,
    /// The clock of the event that set the picture; none if it has none.
    pub picture_clock: Option<u64>,
    /// Who is in it, in the order of their keys, and whether they are admins.
    pub members: Vec<(PublicKey, bool)>,
    /// Who let us in.
    pub inviter: Option<PublicKey>,
    /// Who asks to be let in, or asked.
    pub requests: Vec<GroupRequestRow>,
}

/// One thing that happened to a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// Where it stands in the chat; milliseconds since 1970 by the clock of who did it, as a rule.
    pub clock: u64,
    /// Who did it.
    pub author: PublicKey,
    /// What it was.
    pub kind: EventType,
    /// The new name or colour.
    pub text: String,
    /// Whom it is about.
    pub people: Vec<PublicKey>,
}

/// A person to whom a message of ours went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Who it is.
    pub person: PublicKey,
    /// When a device of theirs acknowledged it.
    pub delivered_at: Option<Timestamp>,
}

/// A group as it is now; none if there is none, or we declined it.
pub fn look(view: &View<'_>, chat: &ChatId) -> Result<Option<Group>, StoreError> {
    let Some(row) = view.groups().load(chat)? else {
        return Ok(None);
    };
    let Some(history) = replay(chat, view.groups().events(chat)?) else {
        return Ok(None);
    };
    let state = history.state();
    let admins = state.admins();
    let members = state.members().into_iter();
    Ok(Some(Group {
        chat: chat.clone(),
        standing: row.standing,
        name: shown::name(&state.name),
        colour: row.colour,
        picture: state.picture.clone(),
        picture_clock: history.picture_clock(),
        members: members.map(|person| (person, admins.contains(&person))).collect(),
        inviter: row
            .inviter
            .and_then(|key| PublicKey::from_compressed(key.as_bytes()).ok()),
        requests: view.groups().requests(chat)?,
    }))
}

/// What happened to a group since it was founded, in order.
pub fn happening(view: &View<'_>, chat: &ChatId) -> Result<Vec<Happening>, StoreError> {
    let Some(history) = replay(chat, view.groups().events(chat)?) else {
        return Ok(Vec::new());
    };
    let happenings = history.standing().iter().map(|event| {
        let kind = event.event.r#type();
        let text = match kind {
            EventType::ColorChanged => shown::colour(&event.event.color).unwrap_or_default().to_owned(),
            _ => shown::name(&event.event.name),
        };
        let people = event.event.members.iter();
        Happening {
            clock: event.event.clock,
            author: event.author,
            kind,
            text,
            people: people.filter_map(|name| parse_public_key_text(name).ok()).collect(),
        }
    });
    Ok(happenings.collect())
}

/// To whom a message of ours in a group went, and who has it.
pub fn receipts(view: &View<'_>, message: &MessageId) -> Result<Vec<Receipt>, StoreError> {
    let rows = view.groups().receipts(message)?.into_iter();
    Ok(rows
        .filter_map(|row| {
            Some(Receipt {
                person: PublicKey::from_compressed(row.person.as_bytes()).ok()?,
                delivered_at: row.delivered_at,
            })
        })
        .collect())
}
