//! People in a text by the names that its author reads, and back to the keys that are sent.
//!
//! A name behind the sign means the person that it was given for and nobody else; without that list it is only text. What
//! stands in code stays, and so does a sign in the middle of a word, such as an e-mail address.

use crypto::PublicKey;

use super::{EVERYONE, Whom, as_sent, code, mentions};

/// A name in a text, and who is meant by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// What stands behind the sign.
    pub name: String,
    /// Whom it calls.
    pub person: PublicKey,
}

/// A text as its author reads it: people by name, with the list of who is meant. `name_of` says what to call somebody.
///
/// Whoever has no name, or the name of somebody else in the text, stays a key. If the text could not be turned back into
/// exactly what it is, because a name stands in it anyway for example, all of them stay keys.
pub fn with_names(text: &str, mut name_of: impl FnMut(&PublicKey) -> Option<String>) -> (String, Vec<Named>) {
    let mut named: Vec<Named> = Vec::new();
    let mut shown = String::with_capacity(text.len());
    let mut from = 0;
    for mention in mentions(text) {
        let name = match mention.whom {
            Whom::Everybody => Some(EVERYONE.to_owned()),
            Whom::Person(person) => name_of(&person).filter(|name| take(&mut named, name, person)),
        };
        let Some(name) = name else { continue };
        shown.push_str(&text[from..=mention.place.start]);
        shown.push_str(&name);
        from = mention.place.end;
    }
    shown.push_str(&text[from..]);
    match as_sent(&with_keys(&shown, &named)) == as_sent(text) {
        true => (shown, named),
        false => (text.to_owned(), Vec::new()),
    }
}

/// A text with the keys of those who are named in it. The longest name that fits is meant.
pub fn with_keys(text: &str, named: &[Named]) -> String {
    let mut longest: Vec<&Named> = named.iter().filter(|named| !named.name.is_empty()).collect();
    longest.sort_by_key(|named| std::cmp::Reverse(named.name.len()));
    let code = code(text);
    let mut keyed = String::with_capacity(text.len());
    let mut from = 0;
    for (at, _) in text.match_indices('@') {
        let in_word = text[..at].chars().next_back().is_some_and(char::is_alphanumeric);
        if at < from || in_word || code.iter().any(|code| code.contains(&at)) {
            continue;
        }
        let behind = &text[at + 1..];
        let Some(named) = longest.iter().find(|named| begins_with(behind, &named.name)) else {
            continue;
        };
        keyed.push_str(&text[from..at]);
        keyed.push_str(&super::written(&named.person));
        from = at + 1 + named.name.len();
    }
    keyed.push_str(&text[from..]);
    keyed
}

/// Takes a name for somebody, if nobody else has it.
fn take(named: &mut Vec<Named>, name: &str, person: PublicKey) -> bool {
    if name.is_empty() || name == EVERYONE {
        return false;
    }
    match named.iter().find(|known| known.name == name) {
        Some(known) => known.person == person,
        None => {
            let name = name.to_owned();
            named.push(Named { name, person });
            true
        }
    }
}

fn begins_with(text: &str, name: &str) -> bool {
    text.strip_prefix(name)
        .is_some_and(|rest| !rest.chars().next().is_some_and(char::is_alphanumeric))
}

#[cfg(test)]
mod tests {
    use crypto::SecretKey;
    use proptest::prelude::*;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::super::written;
    use super::*;

    fn person(number: u8) -> PublicKey {
        SecretKey::generate(&mut ChaCha20Rng::from_seed([number; 32])).public_key()
    }

    /// Two of the four have the same name, and one has none.
    fn name_of(key: &PublicKey) -> Option<String> {
        let names = ["Bob", "Bob Summer", "Bob"];
        (1..4)
            .position(|number| person(number) == *key)
            .map(|at| names[at].to_owned())
    }

    fn round(text: &str) -> (String, String) {
        let (shown, named) = with_names(text, name_of);
        let sent = as_sent(&with_keys(&shown, &named));
        (shown, sent)
    }

    #[test]
    fn names_are_shown_and_keys_are_sent() {
        let text = format!("{}, {} and @0x00001!", written(&person(2)), written(&person(1)));
        let (shown, sent) = round(&text);
        assert_eq!(shown, "@Bob Summer, @Bob and @everyone!");
        assert_eq!(sent, text);
    }

    #[test]
    fn two_people_of_one_name_are_not_mixed_up() {
        let text = format!("{} {}", written(&person(1)), written(&person(3)));
        let (shown, sent) = round(&text);
        assert_eq!(shown, format!("@Bob {}", written(&person(3))));
        assert_eq!(sent, text);
    }

    #[test]
    fn a_name_that_stands_there_anyway_calls_nobody() {
        let text = format!("{} is not @Bob, and not {}", written(&person(1)), written(&person(4)));
        assert_eq!(round(&text), (text.clone(), text));
    }

    #[test]
    fn a_name_inside_a_word_or_code_or_with_more_letters_is_text() {
        let named = [Named {
            name: "Bo".into(),
            person: person(1),
        }];
        for text in ["@Bob", "mail a@Bo", "`@Bo`", "Bo", "@bo"] {
            assert_eq!(with_keys(text, &named), text);
        }
        assert_eq!(with_keys("@Bo's", &named), format!("{}'s", written(&person(1))));
    }

    #[test]
    fn a_name_is_typed_and_everything_else_stays() {
        let named = [
            Named {
                name: "Bo".into(),
                person: person(1),
            },
            Named {
                name: "Bo Peep".into(),
                person: person(2),
            },
            Named {
                name: String::new(),
                person: person(3),
            },
        ];
        let (bo, peep) = (written(&person(1)), written(&person(2)));
        assert_eq!(with_keys("hi @Bo Peep, @Bo @", &named), format!("hi {peep}, {bo} @"));
    }

    proptest! {
        #[test]
        fn what_is_read_is_always_what_was_sent(
            parts in prop::collection::vec(prop_oneof![
                (1..5_u8).prop_map(|number| written(&person(number))),
                Just("@0x00001".to_owned()), Just("@Bob".to_owned()), Just("`".to_owned()), Just("@".to_owned()),
                Just(" Summer".to_owned()), "[a-z @*`]{0,6}",
            ], 0..8)
        ) {
            let text = parts.concat();
            prop_assert_eq!(round(&text).1, as_sent(&text));
        }
    }
}
