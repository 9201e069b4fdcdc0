//! Keys, signatures, ECDH, AES-GCM layouts and the keys of topics.

use undertone_crypto::{Signature, SymmetricKey, keccak256};

use super::load::{array, bytes, cases, pair, text};

#[test]
fn crypto_primitives() {
    let cases = cases("crypto_primitives", "vectors");
    for case in &cases {
        let (a, b) = (pair(&case["a"]), pair(&case["b"]));
        let shared = a.ecdh(&b.public_key());
        assert_eq!(shared.expose(), &array::<32>(&case["ecdh_x"]));
        assert_eq!(shared, b.ecdh(&a.public_key()));

        let hash = keccak256(&bytes(&case["sign_message"]));
        let signature = Signature::from_slice(&bytes(&case["signature_over_keccak"])).unwrap();
        let signer = signature.recover(&hash).unwrap();
        let key = [&a, &b].into_iter().find(|key| key.public_key() == signer);
        assert_eq!(key.expect("signed by a or b").sign(&hash), signature);

        let key = SymmetricKey::from(shared);
        let plaintext = bytes(&case["plaintext"]);
        let first = bytes(&case["aes_gcm_nonce_first"]);
        let last = bytes(&case["aes_gcm_nonce_last"]);
        assert_eq!(key.open_nonce_first(&first).unwrap(), plaintext);
        assert_eq!(key.open(&last).unwrap(), plaintext);
        key.open(&first).unwrap_err();
        key.open_nonce_first(&last).unwrap_err();
        for index in 0..last.len() {
            let mut altered = last.clone();
            altered[index] ^= 1;
            key.open(&altered).unwrap_err();
            key.open(&last[..index]).unwrap_err();
        }
    }
    println!("crypto_primitives: {} cases", cases.len());
}

#[test]
fn symmetric_keys() {
    let cases = cases("symmetric_keys", "vectors");
    for case in &cases {
        let key = SymmetricKey::from_password(text(&case["chat_id"]));
        assert_eq!(key.expose(), &array::<32>(&case["key"]));
    }
    println!("symmetric_keys: {} cases", cases.len());
}
