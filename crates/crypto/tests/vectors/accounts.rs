//! Recovery phrases, derived keys, and the forms of public keys.
//!
//! Not covered: the three-word alias, the emoji hash and the identicon (the
//! deployed client's own tables), the libp2p peer id (node keys), the partition
//! (topics, in the protocol crate) and data URLs (brotli, not cryptography).

use std::convert::Infallible;

use rand_core::{TryCryptoRng, TryRng};
use serde_json::Value;
use undertone_crypto::{ExtendedKey, Mnemonic, PublicKey};

use super::load::{array, bytes, cases, number, secret, text};

#[test]
fn accounts_from_phrases() {
    let cases = cases("accounts", "mnemonics");
    for case in &cases {
        let mnemonic = Mnemonic::parse(text(&case["mnemonic"])).unwrap();
        let seed = mnemonic.to_seed(text(&case["passphrase"]));
        assert_eq!(seed.expose(), &array::<64>(&case["seed"]));

        let master = ExtendedKey::master(&seed).unwrap();
        assert_eq!(master.key(), &secret(&case["master_private"]));
        let public = master.key().public_key();
        assert_eq!(public.address().to_string(), text(&case["master_address"]));
        assert_eq!(public.key_uid(), array(&case["key_uid"]));

        for (name, derived) in case["derived"].as_object().unwrap() {
            let path = name.rsplit(' ').next().unwrap();
            let key = master.derive(path).unwrap();
            assert_eq!(key.key(), &secret(&derived["private"]), "{name}");
            let public = key.key().public_key();
            assert_eq!(public.to_uncompressed(), array(&derived["public"]), "{name}");
            assert_eq!(public.address().to_string(), text(&derived["address"]), "{name}");
        }
    }
    println!("accounts: {} phrases", cases.len());
}

/// The other direction: from the bits that a phrase stands for, our generator makes the phrase.
#[test]
fn accounts_to_phrases() {
    let cases = cases("accounts", "mnemonics");
    let mut count = 0;
    for case in &cases {
        let phrase = text(&case["mnemonic"]);
        if let Ok(bits) = <[u8; 16]>::try_from(entropy(phrase)) {
            assert_eq!(Mnemonic::generate(&mut Bits(bits)).expose(), phrase);
            count += 1;
        }
    }
    assert!(count > 0, "no phrase of twelve words");
    println!(
        "accounts: {count} of {} phrases made, those of twelve words",
        cases.len()
    );
}

/// The bits of a phrase without its checksum, by the places of its words in the list.
fn entropy(phrase: &str) -> Vec<u8> {
    let list = bip39::Language::English.word_list();
    let place = |word: &str| list.iter().position(|known| *known == word).unwrap();
    let bits: Vec<usize> = phrase
        .split(' ')
        .map(place)
        .flat_map(|place| (0..11).rev().map(move |bit| place >> bit & 1))
        .collect();
    let bytes = bits[..bits.len() - bits.len() / 33].chunks(8);
    bytes
        .map(|byte| byte.iter().fold(0, |byte, bit| byte << 1 | *bit as u8))
        .collect()
}

/// A generator that gives these bits and nothing else.
struct Bits([u8; 16]);

impl TryRng for Bits {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        unreachable!("only whole phrases are drawn")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        unreachable!("only whole phrases are drawn")
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.copy_from_slice(&self.0);
        Ok(())
    }
}

impl TryCryptoRng for Bits {}

#[test]
fn accounts_forms_of_keys() {
    let cases = cases("accounts", "identities");
    for case in &cases {
        let public = secret(&case["private"]).public_key();
        assert_eq!(public.to_hex(), text(&case["public"]));
        assert_eq!(PublicKey::from_hex(text(&case["public"])).unwrap(), public);
        assert_eq!(public.to_compressed().as_slice(), bytes(&case["compressed"]));
        assert_eq!(PublicKey::from_hex(text(&case["compressed"])).unwrap(), public);
        assert_eq!(public.address().to_string(), text(&case["address"]));
        assert_eq!(public.to_multibase(), text(&case["zq"]));
        assert_eq!(PublicKey::from_multibase(text(&case["zq"])).unwrap(), public);

        let arcs = case["color_hash"].as_array().unwrap();
        let arcs: Vec<_> = arcs.iter().map(arc).collect();
        let ours: Vec<_> = public
            .colour_hash()
            .iter()
            .map(|arc| (arc.length, arc.colour))
            .collect();
        assert_eq!(ours, arcs);
    }
    println!("accounts: {} keys", cases.len());
}

fn arc(value: &Value) -> (u8, u8) {
    (number(&value[0]) as u8, number(&value[1]) as u8)
}
