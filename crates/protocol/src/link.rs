//! Status links: how people hand on a person, a community or a channel, as text and as QR codes.
//!
//! ```text
//! https://status.app/u#<key>                 a person            https://status.app/u/<data>#<key>
//! https://status.app/c#<key>                 a community         https://status.app/c/<data>#<key>
//! https://status.app/cc/<uuid>#<key>         a channel           https://status.app/cc/<data>#<key>
//! ```
//!
//! The key is `zQ3sh…`; for channels it is the community's. The data is a card, see [`Card`]: it lets an application show
//! whom the link leads to before the network has been asked. Nothing signs it: a card is what the maker of the link claims,
//! and only the key counts. Links with an Ethereum name instead of a key need a chain to be resolved and are refused by
//! name. Private groups have no links in Status; ours say whom to ask, see [`group`].
//!
//! Does not know which of these are our contacts, and fetches nothing.

use std::fmt;
use std::str::FromStr;

use crypto::PublicKey;

use crate::id::{ChatId, CommunityId, is_uuid};

pub use card::{Card, MAX_CARD_BYTES};
pub(crate) use card::{colour, shown as fit};
pub use find::{Address, addresses};
pub(crate) use find::{address_at, code};
pub(crate) use group::group_link_at;
pub use group::group_link_in;

mod card;
mod find;
mod group;

/// Where a Status link leads.
#[derive(Clone, PartialEq, Eq)]
pub struct Link {
    /// Who or what it leads to.
    pub to: Destination,
    /// What the maker of the link says about it.
    pub card: Option<Card>,
}

/// Who or what a Status link leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A person.
    Person(PublicKey),
    /// A community.
    Community(CommunityId),
    /// A channel of a community.
    Channel {
        /// The community.
        community: CommunityId,
        /// The channel's UUID.
        channel: String,
    },
    /// A private group, through a member.
    Group {
        /// The group.
        chat: ChatId,
        /// Who is to be asked.
        member: PublicKey,
    },
}

/// The maker of the link is at fault, or the text is no Status link at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// It does not begin like one.
    #[error("this is not a Status link; they begin with https://status.app/u, /c or /cc")]
    NotALink,
    /// Longer than any client makes them.
    #[error("the link is too long")]
    TooLong,
    /// There is no key after `#`; part of the link may have been lost on the way.
    #[error("the link is incomplete: a key that begins with zQ3sh has to stand at its end")]
    NoKey,
    /// What stands after `#` is not a key.
    #[error("the link ends with something that is not a key; copy it again")]
    BadKey,
    /// The person is named by an Ethereum name, which would have to be looked up on a chain.
    #[error("the link names the person by an Ethereum name, which cannot be looked up here; ask for a link with a key")]
    EthereumName,
    /// The card in the link cannot be read.
    #[error("the link is damaged; copy it again")]
    BadCard,
    /// The link to a channel does not say which channel.
    #[error("the link does not say which channel it leads to")]
    NoChannel,
}

impl Link {
    /// A link without a card.
    pub fn new(to: Destination) -> Link {
        Link { to, card: None }
    }

    /// The shortest form, without a card.
    pub fn plain(&self) -> String {
        match &self.to {
            Destination::Person(key) => format!("{BASE}u#{}", key.to_multibase()),
            Destination::Community(id) => format!("{BASE}c#{}", key_of(id)),
            Destination::Channel { community, channel } => format!("{BASE}cc/{channel}#{}", key_of(community)),
            Destination::Group { chat, member } => {
                let mut text = String::new();
                // Text in memory takes everything.
                let _ = group::write(&mut text, chat, member, "");
                text
            }
        }
    }
}

impl Destination {
    /// The chat that it leads to; a community is none by itself.
    pub fn chat(&self) -> Option<ChatId> {
        match self {
            Destination::Person(key) => Some(ChatId::one_to_one(key)),
            Destination::Community(_) => None,
            Destination::Channel { community, channel } => ChatId::channel(community, channel).ok(),
            Destination::Group { chat, .. } => Some(chat.clone()),
        }
    }
}

impl fmt::Display for Link {
    /// With the card, if it has one that says anything.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(card) = self.card.as_ref().filter(|card| **card != Card::default()) else {
            return f.write_str(&self.plain());
        };
        match &self.to {
            Destination::Person(key) => write!(f, "{BASE}u/{}#{}", card.encode_person(), key.to_multibase()),
            Destination::Community(id) => write!(f, "{BASE}c/{}#{}", card.encode_community(), key_of(id)),
            Destination::Channel { community, channel } => {
                write!(f, "{BASE}cc/{}#{}", card.encode_channel(channel), key_of(community))
            }
            Destination::Group { chat, member } => group::write(f, chat, member, &card.name),
        }
    }
}

impl fmt::Debug for Link {
    /// Not whom it leads to.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.to {
            Destination::Person(_) => "person",
            Destination::Community(_) => "community",
            Destination::Channel { .. } => "channel",
            Destination::Group { .. } => "group",
        };
        write!(
            f,
            "Link({kind}, {} card)",
            if self.card.is_some() { "with" } else { "no" }
        )
    }
}

impl FromStr for Link {
    type Err = LinkError;

    /// Reads all forms, ours included, and the `status-app://` under which telephones hand links on.
    fn from_str(text: &str) -> Result<Link, LinkError> {
        let text = text.trim();
        if text.len() > MAX_LINK_BYTES {
            return Err(LinkError::TooLong);
        }
        if let Some(rest) = strip_prefix_ignoring_case(text, group::BASE) {
            return group::read(rest);
        }
        let path = [BASE, OTHER_BASE]
            .iter()
            .find_map(|base| strip_prefix_ignoring_case(text, base))
            .ok_or(LinkError::NotALink)?;
        let (place, key) = match path.split_once('#') {
            Some((place, key)) => (place, Some(key)),
            None => (path, None),
        };
        let (kind, data) = match place.split_once('/') {
            Some((kind, data)) => (kind, Some(data)),
            None => (place, None),
        };
        if !matches!((kind, data), ("u" | "c", _) | ("cc", Some(_))) {
            return Err(LinkError::NotALink);
        }
        // A page of the web site whose address begins in the same way is not meant.
        let key = key.ok_or(LinkError::NoKey)?;
        let data = data.unwrap_or_default();
        match kind {
            "u" => person(key, data),
            "c" => Ok(Link {
                to: Destination::Community(CommunityId::of(&parse_key(key)?)),
                card: decode(data, Card::decode_community)?,
            }),
            _ => channel(&CommunityId::of(&parse_key(key)?), data),
        }
    }
}

fn person(key: &str, data: &str) -> Result<Link, LinkError> {
    if data.is_empty() && !key.is_empty() && !key.starts_with("zQ3") && key.contains('.') {
        return Err(LinkError::EthereumName);
    }
    Ok(Link {
        to: Destination::Person(parse_key(key)?),
        card: decode(data, Card::decode_person)?,
    })
}

fn channel(community: &CommunityId, data: &str) -> Result<Link, LinkError> {
    let (channel, card) = match is_uuid(data) {
        true => (data.to_owned(), None),
        false => {
            let (card, channel) = Card::decode_channel(data).ok_or(LinkError::BadCard)?;
            (channel, Some(card))
        }
    };
    if !is_uuid(&channel) {
        return Err(LinkError::NoChannel);
    }
    Ok(Link {
        to: Destination::Channel {
            community: *community,
            channel,
        },
        card,
    })
}

/// A card from the data of a link; no data is no card.
fn decode(data: &str, read: impl FnOnce(&str) -> Option<Card>) -> Result<Option<Card>, LinkError> {
    match data.is_empty() {
        true => Ok(None),
        false => read(data).map(Some).ok_or(LinkError::BadCard),
    }
}

fn parse_key(text: &str) -> Result<PublicKey, LinkError> {
    match text {
        "" => Err(LinkError::NoKey),
        text if text.starts_with('z') => PublicKey::from_multibase(text).map_err(|_| LinkError::BadKey),
        _ => Err(LinkError::BadKey),
    }
}

/// The text form of a community's key. An id that is no key on the curve cannot come from a link.
fn key_of(id: &CommunityId) -> String {
    id.public_key().map(|key| key.to_multibase()).unwrap_or_default()
}

fn strip_prefix_ignoring_case<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// What links begin with.
const BASE: &str = "https://status.app/";
/// What the deployed applications register for themselves.
const OTHER_BASE: &str = "status-app://";

/// A card has at most [`MAX_CARD_BYTES`] before it is compressed, and a third more in base64.
const MAX_LINK_BYTES: usize = 8_192;

#[cfg(test)]
mod tests;
