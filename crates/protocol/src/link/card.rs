//! The card in a Status link: base64url with padding, of Brotli, of `URLData`, of `User`, `Community` or `Channel`.
//!
//! Deployed readers look at the first 4,096 bytes only, so no longer card is written or read. What is read is made fit to
//! be shown: no control characters, no marks that turn the direction of the text around them, nothing invisible, and no
//! more characters than such a text may have.
//!
//! Room left: addresses at which a first friend can be reached may travel in a card one day, in a field of `URLData` of
//! our own (number 1000), which deployed clients skip. Nothing is written or read there yet.

use std::io::Read as _;

use data_encoding::{BASE64URL, BASE64URL_NOPAD};
use prost::Message as _;

use crate::content::name;
use crate::wire::identity as wire;

/// What the maker of a link says about where it leads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Card {
    /// The name. That of a person keeps the rules of display names, or is left out.
    pub name: String,
    /// What the person says of themselves; what the community or channel is about.
    pub description: String,
    /// `#RRGGBB`.
    pub colour: String,
    /// The emoji of a channel.
    pub emoji: String,
    /// How many members the community had.
    pub members: u32,
    /// The community's tags, as numbers in the list of the deployed clients.
    pub tags: Vec<u32>,
    /// The name of the channel's community.
    pub community: String,
}

/// The largest card, in bytes before it is compressed.
pub const MAX_CARD_BYTES: usize = 4_096;

impl Card {
    pub(super) fn decode_person(data: &str) -> Option<Card> {
        let user = wire::UrlUser::decode(&content(data)?[..]).ok()?;
        Some(Card {
            name: name::display_name(&user.display_name).unwrap_or_default().to_owned(),
            description: shown(&user.description, MAX_DESCRIPTION),
            colour: colour(&user.color),
            ..Card::default()
        })
    }

    pub(super) fn decode_community(data: &str) -> Option<Card> {
        let community = wire::UrlCommunity::decode(&content(data)?[..]).ok()?;
        Some(Card {
            name: shown(&community.display_name, MAX_NAME),
            description: shown(&community.description, MAX_DESCRIPTION),
            colour: colour(&community.color),
            members: community.members_count,
            tags: community.tag_indices.into_iter().take(MAX_TAGS).collect(),
            ..Card::default()
        })
    }

    /// The card and the UUID of the channel.
    pub(super) fn decode_channel(data: &str) -> Option<(Card, String)> {
        let channel = wire::UrlChannel::decode(&content(data)?[..]).ok()?;
        let community = channel.community.unwrap_or_default();
        let card = Card {
            name: shown(&channel.display_name, MAX_NAME),
            description: shown(&channel.description, MAX_DESCRIPTION),
            colour: colour(&channel.color),
            emoji: shown(&channel.emoji, MAX_EMOJI),
            members: community.members_count,
            tags: community.tag_indices.into_iter().take(MAX_TAGS).collect(),
            community: shown(&community.display_name, MAX_NAME),
        };
        Some((card, channel.uuid))
    }

    pub(super) fn encode_person(&self) -> String {
        encode(
            wire::UrlUser {
                display_name: self.name.clone(),
                description: shortened(&self.description, MAX_DESCRIPTION),
                color: self.colour.clone(),
            }
            .encode_to_vec(),
        )
    }

    pub(super) fn encode_community(&self) -> String {
        encode(
            wire::UrlCommunity {
                display_name: shortened(&self.name, MAX_NAME),
                description: shortened(&self.description, MAX_DESCRIPTION),
                members_count: self.members,
                color: self.colour.clone(),
                tag_indices: self.tags.clone(),
            }
            .encode_to_vec(),
        )
    }

    pub(super) fn encode_channel(&self, uuid: &str) -> String {
        let community = wire::UrlCommunity {
            display_name: shortened(&self.community, MAX_NAME),
            members_count: self.members,
            tag_indices: self.tags.clone(),
            ..wire::UrlCommunity::default()
        };
        encode(
            wire::UrlChannel {
                display_name: shortened(&self.name, MAX_NAME),
                description: shortened(&self.description, MAX_DESCRIPTION),
                emoji: shortened(&self.emoji, MAX_EMOJI),
                color: self.colour.clone(),
                community: Some(community),
                uuid: uuid.to_owned(),
            }
            .encode_to_vec(),
        )
    }
}

fn encode(content: Vec<u8>) -> String {
    let bytes = wire::UrlData { content, shard: None }.encode_to_vec();
    let mut compressed = Vec::new();
    let params = brotli::enc::BrotliEncoderParams {
        quality: QUALITY,
        lgwin: WINDOW_BITS,
        ..Default::default()
    };
    brotli::BrotliCompress(&mut &bytes[..], &mut compressed, &params).expect("memory takes everything");
    BASE64URL.encode(&compressed)
}

/// What a link's data holds, of whichever of the three kinds.
fn content(data: &str) -> Option<Vec<u8>> {
    let compressed = BASE64URL_NOPAD.decode(data.trim_end_matches('=').as_bytes()).ok()?;
    // The mark of windows beyond 16 MB, which is no Brotli of the specification and would ask for a gigabyte.
    if compressed.first().is_none_or(|first| first & 0x7f == LARGE_WINDOW) {
        return None;
    }
    let mut bytes = Vec::new();
    brotli::Decompressor::new(&compressed[..], MAX_CARD_BYTES)
        .take(MAX_CARD_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .ok()?;
    if bytes.len() > MAX_CARD_BYTES {
        return None;
    }
    wire::UrlData::decode(&bytes[..]).ok().map(|data| data.content)
}

/// A text of somebody else, as it may be shown: on one line, without what cannot be seen, not too long.
/// A text of somebody else on one line, harmless, and no longer than this many characters.
pub(crate) fn shown(text: &str, most: usize) -> String {
    let line: String = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
    name::harmless(&line)
        .chars()
        .take(most)
        .collect::<String>()
        .trim()
        .to_owned()
}

fn shortened(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// `#RRGGBB`, or nothing.
/// A colour, or nothing.
pub(crate) fn colour(text: &str) -> String {
    let digits = text.strip_prefix('#').unwrap_or_default();
    match digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        true => text.to_owned(),
        false => String::new(),
    }
}

/// A bio has 240 characters, a community's description 140.
const MAX_DESCRIPTION: usize = 240;
/// Names of communities have 30 characters; some links carry longer ones.
const MAX_NAME: usize = 60;
/// One emoji may be made of several characters.
const MAX_EMOJI: usize = 16;
/// The list of tags has 52.
const MAX_TAGS: usize = 52;

/// The smallest result: links are made rarely, and every byte makes a QR code finer.
const QUALITY: i32 = 11;
/// A window of 64 kB, more than a card has.
const WINDOW_BITS: i32 = 16;
/// The seven bits with which a stream with a large window begins.
const LARGE_WINDOW: u8 = 0x11;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_others_are_made_fit_to_be_shown() {
        assert_eq!(shown(" a\u{202e}b\nc\u{200b}\u{feff}d\x1b[2J ", 60), "ab cd[2J");
        assert_eq!(shown("👨\u{200d}👩\u{200d}👧", 16), "👨\u{200d}👩\u{200d}👧");
        assert_eq!(shown(&"é".repeat(100), 60).chars().count(), 60);
        assert_eq!(colour("#12abEF"), "#12abEF");
        for bad in ["12abEF", "#12abE", "#12abEFF", "red", "#12abEé", ""] {
            assert_eq!(colour(bad), "");
        }
    }

    #[test]
    fn what_unpacks_to_more_than_deployed_clients_read_is_refused_early() {
        let bomb = wire::UrlData {
            content: vec![0; 4 << 20],
            shard: None,
        }
        .encode_to_vec();
        let mut compressed = Vec::new();
        let params = brotli::enc::BrotliEncoderParams {
            quality: 5,
            ..Default::default()
        };
        brotli::BrotliCompress(&mut &bomb[..], &mut compressed, &params).unwrap();
        assert!(compressed.len() < 1_000, "{}", compressed.len());
        assert!(content(&BASE64URL.encode(&compressed)).is_none());
        let fits = encode(vec![7; MAX_CARD_BYTES - 3]);
        assert_eq!(content(&fits).unwrap().len(), MAX_CARD_BYTES - 3);
        assert!(content(&encode(vec![7; MAX_CARD_BYTES - 2])).is_none());
    }
}
