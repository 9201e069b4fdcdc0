use crypto::SecretKey;
use proptest::prelude::*;

use super::*;

fn person(byte: u8) -> PublicKeyBytes {
    let key = SecretKey::from_bytes(&[byte; 32]).unwrap().public_key();
    PublicKeyBytes::from(key.to_compressed())
}

fn one_to_one(byte: u8) -> ChatId {
    ChatId::one_to_one(&SecretKey::from_bytes(&[byte; 32]).unwrap().public_key())
}

// over budget: one value of each kind, with no field left out.
fn all_unusual() -> Vec<Entry> {
    let contact = ContactRow {
        display_name: "display".into(),
        nickname: "nick".into(),
        bio: "bio".into(),
        colour: 7,
        local: RequestSide {
            state: RequestState::Sent,
            clock: 1,
        },
        remote: RequestSide {
            state: RequestState::Dismissed,
            clock: 2,
        },
        updated_clock: 3,
        blocked: true,
        removed: true,
        request: Some(MessageId::from_bytes([8; 32])),
        request_expires_at: Some(Timestamp(9)),
        trust: Trust::Untrusted,
        verified_at: Some(Timestamp(10)),
        ..ContactRow::new(person(1))
    };
    let chat = ChatRow {
        name: "name".into(),
        active: false,
        muted_until: Some(Timestamp(i64::MAX as u64)),
        clock: 4,
        deleted_at_clock: 5,
        read_at_clock: 6,
        ..ChatRow::new(one_to_one(1), Timestamp(11))
    };
    let notifications = ChatNotificationsRow {
        mention: Some(Loudness::Off),
        everyone: Some(Loudness::Alert),
        other: None,
    };
    let message = MessageRow {
        id: MessageId::from_bytes([1; 32]),
        chat: one_to_one(1),
        author: person(2),
        clock: 12,
        sent_at: Timestamp(13),
        kind: 7,
        text: "text".into(),
        payload: Some(vec![1, 2]),
        response_to: Some(MessageId::from_bytes([2; 32])),
        delivery: Some(Delivery::Delivered),
        request: Some(RequestProgress::Withdrawn),
        edited_clock: 14,
        deletion: Deletion::ForMe,
        deleted_by: Some(person(3)),
        seen: true,
        mention: true,
    };
    vec![
        Entry::Head(Head {
            made_at: Timestamp(1),
            identity: person(1),
            extent: Extent::WithMessages,
            expected: 3,
        }),
        Entry::Profile(Box::new(OwnProfile {
            changed_at: Timestamp(2),
            display_name: "Alice".into(),
            bio: "climbs".into(),
            colour: 3,
            links: vec![LinkRow {
                label: "site".into(),
                url: "https://example.org".into(),
            }],
            picture: Some((vec![1], vec![2], Timestamp(3))),
        })),
        Entry::Settings(Choices {
            changed_at: Timestamp(4),
            numbers: vec![("mode".into(), 5)],
        }),
        Entry::Contact(Box::new(contact)),
        Entry::Group(Box::new(a_group())),
        Entry::Chat(Box::new((chat, notifications))),
        Entry::Message(Box::new(message)),
        Entry::Reaction(Box::new(ReactionRow {
            message: MessageId::from_bytes([1; 32]),
            author: person(1),
            emoji: "👍".into(),
            clock: 5,
            retracted: false,
        })),
        Entry::Pin(Box::new(PinRow {
            message: MessageId::from_bytes([1; 32]),
            chat: one_to_one(1),
            author: person(1),
            clock: 6,
            pinned: true,
        })),
        Entry::End(8),
    ]
}

/// Founded by one, who let another in.
fn a_group() -> (GroupRow, Vec<GroupEventRow>) {
    let secret = |byte: u8| SecretKey::from_bytes(&[byte; 32]).unwrap();
    let mut rng = <rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::from_seed([1; 32]);
    let (name, people) = (("Climbing", "#7cda00"), [secret(2).public_key()]);
    let history = History::found(&secret(1), name, &people, Timestamp(1_000), &mut rng).unwrap();
    let events = history.all().map(|event| GroupEventRow {
        author: person(1),
        bytes: event.bytes.clone(),
    });
    let row = GroupRow {
        chat: history.chat().clone(),
        standing: GroupStanding::Out,
        inviter: Some(person(1)),
        colour: "#7cda00".into(),
        joined_at: Timestamp(7),
        widened_at: Timestamp(7),
    };
    (row, events.collect())
}

#[test]
fn every_entry_reads_back() {
    for entry in all_unusual() {
        assert_eq!(Entry::decode(&entry.encode()), Ok(entry));
    }
}

#[test]
fn numbers_beyond_the_choices_and_the_database_are_damage() {
    let mut strange = encode_contact(&ContactRow::new(person(1)));
    strange.local_state = 1;
    assert!(decode_contact(strange.clone()).is_err());
    strange.local_state = 0;
    strange.local_clock = u64::MAX;
    assert!(decode_contact(strange.clone()).is_err());
    strange.local_clock = 0;
    strange.identity[0] = 9;
    assert!(decode_contact(strange).is_err());
}

#[test]
fn events_that_make_no_group_are_damage() {
    let (row, events) = a_group();
    let whole = encode_group(&row, &events);
    assert!(decode_group(whole.clone()).is_ok());
    let without_beginning = events[1..].to_vec();
    assert!(decode_group(encode_group(&row, &without_beginning)).is_err());
    let mut forged = whole.clone();
    forged.events[0][80] ^= 1;
    assert!(decode_group(forged).is_err());
    let mut declined = whole.clone();
    declined.standing = 3;
    assert!(decode_group(declined).is_err());
    let mut elsewhere = whole;
    elsewhere.chat = one_to_one(1).to_string();
    assert!(decode_group(elsewhere).is_err());
}

#[test]
fn what_a_later_version_adds_is_passed_over() {
    // Field 99, a length of one.
    assert_eq!(Entry::decode(&[0x9a, 0x06, 1, 7]), Ok(Entry::Unknown));
}

proptest! {
    #[test]
    fn any_bytes_are_an_entry_or_damage(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Entry::decode(&bytes);
    }

    #[test]
    fn altered_entries_are_entries_or_damage(which in 0..10_usize, at in any::<usize>(), byte in any::<u8>()) {
        let mut bytes = all_unusual()[which].encode();
        let at = at % bytes.len();
        bytes[at] = byte;
        if let Ok(entry) = Entry::decode(&bytes) && entry != Entry::Unknown {
            prop_assert_eq!(Entry::decode(&entry.encode()), Ok(entry));
        }
    }
}
