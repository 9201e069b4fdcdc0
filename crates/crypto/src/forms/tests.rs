use proptest::prelude::*;

use super::*;
use crate::SecretKey;

fn key(text: &str) -> PublicKey {
    PublicKey::from_hex(text).unwrap()
}

const KEY: &str = "0x04e25da6994ea2dc4ac70727e07eca153ae92bf7609db7befb7ebdceaad348f4fc55bbe90abf9501176301db5aa103fc0eb3bc3750272a26c424a10887db2a7ea8";

#[test]
fn shared_texts() {
    let examples = [
        (
            "0x04deaafa03e3a646e54a36ec3f6968c1d3686847d88420f00c0ab6ee517ee1893398fca28aacd2af74f2654738c21d10bad3d88dc64201ebe0de5cf1e313970d3d",
            "zQ3shudJrBctPznsRLvbsCtvZFTdi3b34uzYDuqE9Wq9m9T1C",
            "zQ3...m9T1C",
        ),
        (
            "0x04261c55675e55ff25edb50b345cfb3a3f35f60712d251cbaaab97bd50054c6ebc3cd4e22200c68daf7493e1f8da6a190a68a671e2d3977809612424c7c3888bc6",
            "zQ3shPyZJnxZK4Bwyx9QsaksNKDYTPmpwPvGSjMYVHoXHeEgB",
            "zQ3...XHeEgB",
        ),
    ];
    for (long, shared, short) in examples {
        let key = key(long);
        assert_eq!(key.to_hex(), long);
        assert_eq!(key.to_multibase(), shared);
        assert_eq!(PublicKey::from_multibase(shared), Ok(key));
        assert!(key.shortened().ends_with(&short[short.len() - 5..]), "{short}");
        assert_eq!(key.shortened().len(), 12);
        let hex = hex::encode([MULTICODEC, &key.to_compressed()].concat());
        assert_eq!(PublicKey::from_multibase(&format!("f{hex}")), Ok(key));
        assert_eq!(PublicKey::from_multibase(&format!("0x{hex}")), Ok(key));
    }
}

#[test]
fn other_texts_are_refused() {
    let shared = key(KEY).to_multibase();
    let bls = hex::encode([&[0xea, 0x01], key(KEY).to_compressed().as_slice()].concat());
    let long = format!("z{}", "1".repeat(1_000_000));
    let texts = [
        "",
        "z",
        "zQ3sh",
        "0x",
        "f",
        &shared[1..],
        &shared[..40],
        KEY,
        &format!("f{bls}"),
        &long,
        "zé",
        "é",
    ];
    for text in texts {
        assert_eq!(PublicKey::from_multibase(text), Err(KeyError::Point));
    }
    for text in ["", "0x", "0x04", &KEY[..131], &format!("{KEY}00"), "0xzz", &shared, "é"] {
        assert_eq!(PublicKey::from_hex(text), Err(KeyError::Point), "{text}");
    }
}

#[test]
fn colours() {
    let arcs = [
        (3, 30),
        (2, 10),
        (5, 5),
        (3, 14),
        (5, 4),
        (4, 19),
        (3, 16),
        (4, 0),
        (5, 28),
        (4, 13),
        (4, 15),
    ];
    let ours: Vec<_> = key(KEY)
        .colour_hash()
        .iter()
        .map(|arc| (arc.length, arc.colour))
        .collect();
    assert_eq!(ours, arcs);
    let known = key(
        "0x04b0845dbe5aac196a2c1606fe3199e5ec9b2bd09a5bd801e478409544745bf6898bad70ee31d6c3061a86101a087bb605ce3c88292888221c992a17e8d6e40eaf",
    );
    assert_eq!(known.colour_id(), 1);
    assert_eq!(
        known.address().to_string(),
        "0xEdAdC377AA1144DeA22eE61043D4bf9E6267BD4F"
    );
}

proptest! {
    #[test]
    fn forms_lead_back(secret in any::<[u8; 32]>()) {
        let Ok(secret) = SecretKey::from_bytes(&secret) else { return Ok(()) };
        let key = secret.public_key();
        prop_assert_eq!(PublicKey::from_hex(&key.to_hex()), Ok(key));
        prop_assert_eq!(PublicKey::from_multibase(&key.to_multibase()), Ok(key));
        prop_assert!(key.to_multibase().starts_with("zQ3sh"));
        let arcs = key.colour_hash();
        prop_assert!(arcs.len() <= 11);
        prop_assert!(arcs.windows(2).all(|pair| pair[0].colour != pair[1].colour));
        prop_assert!(arcs.iter().all(|arc| (1..=5).contains(&arc.length) && arc.colour < 32));
        prop_assert!(key.colour_id() < 11);
    }

    #[test]
    fn any_text_is_no_panic(text in "\\PC*") {
        let _ = PublicKey::from_hex(&text);
        let _ = PublicKey::from_multibase(&text);
        let _ = PublicKey::from_multibase(&format!("z{text}"));
    }
}
