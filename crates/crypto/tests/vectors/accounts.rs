//! Recovery phrases, derived keys, and the forms of public keys.
//!
//! Not covered: the three-word alias, the emoji hash and the identicon (the
//! deployed client's own tables), the libp2p peer id (node keys), the partition
//! (topics, in the protocol crate) and data URLs (brotli, not cryptography).

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
