use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::*;

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(1)
}

/// Opens a plaintext that did not come from [`seal`].
fn open_plaintext(plaintext: &[u8]) -> Result<Opened, OpenError> {
    let key = SymmetricKey::from_bytes(&[1; 32]);
    let sealed = key.seal(plaintext, &mut rng());
    open(&sealed, OpeningKey::Symmetric(&key))
}

#[test]
fn sizes_are_read_as_the_flags_say() {
    let data = |plaintext: &[u8]| open_plaintext(plaintext).map(|opened| opened.data);
    assert_eq!(data(&[1, 2, 7, 8]), Ok(vec![7, 8]));
    assert_eq!(data(&[2, 2, 0, 7, 8, 9]), Ok(vec![7, 8]));
    assert_eq!(data(&[3, 2, 0, 0, 7, 8]), Ok(vec![7, 8]));
    assert_eq!(data(&[1, 0]), Ok(vec![]));
    let malformed = [
        &[][..],
        &[0],
        &[0, 2, 7, 8],
        &[1],
        &[1, 2, 7],
        &[2, 2],
        &[3, 0xff, 0xff, 0xff],
        &[4; 65],
        &[5; 66],
    ];
    for plaintext in malformed {
        let error = data(plaintext).unwrap_err();
        assert!(matches!(
            error,
            OpenError::Malformed | OpenError::TooShort | OpenError::Signature
        ));
    }
}

#[test]
fn a_signature_covers_everything_before_it() {
    let author = SecretKey::generate(&mut rng());
    let signed = frame(b"hello", Some(&author), 0, 0, &mut rng()).unwrap();
    assert_eq!(signed.len(), 256);
    assert_eq!(open_plaintext(&signed).unwrap().author, Some(author.public_key()));
    for index in 0..signed.len() - SIGNATURE {
        let mut altered = signed.clone();
        altered[index] ^= 8; // Leaves the flags of the format alone.
        let author_now = open_plaintext(&altered).map(|opened| opened.author);
        assert_ne!(author_now, Ok(Some(author.public_key())));
    }
    let mut no_signature = signed;
    let last = no_signature.len() - 1;
    no_signature[last] = 2;
    assert_eq!(open_plaintext(&no_signature), Err(OpenError::Signature));
    no_signature[last - 64..].fill(0);
    assert_eq!(open_plaintext(&no_signature), Err(OpenError::Signature));
}

#[test]
fn too_long_data_is_refused_and_the_longest_is_not() {
    let key = SymmetricKey::from_bytes(&[1; 32]);
    let mut data = vec![0; MAX_DATA + 1];
    let sealed = seal(&data, Recipient::Symmetric(&key), None, &mut rng());
    assert_eq!(sealed, Err(SealError::TooLong));
    data.pop();
    let sealed = seal(&data, Recipient::Symmetric(&key), None, &mut rng()).unwrap();
    let opened = open(&sealed, OpeningKey::Symmetric(&key)).unwrap();
    assert!(opened.data == data);
}

#[test]
fn only_the_addressee_opens() {
    let (us, other) = (
        SecretKey::generate(&mut rng()),
        SecretKey::from_bytes(&[2; 32]).unwrap(),
    );
    let sealed = seal(b"hi", Recipient::Asymmetric(&us.public_key()), None, &mut rng()).unwrap();
    assert_eq!(open(&sealed, OpeningKey::Asymmetric(&us)).unwrap().data, b"hi");
    let refused = open(&sealed, OpeningKey::Asymmetric(&other));
    assert_eq!(refused, Err(OpenError::WrongKey));
    let key = SymmetricKey::from_bytes(&[1; 32]);
    let refused = open(&sealed, OpeningKey::Symmetric(&key));
    assert_eq!(refused, Err(OpenError::WrongKey));
    for index in 0..sealed.len() {
        let mut altered = sealed.clone();
        altered[index] ^= 1;
        assert!(open(&altered, OpeningKey::Asymmetric(&us)).is_err(), "byte {index}");
        assert!(open(&sealed[..index], OpeningKey::Asymmetric(&us)).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn what_is_sealed_opens(
        data in prop::collection::vec(any::<u8>(), 0..700),
        seed in any::<u64>(),
        signed in any::<bool>(),
    ) {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let [author, recipient] = [(); 2].map(|()| SecretKey::generate(&mut rng));
        let key = SymmetricKey::generate(&mut rng);
        let public = recipient.public_key();
        let ways = [
            (Recipient::Symmetric(&key), OpeningKey::Symmetric(&key), 28),
            (Recipient::Asymmetric(&public), OpeningKey::Asymmetric(&recipient), 113),
        ];
        for (to, with, overhead) in ways {
            let author = signed.then_some(&author);
            let sealed = seal(&data, to, author, &mut rng).unwrap();
            prop_assert_eq!((sealed.len() - overhead) % PAD_TO, 0);
            prop_assert_eq!(sealed.capacity(), sealed.len(), "sized once");
            let opened = open(&sealed, with).unwrap();
            prop_assert_eq!(&opened.data, &data);
            prop_assert_eq!(opened.author, author.map(SecretKey::public_key));
            prop_assert!((1..=PAD_TO).contains(&opened.padding.len()));
        }
    }

    #[test]
    fn any_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let secret = SecretKey::from_bytes(&[3; 32]).unwrap();
        let key = SymmetricKey::from_bytes(&[1; 32]);
        prop_assert!(open(&bytes, OpeningKey::Symmetric(&key)).is_err());
        prop_assert!(open(&bytes, OpeningKey::Asymmetric(&secret)).is_err());
        let _ = open_plaintext(&bytes);
    }
}
