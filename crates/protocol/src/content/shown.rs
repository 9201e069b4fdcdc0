//! What a chat message carries to be looked at: cards of people and communities, and who said it elsewhere
//! (62/STATUS-PAYLOADS as deployed).
//!
//! All of it is what the author claims, made fit to be shown: bounded, without characters that deceive. Nothing is
//! fetched, and no picture is decoded here.

use crypto::PublicKey;

use super::ChatMessage;
use super::chat_message::Body;
use crate::id::CommunityId;
use crate::layers::application::{self, Signed};
use crate::link::{Address, Card, Destination, Link, addresses, colour, fit};
use crate::wire::application::Kind;
use crate::wire::chat::unfurled_status_link::Payload;
use crate::wire::chat::{UnfurledLinkThumbnail, UnfurledStatusCommunityLink};
use crate::wire::community::CommunityDescription;
use prost::Message as _;

/// A person, community or channel that a message hands on.
#[derive(Clone, PartialEq, Eq)]
pub struct Handed {
    /// Where it leads, and what is said about it.
    pub link: Link,
    /// Its address as it stands in the text; none for an invitation.
    pub url: Option<String>,
    /// A picture, of any format or none.
    pub picture: Vec<u8>,
}

/// Who said something in another network, from which it was brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brought {
    /// The network.
    pub network: String,
    /// What its author is called there.
    pub author: String,
}

impl ChatMessage {
    /// The text to show and to search: that of the other network, if it was brought from one.
    pub fn shown_text(&self) -> &str {
        match &self.body {
            Body::Bridge(bridge) => &bridge.content,
            Body::Discord(message) => &message.content,
            _ => &self.text,
        }
    }

    /// The people, communities and channels whose links stand in the text, with what the author's preview adds; and the
    /// community that the message invites to.
    pub fn handed(&self, author: &PublicKey) -> Vec<Handed> {
        let mut handed: Vec<Handed> = self.invitation(author).into_iter().collect();
        let linked = addresses(self.shown_text(), MOST_ADDRESSES).into_iter();
        for Address { url, link, .. } in linked {
            let Some(link) = link else { continue };
            if handed.len() == MOST_PREVIEWS || handed.iter().any(|known| known.link.to == link.to) {
                continue;
            }
            let mut one = Handed {
                link,
                url: Some(url),
                picture: Vec::new(),
            };
            self.add_preview(&mut one);
            handed.push(one);
        }
        handed
    }

    /// Who said it elsewhere.
    pub fn brought(&self) -> Option<Brought> {
        let (network, author) = match &self.body {
            Body::Bridge(bridge) => (bridge.bridge_name.as_str(), bridge.user_name.as_str()),
            Body::Discord(message) => {
                let author = message.author.as_ref();
                let name = author.map_or("", |author| match author.nickname.is_empty() {
                    true => &author.name,
                    false => &author.nickname,
                });
                (DISCORD, name)
            }
            _ => return None,
        };
        Some(Brought {
            network: fit(network, MAX_NAME),
            author: fit(author, MAX_NAME),
        })
    }

    /// The community whose own, signed description stands in the message.
    fn invitation(&self, author: &PublicKey) -> Option<Handed> {
        let Body::Community(wrapper) = &self.body else {
            return None;
        };
        // Only a signed wrapper can be of this kind, so who hands it on does not matter.
        let Signed { author, kind, body, .. } = application::verify(wrapper.clone(), author).ok()?;
        if kind != Kind::CommunityDescription as u32 {
            return None;
        }
        let description = CommunityDescription::decode(&body[..]).ok()?;
        let identity = description.identity.unwrap_or_default();
        let small = identity.images.get("thumbnail").filter(|image| !image.encrypted);
        Some(Handed {
            link: Link {
                to: Destination::Community(CommunityId::of(&author)),
                card: Some(Card {
                    name: fit(&identity.display_name, MAX_NAME),
                    description: fit(&identity.description, MAX_DESCRIPTION),
                    colour: colour(&identity.color),
                    members: u32::try_from(description.members.len()).unwrap_or(u32::MAX),
                    ..Card::default()
                }),
            },
            url: None,
            picture: small.map(|image| picture(&image.payload)).unwrap_or_default(),
        })
    }

    /// Adds what the author's own preview says about the same destination.
    fn add_preview(&self, handed: &mut Handed) {
        let same = |payload: &&Payload| destination(payload).as_ref() == Some(&handed.link.to);
        let payloads = self.status_links.iter().take(MOST_PREVIEWS);
        let Some(payload) = payloads.filter_map(|link| link.payload.as_ref()).find(same) else {
            return;
        };
        let (card, icon) = match payload {
            Payload::Contact(contact) => (
                Card {
                    name: fit(&contact.display_name, MAX_NAME),
                    description: fit(&contact.description, MAX_DESCRIPTION),
                    ..Card::default()
                },
                &contact.icon,
            ),
            Payload::Community(community) => (card_of(community), &community.icon),
            Payload::Channel(channel) => {
                let community = channel.community.clone().unwrap_or_default();
                let card = Card {
                    name: fit(&channel.display_name, MAX_NAME),
                    description: fit(&channel.description, MAX_DESCRIPTION),
                    colour: colour(&channel.color),
                    emoji: fit(&channel.emoji, MAX_EMOJI),
                    community: fit(&community.display_name, MAX_NAME),
                    members: community.members_count,
                    ..Card::default()
                };
                (card, &None)
            }
        };
        handed.picture = icon.as_ref().map(thumbnail).unwrap_or_default();
        if handed.link.card.is_none() {
            handed.link.card = Some(card);
        }
    }
}

impl std::fmt::Debug for Handed {
    /// Not whom it hands on.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Handed({} bytes of picture)", self.picture.len())
    }
}

fn destination(payload: &Payload) -> Option<Destination> {
    let community = |bytes: &[u8]| CommunityId::from_slice(bytes).ok();
    match payload {
        Payload::Contact(contact) => {
            let key: [u8; 33] = contact.public_key[..].try_into().ok()?;
            PublicKey::from_compressed(&key).ok().map(Destination::Person)
        }
        Payload::Community(link) => community(&link.community_id).map(Destination::Community),
        Payload::Channel(link) => Some(Destination::Channel {
            community: community(&link.community.as_ref()?.community_id)?,
            channel: link.channel_uuid.clone(),
        }),
    }
}

fn card_of(community: &UnfurledStatusCommunityLink) -> Card {
    Card {
        name: fit(&community.display_name, MAX_NAME),
        description: fit(&community.description, MAX_DESCRIPTION),
        colour: colour(&community.color),
        members: community.members_count,
        ..Card::default()
    }
}

fn thumbnail(thumbnail: &UnfurledLinkThumbnail) -> Vec<u8> {
    picture(&thumbnail.payload)
}

/// The bytes of a picture, unless they are more than a preview may carry.
fn picture(bytes: &[u8]) -> Vec<u8> {
    match bytes.len() <= MAX_PICTURE_BYTES {
        true => bytes.to_vec(),
        false => Vec::new(),
    }
}

/// Deployed clients make no more.
const MOST_PREVIEWS: usize = 5;

/// Addresses of a text that are looked at for links.
const MOST_ADDRESSES: usize = 20;

/// What deployed clients allow a picture.
const MAX_PICTURE_BYTES: usize = 400_000;

const MAX_NAME: usize = 60;
const MAX_DESCRIPTION: usize = 240;
const MAX_EMOJI: usize = 16;

/// The network from which imports come.
const DISCORD: &str = "Discord";

#[cfg(test)]
mod tests {
    use crypto::SecretKey;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;
    use crate::Timestamp;
    use crate::content::MessageType;
    use crate::content::chat_message::{BridgeMessage, DiscordMessage, UnfurledStatusLink};
    use crate::wire::chat::UnfurledStatusContactLink;
    use crate::wire::identity::ChatIdentity;

    fn key(number: u8) -> SecretKey {
        SecretKey::generate(&mut ChaCha20Rng::from_seed([number; 32]))
    }

    fn message(text: &str, body: Body) -> ChatMessage {
        ChatMessage {
            clock: 1,
            timestamp: Timestamp(1),
            chat_id: None,
            message_type: MessageType::OneToOne,
            text: text.into(),
            body,
            response_to: None,
            ens_name: String::new(),
            display_name: String::new(),
            customization_color: 0,
            contact_request: None,
            links: Vec::new(),
            status_links: Vec::new(),
            payment_requests: Vec::new(),
            thread_id: None,
            file: None,
        }
    }

    #[test]
    fn links_to_people_are_cards_with_what_the_preview_adds() {
        let (author, person, other) = (key(1).public_key(), key(2).public_key(), key(3).public_key());
        let link = |person: &PublicKey| Link::new(Destination::Person(*person)).plain();
        let mut message = message(
            &format!("{} and {} again {}", link(&person), link(&other), link(&person)),
            Body::Text,
        );
        let contact = |key: &PublicKey, name: &str| UnfurledStatusLink {
            url: "https://elsewhere.example".into(),
            payload: Some(Payload::Contact(UnfurledStatusContactLink {
                public_key: key.to_compressed().to_vec(),
                display_name: name.into(),
                icon: Some(UnfurledLinkThumbnail {
                    payload: vec![7; 5],
                    ..UnfurledLinkThumbnail::default()
                }),
                ..UnfurledStatusContactLink::default()
            })),
        };
        message.status_links = vec![contact(&author, "Nobody linked"), contact(&person, "Bob\u{200b}by")];
        let handed = message.handed(&author);
        assert_eq!(handed.len(), 2);
        assert_eq!(handed[0].link.to, Destination::Person(person));
        assert_eq!(handed[0].link.card.as_ref().unwrap().name, "Bobby");
        assert_eq!((handed[0].picture.len(), handed[1].picture.len()), (5, 0));
        assert_eq!(
            (handed[1].link.to.clone(), &handed[1].link.card),
            (Destination::Person(other), &None)
        );
    }

    #[test]
    fn an_invitation_shows_what_the_community_itself_signed() {
        let (author, community) = (key(1), key(9));
        let description = CommunityDescription {
            identity: Some(ChatIdentity {
                display_name: "Climbers".into(),
                color: "#123456".into(),
                ..ChatIdentity::default()
            }),
            ..CommunityDescription::default()
        };
        let body = description.encode_to_vec();
        let wrapped = application::sign(Kind::CommunityDescription, body.clone(), &community);
        let handed = message("", Body::Community(wrapped.bytes)).handed(&author.public_key());
        assert_eq!(
            handed[0].link.to,
            Destination::Community(CommunityId::of(&community.public_key()))
        );
        assert_eq!(handed[0].link.card.as_ref().unwrap().name, "Climbers");
        assert_eq!(handed[0].url, None);
        let other = application::sign(Kind::ChatMessage, body, &community);
        for wrapper in [other.bytes, vec![], vec![1, 2, 3]] {
            assert!(
                message("", Body::Community(wrapper))
                    .handed(&author.public_key())
                    .is_empty()
            );
        }
    }

    #[test]
    fn what_was_brought_says_from_where() {
        let bridge = BridgeMessage {
            bridge_name: "Matrix".into(),
            user_name: "car\u{202e}ol".into(),
            content: "hello".into(),
            ..BridgeMessage::default()
        };
        let message = |body| message("", body);
        let from_matrix = message(Body::Bridge(bridge));
        assert_eq!(from_matrix.shown_text(), "hello");
        let brought = from_matrix.brought().unwrap();
        assert_eq!((brought.network.as_str(), brought.author.as_str()), ("Matrix", "carol"));
        let discord = DiscordMessage {
            content: "from there".into(),
            ..DiscordMessage::default()
        };
        let from_discord = message(Body::Discord(Box::new(discord)));
        assert_eq!(
            (
                from_discord.shown_text(),
                from_discord.brought().unwrap().network.as_str()
            ),
            ("from there", DISCORD)
        );
        assert_eq!(message(Body::Text).brought(), None);
    }
}
