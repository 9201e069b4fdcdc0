use k256::elliptic_curve::PrimeField;
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::*;

const ORDER: &str = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";

fn order() -> [u8; 32] {
    hex::decode(ORDER).unwrap().try_into().unwrap()
}

fn order_less_one() -> [u8; 32] {
    let mut bytes = order();
    bytes[31] -= 1;
    bytes
}

#[test]
fn secret_keys_lie_between_zero_and_the_order() {
    let refused = |bytes| SecretKey::from_bytes(&bytes).unwrap_err();
    assert_eq!(refused([0; 32]), KeyError::Secret);
    assert_eq!(refused(order()), KeyError::Secret);
    assert_eq!(refused([0xff; 32]), KeyError::Secret);
    SecretKey::from_bytes(&order_less_one()).unwrap();
}

#[test]
fn only_the_two_usual_forms_of_a_point_parse() {
    let key = SecretKey::generate(&mut ChaCha20Rng::seed_from_u64(1)).public_key();
    let long = key.to_uncompressed();
    let short = key.to_compressed();
    assert_eq!(PublicKey::from_slice(&long).unwrap(), key);
    assert_eq!(PublicKey::from_slice(&short).unwrap(), key);
    for first in 0..=255 {
        let mut altered = long;
        altered[0] = first;
        assert_eq!(PublicKey::from_slice(&altered).is_ok(), first == 4);
        let mut altered = short;
        altered[0] = first;
        let parsed = PublicKey::from_slice(&altered);
        assert_eq!(parsed.is_ok(), first == 2 || first == 3);
        assert_eq!(parsed == Ok(key), first == short[0]);
    }
    for length in 0..long.len() {
        assert!(PublicKey::from_slice(&long[..length]).is_err());
    }
    let mut off_the_curve = long;
    off_the_curve[64] ^= 1;
    assert_eq!(PublicKey::from_uncompressed(&off_the_curve), Err(KeyError::Point));
}

#[test]
fn a_signature_names_its_signer_and_its_hash() {
    let key = SecretKey::generate(&mut ChaCha20Rng::seed_from_u64(2));
    let signature = key.sign(&[7; 32]);
    assert_eq!(signature.recover(&[7; 32]), Ok(key.public_key()));
    assert_ne!(signature.recover(&[8; 32]), Ok(key.public_key()));

    let mut bytes = *signature.as_bytes();
    bytes[64] ^= 1;
    let flipped = Signature::from_slice(&bytes).unwrap();
    assert_ne!(flipped.recover(&[7; 32]), Ok(key.public_key()));
    for v in 2..=255 {
        bytes[64] = v;
        assert_eq!(Signature::from_slice(&bytes), Err(KeyError::Signature));
    }
    assert!(Signature::from_slice(&bytes[..64]).is_err());
    let zero = Signature::from_slice(&[0; 65]).unwrap();
    assert_eq!(zero.recover(&[7; 32]), Err(KeyError::Signature));
}

#[test]
fn adding_scalars_stays_below_the_order() {
    let mut one = [0; 32];
    one[31] = 1;
    let key = SecretKey::from_bytes(&order_less_one()).unwrap();
    assert!(key.add(&one).is_err(), "the sum is zero");
    assert!(key.add(&order()).is_err(), "the tweak is too large");
    let mut two = one;
    two[31] = 2;
    assert_eq!(key.add(&two).unwrap().expose(), &one);
}

/// Numbers near the edges as well as anywhere.
fn scalar() -> impl Strategy<Value = [u8; 32]> {
    prop_oneof![
        8 => any::<[u8; 32]>(),
        1 => Just([0; 32]),
        1 => Just([0xff; 32]),
        1 => Just(order()),
        1 => Just(order_less_one()),
        1 => any::<u8>().prop_map(|low| {
            let mut bytes = [0; 32];
            bytes[31] = low;
            bytes
        }),
    ]
}

fn both<T: PartialEq + std::fmt::Debug>(c: T, rust: T) -> T {
    assert_eq!(c, rust, "libsecp256k1 and k256 differ");
    c
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn both_libraries_compute_the_same(a in scalar(), b in scalar(), hash in any::<[u8; 32]>()) {
        if !both(libsecp::is_scalar(&a), portable::is_scalar(&a))
            | !both(libsecp::is_scalar(&b), portable::is_scalar(&b))
        {
            return Ok(());
        }
        let (c_point, rust_point) = (libsecp::public_point(&b), portable::public_point(&b));
        let long = both(libsecp::uncompressed(&c_point), portable::uncompressed(&rust_point));
        both(libsecp::compressed(&c_point), portable::compressed(&rust_point));

        let (mut c, mut rust) = ([0; 32], [0; 32]);
        libsecp::ecdh_x(&a, &c_point, &mut c);
        portable::ecdh_x(&a, &rust_point, &mut rust);
        both(c, rust);

        let signature = both(libsecp::sign(&a, &hash), portable::sign(&a, &hash));
        both(
            libsecp::recover(&signature, &hash).map(|p| libsecp::compressed(&p)),
            portable::recover(&signature, &hash).map(|p| portable::compressed(&p)),
        );
        prop_assert_eq!(
            libsecp::recover(&signature, &hash),
            Some(libsecp::public_point(&a))
        );

        let (mut c, mut rust) = (a, a);
        if both(libsecp::add_scalar(&mut c, &b), portable::add_scalar(&mut rust, &b)) {
            both(c, rust);
        }
        prop_assert_eq!(PublicKey::from_slice(&long).unwrap().to_uncompressed(), long);
    }

    #[test]
    fn both_libraries_refuse_the_same(
        r in scalar(),
        s in scalar(),
        v in 0..=1u8,
        hash in any::<[u8; 32]>(),
        first in 2..=3u8,
    ) {
        let mut signature = [0; 65];
        signature[..32].copy_from_slice(&r);
        signature[32..64].copy_from_slice(&s);
        signature[64] = v;
        both(
            libsecp::recover(&signature, &hash).map(|p| libsecp::compressed(&p)),
            portable::recover(&signature, &hash).map(|p| portable::compressed(&p)),
        );

        let mut point = [0; 33];
        point[0] = first;
        point[1..].copy_from_slice(&r);
        both(
            libsecp::parse_point(&point).map(|p| libsecp::uncompressed(&p)),
            portable::parse_point(&point).map(|p| portable::uncompressed(&p)),
        );
    }

    /// libsecp256k1 makes low `s` only, but others may not.
    #[test]
    fn a_high_s_recovers_the_same_key(secret in any::<[u8; 32]>(), hash in any::<[u8; 32]>()) {
        let Ok(key) = SecretKey::from_bytes(&secret) else { return Ok(()) };
        let low = *key.sign(&hash).as_bytes();
        let s = k256::FieldBytes::try_from(&low[32..64]).unwrap();
        let s = k256::Scalar::from_repr(s).unwrap();
        let mut high = low;
        high[32..64].copy_from_slice(&(-s).to_bytes());
        high[64] ^= 1;
        let key = Some(key.public_key().to_compressed());
        prop_assert_eq!(libsecp::recover(&high, &hash).map(|p| libsecp::compressed(&p)), key);
        prop_assert_eq!(portable::recover(&high, &hash).map(|p| portable::compressed(&p)), key);
    }
}
