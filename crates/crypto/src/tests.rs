//! What concerns the crate as a whole.

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use crate::x3dh::SignedPreKey;
use crate::{
    ExtendedKey, GroupKey, Mnemonic, SecretKey, Session, SharedSecret, SymmetricKey, dh_fallback, keccak256,
    keccak256_parts,
};

#[test]
fn keccak_is_the_original_one() {
    let empty = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470";
    assert_eq!(hex::encode(keccak256(b"")), empty);
    assert_eq!(keccak256_parts(&[b"ab", b"", b"c"]), keccak256(b"abc"));
}

#[test]
fn no_secret_shows_itself() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let secret = SecretKey::generate(&mut rng);
    let shared = SharedSecret::from_bytes(&[0x5a; 32]);
    let symmetric = SymmetricKey::generate(&mut rng);
    let phrase = Mnemonic::generate(&mut rng);
    let seed = phrase.to_seed("");
    let extended = ExtendedKey::master(&seed).unwrap();
    let group = GroupKey::generate(b"group", 1, &mut rng);
    let pre_key = SignedPreKey {
        secret: secret.clone(),
        version: 1,
        protocol_version: 1,
    };
    let session = Session::responder(&shared, &secret);

    let exposed = [
        (format!("{secret:?} {pre_key:?} {session:?}"), secret.expose().to_vec()),
        (format!("{shared:?} {session:?}"), shared.expose().to_vec()),
        (format!("{symmetric:?}"), symmetric.expose().to_vec()),
        (format!("{seed:?}"), seed.expose().to_vec()),
        (format!("{extended:?}"), extended.key().expose().to_vec()),
        (format!("{group:?}"), group.expose().to_vec()),
    ];
    for (shown, bytes) in exposed {
        let decimal = format!("{bytes:?}");
        assert!(!shown.contains(&hex::encode(&bytes)[..8]), "{shown}");
        assert!(!shown.contains(&decimal[..12]), "{shown}");
        assert!(shown.contains(".."), "{shown}");
    }
    let shown = format!("{phrase:?}");
    assert!(phrase.expose().split(' ').all(|word| !shown.contains(word)));
    assert_eq!(shown, "Mnemonic(..)");

    let public = secret.public_key();
    let shown = format!("{public:?} {:?}", secret.sign(&[1; 32]));
    let digits = hex::encode(public.x());
    assert!(shown.contains(&digits[..4]) && !shown.contains(&digits[..6]));
}

#[test]
fn the_fallback_opens_for_its_recipient_only() {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let [us, other] = [(); 2].map(|()| SecretKey::generate(&mut rng));
    for text in [&b""[..], b"hello"] {
        let sealed = dh_fallback::seal(text, &us.public_key(), &mut rng);
        let opened = dh_fallback::open(&sealed.payload, &sealed.key, &us).unwrap();
        assert_eq!(*opened, text);
        assert!(dh_fallback::open(&sealed.payload, &sealed.key, &other).is_err());
        assert!(dh_fallback::open(&sealed.payload, &us.public_key(), &us).is_err());
        for length in 0..sealed.payload.len() {
            assert!(dh_fallback::open(&sealed.payload[..length], &sealed.key, &us).is_err());
        }
    }
}
