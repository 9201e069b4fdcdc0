//! Our own link to a private group: whom to ask to be let in.
//!
//! ```text
//! undertone:group:<group id>?ask=<key>&name=<name>
//! ```
//!
//! The key is the `zQ3sh…` of a member, who hears the question if we are their contact. The name is what the group was
//! called when the link was made, in percent signs and hexadecimal digits where it is no letter or digit of ASCII. Deployed
//! clients see plain text; none of its characters is a mark to them.

use std::fmt;

use super::{Card, Destination, Link, LinkError, strip_prefix_ignoring_case};
use crate::group::look;
use crate::id::ChatId;
use crypto::PublicKey;

/// The first link to a group in a text that says more than that.
pub fn group_link_in(text: &str) -> Option<Link> {
    let mut from = 0;
    loop {
        let at = from + text.get(from..)?.find(BASE)?;
        let link = group_link_at(&text[at..]).and_then(|length| text[at..at + length].parse().ok());
        if link.is_some() {
            return link;
        }
        from = at + BASE.len();
    }
}

/// How many bytes of a text belong to the link to a group that it begins with.
pub(crate) fn group_link_at(text: &str) -> Option<usize> {
    let rest = strip_prefix_ignoring_case(text, BASE)?;
    let belongs = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '?' | '=' | '&' | '%');
    let end = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
    // What stands at the end and cannot, belongs to the sentence.
    let rest = rest[..end].trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
    read(rest).is_ok().then_some(BASE.len() + rest.len())
}

/// Reads what stands behind the beginning, see [`BASE`].
pub(super) fn read(rest: &str) -> Result<Link, LinkError> {
    if rest.len() > MAX_BYTES {
        return Err(LinkError::TooLong);
    }
    let (id, rest) = rest.split_once("?ask=").ok_or(LinkError::BadCard)?;
    let (key, name) = match rest.split_once("&name=") {
        Some((key, name)) => (key, Some(decode(name).ok_or(LinkError::BadCard)?)),
        None => (rest, None),
    };
    let chat = ChatId::new(id).map_err(|_| LinkError::BadCard)?;
    let is_whole =
        chat.group_creator().is_some() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !is_whole {
        return Err(LinkError::BadCard);
    }
    let member = PublicKey::from_multibase(key).map_err(|_| LinkError::BadCard)?;
    let name = name.map(|name| look::name(&name)).filter(|name| !name.is_empty());
    Ok(Link {
        to: Destination::Group { chat, member },
        card: name.map(|name| Card {
            name,
            ..Card::default()
        }),
    })
}

/// Writes the link, without a name if that is empty.
pub(super) fn write(f: &mut impl fmt::Write, chat: &ChatId, member: &PublicKey, name: &str) -> fmt::Result {
    write!(f, "{BASE}{chat}?ask={}", member.to_multibase())?;
    if !name.is_empty() {
        f.write_str("&name=")?;
    }
    for byte in name.bytes() {
        match byte.is_ascii_alphanumeric() {
            true => f.write_char(char::from(byte))?,
            false => write!(f, "%{byte:02X}")?,
        }
    }
    Ok(())
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        match byte {
            b'%' => {
                let mut decoded = [0];
                hex::decode_to_slice(after.get(..2)?, &mut decoded).ok()?;
                bytes.push(decoded[0]);
                rest = &after[2..];
            }
            byte if byte.is_ascii_alphanumeric() || *byte == b'-' => {
                bytes.push(*byte);
                rest = after;
            }
            _ => return None,
        }
    }
    String::from_utf8(bytes).ok()
}

/// What such links begin with.
pub(super) const BASE: &str = "undertone:group:";

/// An id, a key, and thirty characters of four bytes in three characters each.
const MAX_BYTES: usize = 640;

#[cfg(test)]
mod tests {
    use super::*;
    use crypto::SecretKey;
    use proptest::prelude::*;

    fn link(name: &str) -> Link {
        let key = |number: u8| SecretKey::from_bytes(&[number; 32]).unwrap().public_key();
        let id = format!(
            "003cdcd5-e065-48f9-b166-b1a94ac75a11-{}",
            crate::id::public_key_text(&key(1))
        );
        Link {
            to: Destination::Group {
                chat: ChatId::new(id).unwrap(),
                member: key(2),
            },
            card: (!name.is_empty()).then(|| Card {
                name: name.into(),
                ..Card::default()
            }),
        }
    }

    #[test]
    fn a_link_is_found_among_words_and_ends_where_the_sentence_goes_on() {
        let made = link("Walls & *ropes* 🧗");
        for text in [
            format!("Come to us: {made}."),
            format!("({made})"),
            format!("undertone:group: is how it begins, as in {made}\nSee you!"),
            made.to_string(),
        ] {
            assert_eq!(group_link_in(&text), Some(made.clone()), "{text}");
        }
        assert_eq!(group_link_in("undertone:group:"), None);
    }

    #[test]
    fn nothing_in_it_is_a_mark() {
        let text = link("*_~`[]()@#.!?-").to_string();
        assert!(
            text.chars().all(|c| c.is_ascii_alphanumeric() || ":-?=&%".contains(c)),
            "{text}"
        );
    }

    #[test]
    fn half_a_link_is_none() {
        let text = link("Climbing").to_string();
        let plain = link("").to_string();
        for end in 0..text.len() {
            let read = text[..end].parse::<Link>();
            assert!(read.is_err() || end >= plain.len(), "{end}");
        }
        for (from, to) in [
            ("?ask=", "?tell="),
            ("-0x04", "-0x05"),
            ("zQ3sh", "zQ3s"),
            ("003cdcd5", "003c dcd5"),
        ] {
            assert_eq!(text.replace(from, to).parse::<Link>(), Err(LinkError::BadCard), "{to}");
        }
        assert_eq!(format!("{text}%F").parse::<Link>(), Err(LinkError::BadCard));
        assert_eq!(
            format!("{text}{}", "x".repeat(640)).parse::<Link>(),
            Err(LinkError::TooLong)
        );
    }

    #[test]
    fn a_name_is_shown_without_what_has_no_look() {
        let text = format!("{}&name=Climb%E2%80%AEing", link(""));
        assert_eq!(text.parse::<Link>().unwrap().card.unwrap().name, "Climbing");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(name in "\\PC{0,30}") {
            let name = look::name(&name);
            let made = link(&name);
            prop_assert_eq!(made.to_string().parse::<Link>(), Ok(made.clone()));
            prop_assert_eq!(made.plain(), link("").to_string());
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC*") {
            let _ = format!("{BASE}{text}").parse::<Link>();
            let _ = group_link_in(&format!("{BASE}{text}"));
        }
    }
}
