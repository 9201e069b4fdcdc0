//! Looks for known secrets in bytes, in every form in which a careless program would have let them out.
//!
//! Pure. Each [`Needle`] is looked for as it is, in hexadecimal of both cases, in base64 of both alphabets wherever it may
//! stand in a longer text (which shifts it by 0, 1 or 2 bytes), and in base58 as a whole. What was compressed, split
//! up or encoded twice is not found.

use aho_corasick::AhoCorasick;
use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD, Encoding, HEXLOWER, HEXUPPER};

/// Something that must not be found.
#[derive(Clone)]
pub(crate) struct Needle {
    /// What it is, in words.
    pub(crate) name: String,
    bytes: Vec<u8>,
}

impl Needle {
    /// Bytes under a name; `None` when there are fewer than [`SHORTEST`].
    pub(crate) fn new(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Option<Self> {
        let bytes = bytes.into();
        (bytes.len() >= SHORTEST).then(|| Self {
            name: name.into(),
            bytes,
        })
    }
}

/// How a secret may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Form {
    /// As it is.
    Raw,
    /// `0-9a-f`.
    HexLower,
    /// `0-9A-F`.
    HexUpper,
    /// With `+` and `/`, behind so many other bytes (modulo 3).
    Base64(Shift),
    /// With `-` and `_`, behind so many other bytes (modulo 3).
    Base64Url(Shift),
    /// The alphabet of Bitcoin.
    Base58,
}

/// Bytes before the secret in a longer base64 text, modulo 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Shift {
    None,
    One,
    Two,
}

impl Form {
    /// Every form that is looked for.
    pub(crate) const ALL: [Self; 10] = [
        Self::Raw,
        Self::HexLower,
        Self::HexUpper,
        Self::Base64(Shift::None),
        Self::Base64(Shift::One),
        Self::Base64(Shift::Two),
        Self::Base64Url(Shift::None),
        Self::Base64Url(Shift::One),
        Self::Base64Url(Shift::Two),
        Self::Base58,
    ];

    /// What everybody calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::HexLower => "hex",
            Self::HexUpper => "HEX",
            Self::Base64(_) => "base64",
            Self::Base64Url(_) => "base64url",
            Self::Base58 => "base58",
        }
    }

    /// The secret as it would stand in the middle of something longer.
    pub(crate) fn leak(self, secret: &[u8]) -> Vec<u8> {
        match self {
            Self::Base64(shift) => leak_base64(&BASE64_NOPAD, shift, secret),
            Self::Base64Url(shift) => leak_base64(&BASE64URL_NOPAD, shift, secret),
            _ => [b"before ", &*self.pattern(secret), b" after"].concat(),
        }
    }

    /// The bytes that give the secret away, whatever stands around it.
    fn pattern(self, secret: &[u8]) -> Vec<u8> {
        match self {
            Self::Raw => secret.to_vec(),
            Self::HexLower => HEXLOWER.encode(secret).into_bytes(),
            Self::HexUpper => HEXUPPER.encode(secret).into_bytes(),
            Self::Base64(shift) => base64_pattern(&BASE64_NOPAD, shift, secret),
            Self::Base64Url(shift) => base64_pattern(&BASE64URL_NOPAD, shift, secret),
            Self::Base58 => bs58::encode(secret).into_vec(),
        }
    }
}

/// A secret that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding<'s> {
    /// What it is.
    pub(crate) name: &'s str,
    /// How it was written.
    pub(crate) form: Form,
}

/// A search for many secrets at once.
pub(crate) struct Search {
    needles: Vec<Needle>,
    /// Needle and form of each pattern of the automaton.
    meaning: Vec<(usize, Form)>,
    automaton: AhoCorasick,
}

impl Search {
    /// Makes ready for these secrets. `None` when their patterns do not fit into memory, by far.
    pub(crate) fn new(needles: Vec<Needle>) -> Option<Self> {
        let mut meaning = Vec::new();
        let mut patterns = Vec::new();
        for (index, needle) in needles.iter().enumerate() {
            for form in Form::ALL {
                meaning.push((index, form));
                patterns.push(form.pattern(&needle.bytes));
            }
        }
        let automaton = AhoCorasick::new(patterns).ok()?;
        Some(Self {
            needles,
            meaning,
            automaton,
        })
    }

    /// Every secret in the bytes, overlapping ones too. A text that looks the same in two forms is found in both.
    pub(crate) fn find(&self, bytes: &[u8]) -> Vec<Finding<'_>> {
        let found = self.automaton.find_overlapping_iter(bytes);
        found
            .map(|hit| {
                let (needle, form) = self.meaning[hit.pattern().as_usize()];
                Finding {
                    name: &self.needles[needle].name,
                    form,
                }
            })
            .collect()
    }

    /// How many secrets are looked for.
    pub(crate) fn needles(&self) -> usize {
        self.needles.len()
    }

    /// How many byte strings that makes.
    pub(crate) fn patterns(&self) -> usize {
        self.meaning.len()
    }
}

impl Shift {
    /// Bytes before the secret.
    fn bytes(self) -> usize {
        match self {
            Self::None => 0,
            Self::One => 1,
            Self::Two => 2,
        }
    }

    /// Characters that hold a bit of those bytes.
    fn characters(self) -> usize {
        match self {
            Self::None => 0,
            Self::One => 2,
            Self::Two => 3,
        }
    }
}

fn leak_base64(alphabet: &Encoding, shift: Shift, secret: &[u8]) -> Vec<u8> {
    alphabet
        .encode(&[&b"before"[..3 + shift.bytes()], secret, b"after"].concat())
        .into_bytes()
}

/// The characters that depend on nothing but the secret.
fn base64_pattern(alphabet: &Encoding, shift: Shift, secret: &[u8]) -> Vec<u8> {
    let shifted = [&[0; 2][..shift.bytes()], secret].concat();
    let text = alphabet.encode(&shifted).into_bytes();
    let whole = shifted.len() * 8 / 6;
    text[shift.characters()..whole].to_vec()
}

/// Shorter secrets are found by chance: five bytes turn up in a megabyte of noise once in a million times.
const SHORTEST: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that need every special character of both base64 alphabets.
    const SECRET: &[u8] = b"\xff\xfb\xef\xbe~~~???>>>\x00secret";

    fn search(secrets: &[&[u8]]) -> Search {
        Search::new(
            secrets
                .iter()
                .map(|secret| Needle::new("it", *secret).unwrap())
                .collect(),
        )
        .unwrap()
    }

    fn forms(search: &Search, bytes: &[u8]) -> Vec<Form> {
        search.find(bytes).into_iter().map(|finding| finding.form).collect()
    }

    #[test]
    fn every_form_is_found_and_told_apart() {
        let search = search(&[SECRET]);
        for form in Form::ALL {
            assert_eq!(forms(&search, &form.leak(SECRET)), [form], "{form:?}");
        }
    }

    #[test]
    fn base64_is_found_wherever_it_stands() {
        let search = search(&[b"hello"]);
        for before in 0..20 {
            for after in 0..4 {
                let whole = [&vec![b'?'; before][..], b"hello", &vec![b'~'; after]].concat();
                for text in [BASE64_NOPAD.encode(&whole), BASE64URL_NOPAD.encode(&whole)] {
                    assert!(!search.find(text.as_bytes()).is_empty(), "{before} {after}");
                }
            }
        }
    }

    #[test]
    fn a_secret_with_one_wrong_bit_is_not_found() {
        let search = search(&[SECRET]);
        for at in 0..SECRET.len() * 8 {
            let mut other = SECRET.to_vec();
            other[at / 8] ^= 1 << (at % 8);
            for form in Form::ALL {
                // The outermost bits of a shifted secret share a character with its neighbours.
                let outermost = at < 8 || at >= SECRET.len() * 8 - 8;
                if !outermost {
                    assert_eq!(forms(&search, &form.leak(&other)), [], "{form:?} {at}");
                }
            }
        }
    }

    #[test]
    fn secrets_inside_others_are_found_as_well() {
        let search = search(&[b"Alice Doe", b"Alice"]);
        assert_eq!(search.find(b"...Alice Doe...").len(), 2);
        assert_eq!(search.find(b"...Alice D...").len(), 1);
    }

    #[test]
    fn known_texts() {
        // `printf 'xhello' | base64`, `printf 'xxhello' | base64`
        let search = search(&[b"hello"]);
        assert_eq!(
            forms(&search, b"eGhlbGxv"),
            [Form::Base64(Shift::One), Form::Base64Url(Shift::One)]
        );
        assert_eq!(
            forms(&search, b"eHhoZWxsbw=="),
            [Form::Base64(Shift::Two), Form::Base64Url(Shift::Two)]
        );
        assert_eq!(forms(&search, b"68656C6C6F"), [Form::HexUpper]);
        assert_eq!(forms(&search, b"Cn8eVZg"), [Form::Base58]);
    }

    #[test]
    fn what_noise_would_hold_is_not_looked_for() {
        assert!(Needle::new("short", *b"Anna").is_none());
        assert!(Needle::new("long enough", *b"Hanna").is_some());
    }
}
