//! What must not be found in the network: everything that the two people of the demo say, are called, and are known by.

use api::{Account, Secret};
use data_encoding::HEXLOWER_PERMISSIVE;

use super::search::Needle;

/// What there is to hide about a person.
pub(crate) struct Hidden<'p> {
    /// The person's everyday name, for the report.
    pub(crate) whose: &'p str,
    pub(crate) account: &'p Account,
    pub(crate) phrase: &'p Secret,
    pub(crate) password: &'p Secret,
}

/// The needles for the names, keys, words and passwords of a person.
pub(crate) fn of_person(hidden: &Hidden<'_>) -> Vec<Needle> {
    let account = hidden.account;
    let mut needles = Vec::new();
    let mut add = |what: &str, bytes: &[u8]| needles.extend(Needle::new(format!("{}'s {what}", hidden.whose), bytes));

    add("display name", account.name.as_bytes());
    for word in account.name.split(' ') {
        add("name", word.as_bytes());
    }
    add("chat key (zQ3…)", account.key.as_bytes());
    if let Some(key) = Key::read(&account.key_hex) {
        add("public key (uncompressed)", &key.uncompressed);
        add("public key (compressed)", &key.compressed());
        add("public key (x)", key.x());
        add("public key (y)", key.y());
    }
    add("installation id", account.installation.as_bytes());
    if let Ok(bytes) = HEXLOWER_PERMISSIVE.decode(account.installation.replace('-', "").as_bytes()) {
        add("installation id (16 bytes)", &bytes);
    }
    add("password", hidden.password.expose().as_bytes());
    let words: Vec<&str> = hidden.phrase.expose().split(' ').collect();
    add("recovery phrase", hidden.phrase.expose().as_bytes());
    for pair in words.windows(2) {
        add("recovery words", pair.join(" ").as_bytes());
    }
    needles
}

/// The needles for texts that the two wrote to each other.
pub(crate) fn of_texts<'t>(texts: impl IntoIterator<Item = &'t str>) -> Vec<Needle> {
    texts
        .into_iter()
        .filter_map(|text| Needle::new(format!("the text {text:?}"), text))
        .collect()
}

/// A point of secp256k1: 04, x, y.
struct Key {
    uncompressed: Vec<u8>,
}

impl Key {
    /// From `0x04…`.
    fn read(hex: &str) -> Option<Self> {
        let uncompressed = HEXLOWER_PERMISSIVE.decode(hex.strip_prefix("0x")?.as_bytes()).ok()?;
        (uncompressed.len() == 65 && uncompressed[0] == 4).then_some(Self { uncompressed })
    }

    fn x(&self) -> &[u8] {
        &self.uncompressed[1..33]
    }

    fn y(&self) -> &[u8] {
        &self.uncompressed[33..]
    }

    /// x, behind a byte that tells whether y is odd.
    fn compressed(&self) -> Vec<u8> {
        let sign = 2 + (self.uncompressed[64] & 1);
        [&[sign], self.x()].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::search::Search;

    /// The generator of secp256k1.
    const KEY_HEX: &str = "0x0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798\
                           483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8";

    fn account() -> Account {
        Account {
            profile: "p".into(),
            name: "Alice Morgan".into(),
            key: "zQ3shnotreallyakey".into(),
            key_hex: KEY_HEX.into(),
            installation: "0b1f6d5c-7b4e-4a37-9d9f-0f2f6b6a4a11".into(),
            bio: String::new(),
            colour: 0,
            links: Vec::new(),
            picture: None,
            presence: api::SetPresence::default(),
            phrase: api::PhraseState::Kept,
        }
    }

    #[test]
    fn every_kind_of_secret_is_found_where_it_leaks() {
        let (phrase, password) = (
            Secret::new("abandon ability able about".into()),
            Secret::new("correct horse".into()),
        );
        let account = account();
        let hidden = Hidden {
            whose: "Alice",
            account: &account,
            phrase: &phrase,
            password: &password,
        };
        let mut needles = of_person(&hidden);
        needles.extend(of_texts(["the spare key is under the pot"]));
        let search = Search::new(needles).unwrap();
        let found = |bytes: &[u8]| {
            search
                .find(bytes)
                .into_iter()
                .map(|finding| finding.name.to_owned())
                .collect::<Vec<_>>()
        };

        assert_eq!(found(b"{\"name\":\"Morgan\"}"), ["Alice's name"]);
        assert_eq!(found(b"to zQ3shnotreallyakey"), ["Alice's chat key (zQ3\u{2026})"]);
        assert_eq!(found(b"...ability able..."), ["Alice's recovery words"]);
        assert_eq!(found(b"say: correct horse"), ["Alice's password"]);
        assert_eq!(found(b"-- the spare key is under the pot --").len(), 1);
        assert_eq!(
            found(b"0B1F6D5C7B4E4A379D9F0F2F6B6A4A11"),
            ["Alice's installation id (16 bytes)"]
        );
        let compressed = "0279BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798";
        assert_eq!(
            found(compressed.as_bytes()),
            ["Alice's public key (compressed)", "Alice's public key (x)"]
        );
        assert_eq!(found(b"nothing of hers"), [""; 0]);
    }

    #[test]
    fn half_a_key_is_no_key() {
        assert!(Key::read(KEY_HEX).is_some());
        assert!(Key::read(&KEY_HEX[..66]).is_none());
        assert!(Key::read("0x").is_none());
        assert!(Key::read(&KEY_HEX.replace("0x04", "0x06")).is_none());
    }
}
