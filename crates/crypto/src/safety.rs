//! Safety numbers: what two people compare to be sure that nobody stands between them.
//!
//! Ours, and no part of the Status protocol; `docs/protocol/safety-numbers.md` specifies it. Both sides compute the same
//! sixty digits, and the same ten pictures, from the two identity keys alone. A person's half is an iterated SHA-512 over
//! their key, so that looking for another key with the same half costs that much more per try; the order of the halves is
//! that of the keys. Nothing here is secret.

use sha2::{Digest, Sha512};

use crate::PublicKey;

/// What two people compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SafetyNumber {
    digits: String,
    symbols: [u8; SYMBOLS],
}

impl SafetyNumber {
    /// The number of two people, whichever is named first. Takes some milliseconds.
    pub fn of(one: &PublicKey, other: &PublicKey) -> SafetyNumber {
        let (lower, higher) = match one.to_compressed() <= other.to_compressed() {
            true => (one, other),
            false => (other, one),
        };
        let (first, second) = (fingerprint(lower), fingerprint(higher));
        SafetyNumber {
            digits: digits(&first) + &digits(&second),
            symbols: symbols(&first, &second),
        }
    }

    /// Sixty decimal digits.
    pub fn digits(&self) -> &str {
        &self.digits
    }

    /// The digits in twelve groups of five, as people read them out.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        (0..DIGITS / GROUP).map(|group| &self.digits[group * GROUP..(group + 1) * GROUP])
    }

    /// Ten pictures, each an emoji and its English name.
    pub fn pictures(&self) -> impl Iterator<Item = (&'static str, &'static str)> + '_ {
        self.symbols.iter().map(|index| PICTURES[usize::from(*index)])
    }
}

/// A person's half.
fn fingerprint(key: &PublicKey) -> [u8; 64] {
    let key = key.to_compressed();
    let mut hash: [u8; 64] = Sha512::new().chain_update(DOMAIN).chain_update(key).finalize().into();
    for _ in 1..ROUNDS {
        hash = Sha512::new().chain_update(hash).chain_update(key).finalize().into();
    }
    hash
}

/// Thirty digits: six times five bytes, each as a number below 100,000.
fn digits(fingerprint: &[u8; 64]) -> String {
    let groups = fingerprint[..DIGITS / 2 / GROUP * BYTES_PER_GROUP].chunks(BYTES_PER_GROUP);
    groups
        .map(|bytes| bytes.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte)))
        .map(|number| format!("{:05}", number % 100_000))
        .collect()
}

/// Ten times six bits of a hash over both halves.
fn symbols(first: &[u8; 64], second: &[u8; 64]) -> [u8; SYMBOLS] {
    let hash = Sha512::new()
        .chain_update(PICTURE_DOMAIN)
        .chain_update(first)
        .chain_update(second)
        .finalize();
    let bits = hash[..8]
        .iter()
        .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    std::array::from_fn(|place| (bits >> (58 - 6 * place) & 63) as u8)
}

/// How often a half is hashed.
const ROUNDS: usize = 5_200;

const DIGITS: usize = 60;
const GROUP: usize = 5;
const BYTES_PER_GROUP: usize = 5;
const SYMBOLS: usize = 10;

const DOMAIN: &[u8] = b"undertone safety number 1";
const PICTURE_DOMAIN: &[u8] = b"undertone safety pictures 1";

/// Things that are hard to confuse, also in a telephone call. The order is part of the specification.
#[rustfmt::skip]
const PICTURES: [(&str, &str); 64] = [
    ("🐶", "dog"), ("🐱", "cat"), ("🦁", "lion"), ("🐴", "horse"), ("🐮", "cow"), ("🐷", "pig"), ("🐘", "elephant"), ("🐰", "rabbit"),
    ("🐻", "bear"), ("🐔", "chicken"), ("🐧", "penguin"), ("🦆", "duck"), ("🦉", "owl"), ("🐢", "turtle"), ("🐟", "fish"), ("🐙", "octopus"),
    ("🦋", "butterfly"), ("🐝", "bee"), ("🐌", "snail"), ("🌻", "sunflower"), ("🌳", "tree"), ("🌵", "cactus"), ("🍄", "mushroom"), ("🌍", "globe"),
    ("🌙", "moon"), ("⭐", "star"), ("🔥", "fire"), ("🌈", "rainbow"), ("⚡", "lightning"), ("⛄", "snowman"), ("🍎", "apple"), ("🍌", "banana"),
    ("🍓", "strawberry"), ("🍋", "lemon"), ("🌽", "corn"), ("🥕", "carrot"), ("🍕", "pizza"), ("🍞", "bread"), ("🧀", "cheese"), ("🎂", "cake"),
    ("☕", "coffee"), ("⚽", "football"), ("🎲", "die"), ("🎸", "guitar"), ("🎺", "trumpet"), ("🥁", "drum"), ("🎈", "balloon"), ("🎁", "present"),
    ("🔑", "key"), ("🔨", "hammer"), ("🔔", "bell"), ("⏰", "clock"), ("💡", "lamp"), ("📚", "books"), ("📷", "camera"), ("☂️", "umbrella"),
    ("👓", "glasses"), ("👑", "crown"), ("🚗", "car"), ("🚂", "train"), ("🚲", "bicycle"), ("⛵", "sailboat"), ("🚀", "rocket"), ("✈️", "aeroplane"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SecretKey;

    fn key(number: u8) -> PublicKey {
        SecretKey::from_bytes(&[number; 32]).unwrap().public_key()
    }

    // Computed with Python's hashlib from the specification, see docs/protocol/safety-numbers.md.
    #[test]
    fn two_keys_have_the_number_of_the_specification() {
        let number = SafetyNumber::of(&key(1), &key(2));
        assert_eq!(
            number.digits(),
            "962598777856936364973932997011538132637124588115657747456812"
        );
        let names: Vec<&str> = number.pictures().map(|(_, name)| name).collect();
        assert_eq!(
            names.join(" "),
            "moon hammer die tree lemon coffee snowman guitar globe turtle"
        );
    }

    #[test]
    fn both_sides_see_the_same_and_nobody_else_does() {
        let number = SafetyNumber::of(&key(1), &key(2));
        assert_eq!(number, SafetyNumber::of(&key(2), &key(1)));
        for other in 3..10 {
            let changed = SafetyNumber::of(&key(1), &key(other));
            assert_ne!(changed.digits(), number.digits());
            assert!(changed.pictures().ne(number.pictures()));
        }
    }

    #[test]
    fn it_is_sixty_digits_in_twelve_groups_and_ten_pictures() {
        let number = SafetyNumber::of(&key(1), &key(2));
        assert!(number.digits().len() == 60 && number.digits().bytes().all(|digit| digit.is_ascii_digit()));
        let groups: Vec<&str> = number.groups().collect();
        assert!(groups.len() == 12 && groups.concat() == number.digits());
        assert_eq!(number.pictures().count(), 10);
    }

    #[test]
    fn every_picture_and_every_name_is_there_once() {
        let mut seen = std::collections::BTreeSet::new();
        assert!(
            PICTURES
                .iter()
                .all(|(emoji, name)| seen.insert(*emoji) && seen.insert(*name))
        );
    }
}
