//! Mentions: people who are named inside a text, so that they are called (62/STATUS-PAYLOADS as deployed).
//!
//! A sign `@` and a key in one of its two text forms, or the tag that means everybody in the chat. Names inside code call
//! nobody. Whether the named person is in the chat is not looked at.

use std::ops::Range;

use crypto::PublicKey;

use crate::id::{parse_public_key_text, public_key_text};
use crate::link::code;

pub mod names;

/// Somebody named in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// Where it stands, in bytes, with the sign.
    pub place: Range<usize>,
    /// Who is called.
    pub whom: Whom,
}

/// Who is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom {
    /// One person.
    Person(PublicKey),
    /// Everybody in the chat.
    Everybody,
}

/// The first [`MAX_MENTIONS`] mentions of a text, in their order.
pub fn mentions(text: &str) -> Vec<Mention> {
    let code = code(text);
    let mut found = Vec::new();
    for (at, _) in text.match_indices('@') {
        if found.len() == MAX_MENTIONS {
            break;
        }
        if code.iter().any(|code| code.contains(&at)) {
            continue;
        }
        if let Some((whom, length)) = mention_at(&text[at..]) {
            let place = at..at + length;
            found.push(Mention { place, whom });
        }
    }
    found
}

/// Whom a text calls that begins with the sign, and how many bytes that takes with the sign.
pub(crate) fn mention_at(text: &str) -> Option<(Whom, usize)> {
    let named = text.strip_prefix('@')?;
    let length = named.bytes().take_while(u8::is_ascii_alphanumeric).count();
    Some((whom(&named[..length])?, 1 + length))
}

/// How a person is named in a text, in the form that deployed clients write.
pub fn written(person: &PublicKey) -> String {
    format!("@{}", public_key_text(person))
}

/// A text as it is sent: everybody who is named in it in the form that all deployed clients find, and the word
/// [`EVERYONE`] after the sign as the tag for all. What stands in code stays.
pub fn as_sent(text: &str) -> String {
    let code = code(text);
    let mut sent = String::with_capacity(text.len());
    let mut from = 0;
    for (at, _) in text.match_indices('@') {
        let in_word = text[..at].chars().next_back().is_some_and(char::is_alphanumeric);
        if at < from || in_word || code.iter().any(|code| code.contains(&at)) {
            continue;
        }
        let word = text[at + 1..]
            .split(|c: char| !c.is_alphanumeric())
            .next()
            .unwrap_or_default();
        let (written, length) = match mention_at(&text[at..]) {
            Some((Whom::Person(person), length)) => (written(&person), length),
            None if word == EVERYONE => (AT_EVERYBODY.to_owned(), 1 + EVERYONE.len()),
            _ => continue,
        };
        sent.push_str(&text[from..at]);
        sent.push_str(&written);
        from = at + length;
    }
    sent.push_str(&text[from..]);
    sent
}

/// The word by which people call everybody.
pub const EVERYONE: &str = "everyone";

fn whom(named: &str) -> Option<Whom> {
    if named == EVERYBODY {
        return Some(Whom::Everybody);
    }
    let key = match named.as_bytes().first() {
        Some(b'0') => parse_public_key_text(named).ok(),
        Some(b'z') => PublicKey::from_multibase(named).ok(),
        _ => None,
    };
    key.map(Whom::Person)
}

/// The tag that means everybody. Other tags of its form mean nothing yet.
const EVERYBODY: &str = "0x00001";

/// How a text names everybody in the chat.
pub const AT_EVERYBODY: &str = "@0x00001";

/// More people named in one text are not called; a text has room for about thirty keys as they are written.
pub const MAX_MENTIONS: usize = 100;

#[cfg(test)]
mod tests {
    use crypto::SecretKey;
    use proptest::prelude::*;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;

    fn person(number: u8) -> PublicKey {
        SecretKey::generate(&mut ChaCha20Rng::from_seed([number; 32])).public_key()
    }

    fn called(text: &str) -> Vec<Whom> {
        mentions(text).into_iter().map(|mention| mention.whom).collect()
    }

    #[test]
    fn both_forms_of_a_key_and_the_tag_call() {
        let (one, other) = (person(1), person(2));
        let text = format!("Hi {}, @{} and @0x00001!", written(&one), other.to_multibase());
        let found = mentions(&text);
        let whom: Vec<Whom> = found.iter().map(|mention| mention.whom).collect();
        assert_eq!(whom, [Whom::Person(one), Whom::Person(other), Whom::Everybody]);
        assert_eq!(text[found[0].place.clone()], written(&one));
        assert_eq!(&text[found[2].place.clone()], AT_EVERYBODY);
    }

    #[test]
    fn what_only_looks_like_it_calls_nobody() {
        let key = public_key_text(&person(1));
        for text in [
            format!("{key} without a sign"),
            format!("@{key}0 one digit more"),
            format!("@{} one digit less", &key[..key.len() - 1]),
            format!("`@{key}` in code"),
            "@0x00002 @0x000011 @0x0001 @somebody @".to_owned(),
            format!("@0x04{}", "00".repeat(64)),
        ] {
            assert!(called(&text).is_empty(), "{text}");
        }
    }

    #[test]
    fn what_is_sent_calls_in_the_form_that_all_clients_find() {
        let one = person(1);
        let (short, long) = (one.to_multibase(), written(&one));
        for (text, sent) in [
            (format!("@{short}, look"), format!("{long}, look")),
            (format!("{long} and @{short}"), format!("{long} and {long}")),
            (
                "@everyone: hi, @everyone!".into(),
                format!("{AT_EVERYBODY}: hi, {AT_EVERYBODY}!"),
            ),
            (
                "me@everyone @everyones `@everyone`".into(),
                "me@everyone @everyones `@everyone`".into(),
            ),
            (
                format!("`@{short}` and mail@{short}"),
                format!("`@{short}` and mail@{short}"),
            ),
            ("@".into(), "@".into()),
        ] {
            assert_eq!(as_sent(&text), sent, "{text}");
            assert_eq!(as_sent(&sent), sent, "once is enough");
        }
    }

    #[test]
    fn not_too_many_are_called() {
        assert_eq!(mentions(&AT_EVERYBODY.repeat(200)).len(), MAX_MENTIONS);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[@0xz`Qä ]{0,200}") {
            for mention in mentions(&text) {
                prop_assert!(text[mention.place].starts_with('@'));
            }
        }
    }
}
