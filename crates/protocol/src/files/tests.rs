use proptest::prelude::*;

use super::*;
use crate::Timestamp;
use crate::layers::transport::{self, Lifetime, Route, RouteKey};

fn key() -> FileKey {
    FileKey::from_bytes(&[3; 32])
}

fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index * 31 % 251) as u8).collect()
}

fn announce(prepared: &Prepared, size: usize) -> Announcement {
    Announcement {
        key: key(),
        name: "notes.txt".into(),
        media_type: "text/plain".into(),
        size: size as u64,
        content_hash: prepared.content_hash,
        shape: prepared.shape,
        hashes: prepared.hashes.clone(),
    }
}

fn all(prepared: &Prepared) -> Vec<Option<Vec<u8>>> {
    prepared.sealed.iter().cloned().map(Some).collect()
}

#[test]
fn a_file_comes_out_as_it_went_in_at_every_edge() {
    for length in [1, 4_095, 4_096, 4_097, 16_385, 131_072, 131_073, 400_000, 5_000_000] {
        let file = bytes(length);
        let prepared = prepare(&file, &key()).unwrap();
        let announced = announce(&prepared, length);
        assert!(
            prepared
                .sealed
                .iter()
                .all(|chunk| chunk.len() == prepared.shape.sealed_len())
        );
        let data = repair(&prepared.shape, all(&prepared)).unwrap();
        assert!(assemble(&announced, &data).unwrap() == file, "{length}");
    }
    assert_eq!(Shape::of(0), Err(FileError::Size));
    assert_eq!(Shape::of(MAX_DIRECT_SIZE + 1), Err(FileError::Size));
    assert!(
        prepare(&bytes(MAX_SIZE as usize + 1), &key()).is_err(),
        "goes another way"
    );
    assert!(Shape::of(MAX_SIZE).unwrap().total() <= 256, "what the code can do");
}

#[test]
fn as_many_chunks_may_be_lost_as_there_is_parity_and_no_more() {
    let file = bytes(1_500_000);
    let prepared = prepare(&file, &key()).unwrap();
    let announced = announce(&prepared, file.len());
    assert_eq!((prepared.shape.data, prepared.shape.parity), (12, 3));
    let mut chunks = all(&prepared);
    for lost in [0, 5, 11] {
        chunks[lost] = None;
    }
    assert!(assemble(&announced, &repair(&prepared.shape, chunks.clone()).unwrap()).unwrap() == file);
    chunks[7] = None;
    assert!(repair(&prepared.shape, chunks).is_none());
}

#[test]
fn chunks_of_another_file_make_no_file() {
    let file = bytes(200_000);
    let prepared = prepare(&file, &key()).unwrap();
    let announced = announce(&prepared, file.len());
    let foreign = prepare(&file, &FileKey::from_bytes(&[4; 32])).unwrap();
    let mut data = prepared.sealed[..2].to_vec();
    data[1] = foreign.sealed[1].clone();
    assert!(assemble(&announced, &data).is_none(), "sealed with another key");
    data[1] = prepared.sealed[0].clone();
    assert!(assemble(&announced, &data).is_none(), "sealed for another place");
    let lying = Announcement {
        content_hash: [0; 32],
        ..announced
    };
    assert!(
        assemble(&lying, &prepared.sealed[..2]).is_none(),
        "another file than announced"
    );
}

#[test]
fn an_announcement_survives_the_wire_and_a_bad_one_has_a_name() {
    let prepared = prepare(&bytes(20_000), &key()).unwrap();
    let announced = announce(&prepared, 20_000);
    let good = announced.to_wire();
    assert!(Announcement::parse(&good).unwrap() == announced);
    let bad = |change: &dyn Fn(&mut wire::FileAnnouncement)| {
        let mut wire = good.clone();
        change(&mut wire);
        Announcement::parse(&wire).unwrap_err()
    };
    assert_eq!(bad(&|wire| wire.key.truncate(31)), FileError::Malformed);
    assert_eq!(bad(&|wire| wire.content_hash.push(0)), FileError::Malformed);
    assert_eq!(bad(&|wire| wire.chunk_hashes.truncate(33)), FileError::Malformed);
    assert_eq!(bad(&|wire| wire.size = 0), FileError::Size);
    assert_eq!(bad(&|wire| wire.size = u64::MAX), FileError::Size);
    assert_eq!(bad(&|wire| wire.chunk_size = 1), FileError::Shape);
    assert_eq!(bad(&|wire| wire.parity_chunks = 200), FileError::Shape);
}

#[test]
fn names_and_types_are_harmless() {
    assert_eq!(clean_name("../../etc/passwd"), "passwd");
    assert_eq!(clean_name("C:\\Users\\x\\report.pdf"), "report.pdf");
    assert_eq!(clean_name("ann\u{202e}gpj.exe"), "anngpj.exe");
    assert_eq!(clean_name("a\u{0}\nb\u{200b}.txt"), "ab.txt");
    assert_eq!(clean_name(".bashrc"), "bashrc");
    assert_eq!(clean_name(" . "), "file");
    assert_eq!(clean_name(""), "file");
    assert_eq!(clean_name(&"ä".repeat(1_000)).chars().count(), 120);
    assert_eq!(clean_media_type("Image/PNG"), "image/png");
    for bad in ["", "text", "text/", "text/html; charset=x", "a/b\r\nX: y"] {
        assert_eq!(clean_media_type(bad), "application/octet-stream");
    }
}

#[test]
fn the_envelope_of_a_chunk_stays_below_150_kb() {
    let mut rng = rand_chacha::ChaCha20Rng::from_seed([1; 32]);
    use rand_chacha::rand_core::SeedableRng as _;
    let author = crypto::SecretKey::generate(&mut rng);
    let prepared = prepare(&bytes(5_000_000), &key()).unwrap();
    let name = topic_name(&FileId(key().id()));
    let route = Route {
        pubsub_topic: crate::address::pubsub_topic(""),
        content_topic: crate::address::content_topic(&name),
        key: RouteKey::Symmetric(key().topic_key()),
    };
    let payload = encode_chunk(
        &FileId(key().id()),
        prepared.shape.total() - 1,
        prepared.sealed[0].clone(),
    );
    let now = Timestamp(1_700_000_000_000);
    let envelope = transport::seal(&route, &payload, &author, now, Lifetime::Stored, &mut rng).unwrap();
    assert!(
        envelope.message.encoded_len() < 150_000,
        "{}",
        envelope.message.encoded_len()
    );
    let chunk = parse_chunk(&payload).unwrap();
    assert_eq!(
        (chunk.file, chunk.index),
        (FileId(key().id()), prepared.shape.total() - 1)
    );
    assert_eq!(file_of_topic(&name), Some(FileId(key().id())));
    assert_eq!(file_of_topic("file-zz"), None);
}

proptest! {
    #[test]
    fn bits_say_which_are_missing(missing in proptest::collection::btree_set(0_u32..256, 0..40), total in 1_u32..256) {
        let missing: Vec<u32> = missing.into_iter().filter(|index| *index < total).collect();
        prop_assert_eq!(from_bits(&to_bits(&missing, total), total), missing);
    }

    #[test]
    fn reading_anything_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse_chunk(&bytes);
        let _ = from_bits(&bytes, 300);
        if let Ok(wire) = wire::FileAnnouncement::decode(&bytes[..]) {
            let _ = Announcement::parse(&wire);
        }
    }

    #[test]
    fn any_numbers_in_an_announcement_never_panic(
        size: u64, chunk_size: u32, parity_chunks: u32, hashes in 0_usize..4_000,
    ) {
        let wire = wire::FileAnnouncement {
            key: vec![1; 32], content_hash: vec![2; 32],
            chunk_hashes: vec![0; hashes], size, chunk_size, parity_chunks,
            ..wire::FileAnnouncement::default()
        };
        let _ = Announcement::parse(&wire);
    }

    #[test]
    fn any_loss_within_the_parity_is_repaired(length in 1_usize..300_000, seed: u64) {
        let file = bytes(length);
        let prepared = prepare(&file, &key()).unwrap();
        let mut chunks = all(&prepared);
        let mut state = seed;
        for _ in 0..prepared.shape.parity {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let lost = (state >> 33) as usize % chunks.len();
            chunks[lost] = None;
        }
        let data = repair(&prepared.shape, chunks).unwrap();
        prop_assert!(assemble(&announce(&prepared, length), &data).unwrap() == file);
    }

    #[test]
    fn a_clean_name_is_clean(name in "\\PC{0,200}") {
        let clean = clean_name(&name);
        prop_assert!(!clean.is_empty() && !clean.contains(['/', '\\']) && !clean.starts_with('.'));
        prop_assert_eq!(clean_name(&clean), clean);
    }
}

#[test]
fn a_large_file_is_announced_by_the_list_of_its_chunks() {
    let shape = Shape::of(MAX_SIZE + 1).unwrap();
    assert_eq!((shape.chunk_size, shape.data, shape.parity), (262_144, 20, 0));
    assert_eq!(Shape::of(MAX_DIRECT_SIZE).unwrap().data, 3_815);
    let announced = Announcement {
        key: key(),
        name: "film.mp4".into(),
        media_type: "video/mp4".into(),
        size: MAX_SIZE + 1,
        content_hash: [1; 32],
        shape,
        hashes: vec![list_hash(&[[2; 32]; 20])],
    };
    assert!(announced.is_direct());
    let wire = announced.to_wire();
    assert_eq!(Announcement::parse(&wire), Ok(announced));
    let two = wire::FileAnnouncement {
        chunk_hashes: vec![0; 64],
        ..wire.clone()
    };
    assert_eq!(Announcement::parse(&two), Err(FileError::Malformed));
    let with_parity = wire::FileAnnouncement {
        parity_chunks: 1,
        ..wire.clone()
    };
    assert_eq!(Announcement::parse(&with_parity), Err(FileError::Shape));
    let too_large = wire::FileAnnouncement {
        size: MAX_DIRECT_SIZE + 1,
        ..wire
    };
    assert_eq!(Announcement::parse(&too_large), Err(FileError::Size));
}
