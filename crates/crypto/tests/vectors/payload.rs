//! Payload version 1, as go-waku and js-waku seal it.

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::Value;
use undertone_crypto::payload_v1::{self, OpeningKey, Recipient};
use undertone_crypto::{SecretKey, SymmetricKey};

use super::load::{array, bytes, cases, pair, public, secret, text};

#[test]
fn waku_payload_v1() {
    let cases = cases("waku_payload_v1", "vectors");
    for case in &cases {
        let label = text(&case["label"]);
        let key = match case.get("symmetric_key") {
            Some(key) => Key::Symmetric(SymmetricKey::from_bytes(&array(key))),
            None => Key::Asymmetric(recipient(case)),
        };
        let opened = payload_v1::open(&bytes(&case["payload"]), key.opening()).unwrap();
        assert_eq!(opened.data, bytes(&case["plaintext"]), "{label}");
        assert_eq!(opened.padding, bytes(&case["padding"]), "{label}");
        let author = case.get("sender").map(|sender| pair(sender).public_key());
        assert_eq!(opened.author, author, "{label}");
        reseals(
            &key,
            &bytes(&case["plaintext"]),
            bytes(&case["payload"]).len(),
            author.is_some(),
        );
    }
    println!("waku_payload_v1: {} cases", cases.len());
}

#[test]
fn jswaku_payload() {
    let cases = cases("jswaku-payload", "cases");
    let mut rejected = 0;
    for case in &cases {
        let id = text(&case["id"]);
        let key = match case.get("sym_key") {
            Some(key) => Key::Symmetric(SymmetricKey::from_bytes(&array(key))),
            None => Key::Asymmetric(secret(&case["private_key"])),
        };
        let opened = payload_v1::open(&bytes(&case["payload"]), key.opening());
        match text(&case["expect"]) {
            "ok" => {
                let opened = opened.unwrap();
                assert_eq!(opened.data, bytes(&case["plaintext"]), "{id}");
                let author = case.get("sig_public_key").map(public);
                assert_eq!(opened.author, author, "{id}");
                assert_eq!(author.is_some(), case["signed"].as_bool().unwrap(), "{id}");
                if let Some(envelope) = case.get("envelope") {
                    let end = bytes(envelope).len() - if author.is_some() { 65 } else { 0 };
                    assert!(bytes(envelope)[..end].ends_with(&opened.padding), "{id}");
                }
            }
            "reject" => {
                opened.expect_err(id);
                rejected += 1;
            }
            other => panic!("{id} expects {other}"),
        }
    }
    println!("jswaku-payload: {} cases, {rejected} of them to reject", cases.len());
}

enum Key {
    Symmetric(SymmetricKey),
    Asymmetric(SecretKey),
}

impl Key {
    fn opening(&self) -> OpeningKey<'_> {
        match self {
            Self::Symmetric(key) => OpeningKey::Symmetric(key),
            Self::Asymmetric(key) => OpeningKey::Asymmetric(key),
        }
    }
}

fn recipient(case: &Value) -> SecretKey {
    let key = ["recipient", "receiver", "private_key"]
        .iter()
        .find_map(|name| case.get(*name))
        .unwrap_or_else(|| panic!("no key in {case}"));
    if key.is_object() { pair(key) } else { secret(key) }
}

/// Ours opens, and is as long as theirs where they padded to 256 too.
fn reseals(key: &Key, data: &[u8], length: usize, signed: bool) {
    let mut rng = ChaCha20Rng::seed_from_u64(length as u64);
    let author = SecretKey::generate(&mut rng);
    let author = signed.then_some(&author);
    let their_public;
    let to = match key {
        Key::Symmetric(key) => Recipient::Symmetric(key),
        Key::Asymmetric(key) => {
            their_public = key.public_key();
            Recipient::Asymmetric(&their_public)
        }
    };
    let sealed = payload_v1::seal(data, to, author, &mut rng).unwrap();
    let overhead = match key {
        Key::Symmetric(_) => 16 + 12,
        Key::Asymmetric(_) => 65 + 16 + 32,
    };
    assert_eq!((sealed.len() - overhead) % 256, 0);
    if (length - overhead).is_multiple_of(256) {
        assert_eq!(sealed.len(), length);
    }
    let opened = payload_v1::open(&sealed, key.opening()).unwrap();
    assert_eq!(opened.data, data);
    assert_eq!(opened.author, author.map(SecretKey::public_key));
}
