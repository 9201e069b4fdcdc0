use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::*;

/// The example of the Web3 Secret Storage definition, with PBKDF2.
const PBKDF2_EXAMPLE: &str = r#"{
  "crypto": {
    "cipher": "aes-128-ctr",
    "cipherparams": { "iv": "6087dab2f9fdbbfaddc31a909735c1e6" },
    "ciphertext": "5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46",
    "kdf": "pbkdf2",
    "kdfparams": {
      "c": 262144, "dklen": 32, "prf": "hmac-sha256",
      "salt": "ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd"
    },
    "mac": "517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2"
  },
  "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6",
  "version": 3
}"#;

/// The same with scrypt.
const SCRYPT_EXAMPLE: &str = r#"{
  "crypto": {
    "cipher": "aes-128-ctr",
    "cipherparams": { "iv": "83dbcc02d8ccb40e466191a123791e0e" },
    "ciphertext": "d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c",
    "kdf": "scrypt",
    "kdfparams": {
      "dklen": 32, "n": 262144, "p": 8, "r": 1,
      "salt": "ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19"
    },
    "mac": "2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097"
  },
  "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6",
  "version": 3
}"#;

const EXAMPLE_KEY: &str = "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d";

const CHEAP: Cost = Cost { log_n: 2, r: 1, p: 1 };

fn sealed() -> (SecretKey, String) {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let key = SecretKey::generate(&mut rng);
    let json = seal("pw", CHEAP, &key, &mut rng).unwrap();
    (key, json)
}

#[test]
fn published_examples_open() {
    for example in [PBKDF2_EXAMPLE, SCRYPT_EXAMPLE] {
        let key = open("testpassword", example).unwrap();
        assert_eq!(hex::encode(key.expose()), EXAMPLE_KEY);
        assert_eq!(open("testpasswore", example), Err(OpenError::WrongPassword));
    }
}

#[test]
fn our_files_open_and_say_what_is_wrong() {
    let (key, json) = sealed();
    assert_eq!(open("pw", &json).as_ref(), Ok(&key));
    assert_eq!(open("PW", &json), Err(OpenError::WrongPassword));
    assert!(json.contains(&hex::encode(key.public_key().address().0)));
    assert!(!json.contains(&hex::encode(key.expose())));

    let replaced = |from: &str, to: &str| {
        assert!(json.contains(from), "{from}");
        open("pw", &json.replace(from, to)).unwrap_err()
    };
    assert_eq!(replaced("\"version\":3", "\"version\":1"), OpenError::Unsupported);
    assert_eq!(replaced("aes-128-ctr", "aes-128-cbc"), OpenError::Unsupported);
    assert_eq!(replaced("\"dklen\":32", "\"dklen\":64"), OpenError::Unsupported);
    assert_eq!(replaced("\"n\":4", "\"n\":5"), OpenError::Unsupported);
    assert_eq!(
        replaced("\"kdf\":\"scrypt\"", "\"kdf\":\"argon9\""),
        OpenError::Unsupported
    );
    assert_eq!(replaced("\"mac\":\"", "\"mac\":\"00"), OpenError::Malformed);
    assert_eq!(open("pw", "{}"), Err(OpenError::Malformed));
    assert_eq!(open("pw", ""), Err(OpenError::Malformed));
}

#[test]
fn hostile_costs_are_refused_without_being_paid() {
    let (_, json) = sealed();
    let with = |from: &str, to: &str| open("pw", &json.replace(from, to)).unwrap_err();
    assert_eq!(with("\"n\":4", "\"n\":9223372036854775808"), OpenError::TooCostly);
    assert_eq!(with("\"n\":4", "\"n\":16777216"), OpenError::TooCostly);
    assert_eq!(with("\"r\":1", "\"r\":4294967295"), OpenError::TooCostly);
    assert_eq!(with("\"r\":1", "\"r\":0"), OpenError::TooCostly);
    assert_eq!(with("\"p\":1", "\"p\":4294967295"), OpenError::TooCostly);
    let rounds = PBKDF2_EXAMPLE.replace("262144", "4294967295");
    assert_eq!(open("testpassword", &rounds), Err(OpenError::TooCostly));
}

#[test]
fn the_light_cost_is_within_bounds() {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let key = SecretKey::generate(&mut rng);
    let json = seal("pw", Cost::LIGHT, &key, &mut rng).unwrap();
    assert_eq!(open("pw", &json), Ok(key));
    assert!(Cost::STANDARD.params().is_some());
}
